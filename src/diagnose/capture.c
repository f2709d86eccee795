#include "diagnose/capture.h"

/* ASSUMPTION: clocks of the machine that logged and of the one that captured are no further apart. */
#define DEMAND_WITHIN_US (INT64_C(10) * 60 * 1000000)

#define BIT(kind) (1u << (kind))
#define REGISTERED                                                                                                     \
        (BIT(WATCH_PROOF_CLAIM) | BIT(WATCH_PROOF_OVERWRITE) | BIT(WATCH_PROOF_REFRESH) | BIT(WATCH_PROOF_ACCEPTED))

const struct capture_machine *capture_find_machine(const struct captures *captures, uint32_t address)
{
        for (size_t i = 0; address != 0 && i < captures->machine_count; i++)
                if (captures->machines[i].address == address)
                        return &captures->machines[i];
        return NULL;
}

const struct capture_claimant *capture_find_claimant(const struct captures *captures, const struct nb_name *name,
                                                     uint32_t address)
{
        for (size_t i = 0; i < captures->claimant_count; i++)
                if (captures->claimants[i].holder.address == address &&
                    nb_name_equal(&captures->claimants[i].name, name))
                        return &captures->claimants[i];
        return NULL;
}

/* A claim or answer by another card, for each of the two addresses of a name. */
static bool is_link(const struct captures *captures, const struct capture_claimant *claimant, uint32_t other)
{
        if (claimant->holder.link == 0)
                return false;
        if (claimant->holder.link == other)
                return true;
        const struct capture_claimant *beside = capture_find_claimant(captures, &claimant->name, other);

        return beside && beside->holder.link == claimant->holder.link;
}

bool capture_is_linked(const struct captures *captures, uint32_t a, uint32_t b)
{
        for (size_t i = 0; a != b && i < captures->claimant_count; i++) {
                const struct capture_claimant *claimant = &captures->claimants[i];

                if ((claimant->holder.address == a && is_link(captures, claimant, b)) ||
                    (claimant->holder.address == b && is_link(captures, claimant, a)))
                        return true;
        }
        return false;
}

/* The tracker tells a demand that is repeated only so often. */
static bool is_near(const struct capture_dispute *dispute, wall_t time)
{
        return time.us >= dispute->first.us - DEMAND_WITHIN_US &&
               time.us <= dispute->last.us + DEMAND_WITHIN_US + INT64_C(1000) * WATCH_REPEAT_MS;
}

const struct capture_dispute *capture_find_demand(const struct captures *captures, uint32_t sender, wall_t time)
{
        const struct capture_dispute *found = NULL;

        for (size_t i = 0; sender != 0 && i < captures->dispute_count; i++) {
                const struct capture_dispute *dispute = &captures->disputes[i];

                if (dispute->how != CAPTURE_DEMANDED || dispute->sender != sender ||
                    (time.us != 0 && !is_near(dispute, time)))
                        continue;
                if (found && !nb_name_equal(&found->name, &dispute->name))
                        return NULL;
                found = dispute;
        }
        return found;
}

unsigned capture_count_proofs(uint16_t proofs)
{
        return ((proofs & REGISTERED) != 0) + ((proofs & BIT(WATCH_PROOF_REFUSAL)) != 0) +
               ((proofs & BIT(WATCH_PROOF_TABLE)) != 0) + ((proofs & BIT(WATCH_PROOF_ANSWER)) != 0);
}

bool capture_is_own_word(uint16_t proofs)
{
        return proofs & (REGISTERED | BIT(WATCH_PROOF_REFUSAL) | BIT(WATCH_PROOF_TABLE));
}
