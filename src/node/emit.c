#include "node/internal.h"

#include <string.h>

struct node_action *node_emit(struct node *node, enum node_action_type type)
{
        struct node_actions *out = node->out;
        struct node_action *action = arena_alloc(out->arena, sizeof(*action));

        if (!action) {
                node->failed = true;
                return NULL;
        }
        action->type = type;
        if (out->last)
                out->last->next = action;
        else
                out->first = action;
        out->last = action;
        out->count++;
        return action;
}

static void emit_send(struct node *node, const struct node_if *iface, uint32_t destination, uint16_t port,
                      bool broadcast, const struct nbns_packet *packet)
{
        uint8_t buffer[NBNS_MAX_BYTES];
        const int len = nbns_packet_encode(packet, buffer, sizeof(buffer));

        if (len < 0)
                return; /* only a status table could be too big, and that is cut to fit */
        const uint8_t *bytes = arena_copy(node->out->arena, buffer, (size_t)len);
        struct node_action *action = bytes ? node_emit(node, NODE_ACTION_SEND) : NULL;
        if (!action) {
                node->failed = true;
                return;
        }
        action->send.iface_id = iface->config.id;
        action->send.destination = destination;
        action->send.port = port;
        action->send.broadcast = broadcast;
        action->send.bytes = bytes;
        action->send.len_bytes = (size_t)len;
        node->statistics.packets_out++;
}

void node_emit_packet(struct node *node, const struct node_if *iface, uint32_t destination, uint16_t port,
                      const struct nbns_packet *packet)
{
        emit_send(node, iface, destination, port, false, packet);
}

void node_emit_broadcast(struct node *node, const struct node_if *iface, const struct nbns_packet *packet)
{
        emit_send(node, iface, iface->config.broadcast, NBNS_PORT, true, packet);
}

struct node_notice *node_emit_if_notice(struct node *node, enum node_notice_type type, const struct node_if *iface)
{
        static _Thread_local struct node_notice scratch; /* written, never read */
        struct node_action *action = node_emit(node, NODE_ACTION_NOTIFY);
        struct node_notice *notice = action ? &action->notice : &scratch;

        *notice = (struct node_notice){.type = type};
        if (iface) {
                notice->iface_id = iface->config.id;
                notice->iface_address = iface->config.address;
                memcpy(notice->iface_label, iface->config.label, sizeof(notice->iface_label));
        }
        return notice;
}

struct node_notice *node_emit_notice(struct node *node, enum node_notice_type type, const struct node_entry *entry)
{
        struct node_notice *notice = node_emit_if_notice(node, type, entry->iface);

        notice->name = entry->name->name;
        notice->kind = entry->name->kind;
        notice->old_state = notice->new_state = entry->state;
        return notice;
}

void node_emit_complete(struct node *node, uint64_t id, int result, const struct nb_name *name)
{
        struct node_action *action = node_emit(node, NODE_ACTION_COMPLETE);

        if (!action)
                return;
        action->complete.id = id;
        action->complete.result = result;
        if (name)
                action->complete.name = *name;
}

void node_emit_resources(struct node *node)
{
        if (!mono_is_due(node->resources_earliest, node->now))
                return;
        /* event 4322 speaks of "the last 1 hour" */
        node->resources_earliest = mono_add_ms(node->now, NODE_RESOURCES_INTERVAL_MS);
        (void)node_emit_if_notice(node, NODE_NOTICE_RESOURCES, NULL);
}

bool node_fold_pass(struct node *node, struct node_fold *fold, uint32_t peer, uint32_t *ret_repeated)
{
        if (mono_is_due(fold->until, node->now)) {
                fold->until = mono_add_ms(node->now, NODE_VERIFY_MIN_INTERVAL_MS);
                fold->count = 0;
        }
        bool known = fold->count == NODE_FOLD_PEERS;
        for (size_t i = 0; i < fold->count; i++)
                known = known || fold->peers[i] == peer;
        if (known) {
                fold->repeated++;
                return false;
        }
        fold->peers[fold->count++] = peer;
        *ret_repeated = fold->repeated;
        fold->repeated = 0;
        return true;
}

uint16_t node_nb_flags(const struct node *node, enum node_name_kind kind)
{
        const uint16_t group = kind == NODE_NAME_GROUP ? NBNS_NB_GROUP : 0;

        switch (node->config.type) {
        case NODE_TYPE_P:
                return group | NBNS_NB_ONT_P;
        case NODE_TYPE_M:
                return group | NBNS_NB_ONT_M;
        case NODE_TYPE_H:
                return group | NBNS_NB_ONT_H;
        case NODE_TYPE_B:
                break;
        }
        return group | NBNS_NB_ONT_B;
}
