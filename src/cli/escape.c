#include "cli/escape.h"

#include "base/utf8.h"

#include <string.h>
#include <strings.h>

#define REPLACEMENT 0xFFFDu

/* Directional and invisible format characters (Unicode: Bidi_Control, and those without width that hide text), BOM, noncharacters. */
static bool acts_on_others(uint32_t code)
{
        return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD || code == 0x61C || code == 0x180E ||
               (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
               (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF || (code & 0xFFFE) == 0xFFFE ||
               (code >= 0xE0000 && code <= 0xE0FFF);
}

/* The next character to show. */
static uint32_t next_shown(const char **at, const char *end)
{
        const uint32_t code = utf8_next(at, end);

        if (code == '\n' || code == '\r' || code == '\t')
                return ' ';
        return code == UTF8_NO_CODE || acts_on_others(code) ? REPLACEMENT : code;
}

/* As an entity what HTML would take for its own; NULL: as it is. */
static const char *html_entity(uint32_t code)
{
        switch (code) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return "&quot;";
        case '\'':
                return "&#39;";
        default:
                return NULL;
        }
}

void escape_html(struct strbuf *out, const char *text)
{
        const char *end = text + strlen(text);

        while (text < end) {
                const uint32_t code = next_shown(&text, end);
                const char *entity = html_entity(code);

                if (entity)
                        strbuf_add(out, entity);
                else
                        utf8_add(out, code);
        }
}

/* How many digits begin "1. " or "1) ", which would be a list; 0: none. */
static size_t list_number(const char *text)
{
        const size_t digits = strspn(text, "0123456789");
        const bool marks = text[digits] == '.' || text[digits] == ')';

        return marks && strchr(" \t\r\n", text[digits + 1]) ? digits : 0;
}

/* "http://", "www." and "@" make links, or mentions, of what stands beside them. AT is behind the character, START where the text begins. */
static bool makes_link(uint32_t code, const char *start, const char *at)
{
        return code == '@' || (code == ':' && *at == '/') ||
               (code == '.' && at - start >= 4 && strncasecmp(at - 4, "www", 3) == 0);
}

void escape_markdown(struct strbuf *out, const char *text)
{
        const char *start = text, *end = text + strlen(text), *number = text + list_number(text);

        if (text < end && strchr("-+=", text[0]))
                strbuf_add_char(out, '\\');
        while (text < end) {
                const bool ends_number = number > start && text == number;
                const uint32_t code = next_shown(&text, end);

                if (code == '<' || code == '>' || code == '&')
                        strbuf_add(out, html_entity(code));
                else if (makes_link(code, start, text))
                        strbuf_printf(out, "%c&#8203;", (char)code); /* no width; a backslash would not do */
                else if (ends_number || (code < 0x80 && strchr("\\`*_[]#|~$", (int)code)))
                        strbuf_printf(out, "\\%c", (char)code);
                else
                        utf8_add(out, code);
        }
}

static size_t longest_run(const char *text, char c)
{
        size_t longest = 0, run = 0;

        for (; *text; text++) {
                run = *text == c ? run + 1 : 0;
                longest = run > longest ? run : longest;
        }
        return longest;
}

static void add_run(struct strbuf *out, char c, size_t count)
{
        while (count-- > 0)
                strbuf_add_char(out, c);
}

void escape_markdown_code(struct strbuf *out, const char *text, bool in_cell)
{
        const char *end = text + strlen(text);
        const size_t fence = longest_run(text, '`') + 1;
        /* what begins or ends with a backquote is set off by blanks, which do not count then; so are blanks themselves */
        const bool set_off = text < end && (strchr("` ", text[0]) || strchr("` ", end[-1]));

        if (text == end)
                return;
        add_run(out, '`', fence);
        if (set_off)
                strbuf_add_char(out, ' ');
        while (text < end) {
                const uint32_t code = next_shown(&text, end);

                if (code == '|' && in_cell)
                        strbuf_add_char(out, '\\');
                utf8_add(out, code);
        }
        if (set_off)
                strbuf_add_char(out, ' ');
        add_run(out, '`', fence);
}

void escape_plain(struct strbuf *out, const char *text)
{
        const char *end = text + strlen(text);

        while (text < end)
                utf8_add(out, next_shown(&text, end));
}
