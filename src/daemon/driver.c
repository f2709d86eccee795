#include "daemon/driver.h"

#include "daemon/log.h"
#include "daemon/notices.h"
#include "io/clock.h"
#include "io/notify.h"
#include "io/random.h"
#include "wire/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After a step that failed for want of memory: how long to let the machine recover. */
#define FAILED_STEP_PAUSE_MS 1000u
/* Batches taken in a row before other descriptors get their turn: some 2 ms. */
#define MAX_BATCHES 16u
#define BUSY_DATAGRAMS 16 /* in one batch: more are sure to follow */
/* What node and guest may send each other in one turn: far more than a conversation has. */
#define MAX_HANDED 1024u

/* A datagram that never meets the network, on its way between node and guest. */
struct handed {
        struct handed *next;
        bool to_guest;
        uint32_t source, destination;
        const uint8_t *bytes;
        size_t len_bytes;
};

/* A socket for one address of ours, see udp_open_beside(). */
struct lane {
        struct driver *driver;
        struct udp *udp; /* NULL: the place is free */
        struct loop_fd *handle;
        uint32_t address;
        bool is_wanted;
};

struct driver {
        struct driver_setup setup;
        struct lane lanes[NODE_MAX_IFACES]; /* with a guest only: it has much to answer */
        struct node *node;
        struct loop_fd *udp_handle;
        struct loop_timer *timer;
        struct iface_table ifaces;
        struct arena arena; /* of the turn */
        mono_t now;
        wall_t wall;
        mono_t paused_until;
        uint64_t watchdog_interval_ms;
        mono_t watchdog_at;
        mono_t timer_at;                           /* what the loop's timer is set to */
        struct handed *handed_first, *handed_last; /* in the turn's memory */
        bool node_changed;
        size_t conflicts;
        size_t failed_lookup_count;
        uint32_t failed_lookups[LOOP_MAX_LOOKUPS]; /* to be answered with "not found" in this turn */
};

/* ---- actions ------------------------------------------------------------------------------------------------------ */

static void dump(const char *way, uint32_t address, const uint8_t *bytes, size_t len_bytes)
{
        char peer[IP4_TEXT_BYTES];
        struct strbuf text = STRBUF_INIT;

        if (log_verbosity() < 2)
                return;
        ip4_format(address, peer);
        nbns_dump(&text, bytes, len_bytes);
        log_line(2, "%s %s: %s", way, peer, strbuf_str(&text));
        strbuf_done(&text);
}

/* Does the node say that to the server in this process? To an address of ours it says nothing else but what a tool of this machine
 * asked for, from a port of its own; the server is asked at whatever port NameServerPort tells. */
static bool is_for_guest(const struct driver *driver, const struct node_action *action)
{
        struct nbns_header header;

        if (!driver->setup.guest || action->send.broadcast ||
            !iface_table_find_address(&driver->ifaces, action->send.destination) ||
            nbns_header_decode(action->send.bytes, action->send.len_bytes, &header) < 0)
                return false;
        return !header.response || action->send.port == udp_port(driver->setup.udp);
}

static bool is_ours(const struct driver *driver, uint32_t address, uint16_t port)
{
        return driver->setup.guest && port == udp_port(driver->setup.udp) &&
               iface_table_find_address(&driver->ifaces, address);
}

/* Copied: what is sent lives shorter than the turn. */
static void hand_over(struct driver *driver, bool to_guest, uint32_t source, uint32_t destination, const uint8_t *bytes,
                      size_t len_bytes)
{
        struct handed *handed = arena_alloc(&driver->arena, sizeof *handed);
        const uint8_t *copy = arena_copy(&driver->arena, bytes, len_bytes);

        if (!handed || !copy)
                return; /* lost, as on a network; both sides repeat themselves */
        *handed = (struct handed){.to_guest = to_guest,
                                  .source = source,
                                  .destination = destination,
                                  .bytes = copy,
                                  .len_bytes = len_bytes};
        if (driver->handed_last)
                driver->handed_last->next = handed;
        else
                driver->handed_first = handed;
        driver->handed_last = handed;
}

static void act_send(struct driver *driver, const struct node_action *action)
{
        const struct iface_row *row = iface_table_find(&driver->ifaces, action->send.iface_id);

        if (!row)
                return; /* the interface went in this very turn */
        dump("to", action->send.destination, action->send.bytes, action->send.len_bytes);
        if (is_for_guest(driver, action)) {
                hand_over(driver, true, row->iface.address, action->send.destination, action->send.bytes,
                          action->send.len_bytes);
                return;
        }
        udp_send(driver->setup.udp,
                 iface_table_device(&driver->ifaces, row, action->send.destination, action->send.broadcast),
                 row->iface.address, action->send.destination, action->send.port, action->send.bytes,
                 action->send.len_bytes);
}

static struct lane *lane_of(struct driver *driver, uint32_t address)
{
        for (size_t i = 0; i < NODE_MAX_IFACES && driver->lanes[i].udp; i++)
                if (driver->lanes[i].address == address)
                        return &driver->lanes[i];
        return NULL;
}

static void flush(struct driver *driver)
{
        for (size_t i = 0; i < NODE_MAX_IFACES && driver->lanes[i].udp; i++)
                udp_flush(driver->lanes[i].udp);
        udp_flush(driver->setup.udp);
}

void driver_send(struct driver *driver, uint32_t source, uint32_t destination, uint16_t port, const uint8_t *bytes,
                 size_t len_bytes)
{
        const struct lane *lane = lane_of(driver, source);

        dump("to", destination, bytes, len_bytes);
        if (is_ours(driver, destination, port))
                hand_over(driver, false, source ? source : destination, destination, bytes, len_bytes);
        else
                udp_send(lane ? lane->udp : driver->setup.udp, 0, source, destination, port, bytes, len_bytes);
}

/* For who asks the service manager. */
static void count_conflicts(struct driver *driver, const struct node_notice *notice)
{
        const size_t before = driver->conflicts;
        char status[64];

        if (notice->type != NODE_NOTICE_STATE)
                return;
        if (notice->new_state == NODE_STATE_CONFLICT)
                driver->conflicts++;
        else if (notice->old_state == NODE_STATE_CONFLICT && driver->conflicts > 0)
                driver->conflicts--;
        if (driver->conflicts == before)
                return;
        snprintf(status, sizeof status, "Serving NetBIOS names; %zu in conflict", driver->conflicts);
        notify_status(status);
}

static enum events_phase phase_of(const struct node_notice *notice)
{
        if (notice->type != NODE_NOTICE_DUPLICATE && notice->type != NODE_NOTICE_RELEASE_DEMAND)
                return EVENTS_WHOLE;
        switch (notice->verdict) {
        case NODE_DEMAND_PENDING:
                return EVENTS_OPENED;
        case NODE_DEMAND_CONFIRMED:
        case NODE_DEMAND_UNFOUNDED:
                return EVENTS_CONCLUDED;
        case NODE_DEMAND_NOT_VERIFIED:
        case NODE_DEMAND_IGNORED:
                break;
        }
        return EVENTS_WHOLE;
}

static void act_notify(struct driver *driver, const struct node_notice *notice)
{
        struct event event;
        struct strbuf line = STRBUF_INIT;

        count_conflicts(driver, notice);
        driver->node_changed = driver->node_changed || notice->type == NODE_NOTICE_STATE;
        if (notice_to_event(notice, driver->setup.style, &event)) {
                events_append(driver->setup.events, &event, phase_of(notice), driver->now, driver->wall);
                return; /* which says it in the log too */
        }
        if (notice_verbosity(notice) <= log_verbosity()) {
                notice_format(notice, &line);
                log_line(notice_verbosity(notice), "%s", strbuf_str(&line));
        }
        strbuf_done(&line);
}

static void on_resolved(void *context, uint32_t lookup_id, const uint32_t *addresses, size_t count)
{
        struct node_event event = {.type = NODE_EVENT_DNS_RESULT,
                                   .dns = {.lookup_id = lookup_id, .count = count, .addresses = addresses}};

        driver_event(context, &event);
}

static void act_lookup(struct driver *driver, const struct node_action *action)
{
        if (loop_resolve(driver->setup.loop, action->dns.host, action->dns.lookup_id, on_resolved, driver) == 0)
                return;
        /* The node waits for an answer: it gets one at the end of this turn. More of them than can be under way at a time do not come
         * from one turn but in a flood, where the node's own time limit ends them. */
        if (driver->failed_lookup_count < LOOP_MAX_LOOKUPS)
                driver->failed_lookups[driver->failed_lookup_count++] = action->dns.lookup_id;
}

static void perform(struct driver *driver, const struct node_action *action)
{
        switch (action->type) {
        case NODE_ACTION_SEND:
                act_send(driver, action);
                break;
        case NODE_ACTION_NOTIFY:
                act_notify(driver, &action->notice);
                break;
        case NODE_ACTION_COMPLETE:
                if (action->complete.id)
                        driver->setup.on_complete(driver->setup.context, &action->complete);
                break;
        case NODE_ACTION_DNS_LOOKUP:
                act_lookup(driver, action);
                break;
        case NODE_ACTION_STOPPED:
                driver->setup.on_stopped(driver->setup.context);
                break;
        }
}

/* ---- turns -------------------------------------------------------------------------------------------------------- */

static void turn_begin(struct driver *driver)
{
        arena_reset(&driver->arena);
        driver->handed_first = driver->handed_last = NULL;
        driver->now = clock_mono();
        driver->wall = clock_wall();
}

static void turn_step(struct driver *driver, struct node_event *event)
{
        struct node_actions actions = {.arena = &driver->arena};

        event->now = driver->now;
        event->wall = driver->wall;
        if (node_step(driver->node, event, &actions) < 0) {
                log_line(0, "out of memory: a step was left out");
                driver->paused_until = mono_add_ms(driver->now, FAILED_STEP_PAUSE_MS);
        }
        for (const struct node_action *action = actions.first; action; action = action->next)
                perform(driver, action);
}

static void answer_failed_lookups(struct driver *driver)
{
        /* Those that fail while these are answered wait for the next turn. */
        const size_t count = driver->failed_lookup_count;
        uint32_t ids[LOOP_MAX_LOOKUPS];

        memcpy(ids, driver->failed_lookups, count * sizeof ids[0]);
        driver->failed_lookup_count = 0;
        for (size_t i = 0; i < count; i++) {
                struct node_event event = {.type = NODE_EVENT_DNS_RESULT, .dns.lookup_id = ids[i]};

                turn_step(driver, &event);
        }
}

static void deliver(struct driver *driver, const struct handed *handed)
{
        const struct driver_guest *guest = driver->setup.guest;
        const struct iface_row *row = iface_table_find_address(&driver->ifaces, handed->destination);

        if (handed->to_guest) {
                guest->local(guest->context, handed->source, handed->destination, handed->bytes, handed->len_bytes);
                return;
        }
        if (!row)
                return;
        struct node_event event = {.type = NODE_EVENT_PACKET,
                                   .packet = {.bytes = handed->bytes,
                                              .len_bytes = handed->len_bytes,
                                              .source = handed->source,
                                              .source_port = udp_port(driver->setup.udp),
                                              .destination = handed->destination,
                                              .iface_id = row->iface.id,
                                              .from_server = true}};
        turn_step(driver, &event);
}

/* What node and guest tell each other, until both are silent. */
static void settle(struct driver *driver)
{
        const struct driver_guest *guest = driver->setup.guest;
        size_t count = 0;

        if (driver->node_changed) {
                driver->node_changed = false;
                if (guest)
                        guest->node_changed(guest->context);
        }
        while (driver->handed_first && count++ < MAX_HANDED) {
                const struct handed *handed = driver->handed_first;

                driver->handed_first = handed->next;
                if (!driver->handed_first)
                        driver->handed_last = NULL;
                deliver(driver, handed);
                if (driver->node_changed && guest) {
                        driver->node_changed = false;
                        guest->node_changed(guest->context);
                }
        }
}

static mono_t next_wake(const struct driver *driver)
{
        const struct driver_guest *guest = driver->setup.guest;
        mono_t deadline = node_deadline(driver->node);

        if (guest)
                deadline = mono_min(deadline, guest->deadline(guest->context));
        if (driver->failed_lookup_count)
                deadline = driver->now;
        if (deadline.ns < driver->paused_until.ns)
                deadline = driver->paused_until;
        return mono_min(mono_min(deadline, events_deadline(driver->setup.events)), driver->watchdog_at);
}

/* Setting a timer costs more than answering a query: only when it is another. */
static void set_timer(struct driver *driver)
{
        const mono_t at = next_wake(driver);

        if (at.ns == driver->timer_at.ns)
                return;
        driver->timer_at = at;
        loop_timer_set(driver->timer, driver->now, at);
}

static void turn_end(struct driver *driver)
{
        if (driver->failed_lookup_count)
                answer_failed_lookups(driver);
        settle(driver);
        flush(driver);
        set_timer(driver);
}

static void take_datagram(struct driver *driver, const struct udp_datagram *datagram)
{
        const struct iface_row *row =
                iface_table_receiver(&driver->ifaces, datagram->ifindex, datagram->source, datagram->destination);

        /* No name-service message is longer than one frame; what was cut is none. */
        if (!row || datagram->truncated)
                return;
        struct node_event event = {.type = NODE_EVENT_PACKET,
                                   .packet = {.bytes = datagram->bytes,
                                              .len_bytes = datagram->len_bytes,
                                              .source = datagram->source,
                                              .source_port = datagram->source_port,
                                              .destination = datagram->destination,
                                              .iface_id = row->iface.id}};
        turn_step(driver, &event);
}

/* Shows the guest what was sent to an address of ours; true in TAKEN for what is not the node's. */
static void offer(struct driver *driver, const struct udp_datagram *datagrams, size_t count, bool *taken)
{
        const struct driver_guest *guest = driver->setup.guest;
        const struct udp_datagram *offered[UDP_BATCH];
        size_t indexes[UDP_BATCH], offered_count = 0;
        bool was_taken[UDP_BATCH] = {false};

        for (size_t i = 0; i < count; i++) {
                if (datagrams[i].truncated || !iface_table_find_address(&driver->ifaces, datagrams[i].destination))
                        continue;
                indexes[offered_count] = i;
                offered[offered_count++] = &datagrams[i];
        }
        if (offered_count)
                guest->batch(guest->context, offered, offered_count, was_taken);
        for (size_t i = 0; i < offered_count; i++)
                taken[indexes[i]] = was_taken[i];
}

/* One batch; returns how many datagrams it had. */
static int take_batch(struct driver *driver, struct udp *udp)
{
        const struct udp_datagram *datagrams = NULL;
        bool taken[UDP_BATCH] = {false};
        const int count = udp_receive(udp, &datagrams);

        if (count <= 0)
                return count;
        turn_begin(driver);
        for (int i = 0; i < count && log_verbosity() > 1; i++)
                dump("from", datagrams[i].source, datagrams[i].bytes, datagrams[i].len_bytes);
        if (driver->setup.guest)
                offer(driver, datagrams, (size_t)count, taken);
        for (int i = 0; i < count; i++)
                if (!taken[i])
                        take_datagram(driver, &datagrams[i]);
        settle(driver);
        flush(driver);
        return count;
}

/* One batch of every socket; true if there was one. */
static bool take_all(struct driver *driver)
{
        bool any = take_batch(driver, driver->setup.udp) > 0;

        for (size_t i = 0; i < NODE_MAX_IFACES && driver->lanes[i].udp; i++)
                any = take_batch(driver, driver->lanes[i].udp) > 0 || any;
        return any;
}

/*
 * Takes what has come, and returns the time until which all was taken: who was busy, or asleep, finds a timer due and the answer
 * waiting, and must not think that nobody answered. In a flood it takes only so much.
 */
static mono_t hear(struct driver *driver)
{
        mono_t until = clock_mono();

        for (unsigned i = 0; i < MAX_BATCHES && take_all(driver); i++)
                until = clock_mono();
        return until;
}

static void guest_timer(struct driver *driver)
{
        const struct driver_guest *guest = driver->setup.guest;

        if (guest && mono_is_due(guest->deadline(guest->context), driver->now))
                guest->timer(guest->context);
}

static void on_timer(void *context)
{
        struct driver *driver = context;
        struct node_event event = {.type = NODE_EVENT_TIMER};
        const mono_t heard_until = hear(driver);

        turn_begin(driver);
        driver->now = heard_until;
        driver->timer_at = MONO_NEVER; /* it has run */
        if (mono_is_due(node_deadline(driver->node), driver->now) && mono_is_due(driver->paused_until, driver->now))
                turn_step(driver, &event);
        if (mono_is_due(driver->paused_until, driver->now))
                guest_timer(driver);
        if (mono_is_due(events_deadline(driver->setup.events), driver->now))
                events_flush(driver->setup.events, driver->now);
        if (mono_is_due(driver->watchdog_at, driver->now)) {
                notify_watchdog();
                driver->watchdog_at = mono_add_ms(driver->now, driver->watchdog_interval_ms);
        }
        turn_end(driver);
}

/* While much comes, the loop does not watch the socket: to be told of each datagram costs as much as a look-up. */
static void take_batches(struct driver *driver, struct udp *udp, struct loop_fd *handle)
{
        bool watched = true;

        for (unsigned i = 0; i < MAX_BATCHES; i++) {
                const int count = take_batch(driver, udp);

                if (count <= 0)
                        break;
                if (watched && count >= BUSY_DATAGRAMS) {
                        loop_fd_set(handle, 0);
                        watched = false;
                }
        }
        if (!watched)
                loop_fd_set(handle, LOOP_READABLE);
        if (driver->failed_lookup_count)
                answer_failed_lookups(driver);
        set_timer(driver);
}

static void on_datagrams(void *context, unsigned events)
{
        struct driver *driver = context;

        (void)events;
        take_batches(driver, driver->setup.udp, driver->udp_handle);
}

static void on_lane(void *context, unsigned events)
{
        const struct lane *lane = context;

        (void)events;
        take_batches(lane->driver, lane->udp, lane->handle);
}

void driver_event(struct driver *driver, struct node_event *event)
{
        turn_begin(driver);
        turn_step(driver, event);
        turn_end(driver);
}

/* ---- interfaces --------------------------------------------------------------------------------------------------- */

static void report_missing_wins(struct driver *driver, enum node_type type, const struct node_iface *iface)
{
        const uint16_t id = notice_wins_event(type, iface);
        struct event event;

        /* A WINS server is its own client, and well served. */
        if (!id || (driver->setup.guest && iface->wins_count && iface->wins[0] == iface->address))
                return;
        notice_make_failure(
                &event, id, NULL, 0, iface->label,
                id == 4303
                        ? "This node type asks a WINS server, and this interface has none (-w, NameServerList, DHCP)."
                        : "With one WINS server, names cannot be registered while it is away.",
                driver->setup.style);
        driver_report(driver, &event);
}

static void report_no_room(struct driver *driver, const struct node_iface *iface)
{
        char mac[MAC_TEXT_BYTES];
        struct event event;

        mac_format(iface->mac, mac);
        notice_make_failure(&event, 4311, mac, 0, iface->label, "More interfaces than a node can serve (64).",
                            driver->setup.style);
        driver_report(driver, &event);
}

static void log_change(const struct iface_change *change)
{
        char address[IP4_TEXT_BYTES];

        ip4_format(change->iface.address, address);
        if (change->type == IFACE_GONE)
                log_line(0, "interface %s %s is gone", change->iface.label, address);
        else
                log_line(0, "interface %s %s: %s, %s, %zu WINS servers", change->iface.label, address,
                         change->iface.up ? "up" : "down",
                         change->iface.netbios_enabled ? "NetBIOS enabled" : "NetBIOS disabled",
                         change->iface.wins_count);
}

static void apply_change(struct driver *driver, const struct daemon_config *config, const struct iface_change *change)
{
        struct node_event event = {.type = NODE_EVENT_IFACE};

        if (change->type == IFACE_NO_ROOM) {
                report_no_room(driver, &change->iface);
                return;
        }
        log_change(change);
        if (change->type == IFACE_GONE) {
                event.type = NODE_EVENT_IFACE_GONE;
                event.iface_gone_id = change->iface.id;
        } else {
                event.iface = change->iface;
        }
        driver->node_changed = true;
        turn_step(driver, &event);
        if (change->type == IFACE_SET)
                report_missing_wins(driver, config->node.type, &change->iface);
}

static void lane_open(struct driver *driver, uint32_t address)
{
        for (size_t i = 0; i < NODE_MAX_IFACES; i++) {
                struct lane *lane = &driver->lanes[i];

                if (lane->udp)
                        continue;
                *lane = (struct lane){.driver = driver, .address = address, .is_wanted = true};
                if (udp_open_beside(&lane->udp, driver->setup.udp, address) < 0)
                        return; /* the socket for all addresses serves this one too */
                if (loop_fd_open(driver->setup.loop, udp_fd(lane->udp), LOOP_READABLE, on_lane, lane, &lane->handle) <
                    0)
                        lane->udp = udp_close(lane->udp);
                return;
        }
}

static void lane_close(struct lane *lane)
{
        loop_fd_close(lane->handle);
        udp_close(lane->udp);
        *lane = (struct lane){0};
}

/* One for each address that is served; the places in use come first. */
static void update_lanes(struct driver *driver)
{
        for (size_t i = 0; i < NODE_MAX_IFACES; i++)
                driver->lanes[i].is_wanted =
                        driver->lanes[i].udp && iface_table_find_address(&driver->ifaces, driver->lanes[i].address);
        /* Handles know their place: so all of them go when one does, which is rare. */
        for (size_t i = 0; i < NODE_MAX_IFACES; i++)
                if (driver->lanes[i].udp && !driver->lanes[i].is_wanted) {
                        for (size_t j = 0; j < NODE_MAX_IFACES && driver->lanes[j].udp; j++)
                                lane_close(&driver->lanes[j]);
                        break;
                }
        for (size_t i = 0; i < driver->ifaces.count; i++)
                if (!lane_of(driver, driver->ifaces.rows[i].iface.address))
                        lane_open(driver, driver->ifaces.rows[i].iface.address);
}

int driver_update_ifaces(struct driver *driver, const struct daemon_config *config)
{
        struct iface_change *changes;
        const struct netif *netifs = NULL;

        turn_begin(driver);
        const int count = netif_list(&driver->arena, &netifs);
        if (count < 0)
                return count;
        changes = arena_alloc(&driver->arena, IFACE_MAX_CHANGES * sizeof *changes);
        if (!changes)
                return NBT_ERR_NOMEM;
        const size_t change_count = iface_table_update(&driver->ifaces, config, netifs, (size_t)count, changes);
        for (size_t i = 0; i < change_count; i++)
                apply_change(driver, config, &changes[i]);
        if (driver->setup.guest)
                update_lanes(driver);
        turn_end(driver);
        return (int)driver->ifaces.count;
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

static int start_watching(struct driver *driver)
{
        int r = loop_timer_new(driver->setup.loop, on_timer, driver, &driver->timer);

        if (r == 0)
                r = loop_fd_open(driver->setup.loop, udp_fd(driver->setup.udp), LOOP_READABLE, on_datagrams, driver,
                                 &driver->udp_handle);
        driver->timer_at = MONO_NEVER;
        driver->watchdog_interval_ms = notify_watchdog_interval_ms();
        driver->watchdog_at = driver->watchdog_interval_ms ? clock_mono() : MONO_NEVER;
        return r;
}

int driver_new(struct driver **ret, const struct driver_setup *setup)
{
        struct driver *driver = calloc(1, sizeof *driver);
        struct rng rng;
        int r;

        if (!driver)
                return NBT_ERR_NOMEM;
        driver->setup = *setup;
        driver->setup.config = NULL; /* lent for this call */
        r = random_rng(&rng);
        if (r == 0)
                r = node_new(&driver->node, setup->config, &rng);
        explicit_bzero(&rng, sizeof rng);
        if (r == 0)
                r = start_watching(driver);
        if (r < 0) {
                driver_free(driver);
                return r;
        }
        *ret = driver;
        return 0;
}

struct driver *driver_free(struct driver *driver)
{
        if (!driver)
                return NULL;
        for (size_t i = 0; i < NODE_MAX_IFACES && driver->lanes[i].udp; i++)
                lane_close(&driver->lanes[i]);
        loop_fd_close(driver->udp_handle);
        loop_timer_free(driver->timer);
        node_free(driver->node);
        arena_done(&driver->arena);
        free(driver);
        return NULL;
}

void driver_set_style(struct driver *driver, enum event_record_style style)
{
        driver->setup.style = style;
}

void driver_report(struct driver *driver, const struct event *event)
{
        events_append(driver->setup.events, event, EVENTS_WHOLE, clock_mono(), clock_wall());
}

int driver_view(struct driver *driver, struct node_view *ret)
{
        turn_begin(driver);
        return node_view(driver->node, driver->now, &driver->arena, ret);
}

int driver_view_in_turn(struct driver *driver, struct node_view *ret)
{
        return node_view(driver->node, driver->now, &driver->arena, ret);
}

struct udp_counters driver_counters(const struct driver *driver)
{
        struct udp_counters sum = udp_counters(driver->setup.udp);

        for (size_t i = 0; i < NODE_MAX_IFACES && driver->lanes[i].udp; i++) {
                const struct udp_counters more = udp_counters(driver->lanes[i].udp);

                sum.received += more.received;
                sum.sent += more.sent;
                sum.receive_dropped += more.receive_dropped;
                sum.send_failed += more.send_failed;
        }
        return sum;
}

uint32_t driver_first_address(const struct driver *driver)
{
        return driver->ifaces.count ? driver->ifaces.rows[0].iface.address : 0;
}

size_t driver_addresses(const struct driver *driver, uint32_t ret[NODE_MAX_IFACES])
{
        for (size_t i = 0; i < driver->ifaces.count; i++)
                ret[i] = driver->ifaces.rows[i].iface.address;
        return driver->ifaces.count;
}

void driver_turn_begin(struct driver *driver)
{
        turn_begin(driver);
}

void driver_turn_end(struct driver *driver)
{
        turn_end(driver);
}

mono_t driver_now(const struct driver *driver)
{
        return driver->now;
}

wall_t driver_wall(const struct driver *driver)
{
        return driver->wall;
}

struct arena *driver_arena(struct driver *driver)
{
        return &driver->arena;
}
