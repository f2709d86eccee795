#include "node/internal.h"

#include <string.h>

static const struct node_wins *find_server(const struct node_if *iface, uint32_t address)
{
        for (size_t i = 0; i < iface->wins_count; i++)
                if (iface->wins[i].address == address)
                        return &iface->wins[i];
        return NULL;
}

void node_wins_set(struct node *node, struct node_if *iface)
{
        struct node_wins fresh[NODE_MAX_WINS];
        size_t count = 0;
        const uint32_t old_current = node_wins_current(node, iface);

        for (size_t i = 0; i < iface->config.wins_count; i++) {
                const uint32_t address = iface->config.wins[i];
                const struct node_wins *known = find_server(iface, address);

                /* an address of ours is no server to a node, unless one shares the process: one owns port 137 */
                if (address == 0 || (!node->config.serves_wins && node_is_own_address(node, address)))
                        continue;
                fresh[count++] = known ? *known : (struct node_wins){.address = address};
        }
        memcpy(iface->wins, fresh, sizeof(fresh[0]) * count);
        iface->wins_count = count;
        iface->wins_current = 0;
        for (size_t i = 0; i < count; i++)
                if (fresh[i].address == old_current)
                        iface->wins_current = i;
        if (iface->wins_current == 0)
                iface->failover_at = iface->primary_retry_at = MONO_NEVER;
        iface->primary_probe = false;
}

bool node_wins_is_server(const struct node_if *iface, uint32_t address)
{
        return find_server(iface, address) != NULL;
}

bool node_wins_is_any_server(const struct node *node, uint32_t address)
{
        for (size_t i = 0; i < node->iface_count; i++)
                if (node_wins_is_server(node->ifaces[i], address))
                        return true;
        return false;
}

static bool is_down(const struct node *node, const struct node_wins *server)
{
        return server->down && !mono_is_due(server->down_until, node->now);
}

uint32_t node_wins_current(const struct node *node, const struct node_if *iface)
{
        for (size_t i = 0; i < iface->wins_count; i++) {
                const struct node_wins *server = &iface->wins[(iface->wins_current + i) % iface->wins_count];

                if (!is_down(node, server))
                        return server->address;
        }
        return 0;
}

/* Is the primary to be asked first, though it was silent? By a refresh when its time has come; and by whatever tries again to get a
 * name that was lost: where every name is lost there is nothing to refresh, and the node would never come home. */
static bool is_probe(const struct node_if *iface, const struct node_entry *entry)
{
        return entry->op == NODE_OP_REFRESH ? iface->primary_probe : entry->op == NODE_OP_CLAIM_WINS && entry->failed;
}

bool node_wins_pick(struct node *node, struct node_entry *entry)
{
        struct node_if *iface = entry->iface;
        const size_t first = is_probe(iface, entry) ? 0 : iface->wins_current;

        for (size_t i = 0; i < iface->wins_count; i++) {
                const size_t at = (first + i) % iface->wins_count;

                if (entry->servers_tried & 1u << at || is_down(node, &iface->wins[at]))
                        continue;
                entry->servers_tried = (uint16_t)(entry->servers_tried | 1u << at);
                entry->server = at;
                entry->server_address = iface->wins[at].address;
                return true;
        }
        return false;
}

/* KB247559: the original primary is tried again every 10 min for 60 min, then at TTL/2. */
static void leave_primary(struct node *node, struct node_if *iface)
{
        iface->failover_at = node->now;
        node_arm_ms(node, &iface->primary_retry_at, NODE_PRIMARY_RETRY_MS);
}

static void switch_from(struct node *node, struct node_if *iface, size_t from)
{
        for (size_t i = 1; i < iface->wins_count; i++) {
                const size_t at = (from + i) % iface->wins_count;

                if (is_down(node, &iface->wins[at]))
                        continue;
                if (from == 0)
                        leave_primary(node, iface);
                iface->wins_current = at;
                return;
        }
}

static void server_silent(struct node *node, struct node_if *iface, size_t at)
{
        struct node_wins *server = &iface->wins[at];

        if (at == 0)
                iface->primary_probe = false;
        server->down_until = mono_add_ms(node->now, node->config.timing.wins_down_timeout_ms);
        if (!server->down) {
                struct node_notice *notice = node_emit_if_notice(node, NODE_NOTICE_WINS_DOWN, iface);

                notice->peer = server->address;
                notice->by_wins = true;
                server->down = true;
        }
        if (iface->wins_current == at)
                switch_from(node, iface, at);
}

void node_wins_silent(struct node *node, struct node_entry *entry)
{
        server_silent(node, entry->iface, entry->server);
}

void node_wins_silent_address(struct node *node, struct node_if *iface, uint32_t address)
{
        for (size_t i = 0; i < iface->wins_count; i++)
                if (iface->wins[i].address == address)
                        server_silent(node, iface, i);
}

/* What the secondary registered, the primary must learn: the other names follow, a little apart. */
static void bring_names_home(struct node *node, const struct node_if *iface)
{
        uint64_t after_ms = 0;

        for (size_t i = 0; i < node->name_count; i++) {
                struct node_entry *entry = node_entry_find(node->names[i], iface);

                if (!entry || !entry->by_wins || entry->registered_server == iface->wins[0].address)
                        continue;
                after_ms += NODE_HOMECOMING_MS;
                if (mono_add_ms(node->now, after_ms).ns < entry->refresh_at.ns)
                        node_arm_ms(node, &entry->refresh_at, after_ms);
        }
}

void node_wins_answered(struct node *node, struct node_entry *entry)
{
        struct node_if *iface = entry->iface;
        struct node_wins *server = &iface->wins[entry->server];
        const bool back = entry->server == 0 && iface->wins_current != 0;

        entry->registered_server = server->address;
        if (server->down) {
                struct node_notice *notice = node_emit_if_notice(node, NODE_NOTICE_WINS_UP, iface);

                notice->peer = server->address;
                notice->by_wins = true;
                server->down = false;
        }
        if (back || iface->wins[iface->wins_current].down) {
                if (iface->wins_current == 0 && entry->server != 0)
                        leave_primary(node, iface);
                iface->wins_current = entry->server;
        }
        if (entry->server == 0) {
                iface->failover_at = iface->primary_retry_at = MONO_NEVER;
                iface->primary_probe = false;
        }
        if (back)
                bring_names_home(node, iface);
}

static struct node_entry *any_registered(const struct node *node, const struct node_if *iface)
{
        for (size_t i = 0; i < node->name_count; i++) {
                struct node_entry *entry = node_entry_find(node->names[i], iface);

                if (entry && entry->by_wins && entry->state == NODE_STATE_REGISTERED && entry->op == NODE_OP_NONE)
                        return entry;
        }
        return NULL;
}

void node_wins_timer(struct node *node, struct node_if *iface)
{
        if (!mono_is_due(iface->primary_retry_at, node->now))
                return;
        iface->primary_retry_at = MONO_NEVER;
        if (iface->wins_current == 0 || iface->wins_count == 0)
                return;
        iface->primary_probe = true;
        if (mono_elapsed_ms(iface->failover_at, node->now) < NODE_PRIMARY_RETRY_LIMIT_MS)
                node_arm_ms(node, &iface->primary_retry_at, NODE_PRIMARY_RETRY_MS); /* else: at each refresh */
        struct node_entry *entry = any_registered(node, iface);
        if (entry)
                node_refresh_begin(node, entry);
}
