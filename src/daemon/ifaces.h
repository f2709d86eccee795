#pragma once
/*
 * The interfaces the node serves: which address of which device, under which handle. Pure: told of the kernel's list, it tells
 * what changed.
 *
 * Windows binds NetBT to one address of an adapter; so here the first wanted address of a device counts, and others only
 * where -i names them. An interface keeps its handle while device and address stay the same.
 */
#include "daemon/config.h"
#include "io/netif.h"

struct iface_row {
        uint32_t ifindex;
        struct node_iface iface;
        bool seen;
};

struct iface_table {
        uint32_t last_id;
        size_t count;
        struct iface_row rows[NODE_MAX_IFACES];
};

enum iface_change_type { IFACE_SET, IFACE_GONE, IFACE_NO_ROOM };

struct iface_change {
        enum iface_change_type type;
        struct node_iface iface; /* GONE: as it was; NO_ROOM: what found none */
};

#define IFACE_MAX_CHANGES (2 * NODE_MAX_IFACES + 1)

/* Compares the kernel's list with TABLE under CONFIG, takes it over, and writes what changed (gone ones first) to RET. Returns the
 * count. */
size_t iface_table_update(struct iface_table *table, const struct daemon_config *config, const struct netif *netifs,
                          size_t netif_count, struct iface_change ret[IFACE_MAX_CHANGES]);

/*
 * The interface a datagram belongs to: the one that has its destination; of a broadcast one on the device it came by (the one whose
 * subnet the sender is in, if there are several). NULL: none that we serve, as an address of this machine that is not served: what
 * answered there would leave from another one.
 */
const struct iface_row *iface_table_receiver(const struct iface_table *table, uint32_t ifindex, uint32_t source,
                                             uint32_t destination);

/* The row with the number ID, or NULL. */
const struct iface_row *iface_table_find(const struct iface_table *table, uint32_t id);
/* The row with ADDRESS, or NULL. */
const struct iface_row *iface_table_find_address(const struct iface_table *table, uint32_t address);

/*
 * The device by which a datagram from ROW to DESTINATION is made to leave: ROW's own on its segment; 0 (the routing table chooses)
 * for farther ones and for our own addresses.
 */
uint32_t iface_table_device(const struct iface_table *table, const struct iface_row *row, uint32_t destination,
                            bool broadcast);
