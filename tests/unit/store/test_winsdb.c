/* The WINS database on disk: what goes in comes out, whatever was moved when; versions and room. */
#include "store/winscode.h"
#include "winsdb_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* ---- coding ---------------------------------------------------------------------------------------------------------------- */

static void records_survive_their_coding(void **state)
{
        struct rng rng;
        uint8_t body[WINSCODE_RECORD_MAX_BYTES];
        struct wins_record record, back;

        (void)state;
        rng_init_seed(&rng, 1);
        for (int i = 0; i < 2000; i++) {
                random_record(&rng, 1000, &record);
                const size_t len_bytes = winscode_record_encode(&record, body);
                assert_int_equal(winscode_record_decode(rd_init(body, len_bytes), &back), 0);
                assert_true(same_record(&record, &back));
                assert_true(winscode_record_sum(&record) == winscode_record_sum(&back));
        }
}

static void batches_are_checked_at_every_length_and_byte(void **state)
{
        const struct wins_change changes[] = {{WINS_PUT, plain("A", 1)}, {WINS_DELETE, plain("B", 2)}};
        const struct nb_scope scope = {.len_bytes = 4, .text = "corp"};
        const struct wins_touch touch = {nb_name_make("C", 0), &scope, 5};
        const struct wins_owner owner = {9, UINT64_MAX};
        const struct wins_batch batch = {.change_count = 2,
                                         .changes = changes,
                                         .touch_count = 1,
                                         .touches = &touch,
                                         .owner_count = 1,
                                         .owners = &owner};
        struct winscode_buffer buffer = {0};
        struct winscode_item item;
        struct rd rd;
        int tags = 0, r;

        (void)state;
        assert_int_equal(winscode_batch_encode(&batch, 3, &buffer), 0);
        for (size_t i = 0; i < buffer.len_bytes; i++) {
                assert_int_equal(winscode_batch_open(buffer.bytes, i, 3, &rd), NBT_ERR_MALFORMED);
                buffer.bytes[i] ^= 0x10;
                assert_int_equal(winscode_batch_open(buffer.bytes, buffer.len_bytes, 3, &rd), NBT_ERR_MALFORMED);
                buffer.bytes[i] ^= 0x10;
        }
        assert_int_equal(winscode_batch_open(buffer.bytes, buffer.len_bytes, 4, &rd), NBT_ERR_MALFORMED);
        assert_int_equal(winscode_batch_open(buffer.bytes, buffer.len_bytes, 3, &rd), 0);
        while ((r = winscode_item_next(&rd, &item)) == 1) {
                tags = tags * 10 + (int)item.tag;
                if (item.tag == WINSCODE_TOUCH)
                        assert_memory_equal(item.scope, "corp", 4);
                if (item.tag == WINSCODE_OWNER)
                        assert_true(item.owner.max_version == UINT64_MAX);
        }
        assert_int_equal(r, 0);
        assert_int_equal(tags, 1234);
        winscode_buffer_done(&buffer);
}

/* ---- contents ---------------------------------------------------------------------------------------------------------------- */

struct twins {
        struct rng rng;
        struct winsdb *db;
        struct winsmem *mem;
        struct wins_change changes[64];
        struct wins_touch touches[64];
        struct nb_scope scopes[64];
        struct wins_owner owners[4];
        uint64_t version;
        mono_t now;
};

static void make_batch(struct twins *t, struct wins_batch *ret)
{
        *ret = (struct wins_batch){.changes = t->changes,
                                   .touches = t->touches,
                                   .owners = t->owners,
                                   .is_durable = rng_below(&t->rng, 3) > 0};
        ret->change_count = rng_below(&t->rng, 3) ? rng_below(&t->rng, 64) : 0;
        ret->touch_count = rng_below(&t->rng, 2) ? rng_below(&t->rng, 64) : 0;
        ret->owner_count = rng_below(&t->rng, 3);
        for (size_t i = 0; i < ret->change_count; i++) {
                t->changes[i].op = rng_below(&t->rng, 3) ? WINS_PUT : WINS_DELETE;
                random_record(&t->rng, 400, &t->changes[i].record);
        }
        for (size_t i = 0; i < ret->touch_count; i++) {
                t->touches[i].scope = &t->scopes[i];
                t->touches[i].expiry_s = 1900000000 + rng_below(&t->rng, 1000);
                random_key(&t->rng, 400, &t->touches[i].name, &t->scopes[i]);
        }
        for (size_t i = 0; i < ret->owner_count; i++)
                t->owners[i] = (struct wins_owner){0xFF000000u + rng_below(&t->rng, 5), rng_below(&t->rng, 1000)};
}

static void compare_twins(struct twins *t)
{
        struct kept_load disk, memory;
        const struct winsstore_sink sink = kept_load_sink(&memory);

        load_into(t->db, &disk, NULL);
        assert_int_equal(winsmem_load(t->mem, &sink), 0);
        assert_true(same_loads(&disk, &memory));
        kept_load_done(&disk);
        kept_load_done(&memory);
}

static void one_life(struct twins *t)
{
        struct wins_batch batch;

        make_batch(t, &batch);
        const int r = winsdb_append(t->db, &batch, t->now);
        if (r < 0)
                fail_msg("%d %s", r, winsdb_error(t->db));
        assert_int_equal(winsmem_append(t->mem, &batch), 0);
        t->now = mono_add_ms(t->now, rng_below(&t->rng, 100));
        for (uint32_t i = rng_below(&t->rng, 4); i > 0; i--)
                assert_true(winsdb_tend(t->db, t->now) >= 0);
}

/* Whatever is appended and moved when, and however often it is closed and opened, the database says what the twin in memory says. */
static void twin_in_memory_says_the_same(void **state)
{
        const struct winsdb_limits limits = {
                .fold_changes = 300, .fold_age_ms = 500, .slice_rows = 7, .checkpoint_frames = 20};
        const uint64_t seed = (uint64_t)time(NULL);
        struct twins *t = calloc(1, sizeof(*t));
        struct winsdb_status status;
        uint64_t folds = 0;

        (void)state;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&t->rng, seed);
        t->mem = winsmem_new();
        for (int round = 0; round < 12; round++) {
                t->db = open_path(place.path, WINSDB_CREATE, &limits);
                t->now = at_s(1);
                compare_twins(t);
                for (int i = 0; i < 40; i++) {
                        one_life(t);
                        if (i % 10 == 0)
                                compare_twins(t);
                }
                winsdb_status(t->db, &status);
                folds += status.folds;
                t->db = winsdb_close(t->db);
        }
        assert_true(folds > 5);
        winsmem_free(t->mem);
        free(t);
}

static void reader_sees_what_is_committed(void **state)
{
        struct winsdb *writer = open_for(WINSDB_CREATE), *reader;

        (void)state;
        must_put(writer, "ONE", 1);
        reader = open_for(WINSDB_READ);
        assert_int_equal(count_records(reader), 1);
        must_put(writer, "TWO", 2);
        tend_all(writer, at_s(100));
        assert_int_equal(count_records(reader), 2);
        const struct wins_record record = plain("THREE", 3);
        assert_int_equal(put(reader, &record), NBT_ERR_STATE);
        assert_int_equal(winsdb_tend(reader, at_s(1)), NBT_ERR_STATE);
        winsdb_close(reader);
        winsdb_close(writer);
        reader = open_for(WINSDB_READ);
        assert_int_equal(count_records(reader), 2);
        winsdb_close(reader);
}

static void wrong_record_is_refused_whole(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        struct wins_change changes[] = {{WINS_PUT, plain("GOOD", 1)}, {WINS_PUT, plain("BAD", 2)}};
        const struct wins_batch batch = {.change_count = 2, .changes = changes, .is_durable = true};

        (void)state;
        changes[1].record.version = 0;
        assert_int_equal(winsdb_append(db, &batch, at_s(1)), NBT_ERR_RANGE);
        assert_int_equal(count_records(db), 0);
        winsdb_close(db);
}

static void work_waits_for_its_time(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        struct winsdb_status status;

        (void)state;
        assert_true(winsdb_deadline(db).ns == MONO_NEVER.ns);
        must_put(db, "ONE", 1);
        assert_true(winsdb_deadline(db).ns == at_s(11).ns);
        assert_int_equal(winsdb_tend(db, at_s(10)), 0);
        winsdb_status(db, &status);
        assert_int_equal(status.journal_rows, 1);
        tend_all(db, at_s(11));
        winsdb_status(db, &status);
        assert_int_equal(status.journal_rows, 0);
        assert_int_equal(status.folds, 1);
        assert_true(status.file_bytes > 0);
        assert_true(winsdb_deadline(db).ns == MONO_NEVER.ns);
        assert_int_equal(count_records(db), 1);
        winsdb_close(db);
}

/* The journal stays bounded although nobody calls winsdb_tend(). */
static void append_does_the_work_of_others(void **state)
{
        const struct winsdb_limits limits = {.fold_changes = 100, .slice_rows = 50, .checkpoint_frames = 10};
        struct winsdb *db = open_path(place.path, WINSDB_CREATE, &limits);
        struct winsdb_status status;
        struct rng rng;
        struct wins_change change = {.op = WINS_PUT};
        const struct wins_batch batch = {.change_count = 1, .changes = &change};

        (void)state;
        rng_init_seed(&rng, 5);
        for (int i = 0; i < 3000; i++) {
                random_record(&rng, 500, &change.record);
                assert_int_equal(winsdb_append(db, &batch, at_s(1)), 0);
                winsdb_status(db, &status);
                assert_true(status.journal_changes < 700);
                assert_true(status.wal_frames < 400);
        }
        assert_true(status.folds > 5);
        winsdb_close(db);
}

static void values_last(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        const struct winsdb_value values[] = {
                {"block/WPAD", ""}, {"block/ISATAP", "MS09-008"}, {"setting/MigrateOn", "1"}};
        const struct winsdb_value gone = {"block/WPAD", NULL};
        const struct winsdb_value *kept;
        size_t count;

        (void)state;
        assert_int_equal(winsdb_keep(db, values, 3), 0);
        winsdb_close(db);
        db = open_for(WINSDB_WRITE);
        assert_int_equal(winsdb_kept(db, WINSDB_KEPT_BLOCK, &arena, &kept, &count), 0);
        assert_int_equal(count, 2);
        assert_string_equal(kept[0].key, "block/ISATAP");
        assert_string_equal(kept[0].value, "MS09-008");
        assert_int_equal(winsdb_keep(db, &gone, 1), 0);
        assert_int_equal(winsdb_kept(db, WINSDB_KEPT_BLOCK, &arena, &kept, &count), 0);
        assert_int_equal(count, 1);
        assert_int_equal(winsdb_kept(db, "nothing/", &arena, &kept, &count), 0);
        assert_int_equal(count, 0);
        winsdb_close(db);
}

static void administrators_can_read_it(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        struct wins_record record = plain("FILESRV", 0x0A00000C);
        char text[256];

        (void)state;
        record.type = WINS_MULTIHOMED;
        record.member_count = 2;
        record.members[1] = (struct wins_member){0xC0A801FE, 1, 1};
        record.version = UINT64_MAX;
        assert_int_equal(put(db, &record), 0);
        tend_all(db, at_s(100));
        winsdb_close(db);
        sql_text("SELECT name || '<' || suffix || '> ' || type || ' ' || state || ' ' || kind || ' ' || node || ' ' || "
                 "addresses || ' ' ||"
                 " owner || ' ' || version || ' ' || expires FROM readable",
                 text, sizeof(text));
        assert_string_equal(
                text, "FILESRV<20> multihomed active dynamic H 10.0.0.12 192.168.1.254 10.0.0.1 18446744073709551615"
                      " 2027-01-15T08:00:00Z");
}

/* ---- opening -------------------------------------------------------------------------------------------------------------------- */

static void clean_and_unclean_ends_are_told_apart(void **state)
{
        struct winsdb_loaded loaded;
        struct kept_load load;
        char command[300];
        struct winsdb *db = open_for(WINSDB_CREATE);

        (void)state;
        must_put(db, "ONE", 1);
        snprintf(command, sizeof(command), "cd %s && for f in wins.db*; do cp $f copy-$f; done", place.directory);
        assert_int_equal(system(command), 0);
        winsdb_close(db);
        db = open_for(WINSDB_WRITE);
        load_into(db, &load, &loaded);
        assert_true(loaded.was_clean);
        assert_int_equal(loaded.records, 1);
        kept_load_done(&load);
        winsdb_close(db);
        snprintf(command, sizeof(command), "%s/copy-wins.db", place.directory);
        db = open_path(command, WINSDB_WRITE, NULL);
        load_into(db, &load, &loaded);
        assert_false(loaded.was_clean);
        assert_int_equal(loaded.records, 1);
        kept_load_done(&load);
        winsdb_close(db);
}

static void one_writer_only(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);

        (void)state;
        expect_failure(WINSDB_WRITE, NBT_ERR_BUSY, "another server");
        assert_int_equal(winsdb_set_aside(place.path, NULL), NBT_ERR_BUSY);
        assert_int_equal(winsdb_restore(place.path, "/nonexistent", NULL, NULL), NBT_ERR_BUSY);
        winsdb_close(db);
        winsdb_close(open_for(WINSDB_WRITE));
}

static void empty_only_when_told(void **state)
{
        struct strbuf aside = STRBUF_INIT;
        struct winsdb *db;

        (void)state;
        expect_failure(WINSDB_READ, NBT_ERR_NOT_FOUND, "no such file");
        expect_failure(WINSDB_WRITE, NBT_ERR_NOT_FOUND, "no such file");
        db = open_for(WINSDB_CREATE);
        must_put(db, "ONE", 1);
        winsdb_close(db);
        expect_failure(WINSDB_EMPTY, NBT_ERR_EXISTS, "already");
        assert_int_equal(winsdb_set_aside(place.path, &aside), 0);
        assert_non_null(strstr(strbuf_str(&aside), "wins.db.aside-1"));
        expect_failure(WINSDB_CREATE, NBT_ERR_STATE, "missing");
        db = open_for(WINSDB_EMPTY);
        assert_int_equal(count_records(db), 0);
        winsdb_close(db);
        db = open_path(strbuf_str(&aside), WINSDB_READ, NULL);
        assert_int_equal(count_records(db), 1);
        winsdb_close(db);
        assert_int_equal(truncate(place.path, 0), 0);
        expect_failure(WINSDB_CREATE, NBT_ERR_MALFORMED, "empty");
        winsdb_close(open_for(WINSDB_EMPTY));
        assert_int_equal(winsdb_set_aside("/tmp/netbt-none/wins.db", NULL), NBT_ERR_NOT_FOUND);
        strbuf_done(&aside);
}

static void foreign_and_later_files_are_refused(void **state)
{
        (void)state;
        sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
        expect_failure(WINSDB_WRITE, NBT_ERR_UNSUPPORTED, "not a WINS database");
        assert_int_equal(unlink(place.path), 0);
        winsdb_close(open_for(WINSDB_EMPTY));
        sql("PRAGMA user_version = 99");
        expect_failure(WINSDB_WRITE, NBT_ERR_UNSUPPORTED, "format 99");
        expect_failure(WINSDB_READ, NBT_ERR_UNSUPPORTED, "format 99");
}

/* As written by version 0. */
#define SAMPLE_VERSION_0                                                                                               \
        "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x4E425457;"                                               \
        "CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"                                \
        "CREATE TABLE records (name BLOB NOT NULL, scope BLOB NOT NULL, type INTEGER NOT NULL, state INTEGER NOT "     \
        "NULL,"                                                                                                        \
        " node INTEGER NOT NULL, static INTEGER NOT NULL, owner INTEGER NOT NULL, version INTEGER NOT NULL,"           \
        " expiry INTEGER NOT NULL, members BLOB NOT NULL, PRIMARY KEY (name, scope)) WITHOUT ROWID;"                   \
        "CREATE TABLE owners (address INTEGER PRIMARY KEY, version INTEGER NOT NULL);"                                 \
        "INSERT INTO records VALUES (x'46494c45535256202020202020202020', x'', 0, 0, 3, 1, 167772161, 12, 0,"          \
        " x'0a00000c0a0000010000000000000000');"                                                                       \
        "INSERT INTO records VALUES (x'53414c4553202020202020202020201c',"                                             \
        " x'', 2, 0, 3, 0, 167772161, 13, 1800000000, x'0a00000c0a000001000000006b49d200');"                           \
        "INSERT INTO owners VALUES (167772161, 13)"

static void earlier_versions_are_brought_up_to_date(void **state)
{
        struct kept_load load;
        struct winsdb *db;
        char text[32];

        (void)state;
        sql(SAMPLE_VERSION_0);
        expect_failure(WINSDB_READ, NBT_ERR_UNSUPPORTED, "format 0");
        db = open_for(WINSDB_WRITE);
        load_into(db, &load, NULL);
        assert_int_equal(load.count, 2);
        assert_true(load.records[0].is_static && load.records[0].expiry_s == WINS_NEVER);
        assert_int_equal(load.records[0].members[0].address, 0x0A00000C);
        assert_int_equal(load.records[1].type, WINS_INTERNET);
        assert_int_equal(load.owners[0].max_version, 13);
        kept_load_done(&load);
        must_put(db, "NEW", 5);
        tend_all(db, at_s(100));
        winsdb_close(db);
        sql_text("PRAGMA user_version", text, sizeof(text));
        assert_string_equal(text, "1");
        assert_int_equal(winsdb_check(place.path, NULL, NULL), 0);
}

/* ---- no room ---------------------------------------------------------------------------------------------------------------------- */

/* A full file refuses, keeps what it has acknowledged, and works again by itself when there is room. */
static void full_disk_loses_nothing(void **state)
{
        const struct winsdb_limits limits = {.max_pages = 60, .fold_changes = 200, .checkpoint_frames = 10};
        struct winsdb *db = open_path(place.path, WINSDB_CREATE, &limits);
        struct winsmem *mem = winsmem_new();
        struct kept_load disk, memory;
        struct rng rng;
        int full = 0, r = 0;

        (void)state;
        rng_init_seed(&rng, 9);
        for (int i = 0; i < 3000 && full < 20; i++) {
                struct wins_change change = {.op = WINS_PUT};
                const struct wins_batch batch = {.change_count = 1, .changes = &change, .is_durable = i % 16 == 0};

                random_record(&rng, 4000, &change.record);
                r = winsdb_append(db, &batch, at_s((uint64_t)i));
                assert_true(r == 0 || r == NBT_ERR_FULL);
                full += r < 0;
                if (r == 0)
                        assert_int_equal(winsmem_append(mem, &batch), 0);
                r = winsdb_tend(db, at_s((uint64_t)i));
                assert_true(r >= 0 || r == NBT_ERR_FULL);
        }
        assert_int_equal(full, 20);
        const struct winsstore_sink sink = kept_load_sink(&memory);
        assert_int_equal(winsmem_load(mem, &sink), 0);
        load_into(db, &disk, NULL);
        assert_true(same_loads(&disk, &memory));
        kept_load_done(&disk);
        winsdb_close(db);
        db = open_for(WINSDB_WRITE);
        load_into(db, &disk, NULL);
        assert_true(same_loads(&disk, &memory));
        must_put(db, "ROOM", 1);
        tend_all(db, at_s(100));
        assert_int_equal(count_records(db), memory.count + 1);
        kept_load_done(&disk);
        kept_load_done(&memory);
        winsdb_close(db);
        winsmem_free(mem);
}

/* The same with the system's own refusal, in the middle of a file: here the size a file may have, on a server the disk. */
static void system_refuses_room_and_gives_it_again(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        struct winsmem *mem = winsmem_new();
        struct wins_change change = {.op = WINS_PUT};
        const struct wins_batch batch = {.change_count = 1, .changes = &change};
        struct kept_load disk, memory;
        struct rlimit before, narrow;
        struct rng rng;
        int r = 0, full = 0;

        (void)state;
        rng_init_seed(&rng, 11);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
        narrow = before;
        signal(SIGXFSZ, SIG_IGN);
        for (int i = 0; i < 400; i++) {
                random_record(&rng, 4000, &change.record);
                narrow.rlim_cur = 50000 + (rlim_t)i * 100;
                if (i == 0 || (full && i % 10 == 0))
                        assert_int_equal(setrlimit(RLIMIT_FSIZE, &narrow), 0);
                r = winsdb_append(db, &batch, at_s(1));
                assert_true(r == 0 || r == NBT_ERR_FULL);
                full += r < 0;
                if (r == 0)
                        assert_int_equal(winsmem_append(mem, &batch), 0);
        }
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_true(full > 0);
        assert_int_equal(winsdb_append(db, &batch, at_s(1)), 0);
        assert_int_equal(winsmem_append(mem, &batch), 0);
        tend_all(db, at_s(100));
        const struct winsstore_sink sink = kept_load_sink(&memory);
        assert_int_equal(winsmem_load(mem, &sink), 0);
        load_into(db, &disk, NULL);
        assert_true(same_loads(&disk, &memory));
        kept_load_done(&disk);
        kept_load_done(&memory);
        winsdb_close(db);
        winsmem_free(mem);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define HERE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                cmocka_unit_test(records_survive_their_coding),
                cmocka_unit_test(batches_are_checked_at_every_length_and_byte),
                HERE(twin_in_memory_says_the_same),
                HERE(reader_sees_what_is_committed),
                HERE(wrong_record_is_refused_whole),
                HERE(work_waits_for_its_time),
                HERE(append_does_the_work_of_others),
                HERE(values_last),
                HERE(administrators_can_read_it),
                HERE(clean_and_unclean_ends_are_told_apart),
                HERE(one_writer_only),
                HERE(empty_only_when_told),
                HERE(foreign_and_later_files_are_refused),
                HERE(earlier_versions_are_brought_up_to_date),
                HERE(full_disk_loses_nothing),
                HERE(system_refuses_room_and_gives_it_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
