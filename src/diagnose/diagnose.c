#include "diagnose/diagnose.h"
#include "diagnose/contradict.h"
#include "diagnose/describe.h"

#include <assert.h>

static const struct rule *const rules[] = {
        &rule_multihomed,       &rule_browser,       &rule_host_name,     &rule_same_user,
        &rule_same_computer,    &rule_spoofed,       &rule_wins_static,   &rule_wins_stale,
        &rule_wins_replication, &rule_dhcp_database, &rule_dhcp_leftover, &rule_unknown,
};
static_assert(NBT_ARRAY_SIZE(rules) == CAUSE_MAX, "one rule a cause");

/* What became of a cause over all cases; a weaker word never hides a stronger one. */
enum standing { STANDS_NOWHERE, STANDS_RULED_OUT, STANDS_OUTRANKED, STANDS_NOT_CHECKED, STANDS_FOUND };

struct tally {
        enum standing standing[CAUSE_MAX];
        const char *why[CAUSE_MAX];
};

struct run {
        const struct snapshot *snapshot;
        struct arena *arena;
        struct diagnose_finding *findings; /* CASE_MAX */
        size_t finding_count;
        struct tally tally;
        bool failed;
};

static void tally_add(struct tally *tally, enum diagnose_cause cause, enum standing standing, const char *why)
{
        if (standing <= tally->standing[cause])
                return;
        tally->standing[cause] = standing;
        tally->why[cause] = why;
}

static bool explains_better(const struct rule *rule, const struct rule_result *result, const struct rule *than,
                            const struct rule_result *than_result)
{
        if (result->verdict != than_result->verdict)
                return result->verdict > than_result->verdict;
        return rule->rank < than->rank;
}

/* The best of RESULTS that fit; rule_unknown always does. */
static size_t choose(const struct rule_result results[CAUSE_MAX])
{
        size_t best = CAUSE_MAX;

        for (size_t i = 0; i < CAUSE_MAX; i++)
                if (results[i].outcome == RULE_FITS &&
                    (best == CAUSE_MAX || explains_better(rules[i], &results[i], rules[best], &results[best])))
                        best = i;
        return best;
}

static void tally_results(struct run *run, const struct rule_result results[CAUSE_MAX], size_t best)
{
        const char *better = arena_printf(run->arena, "it would fit too, but %s explains the case better",
                                          diagnose_cause_str(rules[best]->cause));

        run->failed |= !better;
        for (size_t i = 0; i < CAUSE_MAX; i++) {
                if (i == best)
                        tally_add(&run->tally, rules[i]->cause, STANDS_FOUND, "");
                else if (rules[i]->cause == CAUSE_UNKNOWN)
                        tally_add(&run->tally, CAUSE_UNKNOWN, STANDS_RULED_OUT,
                                  "every conflict seen has a better explanation");
                else if (results[i].outcome == RULE_FITS)
                        tally_add(&run->tally, rules[i]->cause, STANDS_OUTRANKED, better);
                else if (results[i].outcome == RULE_NOT_CHECKED)
                        tally_add(&run->tally, rules[i]->cause, STANDS_NOT_CHECKED, results[i].why);
                else
                        tally_add(&run->tally, rules[i]->cause, STANDS_RULED_OUT, results[i].why);
        }
}

static void judge_case(struct run *run, const struct diagnose_case *c)
{
        const struct rule_input in = {run->snapshot, c, run->arena};
        struct rule_result results[CAUSE_MAX] = {0};

        for (size_t i = 0; i < CAUSE_MAX; i++) {
                results[i].evidence = texts_init(run->arena);
                results[i].remedy = texts_init(run->arena);
                rules[i]->judge(&in, &results[i]);
                run->failed |= results[i].evidence.failed || results[i].remedy.failed;
        }
        const size_t best = choose(results);

        evidence_contradictions(&in, rules[best]->cause, &results[best].evidence);
        run->failed |= results[best].evidence.failed;

        run->findings[run->finding_count++] = (struct diagnose_finding){
                .cause = rules[best]->cause,
                .verdict = results[best].verdict,
                .benign = results[best].benign,
                .headline = results[best].headline,
                .c = c,
                .culprit = results[best].culprit,
                .evidence = results[best].evidence,
                .remedy = results[best].remedy,
        };
        tally_results(run, results, best);
}

static void add_settled(struct run *run, const struct diagnose_case *c, struct texts *settled)
{
        const struct rule_input in = {run->snapshot, c, run->arena};

        texts_add(settled, "%s: %s; by now %s", describe_name(&in), describe_event(&in, case_event(c)),
                  !c->has_name    ? "no name is in conflict"
                  : c->registered ? "the name is registered here, and nobody else is seen to hold it"
                                  : "this machine does not use the name any more");
}

/* Did two WINS servers at least say something? */
static bool servers_compared(const struct snapshot *snapshot)
{
        const uint32_t first = snapshot->database_count > 0 ? snapshot->databases[0].server : 0;
        uint32_t seen = first;

        for (size_t i = 1; i < snapshot->database_count; i++)
                if (snapshot->databases[i].server != first)
                        return true;
        for (size_t i = 0; i < snapshot->query_count; i++) {
                const struct snapshot_query *query = &snapshot->queries[i];

                if (query->kind != SNAPSHOT_ASKED_WINS || query->answer_count == 0)
                        continue;
                if (seen != 0 && query->destination != seen)
                        return true;
                seen = query->destination;
        }
        return false;
}

/* A WINS server that shows its database, a DHCP server's leases, the settings. */
static bool was_looked_at(const struct snapshot *snapshot, enum diagnose_cause cause)
{
        if (cause == CAUSE_DHCP_DATABASE)
                return snapshot->leases.source != NULL;
        if (cause == CAUSE_DHCP_LEFTOVER_SETTINGS)
                return snapshot->dhcp_source != NULL;
        if (cause == CAUSE_WINS_REPLICATION)
                return servers_compared(snapshot);
        return snapshot->database_count > 0 && (cause == CAUSE_WINS_STATIC_MAPPING || cause == CAUSE_WINS_STALE_RECORD);
}

/* Faults of a database are no conflict, but whoever gave it wants to know. */
static const char *faults_without_conflict(struct run *run)
{
        const char *why =
                arena_printf(run->arena, "no name is in conflict; but the lease database has %s (netbt dhcp check)",
                             run->snapshot->leases.summary);

        run->failed |= !why;
        return why ? why : "";
}

/* With nothing to judge, each rule is asked about an empty case only for what it could not have looked at. */
static void tally_nothing(struct run *run)
{
        static const struct diagnose_case nothing = {.here = true};
        const struct rule_input in = {run->snapshot, &nothing, run->arena};

        for (size_t i = 0; i < CAUSE_MAX; i++) {
                struct rule_result result = {.evidence = texts_init(run->arena), .remedy = texts_init(run->arena)};
                const enum diagnose_cause cause = rules[i]->cause;

                rules[i]->judge(&in, &result);
                run->failed |= result.evidence.failed || result.remedy.failed;
                if (cause == CAUSE_WRONG_HOST_NAME && result.outcome == RULE_FITS)
                        tally_add(&run->tally, cause, STANDS_RULED_OUT,
                                  "no name is in conflict; but the host name settings disagree, which is worth mending "
                                  "(netbt ipconfig /all shows the name in use)");
                else if (cause == CAUSE_DHCP_LEFTOVER_SETTINGS && result.outcome == RULE_FITS)
                        tally_add(&run->tally, cause, STANDS_RULED_OUT,
                                  "no name is in conflict; but settings are left over from DHCP and in use (netbt dhcp "
                                  "show)");
                else if (cause == CAUSE_DHCP_DATABASE && run->snapshot->leases.summary)
                        tally_add(&run->tally, cause, STANDS_RULED_OUT, faults_without_conflict(run));
                else if (cause >= CAUSE_WINS_STATIC_MAPPING && cause <= CAUSE_DHCP_LEFTOVER_SETTINGS &&
                         !was_looked_at(run->snapshot, cause))
                        tally_add(&run->tally, cause, STANDS_NOT_CHECKED, result.why);
                else
                        tally_add(&run->tally, cause, STANDS_RULED_OUT, "no name is in conflict");
        }
}

static bool goes_before(const struct diagnose_finding *a, const struct diagnose_finding *b)
{
        if (a->benign != b->benign)
                return b->benign;
        return a->verdict > b->verdict;
}

static void sort_findings(struct run *run)
{
        for (size_t i = 1; i < run->finding_count; i++)
                for (size_t j = i; j > 0 && goes_before(&run->findings[j], &run->findings[j - 1]); j--) {
                        const struct diagnose_finding swap = run->findings[j];

                        run->findings[j] = run->findings[j - 1];
                        run->findings[j - 1] = swap;
                }
}

static void fill_lists(const struct run *run, struct diagnose_report *ret)
{
        for (enum diagnose_cause cause = 0; cause < CAUSE_MAX; cause++) {
                const struct diagnose_note note = {cause, run->tally.why[cause]};

                switch (run->tally.standing[cause]) {
                case STANDS_FOUND:
                        break;
                case STANDS_NOT_CHECKED:
                        ret->not_checked[ret->not_checked_count++] = note;
                        break;
                case STANDS_NOWHERE:
                case STANDS_RULED_OUT:
                case STANDS_OUTRANKED:
                        ret->ruled_out[ret->ruled_out_count++] = note;
                        break;
                }
        }
}

int diagnose_run(const struct snapshot *snapshot, struct arena *arena, struct diagnose_report *ret)
{
        struct run run = {.snapshot = snapshot, .arena = arena};
        struct diagnose_report report = {.settled = texts_init(arena)};
        struct case_list list;

        if (case_list_build(snapshot, arena, &list) < 0)
                return NBT_ERR_NOMEM;
        run.findings = arena_alloc(arena, CASE_MAX * sizeof *run.findings);
        if (!run.findings)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < list.count; i++) {
                if (case_is_settled(snapshot, &list.cases[i]))
                        add_settled(&run, &list.cases[i], &report.settled);
                else
                        judge_case(&run, &list.cases[i]);
        }
        if (run.finding_count == 0)
                tally_nothing(&run);
        sort_findings(&run);
        report.finding_count = run.finding_count;
        report.findings = run.findings;
        fill_lists(&run, &report);
        if (run.failed || report.settled.failed)
                return NBT_ERR_NOMEM;
        *ret = report;
        return 0;
}
