/*
 * What one step of the node costs: each line is one kind of packet, fed to a node with a desktop's names, actions and all.
 */
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 300000

static struct arena arena;
static mono_t now;

static double seconds(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t step(struct node *node, struct node_event *event)
{
        struct node_actions actions = {.arena = &arena};

        arena_reset(&arena);
        event->now = now;
        if (node_step(node, event, &actions) < 0)
                abort();
        return actions.count;
}

static struct node *registered_node(void)
{
        struct node_config config = node_config_default();
        struct node_event iface = {.type = NODE_EVENT_IFACE,
                                   .iface = {.id = 1,
                                             .label = "eth0",
                                             .address = 0x0A4D0002,
                                             .netmask = 0xFFFFFF00,
                                             .broadcast = 0x0A4D00FF,
                                             .up = true,
                                             .netbios_enabled = true}};
        struct node_event start = {.type = NODE_EVENT_START};
        struct node_event timer = {.type = NODE_EVENT_TIMER};
        struct node *node = NULL;
        struct rng rng;

        strcpy(config.computer, "FILESRV");
        strcpy(config.workgroup, "LAB");
        config.status_per_second = 0;
        rng_init_seed(&rng, 1);
        if (node_new(&node, &config, &rng) < 0)
                abort();
        step(node, &iface);
        step(node, &start);
        for (int i = 0; i < 100; i++) {
                now = mono_add_ms(now, 100);
                step(node, &timer);
        }
        return node;
}

static void measure(struct node *node, const char *what, const struct nbns_packet *packet, bool broadcast)
{
        uint8_t bytes[NBNS_UDP_MAX_BYTES];
        const int len = nbns_packet_encode(packet, bytes, sizeof(bytes));
        struct node_event event = {.type = NODE_EVENT_PACKET};
        size_t actions = 0;

        if (len < 0)
                abort();
        event.packet.bytes = bytes;
        event.packet.len_bytes = (size_t)len;
        event.packet.source = 0x0A4D0003;
        event.packet.source_port = NBNS_PORT;
        event.packet.destination = broadcast ? 0x0A4D00FF : 0x0A4D0002;
        event.packet.iface_id = 1;
        const double start = seconds();
        for (int i = 0; i < ROUNDS; i++) {
                now.ns += 10000; /* 100,000 packets a second */
                actions += step(node, &event);
        }
        printf("node step: %-34s %4.0f ns/packet, %.2f actions\n", what, (seconds() - start) / ROUNDS * 1e9,
               (double)actions / ROUNDS);
}

int main(void)
{
        const struct nb_name ours = nb_name_make("FILESRV", 0x20), other = nb_name_make("ELSEWHERE", 0x20);
        const struct nbns_address address = {.address = 0x0A4D0003};
        struct node *node = registered_node();
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_query(&packet, 7, &ours, NULL, NBNS_TYPE_NB, true, true);
        measure(node, "query for a name of ours", &packet, true);
        nbns_build_query(&packet, 7, &other, NULL, NBNS_TYPE_NB, true, true);
        measure(node, "query for another's name", &packet, true);
        nbns_build_query(&packet, 7, &NB_NAME_WILDCARD, NULL, NBNS_TYPE_NBSTAT, false, false);
        measure(node, "node status", &packet, false);
        nbns_build_claim(&packet, rdata, 7, NBNS_OPCODE_REGISTRATION, &ours, NULL, &address, 0, true, true);
        measure(node, "claim that is refused", &packet, true);
        nbns_build_conflict_demand(&packet, rdata, 7, &ours, NULL);
        measure(node, "forged conflict demand, one of many", &packet, false);
        node_free(node);
        arena_done(&arena);
        return 0;
}
