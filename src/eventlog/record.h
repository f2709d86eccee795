#pragma once
/*
 * The binary data of a NetBT event: an IO_ERROR_LOG_PACKET (wdm.h), little-endian, 0x28 bytes and the dump data.
 * And the makers of events: values complete but for what only the caller knows (time, computer, interface, note).
 *
 * Everything is by value; nothing allocates.
 */
#include "eventlog/event.h"

#define EVENT_RECORD_HEADER_BYTES 0x28
#define EVENT_RECORD_MAX_DUMP_BYTES (EVENT_MAX_DATA_BYTES - EVENT_RECORD_HEADER_BYTES)

/*
 * What StringOffset is written. Windows up to 2003 stored the driver's offset + 0x24, later ones store it as it is
 * (0x54 or 0x56 against 0x30 or 0x32). Readers do not care. The default is LEGACY: it gives the 44 bytes of Microsoft's
 * article 315259 exactly, and for 4321 the record of a real Windows XP.
 * ASSUMPTION: MODERN 4319 and 4320 carry 0x32 as a real Windows 10's 4321 does; no record of one is public.
 */
enum event_record_style { EVENT_RECORD_LEGACY, EVENT_RECORD_MODERN };

struct event_record {
        uint8_t major_function;
        uint8_t retry_count;
        uint16_t dump_len_bytes; /* DumpDataSize */
        uint16_t string_count;   /* NumberOfStrings: the driver's + 1 */
        uint16_t string_offset;
        uint16_t category;
        uint16_t padding;
        uint32_t error_code;
        uint32_t unique_value;
        uint32_t final_status;
        uint32_t sequence;
        uint32_t io_control_code;
        uint64_t device_offset;
        uint8_t dump[EVENT_RECORD_MAX_DUMP_BYTES];
};

/*
 * Decodes the record of any driver; RET_USED (may be NULL) tells how many of the bytes belong to it.
 * NBT_ERR_TRUNCATED if the header or the dump data it promises is not all there, NBT_ERR_RANGE if it promises more than
 * a record can hold. Ask event_code_is_netbt() whose it is.
 */
int event_record_decode(const uint8_t *bytes, size_t len_bytes, struct event_record *ret,
                        size_t *ret_used) NBT_MUST_CHECK;

/* Encodes into RET; NBT_ERR_RANGE for too much dump data. */
int event_record_encode(const struct event_record *record, uint8_t ret[EVENT_MAX_DATA_BYTES],
                        size_t *ret_len_bytes) NBT_MUST_CHECK;

/* Event 4319: a name conflict demand, or the discovery of another owner, came from SENDER. */
void event_make_duplicate(struct event *ret, uint32_t sender, enum event_record_style style);

/* Event 4320: a name release demand came from SENDER. */
void event_make_release(struct event *ret, uint32_t sender, enum event_record_style style);

/* Event 4321: NAME (15 bytes and suffix) was refused to our address INTERFACE by REFUSER. Sets ret->name too. */
void event_make_refused(struct event *ret, const uint8_t name[16], uint32_t interface_address, uint32_t refuser,
                        enum event_record_style style);

/* Any other event, with up to EVENT_MAX_STRINGS driver strings (cut to fit) and STATUS as the record's FinalStatus.
 * NBT_ERR_NOT_FOUND if the catalogue has no ID, NBT_ERR_RANGE for too many strings. */
int event_make_simple(struct event *ret, uint16_t id, uint32_t status, const char *const *strings, size_t string_count,
                      enum event_record_style style) NBT_MUST_CHECK;

/* Sets event->name ("FILESRV<20>") from the 16 bytes; unprintable ones are shown as '.'. */
void event_set_name(struct event *event, const uint8_t name[16]);

/* Splits "FILESRV<20>" as event_set_name() wrote it: the base into RET_BASE (16 bytes with its NUL) and the suffix.
 * NBT_ERR_MALFORMED otherwise. */
int event_name_split(const char *name, char ret_base[16], uint8_t *ret_suffix) NBT_MUST_CHECK;

/* Reads %2 of a 4321, "SHIELDBASE     :1d", into the 16 bytes of the name. NBT_ERR_MALFORMED. */
int event_name_parse(const char *text, uint8_t ret_name[16]) NBT_MUST_CHECK;

/* The other side's address: the dump data of 4319 and 4320, %4 of 4321. False if EVENT has none. */
bool event_find_address(const struct event *event, uint32_t *ret_address);

/* Our own address as 4321's %3 tells it. False if EVENT has none. */
bool event_find_interface_address(const struct event *event, uint32_t *ret_address);
