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

/* The first message in TEXT; false if there is none. */
bool event_sentence_find(struct span text, struct event_sentence *ret);
