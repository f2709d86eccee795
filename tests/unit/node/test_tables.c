/* The decision tables: claims against what we hold, demands against policy. */
#include "harness.h"

#include "node/defend.h"
#include "node/demand.h"

#include <stdio.h>
#include <string.h>

static const char *directory;

#define MAX_COLUMNS 6

static size_t split(char *line, char *columns[MAX_COLUMNS])
{
        size_t count = 0;

        line[strcspn(line, "\n")] = 0;
        for (char *at = strtok(line, "\t"); at && count < MAX_COLUMNS; at = strtok(NULL, "\t"))
                columns[count++] = at;
        return count;
}

static void each_row(const char *file, void (*check)(char *columns[MAX_COLUMNS], unsigned line), unsigned at_least)
{
        char path[4096], line[512], *columns[MAX_COLUMNS];
        unsigned number = 0, rows = 0;

        snprintf(path, sizeof(path), "%s/%s", directory, file);
        FILE *stream = fopen(path, "r");
        assert_non_null(stream);
        while (fgets(line, sizeof(line), stream)) {
                number++;
                if (line[0] == '#')
                        continue;
                assert_int_equal(split(line, columns), MAX_COLUMNS); /* the last one is the source */
                check(columns, number);
                rows++;
        }
        fclose(stream);
        assert_true(rows >= at_least);
}

static enum node_name_kind kind_of(const char *word)
{
        assert_true(!strcmp(word, "unique") || !strcmp(word, "group"));
        return strcmp(word, "group") ? NODE_NAME_UNIQUE : NODE_NAME_GROUP;
}

static void check_defence(char *columns[MAX_COLUMNS], unsigned line)
{
        struct node_claim_facts facts = {.own_address = 100};
        enum node_hold hold = 0;

        while (hold < NODE_HOLD_MAX && strcmp(columns[0], node_hold_str(hold)))
                hold++;
        assert_true(hold < NODE_HOLD_MAX);
        facts.hold = hold;
        facts.held_kind = kind_of(columns[1]);
        facts.claimed_kind = kind_of(columns[2]);
        facts.source = strcmp(columns[3], "lower") ? 50 : 200;
        const char *got = node_defence_str(node_defence_decide(&facts));
        if (strcmp(got, columns[4]))
                fail_msg("line %u: %s", line, got);
}

static void claims_are_answered_by_the_table(void **state)
{
        (void)state;
        each_row("node_defend.tsv", check_defence, 30);
}

static void check_demand(char *columns[MAX_COLUMNS], unsigned line)
{
        static const char *const policies[] = {"verify", "obey", "wins-only"};
        struct node_demand_facts facts = {.from_wins = !strcmp(columns[3], "wins")};
        size_t policy = 0;
        enum node_name_state state = 0;

        while (strcmp(columns[0], policies[policy]))
                assert_true(++policy < NBT_ARRAY_SIZE(policies));
        while (strcmp(columns[2], node_state_str(state)))
                assert_true(++state < NODE_STATE_MAX);
        facts.policy = (enum node_demand_policy)policy;
        facts.state = state;
        facts.kind = kind_of(columns[1]);
        const char *got = node_demand_answer_str(node_demand_decide(&facts));
        if (strcmp(got, columns[4]))
                fail_msg("line %u: %s", line, got);
}

static void demands_are_answered_by_the_table(void **state)
{
        (void)state;
        each_row("node_demand.tsv", check_demand, 20);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(claims_are_answered_by_the_table),
                cmocka_unit_test(demands_are_answered_by_the_table),
        };
        if (argc != 2)
                return 2;
        directory = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
