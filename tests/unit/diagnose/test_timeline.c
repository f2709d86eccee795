/* Rows of several sources in one order. */
#include "diagnose/timeline.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS 700

static struct timeline_row row_at(int64_t us, uint64_t number)
{
        return (struct timeline_row){.has_time = us != 0, .time = {us}, .number = number, .source = "a", .what = "b"};
}

/* Every size up to ROWS, many equal times and unknown ones: sorted, stable, nothing lost. */
static void test_sort(void **state)
{
        (void)state;
        static struct timeline_row rows[ROWS];

        for (size_t count = 0; count <= ROWS; count += count < 20 ? 1 : 97) {
                for (size_t i = 0; i < count; i++)
                        rows[i] = row_at((int64_t)(i * 7919 % 13), i);
                assert_int_equal(timeline_sort(rows, count), 0);
                for (size_t i = 1; i < count; i++) {
                        const struct timeline_row *a = &rows[i - 1], *b = &rows[i];

                        assert_true(a->has_time || !b->has_time);
                        assert_true(!b->has_time || a->time.us <= b->time.us);
                        if (a->time.us == b->time.us)
                                assert_true(a->number < b->number);
                }
        }
}

/* The newest of the snapshot comes first there, and last here. */
static void test_events(void **state)
{
        (void)state;
        struct arena arena = ARENA_INIT;
        struct world world;
        struct timeline timeline;

        world_init(&world, &arena,
                   "ev:4320:10.77.0.3:FILESRV<20> ev:4321:FILESRV<20>:10.77.0.2:10.77.0.3 ev:4319:10.77.0.5");
        world.event_values[1].time.us -= 1000000;
        world.event_values[2].time.us = 0;
        struct snapshot_companion companion = {.source = "System.evtx"};

        companion.companion.time.us = world.event_values[1].time.us - 1;
        companion.companion.record = 9;
        (void)snprintf(companion.companion.text, sizeof companion.companion.text, "Server 2505: a text");
        world.snapshot.companions = &companion;
        world.snapshot.companion_count = 1;
        assert_int_equal(timeline_of_all(&world.snapshot, &arena, &timeline), 0);
        assert_int_equal(timeline.count, 4);
        assert_int_equal(timeline.rows[0].kind, TIMELINE_COMPANION);
        assert_string_equal(timeline.rows[0].source, "System.evtx");
        assert_int_equal(timeline.rows[0].number, 9);
        assert_string_equal(timeline.rows[1].what, "event 4321: the name was refused");
        assert_int_equal(timeline.rows[1].from, 0x0A4D0003);
        assert_int_equal(timeline.rows[1].to, 0x0A4D0002);
        assert_true(timeline.rows[1].has_name && nb_name_suffix(&timeline.rows[1].name) == 0x20);
        assert_string_equal(timeline.rows[2].what, "event 4320: name release demand");
        assert_false(timeline.rows[3].has_time);
        assert_false(timeline.rows[3].has_name);
        arena_done(&arena);
}

/* An event without a name has that of its case. */
static void test_case(void **state)
{
        (void)state;
        struct arena arena = ARENA_INIT;
        struct world world;
        struct case_list cases;
        struct timeline timeline;

        world_init(&world, &arena,
                   "ours if:eth0:10.77.0.2:02-00-00-00-00-02 node:FILESRV n:FILESRV<20>:conflict:10.77.0.3 "
                   "ev:4320:10.77.0.3 ev:4321:OTHER<20>:10.77.0.2:10.77.0.5");
        assert_int_equal(case_list_build(&world.snapshot, &arena, &cases), 0);
        assert_int_equal(cases.count, 2);
        assert_int_equal(timeline_of_case(&world.snapshot, &cases.cases[0], &arena, &timeline), 0);
        assert_int_equal(timeline.count, 1);
        assert_int_equal(timeline.rows[0].to, 0x0A4D0002);
        assert_true(timeline.rows[0].has_name && nb_name_equal(&timeline.rows[0].name, &cases.cases[0].name));
        arena_done(&arena);
}

static void test_words(void **state)
{
        (void)state;
        assert_string_equal(timeline_kind_str(TIMELINE_EVENT), "event");
        assert_string_equal(timeline_kind_str(TIMELINE_PACKET), "packet");
        assert_string_equal(timeline_kind_str(TIMELINE_KIND_MAX), "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_sort), cmocka_unit_test(test_events),
                                           cmocka_unit_test(test_case), cmocka_unit_test(test_words)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
