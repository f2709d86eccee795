/*
 * Arbitrary events in arbitrary order for one node. The first byte chooses type and policy; then records follow: a kind, and
 * what it needs. Whatever comes: steps succeed, actions are bounded, a group is never in conflict, timers end.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/rd.h"
#include "node/node.h"

/* Names times interfaces times what one step may do about each, with room. */
#define MAX_ACTIONS 1024
#define MAX_EVENTS 512
#define IFACES 3

static void check(bool good)
{
        if (!good)
                abort();
}

struct bench {
        struct node *node;
        struct arena arena;
        int64_t now_ns;
        uint8_t last_id[2]; /* of the last packet that was sent: answers may bear it */
        struct node_config config;
};

static void step(struct bench *bench, struct node_event *event)
{
        struct node_actions actions = {.arena = &bench->arena};

        arena_reset(&bench->arena);
        event->now = (mono_t){bench->now_ns};
        check(node_step(bench->node, event, &actions) == 0);
        check(actions.count <= MAX_ACTIONS);
        for (const struct node_action *action = actions.first; action; action = action->next) {
                if (action->type != NODE_ACTION_SEND)
                        continue;
                check(action->send.len_bytes >= 12 && action->send.len_bytes <= NBNS_MAX_BYTES);
                memcpy(bench->last_id, action->send.bytes, 2);
        }
}

static void advance(struct bench *bench, uint64_t ms)
{
        const int64_t end_ns = bench->now_ns + (int64_t)ms * 1000000;

        for (int i = 0; i < 1000 && node_deadline(bench->node).ns <= end_ns; i++) {
                const mono_t deadline = node_deadline(bench->node);
                if (deadline.ns > bench->now_ns)
                        bench->now_ns = deadline.ns;
                struct node_event event = {.type = NODE_EVENT_TIMER};
                step(bench, &event);
                check(node_deadline(bench->node).ns > bench->now_ns); /* never asks for the same moment again */
        }
        bench->now_ns = end_ns;
}

static void packet(struct bench *bench, struct rd *rd, bool answer)
{
        static const uint32_t sources[] = {0x0A000009, 0x0A000001, 0x0A090001, 0x0A090002, 0x0A010007, 0x16651AE7, 0};
        struct node_event event = {.type = NODE_EVENT_PACKET};
        uint8_t bytes[256];
        const uint8_t how = rd_u8(rd);
        const size_t len = rd_u8(rd);

        rd_copy(rd, bytes, len);
        if (answer && len >= 2)
                memcpy(bytes, bench->last_id, 2);
        event.packet.bytes = bytes;
        event.packet.len_bytes = len;
        event.packet.source = sources[how % 7];
        event.packet.source_port = how & 0x80 ? 40000 : 137;
        event.packet.iface_id = 1 + how / 7 % IFACES;
        event.packet.destination = how & 0x40 ? 0x0A0000FF : 0x0A000001;
        step(bench, &event);
}

static void iface(struct bench *bench, struct rd *rd)
{
        struct node_event event = {.type = NODE_EVENT_IFACE};
        const uint8_t how = rd_u8(rd);

        event.iface.id = 1 + how % IFACES;
        event.iface.address = 0x0A000001 + ((how & 0x0C) << 14) + (how >> 7);
        event.iface.netmask = 0xFFFFFF00;
        event.iface.broadcast = event.iface.address | 0xFF;
        event.iface.up = !(how & 0x10);
        event.iface.netbios_enabled = !(how & 0x20);
        event.iface.wins_count = rd_u8(rd) % 3;
        event.iface.wins[0] = 0x0A090001 + (how & 1);
        event.iface.wins[1] = 0x0A090002 - (how & 1);
        step(bench, &event);
}

static void command(struct bench *bench, struct rd *rd)
{
        static const char *const names[] = {"FILESRV", "SALES", "ANNA", "OTHER"};
        struct node_event event = {.type = NODE_EVENT_COMMAND};
        const uint8_t how = rd_u8(rd);
        const struct node_lmhost host = {.name = nb_name_make("OTHER", 0x20), .preload = true, .address = 0x0A000044};

        event.command.id = how;
        event.command.type = (enum node_command_type)(how % 6);
        event.command.kind = how & 0x80 ? NODE_NAME_GROUP : NODE_NAME_UNIQUE;
        event.command.name = nb_name_make(names[how / 6 % 4], rd_u8(rd));
        event.command.address = 0x0A000005;
        event.command.lmhosts = &host;
        event.command.lmhosts_count = 1;
        step(bench, &event);
}

static void other(struct bench *bench, struct rd *rd)
{
        const uint32_t address = 0x08080808;
        struct node_event event = {.type = NODE_EVENT_START};

        switch (rd_u8(rd) % 6) {
        case 0:
                break;
        case 1:
                event.type = NODE_EVENT_STOP;
                break;
        case 2:
                event.type = NODE_EVENT_RESUMED;
                break;
        case 3:
                event.type = NODE_EVENT_IFACE_GONE;
                event.iface_gone_id = 1 + rd_u8(rd) % IFACES;
                break;
        case 4:
                event.type = NODE_EVENT_RECONFIGURE;
                bench->config.type = (enum node_type)(1 << rd_u8(rd) % 4);
                bench->config.computer[0] = (char)('A' + rd_u8(rd) % 3);
                event.config = &bench->config;
                break;
        default:
                event.type = NODE_EVENT_DNS_RESULT;
                event.dns.lookup_id = rd_u8(rd) % 4;
                event.dns.count = rd_u8(rd) % 2;
                event.dns.addresses = &address;
                break;
        }
        step(bench, &event);
}

static void look(struct bench *bench)
{
        struct node_view view;

        arena_reset(&bench->arena);
        check(node_view(bench->node, (mono_t){bench->now_ns}, &bench->arena, &view) == 0);
        for (size_t i = 0; i < view.name_count; i++) {
                check(view.names[i].kind != NODE_NAME_GROUP || view.names[i].state != NODE_STATE_CONFLICT);
                check(view.names[i].state < NODE_STATE_MAX);
                check(view.names[i].state == NODE_STATE_CONFLICT || view.names[i].conflict_peer == 0);
        }
}

static void begin(struct bench *bench, uint8_t how)
{
        struct node_event event = {.type = NODE_EVENT_IFACE};
        struct rng rng;

        bench->config = node_config_default();
        bench->config.type = (enum node_type)(1 << how % 4);
        bench->config.demand_policy = (enum node_demand_policy)(how / 4 % 3);
        bench->config.dns_enabled = how & 0x40;
        bench->config.random_adapter = how & 0x80;
        bench->config.proxy = how & 0x20; /* where there are servers */
        bench->config.proxy_claims = how & 0x10;
        memcpy(bench->config.computer, "FILESRV", 8);
        memcpy(bench->config.workgroup, "SALES", 6);
        rng_init_seed(&rng, 1);
        check(node_new(&bench->node, &bench->config, &rng) == 0);
        event.iface = (struct node_iface){.id = 1,
                                          .address = 0x0A000001,
                                          .netmask = 0xFFFFFF00,
                                          .broadcast = 0x0A0000FF,
                                          .up = true,
                                          .netbios_enabled = true,
                                          .wins_count = how & 0x20 ? 2 : 0,
                                          .wins = {0x0A090001, 0x0A090002}};
        step(bench, &event);
        event = (struct node_event){.type = NODE_EVENT_START};
        step(bench, &event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct rd rd = rd_init(data, size);
        struct bench bench = {0};

        begin(&bench, rd_u8(&rd));
        for (int i = 0; i < MAX_EVENTS && rd_left(&rd); i++) {
                switch (rd_u8(&rd) % 7) {
                case 0:
                        packet(&bench, &rd, false);
                        break;
                case 1:
                        packet(&bench, &rd, true);
                        break;
                case 2:
                        advance(&bench, rd_u8(&rd) * 10u);
                        break;
                case 3:
                        advance(&bench, rd_u8(&rd) * 10000u);
                        break;
                case 4:
                        iface(&bench, &rd);
                        break;
                case 5:
                        command(&bench, &rd);
                        break;
                default:
                        other(&bench, &rd);
                        break;
                }
                look(&bench);
        }
        node_free(bench.node);
        arena_done(&bench.arena);
        return 0;
}
