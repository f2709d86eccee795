#pragma once
/*
 * The driver: carries the world to the node core and carries out what it asks.
 *
 * A turn is one reason to wake (a batch of datagrams, the timer, a command): the arena is reset, every event of the turn is
 * stepped, its actions are performed in order, the batch of datagrams is sent, the timer is set anew. What a turn lent
 * (completions, views) is gone with the next.
 *
 * The driver borrows loop, socket and events, which must outlive it, and owns the node.
 */
#include "daemon/events.h"
#include "daemon/ifaces.h"
#include "eventlog/record.h"
#include "io/loop.h"
#include "io/udp.h"
#include "node/node.h"

struct driver;

struct driver_setup {
        struct loop *loop;
        struct udp *udp;
        struct events *events;
        const struct node_config *config;
        enum event_record_style style;
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

/* A snapshot, valid until the next turn. NBT_ERR_NOMEM. */
int driver_view(struct driver *driver, struct node_view *ret) NBT_MUST_CHECK;

struct udp_counters driver_counters(const struct driver *driver);
