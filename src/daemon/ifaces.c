#include "daemon/ifaces.h"

#include <stdio.h>
#include <string.h>

/* ---- what the kernel has, as the node sees it --------------------------------------------------------------------- */

static bool is_named(const struct daemon_config *config, uint32_t address)
{
        for (size_t i = 0; i < config->switches->iface_count; i++) {
                uint32_t named;

                if (ip4_parse(config->switches->ifaces[i], &named) == 0 && named == address)
                        return true;
        }
        return false;
}

static void fill(const struct daemon_config *config, const struct netif *netif, const struct netif_address *address,
                 struct node_iface *ret)
{
        *ret = (struct node_iface){
                .address = address->address,
                .netmask = address->netmask,
                .broadcast = address->broadcast,
                .up = netif->up,
                .netbios_enabled = true,
        };
        snprintf(ret->label, sizeof ret->label, "%s", netif->name);
        memcpy(ret->mac, netif->mac, sizeof ret->mac);
        daemon_config_iface(config, netif->name, NULL, ret);
}

/* Field by field: padding and unused WINS places do not count. */
static bool is_equal(const struct node_iface *a, const struct node_iface *b)
{
        return strcmp(a->label, b->label) == 0 && a->address == b->address && a->netmask == b->netmask &&
               a->broadcast == b->broadcast && memcmp(a->mac, b->mac, sizeof a->mac) == 0 && a->up == b->up &&
               a->netbios_enabled == b->netbios_enabled && a->wins_count == b->wins_count &&
               memcmp(a->wins, b->wins, a->wins_count * sizeof a->wins[0]) == 0;
}

static struct iface_row *find_row(struct iface_table *table, uint32_t ifindex, uint32_t address)
{
        for (size_t i = 0; i < table->count; i++)
                if (table->rows[i].ifindex == ifindex && table->rows[i].iface.address == address)
                        return &table->rows[i];
        return NULL;
}

/* ---- update ------------------------------------------------------------------------------------------------------- */

struct update {
        struct iface_table *table;
        struct iface_change *changes;
        size_t change_count;
        bool no_room;
};

static void add_change(struct update *update, enum iface_change_type type, const struct node_iface *iface)
{
        if (update->change_count < IFACE_MAX_CHANGES)
                update->changes[update->change_count++] = (struct iface_change){type, *iface};
}

static void take(struct update *update, uint32_t ifindex, struct node_iface *iface)
{
        struct iface_table *table = update->table;
        struct iface_row *row = find_row(table, ifindex, iface->address);

        if (!row && table->count == NODE_MAX_IFACES) {
                if (!update->no_room)
                        add_change(update, IFACE_NO_ROOM, iface);
                update->no_room = true; /* said once a round */
                return;
        }
        iface->id = row ? row->iface.id : ++table->last_id;
        if (!row || !is_equal(&row->iface, iface))
                add_change(update, IFACE_SET, iface);
        if (!row)
                row = &table->rows[table->count++];
        *row = (struct iface_row){.ifindex = ifindex, .iface = *iface, .seen = true};
}

static bool is_wanted(const struct daemon_config *config, const struct netif *netif, size_t i, bool has_first)
{
        const uint32_t address = netif->addresses[i].address;

        if (netif->loopback && config->switches->iface_count == 0)
                return false;
        return daemon_config_wants(config, netif->name, address) && (!has_first || is_named(config, address));
}

/* Calls FN for every address that is wanted. */
static void each_wanted(struct update *update, const struct daemon_config *config, const struct netif *netif,
                        void (*fn)(struct update *, uint32_t ifindex, struct node_iface *))
{
        bool has_first = false;

        for (size_t i = 0; i < netif->address_count; i++) {
                struct node_iface iface;

                if (!is_wanted(config, netif, i, has_first))
                        continue;
                has_first = true;
                fill(config, netif, &netif->addresses[i], &iface);
                fn(update, netif->index, &iface);
        }
}

static void mark(struct update *update, uint32_t ifindex, struct node_iface *iface)
{
        struct iface_row *row = find_row(update->table, ifindex, iface->address);

        if (row)
                row->seen = true;
}

static void sweep(struct update *update)
{
        struct iface_table *table = update->table;
        size_t kept = 0;

        for (size_t i = 0; i < table->count; i++) {
                if (table->rows[i].seen)
                        table->rows[kept++] = table->rows[i];
                else
                        add_change(update, IFACE_GONE, &table->rows[i].iface);
        }
        table->count = kept;
}

size_t iface_table_update(struct iface_table *table, const struct daemon_config *config, const struct netif *netifs,
                          size_t netif_count, struct iface_change ret[IFACE_MAX_CHANGES])
{
        struct update update = {.table = table, .changes = ret};

        for (size_t i = 0; i < table->count; i++)
                table->rows[i].seen = false;
        /* First what is gone, so that a changed address does not meet itself under the old one. */
        for (size_t i = 0; i < netif_count; i++)
                each_wanted(&update, config, &netifs[i], mark);
        sweep(&update);
        for (size_t i = 0; i < netif_count; i++)
                each_wanted(&update, config, &netifs[i], take);
        return update.change_count;
}

/* ---- look-up ------------------------------------------------------------------------------------------------------ */

const struct iface_row *iface_table_find(const struct iface_table *table, uint32_t id)
{
        for (size_t i = 0; i < table->count; i++)
                if (table->rows[i].iface.id == id)
                        return &table->rows[i];
        return NULL;
}

const struct iface_row *iface_table_find_address(const struct iface_table *table, uint32_t address)
{
        for (size_t i = 0; i < table->count; i++)
                if (table->rows[i].iface.address == address)
                        return &table->rows[i];
        return NULL;
}

/* Spoken to all on the segment of IFACE; also where BroadcastAddress names another than the kernel's. */
static bool is_broadcast(const struct node_iface *iface, uint32_t destination)
{
        return destination == IP4_BROADCAST || destination == iface->broadcast ||
               destination == (iface->address | ~iface->netmask);
}

const struct iface_row *iface_table_receiver(const struct iface_table *table, uint32_t ifindex, uint32_t source,
                                             uint32_t destination)
{
        const struct iface_row *row = iface_table_find_address(table, destination);

        if (row)
                return row;
        for (size_t i = 0; i < table->count; i++) {
                const struct iface_row *candidate = &table->rows[i];

                if (candidate->ifindex != ifindex || !is_broadcast(&candidate->iface, destination))
                        continue;
                if (!row || ip4_same_subnet(source, candidate->iface.address, candidate->iface.netmask))
                        row = candidate;
        }
        return row;
}

uint32_t iface_table_device(const struct iface_table *table, const struct iface_row *row, uint32_t destination,
                            bool broadcast)
{
        if (broadcast)
                return row->ifindex;
        if (iface_table_find_address(table, destination) ||
            !ip4_same_subnet(destination, row->iface.address, row->iface.netmask))
                return 0;
        return row->ifindex;
}
