/* netbt dhcp repair: a clean copy of a lease database, beside it; the file itself is only read. */
#include "cli/dhcp_cmd.h"
#include "cli/name_json.h"
#include "io/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct repair {
        struct dhcp_request *request;
        const char *path;
        enum lease_format format;
        const uint64_t *drops;
        size_t drop_count, next_drop;
        FILE *out;
        size_t kept, dropped;
        json_t *rows;
};

static const char *dropped_because(struct repair *r, const struct lease_item *item)
{
        if (item->kind == LEASE_ITEM_DAMAGE)
                return item->why;
        while (r->next_drop < r->drop_count && r->drops[r->next_drop] < item->offset)
                r->next_drop++;
        if (item->kind != LEASE_ITEM_LEASE || r->next_drop == r->drop_count || r->drops[r->next_drop] != item->offset)
                return NULL;
        if (item->lease.starts_s && item->lease.ends_s && item->lease.ends_s < item->lease.starts_s)
                return "it ends before it starts";
        return "another record of this address lasts longer";
}

static void tell_dropped(struct repair *r, const struct lease_item *item, const char *why)
{
        r->dropped++;
        if (r->rows)
                json_array_append_new(r->rows, json_pack("{s:o, s:I, s:I, s:s}", "line",
                                                         item->line ? json_integer(item->line) : json_null(), "offset",
                                                         (json_int_t)item->offset, "bytes", (json_int_t)item->len_bytes,
                                                         "why", why));
        else
                fprintf(r->request->ctx->out, "left out: %s, %zu bytes: %s\n",
                        dhcp_place(r->request, NULL, item->line, item->offset), item->len_bytes, why);
}

static int copy_item(void *context, const struct lease_item *item)
{
        struct repair *r = context;
        const char *why = dropped_because(r, item);

        if (why && item->len_bytes)
                tell_dropped(r, item, why);
        if (why && item->len_bytes == 0) /* what is missing is put there */
                fputs(lease_format_header(r->format), r->out);
        if (why)
                return 0;
        r->kept += item->kind == LEASE_ITEM_LEASE;
        fwrite(item->bytes, 1, item->len_bytes, r->out);
        /* a last line without its end would run into what the server writes next */
        if (r->format != LEASE_FORMAT_UDHCPD && item->len_bytes && item->kind == LEASE_ITEM_LEASE &&
            item->bytes[item->len_bytes - 1] != '\n')
                fputc('\n', r->out);
        return ferror(r->out) ? NBT_ERR_IO : 0;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static bool copy_bytes(FILE *from, FILE *to)
{
        char block[65536];
        size_t got;

        while ((got = fread(block, 1, sizeof block, from)) > 0)
                if (fwrite(block, 1, got, to) != got)
                        return false;
        return !ferror(from);
}

static bool close_synced(FILE *file)
{
        const bool good = fflush(file) == 0 && fsync(fileno(file)) == 0;

        return (fclose(file) == 0) & good;
}

/* A new file that may be read by whom the old one may; NULL with errno. */
static FILE *create_like(const char *path, const char *like)
{
        struct stat st;

        if (stat(like, &st) < 0)
                return NULL;
        const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0)
                return NULL;
        if (fchown(fd, st.st_uid, st.st_gid) == 0) /* else it stays ours */
                (void)!fchmod(fd, st.st_mode & 0777);
        return fdopen(fd, "w");
}

static const char *backup_path(struct dhcp_request *request, const char *path, unsigned number)
{
        const time_t now = (time_t)(clock_wall().us / 1000000);
        const char *slash = strrchr(path, '/');
        char time[32] = "";
        struct tm tm;

        (void)strftime(time, sizeof time, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
        return arena_printf(&request->arena, "%s/backups/%s-%s-%u", request->ctx->state_dir, slash ? slash + 1 : path,
                            time, number);
}

/* 0 and *RET_BACKUP, or an exit code that was told. */
static int back_up(struct dhcp_request *request, const char *path, const char **ret_backup)
{
        const char *directory = arena_printf(&request->arena, "%s/backups", request->ctx->state_dir);
        FILE *from = fopen(path, "r"), *to = NULL;
        const char *backup = NULL;

        if (!from)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, path, strerror(errno), NULL);
        (void)!mkdir(request->ctx->state_dir,
                     0755); /* whether they are there is told by the file that is made in them */
        (void)!mkdir(directory ? directory : "", 0755);
        for (unsigned number = 1; !to && number < 1000; number++) {
                backup = backup_path(request, path, number);
                to = backup ? create_like(backup, path) : NULL;
                if (!to && errno != EEXIST)
                        break;
        }
        bool good = to && copy_bytes(from, to);

        good = to && close_synced(to) && good;
        fclose(from);
        if (!good)
                return cli_failf(request->ctx, CLI_EXIT_FAILED,
                                 "%s: no backup could be made in %s: %s: nothing is written; --state-dir DIR names "
                                 "another place",
                                 path, directory, strerror(errno));
        *ret_backup = backup;
        return 0;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

static void print_done(struct repair *r, const char *clean, const char *backup)
{
        struct cli_context *ctx = r->request->ctx;

        if (r->rows) {
                json_t *document =
                        json_pack("{s:o, s:s, s:o, s:o, s:I, s:O}", "file", json_from_text(r->path), "format",
                                  lease_format_str(r->format), "clean", json_from_text(clean), "backup",
                                  json_from_text(backup), "kept", (json_int_t)r->kept, "dropped", r->rows);
                json_print(ctx->out, document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
                return;
        }
        fprintf(ctx->out, "%s: %zu leases kept, %zu records left out.\n", clean, r->kept, r->dropped);
        fprintf(ctx->out,
                "A copy of what was read: %s\n%s itself was not touched. To use the clean file: stop the server, "
                "then\n",
                backup, r->path);
        fprintf(ctx->out, "  mv %s %s\nand start the server. To undo: cp %s %s\n", clean, r->path, backup, r->path);
}

static int write_clean(struct repair *r, const char *clean, const char *backup)
{
        struct cli_context *ctx = r->request->ctx;
        const char *part = arena_printf(&r->request->arena, "%s.part", clean);
        enum lease_format format;

        if (!part)
                return cli_fail(ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
        (void)unlink(part);
        r->out = create_like(part, r->path);
        if (!r->out)
                return cli_fail(ctx, CLI_EXIT_FAILED, part, strerror(errno), "-o FILE names another place");
        int exit = lease_file_read(ctx, r->path, r->format, copy_item, r, &format);

        if (!close_synced(r->out) && exit == 0)
                exit = cli_fail(ctx, CLI_EXIT_FAILED, part, strerror(errno), NULL);
        if (exit == 0 && rename(part, clean) < 0)
                exit = cli_fail(ctx, CLI_EXIT_FAILED, clean, strerror(errno), NULL);
        if (exit)
                (void)unlink(part);
        else
                print_done(r, clean, backup);
        return exit;
}

static int repair_file(struct repair *r, struct checker *checker)
{
        struct dhcp_request *request = r->request;
        struct lease_file files[CHECK_MAX_FILES];
        const char *clean = request->output ? request->output : arena_printf(&request->arena, "%s.clean", r->path);
        const char *backup = NULL;
        size_t count = 0;
        int exit = lease_files_check(request->ctx, &r->path, 1, request->format, LEASE_FILES_ALONE, &request->arena,
                                     checker, files, &count);

        if (exit)
                return exit;
        r->format = files[0].format;
        r->drops = checker_drops(checker, 0, &r->drop_count);
        if (r->format == LEASE_FORMAT_WINDOWS)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, r->path,
                                "an export from a Windows server is only read here",
                                "mend the server's own database: DHCP console, Reconcile All Scopes");
        if (r->format == LEASE_FORMAT_UNKNOWN)
                return cli_fail(request->ctx, CLI_EXIT_USAGE, r->path, "empty: there is nothing to repair", NULL);
        if (!clean || (!request->force && access(clean, F_OK) == 0))
                return cli_fail(request->ctx, CLI_EXIT_FAILED, clean, "is there already",
                                "--force overwrites it, -o FILE names another");
        exit = back_up(request, r->path, &backup);
        return exit ? exit : write_clean(r, clean, backup);
}

int dhcp_repair(struct dhcp_request *request)
{
        struct repair r = {.request = request, .rows = request->ctx->json ? json_array() : NULL};
        struct checker *checker = NULL;
        int exit = CLI_EXIT_USAGE;

        if (request->argc != 1) {
                cli_fail(request->ctx, CLI_EXIT_USAGE, "repair", "needs one FILE", "see 'netbt dhcp --help'");
        } else if (request->output && strcmp(request->output, request->argv[0]) == 0) {
                cli_fail(request->ctx, CLI_EXIT_USAGE, request->output, "the file itself is never written",
                         "name another with -o");
        } else if (checker_new(&checker) < 0) {
                exit = cli_fail(request->ctx, CLI_EXIT_FAILED, NULL, nbt_err_str(NBT_ERR_NOMEM), NULL);
        } else {
                r.path = request->argv[0];
                exit = repair_file(&r, checker);
        }
        checker_free(checker);
        json_decref(r.rows);
        return exit;
}
