/* netbt wins backup and restore: the database as a whole. A backup is the running server's work; a restore needs it stopped. */
#include "cli/wins_cmd.h"

#include "cli/name_json.h"

#include "store/winsdb.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- backup ------------------------------------------------------------------------------------------------------- */

/* The server's directory is not ours: PATH as seen from the root. */
static int absolute_path(const struct cli_context *ctx, const char *path, char *ret, size_t size_bytes)
{
        char here[PATH_MAX] = "";
        int len;

        if (path[0] != '/' && !getcwd(here, sizeof here))
                return cli_fail(ctx, CLI_EXIT_FAILED, path, strerror(errno), NULL);
        len = path[0] == '/' ? snprintf(ret, size_bytes, "%s", path) : snprintf(ret, size_bytes, "%s/%s", here, path);
        if (len < 0 || (size_t)len >= size_bytes)
                return cli_fail(ctx, CLI_EXIT_USAGE, path, "the path is too long", NULL);
        return CLI_EXIT_OK;
}

static void print_backup(const struct cli_context *ctx, const struct ctl_wins_reply *reply)
{
        if (ctx->json)
                wins_print_json(ctx, json_pack("{s:o, s:I}", "path", json_from_text(reply->path), "size_bytes",
                                               (json_int_t)reply->size_bytes));
        else
                fprintf(ctx->out, "backup written: %s (%llu bytes)\n", reply->path,
                        (unsigned long long)reply->size_bytes);
}

static const char *todo_for_backup(int result)
{
        switch (result) {
        case NBT_ERR_EXISTS:
                return "name a file that is not there yet";
        case NBT_ERR_NOT_FOUND:
                return "make its directory first";
        case NBT_ERR_IO: /* what the server's user was denied, too */
                return "name a file where the server's user may write, or none";
        case NBT_ERR_FULL:
                return "make room there, or name a file on another disk";
        default:
                return NULL;
        }
}

int wins_run_backup(const struct cli_context *ctx, const struct wins_args *args)
{
        struct ctl_wins_request request = {0};
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply = {0};
        struct wins_talk talk;
        int exit = CLI_EXIT_OK;

        if (args->word_count > 1)
                return cli_fail(ctx, CLI_EXIT_USAGE, "backup takes one file", NULL, "see 'netbt wins --help'");
        if (args->word_count == 1)
                exit = absolute_path(ctx, args->words[0], request.path, sizeof request.path);
        if (exit != CLI_EXIT_OK)
                return exit;
        exit = wins_talk_open(ctx, &talk);
        if (exit == CLI_EXIT_OK)
                exit = wins_talk_call(&talk, CTL_REQUEST_WINS_BACKUP, &request, &arena, &reply);
        if (exit == CLI_EXIT_OK && (reply.result < 0 || !reply.wins))
                exit = wins_talk_failed(&talk, &reply, "no backup was made", todo_for_backup(reply.result));
        else if (exit == CLI_EXIT_OK)
                print_backup(ctx, reply.wins);
        wins_talk_close(&talk);
        arena_done(&arena);
        return exit;
}

/* ---- restore ------------------------------------------------------------------------------------------------------ */

/* The files of the database at PATH, by their number from 0 on; false when there are no more. */
static bool file_of(const char *path, size_t number, char ret_file[PATH_MAX])
{
        static const char *const tails[] = {"", "-wal", "-shm", ".lock"};

        if (number >= NBT_ARRAY_SIZE(tails))
                return false;
        const int len = snprintf(ret_file, PATH_MAX, "%s%s", path, tails[number]);
        return len > 0 && len < PATH_MAX;
}

/* What root writes in the server's directory is to be the server's own. */
static void give_to_owner(const char *state_dir, const char *path)
{
        char file[PATH_MAX];
        struct stat owner;

        if (geteuid() != 0 || stat(state_dir, &owner) < 0)
                return;
        for (size_t i = 0; file_of(path, i, file); i++)
                (void)!lchown(file, owner.st_uid, owner.st_gid);
}

static int tell_failure(const struct cli_context *ctx, const char *path, int r, const struct strbuf *why)
{
        const char *text = why->len_bytes ? strbuf_str(why) : nbt_err_str(r);

        switch (r) {
        case NBT_ERR_BUSY:
                return cli_failf(ctx, CLI_EXIT_FAILED, "%s: %s; stop the server first (systemctl stop winsd)", path,
                                 text);
        case NBT_ERR_DENIED:
                return cli_failf(ctx, CLI_EXIT_FAILED, "%s: %s; run this as root", path, text);
        case NBT_ERR_NOT_FOUND:
        case NBT_ERR_MALFORMED:
        case NBT_ERR_UNSUPPORTED:
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s: %s; the database was left as it is", path, text);
        default:
                return cli_failf(ctx, CLI_EXIT_FAILED, "%s: %s", path, text);
        }
}

static void print_done(const struct cli_context *ctx, const char *path, const char *from, const struct strbuf *aside,
                       const struct winsdb_salvaged *salvaged)
{
        if (ctx->json) {
                json_t *json = json_pack("{s:o, s:o, s:o}", "path", json_from_text(path), "from",
                                         from ? json_from_text(from) : json_null(), "aside",
                                         aside->len_bytes ? json_from_text(strbuf_str(aside)) : json_null());

                if (salvaged)
                        json_object_set_new(json, "salvaged",
                                            json_pack("{s:I, s:I, s:I, s:b}", "records", (json_int_t)salvaged->records,
                                                      "rows_bad", (json_int_t)salvaged->rows_bad, "journal_bad",
                                                      (json_int_t)salvaged->journal_bad, "certain",
                                                      (int)salvaged->is_certain));
                wins_print_json(ctx, json);
                return;
        }
        fprintf(ctx->out, "%s is %s%s\n", path, from ? "restored from " : "empty now", from ? from : "");
        if (salvaged)
                fprintf(ctx->out, "%llu records saved, %llu unreadable rows and %llu unreadable batches left out%s\n",
                        (unsigned long long)salvaged->records, (unsigned long long)salvaged->rows_bad,
                        (unsigned long long)salvaged->journal_bad,
                        salvaged->is_certain ? "" : "; records deleted lately may have come back");
        if (aside->len_bytes)
                fprintf(ctx->out, "what was there before is kept as %s\n", strbuf_str(aside));
        fputs("start the server: systemctl start winsd\n", ctx->out);
}

static int start_empty(const char *path, struct strbuf *aside, struct strbuf *why)
{
        struct winsdb *db = NULL;
        int r = winsdb_set_aside(path, aside);

        if (r == NBT_ERR_NOT_FOUND)
                r = 0;
        if (r == 0)
                r = winsdb_open(&db, path, WINSDB_EMPTY, NULL, why);
        winsdb_close(db);
        return r;
}

/* The damaged file steps aside only when what could be saved of it is on disk beside it. */
static int salvage(const char *path, struct strbuf *aside, struct winsdb_salvaged *salvaged, struct strbuf *why)
{
        char fresh[PATH_MAX], file[PATH_MAX];
        const int len = snprintf(fresh, sizeof fresh, "%s.salvaged", path);

        if (len < 0 || (size_t)len >= sizeof fresh)
                return NBT_ERR_RANGE;
        int r = winsdb_salvage(path, fresh, salvaged, why);

        if (r == 0)
                r = winsdb_restore(path, fresh, aside, why);
        for (size_t i = 0; r == 0 && file_of(fresh, i, file); i++)
                (void)!unlink(file);
        return r;
}

int wins_run_restore(const struct cli_context *ctx, const struct wins_args *args)
{
        struct strbuf why = STRBUF_INIT, aside = STRBUF_INIT;
        struct winsdb_salvaged salvaged = {0};
        char path[PATH_MAX];
        const int len = snprintf(path, sizeof path, "%s/%s", ctx->state_dir, WINSDB_FILE);
        const char *from = args->salvage ? path : args->word_count > 0 ? args->words[0] : NULL;
        int r, exit = CLI_EXIT_OK;

        if (args->word_count + args->empty + args->salvage != 1)
                return cli_fail(ctx, CLI_EXIT_USAGE, "restore takes a backup's file, or --salvage, or --empty", NULL,
                                "see 'netbt wins --help'");
        if (len < 0 || (size_t)len >= sizeof path)
                return cli_fail(ctx, CLI_EXIT_USAGE, ctx->state_dir, "the path is too long", NULL);
        umask(0027); /* as the server, whose files they become */
        if (args->empty)
                r = start_empty(path, &aside, &why);
        else if (args->salvage)
                r = salvage(path, &aside, &salvaged, &why);
        else
                r = winsdb_restore(path, from, &aside, &why);
        if (r < 0) {
                exit = tell_failure(ctx, r == NBT_ERR_BUSY || !from ? path : from, r, &why);
        } else {
                give_to_owner(ctx->state_dir, path);
                print_done(ctx, path, from, &aside, args->salvage ? &salvaged : NULL);
        }
        strbuf_done(&why);
        strbuf_done(&aside);
        return exit;
}
