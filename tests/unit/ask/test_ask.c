/* The asker's core in virtual time: what it sends and when, which answers count, and that nothing grows without bound. */
#include "ask/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <stdio.h>

#define HOST_A 0x0A4D0002u /* 10.77.0.2 */
#define HOST_B 0x0A4D0003u
#define WINS 0x0A4D0009u
#define STRANGER 0x0A4E0001u /* 10.78.0.1 */
#define BROADCAST 0x0A4D00FFu
#define NETMASK 0xFFFFFF00u

struct world {
        struct ask *ask;
        struct arena arena;
        struct ask_actions actions;
        mono_t now;
        size_t sent_count;
        struct ask_action sends[64]; /* all so far; bytes live in the arena */
        size_t result_count;
        struct ask_result results[64];
};

static void drain(struct world *w)
{
        for (struct ask_action *action = w->actions.first; action; action = action->next) {
                if (action->type == ASK_ACTION_SEND && w->sent_count < 64)
                        w->sends[w->sent_count++] = *action;
                if (action->type == ASK_ACTION_RESULT && w->result_count < 64)
                        w->results[w->result_count++] = action->result;
        }
        w->actions.first = w->actions.last = NULL;
}

static int setup(void **state)
{
        struct world *w = calloc(1, sizeof(*w));
        struct rng rng;

        assert_non_null(w);
        rng_init_seed(&rng, 1);
        assert_int_equal(ask_new(&w->ask, &rng), 0);
        w->actions.arena = &w->arena;
        w->now = (mono_t){1000000000};
        *state = w;
        return 0;
}

static int teardown(void **state)
{
        struct world *w = *state;

        ask_free(w->ask);
        arena_done(&w->arena);
        free(w);
        return 0;
}

static void add(struct world *w, const struct ask_question *question)
{
        assert_int_equal(ask_add(w->ask, w->now, question, &w->actions), 0);
        drain(w);
}

static struct ask_question question_of(enum ask_kind kind, uint32_t destination)
{
        return (struct ask_question){
                .id = 42,
                .kind = kind,
                .name = kind == ASK_STATUS ? NB_NAME_WILDCARD : nb_name_make("FILESRV", 0x20),
                .destination = destination,
                .netmask = kind == ASK_QUERY_BROADCAST ? NETMASK : 0,
        };
}

static void advance_ms(struct world *w, uint64_t ms)
{
        w->now = mono_add_ms(w->now, ms);
        assert_int_equal(ask_timer(w->ask, w->now, &w->actions), 0);
        drain(w);
}

static uint16_t transaction(const struct ask_action *send)
{
        struct nbns_header header;

        assert_int_equal(nbns_header_decode(send->send.bytes, send->send.len_bytes, &header), 0);
        return header.id;
}

static void deliver_from(struct world *w, const struct nbns_packet *packet, uint32_t source, uint16_t port)
{
        uint8_t buffer[NBNS_MAX_BYTES];
        const int len = nbns_packet_encode(packet, buffer, sizeof(buffer));

        assert_true(len > 0);
        assert_int_equal(ask_packet(w->ask, w->now, source, port, buffer, (size_t)len, &w->actions), 0);
        drain(w);
}

static void deliver(struct world *w, const struct nbns_packet *packet, uint32_t source)
{
        deliver_from(w, packet, source, NBNS_PORT);
}

/* A positive answer: OWNER holds the question's name. */
static struct nbns_packet positive(uint16_t id, const struct nb_name *name, uint32_t owner, uint16_t nb_flags)
{
        static uint8_t rdata[6];
        struct nbns_packet packet;

        nbns_address_encode(&(struct nbns_address){nb_flags, owner}, rdata);
        nbns_build_query_response(&packet, id, name, NULL, rdata, 6, 300, false);
        return packet;
}

static struct nbns_packet status(uint16_t id, uint8_t *rdata, size_t size, size_t count)
{
        struct nbstat_table table = {.count = count, .statistics.unit_id = {2, 0, 0, 0, 0, 9}};
        struct nbns_packet packet;

        for (size_t i = 0; i < count; i++)
                table.entries[i] = (struct nbstat_entry){nb_name_make("FILESRV", (uint8_t)i), NBSTAT_ACTIVE};
        const int len = nbstat_table_encode(&table, rdata, size);
        assert_true(len > 0);
        nbns_build_query_response(&packet, id, &NB_NAME_WILDCARD, NULL, rdata, (uint16_t)len, 0, false);
        packet.answer.type = NBNS_TYPE_NBSTAT;
        return packet;
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

static void test_broadcast_is_sent_three_times_and_collects_till_the_end(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_BROADCAST, BROADCAST);

        add(w, &question);
        assert_int_equal(w->sent_count, 1);
        assert_true(w->sends[0].send.broadcast);
        assert_int_equal(w->sends[0].send.destination, BROADCAST);
        assert_int_equal(w->sends[0].send.port, 137);
        assert_int_equal(ask_deadline(w->ask).ns, w->now.ns + 750000000);
        advance_ms(w, 749);
        assert_int_equal(w->sent_count, 1);
        advance_ms(w, 1);
        advance_ms(w, 750);
        assert_int_equal(w->sent_count, 3);
        assert_int_equal(transaction(&w->sends[0]), transaction(&w->sends[2]));
        assert_int_equal(w->result_count, 0);
        advance_ms(w, 750);
        assert_int_equal(w->sent_count, 3);
        assert_int_equal(w->result_count, 1);
        assert_int_equal(w->results[0].id, 42);
        assert_int_equal(w->results[0].answer_count, 0);
        assert_int_equal(ask_pending(w->ask), 0);
        assert_int_equal(ask_deadline(w->ask).ns, MONO_NEVER.ns);
}

static void test_packets_are_what_the_rfc_draws(void **state)
{
        struct world *w = *state;
        struct ask_question question = question_of(ASK_QUERY_BROADCAST, BROADCAST);
        struct nbns_packet packet;

        question.iface_id = 7;
        add(w, &question);
        question = question_of(ASK_STATUS, HOST_A);
        question.port = 1137;
        add(w, &question);
        question = question_of(ASK_QUERY_UNICAST, WINS);
        question.recursion = true;
        add(w, &question);

        assert_int_equal(nbns_packet_decode(w->sends[0].send.bytes, w->sends[0].send.len_bytes, &packet), 0);
        assert_true(!packet.header.response && packet.header.broadcast && packet.header.rd);
        assert_int_equal(packet.question.type, NBNS_TYPE_NB);
        assert_int_equal(w->sends[0].send.iface_id, 7);
        assert_int_equal(nbns_packet_decode(w->sends[1].send.bytes, w->sends[1].send.len_bytes, &packet), 0);
        assert_true(!packet.header.broadcast && !packet.header.rd);
        assert_int_equal(packet.question.type, NBNS_TYPE_NBSTAT);
        assert_true(nb_name_is_wildcard(&packet.question.name));
        assert_int_equal(w->sends[1].send.port, 1137);
        assert_int_equal(nbns_packet_decode(w->sends[2].send.bytes, w->sends[2].send.len_bytes, &packet), 0);
        assert_true(!packet.header.broadcast && packet.header.rd);
}

static void test_own_tries_and_interval(void **state)
{
        struct world *w = *state;
        struct ask_question question = question_of(ASK_STATUS, HOST_A);

        question.tries = 5;
        question.interval_ms = 10;
        add(w, &question);
        for (int i = 0; i < 5; i++)
                advance_ms(w, 10);
        assert_int_equal(w->sent_count, 5);
        assert_int_equal(w->result_count, 1);
}

/* ---- answers that count ------------------------------------------------------------------------------------------- */

static void test_loss_then_answer(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_UNICAST, WINS);

        add(w, &question);
        advance_ms(w, 750);
        advance_ms(w, 750);
        w->now.ns += 1500000;
        const struct nbns_packet answer = positive(transaction(&w->sends[2]), &question.name, HOST_A, 0);
        deliver(w, &answer, WINS);
        assert_int_equal(w->result_count, 1);
        assert_int_equal(w->results[0].answer_count, 1);
        assert_int_equal(w->results[0].answers[0].source, WINS);
        assert_int_equal(w->results[0].answers[0].addresses[0].address, HOST_A);
        assert_int_equal(w->results[0].answers[0].rtt_us, 1500);
}

static void test_several_holders_are_all_collected_and_repeats_once(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_BROADCAST, BROADCAST);

        add(w, &question);
        const uint16_t id = transaction(&w->sends[0]);
        const struct nbns_packet first = positive(id, &question.name, HOST_A, 0);
        deliver(w, &first, HOST_A);
        deliver(w, &first, HOST_A); /* duplicated on the way */
        advance_ms(w, 750);
        deliver(w, &first, HOST_A); /* answer to the second try */
        const struct nbns_packet second = positive(id, &question.name, HOST_B, 0);
        deliver(w, &second, HOST_B);
        assert_int_equal(w->result_count, 0);
        advance_ms(w, 750);
        advance_ms(w, 750);
        assert_int_equal(w->result_count, 1);
        assert_int_equal(w->results[0].answer_count, 2);
        assert_int_equal(w->results[0].answers[0].source, HOST_A);
        assert_int_equal(w->results[0].answers[1].source, HOST_B);
        assert_int_equal(w->results[0].dropped_count, 0);
        /* too late counts no more, and harms nothing */
        deliver(w, &second, HOST_B);
        assert_int_equal(w->result_count, 1);
}

static void test_one_source_that_contradicts_itself_is_kept_twice(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_BROADCAST, BROADCAST);

        add(w, &question);
        const uint16_t id = transaction(&w->sends[0]);
        struct nbns_packet answer = positive(id, &question.name, HOST_A, 0);
        deliver(w, &answer, HOST_A);
        answer = positive(id, &question.name, HOST_B, 0);
        deliver(w, &answer, HOST_A);
        answer = positive(id, &question.name, HOST_B, NBNS_NB_GROUP);
        deliver(w, &answer, HOST_A);
        for (int i = 0; i < 3; i++)
                advance_ms(w, 750);
        assert_int_equal(w->results[0].answer_count, 3);
}

static void test_refusal_of_a_server_is_an_answer(void **state)
{
        static const uint16_t types[] = {NBNS_TYPE_NULL, NBNS_TYPE_NB};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(types); i++) {
                struct world *w = *state;
                const struct ask_question question = question_of(ASK_QUERY_UNICAST, WINS);
                struct nbns_packet packet;

                add(w, &question);
                nbns_build_negative_query_response(&packet, transaction(&w->sends[w->sent_count - 1]), &question.name,
                                                   NULL, NBNS_RCODE_NAM_ERR, true);
                packet.answer.type = types[i];
                deliver(w, &packet, WINS);
                assert_int_equal(w->result_count, i + 1);
                assert_int_equal(w->results[i].answer_count, 1);
                assert_int_equal(w->results[i].answers[0].rcode, NBNS_RCODE_NAM_ERR);
                assert_int_equal(w->results[i].answers[0].address_count, 0);
        }
}

static void test_status_brings_the_table(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_STATUS, HOST_A);
        uint8_t rdata[1024];

        add(w, &question);
        const struct nbns_packet packet = status(transaction(&w->sends[0]), rdata, sizeof(rdata), 3);
        deliver(w, &packet, HOST_A);
        assert_int_equal(w->result_count, 1);
        assert_non_null(w->results[0].answers[0].table);
        assert_int_equal(w->results[0].answers[0].table->count, 3);
        assert_int_equal(w->results[0].answers[0].table->statistics.unit_id[5], 9);
}

static void test_wack_extends_the_wait_within_bounds(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_UNICAST, WINS);
        struct nbns_packet wack;
        uint8_t rdata[2];

        add(w, &question);
        const uint16_t id = transaction(&w->sends[0]);
        nbns_build_wack(&wack, rdata, id, &question.name, NULL, 0x0100, 10);
        deliver(w, &wack, HOST_A); /* nobody we asked */
        assert_int_equal(ask_deadline(w->ask).ns, w->now.ns + 750000000);
        deliver(w, &wack, WINS);
        advance_ms(w, 9999);
        assert_int_equal(w->sent_count, 1);
        assert_int_equal(w->result_count, 0);
        const struct nbns_packet answer = positive(id, &question.name, HOST_A, 0);
        deliver(w, &answer, WINS);
        assert_int_equal(w->results[0].answer_count, 1);

        /* a server that says "wait" for ever is not believed for ever */
        add(w, &question);
        const mono_t start = w->now;
        nbns_build_wack(&wack, rdata, transaction(&w->sends[1]), &question.name, NULL, 0x0100, UINT32_MAX);
        while (w->result_count < 2) {
                deliver(w, &wack, WINS);
                assert_true(ask_deadline(w->ask).ns <= w->now.ns + (int64_t)ASK_MAX_WACK_MS * 1000000);
                w->now = ask_deadline(w->ask);
                assert_int_equal(ask_timer(w->ask, w->now, &w->actions), 0);
                drain(w);
        }
        assert_true(mono_elapsed_ms(start, w->now) <= ASK_MAX_WACKS * ASK_MAX_WACK_MS);
}

/* ---- answers that do not count ------------------------------------------------------------------------------------ */

static void expect_pending(struct world *w)
{
        assert_int_equal(w->result_count, 0);
        assert_int_equal(ask_pending(w->ask), 1);
}

static void test_forged_answers_to_a_unicast_question(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_UNICAST, WINS);
        const struct nb_name other = nb_name_make("OTHER", 0x20);

        add(w, &question);
        const uint16_t id = transaction(&w->sends[0]);
        struct nbns_packet packet = positive((uint16_t)(id + 1), &question.name, HOST_A, 0);
        deliver(w, &packet, WINS); /* wrong id */
        expect_pending(w);
        packet = positive(id, &other, HOST_A, 0);
        deliver(w, &packet, WINS); /* wrong name */
        expect_pending(w);
        packet = positive(id, &question.name, HOST_A, 0);
        deliver(w, &packet, HOST_A); /* wrong source */
        expect_pending(w);
        deliver_from(w, &packet, WINS, 50000); /* wrong port */
        expect_pending(w);
        assert_int_equal(nb_scope_parse("corp", &packet.answer.scope), 0);
        deliver(w, &packet, WINS); /* another scope */
        expect_pending(w);
        packet = positive(id, &question.name, HOST_A, 0);
        packet.header.response = false;
        deliver(w, &packet, WINS); /* no response */
        expect_pending(w);
        packet.header.response = true;
        packet.header.opcode = NBNS_OPCODE_REGISTRATION;
        deliver(w, &packet, WINS); /* a conflict demand, say: no business of an asker */
        expect_pending(w);
        packet.header.opcode = NBNS_OPCODE_QUERY;
        packet.answer.type = NBNS_TYPE_NBSTAT;
        deliver(w, &packet, WINS); /* answers another question */
        expect_pending(w);
        packet.answer.type = NBNS_TYPE_NULL;
        deliver(w, &packet, WINS); /* positive, and nothing in it */
        expect_pending(w);
        packet.answer.type = NBNS_TYPE_NB;
        packet.answer.rdata_len_bytes = 5;
        deliver(w, &packet, WINS); /* no whole address */
        expect_pending(w);
        packet.answer.rdata_len_bytes = 6;
        deliver(w, &packet, WINS);
        assert_int_equal(w->result_count, 1);
}

static void test_broadcast_answers_must_be_on_link(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_BROADCAST, BROADCAST);

        add(w, &question);
        const struct nbns_packet packet = positive(transaction(&w->sends[0]), &question.name, STRANGER, 0);
        deliver(w, &packet, STRANGER);
        for (int i = 0; i < 3; i++)
                advance_ms(w, 750);
        assert_int_equal(w->results[0].answer_count, 0);
}

static void test_every_truncation_is_ignored(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_STATUS, HOST_A);
        uint8_t rdata[1024], buffer[NBNS_MAX_BYTES];

        add(w, &question);
        const struct nbns_packet packet = status(transaction(&w->sends[0]), rdata, sizeof(rdata), 4);
        const int len = nbns_packet_encode(&packet, buffer, sizeof(buffer));
        assert_true(len > 0);
        for (int cut = 0; cut < len; cut++) {
                /* of the exact size, so that the sanitizer sees every byte too far */
                uint8_t *bytes = malloc(cut ? (size_t)cut : 1);
                assert_non_null(bytes);
                memcpy(bytes, buffer, (size_t)cut);
                assert_int_equal(ask_packet(w->ask, w->now, HOST_A, 137, bytes, (size_t)cut, &w->actions), 0);
                free(bytes);
                drain(w);
                expect_pending(w);
        }
}

/* ---- bounds ------------------------------------------------------------------------------------------------------- */

static void test_answers_are_bounded_and_the_rest_counted(void **state)
{
        struct world *w = *state;
        const struct ask_question question = question_of(ASK_QUERY_BROADCAST, BROADCAST);

        add(w, &question);
        for (uint32_t i = 1; i <= 200; i++) {
                const struct nbns_packet packet =
                        positive(transaction(&w->sends[0]), &question.name, 0x0A4D0000u + i, 0);
                deliver(w, &packet, 0x0A4D0000u + i);
        }
        for (int i = 0; i < 3; i++)
                advance_ms(w, 750);
        assert_int_equal(w->results[0].answer_count, ASK_MAX_ANSWERS);
        assert_int_equal(w->results[0].dropped_count, 200 - ASK_MAX_ANSWERS);
}

static void test_questions_are_bounded_and_ids_differ(void **state)
{
        struct world *w = *state;
        static uint8_t seen[UINT16_MAX + 1];
        struct ask_question question = question_of(ASK_STATUS, HOST_A);

        for (size_t i = 0; i < ASK_MAX_QUESTIONS; i++) {
                question.id = i;
                assert_int_equal(ask_add(w->ask, w->now, &question, &w->actions), 0);
                const uint16_t id = transaction(w->actions.last);
                assert_int_equal(seen[id], 0);
                seen[id] = 1;
        }
        assert_int_equal(ask_add(w->ask, w->now, &question, &w->actions), NBT_ERR_FULL);
        assert_int_equal(ask_pending(w->ask), ASK_MAX_QUESTIONS);
        w->actions.first = w->actions.last = NULL;

        /* each ends exactly once */
        static uint8_t ended[ASK_MAX_QUESTIONS];
        for (int step = 0; step < 3; step++) {
                w->now = mono_add_ms(w->now, 750);
                assert_int_equal(ask_timer(w->ask, w->now, &w->actions), 0);
        }
        for (struct ask_action *action = w->actions.first; action; action = action->next)
                if (action->type == ASK_ACTION_RESULT)
                        ended[action->result.id]++;
        for (size_t i = 0; i < ASK_MAX_QUESTIONS; i++)
                assert_int_equal(ended[i], 1);
        assert_int_equal(ask_pending(w->ask), 0);
}

/* Random worlds: whatever comes in which order, each question ends once, in time, with true answers only. */
static void test_random_worlds(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 200; seed++) {
                struct world *w = NULL;
                void *box = NULL;
                struct rng rng;

                setup(&box);
                w = box;
                rng_init_seed(&rng, seed);
                print_message("seed %llu\r", (unsigned long long)seed);
                const struct ask_question question = question_of(ASK_QUERY_BROADCAST, BROADCAST);
                add(w, &question);
                const uint16_t id = transaction(&w->sends[0]);
                bool held[4] = {false};
                for (int step = 0; step < 60 && !w->result_count; step++) {
                        const uint32_t host = rng_below(&rng, 4);
                        const bool wrong = rng_below(&rng, 3) == 0;
                        const struct nbns_packet packet =
                                positive((uint16_t)(id + wrong), &question.name, HOST_A + host, 0);
                        deliver(w, &packet, HOST_A + host);
                        held[host] = held[host] || !wrong;
                        advance_ms(w, rng_below(&rng, 300));
                }
                while (!w->result_count)
                        advance_ms(w, 750);
                size_t expected = 0;
                for (size_t i = 0; i < 4; i++)
                        expected += held[i];
                assert_int_equal(w->result_count, 1);
                assert_int_equal(w->results[0].answer_count, expected);
                assert_int_equal(w->sent_count, 3);
                teardown(&box);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_broadcast_is_sent_three_times_and_collects_till_the_end, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_packets_are_what_the_rfc_draws, setup, teardown),
                cmocka_unit_test_setup_teardown(test_own_tries_and_interval, setup, teardown),
                cmocka_unit_test_setup_teardown(test_loss_then_answer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_several_holders_are_all_collected_and_repeats_once, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_one_source_that_contradicts_itself_is_kept_twice, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refusal_of_a_server_is_an_answer, setup, teardown),
                cmocka_unit_test_setup_teardown(test_status_brings_the_table, setup, teardown),
                cmocka_unit_test_setup_teardown(test_wack_extends_the_wait_within_bounds, setup, teardown),
                cmocka_unit_test_setup_teardown(test_forged_answers_to_a_unicast_question, setup, teardown),
                cmocka_unit_test_setup_teardown(test_broadcast_answers_must_be_on_link, setup, teardown),
                cmocka_unit_test_setup_teardown(test_every_truncation_is_ignored, setup, teardown),
                cmocka_unit_test_setup_teardown(test_answers_are_bounded_and_the_rest_counted, setup, teardown),
                cmocka_unit_test_setup_teardown(test_questions_are_bounded_and_ids_differ, setup, teardown),
                cmocka_unit_test(test_random_worlds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
