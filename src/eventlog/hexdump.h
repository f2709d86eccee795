#pragma once
/*
 * Reading binary data that stands in a text as hexadecimal (or PowerShell's decimal list), line by line.
 */
#include "eventlog/parse.h"
#include "eventlog/span.h"

#define EVENT_HEXDUMP_MAX_BYTES 512

/* The lines of a text; number[i] of the first is 1. */
struct event_lines {
        const struct span *items;
        size_t count;
};

struct event_hexdump {
        enum event_form form;
        bool cut; /* a list that PowerShell ended with "..." */
        size_t len_bytes;
        uint8_t bytes[EVENT_HEXDUMP_MAX_BYTES]; /* in the order of memory, whatever the view */
};

/* Does a dump begin in line INDEX? */
bool event_hexdump_starts(const struct event_lines *lines, size_t index);

/*
 * Reads the dump that begins in line *INDEX and moves *INDEX behind it, also when that fails: RET_PROBLEM then tells the
 * line, and the result is NBT_ERR_MALFORMED. Reads as many bytes as the record in it promises; whether the record is
 * whole is not asked here.
 */
int event_hexdump_read(const struct event_lines *lines, size_t *index, struct event_hexdump *ret,
                       struct event_problem *ret_problem) NBT_MUST_CHECK;

/* Reads hexadecimal digits and blanks only, as in <Binary>. NBT_ERR_MALFORMED, NBT_ERR_RANGE if there are too many. */
int event_hexdump_read_plain(struct span text, struct event_hexdump *ret) NBT_MUST_CHECK;
