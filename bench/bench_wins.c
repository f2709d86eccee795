/*
 * What the core of the WINS server costs: nanoseconds for a query (fast path: existing names, missing ones, in batches with
 * prefetching), a renewal and a new claim (decided, batched and applied, without a store), and bytes a record, with 1,000 to
 * 4,000,000 names. bench_wins [COUNT...]
 */
#include "wins/wins.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUERIES 2000000u
#define BATCH 64u
#define RECORDS_AHEAD 8u
#define QUERY_BYTES 50u
#define SERVER 0x0A0000FEu

struct bench {
        struct wins *wins;
        struct arena arena;
        int64_t now_ns;
        uint32_t names;
};

static double clock_ns(void)
{
        struct timespec t;

        /* of the processor, not of the wall: others may run on the machine */
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void must(bool good)
{
        if (!good)
                abort();
}

static uint32_t mix(uint32_t x)
{
        x ^= x >> 16;
        x *= 0x7FEB352Du;
        x ^= x >> 15;
        x *= 0x846CA68Bu;
        return x ^ x >> 16;
}

static struct nb_name name_of(uint32_t i)
{
        char text[16];

        snprintf(text, sizeof(text), "HOST%08X", i);
        return nb_name_make(text, 0x20);
}

static void step(struct bench *bench, struct wins_event *event)
{
        struct wins_actions actions = {.arena = &bench->arena};

        arena_reset(&bench->arena);
        event->now = (mono_t){bench->now_ns};
        event->wall = (wall_t){bench->now_ns / 1000 + INT64_C(1795500000000000)};
        must(wins_step(bench->wins, event, &actions) == 0);
        for (const struct wins_action *action = actions.first; action; action = action->next)
                if (action->type == WINS_ACTION_PERSIST) {
                        struct wins_event stored = {.type = WINS_EVENT_STORED};

                        stored.store.batch = action->batch->id;
                        step(bench, &stored);
                        return;
                }
}

static void fill(struct bench *bench, uint32_t names)
{
        struct wins_settings settings = wins_settings_default();
        struct wins_event start = {.type = WINS_EVENT_START};
        struct rng rng;

        rng_init_seed(&rng, 1);
        *bench = (struct bench){.names = names, .now_ns = 1000000000};
        must(wins_new(&bench->wins, SERVER, &settings, &rng) == 0);
        for (uint32_t i = 0; i < names; i++) {
                struct wins_record record = {.name = name_of(i), .owner = SERVER, .version = i + 1, .member_count = 1};

                record.expiry_s = 1796000000;
                record.members[0] = (struct wins_member){0x0A000000u + i / 3, SERVER, record.expiry_s};
                must(wins_load(bench->wins, &record) == 0);
        }
        step(bench, &start);
}

/* COUNT queries for names chosen at random from [FIRST, FIRST + names), each of QUERY_BYTES. */
static void make_queries(const struct bench *bench, uint8_t *bytes, uint32_t first, uint32_t count)
{
        for (uint32_t i = 0; i < count; i++) {
                const struct nb_name name = name_of(first + mix(i) % bench->names);
                struct nbns_packet packet;

                nbns_build_query(&packet, (uint16_t)i, &name, NULL, NBNS_TYPE_NB, true, false);
                must(nbns_packet_encode(&packet, bytes + (size_t)i * QUERY_BYTES, QUERY_BYTES) == QUERY_BYTES);
        }
}

static struct wins_packet packet_at(const uint8_t *bytes, uint32_t i)
{
        return (struct wins_packet){bytes + (size_t)i * QUERY_BYTES, QUERY_BYTES, 0x0A000001, 137, SERVER};
}

/* As the daemon does it: the index of all the batch first, then its records some packets ahead of the answers. */
static void answer_batch(const struct bench *bench, const uint8_t *bytes, uint32_t first, uint32_t end, uint8_t *out)
{
        struct wins_packet packets[BATCH];
        struct wins_question questions[BATCH];
        const uint32_t count = end - first < BATCH ? end - first : BATCH;

        for (uint32_t i = 0; i < count; i++) {
                packets[i] = packet_at(bytes, first + i);
                wins_question_read(bench->wins, &packets[i], &questions[i]);
        }
        for (uint32_t i = 0; i < count && i < RECORDS_AHEAD; i++)
                wins_question_fetch(bench->wins, &questions[i]);
        for (uint32_t i = 0; i < count; i++) {
                if (i + RECORDS_AHEAD < count)
                        wins_question_fetch(bench->wins, &questions[i + RECORDS_AHEAD]);
                must(wins_question_answer(bench->wins, &packets[i], &questions[i], out, WINS_QUERY_ANSWER_BYTES) > 0);
        }
}

static double query_ns(struct bench *bench, const uint8_t *bytes, uint32_t count, bool prefetch)
{
        uint8_t out[WINS_QUERY_ANSWER_BYTES];
        double best = 1e18;

        for (int round = 0; round < 3; round++) {
                const double from = clock_ns();

                for (uint32_t i = 0; prefetch && i < count; i += BATCH)
                        answer_batch(bench, bytes, i, count, out);
                for (uint32_t i = 0; !prefetch && i < count; i++) {
                        const struct wins_packet packet = packet_at(bytes, i);

                        must(wins_query(bench->wins, &packet, out, sizeof(out)) > 0);
                }
                const double took = (clock_ns() - from) / count;
                best = took < best ? took : best;
        }
        return best;
}

static double claim_ns(struct bench *bench, uint32_t first, uint32_t count, uint8_t opcode)
{
        const double from = clock_ns();

        for (uint32_t i = 0; i < count; i++) {
                const uint32_t which = first + (opcode == NBNS_OPCODE_REFRESH ? mix(i) % bench->names : i);
                const struct nb_name name = name_of(which);
                const struct nbns_address address = {.nb_flags = 0x6000, .address = 0x0A000000u + which / 3};
                struct nbns_packet packet;
                uint8_t bytes[NBNS_MAX_BYTES], rdata[6];

                nbns_build_claim(&packet, rdata, (uint16_t)i, opcode, &name, NULL, &address, 0, true, false);
                const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
                struct wins_event event = {.type = WINS_EVENT_PACKET};
                event.packet = (struct wins_packet){bytes, (size_t)len, address.address, 137, SERVER};
                bench->now_ns += 1000;
                step(bench, &event);
        }
        return (clock_ns() - from) / count;
}

static uint64_t resident_bytes(void)
{
        unsigned long pages = 0, resident = 0;
        FILE *f = fopen("/proc/self/statm", "r");

        must(f && fscanf(f, "%lu %lu", &pages, &resident) == 2);
        fclose(f);
        return (uint64_t)resident * 4096;
}

static void measure(uint32_t names)
{
        struct bench bench;
        struct wins_view view;
        uint8_t *bytes = malloc((size_t)QUERIES * QUERY_BYTES);

        must(bytes != NULL);
        malloc_trim(0);
        memset(bytes, 1, (size_t)QUERIES * QUERY_BYTES);
        const uint64_t before = resident_bytes();
        const double from = clock_ns();
        fill(&bench, names);
        printf("bench_wins: loading %u names %.2f s\n", names, (clock_ns() - from) / 1e9);
        must(wins_view(bench.wins, &bench.arena, &view) == 0);
        printf("bench_wins: memory, %u names %.1f bytes a record (resident %.1f)\n", names,
               (double)view.memory_bytes / names, (double)(resident_bytes() - before) / names);
        make_queries(&bench, bytes, 0, QUERIES);
        printf("bench_wins: query, existing, %u names %.1f ns\n", names, query_ns(&bench, bytes, QUERIES, false));
        printf("bench_wins: query, existing, prefetched, %u names %.1f ns\n", names,
               query_ns(&bench, bytes, QUERIES, true));
        make_queries(&bench, bytes, names, QUERIES);
        printf("bench_wins: query, missing, %u names %.1f ns\n", names, query_ns(&bench, bytes, QUERIES, false));
        printf("bench_wins: query, missing, prefetched, %u names %.1f ns\n", names,
               query_ns(&bench, bytes, QUERIES, true));
        printf("bench_wins: renewal, %u names %.1f ns\n", names, claim_ns(&bench, 0, 200000, NBNS_OPCODE_REFRESH));
        printf("bench_wins: new claim, %u names %.1f ns\n", names,
               claim_ns(&bench, names, 200000, NBNS_OPCODE_REGISTRATION));
        wins_free(bench.wins);
        arena_done(&bench.arena);
        free(bytes);
}

int main(int argc, char **argv)
{
        static const uint32_t usual[] = {1000, 100000, 1000000, 4000000};

        for (int i = 1; i < argc; i++)
                measure((uint32_t)strtoul(argv[i], NULL, 10));
        for (size_t i = 0; argc < 2 && i < NBT_ARRAY_SIZE(usual); i++)
                measure(usual[i]);
        return 0;
}
