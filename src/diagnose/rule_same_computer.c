/*
 * same-computer-name: another machine bears the same name (article: "Computer on the Network with the Same Name").
 */
#include "diagnose/cut.h"
#include "diagnose/describe.h"
#include "diagnose/holder.h"
#include "diagnose/remedy.h"
#include "diagnose/winsrec.h"

static void explain_absence(const struct rule_input *in, struct rule_result *ret)
{
        if (!in->snapshot->asked)
                rule_not_checked(ret, "nobody was asked who else holds the name");
        else if (!snapshot_was_searched(in->snapshot, &in->c->name))
                rule_not_checked(ret, "the segment could not be asked who else holds the name");
        else
                rule_out(ret, "no other machine answers for the name, and none that was asked lists it");
}

/* False: it cannot be, and RET says why. */
static bool may_be(const struct rule_input *in, struct rule_result *ret)
{
        if (!in->c->has_name) {
                rule_not_checked(ret, "which name is in conflict is not known");
                return false;
        }
        switch (holder_name_use(in->c)) {
        case NAME_USE_MACHINE:
                return true;
        case NAME_USE_USER:
                if (case_name_is_user(in->c) == CASE_USER_YES)
                        rule_out(ret, "the name in conflict is a user's, not a computer's");
                else
                        rule_not_checked(ret, "a name <03> is a computer's or a user's, and nothing tells which");
                return false;
        case NAME_USE_BROWSER:
                rule_out(ret, "the name in conflict belongs to the browser service, not to a computer");
                return false;
        case NAME_USE_DOMAIN:
                rule_out(ret, "the name in conflict is a domain's, not a computer's");
                return false;
        }
        return true;
}

/* Both machines in one multihomed record: who asks WINS is given either (users of one name reach two servers). */
static void tell_merged(const struct rule_input *in, uint32_t other, struct rule_result *ret)
{
        const struct winsrec found = winsrec_find(in, false);

        if (!found.record || found.record->type != WINS_MULTIHOMED || !winsrec_has_loser(in, found.record) ||
            wins_record_member(found.record, other) < 0)
                return;
        winsrec_evidence(in, &found, &ret->evidence);
        texts_add(&ret->evidence, "so the WINS server took the two machines for one with several adapters, and gives "
                                  "the addresses of both");
        texts_add(&ret->remedy,
                  "When one has its new name: `netbt wins delete %s` on the WINS server, so that the merged record "
                  "goes",
                  describe_word(in));
}

static void fit(const struct rule_input *in, struct rule_result *ret, const struct holder_proof *proof)
{
        const uint32_t address = proof->holder->address;
        struct cut_name cut[CUT_MAX];
        const bool both_cut = cut_names(in, cut) > 1;

        rule_fits(in, ret, proof->verdict, "%s of %s %s held by another machine too: %s%s%s%s%s%s", describe_name(in),
                  describe_loser(in), proof->verdict == VERDICT_POSSIBLE ? "may be" : "is", describe_host(in, address),
                  both_cut ? "; cut to 15 bytes, the host names " : "", both_cut ? cut[0].name : "",
                  both_cut ? " and " : "", both_cut ? cut[1].name : "", both_cut ? " become one" : "");
        ret->culprit = proof->holder;
        evidence_events(in, &ret->evidence);
        evidence_holder(in, proof->holder, &ret->evidence);
        cut_tell(in, &ret->evidence, &ret->remedy);
        remedy_same_computer(in, address, &ret->remedy);
        tell_merged(in, address, ret);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        if (!may_be(in, ret))
                return;
        const struct holder_proof proof = holder_prove(in);

        if (!proof.holder)
                explain_absence(in, ret);
        else if (proof.one_machine)
                rule_out(ret, "the other holder is the same machine");
        else if (proof.only_wins_word)
                rule_not_checked(ret, "only a WINS server speaks of another holder, and none could be asked itself");
        else if (proof.stale)
                rule_out(ret, "the machine that WINS gives for the name does not hold it: its own name table does not "
                              "list it");
        else if (proof.proxy)
                rule_out(ret, "who answers for the name does not hold it: its own name table does not list it");
        else
                fit(in, ret, &proof);
}

const struct rule rule_same_computer = {CAUSE_SAME_COMPUTER_NAME, 4, judge};
