#pragma once
/*
 * One event while it is being put together from pasted text: what the readers of fields, sentences, XML and dumps found,
 * before it is known whether it makes a NetBT event.
 */
#include "eventlog/companion.h"
#include "eventlog/hexdump.h"
#include "eventlog/parse.h"
#include "eventlog/sentence.h"

/* What a headed line can tell; each at most once an event. */
enum event_field {
        EVENT_FIELD_ID,
        EVENT_FIELD_INSTANCE_ID, /* the whole code in decimal */
        EVENT_FIELD_QUALIFIERS,
        EVENT_FIELD_SOURCE,
        EVENT_FIELD_LEVEL,
        EVENT_FIELD_LEVEL_NAME,
        EVENT_FIELD_TYPE,
        EVENT_FIELD_DATE,
        EVENT_FIELD_TIME,
        EVENT_FIELD_TIME_WRITTEN,
        EVENT_FIELD_COMPUTER,
        EVENT_FIELD_RECORD,
        EVENT_FIELD_MESSAGE,
        EVENT_FIELD_DATA,
        EVENT_FIELD_NAME,
        EVENT_FIELD_INTERFACE,
        EVENT_FIELD_REPEATED,
        EVENT_FIELD_LAST_TIME,
        EVENT_FIELD_NOTE,
        EVENT_FIELD_XML,   /* "Event Xml:" */
        EVENT_FIELD_START, /* "Event[0]:" */
        EVENT_FIELD_OTHER, /* known, and of no use */
        EVENT_FIELD_MAX,
};

struct event_draft {
        struct event_reading reading; /* filled as far as known */
        uint32_t seen;                /* bit (1u << enum event_field) */
        bool has_id;                  /* a field or XML told it: */
        uint32_t told_id;             /* the id, or the whole code */
        bool has_qualifiers;
        uint32_t qualifiers;
        char source[48];
        size_t data_len_bytes;
        uint8_t data[EVENT_HEXDUMP_MAX_BYTES];
        unsigned data_line;
        struct span description; /* running text of the event, for those of other sources; lent */
        size_t string_count;     /* of XML, with the I/O system's %1 */
        char strings[LOG_RECORD_MAX_STRINGS][EVENT_STRING_BYTES];
};

/* An empty draft that begins at LINE. */
void event_draft_init(struct event_draft *draft, unsigned line);

/* True if anything was found that could make an event. */
bool event_draft_has_substance(const struct event_draft *draft);

/* The field that KEY ("Event ID", in any of the tools' spellings) stands for. */
bool event_field_of_key(struct span key, enum event_field *ret);

/* Recognises a line "Event ID: 4320" in any of the tools' spellings; RET_VALUE is what follows the colon. */
bool event_field_recognise(struct span line, enum event_field *ret, struct span *ret_value);

/* Takes the value of FIELD; a value that cannot be what it should be is warned of or left out. */
void event_draft_take_field(struct event_draft *draft, enum event_field field, struct span value);

void event_draft_take_sentence(struct event_draft *draft, const struct event_sentence *sentence);

/* LINE is where the dump began. */
void event_draft_take_data(struct event_draft *draft, const struct event_hexdump *dump, unsigned line);

/* Takes what an <Event> element tells. NBT_ERR_MALFORMED, RET_TEXT then tells what was expected. */
int event_draft_take_xml(struct event_draft *draft, struct span element, unsigned line,
                         char ret_text[EVENT_WARNING_BYTES]) NBT_MUST_CHECK;

/* Adds a sentence to the warnings; what is over EVENT_MAX_WARNINGS is left out. */
void event_draft_warn(struct event_draft *draft, const char *format, ...) NBT_PRINTF(2, 3);

/* Running text up to the end of TEXT belongs to the draft's event. */
void event_draft_take_description(struct event_draft *draft, struct span text);

/* Is the draft, which is none of NetBT's events, one of those that a conflict leaves beside them? */
bool event_draft_companion(const struct event_draft *draft, struct companion *ret);

/*
 * Decides what the draft is and completes its reading. 0: a NetBT event. NBT_ERR_UNSUPPORTED: another source's.
 * NBT_ERR_NOT_FOUND: nothing. Others: it cannot be read. RET_PROBLEM is filled on all but 0 and NOT_FOUND.
 */
int event_draft_finish(struct event_draft *draft, struct event_problem *ret_problem) NBT_MUST_CHECK;

/* ---- tables of events (csvevent.c) ---- */

#define EVENT_CSV_MAX_COLUMNS 40

/* The layout of the table that is being read; zeroed: none is. */
struct event_csv {
        size_t count; /* of columns; rows may have more: the first of those is the description unless a column is */
        enum event_field columns[EVENT_CSV_MAX_COLUMNS];
        char separator;
        bool has_message;
};

struct event_csv_row {
        size_t count;
        struct span cells[EVENT_CSV_MAX_COLUMNS]; /* without their quotation marks; those within are doubled still */
        size_t len;                               /* of the row, without its line end */
};

enum event_csv_found { EVENT_CSV_NONE, EVENT_CSV_HEAD, EVENT_CSV_ROW };

/* What TEXT, which begins at the start of a line, begins with. RET is filled for a head and a row. */
enum event_csv_found event_csv_read(struct event_csv *csv, struct span text, struct event_csv_row *ret);

/* Takes one of each two quotation marks from TEXT, in place; its length then. */
size_t event_csv_unquote(char *text, size_t len);
