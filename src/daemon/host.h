#pragma once
/*
 * A NetBT host as a daemon: settings, sockets, privilege, node, control socket, signals. netbtd is just that; winsd adds a service,
 * which shares socket, loop and control socket with the node.
 *
 * Order of the start: what may need root (port 137, directories, control socket) comes first, then privilege is given up, then
 * the event log is opened, as the user who will write it; so that a failure of the first part can still be logged. The service
 * begins when interfaces are known, and before the node claims its names; what it must do before threads and the filter of system
 * calls are there, it does when it is told to prepare. At the end the node releases its names, then the
 * service stops, then the loop.
 */
#include "daemon/control.h"
#include "daemon/driver.h"
#include "daemon/setup.h"

struct host;

/* What the host lends to its service, from begin to finish. */
struct host_parts {
        struct host *host;
        struct loop *loop;
        struct driver *driver;
        struct control *control;
        const struct setup *setup;
        const struct ctl_server *server;
};

struct host_service {
        void *context;
        const char *status; /* one line for the service manager, when all is up */
        const struct driver_guest *guest;
        /* Privilege is given up (DROPPED; false: it is kept, --no-sandbox), but no thread and no filter is there yet. */
        void (*prepare)(void *context, const struct setup *setup, bool dropped);
        /* A failure ends the daemon; WHY then has a line of what, why and what to do. */
        int (*begin)(void *context, const struct host_parts *parts, struct strbuf *why);
        void (*settings)(void *context, const struct setup *setup); /* read anew */
        void (*request)(void *context, uint64_t id, const struct ctl_request *request);
        void (*stop)(void *context);   /* within a turn; ends in host_stopped(), now or later */
        void (*finish)(void *context); /* also after a begin that failed or never came */
};

/* The service has stopped. */
void host_stopped(struct host *host);

/* The whole program; SERVICE may be NULL. Returns its exit code. */
int host_main(const struct daemon_program *which, const struct host_service *service, int argc, char **argv);
