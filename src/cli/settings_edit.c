#include "cli/settings_edit.h"

#include "ctl/ctl.h"
#include "store/regfile.h"

#include <errno.h>
#include <string.h>

static int fail(const struct cli_context *ctx, const char *what, int code, const struct reg_error *error)
{
        const char *path = ctx->config_path;

        if (error && error->line)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s, line %u: not a registry file: expected %s", path,
                                 error->line, error->expected);
        return cli_failf(ctx, CLI_EXIT_FAILED, "%s: %s: %s%s", path, what,
                         code == NBT_ERR_IO ? strerror(errno) : nbt_err_str(code),
                         code == NBT_ERR_DENIED ? "; run it as root" : "");
}

int settings_edit_load(const struct cli_context *ctx, struct reg_doc **ret)
{
        struct reg_error error = {0};
        int rc = regfile_load(ctx->config_path, ret, &error);

        if (rc == NBT_ERR_NOT_FOUND)
                rc = reg_doc_new(ret, REG_ENC_UTF8);
        return rc < 0 ? fail(ctx, "not read", rc, &error) : CLI_EXIT_OK;
}

/* A running node reads its settings anew; where none runs, there is nothing to tell. */
static void tell_node(const struct cli_context *ctx, struct arena *arena)
{
        const struct ctl_request reload = {.type = CTL_REQUEST_SETTINGS_RELOAD};
        struct ctl_client *client = NULL;
        struct ctl_reply reply = {0};
        int rc = ctl_connect(ctx->runtime_dir, &client);

        if (rc < 0)
                return;
        rc = ctl_call(client, &reload, arena, &reply);
        if (rc == 0)
                rc = reply.result;
        ctl_close(client);
        if (rc < 0)
                cli_failf(ctx, CLI_EXIT_OK, "the settings are written, but netbtd did not take them: %s",
                          ctl_error_why(rc));
}

int settings_edit(const struct cli_context *ctx, struct arena *arena, settings_edit_fn *edit, void *context,
                  struct settings_edited *ret)
{
        struct settings_edited done = {0};
        struct reg_doc *doc = NULL;
        const int lock = regfile_lock(ctx->config_path);

        if (lock < 0)
                return fail(ctx, "not changed", lock, NULL);
        int exit = settings_edit_load(ctx, &doc);
        if (exit == CLI_EXIT_OK) {
                int rc = edit(doc, arena, context, &done.changed);
                if (rc == 0 && done.changed)
                        rc = regfile_save(ctx->config_path, ctx->state_dir, doc, arena, &done.backup);
                if (rc < 0)
                        exit = fail(ctx, "not changed", rc, NULL);
        }
        reg_doc_free(doc);
        regfile_unlock(lock);
        if (exit == CLI_EXIT_OK && done.changed)
                tell_node(ctx, arena);
        *ret = done;
        return exit;
}
