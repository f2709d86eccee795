/*
 * spoofed-demand: a demand from an address that neither holds the name nor is a WINS server (MS00-047, CVE-2000-0673:
 * anyone can send one). Whoever is silent is accused of nothing: the verdict is then weaker.
 */
#include "diagnose/describe.h"
#include "diagnose/holder.h"

#include <string.h>

/* ASSUMPTION: within an hour a machine is rarely renamed; later its table says little about the demand. */
#define FRESH_US (INT64_C(3600) * 1000000)

static void remedy(const struct rule_input *in, struct texts *lines)
{
        const char *ip = describe_address(in, in->c->sender);

        texts_add(lines,
                  "Find the machine at %s and what runs on it (attack tools, scanners, faulty NetBIOS stacks): "
                  "`ip neigh show %s`, `nbtstat -A %s`",
                  ip, ip, ip);
        texts_add(lines,
                  "%s: `netbt reg add 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters' /v "
                  "NoNameReleaseOnDemand /t REG_DWORD /d 1` (only WINS servers are obeyed; without the value "
                  "demands are verified)",
                  describe_ours(in));
        texts_add(lines, "A Windows host: `reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters /v "
                         "NoNameReleaseOnDemand /t REG_DWORD /d 1`, and restart it");
        texts_add(lines, "A Samba host ignores such demands: nothing to do there");
        if (in->c->in_conflict)
                texts_add(lines, "To get the name back: `nbtstat -RR`");
}

/* Nothing to judge, or good reason to trust the demand: RET says why, and false. */
static bool is_suspect(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const struct snapshot_event *event = case_event(c);
        const struct case_holder *sender = case_find_holder(c, c->sender);

        if (!event || event->event->id == EVENT_ID_DUPLICATE_NAME_ERROR)
                rule_out(ret, event ? "no demand was sent: the claim was refused in the open" : "no demand was logged");
        else if (event->sender == 0)
                rule_not_checked(ret, "the event does not tell who sent the demand");
        else if (case_is_own(in->snapshot, c, event->sender))
                rule_out(ret, "the sender's address is one of the machine's own");
        else if (snapshot_is_wins(in->snapshot, event->sender))
                rule_out(ret, "the demand came from a WINS server, which may send them");
        else if (sender && (sender->in_table || sender->answered))
                rule_out(ret, "the sender of the demand holds the name itself");
        else if (case_live_holder(c))
                rule_out(ret, "another machine does hold the name, so the demand was well-founded");
        else if (case_verification(c) == SNAPSHOT_VERIFICATION_HOLDER)
                rule_out(ret, "when the demand came, the node asked and found another holder");
        else if (!in->snapshot->asked)
                rule_not_checked(ret, "nobody was asked whether the sender of the demand holds the name");
        else if (!c->has_name && (!c->here || !in->snapshot->node))
                rule_not_checked(ret, "which name was demanded is not known");
        else
                return true;
        return false;
}

static bool is_fresh(const struct snapshot *snapshot, const struct snapshot_event *event)
{
        const int64_t last = event->event->repeated > 0 ? event->event->last_time.us : event->event->time.us;

        return last != 0 && snapshot->now.us - last < FRESH_US;
}

/* What was seen on the wire of the sender makes the verdict firmer, never weaker. */
static enum diagnose_verdict with_watch(const struct snapshot_spoofer *watched, enum diagnose_verdict verdict)
{
        if (watched && strcmp(watched->confidence, "confirmed") == 0)
                return VERDICT_CONFIRMED;
        if (watched && strcmp(watched->confidence, "likely") == 0 && verdict == VERDICT_POSSIBLE)
                return VERDICT_LIKELY;
        return verdict;
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const struct snapshot_event *event = case_event(c);

        if (!is_suspect(in, ret))
                return;
        const struct snapshot_host *host = snapshot_find_host(in->snapshot, event->sender);
        const bool told = host && host->table;
        const bool unfounded = case_verification(c) == SNAPSHOT_VERIFICATION_UNFOUNDED;
        const bool searched = c->has_name && snapshot_was_searched(in->snapshot, &c->name);
        const bool second = unfounded || (searched && is_fresh(in->snapshot, event));
        const struct snapshot_spoofer *watched = snapshot_find_spoofer(in->snapshot, event->sender);
        enum diagnose_verdict verdict = VERDICT_POSSIBLE;

        if (told)
                verdict = second ? VERDICT_CONFIRMED : VERDICT_LIKELY;
        else if (unfounded)
                verdict = VERDICT_LIKELY;
        verdict = with_watch(watched, verdict);
        rule_fits(in, ret, verdict,
                  verdict == VERDICT_POSSIBLE
                          ? "The demand for %s from %s may be forged: nobody else is seen to hold the name"
                          : "The demand for %s from %s looks forged: nobody else holds the name",
                  c->has_name ? describe_name(in) : "one of our names", describe_host(in, event->sender));
        ret->culprit = case_find_holder(c, event->sender);
        evidence_events(in, &ret->evidence);
        if (told)
                texts_add(&ret->evidence,
                          "node status of %s: its own name table does not list the name, and it is no WINS "
                          "server we know",
                          describe_address(in, event->sender));
        if (searched)
                texts_add(&ret->evidence, "name query: no other machine answers for %s now", describe_name(in));
        if (watched)
                texts_add(&ret->evidence, "netbt watch, %s spoofer %s: %s", watched->confidence,
                          describe_address(in, event->sender), watched->evidence);
        evidence_silence(in, event->sender, &ret->evidence);
        remedy(in, &ret->remedy);
}

const struct rule rule_spoofed = {CAUSE_SPOOFED_DEMAND, 5, judge};
