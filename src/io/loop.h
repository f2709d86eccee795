#pragma once
/*
 * The event loop of a daemon (libuv): descriptors, one deadline, signals, name lookups.
 *
 * Callbacks run one after another on one thread. A handle is owned by the loop and closed by its own close call or by
 * loop_free().
 */
#include "base/instant.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

#define LOOP_READABLE 1u
#define LOOP_WRITABLE 2u
#define LOOP_HANGUP 4u /* the other end will send no more */

typedef void loop_fd_fn(void *context, unsigned events);
typedef void loop_fn(void *context);
typedef void loop_signal_fn(void *context, int number);
/* COUNT 0: not found. */
typedef void loop_resolve_fn(void *context, uint32_t lookup_id, const uint32_t *addresses, size_t count);

/* NBT_ERR_NOMEM, NBT_ERR_IO. */
int loop_new(struct loop **ret) NBT_MUST_CHECK;
/* Closes what is still open; accepts NULL, returns NULL. While a lookup is under way it leaves all as it is, for the end of the
 * process to clear away. */
struct loop *loop_free(struct loop *loop);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Calls FN(CONTEXT, which) whenever FD is as EVENTS ask. FD stays the caller's and must live until loop_fd_close(). NBT_ERR_IO, NBT_ERR_NOMEM. */
int loop_fd_open(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *context,
                 struct loop_fd **ret) NBT_MUST_CHECK;
/* Changes what is waited for. */
void loop_fd_set(struct loop_fd *handle, unsigned events);
/* No callback comes after this; accepts NULL, returns NULL. */
struct loop_fd *loop_fd_close(struct loop_fd *handle);

int loop_timer_new(struct loop *loop, loop_fn *fn, void *context, struct loop_timer **ret) NBT_MUST_CHECK;
/* Due at DEADLINE (never before it; MONO_NEVER: not at all), once; replaces what was set. */
void loop_timer_set(struct loop_timer *timer, mono_t now, mono_t deadline);
struct loop_timer *loop_timer_free(struct loop_timer *timer);

/* Takes signal NUMBER over. */
int loop_signal(struct loop *loop, int number, loop_signal_fn *fn, void *context) NBT_MUST_CHECK;

/* Asks the system's resolver for HOST's IPv4 addresses on a thread; at most LOOP_MAX_LOOKUPS at a time: NBT_ERR_FULL. */
#define LOOP_MAX_LOOKUPS 32
#define LOOP_MAX_ADDRESSES 16
int loop_resolve(struct loop *loop, const char *host, uint32_t lookup_id, loop_resolve_fn *fn,
                 void *context) NBT_MUST_CHECK;
