/* What is written into a note is read out of it; other words are no note. */
#include "eventlog/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOLDER UINT32_C(0x0A4D0035)

static void test_round_trip(void **state)
{
        (void)state;
        for (enum event_note_kind kind = EVENT_NOTE_NONE; kind < EVENT_NOTE_MAX; kind++)
                for (unsigned i = 0; i < 4; i++) {
                        const bool has_holder = kind == EVENT_NOTE_HELD || (kind == EVENT_NOTE_REFUSED && (i & 1));
                        const struct event_note note = {.kind = kind,
                                                        .peer = 0x16651AE7,
                                                        .holder = has_holder ? HOLDER : 0,
                                                        .by_wins = i & 2,
                                                        .rcode = "ACT_ERR"};
                        char text[sizeof((struct event){0}.note)];

                        event_note_format(&note, text, sizeof text);
                        assert_true(strlen(text) < sizeof text - 1);
                        const struct event_note read = event_note_read(text);

                        if (read.kind != kind || read.holder != note.holder)
                                fail_msg("read wrongly: %s", text);
                }
}

static void test_other_words(void **state)
{
        static const char *const others[] = {"", "something else", "held by 10.77.0.3", "Checked: 10.77.0.3"};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(others); i++) {
                const struct event_note read = event_note_read(others[i]);

                assert_int_equal(read.kind, EVENT_NOTE_NONE);
                assert_int_equal(read.holder, 0);
        }
}

/* A note cut short anywhere is read without harm, and never gives another machine's address. */
static void test_truncation(void **state)
{
        const struct event_note note = {.kind = EVENT_NOTE_REFUSED, .holder = HOLDER, .rcode = "ACT_ERR"};
        char text[160], cut[160];

        (void)state;
        event_note_format(&note, text, sizeof text);
        for (size_t len = 0; len < strlen(text); len++) {
                (void)snprintf(cut, sizeof cut, "%.*s", (int)len, text);
                const uint32_t holder = event_note_read(cut).holder;

                assert_true(holder == 0 || holder == HOLDER);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_other_words),
                cmocka_unit_test(test_truncation),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
