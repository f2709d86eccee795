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
                const struct wins_order_key first = wins_table_address_key(address, 0);
                struct wins_order_at at = wins_order_seek(&table->by_address, &first);
                unsigned found = 0;

                for (uint32_t member = wins_order_item(&at);
                     member != 0 && wins_table_member_address(table, member) == address;
                     wins_order_next(&at), member = wins_order_item(&at)) {
                        struct wins_record record;

                        wins_table_get(table, wins_table_member_slot(table, member), &record);
                        assert_true(wins_record_member(&record, address) >= 0);
                        found++;
                }
                assert_int_equal(found, expected[address]);
        }
}

static void check_order_of_names(const struct wins_table *table, const struct model *model)
{
        const struct wins_order_key none = {{0}};
        struct wins_order_at at = wins_order_seek(&table->by_name, &none);
        struct wins_order_key last = none;
        uint64_t listed = 0;

        for (uint32_t slot = wins_order_item(&at); slot != 0; wins_order_next(&at), slot = wins_order_item(&at)) {
                const struct wins_slot *there = wins_slot_at(table, slot);
                const struct wins_order_key key = wins_table_name_key(&there->name, there->scope);

                assert_true(wins_order_is_less(&last, &key));
                assert_int_equal(wins_table_find(table, &there->name, there->scope), slot);
                last = key;
                listed++;
        }
        assert_int_equal(listed, model->live);
}

static bool has_mark(const struct wins_table *table, uint32_t slot, unsigned mark)
{
        return table->marks[slot / WINS_CHUNK_SLOTS]->words[mark][slot % WINS_CHUNK_SLOTS / 64] >> slot % 64 & 1;
}

static void check_marks(const struct wins_table *table)
{
        for (uint32_t slot = 1; slot < table->slot_count; slot++) {
                const struct wins_slot *there = wins_slot_at(table, slot);
                const bool used = there->count & WINS_SLOT_USED;

                for (unsigned type = 0; type < WINS_TYPE_MAX; type++)
                        assert_int_equal(has_mark(table, slot, WINS_MARK_TYPE + type),
                                         used && wins_slot_type(there) == type);
                for (unsigned state = 0; state < WINS_STATE_MAX; state++)
                        assert_int_equal(has_mark(table, slot, WINS_MARK_STATE + state),
                                         used && wins_slot_state(there) == state);
                assert_int_equal(has_mark(table, slot, WINS_MARK_STATIC), used && there->flags & WINS_SLOT_STATIC);
        }
}

static void check_owners(const struct wins_table *table, const struct model *model)
{
        const struct wins_order_key none = {{0}};
        struct wins_order_at at = wins_order_seek(&table->by_version, &none);
        struct wins_order_key last = none;
        uint64_t listed = 0;
        uint32_t counts[OWNERS + 1] = {0};

        for (uint32_t slot = wins_order_item(&at); slot != 0; wins_order_next(&at), slot = wins_order_item(&at)) {
                const struct wins_slot *there = wins_slot_at(table, slot);
                const struct wins_order_key key = wins_table_version_key(there->owner, there->version, slot);

                assert_true(wins_order_is_less(&last, &key));
                assert_true(table->owners[there->owner].max_version >= there->version);
                counts[there->owner]++;
                last = key;
                listed++;
        }
        assert_int_equal(listed, model->live);
        for (uint32_t i = 0; i < table->owner_count; i++)
                assert_int_equal(counts[i], table->owners[i].count);
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
                        assert_int_equal(wins_table_loaded(&table), 0); /* from here on the orders are kept */
                /* versions mostly rise, as in life, and sometimes come late */
                one_change(&table, model, &rng, 1 + (rng_below(&rng, 10) ? i : rng_below(&rng, i + 1)));
                if (i % 2000 == 1999 || i == 3000) {
                        check_names(&table, model);
                        check_counts(&table, model);
                        check_marks(&table);
                        if (i < 3000)
                                continue;
                        check_addresses(&table, model);
                        check_order_of_names(&table, model);
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
        assert_true(!table.by_name.root && !table.by_address.root && !table.by_version.root);
        assert_int_equal(table.scopes.live, 0); /* every scope was given back */
        wins_table_done(&table);
        free(model);
}

/* As many names as fill seven chunks, all found, and no more memory a record than promised. */
static void test_size(void **state)
{
        const unsigned count = 7 * WINS_CHUNK_SLOTS - 1;
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
        assert_int_equal(wins_table_loaded(&table), 0);
        assert_true(wins_table_bytes(&table) / count < 110);
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
