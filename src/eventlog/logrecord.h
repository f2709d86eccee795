#pragma once
/*
 * One record of a Windows event log file, of whatever source: what the readers of .evt and .evtx files give, and the NetBT event that
 * it may be. By value; texts are UTF-8, cut to fit at whole characters.
 */
#include "eventlog/event.h"

#define LOG_RECORD_MAX_STRINGS 6
#define LOG_RECORD_SOURCE_BYTES 64

struct log_record {
        uint64_t offset; /* in the file */
        uint64_t record; /* its number in the log */
        wall_t time;     /* when it happened; 0 if unknown */
        wall_t written;  /* when the log got it, by the clock of whoever keeps the log; 0 if unknown */
        uint32_t code;   /* qualifiers and id */
        enum event_level level;
        char source[LOG_RECORD_SOURCE_BYTES];
        char computer[64];
        size_t string_count; /* with the driver's empty %1 */
        char strings[LOG_RECORD_MAX_STRINGS][EVENT_STRING_BYTES];
        size_t data_len_bytes;
        uint8_t data[EVENT_MAX_DATA_BYTES];
};

/* The id alone. */
static inline uint16_t log_record_id(const struct log_record *record)
{
        return (uint16_t)(record->code & 0xFFFF);
}

/* The record as a NetBT event; false if it is another source's, or no event of NetBT's catalogue. */
bool log_record_to_event(const struct log_record *record, struct event *ret);

/*
 * libevtx gives a record's <Binary> as the last of its strings, in hexadecimal: if the last string, which has TEXT, is the data of a
 * driver's record, it becomes the record's data and is taken from the strings. TEXT is the whole of it, not cut.
 */
void log_record_take_binary(struct log_record *record, const char *text);

/* A count of 100 ns since 1601 as a time; 0 if it is none. */
wall_t log_record_filetime(uint64_t filetime);
