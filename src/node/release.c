#include "node/internal.h"

/*
 * Giving names back: by broadcast where the segment consented (RFC 1002 §5.1.1.3), and at the server that registered them
 * (§5.1.2.3). At the end every name is released on every interface (KB184832, KB140419).
 */

static void build_release(struct node *node, const struct node_entry *entry, struct nbns_packet *ret, uint8_t rdata[6],
                          uint16_t id, uint32_t address, bool broadcast)
{
        const struct nbns_address rr = {.nb_flags = node_nb_flags(node, entry->name->kind), .address = address};

        nbns_build_release(ret, rdata, id, &entry->name->name, &node->config.scope, &rr, broadcast);
}

static void release_try(struct node *node, struct node_entry *entry)
{
        const bool broadcast = entry->op == NODE_OP_RELEASE_BCAST;
        struct nbns_packet packet;
        uint8_t rdata[6];

        entry->tries++;
        build_release(node, entry, &packet, rdata, entry->trans.id, entry->address, broadcast);
        if (broadcast) {
                node_emit_broadcast(node, entry->iface, &packet);
                node_arm_ms(node, &entry->timer, node->config.timing.bcast_claim_interval_ms);
        } else {
                node_emit_packet(node, entry->iface, entry->server_address, node->config.name_server_port, &packet);
                node_arm_ms(node, &entry->timer, node->config.timing.name_srv_query_timeout_ms);
        }
}

static void release_begin(struct node *node, struct node_entry *entry, enum node_op op)
{
        node_trans_begin(node, &entry->trans, NODE_TRANS_ENTRY);
        entry->op = op;
        entry->tries = 0;
        entry->wack_until = MONO_NEVER;
        release_try(node, entry);
}

void node_release_settle(struct node *node, struct node_name *name)
{
        for (const struct node_entry *entry = name->entries; entry; entry = entry->next)
                if (entry->state == NODE_STATE_RELEASING)
                        return;
        if (name->has_release) {
                name->has_release = false;
                node_emit_complete(node, name->release_id, 0, &name->name);
        }
        if (name->remove)
                node_name_kill(node, name);
}

static void released(struct node *node, struct node_entry *entry)
{
        node_entry_stop_op(node, entry);
        entry->by_wins = entry->by_broadcast = entry->failed = false;
        if (entry->reclaim) {
                entry->reclaim = false;
                node_claim_start(node, entry);
                node_release_settle(node, entry->name);
                return;
        }
        node_entry_set_state(node, entry, NODE_STATE_RELEASED);
        node_release_settle(node, entry->name);
        node_claim_settle(node, entry->name);
}

static void release_next(struct node *node, struct node_entry *entry)
{
        node_entry_stop_op(node, entry);
        if (entry->by_broadcast && !entry->reclaim) {
                entry->by_broadcast = false;
                release_begin(node, entry, NODE_OP_RELEASE_BCAST);
        } else if (entry->by_wins) {
                entry->by_wins = false;
                entry->server_address = entry->registered_server;
                release_begin(node, entry, NODE_OP_RELEASE_WINS);
        } else {
                released(node, entry);
        }
}

void node_release_start(struct node *node, struct node_entry *entry, bool reclaim)
{
        /* a claim under way may have reached its server: take it back, without waiting */
        if (entry->op == NODE_OP_CLAIM_WINS && !entry->by_wins) {
                entry->registered_server = entry->server_address;
                node_release_quick(node, entry, entry->address);
        }
        node_entry_stop_op(node, entry);
        node_verify_cancel(node, entry);
        entry->refresh_at = entry->retry_at = MONO_NEVER;
        entry->late_until = (mono_t){0};
        entry->reclaim = reclaim;
        entry->failed = false;
        if (!node_if_usable(entry->iface))
                entry->by_wins = entry->by_broadcast = false; /* no way out */
        if (entry->by_wins || (entry->by_broadcast && !reclaim))
                node_entry_set_state(node, entry, NODE_STATE_RELEASING);
        release_next(node, entry);
}

void node_release_timer(struct node *node, struct node_entry *entry)
{
        const struct node_timing *timing = &node->config.timing;
        const bool broadcast = entry->op == NODE_OP_RELEASE_BCAST;

        entry->timer = MONO_NEVER;
        if (entry->tries < (broadcast ? timing->bcast_claim_count : timing->name_srv_query_count))
                release_try(node, entry);
        else
                release_next(node, entry);
}

void node_release_response(struct node *node, struct node_entry *entry, const struct node_packet *packet)
{
        if (entry->op != NODE_OP_RELEASE_WINS || packet->source != entry->server_address ||
            packet->nbns.header.opcode == NBNS_OPCODE_QUERY)
                return;
        /* whatever it says, the name is no longer ours (RFC 1002 §5.1.2.3) */
        if (!node_wack(node, entry, packet))
                release_next(node, entry);
}

void node_release_quick(struct node *node, struct node_entry *entry, uint32_t address)
{
        struct nbns_packet packet;
        uint8_t rdata[6];

        if (entry->registered_server == 0)
                return;
        build_release(node, entry, &packet, rdata, (uint16_t)rng_u32(&node->rng), address, false);
        node_emit_packet(node, entry->iface, entry->registered_server, node->config.name_server_port, &packet);
}

void node_stop_begin(struct node *node)
{
        node->stopping = true;
        node->started = false;
        node_resolve_stop(node);
        node_arm_ms(node, &node->stop_deadline, NODE_STOP_LIMIT_MS);
        for (size_t i = 0; i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        node_release_start(node, entry, false);
}

static bool any_releasing(const struct node *node)
{
        for (size_t i = 0; i < node->name_count; i++)
                for (const struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        if (entry->state == NODE_STATE_RELEASING)
                                return true;
        return false;
}

static void release_all_now(struct node *node)
{
        for (size_t i = 0; i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        if (entry->state == NODE_STATE_RELEASING) {
                                entry->reclaim = false;
                                released(node, entry);
                        }
}

void node_stop_check(struct node *node)
{
        if (!node->stopping)
                return;
        if (mono_is_due(node->stop_deadline, node->now))
                release_all_now(node);
        else if (any_releasing(node))
                return;
        node->stopping = false;
        node->stopped = true;
        node->stop_deadline = MONO_NEVER;
        (void)node_emit(node, NODE_ACTION_STOPPED);
}
