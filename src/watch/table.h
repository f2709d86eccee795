#pragma once
/*
 * The watcher's tables: names, their holders, and stations, each found by a hash and bounded. Compact: a name with one holder
 * costs about 130 bytes.
 */
#include "watch/pool.h"
#include "watch/watch.h"

#define NAME_CONFLICT 1u /* told, and not over */

/* First members of all three: `next` is also the pool's. `used` tells a live entry from a free one. */
struct name_entry {
        uint32_t next; /* in its hash chain */
        uint32_t hash;
        uint32_t holders; /* first of the list */
        uint32_t last_s;
        struct nb_name name;
        uint8_t scope; /* index into scopes */
        uint8_t flags;
        uint8_t members;
        bool used;
};

/* flags of a holder */
#define HOLDER_GROUP 1u
#define HOLDER_OWN_WORD 2u
#define HOLDER_MULTIHOMED 4u
#define HOLDER_CONFLICT 8u
#define HOLDER_CHANGED 16u /* since it was last stored */
#define HOLDER_MAC 32u
#define HOLDER_HEARSAY 64u /* only others said so */

struct holder_entry {
        uint32_t next; /* in its hash chain */
        uint32_t name;
        uint32_t sibling; /* next holder of the same name */
        uint32_t address;
        uint32_t link;   /* another address of the same machine, as it told itself; 0: none */
        uint32_t server; /* the name server that accepted its claim last; 0: none */
        uint32_t first_s;
        int64_t last_us;
        int64_t proof_us;
        uint64_t proof_frame;
        uint32_t proof_source, proof_destination;
        uint16_t proof_id;
        uint16_t proofs;    /* kinds seen so far: bits 1 << enum watch_proof_kind */
        uint8_t proof_kind; /* enum watch_proof_kind */
        uint8_t state;      /* enum watch_state */
        uint8_t mac[6];
        uint8_t flags;
        bool used;
};

#define STATION_MAC 1u
#define STATION_SERVER 2u
#define STATION_PROXY 4u
#define STATION_ALLOWED 8u
#define STATION_LOCAL 16u /* no router stands between, so that its MAC is its own */

struct station_entry {
        uint32_t next;
        uint32_t address;
        uint32_t suspect; /* number in the pool of suspects; 0: none */
        uint32_t first_s;
        int64_t last_us;
        uint32_t packets, queries, claims, answers, refusals, demands;
        uint8_t mac[6];
        uint8_t flags;
        bool used;
};

/* Which addresses one MAC was seen with. */
struct mac_entry {
        uint8_t mac[6];
        uint8_t count;
        uint32_t addresses[WATCH_ROUTER_ADDRESSES];
};

/* The heads of hash chains; they double as entries come, so that small tables stay in the processor's cache. */
struct heads {
        uint32_t *slots;
        uint32_t mask;
};

struct table {
        uint64_t seed;
        struct pool names, holders, stations;
        struct heads name_heads, holder_heads, station_heads;
        uint32_t name_hand, station_hand; /* where the next look for old entries begins */
        struct mac_entry *macs;
        size_t scope_count;
        struct nb_scope scopes[WATCH_MAX_SCOPES]; /* the first is the empty one */
        uint64_t evicted_names, evicted_stations;
};

int table_init(struct table *table, const struct watch_limits *limits, uint64_t seed) NBT_MUST_CHECK;
void table_done(struct table *table);

/* The number of SCOPE, new if need be; false beyond WATCH_MAX_SCOPES. */
bool table_scope(struct table *table, const struct nb_scope *scope, uint8_t *ret_scope);

uint32_t table_name_hash(const struct table *table, const struct nb_name *name, uint8_t scope);
/* 0: unknown. HASH is table_name_hash() of the same. */
uint32_t table_name_find(const struct table *table, uint32_t hash, const struct nb_name *name, uint8_t scope);
/* Its number, new if need be (an old one makes room); 0 if memory ran out. */
uint32_t table_name_get(struct table *table, uint32_t hash, const struct nb_name *name, uint8_t scope, wall_t now);
/* 0: unknown. */
uint32_t table_holder_find(const struct table *table, uint32_t name, uint32_t address);
/* As table_name_get(). The oldest of more than WATCH_MAX_MEMBERS makes room. *RET_NEW tells whether it was made. */
uint32_t table_holder_get(struct table *table, uint32_t name, uint32_t address, wall_t now, bool *ret_new);
uint32_t table_station_find(const struct table *table, uint32_t address);
uint32_t table_station_get(struct table *table, uint32_t address, wall_t now);

/*
 * Memory is slow: what a packet will need is asked for some packets ahead, in three rounds, each of which stands on the one before:
 * the heads of the chains of a name (HASH) and of station ADDRESS; their first entries; what belongs to ADDRESS as a holder.
 */
void table_fetch_heads(const struct table *table, uint32_t hash, uint32_t address);
void table_fetch_entries(const struct table *table, uint32_t hash, uint32_t address);
void table_fetch_holder(const struct table *table, uint32_t hash, uint32_t address);

/* MAC sent as ADDRESS: called when that is news. */
void table_mac_note(struct table *table, const uint8_t mac[6], uint32_t address);
bool table_mac_is_router(const struct table *table, const uint8_t mac[6]);

static inline struct name_entry *table_name(const struct table *table, uint32_t number)
{
        return pool_at(&table->names, number);
}

static inline struct holder_entry *table_holder(const struct table *table, uint32_t number)
{
        return pool_at(&table->holders, number);
}

static inline struct station_entry *table_station(const struct table *table, uint32_t number)
{
        return pool_at(&table->stations, number);
}
