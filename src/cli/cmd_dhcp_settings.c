/* netbt dhcp show, clear and learn: the settings' Dhcp* values. */
#include "base/ip4.h"
#include "cli/dhcp_settings.h"
#include "ctl/ctl.h"
#include "store/regfile.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- the file ----------------------------------------------------------------------------------------------------- */

static int fail_settings(const struct dhcp_request *request, const char *what, int code, const struct reg_error *error)
{
        const char *path = request->ctx->config_path;

        if (error && error->line)
                return cli_failf(request->ctx, CLI_EXIT_USAGE, "%s, line %u: not a registry file: expected %s", path,
                                 error->line, error->expected);
        return cli_failf(request->ctx, CLI_EXIT_FAILED, "%s: %s: %s%s", path, what,
                         code == NBT_ERR_IO ? strerror(errno) : nbt_err_str(code),
                         code == NBT_ERR_DENIED ? "; run it as root" : "");
}

/* A file that is not there holds nothing. */
static int load(const struct dhcp_request *request, struct reg_doc **ret)
{
        struct reg_error error = {0};
        int rc = regfile_load(request->ctx->config_path, ret, &error);

        if (rc == NBT_ERR_NOT_FOUND)
                rc = reg_doc_new(ret, REG_ENC_UTF8);
        return rc < 0 ? fail_settings(request, "not read", rc, &error) : 0;
}

/* A running node reads its settings anew; where none runs, there is nothing to tell. */
static void tell_node(struct dhcp_request *request)
{
        const struct ctl_request reload = {.type = CTL_REQUEST_SETTINGS_RELOAD};
        struct ctl_client *client = NULL;
        struct ctl_reply reply = {0};
        int rc = ctl_connect(request->ctx->runtime_dir, &client);

        if (rc < 0)
                return;
        rc = ctl_call(client, &reload, &request->arena, &reply);
        if (rc == 0)
                rc = reply.result;
        ctl_close(client);
        if (rc < 0)
                cli_failf(request->ctx, CLI_EXIT_OK, "the settings are written, but netbtd did not take them: %s",
                          ctl_error_why(rc));
}

int dhcp_change(struct dhcp_request *request,
                int (*edit)(struct dhcp_request *request, struct reg_doc *doc, void *context, bool *ret_changed),
                void *context, struct dhcp_changed *ret)
{
        struct reg_doc *doc = NULL;
        struct dhcp_changed done = {0};
        const int lock = regfile_lock(request->ctx->config_path);

        if (lock < 0)
                return fail_settings(request, "not changed", lock, NULL);
        int exit = load(request, &doc);
        if (exit == 0) {
                int rc = edit(request, doc, context, &done.changed);
                if (rc == 0 && done.changed)
                        rc = regfile_save(request->ctx->config_path, request->ctx->state_dir, doc, &request->arena,
                                          &done.backup);
                if (rc < 0)
                        exit = fail_settings(request, "not changed", rc, NULL);
        }
        reg_doc_free(doc);
        regfile_unlock(lock);
        if (exit == 0 && done.changed)
                tell_node(request);
        *ret = done;
        return exit;
}

/* ---- learn -------------------------------------------------------------------------------------------------------- */

const char *dhcp_iface_id(const struct reg_doc *doc, const char *name, struct arena *arena)
{
        struct settings_effective *effective = arena_alloc(arena, sizeof *effective);
        const struct settings_iface *iface = NULL;

        if (effective && settings_effective_build(doc, arena, effective) == 0)
                iface = settings_iface_find(effective, name);
        return iface ? iface->id : name;
}

static int edit_learnt(struct dhcp_request *request, struct reg_doc *doc, void *context, bool *ret_changed)
{
        return dhcp_learnt_apply(doc, dhcp_iface_id(doc, request->iface, &request->arena), context, ret_changed);
}

int dhcp_save_learnt(struct dhcp_request *request, const struct dhcp_learnt *learnt, struct dhcp_changed *ret)
{
        struct dhcp_learnt copy = *learnt;

        return dhcp_change(request, edit_learnt, &copy, ret);
}

static int take_addresses(struct dhcp_request *request, const char *text, uint32_t ret[SETTINGS_MAX_WINS],
                          size_t *ret_count)
{
        size_t count = 0;

        for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
                const size_t len = strcspn(text, " ,");
                char word[IP4_TEXT_BYTES] = "";
                uint32_t address = 0;

                if (len < sizeof word)
                        memcpy(word, text, len);
                if (ip4_parse(word, &address) < 0 || address == 0)
                        return cli_failf(request->ctx, CLI_EXIT_USAGE, "%.*s: not an address: nothing is written",
                                         (int)len, text);
                if (count < SETTINGS_MAX_WINS)
                        ret[count++] = address;
                text += len;
        }
        *ret_count = count;
        return 0;
}

static int take_number(struct dhcp_request *request, const char *text, unsigned long most, uint32_t *ret)
{
        char *end = NULL;
        const unsigned long number = strtoul(text, &end, 0);

        if (end == text || *end || number > most)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, text,
                                "not a number that may stand here: nothing is written", NULL);
        *ret = (uint32_t)number;
        return 0;
}

static int take_scope(struct dhcp_request *request, struct dhcp_learnt *learnt)
{
        struct nb_scope scope;

        if (strlen(request->scope) >= sizeof learnt->scope || nb_scope_parse(request->scope, &scope) < 0)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, request->scope, "not a scope: nothing is written",
                                "dotted parts of 1 to 63 bytes, 255 in all");
        (void)snprintf(learnt->scope, sizeof learnt->scope, "%s", request->scope);
        return 0;
}

static int take_learnt(struct dhcp_request *request, struct dhcp_learnt *ret)
{
        int exit = request->wins ? take_addresses(request, request->wins, ret->wins, &ret->wins_count) : 0;

        if (exit == 0 && request->nbdd)
                exit = take_addresses(request, request->nbdd, ret->nbdd, &ret->nbdd_count);
        if (exit == 0 && request->node_type && *request->node_type)
                exit = take_number(request, request->node_type, 8, &ret->node_type);
        if (exit == 0 && ret->node_type && ret->node_type != 1 && ret->node_type != 2 && ret->node_type != 4 &&
            ret->node_type != 8)
                exit = cli_fail(request->ctx, CLI_EXIT_USAGE, request->node_type, "not a node type: nothing is written",
                                "1 is B, 2 P, 4 M, 8 H");
        if (exit == 0 && request->scope && *request->scope)
                exit = take_scope(request, ret);
        if (exit == 0 && request->netbios && *request->netbios) {
                exit = take_number(request, request->netbios, 2, &ret->netbios);
                ret->has_netbios = true;
        }
        return exit;
}

int dhcp_learn(struct dhcp_request *request)
{
        struct dhcp_learnt learnt = {0};
        struct dhcp_changed done = {0};

        if (request->argc || !request->iface || !*request->iface || strchr(request->iface, '\\'))
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "learn", "needs -i IFACE and no argument",
                                "see 'netbt dhcp --help'");
        int exit = request->release ? 0 : take_learnt(request, &learnt);
        if (exit == 0)
                exit = dhcp_save_learnt(request, &learnt, &done);
        if (exit == 0 && request->ctx->json)
                fprintf(request->ctx->out, "{\"changed\": %s}\n", done.changed ? "true" : "false");
        return exit;
}

/* ---- show --------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct dhcp_request *request, const struct dhcp_setting *s, const char *id)
{
        return !request->iface || reg_name_equal(s->iface, id);
}

/* The part of a key that tells. */
static const char *short_key(const char *key)
{
        static const char services[] = "\\Services\\";
        const char *at = strstr(key, services);

        return at ? at + sizeof services - 1 : key;
}

static void print_setting(FILE *out, const struct dhcp_setting *s)
{
        fprintf(out, "  %s\\%s = %s\n    %s", short_key(s->key), s->name, s->text, dhcp_use_str(s->use));
        if (s->above)
                fprintf(out, ": %s = %s stands above it", s->above, s->above_text);
        else if (dhcp_setting_is_leftover(s))
                fputs(": the address is static (EnableDHCP = 0)", out);
        fputc('\n', out);
}

static json_t *json_setting(const struct dhcp_setting *s)
{
        return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s?, s:s?, s:b}", "key", s->key, "name", s->name, "interface",
                         *s->iface ? s->iface : NULL, "value", s->text, "use", dhcp_use_str(s->use), "hidden_by",
                         s->above, "hidden_by_value", s->above ? s->above_text : NULL, "leftover",
                         dhcp_setting_is_leftover(s));
}

static void print_json(FILE *out, json_t *document)
{
        json_dumpf(document, out, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        fputc('\n', out);
        json_decref(document);
}

struct selection {
        struct reg_doc *doc;
        const struct dhcp_setting *rows;
        size_t count;
        const char *id;
};

static int select_settings(struct dhcp_request *request, struct selection *ret)
{
        const int exit = load(request, &ret->doc);

        if (exit)
                return exit;
        ret->id = request->iface ? dhcp_iface_id(ret->doc, request->iface, &request->arena) : NULL;
        if (dhcp_settings_list(ret->doc, &request->arena, &ret->rows, &ret->count) < 0)
                return cli_fail(request->ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
        return 0;
}

static int show_selection(struct dhcp_request *request, const struct selection *sel)
{
        struct cli_context *ctx = request->ctx;
        json_t *list = json_array();
        size_t shown = 0, left = 0;

        for (size_t i = 0; i < sel->count; i++) {
                if (!is_wanted(request, &sel->rows[i], sel->id))
                        continue;
                if (shown++ == 0 && !ctx->json)
                        fprintf(ctx->out, "What DHCP left in %s:\n", ctx->config_path);
                left += dhcp_setting_is_leftover(&sel->rows[i]);
                if (ctx->json)
                        json_array_append_new(list, json_setting(&sel->rows[i]));
                else
                        print_setting(ctx->out, &sel->rows[i]);
        }
        if (ctx->json) {
                print_json(ctx->out, json_pack("{s:s, s:O}", "file", ctx->config_path, "values", list));
        } else if (shown == 0) {
                fprintf(ctx->out, "%s holds no values from DHCP.\n", ctx->config_path);
        } else if (left) {
                fprintf(ctx->out, "%zu of them %s left over; 'netbt dhcp clear' takes %s out.\n", left,
                        left == 1 ? "is" : "are", left == 1 ? "it" : "them");
        }
        json_decref(list);
        return left ? CLI_EXIT_FOUND : CLI_EXIT_OK;
}

int dhcp_show(struct dhcp_request *request)
{
        struct selection sel = {0};

        if (request->argc)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "show", "takes no argument", "see 'netbt dhcp --help'");
        int exit = select_settings(request, &sel);
        if (exit == 0)
                exit = show_selection(request, &sel);
        reg_doc_free(sel.doc);
        return exit;
}

/* ---- clear -------------------------------------------------------------------------------------------------------- */

static bool is_to_go(const struct dhcp_request *request, const struct dhcp_setting *s, const char *id)
{
        return is_wanted(request, s, id) && (request->all || dhcp_setting_is_leftover(s));
}

/* Found anew in the document that is locked: it may have changed since it was shown. */
static int edit_clear(struct dhcp_request *request, struct reg_doc *doc, void *context, bool *ret_changed)
{
        const struct dhcp_setting *rows = NULL;
        const char *id = request->iface ? dhcp_iface_id(doc, request->iface, &request->arena) : NULL;
        size_t count = 0;
        int rc = dhcp_settings_list(doc, &request->arena, &rows, &count);

        (void)context;
        for (size_t i = 0; rc == 0 && i < count; i++) {
                if (!is_to_go(request, &rows[i], id))
                        continue;
                rc = reg_doc_delete_value(doc, rows[i].key, rows[i].name);
                *ret_changed = true;
        }
        return rc;
}

static void tell_cleared(struct dhcp_request *request, const struct selection *sel, const struct dhcp_changed *done)
{
        struct cli_context *ctx = request->ctx;
        json_t *list = json_array();

        for (size_t i = 0; i < sel->count; i++) {
                if (!is_to_go(request, &sel->rows[i], sel->id))
                        continue;
                if (ctx->json)
                        json_array_append_new(list, json_setting(&sel->rows[i]));
                else
                        fprintf(ctx->out, "%s %s\\%s = %s\n",
                                request->yes ? "Deleted:" : "Would delete:", short_key(sel->rows[i].key),
                                sel->rows[i].name, sel->rows[i].text);
        }
        if (ctx->json)
                print_json(ctx->out, json_pack("{s:b, s:s?, s:O}", "done", done->changed, "backup", done->backup,
                                               "values", list));
        else if (json_array_size(list) == 0 && !request->yes)
                fputs("Nothing was changed; 'netbt dhcp clear --yes' does it, after a backup.\n", ctx->out);
        if (!ctx->json && done->backup)
                fprintf(ctx->out, "What was before: %s\nTo undo: netbt reg restore %s\n", done->backup, done->backup);
        json_decref(list);
}

int dhcp_clear(struct dhcp_request *request)
{
        struct selection sel = {0};
        struct dhcp_changed done = {0};
        size_t to_go = 0;

        if (request->argc)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "clear", "takes no argument", "see 'netbt dhcp --help'");
        int exit = select_settings(request, &sel);
        for (size_t i = 0; exit == 0 && i < sel.count; i++)
                to_go += is_to_go(request, &sel.rows[i], sel.id);
        if (exit == 0 && to_go && request->yes)
                exit = dhcp_change(request, edit_clear, NULL, &done);
        if (exit == 0 && to_go == 0 && !request->ctx->json)
                fprintf(request->ctx->out, "Nothing from DHCP is left over in %s.\n", request->ctx->config_path);
        else if (exit == 0)
                tell_cleared(request, &sel, &done);
        reg_doc_free(sel.doc);
        return exit ? exit : to_go && !request->yes ? CLI_EXIT_FOUND : CLI_EXIT_OK;
}
