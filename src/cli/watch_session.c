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

const char *watch_session_input(const struct watch_session *session)
{
        const char *file = session->settings->file;

        return !file ? "capture" : strcmp(file, "-") == 0 ? "standard input" : file;
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

static bool is_readable(const struct watch_session *session)
{
        return session->settings->file && session->capture.reader.kind != PCAPFILE_UNKNOWN;
}

static void begin_damage(struct watch_session *session)
{
        session->damaged_from = session->capture.reader.taken_bytes;
        session->looks_on = true;
        if (session->damage.count++ > 0)
                return;
        session->damage.offset = session->damaged_from;
        session->damage.frame = session->capture.frames;
}

/* Looks for where packets go on, in what is there. */
static bool end_damage(struct watch_session *session)
{
        if (!capture_file_recover(&session->capture))
                return false;
        session->looks_on = false;
        session->damage.lost_bytes += session->capture.reader.taken_bytes - session->damaged_from;
        return true;
}

/* All packets that are there. 0: more has to be read first; else what capture_file_next() said. */
static int take_packets(struct watch_session *session)
{
        struct pcapfile_record record;
        int r = 0;

        while (!session->looks_on || end_damage(session)) {
                r = capture_file_next(&session->capture, &record);
                if (r > 0)
                        take_packet(session, &record);
                else if (r == NBT_ERR_MALFORMED && is_readable(session))
                        begin_damage(session);
                else
                        break;
        }
        pass_on(session);
        return session->looks_on ? 0 : r;
}

/* The end that the file may not have: a length that is wrong makes one look so. */
static int take_end(struct watch_session *session)
{
        int r = 0;

        while (r == 0 &&
               (session->looks_on || !pcapfile_may_end(&session->capture.reader,
                                                       session->capture.filled_bytes - session->capture.at_bytes))) {
                const struct capture_damage before = session->damage;
                const uint64_t frames = session->capture.frames;
                const bool is_new = !session->looks_on;

                if (is_new)
                        begin_damage(session);
                r = take_packets(session);
                if (!session->looks_on)
                        continue;
                if (is_new && session->capture.frames == frames) {
                        session->damage = before;
                        session->damage.is_cut = true;
                }
                break;
        }
        return r;
}

int watch_session_read(struct watch_session *session)
{
        const int filled = capture_file_fill(&session->capture);

        if (filled != NBT_ERR_IO && session->capture.ended && is_readable(session) && !session->settings->follow)
                return take_end(session);
        if (filled <= 0)
                return filled;
        const int r = take_packets(session);

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

static void tell_damage(struct watch_session *session)
{
        struct texts lines = texts_init(&session->arena);

        capture_damage_tell(&session->capture, &session->damage, watch_session_input(session), &lines);
        for (size_t i = 0; i < lines.count; i++)
                (void)cli_failf(session->ctx, CLI_EXIT_OK, "%s", lines.lines[i]);
}

void watch_session_finish(struct watch_session *session)
{
        struct watch_events events = {.arena = &session->arena};

        arena_reset(&session->arena);
        tell_damage(session);
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
