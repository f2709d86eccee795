/* Rows of a table of events: Event Viewer's "Save as CSV" or "as text" of every generation, and PowerShell's Export-Csv. */
#include "eventlog/draft.h"

#define CELL_MAX_BYTES 65536 /* what no event's description is longer than */
#define SHORT_CELL_BYTES 256 /* what the cells before it are not */
#define COLUMNS_MIN 4

/* The columns of tables without a head, or with one in another language. Behind them stands the description. */
static const enum event_field modern[] = {EVENT_FIELD_LEVEL_NAME, EVENT_FIELD_DATE, EVENT_FIELD_SOURCE, EVENT_FIELD_ID,
                                          EVENT_FIELD_OTHER};
static const enum event_field classic[] = {EVENT_FIELD_DATE,  EVENT_FIELD_TIME,    EVENT_FIELD_SOURCE,
                                           EVENT_FIELD_TYPE,  EVENT_FIELD_OTHER,   EVENT_FIELD_ID,
                                           EVENT_FIELD_OTHER, EVENT_FIELD_COMPUTER};

static bool is_end_of_line(struct span s, size_t at)
{
        return at >= s.len || s.at[at] == '\n' || (s.at[at] == '\r' && (at + 1 == s.len || s.at[at + 1] == '\n'));
}

/* Where the quoted cell that begins behind AT's quotation mark ends; S.len if it does not, or is too long. */
static size_t find_quote(struct span s, size_t at)
{
        const size_t end = s.len - at > CELL_MAX_BYTES ? at + CELL_MAX_BYTES : s.len;

        for (; at < end; at++) {
                if (s.at[at] != '"')
                        continue;
                if (at + 1 == s.len || s.at[at + 1] != '"')
                        return at;
                at++;
        }
        return s.len;
}

/* The cell at *AT, which is moved behind it: to a separator or the end of the line. False if a quotation mark is in its way. */
static bool read_cell(struct span s, char separator, size_t *at, struct span *ret)
{
        const bool quoted = *at < s.len && s.at[*at] == '"';
        const size_t start = *at + quoted;
        size_t end = start;

        if (quoted)
                end = find_quote(s, start);
        else
                while (end < s.len && s.at[end] != separator && !is_end_of_line(s, end))
                        end++;
        if (quoted && end == s.len)
                return false;
        *ret = (struct span){s.at + start, end - start};
        *at = end + quoted;
        return is_end_of_line(s, *at) || s.at[*at] == separator;
}

/* The first cells of a line must be short ones: most lines of a text are no rows, and are left early. */
static bool begins_row(struct span s, char separator)
{
        size_t separators = 0;

        for (size_t i = 0; i < s.len && i < COLUMNS_MIN * SHORT_CELL_BYTES && !is_end_of_line(s, i); i++)
                separators += s.at[i] == separator;
        return separators >= COLUMNS_MIN - 1;
}

static bool read_row(struct span s, char separator, struct event_csv_row *ret)
{
        size_t at = 0;

        ret->count = 0;
        for (;;) {
                struct span cell;

                if (!read_cell(s, separator, &at, &cell))
                        return false;
                if (ret->count < EVENT_CSV_MAX_COLUMNS)
                        ret->cells[ret->count++] = cell;
                if (is_end_of_line(s, at))
                        break;
                at++;
        }
        ret->len = at;
        return ret->count >= COLUMNS_MIN;
}

/* The columns of a head; those that tell nothing are OTHER. False if it is none of a table of events. */
static bool take_head(struct event_csv *csv, const struct event_csv_row *row, char separator)
{
        unsigned seen = 0;

        for (size_t i = 0; i < row->count; i++) {
                if (!event_field_of_key(row->cells[i], &csv->columns[i]))
                        csv->columns[i] = EVENT_FIELD_OTHER;
                seen |= 1u << csv->columns[i];
        }
        if (!(seen & 1u << EVENT_FIELD_SOURCE) || !(seen & (1u << EVENT_FIELD_ID | 1u << EVENT_FIELD_INSTANCE_ID)))
                return false;
        csv->count = row->count;
        csv->separator = separator;
        csv->has_message = (seen & 1u << EVENT_FIELD_MESSAGE) != 0;
        return true;
}

static bool is_number(struct span cell)
{
        size_t i = 0;

        while (i < cell.len && char_is_digit(cell.at[i]))
                i++;
        return i > 0 && i == cell.len;
}

static bool is_known_source(struct span cell)
{
        char source[LOG_RECORD_SOURCE_BYTES];

        span_copy(cell, source, sizeof(source));
        return span_equals(cell, EVENT_SOURCE) || companion_is_source(source);
}

/* The layout of a row by its contents: where a source and an event's number stand. */
static bool guess(struct event_csv *csv, const struct event_csv_row *row, char separator)
{
        const bool is_modern = is_number(row->cells[3]) && row->count > NBT_ARRAY_SIZE(modern);
        const bool is_classic = !is_modern && row->count > NBT_ARRAY_SIZE(classic) && is_number(row->cells[5]);

        if (!is_known_source(row->cells[2]) || (!is_modern && !is_classic))
                return false;
        csv->count = is_modern ? NBT_ARRAY_SIZE(modern) : NBT_ARRAY_SIZE(classic);
        memcpy(csv->columns, is_modern ? modern : classic, csv->count * sizeof(*modern));
        csv->separator = separator;
        csv->has_message = false;
        return true;
}

/* A row of the table that was begun; a line that is none ends it. */
static bool goes_on(struct event_csv *csv, struct span text, struct event_csv_row *ret)
{
        if (csv->count && read_row(text, csv->separator, ret) && ret->count >= csv->count)
                return true;
        csv->count = 0;
        return false;
}

enum event_csv_found event_csv_read(struct event_csv *csv, struct span text, struct event_csv_row *ret)
{
        static const char separators[] = {',', '\t', ';'};

        if (goes_on(csv, text, ret))
                return EVENT_CSV_ROW;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(separators); i++) {
                if (!begins_row(text, separators[i]) || !read_row(text, separators[i], ret))
                        continue;
                if (take_head(csv, ret, separators[i]))
                        return EVENT_CSV_HEAD;
                if (guess(csv, ret, separators[i]))
                        return EVENT_CSV_ROW;
        }
        return EVENT_CSV_NONE;
}

size_t event_csv_unquote(char *text, size_t len)
{
        size_t to = 0;

        for (size_t at = 0; at < len; at++) {
                text[to++] = text[at];
                if (text[at] == '"' && at + 1 < len && text[at + 1] == '"')
                        at++;
        }
        return to;
}
