#include "cli/lease_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES 65536

static int fail_read(const struct cli_context *ctx, const char *path, int code)
{
        if (code == NBT_ERR_FULL)
                return cli_failf(ctx, CLI_EXIT_FAILED, "%s: more than %u leases are not looked at", path,
                                 CHECK_MAX_LEASES);
        return cli_fail(ctx, code == NBT_ERR_IO ? CLI_EXIT_USAGE : CLI_EXIT_FAILED, path, cli_why(code), NULL);
}

static int drain(struct lease_reader *reader, int (*each)(void *context, const struct lease_item *item), void *context)
{
        struct lease_item item;
        int rc = 0;

        while (rc >= 0 && lease_reader_next(reader, &item))
                rc = each(context, &item);
        return rc < 0 ? rc : 0;
}

static int read_blocks(FILE *file, char *block, size_t got, struct lease_reader *reader,
                       int (*each)(void *context, const struct lease_item *item), void *context)
{
        int rc = 0;

        for (; rc == 0 && got > 0; got = fread(block, 1, BLOCK_BYTES, file)) {
                rc = lease_reader_feed(reader, block, got);
                if (rc == 0)
                        rc = drain(reader, each, context);
        }
        if (rc == 0 && ferror(file))
                rc = NBT_ERR_IO;
        if (rc < 0)
                return rc;
        lease_reader_end(reader);
        return drain(reader, each, context);
}

int lease_file_read(const struct cli_context *ctx, const char *path, enum lease_format format,
                    int (*each)(void *context, const struct lease_item *item), void *context,
                    enum lease_format *ret_format)
{
        char block[BLOCK_BYTES];
        struct lease_reader *reader = NULL;
        FILE *file = fopen(path, "r");

        if (!file)
                return cli_fail(ctx, CLI_EXIT_USAGE, path, strerror(errno), NULL);
        const size_t got = fread(block, 1, sizeof block, file);

        *ret_format = format != LEASE_FORMAT_UNKNOWN ? format : lease_format_detect(block, got);
        int exit = 0;
        if (ferror(file))
                exit = cli_fail(ctx, CLI_EXIT_USAGE, path, strerror(errno), NULL);
        else if (got && *ret_format == LEASE_FORMAT_UNKNOWN)
                exit = cli_fail(
                        ctx, CLI_EXIT_USAGE, path, "not a lease database that is known here",
                        "give --format isc, kea, dnsmasq, udhcpd or windows if it is one that is badly damaged");
        if (exit == 0 && got) {
                int rc = lease_reader_new(&reader, *ret_format);

                if (rc == 0)
                        rc = read_blocks(file, block, got, reader, each, context);
                exit = rc < 0 ? fail_read(ctx, path, rc) : 0;
        }
        lease_reader_free(reader);
        fclose(file);
        return exit;
}

/* ---- databases ---------------------------------------------------------------------------------------------------- */

struct adding {
        struct checker *checker;
        struct lease_file *files;
        unsigned file;
        enum lease_format format;
};

static int add_item(void *context, const struct lease_item *item)
{
        struct adding *adding = context;
        const struct lease_file *file = &adding->files[adding->file];

        return checker_add(adding->checker, adding->file, file->database, file->format, item);
}

/* The format must be known before the first item is added. */
static enum lease_format detect(const char *path, enum lease_format format)
{
        char block[LEASE_DETECT_BYTES];
        FILE *file = format == LEASE_FORMAT_UNKNOWN ? fopen(path, "r") : NULL;

        if (!file)
                return format;
        const size_t got = fread(block, 1, sizeof block, file);

        fclose(file);
        return lease_format_detect(block, got);
}

static int add_file(const struct cli_context *ctx, struct adding *adding, const char *path, unsigned database,
                    enum lease_format format, size_t *count)
{
        if (*count == CHECK_MAX_FILES)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: at most %d files are looked at together", path,
                                 CHECK_MAX_FILES);
        adding->file = (unsigned)*count;
        adding->files[*count] = (struct lease_file){.path = path, .format = detect(path, format), .database = database};
        const int exit = lease_file_read(ctx, path, format, add_item, adding, &adding->format);

        adding->files[*count].format = adding->format;
        *count += exit == 0;
        return exit;
}

/* The older part of Kea's journal in FILE.SUFFIX, if it is there. */
static int add_older(const struct cli_context *ctx, struct adding *adding, const char *path, const char *suffix,
                     unsigned database, struct arena *arena, size_t *count, bool *ret_found)
{
        const char *older = arena_printf(arena, "%s.%s", path, suffix);

        *ret_found = older && access(older, F_OK) == 0;
        return *ret_found ? add_file(ctx, adding, older, database, LEASE_FORMAT_KEA, count) : 0;
}

static int add_database(const struct cli_context *ctx, struct adding *adding, const char *path, unsigned database,
                        enum lease_format format, enum lease_files which, struct arena *arena, size_t *count)
{
        bool found = false;
        int exit = 0;

        if (which == LEASE_FILES_DATABASES && detect(path, format) == LEASE_FORMAT_KEA) {
                exit = add_older(ctx, adding, path, "completed", database, arena, count, &found);
                const bool completed = found;
                if (exit == 0 && !completed)
                        exit = add_older(ctx, adding, path, "2", database, arena, count, &found);
                if (exit == 0 && !completed)
                        exit = add_older(ctx, adding, path, "1", database, arena, count, &found);
        }
        return exit ? exit : add_file(ctx, adding, path, database, format, count);
}

int lease_files_check(const struct cli_context *ctx, const char *const *paths, size_t count, enum lease_format format,
                      enum lease_files which, struct arena *arena, struct checker *checker,
                      struct lease_file ret_files[CHECK_MAX_FILES], size_t *ret_count)
{
        struct adding adding = {.checker = checker, .files = ret_files};
        int exit = 0;

        *ret_count = 0;
        for (size_t i = 0; exit == 0 && i < count; i++)
                exit = add_database(ctx, &adding, paths[i], (unsigned)i, format, which, arena, ret_count);
        if (exit == 0 && checker_finish(checker) < 0)
                exit = cli_fail(ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
        return exit;
}
