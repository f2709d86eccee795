/* One <Event> element as Event Viewer, wevtutil and ToXml() write it. A reader of just that, not of XML. */
#include "eventlog/draft.h"

#include "base/instant.h"

#include <stdio.h>
#include <stdlib.h>

struct element {
        struct span attributes;
        struct span content; /* empty for <X/> */
        size_t end;          /* behind the closing tag */
};

static bool is_name_end(char c)
{
        return char_is_blank(c) || c == '>' || c == '/';
}

/* The first element NAME in S; false if there is none, or it is not closed. */
static bool find_element(struct span s, const char *name, struct element *ret)
{
        char tag[32];
        size_t at = 0;

        snprintf(tag, sizeof(tag), "<%s", name);
        for (;; at++) {
                at += span_find(span_from(s, at), tag);
                if (at + strlen(tag) >= s.len)
                        return false;
                if (is_name_end(s.at[at + strlen(tag)]))
                        break;
        }
        const struct span inside = span_from(s, at + strlen(tag));
        const size_t close = span_find(inside, ">");
        if (close == inside.len)
                return false;
        *ret = (struct element){.attributes = {inside.at, close}, .content = {inside.at + close, 0}};
        ret->end = (size_t)(inside.at - s.at) + close + 1;
        if (close > 0 && inside.at[close - 1] == '/')
                return true;
        const struct span rest = span_from(s, ret->end);
        snprintf(tag, sizeof(tag), "</%s>", name);
        const size_t len = span_find(rest, tag);
        if (len == rest.len)
                return false;
        ret->content = (struct span){rest.at, len};
        ret->end += len + strlen(tag);
        return true;
}

static struct span find_attribute(struct span attributes, const char *name)
{
        char pattern[32];

        snprintf(pattern, sizeof(pattern), "%s=", name);
        const size_t at = span_find(attributes, pattern);
        const struct span value = span_from(attributes, at + strlen(pattern));
        if (at == attributes.len || value.len < 2 || (value.at[0] != '"' && value.at[0] != '\''))
                return (struct span){"", 0};
        const char *end = memchr(value.at + 1, value.at[0], value.len - 1);
        return end ? (struct span){value.at + 1, (size_t)(end - value.at) - 1} : (struct span){"", 0};
}

/* One entity at the beginning of S: RET is its character, the result its length; 0 if it is none. */
static size_t read_entity(struct span s, char *ret)
{
        static const struct {
                const char *text;
                char c;
        } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
        char number[12];
        char *end;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(entities); i++)
                if (span_starts(s, entities[i].text)) {
                        *ret = entities[i].c;
                        return strlen(entities[i].text);
                }
        if (!span_starts(s, "&#"))
                return 0;
        span_copy(span_from(s, 2), number, sizeof(number));
        const bool hex = char_lower(number[0]) == 'x';
        const unsigned long code = strtoul(number + hex, &end, hex ? 16 : 10);
        if (*end != ';' || end == number + hex)
                return 0;
        *ret = code >= 0x20 && code < 0x7F ? (char)code : '.';
        return (size_t)(end - number) + 3;
}

static void copy_text(struct span s, char *ret, size_t size_bytes)
{
        size_t at = 0, len = 0;

        while (at < s.len && len < size_bytes - 1) {
                char c = s.at[at];
                const size_t entity = c == '&' ? read_entity(span_from(s, at), &c) : 0;

                ret[len++] = c;
                at += entity ? entity : 1;
        }
        ret[len] = '\0';
}

static void copy_element(struct span s, const char *name, char *ret, size_t size_bytes)
{
        struct element e;

        if (find_element(s, name, &e))
                copy_text(span_trim(e.content), ret, size_bytes);
}

static bool number_of(struct span s, const char *name, uint64_t *ret)
{
        char text[24] = "";
        char *end;

        copy_element(s, name, text, sizeof(text));
        *ret = strtoull(text, &end, 0);
        return char_is_digit(text[0]) && *end == '\0';
}

static int take_system(struct event_draft *draft, struct span s, char ret_text[EVENT_WARNING_BYTES])
{
        struct event *event = &draft->reading.event;
        struct element e;
        uint64_t number;
        char text[48];

        if (!number_of(s, "EventID", &number) || number > UINT32_MAX) {
                snprintf(ret_text, EVENT_WARNING_BYTES, "the <Event> has no <EventID> with a number in it");
                return NBT_ERR_MALFORMED;
        }
        draft->has_id = true;
        draft->told_id = (uint32_t)number;
        if (find_element(s, "EventID", &e)) {
                copy_text(find_attribute(e.attributes, "Qualifiers"), text, sizeof(text));
                draft->has_qualifiers = char_is_digit(text[0]);
                draft->qualifiers = (uint32_t)strtoul(text, NULL, 0) & UINT16_MAX;
        }
        if (find_element(s, "Provider", &e))
                copy_text(find_attribute(e.attributes, "Name"), draft->source, sizeof(draft->source));
        if (find_element(s, "TimeCreated", &e)) {
                copy_text(find_attribute(e.attributes, "SystemTime"), text, sizeof(text));
                if (wall_parse(text, &event->time) < 0)
                        memcpy(draft->reading.time_text, text, sizeof(text));
        }
        if (number_of(s, "Level", &number) && number > 0 && number < EVENT_LEVEL_MAX)
                event->level = (enum event_level)number;
        if (number_of(s, "EventRecordID", &number))
                event->record = number;
        copy_element(s, "Computer", event->computer, sizeof(event->computer));
        return 0;
}

static void take_strings(struct event_draft *draft, struct span s)
{
        struct element e;
        size_t at = 0;

        for (; draft->string_count < LOG_RECORD_MAX_STRINGS && find_element(span_from(s, at), "Data", &e); at += e.end)
                copy_text(span_trim(e.content), draft->strings[draft->string_count++], EVENT_STRING_BYTES);
}

/* The first <Data> is the I/O system's %1 and empty; the driver's own follow. */
static void use_strings(struct event_draft *draft)
{
        struct event *event = &draft->reading.event;
        /* a named list (Vista and later drivers), or one that somebody has cut, begins with the driver's own */
        const struct event_kind *kind = event_kind_find((uint16_t)draft->told_id);
        const size_t count = draft->string_count;
        const bool without_first = kind && count && count == kind->string_count && draft->strings[0][0];

        event->string_count = 0;
        for (size_t i = without_first ? 0 : 1; i < count && event->string_count < EVENT_MAX_STRINGS; i++)
                memcpy(event->strings[event->string_count++], draft->strings[i], EVENT_STRING_BYTES);
}

static int take_binary(struct event_draft *draft, struct span s, unsigned line, char ret_text[EVENT_WARNING_BYTES])
{
        struct event_hexdump dump;
        struct element e;

        if (!find_element(s, "Binary", &e) || span_trim(e.content).len == 0)
                return 0;
        if (event_hexdump_read_plain(e.content, &dump) < 0) {
                snprintf(ret_text, EVENT_WARNING_BYTES,
                         "<Binary> holds something else than pairs of hexadecimal digits");
                return NBT_ERR_MALFORMED;
        }
        event_draft_take_data(draft, &dump, line);
        return 0;
}

static void take_message(struct event_draft *draft, struct span s)
{
        struct event_sentence sentence;
        struct element e;

        if (find_element(s, "Message", &e))
                event_draft_take_description(draft, e.content);
        if (find_element(s, "Message", &e) && event_sentence_find(e.content, &sentence) &&
            draft->reading.event.string_count == 0)
                event_draft_take_sentence(draft, &sentence);
}

int event_draft_take_xml(struct event_draft *draft, struct span element, unsigned line,
                         char ret_text[EVENT_WARNING_BYTES])
{
        struct element e;

        draft->reading.form = EVENT_FORM_XML;
        const int r = take_system(draft, element, ret_text);
        if (r < 0)
                return r;
        if (find_element(element, "EventData", &e)) {
                take_strings(draft, e.content);
                use_strings(draft);
                const int binary = take_binary(draft, e.content, line, ret_text);
                if (binary < 0)
                        return binary;
        }
        if (find_element(element, "RenderingInfo", &e))
                take_message(draft, e.content);
        return 0;
}
