/* `netbt reg add`, `delete`, `import`, `backup` and `restore`: every change is checked first, backed up, and atomic. */
#include "cli/reg_cmd.h"

#include "cli/name_json.h"
#include "cli/settings_file.h"
#include "settings/effective.h"
#include "settings/schema.h"
#include "store/regfile.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Asks where someone can answer; in scripts the switch is not needed, since there is the backup. */
static bool is_confirmed(const struct reg_request *request, const char *question)
{
        char answer[16] = "";

        if (request->force || !isatty(STDIN_FILENO))
                return true;
        fprintf(request->ctx->err, "%s (yes/no)? ", question);
        return fgets(answer, sizeof(answer), stdin) && strncasecmp(answer, "y", 1) == 0;
}

static void print_result(const struct reg_request *request, const char *what, const char *backup)
{
        struct cli_context *ctx = request->ctx;

        if (ctx->json) {
                json_print(ctx->out,
                           json_pack("{s:s, s:o, s:o}", "done", what, "file", json_from_text(ctx->config_path),
                                     "backup", backup ? json_from_text(backup) : json_null()),
                           JSON_ENSURE_ASCII);
                return;
        }
        fprintf(ctx->out, "%s.\n", what);
        if (backup)
                fprintf(ctx->out, "What was before: %s\n", backup);
}

/* A change of the settings: EDIT returns 0 to have the document saved, or an exit code (< 0: nothing to say, nothing to save). */
static int change(struct reg_request *request, int (*edit)(struct reg_request *request, struct reg_doc *doc),
                  const char *done)
{
        const char *path = request->ctx->config_path, *backup = NULL;
        struct reg_doc *doc = NULL;
        const int lock = regfile_lock(path);

        if (lock < 0 && lock != NBT_ERR_NOT_FOUND)
                return settings_file_fail(request->ctx, CLI_EXIT_FAILED, path, lock, NULL);
        int exit = settings_file_load(request->ctx, path, true, &doc);
        if (exit == 0)
                exit = edit(request, doc);
        if (exit == 0) {
                const int rc = regfile_save(path, request->ctx->state_dir, doc, &request->arena, &backup);
                if (rc < 0)
                        exit = cli_failf(request->ctx, CLI_EXIT_FAILED, "%s: not changed: %s; backups go to %s/backups",
                                         path, cli_why(rc), request->ctx->state_dir);
                else
                        print_result(request, done, backup);
        }
        reg_doc_free(doc);
        regfile_unlock(lock);
        return exit < 0 ? CLI_EXIT_OK : exit;
}

static int fail_edit(const struct reg_request *request, const char *what, int code)
{
        switch (code) {
        case NBT_ERR_MALFORMED:
                return cli_fail(request->ctx, CLI_EXIT_USAGE, what, "not a key or value that can be written",
                                "keys begin with HKLM or another hive");
        case NBT_ERR_NOT_FOUND:
                return cli_fail(request->ctx, CLI_EXIT_FOUND, what, "not found: nothing to delete", NULL);
        case NBT_ERR_UNSUPPORTED:
                return cli_fail(request->ctx, CLI_EXIT_USAGE, what, "holds a character that the file's code page lacks",
                                "export the file, and import it into a new one in UTF-8");
        case NBT_ERR_RANGE:
                return cli_fail(request->ctx, CLI_EXIT_USAGE, what, "too long", NULL);
        default:
                return cli_fail(request->ctx, CLI_EXIT_FAILED, what, nbt_err_str(code), NULL);
        }
}

/* ---- add --------------------------------------------------------------------------------------------------------- */

/* May the value stand there? 0, or an exit code. */
static int check_value(const struct reg_request *request, const char *key, const struct schema_row *row,
                       struct reg_value *value)
{
        struct cli_context *ctx = request->ctx;
        const char *why = NULL;
        uint32_t number = 0;

        if (!row && schema_owns_key(key) && !request->force)
                return cli_failf(ctx, CLI_EXIT_USAGE,
                                 "%s: no such value is known in this key: nothing is written; 'netbt reg schema' lists "
                                 "them, /f writes it all the same",
                                 request->value);
        if (!row)
                return 0;
        struct arena arena = ARENA_INIT;
        const int rc = schema_check(row, value, &arena, &why);
        if (rc < 0)
                cli_failf(ctx, CLI_EXIT_USAGE, "%s = %s: %s: nothing is written", row->name,
                          request->data ? request->data : "", why);
        arena_done(&arena);
        if (rc < 0)
                return CLI_EXIT_USAGE;
        if (row->effect == SCHEMA_EFFECT_REFUSED && reg_value_u32(value, &number) == 0 && number != row->fallback)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s = %u: %s: nothing is written", row->name, number,
                                 row->reason);
        if (row->effect == SCHEMA_EFFECT_NOTED)
                cli_failf(ctx, CLI_EXIT_OK, "%s: written, but without effect here: %s", row->name, row->reason);
        return 0;
}

static int parse_value(struct reg_request *request, const struct schema_row *row, struct reg_value *ret)
{
        uint32_t type = row ? row->type : REG_TYPE_SZ;
        const char *data = request->data ? request->data : "";

        if (request->type && reg_type_parse(request->type, &type) < 0)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, request->type, "not a type",
                                "use REG_SZ, REG_DWORD, REG_MULTI_SZ, REG_EXPAND_SZ, REG_BINARY or REG_QWORD");
        const int rc = reg_value_parse(type, data, request->separator, &request->arena, ret);
        if (rc < 0)
                return cli_failf(request->ctx, CLI_EXIT_USAGE, "%s: %s for %s", data,
                                 rc == NBT_ERR_RANGE         ? "too large"
                                 : rc == NBT_ERR_UNSUPPORTED ? "cannot be given as text"
                                                             : "not the right form",
                                 reg_type_str(type));
        return 0;
}

static int edit_add(struct reg_request *request, struct reg_doc *doc)
{
        const char *key = request->argv[0];
        struct reg_value value, old;

        if (!request->value) {
                const int rc = reg_doc_add_key(doc, key);
                return rc < 0 ? fail_edit(request, key, rc) : 0;
        }
        const struct schema_row *row = schema_find(key, request->value);
        int exit = parse_value(request, row, &value);
        if (exit == 0)
                exit = check_value(request, key, row, &value);
        if (exit)
                return exit;
        if (reg_doc_find(doc, key, request->value, &old) == 0 &&
            !is_confirmed(request, "The value is set: overwrite it"))
                return -1;
        const int rc = reg_doc_set(doc, key, request->value, &value);
        return rc < 0 ? fail_edit(request, key, rc) : 0;
}

int reg_add(struct reg_request *request)
{
        if (request->argc != 1)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "add", "needs one KEY", "see 'netbt reg --help'");
        if (!request->value && (request->data || request->type))
                request->value = "";
        return change(request, edit_add, request->value ? "The value is set" : "The key is there");
}

/* ---- delete ------------------------------------------------------------------------------------------------------ */

static int delete_all_values(struct reg_request *request, struct reg_doc *doc, const char *key)
{
        const struct reg_value *values = NULL;
        size_t count = 0;
        int rc = reg_doc_values(doc, key, &request->arena, &values, &count);

        for (size_t i = 0; rc == 0 && i < count; i++)
                rc = reg_doc_delete_value(doc, key, values[i].name);
        return rc;
}

static int edit_delete(struct reg_request *request, struct reg_doc *doc)
{
        const char *key = request->argv[0];
        int rc = 0;

        if (!is_confirmed(request, request->value ? "Delete the value" : "Delete the key and all below it"))
                return -1;
        if (request->all_values)
                rc = delete_all_values(request, doc, key);
        else if (request->value)
                rc = reg_doc_delete_value(doc, key, request->value);
        else
                rc = reg_doc_delete_key(doc, key);
        return rc < 0 ? fail_edit(request, request->value && *request->value ? request->value : key, rc) : 0;
}

int reg_delete(struct reg_request *request)
{
        if (request->argc != 1)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "delete", "needs one KEY", "see 'netbt reg --help'");
        return change(request, edit_delete,
                      request->all_values ? "The values are deleted"
                      : request->value    ? "The value is deleted"
                                          : "The key is deleted");
}

/* ---- import ------------------------------------------------------------------------------------------------------ */

/* What would not be taken is not imported, unless told to. */
static int check_import(struct reg_request *request, const struct reg_doc *from)
{
        struct settings_effective settings;
        size_t refused = 0;

        if (settings_effective_build(from, &request->arena, &settings) < 0)
                return cli_fail(request->ctx, CLI_EXIT_FAILED, request->argv[0], nbt_err_str(NBT_ERR_NOMEM), NULL);
        for (size_t i = 0; i < settings.complaint_count; i++) {
                if (settings.complaints[i].level == SETTINGS_NOTE)
                        continue;
                const char *line = settings_complaint_format(&settings.complaints[i], &request->arena);
                fprintf(request->ctx->err, "%s: %s: %s\n", request->ctx->program, request->argv[0], line ? line : "?");
                refused += settings.complaints[i].level == SETTINGS_REFUSED;
        }
        if (refused && !request->force)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, request->argv[0],
                                "holds values that would not be taken: nothing is written",
                                "mend them, or import it with /f");
        return 0;
}

static int edit_import(struct reg_request *request, struct reg_doc *doc)
{
        struct reg_doc *from = NULL;
        int exit = settings_file_load(request->ctx, request->argv[0], false, &from);

        if (exit == 0)
                exit = check_import(request, from);
        if (exit == 0) {
                const int rc = reg_doc_merge(doc, from);
                if (rc < 0)
                        exit = fail_edit(request, request->argv[0], rc);
        }
        reg_doc_free(from);
        return exit;
}

int reg_import(struct reg_request *request)
{
        if (request->argc != 1)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "import", "needs one FILE (or -)",
                                "see 'netbt reg --help'");
        return change(request, edit_import, "The file is imported");
}

/* ---- backup and restore ------------------------------------------------------------------------------------------ */

static int list_backups(struct reg_request *request)
{
        const struct regfile_backup *list = NULL;
        json_t *rows = request->ctx->json ? json_array() : NULL;
        size_t count = 0;
        const int rc = regfile_backups(request->ctx->state_dir, &request->arena, &list, &count);

        if (rc < 0) {
                json_decref(rows);
                return settings_file_fail(request->ctx, CLI_EXIT_USAGE, request->ctx->state_dir, rc, NULL);
        }
        for (size_t i = 0; i < count; i++) {
                if (rows)
                        json_array_append_new(rows, json_pack("{s:s, s:o, s:s, s:I}", "name", list[i].name, "path",
                                                              json_from_text(list[i].path), "time", list[i].time,
                                                              "size_bytes", (json_int_t)list[i].size_bytes));
                else
                        fprintf(request->ctx->out, "%s  %8llu  %s\n", list[i].time,
                                (unsigned long long)list[i].size_bytes, list[i].name);
        }
        if (rows) {
                json_t *document = json_pack("{s:o}", "backups", rows);
                json_print(request->ctx->out, document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        }
        return CLI_EXIT_OK;
}

/* Either the settings could not be read, or their copy not be written. */
static int fail_backup(const struct reg_request *request, int code)
{
        const char *path = request->ctx->config_path;
        const int why = errno;
        const bool is_unreadable = code == NBT_ERR_NOT_FOUND || why == EISDIR || access(path, R_OK) < 0;

        errno = why;
        return is_unreadable ? settings_file_fail(request->ctx, CLI_EXIT_USAGE, path, code, NULL)
                             : settings_file_fail(request->ctx, CLI_EXIT_FAILED, request->ctx->state_dir, code, NULL);
}

int reg_backup(struct reg_request *request)
{
        const char *backup = NULL;

        if (request->argc)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "backup", "takes no argument", "see 'netbt reg --help'");
        if (request->list)
                return list_backups(request);
        const int rc = regfile_backup(request->ctx->config_path, request->ctx->state_dir, &request->arena, &backup);
        if (rc < 0)
                return fail_backup(request, rc);
        if (request->ctx->json)
                json_print(request->ctx->out, json_pack("{s:o}", "backup", json_from_text(backup)), 0);
        else
                fprintf(request->ctx->out, "%s\n", backup);
        return CLI_EXIT_OK;
}

/* "latest" is the last backup there is. */
static const char *resolve_backup(struct reg_request *request)
{
        const struct regfile_backup *list = NULL;
        size_t count = 0;

        if (strcmp(request->argv[0], "latest") != 0)
                return request->argv[0];
        if (regfile_backups(request->ctx->state_dir, &request->arena, &list, &count) < 0 || count == 0)
                return NULL;
        return list[count - 1].name;
}

int reg_restore(struct reg_request *request)
{
        const char *path = request->ctx->config_path, *before = NULL;
        struct reg_error error = {0};

        if (request->argc != 1)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, "restore", "needs a BACKUP, or 'latest'",
                                "'netbt reg backup --list' lists them");
        const char *backup = resolve_backup(request);
        if (!backup)
                return cli_fail(request->ctx, CLI_EXIT_FOUND, "restore", "there is no backup", NULL);
        const int lock = regfile_lock(path);
        if (lock < 0 && lock != NBT_ERR_NOT_FOUND)
                return settings_file_fail(request->ctx, CLI_EXIT_FAILED, path, lock, NULL);
        const int rc = regfile_restore(path, request->ctx->state_dir, backup, &request->arena, &before, &error);
        regfile_unlock(lock);
        if (rc == NBT_ERR_NOT_FOUND)
                return cli_fail(request->ctx, CLI_EXIT_FOUND, backup, "no such backup",
                                "'netbt reg backup --list' lists them");
        if (rc < 0)
                return settings_file_fail(request->ctx, CLI_EXIT_USAGE, backup, rc, &error);
        print_result(request, "The backup is restored", before);
        return CLI_EXIT_OK;
}
