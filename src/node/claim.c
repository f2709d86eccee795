#include "node/internal.h"

/*
 * A claim on one interface: by broadcast (RFC 1002 §5.1.1.1, silence is consent), at the WINS servers (§5.1.2.1), or both in the
 * order of the node type (M: §5.1.3.1; H: Microsoft, KB119493). The refresh of a name shares the talk with the servers.
 */

static struct nbns_address own_address(const struct node *node, const struct node_entry *entry)
{
        return (struct nbns_address){.nb_flags = node_nb_flags(node, entry->name->kind), .address = entry->address};
}

static bool is_multihomed(const struct node *node)
{
        size_t count = 0;

        for (size_t i = 0; i < node->iface_count; i++)
                if (node_if_usable(node->ifaces[i]))
                        count++;
        return count > 1;
}

/* ---- broadcast ------------------------------------------------------------------------------------------------------ */

static void broadcast_send(struct node *node, const struct node_entry *entry, bool demand)
{
        const struct nbns_address address = own_address(node, entry);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim(&packet, rdata, entry->trans.id, NBNS_OPCODE_REGISTRATION, &entry->name->name,
                         &node->config.scope, &address, NODE_CLAIM_TTL_S, !demand, true);
        node_emit_broadcast(node, entry->iface, &packet);
}

static void broadcast_try(struct node *node, struct node_entry *entry)
{
        entry->tries++;
        broadcast_send(node, entry, false);
        node_arm_ms(node, &entry->timer, node->config.timing.bcast_claim_interval_ms);
}

static void broadcast_begin(struct node *node, struct node_entry *entry)
{
        node_trans_begin(node, &entry->trans, NODE_TRANS_ENTRY);
        entry->op = NODE_OP_CLAIM_BCAST;
        entry->tries = 0;
        broadcast_try(node, entry);
}

/* ---- WINS ----------------------------------------------------------------------------------------------------------- */

static uint8_t wins_opcode(const struct node *node, const struct node_entry *entry)
{
        if (entry->op == NODE_OP_REFRESH)
                return node->config.refresh_opcode;
        /* KB150144: one address a packet, so that the server adds it to the name's others */
        if (entry->name->kind == NODE_NAME_UNIQUE && is_multihomed(node))
                return NBNS_OPCODE_MULTIHOMED;
        return NBNS_OPCODE_REGISTRATION;
}

static void wins_try(struct node *node, struct node_entry *entry)
{
        const struct nbns_address address = own_address(node, entry);
        struct nbns_packet packet;
        uint8_t rdata[6];

        entry->tries++;
        nbns_build_claim(&packet, rdata, entry->trans.id, wins_opcode(node, entry), &entry->name->name,
                         &node->config.scope, &address, NODE_CLAIM_TTL_S, !entry->overwrite, false);
        node_emit_packet(node, entry->iface, entry->server_address, node->config.name_server_port, &packet);
        node_arm_ms(node, &entry->timer, node->config.timing.name_srv_query_timeout_ms);
}

static void wins_ask(struct node *node, struct node_entry *entry)
{
        node_trans_begin(node, &entry->trans, NODE_TRANS_ENTRY);
        entry->tries = 0;
        entry->wack_until = MONO_NEVER;
        wins_try(node, entry);
}

static bool wins_begin(struct node *node, struct node_entry *entry, enum node_op op)
{
        if (!node_uses_wins(node, entry->iface))
                return false;
        entry->op = op;
        entry->servers_tried = 0;
        entry->overwrite = false;
        if (!node_wins_pick(node, entry)) {
                entry->op = NODE_OP_NONE;
                return false;
        }
        wins_ask(node, entry);
        return true;
}

/* ---- how claims end --------------------------------------------------------------------------------------------------- */

static void claimed(struct node *node, struct node_entry *entry)
{
        node_entry_stop_op(node, entry);
        entry->failed = false;
        entry->retries = 0;
        entry->retry_at = MONO_NEVER;
        node_entry_set_state(node, entry, NODE_STATE_REGISTERED);
        node_claim_settle(node, entry->name);
}

/* Every server was silent, or is known to be. */
static void servers_silent(struct node *node, struct node_entry *entry)
{
        node_entry_stop_op(node, entry);
        if (node_uses_wins(node, entry->iface))
                node_refresh_retry(node, entry);
        if (entry->state == NODE_STATE_REGISTERED)
                return;
        if (entry->by_broadcast)
                claimed(node, entry); /* M: the segment consented; behaves as B until a server speaks */
        else if (node_uses_broadcast(node))
                broadcast_begin(node, entry); /* H: as B until a server speaks (KB119493) */
        else
                node_claim_settle(node, entry->name); /* P: goes on trying, without the name */
}

/* M nodes do; H nodes once the name was lost, for it may be a B node of the segment, of which no server knows, that took it.
 * ASSUMPTION: without that every retry would bring the conflict back. */
static bool asks_segment_first(const struct node *node, const struct node_entry *entry)
{
        return node->config.type == NODE_TYPE_M || (node->config.type == NODE_TYPE_H && entry->failed);
}

static void broadcast_consented(struct node *node, struct node_entry *entry)
{
        broadcast_send(node, entry, true); /* NAME OVERWRITE DEMAND, RFC 1002 §5.1.1.1 */
        entry->late_id = entry->trans.id;
        entry->late_until = mono_add_ms(node->now, NODE_LATE_REFUSAL_MS);
        entry->by_broadcast = true;
        node->statistics.registered_by_broadcast++;
        node_entry_stop_op(node, entry);
        if (asks_segment_first(node, entry) && wins_begin(node, entry, NODE_OP_CLAIM_WINS))
                return;
        claimed(node, entry);
        if (node_uses_wins(node, entry->iface) && entry->refresh_at.ns == MONO_NEVER.ns)
                node_refresh_retry(node, entry); /* all servers are thought down: they are told when they are back */
}

static void wins_consented(struct node *node, struct node_entry *entry, uint32_t ttl_s)
{
        if (!entry->by_wins)
                node->statistics.registered_by_wins++;
        node_wins_answered(node, entry);
        entry->by_wins = true;
        entry->ttl_s = ttl_s;
        claimed(node, entry);
        node_refresh_plan(node, entry);
}

void node_claim_refused(struct node *node, struct node_entry *entry, uint32_t peer, uint32_t holder, uint8_t opcode,
                        uint8_t rcode)
{
        if (!entry->failed) { /* a quiet retry is refused as quietly */
                struct node_notice *notice = node_emit_notice(node, NODE_NOTICE_REFUSED, entry);

                notice->peer = peer;
                notice->holder = holder;
                notice->opcode = opcode;
                notice->rcode = rcode;
                notice->by_wins = node_wins_is_server(entry->iface, peer);
                notice->new_state = entry->name->kind == NODE_NAME_GROUP ? NODE_STATE_RELEASED : NODE_STATE_CONFLICT;
        }
        node_entry_lose(node, entry, peer);
        node_claim_settle(node, entry->name);
}

/* ---- beginnings ------------------------------------------------------------------------------------------------------- */

static void start(struct node *node, struct node_entry *entry)
{
        node_entry_stop_op(node, entry);
        node_verify_cancel(node, entry);
        entry->retry_at = entry->refresh_at = MONO_NEVER;
        entry->late_until = (mono_t){0};
        entry->reclaim = entry->by_wins = entry->by_broadcast = false;
        entry->address = entry->iface->config.address;
        if (!node_if_usable(entry->iface) || (!node_uses_broadcast(node) && !node_uses_wins(node, entry->iface))) {
                /* ASSUMPTION: a P node's name idles on an interface without a WINS server, as on one that is down */
                node_entry_set_state(node, entry, NODE_STATE_IDLE);
                node_claim_settle(node, entry->name);
                return;
        }
        if (!entry->failed)
                node_entry_set_state(node, entry, NODE_STATE_REGISTERING);
        if (asks_segment_first(node, entry))
                broadcast_begin(node, entry);
        else if (!wins_begin(node, entry, NODE_OP_CLAIM_WINS))
                servers_silent(node, entry);
}

void node_claim_start(struct node *node, struct node_entry *entry)
{
        entry->failed = false;
        entry->retries = 0;
        start(node, entry);
}

void node_claim_retry(struct node *node, struct node_entry *entry)
{
        entry->retries++;
        start(node, entry);
}

void node_claim_wins_start(struct node *node, struct node_entry *entry)
{
        entry->address = entry->iface->config.address;
        if (!wins_begin(node, entry, NODE_OP_CLAIM_WINS))
                node_refresh_retry(node, entry);
}

void node_refresh_begin(struct node *node, struct node_entry *entry)
{
        entry->address = entry->iface->config.address;
        if (!wins_begin(node, entry, NODE_OP_REFRESH))
                node_refresh_retry(node, entry);
}

/* ---- timers ----------------------------------------------------------------------------------------------------------- */

static void wins_timer(struct node *node, struct node_entry *entry)
{
        if (entry->tries < node->config.timing.name_srv_query_count) {
                wins_try(node, entry);
                return;
        }
        node_wins_silent(node, entry);
        if (node_wins_pick(node, entry))
                wins_ask(node, entry);
        else
                servers_silent(node, entry);
}

static void challenge_try(struct node *node, struct node_entry *entry)
{
        struct nbns_packet packet;

        entry->tries++;
        nbns_build_query(&packet, entry->trans.id, &entry->name->name, &node->config.scope, NBNS_TYPE_NB, false, false);
        node_emit_packet(node, entry->iface, entry->challenged, NBNS_PORT, &packet);
        node_arm_ms(node, &entry->timer, node->config.timing.name_srv_query_timeout_ms);
}

/* The old owner no longer defends the name: tell the server so (RFC 1002 §5.1.2.1). */
static void challenge_won(struct node *node, struct node_entry *entry)
{
        entry->op = NODE_OP_CLAIM_WINS;
        entry->overwrite = true;
        wins_ask(node, entry);
}

void node_claim_timer(struct node *node, struct node_entry *entry)
{
        entry->timer = MONO_NEVER;
        switch (entry->op) {
        case NODE_OP_CLAIM_BCAST:
                if (entry->tries < node->config.timing.bcast_claim_count)
                        broadcast_try(node, entry);
                else
                        broadcast_consented(node, entry);
                return;
        case NODE_OP_CLAIM_WINS:
        case NODE_OP_REFRESH:
                wins_timer(node, entry);
                return;
        case NODE_OP_CHALLENGE:
                if (entry->tries < node->config.timing.name_srv_query_count)
                        challenge_try(node, entry);
                else
                        challenge_won(node, entry);
                return;
        case NODE_OP_NONE:
        case NODE_OP_RELEASE_BCAST:
        case NODE_OP_RELEASE_WINS:
                return;
        }
}

/* ---- answers ---------------------------------------------------------------------------------------------------------- */

static uint32_t named_address(const struct node_packet *packet)
{
        return nbns_rr_address_count(&packet->nbns.answer) ? nbns_rr_address_get(&packet->nbns.answer, 0).address : 0;
}

bool node_wack(struct node *node, struct node_entry *entry, const struct node_packet *packet)
{
        if (packet->nbns.header.opcode != NBNS_OPCODE_WACK)
                return false;
        if (entry->wack_until.ns == MONO_NEVER.ns)
                entry->wack_until = mono_add_ms(node->now, NODE_WACK_LIMIT_MS);
        const mono_t at =
                mono_min(mono_add_ms(node->now, (uint64_t)packet->nbns.answer.ttl_s * 1000), entry->wack_until);
        if (at.ns > entry->timer.ns) /* it extends, it never shortens */
                entry->timer = at;
        return true;
}

/* RFC 1002 §4.2.7 END-NODE CHALLENGE: rcode 0, RA 0, and the address of him we are to ask. */
static bool is_challenge(const struct node *node, const struct node_entry *entry, const struct node_packet *packet)
{
        const uint32_t address = named_address(packet);

        return entry->op == NODE_OP_CLAIM_WINS && !entry->overwrite && entry->name->kind == NODE_NAME_UNIQUE &&
               !packet->nbns.header.ra && address != 0 && address != entry->address &&
               !node_is_own_address(node, address);
}

static void wins_response(struct node *node, struct node_entry *entry, const struct node_packet *packet)
{
        const struct nbns_header *header = &packet->nbns.header;
        const uint32_t named = named_address(packet);

        if (packet->source != entry->server_address || node_wack(node, entry, packet))
                return;
        switch (header->rcode) {
        case NBNS_RCODE_OK:
                if (is_challenge(node, entry, packet)) {
                        entry->op = NODE_OP_CHALLENGE;
                        entry->challenged = named;
                        node_trans_begin(node, &entry->trans, NODE_TRANS_ENTRY);
                        entry->tries = 0;
                        challenge_try(node, entry);
                        return;
                }
                wins_consented(node, entry, packet->nbns.answer.ttl_s);
                return;
        case NBNS_RCODE_RFS_ERR:
        case NBNS_RCODE_ACT_ERR:
        case NBNS_RCODE_CFT_ERR:
                node_wins_answered(node, entry);
                node_claim_refused(node, entry, packet->source, node_is_own_address(node, named) ? 0 : named,
                                   header->opcode, header->rcode);
                return;
        case NBNS_RCODE_NAM_ERR:
                if (entry->op == NODE_OP_REFRESH) { /* it forgot us */
                        node_entry_stop_op(node, entry);
                        entry->by_wins = false;
                        node_claim_wins_start(node, entry);
                        return;
                }
                break;
        default: /* FMT, SRV, IMP: no server, or one in trouble. The next one. */
                break;
        }
        entry->tries = UINT32_MAX;
        wins_timer(node, entry);
}

static void broadcast_response(struct node *node, struct node_entry *entry, const struct node_packet *packet)
{
        const struct node_iface *config = &entry->iface->config;
        const uint32_t named = named_address(packet);

        /* only who is on the segment we asked; consent needs no words */
        if (!ip4_same_subnet(packet->source, config->address, config->netmask) ||
            packet->nbns.header.rcode == NBNS_RCODE_OK || packet->nbns.header.opcode == NBNS_OPCODE_WACK)
                return;
        node_claim_refused(node, entry, packet->source, node_is_own_address(node, named) ? 0 : named,
                           packet->nbns.header.opcode, packet->nbns.header.rcode);
}

void node_claim_response(struct node *node, struct node_entry *entry, const struct node_packet *packet)
{
        switch (entry->op) {
        case NODE_OP_CLAIM_BCAST:
                if (packet->nbns.header.opcode != NBNS_OPCODE_QUERY)
                        broadcast_response(node, entry, packet);
                return;
        case NODE_OP_CLAIM_WINS:
        case NODE_OP_REFRESH:
                if (packet->nbns.header.opcode != NBNS_OPCODE_QUERY)
                        wins_response(node, entry, packet);
                return;
        case NODE_OP_CHALLENGE:
                if (packet->nbns.header.opcode != NBNS_OPCODE_QUERY || packet->source != entry->challenged)
                        return;
                if (packet->nbns.header.rcode == NBNS_RCODE_OK)
                        node_claim_refused(node, entry, packet->source, packet->source, NBNS_OPCODE_QUERY,
                                           NBNS_RCODE_ACT_ERR);
                else
                        challenge_won(node, entry);
                return;
        case NODE_OP_NONE:
        case NODE_OP_RELEASE_BCAST:
        case NODE_OP_RELEASE_WINS:
                return;
        }
}

/* ---- commands that wait ------------------------------------------------------------------------------------------------ */

static bool is_busy(const struct node_entry *entry)
{
        return entry->op != NODE_OP_NONE &&
               (entry->state == NODE_STATE_REGISTERING || entry->state == NODE_STATE_RELEASING);
}

static int add_result(const struct node_name *name)
{
        int result = 0;

        for (const struct node_entry *entry = name->entries; entry; entry = entry->next) {
                if (entry->state == NODE_STATE_REGISTERED)
                        return 0;
                if (entry->failed)
                        result = NBT_ERR_CONFLICT;
                else if (entry->state == NODE_STATE_REGISTERING && result == 0)
                        result = NBT_ERR_TIMEOUT;
        }
        return result;
}

static bool any_busy(const struct node_name *name)
{
        for (const struct node_entry *entry = name->entries; entry; entry = entry->next)
                if (is_busy(entry))
                        return true;
        return false;
}

void node_claim_settle(struct node *node, struct node_name *name)
{
        if (name->has_add && !any_busy(name)) {
                name->has_add = false;
                node_emit_complete(node, name->add_id, add_result(name), &name->name);
        }
        if (!node->has_rr)
                return;
        for (size_t i = 0; i < node->name_count; i++)
                if (any_busy(node->names[i]))
                        return;
        node->has_rr = false;
        node_emit_complete(node, node->rr_id, 0, NULL);
}
