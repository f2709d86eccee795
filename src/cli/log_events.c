#include "cli/log_events.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROWS_FIRST 16
#define SUFFIX_CHARS 4 /* "<20>" */

struct rows {
        const struct eventdb_filter *filter;
        struct event *items;
        size_t count, size;
};

static bool is_of_name(const struct event *event, const char *name)
{
        const size_t len = strlen(event->name);

        if (strcasecmp(event->name, name) == 0)
                return true;
        return len >= SUFFIX_CHARS && strlen(name) == len - SUFFIX_CHARS &&
               strncasecmp(event->name, name, len - SUFFIX_CHARS) == 0;
}

bool log_events_want(const struct eventdb_filter *filter, const struct event *event)
{
        const int64_t last_us = event->last_time.us > event->time.us ? event->last_time.us : event->time.us;

        return (!filter->id || event->id == filter->id) &&
               (!filter->level_mask || (filter->level_mask >> event->level) & 1) &&
               (!filter->since.us || last_us >= filter->since.us) &&
               (!filter->until.us || event->time.us < filter->until.us) &&
               (!filter->name || is_of_name(event, filter->name)) &&
               (!filter->record || event->record == filter->record) && event->record > filter->after;
}

static int add(struct rows *rows, const struct event *event)
{
        if (rows->count == LOG_EVENTS_MAX)
                return NBT_ERR_RANGE;
        if (rows->count == rows->size) {
                const size_t size = rows->size ? rows->size * 2 : ROWS_FIRST;
                struct event *items = realloc(rows->items, size * sizeof(*items));

                if (!items)
                        return NBT_ERR_NOMEM;
                rows->items = items;
                rows->size = size;
        }
        rows->items[rows->count++] = *event;
        return 0;
}

static int take(void *context, const struct log_record *record)
{
        struct rows *rows = context;
        struct event event;

        if (!log_record_to_event(record, &event) || !log_events_want(rows->filter, &event))
                return 0;
        return add(rows, &event);
}

static int by_record(const void *a, const void *b)
{
        const struct event *x = a, *y = b;

        return x->record < y->record ? -1 : x->record > y->record;
}

/* A ring that has wrapped, and records found outside a file's tables, are not in order. */
static void sort(struct rows *rows)
{
        if (rows->count > 1)
                qsort(rows->items, rows->count, sizeof(*rows->items), by_record);
}

/* What the filter's limit leaves: the first of them, or the newest. */
static const struct event *limit(struct rows *rows)
{
        const size_t wanted = rows->filter->limit;
        const size_t over = wanted && rows->count > wanted ? rows->count - wanted : 0;

        rows->count -= over;
        return over && rows->filter->newest ? rows->items + over : rows->items;
}

int log_events_query(const struct cli_context *ctx, const char *path, enum log_file_kind kind,
                     const struct eventdb_filter *filter, struct arena *arena, struct texts *notes,
                     const struct event **ret, size_t *ret_count)
{
        struct rows rows = {.filter = filter};
        struct log_file_report report;
        int exit = log_file_read(ctx, path, kind, take, &rows, notes, &report);

        if (exit == CLI_EXIT_OK) {
                sort(&rows);
                const struct event *first = limit(&rows);

                *ret_count = rows.count;
                *ret = arena_copy(arena, first, rows.count * sizeof(*first));
                if (!*ret)
                        exit = cli_fail(ctx, CLI_EXIT_FAILED, "out of memory", NULL, NULL);
        }
        free(rows.items);
        return exit;
}
