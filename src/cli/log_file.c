#include "cli/log_file.h"

#include "eventlog/evtfile.h"
#include "store/evtxfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVT_FILE_MAX_BYTES (UINT64_C(4) << 30) /* what a .evt file's own 32-bit offsets reach */

struct reading {
        const struct cli_context *ctx;
        const char *path;
        int (*visit)(void *context, const struct log_record *record);
        void *context;
        struct texts *notes;
        struct log_file_report report;
};

enum log_file_kind log_file_recognise(const char *path)
{
        const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char head[8];
        const ssize_t got = fd < 0 ? -1 : pread(fd, head, sizeof head, 0);

        if (fd >= 0)
                (void)close(fd);
        if (got != (ssize_t)sizeof head)
                return LOG_FILE_NONE;
        if (memcmp(head, "ElfFile", sizeof head) == 0)
                return LOG_FILE_EVTX;
        return memcmp(head + 4, "LfLe", 4) == 0 ? LOG_FILE_EVT : LOG_FILE_NONE;
}

/* A reader's failure; WHAT says what is wrong with the file. */
static int tell_failure(const struct reading *r, int code, const char *what, const char *todo)
{
        if (code == NBT_ERR_NOMEM)
                return cli_fail(r->ctx, CLI_EXIT_FAILED, r->path, "memory ran out", NULL);
        if (code == NBT_ERR_RANGE)
                return cli_fail(r->ctx, CLI_EXIT_USAGE, r->path, "too many events", "ask for fewer of them");
        return cli_fail(r->ctx, CLI_EXIT_USAGE, r->path, what, todo);
}

static int read_evtx(struct reading *r)
{
        struct evtx_report report = {0};
        struct strbuf why = STRBUF_INIT;
        const int code = evtx_read(r->path, r->visit, r->context, &report, &why);
        int exit = CLI_EXIT_OK;

        if (code < 0)
                exit = tell_failure(r, code, why.len_bytes ? strbuf_str(&why) : nbt_err_str(code),
                                    "give a log as Event Viewer saves it (.evtx)");
        strbuf_done(&why);
        if (exit != CLI_EXIT_OK)
                return exit;
        if (report.record_count == 0 && (report.is_damaged || report.unreadable_count > 0))
                return cli_fail(r->ctx, CLI_EXIT_USAGE, r->path, "damaged: not one record can be read", NULL);
        r->report = (struct log_file_report){LOG_FILE_EVTX, report.record_count, report.unreadable_count > 0};
        if (report.unreadable_count > 0)
                texts_add(r->notes, "%s: %zu records could not be read, the first at offset %llu; %zu were", r->path,
                          report.unreadable_count, (unsigned long long)report.unreadable_offset, report.record_count);
        else if (report.is_damaged)
                texts_add(r->notes, "%s: the file is damaged; %zu records were read, %zu of them recovered", r->path,
                          report.record_count, report.recovered_count);
        return CLI_EXIT_OK;
}

static int read_evt_bytes(struct reading *r, const void *bytes, size_t len_bytes)
{
        struct arena arena = ARENA_INIT;
        struct evt_report report;
        const int code = evt_read(bytes, len_bytes, &arena, r->visit, r->context, &report);
        const unsigned long long offset = report.damage_offset;

        arena_done(&arena);
        if (code == NBT_ERR_NOMEM || code == NBT_ERR_RANGE)
                return tell_failure(r, code, NULL, NULL);
        if (code < 0)
                return cli_failf(r->ctx, CLI_EXIT_USAGE, "%s, offset %llu: %s", r->path, offset,
                                 report.damage ? report.damage : "unreadable");
        if (report.damage_count > 0 && report.record_count == 0)
                return cli_failf(r->ctx, CLI_EXIT_USAGE, "%s, offset %llu: %s; not one record can be read", r->path,
                                 offset, report.damage);
        r->report = (struct log_file_report){LOG_FILE_EVT, report.record_count, report.damage_count > 0};
        if (report.damage_count > 0)
                texts_add(r->notes, "%s, offset %llu: %s; %zu damaged places, %zu records were read", r->path, offset,
                          report.damage, report.damage_count, report.record_count);
        if (report.is_dirty)
                texts_add(r->notes,
                          "%s: the log was in use when it was copied; records that were already deleted may be among "
                          "it",
                          r->path);
        return CLI_EXIT_OK;
}

static int read_evt(struct reading *r)
{
        const int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat stat;

        if (fd < 0)
                return tell_failure(r, NBT_ERR_IO, strerror(errno), NULL);
        if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_size == 0 ||
            (uint64_t)stat.st_size > EVT_FILE_MAX_BYTES) {
                (void)close(fd);
                return tell_failure(r, NBT_ERR_MALFORMED, "not a file with an event log (.evt) in it", NULL);
        }
        void *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        const int mapped = errno;

        (void)close(fd);
        if (bytes == MAP_FAILED)
                return tell_failure(r, NBT_ERR_IO, strerror(mapped), NULL);
        const int exit = read_evt_bytes(r, bytes, (size_t)stat.st_size);

        (void)munmap(bytes, (size_t)stat.st_size);
        return exit;
}

int log_file_read(const struct cli_context *ctx, const char *path, enum log_file_kind kind,
                  int (*visit)(void *context, const struct log_record *record), void *context, struct texts *notes,
                  struct log_file_report *ret)
{
        struct reading reading = {.ctx = ctx, .path = path, .visit = visit, .context = context, .notes = notes};
        const enum log_file_kind found = log_file_recognise(path);
        const int exit = (found ? found : kind) == LOG_FILE_EVTX ? read_evtx(&reading) : read_evt(&reading);

        if (exit == CLI_EXIT_OK)
                *ret = reading.report;
        return exit;
}
