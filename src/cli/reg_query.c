/* `netbt reg query`, `export`, `check` and `schema`: what reads and changes nothing. */
#include "cli/reg_cmd.h"

#include "cli/name_json.h"
#include "cli/settings_file.h"
#include "settings/effective.h"
#include "settings/schema.h"
#include "store/regfile.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

static const char *shown_name(const struct reg_value *value)
{
        return *value->name ? value->name : "(Default)";
}

static void print_value(FILE *out, const struct reg_value *value)
{
        struct strbuf data = STRBUF_INIT;
        const char *type = reg_type_str(value->type);

        reg_value_format(value, &data);
        if (type)
                fprintf(out, "    %s    %s    %s\n", shown_name(value), type, strbuf_str(&data));
        else
                fprintf(out, "    %s    0x%x    %s\n", shown_name(value), value->type, strbuf_str(&data));
        strbuf_done(&data);
}

static json_t *json_data(const struct reg_value *value)
{
        struct strbuf text = STRBUF_INIT;
        uint32_t number = 0;
        size_t pos = 0;
        json_t *data = NULL;

        if (reg_value_u32(value, &number) == 0)
                return json_integer(number);
        if (value->type == REG_TYPE_MULTI_SZ) {
                data = json_array();
                for (const char *item = reg_value_next(value, &pos); item; item = reg_value_next(value, &pos))
                        json_array_append_new(data, json_string(item));
                return data;
        }
        reg_value_format(value, &text);
        data = json_string(strbuf_str(&text));
        strbuf_done(&text);
        return data;
}

static json_t *json_value(const struct reg_value *value)
{
        const char *type = reg_type_str(value->type);
        json_t *out = json_pack("{s:s, s:o}", "name", value->name, "data", json_data(value));

        json_object_set_new(out, "type", type ? json_string(type) : json_integer(value->type));
        return out;
}

struct printer {
        struct reg_request *request;
        const struct reg_doc *doc;
        json_t *keys; /* NULL: text */
        size_t found;
};

/* The key's values (or the one asked for); with none to show, only a text listing of the key itself says that it is there. */
static void query_key(struct printer *p, const char *key, bool name_it)
{
        FILE *out = p->request->ctx->out;
        const struct reg_value *values = NULL;
        json_t *list = p->keys ? json_array() : NULL;
        size_t count = 0, shown = 0;

        if (reg_doc_values(p->doc, key, &p->request->arena, &values, &count) < 0)
                count = 0;
        for (size_t i = 0; i < count; i++) {
                if (p->request->value && !reg_name_equal(p->request->value, values[i].name))
                        continue;
                if (list)
                        json_array_append_new(list, json_value(&values[i]));
                else if (shown == 0)
                        fprintf(out, "\n%s\n", key);
                if (!list)
                        print_value(out, &values[i]);
                shown++;
        }
        p->found += shown;
        if (list && (shown || name_it))
                json_array_append_new(p->keys, json_pack("{s:s, s:o}", "key", key, "values", list));
        else
                json_decref(list);
        if (!p->keys && shown == 0 && name_it)
                fprintf(out, "\n%s\n", key);
}

/* The keys one below, as reg.exe lists them under the values. */
static void list_children(struct printer *p, const char *const *keys, size_t count, size_t above_len)
{
        FILE *out = p->request->ctx->out;
        const char **seen = arena_alloc(&p->request->arena, (count + 1) * sizeof(*seen));
        size_t seen_count = 0;

        fputc('\n', out);
        for (size_t i = 0; seen && i < count; i++) {
                if (strlen(keys[i]) <= above_len)
                        continue;
                const size_t len = above_len + 1 + strcspn(keys[i] + above_len + 1, "\\");
                const char *child = arena_printf(&p->request->arena, "%.*s", (int)len, keys[i]);
                bool known = !child;
                for (size_t j = 0; j < seen_count && !known; j++)
                        known = reg_name_equal(seen[j], child);
                if (!known) {
                        fprintf(out, "%s\n", child);
                        seen[seen_count++] = child;
                }
        }
}

static int finish_query(struct printer *p, const char *key, bool key_found)
{
        struct cli_context *ctx = p->request->ctx;

        if (p->keys) {
                json_t *document = json_pack("{s:o}", "keys", p->keys);
                json_print(ctx->out, document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        }
        if (p->request->value && p->found == 0)
                return cli_failf(ctx, CLI_EXIT_FOUND, "%s: value %s: not found: the default holds", key,
                                 *p->request->value ? p->request->value : "(Default)");
        if (!key_found && access(ctx->config_path, F_OK) < 0)
                return cli_failf(ctx, CLI_EXIT_FOUND,
                                 "%s: no such key: the settings file %s is not there; the defaults hold", key,
                                 ctx->config_path);
        if (!key_found)
                return cli_fail(ctx, CLI_EXIT_FOUND, key, "no such key", "'netbt reg query HKLM /s' lists them all");
        return CLI_EXIT_OK;
}

int reg_query(struct reg_request *request)
{
        struct printer p = {.request = request};
        struct reg_doc *doc = NULL;
        const char *key = NULL, *const *keys = NULL;
        size_t count = 0;

        if (request->argc != 1)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "query", "needs one KEY", "see 'netbt reg --help'");
        if (reg_key_normalise(request->argv[0], &request->arena, &key) < 0)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, request->argv[0], "not a key",
                                "keys begin with HKLM or another hive");
        int rc = settings_file_load(request->ctx, request->ctx->config_path, true, &doc);
        if (rc)
                return rc;
        p.doc = doc;
        p.keys = request->ctx->json ? json_array() : NULL;
        if (reg_doc_keys(doc, key, &request->arena, &keys, &count) < 0)
                count = 0;
        if (request->recursive)
                for (size_t i = 0; i < count; i++)
                        query_key(&p, keys[i], !request->value);
        else if (count)
                query_key(&p, key, !request->value);
        if (!request->recursive && !request->value && !p.keys && count)
                list_children(&p, keys, count, strlen(key));
        rc = finish_query(&p, key, count > 0);
        reg_doc_free(doc);
        return rc;
}

/* ---- export ------------------------------------------------------------------------------------------------------ */

static int copy_keys(struct reg_request *request, const struct reg_doc *from, const char *under, struct reg_doc *to)
{
        const char *const *keys = NULL;
        size_t count = 0;
        int rc = reg_doc_keys(from, under, &request->arena, &keys, &count);

        for (size_t i = 0; rc == 0 && i < count; i++) {
                const struct reg_value *values = NULL;
                size_t value_count = 0;
                rc = reg_doc_add_key(to, keys[i]);
                if (rc == 0)
                        rc = reg_doc_values(from, keys[i], &request->arena, &values, &value_count);
                for (size_t j = 0; rc == 0 && j < value_count; j++)
                        rc = reg_doc_set(to, keys[i], values[j].name, &values[j]);
        }
        return rc == 0 && count == 0 ? NBT_ERR_NOT_FOUND : rc;
}

static int write_export(struct reg_request *request, const char *path, const struct reg_doc *doc)
{
        struct strbuf bytes = STRBUF_INIT;
        int rc = reg_doc_serialise(doc, &bytes);

        if (rc == 0 && strcmp(path, "-") == 0)
                fwrite(bytes.text, 1, bytes.len_bytes, request->ctx->out);
        else if (rc == 0 && !request->force && access(path, F_OK) == 0)
                rc = NBT_ERR_EXISTS;
        else if (rc == 0)
                rc = regfile_write(path, bytes.text, bytes.len_bytes);
        strbuf_done(&bytes);
        if (rc == NBT_ERR_EXISTS)
                return cli_fail(request->ctx, CLI_EXIT_FAILED, path, "exists already", "overwrite it with /y");
        return rc < 0 ? settings_file_fail(request->ctx, CLI_EXIT_FAILED, path, rc, NULL) : CLI_EXIT_OK;
}

/* UTF-16 as Windows exports it, but to a pipe UTF-8: that is read by people and by grep. */
int reg_export(struct reg_request *request)
{
        struct reg_doc *doc = NULL, *out = NULL;

        if (request->argc != 2)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "export", "needs a KEY and a FILE (or -)",
                                "see 'netbt reg --help'");
        int rc = settings_file_load(request->ctx, request->ctx->config_path, true, &doc);
        if (rc)
                return rc;
        rc = reg_doc_new(&out, strcmp(request->argv[1], "-") == 0 ? REG_ENC_UTF8 : REG_ENC_UTF16LE);
        if (rc == 0)
                rc = copy_keys(request, doc, request->argv[0], out);
        if (rc == NBT_ERR_NOT_FOUND)
                rc = cli_fail(request->ctx, CLI_EXIT_FOUND, request->argv[0], "no such key", NULL);
        else if (rc == NBT_ERR_MALFORMED)
                rc = cli_fail(request->ctx, CLI_EXIT_USAGE, request->argv[0], "not a key",
                              "keys begin with HKLM or another hive");
        else if (rc < 0)
                rc = cli_fail(request->ctx, CLI_EXIT_FAILED, request->argv[0], nbt_err_str(rc), NULL);
        else
                rc = write_export(request, request->argv[1], out);
        reg_doc_free(out);
        reg_doc_free(doc);
        return rc;
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

static void print_check_json(struct reg_request *request, const char *path, const struct settings_effective *settings)
{
        json_t *list = json_array();

        for (size_t i = 0; i < settings->complaint_count; i++) {
                const struct settings_complaint *c = &settings->complaints[i];
                json_t *row = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "level", settings_level_str(c->level), "key",
                                        c->key, "name", c->name, "line", (int)c->line, "what", c->what, "why", c->why);
                json_object_set_new(row, "event", c->event_id ? json_integer(c->event_id) : json_null());
                json_array_append_new(list, row);
        }
        json_t *document = json_pack("{s:o, s:b, s:o}", "file", json_from_text(path), "faults",
                                     settings_has_faults(settings), "complaints", list);
        json_print(request->ctx->out, document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
}

static void print_check(struct reg_request *request, const char *path, const struct settings_effective *settings)
{
        size_t faults = 0;

        for (size_t i = 0; i < settings->complaint_count; i++) {
                const char *line = settings_complaint_format(&settings->complaints[i], &request->arena);
                fprintf(request->ctx->out, "%s: %s\n", path, line ? line : nbt_err_str(NBT_ERR_NOMEM));
                faults += settings->complaints[i].level != SETTINGS_NOTE;
        }
        if (faults)
                fprintf(request->ctx->out, "%s: %zu %s.\n", path, faults,
                        faults == 1 ? "value is not as it should be" : "values are not as they should be");
        else
                fprintf(request->ctx->out, "%s: nothing wrong found.\n", path);
}

static int tell_absent(struct reg_request *request, const char *path)
{
        static const struct settings_effective nothing;

        if (request->ctx->json)
                print_check_json(request, path, &nothing);
        else
                fprintf(request->ctx->out, "%s: not there; the defaults hold.\n", path);
        return CLI_EXIT_OK;
}

int reg_check(struct reg_request *request)
{
        const char *path = request->argc ? request->argv[0] : request->ctx->config_path;
        struct settings_effective settings;
        struct reg_doc *doc = NULL;

        if (request->argc > 1)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "check", "takes one FILE at most", NULL);
        /* without a file of its own at the usual place a machine runs on the defaults, and nothing is wrong with that */
        if (!request->argc && strcmp(path, CLI_DEFAULT_CONFIG) == 0 && access(path, F_OK) < 0 && errno == ENOENT)
                return tell_absent(request, path);
        const int rc = settings_file_load(request->ctx, path, false, &doc);
        if (rc)
                return rc;
        if (settings_effective_build(doc, &request->arena, &settings) < 0) {
                reg_doc_free(doc);
                return cli_fail(request->ctx, CLI_EXIT_FAILED, path, nbt_err_str(NBT_ERR_NOMEM), NULL);
        }
        if (request->ctx->json)
                print_check_json(request, path, &settings);
        else
                print_check(request, path, &settings);
        reg_doc_free(doc);
        return settings_has_faults(&settings) ? CLI_EXIT_FOUND : CLI_EXIT_OK;
}

/* ---- schema ------------------------------------------------------------------------------------------------------ */

static json_t *json_row(struct reg_request *request, const struct schema_row *row)
{
        const char *allowed = schema_allowed_str(row, &request->arena);
        json_t *out =
                json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:s}", "key", row->key, "per_interface", row->per_iface,
                          "name", row->name, "type", reg_type_str(row->type), "allowed", allowed ? allowed : "",
                          "effect", schema_effect_str(row->effect), "meaning", row->meaning, "source", row->source);

        json_object_set_new(out, "default", row->type == REG_TYPE_DWORD ? json_integer(row->fallback) : json_null());
        json_object_set_new(out, "reason", row->reason ? json_string(row->reason) : json_null());
        return out;
}

static void print_row(struct reg_request *request, const struct schema_row *row, const char **key)
{
        FILE *out = request->ctx->out;
        const char *allowed = schema_allowed_str(row, &request->arena);

        if (*key != row->key)
                fprintf(out, "\n%s%s\n", row->key, row->per_iface ? "\\<interface>" : "");
        *key = row->key;
        fprintf(out, "    %s    %s    %s", row->name, reg_type_str(row->type), allowed ? allowed : "");
        if (row->form == SCHEMA_FORM_NUMBER || row->form == SCHEMA_FORM_PORT)
                fprintf(out, " (%u)", row->fallback);
        fprintf(out, "\n        %s", row->meaning);
        if (row->reason)
                fprintf(out, "; %s: %s", schema_effect_str(row->effect), row->reason);
        fputc('\n', out);
}

int reg_schema(struct reg_request *request)
{
        const char *wanted = request->argc ? request->argv[0] : NULL, *key = NULL;
        json_t *list = request->ctx->json ? json_array() : NULL;
        size_t count = 0, shown = 0;
        const struct schema_row *rows = schema_rows(&count);

        for (size_t i = 0; i < count; i++) {
                if (wanted && !reg_name_equal(wanted, rows[i].name))
                        continue;
                if (list)
                        json_array_append_new(list, json_row(request, &rows[i]));
                else
                        print_row(request, &rows[i], &key);
                shown++;
        }
        if (list) {
                json_t *document = json_pack("{s:o}", "values", list);
                json_print(request->ctx->out, document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        }
        if (wanted && shown == 0)
                return cli_fail(request->ctx, CLI_EXIT_FOUND, wanted, "no value of this name is known",
                                "'netbt reg schema' lists all");
        return CLI_EXIT_OK;
}
