#include "unit.h"

#include "base/rng.h"
#include "wire/name.h"

#include <string.h>

/* The example of RFC 1001 §14.1: "FRED", padded with blanks to 16 bytes. */
static void rfc_1001_example(void **state)
{
        static const char encoded[] = "\x20"
                                      "EGFCEFEECACACACACACACACACACACACA"
                                      "\x07"
                                      "NETBIOS"
                                      "\x03"
                                      "COM";
        const struct nb_name fred = nb_name_make("FRED", 0x20);
        struct nb_scope scope;
        uint8_t bytes[64];
        struct wr wr = wr_init(bytes, sizeof(bytes));

        (void)state;
        assert_int_equal(nb_scope_parse("NETBIOS.COM", &scope), 0);
        nb_name_encode(&wr, &fred, &scope);
        assert_true(wr_ok(&wr));
        assert_int_equal(wr.pos, sizeof(encoded));
        assert_memory_equal(bytes, encoded, sizeof(encoded));

        struct rd rd = rd_init(bytes, wr.pos);
        struct nb_name name;
        struct nb_scope read_scope;
        assert_int_equal(nb_name_decode(&rd, &name, &read_scope), 0);
        assert_true(nb_name_equal(&name, &fred));
        assert_true(nb_scope_equal(&scope, &read_scope));
        assert_int_equal(rd_left(&rd), 0);
}

static void every_byte_survives_encoding(void **state)
{
        struct rng rng;

        (void)state;
        print_message("seed 1001\n");
        rng_init_seed(&rng, 1001);
        for (int round = 0; round < 2000; round++) {
                struct nb_name name, back;
                struct nb_scope scope;
                uint8_t bytes[40];
                struct wr wr = wr_init(bytes, sizeof(bytes));

                for (size_t i = 0; i < NB_NAME_BYTES; i++)
                        name.bytes[i] = (uint8_t)rng_u32(&rng);
                nb_name_encode(&wr, &name, NULL);
                assert_int_equal(wr.pos, 34);
                struct rd rd = rd_init(bytes, wr.pos);
                assert_int_equal(nb_name_decode(&rd, &back, &scope), 0);
                assert_memory_equal(&name, &back, sizeof(name));
                assert_int_equal(scope.len_bytes, 0);
                assert_int_equal(rd.pos, 34);
        }
}

static void letters_outside_a_to_p_are_refused(void **state)
{
        (void)state;
        for (unsigned c = 0; c < 256; c++)
                for (size_t at = 1; at <= 32; at += 31) {
                        uint8_t bytes[34] = {32};
                        struct rd rd = rd_init(bytes, sizeof(bytes));
                        struct nb_name name;
                        struct nb_scope scope;

                        memset(bytes + 1, 'C', 32);
                        bytes[at] = (uint8_t)c;
                        const int r = nb_name_decode(&rd, &name, &scope);
                        assert_int_equal(r, c >= 'A' && c <= 'P' ? 0 : NBT_ERR_MALFORMED);
                        assert_int_equal(rd_ok(&rd), r == 0);
                }
}

static void parse_table(void **state)
{
        static const struct {
                const char *text;
                int result;
                const char *stem; /* 15 bytes */
                uint8_t suffix;
        } rows[] = {
                {"filesrv", 0, "FILESRV        ", 0x20},
                {"FILESRV<00>", 0, "FILESRV        ", 0x00},
                {"FILESRV<1b>", 0, "FILESRV        ", 0x1B},
                {"FILESRV#1D", 0, "FILESRV        ", 0x1D},
                {"FILESRV#0", 0, "FILESRV        ", 0x00},
                {"a name", 0, "A NAME         ", 0x20},
                {" A", 0, " A             ", 0x20},
                {"ABCDEFGHIJKLMNO", 0, "ABCDEFGHIJKLMNO", 0x20},
                {"ABCDEFGHIJKLMNO<03>", 0, "ABCDEFGHIJKLMNO", 0x03},
                {"ABCDEFGHIJKLMNOP", NBT_ERR_RANGE, NULL, 0},
                {"\\x01\\x02__msbrowse__\\x02<01>", 0, "\x01\x02__MSBROWSE__\x02", 0x01},
                {"A\\x23B", 0, "A#B            ", 0x20},
                {"a\\x61b", 0, "AaB            ", 0x20},
                {"\\x20<20>", 0, "               ", 0x20},
                {"*<00>", 0, "*              ", 0x00},
                {"", NBT_ERR_MALFORMED, NULL, 0},
                {"<20>", NBT_ERR_MALFORMED, NULL, 0},
                {"#20", NBT_ERR_MALFORMED, NULL, 0},
                {"A<>", NBT_ERR_MALFORMED, NULL, 0},
                {"A<2", NBT_ERR_MALFORMED, NULL, 0},
                {"A<200>", NBT_ERR_MALFORMED, NULL, 0},
                {"A<20>B", NBT_ERR_MALFORMED, NULL, 0},
                {"A<GG>", NBT_ERR_MALFORMED, NULL, 0},
                {"A#", NBT_ERR_MALFORMED, NULL, 0},
                {"A#20>", NBT_ERR_MALFORMED, NULL, 0},
                {"A#123", NBT_ERR_MALFORMED, NULL, 0},
                {"A\\", NBT_ERR_MALFORMED, NULL, 0},
                {"A\\x2", NBT_ERR_MALFORMED, NULL, 0},
                {"A\\y20", NBT_ERR_MALFORMED, NULL, 0},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct nb_name name = {.bytes = "untouched"};

                print_message("%s\n", rows[i].text);
                assert_int_equal(nb_name_parse(rows[i].text, 0x20, &name), rows[i].result);
                if (rows[i].result < 0) {
                        assert_string_equal((const char *)name.bytes, "untouched");
                        continue;
                }
                assert_memory_equal(name.bytes, rows[i].stem, 15);
                assert_int_equal(nb_name_suffix(&name), rows[i].suffix);
        }
        struct nb_name wildcard;
        assert_int_equal(nb_name_parse("*", 0x20, &wildcard), 0);
        assert_true(nb_name_equal(&wildcard, &NB_NAME_WILDCARD));
}

static void format_table(void **state)
{
        static const struct {
                struct nb_name name;
                const char *text, *stem, *exact;
        } rows[] = {
                {{.bytes = "FILESRV         "}, "FILESRV<20>", "FILESRV", "FILESRV<20>"},
                {{.bytes = "A B            \x00"}, "A B<00>", "A B", "A B<00>"},
                {{.bytes = "\x01\x02__MSBROWSE__\x02\x01"},
                 "..__MSBROWSE__.<01>",
                 "..__MSBROWSE__.",
                 "\\x01\\x02__MSBROWSE__\\x02<01>"},
                {{.bytes = "               \x1B"}, "<1B>", "", "\\x20<1B>"},
                {{.bytes = "A\\B<C#D        \xFF"}, "A\\B<C#D<FF>", "A\\B<C#D", "A\\x5CB\\x3CC\\x23D<FF>"},
                {{.bytes = {'*'}}, "*<00>", "*", "*"},
                {{.bytes = {'A', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20}},
                 "A..............<20>",
                 "A..............",
                 "A\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00<20>"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                char text[NB_NAME_TEXT_BYTES];

                nb_name_format(&rows[i].name, text);
                assert_string_equal(text, rows[i].text);
                nb_name_format_stem(&rows[i].name, text);
                assert_string_equal(text, rows[i].stem);
                nb_name_format_exact(&rows[i].name, text);
                assert_string_equal(text, rows[i].exact);
        }
}

/* Whatever a name holds but lower case, its exact text reads back as that name. */
static void exact_text_reads_back(void **state)
{
        struct rng rng;

        (void)state;
        print_message("seed 1002\n");
        rng_init_seed(&rng, 1002);
        for (int round = 0; round < 5000; round++) {
                static const char likely[] = " *\\<>#AB09.\xFF\x01";
                struct nb_name name, back;
                char text[NB_NAME_TEXT_BYTES];

                for (size_t i = 0; i < NB_NAME_BYTES; i++) {
                        const uint8_t byte = (uint8_t)rng_u32(&rng);
                        const bool lower = byte >= 'a' && byte <= 'z';

                        name.bytes[i] = round % 2 || lower ? (uint8_t)likely[rng_below(&rng, sizeof(likely))] : byte;
                }
                nb_name_format_exact(&name, text);
                assert_int_equal(nb_name_parse(text, 0x55, &back), 0);
                assert_memory_equal(&name, &back, sizeof(name));
        }
}

static void wildcards(void **state)
{
        static const struct {
                struct nb_name name;
                bool wildcard;
        } rows[] = {
                {{.bytes = {'*'}}, true},
                {{.bytes = "*              "}, true},
                {{.bytes = "*               "}, true},
                {{.bytes = "*              \x1B"}, false}, /* all domain masters, to a WINS server */
                {{.bytes = {'*', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20}}, false},
                {{.bytes = "*A              "}, false},
                {{.bytes = "                "}, false},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                assert_int_equal(nb_name_is_wildcard(&rows[i].name), rows[i].wildcard);
}

static void make_cuts_and_pads(void **state)
{
        (void)state;
        assert_memory_equal(nb_name_make("averyveryverylongname", 0x20).bytes, "AVERYVERYVERYLO ", 16);
        assert_memory_equal(nb_name_make("", 0x1E).bytes, "               \x1E", 16);
        assert_memory_equal(nb_name_make("\xE4z{", 0x00).bytes, "\xE4Z{            ", 16);
        const struct nb_name a = nb_name_make("A", 0), b = nb_name_make("A", 3), c = nb_name_make("B", 0);
        assert_true(nb_name_same_stem(&a, &b));
        assert_false(nb_name_equal(&a, &b));
        assert_false(nb_name_same_stem(&a, &c));
}

static void services(void **state)
{
        static const struct {
                const char *stem;
                uint8_t suffix;
                bool group;
                const char *text;
        } rows[] = {
                {"TWIN", 0x20, false, "File Server"},
                {"TWIN", 0x00, false, "Workstation"},
                {"CORP", 0x00, true, "Domain or Workgroup"},
                {"TWIN", 0x03, false, "Messenger"},
                {"CORP", 0x1B, false, "Domain Master Browser"},
                {"CORP", 0x1C, true, "Domain Controllers"},
                {"CORP", 0x1D, false, "Master Browser"},
                {"CORP", 0x1E, true, "Browser Elections"},
                {"IS~TWIN", 0x00, false, "Internet Information Server"},
                {"INet~Services", 0x1C, true, "Internet Information Server"},
                {"\x01\x02__MSBROWSE__\x02", 0x01, true, "Master Browser (segment)"},
                {"CORP", 0x1C, false, ""},
                {"TWIN", 0x99, false, ""},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                const struct nb_name name = nb_name_make(rows[i].stem, rows[i].suffix);

                assert_string_equal(nb_name_service(&name, rows[i].group), rows[i].text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rfc_1001_example),
                cmocka_unit_test(every_byte_survives_encoding),
                cmocka_unit_test(letters_outside_a_to_p_are_refused),
                cmocka_unit_test(parse_table),
                cmocka_unit_test(format_table),
                cmocka_unit_test(exact_text_reads_back),
                cmocka_unit_test(wildcards),
                cmocka_unit_test(make_cuts_and_pads),
                cmocka_unit_test(services),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
