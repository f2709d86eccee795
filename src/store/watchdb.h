#pragma once
/*
 * What `netbt watch` keeps over restarts: STATE_DIR/watch.db (SQLite), names with their holders and findings about spoofers. It describes
 * itself in its table "about". One writer and any number of readers. It knows nothing of the tracker: rows are plain values.
 */
#include "base/arena.h"
#include "base/instant.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

#define WATCHDB_FILE "watch.db"
/* ASSUMPTION: what was not seen for so long is forgotten when the file is opened for writing. */
#define WATCHDB_KEEP_DAYS 60

struct watchdb;

enum watchdb_mode { WATCHDB_READ, WATCHDB_WRITE };

/* One holder of one name. State is the tracker's number. */
struct watchdb_row {
        uint8_t name[16];
        size_t scope_len_bytes;
        const uint8_t *scope;
        uint32_t address;
        bool has_mac;
        uint8_t mac[6];
        bool group, own_word, conflict;
        unsigned state;
        wall_t first, last;
};

struct watchdb_finding {
        uint32_t address;
        bool has_mac;
        uint8_t mac[6];
        const char *confidence; /* "likely" */
        const char *evidence;   /* sentences, "; " between */
        wall_t first, last;
};

/* WHY (may be NULL) gets a clause on failure. NBT_ERR_NOT_FOUND (reading: no such file), NBT_ERR_DENIED, NBT_ERR_MALFORMED (not such a
 * database, or of a later version), NBT_ERR_BUSY, NBT_ERR_IO, NBT_ERR_NOMEM. */
int watchdb_open(struct watchdb **ret, const char *path, enum watchdb_mode mode, struct strbuf *why) NBT_MUST_CHECK;
/* Accepts NULL, returns NULL. */
struct watchdb *watchdb_close(struct watchdb *db);

/* Rows are put between begin and commit; an equal key (name, scope, address) is replaced. Errors as watchdb_open(). */
int watchdb_begin(struct watchdb *db) NBT_MUST_CHECK;
int watchdb_put(struct watchdb *db, const struct watchdb_row *row) NBT_MUST_CHECK;
int watchdb_put_finding(struct watchdb *db, const struct watchdb_finding *finding) NBT_MUST_CHECK;
int watchdb_commit(struct watchdb *db) NBT_MUST_CHECK;

/* Walks all rows: 1 and a row (borrowed until the next call), 0 at the end, negative errors. The walk starts anew after its end. */
int watchdb_next(struct watchdb *db, struct watchdb_row *ret) NBT_MUST_CHECK;

/* All findings last seen at SINCE or later, in ARENA; their count, or an error. */
int watchdb_findings(struct watchdb *db, wall_t since, struct arena *arena,
                     const struct watchdb_finding **ret) NBT_MUST_CHECK;

/* What went wrong last; "" if nothing did. */
const char *watchdb_error(const struct watchdb *db);
