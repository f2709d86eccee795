#pragma once
/*
 * The coalescer: decides which events become rows of the log, and which only raise the count of a row written before.
 *
 * An event equal to a recent one (same id, computer, interface, name, strings, data and note) is folded into it; a flood
 * of different ones is limited, and what is over the limit is told by one event 4322. So however many arrive, few rows
 * are written a second. Pure and of fixed size: time is passed in, the caller writes.
 *
 *   verdict = coalesce_offer(c, event, now, &out)
 *     COALESCE_WRITE  write the event as a new row, then coalesce_written(c, out.slot, record)
 *     COALESCE_FOLDED nothing to do now
 *     COALESCE_FULL   too many different ones: write *out.summary once (if set), as above; else nothing
 *   coalesce_take() once coalesce_deadline() has come: counts that rows are to be updated with
 */
#include "eventlog/event.h"

#define COALESCE_SLOTS 128
#define COALESCE_QUIET_MS 300000u /* a row takes repeats until it was quiet for this long … */
#define COALESCE_ROW_MS 3600000u  /* … or is this old */
#define COALESCE_FLUSH_MS 1000u   /* counts reach their rows this late at most */
#define COALESCE_BURST 100u       /* new rows at once … */
#define COALESCE_RATE_PER_S 10u   /* … and in the long run */

struct coalesce_slot {
        uint64_t key; /* seeded hash of what makes events equal; 0: slot is free */
        uint64_t record;
        uint64_t repeated, written;
        wall_t last_time;
        mono_t first, last;
};

struct coalescer {
        uint64_t seed;
        struct coalesce_slot slots[COALESCE_SLOTS];
        mono_t dirty_since; /* MONO_NEVER if no count waits */
        mono_t budget_time;
        uint64_t budget_milli; /* new rows that may be written now, times 1000 */
};

enum coalesce_verdict { COALESCE_WRITE, COALESCE_FOLDED, COALESCE_FULL };

/* A row whose count is to be stored: repeated and last_time are totals, not differences. */
struct coalesce_update {
        uint64_t record;
        uint64_t repeated;
        wall_t last_time;
};

struct coalesce_offer {
        size_t slot;          /* WRITE, or FULL with a summary */
        bool has_summary;     /* FULL: summary is to be written as a new row */
        struct event summary; /* event 4322; its repeated counts what was not written */
        bool has_evicted;     /* a slot with an unwritten count was needed: store this first */
        struct coalesce_update evicted;
};

/* SEED from the system's random source: strangers must not choose events that collide. */
void coalesce_init(struct coalescer *c, uint64_t seed);

/* Shall EVENT become a row, or be counted in one that is there? RET says which, and what else is to be stored. */
enum coalesce_verdict coalesce_offer(struct coalescer *c, const struct event *event, mono_t now,
                                     struct coalesce_offer *ret);

/* COUNT more events belong to the row RECORD, if it is still followed: what was counted elsewhere. */
void coalesce_raise(struct coalescer *c, uint64_t record, uint64_t count, wall_t time, mono_t now);

/* The row of SLOT was written as RECORD. */
void coalesce_written(struct coalescer *c, size_t slot, uint64_t record);

/* The row could not be written, or is gone: the next equal event makes a new one. */
void coalesce_forget(struct coalescer *c, size_t slot);
void coalesce_forget_record(struct coalescer *c, uint64_t record);

/* When coalesce_take() should next be called; MONO_NEVER if no count waits. */
mono_t coalesce_deadline(const struct coalescer *c);

/* The next waiting count; false when there is none (left). Call until false. */
bool coalesce_take(struct coalescer *c, struct coalesce_update *ret);

/* What was taken could not be stored: it waits again, from NOW on. */
void coalesce_postpone(struct coalescer *c, mono_t now);
