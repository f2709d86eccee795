#include "wins/decide.h"

#include "wire/nbns.h"

static struct wins_decision verdict(enum wins_verdict verdict)
{
        return (struct wins_decision){.verdict = verdict};
}

static struct wins_decision refuse(uint8_t rcode)
{
        return (struct wins_decision){.verdict = WINS_VERDICT_REFUSE, .rcode = rcode};
}

enum wins_type wins_decide_type(const struct wins_claim *claim)
{
        if (claim->suffix == 0x1C)
                return WINS_INTERNET;
        if (claim->is_group)
                return WINS_GROUP;
        return claim->is_multihomed ? WINS_MULTIHOMED : WINS_UNIQUE;
}

/* What no record can change. */
static bool decide_by_name(const struct wins_claim *claim, struct wins_decision *ret)
{
        if (claim->scope_len_bytes > WINS_SCOPE_MAX_BYTES) {
                *ret = refuse(NBNS_RCODE_SRV_ERR);
                return true;
        }
        if (claim->is_reserved) {
                *ret = refuse(NBNS_RCODE_FMT_ERR);
                return true;
        }
        const bool only_unique = claim->suffix == 0x1B;
        const bool only_group = claim->suffix == 0x1C || claim->suffix == 0x1E;
        if ((only_unique && claim->is_group) || (only_group && !claim->is_group)) {
                *ret = refuse(NBNS_RCODE_RFS_ERR);
                return true;
        }
        if (claim->suffix == 0x1D) {
                *ret = verdict(WINS_VERDICT_PRETEND); /* master browsers are a matter of each subnet */
                return true;
        }
        if (claim->is_own_name && !claim->is_from_self) {
                *ret = refuse(NBNS_RCODE_ACT_ERR);
                return true;
        }
        return false;
}

static bool is_machine(const struct wins_holding *old)
{
        return old->type == WINS_UNIQUE || old->type == WINS_MULTIHOMED;
}

static struct wins_decision decide_static(const struct wins_claim *claim, const struct wins_holding *old)
{
        if (!is_machine(old))
                return claim->is_group ? verdict(WINS_VERDICT_PRETEND) : refuse(NBNS_RCODE_ACT_ERR);
        if (!claim->is_group && old->holds_address)
                return verdict(WINS_VERDICT_PRETEND);
        return refuse(NBNS_RCODE_ACT_ERR);
}

static struct wins_decision renewed(const struct wins_holding *old)
{
        return verdict(old->is_ours && !old->is_static ? WINS_VERDICT_RENEW : WINS_VERDICT_TAKE_OVER);
}

struct wins_decision wins_decide_register(const struct wins_claim *claim, const struct wins_holding *old, bool migrate)
{
        struct wins_decision decision;

        if (decide_by_name(claim, &decision))
                return decision;
        if (!old->exists)
                return verdict(WINS_VERDICT_ACCEPT);
        /* Nobody knows who else is in a normal group: that the one left who was written down does not free its name. */
        if (old->type == WINS_GROUP && !claim->is_group)
                return refuse(NBNS_RCODE_ACT_ERR);
        if (old->state != WINS_ACTIVE && !old->is_static)
                return verdict(WINS_VERDICT_ACCEPT);
        if (old->is_static && !(migrate && is_machine(old)))
                return decide_static(claim, old);
        if (old->type == WINS_GROUP)
                return renewed(old);
        if (old->type == WINS_INTERNET) {
                if (!claim->is_group)
                        return refuse(NBNS_RCODE_ACT_ERR);
                return old->holds_address ? renewed(old) : verdict(WINS_VERDICT_ADD);
        }
        if (claim->is_group || !old->holds_address)
                return verdict(WINS_VERDICT_CHALLENGE);
        return renewed(old);
}

enum wins_release_verdict wins_decide_release(const struct wins_holding *old, const struct wins_leaving *leaving,
                                              unsigned members)
{
        if (!old->exists || old->is_static || old->state != WINS_ACTIVE || !leaving->is_from_member)
                return WINS_RELEASE_NOTHING;
        if (leaving->is_group != !is_machine(old))
                return WINS_RELEASE_NOTHING;
        /* The members of an internet group are machines of their own (anybody may be one); those of a multihomed record are
         * one machine, which may speak for all its addresses. */
        if (old->type == WINS_INTERNET && !leaving->names_itself)
                return WINS_RELEASE_NOTHING;
        if (members > 1)
                return WINS_RELEASE_MEMBER;
        return old->is_ours ? WINS_RELEASE_RECORD : WINS_RELEASE_TOMBSTONE;
}

enum wins_scavenge wins_decide_scavenge(enum wins_state state, bool is_static, bool is_ours, uint32_t expiry_s,
                                        uint32_t now_s, uint32_t floor_s)
{
        if (is_static || expiry_s == 0 || expiry_s > now_s)
                return WINS_SCAVENGE_KEEP;
        switch (state) {
        case WINS_ACTIVE:
                /* a replica's end is its owner's business */
                return is_ours && floor_s <= now_s ? WINS_SCAVENGE_RELEASE : WINS_SCAVENGE_KEEP;
        case WINS_RELEASED:
                return is_ours ? WINS_SCAVENGE_EXTINCT : WINS_SCAVENGE_KEEP;
        case WINS_TOMBSTONE:
                return WINS_SCAVENGE_DELETE;
        case WINS_STATE_MAX:
                break;
        }
        return WINS_SCAVENGE_KEEP;
}

const char *wins_verdict_str(enum wins_verdict verdict)
{
        static const char *const words[] = {
                [WINS_VERDICT_ACCEPT] = "accept",       [WINS_VERDICT_RENEW] = "renew",
                [WINS_VERDICT_TAKE_OVER] = "take-over", [WINS_VERDICT_ADD] = "add",
                [WINS_VERDICT_PRETEND] = "pretend",     [WINS_VERDICT_CHALLENGE] = "challenge",
                [WINS_VERDICT_REFUSE] = "refuse",
        };

        return (unsigned)verdict < NBT_ARRAY_SIZE(words) ? words[verdict] : "unknown";
}

const char *wins_release_str(enum wins_release_verdict verdict)
{
        static const char *const words[] = {"nothing", "member", "record", "tombstone"};

        return (unsigned)verdict < NBT_ARRAY_SIZE(words) ? words[verdict] : "unknown";
}
