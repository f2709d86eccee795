/* Finding names: order by node type, cache, LMHOSTS, DNS, node status. */
#include "story.h"

#include <string.h>

static bool dns_knows(const char *host, uint32_t *ret_address)
{
        *ret_address = 0x0A00004D; /* 10.0.0.77 */
        return strncasecmp(host, "named", 5) == 0;
}

struct stage {
        unsigned lan;
        struct sim_host *w, *a, *holder;
};

/* A asks; a B node "H" holds HELD<20> on the segment; W knows KNOWN<20>. */
static struct stage asker(struct world *world, enum node_type type)
{
        struct stage s = {.lan = world_segment(world, "10.0.0.0/24")};

        world->dns = dns_knows;
        s.w = world_wins(world, "W", s.lan, "10.0.0.9", NULL);
        s.holder = world_node(world, "H", NODE_TYPE_B, "HELD", "", s.lan, "10.0.0.2");
        s.a = world_node(world, "A", type, "", "", s.lan, "10.0.0.1");
        s.a->config.lmhosts_enabled = true;
        s.a->config.dns_enabled = true;
        wins_of(s.w)->ttl_s = 100000;
        wins_put(s.w, "KNOWN<20>", "10.0.0.33", false);
        host_set_wins(s.a, "10.0.0.9");
        host_start(s.holder);
        host_start(s.a);
        host_reload(s.a, "10.0.0.44 WRITTEN\n10.0.0.55 LOADED #PRE\n");
        world_run_s(world, 10);
        return s;
}

static void expect_found(struct world *world, struct sim_host *host, const char *name, const char *address, int from)
{
        host_query(host, name, false);
        world_run_s(world, 30);
        world_expect_that(world, host->completion.result == 0 && host->completion.address == story_ip(address), name);
        world_expect_that(world, host->completion.from == from, "from the right source");
}

static void b_order(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_B);

        expect_found(world, s.a, "HELD<20>", "10.0.0.2", NODE_FROM_BROADCAST);
        expect_found(world, s.a, "WRITTEN<20>", "10.0.0.44", NODE_FROM_LMHOSTS);
        expect_found(world, s.a, "NAMED<20>", "10.0.0.77", NODE_FROM_DNS);
        expect_found(world, s.a, "LOADED<20>", "10.0.0.55", NODE_FROM_CACHE);
        world_expect(world, "40.000 A sends to broadcast name query request WRITTEN<20>\n"
                            "40.750 A sends to broadcast name query request WRITTEN<20>\n"
                            "41.500 A sends to broadcast name query request WRITTEN<20>\n"
                            "42.250 A complete WRITTEN<20>\n");
        world_expect_never(world, "* A sends to 10.0.0.9");
        host_query(s.a, "NOBODY<20>", false);
        world_run_s(world, 30);
        world_expect_that(world, s.a->completion.result == NBT_ERR_NOT_FOUND, "nobody is nobody");
}

static void p_order(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_P);

        expect_found(world, s.a, "KNOWN<20>", "10.0.0.33", NODE_FROM_WINS);
        expect_found(world, s.a, "WRITTEN<20>", "10.0.0.44", NODE_FROM_LMHOSTS);
        expect_found(world, s.a, "NAMED<20>", "10.0.0.77", NODE_FROM_DNS);
        world_expect_never(world, "* A sends to broadcast");
}

static void m_order(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_M);

        expect_found(world, s.a, "HELD<20>", "10.0.0.2", NODE_FROM_BROADCAST);
        world_expect_never(world, "* A sends to 10.0.0.9 HELD<20>");
        expect_found(world, s.a, "KNOWN<20>", "10.0.0.33", NODE_FROM_WINS);
        world_expect(world, "40.000 A sends to broadcast name query request KNOWN<20>\n"
                            "42.250 A sends to 10.0.0.9 name query request KNOWN<20>");
}

static void h_order(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_H);

        expect_found(world, s.a, "KNOWN<20>", "10.0.0.33", NODE_FROM_WINS);
        world_expect_never(world, "* A sends to broadcast KNOWN<20>");
        expect_found(world, s.a, "HELD<20>", "10.0.0.2", NODE_FROM_BROADCAST);
        world_expect(world, "40.000 A sends to 10.0.0.9 name query request HELD<20>\n"
                            "40.002 A sends to broadcast name query request HELD<20>");
        expect_found(world, s.a, "WRITTEN<20>", "10.0.0.44", NODE_FROM_LMHOSTS);
        expect_found(world, s.a, "NAMED<20>", "10.0.0.77", NODE_FROM_DNS);
}

static void cache_expires(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_B);

        expect_found(world, s.a, "HELD<20>", "10.0.0.2", NODE_FROM_BROADCAST);
        expect_found(world, s.a, "HELD<20>", "10.0.0.2", NODE_FROM_CACHE);
        world_run_s(world, 500);
        expect_found(world, s.a, "HELD<20>", "10.0.0.2", NODE_FROM_CACHE);
        world_run_s(world, 60);
        expect_found(world, s.a, "HELD<20>", "10.0.0.2", NODE_FROM_BROADCAST); /* 600 s are over */
}

/* MS00-047: what LMHOSTS preloads no answer overwrites. */
static void preload_is_immune(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_B);
        struct sim_host *peer = world_peer(world, "peer", s.lan, "10.0.0.66", NULL);

        host_query(s.a, "LOADED<20>", true);
        world_run_ms(world, 1);
        peer_answer(peer, "10.0.0.1", last_id_of(s.a), "LOADED<20>", "10.0.0.66");
        world_run_s(world, 30);
        expect_found(world, s.a, "LOADED<20>", "10.0.0.55", NODE_FROM_CACHE);
        world_run_s(world, 3600);
        expect_found(world, s.a, "LOADED<20>", "10.0.0.55", NODE_FROM_CACHE);
}

/* CVE-2016-3213: an answer counts for a pending request only, and only from where one may come. */
static void unasked_answers(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_B);
        struct sim_host *peer = world_peer(world, "peer", s.lan, "10.0.0.66", NULL);
        struct sim_host *far = world_peer(world, "far", world_segment(world, "10.0.1.0/24"), "10.0.1.66", NULL);

        for (uint16_t id = 0; id < 5000; id++)
                peer_answer(peer, "10.0.0.1", id, "WPAD<00>", "10.0.0.66");
        world_run_s(world, 1);
        host_query(s.a, "WPAD<00>", true);
        world_run_ms(world, 1);
        peer_answer(far, "10.0.0.1", last_id_of(s.a), "WPAD<00>", "10.0.1.66");
        world_run_s(world, 30);
        world_expect_that(world, s.a->completion.result == NBT_ERR_NOT_FOUND, "no forged answer counts");
}

static void status_on_link_only(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24"), far_lan = world_segment(world, "10.0.1.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.1");
        struct sim_host *b = world_node(world, "B", NODE_TYPE_B, "", "", lan, "10.0.0.2");
        struct sim_host *far = world_node(world, "F", NODE_TYPE_B, "", "", far_lan, "10.0.1.2");

        host_start(a);
        host_start(b);
        host_start(far);
        world_run_s(world, 5);
        host_status(b, "10.0.0.1");
        host_status(far, "10.0.0.1");
        world_run_s(world, 30);
        world_expect_that(world, b->completion.result == 0 && b->completion.table_count == 4,
                          "a neighbour is answered");
        world_expect_that(world, far->completion.result != 0, "a stranger far away is not");
        a->config.status_off_link = true;
        host_reconfigure(a);
        host_status(far, "10.0.0.1");
        world_run_s(world, 30);
        world_expect_that(world, far->completion.result == 0, "unless that is allowed");
        world_expect_count(world, "* A state", 8, 8); /* the change touches no name */
}

static void status_is_limited(struct world *world)
{
        const unsigned lan = world_segment(world, "10.0.0.0/24");
        struct sim_host *a = world_node(world, "A", NODE_TYPE_B, "SRV", "WORK", lan, "10.0.0.1");
        struct sim_host *peer = world_peer(world, "peer", lan, "10.0.0.66", NULL);

        host_start(a);
        world_run_s(world, 10);
        const uint64_t sent = a->sent;
        for (unsigned i = 0; i < 1000; i++) /* 1,000 questions in a second */
                for (unsigned k = 0; k < 1; k++) {
                        peer_query(peer, "10.0.0.1", "*", NBNS_TYPE_NBSTAT);
                        world_run_ms(world, 1);
                }
        world_expect_that(world, a->sent - sent >= NODE_STATUS_BURST, "a burst is answered");
        world_expect_that(world, a->sent - sent <= NODE_STATUS_BURST + NODE_STATUS_PER_SECOND + 1, "and no more");
}

/* The table shows names in conflict; a query does not. */
static void query_own_name(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_B);

        host_name_add(s.a, "MINE<20>", NODE_NAME_UNIQUE);
        world_run_s(world, 5);
        expect_found(world, s.a, "MINE<20>", "10.0.0.1", NODE_FROM_LOCAL);
}

static void first_answer_is_lost(struct world *world)
{
        struct stage s = asker(world, NODE_TYPE_B);

        s.holder->ports[0].loss_permille = 1000;
        host_query(s.a, "HELD<20>", false);
        world_run_ms(world, 800);
        s.holder->ports[0].loss_permille = 0;
        world_run_s(world, 10);
        world_expect_that(world, s.a->completion.result == 0, "a later question is answered");
        world_expect_count(world, "* A sends to broadcast name query request HELD<20>", 3, 3);
}

const struct story STORIES_RESOLVE[] = {
        {"b_order", "a B node asks: cache, segment, LMHOSTS, DNS", b_order},
        {"p_order", "a P node asks: cache, server, LMHOSTS, DNS", p_order},
        {"m_order", "an M node asks: cache, segment, server", m_order},
        {"h_order", "an H node asks: cache, server, segment, LMHOSTS, DNS", h_order},
        {"cache_expires", "what was found is remembered for ten minutes", cache_expires},
        {"preload_is_immune", "a preloaded entry stays what it is", preload_is_immune},
        {"unasked_answers", "answers nobody asked for are nothing", unasked_answers},
        {"status_on_link_only", "node status is for the neighbours, unless configured", status_on_link_only},
        {"status_is_limited", "a thousand status questions in a second", status_is_limited},
        {"query_own_name", "a name of one's own needs no packet", query_own_name},
        {"first_answer_is_lost", "the first question is lost, the second answered", first_answer_is_lost},
        {NULL, NULL, NULL},
};
