/* The WINS proxy: who can only broadcast is told what the server knows. */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define WINS "10.9.0.1"
#define ASKER "10.0.0.9"
#define EVERYBODY "10.0.0.255"

static struct bench bench;

static void begin(bool proxy, bool claims)
{
        bench_init(&bench, NODE_TYPE_H);
        bench.config.computer[0] = 0;
        bench.config.proxy = proxy;
        bench.config.proxy_claims = claims;
        bench_begin(&bench, WINS);
        bench_run(&bench, 100);
        bench_clear(&bench);
}

static void a_broadcast_is_answered_from_wins_and_then_from_the_cache(void **state)
{
        (void)state;
        begin(true, false);
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        assert_log(&bench, "eth0 > " WINS " QUERY FAR<20>", 1);
        assert_log(&bench, "eth0 > " ASKER, 0);
        bench_answer_query(&bench, WINS, "FAR<20>", "10.5.0.7", 0x6000);
        assert_log(&bench, "eth0 > " ASKER " QUERY-R rcode 0 FAR<20> U 10.5.0.7", 1);
        bench_query(&bench, "10.0.0.8", EVERYBODY, "FAR<20>");
        assert_log(&bench, "eth0 > 10.0.0.8 QUERY-R rcode 0 FAR<20> U 10.5.0.7", 1);
        assert_log(&bench, "eth0 > " WINS " QUERY FAR<20>", 1);
        bench_done(&bench);
}

static void without_the_setting_nobody_is_asked(void **state)
{
        (void)state;
        begin(false, false);
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        bench_claim(&bench, ASKER, EVERYBODY, "FAR<20>", 5, NODE_NAME_UNIQUE);
        bench_run(&bench, 5000);
        assert_log(&bench, "", 0);
        bench_done(&bench);
}

static void repeated_questions_are_one_and_the_unknown_is_remembered(void **state)
{
        (void)state;
        begin(true, false);
        for (int i = 0; i < 5; i++)
                bench_query(&bench, ASKER, EVERYBODY, "NOBODY<20>");
        assert_log(&bench, "eth0 > " WINS " QUERY NOBODY<20>", 1);
        bench_answer(&bench, WINS, 0, "NOBODY<20>", 3, 0);
        assert_log(&bench, "eth0 > " ASKER, 0);
        bench_query(&bench, ASKER, EVERYBODY, "NOBODY<20>");
        assert_log(&bench, "eth0 > " WINS " QUERY NOBODY<20>", 1);
        bench_run(&bench, NODE_PROXY_UNKNOWN_MS + 1000);
        bench_query(&bench, ASKER, EVERYBODY, "NOBODY<20>");
        assert_log(&bench, "eth0 > " WINS " QUERY NOBODY<20>", 2);
        assert_log(&bench, EVERYBODY, 0); /* the segment is not asked again */
        bench_done(&bench);
}

static void holders_on_the_segment_and_groups_speak_for_themselves(void **state)
{
        (void)state;
        begin(true, false);
        bench_query(&bench, ASKER, EVERYBODY, "NEAR<20>");
        bench_answer_query(&bench, WINS, "NEAR<20>", "10.0.0.77", 0x6000);
        bench_query(&bench, ASKER, EVERYBODY, "LAB<00>");
        bench_answer_query(&bench, WINS, "LAB<00>", "255.255.255.255", 0xE000);
        bench_query(&bench, ASKER, EVERYBODY, "NEAR<20>");
        assert_log(&bench, "eth0 > " ASKER, 0);
        bench_done(&bench);
}

static void strangers_and_unicast_questions_are_not_served(void **state)
{
        (void)state;
        begin(true, true);
        bench_query(&bench, "10.3.0.9", EVERYBODY, "FAR<20>");
        bench_query(&bench, ASKER, "10.0.0.1", "FAR<20>");
        bench_query(&bench, ASKER, EVERYBODY, "*<00>");
        assert_log(&bench, "eth0 > " WINS, 0);
        bench_done(&bench);
}

static void strangers_cannot_fill_the_table(void **state)
{
        char name[32];

        (void)state;
        begin(true, false);
        for (unsigned i = 0; i < 1000; i++) {
                snprintf(name, sizeof name, "FLOOD%u<20>", i);
                bench_query(&bench, ASKER, EVERYBODY, name);
        }
        assert_log(&bench, "eth0 > " WINS " QUERY FLOOD", NODE_PROXY_QUERIES);
        bench_clear(&bench);
        bench_command(&bench, NODE_COMMAND_QUERY, "MINE<20>", NODE_NAME_UNIQUE);
        assert_log(&bench, "eth0 > " WINS " QUERY MINE<20>", 1);
        bench_done(&bench);
}

static void a_claim_for_a_name_that_lives_elsewhere_is_refused_if_told_so(void **state)
{
        (void)state;
        for (int claims = 0; claims < 2; claims++) {
                begin(true, claims);
                bench_claim(&bench, ASKER, EVERYBODY, "FAR<20>", 5, NODE_NAME_UNIQUE);
                assert_log(&bench, "eth0 > " WINS " QUERY FAR<20>", claims);
                if (claims)
                        bench_answer_query(&bench, WINS, "FAR<20>", "10.5.0.7", 0x6000);
                assert_log(&bench, "eth0 > " ASKER " REGISTRATION-R rcode 6 FAR<20>", claims);
                bench_claim(&bench, ASKER, EVERYBODY, "FAR<20>", 5, NODE_NAME_GROUP);
                assert_log(&bench, "REGISTRATION-R", claims);
                bench_done(&bench);
        }
}

static void a_claim_for_the_address_that_wins_knows_is_nobodys_business(void **state)
{
        (void)state;
        begin(true, true);
        bench_claim(&bench, ASKER, EVERYBODY, "OWN<20>", 5, NODE_NAME_UNIQUE);
        bench_answer_query(&bench, WINS, "OWN<20>", ASKER, 0x6000);
        assert_log(&bench, "eth0 > " ASKER, 0);
        bench_done(&bench);
}

static void give_up(const char *source, const char *destination, const char *name, const char *address)
{
        const struct nbns_address released = {0, ip(address)};
        const struct nb_name which = nm(name);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_release(&packet, rdata, 0x4444, &which, &bench.config.scope, &released,
                           strcmp(destination, EVERYBODY) == 0);
        bench_packet(&bench, source, destination, &packet);
}

static void what_is_released_by_broadcast_is_forgotten(void **state)
{
        (void)state;
        begin(true, false);
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        bench_answer_query(&bench, WINS, "FAR<20>", "10.5.0.7", 0x6000);
        give_up("10.0.0.7", EVERYBODY, "FAR<20>", "10.0.0.7");   /* nobody said that it was there */
        give_up("10.5.0.7", "10.0.0.1", "FAR<20>", "10.5.0.7");  /* nor is this said to all */
        give_up("10.5.0.7", EVERYBODY, "FAR<20>", "10.5.0.7");   /* by one of the segment */
        give_up("10.0.0.7", EVERYBODY, "OTHER<20>", "10.5.0.7"); /* of this name */
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        assert_log(&bench, "eth0 > " WINS " QUERY FAR<20>", 1);
        give_up("10.0.0.7", EVERYBODY, "FAR<20>", "10.5.0.7");
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        assert_log(&bench, "eth0 > " WINS " QUERY FAR<20>", 2);
        bench_done(&bench);
}

static void strangers_cannot_make_it_ask_faster_than_so(void **state)
{
        char name[32];

        (void)state;
        begin(true, true);
        for (unsigned i = 0; i < 2000; i++) {
                snprintf(name, sizeof name, "FLOOD%u<20>", i);
                if (i % 2)
                        bench_claim(&bench, ASKER, EVERYBODY, name, 5, NODE_NAME_UNIQUE);
                else
                        bench_query(&bench, ASKER, EVERYBODY, name);
                if (i < NODE_PROXY_BURST)
                        bench_answer(&bench, WINS, 0, name, 3, 0);
        }
        assert_log(&bench, "eth0 > " WINS " QUERY FLOOD", NODE_PROXY_BURST);
        bench_clear(&bench);
        bench_run(&bench, 500);
        for (unsigned i = 0; i < NODE_PROXY_PER_SECOND; i++) {
                snprintf(name, sizeof name, "LATER%u<20>", i);
                bench_query(&bench, ASKER, EVERYBODY, name);
                if (i < NODE_PROXY_PER_SECOND / 2)
                        bench_answer(&bench, WINS, 0, name, 3, 0);
        }
        assert_log(&bench, "eth0 > " WINS " QUERY LATER", NODE_PROXY_PER_SECOND / 2);
        bench_command(&bench, NODE_COMMAND_QUERY, "MINE<20>", NODE_NAME_UNIQUE); /* its own are not counted */
        assert_log(&bench, "eth0 > " WINS " QUERY MINE<20>", 1);
        bench_done(&bench);
}

static void a_record_of_its_own_address_is_not_told(void **state)
{
        (void)state;
        bench_init(&bench, NODE_TYPE_H);
        bench.config.proxy = true;
        bench_begin(&bench, WINS);
        bench_iface(&bench, ETH1, "10.7.0.1", WINS, true);
        bench_query(&bench, ASKER, EVERYBODY, "STALE<20>");
        bench_answer_query(&bench, WINS, "STALE<20>", "10.7.0.1", 0x6000);
        bench_query(&bench, ASKER, EVERYBODY, "STALE<20>");
        assert_log(&bench, "eth0 > " ASKER, 0);
        bench_done(&bench);
}

static const struct sent *last_sent(void)
{
        assert_true(bench.sent_count > 0);
        return &bench.sent[bench.sent_count - 1];
}

static struct nbns_packet answer_of(const struct sent *sent)
{
        struct nbns_packet packet;

        assert_int_equal(nbns_packet_decode(sent->bytes, sent->len_bytes, &packet), 0);
        assert_true(packet.header.response);
        return packet;
}

static void an_answer_lives_as_long_as_what_it_tells(void **state)
{
        (void)state;
        begin(true, false);
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        bench_answer_query(&bench, WINS, "FAR<20>", "10.5.0.7", 0x6000);
        struct nbns_packet answer = answer_of(last_sent());
        assert_int_equal(nbns_header_flags(&answer.header), 0x8500); /* an end node's: RA is a server's */
        assert_int_equal(answer.answer.ttl_s, NODE_CACHE_TIMEOUT_MS / 1000);
        bench_run(&bench, 60000);
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        answer = answer_of(last_sent());
        assert_int_equal(answer.answer.ttl_s, NODE_CACHE_TIMEOUT_MS / 1000 - 60);
        bench_done(&bench);
}

static void nobody_is_served_any_more_when_it_ends(void **state)
{
        struct node_event stop = {.type = NODE_EVENT_STOP};

        (void)state;
        begin(true, true);
        bench_step(&bench, &stop);
        bench_clear(&bench);
        bench_query(&bench, ASKER, EVERYBODY, "FAR<20>");
        bench_claim(&bench, ASKER, EVERYBODY, "FAR<20>", 5, NODE_NAME_UNIQUE);
        assert_log(&bench, "eth0 > " WINS " QUERY", 0);
        bench_done(&bench);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_broadcast_is_answered_from_wins_and_then_from_the_cache),
                cmocka_unit_test(without_the_setting_nobody_is_asked),
                cmocka_unit_test(repeated_questions_are_one_and_the_unknown_is_remembered),
                cmocka_unit_test(holders_on_the_segment_and_groups_speak_for_themselves),
                cmocka_unit_test(strangers_and_unicast_questions_are_not_served),
                cmocka_unit_test(strangers_cannot_fill_the_table),
                cmocka_unit_test(a_claim_for_a_name_that_lives_elsewhere_is_refused_if_told_so),
                cmocka_unit_test(a_claim_for_the_address_that_wins_knows_is_nobodys_business),
                cmocka_unit_test(what_is_released_by_broadcast_is_forgotten),
                cmocka_unit_test(strangers_cannot_make_it_ask_faster_than_so),
                cmocka_unit_test(a_record_of_its_own_address_is_not_told),
                cmocka_unit_test(an_answer_lives_as_long_as_what_it_tells),
                cmocka_unit_test(nobody_is_served_any_more_when_it_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
