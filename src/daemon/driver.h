#pragma once
/*
 * The driver: carries the world to the node core and carries out what it asks.
 *
 * A turn is one reason to wake (a batch of datagrams, the timer, a command): the arena is reset, every event of the turn is
 * stepped, its actions are performed in order, the batch of datagrams is sent, the timer is set anew. What a turn lent
 * (completions, views) is gone with the next.
 *
 * The driver borrows loop, socket and events, which must outlive it, and owns the node. A guest (the WINS server of winsd) may share
 * socket, turns and timer with the node: it sees every batch first and takes what is its own; what the two send each other goes
 * from hand to hand.
 */
#include "daemon/events.h"
#include "daemon/ifaces.h"
#include "eventlog/record.h"
#include "io/loop.h"
#include "io/udp.h"
#include "node/node.h"

struct driver;

/* All but deadline() are called within a turn. */
struct driver_guest {
        void *context;
        /* A batch of whole datagrams, each sent to one of our addresses. TAKEN[i] becomes true for those that are not the node's. */
        void (*batch)(void *context, const struct udp_datagram *const *datagrams, size_t count, bool *taken);
        /* The node sends BYTES from its address SOURCE to DESTINATION, an address of ours. */
        void (*local)(void *context, uint32_t source, uint32_t destination, const uint8_t *bytes, size_t len_bytes);
        void (*timer)(void *context); /* the deadline has come */
        mono_t (*deadline)(const void *context);
        void (*node_changed)(void *context); /* names or interfaces of the node are others than before */
};

struct driver_setup {
        struct loop *loop;
        struct udp *udp;
        struct events *events;
        const struct node_config *config;
        enum event_record_style style;
        const struct driver_guest *guest; /* NULL: none; borrowed */
        /* Called when a command other than 0 has ended, and when every name is released. They may not start a turn. */
        void (*on_complete)(void *context, const struct node_completion *completion);
        void (*on_stopped)(void *context);
        void *context;
};

/* NBT_ERR_NOMEM, NBT_ERR_RANGE (a configuration the node refuses), NBT_ERR_IO. */
int driver_new(struct driver **ret, const struct driver_setup *setup) NBT_MUST_CHECK;
struct driver *driver_free(struct driver *driver);

/* One turn with EVENT, whose times the driver fills in. */
void driver_event(struct driver *driver, struct node_event *event);

/* Which interfaces there are: the kernel's list is read, the node is told what changed. NBT_ERR_IO, NBT_ERR_NOMEM. Returns how many
 * interfaces are served. */
int driver_update_ifaces(struct driver *driver, const struct daemon_config *config) NBT_MUST_CHECK;

/* The style of events from now on. */
void driver_set_style(struct driver *driver, enum event_record_style style);

/* An event of the daemon's own, with the time of now. */
void driver_report(struct driver *driver, const struct event *event);

/* The first served address, 0 if there is none; and all of them: returns their count. */
uint32_t driver_first_address(const struct driver *driver);
size_t driver_addresses(const struct driver *driver, uint32_t ret[NODE_MAX_IFACES]);

/* ---- for the guest ------------------------------------------------------------------------------------------------ */

/* A turn of its own, outside of any other; for what comes from elsewhere than socket and timer. */
void driver_turn_begin(struct driver *driver);
void driver_turn_end(struct driver *driver);

/* Within a turn: its times, and memory until the next. */
mono_t driver_now(const struct driver *driver);
wall_t driver_wall(const struct driver *driver);
struct arena *driver_arena(struct driver *driver);
int driver_view_in_turn(struct driver *driver, struct node_view *ret) NBT_MUST_CHECK; /* as driver_view() */

/* Sends from our address SOURCE (0: the routing's choice); to the node itself if DESTINATION is ours. BYTES last as long as the
 * turn's memory, or until the end of the batch they answer. */
void driver_send(struct driver *driver, uint32_t source, uint32_t destination, uint16_t port, const uint8_t *bytes,
                 size_t len_bytes);

/* A snapshot, valid until the next turn. NBT_ERR_NOMEM. */
int driver_view(struct driver *driver, struct node_view *ret) NBT_MUST_CHECK;

/* What the socket has carried since the start. */
struct udp_counters driver_counters(const struct driver *driver);
