/* What a hook is told: which changes, of which names, merged how, at what pace. */
#include "daemon/hook_queue.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define NOW ((mono_t){INT64_C(1000000000000)})
#define ADDRESS(i) (0x0A000000u + (uint32_t)(i))

static struct wins_record record_of(const char *name, enum wins_type type, enum wins_state state, uint32_t first,
                                    uint32_t second)
{
        struct wins_record record = {.type = type, .state = state, .expiry_s = 7000};

        assert_int_equal(nb_name_parse(name, 0x20, &record.name), 0);
        record.members[0].address = first;
        record.members[1].address = second;
        record.member_count = (uint8_t)(1 + (second != 0));
        return record;
}

static struct wins_notice changed(const struct wins_record *before, const struct wins_record *record)
{
        return (struct wins_notice){
                .type = WINS_NOTICE_CHANGED, .name = record->name, .record = record, .before = before};
}

static struct hook_queue *new_queue(void)
{
        struct hook_queue *queue = NULL;

        assert_int_equal(hook_queue_new(&queue, 42), 0);
        return queue;
}

/* "add SRV 20 7000 10.0.0.1", or "" */
static const char *text_of(const struct hook_call *call)
{
        static char text[600];
        size_t len = (size_t)snprintf(text, sizeof text, "%s %s %02x %lld", hook_operation_str(call->operation),
                                      call->name, call->suffix, (long long)call->expiry_s);

        for (size_t i = 0; i < call->address_count; i++) {
                char address[IP4_TEXT_BYTES];

                ip4_format(call->addresses[i], address);
                len += (size_t)snprintf(text + len, sizeof text - len, " %s", address);
        }
        return text;
}

static const char *next(struct hook_queue *queue, mono_t now)
{
        struct hook_call call;

        return hook_queue_take(queue, now, &call) ? text_of(&call) : "";
}

static void test_which_operation(void **state)
{
        const struct wins_record active = record_of("SRV", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(1), 0);
        const struct wins_record moved = record_of("SRV", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(2), 0);
        const struct wins_record two = record_of("SRV", WINS_MULTIHOMED, WINS_ACTIVE, ADDRESS(2), ADDRESS(1));
        const struct wins_record turned = record_of("SRV", WINS_MULTIHOMED, WINS_ACTIVE, ADDRESS(1), ADDRESS(2));
        const struct wins_record released = record_of("SRV", WINS_UNIQUE, WINS_RELEASED, ADDRESS(1), 0);
        const struct wins_record gone = record_of("SRV", WINS_UNIQUE, WINS_TOMBSTONE, ADDRESS(1), 0);
        const struct wins_record group = record_of("LAB<00>", WINS_GROUP, WINS_ACTIVE, ADDRESS(1), 0);
        const struct wins_record domain = record_of("LAB<1C>", WINS_INTERNET, WINS_ACTIVE, ADDRESS(1), ADDRESS(2));
        const struct {
                const struct wins_record *before, *record;
                bool removed;
                const char *told;
        } rows[] = {
                {NULL, &active, false, "add SRV 20 7000 10.0.0.1"},
                {&released, &active, false, "add SRV 20 7000 10.0.0.1"},
                {&gone, &moved, false, "add SRV 20 7000 10.0.0.2"},
                {&active, &moved, false, "add SRV 20 7000 10.0.0.2"},
                {&active, &active, false, "refresh SRV 20 7000 10.0.0.1"},
                {&active, &two, false, "add SRV 20 7000 10.0.0.2 10.0.0.1"},
                {&two, &turned, false, "refresh SRV 20 7000 10.0.0.1 10.0.0.2"},
                {&two, &active, false, "add SRV 20 7000 10.0.0.1"},
                {&active, &released, false, "delete SRV 20 0 10.0.0.1"},
                {&two, &gone, false, "delete SRV 20 0 10.0.0.2 10.0.0.1"},
                {&active, &active, true, "delete SRV 20 0 10.0.0.1"},
                {&released, &gone, false, ""},
                {&released, &released, true, ""},
                {NULL, &gone, false, ""},
                {NULL, &active, true, ""},
                {NULL, &group, false, "add LAB 00 7000 0.0.0.0"},
                {&group, &group, true, "delete LAB 00 0 0.0.0.0"},
                {NULL, &domain, false, "add LAB 1c 7000 10.0.0.1 10.0.0.2"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct hook_queue *queue = new_queue();
                struct wins_notice notice = changed(rows[i].before, rows[i].record);

                notice.removed = rows[i].removed;
                hook_queue_offer(queue, &notice);
                assert_string_equal(next(queue, NOW), rows[i].told);
                hook_queue_free(queue);
        }
}

static void test_renewals_and_other_notices(void **state)
{
        const struct wins_record record = record_of("SRV", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(1), 0);
        struct hook_queue *queue = new_queue();

        (void)state;
        for (enum wins_notice_type type = 0; type < WINS_NOTICE_TYPES; type++) {
                const struct wins_notice notice = {.type = type, .name = record.name};

                hook_queue_offer(queue, &notice); /* a change without its record: memory ran out */
        }
        assert_string_equal(next(queue, NOW), "");
        const struct wins_notice renewed = {.type = WINS_NOTICE_RENEWED, .name = record.name, .record = &record};
        hook_queue_offer(queue, &renewed);
        assert_string_equal(next(queue, NOW), "refresh SRV 20 7000 10.0.0.1");
        assert_int_equal(hook_queue_counts(queue).illegal, 0);
        hook_queue_free(queue);
}

static void test_names_that_are_not_passed(void **state)
{
        static const struct {
                const char *bytes; /* 15 of them */
                const char *passed;
        } rows[] = {
                {"NORMAL         ", "NORMAL"},
                {"hyphen-dot.0   ", "hyphen-dot.0"},
                {"UNDER_SCORE_0123", "UNDER_SCORE_012"},
                {"lower          ", "lower"},
                {"|look|         ", NULL},
                {"look&true      ", NULL},
                {"look\\;false    ", NULL},
                {"&ls>foo        ", NULL},
                {"has spaces     ", NULL},
                {"`id`           ", NULL},
                {"$(id)          ", NULL},
                {"../../etc/x    ", NULL},
                {"-rf            ", NULL},
                {".profile       ", NULL},
                {"NEW\nLINE       ", NULL},
                {"NUL\0            ", NULL},
                {"\xC4RGER          ", NULL},
                {"               ", NULL},
                {" LEADING       ", NULL},
                {"*              ", NULL},
                {"A=B            ", NULL},
                {"A'B            ", NULL},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct wins_record record = record_of("SRV", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(1), 0);
                struct hook_call call;

                memcpy(record.name.bytes, rows[i].bytes, NB_SUFFIX_AT);
                const struct wins_notice notice = changed(NULL, &record);
                const int r = hook_call_make(&notice, &call);
                assert_int_equal(r, rows[i].passed ? 0 : NBT_ERR_UNSUPPORTED);
                if (rows[i].passed)
                        assert_string_equal(call.name, rows[i].passed);
        }
        /* nor is any name of a scope: it is another name, and the program would not know */
        struct wins_record record = record_of("SRV", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(1), 0);
        struct wins_notice notice = changed(NULL, &record);
        struct hook_queue *queue = new_queue();
        assert_int_equal(nb_scope_parse("other", &notice.scope), 0);
        hook_queue_offer(queue, &notice);
        assert_string_equal(next(queue, NOW), "");
        assert_int_equal(hook_queue_counts(queue).illegal, 1);
        hook_queue_free(queue);
}

static void test_what_waits_is_merged(void **state)
{
        const struct wins_record active = record_of("SRV", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(1), 0);
        const struct wins_record moved = record_of("SRV", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(2), 0);
        const struct wins_record released = record_of("SRV", WINS_UNIQUE, WINS_RELEASED, ADDRESS(1), 0);
        const struct wins_record other = record_of("OTHER", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(9), 0);
        const struct wins_notice renewed = {.type = WINS_NOTICE_RENEWED, .name = active.name, .record = &active};
        const struct wins_notice added = changed(NULL, &active), lost = changed(&active, &released),
                                 back = changed(&released, &moved), between = changed(NULL, &other);
        struct hook_queue *queue = new_queue();

        (void)state;
        hook_queue_offer(queue, &added);
        hook_queue_offer(queue, &between);
        hook_queue_offer(queue, &renewed);
        assert_int_equal(hook_queue_counts(queue).waiting, 2);
        assert_string_equal(next(queue, NOW), "add SRV 20 7000 10.0.0.1"); /* in its old place */
        assert_string_equal(next(queue, NOW), "add OTHER 20 7000 10.0.0.9");
        hook_queue_offer(queue, &renewed);
        hook_queue_offer(queue, &renewed);
        hook_queue_offer(queue, &lost);
        assert_string_equal(next(queue, NOW), "delete SRV 20 0 10.0.0.1");
        hook_queue_offer(queue, &lost);
        hook_queue_offer(queue, &back);
        hook_queue_offer(queue, &renewed);
        assert_string_equal(next(queue, NOW), "add SRV 20 7000 10.0.0.1");
        hook_queue_offer(queue, &added);
        hook_queue_offer(queue, &lost);
        assert_string_equal(next(queue, NOW), "delete SRV 20 0 10.0.0.1");
        assert_string_equal(next(queue, NOW), "");
        hook_queue_free(queue);
}

static struct wins_notice numbered(struct wins_record *record, unsigned i)
{
        char name[16];

        snprintf(name, sizeof name, "HOST%u", i);
        *record = record_of(name, WINS_UNIQUE, WINS_ACTIVE, ADDRESS(i), 0);
        return changed(NULL, record);
}

static void test_pace(void **state)
{
        struct hook_queue *queue = new_queue();
        struct wins_record record;
        unsigned told = 0;

        (void)state;
        assert_true(hook_queue_deadline(queue, NOW).ns == MONO_NEVER.ns);
        for (unsigned i = 0; i < HOOK_AT_ONCE + 100; i++) {
                const struct wins_notice notice = numbered(&record, i);

                hook_queue_offer(queue, &notice);
        }
        assert_true(hook_queue_deadline(queue, NOW).ns == NOW.ns);
        while (*next(queue, NOW))
                told++;
        assert_int_equal(told, HOOK_AT_ONCE);
        /* from then on one at a time, when the deadline says so and not before */
        mono_t now = NOW;
        for (unsigned i = 0; i < 100; i++) {
                const mono_t due = hook_queue_deadline(queue, now);

                assert_true(due.ns > now.ns && mono_elapsed_ms(now, due) <= 1000 / HOOK_PER_SECOND);
                assert_string_equal(next(queue, (mono_t){due.ns - 1}), "");
                assert_string_not_equal(next(queue, due), "");
                now = due;
        }
        assert_int_equal(mono_elapsed_ms(NOW, now), 100 * 1000 / HOOK_PER_SECOND);
        assert_true(hook_queue_deadline(queue, now).ns == MONO_NEVER.ns);
        hook_queue_free(queue);
}

static void test_bounds(void **state)
{
        struct hook_queue *queue = new_queue();
        struct wins_record record;

        (void)state;
        for (unsigned i = 0; i < HOOK_QUEUE_CALLS + 10; i++) {
                struct wins_notice notice = numbered(&record, i);

                if (i < HOOK_QUEUE_CALLS / 2 + 10)
                        notice.type = WINS_NOTICE_RENEWED; /* the last ten of these find the half taken */
                hook_queue_offer(queue, &notice);
        }
        assert_int_equal(hook_queue_counts(queue).waiting, HOOK_QUEUE_CALLS);
        assert_int_equal(hook_queue_counts(queue).left_out, 10);
        /* what waits already can still be told anew */
        const struct wins_record released = record_of("HOST7", WINS_UNIQUE, WINS_RELEASED, ADDRESS(7), 0);
        const struct wins_record active = record_of("HOST7", WINS_UNIQUE, WINS_ACTIVE, ADDRESS(7), 0);
        const struct wins_notice lost = changed(&active, &released);
        hook_queue_offer(queue, &lost);
        assert_int_equal(hook_queue_counts(queue).left_out, 10);
        for (unsigned i = 0; i < 7; i++)
                next(queue, NOW);
        assert_string_equal(next(queue, NOW), "delete HOST7 20 0 10.0.0.7");
        hook_queue_free(queue);
}

#define MODEL_NAMES 40

/* A program that takes every call at its word knows in the end what the database knows, whatever was merged on the way. */
static void test_who_listens_knows_what_there_is(void **state)
{
        const uint64_t seed = (uint64_t)time(NULL);
        struct rng rng;

        (void)state;
        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        for (unsigned round = 0; round < 200; round++) {
                struct wins_record held[MODEL_NAMES];
                uint32_t known[MODEL_NAMES] = {0};
                struct hook_queue *queue = new_queue();
                struct hook_call call;
                mono_t now = NOW;

                for (unsigned i = 0; i < MODEL_NAMES; i++)
                        numbered(&held[i], i), held[i].state = WINS_RELEASED;
                for (unsigned i = 0; i < 2000; i++) {
                        struct wins_record *old = &held[rng_below(&rng, MODEL_NAMES)], new = *old;

                        new.state = rng_below(&rng, 2) ? WINS_ACTIVE : WINS_RELEASED;
                        new.members[0].address = ADDRESS(1 + rng_below(&rng, 3));
                        struct wins_notice notice = changed(old, &new);
                        if (old->state == WINS_ACTIVE && rng_below(&rng, 3) == 0) {
                                new = *old;
                                notice.type = WINS_NOTICE_RENEWED;
                        }
                        hook_queue_offer(queue, &notice);
                        *old = new;
                        if (i == 1999)
                                now = mono_add_ms(now, 100000);
                        while ((i == 1999 || rng_below(&rng, 4) == 0) && hook_queue_take(queue, now, &call))
                                known[atoi(call.name + 4)] = call.operation == HOOK_DELETE ? 0 : call.addresses[0];
                        now = mono_add_ms(now, rng_below(&rng, 40));
                }
                for (unsigned i = 0; i < MODEL_NAMES; i++)
                        assert_int_equal(known[i], held[i].state == WINS_ACTIVE ? held[i].members[0].address : 0);
                assert_int_equal(hook_queue_counts(queue).waiting, 0);
                hook_queue_free(queue);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_which_operation),
                cmocka_unit_test(test_renewals_and_other_notices),
                cmocka_unit_test(test_names_that_are_not_passed),
                cmocka_unit_test(test_what_waits_is_merged),
                cmocka_unit_test(test_pace),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_who_listens_knows_what_there_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
