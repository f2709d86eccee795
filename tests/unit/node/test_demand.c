/* Defence of names, and demands to give them up: what is sent, what is told, and under a flood. */
#include "harness.h"

#include <string.h>

static struct bench bench;

static void registered(enum node_type type, enum node_demand_policy policy, const char *wins)
{
        bench_init(&bench, type);
        bench.config.computer[0] = 0;
        memcpy(bench.config.users[0], "ANNA", 5);
        bench.config.user_count = 1;
        memcpy(bench.config.workgroup, "SALES", 6);
        bench.config.demand_policy = policy;
        bench_begin(&bench, wins);
        if (type == NODE_TYPE_P || type == NODE_TYPE_H) {
                bench_answer(&bench, wins, NBNS_OPCODE_REGISTRATION, "ANNA<03>", 0, 300000);
                bench_answer(&bench, wins, NBNS_OPCODE_REGISTRATION, "SALES<00>", 0, 300000);
        }
        bench_run(&bench, 20000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        assert_state(&bench, "SALES<00>", NODE_STATE_REGISTERED);
        bench_clear(&bench);
}

static void every_kind_of_claim_is_refused(void **state)
{
        static const uint8_t opcodes[] = {NBNS_OPCODE_REGISTRATION, NBNS_OPCODE_MULTIHOMED, NBNS_OPCODE_REFRESH,
                                          NBNS_OPCODE_REFRESH_ALT};
        static const char *const destinations[] = {"10.0.0.1", "10.0.0.255"};

        (void)state;
        registered(NODE_TYPE_B, NODE_DEMAND_VERIFY, "");
        for (size_t i = 0; i < sizeof(opcodes); i++)
                for (size_t j = 0; j < 2; j++) {
                        struct nbns_packet answer;

                        bench_clear(&bench);
                        bench_claim(&bench, "10.0.0.9", destinations[j], "ANNA<03>", opcodes[i], NODE_NAME_UNIQUE);
                        bench_claim(&bench, "10.0.0.9", destinations[j], "ANNA<03>", opcodes[i], NODE_NAME_GROUP);
                        bench_claim(&bench, "10.0.0.9", destinations[j], "SALES<00>", opcodes[i], NODE_NAME_UNIQUE);
                        assert_int_equal(bench.sent_count, 3);
                        assert_int_equal(nbns_packet_decode(bench.sent[0].bytes, bench.sent[0].len_bytes, &answer), 0);
                        assert_true(answer.header.response);
                        assert_int_equal(answer.header.id, 0x7777);
                        assert_int_equal(answer.header.rcode, NBNS_RCODE_ACT_ERR);
                        assert_int_equal(bench.sent[0].destination, ip("10.0.0.9"));
                        assert_false(bench.sent[0].broadcast);
                        bench_clear(&bench);
                        bench_claim(&bench, "10.0.0.9", destinations[j], "SALES<00>", opcodes[i], NODE_NAME_GROUP);
                        bench_claim(&bench, "10.0.0.9", destinations[j], "OTHER<00>", opcodes[i], NODE_NAME_UNIQUE);
                        bench_claim(&bench, "10.0.0.1", destinations[j], "ANNA<03>", opcodes[i], NODE_NAME_UNIQUE);
                        assert_int_equal(bench.sent_count, 0);
                }
        bench_done(&bench);
}

static void notices_of_defence_are_folded(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, NODE_DEMAND_VERIFY, "");
        for (int i = 0; i < 100; i++)
                bench_claim(&bench, "10.0.0.9", "10.0.0.255", "ANNA<03>", 5, NODE_NAME_UNIQUE);
        assert_log(&bench, "! defended ANNA<03> eth0 Registered peer 10.0.0.9", 1);
        assert_log(&bench, "-R rcode 6", 100);
        bench_run(&bench, 10000);
        bench_claim(&bench, "10.0.0.9", "10.0.0.255", "ANNA<03>", 5, NODE_NAME_UNIQUE);
        assert_log(&bench, "! defended ANNA<03> eth0 Registered peer 10.0.0.9 repeated 99", 1);
        bench_done(&bench);
}

/* Our own claim mirrored back with another source: our id and our address in it. */
static void reflections_are_no_conflict(void **state)
{
        struct sent claim;

        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        bench_begin(&bench, "");
        claim = bench.sent[0];
        bench_run(&bench, 1000);
        bench_clear(&bench);
        bench_bytes(&bench, "10.0.0.77", "10.0.0.255", claim.bytes, claim.len_bytes);
        bench_bytes(&bench, "10.0.0.1", "10.0.0.255", claim.bytes, claim.len_bytes);
        assert_log(&bench, "", 0);
        bench_done(&bench);
}

static void of_two_simultaneous_claims_the_lower_address_wins(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        bench_begin(&bench, "");
        bench_claim(&bench, "10.0.0.9", "10.0.0.255", "FILESRV<20>", 5, NODE_NAME_UNIQUE);
        assert_log(&bench, "eth0 > 10.0.0.9 REGISTRATION-R rcode 6", 1);
        bench_done(&bench);

        bench_init(&bench, NODE_TYPE_B);
        bench_begin(&bench, "");
        bench_iface(&bench, ETH0, "10.0.0.200", "", true);
        bench_claim(&bench, "10.0.0.9", "10.0.0.255", "FILESRV<20>", 5, NODE_NAME_UNIQUE);
        assert_log(&bench, "-R", 0);
        bench_done(&bench);
}

static void obeyed_demands_lead_to_conflict(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, NODE_DEMAND_OBEY, "");
        bench_release_demand(&bench, "22.101.26.231", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "! release-demand ANNA<03> eth0 Conflict not-verified peer 22.101.26.231", 1);
        assert_log(&bench, "! state ANNA<03> eth0 Registered> Conflict peer 22.101.26.231", 1);
        assert_log(&bench, "eth0 > 22.101.26.231 RELEASE-R rcode 0", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        for (int i = 0; i < 1000; i++)
                bench_release_demand(&bench, "22.101.26.231", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "", 3);
        bench_done(&bench);

        registered(NODE_TYPE_B, NODE_DEMAND_OBEY, "");
        bench_conflict_demand(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "! duplicate ANNA<03> eth0 Conflict not-verified peer 10.0.0.9", 1);
        assert_log(&bench, " > 10", 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

static void groups_and_own_packets_never_lead_to_conflict(void **state)
{
        static const enum node_demand_policy policies[] = {NODE_DEMAND_VERIFY, NODE_DEMAND_OBEY, NODE_DEMAND_WINS_ONLY};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(policies); i++) {
                registered(NODE_TYPE_B, policies[i], "");
                bench_release_demand(&bench, "10.0.0.9", "10.0.0.1", "SALES<00>");
                bench_release_demand(&bench, "10.0.0.9", "10.0.0.255", "SALES<00>");
                bench_conflict_demand(&bench, "10.0.0.9", "10.0.0.1", "SALES<00>");
                assert_log(&bench, "! release-demand SALES<00> eth0 Registered ignored", 1);
                bench_release_demand(&bench, "10.0.0.1", "10.0.0.1", "ANNA<03>");
                bench_conflict_demand(&bench, "10.0.0.1", "10.0.0.255", "ANNA<03>");
                bench_run(&bench, 60000);
                assert_state(&bench, "SALES<00>", NODE_STATE_REGISTERED);
                assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
                assert_log(&bench, "ANNA", 0);
                bench_done(&bench);
        }
}

static void wins_only_obeys_the_server_alone(void **state)
{
        (void)state;
        registered(NODE_TYPE_P, NODE_DEMAND_WINS_ONLY, "10.9.0.1");
        bench_release_demand(&bench, "10.9.0.8", "10.0.0.1", "ANNA<03>");
        bench_conflict_demand(&bench, "10.9.0.8", "10.0.0.1", "ANNA<03>");
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        assert_log(&bench, "! release-demand ANNA<03> eth0 Registered ignored peer 10.9.0.8", 1);
        bench_release_demand(&bench, "10.9.0.1", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "! release-demand ANNA<03> eth0 Conflict not-verified peer 10.9.0.1 wins", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

static void unfounded_demand_leaves_the_name(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, NODE_DEMAND_VERIFY, "");
        bench_release_demand(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "! release-demand ANNA<03> eth0 Registered pending peer 10.0.0.9", 1);
        bench_run(&bench, 5000);
        assert_log(&bench, "eth0 > 10.0.0.255 QUERY ANNA<03> rd bcast", 3);
        assert_log(&bench, "22250 ! release-demand ANNA<03> eth0 Registered unfounded peer 10.0.0.9", 1);
        assert_log(&bench, "eth0 > 10.0.0.9 RELEASE-R rcode 6", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void founded_demand_leads_to_conflict(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, NODE_DEMAND_VERIFY, "");
        bench_conflict_demand(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        bench_run(&bench, 100);
        bench_answer_query(&bench, "10.2.0.5", "ANNA<03>", "10.2.0.5", 0); /* not on the segment we asked */
        bench_answer_query(&bench, "10.0.0.1", "ANNA<03>", "10.0.0.1", 0); /* ourselves */
        bench_answer_query(&bench, "10.0.0.7", "ANNA<03>", "10.0.0.1", 0); /* a proxy, about ourselves */
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_answer_query(&bench, "10.0.0.5", "ANNA<03>", "10.0.0.5", 0);
        assert_log(&bench, "! duplicate ANNA<03> eth0 Conflict confirmed peer 10.0.0.9 holder 10.0.0.5", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

static void servers_are_asked_as_well(void **state)
{
        (void)state;
        registered(NODE_TYPE_H, NODE_DEMAND_VERIFY, "10.9.0.1");
        bench_release_demand(&bench, "10.9.0.1", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "eth0 > 10.0.0.255 QUERY ANNA<03>", 1);
        assert_log(&bench, "eth0 > 10.9.0.1 QUERY ANNA<03>", 1);
        bench_answer_query(&bench, "10.9.0.1", "ANNA<03>", "10.0.0.1", 0); /* the server knows us as the owner */
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_answer_query(&bench, "10.9.0.1", "ANNA<03>", "10.5.0.5", 0);
        assert_log(&bench, "confirmed peer 10.9.0.1 holder 10.5.0.5 wins", 1);
        assert_log(&bench, "eth0 > 10.9.0.1 RELEASE-R rcode 0", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

/* 100,000 forged demands a second, for nearly ten seconds of virtual time: what is sent depends on time only. */
static void flood_sends_and_tells_no_more_than_a_trickle(void **state)
{
        char source[IP4_TEXT_BYTES];

        (void)state;
        registered(NODE_TYPE_B, NODE_DEMAND_VERIFY, "");
        bench_command(&bench, NODE_COMMAND_NAME_ADD, "OTHER<20>", NODE_NAME_UNIQUE);
        bench_run(&bench, 1000);
        bench_clear(&bench);
        for (uint32_t ms = 0; ms < 9900; ms++) {
                for (uint32_t i = 0; i < 20; i++) {
                        ip4_format(0x0B000000 + ms * 20 + i, source);
                        bench_release_demand(&bench, source, "10.0.0.1", i % 2 ? "ANNA<03>" : "OTHER<20>");
                }
                bench_run(&bench, 1);
        }
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        assert_log(&bench, "pending", 2);
        assert_log(&bench, "unfounded", 2);
        assert_log(&bench, " QUERY ", 6);
        assert_log(&bench, "RELEASE-R", 2);
        bench_run(&bench, 3000); /* what was remembered of the flood is verified once more, then there is peace */
        assert_log(&bench, "pending", 4);
        bench_run(&bench, 100000);
        assert_log(&bench, "pending", 4);
        bench_done(&bench);
}

/* A true demand in the shadow of a forged one is verified when its time has come. */
static void demand_after_a_forged_one_is_not_lost(void **state)
{
        (void)state;
        registered(NODE_TYPE_B, NODE_DEMAND_VERIFY, "");
        bench_conflict_demand(&bench, "10.0.0.66", "10.0.0.1", "ANNA<03>");
        bench_run(&bench, 5000);
        bench_clear(&bench);
        bench_conflict_demand(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "", 0);
        bench_run(&bench, 5000);
        assert_log(&bench, "pending peer 10.0.0.9", 1);
        bench_answer_query(&bench, "10.0.0.5", "ANNA<03>", "10.0.0.5", 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_kind_of_claim_is_refused),
                cmocka_unit_test(notices_of_defence_are_folded),
                cmocka_unit_test(reflections_are_no_conflict),
                cmocka_unit_test(of_two_simultaneous_claims_the_lower_address_wins),
                cmocka_unit_test(obeyed_demands_lead_to_conflict),
                cmocka_unit_test(groups_and_own_packets_never_lead_to_conflict),
                cmocka_unit_test(wins_only_obeys_the_server_alone),
                cmocka_unit_test(unfounded_demand_leaves_the_name),
                cmocka_unit_test(founded_demand_leads_to_conflict),
                cmocka_unit_test(servers_are_asked_as_well),
                cmocka_unit_test(flood_sends_and_tells_no_more_than_a_trickle),
                cmocka_unit_test(demand_after_a_forged_one_is_not_lost),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
