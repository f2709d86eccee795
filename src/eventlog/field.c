/* Headed lines: the spellings of Event Viewer (all generations), Get-WinEvent, Get-EventLog, wevtutil and dcdiag. */
#include "eventlog/draft.h"

#include "base/instant.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_MAX_CHARS 32

static const struct {
        const char *key; /* lower case without blanks */
        enum event_field field;
} keys[] = {
        {"eventid", EVENT_FIELD_ID},
        {"id", EVENT_FIELD_ID},
        {"instanceid", EVENT_FIELD_INSTANCE_ID},
        {"qualifiers", EVENT_FIELD_QUALIFIERS},
        {"source", EVENT_FIELD_SOURCE},
        {"eventsource", EVENT_FIELD_SOURCE},
        {"providername", EVENT_FIELD_SOURCE},
        {"provider", EVENT_FIELD_SOURCE},
        {"level", EVENT_FIELD_LEVEL},
        {"leveldisplayname", EVENT_FIELD_LEVEL_NAME},
        {"type", EVENT_FIELD_TYPE},
        {"eventtype", EVENT_FIELD_TYPE},
        {"entrytype", EVENT_FIELD_TYPE},
        {"date", EVENT_FIELD_DATE},
        {"dateandtime", EVENT_FIELD_DATE},
        {"timecreated", EVENT_FIELD_DATE},
        {"timegenerated", EVENT_FIELD_DATE},
        {"time", EVENT_FIELD_TIME},
        {"timewritten", EVENT_FIELD_TIME_WRITTEN},
        {"computer", EVENT_FIELD_COMPUTER},
        {"machinename", EVENT_FIELD_COMPUTER},
        {"record", EVENT_FIELD_RECORD},
        {"recordid", EVENT_FIELD_RECORD},
        {"eventrecordid", EVENT_FIELD_RECORD},
        {"index", EVENT_FIELD_RECORD},
        {"message", EVENT_FIELD_MESSAGE},
        {"description", EVENT_FIELD_MESSAGE},
        {"eventstring", EVENT_FIELD_MESSAGE},
        {"data", EVENT_FIELD_DATA},
        {"binary", EVENT_FIELD_DATA},
        {"binarydata", EVENT_FIELD_DATA},
        {"hex", EVENT_FIELD_DATA},
        {"name", EVENT_FIELD_NAME},
        {"interface", EVENT_FIELD_INTERFACE},
        {"repeated", EVENT_FIELD_REPEATED},
        {"lasttime", EVENT_FIELD_LAST_TIME},
        {"note", EVENT_FIELD_NOTE},
        {"eventxml", EVENT_FIELD_XML},
        {"logname", EVENT_FIELD_OTHER},
        {"user", EVENT_FIELD_OTHER},
        {"userid", EVENT_FIELD_OTHER},
        {"username", EVENT_FIELD_OTHER},
        {"taskcategory", EVENT_FIELD_OTHER},
        {"eventcategory", EVENT_FIELD_OTHER},
        {"category", EVENT_FIELD_OTHER},
        {"categorynumber", EVENT_FIELD_OTHER},
        {"keywords", EVENT_FIELD_OTHER},
        {"keyword", EVENT_FIELD_OTHER},
        {"task", EVENT_FIELD_OTHER},
        {"opcode", EVENT_FIELD_OTHER},
        {"replacementstrings", EVENT_FIELD_OTHER},
};

/* "Event  ID" → "eventid"; false if it is longer than any key. */
static bool squash(struct span key, char ret[KEY_MAX_CHARS])
{
        size_t len = 0;

        for (size_t i = 0; i < key.len; i++) {
                if (char_is_blank(key.at[i]) || key.at[i] == '*' || key.at[i] == '>')
                        continue;
                if (len == KEY_MAX_CHARS - 1)
                        return false;
                ret[len++] = char_lower(key.at[i]);
        }
        ret[len] = '\0';
        return true;
}

/* dcdiag: "An error event occurred.  EventID: 0xC00010E1" */
static bool recognise_dcdiag(struct span line, struct span *ret_value)
{
        static const char mark[] = "EventID: 0x";
        const size_t at = span_find(line, mark);

        if (at == line.len)
                return false;
        *ret_value = span_trim(span_from(line, at + strlen("EventID:")));
        return true;
}

static bool find_key(const char *key, enum event_field *ret)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(keys); i++)
                if (strcmp(key, keys[i].key) == 0) {
                        *ret = keys[i].field;
                        return true;
                }
        return false;
}

bool event_field_of_key(struct span key, enum event_field *ret)
{
        char squashed[KEY_MAX_CHARS];

        return squash(key, squashed) && find_key(squashed, ret);
}

/* wevtutil's "Event[0]:", or without the colon. */
static bool recognise_start(struct span line)
{
        const struct span trimmed = span_trim(line);
        size_t at = strlen("Event[");

        if (!span_starts(trimmed, "Event["))
                return false;
        while (at < trimmed.len && char_is_digit(trimmed.at[at]))
                at++;
        return at < trimmed.len && trimmed.at[at] == ']' &&
               (at + 1 == trimmed.len || (at + 2 == trimmed.len && trimmed.at[at + 1] == ':'));
}

bool event_field_recognise(struct span line, enum event_field *ret, struct span *ret_value)
{
        const char *colon = line.len ? memchr(line.at, ':', line.len) : NULL;
        char key[KEY_MAX_CHARS];

        *ret_value = span_from(line, line.len);
        *ret = EVENT_FIELD_START;
        if (recognise_start(line))
                return true;
        if (!colon)
                return false;
        *ret = EVENT_FIELD_ID;
        if (recognise_dcdiag(line, ret_value))
                return true;
        if (!squash((struct span){line.at, (size_t)(colon - line.at)}, key))
                return false;
        *ret_value = span_trim(span_from(line, (size_t)(colon - line.at) + 1));
        return find_key(key, ret);
}

/* Decimal or 0x; false if VALUE does not begin with a number. */
static bool parse_number(struct span value, uint64_t *ret)
{
        char text[24];
        char *end;

        span_copy(value, text, sizeof(text));
        const bool hex = text[0] == '0' && char_lower(text[1]) == 'x';
        if (!char_is_digit(text[0]))
                return false;
        *ret = strtoull(text, &end, hex ? 16 : 10);
        return end != text;
}

static void take_id(struct event_draft *draft, struct span value, bool dcdiag)
{
        uint64_t number;

        if (!parse_number(value, &number) || number > UINT32_MAX)
                return;
        draft->has_id = true;
        draft->told_id = (uint32_t)number;
        draft->reading.form = dcdiag ? EVENT_FORM_DCDIAG : EVENT_FORM_LIST;
}

/* ISO 8601 is taken as a time; what a locale has made of it is kept as text, because its order cannot be known. */
static void take_date(struct event_draft *draft, struct span value)
{
        char text[sizeof(draft->reading.time_text)];

        span_copy(value, text, sizeof(text));
        if (wall_parse(text, &draft->reading.event.time) == 0)
                return;
        memcpy(draft->reading.time_text, text, sizeof(text));
}

static void take_time(struct event_draft *draft, struct span value)
{
        char *text = draft->reading.time_text;
        const size_t len = strlen(text), size = sizeof(draft->reading.time_text);

        if (len + 2 < size)
                snprintf(text + len, size - len, "%s%.*s", len ? " " : "", (int)(value.len < 30 ? value.len : 30),
                         value.at);
}

static void take_level(struct event_draft *draft, struct span value)
{
        char text[24];
        enum event_level level;

        span_copy(value, text, sizeof(text));
        if (event_level_parse(text, &level) == 0)
                draft->reading.event.level = level;
}

static void take_numeric(struct event_draft *draft, enum event_field field, struct span value)
{
        uint64_t number;

        if (!parse_number(value, &number))
                return;
        if (field == EVENT_FIELD_RECORD)
                draft->reading.event.record = number;
        else if (field == EVENT_FIELD_REPEATED)
                draft->reading.event.repeated = number;
        else if (number <= UINT16_MAX) {
                draft->has_qualifiers = true;
                draft->qualifiers = (uint32_t)number;
        }
}

static void take_last_time(struct event_draft *draft, struct span value)
{
        char text[WALL_TEXT_BYTES];

        span_copy(value, text, sizeof(text));
        /* left out if it is none: nothing depends on it */
        if (wall_parse(text, &draft->reading.event.last_time) < 0)
                draft->reading.event.last_time = (wall_t){0};
}

/* What only netbt's own text has: believed only below an event's own head, as any article may say "Note:". */
static void take_own(struct event_draft *draft, enum event_field field, struct span value)
{
        struct event *event = &draft->reading.event;

        if (!draft->has_id)
                return;
        if (field == EVENT_FIELD_NAME)
                span_copy(value, event->name, sizeof(event->name));
        else if (field == EVENT_FIELD_INTERFACE)
                span_copy(value, event->interface, sizeof(event->interface));
        else if (field == EVENT_FIELD_NOTE)
                span_copy(value, event->note, sizeof(event->note));
        else
                take_last_time(draft, value);
}

void event_draft_take_field(struct event_draft *draft, enum event_field field, struct span value)
{
        draft->seen |= 1u << field;
        switch (field) {
        case EVENT_FIELD_ID:
        case EVENT_FIELD_INSTANCE_ID:
                take_id(draft, value, field == EVENT_FIELD_ID && span_starts(value, "0x"));
                break;
        case EVENT_FIELD_SOURCE:
                span_copy(value, draft->source, sizeof(draft->source));
                break;
        case EVENT_FIELD_LEVEL:
        case EVENT_FIELD_LEVEL_NAME:
        case EVENT_FIELD_TYPE:
                take_level(draft, value);
                break;
        case EVENT_FIELD_DATE:
                take_date(draft, value);
                break;
        case EVENT_FIELD_TIME:
                take_time(draft, value);
                break;
        case EVENT_FIELD_COMPUTER:
                span_copy(value, draft->reading.event.computer, sizeof(draft->reading.event.computer));
                break;
        case EVENT_FIELD_QUALIFIERS:
        case EVENT_FIELD_RECORD:
        case EVENT_FIELD_REPEATED:
                take_numeric(draft, field, value);
                break;
        case EVENT_FIELD_NAME:
        case EVENT_FIELD_INTERFACE:
        case EVENT_FIELD_NOTE:
        case EVENT_FIELD_LAST_TIME:
                take_own(draft, field, value);
                break;
        case EVENT_FIELD_TIME_WRITTEN:
        case EVENT_FIELD_MESSAGE:
        case EVENT_FIELD_DATA:
        case EVENT_FIELD_XML:
        case EVENT_FIELD_START:
        case EVENT_FIELD_OTHER:
        case EVENT_FIELD_MAX:
                break; /* what follows them is read by the caller */
        }
}
