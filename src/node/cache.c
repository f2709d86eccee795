#include "node/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* How many expired entries one insertion takes back: bounded work a step, yet more than come in. */
#define CACHE_REAP_PER_PUT 4

struct slot {
        struct node_cache_entry entry; /* first, so that an entry leads back to its slot */
        struct slot *chain;            /* next in the bucket */
        struct slot *newer, *older;    /* order of use */
};

struct node_cache {
        size_t max_entries;
        size_t count, preloaded;
        uint64_t seed;
        size_t bucket_count; /* a power of two */
        struct slot *newest, *oldest;
        struct slot *buckets[];
};

/* ---- the table ----------------------------------------------------------------------------------------------------- */

static struct slot **bucket_of(struct node_cache *cache, const struct nb_name *name)
{
        const uint64_t hash = hash_bytes(name->bytes, NB_NAME_BYTES, cache->seed);

        return &cache->buckets[hash & (cache->bucket_count - 1)];
}

static struct slot *slot_find(struct node_cache *cache, const struct nb_name *name)
{
        for (struct slot *slot = *bucket_of(cache, name); slot; slot = slot->chain)
                if (memcmp(slot->entry.name.bytes, name->bytes, NB_NAME_BYTES) == 0)
                        return slot;
        return NULL;
}

static void order_unlink(struct node_cache *cache, struct slot *slot)
{
        *(slot->newer ? &slot->newer->older : &cache->newest) = slot->older;
        *(slot->older ? &slot->older->newer : &cache->oldest) = slot->newer;
}

static void order_push(struct node_cache *cache, struct slot *slot)
{
        slot->newer = NULL;
        slot->older = cache->newest;
        *(cache->newest ? &cache->newest->newer : &cache->oldest) = slot;
        cache->newest = slot;
}

static void slot_drop(struct node_cache *cache, struct slot *slot)
{
        struct slot **link = bucket_of(cache, &slot->entry.name);

        while (*link != slot)
                link = &(*link)->chain;
        *link = slot->chain;
        order_unlink(cache, slot);
        cache->count--;
        if (slot->entry.preload)
                cache->preloaded--;
        free(slot);
}

static bool is_live(const struct node_cache_entry *entry, mono_t now)
{
        return !mono_is_due(entry->expires, now);
}

/* Takes back a few expired entries from the old end. */
static void reap(struct node_cache *cache, mono_t now)
{
        struct slot *slot = cache->oldest;

        for (int i = 0; slot && i < CACHE_REAP_PER_PUT; i++) {
                struct slot *newer = slot->newer;

                if (!is_live(&slot->entry, now))
                        slot_drop(cache, slot);
                slot = newer;
        }
}

/* Makes room for one by dropping the least recently used learned entry. Preloads are at the old end only until they are
 * used, so what is passed over here is bounded by them; they are put out of the way as they are met. */
static void evict(struct node_cache *cache)
{
        size_t passed = 0;

        while (cache->count >= cache->max_entries && passed <= cache->preloaded) {
                struct slot *slot = cache->oldest;

                if (!slot->entry.preload) {
                        slot_drop(cache, slot);
                        return;
                }
                order_unlink(cache, slot);
                order_push(cache, slot);
                passed++;
        }
}

/* The slot of NAME, new if there was none; NULL if memory ran out. */
static struct slot *slot_obtain(struct node_cache *cache, const struct nb_name *name)
{
        struct slot *slot = slot_find(cache, name);

        if (slot) {
                order_unlink(cache, slot);
                order_push(cache, slot);
                return slot;
        }
        slot = calloc(1, sizeof(*slot));
        if (!slot)
                return NULL;
        evict(cache);
        struct slot **bucket = bucket_of(cache, name);
        slot->entry.name = *name;
        slot->chain = *bucket;
        *bucket = slot;
        order_push(cache, slot);
        cache->count++;
        return slot;
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

int node_cache_new(struct node_cache **ret, size_t max_entries, uint64_t seed)
{
        size_t buckets = 16;

        if (max_entries == 0 || max_entries > (size_t)1 << 24)
                return NBT_ERR_RANGE;
        while (buckets < max_entries / 4) /* chains of four when full: a node's cache is small most of the time */
                buckets *= 2;
        struct node_cache *cache = calloc(1, sizeof(*cache) + buckets * sizeof(struct slot *));

        if (!cache)
                return NBT_ERR_NOMEM;
        cache->max_entries = max_entries;
        cache->bucket_count = buckets;
        cache->seed = seed;
        *ret = cache;
        return 0;
}

struct node_cache *node_cache_free(struct node_cache *cache)
{
        if (cache)
                node_cache_purge(cache, true);
        free(cache);
        return NULL;
}

void node_cache_purge(struct node_cache *cache, bool preloaded_too)
{
        struct slot *slot = cache->newest;

        while (slot) {
                struct slot *older = slot->older;

                if (preloaded_too || !slot->entry.preload)
                        slot_drop(cache, slot);
                slot = older;
        }
}

/* ---- use ----------------------------------------------------------------------------------------------------------- */

int node_cache_put(struct node_cache *cache, const struct nb_name *name, enum node_name_kind kind,
                   const struct nbns_address *addresses, size_t count, mono_t now, uint32_t timeout_ms)
{
        if (count == 0)
                return NBT_ERR_RANGE;
        if (count > NODE_CACHE_MAX_ADDRESSES)
                count = NODE_CACHE_MAX_ADDRESSES;
        const struct slot *old = slot_find(cache, name);

        if (old && old->entry.preload)
                return NBT_ERR_EXISTS;
        reap(cache, now);
        struct slot *slot = slot_obtain(cache, name);
        if (!slot)
                return NBT_ERR_NOMEM;
        slot->entry.kind = kind;
        slot->entry.expires = mono_add_ms(now, timeout_ms);
        slot->entry.address_count = count;
        memcpy(slot->entry.addresses, addresses, count * sizeof(*addresses));
        return 0;
}

const struct node_cache_entry *node_cache_find(struct node_cache *cache, const struct nb_name *name, mono_t now)
{
        struct slot *slot = slot_find(cache, name);

        if (!slot)
                return NULL;
        if (!is_live(&slot->entry, now)) {
                slot_drop(cache, slot);
                return NULL;
        }
        order_unlink(cache, slot);
        order_push(cache, slot);
        return &slot->entry;
}

void node_cache_remove(struct node_cache *cache, const struct nb_name *name)
{
        struct slot *slot = slot_find(cache, name);

        if (slot && !slot->entry.preload)
                slot_drop(cache, slot);
}

size_t node_cache_count(const struct node_cache *cache, mono_t now)
{
        size_t count = 0;

        for (const struct slot *slot = cache->newest; slot; slot = slot->older)
                count += is_live(&slot->entry, now);
        return count;
}

const struct node_cache_entry *node_cache_next(const struct node_cache *cache, const struct node_cache_entry *previous,
                                               mono_t now)
{
        const struct slot *slot = previous ? ((const struct slot *)previous)->older : cache->newest;

        while (slot && !is_live(&slot->entry, now))
                slot = slot->older;
        return slot ? &slot->entry : NULL;
}

int64_t node_cache_life_s(const struct node_cache_entry *entry, mono_t now)
{
        if (entry->preload)
                return -1;
        return (int64_t)((mono_elapsed_ms(now, entry->expires) + 999) / 1000);
}

/* ---- LMHOSTS ------------------------------------------------------------------------------------------------------- */

/* Adds ADDRESS to what is preloaded for NAME. JOIN: to an entry that is there already; otherwise the first one counts.
 * Returns 1 if there was no room, 0, or NBT_ERR_NOMEM. */
static int preload(struct node_cache *cache, const struct nb_name *name, enum node_name_kind kind, uint32_t address,
                   bool join)
{
        struct slot *slot = slot_find(cache, name);

        if (!slot || !slot->entry.preload) {
                if (cache->preloaded >= cache->max_entries - (cache->max_entries + 3) / 4)
                        return 1;
                slot = slot_obtain(cache, name);
                if (!slot)
                        return NBT_ERR_NOMEM;
                slot->entry.preload = true;
                slot->entry.kind = kind;
                slot->entry.expires = MONO_NEVER;
                slot->entry.address_count = 0;
                cache->preloaded++;
        } else if (!join) {
                return 0;
        }
        struct node_cache_entry *entry = &slot->entry;
        for (size_t i = 0; i < entry->address_count; i++)
                if (entry->addresses[i].address == address)
                        return 0;
        if (entry->address_count == NODE_CACHE_MAX_ADDRESSES)
                return 1;
        entry->addresses[entry->address_count++] =
                (struct nbns_address){kind == NODE_NAME_GROUP ? NBNS_NB_GROUP : 0, address};
        return 0;
}

static int preload_entry(struct node_cache *cache, const struct node_lmhost *lmhost)
{
        static const uint8_t suffixes[] = {0x00, 0x03, 0x20};
        struct nb_name name = lmhost->name;
        int missed = 0;

        for (size_t i = 0; i < (lmhost->any_suffix ? NBT_ARRAY_SIZE(suffixes) : 1); i++) {
                if (lmhost->any_suffix)
                        name.bytes[NB_SUFFIX_AT] = suffixes[i];
                const int r = preload(cache, &name, NODE_NAME_UNIQUE, lmhost->address, lmhost->multihomed);
                if (r < 0)
                        return r;
                missed |= r;
        }
        if (lmhost->domain[0]) {
                memset(name.bytes, ' ', NB_NAME_BYTES);
                memcpy(name.bytes, lmhost->domain, strnlen(lmhost->domain, NB_NAME_BYTES - 1));
                name.bytes[NB_SUFFIX_AT] = 0x1C;
                const int r = preload(cache, &name, NODE_NAME_GROUP, lmhost->address, true);
                if (r < 0)
                        return r;
                missed |= r;
        }
        return missed;
}

int node_cache_load(struct node_cache *cache, const struct node_lmhost *lmhosts, size_t count)
{
        int missed = 0;

        for (size_t i = 0; i < count; i++) {
                if (!lmhosts[i].preload)
                        continue;
                const int r = preload_entry(cache, &lmhosts[i]);
                if (r < 0)
                        return r;
                missed += r;
        }
        return missed;
}
