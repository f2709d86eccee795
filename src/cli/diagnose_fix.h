#pragma once
/*
 * netbt diagnose --fix: the article's four steps as one. For each finding that a WINS record is to blame for, and whose database
 * we may change (winsd's socket): a backup of the database, the record (of a static mapping: those of all its suffixes) deleted,
 * and this machine's names registered again (nbtstat -RR). Nothing else is changed, and nothing without the backup.
 */
#include "cli/collect.h"

#include "diagnose/diagnose.h"

#define FIX_MAX_STEPS 64

struct fix_step {
        const char *what; /* "backup", "delete", "refresh" */
        const char *text; /* what was done (or would be, or why it was not), one sentence; in the arena */
        bool failed;
};

struct fix {
        bool dry_run;
        size_t step_count;
        struct fix_step steps[FIX_MAX_STEPS];
        size_t fixed_count; /* findings that were seen to; with DRY_RUN: would be */
        bool failed;
};

/* Carries out what REPORT calls for; with DRY_RUN says it only. Texts go into ARENA. */
void diagnose_fix(const struct cli_context *ctx, const struct collection *collection,
                  const struct diagnose_report *report, bool dry_run, struct arena *arena, struct fix *ret);

/* What was done, as text to ctx->out. */
void diagnose_fix_print(const struct cli_context *ctx, const struct fix *fix);
