/*
 * Random worlds of one WINS server: 500 machines want names from a pool that is too small; packets are lost and late, machines
 * die, come back and release, the calendar jumps, the server is killed at any moment and starts on what its store holds.
 *
 * Most machines are claimers: a machine in as few lines as make one (claim with repeats and WACK, refresh at half its time, answer
 * challenges, release, be silent when dead). Some are real node cores, as P nodes.
 *
 * What must hold, at every acknowledgement and again every minute:
 *
 *   one        two live machines never both hold an acknowledged unique name
 *   kept       a live holder's name is in the server's memory and in its store as that machine's (but for a claim
 *              that is on its way)
 *   whole      a batch is in the store as a whole or not at all
 *
 * Of the three exchanges of one challenge at least one gets through: who loses three (KB173519) is dead to the server, and no
 * rule could tell it from one that is. A store that is killed during a commit may hold the batch or not; the dice decide.
 *
 * wins_worlds [--seeds FIRST COUNT] [--machines N] [--hours H] [-v]
 */
#include "../unit/wins/bench.h"
#include "node/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MACHINES 1000u
#define RENEWAL_S 2400u
#define CLAIM_RETRY_MS 1500u
#define CLAIM_TRIES 3u

enum machine_state { DEAD, IDLE, CLAIMING, HOLDING, RELEASING };

struct machine {
        uint32_t address;
        struct nb_name name;
        enum machine_state state;
        uint16_t id; /* of the claim or refresh that waits for its answer */
        bool waits;
        unsigned tries;
        uint64_t serial; /* tells late timers that they are late */
        int64_t held_since_ns, refreshed_ns;
        uint32_t ttl_s;
        struct node *node; /* a real one; then the fields above but ADDRESS are unused */
        mono_t wake;
};

enum what { TO_SERVER, TO_MACHINE, MACHINE_TIMER, NODE_TIMER, SERVER_TIMER, STORE_DONE, CRASH, LIFE, CHECK };

struct happening {
        int64_t at_ns;
        uint64_t order;
        enum what what;
        uint32_t machine;
        uint64_t serial;
        uint16_t len_bytes;
        uint8_t *bytes;
};

struct world {
        struct bench bench; /* its clock is the world's */
        struct rng rng;
        struct happening *heap;
        size_t count, room;
        uint64_t order;
        struct machine machines[MAX_MACHINES];
        unsigned machine_count, names, real;
        unsigned loss_permille, mean_commit_ms;
        uint64_t batch_out; /* id of the batch under way, 0: none */
        uint64_t life_of_server;
        uint8_t lost_challenges[65536]; /* by id, in a row */
        struct arena arena;
        bool verbose;
        unsigned failures;
        uint64_t acknowledged, refused, challenged, crashes, checks;
};

static struct tally {
        uint64_t acknowledged, refused, crashes, real_holders;
} tally;

static uint32_t dice(struct world *world, uint32_t limit)
{
        return rng_below(&world->rng, limit);
}

static void must(bool good)
{
        if (!good)
                abort();
}

static void say(struct world *world, const struct machine *machine, const char *what)
{
        char name[NB_NAME_TEXT_BYTES], address[IP4_TEXT_BYTES];

        if (!world->verbose)
                return;
        nb_name_format(&machine->name, name);
        ip4_format(machine->address, address);
        printf("%10.3f %s %s %s\n", (double)world->bench.now.ns / 1e9, address, name, what);
}

static void violation(struct world *world, const char *what, const struct nb_name *name, uint32_t a, uint32_t b)
{
        char text[NB_NAME_TEXT_BYTES], first[IP4_TEXT_BYTES], second[IP4_TEXT_BYTES];

        nb_name_format(name, text);
        ip4_format(a, first);
        ip4_format(b, second);
        if (world->failures++ < 5)
                printf("  at %.3f s: %s: %s, %s and %s\n", (double)world->bench.now.ns / 1e9, what, text, first,
                       second);
}

/* ---- what happens when ------------------------------------------------------------------------------------------------- */

static bool before(const struct happening *a, const struct happening *b)
{
        return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static void plan(struct world *world, uint64_t in_us, struct happening happening)
{
        if (world->count == world->room) {
                world->room = world->room ? world->room * 2 : 1024;
                world->heap = realloc(world->heap, world->room * sizeof(*world->heap));
                must(world->heap != NULL);
        }
        happening.at_ns = world->bench.now.ns + (int64_t)in_us * 1000;
        happening.order = world->order++;
        size_t i = world->count++;
        for (size_t up; i > 0 && before(&happening, &world->heap[up = (i - 1) / 2]); i = up)
                world->heap[i] = world->heap[up];
        world->heap[i] = happening;
}

static struct happening next(struct world *world)
{
        const struct happening first = world->heap[0], moved = world->heap[--world->count];
        size_t i = 0;

        for (size_t down; (down = 2 * i + 1) < world->count; i = down) {
                if (down + 1 < world->count && before(&world->heap[down + 1], &world->heap[down]))
                        down++;
                if (!before(&world->heap[down], &moved))
                        break;
                world->heap[i] = world->heap[down];
        }
        if (world->count)
                world->heap[i] = moved;
        return first;
}

static uint8_t *copy(const uint8_t *bytes, size_t len_bytes)
{
        uint8_t *to = malloc(len_bytes);

        must(to != NULL);
        return memcpy(to, bytes, len_bytes);
}

static uint64_t delay_us(struct world *world)
{
        return 200 + dice(world, 20000);
}

static void send_to_server(struct world *world, const struct machine *machine, const uint8_t *bytes, size_t len_bytes)
{
        plan(world, delay_us(world),
             (struct happening){.what = TO_SERVER,
                                .machine = (uint32_t)(machine - world->machines),
                                .len_bytes = (uint16_t)len_bytes,
                                .bytes = copy(bytes, len_bytes)});
}

static bool is_lost(struct world *world)
{
        return dice(world, 1000) < world->loss_permille;
}

/* ---- the server -------------------------------------------------------------------------------------------------------- */

static struct machine *machine_at(struct world *world, uint32_t address)
{
        const uint32_t i = address - 0x0A010000u;

        return i < world->machine_count ? &world->machines[i] : NULL;
}

/* The bench tells of every packet that the server sends. */
static void server_sent(void *context, uint32_t destination, uint16_t port, const uint8_t *bytes, size_t len_bytes)
{
        struct world *world = context;
        struct machine *machine = machine_at(world, destination);
        struct nbns_header header;

        (void)port;
        if (!machine || nbns_header_decode(bytes, len_bytes, &header) < 0)
                return;
        if (!header.response) {
                world->challenged++;
                /* the whole exchange is lost or not, so that "two in a row" can be counted */
                if (world->lost_challenges[header.id] < 2 && is_lost(world)) {
                        world->lost_challenges[header.id]++;
                        return;
                }
                world->lost_challenges[header.id] = 0;
        } else if (is_lost(world)) {
                return;
        }
        plan(world, delay_us(world),
             (struct happening){.what = TO_MACHINE,
                                .machine = (uint32_t)(machine - world->machines),
                                .len_bytes = (uint16_t)len_bytes,
                                .bytes = copy(bytes, len_bytes)});
}

/* A batch went out, or the deadline moved: the world has to know. */
static void after_server_step(struct world *world)
{
        struct bench *bench = &world->bench;

        if (bench->out && bench->out->id != world->batch_out) {
                world->batch_out = bench->out->id;
                plan(world, 500 + dice(world, world->mean_commit_ms * 2000),
                     (struct happening){.what = STORE_DONE,
                                        .serial = world->batch_out,
                                        .machine = (uint32_t)world->life_of_server});
        }
        const mono_t due = wins_deadline(bench->wins);
        if (due.ns != MONO_NEVER.ns) {
                const int64_t in_ns = due.ns > bench->now.ns ? due.ns - bench->now.ns : 0;

                plan(world, (uint64_t)(in_ns + 999) / 1000,
                     (struct happening){.what = SERVER_TIMER, .machine = (uint32_t)world->life_of_server});
        }
}

/* One batch, and no more: what goes out next takes its own time. */
static void store_done(struct world *world, const struct happening *happening)
{
        if (happening->machine != (uint32_t)world->life_of_server || !world->bench.out ||
            world->bench.out->id != happening->serial)
                return;
        bench_confirm(&world->bench);
        after_server_step(world);
}

static void crash_server(struct world *world)
{
        struct bench *bench = &world->bench;

        world->crashes++;
        if (bench->out &&
            dice(world, 2)) { /* killed between commit and word of it: the answers are lost, the batch is not */
                bench->on_send = NULL;
                bench_confirm(bench);
        }
        bench->wall_us +=
                ((int64_t)dice(world, 41) - 20) * (dice(world, 4) ? 0 : INT64_C(86400000000)); /* clocks are bad */
        bench->on_send = NULL;
        bench->store = BENCH_STORE_HOLD;
        world->batch_out = 0;
        world->life_of_server++;
        bench_restart(bench, false);
        bench->on_send = server_sent;
        after_server_step(world);
}

/* ---- claimers ---------------------------------------------------------------------------------------------------------- */

static void machine_timer(struct world *world, struct machine *machine, uint64_t ms)
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
                send_to_server(world, machine, bytes, (size_t)len);
        machine_timer(world, machine, CLAIM_RETRY_MS);
}

static uint8_t claim_opcode(struct world *world)
{
        return dice(world, 3) ? NBNS_OPCODE_REGISTRATION : NBNS_OPCODE_MULTIHOMED;
}

static void begin_claim(struct world *world, struct machine *machine)
{
        char text[16];

        snprintf(text, sizeof(text), "POOL%u", dice(world, world->names));
        machine->name = nb_name_make(text, 0x20);
        machine->state = CLAIMING;
        machine->id = (uint16_t)dice(world, 65536);
        machine->waits = true;
        machine->tries = 0;
        say(world, machine, "claims");
        send_claim(world, machine, claim_opcode(world));
}

static void rest(struct world *world, struct machine *machine)
{
        machine->state = IDLE;
        machine->waits = false;
        machine_timer(world, machine, 1000 + dice(world, 600000));
}

static void refresh(struct world *world, struct machine *machine)
{
        if (!machine->waits) {
                machine->waits = true;
                machine->tries = 0;
                machine->id = (uint16_t)dice(world, 65536);
        }
        send_claim(world, machine, NBNS_OPCODE_REFRESH);
        if (machine->tries >= CLAIM_TRIES) { /* another time: the name is ours until the server says otherwise */
                machine->waits = false;
                machine_timer(world, machine, 20000 + dice(world, 20000));
        }
}

static void on_machine_timer(struct world *world, struct machine *machine)
{
        switch (machine->state) {
        case DEAD:
                return;
        case IDLE:
                begin_claim(world, machine);
                return;
        case CLAIMING:
                if (machine->tries >= CLAIM_TRIES)
                        rest(world, machine);
                else
                        send_claim(world, machine, claim_opcode(world));
                return;
        case HOLDING:
                refresh(world, machine);
                return;
        case RELEASING:
                if (machine->tries >= CLAIM_TRIES)
                        rest(world, machine);
                else
                        send_claim(world, machine, NBNS_OPCODE_RELEASE);
                return;
        }
}

static void check_name(struct world *world, const struct machine *holder)
{
        for (unsigned i = 0; i < world->machine_count; i++) {
                const struct machine *other = &world->machines[i];

                if (other != holder && !other->node && other->state == HOLDING &&
                    nb_name_equal(&other->name, &holder->name))
                        violation(world, "two live machines hold an acknowledged name", &holder->name, holder->address,
                                  other->address);
        }
}

static void acknowledged(struct world *world, struct machine *machine, uint32_t ttl_s)
{
        machine->waits = false;
        machine->ttl_s = ttl_s;
        machine->refreshed_ns = world->bench.now.ns;
        if (machine->state == CLAIMING) {
                machine->state = HOLDING;
                machine->held_since_ns = world->bench.now.ns;
                world->acknowledged++;
                say(world, machine, "holds");
                check_name(world, machine);
        }
        machine_timer(world, machine, (uint64_t)ttl_s * 500);
}

static void answer_challenge(struct world *world, const struct machine *machine, const struct nbns_packet *query)
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
        send_to_server(world, machine, bytes, (size_t)len);
}

static void to_claimer(struct world *world, struct machine *machine, const struct nbns_packet *packet)
{
        if (!packet->header.response) {
                answer_challenge(world, machine, packet);
                return;
        }
        if (!machine->waits || packet->header.id != machine->id || !packet->has_answer ||
            !nb_name_equal(&packet->answer.name, &machine->name))
                return;
        if (packet->header.opcode == NBNS_OPCODE_WACK) {
                machine_timer(world, machine, (uint64_t)packet->answer.ttl_s * 1000);
                return;
        }
        if (packet->header.rcode != NBNS_RCODE_OK) {
                if (packet->header.rcode == NBNS_RCODE_ACT_ERR)
                        world->refused++;
                if (machine->state == HOLDING && packet->header.rcode == NBNS_RCODE_ACT_ERR)
                        violation(world, "a live holder's refresh was refused", &machine->name, machine->address, 0);
                rest(world, machine);
        } else if (machine->state == RELEASING) {
                rest(world, machine);
        } else {
                acknowledged(world, machine, packet->answer.ttl_s);
        }
}

/* ---- real nodes -------------------------------------------------------------------------------------------------------- */

static void node_do(struct world *world, struct machine *machine, struct node_event *event)
{
        struct node_actions actions = {.arena = &world->arena};

        arena_reset(&world->arena);
        event->now = world->bench.now;
        event->wall = (wall_t){world->bench.now.ns / 1000 + BENCH_WALL_S * 1000000};
        must(node_step(machine->node, event, &actions) == 0);
        for (const struct node_action *action = actions.first; action; action = action->next)
                if (action->type == NODE_ACTION_SEND && action->send.destination == BENCH_SERVER &&
                    (action->send.bytes[2] & 0x80 || !is_lost(world))) /* answers are lost with their question */
                        send_to_server(world, machine, action->send.bytes, action->send.len_bytes);
        const mono_t due = node_deadline(machine->node);
        if (due.ns != machine->wake.ns && due.ns != MONO_NEVER.ns)
                plan(world, (uint64_t)(due.ns > world->bench.now.ns ? due.ns - world->bench.now.ns + 999 : 0) / 1000,
                     (struct happening){.what = NODE_TIMER,
                                        .machine = (uint32_t)(machine - world->machines),
                                        .serial = machine->serial});
        machine->wake = due;
}

static void start_node(struct world *world, struct machine *machine)
{
        struct node_config config = node_config_default();
        struct node_event iface = {.type = NODE_EVENT_IFACE}, start = {.type = NODE_EVENT_START};
        struct rng rng;

        config.type = NODE_TYPE_P;
        snprintf(config.computer, sizeof(config.computer), "POOL%u", dice(world, world->names));
        rng_init_seed(&rng, rng_u64(&world->rng));
        must(node_new(&machine->node, &config, &rng) == 0);
        machine->wake = MONO_NEVER;
        machine->state = HOLDING; /* alive; what it holds, it tells itself */
        iface.iface = (struct node_iface){.id = 1,
                                          .label = "eth0",
                                          .address = machine->address,
                                          .netmask = 0xFFFF0000,
                                          .broadcast = 0x0A01FFFF,
                                          .mac = {2, 0, 0, 0, 0, 1},
                                          .up = true,
                                          .netbios_enabled = true,
                                          .wins_count = 1,
                                          .wins = {BENCH_SERVER}};
        node_do(world, machine, &iface);
        node_do(world, machine, &start);
}

static void to_node(struct world *world, struct machine *machine, const struct happening *happening)
{
        struct node_event event = {.type = NODE_EVENT_PACKET};

        event.packet.bytes = happening->bytes;
        event.packet.len_bytes = happening->len_bytes;
        event.packet.source = BENCH_SERVER;
        event.packet.destination = machine->address;
        event.packet.source_port = NBNS_PORT;
        event.packet.iface_id = 1;
        node_do(world, machine, &event);
}

/* Does the real node hold NAME, by the server's word? */
static bool node_holds(struct world *world, const struct machine *machine, const struct nb_name *name)
{
        struct node_view view;

        arena_reset(&world->arena);
        must(node_view(machine->node, world->bench.now, &world->arena, &view) == 0);
        for (size_t i = 0; i < view.name_count; i++)
                if (view.names[i].state == NODE_STATE_REGISTERED && view.names[i].kind == NODE_NAME_UNIQUE &&
                    view.names[i].registered_by_wins && nb_name_equal(&view.names[i].name, name))
                        return true;
        return false;
}

/* ---- life and death ------------------------------------------------------------------------------------------------------ */

static void die_or_live(struct world *world)
{
        struct machine *machine = &world->machines[dice(world, world->machine_count)];

        if (machine->state == DEAD) {
                machine->serial++;
                if (machine < world->machines + world->real)
                        start_node(world, machine);
                else
                        rest(world, machine);
        } else if (machine->node) {
                if (dice(world, 3) == 0) {
                        machine->node = node_free(machine->node);
                        machine->state = DEAD;
                        machine->serial++;
                }
        } else if (machine->state == HOLDING && dice(world, 2)) {
                machine->state = RELEASING; /* it is no longer ours from here on */
                machine->waits = true;
                machine->tries = 0;
                machine->id = (uint16_t)dice(world, 65536);
                say(world, machine, "releases");
                send_claim(world, machine, NBNS_OPCODE_RELEASE);
        } else {
                say(world, machine, "dies");
                machine->state = DEAD;
                machine->serial++;
        }
        plan(world, dice(world, 2000000), (struct happening){.what = LIFE});
}

/* ---- the properties -------------------------------------------------------------------------------------------------------- */

static void check_record(struct world *world, const struct machine *machine)
{
        struct wins_record record;

        if (wins_find(world->bench.wins, &machine->name, NULL, &record) < 0 || record.state != WINS_ACTIVE ||
            wins_record_member(&record, machine->address) < 0)
                violation(world, "a live holder's record is gone", &machine->name, machine->address, 0);
}

static void check_node(struct world *world, const struct machine *node)
{
        for (unsigned n = 0; n < world->names; n++) {
                char text[16];

                snprintf(text, sizeof(text), "POOL%u", n);
                const struct nb_name name = nb_name_make(text, 0x20);
                if (!node_holds(world, node, &name))
                        continue;
                tally.real_holders++;
                for (unsigned i = 0; i < world->machine_count; i++) {
                        const struct machine *other = &world->machines[i];

                        if (other == node || other->state != HOLDING)
                                continue;
                        if (other->node ? node_holds(world, other, &name) : nb_name_equal(&other->name, &name))
                                violation(world, "two live machines hold an acknowledged name", &name, node->address,
                                          other->address);
                }
        }
}

static void check_all(struct world *world)
{
        world->checks++;
        for (unsigned i = 0; i < world->machine_count; i++) {
                const struct machine *machine = &world->machines[i];

                if (machine->state != HOLDING || machine->node)
                        continue;
                check_name(world, machine);
                check_record(world, machine);
        }
        if (world->checks % 5 == 0)
                for (unsigned i = 0; i < world->real; i++)
                        if (world->machines[i].node)
                                check_node(world, &world->machines[i]);
        plan(world, 60000000, (struct happening){.what = CHECK});
}

/* ---- running ------------------------------------------------------------------------------------------------------------- */

static void to_machine(struct world *world, struct machine *machine, const struct happening *happening)
{
        struct nbns_packet packet;

        if (machine->state == DEAD)
                return;
        if (machine->node)
                to_node(world, machine, happening);
        else if (nbns_packet_decode(happening->bytes, happening->len_bytes, &packet) == 0)
                to_claimer(world, machine, &packet);
}

static void happen(struct world *world, const struct happening *happening)
{
        struct machine *machine = &world->machines[happening->machine % MAX_MACHINES];
        struct node_event timer = {.type = NODE_EVENT_TIMER};

        switch (happening->what) {
        case TO_SERVER:
                bench_packet(&world->bench, machine->address, NBNS_PORT, happening->bytes, happening->len_bytes);
                after_server_step(world);
                return;
        case TO_MACHINE:
                to_machine(world, machine, happening);
                return;
        case MACHINE_TIMER:
                if (happening->serial == machine->serial && !machine->node)
                        on_machine_timer(world, machine);
                return;
        case NODE_TIMER:
                if (machine->node && happening->serial == machine->serial &&
                    mono_is_due(node_deadline(machine->node), world->bench.now))
                        node_do(world, machine, &timer);
                return;
        case SERVER_TIMER:
                if (happening->machine == (uint32_t)world->life_of_server &&
                    mono_is_due(wins_deadline(world->bench.wins), world->bench.now)) {
                        bench_run_ms(&world->bench, 0);
                        after_server_step(world);
                }
                return;
        case STORE_DONE:
                store_done(world, happening);
                return;
        case CRASH:
                crash_server(world);
                plan(world, 1000 + (uint64_t)dice(world, 1200) * 1000000, (struct happening){.what = CRASH});
                return;
        case LIFE:
                die_or_live(world);
                return;
        case CHECK:
                check_all(world);
                return;
        }
}

static void build(struct world *world, uint64_t seed, unsigned machines)
{
        rng_init_seed(&world->rng, seed);
        bench_init(&world->bench);
        world->bench.quiet = true;
        world->bench.settings.renewal_s = RENEWAL_S;
        world->bench.settings.extinction_interval_s = RENEWAL_S;
        world->machine_count = machines;
        world->real = machines / 10;
        world->names = machines / 2;
        world->loss_permille = dice(world, 200);
        world->mean_commit_ms = 1 + dice(world, 50);
        world->bench.store = BENCH_STORE_HOLD;
        world->bench.on_send = server_sent;
        world->bench.context = world;
        bench_start(&world->bench);
        for (unsigned i = 0; i < machines; i++) {
                world->machines[i].address = 0x0A010000u + i;
                if (i < world->real)
                        start_node(world, &world->machines[i]);
                else
                        rest(world, &world->machines[i]);
        }
        plan(world, 0, (struct happening){.what = LIFE});
        plan(world, 60000000, (struct happening){.what = CHECK});
        if (dice(world, 4)) /* a quarter of the worlds has a server that stays, and may so answer bursts */
                plan(world, (uint64_t)dice(world, 600) * 1000000, (struct happening){.what = CRASH});
}

static void tear_down(struct world *world)
{
        for (unsigned i = 0; i < world->machine_count; i++)
                node_free(world->machines[i].node);
        for (size_t i = 0; i < world->count; i++)
                free(world->heap[i].bytes);
        free(world->heap);
        arena_done(&world->arena);
        bench_done(&world->bench);
}

static unsigned run(uint64_t seed, unsigned machines, unsigned hours, bool verbose)
{
        struct world *world = calloc(1, sizeof(*world));
        const int64_t end_ns = (int64_t)hours * 3600 * INT64_C(1000000000);

        must(world != NULL);
        world->verbose = verbose;
        build(world, seed, machines);
        while (world->bench.now.ns < end_ns && world->failures == 0) {
                const struct happening happening = next(world);

                world->bench.now.ns = happening.at_ns;
                happen(world, &happening);
                free(happening.bytes);
        }
        check_all(world);
        if (world->failures)
                printf("wins_worlds: seed %llu: %u violations (loss %u permille, %u machines, %u hours)\n",
                       (unsigned long long)seed, world->failures, world->loss_permille, machines, hours);
        tally.acknowledged += world->acknowledged;
        tally.refused += world->refused;
        tally.crashes += world->crashes;
        const unsigned failures = world->failures;
        tear_down(world);
        free(world);
        return failures;
}

int main(int argc, char **argv)
{
        unsigned long long first = 1, count = 3;
        unsigned machines = 500, hours = 3, failed = 0;
        bool verbose = false;

        for (int i = 1; i < argc; i++) {
                if (!strcmp(argv[i], "--seeds") && i + 2 < argc) {
                        first = strtoull(argv[i + 1], NULL, 0);
                        count = strtoull(argv[i + 2], NULL, 0);
                        i += 2;
                } else if (!strcmp(argv[i], "--machines") && i + 1 < argc) {
                        machines = (unsigned)strtoul(argv[++i], NULL, 0);
                } else if (!strcmp(argv[i], "--hours") && i + 1 < argc) {
                        hours = (unsigned)strtoul(argv[++i], NULL, 0);
                } else if (!strcmp(argv[i], "-v")) {
                        verbose = true;
                } else {
                        fprintf(stderr, "usage: wins_worlds [--seeds FIRST COUNT] [--machines N] [--hours H] [-v]\n");
                        return 2;
                }
        }
        if (machines == 0 || machines > MAX_MACHINES)
                return 2;
        for (unsigned long long seed = first; seed < first + count; seed++)
                failed += run(seed, machines, hours, verbose) > 0;
        printf("wins_worlds: seeds %llu to %llu, %u failed; %llu claims acknowledged, %llu refused, %llu kills, %llu "
               "names seen at "
               "real nodes\n",
               first, first + count - 1, failed, (unsigned long long)tally.acknowledged,
               (unsigned long long)tally.refused, (unsigned long long)tally.crashes,
               (unsigned long long)tally.real_holders);
        return failed > 0;
}
