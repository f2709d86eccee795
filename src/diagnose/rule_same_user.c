/*
 * same-user-name: one user is logged on to several machines, and each registers USER<03> (article: "Identical User Name
 * Logged on to Multiple Computers"; KB131739).
 */
#include "diagnose/describe.h"
#include "diagnose/holder.h"
#include "diagnose/remedy.h"

static void fit(const struct rule_input *in, struct rule_result *ret, const struct holder_proof *proof)
{
        const uint32_t address = proof->holder->address;
        char stem[NB_NAME_TEXT_BYTES];

        /* not even that it is a user's name is known for certain */
        const bool sure = case_name_is_user(in->c) == CASE_USER_YES;

        nb_name_format_stem(&in->c->name, stem);
        rule_fits(in, ret, sure ? proof->verdict : VERDICT_POSSIBLE,
                  sure ? "The user %s is logged on to two machines: %s, and %s"
                       : "The user %s may be logged on to two machines: %s, and %s",
                  stem, describe_loser(in), describe_host(in, address));
        ret->culprit = proof->holder;
        if (sure && in->c->computer)
                texts_add(&ret->evidence, "%s ends in <03> and is not the computer's own name, %s: it is a user's",
                          describe_name(in), in->c->computer);
        else
                texts_add(&ret->evidence, "%s ends in <03>: it is a user's name or a computer's", describe_name(in));
        evidence_events(in, &ret->evidence);
        evidence_holder(in, proof->holder, &ret->evidence);
        remedy_same_user(in, address, &ret->remedy);
}

static void judge(const struct rule_input *in, struct rule_result *ret)
{
        if (!in->c->has_name) {
                rule_not_checked(ret, "which name is in conflict is not known");
                return;
        }
        if (holder_name_use(in->c) != NAME_USE_USER) {
                rule_out(ret, nb_name_suffix(&in->c->name) == 0x03
                                      ? "the name <03> in conflict is the computer's own, not a user's"
                                      : "the name in conflict is not a user's (those end in <03>)");
                return;
        }
        const struct holder_proof proof = holder_prove(in);

        if (!proof.holder && !in->snapshot->asked)
                rule_not_checked(ret, "nobody was asked who else holds the name");
        else if (!proof.holder)
                rule_out(ret, "no other machine answers for the user's name, and none that was asked lists it");
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

const struct rule rule_same_user = {CAUSE_SAME_USER_NAME, 3, judge};
