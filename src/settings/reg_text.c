#include "settings/reg_text.h"

#include "base/rd.h"
#include "base/utf8.h"

#include <string.h>

#define REPLACEMENT 0xFFFDu

/* Windows-1252, 0x80 to 0x9F (public Unicode mapping table CP1252.TXT); the five holes map to themselves, as Windows does. */
static const uint16_t cp1252_high[32] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

bool reg_text_is_utf8(const char *text, size_t len_bytes)
{
        const char *end = text + len_bytes;

        while (text < end)
                if (utf8_next(&text, end) == UTF8_NO_CODE)
                        return false;
        return true;
}

/* One character of UTF-16; a low surrogate is taken only behind a high one. */
static uint32_t next_utf16(struct rd *rd)
{
        const uint32_t unit = rd_le16(rd);

        if (unit < 0xD800 || unit > 0xDFFF)
                return unit;
        struct rd ahead = *rd;
        const uint32_t low = rd_le16(&ahead);
        if (unit >= 0xDC00 || !rd_ok(&ahead) || low < 0xDC00 || low > 0xDFFF)
                return REPLACEMENT;
        *rd = ahead;
        return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

static uint32_t next_cp1252(struct rd *rd)
{
        const uint8_t byte = rd_u8(rd);

        return byte >= 0x80 && byte <= 0x9F ? cp1252_high[byte - 0x80] : byte;
}

int reg_text_decode(enum reg_encoding encoding, const uint8_t *bytes, size_t len_bytes, struct strbuf *out)
{
        struct rd rd = rd_init(bytes, len_bytes);

        switch (encoding) {
        case REG_ENC_UTF8:
        case REG_ENC_UTF8_BOM:
                strbuf_add_bytes(out, bytes, len_bytes);
                break;
        case REG_ENC_CP1252:
                while (rd_left(&rd))
                        utf8_add(out, next_cp1252(&rd));
                break;
        case REG_ENC_UTF16LE:
                while (rd_left(&rd) >= 2)
                        utf8_add(out, next_utf16(&rd));
                if (rd_left(&rd))
                        return NBT_ERR_TRUNCATED;
                break;
        }
        return strbuf_ok(out) ? 0 : NBT_ERR_NOMEM;
}

static int encode_cp1252(uint32_t code, struct strbuf *out)
{
        if (code < 0x80 || (code >= 0xA0 && code <= 0xFF)) {
                strbuf_add_char(out, (char)code);
                return 0;
        }
        for (unsigned i = 0; i < NBT_ARRAY_SIZE(cp1252_high); i++)
                if (cp1252_high[i] == code) {
                        strbuf_add_char(out, (char)(0x80 + i));
                        return 0;
                }
        return NBT_ERR_UNSUPPORTED;
}

static void add_le16(struct strbuf *out, uint32_t unit)
{
        strbuf_add_char(out, (char)(unit & 0xFF));
        strbuf_add_char(out, (char)(unit >> 8 & 0xFF));
}

static void encode_utf16(uint32_t code, struct strbuf *out)
{
        if (code < 0x10000) {
                add_le16(out, code);
                return;
        }
        add_le16(out, 0xD800 + ((code - 0x10000) >> 10));
        add_le16(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
}

int reg_text_encode(enum reg_encoding encoding, const char *text, size_t len_bytes, struct strbuf *out)
{
        const char *end = text + len_bytes;
        const size_t before = out->len_bytes;
        int rc = 0;

        while (text < end && rc == 0) {
                const uint32_t code = utf8_next(&text, end);
                if (code == UTF8_NO_CODE)
                        rc = NBT_ERR_MALFORMED;
                else if (encoding == REG_ENC_UTF16LE)
                        encode_utf16(code, out);
                else if (encoding == REG_ENC_CP1252)
                        rc = encode_cp1252(code, out);
                else
                        utf8_add(out, code);
        }
        if (rc == 0 && !strbuf_ok(out))
                rc = NBT_ERR_NOMEM;
        if (rc < 0 && strbuf_ok(out))
                out->len_bytes = before;
        return rc;
}

size_t reg_text_raw_len(enum reg_encoding encoding, const char *text, size_t len_bytes)
{
        const char *end = text + len_bytes;
        size_t raw = 0;

        if (encoding == REG_ENC_UTF8 || encoding == REG_ENC_UTF8_BOM)
                return len_bytes;
        while (text < end) {
                const uint32_t code = utf8_next(&text, end);
                if (encoding == REG_ENC_CP1252)
                        raw += 1;
                else
                        raw += code >= 0x10000 && code != UTF8_NO_CODE ? 4 : 2;
        }
        return raw;
}

void reg_text_fold(char *text)
{
        for (uint8_t *p = (uint8_t *)text; *p; p++) {
                if (*p >= 'A' && *p <= 'Z') {
                        *p = (uint8_t)(*p + 0x20);
                } else if (*p == 0xC3 && p[1] >= 0x80 && p[1] <= 0x9E && p[1] != 0x97) {
                        p++; /* U+00C0 to U+00DE, but for the multiplication sign */
                        *p = (uint8_t)(*p + 0x20);
                }
        }
}
