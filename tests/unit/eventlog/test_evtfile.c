/* Classic event logs, made by the writer of evt_write.h (no real one is in the repository). */
#include "unit.h"

#include "eventlog/companion.h"
#include "eventlog/evtfile.h"
#include "eventlog/parse.h"
#include "eventlog/record.h"

#include "evt_write.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX 16

struct seen {
        size_t count;
        struct log_record records[MAX];
};

static int keep(void *context, const struct log_record *record)
{
        struct seen *seen = context;

        if (seen->count < MAX)
                seen->records[seen->count++] = *record;
        return 0;
}

/* Windows XP's record, V5 of vectors.h. */
static const uint8_t v5[40] = {[4] = 4, [6] = 0x56, [12] = 0xe1, 0x10, 0, 0xc0, 1, 1, 0, 0, 1, 0, 0, 0xc0};

static const struct evt_entry entries[] = {
        {.time_s = 1300000000,
         .code = 6011,
         .type = 4,
         .source = "EventLog",
         .computer = "NEWNAME",
         .string_count = 2,
         .strings = {"OLDNAME", "NEWNAME"}},
        {.time_s = 1300000010,
         .code = 0xC00010E1,
         .type = 1,
         .source = "NetBT",
         .computer = "WKS-WINXP32BIT",
         .string_count = 4,
         .strings = {"", "SHIELDBASE     :1d", "10.3.58.7", "10.3.58.6"},
         .data_len_bytes = sizeof v5,
         .data = v5},
        {.time_s = 1300000020,
         .code = 0xC0001066,
         .type = 1,
         .source = "Tcpip",
         .computer = "WKS-WINXP32BIT",
         .string_count = 3,
         .strings = {"", "10.3.58.7", "02-00-00-00-00-01"}},
};

static void make(struct evt_writer *writer)
{
        evt_begin(writer);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(entries); i++)
                (void)evt_add(writer, &entries[i]);
        evt_end(writer, 0);
}

static int read_all(const struct evt_writer *writer, size_t len_bytes, struct seen *seen, struct evt_report *report)
{
        struct arena arena = ARENA_INIT;
        /* in memory of its own size, so that a sanitizer sees what reads beyond it */
        uint8_t *copy = malloc(len_bytes + 1);

        assert_non_null(copy);
        memcpy(copy, writer->bytes, len_bytes);
        *seen = (struct seen){0};
        const int r = evt_read(copy, len_bytes, &arena, keep, seen, report);

        free(copy);
        arena_done(&arena);
        return r;
}

static struct evt_writer writer;
static struct seen seen;

static void check_v5(const struct log_record *record)
{
        struct event event;
        uint32_t address;

        assert_int_equal(record->record, 2);
        assert_string_equal(record->computer, "WKS-WINXP32BIT");
        assert_true(log_record_to_event(record, &event));
        assert_int_equal(event.id, 4321);
        assert_int_equal(event.code, 0xC00010E1);
        assert_int_equal(event.level, EVENT_LEVEL_ERROR);
        assert_true(event.time.us == INT64_C(1300000010) * 1000000);
        assert_int_equal(event.string_count, 3);
        assert_string_equal(event.strings[0], "SHIELDBASE     :1d");
        assert_string_equal(event.name, "SHIELDBASE<1D>");
        assert_int_equal(event.data_len_bytes, sizeof v5);
        assert_memory_equal(event.data, v5, sizeof v5);
        assert_true(event_find_address(&event, &address));
        assert_int_equal(address, 0x0A033A06);
        assert_true(event_find_interface_address(&event, &address));
        assert_int_equal(address, 0x0A033A07);
}

static void test_read(void **state)
{
        struct evt_report report;
        struct event event;

        (void)state;
        make(&writer);
        assert_int_equal(read_all(&writer, writer.len_bytes, &seen, &report), 0);
        assert_int_equal(seen.count, 3);
        assert_int_equal(report.record_count, 3);
        assert_int_equal(report.damage_count, 0);
        assert_false(report.is_dirty);
        check_v5(&seen.records[1]);
        assert_false(log_record_to_event(&seen.records[0], &event));
        assert_false(log_record_to_event(&seen.records[2], &event));
}

/* Wherever the ring's end falls, all records are there. */
static void test_wrap(void **state)
{
        (void)state;
        make(&writer);
        const size_t ring = writer.len_bytes - 0x30;

        for (size_t shift = 4; shift < ring; shift += 4) {
                struct evt_report report;
                size_t found = 0;

                make(&writer);
                evt_wrap(&writer, shift);
                assert_int_equal(read_all(&writer, writer.len_bytes, &seen, &report), 0);
                for (size_t i = 0; i < seen.count; i++)
                        if (seen.records[i].record == 2) {
                                check_v5(&seen.records[i]);
                                found++;
                        }
                /* a record whose length or signature alone is at the end is cut there by Windows' own filler, never by Windows */
                if (found != 1)
                        assert_true(report.damage_count > 0);
                assert_true(found <= 1);
        }
}

static void test_truncated(void **state)
{
        (void)state;
        make(&writer);
        for (size_t len = 0; len < writer.len_bytes; len++) {
                struct evt_report report;
                const int r = read_all(&writer, len, &seen, &report);

                assert_int_equal(r, len < 0x30 ? NBT_ERR_MALFORMED : 0);
                if (len < 0x30)
                        assert_non_null(report.damage);
                for (size_t i = 0; i < seen.count; i++)
                        assert_int_equal(seen.records[i].record, i + 1);
        }
}

/* One record's broken length loses that record alone, and its offset is told. */
static void test_damaged(void **state)
{
        struct evt_report report;

        (void)state;
        evt_begin(&writer);
        size_t at[3];
        for (size_t i = 0; i < 3; i++)
                at[i] = evt_add(&writer, &entries[i]);
        evt_end(&writer, 0);
        writer.bytes[at[0] + 1] ^= 1;
        assert_int_equal(read_all(&writer, writer.len_bytes, &seen, &report), 0);
        assert_int_equal(seen.count, 2);
        check_v5(&seen.records[0]);
        assert_int_equal(report.damage_count, 1);
        assert_true(report.damage_offset == at[0]);
}

/* What a clean header calls deleted is left out; a dirty one's word does not count. */
static void test_deleted(void **state)
{
        struct evt_report report;

        (void)state;
        make(&writer);
        evt_put32(writer.bytes + 28, 2);
        assert_int_equal(read_all(&writer, writer.len_bytes, &seen, &report), 0);
        assert_int_equal(seen.count, 2);
        evt_put32(writer.bytes + 36, 1);
        assert_int_equal(read_all(&writer, writer.len_bytes, &seen, &report), 0);
        assert_true(report.is_dirty);
        assert_int_equal(seen.count, 3);
}

/* libevtx gives <Binary> as the last string: V3. */
static void test_binary(void **state)
{
        static const char binary[] = "000000000400320000000000E11000C001010000010000C000000000000000000000000000000000";
        struct log_record record = {.code = 0xC00010E1,
                                    .record = 405,
                                    .source = "NetBT",
                                    .string_count = 5,
                                    .strings = {"", "DESKTOP-1N4R894:0", "74.118.138.195", "74.118.138.92", "0000"}};
        struct event event;

        (void)state;
        log_record_take_binary(&record, "74.118.138.92"); /* no data: nothing is taken away */
        assert_int_equal(record.string_count, 5);
        log_record_take_binary(&record, binary);
        assert_int_equal(record.string_count, 4);
        assert_int_equal(record.data_len_bytes, 40);
        assert_true(log_record_to_event(&record, &event));
        assert_string_equal(event.name, "DESKTOP-1N4R894<00>");
        assert_int_equal(event.data[12], 0xE1);
        assert_true(log_record_filetime(UINT64_C(116444736000000000)).us == 0);
        assert_true(log_record_filetime(UINT64_C(116444736010000000)).us == 1000000);
}

/* A record of a log becomes the same reading that its text would give; another source's does not. */
static void test_reading(void **state)
{
        struct evt_report report;
        struct event_reading reading;
        struct event_problem problem;

        (void)state;
        make(&writer);
        assert_int_equal(read_all(&writer, writer.len_bytes, &seen, &report), 0);
        assert_int_equal(event_reading_from_record(&seen.records[1], &reading, &problem), 0);
        assert_int_equal(reading.form, EVENT_FORM_LOG);
        assert_int_equal(reading.line, 0);
        assert_int_equal(reading.warning_count, 0);
        assert_int_equal(reading.interface_address, 0x0A033A07);
        assert_int_equal(reading.address, 0x0A033A06);
        assert_true(reading.has_record && reading.has_name);
        assert_int_equal(reading.name[15], 0x1D);
        assert_int_equal(event_reading_from_record(&seen.records[2], &reading, &problem), NBT_ERR_UNSUPPORTED);
        seen.records[1].data_len_bytes = 39;
        assert_int_equal(event_reading_from_record(&seen.records[1], &reading, &problem), NBT_ERR_TRUNCATED);
        assert_int_equal(problem.line, 0);
}

static void test_companions(void **state)
{
        struct evt_report report;
        struct companion companion;

        (void)state;
        make(&writer);
        assert_int_equal(read_all(&writer, writer.len_bytes, &seen, &report), 0);
        assert_true(companion_read(&seen.records[0], &companion));
        assert_string_equal(companion.text, "EventLog 6011: the machine's name was changed from OLDNAME to NEWNAME");
        assert_true(companion_names(&companion, "oldname"));
        assert_true(companion_names(&companion, "NEWNAME"));
        assert_false(companion_names(&companion, "NEW"));
        assert_false(companion_read(&seen.records[1], &companion));
        assert_true(companion_read(&seen.records[2], &companion));
        assert_string_equal(
                companion.text,
                "Tcpip 4198: the IP address 10.3.58.7 is used by another machine, too: MAC 02-00-00-00-00-01");
        assert_true(companion.has_address);
        assert_int_equal(companion.address, 0x0A033A07);
}

/* `test --corpus DIR` writes the seeds of the fuzzer. */
static int write_corpus(const char *dir)
{
        for (int i = 0; i < 2; i++) {
                char path[512];

                make(&writer);
                if (i)
                        evt_wrap(&writer, 160);
                (void)snprintf(path, sizeof path, "%s/%s", dir, i ? "wrapped.evt" : "plain.evt");
                FILE *file = fopen(path, "w");
                if (!file || fwrite(writer.bytes, 1, writer.len_bytes, file) != writer.len_bytes || fclose(file) != 0)
                        return 1;
        }
        return 0;
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_read),       cmocka_unit_test(test_wrap),    cmocka_unit_test(test_truncated),
                cmocka_unit_test(test_damaged),    cmocka_unit_test(test_deleted), cmocka_unit_test(test_binary),
                cmocka_unit_test(test_companions), cmocka_unit_test(test_reading),
        };

        if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
                return write_corpus(argv[2]);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
