/* The data of values: between the file's bytes, struct reg_value, and what people read and type. */
#include "settings/reg_int.h"

#include "base/rd.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BREAK_COLUMN 79 /* exports of Windows: no line is longer than this and its closing backslash (observed) */

static const char *const type_names[] = {
        "REG_NONE",
        "REG_SZ",
        "REG_EXPAND_SZ",
        "REG_BINARY",
        "REG_DWORD",
        "REG_DWORD_BIG_ENDIAN",
        "REG_LINK",
        "REG_MULTI_SZ",
        "REG_RESOURCE_LIST",
        "REG_FULL_RESOURCE_DESCRIPTOR",
        "REG_RESOURCE_REQUIREMENTS_LIST",
        "REG_QWORD",
};

const char *reg_type_str(uint32_t type)
{
        return type < NBT_ARRAY_SIZE(type_names) ? type_names[type] : NULL;
}

int reg_type_parse(const char *text, uint32_t *ret)
{
        for (uint32_t i = 0; i < NBT_ARRAY_SIZE(type_names); i++)
                if (reg_name_equal(text, type_names[i])) {
                        *ret = i;
                        return 0;
                }
        if (reg_name_equal(text, "REG_DWORD_LITTLE_ENDIAN")) { /* reg.exe's second word for it */
                *ret = REG_TYPE_DWORD;
                return 0;
        }
        return NBT_ERR_NOT_FOUND;
}

static bool is_text(uint32_t type)
{
        return type == REG_TYPE_SZ || type == REG_TYPE_EXPAND_SZ;
}

/* Texts, each with its NUL, without the empty one that ends a list in the registry. */
static void pack_list(const struct strbuf *text, struct strbuf *out)
{
        const char *at = strbuf_str(text), *end = at + text->len_bytes;

        while (at < end) {
                const size_t len = strnlen(at, (size_t)(end - at));
                if (len) {
                        strbuf_add_bytes(out, at, len);
                        strbuf_add_bytes(out, "", 1);
                }
                at += len + 1;
        }
}

int reg_data_decode(uint32_t type, bool ansi, const uint8_t *bytes, size_t len_bytes, struct arena *arena,
                    struct reg_value *ret)
{
        struct strbuf text = STRBUF_INIT, list = STRBUF_INIT;
        const char *data = (const char *)bytes;
        size_t len = len_bytes;

        if (is_text(type) || type == REG_TYPE_MULTI_SZ) {
                /* an odd byte at the end is no character: Windows' own readers drop it as well */
                const int rc = reg_text_decode(ansi ? REG_ENC_CP1252 : REG_ENC_UTF16LE, bytes, len_bytes, &text);
                if (rc < 0 && rc != NBT_ERR_TRUNCATED)
                        goto out_nomem;
                if (type == REG_TYPE_MULTI_SZ)
                        pack_list(&text, &list);
                data = type == REG_TYPE_MULTI_SZ ? strbuf_str(&list) : strbuf_str(&text);
                len = type == REG_TYPE_MULTI_SZ ? list.len_bytes : strlen(data);
        }
        char *copy = strbuf_ok(&text) && strbuf_ok(&list) ? arena_alloc(arena, len + 1) : NULL;
        if (!copy)
                goto out_nomem;
        if (len)
                memcpy(copy, data, len);
        strbuf_done(&text);
        strbuf_done(&list);
        *ret = (struct reg_value){.type = type, .data = (const uint8_t *)copy, .len_bytes = len};
        return 0;
out_nomem:
        strbuf_done(&text);
        strbuf_done(&list);
        return NBT_ERR_NOMEM;
}

static void add_escaped(struct strbuf *out, const char *text)
{
        strbuf_add_char(out, '"');
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        strbuf_add_char(out, '\\');
                strbuf_add_char(out, *text);
        }
        strbuf_add_char(out, '"');
}

/* The bytes of a value as the registry holds them, for hex lines. */
static int encode_data(const struct reg_doc *doc, const struct reg_value *value, struct strbuf *out)
{
        const enum reg_encoding encoding = doc->ansi ? REG_ENC_CP1252 : REG_ENC_UTF16LE;

        if (!is_text(value->type) && value->type != REG_TYPE_MULTI_SZ) {
                strbuf_add_bytes(out, value->data, value->len_bytes);
                return 0;
        }
        const int rc = reg_text_encode(encoding, (const char *)value->data, value->len_bytes, out);
        return rc < 0 ? rc : reg_text_encode(encoding, "", 1, out);
}

static void add_hex_lines(struct strbuf *out, const struct strbuf *data, size_t line_start, const char *eol)
{
        for (size_t i = 0; i < data->len_bytes; i++) {
                if (out->len_bytes - line_start + 3 > LINE_BREAK_COLUMN) {
                        strbuf_printf(out, "\\%s", eol);
                        line_start = out->len_bytes;
                        strbuf_add(out, "  ");
                }
                strbuf_printf(out, "%02x%s", (uint8_t)data->text[i], i + 1 < data->len_bytes ? "," : "");
        }
}

/* Can the text stand in quotes? Other control characters than line ends would make a file that no editor shows right. */
static int check_text(const struct reg_value *value)
{
        if (memchr(value->data, 0, value->len_bytes))
                return NBT_ERR_MALFORMED;
        return reg_text_is_utf8((const char *)value->data, value->len_bytes) ? 0 : NBT_ERR_MALFORMED;
}

int reg_value_line(const struct reg_doc *doc, const char *name, const struct reg_value *value, struct strbuf *out)
{
        const size_t start = out->len_bytes;
        struct strbuf data = STRBUF_INIT;
        int rc = is_text(value->type) ? check_text(value) : 0;
        uint32_t number = 0;

        if (rc < 0)
                return rc;
        if (*name)
                add_escaped(out, name);
        else
                strbuf_add_char(out, '@');
        strbuf_add_char(out, '=');
        if (value->type == REG_TYPE_SZ) {
                add_escaped(out, (const char *)value->data);
        } else if (reg_value_u32(value, &number) == 0) {
                strbuf_printf(out, "dword:%08x", number);
        } else {
                if (value->type == REG_TYPE_BINARY)
                        strbuf_add(out, "hex:");
                else
                        strbuf_printf(out, "hex(%x):", value->type);
                rc = encode_data(doc, value, &data);
                if (rc == 0)
                        add_hex_lines(out, &data, start, doc->eol);
        }
        if (rc == 0 && !(strbuf_ok(&data) && strbuf_ok(out)))
                rc = NBT_ERR_NOMEM;
        strbuf_done(&data);
        return rc;
}

int reg_value_u32(const struct reg_value *value, uint32_t *ret)
{
        struct rd rd = rd_init(value->data, value->len_bytes);

        if (value->type != REG_TYPE_DWORD || value->len_bytes != 4)
                return NBT_ERR_MALFORMED;
        *ret = rd_le32(&rd);
        return 0;
}

const char *reg_value_next(const struct reg_value *value, size_t *pos)
{
        if (value->type != REG_TYPE_MULTI_SZ || *pos >= value->len_bytes)
                return NULL;
        const char *text = (const char *)value->data + *pos;
        *pos += strlen(text) + 1;
        return text;
}

static void format_list(const struct reg_value *value, struct strbuf *out)
{
        size_t pos = 0;
        bool first = true;

        for (const char *text = reg_value_next(value, &pos); text; text = reg_value_next(value, &pos)) {
                strbuf_printf(out, "%s%s", first ? "" : "\\0", text);
                first = false;
        }
}

void reg_value_format(const struct reg_value *value, struct strbuf *out)
{
        struct rd rd = rd_init(value->data, value->len_bytes);

        if (is_text(value->type))
                strbuf_add(out, (const char *)value->data);
        else if (value->type == REG_TYPE_MULTI_SZ)
                format_list(value, out);
        else if (value->type == REG_TYPE_DWORD && value->len_bytes == 4)
                strbuf_printf(out, "0x%x", rd_le32(&rd));
        else if (value->type == REG_TYPE_DWORD_BE && value->len_bytes == 4)
                strbuf_printf(out, "0x%x", rd_be32(&rd));
        else if (value->type == REG_TYPE_QWORD && value->len_bytes == 8)
                strbuf_printf(out, "0x%llx", (unsigned long long)rd_le64(&rd));
        else
                while (rd_left(&rd))
                        strbuf_printf(out, "%02X", rd_u8(&rd));
}

static int parse_number(const char *text, uint64_t max, uint64_t *ret)
{
        const unsigned base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
        uint64_t number = 0;

        if (base == 16)
                text += 2;
        if (!*text)
                return NBT_ERR_MALFORMED;
        for (; *text; text++) {
                const char *digits = "0123456789abcdef";
                const char lower = *text >= 'A' && *text <= 'F' ? (char)(*text + 0x20) : *text;
                const char *digit = strchr(digits, lower);
                if (!digit || (unsigned)(digit - digits) >= base)
                        return NBT_ERR_MALFORMED;
                if (number > (max - (uint64_t)(digit - digits)) / base)
                        return NBT_ERR_RANGE;
                number = number * base + (uint64_t)(digit - digits);
        }
        *ret = number;
        return 0;
}

static int parse_integer(uint32_t type, const char *text, struct strbuf *out)
{
        const unsigned bytes = type == REG_TYPE_QWORD ? 8 : 4;
        uint64_t number = 0;
        const int rc = parse_number(text, bytes == 8 ? UINT64_MAX : UINT32_MAX, &number);

        for (unsigned i = 0; rc == 0 && i < bytes; i++)
                strbuf_add_char(out, (char)(number >> 8 * (type == REG_TYPE_DWORD_BE ? bytes - 1 - i : i) & 0xFF));
        return rc;
}

static int parse_bytes(const char *text, struct strbuf *out)
{
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";

        for (; *text; text += 2) {
                const char *high = strchr(digits, text[0]), *low = text[1] ? strchr(digits, text[1]) : NULL;
                if (!high || !low)
                        return NBT_ERR_MALFORMED;
                strbuf_add_char(out, (char)((high - digits) % 16 << 4 | (low - digits) % 16));
        }
        return 0;
}

static void parse_list(const char *text, const char *separator, struct strbuf *out)
{
        while (*text) {
                const char *next = *separator ? strstr(text, separator) : NULL;
                const size_t len = next ? (size_t)(next - text) : strlen(text);
                if (len) {
                        strbuf_add_bytes(out, text, len);
                        strbuf_add_bytes(out, "", 1);
                }
                text += len + (next ? strlen(separator) : 0);
        }
}

int reg_value_parse(uint32_t type, const char *text, const char *separator, struct arena *arena, struct reg_value *ret)
{
        struct strbuf data = STRBUF_INIT;
        int rc = 0;

        if (is_text(type))
                strbuf_add(&data, text);
        else if (type == REG_TYPE_MULTI_SZ)
                parse_list(text, separator ? separator : "\\0", &data);
        else if (type == REG_TYPE_DWORD || type == REG_TYPE_DWORD_BE || type == REG_TYPE_QWORD)
                rc = parse_integer(type, text, &data);
        else if (type == REG_TYPE_BINARY || type == REG_TYPE_NONE)
                rc = parse_bytes(text, &data);
        else
                rc = NBT_ERR_UNSUPPORTED;
        char *copy = rc == 0 && strbuf_ok(&data) ? arena_alloc(arena, data.len_bytes + 1) : NULL;
        if (rc == 0 && !copy)
                rc = NBT_ERR_NOMEM;
        if (rc == 0) {
                if (data.len_bytes)
                        memcpy(copy, data.text, data.len_bytes);
                *ret = (struct reg_value){
                        .name = "", .type = type, .data = (const uint8_t *)copy, .len_bytes = data.len_bytes};
        }
        strbuf_done(&data);
        return rc;
}
