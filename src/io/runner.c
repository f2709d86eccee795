#include "io/runner.h"

#include "io/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NICENESS 10
#define HELPER_FD 3

struct runner {
        int fd; /* a SOCK_SEQPACKET pair: arguments go one way, a struct runner_result comes back */
};

/* ---- what may be passed ------------------------------------------------------------------------------------------- */

static bool is_plain(char c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
}

static bool is_argument(const char *text)
{
        if (*text == '\0' || *text == '-')
                return false;
        while (is_plain(*text))
                text++;
        return *text == '\0';
}

/* Cuts MESSAGE (texts, each with its NUL) into RET, which gets a NULL at its end. Returns how many, or 0 if one of them may not be
 * passed. */
static size_t cut(char *message, size_t len, char *ret[RUNNER_MAX_ARGUMENTS + 1])
{
        size_t count = 0;

        if (len == 0 || message[len - 1] != '\0')
                return 0;
        for (char *at = message; at < message + len; at += strlen(at) + 1) {
                if (count == RUNNER_MAX_ARGUMENTS || !is_argument(at))
                        return 0;
                ret[count++] = at;
        }
        ret[count] = NULL;
        return count;
}

/* ---- the program's process ---------------------------------------------------------------------------------------- */

static void reset_signals(void)
{
        sigset_t none;

        for (int number = 1; number < NSIG; number++)
                (void)signal(number, SIG_DFL); /* not all of them can be */
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
}

static void be_program(const char *program, char *const *arguments, int failure_fd)
{
        static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        char *argv[RUNNER_MAX_ARGUMENTS + 2] = {(char *)(uintptr_t)program};
        char *environment[] = {path, NULL};

        for (size_t i = 0; arguments[i]; i++)
                argv[i + 1] = arguments[i];
        setsid();
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a helper that is killed cannot see to its end */
        reset_signals();
        execve(program, argv, environment);
        const int why = errno;
        (void)!write(failure_fd, &why, sizeof why);
        _exit(127);
}

/* ---- the helper's process ----------------------------------------------------------------------------------------- */

/* Until the process of PIDFD ends, or time is up; a daemon that ends leaves less time. */
static bool await(int pidfd, int left_ms, bool *daemon_is_gone)
{
        struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = HELPER_FD, .events = POLLRDHUP}};

        for (;;) {
                if (*daemon_is_gone) {
                        fds[1].fd = -1;
                        left_ms = RUNNER_LAST_MS;
                }
                const int r = poll(fds, 2, left_ms);
                if (r < 0 && errno == EINTR)
                        continue;
                if (r <= 0 || fds[0].revents)
                        return r > 0;
                *daemon_is_gone = true;
        }
}

static struct runner_result result_of(int status)
{
        if (WIFSIGNALED(status))
                return (struct runner_result){.end = RUNNER_KILLED, .value = WTERMSIG(status)};
        return (struct runner_result){.end = RUNNER_EXITED, .value = WEXITSTATUS(status)};
}

static struct runner_result wait_for(pid_t pid, uint32_t longest_ms, bool *daemon_is_gone)
{
        const int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        int status = 0;
        /* a kernel without such descriptors (before 5.3): then it has all the time it takes */
        const bool ended = pidfd < 0 || await(pidfd, (int)longest_ms, daemon_is_gone);

        if (!ended) {
                (void)kill(-pid, SIGKILL);
                (void)kill(pid, SIGKILL);
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        if (pidfd >= 0)
                close(pidfd);
        return ended ? result_of(status) : (struct runner_result){.end = RUNNER_TIMED_OUT};
}

static struct runner_result run(const struct runner_options *options, char *const *arguments, bool *daemon_is_gone)
{
        int failure[2], why = 0;

        if (pipe2(failure, O_CLOEXEC) < 0)
                return (struct runner_result){.end = RUNNER_NOT_RUN, .value = errno};
        const pid_t pid = fork();
        if (pid == 0)
                be_program(options->program, arguments, failure[1]);
        if (pid < 0)
                why = errno;
        close(failure[1]);
        if (pid > 0 && read(failure[0], &why, sizeof why) != (ssize_t)sizeof why)
                why = 0;
        close(failure[0]);
        const struct runner_result result =
                pid > 0 ? wait_for(pid, options->longest_ms ? options->longest_ms : RUNNER_LONGEST_MS, daemon_is_gone)
                        : (struct runner_result){.end = RUNNER_NOT_RUN};
        return why ? (struct runner_result){.end = RUNNER_NOT_RUN, .value = why} : result;
}

static void serve(const struct runner_options *options)
{
        char message[RUNNER_MAX_BYTES];
        char *arguments[RUNNER_MAX_ARGUMENTS + 1];
        bool daemon_is_gone = false;

        while (!daemon_is_gone) {
                const ssize_t len = recv(HELPER_FD, message, sizeof message, 0);

                if (len < 0 && errno == EINTR)
                        continue;
                if (len <= 0)
                        return;
                const struct runner_result result = cut(message, (size_t)len, arguments)
                                                            ? run(options, arguments, &daemon_is_gone)
                                                            : (struct runner_result){.end = RUNNER_REFUSED};
                (void)!send(HELPER_FD, &result, sizeof result, MSG_NOSIGNAL);
        }
}

/* Standard error, and the socket: nothing else of the daemon's stays open. */
static int keep_descriptors(int fd)
{
        const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
            dup3(fd, HELPER_FD, O_CLOEXEC) < 0)
                return -1;
        return (int)syscall(SYS_close_range, HELPER_FD + 1, ~0U, 0);
}

static void be_helper(int fd, const struct runner_options *options)
{
        /* the daemon says when it is over, not the terminal nor the service manager */
        static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(ignored); i++)
                (void)signal(ignored[i], SIG_IGN);
        (void)signal(SIGCHLD, SIG_DFL);
        (void)prctl(PR_SET_NAME, "netbt-runner");
        (void)setpriority(PRIO_PROCESS, 0, NICENESS);
        if (keep_descriptors(fd) < 0 || chdir("/") < 0 || (options->drop && sandbox_drop(NULL, false) < 0))
                _exit(1);
        serve(options);
        _exit(0);
}

/* ---- the daemon's side -------------------------------------------------------------------------------------------- */

int runner_start(struct runner **ret, const struct runner_options *options)
{
        int ends[2];

        if (options->program[0] != '/')
                return NBT_ERR_RANGE;
        struct runner *runner = calloc(1, sizeof *runner);
        if (!runner)
                return NBT_ERR_NOMEM;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
                free(runner);
                return NBT_ERR_IO;
        }
        (void)signal(SIGCHLD, SIG_IGN);
        const pid_t pid = fork();
        if (pid == 0)
                be_helper(ends[1], options);
        close(ends[1]);
        (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
        runner->fd = ends[0];
        if (pid < 0) {
                runner_free(runner);
                return NBT_ERR_IO;
        }
        *ret = runner;
        return 0;
}

struct runner *runner_free(struct runner *runner)
{
        if (!runner)
                return NULL;
        close(runner->fd);
        free(runner);
        return NULL;
}

int runner_fd(const struct runner *runner)
{
        return runner->fd;
}

int runner_run(struct runner *runner, const char *const *arguments, size_t count)
{
        char message[RUNNER_MAX_BYTES];
        size_t len = 0;

        if (count == 0 || count > RUNNER_MAX_ARGUMENTS)
                return NBT_ERR_RANGE;
        for (size_t i = 0; i < count; i++) {
                const size_t size = strlen(arguments[i]) + 1;

                if (!is_argument(arguments[i]) || size > sizeof message - len)
                        return NBT_ERR_RANGE;
                memcpy(&message[len], arguments[i], size);
                len += size;
        }
        return send(runner->fd, message, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : NBT_ERR_IO;
}

int runner_take(struct runner *runner, struct runner_result *ret)
{
        struct runner_result result;
        const ssize_t len = recv(runner->fd, &result, sizeof result, 0);

        if (len < 0 && (errno == EAGAIN || errno == EINTR))
                return NBT_ERR_BUSY;
        if (len != (ssize_t)sizeof result)
                return NBT_ERR_IO;
        *ret = result;
        return 0;
}
