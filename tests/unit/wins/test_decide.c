/* The decision tables tests/tables/wins_register.tsv and wins_release.tsv, and what holds for every combination. */
#include "wins/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_COLUMNS 10

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
        const struct wins_leaving leaving = {.is_group = !strcmp(columns[1], "group"),
                                             .is_from_member = !strcmp(columns[2], "yes"),
                                             .names_itself = !strcmp(columns[3], "yes")};
        const enum wins_release_verdict verdict =
                wins_decide_release(&old, &leaving, (unsigned)strtoul(columns[4], NULL, 10));

        if (strcmp(wins_release_str(verdict), columns[5]))
                fail_msg("wins_release.tsv:%u: %s, expected %s", line, wins_release_str(verdict), columns[5]);
}

static void test_register(void **state)
{
        (void)state;
        assert_true(each_row("wins_register.tsv", 7, check_register) >= 80);
}

static void test_release(void **state)
{
        (void)state;
        assert_true(each_row("wins_release.tsv", 7, check_release) >= 30);
}

/* ---- every combination there is -------------------------------------------------------------------------------------------- */

static void each_combination(void (*check)(const struct wins_claim *claim, const struct wins_holding *old,
                                           bool migrate))
{
        static const uint8_t suffixes[] = {0x00, 0x03, 0x1B, 0x1C, 0x1D, 0x1E, 0x20};

        for (unsigned bits = 0; bits < 2048; bits++) {
                for (unsigned i = 0; i < NBT_ARRAY_SIZE(suffixes) * WINS_TYPE_MAX * WINS_STATE_MAX; i++) {
                        const struct wins_claim claim = {.suffix = suffixes[i % 7],
                                                         .is_group = bits & 1,
                                                         .is_multihomed = bits & 2,
                                                         .is_reserved = bits & 4,
                                                         .is_own_name = bits & 8,
                                                         .is_from_self = bits & 16,
                                                         .scope_len_bytes = bits & 1024 ? 238 : 237};
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

/* The rules that cover them all. */
static struct rule {
        char text[512];
        char *columns[MAX_COLUMNS];
        unsigned line, hits;
} rules[64];
static size_t rule_count;

static void keep_rule(char *columns[MAX_COLUMNS], unsigned line)
{
        struct rule *rule = &rules[rule_count++];
        size_t used = 0;

        assert_true(rule_count <= NBT_ARRAY_SIZE(rules));
        rule->line = line;
        for (size_t i = 0; i < MAX_COLUMNS; i++) {
                rule->columns[i] = strcpy(&rule->text[used], columns[i]);
                used += strlen(columns[i]) + 1;
        }
}

static bool is_word(const char *pattern, const char *word)
{
        return !strcmp(pattern, "*") || !strcmp(pattern, word);
}

static bool fits_class(const char *pattern, const char *word)
{
        const bool machine = !strcmp(word, "unique") || !strcmp(word, "multihomed");

        return is_word(pattern, word) || (!strcmp(pattern, "machine") && machine) ||
               (!strcmp(pattern, "any-group") && (!strcmp(word, "group") || !strcmp(word, "internet")));
}

static bool fits_context(const char *pattern, const struct wins_claim *claim, bool migrate)
{
        char copy[64];
        bool fits = true;

        if (!strcmp(pattern, "*"))
                return true;
        snprintf(copy, sizeof(copy), "%s", pattern);
        for (const char *word = strtok(copy, ","); word; word = strtok(NULL, ",")) {
                const bool wanted = *word != '!';
                const char *what = wanted ? word : word + 1;
                const bool holds = !strcmp(what, "migrate")    ? migrate
                                   : !strcmp(what, "own")      ? claim->is_own_name
                                   : !strcmp(what, "self")     ? claim->is_from_self
                                   : !strcmp(what, "reserved") ? claim->is_reserved
                                                               : claim->scope_len_bytes > WINS_SCOPE_MAX_BYTES;

                fits = fits && holds == wanted;
        }
        return fits;
}

static bool fits(const struct rule *rule, const struct wins_claim *claim, const struct wins_holding *old, bool migrate)
{
        char suffix[3];

        snprintf(suffix, sizeof(suffix), "%02X", claim->suffix);
        return is_word(rule->columns[0], suffix) &&
               fits_class(rule->columns[1], claim->is_group        ? "group"
                                            : claim->is_multihomed ? "multihomed"
                                                                   : "unique") &&
               fits_context(rule->columns[2], claim, migrate) &&
               fits_class(rule->columns[3], old->exists ? wins_type_str(old->type) : "none") &&
               is_word(rule->columns[4], wins_state_str(old->state)) &&
               is_word(rule->columns[5], old->is_static ? "static" : "dynamic") &&
               is_word(rule->columns[6], old->is_ours ? "ours" : "replica") &&
               is_word(rule->columns[7], old->holds_address ? "same" : "other");
}

static void check_rules(const struct wins_claim *claim, const struct wins_holding *old, bool migrate)
{
        const struct wins_decision decision = wins_decide_register(claim, old, migrate);
        size_t i = 0;
        char got[32];

        while (i < rule_count && !fits(&rules[i], claim, old, migrate))
                i++;
        if (i == rule_count)
                fail_msg("no rule: suffix %02X, group %d, %s %s", claim->suffix, claim->is_group,
                         wins_type_str(old->type), wins_state_str(old->state));
        snprintf(got, sizeof(got), decision.verdict == WINS_VERDICT_REFUSE ? "%s %u" : "%s",
                 wins_verdict_str(decision.verdict), decision.rcode);
        if (strcmp(got, rules[i].columns[8]))
                fail_msg("wins_register_rules.tsv:%u: %s, expected %s (suffix %02X, %s %s)", rules[i].line, got,
                         rules[i].columns[8], claim->suffix, wins_type_str(old->type), wins_state_str(old->state));
        rules[i].hits++;
}

/* Every claim of every name meets one rule, no rule is idle, and the code decides as the rules do. */
static void test_rules(void **state)
{
        (void)state;
        rule_count = 0;
        assert_true(each_row("wins_register_rules.tsv", 10, keep_rule) >= 20);
        each_combination(check_rules);
        for (size_t i = 0; i < rule_count; i++)
                if (rules[i].hits == 0)
                        fail_msg("wins_register_rules.tsv:%u: nothing ever meets it", rules[i].line);
}

/* What must never happen, whatever the tables say. */

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
                cmocka_unit_test(test_register), cmocka_unit_test(test_release), cmocka_unit_test(test_rules),
                cmocka_unit_test(test_safety),   cmocka_unit_test(test_type),    cmocka_unit_test(test_scavenge),
        };

        if (argc < 2)
                return 2;
        directory = argv[1];
        return cmocka_run_group_tests_name("wins decide", tests, NULL, NULL);
}
