/* Reading a .reg file. One pass over its text; every item remembers which bytes of the file it came from. */
#include "settings/reg_int.h"

#include "base/rd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_TYPE_DIGITS 8

struct parser {
        struct reg_doc *doc;
        const char *at;     /* ends with a NUL, which occurs nowhere else in it */
        unsigned line;      /* of at */
        const uint8_t *raw; /* the file's bytes that belong to at */
        const uint8_t *raw_end;
        const char *start; /* of the item being read */
        bool header_seen;
        const struct reg_key *key;
        struct strbuf scratch;
        struct reg_error *error;
};

static int fail(struct parser *p, unsigned line, int code, const char *expected)
{
        p->error->line = line;
        snprintf(p->error->expected, sizeof(p->error->expected), "%s", expected);
        return code;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct parser *p)
{
        while (is_blank(*p->at))
                p->at++;
}

/* To the end of this line, its '\n' included. */
static void skip_line(struct parser *p)
{
        p->at += strcspn(p->at, "\n");
        if (*p->at == '\n') {
                p->at++;
                p->line++;
        }
}

static const char *line_end(const char *start, const char *end)
{
        if (end == start || end[-1] != '\n')
                return "";
        return end - start >= 2 && end[-2] == '\r' ? "\r\n" : "\n";
}

/* Makes an item of what was read since p->start. Runs of lines that say nothing become one item. */
static int add_item(struct parser *p, struct reg_item item)
{
        struct reg_doc *doc = p->doc;
        const char *eol = line_end(p->start, p->at);
        size_t raw_len = reg_text_raw_len(doc->encoding, p->start, (size_t)(p->at - p->start));
        struct reg_item *last = doc->count ? &doc->items[doc->count - 1] : NULL;

        if (raw_len > (size_t)(p->raw_end - p->raw))
                raw_len = (size_t)(p->raw_end - p->raw);
        item.raw = p->raw;
        item.raw_len_bytes = raw_len;
        item.eol = eol;
        p->raw += raw_len;
        if (!doc->eol && *eol)
                doc->eol = eol;
        if (item.kind == REG_ITEM_OTHER && last && last->kind == REG_ITEM_OTHER) {
                last->raw_len_bytes += raw_len;
                last->eol = eol;
                return 0;
        }
        if (doc->count >= REG_MAX_ITEMS)
                return fail(p, p->line, NBT_ERR_RANGE, "fewer lines: the file has too many keys and values");
        struct reg_item *slot = reg_items_insert(doc, doc->count);
        if (!slot)
                return NBT_ERR_NOMEM;
        *slot = item;
        return 0;
}

static int parse_header(struct parser *p)
{
        const size_t len = strcspn(p->at, "\r\n");
        static const char header_5[] = "Windows Registry Editor Version 5.00", header_4[] = "REGEDIT4";
        size_t end = len;

        while (end && is_blank(p->at[end - 1]))
                end--;
        if (end == sizeof(header_4) - 1 && memcmp(p->at, header_4, end) == 0)
                p->doc->ansi = true;
        else if (end != sizeof(header_5) - 1 || memcmp(p->at, header_5, end) != 0)
                return fail(p, p->line, NBT_ERR_MALFORMED,
                            "\"Windows Registry Editor Version 5.00\" or \"REGEDIT4\" as the first line");
        p->header_seen = true;
        skip_line(p);
        return add_item(p, (struct reg_item){.kind = REG_ITEM_OTHER});
}

/* What may stand behind a key or a value: blanks and a comment. It is kept, and the line is passed. */
static int parse_tail(struct parser *p, const char *expected, const char **ret_tail)
{
        const char *from = p->at;

        skip_blanks(p);
        if (*p->at != '\0' && *p->at != '\n' && *p->at != ';')
                return fail(p, p->line, NBT_ERR_MALFORMED, expected);
        const size_t len = strcspn(from, "\n");
        size_t kept = len;
        if (kept && from[kept - 1] == '\r')
                kept--;
        char *tail = arena_copy(&p->doc->arena, from, kept + 1);
        if (!tail)
                return NBT_ERR_NOMEM;
        tail[kept] = '\0';
        skip_line(p);
        *ret_tail = tail;
        return 0;
}

/* The bracket that closes a key: the first with nothing but a comment behind it, since keys may hold brackets. */
static const char *closing_bracket(const char *text)
{
        for (;; text++) {
                text += strcspn(text, "]\n");
                if (*text != ']')
                        return NULL;
                const char *after = text + 1;
                while (is_blank(*after))
                        after++;
                if (*after == '\0' || *after == '\n' || *after == ';')
                        return text;
        }
}

static int parse_key(struct parser *p)
{
        struct reg_doc *doc = p->doc;
        const unsigned line = p->line;
        struct reg_item item = {.kind = p->at[1] == '-' ? REG_ITEM_KEY_DELETE : REG_ITEM_KEY};
        const char *path = p->at + (item.kind == REG_ITEM_KEY_DELETE ? 2 : 1);
        const char *end = closing_bracket(path);
        struct reg_key *key = arena_alloc(&doc->arena, sizeof(*key));

        if (!end)
                return fail(p, line, NBT_ERR_MALFORMED, "a closing ] behind the key");
        strbuf_reset(&p->scratch);
        strbuf_add_bytes(&p->scratch, path, (size_t)(end - path));
        int rc =
                key && strbuf_ok(&p->scratch) ? reg_key_make(&doc->arena, strbuf_str(&p->scratch), key) : NBT_ERR_NOMEM;
        if (rc == NBT_ERR_RANGE)
                return fail(p, line, rc, "a key of at most 512 parts of at most 255 characters");
        if (rc == NBT_ERR_MALFORMED)
                return fail(p, line, rc,
                            "a key that begins with HKEY_LOCAL_MACHINE or another hive, without empty parts");
        if (rc < 0)
                return rc;
        p->at = end + 1;
        rc = parse_tail(p, "nothing but a comment behind the key", &item.tail);
        if (rc < 0)
                return rc;
        item.key = key;
        p->key = item.kind == REG_ITEM_KEY ? key : NULL;
        if (item.kind == REG_ITEM_KEY_DELETE && ++doc->key_deletions > REG_MAX_KEY_DELETIONS)
                return fail(p, line, NBT_ERR_RANGE, "at most 256 keys to delete");
        return add_item(p, item);
}

/* A text in quotes, into scratch. Data may run over lines, as Windows writes texts that hold line ends; names may not. */
static int parse_quoted(struct parser *p, bool may_span)
{
        const unsigned line = p->line;

        strbuf_reset(&p->scratch);
        for (p->at++; *p->at != '"'; p->at++) {
                if (*p->at == '\0')
                        return fail(p, line, NBT_ERR_TRUNCATED, "a closing \" before the end of the file");
                if (*p->at == '\n') {
                        if (!may_span)
                                return fail(p, line, NBT_ERR_MALFORMED, "a closing \" on the same line");
                        p->line++;
                }
                if (*p->at == '\\') {
                        p->at++;
                        if (*p->at != '\\' && *p->at != '"')
                                return fail(p, p->line, *p->at ? NBT_ERR_MALFORMED : NBT_ERR_TRUNCATED,
                                            "\\\\ or \\\" (a backslash in quotes is doubled)");
                }
                strbuf_add_char(&p->scratch, *p->at);
        }
        p->at++;
        return strbuf_ok(&p->scratch) ? 0 : NBT_ERR_NOMEM;
}

static int parse_name(struct parser *p, struct reg_item *item)
{
        if (*p->at == '@') {
                p->at++;
                strbuf_reset(&p->scratch);
        } else {
                const int rc = parse_quoted(p, false);
                if (rc < 0)
                        return rc;
        }
        if (p->scratch.len_bytes > REG_MAX_NAME_BYTES)
                return fail(p, p->line, NBT_ERR_RANGE, "a shorter name");
        item->value.name = arena_strdup(&p->doc->arena, strbuf_str(&p->scratch));
        item->folded_name = reg_fold_dup(&p->doc->arena, strbuf_str(&p->scratch));
        if (!item->value.name || !item->folded_name)
                return NBT_ERR_NOMEM;
        skip_blanks(p);
        if (*p->at != '=')
                return fail(p, p->line, *p->at ? NBT_ERR_MALFORMED : NBT_ERR_TRUNCATED, "= behind the value's name");
        p->at++;
        skip_blanks(p);
        return 0;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

/* Up to MAX hexadecimal digits; how many there were. */
static unsigned parse_hex(struct parser *p, unsigned max, uint32_t *ret)
{
        unsigned digits = 0;
        uint32_t number = 0;

        for (; digits < max && hex_digit(*p->at) >= 0; digits++, p->at++)
                number = number << 4 | (uint32_t)hex_digit(*p->at);
        if (digits)
                *ret = number;
        return digits;
}

static int parse_dword(struct parser *p, struct reg_value *value)
{
        uint32_t number = 0;
        const unsigned digits = parse_hex(p, 8, &number);

        if (digits == 0 || hex_digit(*p->at) >= 0)
                return fail(p, p->line, *p->at ? NBT_ERR_MALFORMED : NBT_ERR_TRUNCATED,
                            "1 to 8 hexadecimal digits behind dword:");
        const uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 24)};
        value->type = REG_TYPE_DWORD;
        value->len_bytes = sizeof(bytes);
        value->data = arena_copy(&p->doc->arena, bytes, sizeof(bytes));
        return value->data ? 0 : NBT_ERR_NOMEM;
}

/* A backslash at the end of a line: goes on in the next. */
static int pass_continuation(struct parser *p)
{
        skip_blanks(p);
        while (*p->at == '\\') {
                p->at++;
                skip_blanks(p);
                if (*p->at == '\0')
                        return fail(p, p->line, NBT_ERR_TRUNCATED, "a line that goes on, not the end of the file");
                if (*p->at != '\n')
                        return fail(p, p->line, NBT_ERR_MALFORMED, "the end of the line behind a backslash");
                p->at++;
                p->line++;
                skip_blanks(p);
        }
        return 0;
}

static int parse_bytes(struct parser *p)
{
        strbuf_reset(&p->scratch);
        int rc = pass_continuation(p);
        if (rc < 0 || hex_digit(*p->at) < 0)
                return rc; /* none at all is an empty value */
        for (;;) {
                uint32_t byte = 0;
                if (parse_hex(p, 2, &byte) == 0)
                        return fail(p, p->line, *p->at ? NBT_ERR_MALFORMED : NBT_ERR_TRUNCATED,
                                    "a byte of 1 or 2 hexadecimal digits");
                strbuf_add_char(&p->scratch, (char)byte);
                rc = pass_continuation(p);
                if (rc < 0)
                        return rc;
                if (*p->at != ',')
                        return strbuf_ok(&p->scratch) ? 0 : NBT_ERR_NOMEM;
                p->at++;
                rc = pass_continuation(p);
                if (rc < 0)
                        return rc;
        }
}

static int parse_hex_value(struct parser *p, struct reg_value *value)
{
        const char *name = value->name;
        const unsigned line = value->line;
        uint32_t type = REG_TYPE_BINARY;

        if (*p->at == '(') {
                p->at++;
                if (parse_hex(p, HEX_TYPE_DIGITS, &type) == 0 || *p->at != ')')
                        return fail(p, p->line, *p->at ? NBT_ERR_MALFORMED : NBT_ERR_TRUNCATED, "a type as in hex(7):");
                p->at++;
        }
        if (*p->at != ':')
                return fail(p, p->line, *p->at ? NBT_ERR_MALFORMED : NBT_ERR_TRUNCATED, "a colon behind hex");
        p->at++;
        int rc = parse_bytes(p);
        if (rc == 0)
                rc = reg_data_decode(type, p->doc->ansi, (const uint8_t *)strbuf_str(&p->scratch), p->scratch.len_bytes,
                                     &p->doc->arena, value);
        value->name = name;
        value->line = line;
        return rc;
}

static int parse_data(struct parser *p, struct reg_item *item)
{
        struct reg_value *value = &item->value;

        if (*p->at == '-') {
                p->at++;
                item->kind = REG_ITEM_VALUE_DELETE;
                return 0;
        }
        if (*p->at == '"') {
                const int rc = parse_quoted(p, true);
                value->type = REG_TYPE_SZ;
                value->len_bytes = p->scratch.len_bytes;
                if (rc == 0)
                        value->data = (const uint8_t *)arena_strdup(&p->doc->arena, strbuf_str(&p->scratch));
                return rc < 0 ? rc : value->data ? 0 : NBT_ERR_NOMEM;
        }
        if (strncasecmp(p->at, "dword:", 6) == 0) {
                p->at += 6;
                return parse_dword(p, value);
        }
        if (strncasecmp(p->at, "hex", 3) == 0) {
                p->at += 3;
                return parse_hex_value(p, value);
        }
        return fail(p, p->line, *p->at ? NBT_ERR_MALFORMED : NBT_ERR_TRUNCATED,
                    "\"text\", dword:, hex:, hex(n): or - behind the =");
}

static int parse_value(struct parser *p)
{
        struct reg_item item = {.kind = REG_ITEM_VALUE, .key = p->key, .value.line = p->line};

        if (!p->key)
                return fail(p, p->line, NBT_ERR_MALFORMED, "a key in brackets before the value");
        int rc = parse_name(p, &item);
        if (rc == 0)
                rc = parse_data(p, &item);
        if (rc == 0)
                rc = parse_tail(p, "the end of the line, or a comment, behind the value", &item.tail);
        return rc < 0 ? rc : add_item(p, item);
}

static int parse_line(struct parser *p)
{
        p->start = p->at;
        skip_blanks(p);
        if (*p->at == '\0' || *p->at == '\n' || *p->at == ';') {
                skip_line(p);
                return add_item(p, (struct reg_item){.kind = REG_ITEM_OTHER});
        }
        if (!p->header_seen)
                return parse_header(p);
        if (*p->at == '[')
                return parse_key(p);
        if (*p->at == '"' || *p->at == '@')
                return parse_value(p);
        return fail(p, p->line, NBT_ERR_MALFORMED, "a [key], a \"name\"=value or a ; comment");
}

static int parse_all(struct parser *p)
{
        while (*p->at) {
                const int rc = parse_line(p);
                if (rc < 0)
                        return rc;
        }
        if (!p->header_seen)
                return fail(p, p->line, NBT_ERR_TRUNCATED,
                            "\"Windows Registry Editor Version 5.00\" or \"REGEDIT4\" as the first line");
        return 0;
}

/* Is the first line that says something REGEDIT4? Then the file is in the code page. */
static bool begins_with_regedit4(const uint8_t *bytes, size_t len_bytes)
{
        struct rd rd = rd_init(bytes, len_bytes);
        bool in_comment = false;

        while (rd_left(&rd)) {
                struct rd here = rd;
                const uint8_t c = rd_u8(&rd);
                if (c == '\n')
                        in_comment = false;
                else if (c == ';')
                        in_comment = true;
                else if (!in_comment && !is_blank((char)c)) {
                        const uint8_t *word = rd_bytes(&here, 8);
                        return word && memcmp(word, "REGEDIT4", 8) == 0;
                }
        }
        return false;
}

/* Which encoding; *ret_bom bytes of mark come first. ASSUMPTION: UTF-16 is also taken without its mark, and what claims to be version 5
 * without a mark and is no UTF-8 is taken for the code page, as Windows does. */
static int detect(const uint8_t *bytes, size_t len_bytes, enum reg_encoding *ret, size_t *ret_bom)
{
        struct rd rd = rd_init(bytes, len_bytes);
        const uint8_t a = rd_u8(&rd), b = rd_u8(&rd), c = rd_u8(&rd);

        *ret_bom = 0;
        if (a == 0xFE && b == 0xFF)
                return NBT_ERR_UNSUPPORTED;
        if (a == 0xFF && b == 0xFE) {
                *ret_bom = 2;
                *ret = REG_ENC_UTF16LE;
        } else if (a == 0xEF && b == 0xBB && c == 0xBF) {
                *ret_bom = 3;
                *ret = REG_ENC_UTF8_BOM;
        } else if (len_bytes >= 2 && a && b == 0) {
                *ret = REG_ENC_UTF16LE;
        } else if (begins_with_regedit4(bytes, len_bytes)) {
                *ret = REG_ENC_CP1252;
        } else {
                *ret = reg_text_is_utf8((const char *)bytes, len_bytes) ? REG_ENC_UTF8 : REG_ENC_CP1252;
        }
        return 0;
}

static unsigned count_lines(const char *text, size_t len_bytes)
{
        unsigned line = 1;

        for (size_t i = 0; i < len_bytes; i++)
                line += text[i] == '\n';
        return line;
}

/* The text of the file, checked for what no text may hold. */
static int decode_file(struct parser *p, const uint8_t *bytes, size_t len_bytes, struct strbuf *text)
{
        const enum reg_encoding encoding = p->doc->encoding;
        const int rc = reg_text_decode(encoding, bytes, len_bytes, text);

        if (rc == NBT_ERR_TRUNCATED)
                return fail(p, count_lines(strbuf_str(text), text->len_bytes), rc,
                            "UTF-16, two bytes a unit, to the end");
        if (rc < 0)
                return rc;
        const char *nul = text->len_bytes ? memchr(text->text, 0, text->len_bytes) : NULL;
        if (nul)
                return fail(p, count_lines(text->text, (size_t)(nul - text->text)), NBT_ERR_MALFORMED,
                            "text, not a NUL character");
        if (encoding == REG_ENC_UTF8_BOM && !reg_text_is_utf8(strbuf_str(text), text->len_bytes))
                return fail(p, 1, NBT_ERR_MALFORMED, "UTF-8, as the mark at the file's start says");
        return 0;
}

static int parse_file(struct parser *p, const uint8_t *bytes, size_t len_bytes)
{
        struct strbuf text = STRBUF_INIT;
        size_t bom = 0;
        int rc = detect(bytes, len_bytes, &p->doc->encoding, &bom);

        if (rc < 0)
                return fail(p, 1, NBT_ERR_MALFORMED, "UTF-16 little-endian or UTF-8, not UTF-16 big-endian");
        p->raw = bytes + bom;
        p->raw_end = bytes + len_bytes;
        rc = decode_file(p, p->raw, len_bytes - bom, &text);
        if (rc == 0) {
                p->at = strbuf_str(&text);
                rc = parse_all(p);
        }
        if (rc == 0 && bom) { /* the mark belongs to the first line */
                p->doc->items[0].raw -= bom;
                p->doc->items[0].raw_len_bytes += bom;
        }
        if (!p->doc->eol)
                p->doc->eol = "\r\n";
        strbuf_done(&text);
        return rc;
}

int reg_doc_parse(struct reg_doc **ret, const void *bytes, size_t len_bytes, struct reg_error *ret_error)
{
        struct parser p = {.line = 1, .scratch = STRBUF_INIT, .error = ret_error};

        *ret_error = (struct reg_error){0};
        if (len_bytes > REG_MAX_BYTES)
                return fail(&p, 1, NBT_ERR_RANGE, "a file of at most 16 MiB");
        p.doc = calloc(1, sizeof(*p.doc));
        if (!p.doc)
                return NBT_ERR_NOMEM;
        const uint8_t *copy = arena_copy(&p.doc->arena, bytes, len_bytes);
        const int rc = copy ? parse_file(&p, copy, len_bytes) : NBT_ERR_NOMEM;
        strbuf_done(&p.scratch);
        if (rc < 0)
                reg_doc_free(p.doc);
        else
                *ret = p.doc;
        return rc;
}
