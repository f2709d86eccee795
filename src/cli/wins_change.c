/* netbt wins add, static add, static import, delete and scavenge: what changes the database. */
#include "cli/wins_cmd.h"

#include "cli/name_json.h"

#include "base/ip4.h"
#include "io/clock.h"
#include "wins/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- adding ------------------------------------------------------------------------------------------------------- */

static int tell_taken(const struct wins_talk *talk, const struct ctl_reply *reply, const struct wins_record *records,
                      size_t count)
{
        const uint64_t at = reply->wins ? reply->wins->culprit : 0;
        struct strbuf name = STRBUF_INIT;

        if (at < count)
                wins_format_name(&records[at].name, &records[at].scope, &name);
        const int exit =
                cli_failf(talk->ctx, CLI_EXIT_FOUND,
                          "nothing was added: %s has a live record of another content; 'netbt wins show' shows "
                          "it, --replace puts this one in its place",
                          name.len_bytes ? strbuf_str(&name) : "a name");
        strbuf_done(&name);
        return exit;
}

static void print_added(const struct cli_context *ctx, const struct wins_args *args, const struct wins_record *records,
                        size_t count)
{
        if (ctx->json) {
                json_t *list = json_array();

                for (size_t i = 0; i < count; i++)
                        json_array_append_new(list, wins_record_json(&records[i], clock_wall().us / 1000000));
                wins_print_json(ctx, json_pack("{s:o, s:b}", "added", list, "dry_run", (int)args->dry_run));
                return;
        }
        if (count > WINS_MAPPING_MAX_RECORDS) {
                fprintf(ctx->out, "%zu records added\n", count);
                return;
        }
        for (size_t i = 0; i < count; i++) {
                struct strbuf text = STRBUF_INIT;

                wins_describe_record(&records[i], &text);
                fprintf(ctx->out, "added: %s\n", strbuf_str(&text));
                strbuf_done(&text);
        }
}

static int send_records(const struct cli_context *ctx, const struct wins_args *args, const struct wins_record *records,
                        size_t count)
{
        const struct ctl_wins_request request = {
                .only_if_free = !args->replace, .record_count = count, .records = records};
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply = {0};
        struct wins_talk talk;
        int exit = wins_talk_open(ctx, &talk);

        if (exit == CLI_EXIT_OK)
                exit = wins_talk_call(&talk, CTL_REQUEST_WINS_ADD, &request, &arena, &reply);
        if (exit == CLI_EXIT_OK && reply.result == NBT_ERR_EXISTS)
                exit = tell_taken(&talk, &reply, records, count);
        else if (exit == CLI_EXIT_OK && reply.result < 0)
                exit = wins_talk_refused(&talk, &reply, "nothing was added");
        else if (exit == CLI_EXIT_OK)
                print_added(ctx, args, records, count);
        wins_talk_close(&talk);
        arena_done(&arena);
        return exit;
}

static int parse_addresses(const struct cli_context *ctx, const struct wins_args *args,
                           uint32_t addresses[WINS_MAX_MEMBERS], size_t *ret_count)
{
        size_t count = 0;

        for (size_t i = 1; i < args->word_count; i++) {
                uint32_t address;

                if (ip4_parse(args->words[i], &address) < 0)
                        return cli_failf(ctx, CLI_EXIT_USAGE, "%s: not an IPv4 address", args->words[i]);
                if (address == 0 || address == IP4_BROADCAST)
                        return cli_failf(ctx, CLI_EXIT_USAGE, "%s: the address of no host", args->words[i]);
                for (size_t j = 0; j < count; j++)
                        if (addresses[j] == address)
                                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: given twice", args->words[i]);
                addresses[count++] = address;
        }
        *ret_count = count;
        return CLI_EXIT_OK;
}

/* NAME ADDRESS...: the name without its <XX>, -1 or its suffix, and the addresses. */
static int parse_mapping(const struct cli_context *ctx, const struct wins_args *args, struct wins_filter *ret_name,
                         uint32_t addresses[WINS_MAX_MEMBERS], size_t *ret_count)
{
        *ret_name = (struct wins_filter){0};
        *ret_count = 0;
        if (args->word_count < 2)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s takes a name and its addresses; see 'netbt wins --help'",
                                 args->verb);
        const int exit = wins_filter_name(ctx, args->words[0], ret_name);

        if (exit != CLI_EXIT_OK)
                return exit;
        if (args->word_count - 1 > WINS_MAX_MEMBERS)
                return cli_failf(ctx, CLI_EXIT_USAGE, "a record holds at most %d addresses", WINS_MAX_MEMBERS);
        return parse_addresses(ctx, args, addresses, ret_count);
}

/* <1C> and <1E> are groups whatever is said (facts/wins.md); any other name is a machine's if nothing is said. */
static int check_class(const struct cli_context *ctx, const char *text, const struct wins_filter *name,
                       enum wins_type type)
{
        const int suffix = name->has_name ? nb_name_suffix(&name->name) : -1;

        if ((suffix == 0x1C && type != WINS_INTERNET) || (suffix == 0x1E && type != WINS_GROUP))
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: a <%02X> is a group's name, never %s; leave --type out",
                                 text, (unsigned)suffix, wins_type_str(type));
        return CLI_EXIT_OK;
}

/* Of a name for which no type was given. */
static enum wins_mapping default_kind(const struct wins_filter *name, size_t address_count)
{
        const int suffix = name->has_name ? nb_name_suffix(&name->name) : -1;

        return suffix == 0x1C      ? WINS_MAP_DOMAIN
               : suffix == 0x1E    ? WINS_MAP_GROUP
               : address_count > 1 ? WINS_MAP_MULTIHOMED
                                   : WINS_MAP_UNIQUE;
}

static int add_static(const struct cli_context *ctx, const struct wins_args *args)
{
        const struct nb_scope *scope = args->filter.has_scope ? &args->filter.scope : &(struct nb_scope){0};
        struct wins_record records[WINS_MAPPING_MAX_RECORDS];
        enum wins_mapping kind;
        uint32_t addresses[WINS_MAX_MEMBERS];
        struct wins_filter name;
        char stem[NB_NAME_BYTES] = "";
        size_t count;
        const int exit = parse_mapping(ctx, args, &name, addresses, &count);

        if (exit != CLI_EXIT_OK)
                return exit;
        kind = default_kind(&name, count);
        if (args->kind && wins_mapping_parse(args->kind, &kind) < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE,
                                 "%s: not a kind of mapping; use unique, group, domain, internet or multihomed",
                                 args->kind);
        memcpy(stem, name.has_name ? name.name.bytes : name.prefix, NB_SUFFIX_AT);
        for (size_t len = NB_SUFFIX_AT; len > 0 && stem[len - 1] == ' '; len--)
                stem[len - 1] = '\0';
        const int r = wins_mapping_make(kind, stem, name.has_name ? nb_name_suffix(&name.name) : -1, scope, addresses,
                                        count, records);

        if (r == NBT_ERR_RANGE && scope->len_bytes > WINS_SCOPE_MAX_BYTES)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--scope: longer than the %u bytes that a WINS server takes",
                                 WINS_SCOPE_MAX_BYTES);
        if (r < 0)
                return cli_failf(
                        ctx, CLI_EXIT_USAGE,
                        "%s: a mapping of this kind has one address; use --type multihomed, domain or internet",
                        args->words[0]);
        if (check_class(ctx, args->words[0], &name, records[0].type) != CLI_EXIT_OK)
                return CLI_EXIT_USAGE;
        return send_records(ctx, args, records, (size_t)r);
}

static int take_node(const struct cli_context *ctx, const char *text, enum wins_node *ret)
{
        static const char letters[] = "bpmh";
        const char *at = text[0] && !text[1] ? strchr(letters, text[0] | 0x20) : NULL;

        if (!at)
                return cli_failf(ctx, CLI_EXIT_USAGE, "--node %s: not a node type; use b, p, m or h", text);
        *ret = (enum wins_node)(at - letters);
        return CLI_EXIT_OK;
}

/* A dynamic record, as a claim would make it: it expires unless its machine renews it. */
static int add_dynamic(const struct cli_context *ctx, const struct wins_args *args)
{
        struct wins_record record = {.type = args->filter.has_type ? args->filter.type : WINS_UNIQUE,
                                     .node = WINS_NODE_H,
                                     .scope = args->filter.scope};
        uint32_t addresses[WINS_MAX_MEMBERS];
        struct wins_filter name;
        size_t count;
        int exit = parse_mapping(ctx, args, &name, addresses, &count);

        if (exit == CLI_EXIT_OK && args->node)
                exit = take_node(ctx, args->node, &record.node);
        if (exit != CLI_EXIT_OK)
                return exit;
        if (name.has_name)
                record.name = name.name;
        else
                memcpy(record.name.bytes, name.prefix, NB_SUFFIX_AT);
        if (!args->filter.has_type)
                record.type = wins_mapping_type(default_kind(&name, count));
        if (record.type <= WINS_GROUP && count > 1)
                return cli_failf(ctx, CLI_EXIT_USAGE, "a %s record has one address; use --type multihomed or internet",
                                 wins_type_str(record.type));
        exit = check_class(ctx, args->words[0], &name, record.type);
        if (exit != CLI_EXIT_OK)
                return exit;
        for (size_t i = 0; i < count; i++)
                record.members[record.member_count++].address = addresses[i];
        return send_records(ctx, args, &record, 1);
}

int wins_run_add(const struct cli_context *ctx, const struct wins_args *args)
{
        return args->is_static || (args->filter.has_static && args->filter.is_static) ? add_static(ctx, args)
                                                                                      : add_dynamic(ctx, args);
}

/* ---- importing ---------------------------------------------------------------------------------------------------- */

static int tell_faults(const struct cli_context *ctx, const char *path, const struct wins_import *import)
{
        for (size_t i = 0; i < import->fault_count && i < WINS_IMPORT_MAX_FAULTS; i++) {
                const struct wins_import_fault *fault = &import->faults[i];

                if (fault->line > 0)
                        cli_failf(ctx, CLI_EXIT_USAGE, "%s, line %u: %s", path, fault->line, fault->text);
                else
                        cli_failf(ctx, CLI_EXIT_USAGE, "%s: %s", path, fault->text);
        }
        return cli_failf(ctx, CLI_EXIT_USAGE, "%s: nothing was imported; correct %s first", path,
                         import->fault_count == 1 ? "this line" : "these lines");
}

int wins_run_import(const struct cli_context *ctx, const struct wins_args *args)
{
        const struct nb_scope *scope = args->filter.has_scope ? &args->filter.scope : &(struct nb_scope){0};
        struct strbuf text = STRBUF_INIT;
        struct arena arena = ARENA_INIT;
        struct wins_import import = {0};

        if (args->word_count != 1)
                return cli_fail(ctx, CLI_EXIT_USAGE, "static import takes one file", NULL, "see 'netbt wins --help'");
        const char *path = strcmp(args->words[0], "-") == 0 ? "standard input" : args->words[0];
        int exit = cli_read_file(ctx, args->words[0], WINS_IMPORT_MAX_BYTES, &text);

        if (exit == CLI_EXIT_OK) {
                const int r = wins_import_parse(strbuf_str(&text), text.len_bytes, scope, &arena, &import);

                if (r == NBT_ERR_MALFORMED)
                        exit = tell_faults(ctx, path, &import);
                else if (r < 0)
                        exit = cli_fail(ctx, CLI_EXIT_FAILED, path, nbt_err_str(r), NULL);
                else if (import.count == 0)
                        exit = cli_fail(ctx, CLI_EXIT_USAGE, path, "there is no mapping in it", NULL);
        }
        if (exit == CLI_EXIT_OK && args->dry_run && ctx->json)
                print_added(ctx, args, import.records, import.count);
        else if (exit == CLI_EXIT_OK && args->dry_run)
                fprintf(ctx->out, "%zu records would be added\n", import.count);
        else if (exit == CLI_EXIT_OK)
                exit = send_records(ctx, args, import.records, import.count);
        arena_done(&arena);
        strbuf_done(&text);
        return exit;
}

/* ---- deleting ----------------------------------------------------------------------------------------------------- */

struct deletion {
        const struct cli_context *ctx;
        const char *word; /* "deleted" */
        uint64_t count;
};

/* A document of any length, record by record. */
static void print_json_row(struct deletion *d, const struct wins_record *record)
{
        json_t *json = wins_record_json(record, clock_wall().us / 1000000);

        fputs(d->count == 0 ? "{\n  \"deleted\": [\n" : ",\n", d->ctx->out);
        json_dumpf(json, d->ctx->out, JSON_COMPACT);
        json_decref(json);
}

static void finish_json(const struct deletion *d, const struct wins_args *args)
{
        fprintf(d->ctx->out, "%s],\n  \"tombstone\": %s,\n  \"dry_run\": %s\n}\n",
                d->count == 0 ? "{\n  \"deleted\": [" : "\n  ", args->tombstone ? "true" : "false",
                args->dry_run ? "true" : "false");
}

static int take_deleted(void *context, const struct ctl_wins_reply *page)
{
        struct deletion *d = context;

        for (size_t i = 0; i < page->row_count; i++) {
                if (d->ctx->json) {
                        print_json_row(d, &page->rows[i]);
                } else {
                        struct strbuf text = STRBUF_INIT;

                        wins_describe_record(&page->rows[i], &text);
                        fprintf(d->ctx->out, "%s: %s\n", d->word, strbuf_str(&text));
                        strbuf_done(&text);
                }
                d->count++;
        }
        return 0;
}

static int delete_matching(const struct cli_context *ctx, const struct wins_args *args,
                           const struct wins_filter *filter)
{
        const struct ctl_wins_request request = {.filter = *filter, .tombstone = args->tombstone};
        const enum ctl_request_type type = args->dry_run ? CTL_REQUEST_WINS_SHOW : CTL_REQUEST_WINS_DELETE;
        struct deletion deletion = {.ctx = ctx,
                                    .word = args->dry_run     ? "would be deleted"
                                            : args->tombstone ? "made a tombstone"
                                                              : "deleted"};
        struct wins_talk talk;
        int exit = wins_talk_open(ctx, &talk);

        if (exit == CLI_EXIT_OK)
                exit = wins_talk_pages(&talk, type, &request, args->limit, take_deleted, &deletion);
        wins_talk_close(&talk);
        if (ctx->json && (exit == CLI_EXIT_OK || deletion.count > 0))
                finish_json(&deletion, args);
        if (exit == CLI_EXIT_OK && deletion.count == 0)
                return cli_fail(ctx, CLI_EXIT_FOUND, "nothing was deleted", "no record is so",
                                "'netbt wins show' takes the same filters");
        return exit;
}

int wins_run_delete(const struct cli_context *ctx, const struct wins_args *args)
{
        struct wins_filter filter = args->filter;

        if (args->is_static)
                filter.has_static = filter.is_static = true;
        if (args->word_count > 1)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s takes one name; see 'netbt wins --help'", args->verb);
        if (args->word_count == 0 && !args->has_filter && !args->all)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: give a name or a filter; --all deletes every %s", args->verb,
                                 args->is_static ? "static mapping" : "record");
        if (args->word_count == 1) {
                const int exit = wins_filter_name(ctx, args->words[0], &filter);

                if (exit != CLI_EXIT_OK)
                        return exit;
        }
        return delete_matching(ctx, args, &filter);
}

/* ---- scavenging --------------------------------------------------------------------------------------------------- */

int wins_run_scavenge(const struct cli_context *ctx, const struct wins_args *args)
{
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply = {0};
        struct wins_talk talk;
        int exit = wins_take_nothing(ctx, args);

        if (exit != CLI_EXIT_OK)
                return exit;
        exit = wins_talk_open(ctx, &talk);
        if (exit == CLI_EXIT_OK)
                exit = wins_talk_call(&talk, CTL_REQUEST_WINS_SCAVENGE, NULL, &arena, &reply);
        if (exit == CLI_EXIT_OK && reply.result < 0)
                exit = wins_talk_refused(&talk, &reply, "scavenging was not begun");
        else if (exit == CLI_EXIT_OK && ctx->json)
                wins_print_json(ctx, json_pack("{s:b}", "begun", 1));
        else if (exit == CLI_EXIT_OK)
                fputs("scavenging has begun; 'netbt wins watch' tells what it does, 'netbt wins status' when it was "
                      "done last\n",
                      ctx->out);
        wins_talk_close(&talk);
        arena_done(&arena);
        return exit;
}
