#pragma once
/*
 * Reading pasted text back into NetBT events, whatever it was copied from: the Bytes or Words view of Event Viewer (with
 * or without offsets and ASCII column, wrapped or not), xxd and hexdump -C, XML, the lists of Get-WinEvent, Get-EventLog
 * and wevtutil, tables saved as CSV or text, dcdiag's report, bare hexadecimal, or just the sentence of the message in either wording. One text may
 * hold several events, and events of other sources, which are left out and counted.
 *
 * Pure: the text is lent, results live in the caller's arena. UTF-8, and UTF-16 with a byte order mark.
 */
#include "base/arena.h"
#include "eventlog/catalogue.h"
#include "eventlog/companion.h"
#include "eventlog/record.h"

#define EVENT_TEXT_MAX_BYTES (16u << 20)
#define EVENT_MAX_WARNINGS 6
#define EVENT_WARNING_BYTES 176
#define EVENT_MAX_PROBLEMS 32
#define EVENT_MAX_COMPANIONS 128

/* What an event, or its binary data, was recognised as. */
enum event_form {
        EVENT_FORM_NONE,
        EVENT_FORM_BYTES,    /* bytes view */
        EVENT_FORM_WORDS,    /* words view */
        EVENT_FORM_HEX,      /* bare hexadecimal */
        EVENT_FORM_DECIMAL,  /* PowerShell's {0, 0, 4, 0} */
        EVENT_FORM_XML,      /* <Event> */
        EVENT_FORM_LIST,     /* "Event ID: 4320" and the like, a field a line */
        EVENT_FORM_CSV,      /* a row of a table: CSV, or text with tabs */
        EVENT_FORM_DCDIAG,   /* dcdiag's report */
        EVENT_FORM_SENTENCE, /* the message alone */
        EVENT_FORM_BINARY,   /* the record's bytes themselves, not as text */
        EVENT_FORM_LOG,      /* a record of a log file (logrecord.h) */
        EVENT_FORM_MAX,
};

struct event_reading {
        unsigned line;             /* where it begins, counted from 1; 0: no text */
        enum event_form form;      /* what the whole was */
        enum event_form data_form; /* what its binary data was; NONE if there is none */
        enum event_wording wording;
        bool has_message;   /* the message's sentence was there */
        struct event event; /* all that was told; id and code are always set */
        char time_text[48]; /* the time as pasted, where it is not ISO 8601 (event.time is 0 then) */
        bool has_record;
        struct event_record record; /* the decoded data */
        bool has_address;
        uint32_t address; /* 4319, 4320: sender; 4321: who refused */
        bool has_interface_address;
        uint32_t interface_address; /* 4321: ours */
        bool has_name;
        uint8_t name[16]; /* 4321: the name and suffix */
        size_t warning_count;
        char warnings[EVENT_MAX_WARNINGS][EVENT_WARNING_BYTES]; /* what does not fit together, in whole sentences */
};

/* A piece of the text that could not be read. */
struct event_problem {
        unsigned line;
        int code;                       /* enum nbt_err */
        char text[EVENT_WARNING_BYTES]; /* what is wrong and what was expected; no line number, no final stop */
};

struct event_readings {
        size_t count;
        const struct event_reading *items;
        size_t problem_count;
        struct event_problem problems[EVENT_MAX_PROBLEMS];
        size_t foreign_count;         /* events of other sources */
        struct event_problem foreign; /* the first of those: whose it is */
        size_t companion_count;       /* of them, those that concern conflicts; the first EVENT_MAX_COMPANIONS */
        const struct companion *companions;
};

/*
 * Reads TEXT. 0 when at least one NetBT event was found (problems may still tell of others that could not be read).
 * Otherwise RET is filled all the same, problem_count is at least 1, and the result is NBT_ERR_UNSUPPORTED when all there
 * was belongs to other sources, NBT_ERR_NOT_FOUND when there was nothing like an event, or the first problem's code.
 * NBT_ERR_NOMEM (RET untouched); NBT_ERR_RANGE (RET filled) for a text over EVENT_TEXT_MAX_BYTES.
 */
int event_text_parse(const char *text, size_t len_bytes, struct arena *arena,
                     struct event_readings *ret) NBT_MUST_CHECK;

/*
 * The same of one record of a log file. NBT_ERR_UNSUPPORTED: another source's; others when its data cannot be read. RET_PROBLEM is
 * then filled, its line is 0.
 */
int event_reading_from_record(const struct log_record *record, struct event_reading *ret,
                              struct event_problem *ret_problem) NBT_MUST_CHECK;

/* "bytes view", "XML", … Static. */
const char *event_form_str(enum event_form form);
