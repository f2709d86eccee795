#include "node/internal.h"

#include <stdlib.h>
#include <string.h>

int node_name_spread(struct node *node, struct node_name *name)
{
        for (size_t i = 0; i < node->iface_count; i++) {
                struct node_entry *entry = node_entry_find(name, node->ifaces[i]);

                if (!entry) {
                        const int r = node_entry_new(name, node->ifaces[i], &entry);
                        if (r < 0)
                                return r;
                }
                if (node->started && !name->remove && entry->state == NODE_STATE_IDLE)
                        node_claim_start(node, entry);
        }
        return 0;
}

static int spread_all(struct node *node)
{
        for (size_t i = 0; i < node->name_count; i++) {
                const int r = node_name_spread(node, node->names[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add(struct node *node, const struct node_iface *config)
{
        if (node->iface_count == NODE_MAX_IFACES) {
                node_emit_resources(node);
                return 0;
        }
        struct node_if *iface = calloc(1, sizeof(*iface));
        if (!iface)
                return NBT_ERR_NOMEM;
        iface->config = *config;
        iface->failover_at = iface->primary_retry_at = MONO_NEVER;
        node->ifaces[node->iface_count++] = iface;
        node_wins_set(node, iface);
        return spread_all(node);
}

/* An address that has gone cannot say so: another of this machine does, or the server would tell it until the record expires. To a
 * server that knew but one of them this takes the name back; so the other one says at once that it is there. */
static void release_by_another(struct node *node, const struct node_entry *gone, uint32_t old_address)
{
        for (struct node_entry *entry = gone->name->entries; entry; entry = entry->next) {
                if (entry == gone || !node_if_usable(entry->iface) || !entry->by_wins ||
                    entry->state != NODE_STATE_REGISTERED || entry->op != NODE_OP_NONE)
                        continue;
                node_release_quick(node, entry, old_address);
                node_refresh_begin(node, entry);
                return;
        }
}

/* The interface can no longer carry names; AWAY tells that not even packets can leave by it. */
static void idle(struct node *node, struct node_entry *entry, bool away, uint32_t old_address)
{
        const bool is_known = entry->by_wins && entry->state == NODE_STATE_REGISTERED;

        if (is_known && !away)
                node_release_quick(node, entry, old_address);
        else if (is_known && node->started && entry->name->kind == NODE_NAME_UNIQUE)
                release_by_another(node, entry, old_address);
        node_entry_stop_op(node, entry);
        entry->refresh_at = entry->retry_at = MONO_NEVER;
        entry->late_until = (mono_t){0};
        /* wanted still: -RR was about to claim it again, or it is a group's name that was refused */
        const bool wanted = entry->reclaim || entry->failed;
        entry->reclaim = entry->failed = false;
        if (entry->state == NODE_STATE_RELEASED && !wanted)
                return;
        const bool releasing = entry->state == NODE_STATE_RELEASING && !wanted;
        node_entry_set_state(node, entry, releasing ? NODE_STATE_RELEASED : NODE_STATE_IDLE);
        if (releasing)
                node_release_settle(node, entry->name);
        node_claim_settle(node, entry->name);
}

static void idle_all(struct node *node, const struct node_if *iface, bool away, uint32_t old_address)
{
        for (size_t i = 0; i < node->name_count; i++) {
                struct node_entry *entry = node_entry_find(node->names[i], iface);
                if (entry)
                        idle(node, entry, away, old_address);
        }
}

/* A new address: what the servers know under the old one is taken back, and the name is claimed with the new. */
static void readdress(struct node *node, const struct node_if *iface, uint32_t old_address)
{
        for (size_t i = 0; i < node->name_count; i++) {
                struct node_entry *entry = node_entry_find(node->names[i], iface);

                if (!entry || entry->state == NODE_STATE_RELEASING ||
                    (entry->state == NODE_STATE_RELEASED && !entry->failed))
                        continue;
                const bool asking = entry->op == NODE_OP_CLAIM_WINS || entry->op == NODE_OP_REFRESH;
                if (asking && !entry->by_wins)
                        entry->registered_server = entry->server_address;
                if (old_address && (entry->by_wins || asking))
                        node_release_quick(node, entry, old_address);
                if (node->started)
                        node_claim_start(node, entry);
        }
}

static bool same_wins(const struct node_iface *a, const struct node_iface *b)
{
        return a->wins_count == b->wins_count && memcmp(a->wins, b->wins, sizeof(a->wins[0]) * a->wins_count) == 0;
}

static void rewins_entry(struct node *node, struct node_entry *entry)
{
        const bool asking =
                entry->op == NODE_OP_CLAIM_WINS || entry->op == NODE_OP_REFRESH || entry->op == NODE_OP_CHALLENGE;

        if (entry->by_wins && !node_wins_is_server(entry->iface, entry->registered_server)) {
                node_release_quick(node, entry, entry->address);
                entry->by_wins = false;
        }
        if (asking)
                node_entry_stop_op(node, entry); /* its index into the list means nothing any more */
        if (entry->failed) {
                if (asking)
                        node_entry_lose(node, entry, 0);
        } else if (entry->state == NODE_STATE_REGISTERED && entry->by_wins) {
                if (asking)
                        node_refresh_begin(node, entry);
        } else if (entry->state == NODE_STATE_REGISTERED && entry->by_broadcast) {
                if (node_uses_wins(node, entry->iface))
                        node_claim_wins_start(node, entry);
        } else if (entry->state == NODE_STATE_IDLE || entry->state == NODE_STATE_REGISTERED ||
                   (entry->state == NODE_STATE_REGISTERING && entry->op == NODE_OP_NONE)) {
                node_claim_start(node, entry);
        }
}

static void rewins(struct node *node, const struct node_if *iface)
{
        for (size_t i = 0; node->started && i < node->name_count; i++) {
                struct node_entry *entry = node_entry_find(node->names[i], iface);
                if (entry)
                        rewins_entry(node, entry);
        }
}

int node_iface_change(struct node *node, const struct node_iface *config)
{
        struct node_if *iface = node_if_find(node, config->id);

        if (!iface)
                return add(node, config);
        const struct node_iface old = iface->config;
        const bool was_usable = node_if_usable(iface);
        iface->config = *config;
        const bool usable = node_if_usable(iface);
        /* NetBIOS was switched off on a live interface: the old address still reaches the server */
        const bool away = !config->up || config->address != old.address;
        if (was_usable && !usable)
                idle_all(node, iface, away, old.address);
        const bool wins_changed = !same_wins(&old, config);
        if (wins_changed)
                node_wins_set(node, iface);
        if (!usable)
                return 0;
        if (!was_usable || old.address != config->address)
                readdress(node, iface, was_usable ? old.address : 0);
        else if (wins_changed)
                rewins(node, iface);
        return 0;
}

void node_iface_gone(struct node *node, uint32_t id)
{
        struct node_if *iface = node_if_find(node, id);

        if (!iface)
                return;
        idle_all(node, iface, true, iface->config.address);
        for (size_t i = 0; i < node->name_count; i++) {
                struct node_entry *entry = node_entry_find(node->names[i], iface);
                if (entry)
                        node_entry_unlink(node, entry);
        }
        for (size_t i = 0; i < node->iface_count; i++)
                if (node->ifaces[i] == iface) {
                        node->ifaces[i] = node->ifaces[--node->iface_count];
                        break;
                }
        free(iface);
}

static void resume_entry(struct node *node, struct node_entry *entry)
{
        if (entry->state == NODE_STATE_RELEASED && !entry->failed)
                return;
        if (entry->state == NODE_STATE_RELEASING)
                return;
        node_claim_start(node, entry);
}

/* While the machine slept another may have got its names: all are claimed anew, as after a change of address. */
void node_resumed(struct node *node)
{
        for (size_t i = 0; i < node->iface_count; i++)
                for (size_t j = 0; j < node->ifaces[i]->wins_count; j++)
                        node->ifaces[i]->wins[j].down_until = node->now;
        for (size_t i = 0; node->started && i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        resume_entry(node, entry);
}
