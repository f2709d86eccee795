/* The decision tables tests/tables/wins_register.tsv and wins_release.tsv, and what holds for every combination. */
#include "wins/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_COLUMNS 7

static const char *directory;

static size_t split(char *line, char *columns[MAX_COLUMNS])
{
        size_t count = 0;

        line[strcspn(line, "\n")] = 0;
        for (char *at = strtok(line, "\t"); at && count < MAX_COLUMNS; at = strtok(NULL, "\t"))
                columns[count++] = at;
        return count;
}

static unsigned each_row(const char *file, size_t columns_wanted,
                         void (*check)(char *columns[MAX_COLUMNS], unsigned line))
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
                if (split(line, columns) != columns_wanted)
                        fail_msg("%s:%u: %zu columns wanted", file, number, columns_wanted);
                check(columns, number);
                rows++;
        }
        fclose(stream);
        return rows;
}

static struct wins_holding holding(const char *text)
{
        struct wins_holding old = {.is_ours = true};
        char copy[64];

        if (!strcmp(text, "none"))
                return old;
        snprintf(copy, sizeof(copy), "%s", text);
        old.exists = true;
        assert_int_equal(wins_type_parse(strtok(copy, " "), &old.type), 0);
        for (char *word = strtok(NULL, " "); word; word = strtok(NULL, " ")) {
                if (!strcmp(word, "static"))
                        old.is_static = true;
                else if (!strcmp(word, "replica"))
                        old.is_ours = false;
                else
                        assert_int_equal(wins_state_parse(word, &old.state), 0);
        }
        return old;
}

static void check_register(char *columns[MAX_COLUMNS], unsigned line)
{
        const char *context = columns[2];
        const struct wins_claim claim = {
                .suffix = (uint8_t)strtoul(columns[0], NULL, 16),
                .is_group = !strcmp(columns[1], "group"),
                .is_multihomed = !strcmp(columns[1], "multihomed"),
                .is_reserved = !strcmp(context, "reserved"),
                .is_own_name = strstr(context, "own") != NULL,
                .is_from_self = strstr(context, "self") != NULL,
                .scope_len_bytes = !strcmp(context, "long-scope") ? 238 : 237,
        };
        struct wins_holding old = holding(columns[3]);
        char got[32];

        old.holds_address = !strcmp(columns[4], "same");
        const struct wins_decision decision = wins_decide_register(&claim, &old, !strcmp(context, "migrate"));
        snprintf(got, sizeof(got), decision.verdict == WINS_VERDICT_REFUSE ? "%s %u" : "%s",
                 wins_verdict_str(decision.verdict), decision.rcode);
        if (strcmp(got, columns[5]))
                fail_msg("wins_register.tsv:%u: %s, expected %s", line, got, columns[5]);
}

static void check_release(char *columns[MAX_COLUMNS], unsigned line)
{
        const struct wins_holding old = holding(columns[0]);
        const enum wins_release_verdict verdict =
                wins_decide_release(&old, !strcmp(columns[1], "group"), !strcmp(columns[2], "yes"),
                                    (unsigned)strtoul(columns[3], NULL, 10));

        if (strcmp(wins_release_str(verdict), columns[4]))
                fail_msg("wins_release.tsv:%u: %s, expected %s", line, wins_release_str(verdict), columns[4]);
}

static void test_register(void **state)
{
        (void)state;
        assert_true(each_row("wins_register.tsv", 7, check_register) >= 70);
}

static void test_release(void **state)
{
        (void)state;
        assert_true(each_row("wins_release.tsv", 6, check_release) >= 20);
}

/* For every combination there is: what must never happen. */
static void each_combination(void (*check)(const struct wins_claim *claim, const struct wins_holding *old,
                                           bool migrate))
{
        static const uint8_t suffixes[] = {0x00, 0x03, 0x1B, 0x1C, 0x1D, 0x1E, 0x20};

        for (unsigned bits = 0; bits < 1024; bits++) {
                for (unsigned i = 0; i < NBT_ARRAY_SIZE(suffixes) * WINS_TYPE_MAX * WINS_STATE_MAX; i++) {
                        const struct wins_claim claim = {.suffix = suffixes[i % 7],
                                                         .is_group = bits & 1,
                                                         .is_multihomed = bits & 2,
                                                         .is_reserved = bits & 4,
                                                         .is_own_name = bits & 8,
                                                         .is_from_self = bits & 16};
                        const struct wins_holding old = {.exists = bits & 32,
                                                         .type = (enum wins_type)(i / 7 % WINS_TYPE_MAX),
                                                         .state = (enum wins_state)(i / 28),
                                                         .is_static = bits & 64,
                                                         .is_ours = bits & 128,
                                                         .holds_address = bits & 256};

                        check(&claim, &old, bits & 512);
                }
        }
}

static void check_safety(const struct wins_claim *claim, const struct wins_holding *old, bool migrate)
{
        const struct wins_decision decision = wins_decide_register(claim, old, migrate);
        const bool machine = old->type == WINS_UNIQUE || old->type == WINS_MULTIHOMED;
        const bool live = old->exists && (old->state == WINS_ACTIVE || old->is_static);

        assert_true(decision.verdict <= WINS_VERDICT_REFUSE);
        assert_true((decision.verdict == WINS_VERDICT_REFUSE) == (decision.rcode != 0));
        if (live && machine && !old->holds_address) /* nobody gets a live machine's name without a word with it */
                assert_true(decision.verdict == WINS_VERDICT_CHALLENGE || decision.verdict == WINS_VERDICT_REFUSE ||
                            decision.verdict == WINS_VERDICT_PRETEND);
        if (live && !machine && !claim->is_group) /* nor a group's as a machine */
                assert_true(decision.verdict == WINS_VERDICT_REFUSE || decision.verdict == WINS_VERDICT_PRETEND);
        if (old->exists && old->is_static && !migrate)
                assert_true(decision.verdict == WINS_VERDICT_REFUSE || decision.verdict == WINS_VERDICT_PRETEND);
        if (claim->is_own_name && !claim->is_from_self && claim->suffix != 0x1D)
                assert_int_equal(decision.verdict, WINS_VERDICT_REFUSE);
        if (decision.verdict == WINS_VERDICT_RENEW)
                assert_true(old->is_ours && live && !old->is_static);
        if (decision.verdict == WINS_VERDICT_PRETEND && claim->suffix != 0x1D) /* it is answered from the mapping */
                assert_true(old->is_static && (old->holds_address || claim->is_group));
}

static void test_safety(void **state)
{
        (void)state;
        each_combination(check_safety);
}

static void test_type(void **state)
{
        (void)state;
        assert_int_equal(wins_decide_type(&(struct wins_claim){.suffix = 0x1C, .is_group = true}), WINS_INTERNET);
        assert_int_equal(wins_decide_type(&(struct wins_claim){.suffix = 0x1E, .is_group = true}), WINS_GROUP);
        assert_int_equal(wins_decide_type(&(struct wins_claim){.suffix = 0x20}), WINS_UNIQUE);
        assert_int_equal(wins_decide_type(&(struct wins_claim){.suffix = 0x20, .is_multihomed = true}),
                         WINS_MULTIHOMED);
}

static void test_scavenge(void **state)
{
        static const struct {
                enum wins_state state;
                bool is_static, ours;
                uint32_t expiry, now, floor;
                enum wins_scavenge verdict;
        } rows[] = {
                {WINS_ACTIVE, false, true, 100, 99, 0, WINS_SCAVENGE_KEEP},
                {WINS_ACTIVE, false, true, 100, 100, 0, WINS_SCAVENGE_RELEASE},
                {WINS_ACTIVE, false, true, 100, 150, 151, WINS_SCAVENGE_KEEP}, /* the server started not long ago */
                {WINS_ACTIVE, false, true, 100, 151, 151, WINS_SCAVENGE_RELEASE},
                {WINS_ACTIVE, true, true, 100, 150, 0, WINS_SCAVENGE_KEEP},
                {WINS_ACTIVE, false, false, 100, 150, 0, WINS_SCAVENGE_KEEP}, /* its owner's business */
                {WINS_ACTIVE, false, true, 0, 150, 0, WINS_SCAVENGE_KEEP},    /* never */
                {WINS_RELEASED, false, true, 100, 99, 0, WINS_SCAVENGE_KEEP},
                {WINS_RELEASED, false, true, 100, 100, 500, WINS_SCAVENGE_EXTINCT},
                {WINS_RELEASED, false, false, 100, 100, 0, WINS_SCAVENGE_KEEP},
                {WINS_TOMBSTONE, false, true, 100, 100, 500, WINS_SCAVENGE_DELETE},
                {WINS_TOMBSTONE, false, false, 100, 100, 0, WINS_SCAVENGE_DELETE},
                {WINS_TOMBSTONE, false, true, 100, 99, 0, WINS_SCAVENGE_KEEP},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                if (wins_decide_scavenge(rows[i].state, rows[i].is_static, rows[i].ours, rows[i].expiry, rows[i].now,
                                         rows[i].floor) != rows[i].verdict)
                        fail_msg("row %zu", i);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_register), cmocka_unit_test(test_release),  cmocka_unit_test(test_safety),
                cmocka_unit_test(test_type),     cmocka_unit_test(test_scavenge),
        };

        if (argc < 2)
                return 2;
        directory = argv[1];
        return cmocka_run_group_tests_name("wins decide", tests, NULL, NULL);
}
