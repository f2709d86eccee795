/*
 * same-user-name: one user is logged on to several machines, and each registers USER<03> (article: "Identical User Name
 * Logged on to Multiple Computers"; KB131739).
 */
#include "diagnose/describe.h"
#include "diagnose/holder.h"
#include "diagnose/remedy.h"

/* Is the other holder a computer of that name, which registers it for its own messenger service (KB163409)? */
static bool is_computers(const struct rule_input *in, uint32_t address)
{
        const char *computer = describe_computer(in, address);
        const struct nb_name name = nb_name_make(computer ? computer : "", 0);

        return computer && nb_name_same_stem(&name, &in->c->name);
}

/* Nobody is logged on twice: a user is called as a computer is. */
static void fit_computer(const struct rule_input *in, struct rule_result *ret, const struct holder_proof *proof)
{
        const char *user = describe_stem(in), *ip = describe_address(in, proof->holder->address);

        rule_fits(in, ret, proof->verdict, "The user %s, logged on to %s, bears the name of another computer: %s", user,
                  describe_loser(in), describe_host(in, proof->holder->address));
        ret->culprit = proof->holder;
        texts_add(&ret->evidence, "%s ends in <03>: users and computers register it alike, for the messenger service",
                  describe_name(in));
        evidence_events(in, &ret->evidence);
        evidence_holder(in, proof->holder, &ret->evidence);
        texts_add(&ret->remedy, "Give the user another name than %s, or the computer at %s: nothing else will end it",
                  user, ip);
        texts_add(&ret->remedy, "Until then only messages to %s go astray: they reach the computer", user);
        texts_add(&ret->remedy, "%s: `netbt name release %s`, or take `-u %s` off netbtd", describe_ours(in),
                  describe_word(in), describe_bare(in));
}

static void fit(const struct rule_input *in, struct rule_result *ret, const struct holder_proof *proof)
{
        const uint32_t address = proof->holder->address;
        char stem[NB_NAME_TEXT_BYTES];

        /* not even that it is a user's name is known for certain */
        const bool sure = case_name_is_user(in->c) == CASE_USER_YES;

        if (is_computers(in, address)) {
                fit_computer(in, ret, proof);
                return;
        }
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
