/* Conversations shown to the tracker, and what it tells of them. */
#include "unit.h"

#include "base/rng.h"
#include "watch/watch.h"
#include "wire/nbstat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NET UINT32_C(0x0A4D0000)
#define ALL (NET + 255)
#define ANYBODY 0xFF

static struct {
        struct watch *watch;
        struct arena arena;
        struct watch_events events; /* of the last step */
        int64_t us;
        uint16_t id;
        uint8_t via; /* a router's MAC on every frame; 0: each host its own */
} world;

static int setup(void **state)
{
        const uint32_t allowed[] = {NET + 200};

        (void)state;
        memset(&world, 0, sizeof(world));
        world.us = INT64_C(1795415044000000);
        return watch_new(&world.watch, &(struct watch_options){.seed = 1, .allowed_count = 1, .allowed = allowed});
}

static int teardown(void **state)
{
        (void)state;
        watch_free(world.watch);
        arena_done(&world.arena);
        return 0;
}

/* ---- packets ------------------------------------------------------------------------------------------------------ */

static size_t make_frame(uint8_t frame[700], uint32_t from, uint32_t to, const struct nbns_packet *packet)
{
        const int len = nbns_packet_encode(packet, frame + 42, 600);
        struct wr wr = wr_init(frame, 42);

        assert_true(len > 0);
        wr_be16(&wr, 0xFFFF);
        wr_be32(&wr, 0xFFFFFFFF);
        wr_be32(&wr, 0x02000000);
        wr_be16(&wr, world.via ? world.via : (uint16_t)(from & 0xFFFF));
        wr_be16(&wr, 0x0800);
        wr_be16(&wr, 0x4500);
        wr_be16(&wr, (uint16_t)(28 + len));
        wr_be32(&wr, 0);
        wr_be32(&wr, 0x80110000);
        wr_be32(&wr, from);
        wr_be32(&wr, to);
        wr_be32(&wr, 0x00890089);
        wr_be16(&wr, (uint16_t)(8 + len));
        wr_be16(&wr, 0);
        return 42 + (size_t)len;
}

static void send(uint32_t from, uint32_t to, const struct nbns_packet *packet)
{
        uint8_t frame[700];
        const size_t len = make_frame(frame, from, to, packet);

        arena_reset(&world.arena);
        world.events = (struct watch_events){.arena = &world.arena};
        world.us += 1000;
        watch_frames(world.watch, &(struct watch_input){{world.us}, FRAME_LINK_ETHERNET, frame, len}, 1, &world.events);
}

static void pass(unsigned seconds)
{
        world.us += (int64_t)seconds * 1000000;
}

static struct nb_name name(const char *text)
{
        struct nb_name made;

        assert_int_equal(nb_name_parse(text, 0x20, &made), 0);
        return made;
}

static void claim_as(uint32_t host, const char *text, uint8_t opcode, uint16_t nb_flags, uint32_t to, bool recursion)
{
        const struct nbns_address address = {.nb_flags = nb_flags, .address = NET + host};
        const struct nb_name of = name(text);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim(&packet, rdata, ++world.id, opcode, &of, NULL, &address, 300000, recursion, to == ALL);
        send(NET + host, to, &packet);
}

static void claim(uint32_t host, const char *text)
{
        claim_as(host, text, NBNS_OPCODE_REGISTRATION, 0, ALL, true);
}

/* HOST answers the last claim, of CLAIMANT. */
static void reply(uint32_t host, uint32_t claimant, const char *text, uint8_t rcode)
{
        const struct nb_name of = name(text);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim_response(&packet, rdata, world.id, NBNS_OPCODE_REGISTRATION, rcode, &of, NULL,
                                  &(struct nbns_address){.address = NET + host}, 0);
        send(NET + host, NET + claimant, &packet);
}

static void release(uint32_t host, const char *text)
{
        const struct nbns_address address = {.address = NET + host};
        const struct nb_name of = name(text);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_release(&packet, rdata, ++world.id, &of, NULL, &address, true);
        send(NET + host, ALL, &packet);
}

static void query(uint32_t host, const char *text)
{
        const struct nb_name of = name(text);
        struct nbns_packet packet;

        nbns_build_query(&packet, ++world.id, &of, NULL, NBNS_TYPE_NB, true, true);
        send(NET + host, ALL, &packet);
}

/* HOST answers the last question, of CLIENT, with TARGET (and ALSO, if not 0). */
static void answer(uint32_t host, uint32_t client, const char *text, uint32_t target, uint32_t also)
{
        const struct nb_name of = name(text);
        struct nbns_packet packet;
        uint8_t rdata[12];

        nbns_address_encode(&(struct nbns_address){.address = target}, rdata);
        nbns_address_encode(&(struct nbns_address){.address = also}, rdata + 6);
        nbns_build_query_response(&packet, world.id, &of, NULL, rdata, also ? 12 : 6, 300000, false);
        send(NET + host, NET + client, &packet);
}

static void demand(uint32_t host, uint32_t peer, const char *text)
{
        const struct nb_name of = name(text);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_conflict_demand(&packet, rdata, ++world.id, &of, NULL);
        send(NET + host, NET + peer, &packet);
}

static void ask_and_answer(uint32_t host, const char *text, uint32_t target)
{
        query(99, text);
        answer(host, 99, text, target, 0);
}

/* ---- what was told ------------------------------------------------------------------------------------------------ */

static const struct watch_event *told(enum watch_event_type type)
{
        for (const struct watch_event *event = world.events.first; event; event = event->next)
                if (event->type == type)
                        return event;
        return NULL;
}

static void assert_silent(void)
{
        if (world.events.first)
                print_error("told: %s\n", watch_event_str(world.events.first->type));
        assert_null(world.events.first);
}

static void assert_conflict(uint32_t a, uint32_t b)
{
        const struct watch_event *event = told(WATCH_EVENT_CONFLICT);

        assert_non_null(event);
        assert_true((event->holder.address == a && event->peer.address == b) ||
                    (event->holder.address == b && event->peer.address == a));
}

static enum watch_confidence suspicion(uint32_t host, unsigned *ret_rules)
{
        struct watch_finding finding;
        uint32_t cursor = 0;

        *ret_rules = 0;
        while (watch_finding_next(world.watch, &cursor, &finding))
                if (finding.address == NET + host) {
                        for (size_t i = 0; i < finding.evidence_count; i++)
                                *ret_rules |= 1u << finding.evidence[i].rule;
                        return finding.confidence;
                }
        return WATCH_CONFIDENCE_NONE;
}

static void assert_trusted(uint32_t host)
{
        unsigned rules;

        assert_int_equal(suspicion(host, &rules), WATCH_CONFIDENCE_NONE);
}

/* ---- claims and conflicts ----------------------------------------------------------------------------------------- */

static void one_line_a_change(void **state)
{
        (void)state;
        claim(2, "FILESRV");
        const struct watch_event *event = told(WATCH_EVENT_CLAIM);
        assert_non_null(event);
        assert_int_equal(event->holder.address, NET + 2);
        assert_true(event->holder.has_mac);
        assert_int_equal(event->frame, 1);
        assert_int_equal(event->holder.proof.kind, WATCH_PROOF_CLAIM);
        for (int i = 0; i < 3; i++) {
                claim(2, "FILESRV");
                assert_silent();
        }
        claim_as(2, "FILESRV", NBNS_OPCODE_REGISTRATION, 0, ALL, false);
        assert_silent();
        ask_and_answer(2, "FILESRV", NET + 2);
        assert_silent();
        release(2, "FILESRV");
        assert_non_null(told(WATCH_EVENT_RELEASE));
        release(2, "FILESRV");
        assert_silent();
        claim(2, "FILESRV");
        assert_non_null(told(WATCH_EVENT_CLAIM));
        assert_trusted(2);
}

static void refused_claim_is_a_conflict_once(void **state)
{
        (void)state;
        claim(2, "TWIN");
        for (int i = 0; i < 3; i++) {
                claim(3, "TWIN");
                reply(2, 3, "TWIN", NBNS_RCODE_ACT_ERR);
                if (i > 0) {
                        assert_silent();
                        continue;
                }
                assert_non_null(told(WATCH_EVENT_REFUSE));
                assert_conflict(NET + 3, NET + 2);
                assert_int_equal(told(WATCH_EVENT_CONFLICT)->peer.proof.kind, WATCH_PROOF_REFUSAL);
                assert_int_equal(told(WATCH_EVENT_CONFLICT)->peer.proof.id, world.id);
        }
        release(2, "TWIN");
        assert_non_null(told(WATCH_EVENT_OVER));
        assert_int_equal(watch_counters(world.watch).conflicts, 1);
}

static void name_server_refuses(void **state)
{
        (void)state;
        claim(2, "TWIN");
        claim_as(3, "TWIN", NBNS_OPCODE_REGISTRATION, NBNS_NB_ONT_H, NET + 1, true);
        reply(1, 3, "TWIN", NBNS_RCODE_ACT_ERR);
        /* the first claim was refused by nobody, but its time is not over: the server alone speaks for it */
        const struct watch_event *event = told(WATCH_EVENT_CONFLICT);
        assert_non_null(event);
        assert_int_equal(event->server, NET + 1);
        assert_int_equal(event->holder.address, NET + 3);
        assert_trusted(1);
        /* known as a server now, it may demand */
        demand(1, 2, "TWIN");
        assert_trusted(1);
}

static void silent_twins(void **state)
{
        (void)state;
        claim(2, "TWIN");
        pass(10);
        claim(3, "TWIN"); /* the first one does not refuse */
        assert_non_null(told(WATCH_EVENT_CLAIM));
        pass(10);
        query(9, "OTHER"); /* time passes by packets: the claim ripens, but the first may have gone */
        assert_null(told(WATCH_EVENT_CONFLICT));
        query(9, "TWIN");
        answer(2, 9, "TWIN", NET + 2, 0);
        assert_conflict(NET + 2, NET + 3);
        assert_trusted(2);
        assert_trusted(3);
}

/* Who answers first is a matter of chance: the stranger is suspect in either order, the holder in none. */
static void stranger_answers_before_or_after_the_holder(void **state)
{
        (void)state;
        claim(2, "FILESRV");
        query(9, "FILESRV"); /* the claim has not ripened yet */
        answer(7, 9, "FILESRV", NET + 7, 0);
        assert_null(told(WATCH_EVENT_SPOOFER));
        answer(2, 9, "FILESRV", NET + 2, 0);
        assert_non_null(told(WATCH_EVENT_SPOOFER));
        assert_int_equal(told(WATCH_EVENT_SPOOFER)->finding->address, NET + 7);
        assert_conflict(NET + 2, NET + 7);
        assert_trusted(2);
        pass(10);
        query(9, "FILESRV");
        answer(2, 9, "FILESRV", NET + 2, 0);
        answer(8, 9, "FILESRV", NET + 8, 0);
        assert_int_equal(told(WATCH_EVENT_SPOOFER)->finding->address, NET + 8);
        assert_trusted(2);
}

static void moved_computer_is_no_conflict(void **state)
{
        (void)state;
        claim(2, "LAPTOP");
        pass(3600);
        claim(3, "LAPTOP");
        claim_as(3, "LAPTOP", NBNS_OPCODE_REGISTRATION, 0, ALL, false);
        pass(60);
        ask_and_answer(3, "LAPTOP", NET + 3);
        assert_int_equal(watch_counters(world.watch).conflicts, 0);
}

static void one_machine_with_two_addresses(void **state)
{
        (void)state;
        query(9, "MULTI");
        answer(2, 9, "MULTI", NET + 2, NET + 3);
        answer(3, 9, "MULTI", NET + 3, NET + 2);
        assert_int_equal(watch_counters(world.watch).conflicts, 0);
        /* and two machines behind a router are not one, though their MAC is */
        world.via = 0xEE;
        for (uint32_t i = 20; i < 30; i++)
                query(i, "ANY");
        query(9, "TWIN");
        answer(21, 9, "TWIN", NET + 21, 0);
        answer(22, 9, "TWIN", NET + 22, 0);
        assert_conflict(NET + 21, NET + 22);
}

static void groups_are_shared(void **state)
{
        (void)state;
        for (uint32_t i = 2; i < 20; i++) {
                claim_as(i, "LAB<00>", NBNS_OPCODE_REGISTRATION, NBNS_NB_GROUP, ALL, true);
                claim_as(i, "LAB<00>", NBNS_OPCODE_REGISTRATION, NBNS_NB_GROUP, ALL, false);
        }
        assert_int_equal(watch_counters(world.watch).conflicts, 0);
        assert_int_equal(watch_name_count(world.watch), 1);
        pass(2);
        /* a machine named as its workgroup */
        claim_as(30, "LAB<00>", NBNS_OPCODE_REGISTRATION, 0, ALL, false);
        assert_null(told(WATCH_EVENT_CONFLICT)); /* the members are not seen to live */
        claim_as(5, "LAB<00>", NBNS_OPCODE_REFRESH, NBNS_NB_GROUP, ALL, false);
        assert_conflict(NET + 5, NET + 30);
}

static void tables_tell(void **state)
{
        const struct nb_name twin = name("TWIN");
        struct nbstat_table table = {.count = 1, .entries = {{twin, NBSTAT_ACTIVE}}};
        struct nbns_packet packet;
        uint8_t rdata[128];

        (void)state;
        claim(2, "TWIN");
        claim_as(2, "TWIN", NBNS_OPCODE_REGISTRATION, 0, ALL, false);
        int len = nbstat_table_encode(&table, rdata, sizeof(rdata));
        assert_true(len > 0);
        nbns_build_status_response(&packet, 1, &NB_NAME_WILDCARD, NULL, rdata, (uint16_t)len);
        pass(2);
        send(NET + 3, NET + 9, &packet); /* a machine that only its own table betrays */
        assert_non_null(told(WATCH_EVENT_HOLDER));
        assert_int_equal(told(WATCH_EVENT_HOLDER)->holder.proof.kind, WATCH_PROOF_TABLE);
        claim_as(2, "TWIN", NBNS_OPCODE_REFRESH, 0, ALL, false);
        assert_conflict(NET + 2, NET + 3);
}

/* ---- spoofers ----------------------------------------------------------------------------------------------------- */

static void poisoner(void **state)
{
        static const char *const names[] = {"AAA", "BBB", "CCC", "DDD", "EEE"};
        unsigned rules;

        (void)state;
        for (size_t i = 0; i < 5; i++)
                ask_and_answer(66, names[i], NET + 66);
        assert_int_equal(suspicion(66, &rules), WATCH_CONFIDENCE_LIKELY);
        assert_int_equal(rules, 1u << WATCH_RULE_MANY | 1u << WATCH_RULE_NOTHING);
        ask_and_answer(66, "WPAD", NET + 66);
        assert_int_equal(suspicion(66, &rules), WATCH_CONFIDENCE_CONFIRMED);
        /* told when it grew, and not at every answer */
        assert_non_null(told(WATCH_EVENT_SPOOFER));
        const size_t count = watch_name_count(world.watch);
        ask_and_answer(66, "ZZZ", NET + 66);
        assert_silent();
        /* and a known liar's answers fill no table */
        assert_int_equal(watch_name_count(world.watch), count);
}

static void honest_machines(void **state)
{
        char text[16];

        (void)state;
        for (uint32_t i = 0; i < 12; i++) {
                snprintf(text, sizeof(text), "ALIAS%u", i);
                claim(2, text); /* a server with many names registers them */
                ask_and_answer(2, text, NET + 2);
                ask_and_answer(3, text, NET + 100 + i); /* a proxy names other machines */
                ask_and_answer(200, text, NET + 200);   /* on the allow-list */
        }
        assert_trusted(2);
        assert_trusted(3);
        assert_trusted(200);
}

static void always_the_same_stranger(void **state)
{
        static const char *const names[] = {"AAA", "BBB", "CCC", "DDD", "EEE"};
        unsigned rules;

        (void)state;
        for (size_t i = 0; i < 5; i++)
                ask_and_answer(66, names[i], NET + 77);
        assert_int_equal(suspicion(66, &rules), WATCH_CONFIDENCE_POSSIBLE);
        assert_int_equal(rules, 1u << WATCH_RULE_MANY);
}

static void other_rules(void **state)
{
        const struct nb_name bait = name("BAIT");
        unsigned rules;

        (void)state;
        for (int i = 0; i < 3; i++) {
                query(9, "GHOST");
                pass(1);
        }
        query(9, "GHOST");
        answer(60, 9, "GHOST", NET + 60, 0);
        assert_int_equal(suspicion(60, &rules), WATCH_CONFIDENCE_POSSIBLE);
        assert_int_equal(rules, 1u << WATCH_RULE_NOBODY);
        watch_bait_add(world.watch, &bait);
        ask_and_answer(61, "BAIT", NET + 61);
        assert_int_equal(suspicion(61, &rules), WATCH_CONFIDENCE_CONFIRMED);
        claim(2, "FILESRV");
        demand(62, 2, "FILESRV");
        assert_int_equal(suspicion(62, &rules), WATCH_CONFIDENCE_POSSIBLE);
        assert_int_equal(rules, 1u << WATCH_RULE_DEMAND);
        for (int i = 0; i < 40; i++) {
                world.id += 3; /* ids that nobody asked with */
                answer(63, 9, "VICTIM", NET + 63, 0);
        }
        assert_int_equal(suspicion(63, &rules), WATCH_CONFIDENCE_LIKELY);
        assert_true(rules & 1u << WATCH_RULE_UNMATCHED);
}

/* Who asked and was answered twice may tell the second one to give up (RFC 1002 §5.1.1.5). */
static void asker_may_demand(void **state)
{
        (void)state;
        query(9, "TWIN");
        answer(2, 9, "TWIN", NET + 2, 0);
        answer(3, 9, "TWIN", NET + 3, 0);
        assert_conflict(NET + 2, NET + 3);
        demand(9, 3, "TWIN");
        assert_non_null(told(WATCH_EVENT_DEMAND));
        assert_trusted(9);
        for (int i = 0; i < 5; i++) {
                demand(9, 3, "TWIN");
                assert_silent();
        }
}

/* ---- bounds, and what was kept ------------------------------------------------------------------------------------ */

static void tables_are_bounded(void **state)
{
        struct watch_options options = {.limits = {.names = 50, .holders = 60, .stations = 20, .suspects = 4}};
        char text[16];

        (void)state;
        watch_free(world.watch);
        assert_int_equal(watch_new(&world.watch, &options), 0);
        for (uint32_t i = 0; i < 5000; i++) {
                snprintf(text, sizeof(text), "PC%u", i);
                claim(i % 120, text);
                ask_and_answer(i % 77, "WPAD", NET + i % 77);
        }
        assert_true(watch_name_count(world.watch) <= 50);
        assert_true(watch_station_count(world.watch) <= 20);
        assert_true(watch_counters(world.watch).evicted_names > 4000);
        /* what came last is there */
        const struct nb_name newest = name("PC4999");
        assert_true(watch_knows_stem(world.watch, &newest));
}

static void rows_come_back(void **state)
{
        struct watch_row row;
        struct watch *again;
        uint32_t cursor = 0;

        (void)state;
        claim(2, "TWIN");
        claim(3, "TWIN");
        reply(2, 3, "TWIN", NBNS_RCODE_ACT_ERR);
        assert_int_equal(watch_new(&again, &(struct watch_options){.seed = 2}), 0);
        while (watch_row_next(world.watch, &cursor, true, &row))
                assert_int_equal(watch_restore(again, &row.name, row.scope, &row.holder), 0);
        cursor = 0;
        assert_false(watch_row_next(world.watch, &cursor, true, &row)); /* taken */
        unsigned rows = 0;
        for (cursor = 0; watch_row_next(again, &cursor, false, &row); rows++) {
                assert_true(row.holder.conflict);
                assert_true(row.holder.has_mac);
                assert_int_equal(row.holder.state,
                                 row.holder.address == NET + 2 ? WATCH_STATE_HELD : WATCH_STATE_REFUSED);
        }
        assert_int_equal(rows, 2);
        watch_free(again);
}

/* Frames one by one and in batches of any size yield the same events, whatever they are. */
static void batches_change_nothing(void **state)
{
        enum { COUNT = 600 };
        static uint8_t frames[COUNT][700];
        static struct watch_input inputs[COUNT];
        struct rng rng;

        (void)state;
        const uint64_t seed = getenv("NETBT_SEED") ? strtoull(getenv("NETBT_SEED"), NULL, 10) : 20261123;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        for (size_t i = 0; i < COUNT; i++) {
                const uint32_t host = 2 + rng_below(&rng, 6), peer = 2 + rng_below(&rng, 6);
                const struct nbns_address address = {.address = NET + host};
                struct nb_name of = nb_name_make("N", 0x20);
                struct nbns_packet packet;
                uint8_t rdata[6];

                of.bytes[1] = (uint8_t)('A' + rng_below(&rng, 5));
                nbns_address_encode(&address, rdata);
                const uint16_t id = (uint16_t)rng_below(&rng, 4);
                switch (rng_below(&rng, 6)) {
                case 0:
                        nbns_build_claim(&packet, rdata, id, NBNS_OPCODE_REGISTRATION, &of, NULL, &address, 0,
                                         rng_below(&rng, 2), true);
                        break;
                case 1:
                        nbns_build_claim_response(&packet, rdata, id, NBNS_OPCODE_REGISTRATION, NBNS_RCODE_ACT_ERR, &of,
                                                  NULL, &address, 0);
                        break;
                case 2:
                        nbns_build_release(&packet, rdata, id, &of, NULL, &address, true);
                        break;
                case 3:
                        nbns_build_query_response(&packet, id, &of, NULL, rdata, 6, 0, false);
                        break;
                case 4:
                        nbns_build_conflict_demand(&packet, rdata, id, &of, NULL);
                        break;
                default:
                        nbns_build_query(&packet, id, &of, NULL, NBNS_TYPE_NB, true, true);
                        break;
                }
                world.us += rng_below(&rng, 3000000);
                inputs[i] = (struct watch_input){
                        {world.us},
                        FRAME_LINK_ETHERNET,
                        frames[i],
                        make_frame(frames[i], NET + host, packet.header.response ? NET + peer : ALL, &packet)};
        }
        struct arena arenas[2] = {{0}};
        struct watch_events events[2] = {{.arena = &arenas[0]}, {.arena = &arenas[1]}};
        for (size_t way = 0; way < 2; way++) {
                struct watch *watch;

                assert_int_equal(watch_new(&watch, &(struct watch_options){.seed = 7}), 0);
                for (size_t i = 0; i < COUNT;) {
                        size_t step = way ? 1 + rng_below(&rng, 100) : 1;
                        step = step < COUNT - i ? step : COUNT - i;
                        watch_frames(watch, inputs + i, step, &events[way]);
                        i += step;
                }
                watch_free(watch);
        }
        const struct watch_event *a = events[0].first, *b = events[1].first;
        size_t count = 0;
        for (; a && b; a = a->next, b = b->next, count++) {
                assert_int_equal(a->type, b->type);
                assert_int_equal(a->frame, b->frame);
                assert_int_equal(a->holder.address, b->holder.address);
                assert_int_equal(a->peer.address, b->peer.address);
        }
        assert_ptr_equal(a, b); /* both at their end */
        assert_true(count > 50);
        arena_done(&arenas[0]);
        arena_done(&arenas[1]);
}

/* ---- names that are followed -------------------------------------------------------------------------------------- */

/* The packet told by the last step; NULL: none. */
static const struct watch_event *told_packet(void)
{
        const struct watch_event *found = NULL;

        for (const struct watch_event *event = world.events.first; event; event = event->next)
                if (event->type == WATCH_EVENT_PACKET) {
                        assert_null(found);
                        found = event;
                }
        return found;
}

static void assert_packet(enum watch_packet_kind kind, uint32_t source, uint32_t destination, uint32_t address)
{
        const struct watch_event *event = told_packet();

        assert_non_null(event);
        assert_string_equal(watch_packet_str(event->packet.kind), watch_packet_str(kind));
        assert_int_equal(event->packet.source, source);
        assert_int_equal(event->packet.destination, destination);
        assert_int_equal(event->packet.address, address);
}

/* Each packet of the name, whether it is news or not; and of no other name. */
static void followed_names_tell_all(void **state)
{
        const struct nb_name of = name("TWIN");

        (void)state;
        claim(2, "TWIN");
        assert_null(told_packet());
        assert_int_equal(watch_follow(world.watch, &of, false), 0);
        claim(3, "TWIN");
        assert_packet(WATCH_PACKET_CLAIM, NET + 3, ALL, NET + 3);
        reply(2, 3, "TWIN", NBNS_RCODE_ACT_ERR);
        assert_packet(WATCH_PACKET_REFUSAL, NET + 2, NET + 3, NET + 2);
        for (unsigned i = 0; i < 3; i++) {
                claim(3, "TWIN");
                assert_packet(WATCH_PACKET_CLAIM, NET + 3, ALL, NET + 3);
                assert_null(world.events.first->next);
        }
        query(9, "TWIN");
        assert_packet(WATCH_PACKET_QUERY, NET + 9, ALL, 0);
        answer(2, 9, "TWIN", NET + 2, 0);
        assert_packet(WATCH_PACKET_ANSWER, NET + 2, NET + 9, NET + 2);
        release(2, "TWIN");
        assert_packet(WATCH_PACKET_RELEASE, NET + 2, ALL, NET + 2);
        claim(4, "OTHER");
        assert_null(told_packet());
        claim(4, "TWIN<00>");
        assert_null(told_packet());
}

/* What a packet is depends on those before it. */
static void kinds_of_packets(void **state)
{
        const struct nb_name of = name("SRV");

        (void)state;
        assert_int_equal(watch_follow(world.watch, &of, true), 0);
        claim_as(2, "SRV", NBNS_OPCODE_REGISTRATION, 0, NET + 5, true);
        assert_packet(WATCH_PACKET_CLAIM, NET + 2, NET + 5, NET + 2);
        reply(5, 2, "SRV", NBNS_RCODE_OK);
        assert_packet(WATCH_PACKET_ACCEPTANCE, NET + 5, NET + 2, NET + 5);
        assert_int_equal(told_packet()->server, NET + 5);
        claim_as(2, "SRV", NBNS_OPCODE_REFRESH, 0, NET + 5, false);
        assert_packet(WATCH_PACKET_REFRESH, NET + 2, NET + 5, NET + 2);
        claim_as(3, "SRV<03>", NBNS_OPCODE_REGISTRATION, 0, ALL, false);
        assert_packet(WATCH_PACKET_OVERWRITE, NET + 3, ALL, NET + 3);
        demand(5, 2, "SRV");
        assert_packet(WATCH_PACKET_CONFLICT_DEMAND, NET + 5, NET + 2, 0);
        release(2, "SRV");
        assert_packet(WATCH_PACKET_RELEASE, NET + 2, ALL, NET + 2);
        claim(2, "SERVER");
        assert_null(told_packet());
}

static void followed_names_are_bounded(void **state)
{
        (void)state;
        for (unsigned i = 0; i <= WATCH_MAX_FOLLOWED; i++) {
                const struct nb_name of = nb_name_make("F", (uint8_t)i);

                assert_int_equal(watch_follow(world.watch, &of, false), i < WATCH_MAX_FOLLOWED ? 0 : NBT_ERR_FULL);
        }
}

/* The caller may name frames as it likes: two files have two frames 1. */
static void frames_bear_the_callers_numbers(void **state)
{
        const struct nb_name of = name("SRV");
        struct nbns_packet packet;
        uint8_t frame[700];

        (void)state;
        assert_int_equal(watch_follow(world.watch, &of, false), 0);
        nbns_build_query(&packet, 1, &of, NULL, NBNS_TYPE_NB, true, true);
        struct watch_input input = {
                {world.us}, FRAME_LINK_ETHERNET, frame, make_frame(frame, NET + 2, ALL, &packet), 77};
        world.events = (struct watch_events){.arena = &world.arena};
        watch_frames(world.watch, &input, 1, &world.events);
        assert_int_equal(world.events.first->frame, 77);
        input.frame = 0;
        world.events = (struct watch_events){.arena = &world.arena};
        watch_frames(world.watch, &input, 1, &world.events);
        assert_int_equal(world.events.first->frame, 2);
}

static struct watch_holder holder_of(uint32_t address)
{
        struct watch_row row;
        uint32_t cursor = 0;

        while (watch_row_next(world.watch, &cursor, false, &row))
                if (row.holder.address == address)
                        return row.holder;
        fail();
        return row.holder;
}

static void kinds_of_proof_add_up(void **state)
{
        (void)state;
        claim(2, "TWIN");
        claim(3, "TWIN");
        reply(2, 3, "TWIN", NBNS_RCODE_ACT_ERR);
        query(9, "TWIN");
        answer(2, 9, "TWIN", NET + 2, 0);
        assert_int_equal(holder_of(NET + 2).proofs,
                         1u << WATCH_PROOF_CLAIM | 1u << WATCH_PROOF_REFUSAL | 1u << WATCH_PROOF_ANSWER);
        assert_int_equal(holder_of(NET + 3).proofs, 1u << WATCH_PROOF_CLAIM);
        /* who missed the claim knows nothing of the claimant but that it was refused */
        reply(2, 4, "TWIN", NBNS_RCODE_ACT_ERR);
        assert_int_equal(holder_of(NET + 4).proofs, 0);
        release(2, "TWIN");
        claim(2, "TWIN");
        assert_int_equal(holder_of(NET + 2).proofs, 1u << WATCH_PROOF_CLAIM);
}

/* RFC 1002 has no multihomed registration; Microsoft's (KB150144) says that others of the name may be the same machine. */
static void multihomed_is_one_machine(void **state)
{
        (void)state;
        claim_as(2, "MULTI", NBNS_OPCODE_MULTIHOMED, 0, NET + 5, true);
        reply(5, 2, "MULTI", NBNS_RCODE_OK);
        claim_as(3, "MULTI", NBNS_OPCODE_MULTIHOMED, 0, NET + 5, true);
        reply(5, 3, "MULTI", NBNS_RCODE_OK);
        pass(6);
        query(9, "OTHER");
        assert_int_equal(watch_counters(world.watch).conflicts, 0);
}

/* The MAC of one whose packets no router has handled is its own. */
static void who_is_here(void **state)
{
        struct watch_station station;
        uint32_t cursor = 0;

        (void)state;
        claim(2, "HERE");
        assert_true(watch_station_next(world.watch, &cursor, &station));
        assert_int_equal(station.address, NET + 2);
        assert_false(watch_station_find(world.watch, NET + 3, &station));
        assert_true(watch_station_find(world.watch, NET + 2, &station));
        assert_true(station.local && station.has_mac && !station.router);
        world.via = 0xEE;
        for (uint32_t i = 20; i < 30; i++)
                query(i, "ANY");
        cursor = 1;
        assert_true(watch_station_next(world.watch, &cursor, &station));
        assert_true(station.router);
}

static void rows_of_one_name(void **state)
{
        const struct nb_name of = name("TWIN"), other = name("OTHER");
        struct watch_row rows[2];

        (void)state;
        for (uint32_t i = 2; i < 5; i++)
                claim_as(i, "TWIN", NBNS_OPCODE_REGISTRATION, 0, NET + 50 + i, true);
        reply(54, 4, "TWIN", NBNS_RCODE_OK);
        assert_int_equal(watch_name_rows(world.watch, &of, rows, 2), 3);
        assert_int_equal(watch_name_rows(world.watch, &other, rows, 2), 0);
        assert_int_equal(holder_of(NET + 4).server, NET + 54);
        assert_int_equal(holder_of(NET + 3).server, 0);
}

/* Which packet the first unreadable one was, so that a reader can look at it. */
static void what_cannot_be_read(void **state)
{
        const struct nb_name of = name("SRV");
        struct nbns_packet packet;
        uint8_t frame[700];

        (void)state;
        claim(2, "SRV");
        nbns_build_query(&packet, 1, &of, NULL, NBNS_TYPE_NB, true, true);
        const size_t len = make_frame(frame, NET + 2, ALL, &packet);
        world.events = (struct watch_events){.arena = &world.arena};
        for (size_t cut = 1; cut < 4; cut++)
                watch_frames(world.watch, &(struct watch_input){{world.us}, FRAME_LINK_ETHERNET, frame, len - 10 * cut},
                             1, &world.events);
        struct watch_counters counters = watch_counters(world.watch);
        assert_int_equal(counters.truncated, 3);
        assert_int_equal(counters.packets, 1);
        assert_int_equal(counters.first_truncated, 2);
        assert_int_equal(counters.first_malformed, 0);
        /* a claim that is cut behind its name is understood as far as it goes: nobody is made a holder by it */
        const struct nbns_address address = {.address = NET + 7};
        uint8_t rdata[6];
        nbns_build_claim(&packet, rdata, 2, NBNS_OPCODE_REGISTRATION, &of, NULL, &address, 300000, true, true);
        const size_t claim_len = make_frame(frame, NET + 7, ALL, &packet);
        watch_frames(world.watch, &(struct watch_input){{world.us}, FRAME_LINK_ETHERNET, frame, claim_len - 8}, 1,
                     &world.events);
        counters = watch_counters(world.watch);
        assert_int_equal(counters.truncated, 4);
        assert_int_equal(counters.packets, 2);
        struct watch_row rows[2];
        assert_int_equal(watch_name_rows(world.watch, &of, rows, 2), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(one_line_a_change),
                TEST(refused_claim_is_a_conflict_once),
                TEST(name_server_refuses),
                TEST(stranger_answers_before_or_after_the_holder),
                TEST(silent_twins),
                TEST(moved_computer_is_no_conflict),
                TEST(one_machine_with_two_addresses),
                TEST(groups_are_shared),
                TEST(tables_tell),
                TEST(poisoner),
                TEST(honest_machines),
                TEST(always_the_same_stranger),
                TEST(other_rules),
                TEST(asker_may_demand),
                TEST(tables_are_bounded),
                TEST(rows_come_back),
                TEST(batches_change_nothing),
                TEST(followed_names_tell_all),
                TEST(kinds_of_packets),
                TEST(followed_names_are_bounded),
                TEST(frames_bear_the_callers_numbers),
                TEST(kinds_of_proof_add_up),
                TEST(multihomed_is_one_machine),
                TEST(who_is_here),
                TEST(rows_of_one_name),
                TEST(what_cannot_be_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
