/* Machines: most are claimers (claim with repeats and WACK, refresh at half the time, fail over and come home, answer challenges,
 * release, be silent when dead); some are real node cores, as P nodes. */
#include "wins_world.h"

#include <stdio.h>
#include <string.h>

#define CLAIM_RETRY_MS 1500u
#define CLAIM_TRIES 3u
#define PROBE_NS INT64_C(600000000000) /* KB247559 */
#define SECOND_NS INT64_C(1000000000)

/* ---- what it holds -------------------------------------------------------------------------------------------------------- */

/* Does the real node hold NAME, by a server's word? */
static bool node_holds(struct world *world, const struct machine *machine)
{
        struct node_view view;

        arena_reset(&world->arena);
        must(node_view(machine->node, world->now, &world->arena, &view) == 0);
        for (size_t i = 0; i < view.name_count; i++)
                if (view.names[i].state == NODE_STATE_REGISTERED && view.names[i].kind == NODE_NAME_UNIQUE &&
                    view.names[i].registered_by_wins && nb_name_equal(&view.names[i].name, &machine->name))
                        return true;
        return false;
}

bool machine_holds(struct world *world, const struct machine *machine)
{
        if (machine->state == DEAD)
                return false;
        return machine->node ? node_holds(world, machine) : machine->state == HOLDING;
}

bool machine_is_known(const struct world *world, const struct machine *machine)
{
        return !machine->unheard && world->now.ns - machine->acknowledged_ns < (int64_t)machine->ttl_s * SECOND_NS;
}

/* HOLDER has just been acknowledged, or is looked at again: nobody else may hold its name by the word of its server. */
void check_name(struct world *world, const struct machine *holder)
{
        for (unsigned i = 0; i < world->machine_count; i++) {
                const struct machine *other = &world->machines[i];

                if (other != holder && other->state != DEAD && nb_name_equal(&other->name, &holder->name) &&
                    other->by == holder->by && machine_is_known(world, other) && machine_holds(world, other))
                        violation(world, "two live machines hold a name by the word of one server", &holder->name,
                                  holder->address, other->address);
        }
}

/* The server has said yes to a claim or a refresh of NAME. */
static void note_word(struct world *world, struct machine *machine, unsigned server, uint32_t ttl_s)
{
        world->failovers += machine->by != server && server != machine->primary;
        world->homecomings += machine->by != server && server == machine->primary;
        machine->by = server;
        machine->ttl_s = ttl_s;
        machine->acknowledged_ns = world->now.ns;
        machine->unheard = false;
}

/* ---- claimers ------------------------------------------------------------------------------------------------------------- */

static void set_timer(struct world *world, struct machine *machine, uint64_t ms)
{
        machine->serial++;
        plan(world, ms * 1000,
             (struct happening){.what = MACHINE_TIMER,
                                .machine = (uint32_t)(machine - world->machines),
                                .serial = machine->serial});
}

static void send_claim(struct world *world, struct machine *machine, uint8_t opcode)
{
        const struct nbns_address address = {.nb_flags = 0x2000, .address = machine->address};
        struct nbns_packet packet;
        uint8_t bytes[NBNS_MAX_BYTES], rdata[6];

        nbns_build_claim(&packet, rdata, machine->id, opcode, &machine->name, NULL, &address, 0, true, false);
        const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
        machine->tries++;
        if (!is_lost(world))
                send_to_server(world, machine, machine->target, bytes, (size_t)len);
        set_timer(world, machine, CLAIM_RETRY_MS);
}

static uint8_t claim_opcode(struct world *world)
{
        return dice(world, 3) ? NBNS_OPCODE_REGISTRATION : NBNS_OPCODE_MULTIHOMED;
}

/* A request that is not one of before: with an id of its own. */
static void new_request(struct world *world, struct machine *machine, unsigned target)
{
        machine->waits = true;
        machine->tries = 0;
        machine->target = target;
        machine->id = (uint16_t)dice(world, 65536);
}

static void begin_claim(struct world *world, struct machine *machine)
{
        char text[16];

        snprintf(text, sizeof(text), "POOL%u", dice(world, world->names));
        machine->name = nb_name_make(text, 0x20);
        machine->state = CLAIMING;
        machine->probes = machine->tried_other = false;
        say(world, machine, "claims");
        new_request(world, machine, machine->current);
        send_claim(world, machine, claim_opcode(world));
}

void machine_rest(struct world *world, struct machine *machine)
{
        machine->state = IDLE;
        machine->waits = false;
        set_timer(world, machine, 1000 + dice(world, 600000));
}

/* Nobody has answered: the other server, if there is one that was not asked yet. */
static bool ask_other(struct world *world, struct machine *machine)
{
        if (world->server_count < 2 || machine->tried_other || machine->probes)
                return false;
        machine->tried_other = true;
        new_request(world, machine, 1 - machine->target);
        return true;
}

static void plan_refresh(struct world *world, struct machine *machine)
{
        const int64_t half_ns = machine->acknowledged_ns + (int64_t)machine->ttl_s * SECOND_NS / 2;
        const int64_t at_ns =
                machine->current != machine->primary && machine->probe_ns < half_ns ? machine->probe_ns : half_ns;

        set_timer(world, machine, at_ns > world->now.ns ? (uint64_t)(at_ns - world->now.ns) / 1000000 : 0);
}

static void begin_refresh(struct world *world, struct machine *machine)
{
        machine->probes = machine->current != machine->primary && world->now.ns >= machine->probe_ns;
        machine->tried_other = false;
        if (machine->probes)
                machine->probe_ns = world->now.ns + PROBE_NS;
        new_request(world, machine, machine->probes ? machine->primary : machine->current);
}

static void refresh(struct world *world, struct machine *machine)
{
        if (!machine->waits)
                begin_refresh(world, machine);
        if (machine->tries < CLAIM_TRIES || ask_other(world, machine)) {
                send_claim(world, machine, NBNS_OPCODE_REFRESH);
                return;
        }
        machine->waits = false; /* another time: the name is ours until a server says otherwise */
        if (machine->probes)
                plan_refresh(world, machine);
        else
                set_timer(world, machine, 20000 + dice(world, 20000));
}

static void claim_again(struct world *world, struct machine *machine, uint8_t opcode)
{
        if (machine->tries < CLAIM_TRIES || ask_other(world, machine))
                send_claim(world, machine, opcode);
        else
                machine_rest(world, machine);
}

void machine_timer_due(struct world *world, struct machine *machine)
{
        switch (machine->state) {
        case DEAD:
                return;
        case IDLE:
                begin_claim(world, machine);
                return;
        case CLAIMING:
                claim_again(world, machine, claim_opcode(world));
                return;
        case HOLDING:
                refresh(world, machine);
                return;
        case RELEASING:
                claim_again(world, machine, NBNS_OPCODE_RELEASE);
                return;
        }
}

void machine_release(struct world *world, struct machine *machine)
{
        machine->state = RELEASING; /* it is no longer ours from here on */
        machine->probes = machine->tried_other = false;
        say(world, machine, "releases");
        new_request(world, machine, machine->current);
        send_claim(world, machine, NBNS_OPCODE_RELEASE);
}

static void acknowledged(struct world *world, struct machine *machine, uint32_t ttl_s)
{
        machine->waits = false;
        note_word(world, machine, machine->target, ttl_s);
        if (machine->current != machine->target && machine->target != machine->primary)
                machine->probe_ns = world->now.ns + PROBE_NS;
        machine->current = machine->target;
        if (machine->state == CLAIMING) {
                machine->state = HOLDING;
                world->acknowledged++;
                say(world, machine, "holds");
        }
        check_name(world, machine);
        plan_refresh(world, machine);
}

static void refused(struct world *world, struct machine *machine, uint8_t rcode)
{
        if (rcode == NBNS_RCODE_ACT_ERR) {
                world->refused++;
                if (machine->state == HOLDING && machine->target == machine->by && machine_is_known(world, machine))
                        violation(world, "a live holder's refresh was refused", &machine->name, machine->address, 0);
        }
        machine->current = machine->target;
        machine_rest(world, machine);
}

static void answer_challenge(struct world *world, const struct machine *machine, unsigned server,
                             const struct nbns_packet *query)
{
        const struct nbns_address address = {.nb_flags = 0x2000, .address = machine->address};
        const bool ours = machine->state == HOLDING && nb_name_equal(&machine->name, &query->question.name);
        struct nbns_packet packet;
        uint8_t bytes[NBNS_MAX_BYTES], rdata[6];

        nbns_address_encode(&address, rdata);
        if (ours)
                nbns_build_query_response(&packet, query->header.id, &query->question.name, NULL, rdata, 6, 0, false);
        else
                nbns_build_negative_query_response(&packet, query->header.id, &query->question.name, NULL,
                                                   NBNS_RCODE_NAM_ERR, false);
        const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
        send_to_server(world, machine, server, bytes, (size_t)len);
}

static void to_claimer(struct world *world, struct machine *machine, unsigned server, const struct nbns_packet *packet)
{
        if (!packet->header.response) {
                answer_challenge(world, machine, server, packet);
                return;
        }
        if (!machine->waits || server != machine->target || packet->header.id != machine->id || !packet->has_answer ||
            !nb_name_equal(&packet->answer.name, &machine->name))
                return;
        if (packet->header.opcode == NBNS_OPCODE_WACK)
                set_timer(world, machine, (uint64_t)packet->answer.ttl_s * 1000);
        else if (packet->header.rcode != NBNS_RCODE_OK)
                refused(world, machine, packet->header.rcode);
        else if (machine->state == RELEASING)
                machine_rest(world, machine);
        else
                acknowledged(world, machine, packet->answer.ttl_s);
}

/* ---- real nodes ----------------------------------------------------------------------------------------------------------- */

static void node_send(struct world *world, const struct machine *machine, const struct node_action *action)
{
        for (unsigned s = 0; s < world->server_count; s++)
                if (action->send.destination == SERVER_ADDRESS(s) &&
                    (action->send.bytes[2] & 0x80 || !is_lost(world))) /* answers are lost with their question */
                        send_to_server(world, machine, s, action->send.bytes, action->send.len_bytes);
}

static void node_do(struct world *world, struct machine *machine, struct node_event *event)
{
        struct node_actions actions = {.arena = &world->arena};

        arena_reset(&world->arena);
        event->now = world->now;
        event->wall = (wall_t){world->now.ns / 1000 + BENCH_WALL_S * 1000000};
        must(node_step(machine->node, event, &actions) == 0);
        for (const struct node_action *action = actions.first; action; action = action->next)
                if (action->type == NODE_ACTION_SEND)
                        node_send(world, machine, action);
        const mono_t due = node_deadline(machine->node);
        if (due.ns != machine->wake.ns && due.ns != MONO_NEVER.ns)
                plan(world, (uint64_t)(due.ns > world->now.ns ? due.ns - world->now.ns + 999 : 0) / 1000,
                     (struct happening){.what = NODE_TIMER,
                                        .machine = (uint32_t)(machine - world->machines),
                                        .serial = machine->serial});
        machine->wake = due;
}

void machine_start_node(struct world *world, struct machine *machine)
{
        struct node_config config = node_config_default();
        struct node_event iface = {.type = NODE_EVENT_IFACE}, start = {.type = NODE_EVENT_START};
        struct rng rng;

        config.type = NODE_TYPE_P;
        snprintf(config.computer, sizeof(config.computer), "POOL%u", dice(world, world->names));
        machine->name = nb_name_make(config.computer, 0x20);
        rng_init_seed(&rng, rng_u64(&world->rng));
        must(node_new(&machine->node, &config, &rng) == 0);
        machine->wake = MONO_NEVER;
        machine->state = HOLDING; /* alive; what it holds, it tells itself */
        machine->acknowledged_ns = -SECOND_NS;
        machine->ttl_s = 0;
        iface.iface =
                (struct node_iface){.id = 1,
                                    .label = "eth0",
                                    .address = machine->address,
                                    .netmask = 0xFFFF0000,
                                    .broadcast = 0x0A01FFFF,
                                    .mac = {2, 0, 0, 0, 0, 1},
                                    .up = true,
                                    .netbios_enabled = true,
                                    .wins_count = world->server_count,
                                    .wins = {SERVER_ADDRESS(machine->primary), SERVER_ADDRESS(1 - machine->primary)}};
        node_do(world, machine, &iface);
        node_do(world, machine, &start);
}

void machine_node_due(struct world *world, struct machine *machine)
{
        struct node_event timer = {.type = NODE_EVENT_TIMER};

        if (mono_is_due(node_deadline(machine->node), world->now))
                node_do(world, machine, &timer);
}

/* What the node will make of an answer is the node's; that the server said yes is noted here, if it was what the node took. */
static void to_node(struct world *world, struct machine *machine, const struct happening *happening,
                    const struct nbns_packet *packet)
{
        struct node_event event = {.type = NODE_EVENT_PACKET};
        const uint8_t opcode = packet->header.opcode;

        event.packet.bytes = happening->bytes;
        event.packet.len_bytes = happening->len_bytes;
        event.packet.source = SERVER_ADDRESS(happening->server);
        event.packet.destination = machine->address;
        event.packet.source_port = NBNS_PORT;
        event.packet.iface_id = 1;
        node_do(world, machine, &event);
        if (packet->header.response && packet->header.rcode == NBNS_RCODE_OK && packet->has_answer &&
            (opcode == NBNS_OPCODE_REGISTRATION || opcode == NBNS_OPCODE_MULTIHOMED || opcode == NBNS_OPCODE_REFRESH ||
             opcode == NBNS_OPCODE_REFRESH_ALT) &&
            nb_name_equal(&packet->answer.name, &machine->name) && node_holds(world, machine)) {
                note_word(world, machine, happening->server, packet->answer.ttl_s);
                check_name(world, machine);
        }
}

void machine_packet(struct world *world, struct machine *machine, const struct happening *happening)
{
        struct nbns_packet packet;

        if (machine->state == DEAD || nbns_packet_decode(happening->bytes, happening->len_bytes, &packet) < 0)
                return;
        if (machine->node)
                to_node(world, machine, happening, &packet);
        else
                to_claimer(world, machine, happening->server, &packet);
}
