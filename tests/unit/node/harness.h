#pragma once
/*
 * One node on a bench: the test is the network. Every action is logged as one line of text with its virtual time in ms;
 * tests feed packets, let time pass, and look at the lines.
 *
 *     250 eth0 > 10.0.0.255 REGISTRATION FILESRV<20> U 10.0.0.1 rd bcast
 *     900 ! refused FILESRV<20> eth0 Conflict peer 10.0.0.9
 *
 * Failed checks print the whole log and the seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ip4.h"
#include "base/strbuf.h"
#include "node/node.h"

#define ETH0 1u
#define ETH1 2u

struct sent {
        uint32_t iface_id, destination;
        bool broadcast;
        size_t len_bytes;
        uint8_t bytes[NBNS_MAX_BYTES];
};

#define BENCH_MAX_SENT 4096

struct bench {
        struct node *node;
        struct node_config config;
        struct arena arena;
        struct strbuf log;
        int64_t now_ms;
        uint64_t seed;
        size_t sent_count;
        struct sent sent[BENCH_MAX_SENT]; /* since the last bench_clear() */
        struct node_notice last_notice;   /* of a type other than STATE */
        int last_result;                  /* of the last completion; 1: none yet */
        struct node_completion last_complete;
        uint32_t complete_addresses[32], complete_holders[32];
        bool stopped;
};

uint32_t ip(const char *text);
struct nb_name nm(const char *text); /* "FILESRV<20>" */

/* B node "FILESRV" in no workgroup with default timing; change bench->config, then bench_begin(). */
void bench_init(struct bench *bench, enum node_type type);
/* node_new, eth0 10.0.0.1/24 with WINS servers from WINS ("10.9.0.1 10.9.0.2", "" for none), START. */
void bench_begin(struct bench *bench, const char *wins);
void bench_iface(struct bench *bench, uint32_t id, const char *address, const char *wins, bool up);
void bench_done(struct bench *bench);
void bench_step(struct bench *bench, struct node_event *event);
/* Lets MS pass, with a timer event at every deadline on the way. */
void bench_run(struct bench *bench, int64_t ms);
void bench_packet(struct bench *bench, const char *source, const char *destination, const struct nbns_packet *packet);
void bench_bytes(struct bench *bench, const char *source, const char *destination, const void *bytes, size_t len_bytes);
uint64_t bench_command(struct bench *bench, enum node_command_type type, const char *name, enum node_name_kind kind);
void bench_clear(struct bench *bench);

/* Others' packets. */
void bench_claim(struct bench *bench, const char *source, const char *destination, const char *name, uint8_t opcode,
                 enum node_name_kind kind);
void bench_query(struct bench *bench, const char *source, const char *destination, const char *name);
void bench_status(struct bench *bench, const char *source, const char *destination, const char *name);
void bench_conflict_demand(struct bench *bench, const char *source, const char *destination, const char *name);
void bench_release_demand(struct bench *bench, const char *source, const char *destination, const char *name);
/* Answers our last sent request with OPCODE for NAME (NULL: any): a claim response, or a query response with ADDRESS. */
void bench_answer(struct bench *bench, const char *source, uint8_t opcode, const char *name, uint8_t rcode,
                  uint32_t ttl_s);
void bench_answer_query(struct bench *bench, const char *source, const char *name, const char *address,
                        uint16_t nb_flags);
void bench_wack(struct bench *bench, const char *source, const char *name, uint32_t ttl_s);

enum node_name_state bench_state(struct bench *bench, const char *name, uint32_t iface_id);
size_t bench_count(const struct bench *bench, const char *needle); /* lines of the log that hold NEEDLE */

#define assert_log(bench, needle, times)                                                                               \
        do {                                                                                                           \
                if (bench_count(bench, needle) != (size_t)(times)) {                                                   \
                        print_error("seed %llu, expected %zu times: %s\n%s", (unsigned long long)(bench)->seed,        \
                                    (size_t)(times), needle, strbuf_str(&(bench)->log));                               \
                        fail();                                                                                        \
                }                                                                                                      \
        } while (0)
#define assert_state(bench, name, want)                                                                                \
        do {                                                                                                           \
                const enum node_name_state got_ = bench_state(bench, name, ETH0);                                      \
                if (got_ != (want)) {                                                                                  \
                        print_error("seed %llu, %s is %s, expected %s\n%s", (unsigned long long)(bench)->seed, name,   \
                                    node_state_str(got_), node_state_str(want), strbuf_str(&(bench)->log));            \
                        fail();                                                                                        \
                }                                                                                                      \
        } while (0)
