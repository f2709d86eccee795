#include "node/internal.h"

#include "node/defend.h"

/*
 * RFC 1002 §5.1.1.5: a node that holds a unique name refuses every claim for it, overwrite demands too; one that holds a group
 * name refuses only unique claims. Refreshes and multi-homed registrations are claims as well (observed: Samba 4 refuses
 * them; its nbt.register test wants it).
 *
 * ASSUMPTION (the RFC is silent): of two nodes that ask the segment at the same time for the same unique name, the one
 * with the lower address refuses the other, so that exactly one of them gets it. A quiet retry always gives way.
 */
enum node_defence node_defence_decide(const struct node_claim_facts *facts)
{
        const bool compatible = facts->held_kind == NODE_NAME_GROUP && facts->claimed_kind == NODE_NAME_GROUP;

        switch (facts->hold) {
        case NODE_HOLD_REGISTERED:
        case NODE_HOLD_CLAIM_WINS:
                return compatible ? NODE_DEFENCE_ACCEPT : NODE_DEFENCE_REFUSE;
        case NODE_HOLD_CLAIM_BCAST:
                if (compatible)
                        return NODE_DEFENCE_ACCEPT;
                return facts->own_address < facts->source ? NODE_DEFENCE_REFUSE : NODE_DEFENCE_IGNORE;
        case NODE_HOLD_RETRY:
                return compatible ? NODE_DEFENCE_ACCEPT : NODE_DEFENCE_YIELD;
        case NODE_HOLD_NONE:
        case NODE_HOLD_MAX:
                break;
        }
        return NODE_DEFENCE_IGNORE;
}

static enum node_hold hold_of(const struct node_entry *entry)
{
        switch (entry->state) {
        case NODE_STATE_REGISTERED:
                return NODE_HOLD_REGISTERED;
        case NODE_STATE_REGISTERING:
                if (entry->op == NODE_OP_CLAIM_BCAST)
                        return NODE_HOLD_CLAIM_BCAST;
                return entry->op == NODE_OP_NONE ? NODE_HOLD_NONE : NODE_HOLD_CLAIM_WINS;
        case NODE_STATE_CONFLICT:
        case NODE_STATE_RELEASED:
                return entry->op == NODE_OP_CLAIM_BCAST ? NODE_HOLD_RETRY : NODE_HOLD_NONE;
        case NODE_STATE_IDLE:
        case NODE_STATE_RELEASING:
        case NODE_STATE_MAX:
                break;
        }
        return NODE_HOLD_NONE;
}

static void tell(struct node *node, struct node_entry *entry, const struct node_packet *packet, uint8_t rcode)
{
        uint32_t repeated;

        if (!node_fold_pass(node, &entry->defended, packet->source, &repeated))
                return;
        struct node_notice *notice = node_emit_notice(node, NODE_NOTICE_DEFENDED, entry);
        notice->peer = packet->source;
        notice->opcode = packet->nbns.header.opcode;
        notice->rcode = rcode;
        notice->repeated = repeated;
        notice->by_wins = node_wins_is_server(entry->iface, packet->source);
}

static void refuse(struct node *node, struct node_entry *entry, const struct node_packet *packet)
{
        const struct nbns_address owner = {.nb_flags = node_nb_flags(node, entry->name->kind),
                                           .address = entry->iface->config.address};
        struct nbns_packet answer;
        uint8_t rdata[6];

        nbns_build_claim_response(&answer, rdata, packet->nbns.header.id, packet->nbns.header.opcode,
                                  NBNS_RCODE_ACT_ERR, &entry->name->name, &node->config.scope, &owner, 0);
        node_emit_packet(node, entry->iface, packet->source, packet->source_port, &answer);
        node->statistics.claims_defended++;
        tell(node, entry, packet, NBNS_RCODE_ACT_ERR);
}

/* The machine's own second interface makes the server ask, too. */
static bool is_being_claimed(const struct node_name *name)
{
        for (const struct node_entry *entry = name->entries; entry; entry = entry->next)
                if (entry->op == NODE_OP_CLAIM_WINS)
                        return true;
        return false;
}

void node_defend_challenged(struct node *node, const struct node_name *name, const struct node_packet *packet)
{
        struct node_entry *entry = node_entry_find(name, packet->iface);

        if (!entry || entry->state != NODE_STATE_REGISTERED || name->kind != NODE_NAME_UNIQUE || packet->broadcast ||
            packet->nbns.header.rd || !node_wins_is_server(packet->iface, packet->source) || is_being_claimed(name))
                return;
        tell(node, entry, packet, NBNS_RCODE_OK);
}

/* Our own claim that comes back, by way of a mirroring port or an address translator: our id, our address. */
static bool is_reflection(const struct node *node, const struct node_packet *packet, uint32_t address)
{
        return node_trans_is_recent(node, packet->nbns.header.id) && node_is_own_address(node, address);
}

void node_defend(struct node *node, const struct node_packet *packet)
{
        const struct nbns_packet *nbns = &packet->nbns;

        if (!nbns->has_question || !nbns->has_additional || nbns_rr_address_count(&nbns->additional) == 0) {
                node->statistics.packets_malformed++;
                return;
        }
        const struct nbns_address claim = nbns_rr_address_get(&nbns->additional, 0);
        struct node_name *name = node_name_find(node, &nbns->question.name);
        struct node_entry *entry = name ? node_entry_find(name, packet->iface) : NULL;
        if (!entry) {
                if (nbns->header.opcode == NBNS_OPCODE_REGISTRATION && node_proxy_claim(node, packet, &claim) < 0)
                        node->failed = true;
                return;
        }
        if (is_reflection(node, packet, claim.address)) {
                node->statistics.packets_own++;
                return;
        }
        const struct node_claim_facts facts = {
                .hold = hold_of(entry),
                .held_kind = name->kind,
                .claimed_kind = claim.nb_flags & NBNS_NB_GROUP ? NODE_NAME_GROUP : NODE_NAME_UNIQUE,
                .own_address = entry->iface->config.address,
                .source = packet->source,
        };
        switch (node_defence_decide(&facts)) {
        case NODE_DEFENCE_REFUSE:
                refuse(node, entry, packet);
                return;
        case NODE_DEFENCE_YIELD:
                node_entry_lose(node, entry, 0); /* as it was; tries again later */
                return;
        case NODE_DEFENCE_IGNORE:
        case NODE_DEFENCE_ACCEPT:
                return;
        }
}

const char *node_defence_str(enum node_defence defence)
{
        static const char *const names[] = {"ignore", "accept", "refuse", "yield"};

        return (size_t)defence < NBT_ARRAY_SIZE(names) ? names[defence] : "?";
}

const char *node_hold_str(enum node_hold hold)
{
        static const char *const names[] = {"none", "registered", "claim-bcast", "claim-wins", "retry"};

        return (size_t)hold < NBT_ARRAY_SIZE(names) ? names[hold] : "?";
}
