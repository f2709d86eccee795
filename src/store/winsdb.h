#pragma once
/*
 * The WINS database on disk: STATE_DIR/wins.db, SQLite in WAL mode, which describes itself in its table "about".
 *
 * What a batch holds is appended as one row to the table "journal", in one transaction with synchronous=FULL: the cost of a commit
 * does not grow with the number of names in the database. winsdb_tend() moves what has gathered there into the table "records"
 * (a row a name) in sorted slices of a few milliseconds each; a death at any moment between leaves nothing half done, for the journal's
 * rows go last, and moving them again has the same effect. Both tables together are the truth, and winsdb_load() gives it.
 *
 * What lasts when: a batch with is_durable survives loss of power once winsdb_append() has returned 0. A batch without (renewals
 * alone) survives the death of the process then, and loss of power at the latest after the next durable batch. Which expiry a name
 * has after a crash is the core's matter: it never lets a name expire within one renewal interval after a start. A batch whose append
 * failed is not there, with one exception that nobody can exclude: when the system fails while the disk is made to write (fsync), a
 * crash right then, or an end before it works again, may leave the batch there, the whole of it.
 *
 * A disk that fails to sync: the system may have dropped what it could not write, although it still shows it, and says of the next sync
 * that it is well. After such a failure winsdb_append() and winsdb_keep() refuse (NBT_ERR_IO, or NBT_ERR_FULL) until winsdb_tend() or the
 * next winsdb_append() has succeeded in writing anew, and syncing, all that may be missing on the disk: no batch that was acknowledged
 * is lost, durable or not. A start begins with the same. Other processes that read the database hold this up (not a start).
 *
 * Damage: each row of both tables carries a checksum over all it says. Opening for writing runs SQLite's quick check, loading checks
 * every row; either tells NBT_ERR_MALFORMED and what it saw, and nothing is served that cannot be trusted. What stands in the
 * write-ahead log behind a damaged place is left out and counted, for a loss of power leaves such a log too. The ways back:
 * winsdb_restore() from a backup, winsdb_salvage() of what can still be read, or WINSDB_EMPTY. A damaged file is set aside, never removed.
 *
 * A file that was deleted, moved or replaced while it is open takes no batch any more (NBT_ERR_IO); a backup still holds all.
 *
 * Disk full: winsdb_append() fails with NBT_ERR_FULL and leaves nothing behind; the next one works when there is room again.
 *
 * Threads: a struct winsdb is used by one thread at a time, and may be handed from one to another (opened and loaded by the main
 * thread, then given to the writer's). Only one may be open for writing per file, which a lock on PATH.lock ensures over all
 * processes; any number may be open for reading, in any thread or process, meanwhile. No call waits for another process longer than a
 * second; a call may take as long as the disk does, so that a thread that answers packets makes none. Reads no clock.
 */
#include "base/arena.h"
#include "base/instant.h"
#include "base/strbuf.h"
#include "store/winsstore.h"

struct winsdb;

#define WINSDB_FILE "wins.db"

enum winsdb_mode {
        WINSDB_READ,   /* the file must exist; nothing is ever written */
        WINSDB_WRITE,  /* the file must exist */
        WINSDB_CREATE, /* created where there is neither a file nor a trace of one that was lost or set aside */
        WINSDB_EMPTY,  /* created; the file must not exist. For an administrator who says so */
};

/* 0 means the default. For tests and measurements; the defaults are right for a server. */
struct winsdb_limits {
        size_t fold_changes;        /* so many changes in the journal are moved; default 131072 */
        uint32_t fold_age_ms;       /* or what has waited there so long; default 10 s */
        size_t slice_rows;          /* rows moved by one winsdb_tend(); default 512, more under load */
        uint32_t checkpoint_frames; /* pages in the write-ahead log that are brought into the file; default 1000 */
        uint32_t max_pages;         /* the file may not grow above it (NBT_ERR_FULL); default none */
};

/*
 * Opens the database at PATH, migrates it to the present version of its schema if it is of an earlier one, and checks it.
 * WHY (may be NULL) gets a clause in plain words on failure: NBT_ERR_NOT_FOUND (no such file), NBT_ERR_DENIED, NBT_ERR_MALFORMED (not
 * a database, or damaged), NBT_ERR_UNSUPPORTED (made by a later version, or not a WINS database), NBT_ERR_BUSY (another server has
 * it), NBT_ERR_STATE (CREATE: the file is missing although traces of it are there), NBT_ERR_EXISTS (EMPTY), NBT_ERR_FULL, NBT_ERR_IO,
 * NBT_ERR_NOMEM.
 */
int winsdb_open(struct winsdb **ret, const char *path, enum winsdb_mode mode, const struct winsdb_limits *limits,
                struct strbuf *why) NBT_MUST_CHECK;

/* Marks the database as left in order, and closes. Accepts NULL, returns NULL. */
struct winsdb *winsdb_close(struct winsdb *db);

/* What went wrong last, in plain words; "" if nothing did. Borrowed until the next call. */
const char *winsdb_error(const struct winsdb *db);

/* ---- reading everything back ------------------------------------------------------------------------------------------- */

struct winsdb_loaded {
        uint64_t records, owners;
        uint64_t journal_rows, journal_changes; /* that were not yet in "records" */
        bool was_clean;                         /* the writer before had closed it */
        uint64_t
                log_pages_lost; /* of the write-ahead log, from a damaged place on: it was scribbled on, or power was lost while
                                  * what nobody relied on was written */
};

/* Everything, one consistent state of it. NBT_ERR_MALFORMED (damage), NBT_ERR_BUSY, NBT_ERR_IO, NBT_ERR_NOMEM, or what SINK
 * returned. RET may be NULL. */
int winsdb_load(struct winsdb *db, const struct winsstore_sink *sink, struct winsdb_loaded *ret) NBT_MUST_CHECK;

/* ---- writing -------------------------------------------------------------------------------------------------------------- */

/*
 * Stores BATCH, all or nothing; see "what lasts when". Bounded: if nobody calls winsdb_tend(), it does that work in time.
 * NBT_ERR_STATE (open for reading), NBT_ERR_FULL (no room: refuse claims and go on), NBT_ERR_BUSY, NBT_ERR_IO,
 * NBT_ERR_MALFORMED (damage seen), NBT_ERR_RANGE (a record that is none), NBT_ERR_NOMEM.
 */
int winsdb_append(struct winsdb *db, const struct wins_batch *batch, mono_t now) NBT_MUST_CHECK;

/*
 * One slice of background work, some milliseconds: moving, checkpoint, backup. Returns 1 if there is more to do at once, 0 if
 * not. To be called between batches and when winsdb_deadline() has come. A failure postpones the work and loses nothing; errors as
 * winsdb_append().
 */
int winsdb_tend(struct winsdb *db, mono_t now) NBT_MUST_CHECK;

/* When winsdb_tend() wants to be called: 0 for at once, MONO_NEVER if nothing waits. */
mono_t winsdb_deadline(const struct winsdb *db);

/* What waits, and how large things are: for a status. */
struct winsdb_status {
        uint64_t journal_rows, journal_changes;
        uint64_t batches, changes, touches; /* appended since it was opened */
        uint64_t folds;                     /* rounds of moving that were completed */
        uint64_t mends;                     /* after syncs that failed */
        uint64_t wal_frames;
        uint64_t file_bytes;
        bool is_folding;
        bool is_lost; /* a sync failed, and what was written is not yet written anew */
};

void winsdb_status(const struct winsdb *db, struct winsdb_status *ret);

/* ---- what else must last ---------------------------------------------------------------------------------------------- */

/* Names in "kept": server settings under "setting/NAME", names of the block list under "block/STEM" (value: why, or ""). */
#define WINSDB_KEPT_SETTING "setting/"
#define WINSDB_KEPT_BLOCK "block/"
#define WINSDB_KEPT_BACKUP_TIME "backup/time" /* of the last complete backup, wall microseconds in decimal */
#define WINSDB_KEPT_BACKUP_PATH "backup/path"

struct winsdb_value {
        const char *key;
        const char *value; /* NULL in winsdb_keep(): forget it */
};

/* All or none, durable on return. Errors as winsdb_append(). */
int winsdb_keep(struct winsdb *db, const struct winsdb_value *values, size_t count) NBT_MUST_CHECK;

/* The values whose keys begin with PREFIX, in order of key, in ARENA; none is no error. Errors as winsdb_load(). */
int winsdb_kept(struct winsdb *db, const char *prefix, struct arena *arena, const struct winsdb_value **ret,
                size_t *ret_count) NBT_MUST_CHECK;

/* ---- backup, restore, repair -------------------------------------------------------------------------------------------- */

/*
 * Begins a backup to PATH, which must not exist, done by winsdb_tend() while batches go on; what it then holds is the state at its end.
 * It gets its name only when it is complete and on disk; before, it is PATH.part. WHEN is remembered as the time of the last
 * backup. NBT_ERR_EXISTS, NBT_ERR_BUSY (one is under way), NBT_ERR_NOT_FOUND (no such directory), NBT_ERR_STATE, NBT_ERR_DENIED, NBT_ERR_FULL, NBT_ERR_IO.
 */
int winsdb_backup_start(struct winsdb *db, const char *path, wall_t when) NBT_MUST_CHECK;

enum winsdb_backup_state { WINSDB_BACKUP_NONE, WINSDB_BACKUP_RUNNING, WINSDB_BACKUP_DONE, WINSDB_BACKUP_FAILED };

struct winsdb_backup {
        enum winsdb_backup_state state; /* DONE, FAILED: how the last one ended */
        int result;                     /* FAILED: why */
        uint64_t pages_left, pages;
};

void winsdb_backup_status(const struct winsdb *db, struct winsdb_backup *ret);

/* Ends a backup under way and removes its part. Does nothing if there is none. */
void winsdb_backup_cancel(struct winsdb *db);

/* Opens PATH for reading, runs SQLite's whole integrity check and loads everything, for nobody. WHY and errors as winsdb_open(). */
int winsdb_check(const char *path, struct winsdb_loaded *ret, struct strbuf *why) NBT_MUST_CHECK;

/*
 * Puts a copy of the backup at BACKUP in PATH's place, after checking it. What stands at PATH is set aside (RET_ASIDE, may be NULL,
 * gets its new path, or nothing if there was none). NBT_ERR_BUSY while a server has PATH open; otherwise as winsdb_check().
 */
int winsdb_restore(const char *path, const char *backup, struct strbuf *ret_aside, struct strbuf *why) NBT_MUST_CHECK;

/* Renames PATH and its side files to PATH.aside-N with the first free N; RET_ASIDE (may be NULL) gets it. It must not be open
 * (NBT_ERR_BUSY). NBT_ERR_NOT_FOUND, NBT_ERR_FULL after 100 of them, NBT_ERR_DENIED, NBT_ERR_IO. */
int winsdb_set_aside(const char *path, struct strbuf *ret_aside) NBT_MUST_CHECK;

struct winsdb_salvaged {
        uint64_t pages, pages_read;         /* of the file; of them those that could be made sense of */
        uint64_t records, owners;           /* that are in the new database */
        uint64_t rows_bad;                  /* rows seen whose checksum is wrong: not taken */
        uint64_t journal_rows, journal_bad; /* batches found and taken; found and unreadable */
        bool is_certain; /* the list of free pages was whole: nothing that had been deleted can have come back */
};

/*
 * Writes what can be read of the damaged database DAMAGED (which is not changed) to a new one at PATH, which must not exist. Reads the
 * pages one by one, without trusting the tables' trees, with what of the write-ahead log is whole; takes only rows whose checksum is right.
 * NBT_ERR_NOT_FOUND, NBT_ERR_EXISTS, NBT_ERR_BUSY (a server has DAMAGED open), NBT_ERR_MALFORMED (nothing of a WINS database in it), NBT_ERR_FULL, NBT_ERR_IO, NBT_ERR_NOMEM.
 */
int winsdb_salvage(const char *damaged, const char *path, struct winsdb_salvaged *ret,
                   struct strbuf *why) NBT_MUST_CHECK;
