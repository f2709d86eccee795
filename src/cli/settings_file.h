#pragma once
/* The settings file as the commands meet it: read, and what is said when that fails. */
#include "cli/cli.h"
#include "settings/reg.h"

/* Loads PATH ("-": standard input); 0, or an exit code after one error line. ABSENT_IS_EMPTY: a missing file is an empty document. */
int settings_file_load(const struct cli_context *ctx, const char *path, bool absent_is_empty,
                       struct reg_doc **ret) NBT_MUST_CHECK;

/* An error line for a failure of a settings file: its name, why, and what to do. EXIT: what the system's refusal comes to, CLI_EXIT_USAGE where it
 * was to be read, CLI_EXIT_FAILED where it was to be written. ERROR may be NULL. Returns the exit code. */
int settings_file_fail(const struct cli_context *ctx, enum cli_exit exit, const char *path, int code,
                       const struct reg_error *error);
