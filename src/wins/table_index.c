#include "wins/table_index.h"

#include "base/hash.h"
#include "wins/limits.h"

#include <stdlib.h>
#include <string.h>

#define SHARD_SHIFT 54 /* the top ten bits choose the shard, the low half the place in it */
#define SHARD_MIN 8u
#define SCOPE_SPREAD UINT64_C(0x9E3779B97F4A7C15)

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

int wins_index_reserve_name(struct wins_table *table, uint64_t hash)
{
        struct wins_name_shard *shard = &table->names[hash >> SHARD_SHIFT];
        const uint32_t size = shard->entries ? shard->mask + 1 : 0;

        if (shard->count + 1 <= size / 4 * 3)
                return 0;
        const uint32_t wanted = size ? size * 2 : SHARD_MIN;
        struct wins_name_shard bigger = {
                .entries = calloc(wanted, sizeof(*bigger.entries)), .mask = wanted - 1, .count = shard->count};
        if (!bigger.entries)
                return NBT_ERR_NOMEM;
        for (uint32_t i = 0; i < size; i++)
                if (shard->entries[i] != 0)
                        shard_insert(&bigger, shard->entries[i]);
        free(shard->entries);
        table->bytes += (wanted - size) * sizeof(*bigger.entries);
        *shard = bigger;
        return 0;
}

void wins_index_name_insert(struct wins_table *table, uint64_t hash, uint32_t slot)
{
        struct wins_name_shard *shard = &table->names[hash >> SHARD_SHIFT];

        shard_insert(shard, (uint64_t)slot << 32 | (uint32_t)hash);
        shard->count++;
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
}

/* ---- by address ---------------------------------------------------------------------------------------------------------- */

static uint64_t address_hash(const struct wins_table *table, uint32_t address)
{
        return hash_bytes(&address, sizeof(address), table->seed);
}

struct links {
        uint32_t address;
        uint32_t *next, *prev;
};

static struct links links_of(const struct wins_table *table, uint32_t reference)
{
        if (reference & WINS_REFERENCE_EXTRA) {
                struct wins_extra *extra = &table->extras[reference & ~WINS_REFERENCE_EXTRA];
                return (struct links){extra->address, &extra->address_next, &extra->address_prev};
        }
        struct wins_slot *slot = wins_slot_at(table, reference);
        return (struct links){slot->address, &slot->address_next, &slot->address_prev};
}

static void chain_push(const struct wins_table *table, struct wins_address_shard *shard, uint64_t hash,
                       uint32_t reference)
{
        uint32_t *head = &shard->heads[(uint32_t)hash & shard->mask];
        const struct links links = links_of(table, reference);

        *links.next = *head;
        *links.prev = 0;
        if (*head)
                *links_of(table, *head).prev = reference;
        *head = reference;
}

/* One address may have many names, so a chain is no measure of the index: it grows with the members it holds. */
static int shard_grow(struct wins_table *table, struct wins_address_shard *shard)
{
        const uint32_t size = shard->heads ? shard->mask + 1 : 0;
        const uint32_t wanted = size ? size * 2 : SHARD_MIN;
        struct wins_address_shard bigger = {
                .heads = calloc(wanted, sizeof(*bigger.heads)), .mask = wanted - 1, .count = shard->count};

        if (!bigger.heads)
                return NBT_ERR_NOMEM;
        for (uint32_t i = 0; i < size; i++) {
                for (uint32_t reference = shard->heads[i], next; reference != 0; reference = next) {
                        const struct links links = links_of(table, reference);

                        next = *links.next;
                        chain_push(table, &bigger, address_hash(table, links.address), reference);
                }
        }
        free(shard->heads);
        table->bytes += (wanted - size) * sizeof(*bigger.heads);
        *shard = bigger;
        return 0;
}

int wins_index_reserve_addresses(struct wins_table *table, const struct wins_record *record)
{
        for (unsigned i = 0; i < record->member_count; i++) {
                struct wins_address_shard *shard =
                        &table->addresses[address_hash(table, record->members[i].address) >> SHARD_SHIFT];
                const uint32_t size = shard->heads ? shard->mask + 1 : 0;

                if (shard->count >= size && shard_grow(table, shard) < 0)
                        return NBT_ERR_NOMEM;
        }
        return 0;
}

void wins_index_address_insert(struct wins_table *table, uint32_t reference)
{
        const uint64_t hash = address_hash(table, links_of(table, reference).address);
        struct wins_address_shard *shard = &table->addresses[hash >> SHARD_SHIFT];

        chain_push(table, shard, hash, reference);
        shard->count++;
}

void wins_index_address_remove(struct wins_table *table, uint32_t reference)
{
        const struct links links = links_of(table, reference);
        const uint64_t hash = address_hash(table, links.address);
        struct wins_address_shard *shard = &table->addresses[hash >> SHARD_SHIFT];

        if (*links.prev)
                *links_of(table, *links.prev).next = *links.next;
        else
                shard->heads[(uint32_t)hash & shard->mask] = *links.next;
        if (*links.next)
                *links_of(table, *links.next).prev = *links.prev;
        *links.next = *links.prev = 0;
        shard->count--;
}

static uint32_t skip_others(const struct wins_table *table, uint32_t reference, uint32_t address)
{
        while (reference != 0) {
                const struct links links = links_of(table, reference);

                if (links.address == address)
                        break;
                reference = *links.next;
        }
        return reference;
}

uint32_t wins_table_address_first(const struct wins_table *table, uint32_t address)
{
        const uint64_t hash = address_hash(table, address);
        const struct wins_address_shard *shard = &table->addresses[hash >> SHARD_SHIFT];

        return shard->heads ? skip_others(table, shard->heads[(uint32_t)hash & shard->mask], address) : 0;
}

uint32_t wins_table_address_next(const struct wins_table *table, uint32_t reference, uint32_t address)
{
        return skip_others(table, *links_of(table, reference).next, address);
}

uint32_t wins_table_address_slot(const struct wins_table *table, uint32_t reference)
{
        return reference & WINS_REFERENCE_EXTRA ? table->extras[reference & ~WINS_REFERENCE_EXTRA].slot : reference;
}

bool wins_table_address_valid(const struct wins_table *table, uint32_t reference, uint32_t address)
{
        const uint32_t number = reference & ~WINS_REFERENCE_EXTRA;

        if (reference & WINS_REFERENCE_EXTRA)
                return number < table->extra_count && table->extras[number].slot != 0 &&
                       table->extras[number].address == address;
        return number != 0 && number < table->slot_count && wins_slot_at(table, number)->address == address &&
               wins_slot_at(table, number)->count & WINS_SLOT_COUNT;
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
        struct wins_slot *slot = wins_slot_at(table, number);
        struct wins_table_owner *owner = &table->owners[slot->owner];
        uint32_t before = owner->last;

        /* what is new has the highest version, and replicas come in order */
        while (!table->loading && before && wins_slot_at(table, before)->version > slot->version)
                before = wins_slot_at(table, before)->owner_prev;
        slot->owner_prev = before;
        slot->owner_next = before ? wins_slot_at(table, before)->owner_next : owner->first;
        if (before)
                wins_slot_at(table, before)->owner_next = number;
        else
                owner->first = number;
        if (slot->owner_next)
                wins_slot_at(table, slot->owner_next)->owner_prev = number;
        else
                owner->last = number;
        owner->count++;
        if (slot->version > owner->max_version) {
                owner->max_version = slot->version;
                owner->changed = true;
        }
}

void wins_index_owner_remove(struct wins_table *table, uint32_t number)
{
        struct wins_slot *slot = wins_slot_at(table, number);
        struct wins_table_owner *owner = &table->owners[slot->owner];

        if (slot->owner_prev)
                wins_slot_at(table, slot->owner_prev)->owner_next = slot->owner_next;
        else
                owner->first = slot->owner_next;
        if (slot->owner_next)
                wins_slot_at(table, slot->owner_next)->owner_prev = slot->owner_prev;
        else
                owner->last = slot->owner_prev;
        slot->owner_next = slot->owner_prev = 0;
        owner->count--;
}

struct ordered {
        uint64_t version;
        uint32_t slot;
};

static int compare_versions(const void *a, const void *b)
{
        const struct ordered *x = a, *y = b;

        return x->version < y->version ? -1 : x->version > y->version;
}

static int sort_owner(struct wins_table *table, struct wins_table_owner *owner)
{
        struct ordered *all = malloc((owner->count + 1) * sizeof(*all));
        bool in_order = true;
        uint32_t count = 0;

        if (!all)
                return NBT_ERR_NOMEM;
        for (uint32_t i = owner->first; i != 0; i = wins_slot_at(table, i)->owner_next) {
                all[count] = (struct ordered){wins_slot_at(table, i)->version, i};
                in_order = in_order && (count == 0 || all[count - 1].version <= all[count].version);
                count++;
        }
        if (!in_order) {
                qsort(all, count, sizeof(*all), compare_versions);
                for (uint32_t i = 0; i < count; i++) {
                        struct wins_slot *slot = wins_slot_at(table, all[i].slot);

                        slot->owner_prev = i > 0 ? all[i - 1].slot : 0;
                        slot->owner_next = i + 1 < count ? all[i + 1].slot : 0;
                }
                owner->first = all[0].slot;
                owner->last = all[count - 1].slot;
        }
        free(all);
        return 0;
}

int wins_table_loaded(struct wins_table *table)
{
        for (uint32_t i = 0; i < table->owner_count; i++) {
                if (sort_owner(table, &table->owners[i]) < 0)
                        return NBT_ERR_NOMEM;
                table->owners[i].changed = false;
        }
        table->loading = false;
        return 0;
}

void wins_index_done(struct wins_table *table)
{
        for (unsigned i = 0; i < WINS_SHARDS; i++) {
                free(table->names[i].entries);
                free(table->addresses[i].heads);
        }
}
