#pragma once
/* Questions under way, in the order of their sending: a growing ring. Only for src/scan. */
#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

struct scan_ring_entry {
        uint32_t index; /* of the address */
        uint32_t tick;  /* when it was sent */
};

/* Zeroed: empty. Positions count from the beginning of time. */
struct scan_ring {
        struct scan_ring_entry *entries;
        size_t room;               /* a power of two */
        uint64_t head, pipe, tail; /* the oldest; the oldest that counts as on its way; behind the newest */
};

/* NBT_ERR_NOMEM. */
int scan_ring_push(struct scan_ring *ring, uint32_t index, uint32_t tick) NBT_MUST_CHECK;

static inline const struct scan_ring_entry *scan_ring_at(const struct scan_ring *ring, uint64_t position)
{
        return position < ring->tail ? &ring->entries[position & (ring->room - 1)] : NULL;
}

void scan_ring_done(struct scan_ring *ring);
