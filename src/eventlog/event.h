#pragma once
/*
 * One NetBT event as a value: what Windows' System log would hold for source NetBT, ids 4300 to 4322
 * (public SDK header netevent.h; record layout from wdm.h IO_ERROR_LOG_PACKET and observed records).
 */
#include "base/instant.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_ID_FIRST 4300
#define EVENT_ID_LAST 4322
#define EVENT_ID_DUPLICATE_NAME 4319
#define EVENT_ID_NAME_RELEASE 4320
#define EVENT_ID_DUPLICATE_NAME_ERROR 4321
#define EVENT_ID_NO_RESOURCES 4322

#define EVENT_MAX_STRINGS 4
#define EVENT_STRING_BYTES 96
#define EVENT_MAX_DATA_BYTES 240 /* ERROR_LOG_MAXIMUM_SIZE of wdm.h */

enum event_level { EVENT_LEVEL_ERROR = 2, EVENT_LEVEL_WARNING = 3, EVENT_LEVEL_INFORMATION = 4, EVENT_LEVEL_MAX };

struct event {
        uint64_t record; /* running number in the log it came from; 0 if unknown */
        wall_t time;     /* 0 if unknown */
        uint16_t id;
        uint32_t code; /* the full dword, 0xC00010E0 */
        enum event_level level;
        char computer[64];
        size_t string_count; /* driver strings, from %2 on */
        char strings[EVENT_MAX_STRINGS][EVENT_STRING_BYTES];
        size_t data_len_bytes;
        uint8_t data[EVENT_MAX_DATA_BYTES]; /* the binary data, as stored */
        uint64_t repeated;                  /* equal events folded into this one after it was written; 0 if none */
        wall_t last_time;                   /* of the last of those */
        /* What Windows does not record and we do; empty when read from elsewhere. */
        char interface[32];
        char name[80];  /* "FILESRV<20>" */
        char note[160]; /* our own words: what verification found, what was done */
};
