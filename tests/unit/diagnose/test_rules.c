/* The decision table tests/tables/diagnose.tsv: every row a snapshot, and what the report must say of it. */
#include "diagnose/diagnose.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *table_path;

static void format_findings(const struct diagnose_report *report, char *ret, size_t size_bytes)
{
        size_t used = 0;

        (void)snprintf(ret, size_bytes, "-");
        for (size_t i = 0; i < report->finding_count; i++) {
                const struct diagnose_finding *f = &report->findings[i];
                char name[NB_NAME_TEXT_BYTES] = "?";

                if (f->c->has_name)
                        nb_name_format(&f->c->name, name);
                used += (size_t)snprintf(ret + used, size_bytes - used, "%s%s=%s/%s", i > 0 ? ";" : "", name,
                                         diagnose_cause_str(f->cause), diagnose_verdict_str(f->verdict));
        }
}

static const char *find_note(const struct diagnose_note *notes, size_t count, const char *cause)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(diagnose_cause_str(notes[i].cause), cause) == 0)
                        return notes[i].why;
        return NULL;
}

static void expect_causes(const char *row, const char *list, char *causes, const struct diagnose_note *notes,
                          size_t count)
{
        char *cause;

        while (strcmp(causes, "-") != 0 && (cause = strsep(&causes, ",")) != NULL) {
                const char *why = find_note(notes, count, cause);

                if (!why)
                        fail_msg("%s: %s should be among those %s", row, cause, list);
                else if (!why[0])
                        fail_msg("%s: %s is among those %s without a why", row, cause, list);
                if (!causes)
                        return;
        }
}

static void expect_texts(const char *row, const struct diagnose_report *report)
{
        for (size_t i = 0; i < report->finding_count; i++) {
                const struct diagnose_finding *f = &report->findings[i];

                if (!f->headline[0] || f->evidence.count == 0 || f->remedy.count == 0)
                        fail_msg("%s: finding %zu lacks headline, evidence or remedy", row, i);
                if (f->verdict == VERDICT_CONFIRMED && f->evidence.count < 2)
                        fail_msg("%s: confirmed on one piece of evidence", row);
                if (f->benign != (f->cause == CAUSE_BROWSER_ELECTION))
                        fail_msg("%s: only elections are benign", row);
        }
}

static void run_row(char *line)
{
        struct arena arena = ARENA_INIT;
        struct world world;
        struct diagnose_report report;
        char *row = strsep(&line, "\t");
        char *words = strsep(&line, "\t");
        char *findings = strsep(&line, "\t");
        char *ruled_out = strsep(&line, "\t");
        char *not_checked = strsep(&line, "\t");
        char got[2048];

        assert_non_null(line);
        world_init(&world, &arena, words);
        assert_int_equal(diagnose_run(&world.snapshot, &arena, &report), 0);
        format_findings(&report, got, sizeof got);
        if (strcmp(got, findings) != 0)
                fail_msg("%s: findings are %s, should be %s", row, got, findings);
        expect_causes(row, "ruled out", ruled_out, report.ruled_out, report.ruled_out_count);
        expect_causes(row, "not checked", not_checked, report.not_checked, report.not_checked_count);
        expect_texts(row, &report);
        arena_done(&arena);
}

static void test_table(void **state)
{
        (void)state;
        FILE *file = fopen(table_path, "r");
        char *line = NULL;
        size_t size = 0;
        size_t rows = 0;

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
        assert_true(rows > 40);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

        if (argc != 2)
                return 2;
        table_path = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
