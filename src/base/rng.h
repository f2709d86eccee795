#pragma once
/*
 * The seeded generator: all randomness of a core.
 *
 * A ChaCha20 key stream (RFC 8439), so that who sees many transaction ids still cannot foretell the
 * next (the weakness behind CVE-2016-3213 was ids that could be). In a daemon the 32-byte key comes
 * from getrandom(2); in a test from a printed 64-bit seed, which replays everything.
 */
#include <stdint.h>

struct rng {
        uint32_t state[16];
        uint32_t block[16];
        unsigned used_words;
};

/* Keyed with 32 bytes: what a daemon uses. */
void rng_init(struct rng *rng, const uint8_t key[32]);

/* Keyed from a seed that can be printed: what a test uses. */
void rng_init_seed(struct rng *rng, uint64_t seed);

/* The next 32 or 64 bits of the stream. */
uint32_t rng_u32(struct rng *rng);
uint64_t rng_u64(struct rng *rng);

/* Uniform in [0, LIMIT); 0 when LIMIT is 0. */
uint32_t rng_below(struct rng *rng, uint32_t limit);
