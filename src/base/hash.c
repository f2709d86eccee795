#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t len_bytes, uint64_t seed)
{
        return XXH3_64bits_withSeed(bytes, len_bytes, seed);
}
