/* The event log files of --evtx and --evt: conflict events, and what other sources say of the same conflict. */
#include "cli/collect.h"
#include "eventlog/evtfile.h"
#include "store/evtxfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVT_FILE_MAX_BYTES (UINT64_C(4) << 30) /* what a .evt file's own 32-bit offsets reach */

struct log_reading {
        struct collection *c;
        const char *path;
        struct snapshot_companion *companions; /* SNAPSHOT_MAX_COMPANIONS, a ring */
        size_t event_count, companion_count;
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
                /* the newest stay */
                const size_t at = reading->companion_count++ % SNAPSHOT_MAX_COMPANIONS;

                reading->companions[at] = (struct snapshot_companion){.companion = companion, .source = reading->path};
        }
        return 0;
}

static int read_evtx(struct log_reading *reading, const struct cli_context *ctx)
{
        struct evtx_report report = {0};
        struct strbuf why = STRBUF_INIT;
        const int r = evtx_read(reading->path, take_record, reading, &report, &why);
        int exit = CLI_EXIT_OK;

        if (r < 0)
                exit = cli_fail(ctx, CLI_EXIT_USAGE, reading->path, strbuf_ok(&why) ? strbuf_str(&why) : nbt_err_str(r),
                                "give a log as Event Viewer saves it (.evtx)");
        strbuf_done(&why);
        if (exit == CLI_EXIT_OK && report.record_count == 0 && (report.is_damaged || report.unreadable_count > 0))
                return cli_fail(ctx, CLI_EXIT_USAGE, reading->path, "damaged: not one record can be read", NULL);
        if (report.unreadable_count > 0)
                texts_add(&reading->c->notes, "%s: %zu records could not be read, the first at offset %llu; %zu were",
                          reading->path, report.unreadable_count, (unsigned long long)report.unreadable_offset,
                          report.record_count);
        else if (report.is_damaged)
                texts_add(&reading->c->notes, "%s: the file is damaged; %zu records were read, %zu of them recovered",
                          reading->path, report.record_count, report.recovered_count);
        return exit;
}

static int tell_errno(const struct cli_context *ctx, const char *path)
{
        return cli_fail(ctx, CLI_EXIT_USAGE, path, strerror(errno), NULL);
}

static int read_evt_bytes(struct log_reading *reading, const struct cli_context *ctx, const void *bytes, size_t len)
{
        struct evt_report report;
        const int r = evt_read(bytes, len, &reading->c->arena, take_record, reading, &report);

        if (r == NBT_ERR_NOMEM)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        if (r < 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s, offset %llu: %s", reading->path,
                                 (unsigned long long)report.damage_offset,
                                 report.damage ? report.damage : "unreadable");
        if (report.damage_count > 0 && report.record_count == 0)
                return cli_failf(ctx, CLI_EXIT_USAGE, "%s, offset %llu: %s; not one record can be read", reading->path,
                                 (unsigned long long)report.damage_offset, report.damage);
        if (report.damage_count > 0)
                texts_add(&reading->c->notes, "%s, offset %llu: %s; %zu damaged places, %zu records were read",
                          reading->path, (unsigned long long)report.damage_offset, report.damage, report.damage_count,
                          report.record_count);
        if (report.is_dirty)
                texts_add(
                        &reading->c->notes,
                        "%s: the log was in use when it was copied; records that were already deleted may be among it",
                        reading->path);
        return CLI_EXIT_OK;
}

static int read_evt(struct log_reading *reading, const struct cli_context *ctx)
{
        struct stat stat;
        const int fd = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

        if (fd < 0)
                return tell_errno(ctx, reading->path);
        if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_size == 0 ||
            (uint64_t)stat.st_size > EVT_FILE_MAX_BYTES) {
                (void)close(fd);
                return cli_fail(ctx, CLI_EXIT_USAGE, reading->path, "not a file with an event log (.evt) in it", NULL);
        }
        void *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        const int mapped = errno;

        (void)close(fd);
        errno = mapped;
        if (bytes == MAP_FAILED)
                return tell_errno(ctx, reading->path);
        const int exit = read_evt_bytes(reading, ctx, bytes, (size_t)stat.st_size);

        (void)munmap(bytes, (size_t)stat.st_size);
        return exit;
}

static int read_log(struct log_reading *reading, const struct cli_context *ctx, enum collect_log_kind kind)
{
        const int exit = kind == COLLECT_LOG_EVTX ? read_evtx(reading, ctx) : read_evt(reading, ctx);

        if (exit == CLI_EXIT_OK && reading->event_count == 0)
                texts_add(&reading->c->notes, "%s: no event 4319, 4320 or 4321 of NetBT is in it", reading->path);
        return exit;
}

int collect_logs(struct collection *c, const struct cli_context *ctx, const struct collect_request *request)
{
        struct log_reading reading = {.c = c};
        int exit = CLI_EXIT_OK;

        reading.companions = arena_alloc(&c->arena, SNAPSHOT_MAX_COMPANIONS * sizeof *reading.companions);
        if (!reading.companions)
                return cli_fail(ctx, CLI_EXIT_FAILED, "memory ran out", NULL, NULL);
        for (size_t i = 0; i < request->log_count && exit == CLI_EXIT_OK; i++) {
                reading.path = request->logs[i].path;
                reading.event_count = 0;
                exit = read_log(&reading, ctx, request->logs[i].kind);
        }
        c->snapshot.companions = reading.companions;
        c->snapshot.companion_count =
                reading.companion_count < SNAPSHOT_MAX_COMPANIONS ? reading.companion_count : SNAPSHOT_MAX_COMPANIONS;
        collect_sort_events(c);
        return exit;
}
