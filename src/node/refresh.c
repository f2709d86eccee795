#include "node/internal.h"

/* KB164308: at half of the TTL, of all adapters' TTLs the lowest; KB154409's 1/8 only for what has yet to succeed. */
void node_refresh_plan(struct node *node, struct node_entry *entry)
{
        uint32_t lowest_s = 0;

        for (const struct node_entry *e = entry->name->entries; e; e = e->next)
                if (e->by_wins && e->ttl_s != NODE_INFINITE_TTL_S && (lowest_s == 0 || e->ttl_s < lowest_s))
                        lowest_s = e->ttl_s;
        for (struct node_entry *e = entry->name->entries; e; e = e->next) {
                if (!e->by_wins || (e != entry && e->op != NODE_OP_NONE))
                        continue;
                if (lowest_s == 0) {
                        e->refresh_at = MONO_NEVER;
                        continue;
                }
                uint64_t after_ms = (uint64_t)lowest_s * 1000 / 2;
                if (after_ms < NODE_REFRESH_MIN_MS)
                        after_ms = NODE_REFRESH_MIN_MS;
                if (e == entry || mono_add_ms(node->now, after_ms).ns < e->refresh_at.ns)
                        node_arm_ms(node, &e->refresh_at, after_ms);
        }
}

void node_refresh_retry(struct node *node, struct node_entry *entry)
{
        node_arm_ms(node, &entry->refresh_at, node->config.timing.initial_refresh_ms / 8);
}

void node_refresh_due(struct node *node, struct node_entry *entry)
{
        struct node_if *iface = entry->iface;

        entry->refresh_at = MONO_NEVER;
        if (!node_uses_wins(node, iface))
                return;
        if (entry->op != NODE_OP_NONE) {
                node_arm_ms(node, &entry->refresh_at, NODE_REFRESH_MIN_MS);
                return;
        }
        if (iface->wins_current != 0 && iface->primary_retry_at.ns == MONO_NEVER.ns)
                iface->primary_probe = true; /* KB247559: after the 60 minutes, at TTL/2 */
        if (entry->state == NODE_STATE_REGISTERED && entry->by_wins)
                node_refresh_begin(node, entry);
        else if (entry->state == NODE_STATE_REGISTERED || entry->state == NODE_STATE_REGISTERING || entry->failed)
                node_claim_wins_start(node, entry);
}

static void release_refresh_entry(struct node *node, struct node_entry *entry)
{
        if (entry->failed)
                node_claim_start(node, entry);
        else if (entry->state == NODE_STATE_REGISTERED && entry->by_wins)
                node_release_start(node, entry, true);
        else if (entry->state == NODE_STATE_REGISTERED && entry->op == NODE_OP_NONE &&
                 node_uses_wins(node, entry->iface))
                node_claim_wins_start(node, entry);
}

void node_release_refresh(struct node *node, uint64_t command_id)
{
        if (!mono_is_due(node->rr_earliest, node->now) || node->has_rr) {
                node_emit_complete(node, command_id, NBT_ERR_LIMITED, NULL);
                return;
        }
        node->rr_earliest = mono_add_ms(node->now, NODE_RELEASE_REFRESH_MIN_MS);
        /* on all adapters (KB304559); the release's answer is awaited before the name is claimed again (KB228453) */
        for (size_t i = 0; i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        release_refresh_entry(node, entry);
        node->has_rr = true;
        node->rr_id = command_id;
        if (node->name_count)
                node_claim_settle(node, node->names[0]);
        else {
                node->has_rr = false;
                node_emit_complete(node, command_id, 0, NULL);
        }
}
