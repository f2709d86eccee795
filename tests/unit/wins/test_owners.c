/* Records of other servers, members that come and go one by one, node types: what a record holds, and what becomes of it. */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PARTNER 0x0A0000FDu
#define HOUR_MS UINT64_C(3600000)

static int setup(void **state)
{
        struct bench *bench = malloc(sizeof(*bench));

        bench_init(bench);
        bench->settings.renewal_s = bench->settings.extinction_interval_s = 3600;
        bench->settings.extinction_timeout_s = WINS_DAY_S;
        *state = bench;
        return 0;
}

static int teardown(void **state)
{
        bench_done(*state);
        free(*state);
        return 0;
}

/* A record of PARTNER's in the store, with COUNT addresses from HOST(1) on, that ends in 50 minutes. */
static struct wins_record replica(const char *name, enum wins_type type, enum wins_state record_state, unsigned count)
{
        struct wins_record record = {.name = bench_name(name),
                                     .type = type,
                                     .state = record_state,
                                     .node = WINS_NODE_H,
                                     .owner = PARTNER,
                                     .version = 70,
                                     .expiry_s = BENCH_WALL_S + 3000,
                                     .member_count = (uint8_t)count};

        for (unsigned i = 0; i < count; i++)
                record.members[i] = (struct wins_member){HOST(1 + i), PARTNER, BENCH_WALL_S + 3000};
        return record;
}

static void load(struct bench *bench, const struct wins_record *record)
{
        assert_true(wins_table_put(&bench->disk, record) > 0);
}

static struct wins_record find(const struct bench *bench, const char *text)
{
        const struct nb_name name = bench_name(text);
        struct wins_record record;

        assert_int_equal(wins_find(bench->wins, &name, NULL, &record), 0);
        return record;
}

static bool is_there(const struct bench *bench, const char *text)
{
        const struct nb_name name = bench_name(text);
        struct wins_record record;

        return wins_find(bench->wins, &name, NULL, &record) == 0;
}

static void expect(struct bench *bench, const char *text)
{
        const char *line = bench_line(bench);

        if (!line || !strstr(line, text))
                fail_msg("\"%s\" instead of \"%s\"", line ? line : "nothing", text);
}

/* ---- of other servers ---------------------------------------------------------------------------------------------------- */

static void test_replica_is_renewed(void **state)
{
        struct bench *bench = *state;
        const struct wins_record unique = replica("PC<20>", WINS_UNIQUE, WINS_ACTIVE, 1),
                                 both = replica("M<20>", WINS_MULTIHOMED, WINS_ACTIVE, 2),
                                 group = replica("LAB<00>", WINS_GROUP, WINS_ACTIVE, 1);

        load(bench, &unique);
        load(bench, &both);
        load(bench, &group);
        bench_start(bench);
        bench_query(bench, "PC<20>");
        expect(bench, "10.1.0.1");
        bench_claim(bench, NBNS_OPCODE_REFRESH, "PC<20>", HOST(1), UNIQUE);
        expect(bench, "positive");
        struct wins_record record = find(bench, "PC<20>");
        assert_int_equal(record.owner, BENCH_SERVER);
        assert_int_equal(record.members[0].owner, BENCH_SERVER);
        assert_int_equal(record.version, 1);
        /* of two addresses the one that was renewed is ours, the other is still the partner's */
        bench_claim(bench, NBNS_OPCODE_REFRESH, "M<20>", HOST(2), UNIQUE);
        expect(bench, "positive");
        record = find(bench, "M<20>");
        assert_int_equal(record.owner, BENCH_SERVER);
        assert_int_equal(record.members[wins_record_member(&record, HOST(1))].owner, PARTNER);
        assert_int_equal(record.members[wins_record_member(&record, HOST(2))].owner, BENCH_SERVER);
        bench_claim(bench, NBNS_OPCODE_REFRESH, "LAB<00>", HOST(9), GROUP);
        expect(bench, "positive");
        assert_int_equal(find(bench, "LAB<00>").owner, BENCH_SERVER);
}

static void test_replica_is_contested(void **state)
{
        struct bench *bench = *state;
        const struct wins_record unique = replica("PC<20>", WINS_UNIQUE, WINS_ACTIVE, 1),
                                 gone = replica("GONE<20>", WINS_UNIQUE, WINS_TOMBSTONE, 1);

        load(bench, &unique);
        load(bench, &gone);
        bench_start(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(5), UNIQUE);
        expect(bench, "flags 0xbc00");
        expect(bench, "to 10.1.0.1:137 name query request");
        bench_run_ms(bench, 4000);
        bench_forget(bench);
        assert_int_equal(find(bench, "PC<20>").owner, BENCH_SERVER);
        assert_int_equal(find(bench, "PC<20>").members[0].address, HOST(5));
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "GONE<20>", HOST(5), UNIQUE);
        expect(bench, "positive");
        assert_int_equal(find(bench, "GONE<20>").owner, BENCH_SERVER);
}

/* That a partner's name was released must get back to it: it becomes a tombstone of ours, with a version of ours. */
static void test_replica_is_released(void **state)
{
        struct bench *bench = *state;
        const struct wins_record unique = replica("PC<20>", WINS_UNIQUE, WINS_ACTIVE, 1),
                                 both = replica("M<20>", WINS_MULTIHOMED, WINS_ACTIVE, 2);

        load(bench, &unique);
        load(bench, &both);
        bench_start(bench);
        bench_claim(bench, NBNS_OPCODE_RELEASE, "PC<20>", HOST(1), UNIQUE);
        expect(bench, "positive");
        struct wins_record record = find(bench, "PC<20>");
        assert_int_equal(record.state, WINS_TOMBSTONE);
        assert_int_equal(record.owner, BENCH_SERVER);
        assert_int_equal(record.version, 1);
        assert_int_equal(record.expiry_s, BENCH_WALL_S + 1 + WINS_DAY_S);
        bench_claim(bench, NBNS_OPCODE_RELEASE, "M<20>", HOST(1), UNIQUE);
        expect(bench, "positive");
        record = find(bench, "M<20>");
        assert_int_equal(record.state, WINS_ACTIVE);
        assert_int_equal(record.member_count, 1);
        assert_int_equal(record.owner, BENCH_SERVER);
}

/* A partner's active record ends when the partner says so; its tombstones go by themselves. */
static void test_replicas_and_scavenging(void **state)
{
        struct bench *bench = *state;
        const struct wins_record active = replica("PC<20>", WINS_UNIQUE, WINS_ACTIVE, 1),
                                 gone = replica("GONE<20>", WINS_UNIQUE, WINS_TOMBSTONE, 1),
                                 both = replica("M<20>", WINS_MULTIHOMED, WINS_ACTIVE, 2);

        load(bench, &active);
        load(bench, &gone);
        load(bench, &both);
        bench_start(bench);
        bench_run_ms(bench, 48 * HOUR_MS);
        assert_int_equal(find(bench, "PC<20>").state, WINS_ACTIVE);
        assert_int_equal(find(bench, "PC<20>").version, 70);
        assert_int_equal(find(bench, "M<20>").member_count, 2);
        assert_false(is_there(bench, "GONE<20>"));
}

/* KB167365: ours by time, then those of others. */
static void test_list_of_two_servers(void **state)
{
        struct bench *bench = *state;
        struct wins_record list = replica("DOM<1C>", WINS_INTERNET, WINS_ACTIVE, 2);

        list.members[0].expiry_s = BENCH_WALL_S + 100000;
        load(bench, &list);
        bench_start(bench);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "DOM<1C>", HOST(8), GROUP);
        bench_run_ms(bench, 5000);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "DOM<1C>", HOST(9), GROUP);
        bench_forget(bench);
        bench_query(bench, "DOM<1C>");
        const char *line = bench_line(bench);
        const char *at = line;
        static const char *const order[] = {"10.1.0.9", "10.1.0.8", "10.1.0.1", "10.1.0.2"};
        for (size_t i = 0; i < NBT_ARRAY_SIZE(order); i++) {
                at = strstr(at, order[i]);
                assert_non_null(at);
        }
        assert_int_equal(find(bench, "DOM<1C>").owner, BENCH_SERVER);
}

/* ---- members one by one ------------------------------------------------------------------------------------------------------ */

/* Who does not renew leaves the list; the record lives as long as one does, and its version tells the partners. */
static void test_members_expire(void **state)
{
        struct bench *bench = *state;

        bench_start(bench);
        for (unsigned i = 1; i <= 3; i++)
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, "DOM<1C>", HOST(i), GROUP);
        for (unsigned half = 0; half < 6; half++) {
                bench_run_ms(bench, HOUR_MS / 2);
                bench_claim(bench, NBNS_OPCODE_REFRESH, "DOM<1C>", HOST(2), GROUP);
        }
        struct wins_record record = find(bench, "DOM<1C>");
        assert_int_equal(record.state, WINS_ACTIVE);
        assert_int_equal(record.member_count, 1);
        assert_int_equal(record.members[0].address, HOST(2));
        assert_int_equal(record.version, 4);
        bench_run_ms(bench, 2 * HOUR_MS);
        assert_int_not_equal(find(bench, "DOM<1C>").state, WINS_ACTIVE);
}

/* ---- node types -------------------------------------------------------------------------------------------------------------- */

/* B, P, M and H as the registrant said, in the record and in every answer. */
static void test_node_types(void **state)
{
        static const char *const names[] = {"B<20>", "P<20>", "M<20>", "H<20>"};
        static const char *const words[] = {"unique B", "unique P", "unique M", "unique H"};
        struct bench *bench = *state;

        bench_start(bench);
        for (unsigned i = 0; i < 4; i++) {
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, names[i], HOST(i), (uint16_t)(i << 13));
                bench_forget(bench);
                bench_query(bench, names[i]);
                expect(bench, words[i]);
                assert_int_equal(find(bench, names[i]).node, i);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_replica_is_renewed, setup, teardown),
                cmocka_unit_test_setup_teardown(test_replica_is_contested, setup, teardown),
                cmocka_unit_test_setup_teardown(test_replica_is_released, setup, teardown),
                cmocka_unit_test_setup_teardown(test_replicas_and_scavenging, setup, teardown),
                cmocka_unit_test_setup_teardown(test_list_of_two_servers, setup, teardown),
                cmocka_unit_test_setup_teardown(test_members_expire, setup, teardown),
                cmocka_unit_test_setup_teardown(test_node_types, setup, teardown),
        };

        return cmocka_run_group_tests_name("wins owners", tests, NULL, NULL);
}
