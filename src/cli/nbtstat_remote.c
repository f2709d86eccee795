#include "cli/nbtstat_remote.h"

#include "cli/asker.h"
#include "cli/name_json.h"

#include "base/ip4.h"

#include <errno.h>
#include <string.h>

#define MAX_QUESTIONS 128 /* adapters asked at once, by two names each */

/* ---- which address ------------------------------------------------------------------------------------------------ */

/* The names to look for: the one typed with its suffix, else the workstation's and the file server's. */
static int parse_names(const char *text, struct nb_name ret[2])
{
        int r;

        text += strspn(text, "\\"); /* \\SERVER, as people write it */
        r = nb_name_parse(text, 0x00, &ret[0]);
        if (r < 0)
                return r;
        if (nb_name_suffix(&ret[0]) != 0x00 || strchr(text, '<') || strchr(text, '#'))
                return 1;
        ret[1] = ret[0];
        ret[1].bytes[NB_SUFFIX_AT] = 0x20;
        return 2;
}

/* As the node would: its own names, cache, WINS, broadcast and LMHOSTS, in the order of its type. */
static int resolve_by_node(const struct nbtstat_search *search, const struct nb_name *names, int count,
                           struct arena *arena, uint32_t *ret)
{
        for (int i = 0; i < count; i++) {
                const struct ctl_request request = {.type = CTL_REQUEST_QUERY, .name = names[i]};
                struct ctl_reply reply;
                const int r = ctl_call(search->client, &request, arena, &reply);
                if (r < 0)
                        return r;
                if (reply.result == 0 && reply.completion.address_count) {
                        *ret = reply.completion.addresses[0].address;
                        return 0;
                }
        }
        return NBT_ERR_NOT_FOUND;
}

/* Without a node: every interface and every server at once, and the first who knows a machine of that name. */
static int resolve_by_asking(const struct nbtstat_search *search, struct asker *asker, const struct nb_name *names,
                             int count, struct arena *arena, uint32_t *ret)
{
        struct ask_question questions[MAX_QUESTIONS] = {0};
        struct ask_result results[MAX_QUESTIONS];
        size_t asked = 0;

        for (int i = 0; i < count; i++) {
                for (size_t j = 0; j < search->local->wins_count; j++)
                        questions[asked++] =
                                asker_make_wins_query(&names[i], &search->local->scope, search->local->wins[j]);
                asked += asker_make_broadcasts(asker, &names[i], &search->local->scope, questions + asked,
                                               MAX_QUESTIONS / 2 - LOCAL_MAX_WINS);
        }
        const int r = asker_run(asker, questions, asked, arena, results);
        for (size_t i = 0; r == 0 && i < asked; i++)
                for (size_t j = 0; j < results[i].answer_count; j++) {
                        const struct ask_answer *answer = &results[i].answers[j];
                        /* a group's answer names a member, which is not the machine that was asked for */
                        if (answer->address_count && !(answer->addresses[0].nb_flags & NBNS_NB_GROUP)) {
                                *ret = answer->addresses[0].address;
                                return 0;
                        }
                }
        return r < 0 ? r : NBT_ERR_NOT_FOUND;
}

static int find_address(const struct cli_context *ctx, const struct nbtstat_search *search, struct asker *asker,
                        struct arena *arena, uint32_t *ret)
{
        struct nb_name names[2];

        if (ip4_parse(search->text, ret) == 0)
                return CLI_EXIT_OK;
        if (search->address_only)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not an IPv4 address; use -a to ask by name", search->text);
        const int count = parse_names(search->text, names);
        if (count < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE,
                                 "%s: not a NetBIOS name (1 to 15 characters) nor an IPv4 address: %s", search->text,
                                 nbt_err_str(count));
        *ret = 0;
        int r = search->client ? resolve_by_node(search, names, count, arena, ret) : NBT_ERR_STATE;
        if (r < 0 && r != NBT_ERR_NOT_FOUND)
                r = resolve_by_asking(search, asker, names, count, arena, ret);
        if (r < 0 && r != NBT_ERR_NOT_FOUND)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot ask the network", nbt_err_str(r), NULL);
        return CLI_EXIT_OK;
}

/* ---- its table ---------------------------------------------------------------------------------------------------- */

/* This machine's adapters; for what only the loopback reaches, and without adapters, the loopback as one. */
static size_t list_adapters(const struct asker *asker, uint32_t target, const struct asker_iface **ret)
{
        static const struct asker_iface loopback = {.label = "Loopback", .address = 0x7F000001};
        const size_t count = asker_ifaces(asker, ret);

        if (count && target >> 24 != 127)
                return count < MAX_QUESTIONS ? count : MAX_QUESTIONS;
        *ret = &loopback;
        return 1;
}

static int ask_tables(const struct cli_context *ctx, struct nbtstat_search *search, struct asker *asker,
                      struct arena *arena)
{
        const struct asker_iface *ifaces;
        const size_t count = list_adapters(asker, search->address, &ifaces);
        struct nbtstat_remote *blocks = arena_alloc(arena, count * sizeof(*blocks));
        struct ask_question questions[MAX_QUESTIONS] = {0};
        struct ask_result results[MAX_QUESTIONS] = {0};
        int exit = CLI_EXIT_FOUND;

        if (!blocks)
                return cli_fail(ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        for (size_t i = 0; i < count; i++) {
                questions[i] = asker_make_status(&search->local->scope, search->address);
                questions[i].iface_id = ifaces[i].id;
        }
        const int r = search->address ? asker_run(asker, questions, count, arena, results) : 0;
        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot ask the network", nbt_err_str(r), NULL);
        for (size_t i = 0; i < count; i++) {
                blocks[i] = (struct nbtstat_remote){arena_strdup(arena, ifaces[i].label), ifaces[i].address,
                                                    &search->local->scope, NULL};
                if (!blocks[i].label)
                        blocks[i].label = "?";
                if (results[i].answer_count)
                        blocks[i].table = results[i].answers[0].table;
                if (blocks[i].table)
                        exit = CLI_EXIT_OK;
        }
        search->blocks = blocks;
        search->block_count = count;
        return exit;
}

int nbtstat_search_run(const struct cli_context *ctx, struct nbtstat_search *search, struct arena *arena)
{
        struct asker *asker;
        int r = asker_open(&asker, NULL);

        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "cannot open a UDP socket to ask with", cli_why(r), NULL);
        r = find_address(ctx, search, asker, arena, &search->address);
        if (r == CLI_EXIT_OK)
                r = ask_tables(ctx, search, asker, arena);
        asker_close(asker);
        return r;
}

json_t *nbtstat_search_json(const struct nbtstat_search *search)
{
        json_t *list = json_array();
        bool found = false;

        for (size_t i = 0; i < search->block_count; i++) {
                found = found || search->blocks[i].table;
                json_array_append_new(list, nbtstat_json_remote(&search->blocks[i]));
        }
        return json_pack("{s:o, s:o, s:b, s:o}", "remote", json_from_text(search->text), "address",
                         json_from_ip4(search->address), "found", found, "interfaces", list);
}
