#include "cli/watch_run.h"

#include "cli/watch_alert.h"
#include "cli/watch_bait.h"
#include "cli/watch_keep.h"
#include "cli/watch_ui.h"
#include "io/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 500u
#define FOLLOW_MS 250
#define READS_PER_ROUND 256 /* of a file, before keys and time are looked at */

static volatile sig_atomic_t stopped;

static void stop(int number)
{
        (void)number;
        stopped = 1;
}

static void catch_signals(void)
{
        struct sigaction action = {.sa_handler = stop};

        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
}

static int fail_read(const struct watch_session *session, int r)
{
        const struct cli_context *ctx = session->ctx;
        const char *name = watch_session_input(session);
        const unsigned long long at = session->capture.reader.taken_bytes;

        if (r == NBT_ERR_IO)
                return cli_fail(ctx, session->settings->file ? CLI_EXIT_USAGE : CLI_EXIT_FAILED, name, strerror(errno),
                                NULL);
        if (!session->settings->file)
                return cli_fail(ctx, CLI_EXIT_FAILED, name, "the capture process ended", NULL);
        if (r == NBT_ERR_UNSUPPORTED && at < 64)
                return cli_fail(ctx, CLI_EXIT_USAGE, name, "compressed, or a variant that is not read here",
                                "unpack it: zcat FILE | netbt watch -r -");
        if (session->capture.reader.kind == PCAPFILE_UNKNOWN)
                return cli_fail(ctx, CLI_EXIT_USAGE, name, "neither a pcap nor a pcapng file", NULL);
        return cli_failf(ctx, CLI_EXIT_USAGE, "%s: damaged at byte %llu; what stands before was read", name, at);
}

/* Reads what is there. An exit code, CLI_EXIT_OK to go on. */
static int read_some(struct watch_session *session)
{
        int r = 1;

        for (unsigned i = 0; r > 0 && i < READS_PER_ROUND && !stopped; i++) {
                r = watch_session_read(session);
                /* a pipe may be empty now; only files are read on and on */
                if (!session->settings->file || session->settings->follow)
                        break;
        }
        if (session->capture.ended && session->settings->follow) {
                session->capture.ended = false;
                return CLI_EXIT_OK;
        }
        if (r >= 0 && session->capture.ended && !session->settings->file)
                r = NBT_ERR_STATE; /* our own process of capture never ends by itself */
        return r < 0 ? fail_read(session, r) : CLI_EXIT_OK;
}

/* The time until something is due, at most one tick. */
static int wait_ms(const struct watch_session *session, mono_t now, mono_t tick_due, mono_t end)
{
        mono_t due = mono_min(tick_due, end);

        if (session->baiter)
                due = mono_min(due, watch_baiter_deadline(session->baiter));
        const uint64_t ms = mono_elapsed_ms(now, due);
        return ms > TICK_MS ? (int)TICK_MS : (int)ms + 1;
}

static void tick(struct watch_session *session)
{
        struct watch_events events = {.arena = &session->arena};

        if (!session->settings->file) {
                arena_reset(&session->arena);
                watch_tick(session->watch, clock_wall(), &events);
                watch_session_tell(session, &events);
        }
        if (session->keeper)
                watch_keeper_tick(session->keeper, session->watch, clock_mono());
        if (session->alerts)
                watch_alerts_reap(session->alerts);
        if (session->ui)
                watch_ui_draw(session->ui);
}

/* Waits for frames, keys or time. True if frames wait. */
static bool wait_for_input(const struct watch_session *session, bool at_end, int ms)
{
        struct pollfd fds[3] = {{.fd = session->capture.ended || at_end ? -1 : session->capture.fd, .events = POLLIN},
                                {.fd = session->ui ? STDIN_FILENO : -1, .events = POLLIN},
                                {.fd = session->baiter ? watch_baiter_fd(session->baiter) : -1, .events = POLLIN}};

        if (poll(fds, NBT_ARRAY_SIZE(fds), at_end && ms > FOLLOW_MS ? FOLLOW_MS : ms) < 0)
                return false;
        return at_end || fds[0].revents;
}

static bool goes_on(const struct watch_session *session, mono_t now, mono_t end)
{
        if (stopped || ferror(session->ctx->out) || mono_is_due(end, now))
                return false;
        return !session->capture.ended || session->ui;
}

int watch_run(struct watch_session *session)
{
        const unsigned for_s = session->settings->for_s;
        mono_t now = clock_mono(), tick_due = now;
        const mono_t end = for_s ? mono_add_ms(now, (uint64_t)for_s * 1000) : MONO_NEVER;
        bool at_end = false;
        int exit = CLI_EXIT_OK;

        catch_signals();
        while (exit == CLI_EXIT_OK && goes_on(session, now, end)) {
                if (wait_for_input(session, at_end, wait_ms(session, now, tick_due, end)) && !session->capture.ended) {
                        const uint64_t before = capture_file_offset(&session->capture);
                        exit = read_some(session);
                        at_end = session->settings->follow && before == capture_file_offset(&session->capture);
                }
                now = clock_mono();
                if (session->ui && !watch_ui_keys(session->ui))
                        break;
                if (session->baiter)
                        watch_baiter_step(session->baiter, session->watch, now);
                if (mono_is_due(tick_due, now)) {
                        tick(session);
                        tick_due = mono_add_ms(now, TICK_MS);
                }
                if (!session->ui && (session->capture.ended || !session->settings->file || session->settings->follow))
                        fflush(session->ctx->out);
        }
        return exit;
}
