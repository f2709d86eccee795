/* netbt dhcp show, clear and learn: the settings' Dhcp* values. */
#include "base/ip4.h"
#include "cli/dhcp_settings.h"
#include "cli/name_json.h"
#include "cli/settings_file.h"
#include "wire/name.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- learn -------------------------------------------------------------------------------------------------------- */

const char *dhcp_iface_id(const struct reg_doc *doc, const char *name, struct arena *arena)
{
        struct settings_effective *effective = arena_alloc(arena, sizeof *effective);
        const struct settings_iface *iface = NULL;

        if (effective && settings_effective_build(doc, arena, effective) == 0)
                iface = settings_iface_find(effective, name);
        return iface ? iface->id : name;
}

struct learnt_edit {
        const char *iface;
        const struct dhcp_learnt *learnt;
};

static int edit_learnt(struct reg_doc *doc, struct arena *arena, void *context, bool *ret_changed)
{
        const struct learnt_edit *edit = context;

        return dhcp_learnt_apply(doc, dhcp_iface_id(doc, edit->iface, arena), edit->learnt, ret_changed);
}

int dhcp_save_learnt(struct dhcp_request *request, const struct dhcp_learnt *learnt, struct settings_edited *ret)
{
        struct learnt_edit edit = {request->iface, learnt};

        return settings_edit(request->ctx, &request->arena, edit_learnt, &edit, ret);
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
        struct settings_edited done = {0};

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

/* ID: of the interface asked for; NULL: all. */
static bool is_wanted(const struct dhcp_setting *s, const char *id)
{
        return !id || reg_name_equal(s->iface, id);
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

struct selection {
        struct reg_doc *doc;
        const struct dhcp_setting *rows;
        size_t count;
        const char *id;
};

static int select_settings(struct dhcp_request *request, struct selection *ret)
{
        const int exit = settings_file_load(request->ctx, request->ctx->config_path, true, &ret->doc);

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
                if (!is_wanted(&sel->rows[i], sel->id))
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
                json_print(ctx->out, json_pack("{s:o, s:O}", "file", json_from_text(ctx->config_path), "values", list),
                           JSON_INDENT(2) | JSON_ENSURE_ASCII);
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

static bool is_to_go(const struct dhcp_setting *s, const char *id, bool all)
{
        return is_wanted(s, id) && (all || dhcp_setting_is_leftover(s));
}

struct clear_edit {
        const char *iface; /* NULL: every interface */
        bool all;
};

/* Found anew in the document that is locked: it may have changed since it was shown. */
static int edit_clear(struct reg_doc *doc, struct arena *arena, void *context, bool *ret_changed)
{
        const struct clear_edit *edit = context;
        const struct dhcp_setting *rows = NULL;
        const char *id = edit->iface ? dhcp_iface_id(doc, edit->iface, arena) : NULL;
        size_t count = 0;
        int rc = dhcp_settings_list(doc, arena, &rows, &count);

        for (size_t i = 0; rc == 0 && i < count; i++) {
                if (!is_to_go(&rows[i], id, edit->all))
                        continue;
                rc = reg_doc_delete_value(doc, rows[i].key, rows[i].name);
                *ret_changed = true;
        }
        return rc;
}

int dhcp_clear_leftovers(const struct cli_context *ctx, struct arena *arena, struct settings_edited *ret)
{
        struct clear_edit edit = {0};

        return settings_edit(ctx, arena, edit_clear, &edit, ret);
}

static void tell_cleared(struct dhcp_request *request, const struct selection *sel, const struct settings_edited *done)
{
        struct cli_context *ctx = request->ctx;
        json_t *list = json_array();

        for (size_t i = 0; i < sel->count; i++) {
                if (!is_to_go(&sel->rows[i], sel->id, request->all))
                        continue;
                if (ctx->json)
                        json_array_append_new(list, json_setting(&sel->rows[i]));
                else
                        fprintf(ctx->out, "%s %s\\%s = %s\n",
                                request->yes ? "Deleted:" : "Would delete:", short_key(sel->rows[i].key),
                                sel->rows[i].name, sel->rows[i].text);
        }
        if (ctx->json)
                json_print(ctx->out,
                           json_pack("{s:b, s:o, s:O}", "done", done->changed, "backup",
                                     done->backup ? json_from_text(done->backup) : json_null(), "values", list),
                           JSON_INDENT(2) | JSON_ENSURE_ASCII);
        else if (json_array_size(list) == 0 && !request->yes)
                fputs("Nothing was changed; 'netbt dhcp clear --yes' does it, after a backup.\n", ctx->out);
        if (!ctx->json && done->backup)
                fprintf(ctx->out, "What was before: %s\nTo undo: netbt reg restore %s\n", done->backup, done->backup);
        json_decref(list);
}

int dhcp_clear(struct dhcp_request *request)
{
        struct selection sel = {0};
        struct settings_edited done = {0};
        struct clear_edit edit = {request->iface, request->all};
        size_t to_go = 0;

        if (request->argc)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "clear", "takes no argument", "see 'netbt dhcp --help'");
        int exit = select_settings(request, &sel);
        for (size_t i = 0; exit == 0 && i < sel.count; i++)
                to_go += is_to_go(&sel.rows[i], sel.id, request->all);
        if (exit == 0 && to_go && request->yes)
                exit = settings_edit(request->ctx, &request->arena, edit_clear, &edit, &done);
        if (exit == 0 && to_go == 0 && !request->ctx->json)
                fprintf(request->ctx->out, "Nothing from DHCP is left over in %s.\n", request->ctx->config_path);
        else if (exit == 0)
                tell_cleared(request, &sel, &done);
        reg_doc_free(sel.doc);
        return exit ? exit : to_go && !request->yes ? CLI_EXIT_FOUND : CLI_EXIT_OK;
}
