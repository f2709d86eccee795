/* The core as a whole, where a conversation in words would say too little: batches, pages, findings, renewals, routes. */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
        struct bench *bench = malloc(sizeof(*bench));

        bench_init(bench);
        bench->quiet = true;
        *state = bench;
        return 0;
}

static int teardown(void **state)
{
        bench_done(*state);
        free(*state);
        return 0;
}

static const char *host_name(unsigned i)
{
        static char text[16];

        snprintf(text, sizeof(text), "HOST%u<20>", i);
        return text;
}

static void claim_many(struct bench *bench, unsigned count)
{
        for (unsigned i = 0; i < count; i++)
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, host_name(i), HOST(i), UNIQUE);
}

/* ---- batches ------------------------------------------------------------------------------------------------------------- */

/* What comes while a commit is under way goes into the next one, all of it. */
static void test_group_commit(void **state)
{
        struct bench *bench = *state;

        bench->settings.burst_queue = 0;
        bench_start(bench);
        bench_set_store(bench, BENCH_STORE_HOLD);
        claim_many(bench, 500);
        assert_int_equal(bench->sent, 0);
        assert_int_equal(bench->out->change_count, 1);
        bench_set_store(bench, BENCH_STORE_OK);
        assert_int_equal(bench->batches, 2);
        assert_int_equal(bench->sent, 500);
        assert_int_equal(bench->disk.live, 500);
}

/* Renewals are answered at once and written in one batch later, which nobody waits for. */
static void test_lazy_renewals(void **state)
{
        struct bench *bench = *state;

        bench_start(bench);
        claim_many(bench, 300);
        const uint64_t before = bench->batches;
        bench->now = mono_add_ms(bench->now, 3600 * 1000);
        for (unsigned i = 0; i < 300; i++)
                bench_claim(bench, NBNS_OPCODE_REFRESH, host_name(i), HOST(i), UNIQUE);
        assert_int_equal(bench->batches, before);
        bench_run_ms(bench, WINS_TOUCH_FLUSH_MS + 1000);
        assert_int_equal(bench->batches, before + 1);
        assert_int_equal(bench->durable_batches, before);
        assert_int_equal(bench->touches, 300);
        const struct nb_name name = bench_name("HOST7<20>");
        struct wins_record disk, memory;
        wins_table_get(&bench->disk, wins_table_find(&bench->disk, &name, 0), &disk);
        assert_int_equal(wins_find(bench->wins, &name, NULL, &memory), 0);
        assert_int_equal(disk.expiry_s, memory.expiry_s);
        assert_int_equal(disk.expiry_s, BENCH_WALL_S + 1 + 3600 + WINS_RENEWAL_S);
}

/* Many renewals go in several batches, all of one round; a flush command waits for the last one; so does the end. */
static void test_flush(void **state)
{
        const unsigned count = 2 * WINS_TOUCH_BATCH + 100;
        struct bench *bench = *state;
        struct wins_command command = {.id = 42, .type = WINS_COMMAND_FLUSH};

        bench_start(bench);
        claim_many(bench, count);
        for (unsigned i = 0; i < count; i++)
                bench_claim(bench, NBNS_OPCODE_REFRESH, host_name(i), HOST(i), UNIQUE);
        const uint64_t before = bench->batches;
        bench_command(bench, &command);
        assert_int_equal(bench->complete.id, 42);
        assert_int_equal(bench->complete.result, 0);
        assert_int_equal(bench->batches, before + 3);
        assert_int_equal(bench->touches, count);
        for (unsigned i = 0; i < count; i++)
                bench_claim(bench, NBNS_OPCODE_REFRESH, host_name(i), HOST(i), UNIQUE);
        bench_restart(bench, true);
        assert_int_equal(bench->touches, 2 * count);
}

/* Renewals of a record with several addresses are written whole, and a failed batch of renewals is written again. */
static void test_renewal_of_many(void **state)
{
        struct bench *bench = *state;
        const uint32_t both[] = {HOST(1), HOST(2)};
        struct wins_command command = {.id = 1, .type = WINS_COMMAND_FLUSH};

        bench_start(bench);
        bench_claim(bench, NBNS_OPCODE_MULTIHOMED, "M<20>", HOST(1), UNIQUE);
        bench_run_ms(bench, 5000);
        bench_claim(bench, NBNS_OPCODE_MULTIHOMED, "M<20>", HOST(2), UNIQUE);
        bench_answer(bench, HOST(1), "M<20>", both, 2);
        bench->now = mono_add_ms(bench->now, 5000 * 1000);
        bench_claim(bench, NBNS_OPCODE_REFRESH, "M<20>", HOST(1), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "S<20>", HOST(3), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REFRESH, "S<20>", HOST(3), UNIQUE);
        bench_set_store(bench, BENCH_STORE_FULL);
        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, NBT_ERR_IO);
        assert_int_equal(bench->touches, 0);
        bench_set_store(bench, BENCH_STORE_OK);
        bench_run_ms(bench, WINS_TOUCH_FLUSH_MS + WINS_STORE_RETRY_MS + 1000);
        assert_int_equal(bench->touches, 1);
        const struct nb_name name = bench_name("M<20>");
        struct wins_record disk;
        wins_table_get(&bench->disk, wins_table_find(&bench->disk, &name, 0), &disk);
        const int first = wins_record_member(&disk, HOST(1)), second = wins_record_member(&disk, HOST(2));
        assert_true(first >= 0 && second >= 0);
        assert_int_equal(disk.members[first].expiry_s - disk.members[second].expiry_s, 5000);
}

/* A thousand claims for one name: one is served at a time, a few wait, the others will ask again; memory stays bounded. */
static void test_crowd(void **state)
{
        struct bench *bench = *state;
        struct wins_view view;

        bench_start(bench);
        bench_set_store(bench, BENCH_STORE_HOLD);
        for (unsigned i = 0; i < 1000; i++)
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, "CROWD<20>", HOST(i), UNIQUE);
        assert_int_equal(wins_view(bench->wins, &bench->arena, &view), 0);
        assert_int_equal(view.claims_under_way, 1);
        bench_set_store(bench, BENCH_STORE_OK);
        bench_run_ms(bench, 60000); /* the holder is silent: every one who waited replaces the one before */
        assert_int_equal(wins_view(bench->wins, &bench->arena, &view), 0);
        assert_int_equal(view.claims_under_way, 0);
        assert_int_equal(view.statistics.challenges, WINS_MAX_WAITERS);
}

/* ---- pages --------------------------------------------------------------------------------------------------------------- */

/* All rows that FILTER gives, each counted by its number. */
static size_t collect(struct bench *bench, const struct wins_filter *filter, size_t limit, unsigned *seen,
                      size_t seen_count)
{
        struct wins_command command = {.id = 1, .type = WINS_COMMAND_SHOW, .filter = *filter, .limit = limit};
        size_t rows = 0;

        memset(seen, 0, seen_count * sizeof(*seen));
        do {
                bench_command(bench, &command);
                assert_int_equal(bench->complete.result, 0);
                assert_true(bench->row_count <= limit);
                for (size_t i = 0; i < bench->row_count; i++) {
                        unsigned number = 0;

                        rows++;
                        if (sscanf((const char *)bench->rows[i].name.bytes, "HOST%u", &number) == 1 &&
                            number < seen_count)
                                seen[number]++;
                }
                command.cursor = bench->complete.cursor;
        } while (bench->complete.more);
        return rows;
}

static void test_pages(void **state)
{
        struct bench *bench = *state;
        unsigned seen[3000];
        struct wins_filter filter = {0};

        bench->settings.burst_queue = 0;
        bench_start(bench);
        claim_many(bench, 3000);
        assert_int_equal(collect(bench, &filter, 70, seen, 3000), 3000);
        for (unsigned i = 0; i < 3000; i++)
                assert_int_equal(seen[i], 1);
        /* by owner, in order of versions, from a version on */
        filter = (struct wins_filter){.has_owner = true, .owner = BENCH_SERVER, .min_version = 2901};
        assert_int_equal(collect(bench, &filter, 30, seen, 3000), 100);
        assert_int_equal(seen[2900], 1);
        assert_int_equal(seen[2999], 1);
        filter.max_version = 2910;
        assert_int_equal(collect(bench, &filter, 3, seen, 3000), 10);
        filter.owner = 77;
        assert_int_equal(collect(bench, &filter, 3, seen, 3000), 0);
        /* one name; one address; a network; beginnings and patterns */
        filter = (struct wins_filter){.has_name = true, .name = bench_name("HOST12<20>")};
        assert_int_equal(collect(bench, &filter, 10, seen, 3000), 1);
        filter = (struct wins_filter){.has_address = true, .address = HOST(9), .address_mask = IP4_BROADCAST};
        assert_int_equal(collect(bench, &filter, 10, seen, 3000), 1);
        assert_int_equal(seen[9], 1);
        filter = (struct wins_filter){.has_address = true, .address = HOST(0), .address_mask = 0xFFFFFF00};
        assert_int_equal(collect(bench, &filter, 50, seen, 3000), 256);
        filter = (struct wins_filter){.prefix_len_bytes = 6, .prefix = "HOST29"};
        assert_int_equal(collect(bench, &filter, 50, seen, 3000), 111);
        filter = (struct wins_filter){.pattern = "host?9"};
        assert_int_equal(collect(bench, &filter, 50, seen, 3000), 9);
        filter = (struct wins_filter){.pattern = "*9?8*"};
        assert_int_equal(collect(bench, &filter, 50, seen, 3000), 30); /* 9x8, 19x8, 29x8 */
        filter = (struct wins_filter){.has_suffix = true, .suffix = 3};
        assert_int_equal(collect(bench, &filter, 50, seen, 3000), 0);
        filter = (struct wins_filter){.has_state = true, .state = WINS_RELEASED};
        assert_int_equal(collect(bench, &filter, 50, seen, 3000), 0);
}

/* While somebody pages through, others come and go: what stays is shown once. */
static size_t show_one_page(struct bench *bench, const struct wins_filter *filter, uint32_t limit,
                            struct wins_cursor *cursor)
{
        struct wins_command command = {
                .id = 1, .type = WINS_COMMAND_SHOW, .limit = limit, .filter = *filter, .cursor = *cursor};

        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, 0);
        *cursor = bench->complete.cursor;
        return bench->row_count;
}

/* A name with all its suffixes, in all scopes, is looked up: one page, however many others there are. */
static void test_pages_of_one_name(void **state)
{
        struct bench *bench = *state;
        static const char *const names[] = {"FILESRV<00>", "FILESRV<03>", "FILESRV<20>", "FILESRV<FF>", "FILESRVX<20>"};
        struct wins_filter filter = {.prefix_len_bytes = NB_SUFFIX_AT};
        const struct nb_name wanted = bench_name("FILESRV<00>");
        struct wins_cursor cursor = {{0, 0}};
        struct nbns_packet packet;
        struct nb_scope scope;
        uint8_t rdata[6];

        memcpy(filter.prefix, wanted.bytes, NB_SUFFIX_AT);
        bench->settings.burst_queue = 0;
        bench_start(bench);
        claim_many(bench, 20000);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(names); i++)
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, names[i], HOST(1), UNIQUE);
        assert_int_equal(nb_scope_parse("CORP.EXAMPLE", &scope), 0);
        nbns_build_claim(&packet, rdata, 7, NBNS_OPCODE_REGISTRATION, &wanted, &scope,
                         &(struct nbns_address){UNIQUE, HOST(1)}, 0, true, false);
        bench_send(bench, HOST(1), &packet);
        assert_int_equal(show_one_page(bench, &filter, 50, &cursor), 5);
        assert_false(bench->complete.more);
        size_t count = 0;
        cursor = (struct wins_cursor){{0, 0}};
        do
                count += show_one_page(bench, &filter, 1, &cursor);
        while (bench->complete.more && count < 50);
        assert_int_equal(count, 5);
        filter.has_suffix = true;
        filter.suffix = 0xFF;
        cursor = (struct wins_cursor){{0, 0}};
        assert_int_equal(show_one_page(bench, &filter, 50, &cursor), 1);
        filter.has_scope = true;
        filter.scope = scope;
        filter.suffix = 0;
        cursor = (struct wins_cursor){{0, 0}};
        assert_int_equal(show_one_page(bench, &filter, 50, &cursor), 1);
}

static void test_pages_in_motion(void **state)
{
        struct bench *bench = *state;
        unsigned seen[1000] = {0};
        struct wins_command command = {.id = 1, .type = WINS_COMMAND_SHOW, .limit = 50};
        unsigned page = 0;

        bench->settings.burst_queue = 0;
        bench_start(bench);
        claim_many(bench, 1000);
        do {
                struct wins_command gone = {.id = 2, .type = WINS_COMMAND_DELETE};
                struct wins_cursor cursor;

                bench_command(bench, &command);
                cursor = bench->complete.cursor;
                const bool more = bench->complete.more;
                for (size_t i = 0; i < bench->row_count; i++) {
                        unsigned number = 0;

                        if (sscanf((const char *)bench->rows[i].name.bytes, "HOST%u", &number) == 1)
                                seen[number]++;
                }
                gone.filter = (struct wins_filter){.has_name = true, .name = bench_name(host_name(900 + page))};
                bench_command(bench, &gone);
                char text[16];
                snprintf(text, sizeof(text), "NEW%u<20>", page++);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, text, HOST(page), UNIQUE);
                bench->complete.more = more;
                command.cursor = cursor;
        } while (bench->complete.more);
        for (unsigned i = 0; i < 900; i++)
                assert_int_equal(seen[i], 1);
}

static void test_delete_by_filter(void **state)
{
        struct bench *bench = *state;
        struct wins_command command = {.id = 1, .type = WINS_COMMAND_DELETE, .limit = 64};
        size_t deleted = 0;

        bench->settings.burst_queue = 0;
        bench_start(bench);
        claim_many(bench, 1000);
        command.filter = (struct wins_filter){.prefix_len_bytes = 5, .prefix = "HOST1"};
        do {
                bench_command(bench, &command);
                assert_int_equal(bench->complete.result, 0);
                deleted += bench->complete.row_count;
                command.cursor = bench->complete.cursor;
        } while (bench->complete.more);
        assert_int_equal(deleted, 111);
        assert_int_equal(bench->disk.live, 889);
        command.tombstone = true;
        command.cursor = (struct wins_cursor){{0, 0}};
        command.filter = (struct wins_filter){.has_name = true, .name = bench_name("HOST2<20>")};
        bench_command(bench, &command);
        char text[600];
        const struct nb_name name = bench_name("HOST2<20>");
        assert_true(bench_record_text(bench, &name, NULL, text));
        assert_string_equal(text, "unique tombstone 10.1.0.2 version 1001");
}

/* ---- adding ---------------------------------------------------------------------------------------------------------------- */

static struct wins_record mapping(const char *name, enum wins_type type, uint32_t address)
{
        struct wins_record record = {.name = bench_name(name), .type = type, .is_static = true, .member_count = 1};

        record.members[0].address = address;
        return record;
}

static void test_add_all_or_none(void **state)
{
        struct bench *bench = *state;
        struct wins_record records[] = {mapping("A<20>", WINS_UNIQUE, HOST(1)), mapping("B<20>", WINS_UNIQUE, HOST(2)),
                                        mapping("C<20>", WINS_UNIQUE, 0)};
        struct wins_command command = {.id = 1, .type = WINS_COMMAND_ADD, .record_count = 3, .records = records};

        bench_start(bench);
        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, NBT_ERR_RANGE);
        assert_int_equal(bench->complete.culprit, 2);
        assert_int_equal(bench->disk.live, 0);
        records[2].members[0].address = HOST(3);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "B<20>", HOST(9), UNIQUE);
        command.only_if_free = true;
        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, NBT_ERR_EXISTS);
        assert_int_equal(bench->complete.culprit, 1);
        command.only_if_free = false;
        bench_set_store(bench, BENCH_STORE_FULL);
        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, NBT_ERR_FULL);
        assert_int_equal(bench->disk.live, 1);
        bench_set_store(bench, BENCH_STORE_OK);
        bench_run_ms(bench, WINS_STORE_RETRY_MS + 1);
        const uint64_t before = bench->batches;
        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, 0);
        assert_int_equal(bench->batches, before + 1); /* so that a crash cannot halve it */
        assert_int_equal(bench->disk.live, 3);
        command.only_if_free = true; /* the same again is no conflict */
        bench_command(bench, &command);
        assert_int_equal(bench->complete.result, 0);
}

/* A challenge under way, and an administrator maps the name: the claimant meets the mapping. */
static void test_add_during_challenge(void **state)
{
        struct bench *bench = *state;
        struct wins_record record = mapping("A<20>", WINS_UNIQUE, HOST(50));
        struct wins_command command = {.id = 1, .type = WINS_COMMAND_ADD, .record_count = 1, .records = &record};
        char text[600];
        const struct nb_name name = bench_name("A<20>");

        bench_start(bench);
        for (unsigned held = 0; held < 2; held++) {
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, "A<20>", HOST(1), UNIQUE);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, "A<20>", HOST(2), UNIQUE);
                if (held)
                        bench_set_store(bench, BENCH_STORE_HOLD);
                bench_command(bench, &command);
                bench_run_ms(bench, 5000);
                bench_set_store(bench, BENCH_STORE_OK);
                assert_true(bench_record_text(bench, &name, NULL, text));
                assert_non_null(strstr(text, "unique active static 10.1.0.50"));
                struct wins_command remove = {.id = 2, .type = WINS_COMMAND_DELETE};
                bench_command(bench, &remove);
        }
}

/* ---- consistency ------------------------------------------------------------------------------------------------------------- */

static bool has_finding(const struct bench *bench, enum wins_finding_type type, const char *name)
{
        const struct nb_name wanted = bench_name(name);

        for (size_t i = 0; i < bench->finding_count; i++)
                if (bench->findings[i] == type && nb_name_equal(&bench->rows[i].name, &wanted))
                        return true;
        return false;
}

static void test_check(void **state)
{
        struct bench *bench = *state;
        struct wins_record records[] = {mapping("SHADOW<20>", WINS_UNIQUE, HOST(60)),
                                        mapping("LAB<20>", WINS_UNIQUE, HOST(61)),
                                        mapping("SCOPED<20>", WINS_UNIQUE, HOST(62))};
        struct wins_command add = {.id = 1, .type = WINS_COMMAND_ADD, .record_count = 3, .records = records};
        struct wins_command check = {.id = 2, .type = WINS_COMMAND_CHECK};
        const uint32_t both[] = {HOST(1), HOST(2)};

        bench_start(bench);
        assert_int_equal(nb_scope_parse("corp", &records[2].scope), 0);
        bench_command(bench, &add);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "SCOPED<20>", HOST(8), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "SHADOW<20>", HOST(7), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "LAB<00>", HOST(5), GROUP);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(5), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "PC<1E>", HOST(5), GROUP);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "OTHER<20>", HOST(5), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_MULTIHOMED, "TWIN<20>", HOST(1), UNIQUE);
        bench_run_ms(bench, 5000);
        bench_claim(bench, NBNS_OPCODE_MULTIHOMED, "TWIN<20>", HOST(2), UNIQUE);
        bench_answer(bench, HOST(1), "TWIN<20>", both, 2);
        bench_claim(bench, NBNS_OPCODE_MULTIHOMED, "TWIN<00>", HOST(1), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "FINE<20>", HOST(30), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "FINE<00>", HOST(30), UNIQUE);
        bench_command(bench, &check);
        assert_int_equal(bench->complete.result, 0);
        assert_false(bench->complete.more);
        assert_true(has_finding(bench, WINS_FINDING_SCOPES, "SCOPED<20>"));
        assert_true(has_finding(bench, WINS_FINDING_STATIC_SHADOW, "SHADOW<20>"));
        assert_true(has_finding(bench, WINS_FINDING_STATIC_GROUP, "LAB<20>"));
        assert_true(has_finding(bench, WINS_FINDING_CLASSES, "PC<20>"));
        assert_true(has_finding(bench, WINS_FINDING_ADDRESS, "PC<20>"));
        assert_true(has_finding(bench, WINS_FINDING_ADDRESS, "OTHER<20>"));
        assert_true(has_finding(bench, WINS_FINDING_TWINS, "TWIN<20>"));
        for (size_t i = 0; i < bench->finding_count; i++)
                assert_memory_not_equal(bench->rows[i].name.bytes, "FINE", 4);
        assert_int_equal(bench->finding_count, 8); /* and SCOPED once from either side */
}

/* One name in the last two of many scopes, and an address that is nobody's first. */
static void test_check_far(void **state)
{
        struct bench *bench = *state;
        struct wins_record records[104];
        struct wins_command add = {.id = 1, .type = WINS_COMMAND_ADD, .record_count = 104, .records = records};
        struct wins_command check = {.id = 2, .type = WINS_COMMAND_CHECK};
        size_t found = 0;

        bench_start(bench);
        for (unsigned i = 0; i < 104; i++) {
                char name[16], scope[16];

                snprintf(name, sizeof(name), i < 102 && i > 1 ? "PC%u<20>" : "FAR<20>", i);
                snprintf(scope, sizeof(scope), "S%u", i);
                if (i >= 102)
                        snprintf(name, sizeof(name), "BIG%u<20>", i);
                records[i] = mapping(name, i >= 102 ? WINS_MULTIHOMED : WINS_UNIQUE, HOST(i));
                assert_int_equal(nb_scope_parse(i >= 102 ? "" : scope, &records[i].scope), 0);
        }
        const struct wins_record first = records[1]; /* its scope comes last */
        records[1] = records[101];
        records[101] = first;
        for (unsigned i = 102; i < 104; i++)
                records[i].members[records[i].member_count++] = (struct wins_member){.address = HOST(200)};
        bench_command(bench, &add);
        assert_int_equal(bench->complete.result, 0);
        do {
                bench_command(bench, &check);
                assert_int_equal(bench->complete.result, 0);
                for (size_t i = 0; i < bench->finding_count; i++)
                        assert_int_equal(bench->findings[i], bench->rows[i].type == WINS_MULTIHOMED
                                                                     ? WINS_FINDING_ADDRESS
                                                                     : WINS_FINDING_SCOPES);
                found += bench->finding_count;
                check.cursor = bench->complete.cursor;
        } while (bench->complete.more);
        assert_int_equal(found, 4); /* each from either side */
}

/* ---- group members, routes, settings, damage ------------------------------------------------------------------------------------ */

static void test_group_full(void **state)
{
        struct bench *bench = *state;
        const struct nb_name name = bench_name("DOM<1C>");
        struct wins_record record;

        bench_start(bench);
        for (unsigned i = 0; i < 30; i++) {
                bench->now = mono_add_ms(bench->now, 1000);
                bench_claim(bench, NBNS_OPCODE_REGISTRATION, "DOM<1C>", HOST(i), GROUP);
        }
        assert_int_equal(wins_find(bench->wins, &name, NULL, &record), 0);
        assert_int_equal(record.member_count, WINS_MAX_MEMBERS);
        for (unsigned i = 0; i < 30; i++)
                assert_int_equal(wins_record_member(&record, HOST(i)) >= 0, i >= 5);
}

static enum wins_route route_of(struct bench *bench, uint32_t source, const struct nbns_packet *packet)
{
        uint8_t bytes[NBNS_MAX_BYTES];
        const int len = nbns_packet_encode(packet, bytes, sizeof(bytes));

        assert_true(len > 0);
        return wins_route(bench->wins, &(struct wins_packet){bytes, (size_t)len, source, 137, BENCH_SERVER});
}

static void test_routes(void **state)
{
        struct bench *bench = *state;
        const struct nb_name own = bench_name("SELF<20>"), other = bench_name("OTHER<20>");
        const uint32_t own_address = BENCH_SERVER;
        const struct nbns_address address = {UNIQUE, HOST(1)};
        struct nbns_packet packet;
        uint8_t rdata[6];

        bench_start(bench);
        bench_self(bench, &own_address, 1, &own, 1);
        nbns_build_query(&packet, 1, &other, NULL, NBNS_TYPE_NB, true, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_SERVER);
        nbns_build_query(&packet, 1, &own, NULL, NBNS_TYPE_NB, false, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_NODE); /* not registered yet */
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "SELF<20>", own_address, UNIQUE);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_SERVER);
        nbns_build_query(&packet, 1, &NB_NAME_WILDCARD, NULL, NBNS_TYPE_NBSTAT, false, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_NODE);
        nbns_build_claim(&packet, rdata, 1, NBNS_OPCODE_REGISTRATION, &own, NULL, &address, 0, true, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_SERVER);
        nbns_build_release(&packet, rdata, 1, &own, NULL, &address, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_NODE);
        assert_int_equal(route_of(bench, own_address, &packet), WINS_ROUTE_SERVER);
        nbns_build_release(&packet, rdata, 1, &other, NULL, &address, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_SERVER);
        /* answers: the server's only if it asked for that name with that id */
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "OTHER<20>", HOST(1), UNIQUE);
        bench_claim(bench, NBNS_OPCODE_REGISTRATION, "OTHER<20>", HOST(2), UNIQUE);
        bench_run_ms(bench, 600);
        nbns_build_negative_query_response(&packet, bench->challenge_id, &other, NULL, 3, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_SERVER);
        nbns_build_negative_query_response(&packet, bench->challenge_id, &own, NULL, 3, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_NODE);
        nbns_build_negative_query_response(&packet, (uint16_t)(bench->challenge_id + 1), &other, NULL, 3, false);
        assert_int_equal(route_of(bench, HOST(1), &packet), WINS_ROUTE_NODE);
}

static void test_settings(void **state)
{
        struct wins_settings settings = wins_settings_default();

        (void)state;
        assert_null(wins_settings_fault(&settings));
        assert_false(wins_settings_adjust(&settings));
        settings.renewal_s = 60;
        settings.extinction_timeout_s = 3600;
        settings.verify_s = 1;
        assert_string_equal(wins_settings_fault(&settings), "renewal interval");
        assert_true(wins_settings_adjust(&settings));
        assert_null(wins_settings_fault(&settings));
        assert_int_equal(settings.renewal_s, WINS_RENEWAL_MIN_S);
        assert_int_equal(settings.extinction_timeout_s, WINS_EXTINCTION_TIMEOUT_MIN_S);
        assert_int_equal(settings.verify_s, WINS_VERIFY_MIN_S);
        settings.renewal_s = 30 * WINS_DAY_S; /* KB135922: the others follow */
        assert_string_equal(wins_settings_fault(&settings), "extinction timeout");
        assert_true(wins_settings_adjust(&settings));
        assert_int_equal(settings.extinction_timeout_s, 30 * WINS_DAY_S);
        assert_null(wins_settings_fault(&settings));
        settings.burst_queue = 7;
        assert_string_equal(wins_settings_fault(&settings), "burst queue");
}

/* netbt facts 6.1: Windows' ranges, all of them, and nothing beyond. */
static void test_ranges(void **state)
{
        static const struct {
                size_t offset;
                uint32_t min, max;
                const char *what;
        } rows[] = {
                {offsetof(struct wins_settings, extinction_interval_s), 40 * 60, 3599999, "extinction interval"},
                {offsetof(struct wins_settings, extinction_timeout_s), 24 * 3600, 3599999, "extinction timeout"},
                {offsetof(struct wins_settings, renewal_s), 40 * 60, 3599999, "renewal interval"},
                {offsetof(struct wins_settings, verify_s), 24 * 86400, 35999999, "verification interval"},
                {offsetof(struct wins_settings, burst_queue), 50, 25000, "burst queue"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                const uint32_t values[] = {rows[i].min, rows[i].max, rows[i].min - 1, rows[i].max + 1};

                for (size_t j = 0; j < NBT_ARRAY_SIZE(values); j++) {
                        struct wins_settings settings = wins_settings_default();

                        settings.renewal_s = 40 * 60; /* KB135922: what the others may be depends on it */
                        if (!strcmp(rows[i].what, "renewal interval"))
                                settings.extinction_timeout_s = settings.extinction_interval_s = 3599999;
                        memcpy((char *)&settings + rows[i].offset, &values[j], sizeof(values[j]));
                        const char *fault = wins_settings_fault(&settings);
                        if (j < 2)
                                assert_null(fault);
                        else
                                assert_string_equal(fault, rows[i].what);
                        assert_int_equal(wins_settings_adjust(&settings), j >= 2);
                        assert_null(wins_settings_fault(&settings));
                }
        }
}

/* Every prefix of a claim: no crash, no answer to what is no whole claim, nothing stored. */
static void test_truncated(void **state)
{
        struct bench *bench = *state;
        const struct nb_name name = bench_name("CUT<20>");
        const struct nbns_address address = {UNIQUE, HOST(1)};
        struct nbns_packet packet;
        uint8_t bytes[NBNS_MAX_BYTES], rdata[6];

        bench_start(bench);
        nbns_build_claim(&packet, rdata, 1, NBNS_OPCODE_REGISTRATION, &name, NULL, &address, 0, true, false);
        const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
        for (int cut = 0; cut < len; cut++)
                bench_packet(bench, HOST(1), 137, bytes, (size_t)cut);
        assert_int_equal(bench->sent, 0);
        assert_int_equal(bench->disk.live, 0);
        bench_packet(bench, HOST(1), 137, bytes, (size_t)len);
        assert_int_equal(bench->disk.live, 1);
        bench_packet(bench, 0xE0000001, 137, bytes, (size_t)len); /* from a group's address: nobody's */
        assert_int_equal(bench->sent, 1);
}

/* 5,000 records, all due: they are released, extinguished and deleted in slices, and every slice is bounded. */
static void test_scavenging_in_slices(void **state)
{
        struct bench *bench = *state;
        struct wins_view view;

        bench->settings.burst_queue = 0;
        bench->settings.renewal_s = 3600;
        bench->settings.extinction_interval_s = 3600;
        bench->settings.extinction_timeout_s = WINS_DAY_S;
        bench_start(bench);
        claim_many(bench, 5000);
        bench->largest_batch = 0;
        bench_run_ms(bench, 3601 * 1000 + 1800 * 1000);
        assert_int_equal(bench->largest_batch, WINS_SLICE_RECORDS);
        assert_int_equal(wins_view(bench->wins, &bench->arena, &view), 0);
        assert_int_equal(view.counts[WINS_UNIQUE][WINS_RELEASED], 5000);
        bench_run_ms(bench, 5400 * 1000);
        assert_int_equal(wins_view(bench->wins, &bench->arena, &view), 0);
        assert_int_equal(view.counts[WINS_UNIQUE][WINS_TOMBSTONE], 5000);
        bench_run_ms(bench, (WINS_DAY_S + 3600) * UINT64_C(1000));
        assert_int_equal(wins_view(bench->wins, &bench->arena, &view), 0);
        assert_int_equal(view.record_count, 0);
        assert_int_equal(bench->disk.live, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_group_commit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_lazy_renewals, setup, teardown),
                cmocka_unit_test_setup_teardown(test_flush, setup, teardown),
                cmocka_unit_test_setup_teardown(test_renewal_of_many, setup, teardown),
                cmocka_unit_test_setup_teardown(test_crowd, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pages_of_one_name, setup, teardown),
                cmocka_unit_test_setup_teardown(test_pages_in_motion, setup, teardown),
                cmocka_unit_test_setup_teardown(test_delete_by_filter, setup, teardown),
                cmocka_unit_test_setup_teardown(test_add_all_or_none, setup, teardown),
                cmocka_unit_test_setup_teardown(test_add_during_challenge, setup, teardown),
                cmocka_unit_test_setup_teardown(test_check, setup, teardown),
                cmocka_unit_test_setup_teardown(test_check_far, setup, teardown),
                cmocka_unit_test_setup_teardown(test_group_full, setup, teardown),
                cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
                cmocka_unit_test(test_settings),
                cmocka_unit_test(test_ranges),
                cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
                cmocka_unit_test_setup_teardown(test_scavenging_in_slices, setup, teardown),
        };

        return cmocka_run_group_tests_name("wins core", tests, NULL, NULL);
}
