#pragma once
/*
 * What every command of our tools shares: the context, the common options, error lines and exit codes (INTERFACE).
 *
 * A command is a row in the command table of netbt.c: a name, a summary and a function. It parses its own options with
 * cli_getopt(), which takes the common ones (--help, --version, --json, --config, --state-dir, --runtime-dir,
 * --color) away, prints with printers of its own to ctx->out, and returns an exit code.
 */
#include "base/result.h"
#include "base/strbuf.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#define CLI_DEFAULT_CONFIG "/etc/netbt/netbt.reg"

enum cli_exit {
        CLI_EXIT_OK = 0,     /* done, nothing wrong found */
        CLI_EXIT_FOUND = 1,  /* done, and a conflict (or what was searched for) is reported */
        CLI_EXIT_USAGE = 2,  /* wrong usage, or input that cannot be read */
        CLI_EXIT_FAILED = 3, /* could not be done: no daemon, no permission, no network */
};

struct cli_context {
        const char *program;     /* "netbt events": what error lines start with */
        const char *config_path; /* default /etc/netbt/netbt.reg */
        const char *state_dir;   /* default /var/lib/netbt */
        const char *runtime_dir; /* default /run/netbt */
        bool json;
        bool colour;      /* a terminal, and no NO_COLOR */
        FILE *out;        /* stdout */
        FILE *err;        /* stderr */
        const char *help; /* the command's help text, printed by --help */
};

struct cli_command {
        const char *name;
        const char *summary; /* one line for `netbt --help` */
        const char *help;    /* whole text of `netbt NAME --help`: usage line, options, examples */
        int (*run)(struct cli_context *ctx, int argc, char **argv); /* argv[0] is the command's name */
};

/* Defaults of INTERFACE, output to stdout and stderr; PROGRAM is lent. */
struct cli_context cli_context_default(const char *program);

/* Runs COMMAND with a copy of BASE under the name PROGRAM ("netbt events"), and returns its exit code; output that could
 * not be written turns any of them into CLI_EXIT_FAILED. */
int cli_run(const struct cli_context *base, const struct cli_command *command, const char *program, int argc,
            char **argv);

/* EXIT, or CLI_EXIT_FAILED with a line if what was printed could not be written. cli_run() ends with it. */
int cli_finish(const struct cli_context *ctx, int exit);

/* The commands, one cmd_<name>.c each. */
extern const struct cli_command cli_cmd_diagnose, cli_cmd_explain, cli_cmd_events, cli_cmd_query, cli_cmd_name,
        cli_cmd_ipconfig, cli_cmd_reg, cli_cmd_wins, cli_cmd_scan, cli_cmd_watch;
extern const struct cli_command cli_cmd_dhcp;

#define CLI_OPT_DONE (-1) /* no more options */
#define CLI_OPT_EXIT (-2) /* --help or --version was printed, or the usage was wrong: return *ret_exit */

/*
 * The next option of the command's own, as getopt_long(3) would give it; common options are taken into CTX on the
 * way. LONG_OPTIONS may be NULL; SHORT_OPTIONS as in getopt. An unknown option prints one line and yields
 * CLI_OPT_EXIT with *ret_exit CLI_EXIT_USAGE.
 */
int cli_getopt(struct cli_context *ctx, int argc, char **argv, const char *short_options,
               const struct option *long_options, int *ret_exit);

/* Prints "PROGRAM: WHAT: WHY; TODO" to ctx->err (parts may be NULL) and returns EXIT, so that a command can end with it. */
int cli_fail(const struct cli_context *ctx, enum cli_exit exit, const char *what, const char *why, const char *todo);

/* As cli_fail, with a formatted text. Of both, what would control a terminal or begin another line is printed as '.'. */
int cli_failf(const struct cli_context *ctx, enum cli_exit exit, const char *format, ...) NBT_PRINTF(3, 4);

/* The phrase for CODE; for NBT_ERR_IO what errno says. */
const char *cli_why(int code);

/* Adds the whole of the file PATH ("-": standard input) to TEXT. An exit code, having told what is wrong: a file that cannot be read, for
 * whatever reason, or that holds more than LIMIT bytes (whole MiB), is wrong input (CLI_EXIT_USAGE). */
int cli_read_file(const struct cli_context *ctx, const char *path, size_t limit_bytes,
                  struct strbuf *text) NBT_MUST_CHECK;
