/* Repair of a damaged WINS database: all that is not gone comes back, and nothing that was never there. */
#include "winsdb_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAMES 6000
#define PAGE_BYTES 4096
/* what stands in the log at the end, and perhaps nowhere else: ten batches, and pages of the last moving */
#define LOG_RECORDS 1000

static struct winsdb_place place;
static char keep[128], result[128];
static struct kept_load good; /* what the database held last */
static struct winsmem *ever;  /* the last record of each name that was ever there, deleted or not */
static struct rng rng;

static void append_random(struct winsdb *db, int batches, bool with_deletes)
{
        static struct wins_change changes[40];
        struct wins_batch batch = {.change_count = 40, .changes = changes};
        static struct wins_owner owner = {0x0A000001, 100};

        batch.owners = &owner;
        batch.owner_count = 1;
        for (int i = 0; i < batches; i++) {
                for (size_t k = 0; k < 40; k++) {
                        changes[k].op = with_deletes && rng_below(&rng, 4) == 0 ? WINS_DELETE : WINS_PUT;
                        random_record(&rng, NAMES, &changes[k].record);
                        changes[k].record.owner = 0x0A000001;
                        changes[k].record.version = ++owner.max_version;
                }
                assert_int_equal(winsdb_append(db, &batch, (mono_t){1}), 0);
                for (size_t k = 0; k < 40; k++)
                        changes[k].op = WINS_PUT;
                assert_int_equal(winsmem_append(ever, &batch), 0);
        }
}

static void move_all(struct winsdb *db)
{
        while (winsdb_tend(db, (mono_t){INT64_MAX / 2}) == 1)
                ;
}

/* A database with much in its table, some in its journal, some of it in the log, and free pages. */
static int setup(void **state)
{
        const struct winsdb_value value = {"block/WPAD", "always"};
        const struct winsstore_sink sink = kept_load_sink(&good);
        const struct winsdb_limits limits = {.checkpoint_frames = 50};
        struct winsdb *db = NULL;
        char command[1000];

        (void)state;
        rng_init_seed(&rng, 77);
        ever = winsmem_new();
        if (winsdb_place_init(&place) < 0 || winsdb_open(&db, place.path, WINSDB_CREATE, &limits, NULL) < 0)
                return -1;
        append_random(db, 200, false);
        move_all(db);
        append_random(db, 60, true);
        move_all(db);
        if (winsdb_keep(db, &value, 1) < 0)
                return -1;
        append_random(db, 10, true);
        if (winsdb_load(db, &sink, NULL) < 0)
                return -1;
        snprintf(keep, sizeof(keep), "%s/keep.db", place.directory);
        snprintf(result, sizeof(result), "%s/result.db", place.directory);
        /* as a crash leaves it */
        snprintf(command, sizeof(command), "cp %s %s; cp %s-wal %s-wal", place.path, keep, place.path, keep);
        const int r = system(command);
        winsdb_close(db);
        return r;
}

static int teardown(void **state)
{
        (void)state;
        kept_load_done(&good);
        winsmem_free(ever);
        return winsdb_place_done(&place);
}

static void fresh_copy(void)
{
        char command[800];

        snprintf(command, sizeof(command), "rm -f %s* %s*; cp %s %s; cp %s-wal %s-wal", place.path, result, keep,
                 place.path, keep, place.path);
        assert_int_equal(system(command), 0);
}

static void salvage(struct winsdb_salvaged *ret)
{
        struct strbuf why = STRBUF_INIT;
        const int r = winsdb_salvage(place.path, result, ret, &why);

        if (r < 0)
                fail_msg("%d %s", r, strbuf_str(&why));
        strbuf_done(&why);
}

static void load_result(struct kept_load *ret)
{
        const struct winsstore_sink sink = kept_load_sink(ret);
        struct winsdb *db = NULL;

        assert_int_equal(winsdb_check(result, NULL, NULL), 0);
        assert_int_equal(winsdb_open(&db, result, WINSDB_WRITE, NULL, NULL), 0);
        assert_int_equal(winsdb_load(db, &sink, NULL), 0);
        winsdb_close(db);
}

/* No record that never was: of each name the last one there, or an older one of fewer changes. Yields how many are just as they were. */
static size_t count_right(const struct kept_load *found)
{
        size_t right = 0, at = 0;

        for (size_t i = 0; i < found->count; i++) {
                const struct wins_record *record = &found->records[i];
                const struct wins_record *last = winsmem_find(ever, &record->name, &record->scope);

                assert_non_null(last);
                assert_true(record->version <= last->version);
                if (record->version == last->version)
                        assert_true(same_record(record, last));
                while (at < good.count && winsstore_compare(&good.records[at].name, &good.records[at].scope,
                                                            &record->name, &record->scope) < 0)
                        at++;
                right += at < good.count && same_record(&good.records[at], record);
        }
        return right;
}

static void whole_database_comes_back_whole(void **state)
{
        struct winsdb_salvaged report;
        const struct winsdb_value *kept;
        struct arena arena = ARENA_INIT;
        struct kept_load found;
        struct winsdb *db = NULL;
        size_t count;

        (void)state;
        fresh_copy();
        salvage(&report);
        load_result(&found);
        assert_true(same_loads(&found, &good));
        assert_int_equal(report.records, good.count);
        assert_int_equal(report.owners, good.owner_count);
        assert_int_equal(report.journal_rows, 10);
        assert_int_equal(report.rows_bad + report.journal_bad, 0);
        assert_true(report.is_certain);
        kept_load_done(&found);
        assert_int_equal(winsdb_open(&db, result, WINSDB_READ, NULL, NULL), 0);
        assert_int_equal(winsdb_kept(db, WINSDB_KEPT_BLOCK, &arena, &kept, &count), 0);
        assert_int_equal(count, 1);
        assert_string_equal(kept[0].value, "always");
        arena_done(&arena);
        winsdb_close(db);
        assert_int_equal(winsdb_salvage(place.path, result, NULL, NULL), NBT_ERR_EXISTS);
}

static void scribble(off_t offset, size_t len_bytes)
{
        const int fd = open(place.path, O_WRONLY);

        for (size_t i = 0; i < len_bytes; i++) {
                const uint8_t byte = (uint8_t)rng_u32(&rng);

                assert_int_equal(pwrite(fd, &byte, 1, offset + (off_t)i), 1);
        }
        close(fd);
}

/* Every page that was scribbled on takes its own rows along and no others. */
static void scribbled_pages_take_only_their_rows(void **state)
{
        const uint64_t seed = (uint64_t)time(NULL);
        struct winsdb_salvaged report;
        struct kept_load found;
        struct stat st;

        (void)state;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        for (int round = 0; round < 12; round++) {
                const int hits = 1 + (int)rng_below(&rng, 6);

                fresh_copy();
                assert_int_equal(stat(place.path, &st), 0);
                for (int i = 0; i < hits; i++)
                        scribble((off_t)rng_below(&rng, (uint32_t)(st.st_size / PAGE_BYTES)) * PAGE_BYTES +
                                         rng_below(&rng, PAGE_BYTES - 200),
                                 200);
                salvage(&report);
                load_result(&found);
                /* a page holds at most PAGE_BYTES / 60 rows; a batch of the journal 40 */
                assert_true(count_right(&found) + (size_t)hits * 68 + 40 * report.journal_bad >= good.count);
                kept_load_done(&found);
        }
}

static void lose_log(void)
{
        char log[140];

        snprintf(log, sizeof(log), "%s-wal", place.path);
        assert_int_equal(unlink(log), 0);
}

static void lost_header_is_mended(void **state)
{
        struct winsdb_salvaged report;
        struct kept_load found;
        struct winsdb *db = NULL;

        (void)state;
        fresh_copy();
        lose_log();
        scribble(0, 100);
        assert_int_equal(winsdb_open(&db, place.path, WINSDB_WRITE, NULL, NULL), NBT_ERR_MALFORMED);
        salvage(&report);
        load_result(&found);
        assert_true(count_right(&found) + LOG_RECORDS >= good.count);
        assert_false(report.is_certain);
        kept_load_done(&found);
}

static void truncated_file_yields_its_part(void **state)
{
        struct winsdb_salvaged report;
        struct kept_load found;
        struct stat st;

        (void)state;
        fresh_copy();
        lose_log();
        assert_int_equal(stat(place.path, &st), 0);
        assert_int_equal(truncate(place.path, st.st_size * 7 / 8 + 1000), 0);
        salvage(&report);
        load_result(&found);
        /* the pages of the journal, free by now, stand before those of the records */
        assert_true(count_right(&found) > good.count / 2);
        kept_load_done(&found);
}

static void what_is_no_database_is_refused(void **state)
{
        struct strbuf why = STRBUF_INIT;

        (void)state;
        fresh_copy();
        assert_int_equal(winsdb_salvage("/nonexistent/wins.db", result, NULL, &why), NBT_ERR_NOT_FOUND);
        lose_log();
        assert_int_equal(truncate(place.path, 0), 0);
        scribble(0, 10000);
        strbuf_reset(&why);
        assert_int_equal(winsdb_salvage(place.path, result, NULL, &why), NBT_ERR_MALFORMED);
        assert_true(why.len_bytes > 0);
        assert_int_not_equal(access(result, F_OK), 0);
        strbuf_done(&why);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(whole_database_comes_back_whole),
                cmocka_unit_test(scribbled_pages_take_only_their_rows),
                cmocka_unit_test(lost_header_is_mended),
                cmocka_unit_test(truncated_file_yields_its_part),
                cmocka_unit_test(what_is_no_database_is_refused),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
