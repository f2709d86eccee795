#pragma once
/* What `netbt watch` prints: each change one line of text or one JSON object, rows of its table, and the sum at the end. */
#include "cli/cli.h"

#include "base/strbuf.h"
#include "watch/watch.h"

#include <jansson.h>

/* One line without its newline: "2026-11-23T06:14:04.000123Z conflict FILESRV<20>: 10.77.0.3 (02-…) […] and …". */
void watch_print_event(struct strbuf *sb, const struct watch_event *event);
/* {"time","event","frame","name","suffix","bytes","scope","holder","peer","server","finding"}; NULL: no memory. */
json_t *watch_json_event(const struct watch_event *event);

/* "FILESRV<20>  10.77.0.3  02-…  held  unique  first … last …". */
void watch_print_row(struct strbuf *sb, const struct watch_row *row);
json_t *watch_json_row(const struct watch_row *row);
json_t *watch_json_finding(const struct watch_finding *finding);

/* What one piece of evidence says, in a sentence without its full stop. */
void watch_print_evidence(struct strbuf *sb, const struct watch_evidence *evidence);

/* What was read, dropped and found: one line, or one object {"event":"summary"}. DROPS is the kernel's and the capture's. */
void watch_print_summary(struct strbuf *sb, const struct watch *watch, uint64_t drops);
json_t *watch_json_summary(const struct watch *watch, uint64_t drops);

/* Is EVENT one that calls for an alert? */
bool watch_is_alarm(const struct watch_event *event);
