#include "store/watchdb.h"

#include "store/sqlerror.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x4E425457 /* "NBTW" */
#define VERSION 1
#define BUSY_TIMEOUT_MS 1000
#define FINDINGS_MAX 4096u

struct watchdb {
        sqlite3 *sql;
        sqlite3_stmt *put, *put_finding, *walk;
        char error[160];
};

/* clang-format off */
static const char schema[] =
        "PRAGMA application_id = 0x4E425457;"
        "PRAGMA user_version = 1;"
        "CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
        "INSERT INTO about VALUES"
        " ('what', 'Names, holders and suspects that netbt watch has seen'),"
        " ('time', 'microseconds since 1970-01-01T00:00:00Z'),"
        " ('address', 'IPv4, as a number in host order'),"
        " ('state', '0 claiming, 1 held, 2 refused, 3 demanded, 4 released'),"
        " ('flags', '1 group, 2 said so itself, 4 in conflict');"
        "CREATE TABLE holders (name BLOB NOT NULL, scope BLOB NOT NULL, address INTEGER NOT NULL, mac BLOB,"
        " flags INTEGER NOT NULL, state INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
        " PRIMARY KEY (name, scope, address)) WITHOUT ROWID;"
        "CREATE TABLE findings (address INTEGER PRIMARY KEY, mac BLOB, confidence TEXT NOT NULL,"
        " evidence TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL);";
/* clang-format on */

static int result(struct watchdb *db, int code)
{
        const int r = sqlerror_result(code);

        if (r < 0)
                snprintf(db->error, sizeof(db->error), "%s", db->sql ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code));
        return r;
}

static int execute(struct watchdb *db, const char *sql)
{
        return result(db, sqlite3_exec(db->sql, sql, NULL, NULL, NULL));
}

static int query_number(struct watchdb *db, const char *sql, int64_t *ret)
{
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL);

        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        const int r = result(db, code);
        sqlite3_finalize(statement);
        return r;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static int check_schema(struct watchdb *db, enum watchdb_mode mode)
{
        int64_t application = 0, version = 0, tables = 0;
        int r = query_number(db, "PRAGMA application_id", &application);

        if (r == 0)
                r = query_number(db, "PRAGMA user_version", &version);
        if (r == 0)
                r = query_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r < 0 || (application == APPLICATION_ID && version == VERSION))
                return r;
        if (application == 0 && tables == 0 && mode == WATCHDB_WRITE)
                return execute(db, schema);
        snprintf(db->error, sizeof(db->error), "it is no table of netbt watch, or one of a later version");
        return NBT_ERR_MALFORMED;
}

static int prepare(struct watchdb *db)
{
        int code = sqlite3_prepare_v2(db->sql, "INSERT OR REPLACE INTO holders VALUES (?,?,?,?,?,?,?,?)", -1, &db->put,
                                      NULL);

        if (code == SQLITE_OK)
                code = sqlite3_prepare_v2(db->sql, "INSERT OR REPLACE INTO findings VALUES (?,?,?,?,?,?)", -1,
                                          &db->put_finding, NULL);
        return result(db, code);
}

static int prepare_writing(struct watchdb *db)
{
        char forget[160];

        snprintf(forget, sizeof(forget),
                 "DELETE FROM holders WHERE last < (strftime('%%s', 'now') - %d * 86400) * 1000000", WATCHDB_KEEP_DAYS);
        /* a table of what is on the wire is no ledger: a loss of power may cost its last seconds */
        int r = execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
        if (r == 0)
                r = prepare(db);
        return r == 0 ? execute(db, forget) : r;
}

static int open_database(struct watchdb *db, const char *path, enum watchdb_mode mode)
{
        const int flags = mode == WATCHDB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        FILE *there = mode == WATCHDB_READ ? fopen(path, "re") : NULL;

        if (mode == WATCHDB_READ && !there)
                return errno == EACCES ? NBT_ERR_DENIED : NBT_ERR_NOT_FOUND;
        if (there)
                fclose(there);
        int r = result(db, sqlite3_open_v2(path, &db->sql, flags, NULL));
        if (r < 0)
                return r;
        sqlite3_busy_timeout(db->sql, BUSY_TIMEOUT_MS);
        r = check_schema(db, mode);
        return r == 0 && mode == WATCHDB_WRITE ? prepare_writing(db) : r;
}

int watchdb_open(struct watchdb **ret, const char *path, enum watchdb_mode mode, struct strbuf *why)
{
        struct watchdb *db = calloc(1, sizeof(*db));

        if (!db)
                return NBT_ERR_NOMEM;
        const int r = open_database(db, path, mode);
        if (r < 0) {
                if (why)
                        strbuf_add(why, db->error[0] ? db->error : nbt_err_str(r));
                watchdb_close(db);
                return r;
        }
        *ret = db;
        return 0;
}

struct watchdb *watchdb_close(struct watchdb *db)
{
        if (!db)
                return NULL;
        sqlite3_finalize(db->put);
        sqlite3_finalize(db->put_finding);
        sqlite3_finalize(db->walk);
        /* a file in WAL mode can only be read by who may write beside it; if somebody reads just now, it stays so */
        if (db->put)
                (void)sqlite3_exec(db->sql, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
        sqlite3_close(db->sql);
        free(db);
        return NULL;
}

const char *watchdb_error(const struct watchdb *db)
{
        return db->error;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

int watchdb_begin(struct watchdb *db)
{
        return execute(db, "BEGIN IMMEDIATE");
}

int watchdb_commit(struct watchdb *db)
{
        return execute(db, "COMMIT");
}

static void bind_mac(sqlite3_stmt *statement, int at, bool has_mac, const uint8_t mac[6])
{
        if (has_mac)
                sqlite3_bind_blob(statement, at, mac, 6, SQLITE_STATIC);
        else
                sqlite3_bind_null(statement, at);
}

static int step(struct watchdb *db, sqlite3_stmt *statement)
{
        const int code = sqlite3_step(statement);
        const int r = result(db, code);

        sqlite3_reset(statement);
        return r;
}

int watchdb_put(struct watchdb *db, const struct watchdb_row *row)
{
        static const uint8_t nothing;

        sqlite3_bind_blob(db->put, 1, row->name, sizeof(row->name), SQLITE_STATIC);
        sqlite3_bind_blob(db->put, 2, row->scope_len_bytes ? row->scope : &nothing, (int)row->scope_len_bytes,
                          SQLITE_STATIC);
        sqlite3_bind_int64(db->put, 3, row->address);
        bind_mac(db->put, 4, row->has_mac, row->mac);
        sqlite3_bind_int(db->put, 5, (row->group ? 1 : 0) | (row->own_word ? 2 : 0) | (row->conflict ? 4 : 0));
        sqlite3_bind_int(db->put, 6, (int)row->state);
        sqlite3_bind_int64(db->put, 7, row->first.us);
        sqlite3_bind_int64(db->put, 8, row->last.us);
        return step(db, db->put);
}

int watchdb_put_finding(struct watchdb *db, const struct watchdb_finding *finding)
{
        sqlite3_bind_int64(db->put_finding, 1, finding->address);
        bind_mac(db->put_finding, 2, finding->has_mac, finding->mac);
        sqlite3_bind_text(db->put_finding, 3, finding->confidence, -1, SQLITE_STATIC);
        sqlite3_bind_text(db->put_finding, 4, finding->evidence, -1, SQLITE_STATIC);
        sqlite3_bind_int64(db->put_finding, 5, finding->first.us);
        sqlite3_bind_int64(db->put_finding, 6, finding->last.us);
        return step(db, db->put_finding);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static bool read_mac(sqlite3_stmt *statement, int at, uint8_t ret[6])
{
        const void *mac = sqlite3_column_blob(statement, at);

        if (!mac || sqlite3_column_bytes(statement, at) != 6)
                return false;
        memcpy(ret, mac, 6);
        return true;
}

static bool read_row(sqlite3_stmt *statement, struct watchdb_row *ret)
{
        const void *name = sqlite3_column_blob(statement, 0);
        const int flags = sqlite3_column_int(statement, 4);

        if (!name || sqlite3_column_bytes(statement, 0) != sizeof(ret->name))
                return false;
        *ret = (struct watchdb_row){
                .scope = sqlite3_column_blob(statement, 1),
                .scope_len_bytes = (size_t)sqlite3_column_bytes(statement, 1),
                .address = (uint32_t)sqlite3_column_int64(statement, 2),
                .group = flags & 1,
                .own_word = flags & 2,
                .conflict = flags & 4,
                .state = (unsigned)sqlite3_column_int(statement, 5),
                .first = {sqlite3_column_int64(statement, 6)},
                .last = {sqlite3_column_int64(statement, 7)},
        };
        memcpy(ret->name, name, sizeof(ret->name));
        ret->has_mac = read_mac(statement, 3, ret->mac);
        return true;
}

int watchdb_next(struct watchdb *db, struct watchdb_row *ret)
{
        int code = SQLITE_OK;

        if (!db->walk)
                code = sqlite3_prepare_v2(db->sql,
                                          "SELECT name, scope, address, mac, flags, state, first, last FROM holders",
                                          -1, &db->walk, NULL);
        while (code == SQLITE_OK || code == SQLITE_ROW) {
                code = sqlite3_step(db->walk);
                /* a row that another program damaged is passed over */
                if (code == SQLITE_ROW && read_row(db->walk, ret))
                        return 1;
        }
        const int r = result(db, code);
        sqlite3_finalize(db->walk);
        db->walk = NULL;
        return r;
}

static bool read_finding(sqlite3_stmt *statement, struct arena *arena, struct watchdb_finding *ret)
{
        const char *confidence = (const char *)sqlite3_column_text(statement, 2);
        const char *evidence = (const char *)sqlite3_column_text(statement, 3);

        *ret = (struct watchdb_finding){
                .address = (uint32_t)sqlite3_column_int64(statement, 0),
                .confidence = arena_strdup(arena, confidence ? confidence : ""),
                .evidence = arena_strdup(arena, evidence ? evidence : ""),
                .first = {sqlite3_column_int64(statement, 4)},
                .last = {sqlite3_column_int64(statement, 5)},
        };
        ret->has_mac = read_mac(statement, 1, ret->mac);
        return ret->confidence && ret->evidence;
}

int watchdb_findings(struct watchdb *db, wall_t since, struct arena *arena, const struct watchdb_finding **ret)
{
        struct watchdb_finding *rows = arena_alloc(arena, FINDINGS_MAX * sizeof(*rows));
        sqlite3_stmt *statement = NULL;
        int count = 0;
        int code = sqlite3_prepare_v2(db->sql,
                                      "SELECT address, mac, confidence, evidence, first, last FROM findings"
                                      " WHERE last >= ? ORDER BY last DESC",
                                      -1, &statement, NULL);

        if (code == SQLITE_OK)
                code = sqlite3_bind_int64(statement, 1, since.us);
        if (code == SQLITE_OK)
                code = sqlite3_step(statement);
        while (rows && code == SQLITE_ROW && count < (int)FINDINGS_MAX &&
               read_finding(statement, arena, &rows[count])) {
                count++;
                code = sqlite3_step(statement);
        }
        const int r = rows ? result(db, code) : NBT_ERR_NOMEM;
        sqlite3_finalize(statement);
        if (r < 0)
                return r;
        *ret = rows;
        return count;
}
