#pragma once
/*
 * How far the clocks of the machines stand apart whose logs are read as one.
 *
 * Only evidence counts. Two machines that logged the same conflict saw it within moments of each other: where the one's event names the
 * other's address (4319, 4320, 4321), where both tell of one address in two places (Tcpip 4198, 4199), or where each names the other as
 * its rival (browser 8003), the distance of the two records is the distance of the clocks. So is that of a record and the packet in a
 * capture that made it: whoever captured has a clock, too. A log that holds another machine's records with
 * the time when it got them tells of both clocks, too. Several conflicts of the same two machines must agree on one distance; a distance that
 * only one pair tells is believed if no other pair could be meant. Otherwise it is unknown, and it is said why.
 *
 * A machine is a computer in a log: two machines may have one name, which is what this house is about.
 */
#include "diagnose/snapshot.h"

#include "base/arena.h"

#define SKEW_MAX_MACHINES 24

struct skew_machine {
        const char *source;   /* the log, or the capture; never NULL */
        const char *computer; /* as its events say; NULL if they do not, and for a capture */
        const char *label;    /* "FILESRV", or "FILESRV (System.evtx)" where that is needed to tell it from another */
        size_t event_count;   /* with those of other sources; 0: a capture */
        bool is_reference;    /* the others' clocks are compared with its; it is known */
        bool is_known;
        int64_t ahead_us;  /* its clock less the reference's */
        int64_t within_us; /* give or take so much */
        const char
                *how; /* what it was estimated from, or why it could not be; a clause without a full stop; never NULL */
};

struct skew {
        size_t count; /* 0 or 1: nothing to compare */
        struct skew_machine machines[SKEW_MAX_MACHINES];
};

/* The clocks of the machines that SNAPSHOT has events of, in ARENA; lends from the snapshot. NBT_ERR_NOMEM. */
int skew_estimate(const struct snapshot *snapshot, struct arena *arena, struct skew *ret) NBT_MUST_CHECK;

/* The machine of an event; NULL if it is not among them. COMPUTER may be NULL. */
const struct skew_machine *skew_find(const struct skew *skew, const char *source, const char *computer);

/* The label of the machine whose clock the others are compared with. */
const char *skew_reference(const struct skew *skew);

/* "its clock is 4 min 58 s ahead of FILESRV's, give or take 15 s: from …", "unknown: …"; in ARENA, "…" if memory ran out. */
const char *skew_describe(const struct skew *skew, const struct skew_machine *machine, struct arena *arena);
