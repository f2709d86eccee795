#include "diagnose/holder.h"

#include <string.h>

enum name_use holder_name_use(const struct diagnose_case *c)
{
        /* its first two bytes and the last are unprintable, and some texts show them as dots */
        if (memcmp(c->name.bytes + 2, "__MSBROWSE__", 12) == 0)
                return NAME_USE_BROWSER;
        switch (nb_name_suffix(&c->name)) {
        case 0x1D:
        case 0x1E:
                return NAME_USE_BROWSER;
        case 0x1B:
        case 0x1C:
                return NAME_USE_DOMAIN;
        case 0x03:
                return case_name_is_user(c) == CASE_USER_NO ? NAME_USE_MACHINE : NAME_USE_USER;
        default:
                return NAME_USE_MACHINE;
        }
}

static bool lacks_name(const struct case_holder *holder)
{
        return holder->host && holder->host->table && !holder->in_table;
}

/* Higher is better proven; 0: nothing speaks for it. */
static unsigned weigh(const struct rule_input *in, const struct case_holder *holder)
{
        const bool verified = case_verification(in->c) == SNAPSHOT_VERIFICATION_HOLDER;

        if (holder->in_table)
                return 5;
        if (holder->answered)
                return lacks_name(holder) ? 1 : 4;
        if (lacks_name(holder))
                return 0;
        if (holder->refused || (holder->took && verified))
                return 3;
        return holder->told_by_wins ? 2 : 0;
}

/* A refusal that this machine heard is good evidence, as it knows its WINS servers; a pasted one may be a server's. */
static enum diagnose_verdict prove(const struct diagnose_case *c, const struct case_holder *holder,
                                   const struct likeness *like)
{
        const bool spoke = holder->refused || holder->demanded || holder->took;

        if (holder->in_table)
                return holder->answered || spoke || like->different_mac ? VERDICT_CONFIRMED : VERDICT_LIKELY;
        if (holder->answered)
                return spoke || holder->told_by_wins ? VERDICT_LIKELY : VERDICT_POSSIBLE;
        return holder->took || (holder->refused && c->here) ? VERDICT_LIKELY : VERDICT_POSSIBLE;
}

struct holder_proof holder_prove(const struct rule_input *in)
{
        struct holder_proof proof = {0};
        unsigned best = 0;

        for (size_t i = 0; i < in->c->holder_count; i++) {
                const struct case_holder *holder = &in->c->holders[i];
                const unsigned weight = weigh(in, holder);

                if (weight <= best)
                        continue;
                const struct likeness like = likeness_to_loser(in, holder->address);
                const bool wins_spoke = snapshot_is_wins(in->snapshot, holder->address) && !holder->in_table;

                best = weight;
                proof = (struct holder_proof){
                        .holder = holder,
                        .one_machine = likeness_is_one(&like),
                        .only_wins_word = weight == 2 || (wins_spoke && !holder->answered),
                        .proxy = weight == 1,
                        .verdict = prove(in->c, holder, &like),
                };
        }
        return proof;
}
