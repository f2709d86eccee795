/* The thread that keeps the database: what it says is stored is there afterwards. */
#include "daemon/keeper.h"

#include "../scratch.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 90000

struct place {
        struct scratch scratch;
        char path[96], backup[96];
        struct keeper *keeper;
};

static struct wins_change a_change(unsigned number)
{
        struct wins_change change = {.op = WINS_PUT,
                                     .record = {.type = WINS_UNIQUE,
                                                .owner = 1,
                                                .version = number + 1,
                                                .expiry_s = 2000000000,
                                                .member_count = 1,
                                                .members = {{number + 1, 1, 2000000000}}}};
        char text[24];

        snprintf(text, sizeof text, "K%014u", number);
        memcpy(change.record.name.bytes, text, 15);
        change.record.name.bytes[15] = 0x20;
        return change;
}

static void open_keeper(struct place *place, enum winsdb_mode mode)
{
        struct winsdb *db = NULL;

        assert_int_equal(winsdb_open(&db, place->path, mode, NULL, NULL), 0);
        assert_int_equal(keeper_new(&place->keeper, db), 0);
}

static int begin(void **state)
{
        struct place *place = calloc(1, sizeof *place);

        assert_int_equal(scratch_make(&place->scratch), 0);
        snprintf(place->path, sizeof place->path, "%s/wins.db", place->scratch.path);
        snprintf(place->backup, sizeof place->backup, "%s/backup.db", place->scratch.path);
        open_keeper(place, WINSDB_CREATE);
        *state = place;
        return 0;
}

static int end(void **state)
{
        struct place *place = *state;
        keeper_free(place->keeper);
        const int r = scratch_remove(&place->scratch);

        free(place);
        return r;
}

static struct keeper_news next_news(struct place *place)
{
        struct pollfd fd = {.fd = keeper_fd(place->keeper), .events = POLLIN};
        struct keeper_news news;

        assert_int_equal(poll(&fd, 1, LIMIT_MS), 1);
        keeper_take(place->keeper, &news);
        return news;
}

static void store(struct place *place, uint64_t id, unsigned first, size_t count)
{
        struct wins_change changes[64];
        const struct wins_batch batch = {.id = id, .change_count = count, .changes = changes, .is_durable = true};

        assert_true(count <= NBT_ARRAY_SIZE(changes));
        for (size_t i = 0; i < count; i++)
                changes[i] = a_change(first + (unsigned)i);
        keeper_store(place->keeper, &batch);
        const struct keeper_news news = next_news(place);
        assert_true(news.stored);
        assert_int_equal(news.batch, id);
        assert_int_equal(news.result, 0);
}

static int count_record(void *context, const struct wins_record *record)
{
        (void)record;
        (*(size_t *)context)++;
        return 0;
}

static int ignore_owner(void *context, const struct wins_owner *owner)
{
        (void)context;
        (void)owner;
        return 0;
}

static size_t count_records(const char *path)
{
        size_t count = 0;
        const struct winsstore_sink sink = {.owner = ignore_owner, .record = count_record, .context = &count};
        struct winsdb *db = NULL;

        assert_int_equal(winsdb_open(&db, path, WINSDB_READ, NULL, NULL), 0);
        assert_int_equal(winsdb_load(db, &sink, NULL), 0);
        winsdb_close(db);
        return count;
}

static void batches_are_stored_in_turn(void **state)
{
        struct place *place = *state;
        struct keeper_state told;

        for (unsigned i = 0; i < 20; i++)
                store(place, i + 1, i * 50, 50);
        assert_int_equal(count_records(place->path), 1000);
        keeper_look(place->keeper, &told);
        assert_int_equal(told.commits, 20);
        assert_int_equal(told.failures, 0);
        assert_string_equal(told.error, "");
        place->keeper = keeper_free(place->keeper);
        assert_int_equal(count_records(place->path), 1000);
        open_keeper(place, WINSDB_WRITE);
}

static void a_backup_is_made_while_batches_go_on(void **state)
{
        struct place *place = *state;
        struct keeper_news news;
        unsigned at = 0;

        for (; at < 10; at++)
                store(place, at + 1, at * 50, 50);
        assert_int_equal(keeper_backup(place->keeper, place->backup, (wall_t){1}), 0);
        do {
                news = next_news(place);
        } while (!news.backed_up);
        assert_int_equal(news.backup_result, 0);
        assert_int_equal(count_records(place->backup), 500);
        store(place, ++at, 10000, 10);
        assert_int_equal(keeper_backup(place->keeper, place->backup, (wall_t){2}), 0);
        do {
                news = next_news(place);
        } while (!news.backed_up);
        assert_int_equal(news.backup_result, NBT_ERR_EXISTS);
}

static void impossible_backups_are_refused(void **state)
{
        struct place *place = *state;
        char longest[400];

        memset(longest, 'x', sizeof longest);
        longest[sizeof longest - 1] = '\0';
        assert_int_equal(keeper_backup(place->keeper, longest, (wall_t){1}), NBT_ERR_RANGE);
        assert_int_equal(keeper_backup(place->keeper, "/nowhere/at/all.db", (wall_t){1}), 0);
        const struct keeper_news news = next_news(place);
        assert_true(news.backed_up);
        assert_true(news.backup_result < 0);
        store(place, 1, 0, 3); /* and life goes on */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(batches_are_stored_in_turn, begin, end),
                cmocka_unit_test_setup_teardown(a_backup_is_made_while_batches_go_on, begin, end),
                cmocka_unit_test_setup_teardown(impossible_backups_are_refused, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
