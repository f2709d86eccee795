#include "io/neigh.h"

#include "io/netlink.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define NEIGH_MAX 65536

struct table {
        struct arena *arena;
        struct neigh *rows;
        size_t count, size;
};

/* Doubles; what the arena loses by that is at most what is used. */
static int grow(struct table *table)
{
        const size_t size = table->size ? table->size * 2 : 64;
        struct neigh *rows;

        if (size > NEIGH_MAX)
                return NBT_ERR_FULL;
        rows = arena_alloc(table->arena, size * sizeof *rows);
        if (!rows)
                return NBT_ERR_NOMEM;
        if (table->count)
                memcpy(rows, table->rows, table->count * sizeof *rows);
        table->rows = rows;
        table->size = size;
        return 0;
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
        struct neigh *row = context;
        uint32_t address;

        if (mnl_attr_get_type(attribute) == NDA_DST && mnl_attr_get_payload_len(attribute) == sizeof address) {
                memcpy(&address, mnl_attr_get_payload(attribute), sizeof address);
                row->address = ntohl(address);
        } else if (mnl_attr_get_type(attribute) == NDA_LLADDR &&
                   mnl_attr_get_payload_len(attribute) == sizeof row->mac) {
                memcpy(row->mac, mnl_attr_get_payload(attribute), sizeof row->mac);
        }
        return MNL_CB_OK;
}

static int take_neighbour(struct table *table, const struct nlmsghdr *nlh)
{
        const struct ndmsg *info = mnl_nlmsg_get_payload(nlh);
        struct neigh row = {0};

        if (mnl_nlmsg_get_payload_len(nlh) < sizeof *info)
                return NBT_ERR_MALFORMED;
        row.ifindex = (uint32_t)info->ndm_ifindex;
        row.fresh = (info->ndm_state & (NUD_REACHABLE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)) != 0;
        if (mnl_attr_parse(nlh, sizeof *info, take_attribute, &row) < 0)
                return NBT_ERR_MALFORMED;
        if (info->ndm_family != AF_INET || !row.address || mac_is_zero(row.mac))
                return 0;
        const int r = table->count == table->size ? grow(table) : 0;
        if (r < 0)
                return r;
        table->rows[table->count++] = row;
        return 0;
}

static int feed(void *context, const void *bytes, size_t len_bytes)
{
        int left = (int)len_bytes, r = 0;

        for (const struct nlmsghdr *nlh = bytes; r == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
                if (nlh->nlmsg_type == NLMSG_ERROR)
                        r = NBT_ERR_IO;
                else if (nlh->nlmsg_type == RTM_NEWNEIGH)
                        r = take_neighbour(context, nlh);
        }
        return r;
}

int neigh_list(struct arena *arena, const struct neigh **ret)
{
        struct table table = {.arena = arena};
        const int r = netlink_dump(RTM_GETNEIGH, AF_INET, feed, &table);

        if (r < 0)
                return r;
        *ret = table.rows;
        return (int)table.count;
}

static const struct neigh *find_best(const struct neigh *rows, int count, uint32_t address, uint32_t ifindex)
{
        const struct neigh *best = NULL;

        for (int i = 0; i < count; i++)
                if (rows[i].address == address && (ifindex == 0 || rows[i].ifindex == ifindex) &&
                    (!best || (rows[i].fresh && !best->fresh)))
                        best = &rows[i];
        return best;
}

int neigh_lookup(uint32_t address, uint32_t ifindex, uint8_t ret_mac[6])
{
        struct arena arena = ARENA_INIT;
        const struct neigh *rows = NULL;
        int r = neigh_list(&arena, &rows);

        if (r >= 0) {
                const struct neigh *best = find_best(rows, r, address, ifindex);

                r = best ? 0 : NBT_ERR_NOT_FOUND;
                if (best)
                        memcpy(ret_mac, best->mac, sizeof best->mac);
        }
        arena_done(&arena);
        return r;
}
