/* Records by filter, in pages: random filters over random databases against a plain look at every record, also while records
 * come and go between two pages; and that a filter which an index can serve looks at what it finds, not at the whole database. */
#include "bench.h"

#include "base/rng.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NET(i) (0x0A010000u + (uint32_t)(i))
#define RECORDS 6000u

static uint64_t seed;

static const char *const SCOPES[] = {"", "CORP", "CORP.EXAMPLE"};
static const uint32_t OWNERS[] = {BENCH_SERVER, 0x0A4D0001, 0x0A4D0002};

static int setup(void **state)
{
        struct bench *bench = malloc(sizeof(*bench));

        bench_init(bench);
        bench->quiet = true;
        *state = bench;
        return 0;
}

static int teardown(void **state)
{
        bench_done(*state);
        free(*state);
        return 0;
}

static struct nb_scope scope_of(unsigned i)
{
        struct nb_scope scope;

        assert_int_equal(nb_scope_parse(SCOPES[i], &scope), 0);
        return scope;
}

/* Few letters, so that many names begin alike; any bytes now and then. */
static struct nb_name random_name(struct rng *rng)
{
        static const uint8_t suffixes[] = {0x00, 0x03, 0x20, 0x1B, 0x1E, 0xFF};
        struct nb_name name;
        const unsigned len = 1 + rng_below(rng, 6);

        memset(name.bytes, ' ', sizeof(name.bytes));
        for (unsigned i = 0; i < len; i++)
                name.bytes[i] = rng_below(rng, 50) ? (uint8_t)((rng_below(rng, 6) ? 'A' : 'a') + rng_below(rng, 3))
                                                   : (uint8_t)rng_below(rng, 256);
        name.bytes[NB_SUFFIX_AT] = suffixes[rng_below(rng, NBT_ARRAY_SIZE(suffixes))];
        return name;
}

static void random_record(struct rng *rng, uint64_t version, struct wins_record *ret)
{
        memset(ret, 0, sizeof(*ret));
        ret->name = random_name(rng);
        ret->scope = scope_of(rng_below(rng, NBT_ARRAY_SIZE(SCOPES)));
        ret->type = (enum wins_type)rng_below(rng, WINS_TYPE_MAX);
        ret->state = rng_below(rng, 4) ? WINS_ACTIVE : (enum wins_state)rng_below(rng, WINS_STATE_MAX);
        ret->is_static = rng_below(rng, 20) == 0;
        ret->owner = OWNERS[rng_below(rng, NBT_ARRAY_SIZE(OWNERS))];
        ret->version = version;
        ret->expiry_s = ret->is_static ? WINS_NEVER : BENCH_WALL_S + 500000;
        const unsigned wanted = ret->type == WINS_UNIQUE || ret->type == WINS_GROUP ? 1 : 1 + rng_below(rng, 5);
        for (unsigned i = 0; i < wanted; i++) {
                const uint32_t address = NET(rng_below(rng, 3) ? rng_below(rng, 2000) : rng_below(rng, 40));

                if (wins_record_member(ret, address) < 0)
                        ret->members[ret->member_count++] = (struct wins_member){address, ret->owner, ret->expiry_s};
        }
}

static void fill(struct bench *bench, struct rng *rng, unsigned count)
{
        for (unsigned i = 0; i < count; i++) {
                struct wins_record record;

                random_record(rng, 1 + i + rng_below(rng, 50), &record);
                if (!wins_table_find_scoped(&bench->disk, &record.name, &record.scope))
                        assert_true(wins_table_put(&bench->disk, &record) > 0);
        }
        bench_start(bench);
}

/* ---- the plain look ------------------------------------------------------------------------------------------------------ */

static bool is_alike(const char *pattern, const uint8_t *text, size_t len)
{
        if (*pattern == '*')
                return is_alike(pattern + 1, text, len) || (len > 0 && is_alike(pattern, text + 1, len - 1));
        if (*pattern == '\0' || len == 0)
                return *pattern == '\0' && len == 0;
        return (*pattern == '?' || toupper(*pattern) == (*text < 0x80 ? toupper(*text) : *text)) &&
               is_alike(pattern + 1, text + 1, len - 1);
}

static bool name_is_alike(const char *pattern, const struct nb_name *name)
{
        size_t len = NB_SUFFIX_AT;

        while (len > 0 && name->bytes[len - 1] == ' ')
                len--;
        return *pattern == '\0' || is_alike(pattern, name->bytes, len);
}

static bool is_wanted(const struct wins_filter *filter, const struct wins_record *record)
{
        bool has_address = !filter->has_address;

        for (unsigned i = 0; i < record->member_count; i++)
                has_address =
                        has_address || ((record->members[i].address ^ filter->address) & filter->address_mask) == 0;
        return has_address && (!filter->has_name || nb_name_equal(&record->name, &filter->name)) &&
               memcmp(record->name.bytes, filter->prefix, filter->prefix_len_bytes) == 0 &&
               (!filter->has_scope || nb_scope_equal(&record->scope, &filter->scope)) &&
               name_is_alike(filter->pattern, &record->name) &&
               (!filter->has_suffix || nb_name_suffix(&record->name) == filter->suffix) &&
               (!filter->has_type || record->type == filter->type) &&
               (!filter->has_state || record->state == filter->state) &&
               (!filter->has_static || record->is_static == filter->is_static) &&
               (!filter->has_owner || (record->owner == filter->owner && record->version >= filter->min_version &&
                                       (!filter->max_version || record->version <= filter->max_version)));
}

static struct wins_filter random_filter(struct rng *rng, uint64_t versions)
{
        static const uint8_t bits[] = {32, 32, 31, 28, 24, 22, 16, 8, 0};
        struct wins_filter filter = {0};
        const struct nb_name name = random_name(rng);

        if (rng_below(rng, 4) == 0) {
                filter.prefix_len_bytes = (uint8_t)(1 + rng_below(rng, NB_NAME_BYTES));
                memcpy(filter.prefix, name.bytes, filter.prefix_len_bytes);
        }
        if ((filter.has_name = rng_below(rng, 8) == 0))
                filter.name = name;
        if ((filter.has_scope = rng_below(rng, 5) == 0))
                filter.scope = scope_of(rng_below(rng, NBT_ARRAY_SIZE(SCOPES)));
        if ((filter.has_address = rng_below(rng, 3) == 0)) {
                const unsigned b = bits[rng_below(rng, NBT_ARRAY_SIZE(bits))];

                filter.address_mask = b ? IP4_BROADCAST << (32 - b) : 0;
                filter.address = NET(rng_below(rng, 50)) & filter.address_mask;
        }
        if ((filter.has_owner = rng_below(rng, 3) == 0)) {
                filter.owner = rng_below(rng, 10) ? OWNERS[rng_below(rng, NBT_ARRAY_SIZE(OWNERS))] : 77;
                filter.min_version = rng_below(rng, 2) ? rng_below(rng, (uint32_t)versions) : 0;
                filter.max_version = rng_below(rng, 2) ? rng_below(rng, (uint32_t)versions) : 0;
        }
        if (rng_below(rng, 3) == 0)
                for (unsigned i = 0, count = 1 + rng_below(rng, 5); i < count; i++)
                        filter.pattern[i] = i == 0 && rng_below(rng, 3) ? "ABCabc"[rng_below(rng, 6)]
                                                                        : "ABCabc *?***"[rng_below(rng, 12)];
        if ((filter.has_suffix = rng_below(rng, 4) == 0))
                filter.suffix = name.bytes[NB_SUFFIX_AT];
        filter.has_type = rng_below(rng, 4) == 0;
        filter.type = (enum wins_type)rng_below(rng, WINS_TYPE_MAX);
        filter.has_state = rng_below(rng, 4) == 0;
        filter.state = (enum wins_state)rng_below(rng, WINS_STATE_MAX);
        filter.has_static = rng_below(rng, 4) == 0;
        filter.is_static = rng_below(rng, 2);
        return filter;
}

/* ---- against each other -------------------------------------------------------------------------------------------------- */

/* What was shown how often, by slots of the disk (whose records do not move). */
struct seen {
        unsigned char times[RECORDS + 1];
        unsigned pages;
};

static void show_page(struct bench *bench, const struct wins_filter *filter, uint32_t limit, struct wins_cursor *cursor,
                      struct seen *seen)
{
        struct wins_command command = {
                .id = 1, .type = WINS_COMMAND_SHOW, .limit = limit, .filter = *filter, .cursor = *cursor};

        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, 0);
        *cursor = bench->complete.cursor;
        seen->pages++;
        for (size_t i = 0; i < bench->row_count; i++) {
                const uint32_t slot = wins_table_find_scoped(&bench->disk, &bench->rows[i].name, &bench->rows[i].scope);

                if (slot)
                        seen->times[slot]++;
        }
}

static void check_all(const struct bench *bench, const struct wins_filter *filter, const struct seen *seen)
{
        for (uint32_t slot = 1; slot < bench->disk.slot_count; slot++) {
                struct wins_record record;

                if (!(wins_slot_at(&bench->disk, slot)->count & WINS_SLOT_USED))
                        continue;
                wins_table_get(&bench->disk, slot, &record);
                assert_int_equal(seen->times[slot], is_wanted(filter, &record));
        }
}

static void test_random_filters(void **state)
{
        struct bench *bench = *state;
        struct rng rng;

        rng_init_seed(&rng, seed);
        fill(bench, &rng, RECORDS);
        for (unsigned i = 0; i < 3000; i++) {
                const struct wins_filter filter = random_filter(&rng, RECORDS);
                const uint32_t limit = 1 + rng_below(&rng, 250);
                struct wins_cursor cursor = {0};
                struct seen seen = {0};

                do
                        show_page(bench, &filter, limit, &cursor, &seen);
                while (bench->complete.more);
                check_all(bench, &filter, &seen);
        }
}

/* One record that passes no filter of this test comes, changes or goes. */
static void stir(struct bench *bench, struct rng *rng)
{
        char name[16];

        snprintf(name, sizeof(name), "ZZ%u<20>", rng_below(rng, 300));
        if (rng_below(rng, 2)) {
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, name, NET(rng_below(rng, 2000)), 0x6000);
        } else {
                struct wins_command command = {.id = 2, .type = WINS_COMMAND_DELETE};

                command.filter = (struct wins_filter){.has_name = true, .name = bench_name(name)};
                bench_command(bench, &command);
        }
}

static void test_random_filters_in_motion(void **state)
{
        struct bench *bench = *state;
        struct rng rng;

        rng_init_seed(&rng, seed + 1);
        fill(bench, &rng, 1500);
        const struct wins_table before = bench->disk; /* borrowed: those records stay as they are */
        for (unsigned i = 0; i < 300; i++) {
                const struct wins_filter filter = random_filter(&rng, 1500);
                struct wins_cursor cursor = {0};
                struct seen seen = {0};
                bool more;

                do {
                        show_page(bench, &filter, 1 + rng_below(&rng, 40), &cursor, &seen);
                        more = bench->complete.more;
                        stir(bench, &rng);
                } while (more);
                for (uint32_t slot = 1; slot < before.slot_count; slot++) {
                        struct wins_record record;

                        wins_table_get(&bench->disk, slot, &record);
                        if (record.name.bytes[0] != 'Z')
                                assert_int_equal(seen.times[slot], is_wanted(&filter, &record));
                }
        }
}

/* Records of the server's own that are there all the time, each with another version and address now and then. */
static void fill_own(struct bench *bench, struct rng *rng, unsigned count)
{
        for (unsigned i = 0; i < count; i++) {
                struct wins_record record;

                random_record(rng, 1 + i, &record);
                record.state = WINS_ACTIVE;
                record.is_static = false;
                record.expiry_s = BENCH_WALL_S + 500000;
                record.owner = BENCH_SERVER;
                if (!wins_table_find_scoped(&bench->disk, &record.name, &record.scope))
                        assert_true(wins_table_put(&bench->disk, &record) > 0);
        }
        bench_start(bench);
}

static void change_one(struct bench *bench, struct rng *rng)
{
        struct wins_command command = {.id = 2, .type = WINS_COMMAND_ADD, .record_count = 1};
        struct wins_record record;

        wins_table_get(&bench->disk, 1 + rng_below(rng, bench->disk.slot_count - 1), &record);
        record.members[0].address = NET(5000 + rng_below(rng, 5000));
        record.member_count = 1;
        command.records = &record;
        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, 0);
}

static void test_records_that_change(void **state)
{
        struct bench *bench = *state;
        struct rng rng;

        rng_init_seed(&rng, seed + 4);
        fill_own(bench, &rng, 1500);
        for (unsigned i = 0; i < 400; i++) {
                struct wins_filter filter = random_filter(&rng, 1500);
                struct wins_cursor cursor = {0};
                struct seen seen = {0};
                bool more;

                filter.has_address = false; /* these do change */
                filter.min_version = filter.max_version = 0;
                do {
                        show_page(bench, &filter, 1 + rng_below(&rng, 60), &cursor, &seen);
                        more = bench->complete.more;
                        change_one(bench, &rng);
                } while (more);
                check_all(bench, &filter, &seen);
        }
}

/* Tombstones get new versions: a walk by versions meets them again, and ends all the same. */
static void test_tombstones_of_all_versions(void **state)
{
        struct bench *bench = *state;
        struct wins_command command = {
                .id = 1,
                .type = WINS_COMMAND_DELETE,
                .tombstone = true,
                .limit = 50,
                .filter = {.has_owner = true, .owner = BENCH_SERVER, .min_version = 1},
        };
        unsigned pages = 0;
        uint64_t rows = 0;
        struct rng rng;

        rng_init_seed(&rng, seed + 5);
        fill_own(bench, &rng, 500);
        const uint64_t count = bench->disk.live;
        do {
                bench_command(bench, &command);
                assert_int_equal(bench->complete.result, 0);
                rows += bench->complete.row_count;
                command.cursor = bench->complete.cursor;
                assert_true(++pages < 100);
        } while (bench->complete.more);
        assert_int_equal(rows, count);
        assert_int_equal(bench->disk.counts[WINS_UNIQUE][WINS_ACTIVE], 0);
}

/* A cursor is what a client sends: whatever stands in it, every page ends, and the walk does. */
static void test_forged_cursors(void **state)
{
        struct bench *bench = *state;
        struct rng rng;

        rng_init_seed(&rng, seed + 2);
        fill(bench, &rng, 500);
        for (unsigned i = 0; i < 3000; i++) {
                const struct wins_filter filter = random_filter(&rng, 500);
                struct wins_cursor cursor = {{rng_u64(&rng), rng_u64(&rng), rng_u64(&rng)}};
                struct seen seen = {0};

                cursor.place[0] = (uint64_t)rng_below(&rng, 8) << 56 | cursor.place[0] >> rng_below(&rng, 64) >> 8;
                do
                        show_page(bench, &filter, 250, &cursor, &seen);
                while (bench->complete.more && seen.pages < 100);
                assert_false(bench->complete.more);
        }
}

static void test_empty(void **state)
{
        struct bench *bench = *state;
        struct rng rng;

        rng_init_seed(&rng, seed + 3);
        bench_start(bench);
        for (unsigned i = 0; i < 200; i++) {
                const struct wins_filter filter = random_filter(&rng, 10);
                struct wins_cursor cursor = {0};
                struct seen seen = {0};

                show_page(bench, &filter, 10, &cursor, &seen);
                assert_int_equal(bench->row_count, 0);
                assert_false(bench->complete.more);
        }
}

/* ---- how much is looked at ------------------------------------------------------------------------------------------------ */

#define CROWD 100000u

/* 100,000 machines, and a handful of each kind that somebody looks for. A page looks at 2048 records at most: what takes one page
 * was not looked for among all. */
static void test_indexes_serve(void **state)
{
        static const struct {
                struct wins_filter filter;
                unsigned rows;
        } wanted[] = {
                {{.prefix_len_bytes = 4, .prefix = "RARE"}, 7},
                {{.prefix_len_bytes = 5, .prefix = "RARE1"}, 1},
                {{.has_static = true, .is_static = true}, 7},
                {{.has_state = true, .state = WINS_RELEASED}, 3},
                {{.has_state = true, .state = WINS_TOMBSTONE}, 1},
                {{.has_type = true, .type = WINS_GROUP}, 2},
                {{.has_owner = true, .owner = 0x0A4D0001}, 5},
                {{.has_owner = true, .owner = BENCH_SERVER, .min_version = 50000, .max_version = 50099}, 100},
                {{.has_owner = true, .owner = BENCH_SERVER, .min_version = 1, .max_version = 20}, 20},
                {{.has_address = true, .address = 0xC0A80001, .address_mask = IP4_BROADCAST}, 7},
                {{.has_address = true, .address = 0xC0A80000, .address_mask = 0xFFFF0000}, 7},
                {{.has_address = true, .address = 0xC0000000, .address_mask = 0xF0000000}, 7},
                /* several conditions: the one that leaves the fewest */
                {{.has_static = true, .is_static = true, .prefix_len_bytes = 1, .prefix = "H"}, 0},
                /* 16th bytes and scopes, alone and together */
                {{.has_suffix = true, .suffix = 0x1B}, 4},
                {{.has_suffix = true, .suffix = 0x42}, 0},
                {{.has_suffix = true, .suffix = 0x1B, .has_owner = true, .owner = 0x0A4D0002}, 1},
                {{.has_scope = true, .scope = {4, "CORP"}}, 2},
                {{.has_scope = true, .scope = {5, "CORPS"}}, 0},
                {{.has_scope = true, .scope = {4, "CORP"}, .has_suffix = true, .suffix = 0x1B}, 1},
                {{.has_owner = true, .owner = BENCH_SERVER, .has_scope = true, .scope = {4, "CORP"}}, 0},
                /* patterns that begin with letters, in any case */
                {{.pattern = "rare*"}, 7},
                {{.pattern = "Rar?3"}, 1},
                {{.pattern = "HOST9999?"}, 10},
                {{.pattern = "H?ST1*", .has_suffix = true, .suffix = 0x1B}, 0},
                {{.has_type = true, .type = WINS_UNIQUE, .prefix_len_bytes = 4, .prefix = "RARE"}, 5},
                {{.has_owner = true, .owner = BENCH_SERVER, .has_state = true, .state = WINS_TOMBSTONE}, 0},
        };
        struct bench *bench = *state;

        for (uint32_t i = 0; i < CROWD + 7; i++) {
                const uint32_t rare = i < CROWD ? UINT32_MAX : i - CROWD;
                struct wins_record record = {.owner = BENCH_SERVER, .version = i + 1, .member_count = 1};
                char name[16];

                snprintf(name, sizeof(name), rare < 7 ? "RARE%u" : "HOST%u", rare < 7 ? rare : i);
                record.name = bench_name(name);
                record.expiry_s = BENCH_WALL_S + 500000;
                record.members[0].address = NET(i);
                if (rare < 7) {
                        record.is_static = true;
                        record.owner = rare < 5 ? 0x0A4D0001 : 0x0A4D0002;
                        record.type = rare < 2 ? WINS_GROUP : WINS_UNIQUE;
                        record.state = rare < 3 ? WINS_ACTIVE : rare < 6 ? WINS_RELEASED : WINS_TOMBSTONE;
                        record.members[0].address = 0xC0A80001;
                        record.name.bytes[NB_SUFFIX_AT] = rare % 2 ? 0x20 : 0x1B;
                        record.scope = scope_of(rare >= 5);
                }
                record.members[0].owner = record.owner;
                assert_true(wins_table_put(&bench->disk, &record) > 0);
        }
        bench_start(bench);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(wanted); i++) {
                struct wins_command command = {.id = 1, .type = WINS_COMMAND_SHOW, .filter = wanted[i].filter};

                bench_command(bench, &command);
                assert_int_equal(bench->row_count, wanted[i].rows);
                assert_false(bench->complete.more);
        }
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_random_filters, setup, teardown),
                cmocka_unit_test_setup_teardown(test_random_filters_in_motion, setup, teardown),
                cmocka_unit_test_setup_teardown(test_records_that_change, setup, teardown),
                cmocka_unit_test_setup_teardown(test_tombstones_of_all_versions, setup, teardown),
                cmocka_unit_test_setup_teardown(test_forged_cursors, setup, teardown),
                cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
                cmocka_unit_test_setup_teardown(test_indexes_serve, setup, teardown),
        };

        seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261128;
        printf("seed %llu\n", (unsigned long long)seed);
        return cmocka_run_group_tests_name("wins walk", tests, NULL, NULL);
}
