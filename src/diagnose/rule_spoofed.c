/*
 * spoofed-demand: a demand from an address that neither holds the name nor is a WINS server (MS00-047, CVE-2000-0673:
 * anyone can send one). Whoever is silent is accused of nothing: the verdict is then weaker.
 */
#include "diagnose/describe.h"
#include "diagnose/holder.h"

#include <string.h>

/* ASSUMPTION: within an hour a machine is rarely renamed; later its table says little about the demand. */
#define FRESH_US (INT64_C(3600) * 1000000)

static void remedy(const struct rule_input *in, uint32_t sender, struct texts *lines)
{
        const char *ip = describe_address(in, sender);

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

/* The demand in question: the newest event, or what a capture shows. */
struct demand {
        const struct snapshot_event *event;     /* NULL: none was logged */
        const struct capture_dispute *seen;     /* NULL: none was captured */
        const struct snapshot_spoofer *watched; /* what is known of its sender; NULL: nothing */
        uint32_t sender;
};

static struct demand find_demand(const struct rule_input *in)
{
        const struct snapshot_event *event = case_event(in->c);
        struct demand demand = {.event = event && event->event->id != EVENT_ID_DUPLICATE_NAME_ERROR ? event : NULL};

        demand.seen = case_find_dispute(in->c, demand.event ? demand.event->sender : 0, true);
        demand.sender = demand.event ? demand.event->sender : demand.seen ? demand.seen->sender : 0;
        demand.watched = snapshot_find_spoofer(in->snapshot, demand.sender);
        return demand;
}

/* Somebody else whose own packets show that he holds the name. */
static bool is_seen_held(const struct diagnose_case *c)
{
        for (size_t i = 0; i < c->holder_count; i++)
                if (capture_is_own_word(c->holders[i].seen))
                        return true;
        return false;
}

/* Good reason to trust the demand: RET says why, and true. */
static bool is_trusted(const struct rule_input *in, const struct demand *demand, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const struct case_holder *sender = case_find_holder(c, demand->sender);

        if (case_is_own(in->snapshot, c, demand->sender))
                rule_out(ret, "the sender's address is one of the machine's own");
        else if (snapshot_is_wins(in->snapshot, demand->sender) || (demand->seen && demand->seen->by_server))
                rule_out(ret, "the demand came from a WINS server, which may send them");
        else if (sender && (sender->in_table || sender->answered || capture_is_own_word(sender->seen)))
                rule_out(ret, "the sender of the demand holds the name itself");
        else if (case_live_holder(c) || is_seen_held(c))
                rule_out(ret, "another machine does hold the name, so the demand was well-founded");
        else if (case_verification(c) == SNAPSHOT_VERIFICATION_HOLDER)
                rule_out(ret, "when the demand came, the node asked and found another holder");
        else
                return false;
        return true;
}

/* Nothing to judge, or good reason to trust the demand: RET says why, and false. */
static bool is_suspect(const struct rule_input *in, const struct demand *demand, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;

        if (!demand->event && !demand->seen)
                rule_out(ret, c->event_count > 0 || c->dispute_count > 0
                                      ? "no demand was sent: the claim was refused in the open"
                                      : "no demand was logged");
        else if (demand->sender == 0)
                rule_not_checked(ret, "the event does not tell who sent the demand");
        else if (case_why_impossible(in->snapshot, c, demand->sender))
                return true;
        else if (is_trusted(in, demand, ret))
                return false;
        else if (!in->snapshot->asked && !(demand->seen && demand->watched))
                rule_not_checked(ret, "nobody was asked whether the sender of the demand holds the name");
        else if (!c->has_name && (!c->here || !in->snapshot->node))
                rule_not_checked(ret, "which name was demanded is not known");
        else
                return true;
        return false;
}

static bool is_off_link(const struct rule_input *in, uint32_t address)
{
        bool known = false;

        for (size_t i = 0; in->c->here && i < in->snapshot->iface_count; i++) {
                const struct snapshot_iface *iface = &in->snapshot->ifaces[i];

                known |= iface->netmask != 0;
                if (((iface->address ^ address) & iface->netmask) == 0)
                        return false;
        }
        return known;
}

/* What the sender's address tells by itself. */
static void evidence_sender(const struct rule_input *in, uint32_t sender, struct texts *lines)
{
        const char *impossible = case_why_impossible(in->snapshot, in->c, sender);

        if (impossible)
                texts_add(lines, "the sender's address, %s, must be forged: %s", describe_address(in, sender),
                          impossible);
        else if (is_off_link(in, sender))
                texts_add(
                        lines,
                        "%s is on no segment of this machine: over a router only WINS servers send demands, and it is "
                        "none that is known here (give it with --wins if it is)",
                        describe_address(in, sender));
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

static enum diagnose_verdict weigh(const struct rule_input *in, const struct demand *demand, bool told, bool searched)
{
        const bool unfounded = case_verification(in->c) == SNAPSHOT_VERIFICATION_UNFOUNDED;
        const bool second = unfounded || (searched && demand->event && is_fresh(in->snapshot, demand->event));
        const char *impossible = case_why_impossible(in->snapshot, in->c, demand->sender);
        enum diagnose_verdict verdict = VERDICT_POSSIBLE;

        if (told)
                verdict = second ? VERDICT_CONFIRMED : VERDICT_LIKELY;
        else if (unfounded || impossible)
                verdict = VERDICT_LIKELY;
        return with_watch(demand->watched, verdict);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;
        const struct demand demand = find_demand(in);

        if (!is_suspect(in, &demand, ret))
                return;
        const struct snapshot_host *host = snapshot_find_host(in->snapshot, demand.sender);
        const bool told = host && host->table;
        const bool searched = c->has_name && snapshot_was_searched(in->snapshot, &c->name);
        const enum diagnose_verdict verdict = weigh(in, &demand, told, searched);

        rule_fits(in, ret, verdict,
                  verdict == VERDICT_POSSIBLE
                          ? "The demand for %s from %s may be forged: nobody else is seen to hold the name"
                          : "The demand for %s from %s looks forged: nobody else holds the name",
                  c->has_name ? describe_name(in) : "one of our names", describe_host(in, demand.sender));
        ret->culprit = case_find_holder(c, demand.sender);
        evidence_events(in, &ret->evidence);
        evidence_sender(in, demand.sender, &ret->evidence);
        if (told)
                texts_add(&ret->evidence,
                          "node status of %s: its own name table does not list the name, and it is no WINS "
                          "server we know",
                          describe_address(in, demand.sender));
        if (searched)
                texts_add(&ret->evidence, "name query: no other machine answers for %s now", describe_name(in));
        if (demand.watched)
                texts_add(&ret->evidence, "%s, %s spoofer %s: %s", demand.watched->source, demand.watched->confidence,
                          describe_address(in, demand.sender), demand.watched->evidence);
        if (!told && demand.seen && verdict == VERDICT_POSSIBLE)
                texts_add(&ret->evidence,
                          "a WINS server that is not seen at work in the capture would look the same (name it with "
                          "--wins %s if it is one)",
                          describe_address(in, demand.sender));
        evidence_silence(in, demand.sender, &ret->evidence);
        remedy(in, demand.sender, &ret->remedy);
}

const struct rule rule_spoofed = {CAUSE_SPOOFED_DEMAND, 5, judge};
