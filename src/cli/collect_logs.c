/* The event log files of --evtx and --evt: conflict events, and what other sources say of the same conflict. */
#include "cli/collect.h"

struct log_reading {
        struct collection *c;
        const char *path;
        size_t event_count;
};

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
                collect_add_event(c, &event, reading->path);
        } else if (companion_read(record, &companion)) {
                collect_add_companion(c, &companion, reading->path);
        }
        return 0;
}

static int read_log(struct log_reading *reading, const struct cli_context *ctx, enum log_file_kind kind)
{
        struct log_file_report report;
        const int exit = log_file_read(ctx, reading->path, kind, take_record, reading, &reading->c->notes, &report);

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
