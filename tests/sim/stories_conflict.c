/* Demands that are true, demands that are forged, and what becomes of a name in conflict. */
#include "story.h"

#include <stdio.h>

struct stage {
        unsigned lan;
        struct sim_host *a, *peer;
};

/* A, a B node with SRV, up for ten seconds; a peer at 10.0.0.66 that sends what it likes. */
static struct stage one_holder(struct world *world, enum node_demand_policy policy)
{
        struct stage s = {.lan = world_segment(world, "10.0.0.0/24")};

        s.peer = world_peer(world, "peer", s.lan, "10.0.0.66", NULL);
        s.a = world_node(world, "A", NODE_TYPE_B, "SRV", "WORK", s.lan, "10.0.0.1");
        s.a->config.demand_policy = policy;
        host_start(s.a);
        world_run_s(world, 10);
        return s;
}

/* A second holder that A cannot know of: it answers queries for SRV<20>. */
static void answers_for_srv(struct world *world, struct sim_host *host, unsigned port, const struct sim_frame *frame)
{
        struct nbns_packet packet;
        const struct nb_name srv = nb_name_make("SRV", 0x20);

        (void)port;
        if (frame->source == host->ports[0].iface.address ||
            nbns_packet_decode(frame->bytes, frame->len_bytes, &packet) < 0 || packet.header.response ||
            packet.header.opcode != NBNS_OPCODE_QUERY || !nb_name_equal(&packet.question.name, &srv))
                return;
        struct nbns_packet answer;
        uint8_t rdata[6];
        nbns_address_encode(&(struct nbns_address){0, host->ports[0].iface.address}, rdata);
        nbns_build_query_response(&answer, packet.header.id, &srv, NULL, rdata, 6, 300000, false);
        world_send_packet(world, host, 0, 0, frame->source, &answer);
}

static void verify_conflict_founded(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_VERIFY);

        world_peer(world, "twin", s.lan, "10.0.0.2", answers_for_srv);
        peer_conflict_demand(s.peer, "", "10.0.0.1", "SRV<20>");
        world_run_s(world, 5);
        world_expect(world, "10.000 peer sends to 10.0.0.1 name conflict demand SRV<20>\n"
                            "10.001 A notice duplicate SRV<20> peer 10.0.0.66 pending\n"
                            "10.001 A sends to broadcast name query request SRV<20>\n"
                            "10.003 A notice duplicate SRV<20> peer 10.0.0.66 holder 10.0.0.2 confirmed\n"
                            "10.003 A state SRV<20> Registered to Conflict");
        world_expect_state(world, s.a, "SRV<00>", 0, NODE_STATE_REGISTERED); /* a demand is about one name */
}

static void verify_conflict_unfounded(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_VERIFY);

        peer_conflict_demand(s.peer, "", "", "SRV<20>");
        world_run_s(world, 5);
        world_expect(world, "10.001 A notice duplicate SRV<20> peer 10.0.0.66 pending\n"
                            "10-15 A notice duplicate SRV<20> peer 10.0.0.66 unfounded");
        world_expect_count(world, "* A notice duplicate", 2, 2);
        world_expect_count(world, "* A sends to broadcast name query request SRV<20>", 1, 3);
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void verify_release_founded(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_VERIFY);

        world_peer(world, "twin", s.lan, "10.0.0.2", answers_for_srv);
        peer_release_demand(s.peer, "", "10.0.0.1", "SRV<20>");
        world_run_s(world, 5);
        world_expect(world, "10.001 A notice release-demand SRV<20> peer 10.0.0.66 pending\n"
                            "10.003 A notice release-demand SRV<20> peer 10.0.0.66 holder 10.0.0.2 confirmed\n"
                            "10.003 A state SRV<20> Registered to Conflict");
}

static void verify_release_unfounded(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_VERIFY);

        peer_release_demand(s.peer, "", "10.0.0.1", "SRV<20>");
        world_run_s(world, 5);
        world_expect(world, "10.001 A notice release-demand SRV<20> pending\n"
                            "10-15 A notice release-demand SRV<20> unfounded");
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void obey_conflict(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_OBEY);

        peer_conflict_demand(s.peer, "", "", "SRV<20>");
        world_run_s(world, 1);
        world_expect(world, "10.001 A notice duplicate SRV<20> peer 10.0.0.66 not-verified\n"
                            "10.001 A state SRV<20> Registered to Conflict");
        world_expect_never(world, "10-11 A sends to broadcast name query request");
}

/* The article's own case: NoNameReleaseOnDemand=0, a demand from 22.101.26.231. */
static void obey_release(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_OBEY);

        peer_release_demand(s.peer, "22.101.26.231", "10.0.0.1", "SRV<20>");
        world_run_s(world, 1);
        world_expect(world, "10.001 A notice release-demand SRV<20> peer 22.101.26.231 not-verified\n"
                            "10.001 A state SRV<20> Registered to Conflict");
}

static void wins_only(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *peer = world_peer(world, "peer", lan, "10.0.0.66", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_H, "SRV", "", lan, "10.0.0.1");

        a->config.demand_policy = NODE_DEMAND_WINS_ONLY;
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 10);
        peer_release_demand(peer, "", "10.0.0.1", "SRV<20>");
        peer_conflict_demand(peer, "", "10.0.0.1", "SRV<00>");
        world_run_s(world, 5);
        world_expect(world, "10.001 A notice release-demand SRV<20> peer 10.0.0.66 ignored\n"
                            "10.001 A notice duplicate SRV<00> peer 10.0.0.66 ignored");
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        wins_demand_release(w, "SRV<20>", "10.0.0.1");
        world_run_s(world, 1);
        world_expect(world, "15.001 A notice release-demand SRV<20> peer 10.0.0.9 not-verified by WINS\n"
                            "15.001 A state SRV<20> Registered to Conflict");
        world_expect_state(world, a, "SRV<00>", 0, NODE_STATE_REGISTERED);
}

static void groups_are_immune(struct world *world)
{
        for (unsigned i = 0; i < 2; i++) {
                struct sim_host *peer, *a;

                if (i == 0) {
                        const struct stage s = one_holder(world, NODE_DEMAND_OBEY);
                        peer = s.peer;
                        a = s.a;
                } else {
                        const unsigned lan = world_segment(world, "10.0.1.0/24");
                        peer = world_peer(world, "peer2", lan, "10.0.1.66", NULL);
                        a = world_node(world, "B", NODE_TYPE_B, "", "WORK", lan, "10.0.1.1");
                        host_start(a);
                        world_run_s(world, 10);
                }
                peer_conflict_demand(peer, "", "", "WORK<00>");
                peer_release_demand(peer, "", "", "WORK<00>");
                peer_release_demand(peer, "", i ? "10.0.1.1" : "10.0.0.1", "WORK<00>");
                world_run_s(world, 10);
                world_expect_state(world, a, "WORK<00>", 0, NODE_STATE_REGISTERED);
        }
        world_expect_never(world, "* WORK<00> to Conflict");
}

/* A name in conflict is not answered for, not defended, and shown as such in the node's status. */
static void conflict_is_silent(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_OBEY);

        peer_conflict_demand(s.peer, "", "", "SRV<20>");
        world_run_s(world, 1);
        peer_query(s.peer, "", "SRV<20>", NBNS_TYPE_NB);
        peer_query(s.peer, "10.0.0.1", "SRV<20>", NBNS_TYPE_NB);
        peer_claim(s.peer, "", "", NBNS_OPCODE_REGISTRATION, "SRV<20>", "10.0.0.66", false);
        world_run_s(world, 5);
        world_expect_never(world, "11-16 A sends positive");
        world_expect_never(world, "11-16 A sends ACT_ERR");
        peer_query(s.peer, "10.0.0.1", "*", NBNS_TYPE_NBSTAT);
        world_run_s(world, 1);
        world_expect(world, "16.001 A sends to 10.0.0.66 node status response SRV<20> unique Conflict");
}

static void recovers_when_culprit_leaves(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "", lan, "10.0.0.2");

        host_start(a);
        world_run_s(world, 10);
        host_start(b);
        world_run_s(world, 1500);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_CONFLICT); /* a retry was refused meanwhile */
        world_expect(world, "300-1000 B sends to broadcast name registration request SRV<20>");
        world_expect_count(world, "* B notice refused SRV<20>", 1, 1); /* quietly */
        host_stop(a);
        world_run_s(world, 3600);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect(world, "1510-5110 B state SRV<20> Conflict to Registered");
}

static void retries_are_bounded(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "", "", lan, "10.0.0.2");

        host_start(a);
        host_start(b);
        host_name_add(a, "SRV<20>", NODE_NAME_UNIQUE);
        world_run_s(world, 10);
        host_name_add(b, "SRV<20>", NODE_NAME_UNIQUE);
        world_run_s(world, 48 * 3600);
        world_expect_count(world, "11-200000 B sends to broadcast name registration request SRV<20>", 3, 6);
}

static void release_refresh_limits(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *w = world_wins(world, "W", lan, "10.0.0.9", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_P, "SRV", "", lan, "10.0.0.1");

        (void)w;
        host_set_wins(a, "10.0.0.9");
        host_start(a);
        world_run_s(world, 10);
        host_release_refresh(a);
        world_run_s(world, 60);
        world_expect(world, "10.000 A sends to 10.0.0.9 name release request SRV<20>\n"
                            "10.001 W sends to 10.0.0.1 positive name release response SRV<20>\n"
                            "10.002 A sends to 10.0.0.9 name registration request SRV<20>\n" /* KB228453 */
                            "10.004 A state SRV<20> to Registered\n"
                            "10.004 A complete");
        world_expect_that(world, a->completion.result == 0, "it succeeds");
        host_release_refresh(a);
        world_run_s(world, 1);
        world_expect_that(world, a->completion.result == NBT_ERR_LIMITED, "twice in two minutes is once too often");
        world_run_s(world, 60);
        host_release_refresh(a);
        world_run_s(world, 1);
        world_expect_that(world, a->completion.result == 0, "after two minutes it may");
}

static void release_refresh_recovers(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_OBEY);

        peer_release_demand(s.peer, "", "10.0.0.1", "SRV<20>");
        world_run_s(world, 1);
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_CONFLICT);
        host_release_refresh(s.a);
        world_run_s(world, 2);
        world_expect(world, "11.000 A sends to broadcast name registration request SRV<20>\n"
                            "11.750 A state SRV<20> Registering to Registered");
}

static void two_owners_answer(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "SRV", "", lan, "10.0.0.2");
        struct sim_host *c = world_node(world, "C", NODE_TYPE_B, "", "", lan, "10.0.0.3");

        a->ports[0].group = 1; /* alone when it claims */
        host_start(a);
        host_start(b);
        host_start(c);
        world_run_s(world, 10);
        world_heal(world);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_state(world, b, "SRV<20>", 0, NODE_STATE_REGISTERED);
        host_query(c, "SRV<20>", true);
        world_run_s(world, 10);
        world_expect(world, "10.000 C sends to broadcast name query request SRV<20>\n"
                            "10-12 C notice conflict-sent SRV<20>");
        world_expect_count(world, "* C sends name conflict demand SRV<20>", 1, 3);
        world_expect_that(world, c->completion.holder_count == 2, "the asker learns of both");
        const bool one = (host_name_state(a, "SRV<20>", 0) == NODE_STATE_REGISTERED) !=
                         (host_name_state(b, "SRV<20>", 0) == NODE_STATE_REGISTERED);
        world_expect_that(world, one, "exactly one of them keeps the name");
        world_expect_that(world, host_alarms(a) + host_alarms(b) > 0, "the loser tells");
}

static void forged_refusals(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *peer = world_peer(world, "peer", lan, "10.0.0.66", NULL);
        struct sim_host *far = world_peer(world, "far", world_segment(world, "10.0.1.0/24"), "10.0.1.66", NULL);
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "", "", lan, "10.0.0.1");

        host_start(a);
        host_name_add(a, "SRV<20>", NODE_NAME_UNIQUE);
        world_run_ms(world, 300);
        const uint16_t id = last_id_of(a);
        for (uint16_t i = 1; i < 2000; i++)
                peer_refuse(peer, "10.0.0.1", (uint16_t)(id + i), "SRV<20>", "10.0.0.66"); /* guesses */
        peer_refuse(far, "10.0.0.1", id, "SRV<20>", "10.0.1.66"); /* right, but from where no answer can come */
        peer_refuse(peer, "10.0.0.1", id, "OTHER<20>", "10.0.0.66");
        world_run_s(world, 5);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        world_expect_that(world, host_alarms(a) == 0, "nothing to tell");
        world_run_s(world, 5);
        peer_refuse(peer, "10.0.0.1", id, "SRV<20>", "10.0.0.66"); /* true once, long ago */
        world_run_s(world, 5);
        world_expect_state(world, a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

static void flood(struct world *world, struct sim_host *host, uint64_t argument)
{
        const bool release = argument & 1;
        char source[16];

        snprintf(source, sizeof(source), "10.0.0.%u", (unsigned)(argument % 50 + 100));
        for (unsigned i = 0; i < 100; i++) {
                if (release)
                        peer_release_demand(host, source, "10.0.0.1", "SRV<20>");
                else
                        peer_conflict_demand(host, source, "", "SRV<20>");
        }
        if (argument < 1000)
                world_call_in_ms(world, 10, flood, host, argument + 1);
}

/* 100,000 forged demands in ten seconds: the node asks seldom, tells seldom, and keeps its name. */
static void hundred_thousand_demands(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_VERIFY);
        const uint64_t sent = s.a->sent;

        world->log_on = false;
        world_call_in_ms(world, 1, flood, s.peer, 0);
        world_run_s(world, 15);
        world->log_on = true;
        world_expect_that(world, s.a->received > 100000, "they arrive");
        world_expect_that(world, s.a->sent - sent < 60, "few packets answer them");
        world_expect_that(world, host_alarms(s.a) < 40, "few notices tell of them");
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED);
        peer_query(s.peer, "", "SRV<20>", NBNS_TYPE_NB);
        world_run_s(world, 1);
        world_expect(world, "25.001 A sends to 10.0.0.66 positive name query response SRV<20> 10.0.0.1");
}

/* The same under the policy that ignores them: told now and then, never answered by questions. */
static void ignored_flood(struct world *world)
{
        struct stage s = one_holder(world, NODE_DEMAND_WINS_ONLY);

        world->log_on = false;
        world_call_in_ms(world, 1, flood, s.peer, 0);
        world_run_s(world, 15);
        world->log_on = true;
        world_expect_that(world, host_alarms(s.a) < 60, "few notices tell of them");
        world_expect_state(world, s.a, "SRV<20>", 0, NODE_STATE_REGISTERED);
}

const struct story STORIES_CONFLICT[] = {
        {"verify_conflict_founded", "a conflict demand, and another holder is found", verify_conflict_founded},
        {"verify_conflict_unfounded", "a conflict demand, and nobody else holds the name", verify_conflict_unfounded},
        {"verify_release_founded", "a release demand, and another holder is found", verify_release_founded},
        {"verify_release_unfounded", "a release demand, and nobody else holds the name", verify_release_unfounded},
        {"obey_conflict", "NoNameReleaseOnDemand=0: a conflict demand is obeyed at once", obey_conflict},
        {"obey_release", "NoNameReleaseOnDemand=0: the article's case", obey_release},
        {"wins_only", "NoNameReleaseOnDemand=1: only a WINS server is obeyed", wins_only},
        {"groups_are_immune", "no demand puts a group name in conflict", groups_are_immune},
        {"conflict_is_silent", "a name in conflict is neither answered for nor defended", conflict_is_silent},
        {"recovers_when_culprit_leaves", "the other holder goes: the bounded retry gets the name back",
         recovers_when_culprit_leaves},
        {"retries_are_bounded", "a name added by command is retried only so often", retries_are_bounded},
        {"release_refresh_limits", "nbtstat -RR: release, answer, claim; at most once in two minutes",
         release_refresh_limits},
        {"release_refresh_recovers", "nbtstat -RR gets a name out of conflict", release_refresh_recovers},
        {"two_owners_answer", "two answers to one query: the asker sends the conflict demand, one keeps the name",
         two_owners_answer},
        {"forged_refusals", "answers that match no request, or come from elsewhere, are nothing", forged_refusals},
        {"hundred_thousand_demands", "a flood of forged demands is folded into a few questions and notices",
         hundred_thousand_demands},
        {"ignored_flood", "the same flood where demands are ignored", ignored_flood},
        {NULL, NULL, NULL},
};
