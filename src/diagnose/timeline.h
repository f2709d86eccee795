#pragma once
/*
 * A timeline: what happened, in order of time, whichever source tells it: an event log, an event of another program beside it, a
 * capture. One row a happening, all rows of one form, so that the logs of several machines and the packets between them read as
 * one story.
 *
 * Rows are plain data. Their texts are lent: by the snapshot, by the arena, or static.
 */
#include "diagnose/case.h"
#include "diagnose/skew.h"

enum timeline_kind {
        TIMELINE_EVENT,     /* one of NetBT's, 4319 to 4321 */
        TIMELINE_COMPANION, /* an event of another source in a log */
        TIMELINE_PACKET,    /* one of a capture */
        TIMELINE_KIND_MAX,
};

struct timeline_row {
        enum timeline_kind kind;
        bool has_time;
        wall_t time;          /* by the clock of the source */
        int64_t ahead_us;     /* so far is that clock ahead of the one that orders the rows; 0 if that is not known */
        const char *source;   /* "event log of this machine", "site.pcap"; never NULL */
        uint64_t number;      /* of the record in the log, or of the frame in the capture; 0: unknown */
        const char *computer; /* whose log it is, as the event says; NULL if it does not */
        const char *what;     /* "event 4320: name release demand"; never NULL */
        uint32_t from, to;    /* who did it to whom; 0: unknown, or nobody in particular */
        uint32_t naming;      /* the address that a packet names, if it is not its sender's; else 0 */
        uint64_t repeated;    /* so many more like it followed */
        bool has_name;
        struct nb_name name;
};

struct timeline {
        size_t count;
        struct timeline_row *rows; /* in the arena; earliest first, those without a time last */
};

/* The events, the companions and the decisive packets of case C, in ARENA. NBT_ERR_NOMEM. */
int timeline_of_case(const struct snapshot *snapshot, const struct diagnose_case *c, struct arena *arena,
                     struct timeline *ret) NBT_MUST_CHECK;

/* All that SNAPSHOT holds of what is asked about (snapshot_wants()), in ARENA. NBT_ERR_NOMEM. */
int timeline_of_all(const struct snapshot *snapshot, struct arena *arena, struct timeline *ret) NBT_MUST_CHECK;

/* From now on the rows' order is that of the reference's clock: each row learns how far its machine's clock is ahead. NBT_ERR_NOMEM. */
int timeline_apply_skew(struct timeline *timeline, const struct skew *skew) NBT_MUST_CHECK;

/* When it happened by the clock that orders the rows. */
static inline wall_t timeline_row_time(const struct timeline_row *row)
{
        return (wall_t){row->time.us - row->ahead_us};
}

/*
 * Puts COUNT rows in order of time. Rows of one time keep their order, and so do those without a time, which go last: sources
 * that are each in order are merged. NBT_ERR_NOMEM: the rows are as they were.
 */
int timeline_sort(struct timeline_row *rows, size_t count) NBT_MUST_CHECK;

/* "event", "companion", "packet"; "" for a value outside the enum. */
const char *timeline_kind_str(enum timeline_kind kind);
