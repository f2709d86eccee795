#pragma once
/*
 * One record of the WINS database, as a transparent value: what stands at the edges of the core (loading, storing, showing).
 * Inside the core records are kept far more compactly (wins/table.h).
 *
 * Times are wall seconds since 1970. Addresses are in host order. Names are compared byte for byte: "abc" and "ABC" are two
 * names (observed; smbtorture nbt.wins).
 */
#include "base/ip4.h"
#include "wire/name.h"

#define WINS_MAX_MEMBERS 25      /* [MS-WINSRA] 2.2.10.1: addresses of one record */
#define WINS_SCOPE_MAX_BYTES 237 /* observed, Windows 2003: a longer scope is refused with SRV_ERR */
#define WINS_NEVER INT64_C(0)    /* an expiry that never comes: static mappings */

/* Values as in replication's record ([MS-WINSRA] 2.2.10.1). */
enum wins_type {
        WINS_UNIQUE = 0,
        WINS_GROUP = 1,    /* normal group: only "it exists" is known; answered 255.255.255.255 */
        WINS_INTERNET = 2, /* internet ("special") group: a list of members; <1C> always is one */
        WINS_MULTIHOMED = 3,
        WINS_TYPE_MAX,
};

enum wins_state {
        WINS_ACTIVE = 0,
        WINS_RELEASED = 1,
        WINS_TOMBSTONE = 2, /* "extinct" in Windows' texts */
        WINS_STATE_MAX,
};

/* Node type of the registrant: the ONT bits of NB_FLAGS. */
enum wins_node { WINS_NODE_B = 0, WINS_NODE_P = 1, WINS_NODE_M = 2, WINS_NODE_H = 3 };

struct wins_member {
        uint32_t address;
        uint32_t owner;   /* server at which this address was registered */
        int64_t expiry_s; /* WINS_NEVER or wall seconds */
};

struct wins_record {
        struct nb_name name;
        enum wins_type type;
        enum wins_state state;
        enum wins_node node;
        bool is_static;
        uint32_t owner;       /* address of the server that owns the record */
        uint64_t version;     /* raised by its owner at every change but plain renewal; never 0 */
        int64_t expiry_s;     /* end of the present state; WINS_NEVER for static mappings */
        uint8_t member_count; /* 1 to WINS_MAX_MEMBERS; a released group may have kept none */
        struct wins_member members[WINS_MAX_MEMBERS];
        struct nb_scope scope; /* last: only its first bytes have a meaning */
};

/* NBT_ERR_RANGE if RECORD cannot be one (enums, member count, scope length, version 0): for what comes from a file. */
int wins_record_check(const struct wins_record *record) NBT_MUST_CHECK;

/* A copy that leaves out what has no meaning: members beyond the count, bytes beyond the scope. */
void wins_record_copy(struct wins_record *to, const struct wins_record *from);

/* All that RECORD holds but its times and version are equal. */
bool wins_record_same_content(const struct wins_record *a, const struct wins_record *b);

/* Index of ADDRESS among the members, or -1. */
int wins_record_member(const struct wins_record *record, uint32_t address);

const char *wins_type_str(enum wins_type type);    /* "unique", "group", "internet", "multihomed"; never NULL */
const char *wins_state_str(enum wins_state state); /* "active", "released", "tombstone" */
const char *wins_node_str(enum wins_node node);    /* "B", "P", "M", "H" */
int wins_type_parse(const char *text, enum wins_type *ret) NBT_MUST_CHECK; /* as printed; NBT_ERR_MALFORMED */
int wins_state_parse(const char *text, enum wins_state *ret) NBT_MUST_CHECK;
