/*
 * Random worlds of one or two WINS servers: 500 machines want names from a pool that is too small; packets are lost and late,
 * machines die, come back and release, calendars jump, servers are killed at any moment and start on what their store holds. With two
 * servers, each machine prefers one and turns to the other when that is silent, and comes home later; servers stay down for up to
 * half an hour, and cuts part machines and servers. The servers do not replicate.
 *
 * What must hold, at every acknowledgement and again every minute:
 *
 *   one        two live machines never both hold a unique name by the word of one server
 *   kept       a live holder's name is in the memory of the server that acknowledged it last, as that machine's (unless that
 *              server is down; then it is in its store)
 *   obeyed     no live holder is refused its refresh by the server that acknowledged it last
 *   whole      a batch is in the store as a whole or not at all
 *
 * Where a cut stands between, that server cannot tell a live holder from a dead one: a holder it has challenged in vain, or that could
 * not refresh in time, has its word no more, and these promises are not made to it. What then holds is
 *
 *   ended      when the weather is over, all reach each other and every machine has had its turns to come home (CALM_S): of all
 *              machines that prefer one server, one at most has a name, however many had it during the storm
 *
 * Between machines that prefer different servers nothing is promised where these do not replicate: how many names have two holders
 * so is counted, and told.
 *
 * Of the three exchanges of one challenge at least one gets through, but for cuts: who loses three (KB173519) is dead to the server, and
 * no rule could tell it from one that is. A store that is killed during a commit may hold the batch or not; the dice decide.
 *
 * wins_worlds [--servers 1|2] [--seeds FIRST COUNT] [--machines N] [--hours H] [-v]
 */
#include "wins_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Home within 10 minutes (KB247559) or at half the TTL of what was granted last, and a round of refreshes after that. */
#define CALM_S (2 * RENEWAL_S)

struct setting {
        unsigned servers, machines, hours;
        bool verbose;
};

/* What happened, over all seeds: a run in which some of it never did would prove little. */
static struct tally {
        uint64_t acknowledged, refused, crashes, real_holders, unheard, failovers, homecomings, storm_twins, across;
} tally;

/* ---- life, death and weather ---------------------------------------------------------------------------------------------- */

static void die(struct world *world, struct machine *machine)
{
        say(world, machine, "dies");
        machine->node = node_free(machine->node);
        machine->state = DEAD;
        machine->serial++;
}

static void die_or_live(struct world *world)
{
        struct machine *machine = &world->machines[dice(world, world->machine_count)];

        if (machine->state == DEAD) {
                machine->serial++;
                if (machine < world->machines + world->real)
                        machine_start_node(world, machine);
                else
                        machine_rest(world, machine);
        } else if (machine->node) {
                if (dice(world, 3) == 0)
                        die(world, machine);
        } else if (machine->state == HOLDING && dice(world, 2)) {
                machine_release(world, machine);
        } else {
                die(world, machine);
        }
        plan(world, dice(world, 2000000), (struct happening){.what = LIFE});
}

static void crash(struct world *world)
{
        /* of two servers one may stay away; one alone is back at once, or there would be little to see */
        const uint64_t down_ms = world->server_count == 1 || dice(world, 2) ? 0 : 1000 * (uint64_t)dice(world, 1800);

        server_crash(world, dice(world, world->server_count), down_ms);
        plan(world, 1000 + (uint64_t)dice(world, 1200) * 1000000, (struct happening){.what = CRASH});
}

/* Most stay on one side, so that there is somebody to talk to; servers fall on either. */
static void cut(struct world *world)
{
        const unsigned apart = 1 + dice(world, 4);

        world->cut = !world->cut;
        if (world->cut) {
                for (unsigned i = 0; i < world->server_count; i++)
                        world->servers[i].side = (uint8_t)dice(world, 2);
                for (unsigned i = 0; i < world->machine_count; i++)
                        world->machines[i].side = dice(world, 5) < apart;
        }
        plan(world, 1000000 * (uint64_t)dice(world, world->cut ? 2400 : 1200), (struct happening){.what = CUT});
}

/* From here on nothing is lost, nobody dies. What is on its way arrives, what is down comes back. */
static void begin_calm(struct world *world)
{
        world->calm = true;
        world->cut = false;
        world->loss_permille = 0;
        for (unsigned i = 0; i < world->server_count; i++)
                server_up(world, i);
}

/* ---- the properties ------------------------------------------------------------------------------------------------------- */

static bool is_recorded(const struct bench *bench, const struct machine *machine)
{
        struct wins_record record;

        return wins_find(bench->wins, &machine->name, NULL, &record) == 0 && record.state == WINS_ACTIVE &&
               wins_record_member(&record, machine->address) >= 0;
}

static bool is_stored(const struct bench *bench, const struct machine *machine)
{
        const uint32_t slot = wins_table_find(&bench->disk, &machine->name, 0);
        struct wins_record record;

        if (!slot)
                return false;
        wins_table_get(&bench->disk, slot, &record);
        return record.state == WINS_ACTIVE && wins_record_member(&record, machine->address) >= 0;
}

static void check_holder(struct world *world, const struct machine *machine)
{
        const struct server *server = &world->servers[machine->by];

        if (!machine_holds(world, machine) || !machine_is_known(world, machine))
                return;
        tally.real_holders += machine->node != NULL;
        check_name(world, machine);
        if (!(server->down ? is_stored : is_recorded)(&server->bench, machine))
                violation(world, "a live holder's record is gone", &machine->name, machine->address, 0);
}

/* Pairs of live holders of one name, of which both prefer the same server (or not). */
static uint64_t count_twins(struct world *world, bool same, const struct machine *ret[2])
{
        uint64_t count = 0;

        for (unsigned i = 0; i < world->machine_count; i++) {
                const struct machine *a = &world->machines[i];

                for (unsigned j = i + 1; j < world->machine_count; j++) {
                        const struct machine *b = &world->machines[j];

                        if ((a->primary == b->primary) != same || !nb_name_equal(&a->name, &b->name) ||
                            !machine_holds(world, a) || !machine_holds(world, b))
                                continue;
                        ret[0] = a;
                        ret[1] = b;
                        count++;
                }
        }
        return count;
}

static void check_all(struct world *world)
{
        const struct machine *pair[2];

        world->checks++;
        for (unsigned i = 0; i < world->machine_count; i++)
                check_holder(world, &world->machines[i]);
        if (!world->calm && world->server_count > 1 && world->checks % 10 == 0)
                tally.storm_twins += count_twins(world, true, pair);
}

static void check_end(struct world *world)
{
        const struct machine *pair[2];

        check_all(world);
        if (world->server_count == 1)
                return;
        if (count_twins(world, true, pair) > 0)
                violation(world, "after the storm, two machines of one primary hold a name", &pair[0]->name,
                          pair[0]->address, pair[1]->address);
        tally.across += count_twins(world, false, pair);
}

/* ---- running --------------------------------------------------------------------------------------------------------------- */

static void happen_to_machine(struct world *world, const struct happening *happening)
{
        struct machine *machine = &world->machines[happening->machine];

        if (happening->what == TO_MACHINE)
                machine_packet(world, machine, happening);
        else if (happening->serial != machine->serial || machine->state == DEAD)
                return;
        else if (happening->what == MACHINE_TIMER && !machine->node)
                machine_timer_due(world, machine);
        else if (happening->what == NODE_TIMER && machine->node)
                machine_node_due(world, machine);
}

static void happen(struct world *world, const struct happening *happening)
{
        switch (happening->what) {
        case TO_SERVER:
                server_packet(world, happening);
                return;
        case TO_MACHINE:
        case MACHINE_TIMER:
        case NODE_TIMER:
                happen_to_machine(world, happening);
                return;
        case SERVER_TIMER:
                server_timer(world, happening);
                return;
        case STORE_DONE:
                server_store_done(world, happening);
                return;
        case UP:
                server_up(world, happening->server);
                return;
        case CRASH:
                if (!world->calm)
                        crash(world);
                return;
        case CUT:
                if (!world->calm)
                        cut(world);
                return;
        case LIFE:
                if (!world->calm)
                        die_or_live(world);
                return;
        case CHECK:
                check_all(world);
                plan(world, 60000000, (struct happening){.what = CHECK});
                return;
        }
}

static void build(struct world *world, uint64_t seed, const struct setting *setting)
{
        rng_init_seed(&world->rng, seed);
        world->verbose = setting->verbose;
        world->server_count = setting->servers;
        world->machine_count = setting->machines;
        world->real = setting->machines / 10;
        world->names = setting->machines / 2;
        world->loss_permille = dice(world, 200);
        world->mean_commit_ms = 1 + dice(world, 50);
        for (unsigned i = 0; i < world->server_count; i++)
                server_start(world, i);
        const bool one_primary = dice(world, 2);
        for (unsigned i = 0; i < world->machine_count; i++) {
                struct machine *machine = &world->machines[i];

                machine->address = 0x0A010000u + i;
                machine->primary = one_primary ? 0 : dice(world, world->server_count);
                machine->current = machine->by = machine->primary;
                if (i < world->real)
                        machine_start_node(world, machine);
                else
                        machine_rest(world, machine);
        }
        plan(world, 0, (struct happening){.what = LIFE});
        plan(world, 60000000, (struct happening){.what = CHECK});
        if (dice(world, 4)) /* in a quarter of the worlds the servers stay, and may so answer bursts */
                plan(world, (uint64_t)dice(world, 600) * 1000000, (struct happening){.what = CRASH});
        if (world->server_count > 1 && dice(world, 4))
                plan(world, (uint64_t)dice(world, 600) * 1000000, (struct happening){.what = CUT});
}

static void run_until(struct world *world, int64_t end_ns)
{
        while (world->failures == 0 && world->heap[0].at_ns < end_ns) {
                const struct happening happening = next_happening(world);

                world->now.ns = happening.at_ns;
                happen(world, &happening);
                free(happening.bytes);
        }
}

static void tear_down(struct world *world)
{
        for (unsigned i = 0; i < world->machine_count; i++)
                node_free(world->machines[i].node);
        for (size_t i = 0; i < world->count; i++)
                free(world->heap[i].bytes);
        free(world->heap);
        arena_done(&world->arena);
        for (unsigned i = 0; i < world->server_count; i++)
                bench_done(&world->servers[i].bench);
}

static void add_up(const struct world *world)
{
        tally.acknowledged += world->acknowledged;
        tally.refused += world->refused;
        tally.crashes += world->crashes;
        tally.unheard += world->unheard;
        tally.failovers += world->failovers;
        tally.homecomings += world->homecomings;
}

static unsigned run(uint64_t seed, const struct setting *setting)
{
        struct world *world = calloc(1, sizeof(*world));
        const int64_t end_ns = (int64_t)setting->hours * 3600 * INT64_C(1000000000);

        must(world != NULL);
        build(world, seed, setting);
        run_until(world, end_ns);
        if (world->server_count > 1 && world->failures == 0) {
                begin_calm(world);
                run_until(world, end_ns + CALM_S * INT64_C(1000000000));
        }
        if (world->failures == 0)
                check_end(world);
        if (world->failures)
                printf("wins_worlds: seed %llu: %u violations (%u servers, loss %u permille, %u machines, %u hours)\n",
                       (unsigned long long)seed, world->failures, setting->servers, world->loss_permille,
                       setting->machines, setting->hours);
        add_up(world);
        const unsigned failures = world->failures;
        tear_down(world);
        free(world);
        return failures;
}

static int usage(void)
{
        fprintf(stderr, "usage: wins_worlds [--servers 1|2] [--seeds FIRST COUNT] [--machines N] [--hours H] [-v]\n");
        return 2;
}

static void print_tally(const struct setting *setting)
{
        printf("  %llu claims acknowledged, %llu refused, %llu kills, %llu times a name was seen at a real node\n",
               (unsigned long long)tally.acknowledged, (unsigned long long)tally.refused,
               (unsigned long long)tally.crashes, (unsigned long long)tally.real_holders);
        if (setting->servers > 1)
                printf("  %llu failovers, %llu homecomings, %llu holders challenged over a cut, %llu twins of one "
                       "primary seen in storms;\n  after the calm %llu pairs hold a name by servers that do not "
                       "replicate\n",
                       (unsigned long long)tally.failovers, (unsigned long long)tally.homecomings,
                       (unsigned long long)tally.unheard, (unsigned long long)tally.storm_twins,
                       (unsigned long long)tally.across);
}

int main(int argc, char **argv)
{
        struct setting setting = {.servers = 1, .machines = 500, .hours = 3};
        unsigned long long first = 1, count = 3;
        unsigned failed = 0;

        for (int i = 1; i < argc; i++) {
                if (!strcmp(argv[i], "--seeds") && i + 2 < argc) {
                        first = strtoull(argv[++i], NULL, 0);
                        count = strtoull(argv[++i], NULL, 0);
                } else if (!strcmp(argv[i], "--servers") && i + 1 < argc) {
                        setting.servers = (unsigned)strtoul(argv[++i], NULL, 0);
                } else if (!strcmp(argv[i], "--machines") && i + 1 < argc) {
                        setting.machines = (unsigned)strtoul(argv[++i], NULL, 0);
                } else if (!strcmp(argv[i], "--hours") && i + 1 < argc) {
                        setting.hours = (unsigned)strtoul(argv[++i], NULL, 0);
                } else if (!strcmp(argv[i], "-v")) {
                        setting.verbose = true;
                } else {
                        return usage();
                }
        }
        if (setting.machines < 2 || setting.machines > MAX_MACHINES || setting.servers < 1 ||
            setting.servers > MAX_SERVERS)
                return usage();
        for (unsigned long long seed = first; seed < first + count; seed++)
                failed += run(seed, &setting) > 0;
        printf("wins_worlds: %u servers, seeds %llu to %llu, %u failed\n", setting.servers, first, first + count - 1,
               failed);
        print_tally(&setting);
        return failed > 0;
}
