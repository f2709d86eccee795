#include "eventlog/hexdump.h"

#include "base/rd.h"

#include <stdarg.h>
#include <stdio.h>

#define BYTE_DIGITS 2
#define SHORT_DIGITS 4
#define WORD_DIGITS 8
#define OFFSET_MIN_DIGITS 4
#define OFFSET_MAX_DIGITS 16
#define START_MIN_DIGITS 16 /* fewer digits without an offset are taken for a number in a sentence */
#define COLONLESS_MIN_GROUPS 4
#define WRAPPED_ASCII_MAX_CHARS 40
#define CODE_AT 12

/* One word of a line: digits of a group, or something else. */
struct token {
        struct span digits; /* without "0x"; empty if it is no hexadecimal group */
        size_t next;        /* where the next begins */
        bool colon;         /* a colon follows at once */
};

struct dump {
        const struct event_lines *lines;
        size_t line;  /* being read */
        size_t width; /* digits a group; 0: not known yet, more than WORD_DIGITS: groups of any length */
        bool has_offsets;
        bool row_closed;  /* the rest of the row is the ASCII column */
        size_t row_start; /* bytes before the row */
        size_t step;      /* bytes a row; 0: not known */
        size_t nibbles;
        uint8_t raw[EVENT_HEXDUMP_MAX_BYTES]; /* in the order in which the digits stand */
        bool overflow;
};

static struct span strip_marks(struct span s)
{
        while (s.len && (char_is_blank(s.at[0]) || strchr(">|\"'`(*[", s.at[0])))
                s = span_from(s, 1);
        return s;
}

static bool is_separator(char c)
{
        return char_is_blank(c) || strchr(",;:-\\\"'`)]}.", c) != NULL;
}

/* The word at AT of S, of which separators before it were skipped. */
static struct token next_token(struct span s, size_t at)
{
        struct token token = {0};
        size_t end;

        while (at < s.len && (char_is_blank(s.at[at]) || strchr(",;:-\\", s.at[at])))
                at++;
        if (at + 2 < s.len && s.at[at] == '0' && char_lower(s.at[at + 1]) == 'x')
                at += 2;
        for (end = at; end < s.len && char_hex(s.at[end]) >= 0; end++)
                ;
        token.next = end;
        token.colon = end < s.len && s.at[end] == ':';
        /* a full stop ends a group only at the end of the line: in the middle it belongs to an ASCII column or address */
        const bool ends = end == s.len || (is_separator(s.at[end]) && (s.at[end] != '.' || end + 1 == s.len));
        if (ends && end > at)
                token.digits = (struct span){s.at + at, end - at};
        return token;
}

static bool is_group_width(size_t digits)
{
        return digits == BYTE_DIGITS || digits == SHORT_DIGITS || digits == WORD_DIGITS;
}

static size_t hex_value(struct span digits)
{
        size_t value = 0;

        for (size_t i = 0; i < digits.len; i++)
                value = value << 4 | (size_t)char_hex(digits.at[i]);
        return value;
}

/* Is S a row with an offset: "0008: 00 00", or "00000008  00 00 04 00" as hexdump -C has it? */
static bool read_offset(struct span s, size_t *ret_offset, size_t *ret_next)
{
        const struct token first = next_token(s, 0);

        if (first.digits.at != s.at || first.digits.len < OFFSET_MIN_DIGITS || first.digits.len > OFFSET_MAX_DIGITS)
                return false;
        struct token group = next_token(s, first.next);
        /* an offset that a line break has parted from its row */
        const bool alone = first.colon && span_trim(span_from(s, first.next + 1)).len == 0;
        if (alone) {
                *ret_offset = hex_value(first.digits);
                *ret_next = s.len;
                return true;
        }
        if (first.colon ? !is_group_width(group.digits.len) : group.digits.len != BYTE_DIGITS)
                return false;
        for (size_t i = 1; !first.colon && i < COLONLESS_MIN_GROUPS; i++) {
                group = next_token(s, group.next);
                if (group.digits.len != BYTE_DIGITS)
                        return false;
        }
        *ret_offset = hex_value(first.digits);
        *ret_next = first.next;
        return true;
}

static bool is_offset_row(struct span line, size_t *ret_offset)
{
        size_t next;

        return read_offset(strip_marks(line), ret_offset, &next);
}

/* Counts the digits of the groups at the beginning of S that have one width; RET_REST tells what follows them. */
static size_t count_digits(struct span s, size_t *ret_width, struct span *ret_rest)
{
        size_t at = 0, digits = 0, width = 0;

        for (;;) {
                const struct token token = next_token(s, at);

                if (!token.digits.len || (width && token.digits.len != width))
                        break;
                width = token.digits.len;
                digits += width;
                at = token.next;
        }
        *ret_width = width;
        *ret_rest = span_trim(span_from(s, at));
        return digits;
}

/* Is S a row without offset that may begin a dump: groups of one width, or one long run of digits? */
static bool is_bare_row(struct span line)
{
        size_t width;
        struct span rest;
        const size_t digits = count_digits(strip_marks(line), &width, &rest);
        const bool tail_allowed = width == BYTE_DIGITS; /* an ASCII column */

        if (digits < START_MIN_DIGITS || !(is_group_width(width) || width >= START_MIN_DIGITS))
                return false;
        while (rest.len && is_separator(rest.at[0]))
                rest = span_from(rest, 1);
        return rest.len == 0 || tail_allowed;
}

static bool is_decimal_list(struct span line)
{
        const struct span s = span_trim(line);

        return s.len > 2 && s.at[0] == '{' && char_is_digit(s.at[1]) && memchr(s.at, ',', s.len) != NULL;
}

bool event_hexdump_starts(const struct event_lines *lines, size_t index)
{
        size_t offset;
        const struct span line = lines->items[index];
        /* "1234:" alone heads all kinds of things; only 0000 does a dump */
        const struct span trimmed = span_trim(line);
        const bool alone = trimmed.len && trimmed.at[trimmed.len - 1] == ':';

        return (is_offset_row(line, &offset) && (!alone || offset == 0)) || is_bare_row(line) || is_decimal_list(line);
}

static int problem(struct event_problem *ret, size_t line, const char *format, ...) NBT_PRINTF(3, 4);

static int problem(struct event_problem *ret, size_t line, const char *format, ...)
{
        va_list args;

        *ret = (struct event_problem){.line = (unsigned)line + 1, .code = NBT_ERR_MALFORMED};
        va_start(args, format);
        vsnprintf(ret->text, sizeof(ret->text), format, args);
        va_end(args);
        return NBT_ERR_MALFORMED;
}

static uint32_t be32_at(const struct dump *d, size_t at)
{
        struct rd rd = rd_init(d->raw + at, 4);

        return rd_be32(&rd);
}

static uint32_t le32_at(const struct dump *d, size_t at)
{
        struct rd rd = rd_init(d->raw + at, 4);

        return rd_le32(&rd);
}

/*
 * Eight digits are a little-endian dword in the Words view, and four bytes in the order of memory in other dumps. The
 * event code tells which; of another driver's record the drawn offsets do.
 */
static bool is_words(const struct dump *d)
{
        if (d->width != WORD_DIGITS || d->nibbles / 2 < CODE_AT + 4)
                return d->width == WORD_DIGITS && d->has_offsets;
        if (event_code_is_netbt(be32_at(d, CODE_AT)))
                return true;
        return !event_code_is_netbt(le32_at(d, CODE_AT)) && d->has_offsets;
}

/* The record's own length, once its first bytes are there; a dump ends there, whatever may follow in the text. */
static bool is_complete(const struct dump *d)
{
        const size_t len = d->nibbles / 2;

        if (len < EVENT_RECORD_HEADER_BYTES)
                return false;
        const uint32_t first = is_words(d) ? be32_at(d, 0) : le32_at(d, 0);
        return len >= EVENT_RECORD_HEADER_BYTES + (first >> 16);
}

static void add_digits(struct dump *d, struct span digits)
{
        for (size_t i = 0; i < digits.len; i++) {
                const uint8_t value = (uint8_t)char_hex(digits.at[i]);
                const size_t at = d->nibbles / 2;

                if (at >= sizeof(d->raw)) {
                        d->overflow = true;
                        return;
                }
                d->raw[at] = (uint8_t)(d->nibbles % 2 ? d->raw[at] | value : value << 4);
                d->nibbles++;
        }
}

static bool row_is_full(const struct dump *d)
{
        return d->has_offsets && d->step && d->nibbles / 2 - d->row_start >= d->step;
}

/* Feeds the groups of S; whatever does not look like one begins the ASCII column. */
static void feed_groups(struct dump *d, struct span s)
{
        size_t at = 0;

        while (!d->row_closed && !is_complete(d) && !d->overflow) {
                const struct token token = next_token(s, at);

                if (!token.digits.len)
                        break;
                if (!d->width)
                        d->width = is_group_width(token.digits.len) ? token.digits.len : START_MIN_DIGITS;
                if ((d->width <= WORD_DIGITS && token.digits.len != d->width) || row_is_full(d)) {
                        d->row_closed = true;
                        break;
                }
                add_digits(d, token.digits);
                at = token.next;
        }
        if (span_trim(span_from(s, at)).len > 1 && d->has_offsets)
                d->row_closed = true;
}

/* The next line at or after INDEX that is not blank; count if there is none. */
static size_t next_line(const struct event_lines *lines, size_t index)
{
        while (index < lines->count && span_trim(lines->items[index]).len == 0)
                index++;
        return index;
}

/* Bytes a row, from the first offset after OFFSET; a handful of lines is looked at. */
static size_t find_step(const struct dump *d, size_t offset)
{
        size_t other;
        const size_t last = d->line + 8 < d->lines->count ? d->line + 8 : d->lines->count;

        for (size_t i = d->line + 1; i < last; i++)
                if (is_offset_row(d->lines->items[i], &other))
                        return other > offset && other - offset <= 64 ? other - offset : 0;
        return 0;
}

static int feed_offset_row(struct dump *d, struct event_problem *ret_problem)
{
        const struct span s = strip_marks(d->lines->items[d->line]);
        const size_t have = d->nibbles / 2;
        size_t offset = 0, next = 0;

        if (!read_offset(s, &offset, &next))
                return 0;
        if (have == 0 && offset != 0)
                return problem(ret_problem, d->line,
                               "the data begins at offset %04zx, the rows from 0000 on are needed", offset);
        if (offset != have || d->nibbles % 2)
                return problem(ret_problem, d->line,
                               "offset %04zx stands where %04zx was expected: a row is missing, cut or too long",
                               offset, have);
        d->row_start = have;
        d->row_closed = false;
        if (!d->step)
                d->step = find_step(d, offset);
        feed_groups(d, span_from(s, next));
        return 0;
}

/* Does line INDEX, which has no offset, belong to the dump? */
static bool continues(const struct dump *d, size_t index)
{
        const struct span s = strip_marks(d->lines->items[index]);
        const struct token first = next_token(s, 0);
        size_t offset;

        if (first.digits.len && (d->width > WORD_DIGITS || first.digits.len == d->width))
                return true;
        /* the ASCII column, wrapped: only between two rows */
        const size_t after = next_line(d->lines, index + 1);
        return d->has_offsets && span_trim(s).len <= WRAPPED_ASCII_MAX_CHARS && after < d->lines->count &&
               is_offset_row(d->lines->items[after], &offset) && offset != 0;
}

/* Reads lines until the dump ends; d->line is then the first that does not belong to it. */
static int read_rows(struct dump *d, struct event_problem *ret_problem)
{
        size_t offset;
        int r = 0;

        while (r == 0 && d->line < d->lines->count && !is_complete(d)) {
                const struct span line = d->lines->items[d->line];
                const bool offset_row = d->has_offsets && is_offset_row(line, &offset);

                if (offset_row && offset == 0 && d->nibbles)
                        break;
                if (offset_row)
                        r = feed_offset_row(d, ret_problem);
                else if (d->nibbles && !continues(d, d->line))
                        break;
                else
                        feed_groups(d, strip_marks(line));
                d->line = next_line(d->lines, d->line + 1);
        }
        return r;
}

/* After an unreadable row: over the other rows of the same dump. */
static void skip_rows(struct dump *d)
{
        size_t offset;

        while (d->line < d->lines->count) {
                const struct span line = d->lines->items[d->line];

                if (!(is_offset_row(line, &offset) && offset != 0) && !is_bare_row(line))
                        break;
                d->line = next_line(d->lines, d->line + 1);
        }
}

static void finish(const struct dump *d, struct event_hexdump *ret)
{
        const bool words = is_words(d);

        *ret = (struct event_hexdump){.len_bytes = d->nibbles / 2};
        for (size_t i = 0; i < ret->len_bytes; i++)
                ret->bytes[i] = words && (i ^ 3) < ret->len_bytes ? d->raw[i ^ 3] : d->raw[i];
        const bool view = d->width <= BYTE_DIGITS || d->has_offsets;
        ret->form = words ? EVENT_FORM_WORDS : view ? EVENT_FORM_BYTES : EVENT_FORM_HEX;
}

/* Takes the numbers of one line up to the closing brace; true when that was there. NBT_ERR_RANGE for what is no byte. */
static int read_decimal_line(struct span s, struct event_hexdump *dump, bool *ret_closed)
{
        size_t at = 0;

        while (at < s.len && s.at[at] != '}') {
                unsigned value = 0;
                const size_t start = at;

                for (; at < s.len && at - start < 4 && char_is_digit(s.at[at]); at++)
                        value = value * 10 + (unsigned)(s.at[at] - '0');
                if (at > start) {
                        if (value > UINT8_MAX || dump->len_bytes == sizeof(dump->bytes))
                                return NBT_ERR_RANGE;
                        dump->bytes[dump->len_bytes++] = (uint8_t)value;
                        continue;
                }
                dump->cut |= span_starts(span_from(s, at), "...") || span_starts(span_from(s, at), "\xE2\x80\xA6");
                at++;
        }
        *ret_closed = at < s.len;
        return 0;
}

/* "{0, 0, 4, 0, 1, 0, 84, 0}", over as many lines as it takes. */
static int read_decimal(const struct event_lines *lines, size_t *index, struct event_hexdump *ret,
                        struct event_problem *ret_problem)
{
        struct event_hexdump dump = {.form = EVENT_FORM_DECIMAL};
        const size_t start = *index;
        bool closed = false;

        while (!closed && *index < lines->count) {
                if (read_decimal_line(lines->items[*index], &dump, &closed) < 0)
                        return problem(ret_problem, (*index)++, "a list of bytes was expected, numbers from 0 to 255");
                (*index)++;
        }
        if (!closed)
                return problem(ret_problem, start, "the list of bytes that begins here has no closing brace");
        *ret = dump;
        return 0;
}

int event_hexdump_read(const struct event_lines *lines, size_t *index, struct event_hexdump *ret,
                       struct event_problem *ret_problem)
{
        struct dump d = {.lines = lines, .line = *index};
        size_t offset;

        if (is_decimal_list(lines->items[*index]))
                return read_decimal(lines, index, ret, ret_problem);
        d.has_offsets = is_offset_row(lines->items[*index], &offset);
        int r = read_rows(&d, ret_problem);
        if (r == 0 && d.overflow)
                r = problem(ret_problem, *index, "more than %d bytes of data, which no event has",
                            EVENT_HEXDUMP_MAX_BYTES);
        if (r == 0 && d.nibbles % 2)
                r = problem(ret_problem, *index,
                            "an odd number of hexadecimal digits (%zu): one is missing or too many", d.nibbles);
        if (r < 0)
                skip_rows(&d);
        *index = d.line > *index ? d.line : *index + 1;
        if (r == 0)
                finish(&d, ret);
        return r;
}

int event_hexdump_read_plain(struct span text, struct event_hexdump *ret)
{
        struct dump d = {.width = START_MIN_DIGITS};

        for (size_t i = 0; i < text.len; i++) {
                if (char_is_blank(text.at[i]))
                        continue;
                if (char_hex(text.at[i]) < 0)
                        return NBT_ERR_MALFORMED;
                add_digits(&d, (struct span){text.at + i, 1});
        }
        if (d.overflow)
                return NBT_ERR_RANGE;
        if (d.nibbles % 2)
                return NBT_ERR_MALFORMED;
        finish(&d, ret);
        return 0;
}
