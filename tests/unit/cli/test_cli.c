/* The options every command shares, the error line, and the exit codes. */
#include "cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants those four first */
#include <cmocka.h>

static char *out_text, *err_text;
static size_t out_bytes, err_bytes;

static struct cli_context begin(void)
{
        struct cli_context ctx = cli_context_default("netbt test");

        ctx.out = open_memstream(&out_text, &out_bytes);
        ctx.err = open_memstream(&err_text, &err_bytes);
        assert_non_null(ctx.out);
        assert_non_null(ctx.err);
        ctx.help = "Usage: netbt test\n";
        optind = 0;
        return ctx;
}

static void end(struct cli_context *ctx, const char *out, const char *err)
{
        fclose(ctx->out);
        fclose(ctx->err);
        assert_string_equal(out_text, out);
        assert_string_equal(err_text, err);
        free(out_text);
        free(err_text);
}

static int count_words(char **argv)
{
        int argc = 0;

        while (argv[argc])
                argc++;
        return argc;
}

/* One call; the words are writable, as getopt sorts them. */
static int first_option(struct cli_context *ctx, const char *short_options, const struct option *own, char **argv,
                        int *ret_exit)
{
        return cli_getopt(ctx, count_words(argv), argv, short_options, own, ret_exit);
}

#define WORDS(...) ((char *[]){(char[]){"test"}, __VA_ARGS__, NULL})
#define W(text) ((char[]){text})

static void test_common_options_are_taken(void **state)
{
        struct cli_context ctx = begin();
        int exit = -1;

        (void)state;
        assert_int_equal(first_option(&ctx, "x", NULL,
                                      WORDS(W("--json"), W("name"), W("--config"), W("/c"), W("--state-dir=/s"),
                                            W("--runtime-dir"), W("/r"), W("-x")),
                                      &exit),
                         'x');
        assert_true(ctx.json);
        assert_string_equal(ctx.config_path, "/c");
        assert_string_equal(ctx.state_dir, "/s");
        assert_string_equal(ctx.runtime_dir, "/r");
        end(&ctx, "", "");
}

static void test_help_and_version(void **state)
{
        struct cli_context ctx = begin();
        int exit = -1;

        (void)state;
        assert_int_equal(first_option(&ctx, "", NULL, WORDS(W("--help")), &exit), CLI_OPT_EXIT);
        assert_int_equal(exit, CLI_EXIT_OK);
        end(&ctx, "Usage: netbt test\n", "");
        ctx = begin();
        assert_int_equal(first_option(&ctx, "", NULL, WORDS(W("--version")), &exit), CLI_OPT_EXIT);
        assert_int_equal(exit, CLI_EXIT_OK);
        end(&ctx, "netbt " NETBT_VERSION "\n", "");
}

static void test_refusals(void **state)
{
        static const struct option own[] = {{"flag", no_argument, NULL, 0x200}, {0}};
        static const struct {
                const char *word, *err;
        } cases[] = {
                {"--nonsense", "netbt test: --nonsense: unknown or ambiguous option; see 'netbt test --help'\n"},
                {"-q", "netbt test: -q: unknown or ambiguous option; see 'netbt test --help'\n"},
                {"-aq", "netbt test: -q: unknown or ambiguous option; see 'netbt test --help'\n"},
                {"-b", "netbt test: -b: needs an argument; see 'netbt test --help'\n"},
                {"--config", "netbt test: --config: needs an argument; see 'netbt test --help'\n"},
                {"--flag=3", "netbt test: --flag=3: takes no argument; see 'netbt test --help'\n"},
                {"--color=blue", "netbt test: --color=blue: not a way to colour; use always, auto or never\n"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(cases); i++) {
                struct cli_context ctx = begin();
                char *word = strdup(cases[i].word);
                char *argv[] = {W("test"), word, NULL};
                int exit = -1, option;

                do
                        option = first_option(&ctx, "ab:", own, argv, &exit);
                while (option == 'a');
                assert_int_equal(option, CLI_OPT_EXIT);
                assert_int_equal(exit, CLI_EXIT_USAGE);
                free(word);
                end(&ctx, "", cases[i].err);
        }
}

/* A command may have an option of a common one's name: its own wins. */
static void test_own_option_wins(void **state)
{
        static const struct option own[] = {{"json", required_argument, NULL, 'j'}, {0}};
        struct cli_context ctx = begin();
        int exit = -1;

        (void)state;
        assert_int_equal(first_option(&ctx, "", own, WORDS(W("--json"), W("x")), &exit), 'j');
        assert_false(ctx.json);
        end(&ctx, "", "");
}

static void test_no_color_is_obeyed(void **state)
{
        int exit = -1;

        (void)state;
        setenv("NO_COLOR", "1", 1);
        struct cli_context ctx = begin();
        assert_int_equal(first_option(&ctx, "", NULL, WORDS(W("--color=always")), &exit), CLI_OPT_DONE);
        assert_false(ctx.colour);
        end(&ctx, "", "");
        unsetenv("NO_COLOR");
        ctx = begin();
        assert_int_equal(first_option(&ctx, "", NULL, WORDS(W("--color=always")), &exit), CLI_OPT_DONE);
        assert_true(ctx.colour);
        end(&ctx, "", "");
}

static void test_error_line(void **state)
{
        struct cli_context ctx = begin();

        (void)state;
        assert_int_equal(cli_fail(&ctx, CLI_EXIT_FAILED, "what", "why", "do this"), 3);
        assert_int_equal(cli_fail(&ctx, CLI_EXIT_FOUND, "what", NULL, NULL), 1);
        assert_int_equal(cli_failf(&ctx, CLI_EXIT_USAGE, "%d", 7), 2);
        end(&ctx, "", "netbt test: what: why; do this\nnetbt test: what\nnetbt test: 7\n");
}

/* Whatever a file or a word brings along: one line, that controls no terminal. What is no control character stays. */
static void test_error_line_is_clean(void **state)
{
        struct cli_context ctx = begin();

        (void)state;
        cli_fail(&ctx, CLI_EXIT_USAGE, "a\nb\033[31m", "M\xC3\x9CLLER\x7F",
                 "\xC2\x9B"
                 "1m\xFF");
        cli_failf(&ctx, CLI_EXIT_USAGE, "%s\r", "\xC2");
        end(&ctx, "", "netbt test: a.b.[31m: M\xC3\x9CLLER.; .1m\xFF\nnetbt test: \xC2.\n");
}

static void test_read_file(void **state)
{
        char path[] = "/tmp/netbt-cli-XXXXXX", wanted[256];
        struct cli_context ctx = begin();
        struct strbuf text = STRBUF_INIT;
        const int fd = mkstemp(path);
        FILE *file = fdopen(fd, "w");

        (void)state;
        assert_non_null(file);
        fputs("one\ntwo", file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(cli_read_file(&ctx, path, 1u << 20, &text), CLI_EXIT_OK);
        assert_string_equal(strbuf_str(&text), "one\ntwo");
        assert_int_equal(truncate(path, (1 << 20) + 1), 0);
        strbuf_reset(&text);
        assert_int_equal(cli_read_file(&ctx, path, 1u << 20, &text), CLI_EXIT_USAGE);
        assert_int_equal(truncate(path, 1 << 20), 0);
        strbuf_reset(&text);
        assert_int_equal(cli_read_file(&ctx, path, 1u << 20, &text), CLI_EXIT_OK);
        assert_int_equal(text.len_bytes, 1 << 20);
        unlink(path);
        strbuf_reset(&text);
        assert_int_equal(cli_read_file(&ctx, path, 1u << 20, &text), CLI_EXIT_USAGE);
        assert_int_equal(cli_read_file(&ctx, "/", 1u << 20, &text), CLI_EXIT_USAGE);
        strbuf_done(&text);
        snprintf(wanted, sizeof(wanted),
                 "netbt test: %s: larger than 1 MiB; split it\nnetbt test: %s: No such file or directory\n"
                 "netbt test: /: Is a directory\n",
                 path, path);
        end(&ctx, "", wanted);
}

static int print_much(struct cli_context *ctx, int argc, char **argv)
{
        (void)argc;
        (void)argv;
        fputs("text\n", ctx->out);
        return CLI_EXIT_OK;
}

/* Output that could not be written is never "done". */
static void test_full_disk(void **state)
{
        static const struct cli_command command = {"test", "", "", print_much};
        struct cli_context ctx = begin();
        char *argv[] = {W("test"), NULL};
        FILE *real = ctx.out;

        (void)state;
        ctx.out = fopen("/dev/full", "w");
        assert_non_null(ctx.out);
        assert_int_equal(cli_run(&ctx, &command, "netbt test", 1, argv), CLI_EXIT_FAILED);
        fclose(ctx.out);
        ctx.out = real;
        end(&ctx, "", "netbt test: cannot write the output: the disk is full or the reader left\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_common_options_are_taken),
                cmocka_unit_test(test_help_and_version),
                cmocka_unit_test(test_refusals),
                cmocka_unit_test(test_own_option_wins),
                cmocka_unit_test(test_no_color_is_obeyed),
                cmocka_unit_test(test_error_line),
                cmocka_unit_test(test_error_line_is_clean),
                cmocka_unit_test(test_read_file),
                cmocka_unit_test(test_full_disk),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
