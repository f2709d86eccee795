#pragma once
/*
 * A live capture of name-service frames, in a small process of its own.
 *
 * capture_start() opens the raw sockets (TPACKET_V3 rings with a filter in the kernel: IPv4, UDP, ports 137, 5353 and 5355), and forks. The
 * child keeps nothing but the rings and a pipe: it gives its user, capabilities and most system calls up, and writes what
 * arrives as a pcapng stream into the pipe, with interface statistics whenever the kernel dropped something. The parent
 * reads that from capture_fd() with the same reader as any capture file, and needs no privilege at all.
 * When the parent is slow, the pipe fills, then the rings (64 MiB each), then the kernel drops and counts.
 */
#include "base/result.h"
#include "base/strbuf.h"
#include "io/sandbox.h"

#include <stdbool.h>
#include <stddef.h>

#define CAPTURE_MAX_INTERFACES 16

struct capture;

struct capture_options {
        size_t interface_count;
        const char *const *interfaces;
        bool promiscuous;
        const struct sandbox_user *user; /* whom the child becomes when it is root; NULL: stays who it is */
};

/* WHY gets a clause that names the interface: NBT_ERR_DENIED (no CAP_NET_RAW), NBT_ERR_NOT_FOUND (no such interface), NBT_ERR_IO,
 * NBT_ERR_NOMEM. */
int capture_start(struct capture **ret, const struct capture_options *options, struct strbuf *why) NBT_MUST_CHECK;
int capture_fd(const struct capture *capture);
/* Ends the child, waits for it, frees. Accepts NULL, returns NULL. */
struct capture *capture_stop(struct capture *capture);
