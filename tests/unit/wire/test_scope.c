/* Scopes as text, scopes on the wire, and label pointers. */
#include "unit.h"

#include "base/rng.h"
#include "wire/name.h"

#include <string.h>

#define NAME_LETTERS "FEFHEJEOCACACACACACACACACACACACA" /* "TWIN" and blanks */

static void parse_limits(void **state)
{
        static const struct {
                size_t labels, label_len;
                int result;
        } rows[] = {
                {1, 1, 0},
                {1, 63, 0},
                {1, 64, NBT_ERR_RANGE},
                {4, 63, 0}, /* 255 bytes */
                {128, 1, 0},
                {129, 1, NBT_ERR_RANGE},
                /* 257 */ {5, 63, NBT_ERR_RANGE},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                char text[512];
                size_t len = 0;
                struct nb_scope scope;

                for (size_t l = 0; l < rows[i].labels; l++) {
                        memset(text + len, 'x', rows[i].label_len);
                        len += rows[i].label_len;
                        text[len++] = '.';
                }
                text[len - 1] = '\0';
                assert_int_equal(nb_scope_parse(text, &scope), rows[i].result);
                if (rows[i].result == 0)
                        assert_int_equal(scope.len_bytes, len - 1);
        }
        char text[257];
        struct nb_scope scope;
        memset(text, 'x', sizeof(text));
        for (size_t i = 50; i < 250; i += 50)
                text[i] = '.';
        text[256] = '\0'; /* every label is short enough, all together one byte too many */
        assert_int_equal(nb_scope_parse(text, &scope), NBT_ERR_RANGE);
        text[255] = '\0';
        assert_int_equal(nb_scope_parse(text, &scope), 0);
}

static void parse_forms(void **state)
{
        static const struct {
                const char *text;
                int result;
        } rows[] = {
                {"", 0},
                {"corp", 0},
                {"corp.a.b", 0},
                {"a b", 0},
                {".", NBT_ERR_MALFORMED},
                {".corp", NBT_ERR_MALFORMED},
                {"corp.", NBT_ERR_MALFORMED},
                {"a..b", NBT_ERR_MALFORMED},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct nb_scope scope = {.len_bytes = 77};
                char text[NB_SCOPE_MAX_BYTES + 1];

                assert_int_equal(nb_scope_parse(rows[i].text, &scope), rows[i].result);
                if (rows[i].result < 0) {
                        assert_int_equal(scope.len_bytes, 77);
                        continue;
                }
                nb_scope_format(&scope, text);
                assert_string_equal(text, rows[i].text);
        }
}

static void format_hides_control_bytes(void **state)
{
        const struct nb_scope scope = {.len_bytes = 5, .text = {'a', 0, 0x1B, 0xFF, 'b'}};
        char text[NB_SCOPE_MAX_BYTES + 1];

        (void)state;
        nb_scope_format(&scope, text);
        assert_string_equal(text, "a...b");
}

static void comparison_is_exact(void **state)
{
        struct nb_scope a = {.len_bytes = 4, .text = "corp"}, b = {.len_bytes = 4, .text = "CORP"};
        const struct nb_scope c = {.len_bytes = 5, .text = "corps"};

        (void)state;
        assert_false(nb_scope_equal(&a, &b));
        assert_false(nb_scope_equal(&a, &c));
        memcpy(b.text, "corp then what is left over", 27); /* bytes behind the length do not count */
        assert_true(nb_scope_equal(&a, &b));
}

static void random_scopes_round_trip(void **state)
{
        const struct nb_name name = nb_name_make("TWIN", 0x20);
        struct rng rng;

        (void)state;
        print_message("seed 1003\n");
        rng_init_seed(&rng, 1003);
        for (int round = 0; round < 3000; round++) {
                struct nb_scope scope = {0}, back;
                struct nb_name name_back;
                uint8_t bytes[NB_NAME_ENCODED_MAX_BYTES];
                struct wr wr = wr_init(bytes, sizeof(bytes));
                size_t len = rng_below(&rng, 256);

                for (size_t i = 0; i < len; i++) {
                        const uint8_t byte = (uint8_t)rng_u32(&rng);

                        scope.text[i] = byte == '.' ? 'x' : byte;
                }
                for (size_t i = 1 + rng_below(&rng, 62); i + 1 < len; i += 2 + rng_below(&rng, 62))
                        scope.text[i] = '.';
                scope.len_bytes = (uint8_t)len;
                nb_name_encode(&wr, &name, &scope);
                assert_true(wr_ok(&wr));
                assert_int_equal(wr.pos, 34 + (len ? len + 1 : 0));
                struct rd rd = rd_init(bytes, wr.pos);
                assert_int_equal(nb_name_decode(&rd, &name_back, &back), 0);
                assert_true(nb_scope_equal(&scope, &back));
                assert_true(nb_name_equal(&name, &name_back));
        }
}

static void encoder_refuses_bad_scopes(void **state)
{
        static const struct nb_scope bad[] = {
                {.len_bytes = 4, .text = "a..b"},
                {.len_bytes = 2, .text = ".a"},
                {.len_bytes = 64, .text = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
        };
        const struct nb_name name = nb_name_make("TWIN", 0x20);

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(bad); i++) {
                uint8_t bytes[512];
                struct wr wr = wr_init(bytes, sizeof(bytes));

                nb_name_encode(&wr, &name, &bad[i]);
                assert_false(wr_ok(&wr));
        }
}

/* A message of parts, and where in it a name is read. */
struct pointer_case {
        const char *what;
        size_t len, at;
        int result;
        size_t after; /* where the reader stands then */
        const char *scope;
        const char *bytes;
};

static void pointers(void **state)
{
#define NAME "\x20" NAME_LETTERS
        static const struct pointer_case cases[] = {
                {"to a whole name", 36, 34, 0, 36, "", NAME "\0\xC0\x00"},
                {"to a name with scope", 41, 39, 0, 41, "corp",
                 NAME "\x04"
                      "corp\0\xC0\x00"},
                {"from a name to a scope", 41, 6, 0, 41, "corp",
                 "\x04"
                 "corp\0" NAME "\xC0\x00"},
                {"in the middle of a scope", 44, 6, 0, 44, "ab.corp",
                 "\x04"
                 "corp\0" NAME "\x02"
                 "ab\xC0\x00"},
                {"to a pointer", 38, 36, 0, 38, "", NAME "\0\xC0\x00\xC0\x22"},
                {"to itself", 2, 0, NBT_ERR_MALFORMED, 0, NULL, "\xC0\x00"},
                {"to its own name", 35, 0, NBT_ERR_MALFORMED, 0, NULL, NAME "\xC0\x00"},
                {"into its own scope", 38, 0, NBT_ERR_MALFORMED, 0, NULL,
                 NAME "\x02"
                      "ab\xC0\x21"},
                {"forward", 36, 0, NBT_ERR_MALFORMED, 0, NULL, "\xC0\x02" NAME "\0"},
                {"behind the end", 36, 34, NBT_ERR_MALFORMED, 0, NULL, NAME "\0\xFF\xFF"},
                {"two that point at each other", 4, 2, NBT_ERR_MALFORMED, 0, NULL, "\xC0\x02\xC0\x00"},
                {"cut", 35, 34, NBT_ERR_TRUNCATED, 0, NULL, NAME "\0\xC0"},
                {"reserved bits 10", 34, 0, NBT_ERR_MALFORMED, 0, NULL, NAME "\x80"},
                {"reserved bits 01", 34, 0, NBT_ERR_MALFORMED, 0, NULL, NAME "\x40"},
                {"reserved bits at the start", 34, 0, NBT_ERR_MALFORMED, 0, NULL, "\x60" NAME_LETTERS},
                {"an empty name", 1, 0, NBT_ERR_MALFORMED, 0, NULL, "\0"},
                {"a first label of 31", 33, 0, NBT_ERR_MALFORMED, 0, NULL, "\x1F" NAME_LETTERS "\0"},
                {"a dot in a label", 38, 0, NBT_ERR_MALFORMED, 0, NULL,
                 NAME "\x03"
                      "a.b\0"},
                {"no end", 33, 0, NBT_ERR_TRUNCATED, 0, NULL, NAME},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(cases); i++) {
                const struct pointer_case *c = &cases[i];
                struct rd whole = rd_init(c->bytes, c->len);
                struct rd rd = rd_at(&whole, c->at);
                struct nb_name name = {.bytes = "untouched"};
                struct nb_scope scope = {.len_bytes = 77};
                char text[NB_SCOPE_MAX_BYTES + 1];

                print_message("%s\n", c->what);
                assert_int_equal(nb_name_decode(&rd, &name, &scope), c->result);
                assert_int_equal(rd_ok(&rd), c->result == 0);
                if (c->result < 0) {
                        assert_string_equal((const char *)name.bytes, "untouched");
                        assert_int_equal(scope.len_bytes, 77);
                        continue;
                }
                assert_int_equal(rd.pos, c->after);
                assert_memory_equal(name.bytes, "TWIN            ", 16);
                nb_scope_format(&scope, text);
                assert_string_equal(text, c->scope);
        }
}

/* A chain of pointers, each to the one before: eight hops are followed, nine are not. */
static void at_most_eight_hops(void **state)
{
        (void)state;
        for (size_t hops = 1; hops <= 12; hops++) {
                uint8_t bytes[64] = NAME;
                struct nb_name name;
                struct nb_scope scope;

                for (size_t i = 0; i < hops; i++) {
                        bytes[34 + 2 * i] = 0xC0;
                        bytes[35 + 2 * i] = i ? (uint8_t)(34 + 2 * (i - 1)) : 0;
                }
                struct rd whole = rd_init(bytes, 34 + 2 * hops);
                struct rd rd = rd_at(&whole, 34 + 2 * (hops - 1));
                assert_int_equal(nb_name_decode(&rd, &name, &scope), hops <= 8 ? 0 : NBT_ERR_MALFORMED);
        }
}

/* Scope labels on the wire that add up to 256 bytes of text are refused, 255 are not. */
static void wire_scope_limit(void **state)
{
        (void)state;
        for (size_t last = 62; last <= 63; last++) {
                uint8_t bytes[33 + 2 + 4 * 64 + 1] = NAME;
                size_t len = 33;
                struct nb_name name;
                struct nb_scope scope;

                /* 63.63.63.61.x: 255 or 256 bytes of text */
                const size_t labels[5] = {63, 63, 63, last - 1, 1};
                for (size_t i = 0; i < 5; i++) {
                        bytes[len] = (uint8_t)labels[i];
                        memset(bytes + len + 1, 'x', labels[i]);
                        len += 1 + labels[i];
                }
                bytes[len++] = 0;
                struct rd rd = rd_init(bytes, len);
                assert_int_equal(nb_name_decode(&rd, &name, &scope), last == 62 ? 0 : NBT_ERR_MALFORMED);
                if (last == 62)
                        assert_int_equal(scope.len_bytes, 255);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(parse_limits),
                cmocka_unit_test(parse_forms),
                cmocka_unit_test(format_hides_control_bytes),
                cmocka_unit_test(comparison_is_exact),
                cmocka_unit_test(random_scopes_round_trip),
                cmocka_unit_test(encoder_refuses_bad_scopes),
                cmocka_unit_test(pointers),
                cmocka_unit_test(at_most_eight_hops),
                cmocka_unit_test(wire_scope_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
