#pragma once
/*
 * Network interfaces and their IPv4 addresses, from the kernel by netlink (libmnl).
 *
 * netif_list() is a snapshot for tools and daemon alike. netif_monitor says that something changed; the snapshot then tells
 * what: a missed message costs nothing that way.
 */
#include "base/arena.h"
#include "base/ip4.h"

struct netif_address {
        uint32_t address;
        uint8_t prefix_bits;
        uint32_t netmask;
        uint32_t broadcast; /* as configured, else computed; for /31 and /32 the address itself */
        char label[16];     /* "eth0", "eth0:1" */
        bool dynamic;       /* has a lifetime: a DHCP client set it */
};

struct netif {
        uint32_t index;
        char name[16];
        char kind[16]; /* "veth", "bridge", "wireguard", …; "" for hardware */
        uint8_t mac[6];
        bool has_mac; /* an Ethernet-like device with an address that is not zero */
        bool up;      /* administratively up, and has carrier */
        bool loopback, broadcast, point_to_point;
        uint32_t mtu;
        uint32_t gateway; /* of the best default route by this device; 0 if none */
        size_t address_count;
        const struct netif_address *addresses; /* primary first */
};

/* All interfaces, in ARENA, by index. Returns their count. NBT_ERR_IO, NBT_ERR_NOMEM. */
int netif_list(struct arena *arena, const struct netif **ret) NBT_MUST_CHECK;

/* The row with that name, or that has that address; NULL if none. */
const struct netif *netif_find_name(const struct netif *rows, size_t count, const char *name);
const struct netif *netif_find_address(const struct netif *rows, size_t count, uint32_t address);

struct netif_monitor;

/* A socket that tells of every change of links and IPv4 addresses. NBT_ERR_IO, NBT_ERR_NOMEM. */
int netif_monitor_open(struct netif_monitor **ret) NBT_MUST_CHECK;
struct netif_monitor *netif_monitor_close(struct netif_monitor *monitor);
int netif_monitor_fd(const struct netif_monitor *monitor);
/* Takes all that waits. True if something changed (also when messages were lost). */
bool netif_monitor_drain(struct netif_monitor *monitor);

/*
 * The parsing of the two dumps, apart from the socket, for tests: one netlink message after another in BYTES. Rows are added to
 * what TABLE holds. NBT_ERR_MALFORMED, NBT_ERR_FULL beyond NETIF_MAX, NBT_ERR_NOMEM.
 */
#define NETIF_MAX 1024
#define NETIF_MAX_ADDRESSES 64

struct netif_table {
        struct arena *arena;
        size_t count;
        struct netif *rows; /* NETIF_MAX */
};
int netif_table_init(struct netif_table *table, struct arena *arena) NBT_MUST_CHECK;
int netif_table_feed(struct netif_table *table, const void *bytes, size_t len_bytes) NBT_MUST_CHECK;
