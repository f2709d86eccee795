#pragma once
/*
 * All records in memory: 64 bytes a record of one address (a cache line, so that an answer costs two misses: index and record),
 * 8 bytes an entry of the name index, 24 bytes for every further address.
 *
 * Answers find a record by name and scope, in a hashed index that is cut into shards, which grow one by one, so that no single
 * insertion moves the whole of it. For the administrator there are four orders (wins/order.h): by name, by address, by owner and
 * version, by class (owner, 16th byte, scope); and marks, a bit a record, of type, state and static mappings. Times are the core's
 * seconds (wins/internal.h), 0: never.
 */
#include "wins/order.h"
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
        _Alignas(64) struct nb_name name;
        uint64_t version;
        uint32_t address; /* the first member */
        uint32_t expiry_s;
        uint32_t member_expiry_s; /* of the first member */
        uint32_t extra;           /* the second member, 0: none; free slots: the next free one */
        uint16_t owner, member_owner;
        uint16_t scope;
        uint8_t flags, count;
};
_Static_assert(sizeof(struct wins_slot) == 64, "a record is one cache line");

/* A member beyond the first. */
struct wins_extra {
        uint32_t address, expiry_s;
        uint32_t slot;
        uint32_t next; /* of the record; free ones: the next free */
        uint16_t owner;
};

/* A member by its number: the slot of its record if it is the first one, else an extra with the top bit set. */
#define WINS_REFERENCE_EXTRA 0x80000000u

struct wins_name_shard {
        uint64_t *entries; /* slot << 32 | low half of the hash; 0: empty */
        uint32_t mask, count;
};

/* Shards double one by one, but all at about the same time: those of one size lie side by side, so that huge pages serve. */
#define WINS_SHARD_MIN 8u
#define WINS_SHARD_SIZES 16u /* the last has room for twelve times WINS_MAX_RECORDS */

struct wins_name_size {
        uint64_t *entries; /* of WINS_SHARDS shards, each in its place; NULL while no shard is of this size */
        uint32_t shards;   /* of this size */
};

struct wins_table_owner {
        uint32_t address;
        uint32_t count; /* of records */
        uint64_t max_version;
        bool changed; /* since the store was told */
};

/* Marks: a bit a slot. Of each slot that is used one of the types and one of the states is set. */
enum wins_mark {
        WINS_MARK_TYPE = 0,
        WINS_MARK_STATE = WINS_MARK_TYPE + WINS_TYPE_MAX,
        WINS_MARK_STATIC = WINS_MARK_STATE + WINS_STATE_MAX,
        WINS_MARKS,
};

#define WINS_CHUNK_SLOTS 32768u /* a huge page of them */
#define WINS_CHUNK_WORDS (WINS_CHUNK_SLOTS / 64)

struct wins_marks {
        uint64_t words[WINS_MARKS][WINS_CHUNK_WORDS];
};

struct wins_table {
        struct wins_slot **chunks;
        struct wins_marks **marks; /* of each chunk */
        uint32_t chunk_count, chunk_room;
        uint32_t slot_count; /* ever used, with slot 0, which never is */
        uint32_t slot_free;
        struct wins_extra *extras;
        uint32_t extra_count, extra_room, extra_free, extra_free_count;
        struct wins_table_owner *owners;
        uint32_t owner_count, owner_room;
        struct wins_scopes scopes;
        struct wins_name_shard names[WINS_SHARDS];
        struct wins_name_size name_sizes[WINS_SHARD_SIZES];
        struct wins_order by_name, by_address, by_version, by_class; /* of slots, but by_address: of references */
        uint64_t seed;
        uint64_t live, limit; /* records there are, and may be */
        uint64_t counts[WINS_TYPE_MAX][WINS_STATE_MAX];
        uint64_t static_count;
        uint64_t suffix_counts[256];
        uint64_t bytes; /* but for the orders: wins_table_bytes() */
        bool loading;   /* nothing is in the orders yet; wins_table_loaded() makes them */
};

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

/* Memory of the whole table. */
uint64_t wins_table_bytes(const struct wins_table *table);

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

/* Makes the orders once all is loaded, and keeps them from then on. NBT_ERR_NOMEM. */
int wins_table_loaded(struct wins_table *table) NBT_MUST_CHECK;

/* The keys of the orders: names as bytes, then scopes by their numbers; addresses, then references; owners by their numbers, then
 * versions, then slots; owners, then 16th bytes, scopes, slots. Only once the table is loaded. */
struct wins_order_key wins_table_name_key(const struct nb_name *name, uint16_t scope);
struct wins_order_key wins_table_address_key(uint32_t address, uint32_t reference);
struct wins_order_key wins_table_version_key(uint16_t owner, uint64_t version, uint32_t slot);
struct wins_order_key wins_table_class_key(uint16_t owner, uint8_t suffix, uint16_t scope, uint32_t slot);
/* What a key of names or of classes was made of. */
void wins_table_key_name(const struct wins_order_key *key, struct nb_name *ret);
void wins_table_key_class(const struct wins_order_key *key, uint16_t *ret_owner, uint8_t *ret_suffix,
                          uint16_t *ret_scope);

/* Of a member: its record, and its address. */
uint32_t wins_table_member_slot(const struct wins_table *table, uint32_t reference);
uint32_t wins_table_member_address(const struct wins_table *table, uint32_t reference);
