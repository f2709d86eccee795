/* The control socket's frames: what goes in comes out, at both ends, and nothing else is taken. */
#include "ctl/ctl.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static int decode_request_text(const char *json, struct ctl_request *ret)
{
        /* What is decoded here has nothing in an arena. */
        return ctl_request_decode(json, strlen(json), NULL, ret);
}

static struct nb_name any_name(struct rng *rng)
{
        struct nb_name name;

        for (size_t i = 0; i < sizeof name.bytes; i++)
                name.bytes[i] = (uint8_t)rng_below(rng, 256);
        return name;
}

static void test_request_round_trip(void **state)
{
        const uint64_t seed = (uint64_t)time(NULL);
        struct rng rng;

        (void)state;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        for (unsigned i = 0; i < 400; i++) {
                const struct ctl_request request = {.type = i % CTL_REQUEST_MAX,
                                                    .name = any_name(&rng),
                                                    .kind = i % 2 ? NODE_NAME_GROUP : NODE_NAME_UNIQUE,
                                                    .address = rng_u32(&rng),
                                                    .bypass_cache = i % 3 == 0};
                struct strbuf out = STRBUF_INIT;
                struct ctl_request back = {0};
                size_t payload = 0;

                assert_int_equal(ctl_request_encode(&request, &out), 0);
                assert_int_equal(ctl_frame_look(out.text, out.len_bytes, CTL_MAX_REQUEST_BYTES, &payload), 1);
                assert_int_equal(payload + CTL_FRAME_HEADER_BYTES, out.len_bytes);
                assert_int_equal(ctl_request_decode(out.text + CTL_FRAME_HEADER_BYTES, payload, NULL, &back), 0);
                assert_int_equal(back.type, request.type);
                assert_memory_equal(&back.name, &request.name, sizeof request.name);
                assert_int_equal(back.kind, request.kind);
                assert_int_equal(back.address, request.address);
                assert_int_equal(back.bypass_cache, request.bypass_cache);
                strbuf_done(&out);
        }
}

static struct node_view sample_view(void)
{
        static struct node_iface ifaces[2];
        static struct node_view_name names[2];
        static struct node_view_cache cache[1];
        static struct node_view_wins wins[1];
        static struct nb_name recent[1];

        ifaces[0] = (struct node_iface){.id = 7,
                                        .label = "eth0",
                                        .address = 0x0A4D0002,
                                        .netmask = 0xFFFFFF00,
                                        .broadcast = 0x0A4D00FF,
                                        .mac = {2, 0, 0, 0, 0, 9},
                                        .up = true,
                                        .netbios_enabled = true,
                                        .wins_count = 2,
                                        .wins = {0x0A4D0035, 0x0A4D0036}};
        ifaces[1] = (struct node_iface){.id = 8, .label = "eth1"};
        names[0] = (struct node_view_name){.name = nb_name_make("FILESRV", 0x20),
                                           .iface_id = 7,
                                           .state = NODE_STATE_CONFLICT,
                                           .conflict_peer = 0x0A4D0003,
                                           .permanent = true,
                                           .registered_by_wins = true};
        names[1] = (struct node_view_name){.name = nb_name_make("LAB", 0),
                                           .kind = NODE_NAME_GROUP,
                                           .iface_id = 8,
                                           .state = NODE_STATE_REGISTERED,
                                           .registered_by_broadcast = true};
        cache[0] = (struct node_view_cache){.name = nb_name_make("DC", 0x1C),
                                            .kind = NODE_NAME_GROUP,
                                            .address_count = 3,
                                            .address = 0x16651AE7,
                                            .life_s = -1};
        wins[0] = (struct node_view_wins){.iface_id = 7, .address = 0x0A4D0035, .up = true, .current = true};
        recent[0] = nb_name_make("PEER", 0);
        struct node_view view = {.type = NODE_TYPE_H,
                                 .computer = "FILESRV",
                                 .workgroup = "LAB",
                                 .iface_count = 2,
                                 .ifaces = ifaces,
                                 .name_count = 2,
                                 .names = names,
                                 .cache_count = 1,
                                 .cache = cache,
                                 .wins_count = 1,
                                 .wins = wins,
                                 .recent_broadcast_count = 1,
                                 .recent_broadcast = recent,
                                 .statistics = {.packets_in = UINT64_MAX, .demands_received = 100000}};
        assert_int_equal(nb_scope_parse("corp.example", &view.scope), 0);
        return view;
}

static struct ctl_reply round_trip(const struct ctl_reply *reply, struct arena *arena)
{
        struct strbuf out = STRBUF_INIT;
        struct ctl_reply back = {0};

        assert_int_equal(ctl_reply_encode(reply, &out), 0);
        assert_int_equal(ctl_reply_decode(out.text + CTL_FRAME_HEADER_BYTES, out.len_bytes - CTL_FRAME_HEADER_BYTES,
                                          arena, &back),
                         0);
        strbuf_done(&out);
        return back;
}

static void test_view_round_trip(void **state)
{
        struct arena arena = ARENA_INIT;
        const struct ctl_reply reply = {.type = CTL_REQUEST_VIEW,
                                        .view = sample_view(),
                                        .server = {.program = "netbtd",
                                                   .version = "0.1.0",
                                                   .pid = 4711,
                                                   .user = "netbt",
                                                   .started_us = -5,
                                                   .uptime_s = 9,
                                                   .config = "/etc/netbt/netbt.reg",
                                                   .events_written = 3}};
        const struct ctl_reply back = round_trip(&reply, &arena);
        const struct node_view *want = &reply.view, *got = &back.view;

        (void)state;
        assert_memory_equal(&back.server, &reply.server, sizeof reply.server);
        assert_int_equal(got->type, want->type);
        assert_string_equal(got->computer, want->computer);
        assert_string_equal(got->workgroup, want->workgroup);
        assert_true(nb_scope_equal(&got->scope, &want->scope));
        assert_int_equal(got->iface_count, 2);
        for (size_t i = 0; i < 2; i++)
                assert_memory_equal(&got->ifaces[i], &want->ifaces[i], sizeof want->ifaces[i]);
        assert_int_equal(got->name_count, 2);
        for (size_t i = 0; i < 2; i++)
                assert_memory_equal(&got->names[i], &want->names[i], sizeof want->names[i]);
        assert_int_equal(got->cache_count, 1);
        assert_memory_equal(got->cache, want->cache, sizeof want->cache[0]);
        assert_memory_equal(got->wins, want->wins, sizeof want->wins[0]);
        assert_memory_equal(got->recent_broadcast, want->recent_broadcast, sizeof(struct nb_name));
        assert_int_equal(got->statistics.demands_received, 100000);
        assert_true(got->statistics.packets_in == INT64_MAX); /* JSON's largest */
        arena_done(&arena);
}

static void test_completion_round_trip(void **state)
{
        struct arena arena = ARENA_INIT;
        const struct nbns_address addresses[2] = {{0x6000, 0x0A4D0003}, {0, 0x0A4D0004}};
        const uint32_t holders[2] = {0x0A4D0003, 0x0A4D0004};
        struct nbstat_table table = {.count = 1,
                                     .statistics_len_bytes = 46,
                                     .statistics = {.unit_id = {2, 1, 1, 1, 1, 1}, .good_sends = 77}};

        (void)state;
        table.entries[0] = (struct nbstat_entry){nb_name_make("FILESRV", 0x20), 0x0400};
        const struct ctl_reply reply = {.type = CTL_REQUEST_QUERY,
                                        .result = NBT_ERR_CONFLICT,
                                        .message = "two hold it",
                                        .lmhosts_count = 12,
                                        .completion = {.id = 257,
                                                       .result = NBT_ERR_CONFLICT,
                                                       .address_count = 2,
                                                       .addresses = addresses,
                                                       .responder = 0x0A4D0003,
                                                       .holder_count = 2,
                                                       .holders = holders,
                                                       .table = &table,
                                                       .from = NODE_FROM_BROADCAST}};
        const struct ctl_reply back = round_trip(&reply, &arena);
        assert_int_equal(back.type, CTL_REQUEST_QUERY);
        assert_int_equal(back.result, NBT_ERR_CONFLICT);
        assert_string_equal(back.message, "two hold it");
        assert_int_equal(back.lmhosts_count, 12);
        assert_int_equal(back.completion.from, NODE_FROM_BROADCAST);
        assert_int_equal(back.completion.address_count, 2);
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(back.completion.addresses[i].nb_flags, addresses[i].nb_flags);
                assert_int_equal(back.completion.addresses[i].address, addresses[i].address);
        }
        assert_int_equal(back.completion.holder_count, 2);
        assert_memory_equal(back.completion.holders, holders, sizeof holders);
        assert_non_null(back.completion.table);
        assert_int_equal(back.completion.table->count, 1);
        assert_memory_equal(&back.completion.table->entries[0], &table.entries[0], sizeof table.entries[0]);
        assert_memory_equal(&back.completion.table->statistics, &table.statistics, sizeof table.statistics);
        arena_done(&arena);
}

static void test_bad_requests(void **state)
{
        static const struct {
                const char *json;
                int result;
        } rows[] = {
                {"", NBT_ERR_MALFORMED},
                {"{}", NBT_ERR_MALFORMED},
                {"[]", NBT_ERR_MALFORMED},
                {"{\"request\":5}", NBT_ERR_MALFORMED},
                {"{\"request\":\"erase\"}", NBT_ERR_RANGE},
                {"{\"request\":\"view\"", NBT_ERR_MALFORMED},
                {"{\"request\":\"view\"}x", NBT_ERR_MALFORMED},
                {"{\"request\":\"view\",\"request\":\"view\"}", NBT_ERR_MALFORMED},
                {"{\"request\":\"query\",\"name\":\"4142\"}", NBT_ERR_MALFORMED},
                {"{\"request\":\"query\",\"name\":\"4142434445464748494a4b4c4d4e4f2g\"}", NBT_ERR_MALFORMED},
                {"{\"request\":\"query\",\"name\":\"4142434445464748494a4b4c4d4e4f2020\"}", NBT_ERR_RANGE},
                {"{\"request\":\"status\",\"address\":\"10.0.0.256\"}", NBT_ERR_MALFORMED},
                {"{\"request\":\"status\",\"address\":7}", NBT_ERR_MALFORMED},
                {"{\"request\":\"query\",\"bypass_cache\":1}", NBT_ERR_MALFORMED},
                {"{\"request\":\"view\",\"future\":{\"x\":[1,2]}}", 0},
        };
        struct ctl_request request;

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                if (decode_request_text(rows[i].json, &request) != rows[i].result)
                        fail_msg("row %zu: %s", i, rows[i].json);
}

static void test_bad_replies(void **state)
{
        static const char *const rows[] = {
                "{\"reply\":\"view\",\"view\":{\"computer\":\"SIXTEEN-BYTES-IS\"}}",
                "{\"reply\":\"view\",\"view\":{\"names\":[{\"state\":\"sold\"}]}}",
                "{\"reply\":\"view\",\"view\":{\"names\":{}}}",
                "{\"reply\":\"view\",\"view\":{\"names\":[3]}}",
                "{\"reply\":\"view\",\"view\":{\"ifaces\":[{\"id\":-1}]}}",
                "{\"reply\":\"view\",\"view\":{\"ifaces\":[{\"id\":4294967296}]}}",
                "{\"reply\":\"view\",\"result\":99999999999}",
                "{\"reply\":\"query\",\"completion\":{\"table\":[]}}",
                "{\"result\":0}",
        };
        struct arena arena = ARENA_INIT;
        struct ctl_reply reply;

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                if (ctl_reply_decode(rows[i], strlen(rows[i]), &arena, &reply) >= 0)
                        fail_msg("taken: %s", rows[i]);
        arena_done(&arena);
}

static void test_too_many_rows_are_refused(void **state)
{
        struct arena arena = ARENA_INIT;
        struct strbuf json = STRBUF_INIT;
        struct ctl_reply reply;

        (void)state;
        strbuf_add(&json, "{\"reply\":\"view\",\"view\":{\"ifaces\":[{\"wins\":[");
        for (unsigned i = 0; i <= NODE_MAX_WINS; i++)
                strbuf_printf(&json, "%s{\"address\":\"10.0.0.%u\"}", i ? "," : "", i);
        strbuf_add(&json, "]}]}}");
        assert_int_equal(ctl_reply_decode(json.text, json.len_bytes, &arena, &reply), NBT_ERR_RANGE);
        strbuf_done(&json);
        arena_done(&arena);
}

static void test_truncated_at_every_length(void **state)
{
        struct arena arena = ARENA_INIT;
        struct strbuf out = STRBUF_INIT;
        struct ctl_reply back, reply = {.type = CTL_REQUEST_VIEW, .view = sample_view()};
        size_t payload = 0;

        (void)state;
        assert_int_equal(ctl_reply_encode(&reply, &out), 0);
        for (size_t len = 0; len < out.len_bytes; len++) {
                assert_int_equal(ctl_frame_look(out.text, len, CTL_MAX_REPLY_BYTES, &payload), 0);
                if (len >= CTL_FRAME_HEADER_BYTES)
                        assert_true(ctl_reply_decode(out.text + CTL_FRAME_HEADER_BYTES, len - CTL_FRAME_HEADER_BYTES,
                                                     &arena, &back) < 0);
        }
        assert_int_equal(ctl_frame_look(out.text, out.len_bytes, out.len_bytes - CTL_FRAME_HEADER_BYTES - 1, &payload),
                         NBT_ERR_RANGE);
        assert_int_equal(ctl_frame_look("\0\0\0\0", 4, 10, &payload), NBT_ERR_RANGE);
        strbuf_done(&out);
        arena_done(&arena);
}

static void test_frames_follow_each_other(void **state)
{
        struct strbuf out = STRBUF_INIT;
        const struct ctl_request first = {.type = CTL_REQUEST_VIEW}, second = {.type = CTL_REQUEST_RELOAD};
        struct ctl_request back;
        size_t payload = 0;

        (void)state;
        assert_int_equal(ctl_request_encode(&first, &out), 0);
        const size_t at = out.len_bytes;
        assert_int_equal(ctl_request_encode(&second, &out), 0);
        assert_int_equal(ctl_frame_look(out.text + at, out.len_bytes - at, CTL_MAX_REQUEST_BYTES, &payload), 1);
        assert_int_equal(ctl_request_decode(out.text + at + CTL_FRAME_HEADER_BYTES, payload, NULL, &back), 0);
        assert_int_equal(back.type, CTL_REQUEST_RELOAD);
        strbuf_done(&out);
}

static void test_the_longest_view_fits(void **state)
{
        struct node_view_name *names = calloc((size_t)NODE_MAX_NAMES * NODE_MAX_IFACES, sizeof *names);
        struct node_view_cache *cache = calloc(NODE_MAX_CACHE, sizeof *cache);
        struct strbuf out = STRBUF_INIT;
        struct ctl_reply reply = {.type = CTL_REQUEST_VIEW};

        (void)state;
        for (size_t i = 0; i < (size_t)NODE_MAX_NAMES * NODE_MAX_IFACES; i++)
                names[i] = (struct node_view_name){
                        .iface_id = UINT32_MAX, .state = NODE_STATE_REGISTERING, .conflict_peer = UINT32_MAX};
        for (size_t i = 0; i < NODE_MAX_CACHE; i++)
                cache[i] = (struct node_view_cache){.address = UINT32_MAX, .life_s = INT64_MAX};
        reply.view = (struct node_view){.type = NODE_TYPE_B,
                                        .names = names,
                                        .name_count = (size_t)NODE_MAX_NAMES * NODE_MAX_IFACES,
                                        .cache = cache,
                                        .cache_count = NODE_MAX_CACHE};
        assert_int_equal(ctl_reply_encode(&reply, &out), 0);
        print_message("longest view: %zu bytes\n", out.len_bytes);
        strbuf_done(&out);
        free(names);
        free(cache);
}

static void test_no_daemon(void **state)
{
        struct ctl_client *client = NULL;
        char longest[300];

        (void)state;
        assert_int_equal(ctl_connect("/nonexistent/netbt", &client), NBT_ERR_NOT_FOUND);
        memset(longest, 'x', sizeof longest - 1);
        longest[sizeof longest - 1] = '\0';
        assert_int_equal(ctl_connect(longest, &client), NBT_ERR_RANGE);
        assert_null(client);
        assert_non_null(strstr(ctl_error_todo(NBT_ERR_NOT_FOUND), "netbtd"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_request_round_trip),
                cmocka_unit_test(test_view_round_trip),
                cmocka_unit_test(test_completion_round_trip),
                cmocka_unit_test(test_bad_requests),
                cmocka_unit_test(test_bad_replies),
                cmocka_unit_test(test_too_many_rows_are_refused),
                cmocka_unit_test(test_truncated_at_every_length),
                cmocka_unit_test(test_frames_follow_each_other),
                cmocka_unit_test(test_the_longest_view_fits),
                cmocka_unit_test(test_no_daemon),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
