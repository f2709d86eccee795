#include "winsdb_scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

struct winsdb_place place;
struct arena arena;

int setup(void **state)
{
        (void)state;
        return winsdb_place_init(&place);
}

int teardown(void **state)
{
        (void)state;
        arena_done(&arena);
        return winsdb_place_done(&place);
}

mono_t at_s(uint64_t s)
{
        return mono_add_ms((mono_t){0}, s * 1000);
}

struct winsdb *open_path(const char *path, enum winsdb_mode mode, const struct winsdb_limits *limits)
{
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;
        const int r = winsdb_open(&db, path, mode, limits, &why);

        if (r < 0)
                fail_msg("%s: %d %s", path, r, strbuf_str(&why));
        strbuf_done(&why);
        return db;
}

struct winsdb *open_for(enum winsdb_mode mode)
{
        return open_path(place.path, mode, NULL);
}

void expect_failure(enum winsdb_mode mode, int code, const char *text)
{
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;

        assert_int_equal(winsdb_open(&db, place.path, mode, NULL, &why), code);
        assert_null(db);
        if (!strstr(strbuf_str(&why), text))
                fail_msg("\"%s\" does not say \"%s\"", strbuf_str(&why), text);
        strbuf_done(&why);
}

void sql(const char *text)
{
        sqlite3 *db = NULL;
        char *error = NULL;

        assert_int_equal(sqlite3_open(place.path, &db), SQLITE_OK);
        if (sqlite3_exec(db, text, NULL, NULL, &error) != SQLITE_OK)
                fail_msg("%s: %s", text, error);
        sqlite3_close(db);
}

void sql_text(const char *query, char *ret, size_t size_bytes)
{
        sqlite3 *db = NULL;
        sqlite3_stmt *s = NULL;

        assert_int_equal(sqlite3_open_v2(place.path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, query, -1, &s, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        snprintf(ret, size_bytes, "%s", (const char *)sqlite3_column_text(s, 0));
        sqlite3_finalize(s);
        sqlite3_close(db);
}

struct wins_record plain(const char *name, uint32_t address)
{
        return (struct wins_record){
                .name = nb_name_make(name, 0x20),
                .node = WINS_NODE_H,
                .owner = 0x0A000001,
                .version = 7,
                .expiry_s = 1800000000,
                .member_count = 1,
                .members = {{address, 0x0A000001, 1800000000}},
        };
}

int put(struct winsdb *db, const struct wins_record *record)
{
        const struct wins_change change = {WINS_PUT, *record};
        const struct wins_batch batch = {.change_count = 1, .changes = &change, .is_durable = true};

        return winsdb_append(db, &batch, at_s(1));
}

void must_put(struct winsdb *db, const char *name, uint32_t address)
{
        const struct wins_record record = plain(name, address);

        assert_int_equal(put(db, &record), 0);
}

void tend_all(struct winsdb *db, mono_t now)
{
        int r;

        while ((r = winsdb_tend(db, now)) == 1)
                ;
        if (r < 0)
                fail_msg("%d %s", r, winsdb_error(db));
}

void load_into(struct winsdb *db, struct kept_load *load, struct winsdb_loaded *loaded)
{
        const struct winsstore_sink sink = kept_load_sink(load);
        const int r = winsdb_load(db, &sink, loaded);

        if (r < 0)
                fail_msg("%d %s", r, winsdb_error(db));
}

size_t count_records(struct winsdb *db)
{
        struct kept_load load;

        load_into(db, &load, NULL);
        const size_t count = load.count;
        kept_load_done(&load);
        return count;
}
