/* What captures prove, packet by packet. */
#include "diagnose/describe.h"

#include <string.h>

#define PACKET_LINES 8

static bool same_packet(const struct capture_packet *a, const struct capture_packet *b)
{
        return a->frame == b->frame && strcmp(a->source, b->source) == 0;
}

/* Two disputes may share a packet. */
static bool was_told(const struct diagnose_case *c, size_t dispute, size_t packet)
{
        for (size_t i = 0; i <= dispute; i++)
                for (size_t j = 0; j < (i == dispute ? packet : c->disputes[i]->packet_count); j++)
                        if (same_packet(&c->disputes[i]->packets[j], &c->disputes[dispute]->packets[packet]))
                                return true;
        return false;
}

static void tell_packets(const struct rule_input *in, struct texts *evidence)
{
        const struct diagnose_case *c = in->c;
        size_t count = 0;

        for (size_t i = 0; i < c->dispute_count && i < CASE_MAX_DISPUTES; i++)
                for (size_t j = 0; j < c->disputes[i]->packet_count; j++)
                        if (!was_told(c, i, j) && ++count <= PACKET_LINES)
                                texts_add(evidence, "%s", describe_packet(in, &c->disputes[i]->packets[j]));
        if (count > PACKET_LINES)
                texts_add(evidence, "%zu more packets prove it (netbt diagnose --name '%s' shows them all)",
                          count - PACKET_LINES, describe_name(in));
}

static void tell_rest(const struct rule_input *in, const struct capture_dispute *dispute, struct texts *evidence)
{
        char time[WALL_TEXT_BYTES];

        if (dispute->repeated > 0 && dispute->last.us != 0) {
                wall_format(dispute->last, time);
                texts_add(evidence, "%s: the same was seen %u times more, the last time at %s",
                          in->snapshot->captures.label, dispute->repeated, time);
        }
        if (dispute->how == CAPTURE_LISTED)
                texts_add(evidence, "%s: the name table of %s lists %s in the state Conflict",
                          in->snapshot->captures.label, describe_address(in, dispute->loser), describe_name(in));
        if (dispute->over)
                texts_add(evidence, "%s: later one of them gave the name up", in->snapshot->captures.label);
}

/* Do an event of the case and the capture tell of one demand? */
static void tell_agreement(const struct rule_input *in, struct texts *evidence)
{
        const struct diagnose_case *c = in->c;

        for (size_t i = 0; i < c->event_count && i < CASE_MAX_EVENTS; i++) {
                const bool refusal = c->events[i]->event->id == EVENT_ID_DUPLICATE_NAME_ERROR;

                if (c->events[i]->sender == 0 || !case_find_dispute(c, c->events[i]->sender, !refusal))
                        continue;
                texts_add(evidence, "the event and the capture tell of the same %s, independently of each other",
                          refusal ? "refusal" : "demand");
                return;
        }
}

void evidence_disputes(const struct rule_input *in, struct texts *evidence)
{
        const struct diagnose_case *c = in->c;

        if (c->dispute_count == 0)
                return;
        tell_packets(in, evidence);
        tell_rest(in, c->disputes[0], evidence);
        tell_agreement(in, evidence);
        if (case_is_silent(c))
                texts_add(evidence, "neither of them was seen to object to the other: two machines that hear each "
                                    "other would, two adapters of one machine would not");
        if (!c->here)
                evidence_mac(in, c->address, evidence);
}

/* ---- a holder ----------------------------------------------------------------------------------------------------- */

static void add_way(struct rule_input const *in, const char **text, bool is_so, const char *what, const char *where)
{
        if (!is_so || !*text)
                return;
        *text = arena_printf(in->arena, "%s%s%s%s", *text, **text ? ", " : "", what, where);
}

/* "registered it at the WINS server 10.77.0.9, answered for it". */
static const char *describe_ways(const struct rule_input *in, uint16_t proofs, uint32_t server)
{
        const char *text = "";
        const bool accepted = proofs & 1u << WATCH_PROOF_ACCEPTED && server != 0;
        const uint16_t claims = 1u << WATCH_PROOF_CLAIM | 1u << WATCH_PROOF_OVERWRITE | 1u << WATCH_PROOF_REFRESH;

        add_way(in, &text, accepted, "registered it at the WINS server ", accepted ? describe_address(in, server) : "");
        add_way(in, &text, proofs & claims && !accepted, "claimed it", "");
        add_way(in, &text, proofs & 1u << WATCH_PROOF_REFUSAL, "refused it to another", "");
        add_way(in, &text, proofs & 1u << WATCH_PROOF_TABLE, "listed it in its name table", "");
        add_way(in, &text, proofs & 1u << WATCH_PROOF_ANSWER, "answered for it", "");
        return text ? text : "…";
}

void evidence_seen(const struct rule_input *in, const struct case_holder *holder, struct texts *evidence)
{
        const struct capture_claimant *claimant =
                capture_find_claimant(&in->snapshot->captures, &in->c->name, holder->address);
        const struct capture_machine *machine = capture_find_machine(&in->snapshot->captures, holder->address);

        if (machine && machine->server)
                texts_add(evidence, "%s: %s works as a WINS server", in->snapshot->captures.label,
                          describe_address(in, holder->address));
        if (!claimant)
                return;
        if (claimant->holder.hearsay)
                texts_add(evidence, "%s", describe_packet(in, &claimant->proof));
        else if (holder->seen)
                texts_add(evidence, "%s: %s %s", in->snapshot->captures.label, describe_address(in, holder->address),
                          describe_ways(in, claimant->holder.proofs, claimant->holder.server));
}
