#include "wire/lmhosts_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ip4.h"

static void say(char *fault, const char *format, ...) NBT_PRINTF(2, 3);

static void say(char *fault, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vsnprintf(fault, LMHOSTS_FAULT_BYTES, format, args);
        va_end(args);
        for (char *c = fault; *c; c++)
                if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E)
                        *c = '.'; /* texts of strangers' files end on terminals */
}

bool lmhosts_next_line(struct lmhosts_text *text, struct lmhosts_text *ret)
{
        const uint8_t *begin = text->at, *end = begin;

        while (end < text->end && *end != '\n' && *end != '\r' && *end != 0x1A)
                end++;
        if (end == begin && (end == text->end || *end == 0x1A))
                return false;
        text->at = end;
        if (end < text->end && *end != 0x1A) {
                const bool pair = *end == '\r' && end + 1 < text->end && end[1] == '\n';
                text->at += pair ? 2 : 1;
        }
        *ret = (struct lmhosts_text){begin, end};
        return true;
}

/* ---- words --------------------------------------------------------------------------------------------------------- */

static uint8_t upper(uint8_t c)
{
        return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

bool lmhosts_is_blank(uint8_t c)
{
        return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static int hex_digit(uint8_t c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c = upper(c);
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void lmhosts_skip_blanks(struct lmhosts_text *line)
{
        while (line->at < line->end && lmhosts_is_blank(*line->at))
                line->at++;
}

struct lmhosts_word lmhosts_next_word(struct lmhosts_text *line)
{
        struct lmhosts_word word = {0};

        lmhosts_skip_blanks(line);
        word.at = line->at;
        if (line->at < line->end && *line->at == '"') {
                word.quoted = true;
                word.at = ++line->at;
                while (line->at < line->end && *line->at != '"')
                        line->at++;
                word.len_bytes = (size_t)(line->at - word.at);
                if (line->at < line->end)
                        line->at++;
                return word;
        }
        while (line->at < line->end && !lmhosts_is_blank(*line->at) && !(*line->at == '#' && line->at > word.at))
                line->at++;
        word.len_bytes = (size_t)(line->at - word.at);
        return word;
}

bool lmhosts_word_is(const struct lmhosts_word *word, const char *keyword)
{
        if (word->quoted || word->len_bytes != strlen(keyword))
                return false;
        for (size_t i = 0; i < word->len_bytes; i++)
                if (upper(word->at[i]) != (uint8_t)keyword[i])
                        return false;
        return true;
}

static bool word_begins(const struct lmhosts_word *word, const char *keyword)
{
        const size_t len = strlen(keyword);

        return word->len_bytes >= len && lmhosts_word_is(&(struct lmhosts_word){word->at, len, word->quoted}, keyword);
}

/* ---- entries ---------------------------------------------------------------------------------------------------------------- */

static bool parse_address(char *fault, const struct lmhosts_word *word, uint32_t *ret)
{
        char text[IP4_TEXT_BYTES] = "";

        if (word->len_bytes < sizeof(text))
                memcpy(text, word->at, word->len_bytes);
        if (word->quoted || ip4_parse(text, ret) < 0) {
                say(fault, "\"%.*s\" is no IP address; expected: ADDRESS NAME [#PRE] [#DOM:DOMAIN] [#MH]",
                    (int)(word->len_bytes < 40 ? word->len_bytes : 40), (const char *)word->at);
                return false;
        }
        if (*ret == 0 || *ret == IP4_BROADCAST) {
                say(fault, "%s is the address of no host", text);
                return false;
        }
        return true;
}

/*
 * A name between quotes: \0xHH stands for one byte. 16 bytes are a full name; up to 15 without an escape are a plain name
 * that happens to hold blanks. ASSUMPTION: letters written as such are upper-cased as everywhere, escaped bytes stay.
 */
static bool parse_quoted_name(char *fault, const struct lmhosts_word *word, struct lmhosts_line *entry)
{
        uint8_t bytes[NB_NAME_BYTES + 1] = {0};
        size_t count = 0;
        bool escaped = false;

        for (size_t i = 0; i < word->len_bytes && count <= NB_NAME_BYTES; count++) {
                const uint8_t *at = word->at + i;
                const size_t left = word->len_bytes - i;
                const bool escape = left >= 5 && at[0] == '\\' && at[1] == '0' && upper(at[2]) == 'X' &&
                                    hex_digit(at[3]) >= 0 && hex_digit(at[4]) >= 0;

                bytes[count] = (uint8_t)(escape ? hex_digit(at[3]) << 4 | hex_digit(at[4]) : upper(*at));
                i += escape ? 5 : 1;
                escaped |= escape;
        }
        if (count == NB_NAME_BYTES) {
                memcpy(entry->name.bytes, bytes, NB_NAME_BYTES);
                entry->any_suffix = false;
                return true;
        }
        if (count == 0 || count > NB_NAME_BYTES || escaped) {
                say(fault, "the quoted name has %s; expected 16 bytes: 15, filled up with blanks, and \\0xHH",
                    count > NB_NAME_BYTES ? "more than 16 bytes"
                    : count == 0          ? "nothing in it"
                                          : "fewer than 16 bytes");
                return false;
        }
        memset(entry->name.bytes, ' ', NB_NAME_BYTES);
        memcpy(entry->name.bytes, bytes, count);
        entry->name.bytes[NB_SUFFIX_AT] = 0;
        entry->any_suffix = true;
        return true;
}

static bool parse_plain_name(char *fault, const struct lmhosts_word *word, struct lmhosts_line *entry)
{
        if (word->len_bytes == 0 || word->at[0] == '#') {
                say(fault, "the address has no name behind it");
                return false;
        }
        if (word->len_bytes >= NB_NAME_BYTES) {
                say(fault, "the name is longer than 15 bytes");
                return false;
        }
        memset(entry->name.bytes, ' ', NB_NAME_BYTES);
        for (size_t i = 0; i < word->len_bytes; i++)
                entry->name.bytes[i] = upper(word->at[i]);
        entry->name.bytes[NB_SUFFIX_AT] = 0;
        entry->any_suffix = true;
        return true;
}

/* Samba's NAME#20. ASSUMPTION: read as a suffix only when it is just two hex digits and touches the name; Windows takes it
 * for a comment, but no Windows file says #20 there and means nothing by it. */
static bool take_hash_suffix(const struct lmhosts_word *word, const uint8_t *name_end, struct lmhosts_line *entry)
{
        if (word->quoted || word->at != name_end || word->len_bytes != 3 || hex_digit(word->at[1]) < 0 ||
            hex_digit(word->at[2]) < 0)
                return false;
        entry->name.bytes[NB_SUFFIX_AT] = (uint8_t)(hex_digit(word->at[1]) << 4 | hex_digit(word->at[2]));
        entry->any_suffix = false;
        return true;
}

/* The name behind a keyword that ends in a colon. */
static bool parse_tag_name(char *fault, struct lmhosts_word word, const char *keyword, char ret[16])
{
        const size_t skip = strlen(keyword);

        word.at += skip;
        word.len_bytes -= skip;
        if (word.len_bytes == 0 || word.len_bytes > NB_NAME_BYTES - 1) {
                say(fault, "%s wants a %s name of 1 to 15 bytes right behind it", keyword,
                    strcmp(keyword, "#DOM:") == 0 ? "domain" : "group");
                return false;
        }
        for (size_t i = 0; i < word.len_bytes; i++)
                ret[i] = (char)upper(word.at[i]);
        ret[word.len_bytes] = '\0';
        return true;
}

/* Keywords until the first word that is none: from there on it is a comment. ASSUMPTION: keywords count in any case. */
static bool parse_tags(char *fault, struct lmhosts_text *line, struct lmhosts_line *entry)
{
        const uint8_t *name_end = line->at;

        for (;;) {
                const struct lmhosts_word word = lmhosts_next_word(line);

                if (lmhosts_word_is(&word, "#PRE"))
                        entry->preload = true;
                else if (lmhosts_word_is(&word, "#MH"))
                        entry->multihomed = true;
                else if (lmhosts_word_is(&word, "#GROUP"))
                        entry->group = true;
                else if (lmhosts_word_is(&word, "#SG"))
                        entry->is_special = true;
                else if (word_begins(&word, "#DOM:")) {
                        if (!parse_tag_name(fault, word, "#DOM:", entry->domain))
                                return false;
                } else if (word_begins(&word, "#SG:")) {
                        if (!parse_tag_name(fault, word, "#SG:", entry->special))
                                return false;
                } else if (!(entry->any_suffix && take_hash_suffix(&word, name_end, entry)))
                        return true;
        }
}

int lmhosts_line_parse(struct lmhosts_text line, struct lmhosts_line *ret, char ret_fault[LMHOSTS_FAULT_BYTES])
{
        struct lmhosts_line entry = {0};
        const struct lmhosts_word address = lmhosts_next_word(&line);

        if (!parse_address(ret_fault, &address, &entry.address))
                return NBT_ERR_MALFORMED;
        const struct lmhosts_word name = lmhosts_next_word(&line);
        if (name.quoted && name.at + name.len_bytes == line.end) {
                say(ret_fault, "the quoted name has no closing quote");
                return NBT_ERR_MALFORMED;
        }
        if (!(name.quoted ? parse_quoted_name(ret_fault, &name, &entry) : parse_plain_name(ret_fault, &name, &entry)) ||
            !parse_tags(ret_fault, &line, &entry))
                return NBT_ERR_MALFORMED;
        *ret = entry;
        return 0;
}
