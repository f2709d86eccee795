/* WINS servers that come, go, forget and refuse: failover, refresh, release. */
#include "story.h"

struct stage {
        unsigned lan;
        struct sim_host *w, *w2, *a;
};

/* A P node with two servers that share what they know. */
static struct stage two_servers(struct world *world, enum node_type type)
{
        struct stage s = {.lan = world_segment(world, "10.0.0.0/24")};

        s.w = world_wins(world, "W1", s.lan, "10.0.0.8", NULL);
        s.w2 = world_wins(world, "W2", s.lan, "10.0.0.9", s.w);
        s.a = world_node(world, "A", type, "SRV", "", s.lan, "10.0.0.1");
        host_set_wins(s.a, "10.0.0.8 10.0.0.9");
        return s;
}

static void failover_and_back(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        wins_down(s.w);
        host_start(s.a);
        world_run_s(world, 60);
        world_expect(world, "0.000 A sends to 10.0.0.8 name registration request SRV<20>\n"
                            "3.000 A sends to 10.0.0.8 name registration request SRV<20>\n"
                            "4.500 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "4.502 A state SRV<20> Registering to Registered");
        world_expect_count(world, "4.5 A notice wins-down peer 10.0.0.8", 1, 1);
        wins_up(s.w, false);
        world_run_s(world, 620);
        world_expect(world,
                     "600-660 A sends to 10.0.0.8 name refresh request SRV<20>"); /* KB247559: after 10 minutes */
        world_expect_count(world, "* A notice wins-up peer 10.0.0.8", 1, 1);
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_count(world, "* A state SRV<20>", 2, 2);
}

/* The secondary fails while the primary is well again: back at once, not in ten minutes. */
static void secondary_fails_too(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        wins_of(s.w)->ttl_s = 240;
        wins_of(s.w2)->ttl_s = 240;
        wins_down(s.w);
        host_start(s.a);
        world_run_s(world, 60);
        wins_up(s.w, false);
        wins_down(s.w2);
        world_run_s(world, 80); /* refresh at TTL/2 = 120 s */
        world_expect(world, "124-125 A sends to 10.0.0.9 name refresh request SRV<20>\n"
                            "129-130 A sends to 10.0.0.8 name refresh request SRV<20>");
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void refresh_at_half_the_ttl(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        wins_of(s.w)->ttl_s = 1200;
        host_start(s.a);
        world_run_s(world, 1900);
        world_expect(world, "600.002 A sends to 10.0.0.8 name refresh request SRV<20>\n"
                            "1200.004 A sends to 10.0.0.8 name refresh request SRV<20>\n"
                            "1800.006 A sends to 10.0.0.8 name refresh request SRV<20>");
        world_expect_count(world, "* A sends SRV<20>", 4, 4);
}

static void refresh_with_no_server(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        host_start(s.a);
        world_run_s(world, 10);
        wins_down(s.w);
        wins_down(s.w2);
        world_run_s(world, 3000);
        world_expect(world, "600.002 A sends to 10.0.0.8 name refresh request SRV<20>\n"
                            "604.502 A sends to 10.0.0.9 name refresh request SRV<20>\n"
                            "729-730 A sends name refresh request SRV<20>"); /* 1/8 of InitialRefreshT.O. */
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED); /* silence takes no name away */
        world_expect_count(world, "* A notice wins-down", 2, 2);
}

static void refused_refresh(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        host_start(s.a);
        world_run_s(world, 10);
        wins_of(s.w)->refuse_rcode = NBNS_RCODE_ACT_ERR;
        world_run_s(world, 600);
        world_expect(world, "600.002 A sends to 10.0.0.8 name refresh request SRV<20>\n"
                            "600.003 W1 sends to 10.0.0.1 negative name refresh response ACT_ERR SRV<20>\n"
                            "600.004 A notice refused SRV<20> peer 10.0.0.8 rcode 6 by WINS\n"
                            "600.004 A state SRV<20> Registered to Conflict");
}

/* WINS restarts with an empty database: the next refresh puts the name in again. */
static void server_forgets(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        host_start(s.a);
        world_run_s(world, 10);
        wins_down(s.w);
        wins_up(s.w, true);
        world_expect_that(world, !wins_find(s.w, "SRV<20>"), "all is forgotten");
        world_run_s(world, 600);
        world_expect_that(world, wins_find(s.w, "SRV<20>") != NULL, "the refresh registers anew");
        world_expect_that(world, host_alarms(s.a) == 0, "nothing to tell");
}

static void release_everywhere(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_M);
        const unsigned lan2 = world_segment(world, "10.0.1.0/24");

        host_add_port(s.a, lan2, "10.0.1.1");
        host_start(s.a);
        world_run_s(world, 10);
        host_stop(s.a);
        world_run_s(world, 20);
        for (unsigned i = 0; i < 3; i++) {
                static const char *const patterns[] = {"* A sends to broadcast name release request SRV<20> 10.0.0.1",
                                                       "* A sends to broadcast name release request SRV<20> 10.0.1.1",
                                                       "* A sends to 10.0.0.8 name release request SRV<20>"};
                world_expect_count(world, patterns[i], i == 2 ? 2 : 1, 3);
        }
        world_expect(world, "10-20 A stopped");
        world_expect_that(world, !wins_find(s.w, "SRV<20>"), "WINS has no address of it any more");
        world_expect_that(world, !s.a->running, "it has stopped");
}

static void stop_without_server(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_H);

        host_start(s.a);
        world_run_s(world, 10);
        wins_down(s.w);
        wins_down(s.w2);
        host_stop(s.a);
        world_run_s(world, 30);
        world_expect(world, "10.000 A sends to 10.0.0.8 name release request SRV<20>\n"
                            "10-25 A stopped"); /* ends all the same */
}

static void stop_during_claim(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        wins_of(s.w)->slow_ms = 800;
        host_start(s.a);
        world_run_ms(world, 500);
        host_stop(s.a);
        world_run_s(world, 30);
        world_expect(world, "0.500 A sends to 10.0.0.8 name release request SRV<20>");
        world_expect(world, "* A stopped");
        world_expect_that(world, !wins_find(s.w, "SRV<20>"), "the claim that was under way leaves nothing behind");
}

static void slow_server(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        wins_of(s.w)->slow_ms = 2000; /* later than one retransmission, earlier than all */
        host_start(s.a);
        world_run_s(world, 10);
        world_expect_count(world, "* A sends to 10.0.0.8 name registration request SRV<20>", 2, 2);
        world_expect(world, "2.002 A state SRV<20> Registering to Registered");
        world_expect_count(world, "* A state SRV<20>", 2, 2); /* the second answer is one too many, and harmless */
        world_expect_never(world, "* A notice wins-down");
}

static void server_demands_release(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P);

        host_start(s.a);
        world_run_s(world, 10);
        wins_put(s.w, "SRV<20>", "10.0.7.7", false); /* a replica won (KB136571) */
        wins_demand_release(s.w, "SRV<20>", "10.0.0.1");
        world_run_s(world, 10);
        world_expect(world, "10.001 A notice release-demand SRV<20> peer 10.0.0.8 pending by WINS\n"
                            "10.001 A sends to 10.0.0.8 name query request SRV<20>\n"
                            "10.003 A notice release-demand SRV<20> holder 10.0.7.7 confirmed\n"
                            "10.003 A state SRV<20> Registered to Conflict");
}

static void first_server_list_arrives_later(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");

        host_start(a);
        world_run_s(world, 30);
        world_expect_never(world, "* A sends");
        host_set_wins(a, "10.0.0.9"); /* DHCP came */
        world_run_s(world, 5);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, wins_find(w, "SRV<20>") != NULL, "WINS knows it");
}

/* All servers are known to be down when the segment consents: they learn the name when they are back (found by worlds). */
static void m_tells_servers_later(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_M);

        wins_down(s.w);
        wins_down(s.w2);
        host_start(s.a);
        world_run_s(world, 12);
        world_expect_count(world, "* A notice wins-down", 2, 2);
        host_name_add(s.a, "LATE<20>", NODE_NAME_UNIQUE);
        world_run_s(world, 5);
        world_expect_state(world, s.a, "LATE<20>", 0, NODE_STATE_REGISTERED);
        wins_up(s.w, false);
        wins_up(s.w2, false);
        world_run_s(world, 300);
        world_expect_that(world, wins_find(s.w, "LATE<20>") != NULL, "the server knows it");
        world_expect_that(world, wins_find(s.w, "SRV<20>") != NULL, "and the older name");
}

/* An H node registers with WINS; a B node of its segment, of which no server knows, has the name too. Once that is found
 * out, the H node's retries must not bring the conflict back (found by worlds). */
static void h_and_b_share_a_segment(struct world *world)
{
        struct stage s = two_servers(world, NODE_TYPE_P); /* only its servers play here */
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "", s.lan, "10.0.0.7");
        struct sim_host *c = world_node(world, "C", NODE_TYPE_B, "", "", s.lan, "10.0.0.3");
        struct sim_host *h = world_node(world, "H", NODE_TYPE_H, "SRV", "", s.lan, "10.0.0.5");

        b->ports[0].group = 1; /* they meet later */
        host_start(b);
        host_start(c);
        host_set_wins(h, "10.0.0.8 10.0.0.9");
        host_start(h);
        world_run_s(world, 10);
        world_heal(world);
        for (unsigned i = 0; i < 8; i++) {
                host_query(c, "SRV<20>", true);
                world_run_s(world, 2000);
        }
        const unsigned holders = (host_name_state(h, "SRV<20>", 0) == NODE_STATE_REGISTERED) +
                                 (host_name_state(b, "SRV<20>", 0) == NODE_STATE_REGISTERED);
        world_expect_that(world, holders == 1, "one holder is left, and stays the only one");
        world_expect_count(world, "* C notice conflict-sent", 1, 1);
}

/* A node that failed over and got nothing there has no name to refresh; its retries must find the way home (found by wins_worlds: it
 * stayed at the secondary, and got a name there that the primary knew another to have). */
static void nothing_to_come_home_with(struct world *world)
{
        struct stage s = {.lan = world_segment(world, "10.0.0.0/24")};

        s.w = world_wins(world, "W1", s.lan, "10.0.0.8", NULL);
        s.w2 = world_wins(world, "W2", s.lan, "10.0.0.9", NULL);
        s.a = world_node(world, "A", NODE_TYPE_P, "SRV", "", s.lan, "10.0.0.1");
        host_set_wins(s.a, "10.0.0.8 10.0.0.9");
        wins_down(s.w);
        wins_of(s.w2)->refuse_rcode = NBNS_RCODE_ACT_ERR;
        host_start(s.a);
        world_run_s(world, 60);
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_CONFLICT);
        wins_of(s.w2)->refuse_rcode = 0;
        wins_up(s.w, false);
        world_run_s(world, 900); /* the first retry comes after ten minutes, or a quarter more */
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, wins_find(s.w, "SRV<20>") != NULL, "the primary knows the name");
        world_expect_that(world, wins_find(s.w2, "SRV<20>") == NULL, "the secondary does not");
}

const struct story STORIES_SERVER[] = {
        {"failover_and_back", "the primary is silent: the secondary, and back after ten minutes", failover_and_back},
        {"secondary_fails_too", "the secondary falls silent: back to the primary at once", secondary_fails_too},
        {"nothing_to_come_home_with", "all names were lost at the secondary: retries go to the primary again",
         nothing_to_come_home_with},
        {"refresh_at_half_the_ttl", "names are refreshed at half of what the server granted", refresh_at_half_the_ttl},
        {"refresh_with_no_server", "no server answers refreshes: tried at 1/8 of 16 minutes, the name is kept",
         refresh_with_no_server},
        {"refused_refresh", "a refused refresh is event 4321 and the end of the name", refused_refresh},
        {"server_forgets", "a server that lost its database learns the names from refreshes", server_forgets},
        {"release_everywhere", "at the end every name is released on every interface, by broadcast and at the server",
         release_everywhere},
        {"m_tells_servers_later", "an M node whose servers are all down tells them when they are back",
         m_tells_servers_later},
        {"h_and_b_share_a_segment", "an H node and a B node with one name: found out once, and for good",
         h_and_b_share_a_segment},
        {"stop_without_server", "stopping with silent servers ends all the same", stop_without_server},
        {"stop_during_claim", "stopping while a claim is under way takes it back", stop_during_claim},
        {"slow_server", "answers that come after a retransmission count once", slow_server},
        {"server_demands_release", "WINS demands the release after a replication conflict: verified with WINS",
         server_demands_release},
        {"first_server_list_arrives_later", "a P node without servers waits for them", first_server_list_arrives_later},
        {NULL, NULL, NULL},
};
