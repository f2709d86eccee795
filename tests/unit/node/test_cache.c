/* The remote name cache: expiry, preloads that nothing overwrites, bounds, order of use. */
#include "node/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define T0 ((mono_t){INT64_C(5000000000)})

static struct nbns_address at(uint32_t address)
{
        return (struct nbns_address){0, address};
}

static struct nb_name numbered(unsigned i)
{
        char text[16];

        snprintf(text, sizeof(text), "HOST%u", i);
        return nb_name_make(text, 0x20);
}

static struct node_cache *cache_of(size_t max)
{
        struct node_cache *cache = NULL;

        assert_int_equal(node_cache_new(&cache, max, 42), 0);
        return cache;
}

static void put(struct node_cache *cache, const struct nb_name *name, uint32_t address, mono_t now, uint32_t ms)
{
        const struct nbns_address a = at(address);

        assert_int_equal(node_cache_put(cache, name, NODE_NAME_UNIQUE, &a, 1, now, ms), 0);
}

static void test_new_refuses_impossible_sizes(void **state)
{
        struct node_cache *cache = (struct node_cache *)state;

        assert_int_equal(node_cache_new(&cache, 0, 1), NBT_ERR_RANGE);
        assert_ptr_equal(cache, state); /* untouched */
        assert_null(node_cache_free(NULL));
}

static void test_entry_expires_on_time(void **state)
{
        struct node_cache *cache = cache_of(8);
        const struct nb_name name = numbered(1);

        (void)state;
        put(cache, &name, 7, T0, 600000);
        const struct node_cache_entry *entry = node_cache_find(cache, &name, mono_add_ms(T0, 599999));
        assert_non_null(entry);
        assert_int_equal(entry->addresses[0].address, 7);
        assert_int_equal(node_cache_life_s(entry, T0), 600);
        assert_int_equal(node_cache_life_s(entry, mono_add_ms(T0, 1)), 600);
        assert_int_equal(node_cache_life_s(entry, mono_add_ms(T0, 599999)), 1);
        assert_int_equal(node_cache_count(cache, mono_add_ms(T0, 600000)), 0);
        assert_null(node_cache_next(cache, NULL, mono_add_ms(T0, 600000)));
        assert_null(node_cache_find(cache, &name, mono_add_ms(T0, 600000)));
        node_cache_free(cache);
}

static void test_put_replaces_and_renews(void **state)
{
        struct node_cache *cache = cache_of(8);
        const struct nb_name name = numbered(1);
        struct nbns_address many[NODE_CACHE_MAX_ADDRESSES + 3];

        (void)state;
        for (uint32_t i = 0; i < NBT_ARRAY_SIZE(many); i++)
                many[i] = at(100 + i);
        put(cache, &name, 7, T0, 1000);
        assert_int_equal(node_cache_put(cache, &name, NODE_NAME_GROUP, many, 0, T0, 1000), NBT_ERR_RANGE);
        assert_int_equal(node_cache_put(cache, &name, NODE_NAME_GROUP, many, NBT_ARRAY_SIZE(many), T0, 5000), 0);
        const struct node_cache_entry *entry = node_cache_find(cache, &name, mono_add_ms(T0, 4000));
        assert_non_null(entry);
        assert_int_equal(entry->kind, NODE_NAME_GROUP);
        assert_int_equal(entry->address_count, NODE_CACHE_MAX_ADDRESSES);
        assert_int_equal(entry->addresses[24].address, 124);
        assert_int_equal(node_cache_count(cache, T0), 1);
        node_cache_free(cache);
}

static void test_least_recently_used_goes_first(void **state)
{
        struct node_cache *cache = cache_of(3);
        struct nb_name names[4];

        (void)state;
        for (unsigned i = 0; i < 4; i++)
                names[i] = numbered(i);
        for (unsigned i = 0; i < 3; i++)
                put(cache, &names[i], i, T0, 60000);
        assert_non_null(node_cache_find(cache, &names[0], T0)); /* used: 1 is the oldest now */
        put(cache, &names[3], 3, T0, 60000);
        assert_null(node_cache_find(cache, &names[1], T0));
        assert_non_null(node_cache_find(cache, &names[0], T0));
        assert_non_null(node_cache_find(cache, &names[2], T0));
        assert_int_equal(node_cache_count(cache, T0), 3);
        node_cache_free(cache);
}

static struct node_lmhost lmhost(const char *name, uint32_t address, bool preload)
{
        return (struct node_lmhost){
                .name = nb_name_make(name, 0), .any_suffix = true, .preload = preload, .address = address};
}

static void test_preload_covers_three_suffixes_and_never_moves(void **state)
{
        struct node_cache *cache = cache_of(16);
        const struct node_lmhost entries[] = {lmhost("SRV", 9, true), lmhost("OTHER", 10, false)};
        const struct nbns_address forged = at(66);

        (void)state;
        struct nb_name name = nb_name_make("SRV", 0x20);
        put(cache, &name, 5, T0, 60000); /* learned before: the preload replaces it */
        assert_int_equal(node_cache_load(cache, entries, 2), 0);
        assert_int_equal(node_cache_count(cache, T0), 3);
        for (unsigned i = 0; i < 3; i++) {
                name.bytes[15] = (uint8_t[]){0x00, 0x03, 0x20}[i];
                assert_int_equal(node_cache_put(cache, &name, NODE_NAME_UNIQUE, &forged, 1, T0, 1000), NBT_ERR_EXISTS);
                node_cache_remove(cache, &name);
                const struct node_cache_entry *entry = node_cache_find(cache, &name, (mono_t){INT64_MAX - 1});
                assert_non_null(entry);
                assert_int_equal(entry->addresses[0].address, 9);
                assert_int_equal(node_cache_life_s(entry, T0), -1);
        }
        node_cache_purge(cache, false);
        assert_int_equal(node_cache_count(cache, T0), 3);
        node_cache_purge(cache, true);
        assert_int_equal(node_cache_count(cache, T0), 0);
        node_cache_free(cache);
}

static void test_preload_joins_multihomed_and_domains(void **state)
{
        struct node_cache *cache = cache_of(32);
        struct node_lmhost entries[] = {
                lmhost("TWICE", 1, true), lmhost("TWICE", 2, true), lmhost("MULTI", 3, true),
                lmhost("MULTI", 4, true), lmhost("MULTI", 4, true), lmhost("DC", 5, true),
        };
        const struct nb_name twice = nb_name_make("TWICE", 0x00), multi = nb_name_make("MULTI", 0x20),
                             domain = nb_name_make("SALES", 0x1C);

        (void)state;
        entries[2].multihomed = entries[3].multihomed = entries[4].multihomed = true;
        snprintf(entries[0].domain, sizeof(entries[0].domain), "SALES");
        snprintf(entries[5].domain, sizeof(entries[5].domain), "SALES");
        assert_int_equal(node_cache_load(cache, entries, NBT_ARRAY_SIZE(entries)), 0);
        assert_int_equal(node_cache_find(cache, &twice, T0)->address_count, 1);
        assert_int_equal(node_cache_find(cache, &twice, T0)->addresses[0].address, 1);
        assert_int_equal(node_cache_find(cache, &multi, T0)->address_count, 2);
        assert_int_equal(node_cache_find(cache, &domain, T0)->address_count, 2);
        assert_int_equal(node_cache_find(cache, &domain, T0)->kind, NODE_NAME_GROUP);
        assert_int_equal(node_cache_find(cache, &domain, T0)->addresses[1].address, 5);
        node_cache_free(cache);
}

/* Preloads stay when strangers fill the rest, and leave room for them. */
static void test_bounds_hold_under_a_flood(void **state)
{
        struct node_cache *cache = cache_of(100);
        struct node_lmhost entries[60];

        (void)state;
        for (unsigned i = 0; i < 60; i++) {
                char text[16];
                snprintf(text, sizeof(text), "PRE%u", i);
                entries[i] = lmhost(text, 1000 + i, true);
        }
        assert_int_equal(node_cache_load(cache, entries, 60), 35); /* 25 x 3 fit into 75 */
        for (unsigned i = 0; i < 100000; i++) {
                const struct nb_name name = numbered(i);
                put(cache, &name, i, mono_add_ms(T0, i), 600000);
        }
        assert_int_equal(node_cache_count(cache, T0), 100);
        const struct nb_name kept = nb_name_make("PRE0", 0x03), last = numbered(99999), gone = numbered(99000);
        assert_non_null(node_cache_find(cache, &kept, T0));
        assert_non_null(node_cache_find(cache, &last, T0));
        assert_null(node_cache_find(cache, &gone, T0));
        node_cache_free(cache);
}

static void test_iteration_sees_each_live_entry_once(void **state)
{
        struct node_cache *cache = cache_of(64);
        unsigned seen[40] = {0}, total = 0;

        (void)state;
        for (unsigned i = 0; i < 40; i++) {
                const struct nb_name name = numbered(i);
                put(cache, &name, i, T0, i % 2 ? 1000 : 5000);
        }
        const mono_t now = mono_add_ms(T0, 2000);
        for (const struct node_cache_entry *e = node_cache_next(cache, NULL, now); e;
             e = node_cache_next(cache, e, now)) {
                seen[e->addresses[0].address]++;
                total++;
        }
        assert_int_equal(total, 20);
        for (unsigned i = 0; i < 40; i++)
                assert_int_equal(seen[i], i % 2 ? 0 : 1);
        node_cache_free(cache);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_new_refuses_impossible_sizes),
                cmocka_unit_test(test_entry_expires_on_time),
                cmocka_unit_test(test_put_replaces_and_renews),
                cmocka_unit_test(test_least_recently_used_goes_first),
                cmocka_unit_test(test_preload_covers_three_suffixes_and_never_moves),
                cmocka_unit_test(test_preload_joins_multihomed_and_domains),
                cmocka_unit_test(test_bounds_hold_under_a_flood),
                cmocka_unit_test(test_iteration_sees_each_live_entry_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
