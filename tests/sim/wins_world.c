#include "wins_world.h"

#include "wire/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t dice(struct world *world, uint32_t limit)
{
        return rng_below(&world->rng, limit);
}

void must(bool good)
{
        if (!good)
                abort();
}

void say(struct world *world, const struct machine *machine, const char *what)
{
        char name[NB_NAME_TEXT_BYTES], address[IP4_TEXT_BYTES];

        if (!world->verbose)
                return;
        nb_name_format(&machine->name, name);
        ip4_format(machine->address, address);
        printf("%10.3f %s %s %s\n", (double)world->now.ns / 1e9, address, name, what);
}

void violation(struct world *world, const char *what, const struct nb_name *name, uint32_t a, uint32_t b)
{
        char text[NB_NAME_TEXT_BYTES], first[IP4_TEXT_BYTES], second[IP4_TEXT_BYTES];

        nb_name_format(name, text);
        ip4_format(a, first);
        ip4_format(b, second);
        if (world->failures++ < 5)
                printf("  at %.3f s: %s: %s, %s and %s\n", (double)world->now.ns / 1e9, what, text, first, second);
}

/* ---- what happens when ------------------------------------------------------------------------------------------------- */

static bool before(const struct happening *a, const struct happening *b)
{
        return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void plan(struct world *world, uint64_t in_us, struct happening happening)
{
        if (world->count == world->room) {
                world->room = world->room ? world->room * 2 : 1024;
                world->heap = realloc(world->heap, world->room * sizeof(*world->heap));
                must(world->heap != NULL);
        }
        happening.at_ns = world->now.ns + (int64_t)in_us * 1000;
        happening.order = world->order++;
        size_t i = world->count++;
        for (size_t up; i > 0 && before(&happening, &world->heap[up = (i - 1) / 2]); i = up)
                world->heap[i] = world->heap[up];
        world->heap[i] = happening;
}

struct happening next_happening(struct world *world)
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

/* ---- what is lost ------------------------------------------------------------------------------------------------------- */

bool is_lost(struct world *world)
{
        return dice(world, 1000) < world->loss_permille;
}

bool is_reached(const struct world *world, const struct machine *machine, unsigned server)
{
        return !world->cut || machine->side == world->servers[server].side;
}

static uint8_t *copy(const uint8_t *bytes, size_t len_bytes)
{
        uint8_t *to = malloc(len_bytes);

        must(to != NULL);
        return memcpy(to, bytes, len_bytes);
}

static void say_packet(struct world *world, enum what what, const struct machine *machine, unsigned server,
                       const uint8_t *bytes, size_t len_bytes)
{
        struct strbuf sb = STRBUF_INIT;
        char address[IP4_TEXT_BYTES];

        if (!world->verbose)
                return;
        ip4_format(machine->address, address);
        nbns_dump(&sb, bytes, len_bytes);
        printf("%10.3f %s %s W%u: %s\n", (double)world->now.ns / 1e9, address, what == TO_SERVER ? "to" : "from",
               server, strbuf_str(&sb));
        strbuf_done(&sb);
}

static void send_late(struct world *world, enum what what, const struct machine *machine, unsigned server,
                      const uint8_t *bytes, size_t len_bytes)
{
        say_packet(world, what, machine, server, bytes, len_bytes);
        plan(world, 200 + dice(world, 20000),
             (struct happening){.what = what,
                                .machine = (uint32_t)(machine - world->machines),
                                .server = server,
                                .len_bytes = (uint16_t)len_bytes,
                                .bytes = copy(bytes, len_bytes)});
}

void send_to_server(struct world *world, const struct machine *machine, unsigned server, const uint8_t *bytes,
                    size_t len_bytes)
{
        if (is_reached(world, machine, server))
                send_late(world, TO_SERVER, machine, server, bytes, len_bytes);
}

/* ---- servers ------------------------------------------------------------------------------------------------------------ */

static struct machine *machine_at(struct world *world, uint32_t address)
{
        const uint32_t i = address - 0x0A010000u;

        return i < world->machine_count ? &world->machines[i] : NULL;
}

/* A challenge that does not get through: SERVER will think MACHINE dead, unless it gets through the next time. */
static void note_unheard(struct world *world, struct machine *machine, unsigned server, const uint8_t *bytes,
                         size_t len_bytes)
{
        struct nbns_packet packet;

        if (nbns_packet_decode(bytes, len_bytes, &packet) < 0 || machine->by != server ||
            !nb_name_equal(&packet.question.name, &machine->name))
                return;
        world->unheard += !machine->unheard;
        machine->unheard = true;
}

/* Whether a challenge is lost; the whole exchange is or is not, so that "two in a row" can be counted. */
static bool is_challenge_lost(struct server *server, struct machine *machine, const uint8_t *bytes, size_t len_bytes,
                              uint16_t id)
{
        struct world *world = server->world;

        world->challenged++;
        if (!is_reached(world, machine, server->index)) {
                note_unheard(world, machine, server->index, bytes, len_bytes);
                return true;
        }
        if (server->lost_challenges[id] < 2 && is_lost(world)) {
                server->lost_challenges[id]++;
                return true;
        }
        server->lost_challenges[id] = 0;
        return false;
}

/* The bench tells of every packet that the server sends. */
static void server_sent(void *context, uint32_t destination, uint16_t port, const uint8_t *bytes, size_t len_bytes)
{
        struct server *server = context;
        struct world *world = server->world;
        struct machine *machine = machine_at(world, destination);
        struct nbns_header header;

        (void)port;
        if (!machine || nbns_header_decode(bytes, len_bytes, &header) < 0)
                return;
        const bool lost = header.response ? is_lost(world) || !is_reached(world, machine, server->index)
                                          : is_challenge_lost(server, machine, bytes, len_bytes, header.id);
        if (!lost)
                send_late(world, TO_MACHINE, machine, server->index, bytes, len_bytes);
}

/* A batch went out, or the deadline moved: the world has to know. */
static void after_step(struct server *server)
{
        struct world *world = server->world;
        struct bench *bench = &server->bench;
        const struct happening of_this_life = {.server = server->index, .machine = (uint32_t)server->life};

        if (bench->out && bench->out->id != server->batch_out) {
                struct happening done = of_this_life;

                server->batch_out = bench->out->id;
                done.what = STORE_DONE;
                done.serial = server->batch_out;
                plan(world, 500 + dice(world, world->mean_commit_ms * 2000), done);
        }
        const mono_t due = wins_deadline(bench->wins);
        if (due.ns != MONO_NEVER.ns) {
                const int64_t in_ns = due.ns > world->now.ns ? due.ns - world->now.ns : 0;
                struct happening timer = of_this_life;

                timer.what = SERVER_TIMER;
                plan(world, (uint64_t)(in_ns + 999) / 1000, timer);
        }
}

/* The server's bench with its clock set, or NULL if HAPPENING is of a life that is over. */
static struct bench *bench_of(struct world *world, const struct happening *happening)
{
        struct server *server = &world->servers[happening->server];

        server->bench.now = world->now;
        return server->down || happening->machine != (uint32_t)server->life ? NULL : &server->bench;
}

void server_packet(struct world *world, const struct happening *happening)
{
        struct server *server = &world->servers[happening->server];
        const struct machine *machine = &world->machines[happening->machine];

        if (server->down)
                return;
        server->bench.now = world->now;
        bench_packet(&server->bench, machine->address, NBNS_PORT, happening->bytes, happening->len_bytes);
        after_step(server);
}

void server_timer(struct world *world, const struct happening *happening)
{
        struct bench *bench = bench_of(world, happening);

        if (!bench || !mono_is_due(wins_deadline(bench->wins), world->now))
                return;
        bench_run_ms(bench, 0);
        after_step(&world->servers[happening->server]);
}

/* One batch, and no more: what goes out next takes its own time. */
void server_store_done(struct world *world, const struct happening *happening)
{
        struct bench *bench = bench_of(world, happening);

        if (!bench || !bench->out || bench->out->id != happening->serial)
                return;
        bench_confirm(bench);
        after_step(&world->servers[happening->server]);
}

void server_crash(struct world *world, unsigned index, uint64_t down_ms)
{
        struct server *server = &world->servers[index];
        struct bench *bench = &server->bench;

        if (server->down)
                return;
        world->crashes++;
        bench->now = world->now;
        bench->on_send = NULL;
        if (bench->out &&
            dice(world, 2)) /* killed between commit and word of it: the answers are lost, the batch is not */
                bench_confirm(bench);
        server->down = true;
        server->life++;
        if (down_ms)
                plan(world, down_ms * 1000, (struct happening){.what = UP, .server = index});
        else
                server_up(world, index);
}

void server_up(struct world *world, unsigned index)
{
        struct server *server = &world->servers[index];
        struct bench *bench = &server->bench;

        if (!server->down)
                return;
        server->down = false;
        bench->now = world->now;
        bench->wall_us +=
                ((int64_t)dice(world, 41) - 20) * (dice(world, 4) ? 0 : INT64_C(86400000000)); /* clocks are bad */
        bench->store = BENCH_STORE_HOLD;
        server->batch_out = 0;
        bench_restart(bench, false);
        bench->on_send = server_sent;
        after_step(server);
}

void server_start(struct world *world, unsigned index)
{
        struct server *server = &world->servers[index];
        struct bench *bench = &server->bench;

        server->world = world;
        server->index = index;
        bench_init(bench);
        world->now = bench->now;
        bench->quiet = true;
        bench->settings.renewal_s = RENEWAL_S;
        bench->settings.extinction_interval_s = RENEWAL_S;
        bench->store = BENCH_STORE_HOLD;
        bench->on_send = server_sent;
        bench->context = server;
        bench_start(bench);
}
