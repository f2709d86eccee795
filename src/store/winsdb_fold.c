/*
 * Moving the journal into the table of records. Rows that were there at the beginning are read and sorted, then applied in order of
 * name, slice by slice, then removed from the oldest on. Each slice is a transaction of its own that needs no syncing: until its rows
 * are gone, the journal says the same. Doing any part of it twice, in that order, has the effect of doing it once.
 */
#include "store/winsdb_internal.h"
#include "store/winsdb_schema.h"

#include <stdio.h>
#include <string.h>

#define SLICE_MAX_ROWS 8192u
#define REMOVE_MAX_ROWS 2048u
#define REMOVE_MAX_BYTES (4u << 20)

/* ---- rows of the tables ------------------------------------------------------------------------------------------------------- */

/* Borrowed, until the statement moves on. Never NULL. */
static struct rd column_bytes(sqlite3_stmt *row, int column)
{
        const void *bytes = sqlite3_column_blob(row, column);

        return bytes ? rd_init(bytes, (size_t)sqlite3_column_bytes(row, column)) : rd_init("", 0);
}

static int damaged(struct winsdb *db, const struct nb_name *name, const char *what)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format(name, text);
        return winsdb_complain(db, NBT_ERR_MALFORMED, "the row of %s %s", text, what);
}

int winsdb_read_record(struct winsdb *db, sqlite3_stmt *row, struct wins_record *ret)
{
        struct rd name = column_bytes(row, 0), scope = column_bytes(row, 1);
        const size_t scope_len_bytes = rd_left(&scope);
        const bool has_name = rd_left(&name) == NB_NAME_BYTES;

        rd_copy(&name, ret->name.bytes, NB_NAME_BYTES);
        if (!has_name || scope_len_bytes > NB_SCOPE_MAX_BYTES)
                return damaged(db, &ret->name, "has a key that is no name");
        ret->scope.len_bytes = (uint8_t)scope_len_bytes;
        rd_copy(&scope, ret->scope.text, scope_len_bytes);
        ret->type = (enum wins_type)sqlite3_column_int(row, 2);
        ret->state = (enum wins_state)sqlite3_column_int(row, 3);
        ret->node = (enum wins_node)(sqlite3_column_int(row, 4) & 3);
        ret->is_static = sqlite3_column_int(row, 5) != 0;
        ret->owner = (uint32_t)sqlite3_column_int64(row, 6);
        ret->version = (uint64_t)sqlite3_column_int64(row, 7);
        ret->expiry_s = sqlite3_column_int64(row, 8);
        if (winscode_members_decode(column_bytes(row, 9), ret) < 0 || wins_record_check(ret) < 0)
                return damaged(db, &ret->name, "holds values that no record can have");
        if (sqlite3_column_type(row, 10) != SQLITE_NULL && sqlite3_column_int64(row, 10) != winscode_record_sum(ret))
                return damaged(db, &ret->name, "does not match its checksum");
        return 0;
}

int winsdb_put_record(struct winsdb *db, const struct wins_record *record)
{
        sqlite3_stmt *s = db->statements[WINSDB_STMT_PUT_RECORD];
        uint8_t members[WINS_MAX_MEMBERS * WINSCODE_MEMBER_BYTES];
        const size_t len_bytes = winscode_members_encode(record, members);

        sqlite3_bind_blob(s, 1, record->name.bytes, NB_NAME_BYTES, SQLITE_STATIC);
        sqlite3_bind_blob(s, 2, record->scope.text, record->scope.len_bytes, SQLITE_STATIC);
        sqlite3_bind_int(s, 3, (int)record->type);
        sqlite3_bind_int(s, 4, (int)record->state);
        sqlite3_bind_int(s, 5, (int)record->node);
        sqlite3_bind_int(s, 6, record->is_static);
        sqlite3_bind_int64(s, 7, record->owner);
        sqlite3_bind_int64(s, 8, (int64_t)record->version);
        sqlite3_bind_int64(s, 9, record->expiry_s);
        sqlite3_bind_blob(s, 10, members, (int)len_bytes, SQLITE_STATIC);
        sqlite3_bind_int64(s, 11, winscode_record_sum(record));
        return winsdb_run(db, WINSDB_STMT_PUT_RECORD);
}

static void bind_key(sqlite3_stmt *s, const struct wins_record *record)
{
        sqlite3_bind_blob(s, 1, record->name.bytes, NB_NAME_BYTES, SQLITE_STATIC);
        sqlite3_bind_blob(s, 2, record->scope.text, record->scope.len_bytes, SQLITE_STATIC);
}

static int delete_record(struct winsdb *db, const struct wins_record *record)
{
        bind_key(db->statements[WINSDB_STMT_DELETE_RECORD], record);
        return winsdb_run(db, WINSDB_STMT_DELETE_RECORD);
}

/* A renewal of a name that is not there does nothing. */
static int touch_record(struct winsdb *db, const struct winsdb_merged *merged)
{
        sqlite3_stmt *s = db->statements[WINSDB_STMT_GET_RECORD];
        struct wins_record record;

        bind_key(s, &merged->record);
        const int code = sqlite3_step(s);
        int r = winsdb_fail(db, code);
        if (code == SQLITE_ROW)
                r = winsdb_read_record(db, s, &record);
        sqlite3_reset(s);
        if (r < 0 || code != SQLITE_ROW)
                return r;
        winsstore_touch(&record, merged->expiry_s);
        return winsdb_put_record(db, &record);
}

int64_t winsdb_owner_sum(const struct wins_owner *owner)
{
        /* the body of a record that says nothing else: one checksum for both tables */
        const struct wins_record record = {.owner = owner->address, .version = owner->max_version};

        return winscode_record_sum(&record);
}

int winsdb_read_owner(struct winsdb *db, sqlite3_stmt *row, struct wins_owner *ret)
{
        const int64_t address = sqlite3_column_int64(row, 0);

        ret->address = (uint32_t)address;
        ret->max_version = (uint64_t)sqlite3_column_int64(row, 1);
        if (address < 0 || address > UINT32_MAX)
                return winsdb_complain(db, NBT_ERR_MALFORMED, "a server's row has an address that is none");
        if (sqlite3_column_type(row, 2) != SQLITE_NULL && sqlite3_column_int64(row, 2) != winsdb_owner_sum(ret))
                return winsdb_complain(db, NBT_ERR_MALFORMED, "a server's row does not match its checksum");
        return 0;
}

int winsdb_put_owner(struct winsdb *db, const struct wins_owner *owner)
{
        sqlite3_stmt *get = db->statements[WINSDB_STMT_GET_OWNER], *put = db->statements[WINSDB_STMT_PUT_OWNER];
        struct wins_owner highest = *owner, before;

        sqlite3_bind_int64(get, 1, owner->address);
        const int code = sqlite3_step(get);
        int r = winsdb_fail(db, code);
        if (code == SQLITE_ROW) {
                r = winsdb_read_owner(db, get, &before);
                if (r == 0 && before.max_version > highest.max_version)
                        highest = before;
        }
        sqlite3_reset(get);
        if (r < 0)
                return r;
        sqlite3_bind_int64(put, 1, highest.address);
        sqlite3_bind_int64(put, 2, (int64_t)highest.max_version);
        sqlite3_bind_int64(put, 3, winsdb_owner_sum(&highest));
        return winsdb_run(db, WINSDB_STMT_PUT_OWNER);
}

/* ---- the phases --------------------------------------------------------------------------------------------------------------- */

void winsdb_fold_abandon(struct winsdb *db)
{
        winsdb_gather_done(&db->fold.gather);
        db->fold = (struct winsdb_fold){0};
}

static int begin_fold(struct winsdb *db)
{
        int64_t first = db->last_row + 1;
        const int r = winsdb_number(db, "SELECT min(row) FROM journal", &first);

        if (r < 0)
                return r;
        db->fold = (struct winsdb_fold){.phase = WINSDB_FOLD_READ, .read_row = first - 1, .last_row = db->last_row};
        return 0;
}

/* Reads one run. */
static int read_run(struct winsdb *db)
{
        struct winsdb_fold *fold = &db->fold;
        sqlite3_stmt *s = NULL;
        int r = winsdb_prepare(db, WINSDB_WALK_JOURNAL, &s), code = SQLITE_DONE;

        if (r == 0) {
                sqlite3_bind_int64(s, 1, fold->read_row);
                sqlite3_bind_int64(s, 2, fold->last_row);
        }
        while (r == 0 && !winsdb_gather_is_long(&fold->gather) && (code = sqlite3_step(s)) == SQLITE_ROW) {
                struct rd batch = column_bytes(s, 1);

                fold->read_row = sqlite3_column_int64(s, 0);
                r = winsdb_gather_row(&fold->gather, fold->read_row, batch.base, batch.len_bytes);
                if (r < 0)
                        winsdb_complain(db, r, "row %lld of the journal is damaged", (long long)fold->read_row);
        }
        if (r == 0)
                r = winsdb_fail(db, code);
        sqlite3_finalize(s);
        if (r == 0)
                r = winsdb_gather_close_run(&fold->gather);
        if (r == 0 && code == SQLITE_DONE)
                fold->phase = WINSDB_FOLD_APPLY;
        return r;
}

static int apply_merged(struct winsdb *db, const struct winsdb_merged *merged)
{
        switch (merged->kind) {
        case WINSDB_MERGED_PUT:
                return winsdb_put_record(db, &merged->record);
        case WINSDB_MERGED_DELETE:
                return delete_record(db, &merged->record);
        case WINSDB_MERGED_TOUCH:
                return touch_record(db, merged);
        }
        return NBT_ERR_STATE;
}

/* Faster than new changes come, or the journal would grow for ever. */
static size_t slice_rows(const struct winsdb *db)
{
        const uint64_t rows = db->since_slice * 2;

        return rows > SLICE_MAX_ROWS          ? SLICE_MAX_ROWS
               : rows > db->limits.slice_rows ? (size_t)rows
                                              : db->limits.slice_rows;
}

static int apply_rows(struct winsdb *db)
{
        struct winsdb_gather *gather = &db->fold.gather;
        struct winsdb_merged merged;
        int r = 1;

        for (size_t i = slice_rows(db); r == 1 && i > 0; i--) {
                r = winsdb_gather_next(gather, &merged);
                const int applied = r == 1 ? apply_merged(db, &merged) : 0;
                r = applied < 0 ? applied : r;
        }
        if (r != 0)
                return r < 0 ? r : 0;
        for (size_t i = 0; r == 0 && i < gather->owner_count; i++)
                r = winsdb_put_owner(db, &gather->owners[i]);
        if (r == 0)
                db->fold.phase = WINSDB_FOLD_REMOVE;
        return r;
}

/* The oldest rows of what was moved, as many as one slice may free. */
static int remove_rows(struct winsdb *db)
{
        const struct winsdb_gather *gather = &db->fold.gather;
        size_t end = db->fold.removed, bytes = 0;
        char sql[96], row[32];

        while (end < gather->row_count && end - db->fold.removed < REMOVE_MAX_ROWS && bytes < REMOVE_MAX_BYTES)
                bytes += gather->rows[end++].len_bytes;
        if (end == db->fold.removed)
                return 0;
        const long long last = (long long)gather->rows[end - 1].row;
        snprintf(sql, sizeof(sql), "DELETE FROM journal WHERE row <= %lld", last);
        snprintf(row, sizeof(row), "%lld", last);
        int r = winsdb_execute(db, sql);
        if (r == 0)
                r = winsdb_keep_one(db, WINSDB_KEPT_FOLDED, row);
        if (r == 0)
                db->fold.removed = end;
        return r;
}

static void finish_fold(struct winsdb *db, mono_t now)
{
        const struct winsdb_gather *gather = &db->fold.gather;

        db->journal_rows -= gather->row_count < db->journal_rows ? gather->row_count : db->journal_rows;
        db->journal_changes -= gather->changes < db->journal_changes ? gather->changes : db->journal_changes;
        /* how many changes there were at the start was a guess */
        if (db->journal_rows == 0)
                db->journal_changes = 0;
        db->oldest = now;
        db->folds++;
        winsdb_fold_abandon(db);
}

static int write_slice(struct winsdb *db)
{
        int r = winsdb_relax(db, true);

        if (r == 0)
                r = winsdb_begin(db);
        if (r == 0)
                r = winsdb_end(db, db->fold.phase == WINSDB_FOLD_APPLY ? apply_rows(db) : remove_rows(db));
        return r;
}

int winsdb_fold_slice(struct winsdb *db, mono_t now)
{
        int r = 0;

        if (db->fold.phase == WINSDB_FOLD_IDLE)
                r = begin_fold(db);
        if (r == 0)
                r = db->fold.phase == WINSDB_FOLD_READ ? read_run(db) : write_slice(db);
        db->since_slice = 0;
        if (r < 0) {
                winsdb_fold_abandon(db);
        } else if (db->fold.phase == WINSDB_FOLD_REMOVE && db->fold.removed == db->fold.gather.row_count) {
                finish_fold(db, now);
                r = winsdb_measure(db);
        }
        return r;
}
