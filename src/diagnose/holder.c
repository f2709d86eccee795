#include "diagnose/holder.h"
#include "diagnose/winsrec.h"

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

/* What speaks for a holder; greater is better proven. */
enum weight {
        WEIGHT_NONE,
        WEIGHT_WINS_SPOKE, /* a WINS server that refused: for whom, it does not say */
        WEIGHT_STALE,      /* named by WINS, but its own table does not list the name */
        WEIGHT_PROXY,      /* answers for the name, but its own table does not list it */
        WEIGHT_TOLD,       /* named by WINS, and silent */
        WEIGHT_HEARD,      /* a capture shows that it answers for the name */
        WEIGHT_SPOKE,      /* refused the name to us, or was found to hold it */
        WEIGHT_ANSWERED,
        WEIGHT_SEEN, /* a capture shows that it claims, refuses or lists the name itself */
        WEIGHT_TABLE,
};

static enum weight weigh(const struct rule_input *in, const struct case_holder *holder)
{
        const bool verified = case_verification(in->c) == SNAPSHOT_VERIFICATION_HOLDER;
        const bool spoke = holder->refused || (holder->took && verified);

        if (holder->in_table)
                return WEIGHT_TABLE;
        if (capture_is_own_word(holder->seen) && !case_holder_lacks(holder))
                return WEIGHT_SEEN;
        if (holder->answered)
                return case_holder_lacks(holder) ? WEIGHT_PROXY : WEIGHT_ANSWERED;
        /* who spoke itself needs no WINS server's word */
        if (spoke && !snapshot_is_wins(in->snapshot, holder->address) && !case_holder_lacks(holder))
                return WEIGHT_SPOKE;
        if (holder->told_by_wins)
                return case_holder_lacks(holder) ? WEIGHT_STALE : WEIGHT_TOLD;
        if (snapshot_is_wins(in->snapshot, holder->address))
                return spoke ? WEIGHT_WINS_SPOKE : WEIGHT_NONE;
        if (case_holder_lacks(holder) || (!spoke && snapshot_find_spoofer(in->snapshot, holder->address)))
                return WEIGHT_NONE;
        return holder->seen ? WEIGHT_HEARD : WEIGHT_NONE;
}

/*
 * Two that never objected to each other may be one machine, as long as their tables do not differ. Else one packet is one piece of
 * evidence; an event or an answer of today, or another kind of packet from a machine with another MAC, is a second one.
 */
static enum diagnose_verdict prove_seen(const struct diagnose_case *c, const struct case_holder *holder,
                                        const struct likeness *like)
{
        const bool besides = holder->refused || holder->demanded || holder->took || holder->answered;

        if (case_is_silent(c) && !besides)
                return like->table_differs ? VERDICT_LIKELY : VERDICT_POSSIBLE;
        if (besides || (capture_count_proofs(holder->seen) > 1 && like->different_mac))
                return VERDICT_CONFIRMED;
        return VERDICT_LIKELY;
}

/* Does a DHCP server say that the machine at ADDRESS calls itself so? */
static bool lease_bears_name(const struct rule_input *in, uint32_t address)
{
        const struct snapshot_leases *leases = &in->snapshot->leases;
        char stem[HOSTNAME_NETBIOS_BYTES];

        for (size_t i = 0; i < leases->lease_count; i++) {
                const struct check_ref *ref = &leases->leases[i];

                if (ref->lease.address != address || ref->lease.state != LEASE_ACTIVE)
                        continue;
                hostname_netbios(ref->lease.name, stem);
                const struct nb_name name = nb_name_make(stem, 0);

                if (stem[0] && nb_name_same_stem(&name, &in->c->name))
                        return true;
        }
        return false;
}

/* What stands beside the holder's own name table, from another source or another packet: that it has not the loser's MAC counts
 * only if others tell it, as the table's own packet has one too; and a WINS server that names itself is its own witness. */
static bool has_second_piece(const struct rule_input *in, const struct case_holder *holder, const struct likeness *like)
{
        return holder->answered || holder->refused || holder->demanded || holder->took || holder->seen ||
               (holder->told_by_wins && !snapshot_is_wins(in->snapshot, holder->address)) || winsrec_was_refused(in) ||
               lease_bears_name(in, holder->address) || (like->different_mac && !like->by_own_word);
}

/* A refusal that this machine heard is good evidence, as it knows its WINS servers; a pasted one may be a server's. */
static enum diagnose_verdict prove(const struct rule_input *in, const struct case_holder *holder,
                                   const struct likeness *like)
{
        const bool spoke = holder->refused || holder->demanded || holder->took;

        if (holder->in_table)
                return has_second_piece(in, holder, like) ? VERDICT_CONFIRMED : VERDICT_LIKELY;
        if (capture_is_own_word(holder->seen))
                return prove_seen(in->c, holder, like);
        if (holder->answered)
                return spoke || holder->told_by_wins ? VERDICT_LIKELY : VERDICT_POSSIBLE;
        return holder->took || (holder->refused && (in->c->here || lease_bears_name(in, holder->address)))
                       ? VERDICT_LIKELY
                       : VERDICT_POSSIBLE;
}

struct holder_proof holder_prove(const struct rule_input *in)
{
        struct holder_proof proof = {0};
        enum weight best = WEIGHT_NONE;

        for (size_t i = 0; i < in->c->holder_count; i++) {
                const struct case_holder *holder = &in->c->holders[i];
                const enum weight weight = weigh(in, holder);

                if (weight <= best)
                        continue;
                const struct likeness like = likeness_to_loser(in, holder->address);

                best = weight;
                proof = (struct holder_proof){
                        .holder = holder,
                        .one_machine = likeness_is_one(&like) && !likeness_is_doubtful(&like),
                        .only_wins_word = weight == WEIGHT_TOLD || weight == WEIGHT_WINS_SPOKE,
                        .stale = weight == WEIGHT_STALE,
                        .proxy = weight == WEIGHT_PROXY,
                        .verdict = likeness_is_doubtful(&like) ? VERDICT_POSSIBLE : prove(in, holder, &like),
                };
        }
        return proof;
}
