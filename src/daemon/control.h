#pragma once
/*
 * The serving end of the control socket (ctl/ctl.h): a bounded number of clients, each with one request at a time.
 *
 * A request is answered at once (views) or when the node, or the WINS server, has completed the command made of it. A client
 * that sends nonsense is hung up on; one that may not change anything is told so. Who watches a WINS server stays, and gets what is
 * published as fast as it reads.
 */
#include "ctl/wins.h"
#include "daemon/driver.h"
#include "io/sandbox.h"

#define CONTROL_MAX_CLIENTS 32

struct control;

struct control_setup {
        struct loop *loop;
        struct driver *driver;
        struct events *events;
        const struct ctl_server *server; /* what of it does not change; borrowed for the control's life */
        mono_t started;
        /* Reads LMHOSTS anew, tells in *ret_count how many entries it has, then gives them to the node as command ID. NBT_ERR_…: no
         * command was given. */
        int (*reload)(void *context, uint64_t id, uint64_t *ret_count);
        /* Reads the settings anew; NBT_ERR_… with one line in ERROR: they stay as they were. */
        int (*reload_settings)(void *context, struct strbuf *error);
        void *context;
        /* Takes a request of the WINS manager on; it ends in control_reply(ID), now or later. REQUEST lives until then. NULL: this is no
         * WINS server. */
        void (*wins)(void *wins_context, uint64_t id, const struct ctl_request *request);
        void *wins_context;
};

/*
 * Makes RUNTIME_DIR/node.sock, mode 0660, USER's (NULL: left as it is). Returns the descriptor. NBT_ERR_BUSY: another daemon answers there;
 * NBT_ERR_RANGE: the path is too long; NBT_ERR_IO: errno tells.
 */
int control_listen(const char *runtime_dir, const struct sandbox_user *user) NBT_MUST_CHECK;
/* Removes the socket's file; a failure does no harm (the next start does it). */
void control_unlink(const char *runtime_dir);

/* Serves FD, which it then owns. NBT_ERR_NOMEM, NBT_ERR_IO. */
int control_new(struct control **ret, int fd, const struct control_setup *setup) NBT_MUST_CHECK;
struct control *control_free(struct control *control);

/* Answers the request ID; its type is filled in here. A client that left meanwhile is no error. */
void control_reply(struct control *control, uint64_t id, struct ctl_reply *reply);

/* After the reply to ID, that client is told what control_publish() brings. */
void control_watch(struct control *control, uint64_t id);
size_t control_watcher_count(const struct control *control);
void control_publish(struct control *control, const struct ctl_wins_change *change);

/* A command of ours ended: its client gets the reply. Others' ids are ignored. */
void control_complete(struct control *control, const struct node_completion *completion);
