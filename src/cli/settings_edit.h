#pragma once
/* One change of the settings file as a command makes it: locked, with a backup, atomic, and told to a running node. */
#include "base/arena.h"
#include "cli/cli.h"
#include "settings/reg.h"

struct settings_edited {
        bool changed;       /* false: the file says so already, and was not written */
        const char *backup; /* in the arena; NULL if there was nothing to back up */
};

/* Changes DOC and says whether it did. A negative result of reg.h, or 0. */
typedef int settings_edit_fn(struct reg_doc *doc, struct arena *arena, void *context, bool *ret_changed);

/* EDIT changes ctx->config_path; then it is saved. An exit code other than CLI_EXIT_OK was told, and nothing was changed. */
int settings_edit(const struct cli_context *ctx, struct arena *arena, settings_edit_fn *edit, void *context,
                  struct settings_edited *ret);
