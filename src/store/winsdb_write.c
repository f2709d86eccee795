/* Appending batches, background work between them, and the small values that last. */
#include "store/winsdb_internal.h"
#include "store/winsdb_schema.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000u
/* The journal may grow to so many times of what is moved at once before an append does some of the work itself. */
#define JOURNAL_LIMIT 4u
#define FRAMES_LIMIT 16u

/* ---- background work ------------------------------------------------------------------------------------------------------------ */

static bool needs_checkpoint(const struct winsdb *db)
{
        return db->wal_frames >= db->wal_next;
}

static bool needs_fold(const struct winsdb *db, mono_t now)
{
        return db->fold.phase != WINSDB_FOLD_IDLE || db->journal_changes >= db->limits.fold_changes ||
               (db->journal_changes > 0 && mono_is_due(mono_add_ms(db->oldest, db->limits.fold_age_ms), now));
}

static bool is_copying(const struct winsdb *db)
{
        return db->copying.view.state == WINSDB_BACKUP_RUNNING;
}

static bool is_waiting(const struct winsdb *db, mono_t now)
{
        return db->lost < 0 || needs_checkpoint(db) || needs_fold(db, now) || is_copying(db);
}

/* A reader may hold the log: then the next try is made when it has grown again. */
static int checkpoint(struct winsdb *db)
{
        int frames = 0, moved = 0;
        const int code = sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);
        const int r = code == SQLITE_BUSY ? 0 : winsdb_fail(db, code);

        if (code == SQLITE_OK && frames == moved) {
                db->wal_frames = 0; /* the next commit begins the log from its start */
                winsdb_unsynced_forget(db);
        }
        db->wal_next = db->wal_frames + db->limits.checkpoint_frames;
        return r == 0 ? winsdb_measure(db) : r;
}

static int work(struct winsdb *db, mono_t now)
{
        int r = 0;

        if (db->lost < 0) {
                if (!is_copying(db))
                        return winsdb_mend(db);
                winsdb_backup_slice(db); /* it may be what saves the day */
                return 0;
        }
        if (needs_checkpoint(db))
                return checkpoint(db);
        if (needs_fold(db, now))
                r = winsdb_fold_slice(db, now);
        if (r == 0 && is_copying(db))
                winsdb_backup_slice(db);
        return r;
}

int winsdb_tend(struct winsdb *db, mono_t now)
{
        if (db->mode == WINSDB_READ)
                return NBT_ERR_STATE;
        if (!mono_is_due(db->retry, now))
                return 0;
        const int r = work(db, now);
        if (r < 0)
                db->retry = mono_add_ms(now, RETRY_MS);
        return r < 0 ? r : is_waiting(db, now);
}

mono_t winsdb_deadline(const struct winsdb *db)
{
        const mono_t at_once = {0};
        mono_t due = MONO_NEVER;

        if (db->mode == WINSDB_READ)
                return due;
        if (is_waiting(db, at_once))
                due = at_once;
        else if (db->journal_changes)
                due = mono_add_ms(db->oldest, db->limits.fold_age_ms);
        return due.ns < db->retry.ns ? db->retry : due;
}

void winsdb_status(const struct winsdb *db, struct winsdb_status *ret)
{
        *ret = (struct winsdb_status){
                .journal_rows = db->journal_rows,
                .journal_changes = db->journal_changes,
                .batches = db->batches,
                .changes = db->changes,
                .touches = db->touches,
                .folds = db->folds,
                .wal_frames = db->wal_frames,
                .mends = db->mends,
                .file_bytes = db->file_bytes,
                .is_folding = db->fold.phase != WINSDB_FOLD_IDLE,
                .is_lost = db->lost < 0,
        };
}

/* ---- appending ------------------------------------------------------------------------------------------------------------------- */

/* What is synced takes all before it along. */
static int insert_batch(struct winsdb *db, const struct wins_batch *batch)
{
        sqlite3_stmt *s = db->statements[WINSDB_STMT_INSERT_JOURNAL];
        const int64_t row = db->last_row + 1;
        struct winsdb_unsynced *copy = NULL;
        int r = winscode_batch_encode(batch, row, &db->buffer);

        if (r == 0 && !batch->is_durable && !(copy = winsdb_unsynced_make(row, &db->buffer)))
                r = NBT_ERR_NOMEM;
        if (r < 0)
                return winsdb_complain(db, r, "%s", r == NBT_ERR_RANGE ? "a record that is none" : "out of memory");
        sqlite3_bind_int64(s, 1, row);
        sqlite3_bind_blob64(s, 2, db->buffer.bytes, db->buffer.len_bytes, SQLITE_STATIC);
        r = winsdb_run(db, WINSDB_STMT_INSERT_JOURNAL); /* a transaction by itself */
        if (r < 0) {
                winsdb_write_over(db);
                free(copy);
                return r;
        }
        db->last_row = row;
        if (copy)
                winsdb_unsynced_add(db, copy);
        else
                winsdb_unsynced_forget(db);
        return 0;
}

/* No room: what stands in the log, once it is in the file, gives its room back. */
static int insert_with_room(struct winsdb *db, const struct wins_batch *batch)
{
        const int r = insert_batch(db, batch);

        if (r != NBT_ERR_FULL || db->wal_frames == 0)
                return r;
        winsdb_fold_abandon(db);
        if (winsdb_fail(db, sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL)) < 0)
                return r;
        db->wal_frames = 0;
        db->wal_next = db->limits.checkpoint_frames;
        return insert_batch(db, batch);
}

static bool is_late(const struct winsdb *db)
{
        return db->journal_changes >= (uint64_t)db->limits.fold_changes * JOURNAL_LIMIT ||
               db->wal_frames >= db->wal_next + (uint64_t)db->limits.checkpoint_frames * FRAMES_LIMIT;
}

int winsdb_check_place(struct winsdb *db)
{
        int has_moved = 0;

        if (sqlite3_file_control(db->sql, NULL, SQLITE_FCNTL_HAS_MOVED, &has_moved) != SQLITE_OK || !has_moved)
                return 0;
        return winsdb_complain(
                db, NBT_ERR_IO,
                "its file was deleted, moved or replaced while in use; netbt wins backup saves what it held");
}

/* After a sync that failed. */
static int be_whole(struct winsdb *db, mono_t now)
{
        if (db->lost == 0)
                return 0;
        if (is_copying(db) || !mono_is_due(db->retry, now))
                return db->lost;
        const int r = winsdb_mend(db);
        if (r < 0)
                db->retry = mono_add_ms(now, RETRY_MS);
        return r;
}

int winsdb_append(struct winsdb *db, const struct wins_batch *batch, mono_t now)
{
        const uint64_t changes = batch->change_count + batch->touch_count + batch->owner_count;

        if (db->mode == WINSDB_READ)
                return NBT_ERR_STATE;
        if (changes == 0)
                return 0;
        int r = be_whole(db, now);
        if (r == 0)
                r = winsdb_check_place(db);
        if (r == 0)
                r = winsdb_relax(db, !batch->is_durable);
        if (r == 0)
                r = insert_with_room(db, batch);
        if (r < 0)
                return r;
        if (db->journal_changes == 0)
                db->oldest = now;
        db->journal_rows++;
        db->journal_changes += changes;
        db->since_slice += changes;
        db->batches++;
        db->changes += batch->change_count;
        db->touches += batch->touch_count;
        /* the batch is safe: what fails here is told by the next winsdb_tend() */
        if (is_late(db) && mono_is_due(db->retry, now) && winsdb_tend(db, now) < 0)
                db->retry = mono_add_ms(now, RETRY_MS);
        return 0;
}

/* ---- values ------------------------------------------------------------------------------------------------------------------------ */

int winsdb_keep_one(struct winsdb *db, const char *key, const char *value)
{
        const enum winsdb_statement which = value ? WINSDB_STMT_PUT_KEPT : WINSDB_STMT_DELETE_KEPT;

        sqlite3_bind_text(db->statements[which], 1, key, -1, SQLITE_STATIC);
        if (value)
                sqlite3_bind_text(db->statements[which], 2, value, -1, SQLITE_STATIC);
        return winsdb_run(db, which);
}

int winsdb_keep(struct winsdb *db, const struct winsdb_value *values, size_t count)
{
        if (db->mode == WINSDB_READ)
                return NBT_ERR_STATE;
        int r = db->lost;
        if (r == 0)
                r = winsdb_relax(db, false);
        if (r == 0)
                r = winsdb_begin(db);
        if (r < 0)
                return r;
        for (size_t i = 0; r == 0 && i < count; i++)
                r = winsdb_keep_one(db, values[i].key, values[i].value);
        r = winsdb_end(db, r);
        if (r < 0)
                winsdb_write_over(db);
        return r;
}
