/* Several interfaces, own packets that come back, addresses that change: never a conflict with oneself. */
#include "story.h"

static void two_ports_one_segment(struct world *world)
{
        static const enum node_type types[] = {NODE_TYPE_B, NODE_TYPE_M, NODE_TYPE_H};

        for (unsigned i = 0; i < NBT_ARRAY_SIZE(types); i++) {
                const char *const nets[] = {"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"};
                const char *const first[] = {"10.0.0.1", "10.0.1.1", "10.0.2.1"};
                const char *const second[] = {"10.0.0.2", "10.0.1.2", "10.0.2.2"};
                const char *const wins[] = {"10.0.0.9", "10.0.1.9", "10.0.2.9"};
                const char *const labels[] = {"B", "M", "H"};
                const unsigned lan = world_segment(world, nets[i]);
                struct sim_host *w = world_wins(world, "W", lan, wins[i], NULL);
                struct sim_host *a = world_node(world, labels[i], types[i], "SRV", "WORK", lan, first[i]);

                (void)w;
                host_set_wins(a, types[i] == NODE_TYPE_B ? "" : wins[i]);
                host_add_port(a, lan, second[i]);
                host_start(a);
                world_run_s(world, 60);
                world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
                world_expect_state(world, a, "SRV<20>", 1, NODE_STATE_REGISTERED);
                world_expect_that(world, host_alarms(a) == 0, "no conflict with oneself");
        }
        world_expect_never(world, "* negative name registration response");
        world_expect_never(world, "* Conflict");
}

static void two_segments_one_server(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24"), lan2 = world_segment(world, "10.0.1.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_H, "SRV", "", lan, "10.0.0.1");

        host_set_wins(a, "10.0.0.9");
        host_add_port(a, lan2, "10.0.1.1");
        host_start(a);
        world_run_s(world, 60);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, a, "SRV<20>", 1, NODE_STATE_REGISTERED);
        world_expect(world, "0.000 A sends to 10.0.0.9 multi-homed name registration request SRV<20>");
        const struct sim_wins_record *record = wins_find(w, "SRV<20>");
        world_expect_that(world, record && record->count == 2, "WINS knows both addresses");
        world_expect_that(world, host_alarms(a) == 0, "no conflict with oneself");
        world_run_s(world, 3600);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, a, "SRV<20>", 1, NODE_STATE_REGISTERED);
        world_expect_that(world, host_alarms(a) == 0, "nor after refreshes");
}

/* [MS-NBTE] 3.1.1: the conflict flag is per interface. */
static void conflict_on_one_port_only(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24"), lan2 = world_segment(world, "10.0.1.0/24");
        struct sim_host *rival = world_node(world, "R", NODE_TYPE_B, "SRV", "", lan2, "10.0.1.7");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");

        host_start(rival);
        world_run_s(world, 10);
        host_add_port(a, lan2, "10.0.1.1");
        host_start(a);
        world_run_s(world, 10);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, a, "SRV<20>", 1, NODE_STATE_CONFLICT);
        world_expect(world, "10.002 A notice refused SRV<20> eth1 peer 10.0.1.7");
}

static void reflections(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.1");

        world->segments[lan].reflect_ms = 40;
        host_start(a);
        world_run_s(world, 10);
        host_query(a, "SRV<20>", true);
        host_query(a, "NOBODY<20>", true);
        world_run_s(world, 10);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, host_alarms(a) == 0, "no conflict with one's own echo");
        world_expect_never(world, "* A sends negative");
}

/* The echo of a claim arrives long after, when the address has changed: still our own. */
static void late_reflection_after_address_change(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");
        struct sim_host *peer = world_peer(world, "mirror", lan, "10.0.0.66", NULL);

        host_start(a);
        world_run_s(world, 2);
        host_set_address(a, 0, "10.0.0.50");
        world_run_s(world, 10);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        peer_claim(peer, "10.0.0.50", "", NBNS_OPCODE_REGISTRATION, "SRV<20>", "10.0.0.50", false);
        peer_conflict_demand(peer, "10.0.0.50", "", "SRV<20>"); /* bears our own address: nobody else's voice */
        world_run_s(world, 5);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_never(world, "12-20 A sends negative");
}

static void interface_goes_and_comes(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");

        host_start(a);
        world_run_ms(world, 300);
        host_set_up(a, 0, false);
        world_run_s(world, 10);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_IDLE);
        world_expect_never(world, "1-10 A sends");
        host_set_up(a, 0, true);
        world_run_s(world, 5);
        world_expect(world, "10.300 A sends to broadcast name registration request SRV<20>\n"
                            "11.050 A state SRV<20> Registering to Registered");
}

/* nbtstat -RR is releasing when the cable is pulled: the name is claimed again when it is back (found by seed 6014). */
static void cable_pulled_during_release_refresh(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");

        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 10);
        wins_of(w)->slow_ms = 1000;
        host_release_refresh(a);
        world_run_ms(world, 500);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_RELEASING);
        host_set_up(a, 0, false);
        world_run_s(world, 10);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_IDLE);
        host_set_up(a, 0, true);
        world_run_s(world, 10);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, a->completion.count == 1, "the command has ended");
}

/* A group's name that was refused is no longer in conflict's way once the network is another. */
static void refused_group_moves_on(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *rival = world_node(world, "R", NODE_TYPE_B, "", "", lan, "10.0.0.7");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "", "WORK", lan, "10.0.0.1");

        host_start(rival);
        host_name_add(rival, "WORK<00>", NODE_NAME_UNIQUE);
        world_run_s(world, 10);
        host_start(a);
        world_run_s(world, 10);
        world_expect_state(world, a, "WORK<00>", 0, NODE_STATE_RELEASED);
        host_set_up(a, 0, false);
        host_crash(rival);
        host_set_up(a, 0, true);
        world_run_s(world, 5);
        world_expect_state(world, a, "WORK<00>", 0, NODE_STATE_REGISTERED);
}

static void second_interface_comes_late(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24"), lan2 = world_segment(world, "10.0.1.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");

        host_start(a);
        world_run_s(world, 10);
        host_add_port(a, lan2, "10.0.1.1");
        world_run_s(world, 10);
        world_expect(world, "10.000 A sends to broadcast name registration request SRV<20> 10.0.1.1\n"
                            "10.750 A state SRV<20> eth1 Registering to Registered");
        world_expect_count(world, "* A state SRV<20> eth0", 2, 2);
}

/* A new address for a name that WINS knows: the old one is released there. */
static void address_change_at_rest(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_H, "SRV", "", lan, "10.0.0.1");

        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 10);
        host_set_address(a, 0, "10.0.0.50");
        world_run_s(world, 20);
        const struct sim_wins_record *record = wins_find(w, "SRV<20>");
        world_expect_that(world, record && record->count == 1 && record->addresses[0] == story_ip("10.0.0.50"),
                          "WINS knows the new address only");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, host_alarms(a) == 0, "no conflict with oneself");
}

static void duplicated_and_reordered(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_M, "SRV", "WORK", lan, "10.0.0.1");

        (void)w;
        world->segments[lan].link = (struct sim_link){.delay_us = 1000, .jitter_us = 600000, .duplicate_permille = 500};
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 3600);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, host_alarms(a) == 0, "nothing to tell");
}

const struct story STORIES_HOMES[] = {
        {"two_ports_one_segment", "two interfaces on one segment, as B, M and H: no conflict with oneself",
         two_ports_one_segment},
        {"two_segments_one_server", "multi-homed registration: the server learns both addresses",
         two_segments_one_server},
        {"conflict_on_one_port_only", "a rival on one of two segments: the name is lost there alone",
         conflict_on_one_port_only},
        {"reflections", "a repeater sends every broadcast back", reflections},
        {"late_reflection_after_address_change", "packets with our own address are nobody else's",
         late_reflection_after_address_change},
        {"interface_goes_and_comes", "the interface goes down during a claim and comes up", interface_goes_and_comes},
        {"cable_pulled_during_release_refresh", "the interface goes down while nbtstat -RR releases",
         cable_pulled_during_release_refresh},
        {"refused_group_moves_on", "a refused group name is claimed anew when the interface comes up",
         refused_group_moves_on},
        {"second_interface_comes_late", "an interface that appears is claimed on, the others left alone",
         second_interface_comes_late},
        {"address_change_at_rest", "a new address is registered, the old one released", address_change_at_rest},
        {"duplicated_and_reordered", "half of the packets come twice and in any order", duplicated_and_reordered},
        {NULL, NULL, NULL},
};
