#pragma once
/*
 * The asker: sends name queries and node status requests, and collects every answer.
 *
 * A core without I/O, for programs that only ask (netbt query, nbtstat -a, netbt diagnose) and for the C library.
 * Unlike a node's resolver it does not stop at the first answer: a second, different owner of a unique name is what
 * we are looking for. It never claims, demands or releases anything. Bounded: ASK_MAX_QUESTIONS pending, ASK_MAX_ANSWERS an
 * answered question; what came beyond is counted. An answer counts only for a pending question: transaction id, name, scope, record type
 * and the port asked must match, and for a unicast question the address asked (BadTunnel, CVE-2016-3213), for a
 * broadcast one the subnet where it is given. Equal answers of one source (to several tries) count once.
 *
 * Life: ask_new → ask_add → send what the actions tell, ask_packet for what comes, ask_timer at ask_deadline → every
 * question ends in exactly one ASK_ACTION_RESULT → ask_free. Actions live in the arena of their struct ask_actions.
 */
#include "base/arena.h"
#include "base/instant.h"
#include "base/ip4.h"
#include "base/rng.h"
#include "wire/nbstat.h"

#define ASK_MAX_QUESTIONS 4096
#define ASK_MAX_ANSWERS 64
#define ASK_DEFAULT_TRIES 3u
#define ASK_DEFAULT_INTERVAL_MS 750u
/* ASSUMPTION: a WACK may make us wait this long, and that often; nobody says how long an asker should believe them. */
#define ASK_MAX_WACK_MS 60000u
#define ASK_MAX_WACKS 3u

enum ask_kind { ASK_QUERY_BROADCAST, ASK_QUERY_UNICAST, ASK_STATUS };

struct ask_question {
        uint64_t id; /* caller's; comes back in the result */
        enum ask_kind kind;
        struct nb_name name; /* the wildcard for ASK_STATUS, if the caller knows no better */
        struct nb_scope scope;
        uint32_t destination; /* a broadcast address for ASK_QUERY_BROADCAST */
        uint32_t netmask;     /* ASK_QUERY_BROADCAST: only answers from this subnet of destination count; 0: any */
        uint16_t port;        /* 0: 137 */
        uint32_t iface_id;    /* driver's: by which interface to ask; comes back in ASK_ACTION_SEND. 0: any */
        bool recursion;       /* RD: set to ask a WINS server */
        uint32_t tries;       /* how often at most to send; 0: 3 */
        uint32_t interval_ms; /* between tries, and the wait after the last; 0: 750 */
};

struct ask_answer {
        uint32_t source;
        uint8_t rcode;
        uint32_t rtt_us;
        size_t address_count; /* queries */
        const struct nbns_address *addresses;
        const struct nbstat_table *table; /* status */
};

struct ask_result {
        uint64_t id;
        const struct ask_question *question;
        size_t answer_count; /* 0: nobody answered */
        const struct ask_answer *answers;
        size_t dropped_count;
};

struct ask;

/* What the driver has to do: send a datagram; take a result. Everything pointed to lives in the actions' arena. */
enum ask_action_type { ASK_ACTION_SEND, ASK_ACTION_RESULT };

struct ask_action {
        struct ask_action *next;
        enum ask_action_type type;
        union {
                struct {
                        uint32_t destination;
                        uint16_t port;
                        bool broadcast;
                        uint32_t iface_id;
                        const uint8_t *bytes;
                        size_t len_bytes;
                } send;
                struct ask_result result;
        };
};

struct ask_actions {
        struct arena *arena;
        struct ask_action *first, *last;
};

/* An asker whose transaction ids come from a copy of RNG. NBT_ERR_NOMEM. */
int ask_new(struct ask **ret, const struct rng *rng) NBT_MUST_CHECK;

/* Takes a question; its first packet is among the actions. NBT_ERR_FULL, NBT_ERR_NOMEM. */
int ask_add(struct ask *ask, mono_t now, const struct ask_question *question, struct ask_actions *out) NBT_MUST_CHECK;

/* A datagram came in. Unicast questions and status requests end with their answer (a WACK, opcode 7, extends the wait);
 * broadcast ones collect until their last wait is over. What is damaged or answers nothing we asked is ignored and is no
 * error; NBT_ERR_NOMEM. */
int ask_packet(struct ask *ask, mono_t now, uint32_t source, uint16_t source_port, const void *bytes, size_t len_bytes,
               struct ask_actions *out) NBT_MUST_CHECK;

/* Time passed: sends again, or ends questions whose time is over. NBT_ERR_NOMEM: call again. */
int ask_timer(struct ask *ask, mono_t now, struct ask_actions *out) NBT_MUST_CHECK;

/* When ask_timer() is next wanted; MONO_NEVER if nothing is pending. */
mono_t ask_deadline(const struct ask *ask);

/* How many questions have not ended. */
size_t ask_pending(const struct ask *ask);

/* Forgets what is pending, without results. Accepts NULL, returns NULL. */
struct ask *ask_free(struct ask *ask);
