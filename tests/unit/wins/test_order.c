/* The B+ tree against a sorted array: what is in it, in which order, found from anywhere, after any history. */
#include "wins/order.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t seed;

/* Items are places in KEYS. */
struct world {
        struct wins_order order;
        struct wins_order_key *keys;
        uint32_t *sorted; /* items that are in, in order */
        uint32_t count, room;
};

static struct wins_order_key key_of(const void *context, uint32_t item)
{
        return ((const struct world *)context)->keys[item];
}

static int compare(const struct wins_order_key *a, const struct wins_order_key *b)
{
        for (unsigned i = 0; i < 3; i++)
                if (a->part[i] != b->part[i])
                        return a->part[i] < b->part[i] ? -1 : 1;
        return 0;
}

static void init(struct world *world, uint32_t room, bool hinted)
{
        *world = (struct world){.order = {.key = key_of, .hinted = hinted}, .room = room};
        world->order.context = world;
        world->keys = calloc(room + 1, sizeof(*world->keys));
        world->sorted = calloc(room + 1, sizeof(*world->sorted));
        assert_true(world->keys && world->sorted);
}

static void done(struct world *world)
{
        wins_order_done(&world->order);
        assert_int_equal(world->order.bytes, 0);
        free(world->keys);
        free(world->sorted);
}

/* Of the sorted array: the first place with KEY or more. */
static uint32_t place_of(const struct world *world, const struct wins_order_key *key)
{
        uint32_t low = 0, high = world->count;

        while (low < high) {
                const uint32_t middle = (low + high) / 2;

                if (compare(&world->keys[world->sorted[middle]], key) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static void insert(struct world *world, uint32_t item)
{
        const struct wins_order_key key = world->keys[item];
        const uint32_t at = place_of(world, &key);

        memmove(&world->sorted[at + 1], &world->sorted[at], (world->count - at) * sizeof(world->sorted[0]));
        world->sorted[at] = item;
        world->count++;
        assert_int_equal(wins_order_reserve(&world->order, 1), 0);
        memset(&world->keys[item], 0xFF, sizeof(world->keys[item])); /* nobody asks for it before it is in */
        wins_order_insert(&world->order, &key, item);
        world->keys[item] = key;
}

static void take_out(struct world *world, uint32_t at)
{
        const struct wins_order_key key = world->keys[world->sorted[at]];

        wins_order_remove(&world->order, &key);
        world->count--;
        memmove(&world->sorted[at], &world->sorted[at + 1], (world->count - at) * sizeof(world->sorted[0]));
}

static void check(const struct world *world)
{
        const struct wins_order_key least = {{0}};
        struct wins_order_at at = wins_order_seek(&world->order, &least);

        assert_int_equal(world->order.count, world->count);
        for (uint32_t i = 0; i < world->count; i++, wins_order_next(&at))
                assert_int_equal(wins_order_item(&at), world->sorted[i]);
        assert_int_equal(wins_order_item(&at), 0);
        wins_order_next(&at);
        assert_int_equal(wins_order_item(&at), 0);
}

static void check_seek(const struct world *world, const struct wins_order_key *key)
{
        const uint32_t at = place_of(world, key);
        const struct wins_order_at found = wins_order_seek(&world->order, key);

        assert_int_equal(wins_order_item(&found), at < world->count ? world->sorted[at] : 0);
}

static struct wins_order_key random_key(struct rng *rng, unsigned spread)
{
        return (struct wins_order_key){{rng_below(rng, spread), rng_below(rng, spread), rng_u32(rng)}};
}

/* Phases that grow and that shrink, to nothing and anew, with keys that are close to each other and far apart. */
static void random_history(bool hinted, unsigned spread)
{
        struct world world;
        struct rng rng;
        uint32_t fresh = 1;

        rng_init_seed(&rng, seed + spread + hinted);
        init(&world, 60000, hinted);
        for (unsigned phase = 0; phase < 12; phase++) {
                const unsigned growth = phase % 3 == 2 ? 5 : 80; /* of a hundred */

                for (unsigned i = 0; i < 5000; i++) {
                        if (rng_below(&rng, 100) < growth && fresh < world.room) {
                                world.keys[fresh] = random_key(&rng, spread);
                                insert(&world, fresh++);
                        } else if (world.count > 0) {
                                take_out(&world, rng_below(&rng, world.count));
                        }
                        if (i % 50 == 0) {
                                const struct wins_order_key key = random_key(&rng, spread);

                                check_seek(&world, &key);
                        }
                }
                check(&world);
        }
        while (world.count > 0)
                take_out(&world, rng_below(&rng, world.count));
        check(&world);
        assert_null(world.order.root);
        done(&world);
}

static void test_random_histories(void **state)
{
        (void)state;
        random_history(false, 3);
        random_history(false, 1000000);
        random_history(true, 3);
        random_history(true, 1000000);
}

/* What comes in order, at the end or at a place in the middle, fills its leaves; what then goes in any order leaves few behind. */
static void test_memory(void **state)
{
        const uint32_t count = 50000;
        struct world world;
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, seed);
        init(&world, 2 * count, false);
        for (uint32_t i = 1; i <= count; i++) {
                world.keys[i] = (struct wins_order_key){{i % 2, i, 0}}; /* two that grow side by side */
                insert(&world, i);
        }
        check(&world);
        assert_true(world.order.bytes < count * 5);
        for (uint32_t i = 0; i < count * 9 / 10; i++)
                take_out(&world, rng_below(&rng, world.count));
        check(&world);
        assert_true(world.order.bytes < count / 10 * 12 + 300000);
        for (uint32_t i = 1; i <= count; i++) {
                world.keys[count + i - 1] = (struct wins_order_key){{rng_u64(&rng), i, 0}};
                insert(&world, count + i - 1);
        }
        check(&world);
        assert_true(world.order.bytes < (count + count / 10) * 8 + 300000);
        done(&world);
}

static void test_estimates(void **state)
{
        const uint32_t count = 40000;
        struct world world;

        (void)state;
        init(&world, count, false);
        const struct wins_order_key none = {{0}}, all = {{UINT64_MAX, 0, 0}};
        assert_int_equal(wins_order_estimate(&world.order, &none, &all), 0);
        for (uint32_t i = 1; i <= count; i++) {
                world.keys[i] = (struct wins_order_key){{i * 7919u % 65536u, i, 0}};
                insert(&world, i);
        }
        for (uint64_t low = 0; low < 65536; low += 4096) {
                const struct wins_order_key from = {{low, 0, 0}}, to = {{low + 4096, 0, 0}};
                const uint64_t there = place_of(&world, &to) - place_of(&world, &from);
                const uint64_t guess = wins_order_estimate(&world.order, &from, &to);

                assert_true(guess > there / 2 && guess < there * 2);
                assert_int_equal(wins_order_estimate(&world.order, &to, &from), 0);
        }
        done(&world);
}

/* 25 insertions that were reserved together, wherever they fall. */
static void test_reserved_together(void **state)
{
        struct world world;
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, seed);
        init(&world, 100000, true);
        for (uint32_t i = 1; i + 25 < world.room; i += 25) {
                assert_int_equal(wins_order_reserve(&world.order, 25), 0);
                const uint32_t inners = world.order.spare_inner_count, leaves = world.order.spare_leaf_count;
                for (uint32_t j = i; j < i + 25; j++) {
                        world.keys[j] = (struct wins_order_key){{rng_u32(&rng), j, 0}};
                        wins_order_insert(&world.order, &world.keys[j], j);
                }
                assert_true(world.order.spare_inner_count <= inners && world.order.spare_leaf_count <= leaves);
        }
        done(&world);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_histories), cmocka_unit_test(test_memory),
                                           cmocka_unit_test(test_estimates), cmocka_unit_test(test_reserved_together)};

        seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261128;
        printf("seed %llu\n", (unsigned long long)seed);
        return cmocka_run_group_tests_name("wins order", tests, NULL, NULL);
}
