/* Any text as targets: sets stay in order, apart from one another, and number their addresses without a gap. */
#include "fuzz.h"

#include "scan/order.h"
#include "scan/targets.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        struct scan_ranges ranges = {0}, half = {0};
        struct scan_token token;
        int r;

        while ((r = scan_token_next(&text, &size, &token)) != 0)
                if (r > 0 && !token.is_name &&
                    scan_ranges_add(ranges.count % 3 == 2 ? &half : &ranges, token.range.first, token.range.last) < 0)
                        abort();
        scan_ranges_settle(&ranges);
        scan_ranges_settle(&half);
        if (scan_ranges_exclude(&ranges, &half) < 0)
                abort();
        for (size_t i = 1; i < ranges.count; i++)
                if (ranges.rows[i].first <= ranges.rows[i - 1].last)
                        abort();
        const uint64_t total = scan_ranges_total(&ranges);
        if (total && total <= 4096) {
                struct scan_order order;
                uint32_t address;
                uint64_t count = 0;

                if (scan_order_init(&order, &ranges) < 0)
                        abort();
                for (; scan_order_next(&order, &address); count++)
                        if (scan_ranges_address(&ranges, (uint32_t)scan_ranges_index(&ranges, address)) != address)
                                abort();
                if (count != total)
                        abort();
                scan_order_done(&order);
        }
        scan_ranges_done(&ranges);
        scan_ranges_done(&half);
        return 0;
}
