/* Every allocation of a long story fails once: no crash, no leak (under the sanitizers), and the node goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "node/node.h"

static long countdown; /* the allocation that fails; below 0: none does */
static long allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
        allocations++;
        return countdown >= 0 && countdown-- == 0 ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        allocations++;
        return countdown >= 0 && countdown-- == 0 ? NULL : __real_calloc(count, size);
}

struct story {
        struct node *node;
        struct arena arena;
        int64_t now_ms;
        unsigned failures;
        bool stopped;
        uint8_t last_id[2];
};

static void step(struct story *story, struct node_event event)
{
        struct node_actions actions = {.arena = &story->arena};

        arena_done(&story->arena); /* so that every step allocates anew */
        event.now = (mono_t){story->now_ms * 1000000};
        const int r = node_step(story->node, &event, &actions);
        assert_true(r == 0 || r == NBT_ERR_NOMEM);
        story->failures += r != 0;
        for (const struct node_action *action = actions.first; action; action = action->next) {
                story->stopped = story->stopped || action->type == NODE_ACTION_STOPPED;
                if (action->type == NODE_ACTION_SEND)
                        memcpy(story->last_id, action->send.bytes, 2);
        }
}

static void run(struct story *story, int64_t ms)
{
        const int64_t end_ms = story->now_ms + ms;

        while (node_deadline(story->node).ns <= end_ms * 1000000) {
                const int64_t at_ms = node_deadline(story->node).ns / 1000000;
                story->now_ms = at_ms > story->now_ms ? at_ms : story->now_ms;
                step(story, (struct node_event){.type = NODE_EVENT_TIMER});
        }
        story->now_ms = end_ms;
}

static void iface(struct story *story, uint32_t id, uint32_t address)
{
        struct node_event event = {.type = NODE_EVENT_IFACE};

        event.iface = (struct node_iface){.id = id,
                                          .address = address,
                                          .netmask = 0xFFFFFF00,
                                          .broadcast = address | 0xFF,
                                          .up = true,
                                          .netbios_enabled = true};
        step(story, event);
}

static void packet(struct story *story, const struct nbns_packet *nbns, bool answer)
{
        struct node_event event = {.type = NODE_EVENT_PACKET};
        uint8_t bytes[NBNS_MAX_BYTES];
        const int len = nbns_packet_encode(nbns, bytes, sizeof(bytes));

        assert_true(len > 0);
        if (answer)
                memcpy(bytes, story->last_id, 2);
        event.packet.bytes = bytes;
        event.packet.len_bytes = (size_t)len;
        event.packet.source = 0x0A000009;
        event.packet.destination = 0x0A000001;
        event.packet.source_port = 137;
        event.packet.iface_id = 1;
        step(story, event);
}

static void command(struct story *story, enum node_command_type type, const char *name)
{
        const struct node_lmhost host = {
                .name = nb_name_make("HOST", 0), .any_suffix = true, .preload = true, .address = 5};
        struct node_event event = {.type = NODE_EVENT_COMMAND};

        event.command =
                (struct node_command){.id = 1, .type = type, .name = nb_name_make(name, 0x20), .lmhosts = &host};
        event.command.lmhosts_count = 1;
        event.command.address = 0x0A000009;
        step(story, event);
}

static void tell(struct story *story)
{
        const struct nb_name name = nb_name_make("FILESRV", 0x20), other = nb_name_make("OTHER", 0x20);
        const struct nbns_address his = {0, 0x0A000009};
        struct nbns_packet nbns;
        uint8_t rdata[6];

        iface(story, 1, 0x0A000001);
        step(story, (struct node_event){.type = NODE_EVENT_START});
        run(story, 1000);
        iface(story, 2, 0x0A010001);
        command(story, NODE_COMMAND_NAME_ADD, "EXTRA");
        command(story, NODE_COMMAND_RELOAD, "");
        nbns_build_claim(&nbns, rdata, 1, NBNS_OPCODE_REGISTRATION, &name, NULL, &his, 0, true, true);
        packet(story, &nbns, false);
        nbns_build_query(&nbns, 2, &name, NULL, NBNS_TYPE_NBSTAT, false, false);
        packet(story, &nbns, false);
        nbns_build_conflict_demand(&nbns, rdata, 3, &name, NULL);
        packet(story, &nbns, false);
        run(story, 5000);
        command(story, NODE_COMMAND_QUERY, "OTHER");
        nbns_address_encode(&his, rdata);
        nbns_build_query_response(&nbns, 0, &other, NULL, rdata, 6, 0, false);
        packet(story, &nbns, true);
        run(story, 2000);
        command(story, NODE_COMMAND_STATUS, "*");
        command(story, NODE_COMMAND_NAME_RELEASE, "EXTRA");
        run(story, 10000);
        iface(story, 1, 0x0A000002);
        run(story, 1000);
        step(story, (struct node_event){.type = NODE_EVENT_STOP});
        run(story, 10000);
}

static bool told(long which)
{
        struct node_config config = node_config_default();
        struct story story = {0};
        struct node_view view;
        struct rng rng;

        memcpy(config.computer, "FILESRV", 8);
        rng_init_seed(&rng, 1);
        allocations = 0;
        countdown = which;
        if (node_new(&story.node, &config, &rng) == 0) {
                tell(&story);
                countdown = -1;
                if (!story.stopped) /* the word of it was what had no room */
                        assert_true(story.failures > 0);
                arena_reset(&story.arena);
                assert_int_equal(node_view(story.node, (mono_t){0}, &story.arena, &view), 0);
        }
        const bool failed = which >= 0 && countdown < 0 && allocations > which;
        countdown = -1;
        node_free(story.node);
        arena_done(&story.arena);
        return failed;
}

static void each_allocation_may_fail(void **state)
{
        long count = 0;

        (void)state;
        assert_false(told(-1));
        const long all = allocations;
        while (told(count))
                count++;
        assert_true(count > 50 && all > 50);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
