#include "cli/local.h"

#include "ctl/ctl.h"
#include "settings/effective.h"
#include "store/regfile.h"

int local_fail(const struct cli_context *ctx, enum cli_exit exit, const char *what, int code)
{
        if (code == NBT_ERR_NOT_FOUND)
                return cli_failf(ctx, exit, "%s: no netbt daemon answers in %s; %s", what, ctx->runtime_dir,
                                 ctl_error_todo(code));
        return cli_fail(ctx, exit, what, ctl_error_why(code), ctl_error_todo(code));
}

static void add_wins(struct local_node *local, uint32_t address)
{
        for (size_t i = 0; i < local->wins_count; i++)
                if (local->wins[i] == address)
                        return;
        if (local->wins_count < LOCAL_MAX_WINS)
                local->wins[local->wins_count++] = address;
}

static bool read_daemon(const struct cli_context *ctx, struct arena *arena, struct local_node *ret)
{
        const struct ctl_request request = {.type = CTL_REQUEST_VIEW};
        struct ctl_client *client = NULL;
        struct ctl_reply reply = {.result = NBT_ERR_NOT_FOUND};
        int r = ctl_connect(ctx->runtime_dir, &client);

        if (r == 0)
                r = ctl_call(client, &request, arena, &reply);
        ctl_close(client);
        if (r < 0 || reply.result < 0)
                return false;
        ret->has_view = true;
        ret->view = reply.view;
        ret->type = reply.view.type;
        ret->scope = reply.view.scope;
        for (size_t i = 0; i < reply.view.wins_count; i++)
                add_wins(ret, reply.view.wins[i].address);
        return true;
}

static void read_settings(const struct cli_context *ctx, struct arena *arena, struct local_node *ret)
{
        struct settings_effective settings;
        struct reg_error error = {0};
        struct reg_doc *doc = NULL;
        int r = regfile_load(ctx->config_path, &doc, &error);

        if (r == 0)
                r = settings_effective_build(doc, arena, &settings);
        if (r == 0) {
                /* where nothing says B node, a server named on the command line makes it an H node, as in the settings */
                if (settings.node_type.origin != SETTINGS_DEFAULT || settings.node_type.value != NODE_TYPE_B)
                        ret->type = (enum node_type)settings.node_type.value;
                if (nb_scope_parse(settings.scope.text, &ret->scope) < 0)
                        ret->scope = (struct nb_scope){0};
                for (size_t i = 0; i < settings.wins_count; i++)
                        add_wins(ret, settings.wins[i]);
                for (size_t i = 0; i < settings.iface_count; i++)
                        for (size_t j = 0; j < settings.ifaces[i].wins_count; j++)
                                add_wins(ret, settings.ifaces[i].wins[j]);
        } else if (r != NBT_ERR_NOT_FOUND) {
                if (error.line)
                        cli_failf(ctx, CLI_EXIT_OK, "note: %s: line %u cannot be read; asking without its settings",
                                  ctx->config_path, error.line);
                else
                        cli_failf(ctx, CLI_EXIT_OK, "note: %s: %s; asking without its settings", ctx->config_path,
                                  cli_why(r));
        }
        reg_doc_free(doc);
}

void local_node_read(const struct cli_context *ctx, struct arena *arena, struct local_node *ret)
{
        *ret = (struct local_node){0};
        if (!read_daemon(ctx, arena, ret))
                read_settings(ctx, arena, ret);
}
