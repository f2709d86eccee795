#include "base/rng.h"

#include <string.h>

#define WORDS 16

static uint32_t rotate(uint32_t v, int bits)
{
        return v << bits | v >> (32 - bits);
}

static void quarter_round(uint32_t *x, int a, int b, int c, int d)
{
        x[a] += x[b];
        x[d] = rotate(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = rotate(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = rotate(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = rotate(x[b] ^ x[c], 7);
}

/* RFC 8439 §2.3: one 64-byte block of key stream, then the counter moves on. */
static void next_block(struct rng *rng)
{
        uint32_t x[WORDS];

        memcpy(x, rng->state, sizeof(x));
        for (int i = 0; i < 10; i++) {
                quarter_round(x, 0, 4, 8, 12);
                quarter_round(x, 1, 5, 9, 13);
                quarter_round(x, 2, 6, 10, 14);
                quarter_round(x, 3, 7, 11, 15);
                quarter_round(x, 0, 5, 10, 15);
                quarter_round(x, 1, 6, 11, 12);
                quarter_round(x, 2, 7, 8, 13);
                quarter_round(x, 3, 4, 9, 14);
        }
        for (int i = 0; i < WORDS; i++)
                rng->block[i] = x[i] + rng->state[i];
        rng->used_words = 0;
        /* a 64-bit counter in words 12 and 13: the stream never repeats in practice */
        if (++rng->state[12] == 0)
                rng->state[13]++;
}

void rng_init(struct rng *rng, const uint8_t key[32])
{
        static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

        memset(rng, 0, sizeof(*rng));
        memcpy(rng->state, constants, sizeof(constants));
        for (int i = 0; i < 8; i++)
                rng->state[4 + i] = (uint32_t)key[4 * i] | (uint32_t)key[4 * i + 1] << 8 |
                                    (uint32_t)key[4 * i + 2] << 16 | (uint32_t)key[4 * i + 3] << 24;
        rng->used_words = WORDS;
}

void rng_init_seed(struct rng *rng, uint64_t seed)
{
        uint8_t key[32] = {0};

        for (int i = 0; i < 8; i++)
                key[i] = (uint8_t)(seed >> (8 * i));
        rng_init(rng, key);
}

uint32_t rng_u32(struct rng *rng)
{
        if (rng->used_words >= WORDS)
                next_block(rng);
        return rng->block[rng->used_words++];
}

uint64_t rng_u64(struct rng *rng)
{
        const uint64_t high = rng_u32(rng);

        return high << 32 | rng_u32(rng);
}

uint32_t rng_below(struct rng *rng, uint32_t limit)
{
        if (limit < 2)
                return 0;
        /* reject the last, uneven part so that every value is equally likely */
        const uint32_t usable = UINT32_MAX - (uint32_t)((UINT64_C(1) << 32) % limit);
        uint32_t v = rng_u32(rng);
        while (v > usable)
                v = rng_u32(rng);
        return v % limit;
}
