#pragma once
/*
 * A case: one name that is, or was said to be, held twice; with everyone who seems to hold it too.
 *
 * Cases are built from four things: names in Conflict in the local name table, events, answers for our own names
 * from other machines, and what captures show. Events 4319 and 4320 carry no name, only the sender: such an event belongs to the
 * name whose conflict peer it is, else to the one that the sender is seen to demand in a capture, else to the unique names that
 * the sender's table shares with ours, else it is a case without a name.
 */
#include "base/arena.h"
#include "diagnose/snapshot.h"

#define CASE_MAX 64
#define CASE_MAX_HOLDERS 16
#define CASE_MAX_EVENTS 8
#define CASE_MAX_DISPUTES 6

/* An address other than the loser's that has to do with the name. */
struct case_holder {
        uint32_t address;
        const struct snapshot_host *host; /* NULL if it was not to be asked */
        const struct nbstat_table *names; /* snapshot_names(); NULL: not known */
        bool in_table;                    /* its own name table lists the name as its own */
        bool answered;                    /* it answered a query for the name, by its own address */
        bool told_by_wins;                /* a WINS server (or proxy) gave this address for the name */
        bool refused;                     /* event 4321 says that it did not allow the name */
        bool demanded;                    /* event 4319 or 4320 came from it */
        bool took;                        /* the local node names it as the one who took the name, or found it */
        uint16_t seen; /* what captures show of it as a holder of the name: bits 1 << enum watch_proof_kind */
};

struct diagnose_case {
        bool has_name;
        struct nb_name name;
        bool here; /* the loser is this machine */
        uint32_t address;
        const char *iface;    /* label of the loser's interface; NULL if unknown */
        const char *computer; /* the loser's NetBIOS computer name; NULL if unknown */
        bool in_conflict;     /* its table says so now */
        bool registered;      /* its table says that the name is its own now */
        uint32_t sender;      /* of the newest event, else the conflict peer; 0 if unknown */
        uint32_t recorded;  /* a WINS server's record of the name lists the loser's own addresses only, but not the one
                                 that lost it: the first of them; else 0 */
        size_t event_count; /* all that belong here; the first CASE_MAX_EVENTS are kept, newest first */
        const struct snapshot_event *events[CASE_MAX_EVENTS];
        size_t dispute_count; /* all that captures show; the first CASE_MAX_DISPUTES are kept */
        const struct capture_dispute *disputes[CASE_MAX_DISPUTES];
        size_t holder_count;
        struct case_holder holders[CASE_MAX_HOLDERS];
};

struct case_list {
        size_t count;
        struct diagnose_case *cases; /* in the arena */
};

/* The cases of SNAPSHOT, in ARENA: those in conflict now first, then by newest event; at most CASE_MAX. NBT_ERR_NOMEM. */
int case_list_build(const struct snapshot *snapshot, struct arena *arena, struct case_list *ret) NBT_MUST_CHECK;

/* The newest event, or NULL. */
const struct snapshot_event *case_event(const struct diagnose_case *c);

/* What the node found about the demands of the newest event's sender: the newest word on it. */
enum snapshot_verification case_verification(const struct diagnose_case *c);

/*
 * Why FROM is an address that nobody honest could have sent a demand from: no single host's (a broadcast, multicast or loopback one),
 * or that of the machine it was sent to, which has no other and is no WINS server. NULL if it is none of these.
 */
const char *case_why_impossible(const struct snapshot *snapshot, const struct diagnose_case *c, uint32_t from);
/* Of these, the last: the newest event is such a demand. */
bool case_is_self_forged(const struct snapshot *snapshot, const struct diagnose_case *c);

/* Is ADDRESS the loser itself (any of its addresses, as far as they are known)? */
bool case_is_own(const struct snapshot *snapshot, const struct diagnose_case *c, uint32_t address);

/* The holder at ADDRESS, or NULL. */
const struct case_holder *case_find_holder(const struct diagnose_case *c, uint32_t address);

/* Its own name table was read, and does not list the name. */
bool case_holder_lacks(const struct case_holder *holder);

/* Someone who holds the name now, as far as answers tell: in its table, else answered; NULL: nobody. */
const struct case_holder *case_live_holder(const struct diagnose_case *c);

/*
 * Does a WINS server send whoever asks for the name, which is this machine's, elsewhere? A database or an answer gives it to others only; or
 * also to a machine that has another name.
 */
bool case_is_misdirected(const struct snapshot *snapshot, const struct diagnose_case *c);

/*
 * A thing of the past: the name is this machine's again (or no longer used here), nobody else holds it, and no forged
 * demand is to be thought of.
 */
bool case_is_settled(const struct snapshot *snapshot, const struct diagnose_case *c);

/* The dispute in a capture over which SENDER (0: anybody) sent something: refused, or with DEMANDED demanded it. NULL: none. */
const struct capture_dispute *case_find_dispute(const struct diagnose_case *c, uint32_t sender, bool demanded);

/* All that is known of it is that captures show two who hold the name; neither ever objected to the other. */
bool case_is_silent(const struct diagnose_case *c);

enum case_user { CASE_USER_NO, CASE_USER_YES, CASE_USER_UNKNOWN };

/* Is the name a user's (<03> and not the loser's computer name)? */
enum case_user case_name_is_user(const struct diagnose_case *c);

/* Does another source's event speak of this conflict: by name, by address, or by what it means at that time? */
bool case_has_companion(const struct diagnose_case *c, const struct companion *companion);
