#include "scan/order.h"

#include <stdlib.h>

struct scan_piece {
        uint32_t next;
        uint32_t left;
};

static size_t count_pieces(const struct scan_ranges *ranges)
{
        size_t count = 0;

        for (size_t i = 0; i < ranges->count; i++)
                count += (ranges->rows[i].last >> 8) - (ranges->rows[i].first >> 8) + 1;
        return count;
}

int scan_order_init(struct scan_order *order, const struct scan_ranges *ranges)
{
        const size_t count = count_pieces(ranges);

        *order = (struct scan_order){.pieces = calloc(count ? count : 1, sizeof(struct scan_piece))};
        if (!order->pieces)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < ranges->count; i++) {
                const uint32_t last = ranges->rows[i].last;
                uint64_t at = ranges->rows[i].first;

                while (at <= last) {
                        const uint32_t end = (uint32_t)at | 0xFF;
                        const uint32_t stop = end < last ? end : last;

                        order->pieces[order->count++] =
                                (struct scan_piece){.next = (uint32_t)at, .left = stop - (uint32_t)at + 1};
                        at = (uint64_t)stop + 1;
                }
        }
        return 0;
}

/* Between two rounds: forgets the pieces that are used up. */
static void start_round(struct scan_order *order)
{
        size_t kept = 0;

        for (size_t i = 0; i < order->count; i++)
                if (order->pieces[i].left)
                        order->pieces[kept++] = order->pieces[i];
        order->count = kept;
        order->at = 0;
}

bool scan_order_next(struct scan_order *order, uint32_t *ret_address)
{
        if (order->at == order->count)
                start_round(order);
        if (order->count == 0)
                return false;
        struct scan_piece *piece = &order->pieces[order->at++];
        *ret_address = piece->next++;
        piece->left--;
        return true;
}

void scan_order_done(struct scan_order *order)
{
        free(order->pieces);
        *order = (struct scan_order){0};
}
