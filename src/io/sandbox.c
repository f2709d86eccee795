#include "io/sandbox.h"

#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_account(const char *name, struct sandbox_user *ret)
{
        FILE *file = fopen("/etc/passwd", "re");
        int r = NBT_ERR_NOT_FOUND;

        if (!file)
                return NBT_ERR_IO;
        for (const struct passwd *pw = fgetpwent(file); pw; pw = fgetpwent(file)) {
                if (strcmp(pw->pw_name, name) != 0)
                        continue;
                *ret = (struct sandbox_user){.uid = pw->pw_uid, .gid = pw->pw_gid};
                snprintf(ret->name, sizeof ret->name, "%s", name);
                r = 0;
                break;
        }
        fclose(file);
        return r;
}

int sandbox_user_find(const char *name, struct sandbox_user *ret)
{
        int r;

        if (name)
                return find_account(name, ret);
        r = find_account("netbt", ret);
        return r == NBT_ERR_NOT_FOUND ? find_account("nobody", ret) : r;
}

static int own_entry(int dir_fd, const char *name, const struct sandbox_user *user)
{
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : NBT_ERR_IO;
        /* Links and special files that somebody put there stay as they are. */
        if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
                return 0;
        return fchownat(dir_fd, name, user->uid, user->gid, AT_SYMLINK_NOFOLLOW) < 0 ? NBT_ERR_IO : 0;
}

int sandbox_own(const char *path, const struct sandbox_user *user)
{
        const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        int r;

        if (!dir) {
                if (fd >= 0)
                        close(fd);
                return NBT_ERR_IO;
        }
        r = fchown(fd, user->uid, user->gid) < 0 ? NBT_ERR_IO : 0;
        for (const struct dirent *entry = readdir(dir); entry && r == 0; entry = readdir(dir))
                r = own_entry(fd, entry->d_name, user);
        closedir(dir);
        return r;
}

int sandbox_drop(const struct sandbox_user *user, bool keep_bind)
{
        const bool is_root = geteuid() == 0;

        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return NBT_ERR_DENIED;
        capng_clear(CAPNG_SELECT_BOTH);
        if (keep_bind && (is_root || capng_have_capability(CAPNG_PERMITTED, CAP_NET_BIND_SERVICE)) &&
            capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_BIND_SERVICE) < 0)
                return NBT_ERR_DENIED;
        if (is_root) {
                const int r =
                        capng_change_id((int)user->uid, (int)user->gid, CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
                return r < 0 ? NBT_ERR_DENIED : 0;
        }
        return capng_apply(CAPNG_SELECT_CAPS) < 0 ? NBT_ERR_DENIED : 0;
}

/* What may run: the calls of libc, libuv, SQLite and the resolver that a node makes once it is up. */
static const char *const ALLOWED_CALLS[] = {
        "read",
        "readv",
        "pread64",
        "preadv",
        "write",
        "writev",
        "pwrite64",
        "pwritev",
        "close",
        "lseek",
        "fsync",
        "fdatasync",
        "ftruncate",
        "fallocate",
        "fcntl",
        "flock",
        "ioctl",
        "dup",
        "dup2",
        "dup3",
        "pipe2",
        "eventfd2",
        "open",
        "openat",
        "stat",
        "fstat",
        "lstat",
        "newfstatat",
        "statx",
        "fstatfs",
        "statfs",
        "access",
        "faccessat",
        "faccessat2",
        "readlink",
        "readlinkat",
        "getdents64",
        "getcwd",
        "umask",
        "link", /* a backup gets its name without ever replacing a file */
        "linkat",
        "unlink",
        "unlinkat",
        "rename",
        "renameat",
        "renameat2",
        "mkdir",
        "mkdirat",
        "rmdir",
        "chmod",
        "fchmod",
        "fchmodat",
        "fchown",
        "utimensat",
        "mmap",
        "munmap",
        "mremap",
        "mprotect",
        "madvise",
        "brk",
        "mlock",
        "munlock",
        "futex",
        "set_robust_list",
        "rseq",
        "clone",
        "clone3",
        "sched_yield",
        "sched_getaffinity",
        "set_tid_address",
        "sched_getparam",
        "sched_getscheduler",
        "sched_get_priority_min",
        "sched_get_priority_max",
        "sched_setattr", /* without privilege it only makes one nicer */
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "sigaltstack",
        "rt_sigtimedwait",
        "kill",
        "tgkill",
        "restart_syscall",
        "epoll_create1",
        "epoll_ctl",
        "epoll_wait",
        "epoll_pwait",
        "epoll_pwait2",
        "poll",
        "ppoll",
        "select",
        "pselect6",
        "timerfd_create",
        "timerfd_settime",
        "timerfd_gettime",
        "connect",
        "bind",
        "listen",
        "accept",
        "accept4",
        "getsockname",
        "getpeername",
        "setsockopt",
        "getsockopt",
        "recvfrom",
        "recvmsg",
        "recvmmsg",
        "sendto",
        "sendmsg",
        "sendmmsg",
        "shutdown",
        "clock_gettime",
        "clock_getres",
        "clock_nanosleep",
        "nanosleep",
        "gettimeofday",
        "time",
        "getpid",
        "gettid",
        "getppid",
        "getuid",
        "geteuid",
        "getgid",
        "getegid",
        "getresuid",
        "getresgid",
        "getrandom",
        "uname",
        "sysinfo",
        "getrusage",
        "prlimit64",
        "getrlimit",
        "capget",
        "prctl",
        "exit",
        "exit_group",
};

static const int ALLOWED_FAMILIES[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};

static int add_rules(scmp_filter_ctx filter)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(ALLOWED_CALLS); i++) {
                const int number = seccomp_syscall_resolve_name(ALLOWED_CALLS[i]);

                /* Some exist on other machines only ("open" not on arm64). */
                if (number != __NR_SCMP_ERROR && seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) < 0)
                        return NBT_ERR_UNSUPPORTED;
        }
        for (size_t i = 0; i < NBT_ARRAY_SIZE(ALLOWED_FAMILIES); i++)
                if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)ALLOWED_FAMILIES[i])) < 0)
                        return NBT_ERR_UNSUPPORTED;
        return 0;
}

int sandbox_filter(void)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int r;

        if (!filter)
                return NBT_ERR_UNSUPPORTED;
        r = add_rules(filter);
        if (r == 0 && seccomp_load(filter) < 0)
                r = NBT_ERR_UNSUPPORTED;
        seccomp_release(filter);
        return r;
}
