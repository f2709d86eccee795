#pragma once
/* Events of the log in each of the formats of `netbt events`. */
#include "cli/cli.h"
#include "eventlog/event.h"

enum event_format {
        EVENT_FORMAT_LIST, /* a row each */
        EVENT_FORMAT_TEXT, /* as Event Viewer's Copy */
        EVENT_FORMAT_BYTES,
        EVENT_FORMAT_WORDS,
        EVENT_FORMAT_XML,
        EVENT_FORMAT_JSON,
        EVENT_FORMAT_MAX,
};

/* The format of that name; NBT_ERR_MALFORMED if there is none. */
int event_format_parse(const char *name, enum event_format *ret) NBT_MUST_CHECK;

/* The heading of the list; nothing in other formats. */
void event_print_head(const struct cli_context *ctx, enum event_format format);

/* One event; JSON as one object on one line. A format of several lines a piece begins with an empty line unless FIRST.
 * NBT_ERR_NOMEM. */
int event_print(const struct cli_context *ctx, enum event_format format, const struct event *event,
                bool first) NBT_MUST_CHECK;
