#pragma once
/*
 * Numbers of things (slots of the table, members of records) in order of their keys: a B+ tree that holds the numbers alone, some six
 * bytes each. The key of a number is asked for when it is compared (KEY), and must not change while the number is in the tree.
 * Where the first word of most keys differs, HINTED keeps four bytes of it beside each number, so that comparing seldom has to ask.
 *
 * Keys are unique. Nothing here fails but wins_order_reserve(): room for insertions is reserved first. What comes in order leaves
 * full nodes behind. A place (struct wins_order_at) lives until the next change.
 */
#include "base/result.h"

#include <stdbool.h>
#include <stdint.h>

struct wins_order_key {
        uint64_t part[3]; /* compared one after the other */
};

struct wins_order_leaf;
struct wins_order_inner;

bool wins_order_is_less(const struct wins_order_key *a, const struct wins_order_key *b);

typedef struct wins_order_key wins_order_key_fn(const void *context, uint32_t item);

struct wins_order {
        wins_order_key_fn *key;
        const void *context;
        bool hinted; /* the first part of every key fits in 32 bits */
        /* the tree's own */
        void *root; /* a leaf if there are no levels of inner nodes; NULL: empty */
        unsigned levels;
        uint64_t count, bytes;
        struct wins_order_leaf *spare_leaves;
        struct wins_order_inner *spare_inners;
        uint32_t spare_leaf_count, spare_inner_count;
};

struct wins_order_at {
        const struct wins_order_leaf *leaf;
        uint32_t index;
};

/* KEY, CONTEXT and HINTED are set by the owner, all else is zero. */
void wins_order_done(struct wins_order *order);

/* Room for COUNT insertions, however they fall. NBT_ERR_NOMEM. */
int wins_order_reserve(struct wins_order *order, uint32_t count) NBT_MUST_CHECK;
void wins_order_insert(struct wins_order *order, const struct wins_order_key *key, uint32_t item);
/* It is there. */
void wins_order_remove(struct wins_order *order, const struct wins_order_key *key);

/* The first item whose key is KEY or greater. */
struct wins_order_at wins_order_seek(const struct wins_order *order, const struct wins_order_key *key);
/* The item at that place; 0: the end. */
uint32_t wins_order_item(const struct wins_order_at *at);
void wins_order_next(struct wins_order_at *at);

/* How many items there are from LOW to below HIGH, roughly: some branchings of the tree tell. */
uint64_t wins_order_estimate(const struct wins_order *order, const struct wins_order_key *low,
                             const struct wins_order_key *high);
