#pragma once
/*
 * The asker's driver: carries out what the core of ask/ask.h asks, over one UDP socket, and waits for all answers.
 *
 * Life: asker_open → asker_run as often as wanted → asker_close. It sends nothing but name queries and node status
 * requests, and only inside asker_run(). Used by nbtstat -a/-A, netbt query and netbt diagnose.
 */
#include "ask/ask.h"

struct asker;

struct asker_options {
        uint32_t source; /* address to ask from; 0: whichever the route gives */
        bool any_port_only; /* do not even try port 137 (old Windows answers only to that port; we use it when it is free) */
};

/* One address of this machine that can broadcast. */
struct asker_iface {
        uint32_t id;    /* what ask_question.iface_id takes to ask by this interface, from this address; never 0 */
        char label[32]; /* "eth0" */
        uint32_t address, netmask, broadcast;
        uint8_t mac[6];
};

/* OPTIONS may be NULL. NBT_ERR_NOMEM, NBT_ERR_DENIED, NBT_ERR_IO (errno tells). Port 137 being taken or not permitted is no
 * error: another port is used, see asker_port(). */
int asker_open(struct asker **ret, const struct asker_options *options) NBT_MUST_CHECK;

/* The port answers come to: 137, or an ephemeral one. */
uint16_t asker_port(const struct asker *asker);

/* Was port 137 wanted, and not permitted? (If it is taken, others' rights would not help.) */
bool asker_port_denied(const struct asker *asker);

/* This machine's IPv4 addresses that are up, can broadcast and are no loopback; borrowed, lives as long as ASKER. */
size_t asker_ifaces(const struct asker *asker, const struct asker_iface **ret);

/* Is ADDRESS one of this machine's own (loopback counts)? */
bool asker_is_local(const struct asker *asker, uint32_t address);

/*
 * Asks all COUNT questions at once and returns when each has ended: RET_RESULTS[i] is the result of QUESTIONS[i] (their ids
 * are set by the asker, and what the caller put there comes back), all that it points to lives in ARENA.
 * Nobody answering is no error: answer_count is 0. A packet that could not be sent (no route, no permission to broadcast)
 * counts as lost. A signal that interrupts ends the wait early with NBT_ERR_STATE. NBT_ERR_NOMEM, NBT_ERR_FULL, NBT_ERR_IO.
 */
int asker_run(struct asker *asker, const struct ask_question *questions, size_t count, struct arena *arena,
              struct ask_result *ret_results) NBT_MUST_CHECK;

/* Accepts NULL, returns NULL. */
struct asker *asker_close(struct asker *asker);

/*
 * Questions ready made: a broadcast query of NAME on every interface (out of ASKER), a query to one WINS server, and a
 * node status request. RET holds MAX; the count is returned.
 */
size_t asker_make_broadcasts(const struct asker *asker, const struct nb_name *name, const struct nb_scope *scope,
                             struct ask_question *ret, size_t max);
struct ask_question asker_make_wins_query(const struct nb_name *name, const struct nb_scope *scope, uint32_t server);
struct ask_question asker_make_status(const struct nb_scope *scope, uint32_t address);
