#pragma once
/*
 * In which order addresses are asked: one of each subnet in turn, so that no segment (and no router's ARP) gets a burst of its own.
 *
 * The ranges are cut into pieces that do not cross a /24; each round takes the next address of every piece. No address comes
 * twice, and the cost is eight bytes a piece.
 */
#include "scan/targets.h"

struct scan_order {
        struct scan_piece *pieces; /* those not used up */
        size_t count, at;
};

/* NBT_ERR_NOMEM. */
int scan_order_init(struct scan_order *order, const struct scan_ranges *ranges) NBT_MUST_CHECK;

/* The next address; false after the last. */
bool scan_order_next(struct scan_order *order, uint32_t *ret_address);

void scan_order_done(struct scan_order *order);
