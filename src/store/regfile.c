#include "store/regfile.h"

#include "base/strbuf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BACKUP_PREFIX "netbt-reg-"
#define BACKUP_SUFFIX ".reg"
#define BACKUP_STAMP_CHARS 16 /* 20261123T061404Z */
#define BACKUP_TRIES 10000u   /* backups of one second */
#define NEW_FILE_MODE 0644

static int code_of(int number)
{
        switch (number) {
        case ENOENT:
        case ENOTDIR:
                return NBT_ERR_NOT_FOUND;
        case EACCES:
        case EPERM:
        case EROFS:
                return NBT_ERR_DENIED;
        case ENOMEM:
                return NBT_ERR_NOMEM;
        default:
                return NBT_ERR_IO;
        }
}

static void close_quietly(int fd)
{
        const int saved = errno;

        close(fd);
        errno = saved;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static int read_all(int fd, struct strbuf *out)
{
        char chunk[16384];

        while (out->len_bytes <= REG_MAX_BYTES) {
                const ssize_t got = read(fd, chunk, sizeof(chunk));
                if (got < 0 && errno == EINTR)
                        continue;
                if (got < 0)
                        return NBT_ERR_IO;
                if (got == 0)
                        return strbuf_ok(out) ? 0 : NBT_ERR_NOMEM;
                strbuf_add_bytes(out, chunk, (size_t)got);
                if (!strbuf_ok(out))
                        return NBT_ERR_NOMEM;
        }
        return NBT_ERR_RANGE;
}

static int read_file(const char *path, struct strbuf *out)
{
        const int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return code_of(errno);
        const int rc = read_all(fd, out);
        close_quietly(fd);
        return rc;
}

int regfile_load(const char *path, struct reg_doc **ret, struct reg_error *ret_error)
{
        struct strbuf bytes = STRBUF_INIT;
        int rc = read_file(path, &bytes);

        *ret_error = (struct reg_error){0};
        if (rc == 0)
                rc = reg_doc_parse(ret, strbuf_str(&bytes), bytes.len_bytes, ret_error);
        strbuf_done(&bytes);
        return rc;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static int write_all(int fd, const char *bytes, size_t len_bytes)
{
        while (len_bytes) {
                const ssize_t put = write(fd, bytes, len_bytes);
                if (put < 0 && errno == EINTR)
                        continue;
                if (put < 0)
                        return code_of(errno);
                bytes += put;
                len_bytes -= (size_t)put;
        }
        return 0;
}

/* The directory of PATH, for the caller to free; NULL if memory ran out. */
static char *directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        if (!slash)
                return strdup(".");
        return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static int sync_directory(const char *directory)
{
        const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return code_of(errno);
        const int rc = fsync(fd) < 0 ? NBT_ERR_IO : 0;
        close_quietly(fd);
        return rc;
}

/* As the file that is replaced, so that a change of settings is no change of who may read them. */
static int copy_rights(int fd, const char *path)
{
        struct stat old;

        if (stat(path, &old) < 0)
                return errno == ENOENT && fchmod(fd, NEW_FILE_MODE) == 0 ? 0 : code_of(errno);
        if (fchown(fd, old.st_uid, old.st_gid) < 0 && (old.st_uid != geteuid() || old.st_gid != getegid()))
                return code_of(errno);
        return fchmod(fd, old.st_mode & 07777) < 0 ? code_of(errno) : 0;
}

static int fill(int fd, const char *path, const void *bytes, size_t len_bytes)
{
        int rc = write_all(fd, bytes, len_bytes);

        if (rc == 0)
                rc = copy_rights(fd, path);
        if (rc == 0 && fsync(fd) < 0)
                rc = NBT_ERR_IO;
        return rc;
}

/* PATH is no symbolic link: what a link points to is what gets replaced. */
static int replace(const char *path, const void *bytes, size_t len_bytes)
{
        char *directory = directory_of(path), *temporary = NULL;
        int rc = NBT_ERR_NOMEM, fd = -1;

        if (!directory || asprintf(&temporary, "%s/.netbt-reg-XXXXXX", directory) < 0) {
                free(directory);
                return rc;
        }
        fd = mkostemp(temporary, O_CLOEXEC);
        rc = fd < 0 ? code_of(errno) : fill(fd, path, bytes, len_bytes);
        if (fd >= 0)
                close_quietly(fd);
        if (rc == 0 && rename(temporary, path) < 0)
                rc = code_of(errno);
        if (rc < 0 && fd >= 0) {
                const int saved = errno;
                unlink(temporary);
                errno = saved;
        }
        if (rc == 0)
                rc = sync_directory(directory);
        free(temporary);
        free(directory);
        return rc;
}

/* Whatever the umask: a daemon that is not root reads what root has set. */
static int make_directory(const char *path, mode_t mode)
{
        if (mkdir(path, mode) < 0)
                return errno == EEXIST ? 0 : code_of(errno);
        return chmod(path, mode) < 0 ? code_of(errno) : 0;
}

/* The directory, and those above it that are missing. */
static int make_directories(const char *directory, mode_t mode)
{
        char path[PATH_MAX];
        int rc = 0;

        if (snprintf(path, sizeof(path), "%s", directory) >= (int)sizeof(path))
                return NBT_ERR_RANGE;
        for (char *at = path + 1; *at && rc == 0; at++) {
                if (*at != '/')
                        continue;
                *at = '\0';
                rc = make_directory(path, mode);
                *at = '/';
        }
        return rc == 0 ? make_directory(path, mode) : rc;
}

int regfile_write(const char *path, const void *bytes, size_t len_bytes)
{
        char *real = realpath(path, NULL);
        char *directory = directory_of(real ? real : path);
        int rc = directory ? make_directories(directory, 0755) : NBT_ERR_NOMEM;

        if (rc == 0)
                rc = replace(real ? real : path, bytes, len_bytes);
        free(directory);
        free(real);
        return rc;
}

/* ---- backups ----------------------------------------------------------------------------------------------------- */

static int backup_directory(const char *state_dir, struct arena *arena, const char **ret)
{
        *ret = arena_printf(arena, "%s/backups", state_dir);
        return *ret ? 0 : NBT_ERR_NOMEM;
}

/* Splits a backup's file name; false if it is none of ours. */
static bool parse_name(const char *name, char ret_stamp[BACKUP_STAMP_CHARS + 1], unsigned *ret_number)
{
        unsigned number = 0;
        int end = 0;

        if (sscanf(name, BACKUP_PREFIX "%16[0-9TZ]-%5u" BACKUP_SUFFIX "%n", ret_stamp, &number, &end) != 2)
                return false;
        *ret_number = number;
        return end > 0 && !name[end] && strlen(ret_stamp) == BACKUP_STAMP_CHARS;
}

static int by_age(const void *a, const void *b)
{
        char x[BACKUP_STAMP_CHARS + 1], y[BACKUP_STAMP_CHARS + 1];
        unsigned m = 0, n = 0;
        const struct regfile_backup *first = a, *second = b;

        if (!parse_name(first->name, x, &m) || !parse_name(second->name, y, &n))
                return strcmp(first->name, second->name);
        const int order = strcmp(x, y);
        return order ? order : (m > n) - (m < n);
}

static int add_backup(const char *directory, const char *name, struct arena *arena, struct regfile_backup *ret)
{
        char stamp[BACKUP_STAMP_CHARS + 1];
        unsigned number = 0;
        struct stat st;
        struct regfile_backup backup = {.name = arena_strdup(arena, name),
                                        .path = arena_printf(arena, "%s/%s", directory, name)};

        if (!backup.name || !backup.path)
                return NBT_ERR_NOMEM;
        if (!parse_name(name, stamp, &number) || stat(backup.path, &st) < 0)
                return NBT_ERR_NOT_FOUND;
        backup.size_bytes = (uint64_t)st.st_size;
        snprintf(backup.time, sizeof(backup.time), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", stamp, stamp + 4, stamp + 6,
                 stamp + 9, stamp + 11, stamp + 13);
        *ret = backup;
        return 0;
}

/* Twice through the directory: to count, and to fill. More than were counted are left for the next time. */
static int list_backups(DIR *dir, const char *directory, struct arena *arena, struct regfile_backup **ret,
                        size_t *ret_count)
{
        size_t room = 0, count = 0;

        while (readdir(dir))
                room++;
        rewinddir(dir);
        struct regfile_backup *list = arena_alloc(arena, room * sizeof(*list));
        if (!list)
                return NBT_ERR_NOMEM;
        for (struct dirent *entry = readdir(dir); entry && count < room; entry = readdir(dir)) {
                char stamp[BACKUP_STAMP_CHARS + 1];
                unsigned number = 0;
                if (!parse_name(entry->d_name, stamp, &number))
                        continue;
                const int rc = add_backup(directory, entry->d_name, arena, &list[count]);
                if (rc == NBT_ERR_NOMEM)
                        return rc;
                count += rc == 0;
        }
        if (count)
                qsort(list, count, sizeof(*list), by_age);
        *ret = list;
        *ret_count = count;
        return 0;
}

int regfile_backups(const char *state_dir, struct arena *arena, const struct regfile_backup **ret, size_t *ret_count)
{
        const char *directory = NULL;
        struct regfile_backup *list = NULL;
        int rc = backup_directory(state_dir, arena, &directory);

        if (rc < 0)
                return rc;
        DIR *dir = opendir(directory);
        if (!dir && errno == ENOENT) {
                *ret = NULL;
                *ret_count = 0;
                return 0;
        }
        if (!dir)
                return code_of(errno);
        rc = list_backups(dir, directory, arena, &list, ret_count);
        closedir(dir);
        if (rc == 0)
                *ret = list;
        return rc;
}

static void forget_oldest(const char *state_dir)
{
        struct arena arena = ARENA_INIT;
        const struct regfile_backup *list = NULL;
        size_t count = 0;

        if (regfile_backups(state_dir, &arena, &list, &count) == 0)
                for (size_t i = 0; i + REGFILE_MAX_BACKUPS < count; i++)
                        unlink(list[i].path);
        arena_done(&arena);
}

/* A new file named after this second; its path in ARENA. */
static int create_backup(const char *directory, struct arena *arena, int *ret_fd, const char **ret_path)
{
        struct timespec now = {0};
        struct tm utc;
        char stamp[32];

        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &utc);
        strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
        for (unsigned n = 1; n < BACKUP_TRIES; n++) {
                char path[PATH_MAX];
                if (snprintf(path, sizeof(path), "%s/" BACKUP_PREFIX "%s-%u" BACKUP_SUFFIX, directory, stamp, n) >=
                    (int)sizeof(path))
                        return NBT_ERR_RANGE;
                const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
                if (fd < 0 && errno == EEXIST)
                        continue;
                if (fd < 0)
                        return code_of(errno);
                *ret_fd = fd;
                *ret_path = arena_strdup(arena, path);
                return 0;
        }
        return NBT_ERR_FULL;
}

int regfile_backup(const char *path, const char *state_dir, struct arena *arena, const char **ret_backup)
{
        struct strbuf bytes = STRBUF_INIT;
        const char *directory = NULL, *backup = NULL;
        int fd = -1;
        int rc = read_file(path, &bytes);

        if (rc == 0)
                rc = backup_directory(state_dir, arena, &directory);
        if (rc == 0)
                rc = make_directories(directory, 0750);
        if (rc == 0)
                rc = create_backup(directory, arena, &fd, &backup);
        if (rc == 0) {
                rc = write_all(fd, strbuf_str(&bytes), bytes.len_bytes);
                if (rc == 0 && fsync(fd) < 0)
                        rc = NBT_ERR_IO;
                close_quietly(fd);
                if (rc == 0)
                        rc = backup ? sync_directory(directory) : NBT_ERR_NOMEM;
                if (rc < 0 && backup)
                        unlink(backup);
        }
        strbuf_done(&bytes);
        if (rc < 0)
                return rc;
        forget_oldest(state_dir);
        *ret_backup = backup;
        return 0;
}

static int save_bytes(const char *path, const char *state_dir, const struct strbuf *bytes, struct arena *arena,
                      const char **ret_backup)
{
        const char *backup = NULL;
        int rc = regfile_backup(path, state_dir, arena, &backup);

        if (rc == NBT_ERR_NOT_FOUND && access(path, F_OK) < 0 && errno == ENOENT)
                rc = 0; /* nothing there to lose */
        if (rc == 0)
                rc = regfile_write(path, strbuf_str(bytes), bytes->len_bytes);
        if (rc == 0 && ret_backup)
                *ret_backup = backup;
        return rc;
}

int regfile_save(const char *path, const char *state_dir, const struct reg_doc *doc, struct arena *arena,
                 const char **ret_backup)
{
        struct strbuf bytes = STRBUF_INIT;
        int rc = reg_doc_serialise(doc, &bytes);

        if (rc == 0)
                rc = save_bytes(path, state_dir, &bytes, arena, ret_backup);
        strbuf_done(&bytes);
        return rc;
}

int regfile_restore(const char *path, const char *state_dir, const char *backup, struct arena *arena,
                    const char **ret_backup, struct reg_error *ret_error)
{
        struct strbuf bytes = STRBUF_INIT;
        struct reg_doc *doc = NULL;
        const char *from = strchr(backup, '/') ? backup : arena_printf(arena, "%s/backups/%s", state_dir, backup);
        int rc = from ? read_file(from, &bytes) : NBT_ERR_NOMEM;

        *ret_error = (struct reg_error){0};
        if (rc == 0)
                rc = reg_doc_parse(&doc, strbuf_str(&bytes), bytes.len_bytes, ret_error);
        if (rc == 0)
                rc = save_bytes(path, state_dir, &bytes, arena, ret_backup);
        reg_doc_free(doc);
        strbuf_done(&bytes);
        return rc;
}

int regfile_lock(const char *path)
{
        char *directory = directory_of(path);

        if (!directory)
                return NBT_ERR_NOMEM;
        const int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const int saved = errno;
        free(directory);
        if (fd < 0)
                return code_of(saved);
        while (flock(fd, LOCK_EX) < 0)
                if (errno != EINTR) {
                        close_quietly(fd);
                        return code_of(errno);
                }
        return fd;
}

void regfile_unlock(int descriptor)
{
        if (descriptor >= 0)
                close(descriptor);
}
