/* netbt diagnose: which name is in conflict, who holds it, why, and what to do. */
#include "cli/cli.h"
#include "cli/collect.h"
#include "cli/diagnose_fix.h"
#include "cli/diagnose_out.h"
#include "cli/report.h"

#include <string.h>

static const char help[] =
        "Usage: netbt diagnose [--event FILE] [--evtx FILE]... [--evt FILE]... [--reg FILE|--hive FILE] [--wins "
        "SOCKET|ADDRESS]... "
        "[--pcap FILE]... [--name NAME[<XX>]] [--fix|--dry-run] [--offline] "
        "[--format FORMAT|--json]\n"
        "\n"
        "Says which NetBIOS name is in conflict, who holds it, why, and what to do about it (events 4319, 4320, "
        "4321).\n"
        "\n"
        "With no source it looks at this machine: the name table and the events of the running netbtd, its settings,\n"
        "interfaces and neighbours; then it asks the network who holds the names in question, and those hosts for "
        "their\n"
        "name tables. It only asks: it never claims, releases, demands or renames anything.\n"
        "\n"
        "      --event FILE   an event from any machine, as text: pasted from Event Viewer (bytes or words), XML,\n"
        "                     Get-WinEvent; '-' reads standard input\n"
        "      --evtx FILE    an event log of Windows Vista or later, as Event Viewer saves it; --evt FILE: a classic "
        "one\n"
        "                     (NT to 2003); each may be given several times, logs of several machines are read as one\n"
        "      --reg FILE     the settings of the machine in trouble, as regedit exports them (.reg)\n"
        "      --hive FILE    the same from a Windows disk: the file SYSTEM of System32\\config; it is only read\n"
        "      --wins PLACE   a WINS server: winsd's control socket (/run/netbt/node.sock), whose database is then "
        "read,\n"
        "                     or an IP address, which is asked; may be given several times\n"
        "      --leases FILE  a DHCP server's lease database (ISC dhcpd, Kea, dnsmasq, udhcpd, or Windows' as CSV); "
        "may be\n"
        "                     given several times\n"
        "      --pcap FILE    a capture (pcap, pcapng; '-' is standard input): who claimed, refused, demanded, "
        "released "
        "and\n"
        "                     answered what; may be given several times, captures of one network are read as one\n"
        "      --name NAME    only this name ('FILESRV<20>'; without <XX> all of its suffixes), and its whole "
        "timeline\n"
        "      --fix          do what is safe and can be undone, step by step, with the undo commands: delete the WINS "
        "record\n"
        "                     to blame (after a backup), settings left over from DHCP, a wrong host name, a name that "
        "is\n"
        "                     another's, and register again; the rest is left to you\n"
        "      --dry-run      show the same steps, and change nothing\n"
        "      --offline      send nothing: judge by what is at hand\n"
        "      --format FORM  text (default); html: one page to attach to a ticket, with the timeline and a picture of "
        "who holds\n"
        "                     what; md: the same as Markdown; json\n"
        "      --json         one JSON document\n"
        "      --config FILE, --state-dir DIR, --runtime-dir DIR, --color[=WHEN], --help, --version\n"
        "\n"
        "Exit status: 0 nothing wrong; 1 a conflict is reported; 2 wrong usage or unreadable input; 3 could not be "
        "done.\n"
        "Examples:  netbt diagnose\n"
        "           wl-paste | netbt diagnose --event -\n"
        "           netbt diagnose --offline --json --event event.txt\n"
        "           netbt diagnose --evtx System.evtx --pcap site.pcap --format html > report.html\n"
        "           netbt diagnose --offline --pcap site.pcap --name 'FILESRV<20>'\n";

enum {
        OPT_EVENT = 0x101,
        OPT_EVTX,
        OPT_EVT,
        OPT_REG,
        OPT_HIVE,
        OPT_OFFLINE,
        OPT_WINS,
        OPT_LEASES,
        OPT_PCAP,
        OPT_NAME,
        OPT_FIX,
        OPT_DRY_RUN,
        OPT_FORMAT,
};

static const struct option options[] = {
        {"event", required_argument, NULL, OPT_EVENT},
        {"evtx", required_argument, NULL, OPT_EVTX},
        {"evt", required_argument, NULL, OPT_EVT},
        {"reg", required_argument, NULL, OPT_REG},
        {"hive", required_argument, NULL, OPT_HIVE},
        {"offline", no_argument, NULL, OPT_OFFLINE},
        {"wins", required_argument, NULL, OPT_WINS},
        {"leases", required_argument, NULL, OPT_LEASES},
        {"pcap", required_argument, NULL, OPT_PCAP},
        {"name", required_argument, NULL, OPT_NAME},
        {"fix", no_argument, NULL, OPT_FIX},
        {"dry-run", no_argument, NULL, OPT_DRY_RUN},
        {"format", required_argument, NULL, OPT_FORMAT},
        {NULL, 0, NULL, 0},
};

static int take_format(const struct cli_context *ctx, const char *name, enum diagnose_format *ret)
{
        static const char *const names[] = {
                [DIAGNOSE_TEXT] = "text", [DIAGNOSE_HTML] = "html", [DIAGNOSE_MD] = "md", [DIAGNOSE_JSON] = "json"};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(names); i++)
                if (strcmp(name, names[i]) == 0) {
                        *ret = (enum diagnose_format)i;
                        return CLI_EXIT_OK;
                }
        return cli_failf(ctx, CLI_EXIT_USAGE, "--format %s: not a format; use text, html, md or json", name);
}

/* --json is --format json. */
static int settle_format(struct cli_context *ctx, const struct collect_request *request)
{
        if (ctx->json && (request->format == DIAGNOSE_HTML || request->format == DIAGNOSE_MD))
                return cli_fail(ctx, CLI_EXIT_USAGE, "--json and --format", "one form at a time", NULL);
        ctx->json = ctx->json || request->format == DIAGNOSE_JSON;
        return CLI_EXIT_OK;
}

/* A log file given as --event is read as what it is. */
static void settle_event(struct collect_request *request)
{
        const enum log_file_kind kind = request->event_path ? log_file_recognise(request->event_path) : LOG_FILE_NONE;

        if (kind == LOG_FILE_NONE || request->log_count == NBT_ARRAY_SIZE(request->logs))
                return;
        request->logs[request->log_count].kind = kind;
        request->logs[request->log_count++].path = request->event_path;
        request->event_path = NULL;
}

/* NAME<XX>, or NAME for all its suffixes. */
static int take_name(const struct cli_context *ctx, const char *text, struct collect_request *ret)
{
        if (nb_name_parse(text, 0x20, &ret->name) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE,
                                 "--name %s: not a NetBIOS name of up to 15 characters; quote it: "
                                 "'FILESRV<20>'",
                                 text);
        ret->has_name = true;
        ret->any_suffix = strchr(text, '<') == NULL;
        return CLI_EXIT_OK;
}

static int add_place(const struct cli_context *ctx, const char *option, size_t max, size_t *count, const char **places)
{
        if (*count == max)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: more than %zu", option, max);
        places[(*count)++] = optarg;
        return CLI_EXIT_OK;
}

/* One option. An exit code. */
static int take_option(const struct cli_context *ctx, int option, struct collect_request *ret)
{
        switch (option) {
        case OPT_EVENT:
                ret->event_path = optarg;
                break;
        case OPT_EVTX:
        case OPT_EVT:
                if (ret->log_count == NBT_ARRAY_SIZE(ret->logs))
                        return cli_failf(ctx, CLI_EXIT_USAGE, "more than %zu event logs", NBT_ARRAY_SIZE(ret->logs));
                ret->logs[ret->log_count].kind = option == OPT_EVTX ? LOG_FILE_EVTX : LOG_FILE_EVT;
                ret->logs[ret->log_count++].path = optarg;
                break;
        case OPT_REG:
        case OPT_HIVE:
                ret->reg_path = optarg;
                ret->reg_is_hive = option == OPT_HIVE;
                break;
        case OPT_OFFLINE:
                ret->offline = true;
                break;
        case OPT_WINS:
                return add_place(ctx, "--wins", NBT_ARRAY_SIZE(ret->wins), &ret->wins_count, ret->wins);
        case OPT_LEASES:
                return add_place(ctx, "--leases", NBT_ARRAY_SIZE(ret->leases), &ret->lease_count, ret->leases);
        case OPT_PCAP:
                for (size_t i = 0; i < ret->capture_count; i++)
                        if (strcmp(ret->captures[i], optarg) == 0)
                                return cli_failf(ctx, CLI_EXIT_USAGE, "--pcap %s: given twice", optarg);
                return add_place(ctx, "--pcap", NBT_ARRAY_SIZE(ret->captures), &ret->capture_count, ret->captures);
        case OPT_NAME:
                return take_name(ctx, optarg, ret);
        case OPT_FORMAT:
                return take_format(ctx, optarg, &ret->format);
        default: /* OPT_FIX, OPT_DRY_RUN: the table holds no other */
                ret->fix = true;
                ret->dry_run |= option == OPT_DRY_RUN;
                break;
        }
        return CLI_EXIT_OK;
}

/* CLI_OPT_DONE, or CLI_OPT_EXIT with *ret_exit. */
static int parse(struct cli_context *ctx, int argc, char **argv, struct collect_request *ret, int *ret_exit)
{
        for (;;) {
                const int option = cli_getopt(ctx, argc, argv, "", options, ret_exit);

                if (option == CLI_OPT_EXIT)
                        return CLI_OPT_EXIT;
                if (option == CLI_OPT_DONE)
                        break;
                *ret_exit = take_option(ctx, option, ret);
                if (*ret_exit != CLI_EXIT_OK)
                        return CLI_OPT_EXIT;
        }
        settle_event(ret);
        *ret_exit = settle_format(ctx, ret);
        if (*ret_exit != CLI_EXIT_OK)
                return CLI_OPT_EXIT;
        if (optind == argc)
                return CLI_OPT_DONE;
        *ret_exit = cli_failf(ctx, CLI_EXIT_USAGE, "%s: not expected here; give a file with --event FILE or --reg FILE",
                              argv[optind]);
        return CLI_OPT_EXIT;
}

/* Not one source of knowledge: neither node, nor events, nor a file, nor network. */
static bool knows_nothing(const struct collection *c, const struct collect_request *request)
{
        return !c->node_runs && c->event_count == 0 && c->database_count == 0 && !c->snapshot.asked &&
               !request->event_path && request->log_count == 0 && request->lease_count == 0 &&
               request->capture_count == 0 && !request->reg_path;
}

/* Wrong things that were put right are none any more. */
static int exit_code(const struct diagnose_report *report, const struct fix *fix)
{
        if (fix && fix->failed)
                return CLI_EXIT_FAILED;
        if (fix && !fix->dry_run && fix->fixed_count == report->finding_count)
                return CLI_EXIT_OK;
        return report->finding_count > 0 ? CLI_EXIT_FOUND : CLI_EXIT_OK;
}

/* A page or a ticket's text: what --fix did belongs into it, so that it comes last. NBT_ERR_NOMEM. */
static int print_report(const struct cli_context *ctx, const struct collection *c,
                        const struct collect_request *request, const struct diagnose_report *diagnosis,
                        const struct fix *fix, struct arena *arena)
{
        struct report *report = arena_alloc(arena, sizeof *report);

        if (!report)
                return NBT_ERR_NOMEM;
        *report = (struct report){
                .ctx = ctx, .request = request, .collection = c, .diagnosis = diagnosis, .fix = fix, .arena = arena};
        const int r = report_build(report);

        if (r < 0)
                return r;
        return request->format == DIAGNOSE_HTML ? report_html(report) : report_md(report);
}

static int report(const struct cli_context *ctx, const struct collection *c, const struct collect_request *request,
                  struct arena *arena)
{
        const bool is_text = !ctx->json && request->format == DIAGNOSE_TEXT;
        struct diagnose_report report;
        struct fix fix, *fixed = request->fix ? &fix : NULL;
        int r = 0;

        if (diagnose_run(&c->snapshot, arena, &report) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        if (is_text && diagnose_print(ctx, c, &report, arena) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        if (fixed)
                diagnose_fix(ctx, c, &report, !request->reg_path, request->dry_run, arena, fixed);
        if (fixed && is_text)
                diagnose_fix_print(ctx, fixed);
        if (ctx->json)
                r = diagnose_print_json(ctx, c, &report, fixed, arena);
        else if (!is_text)
                r = print_report(ctx, c, request, &report, fixed, arena);
        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "the report could not be written", NULL, NULL);
        return exit_code(&report, fixed);
}

static int diagnose(const struct cli_context *ctx, struct collection *c, const struct collect_request *request)
{
        int exit = collect_local(c, ctx, request);

        if (exit == CLI_EXIT_OK)
                exit = collect_wins(c, ctx, request);
        if (exit == CLI_EXIT_OK && request->event_path)
                exit = collect_events(c, ctx, request->event_path);
        if (exit == CLI_EXIT_OK && request->log_count > 0)
                exit = collect_logs(c, ctx, request);
        if (exit != CLI_EXIT_OK)
                return exit;
        collect_finish(c, request);
        if (collect_ask(c, request) < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        if (request->lease_count)
                exit = collect_leases(c, ctx, request);
        if (exit != CLI_EXIT_OK)
                return exit;
        if (knows_nothing(c, request))
                return cli_fail(ctx, CLI_EXIT_FAILED, "nothing to go by",
                                request->offline
                                        ? "no netbtd runs here, it left no events, and --offline forbids asking"
                                        : "no netbtd runs here, it left no events, and the network cannot be asked",
                                "give an event with --event FILE, or start netbtd");
        struct arena arena = ARENA_INIT;

        collect_tell_denied(c);
        exit = report(ctx, c, request, &arena);
        arena_done(&arena);
        return exit;
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct collect_request request = {0};
        struct collection *collection;
        struct arena arena = ARENA_INIT;
        int exit;

        if (parse(ctx, argc, argv, &request, &exit) == CLI_OPT_EXIT)
                return exit;
        collection = arena_alloc(&arena, sizeof *collection);
        if (!collection || collect_init(collection) < 0) {
                arena_done(&arena);
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        }
        exit = diagnose(ctx, collection, &request);
        collect_done(collection);
        arena_done(&arena);
        return exit;
}

const struct cli_command cli_cmd_diagnose = {
        .name = "diagnose",
        .summary = "which name is in conflict, who holds it, why, and what to do",
        .help = help,
        .run = run,
};
