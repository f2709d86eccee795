#pragma once
/*
 * A world of WINS servers and machines in virtual time: what its files share. What must hold is told in wins_worlds.c.
 *
 *   wins_world.c      what happens when; servers, their stores, what is lost on the way
 *   wins_machines.c   machines: claimers, a machine in as few lines as make one, and real node cores
 *   wins_worlds.c     life, death, weather, and the properties
 */
#include "../unit/wins/bench.h"
#include "node/node.h"

#define MAX_MACHINES 1000u
#define MAX_SERVERS 2u
#define RENEWAL_S 2400u
#define SERVER_ADDRESS(i) (BENCH_SERVER - (uint32_t)(i))

enum machine_state { DEAD, IDLE, CLAIMING, HOLDING, RELEASING };

struct machine {
        uint32_t address;
        unsigned primary; /* the server it prefers; with two, the other one is its secondary */
        uint8_t side;     /* of a cut network */
        struct nb_name name;
        /* What the servers' answers say of NAME: the last one that acknowledged it, when, and for how long. UNHEARD: that one
         * has meanwhile challenged this machine, over a cut, and has to think that it is dead. */
        unsigned by;
        int64_t acknowledged_ns;
        uint32_t ttl_s;
        bool unheard;
        /* claimers */
        enum machine_state state;
        unsigned current, target; /* server it talks to; and where the request under way goes */
        bool probes;              /* that request asks whether the primary is back */
        bool tried_other;
        int64_t probe_ns; /* next time it does so */
        uint16_t id;      /* of the claim or refresh that waits for its answer */
        bool waits;
        unsigned tries;
        uint64_t serial; /* tells late timers that they are late */
        /* real ones */
        struct node *node;
        mono_t wake;
};

enum what { TO_SERVER, TO_MACHINE, MACHINE_TIMER, NODE_TIMER, SERVER_TIMER, STORE_DONE, CRASH, UP, CUT, LIFE, CHECK };

struct happening {
        int64_t at_ns;
        uint64_t order;
        enum what what;
        uint32_t machine;
        unsigned server;
        uint64_t serial;
        uint16_t len_bytes;
        uint8_t *bytes;
};

struct server {
        struct world *world;
        unsigned index;
        struct bench bench;
        bool down;
        uint8_t side;
        uint64_t batch_out; /* id of the batch under way, 0: none */
        uint64_t life;
        uint8_t lost_challenges[65536]; /* by id, in a row */
};

struct world {
        mono_t now;
        struct rng rng;
        struct happening *heap;
        size_t count, room;
        uint64_t order;
        struct server servers[MAX_SERVERS];
        unsigned server_count;
        struct machine machines[MAX_MACHINES];
        unsigned machine_count, names, real;
        unsigned loss_permille, mean_commit_ms;
        bool cut;  /* machines and servers of different sides do not reach each other */
        bool calm; /* the weather is over */
        struct arena arena;
        bool verbose;
        unsigned failures;
        uint64_t acknowledged, refused, challenged, crashes, checks, unheard, failovers, homecomings;
};

uint32_t dice(struct world *world, uint32_t limit);
void must(bool good);
void say(struct world *world, const struct machine *machine, const char *what);
void violation(struct world *world, const char *what, const struct nb_name *name, uint32_t a, uint32_t b);

/* wins_world.c */
void plan(struct world *world, uint64_t in_us, struct happening happening);
struct happening next_happening(struct world *world);
bool is_lost(struct world *world);
bool is_reached(const struct world *world, const struct machine *machine, unsigned server);
void send_to_server(struct world *world, const struct machine *machine, unsigned server, const uint8_t *bytes,
                    size_t len_bytes);
void server_start(struct world *world, unsigned index);
void server_packet(struct world *world, const struct happening *happening);
void server_timer(struct world *world, const struct happening *happening);
void server_store_done(struct world *world, const struct happening *happening);
/* Killed; it is up again after DOWN_MS, on what its store holds. */
void server_crash(struct world *world, unsigned index, uint64_t down_ms);
void server_up(struct world *world, unsigned index);

/* wins_machines.c */
void machine_rest(struct world *world, struct machine *machine);
void machine_start_node(struct world *world, struct machine *machine);
void machine_release(struct world *world, struct machine *machine);
void machine_timer_due(struct world *world, struct machine *machine);
void machine_node_due(struct world *world, struct machine *machine);
void machine_packet(struct world *world, struct machine *machine, const struct happening *happening);
/* Does it act as who has NAME? */
bool machine_holds(struct world *world, const struct machine *machine);
/* And does the server that acknowledged it have to know? Not if the acknowledgement has run out, or the server asked in vain. */
bool machine_is_known(const struct world *world, const struct machine *machine);
void check_name(struct world *world, const struct machine *holder);
