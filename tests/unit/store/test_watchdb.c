/* What netbt watch keeps: round trips, replacement, forgetting, who may read, damage, and files that are something else. */
#include "store/watchdb.h"

#include "../scratch.h"

#include "base/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct scratch scratch;
static char directory[64], path[96];
static struct arena arena;

static int setup(void **state)
{
        (void)state;
        if (scratch_make(&scratch) < 0)
                return -1;
        snprintf(directory, sizeof(directory), "%s", scratch.path);
        snprintf(path, sizeof(path), "%s/%s", directory, WATCHDB_FILE);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        arena_done(&arena);
        return scratch_remove(&scratch);
}

static struct watchdb *open_for(enum watchdb_mode mode)
{
        struct strbuf why = STRBUF_INIT;
        struct watchdb *db = NULL;

        if (watchdb_open(&db, path, mode, &why) < 0)
                fail_msg("%s: %s", path, strbuf_str(&why));
        strbuf_done(&why);
        return db;
}

static wall_t days_ago(int days)
{
        return (wall_t){((int64_t)time(NULL) - (int64_t)days * 86400) * 1000000 + 7};
}

static struct watchdb_row make_row(uint8_t first, uint32_t address)
{
        static const uint8_t scope[] = {'l', 'a', 'b', 0, 0xFF};
        struct watchdb_row row = {.scope = scope,
                                  .scope_len_bytes = first % 2 ? sizeof(scope) : 0,
                                  .address = address,
                                  .has_mac = first % 3,
                                  .group = first & 1,
                                  .own_word = first & 2,
                                  .conflict = first & 4,
                                  .state = first % 5,
                                  .first = days_ago(3),
                                  .last = days_ago(1)};

        for (size_t i = 0; i < sizeof(row.name); i++)
                row.name[i] = (uint8_t)(first + i * 16); /* any byte, NUL too */
        for (size_t i = 0; row.has_mac && i < sizeof(row.mac); i++)
                row.mac[i] = (uint8_t)(first * 7 + i);
        return row;
}

static void expect_equal(const struct watchdb_row *a, const struct watchdb_row *b)
{
        assert_memory_equal(a->name, b->name, sizeof(a->name));
        assert_int_equal(a->scope_len_bytes, b->scope_len_bytes);
        if (a->scope_len_bytes)
                assert_memory_equal(a->scope, b->scope, a->scope_len_bytes);
        assert_int_equal(a->address, b->address);
        assert_int_equal(a->has_mac, b->has_mac);
        assert_memory_equal(a->mac, b->mac, sizeof(a->mac));
        assert_int_equal(a->group, b->group);
        assert_int_equal(a->own_word, b->own_word);
        assert_int_equal(a->conflict, b->conflict);
        assert_int_equal(a->state, b->state);
        assert_int_equal(a->first.us, b->first.us);
        assert_int_equal(a->last.us, b->last.us);
}

static void put_rows(struct watchdb *db, const struct watchdb_row *rows, size_t count)
{
        assert_int_equal(watchdb_begin(db), 0);
        for (size_t i = 0; i < count; i++)
                assert_int_equal(watchdb_put(db, &rows[i]), 0);
        assert_int_equal(watchdb_commit(db), 0);
}

static size_t count_rows(struct watchdb *db)
{
        struct watchdb_row row;
        size_t count = 0;
        int r;

        while ((r = watchdb_next(db, &row)) > 0)
                count++;
        assert_int_equal(r, 0);
        return count;
}

static void rows_come_back(void **state)
{
        struct watchdb_row rows[40], row;
        struct watchdb *db = open_for(WATCHDB_WRITE);
        size_t seen = 0;

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                rows[i] = make_row((uint8_t)i, UINT32_C(0xF0000000) + (uint32_t)i);
        put_rows(db, rows, NBT_ARRAY_SIZE(rows));
        watchdb_close(db);

        db = open_for(WATCHDB_READ);
        while (watchdb_next(db, &row) > 0) {
                expect_equal(&row, &rows[row.address & 0xFF]);
                seen++;
        }
        assert_int_equal(seen, NBT_ARRAY_SIZE(rows));
        assert_int_equal(count_rows(db), NBT_ARRAY_SIZE(rows)); /* the walk starts anew */
        watchdb_close(db);
}

static void equal_keys_are_replaced(void **state)
{
        struct watchdb_row rows[4] = {make_row(3, 1), make_row(3, 1), make_row(3, 2), make_row(3, 1)}, row;
        struct watchdb *db = open_for(WATCHDB_WRITE);

        (void)state;
        rows[1].state = 4;
        rows[3].scope_len_bytes = 0; /* another scope is another name */
        put_rows(db, rows, 4);
        assert_int_equal(count_rows(db), 3);
        while (watchdb_next(db, &row) > 0)
                if (row.address == 1 && row.scope_len_bytes)
                        assert_int_equal(row.state, 4);
        watchdb_close(db);
}

static void old_rows_are_forgotten_when_it_is_opened_for_writing(void **state)
{
        struct watchdb_row rows[2] = {make_row(1, 1), make_row(2, 2)};
        struct watchdb *db = open_for(WATCHDB_WRITE);

        (void)state;
        rows[0].last = days_ago(WATCHDB_KEEP_DAYS + 1);
        rows[1].last = days_ago(WATCHDB_KEEP_DAYS - 1);
        put_rows(db, rows, 2);
        watchdb_close(db);
        db = open_for(WATCHDB_READ);
        assert_int_equal(count_rows(db), 2);
        watchdb_close(db);
        db = open_for(WATCHDB_WRITE);
        assert_int_equal(count_rows(db), 1);
        watchdb_close(db);
}

static void findings_since_a_time(void **state)
{
        const struct watchdb_finding in[] = {
                {.address = 0xC0A80001,
                 .has_mac = true,
                 .mac = {1, 2, 3, 4, 5, 6},
                 .confidence = "likely",
                 .evidence = "old; evidence",
                 .first = days_ago(5),
                 .last = days_ago(4)},
                {.address = 0xC0A80002,
                 .confidence = "possible",
                 .evidence = "",
                 .first = days_ago(3),
                 .last = days_ago(2)},
                {.address = 0xC0A80001,
                 .confidence = "confirmed",
                 .evidence = "it's \"new\"",
                 .first = days_ago(5),
                 .last = days_ago(1)}, /* replaces the first */
        };
        const struct watchdb_finding *out;
        struct watchdb *db = open_for(WATCHDB_WRITE), *reader;

        (void)state;
        assert_int_equal(watchdb_begin(db), 0);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(in); i++)
                assert_int_equal(watchdb_put_finding(db, &in[i]), 0);
        reader = open_for(WATCHDB_READ); /* beside the writer; sees nothing before the commit */
        assert_int_equal(watchdb_findings(reader, (wall_t){0}, &arena, &out), 0);
        assert_int_equal(watchdb_commit(db), 0);
        assert_int_equal(watchdb_findings(reader, (wall_t){0}, &arena, &out), 2);
        assert_int_equal(out[0].address, 0xC0A80001); /* the latest first */
        assert_string_equal(out[0].confidence, "confirmed");
        assert_string_equal(out[0].evidence, "it's \"new\"");
        assert_false(out[0].has_mac);
        assert_int_equal(watchdb_findings(reader, in[2].last, &arena, &out), 1); /* just then counts */
        assert_int_equal(watchdb_findings(reader, days_ago(0), &arena, &out), 0);
        watchdb_close(reader);
        watchdb_close(db);
}

static void what_was_not_committed_is_gone(void **state)
{
        const struct watchdb_row row = make_row(1, 1);
        struct watchdb *db = open_for(WATCHDB_WRITE);

        (void)state;
        assert_int_equal(watchdb_begin(db), 0);
        assert_int_equal(watchdb_put(db, &row), 0);
        watchdb_close(db);
        db = open_for(WATCHDB_READ);
        assert_int_equal(count_rows(db), 0);
        watchdb_close(db);
}

static void a_second_writer_waits_and_is_told(void **state)
{
        struct watchdb *first = open_for(WATCHDB_WRITE), *second = open_for(WATCHDB_WRITE);

        (void)state;
        assert_int_equal(watchdb_begin(first), 0);
        assert_int_equal(watchdb_begin(second), NBT_ERR_BUSY);
        assert_string_not_equal(watchdb_error(second), "");
        assert_int_equal(watchdb_commit(first), 0);
        assert_int_equal(watchdb_begin(second), 0);
        assert_int_equal(watchdb_commit(second), 0);
        watchdb_close(first);
        watchdb_close(second);
}

static void execute(const char *sql)
{
        sqlite3 *raw = NULL;

        assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
        assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(raw);
}

static void expect_refused(int expect)
{
        struct strbuf why = STRBUF_INIT;
        struct watchdb *db = NULL;

        for (int mode = WATCHDB_READ; mode <= WATCHDB_WRITE; mode++) {
                strbuf_reset(&why);
                assert_int_equal(watchdb_open(&db, path, (enum watchdb_mode)mode, &why), expect);
                assert_string_not_equal(strbuf_str(&why), "");
                assert_null(db);
        }
        strbuf_done(&why);
}

static void what_is_no_such_table(void **state)
{
        struct watchdb *db = NULL;
        FILE *file;

        (void)state;
        assert_int_equal(watchdb_open(&db, path, WATCHDB_READ, NULL), NBT_ERR_NOT_FOUND);
        file = fopen(path, "w");
        assert_non_null(file);
        for (int i = 0; i < 1000; i++)
                fputs("this is no database\n", file);
        fclose(file);
        expect_refused(NBT_ERR_MALFORMED);
        unlink(path);
        execute("CREATE TABLE notes (text)");
        expect_refused(NBT_ERR_MALFORMED);
        unlink(path);
        db = open_for(WATCHDB_WRITE);
        watchdb_close(db);
        execute("PRAGMA user_version = 2");
        expect_refused(NBT_ERR_MALFORMED);
}

static void damaged_rows_are_passed_over(void **state)
{
        const struct watchdb_row row = make_row(1, 1);
        struct watchdb_row got;
        struct watchdb *db = open_for(WATCHDB_WRITE);

        (void)state;
        put_rows(db, &row, 1);
        watchdb_close(db);
        execute("INSERT INTO holders VALUES (x'41', x'', 2, NULL, 0, 1, 0, 99999999999999999);"
                "INSERT INTO holders VALUES ('', x'', 3, x'00', 0, 1, 0, 99999999999999999)");
        db = open_for(WATCHDB_READ);
        assert_int_equal(watchdb_next(db, &got), 1);
        expect_equal(&got, &row);
        assert_int_equal(watchdb_next(db, &got), 0);
        watchdb_close(db);
}

/* Byte 18 of the header tells who may read: with 2 (WAL) only who may also write. */
static void at_rest_everybody_can_read_it(void **state)
{
        struct watchdb *db = open_for(WATCHDB_WRITE);
        char header[20] = "";

        (void)state;
        watchdb_close(db);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_int_equal(fread(header, sizeof(header), 1, file), 1);
        fclose(file);
        assert_int_equal(header[18], 1);
        assert_int_equal(header[19], 1);
}

/* Whatever a cut-off file holds: an error or rows, no crash. */
static void every_truncation(void **state)
{
        struct watchdb_row rows[64], row;
        struct watchdb *db = open_for(WATCHDB_WRITE);

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                rows[i] = make_row((uint8_t)i, (uint32_t)i);
        put_rows(db, rows, NBT_ARRAY_SIZE(rows));
        watchdb_close(db); /* which folds the journal in */
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        fseek(file, 0, SEEK_END);
        const long size = ftell(file);
        fclose(file);
        for (long len = size - 512; len > 0; len -= 512) {
                int r = 1;

                assert_int_equal(truncate(path, len), 0);
                if (watchdb_open(&db, path, WATCHDB_READ, NULL) < 0)
                        continue;
                for (unsigned i = 0; r > 0 && i <= NBT_ARRAY_SIZE(rows); i++)
                        r = watchdb_next(db, &row);
                assert_true(r <= 0);
                watchdb_close(db);
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(rows_come_back),
                TEST(equal_keys_are_replaced),
                TEST(old_rows_are_forgotten_when_it_is_opened_for_writing),
                TEST(findings_since_a_time),
                TEST(what_was_not_committed_is_gone),
                TEST(a_second_writer_waits_and_is_told),
                TEST(what_is_no_such_table),
                TEST(damaged_rows_are_passed_over),
                TEST(at_rest_everybody_can_read_it),
                TEST(every_truncation),
        };

        return cmocka_run_group_tests_name("watchdb", tests, NULL, NULL);
}
