/*
 * browser-election: two machines want to be the segment's master browser. Benign: KB120752 says that the event is often
 * due to normal circumstances and no cause for alarm.
 */
#include "diagnose/describe.h"
#include "diagnose/holder.h"

static void remedy(const struct rule_input *in, struct texts *lines)
{
        texts_add(lines, "Nothing needs to be done: such events are normal, and the election settles itself");
        texts_add(lines, "To stop them, let one machine of the segment be the browser for good:");
        texts_add(lines,
                  "A Windows host that should not be: `sc config browser start= disabled`, then: `net stop browser`");
        texts_add(lines, "A Samba host (NAS, router) that should not be: in smb.conf `local master = no` and "
                         "`preferred master = no`; then: `systemctl restart nmbd`");
        texts_add(lines,
                  "%s: netbtd itself never claims a browser name; one that was added by hand goes with: "
                  "`netbt name release 'NAME<1D>'`",
                  describe_ours(in));
}

/* A machine's own log says that another announced itself as the master browser: not the word of who refused the name. */
static bool rival_is_logged(const struct rule_input *in)
{
        for (size_t i = 0; i < in->snapshot->companion_count; i++) {
                const struct companion *companion = &in->snapshot->companions[i].companion;

                if (companion->concern == COMPANION_BROWSER && companion->id == 8003 && companion->name[0][0] &&
                    case_has_companion(in->c, companion))
                        return true;
        }
        return false;
}

/* A lost contest that was told of (by an event, the name table that the same packet changed, or the loser's claim in a capture), the rival's word in a packet of its own,
 * and the rival's announcement. */
static unsigned count_pieces(const struct rule_input *in, const struct holder_proof *proof)
{
        const struct case_holder *rival = proof->proxy ? NULL : proof->holder;

        return (in->c->event_count > 0 || in->c->in_conflict || in->c->dispute_count > 0) + (rival && rival->in_table) +
               (rival && rival->answered) + (rival && rival->seen) + rival_is_logged(in);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        const struct diagnose_case *c = in->c;

        if (!c->has_name) {
                rule_not_checked(ret, "which name is in conflict is not known");
                return;
        }
        if (holder_name_use(c) != NAME_USE_BROWSER) {
                rule_out(ret, "the name in conflict is none of the browser service's (<1D>, <1E>, __MSBROWSE__)");
                return;
        }
        const struct holder_proof proof = holder_prove(in);

        rule_fits(in, ret, count_pieces(in, &proof) > 1 ? VERDICT_CONFIRMED : VERDICT_LIKELY,
                  "%s is a browser name, and %s lost the contest for it%s%s: that is normal, and no cause for alarm",
                  describe_name(in), describe_loser(in), proof.holder ? " to " : "",
                  proof.holder ? describe_host(in, proof.holder->address) : "");
        ret->benign = true;
        ret->culprit = proof.holder;
        texts_add(&ret->evidence, "%s: by its %s it belongs to whoever is elected browser", describe_name(in),
                  nb_name_suffix(&c->name) == 0x01 ? "name" : "suffix");
        evidence_events(in, &ret->evidence);
        if (proof.holder)
                evidence_holder(in, proof.holder, &ret->evidence);
        remedy(in, &ret->remedy);
}

const struct rule rule_browser = {CAUSE_BROWSER_ELECTION, 1, judge};
