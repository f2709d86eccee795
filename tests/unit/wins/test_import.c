/* Static mappings from LMHOSTS lines: all or nothing, errors by line. */
#include "wins/import.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed;

static int parse(const char *text, struct arena *arena, struct wins_import *ret)
{
        return wins_import_parse(text, strlen(text), NULL, arena, ret);
}

static const struct wins_record *find(const struct wins_import *import, const char *stem, uint8_t suffix)
{
        const struct nb_name name = nb_name_make(stem, suffix);

        for (size_t i = 0; i < import->count; i++)
                if (nb_name_equal(&import->records[i].name, &name))
                        return &import->records[i];
        return NULL;
}

static void assert_record(const struct wins_import *import, const char *stem, uint8_t suffix, enum wins_type type,
                          unsigned members, uint32_t address)
{
        const struct wins_record *record = find(import, stem, suffix);

        assert_non_null(record);
        assert_int_equal(record->type, type);
        assert_int_equal(record->state, WINS_ACTIVE);
        assert_true(record->is_static);
        assert_int_equal(record->member_count, members);
        assert_true(wins_record_member(record, address) >= 0);
        assert_int_equal(record->expiry_s, WINS_NEVER);
}

static void test_all_kinds(void **state)
{
        struct arena arena = ARENA_INIT;
        struct wins_import import;

        (void)state;
        assert_int_equal(parse("# comment\r\n"
                               "\n"
                               "10.0.0.1  filesrv   #PRE\n"
                               "10.0.0.2  BIGHOST   #MH\n"
                               "10.0.0.3  BIGHOST   #MH   # second card\n"
                               "10.0.0.4  DC1       #PRE #DOM:SALES\n"
                               "10.0.0.5  DC2       #DOM:sales\n"
                               "10.0.0.6  \"SALES          \\0x1b\"\n"
                               "10.0.0.7  PRN1      #SG:PRINTERS\n"
                               "10.0.0.8  LAB       #GROUP\n"
                               "10.0.0.9  SCANNERS  #sg\n"
                               "10.0.0.10 \"SCANNERS       \\0x20\" #SG\n"
                               "10.0.0.1  FILESRV\n",
                               &arena, &import),
                         0);
        assert_int_equal(import.fault_count, 0);
        for (size_t i = 0; i < 3; i++) {
                static const uint8_t suffixes[] = {0x00, 0x03, 0x20};

                assert_record(&import, "FILESRV", suffixes[i], WINS_UNIQUE, 1, 0x0A000001);
                assert_record(&import, "BIGHOST", suffixes[i], WINS_MULTIHOMED, 2, 0x0A000003);
                assert_record(&import, "DC2", suffixes[i], WINS_UNIQUE, 1, 0x0A000005);
                assert_record(&import, "PRN1", suffixes[i], WINS_UNIQUE, 1, 0x0A000007);
        }
        assert_record(&import, "SALES", 0x1C, WINS_INTERNET, 2, 0x0A000005);
        assert_record(&import, "SCANNERS", 0x20, WINS_INTERNET, 2, 0x0A00000A);
        assert_record(&import, "SALES", 0x1B, WINS_UNIQUE, 1, 0x0A000006);
        assert_record(&import, "PRINTERS", 0x20, WINS_INTERNET, 1, 0x0A000007);
        assert_record(&import, "LAB", 0x00, WINS_GROUP, 1, 0x0A000008);
        assert_int_equal(import.count, 5 * 3 + 5);
        arena_done(&arena);
}

static void test_faults(void **state)
{
        static const struct {
                const char *text;
                unsigned line;
                const char *says;
        } rows[] = {
                {"10.0.0.1 A\n10.0.0.300 B\n", 2, "no IP address"},
                {"10.0.0.1\n", 1, "no name"},
                {"10.0.0.1 ABCDEFGHIJKLMNOP\n", 1, "longer than 15"},
                {"10.0.0.1 \"SHORT\\0x1b\"\n", 1, "fewer than 16"},
                {"10.0.0.1 \"OPEN\n", 1, "no closing quote"},
                {"10.0.0.1 A\n10.0.0.2 A\n", 2, "another address in line 1"},
                {"10.0.0.1 A\n10.0.0.2 A #MH\n", 2, "mapped as unique in line 1"},
                {"10.0.0.1 A #DOM:\n", 1, "wants a domain name"},
                {"10.0.0.1 A #SG:\n", 1, "wants a group name"},
                {"10.0.0.1 A #SG #MH\n", 1, "goes with no other keyword"},
                {"10.0.0.1 A #SG\n10.0.0.3 A#20\n", 2, "mapped as internet in line 1"},
                {"10.0.0.1 A #GROUP #MH\n", 1, "no other keyword"},
                {"10.0.0.1 A\n#INCLUDE other\n", 2, "other files are not read"},
                {"#BEGIN_ALTERNATE\n", 1, "other files are not read"},
                {"0.0.0.0 A\n", 1, "no host"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct arena arena = ARENA_INIT;
                struct wins_import import;

                assert_int_equal(parse(rows[i].text, &arena, &import), NBT_ERR_MALFORMED);
                assert_int_equal(import.count, 0); /* nothing is half imported */
                assert_true(import.fault_count >= 1);
                assert_int_equal(import.faults[0].line, rows[i].line);
                if (!strstr(import.faults[0].text, rows[i].says))
                        fail_msg("row %zu: %s", i, import.faults[0].text);
                arena_done(&arena);
        }
}

static void test_bounds(void **state)
{
        struct arena arena = ARENA_INIT;
        struct wins_import import;
        char *text = malloc(64 * 20000), *at = text;

        (void)state;
        for (unsigned i = 0; i < 20000; i++) /* three names a line: more than there may be */
                at += sprintf(at, "10.%u.%u.1 H%u\n", i / 250, i % 250, i);
        assert_int_equal(parse(text, &arena, &import), NBT_ERR_MALFORMED);
        assert_true(import.fault_count > WINS_IMPORT_MAX_FAULTS);
        assert_non_null(strstr(import.faults[0].text, "more than"));
        arena_reset(&arena);
        at = text;
        for (unsigned i = 0; i < 26; i++)
                at += sprintf(at, "10.0.0.%u M #MH\n", i + 1);
        assert_int_equal(parse(text, &arena, &import), NBT_ERR_MALFORMED);
        assert_int_equal(import.faults[0].line, 26);
        assert_non_null(strstr(import.faults[0].text, "more than 25"));
        arena_reset(&arena);
        assert_int_equal(parse("", &arena, &import), 0);
        assert_int_equal(import.count, 0);
        arena_done(&arena);
        free(text);
}

static void test_random(void **state)
{
        static const char words[][12] = {"10.0.0.1", "10.0.0.2", "A", "B",      "\"", "#MH",  "#DOM:X", "#SG:Y",
                                         "#GROUP",   "\n",       " ", "\\0x1b", "#",  "#PRE", "\x1a",   "\r"};
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, seed);
        for (unsigned i = 0; i < 5000; i++) {
                struct arena arena = ARENA_INIT;
                struct wins_import import;
                char text[600] = "";

                for (unsigned j = rng_below(&rng, 40); j > 0; j--)
                        strcat(strcat(text, words[rng_below(&rng, NBT_ARRAY_SIZE(words))]),
                               rng_below(&rng, 2) ? " " : "");
                const int r = parse(text, &arena, &import);
                assert_true(r == 0 || r == NBT_ERR_MALFORMED);
                assert_int_equal(r == 0, import.fault_count == 0);
                for (size_t n = 0; n < import.count; n++) {
                        struct wins_record record = import.records[n];

                        record.version = 1;
                        assert_int_equal(wins_record_check(&record), 0);
                }
                arena_done(&arena);
        }
}

static void test_mapping(void **state)
{
        const uint32_t addresses[] = {1, 2};
        struct wins_record records[WINS_MAPPING_MAX_RECORDS];
        enum wins_mapping kind;

        (void)state;
        assert_int_equal(wins_mapping_make(WINS_MAP_UNIQUE, "filesrv", -1, NULL, addresses, 1, records), 3);
        assert_int_equal(nb_name_suffix(&records[2].name), 0x20);
        assert_memory_equal(records[0].name.bytes, "FILESRV ", 8);
        assert_int_equal(wins_mapping_make(WINS_MAP_UNIQUE, "filesrv", 0x1B, NULL, addresses, 1, records), 1);
        assert_int_equal(wins_mapping_make(WINS_MAP_UNIQUE, "filesrv", -1, NULL, addresses, 2, records), NBT_ERR_RANGE);
        assert_int_equal(wins_mapping_make(WINS_MAP_MULTIHOMED, "filesrv", -1, NULL, addresses, 2, records), 3);
        assert_int_equal(records[0].member_count, 2);
        assert_int_equal(wins_mapping_make(WINS_MAP_DOMAIN, "sales", -1, NULL, addresses, 2, records), 1);
        assert_int_equal(records[0].type, WINS_INTERNET);
        assert_int_equal(nb_name_suffix(&records[0].name), 0x1C);
        assert_int_equal(wins_mapping_make(WINS_MAP_GROUP, "lab", -1, NULL, addresses, 1, records), 1);
        assert_int_equal(wins_mapping_make(WINS_MAP_INTERNET, "prn", -1, NULL, addresses, 2, records), 1);
        assert_int_equal(wins_mapping_make(WINS_MAP_GROUP, "sixteen bytes it", -1, NULL, addresses, 1, records),
                         NBT_ERR_RANGE);
        assert_int_equal(wins_mapping_make(WINS_MAP_GROUP, "lab", -1, NULL, addresses, 0, records), NBT_ERR_RANGE);
        assert_int_equal(wins_mapping_parse("domain", &kind), 0);
        assert_int_equal(kind, WINS_MAP_DOMAIN);
        assert_int_equal(wins_mapping_parse("host", &kind), NBT_ERR_MALFORMED);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_kinds), cmocka_unit_test(test_faults),  cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_random),    cmocka_unit_test(test_mapping),
        };

        seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261124;
        printf("seed %llu\n", (unsigned long long)seed);
        return cmocka_run_group_tests_name("wins import", tests, NULL, NULL);
}
