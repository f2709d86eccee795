/* How netbt wins shows records, and that what it exports is read again. */
#include "cli/wins_cmd.h"

#include "base/rng.h"
#include "wins/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those four first */
#include <cmocka.h>

static void test_spans(void **state)
{
        static const struct {
                uint64_t seconds;
                const char *text;
        } rows[] = {
                {0, "0 seconds"},
                {1, "1 second"},
                {59, "59 seconds"},
                {60, "1 minute"},
                {61, "1 minute 1 second"},
                {3600, "1 hour"},
                {3659, "1 hour"},
                {3660, "1 hour 1 minute"},
                {86399, "23 hours 59 minutes"},
                {86400, "1 day"},
                {90000, "1 day 1 hour"},
                {86400 * 2 + 3599, "2 days"},
                {UINT64_MAX, "213503982334601 days 7 hours"},
        };
        char text[WINS_SPAN_TEXT_BYTES];

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                wins_span_format(rows[i].seconds, text);
                assert_string_equal(text, rows[i].text);
        }
}

static void test_times(void **state)
{
        char text[WINS_TIME_TEXT_BYTES];

        (void)state;
        wins_time_format(1800000060, 1800000000, text);
        assert_string_equal(text, "2027-01-15T08:01:00Z (in 1 minute)");
        wins_time_format(1800000000, 1800007200, text);
        assert_string_equal(text, "2027-01-15T08:00:00Z (2 hours ago)");
        wins_time_format(1800000000, 1800000000, text);
        assert_string_equal(text, "2027-01-15T08:00:00Z (in 0 seconds)");
        wins_time_format(WINS_NEVER, 1800000000, text);
        assert_string_equal(text, "never");
}

static char *printed(void (*print)(FILE *out, const struct wins_record *record), const struct wins_record *record)
{
        char *text = NULL;
        size_t bytes = 0;
        FILE *out = open_memstream(&text, &bytes);

        assert_non_null(out);
        print(out, record);
        assert_int_equal(fclose(out), 0);
        return text;
}

/* In a file about no scope. */
static void export_lmhosts(FILE *out, const struct wins_record *record)
{
        wins_export_lmhosts(out, record, &(struct nb_scope){0});
}

/* In one about the record's own. */
static void export_scope(FILE *out, const struct wins_record *record)
{
        wins_export_lmhosts(out, record, &record->scope);
}

static struct wins_record make(const char *stem, uint8_t suffix, enum wins_type type)
{
        return (struct wins_record){.name = nb_name_make(stem, suffix),
                                    .type = type,
                                    .is_static = true,
                                    .node = WINS_NODE_H,
                                    .owner = 0x0A4D0009,
                                    .version = 7,
                                    .member_count = 1,
                                    .members = {{.address = 0x0A000001, .owner = 0x0A4D0009}}};
}

static void test_csv_fields(void **state)
{
        static const struct {
                const char *stem, *begins;
        } rows[] = {
                {"PLAIN", "PLAIN,20,"},    {"A,B", "\"A,B\",20,"},    {"SAY\"X", "\"SAY\"\"X\",20,"},
                {"=1+2", "\"'=1+2\",20,"}, {"@SUM", "\"'@SUM\",20,"}, {"-X", "\"'-X\",20,"},
                {"A=B", "A=B,20,"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                const struct wins_record record = make(rows[i].stem, 0x20, WINS_UNIQUE);
                char *text = printed(wins_export_csv, &record);

                assert_memory_equal(text, rows[i].begins, strlen(rows[i].begins));
                assert_non_null(strstr(text, ",unique,active,yes,H,10.77.0.9,7,never,10.0.0.1,10.77.0.9,never\n"));
                free(text);
        }
}

/* What LMHOSTS cannot say is a comment, so that the file stays one that can be imported. */
static void test_lmhosts_comments(void **state)
{
        struct wins_record records[] = {
                make("G", 0x00, WINS_GROUP),
                make("D", 0x1C, WINS_UNIQUE),
                make("R", 0x20, WINS_UNIQUE),
                make("S", 0x20, WINS_UNIQUE),
        };

        (void)state;
        records[0].member_count = 0;
        records[2].state = WINS_RELEASED;
        records[3].scope = (struct nb_scope){.len_bytes = 3, .text = "LAB"};
        for (size_t i = 0; i < NBT_ARRAY_SIZE(records); i++) {
                char *text = printed(export_lmhosts, &records[i]);

                assert_int_equal(text[0], '#');
                assert_int_equal(text[strlen(text) - 1], '\n');
                assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
                free(text);
        }
}

/* Sixteen bytes of any value, more often of what a file could stumble over. */
static struct wins_record random_record(struct rng *rng)
{
        struct wins_record record = make("X", (uint8_t)rng_below(rng, 256), WINS_UNIQUE);
        static const uint8_t hostile[] = {'"',  '\\', '#', '\n', '\r', '\t', 0x1A, 0x00,
                                          0xFF, 'a',  'z', 'A',  '0',  'x',  ' '};
        const size_t len = rng_below(rng, NB_SUFFIX_AT + 1);

        memset(record.name.bytes, ' ', NB_SUFFIX_AT);
        for (size_t i = 0; i < len; i++)
                record.name.bytes[i] =
                        rng_below(rng, 2) ? hostile[rng_below(rng, sizeof(hostile))] : (uint8_t)rng_below(rng, 256);
        record.type = (enum wins_type)rng_below(rng, WINS_TYPE_MAX);
        if (rng_below(rng, 4) == 0)
                record.name.bytes[NB_SUFFIX_AT] = 0x1C;
        /* a <1C> is taken for a group of domain controllers; of one machine it is a comment */
        if (nb_name_suffix(&record.name) == 0x1C && (record.type == WINS_UNIQUE || record.type == WINS_MULTIHOMED))
                record.type = WINS_INTERNET;
        if (rng_below(rng, 4) == 0)
                record.scope = (struct nb_scope){.len_bytes = 3, .text = "LAB"};
        if (record.type == WINS_INTERNET || record.type == WINS_MULTIHOMED) {
                record.member_count = (uint8_t)(1 + rng_below(rng, WINS_MAX_MEMBERS));
        }
        for (size_t i = 0; i < record.member_count; i++)
                record.members[i].address = 0x0A000000 | ((uint32_t)i << 16) | (1 + rng_below(rng, 60000));
        return record;
}

static void test_lmhosts_round_trip(void **state)
{
        const uint64_t seed = 20261123;
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, seed);
        for (int round = 0; round < 2000; round++) {
                const struct wins_record record = random_record(&rng);
                char *text = printed(export_scope, &record);
                struct arena arena = ARENA_INIT;
                struct wins_import import = {0};
                const int r = wins_import_parse(text, strlen(text), &record.scope, &arena, &import);

                if (r < 0 || import.count != 1 || !nb_name_equal(&import.records[0].name, &record.name) ||
                    import.records[0].type != record.type || !nb_scope_equal(&import.records[0].scope, &record.scope) ||
                    import.records[0].member_count != record.member_count)
                        fail_msg("seed %llu, round %d: %d, %zu records of:\n%s%s", (unsigned long long)seed, round, r,
                                 import.count, text, import.fault_count ? import.faults[0].text : "");
                for (size_t i = 0; i < record.member_count; i++)
                        assert_true(wins_record_member(&import.records[0], record.members[i].address) >= 0);
                arena_done(&arena);
                free(text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_spans),
                cmocka_unit_test(test_times),
                cmocka_unit_test(test_csv_fields),
                cmocka_unit_test(test_lmhosts_comments),
                cmocka_unit_test(test_lmhosts_round_trip),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
