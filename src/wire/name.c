#include "wire/name.h"

#include <stdio.h>
#include <string.h>

#define STEM_BYTES NB_SUFFIX_AT
#define BLANK 0x20

const struct nb_name NB_NAME_WILDCARD = {.bytes = {'*'}};

static char ascii_upper(char c)
{
        return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static int hex_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        const char upper = ascii_upper(c);
        return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

static bool is_printable(uint8_t byte)
{
        return byte >= 0x20 && byte <= 0x7E;
}

struct nb_name nb_name_make(const char *text, uint8_t suffix)
{
        struct nb_name name;

        memset(name.bytes, BLANK, STEM_BYTES);
        for (size_t i = 0; i < STEM_BYTES && text[i]; i++)
                name.bytes[i] = (uint8_t)ascii_upper(text[i]);
        name.bytes[NB_SUFFIX_AT] = suffix;
        return name;
}

/* One byte of a typed name: a character, or \xHH. Moves *P; MALFORMED if a backslash stands alone. */
static int parse_byte(const char **p, uint8_t *ret)
{
        const char *at = *p;

        if (*at != '\\') {
                *ret = (uint8_t)ascii_upper(*at);
                *p = at + 1;
                return 0;
        }
        if (at[1] != 'x' || hex_value(at[2]) < 0 || hex_value(at[3]) < 0)
                return NBT_ERR_MALFORMED;
        *ret = (uint8_t)(hex_value(at[2]) << 4 | hex_value(at[3]));
        *p = at + 4;
        return 0;
}

/* "<XX>" or "#XX", one or two digits, which must end the text. */
static int parse_suffix(const char *p, uint8_t *ret)
{
        const bool bracket = *p == '<';
        int value = 0;
        int digits = 0;

        for (p++; digits < 2 && hex_value(*p) >= 0; p++, digits++)
                value = value << 4 | hex_value(*p);
        if (digits == 0 || (bracket && *p++ != '>') || *p)
                return NBT_ERR_MALFORMED;
        *ret = (uint8_t)value;
        return 0;
}

int nb_name_parse(const char *text, uint8_t default_suffix, struct nb_name *ret)
{
        struct nb_name name = nb_name_make("", default_suffix);
        const char *p = text;
        size_t len = 0;

        if (strcmp(text, "*") == 0) {
                *ret = NB_NAME_WILDCARD;
                return 0;
        }
        while (*p && *p != '<' && *p != '#') {
                uint8_t byte;
                const int r = parse_byte(&p, &byte);

                if (r < 0)
                        return r;
                if (len == STEM_BYTES)
                        return NBT_ERR_RANGE;
                name.bytes[len++] = byte;
        }
        if (len == 0)
                return NBT_ERR_MALFORMED;
        if (*p) {
                const int r = parse_suffix(p, &name.bytes[NB_SUFFIX_AT]);

                if (r < 0)
                        return r;
        }
        *ret = name;
        return 0;
}

/* Length of the stem without the blanks at its end; the wildcard's NULs are padding as well. */
static size_t stem_len(const struct nb_name *name)
{
        size_t len = STEM_BYTES;

        if (nb_name_equal(name, &NB_NAME_WILDCARD))
                return 1;
        while (len > 0 && name->bytes[len - 1] == BLANK)
                len--;
        return len;
}

void nb_name_format_stem(const struct nb_name *name, char ret_text[NB_NAME_TEXT_BYTES])
{
        const size_t len = stem_len(name);

        for (size_t i = 0; i < len; i++)
                ret_text[i] = is_printable(name->bytes[i]) ? (char)name->bytes[i] : '.';
        ret_text[len] = '\0';
}

static void append_suffix(const struct nb_name *name, char *text)
{
        const size_t len = strlen(text);

        snprintf(text + len, NB_NAME_TEXT_BYTES - len, "<%02X>", nb_name_suffix(name));
}

void nb_name_format(const struct nb_name *name, char ret_text[NB_NAME_TEXT_BYTES])
{
        nb_name_format_stem(name, ret_text);
        append_suffix(name, ret_text);
}

void nb_name_format_exact(const struct nb_name *name, char ret_text[NB_NAME_TEXT_BYTES])
{
        const size_t len = stem_len(name);
        char *p = ret_text;

        if (nb_name_equal(name, &NB_NAME_WILDCARD)) {
                snprintf(ret_text, NB_NAME_TEXT_BYTES, "*");
                return;
        }
        for (size_t i = 0; i < (len ? len : 1); i++) {
                const uint8_t byte = name->bytes[i];
                /* what would read as escape or suffix is escaped too, and a lone blank, so that the name isn't empty */
                const bool plain = is_printable(byte) && !strchr("\\<#", byte) && len > 0;

                if (plain)
                        *p++ = (char)byte;
                else
                        p += snprintf(p, 5, "\\x%02X", byte);
        }
        *p = '\0';
        append_suffix(name, ret_text);
}

bool nb_name_equal(const struct nb_name *a, const struct nb_name *b)
{
        return memcmp(a->bytes, b->bytes, NB_NAME_BYTES) == 0;
}

bool nb_name_same_stem(const struct nb_name *a, const struct nb_name *b)
{
        return memcmp(a->bytes, b->bytes, STEM_BYTES) == 0;
}

bool nb_name_is_wildcard(const struct nb_name *name)
{
        static const struct nb_name blanks = {.bytes = "*              "};

        if (nb_name_equal(name, &NB_NAME_WILDCARD))
                return true;
        /* with blanks, only the suffixes 00 and 20: "*"<1B> is the question for all domain masters */
        return nb_name_same_stem(name, &blanks) && (nb_name_suffix(name) == 0 || nb_name_suffix(name) == BLANK);
}
