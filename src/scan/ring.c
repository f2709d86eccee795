#include "scan/ring.h"

#include <stdlib.h>

static int grow(struct scan_ring *ring)
{
        const size_t room = ring->room ? 2 * ring->room : 256;
        struct scan_ring_entry *entries = malloc(room * sizeof(*entries));

        if (!entries)
                return NBT_ERR_NOMEM;
        for (uint64_t at = ring->head; at < ring->tail; at++)
                entries[at & (room - 1)] = ring->entries[at & (ring->room - 1)];
        free(ring->entries);
        ring->entries = entries;
        ring->room = room;
        return 0;
}

int scan_ring_push(struct scan_ring *ring, uint32_t index, uint32_t tick)
{
        if (ring->tail - ring->head == ring->room) {
                const int r = grow(ring);
                if (r < 0)
                        return r;
        }
        ring->entries[ring->tail++ & (ring->room - 1)] = (struct scan_ring_entry){index, tick};
        return 0;
}

void scan_ring_done(struct scan_ring *ring)
{
        free(ring->entries);
        *ring = (struct scan_ring){0};
}
