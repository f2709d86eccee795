#pragma once
/*
 * Where the daemon's NetBT events go: the event log on disk, the journal, and a line on stderr.
 *
 * A log that cannot be opened is set aside when damaged; when it cannot be written, events still reach journal and stderr.
 */
#include "base/instant.h"
#include "eventlog/event.h"

#include <stdbool.h>

struct events;

/* Opens STATE_DIR/events.db for COMPUTER. NBT_ERR_NOMEM only; a log that fails says so in a line. */
int events_new(struct events **ret, const char *state_dir) NBT_MUST_CHECK;
struct events *events_free(struct events *events);

/* What stands as "computer" in each event. */
void events_set_computer(struct events *events, const char *computer);

/* A demand is logged when it comes and judged later; the judgement becomes the note of the row that is there. */
enum events_phase {
        EVENTS_WHOLE,
        EVENTS_OPENED,
        EVENTS_CONCLUDED,
        EVENTS_SAID, /* whole, and standard error has heard of it */
};

/* Takes EVENT, which lacks just time and computer. A conclusion without a row of its own becomes one. */
void events_append(struct events *events, const struct event *event, enum events_phase phase, mono_t now, wall_t wall);

/* When counts of repeats are due to be stored (MONO_NEVER: nothing waits); stores those due by NOW; rows written since the start. */
mono_t events_deadline(const struct events *events);
void events_flush(struct events *events, mono_t now);
uint64_t events_written(const struct events *events);
