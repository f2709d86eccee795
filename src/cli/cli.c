#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_LONG_OPTIONS 48
#define MAX_SHORT_BYTES 64

/* Values of the common options: above every character and below nothing a command would choose. */
enum common_option {
        COMMON_HELP = 0x7001,
        COMMON_VERSION,
        COMMON_JSON,
        COMMON_CONFIG,
        COMMON_STATE_DIR,
        COMMON_RUNTIME_DIR,
        COMMON_COLOUR,
};

static const struct option common_options[] = {
        {"help", no_argument, NULL, COMMON_HELP},
        {"version", no_argument, NULL, COMMON_VERSION},
        {"json", no_argument, NULL, COMMON_JSON},
        {"config", required_argument, NULL, COMMON_CONFIG},
        {"state-dir", required_argument, NULL, COMMON_STATE_DIR},
        {"runtime-dir", required_argument, NULL, COMMON_RUNTIME_DIR},
        {"color", optional_argument, NULL, COMMON_COLOUR},
        {"colour", optional_argument, NULL, COMMON_COLOUR},
};

struct cli_context cli_context_default(const char *program)
{
        const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

        return (struct cli_context){
                .program = program,
                .config_path = CLI_DEFAULT_CONFIG,
                .state_dir = "/var/lib/netbt",
                .runtime_dir = "/run/netbt",
                .colour = isatty(STDOUT_FILENO) && !(no_colour && no_colour[0]) &&
                          !(terminal && strcmp(terminal, "dumb") == 0),
                .out = stdout,
                .err = stderr,
        };
}

/* What a file, a packet or a word of the command line brought along may hold anything: an error is one line, and controls no terminal. */
static void print_clean(FILE *out, const char *text)
{
        for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
                const bool is_c1 = at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0; /* in UTF-8 */

                at += is_c1;
                fputc(is_c1 || *at < ' ' || *at == 0x7F ? '.' : *at, out);
        }
}

static void print_error(const struct cli_context *ctx, const struct strbuf *text)
{
        /* what is printed already stands before its error, where both go to one place */
        fflush(ctx->out);
        fprintf(ctx->err, "%s: ", ctx->program);
        print_clean(ctx->err, strbuf_ok(text) ? strbuf_str(text) : nbt_err_str(NBT_ERR_NOMEM));
        fputc('\n', ctx->err);
}

int cli_fail(const struct cli_context *ctx, enum cli_exit exit, const char *what, const char *why, const char *todo)
{
        struct strbuf text = STRBUF_INIT;

        strbuf_printf(&text, "%s%s%s%s%s", what ? what : "", what && why ? ": " : "", why ? why : "", todo ? "; " : "",
                      todo ? todo : "");
        print_error(ctx, &text);
        strbuf_done(&text);
        return (int)exit;
}

int cli_failf(const struct cli_context *ctx, enum cli_exit exit, const char *format, ...)
{
        struct strbuf text = STRBUF_INIT;
        va_list args;

        va_start(args, format);
        strbuf_vprintf(&text, format, args);
        va_end(args);
        print_error(ctx, &text);
        strbuf_done(&text);
        return (int)exit;
}

const char *cli_why(int code)
{
        return code == NBT_ERR_IO ? strerror(errno) : nbt_err_str(code);
}

int cli_read_file(const struct cli_context *ctx, const char *path, size_t limit_bytes, struct strbuf *text)
{
        const bool is_stdin = strcmp(path, "-") == 0;
        const char *name = is_stdin ? "standard input" : path;
        FILE *file = is_stdin ? stdin : fopen(path, "re");
        char piece[16384];
        size_t len;

        if (!file)
                return cli_fail(ctx, CLI_EXIT_USAGE, name, strerror(errno), NULL);
        while (text->len_bytes <= limit_bytes && (len = fread(piece, 1, sizeof(piece), file)) > 0)
                strbuf_add_bytes(text, piece, len);
        const char *why = ferror(file) ? strerror(errno) : NULL;
        if (!is_stdin)
                fclose(file);
        if (why)
                return cli_fail(ctx, CLI_EXIT_USAGE, name, why, NULL);
        if (!strbuf_ok(text))
                return cli_fail(ctx, CLI_EXIT_FAILED, name, nbt_err_str(NBT_ERR_NOMEM), NULL);
        if (text->len_bytes > limit_bytes)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: larger than %zu MiB; split it", name, limit_bytes >> 20);
        return CLI_EXIT_OK;
}

static int set_colour(struct cli_context *ctx, const char *when)
{
        const char *no_colour = getenv("NO_COLOR");

        if (!when || strcmp(when, "always") == 0)
                ctx->colour = !(no_colour && no_colour[0]);
        else if (strcmp(when, "never") == 0)
                ctx->colour = false;
        else if (strcmp(when, "auto") != 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--color=%s: not a way to colour; use always, auto or never",
                                 when);
        return CLI_EXIT_OK;
}

/* Takes one common option; true if it ends the program, with its exit code. */
static bool take_common(struct cli_context *ctx, int option, int *ret_exit)
{
        *ret_exit = CLI_EXIT_OK;
        switch (option) {
        case COMMON_HELP:
                fputs(ctx->help ? ctx->help : "", ctx->out);
                return true;
        case COMMON_VERSION:
                if (strncmp(ctx->program, "netbt", 5) == 0)
                        fprintf(ctx->out, "netbt %s\n", NETBT_VERSION);
                else
                        fprintf(ctx->out, "%s (netbt) %s\n", ctx->program, NETBT_VERSION);
                return true;
        case COMMON_JSON:
                ctx->json = true;
                return false;
        case COMMON_CONFIG:
                ctx->config_path = optarg;
                return false;
        case COMMON_STATE_DIR:
                ctx->state_dir = optarg;
                return false;
        case COMMON_RUNTIME_DIR:
                ctx->runtime_dir = optarg;
                return false;
        default: /* COMMON_COLOUR: the table holds no other */
                *ret_exit = set_colour(ctx, optarg);
                return *ret_exit != CLI_EXIT_OK;
        }
}

/* The command's long options and the common ones; where both have a name, the command's comes first and wins. */
static void merge_long(struct option *ret, const struct option *own)
{
        size_t count = 0;

        for (; own && own->name && count < MAX_LONG_OPTIONS; own++)
                ret[count++] = *own;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(common_options); i++) {
                bool taken = false;
                for (size_t j = 0; j < count && !taken; j++)
                        taken = strcmp(ret[j].name, common_options[i].name) == 0;
                if (!taken)
                        ret[count++] = common_options[i];
        }
        ret[count] = (struct option){0};
}

/* getopt's option text with ':' put where it makes a missing argument tell itself from an unknown option. */
static void merge_short(char ret[MAX_SHORT_BYTES + 3], const char *own)
{
        size_t at = 0;

        own = own ? own : "";
        if (*own == '+' || *own == '-')
                ret[at++] = *own++;
        if (*own == ':')
                own++;
        ret[at++] = ':';
        strncpy(ret + at, own, MAX_SHORT_BYTES);
        ret[at + MAX_SHORT_BYTES] = '\0';
}

static void refuse(const struct cli_context *ctx, char **argv, int option)
{
        char text[3] = {'-', (char)optopt, '\0'};
        const bool is_short = optopt > 0 && optopt < 0x100 && strncmp(argv[optind - 1], "--", 2) != 0;
        const char *what = is_short ? text : argv[optind - 1];
        const char *why = option == ':'         ? "needs an argument"
                          : !is_short && optopt ? "takes no argument"
                                                : "unknown or ambiguous option";

        cli_failf(ctx, CLI_EXIT_USAGE, "%s: %s; see '%s --help'", what, why, ctx->program);
}

int cli_getopt(struct cli_context *ctx, int argc, char **argv, const char *short_options,
               const struct option *long_options, int *ret_exit)
{
        struct option merged[MAX_LONG_OPTIONS + NBT_ARRAY_SIZE(common_options) + 1];
        char letters[MAX_SHORT_BYTES + 3];

        merge_long(merged, long_options);
        merge_short(letters, short_options);
        opterr = 0;
        for (;;) {
                const int option = getopt_long(argc, argv, letters, merged, NULL);

                if (option == -1)
                        return CLI_OPT_DONE;
                if (option == '?' || option == ':') {
                        refuse(ctx, argv, option);
                        *ret_exit = CLI_EXIT_USAGE;
                        return CLI_OPT_EXIT;
                }
                if (option < COMMON_HELP || option > COMMON_COLOUR)
                        return option;
                if (take_common(ctx, option, ret_exit))
                        return CLI_OPT_EXIT;
        }
}

int cli_finish(const struct cli_context *ctx, int exit)
{
        if (fflush(ctx->out) != 0 || ferror(ctx->out))
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot write the output", "the disk is full or the reader left",
                                NULL);
        return exit;
}

int cli_run(const struct cli_context *base, const struct cli_command *command, const char *program, int argc,
            char **argv)
{
        struct cli_context ctx = *base;

        ctx.program = program;
        ctx.help = command->help;
        optind = 0; /* glibc: starts a new list of arguments */
        const int exit = command->run(&ctx, argc, argv);
        return cli_finish(&ctx, exit);
}
