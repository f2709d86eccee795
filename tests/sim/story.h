#pragma once
/*
 * Stories: one situation each, told in virtual time; what must happen stands in the story as lines of the log with their
 * times. A story gets a fresh world, frees nothing, and fails by the world's expectations.
 */
#include "wins.h"

struct story {
        const char *label;
        const char *what; /* in plain words */
        void (*tell)(struct world *world);
};

/* Each ends with a label of NULL. */
extern const struct story STORIES_CLAIM[];
extern const struct story STORIES_SERVER[];
extern const struct story STORIES_CONFLICT[];
extern const struct story STORIES_HOMES[];
extern const struct story STORIES_RESOLVE[];
extern const struct story STORIES_LIFE[];

/* What forgers and other peers send, from a port of PEER (a host made by world_peer). SOURCE "" is its own address,
 * DESTINATION "" a broadcast. NAME as "SRV<20>". */
void peer_conflict_demand(struct sim_host *peer, const char *source, const char *destination, const char *name);
void peer_release_demand(struct sim_host *peer, const char *source, const char *destination, const char *name);
void peer_claim(struct sim_host *peer, const char *source, const char *destination, uint8_t opcode, const char *name,
                const char *address, bool group);
void peer_query(struct sim_host *peer, const char *destination, const char *name, uint16_t type);
/* A positive answer to a query with transaction ID. */
void peer_answer(struct sim_host *peer, const char *destination, uint16_t id, const char *name, const char *address);
/* A refusal of a claim. */
void peer_refuse(struct sim_host *peer, const char *destination, uint16_t id, const char *name, const char *owner);
/* The id of the last packet HOST sent, by the log. */
uint16_t last_id_of(const struct sim_host *host);
uint32_t story_ip(const char *text);
