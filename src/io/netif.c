#include "io/netif.h"

#include "io/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading netlink messages ------------------------------------------------------------------------------------- */

struct attributes {
        const struct nlattr *at[IFLA_MAX + 1]; /* the largest of the three families */
};

static int keep_attribute(const struct nlattr *attribute, void *context)
{
        struct attributes *attributes = context;
        const uint16_t type = mnl_attr_get_type(attribute);

        if (type <= IFLA_MAX)
                attributes->at[type] = attribute;
        return MNL_CB_OK;
}

/* Zero where the attribute is absent or too short. */
static uint32_t attribute_u32(const struct nlattr *attribute)
{
        uint32_t v = 0;

        if (attribute && mnl_attr_get_payload_len(attribute) >= sizeof v)
                memcpy(&v, mnl_attr_get_payload(attribute), sizeof v);
        return v;
}

static void attribute_text(const struct nlattr *attribute, char *ret, size_t size_bytes)
{
        if (!attribute)
                return;
        const size_t len = strnlen(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute));
        const size_t kept = len < size_bytes ? len : size_bytes - 1;
        memcpy(ret, mnl_attr_get_payload(attribute), kept);
        ret[kept] = '\0';
}

static void read_kind(const struct nlattr *linkinfo, struct netif *row)
{
        struct attributes nested = {0};

        if (linkinfo && mnl_attr_parse_nested(linkinfo, keep_attribute, &nested) >= 0)
                attribute_text(nested.at[IFLA_INFO_KIND], row->kind, sizeof row->kind);
}

static struct netif *find_index(struct netif_table *table, uint32_t index)
{
        for (size_t i = 0; i < table->count; i++)
                if (table->rows[i].index == index)
                        return &table->rows[i];
        return NULL;
}

static bool can_carry(const struct ifinfomsg *info, const struct attributes *attributes)
{
        const struct nlattr *operstate = attributes->at[IFLA_OPERSTATE];

        /* Carrier, and not the operational state: that one follows up to a second late. But a DORMANT one (802.1X, RFC 2863) cannot pass
         * traffic yet. */
        if (operstate && mnl_attr_get_payload_len(operstate) >= 1 && mnl_attr_get_u8(operstate) == IF_OPER_DORMANT)
                return false;
        return (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_LOWER_UP);
}

static int take_link(struct netif_table *table, const struct nlmsghdr *nlh)
{
        const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
        struct attributes attributes = {0};

        if (mnl_nlmsg_get_payload_len(nlh) < sizeof *info ||
            mnl_attr_parse(nlh, sizeof *info, keep_attribute, &attributes) < 0)
                return NBT_ERR_MALFORMED;
        if (table->count == NETIF_MAX)
                return NBT_ERR_FULL;
        struct netif *row = &table->rows[table->count++];
        *row = (struct netif){
                .index = (uint32_t)info->ifi_index,
                .up = can_carry(info, &attributes),
                .loopback = (info->ifi_flags & IFF_LOOPBACK) != 0,
                .broadcast = (info->ifi_flags & IFF_BROADCAST) != 0,
                .point_to_point = (info->ifi_flags & IFF_POINTOPOINT) != 0,
                .mtu = attribute_u32(attributes.at[IFLA_MTU]),
        };
        attribute_text(attributes.at[IFLA_IFNAME], row->name, sizeof row->name);
        read_kind(attributes.at[IFLA_LINKINFO], row);
        const struct nlattr *mac = attributes.at[IFLA_ADDRESS];
        if (mac && mnl_attr_get_payload_len(mac) == sizeof row->mac && info->ifi_type == ARPHRD_ETHER) {
                memcpy(row->mac, mnl_attr_get_payload(mac), sizeof row->mac);
                row->has_mac = !mac_is_zero(row->mac);
        }
        return 0;
}

static uint32_t netmask_of(uint8_t prefix_bits)
{
        return prefix_bits == 0 ? 0 : UINT32_MAX << (32 - prefix_bits);
}

/* A linked list would be shorter here and longer everywhere else: rows grow by one in the arena, which lives briefly. */
static int add_address(struct netif_table *table, struct netif *row, const struct netif_address *address)
{
        if (row->address_count == NETIF_MAX_ADDRESSES)
                return 0; /* ASSUMPTION: who has more than 64 addresses on one device does without NetBIOS on the rest */
        struct netif_address *rows = arena_alloc(table->arena, (row->address_count + 1) * sizeof *rows);
        if (!rows)
                return NBT_ERR_NOMEM;
        if (row->address_count)
                memcpy(rows, row->addresses, row->address_count * sizeof *rows);
        rows[row->address_count++] = *address;
        row->addresses = rows;
        return 0;
}

static int take_address(struct netif_table *table, const struct nlmsghdr *nlh)
{
        const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
        struct attributes attributes = {0};

        if (mnl_nlmsg_get_payload_len(nlh) < sizeof *info ||
            mnl_attr_parse(nlh, sizeof *info, keep_attribute, &attributes) < 0)
                return NBT_ERR_MALFORMED;
        if (info->ifa_family != AF_INET)
                return 0;
        if (info->ifa_prefixlen > 32)
                return NBT_ERR_MALFORMED;
        /* IFA_LOCAL is ours; IFA_ADDRESS the peer's on a point-to-point link, and the same otherwise. */
        const struct nlattr *local = attributes.at[IFA_LOCAL] ? attributes.at[IFA_LOCAL] : attributes.at[IFA_ADDRESS];
        struct netif *row = find_index(table, info->ifa_index);
        if (!row || !local)
                return 0;
        struct netif_address address = {
                .address = ntohl(attribute_u32(local)),
                .prefix_bits = info->ifa_prefixlen,
                .netmask = netmask_of(info->ifa_prefixlen),
                .dynamic = (info->ifa_flags & IFA_F_PERMANENT) == 0,
        };
        address.broadcast = attributes.at[IFA_BROADCAST] ? ntohl(attribute_u32(attributes.at[IFA_BROADCAST]))
                            : info->ifa_prefixlen >= 31  ? address.address
                                                         : address.address | ~address.netmask;
        attribute_text(attributes.at[IFA_LABEL], address.label, sizeof address.label);
        return add_address(table, row, &address);
}

static int take_route(struct netif_table *table, const struct nlmsghdr *nlh)
{
        const struct rtmsg *info = mnl_nlmsg_get_payload(nlh);
        struct attributes attributes = {0};

        if (mnl_nlmsg_get_payload_len(nlh) < sizeof *info ||
            mnl_attr_parse(nlh, sizeof *info, keep_attribute, &attributes) < 0)
                return NBT_ERR_MALFORMED;
        if (info->rtm_family != AF_INET || info->rtm_dst_len != 0 || info->rtm_table != RT_TABLE_MAIN)
                return 0;
        struct netif *row = find_index(table, attribute_u32(attributes.at[RTA_OIF]));
        /* The kernel lists routes of one destination by metric: the first is the best. */
        if (row && row->gateway == 0)
                row->gateway = ntohl(attribute_u32(attributes.at[RTA_GATEWAY]));
        return 0;
}

int netif_table_init(struct netif_table *table, struct arena *arena)
{
        struct netif *rows = arena_alloc(arena, NETIF_MAX * sizeof *rows);

        if (!rows)
                return NBT_ERR_NOMEM;
        *table = (struct netif_table){.arena = arena, .rows = rows};
        return 0;
}

int netif_table_feed(struct netif_table *table, const void *bytes, size_t len_bytes)
{
        int left = (int)len_bytes, r = 0;

        for (const struct nlmsghdr *nlh = bytes; r == 0 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
                switch (nlh->nlmsg_type) {
                case RTM_NEWLINK:
                        r = take_link(table, nlh);
                        break;
                case RTM_NEWADDR:
                        r = take_address(table, nlh);
                        break;
                case RTM_NEWROUTE:
                        r = take_route(table, nlh);
                        break;
                case NLMSG_ERROR:
                        r = NBT_ERR_IO;
                        break;
                case NLMSG_DONE:
                        return 0;
                default: /* deletions and families we did not ask for */
                        break;
                }
        }
        return r;
}

/* ---- snapshot ----------------------------------------------------------------------------------------------------- */

static int feed(void *context, const void *bytes, size_t len_bytes)
{
        return netif_table_feed(context, bytes, len_bytes);
}

int netif_list(struct arena *arena, const struct netif **ret)
{
        struct netif_table table;
        int r = netif_table_init(&table, arena);

        if (r == 0)
                r = netlink_dump(RTM_GETLINK, AF_UNSPEC, feed, &table);
        if (r == 0)
                r = netlink_dump(RTM_GETADDR, AF_INET, feed, &table);
        if (r == 0)
                r = netlink_dump(RTM_GETROUTE, AF_INET, feed, &table);
        if (r < 0)
                return r;
        *ret = table.rows;
        return (int)table.count;
}

const struct netif *netif_find_name(const struct netif *rows, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(rows[i].name, name) == 0)
                        return &rows[i];
        return NULL;
}

const struct netif *netif_find_address(const struct netif *rows, size_t count, uint32_t address)
{
        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < rows[i].address_count; j++)
                        if (rows[i].addresses[j].address == address)
                                return &rows[i];
        return NULL;
}

/* ---- monitor ------------------------------------------------------------------------------------------------------ */

struct netif_monitor {
        struct mnl_socket *socket;
};

int netif_monitor_open(struct netif_monitor **ret)
{
        struct netif_monitor *monitor = calloc(1, sizeof *monitor);

        if (!monitor)
                return NBT_ERR_NOMEM;
        monitor->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (!monitor->socket ||
            mnl_socket_bind(monitor->socket, RTMGRP_LINK | RTMGRP_IPV4_IFADDR, MNL_SOCKET_AUTOPID) < 0) {
                netif_monitor_close(monitor);
                return NBT_ERR_IO;
        }
        *ret = monitor;
        return 0;
}

struct netif_monitor *netif_monitor_close(struct netif_monitor *monitor)
{
        if (monitor && monitor->socket)
                mnl_socket_close(monitor->socket);
        free(monitor);
        return NULL;
}

int netif_monitor_fd(const struct netif_monitor *monitor)
{
        return mnl_socket_get_fd(monitor->socket);
}

bool netif_monitor_drain(struct netif_monitor *monitor)
{
        uint8_t piece[8192];
        bool changed = false;

        /* What it says does not matter (the snapshot is read anew), so a cut message is no harm; ENOBUFS says that some were
         * lost, which is a change too. Bounded, for a stream of changes must not keep the daemon here. */
        for (unsigned i = 0; i < 256; i++) {
                const ssize_t len = recv(netif_monitor_fd(monitor), piece, sizeof piece, MSG_DONTWAIT);

                if (len < 0 && errno != ENOBUFS && errno != EINTR)
                        break;
                changed = true;
        }
        return changed;
}
