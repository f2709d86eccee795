/* Copies of the WINS database: backup while it serves, check, restore, and setting aside. */
#include "store/winsdb_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 256 KiB, synced at once: a disk that is busy with much holds up commits, and on a virtual machine the processors too. */
#define SLICE_PAGES 64
#define ASIDE_MAX 100

/* ---- files -------------------------------------------------------------------------------------------------------------------- */

int winsdb_sync_path(const char *path)
{
        const int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return winsdb_errno_code(errno);
        const int r = fsync(fd) < 0 ? winsdb_errno_code(errno) : 0;
        close(fd);
        return r;
}

int winsdb_sync_directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');
        char *directory = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));

        if (!directory)
                return NBT_ERR_NOMEM;
        const int r = winsdb_sync_path(directory);
        free(directory);
        return r;
}

/* PATH + SUFFIX becomes TARGET + SUFFIX; its absence is no error. */
static int move_file(const char *path, const char *target, const char *suffix)
{
        char *from = winsdb_path(path, suffix), *to = winsdb_path(target, suffix);
        const int r = from && to ? rename(from, to) : -1;
        const int code = !from || !to ? NBT_ERR_NOMEM : r < 0 && errno != ENOENT ? winsdb_errno_code(errno) : 0;

        free(from);
        free(to);
        return code;
}

static bool is_there(const char *path, const char *suffix)
{
        char *name = winsdb_path(path, suffix);
        const bool found = name && access(name, F_OK) == 0;

        free(name);
        return found;
}

/* The file goes first: a log without its file is seen at the next start, a file without its log would be believed. */
int winsdb_move_aside(const char *path, struct strbuf *ret_aside)
{
        if (!is_there(path, "") && !is_there(path, "-wal"))
                return 0;
        for (int i = 1; i <= ASIDE_MAX; i++) {
                char suffix[32];

                snprintf(suffix, sizeof(suffix), ".aside-%d", i);
                char *target = winsdb_path(path, suffix);
                if (!target)
                        return NBT_ERR_NOMEM;
                int r = 1;
                if (!is_there(target, "") && !is_there(target, "-wal")) {
                        r = move_file(path, target, "");
                        r = r == 0 ? move_file(path, target, "-wal") : r;
                        r = r == 0 ? move_file(path, target, "-shm") : r;
                        if (r == 0 && ret_aside)
                                strbuf_add(ret_aside, target);
                }
                free(target);
                if (r <= 0)
                        return r < 0 ? r : winsdb_sync_directory_of(path);
        }
        return NBT_ERR_FULL;
}

int winsdb_set_aside(const char *path, struct strbuf *ret_aside)
{
        const int lock = winsdb_lock(path);

        if (lock < 0)
                return lock;
        const int r = is_there(path, "") ? winsdb_move_aside(path, ret_aside) : NBT_ERR_NOT_FOUND;
        close(lock);
        return r;
}

/* ---- backup ------------------------------------------------------------------------------------------------------------------- */

static void end_backup(struct winsdb *db, int result)
{
        struct winsdb_copying *copying = &db->copying;

        sqlite3_backup_finish(copying->backup);
        sqlite3_close(copying->target);
        if (copying->descriptor >= 0)
                close(copying->descriptor);
        if (result < 0 && copying->part)
                unlink(copying->part);
        free(copying->path);
        free(copying->part);
        *copying = (struct winsdb_copying){
                .descriptor = -1,
                .view = {.state = result < 0 ? WINSDB_BACKUP_FAILED : WINSDB_BACKUP_DONE,
                         .result = result,
                         .pages = copying->view.pages},
        };
}

static int open_target(struct winsdb *db)
{
        struct winsdb_copying *copying = &db->copying;

        if (unlink(copying->part) < 0 && errno != ENOENT)
                return winsdb_complain(db, winsdb_errno_code(errno), "the backup: %s", strerror(errno));
        copying->descriptor = open(copying->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
        if (copying->descriptor < 0)
                return winsdb_complain(db, winsdb_errno_code(errno), "the backup: %s", strerror(errno));
        int code = sqlite3_open_v2(copying->part, &copying->target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        /* until it has its name it may be torn by a crash: it is removed then */
        if (code == SQLITE_OK)
                code = sqlite3_exec(copying->target, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF", NULL, NULL,
                                    NULL);
        if (code == SQLITE_OK)
                copying->backup = sqlite3_backup_init(copying->target, "main", db->sql, "main");
        if (copying->backup)
                return 0;
        return winsdb_complain(db, NBT_ERR_IO, "the backup: %s", sqlite3_errmsg(copying->target));
}

int winsdb_backup_start(struct winsdb *db, const char *path, wall_t when)
{
        struct winsdb_copying *copying = &db->copying;

        if (db->mode == WINSDB_READ)
                return NBT_ERR_STATE;
        if (copying->view.state == WINSDB_BACKUP_RUNNING)
                return NBT_ERR_BUSY;
        if (!db->sql)
                return db->lost;
        if (is_there(path, ""))
                return winsdb_complain(db, NBT_ERR_EXISTS, "the backup: there is a file of that name");
        *copying = (struct winsdb_copying){.descriptor = -1, .when = when};
        copying->path = strdup(path);
        copying->part = winsdb_path(path, ".part");
        const int r = copying->path && copying->part ? open_target(db) : NBT_ERR_NOMEM;
        if (r < 0) {
                end_backup(db, r);
                return r;
        }
        copying->view.state = WINSDB_BACKUP_RUNNING;
        return 0;
}

/* link(2) instead of rename(2): it never replaces a file. */
static int name_backup(struct winsdb_copying *copying)
{
        if (fsync(copying->descriptor) < 0 || link(copying->part, copying->path) < 0)
                return winsdb_errno_code(errno);
        unlink(copying->part);
        return winsdb_sync_directory_of(copying->path);
}

/* After a sync that failed, the system may show something else of the file than was written there. */
static int check_part(struct winsdb *db)
{
        static const char *const sides[] = {"-wal", "-shm"};
        struct strbuf why = STRBUF_INIT;
        const int r = winsdb_check(db->copying.part, NULL, &why);

        if (r < 0)
                winsdb_complain(db, r, "the backup: %s", strbuf_str(&why));
        strbuf_done(&why);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(sides); i++) {
                char *side = winsdb_path(db->copying.part, sides[i]);

                if (side)
                        unlink(side);
                free(side);
        }
        return r;
}

static int complete_backup(struct winsdb *db)
{
        struct winsdb_copying *copying = &db->copying;
        char when[32];
        int code = sqlite3_backup_finish(copying->backup);

        copying->backup = NULL;
        if (code == SQLITE_OK)
                code = sqlite3_close(copying->target);
        if (code != SQLITE_OK)
                return winsdb_complain(db, NBT_ERR_IO, "the backup: %s", sqlite3_errstr(code));
        copying->target = NULL;
        int r = db->lost < 0 ? check_part(db) : 0;
        if (r < 0)
                return r;
        r = name_backup(copying);
        if (r < 0)
                return winsdb_complain(db, r, "the backup: %s", nbt_err_str(r));
        snprintf(when, sizeof(when), "%" PRId64, copying->when.us);
        const struct winsdb_value values[] = {{WINSDB_KEPT_BACKUP_TIME, when},
                                              {WINSDB_KEPT_BACKUP_PATH, copying->path}};
        /* the backup is complete whether or not its time could be noted */
        if (winsdb_keep(db, values, NBT_ARRAY_SIZE(values)) < 0)
                db->error[0] = '\0';
        return 0;
}

static int copy_pages(struct winsdb *db)
{
        struct winsdb_copying *copying = &db->copying;
        const int code = sqlite3_backup_step(copying->backup, SLICE_PAGES);

        copying->view.pages = (uint64_t)sqlite3_backup_pagecount(copying->backup);
        copying->view.pages_left = (uint64_t)sqlite3_backup_remaining(copying->backup);
        if (code == SQLITE_DONE)
                return 1;
        if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED) {
                const bool full =
                        code == SQLITE_FULL || winsdb_errno_code(sqlite3_system_errno(copying->target)) == NBT_ERR_FULL;

                return winsdb_complain(db, full ? NBT_ERR_FULL : NBT_ERR_IO, "the backup: %s", sqlite3_errstr(code));
        }
        return fdatasync(copying->descriptor) < 0
                       ? winsdb_complain(db, winsdb_errno_code(errno), "the backup: %s", strerror(errno))
                       : 0;
}

void winsdb_backup_slice(struct winsdb *db)
{
        int r = copy_pages(db);

        if (r == 1) {
                r = complete_backup(db);
                end_backup(db, r);
        } else if (r < 0) {
                end_backup(db, r);
        }
}

void winsdb_backup_status(const struct winsdb *db, struct winsdb_backup *ret)
{
        *ret = db->copying.view;
}

void winsdb_backup_cancel(struct winsdb *db)
{
        if (db->copying.view.state == WINSDB_BACKUP_RUNNING)
                end_backup(db, NBT_ERR_STATE);
}

/* ---- check -------------------------------------------------------------------------------------------------------------------- */

/* All that SQLite can check, and all that our checksums can. */
static int check_open(struct winsdb *db, struct winsdb_loaded *ret)
{
        const struct winsstore_sink nobody = {0};
        const int r = winsdb_run_check(db, "PRAGMA integrity_check(1)");

        return r == 0 ? winsdb_load(db, &nobody, ret) : r;
}

static int check_file(const char *path, enum winsdb_mode mode, struct winsdb_loaded *ret, struct strbuf *why)
{
        struct winsdb *db = NULL;
        int r = winsdb_open(&db, path, mode, NULL, why);

        if (r < 0)
                return r;
        r = check_open(db, ret);
        if (r < 0 && why)
                strbuf_add(why, db->error[0] ? db->error : nbt_err_str(r));
        winsdb_close(db);
        return r;
}

int winsdb_check(const char *path, struct winsdb_loaded *ret, struct strbuf *why)
{
        return check_file(path, WINSDB_READ, ret, why);
}

/* ---- restore ------------------------------------------------------------------------------------------------------------------ */

static int copy_bytes(int from, int to)
{
        char buffer[65536];
        ssize_t got;

        while ((got = read(from, buffer, sizeof(buffer))) > 0)
                for (ssize_t done = 0; done < got;) {
                        const ssize_t put = write(to, buffer + done, (size_t)(got - done));

                        if (put < 0)
                                return winsdb_errno_code(errno);
                        done += put;
                }
        return got < 0 ? winsdb_errno_code(errno) : 0;
}

int winsdb_copy_file(const char *from, const char *to)
{
        const int in = open(from, O_RDONLY | O_CLOEXEC);

        if (in < 0)
                return winsdb_errno_code(errno);
        const int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
        int r = out < 0 ? winsdb_errno_code(errno) : copy_bytes(in, out);

        if (r == 0 && fsync(out) < 0)
                r = winsdb_errno_code(errno);
        close(in);
        if (out >= 0)
                close(out);
        return r;
}

void winsdb_remove_all(const char *path)
{
        static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", ".lock"};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(suffixes); i++) {
                char *name = winsdb_path(path, suffixes[i]);

                if (name)
                        unlink(name);
                free(name);
        }
}

/* A copy that was made by hand may have a log beside it. */
static int copy_backup(const char *backup, const char *part)
{
        int r = winsdb_copy_file(backup, part);

        if (r == 0 && is_there(backup, "-wal")) {
                char *from = winsdb_path(backup, "-wal"), *to = winsdb_path(part, "-wal");

                r = from && to ? winsdb_copy_file(from, to) : NBT_ERR_NOMEM;
                free(from);
                free(to);
        }
        return r;
}

static int replace_by(const char *path, const char *part, struct strbuf *ret_aside)
{
        int r = winsdb_sync_path(part);

        if (r == 0)
                r = winsdb_move_aside(path, ret_aside);
        if (r == 0 && rename(part, path) < 0)
                r = winsdb_errno_code(errno);
        return r == 0 ? winsdb_sync_directory_of(path) : r;
}

int winsdb_restore(const char *path, const char *backup, struct strbuf *ret_aside, struct strbuf *why)
{
        struct strbuf reason = STRBUF_INIT;
        struct stat st;
        char *part = winsdb_path(path, ".restore");
        const int lock = part ? winsdb_lock(path) : NBT_ERR_NOMEM;
        int r = lock < 0 ? lock : 0;

        if (r == 0 && stat(backup, &st) == 0 && S_ISDIR(st.st_mode)) {
                strbuf_add(&reason, "it is a directory");
                r = NBT_ERR_MALFORMED;
        }
        if (r == 0) {
                winsdb_remove_all(part);
                r = copy_backup(backup, part);
        }
        /* opened for writing: a backup of an earlier format is brought up to date here, not at the server's start */
        if (r == 0)
                r = check_file(part, WINSDB_WRITE, NULL, &reason);
        if (r == 0)
                r = replace_by(path, part, ret_aside);
        if (part && lock >= 0)
                winsdb_remove_all(part);
        if (r < 0 && why)
                strbuf_add(why, reason.len_bytes ? strbuf_str(&reason) : nbt_err_str(r));
        if (lock >= 0)
                close(lock);
        free(part);
        strbuf_done(&reason);
        return r;
}
