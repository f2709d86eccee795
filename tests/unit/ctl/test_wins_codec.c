/* What the WINS manager and winsd tell each other comes out as it went in. */
#include "ctl/wins.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static struct rng rng;

static int seed_rng(void **state)
{
        const uint64_t seed = (uint64_t)time(NULL);

        (void)state;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        return 0;
}

static struct wins_record any_record(void)
{
        struct wins_record record = {.type = (enum wins_type)rng_below(&rng, WINS_TYPE_MAX),
                                     .state = (enum wins_state)rng_below(&rng, WINS_STATE_MAX),
                                     .node = (enum wins_node)rng_below(&rng, 4),
                                     .is_static = rng_below(&rng, 2),
                                     .owner = rng_u32(&rng),
                                     .version = rng_u64(&rng) >> 1,
                                     .expiry_s = (int64_t)rng_u32(&rng),
                                     .member_count = (uint8_t)rng_below(&rng, WINS_MAX_MEMBERS + 1)};

        for (size_t i = 0; i < sizeof record.name.bytes; i++)
                record.name.bytes[i] = (uint8_t)rng_below(&rng, 256);
        for (size_t i = 0; i < record.member_count; i++)
                record.members[i] = (struct wins_member){rng_u32(&rng), rng_u32(&rng), (int64_t)rng_u32(&rng)};
        record.scope.len_bytes = (uint8_t)rng_below(&rng, WINS_SCOPE_MAX_BYTES + 1);
        for (size_t i = 0; i < record.scope.len_bytes; i++)
                record.scope.text[i] = (uint8_t)rng_below(&rng, 256);
        return record;
}

static void assert_same_record(const struct wins_record *a, const struct wins_record *b)
{
        assert_memory_equal(&a->name, &b->name, sizeof a->name);
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->state, b->state);
        assert_int_equal(a->node, b->node);
        assert_int_equal(a->is_static, b->is_static);
        assert_int_equal(a->owner, b->owner);
        assert_true(a->version == b->version && a->expiry_s == b->expiry_s);
        assert_int_equal(a->member_count, b->member_count);
        for (size_t i = 0; i < a->member_count; i++) {
                assert_int_equal(a->members[i].address, b->members[i].address);
                assert_int_equal(a->members[i].owner, b->members[i].owner);
                assert_true(a->members[i].expiry_s == b->members[i].expiry_s);
        }
        assert_true(nb_scope_equal(&a->scope, &b->scope));
}

/* There and back, as a whole frame. */
static struct ctl_request pass_request(const struct ctl_request *request, struct arena *arena)
{
        struct strbuf out = STRBUF_INIT;
        struct ctl_request back = {0};
        size_t payload = 0;

        assert_int_equal(ctl_request_encode(request, &out), 0);
        assert_int_equal(ctl_frame_look(out.text, out.len_bytes, CTL_MAX_WINS_REQUEST_BYTES, &payload), 1);
        assert_int_equal(ctl_request_decode(out.text + CTL_FRAME_HEADER_BYTES, payload, arena, &back), 0);
        strbuf_done(&out);
        return back;
}

static struct ctl_reply pass_reply(const struct ctl_reply *reply, struct arena *arena)
{
        struct strbuf out = STRBUF_INIT;
        struct ctl_reply back = {0};
        size_t payload = 0;

        assert_int_equal(ctl_reply_encode(reply, &out), 0);
        assert_int_equal(ctl_frame_look(out.text, out.len_bytes, CTL_MAX_REPLY_BYTES, &payload), 1);
        assert_int_equal(ctl_reply_decode(out.text + CTL_FRAME_HEADER_BYTES, payload, arena, &back), 0);
        strbuf_done(&out);
        return back;
}

static void test_filter_and_cursor(void **state)
{
        struct arena arena = ARENA_INIT;

        (void)state;
        for (int i = 0; i < 200; i++) {
                struct ctl_wins_request wins = {
                        .limit = rng_below(&rng, 250), .tombstone = i % 2, .only_if_free = i % 3 == 0};
                struct wins_filter *filter = &wins.filter;
                const struct ctl_request request = {.type = i % 2 ? CTL_REQUEST_WINS_SHOW : CTL_REQUEST_WINS_DELETE,
                                                    .wins = &wins};
                const struct wins_record record = any_record();

                filter->has_name = filter->has_scope = filter->has_owner = true;
                filter->name = record.name;
                filter->scope = record.scope;
                filter->owner = record.owner;
                filter->min_version = 7;
                filter->max_version = record.version;
                filter->prefix_len_bytes = 3;
                memcpy(filter->prefix, record.name.bytes, sizeof filter->prefix);
                snprintf(filter->pattern, sizeof filter->pattern, "F*L?%d", i);
                filter->has_address = filter->has_type = filter->has_state = filter->has_static = true;
                filter->address = record.members[0].address;
                filter->address_mask = 0xFFFFFF00u;
                filter->type = record.type;
                filter->state = record.state;
                filter->is_static = record.is_static;
                wins.cursor.place[0] = rng_u64(&rng);
                wins.cursor.place[1] = rng_u64(&rng);
                const struct ctl_request back = pass_request(&request, &arena);
                assert_int_equal(back.type, request.type);
                assert_non_null(back.wins);
                assert_memory_equal(&back.wins->cursor, &wins.cursor, sizeof wins.cursor);
                assert_int_equal(back.wins->limit, wins.limit);
                assert_int_equal(back.wins->tombstone, wins.tombstone);
                assert_int_equal(back.wins->only_if_free, wins.only_if_free);
                assert_memory_equal(&back.wins->filter.name, &filter->name, sizeof filter->name);
                assert_true(nb_scope_equal(&back.wins->filter.scope, &filter->scope));
                assert_string_equal(back.wins->filter.pattern, filter->pattern);
                assert_memory_equal(back.wins->filter.prefix, filter->prefix, sizeof filter->prefix);
                assert_int_equal(back.wins->filter.address_mask, filter->address_mask);
                assert_int_equal(back.wins->filter.type, filter->type);
                assert_int_equal(back.wins->filter.state, filter->state);
                assert_int_equal(back.wins->filter.is_static, filter->is_static);
                assert_true(back.wins->filter.max_version == filter->max_version);
                arena_reset(&arena);
        }
        arena_done(&arena);
}

static void test_records_both_ways(void **state)
{
        struct arena arena = ARENA_INIT;
        struct wins_record records[40];
        const struct ctl_wins_request asked = {.record_count = NBT_ARRAY_SIZE(records), .records = records};
        const struct ctl_request request = {.type = CTL_REQUEST_WINS_ADD, .wins = &asked};
        const struct ctl_wins_reply told = {.row_count = NBT_ARRAY_SIZE(records),
                                            .rows = records,
                                            .more = true,
                                            .culprit = 17,
                                            .size_bytes = 1234567};
        const struct ctl_reply reply = {.type = CTL_REQUEST_WINS_SHOW, .wins = &told};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(records); i++)
                records[i] = any_record();
        const struct ctl_request request_back = pass_request(&request, &arena);
        const struct ctl_reply reply_back = pass_reply(&reply, &arena);
        assert_int_equal(request_back.wins->record_count, NBT_ARRAY_SIZE(records));
        assert_int_equal(reply_back.wins->row_count, NBT_ARRAY_SIZE(records));
        for (size_t i = 0; i < NBT_ARRAY_SIZE(records); i++) {
                assert_same_record(&records[i], &request_back.wins->records[i]);
                assert_same_record(&records[i], &reply_back.wins->rows[i]);
        }
        assert_true(reply_back.wins->more && reply_back.wins->culprit == 17 && reply_back.wins->size_bytes == 1234567);
        arena_done(&arena);
}

static void test_status(void **state)
{
        struct arena arena = ARENA_INIT;
        const struct wins_view_owner owners[] = {{0x0A4D0001, 99, 12}, {0x0A4D0002, 5, 1}};
        const struct wins_refusal refusals[] = {
                {.when = {1234567890}, .claimant = 1, .holder = 2, .rcode = 6, .repeated = 3}};
        struct wins_view view = {.owner = 0x0A4D0001,
                                 .record_count = 13,
                                 .owner_count = 2,
                                 .owners = owners,
                                 .refusal_count = 1,
                                 .refusals = refusals,
                                 .store_failed = true};
        const struct ctl_wins_store store = {.path = "/x/wins.db", .commits = 8, .last_error = "no room"};
        const struct ctl_wins_hook hook = {
                .program = "/x/hook", .calls = 7, .illegal = 3, .left_out = 1, .last_error = "it ended with status 1"};
        const struct ctl_wins_reply wins = {.view = &view, .store = &store, .hook = &hook};
        const struct ctl_reply reply = {.type = CTL_REQUEST_WINS_STATUS, .server = {.program = "winsd"}, .wins = &wins};

        (void)state;
        view.settings.renewal_s = 518400;
        view.settings.block_count = 2;
        snprintf(view.settings.blocked[1], sizeof view.settings.blocked[1], "ISATAP");
        view.statistics.queries_failed = 77;
        view.statistics.started = (wall_t){42};
        view.counts[WINS_MULTIHOMED][WINS_TOMBSTONE] = 5;
        const struct ctl_reply back = pass_reply(&reply, &arena);
        const struct wins_view *seen = back.wins->view;
        assert_string_equal(back.server.program, "winsd");
        assert_int_equal(seen->owner, view.owner);
        assert_int_equal(seen->settings.renewal_s, 518400);
        assert_int_equal(seen->settings.block_count, 2);
        assert_string_equal(seen->settings.blocked[1], "ISATAP");
        assert_int_equal(seen->statistics.queries_failed, 77);
        assert_int_equal(seen->statistics.started.us, 42);
        assert_int_equal(seen->counts[WINS_MULTIHOMED][WINS_TOMBSTONE], 5);
        assert_int_equal(seen->owners[1].max_version, 5);
        assert_int_equal(seen->refusals[0].repeated, 3);
        assert_true(seen->store_failed && !seen->burst);
        assert_string_equal(back.wins->store->last_error, "no room");
        assert_string_equal(back.wins->hook->program, "/x/hook");
        assert_true(back.wins->hook->calls == 7 && back.wins->hook->illegal == 3 && back.wins->hook->left_out == 1);
        assert_string_equal(back.wins->hook->last_error, "it ended with status 1");
        arena_done(&arena);
}

static void test_findings_and_changes(void **state)
{
        struct arena arena = ARENA_INIT;
        struct strbuf out = STRBUF_INIT;
        struct ctl_reply back = {0};
        size_t payload = 0;
        const struct wins_record record = any_record(), other = any_record();
        const struct wins_finding findings[] = {
                {.type = WINS_FINDING_TWINS, .record = &record, .address = 5},
                {.type = WINS_FINDING_STATIC_SHADOW, .record = &record, .other = &other, .when = {9}}};
        const struct ctl_wins_reply wins = {.finding_count = 2, .findings = findings};
        const struct ctl_reply reply = {.type = CTL_REQUEST_WINS_CHECK, .wins = &wins};
        const struct ctl_wins_change change = {
                .time_us = 3, .type = WINS_NOTICE_CHANGED, .removed = true, .record = &other, .missed = 12};

        (void)state;
        const struct ctl_reply checked = pass_reply(&reply, &arena);
        assert_int_equal(checked.wins->findings[1].type, WINS_FINDING_STATIC_SHADOW);
        assert_same_record(checked.wins->findings[1].other, &other);
        assert_null(checked.wins->findings[0].other);
        assert_int_equal(checked.wins->findings[1].when.us, 9);
        assert_int_equal(ctl_wins_change_encode(&change, &out), 0);
        assert_int_equal(ctl_frame_look(out.text, out.len_bytes, CTL_MAX_REPLY_BYTES, &payload), 1);
        assert_int_equal(ctl_reply_decode(out.text + CTL_FRAME_HEADER_BYTES, payload, &arena, &back), 0);
        assert_int_equal(back.wins->change->type, WINS_NOTICE_CHANGED);
        assert_true(back.wins->change->removed && back.wins->change->missed == 12);
        assert_same_record(back.wins->change->record, &other);
        strbuf_done(&out);
        arena_done(&arena);
}

static void test_bounds(void **state)
{
        static const struct {
                const char *json;
                int result;
        } rows[] = {
                {"{\"request\":\"wins-show\"}", 0},
                {"{\"request\":\"wins-show\",\"wins\":{}}", 0},
                {"{\"request\":\"wins-show\",\"wins\":[]}", NBT_ERR_MALFORMED},
                {"{\"request\":\"wins-show\",\"wins\":{\"filter\":{\"type\":\"elephant\"}}}", NBT_ERR_RANGE},
                {"{\"request\":\"wins-show\",\"wins\":{\"cursor\":\"00\"}}", NBT_ERR_MALFORMED},
                {"{\"request\":\"wins-add\",\"wins\":{\"records\":[{\"name\":\"41\"}]}}", NBT_ERR_MALFORMED},
                {"{\"request\":\"wins-add\",\"wins\":{\"records\":[{\"members\":{}}]}}", NBT_ERR_MALFORMED},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct arena arena = ARENA_INIT;
                struct ctl_request request;

                if (ctl_request_decode(rows[i].json, strlen(rows[i].json), &arena, &request) != rows[i].result)
                        fail_msg("row %zu", i);
                arena_done(&arena);
        }
}

static void test_too_many_members(void **state)
{
        struct arena arena = ARENA_INIT;
        struct strbuf json = STRBUF_INIT;
        struct ctl_request request;

        (void)state;
        strbuf_add(&json, "{\"request\":\"wins-add\",\"wins\":{\"records\":[{\"members\":[{}");
        for (int i = 0; i < WINS_MAX_MEMBERS; i++)
                strbuf_add(&json, ",{}");
        strbuf_add(&json, "]}]}}");
        assert_int_equal(ctl_request_decode(json.text, json.len_bytes, &arena, &request), NBT_ERR_RANGE);
        strbuf_done(&json);
        arena_done(&arena);
}

static void test_which_change(void **state)
{
        (void)state;
        for (int type = 0; type < CTL_REQUEST_MAX; type++) {
                const char *word = ctl_request_str((enum ctl_request_type)type);

                assert_int_equal(ctl_request_is_wins((enum ctl_request_type)type), strncmp(word, "wins-", 5) == 0);
        }
        assert_true(ctl_request_is_change(CTL_REQUEST_WINS_DELETE) && ctl_request_is_change(CTL_REQUEST_WINS_ADD));
        assert_false(ctl_request_is_change(CTL_REQUEST_WINS_SHOW) || ctl_request_is_change(CTL_REQUEST_WINS_WATCH));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_filter_and_cursor),
                cmocka_unit_test(test_records_both_ways),
                cmocka_unit_test(test_status),
                cmocka_unit_test(test_findings_and_changes),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_too_many_members),
                cmocka_unit_test(test_which_change),
        };

        return cmocka_run_group_tests(tests, seed_rng, NULL);
}
