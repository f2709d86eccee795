#pragma once
/*
 * A bounded pool of equal entries, named by small numbers. It grows by pieces, so that no growth copies anything, and entries never
 * move. Number 0 is none. The first four bytes of a free entry are the pool's.
 */
#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

#define POOL_PIECE_BITS 10
#define POOL_PIECE (1u << POOL_PIECE_BITS)

struct pool {
        size_t each_bytes;
        uint32_t max; /* entries */
        uint32_t top; /* numbers below were used at some time */
        uint32_t free_first;
        uint32_t count;
        uint8_t **pieces;
};

int pool_init(struct pool *pool, size_t each_bytes, uint32_t max) NBT_MUST_CHECK;
void pool_done(struct pool *pool);

/* A zeroed entry's number; 0 if the pool is full or memory ran out. */
uint32_t pool_take(struct pool *pool);
void pool_give(struct pool *pool, uint32_t number);

/* NUMBER must be below top, and not 0. */
static inline void *pool_at(const struct pool *pool, uint32_t number)
{
        return pool->pieces[number >> POOL_PIECE_BITS] + (size_t)(number & (POOL_PIECE - 1)) * pool->each_bytes;
}
