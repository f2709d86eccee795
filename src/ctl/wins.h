#pragma once
/*
 * What the control socket of winsd carries beside the node's requests (ctl/ctl.h): the manager's questions and orders, as
 * typed structs. Texts are made by the tools.
 *
 * Pages: a SHOW, DELETE or CHECK is answered with some rows, CURSOR and MORE; the tool asks again from there until MORE is false.
 * A page may be empty and not the last. Whoever watches gets a first reply at once, and then one for every change until it hangs
 * up; what it was too slow for is counted in the next one (missed).
 */
#include "ctl/ctl.h"
#include "wins/wins.h"

#define CTL_WINS_PAGE_ROWS 64u    /* at most in one reply to a SHOW: the server answers queries between two pages */
#define CTL_WINS_DELETE_ROWS 250u /* to a DELETE, which waits for a commit */
#define CTL_WINS_MAX_FINDINGS 1000u

/* Zeroed: everything, from the start. */
struct ctl_wins_request {
        struct wins_filter filter; /* SHOW, DELETE, CHECK */
        struct wins_cursor cursor;
        uint32_t limit;      /* SHOW, DELETE: rows; 0: as many as a reply may have. CHECK: records looked at */
        bool tombstone;      /* DELETE: make tombstones */
        bool only_if_free;   /* ADD: NBT_ERR_EXISTS if a live record of another content stands under a name */
        size_t record_count; /* ADD: all or none; at most WINS_IMPORT_MAX_RECORDS */
        const struct wins_record *records;
        char path[256]; /* BACKUP: file to write, as the server's user; "": STATE/backup/wins-TIME.db */
};

/* The database as it lies on disk. */
struct ctl_wins_store {
        char path[256];
        uint64_t size_bytes, free_bytes;              /* of the file with its log; of the file system */
        uint64_t commits, changes, touches, failures; /* since the start */
        uint64_t commit_us;                           /* the last one took so long */
        int64_t last_backup_us;                       /* wall_t.us; 0: never since the start */
        char last_error[128];                         /* "": none since the start */
};

/* The program that WinsHook names. */
struct ctl_wins_hook {
        char program[256];
        uint64_t calls, failures, waiting; /* since the start; now */
        uint64_t illegal;                  /* changes of names that are never passed */
        uint64_t left_out;                 /* changes that there was no room for */
        char last_error[128];              /* "": none since the start */
};

/* A change, to who watches. */
struct ctl_wins_change {
        int64_t time_us;
        enum wins_notice_type type;
        struct nb_name name;
        struct nb_scope scope;
        uint32_t claimant, holder;
        bool holder_is_static, removed;
        uint64_t count, released, extinct, deleted;
        const struct wins_record *record; /* NULL: none */
        uint64_t missed;                  /* changes before this one that were not sent */
};

struct ctl_wins_reply {
        const struct wins_view *view;       /* STATUS */
        const struct ctl_wins_store *store; /* STATUS */
        const struct ctl_wins_hook *hook;   /* STATUS; NULL: none is set */
        size_t row_count;                   /* SHOW, DELETE */
        const struct wins_record *rows;
        size_t finding_count; /* CHECK */
        const struct wins_finding *findings;
        bool more;
        struct wins_cursor cursor;
        uint64_t culprit; /* ADD: which record was in the way */
        char path[256];   /* BACKUP: what was written */
        uint64_t size_bytes;
        const struct ctl_wins_change *change; /* WATCH; NULL in the first reply */
};

/* A reply to one who watches, as a whole frame appended to OUT. NBT_ERR_NOMEM. */
int ctl_wins_change_encode(const struct ctl_wins_change *change, struct strbuf *out) NBT_MUST_CHECK;
