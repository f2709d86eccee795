#pragma once
/* The rows of a timeline, for people and for programs. */
#include "base/strbuf.h"
#include "diagnose/timeline.h"

#include <jansson.h>

/* All that SNAPSHOT holds, in order of the clock that the others are compared with; and the clocks. In ARENA. NBT_ERR_NOMEM. */
int diagnose_timeline_build(const struct snapshot *snapshot, struct arena *arena, struct timeline *ret,
                            struct skew *ret_skew) NBT_MUST_CHECK;

/* "2026-11-23T06:14:04Z  site.pcap, packet 17  10.77.0.2 -> 10.77.0.3  negative registration response, FILESRV<20>"; a clock
 * that is known to be wrong is told with what the reference showed. */
void diagnose_timeline_format(struct strbuf *sb, const struct timeline_row *row);

/* The machines' clocks as dist/diagnose.schema.json describes them; NULL: no memory. */
json_t *diagnose_clocks_json(const struct skew *skew);

/* The rows as dist/diagnose.schema.json describes them; NULL: no memory. */
json_t *diagnose_timeline_json(const struct timeline *timeline);
