#pragma once
/*
 * What tests of the WINS database share: a directory of their own, records made at random, and the comparison of two stores.
 */
#include "base/rng.h"
#include "store/winsdb.h"
#include "store/winsmem.h"

#include "../scratch.h"

struct winsdb_place {
        struct scratch scratch;
        char directory[64], path[96];
};

/* An empty directory under /tmp; removed by winsdb_place_done(), or when the process ends. Both yield 0 or -1. */
int winsdb_place_init(struct winsdb_place *place);
int winsdb_place_done(struct winsdb_place *place);

/* One of COUNT names, some with scopes, some alike but for the scope or the case. */
void random_key(struct rng *rng, uint32_t count, struct nb_name *ret_name, struct nb_scope *ret_scope);
void random_record(struct rng *rng, uint32_t count, struct wins_record *ret);

/* All that a record says is equal. */
bool same_record(const struct wins_record *a, const struct wins_record *b);

/* What a load yields, kept. */
struct kept_load {
        struct wins_record *records;
        size_t count, size;
        struct wins_owner owners[64];
        size_t owner_count;
};

struct winsstore_sink kept_load_sink(struct kept_load *load);
void kept_load_done(struct kept_load *load);
/* In the same order, the same; prints the first difference. */
bool same_loads(const struct kept_load *a, const struct kept_load *b);

/*
 * Batch N, made from a seed and N alone. Its number stands in the version of owner 1, so that the database itself tells how many
 * batches it holds, and the twin in memory, given as many, must say the same.
 */
#define NUMBERED_ITEMS 24

struct numbered_batch {
        struct wins_batch batch;
        struct wins_change changes[NUMBERED_ITEMS];
        struct wins_touch touches[NUMBERED_ITEMS];
        struct nb_scope scopes[NUMBERED_ITEMS];
        struct wins_owner owner;
};

void numbered_batch_make(struct numbered_batch *ret, uint64_t seed, uint64_t number);
uint64_t numbered_batches_in(const struct kept_load *load);
/* Brings the twin from STORED batches to NUMBER. True if DISK is then the same. */
bool numbered_batches_follow(struct winsmem *mem, uint64_t seed, uint64_t stored, uint64_t number,
                             const struct kept_load *disk) NBT_MUST_CHECK;
