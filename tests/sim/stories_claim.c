/* Claims: each node type, with and without somebody who objects, on good and bad networks. */
#include "story.h"

static void b_alone(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.1");

        host_start(a);
        world_run_s(world, 5);
        world_expect(world, "0.000 A sends to broadcast name registration request SRV<20> 10.0.0.1 unique B\n"
                            "0.250 A sends to broadcast name registration request SRV<20>\n"
                            "0.500 A sends to broadcast name registration request SRV<20>\n"
                            "0.750 A sends to broadcast name overwrite demand SRV<20>\n"
                            "0.750 A state SRV<20> Registering to Registered");
        world_expect(world, "0.750 A state WORK<00> Registering to Registered");
        world_expect_count(world, "* A sends SRV<20>", 4, 4);
        world_expect_count(world, "* A state", 8, 8); /* four names: begun, done */
        world_expect_that(world, host_alarms(a) == 0, "nothing to tell an administrator");
}

static void b_defended(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.2");

        host_start(a);
        world_run_s(world, 10);
        host_start(b);
        world_run_s(world, 10);
        world_expect(world, "10.000 B sends to broadcast name registration request SRV<20>\n"
                            "10.001 A sends to 10.0.0.2 negative name registration response ACT_ERR SRV<20> 10.0.0.1\n"
                            "10.001 A notice defended SRV<20> peer 10.0.0.2\n"
                            "10.002 B notice refused SRV<20> eth0 peer 10.0.0.1 rcode 6\n"
                            "10.002 B state SRV<20> Registering to Conflict");
        world_expect_never(world, "* B sends name overwrite demand SRV*");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_CONFLICT);
        world_expect_state(world, b, "WORK<00>", 0, NODE_STATE_REGISTERED);
}

static void link_is_good(struct world *world, struct sim_host *host, uint64_t argument)
{
        host->ports[0].loss_permille = (uint16_t)argument;
        world_log(world, host, "loses %u in a thousand from now on", (unsigned)argument);
}

static void b_last_claim_gets_through(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "", lan, "10.0.0.2");

        host_start(a);
        world_run_s(world, 10);
        b->ports[0].loss_permille = 1000;
        world_call_in_ms(world, 400, link_is_good, b, 0);
        host_start(b);
        world_run_s(world, 10);
        world_expect(world, "10.500 B sends to broadcast name registration request SRV<20>\n"
                            "10.502 B state SRV<20> Registering to Conflict");
        world_expect_count(world, "* A notice defended SRV<20>", 1, 1);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

/* Every claim is lost, the demand that closes them is heard and refused: late, but it counts. */
static void b_late_refusal(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "", lan, "10.0.0.2");

        host_start(a);
        world_run_s(world, 10);
        b->ports[0].loss_permille = 1000;
        world_call_in_ms(world, 700, link_is_good, b, 0);
        host_start(b);
        world_run_s(world, 10);
        world_expect(world, "10.750 B state SRV<20> Registering to Registered\n"
                            "10.751 A sends to 10.0.0.2 negative name registration response ACT_ERR SRV<20>\n"
                            "10.752 B notice refused SRV<20> peer 10.0.0.1\n"
                            "10.752 B state SRV<20> Registered to Conflict");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void p_alone(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "WORK", lan, "10.0.0.1");

        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 5);
        world_expect(world, "0.000 A sends to 10.0.0.9 name registration request SRV<20> 10.0.0.1 unique P\n"
                            "0.001 W sends to 10.0.0.1 positive name registration response SRV<20>\n"
                            "0.002 A state SRV<20> Registering to Registered");
        world_expect_never(world, "* A sends to broadcast");
        world_expect_that(world, wins_find(w, "SRV<20>") != NULL, "WINS knows SRV<20>");
        world_expect_that(world, wins_find(w, "WORK<00>")->group, "WINS knows WORK<00> as a group");
}

static void p_owner_alive(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24"), far = world_segment(world, "10.0.1.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_P, "SRV", "", far, "10.0.1.2");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_set_wins(b, "10.0.0.9");
        host_start(a);
        world_run_s(world, 10);
        host_start(b);
        world_run_s(world, 10);
        world_expect(world, "10.000 B sends to 10.0.0.9 name registration request SRV<20>\n"
                            "10.001 W sends to 10.0.1.2 wait for acknowledgement response SRV<20>\n"
                            "10.001 W sends to 10.0.0.1 name query request SRV<20>\n"
                            "10.002 A sends to 10.0.0.9 positive name query response SRV<20> 10.0.0.1\n"
                            "10.003 W sends to 10.0.1.2 negative name registration response ACT_ERR SRV<20>\n"
                            "10.004 B notice refused SRV<20> peer 10.0.0.9 by WINS\n"
                            "10.004 B state SRV<20> Registering to Conflict");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void p_owner_dead(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *b = world_node(world, "B", NODE_TYPE_P, "SRV", "", lan, "10.0.0.2");

        wins_put(w, "SRV<20>", "10.0.0.77", false);
        host_set_wins(b, "10.0.0.9");
        host_start(b);
        world_run_s(world, 10);
        world_expect(world, "0.001 W sends to 10.0.0.2 wait for acknowledgement response SRV<20> ttl 5\n"
                            "0.001 W sends to 10.0.0.77 name query request SRV<20>\n"
                            "0.501 W sends to 10.0.0.77 name query request SRV<20>\n"
                            "1.501 W sends to 10.0.0.77 name query request SRV<20>\n"
                            "3.501 W sends to 10.0.0.2 positive name registration response SRV<20>\n"
                            "3.502 B state SRV<20> Registering to Registered");
        world_expect_count(world, "* B sends name registration request SRV<20>", 1, 1); /* the WACK stills it */
        world_expect_that(world, wins_find(w, "SRV<20>")->addresses[0] == story_ip("10.0.0.2"),
                          "WINS has the new owner");
}

static void p_no_server(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");

        wins_down(w);
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 60);
        world_expect(world, "0.000 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "1.500 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "3.000 A sends to 10.0.0.9 name registration request SRV<20>");
        world_expect(world, "4.500 A notice wins-down peer 10.0.0.9");
        world_expect_never(world, "* A sends to broadcast");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERING);
        wins_up(w, false);
        world_run_s(world, 120);
        world_expect(world, "124-125 A sends to 10.0.0.9 name registration request SRV<20>\n" /* 1/8 of 16 min later */
                            "124-125 A state SRV<20> Registering to Registered");
        world_expect_count(world, "* A notice wins-up", 1, 1);
}

static void m_both(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_M, "SRV", "", lan, "10.0.0.1");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 5);
        world_expect(world, "0.000 A sends to broadcast name registration request SRV<20> unique M\n"
                            "0.750 A sends to broadcast name overwrite demand SRV<20>\n"
                            "0.750 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "0.752 A state SRV<20> Registering to Registered");
}

static void m_server_objects(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24"), far = world_segment(world, "10.0.1.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *far_owner = world_node(world, "P", NODE_TYPE_P, "SRV", "", far, "10.0.1.1");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_M, "SRV", "", lan, "10.0.0.1");

        (void)w;
        host_set_wins(far_owner, "10.0.0.9");
        host_set_wins(a, "10.0.0.9");
        host_start(far_owner);
        world_run_s(world, 10);
        host_start(a);
        world_run_s(world, 10);
        world_expect(world, "10.750 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "10.754 A notice refused SRV<20> peer 10.0.0.9 by WINS\n"
                            "10.754 A state SRV<20> Registering to Conflict");
        world_expect_state(world, far_owner, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void h_server_first(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_H, "SRV", "", lan, "10.0.0.1");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 5);
        world_expect(world, "0.000 A sends to 10.0.0.9 name registration request SRV<20> unique H\n"
                            "0.002 A state SRV<20> Registering to Registered");
        world_expect_never(world, "* A sends to broadcast");
}

static void h_falls_back(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_H, "SRV", "", lan, "10.0.0.1");

        wins_down(w);
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 30);
        world_expect(world, "3.000 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "4.500 A sends to broadcast name registration request SRV<20>\n"
                            "5.250 A state SRV<20> Registering to Registered");
        wins_up(w, false);
        world_run_s(world, 120);
        world_expect(world, "124-125 A sends to 10.0.0.9 name registration request SRV<20>\n"
                            "124-125 W sends to 10.0.0.1 positive name registration response SRV<20>");
        world_expect_count(world, "* A state SRV<20>", 2, 2); /* held throughout */
        world_expect_that(world, wins_find(w, "SRV<20>") != NULL, "WINS learns the name when it speaks again");
}

static void simultaneous_broadcast(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "", lan, "10.0.0.2");

        host_start(b);
        host_start(a);
        world_run_s(world, 10);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED); /* the lower address */
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_CONFLICT);
        world_expect_count(world, "* B notice refused SRV<20> peer 10.0.0.1", 1, 1);
        world_expect_never(world, "* A state SRV<20> Registering to Conflict");
}

static void simultaneous_at_server(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_P, "SRV", "", lan, "10.0.0.2");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_set_wins(b, "10.0.0.9");
        host_start(b);
        host_start(a);
        world_run_s(world, 30);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_REGISTERED); /* it came first */
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_CONFLICT);
}

static void unique_against_group(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "", "", lan, "10.0.0.2");

        host_start(a);
        host_start(b);
        host_name_add(a, "TEAM<20>", NODE_NAME_GROUP);
        host_name_add(a, "BOSS<20>", NODE_NAME_UNIQUE);
        world_run_s(world, 5);
        host_name_add(b, "TEAM<20>", NODE_NAME_UNIQUE); /* a group's name is no machine's */
        host_name_add(b, "BOSS<20>", NODE_NAME_GROUP);  /* nor the other way round */
        world_run_s(world, 5);
        world_expect(world, "5.002 B state TEAM<20> Registering to Conflict");
        world_expect(world, "5.002 B notice refused BOSS<20> peer 10.0.0.1");
        world_expect_never(world, "* B state BOSS<20> Registering to Conflict"); /* groups are never in conflict */
        world_expect_never(world, "* B state BOSS<20> to Registered");
        world_expect_state(world, a, "TEAM<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, a, "BOSS<20>", 0, NODE_STATE_REGISTERED);
}

static void groups_share(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "", "WORK", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "", "WORK", lan, "10.0.0.2");

        host_start(a);
        host_start(b);
        world_run_s(world, 5);
        world_expect_state(world, a, "WORK<00>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, b, "WORK<00>", 0, NODE_STATE_REGISTERED);
        world_expect_never(world, "* negative");
}

/* RFC 1002 5.1.2.1: the wait lasts as long as the WACK says, and no claim is repeated meanwhile. */
static void wack_extends_the_wait(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_peer(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "", "", lan, "10.0.0.1");
        const struct nb_name name = nb_name_make("SRV", 0x20);
        struct nbns_packet packet;
        uint8_t rdata[6];

        host_set_wins(a, "10.0.0.9");
        host_start(a);
        host_name_add(a, "SRV<20>", NODE_NAME_UNIQUE);
        world_run_ms(world, 200);
        const uint16_t id = last_id_of(a);
        nbns_build_wack(&packet, rdata, id, &name, NULL, 0x2900, 10);
        world_send_packet(world, w, 0, 0, story_ip("10.0.0.1"), &packet);
        world_run_ms(world, 8800);
        nbns_build_claim_response(&packet, rdata, id, NBNS_OPCODE_REGISTRATION, 0, &name, NULL,
                                  &(struct nbns_address){0, story_ip("10.0.0.1")}, 3600);
        world_send_packet(world, w, 0, 0, story_ip("10.0.0.1"), &packet);
        world_run_s(world, 5);
        world_expect_count(world, "* A sends", 1, 1);
        world_expect(world, "9.001 A state SRV<20> Registering to Registered");
}

static void change_address(struct world *world, struct sim_host *host, uint64_t argument)
{
        (void)world;
        (void)argument;
        host_set_address(host, 0, "10.0.0.50");
}

static void address_change_during_claim(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");

        world_call_in_ms(world, 300, change_address, a, 0);
        host_start(a);
        world_run_s(world, 5);
        world_expect(world, "0.250 A sends to broadcast name registration request SRV<20> 10.0.0.1\n"
                            "0.300 A sends to broadcast name registration request SRV<20> 10.0.0.50\n"
                            "0.550 A sends to broadcast name registration request SRV<20> 10.0.0.50\n"
                            "0.800 A sends to broadcast name registration request SRV<20> 10.0.0.50\n"
                            "1.050 A sends to broadcast name overwrite demand SRV<20> 10.0.0.50\n"
                            "1.050 A state SRV<20> to Registered");
        world_expect_never(world, "* A sends overwrite SRV<20> 10.0.0.1");
}

/* A claim at the server under way: the old address is taken back there, the new one registered. */
static void address_change_during_server_claim(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");

        wins_of(w)->slow_ms = 1000;
        host_set_wins(a, "10.0.0.9");
        world_call_in_ms(world, 300, change_address, a, 0);
        host_start(a);
        world_run_s(world, 60);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        const struct sim_wins_record *record = wins_find(w, "SRV<20>");
        world_expect_that(world, record && record->count == 1 && record->addresses[0] == story_ip("10.0.0.50"),
                          "WINS knows the new address and only that");
        world_expect_that(world, host_alarms(a) == 0, "no conflict with oneself");
}

const struct story STORIES_CLAIM[] = {
        {"b_alone", "a B node asks the segment three times, hears nothing, and has its names", b_alone},
        {"b_defended", "a B node claims what another holds, is refused, and says so", b_defended},
        {"b_last_claim_gets_through", "two of three claims are lost; the third is refused in time",
         b_last_claim_gets_through},
        {"b_late_refusal", "all claims are lost; the overwrite demand is refused, which still counts", b_late_refusal},
        {"p_alone", "a P node registers with WINS and never broadcasts", p_alone},
        {"p_owner_alive", "WINS waits (WACK), asks the owner, who lives: refused", p_owner_alive},
        {"p_owner_dead", "WINS asks an owner who is gone: the claimant gets the name", p_owner_dead},
        {"p_no_server", "a P node without a server goes on trying and gets its name when one comes", p_no_server},
        {"m_both", "an M node asks the segment, then the server", m_both},
        {"m_server_objects", "the segment consents, but WINS knows another owner far away", m_server_objects},
        {"h_server_first", "an H node registers with WINS alone while it answers", h_server_first},
        {"h_falls_back", "an H node without a server behaves as B, and tells the server when it is back", h_falls_back},
        {"simultaneous_broadcast", "two B nodes claim one name at the same instant: exactly one gets it",
         simultaneous_broadcast},
        {"simultaneous_at_server", "two P nodes claim one name at the same instant", simultaneous_at_server},
        {"unique_against_group", "a unique name and a group of the same name exclude each other", unique_against_group},
        {"groups_share", "members of a group do not object to one another", groups_share},
        {"wack_extends_the_wait", "a WACK is waited for, without repeating the claim", wack_extends_the_wait},
        {"address_change_during_claim", "the address changes between two claims: they begin anew",
         address_change_during_claim},
        {"address_change_during_server_claim", "the same while the server is slow to answer",
         address_change_during_server_claim},
        {NULL, NULL, NULL},
};
