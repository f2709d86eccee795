#include "watch/table.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define MAC_SLOTS 16384u
#define HEADS_FIRST 1024u
#define HEADS_MAX (1u << 24)
#define EVICT_LOOK 24u /* entries looked at to find one that is old enough to go */

/* ---- hash chains -------------------------------------------------------------------------------------------------- */

static int heads_init(struct heads *heads)
{
        heads->slots = calloc(HEADS_FIRST, sizeof(*heads->slots));
        heads->mask = HEADS_FIRST - 1;
        return heads->slots ? 0 : NBT_ERR_NOMEM;
}

static uint32_t address_hash(const struct table *table, uint32_t address)
{
        return (uint32_t)hash_bytes(&address, sizeof(address), table->seed);
}

static uint32_t holder_hash(const struct table *table, uint32_t name, uint32_t address)
{
        const uint32_t key[2] = {name, address};

        return (uint32_t)hash_bytes(key, sizeof(key), table->seed);
}

static uint32_t hash_of(const struct table *table, const struct pool *pool, uint32_t number)
{
        if (pool == &table->names)
                return table_name(table, number)->hash;
        if (pool == &table->holders)
                return holder_hash(table, table_holder(table, number)->name, table_holder(table, number)->address);
        return address_hash(table, table_station(table, number)->address);
}

/* Twice the heads, when there are as many entries as heads. Without memory the chains just grow longer. `next` is the first member of
 * every entry. */
static void grow(const struct table *table, struct heads *heads, const struct pool *pool)
{
        if (pool->count <= heads->mask || heads->mask >= HEADS_MAX - 1)
                return;
        const uint32_t old = heads->mask + 1;
        uint32_t *slots = calloc((size_t)old * 2, sizeof(*slots));
        if (!slots)
                return;
        heads->mask = old * 2 - 1;
        for (uint32_t i = 0; i < old; i++)
                for (uint32_t number = heads->slots[i]; number;) {
                        uint32_t *next = pool_at(pool, number);
                        uint32_t *slot = &slots[hash_of(table, pool, number) & heads->mask];
                        const uint32_t following = *next;

                        *next = *slot;
                        *slot = number;
                        number = following;
                }
        free(heads->slots);
        heads->slots = slots;
}

int table_init(struct table *table, const struct watch_limits *limits, uint64_t seed)
{
        *table = (struct table){.seed = seed, .name_hand = 1, .station_hand = 1, .scope_count = 1};
        table->macs = calloc(MAC_SLOTS, sizeof(*table->macs));
        if (heads_init(&table->name_heads) < 0 || heads_init(&table->holder_heads) < 0 ||
            heads_init(&table->station_heads) < 0 || !table->macs)
                return NBT_ERR_NOMEM;
        if (pool_init(&table->names, sizeof(struct name_entry), limits->names) < 0 ||
            pool_init(&table->holders, sizeof(struct holder_entry), limits->holders) < 0 ||
            pool_init(&table->stations, sizeof(struct station_entry), limits->stations) < 0)
                return NBT_ERR_NOMEM;
        return 0;
}

void table_done(struct table *table)
{
        pool_done(&table->names);
        pool_done(&table->holders);
        pool_done(&table->stations);
        free(table->name_heads.slots);
        free(table->holder_heads.slots);
        free(table->station_heads.slots);
        free(table->macs);
}

bool table_scope(struct table *table, const struct nb_scope *scope, uint8_t *ret_scope)
{
        if (scope->len_bytes == 0) {
                *ret_scope = 0;
                return true;
        }
        for (size_t i = 1; i < table->scope_count; i++)
                if (nb_scope_equal(&table->scopes[i], scope)) {
                        *ret_scope = (uint8_t)i;
                        return true;
                }
        if (table->scope_count == WATCH_MAX_SCOPES)
                return false;
        table->scopes[table->scope_count].len_bytes = scope->len_bytes;
        memcpy(table->scopes[table->scope_count].text, scope->text, scope->len_bytes);
        *ret_scope = (uint8_t)table->scope_count++;
        return true;
}

/* ---- names -------------------------------------------------------------------------------------------------------- */

uint32_t table_name_hash(const struct table *table, const struct nb_name *name, uint8_t scope)
{
        return (uint32_t)hash_bytes(name->bytes, NB_NAME_BYTES, table->seed + scope);
}

uint32_t table_name_find(const struct table *table, uint32_t hash, const struct nb_name *name, uint8_t scope)
{
        uint32_t number = table->name_heads.slots[hash & table->name_heads.mask];

        while (number) {
                const struct name_entry *entry = table_name(table, number);

                if (entry->hash == hash && entry->scope == scope && memcmp(&entry->name, name, sizeof(*name)) == 0)
                        break;
                number = entry->next;
        }
        return number;
}

static uint32_t *holder_head(const struct table *table, uint32_t name, uint32_t address)
{
        return &table->holder_heads.slots[holder_hash(table, name, address) & table->holder_heads.mask];
}

/* Takes a holder out of its hash chain and gives it back; the list of its name is the caller's. */
static void drop_holder(struct table *table, uint32_t number)
{
        const struct holder_entry *gone = table_holder(table, number);
        uint32_t *at = holder_head(table, gone->name, gone->address);

        while (*at != number)
                at = &table_holder(table, *at)->next;
        *at = gone->next;
        pool_give(&table->holders, number);
}

static void drop_name(struct table *table, uint32_t number)
{
        const struct name_entry *gone = table_name(table, number);
        uint32_t *at = &table->name_heads.slots[gone->hash & table->name_heads.mask];

        for (uint32_t holder = gone->holders; holder;) {
                const uint32_t sibling = table_holder(table, holder)->sibling;

                drop_holder(table, holder);
                holder = sibling;
        }
        while (*at != number)
                at = &table_name(table, *at)->next;
        *at = gone->next;
        pool_give(&table->names, number);
        table->evicted_names++;
}

/* The oldest of the next few entries goes; what is in conflict stays if it can. KEEP is not touched. */
static void evict_name(struct table *table, uint32_t keep)
{
        uint32_t oldest = 0, oldest_s = UINT32_MAX;

        for (uint32_t i = 0; i < EVICT_LOOK || (!oldest && i < table->names.top); i++) {
                if (++table->name_hand >= table->names.top)
                        table->name_hand = 1;
                const struct name_entry *entry = table_name(table, table->name_hand);
                if (!entry->used || table->name_hand == keep)
                        continue;
                const uint32_t seen_s = entry->flags & NAME_CONFLICT && entry->last_s < UINT32_MAX - 86400
                                                ? entry->last_s + 86400
                                                : entry->last_s;
                if (!oldest || seen_s < oldest_s) {
                        oldest = table->name_hand;
                        oldest_s = seen_s;
                }
        }
        if (oldest)
                drop_name(table, oldest);
}

uint32_t table_name_get(struct table *table, uint32_t hash, const struct nb_name *name, uint8_t scope, wall_t now)
{
        uint32_t number = table_name_find(table, hash, name, scope);

        if (!number) {
                number = pool_take(&table->names);
                if (!number) {
                        evict_name(table, 0);
                        number = pool_take(&table->names);
                }
                if (!number)
                        return 0;
                grow(table, &table->name_heads, &table->names);
                uint32_t *head = &table->name_heads.slots[hash & table->name_heads.mask];
                *table_name(table, number) =
                        (struct name_entry){.next = *head, .hash = hash, .name = *name, .scope = scope, .used = true};
                *head = number;
        }
        table_name(table, number)->last_s = (uint32_t)(now.us / 1000000);
        return number;
}

/* ---- holders ------------------------------------------------------------------------------------------------------ */

uint32_t table_holder_find(const struct table *table, uint32_t name, uint32_t address)
{
        uint32_t number = *holder_head(table, name, address);

        while (number) {
                const struct holder_entry *entry = table_holder(table, number);

                if (entry->name == name && entry->address == address)
                        break;
                number = entry->next;
        }
        return number;
}

/* Of too many holders the one not seen for longest goes. */
static void drop_oldest_member(struct table *table, struct name_entry *name)
{
        uint32_t *oldest = &name->holders;

        for (uint32_t *at = oldest; *at; at = &table_holder(table, *at)->sibling)
                if (table_holder(table, *at)->last_us < table_holder(table, *oldest)->last_us)
                        oldest = at;
        const uint32_t gone = *oldest;
        *oldest = table_holder(table, gone)->sibling;
        name->members--;
        drop_holder(table, gone);
}

uint32_t table_holder_get(struct table *table, uint32_t name, uint32_t address, wall_t now, bool *ret_new)
{
        uint32_t number = table_holder_find(table, name, address);
        struct name_entry *entry = table_name(table, name);

        *ret_new = !number;
        if (number)
                return number;
        if (entry->members == WATCH_MAX_MEMBERS)
                drop_oldest_member(table, entry);
        number = pool_take(&table->holders);
        /* a name that goes may have had none: a few goes must do */
        for (unsigned i = 0; i < 8 && !number; i++) {
                evict_name(table, name);
                number = pool_take(&table->holders);
        }
        if (!number)
                return 0;
        grow(table, &table->holder_heads, &table->holders);
        uint32_t *head = holder_head(table, name, address);
        *table_holder(table, number) = (struct holder_entry){.next = *head,
                                                             .name = name,
                                                             .sibling = entry->holders,
                                                             .address = address,
                                                             .first_s = (uint32_t)(now.us / 1000000),
                                                             .last_us = now.us,
                                                             .used = true};
        *head = number;
        entry->holders = number;
        entry->members++;
        return number;
}

/* ---- stations ----------------------------------------------------------------------------------------------------- */

static uint32_t *station_head(const struct table *table, uint32_t address)
{
        return &table->station_heads.slots[address_hash(table, address) & table->station_heads.mask];
}

uint32_t table_station_find(const struct table *table, uint32_t address)
{
        uint32_t number = *station_head(table, address);

        while (number && table_station(table, number)->address != address)
                number = table_station(table, number)->next;
        return number;
}

static void drop_station(struct table *table, uint32_t number)
{
        const struct station_entry *gone = table_station(table, number);
        uint32_t *at = station_head(table, gone->address);

        while (*at != number)
                at = &table_station(table, *at)->next;
        *at = gone->next;
        pool_give(&table->stations, number);
        table->evicted_stations++;
}

/* Suspects, servers and whom we were told of stay. */
static void evict_station(struct table *table)
{
        uint32_t oldest = 0;

        for (uint32_t i = 0; i < EVICT_LOOK || (!oldest && i < table->stations.top); i++) {
                if (++table->station_hand >= table->stations.top)
                        table->station_hand = 1;
                const struct station_entry *entry = table_station(table, table->station_hand);
                if (!entry->used || entry->suspect || entry->flags & (STATION_SERVER | STATION_ALLOWED))
                        continue;
                if (!oldest || entry->last_us < table_station(table, oldest)->last_us)
                        oldest = table->station_hand;
        }
        if (oldest)
                drop_station(table, oldest);
}

uint32_t table_station_get(struct table *table, uint32_t address, wall_t now)
{
        uint32_t number = table_station_find(table, address);

        if (number)
                return number;
        number = pool_take(&table->stations);
        if (!number) {
                evict_station(table);
                number = pool_take(&table->stations);
        }
        if (!number)
                return 0;
        grow(table, &table->station_heads, &table->stations);
        uint32_t *head = station_head(table, address);
        *table_station(table, number) = (struct station_entry){.next = *head,
                                                               .address = address,
                                                               .first_s = (uint32_t)(now.us / 1000000),
                                                               .last_us = now.us,
                                                               .used = true};
        *head = number;
        return number;
}

/* ---- fetching ahead ----------------------------------------------------------------------------------------------- */

void table_fetch_heads(const struct table *table, uint32_t hash, uint32_t address)
{
        __builtin_prefetch(&table->name_heads.slots[hash & table->name_heads.mask]);
        __builtin_prefetch(station_head(table, address));
}

void table_fetch_entries(const struct table *table, uint32_t hash, uint32_t address)
{
        const uint32_t name = table->name_heads.slots[hash & table->name_heads.mask];
        const uint32_t station = *station_head(table, address);

        if (name)
                __builtin_prefetch(table_name(table, name));
        if (station)
                __builtin_prefetch(table_station(table, station));
}

void table_fetch_holder(const struct table *table, uint32_t hash, uint32_t address)
{
        const uint32_t name = table->name_heads.slots[hash & table->name_heads.mask];

        if (!name)
                return;
        __builtin_prefetch(holder_head(table, name, address));
        if (table_name(table, name)->holders)
                __builtin_prefetch(table_holder(table, table_name(table, name)->holders));
}

/* ---- MACs --------------------------------------------------------------------------------------------------------- */

static struct mac_entry *mac_slot(const struct table *table, const uint8_t mac[6])
{
        return &table->macs[(uint32_t)hash_bytes(mac, 6, table->seed) & (MAC_SLOTS - 1)];
}

void table_mac_note(struct table *table, const uint8_t mac[6], uint32_t address)
{
        struct mac_entry *slot = mac_slot(table, mac);

        if (memcmp(slot->mac, mac, 6) != 0) {
                *slot = (struct mac_entry){0};
                memcpy(slot->mac, mac, 6);
        }
        for (size_t i = 0; i < slot->count && i < WATCH_ROUTER_ADDRESSES; i++)
                if (slot->addresses[i] == address)
                        return;
        if (slot->count < WATCH_ROUTER_ADDRESSES)
                slot->addresses[slot->count] = address;
        if (slot->count <= WATCH_ROUTER_ADDRESSES)
                slot->count++;
}

bool table_mac_is_router(const struct table *table, const uint8_t mac[6])
{
        const struct mac_entry *slot = mac_slot(table, mac);

        return slot->count > WATCH_ROUTER_ADDRESSES && memcmp(slot->mac, mac, 6) == 0;
}
