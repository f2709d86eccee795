#pragma once
/*
 * All records in memory: 64 bytes a record of one address (a cache line, so that an answer costs two misses: index and record),
 * 8 bytes an entry of the name index, 28 bytes for every further address.
 *
 * Three ways in: by name and scope (open addressing), by address (chains), by owner in order of versions (a list an owner).
 * The two hashed indexes are cut into shards that grow one by one, so that no single insertion moves the whole of it. Times
 * are the core's seconds (wins/internal.h), 0: never.
 */
#include "wins/record.h"
#include "wins/scopes.h"

#define WINS_SHARDS 1024u

/* slot.flags */
#define WINS_SLOT_TYPE 0x03u
#define WINS_SLOT_STATE 0x0Cu
#define WINS_SLOT_STATE_SHIFT 2
#define WINS_SLOT_NODE 0x30u
#define WINS_SLOT_NODE_SHIFT 4
#define WINS_SLOT_STATIC 0x40u
#define WINS_SLOT_DIRTY 0x80u /* renewed since it was written last */

/* slot.count */
#define WINS_SLOT_COUNT 0x1Fu
#define WINS_SLOT_USED 0x20u

struct wins_slot {
        struct nb_name name;
        uint64_t version;
        uint32_t address; /* the first member */
        uint32_t expiry_s;
        uint32_t member_expiry_s; /* of the first member */
        uint32_t address_next, address_prev;
        uint32_t owner_next, owner_prev; /* free slots: next is the next free one */
        uint32_t extra;                  /* the second member, 0: none */
        uint16_t owner, member_owner;
        uint16_t scope;
        uint8_t flags, count;
};
_Static_assert(sizeof(struct wins_slot) == 64, "a record is one cache line");

/* A member beyond the first. */
struct wins_extra {
        uint32_t address, expiry_s;
        uint32_t address_next, address_prev;
        uint32_t slot;
        uint32_t next; /* of the record; free ones: the next free */
        uint16_t owner;
};

struct wins_name_shard {
        uint64_t *entries; /* slot << 32 | low half of the hash; 0: empty */
        uint32_t mask, count;
};

struct wins_address_shard {
        uint32_t *heads; /* a slot, or an extra with its top bit set */
        uint32_t mask, count;
};

struct wins_table_owner {
        uint32_t address;
        uint32_t first, last; /* in order of versions */
        uint32_t count;
        uint64_t max_version;
        bool changed; /* since the store was told */
};

struct wins_table {
        struct wins_slot **chunks;
        uint32_t chunk_count, chunk_room;
        uint32_t slot_count; /* ever used, with slot 0, which never is */
        uint32_t slot_free;
        struct wins_extra *extras;
        uint32_t extra_count, extra_room, extra_free, extra_free_count;
        struct wins_table_owner *owners;
        uint32_t owner_count, owner_room;
        struct wins_scopes scopes;
        struct wins_name_shard names[WINS_SHARDS];
        struct wins_address_shard addresses[WINS_SHARDS];
        uint64_t seed;
        uint64_t live;
        uint64_t counts[WINS_TYPE_MAX][WINS_STATE_MAX];
        uint64_t static_count;
        uint64_t bytes;
        bool loading; /* owners' lists are in no order; wins_table_loaded() puts them right */
};

#define WINS_CHUNK_SLOTS 4096u

int wins_table_init(struct wins_table *table, uint64_t seed) NBT_MUST_CHECK;
void wins_table_done(struct wins_table *table);

static inline struct wins_slot *wins_slot_at(const struct wins_table *table, uint32_t slot)
{
        return &table->chunks[slot / WINS_CHUNK_SLOTS][slot % WINS_CHUNK_SLOTS];
}

static inline enum wins_type wins_slot_type(const struct wins_slot *slot)
{
        return (enum wins_type)(slot->flags & WINS_SLOT_TYPE);
}

static inline enum wins_state wins_slot_state(const struct wins_slot *slot)
{
        return (enum wins_state)((slot->flags & WINS_SLOT_STATE) >> WINS_SLOT_STATE_SHIFT);
}

/* The hash that finds (NAME, SCOPE). */
uint64_t wins_table_hash(const struct wins_table *table, const struct nb_name *name, uint16_t scope);
void wins_table_prefetch(const struct wins_table *table, uint64_t hash);
void wins_table_prefetch_slot(const struct wins_table *table, uint64_t hash); /* once the former has had its time */
/* The slot of a record, or 0. */
uint32_t wins_table_find(const struct wins_table *table, const struct nb_name *name, uint16_t scope);
uint32_t wins_table_find_hashed(const struct wins_table *table, const struct nb_name *name, uint16_t scope,
                                uint64_t hash);
uint32_t wins_table_find_scoped(const struct wins_table *table, const struct nb_name *name,
                                const struct nb_scope *scope);

/* The record of SLOT with times as they stand in the table. */
void wins_table_get(const struct wins_table *table, uint32_t slot, struct wins_record *ret);

/*
 * Inserts RECORD, or replaces the one under its name and scope (and clears DIRTY). Returns its slot. NBT_ERR_NOMEM or
 * NBT_ERR_FULL, and then nothing is changed.
 */
int64_t wins_table_put(struct wins_table *table, const struct wins_record *record) NBT_MUST_CHECK;
void wins_table_remove(struct wins_table *table, uint32_t slot);

/* A plain renewal: the record, and its member ADDRESS (0: every member), now end at EXPIRY_S. */
void wins_table_renew(struct wins_table *table, uint32_t slot, uint32_t address, uint32_t expiry_s);

/* Number of the owner ADDRESS, which is made if need be. NBT_ERR_NOMEM, NBT_ERR_FULL. */
int wins_table_owner(struct wins_table *table, uint32_t address) NBT_MUST_CHECK;
/* Number of the owner, or NBT_ERR_NOT_FOUND. */
int wins_table_owner_find(const struct wins_table *table, uint32_t address) NBT_MUST_CHECK;

/* Sorts the owners' lists once all is loaded. NBT_ERR_NOMEM. */
int wins_table_loaded(struct wins_table *table) NBT_MUST_CHECK;

/* Walking the members with ADDRESS: a reference (0: none, or no more), and the record that it belongs to. */
uint32_t wins_table_address_first(const struct wins_table *table, uint32_t address);
uint32_t wins_table_address_next(const struct wins_table *table, uint32_t reference, uint32_t address);
uint32_t wins_table_address_slot(const struct wins_table *table, uint32_t reference);
/* Is REFERENCE still a member with ADDRESS? */
bool wins_table_address_valid(const struct wins_table *table, uint32_t reference, uint32_t address);
