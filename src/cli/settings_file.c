#include "cli/settings_file.h"

#include "store/regfile.h"

#include <string.h>

int settings_file_fail(const struct cli_context *ctx, enum cli_exit exit, const char *path, int code,
                       const struct reg_error *error)
{
        if (error && error->line)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: line %u: expected %s", path, error->line, error->expected);
        switch (code) {
        case NBT_ERR_NOT_FOUND:
                return cli_fail(ctx, CLI_EXIT_USAGE, path, "no such file", "name one with --config FILE");
        case NBT_ERR_DENIED:
                return cli_fail(ctx, exit, path, "permission denied", "run it as root");
        case NBT_ERR_RANGE:
                return cli_fail(ctx, CLI_EXIT_USAGE, path, "larger than 16 MiB", "export only the keys that matter");
        default:
                return cli_fail(ctx, code == NBT_ERR_IO ? exit : CLI_EXIT_FAILED, path, cli_why(code), NULL);
        }
}

int settings_file_load(const struct cli_context *ctx, const char *path, bool absent_is_empty, struct reg_doc **ret)
{
        struct reg_error error;
        int rc = regfile_load(strcmp(path, "-") == 0 ? "/dev/stdin" : path, ret, &error);

        if (rc == NBT_ERR_NOT_FOUND && absent_is_empty)
                rc = reg_doc_new(ret, REG_ENC_UTF8);
        return rc < 0 ? settings_file_fail(ctx, CLI_EXIT_USAGE, path, rc, &error) : 0;
}
