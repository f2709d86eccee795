#pragma once
/*
 * The event log on disk: a bounded SQLite database (STATE_DIR/events.db, WAL mode) that describes itself in its tables
 * "about" and "catalogue".
 *
 * One writer (the daemon) and any number of readers. The writer appends through a coalescer: equal events only raise a
 * row's count, and those counts reach the disk about once a second, when eventdb_flush() is called at or after
 * eventdb_deadline(). When the limits are reached the oldest rows make room ("overwrite as needed"). What was appended
 * survives the death of the process at any moment; a loss of power may cost the last seconds, never the log.
 * Record numbers grow for ever, also over eventdb_clear().
 *
 * Reads no clock: times come with events and calls. Not for use by two threads.
 */
#include "base/arena.h"
#include "base/strbuf.h"
#include "eventlog/event.h"

struct eventdb;

#define EVENTDB_FILE "events.db"

enum eventdb_mode {
        EVENTDB_READ,  /* the file must exist; nothing is ever written, not even counts */
        EVENTDB_WRITE, /* created if absent */
};

/* 0 means the default. */
struct eventdb_limits {
        uint64_t max_events; /* default 10000 */
        uint64_t max_bytes;  /* of the rows' contents; default 512 KiB, as Windows' logs had */
};

/*
 * Opens the log at PATH. WHY (may be NULL) gets one clause in plain words when that fails:
 * NBT_ERR_NOT_FOUND (reading: no such file), NBT_ERR_DENIED, NBT_ERR_MALFORMED (not a database, or damaged: see
 * eventdb_set_aside), NBT_ERR_UNSUPPORTED (made by a later version, or not an event log), NBT_ERR_BUSY, NBT_ERR_IO,
 * NBT_ERR_NOMEM.
 */
int eventdb_open(struct eventdb **ret, const char *path, enum eventdb_mode mode, const struct eventdb_limits *limits,
                 struct strbuf *why) NBT_MUST_CHECK;

/* Writes out what waits and closes. Accepts NULL, returns NULL. */
struct eventdb *eventdb_close(struct eventdb *db);

/*
 * Appends EVENT (its record number is ignored), or folds it into an equal one written lately, or, in a flood, counts it
 * in an event 4322. RET_RECORD (may be NULL) gets the new row's number, 0 if there is none. NBT_ERR_STATE when opened for
 * reading, NBT_ERR_FULL (disk), NBT_ERR_BUSY, NBT_ERR_IO, NBT_ERR_MALFORMED (damaged); eventdb_error() tells more.
 */
int eventdb_append(struct eventdb *db, const struct event *event, mono_t now, uint64_t *ret_record) NBT_MUST_CHECK;

/* EVENT is what was found out about the row RECORD after it had been written: its note replaces the row's, and its count of repeats is
 * added. NBT_ERR_NOT_FOUND if the row is gone; other errors as eventdb_append(). */
int eventdb_annotate(struct eventdb *db, uint64_t record, const struct event *event, mono_t now) NBT_MUST_CHECK;

/* When eventdb_flush() should be called; MONO_NEVER if nothing waits. */
mono_t eventdb_deadline(const struct eventdb *db);

/* Writes the counts that wait, if the deadline has come. Errors as eventdb_append(). */
int eventdb_flush(struct eventdb *db, mono_t now) NBT_MUST_CHECK;

/* Which events; a zeroed filter means all. */
struct eventdb_filter {
        uint16_t id;
        unsigned level_mask; /* bit (1u << level) for each wanted; 0: all */
        wall_t since, until; /* by last_time and time; 0: open */
        const char *name;    /* "FILESRV" or "FILESRV<20>", in any case of letters; NULL: any */
        uint64_t record;     /* just this one; 0: any */
        uint64_t after;      /* record numbers above this: for following */
        size_t limit;        /* 0: all */
        bool newest;         /* with limit: the newest ones. The result is in ascending order in any case */
};

/* The events in ascending order of record, in ARENA. Errors as eventdb_append(), NBT_ERR_NOMEM. */
int eventdb_query(struct eventdb *db, const struct eventdb_filter *filter, struct arena *arena,
                  const struct event **ret, size_t *ret_count) NBT_MUST_CHECK;

/*
 * Copies the log to BACKUP_PATH (which must not exist: NBT_ERR_EXISTS), complete and on disk, then removes what was
 * copied. Opened for writing only. May be called by another process than the daemon's.
 */
int eventdb_clear(struct eventdb *db, const char *backup_path, uint64_t *ret_count) NBT_MUST_CHECK;

/* Renames a damaged log and its side files out of the way, to PATH.damaged-N with the first free N, which RET_PATH
 * (may be NULL) gets. The database must not be open. NBT_ERR_IO, NBT_ERR_FULL after 100 of them. */
int eventdb_set_aside(const char *path, struct strbuf *ret_path) NBT_MUST_CHECK;

/* What went wrong last, in plain words; "" if nothing did. Borrowed until the next call. */
const char *eventdb_error(const struct eventdb *db);
