#pragma once
/*
 * A directory of a test's own, which goes when the test's process ends, however it ends: a helper waits for that on a pipe.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct scratch {
        char path[32];
        int alive; /* the pipe's end that this process, and whoever it forks, keeps open */
        pid_t helper;
};

/* Makes an empty one under /tmp. 0 or -1. */
static inline int scratch_make(struct scratch *scratch)
{
        int ends[2];

        (void)snprintf(scratch->path, sizeof scratch->path, "/tmp/netbt-test-XXXXXX");
        if (!mkdtemp(scratch->path) || pipe2(ends, O_CLOEXEC) < 0)
                return -1;
        scratch->helper = fork();
        if (scratch->helper == 0) {
                const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

                /* who ends the test's group of processes is not to end this one, nor to wait for it */
                (void)setsid();
                if (dup2(ends[0], STDIN_FILENO) >= 0 && dup2(nowhere, STDOUT_FILENO) >= 0 &&
                    dup2(nowhere, STDERR_FILENO) >= 0)
                        (void)execl("/bin/sh", "sh", "-c", "read -r _; rm -rf -- \"$1\"", "sh", scratch->path,
                                    (char *)NULL);
                _exit(127);
        }
        (void)close(ends[0]);
        scratch->alive = ends[1];
        return scratch->helper > 0 ? 0 : -1;
}

/* Removes it now, when nobody forked lives any more. 0 or -1. */
static inline int scratch_remove(struct scratch *scratch)
{
        int status;

        (void)close(scratch->alive);
        return waitpid(scratch->helper, &status, 0) == scratch->helper && status == 0 ? 0 : -1;
}
