#include "eventlog/logrecord.h"

#include "eventlog/catalogue.h"
#include "eventlog/record.h"
#include "eventlog/span.h"

#define FILETIME_EPOCH_US INT64_C(11644473600000000) /* 1601 to 1970 */

static void take_strings(const struct log_record *record, struct event *event)
{
        /* %1 is the device's, and empty: NetBT has none */
        const size_t first = record->string_count > 0 && !record->strings[0][0] ? 1 : 0;

        for (size_t i = first; i < record->string_count && event->string_count < EVENT_MAX_STRINGS; i++)
                memcpy(event->strings[event->string_count++], record->strings[i], EVENT_STRING_BYTES);
}

bool log_record_to_event(const struct log_record *record, struct event *ret)
{
        const uint16_t id = log_record_id(record);
        uint8_t name[16];

        if (strcasecmp(record->source, EVENT_SOURCE) != 0 || !event_kind_find(id))
                return false;
        *ret = (struct event){
                .record = record->record,
                .time = record->time,
                .id = id,
                .code = record->code > UINT16_MAX ? record->code : event_kind_find(id)->code,
                .level = record->level,
                .data_len_bytes = record->data_len_bytes,
        };
        memcpy(ret->computer, record->computer, sizeof ret->computer);
        memcpy(ret->data, record->data, sizeof ret->data);
        take_strings(record, ret);
        if (ret->level == 0)
                ret->level = event_level_of_code(ret->code);
        if (id == EVENT_ID_DUPLICATE_NAME_ERROR && ret->string_count > 0 &&
            event_name_parse(ret->strings[0], name) == 0)
                event_set_name(ret, name);
        return true;
}

void log_record_take_binary(struct log_record *record, const char *text)
{
        const size_t len = strlen(text);
        uint8_t bytes[EVENT_MAX_DATA_BYTES];

        if (record->data_len_bytes > 0 || record->string_count == 0 || len % 2 || len < 2 * EVENT_RECORD_HEADER_BYTES ||
            len > 2 * sizeof bytes)
                return;
        for (size_t i = 0; i < len; i++) {
                const int digit = char_hex(text[i]);

                if (digit < 0)
                        return;
                bytes[i / 2] = (uint8_t)(i % 2 ? bytes[i / 2] << 4 | digit : digit);
        }
        memcpy(record->data, bytes, len / 2);
        record->data_len_bytes = len / 2;
        record->string_count--;
        memset(record->strings[record->string_count], 0, EVENT_STRING_BYTES);
}

wall_t log_record_filetime(uint64_t filetime)
{
        if (filetime / 10 <= (uint64_t)FILETIME_EPOCH_US || filetime > INT64_MAX)
                return (wall_t){0};
        return (wall_t){(int64_t)(filetime / 10) - FILETIME_EPOCH_US};
}
