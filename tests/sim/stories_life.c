/* What happens to machines: sleep, clocks that jump, new settings, networks that part and meet; and the simulator itself. */
#include "story.h"

#include <stdio.h>
#include <string.h>

static void sleeps_and_wakes(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_H, "SRV", "", lan, "10.0.0.1");

        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 100);
        host_suspend(a);
        world_run_s(world, 7200); /* the record runs out meanwhile */
        world_expect_that(world, !wins_find(w, "SRV<20>"), "WINS forgot it");
        host_resume(a);
        world_run_s(world, 5);
        world_expect(world, "7300.000 A sends to 10.0.0.9 SRV<20>");
        world_expect_that(world, wins_find(w, "SRV<20>") != NULL, "known again at once");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void name_taken_during_sleep(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_P, "SRV", "", lan, "10.0.0.2");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_set_wins(b, "10.0.0.9");
        host_start(a);
        world_run_s(world, 100);
        host_suspend(a);
        host_start(b); /* the challenge finds nobody awake */
        world_run_s(world, 600);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_REGISTERED);
        host_resume(a);
        world_run_s(world, 30);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_CONFLICT);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_count(world, "* A notice refused SRV<20> by WINS", 1, 1);
}

static void b_name_taken_during_sleep(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "", lan, "10.0.0.2");

        host_start(a);
        world_run_s(world, 100);
        host_suspend(a);
        host_start(b);
        world_run_s(world, 600);
        host_resume(a);
        world_run_s(world, 30);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_CONFLICT); /* it asks the segment anew, and is refused */
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_count(world, "* A notice refused SRV<20> peer 10.0.0.2", 1, 1);
}

/* The calendar is no part of the protocol: with and without jumps the packets are the same, to the byte and the ms. */
static struct world *clock_world(bool jumps)
{
        struct world *world = world_new(jumps ? "with jumps" : "without", 7);
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_M, "SRV", "WORK", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.2");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        for (unsigned i = 0; i < 8; i++) {
                world_run_s(world, 450);
                if (i == 1)
                        host_start(b);
                if (jumps)
                        a->wall_offset_us += (i % 2 ? -1 : 1) * INT64_C(315360000000000) * (i + 1);
        }
        return world;
}

static bool same_log(const struct world *a, const struct world *b)
{
        if (a->log_count != b->log_count)
                return false;
        for (size_t i = 0; i < a->log_count; i++)
                if (strcmp(a->log[i], b->log[i]) != 0)
                        return false;
        return true;
}

static void clock_steps(struct world *world)
{
        struct world *plain = clock_world(false), *jumping = clock_world(true);

        world_expect_that(world, plain->log_count > 20, "something happens");
        world_expect_that(world, same_log(plain, jumping), "the same happens whatever the calendar says");
        world_free(plain);
        world_free(jumping);
}

static void worlds_do_not_touch(struct world *world)
{
        struct world *alone = clock_world(false), *first = world_new("first", 7), *second = clock_world(false);
        const unsigned lan = world_segment(first, "10.0.0.0/24");
        struct sim_host *a = world_node(first, "A", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.1");

        host_start(a); /* the same names and addresses in another world, stepped in turns with a third */
        struct world *third = world_new("third", 7);
        struct sim_host *c =
                world_node(third, "A", NODE_TYPE_B, "SRV", "WORK", world_segment(third, "10.0.0.0/24"), "10.0.0.1");
        for (unsigned i = 0; i < 1000; i++) {
                world_run_ms(first, 1);
                if (i == 500)
                        host_start(c);
                world_run_ms(third, 1);
        }
        world_expect_that(world, same_log(alone, second), "a seed replays itself");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, host_alarms(a) == 0, "the worlds do not hear each other");
        world_free(alone);
        world_free(first);
        world_free(second);
        world_free(third);
}

static void reconfigured(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.1");

        snprintf(a->config.users[a->config.user_count++], 16, "ANNA");
        host_start(a);
        world_run_s(world, 10);
        snprintf(a->config.computer, sizeof(a->config.computer), "NEW");
        host_reconfigure(a);
        world_run_s(world, 10);
        world_expect(world, "10.000 A sends to broadcast name release request SRV<20>");
        world_expect(world, "10.000 A sends to broadcast name registration request NEW<20>");
        world_expect_state(world, a, "NEW<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_MAX);
        world_expect_never(world, "10-20 A sends WORK<00>"); /* left alone */
        world_expect_never(world, "10-20 A sends ANNA<03>");
}

static void same_user_twice(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "PC1", "WORK", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "PC2", "WORK", lan, "10.0.0.2");

        snprintf(a->config.users[a->config.user_count++], 16, "ANNA");
        snprintf(b->config.users[b->config.user_count++], 16, "ANNA");
        host_start(a);
        world_run_s(world, 10);
        host_start(b);
        world_run_s(world, 10);
        world_expect_state(world, b, "ANNA<03>", 0, NODE_STATE_CONFLICT);
        world_expect_state(world, b, "PC2<03>", 0, NODE_STATE_REGISTERED);
        world_expect(world, "10.002 B notice refused ANNA<03> peer 10.0.0.1");
}

static bool is_odd(const struct sim_host *host)
{
        return host->index % 2;
}

/* A network parts, the same name is claimed in both halves, they meet: nothing happens until somebody asks. */
static void parted_networks_meet(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "", "", lan, "10.0.0.2");
        struct sim_host *c = world_node(world, "C", NODE_TYPE_B, "", "", lan, "10.0.0.3");

        host_start(a);
        host_start(b);
        host_start(c);
        world_partition(world, lan, is_odd);
        host_name_add(a, "SRV<20>", NODE_NAME_UNIQUE);
        host_name_add(b, "SRV<20>", NODE_NAME_UNIQUE);
        world_run_s(world, 60);
        world_heal(world);
        world_run_s(world, 60);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_REGISTERED);
        for (unsigned i = 0; i < 3; i++) { /* ordinary use of the name */
                host_query(c, "SRV<20>", true);
                world_run_s(world, 60);
        }
        const unsigned holders = (host_name_state(a, "SRV<20>", 0) == NODE_STATE_REGISTERED) +
                                 (host_name_state(b, "SRV<20>", 0) == NODE_STATE_REGISTERED);
        world_expect_that(world, holders == 1, "one holder is left");
}

static void restart_takes_up_again(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_H, "SRV", "", lan, "10.0.0.1");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 10);
        host_crash(a); /* no release: the server still has it */
        world_run_s(world, 10);
        host_start(a);
        world_run_s(world, 10);
        world_expect(world, "20.000 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "20.002 A state SRV<20> Registering to Registered"); /* no challenge of oneself */
        world_expect_that(world, host_alarms(a) == 0, "nothing to tell");
}

const struct story STORIES_LIFE[] = {
        {"sleeps_and_wakes", "the machine sleeps two hours: its names are refreshed as it wakes", sleeps_and_wakes},
        {"name_taken_during_sleep", "WINS gave the name away meanwhile", name_taken_during_sleep},
        {"b_name_taken_during_sleep", "another took the name on the segment meanwhile", b_name_taken_during_sleep},
        {"clock_steps", "the calendar clock jumps by decades: nothing changes", clock_steps},
        {"worlds_do_not_touch", "two worlds in one process do not interact, and seeds replay", worlds_do_not_touch},
        {"reconfigured", "new settings: changed names are released and claimed, others left alone", reconfigured},
        {"same_user_twice", "one user logs on at two machines", same_user_twice},
        {"parted_networks_meet", "two halves of a network meet again, each with a holder of one name",
         parted_networks_meet},
        {"restart_takes_up_again", "a crash and a restart: no conflict with oneself", restart_takes_up_again},
        {NULL, NULL, NULL},
};
