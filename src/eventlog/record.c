#include "eventlog/record.h"

#include "base/ip4.h"
#include "base/rd.h"
#include "base/wr.h"
#include "eventlog/catalogue.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 16
#define SUFFIX_AT 15
#define DUMP_ADDRESS_BYTES 4u
/* NetBT's own offset of the strings, and what systems up to 2003 added to it on storing: 0x18 and the driver's name. */
#define STRING_OFFSET_BASE 0x30u
#define STRING_OFFSET_LEGACY_ADDED 0x24u
#define EMPTY_STRING_BYTES 2u /* the empty %1, a 16-bit NUL */
/* Observed in every 4321 of Windows XP and 10 that is public. */
#define REFUSED_UNIQUE_VALUE 0x101u
#define REFUSED_STATUS 0xC0000001u /* STATUS_UNSUCCESSFUL */

int event_record_decode(const uint8_t *bytes, size_t len_bytes, struct event_record *ret, size_t *ret_used)
{
        struct rd rd = rd_init(bytes, len_bytes);
        struct event_record record = {0};

        record.major_function = rd_u8(&rd);
        record.retry_count = rd_u8(&rd);
        record.dump_len_bytes = rd_le16(&rd);
        record.string_count = rd_le16(&rd);
        record.string_offset = rd_le16(&rd);
        record.category = rd_le16(&rd);
        record.padding = rd_le16(&rd);
        record.error_code = rd_le32(&rd);
        record.unique_value = rd_le32(&rd);
        record.final_status = rd_le32(&rd);
        record.sequence = rd_le32(&rd);
        record.io_control_code = rd_le32(&rd);
        record.device_offset = rd_le64(&rd);
        if (!rd_ok(&rd))
                return NBT_ERR_TRUNCATED;
        if (record.dump_len_bytes > sizeof(record.dump))
                return NBT_ERR_RANGE;
        rd_copy(&rd, record.dump, record.dump_len_bytes);
        if (!rd_ok(&rd))
                return NBT_ERR_TRUNCATED;
        if (ret_used)
                *ret_used = rd.pos;
        *ret = record;
        return 0;
}

int event_record_encode(const struct event_record *record, uint8_t ret[EVENT_MAX_DATA_BYTES], size_t *ret_len_bytes)
{
        struct wr wr = wr_init(ret, EVENT_MAX_DATA_BYTES);

        if (record->dump_len_bytes > sizeof(record->dump))
                return NBT_ERR_RANGE;
        wr_u8(&wr, record->major_function);
        wr_u8(&wr, record->retry_count);
        wr_le16(&wr, record->dump_len_bytes);
        wr_le16(&wr, record->string_count);
        wr_le16(&wr, record->string_offset);
        wr_le16(&wr, record->category);
        wr_le16(&wr, record->padding);
        wr_le32(&wr, record->error_code);
        wr_le32(&wr, record->unique_value);
        wr_le32(&wr, record->final_status);
        wr_le32(&wr, record->sequence);
        wr_le32(&wr, record->io_control_code);
        wr_le32(&wr, (uint32_t)record->device_offset);
        wr_le32(&wr, (uint32_t)(record->device_offset >> 32));
        wr_bytes(&wr, record->dump, record->dump_len_bytes);
        if (!wr_ok(&wr))
                return NBT_ERR_FULL;
        *ret_len_bytes = wr.pos;
        return 0;
}

/*
 * The stored offset for an event with DRIVER_STRINGS: observed 0x54 for none and 0x56 for three in records of NT 4 and
 * XP, 0x32 for three in those of Windows 10. The 2 bytes are the empty %1, which only events with strings count in.
 */
static uint16_t string_offset(enum event_record_style style, size_t driver_strings)
{
        if (style == EVENT_RECORD_MODERN)
                return STRING_OFFSET_BASE + EMPTY_STRING_BYTES;
        return (uint16_t)(STRING_OFFSET_BASE + STRING_OFFSET_LEGACY_ADDED + (driver_strings ? EMPTY_STRING_BYTES : 0));
}

/* RECORD's code, counts and offset from EVENT's id and strings; then its bytes into EVENT. */
static void set_data(struct event *event, struct event_record *record, enum event_record_style style)
{
        record->error_code = event->code;
        record->string_count = (uint16_t)(event->string_count + 1);
        record->string_offset = string_offset(style, event->string_count);
        /* cannot fail: the makers put 4 bytes of dump data in at most */
        if (event_record_encode(record, event->data, &event->data_len_bytes) < 0)
                event->data_len_bytes = 0;
}

static void init_event(struct event *event, const struct event_kind *kind)
{
        *event = (struct event){.id = kind->id, .code = kind->code, .level = kind->level};
}

/* The address stands as a host-order integer, so that its bytes are the dotted quad reversed. */
static void make_with_address(struct event *ret, uint16_t id, uint32_t address, enum event_record_style style)
{
        struct event_record record = {.dump_len_bytes = DUMP_ADDRESS_BYTES};
        struct wr wr = wr_init(record.dump, sizeof(record.dump));

        wr_le32(&wr, address);
        init_event(ret, event_kind_find(id));
        set_data(ret, &record, style);
}

void event_make_duplicate(struct event *ret, uint32_t sender, enum event_record_style style)
{
        make_with_address(ret, EVENT_ID_DUPLICATE_NAME, sender, style);
}

void event_make_release(struct event *ret, uint32_t sender, enum event_record_style style)
{
        make_with_address(ret, EVENT_ID_NAME_RELEASE, sender, style);
}

static char printable(uint8_t byte)
{
        return byte >= 0x20 && byte < 0x7F ? (char)byte : '.';
}

void event_make_refused(struct event *ret, const uint8_t name[16], uint32_t interface_address, uint32_t refuser,
                        enum event_record_style style)
{
        struct event_record record = {.unique_value = REFUSED_UNIQUE_VALUE, .final_status = REFUSED_STATUS};
        char stem[NAME_BYTES];

        /* ASSUMPTION: bytes that cannot be shown become '.', because the string goes to XML, terminals and the journal */
        for (size_t i = 0; i < SUFFIX_AT; i++)
                stem[i] = printable(name[i]);
        stem[SUFFIX_AT] = '\0';
        init_event(ret, event_kind_find(EVENT_ID_DUPLICATE_NAME_ERROR));
        ret->string_count = 3;
        /* observed: blanks up to 15 bytes, the suffix in lower case without leading zero */
        snprintf(ret->strings[0], sizeof(ret->strings[0]), "%-15.15s:%x", stem, (unsigned)name[SUFFIX_AT]);
        ip4_format(interface_address, ret->strings[1]);
        ip4_format(refuser, ret->strings[2]);
        event_set_name(ret, name);
        set_data(ret, &record, style);
}

int event_make_simple(struct event *ret, uint16_t id, uint32_t status, const char *const *strings, size_t string_count,
                      enum event_record_style style)
{
        const struct event_kind *kind = event_kind_find(id);
        struct event_record record = {.final_status = status};

        if (!kind)
                return NBT_ERR_NOT_FOUND;
        if (string_count > EVENT_MAX_STRINGS)
                return NBT_ERR_RANGE;
        init_event(ret, kind);
        ret->string_count = string_count;
        for (size_t i = 0; i < string_count; i++)
                snprintf(ret->strings[i], sizeof(ret->strings[i]), "%s", strings[i]);
        set_data(ret, &record, style);
        return 0;
}

void event_set_name(struct event *event, const uint8_t name[16])
{
        char stem[NAME_BYTES];
        size_t len = SUFFIX_AT;

        while (len > 0 && (name[len - 1] == ' ' || name[len - 1] == '\0'))
                len--;
        for (size_t i = 0; i < len; i++)
                stem[i] = printable(name[i]);
        snprintf(event->name, sizeof(event->name), "%.*s<%02X>", (int)len, stem, (unsigned)name[SUFFIX_AT]);
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int event_name_split(const char *name, char ret_base[16], uint8_t *ret_suffix)
{
        const char *open = strrchr(name, '<');
        const size_t len = open ? (size_t)(open - name) : 0;

        if (!open || len > SUFFIX_AT || strlen(open) != 4 || open[3] != '>')
                return NBT_ERR_MALFORMED;
        const int high = hex_digit(open[1]), low = hex_digit(open[2]);
        if (high < 0 || low < 0)
                return NBT_ERR_MALFORMED;
        memcpy(ret_base, name, len);
        ret_base[len] = '\0';
        *ret_suffix = (uint8_t)(high << 4 | low);
        return 0;
}

/* One or two digits and nothing more; -1 otherwise. */
static int parse_suffix(const char *text)
{
        const int first = hex_digit(text[0]);

        if (first < 0 || !text[1])
                return first;
        const int second = hex_digit(text[1]);
        return second < 0 || text[2] ? -1 : first << 4 | second;
}

int event_name_parse(const char *text, uint8_t ret_name[16])
{
        const char *colon = strrchr(text, ':');
        const int suffix = colon ? parse_suffix(colon + 1) : -1;
        size_t len = colon ? (size_t)(colon - text) : 0;

        while (len > 0 && text[len - 1] == ' ')
                len--;
        if (suffix < 0 || len == 0 || len > SUFFIX_AT)
                return NBT_ERR_MALFORMED;
        memset(ret_name, ' ', SUFFIX_AT);
        memcpy(ret_name, text, len);
        ret_name[SUFFIX_AT] = (uint8_t)suffix;
        return 0;
}

static bool find_dump_address(const struct event *event, uint32_t *ret_address)
{
        struct event_record record;

        if (event_record_decode(event->data, event->data_len_bytes, &record, NULL) < 0)
                return false;
        struct rd rd = rd_init(record.dump, record.dump_len_bytes);
        const uint32_t address = rd_le32(&rd);
        if (!rd_ok(&rd))
                return false;
        *ret_address = address;
        return true;
}

static bool find_string_address(const struct event *event, size_t index, uint32_t *ret_address)
{
        return event->id == EVENT_ID_DUPLICATE_NAME_ERROR && index < event->string_count &&
               ip4_parse(event->strings[index], ret_address) == 0;
}

bool event_find_address(const struct event *event, uint32_t *ret_address)
{
        if (event->id == EVENT_ID_DUPLICATE_NAME || event->id == EVENT_ID_NAME_RELEASE)
                return find_dump_address(event, ret_address);
        return find_string_address(event, 2, ret_address);
}

bool event_find_interface_address(const struct event *event, uint32_t *ret_address)
{
        return find_string_address(event, 1, ret_address);
}
