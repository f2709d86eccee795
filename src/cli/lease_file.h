#pragma once
/* Lease databases on disk, item by item; for `netbt dhcp` and `netbt diagnose --leases`. */
#include "base/arena.h"
#include "cli/cli.h"
#include "dhcp/check.h"

struct lease_file {
        const char *path;
        enum lease_format format; /* UNKNOWN: an empty file */
        unsigned database;        /* files of one journal have one number */
};

/* EACH sees every item in its order; a negative answer ends the reading. FORMAT UNKNOWN: found out. Errors are told on ctx->err: the exit code, or 0. *RET_FORMAT is what was read. */
int lease_file_read(const struct cli_context *ctx, const char *path, enum lease_format format,
                    int (*each)(void *context, const struct lease_item *item), void *context,
                    enum lease_format *ret_format);

enum lease_files { LEASE_FILES_DATABASES, LEASE_FILES_ALONE /* none but PATHS */ };

/*
 * All files of the databases that PATHS name, in the order in which their servers read them: for Kea's journal FILE also
 * FILE.completed, or FILE.2 and FILE.1, where they are there (its lease file clean-up leaves them). At most CHECK_MAX_FILES,
 * all read into CHECKER, which is finished. An exit code other than 0 was told.
 */
int lease_files_check(const struct cli_context *ctx, const char *const *paths, size_t count, enum lease_format format,
                      enum lease_files which, struct arena *arena, struct checker *checker,
                      struct lease_file ret_files[CHECK_MAX_FILES], size_t *ret_count);
