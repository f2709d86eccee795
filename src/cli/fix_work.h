#pragma once
/* What the files of --fix share: the plan, and the steps told. */
#include "cli/diagnose_fix.h"

struct ctl_reply;

enum fix_kind {
        FIX_BACKUP,
        FIX_DELETE,
        FIX_CLEAR,
        FIX_HOST_NAME,
        FIX_RELEASE,
        FIX_REFRESH,
        FIX_ELSEWHERE,
        FIX_KIND_MAX
};

struct fix_action {
        enum fix_kind kind;
        const struct diagnose_finding *finding; /* the first that asked for it */
        size_t database;                        /* BACKUP, DELETE */
        const struct wins_record *record;       /* DELETE */
        const char *host;                       /* HOST_NAME: the name to set */
};

struct fix_work {
        const struct cli_context *ctx;
        const struct collection *collection;
        const struct snapshot *snapshot;
        struct arena *arena;
        struct fix *fix;
        bool settings_are_ours;
        size_t action_count;
        struct fix_action actions[FIX_MAX_STEPS];
};

/* Each carries its action out (or, in a dry run, says so) and tells its step; false: it failed, and the rest is not to be done. */
bool fix_run_backup(struct fix_work *work, const struct fix_action *action);
bool fix_run_delete(struct fix_work *work, const struct fix_action *action);
bool fix_run_clear(struct fix_work *work, const struct fix_action *action);
bool fix_run_host_name(struct fix_work *work, const struct fix_action *action);
bool fix_run_release(struct fix_work *work, const struct fix_action *action);
bool fix_run_refresh(struct fix_work *work, const struct fix_action *action);
bool fix_run_elsewhere(struct fix_work *work, const struct fix_action *action);

/* Is OTHER deleted when RECORD of the same database is? */
bool fix_goes_with(const struct wins_record *record, const struct wins_record *other);

/* Tells a step. fix_did: it went well; UNDO may be NULL. fix_failed: returns false. */
void fix_did(struct fix_work *work, enum fix_kind kind, const char *undo, const char *format, ...) NBT_PRINTF(4, 5);
bool fix_failed(struct fix_work *work, enum fix_kind kind, const char *format, ...) NBT_PRINTF(3, 4);

/* "was deleted" or, in a dry run, "would be deleted". */
const char *fix_word(const struct fix_work *work, const char *done, const char *would);

/* TEXT as one word of a shell; in the arena. */
const char *fix_quote(struct fix_work *work, const char *text);
/* " --config X" and the like for what is not the default; in the arena. */
const char *fix_places(struct fix_work *work);

/* The settings that gave the name in conflict, as bits 1 << enum hostname_source, and the one name of all others; NULL if there is none, or
 * more than one. */
const char *fix_agreed_host(const struct snapshot *snapshot, const struct nb_name *name, unsigned *ret_wrong);

/* Why a daemon did not do it: R of ctl_call(), or what REPLY says. */
const char *fix_why(const struct ctl_reply *reply, int r);
