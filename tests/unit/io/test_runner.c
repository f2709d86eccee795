/* The helper that runs a program: what it passes, what it refuses, how programs end, and that none outlives its daemon for long. */
#include "io/clock.h"
#include "io/runner.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/netbt-runner-XXXXXX";
static char script[64], output[64];

static int make_directory(void **state)
{
        (void)state;
        assert_non_null(mkdtemp(directory));
        snprintf(script, sizeof script, "%s/program", directory);
        snprintf(output, sizeof output, "%s/output", directory);
        return 0;
}

static int remove_directory(void **state)
{
        (void)state;
        unlink(script);
        unlink(output);
        return rmdir(directory);
}

static void write_script(const char *first_line, const char *body, mode_t mode)
{
        FILE *file = fopen(script, "w");

        assert_non_null(file);
        fprintf(file, "%s\nOUT=%s\n%s\n", first_line, output, body);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(script, mode), 0);
        unlink(output);
}

static const char *read_output(char *ret, size_t size)
{
        FILE *file = fopen(output, "r");
        const size_t len = file ? fread(ret, 1, size - 1, file) : 0;

        if (file)
                fclose(file);
        ret[len] = '\0';
        return ret;
}

static struct runner *start(uint32_t longest_ms)
{
        const struct runner_options options = {.program = script, .longest_ms = longest_ms};
        struct runner *runner = NULL;

        assert_int_equal(runner_start(&runner, &options), 0);
        return runner;
}

static struct runner_result take(struct runner *runner)
{
        struct pollfd fd = {.fd = runner_fd(runner), .events = POLLIN};
        struct runner_result result;

        assert_int_equal(poll(&fd, 1, 20000), 1);
        assert_int_equal(runner_take(runner, &result), 0);
        return result;
}

static struct runner_result run(struct runner *runner, const char *first, const char *second)
{
        const char *arguments[] = {first, second};

        assert_int_equal(runner_run(runner, arguments, 2), 0);
        return take(runner);
}

static void test_arguments_and_environment(void **state)
{
        char text[512];

        (void)state;
        write_script("#!/bin/sh",
                     "echo \"$# $* $(env | sed 's/=.*//' | grep -v -e PWD -e SHLVL -e '^_$' | tr '\\n' ' "
                     "')$PWD\" > $OUT",
                     0755);
        struct runner *runner = start(0);
        struct runner_result result;
        assert_int_equal(runner_take(runner, &result), NBT_ERR_BUSY);
        result = run(runner, "add", "FILE-SRV.0_a");
        assert_int_equal(result.end, RUNNER_EXITED);
        assert_int_equal(result.value, 0);
        assert_string_equal(read_output(text, sizeof text), "2 add FILE-SRV.0_a PATH /\n");
        runner_free(runner);
}

static void test_how_programs_end(void **state)
{
        (void)state;
        write_script("#!/bin/sh", "case $2 in SEVEN) exit 7;; ABRT) kill -ABRT $$;; esac", 0755);
        struct runner *runner = start(0);
        struct runner_result result = run(runner, "add", "SEVEN");
        assert_true(result.end == RUNNER_EXITED && result.value == 7);
        result = run(runner, "add", "ABRT");
        assert_true(result.end == RUNNER_KILLED && result.value == SIGABRT);
        assert_int_equal(chmod(script, 0644), 0);
        result = run(runner, "add", "NAME");
        assert_true(result.end == RUNNER_NOT_RUN && result.value == EACCES);
        unlink(script);
        result = run(runner, "add", "NAME");
        assert_true(result.end == RUNNER_NOT_RUN && result.value == ENOENT);
        write_script("no program", "", 0755);
        result = run(runner, "add", "NAME");
        assert_true(result.end == RUNNER_NOT_RUN && result.value == ENOEXEC); /* and no shell that would guess */
        runner_free(runner);
}

static void test_a_program_that_hangs_is_killed(void **state)
{
        (void)state;
        write_script("#!/bin/sh", "sleep 600", 0755);
        struct runner *runner = start(100);
        assert_int_equal(run(runner, "add", "HANG").end, RUNNER_TIMED_OUT);
        unlink(script);
        const struct runner_result result = run(runner, "add", "NAME"); /* the helper goes on */
        assert_true(result.end == RUNNER_NOT_RUN && result.value == ENOENT);
        runner_free(runner);
}

static void test_what_is_not_passed(void **state)
{
        static const char *const bad[] = {"",     "-rf",    "a b",      "a;b", "$(id)", "`id`", "|look|", "look&true",
                                          "a\nb", "../x/y", "\xE4\xF6", "a*",  "a'b",   "a\"b", "a\\b",   "~"};
        const char *many[RUNNER_MAX_ARGUMENTS + 1];
        char longer[RUNNER_MAX_BYTES + 1];

        (void)state;
        write_script("#!/bin/sh", "echo ran > $OUT", 0755);
        struct runner *runner = start(0);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(bad); i++) {
                const char *arguments[] = {"add", bad[i]};
                char raw[64];
                const int len = snprintf(raw, sizeof raw, "add%c%s", '\0', bad[i]) + 1;

                assert_int_equal(runner_run(runner, arguments, 2), NBT_ERR_RANGE);
                /* a daemon that was taken over would not ask runner_run() */
                assert_int_equal(send(runner_fd(runner), raw, (size_t)len, 0), len);
                assert_int_equal(take(runner).end, RUNNER_REFUSED);
        }
        assert_int_equal(send(runner_fd(runner), "add", 3, 0), 3); /* no NUL at its end */
        assert_int_equal(take(runner).end, RUNNER_REFUSED);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(many); i++)
                many[i] = "x";
        assert_int_equal(runner_run(runner, many, NBT_ARRAY_SIZE(many)), NBT_ERR_RANGE);
        assert_int_equal(runner_run(runner, many, 0), NBT_ERR_RANGE);
        memset(longer, 'x', sizeof longer);
        longer[sizeof longer - 1] = '\0';
        many[0] = longer;
        assert_int_equal(runner_run(runner, many, 1), NBT_ERR_RANGE);
        assert_int_equal(access(output, F_OK), -1);
        runner_free(runner);
        const struct runner_options relative = {.program = "program"};
        assert_int_equal(runner_start(&runner, &relative), NBT_ERR_RANGE);
}

/* Until the program has said its process id, or until that process is gone. */
static void wait_for(pid_t *pid, bool gone)
{
        const mono_t deadline = mono_add_ms(clock_mono(), 20000);
        char text[32];

        while (gone ? kill(*pid, 0) == 0 : (*pid = atoi(read_output(text, sizeof text))) == 0) {
                assert_false(mono_is_due(deadline, clock_mono()));
                poll(NULL, 0, 10);
        }
}

static void test_none_outlives_the_daemon_for_long(void **state)
{
        const char *arguments[] = {"add", "NAME"};
        pid_t pid = 0;

        (void)state;
        write_script("#!/bin/sh", "echo $$ > $OUT; exec sleep 600", 0755);
        struct runner *runner = start(0);
        assert_int_equal(runner_run(runner, arguments, 2), 0);
        wait_for(&pid, false);
        runner_free(runner);
        wait_for(&pid, true);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_arguments_and_environment),         cmocka_unit_test(test_how_programs_end),
                cmocka_unit_test(test_a_program_that_hangs_is_killed),    cmocka_unit_test(test_what_is_not_passed),
                cmocka_unit_test(test_none_outlives_the_daemon_for_long),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
