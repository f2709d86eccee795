#pragma once
/*
 * Seeded 64-bit hash (XXH3) for tables whose keys come from strangers: without the seed nobody can
 * choose keys that collide.
 */
#include <stddef.h>
#include <stdint.h>

/* XXH3, seeded: strangers who do not know SEED cannot choose bytes that collide. */
uint64_t hash_bytes(const void *bytes, size_t len_bytes, uint64_t seed);
