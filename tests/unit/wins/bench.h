#pragma once
/*
 * A WINS server on a bench: virtual time, a store of the plainest kind (a table that batches are applied to), and a log with one
 * line an action. Used by unit tests, replayed conversations and random worlds.
 */
#include "base/arena.h"
#include "base/strbuf.h"
#include "wins/table.h"
#include "wins/wins.h"

#define BENCH_WALL_S INT64_C(1795500000) /* 2026-11-24: any day will do */
#define BENCH_SERVER 0x0A0000FEu         /* 10.0.0.254 */
#define BENCH_LINES 256

/* Of claims: addresses 10.1.0.1 and on, and what H nodes say of theirs. */
#define HOST(i) (0x0A010000u + (uint32_t)(i))
#define UNIQUE 0x6000
#define GROUP 0xE000

enum bench_store { BENCH_STORE_OK, BENCH_STORE_HOLD, BENCH_STORE_FULL };

struct bench {
        struct wins *wins;
        struct wins_settings settings;
        struct arena arena;
        mono_t now;
        int64_t wall_us; /* offset of the calendar from NOW */
        enum bench_store store;
        const struct wins_batch *out; /* a batch that is held */
        struct wins_table disk;       /* times as stored: wall seconds */
        uint64_t batches, durable_batches, touches;
        size_t largest_batch; /* changes */
        bool stopped, quiet;  /* quiet: no log */
        char *lines[BENCH_LINES];
        size_t line_count, line_seen;
        uint16_t challenge_id; /* of the last query that was sent */
        uint16_t next_id;
        struct wins_completion complete; /* the last, without its rows */
        struct wins_record *rows;        /* copies of its rows (SHOW), or of what findings are about */
        enum wins_finding_type *findings;
        size_t row_count, finding_count;
        uint64_t sent;
        /* for tests of memory that runs out: steps may fail, each has a fresh arena, STEPPING tells when the core is at work */
        bool may_fail, stepping;
        unsigned failures;
        /* sees every packet that the server sends */
        void (*on_send)(void *context, uint32_t destination, uint16_t port, const uint8_t *bytes, size_t len_bytes);
        void *context;
};

/* Settings are as in BENCH->settings; not yet started. */
void bench_init(struct bench *bench);
void bench_done(struct bench *bench);
void bench_start(struct bench *bench);
/* Kills the server (or stops it in order) and starts another on what the store holds. */
void bench_restart(struct bench *bench, bool in_order);
void bench_self(struct bench *bench, const uint32_t *addresses, size_t address_count, const struct nb_name *names,
                size_t name_count);
void bench_packet(struct bench *bench, uint32_t source, uint16_t port, const uint8_t *bytes, size_t len_bytes);
/* A packet value from SOURCE port 137. */
void bench_send(struct bench *bench, uint32_t source, const struct nbns_packet *packet);
/* A claim or release of NAME<20> for ADDRESS from ADDRESS. */
void bench_claim(struct bench *bench, uint8_t opcode, const char *name, uint32_t address, uint16_t nb_flags);
/* The challenged node at ADDRESS answers: with COUNT addresses, or 0 for a denial. */
void bench_answer(struct bench *bench, uint32_t source, const char *name, const uint32_t *addresses, size_t count);
void bench_query(struct bench *bench, const char *name);
void bench_command(struct bench *bench, struct wins_command *command);
/* Lets time pass, serving every deadline on the way. */
void bench_run_ms(struct bench *bench, uint64_t ms);
/* What becomes of the batch that is held, and of later ones. */
void bench_set_store(struct bench *bench, enum bench_store store);
/* Stores the one batch that is held; what it lets out is held again. */
void bench_confirm(struct bench *bench);
/* The next unseen line, or NULL. */
const char *bench_line(struct bench *bench);
void bench_forget(struct bench *bench);      /* all lines are seen */
struct nb_name bench_name(const char *text); /* "SRV<20>", default <20>; case kept as written */
/* "multihomed active 10.0.0.1 10.0.0.2"; false if there is none. */
bool bench_record_text(const struct bench *bench, const struct nb_name *name, const struct nb_scope *scope,
                       char ret[600]);
void bench_format_record(const struct wins_record *record, char ret[600]);
