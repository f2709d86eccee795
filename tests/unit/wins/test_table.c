/* The table against a plain model: random insertions, replacements, removals; every index must tell the same. */
#include "wins/table.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAMES 400u
#define ADDRESSES 60u
#define OWNERS 3u
#define SCOPES 3u

struct model {
        bool there[NAMES][SCOPES];
        struct wins_record records[NAMES][SCOPES];
        uint64_t live;
};

static uint64_t seed;

static struct nb_scope scope_of(unsigned i)
{
        static const char *const texts[SCOPES] = {"", "corp", "corp.example"};
        struct nb_scope scope;

        assert_int_equal(nb_scope_parse(texts[i], &scope), 0);
        return scope;
}

static struct nb_name name_of(unsigned i)
{
        char text[16];

        snprintf(text, sizeof(text), "HOST%u", i);
        return nb_name_make(text, 0x20);
}

static void random_record(struct rng *rng, unsigned name, unsigned scope, uint64_t version, struct wins_record *ret)
{
        memset(ret, 0, sizeof(*ret));
        ret->name = name_of(name);
        ret->scope = scope_of(scope);
        ret->type = (enum wins_type)rng_below(rng, WINS_TYPE_MAX);
        ret->state = (enum wins_state)rng_below(rng, WINS_STATE_MAX);
        ret->node = (enum wins_node)rng_below(rng, 4);
        ret->is_static = rng_below(rng, 4) == 0;
        ret->owner = 1 + rng_below(rng, OWNERS);
        ret->version = version;
        ret->expiry_s = rng_below(rng, 1000);
        const unsigned wanted = ret->type == WINS_UNIQUE ? 1 : 1 + rng_below(rng, WINS_MAX_MEMBERS);
        for (unsigned i = 0; i < wanted; i++) {
                const uint32_t address = 1 + rng_below(rng, ADDRESSES);

                if (wins_record_member(ret, address) < 0)
                        ret->members[ret->member_count++] =
                                (struct wins_member){address, 1 + rng_below(rng, OWNERS), rng_below(rng, 1000)};
        }
}

static void assert_same(const struct wins_record *a, const struct wins_record *b)
{
        assert_true(wins_record_same_content(a, b));
        assert_int_equal(a->version, b->version);
        assert_int_equal(a->expiry_s, b->expiry_s);
        assert_int_equal(a->node, b->node);
        for (unsigned i = 0; i < a->member_count; i++)
                assert_memory_equal(&a->members[i], &b->members[i], sizeof(a->members[i]));
}

static void check_names(const struct wins_table *table, const struct model *model)
{
        uint64_t counted = 0;

        for (unsigned n = 0; n < NAMES; n++) {
                for (unsigned s = 0; s < SCOPES; s++) {
                        const struct nb_name name = name_of(n);
                        const struct nb_scope scope = scope_of(s);
                        const uint32_t slot = wins_table_find_scoped(table, &name, &scope);
                        struct wins_record record;

                        assert_int_equal(slot != 0, model->there[n][s]);
                        if (!slot)
                                continue;
                        wins_table_get(table, slot, &record);
                        assert_same(&record, &model->records[n][s]);
                        counted++;
                }
        }
        assert_int_equal(counted, model->live);
        assert_int_equal(table->live, model->live);
}

static void check_addresses(const struct wins_table *table, const struct model *model)
{
        unsigned expected[ADDRESSES + 1] = {0};

        for (unsigned n = 0; n < NAMES; n++)
                for (unsigned s = 0; s < SCOPES; s++)
                        for (unsigned i = 0; model->there[n][s] && i < model->records[n][s].member_count; i++)
                                expected[model->records[n][s].members[i].address]++;
        for (uint32_t address = 1; address <= ADDRESSES; address++) {
                unsigned found = 0;

                for (uint32_t at = wins_table_address_first(table, address); at != 0;
                     at = wins_table_address_next(table, at, address)) {
                        struct wins_record record;

                        assert_true(wins_table_address_valid(table, at, address));
                        wins_table_get(table, wins_table_address_slot(table, at), &record);
                        assert_true(wins_record_member(&record, address) >= 0);
                        found++;
                }
                assert_int_equal(found, expected[address]);
        }
        assert_int_equal(wins_table_address_first(table, 0xFFFF), 0);
}

static void check_owners(const struct wins_table *table, const struct model *model)
{
        uint64_t listed = 0;

        for (uint32_t i = 0; i < table->owner_count; i++) {
                uint64_t last = 0;
                uint32_t count = 0, before = 0;

                for (uint32_t slot = table->owners[i].first; slot != 0; slot = wins_slot_at(table, slot)->owner_next) {
                        assert_true(wins_slot_at(table, slot)->version >= last);
                        assert_int_equal(wins_slot_at(table, slot)->owner_prev, before);
                        last = wins_slot_at(table, slot)->version;
                        before = slot;
                        count++;
                }
                assert_int_equal(table->owners[i].last, before);
                assert_int_equal(table->owners[i].count, count);
                assert_true(table->owners[i].max_version >= last);
                listed += count;
        }
        assert_int_equal(listed, model->live);
}

static void check_counts(const struct wins_table *table, const struct model *model)
{
        uint64_t sum = 0, statics = 0;

        for (unsigned type = 0; type < WINS_TYPE_MAX; type++)
                for (unsigned state = 0; state < WINS_STATE_MAX; state++)
                        sum += table->counts[type][state];
        for (unsigned n = 0; n < NAMES; n++)
                for (unsigned s = 0; s < SCOPES; s++)
                        statics += model->there[n][s] && model->records[n][s].is_static;
        assert_int_equal(sum, model->live);
        assert_int_equal(table->static_count, statics);
}

static void one_change(struct wins_table *table, struct model *model, struct rng *rng, uint64_t version)
{
        const unsigned n = rng_below(rng, NAMES), s = rng_below(rng, SCOPES);
        const struct nb_name name = name_of(n);
        const struct nb_scope scope = scope_of(s);

        if (model->there[n][s] && rng_below(rng, 3) == 0) {
                wins_table_remove(table, wins_table_find_scoped(table, &name, &scope));
                model->there[n][s] = false;
                model->live--;
                return;
        }
        struct wins_record *record = &model->records[n][s];
        random_record(rng, n, s, version, record);
        assert_true(wins_table_put(table, record) > 0);
        model->live += !model->there[n][s];
        model->there[n][s] = true;
}

static void test_model(void **state)
{
        struct model *model = calloc(1, sizeof(*model));
        struct wins_table table;
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, seed);
        assert_int_equal(wins_table_init(&table, seed), 0);
        for (unsigned i = 0; i < 20000; i++) {
                if (i == 3000)
                        assert_int_equal(wins_table_loaded(&table), 0); /* from here on the lists are kept in order */
                /* versions mostly rise, as in life, and sometimes come late */
                one_change(&table, model, &rng, 1 + (rng_below(&rng, 10) ? i : rng_below(&rng, i + 1)));
                if (i % 2000 == 1999 || i == 3000) {
                        check_names(&table, model);
                        check_addresses(&table, model);
                        check_counts(&table, model);
                        if (i >= 3000)
                                check_owners(&table, model);
                }
        }
        for (unsigned n = 0; n < NAMES; n++) {
                for (unsigned s = 0; s < SCOPES; s++) {
                        if (!model->there[n][s])
                                continue;
                        const struct nb_name name = name_of(n);
                        const struct nb_scope scope = scope_of(s);
                        wins_table_remove(&table, wins_table_find_scoped(&table, &name, &scope));
                }
        }
        assert_int_equal(table.live, 0);
        assert_int_equal(table.scopes.live, 0); /* every scope was given back */
        wins_table_done(&table);
        free(model);
}

/* 200,000 names, all found, and no more memory a record than promised. */
static void test_size(void **state)
{
        const unsigned count = 200000;
        struct wins_table table;

        (void)state;
        assert_int_equal(wins_table_init(&table, 3), 0);
        for (unsigned i = 0; i < count; i++) {
                struct wins_record record = {.name = name_of(i), .owner = 9, .version = i + 1, .member_count = 1};

                record.members[0] = (struct wins_member){0x0A000000 + i / 3, 9, 1};
                assert_true(wins_table_put(&table, &record) > 0);
        }
        for (unsigned i = 0; i < count; i++) {
                const struct nb_name name = name_of(i);
                assert_true(wins_table_find(&table, &name, 0) != 0);
        }
        const struct nb_name missing = nb_name_make("NOBODY", 0x20);
        assert_int_equal(wins_table_find(&table, &missing, 0), 0);
        assert_true(table.bytes / count < 120);
        wins_table_done(&table);
}

static void test_renew(void **state)
{
        struct wins_record record = {
                .name = name_of(1), .owner = 9, .version = 1, .type = WINS_MULTIHOMED, .member_count = 3};
        struct wins_table table;

        (void)state;
        assert_int_equal(wins_table_init(&table, 3), 0);
        for (unsigned i = 0; i < 3; i++)
                record.members[i] = (struct wins_member){i + 1, 9, 10};
        const int64_t slot = wins_table_put(&table, &record);
        wins_table_renew(&table, (uint32_t)slot, 2, 50);
        wins_table_get(&table, (uint32_t)slot, &record);
        assert_int_equal(record.expiry_s, 50);
        assert_int_equal(record.members[0].expiry_s, 10);
        assert_int_equal(record.members[1].expiry_s, 50);
        assert_int_equal(record.members[2].expiry_s, 10);
        wins_table_renew(&table, (uint32_t)slot, 0, 60);
        wins_table_get(&table, (uint32_t)slot, &record);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(record.members[i].expiry_s, 60);
        wins_table_done(&table);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_model), cmocka_unit_test(test_size),
                                           cmocka_unit_test(test_renew)};

        seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261124;
        printf("seed %llu\n", (unsigned long long)seed);
        return cmocka_run_group_tests_name("wins table", tests, NULL, NULL);
}
