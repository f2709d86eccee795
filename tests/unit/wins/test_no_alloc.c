/*
 * The way of a query: it allocates nothing, neither the fast one (bytes in, bytes out) nor, once warm, the one through a step; and the
 * fast one reads names as the decoder does.
 */
#include "bench.h"

#include "base/rd.h"
#include "wire/nbns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static unsigned long allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
        allocations++;
        return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        allocations++;
        return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
        allocations++;
        return __real_realloc(old, size);
}

static struct bench bench;

static void begin(void)
{
        memset(&bench, 0, sizeof(bench));
        bench.settings = wins_settings_default();
        bench_init(&bench);
        bench.quiet = true;
        bench_start(&bench);
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "FILESRV<20>", 0x0A000001, 0);
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "WORK<00>", 0x0A000001, NBNS_NB_GROUP);
        for (uint32_t i = 1; i <= 25; i++)
                bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "DOM<1C>", 0x0A000000 + i, NBNS_NB_GROUP);
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "DOM<1B>", 0x0A000001, 0);
        bench_run_ms(&bench, 1000);
}

static size_t encode(const char *text, const struct nb_scope *scope, uint8_t bytes[NBNS_MAX_BYTES])
{
        const struct nb_name name = bench_name(text);
        struct nbns_packet packet;

        nbns_build_query(&packet, 77, &name, scope, NBNS_TYPE_NB, true, false);
        const int len = nbns_packet_encode(&packet, bytes, NBNS_MAX_BYTES);
        assert_true(len > 0);
        return (size_t)len;
}

static void fast_answers(void **state)
{
        static const char *const names[] = {"FILESRV<20>", "WORK<00>", "DOM<1B>", "NOBODY<20>", "WPAD<00>", "DOM<1D>"};
        uint8_t bytes[NBNS_MAX_BYTES], answer[WINS_QUERY_ANSWER_BYTES];

        (void)state;
        begin();
        for (size_t i = 0; i < NBT_ARRAY_SIZE(names); i++) {
                const struct wins_packet packet = {.bytes = bytes,
                                                   .len_bytes = encode(names[i], NULL, bytes),
                                                   .source = 0x0A000009,
                                                   .source_port = NBNS_PORT,
                                                   .local = BENCH_SERVER};

                allocations = 0;
                assert_true(wins_query(bench.wins, &packet, answer, sizeof(answer)) > 0);
                assert_int_equal(allocations, 0);
        }
        bench_done(&bench);
}

static unsigned long allocations_of_step(const uint8_t *bytes, size_t len_bytes)
{
        const uint64_t sent = bench.sent;

        allocations = 0;
        bench_packet(&bench, 0x0A000009, NBNS_PORT, bytes, len_bytes);
        assert_int_equal(bench.sent, sent + 1);
        return allocations;
}

static void answers_of_a_step(void **state)
{
        struct nb_scope scope;
        uint8_t bytes[NBNS_MAX_BYTES];

        (void)state;
        begin();
        assert_int_equal(nb_scope_parse("CORP.EXAMPLE", &scope), 0);
        for (int scoped = 0; scoped < 2; scoped++) {
                const size_t len_bytes = encode("DOM<1C>", scoped ? &scope : NULL, bytes);

                (void)allocations_of_step(bytes, len_bytes); /* the arena grows to what a step needs, once */
                for (int i = 0; i < 100; i++)
                        assert_int_equal(allocations_of_step(bytes, len_bytes), 0);
        }
        bench_done(&bench);
}

/* Every pair of letters at every place of a name that is not there: "no such name" if it is one, nothing if it is none. */
static void fast_names(void **state)
{
        uint8_t bytes[NBNS_MAX_BYTES], answer[WINS_QUERY_ANSWER_BYTES];
        const size_t len_bytes = encode("NOBODY<20>", NULL, bytes);

        (void)state;
        begin();
        for (size_t i = 0; i < NB_NAME_BYTES; i++)
                for (unsigned pair = 0; pair < 0x10000; pair++) {
                        const struct wins_packet packet = {
                                .bytes = bytes, .len_bytes = len_bytes, .source = 0x0A000009, .local = BENCH_SERVER};
                        uint8_t *at = bytes + 13 + 2 * i;
                        const uint8_t kept[2] = {at[0], at[1]};
                        struct wins_question question;
                        struct nb_scope scope;
                        struct nb_name name;

                        at[0] = (uint8_t)(pair >> 8);
                        at[1] = (uint8_t)pair;
                        struct rd rd = rd_init(bytes + 12, len_bytes - 12);
                        const bool is_name = nb_name_decode(&rd, &name, &scope) == 0;
                        wins_question_read(bench.wins, &packet, &question);
                        assert_int_equal(question.is_plain, is_name && nb_name_suffix(&name) != 0x1C);
                        if (question.is_plain)
                                assert_true(nb_name_equal(&question.name, &name));
                        assert_int_equal(wins_query(bench.wins, &packet, answer, sizeof(answer)) > 0,
                                         question.is_plain);
                        memcpy(at, kept, sizeof(kept));
                }
        bench_done(&bench);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(fast_answers),
                cmocka_unit_test(fast_names),
                cmocka_unit_test(answers_of_a_step),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
