#pragma once
/*
 * The tables of the WINS database, and how it came to them. Nobody but winsdb.c and winsdb_salvage.c includes this.
 */

#define WINSDB_APPLICATION_ID 0x4E425457 /* "NBTW" */
#define WINSDB_VERSION 1

/*
 * Version 0: records and owners alone, without checksums; each change went straight to its row. A row whose "sum" is NULL, as all
 * rows of then have it, is taken unchecked.
 */
/* clang-format off */
#define WINSDB_SCHEMA_0 \
        "CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;" \
        "CREATE TABLE records (name BLOB NOT NULL, scope BLOB NOT NULL, type INTEGER NOT NULL, state INTEGER NOT NULL," \
        " node INTEGER NOT NULL, static INTEGER NOT NULL, owner INTEGER NOT NULL, version INTEGER NOT NULL," \
        " expiry INTEGER NOT NULL, members BLOB NOT NULL, PRIMARY KEY (name, scope)) WITHOUT ROWID;" \
        "CREATE TABLE owners (address INTEGER PRIMARY KEY, version INTEGER NOT NULL);" \
        "PRAGMA application_id = 0x4E425457;" \
        "PRAGMA user_version = 0;"

#define WINSDB_BYTE(hex, at) \
        "((instr('0123456789ABCDEF', substr(" hex ", " at ", 1)) - 1) * 16" \
        " + instr('0123456789ABCDEF', substr(" hex ", " at " + 1, 1)) - 1)"

#define WINSDB_DOTTED(number) \
        "printf('%d.%d.%d.%d', " number " >> 24 & 255, " number " >> 16 & 255, " number " >> 8 & 255, " number " & 255)"

#define WINSDB_MIGRATE_0_1 \
        "ALTER TABLE records ADD COLUMN sum INTEGER;" \
        "ALTER TABLE owners ADD COLUMN sum INTEGER;" \
        "CREATE TABLE journal (row INTEGER PRIMARY KEY, batch BLOB NOT NULL);" \
        "CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;" \
        "INSERT OR REPLACE INTO about VALUES" \
        " ('what', 'WINS database of netbt: the NetBIOS names this server answers for')," \
        " ('format', '1')," \
        " ('records', 'a row a name: 16 bytes of name, scope, type 0 unique 1 group 2 internet group 3 multihomed," \
        " state 0 active 1 released 2 tombstone, node 0 B 1 P 2 M 3 H, owner and version as in replication," \
        " expiry in seconds since 1970 (0: never), members of 16 bytes: address, owner, expiry')," \
        " ('journal', 'batches of changes that are not yet in records; the server moves them there within seconds." \
        " What stands here counts')," \
        " ('sum', 'checksum of the row. A row that you change by hand while the server is stopped needs sum = NULL')," \
        " ('owners', 'the highest version known of each server')," \
        " ('kept', 'settings, block list, and times that must last')," \
        " ('readable', 'a view of records in plain words');" \
        "CREATE VIEW readable AS SELECT rtrim(CAST(substr(name, 1, 15) AS TEXT)) AS name," \
        " hex(substr(name, 16, 1)) AS suffix, CAST(scope AS TEXT) AS scope," \
        " CASE type WHEN 0 THEN 'unique' WHEN 1 THEN 'group' WHEN 2 THEN 'internet' WHEN 3 THEN 'multihomed' END AS type," \
        " CASE state WHEN 0 THEN 'active' WHEN 1 THEN 'released' WHEN 2 THEN 'tombstone' END AS state," \
        " substr('BPMH', node + 1, 1) AS node," \
        " CASE static WHEN 0 THEN 'dynamic' ELSE 'static' END AS kind," \
        " (WITH RECURSIVE m(i) AS (SELECT 1 WHERE length(members) > 0" \
        " UNION ALL SELECT i + 32 FROM m WHERE i + 32 <= 2 * length(members))" \
        " SELECT group_concat(printf('%d.%d.%d.%d', " WINSDB_BYTE("hex(members)", "i") ", " \
        WINSDB_BYTE("hex(members)", "i + 2") ", " WINSDB_BYTE("hex(members)", "i + 4") ", " \
        WINSDB_BYTE("hex(members)", "i + 6") "), ' ') FROM m) AS addresses," \
        " CASE expiry WHEN 0 THEN 'never' ELSE strftime('%Y-%m-%dT%H:%M:%SZ', expiry, 'unixepoch') END AS expires," \
        " " WINSDB_DOTTED("owner") " AS owner, printf('%u', version) AS version FROM records;" \
        "PRAGMA user_version = 1;"
/* clang-format on */

#define WINSDB_INSERT_JOURNAL "INSERT INTO journal VALUES (?1, ?2)"
#define WINSDB_PUT_RECORD "REPLACE INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
#define WINSDB_GET_RECORD "SELECT * FROM records WHERE name = ?1 AND scope = ?2"
#define WINSDB_DELETE_RECORD "DELETE FROM records WHERE name = ?1 AND scope = ?2"
#define WINSDB_GET_OWNER "SELECT * FROM owners WHERE address = ?1"
#define WINSDB_PUT_OWNER "REPLACE INTO owners VALUES (?1, ?2, ?3)"
#define WINSDB_PUT_KEPT "REPLACE INTO kept VALUES (?1, ?2)"
#define WINSDB_DELETE_KEPT "DELETE FROM kept WHERE key = ?1"
#define WINSDB_WALK_RECORDS "SELECT * FROM records ORDER BY name, scope"
#define WINSDB_WALK_OWNERS "SELECT * FROM owners ORDER BY address"
#define WINSDB_WALK_JOURNAL "SELECT row, batch FROM journal WHERE row > ?1 AND row <= ?2 ORDER BY row"

/* In "kept": "1" if the writer before had closed the database; and the last row of the journal that was moved. */
#define WINSDB_KEPT_CLEAN "state/clean"
#define WINSDB_KEPT_FOLDED "state/folded"
