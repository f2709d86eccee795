/* The table tests/tables/diagnose_texts.tsv: every row a snapshot, and what the findings say, or must not say, of it. */
#include "diagnose/diagnose.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *table_path;

static bool lists(const struct texts *texts, const char *wanted)
{
        for (size_t i = 0; i < texts->count; i++)
                if (strstr(texts->lines[i], wanted))
                        return true;
        return false;
}

static bool is_said(const struct diagnose_report *report, const char *wanted)
{
        for (size_t i = 0; i < report->finding_count; i++) {
                const struct diagnose_finding *f = &report->findings[i];

                if (strstr(f->headline, wanted) || lists(&f->evidence, wanted) || lists(&f->remedy, wanted))
                        return true;
        }
        return false;
}

static void tell_all(const struct diagnose_report *report)
{
        for (size_t i = 0; i < report->finding_count; i++) {
                const struct diagnose_finding *f = &report->findings[i];

                print_message("%s\n", f->headline);
                for (size_t j = 0; j < f->evidence.count; j++)
                        print_message("  evidence: %s\n", f->evidence.lines[j]);
                for (size_t j = 0; j < f->remedy.count; j++)
                        print_message("  remedy: %s\n", f->remedy.lines[j]);
        }
}

static void run_row(char *line)
{
        struct arena arena = ARENA_INIT;
        struct world world;
        struct diagnose_report report;
        const char *row = strsep(&line, "\t"), *words = strsep(&line, "\t");
        char *said = strsep(&line, "\t");
        const char *unsaid = strsep(&line, "\t");

        assert_non_null(line);
        world_init(&world, &arena, words);
        assert_int_equal(diagnose_run(&world.snapshot, &arena, &report), 0);
        while (said) {
                char *next = strstr(said, " && ");

                if (next)
                        *next = '\0';
                if (!is_said(&report, said)) {
                        tell_all(&report);
                        fail_msg("%s: nowhere is said: %s", row, said);
                }
                said = next ? next + 4 : NULL;
        }
        if (strcmp(unsaid, "-") != 0 && is_said(&report, unsaid)) {
                tell_all(&report);
                fail_msg("%s: it must not be said: %s", row, unsaid);
        }
        arena_done(&arena);
}

static void test_table(void **state)
{
        (void)state;
        FILE *file = fopen(table_path, "r");
        char *line = NULL;
        size_t size = 0, rows = 0;

        assert_non_null(file);
        while (getline(&line, &size, file) > 0) {
                line[strcspn(line, "\n")] = '\0';
                if (line[0] == '#' || line[0] == '\0')
                        continue;
                run_row(line);
                rows++;
        }
        free(line);
        (void)fclose(file);
        assert_true(rows > 15);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

        if (argc != 2)
                return 2;
        table_path = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
