/* Any datagram as the answer to a sweep's question, with and without the right id; then the sweep goes on to its end. */
#include "fuzz.h"

#include "scan/scan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct scan_range row = {.first = 0x0A4D0001, .last = 0x0A4D0003};
        const struct scan_ranges ranges = {.rows = &row, .count = 1, .room = 1};
        const struct scan_config config = {.ranges = &ranges, .retries = 2, .addresses = true};
        struct rng rng;
        struct scan *scan;
        struct scan_send send;
        mono_t now = {0};
        uint8_t *copy = malloc(size ? size : 1);

        if (!copy)
                abort();
        if (size)
                memcpy(copy, data, size);
        rng_init_seed(&rng, 1);
        if (scan_new(&scan, &config, &rng, now) < 0)
                abort();
        for (int step = 0; step < 1000 && !scan_is_done(scan, now); step++) {
                while (scan_next_send(scan, now, &send)) {
                        if (scan_packet(scan, now, send.destination, 137, data, size) < 0)
                                abort();
                        if (size >= 2)
                                memcpy(copy, send.bytes, 2);
                        if (scan_packet(scan, now, send.destination, 137, copy, size) < 0)
                                abort();
                }
                while (scan_next_host(scan, false))
                        ;
                const mono_t next = scan_deadline(scan, now);
                now = next.ns > now.ns ? next : mono_add_ms(now, 1);
        }
        if (!scan_is_done(scan, now))
                abort();
        scan_free(scan);
        free(copy);
        return 0;
}
