/* Targets: texts, sets, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "scan/order.h"
#include "scan/targets.h"

#include <stdlib.h>
#include <string.h>

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static void test_texts(void **state)
{
        static const struct {
                const char *text;
                int r;
                uint32_t first, last;
        } rows[] = {
                {"10.77.0.5", 1, IP(10, 77, 0, 5), IP(10, 77, 0, 5)},
                {"10.77.0.5-10.77.1.9", 1, IP(10, 77, 0, 5), IP(10, 77, 1, 9)},
                {"10.77.0.5-9", 1, IP(10, 77, 0, 5), IP(10, 77, 0, 9)},
                {"10.77.0.5-1.9", 1, IP(10, 77, 0, 5), IP(10, 77, 1, 9)},
                {"10.77.0.5-78.1.9", 1, IP(10, 77, 0, 5), IP(10, 78, 1, 9)},
                {"10.77.0.0/24", 1, IP(10, 77, 0, 1), IP(10, 77, 0, 254)},
                {"10.77.0.99/24", 1, IP(10, 77, 0, 1), IP(10, 77, 0, 254)},
                {"10.77.0.8/30", 1, IP(10, 77, 0, 9), IP(10, 77, 0, 10)},
                {"10.77.0.8/31", 1, IP(10, 77, 0, 8), IP(10, 77, 0, 9)},
                {"10.77.0.8/32", 1, IP(10, 77, 0, 8), IP(10, 77, 0, 8)},
                {"0.0.0.0/0", 1, 1, UINT32_MAX - 1},
                {"255.255.255.255", 1, UINT32_MAX, UINT32_MAX},
                {"10.77.0.9-5", NBT_ERR_RANGE, 0, 0},
                {"10.77.0.0/33", NBT_ERR_RANGE, 0, 0},
                {"10.77.0.256", NBT_ERR_MALFORMED, 0, 0},
                {"10.77.0", NBT_ERR_MALFORMED, 0, 0},
                {"10.77.0.0.1", NBT_ERR_MALFORMED, 0, 0},
                {"10.77.0.1-", NBT_ERR_MALFORMED, 0, 0},
                {"10.77.0.1/", NBT_ERR_MALFORMED, 0, 0},
                {"10.77.0.1/1234", NBT_ERR_MALFORMED, 0, 0},
                {"10.77.0.1-2-3", NBT_ERR_MALFORMED, 0, 0},
                {"10.77..1", NBT_ERR_MALFORMED, 0, 0},
                {"10.77.0.0000000001", NBT_ERR_MALFORMED, 0, 0},
                {"-", NBT_ERR_MALFORMED, 0, 0},
                {"", 0, 0, 0},
                {" , \t\r\n,", 0, 0, 0},
                {"# 10.77.0.1", 0, 0, 0},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                const char *at = rows[i].text;
                size_t len = strlen(at);
                struct scan_token token = {0};

                assert_int_equal(scan_token_next(&at, &len, &token), rows[i].r);
                if (rows[i].r != 1)
                        continue;
                assert_false(token.is_name);
                assert_int_equal(token.range.first, rows[i].first);
                assert_int_equal(token.range.last, rows[i].last);
                assert_int_equal(len, 0);
        }
}

static void test_lists_names_and_comments(void **state)
{
        const char *text = "10.0.0.1,FILESRV  pc-12.example # rest 10.9.9.9\n10.0.0.2#x\n\n,,a";
        static const char *const expected[] = {"10.0.0.1", "FILESRV", "pc-12.example", "10.0.0.2", "a"};
        size_t len = strlen(text), count = 0;
        struct scan_token token;
        int r;

        (void)state;
        while ((r = scan_token_next(&text, &len, &token)) > 0) {
                assert_true(count < NBT_ARRAY_SIZE(expected));
                assert_string_equal(token.text, expected[count]);
                assert_int_equal(token.is_name, count != 0 && count != 3);
                count++;
        }
        assert_int_equal(r, 0);
        assert_int_equal(count, NBT_ARRAY_SIZE(expected));
}

static void test_too_long_is_told(void **state)
{
        char text[SCAN_TARGET_TEXT_BYTES + 10];
        const char *at = text;
        size_t len = sizeof(text);
        struct scan_token token;

        (void)state;
        memset(text, 'A', sizeof(text));
        assert_int_equal(scan_token_next(&at, &len, &token), NBT_ERR_RANGE);
        assert_int_equal(strlen(token.text), SCAN_TARGET_TEXT_BYTES - 1);
}

/* Sets against a plain map of 4,096 addresses. */
static void test_sets_against_a_map(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 300; seed++) {
                struct scan_ranges sets[2] = {0};
                bool map[2][4096] = {0};
                struct rng rng;

                print_message("seed %llu\r", (unsigned long long)seed);
                rng_init_seed(&rng, seed);
                const uint32_t base = seed % 3 ? IP(10, 77, 0, 0) : UINT32_MAX - 4095; /* the end of the world, too */
                for (size_t set = 0; set < 2; set++) {
                        for (uint32_t i = rng_below(&rng, 12); i > 0; i--) {
                                const uint32_t first = rng_below(&rng, 4096);
                                const uint32_t last = first + rng_below(&rng, 4096 - first);
                                assert_int_equal(scan_ranges_add(&sets[set], base + first, base + last), 0);
                                for (uint32_t at = first; at <= last; at++)
                                        map[set][at] = true;
                        }
                        scan_ranges_settle(&sets[set]);
                }
                assert_int_equal(scan_ranges_exclude(&sets[0], &sets[1]), 0);
                uint32_t total = 0;
                for (uint32_t at = 0; at < 4096; at++) {
                        const int index = scan_ranges_index(&sets[0], base + at);
                        if (map[0][at] && !map[1][at]) {
                                assert_int_equal(index, total);
                                assert_int_equal(scan_ranges_address(&sets[0], total), base + at);
                                total++;
                        } else {
                                assert_int_equal(index, NBT_ERR_NOT_FOUND);
                        }
                }
                assert_int_equal(scan_ranges_total(&sets[0]), total);
                for (size_t i = 1; i < sets[0].count; i++)
                        assert_true(sets[0].rows[i].first > sets[0].rows[i - 1].last + 1);
                scan_ranges_done(&sets[0]);
                scan_ranges_done(&sets[1]);
        }
}

static void test_order_takes_turns_and_forgets_none(void **state)
{
        struct scan_ranges ranges = {0};
        struct scan_order order;
        uint32_t address, count = 0;

        (void)state;
        assert_int_equal(scan_ranges_add(&ranges, IP(10, 77, 0, 250), IP(10, 77, 3, 9)), 0);
        assert_int_equal(scan_ranges_add(&ranges, UINT32_MAX - 1, UINT32_MAX), 0);
        scan_ranges_settle(&ranges);
        const uint32_t total = (uint32_t)scan_ranges_total(&ranges);
        uint8_t *seen = calloc(total, 1);
        assert_non_null(seen);
        assert_int_equal(scan_order_init(&order, &ranges), 0);
        static const uint32_t first[] = {IP(10, 77, 0, 250), IP(10, 77, 1, 0),   IP(10, 77, 2, 0), IP(10, 77, 3, 0),
                                         UINT32_MAX - 1,     IP(10, 77, 0, 251), IP(10, 77, 1, 1)};
        while (scan_order_next(&order, &address)) {
                const int index = scan_ranges_index(&ranges, address);
                assert_true(index >= 0);
                assert_int_equal(seen[index]++, 0);
                if (count < NBT_ARRAY_SIZE(first))
                        assert_int_equal(address, first[count]);
                count++;
        }
        assert_int_equal(count, total);
        free(seen);
        scan_order_done(&order);
        scan_ranges_done(&ranges);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts),
                cmocka_unit_test(test_lists_names_and_comments),
                cmocka_unit_test(test_too_long_is_told),
                cmocka_unit_test(test_sets_against_a_map),
                cmocka_unit_test(test_order_takes_turns_and_forgets_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
