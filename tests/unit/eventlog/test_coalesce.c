/* The coalescer in virtual time. */
#include "eventlog/coalesce.h"
#include "eventlog/record.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static mono_t at_ms(uint64_t ms)
{
        return mono_add_ms((mono_t){1000000000}, ms);
}

static struct event make(uint32_t sender, int64_t time_us)
{
        struct event event;

        event_make_release(&event, sender, EVENT_RECORD_LEGACY);
        event.time = (wall_t){time_us};
        snprintf(event.interface, sizeof(event.interface), "eth0");
        return event;
}

static enum coalesce_verdict offer(struct coalescer *c, const struct event *event, mono_t now,
                                   struct coalesce_offer *ret)
{
        static uint64_t record;
        const enum coalesce_verdict verdict = coalesce_offer(c, event, now, ret);

        if (verdict == COALESCE_WRITE || ret->has_summary)
                coalesce_written(c, ret->slot, ++record);
        return verdict;
}

static void test_equal_fold(void **state)
{
        struct coalescer c;
        struct coalesce_offer out;
        struct coalesce_update update;
        struct event event = make(1, 100);

        (void)state;
        coalesce_init(&c, 1);
        assert_int_equal(coalesce_offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        coalesce_written(&c, out.slot, 42);
        assert_int_equal(coalesce_deadline(&c).ns, MONO_NEVER.ns);
        for (int i = 1; i <= 1000; i++) {
                event.time.us = 100 + i;
                assert_int_equal(coalesce_offer(&c, &event, at_ms(500), &out), COALESCE_FOLDED);
        }
        assert_int_equal(coalesce_deadline(&c).ns, at_ms(1500).ns);
        assert_true(coalesce_take(&c, &update));
        assert_int_equal(update.record, 42);
        assert_int_equal(update.repeated, 1000);
        assert_int_equal(update.last_time.us, 1100);
        assert_false(coalesce_take(&c, &update));
        assert_int_equal(coalesce_deadline(&c).ns, MONO_NEVER.ns);
        /* totals go on counting */
        assert_int_equal(coalesce_offer(&c, &event, at_ms(2000), &out), COALESCE_FOLDED);
        assert_true(coalesce_take(&c, &update));
        assert_int_equal(update.repeated, 1001);
}

/* Whatever differs makes another row. */
static void test_different_stand_apart(void **state)
{
        struct coalescer c;
        struct coalesce_offer out;
        struct event event = make(1, 100);

        (void)state;
        coalesce_init(&c, 2);
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        event = make(2, 100);
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        strcpy(event.interface, "eth1");
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        strcpy(event.name, "A<20>");
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        strcpy(event.note, "verified");
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        strcpy(event.computer, "HERE");
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        event.string_count = 1;
        strcpy(event.strings[0], "x");
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        event.record = 99;
        event.time.us = 7777;
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_FOLDED);
}

static void test_windows_of_time(void **state)
{
        struct coalescer c;
        struct coalesce_offer out;
        struct event event = make(1, 100);
        uint64_t now = 0;
        unsigned rows = 0;

        (void)state;
        coalesce_init(&c, 3);
        assert_int_equal(offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        assert_int_equal(offer(&c, &event, at_ms(COALESCE_QUIET_MS - 1), &out), COALESCE_FOLDED);
        assert_int_equal(offer(&c, &event, at_ms(2 * COALESCE_QUIET_MS), &out), COALESCE_WRITE);
        /* one every minute for a day: a row an hour */
        coalesce_init(&c, 3);
        for (; now < 24u * 3600000u; now += 60000)
                rows += offer(&c, &event, at_ms(now), &out) == COALESCE_WRITE;
        assert_int_equal(rows, 24);
}

/* 100,000 different senders a second for a minute: few rows, and every event is counted somewhere. */
static void test_flood(void **state)
{
        struct coalescer c;
        struct coalesce_offer out;
        struct coalesce_update update;
        uint64_t rows = 0, summaries = 0, counted[2] = {0};
        uint64_t summary_total = 0;

        (void)state;
        coalesce_init(&c, 4);
        const uint64_t per_ms = 100, milliseconds = 60000;
        for (uint64_t i = 0; i < per_ms * milliseconds; i++) {
                const struct event event = make((uint32_t)(i * 2654435761u), (int64_t)i);
                const enum coalesce_verdict verdict = coalesce_offer(&c, &event, at_ms(i / per_ms), &out);

                if (verdict == COALESCE_WRITE) {
                        coalesce_written(&c, out.slot, ++rows);
                } else if (out.has_summary) {
                        assert_int_equal(out.summary.id, 4322);
                        coalesce_written(&c, out.slot, 1000000 + ++summaries);
                        summary_total += 1;
                }
                counted[verdict != COALESCE_WRITE]++;
                /* a slot that was given up tells what it had counted */
                if (out.has_evicted && out.evicted.record > 1000000)
                        summary_total += out.evicted.repeated;
        }
        assert_true(rows <= COALESCE_BURST + COALESCE_RATE_PER_S * 61);
        assert_true(rows >= COALESCE_BURST + COALESCE_RATE_PER_S * 55);
        assert_true(summaries <= 2);
        while (coalesce_take(&c, &update))
                if (update.record > 1000000)
                        summary_total += update.repeated;
        assert_int_equal(summary_total, counted[1]);
}

static void test_eviction(void **state)
{
        struct coalescer c;
        struct coalesce_offer out;
        struct event event;
        unsigned evicted = 0;

        (void)state;
        coalesce_init(&c, 5);
        /* each seen twice, slowly enough for the budget, so that every slot holds a count */
        for (uint32_t i = 0; i < COALESCE_SLOTS + 10; i++) {
                event = make(i, i);
                assert_int_equal(coalesce_offer(&c, &event, at_ms(i * 200u), &out), COALESCE_WRITE);
                coalesce_written(&c, out.slot, i + 1);
                if (out.has_evicted) {
                        evicted++;
                        assert_int_equal(out.evicted.record, evicted);
                        assert_int_equal(out.evicted.repeated, 1);
                }
                assert_int_equal(coalesce_offer(&c, &event, at_ms(i * 200u + 100), &out), COALESCE_FOLDED);
        }
        assert_int_equal(evicted, 10);
}

static void test_failures(void **state)
{
        struct coalescer c;
        struct coalesce_offer out;
        struct coalesce_update update;
        const struct event event = make(1, 100);

        (void)state;
        coalesce_init(&c, 6);
        assert_int_equal(coalesce_offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        coalesce_forget(&c, out.slot);
        assert_int_equal(coalesce_offer(&c, &event, at_ms(0), &out), COALESCE_WRITE);
        coalesce_written(&c, out.slot, 7);
        assert_int_equal(coalesce_offer(&c, &event, at_ms(10), &out), COALESCE_FOLDED);
        assert_true(coalesce_take(&c, &update));
        coalesce_postpone(&c, at_ms(1010));
        assert_int_equal(coalesce_deadline(&c).ns, at_ms(2010).ns);
        assert_true(coalesce_take(&c, &update));
        assert_int_equal(update.repeated, 1);
        assert_false(coalesce_take(&c, &update));
        coalesce_forget_record(&c, 7);
        assert_int_equal(coalesce_offer(&c, &event, at_ms(2020), &out), COALESCE_WRITE);
}

/* A clock that stands still, and one that jumps far ahead, break nothing. */
static void test_odd_clocks(void **state)
{
        struct coalescer c;
        struct coalesce_offer out;
        unsigned rows = 0;

        (void)state;
        coalesce_init(&c, 7);
        for (uint32_t i = 0; i < 1000; i++) {
                const struct event event = make(i, i);
                rows += offer(&c, &event, (mono_t){0}, &out) == COALESCE_WRITE;
        }
        assert_int_equal(rows, COALESCE_BURST);
        const struct event event = make(5000, 1);
        assert_int_equal(offer(&c, &event, (mono_t){INT64_MAX - 1}, &out), COALESCE_WRITE);
        const struct event other = make(5001, 1);
        assert_int_equal(offer(&c, &other, (mono_t){0}, &out), COALESCE_WRITE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_equal_fold),      cmocka_unit_test(test_different_stand_apart),
                cmocka_unit_test(test_windows_of_time), cmocka_unit_test(test_flood),
                cmocka_unit_test(test_eviction),        cmocka_unit_test(test_failures),
                cmocka_unit_test(test_odd_clocks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
