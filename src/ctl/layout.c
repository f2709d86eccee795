#include "ctl/layout.h"

#include "base/ip4.h"
#include "wire/name.h"

#include <string.h>

struct address_row {
        uint32_t address;
};
static const struct layout_field ADDRESS_FIELDS[] = {LAYOUT_FIELD(address_row, "address", LAYOUT_ADDRESS, address)};
const struct layout LAYOUT_ADDRESS_ROW = LAYOUT_OF(address_row, ADDRESS_FIELDS);

#define HEX_BYTES (NB_SCOPE_MAX_BYTES * 2 + 1)

/* ---- members as numbers ------------------------------------------------------------------------------------------- */

static uint64_t load_unsigned(const void *at, size_t size_bytes)
{
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;

        switch (size_bytes) {
        case 1:
                memcpy(&u8, at, 1);
                return u8;
        case 2:
                memcpy(&u16, at, 2);
                return u16;
        case 4:
                memcpy(&u32, at, 4);
                return u32;
        default:
                memcpy(&u64, at, 8);
                return u64;
        }
}

static void store_unsigned(void *at, size_t size_bytes, uint64_t v)
{
        const uint8_t u8 = (uint8_t)v;
        const uint16_t u16 = (uint16_t)v;
        const uint32_t u32 = (uint32_t)v;

        switch (size_bytes) {
        case 1:
                memcpy(at, &u8, 1);
                break;
        case 2:
                memcpy(at, &u16, 2);
                break;
        case 4:
                memcpy(at, &u32, 4);
                break;
        default:
                memcpy(at, &v, 8);
                break;
        }
}

static int64_t load_signed(const void *at, size_t size_bytes)
{
        const uint64_t v = load_unsigned(at, size_bytes);

        return size_bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
}

/* ---- bytes as hexadecimal ----------------------------------------------------------------------------------------- */

static json_t *encode_bytes(const uint8_t *bytes, size_t len_bytes)
{
        static const char DIGITS[] = "0123456789abcdef";
        char text[HEX_BYTES];

        if (len_bytes > NB_SCOPE_MAX_BYTES)
                return NULL;
        for (size_t i = 0; i < len_bytes; i++) {
                text[2 * i] = DIGITS[bytes[i] >> 4];
                text[2 * i + 1] = DIGITS[bytes[i] & 15];
        }
        return json_stringn(text, len_bytes * 2);
}

static int digit_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns how many bytes the text holds, at most SIZE. */
static int decode_bytes(const json_t *json, uint8_t *ret, size_t size_bytes)
{
        const char *text = json_string_value(json);
        const size_t digits = json_string_length(json);

        if (!text || digits % 2)
                return NBT_ERR_MALFORMED;
        if (digits / 2 > size_bytes)
                return NBT_ERR_RANGE;
        for (size_t i = 0; i < digits / 2; i++) {
                const int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);

                if (high < 0 || low < 0)
                        return NBT_ERR_MALFORMED;
                ret[i] = (uint8_t)(high << 4 | low);
        }
        return (int)(digits / 2);
}

/* ---- encoding ----------------------------------------------------------------------------------------------------- */

/* JSON is UTF-8, our texts are OEM bytes at worst: what is not ASCII is shown as '?'. */
static json_t *encode_text(const char *text, size_t size_bytes)
{
        char clean[512];
        size_t len = strnlen(text, size_bytes);

        if (len >= sizeof clean)
                len = sizeof clean - 1;
        for (size_t i = 0; i < len; i++)
                clean[i] = (unsigned char)text[i] > 0x7E ? '?' : text[i];
        return json_stringn(clean, len);
}

static json_t *encode_word(const struct layout_field *field, const void *at)
{
        const uint64_t v = load_unsigned(at, field->size_bytes);

        return v < field->word_count && field->words[v] ? json_string(field->words[v]) : json_null();
}

static json_t *encode_address(const void *at)
{
        char text[IP4_TEXT_BYTES];

        ip4_format((uint32_t)load_unsigned(at, sizeof(uint32_t)), text);
        return json_string(text);
}

static json_t *encode_rows(const struct layout *element, const uint8_t *rows, size_t count)
{
        json_t *array = json_array();

        for (size_t i = 0; array && i < count; i++) {
                if (json_array_append_new(array, layout_encode(element, rows + i * element->size_bytes)) < 0) {
                        json_decref(array);
                        return NULL;
                }
        }
        return array;
}

static json_t *encode_unsigned(uint64_t v)
{
        return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *encode_pointed(const struct layout_field *field, const uint8_t *object, const uint8_t *at)
{
        const uint8_t *pointed;

        memcpy(&pointed, at, sizeof pointed);
        if (field->kind == LAYOUT_OPTIONAL)
                return pointed ? layout_encode(field->element, pointed) : json_null();
        return encode_rows(field->element, pointed,
                           load_unsigned(object + field->count_offset, field->count_size_bytes));
}

static json_t *encode_field(const struct layout_field *field, const uint8_t *object)
{
        const uint8_t *at = object + field->offset;

        switch (field->kind) {
        case LAYOUT_BOOL:
                return json_boolean(load_unsigned(at, 1) != 0);
        case LAYOUT_INT:
                return json_integer(load_signed(at, field->size_bytes));
        case LAYOUT_UINT:
                return encode_unsigned(load_unsigned(at, field->size_bytes));
        case LAYOUT_WORD:
                return encode_word(field, at);
        case LAYOUT_TEXT:
                return encode_text((const char *)at, field->size_bytes);
        case LAYOUT_BYTES:
                return encode_bytes(at, field->size_bytes);
        case LAYOUT_SCOPE:
                return encode_bytes(((const struct nb_scope *)at)->text, ((const struct nb_scope *)at)->len_bytes);
        case LAYOUT_ADDRESS:
                return encode_address(at);
        case LAYOUT_STRUCT:
                return layout_encode(field->element, at);
        case LAYOUT_ARRAY:
                return encode_rows(field->element, at,
                                   load_unsigned(object + field->count_offset, field->count_size_bytes));
        case LAYOUT_OPTIONAL:
        case LAYOUT_LIST:
                return encode_pointed(field, object, at);
        }
        return NULL;
}

json_t *layout_encode(const struct layout *layout, const void *object)
{
        json_t *json = json_object();

        for (size_t i = 0; json && i < layout->field_count; i++) {
                const struct layout_field *field = &layout->fields[i];

                if (json_object_set_new_nocheck(json, field->key, encode_field(field, object)) < 0) {
                        json_decref(json);
                        return NULL;
                }
        }
        return json;
}

/* ---- decoding ----------------------------------------------------------------------------------------------------- */

static int decode_unsigned(const json_t *json, size_t size_bytes, void *at)
{
        const json_int_t v = json_integer_value(json);

        if (!json_is_integer(json))
                return NBT_ERR_MALFORMED;
        if (v < 0 || (size_bytes < 8 && v >> (8 * size_bytes)))
                return NBT_ERR_RANGE;
        store_unsigned(at, size_bytes, (uint64_t)v);
        return 0;
}

static int decode_signed(const json_t *json, size_t size_bytes, void *at)
{
        const json_int_t v = json_integer_value(json);

        if (!json_is_integer(json))
                return NBT_ERR_MALFORMED;
        if (size_bytes == 4 && (v < INT32_MIN || v > INT32_MAX))
                return NBT_ERR_RANGE;
        store_unsigned(at, size_bytes, (uint64_t)v);
        return 0;
}

static int decode_word(const struct layout_field *field, const json_t *json, void *at)
{
        const char *word = json_string_value(json);

        for (size_t i = 0; word && i < field->word_count; i++) {
                if (field->words[i] && strcmp(field->words[i], word) == 0) {
                        store_unsigned(at, field->size_bytes, i);
                        return 0;
                }
        }
        return word ? NBT_ERR_RANGE : NBT_ERR_MALFORMED;
}

static int decode_text(const json_t *json, size_t size_bytes, char *at)
{
        const char *text = json_string_value(json);

        if (!text || json_string_length(json) != strlen(text))
                return NBT_ERR_MALFORMED;
        if (strlen(text) >= size_bytes)
                return NBT_ERR_RANGE;
        memcpy(at, text, strlen(text) + 1);
        return 0;
}

static int decode_exact_bytes(const json_t *json, size_t size_bytes, uint8_t *at)
{
        const int r = decode_bytes(json, at, size_bytes);

        if (r < 0)
                return r;
        return (size_t)r == size_bytes ? 0 : NBT_ERR_MALFORMED;
}

static int decode_scope(const json_t *json, struct nb_scope *scope)
{
        const int r = decode_bytes(json, scope->text, sizeof scope->text);

        if (r < 0)
                return r;
        scope->len_bytes = (uint8_t)r;
        return 0;
}

static int decode_address(const json_t *json, void *at)
{
        const char *text = json_string_value(json);
        uint32_t address;

        if (!text || ip4_parse(text, &address) < 0)
                return NBT_ERR_MALFORMED;
        store_unsigned(at, sizeof address, address);
        return 0;
}

static int decode_rows(const struct layout_field *field, const json_t *json, struct arena *arena, uint8_t *rows)
{
        for (size_t i = 0; i < json_array_size(json); i++) {
                const int r = layout_decode(field->element, json_array_get(json, i), arena,
                                            rows + i * field->element->size_bytes);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int decode_many(const struct layout_field *field, const json_t *json, struct arena *arena, uint8_t *object)
{
        const size_t count = json_array_size(json);
        uint8_t *rows = object + field->offset;

        if (!json_is_array(json))
                return NBT_ERR_MALFORMED;
        if (count > field->max)
                return NBT_ERR_RANGE;
        if (field->kind == LAYOUT_LIST) {
                rows = arena_alloc(arena, count * field->element->size_bytes);
                if (!rows)
                        return NBT_ERR_NOMEM;
                memcpy(object + field->offset, &rows, sizeof rows);
        }
        store_unsigned(object + field->count_offset, field->count_size_bytes, count);
        return decode_rows(field, json, arena, rows);
}

static int decode_optional(const struct layout_field *field, const json_t *json, struct arena *arena, void *at)
{
        if (json_is_null(json))
                return 0;
        void *pointed = arena_alloc(arena, field->element->size_bytes);
        if (!pointed)
                return NBT_ERR_NOMEM;
        memcpy(at, &pointed, sizeof pointed);
        return layout_decode(field->element, json, arena, pointed);
}

static int decode_field(const struct layout_field *field, const json_t *json, struct arena *arena, uint8_t *object)
{
        uint8_t *at = object + field->offset;

        switch (field->kind) {
        case LAYOUT_BOOL:
                *(bool *)at = json_is_true(json);
                return json_is_boolean(json) ? 0 : NBT_ERR_MALFORMED;
        case LAYOUT_INT:
                return decode_signed(json, field->size_bytes, at);
        case LAYOUT_UINT:
                return decode_unsigned(json, field->size_bytes, at);
        case LAYOUT_WORD:
                return decode_word(field, json, at);
        case LAYOUT_TEXT:
                return decode_text(json, field->size_bytes, (char *)at);
        case LAYOUT_BYTES:
                return decode_exact_bytes(json, field->size_bytes, at);
        case LAYOUT_SCOPE:
                return decode_scope(json, (struct nb_scope *)at);
        case LAYOUT_ADDRESS:
                return decode_address(json, at);
        case LAYOUT_STRUCT:
                return layout_decode(field->element, json, arena, at);
        case LAYOUT_OPTIONAL:
                return decode_optional(field, json, arena, at);
        case LAYOUT_ARRAY:
        case LAYOUT_LIST:
                return decode_many(field, json, arena, object);
        }
        return NBT_ERR_MALFORMED;
}

int layout_decode(const struct layout *layout, const json_t *json, struct arena *arena, void *object)
{
        if (!json_is_object(json))
                return NBT_ERR_MALFORMED;
        for (size_t i = 0; i < layout->field_count; i++) {
                const json_t *value = json_object_get(json, layout->fields[i].key);
                const int r = value ? decode_field(&layout->fields[i], value, arena, object) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}
