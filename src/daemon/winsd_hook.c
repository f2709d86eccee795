/* The program that WinsHook names: told of names that come, are renewed and go (daemon/hook_queue.h), by a helper (io/runner.h). */
#include "daemon/winsd.h"

#include "daemon/log.h"
#include "io/clock.h"
#include "io/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* At the end of the server, what waits may still be told for so long. */
#define LAST_CALLS_MS 3000u
#define ARGUMENT_BYTES 16u
#define FIXED_ARGUMENTS 4u

_Static_assert(FIXED_ARGUMENTS + WINS_MAX_MEMBERS <= RUNNER_MAX_ARGUMENTS, "every call can be passed");
_Static_assert((FIXED_ARGUMENTS + WINS_MAX_MEMBERS) * ARGUMENT_BYTES <= RUNNER_MAX_BYTES, "every call can be passed");
_Static_assert(IP4_TEXT_BYTES <= ARGUMENT_BYTES && HOOK_NAME_TEXT_BYTES <= ARGUMENT_BYTES, "arguments are short");

struct winsd_hook {
        struct winsd *winsd;
        struct runner *runner;
        struct hook_queue *queue;
        struct loop_fd *handle;
        struct loop_timer *timer;
        bool running; /* CURRENT */
        bool ending;  /* the server is; it waits for us until END_AT */
        mono_t end_at;
        struct hook_call current;
        struct ctl_wins_hook view;
};

/* ---- before the filter -------------------------------------------------------------------------------------------- */

static int start_helper(struct winsd_hook *hook, const char *program, bool drop)
{
        const struct runner_options options = {.program = program, .drop = drop};

        if (*program != '/') {
                log_line(0, "WinsHook: %s: not a path that begins with /; no program is told of changes", program);
                return NBT_ERR_RANGE;
        }
        if (access(program, X_OK) < 0) {
                log_line(0, "WinsHook: %s: %s; no program is told of changes: mend it, then start winsd again", program,
                         strerror(errno));
                return NBT_ERR_IO;
        }
        const int r = runner_start(&hook->runner, &options);
        if (r < 0)
                log_line(0, "WinsHook: the helper that runs %s cannot be started: %s; no program is told of changes",
                         program, r == NBT_ERR_IO ? strerror(errno) : nbt_err_str(r));
        return r;
}

void winsd_hook_prepare(struct winsd *winsd, const struct setup *setup, bool drop)
{
        const char *program = setup->settings.wins_server.hook;
        struct winsd_hook *hook = *program ? calloc(1, sizeof *hook) : NULL;
        struct rng rng;

        if (!hook)
                return;
        snprintf(hook->view.program, sizeof hook->view.program, "%s", program);
        hook->winsd = winsd;
        winsd->hook = hook;
        if (random_rng(&rng) < 0 || hook_queue_new(&hook->queue, rng_u64(&rng)) < 0 ||
            start_helper(hook, program, drop) < 0)
                snprintf(hook->view.last_error, sizeof hook->view.last_error, "it could not be started");
}

static void on_runner(void *context, unsigned events);
static void pump(void *context);

void winsd_hook_begin(struct winsd *winsd)
{
        struct winsd_hook *hook = winsd->hook;

        if (!hook || !hook->runner)
                return;
        if (loop_fd_open(winsd->parts.loop, runner_fd(hook->runner), LOOP_READABLE, on_runner, hook, &hook->handle) <
                    0 ||
            loop_timer_new(winsd->parts.loop, pump, hook, &hook->timer) < 0) {
                log_line(0, "WinsHook: the event loop cannot take it; no program is told of changes");
                hook->handle = loop_fd_close(hook->handle);
                hook->runner = runner_free(hook->runner);
                return;
        }
        log_line(0, "WinsHook: %s is told of names that come, are renewed and go", hook->view.program);
}

void winsd_hook_settings(struct winsd *winsd, const struct setup *setup)
{
        const char *wanted = setup->settings.wins_server.hook, *present = winsd->hook ? winsd->hook->view.program : "";

        if (strcmp(wanted, present) != 0)
                log_line(0, "WinsHook: what it now names is run after the next start of winsd only");
}

/* ---- calls -------------------------------------------------------------------------------------------------------- */

static int run(struct winsd_hook *hook, const struct hook_call *call)
{
        char texts[FIXED_ARGUMENTS + WINS_MAX_MEMBERS][ARGUMENT_BYTES];
        const char *arguments[FIXED_ARGUMENTS + WINS_MAX_MEMBERS];
        const int64_t left_s = call->expiry_s - clock_wall().us / 1000000;
        size_t count = 0;

        snprintf(texts[count++], ARGUMENT_BYTES, "%s", hook_operation_str(call->operation));
        snprintf(texts[count++], ARGUMENT_BYTES, "%s", call->name);
        snprintf(texts[count++], ARGUMENT_BYTES, "%02x", call->suffix);
        snprintf(texts[count++], ARGUMENT_BYTES, "%u",
                 call->expiry_s == WINS_NEVER || left_s < 0 ? 0 : (unsigned)left_s);
        for (size_t i = 0; i < call->address_count; i++)
                ip4_format(call->addresses[i], texts[count++]);
        for (size_t i = 0; i < count; i++)
                arguments[i] = texts[i];
        return runner_run(hook->runner, arguments, count);
}

static void lose_helper(struct winsd_hook *hook)
{
        log_line(0, "WinsHook: the helper that runs %s has ended; nothing is told of changes until winsd starts again",
                 hook->view.program);
        snprintf(hook->view.last_error, sizeof hook->view.last_error, "the helper that runs it has ended");
        hook->handle = loop_fd_close(hook->handle);
        hook->runner = runner_free(hook->runner);
        hook->running = false;
}

static void end_if_done(struct winsd_hook *hook, mono_t now)
{
        const uint64_t waiting = hook_queue_counts(hook->queue).waiting;

        if (!hook->ending || (hook->runner && (hook->running || waiting > 0) && !mono_is_due(hook->end_at, now)))
                return;
        if (waiting > 0)
                log_line(0, "WinsHook: the server ends before the last %llu changes are told",
                         (unsigned long long)waiting);
        hook->ending = false;
        host_stopped(hook->winsd->parts.host);
}

/* The next call, if there is one and nothing runs. */
static void pump(void *context)
{
        struct winsd_hook *hook = context;
        const mono_t now = clock_mono();

        while (hook->runner && !hook->running && hook_queue_take(hook->queue, now, &hook->current)) {
                const int r = run(hook, &hook->current);

                hook->running = r == 0;
                if (r == NBT_ERR_IO)
                        lose_helper(hook);
        }
        mono_t deadline = hook->running ? MONO_NEVER : hook_queue_deadline(hook->queue, now);
        if (hook->ending)
                deadline = mono_min(deadline, hook->end_at);
        if (hook->timer)
                loop_timer_set(hook->timer, now, deadline);
        end_if_done(hook, now);
}

/* "" if all went well. */
static void describe(const struct runner_result *result, char *ret, size_t size_bytes)
{
        *ret = '\0';
        switch (result->end) {
        case RUNNER_EXITED:
                if (result->value)
                        snprintf(ret, size_bytes, "it ended with status %d", result->value);
                break;
        case RUNNER_KILLED:
                snprintf(ret, size_bytes, "it was ended by signal %d", result->value);
                break;
        case RUNNER_TIMED_OUT:
                snprintf(ret, size_bytes, "it had not ended after %u s, and was killed", RUNNER_LONGEST_MS / 1000);
                break;
        case RUNNER_NOT_RUN:
                snprintf(ret, size_bytes, "it could not be run: %s", strerror(result->value));
                break;
        case RUNNER_REFUSED:
                snprintf(ret, size_bytes, "its arguments were refused");
                break;
        }
}

static void on_runner(void *context, unsigned events)
{
        struct winsd_hook *hook = context;
        struct runner_result result;
        char fault[sizeof hook->view.last_error];

        (void)events;
        const int r = runner_take(hook->runner, &result);
        if (r == NBT_ERR_BUSY)
                return;
        if (r < 0) {
                lose_helper(hook);
                pump(hook);
                return;
        }
        hook->running = false;
        hook->view.calls++;
        describe(&result, fault, sizeof fault);
        if (*fault) {
                hook->view.failures++;
                memcpy(hook->view.last_error, fault, sizeof fault);
                if (winsd_may_say(hook->winsd, clock_mono()))
                        log_line(0, "WinsHook: %s %s %s<%02x>: %s", hook->view.program,
                                 hook_operation_str(hook->current.operation), hook->current.name, hook->current.suffix,
                                 fault);
        }
        pump(hook);
}

void winsd_hook_notice(struct winsd *winsd, const struct wins_notice *notice)
{
        struct winsd_hook *hook = winsd->hook;

        if (!winsd_hook_is_on(winsd))
                return;
        hook_queue_offer(hook->queue, notice);
        if (!hook->running)
                loop_timer_set(hook->timer, driver_now(winsd->parts.driver),
                               hook_queue_deadline(hook->queue, driver_now(winsd->parts.driver)));
}

/* ---- for the rest of winsd ---------------------------------------------------------------------------------------- */

bool winsd_hook_is_on(const struct winsd *winsd)
{
        return winsd->hook && winsd->hook->runner && winsd->hook->handle;
}

bool winsd_hook_end(struct winsd *winsd)
{
        struct winsd_hook *hook = winsd->hook;
        const mono_t now = clock_mono();

        if (!winsd_hook_is_on(winsd) || (!hook->running && hook_queue_counts(hook->queue).waiting == 0))
                return false;
        hook->ending = true;
        hook->end_at = mono_add_ms(now, LAST_CALLS_MS);
        loop_timer_set(hook->timer, now, hook->running ? hook->end_at : now);
        return true;
}

const struct ctl_wins_hook *winsd_hook_view(const struct winsd *winsd)
{
        struct winsd_hook *hook = winsd->hook;

        if (!hook)
                return NULL;
        if (hook->queue) {
                const struct hook_queue_counts counts = hook_queue_counts(hook->queue);

                hook->view.waiting = counts.waiting;
                hook->view.illegal = counts.illegal;
                hook->view.left_out = counts.left_out;
        }
        return &hook->view;
}

void winsd_hook_finish(struct winsd *winsd)
{
        struct winsd_hook *hook = winsd->hook;

        if (!hook)
                return;
        loop_fd_close(hook->handle);
        loop_timer_free(hook->timer);
        runner_free(hook->runner);
        hook_queue_free(hook->queue);
        free(hook);
        winsd->hook = NULL;
}
