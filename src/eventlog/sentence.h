#pragma once
/*
 * Finding the message of a NetBT event in running text: either wording, any case of letters, any line breaks.
 */
#include "eventlog/catalogue.h"
#include "eventlog/span.h"

struct event_sentence {
        uint16_t id;
        enum event_wording wording;
        size_t string_count;
        char strings[EVENT_MAX_STRINGS][EVENT_STRING_BYTES];
        size_t start, end; /* where in the text */
};

/*
 * Does PATTERN stand in TEXT? Letters in any case; a blank covers any blanks and line breaks, a quotation mark any of those in use; "%2" is
 * a quoted string if a quotation mark follows, else an address, and goes to strings[0]; "$0" is a word, and goes to strings[0].
 */
bool event_sentence_match(struct span text, const char *pattern, struct event_sentence *ret);

/* The first message in TEXT; false if there is none. */
bool event_sentence_find(struct span text, struct event_sentence *ret);
