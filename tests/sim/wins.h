#pragma once
/*
 * A WINS server for tests: a table and the rules of facts that end nodes meet (RFC 1002 §5.1.4, KB173519, KB136571). A model,
 * not the product: no replication, no scavenging, no versions. It registers, refreshes, releases and answers; a unique name
 * that another address holds is challenged: WACK to the claimant, up to three queries to the old owner, then a refusal or the
 * new owner. What stories need beside: silence, slowness, refusals, forgetting all, demands for release.
 */
#include "world.h"

#define SIM_WINS_RECORDS 512
#define SIM_WINS_ADDRESSES 25
#define SIM_WINS_CHALLENGES 64

struct sim_wins_record {
        struct nb_name name;
        bool group, active;
        size_t count;
        uint32_t addresses[SIM_WINS_ADDRESSES];
        mono_t expires;
};

struct sim_wins_challenge {
        bool active;
        uint16_t id;         /* of our query */
        uint16_t request_id; /* of the claim that waits */
        uint32_t claimant;
        uint8_t opcode;
        bool group;
        struct sim_wins_record *record;
        unsigned tries;
        uint64_t serial; /* tells a late timer that the challenge is over */
};

/* The table may be shared by two servers: perfect replication. */
struct sim_wins_table {
        unsigned servers; /* that use it: the last one to go frees it */
        size_t count;
        struct sim_wins_record records[SIM_WINS_RECORDS];
};

struct sim_wins {
        struct sim_wins_table *table;
        struct sim_wins_challenge challenges[SIM_WINS_CHALLENGES];
        uint64_t serial;
        /* what a story may change at any time */
        uint32_t ttl_s;       /* granted; default 1200 s, so that an hour sees refreshes */
        uint32_t slow_ms;     /* answers come so late */
        uint32_t wack_ttl_s;  /* told in WACKs; default 5 */
        uint8_t refuse_rcode; /* refuses every claim and refresh with it; 0: by the rules */
        uint64_t claims, refreshes, releases, queries;
};

/* A running server; its state is at wins_of(host). ACCOMPLICE: a server whose table it shares, or NULL. */
struct sim_host *world_wins(struct world *world, const char *label, unsigned segment, const char *address,
                            struct sim_host *accomplice);
struct sim_wins *wins_of(const struct sim_host *host);

/* The record of NAME ("SRV<20>"), or NULL; released and expired ones count as none. */
const struct sim_wins_record *wins_find(struct sim_host *host, const char *name);
/* Puts a record in, as a static mapping or another server's replica would. */
void wins_put(struct sim_host *host, const char *name, const char *address, bool group);
/* Off and on again; FORGET empties the table. host->running tells. */
void wins_down(struct sim_host *host);
void wins_up(struct sim_host *host, bool forget);
/* NAME RELEASE DEMAND to ADDRESS, as after a lost replication conflict (KB136571). */
void wins_demand_release(struct sim_host *host, const char *name, const char *address);
