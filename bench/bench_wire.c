/*
 * What the codec costs: decoding and encoding a name query, and encoding and decoding a name, in nanoseconds on one core.
 * Prints the best of several rounds, which is what the code costs; the rest is what else the machine did.
 */
#include "wire/nbns.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 9
#define PER_ROUND 300000

static double now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Keeps the compiler from computing nothing, since nobody looks at the result. */
static void keep(const void *p)
{
        __asm__ volatile("" : : "r"(p) : "memory");
}

static void query_once(uint8_t *bytes, size_t len_bytes, unsigned round)
{
        struct nbns_packet packet;
        uint8_t out[NBNS_UDP_MAX_BYTES];

        bytes[1] = (uint8_t)round;
        if (nbns_packet_decode(bytes, len_bytes, &packet) < 0)
                abort();
        packet.header.id++;
        if (nbns_packet_encode(&packet, out, sizeof(out)) != (int)len_bytes)
                abort();
        keep(out);
}

static void name_once(uint8_t *bytes, size_t len_bytes, unsigned round)
{
        struct wr wr = wr_init(bytes, len_bytes);
        struct nb_name name = {.bytes = "FILESRV         "};
        struct nb_scope scope;

        name.bytes[14] = (uint8_t)round;
        nb_name_encode(&wr, &name, NULL);
        keep(bytes);
        struct rd rd = rd_init(bytes, wr.pos);
        if (nb_name_decode(&rd, &name, &scope) < 0)
                abort();
        keep(&name);
}

static double best_ns(void (*once)(uint8_t *, size_t, unsigned), uint8_t *bytes, size_t len_bytes)
{
        double best = 1e18;

        for (int round = 0; round < ROUNDS; round++) {
                const double start = now_ns();

                for (unsigned i = 0; i < PER_ROUND; i++)
                        once(bytes, len_bytes, i);
                const double each = (now_ns() - start) / PER_ROUND;
                if (each < best)
                        best = each;
        }
        return best;
}

int main(void)
{
        const struct nb_name name = nb_name_make("FILESRV", 0x20);
        struct nbns_packet packet;
        uint8_t bytes[NBNS_UDP_MAX_BYTES];

        nbns_build_query(&packet, 1, &name, NULL, NBNS_TYPE_NB, true, true);
        const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
        if (len < 0)
                return 1;
        printf("wire: decode+encode %.0f ns/packet\n", best_ns(query_once, bytes, (size_t)len));
        printf("wire: name encode+decode %.0f ns/name\n", best_ns(name_once, bytes, 34));
        return 0;
}
