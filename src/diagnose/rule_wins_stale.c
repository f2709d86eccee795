/*
 * wins-stale-record: the WINS database holds an entry of a machine that answers no more, or whose address now belongs to another
 * (article: "Incorrect or Corrupted WINS Database"; KB120752).
 */
#include "diagnose/describe.h"
#include "diagnose/remedy.h"
#include "diagnose/winsrec.h"

static void remedy(const struct rule_input *in, const struct winsrec *found, struct texts *lines)
{
        if (found->record) {
                texts_add(lines,
                          "On the WINS server (winsd): `netbt wins backup`, then: `netbt wins delete %s` (what `netbt "
                          "diagnose --fix` does), and for what else has gone stale: `netbt wins scavenge`",
                          describe_word(in));
        } else {
                texts_add(
                        lines,
                        "On a Windows WINS server: WINS Manager > Mappings > Initiate Scavenging; or delete the entry: "
                        "`netsh wins server delete name Name=%s EndChar=%02x`; with winsd: `netbt wins delete %s`",
                        describe_bare(in), nb_name_suffix(&in->c->name), describe_word(in));
                texts_add(lines,
                          "On a Samba WINS server: stop nmbd, remove the line of \"%s#%02x\" in wins.dat, start it",
                          describe_stem(in), nb_name_suffix(&in->c->name));
        }
        remedy_recover(in, lines);
}

/* Half of the record's life went by without the renewal that a running machine sends. */
static bool is_overdue(const struct rule_input *in, const struct winsrec *found)
{
        const int64_t left_s = found->record->expiry_s - in->snapshot->now.us / 1000000;

        return found->record->expiry_s != WINS_NEVER && in->snapshot->now.us != 0 &&
               left_s < found->database->renewal_s / 2;
}

static bool is_alive(const struct case_holder *holder)
{
        return holder && (holder->in_table || holder->answered || holder->seen);
}

/* What took the name is a demand of somebody who is no WINS server and has another name: no record made it do so. */
static bool was_demanded_by_stranger(const struct rule_input *in)
{
        const struct snapshot_event *event = case_event(in->c);
        const struct case_holder *sender = event ? case_find_holder(in->c, event->sender) : NULL;

        return sender && event->event->id != EVENT_ID_DUPLICATE_NAME_ERROR && case_holder_lacks(sender) &&
               !snapshot_is_wins(in->snapshot, sender->address);
}

/* DHCP has given the address to somebody else since. */
static bool is_passed_on(const struct rule_input *in, const struct case_holder *silent)
{
        return silent && snapshot_leased_to_other(in->snapshot, silent->address, &in->c->name);
}

static enum diagnose_verdict verdict_of(const struct rule_input *in, const struct winsrec *found,
                                        const struct case_holder *wrong, const struct case_holder *silent)
{
        if (wrong)
                return was_demanded_by_stranger(in) ? VERDICT_LIKELY : VERDICT_CONFIRMED;
        return is_overdue(in, found) || is_passed_on(in, silent) ? VERDICT_LIKELY : VERDICT_POSSIBLE;
}

/* The other addresses of the record: the verdict is that of the one who is surest not to hold the name. */
static void judge_record(const struct rule_input *in, struct rule_result *ret, const struct winsrec *found)
{
        const struct case_holder *wrong = NULL, *silent = NULL;
        bool all_alive = true;

        for (size_t i = 0; i < found->record->member_count; i++) {
                const struct case_holder *holder = case_find_holder(in->c, found->record->members[i].address);

                if (case_is_own(in->snapshot, in->c, found->record->members[i].address) || is_alive(holder))
                        continue;
                all_alive = false;
                wrong = holder && case_holder_lacks(holder) ? holder : wrong;
                silent = holder ? holder : silent;
        }
        if (all_alive) {
                rule_out(ret, "every address that WINS has for the name is that of a machine that holds it");
                return;
        }
        if (!in->snapshot->asked) {
                rule_not_checked(ret, "the machines that WINS names could not be asked whether they hold the name");
                return;
        }
        rule_fits(in, ret, verdict_of(in, found, wrong, silent),
                  wrong ? "The record of %s in WINS is stale: it gives %s, and the machine there has another name"
                        : "The record of %s in WINS seems stale: it gives %s, where nobody answers",
                  describe_name(in), winsrec_addresses(in, found->record));
        ret->culprit = wrong ? wrong : silent;
        winsrec_evidence(in, found, &ret->evidence);
        if (ret->culprit)
                evidence_holder(in, ret->culprit, &ret->evidence);
        evidence_events(in, &ret->evidence);
        remedy(in, found, &ret->remedy);
}

/* ---- what a foreign server's answers tell ------------------------------------------------------------------------- */

static void judge_wire(const struct rule_input *in, struct rule_result *ret)
{
        const struct winsrec none = {0};
        const struct case_holder *told = NULL;

        for (size_t i = 0; i < in->c->holder_count; i++) {
                const struct case_holder *holder = &in->c->holders[i];

                if (!winsrec_was_told(in, holder) || is_alive(holder) ||
                    snapshot_is_wins(in->snapshot, holder->address))
                        continue;
                if (!told || case_holder_lacks(holder))
                        told = holder;
        }
        if (!told) {
                rule_not_checked(ret, winsrec_why_not(in, "it gives no wrong address for the name"));
                return;
        }
        if (!in->snapshot->asked && !case_holder_lacks(told)) {
                rule_not_checked(ret,
                                 "the machine that WINS gives for the name could not be asked whether it holds it");
                return;
        }
        rule_fits(in, ret, case_holder_lacks(told) && !winsrec_was_refused(in) ? VERDICT_LIKELY : VERDICT_POSSIBLE,
                  case_holder_lacks(told)
                          ? "WINS gives %s for %s, and the machine there has another name: the record is stale"
                          : "WINS gives %s for %s, where nobody answers: the record may be stale",
                  describe_host(in, told->address), describe_name(in));
        ret->culprit = told;
        evidence_events(in, &ret->evidence);
        evidence_holder(in, told, &ret->evidence);
        remedy(in, &none, &ret->remedy);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct winsrec found = winsrec_find(in, false);

        if (found.record)
                judge_record(in, ret, &found);
        else if (winsrec_was_read(in) && !winsrec_is_unread(in))
                rule_out(ret, "the WINS server's database has no live record of the name but a static one, or none");
        else
                judge_wire(in, ret);
}

const struct rule rule_wins_stale = {CAUSE_WINS_STALE_RECORD, 6, judge};
