#include "io/loop.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define MAX_SIGNALS 8

struct loop_fd {
        uv_poll_t handle;
        loop_fd_fn *fn;
        void *context;
};

struct loop_timer {
        uv_timer_t handle;
        loop_fn *fn;
        void *context;
};

struct signal_slot {
        uv_signal_t handle;
        loop_signal_fn *fn;
        void *context;
};

struct loop {
        uv_loop_t uv;
        struct signal_slot signals[MAX_SIGNALS];
        size_t signal_count;
        size_t lookups;
};

struct lookup {
        uv_getaddrinfo_t request;
        struct loop *loop;
        uint32_t id;
        loop_resolve_fn *fn;
        void *context;
};

static int uv_error(int error)
{
        switch (error) {
        case UV_ENOMEM:
                return NBT_ERR_NOMEM;
        case UV_EEXIST:
                return NBT_ERR_EXISTS;
        default:
                errno = -error;
                return NBT_ERR_IO;
        }
}

int loop_new(struct loop **ret)
{
        struct loop *loop = calloc(1, sizeof *loop);

        if (!loop)
                return NBT_ERR_NOMEM;
        const int r = uv_loop_init(&loop->uv);
        if (r < 0) {
                free(loop);
                return uv_error(r);
        }
        *ret = loop;
        return 0;
}

static void free_handle(uv_handle_t *handle)
{
        free(handle);
}

static void close_handle(uv_handle_t *handle, void *context)
{
        (void)context;
        if (uv_is_closing(handle))
                return;
        /* The signals are part of struct loop; the rest stands alone, with its uv handle first. */
        uv_close(handle, handle->type == UV_SIGNAL ? NULL : free_handle);
}

struct loop *loop_free(struct loop *loop)
{
        /* A lookup cannot be called back from the resolver and may take long: who ends does not wait for it. */
        if (!loop || loop->lookups > 0)
                return NULL;
        uv_walk(&loop->uv, close_handle, NULL);
        uv_run(&loop->uv, UV_RUN_DEFAULT); /* lets the closing end */
        (void)uv_loop_close(&loop->uv);
        free(loop);
        return NULL;
}

void loop_run(struct loop *loop)
{
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
        uv_stop(&loop->uv);
}

static const struct {
        unsigned ours;
        int uv;
} EVENT_NAMES[] = {{LOOP_READABLE, UV_READABLE}, {LOOP_WRITABLE, UV_WRITABLE}, {LOOP_HANGUP, UV_DISCONNECT}};

static void on_poll(uv_poll_t *handle, int status, int events)
{
        const struct loop_fd *fd = (const struct loop_fd *)handle;
        unsigned which = 0;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(EVENT_NAMES); i++)
                if (events & EVENT_NAMES[i].uv)
                        which |= EVENT_NAMES[i].ours;
        /* An error shows itself to the read that it provokes. */
        if (status < 0)
                which |= LOOP_READABLE;
        fd->fn(fd->context, which);
}

int loop_fd_open(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *context, struct loop_fd **ret)
{
        struct loop_fd *handle = calloc(1, sizeof *handle);

        if (!handle)
                return NBT_ERR_NOMEM;
        const int r = uv_poll_init(&loop->uv, &handle->handle, fd);
        if (r < 0) {
                free(handle);
                return uv_error(r);
        }
        handle->fn = fn;
        handle->context = context;
        loop_fd_set(handle, events);
        *ret = handle;
        return 0;
}

void loop_fd_set(struct loop_fd *handle, unsigned events)
{
        int wanted = 0;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(EVENT_NAMES); i++)
                if (events & EVENT_NAMES[i].ours)
                        wanted |= EVENT_NAMES[i].uv;
        if (wanted)
                (void)uv_poll_start(&handle->handle, wanted, on_poll);
        else
                (void)uv_poll_stop(&handle->handle);
}

struct loop_fd *loop_fd_close(struct loop_fd *handle)
{
        if (handle)
                uv_close((uv_handle_t *)&handle->handle, free_handle);
        return NULL;
}

static void on_timer(uv_timer_t *handle)
{
        const struct loop_timer *timer = (const struct loop_timer *)handle;

        timer->fn(timer->context);
}

int loop_timer_new(struct loop *loop, loop_fn *fn, void *context, struct loop_timer **ret)
{
        struct loop_timer *timer = calloc(1, sizeof *timer);

        if (!timer)
                return NBT_ERR_NOMEM;
        (void)uv_timer_init(&loop->uv, &timer->handle); /* cannot fail */
        timer->fn = fn;
        timer->context = context;
        *ret = timer;
        return 0;
}

void loop_timer_set(struct loop_timer *timer, mono_t now, mono_t deadline)
{
        uint64_t wait_ms;

        if (deadline.ns == MONO_NEVER.ns) {
                (void)uv_timer_stop(&timer->handle);
                return;
        }
        /* Rounded up, so that it never comes early; libuv counts from its own idea of now, which may be old. */
        wait_ms = mono_is_due(deadline, now) ? 0 : mono_elapsed_ms(now, deadline) + 1;
        uv_update_time(timer->handle.loop);
        (void)uv_timer_start(&timer->handle, on_timer, wait_ms, 0);
}

struct loop_timer *loop_timer_free(struct loop_timer *timer)
{
        if (timer)
                uv_close((uv_handle_t *)&timer->handle, free_handle);
        return NULL;
}

static void on_signal(uv_signal_t *handle, int number)
{
        const struct signal_slot *slot = (const struct signal_slot *)handle;

        slot->fn(slot->context, number);
}

int loop_signal(struct loop *loop, int number, loop_signal_fn *fn, void *context)
{
        if (loop->signal_count == MAX_SIGNALS)
                return NBT_ERR_FULL;
        struct signal_slot *slot = &loop->signals[loop->signal_count];
        int r = uv_signal_init(&loop->uv, &slot->handle);
        if (r < 0)
                return uv_error(r);
        loop->signal_count++;
        slot->fn = fn;
        slot->context = context;
        r = uv_signal_start(&slot->handle, on_signal, number);
        return r < 0 ? uv_error(r) : 0;
}

static size_t collect(const struct addrinfo *list, uint32_t addresses[LOOP_MAX_ADDRESSES])
{
        size_t count = 0;

        for (const struct addrinfo *ai = list; ai && count < LOOP_MAX_ADDRESSES; ai = ai->ai_next) {
                struct sockaddr_in in;

                if (ai->ai_family != AF_INET || ai->ai_addrlen < sizeof in)
                        continue;
                memcpy(&in, ai->ai_addr, sizeof in);
                addresses[count++] = ntohl(in.sin_addr.s_addr);
        }
        return count;
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
        struct lookup *lookup = (struct lookup *)request;
        uint32_t addresses[LOOP_MAX_ADDRESSES];
        const size_t count = status < 0 ? 0 : collect(list, addresses);

        lookup->loop->lookups--;
        uv_freeaddrinfo(list);
        lookup->fn(lookup->context, lookup->id, addresses, count);
        free(lookup);
}

int loop_resolve(struct loop *loop, const char *host, uint32_t lookup_id, loop_resolve_fn *fn, void *context)
{
        const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};

        if (loop->lookups == LOOP_MAX_LOOKUPS)
                return NBT_ERR_FULL;
        struct lookup *lookup = calloc(1, sizeof *lookup);
        if (!lookup)
                return NBT_ERR_NOMEM;
        *lookup = (struct lookup){.loop = loop, .id = lookup_id, .fn = fn, .context = context};
        const int r = uv_getaddrinfo(&loop->uv, &lookup->request, on_resolved, host, NULL, &hints);
        if (r < 0) {
                free(lookup);
                return uv_error(r);
        }
        loop->lookups++;
        return 0;
}
