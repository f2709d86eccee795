#pragma once
/* A database in a place of its own, and what tests do with it. For tests with cmocka. */
#include "base/arena.h"
#include "winsdb_help.h"

extern struct winsdb_place place;
extern struct arena arena;

/* Before and after each test. */
int setup(void **state);
int teardown(void **state);
mono_t at_s(uint64_t s);
/* Opens, or fails the test with the reason. */
struct winsdb *open_path(const char *path, enum winsdb_mode mode, const struct winsdb_limits *limits);
/* The database of the place. */
struct winsdb *open_for(enum winsdb_mode mode);
/* Opening it fails with CODE, and says TEXT. */
void expect_failure(enum winsdb_mode mode, int code, const char *text);
/* Orders of another program to the file of the place; one value of it as text. */
void sql(const char *text);
void sql_text(const char *query, char *ret, size_t size_bytes);
/* A unique name <20> of one address. */
struct wins_record plain(const char *name, uint32_t address);
/* Durable. */
int put(struct winsdb *db, const struct wins_record *record);
void must_put(struct winsdb *db, const char *name, uint32_t address);
/* Until everything has been moved. */
void tend_all(struct winsdb *db, mono_t now);
/* Loads all, or fails the test. */
void load_into(struct winsdb *db, struct kept_load *load, struct winsdb_loaded *loaded);
size_t count_records(struct winsdb *db);
