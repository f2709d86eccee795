/* Who holds a name: statements that share an address speak of one owner, others contradict each other. */
#include "cli/owners.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants those four first */
#include <cmocka.h>

#define G NBNS_NB_GROUP

struct statement {
        size_t count; /* 0 closes the list */
        struct nbns_address entries[3];
        bool is_local;
};

static const struct {
        const char *what;
        struct statement statements[5];
        size_t owners;
        bool conflict;
} cases[] = {
        {"nobody", {{0}}, 0, false},
        {"one holder", {{1, {{0, 2}}}}, 1, false},
        {"WINS and the holder agree", {{1, {{0, 2}}}, {1, {{0, 2}}}}, 1, false},
        {"two holders", {{1, {{0, 2}}}, {1, {{0, 3}}}}, 2, true},
        {"one multi-homed machine", {{2, {{0, 2}, {0, 12}}}, {1, {{0, 12}}}}, 1, false},
        {"a later statement ties two together", {{1, {{0, 2}}}, {1, {{0, 12}}}, {2, {{0, 2}, {0, 12}}}}, 1, false},
        {"tied together, and a third", {{1, {{0, 2}}}, {1, {{0, 9}}}, {1, {{0, 12}}}, {2, {{0, 12}, {0, 2}}}}, 2, true},
        {"members of a group", {{1, {{G, 2}}}, {1, {{G, 3}}}, {1, {{G, 4}}}}, 1, false},
        {"group here, unique there", {{1, {{G, 2}}}, {1, {{0, 3}}}}, 2, true},
        {"a group and a unique name of one address", {{1, {{G, 2}}}, {1, {{0, 2}}}}, 2, true},
        {"this machine by two addresses", {{1, {{0, 2}}, true}, {1, {{0, 3}}, true}}, 1, false},
        {"this machine and another", {{1, {{0, 2}}, true}, {1, {{0, 3}}, true}, {1, {{0, 4}}}}, 2, true},
};

static void test_cases(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(cases); i++) {
                struct owners owners = {0};

                print_message("%s\n", cases[i].what);
                for (const struct statement *s = cases[i].statements; s->count; s++)
                        owners_add(&owners, s->entries, s->count, s->is_local);
                assert_int_equal(owners.count, cases[i].owners);
                assert_int_equal(owners_conflict(&owners), cases[i].conflict);
        }
}

/* The order of the statements changes nothing. */
static void test_order_does_not_matter(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(cases); i++) {
                struct owners owners = {0};
                size_t count = 0;

                while (cases[i].statements[count].count)
                        count++;
                while (count--)
                        owners_add(&owners, cases[i].statements[count].entries, cases[i].statements[count].count,
                                   cases[i].statements[count].is_local);
                assert_int_equal(owners.count, cases[i].owners);
        }
}

static void test_bounds(void **state)
{
        struct owners owners = {0};
        struct nbns_address many[OWNER_MAX_ADDRESSES + 5];

        (void)state;
        for (uint32_t i = 0; i < OWNERS_MAX + 10; i++)
                owners_add(&owners, &(struct nbns_address){0, 1000 + i}, 1, false);
        assert_int_equal(owners.count, OWNERS_MAX);
        assert_int_equal(owners.dropped_count, 10);
        owners = (struct owners){0};
        for (size_t i = 0; i < NBT_ARRAY_SIZE(many); i++)
                many[i] = (struct nbns_address){0, (uint32_t)i + 1};
        owners_add(&owners, many, NBT_ARRAY_SIZE(many), false);
        assert_int_equal(owners.rows[0].address_count, OWNER_MAX_ADDRESSES);
        assert_int_equal(owners.dropped_count, 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases),
                cmocka_unit_test(test_order_does_not_matter),
                cmocka_unit_test(test_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
