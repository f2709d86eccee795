#pragma once
/*
 * What this machine's own node is: from the running daemon where there is one, else from its settings. For commands that ask
 * the network on their own and want to ask as the node would.
 */
#include "cli/cli.h"

#include "base/arena.h"
#include "node/node.h"

#define LOCAL_MAX_WINS 32

struct local_node {
        bool has_view;         /* a daemon runs, and this is what it knows */
        struct node_view view; /* all zero without */
        enum node_type type;   /* 0: neither daemon nor settings say */
        struct nb_scope scope;
        size_t wins_count;
        uint32_t wins[LOCAL_MAX_WINS]; /* of all interfaces, each once */
};

/* One line for CODE, with which the daemon could not be asked: WHAT was wanted, why not, what to do. Returns EXIT. */
int local_fail(const struct cli_context *ctx, enum cli_exit exit, const char *what, int code);

/* Never fails: without daemon and settings RET is zero. Settings that cannot be read are told in a line on ctx->err.
 * What RET points to is in ARENA. */
void local_node_read(const struct cli_context *ctx, struct arena *arena, struct local_node *ret);
