#include "eventlog/draft.h"

#include "base/ip4.h"

#include <stdarg.h>
#include <stdio.h>

#define CODE_ID_MASK 0xFFFFu
#define QUALIFIERS_SHIFT 16

void event_draft_init(struct event_draft *draft, unsigned line)
{
        *draft = (struct event_draft){.reading = {.line = line}};
}

bool event_draft_has_substance(const struct event_draft *draft)
{
        return draft->has_id || draft->reading.has_message || draft->data_len_bytes || draft->source[0];
}

void event_draft_warn(struct event_draft *draft, const char *format, ...)
{
        struct event_reading *reading = &draft->reading;
        va_list args;

        if (reading->warning_count == EVENT_MAX_WARNINGS)
                return;
        va_start(args, format);
        vsnprintf(reading->warnings[reading->warning_count], EVENT_WARNING_BYTES, format, args);
        va_end(args);
        reading->warning_count++;
}

void event_draft_take_sentence(struct event_draft *draft, const struct event_sentence *sentence)
{
        struct event *event = &draft->reading.event;

        draft->reading.has_message = true;
        draft->reading.wording = sentence->wording;
        event->id = sentence->id;
        event->string_count = sentence->string_count;
        memcpy(event->strings, sentence->strings, sizeof(event->strings));
}

void event_draft_take_data(struct event_draft *draft, const struct event_hexdump *dump, unsigned line)
{
        draft->reading.data_form = dump->form;
        draft->data_len_bytes = dump->len_bytes;
        memcpy(draft->data, dump->bytes, dump->len_bytes);
        draft->data_line = line;
}

void event_draft_take_description(struct event_draft *draft, struct span text)
{
        struct span *description = &draft->description;

        if (description->len)
                description->len = (size_t)(text.at + text.len - description->at);
        else
                *description = text;
}

bool event_draft_companion(const struct event_draft *draft, struct companion *ret)
{
        struct log_record record = {
                .code = draft->told_id,
                .record = draft->reading.event.record,
                .time = draft->reading.event.time,
                .string_count = draft->string_count,
        };

        if (!draft->has_id)
                return false;
        memcpy(record.source, draft->source, sizeof(draft->source));
        memcpy(record.computer, draft->reading.event.computer, sizeof(record.computer));
        memcpy(record.strings, draft->strings, sizeof(record.strings));
        return (draft->string_count && companion_read(&record, ret)) ||
               companion_read_text(&record, draft->description, ret);
}

static int fail(struct event_problem *ret, int code, unsigned line, const char *format, ...) NBT_PRINTF(4, 5);

static int fail(struct event_problem *ret, int code, unsigned line, const char *format, ...)
{
        va_list args;

        *ret = (struct event_problem){.line = line, .code = code};
        va_start(args, format);
        vsnprintf(ret->text, sizeof(ret->text), format, args);
        va_end(args);
        return code;
}

static int fail_foreign_code(struct event_problem *ret, unsigned line, uint32_t code)
{
        return fail(
                ret, NBT_ERR_UNSUPPORTED, line,
                "this is not a NetBT event: its code is 0x%08X, low word 0x%04X = event %u of another source; NetBT's "
                "are %d to %d",
                code, code & CODE_ID_MASK, code & CODE_ID_MASK, EVENT_ID_FIRST, EVENT_ID_LAST);
}

/* NULs are bytes that nobody's record has all of: an empty record says nothing. */
static int decode_data(struct event_draft *draft, struct event_problem *ret)
{
        struct event_reading *reading = &draft->reading;
        size_t used = 0;

        if (draft->data_len_bytes < EVENT_RECORD_HEADER_BYTES)
                return fail(
                        ret, NBT_ERR_TRUNCATED, draft->data_line,
                        "the data has only %zu bytes; an event's record has at least %d (0x28), offsets 0000 to 0027",
                        draft->data_len_bytes, EVENT_RECORD_HEADER_BYTES);
        const size_t promised = EVENT_RECORD_HEADER_BYTES + (size_t)(draft->data[2] | draft->data[3] << 8);
        const int r = event_record_decode(draft->data, draft->data_len_bytes, &reading->record, &used);
        if (r < 0)
                return fail(
                        ret, r, draft->data_line,
                        "the record says at offset 02 that it is %zu bytes long, but %zu are there (a record has %d at "
                        "most)",
                        promised, draft->data_len_bytes, EVENT_MAX_DATA_BYTES);
        if (!event_code_is_netbt(reading->record.error_code))
                return fail_foreign_code(ret, draft->data_line, reading->record.error_code);
        if (used < draft->data_len_bytes)
                event_draft_warn(draft, "%zu bytes after the end of the record were left out.",
                                 draft->data_len_bytes - used);
        reading->has_record = true;
        reading->event.data_len_bytes = used;
        memcpy(reading->event.data, draft->data, used);
        return 0;
}

static bool is_netbt_source(const char *source)
{
        return strcasestr(source, "netbt") != NULL;
}

/* The whole code, as far as the fields tell it. */
static uint32_t told_code(const struct event_draft *draft)
{
        const struct event_kind *kind = event_kind_find((uint16_t)draft->told_id);

        if (draft->told_id > CODE_ID_MASK)
                return draft->told_id;
        if (draft->has_qualifiers)
                return draft->qualifiers << QUALIFIERS_SHIFT | draft->told_id;
        return kind ? kind->code : draft->told_id;
}

static int check_foreign(const struct event_draft *draft, struct event_problem *ret)
{
        const unsigned line = draft->reading.line;

        if (draft->source[0] && !is_netbt_source(draft->source))
                return fail(ret, NBT_ERR_UNSUPPORTED, line, "this is not a NetBT event: its source is %s%s",
                            draft->source, draft->has_id ? "" : ", and it has no event ID");
        if (!draft->has_id || event_code_is_netbt(told_code(draft)))
                return 0;
        if (draft->source[0])
                return fail(ret, NBT_ERR_MALFORMED, line, "NetBT has no event %u: its events are %d to %d",
                            draft->told_id & CODE_ID_MASK, EVENT_ID_FIRST, EVENT_ID_LAST);
        return fail_foreign_code(ret, line, told_code(draft));
}

/* Which id counts when several are told: the record's, then the field's, then the sentence's. */
static void settle_id(struct event_draft *draft)
{
        struct event_reading *reading = &draft->reading;
        struct event *event = &reading->event;
        const uint16_t sentence_id = reading->has_message ? event->id : 0;
        const uint16_t field_id = draft->has_id ? (uint16_t)(draft->told_id & CODE_ID_MASK) : 0;

        event->code = reading->has_record ? reading->record.error_code
                      : draft->has_id     ? told_code(draft)
                                          : event_kind_find(sentence_id)->code;
        event->id = (uint16_t)(event->code & CODE_ID_MASK);
        if (field_id && field_id != event->id)
                event_draft_warn(draft,
                                 "The event ID is given as %u, but the data is that of event %u, which is believed.",
                                 field_id, event->id);
        if (sentence_id && sentence_id != event->id)
                event_draft_warn(draft, "The description is that of event %u, but the event is %u.", sentence_id,
                                 event->id);
        if (event->level == 0)
                event->level = event_level_of_code(event->code);
}

static void check_record(struct event_draft *draft)
{
        const struct event_record *record = &draft->reading.record;
        const uint16_t id = draft->reading.event.id;
        const bool carries_address = id == EVENT_ID_DUPLICATE_NAME || id == EVENT_ID_NAME_RELEASE;

        if (!draft->reading.has_record)
                return;
        if (carries_address && record->dump_len_bytes < 4)
                event_draft_warn(draft, "The data of event %u should end in the sender's address, but holds none.", id);
        if (record->dump_len_bytes % 4)
                event_draft_warn(draft, "DumpDataSize is %u, which is no multiple of 4.", record->dump_len_bytes);
        if (record->padding)
                event_draft_warn(draft, "The two bytes at offset 0A should be zero.");
}

static void settle_name(struct event_draft *draft)
{
        struct event_reading *reading = &draft->reading;
        struct event *event = &reading->event;

        if (event->id != EVENT_ID_DUPLICATE_NAME_ERROR || event->string_count == 0)
                return;
        if (event_name_parse(event->strings[0], reading->name) < 0) {
                event_draft_warn(draft, "\"%.40s\" is no NetBIOS name with its suffix, such as \"FILESRV        :20\".",
                                 event->strings[0]);
                return;
        }
        reading->has_name = true;
        event_set_name(event, reading->name);
}

static void settle_addresses(struct event_draft *draft)
{
        struct event_reading *reading = &draft->reading;
        const uint16_t id = reading->event.id;

        reading->has_address = event_find_address(&reading->event, &reading->address);
        reading->has_interface_address = event_find_interface_address(&reading->event, &reading->interface_address);
        if (id == EVENT_ID_DUPLICATE_NAME_ERROR && !reading->has_address && reading->has_message)
                event_draft_warn(draft, "The description is cut off before its addresses; paste the whole "
                                        "(PowerShell prints it with | Format-List).");
        else if (id == EVENT_ID_DUPLICATE_NAME_ERROR && !reading->has_address)
                event_draft_warn(draft,
                                 "The name and the addresses of event 4321 stand in its description, not in its data; "
                                 "paste that too.");
        if ((id == EVENT_ID_DUPLICATE_NAME || id == EVENT_ID_NAME_RELEASE) && !reading->has_address &&
            !reading->has_record)
                event_draft_warn(draft,
                                 "The sender's address stands in the event's data, which is not here; paste that too "
                                 "(Bytes or Words, or the XML view).");
}

/* What a bare record, or a bare sentence, is called when no field or XML was there. */
static void settle_form(struct event_draft *draft)
{
        struct event_reading *reading = &draft->reading;

        if (reading->form != EVENT_FORM_NONE)
                return;
        reading->form = reading->has_message || !reading->has_record ? EVENT_FORM_SENTENCE : reading->data_form;
        if (reading->has_message && reading->has_record)
                reading->form = EVENT_FORM_LIST;
}

int event_draft_finish(struct event_draft *draft, struct event_problem *ret_problem)
{
        struct event_reading *reading = &draft->reading;
        int r = check_foreign(draft, ret_problem);

        if (r < 0)
                return r;
        if (draft->data_len_bytes) {
                r = decode_data(draft, ret_problem);
                if (r < 0)
                        return r;
        }
        if (!reading->has_record && !draft->has_id && !reading->has_message)
                return NBT_ERR_NOT_FOUND;
        settle_id(draft);
        check_record(draft);
        settle_name(draft);
        settle_addresses(draft);
        settle_form(draft);
        return 0;
}

int event_reading_from_record(const struct log_record *record, struct event_reading *ret,
                              struct event_problem *ret_problem)
{
        struct event_draft draft;
        struct event event;

        event_draft_init(&draft, 0);
        memcpy(draft.source, record->source, sizeof(draft.source) - 1);
        draft.has_id = true;
        draft.told_id = record->code;
        if (log_record_to_event(record, &event))
                draft.reading.event = event;
        draft.reading.event.data_len_bytes = 0;
        draft.reading.form = EVENT_FORM_LOG;
        draft.reading.data_form = record->data_len_bytes ? EVENT_FORM_LOG : EVENT_FORM_NONE;
        draft.data_len_bytes = record->data_len_bytes;
        memcpy(draft.data, record->data, record->data_len_bytes);
        const int r = event_draft_finish(&draft, ret_problem);

        if (r == 0)
                *ret = draft.reading;
        return r;
}
