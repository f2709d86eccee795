#pragma once
/*
 * The catalogue of NetBT's events: one row for each of 4300 to 4322, as the public SDK header netevent.h lists them.
 *
 * Ids, codes, symbols and severities are Windows'. The messages of 4319, 4320 and 4321 are Windows' too, word for word,
 * because administrators and log rules search for them; the others say the same in our own words. Static data; nothing
 * here allocates but the message formatter, into the caller's strbuf.
 */
#include "base/strbuf.h"
#include "eventlog/event.h"

#define EVENT_SOURCE "NetBT"
#define EVENT_CHANNEL "System"

/* Which generation of Windows the message sounds like. */
enum event_wording {
        EVENT_WORDING_MODERN,  /* "computer": Windows Vista and later; what we print */
        EVENT_WORDING_CLASSIC, /* "machine": Windows NT, 2000, XP; recognised on reading */
        EVENT_WORDING_MAX,
};

struct event_kind {
        uint16_t id;
        uint32_t code; /* severity and id: what a record bears as ErrorCode */
        enum event_level level;
        const char *symbol;  /* "EVENT_NBT_NAME_RELEASE" */
        size_t string_count; /* the driver's strings: %2 and on */
        const char *text;    /* message with %2, %3, %4 for the strings */
        const char *classic; /* the older wording, NULL where it is the same */
        const char *meaning; /* one or two sentences of ours for `netbt explain`: what happened, what to look at */
};

/* The row of ID; NULL outside 4300 to 4322. */
const struct event_kind *event_kind_find(uint16_t id);

/* True if CODE is a NetBT event's: its id in range, no facility, not a customer's. The severity is not looked at, because
 * one SDK generation differs in that of 4311. */
bool event_code_is_netbt(uint32_t code);

/* "Error", "Warning", "Information"; "Unknown" otherwise. Static. */
const char *event_level_str(enum event_level level);

/* The level of a name, in any case of letters ("error", "Warning", "info"); NBT_ERR_MALFORMED if it is none. */
int event_level_parse(const char *text, enum event_level *ret) NBT_MUST_CHECK;

/* The level that the severity bits of CODE stand for. */
enum event_level event_level_of_code(uint32_t code);

/* Appends EVENT's message to SB with its strings in place (a missing string leaves "%N"). An id without a row yields a
 * sentence that says so. */
void event_message_format(const struct event *event, enum event_wording wording, struct strbuf *sb);
