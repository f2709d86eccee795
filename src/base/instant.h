#pragma once
/*
 * Two kinds of time, as two types that cannot be mixed.
 *
 * mono_t drives retransmission, refresh and rate limits: it never jumps, and means nothing after a
 * restart. wall_t is the calendar: it may jump, and is what is shown and stored. Neither is ever read
 * here: only src/io reads clocks.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
        int64_t ns;
} mono_t; /* nanoseconds since an arbitrary start */

typedef struct {
        int64_t us;
} wall_t; /* microseconds since 1970-01-01T00:00:00Z */

#define MONO_NEVER ((mono_t){INT64_MAX})

static inline mono_t mono_add_ms(mono_t t, uint64_t ms)
{
        const int64_t limit = (INT64_MAX - (t.ns > 0 ? t.ns : 0)) / 1000000;

        if (ms >= (uint64_t)limit)
                return MONO_NEVER;
        return (mono_t){t.ns + (int64_t)ms * 1000000};
}

static inline bool mono_is_due(mono_t deadline, mono_t now)
{
        return deadline.ns <= now.ns;
}

static inline mono_t mono_min(mono_t a, mono_t b)
{
        return a.ns < b.ns ? a : b;
}

/* Whole milliseconds from EARLIER to LATER; 0 if LATER is not later. */
static inline uint64_t mono_elapsed_ms(mono_t earlier, mono_t later)
{
        return later.ns <= earlier.ns ? 0 : (uint64_t)(later.ns - earlier.ns) / 1000000;
}

/* "2026-11-23T06:14:04.000123Z" needs 28 bytes with its NUL. */
#define WALL_TEXT_BYTES 32

/* Formats as ISO 8601 in UTC with microseconds ("…Z"); RET_TEXT holds WALL_TEXT_BYTES. */
void wall_format(wall_t t, char ret_text[WALL_TEXT_BYTES]);

/*
 * Parses ISO 8601: date, 'T' or blank, time to the second, optional fraction of any length (cut to
 * microseconds), optional zone "Z" or "+hh:mm" (absent: UTC). A bare date means its midnight.
 * NBT_ERR_MALFORMED if it is anything else.
 */
int wall_parse(const char *text, wall_t *ret) __attribute__((warn_unused_result));
