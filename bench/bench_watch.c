/*
 * The watcher's speed and size; and a maker of captures to compare with other programs.
 *
 * usage: bench_watch                                   ns a packet, packets/s and memory, for 20,000 and 1,000,000 names
 *        bench_watch generate FILE PACKETS [NAMES]     a pcap of that many packets (Ethernet, name service)
 *
 * The mix is that of a busy site: of 20 packets 9 broadcast queries, 4 answers, 4 registrations (of 3 names a host), 1 refusal
 * (of one host in 200), 1 release, 1 node status answer.
 */
#include "base/rng.h"
#include "watch/watch.h"
#include "wire/nbstat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define FRAME_MAX_BYTES 512
#define HEADERS_BYTES 42
#define BATCH 4096
#define FIRST_ADDRESS UINT32_C(0x0A000001)

struct maker {
        struct rng rng;
        uint32_t hosts;
        uint64_t made;
        int64_t time_us;
        uint16_t last_id;
        uint32_t asker;
        struct nb_name asked;
        uint32_t asked_host;
};

static void fatal(const char *what)
{
        perror(what);
        exit(1);
}

static struct nb_name name_of(uint32_t host, unsigned suffix_at)
{
        static const uint8_t suffixes[] = {0x00, 0x03, 0x20};
        char stem[16];

        snprintf(stem, sizeof(stem), "PC-%07X", host * 2654435761u >> 4 & 0xFFFFFFF);
        return nb_name_make(stem, suffixes[suffix_at % 3]);
}

static void write_headers(uint8_t *frame, uint32_t from, uint32_t to, size_t payload)
{
        struct wr wr = wr_init(frame, HEADERS_BYTES);

        wr_be16(&wr, to ? 0x0200 : 0xFFFF);
        wr_be32(&wr, to ? to : 0xFFFFFFFF);
        wr_be16(&wr, 0x0200);
        wr_be32(&wr, from);
        wr_be16(&wr, 0x0800);
        wr_be16(&wr, 0x4500);
        wr_be16(&wr, (uint16_t)(28 + payload));
        wr_be32(&wr, 0);
        wr_be16(&wr, 0x8011);
        wr_be16(&wr, 0);
        wr_be32(&wr, from);
        wr_be32(&wr, to ? to : UINT32_C(0x0AFFFFFF));
        wr_be16(&wr, NBNS_PORT);
        wr_be16(&wr, NBNS_PORT);
        wr_be16(&wr, (uint16_t)(8 + payload));
        wr_be16(&wr, 0);
}

static size_t finish(uint8_t *frame, const struct nbns_packet *packet, uint32_t from, uint32_t to)
{
        const int len = nbns_packet_encode(packet, frame + HEADERS_BYTES, FRAME_MAX_BYTES - HEADERS_BYTES);

        if (len < 0)
                abort();
        write_headers(frame, from, to, (size_t)len);
        return HEADERS_BYTES + (size_t)len;
}

static size_t make_query(struct maker *maker, uint8_t *frame)
{
        struct nbns_packet packet;

        maker->asked_host = rng_below(&maker->rng, maker->hosts);
        maker->asked = name_of(maker->asked_host, rng_below(&maker->rng, 3));
        maker->asker = FIRST_ADDRESS + rng_below(&maker->rng, maker->hosts);
        maker->last_id = (uint16_t)rng_u32(&maker->rng);
        nbns_build_query(&packet, maker->last_id, &maker->asked, NULL, NBNS_TYPE_NB, true, true);
        return finish(frame, &packet, maker->asker, 0);
}

static size_t make_answer(struct maker *maker, uint8_t *frame)
{
        struct nbns_packet packet;
        uint8_t rdata[6];
        const uint32_t from = FIRST_ADDRESS + maker->asked_host;

        nbns_address_encode(&(struct nbns_address){.address = from}, rdata);
        nbns_build_query_response(&packet, maker->last_id, &maker->asked, NULL, rdata, 6, 300000, false);
        return finish(frame, &packet, from, maker->asker);
}

static size_t make_claim(struct maker *maker, uint8_t *frame, uint32_t host, unsigned which, bool release)
{
        const struct nbns_address address = {.address = FIRST_ADDRESS + host};
        const struct nb_name name = name_of(host, which);
        struct nbns_packet packet;
        uint8_t rdata[6];

        maker->last_id = (uint16_t)rng_u32(&maker->rng);
        if (release)
                nbns_build_release(&packet, rdata, maker->last_id, &name, NULL, &address, true);
        else
                nbns_build_claim(&packet, rdata, maker->last_id, NBNS_OPCODE_REGISTRATION, &name, NULL, &address,
                                 300000, true, true);
        return finish(frame, &packet, address.address, 0);
}

static size_t make_refusal(struct maker *maker, uint8_t *frame)
{
        const uint32_t host = rng_below(&maker->rng, maker->hosts / 200 + 1);
        const struct nb_name name = name_of(host, 2);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim_response(&packet, rdata, maker->last_id, NBNS_OPCODE_REGISTRATION, NBNS_RCODE_ACT_ERR, &name,
                                  NULL, &(struct nbns_address){.address = FIRST_ADDRESS + host}, 0);
        return finish(frame, &packet, FIRST_ADDRESS + host, FIRST_ADDRESS + maker->hosts + host);
}

static size_t make_status(struct maker *maker, uint8_t *frame)
{
        static struct nbstat_table table;
        const uint32_t host = rng_below(&maker->rng, maker->hosts);
        struct nbns_packet packet;
        uint8_t rdata[256];

        table.count = 3;
        for (unsigned i = 0; i < 3; i++)
                table.entries[i] = (struct nbstat_entry){.name = name_of(host, i), .name_flags = NBSTAT_ACTIVE};
        const int len = nbstat_table_encode(&table, rdata, sizeof(rdata));
        if (len < 0)
                abort();
        nbns_build_status_response(&packet, 1, &NB_NAME_WILDCARD, NULL, rdata, (uint16_t)len);
        return finish(frame, &packet, FIRST_ADDRESS + host, FIRST_ADDRESS);
}

static size_t make_frame(struct maker *maker, uint8_t *frame)
{
        const uint64_t turn = maker->made++;
        const uint32_t claim = (uint32_t)(turn / 20 * 4 + turn % 20);

        maker->time_us += 20;
        switch (turn % 20) {
        case 0:
        case 1:
        case 2:
        case 3: /* every name is claimed in turn */
                return make_claim(maker, frame, claim / 3 % maker->hosts, claim % 3, false);
        case 4:
                return make_refusal(maker, frame);
        case 5:
                return make_claim(maker, frame, rng_below(&maker->rng, maker->hosts), 1, true);
        case 6:
                return make_status(maker, frame);
        case 8:
        case 11:
        case 14:
        case 17:
                return make_answer(maker, frame);
        default:
                return make_query(maker, frame);
        }
}

static void write_pcap(const char *path, uint64_t packets, uint32_t names)
{
        static const uint32_t header[6] = {0xA1B2C3D4, 0x00040002, 0, 0, 65535, 1};
        struct maker maker = {.hosts = names / 3, .time_us = INT64_C(1795415044000000)};
        FILE *file = fopen(path, "wb");
        uint8_t frame[FRAME_MAX_BYTES];

        if (!file)
                fatal(path);
        rng_init_seed(&maker.rng, 1);
        fwrite(header, sizeof(header), 1, file);
        for (uint64_t i = 0; i < packets; i++) {
                const uint32_t len = (uint32_t)make_frame(&maker, frame);
                const uint32_t record[4] = {(uint32_t)(maker.time_us / 1000000), (uint32_t)(maker.time_us % 1000000),
                                            len, len};

                fwrite(record, sizeof(record), 1, file);
                fwrite(frame, len, 1, file);
        }
        if (ferror(file) | fclose(file))
                fatal(path);
}

static double now_s(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
        return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long rss_mib(void)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss / 1024;
}

/* Frames are made a batch ahead, so that only the watcher is measured. */
static void track(uint64_t packets, uint32_t names)
{
        static uint8_t frames[BATCH][FRAME_MAX_BYTES];
        static struct watch_input inputs[BATCH];
        struct maker maker = {.hosts = names / 3, .time_us = INT64_C(1795415044000000)};
        struct arena arena = ARENA_INIT;
        struct watch *watch;
        double spent = 0;

        rng_init_seed(&maker.rng, 1);
        if (watch_new(&watch, &(struct watch_options){.seed = 1}) < 0)
                fatal("watch_new");
        for (uint64_t done = 0; done < packets; done += BATCH) {
                for (size_t i = 0; i < BATCH; i++) {
                        const size_t len = make_frame(&maker, frames[i]);

                        inputs[i] = (struct watch_input){{maker.time_us}, FRAME_LINK_ETHERNET, frames[i], len};
                }
                struct watch_events events = {.arena = &arena};
                arena_reset(&arena);
                const double start = now_s();
                watch_frames(watch, inputs, BATCH, &events);
                spent += now_s() - start;
        }
        printf("watch: %zu names: %.0f ns/packet, %.2f M packets/s, %ld MiB resident\n", watch_name_count(watch),
               spent / (double)packets * 1e9, (double)packets / spent / 1e6, rss_mib());
        watch_free(watch);
        arena_done(&arena);
}

int main(int argc, char **argv)
{
        if (argc >= 4 && strcmp(argv[1], "generate") == 0) {
                write_pcap(argv[2], strtoull(argv[3], NULL, 10),
                           argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 60000);
                return 0;
        }
        track(4000000, 20000);
        track(12000000, 1000000);
        return 0;
}
