/* nbtstat: Windows' tool, with its switches and its output; --json and --raw are ours. */
#include "cli/asker.h"
#include "cli/cli.h"
#include "cli/local.h"
#include "cli/name_json.h"
#include "cli/nbtstat_print.h"
#include "cli/nbtstat_remote.h"

#include "base/ip4.h"
#include "ctl/ctl.h"
#include "io/streams.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_JOBS 16
#define OPT_RELEASE_REFRESH 0x101
#define OPT_RAW 0x102

static const char help[] =
        "Usage: nbtstat [-a NAME|ADDRESS] [-A ADDRESS] [-c] [-n] [-r] [-R] [-RR] [-s] [-S] [OPTION]... [INTERVAL]\n"
        "\n"
        "Shows NetBIOS name tables, of this machine and of others, as Windows' nbtstat does.\n"
        "Switches are case-sensitive; a '/' may stand in place of '-'.\n"
        "\n"
        "  -a NAME|ADDRESS  the name table of another machine, found by its NetBIOS name or address\n"
        "  -A ADDRESS       the name table of the machine with that IP address\n"
        "  -n               the names of this machine, and whether one is in conflict\n"
        "  -c               the cache of other machines' names and their addresses\n"
        "  -r               how many names were resolved and registered, by broadcast and by WINS\n"
        "  -R               empties that cache, and loads the #PRE entries of LMHOSTS again\n"
        "  -RR              releases this machine's names and registers them again (at most every 2 minutes);\n"
        "                   this also takes names out of conflict when the other holder is gone\n"
        "  -s, -S           NetBIOS sessions, by name and by address: this node has none\n"
        "  INTERVAL         shows it again every so many seconds, until Ctrl+C\n"
        "\n"
        "      --raw            prints unprintable bytes of names as they are, not as '.'\n"
        "      --json           prints one JSON document (with INTERVAL, one a line)\n"
        "      --config FILE, --state-dir DIR, --runtime-dir DIR, --color[=WHEN], --help, --version\n"
        "\n"
        "Exit status: 0 done; 1 host not found; 2 wrong usage; 3 could not be done (no netbtd, no permission).\n"
        "Examples:  nbtstat -n        nbtstat -A 10.77.0.3        nbtstat -RR\n";

struct job {
        int type; /* a switch's letter, or OPT_RELEASE_REFRESH */
        const char *remote;
};

struct plan {
        size_t count;
        struct job jobs[MAX_JOBS];
        unsigned long interval_s; /* 0: once */
        struct nbtstat_style style;
};

/* One round over all jobs. */
struct round {
        struct cli_context *ctx;
        const struct plan *plan;
        struct arena arena;
        struct ctl_client *client; /* NULL until needed */
        struct node_view view;
        bool has_view;
        json_t *json; /* NULL for text */
};

/* ---- what the daemon knows ---------------------------------------------------------------------------------------- */

static int fail_ctl(const struct round *round, const char *what, int code)
{
        return local_fail(round->ctx, CLI_EXIT_FAILED, what, code);
}

static int call(struct round *round, const struct ctl_request *request, struct ctl_reply *ret)
{
        int r = 0;

        if (!round->client)
                r = ctl_connect(round->ctx->runtime_dir, &round->client);
        if (r == 0)
                r = ctl_call(round->client, request, &round->arena, ret);
        if (r < 0)
                round->client = ctl_close(round->client);
        return r;
}

static int need_view(struct round *round)
{
        const struct ctl_request request = {.type = CTL_REQUEST_VIEW};
        struct ctl_reply reply;

        if (round->has_view)
                return CLI_EXIT_OK;
        const int r = call(round, &request, &reply);
        if (r < 0)
                return fail_ctl(round, "cannot read the tables of this machine", r);
        if (reply.result < 0)
                return cli_fail(round->ctx, CLI_EXIT_FAILED, "the daemon cannot show its tables",
                                nbt_err_str(reply.result), NULL);
        round->view = reply.view;
        round->has_view = true;
        return CLI_EXIT_OK;
}

/* ---- jobs --------------------------------------------------------------------------------------------------------- */

static void put_json(struct round *round, const char *key, json_t *value)
{
        json_object_set_new(round->json, key, value);
}

static int run_table(struct round *round, int type)
{
        FILE *out = round->ctx->out;
        const struct nbtstat_style style = round->plan->style;
        const int exit = need_view(round);

        if (exit != CLI_EXIT_OK)
                return exit;
        switch (type) {
        case 'n':
                if (round->json)
                        put_json(round, "local_names", nbtstat_json_names(&round->view));
                else
                        nbtstat_print_names(out, &round->view, style);
                break;
        case 'c':
                if (round->json)
                        put_json(round, "cache", nbtstat_json_cache(&round->view));
                else
                        nbtstat_print_cache(out, &round->view, style);
                break;
        case 'r':
                if (round->json)
                        put_json(round, "statistics", nbtstat_json_resolved(&round->view));
                else
                        nbtstat_print_resolved(out, &round->view, style);
                break;
        default: /* -s and -S */
                if (round->json)
                        put_json(round, "sessions", nbtstat_json_sessions(&round->view));
                else
                        nbtstat_print_sessions(out, &round->view);
                break;
        }
        return CLI_EXIT_OK;
}

static int run_reload(struct round *round)
{
        const struct ctl_request request = {.type = CTL_REQUEST_RELOAD};
        struct ctl_reply reply;
        const int r = call(round, &request, &reply);

        if (r < 0)
                return fail_ctl(round, "the cache was not reloaded", r);
        if (reply.result < 0)
                return cli_fail(round->ctx, CLI_EXIT_FAILED, "the cache was not reloaded",
                                reply.message[0] ? reply.message : nbt_err_str(reply.result), NULL);
        if (round->json)
                put_json(round, "reloaded", json_pack("{s:I}", "lmhosts_entries", (json_int_t)reply.lmhosts_count));
        else
                fputs("    Successful purge and preload of the NBT Remote Cache Name Table.\n", round->ctx->out);
        return CLI_EXIT_OK;
}

static int run_release_refresh(struct round *round)
{
        const struct ctl_request request = {.type = CTL_REQUEST_RELEASE_REFRESH};
        struct ctl_reply reply;
        const int r = call(round, &request, &reply);

        if (r < 0)
                return fail_ctl(round, "the names were not refreshed", r);
        if (reply.result == NBT_ERR_LIMITED)
                return cli_fail(round->ctx, CLI_EXIT_FAILED, "the names were not refreshed",
                                "this was done less than two minutes ago", "wait, then try again");
        if (reply.result < 0)
                return cli_fail(round->ctx, CLI_EXIT_FAILED, "the names were not refreshed",
                                reply.message[0] ? reply.message : nbt_err_str(reply.result), NULL);
        if (round->json)
                put_json(round, "refreshed", json_true());
        else
                fputs("    The NetBIOS names registered by this computer have been refreshed.\n", round->ctx->out);
        round->has_view = false; /* a table asked for after it shows what became of the names */
        return CLI_EXIT_OK;
}

/* -a and -A need no daemon; with one, its cache and its WINS servers help to find a name. */
static int run_remote(struct round *round, const struct job *job)
{
        struct local_node local;
        struct nbtstat_search search = {.text = job->remote, .address_only = job->type == 'A', .local = &local};

        local_node_read(round->ctx, &round->arena, &local);
        if (local.has_view && !round->client && ctl_connect(round->ctx->runtime_dir, &round->client) < 0)
                round->client = NULL;
        search.client = round->client;
        const int exit = nbtstat_search_run(round->ctx, &search, &round->arena);
        if (exit != CLI_EXIT_OK && exit != CLI_EXIT_FOUND)
                return exit;
        if (round->json) {
                json_t *list = json_object_get(round->json, "remote");
                if (!list) {
                        list = json_array();
                        put_json(round, "remote", list);
                }
                json_array_append_new(list, nbtstat_search_json(&search));
                return exit;
        }
        for (size_t i = 0; i < search.block_count; i++)
                nbtstat_print_remote(round->ctx->out, &search.blocks[i], round->plan->style);
        return exit;
}

static int run_job(struct round *round, const struct job *job)
{
        switch (job->type) {
        case 'a':
        case 'A':
                return run_remote(round, job);
        case 'R':
                return run_reload(round);
        case OPT_RELEASE_REFRESH:
                return run_release_refresh(round);
        default:
                return run_table(round, job->type);
        }
}

static int run_round(struct cli_context *ctx, const struct plan *plan)
{
        struct round round = {.ctx = ctx, .plan = plan, .json = ctx->json ? json_object() : NULL};
        int exit = CLI_EXIT_OK;

        for (size_t i = 0; i < plan->count && exit <= CLI_EXIT_FOUND; i++) {
                const int job_exit = run_job(&round, &plan->jobs[i]);
                if (job_exit > exit)
                        exit = job_exit;
        }
        if (round.json && exit <= CLI_EXIT_FOUND)
                json_print(ctx->out, json_incref(round.json), plan->interval_s ? JSON_COMPACT : JSON_INDENT(2));
        json_decref(round.json);
        ctl_close(round.client);
        arena_done(&round.arena);
        return exit;
}

/* ---- switches ----------------------------------------------------------------------------------------------------- */

/*
 * Windows' spellings as getopt's: '/' for '-', -RR as one switch, -? for help. What follows -a, -A or an option with
 * a value is that value, whatever it looks like.
 */
static char *translate(const char *word, bool is_value)
{
        static const char *const pairs[][2] = {
                {"/a", "-a"}, {"/A", "-A"}, {"/c", "-c"},    {"/n", "-n"},    {"/r", "-r"},     {"/R", "-R"},
                {"/s", "-s"}, {"/S", "-S"}, {"-RR", "--rr"}, {"/RR", "--rr"}, {"/?", "--help"}, {"-?", "--help"},
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(pairs) && !is_value; i++)
                if (strcmp(word, pairs[i][0]) == 0)
                        return strdup(pairs[i][1]);
        return strdup(word);
}

static bool takes_value(const char *word)
{
        static const char *const words[] = {"-a", "-A", "--config", "--state-dir", "--runtime-dir"};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(words); i++)
                if (strcmp(word, words[i]) == 0)
                        return true;
        return false;
}

static char **free_words(char **words)
{
        for (size_t i = 0; words && words[i]; i++)
                free(words[i]);
        free(words);
        return NULL;
}

static char **translate_all(int argc, char **argv)
{
        char **words = calloc((size_t)argc + 1, sizeof(*words));

        for (int i = 0; words && i < argc; i++) {
                words[i] = translate(argv[i], i > 0 && takes_value(words[i - 1]));
                if (!words[i])
                        return free_words(words);
        }
        return words;
}

static int parse_interval(const struct cli_context *ctx, int argc, char **argv, struct plan *plan)
{
        char *end = NULL;

        if (optind == argc)
                return CLI_EXIT_OK;
        errno = 0;
        plan->interval_s = strtoul(argv[optind], &end, 10);
        if (optind + 1 < argc || *end || errno || argv[optind][0] < '0' || argv[optind][0] > '9' ||
            plan->interval_s == 0 || plan->interval_s > 86400)
                return cli_failf(ctx, CLI_EXIT_USAGE,
                                 "%s: not an interval: a number of seconds from 1 to 86400 is expected; see 'nbtstat "
                                 "--help'",
                                 argv[optind + 1 < argc ? optind + 1 : optind]);
        return CLI_EXIT_OK;
}

static int parse(struct cli_context *ctx, int argc, char **argv, struct plan *plan, bool *ret_done)
{
        static const struct option own[] = {
                {"rr", no_argument, NULL, OPT_RELEASE_REFRESH}, {"raw", no_argument, NULL, OPT_RAW}, {0}};
        int exit = CLI_EXIT_OK;

        *ret_done = true;
        for (;;) {
                const int option = cli_getopt(ctx, argc, argv, "a:A:cnrRsS", own, &exit);

                if (option == CLI_OPT_EXIT)
                        return exit;
                if (option == CLI_OPT_DONE)
                        break;
                if (option == OPT_RAW)
                        plan->style.raw = true;
                else if (plan->count == MAX_JOBS)
                        return cli_fail(ctx, CLI_EXIT_USAGE, "too many switches", NULL, "see 'nbtstat --help'");
                else
                        plan->jobs[plan->count++] = (struct job){option, optarg};
        }
        *ret_done = false;
        plan->style.colour = ctx->colour;
        return parse_interval(ctx, argc, argv, plan);
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct plan plan = {0};
        bool done;
        int exit = parse(ctx, argc, argv, &plan, &done);

        if (done || exit != CLI_EXIT_OK)
                return exit;
        if (!plan.count) {
                fputs(help, ctx->out);
                return CLI_EXIT_OK;
        }
        for (;;) {
                exit = run_round(ctx, &plan);
                if (!plan.interval_s || exit > CLI_EXIT_FOUND || fflush(ctx->out) != 0)
                        return exit;
                nanosleep(&(struct timespec){.tv_sec = (time_t)plan.interval_s}, NULL);
        }
}

int main(int argc, char **argv)
{
        static const struct cli_command command = {"nbtstat", "NetBIOS name tables", help, run};
        const struct cli_context ctx = cli_context_default("nbtstat");
        char **words = translate_all(argc, argv);

        streams_guard();
        signal(SIGPIPE, SIG_IGN); /* as netbt.c says */
        if (!words)
                return cli_fail(&ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        const int exit = cli_run(&ctx, &command, "nbtstat", argc, words);
        free_words(words);
        return exit;
}
