#include "cli/event_json.h"

#include "base/ip4.h"
#include "eventlog/render.h"

#include <stdio.h>

static json_t *text_or_null(const char *text)
{
        return text[0] ? json_string(text) : json_null();
}

static json_t *time_or_null(wall_t time)
{
        char text[WALL_TEXT_BYTES];

        if (time.us == 0)
                return json_null();
        wall_format(time, text);
        return json_string(text);
}

static json_t *number_or_null(uint64_t number)
{
        return number ? json_integer((json_int_t)number) : json_null();
}

static json_t *address_or_null(bool is_there, uint32_t address)
{
        char text[IP4_TEXT_BYTES];

        if (!is_there)
                return json_null();
        ip4_format(address, text);
        return json_string(text);
}

static json_t *hex_word(uint32_t value)
{
        char text[16];

        snprintf(text, sizeof(text), "0x%08X", value);
        return json_string(text);
}

/* Texts of our own making; what a damaged log holds may be no UTF-8, and is left out then. */
static json_t *from_strbuf(struct strbuf *sb)
{
        json_t *text = strbuf_ok(sb) ? json_string(strbuf_str(sb)) : NULL;

        strbuf_done(sb);
        return text ? text : json_null();
}

static json_t *message_of(const struct event *event)
{
        struct strbuf sb = STRBUF_INIT;

        event_message_format(event, EVENT_WORDING_MODERN, &sb);
        return from_strbuf(&sb);
}

static json_t *hex_of(const uint8_t *data, size_t len_bytes)
{
        struct strbuf sb = STRBUF_INIT;

        if (!len_bytes)
                return json_null();
        event_render_hex(data, len_bytes, &sb);
        return from_strbuf(&sb);
}

static json_t *strings_of(const struct event *event)
{
        json_t *list = json_array();

        for (size_t i = 0; i < event->string_count; i++)
                json_array_append_new(list, json_string(event->strings[i]));
        return list;
}

/* A value that could not be made (no UTF-8) becomes null, so that the member is always there. */
static void set(json_t *object, const char *key, json_t *value)
{
        json_object_set_new(object, key, value ? value : json_null());
}

static void set_name(json_t *object, const struct event *event)
{
        char base[16], suffix_text[3];
        uint8_t suffix;

        if (event_name_split(event->name, base, &suffix) < 0) {
                set(object, "name", text_or_null(event->name));
                set(object, "suffix", json_null());
                return;
        }
        snprintf(suffix_text, sizeof(suffix_text), "%02X", suffix);
        set(object, "name", json_string(base));
        set(object, "suffix", json_string(suffix_text));
}

json_t *json_from_event(const struct event *event)
{
        const struct event_kind *kind = event_kind_find(event->id);
        json_t *object = json_object();
        uint32_t address = 0, own = 0;
        const bool has_address = event_find_address(event, &address);
        const bool has_own = event_find_interface_address(event, &own);

        if (!object)
                return NULL;
        set(object, "record", number_or_null(event->record));
        set(object, "time", time_or_null(event->time));
        set(object, "id", json_integer(event->id));
        set(object, "code", hex_word(event->code));
        set(object, "symbol", kind ? json_string(kind->symbol) : json_null());
        set(object, "level", json_string(event_level_str(event->level)));
        set(object, "source", json_string(EVENT_SOURCE));
        set(object, "computer", text_or_null(event->computer));
        set_name(object, event);
        set(object, "interface", text_or_null(event->interface));
        set(object, "sender", address_or_null(has_address, address));
        set(object, "interface_address", address_or_null(has_own, own));
        set(object, "message", message_of(event));
        set(object, "strings", strings_of(event));
        set(object, "data", hex_of(event->data, event->data_len_bytes));
        set(object, "repeated", json_integer((json_int_t)event->repeated));
        set(object, "last_time", time_or_null(event->last_time));
        set(object, "note", text_or_null(event->note));
        return object;
}

static json_t *packet_of(const struct event_record *record)
{
        json_t *object = json_object();

        set(object, "major_function_code", json_integer(record->major_function));
        set(object, "retry_count", json_integer(record->retry_count));
        set(object, "dump_data_size", json_integer(record->dump_len_bytes));
        set(object, "number_of_strings", json_integer(record->string_count));
        set(object, "string_offset", json_integer(record->string_offset));
        set(object, "event_category", json_integer(record->category));
        set(object, "error_code", hex_word(record->error_code));
        set(object, "unique_error_value", hex_word(record->unique_value));
        set(object, "final_status", hex_word(record->final_status));
        set(object, "sequence_number", json_integer(record->sequence));
        set(object, "io_control_code", hex_word(record->io_control_code));
        set(object, "device_offset", json_integer((json_int_t)record->device_offset));
        set(object, "dump_data", hex_of(record->dump, record->dump_len_bytes));
        return object;
}

json_t *json_from_reading(const struct event_reading *reading)
{
        const struct event_kind *kind = event_kind_find(reading->event.id);
        json_t *object = json_from_event(&reading->event);
        json_t *warnings = json_array();

        if (!object)
                return NULL;
        for (size_t i = 0; i < reading->warning_count; i++)
                json_array_append_new(warnings, json_string(reading->warnings[i]));
        set(object, "line", number_or_null(reading->line));
        set(object, "form", json_string(event_form_str(reading->form)));
        set(object, "data_form",
            reading->data_form == EVENT_FORM_NONE ? json_null() : json_string(event_form_str(reading->data_form)));
        set(object, "time_text", text_or_null(reading->time_text));
        set(object, "meaning", kind ? json_string(kind->meaning) : json_null());
        set(object, "packet", reading->has_record ? packet_of(&reading->record) : json_null());
        set(object, "warnings", warnings);
        return object;
}
