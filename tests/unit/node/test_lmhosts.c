/* LMHOSTS: lines, names, keywords, includes and alternates, bounds, look-up. */
#include "node/lmhosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ip4.h"
#include "base/rng.h"

static struct lmhosts_load *load_begin(void)
{
        struct lmhosts_load *load = NULL;

        assert_int_equal(lmhosts_load_new(&load, "lmhosts"), 0);
        assert_string_equal(lmhosts_load_next(load), "lmhosts");
        assert_string_equal(lmhosts_load_includer(load), "");
        return load;
}

static struct lmhosts_load *load_text(const char *text)
{
        struct lmhosts_load *load = load_begin();

        assert_int_equal(lmhosts_load_feed(load, text, strlen(text)), 0);
        return load;
}

/* "10.0.0.1 SRV<20> any PRE MH DOM:X" */
static void entry_text(const struct node_lmhost *entry, char *ret, size_t size)
{
        char address[IP4_TEXT_BYTES], name[NB_NAME_TEXT_BYTES];

        ip4_format(entry->address, address);
        nb_name_format_exact(&entry->name, name);
        snprintf(ret, size, "%s %s%s%s%s%s%s", address, name, entry->any_suffix ? " any" : "",
                 entry->preload ? " PRE" : "", entry->multihomed ? " MH" : "", entry->domain[0] ? " DOM:" : "",
                 entry->domain);
}

static const struct {
        const char *line, *entry; /* NULL: none */
        const char *problem;      /* NULL: none; else a part of its text */
} lines[] = {
        {"10.0.0.1 filesrv", "10.0.0.1 FILESRV<00> any", NULL},
        {"  10.0.0.1\tFileSrv\t#PRE\t#DOM:sales  the big one", "10.0.0.1 FILESRV<00> any PRE DOM:SALES", NULL},
        {"10.0.0.1 SRV #DOM:SALES #MH #PRE", "10.0.0.1 SRV<00> any PRE MH DOM:SALES", NULL},
        {"10.0.0.1 SRV#PRE", "10.0.0.1 SRV<00> any PRE", NULL},
        {"10.0.0.1 SRV #PRE#DOM:X#MH", "10.0.0.1 SRV<00> any PRE MH DOM:X", NULL},
        {"10.0.0.1 SRV #pre #dom:x", "10.0.0.1 SRV<00> any PRE DOM:X", NULL},
        {"10.0.0.1 SRV # #PRE is not meant here", "10.0.0.1 SRV<00> any", NULL},
        {"10.0.0.1 SRV #PREDATOR", "10.0.0.1 SRV<00> any", NULL},
        {"10.0.0.1 SRV a comment #PRE", "10.0.0.1 SRV<00> any", NULL},
        {"10.0.0.1 SRV#20", "10.0.0.1 SRV<20>", NULL},
        {"10.0.0.1 SRV#1b #PRE", "10.0.0.1 SRV<1B> PRE", NULL},
        {"10.0.0.1 SRV #20 machines", "10.0.0.1 SRV<00> any", NULL},
        {"10.0.0.1 SRV#200", "10.0.0.1 SRV<00> any", NULL},
        {"10.0.0.1 ABCDEFGHIJKLMNO", "10.0.0.1 ABCDEFGHIJKLMNO<00> any", NULL},
        {"10.0.0.1 ABCDEFGHIJKLMNOP", NULL, "longer than 15"},
        {"10.0.0.1 \"sales          \\0x1b\" #PRE", "10.0.0.1 SALES<1B> PRE", NULL},
        {"10.0.0.1 \"SALES          \\0X1B\"#PRE", "10.0.0.1 SALES<1B> PRE", NULL},
        {"10.0.0.1 \"\\0x01\\0x02__MSBROWSE__\\0x02\\0x01\"", "10.0.0.1 \\x01\\x02__MSBROWSE__\\x02<01>", NULL},
        {"10.0.0.1 \"ABCDEFGHIJKLMNOP\"", "10.0.0.1 ABCDEFGHIJKLMNO<50>", NULL},
        {"10.0.0.1 \"my pc\" #PRE", "10.0.0.1 MY PC<00> any PRE", NULL},
        {"10.0.0.1 \"#PRE\"", "10.0.0.1 \\x23PRE<00> any", NULL},
        {"10.0.0.1 \"SALES         \\0x1b\"", NULL, "fewer than 16 bytes"},
        {"10.0.0.1 \"SALES           \\0x1b\"", NULL, "more than 16 bytes"},
        {"10.0.0.1 \"\"", NULL, "nothing in it"},
        {"10.0.0.1 \"SALES", NULL, "no closing quote"},
        {"10.0.0.1", NULL, "no name"},
        {"10.0.0.1 #PRE", NULL, "no name"},
        {"10.0.0 SRV", NULL, "\"10.0.0\" is no IP address"},
        {"10.0.0.256 SRV", NULL, "no IP address"},
        {"SRV 10.0.0.1", NULL, "no IP address"},
        {"\"10.0.0.1\" SRV", NULL, "no IP address"},
        {"0.0.0.0 SRV", NULL, "no host"},
        {"255.255.255.255 SRV", NULL, "no host"},
        {"10.0.0.1 SRV #DOM:", NULL, "#DOM: wants"},
        {"10.0.0.1 SRV #DOM:ABCDEFGHIJKLMNOP", NULL, "#DOM: wants"},
        {"#END_ALTERNATE", NULL, "without #BEGIN_ALTERNATE"},
        {"#BEGIN_ALTERNATE", NULL, "without #END_ALTERNATE"},
        {"#INCLUDE", NULL, "#INCLUDE wants"},
        {"#INCLUDE   \t", NULL, "#INCLUDE wants"},
        {"#INCLUDE lmhosts", NULL, "includes itself"},
        {"# a comment", NULL, NULL},
        {"#NOFNR 10.0.0.1 SRV", NULL, NULL},
        {"", NULL, NULL},
        {" \t ", NULL, NULL},
};

static void test_lines(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(lines); i++) {
                struct lmhosts_load *load = load_text(lines[i].line);
                size_t count = 0;
                const struct node_lmhost *entries = lmhosts_load_entries(load, &count);
                char text[128] = "";

                if (count != (lines[i].entry ? 1 : 0))
                        fail_msg("%s: %zu entries", lines[i].line, count);
                if (count) {
                        entry_text(entries, text, sizeof(text));
                        assert_string_equal(text, lines[i].entry);
                }
                if (lmhosts_load_problem_count(load) != (lines[i].problem ? 1 : 0))
                        fail_msg("%s: %zu problems", lines[i].line, lmhosts_load_problem_count(load));
                if (lines[i].problem && !strstr(lmhosts_load_problem(load, 0)->text, lines[i].problem))
                        fail_msg("%s: \"%s\"", lines[i].line, lmhosts_load_problem(load, 0)->text);
                assert_null(lmhosts_load_next(load));
                lmhosts_load_free(load);
        }
}

/* Ends of line of three systems, a byte-order mark, DOS' end of file; problems tell their line. */
static void test_line_ends_and_numbers(void **state)
{
        struct lmhosts_load *load =
                load_text("\xEF\xBB\xBF"
                          "10.0.0.1 A\r\n\r\nbad one\n10.0.0.2 B\rbad two\r\n10.0.0.3 C\n\x1A 10.0.0.4 D\n");
        size_t count = 0;

        (void)state;
        lmhosts_load_entries(load, &count);
        assert_int_equal(count, 3);
        assert_int_equal(lmhosts_load_problem_count(load), 2);
        assert_int_equal(lmhosts_load_problem(load, 0)->line, 3);
        assert_int_equal(lmhosts_load_problem(load, 1)->line, 5);
        assert_string_equal(lmhosts_load_problem(load, 1)->path, "lmhosts");
        assert_null(lmhosts_load_problem(load, 2));
        lmhosts_load_free(load);
}

static void feed(struct lmhosts_load *load, const char *expect_path, const char *text)
{
        assert_string_equal(lmhosts_load_next(load), expect_path);
        assert_int_equal(lmhosts_load_feed(load, text, strlen(text)), 0);
}

static void assert_order(struct lmhosts_load *load, const char *expect)
{
        char got[256] = "";
        size_t count = 0;
        const struct node_lmhost *entries = lmhosts_load_entries(load, &count);

        for (size_t i = 0; i < count; i++)
                snprintf(got + strlen(got), sizeof(got) - strlen(got), "%c", entries[i].name.bytes[0]);
        assert_string_equal(got, expect);
}

static void test_include_is_read_in_its_place(void **state)
{
        struct lmhosts_load *load = load_begin();

        (void)state;
        feed(load, "lmhosts",
             "10.0.0.1 A\n#INCLUDE  \\\\srv\\public dir\\lm hosts \r\n10.0.0.1 D\n#include \"q.txt\"\n10.0.0.1 F");
        assert_string_equal(lmhosts_load_includer(load), "lmhosts");
        feed(load, "\\\\srv\\public dir\\lm hosts", "10.0.0.1 B\n#INCLUDE inner\n");
        assert_string_equal(lmhosts_load_includer(load), "\\\\srv\\public dir\\lm hosts");
        feed(load, "inner", "10.0.0.1 C");
        feed(load, "q.txt", "10.0.0.1 E");
        assert_null(lmhosts_load_next(load));
        assert_order(load, "ABCDEF");
        assert_int_equal(lmhosts_load_problem_count(load), 0);
        assert_int_equal(lmhosts_load_feed(load, "", 0), NBT_ERR_STATE);
        assert_int_equal(lmhosts_load_fail(load, "x"), NBT_ERR_STATE);
        lmhosts_load_free(load);
}

static void test_first_readable_alternate_wins(void **state)
{
        static const char text[] = "#BEGIN_ALTERNATE\n#INCLUDE one\n#INCLUDE two\n#INCLUDE three\n#END_ALTERNATE\n"
                                   "#INCLUDE four\n10.0.0.1 Z\n";
        (void)state;
        for (int readable = 0; readable < 4; readable++) {
                static const char *const names[] = {"one", "two", "three"};
                struct lmhosts_load *load = load_begin();

                feed(load, "lmhosts", text);
                for (int i = 0; i < readable && i < 3; i++) {
                        assert_string_equal(lmhosts_load_next(load), names[i]);
                        assert_int_equal(lmhosts_load_fail(load, "no such file"), 0);
                }
                if (readable < 3)
                        feed(load, names[readable], "10.0.0.1 X\n");
                feed(load, "four", "10.0.0.1 Y\n");
                assert_order(load, readable < 3 ? "XYZ" : "YZ");
                assert_int_equal(lmhosts_load_problem_count(load), readable < 3 ? 0 : 1);
                if (readable == 3)
                        assert_int_equal(lmhosts_load_problem(load, 0)->line, 1);
                lmhosts_load_free(load);
        }
}

/* A block within an included file is that file's own. */
static void test_alternates_nest_by_file(void **state)
{
        struct lmhosts_load *load = load_begin();

        (void)state;
        feed(load, "lmhosts", "#BEGIN_ALTERNATE\n#INCLUDE a\n#INCLUDE b\n#END_ALTERNATE\n");
        feed(load, "a", "#BEGIN_ALTERNATE\n#INCLUDE c\n#INCLUDE d\n#END_ALTERNATE\n");
        assert_string_equal(lmhosts_load_next(load), "c");
        assert_int_equal(lmhosts_load_fail(load, "gone"), 0);
        feed(load, "d", "10.0.0.1 D\n");
        assert_null(lmhosts_load_next(load));
        assert_order(load, "D");
        lmhosts_load_free(load);
}

static void test_unreadable_files_are_told(void **state)
{
        struct lmhosts_load *load = load_begin();

        (void)state;
        assert_int_equal(lmhosts_load_fail(load, "No such file or directory"), 0);
        assert_null(lmhosts_load_next(load));
        assert_int_equal(lmhosts_load_problem_count(load), 1);
        assert_int_equal(lmhosts_load_problem(load, 0)->line, 0);
        assert_non_null(strstr(lmhosts_load_problem(load, 0)->text, "No such file"));
        lmhosts_load_free(load);

        load = load_begin();
        uint8_t *big = calloc(1, LMHOSTS_MAX_FILE_BYTES + 1);
        assert_non_null(big);
        assert_int_equal(lmhosts_load_feed(load, big, LMHOSTS_MAX_FILE_BYTES + 1), 0);
        assert_non_null(strstr(lmhosts_load_problem(load, 0)->text, "1 MiB"));
        free(big);
        lmhosts_load_free(load);
}

static void test_paths_have_a_limit(void **state)
{
        struct lmhosts_load *load = NULL;
        char path[LMHOSTS_PATH_BYTES + 1];

        (void)state;
        memset(path, 'p', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        assert_int_equal(lmhosts_load_new(&load, path), NBT_ERR_RANGE);
        assert_int_equal(lmhosts_load_new(&load, ""), NBT_ERR_RANGE);
        path[LMHOSTS_PATH_BYTES - 1] = '\0';
        assert_int_equal(lmhosts_load_new(&load, path), 0);
        assert_null(lmhosts_load_free(load));
        assert_null(lmhosts_load_free(NULL));
}

/* Every file includes two new ones: ends, and asks for no more than the bound. */
static void test_includes_are_bounded(void **state)
{
        struct lmhosts_load *load = load_begin();
        unsigned fed = 0;

        (void)state;
        while (lmhosts_load_next(load)) {
                char text[64];

                snprintf(text, sizeof(text), "#INCLUDE a%u\n#INCLUDE b%u\n", fed, fed);
                fed++;
                assert_true(fed <= LMHOSTS_MAX_FILES);
                assert_int_equal(lmhosts_load_feed(load, text, strlen(text)), 0);
        }
        assert_int_equal(fed, LMHOSTS_MAX_FILES);
        assert_true(lmhosts_load_problem_count(load) > 0);
        lmhosts_load_free(load);
}

static void test_entries_and_problems_are_bounded(void **state)
{
        struct lmhosts_load *load = load_begin();
        const size_t size = LMHOSTS_MAX_FILE_BYTES;
        char *text = malloc(size);
        size_t len = 0, count = 0;

        (void)state;
        assert_non_null(text);
        while (len + 16 < size) {
                memcpy(text + len, len % 2 ? "1.1.1.1 A\n" : "bad a\n1.1.1.1 B\n", len % 2 ? 10 : 16);
                len += len % 2 ? 10 : 16;
        }
        assert_int_equal(lmhosts_load_feed(load, text, len), 0);
        lmhosts_load_entries(load, &count);
        assert_int_equal(count, LMHOSTS_MAX_ENTRIES);
        assert_true(lmhosts_load_problem_count(load) > LMHOSTS_MAX_PROBLEMS);
        assert_non_null(lmhosts_load_problem(load, LMHOSTS_MAX_PROBLEMS - 1));
        assert_null(lmhosts_load_problem(load, LMHOSTS_MAX_PROBLEMS));
        free(text);
        lmhosts_load_free(load);
}

static void test_lookup(void **state)
{
        struct lmhosts_load *load =
                load_text("10.0.0.1 A #DOM:CORP\n10.0.0.2 A\n10.0.0.3 M #MH\n10.0.0.4 M #MH\n"
                          "10.0.0.5 M\n10.0.0.6 \"A              \\0x1b\"\n10.0.0.7 B #PRE #DOM:CORP\n");
        static const struct {
                const char *stem;
                uint8_t suffix;
                size_t count;
                uint8_t first, last;
        } cases[] = {
                {"A", 0x00, 1, 1, 1},   {"A", 0x20, 1, 1, 1},     {"A", 0x03, 1, 1, 1},    {"A", 0x1B, 1, 6, 6},
                {"A", 0x1D, 0, 0, 0},   {"M", 0x20, 2, 3, 4},     {"CORP", 0x1C, 2, 1, 7}, {"CORP", 0x00, 0, 0, 0},
                {"COR", 0x1C, 0, 0, 0}, {"CORPS", 0x1C, 0, 0, 0}, {"B", 0x20, 1, 7, 7},
        };
        size_t count = 0;
        const struct node_lmhost *entries = lmhosts_load_entries(load, &count);

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(cases); i++) {
                const struct nb_name name = nb_name_make(cases[i].stem, cases[i].suffix);
                uint32_t found[4] = {0};
                const size_t n = lmhosts_lookup(entries, count, &name, found, 4);

                if (n != cases[i].count)
                        fail_msg("%s<%02x>: %zu", cases[i].stem, cases[i].suffix, n);
                if (n) {
                        assert_int_equal(found[0] & 0xFF, cases[i].first);
                        assert_int_equal(found[n - 1] & 0xFF, cases[i].last);
                }
        }
        const struct nb_name multi = nb_name_make("M", 0x20);
        uint32_t one;
        assert_int_equal(lmhosts_lookup(entries, count, &multi, &one, 1), 1);
        lmhosts_load_free(load);
}

/* Any bytes: ends, stays within its bounds, and what it yields is well-formed. */
static void test_random_texts(void **state)
{
        static const char *const pieces[] = {"10.0.0.1 ", "HOST", "#PRE", "#DOM:", "#INCLUDE ", "#BEGIN_ALTERNATE",
                                             "\"",        "\n",   "\\0x", "1b",    " ",         "#END_ALTERNATE",
                                             "#MH",       "\x1A", "\r"};
        struct rng rng;

        (void)state;
        print_message("seed 20261123\n");
        rng_init_seed(&rng, 20261123);
        for (int run = 0; run < 3000; run++) {
                struct lmhosts_load *load = load_begin();

                for (unsigned fed = 0; lmhosts_load_next(load); fed++) {
                        char text[512] = "";
                        size_t len = 0;

                        assert_true(fed < LMHOSTS_MAX_FILES);
                        for (unsigned n = rng_below(&rng, 40); n > 0; n--) {
                                const char *piece = pieces[rng_below(&rng, NBT_ARRAY_SIZE(pieces))];
                                len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", piece, fed % 10);
                        }
                        if (rng_below(&rng, 4))
                                assert_int_equal(lmhosts_load_feed(load, text, len), 0);
                        else
                                assert_int_equal(lmhosts_load_fail(load, "dice"), 0);
                }
                size_t count = 0;
                const struct node_lmhost *entries = lmhosts_load_entries(load, &count);
                for (size_t i = 0; i < count; i++)
                        assert_true(strnlen(entries[i].domain, 16) < 16 && entries[i].address != 0);
                lmhosts_load_free(load);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_line_ends_and_numbers),
                cmocka_unit_test(test_include_is_read_in_its_place),
                cmocka_unit_test(test_first_readable_alternate_wins),
                cmocka_unit_test(test_alternates_nest_by_file),
                cmocka_unit_test(test_unreadable_files_are_told),
                cmocka_unit_test(test_paths_have_a_limit),
                cmocka_unit_test(test_includes_are_bounded),
                cmocka_unit_test(test_entries_and_problems_are_bounded),
                cmocka_unit_test(test_lookup),
                cmocka_unit_test(test_random_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
