#pragma once
/*
 * What the parts of the event log's store share: the open database, and its schema. Nobody else includes this.
 */
#include "eventlog/coalesce.h"
#include "store/eventdb.h"

#include <sqlite3.h>

struct eventdb {
        sqlite3 *sql;
        enum eventdb_mode mode;
        struct eventdb_limits limits;
        struct coalescer coalescer;
        uint64_t count, bytes; /* of the rows; other writers (clear) only make them too high, trimming looks again */
        sqlite3_stmt *insert, *update;
        char error[160];
};

/* Remembers what SQLite says to CODE and yields our code for it; 0 for SQLite's three kinds of success. */
int eventdb_fail(struct eventdb *db, int code) NBT_MUST_CHECK;

int eventdb_execute(struct eventdb *db, const char *sql) NBT_MUST_CHECK;

/* The first column of the first row; RET is untouched when there is none. */
int eventdb_query_number(struct eventdb *db, const char *sql, int64_t *ret) NBT_MUST_CHECK;

/* Counts rows and bytes anew. */
int eventdb_measure(struct eventdb *db) NBT_MUST_CHECK;

#define EVENTDB_APPLICATION_ID 0x4E425445 /* "NBTE" */
#define EVENTDB_VERSION 1

/* clang-format off */
#define EVENTDB_SCHEMA \
        "PRAGMA application_id = 0x4E425445;" \
        "PRAGMA user_version = 1;" \
        "CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;" \
        "INSERT INTO about VALUES" \
        " ('what', 'Event log of netbt: NetBT events 4300 to 4322 of this computer, as Windows keeps them in its System log')," \
        " ('format', '1')," \
        " ('time', 'microseconds since 1970-01-01T00:00:00Z; last_time is that of the last of the repeated ones, 0 if none')," \
        " ('level', '2 error, 3 warning, 4 information')," \
        " ('code', 'the whole message id: severity and id')," \
        " ('strings', 'string2 to string5 stand for %2 to %5 of the message; %1 is always empty')," \
        " ('data', 'IO_ERROR_LOG_PACKET, little-endian; the address of 4319 and 4320 at offset 0x28, its bytes reversed')," \
        " ('repeated', 'how many more equal events came, without rows of their own')," \
        " ('size_bytes', 'what the row counts against the limit of the log');" \
        "CREATE TABLE catalogue (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, level TEXT NOT NULL, message TEXT NOT NULL);" \
        "CREATE TABLE events (" \
        " record INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, id INTEGER NOT NULL, code INTEGER NOT NULL," \
        " level INTEGER NOT NULL, computer TEXT NOT NULL, string_count INTEGER NOT NULL, string2 TEXT NOT NULL," \
        " string3 TEXT NOT NULL, string4 TEXT NOT NULL, string5 TEXT NOT NULL, data BLOB NOT NULL," \
        " repeated INTEGER NOT NULL, last_time INTEGER NOT NULL, interface TEXT NOT NULL, name TEXT NOT NULL," \
        " note TEXT NOT NULL, size_bytes INTEGER NOT NULL);" \
        "CREATE VIEW readable AS SELECT e.record, strftime('%Y-%m-%dT%H:%M:%fZ', e.time / 1000000.0, 'unixepoch') AS time," \
        " e.id, c.level, e.name, e.interface, e.repeated," \
        " replace(replace(replace(c.message, '%2', e.string2), '%3', e.string3), '%4', e.string4) AS message," \
        " hex(e.data) AS data, e.note FROM events e LEFT JOIN catalogue c ON c.id = e.id;"

#define EVENTDB_INSERT_CATALOGUE "INSERT INTO catalogue VALUES (?1, ?2, ?3, ?4)"

#define EVENTDB_COLUMNS \
        "time, id, code, level, computer, string_count, string2, string3, string4, string5, data, repeated, last_time," \
        " interface, name, note"

#define EVENTDB_INSERT_EVENT \
        "INSERT INTO events (" EVENTDB_COLUMNS ", size_bytes)" \
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"

#define EVENTDB_UPDATE_EVENT "UPDATE events SET repeated = ?1, last_time = ?2 WHERE record = ?3"
#define EVENTDB_UPDATE_NOTE "UPDATE events SET note = ?1 WHERE record = ?2"
/* clang-format on */
