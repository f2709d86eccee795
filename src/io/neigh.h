#pragma once
/*
 * The kernel's neighbour table (ARP): which MAC an address of the segment was last seen with.
 */
#include "base/arena.h"
#include "base/ip4.h"

struct neigh {
        uint32_t address;
        uint32_t ifindex;
        uint8_t mac[6];
        bool fresh; /* REACHABLE, DELAY, PROBE or PERMANENT; not STALE */
};

/* Every IPv4 neighbour with a known MAC, in ARENA. Returns the count. NBT_ERR_IO, NBT_ERR_NOMEM. */
int neigh_list(struct arena *arena, const struct neigh **ret) NBT_MUST_CHECK;

/* The MAC of ADDRESS on device IFINDEX (0: any; the fresher one). It only looks: to make the kernel ask, send a datagram first.
 * NBT_ERR_NOT_FOUND, NBT_ERR_IO, NBT_ERR_NOMEM. */
int neigh_lookup(uint32_t address, uint32_t ifindex, uint8_t ret_mac[6]) NBT_MUST_CHECK;
