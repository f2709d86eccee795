#include "base/utf8.h"

/* Bytes of the sequence that LEAD begins, and the least code it may stand for (shorter forms exist: overlong); 0 if none. */
static unsigned sequence_length(uint8_t lead, uint32_t *ret_least)
{
        if (lead >= 0xC2 && lead <= 0xDF) {
                *ret_least = 0x80;
                return 2;
        }
        if (lead >= 0xE0 && lead <= 0xEF) {
                *ret_least = 0x800;
                return 3;
        }
        if (lead >= 0xF0 && lead <= 0xF4) {
                *ret_least = 0x10000;
                return 4;
        }
        return 0;
}

uint32_t utf8_next(const char **at, const char *end)
{
        const uint8_t *p = (const uint8_t *)*at;
        const size_t left = (size_t)(end - *at);
        uint32_t least = 0;

        (*at)++;
        if (p[0] < 0x80)
                return p[0];
        const unsigned length = sequence_length(p[0], &least);
        if (length == 0 || length > left)
                return UTF8_NO_CODE;
        uint32_t code = p[0] & (0xFFu >> (length + 1));
        for (unsigned i = 1; i < length; i++) {
                if ((p[i] & 0xC0) != 0x80)
                        return UTF8_NO_CODE;
                code = code << 6 | (p[i] & 0x3Fu);
        }
        if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
                return UTF8_NO_CODE;
        *at += length - 1;
        return code;
}

void utf8_add(struct strbuf *out, uint32_t code)
{
        if (code < 0x80) {
                strbuf_add_char(out, (char)code);
        } else if (code < 0x800) {
                strbuf_add_char(out, (char)(0xC0 | code >> 6));
                strbuf_add_char(out, (char)(0x80 | (code & 0x3F)));
        } else if (code < 0x10000) {
                strbuf_add_char(out, (char)(0xE0 | code >> 12));
                strbuf_add_char(out, (char)(0x80 | (code >> 6 & 0x3F)));
                strbuf_add_char(out, (char)(0x80 | (code & 0x3F)));
        } else {
                strbuf_add_char(out, (char)(0xF0 | code >> 18));
                strbuf_add_char(out, (char)(0x80 | (code >> 12 & 0x3F)));
                strbuf_add_char(out, (char)(0x80 | (code >> 6 & 0x3F)));
                strbuf_add_char(out, (char)(0x80 | (code & 0x3F)));
        }
}
