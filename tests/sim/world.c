#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"

enum sim_event_type { SIM_EVENT_DELIVER, SIM_EVENT_CALL };

struct sim_event {
        int64_t at_ns;
        uint64_t sequence; /* equal times: first come, first served */
        enum sim_event_type type;
        struct sim_host *host;
        unsigned port;
        struct sim_frame *frame;
        sim_call_fn call;
        uint64_t argument;
};

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static void *must(void *memory)
{
        if (!memory) {
                fprintf(stderr, "out of memory\n");
                abort();
        }
        return memory;
}

struct world *world_new(const char *label, uint64_t seed)
{
        struct world *world = must(calloc(1, sizeof(*world)));

        world->label = label;
        world->seed = seed;
        world->routed = true;
        world->log_on = true;
        rng_init_seed(&world->rng, seed);
        return world;
}

static void frame_unref(struct sim_frame *frame)
{
        if (frame && --frame->refs == 0)
                free(frame);
}

struct world *world_free(struct world *world)
{
        for (size_t i = 0; i < world->heap_count; i++)
                frame_unref(world->heap[i].frame);
        free(world->heap);
        for (unsigned i = 0; i < world->host_count; i++) {
                node_free(world->hosts[i]->node);
                if (world->hosts[i]->free_context)
                        world->hosts[i]->free_context(world->hosts[i]->context);
                free(world->hosts[i]);
        }
        arena_done(&world->step_arena);
        arena_done(&world->log_arena);
        free(world->log);
        free(world);
        return NULL;
}

unsigned world_segment(struct world *world, const char *network)
{
        struct sim_segment *segment = &world->segments[world->segment_count];
        char address[IP4_TEXT_BYTES];
        const char *slash = strchr(network, '/');

        if (world->segment_count == SIM_MAX_SEGMENTS || !slash)
                abort();
        snprintf(address, sizeof(address), "%.*s", (int)(slash - network), network);
        if (ip4_parse(address, &segment->network) < 0)
                abort();
        segment->netmask = ~UINT32_C(0) << (32 - atoi(slash + 1));
        segment->broadcast = segment->network | ~segment->netmask;
        segment->link.delay_us = 1000;
        return world->segment_count++;
}

struct sim_host *world_peer(struct world *world, const char *label, unsigned segment, const char *address,
                            sim_packet_fn on_packet)
{
        if (world->host_count == SIM_MAX_HOSTS)
                abort();
        struct sim_host *host = must(calloc(1, sizeof(*host)));

        host->world = world;
        host->index = world->host_count;
        snprintf(host->label, sizeof(host->label), "%s", label);
        host->on_packet = on_packet;
        host->running = true;
        host->wake = MONO_NEVER;
        world->hosts[world->host_count++] = host;
        host_add_port(host, segment, address);
        return host;
}

/* ---- the heap of things to come ------------------------------------------------------------------------------------ */

static bool before(const struct sim_event *a, const struct sim_event *b)
{
        return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->sequence < b->sequence;
}

static void heap_push(struct world *world, struct sim_event event)
{
        if (world->heap_count == world->heap_room) {
                world->heap_room = world->heap_room ? world->heap_room * 2 : 256;
                world->heap = must(realloc(world->heap, world->heap_room * sizeof(*world->heap)));
        }
        event.sequence = world->sequence++;
        size_t i = world->heap_count++;
        while (i > 0 && before(&event, &world->heap[(i - 1) / 2])) {
                world->heap[i] = world->heap[(i - 1) / 2];
                i = (i - 1) / 2;
        }
        world->heap[i] = event;
}

static struct sim_event heap_pop(struct world *world)
{
        const struct sim_event top = world->heap[0];
        const struct sim_event last = world->heap[--world->heap_count];
        size_t i = 0;

        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= world->heap_count)
                        break;
                if (child + 1 < world->heap_count && before(&world->heap[child + 1], &world->heap[child]))
                        child++;
                if (!before(&world->heap[child], &last))
                        break;
                world->heap[i] = world->heap[child];
                i = child;
        }
        if (world->heap_count)
                world->heap[i] = last;
        return top;
}

void world_call_in_ms(struct world *world, uint64_t ms, sim_call_fn fn, struct sim_host *host, uint64_t argument)
{
        heap_push(world, (struct sim_event){.at_ns = mono_add_ms(world->now, ms).ns,
                                            .type = SIM_EVENT_CALL,
                                            .host = host,
                                            .call = fn,
                                            .argument = argument});
}

/* ---- the wire ------------------------------------------------------------------------------------------------------ */

static bool dice(struct world *world, unsigned permille)
{
        return permille && rng_below(&world->rng, 1000) < permille;
}

static void deliver_once(struct world *world, const struct sim_link *link, struct sim_host *host, unsigned port,
                         struct sim_frame *frame, uint64_t extra_ms)
{
        const uint64_t delay_us =
                link->delay_us + (link->jitter_us ? rng_below(&world->rng, link->jitter_us) : 0) + extra_ms * 1000;

        frame->refs++;
        heap_push(world, (struct sim_event){.at_ns = world->now.ns + (int64_t)delay_us * 1000,
                                            .type = SIM_EVENT_DELIVER,
                                            .host = host,
                                            .port = port,
                                            .frame = frame});
}

static void deliver(struct world *world, const struct sim_link *link, struct sim_host *host, unsigned port,
                    struct sim_frame *frame, uint64_t extra_ms)
{
        if (dice(world, link->loss_permille) || dice(world, host->ports[port].loss_permille))
                return;
        deliver_once(world, link, host, port, frame, extra_ms);
        if (dice(world, link->duplicate_permille))
                deliver_once(world, link, host, port, frame, extra_ms);
}

static void carry_broadcast(struct world *world, struct sim_host *from, unsigned from_port, struct sim_frame *frame)
{
        static const struct sim_link perfect = {.delay_us = 0};
        const unsigned segment = from->ports[from_port].segment;

        for (unsigned i = 0; i < world->host_count; i++) {
                struct sim_host *host = world->hosts[i];

                for (unsigned p = 0; p < host->port_count; p++) {
                        const struct sim_port *port = &host->ports[p];

                        if (port->segment != segment || !port->iface.up || port->group != from->ports[from_port].group)
                                continue;
                        if (host == from && p == from_port)
                                deliver_once(world, &perfect, host, p, frame, 0);
                        else
                                deliver(world, &world->segments[segment].link, host, p, frame, 0);
                }
        }
        if (world->segments[segment].reflect_ms)
                deliver(world, &world->segments[segment].link, from, from_port, frame,
                        world->segments[segment].reflect_ms);
}

static bool reaches(const struct world *world, const struct sim_port *from, const struct sim_port *to)
{
        if (from->segment == to->segment)
                return from->group == to->group;
        return world->routed && from->group == 0 && to->group == 0;
}

static void carry_unicast(struct world *world, struct sim_host *from, unsigned from_port, struct sim_frame *frame)
{
        for (unsigned i = 0; i < world->host_count; i++) {
                struct sim_host *host = world->hosts[i];

                for (unsigned p = 0; p < host->port_count; p++) {
                        const struct sim_port *port = &host->ports[p];

                        if (port->iface.address != frame->destination || !port->iface.up ||
                            !reaches(world, &from->ports[from_port], port))
                                continue;
                        deliver(world, &world->segments[port->segment].link, host, p, frame, 0);
                        return;
                }
        }
}

void world_send(struct world *world, struct sim_host *host, unsigned port, uint32_t source, uint32_t destination,
                uint16_t destination_port, const void *bytes, size_t len_bytes)
{
        const struct sim_port *from = &host->ports[port];

        if (!from->iface.up)
                return;
        if (len_bytes > SIM_FRAME_MAX_BYTES)
                abort();
        struct sim_frame *frame = must(malloc(sizeof(*frame) + len_bytes));
        *frame = (struct sim_frame){.refs = 1,
                                    .source = source ? source : from->iface.address,
                                    .destination = destination,
                                    .source_port = NBNS_PORT,
                                    .port = destination_port,
                                    .len_bytes = len_bytes};
        frame->broadcast = destination == world->segments[from->segment].broadcast || destination == IP4_BROADCAST;
        memcpy(frame->bytes, bytes, len_bytes);
        world->frames++;
        world_log_frame(world, host, "sends", frame);
        if (!dice(world, from->loss_permille)) {
                if (frame->broadcast)
                        carry_broadcast(world, host, port, frame);
                else
                        carry_unicast(world, host, port, frame);
        }
        frame_unref(frame);
}

void world_send_packet(struct world *world, struct sim_host *host, unsigned port, uint32_t source, uint32_t destination,
                       const struct nbns_packet *packet)
{
        uint8_t bytes[SIM_FRAME_MAX_BYTES];
        const int len = nbns_packet_encode(packet, bytes, sizeof(bytes));

        if (len < 0)
                abort();
        world_send(world, host, port, source, destination, NBNS_PORT, bytes, (size_t)len);
}

void world_partition(struct world *world, unsigned segment, bool (*in_other_half)(const struct sim_host *host))
{
        world_log(world, NULL, "partition");
        for (unsigned i = 0; i < world->host_count; i++)
                for (unsigned p = 0; p < world->hosts[i]->port_count; p++)
                        if (world->hosts[i]->ports[p].segment == segment)
                                world->hosts[i]->ports[p].group = in_other_half(world->hosts[i]);
}

void world_heal(struct world *world)
{
        world_log(world, NULL, "heal");
        for (unsigned i = 0; i < world->host_count; i++)
                for (unsigned p = 0; p < world->hosts[i]->port_count; p++)
                        world->hosts[i]->ports[p].group = 0;
}

/* ---- time ---------------------------------------------------------------------------------------------------------- */

static void arrive(struct world *world, const struct sim_event *event)
{
        struct sim_host *host = event->host;

        if (host->running && !host->suspended && host->ports[event->port].iface.up) {
                host->received++;
                if (host->is_node)
                        host_packet(host, event->port, event->frame);
                else if (host->on_packet)
                        host->on_packet(world, host, event->port, event->frame);
        }
        frame_unref(event->frame);
}

/* The host that wants to be woken first; NULL if none before LIMIT. */
static struct sim_host *earliest_sleeper(const struct world *world, int64_t limit_ns)
{
        struct sim_host *earliest = NULL;

        for (unsigned i = 0; i < world->host_count; i++)
                if (world->hosts[i]->wake.ns <= limit_ns && (!earliest || world->hosts[i]->wake.ns < earliest->wake.ns))
                        earliest = world->hosts[i];
        return earliest;
}

void world_run_ms(struct world *world, uint64_t ms)
{
        const mono_t until = mono_add_ms(world->now, ms);

        for (;;) {
                const int64_t next_ns = world->heap_count ? world->heap[0].at_ns : INT64_MAX;
                struct sim_host *sleeper = earliest_sleeper(world, next_ns < until.ns ? next_ns : until.ns);

                if (sleeper) { /* timers before arrivals of the same instant */
                        if (sleeper->wake.ns > world->now.ns)
                                world->now = sleeper->wake;
                        host_timer(sleeper);
                        continue;
                }
                if (next_ns > until.ns)
                        break;
                const struct sim_event event = heap_pop(world);
                world->now.ns = event.at_ns;
                if (event.type == SIM_EVENT_CALL)
                        event.call(world, event.host, event.argument);
                else
                        arrive(world, &event);
        }
        world->now = until;
}

void world_run_s(struct world *world, uint64_t s)
{
        world_run_ms(world, s * 1000);
}
