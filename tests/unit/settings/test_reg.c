/* .reg documents: byte-exact round trips, what each form means, edits that leave the rest alone, damaged and cut input. */
#include "base/rng.h"
#include "settings/reg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V5 "Windows Registry Editor Version 5.00"
#define K "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters"
#define NETBT "HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters"

/* Every form at once; LF or CRLF by turns, comments everywhere, odd spacing. */
static const char rich[] = V5 "\r\n"
                              "\r\n"
                              "; a comment before all\r\n"
                              "[" K "]\r\n"
                              "\"NodeType\"=dword:00000008 ; hybrid\r\n"
                              "  \"scopeid\" = \"CORP\\\\x\\\"y\"\n"
                              ";between\r\n"
                              "@=\"the default\"\r\n"
                              "\"List\"=hex(7):31,00,30,00,2e,00,30,00,2e,00,30,00,2e,00,31,00,00,00,31,00,30,\\\r\n"
                              "  00,2e,00,30,00,2e,00,30,00,2e,00,32,00,00,00,00,00\r\n"
                              "\"Exp\"=hex(2):25,00,41,00,25,00,00,00\r\n"
                              "\"Bin\"=hex:de,ad, be,EF\r\n"
                              "\"Empty\"=hex:\r\n"
                              "\"Q\"=hex(b):01,00,00,00,00,00,00,80\r\n"
                              "\"Unknown\"=hex(12345):01\r\n"
                              "\"Lines\"=\"one\r\ntwo\"\r\n"
                              "\"Gone\"=-\r\n"
                              "\r\n"
                              "; about the next key\r\n"
                              "[hkey_local_machine\\SOFTWARE\\Other] ; tail ] here\r\n"
                              "\"x\"=\"y\"\r\n"
                              "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Old]\r\n"
                              "; last words, no line end";

static struct reg_doc *parse_bytes(const void *bytes, size_t len)
{
        struct reg_doc *doc = NULL;
        struct reg_error error;
        const int rc = reg_doc_parse(&doc, bytes, len, &error);

        if (rc < 0)
                fail_msg("parse: %d, line %u: expected %s", rc, error.line, error.expected);
        return doc;
}

static struct reg_doc *parse(const char *text)
{
        return parse_bytes(text, strlen(text));
}

static char *serialise(const struct reg_doc *doc, size_t *ret_len)
{
        struct strbuf out = STRBUF_INIT;

        assert_int_equal(reg_doc_serialise(doc, &out), 0);
        if (ret_len)
                *ret_len = out.len_bytes;
        return strbuf_take(&out);
}

static void assert_text(const struct reg_doc *doc, const char *expected)
{
        char *text = serialise(doc, NULL);

        assert_string_equal(text, expected);
        free(text);
}

static void assert_shown(const struct reg_doc *doc, const char *key, const char *name, uint32_t type, const char *shown)
{
        struct reg_value value;
        struct strbuf out = STRBUF_INIT;

        if (reg_doc_find(doc, key, name, &value) < 0)
                fail_msg("%s %s: not found", key, name);
        reg_value_format(&value, &out);
        assert_int_equal(value.type, type);
        assert_string_equal(strbuf_str(&out), shown);
        strbuf_done(&out);
}

static void assert_absent(const struct reg_doc *doc, const char *key, const char *name)
{
        struct reg_value value;

        assert_int_equal(reg_doc_find(doc, key, name, &value), NBT_ERR_NOT_FOUND);
}

static void set_u32(struct reg_doc *doc, const char *key, const char *name, uint32_t number)
{
        char text[16];
        struct arena arena = ARENA_INIT;
        struct reg_value value;

        snprintf(text, sizeof(text), "%u", number);
        assert_int_equal(reg_value_parse(REG_TYPE_DWORD, text, NULL, &arena, &value), 0);
        assert_int_equal(reg_doc_set(doc, key, name, &value), 0);
        arena_done(&arena);
}

static int set_text(struct reg_doc *doc, const char *key, const char *name, uint32_t type, const char *text)
{
        struct arena arena = ARENA_INIT;
        struct reg_value value;

        assert_int_equal(reg_value_parse(type, text, NULL, &arena, &value), 0);
        const int rc = reg_doc_set(doc, key, name, &value);
        arena_done(&arena);
        return rc;
}

/* ASCII text as UTF-16LE, with or without its mark. */
static uint8_t *to_utf16(const char *text, bool bom, size_t *ret_len)
{
        const size_t len = strlen(text);
        uint8_t *out = malloc(2 * len + 2);
        size_t at = 0;

        assert_non_null(out);
        if (bom) {
                out[at++] = 0xFF;
                out[at++] = 0xFE;
        }
        for (size_t i = 0; i < len; i++) {
                out[at++] = (uint8_t)text[i];
                out[at++] = 0;
        }
        *ret_len = at;
        return out;
}

static void assert_round_trip(const void *bytes, size_t len, enum reg_encoding encoding)
{
        struct reg_doc *doc = parse_bytes(bytes, len);
        size_t out_len = 0;
        char *out = serialise(doc, &out_len);

        assert_int_equal(reg_doc_encoding(doc), encoding);
        assert_int_equal(out_len, len);
        assert_memory_equal(out, bytes, len);
        free(out);
        reg_doc_free(doc);
}

static void test_round_trip_every_encoding(void **state)
{
        char with_bom[sizeof(rich) + 3] = "\xEF\xBB\xBF";
        char high[] = V5 "\n[" K "]\n\"W\xC3\xA4hler\"=\"\xF0\x9F\x90\xA7\"\n";
        char ansi[] = "REGEDIT4\r\n\r\n[" K "]\r\n\"W\xE4hler\"=\"\x80 1\"\r\n";
        char ansi5[] = V5 "\r\n[" K "]\r\n\"W\xE4hler\"=\"1\"\r\n";
        size_t len = 0;

        (void)state;
        strcat(with_bom, rich);
        assert_round_trip(rich, strlen(rich), REG_ENC_UTF8);
        assert_round_trip(with_bom, strlen(with_bom), REG_ENC_UTF8_BOM);
        assert_round_trip(high, strlen(high), REG_ENC_UTF8);
        assert_round_trip(ansi, strlen(ansi), REG_ENC_CP1252);
        assert_round_trip(ansi5, strlen(ansi5), REG_ENC_CP1252);
        for (int bom = 0; bom < 2; bom++) {
                uint8_t *wide = to_utf16(rich, bom, &len);
                assert_round_trip(wide, len, REG_ENC_UTF16LE);
                free(wide);
        }
}

static void test_lone_surrogates_keep_their_bytes(void **state)
{
        size_t len = 0;
        uint8_t *wide = to_utf16(V5 "\r\n[" K "]\r\n\"a\"=\"?!\"\r\n\"b\"=\"?\"\r\n", true, &len);

        (void)state;
        for (size_t i = 2; i < len; i += 2)
                if (wide[i] == '?')
                        wide[i + 1] = 0xD8, wide[i] = 0x3D;
        assert_round_trip(wide, len, REG_ENC_UTF16LE);
        struct reg_doc *doc = parse_bytes(wide, len);
        assert_shown(doc, NETBT, "a", REG_TYPE_SZ, "\xEF\xBF\xBD!");
        set_u32(doc, NETBT, "c", 1); /* the others keep their bytes through an edit */
        size_t out_len = 0;
        char *out = serialise(doc, &out_len);
        assert_true(out_len > len);
        assert_memory_equal(out, wide, len);
        free(out);
        reg_doc_free(doc);
        free(wide);
}

static void test_every_form_means_what_it_says(void **state)
{
        struct reg_doc *doc = parse(rich);
        struct reg_value value;

        (void)state;
        assert_shown(doc, NETBT, "nodetype", REG_TYPE_DWORD, "0x8");
        assert_shown(doc, NETBT, "SCOPEID", REG_TYPE_SZ, "CORP\\x\"y");
        assert_shown(doc, NETBT, "", REG_TYPE_SZ, "the default");
        assert_shown(doc, NETBT, "List", REG_TYPE_MULTI_SZ, "10.0.0.1\\010.0.0.2");
        assert_shown(doc, NETBT, "Exp", REG_TYPE_EXPAND_SZ, "%A%");
        assert_shown(doc, NETBT, "Bin", REG_TYPE_BINARY, "DEADBEEF");
        assert_shown(doc, NETBT, "Empty", REG_TYPE_BINARY, "");
        assert_shown(doc, NETBT, "Q", REG_TYPE_QWORD, "0x8000000000000001");
        assert_shown(doc, NETBT, "Unknown", 0x12345, "01");
        assert_shown(doc, NETBT, "Lines", REG_TYPE_SZ, "one\r\ntwo");
        assert_shown(doc, "HKLM\\software\\other\\", "X", REG_TYPE_SZ, "y");
        assert_absent(doc, NETBT, "Gone");
        assert_absent(doc, NETBT "\\Interfaces", "NodeType");
        assert_int_equal(reg_doc_find(doc, NETBT, "nodetype", &value), 0);
        assert_int_equal(value.line, 5);
        assert_string_equal(value.name, "NodeType");
        reg_doc_free(doc);
}

static void test_regedit4_texts_are_in_the_code_page(void **state)
{
        struct reg_doc *doc = parse("REGEDIT4\r\n[" K "]\r\n\"e\"=hex(2):41,e4,80,00\r\n\"s\"=\"\xE4\x80\"\r\n"
                                    "\"m\"=hex(7):61,00,62,63,00,00\r\n");

        (void)state;
        assert_shown(doc, NETBT, "e", REG_TYPE_EXPAND_SZ, "A\xC3\xA4\xE2\x82\xAC");
        assert_shown(doc, NETBT, "s", REG_TYPE_SZ, "\xC3\xA4\xE2\x82\xAC");
        assert_shown(doc, NETBT, "m", REG_TYPE_MULTI_SZ, "a\\0bc");
        assert_int_equal(set_text(doc, NETBT, "m", REG_TYPE_MULTI_SZ, "\xC3\xA4\\0b"), 0);
        assert_int_equal(set_text(doc, NETBT, "s", REG_TYPE_SZ, "\xE2\x82\xAC"), 0);
        assert_text(doc, "REGEDIT4\r\n[" K "]\r\n\"e\"=hex(2):41,e4,80,00\r\n\"s\"=\"\x80\"\r\n"
                         "\"m\"=hex(7):e4,00,62,00,00\r\n");
        assert_int_equal(set_text(doc, NETBT, "s", REG_TYPE_SZ, "\xCE\xA9"), NBT_ERR_UNSUPPORTED);
        assert_shown(doc, NETBT, "s", REG_TYPE_SZ, "\xE2\x82\xAC");
        reg_doc_free(doc);
}

static void test_file_is_applied_from_top_to_bottom(void **state)
{
        struct reg_doc *doc =
                parse(V5 "\n[HKLM\\A]\n\"v\"=dword:1\n\"w\"=dword:1\n[HKLM\\A\\Sub]\n\"v\"=dword:1\n"
                         "[HKLM\\AB]\n\"v\"=dword:1\n[-HKLM\\A]\n[HKLM\\a]\n\"V\"=dword:2\n\"v\"=dword:3\n"
                         "\"x\"=dword:4\n\"x\"=-\n");
        struct arena arena = ARENA_INIT;
        const char *const *keys = NULL;
        const struct reg_value *values = NULL;
        size_t count = 0;

        (void)state;
        assert_shown(doc, "HKLM\\A", "v", REG_TYPE_DWORD, "0x3");
        assert_absent(doc, "HKLM\\A", "w");
        assert_absent(doc, "HKLM\\A\\Sub", "v");
        assert_absent(doc, "HKLM\\A", "x");
        assert_shown(doc, "HKLM\\AB", "v", REG_TYPE_DWORD, "0x1");
        assert_true(reg_doc_has_key(doc, "HKLM\\A"));
        assert_false(reg_doc_has_key(doc, "HKLM\\A\\Sub"));
        assert_int_equal(reg_doc_keys(doc, NULL, &arena, &keys, &count), 0);
        assert_int_equal(count, 2);
        assert_string_equal(keys[0], "HKEY_LOCAL_MACHINE\\AB");
        assert_string_equal(keys[1], "HKEY_LOCAL_MACHINE\\a");
        assert_int_equal(reg_doc_values(doc, "HKLM\\A", &arena, &values, &count), 0);
        assert_int_equal(count, 1);
        assert_string_equal(values[0].name, "v");
        arena_done(&arena);
        reg_doc_free(doc);
}

static void test_control_set_001_is_the_current_one(void **state)
{
        struct reg_doc *doc =
                parse(V5 "\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\NetBT\\Parameters]\n"
                         "\"NodeType\"=dword:1\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\X]\n\"a\"=\"b\"\n");

        (void)state;
        assert_shown(doc, NETBT, "NodeType", REG_TYPE_DWORD, "0x1");
        assert_absent(doc, "HKLM\\SYSTEM\\CurrentControlSet\\X", "a");
        set_u32(doc, NETBT, "NodeType", 2);
        assert_text(doc,
                    V5 "\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\NetBT\\Parameters]\n"
                       "\"NodeType\"=dword:00000002\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet002\\X]\n\"a\"=\"b\"\n");
        reg_doc_free(doc);
}

/* RICH with one piece replaced by another. */
static char *replaced(const char *from, const char *to)
{
        const char *at = strstr(rich, from);
        char *out = malloc(sizeof(rich) + strlen(to));

        assert_non_null(out);
        assert_non_null(at);
        sprintf(out, "%.*s%s%s", (int)(at - rich), rich, to, at + strlen(from));
        return out;
}

static void assert_edit(const struct reg_doc *doc, const char *from, const char *to)
{
        char *expected = replaced(from, to);

        assert_text(doc, expected);
        free(expected);
}

static void test_edits_leave_all_else_alone(void **state)
{
        struct reg_doc *doc = parse(rich);

        (void)state;
        set_u32(doc, NETBT, "NODETYPE", 4);
        assert_edit(doc, "00000008 ; hybrid", "00000004 ; hybrid");
        set_u32(doc, NETBT, "NodeType", 8);
        assert_text(doc, rich);
        set_u32(doc, NETBT, "CacheTimeout", 600000); /* behind the last value, before the next key's comment */
        assert_edit(doc, "\"Gone\"=-\r\n", "\"Gone\"=-\r\n\"CacheTimeout\"=dword:000927c0\r\n");
        assert_int_equal(reg_doc_delete_value(doc, K, "cachetimeout"), 0);
        assert_int_equal(reg_doc_delete_value(doc, K, "cachetimeout"), NBT_ERR_NOT_FOUND);
        assert_text(doc, rich);
        assert_int_equal(reg_doc_delete_value(doc, NETBT, "List"), 0);
        assert_absent(doc, NETBT, "List");
        reg_doc_free(doc);
}

static void test_new_key_goes_to_the_end(void **state)
{
        struct reg_doc *doc = parse(rich);
        char expected[sizeof(rich) + 128];

        (void)state;
        assert_int_equal(set_text(doc, "HKLM\\SOFTWARE\\Old", "a\"b", REG_TYPE_SZ, "c\\d"), 0);
        snprintf(expected, sizeof(expected),
                 "%s\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Old]\r\n\"a\\\"b\"=\"c\\\\d\"\r\n", rich);
        assert_text(doc, expected);
        assert_shown(doc, "HKLM\\software\\OLD", "A\"B", REG_TYPE_SZ, "c\\d");
        assert_int_equal(reg_doc_delete_key(doc, "HKLM\\SOFTWARE\\Old"), 0);
        assert_int_equal(reg_doc_delete_key(doc, "HKLM\\SOFTWARE\\Old"), NBT_ERR_NOT_FOUND);
        reg_doc_free(doc);
}

static void test_deleting_a_key_keeps_the_next_ones_comment(void **state)
{
        struct reg_doc *doc = parse(rich);
        char *text = NULL;

        (void)state;
        assert_int_equal(reg_doc_delete_key(doc, "HKLM\\SYSTEM"), 0);
        assert_false(reg_doc_has_key(doc, NETBT));
        text = serialise(doc, NULL);
        assert_non_null(strstr(
                text, "; a comment before all\r\n\r\n; about the next key\r\n[hkey_local_machine\\SOFTWARE\\Other]"));
        assert_non_null(strstr(text, "; last words, no line end"));
        free(text);
        reg_doc_free(doc);
}

static void test_hex_lines_break_as_windows_breaks_them(void **state)
{
        struct reg_doc *doc = NULL;
        struct arena arena = ARENA_INIT;
        struct reg_value value;
        char digits[2 * 60 + 1] = "";

        (void)state;
        for (int i = 0; i < 60; i++)
                sprintf(digits + 2 * i, "%02x", i);
        assert_int_equal(reg_doc_new(&doc, REG_ENC_UTF8), 0);
        assert_int_equal(reg_value_parse(REG_TYPE_BINARY, digits, NULL, &arena, &value), 0);
        assert_int_equal(reg_doc_set(doc, "HKCU\\T", "x", &value), 0);
        assert_text(doc, V5 "\r\n\r\n[HKEY_CURRENT_USER\\T]\r\n"
                            "\"x\"=hex:00,01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,0e,0f,10,11,12,13,14,15,16,\\\r\n"
                            "  17,18,19,1a,1b,1c,1d,1e,1f,20,21,22,23,24,25,26,27,28,29,2a,2b,2c,2d,2e,2f,\\\r\n"
                            "  30,31,32,33,34,35,36,37,38,39,3a,3b\r\n");
        assert_shown(doc, "HKCU\\T", "x", REG_TYPE_BINARY,
                     "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
                     "202122232425262728292A2B2C2D2E2F303132333435363738393A3B");
        arena_done(&arena);
        reg_doc_free(doc);
}

static const struct {
        const char *text;
        int rc;
        unsigned line;
        const char *expected; /* part of it */
} damaged[] = {
        {"", NBT_ERR_TRUNCATED, 1, "Version 5.00"},
        {"hello\n", NBT_ERR_MALFORMED, 1, "Version 5.00"},
        {"Windows Registry Editor Version 6.00\n", NBT_ERR_MALFORMED, 1, "Version 5.00"},
        {"; c\n[HKLM\\A]\n", NBT_ERR_MALFORMED, 2, "Version 5.00"},
        {V5 "\n\"a\"=\"b\"\n", NBT_ERR_MALFORMED, 2, "a key in brackets"},
        {V5 "\n[HKLM\\A\n", NBT_ERR_MALFORMED, 2, "closing ]"},
        {V5 "\n[HKLM\\A] x\n", NBT_ERR_MALFORMED, 2, "closing ]"},
        {V5 "\n[FOO\\A]\n", NBT_ERR_MALFORMED, 2, "HKEY_LOCAL_MACHINE"},
        {V5 "\n[HKLM\\\\A]\n", NBT_ERR_MALFORMED, 2, "empty parts"},
        {V5 "\n[-HKLM\\A]\n\"a\"=\"b\"\n", NBT_ERR_MALFORMED, 3, "a key in brackets"},
        {V5 "\n[HKLM\\A]\nx\n", NBT_ERR_MALFORMED, 3, "[key]"},
        {V5 "\n[HKLM\\A]\n\"a\n\"=1\n", NBT_ERR_MALFORMED, 3, "same line"},
        {V5 "\n[HKLM\\A]\n\"a\" 1\n", NBT_ERR_MALFORMED, 3, "="},
        {V5 "\n[HKLM\\A]\n\"a\"=1\n", NBT_ERR_MALFORMED, 3, "dword:"},
        {V5 "\n[HKLM\\A]\n\"a\"=\"b\" c\n", NBT_ERR_MALFORMED, 3, "end of the line"},
        {V5 "\n[HKLM\\A]\n\"a\"=\"b\\n\"\n", NBT_ERR_MALFORMED, 3, "doubled"},
        {V5 "\n[HKLM\\A]\n\"a\"=\"b\n\n", NBT_ERR_TRUNCATED, 3, "closing \""},
        {V5 "\n[HKLM\\A]\n\"a\"=dword:\n", NBT_ERR_MALFORMED, 3, "1 to 8"},
        {V5 "\n[HKLM\\A]\n\"a\"=dword:123456789\n", NBT_ERR_MALFORMED, 3, "1 to 8"},
        {V5 "\n[HKLM\\A]\n\"a\"=hex:1,\\\n 2,\\\n zz\n", NBT_ERR_MALFORMED, 5, "a byte"},
        {V5 "\n[HKLM\\A]\n\"a\"=hex:001\n", NBT_ERR_MALFORMED, 3, "end of the line"},
        {V5 "\n[HKLM\\A]\n\"a\"=hex(7:00\n", NBT_ERR_MALFORMED, 3, "hex(7)"},
        {V5 "\n[HKLM\\A]\n\"a\"=hex:00,\\", NBT_ERR_TRUNCATED, 3, "end of the file"},
        {V5 "\n[HKLM\\A]\n\"a\"=hex:00,\\ ; c\n01\n", NBT_ERR_MALFORMED, 3, "behind a backslash"},
        {"\xFE\xFF\0W", NBT_ERR_MALFORMED, 1, "big-endian"},
        {"\xEF\xBB\xBF" V5 "\n; \xFF\n", NBT_ERR_MALFORMED, 1, "UTF-8"},
};

static void test_damage_is_told_with_its_line(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(damaged); i++) {
                struct reg_doc *doc = NULL;
                struct reg_error error;
                const int rc = reg_doc_parse(&doc, damaged[i].text, strlen(damaged[i].text), &error);

                if (rc != damaged[i].rc || error.line != damaged[i].line ||
                    !strstr(error.expected, damaged[i].expected))
                        fail_msg("row %zu: %d, line %u: %s", i, rc, error.line, error.expected);
                assert_null(doc);
        }
}

static void test_bounds(void **state)
{
        struct strbuf text = STRBUF_INIT;
        struct reg_doc *doc = NULL;
        struct reg_error error;
        char *big = calloc(1, REG_MAX_BYTES + 1);

        (void)state;
        assert_non_null(big);
        assert_int_equal(reg_doc_parse(&doc, big, REG_MAX_BYTES + 1, &error), NBT_ERR_RANGE);
        free(big);
        strbuf_add(&text, V5 "\n[HKLM");
        for (int i = 0; i < REG_MAX_KEY_DEPTH + 1; i++)
                strbuf_add(&text, "\\a");
        strbuf_add(&text, "]\n");
        assert_int_equal(reg_doc_parse(&doc, text.text, text.len_bytes, &error), NBT_ERR_RANGE);
        strbuf_reset(&text);
        strbuf_add(&text, V5 "\n");
        for (int i = 0; i < REG_MAX_KEY_DELETIONS + 1; i++)
                strbuf_add(&text, "[-HKLM\\a]\n");
        assert_int_equal(reg_doc_parse(&doc, text.text, text.len_bytes, &error), NBT_ERR_RANGE);
        assert_int_equal(error.line, REG_MAX_KEY_DELETIONS + 2);
        strbuf_done(&text);
}

/* Cut anywhere, a file is read whole or refused; if it is read, it is written back as it came. */
static void test_truncation_at_every_length(void **state)
{
        size_t wide_len = 0;
        uint8_t *wide = to_utf16(rich, true, &wide_len);

        (void)state;
        for (size_t i = 0; i < sizeof(rich) + wide_len; i++) {
                const void *bytes = i < sizeof(rich) ? (const void *)rich : wide;
                const size_t len = i < sizeof(rich) ? i : i - sizeof(rich);
                void *copy = malloc(len ? len : 1);
                struct reg_doc *doc = NULL;
                struct reg_error error;

                assert_non_null(copy);
                memcpy(copy, bytes, len);
                if (reg_doc_parse(&doc, copy, len, &error) == 0) {
                        size_t out_len = 0;
                        char *out = serialise(doc, &out_len);
                        assert_int_equal(out_len, len);
                        assert_memory_equal(out, copy, len);
                        free(out);
                } else {
                        assert_in_range(error.line, 1, 30);
                }
                reg_doc_free(doc);
                free(copy);
        }
        free(wide);
}

static void test_refused_edits_change_nothing(void **state)
{
        struct reg_doc *doc = parse(rich);
        struct reg_value bad = {.type = REG_TYPE_SZ, .data = (const uint8_t *)"a\0b", .len_bytes = 3};

        (void)state;
        assert_int_equal(reg_doc_set(doc, NETBT, "x", &bad), NBT_ERR_MALFORMED);
        bad = (struct reg_value){.type = REG_TYPE_SZ, .data = (const uint8_t *)"\xFF", .len_bytes = 1};
        assert_int_equal(reg_doc_set(doc, NETBT, "x", &bad), NBT_ERR_MALFORMED);
        bad = (struct reg_value){.type = REG_TYPE_SZ, .data = (const uint8_t *)"ok", .len_bytes = 2};
        assert_int_equal(reg_doc_set(doc, "FOO\\x", "x", &bad), NBT_ERR_MALFORMED);
        assert_int_equal(reg_doc_set(doc, "HKLM\\x]", "x", &bad), NBT_ERR_MALFORMED);
        assert_int_equal(reg_doc_set(doc, NETBT, "x\ny", &bad), NBT_ERR_MALFORMED);
        assert_int_equal(reg_doc_add_key(doc, "HKLM\\a\nb"), NBT_ERR_MALFORMED);
        assert_int_equal(reg_doc_delete_key(doc, "HKLM\\None"), NBT_ERR_NOT_FOUND);
        assert_text(doc, rich);
        reg_doc_free(doc);
}

static void test_merge_applies_a_script(void **state)
{
        struct reg_doc *doc = parse(rich);
        struct reg_doc *script = parse(V5 "\n[" K "]\n\"NodeType\"=dword:1\n\"Bin\"=-\n\"None\"=-\n"
                                          "[-HKLM\\SOFTWARE\\Other]\n[HKLM\\SOFTWARE\\New]\n@=\"n\"\n");

        (void)state;
        assert_int_equal(reg_doc_merge(doc, script), 0);
        assert_shown(doc, NETBT, "NodeType", REG_TYPE_DWORD, "0x1");
        assert_absent(doc, NETBT, "Bin");
        assert_false(reg_doc_has_key(doc, "HKLM\\SOFTWARE\\Other"));
        assert_shown(doc, "HKLM\\SOFTWARE\\New", "", REG_TYPE_SZ, "n");
        assert_shown(doc, NETBT, "List", REG_TYPE_MULTI_SZ, "10.0.0.1\\010.0.0.2");
        reg_doc_free(script);
        reg_doc_free(doc);
}

static const struct {
        uint32_t type;
        const char *text, *separator;
        int rc;
        const char *shown;
} typed[] = {
        {REG_TYPE_DWORD, "750", NULL, 0, "0x2ee"},
        {REG_TYPE_DWORD, "0x2EE", NULL, 0, "0x2ee"},
        {REG_TYPE_DWORD, "4294967295", NULL, 0, "0xffffffff"},
        {REG_TYPE_DWORD, "4294967296", NULL, NBT_ERR_RANGE, NULL},
        {REG_TYPE_DWORD, "0x100000000", NULL, NBT_ERR_RANGE, NULL},
        {REG_TYPE_DWORD, "-1", NULL, NBT_ERR_MALFORMED, NULL},
        {REG_TYPE_DWORD, "", NULL, NBT_ERR_MALFORMED, NULL},
        {REG_TYPE_DWORD, "0x", NULL, NBT_ERR_MALFORMED, NULL},
        {REG_TYPE_DWORD, "12a", NULL, NBT_ERR_MALFORMED, NULL},
        {REG_TYPE_DWORD_BE, "258", NULL, 0, "0x102"},
        {REG_TYPE_QWORD, "18446744073709551615", NULL, 0, "0xffffffffffffffff"},
        {REG_TYPE_QWORD, "18446744073709551616", NULL, NBT_ERR_RANGE, NULL},
        {REG_TYPE_BINARY, "00fF", NULL, 0, "00FF"},
        {REG_TYPE_BINARY, "00f", NULL, NBT_ERR_MALFORMED, NULL},
        {REG_TYPE_BINARY, "xx", NULL, NBT_ERR_MALFORMED, NULL},
        {REG_TYPE_MULTI_SZ, "a\\0b", NULL, 0, "a\\0b"},
        {REG_TYPE_MULTI_SZ, "a,b,,c", ",", 0, "a\\0b\\0c"},
        {REG_TYPE_MULTI_SZ, "", NULL, 0, ""},
        {REG_TYPE_SZ, "", NULL, 0, ""},
        {REG_TYPE_LINK, "x", NULL, NBT_ERR_UNSUPPORTED, NULL},
};

static void test_values_from_text(void **state)
{
        struct arena arena = ARENA_INIT;

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(typed); i++) {
                struct strbuf out = STRBUF_INIT;
                struct reg_value value;
                const int rc = reg_value_parse(typed[i].type, typed[i].text, typed[i].separator, &arena, &value);

                if (rc != typed[i].rc)
                        fail_msg("row %zu: %d", i, rc);
                if (rc == 0) {
                        reg_value_format(&value, &out);
                        assert_string_equal(strbuf_str(&out), typed[i].shown);
                }
                strbuf_done(&out);
        }
        arena_done(&arena);
}

static void test_types_have_names(void **state)
{
        uint32_t type = 0;

        (void)state;
        for (uint32_t i = 0; i <= REG_TYPE_QWORD; i++) {
                assert_int_equal(reg_type_parse(reg_type_str(i), &type), 0);
                assert_int_equal(type, i);
        }
        assert_int_equal(reg_type_parse("reg_multi_sz", &type), 0);
        assert_int_equal(type, REG_TYPE_MULTI_SZ);
        assert_int_equal(reg_type_parse("REG_FOO", &type), NBT_ERR_NOT_FOUND);
        assert_null(reg_type_str(12));
}

/* Random edits against a plain model: what was set last is what is found, through a write and a read. */
static void test_random_edits_match_a_model(void **state)
{
        const char *env = getenv("NETBT_TEST_SEED");
        const uint64_t seed = env ? strtoull(env, NULL, 0) : 20261123;
        static const enum reg_encoding encodings[] = {REG_ENC_UTF16LE, REG_ENC_UTF8, REG_ENC_UTF8_BOM, REG_ENC_CP1252};
        struct rng rng;

        (void)state;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        for (unsigned round = 0; round < 40; round++) {
                uint32_t model[4][6] = {0}; /* 0: absent */
                struct reg_doc *doc = NULL;
                assert_int_equal(reg_doc_new(&doc, encodings[round % 4]), 0);
                for (unsigned step = 0; step < 60; step++) {
                        const uint32_t k = rng_below(&rng, 4), v = rng_below(&rng, 6), what = rng_below(&rng, 10);
                        char key[64], name[16];
                        snprintf(key, sizeof(key), "HKLM\\SOFTWARE\\%s%s", k & 1 ? "One" : "TWO",
                                 k & 2 ? "\\Below" : "");
                        snprintf(name, sizeof(name), "%s%u", v & 1 ? "n" : "N", v);
                        if (what < 7) {
                                model[k][v] = 1 + rng_below(&rng, 1000);
                                set_u32(doc, key, name, model[k][v]);
                        } else if (what < 9) {
                                const int rc = reg_doc_delete_value(doc, key, name);
                                assert_int_equal(rc, model[k][v] ? 0 : NBT_ERR_NOT_FOUND);
                                model[k][v] = 0;
                        } else {
                                (void)!reg_doc_delete_key(doc, key);
                                memset(model[k], 0, sizeof(model[k]));
                                if (!(k & 2))
                                        memset(model[k | 2], 0, sizeof(model[k]));
                        }
                }
                size_t len = 0;
                char *bytes = serialise(doc, &len);
                struct reg_doc *again = parse_bytes(bytes, len);
                for (unsigned k = 0; k < 4; k++)
                        for (unsigned v = 0; v < 6; v++) {
                                char key[64], name[16], shown[16];
                                snprintf(key, sizeof(key), "hklm\\software\\%s%s", k & 1 ? "one" : "two",
                                         k & 2 ? "\\BELOW" : "");
                                snprintf(name, sizeof(name), "n%u", v);
                                snprintf(shown, sizeof(shown), "0x%x", model[k][v]);
                                if (model[k][v])
                                        assert_shown(again, key, name, REG_TYPE_DWORD, shown);
                                else
                                        assert_absent(again, key, name);
                        }
                free(bytes);
                reg_doc_free(again);
                reg_doc_free(doc);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip_every_encoding),
                cmocka_unit_test(test_lone_surrogates_keep_their_bytes),
                cmocka_unit_test(test_every_form_means_what_it_says),
                cmocka_unit_test(test_regedit4_texts_are_in_the_code_page),
                cmocka_unit_test(test_file_is_applied_from_top_to_bottom),
                cmocka_unit_test(test_control_set_001_is_the_current_one),
                cmocka_unit_test(test_edits_leave_all_else_alone),
                cmocka_unit_test(test_new_key_goes_to_the_end),
                cmocka_unit_test(test_deleting_a_key_keeps_the_next_ones_comment),
                cmocka_unit_test(test_hex_lines_break_as_windows_breaks_them),
                cmocka_unit_test(test_damage_is_told_with_its_line),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_truncation_at_every_length),
                cmocka_unit_test(test_refused_edits_change_nothing),
                cmocka_unit_test(test_merge_applies_a_script),
                cmocka_unit_test(test_values_from_text),
                cmocka_unit_test(test_types_have_names),
                cmocka_unit_test(test_random_edits_match_a_model),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
