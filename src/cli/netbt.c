/* netbt: the one front command. Also installed as ipconfig-nbt, which is `netbt ipconfig`. */
#include "cli/cli.h"
#include "io/streams.h"

#include <signal.h>
#include <string.h>

/*
 * The command table. A command is in it from the moment its file exists: who adds cmd_<name>.c to meson.build adds the
 * row here in the same commit (its cli_cmd_<name> is declared in cli.h already), so that what is listed always links and
 * what links is always listed. The order is that of `netbt --help`: the main job first.
 */
/* One row a line, so that two may add theirs at once. */
/* clang-format off */
static const struct cli_command *const commands[] = {
        &cli_cmd_diagnose,
        &cli_cmd_explain,
        &cli_cmd_events,
        &cli_cmd_query,
        &cli_cmd_name,
        &cli_cmd_ipconfig,
        &cli_cmd_reg,
        &cli_cmd_scan,
        &cli_cmd_dhcp,
        &cli_cmd_wins,
        &cli_cmd_watch,
        NULL, /* closes the table */
};
/* clang-format on */

static const char help_head[] =
        "Usage: netbt [OPTION]... COMMAND [ARGUMENT]...\n"
        "\n"
        "NetBIOS over TCP/IP on this machine and its network: what is wrong with a name, and why.\n"
        "\n"
        "Commands:\n";

static const char help_tail[] =
        "\n"
        "Options that every command takes:\n"
        "  --json               print one JSON document in place of text\n"
        "  --config FILE        settings (default /etc/netbt/netbt.reg)\n"
        "  --state-dir DIR      event log and backups (default /var/lib/netbt)\n"
        "  --runtime-dir DIR    control sockets (default /run/netbt)\n"
        "  --color[=WHEN]       always, auto or never; NO_COLOR is obeyed\n"
        "  --help, --version\n"
        "\n"
        "Exit status: 0 done, nothing wrong found; 1 done, and a conflict (or what was searched for) is reported;\n"
        "2 wrong usage or unreadable input; 3 could not be done.\n"
        "'netbt COMMAND --help' tells more of a command, 'man netbt' of all.\n";

static const struct cli_command *find(const char *name)
{
        for (size_t i = 0; commands[i]; i++)
                if (strcmp(commands[i]->name, name) == 0)
                        return commands[i];
        return NULL;
}

static void print_help(FILE *out)
{
        fputs(help_head, out);
        for (size_t i = 0; commands[i]; i++)
                fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
        fputs(help_tail, out);
}

static const char *base_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static int run_named(const struct cli_context *ctx, const char *name, int argc, char **argv)
{
        const struct cli_command *command = find(name);
        char program[64];

        if (!command)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: no such command; 'netbt --help' lists them", name);
        snprintf(program, sizeof(program), "netbt %s", name);
        return cli_run(ctx, command, program, argc, argv);
}

/* Options before the command; the '+' stops at the command's name. */
static int parse_front(struct cli_context *ctx, int argc, char **argv, int *ret_exit)
{
        static const struct option own[] = {{"help", no_argument, NULL, 'h'}, {0}};

        for (;;) {
                const int option = cli_getopt(ctx, argc, argv, "+", own, ret_exit);

                if (option != 'h')
                        return option;
                print_help(ctx->out);
                *ret_exit = CLI_EXIT_OK;
                return CLI_OPT_EXIT;
        }
}

int main(int argc, char **argv)
{
        struct cli_context ctx = cli_context_default("netbt");
        int exit;

        streams_guard();
        /* a reader that leaves early (| head) is told by the write's error, not by our death */
        signal(SIGPIPE, SIG_IGN);
        if (argc > 0 && strcmp(base_name(argv[0]), "ipconfig-nbt") == 0)
                return run_named(&ctx, "ipconfig", argc, argv);
        if (parse_front(&ctx, argc, argv, &exit) == CLI_OPT_EXIT)
                return cli_finish(&ctx, exit);
        if (optind >= argc) {
                print_help(ctx.err);
                return CLI_EXIT_USAGE;
        }
        if (strcmp(argv[optind], "help") == 0 && optind + 1 >= argc) {
                print_help(ctx.out);
                return cli_finish(&ctx, CLI_EXIT_OK);
        }
        return run_named(&ctx, argv[optind], argc - optind, argv + optind);
}
