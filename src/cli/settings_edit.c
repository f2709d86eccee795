#include "cli/settings_edit.h"

#include "cli/settings_file.h"
#include "ctl/ctl.h"
#include "store/regfile.h"

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

        if (lock < 0 && lock != NBT_ERR_NOT_FOUND)
                return settings_file_fail(ctx, CLI_EXIT_FAILED, ctx->config_path, lock, NULL);
        int exit = settings_file_load(ctx, ctx->config_path, true, &doc);
        if (exit == CLI_EXIT_OK) {
                int rc = edit(doc, arena, context, &done.changed);
                if (rc == 0 && done.changed)
                        rc = regfile_save(ctx->config_path, ctx->state_dir, doc, arena, &done.backup);
                if (rc < 0)
                        exit = settings_file_fail(ctx, CLI_EXIT_FAILED, ctx->config_path, rc, NULL);
        }
        reg_doc_free(doc);
        regfile_unlock(lock);
        if (exit == CLI_EXIT_OK && done.changed)
                tell_node(ctx, arena);
        *ret = done;
        return exit;
}
