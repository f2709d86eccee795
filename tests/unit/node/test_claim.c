/* Claims of each node type: what is sent when, and how they end. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

static struct bench bench;

static void one_name(enum node_type type, const char *wins)
{
        bench_init(&bench, type);
        bench.config.computer[0] = 0;
        memcpy(bench.config.users[0], "ANNA", 5);
        bench.config.user_count = 1;
        bench_begin(&bench, wins);
}

static void b_node_asks_three_times_then_takes_the_name(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        bench_begin(&bench, "");
        bench_run(&bench, 2000);
        assert_log(&bench, "0 eth0 > 10.0.0.255 REGISTRATION FILESRV<20> U 10.0.0.1 rd bcast", 3);
        assert_log(&bench, "250 eth0 > 10.0.0.255 REGISTRATION FILESRV<20> U 10.0.0.1 rd bcast", 1);
        assert_log(&bench, "500 eth0 > 10.0.0.255 REGISTRATION FILESRV<20> U 10.0.0.1 rd bcast", 1);
        assert_log(&bench, "750 eth0 > 10.0.0.255 REGISTRATION FILESRV<20> U 10.0.0.1 bcast", 1);
        assert_log(&bench, "750 ! state FILESRV<20> eth0 Registering> Registered", 1);
        assert_log(&bench, " > ", 3 * 4);
        assert_state(&bench, "FILESRV<00>", NODE_STATE_REGISTERED);
        assert_state(&bench, "FILESRV<03>", NODE_STATE_REGISTERED);
        assert_int_equal(node_deadline(bench.node).ns, INT64_MAX);
        bench_done(&bench);
}

static void refused_unique_name_is_in_conflict(void **state)
{
        (void)state;
        one_name(NODE_TYPE_B, "");
        bench_run(&bench, 300);
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, "ANNA<03>", NBNS_RCODE_ACT_ERR, 0);
        assert_log(&bench, "! refused ANNA<03> eth0 Conflict peer 10.0.0.9 holder 10.0.0.99", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_run(&bench, 1000);
        assert_log(&bench, " > ", 2);
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        bench_query(&bench, "10.0.0.9", "10.0.0.255", "ANNA<03>");
        bench_claim(&bench, "10.0.0.9", "10.0.0.255", "ANNA<03>", NBNS_OPCODE_REGISTRATION, NODE_NAME_UNIQUE);
        assert_log(&bench, " > ", 2);
        bench_done(&bench);
}

static void refused_group_is_released_not_in_conflict(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_B);
        bench.config.computer[0] = 0;
        memcpy(bench.config.workgroup, "SALES", 6);
        bench_begin(&bench, "");
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        assert_log(&bench, "! refused SALES<00> eth0 Released peer 10.0.0.9", 1);
        assert_state(&bench, "SALES<00>", NODE_STATE_RELEASED);
        bench_done(&bench);
}

/* Wrong id, wrong name, off-link, positive, own address: none of them ends a broadcast claim. */
static void only_a_refusal_from_the_segment_counts(void **state)
{
        struct nbns_packet packet;
        const struct nb_name name = nm("ANNA<03>");
        const struct nbns_address address = {0, ip("10.0.0.9")};
        uint8_t rdata[6];

        (void)state;
        one_name(NODE_TYPE_B, "");
        nbns_build_claim_response(&packet, rdata, 1, NBNS_OPCODE_REGISTRATION, NBNS_RCODE_ACT_ERR, &name,
                                  &bench.config.scope, &address, 0);
        bench_packet(&bench, "10.0.0.9", "10.0.0.1", &packet);
        bench_answer(&bench, "10.2.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_OK, 0);
        bench_answer(&bench, "10.0.0.1", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        bench_run(&bench, 1000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        assert_log(&bench, "refused", 0);
        bench_done(&bench);
}

static void late_refusal_still_counts(void **state)
{
        (void)state;
        one_name(NODE_TYPE_B, "");
        bench_run(&bench, 1500);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        assert_log(&bench, "! refused", 1);
        bench_done(&bench);

        one_name(NODE_TYPE_B, "");
        bench_run(&bench, 60000);
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void p_node_asks_primary_then_secondary_then_again(void **state)
{
        (void)state;
        one_name(NODE_TYPE_P, "10.9.0.1 10.9.0.2");
        bench_run(&bench, 10000);
        assert_log(&bench, "eth0 > 10.9.0.1 REGISTRATION ANNA<03> U 10.0.0.1 rd", 3);
        assert_log(&bench, "eth0 > 10.9.0.2 REGISTRATION ANNA<03> U 10.0.0.1 rd", 3);
        assert_log(&bench, "3000 eth0 > 10.9.0.1", 1);
        assert_log(&bench, "4500 eth0 > 10.9.0.2", 1);
        assert_log(&bench, "wins-down", 2);
        assert_log(&bench, "bcast", 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERING);
        bench_run(&bench, 119000 + 1000); /* 1/8 of InitialRefresh later */
        assert_log(&bench, "129000 eth0 > 10.9.0.2", 1);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERING); /* it was the other one that was asked */
        bench_run(&bench, 4500);
        assert_log(&bench, "133500 eth0 > 10.9.0.1", 1);
        bench_answer(&bench, "10.9.0.2", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERING);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void p_node_registers_refreshes_at_half_ttl_and_is_refused(void **state)
{
        (void)state;
        one_name(NODE_TYPE_P, "10.9.0.1");
        bench_answer(&bench, "10.9.0.7", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600); /* a stranger's consent */
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERING);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_run(&bench, 1799000);
        assert_log(&bench, "REFRESH", 0);
        bench_run(&bench, 1000);
        assert_log(&bench, "1800000 eth0 > 10.9.0.1 REFRESH ANNA<03> U 10.0.0.1 rd", 1);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REFRESH, NULL, NBNS_RCODE_ACT_ERR, 0);
        assert_log(&bench, "! refused ANNA<03> eth0 Conflict peer 10.9.0.1 holder 10.0.0.99 wins", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

static void wack_extends_the_wait_but_not_for_ever(void **state)
{
        (void)state;
        one_name(NODE_TYPE_P, "10.9.0.1");
        bench_wack(&bench, "10.9.0.1", NULL, 60);
        bench_run(&bench, 59000);
        assert_log(&bench, " > ", 1);
        bench_wack(&bench, "10.9.0.1", NULL, 1000000);
        bench_run(&bench, 240000);
        assert_log(&bench, " > ", 1);
        bench_run(&bench, 2000);
        assert_log(&bench, " > ", 2); /* 300 s after the first WACK it asks again */
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void m_node_broadcasts_then_tells_wins(void **state)
{
        (void)state;
        one_name(NODE_TYPE_M, "10.9.0.1");
        bench_run(&bench, 800);
        assert_log(&bench, "bcast", 4);
        assert_log(&bench, "750 eth0 > 10.9.0.1 REGISTRATION", 1);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERING);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_RFS_ERR, 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

static void h_node_asks_wins_and_broadcasts_only_if_it_is_silent(void **state)
{
        (void)state;
        one_name(NODE_TYPE_H, "10.9.0.1");
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        bench_run(&bench, 10000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        assert_log(&bench, "bcast", 0);
        bench_done(&bench);

        one_name(NODE_TYPE_H, "10.9.0.1");
        bench_run(&bench, 6000);
        assert_log(&bench, "eth0 > 10.9.0.1", 3);
        assert_log(&bench, "bcast", 4);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_run(&bench, 119000); /* keeps trying: now the server speaks */
        assert_log(&bench, "124500 eth0 > 10.9.0.1", 1);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        assert_log(&bench, "wins-up", 1);
        bench_done(&bench);
}

static void conflict_is_retried_quietly_and_not_for_ever(void **state)
{
        (void)state;
        one_name(NODE_TYPE_B, "");
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        bench_clear(&bench);
        bench_run(&bench, 14 * 60000);
        assert_log(&bench, " > 10.0.0.255 REGISTRATION", 4);
        assert_log(&bench, "Conflict> Registered", 1);
        assert_log(&bench, "Registering", 0);
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        bench_done(&bench);

        one_name(NODE_TYPE_B, "");
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        for (size_t tries = 0; tries < 6; tries++) {
                bench_clear(&bench);
                for (int i = 0; i < 1000000 && bench.sent_count == 0; i++)
                        bench_run(&bench, 100);
                assert_int_equal(bench.sent_count > 0, 1);
                bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
                assert_log(&bench, "!", 0); /* quietly */
        }
        bench_clear(&bench);
        bench_run(&bench, INT64_C(100) * 86400000);
        assert_log(&bench, " > ", 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_done(&bench);
}

static void server_that_wants_us_to_challenge_is_obeyed(void **state)
{
        struct nbns_packet request, packet;
        const struct nbns_address old = {0, ip("10.0.5.5")};
        uint8_t rdata[6];

        (void)state;
        one_name(NODE_TYPE_P, "10.9.0.1");
        assert_int_equal(nbns_packet_decode(bench.sent[0].bytes, bench.sent[0].len_bytes, &request), 0);
        nbns_build_claim_response(&packet, rdata, request.header.id, NBNS_OPCODE_REGISTRATION, 0,
                                  &request.question.name, &bench.config.scope, &old, 100);
        packet.header.ra = false;
        bench_packet(&bench, "10.9.0.1", "10.0.0.1", &packet);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERING);
        assert_log(&bench, "eth0 > 10.0.5.5 QUERY ANNA<03>", 1);
        bench_run(&bench, 5000);
        assert_log(&bench, "eth0 > 10.0.5.5 QUERY ANNA<03>", 3);
        assert_log(&bench, "4500 eth0 > 10.9.0.1 REGISTRATION ANNA<03> U 10.0.0.1\n", 0);
        assert_log(&bench, "4500 eth0 > 10.9.0.1 REGISTRATION ANNA<03> U 10.0.0.1", 1);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        bench_done(&bench);
}

static void commands_add_and_release_names(void **state)
{
        (void)state;
        one_name(NODE_TYPE_B, "");
        bench_run(&bench, 1000);
        bench_command(&bench, NODE_COMMAND_NAME_ADD, "EXTRA<20>", NODE_NAME_UNIQUE);
        assert_int_equal(bench.last_result, 1);
        bench_run(&bench, 1000);
        assert_int_equal(bench.last_result, 0);
        bench_command(&bench, NODE_COMMAND_NAME_ADD, "EXTRA<20>", NODE_NAME_UNIQUE);
        assert_int_equal(bench.last_result, NBT_ERR_EXISTS);
        bench_clear(&bench);
        bench_command(&bench, NODE_COMMAND_NAME_RELEASE, "EXTRA<20>", NODE_NAME_UNIQUE);
        bench_run(&bench, 1000);
        assert_int_equal(bench.last_result, 0);
        assert_log(&bench, "RELEASE EXTRA<20> U 10.0.0.1 bcast", 3);
        assert_state(&bench, "EXTRA<20>", NODE_STATE_MAX);
        bench_command(&bench, NODE_COMMAND_NAME_RELEASE, "EXTRA<20>", NODE_NAME_UNIQUE);
        assert_int_equal(bench.last_result, NBT_ERR_NOT_FOUND);
        bench_command(&bench, NODE_COMMAND_NAME_ADD, "OTHER<20>", NODE_NAME_UNIQUE);
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, "OTHER<20>", NBNS_RCODE_ACT_ERR, 0);
        assert_int_equal(bench.last_result, NBT_ERR_CONFLICT);
        bench_done(&bench);
}

static void table_of_names_is_bounded(void **state)
{
        char text[32];

        (void)state;
        one_name(NODE_TYPE_B, "");
        for (int i = 0; i < NODE_MAX_NAMES + 5; i++) {
                snprintf(text, sizeof(text), "N%d<20>", i);
                bench_command(&bench, NODE_COMMAND_NAME_ADD, text, NODE_NAME_UNIQUE);
        }
        assert_int_equal(bench.last_result, NBT_ERR_FULL);
        assert_log(&bench, "! resources", 1);
        bench_done(&bench);
}

static void stop_releases_everything_in_bounded_time(void **state)
{
        struct node_event stop = {.type = NODE_EVENT_STOP};

        (void)state;
        one_name(NODE_TYPE_M, "10.9.0.1");
        bench_iface(&bench, ETH1, "10.1.0.1", "10.9.0.2", true);
        bench_run(&bench, 800);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_MULTIHOMED, NULL, 0, 3600);
        bench_run(&bench, 30000);
        bench_clear(&bench);
        bench_step(&bench, &stop);
        bench_run(&bench, NODE_STOP_LIMIT_MS);
        assert_true(bench.stopped);
        assert_log(&bench, "eth0 > 10.0.0.255 RELEASE ANNA<03> U 10.0.0.1 bcast", 3);
        assert_log(&bench, "eth1 > 10.1.0.255 RELEASE ANNA<03> U 10.1.0.1 bcast", 3);
        assert_log(&bench, "stopped", 1);
        bench_query(&bench, "10.0.0.9", "10.0.0.1", "ANNA<03>");
        assert_log(&bench, "QUERY-R", 0);
        bench_done(&bench);
}

static void release_refresh_waits_for_the_release_and_is_limited(void **state)
{
        (void)state;
        one_name(NODE_TYPE_P, "10.9.0.1");
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        bench_clear(&bench);
        bench_command(&bench, NODE_COMMAND_RELEASE_REFRESH, NULL, 0);
        assert_log(&bench, "RELEASE ANNA<03>", 1);
        assert_log(&bench, "REGISTRATION", 0);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_RELEASE, NULL, 0, 0);
        assert_log(&bench, "REGISTRATION ANNA<03>", 1);
        assert_int_equal(bench.last_result, 1);
        bench_answer(&bench, "10.9.0.1", NBNS_OPCODE_REGISTRATION, NULL, 0, 3600);
        assert_int_equal(bench.last_result, 0);
        bench_run(&bench, 100000);
        bench_command(&bench, NODE_COMMAND_RELEASE_REFRESH, NULL, 0);
        assert_int_equal(bench.last_result, NBT_ERR_LIMITED);
        bench_run(&bench, 20001);
        bench_command(&bench, NODE_COMMAND_RELEASE_REFRESH, NULL, 0);
        assert_log(&bench, "RELEASE ANNA<03>", 2);
        bench_done(&bench);
}

static void release_refresh_recovers_from_conflict(void **state)
{
        (void)state;
        one_name(NODE_TYPE_B, "");
        bench_answer(&bench, "10.0.0.9", NBNS_OPCODE_REGISTRATION, NULL, NBNS_RCODE_ACT_ERR, 0);
        assert_state(&bench, "ANNA<03>", NODE_STATE_CONFLICT);
        bench_command(&bench, NODE_COMMAND_RELEASE_REFRESH, NULL, 0);
        bench_run(&bench, 1000);
        assert_state(&bench, "ANNA<03>", NODE_STATE_REGISTERED);
        assert_int_equal(bench.last_result, 0);
        bench_done(&bench);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(b_node_asks_three_times_then_takes_the_name),
                cmocka_unit_test(refused_unique_name_is_in_conflict),
                cmocka_unit_test(refused_group_is_released_not_in_conflict),
                cmocka_unit_test(only_a_refusal_from_the_segment_counts),
                cmocka_unit_test(late_refusal_still_counts),
                cmocka_unit_test(p_node_asks_primary_then_secondary_then_again),
                cmocka_unit_test(p_node_registers_refreshes_at_half_ttl_and_is_refused),
                cmocka_unit_test(wack_extends_the_wait_but_not_for_ever),
                cmocka_unit_test(m_node_broadcasts_then_tells_wins),
                cmocka_unit_test(h_node_asks_wins_and_broadcasts_only_if_it_is_silent),
                cmocka_unit_test(conflict_is_retried_quietly_and_not_for_ever),
                cmocka_unit_test(server_that_wants_us_to_challenge_is_obeyed),
                cmocka_unit_test(commands_add_and_release_names),
                cmocka_unit_test(table_of_names_is_bounded),
                cmocka_unit_test(stop_releases_everything_in_bounded_time),
                cmocka_unit_test(release_refresh_waits_for_the_release_and_is_limited),
                cmocka_unit_test(release_refresh_recovers_from_conflict),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
