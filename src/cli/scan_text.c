#include "cli/scan_text.h"

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every byte on its own: OEM code pages have one byte a character, and of those with two a torn pair spoils nothing else. */
struct scan_text {
        char utf8[256][5];
};

static bool is_control(const char *utf8, size_t len)
{
        const unsigned char *bytes = (const unsigned char *)utf8;

        return len == 0 || (len == 1 && (bytes[0] < 0x20 || bytes[0] == 0x7F)) ||
               (len == 2 && bytes[0] == 0xC2 && bytes[1] < 0xA0);
}

static void convert(iconv_t converter, uint8_t byte, char ret[5])
{
        char from[1] = {(char)byte}, *in = from, *out = ret;
        size_t in_left = 1, out_left = 4;

        iconv(converter, NULL, NULL, NULL, NULL);
        const size_t r = iconv(converter, &in, &in_left, &out, &out_left);
        const size_t len = 4 - out_left;
        ret[len] = '\0';
        if (r == (size_t)-1 || is_control(ret, len))
                strcpy(ret, ".");
}

int scan_text_open(struct scan_text **ret, const char *codepage)
{
        char name[32];

        snprintf(name, sizeof(name), "%s%s", codepage[strspn(codepage, "0123456789")] ? "" : "CP", codepage);
        iconv_t converter = iconv_open("UTF-8", name);
        struct scan_text *text;

        if (converter == (iconv_t)-1)
                return NBT_ERR_UNSUPPORTED;
        text = calloc(1, sizeof(*text));
        for (unsigned byte = 0; text && byte < 256; byte++)
                convert(converter, (uint8_t)byte, text->utf8[byte]);
        iconv_close(converter);
        if (!text)
                return NBT_ERR_NOMEM;
        *ret = text;
        return 0;
}

struct scan_text *scan_text_close(struct scan_text *text)
{
        free(text);
        return NULL;
}

void scan_text_stem(struct scan_text *text, const struct nb_name *name, char ret[SCAN_TEXT_BYTES])
{
        size_t len = NB_SUFFIX_AT, at = 0;

        while (len && (name->bytes[len - 1] == ' ' || name->bytes[len - 1] == '\0'))
                len--;
        for (size_t i = 0; i < len; i++)
                at += (size_t)(stpcpy(ret + at, text->utf8[name->bytes[i]]) - (ret + at));
        ret[at] = '\0';
}

void scan_text_name(struct scan_text *text, const struct nb_name *name, char ret[SCAN_TEXT_BYTES])
{
        scan_text_stem(text, name, ret);
        const size_t len = strlen(ret);

        snprintf(ret + len, SCAN_TEXT_BYTES - len, "<%02X>", nb_name_suffix(name));
}

size_t scan_text_width(const char *utf8)
{
        size_t width = 0;

        for (; *utf8; utf8++)
                width += ((unsigned char)*utf8 & 0xC0) != 0x80;
        return width;
}
