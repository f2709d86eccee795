#include "wins/table_index.h"

#include "base/hash.h"
#include "base/pages.h"
#include "wins/limits.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define SHARD_SHIFT 54 /* the top ten bits choose the shard, the low half the place in it */
#define SCOPE_SPREAD UINT64_C(0x9E3779B97F4A7C15)
#define SUFFIX_SHIFT 16 /* above the scope */

/* ---- orders -------------------------------------------------------------------------------------------------------------- */

struct wins_order_key wins_table_name_key(const struct nb_name *name, uint16_t scope)
{
        uint64_t halves[2];

        _Static_assert(sizeof(halves) == NB_NAME_BYTES, "a name is two words");
        memcpy(halves, name->bytes, NB_NAME_BYTES);
        return (struct wins_order_key){{be64toh(halves[0]), be64toh(halves[1]), scope}};
}

void wins_table_key_name(const struct wins_order_key *key, struct nb_name *ret)
{
        const uint64_t halves[2] = {htobe64(key->part[0]), htobe64(key->part[1])};

        memcpy(ret->bytes, halves, NB_NAME_BYTES);
}

struct wins_order_key wins_table_address_key(uint32_t address, uint32_t reference)
{
        return (struct wins_order_key){{address, reference, 0}};
}

struct wins_order_key wins_table_version_key(uint16_t owner, uint64_t version, uint32_t slot)
{
        return (struct wins_order_key){{owner, version, slot}};
}

struct wins_order_key wins_table_class_key(uint16_t owner, uint8_t suffix, uint16_t scope, uint32_t slot)
{
        return (struct wins_order_key){{owner, (uint64_t)suffix << SUFFIX_SHIFT | scope, slot}};
}

void wins_table_key_class(const struct wins_order_key *key, uint16_t *ret_owner, uint8_t *ret_suffix,
                          uint16_t *ret_scope)
{
        *ret_owner = (uint16_t)key->part[0];
        *ret_suffix = (uint8_t)(key->part[1] >> SUFFIX_SHIFT);
        *ret_scope = (uint16_t)key->part[1];
}

static struct wins_order_key name_key(const void *context, uint32_t number)
{
        const struct wins_slot *slot = wins_slot_at(context, number);

        return wins_table_name_key(&slot->name, slot->scope);
}

static struct wins_order_key version_key(const void *context, uint32_t number)
{
        const struct wins_slot *slot = wins_slot_at(context, number);

        return wins_table_version_key(slot->owner, slot->version, number);
}

static struct wins_order_key class_key(const void *context, uint32_t number)
{
        const struct wins_slot *slot = wins_slot_at(context, number);

        return wins_table_class_key(slot->owner, nb_name_suffix(&slot->name), slot->scope, number);
}

uint32_t wins_table_member_slot(const struct wins_table *table, uint32_t reference)
{
        return reference & WINS_REFERENCE_EXTRA ? table->extras[reference & ~WINS_REFERENCE_EXTRA].slot : reference;
}

uint32_t wins_table_member_address(const struct wins_table *table, uint32_t reference)
{
        return reference & WINS_REFERENCE_EXTRA ? table->extras[reference & ~WINS_REFERENCE_EXTRA].address
                                                : wins_slot_at(table, reference)->address;
}

static struct wins_order_key address_key(const void *context, uint32_t reference)
{
        return wins_table_address_key(wins_table_member_address(context, reference), reference);
}

int wins_index_reserve_orders(struct wins_table *table, uint32_t member_count)
{
        if (table->loading)
                return 0;
        if (wins_order_reserve(&table->by_name, 1) < 0 || wins_order_reserve(&table->by_version, 1) < 0 ||
            wins_order_reserve(&table->by_class, 1) < 0 || wins_order_reserve(&table->by_address, member_count) < 0)
                return NBT_ERR_NOMEM;
        return 0;
}

void wins_index_address_insert(struct wins_table *table, uint32_t reference)
{
        if (table->loading)
                return;
        const struct wins_order_key key = address_key(table, reference);

        wins_order_insert(&table->by_address, &key, reference);
}

void wins_index_address_remove(struct wins_table *table, uint32_t reference)
{
        if (table->loading)
                return;
        const struct wins_order_key key = address_key(table, reference);

        wins_order_remove(&table->by_address, &key);
}

/* ---- by name ------------------------------------------------------------------------------------------------------------- */

uint64_t wins_table_hash(const struct wins_table *table, const struct nb_name *name, uint16_t scope)
{
        return hash_bytes(name->bytes, NB_NAME_BYTES, table->seed + scope * SCOPE_SPREAD);
}

void wins_table_prefetch(const struct wins_table *table, uint64_t hash)
{
        const struct wins_name_shard *shard = &table->names[hash >> SHARD_SHIFT];

        if (shard->entries)
                __builtin_prefetch(&shard->entries[(uint32_t)hash & shard->mask]);
}

void wins_table_prefetch_slot(const struct wins_table *table, uint64_t hash)
{
        const struct wins_name_shard *shard = &table->names[hash >> SHARD_SHIFT];
        const uint64_t entry = shard->entries ? shard->entries[(uint32_t)hash & shard->mask] : 0;

        /* Mostly the first place of the search is the right one. */
        if ((uint32_t)entry == (uint32_t)hash && entry >> 32)
                __builtin_prefetch(wins_slot_at(table, (uint32_t)(entry >> 32)));
}

uint32_t wins_table_find_hashed(const struct wins_table *table, const struct nb_name *name, uint16_t scope,
                                uint64_t hash)
{
        const struct wins_name_shard *shard = &table->names[hash >> SHARD_SHIFT];
        const uint32_t low = (uint32_t)hash;

        if (!shard->entries)
                return 0;
        for (uint32_t i = low & shard->mask; shard->entries[i] != 0; i = (i + 1) & shard->mask) {
                if ((uint32_t)shard->entries[i] != low)
                        continue;
                const uint32_t number = (uint32_t)(shard->entries[i] >> 32);
                const struct wins_slot *slot = wins_slot_at(table, number);
                if (slot->scope == scope && nb_name_equal(&slot->name, name))
                        return number;
        }
        return 0;
}

static void shard_insert(struct wins_name_shard *shard, uint64_t entry)
{
        uint32_t i = (uint32_t)entry & shard->mask;

        while (shard->entries[i] != 0)
                i = (i + 1) & shard->mask;
        shard->entries[i] = entry;
}

static size_t size_bytes(unsigned size)
{
        return sizeof(uint64_t) * WINS_SHARDS * ((size_t)WINS_SHARD_MIN << size);
}

/* The memory of shard NUMBER once it has WINS_SHARD_MIN << SIZE entries, zeroed, for no shard comes back to a size; NULL: there is none. */
static uint64_t *place_of(struct wins_table *table, uint32_t number, unsigned size)
{
        struct wins_name_size *all = &table->name_sizes[size];

        if (size == WINS_SHARD_SIZES)
                return NULL;
        if (!all->entries)
                all->entries = pages_new(size_bytes(size), size_bytes(size) >= PAGES_HUGE_BYTES);
        return all->entries ? all->entries + ((size_t)number * WINS_SHARD_MIN << size) : NULL;
}

static void leave_size(struct wins_table *table, unsigned size)
{
        struct wins_name_size *all = &table->name_sizes[size];

        if (--all->shards > 0)
                return;
        pages_free(all->entries, size_bytes(size));
        all->entries = NULL;
}

int wins_index_reserve_name(struct wins_table *table, uint64_t hash)
{
        const uint32_t number = (uint32_t)(hash >> SHARD_SHIFT);
        struct wins_name_shard *shard = &table->names[number];
        const uint32_t room = shard->entries ? shard->mask + 1 : 0;

        if (shard->count + 1 <= room / 4 * 3)
                return 0;
        const unsigned size = room ? (unsigned)__builtin_ctz(room / WINS_SHARD_MIN) + 1 : 0;
        struct wins_name_shard bigger = {
                .entries = place_of(table, number, size), .mask = (WINS_SHARD_MIN << size) - 1, .count = shard->count};
        if (!bigger.entries)
                return NBT_ERR_NOMEM;
        for (uint32_t i = 0; i < room; i++)
                if (shard->entries[i] != 0)
                        shard_insert(&bigger, shard->entries[i]);
        table->name_sizes[size].shards++;
        if (room)
                leave_size(table, size - 1);
        table->bytes += (bigger.mask + 1 - room) * sizeof(*bigger.entries);
        *shard = bigger;
        return 0;
}

void wins_index_name_insert(struct wins_table *table, uint64_t hash, uint32_t slot, const struct nb_name *name,
                            uint16_t scope)
{
        struct wins_name_shard *shard = &table->names[hash >> SHARD_SHIFT];

        shard_insert(shard, (uint64_t)slot << 32 | (uint32_t)hash);
        shard->count++;
        if (!table->loading) {
                const struct wins_order_key key = wins_table_name_key(name, scope);

                wins_order_insert(&table->by_name, &key, slot);
        }
}

/* Moves back what probing had pushed over the hole. */
static void shard_close(struct wins_name_shard *shard, uint32_t hole)
{
        for (uint32_t i = (hole + 1) & shard->mask; shard->entries[i] != 0; i = (i + 1) & shard->mask) {
                const uint32_t home = (uint32_t)shard->entries[i] & shard->mask;

                if (((i - home) & shard->mask) < ((i - hole) & shard->mask))
                        continue; /* its home lies behind the hole */
                shard->entries[hole] = shard->entries[i];
                hole = i;
        }
        shard->entries[hole] = 0;
}

void wins_index_name_remove(struct wins_table *table, uint64_t hash, uint32_t slot)
{
        struct wins_name_shard *shard = &table->names[hash >> SHARD_SHIFT];
        uint32_t i = (uint32_t)hash & shard->mask;

        while (shard->entries[i] >> 32 != slot)
                i = (i + 1) & shard->mask;
        shard_close(shard, i);
        shard->count--;
        if (!table->loading) {
                const struct wins_order_key key = name_key(table, slot);

                wins_order_remove(&table->by_name, &key);
        }
}

/* ---- by owner ------------------------------------------------------------------------------------------------------------ */

int wins_table_owner_find(const struct wins_table *table, uint32_t address)
{
        for (uint32_t i = 0; i < table->owner_count; i++)
                if (table->owners[i].address == address)
                        return (int)i;
        return NBT_ERR_NOT_FOUND;
}

int wins_table_owner(struct wins_table *table, uint32_t address)
{
        const int known = wins_table_owner_find(table, address);

        if (known >= 0)
                return known;
        if (table->owner_count >= WINS_MAX_OWNERS)
                return NBT_ERR_FULL;
        if (table->owner_count == table->owner_room) {
                const uint32_t room = table->owner_room ? table->owner_room * 2 : 8;
                struct wins_table_owner *owners = realloc(table->owners, room * sizeof(*owners));

                if (!owners)
                        return NBT_ERR_NOMEM;
                table->owners = owners;
                table->owner_room = room;
        }
        table->owners[table->owner_count] = (struct wins_table_owner){.address = address};
        return (int)table->owner_count++;
}

void wins_index_owner_insert(struct wins_table *table, uint32_t number)
{
        const struct wins_slot *slot = wins_slot_at(table, number);
        struct wins_table_owner *owner = &table->owners[slot->owner];

        if (!table->loading) {
                const struct wins_order_key key = version_key(table, number);

                wins_order_insert(&table->by_version, &key, number);
        }
        owner->count++;
        if (slot->version > owner->max_version) {
                owner->max_version = slot->version;
                owner->changed = true;
        }
}

void wins_index_owner_remove(struct wins_table *table, uint32_t number)
{
        table->owners[wins_slot_at(table, number)->owner].count--;
        if (!table->loading) {
                const struct wins_order_key key = version_key(table, number);

                wins_order_remove(&table->by_version, &key);
        }
}

/* ---- by class ------------------------------------------------------------------------------------------------------------ */

void wins_index_class_insert(struct wins_table *table, uint32_t number)
{
        table->suffix_counts[nb_name_suffix(&wins_slot_at(table, number)->name)]++;
        if (!table->loading) {
                const struct wins_order_key key = class_key(table, number);

                wins_order_insert(&table->by_class, &key, number);
        }
}

void wins_index_class_remove(struct wins_table *table, uint32_t number)
{
        table->suffix_counts[nb_name_suffix(&wins_slot_at(table, number)->name)]--;
        if (!table->loading) {
                const struct wins_order_key key = class_key(table, number);

                wins_order_remove(&table->by_class, &key);
        }
}

/* ---- after loading ------------------------------------------------------------------------------------------------------- */

struct sortable {
        uint64_t value;
        uint32_t item;
};

static int compare_sortable(const void *a, const void *b)
{
        const struct sortable *x = a, *y = b;

        if (x->value != y->value)
                return x->value < y->value ? -1 : 1;
        return x->item < y->item ? -1 : x->item > y->item;
}

/* So that each comes at the end of what is there already. */
static int insert_sorted(struct wins_order *order, const struct wins_table *table, struct sortable *all, uint64_t count)
{
        qsort(all, count, sizeof(*all), compare_sortable);
        for (uint64_t i = 0; i < count; i++) {
                const struct wins_order_key key = order->key(table, all[i].item);

                if (wins_order_reserve(order, 1) < 0)
                        return NBT_ERR_NOMEM;
                wins_order_insert(order, &key, all[i].item);
        }
        return 0;
}

static bool is_used(const struct wins_table *table, uint32_t slot)
{
        return wins_slot_at(table, slot)->count & WINS_SLOT_USED;
}

/* In order of slots: the store gives names in their order, or nearly. */
static int order_slots(struct wins_table *table, struct wins_order *order)
{
        for (uint32_t slot = 1; slot < table->slot_count; slot++) {
                if (!is_used(table, slot))
                        continue;
                const struct wins_order_key key = order->key(table, slot);

                if (wins_order_reserve(order, 1) < 0)
                        return NBT_ERR_NOMEM;
                wins_order_insert(order, &key, slot);
        }
        return 0;
}

static int order_versions(struct wins_table *table, struct sortable *all)
{
        for (uint32_t owner = 0; owner < table->owner_count; owner++) {
                uint64_t count = 0;

                for (uint32_t slot = 1; table->owners[owner].count > 0 && slot < table->slot_count; slot++)
                        if (is_used(table, slot) && wins_slot_at(table, slot)->owner == owner)
                                all[count++] = (struct sortable){wins_slot_at(table, slot)->version, slot};
                if (insert_sorted(&table->by_version, table, all, count) < 0)
                        return NBT_ERR_NOMEM;
        }
        return 0;
}

static int order_addresses(struct wins_table *table, struct sortable *all)
{
        uint64_t count = 0;

        for (uint32_t slot = 1; slot < table->slot_count; slot++)
                if (is_used(table, slot) && wins_slot_at(table, slot)->count & WINS_SLOT_COUNT)
                        all[count++] = (struct sortable){wins_slot_at(table, slot)->address, slot};
        for (uint32_t extra = 1; extra < table->extra_count; extra++)
                if (table->extras[extra].slot)
                        all[count++] = (struct sortable){table->extras[extra].address, extra | WINS_REFERENCE_EXTRA};
        return insert_sorted(&table->by_address, table, all, count);
}

int wins_table_loaded(struct wins_table *table)
{
        struct sortable *all = malloc(((uint64_t)table->slot_count + table->extra_count) * sizeof(*all));
        int r = all ? order_slots(table, &table->by_name) : NBT_ERR_NOMEM;

        if (r == 0)
                r = order_slots(table, &table->by_class);
        if (r == 0)
                r = order_versions(table, all);
        if (r == 0)
                r = order_addresses(table, all);
        free(all);
        for (uint32_t i = 0; i < table->owner_count; i++)
                table->owners[i].changed = false;
        table->loading = r < 0;
        return r;
}

void wins_index_init(struct wins_table *table)
{
        table->by_name = (struct wins_order){.key = name_key, .context = table};
        table->by_address = (struct wins_order){.key = address_key, .context = table, .hinted = true};
        table->by_version = (struct wins_order){.key = version_key, .context = table};
        table->by_class = (struct wins_order){.key = class_key, .context = table};
}

void wins_index_done(struct wins_table *table)
{
        for (unsigned size = 0; size < WINS_SHARD_SIZES; size++)
                pages_free(table->name_sizes[size].entries, size_bytes(size));
        wins_order_done(&table->by_name);
        wins_order_done(&table->by_address);
        wins_order_done(&table->by_version);
        wins_order_done(&table->by_class);
}
