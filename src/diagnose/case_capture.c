/* What captures add to the cases. */
#include "diagnose/case_build.h"

static bool is_ours(const struct snapshot *snapshot, uint32_t address)
{
        return snapshot->captures.ours && snapshot_find_iface(snapshot, address) != NULL;
}

static bool is_party(const struct capture_dispute *dispute, uint32_t address)
{
        return address != 0 && (dispute->loser == address || dispute->sender == address || dispute->other == address);
}

/* This machine, if it is one of the two; else who lost. */
static uint32_t subject_of(const struct snapshot *snapshot, const struct capture_dispute *dispute)
{
        if (is_ours(snapshot, dispute->loser))
                return dispute->loser;
        if (dispute->sender != 0 && !dispute->by_server && is_ours(snapshot, dispute->sender))
                return dispute->sender;
        return dispute->other != 0 && is_ours(snapshot, dispute->other) ? dispute->other : dispute->loser;
}

/* Whom SUBJECT has to do with. */
static uint32_t opponent_of(const struct capture_dispute *dispute, uint32_t subject)
{
        if (subject != dispute->loser)
                return dispute->loser;
        return dispute->sender ? dispute->sender : dispute->other;
}

/* Is ADDRESS one of those who contend in the case? */
static bool is_contender(const struct diagnose_case *c, uint32_t address)
{
        for (size_t i = 0; i < c->dispute_count && i < CASE_MAX_DISPUTES; i++)
                if (is_party(c->disputes[i], address))
                        return true;
        return false;
}

/* A case between the same machines, whichever of them it takes for the loser. */
static struct diagnose_case *find_case(const struct case_builder *b, const struct capture_dispute *dispute,
                                       uint32_t subject)
{
        for (size_t i = 0; i < b->count; i++) {
                struct diagnose_case *c = &b->cases[i];

                if (!c->has_name || !nb_name_equal(&c->name, &dispute->name))
                        continue;
                if (c->here ? is_ours(b->snapshot, subject)
                            : c->address == 0 || is_party(dispute, c->address) || is_contender(c, dispute->loser))
                        return c;
        }
        return NULL;
}

/* Two addresses that one machine calls its own, and nobody objected: there is no conflict, though the first packets look like one. */
static bool is_of_one_machine(const struct snapshot *snapshot, const struct capture_dispute *dispute)
{
        return dispute->how == CAPTURE_BOTH_HOLD &&
               capture_is_linked(&snapshot->captures, dispute->loser, dispute->other);
}

static void add_dispute(struct case_builder *b, const struct capture_dispute *dispute)
{
        const uint32_t subject = subject_of(b->snapshot, dispute);
        struct diagnose_case *c = find_case(b, dispute, subject);

        if (!c && !is_of_one_machine(b->snapshot, dispute))
                c = case_get(b, &dispute->name, subject, 0);
        if (!c)
                return;
        c->here |= is_ours(b->snapshot, subject);
        if (c->address == 0)
                c->address = subject;
        if (c->sender == 0)
                c->sender = opponent_of(dispute, c->address);
        if (c->dispute_count < CASE_MAX_DISPUTES)
                c->disputes[c->dispute_count] = dispute;
        c->dispute_count++;
}

void case_add_captured(struct case_builder *b)
{
        for (size_t i = 0; i < b->snapshot->captures.dispute_count; i++)
                add_dispute(b, &b->snapshot->captures.disputes[i]);
}

/* ---- holders ------------------------------------------------------------------------------------------------------ */

/* Everybody who contends, also one of whom nothing else is known; they come before other holders. */
static void mark_party(const struct snapshot *snapshot, struct diagnose_case *c, uint32_t address)
{
        const struct capture_claimant *claimant = capture_find_claimant(&snapshot->captures, &c->name, address);
        struct case_holder *holder = case_get_holder(snapshot, c, address);

        if (holder && claimant && !claimant->holder.group && !claimant->holder.hearsay)
                holder->seen |= claimant->holder.proofs;
}

/* What a server or a proxy says of others is hearsay. Who gave the name up, or was refused it, holds it no more. */
static void mark_claimant(const struct snapshot *snapshot, struct diagnose_case *c,
                          const struct capture_claimant *claimant)
{
        const struct watch_holder *seen = &claimant->holder;
        struct case_holder *holder;

        if (seen->group || is_contender(c, seen->address) || seen->state == WATCH_STATE_RELEASED ||
            seen->state == WATCH_STATE_REFUSED)
                return;
        holder = case_get_holder(snapshot, c, seen->address);
        if (!holder)
                return;
        if (seen->hearsay)
                holder->told_by_wins = true;
        else
                holder->seen |= seen->proofs;
}

void case_mark_captured(const struct snapshot *snapshot, struct diagnose_case *c)
{
        for (size_t i = 0; i < c->dispute_count && i < CASE_MAX_DISPUTES; i++) {
                mark_party(snapshot, c, c->disputes[i]->other);
                mark_party(snapshot, c, c->disputes[i]->sender);
                mark_party(snapshot, c, c->disputes[i]->loser);
        }
        for (size_t i = 0; c->has_name && i < snapshot->captures.claimant_count; i++)
                if (nb_name_equal(&snapshot->captures.claimants[i].name, &c->name))
                        mark_claimant(snapshot, c, &snapshot->captures.claimants[i]);
}

/* ---- questions about a case --------------------------------------------------------------------------------------- */

const struct capture_dispute *case_find_dispute(const struct diagnose_case *c, uint32_t sender, bool demanded)
{
        const enum capture_dispute_how how = demanded ? CAPTURE_DEMANDED : CAPTURE_REFUSED;

        for (size_t i = 0; i < c->dispute_count && i < CASE_MAX_DISPUTES; i++)
                if (c->disputes[i]->how == how && (sender == 0 || c->disputes[i]->sender == sender))
                        return c->disputes[i];
        return NULL;
}

bool case_is_silent(const struct diagnose_case *c)
{
        for (size_t i = 0; i < c->dispute_count && i < CASE_MAX_DISPUTES; i++)
                if (c->disputes[i]->how != CAPTURE_BOTH_HOLD)
                        return false;
        return c->dispute_count > 0 && c->event_count == 0 && !c->in_conflict;
}
