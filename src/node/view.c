#include "node/internal.h"

#include "node/cache.h"

#include <string.h>

static size_t count_entries(const struct node *node)
{
        size_t count = 0;

        for (size_t i = 0; i < node->name_count; i++)
                for (const struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        count++;
        return count;
}

static int view_names(const struct node *node, struct arena *arena, struct node_view *ret)
{
        struct node_view_name *rows = arena_alloc(arena, sizeof(*rows) * count_entries(node));
        size_t count = 0;

        if (!rows)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < node->name_count; i++)
                for (const struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        rows[count++] = (struct node_view_name){
                                .name = entry->name->name,
                                .kind = entry->name->kind,
                                .iface_id = entry->iface->config.id,
                                .state = entry->state,
                                .conflict_peer = entry->conflict_peer,
                                .permanent = entry->name->permanent,
                                .registered_by_wins = entry->state == NODE_STATE_REGISTERED && entry->by_wins,
                                .registered_by_broadcast = entry->state == NODE_STATE_REGISTERED && entry->by_broadcast,
                        };
        ret->names = rows;
        ret->name_count = count;
        return 0;
}

static int view_ifaces(const struct node *node, struct arena *arena, struct node_view *ret)
{
        struct node_iface *rows = arena_alloc(arena, sizeof(*rows) * node->iface_count);
        struct node_view_wins *wins = arena_alloc(arena, sizeof(*wins) * node->iface_count * NODE_MAX_WINS);
        size_t count = 0;

        if (!rows || !wins)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < node->iface_count; i++) {
                const struct node_if *iface = node->ifaces[i];

                rows[i] = iface->config;
                for (size_t j = 0; j < iface->wins_count; j++)
                        wins[count++] = (struct node_view_wins){.iface_id = iface->config.id,
                                                                .address = iface->wins[j].address,
                                                                .up = !iface->wins[j].down,
                                                                .current = j == iface->wins_current};
        }
        ret->ifaces = rows;
        ret->iface_count = node->iface_count;
        ret->wins = wins;
        ret->wins_count = count;
        return 0;
}

static int view_cache(const struct node *node, mono_t now, struct arena *arena, struct node_view *ret)
{
        const size_t limit = node_cache_count(node->cache, now);
        struct node_view_cache *rows = arena_alloc(arena, sizeof(*rows) * limit);
        size_t count = 0;

        if (!rows)
                return NBT_ERR_NOMEM;
        for (const struct node_cache_entry *entry = node_cache_next(node->cache, NULL, now); entry && count < limit;
             entry = node_cache_next(node->cache, entry, now))
                rows[count++] = (struct node_view_cache){.name = entry->name,
                                                         .kind = entry->kind,
                                                         .address_count = entry->address_count,
                                                         .address = entry->addresses[0].address,
                                                         .life_s = node_cache_life_s(entry, now)};
        ret->cache = rows;
        ret->cache_count = count;
        return 0;
}

int node_view(const struct node *node, mono_t now, struct arena *arena, struct node_view *ret)
{
        struct node_view view = {.type = node->config.type,
                                 .scope = node->config.scope,
                                 .recent_broadcast_count = node->recent_broadcast_count,
                                 .statistics = node->statistics};
        int r = view_names(node, arena, &view);

        if (r == 0)
                r = view_ifaces(node, arena, &view);
        if (r == 0)
                r = view_cache(node, now, arena, &view);
        if (r < 0)
                return r;
        memcpy(view.computer, node->config.computer, sizeof(view.computer));
        memcpy(view.workgroup, node->config.workgroup, sizeof(view.workgroup));
        view.recent_broadcast = arena_copy(arena, node->recent_broadcast,
                                           sizeof(node->recent_broadcast[0]) * node->recent_broadcast_count);
        if (!view.recent_broadcast)
                return NBT_ERR_NOMEM;
        *ret = view;
        return 0;
}

static const char *word(const char *const *words, size_t count, size_t i)
{
        return i < count && words[i] ? words[i] : "Unknown";
}

const char *node_state_str(enum node_name_state state)
{
        static const char *const words[] = {
                [NODE_STATE_IDLE] = "Idle",
                [NODE_STATE_REGISTERING] = "Registering",
                [NODE_STATE_REGISTERED] = "Registered",
                [NODE_STATE_CONFLICT] = "Conflict",
                [NODE_STATE_RELEASING] = "Deregistered",
                [NODE_STATE_RELEASED] = "Released",
        };

        return word(words, NBT_ARRAY_SIZE(words), (size_t)state);
}

const char *node_type_str(enum node_type type)
{
        static const char *const words[] = {[NODE_TYPE_B] = "Broadcast",
                                            [NODE_TYPE_P] = "Peer-Peer",
                                            [NODE_TYPE_M] = "Mixed",
                                            [NODE_TYPE_H] = "Hybrid"};

        return word(words, NBT_ARRAY_SIZE(words), (size_t)type);
}

const char *node_notice_str(enum node_notice_type type)
{
        static const char *const words[] = {
                [NODE_NOTICE_STATE] = "state",
                [NODE_NOTICE_DUPLICATE] = "duplicate",
                [NODE_NOTICE_RELEASE_DEMAND] = "release-demand",
                [NODE_NOTICE_REFUSED] = "refused",
                [NODE_NOTICE_DEFENDED] = "defended",
                [NODE_NOTICE_CONFLICT_SENT] = "conflict-sent",
                [NODE_NOTICE_WINS_DOWN] = "wins-down",
                [NODE_NOTICE_WINS_UP] = "wins-up",
                [NODE_NOTICE_RESOURCES] = "resources",
        };

        return word(words, NBT_ARRAY_SIZE(words), (size_t)type);
}

const char *node_verdict_str(enum node_demand_verdict verdict)
{
        static const char *const words[] = {
                [NODE_DEMAND_NOT_VERIFIED] = "not-verified", [NODE_DEMAND_PENDING] = "pending",
                [NODE_DEMAND_CONFIRMED] = "confirmed",       [NODE_DEMAND_UNFOUNDED] = "unfounded",
                [NODE_DEMAND_IGNORED] = "ignored",
        };

        return word(words, NBT_ARRAY_SIZE(words), (size_t)verdict);
}
