#include "node/internal.h"

#include <stdlib.h>

struct node_name *node_name_find(const struct node *node, const struct nb_name *name)
{
        for (size_t i = 0; i < node->name_count; i++)
                if (!node->names[i]->dead && nb_name_equal(&node->names[i]->name, name))
                        return node->names[i];
        return NULL;
}

int node_name_new(struct node *node, const struct nb_name *name, enum node_name_kind kind, struct node_name **ret)
{
        struct node_name *known = node_name_find(node, name);

        if (known) {
                *ret = known;
                return NBT_ERR_EXISTS;
        }
        if (node->name_count == NODE_MAX_NAMES)
                return NBT_ERR_FULL;
        struct node_name *new = calloc(1, sizeof(*new));
        if (!new)
                return NBT_ERR_NOMEM;
        new->name = *name;
        new->kind = kind;
        node->names[node->name_count++] = new;
        *ret = new;
        return 0;
}

void node_name_kill(struct node *node, struct node_name *name)
{
        name->dead = true;
        node->has_dead = true;
}

static void free_name(struct node *node, struct node_name *name)
{
        while (name->entries)
                node_entry_unlink(node, name->entries);
        free(name);
}

void node_sweep(struct node *node)
{
        size_t kept = 0;

        if (!node->has_dead)
                return;
        for (size_t i = 0; i < node->name_count; i++)
                if (node->names[i]->dead)
                        free_name(node, node->names[i]);
                else
                        node->names[kept++] = node->names[i];
        node->name_count = kept;
        node->has_dead = false;
}

struct node_entry *node_entry_find(const struct node_name *name, const struct node_if *iface)
{
        struct node_entry *entry = name->entries;

        while (entry && entry->iface != iface)
                entry = entry->next;
        return entry;
}

int node_entry_new(struct node_name *name, struct node_if *iface, struct node_entry **ret)
{
        struct node_entry **at = &name->entries;
        struct node_entry *entry = calloc(1, sizeof(*entry));

        if (!entry)
                return NBT_ERR_NOMEM;
        entry->name = name;
        entry->iface = iface;
        entry->timer = entry->refresh_at = entry->retry_at = entry->verify.timer = entry->wack_until = MONO_NEVER;
        while (*at)
                at = &(*at)->next;
        *at = entry;
        *ret = entry;
        return 0;
}

void node_entry_unlink(struct node *node, struct node_entry *entry)
{
        struct node_entry **at = &entry->name->entries;

        node_entry_stop_op(node, entry);
        node_trans_end(node, &entry->verify.trans);
        while (*at != entry)
                at = &(*at)->next;
        *at = entry->next;
        free(entry);
}

void node_entry_set_state(struct node *node, struct node_entry *entry, enum node_name_state state)
{
        if (entry->state == state)
                return;
        struct node_notice *notice = node_emit_notice(node, NODE_NOTICE_STATE, entry);
        notice->old_state = entry->state;
        notice->new_state = state;
        notice->peer = state == NODE_STATE_CONFLICT ? entry->conflict_peer : 0;
        notice->by_wins = notice->peer && node_wins_is_server(entry->iface, notice->peer);
        entry->state = state;
        if (state != NODE_STATE_REGISTERED)
                node_verify_cancel(node, entry);
        if (state != NODE_STATE_REGISTERED &&
            state != NODE_STATE_RELEASING) /* which still tells whom to release it to */
                entry->by_wins = entry->by_broadcast = false;
        if (state != NODE_STATE_CONFLICT)
                entry->conflict_peer = 0;
}

void node_entry_stop_op(struct node *node, struct node_entry *entry)
{
        node_trans_end(node, &entry->trans);
        entry->op = NODE_OP_NONE;
        entry->timer = MONO_NEVER;
        entry->wack_until = MONO_NEVER;
}

static void plan_retry(struct node *node, struct node_entry *entry)
{
        const uint32_t first_ms = node->config.timing.conflict_retry_ms;

        entry->retry_at = MONO_NEVER;
        if (!first_ms || entry->retries >= node->config.timing.conflict_retry_count)
                return;
        /* doubled each time, up to 2^10 times: after that the interval is longer than anyone waits */
        const uint32_t shift = entry->retries < 10 ? entry->retries : 10;
        node_arm_ms(node, &entry->retry_at, (uint64_t)node_jitter(node, first_ms) << shift);
}

void node_entry_lose(struct node *node, struct node_entry *entry, uint32_t peer)
{
        node_entry_stop_op(node, entry);
        entry->refresh_at = MONO_NEVER;
        entry->failed = true;
        if (peer || entry->state != NODE_STATE_CONFLICT)
                entry->conflict_peer = peer;
        /* group names never go into conflict (KB314696) */
        node_entry_set_state(node, entry,
                             entry->name->kind == NODE_NAME_GROUP ? NODE_STATE_RELEASED : NODE_STATE_CONFLICT);
        plan_retry(node, entry);
}

struct node_if *node_if_find(const struct node *node, uint32_t id)
{
        for (size_t i = 0; i < node->iface_count; i++)
                if (node->ifaces[i]->config.id == id)
                        return node->ifaces[i];
        return NULL;
}

bool node_if_usable(const struct node_if *iface)
{
        return iface->config.up && iface->config.netbios_enabled && iface->config.address != 0;
}

bool node_is_own_address(const struct node *node, uint32_t address)
{
        for (size_t i = 0; i < node->iface_count; i++)
                if (node->ifaces[i]->config.up && node->ifaces[i]->config.address == address && address != 0)
                        return true;
        return false;
}

bool node_name_is_held(const struct node_name *name)
{
        for (const struct node_entry *entry = name->entries; entry; entry = entry->next)
                if (entry->state == NODE_STATE_REGISTERED)
                        return true;
        return false;
}
