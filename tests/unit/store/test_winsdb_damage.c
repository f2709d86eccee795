/* The WINS database on disk: damage, backup and the ways back. */
#include "winsdb_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- damage ------------------------------------------------------------------------------------------------------------------------ */

#define FILL_BATCH 50

/* COUNT records, in batches. */
static void fill(struct winsdb *db, uint64_t seed, int count)
{
        struct rng rng;
        struct wins_change changes[FILL_BATCH];
        const struct wins_batch batch = {.change_count = FILL_BATCH, .changes = changes};

        rng_init_seed(&rng, seed);
        for (int i = 0; i < count; i += FILL_BATCH) {
                for (size_t k = 0; k < FILL_BATCH; k++) {
                        changes[k].op = WINS_PUT;
                        random_record(&rng, 100000, &changes[k].record);
                }
                assert_int_equal(winsdb_append(db, &batch, at_s(1)), 0);
        }
}

static void changed_rows_are_noticed(void **state)
{
        struct kept_load load;
        struct winsstore_sink sink = kept_load_sink(&load);
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = open_for(WINSDB_CREATE);

        (void)state;
        must_put(db, "FILESRV", 1);
        tend_all(db, at_s(100));
        winsdb_close(db);
        sql("UPDATE records SET members = x'0a0000630a000001000000006b49d200'");
        db = open_for(WINSDB_WRITE);
        assert_int_equal(winsdb_load(db, &sink, NULL), NBT_ERR_MALFORMED);
        assert_non_null(strstr(winsdb_error(db), "FILESRV<20> does not match its checksum"));
        winsdb_close(db);
        assert_int_equal(winsdb_check(place.path, NULL, &why), NBT_ERR_MALFORMED);
        assert_non_null(strstr(strbuf_str(&why), "FILESRV<20>"));
        strbuf_done(&why);
        sql("UPDATE records SET sum = NULL"); /* an administrator's own change */
        db = open_for(WINSDB_WRITE);
        load_into(db, &load, NULL);
        assert_int_equal(load.records[0].members[0].address, 0x0A000063);
        kept_load_done(&load);
        winsdb_close(db);
}

static void other_things_in_its_place_are_named(void **state)
{
        (void)state;
        assert_int_equal(mkdir(place.path, 0700), 0);
        expect_failure(WINSDB_CREATE, NBT_ERR_IO, "it is a directory");
        assert_int_equal(rmdir(place.path), 0);
}

static void damaged_journal_is_noticed(void **state)
{
        struct winsstore_sink sink = {0};
        struct winsdb *db = open_for(WINSDB_CREATE);

        (void)state;
        must_put(db, "ONE", 1);
        must_put(db, "TWO", 1);
        winsdb_close(db);
        sql("UPDATE journal SET row = 5 WHERE row = 2"); /* right in itself, in a wrong place */
        db = open_for(WINSDB_WRITE);
        assert_int_equal(winsdb_load(db, &sink, NULL), NBT_ERR_MALFORMED);
        assert_non_null(strstr(winsdb_error(db), "row 5 of the journal"));
        assert_int_equal(winsdb_tend(db, at_s(100)), NBT_ERR_MALFORMED);
        assert_int_equal(winsdb_tend(db, at_s(100)), 0); /* postponed */
        assert_true(winsdb_deadline(db).ns > at_s(100).ns);
        winsdb_close(db);
}

/* Truncated or scribbled on anywhere, a file yields what it held, or a clear word; never something else. */
static void any_scribble_is_harmless(void **state)
{
        const uint64_t seed = (uint64_t)time(NULL);
        struct kept_load good, load;
        char keep[128], command[512];
        int told = 0;
        struct rng rng;
        struct stat st;
        struct winsdb *db = open_for(WINSDB_CREATE);

        (void)state;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        fill(db, 3, 900);
        tend_all(db, at_s(100));
        fill(db, 4, 50);
        load_into(db, &good, NULL);
        winsdb_close(db);
        snprintf(keep, sizeof(keep), "%s/keep.db", place.directory);
        snprintf(command, sizeof(command), "mv %s %s; rm -f %s-*", place.path, keep, place.path);
        assert_int_equal(system(command), 0);
        assert_int_equal(stat(keep, &st), 0);
        for (int i = 0; i < 150; i++) {
                const struct winsstore_sink sink = kept_load_sink(&load);
                struct strbuf why = STRBUF_INIT;
                uint8_t noise[64];

                snprintf(command, sizeof(command), "cp %s %s; rm -f %s-*", keep, place.path, place.path);
                assert_int_equal(system(command), 0);
                if (i % 3 == 0) {
                        assert_int_equal(truncate(place.path, rng_below(&rng, (uint32_t)st.st_size)), 0);
                } else {
                        const int fd = open(place.path, O_WRONLY);

                        for (size_t k = 0; k < sizeof(noise); k++)
                                noise[k] = (uint8_t)rng_u32(&rng);
                        assert_int_equal(pwrite(fd, noise, sizeof(noise), rng_below(&rng, (uint32_t)st.st_size - 64)),
                                         64);
                        close(fd);
                }
                db = NULL;
                int r = winsdb_open(&db, place.path, WINSDB_WRITE, NULL, &why);
                if (r == 0)
                        r = winsdb_load(db, &sink, NULL);
                if (r == 0) /* what was hit was free */
                        assert_true(same_loads(&load, &good));
                else
                        assert_true(strbuf_str(&why)[0] || winsdb_error(db)[0]);
                assert_null(strchr(strbuf_str(&why), '\n'));
                told += r < 0;
                winsdb_close(db);
                kept_load_done(&load);
                strbuf_done(&why);
        }
        assert_true(told > 60);
        kept_load_done(&good);
}

/* The log of a writer that died, with a scribble at AT unless that is negative; how many pages of it are told to be lost. */
static uint64_t pages_lost_by(const char *copy, off_t at)
{
        struct winsdb_loaded loaded;
        struct kept_load load;
        char command[600], log[200];

        snprintf(command, sizeof(command), "cd %s && cp wins.db %s && cp wins.db-wal %s-wal", place.directory, copy,
                 copy);
        assert_int_equal(system(command), 0);
        snprintf(log, sizeof(log), "%s-wal", copy);
        if (at >= 0) {
                const int fd = open(log, O_WRONLY);

                assert_int_equal(pwrite(fd, "scribble", 8, at), 8);
                close(fd);
        }
        struct winsdb *db = open_path(copy, WINSDB_WRITE, NULL);
        load_into(db, &load, &loaded);
        kept_load_done(&load);
        winsdb_close(db);
        return loaded.log_pages_lost;
}

/* What is gone with it is told, and a log that a mere death left says nothing of the kind. */
static void damaged_log_is_told(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        char copy[160];

        (void)state;
        for (uint32_t i = 0; i < 20; i++)
                must_put(db, "ONE", i);
        snprintf(copy, sizeof(copy), "%s/copy.db", place.directory);
        assert_int_equal(pages_lost_by(copy, -1), 0);
        assert_true(pages_lost_by(copy, 0) >= 20);
        assert_true(pages_lost_by(copy, 32 + 10 * 4120 + 500) >= 10);
        winsdb_close(db);
}

/* ---- backup and restore --------------------------------------------------------------------------------------------------------------- */

static void backup_holds_all_up_to_its_end(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        struct kept_load disk, copy;
        struct winsdb_backup backup;
        const struct winsdb_value *kept;
        char path[128];
        size_t count;
        uint64_t seed = 100;

        (void)state;
        fill(db, 1, 15000);
        tend_all(db, at_s(100));
        snprintf(path, sizeof(path), "%s/backup.db", place.directory);
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){123456789}), 0);
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){1}), NBT_ERR_BUSY);
        do {
                assert_int_not_equal(access(path, F_OK), 0);
                fill(db, seed++, 50);
                load_into(db, &disk, NULL);
                assert_true(winsdb_tend(db, at_s(101)) >= 0);
                winsdb_backup_status(db, &backup);
                if (backup.state == WINSDB_BACKUP_RUNNING)
                        kept_load_done(&disk);
        } while (backup.state == WINSDB_BACKUP_RUNNING);
        assert_int_equal(backup.state, WINSDB_BACKUP_DONE);
        assert_true(seed > 102);
        assert_int_equal(winsdb_kept(db, WINSDB_KEPT_BACKUP_TIME, &arena, &kept, &count), 0);
        assert_string_equal(kept[0].value, "123456789");
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){1}), NBT_ERR_EXISTS);
        winsdb_close(db);
        assert_int_equal(winsdb_check(path, NULL, NULL), 0);
        db = open_path(path, WINSDB_READ, NULL);
        load_into(db, &copy, NULL);
        assert_true(same_loads(&disk, &copy));
        kept_load_done(&disk);
        kept_load_done(&copy);
        winsdb_close(db);
}

static void restore_puts_the_backup_in_place(void **state)
{
        struct strbuf aside = STRBUF_INIT, why = STRBUF_INIT;
        struct winsdb *db = open_for(WINSDB_CREATE);
        char path[128], bad[128];

        (void)state;
        must_put(db, "ONE", 1);
        snprintf(path, sizeof(path), "%s/backup.db", place.directory);
        snprintf(bad, sizeof(bad), "%s/bad.db", place.directory);
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){1}), 0);
        tend_all(db, at_s(2));
        must_put(db, "TWO", 2);
        winsdb_close(db);
        const int fd = open(bad, O_WRONLY | O_CREAT, 0600);
        assert_int_equal(write(fd, "no database at all", 18), 18);
        close(fd);
        assert_int_equal(winsdb_restore(place.path, bad, &aside, &why), NBT_ERR_MALFORMED);
        assert_true(why.len_bytes > 0 && aside.len_bytes == 0);
        assert_int_equal(winsdb_restore(place.path, "/nonexistent/backup", &aside, NULL), NBT_ERR_NOT_FOUND);
        strbuf_reset(&why);
        assert_int_equal(winsdb_restore(place.path, place.directory, &aside, &why), NBT_ERR_MALFORMED);
        assert_string_equal(strbuf_str(&why), "it is a directory");
        db = open_for(WINSDB_READ);
        assert_int_equal(count_records(db), 2);
        winsdb_close(db);
        assert_int_equal(winsdb_restore(place.path, path, &aside, NULL), 0);
        db = open_for(WINSDB_WRITE);
        assert_int_equal(count_records(db), 1);
        winsdb_close(db);
        db = open_path(strbuf_str(&aside), WINSDB_READ, NULL);
        assert_int_equal(count_records(db), 2);
        winsdb_close(db);
        strbuf_done(&aside);
        strbuf_done(&why);
}

static void restore_and_die(const char *backup, unsigned after_us)
{
        const pid_t child = fork();
        int status;

        if (child == 0)
                _exit(winsdb_restore(place.path, backup, NULL, NULL) == 0 ? 0 : 1);
        usleep(after_us);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
}

/* There is the old database, or the new one, or a word that there is none: never an empty one. */
static void restore_may_die_at_any_moment(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        char path[128], command[300];
        int counts[3] = {0};

        (void)state;
        must_put(db, "ONE", 1);
        snprintf(path, sizeof(path), "%s/backup.db", place.directory);
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){1}), 0);
        tend_all(db, at_s(2));
        must_put(db, "TWO", 2);
        winsdb_close(db);
        snprintf(command, sizeof(command), "cd %s && cp wins.db two.db && rm -f wins.db.aside*", place.directory);
        assert_int_equal(system(command), 0);
        for (unsigned i = 0; i < 40; i++) {
                restore_and_die(path, i * 500);
                db = NULL;
                const int r = winsdb_open(&db, place.path, WINSDB_CREATE, NULL, NULL);
                assert_true(r == 0 || r == NBT_ERR_STATE);
                const size_t count = r == 0 ? count_records(db) : 0;
                assert_true(r < 0 || count == 1 || count == 2);
                counts[count]++;
                winsdb_close(db);
                snprintf(command, sizeof(command), "cd %s && rm -f wins.db* && cp two.db wins.db", place.directory);
                assert_int_equal(system(command), 0);
        }
        assert_true(counts[2] > 0); /* the first dies before it can do anything */
}

static void cancelled_backup_leaves_nothing(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        struct winsdb_backup backup;
        char path[128], part[140];

        (void)state;
        snprintf(path, sizeof(path), "%s/backup.db", place.directory);
        snprintf(part, sizeof(part), "%s.part", path);
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){1}), 0);
        assert_int_equal(access(part, F_OK), 0);
        winsdb_backup_cancel(db);
        assert_int_not_equal(access(part, F_OK), 0);
        winsdb_backup_status(db, &backup);
        assert_int_equal(backup.state, WINSDB_BACKUP_FAILED);
        assert_int_equal(winsdb_backup_start(db, "/nonexistent/backup.db", (wall_t){1}), NBT_ERR_NOT_FOUND);
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){1}), 0);
        winsdb_close(db);
        assert_int_not_equal(access(part, F_OK), 0);
}

/* What would be written into a deleted file is refused, not acknowledged; what is in it already can be saved. */
static void deleted_file_takes_nothing(void **state)
{
        struct winsdb *db = open_for(WINSDB_CREATE);
        const struct wins_owner owner = {0x0A000001, 1};
        const struct wins_batch batch = {.owner_count = 1, .owners = &owner, .is_durable = true};
        struct kept_load before, copy;
        struct winsdb_backup backup;
        char aside[128], path[128];

        (void)state;
        fill(db, 1, 500);
        load_into(db, &before, NULL);
        snprintf(aside, sizeof(aside), "%s/aside.db", place.directory);
        snprintf(path, sizeof(path), "%s/backup.db", place.directory);
        assert_int_equal(rename(place.path, aside), 0);
        assert_int_equal(winsdb_append(db, &batch, at_s(1)), NBT_ERR_IO);
        assert_non_null(strstr(winsdb_error(db), "while in use"));
        assert_int_equal(winsdb_backup_start(db, path, (wall_t){1}), 0);
        tend_all(db, at_s(100));
        winsdb_backup_status(db, &backup);
        assert_int_equal(backup.state, WINSDB_BACKUP_DONE);
        assert_int_equal(rename(aside, place.path), 0);
        assert_int_equal(winsdb_append(db, &batch, at_s(2)), 0);
        assert_int_equal(unlink(place.path), 0);
        assert_int_equal(winsdb_append(db, &batch, at_s(3)), NBT_ERR_IO);
        winsdb_close(db);
        db = open_path(path, WINSDB_READ, NULL);
        load_into(db, &copy, NULL);
        assert_true(same_loads(&before, &copy));
        kept_load_done(&before);
        kept_load_done(&copy);
        winsdb_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define HERE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                HERE(changed_rows_are_noticed),
                HERE(damaged_journal_is_noticed),
                HERE(other_things_in_its_place_are_named),
                HERE(any_scribble_is_harmless),
                HERE(damaged_log_is_told),
                HERE(deleted_file_takes_nothing),
                HERE(backup_holds_all_up_to_its_end),
                HERE(restore_puts_the_backup_in_place),
                HERE(restore_may_die_at_any_moment),
                HERE(cancelled_backup_leaves_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
