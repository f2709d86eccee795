#include "eventlog/render.h"

#include "base/rd.h"

#include <string.h>

#define BYTES_PER_ROW 8
#define WORDS_PER_ROW 4
#define WORD_BYTES 4
/* The Classic bit; as decoders of .evtx files print it for NetBT's events. */
#define KEYWORDS_CLASSIC "0x0080000000000000"
#define CODE_QUALIFIERS_SHIFT 16

static void add_ascii(const uint8_t *data, size_t len_bytes, struct strbuf *sb)
{
        for (size_t i = len_bytes; i < BYTES_PER_ROW; i++)
                strbuf_add(sb, "   ");
        strbuf_add(sb, "   ");
        for (size_t i = 0; i < len_bytes; i++)
                strbuf_add_char(sb, data[i] >= 0x20 && data[i] < 0x7F ? (char)data[i] : '.');
}

void event_render_bytes(const uint8_t *data, size_t len_bytes, bool ascii, struct strbuf *sb)
{
        for (size_t row = 0; row < len_bytes; row += BYTES_PER_ROW) {
                const size_t left = len_bytes - row;
                const size_t count = left < BYTES_PER_ROW ? left : BYTES_PER_ROW;

                strbuf_printf(sb, "%04zx:", row);
                for (size_t i = 0; i < count; i++)
                        strbuf_printf(sb, " %02x", data[row + i]);
                if (ascii)
                        add_ascii(data + row, count, sb);
                strbuf_add_char(sb, '\n');
        }
}

/* Up to four bytes as a little-endian dword. ASSUMPTION: a rest shorter than a dword is shown as if zeros followed; records
 * are multiples of four bytes, so that no Event Viewer ever had to. */
static uint32_t word_at(const uint8_t *data, size_t len_bytes)
{
        uint8_t padded[WORD_BYTES] = {0};

        memcpy(padded, data, len_bytes < WORD_BYTES ? len_bytes : WORD_BYTES);
        struct rd rd = rd_init(padded, sizeof(padded));
        return rd_le32(&rd);
}

void event_render_words(const uint8_t *data, size_t len_bytes, struct strbuf *sb)
{
        for (size_t at = 0; at < len_bytes; at += WORD_BYTES) {
                if (at % (WORDS_PER_ROW * WORD_BYTES) == 0)
                        strbuf_printf(sb, "%s%04zx:", at ? "\n" : "", at);
                strbuf_printf(sb, " %08x", word_at(data + at, len_bytes - at));
        }
        if (len_bytes)
                strbuf_add_char(sb, '\n');
}

void event_render_hex(const uint8_t *data, size_t len_bytes, struct strbuf *sb)
{
        for (size_t i = 0; i < len_bytes; i++)
                strbuf_printf(sb, "%02X", data[i]);
}

static void add_field(struct strbuf *sb, const char *key, const char *value)
{
        if (value[0])
                strbuf_printf(sb, "%-15s%s\n", key, value);
}

static void add_time_field(struct strbuf *sb, const char *key, wall_t time)
{
        char text[WALL_TEXT_BYTES];

        if (time.us == 0)
                return;
        wall_format(time, text);
        add_field(sb, key, text);
}

static void add_number_field(struct strbuf *sb, const char *key, uint64_t number)
{
        if (number)
                strbuf_printf(sb, "%-15s%llu\n", key, (unsigned long long)number);
}

static void add_data_view(const struct event *event, enum event_data_view view, struct strbuf *sb)
{
        if (view == EVENT_DATA_VIEW_NONE || event->data_len_bytes == 0)
                return;
        strbuf_add(sb, "Data:\n");
        if (view == EVENT_DATA_VIEW_WORDS)
                event_render_words(event->data, event->data_len_bytes, sb);
        else
                event_render_bytes(event->data, event->data_len_bytes, true, sb);
}

void event_render_text(const struct event *event, enum event_data_view view, struct strbuf *sb)
{
        add_field(sb, "Log Name:", EVENT_CHANNEL);
        add_field(sb, "Source:", EVENT_SOURCE);
        add_time_field(sb, "Date:", event->time);
        strbuf_printf(sb, "%-15s%u\n", "Event ID:", (unsigned)event->id);
        add_field(sb, "Task Category:", "None");
        add_field(sb, "Level:", event_level_str(event->level));
        add_field(sb, "User:", "N/A");
        add_field(sb, "Computer:", event->computer);
        add_number_field(sb, "Record:", event->record);
        add_field(sb, "Name:", event->name);
        add_field(sb, "Interface:", event->interface);
        add_number_field(sb, "Repeated:", event->repeated);
        if (event->repeated)
                add_time_field(sb, "Last time:", event->last_time);
        add_field(sb, "Note:", event->note);
        strbuf_add(sb, "Description:\n");
        event_message_format(event, EVENT_WORDING_MODERN, sb);
        strbuf_add_char(sb, '\n');
        add_data_view(event, view, sb);
}

/* XML 1.0 allows no control characters but these three, not even escaped. */
static bool xml_allows(char c)
{
        return (unsigned char)c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
}

static void add_xml_char(char c, struct strbuf *sb)
{
        switch (c) {
        case '&':
                strbuf_add(sb, "&amp;");
                break;
        case '<':
                strbuf_add(sb, "&lt;");
                break;
        case '>':
                strbuf_add(sb, "&gt;");
                break;
        case '\'':
                strbuf_add(sb, "&apos;");
                break;
        case '"':
                strbuf_add(sb, "&quot;");
                break;
        default:
                strbuf_add_char(sb, xml_allows(c) ? c : '.');
                break;
        }
}

static void add_xml_text(const char *text, struct strbuf *sb)
{
        for (; *text; text++)
                add_xml_char(*text, sb);
}

static void add_xml_system(const struct event *event, struct strbuf *sb)
{
        char time[WALL_TEXT_BYTES];

        wall_format(event->time, time);
        strbuf_add(sb, "  <System>\n    <Provider Name=\"" EVENT_SOURCE "\" />\n");
        strbuf_printf(sb, "    <EventID Qualifiers=\"%u\">%u</EventID>\n", event->code >> CODE_QUALIFIERS_SHIFT,
                      (unsigned)event->id);
        strbuf_printf(sb, "    <Level>%d</Level>\n    <Task>0</Task>\n", (int)event->level);
        strbuf_add(sb, "    <Keywords>" KEYWORDS_CLASSIC "</Keywords>\n");
        strbuf_printf(sb, "    <TimeCreated SystemTime=\"%s\" />\n", time);
        strbuf_printf(sb, "    <EventRecordID>%llu</EventRecordID>\n", (unsigned long long)event->record);
        strbuf_add(sb, "    <Channel>" EVENT_CHANNEL "</Channel>\n    <Computer>");
        add_xml_text(event->computer, sb);
        strbuf_add(sb, "</Computer>\n    <Security />\n  </System>\n");
}

void event_render_xml(const struct event *event, struct strbuf *sb)
{
        strbuf_add(sb, "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\n");
        add_xml_system(event, sb);
        /* the first string is the I/O system's, empty for NetBT (observed) */
        strbuf_add(sb, "  <EventData>\n    <Data />\n");
        for (size_t i = 0; i < event->string_count; i++) {
                strbuf_add(sb, "    <Data>");
                add_xml_text(event->strings[i], sb);
                strbuf_add(sb, "</Data>\n");
        }
        if (event->data_len_bytes) {
                strbuf_add(sb, "    <Binary>");
                event_render_hex(event->data, event->data_len_bytes, sb);
                strbuf_add(sb, "</Binary>\n");
        }
        strbuf_add(sb, "  </EventData>\n</Event>\n");
}
