#include "cli/cli.h"

#include "cli/local.h"
#include "cli/name_json.h"

#include "base/ip4.h"
#include "ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

enum { OPT_GROUP = 0x101 };

static const char help[] =
        "Usage: netbt name list\n"
        "       netbt name add NAME[<XX>] [--group]\n"
        "       netbt name release NAME[<XX>]\n"
        "\n"
        "The NetBIOS names of this machine, held by the running netbtd. 'add' claims one more until netbtd ends "
        "(names\n"
        "that are to stay belong in its settings) and waits until the claim has ended; 'release' gives one up.\n"
        "XX is the suffix in hexadecimal (default 00). Quote NAME<XX> for the shell, or write NAME#20.\n"
        "\n"
        "      --group              add as a group name, which many machines may hold\n"
        "      --json               print one JSON document\n"
        "      --runtime-dir DIR    where netbtd's control socket is\n"
        "      --help, --version\n"
        "\n"
        "Exit status: 0 done; 1 a name is in conflict, or was refused, or is not there; 2 wrong usage; 3 no netbtd.\n"
        "Examples:  netbt name add 'PRINTSRV<20>'        netbt name release PRINTSRV#20\n";

static int call(const struct cli_context *ctx, const struct ctl_request *request, struct arena *arena,
                struct ctl_reply *ret)
{
        struct ctl_client *client = NULL;
        int r = ctl_connect(ctx->runtime_dir, &client);

        if (r == 0)
                r = ctl_call(client, request, arena, ret);
        ctl_close(client);
        if (r < 0)
                return local_fail(ctx, CLI_EXIT_FAILED, "cannot speak with netbtd", r);
        return CLI_EXIT_OK;
}

static void print_json(const struct cli_context *ctx, json_t *json)
{
        json_print(ctx->out, json, JSON_INDENT(2));
}

/* ---- list --------------------------------------------------------------------------------------------------------- */

static const struct node_iface *iface_of(const struct node_view *view, uint32_t id)
{
        for (size_t i = 0; i < view->iface_count; i++)
                if (view->ifaces[i].id == id)
                        return &view->ifaces[i];
        return NULL;
}

/* A server refuses on behalf of another machine, which it does not name. */
static bool is_server(const struct node_view *view, uint32_t address)
{
        for (size_t i = 0; i < view->wins_count; i++)
                if (view->wins[i].address == address)
                        return true;
        return false;
}

static void print_row(const struct cli_context *ctx, const struct node_view *view, const struct node_view_name *row)
{
        const struct node_iface *iface = iface_of(view, row->iface_id);
        const bool is_conflict = row->state == NODE_STATE_CONFLICT;
        char name[NB_NAME_TEXT_BYTES], address[IP4_TEXT_BYTES] = "-";

        nb_name_format(&row->name, name);
        if (iface)
                ip4_format(iface->address, address);
        fprintf(ctx->out, "%-19s  %-6s  %s%-11s%s  %-10s  %s", name, row->kind == NODE_NAME_GROUP ? "group" : "unique",
                is_conflict && ctx->colour ? "\033[1;31m" : "", node_state_str(row->state),
                is_conflict && ctx->colour ? "\033[0m" : "", iface ? iface->label : "-", address);
        if (is_conflict && row->conflict_peer) {
                ip4_format(row->conflict_peer, address);
                fprintf(ctx->out, "  %s %s", is_server(view, row->conflict_peer) ? "refused by WINS server" : "held by",
                        address);
        }
        fputc('\n', ctx->out);
}

static json_t *row_json(const struct node_view *view, const struct node_view_name *row)
{
        const struct node_iface *iface = iface_of(view, row->iface_id);
        json_t *object = json_from_name(&row->name);

        json_object_set_new(object, "type", json_string(row->kind == NODE_NAME_GROUP ? "group" : "unique"));
        json_object_set_new(object, "status", json_from_word(node_state_str(row->state)));
        json_object_set_new(object, "interface", json_from_text(iface ? iface->label : ""));
        json_object_set_new(object, "address", json_from_ip4(iface ? iface->address : 0));
        json_object_set_new(object, "conflict_peer", json_from_ip4(row->conflict_peer));
        json_object_set_new(object, "permanent", json_boolean(row->permanent));
        json_object_set_new(object, "registered_by_wins", json_boolean(row->registered_by_wins));
        json_object_set_new(object, "registered_by_broadcast", json_boolean(row->registered_by_broadcast));
        return object;
}

static int run_list(const struct cli_context *ctx, struct arena *arena)
{
        const struct ctl_request request = {.type = CTL_REQUEST_VIEW};
        struct ctl_reply reply;
        int exit = call(ctx, &request, arena, &reply);

        if (exit != CLI_EXIT_OK)
                return exit;
        const struct node_view *view = &reply.view;
        json_t *list = json_array();
        if (!ctx->json)
                fprintf(ctx->out, "%-19s  %-6s  %-11s  %-10s  %s\n", "Name", "Type", "Status", "Interface", "Address");
        for (size_t i = 0; i < view->name_count; i++) {
                if (view->names[i].state == NODE_STATE_CONFLICT)
                        exit = CLI_EXIT_FOUND;
                if (ctx->json)
                        json_array_append_new(list, row_json(view, &view->names[i]));
                else
                        print_row(ctx, view, &view->names[i]);
        }
        if (ctx->json)
                print_json(ctx, json_pack("{s:O}", "names", list));
        json_decref(list);
        return exit;
}

/* ---- add and release ---------------------------------------------------------------------------------------------- */

static int fail_reply(const struct cli_context *ctx, const struct ctl_request *request, const struct ctl_reply *reply,
                      const char *name)
{
        const char *why = reply->message[0] ? reply->message : nbt_err_str(reply->result);
        const bool is_add = request->type == CTL_REQUEST_NAME_ADD;

        switch (reply->result) {
        case NBT_ERR_CONFLICT:
                cli_failf(ctx, CLI_EXIT_FOUND,
                          "%s was not registered: %s; it stays in Conflict: 'netbt diagnose' says why, 'netbt name "
                          "release' gives it up",
                          name, why);
                return CLI_EXIT_FOUND;
        case NBT_ERR_NOT_FOUND:
        case NBT_ERR_EXISTS:
                cli_failf(ctx, CLI_EXIT_FOUND, "%s: %s; 'netbt name list' shows the names of this machine", name, why);
                return CLI_EXIT_FOUND;
        default:
                cli_failf(ctx, CLI_EXIT_FAILED, "%s was not %s: %s", name, is_add ? "registered" : "released", why);
                return CLI_EXIT_FAILED;
        }
}

static int run_change(const struct cli_context *ctx, const struct ctl_request *request, struct arena *arena)
{
        const char *done = request->type == CTL_REQUEST_NAME_ADD ? "registered" : "released";
        char name[NB_NAME_TEXT_BYTES];
        struct ctl_reply reply;
        const int exit = call(ctx, request, arena, &reply);

        if (exit != CLI_EXIT_OK)
                return exit;
        nb_name_format(&request->name, name);
        if (reply.result < 0)
                return fail_reply(ctx, request, &reply, name);
        if (ctx->json) {
                json_t *object = json_from_name(&request->name);
                json_object_set_new(object, "result", json_string(done));
                print_json(ctx, object);
        } else {
                fprintf(ctx->out, "%s %s\n", name, done);
        }
        return CLI_EXIT_OK;
}

/* ---- the command -------------------------------------------------------------------------------------------------- */

/* The words that are no options: a verb, and for add and release a name. */
static int parse_words(const struct cli_context *ctx, int argc, char **argv, struct ctl_request *ret)
{
        const char *verb = optind < argc ? argv[optind] : "";
        const bool is_list = strcmp(verb, "list") == 0, is_add = strcmp(verb, "add") == 0;

        if (!is_list && !is_add && strcmp(verb, "release") != 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s%sadd, release or list is expected; see 'netbt name --help'",
                                 verb, verb[0] ? ": unknown; " : "");
        if (argc - optind != (is_list ? 1 : 2))
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s takes %s; see 'netbt name --help'", verb,
                                 is_list ? "nothing more" : "one name");
        if (ret->kind == NODE_NAME_GROUP && !is_add)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--group goes with add; see 'netbt name --help'");
        ret->type = is_list ? CTL_REQUEST_VIEW : is_add ? CTL_REQUEST_NAME_ADD : CTL_REQUEST_NAME_RELEASE;
        const int r = is_list ? 0 : nb_name_parse(argv[optind + 1], 0x00, &ret->name);
        if (r < 0 || (!is_list && nb_name_is_wildcard(&ret->name)))
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: %s; write NAME or NAME<XX>, at most 15 characters",
                                 argv[optind + 1],
                                 r == NBT_ERR_RANGE ? "too long for a NetBIOS name" : "not a NetBIOS name");
        return CLI_EXIT_OK;
}

static int run(struct cli_context *ctx, int argc, char **argv)
{
        static const struct option own[] = {{"group", no_argument, NULL, OPT_GROUP}, {0}};
        struct ctl_request request = {.kind = NODE_NAME_UNIQUE};
        struct arena arena = ARENA_INIT;
        int exit;

        for (;;) {
                const int option = cli_getopt(ctx, argc, argv, "", own, &exit);

                if (option == CLI_OPT_EXIT)
                        return exit;
                if (option == CLI_OPT_DONE)
                        break;
                request.kind = NODE_NAME_GROUP;
        }
        exit = parse_words(ctx, argc, argv, &request);
        if (exit != CLI_EXIT_OK)
                return exit;
        exit = request.type == CTL_REQUEST_VIEW ? run_list(ctx, &arena) : run_change(ctx, &request, &arena);
        arena_done(&arena);
        return exit;
}

const struct cli_command cli_cmd_name = {"name", "add, release and list the names of this machine", help, run};
