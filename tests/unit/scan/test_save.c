/* Scans on disk: round trips, damage, and what changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "scan/save.h"

#include <stdlib.h>
#include <string.h>

#define A UINT32_C(0x0A4D0002)

static const char golden[] =
        "netbt-scan\t1\t2026-11-23T06:14:04.000123Z\t10.77.0.1-10.77.0.254,10.77.9.9\tcomplete\n"
        "10.77.0.2\t02-00-00-00-00-02\t10.77.0.2,10.78.0.2\t46494c45535256202020202020202020:0400\n";

static struct scan_host make_host(uint32_t address, const struct nbstat_entry *names, size_t count)
{
        return (struct scan_host){.address = address, .names = names, .name_count = (uint8_t)count};
}

static void format(struct strbuf *sb, const struct scan_host *const *hosts, size_t count)
{
        struct scan_ranges ranges = {0};
        wall_t time;

        assert_int_equal(wall_parse("2026-11-23T06:14:04.000123Z", &time), 0);
        assert_int_equal(scan_ranges_add(&ranges, 0x0A4D0001, 0x0A4D00FE), 0);
        assert_int_equal(scan_ranges_add(&ranges, 0x0A4D0909, 0x0A4D0909), 0);
        scan_ranges_settle(&ranges);
        scan_save_format_head(sb, time, &ranges, false);
        for (size_t i = 0; i < count; i++)
                scan_save_format_host(sb, hosts[i]);
        scan_ranges_done(&ranges);
}

static void test_golden(void **state)
{
        static const uint32_t own[] = {A, A + 0x10000};
        const struct nbstat_entry name = {nb_name_make("FILESRV", ' '), NBSTAT_ACTIVE};
        struct scan_host host = make_host(A, &name, 1);
        const struct scan_host *list[] = {&host};
        struct strbuf sb = STRBUF_INIT;

        (void)state;
        host.mac[0] = host.mac[5] = 2;
        host.mac_source = SCAN_MAC_ANSWER;
        host.addresses = own;
        host.address_count = 2;
        host.addresses_answered = true;
        format(&sb, list, 1);
        assert_string_equal(strbuf_str(&sb), golden);
        strbuf_done(&sb);
}

static void test_round_trip_of_random_hosts(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 200; seed++) {
                struct nbstat_entry names[5];
                struct strbuf sb = STRBUF_INIT;
                struct arena arena = ARENA_INIT;
                struct scan_save save;
                struct rng rng;
                uint32_t own[4];

                print_message("seed %llu\r", (unsigned long long)seed);
                rng_init_seed(&rng, seed);
                for (size_t i = 0; i < 5; i++) {
                        for (size_t j = 0; j < NB_NAME_BYTES; j++)
                                names[i].name.bytes[j] = (uint8_t)rng_u32(&rng);
                        names[i].name_flags = (uint16_t)rng_u32(&rng);
                }
                struct scan_host host = make_host(rng_u32(&rng), names, rng_below(&rng, 6));
                const struct scan_host *list[] = {&host};
                host.mac_source = (uint8_t)rng_below(&rng, 3);
                for (size_t i = 0; host.mac_source && i < 6; i++)
                        host.mac[i] = (uint8_t)rng_u32(&rng);
                host.address_count = (uint8_t)rng_below(&rng, 5);
                host.addresses_answered = host.address_count || rng_below(&rng, 2);
                host.addresses = own;
                for (size_t i = 0; i < 4; i++)
                        own[i] = rng_u32(&rng);
                format(&sb, list, 1);
                assert_int_equal(scan_save_parse(sb.text, sb.len_bytes, &arena, &save), 0);
                assert_int_equal(save.host_count, 1);
                assert_int_equal(save.bad_lines, 0);
                assert_int_equal(scan_ranges_total(&save.ranges), 255);
                const struct scan_host *again = save.hosts[0];
                assert_int_equal(again->address, host.address);
                assert_int_equal(again->mac_source, host.mac_source);
                assert_memory_equal(again->mac, host.mac, 6);
                assert_int_equal(again->addresses_answered, host.addresses_answered);
                assert_int_equal(again->address_count, host.address_count);
                assert_int_equal(again->name_count, host.name_count);
                if (host.address_count)
                        assert_memory_equal(again->addresses, own, host.address_count * sizeof(*own));
                for (size_t i = 0; i < host.name_count; i++) {
                        assert_true(nb_name_equal(&again->names[i].name, &names[i].name));
                        assert_int_equal(again->names[i].name_flags, names[i].name_flags);
                }
                scan_save_done(&save);
                arena_done(&arena);
                strbuf_done(&sb);
        }
}

static int parse(const char *text, struct arena *arena, struct scan_save *ret)
{
        return scan_save_parse(text, strlen(text), arena, ret);
}

static void test_what_is_no_scan(void **state)
{
        static const struct {
                const char *text;
                int r;
        } rows[] = {
                {"", NBT_ERR_MALFORMED},
                {"hello\n", NBT_ERR_MALFORMED},
                {"netbt-scan", NBT_ERR_MALFORMED},
                {"netbt-scan\t2\tx", NBT_ERR_UNSUPPORTED},
                {"netbt-scan\t1\tyesterday\t10.0.0.1\tcomplete\n", NBT_ERR_MALFORMED},
                {"netbt-scan\t1\t2026-11-23T06:14:04Z\tFILESRV\tcomplete\n", NBT_ERR_MALFORMED},
                {"netbt-scan\t1\t2026-11-23T06:14:04Z\t10.0.0.9-1\tcomplete\n", NBT_ERR_MALFORMED},
                {"netbt-scan\t1\t2026-11-23T06:14:04Z\t0.0.0.0/0\tcomplete\n", NBT_ERR_MALFORMED},
                {"netbt-scan\t1\t2026-11-23T06:14:04Z\t10.0.0.1\n", NBT_ERR_MALFORMED},
        };
        struct arena arena = ARENA_INIT;
        struct scan_save save;

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                assert_int_equal(parse(rows[i].text, &arena, &save), rows[i].r);
        arena_done(&arena);
}

static void test_bad_lines_are_counted_and_skipped(void **state)
{
        static const char *const lines[] = {
                "10.77.0.2",
                "10.77.0.2\t-",
                "10.77.0.999\t-\t?",
                "10.77.0.2\t02-00\t?",
                "10.77.0.2\t02-00-00-00-00-0g\t?",
                "10.77.0.2\t-\t10.0.0",
                "10.77.0.2\t-\t?\t46",
                "10.77.0.2\t-\t?\tzz494c45535256202020202020202020:0400",
                "10.77.0.2\t-\t?\t46494c45535256202020202020202020x0400",
        };
        struct arena arena = ARENA_INIT;

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(lines); i++) {
                struct strbuf sb = STRBUF_INIT;
                struct scan_save save;

                strbuf_printf(&sb, "netbt-scan\t1\t2026-11-23T06:14:04Z\t10.77.0.0/24\tpartial\n%s\n10.77.0.3\t-\t?\n",
                              lines[i]);
                assert_int_equal(scan_save_parse(sb.text, sb.len_bytes, &arena, &save), 0);
                assert_true(save.partial);
                assert_int_equal(save.bad_lines, 1);
                assert_int_equal(save.host_count, 1);
                assert_int_equal(save.hosts[0]->address, A + 1);
                scan_save_done(&save);
                strbuf_done(&sb);
        }
        arena_done(&arena);
}

static void test_every_truncation(void **state)
{
        const size_t len = strlen(golden);

        (void)state;
        for (size_t cut = 0; cut <= len; cut++) {
                struct arena arena = ARENA_INIT;
                struct scan_save save;
                char *exact = malloc(cut ? cut : 1);

                assert_non_null(exact);
                memcpy(exact, golden, cut);
                if (scan_save_parse(exact, cut, &arena, &save) == 0)
                        scan_save_done(&save);
                arena_done(&arena);
                free(exact);
        }
}

static void test_differences(void **state)
{
        const struct nbstat_entry names[] = {{nb_name_make("PC", 0x00), NBSTAT_ACTIVE},
                                             {nb_name_make("PC", 0x20), NBSTAT_ACTIVE},
                                             {nb_name_make("PC", 0x00), NBSTAT_ACTIVE | NBSTAT_CONFLICT},
                                             {nb_name_make("PC", 0x20), NBSTAT_ACTIVE | NBSTAT_PERMANENT}};
        struct scan_ranges ranges = {0};
        struct arena arena = ARENA_INIT;
        const struct scan_difference *found;

        (void)state;
        assert_int_equal(scan_ranges_add(&ranges, A, A + 7), 0);
        scan_ranges_settle(&ranges);
        struct scan_host before[] = {make_host(A, names, 2),     make_host(A + 1, names, 2),
                                     make_host(A + 2, names, 2), make_host(A + 3, names, 2),
                                     make_host(A + 4, names, 2), make_host(A + 9, names, 2)};
        struct scan_host after[] = {make_host(A, names, 2),         make_host(A + 2, names, 1),
                                    make_host(A + 3, names + 1, 2), make_host(A + 4, names, 2),
                                    make_host(A + 5, names, 2),     make_host(A + 10, names, 2)};
        before[4].mac_source = after[3].mac_source = SCAN_MAC_ANSWER;
        after[3].mac[5] = 9;
        const struct scan_host *lists[2][6];
        for (size_t i = 0; i < 6; i++) {
                lists[0][i] = &before[i];
                lists[1][i] = &after[i];
        }
        const int count = scan_diff(lists[0], 6, &ranges, lists[1], 6, &ranges, &arena, &found);
        static const struct {
                uint32_t address;
                enum scan_change change;
        } expected[] = {{A + 1, SCAN_CHANGE_GONE},
                        {A + 2, SCAN_CHANGE_CHANGED},
                        {A + 3, SCAN_CHANGE_CHANGED},
                        {A + 4, SCAN_CHANGE_CHANGED},
                        {A + 5, SCAN_CHANGE_NEW}};
        assert_int_equal(count, NBT_ARRAY_SIZE(expected));
        for (int i = 0; i < count; i++) {
                const struct scan_host *host = found[i].after ? found[i].after : found[i].before;
                assert_int_equal(host->address, expected[i].address);
                assert_int_equal(found[i].change, expected[i].change);
        }
        /* flags that say nothing of holding are no change */
        const struct nbstat_entry same[] = {names[3], names[0]};
        after[0].names = same;
        assert_int_equal(scan_diff(lists[0], 1, &ranges, lists[1], 1, &ranges, &arena, &found), 0);
        arena_done(&arena);
        scan_ranges_done(&ranges);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_golden),           cmocka_unit_test(test_round_trip_of_random_hosts),
                cmocka_unit_test(test_what_is_no_scan),  cmocka_unit_test(test_bad_lines_are_counted_and_skipped),
                cmocka_unit_test(test_every_truncation), cmocka_unit_test(test_differences),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
