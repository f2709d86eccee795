#include "watch/pool.h"

#include <stdlib.h>
#include <string.h>

int pool_init(struct pool *pool, size_t each_bytes, uint32_t max)
{
        *pool = (struct pool){.each_bytes = each_bytes, .max = max, .top = 1};
        pool->pieces = calloc(((size_t)max >> POOL_PIECE_BITS) + 1, sizeof(*pool->pieces));
        return pool->pieces ? 0 : NBT_ERR_NOMEM;
}

void pool_done(struct pool *pool)
{
        if (pool->pieces)
                for (uint32_t i = 0; i <= pool->max >> POOL_PIECE_BITS; i++)
                        free(pool->pieces[i]);
        free(pool->pieces);
        *pool = (struct pool){0};
}

uint32_t pool_take(struct pool *pool)
{
        uint32_t number = pool->free_first;

        if (number) {
                memcpy(&pool->free_first, pool_at(pool, number), sizeof(pool->free_first));
        } else {
                if (pool->top > pool->max)
                        return 0;
                uint8_t **piece = &pool->pieces[pool->top >> POOL_PIECE_BITS];
                if (!*piece)
                        *piece = malloc(pool->each_bytes * POOL_PIECE);
                if (!*piece)
                        return 0;
                number = pool->top++;
        }
        memset(pool_at(pool, number), 0, pool->each_bytes);
        pool->count++;
        return number;
}

void pool_give(struct pool *pool, uint32_t number)
{
        memset(pool_at(pool, number), 0, pool->each_bytes);
        memcpy(pool_at(pool, number), &pool->free_first, sizeof(pool->free_first));
        pool->free_first = number;
        pool->count--;
}
