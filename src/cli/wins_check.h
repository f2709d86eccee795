#pragma once
/*
 * netbt wins check, its second half: what the machines themselves say about the records. Only name queries and node status
 * requests are sent, to the addresses of the records, and queries by broadcast.
 */
#include "cli/wins_cmd.h"

#define WINS_LIVE_MAX_SUBJECTS 512
#define WINS_LIVE_MAX_ADDRESSES 2048

enum wins_live_type {
        WINS_LIVE_SHADOW, /* a machine at ADDRESS lives under a name that a static mapping gives to others */
        WINS_LIVE_MOVED,  /* the machine at ADDRESS, where a static mapping leads, has another name */
        WINS_LIVE_TWINS,  /* two machines, ADDRESS and OTHER, are one multihomed record */
        WINS_LIVE_TYPES,
};

struct wins_live_finding {
        enum wins_live_type type;
        const struct wins_record *record;
        uint32_t address, other;
};

/* A record to be looked into: a static mapping of a computer, or a multihomed record. */
struct wins_live_subject {
        struct wins_record record;
        uint32_t claimant; /* who was refused its name; 0: nobody is known */
};

struct wins_live {
        struct arena arena;
        size_t subject_count;
        struct wins_live_subject *subjects; /* WINS_LIVE_MAX_SUBJECTS */
        uint64_t left_out;                  /* subjects beyond that */
        size_t silent_count;                /* static mappings none of whose addresses answered */
};

/* NBT_ERR_NOMEM. */
int wins_live_init(struct wins_live *live) NBT_MUST_CHECK;
void wins_live_done(struct wins_live *live);

/* RECORD if it is worth asking about; otherwise nothing happens. */
void wins_live_add(struct wins_live *live, const struct wins_record *record, uint32_t claimant);

/* Asks, and hands what is found to TELL. CLI_EXIT_OK; that the network cannot be asked is told as a note. */
int wins_live_run(struct wins_live *live, const struct cli_context *ctx,
                  void (*tell)(void *context, const struct wins_live_finding *finding), void *context);

const char *wins_live_str(enum wins_live_type type); /* "static hides live machine"; never NULL */
