#include "eventlog/parse.h"

#include "base/rd.h"
#include "eventlog/draft.h"

#include <stdio.h>

/* Growth of the list of readings; each is some 3 KiB. */
#define READINGS_FIRST 4
#define READINGS_MAX 10000

struct parser {
        struct arena *arena;
        struct event_lines lines;
        struct span *line_items; /* lines.items, writable: a field's name is cut off its line */
        size_t line;             /* index of the one being read */
        struct event_draft draft;
        struct event_csv csv;
        struct companion *companions; /* out.companions, writable; NULL: none yet */
        bool after_xml_head;          /* "Event Xml:" was just read: the XML tells of the same event */
        const char *prose;            /* where running text began; NULL if there is none */
        size_t prose_line;
        struct event_readings out;
        struct event_reading *items; /* out.items, writable */
        size_t size;
        int failure; /* NBT_ERR_NOMEM is sticky */
};

static const char *const form_names[EVENT_FORM_MAX] = {
        [EVENT_FORM_NONE] = "none",         [EVENT_FORM_BYTES] = "bytes view",
        [EVENT_FORM_WORDS] = "words view",  [EVENT_FORM_HEX] = "hexadecimal",
        [EVENT_FORM_DECIMAL] = "byte list", [EVENT_FORM_XML] = "XML",
        [EVENT_FORM_LIST] = "event text",   [EVENT_FORM_DCDIAG] = "dcdiag",
        [EVENT_FORM_SENTENCE] = "message",  [EVENT_FORM_BINARY] = "binary record",
        [EVENT_FORM_LOG] = "log file",      [EVENT_FORM_CSV] = "CSV",
};

const char *event_form_str(enum event_form form)
{
        const unsigned i = form;

        return i < EVENT_FORM_MAX ? form_names[i] : "unknown";
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

static void add_problem(struct event_readings *out, const struct event_problem *problem)
{
        if (out->problem_count < EVENT_MAX_PROBLEMS)
                out->problems[out->problem_count++] = *problem;
}

static void add_problem_text(struct event_readings *out, unsigned line, int code, const char *text)
{
        struct event_problem problem = {.line = line, .code = code};

        snprintf(problem.text, sizeof(problem.text), "%s", text);
        add_problem(out, &problem);
}

static void add_foreign(struct event_readings *out, const struct event_problem *problem)
{
        if (out->foreign_count++ == 0)
                out->foreign = *problem;
}

static void add_reading(struct parser *p, const struct event_reading *reading)
{
        if (p->out.count == READINGS_MAX) {
                p->failure = NBT_ERR_RANGE;
                return;
        }
        if (p->out.count == p->size) {
                const size_t size = p->size ? p->size * 2 : READINGS_FIRST;
                struct event_reading *items = arena_alloc(p->arena, size * sizeof(*items));

                if (!items) {
                        p->failure = NBT_ERR_NOMEM;
                        return;
                }
                if (p->out.count)
                        memcpy(items, p->items, p->out.count * sizeof(*items));
                p->items = items;
                p->size = size;
                p->out.items = items;
        }
        p->items[p->out.count++] = *reading;
}

static unsigned line_number(size_t index)
{
        return (unsigned)index + 1;
}

/* An event of another source, which may be a companion. */
static void end_foreign(struct parser *p, const struct event_problem *problem)
{
        struct companion companion;

        add_foreign(&p->out, problem);
        if (!event_draft_companion(&p->draft, &companion) || p->out.companion_count == EVENT_MAX_COMPANIONS)
                return;
        if (!p->companions)
                p->companions = arena_alloc(p->arena, EVENT_MAX_COMPANIONS * sizeof(*p->companions));
        if (!p->companions) {
                p->failure = NBT_ERR_NOMEM;
                return;
        }
        p->companions[p->out.companion_count++] = companion;
        p->out.companions = p->companions;
}

/* The draft ends: it becomes a reading, a problem, or nothing; the next begins at the present line. */
static void end_draft(struct parser *p)
{
        struct event_problem problem;

        if (event_draft_has_substance(&p->draft)) {
                const int r = event_draft_finish(&p->draft, &problem);

                if (r == 0)
                        add_reading(p, &p->draft.reading);
                else if (r == NBT_ERR_UNSUPPORTED)
                        end_foreign(p, &problem);
                else if (r != NBT_ERR_NOT_FOUND)
                        add_problem(&p->out, &problem);
        }
        event_draft_init(&p->draft, line_number(p->line));
}

/* The draft's first line is the one where its first substance stood. */
static void note_line(struct parser *p, size_t index)
{
        if (!event_draft_has_substance(&p->draft))
                p->draft.reading.line = line_number(index);
}

/* ---- running text ------------------------------------------------------------------------------------------------- */

static unsigned count_lines(const char *from, const char *to)
{
        unsigned count = 0;

        while (from < to) {
                const char *end = memchr(from, '\n', (size_t)(to - from));

                if (!end)
                        break;
                count++;
                from = end + 1;
        }
        return count;
}

/* True if the record tells of another NetBT event than ID: then the two, without a common head, are two events. */
static bool contradicts(const uint8_t *data, size_t len_bytes, uint16_t id)
{
        struct event_record record;

        return event_record_decode(data, len_bytes, &record, NULL) == 0 && event_code_is_netbt(record.error_code) &&
               (uint16_t)record.error_code != id;
}

/* The running text that ends before END is searched for messages. */
static void end_prose(struct parser *p, const char *end)
{
        struct event_sentence sentence;
        struct span s = {p->prose, p->prose ? (size_t)(end - p->prose) : 0};
        size_t line = p->prose_line;

        if (s.len && event_draft_has_substance(&p->draft))
                event_draft_take_description(&p->draft, s);
        while (s.len && event_sentence_find(s, &sentence)) {
                line += count_lines(s.at, s.at + sentence.start);
                if (p->draft.reading.has_message || contradicts(p->draft.data, p->draft.data_len_bytes, sentence.id))
                        end_draft(p);
                note_line(p, line);
                event_draft_take_sentence(&p->draft, &sentence);
                line += count_lines(s.at + sentence.start, s.at + sentence.end);
                s = span_from(s, sentence.end);
        }
        p->prose = NULL;
}

static void begin_prose(struct parser *p, const char *at)
{
        if (p->prose)
                return;
        p->prose = at;
        p->prose_line = p->line;
}

/* ---- dumps -------------------------------------------------------------------------------------------------------- */

static bool is_same_data(const struct event_draft *draft, const struct event_hexdump *dump)
{
        return draft->data_len_bytes == dump->len_bytes && memcmp(draft->data, dump->bytes, dump->len_bytes) == 0;
}

static void read_dump(struct parser *p)
{
        struct event_problem problem;
        struct event_hexdump dump;
        const size_t start = p->line;

        if (event_hexdump_read(&p->lines, &p->line, &dump, &problem) < 0) {
                add_problem(&p->out, &problem);
                return;
        }
        if (dump.cut) {
                event_draft_warn(&p->draft,
                                 "PowerShell cut the data (\"...\"); set $FormatEnumerationLimit = -1, or use "
                                 "ToXml().");
                return;
        }
        /* newer Event Viewers show one event's data twice, "In Words" and "In Bytes" */
        if (p->draft.data_len_bytes && is_same_data(&p->draft, &dump) && p->draft.reading.data_form != dump.form)
                return;
        const bool other_message = p->draft.reading.has_message && !p->draft.has_id &&
                                   contradicts(dump.bytes, dump.len_bytes, p->draft.reading.event.id);
        if (p->draft.data_len_bytes || other_message)
                end_draft(p);
        note_line(p, start);
        event_draft_take_data(&p->draft, &dump, line_number(start));
}

/* ---- XML ---------------------------------------------------------------------------------------------------------- */

/* Where an <Event> (not <Events>, <EventID>, <EventData>) begins in S; S.len if none does. */
static size_t find_event_tag(struct span s)
{
        static const char tag[] = "<Event";
        size_t at = 0;

        for (;; at++) {
                at += span_find(span_from(s, at), tag);
                if (at >= s.len)
                        return s.len;
                const struct span after = span_from(s, at + strlen(tag));
                if (after.len == 0 || char_is_blank(after.at[0]) || after.at[0] == '>')
                        return at;
        }
}

static const char *text_end(const struct parser *p)
{
        const struct span *last = &p->lines.items[p->lines.count - 1];

        return last->at + last->len;
}

static void take_xml_event(struct parser *p, struct span element, size_t line)
{
        char text[EVENT_WARNING_BYTES];

        if (!p->after_xml_head)
                end_draft(p);
        p->after_xml_head = false;
        note_line(p, line);
        if (event_draft_take_xml(&p->draft, element, line_number(line), text) == 0) {
                end_draft(p);
                return;
        }
        add_problem_text(&p->out, line_number(line), NBT_ERR_MALFORMED, text);
        event_draft_init(&p->draft, line_number(line));
}

/* Reads the element that begins at START in the present line, and others that follow in the line where it ends. */
static void read_xml(struct parser *p, const char *start)
{
        static const char close[] = "</Event>";

        for (;;) {
                const struct span rest = {start, (size_t)(text_end(p) - start)};
                const size_t len = span_find(rest, close);

                if (len == rest.len) {
                        add_problem_text(&p->out, line_number(p->line), NBT_ERR_TRUNCATED,
                                         "an <Event> begins here that no </Event> ends");
                        p->line = p->lines.count;
                        return;
                }
                take_xml_event(p, (struct span){start, len}, p->line);
                p->line += count_lines(start, start + len);
                start += len + strlen(close);
                const struct span *line = &p->lines.items[p->line];
                const struct span left = {start, (size_t)(line->at + line->len - start)};
                const size_t next = find_event_tag(left);
                if (next == left.len)
                        break;
                start += next;
        }
        p->line++;
}

/* ---- tables ------------------------------------------------------------------------------------------------------- */

static void take_description(struct parser *p, struct span text)
{
        struct event_sentence sentence;

        event_draft_take_description(&p->draft, text);
        if (event_sentence_find(text, &sentence))
                event_draft_take_sentence(&p->draft, &sentence);
}

/* A cell's text, which lives as long as the arena. */
static struct span cell_text(struct parser *p, struct span cell)
{
        char *text = cell.len && memchr(cell.at, '"', cell.len) ? arena_copy(p->arena, cell.at, cell.len) : NULL;

        return text ? (struct span){text, event_csv_unquote(text, cell.len)} : cell;
}

static void take_row(struct parser *p, const struct event_csv_row *row)
{
        const struct event_csv *csv = &p->csv;

        end_draft(p);
        for (size_t i = 0; i < row->count; i++) {
                const bool described = i == csv->count && !csv->has_message;
                const struct span text = span_trim(cell_text(p, row->cells[i]));

                if (described || (i < csv->count && csv->columns[i] == EVENT_FIELD_MESSAGE))
                        take_description(p, text);
                else if (i < csv->count)
                        event_draft_take_field(&p->draft, csv->columns[i], text);
        }
        p->draft.reading.form = EVENT_FORM_CSV;
        end_draft(p);
}

/* True if the present line begins a table, or a row of one, which is then read. */
static bool read_csv(struct parser *p)
{
        const char *at = p->lines.items[p->line].at;
        struct event_csv_row row;
        const enum event_csv_found found = event_csv_read(&p->csv, (struct span){at, (size_t)(text_end(p) - at)}, &row);

        if (found == EVENT_CSV_NONE)
                return false;
        end_prose(p, at);
        if (found == EVENT_CSV_ROW)
                take_row(p, &row);
        p->line += count_lines(at, at + row.len) + 1;
        return true;
}

/* ---- lines -------------------------------------------------------------------------------------------------------- */

/* Fields that one event has once: the second begins the next event. */
#define ONCE                                                                                                           \
        (1u << EVENT_FIELD_ID | 1u << EVENT_FIELD_INSTANCE_ID | 1u << EVENT_FIELD_SOURCE | 1u << EVENT_FIELD_TYPE |    \
         1u << EVENT_FIELD_DATE | 1u << EVENT_FIELD_RECORD | 1u << EVENT_FIELD_COMPUTER | 1u << EVENT_FIELD_MESSAGE)

/* True if the line goes on as if it were what its value is: data, or the message's text. */
static bool take_field(struct parser *p, enum event_field field, struct span value)
{
        const bool again = (p->draft.seen & ONCE & 1u << field) != 0;

        if ((field == EVENT_FIELD_START || again) && event_draft_has_substance(&p->draft))
                end_draft(p);
        if (field == EVENT_FIELD_ID || field == EVENT_FIELD_INSTANCE_ID || field == EVENT_FIELD_SOURCE)
                note_line(p, p->line);
        event_draft_take_field(&p->draft, field, value);
        p->after_xml_head = field == EVENT_FIELD_XML;
        return field == EVENT_FIELD_MESSAGE || field == EVENT_FIELD_DATA || field == EVENT_FIELD_XML;
}

static void read_line(struct parser *p)
{
        struct span *line = &p->line_items[p->line];
        enum event_field field;
        struct span value;

        if (read_csv(p))
                return;
        if (event_field_recognise(*line, &field, &value)) {
                end_prose(p, line->at);
                if (!take_field(p, field, value) || value.len == 0) {
                        p->line++;
                        return;
                }
                *line = value;
        }
        const size_t xml = find_event_tag(*line);
        if (xml < line->len) {
                end_prose(p, line->at + xml);
                read_xml(p, line->at + xml);
                return;
        }
        if (event_hexdump_starts(&p->lines, p->line)) {
                end_prose(p, line->at);
                read_dump(p);
                return;
        }
        begin_prose(p, line->at);
        p->line++;
}

/* ---- the text ----------------------------------------------------------------------------------------------------- */

static int split_lines(struct parser *p, const char *text, size_t len_bytes)
{
        const size_t count = (size_t)count_lines(text, text + len_bytes) + 1;
        struct span *items = arena_alloc(p->arena, count * sizeof(*items));
        struct span rest = {text, len_bytes};

        if (!items)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < count; i++) {
                const char *end = rest.len ? memchr(rest.at, '\n', rest.len) : NULL;
                const size_t len = end ? (size_t)(end - rest.at) : rest.len;

                items[i] = (struct span){rest.at, len};
                rest = span_from(rest, len + 1);
        }
        p->line_items = items;
        p->lines = (struct event_lines){items, count};
        return 0;
}

static void put_utf8(char *out, size_t *len, unsigned unit)
{
        if (unit < 0x80) {
                out[(*len)++] = (char)unit;
        } else if (unit < 0x800) {
                out[(*len)++] = (char)(0xC0 | unit >> 6);
                out[(*len)++] = (char)(0x80 | (unit & 0x3F));
        } else {
                out[(*len)++] = (char)(0xE0 | unit >> 12);
                out[(*len)++] = (char)(0x80 | (unit >> 6 & 0x3F));
                out[(*len)++] = (char)(0x80 | (unit & 0x3F));
        }
}

/* UTF-16 with a byte order mark becomes UTF-8; surrogate halves become '?', as no field of an event has them. */
static int decode_utf16(struct arena *arena, struct span *text, bool little)
{
        struct rd rd = rd_init(text->at + 2, text->len - 2);
        char *out = arena_alloc(arena, text->len / 2 * 3 + 1);
        size_t len = 0;

        if (!out)
                return NBT_ERR_NOMEM;
        while (rd_left(&rd) >= 2) {
                const unsigned unit = little ? rd_le16(&rd) : rd_be16(&rd);

                put_utf8(out, &len, unit >= 0xD800 && unit < 0xE000 ? '?' : unit);
        }
        *text = (struct span){out, len};
        return 0;
}

static int decode_text(struct arena *arena, struct span *text)
{
        const bool little = text->len >= 2 && memcmp(text->at, "\xFF\xFE", 2) == 0;
        const bool big = text->len >= 2 && memcmp(text->at, "\xFE\xFF", 2) == 0;

        if (little || big)
                return decode_utf16(arena, text, little);
        if (span_starts(*text, "\xEF\xBB\xBF"))
                *text = span_from(*text, 3);
        return 0;
}

/* What is no text at all: the bare record is taken; of Windows' log files is told what to do with them. */
static bool read_binary(struct parser *p, struct span text)
{
        struct event_record record;
        struct event_hexdump dump = {.form = EVENT_FORM_BINARY, .len_bytes = text.len};

        if (text.len >= 8 && memcmp(text.at, "ElfFile", 8) == 0) {
                add_problem_text(&p->out, 1, NBT_ERR_UNSUPPORTED,
                                 "this is a Windows event log (.evtx), not text; give it as a file with --evtx");
                return true;
        }
        if (text.len >= 8 && memcmp(text.at + 4, "LfLe", 4) == 0) {
                add_problem_text(&p->out, 1, NBT_ERR_UNSUPPORTED,
                                 "this is a classic Windows event log (.evt), not text; give it as a file with --evt");
                return true;
        }
        if (text.len > EVENT_MAX_DATA_BYTES || !memchr(text.at, '\0', text.len) ||
            event_record_decode((const uint8_t *)text.at, text.len, &record, NULL) < 0)
                return false;
        memcpy(dump.bytes, text.at, text.len);
        event_draft_take_data(&p->draft, &dump, 1);
        end_draft(p);
        return true;
}

static int read_all(struct parser *p, struct span text)
{
        event_draft_init(&p->draft, 1);
        if (text.len && read_binary(p, text))
                return 0;
        int r = decode_text(p->arena, &text);
        if (r == 0)
                r = split_lines(p, text.at, text.len);
        if (r < 0)
                return r;
        while (p->line < p->lines.count && p->failure == 0)
                read_line(p);
        end_prose(p, text_end(p));
        end_draft(p);
        return p->failure;
}

/* What the call as a whole comes to. */
static int conclude(struct event_readings *out)
{
        if (out->count)
                return 0;
        if (out->problem_count)
                return out->problems[0].code;
        if (out->foreign_count) {
                add_problem(out, &out->foreign);
                return NBT_ERR_UNSUPPORTED;
        }
        add_problem_text(
                out, 1, NBT_ERR_NOT_FOUND,
                "nothing like a NetBT event is in the text; expected its data (Bytes or Words view), XML, a list or "
                "its description");
        return NBT_ERR_NOT_FOUND;
}

int event_text_parse(const char *text, size_t len_bytes, struct arena *arena, struct event_readings *ret)
{
        struct parser *p = arena_alloc(arena, sizeof(*p));
        int r;

        if (!p)
                return NBT_ERR_NOMEM;
        p->arena = arena;
        if (len_bytes > EVENT_TEXT_MAX_BYTES) {
                add_problem_text(&p->out, 1, NBT_ERR_RANGE,
                                 "the text is longer than 16 MiB; give the NetBT events only");
                r = NBT_ERR_RANGE;
        } else {
                r = read_all(p, (struct span){len_bytes ? text : "", len_bytes});
        }
        if (r == NBT_ERR_NOMEM)
                return r;
        if (p->failure == NBT_ERR_RANGE)
                add_problem_text(&p->out, line_number(p->line), NBT_ERR_RANGE,
                                 "more than 10000 events; the rest was not read");
        *ret = p->out;
        return r == NBT_ERR_RANGE && p->out.count == 0 ? r : conclude(ret);
}
