#pragma once
/* The two forms of a diagnosis: for people and for programs. */
#include "cli/cli.h"
#include "cli/collect.h"
#include "cli/diagnose_fix.h"

#include "diagnose/diagnose.h"

/* The answer as a colleague would give it, to ctx->out; with --name the name's whole timeline. ARENA is for its rows. NBT_ERR_NOMEM. */
int diagnose_print(const struct cli_context *ctx, const struct collection *collection,
                   const struct diagnose_report *report, struct arena *arena) NBT_MUST_CHECK;

/* One JSON document (dist/diagnose.schema.json) to ctx->out; notes go to ctx->err. FIX may be NULL. NBT_ERR_NOMEM. */
int diagnose_print_json(const struct cli_context *ctx, const struct collection *collection,
                        const struct diagnose_report *report, const struct fix *fix,
                        struct arena *arena) NBT_MUST_CHECK;
