#pragma once
/*
 * One dump request to the kernel by rtnetlink, for netif.c and neigh.c; not for others.
 */
#include "base/result.h"

#include <stddef.h>
#include <stdint.h>

/* Takes one piece of the answer: whole netlink messages. A negative result ends the dump with it. */
typedef int netlink_feed_fn(void *context, const void *bytes, size_t len_bytes);

/*
 * Asks for TYPE (RTM_GETLINK, …) of FAMILY and feeds every answer to FN. NBT_ERR_IO, or what FN said. A dump that the kernel marks as
 * interrupted by a change is taken as it is: the monitor will tell of the change.
 */
int netlink_dump(uint16_t type, uint8_t family, netlink_feed_fn *fn, void *context) NBT_MUST_CHECK;
