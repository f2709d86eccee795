#pragma once
/*
 * netbt diagnose --fix: what is safe and can be undone, one numbered step at a time.
 *
 *   a WINS record is to blame, in a database that was read   back the database up, delete the record (of a static mapping:
 *                                                            those of all its suffixes)
 *   settings that DHCP left over are in force here           take them out of the settings
 *   the host name settings disagree, and all but those that  set them to the one name of the others
 *   gave the name in conflict say one name
 *   a name that a command gave this machine is another's     release it
 *   any of these, or a forged demand, or a record that is    register this machine's names again (nbtstat -RR)
 *   gone since, and the name is this machine's
 *
 * Everything else is left to the reader, with the reason. Only verdicts that are likely at least are acted upon. The steps are planned
 * first, so that a dry run shows the same ones; a step that fails ends it, and what was done can be undone by the commands told.
 */
#include "cli/collect.h"

#include "diagnose/diagnose.h"

#define FIX_MAX_STEPS (2 * CASE_MAX + 8)

struct fix_step {
        const char *what; /* "backup", "delete", "clear", "host-name", "release", "refresh", "elsewhere" */
        const char *text; /* what was done (or would be, or why it was not), one sentence; in the arena */
        const char *undo; /* the command that undoes it; NULL if it needs none, or is not known before it is done */
        bool failed;
};

/* A finding that nothing was done about. */
struct fix_left {
        const struct diagnose_finding *finding;
        const char *why; /* one sentence; static */
};

struct fix {
        bool dry_run;
        size_t step_count;
        struct fix_step steps[FIX_MAX_STEPS];
        size_t not_done_count; /* steps planned behind the one that failed */
        size_t left_count;
        struct fix_left left[CASE_MAX];
        size_t fixed_count; /* findings that were seen to; with DRY_RUN: would be */
        bool failed;
};

/* Carries out what REPORT calls for; with DRY_RUN says it only. Texts go into ARENA. SETTINGS_ARE_OURS: the settings that were looked at
 * are ctx->config_path, not another machine's. */
void diagnose_fix(const struct cli_context *ctx, const struct collection *collection,
                  const struct diagnose_report *report, bool settings_are_ours, bool dry_run, struct arena *arena,
                  struct fix *ret);

/* What was done, as text to ctx->out. */
void diagnose_fix_print(const struct cli_context *ctx, const struct fix *fix);
