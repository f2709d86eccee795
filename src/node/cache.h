#pragma once
/*
 * The remote name cache: what this node learned of other machines' names (nbtstat -c), and what LMHOSTS preloads.
 *
 * A table with a seeded hash, so that strangers who choose names cannot make it slow, and with a bound, so that they cannot
 * make it big: when it is full the least recently used learned entry goes. Learned entries expire. Preloaded ones (#PRE)
 * never expire, are never evicted and never overwritten by an answer (MS00-047, KB269239). Expired entries are not seen by
 * any function here; their memory is taken back as room is needed. The cache owns all it holds; what it hands out is
 * borrowed until the next call that changes it.
 */
#include "node/node.h"

/* A WINS server tells at most 25 addresses of a name (event 4141); more are cut. */
#define NODE_CACHE_MAX_ADDRESSES 25

struct node_cache;

struct node_cache_entry {
        struct nb_name name;
        enum node_name_kind kind;
        bool preload;
        mono_t expires;       /* MONO_NEVER for a preloaded entry */
        size_t address_count; /* 1 to NODE_CACHE_MAX_ADDRESSES */
        struct nbns_address addresses[NODE_CACHE_MAX_ADDRESSES];
};

/* An empty cache of at most MAX_ENTRIES (1 or more), hashed with SEED. NBT_ERR_NOMEM, NBT_ERR_RANGE. */
int node_cache_new(struct node_cache **ret, size_t max_entries, uint64_t seed) NBT_MUST_CHECK;
/* Accepts NULL, returns NULL. */
struct node_cache *node_cache_free(struct node_cache *cache);

/*
 * Stores what an answer said, for TIMEOUT_MS from NOW; an older learned entry of the name is replaced. NBT_ERR_EXISTS if a
 * preloaded entry holds the name (which stays as it is), NBT_ERR_RANGE for COUNT 0, NBT_ERR_NOMEM.
 */
int node_cache_put(struct node_cache *cache, const struct nb_name *name, enum node_name_kind kind,
                   const struct nbns_address *addresses, size_t count, mono_t now, uint32_t timeout_ms) NBT_MUST_CHECK;

/*
 * Preloads every #PRE entry of LMHOSTS: plain names under <00>, <03> and <20>, quoted ones under their own suffix; #DOM adds
 * the address to the group DOMAIN<1C>. Of entries with the same name the first counts, but #MH entries add their addresses.
 * Preloads replace what was learned. At most three quarters of the cache can be preloaded. Returns how many entries of
 * LMHOSTS found no room (0: all are in), or NBT_ERR_NOMEM.
 */
int node_cache_load(struct node_cache *cache, const struct node_lmhost *lmhosts, size_t count) NBT_MUST_CHECK;

/* The entry of NAME, marked as used; NULL if there is none, or it has expired at NOW. */
const struct node_cache_entry *node_cache_find(struct node_cache *cache, const struct nb_name *name, mono_t now);

/* Forgets a learned entry (a release was heard, its host does not answer); preloaded ones stay. */
void node_cache_remove(struct node_cache *cache, const struct nb_name *name);

/* Forgets everything, preloaded entries too (nbtstat -R loads them anew), or only what was learned. */
void node_cache_purge(struct node_cache *cache, bool preloaded_too);

/* How many entries have not expired at NOW. */
size_t node_cache_count(const struct node_cache *cache, mono_t now);

/* Iterates, most recently used first: pass NULL to begin, the last result to go on; NULL at the end. */
const struct node_cache_entry *node_cache_next(const struct node_cache *cache, const struct node_cache_entry *previous,
                                               mono_t now);

/* Seconds ENTRY has still to live at NOW, rounded up; -1 if it never expires: nbtstat's "Life" column. */
int64_t node_cache_life_s(const struct node_cache_entry *entry, mono_t now);
