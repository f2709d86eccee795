/* How far clocks stand apart: the cases of tests/tables/skew.tsv, and the timeline put in order by them. */
#include "diagnose/skew.h"
#include "diagnose/timeline.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *table_path;

static void blank_out(char *text)
{
        for (char *at = text; *at; at++)
                if (*at == '_')
                        *at = ' ';
}

static long whole_seconds(int64_t us)
{
        return (long)((us + (us < 0 ? -500000 : 500000)) / 1000000);
}

static void format_machines(const struct skew *skew, char *ret, size_t size_bytes)
{
        size_t used = 0;

        ret[0] = '\0';
        for (size_t i = 0; i < skew->count; i++) {
                const struct skew_machine *m = &skew->machines[i];

                used += (size_t)snprintf(ret + used, size_bytes - used, "%s%s=", i ? ";" : "", m->label);
                if (m->is_reference)
                        used += (size_t)snprintf(ret + used, size_bytes - used, "ref");
                else if (!m->is_known)
                        used += (size_t)snprintf(ret + used, size_bytes - used, "?");
                else
                        used += (size_t)snprintf(ret + used, size_bytes - used, "%ld/%ld", whole_seconds(m->ahead_us),
                                                 whole_seconds(m->within_us));
        }
}

static void expect_words(const char *row, const struct skew *skew, char *words, struct arena *arena)
{
        const char *text = "";
        char *word;

        for (size_t i = 0; i < skew->count; i++) {
                assert_true(skew->machines[i].how[0]);
                if (!skew->machines[i].is_reference)
                        text = skew_describe(skew, &skew->machines[i], arena);
        }
        while (strcmp(words, "-") != 0 && (word = strsep(&words, ";")) != NULL) {
                blank_out(word);
                if (!strstr(text, word))
                        fail_msg("%s: \"%s\" is not in: %s", row, word, text);
                if (!words)
                        return;
        }
}

static void run_row(char *line)
{
        struct arena arena = ARENA_INIT;
        struct world world;
        struct skew skew;
        char got[512];
        char *row = strsep(&line, "\t"), *words = strsep(&line, "\t"), *machines = strsep(&line, "\t"),
             *said = strsep(&line, "\t");

        if (!said || !line)
                fail_msg("%s: five columns are needed", row);
        blank_out(machines);
        world_init(&world, &arena, words);
        assert_int_equal(skew_estimate(&world.snapshot, &arena, &skew), 0);
        format_machines(&skew, got, sizeof got);
        if (strcmp(got, machines) != 0)
                fail_msg("%s: got %s, expected %s", row, got, machines);
        expect_words(row, &skew, said, &arena);
        arena_done(&arena);
}

static void test_table(void **state)
{
        FILE *file = fopen(table_path, "r");
        char line[2048];
        size_t rows = 0;

        (void)state;
        assert_non_null(file);
        while (fgets(line, sizeof line, file)) {
                line[strcspn(line, "\n")] = '\0';
                if (line[0] == '#' || line[0] == '\0')
                        continue;
                run_row(line);
                rows++;
        }
        (void)fclose(file);
        assert_true(rows > 15);
}

/* What B logged first by its clock came last by A's. */
static void test_timeline(void **state)
{
        struct arena arena = ARENA_INIT;
        struct world world;
        struct skew skew;
        struct timeline timeline;

        (void)state;
        world_init(&world, &arena,
                   "ev:4321:F<20>:10.0.0.1:10.0.0.2 evc:A age:100 ev:4320:10.0.0.1 evc:B age:400 "
                   "ev:4321:F<20>:10.0.0.1:10.0.0.5 evc:A age:108 ev:4321:F<20>:10.0.0.1:10.0.0.5 evc:A age:300 "
                   "comp:Server:2505:B:399:x csrc:a_test");
        world.companions[0].source = "a test";
        world.events[2].sender = world.events[3].sender = 0; /* of these it is not known who refused */
        assert_int_equal(skew_estimate(&world.snapshot, &arena, &skew), 0);
        assert_int_equal(timeline_of_all(&world.snapshot, &arena, &timeline), 0);
        assert_string_equal(timeline.rows[0].computer, "B");
        assert_int_equal(timeline_apply_skew(&timeline, &skew), 0);
        assert_int_equal(timeline.count, 5);
        static const uint64_t order[] = {4, 3, 2, 1}; /* the last two at one time, each by its own clock */

        for (size_t i = 0; i < 4; i++)
                assert_int_equal(timeline.rows[i].number, order[i]);
        assert_int_equal(timeline.rows[4].kind, TIMELINE_COMPANION);
        assert_true(timeline.rows[2].ahead_us == -INT64_C(300000000) && timeline.rows[0].ahead_us == 0);
        assert_true(timeline_row_time(&timeline.rows[2]).us == timeline.rows[3].time.us);
        arena_done(&arena);
}

/* As many machines and events as a snapshot holds: no more time, and no more memory, than there is. */
static void test_full(void **state)
{
        struct arena arena = ARENA_INIT;
        struct snapshot_event *events = calloc(SNAPSHOT_MAX_EVENTS, sizeof *events);
        struct event *values = calloc(SNAPSHOT_MAX_EVENTS, sizeof *values);
        struct snapshot snapshot = {.event_count = SNAPSHOT_MAX_EVENTS, .events = events};
        struct skew skew;

        (void)state;
        assert_true(events && values);
        for (unsigned machines = 2; machines <= 64; machines *= 4) {
                for (unsigned i = 0; i < SNAPSHOT_MAX_EVENTS; i++) {
                        const unsigned me = i % machines;

                        (void)snprintf(values[i].computer, sizeof values[i].computer, "PC%u", me);
                        values[i].id = 4321;
                        values[i].time.us = WORLD_NOW_US + (int64_t)i * 977777;
                        events[i] = (struct snapshot_event){.event = &values[i],
                                                            .source = "a test",
                                                            .own = 0x0A000000 + me,
                                                            .sender = 0x0A000000 + (me ^ 1)};
                }
                assert_int_equal(skew_estimate(&snapshot, &arena, &skew), 0);
                assert_int_equal(skew.count, machines < SKEW_MAX_MACHINES ? machines : SKEW_MAX_MACHINES);
        }
        free(events);
        free(values);
        arena_done(&arena);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_timeline),
                                           cmocka_unit_test(test_full)};

        assert_int_equal(argc, 2);
        table_path = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
