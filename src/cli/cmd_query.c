#include "cli/cli.h"

#include "cli/asker.h"
#include "cli/local.h"
#include "cli/name_json.h"
#include "cli/query.h"

#include "base/ip4.h"
#include "ctl/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TARGETS 32

enum { OPT_WINS = 0x101, OPT_BROADCAST, OPT_TYPE };

static const char help[] =
        "Usage: netbt query [OPTION]... NAME[<XX>]\n"
        "\n"
        "Asks who holds a NetBIOS name, by broadcast and of the WINS servers, and waits for every answer: a unique "
        "name\n"
        "that several machines hold is reported as a conflict. It only asks; it changes nothing anywhere.\n"
        "XX is the suffix in hexadecimal (default 00): <00> workstation, <03> messenger, <20> file server, <1B> "
        "domain\n"
        "master browser, <1C> domain controllers. Quote it for the shell, or write NAME#20.\n"
        "A name that nobody answers for is asked of netbtd, which knows LMHOSTS and, where enabled, DNS.\n"
        "\n"
        "      --wins ADDRESS       ask this WINS server (again for more)\n"
        "      --broadcast ADDRESS  ask by broadcast to this address (again for more)\n"
        "                           With either, only those are asked; with neither, every interface, and the WINS\n"
        "                           servers that netbtd uses, or that stand in the settings.\n"
        "      --type b|p|m|h       resolve as this type of node: b broadcast, p WINS, m broadcast then WINS, h WINS\n"
        "                           then broadcast (default: what netbtd is, else h)\n"
        "      --json               print one JSON document\n"
        "      --config FILE        settings, read when no netbtd runs\n"
        "      --runtime-dir DIR    where netbtd's control socket is\n"
        "      --help, --version\n"
        "\n"
        "Exit status: 0 found; 1 not found, or in conflict; 2 wrong usage; 3 could not ask.\n"
        "Examples:  netbt query 'FILESRV<20>'        netbt query WORKGROUP#1D --wins 10.77.0.9\n";

struct request {
        struct nb_name name;
        struct nb_scope scope;
        enum node_type type; /* 0: not told */
        bool told;           /* --wins or --broadcast was given */
        size_t wins_count, broadcast_count;
        uint32_t wins[MAX_TARGETS], broadcasts[MAX_TARGETS];
};

/* ---- options ------------------------------------------------------------------------------------------------------ */

static int parse_address(const struct cli_context *ctx, const char *option, const char *text, uint32_t *list,
                         size_t *count)
{
        if (*count == MAX_TARGETS)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: more than %d of them", option, MAX_TARGETS);
        if (ip4_parse(text, &list[*count]) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s %s: not an IPv4 address", option, text);
        (*count)++;
        return CLI_EXIT_OK;
}

static int parse_type(const struct cli_context *ctx, const char *text, enum node_type *ret)
{
        static const enum node_type types[] = {NODE_TYPE_B, NODE_TYPE_P, NODE_TYPE_M, NODE_TYPE_H};
        static const char letters[] = "bpmhBPMH";
        const char *at = text[0] && !text[1] ? strchr(letters, text[0]) : NULL;

        if (!at)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--type %s: not a node type; use b, p, m or h", text);
        *ret = types[(at - letters) % 4];
        return CLI_EXIT_OK;
}

static int parse_name(const struct cli_context *ctx, int argc, char **argv, struct nb_name *ret)
{
        if (optind == argc)
                return cli_fail(ctx, CLI_EXIT_USAGE, "no name to ask for", NULL, "see 'netbt query --help'");
        if (optind + 1 < argc)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: one name at a time; see 'netbt query --help'",
                                 argv[optind + 1]);
        const int r = nb_name_parse(argv[optind], 0x00, ret);
        if (r < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: %s; write NAME or NAME<XX>, at most 15 characters",
                                 argv[optind],
                                 r == NBT_ERR_RANGE ? "too long for a NetBIOS name" : "not a NetBIOS name");
        return CLI_EXIT_OK;
}

/* CLI_OPT_DONE, or CLI_OPT_EXIT with *ret_exit. */
static int parse(struct cli_context *ctx, int argc, char **argv, struct request *request, int *ret_exit)
{
        static const struct option own[] = {{"wins", required_argument, NULL, OPT_WINS},
                                            {"broadcast", required_argument, NULL, OPT_BROADCAST},
                                            {"type", required_argument, NULL, OPT_TYPE},
                                            {0}};

        *ret_exit = CLI_EXIT_OK;
        while (*ret_exit == CLI_EXIT_OK) {
                const int option = cli_getopt(ctx, argc, argv, "", own, ret_exit);

                if (option == CLI_OPT_EXIT)
                        return CLI_OPT_EXIT;
                if (option == CLI_OPT_DONE)
                        break;
                if (option == OPT_WINS)
                        *ret_exit = parse_address(ctx, "--wins", optarg, request->wins, &request->wins_count);
                else if (option == OPT_BROADCAST)
                        *ret_exit = parse_address(ctx, "--broadcast", optarg, request->broadcasts,
                                                  &request->broadcast_count);
                else
                        *ret_exit = parse_type(ctx, optarg, &request->type);
        }
        request->told = request->wins_count || request->broadcast_count;
        if (*ret_exit == CLI_EXIT_OK)
                *ret_exit = parse_name(ctx, argc, argv, &request->name);
        return *ret_exit == CLI_EXIT_OK ? CLI_OPT_DONE : CLI_OPT_EXIT;
}

/* ---- what to ask -------------------------------------------------------------------------------------------------- */

/* Who asks as this machine's node asks its servers, unless told otherwise. */
static void take_local(struct request *request, const struct local_node *local)
{
        request->scope = local->scope;
        if (!request->type)
                request->type = local->type;
        for (size_t i = 0; !request->told && i < local->wins_count && i < MAX_TARGETS; i++)
                request->wins[request->wins_count++] = local->wins[i];
}

/* This machine's own name counts as a statement too: a node does not hear its own broadcasts. */
static void take_own_name(const struct node_view *view, struct query_report *report)
{
        struct nbns_address own[NODE_MAX_IFACES];
        size_t own_count = 0;

        for (size_t i = 0; i < view->name_count; i++) {
                const struct node_view_name *name = &view->names[i];
                if (!nb_name_equal(&name->name, &report->name))
                        continue;
                if (report->local_state != NODE_STATE_CONFLICT)
                        report->local_state = name->state;
                for (size_t j = 0; j < view->iface_count && own_count < NODE_MAX_IFACES; j++)
                        if (view->ifaces[j].id == name->iface_id && name->state == NODE_STATE_REGISTERED)
                                own[own_count++] = (struct nbns_address){
                                        name->kind == NODE_NAME_GROUP ? NBNS_NB_GROUP : 0, view->ifaces[j].address};
        }
        owners_add(&report->owners, own, own_count, true);
}

static void note(struct query_report *report, enum query_via via, uint32_t destination, const char *label)
{
        struct query_asked *asked = &report->asked[report->asked_count++];

        asked->via = via;
        asked->destination = destination;
        snprintf(asked->label, sizeof(asked->label), "%s", label);
}

static size_t plan_broadcasts(const struct request *request, const struct asker *asker, struct query_report *report,
                              struct ask_question *questions)
{
        struct ask_question all[QUERY_MAX_QUESTIONS - 2 * MAX_TARGETS];
        const struct asker_iface *ifaces;
        const size_t all_count =
                asker_make_broadcasts(asker, &request->name, &request->scope, all, NBT_ARRAY_SIZE(all));
        size_t count = 0;

        (void)asker_ifaces(asker, &ifaces);
        for (size_t i = 0; i < all_count; i++) {
                bool wanted = !request->broadcast_count;
                for (size_t j = 0; j < request->broadcast_count; j++)
                        wanted = wanted || request->broadcasts[j] == all[i].destination;
                if (!wanted)
                        continue;
                questions[count++] = all[i];
                note(report, QUERY_VIA_BROADCAST, all[i].destination, ifaces[i].label);
        }
        /* addresses that belong to no interface here: the route decides, and any source may answer */
        for (size_t i = 0; i < request->broadcast_count; i++) {
                bool planned = false;
                for (size_t j = 0; j < count; j++)
                        planned = planned || questions[j].destination == request->broadcasts[i];
                if (planned)
                        continue;
                questions[count++] = (struct ask_question){.kind = ASK_QUERY_BROADCAST,
                                                           .name = request->name,
                                                           .scope = request->scope,
                                                           .destination = request->broadcasts[i]};
                note(report, QUERY_VIA_BROADCAST, request->broadcasts[i], "");
        }
        return count;
}

static size_t plan(const struct request *request, const struct asker *asker, struct query_report *report,
                   struct ask_question *questions)
{
        /* who was told to ask asks those alone; else the type of node decides */
        const bool by_broadcast = request->told ? request->broadcast_count : request->type != NODE_TYPE_P;
        const bool by_wins = request->told || request->type != NODE_TYPE_B;
        size_t count = by_broadcast ? plan_broadcasts(request, asker, report, questions) : 0;

        for (size_t i = 0; by_wins && i < request->wins_count; i++) {
                questions[count++] = asker_make_wins_query(&request->name, &request->scope, request->wins[i]);
                note(report, QUERY_VIA_WINS, request->wins[i], "");
        }
        return count;
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

static void gather(const struct asker *asker, struct query_report *report)
{
        for (size_t i = 0; i < report->asked_count; i++)
                for (size_t j = 0; j < report->results[i].answer_count; j++) {
                        const struct ask_answer *answer = &report->results[i].answers[j];
                        bool local = false;
                        for (size_t k = 0; k < answer->address_count; k++)
                                local = local || asker_is_local(asker, answer->addresses[k].address);
                        owners_add(&report->owners, answer->addresses, answer->address_count, local);
                }
}

/* Asks the owners of a name in conflict who they are; who stays silent stays nameless. */
static int ask_holders(struct asker *asker, const struct request *request, struct arena *arena,
                       struct query_report *report)
{
        struct ask_question questions[OWNERS_MAX];
        struct ask_result results[OWNERS_MAX];
        const size_t count = report->owners.count;

        for (size_t i = 0; i < count; i++)
                questions[i] = asker_make_status(&request->scope, report->owners.rows[i].addresses[0]);
        const int r = asker_run(asker, questions, count, arena, results);
        for (size_t i = 0; r == 0 && i < count; i++) {
                const struct nbstat_table *table = results[i].answer_count ? results[i].answers[0].table : NULL;
                if (!table || report->owners.rows[i].is_group)
                        continue;
                struct query_holder *holder = &report->holders[i];
                const int computer = nbstat_table_computer(table);
                holder->answered = true;
                memcpy(holder->mac, table->statistics.unit_id, sizeof(holder->mac));
                if (computer >= 0)
                        nb_name_format_stem(&table->entries[computer].name, holder->computer);
        }
        return r;
}

/* A node's last resorts are LMHOSTS and DNS, which the running one is asked for; they are of interest only where nobody answers. */
static void ask_node(const struct cli_context *ctx, const struct request *request, struct arena *arena,
                     struct query_report *report)
{
        static const char *const sources[] = {
                [NODE_FROM_CACHE] = "the cache", [NODE_FROM_LMHOSTS] = "LMHOSTS", [NODE_FROM_DNS] = "DNS"};
        const struct ctl_request question = {.type = CTL_REQUEST_QUERY, .name = request->name};
        struct ctl_client *client = NULL;
        struct ctl_reply reply = {0};
        int r = ctl_connect(ctx->runtime_dir, &client);

        if (r == 0)
                r = ctl_call(client, &question, arena, &reply);
        ctl_close(client);
        if (r < 0 || reply.result < 0 || !reply.completion.address_count ||
            reply.completion.from >= NBT_ARRAY_SIZE(sources))
                return;
        report->known.from = sources[reply.completion.from];
        report->known.address = reply.completion.addresses[0];
}

static int ask_all(const struct cli_context *ctx, const struct request *request, struct asker *asker,
                   struct arena *arena, struct query_report *report)
{
        struct ask_question questions[QUERY_MAX_QUESTIONS];
        const size_t count = plan(request, asker, report, questions);

        if (!count && request->type == NODE_TYPE_P)
                return cli_fail(ctx, CLI_EXIT_FAILED, "no WINS server to ask",
                                "none was given, and neither netbtd nor the settings name one",
                                "give one with --wins ADDRESS, or ask by broadcast with --type b");
        if (!count)
                return cli_fail(ctx, CLI_EXIT_FAILED, "nobody to ask", "no interface that is up can broadcast",
                                "see 'ip address', or give --wins ADDRESS or --broadcast ADDRESS");
        int r = asker_run(asker, questions, count, arena, report->results);
        if (r == 0) {
                gather(asker, report);
                if (owners_conflict(&report->owners))
                        r = ask_holders(asker, request, arena, report);
        }
        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot ask the network", cli_why(r), NULL);
        const bool is_conflict = owners_conflict(&report->owners) || report->local_state == NODE_STATE_CONFLICT;
        return report->owners.count && !is_conflict ? CLI_EXIT_OK : CLI_EXIT_FOUND;
}

static void show(const struct cli_context *ctx, const struct query_report *report)
{
        if (!ctx->json) {
                query_print(ctx->out, report);
                return;
        }
        json_t *json = query_json(report);
        json_print(ctx->out, json, JSON_INDENT(2));
}

static int query(const struct cli_context *ctx, struct request *request, struct arena *arena,
                 struct query_report *report)
{
        struct local_node local;
        struct asker *asker;

        local_node_read(ctx, arena, &local);
        take_local(request, &local);
        if (!request->type)
                request->type = NODE_TYPE_H; /* which asks both, so that nobody is missed */
        report->name = request->name;
        take_own_name(&local.view, report);
        report->type = request->type;
        const int r = asker_open(&asker, NULL);
        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot open a UDP socket to ask with", cli_why(r), NULL);
        report->source_port = asker_port(asker);
        int exit = ask_all(ctx, request, asker, arena, report);
        if (exit == CLI_EXIT_FOUND && report->owners.count == 0 && local.has_view && !request->told &&
            request->type == local.type)
                ask_node(ctx, request, arena, report);
        if (report->known.from)
                exit = CLI_EXIT_OK;
        if (exit == CLI_EXIT_OK || exit == CLI_EXIT_FOUND)
                show(ctx, report);
        asker_close(asker);
        return exit;
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        struct request request = {0};
        struct arena arena = ARENA_INIT;
        int exit;

        if (parse(ctx, argc, argv, &request, &exit) == CLI_OPT_EXIT)
                return exit;
        struct query_report *report = calloc(1, sizeof(*report));
        if (!report)
                return cli_fail(ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        report->local_state = NODE_STATE_MAX;
        exit = query(ctx, &request, &arena, report);
        free(report);
        arena_done(&arena);
        return exit;
}

const struct cli_command cli_cmd_query = {"query", "who holds a name; several holders are a conflict", help, run};
