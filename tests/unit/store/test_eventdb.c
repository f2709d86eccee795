/* The event log on disk: appending, coalescing, bounds, filters, clearing, damage, and the death of its writer. */
#include "eventlog/record.h"
#include "store/eventdb.h"

#include "../scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct scratch scratch;
static char directory[64], path[96];
static struct arena arena;

static mono_t at_ms(uint64_t ms)
{
        return mono_add_ms((mono_t){1000000000}, ms);
}

static int setup(void **state)
{
        (void)state;
        if (scratch_make(&scratch) < 0)
                return -1;
        snprintf(directory, sizeof(directory), "%s", scratch.path);
        snprintf(path, sizeof(path), "%s/%s", directory, EVENTDB_FILE);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        arena_done(&arena);
        return scratch_remove(&scratch);
}

static struct eventdb *open_for(enum eventdb_mode mode, const struct eventdb_limits *limits)
{
        struct strbuf why = STRBUF_INIT;
        struct eventdb *db = NULL;
        const int r = eventdb_open(&db, path, mode, limits, &why);

        if (r < 0)
                fail_msg("%s: %d %s", path, r, strbuf_str(&why));
        strbuf_done(&why);
        return db;
}

static struct event make(uint32_t sender, int64_t second)
{
        struct event event;

        event_make_release(&event, sender, EVENT_RECORD_LEGACY);
        event.time = (wall_t){second * 1000000};
        snprintf(event.computer, sizeof(event.computer), "FILESRV");
        snprintf(event.interface, sizeof(event.interface), "eth0");
        snprintf(event.name, sizeof(event.name), "FILESRV<20>");
        snprintf(event.note, sizeof(event.note), "verified: nobody else holds the name");
        return event;
}

static uint64_t append(struct eventdb *db, const struct event *event, uint64_t ms)
{
        uint64_t record = 0;
        const int r = eventdb_append(db, event, at_ms(ms), &record);

        if (r < 0)
                fail_msg("append: %d %s", r, eventdb_error(db));
        return record;
}

static const struct event *query(struct eventdb *db, const struct eventdb_filter *filter, size_t *ret_count)
{
        const struct event *events = NULL;
        const struct eventdb_filter all = {0};
        const int r = eventdb_query(db, filter ? filter : &all, &arena, &events, ret_count);

        if (r < 0)
                fail_msg("query: %d %s", r, eventdb_error(db));
        return events;
}

static void test_append_and_read(void **state)
{
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        const struct event event = make(0x16651AE7, 1000);
        struct event refused;
        size_t count;

        (void)state;
        event_make_refused(&refused, (const uint8_t *)"WORKGROUP      \x1d", 1, 2, EVENT_RECORD_MODERN);
        refused.time = (wall_t){1001000000};
        assert_int_equal(append(db, &event, 0), 1);
        assert_int_equal(append(db, &refused, 0), 2);
        db = eventdb_close(db);
        assert_null(db);

        db = open_for(EVENTDB_READ, NULL);
        const struct event *events = query(db, NULL, &count);
        assert_int_equal(count, 2);
        struct event expected = event;
        expected.record = 1;
        assert_memory_equal(&events[0], &expected, sizeof(expected));
        expected = refused;
        expected.record = 2;
        assert_memory_equal(&events[1], &expected, sizeof(expected));
        assert_int_equal(eventdb_append(db, &event, at_ms(0), NULL), NBT_ERR_STATE);
        eventdb_close(db);
}

static void test_coalescing(void **state)
{
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        struct event event = make(7, 1000);
        size_t count;

        (void)state;
        assert_int_equal(append(db, &event, 0), 1);
        assert_int_equal(eventdb_deadline(db).ns, MONO_NEVER.ns);
        for (int i = 1; i <= 100000; i++) {
                event.time.us++;
                assert_int_equal(append(db, &event, 10), 0);
        }
        /* nothing was written yet */
        assert_int_equal(query(db, NULL, &count)->repeated, 0);
        assert_int_equal(eventdb_flush(db, at_ms(500)), 0);
        assert_int_equal(query(db, NULL, &count)->repeated, 0);
        assert_int_equal(eventdb_deadline(db).ns, at_ms(1010).ns);
        assert_int_equal(eventdb_flush(db, at_ms(1010)), 0);
        const struct event *stored = query(db, NULL, &count);
        assert_int_equal(count, 1);
        assert_int_equal(stored->repeated, 100000);
        assert_int_equal(stored->last_time.us, event.time.us);
        assert_int_equal(eventdb_deadline(db).ns, MONO_NEVER.ns);
        /* what waits is written on closing */
        append(db, &event, 2000);
        eventdb_close(db);
        db = open_for(EVENTDB_READ, NULL);
        assert_int_equal(query(db, NULL, &count)->repeated, 100001);
        eventdb_close(db);
}

/* What verification finds later goes into the row; counts of both sides add up. */
static void test_annotate(void **state)
{
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        struct event event = make(7, 1000);
        size_t count;

        (void)state;
        event.repeated = 2;
        assert_int_equal(append(db, &event, 0), 1);
        assert_int_equal(append(db, &event, 10), 0);
        struct event found = event;
        snprintf(found.note, sizeof(found.note), "10.77.0.3 holds the name");
        found.repeated = 5;
        assert_int_equal(eventdb_annotate(db, 1, &found, at_ms(20)), 0);
        assert_int_equal(eventdb_annotate(db, 99, &found, at_ms(20)), NBT_ERR_NOT_FOUND);
        assert_int_equal(eventdb_flush(db, at_ms(2000)), 0);
        const struct event *stored = query(db, NULL, &count);
        assert_int_equal(count, 1);
        assert_string_equal(stored->note, "10.77.0.3 holds the name");
        assert_int_equal(stored->repeated, 2 + 3 + 5);
        eventdb_close(db);
        db = open_for(EVENTDB_READ, NULL);
        assert_int_equal(eventdb_annotate(db, 1, &found, at_ms(20)), NBT_ERR_STATE);
        eventdb_close(db);
}

/* A flood of different senders: few rows, and an event 4322 that counts the rest. */
static void test_flood(void **state)
{
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        struct eventdb_filter filter = {.id = 4322};
        size_t count;

        (void)state;
        for (uint32_t i = 0; i < 100000; i++) {
                const struct event event = make(i, 1000 + i / 100000);
                append(db, &event, i / 100);
        }
        assert_int_equal(eventdb_flush(db, at_ms(5000)), 0);
        (void)query(db, NULL, &count);
        assert_true(count < 130);
        const uint64_t rows = count - 1;
        const struct event *summary = query(db, &filter, &count);
        assert_int_equal(count, 1);
        assert_int_equal(summary->repeated + 1 + rows, 100000);
        eventdb_close(db);
}

static void test_bounds(void **state)
{
        const struct eventdb_limits limits = {.max_events = 50};
        struct eventdb *db = open_for(EVENTDB_WRITE, &limits);
        size_t count;
        uint64_t record = 0;

        (void)state;
        for (uint32_t i = 0; i < 500; i++) {
                const struct event event = make(i, 1000 + i);
                record = append(db, &event, i * 1000);
                (void)query(db, NULL, &count);
                assert_true(count <= 50);
                arena_reset(&arena);
        }
        assert_int_equal(record, 500);
        const struct event *events = query(db, NULL, &count);
        assert_true(count >= 40);
        assert_int_equal(events[count - 1].record, 500);
        eventdb_close(db);
        /* by bytes, also when the limit shrank since */
        const struct eventdb_limits small = {.max_bytes = 2000};
        db = open_for(EVENTDB_WRITE, &small);
        const struct event event = make(1000, 5000);
        append(db, &event, 600000);
        (void)query(db, NULL, &count);
        assert_true(count >= 8 && count <= 12); /* a row is some 166 bytes */
        eventdb_close(db);
}

static void test_file_stays_small(void **state)
{
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        struct stat st;

        (void)state;
        for (uint32_t i = 0; i < 12000; i++) {
                const struct event event = make(i, 1000 + i);
                append(db, &event, i * 200ull);
        }
        eventdb_close(db);
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size < 1536 * 1024);
}

static size_t count_of(struct eventdb *db, const struct eventdb_filter *filter)
{
        size_t count;

        (void)query(db, filter, &count);
        return count;
}

static void test_filters(void **state)
{
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        struct event event;
        size_t count;

        (void)state;
        for (uint32_t i = 1; i <= 9; i++) {
                event = make(i, i * 100);
                snprintf(event.name, sizeof(event.name), i % 3 ? "FILESRV<20>" : "FILESRV2<00>");
                if (i == 5)
                        assert_int_equal(event_make_simple(&event, 4317, 0, NULL, 0, EVENT_RECORD_LEGACY), 0);
                if (i == 5)
                        event.time.us = 500000000;
                append(db, &event, i * 1000);
        }
        assert_int_equal(count_of(db, &(struct eventdb_filter){.id = 4317}), 1);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.level_mask = 1u << EVENT_LEVEL_ERROR}), 8);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.level_mask = 1u << EVENT_LEVEL_WARNING}), 1);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.level_mask = 1u << EVENT_LEVEL_INFORMATION}), 0);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.name = "filesrv"}), 5);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.name = "FileSrv2<00>"}), 3);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.name = "FILESRV<00>"}), 0);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.since = {300000000}, .until = {500000000}}), 2);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.record = 4}), 1);
        assert_int_equal(count_of(db, &(struct eventdb_filter){.after = 7}), 2);
        const struct event *events = query(db, &(struct eventdb_filter){.limit = 2, .newest = true}, &count);
        assert_int_equal(count, 2);
        assert_int_equal(events[0].record, 8);
        assert_int_equal(events[1].record, 9);
        events = query(db, &(struct eventdb_filter){.limit = 2}, &count);
        assert_int_equal(events[1].record, 2);
        eventdb_close(db);
}

/* A reader sees what the writer appends meanwhile: following. */
static void test_follow(void **state)
{
        struct eventdb *writer = open_for(EVENTDB_WRITE, NULL);
        struct event event = make(1, 100);
        size_t count;

        (void)state;
        append(writer, &event, 0);
        struct eventdb *reader = open_for(EVENTDB_READ, NULL);
        struct eventdb_filter filter = {.after = query(reader, NULL, &count)->record};
        assert_int_equal(count_of(reader, &filter), 0);
        event = make(2, 200);
        append(writer, &event, 1000);
        const struct event *events = query(reader, &filter, &count);
        assert_int_equal(count, 1);
        assert_int_equal(events->time.us, 200000000);
        eventdb_close(reader);
        eventdb_close(writer);
}

static void test_clear(void **state)
{
        struct eventdb *daemon = open_for(EVENTDB_WRITE, NULL), *tool;
        const struct event first = make(1, 100), second = make(2, 200);
        char backup[128], original[96];
        uint64_t cleared = 0;
        size_t count;

        (void)state;
        append(daemon, &first, 0);
        append(daemon, &second, 0);
        snprintf(backup, sizeof(backup), "%s/backup.db", directory);
        tool = open_for(EVENTDB_WRITE, NULL);
        assert_int_equal(eventdb_clear(tool, backup, &cleared), 0);
        assert_int_equal(cleared, 2);
        assert_int_equal(count_of(tool, NULL), 0);
        assert_int_equal(eventdb_clear(tool, backup, &cleared), NBT_ERR_EXISTS);
        eventdb_close(tool);
        /* the daemon had counted on its row: the first repeat finds it gone, the next makes a new one, numbers go on */
        append(daemon, &first, 100);
        assert_int_equal(eventdb_flush(daemon, at_ms(1100)), 0);
        assert_int_equal(append(daemon, &first, 1200), 3);
        assert_int_equal(count_of(daemon, NULL), 1);
        eventdb_close(daemon);
        memcpy(original, path, sizeof(original));
        memcpy(path, backup, sizeof(path));
        struct eventdb *db = open_for(EVENTDB_READ, NULL);
        const struct event *events = query(db, NULL, &count);
        assert_int_equal(count, 2);
        assert_int_equal(events[1].time.us, 200000000);
        eventdb_close(db);
        memcpy(path, original, sizeof(path));
        assert_int_equal(access(backup, F_OK), 0);
}

static int try_open(enum eventdb_mode mode, struct strbuf *why)
{
        struct eventdb *db = NULL;
        const int r = eventdb_open(&db, path, mode, NULL, why);

        eventdb_close(db);
        return r;
}

static void write_file(const char *bytes, size_t len)
{
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, len), (ssize_t)len);
        close(fd);
}

static void test_bad_files(void **state)
{
        struct strbuf why = STRBUF_INIT, moved = STRBUF_INIT;
        char junk[8192];

        (void)state;
        assert_int_equal(try_open(EVENTDB_READ, &why), NBT_ERR_NOT_FOUND);
        assert_string_equal(strbuf_str(&why), "No such file or directory");
        strbuf_reset(&why);
        memset(junk, 'x', sizeof(junk));
        write_file(junk, sizeof(junk));
        assert_int_equal(try_open(EVENTDB_READ, &why), NBT_ERR_MALFORMED);
        assert_int_equal(try_open(EVENTDB_WRITE, NULL), NBT_ERR_MALFORMED);
        assert_string_equal(strbuf_str(&why), "file is not a database");
        assert_int_equal(eventdb_set_aside(path, &moved), 0);
        assert_true(strstr(strbuf_str(&moved), "events.db.damaged-1") != NULL);
        assert_int_equal(try_open(EVENTDB_WRITE, NULL), 0);
        /* damage in the middle of a real one */
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        for (uint32_t i = 0; i < 200; i++) {
                const struct event event = make(i, 100 + i);
                append(db, &event, i * 1000);
        }
        eventdb_close(db);
        const int fd = open(path, O_WRONLY);
        assert_true(fd >= 0);
        for (off_t at = 4096; at < 12 * 4096; at += 512)
                assert_int_equal(pwrite(fd, junk, 400, at), 400);
        close(fd);
        assert_int_equal(try_open(EVENTDB_WRITE, NULL), NBT_ERR_MALFORMED);
        strbuf_reset(&moved);
        assert_int_equal(eventdb_set_aside(path, &moved), 0);
        assert_true(strstr(strbuf_str(&moved), "events.db.damaged-2") != NULL);
        strbuf_done(&why);
        strbuf_done(&moved);
}

static void test_foreign_database(void **state)
{
        struct strbuf why = STRBUF_INIT;
        char command[256];

        (void)state;
        struct eventdb *db = open_for(EVENTDB_WRITE, NULL);
        eventdb_close(db);
        /* bytes 60-63 of the header are the version, 68-71 the application */
        const int fd = open(path, O_RDWR);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, "\0\0\0\x63", 4, 60), 4);
        close(fd);
        snprintf(command, sizeof(command), "%s-wal", path);
        unlink(command);
        snprintf(command, sizeof(command), "%s-shm", path);
        unlink(command);
        assert_int_equal(try_open(EVENTDB_READ, &why), NBT_ERR_UNSUPPORTED);
        assert_string_equal(strbuf_str(&why), "it has format 99, this program knows 1");
        strbuf_done(&why);
}

/* The writer dies in the middle of its work: every append that had returned is there, and the log opens. */
static void test_kill(void **state)
{
        int pipes[2];
        uint64_t last = 0, seen;
        size_t count;

        (void)state;
        assert_int_equal(pipe(pipes), 0);
        const pid_t child = fork();
        if (child == 0) {
                struct eventdb *db = NULL;
                if (eventdb_open(&db, path, EVENTDB_WRITE, NULL, NULL) < 0)
                        _exit(1);
                for (uint32_t i = 0;; i++) {
                        const struct event event = make(i, 100 + i);
                        uint64_t record = 0;
                        if (eventdb_append(db, &event, at_ms(i * 1000ull), &record) < 0 ||
                            write(pipes[1], &record, sizeof(record)) != (ssize_t)sizeof(record))
                                _exit(1);
                }
        }
        close(pipes[1]);
        while (last < 300 && read(pipes[0], &seen, sizeof(seen)) == (ssize_t)sizeof(seen))
                last = seen;
        assert_int_equal(kill(child, SIGKILL), 0);
        while (read(pipes[0], &seen, sizeof(seen)) == (ssize_t)sizeof(seen))
                last = seen;
        close(pipes[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct eventdb *db = open_for(EVENTDB_READ, NULL);
        const struct event *events = query(db, NULL, &count);
        assert_true(count >= last);
        assert_int_equal(events[last - 1].record, last);
        eventdb_close(db);
        db = open_for(EVENTDB_WRITE, NULL);
        const struct event event = make(1, 1);
        assert_true(append(db, &event, 0) > last);
        eventdb_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_append_and_read, setup, teardown),
                cmocka_unit_test_setup_teardown(test_coalescing, setup, teardown),
                cmocka_unit_test_setup_teardown(test_annotate, setup, teardown),
                cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
                cmocka_unit_test_setup_teardown(test_file_stays_small, setup, teardown),
                cmocka_unit_test_setup_teardown(test_filters, setup, teardown),
                cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
                cmocka_unit_test_setup_teardown(test_clear, setup, teardown),
                cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
                cmocka_unit_test_setup_teardown(test_foreign_database, setup, teardown),
                cmocka_unit_test_setup_teardown(test_kill, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
