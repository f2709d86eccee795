#pragma once
/*
 * The notes that netbtd adds to its events: what became of a demand or a refusal, in words for people. They are written
 * and read here, so that whoever changes the words changes both; a note of other words is read as EVENT_NOTE_NONE.
 */
#include "eventlog/event.h"

enum event_note_kind {
        EVENT_NOTE_NONE,
        EVENT_NOTE_PENDING,       /* a demand came: others are being asked */
        EVENT_NOTE_OBEYED,        /* taken at its word, by policy */
        EVENT_NOTE_HELD,          /* another holder was found */
        EVENT_NOTE_UNFOUNDED,     /* nobody else holds the name */
        EVENT_NOTE_IGNORED,       /* by policy */
        EVENT_NOTE_IGNORED_GROUP, /* a group name is never in conflict (KB314696) */
        EVENT_NOTE_REFUSED,       /* a claim or refresh of ours was refused */
        EVENT_NOTE_MAX
};

struct event_note {
        enum event_note_kind kind;
        uint32_t peer;     /* UNFOUNDED: who sent the demand; not read back */
        uint32_t holder;   /* HELD, REFUSED: who holds the name; 0 if not known */
        bool by_wins;      /* OBEYED, REFUSED: a WINS server's word; not read back */
        const char *rcode; /* REFUSED: the reason's name, "ACT_ERR"; not read back */
};

/* Writes the note's text, of less than SIZE_BYTES; "" for EVENT_NOTE_NONE. */
void event_note_format(const struct event_note *note, char *text, size_t size_bytes);

/* Never fails: what cannot be read is left 0. */
struct event_note event_note_read(const char *text);
