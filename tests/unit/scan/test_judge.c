/* What a name table tells, and who holds a name twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "scan/dups.h"

#include <stdlib.h>
#include <string.h>

#define A UINT32_C(0x0A4D0002)
#define B UINT32_C(0x0A4D0003)
#define C UINT32_C(0x0A4E0003)
#define U NBSTAT_ACTIVE
#define G (NBSTAT_GROUP | NBSTAT_ACTIVE)
#define X (NBSTAT_ACTIVE | NBSTAT_CONFLICT)
#define MAX_HOSTS 4
#define MAX_ROWS 6

struct row {
        const char *stem;
        uint8_t suffix;
        uint16_t flags;
};

struct machine {
        uint32_t address;
        uint8_t mac; /* last byte; 0: none */
        struct row rows[MAX_ROWS];
        uint32_t own[3];
};

struct made {
        struct nbstat_entry names[MAX_HOSTS][MAX_ROWS];
        struct scan_host hosts[MAX_HOSTS];
        const struct scan_host *list[MAX_HOSTS];
        size_t count;
};

static void make(struct made *made, const struct machine *machines, size_t count)
{
        memset(made, 0, sizeof(*made));
        made->count = count;
        for (size_t i = 0; i < count; i++) {
                struct scan_host *host = &made->hosts[i];

                host->address = machines[i].address;
                host->mac[5] = machines[i].mac;
                host->mac_source = machines[i].mac ? SCAN_MAC_ANSWER : SCAN_MAC_NONE;
                for (const struct row *row = machines[i].rows; row < machines[i].rows + MAX_ROWS && row->stem; row++)
                        made->names[i][host->name_count++] =
                                (struct nbstat_entry){nb_name_make(row->stem, row->suffix), row->flags};
                host->names = made->names[i];
                while (host->address_count < 3 && machines[i].own[host->address_count])
                        host->address_count++;
                host->addresses = machines[i].own;
                host->addresses_answered = host->address_count > 0;
                made->list[i] = host;
        }
}

/* ---- one host ----------------------------------------------------------------------------------------------------- */

static const char *stem_of(const struct nbstat_entry *entry, char *ret)
{
        strcpy(ret, "-");
        if (entry)
                nb_name_format_stem(&entry->name, ret);
        return ret;
}

static void test_who_is_who(void **state)
{
        static const struct {
                struct machine machine;
                const char *computer, *workgroup, *user;
        } rows[] = {
                /* the group stands first: nmap #1239 */
                {{A, 0, {{"LAB", 0x00, G}, {"PC", 0x00, U}, {"PC", 0x20, U}}, {0}}, "PC", "LAB", "-"},
                {{A, 0, {{"PC", 0x20, U}, {"LAB", 0x00, G}}, {0}}, "PC", "LAB", "-"},
                {{A, 0, {{"PC", 0x03, U}, {"LAB", 0x00, G}}, {0}}, "-", "LAB", "PC"},
                {{A, 0, {{"IS~PC", 0x00, U}, {"PC", 0x00, U}}, {0}}, "PC", "-", "-"},
                {{A, 0, {{"PC", 0x00, U}, {"PC", 0x03, U}, {"PC$", 0x03, U}, {"ANNA", 0x03, U}}, {0}},
                 "PC",
                 "-",
                 "ANNA"},
                {{A, 0, {{"PC", 0x00, U}, {"NEWS", 0x03, G}}, {0}}, "PC", "-", "-"},
                {{A, 0, {{"PC", 0x00, U}, {"OLD", 0x00, G}, {"LAB", 0x00, G}, {"LAB", 0x1E, G}}, {0}},
                 "PC",
                 "LAB",
                 "-"},
                {{A, 0, {{NULL, 0, 0}}, {0}}, "-", "-", "-"},
        };
        struct made made;
        char text[NB_NAME_TEXT_BYTES];

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                make(&made, &rows[i].machine, 1);
                assert_string_equal(stem_of(scan_host_computer(&made.hosts[0]), text), rows[i].computer);
                assert_string_equal(stem_of(scan_host_workgroup(&made.hosts[0]), text), rows[i].workgroup);
                assert_string_equal(stem_of(scan_host_user(&made.hosts[0]), text), rows[i].user);
        }
}

static void test_roles_each_once(void **state)
{
        static const struct machine dc = {A,
                                          0,
                                          {{"DC", 0x00, U},
                                           {"DC", 0x20, U},
                                           {"X", 0x20, U},
                                           {"LAB", 0x1C, G},
                                           {"LAB", 0x1B, U},
                                           {"LAB", 0x1D, U}},
                                          {0}};
        static const char *const expected[] = {"File Server", "Domain Controllers", "Domain Master Browser",
                                               "Master Browser"};
        struct made made;

        (void)state;
        make(&made, &dc, 1);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(expected); i++)
                assert_string_equal(scan_host_role(&made.hosts[0], i), expected[i]);
        assert_null(scan_host_role(&made.hosts[0], NBT_ARRAY_SIZE(expected)));
}

/* ---- several ------------------------------------------------------------------------------------------------------ */

#define TWIN                                                                                                           \
        {"TWIN", 0x00, U}, {"LAB", 0x00, G},                                                                           \
        {                                                                                                              \
                "TWIN", 0x20, U                                                                                        \
        }

static void test_verdicts(void **state)
{
        static const struct {
                const char *what;
                size_t count;
                struct machine machines[3];
                size_t duplicates, machine_count, multihomed;
        } rows[] = {
                {"two of their own names",
                 2,
                 {{A, 2, {{"A", 0x00, U}, {"LAB", 0x00, G}}, {A}}, {B, 3, {{"B", 0x00, U}, {"LAB", 0x00, G}}, {B}}},
                 0,
                 2,
                 0},
                {"twins", 2, {{A, 2, {TWIN}, {A}}, {B, 3, {TWIN}, {B}}}, 2, 2, 0},
                {"twins without MAC, equal tables (Samba)", 2, {{A, 0, {TWIN}, {A}}, {B, 0, {TWIN}, {B}}}, 2, 2, 0},
                {"twins that answer nothing of their addresses",
                 2,
                 {{A, 0, {TWIN}, {0}}, {B, 0, {TWIN}, {0}}},
                 2,
                 2,
                 0},
                {"one machine, two addresses on one adapter", 2, {{A, 2, {TWIN}, {A}}, {B, 2, {TWIN}, {B}}}, 0, 1, 1},
                {"one machine, two adapters, each with its MAC",
                 2,
                 {{A, 2, {TWIN}, {A, C}}, {C, 3, {TWIN}, {A, C}}},
                 0,
                 1,
                 1},
                {"the second adapter stays silent about its addresses",
                 2,
                 {{A, 2, {TWIN}, {A, C}}, {C, 3, {TWIN}, {0}}},
                 0,
                 1,
                 1},
                {"one claims the other's address, which says no",
                 2,
                 {{A, 2, {TWIN}, {A, B}}, {B, 3, {TWIN}, {B}}},
                 2,
                 2,
                 0},
                {"both claim, tables differ",
                 2,
                 {{A, 2, {TWIN, {"ANNA", 0x03, U}}, {A, B}}, {B, 3, {TWIN}, {A, B}}},
                 2,
                 2,
                 0},
                {"a machine of two addresses and its twin",
                 3,
                 {{A, 2, {TWIN}, {A, C}}, {B, 5, {TWIN}, {B}}, {C, 3, {TWIN}, {A, C}}},
                 2,
                 2,
                 1},
                {"one MAC, two names: a cloned card is not a machine",
                 2,
                 {{A, 2, {{"A", 0x00, U}}, {A}}, {B, 2, {{"B", 0x00, U}}, {B}}},
                 0,
                 2,
                 0},
                {"one user at two machines",
                 2,
                 {{A, 2, {{"A", 0x00, U}, {"ANNA", 0x03, U}}, {A}}, {B, 3, {{"B", 0x00, U}, {"ANNA", 0x03, U}}, {B}}},
                 1,
                 2,
                 0},
                {"a computer called as the others' workgroup",
                 3,
                 {{A, 2, {{"LAB", 0x00, U}}, {A}},
                  {B, 3, {{"B", 0x00, U}, {"LAB", 0x00, G}}, {B}},
                  {C, 4, {{"C", 0x00, U}, {"LAB", 0x00, G}}, {C}}},
                 1,
                 3,
                 0},
                {"a master browser for each segment",
                 2,
                 {{A, 2, {{"A", 0x00, U}, {"LAB", 0x1D, U}}, {A}}, {C, 3, {{"C", 0x00, U}, {"LAB", 0x1D, U}}, {C}}},
                 0,
                 2,
                 0},
                {"two master browsers on one segment",
                 2,
                 {{A, 2, {{"A", 0x00, U}, {"LAB", 0x1D, U}}, {A}}, {B, 3, {{"B", 0x00, U}, {"LAB", 0x1D, U}}, {B}}},
                 1,
                 2,
                 0},
                {"a name twice in one table", 1, {{A, 2, {{"A", 0x00, U}, {"A", 0x00, U}}, {A}}}, 0, 1, 0},
                {"unique and group in one table", 1, {{A, 2, {{"A", 0x00, U}, {"A", 0x00, G}}, {A}}}, 0, 1, 0},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct arena arena = ARENA_INIT;
                struct scan_report report;
                struct made made;

                print_message("%s\n", rows[i].what);
                make(&made, rows[i].machines, rows[i].count);
                assert_int_equal(scan_judge(made.list, made.count, NULL, 0, &arena, &report), 0);
                assert_int_equal(report.duplicate_count, rows[i].duplicates);
                assert_int_equal(report.machine_count, rows[i].machine_count);
                assert_int_equal(report.multihomed_count, rows[i].multihomed);
                arena_done(&arena);
        }
}

static void test_holders_are_told(void **state)
{
        static const struct machine machines[] = {
                {A, 2, {TWIN}, {A, C}}, {B, 5, {{"TWIN", 0x00, U}, {"TWIN", 0x20, X}}, {B}}, {C, 3, {TWIN}, {A, C}}};
        const struct nb_name workstation = nb_name_make("TWIN", 0x00), server = nb_name_make("TWIN", 0x20);
        struct arena arena = ARENA_INIT;
        struct scan_report report;
        struct made made;

        (void)state;
        make(&made, machines, 3);
        assert_int_equal(scan_judge(made.list, made.count, NULL, 0, &arena, &report), 0);
        assert_int_equal(report.duplicate_count, 2);
        assert_int_equal(report.in_conflict_count, 1);
        assert_true(nb_name_equal(&report.duplicates[0].name, &workstation));
        assert_true(nb_name_equal(&report.duplicates[1].name, &server));
        const struct scan_duplicate *duplicate = &report.duplicates[1];
        assert_int_equal(duplicate->machine_count, 2);
        assert_int_equal(duplicate->holder_count, 3);
        assert_int_equal(duplicate->holders[0].host->address, A);
        assert_int_equal(duplicate->holders[1].host->address, C); /* by machine */
        assert_int_equal(duplicate->holders[2].host->address, B);
        assert_int_equal(duplicate->holders[0].machine, duplicate->holders[1].machine);
        assert_true(duplicate->holders[2].name_flags & NBSTAT_CONFLICT);
        assert_true(report.multihomed[0].lists_all);
        assert_false(report.multihomed[0].same_mac);
        arena_done(&arena);
}

static void test_known_masks_count_for_master_browsers(void **state)
{
        static const struct machine machines[] = {{A, 2, {{"LAB", 0x1D, U}}, {A}}, {C, 3, {{"LAB", 0x1D, U}}, {C}}};
        const struct scan_subnet wide = {A, UINT32_C(0xFF000000)};
        struct arena arena = ARENA_INIT;
        struct scan_report report;
        struct made made;

        (void)state;
        make(&made, machines, 2);
        assert_int_equal(scan_judge(made.list, made.count, &wide, 1, &arena, &report), 0);
        assert_int_equal(report.duplicate_count, 1);
        arena_done(&arena);
}

/* Random tables against the plain definition: a unique name at two machines, or unique at one and a group at another. */
static void test_random_against_the_definition(void **state)
{
        static const char *const stems[] = {"A", "B", "C", "D"};
        static const uint8_t suffixes[] = {0x00, 0x20};

        (void)state;
        for (uint64_t seed = 1; seed <= 500; seed++) {
                struct machine machines[MAX_HOSTS] = {0};
                struct arena arena = ARENA_INIT;
                struct scan_report report;
                struct made made;
                struct rng rng;
                size_t expected = 0;

                print_message("seed %llu\r", (unsigned long long)seed);
                rng_init_seed(&rng, seed);
                for (size_t i = 0; i < MAX_HOSTS; i++) {
                        machines[i].address = A + (uint32_t)i;
                        for (uint32_t j = rng_below(&rng, MAX_ROWS + 1); j > 0; j--)
                                machines[i].rows[j - 1] =
                                        (struct row){stems[rng_below(&rng, 4)], suffixes[rng_below(&rng, 2)],
                                                     rng_below(&rng, 4) ? U : G};
                }
                make(&made, machines, MAX_HOSTS);
                for (size_t s = 0; s < 8; s++) {
                        const struct nb_name name = nb_name_make(stems[s / 2], suffixes[s % 2]);
                        unsigned uniques = 0, groups = 0, hosts = 0;
                        for (size_t i = 0; i < MAX_HOSTS; i++) {
                                bool unique = false, group = false;
                                for (size_t j = 0; j < made.hosts[i].name_count; j++)
                                        if (nb_name_equal(&made.names[i][j].name, &name)) {
                                                const bool is_group = made.names[i][j].name_flags & NBSTAT_GROUP;
                                                unique = unique || !is_group;
                                                group = group || is_group;
                                        }
                                uniques += unique;
                                groups += group;
                                hosts += unique || group;
                        }
                        expected += uniques > 1 || (uniques == 1 && groups && hosts > 1);
                }
                assert_int_equal(scan_judge(made.list, made.count, NULL, 0, &arena, &report), 0);
                assert_int_equal(report.duplicate_count, expected);
                arena_done(&arena);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_is_who),
                cmocka_unit_test(test_roles_each_once),
                cmocka_unit_test(test_verdicts),
                cmocka_unit_test(test_holders_are_told),
                cmocka_unit_test(test_known_masks_count_for_master_browsers),
                cmocka_unit_test(test_random_against_the_definition),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
