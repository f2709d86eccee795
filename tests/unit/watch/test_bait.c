#include "unit.h"

#include "watch/bait.h"

#include <stdio.h>
#include <string.h>

/* The same shape: letters stay letters, digits digits, the front as it was; and never the same name. */
static void baits_look_like_the_site(void **state)
{
        static const struct {
                const char *model;
                size_t kept; /* characters in front that stay */
        } cases[] = {{"DESKTOP-1N4R894", 8}, {"FILESRV01", 7}, {"PRINTER", 5},
                     {"WS-BERLIN-007", 10},  {"A", 0},         {"X9", 1}};
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, 1);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                for (int round = 0; round < 50; round++) {
                        const struct nb_name model = nb_name_make(cases[i].model, 0x00);
                        const struct nb_name bait = bait_make(&model, &rng);

                        assert_false(nb_name_same_stem(&model, &bait));
                        assert_int_equal(nb_name_suffix(&bait), 0x20);
                        assert_memory_equal(bait.bytes, model.bytes, cases[i].kept);
                        for (size_t at = 0; at < 15; at++) {
                                const uint8_t was = model.bytes[at], is = bait.bytes[at];

                                assert_int_equal(was >= '0' && was <= '9', is >= '0' && is <= '9');
                                assert_int_equal(was >= 'A' && was <= 'Z', is >= 'A' && is <= 'Z');
                        }
                }
        const struct nb_name free_choice = bait_make(NULL, &rng);
        assert_true(free_choice.bytes[0] >= 'A');
}

static void questions_and_answers(void **state)
{
        static const uint8_t llmnr[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0\x05pc-07\0\0\1\0\1";
        const struct nb_name name = nb_name_make("PC-07", 0x20);
        struct nb_name back;
        uint8_t bytes[BAIT_QUESTION_BYTES];

        (void)state;
        int len = bait_question_encode(&name, false, 0x1234, bytes, sizeof(bytes));
        assert_int_equal(len, sizeof(llmnr) - 1);
        assert_memory_equal(bytes, llmnr, sizeof(llmnr) - 1);
        assert_false(bait_answer_decode(bytes, (size_t)len, &back)); /* a question is no answer */
        bytes[2] = 0x80;
        assert_false(bait_answer_decode(bytes, (size_t)len, &back)); /* nor is one without a record */
        bytes[7] = 1;
        assert_true(bait_answer_decode(bytes, (size_t)len, &back));
        assert_true(nb_name_equal(&name, &back));
        for (size_t cut = 0; cut < 12 + 1 + 5; cut++)
                assert_false(bait_answer_decode(bytes, cut, &back));
        len = bait_question_encode(&name, true, 0, bytes, sizeof(bytes));
        assert_memory_equal(bytes + 12, "\x05pc-07\x05local\0\0\1\0\1", 17);
        for (size_t size = 0; size < (size_t)len; size++)
                assert_int_equal(bait_question_encode(&name, true, 0, bytes, size), NBT_ERR_FULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(baits_look_like_the_site),
                                           cmocka_unit_test(questions_and_answers)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
