#pragma once
/*
 * nbtstat -a and -A: finds a machine by name or address and asks it for its name table, once by every adapter.
 */
#include "cli/cli.h"
#include "cli/local.h"
#include "cli/nbtstat_print.h"

#include "base/arena.h"
#include "ctl/ctl.h"

struct nbtstat_search {
        const char *text;               /* what the user typed */
        bool address_only;              /* -A */
        struct ctl_client *client;      /* NULL: no daemon to resolve a name, so we ask ourselves */
        const struct local_node *local; /* scope and WINS servers to ask with */

        /* result */
        uint32_t address; /* 0: the name could not be resolved */
        size_t block_count;
        const struct nbtstat_remote *blocks; /* one an adapter */
};

/* Fills the result, in ARENA. CLI_EXIT_OK: a table was had by at least one adapter; CLI_EXIT_FOUND: host not found (not an
 * error line: the blocks say so); CLI_EXIT_USAGE or CLI_EXIT_FAILED after an error line. */
int nbtstat_search_run(const struct cli_context *ctx, struct nbtstat_search *search, struct arena *arena);

/* {"remote","address","found","interfaces":[…]}; a new reference. */
json_t *nbtstat_search_json(const struct nbtstat_search *search);
