/*
 * Properties that hold whatever the snapshot: every cause stands in exactly one list, a finding has its texts, silence and
 * refusal to ask never make anybody guilty for certain. Snapshots are random; the seed is printed and may be given.
 */
#include "base/rng.h"
#include "base/strbuf.h"
#include "diagnose/diagnose.h"
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORLDS 3000

static uint64_t seed;

static const char *pick(struct rng *rng, const char *const *words, size_t count)
{
        return words[rng_below(rng, (uint32_t)count)];
}

static const char *any_name(struct rng *rng)
{
        static const char *const names[] = {"A<00>", "A<20>", "A<03>", "U<03>", "W<1D>",
                                            "W<1B>", "W<1C>", "W<1E>", "B<00>", "B<20>"};

        return pick(rng, names, NBT_ARRAY_SIZE(names));
}

static const char *any_ip(struct rng *rng)
{
        static const char *const ips[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.9"};

        return pick(rng, ips, NBT_ARRAY_SIZE(ips));
}

static const char *any_mac(struct rng *rng)
{
        static const char *const macs[] = {"00-00-00-00-00-00", "02-00-00-00-00-01", "02-00-00-00-00-03",
                                           "02-00-00-00-00-04"};

        return pick(rng, macs, NBT_ARRAY_SIZE(macs));
}

static const char *any_verification(struct rng *rng)
{
        static const char *const words[] = {"none", "obeyed", "holder", "unfounded", "ignored"};

        return pick(rng, words, NBT_ARRAY_SIZE(words));
}

/* Of a capture: a dispute, a claimant, or a machine. */
static void add_captured(struct rng *rng, struct strbuf *sb)
{
        static const char *const hows[] = {"refused", "demand", "both", "listed"};
        static const char *const proofs[] = {"c", "cr", "ca", "t", "q", "h", "cx", "crz"};

        switch (rng_below(rng, 3)) {
        case 0:
                strbuf_printf(sb, " seen:%s:%s:%s:%s:%s%s", pick(rng, hows, 4), any_name(rng), any_ip(rng), any_ip(rng),
                              rng_below(rng, 2) ? any_ip(rng) : "0.0.0.0", rng_below(rng, 4) ? "" : ":server");
                break;
        case 1:
                strbuf_printf(sb, " held:%s:%s:%s%s", any_name(rng), any_ip(rng), pick(rng, proofs, 8),
                              rng_below(rng, 4) ? "" : ":10.0.0.2");
                break;
        default:
                strbuf_printf(sb, " mach:%s:%s", any_ip(rng), any_mac(rng));
                break;
        }
}

static void add_word(struct rng *rng, struct strbuf *sb)
{
        switch (rng_below(rng, 9)) {
        case 0:
                strbuf_printf(sb, " ev:43%s:%s", rng_below(rng, 2) ? "19" : "20", any_ip(rng));
                break;
        case 1:
                strbuf_printf(sb, " ev:4320:%s:%s:%s age:%u", any_ip(rng), any_name(rng), any_verification(rng),
                              rng_below(rng, 200000));
                break;
        case 2:
                strbuf_printf(sb, " ev:4321:%s:%s:%s", any_name(rng), any_ip(rng), any_ip(rng));
                break;
        case 3:
                strbuf_printf(sb, " host:%s:%s,%s:%s", any_ip(rng), any_name(rng), any_name(rng), any_mac(rng));
                break;
        case 4:
                strbuf_printf(sb, " host:%s:%s", any_ip(rng), rng_below(rng, 2) ? "silent" : "unasked");
                break;
        case 5:
                strbuf_printf(sb, " q:%s:%s:10.0.0.255:%s=%s+%s", rng_below(rng, 2) ? "b" : "w", any_name(rng),
                              any_ip(rng), any_ip(rng), any_ip(rng));
                break;
        case 6:
                strbuf_printf(sb, " q:h:%s:10.0.0.255:-", any_name(rng));
                break;
        case 7:
                strbuf_printf(sb, " cfg:%s=%s", rng_below(rng, 2) ? "tcpip" : "computer",
                              rng_below(rng, 2) ? "a" : "b");
                break;
        default:
                strbuf_printf(sb, " n:%s:%s", any_name(rng), rng_below(rng, 2) ? "registered" : "conflict:10.0.0.3");
                break;
        }
}

static void make_words(struct rng *rng, struct strbuf *sb)
{
        strbuf_add(sb, "if:eth0:10.0.0.1:02-00-00-00-00-01");
        if (rng_below(rng, 2))
                strbuf_add(sb, " if:eth1:10.0.0.2:02-00-00-00-00-02");
        if (rng_below(rng, 2))
                strbuf_add(sb, " ours");
        if (rng_below(rng, 2))
                strbuf_add(sb, " node:A");
        if (rng_below(rng, 4) == 0)
                strbuf_add(sb, " offline");
        if (rng_below(rng, 3) == 0)
                strbuf_add(sb, " wins:10.0.0.9");
        for (uint32_t i = rng_below(rng, 14); i > 0; i--)
                add_word(rng, sb);
        if (rng_below(rng, 2))
                return;
        strbuf_add(sb, rng_below(rng, 2) ? " cap" : " cap:ours");
        for (uint32_t i = rng_below(rng, 9); i > 0; i--)
                add_captured(rng, sb);
}

static void check_partition(const struct diagnose_report *report)
{
        unsigned found[CAUSE_MAX] = {0};

        for (size_t i = 0; i < report->finding_count; i++)
                found[report->findings[i].cause] = 1;
        for (size_t i = 0; i < report->ruled_out_count; i++) {
                found[report->ruled_out[i].cause]++;
                assert_true(report->ruled_out[i].why && report->ruled_out[i].why[0]);
        }
        for (size_t i = 0; i < report->not_checked_count; i++) {
                found[report->not_checked[i].cause]++;
                assert_true(report->not_checked[i].why && report->not_checked[i].why[0]);
        }
        for (size_t i = 0; i < CAUSE_MAX; i++)
                assert_int_equal(found[i], 1);
}

static bool somebody_answered(const struct snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->host_count; i++)
                if (snapshot->hosts[i].reply == SNAPSHOT_ANSWERED)
                        return true;
        return false;
}

/* A capture shows that whoever is named holds the name by his own word. */
static bool is_seen(const struct diagnose_finding *f)
{
        return f->culprit && capture_is_own_word(f->culprit->seen);
}

/* Nobody is called a forger unasked, unless no host can have the address; and never a WINS server. */
static bool is_honest_accusation(const struct snapshot *snapshot, const struct diagnose_finding *f)
{
        const uint32_t address = f->culprit ? f->culprit->address : f->c->sender;

        return case_why_impossible(snapshot, f->c, address) ||
               (snapshot->asked && f->culprit && !snapshot_is_wins(snapshot, address));
}

static void check_findings(const struct snapshot *snapshot, const struct diagnose_report *report)
{
        for (size_t i = 0; i < report->finding_count; i++) {
                const struct diagnose_finding *f = &report->findings[i];

                assert_true(f->headline && f->headline[0]);
                assert_true(f->evidence.count > 0 && f->remedy.count > 0);
                if (f->verdict == VERDICT_CONFIRMED &&
                    (f->cause == CAUSE_SAME_COMPUTER_NAME || f->cause == CAUSE_SAME_USER_NAME ||
                     f->cause == CAUSE_SPOOFED_DEMAND))
                        assert_true(somebody_answered(snapshot) || is_seen(f));
                if (f->cause == CAUSE_SPOOFED_DEMAND)
                        assert_true(is_honest_accusation(snapshot, f));
        }
}

static void test_partition(void **state)
{
        (void)state;
        struct arena arena = ARENA_INIT;
        struct strbuf words = STRBUF_INIT;
        struct rng rng;

        print_message("seed %llu\n", (unsigned long long)seed);
        rng_init_seed(&rng, seed);
        for (size_t i = 0; i < WORLDS; i++) {
                struct world world;
                struct diagnose_report report;

                arena_reset(&arena);
                strbuf_reset(&words);
                make_words(&rng, &words);
                world_init(&world, &arena, strbuf_str(&words));
                assert_int_equal(diagnose_run(&world.snapshot, &arena, &report), 0);
                check_partition(&report);
                check_findings(&world.snapshot, &report);
        }
        strbuf_done(&words);
        arena_done(&arena);
}

/* More of everything than is kept: bounds hold. */
static void test_bounds(void **state)
{
        (void)state;
        struct arena arena = ARENA_INIT;
        struct event *values = arena_alloc(&arena, SNAPSHOT_MAX_EVENTS * sizeof *values);
        struct snapshot_event *events = arena_alloc(&arena, SNAPSHOT_MAX_EVENTS * sizeof *events);
        struct snapshot snapshot = {.asked = true, .event_count = SNAPSHOT_MAX_EVENTS, .events = events};
        struct diagnose_report report;

        assert_non_null(values);
        assert_non_null(events);
        for (uint32_t i = 0; i < SNAPSHOT_MAX_EVENTS; i++) {
                values[i].id = EVENT_ID_NAME_RELEASE;
                events[i] = (struct snapshot_event){.event = &values[i], .sender = 0x0A000001 + i};
        }
        assert_int_equal(diagnose_run(&snapshot, &arena, &report), 0);
        assert_int_equal(report.finding_count, CASE_MAX);
        check_partition(&report);
        arena_done(&arena);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_partition), cmocka_unit_test(test_bounds)};

        seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 20261123;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
