#include "cli/watch_session.h"

#include "cli/name_json.h"
#include "cli/watch_alert.h"
#include "cli/watch_print.h"
#include "cli/watch_ui.h"
#include "io/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int watch_session_init(struct watch_session *session, struct cli_context *ctx, const struct watch_settings *settings)
{
        struct watch_options options = {.allowed_count = settings->allowed_count, .allowed = settings->allowed};

        *session = (struct watch_session){.ctx = ctx, .settings = settings, .capture.fd = -1};
        /* the order of rows is sorted anyway: the seed shows nowhere */
        if (random_bytes(&options.seed, sizeof(options.seed)) < 0)
                return NBT_ERR_IO;
        if (capture_file_init(&session->capture, -1) < 0)
                return NBT_ERR_NOMEM;
        return watch_new(&session->watch, &options);
}

void watch_session_done(struct watch_session *session)
{
        watch_free(session->watch);
        arena_done(&session->arena);
        strbuf_done(&session->line);
        capture_file_done(&session->capture);
}

/* ---- telling ------------------------------------------------------------------------------------------------------ */

static void print_json(const struct watch_session *session, json_t *object)
{
        if (!object)
                return;
        json_print(session->ctx->out, object, JSON_COMPACT);
}

static const char *colour_of(const struct watch_event *event)
{
        switch (event->type) {
        case WATCH_EVENT_CONFLICT:
        case WATCH_EVENT_SPOOFER:
                return "\033[1;31m";
        case WATCH_EVENT_DEMAND:
        case WATCH_EVENT_REFUSE:
                return "\033[33m";
        case WATCH_EVENT_OVER:
                return "\033[32m";
        case WATCH_EVENT_CLAIM:
        case WATCH_EVENT_HOLDER:
        case WATCH_EVENT_RELEASE:
        case WATCH_EVENT_PACKET:
        case WATCH_EVENT_MAX:
        default:
                return NULL;
        }
}

static void print_event(struct watch_session *session, const struct watch_event *event)
{
        const char *colour = session->ctx->colour ? colour_of(event) : NULL;

        if (session->ctx->json) {
                print_json(session, watch_json_event(event));
                return;
        }
        strbuf_reset(&session->line);
        watch_print_event(&session->line, event);
        fprintf(session->ctx->out, "%s%s%s\n", colour ? colour : "", strbuf_str(&session->line),
                colour ? "\033[0m" : "");
}

void watch_session_tell(struct watch_session *session, const struct watch_events *events)
{
        for (const struct watch_event *event = events->first; event; event = event->next) {
                const bool alarm = watch_is_alarm(event);

                session->found |= alarm;
                if (session->alerts)
                        watch_alerts_tell(session->alerts, event);
                if (session->ui)
                        watch_ui_tell(session->ui, event);
                else if (alarm || !session->settings->quiet)
                        print_event(session, event);
        }
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* Hands what was gathered to the tracker, and tells what changed. */
static void pass_on(struct watch_session *session)
{
        struct watch_events events = {.arena = &session->arena};

        arena_reset(&session->arena);
        watch_frames(session->watch, session->inputs, session->input_count, &events);
        session->input_count = 0;
        watch_session_tell(session, &events);
}

static void take_packet(struct watch_session *session, const struct pcapfile_record *record)
{
        session->packet_time = (wall_t){record->time_us};
        session->inputs[session->input_count++] = (struct watch_input){.time = session->packet_time,
                                                                       .link = record->link,
                                                                       .bytes = record->bytes,
                                                                       .len_bytes = record->len_bytes};
        if (session->input_count == WATCH_INPUTS)
                pass_on(session);
}

int watch_session_read(struct watch_session *session)
{
        struct pcapfile_record record;
        const int filled = capture_file_fill(&session->capture);
        int r;

        if (filled <= 0)
                return filled;
        while ((r = capture_file_next(&session->capture, &record)) > 0)
                take_packet(session, &record);
        pass_on(session);
        return r < 0 ? r : 1;
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

static int compare_rows(const void *a, const void *b)
{
        const struct watch_row *x = a, *y = b;
        const int by_name = memcmp(&x->name, &y->name, sizeof(x->name));

        if (by_name)
                return by_name;
        return (x->holder.address > y->holder.address) - (x->holder.address < y->holder.address);
}

static void print_rows(struct watch_session *session, const struct watch_row *rows, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (session->ctx->json) {
                        print_json(session, watch_json_row(&rows[i]));
                        continue;
                }
                strbuf_reset(&session->line);
                watch_print_row(&session->line, &rows[i]);
                fprintf(session->ctx->out, "%s\n", strbuf_str(&session->line));
        }
}

static void print_names(struct watch_session *session)
{
        size_t count = 0, room = 1024;
        struct watch_row *rows = malloc(room * sizeof(*rows));
        uint32_t cursor = 0;

        while (rows && watch_row_next(session->watch, &cursor, false, &rows[count])) {
                if (++count < room)
                        continue;
                struct watch_row *more = realloc(rows, 2 * room * sizeof(*rows));
                if (!more)
                        break;
                rows = more;
                room *= 2;
        }
        if (!rows) {
                cli_fail(session->ctx, CLI_EXIT_FAILED, "the table", "out of memory", NULL);
                return;
        }
        qsort(rows, count, sizeof(*rows), compare_rows);
        print_rows(session, rows, count);
        free(rows);
}

void watch_session_finish(struct watch_session *session)
{
        struct watch_events events = {.arena = &session->arena};

        arena_reset(&session->arena);
        watch_tick(session->watch, (wall_t){session->packet_time.us + (int64_t)WATCH_CLAIM_MS * 1000}, &events);
        watch_session_tell(session, &events);
        if (session->settings->names)
                print_names(session);
        if (session->ctx->json) {
                print_json(session, watch_json_summary(session->watch, capture_file_drops(&session->capture)));
                return;
        }
        strbuf_reset(&session->line);
        watch_print_summary(&session->line, session->watch, capture_file_drops(&session->capture));
        fprintf(session->ctx->out, "%s\n", strbuf_str(&session->line));
}
