#pragma once
/*
 * What the parts of the WINS database share. Nobody else includes this.
 */
#include "store/winscode.h"
#include "store/winsdb.h"

#include <sqlite3.h>

enum winsdb_statement {
        WINSDB_STMT_INSERT_JOURNAL,
        WINSDB_STMT_PUT_RECORD,
        WINSDB_STMT_GET_RECORD,
        WINSDB_STMT_DELETE_RECORD,
        WINSDB_STMT_GET_OWNER,
        WINSDB_STMT_PUT_OWNER,
        WINSDB_STMT_PUT_KEPT,
        WINSDB_STMT_DELETE_KEPT,
        WINSDB_STMT_MAX,
};

/* ---- the journal, in order of name -------------------------------------------------------------------------------------- */

/* An item of the journal, by where it stands in its run. */
struct winsdb_ref {
        uint64_t prefix; /* first eight bytes of the name, so that most comparisons touch nothing else */
        uint32_t offset; /* of the item in the run's bytes */
        uint32_t order;  /* in the run */
};

/* Some rows of the journal, and their items by name; equal names by age. */
struct winsdb_run {
        uint8_t *bytes;
        size_t len_bytes, size_bytes;
        struct winsdb_ref *refs;
        size_t count, size, next; /* next: the first that is not yet merged */
};

/* A row that was read, for its removal. */
struct winsdb_row {
        int64_t row;
        size_t len_bytes;
};

/* Runs in order of age, which winsdb_gather_next() merges. */
struct winsdb_gather {
        struct winsdb_run *runs;
        size_t run_count, run_size;
        struct winsdb_row *rows;
        size_t row_count, row_size;
        struct wins_owner *owners; /* the highest of each */
        size_t owner_count, owner_size;
        uint64_t changes;
};

/* What the journal says of one name. */
struct winsdb_merged {
        enum { WINSDB_MERGED_PUT, WINSDB_MERGED_DELETE, WINSDB_MERGED_TOUCH } kind;
        struct wins_record record; /* PUT: all; else name and scope */
        int64_t expiry_s;          /* TOUCH */
};

/* Adds a journal row to the last run. Errors of winscode_batch_open(), NBT_ERR_NOMEM. */
int winsdb_gather_row(struct winsdb_gather *gather, int64_t row, const void *batch, size_t len_bytes) NBT_MUST_CHECK;
/* Is the last run as long as one should be? */
bool winsdb_gather_is_long(const struct winsdb_gather *gather);
/* Sorts the last run; the next row begins another. */
int winsdb_gather_close_run(struct winsdb_gather *gather) NBT_MUST_CHECK;
/* 1: RET is the next name's; 0: no more; NBT_ERR_MALFORMED. All runs must be closed. */
int winsdb_gather_next(struct winsdb_gather *gather, struct winsdb_merged *ret) NBT_MUST_CHECK;
int winsdb_gather_owner(struct winsdb_gather *gather, const struct wins_owner *owner) NBT_MUST_CHECK;
void winsdb_gather_done(struct winsdb_gather *gather);

/* ---- the open database ----------------------------------------------------------------------------------------------------- */

enum winsdb_fold_phase { WINSDB_FOLD_IDLE, WINSDB_FOLD_READ, WINSDB_FOLD_APPLY, WINSDB_FOLD_REMOVE };

struct winsdb_fold {
        enum winsdb_fold_phase phase;
        struct winsdb_gather gather;
        int64_t read_row, last_row; /* read so far, to be read */
        size_t removed;             /* of the gather's rows */
};

struct winsdb_copying {
        struct winsdb_backup view;
        sqlite3 *target;
        sqlite3_backup *backup;
        char *path, *part;
        int descriptor; /* of the part, for syncing it bit by bit */
        wall_t when;
};

struct winsdb_unsynced;

struct winsdb {
        sqlite3 *sql; /* NULL only while "lost" */
        enum winsdb_mode mode;
        struct winsdb_limits limits;
        char *path;
        int lock;                           /* descriptor of PATH.lock, or -1 */
        bool is_new, was_clean, is_relaxed; /* relaxed: commits are not synced at present */
        sqlite3_stmt *statements[WINSDB_STMT_MAX];
        struct winscode_buffer buffer;
        int64_t last_row; /* of the journal */
        uint64_t journal_rows, journal_changes, since_slice;
        mono_t oldest;                 /* of what stands in the journal; meaningless when it is empty */
        mono_t retry;                  /* background work failed: not before */
        uint64_t wal_frames, wal_next; /* in the write-ahead log; when to bring them into the file */
        struct winsdb_fold fold;
        struct winsdb_copying copying;
        int lost; /* 0, or why: a sync failed, and nothing may rest on what is there until winsdb_mend() has succeeded */
        struct winsdb_unsynced *unsynced, **unsynced_end; /* taken since the last sync of the log, in order of row */
        uint64_t batches, changes, touches, folds, mends;
        uint64_t file_bytes;     /* measured now and then */
        uint64_t log_pages_lost; /* found at the start */
        char error[200];
};

/* Remembers what SQLite says to CODE and yields our code for it; 0 for its three kinds of success. */
int winsdb_fail(struct winsdb *db, int code) NBT_MUST_CHECK;
/* Remembers TEXT and yields CODE. */
int winsdb_complain(struct winsdb *db, int code, const char *format, ...) NBT_PRINTF(3, 4);
int winsdb_execute(struct winsdb *db, const char *sql) NBT_MUST_CHECK;
/* The first column of the first row; RET is untouched when there is none or it is NULL. */
int winsdb_number(struct winsdb *db, const char *sql, int64_t *ret) NBT_MUST_CHECK;
int winsdb_prepare(struct winsdb *db, const char *sql, sqlite3_stmt **ret) NBT_MUST_CHECK;
/* Runs a statement that yields no rows, and makes it ready for the next use. */
int winsdb_run(struct winsdb *db, enum winsdb_statement which) NBT_MUST_CHECK;
/* BEGIN IMMEDIATE; and COMMIT if R is 0, else ROLLBACK, keeping R and its text. */
int winsdb_begin(struct winsdb *db) NBT_MUST_CHECK;
int winsdb_end(struct winsdb *db, int r) NBT_MUST_CHECK;
/* One of SQLite's integrity checks. NBT_ERR_MALFORMED: what it found first, in one line. */
int winsdb_run_check(struct winsdb *db, const char *pragma) NBT_MUST_CHECK;
/* Are the commits to come synced, or not? */
int winsdb_relax(struct winsdb *db, bool relaxed) NBT_MUST_CHECK;
/* How large the file is, for the status. */
int winsdb_measure(struct winsdb *db) NBT_MUST_CHECK;
/* Inside or outside of a transaction. VALUE NULL: forget it. */
int winsdb_keep_one(struct winsdb *db, const char *key, const char *value) NBT_MUST_CHECK;

/* Rows of "records" and "owners" from and to statements made with "SELECT *". NBT_ERR_MALFORMED if the checksum is wrong. */
int winsdb_read_record(struct winsdb *db, sqlite3_stmt *row, struct wins_record *ret) NBT_MUST_CHECK;
int winsdb_read_owner(struct winsdb *db, sqlite3_stmt *row, struct wins_owner *ret) NBT_MUST_CHECK;
int winsdb_put_record(struct winsdb *db, const struct wins_record *record) NBT_MUST_CHECK;
int winsdb_put_owner(struct winsdb *db, const struct wins_owner *owner) NBT_MUST_CHECK;
int64_t winsdb_owner_sum(const struct wins_owner *owner);

/* One slice of moving; of copying. Both do nothing if there is nothing to do. */
int winsdb_fold_slice(struct winsdb *db, mono_t now) NBT_MUST_CHECK;
void winsdb_fold_abandon(struct winsdb *db);
void winsdb_backup_slice(struct winsdb *db);

/* A connection for writing, at DB's path; and one that is ready to be written with. On failure winsdb_disconnect() is due; winsdb_reconnect()
 * does it. */
int winsdb_connect(struct winsdb *db) NBT_MUST_CHECK;
int winsdb_reconnect(struct winsdb *db) NBT_MUST_CHECK;
void winsdb_disconnect(struct winsdb *db);
/* How far the journal had come. */
int winsdb_read_state(struct winsdb *db) NBT_MUST_CHECK;
/* A file that was deleted or replaced under us takes every write, and keeps none: NBT_ERR_IO. */
int winsdb_check_place(struct winsdb *db) NBT_MUST_CHECK;

/* Makes the database one to rest on again after a sync that failed (winsdb_mend.c); no backup is under way. On failure it stays "lost",
 * and is to be called again later. */
int winsdb_mend(struct winsdb *db) NBT_MUST_CHECK;
/* The same of what a dead writer left; where others read it, or there is no room, its log alone, in which stands all that the file may lack. */
int winsdb_mend_at_start(struct winsdb *db) NBT_MUST_CHECK;
/* After a transaction that failed for its sync: that it does not come to life at the next start. */
void winsdb_write_over(struct winsdb *db);
/* Copies of batches, for winsdb_mend(). NULL if memory ran out. winsdb_unsynced_add() takes it over. */
struct winsdb_unsynced *winsdb_unsynced_make(int64_t row, const struct winscode_buffer *batch);
void winsdb_unsynced_add(struct winsdb *db, struct winsdb_unsynced *batch);
void winsdb_unsynced_forget(struct winsdb *db);

/* PATH + SUFFIX; NULL if memory ran out. To be freed. */
char *winsdb_path(const char *path, const char *suffix);
/* Takes the lock that writers hold; the descriptor, or NBT_ERR_BUSY, NBT_ERR_DENIED, NBT_ERR_IO, with errno. */
int winsdb_lock(const char *path) NBT_MUST_CHECK;
int winsdb_errno_code(int error);
/* winsdb_set_aside() without the lock; the main file may be missing. NBT_ERR_FULL, NBT_ERR_NOMEM, or NBT_ERR_IO with errno. */
int winsdb_move_aside(const char *path, struct strbuf *ret_aside) NBT_MUST_CHECK;
/* Is there something that shows that a database stood here? */
bool winsdb_has_traces(const char *path);
/* Files and directories to the disk. */
int winsdb_sync_path(const char *path) NBT_MUST_CHECK;
int winsdb_sync_directory_of(const char *path) NBT_MUST_CHECK;
/* The bytes of a file, on disk on return; TO is replaced. */
int winsdb_copy_file(const char *from, const char *to) NBT_MUST_CHECK;
/* A database that nobody is to have, and its side files. */
void winsdb_remove_all(const char *path);
