/* The WINS database: opening, checking, migrating, closing, and what all its parts use. */
#include "store/winsdb.h"

#include "store/sqlerror.h"
#include "store/winsdb_internal.h"
#include "store/winsdb_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 1000
#define DEFAULT_FOLD_CHANGES 131072u
#define DEFAULT_FOLD_AGE_MS 10000u
#define DEFAULT_SLICE_ROWS 512u
#define DEFAULT_CHECKPOINT_FRAMES 1000u
/* what an item of the journal takes at least: only to guess how many there are */
#define ITEM_GUESS_BYTES 48u

/* ---- errors ------------------------------------------------------------------------------------------------------------- */

int winsdb_errno_code(int error)
{
        switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
                return NBT_ERR_FULL;
        case EACCES:
        case EPERM:
        case EROFS:
                return NBT_ERR_DENIED;
        case ENOMEM:
                return NBT_ERR_NOMEM;
        case ENOENT:
                return NBT_ERR_NOT_FOUND;
        case EEXIST:
                return NBT_ERR_EXISTS;
        default:
                return NBT_ERR_IO;
        }
}

static int error_of(int code, int system_error)
{
        if ((code & 0xFF) != SQLITE_IOERR)
                return sqlerror_result(code);
        if (code == SQLITE_IOERR_SHORT_READ)
                return NBT_ERR_MALFORMED;
        /* a quota or a limit on file sizes is no room, too */
        return winsdb_errno_code(system_error) == NBT_ERR_FULL ? NBT_ERR_FULL : NBT_ERR_IO;
}

/* What the system last said of the file or of its log. SQLite tells it by sqlite3_system_errno() for some errors only, not for
 * those of a commit. */
static int system_error(sqlite3 *sql)
{
        static const int files[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER};
        int error = sqlite3_system_errno(sql);

        for (size_t i = 0; error == 0 && i < NBT_ARRAY_SIZE(files); i++) {
                sqlite3_file *file = NULL;

                if (sqlite3_file_control(sql, "main", files[i], &file) == SQLITE_OK && file && file->pMethods)
                        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
        }
        return error;
}

int winsdb_fail(struct winsdb *db, int code)
{
        if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
                return 0;
        const int told = db->sql ? sqlite3_extended_errcode(db->sql) : code;
        const bool is_told = code <= 0xFF && (told & 0xFF) == code;
        const int extended = is_told ? told : code, system = db->sql ? system_error(db->sql) : 0;
        const int r = error_of(extended, system);

        snprintf(db->error, sizeof(db->error), "%s%s%s",
                 db->sql && is_told ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code),
                 (code & 0xFF) == SQLITE_IOERR && system ? ": " : "",
                 (code & 0xFF) == SQLITE_IOERR && system ? strerror(system) : "");
        if (extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC)
                db->lost = r;
        return r;
}

int winsdb_complain(struct winsdb *db, int code, const char *format, ...)
{
        va_list list;

        va_start(list, format);
        vsnprintf(db->error, sizeof(db->error), format, list);
        va_end(list);
        return code;
}

const char *winsdb_error(const struct winsdb *db)
{
        return db->error;
}

/* ---- statements ------------------------------------------------------------------------------------------------------------ */

int winsdb_execute(struct winsdb *db, const char *sql)
{
        return winsdb_fail(db, sqlite3_exec(db->sql, sql, NULL, NULL, NULL));
}

int winsdb_prepare(struct winsdb *db, const char *sql, sqlite3_stmt **ret)
{
        return winsdb_fail(db, sqlite3_prepare_v2(db->sql, sql, -1, ret, NULL));
}

int winsdb_number(struct winsdb *db, const char *sql, int64_t *ret)
{
        sqlite3_stmt *statement = NULL;
        int r = winsdb_prepare(db, sql, &statement);

        if (r == 0) {
                const int code = sqlite3_step(statement);

                r = winsdb_fail(db, code);
                if (code == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
                        *ret = sqlite3_column_int64(statement, 0);
        }
        sqlite3_finalize(statement);
        return r;
}

int winsdb_run(struct winsdb *db, enum winsdb_statement which)
{
        const int r = winsdb_fail(db, sqlite3_step(db->statements[which]));

        sqlite3_reset(db->statements[which]);
        return r;
}

int winsdb_begin(struct winsdb *db)
{
        return winsdb_execute(db, "BEGIN IMMEDIATE");
}

int winsdb_end(struct winsdb *db, int r)
{
        char kept[sizeof(db->error)];

        if (r == 0)
                r = winsdb_execute(db, "COMMIT");
        if (r == 0)
                return 0;
        /* the first error is the one to tell. Some errors have rolled back already: then this one fails, and is right to */
        memcpy(kept, db->error, sizeof(kept));
        sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
        memcpy(db->error, kept, sizeof(kept));
        return r;
}

int winsdb_relax(struct winsdb *db, bool relaxed)
{
        if (db->is_relaxed == relaxed)
                return 0;
        const int r = winsdb_execute(db, relaxed ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=FULL");
        if (r == 0)
                db->is_relaxed = relaxed;
        return r;
}

static int prepare_statements(struct winsdb *db)
{
        static const char *const texts[WINSDB_STMT_MAX] = {
                [WINSDB_STMT_INSERT_JOURNAL] = WINSDB_INSERT_JOURNAL,
                [WINSDB_STMT_PUT_RECORD] = WINSDB_PUT_RECORD,
                [WINSDB_STMT_GET_RECORD] = WINSDB_GET_RECORD,
                [WINSDB_STMT_DELETE_RECORD] = WINSDB_DELETE_RECORD,
                [WINSDB_STMT_GET_OWNER] = WINSDB_GET_OWNER,
                [WINSDB_STMT_PUT_OWNER] = WINSDB_PUT_OWNER,
                [WINSDB_STMT_PUT_KEPT] = WINSDB_PUT_KEPT,
                [WINSDB_STMT_DELETE_KEPT] = WINSDB_DELETE_KEPT,
        };
        int r = 0;

        for (size_t i = 0; r == 0 && i < WINSDB_STMT_MAX; i++)
                r = winsdb_fail(db, sqlite3_prepare_v3(db->sql, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                                       &db->statements[i], NULL));
        return r;
}

/* ---- schema ---------------------------------------------------------------------------------------------------------------- */

/* migrations[N] makes version N + 1 of version N. */
static const char *const migrations[WINSDB_VERSION] = {WINSDB_MIGRATE_0_1};

/* Is it a WINS database, of a version we know? Changes nothing. */
static int identify(struct winsdb *db, int64_t *ret_version)
{
        int64_t application = 0, version = 0, tables = 0;
        int r = winsdb_number(db, "PRAGMA application_id", &application);

        if (r == 0)
                r = winsdb_number(db, "PRAGMA user_version", &version);
        if (r == 0)
                r = winsdb_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r < 0)
                return r;
        if (tables == 0)
                return winsdb_complain(db, NBT_ERR_MALFORMED, "it is empty");
        if (application != WINSDB_APPLICATION_ID)
                return winsdb_complain(db, NBT_ERR_UNSUPPORTED, "it is a database, but not a WINS database of netbt");
        if (version < 0 || version > WINSDB_VERSION)
                return winsdb_complain(db, NBT_ERR_UNSUPPORTED,
                                       "it has format %lld, this program knows formats up to %d", (long long)version,
                                       WINSDB_VERSION);
        if (version < WINSDB_VERSION && db->mode == WINSDB_READ)
                return winsdb_complain(db, NBT_ERR_UNSUPPORTED,
                                       "it has format %lld, which winsd brings up to date when it starts",
                                       (long long)version);
        *ret_version = version;
        return 0;
}

static int migrate(struct winsdb *db, int64_t version)
{
        int r = version < WINSDB_VERSION ? winsdb_begin(db) : 0;

        if (r < 0 || version == WINSDB_VERSION)
                return r;
        for (int64_t i = version; r == 0 && i < WINSDB_VERSION; i++)
                r = winsdb_execute(db, migrations[i]);
        return winsdb_end(db, r);
}

/* A new database gets its name when it is one: a death before leaves none, rather than an empty one, which would be damage. */
static int create(struct winsdb *db)
{
        char *part = winsdb_path(db->path, ".new");
        int r = part ? 0 : NBT_ERR_NOMEM;

        if (part && unlink(part) < 0 && errno != ENOENT)
                r = winsdb_complain(db, winsdb_errno_code(errno), "%s: %s", part, strerror(errno));
        if (r == 0)
                r = winsdb_fail(db, sqlite3_open_v2(part, &db->sql,
                                                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                                    NULL));
        if (r == 0)
                r = winsdb_execute(db, "PRAGMA journal_mode=OFF; " WINSDB_SCHEMA_0);
        if (r == 0)
                r = migrate(db, 0);
        sqlite3_close(db->sql);
        db->sql = NULL;
        if (r == 0)
                r = winsdb_sync_path(part);
        if (r == 0 && rename(part, db->path) < 0)
                r = winsdb_complain(db, winsdb_errno_code(errno), "%s: %s", part, strerror(errno));
        free(part);
        return r == 0 ? winsdb_sync_directory_of(db->path) : r;
}

int winsdb_run_check(struct winsdb *db, const char *pragma)
{
        sqlite3_stmt *statement = NULL;
        int r = winsdb_prepare(db, pragma, &statement);

        if (r == 0) {
                const int code = sqlite3_step(statement);
                const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
                /* a heading may stand over what it found */
                const char *found = text ? strchr(text, '\n') : NULL;

                r = winsdb_fail(db, code);
                if (r == 0 && (!text || strcmp(text, "ok") != 0))
                        r = winsdb_complain(db, NBT_ERR_MALFORMED, "%s",
                                            found  ? found + 1
                                            : text ? text
                                                   : "no answer to the integrity check");
        }
        sqlite3_finalize(statement);
        return r;
}

/* ---- files ------------------------------------------------------------------------------------------------------------------ */

char *winsdb_path(const char *path, const char *suffix)
{
        char *joined = malloc(strlen(path) + strlen(suffix) + 1);

        return joined ? strcat(strcpy(joined, path), suffix) : NULL;
}

/* A lock that root makes must not lock out the server, which is another user: it belongs to whom its directory belongs. */
static void give_to_directory_owner(int fd, const char *path)
{
        const char *slash = strrchr(path, '/');
        char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
        struct stat st;

        if (directory && geteuid() == 0 && stat(directory, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)
                errno = 0; /* then root's server alone can use it, and others are told that they may not */
        free(directory);
}

int winsdb_lock(const char *path)
{
        char *name = winsdb_path(path, ".lock");

        if (!name)
                return NBT_ERR_NOMEM;
        const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        free(name);
        if (fd < 0)
                return winsdb_errno_code(errno);
        give_to_directory_owner(fd, path);
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
                return fd;
        const int error = errno;
        close(fd);
        errno = error;
        return error == EWOULDBLOCK ? NBT_ERR_BUSY : NBT_ERR_IO;
}

static bool exists_with(const char *path, const char *suffix)
{
        char *name = winsdb_path(path, suffix);
        const bool exists = name && access(name, F_OK) == 0;

        free(name);
        return exists;
}

bool winsdb_has_traces(const char *path)
{
        return exists_with(path, "-wal") || exists_with(path, ".aside-1");
}

/* What SQLite tells only as "unable to open", and what it would do too readily. */
static int check_file(struct winsdb *db)
{
        struct stat st;
        const bool is_there = stat(db->path, &st) == 0;

        db->is_new = db->mode == WINSDB_EMPTY ? !is_there || st.st_size == 0 : db->mode == WINSDB_CREATE && !is_there;
        if (!is_there && errno != ENOENT)
                return winsdb_complain(db, winsdb_errno_code(errno), "%s", strerror(errno));
        if (is_there && !S_ISREG(st.st_mode))
                return winsdb_complain(db, NBT_ERR_IO, "it is %s", S_ISDIR(st.st_mode) ? "a directory" : "no file");
        if (is_there && st.st_size == 0 && !db->is_new)
                return winsdb_complain(db, NBT_ERR_MALFORMED, "it is empty");
        if (!db->is_new && db->mode == WINSDB_EMPTY)
                return winsdb_complain(db, NBT_ERR_EXISTS, "there is one already");
        if (is_there)
                return access(db->path, db->mode == WINSDB_READ ? R_OK : R_OK | W_OK) == 0
                               ? 0
                               : winsdb_complain(db, winsdb_errno_code(errno), "%s", strerror(errno));
        if (!db->is_new)
                return winsdb_complain(db, NBT_ERR_NOT_FOUND, "there is no such file");
        if (db->mode == WINSDB_CREATE && winsdb_has_traces(db->path))
                return winsdb_complain(
                        db, NBT_ERR_STATE,
                        "it is missing, although one stood here: restore a backup, or say that it may begin empty");
        return 0;
}

static int take_lock(struct winsdb *db)
{
        db->lock = winsdb_lock(db->path);
        if (db->lock >= 0)
                return 0;
        const int r = db->lock;
        db->lock = -1;
        if (r == NBT_ERR_BUSY)
                return winsdb_complain(db, r, "another server, or a repair, is at it");
        return winsdb_complain(db, r == NBT_ERR_NOT_FOUND ? NBT_ERR_IO : r, "its lock: %s", strerror(errno));
}

/* ---- opening ------------------------------------------------------------------------------------------------------------------ */

static int on_wal(void *context, sqlite3 *sql, const char *name, int frames)
{
        struct winsdb *db = context;

        (void)sql;
        (void)name;
        db->wal_frames = (uint64_t)frames;
        return SQLITE_OK;
}

int winsdb_measure(struct winsdb *db)
{
        int64_t pages = 0, page_bytes = 0;
        int r = winsdb_number(db, "PRAGMA page_count", &pages);

        if (r == 0)
                r = winsdb_number(db, "PRAGMA page_size", &page_bytes);
        if (r == 0)
                db->file_bytes = (uint64_t)(pages * page_bytes);
        return r;
}

int winsdb_read_state(struct winsdb *db)
{
        int64_t rows = 0, bytes = 0, last = 0, folded = 0, clean = 0;
        int r = winsdb_number(db, "SELECT count(*) FROM journal", &rows);

        if (r == 0)
                r = winsdb_number(db, "SELECT sum(length(batch)) FROM journal", &bytes);
        if (r == 0)
                r = winsdb_number(db, "SELECT max(row) FROM journal", &last);
        if (r == 0)
                r = winsdb_number(db, "SELECT CAST(value AS INTEGER) FROM kept WHERE key = '" WINSDB_KEPT_FOLDED "'",
                                  &folded);
        if (r == 0)
                r = winsdb_number(db, "SELECT CAST(value AS INTEGER) FROM kept WHERE key = '" WINSDB_KEPT_CLEAN "'",
                                  &clean);
        if (r < 0)
                return r;
        db->journal_rows = (uint64_t)rows;
        db->journal_changes = (uint64_t)rows + (uint64_t)bytes / ITEM_GUESS_BYTES;
        db->last_row = last > folded ? last : folded;
        db->was_clean = clean == 1;
        return winsdb_measure(db);
}

static int limit_pages(struct winsdb *db)
{
        char sql[64];

        if (!db->limits.max_pages)
                return 0;
        snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%u", db->limits.max_pages);
        return winsdb_execute(db, sql);
}

int winsdb_connect(struct winsdb *db)
{
        int keep = 1;
        const int r =
                winsdb_fail(db, sqlite3_open_v2(db->path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));

        if (r < 0)
                return r;
        sqlite3_busy_timeout(db->sql, BUSY_TIMEOUT_MS);
        /* readers may open the database after the writer has gone, without the right to write its directory */
        sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
        /* the log is brought into the file when we say so, never by the way */
        sqlite3_db_config(db->sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return 0;
}

void winsdb_disconnect(struct winsdb *db)
{
        for (size_t i = 0; i < WINSDB_STMT_MAX; i++) {
                sqlite3_finalize(db->statements[i]);
                db->statements[i] = NULL;
        }
        sqlite3_close(db->sql);
        db->sql = NULL;
        db->is_relaxed = false;
}

static int set_up(struct winsdb *db)
{
        const int r = winsdb_execute(
                db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
                    "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-4096; PRAGMA trusted_schema=OFF");

        sqlite3_wal_hook(db->sql, on_wal, db); /* wal_autocheckpoint has taken it away */
        return r;
}

/* What every new connection needs before it is written with. */
static int make_ready(struct winsdb *db)
{
        int r = limit_pages(db);

        if (r == 0)
                r = winsdb_read_state(db);
        if (r == 0)
                r = prepare_statements(db);
        db->wal_frames = 0;
        db->wal_next = db->limits.checkpoint_frames;
        return r;
}

int winsdb_reconnect(struct winsdb *db)
{
        int r = winsdb_connect(db);

        if (r == 0)
                r = set_up(db);
        if (r == 0)
                r = make_ready(db);
        if (r < 0)
                winsdb_disconnect(db);
        return r;
}

static int prepare_writing(struct winsdb *db)
{
        int64_t version = 0;
        int r = identify(db, &version); /* before anything is changed in what may be another's file */

        if (r == 0)
                r = set_up(db);
        if (r == 0)
                r = winsdb_mend_at_start(db);
        if (r == 0)
                r = set_up(db); /* it may be another connection */
        if (r == 0)
                r = winsdb_run_check(db, "PRAGMA quick_check(1)");
        if (r == 0)
                r = migrate(db, version);
        if (r == 0)
                r = make_ready(db);
        if (r < 0 || db->lost < 0)
                return r;
        /* a server can start, and answer, on a disk that has no room left for this */
        r = winsdb_keep_one(db, WINSDB_KEPT_CLEAN, "0");
        return r == NBT_ERR_FULL || db->lost < 0 ? 0 : r;
}

/*
 * A reader that may not write the directory cannot open a WAL database whose side files are gone, unless it is told that
 * nobody writes: then what stands in the file is all there is.
 */
static int reopen_immutable(struct winsdb *db)
{
        char *uri = sqlite3_mprintf("file:%s?immutable=1", db->path);

        if (!uri)
                return NBT_ERR_NOMEM;
        sqlite3_close(db->sql);
        db->sql = NULL;
        const int code =
                sqlite3_open_v2(uri, &db->sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
        sqlite3_free(uri);
        return winsdb_fail(db, code);
}

static int prepare_reading(struct winsdb *db)
{
        int64_t version = 0;
        int r = identify(db, &version);

        /* a path with characters that mean something in a URI keeps its first error */
        if ((r == NBT_ERR_IO || r == NBT_ERR_DENIED) && !strpbrk(db->path, "?#%") && !exists_with(db->path, "-wal")) {
                r = reopen_immutable(db);
                if (r == 0)
                        r = identify(db, &version);
        }
        return r == 0 ? winsdb_read_state(db) : r;
}

static int open_file(struct winsdb *db)
{
        int r = db->mode == WINSDB_READ ? 0 : take_lock(db);

        if (r == 0)
                r = check_file(db); /* under the lock: a restore under way has no file for a moment */
        /* the log of a database that is gone must not come to life in a new one */
        if (r == 0 && db->is_new && winsdb_move_aside(db->path, NULL) < 0)
                r = winsdb_complain(db, winsdb_errno_code(errno), "%s", strerror(errno));
        if (r == 0 && db->is_new)
                r = create(db);
        if (r == 0 && db->mode != WINSDB_READ)
                r = winsdb_connect(db);
        else if (r == 0)
                r = winsdb_fail(db,
                                sqlite3_open_v2(db->path, &db->sql, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
        if (r < 0)
                return r;
        sqlite3_busy_timeout(db->sql, BUSY_TIMEOUT_MS);
        return db->mode == WINSDB_READ ? prepare_reading(db) : prepare_writing(db);
}

static void set_limits(struct winsdb_limits *to, const struct winsdb_limits *from)
{
        *to = from ? *from : (struct winsdb_limits){0};
        if (!to->fold_changes)
                to->fold_changes = DEFAULT_FOLD_CHANGES;
        if (!to->fold_age_ms)
                to->fold_age_ms = DEFAULT_FOLD_AGE_MS;
        if (!to->slice_rows)
                to->slice_rows = DEFAULT_SLICE_ROWS;
        if (!to->checkpoint_frames)
                to->checkpoint_frames = DEFAULT_CHECKPOINT_FRAMES;
}

static void dispose(struct winsdb *db)
{
        winsdb_fold_abandon(db);
        winsdb_disconnect(db);
        winsdb_unsynced_forget(db);
        winscode_buffer_done(&db->buffer);
        if (db->lock >= 0)
                close(db->lock);
        free(db->path);
        free(db);
}

int winsdb_open(struct winsdb **ret, const char *path, enum winsdb_mode mode, const struct winsdb_limits *limits,
                struct strbuf *why)
{
        struct winsdb *db = calloc(1, sizeof(*db));

        if (!db)
                return NBT_ERR_NOMEM;
        db->mode = mode;
        db->lock = -1;
        db->copying.descriptor = -1;
        set_limits(&db->limits, limits);
        db->unsynced_end = &db->unsynced;
        db->path = strdup(path);
        const int r = db->path ? open_file(db) : NBT_ERR_NOMEM;
        if (r < 0) {
                if (why)
                        strbuf_add(why, db->error[0] ? db->error : nbt_err_str(r));
                dispose(db);
                return r;
        }
        db->error[0] = '\0'; /* what a first try said is past */
        *ret = db;
        return 0;
}

static int leave_in_order(struct winsdb *db)
{
        int r = db->lost < 0 ? winsdb_mend(db) : 0;

        if (r == 0)
                r = winsdb_relax(db, false);
        if (r == 0)
                r = winsdb_keep_one(db, WINSDB_KEPT_CLEAN, "1");
        return r == 0 ? winsdb_fail(db,
                                    sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL))
                      : r;
}

struct winsdb *winsdb_close(struct winsdb *db)
{
        if (!db)
                return NULL;
        winsdb_backup_cancel(db);
        /* what fails here leaves a database that is whole, but looks as after a crash: nobody needs to be told */
        if (db->mode != WINSDB_READ && leave_in_order(db) < 0 && db->lost < 0 && leave_in_order(db) < 0)
                winsdb_write_over(db);
        dispose(db);
        return NULL;
}
