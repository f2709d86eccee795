#pragma once
/*
 * What captures show of the names in question, as plain data: the tracker's views (watch/watch.h) with the files that its frames
 * stand in.
 *
 * Whoever collects it owns it all. Each packet is told with file, number and time, so that a reader can look at it himself.
 */
#include "watch/watch.h"
#include "wire/nbstat.h"

/* One packet, or several alike that came one soon after the other. */
struct capture_packet {
        const char *source; /* the file */
        uint64_t frame;     /* its number there, from 1 */
        wall_t time;        /* 0: the file tells none */
        enum watch_packet_kind kind;
        struct nb_name name;
        uint32_t from, to;
        uint32_t address; /* that it names: the claimed, the answered one; 0: none */
        bool group;
        uint32_t repeated;   /* so many more like it followed */
        uint64_t last_frame; /* of these */
};

enum capture_dispute_how {
        CAPTURE_REFUSED,   /* SENDER refused the name to LOSER */
        CAPTURE_DEMANDED,  /* SENDER demanded it of LOSER */
        CAPTURE_BOTH_HOLD, /* nobody objected, but LOSER and OTHER both show that they hold it */
        CAPTURE_LISTED,    /* LOSER's own name table lists it in the state Conflict */
};

#define CAPTURE_PROOFS 4

/* A unique name that two contend for, or of which one was told to give it up. */
struct capture_dispute {
        enum capture_dispute_how how;
        struct nb_name name;
        uint32_t loser;
        uint32_t sender;    /* 0 if nobody sent anything */
        uint32_t other;     /* who holds the name too; 0: nobody was seen to */
        bool by_server;     /* SENDER is a name server: it speaks for a record, and holds nothing */
        bool over;          /* one of the two gave the name up later */
        uint32_t repeated;  /* the same was seen so many times more */
        wall_t first, last; /* when it was seen */
        size_t packet_count;
        struct capture_packet packets[CAPTURE_PROOFS]; /* what proves it, in order of time */
};

/* Who holds a name in question, or wants it. */
struct capture_claimant {
        struct nb_name name;
        struct watch_holder holder; /* its proof's frame is PROOF's */
        struct capture_packet proof;
};

/* A machine that has to do with one of the names. */
struct capture_machine {
        uint32_t address;
        bool has_mac; /* one of its own: a router's is left out */
        uint8_t mac[6];
        bool server; /* seen to work as a name server */
        bool proxy;
        wall_t last;
        /* Its unique names, as it told itself; COMPLETE: in a node status response, so that it had no others. NULL: none. */
        const struct nbstat_table *names;
        bool complete;
};

/* One file as it was read. */
struct capture_read {
        const char *name;
        uint64_t frames;
};

struct captures {
        size_t file_count;
        const struct capture_read *files;
        uint64_t name_service;      /* packets of it among all frames */
        size_t names, all_machines; /* so many were seen */
        const char *label;          /* "site.pcap", "3 captures"; NULL: none was given */
        bool ours;                  /* this machine was seen there: its own addresses are meant */
        size_t dispute_count;
        const struct capture_dispute *disputes; /* in order of time */
        size_t claimant_count;
        const struct capture_claimant *claimants;
        size_t machine_count;
        const struct capture_machine *machines;
        size_t packet_count;
        const struct capture_packet *packets; /* all of the one name that was asked for, in order of time */
        uint64_t omitted;                     /* so many more, from their middle, were too many */
};

/* What the captures show of the machine at ADDRESS; NULL: nothing, or it has to do with none of the names. */
const struct capture_machine *capture_find_machine(const struct captures *captures, uint32_t address);

/* The claimant of NAME at ADDRESS; NULL: not seen. */
const struct capture_claimant *capture_find_claimant(const struct captures *captures, const struct nb_name *name,
                                                     uint32_t address);

/* Did A or B say, by a claim or an answer of its own, that both addresses are its? */
bool capture_is_linked(const struct captures *captures, uint32_t a, uint32_t b);

/*
 * The demand that SENDER sent at TIME (0: unknown) as an event tells it, in a capture: about the name of the dispute that is given back.
 * NULL: none was seen, or several for different names.
 */
const struct capture_dispute *capture_find_demand(const struct captures *captures, uint32_t sender, wall_t time);

/* What a holder shows of itself, as groups of proofs that do not follow from each other: it registered the name, refused it to
 * another, listed it in its table, answered for it. How many of the four. PROOFS: bits of watch_holder. */
unsigned capture_count_proofs(uint16_t proofs);
/* Does it say itself that it holds the name: more than that it answered for it? */
bool capture_is_own_word(uint16_t proofs);
