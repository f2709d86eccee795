#include "store/eventdb.h"

#include "eventlog/catalogue.h"
#include "store/eventdb_internal.h"
#include "store/sqlerror.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_MAX_EVENTS 10000u
#define DEFAULT_MAX_BYTES (512u * 1024)
/* When the log is full, this part of it makes room at once, so that trimming is rare. */
#define TRIM_FRACTION 16u
/* What a row costs besides its texts, data and strings. */
#define ROW_OVERHEAD_BYTES 64u
#define BUSY_TIMEOUT_MS 1000

/* ---- errors ------------------------------------------------------------------------------------------------------- */

int eventdb_fail(struct eventdb *db, int code)
{
        const int r = sqlerror_result(code);

        if (r < 0)
                snprintf(db->error, sizeof(db->error), "%s", db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code));
        return r;
}

const char *eventdb_error(const struct eventdb *db)
{
        return db->error;
}

int eventdb_execute(struct eventdb *db, const char *sql)
{
        return eventdb_fail(db, sqlite3_exec(db->sql, sql, NULL, NULL, NULL));
}

int eventdb_query_number(struct eventdb *db, const char *sql, int64_t *ret)
{
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL);

        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        const int r = eventdb_fail(db, code);
        sqlite3_finalize(statement);
        return r;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static int describe_catalogue(struct eventdb *db)
{
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(db->sql, EVENTDB_INSERT_CATALOGUE, -1, &statement, NULL);

        for (uint16_t id = EVENT_ID_FIRST; code == SQLITE_OK && id <= EVENT_ID_LAST; id++) {
                const struct event_kind *kind = event_kind_find(id);

                sqlite3_bind_int(statement, 1, kind->id);
                sqlite3_bind_text(statement, 2, kind->symbol, -1, SQLITE_STATIC);
                sqlite3_bind_text(statement, 3, event_level_str(kind->level), -1, SQLITE_STATIC);
                sqlite3_bind_text(statement, 4, kind->text, -1, SQLITE_STATIC);
                code = sqlite3_step(statement) == SQLITE_DONE ? sqlite3_reset(statement) : sqlite3_errcode(db->sql);
        }
        const int r = eventdb_fail(db, code);
        sqlite3_finalize(statement);
        return r;
}

static int create_schema(struct eventdb *db)
{
        int r = eventdb_execute(db, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        r = eventdb_execute(db, EVENTDB_SCHEMA);
        if (r == 0)
                r = describe_catalogue(db);
        if (r == 0)
                return eventdb_execute(db, "COMMIT");
        char kept[sizeof(db->error)];
        memcpy(kept, db->error, sizeof(kept));
        if (eventdb_execute(db, "ROLLBACK") < 0)
                return r; /* the first error is the one to tell */
        memcpy(db->error, kept, sizeof(kept));
        return r;
}

/* Is it an event log, of a version we know? An empty database becomes one when writing. */
static int check_schema(struct eventdb *db)
{
        int64_t application = 0, version = 0, tables = 0;
        int r = eventdb_query_number(db, "PRAGMA application_id", &application);

        if (r == 0)
                r = eventdb_query_number(db, "PRAGMA user_version", &version);
        if (r == 0)
                r = eventdb_query_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r < 0)
                return r;
        if (application == EVENTDB_APPLICATION_ID && version == EVENTDB_VERSION)
                return 0;
        if (application == 0 && tables == 0 && db->mode == EVENTDB_WRITE)
                return create_schema(db);
        if (application == EVENTDB_APPLICATION_ID)
                snprintf(db->error, sizeof(db->error), "it has format %lld, this program knows %d", (long long)version,
                         EVENTDB_VERSION);
        else
                snprintf(db->error, sizeof(db->error), "it is a database, but not an event log of netbt");
        return NBT_ERR_UNSUPPORTED;
}

static int check_integrity(struct eventdb *db)
{
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(db->sql, "PRAGMA quick_check(1)", -1, &statement, NULL);

        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        int r = eventdb_fail(db, code);
        const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        if (r == 0 && (!text || strcmp(text, "ok") != 0)) {
                snprintf(db->error, sizeof(db->error), "%s", text ? text : "no answer to the integrity check");
                r = NBT_ERR_MALFORMED;
        }
        sqlite3_finalize(statement);
        return r;
}

int eventdb_measure(struct eventdb *db)
{
        int64_t count = 0, bytes = 0;
        int r = eventdb_query_number(db, "SELECT count(*) FROM events", &count);

        if (r == 0)
                r = eventdb_query_number(db, "SELECT coalesce(sum(size_bytes), 0) FROM events", &bytes);
        if (r < 0)
                return r;
        db->count = (uint64_t)count;
        db->bytes = (uint64_t)bytes;
        return 0;
}

static int prepare_writing(struct eventdb *db)
{
        int keep = 1;
        uint64_t seed;

        /* NORMAL: a commit reaches the system, not the platter; readers may open the log after the writer has gone */
        int r = eventdb_execute(
                db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=1048576");
        if (r == 0)
                r = check_schema(db);
        if (r == 0)
                r = check_integrity(db);
        if (r == 0)
                r = eventdb_measure(db);
        if (r < 0)
                return r;
        sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
        int code = sqlite3_prepare_v2(db->sql, EVENTDB_INSERT_EVENT, -1, &db->insert, NULL);
        if (code == SQLITE_OK)
                code = sqlite3_prepare_v2(db->sql, EVENTDB_UPDATE_EVENT, -1, &db->update, NULL);
        sqlite3_randomness(sizeof(seed), &seed);
        coalesce_init(&db->coalescer, seed);
        return eventdb_fail(db, code);
}

/*
 * A reader that may not write the directory cannot open a WAL database whose side files are gone, unless it is told that
 * nobody writes: then what stands in the file is all there is.
 */
static int open_immutable(struct eventdb *db, const char *path)
{
        char *uri = sqlite3_mprintf("file:%s?immutable=1", path);

        if (!uri)
                return SQLITE_NOMEM;
        sqlite3_close(db->sql);
        db->sql = NULL;
        const int code = sqlite3_open_v2(uri, &db->sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
        sqlite3_free(uri);
        return code;
}

static int prepare_reading(struct eventdb *db, const char *path)
{
        int r = check_schema(db);

        if (r == NBT_ERR_IO || r == NBT_ERR_DENIED) {
                /* a name with characters that mean something in a URI keeps its first error */
                if (strpbrk(path, "?#%"))
                        return r;
                const int code = open_immutable(db, path);
                r = code == SQLITE_OK ? check_schema(db) : eventdb_fail(db, code);
        }
        return r;
}

/* Errors that SQLite tells only as "unable to open". */
static int check_file(const char *path, enum eventdb_mode mode, struct strbuf *why)
{
        struct stat st;

        if (stat(path, &st) < 0) {
                if (errno == ENOENT && mode == EVENTDB_WRITE)
                        return 0;
                if (why)
                        strbuf_add(why, strerror(errno));
                return errno == ENOENT ? NBT_ERR_NOT_FOUND : errno == EACCES ? NBT_ERR_DENIED : NBT_ERR_IO;
        }
        if (access(path, mode == EVENTDB_WRITE ? R_OK | W_OK : R_OK) < 0) {
                if (why)
                        strbuf_add(why, strerror(errno));
                return errno == EACCES ? NBT_ERR_DENIED : NBT_ERR_IO;
        }
        return 0;
}

static void set_limits(struct eventdb *db, const struct eventdb_limits *limits)
{
        db->limits = limits ? *limits : (struct eventdb_limits){0};
        if (!db->limits.max_events)
                db->limits.max_events = DEFAULT_MAX_EVENTS;
        if (!db->limits.max_bytes)
                db->limits.max_bytes = DEFAULT_MAX_BYTES;
}

int eventdb_open(struct eventdb **ret, const char *path, enum eventdb_mode mode, const struct eventdb_limits *limits,
                 struct strbuf *why)
{
        const int flags = mode == EVENTDB_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
        int r = check_file(path, mode, why);
        struct eventdb *db = r == 0 ? calloc(1, sizeof(*db)) : NULL;

        if (r < 0)
                return r;
        if (!db)
                return NBT_ERR_NOMEM;
        db->mode = mode;
        set_limits(db, limits);
        r = eventdb_fail(db, sqlite3_open_v2(path, &db->sql, flags | SQLITE_OPEN_NOMUTEX, NULL));
        if (r == 0) {
                sqlite3_busy_timeout(db->sql, BUSY_TIMEOUT_MS);
                r = mode == EVENTDB_WRITE ? prepare_writing(db) : prepare_reading(db, path);
        }
        if (r < 0) {
                if (why)
                        strbuf_add(why, db->error);
                db->mode = EVENTDB_READ; /* nothing to write out */
                eventdb_close(db);
                return r;
        }
        *ret = db;
        return 0;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static uint64_t size_of(const struct event *event)
{
        uint64_t size = ROW_OVERHEAD_BYTES + strlen(event->computer) + strlen(event->interface) + strlen(event->name) +
                        strlen(event->note) + event->data_len_bytes;

        for (size_t i = 0; i < event->string_count; i++)
                size += strlen(event->strings[i]);
        return size;
}

/* The columns in the order of EVENTDB_INSERT_EVENT. */
static void bind_event(sqlite3_stmt *s, const struct event *event)
{
        sqlite3_bind_int64(s, 1, event->time.us);
        sqlite3_bind_int(s, 2, event->id);
        sqlite3_bind_int64(s, 3, event->code);
        sqlite3_bind_int(s, 4, (int)event->level);
        sqlite3_bind_text(s, 5, event->computer, -1, SQLITE_STATIC);
        sqlite3_bind_int(s, 6, (int)event->string_count);
        for (size_t i = 0; i < EVENT_MAX_STRINGS; i++)
                sqlite3_bind_text(s, (int)i + 7, i < event->string_count ? event->strings[i] : "", -1, SQLITE_STATIC);
        sqlite3_bind_blob(s, 11, event->data, (int)event->data_len_bytes, SQLITE_STATIC);
        sqlite3_bind_int64(s, 12, (int64_t)event->repeated);
        sqlite3_bind_int64(s, 13, event->last_time.us);
        sqlite3_bind_text(s, 14, event->interface, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 15, event->name, -1, SQLITE_STATIC);
        sqlite3_bind_text(s, 16, event->note, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 17, (int64_t)size_of(event));
}

static bool is_full(const struct eventdb *db)
{
        return db->count > db->limits.max_events || db->bytes > db->limits.max_bytes;
}

/* The oldest rows go, some more than needed. The newest always stays. */
static int trim(struct eventdb *db)
{
        int r = eventdb_measure(db);

        while (r == 0 && is_full(db) && db->count > 1) {
                const uint64_t excess = db->count > db->limits.max_events ? db->count - db->limits.max_events : 0;
                uint64_t part = excess + db->count / TRIM_FRACTION + 1;
                char sql[160];

                part = part < db->count ? part : db->count - 1;
                snprintf(sql, sizeof(sql),
                         "DELETE FROM events WHERE record IN (SELECT record FROM events ORDER BY record LIMIT %llu)",
                         (unsigned long long)part);
                r = eventdb_execute(db, sql);
                if (r == 0)
                        r = eventdb_measure(db);
        }
        return r;
}

static int insert_event(struct eventdb *db, const struct event *event, uint64_t *ret_record)
{
        bind_event(db->insert, event);
        const int code = sqlite3_step(db->insert);
        const int r = eventdb_fail(db, code);

        sqlite3_reset(db->insert);
        sqlite3_clear_bindings(db->insert);
        if (r < 0)
                return r;
        *ret_record = (uint64_t)sqlite3_last_insert_rowid(db->sql);
        db->count++;
        db->bytes += size_of(event);
        return is_full(db) ? trim(db) : 0;
}

static int store_update(struct eventdb *db, const struct coalesce_update *update)
{
        sqlite3_bind_int64(db->update, 1, (int64_t)update->repeated);
        sqlite3_bind_int64(db->update, 2, update->last_time.us);
        sqlite3_bind_int64(db->update, 3, (int64_t)update->record);
        const int r = eventdb_fail(db, sqlite3_step(db->update));
        sqlite3_reset(db->update);
        /* the row is gone (cleared, or pushed out): the next such event makes a new one */
        if (r == 0 && sqlite3_changes(db->sql) == 0)
                coalesce_forget_record(&db->coalescer, update->record);
        return r;
}

static int write_row(struct eventdb *db, const struct event *event, size_t slot, uint64_t *ret_record)
{
        uint64_t record = 0;
        const int r = insert_event(db, event, &record);

        if (record)
                coalesce_written(&db->coalescer, slot, record);
        else
                coalesce_forget(&db->coalescer, slot);
        *ret_record = record;
        return r;
}

int eventdb_append(struct eventdb *db, const struct event *event, mono_t now, uint64_t *ret_record)
{
        struct coalesce_offer offer;
        uint64_t record = 0;
        int r = 0;

        if (db->mode != EVENTDB_WRITE)
                return NBT_ERR_STATE;
        const enum coalesce_verdict verdict = coalesce_offer(&db->coalescer, event, now, &offer);
        if (offer.has_evicted)
                r = store_update(db, &offer.evicted);
        if (r == 0 && verdict == COALESCE_WRITE)
                r = write_row(db, event, offer.slot, &record);
        else if (r == 0 && offer.has_summary)
                r = write_row(db, &offer.summary, offer.slot, &record);
        else if (r < 0 && (verdict == COALESCE_WRITE || offer.has_summary))
                coalesce_forget(&db->coalescer, offer.slot);
        if (r == 0 && ret_record)
                *ret_record = record;
        return r;
}

int eventdb_annotate(struct eventdb *db, uint64_t record, const struct event *event, mono_t now)
{
        sqlite3_stmt *s = NULL;

        if (db->mode != EVENTDB_WRITE)
                return NBT_ERR_STATE;
        int r = eventdb_fail(db, sqlite3_prepare_v2(db->sql, EVENTDB_UPDATE_NOTE, -1, &s, NULL));
        if (r == 0) {
                sqlite3_bind_text(s, 1, event->note, -1, SQLITE_STATIC);
                sqlite3_bind_int64(s, 2, (int64_t)record);
                r = eventdb_fail(db, sqlite3_step(s));
        }
        if (r == 0 && sqlite3_changes(db->sql) == 0)
                r = NBT_ERR_NOT_FOUND;
        if (r == 0)
                coalesce_raise(&db->coalescer, record, event->repeated, event->time, now);
        sqlite3_finalize(s);
        return r;
}

mono_t eventdb_deadline(const struct eventdb *db)
{
        return db->mode == EVENTDB_WRITE ? coalesce_deadline(&db->coalescer) : MONO_NEVER;
}

/* All waiting counts in one transaction. */
static int write_counts(struct eventdb *db)
{
        struct coalesce_update update;
        int r = eventdb_execute(db, "BEGIN IMMEDIATE");

        if (r < 0)
                return r;
        while (r == 0 && coalesce_take(&db->coalescer, &update))
                r = store_update(db, &update);
        if (r == 0)
                return eventdb_execute(db, "COMMIT");
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int eventdb_flush(struct eventdb *db, mono_t now)
{
        if (db->mode != EVENTDB_WRITE)
                return NBT_ERR_STATE;
        if (!mono_is_due(eventdb_deadline(db), now))
                return 0;
        const int r = write_counts(db);
        if (r < 0)
                coalesce_postpone(&db->coalescer, now);
        return r;
}

struct eventdb *eventdb_close(struct eventdb *db)
{
        if (!db)
                return NULL;
        /* what cannot be written now is lost: there is nobody left to tell */
        if (db->mode == EVENTDB_WRITE && eventdb_deadline(db).ns != MONO_NEVER.ns && write_counts(db) < 0)
                db->error[0] = '\0';
        sqlite3_finalize(db->insert);
        sqlite3_finalize(db->update);
        sqlite3_close(db->sql);
        free(db);
        return NULL;
}
