#pragma once
/*
 * What a daemon gives up once its sockets are bound: user, capabilities (libcap-ng), system calls (libseccomp).
 */
#include "base/result.h"

#include <stdbool.h>
#include <sys/types.h>

struct sandbox_user {
        uid_t uid;
        gid_t gid;
        char name[32];
};

/*
 * The account to run as: NAME, or by default `netbt` if it exists, else `nobody`. Looked up in /etc/passwd alone (system accounts are
 * local; other sources would pull libraries in). NBT_ERR_NOT_FOUND, NBT_ERR_IO.
 */
int sandbox_user_find(const char *name, struct sandbox_user *ret) NBT_MUST_CHECK;

/* Makes PATH (a directory, and the plain files in it) USER's, so that it can write there after the drop. NBT_ERR_IO: errno tells. */
int sandbox_own(const char *path, const struct sandbox_user *user) NBT_MUST_CHECK;

/*
 * Becomes USER, with CAP_NET_BIND_SERVICE alone if KEEP_BIND, else without any capability; no way back (bounding set, securebits,
 * NO_NEW_PRIVS). When not root (the service manager already dropped), only gives up capabilities and sets NO_NEW_PRIVS.
 * NBT_ERR_DENIED: errno tells; the process must then end.
 */
int sandbox_drop(const struct sandbox_user *user, bool keep_bind) NBT_MUST_CHECK;

/* Allows from here on just the system calls a network daemon needs (no exec, ptrace, mount, module, keyring, bpf…; others get
 * EPERM; sockets of AF_INET, AF_UNIX, AF_NETLINK, AF_INET6 only). NBT_ERR_UNSUPPORTED where the kernel has no seccomp. */
int sandbox_filter(void) NBT_MUST_CHECK;
