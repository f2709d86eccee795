/*
 * Every allocation of a long story fails once: no crash, no leak (under the sanitizers). Who was not answered asks again, and in the
 * end the memory shows what the store holds.
 */
#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bench bench;
static long countdown; /* the allocation of a step that fails; below 0: none does */
static long allocations;
static bool always; /* of wins_new() too */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_pages_new(size_t size, bool huge);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_pages_new(size_t size, bool huge);

static bool fails(void)
{
        if (!bench.stepping && !always)
                return false;
        allocations++;
        return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
        return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
        return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_pages_new(size_t size, bool huge)
{
        return fails() ? NULL : __real_pages_new(size, huge);
}

/* ---- the story ----------------------------------------------------------------------------------------------------------- */

static void contested(void)
{
        const uint32_t both[] = {HOST(1), HOST(2)};

        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(1), UNIQUE);
        bench_run_ms(&bench, 5000);
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(2), UNIQUE); /* two challenges, and who waits */
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(3), UNIQUE);
        bench_claim(&bench, NBNS_OPCODE_REFRESH, "PC<20>", HOST(1), UNIQUE);
        bench_answer(&bench, HOST(1), "PC<20>", both, 2);
        bench_run_ms(&bench, 20000);
        bench_claim(&bench, NBNS_OPCODE_RELEASE, "PC<20>", HOST(2), UNIQUE);
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "PC<20>", HOST(1), UNIQUE);
        bench_run_ms(&bench, 20000);
}

static void scoped(void)
{
        const struct nb_name name = bench_name("PC<20>");
        const struct nbns_address address = {UNIQUE, HOST(9)};
        struct nbns_packet packet;
        struct nb_scope scope;
        uint8_t rdata[6];

        assert_int_equal(nb_scope_parse("CORP.EXAMPLE", &scope), 0);
        nbns_build_claim(&packet, rdata, ++bench.next_id, NBNS_OPCODE_REGISTRATION, &name, &scope, &address, 0, true,
                         false);
        bench_send(&bench, HOST(9), &packet);
}

static void administered(void)
{
        struct wins_record record = {.name = bench_name("STATIC<20>"), .is_static = true, .member_count = 1};
        static const enum wins_command_type types[] = {WINS_COMMAND_SHOW, WINS_COMMAND_CHECK, WINS_COMMAND_FLUSH,
                                                       WINS_COMMAND_SCAVENGE, WINS_COMMAND_DELETE};

        record.members[0].address = HOST(50);
        bench_command(&bench,
                      &(struct wins_command){.id = 1, .type = WINS_COMMAND_ADD, .record_count = 1, .records = &record});
        for (size_t i = 0; i < NBT_ARRAY_SIZE(types); i++) {
                struct wins_command command = {.id = 2, .type = types[i], .tombstone = true};

                command.filter.has_name = types[i] == WINS_COMMAND_DELETE;
                command.filter.name = record.name;
                bench_command(&bench, &command);
                bench_run_ms(&bench, 100);
        }
}

/* More claims than the queue takes, while the store is slow. */
static void burst(void)
{
        char name[16];

        bench_set_store(&bench, BENCH_STORE_HOLD);
        for (unsigned i = 0; i < 60; i++) {
                snprintf(name, sizeof(name), "B%u<20>", i);
                bench_claim(&bench, NBNS_OPCODE_REGISTRATION, name, HOST(100 + i), UNIQUE);
        }
        bench_set_store(&bench, BENCH_STORE_OK);
        bench_run_ms(&bench, 2000);
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "B59<20>", HOST(99), UNIQUE);
        bench_run_ms(&bench, 5000);
}

static void groups(void)
{
        for (unsigned i = 0; i < 27; i++)
                bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "DOM<1C>", HOST(i), GROUP);
        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "WORK<00>", HOST(1), GROUP);
        bench_claim(&bench, NBNS_OPCODE_REFRESH, "WORK<00>", HOST(2), GROUP);
        bench_claim(&bench, NBNS_OPCODE_REFRESH, "DOM<1C>", HOST(20), GROUP);
        bench_claim(&bench, NBNS_OPCODE_RELEASE, "DOM<1C>", HOST(21), GROUP);
        bench_query(&bench, "DOM<1C>");
}

static void begin(void)
{
        memset(&bench, 0, sizeof(bench));
        bench_init(&bench);
        bench.may_fail = bench.quiet = true;
        bench.settings.burst_queue = 50;
        bench.settings.renewal_s = 2400;
        bench.settings.extinction_interval_s = 2400;
        bench_start(&bench);
        bench_start(&bench); /* once more, for when that failed */
        wins_watch(bench.wins, WINS_WATCH_CHANGES | WINS_WATCH_RENEWALS);
}

static void tell(void)
{
        begin();
        contested();
        scoped();
        groups();
        burst();
        administered();
        bench_run_ms(&bench, 3 * 2400 * UINT64_C(1000)); /* renewals are written, and what is due is released */
        groups();
        contested();
}

/* ---- what must hold after it ----------------------------------------------------------------------------------------------- */

static void compare(void)
{
        struct wins_view view;

        assert_null(bench.out);
        assert_int_equal(wins_view(bench.wins, &bench.arena, &view), 0);
        assert_int_equal(view.claims_under_way, 0);
        assert_int_equal(view.record_count, bench.disk.live);
        for (uint32_t i = 1; i < bench.disk.slot_count; i++) {
                struct wins_record disk, memory;

                if (!(wins_slot_at(&bench.disk, i)->count & WINS_SLOT_USED))
                        continue;
                wins_table_get(&bench.disk, i, &disk);
                assert_int_equal(wins_find(bench.wins, &disk.name, &disk.scope, &memory), 0);
                assert_true(wins_record_same_content(&disk, &memory));
                assert_int_equal(disk.version, memory.version);
        }
}

static void each_allocation_fails(void **state)
{
        (void)state;
        countdown = -1;
        allocations = 0;
        tell();
        assert_int_equal(bench.failures, 0);
        compare();
        bench_restart(&bench, true);
        compare();
        bench_done(&bench);
        const long all = allocations;
        assert_true(all > 500);
        unsigned failed = 0;
        for (long i = 0; i < all; i++) {
                countdown = i;
                tell();
                failed += bench.failures;
                countdown = -1;
                bench_run_ms(&bench, 60000);
                compare();
                bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "AFTER<20>", HOST(77), UNIQUE);
                const struct nb_name name = bench_name("AFTER<20>");
                assert_int_not_equal(wins_table_find(&bench.disk, &name, 0), 0);
                compare();
                bench_done(&bench);
        }
        assert_true(failed > all / 2); /* some are of what can be gone without: prefetched room, a notice */
}

/* From one moment on there is no memory at all, for a while. */
static void a_drought(void **state)
{
        (void)state;
        for (unsigned i = 0; i < 40; i++) {
                countdown = -1;
                begin();
                bench_set_store(&bench, BENCH_STORE_HOLD);
                contested();
                groups();
                bench_set_store(&bench, i % 2 ? BENCH_STORE_OK : BENCH_STORE_HOLD);
                for (unsigned step = 0; step < 5 * i; step++) {
                        countdown = 0;
                        bench_claim(&bench, NBNS_OPCODE_REGISTRATION, "DRY<20>", HOST(step % 4), UNIQUE);
                }
                countdown = -1;
                bench_set_store(&bench, BENCH_STORE_OK);
                bench_run_ms(&bench, 100000);
                compare();
                bench_done(&bench);
        }
}

static void none_to_begin_with(void **state)
{
        const struct wins_settings settings = wins_settings_default();
        struct rng rng;
        long failed = 0;

        (void)state;
        memset(&bench, 0, sizeof(bench));
        rng_init_seed(&rng, 1);
        for (int r = NBT_ERR_NOMEM; r < 0; failed += r < 0) {
                struct wins *wins = NULL;

                countdown = failed;
                always = true;
                r = wins_new(&wins, BENCH_SERVER, &settings, &rng);
                always = false;
                assert_true(r == 0 || r == NBT_ERR_NOMEM);
                assert_true((r == 0) == (wins != NULL));
                wins_free(wins);
        }
        assert_true(failed > 0);
        countdown = -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_allocation_fails),
                cmocka_unit_test(a_drought),
                cmocka_unit_test(none_to_begin_with),
        };

        return cmocka_run_group_tests_name("wins out of memory", tests, NULL, NULL);
}
