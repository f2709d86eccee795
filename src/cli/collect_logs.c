/* The event log files of --evtx and --evt: conflict events, and what other sources say of the same conflict. */
#include "cli/collect.h"

#include <string.h>
#include <strings.h>

/* [MS docs] "Configure Event Delivery Optimization": Normal has the latency of 15 minutes. A classic log is told by a call of its own. */
#define FORWARDED_US (INT64_C(15) * 60 * 1000000)
#define CALLED_US (INT64_C(2) * 1000000) /* its times are whole seconds */

struct log_reading {
        struct collection *c;
        const char *path;
        size_t event_count;
};

/* Whose record it is, and how long it was on its way into the log. */
static void note_relay(struct log_reading *reading, const struct log_record *record)
{
        struct collection *c = reading->c;
        const int64_t after_us = record->written.us - record->time.us;
        struct snapshot_relay *relay = NULL;

        for (size_t i = 0; i < c->relay_count; i++)
                if (c->relays[i].source == reading->path && strcasecmp(c->relays[i].computer, record->computer) == 0)
                        relay = &c->relays[i];
        if (!record->computer[0] || record->time.us == 0 || record->written.us == 0 ||
            (!relay && c->relay_count == SNAPSHOT_MAX_RELAYS))
                return;
        if (!relay) {
                relay = &c->relays[c->relay_count++];
                *relay = (struct snapshot_relay){.source = reading->path, .least_us = after_us};
                memcpy(relay->computer, record->computer, sizeof relay->computer);
        }
        relay->count++;
        if (after_us < relay->least_us)
                relay->least_us = after_us;
}

/* How long a record may be on its way depends on the kind of the log. */
static void settle_relays(struct log_reading *reading, enum log_file_kind kind)
{
        for (size_t i = 0; i < reading->c->relay_count; i++)
                if (reading->c->relays[i].source == reading->path)
                        reading->c->relays[i].delay_us = kind == LOG_FILE_EVTX ? FORWARDED_US : CALLED_US;
}

static int take_record(void *context, const struct log_record *record)
{
        struct log_reading *reading = context;
        struct collection *c = reading->c;
        struct companion companion;
        struct event event;

        if (log_record_to_event(record, &event)) {
                if (event.id < EVENT_ID_DUPLICATE_NAME || event.id > EVENT_ID_DUPLICATE_NAME_ERROR)
                        return 0;
                reading->event_count++;
                note_relay(reading, record);
                collect_add_event(c, &event, reading->path);
        } else if (companion_read(record, &companion)) {
                note_relay(reading, record);
                collect_add_companion(c, &companion, reading->path);
        }
        return 0;
}

static int read_log(struct log_reading *reading, const struct cli_context *ctx, enum log_file_kind kind)
{
        struct log_file_report report;
        const int exit = log_file_read(ctx, reading->path, kind, take_record, reading, &reading->c->notes, &report);

        if (exit == CLI_EXIT_OK)
                settle_relays(reading, report.kind);
        if (exit == CLI_EXIT_OK && reading->event_count == 0)
                texts_add(&reading->c->notes, "%s: no event 4319, 4320 or 4321 of NetBT is in it", reading->path);
        return exit;
}

int collect_logs(struct collection *c, const struct cli_context *ctx, const struct collect_request *request)
{
        struct log_reading reading = {.c = c};
        int exit = CLI_EXIT_OK;

        for (size_t i = 0; i < request->log_count && exit == CLI_EXIT_OK; i++) {
                reading.path = request->logs[i].path;
                reading.event_count = 0;
                exit = read_log(&reading, ctx, request->logs[i].kind);
        }
        collect_sort_events(c);
        return exit;
}
