/*
 * wins-replication: two WINS servers say different things of the name, so that who asks the one reaches another machine than who asks
 * the other (article: "Incorrect or Corrupted WINS Database": a record that a replication partner brings back).
 *
 * It takes the word of two servers at least. That they disagree does not tell whether they ought to agree, that is whether they are
 * partners at all: the verdict is never more than likely.
 */
#include "diagnose/describe.h"
#include "diagnose/remedy.h"
#include "diagnose/winsrec.h"

static bool wins_spoke(const struct rule_input *in)
{
        if (in->c->sender != 0 && snapshot_is_wins(in->snapshot, in->c->sender))
                return true;
        for (size_t i = 0; i < in->c->holder_count; i++)
                if (in->c->holders[i].told_by_wins && !in->c->holders[i].in_table)
                        return true;
        return false;
}

/* The record that stands for the name in a database that was read, static or not. */
static struct winsrec any_record(const struct rule_input *in)
{
        const struct winsrec found = winsrec_find(in, true);

        return found.record ? found : winsrec_find(in, false);
}

/* One server's word, or nobody's, is nothing to compare. */
static void judge_alone(const struct rule_input *in, struct rule_result *ret)
{
        const struct winsrec found = any_record(in);
        const char *why = "two WINS servers have to be asked to compare them (give both with --wins)";

        if (found.record && found.record->owner == found.database->server) {
                rule_out(ret, "the record of the name was registered at the WINS server itself, not replicated to it");
                return;
        }
        if (found.record)
                why = arena_printf(
                        in->arena,
                        "likely worth a look: the record of the name came from the WINS server %s, which was "
                        "not asked itself (give it with --wins)",
                        describe_address(in, found.record->owner));
        else if (wins_spoke(in))
                why = "likely worth a look, as a WINS server has a part in this: give its replication partners with "
                      "--wins too, to compare what they say";
        ret->evidence.failed |= !why;
        rule_not_checked(ret, why ? why : "");
}

static const char *describe_answer(const struct rule_input *in, const struct winsrec_word *word)
{
        const char *text = word->count == 0 ? "no such name" : "";

        for (size_t i = 0; text && i < word->count; i++)
                text = arena_printf(in->arena, "%s%s%s", text, i > 0 ? " and " : "",
                                    describe_address(in, word->addresses[i]));
        return text ? text : "…";
}

static void remedy(const struct rule_input *in, const struct winsrec_word *wrong, struct texts *lines)
{
        const char *server = describe_address(in, wrong->server);

        texts_add(lines,
                  "Are the servers replication partners at all? Windows: WINS console > Replication Partners, or "
                  "`netsh wins server %s show partner`; if they are not, make every machine use the same ones",
                  server);
        texts_add(lines,
                  "Windows: let them replicate now (WINS console > Replicate Now, or `netsh wins server %s init "
                  "replicate`), and look for events of the source Wins in the System logs of both",
                  server);
        if (wrong->count > 0)
                texts_add(lines,
                          "If a wrong record comes back: delete it at the server that owns it, as a tombstone, so that "
                          "the "
                          "partners drop theirs: `netsh wins server %s delete name Name=%s EndChar=%02x`; with winsd: "
                          "`netbt wins delete %s` there (it replicates with nobody)",
                          server, describe_bare(in), nb_name_suffix(&in->c->name), describe_word(in));
        remedy_recover(in, lines);
}

static bool gives_loser(const struct rule_input *in, const struct winsrec_word *word)
{
        for (size_t i = 0; i < word->count; i++)
                if (case_is_own(in->snapshot, in->c, word->addresses[i]))
                        return true;
        return false;
}

/* A is the one that has the loser, or at least somebody. */
static void fit(const struct rule_input *in, struct rule_result *ret, const struct winsrec_word *a,
                const struct winsrec_word *b)
{
        const struct winsrec_word *words[] = {a, b};
        const bool split = gives_loser(in, a) && b->count > 0;

        rule_fits(in, ret, split ? VERDICT_LIKELY : VERDICT_POSSIBLE,
                  "Two WINS servers disagree about %s: %s gives %s, and %s %s", describe_name(in),
                  describe_address(in, a->server), describe_answer(in, a), describe_address(in, b->server),
                  b->count > 0 ? describe_answer(in, b) : "knows no such name");
        ret->culprit = b->count > 0 ? case_find_holder(in->c, b->addresses[0]) : NULL;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(words); i++)
                texts_add(&ret->evidence, "%s %s: %s", words[i]->from_database ? "the database of" : "name query to",
                          describe_address(in, words[i]->server), describe_answer(in, words[i]));
        evidence_events(in, &ret->evidence);
        if (ret->culprit)
                evidence_holder(in, ret->culprit, &ret->evidence);
        remedy(in, b, &ret->remedy);
}

struct pair {
        const struct winsrec_word *a, *b; /* NULL: none */
};

/* Two that disagree, the more telling pair first: two addresses for one name, then a name that only one knows. */
static struct pair find_pair(const struct rule_input *in, const struct winsrec_word *words, size_t count)
{
        struct pair found = {0};

        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < count; j++) {
                        const struct winsrec_word *a = &words[i], *b = &words[j];

                        if (i == j || a->count == 0 || !winsrec_disagree(a, b) || (found.a && b->count == 0) ||
                            (gives_loser(in, b) && !gives_loser(in, a)))
                                continue;
                        found = (struct pair){a, b};
                        if (b->count > 0)
                                return found;
                }
        return found;
}

static void judge_replication(const struct rule_input *in, struct rule_result *ret)
{
        struct winsrec_word words[WINSREC_WORDS];
        const size_t count = winsrec_words(in, words);
        const struct pair pair = find_pair(in, words, count);

        if (count < 2)
                judge_alone(in, ret);
        else if (pair.a)
                fit(in, ret, pair.a, pair.b);
        else
                rule_out(ret, "the WINS servers that were asked say the same of the name");
}

const struct rule rule_wins_replication = {CAUSE_WINS_REPLICATION, 5, judge_replication};
