#include "daemon/hosts.h"

#include "daemon/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_unc(const char *path)
{
        return (path[0] == '\\' && path[1] == '\\') || (path[0] == '/' && path[1] == '/');
}

/* PATH as seen from the file INCLUDER, in RET. False if it does not fit. */
static bool resolve(const char *path, const char *includer, char ret[2 * LMHOSTS_PATH_BYTES])
{
        const char *slash = strrchr(includer, '/');
        const int directory_len = path[0] == '/' || !slash ? 0 : (int)(slash - includer) + 1;
        const int len = snprintf(ret, (size_t)2 * LMHOSTS_PATH_BYTES, "%.*s%s", directory_len, includer, path);

        return len > 0 && len < 2 * LMHOSTS_PATH_BYTES;
}

/* Feeds an open FILE; one byte more than is allowed is enough to be refused there. */
static int feed_file(struct lmhosts_load *load, FILE *file)
{
        char *text = malloc(LMHOSTS_MAX_FILE_BYTES + 1);
        int r;

        if (!text)
                return NBT_ERR_NOMEM;
        const size_t len = fread(text, 1, LMHOSTS_MAX_FILE_BYTES + 1, file);
        r = ferror(file) ? lmhosts_load_fail(load, strerror(errno)) : lmhosts_load_feed(load, text, len);
        free(text);
        return r;
}

static int feed_next(struct lmhosts_load *load, const char *wanted)
{
        char path[2 * LMHOSTS_PATH_BYTES];
        struct stat st;

        if (is_unc(wanted))
                return lmhosts_load_fail(load, "network paths are not read; copy the file here");
        if (!resolve(wanted, lmhosts_load_includer(load), path))
                return lmhosts_load_fail(load, "the path is too long");
        /* a pipe must not hold up the daemon: it is opened without waiting, and refused below */
        const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
        if (!file) {
                const int why = errno;

                if (fd >= 0)
                        close(fd);
                return lmhosts_load_fail(load, strerror(why));
        }
        const int r = fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode) ? lmhosts_load_fail(load, "not a plain file")
                                                                           : feed_file(load, file);
        fclose(file);
        return r;
}

static void log_problems(const struct lmhosts_load *load)
{
        for (size_t i = 0; i < lmhosts_load_problem_count(load); i++) {
                const struct lmhosts_problem *problem = lmhosts_load_problem(load, i);

                if (!problem)
                        break;
                log_line(0, "%s:%u: %s", problem->path, problem->line, problem->text);
        }
}

int hosts_load(const char *path, struct lmhosts_load **ret)
{
        struct lmhosts_load *load = NULL;
        struct stat st;
        int r = lmhosts_load_new(&load, path);

        if (r < 0)
                return r;
        /* Most machines have none, which is no problem to tell of. */
        const bool absent = stat(path, &st) < 0 && errno == ENOENT;
        for (const char *wanted = lmhosts_load_next(load); wanted && r == 0; wanted = lmhosts_load_next(load))
                r = absent ? lmhosts_load_feed(load, "", 0) : feed_next(load, wanted);
        if (r < 0) {
                lmhosts_load_free(load);
                return r;
        }
        log_problems(load);
        *ret = load;
        return 0;
}
