/* Reading the event log, and clearing it. */
#include "store/eventdb_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAMAGED_MAX 100
#define PATH_BYTES 4096

/* A condition that a filter may leave open is true when its parameter is NULL. */
/* clang-format off */
#define SELECT_EVENTS \
        "SELECT record, " EVENTDB_COLUMNS " FROM events" \
        " WHERE (?1 IS NULL OR id = ?1)" \
        " AND (?2 IS NULL OR (?2 >> level) & 1)" \
        " AND (?3 IS NULL OR max(time, last_time) >= ?3)" \
        " AND (?4 IS NULL OR time < ?4)" \
        " AND (?5 IS NULL OR name = ?5 COLLATE NOCASE OR substr(name, 1, length(name) - 4) = ?5 COLLATE NOCASE)" \
        " AND (?6 IS NULL OR record = ?6)" \
        " AND record > ?7 ORDER BY record %s LIMIT ?8"
/* clang-format on */

static void bind_unless_zero(sqlite3_stmt *s, int index, int64_t value)
{
        if (value)
                sqlite3_bind_int64(s, index, value);
}

static int prepare_select(struct eventdb *db, const struct eventdb_filter *filter, sqlite3_stmt **ret)
{
        char sql[sizeof(SELECT_EVENTS) + 8];

        snprintf(sql, sizeof(sql), SELECT_EVENTS, filter->newest ? "DESC" : "ASC");
        const int r = eventdb_fail(db, sqlite3_prepare_v2(db->sql, sql, -1, ret, NULL));
        if (r < 0)
                return r;
        bind_unless_zero(*ret, 1, filter->id);
        bind_unless_zero(*ret, 2, filter->level_mask);
        bind_unless_zero(*ret, 3, filter->since.us);
        bind_unless_zero(*ret, 4, filter->until.us);
        if (filter->name)
                sqlite3_bind_text(*ret, 5, filter->name, -1, SQLITE_STATIC);
        bind_unless_zero(*ret, 6, (int64_t)filter->record);
        sqlite3_bind_int64(*ret, 7, (int64_t)filter->after);
        sqlite3_bind_int64(*ret, 8, filter->limit ? (int64_t)filter->limit : -1);
        return 0;
}

static void column_text(sqlite3_stmt *s, int column, char *ret, size_t size_bytes)
{
        const char *text = (const char *)sqlite3_column_text(s, column);

        snprintf(ret, size_bytes, "%s", text ? text : "");
}

/* A file can hold anything: what is too long is cut, what is out of range brought into it. */
static void read_event(sqlite3_stmt *s, struct event *ret)
{
        const int64_t count = sqlite3_column_int64(s, 6);
        const int data_len = sqlite3_column_bytes(s, 11);
        const void *data = sqlite3_column_blob(s, 11);

        ret->record = (uint64_t)sqlite3_column_int64(s, 0);
        ret->time.us = sqlite3_column_int64(s, 1);
        ret->id = (uint16_t)sqlite3_column_int(s, 2);
        ret->code = (uint32_t)sqlite3_column_int64(s, 3);
        ret->level = (enum event_level)(sqlite3_column_int(s, 4) & 7);
        column_text(s, 5, ret->computer, sizeof(ret->computer));
        ret->string_count = count < 0 ? 0 : count > EVENT_MAX_STRINGS ? EVENT_MAX_STRINGS : (size_t)count;
        for (size_t i = 0; i < ret->string_count; i++)
                column_text(s, 7 + (int)i, ret->strings[i], sizeof(ret->strings[i]));
        if (data && data_len > 0) {
                ret->data_len_bytes = data_len > EVENT_MAX_DATA_BYTES ? EVENT_MAX_DATA_BYTES : (size_t)data_len;
                memcpy(ret->data, data, ret->data_len_bytes);
        }
        ret->repeated = (uint64_t)sqlite3_column_int64(s, 12);
        ret->last_time.us = sqlite3_column_int64(s, 13);
        column_text(s, 14, ret->interface, sizeof(ret->interface));
        column_text(s, 15, ret->name, sizeof(ret->name));
        column_text(s, 16, ret->note, sizeof(ret->note));
}

/* A growing array in the arena. */
struct rows {
        struct arena *arena;
        struct event *items;
        size_t count, size;
};

static struct event *next_row(struct rows *rows)
{
        if (rows->count == rows->size) {
                const size_t size = rows->size ? rows->size * 2 : 16;
                struct event *items = arena_alloc(rows->arena, size * sizeof(*items));

                if (!items)
                        return NULL;
                if (rows->count)
                        memcpy(items, rows->items, rows->count * sizeof(*items));
                rows->items = items;
                rows->size = size;
        }
        return &rows->items[rows->count++];
}

static void reverse(struct rows *rows)
{
        for (size_t i = 0; i < rows->count / 2; i++) {
                const struct event kept = rows->items[i];

                rows->items[i] = rows->items[rows->count - 1 - i];
                rows->items[rows->count - 1 - i] = kept;
        }
}

int eventdb_query(struct eventdb *db, const struct eventdb_filter *filter, struct arena *arena,
                  const struct event **ret, size_t *ret_count)
{
        struct rows rows = {.arena = arena};
        sqlite3_stmt *s = NULL;
        int r = prepare_select(db, filter, &s), code = SQLITE_DONE;

        while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
                struct event *row = next_row(&rows);

                if (!row)
                        r = NBT_ERR_NOMEM;
                else
                        read_event(s, row);
        }
        if (r == 0)
                r = eventdb_fail(db, code);
        sqlite3_finalize(s);
        if (r < 0)
                return r;
        if (filter->newest)
                reverse(&rows);
        *ret = rows.items;
        *ret_count = rows.count;
        return 0;
}

/* ---- clearing ----------------------------------------------------------------------------------------------------- */

static int fail_errno(struct eventdb *db, const char *what)
{
        const int code = errno == EACCES || errno == EPERM ? NBT_ERR_DENIED
                         : errno == ENOSPC                 ? NBT_ERR_FULL
                                                           : NBT_ERR_IO;

        snprintf(db->error, sizeof(db->error), "%s: %s", what, strerror(errno));
        return code;
}

static int sync_path(const char *path, int flags)
{
        const int fd = open(path, flags | O_CLOEXEC);

        if (fd < 0)
                return -1;
        const int r = fsync(fd);
        close(fd);
        return r;
}

static int sync_directory_of(const char *path)
{
        char directory[PATH_BYTES];
        const char *slash = strrchr(path, '/');

        snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
        return sync_path(directory[0] ? directory : "/", O_RDONLY | O_DIRECTORY);
}

/* The backup gets its name only when it is complete and on disk; a death before leaves a ".part", never half a backup. */
static int write_backup(struct eventdb *db, const char *path)
{
        char part[PATH_BYTES];

        if (snprintf(part, sizeof(part), "%s.part", path) >= (int)sizeof(part))
                return NBT_ERR_RANGE;
        unlink(part);
        char *sql = sqlite3_mprintf("VACUUM INTO %Q", part);
        if (!sql)
                return NBT_ERR_NOMEM;
        const int r = eventdb_execute(db, sql);
        sqlite3_free(sql);
        if (r < 0) {
                unlink(part);
                return r;
        }
        /* link(2) instead of rename(2): it never replaces a file */
        if (sync_path(part, O_RDONLY) < 0 || link(part, path) < 0 || sync_directory_of(path) < 0) {
                const int code = errno == EEXIST ? NBT_ERR_EXISTS : fail_errno(db, "writing the backup");

                unlink(part);
                return code;
        }
        unlink(part);
        return 0;
}

int eventdb_clear(struct eventdb *db, const char *backup_path, uint64_t *ret_count)
{
        int64_t last = 0, before = 0;
        char sql[96];

        if (db->mode != EVENTDB_WRITE)
                return NBT_ERR_STATE;
        if (access(backup_path, F_OK) == 0)
                return NBT_ERR_EXISTS;
        /* what is appended between the backup and the removal stays: only what was there before is removed */
        int r = eventdb_query_number(db, "SELECT coalesce(max(record), 0) FROM events", &last);
        if (r == 0)
                r = write_backup(db, backup_path);
        if (r < 0)
                return r;
        snprintf(sql, sizeof(sql), "DELETE FROM events WHERE record <= %lld", (long long)last);
        r = eventdb_execute(db, sql);
        before = sqlite3_changes(db->sql);
        if (r == 0)
                r = eventdb_measure(db);
        if (r == 0)
                *ret_count = (uint64_t)before;
        return r;
}

/* ---- a damaged log ------------------------------------------------------------------------------------------------ */

static int move_side_file(const char *path, const char *target, const char *suffix)
{
        char from[PATH_BYTES], to[PATH_BYTES];

        if (snprintf(from, sizeof(from), "%s%s", path, suffix) >= (int)sizeof(from) ||
            snprintf(to, sizeof(to), "%s%s", target, suffix) >= (int)sizeof(to))
                return -1;
        return rename(from, to) < 0 && errno != ENOENT ? -1 : 0;
}

int eventdb_set_aside(const char *path, struct strbuf *ret_path)
{
        char target[PATH_BYTES];

        for (int i = 1; i <= DAMAGED_MAX; i++) {
                if (snprintf(target, sizeof(target), "%s.damaged-%d", path, i) >= (int)sizeof(target))
                        return NBT_ERR_IO;
                if (access(target, F_OK) == 0)
                        continue;
                if (move_side_file(path, target, "") < 0 || move_side_file(path, target, "-wal") < 0 ||
                    move_side_file(path, target, "-shm") < 0)
                        return NBT_ERR_IO;
                if (ret_path)
                        strbuf_add(ret_path, target);
                return 0;
        }
        return NBT_ERR_FULL;
}
