#include "daemon/winsd.h"

#include "daemon/log.h"
#include "io/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* In a status; the newest. */
#define STATUS_REFUSALS 256u
#define BACKUPS_A_SECOND 100u

static const struct ctl_wins_request EVERYTHING;

static void refuse(struct winsd *winsd, uint64_t id, int result, const char *why)
{
        struct ctl_reply reply = {.result = result};

        snprintf(reply.message, sizeof reply.message, "%s", why);
        control_reply(winsd->parts.control, id, &reply);
}

/* ---- status ------------------------------------------------------------------------------------------------------- */

static void fill_store(const struct winsd *winsd, struct ctl_wins_store *ret)
{
        struct keeper_state state;
        struct statvfs fs;

        keeper_look(winsd->keeper, &state);
        *ret = (struct ctl_wins_store){.size_bytes = state.db.file_bytes,
                                       .commits = state.commits,
                                       .changes = state.db.changes,
                                       .touches = state.db.touches,
                                       .failures = state.failures,
                                       .commit_us = state.commit_us,
                                       .last_backup_us = winsd->last_backup_us};
        snprintf(ret->path, sizeof ret->path, "%s", winsd->db_path);
        snprintf(ret->last_error, sizeof ret->last_error, "%s", state.error);
        if (statvfs(winsd->db_path, &fs) == 0)
                ret->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
}

static void status(struct winsd *winsd, uint64_t id)
{
        struct wins_view view;
        struct ctl_wins_store store;
        struct ctl_wins_reply wins = {.view = &view, .store = &store, .hook = winsd_hook_view(winsd)};
        struct ctl_reply reply = {.wins = &wins};

        driver_turn_begin(winsd->parts.driver);
        reply.result = wins_view(winsd->wins, driver_arena(winsd->parts.driver), &view);
        if (reply.result < 0) {
                reply.wins = NULL;
        } else {
                if (view.refusal_count > STATUS_REFUSALS)
                        view.refusal_count = STATUS_REFUSALS;
                fill_store(winsd, &store);
        }
        control_reply(winsd->parts.control, id, &reply);
        driver_turn_end(winsd->parts.driver);
}

/* ---- commands ----------------------------------------------------------------------------------------------------- */

static size_t page_limit(enum wins_command_type type, uint32_t asked)
{
        const size_t most = type == WINS_COMMAND_DELETE ? CTL_WINS_DELETE_ROWS : CTL_WINS_PAGE_ROWS;

        return asked && asked < most ? asked : most;
}

static void command(struct winsd *winsd, uint64_t id, enum wins_command_type type, const struct ctl_wins_request *asked)
{
        struct wins_event event = {.type = WINS_EVENT_COMMAND,
                                   .command = {.id = id,
                                               .type = type,
                                               .filter = asked->filter,
                                               .cursor = asked->cursor,
                                               .limit = page_limit(type, asked->limit),
                                               .tombstone = asked->tombstone,
                                               .only_if_free = asked->only_if_free,
                                               .record_count = asked->record_count,
                                               .records = asked->records}};

        winsd_event(winsd, &event);
}

static void say_in_words(const struct wins_completion *complete, struct ctl_reply *reply)
{
        if (complete->type == WINS_COMMAND_ADD && complete->result == NBT_ERR_EXISTS)
                snprintf(reply->message, sizeof reply->message, "a live record of another content has the name");
        else if (complete->type == WINS_COMMAND_ADD && complete->result == NBT_ERR_RANGE)
                snprintf(reply->message, sizeof reply->message, "a record cannot be so");
        else if (complete->result == NBT_ERR_IO)
                snprintf(reply->message, sizeof reply->message,
                         "the database cannot be written: the change was not made (netbt wins status tells more)");
}

static int flatten(struct arena *arena, const struct wins_completion *complete, struct ctl_wins_reply *ret)
{
        struct wins_record *rows = arena_alloc(arena, complete->row_count * sizeof *rows);

        if (!rows)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < complete->row_count; i++)
                wins_record_copy(&rows[i], complete->rows[i]);
        ret->rows = rows;
        ret->row_count = complete->row_count;
        return 0;
}

static void backup_file(struct winsd *winsd, int flushed);

void winsd_complete(struct winsd *winsd, const struct wins_completion *complete)
{
        struct ctl_wins_reply wins = {.finding_count = complete->finding_count,
                                      .findings = complete->findings,
                                      .more = complete->more,
                                      .cursor = complete->cursor,
                                      .culprit = complete->culprit};
        struct ctl_reply reply = {.result = complete->result, .wins = &wins};

        if (complete->id == WINSD_ID_NOBODY)
                return;
        if (complete->id == WINSD_ID_FLUSH) {
                backup_file(winsd, complete->result);
                return;
        }
        say_in_words(complete, &reply);
        if (complete->rows && flatten(driver_arena(winsd->parts.driver), complete, &wins) < 0) {
                reply.result = NBT_ERR_NOMEM;
                reply.wins = NULL;
        }
        control_reply(winsd->parts.control, complete->id, &reply);
}

/* ---- backups ------------------------------------------------------------------------------------------------------ */

/* BACKUP_DIR, or STATE/backup, with a name that tells when; of one second there may be several. */
static void default_path(const struct winsd *winsd, wall_t now, char *ret, size_t size_bytes)
{
        const char *given = winsd->parts.setup->settings.wins_server.backup_dir;
        char when[WALL_TEXT_BYTES], directory[200];
        struct stat there;

        wall_format(now, when);
        if (*given)
                snprintf(directory, sizeof directory, "%s", given);
        else
                snprintf(directory, sizeof directory, "%.180s/backup", winsd->parts.server->state_dir);
        (void)mkdir(directory, 0750); /* if it cannot be, the backup says so */
        for (unsigned i = 1; i <= BACKUPS_A_SECOND; i++) {
                char number[16] = "";

                if (i > 1)
                        snprintf(number, sizeof number, "-%u", i);
                snprintf(ret, size_bytes, "%s/wins-%.4s%.2s%.2sT%.2s%.2s%.2sZ%s.db", directory, when, when + 5,
                         when + 8, when + 11, when + 14, when + 17, number);
                if (stat(ret, &there) < 0)
                        return;
        }
}

static void backup(struct winsd *winsd, uint64_t id, const char *path)
{
        struct wins_event event = {.type = WINS_EVENT_COMMAND,
                                   .command = {.id = WINSD_ID_FLUSH, .type = WINS_COMMAND_FLUSH}};

        if (winsd->backup_id) {
                refuse(winsd, id, NBT_ERR_BUSY, "a backup is under way");
                return;
        }
        if (*path && *path != '/') {
                refuse(winsd, id, NBT_ERR_RANGE, "the path must begin with /: the server's directory is another");
                return;
        }
        winsd->backup_id = id;
        if (*path)
                snprintf(winsd->backup_path, sizeof winsd->backup_path, "%s", path);
        else
                default_path(winsd, clock_wall(), winsd->backup_path, sizeof winsd->backup_path);
        winsd_event(winsd, &event);
}

static void backup_file(struct winsd *winsd, int flushed)
{
        const int r = flushed < 0 ? flushed
                                  : keeper_backup(winsd->keeper, winsd->backup_path, driver_wall(winsd->parts.driver));

        if (r < 0)
                winsd_backed_up(winsd, r);
}

void winsd_backed_up(struct winsd *winsd, int result)
{
        struct ctl_wins_reply wins = {0};
        struct ctl_reply reply = {.result = result, .wins = &wins};
        const uint64_t id = winsd->backup_id;
        struct keeper_state state;
        struct stat file;

        winsd->backup_id = 0;
        if (result < 0) {
                keeper_look(winsd->keeper, &state);
                snprintf(reply.message, sizeof reply.message, "%.80s cannot be written by user %s: %.100s",
                         winsd->backup_path, winsd->parts.server->user,
                         *state.error ? state.error : nbt_err_str(result));
                reply.result = result == NBT_ERR_DENIED ? NBT_ERR_IO : result; /* the server was, not who asks it */
                log_line(0, "backup: %s", reply.message);
        } else {
                winsd->last_backup_us = clock_wall().us;
                snprintf(wins.path, sizeof wins.path, "%s", winsd->backup_path);
                if (stat(winsd->backup_path, &file) == 0)
                        wins.size_bytes = (uint64_t)file.st_size;
                log_line(0, "backup written to %s", winsd->backup_path);
        }
        control_reply(winsd->parts.control, id, &reply);
}

/* ---- who watches -------------------------------------------------------------------------------------------------- */

void winsd_choose_notices(struct winsd *winsd)
{
        const unsigned watchers = control_watcher_count(winsd->parts.control) > 0 ? WINS_WATCH_CHANGES : 0;
        const unsigned hook = winsd_hook_is_on(winsd) ? WINS_WATCH_CHANGES | WINS_WATCH_RENEWALS : 0;

        wins_watch(winsd->wins, watchers | hook);
}

static void watch(struct winsd *winsd, uint64_t id)
{
        struct ctl_wins_reply wins = {0};
        struct ctl_reply reply = {.wins = &wins};

        control_watch(winsd->parts.control, id);
        winsd_choose_notices(winsd);
        control_reply(winsd->parts.control, id, &reply);
}

void winsd_publish(struct winsd *winsd, const struct wins_notice *notice)
{
        const struct ctl_wins_change change = {.time_us = driver_wall(winsd->parts.driver).us,
                                               .type = notice->type,
                                               .name = notice->name,
                                               .scope = notice->scope,
                                               .claimant = notice->claimant,
                                               .holder = notice->holder,
                                               .holder_is_static = notice->holder_is_static,
                                               .removed = notice->removed,
                                               .count = notice->count,
                                               .released = notice->released,
                                               .extinct = notice->extinct,
                                               .deleted = notice->deleted,
                                               .record = notice->record};

        if (notice->type == WINS_NOTICE_RENEWED)
                return; /* nothing has changed */
        if (control_watcher_count(winsd->parts.control) > 0)
                control_publish(winsd->parts.control, &change);
        else if (notice->type == WINS_NOTICE_CHANGED)
                winsd_choose_notices(winsd); /* the last one has left */
}

/* ---- requests ----------------------------------------------------------------------------------------------------- */

void winsd_request(void *context, uint64_t id, const struct ctl_request *request)
{
        static const enum wins_command_type COMMANDS[CTL_REQUEST_MAX] = {
                [CTL_REQUEST_WINS_SHOW] = WINS_COMMAND_SHOW,         [CTL_REQUEST_WINS_DELETE] = WINS_COMMAND_DELETE,
                [CTL_REQUEST_WINS_CHECK] = WINS_COMMAND_CHECK,       [CTL_REQUEST_WINS_ADD] = WINS_COMMAND_ADD,
                [CTL_REQUEST_WINS_SCAVENGE] = WINS_COMMAND_SCAVENGE,
        };
        struct winsd *winsd = context;
        const struct ctl_wins_request *asked = request->wins ? request->wins : &EVERYTHING;

        if (!winsd->started)
                refuse(winsd, id, NBT_ERR_STATE, "the server is starting");
        else if (request->type == CTL_REQUEST_WINS_STATUS)
                status(winsd, id);
        else if (request->type == CTL_REQUEST_WINS_BACKUP)
                backup(winsd, id, asked->path);
        else if (request->type == CTL_REQUEST_WINS_WATCH)
                watch(winsd, id);
        else
                command(winsd, id, COMMANDS[request->type], asked);
}
