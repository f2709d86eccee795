#pragma once
/* The rows of a timeline, for people and for programs. */
#include "base/strbuf.h"
#include "diagnose/timeline.h"

#include <jansson.h>

/* "2026-11-23T06:14:04Z  site.pcap, packet 17  10.77.0.2 -> 10.77.0.3  negative registration response, FILESRV<20>". */
void diagnose_timeline_format(struct strbuf *sb, const struct timeline_row *row);

/* The rows as dist/diagnose.schema.json describes them; NULL: no memory. */
json_t *diagnose_timeline_json(const struct timeline *timeline);
