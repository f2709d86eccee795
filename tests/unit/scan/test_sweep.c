/* The sweep in virtual time: hosts behind a network that loses and delays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scan/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE UINT32_C(0x0A320000)
#define MAX_FLIGHTS 16384

struct flight {
        mono_t due;
        uint32_t address;
        size_t len_bytes;
        uint8_t bytes[300];
};

struct world {
        struct scan *scan;
        struct scan_ranges ranges;
        struct rng rng;
        mono_t now;
        uint32_t loss_percent, present_percent, delay_us;
        uint32_t queue_limit; /* answers a millisecond that the network carries; 0: any number */
        uint32_t queue_used;
        int64_t queue_ms;
        struct flight *flights;
        size_t flight_count;
        uint32_t sends, present, rows;
        mono_t first_send, last_send;
        int64_t least_gap_ns;
        uint8_t *asked; /* tries an address got, by index */
        bool deaf_to_second;
        unsigned silent_until_try; /* hosts answer from this try on only */
};

static bool is_present(const struct world *w, uint32_t address)
{
        return address * UINT32_C(2654435761) % 100 < w->present_percent;
}

static void start(struct world *w, uint64_t seed, uint32_t count, struct scan_config config)
{
        memset(w, 0, sizeof(*w));
        rng_init_seed(&w->rng, seed);
        w->now = (mono_t){1000000000};
        w->delay_us = 500;
        w->present_percent = 100;
        w->least_gap_ns = INT64_MAX;
        w->flights = malloc(MAX_FLIGHTS * sizeof(*w->flights));
        w->asked = calloc(count, 1);
        assert_non_null(w->flights);
        assert_non_null(w->asked);
        assert_int_equal(scan_ranges_add(&w->ranges, BASE + 1, BASE + count), 0);
        scan_ranges_settle(&w->ranges);
        config.ranges = &w->ranges;
        assert_int_equal(scan_new(&w->scan, &config, &w->rng, w->now), 0);
}

static void stop(struct world *w)
{
        scan_free(w->scan);
        scan_ranges_done(&w->ranges);
        free(w->flights);
        free(w->asked);
}

static bool is_lost(struct world *w)
{
        return rng_below(&w->rng, 100) < w->loss_percent;
}

static struct nb_name name_of(uint32_t address, uint8_t suffix)
{
        char text[16];

        snprintf(text, sizeof(text), "H%08X", address);
        return nb_name_make(text, suffix);
}

static int answer(struct world *w, const struct scan_send *send, uint8_t *ret, size_t size_bytes)
{
        struct nbns_packet question, packet;
        uint8_t rdata[200];

        assert_int_equal(nbns_packet_decode(send->bytes, send->len_bytes, &question), 0);
        assert_int_equal(send->port, 137);
        assert_false(question.header.response || question.header.broadcast);
        if (question.question.type == NBNS_TYPE_NBSTAT) {
                static struct nbstat_table table;

                assert_true(nb_name_is_wildcard(&question.question.name));
                table.count = 3;
                table.entries[0] = (struct nbstat_entry){nb_name_make("LAB", 0x00), NBSTAT_GROUP | NBSTAT_ACTIVE};
                table.entries[1] = (struct nbstat_entry){name_of(send->destination, 0x00), NBSTAT_ACTIVE};
                table.entries[2] = (struct nbstat_entry){name_of(send->destination, 0x20), NBSTAT_ACTIVE};
                const int len = nbstat_table_encode(&table, rdata, sizeof(rdata));
                assert_true(len > 0);
                nbns_build_status_response(&packet, question.header.id, &question.question.name, NULL, rdata,
                                           (uint16_t)len);
                return nbns_packet_encode(&packet, ret, size_bytes);
        }
        const struct nb_name expected = name_of(send->destination, 0x00);
        assert_true(nb_name_equal(&question.question.name, &expected));
        if (w->deaf_to_second)
                return 0;
        const struct nbns_address own[2] = {{0, send->destination}, {0, send->destination + 0x01000000}};
        nbns_address_encode(&own[0], rdata);
        nbns_address_encode(&own[1], rdata + 6);
        nbns_build_query_response(&packet, question.header.id, &question.question.name, NULL, rdata, 12, 0, false);
        return nbns_packet_encode(&packet, ret, size_bytes);
}

/* A network with so much room drops what comes beyond it. */
static bool is_crowded_out(struct world *w)
{
        const int64_t ms = w->now.ns / 1000000;

        if (!w->queue_limit)
                return false;
        w->queue_used = ms == w->queue_ms ? w->queue_used + 1 : 1;
        w->queue_ms = ms;
        return w->queue_used > w->queue_limit;
}

static void carry(struct world *w, const struct scan_send *send)
{
        const int index = scan_ranges_index(&w->ranges, send->destination);

        assert_true(index >= 0);
        w->asked[index]++;
        if (w->sends)
                w->least_gap_ns =
                        w->now.ns - w->last_send.ns < w->least_gap_ns ? w->now.ns - w->last_send.ns : w->least_gap_ns;
        else
                w->first_send = w->now;
        w->last_send = w->now;
        w->sends++;
        if (!is_present(w, send->destination) || is_crowded_out(w) || is_lost(w) || is_lost(w) ||
            w->asked[index] < w->silent_until_try)
                return;
        assert_true(w->flight_count < MAX_FLIGHTS);
        struct flight *flight = &w->flights[w->flight_count];
        const int len = answer(w, send, flight->bytes, sizeof(flight->bytes));
        assert_true(len >= 0);
        if (len == 0)
                return;
        flight->len_bytes = (size_t)len;
        flight->address = send->destination;
        flight->due = (mono_t){w->now.ns + (int64_t)w->delay_us * 1000};
        w->flight_count++;
}

static mono_t next_arrival(const struct world *w)
{
        mono_t due = MONO_NEVER;

        for (size_t i = 0; i < w->flight_count; i++)
                due = mono_min(due, w->flights[i].due);
        return due;
}

static void deliver(struct world *w)
{
        for (size_t i = 0; i < w->flight_count;) {
                struct flight *flight = &w->flights[i];

                if (!mono_is_due(flight->due, w->now)) {
                        i++;
                        continue;
                }
                assert_int_equal(scan_packet(w->scan, w->now, flight->address, 137, flight->bytes, flight->len_bytes),
                                 0);
                *flight = w->flights[--w->flight_count];
        }
}

static void take_rows(struct world *w)
{
        const struct scan_host *host;

        while ((host = scan_next_host(w->scan, false)))
                w->rows++;
}

/* Runs to the end, from one event to the next, and never for ever. */
static void run(struct world *w)
{
        const mono_t begin = w->now;
        struct scan_send send;
        uint64_t steps = 0;

        while (!scan_is_done(w->scan, w->now)) {
                assert_true(++steps < 5000000);
                deliver(w);
                while (scan_next_send(w->scan, w->now, &send))
                        carry(w, &send);
                take_rows(w);
                const mono_t deadline = scan_deadline(w->scan, w->now);
                assert_true(deadline.ns != INT64_MAX);
                const mono_t next = mono_min(deadline, next_arrival(w));
                w->now = next.ns > w->now.ns ? next : (mono_t){w->now.ns + 1000};
                assert_true(mono_elapsed_ms(begin, w->now) < 3600000);
        }
        take_rows(w);
        for (uint32_t i = 0; i < scan_ranges_total(&w->ranges); i++)
                w->present += is_present(w, BASE + 1 + i);
}

static const struct scan_config usual = {.rate = SCAN_DEFAULT_RATE, .retries = SCAN_DEFAULT_RETRIES, .addresses = true};

/* ---- finding ------------------------------------------------------------------------------------------------------ */

static void test_everybody_is_found_whatever_is_lost(void **state)
{
        static const uint32_t losses[] = {0, 1, 10};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(losses); i++)
                for (uint64_t seed = 1; seed <= 20; seed++) {
                        struct world w;

                        start(&w, seed, 508, usual);
                        w.loss_percent = losses[i];
                        w.present_percent = seed % 2 ? 100 : 30;
                        print_message("loss %u seed %llu\r", losses[i], (unsigned long long)seed);
                        run(&w);
                        assert_int_equal(scan_progress(w.scan).found, w.present);
                        assert_int_equal(w.rows, w.present);
                        stop(&w);
                }
}

static void test_at_thirty_percent_the_doubt_is_told(void **state)
{
        uint32_t missed = 0;
        double expected = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                struct world w;
                struct scan_config config = usual;

                config.retries = 4; /* of which a present host survives five silences: 0.51^5 */
                start(&w, seed, 508, config);
                w.loss_percent = 30;
                run(&w);
                missed += w.present - scan_progress(w.scan).found;
                expected += scan_progress(w.scan).missed;
                stop(&w);
        }
        /* 10 x 508 x 0.0345 = 175 */
        assert_in_range(missed, 120, 240);
        assert_in_range((uint32_t)expected, missed / 2, missed * 2);
}

static void test_loss_is_measured_truly(void **state)
{
        struct world w;

        (void)state;
        start(&w, 7, 4000, usual);
        w.loss_percent = 10;
        run(&w);
        const double loss = scan_progress(w.scan).loss;
        assert_true(loss > 0.17 && loss < 0.21); /* 1 - 0.9^2 */
        stop(&w);
}

static void test_without_loss_silence_is_believed_soon(void **state)
{
        struct world w;

        (void)state;
        start(&w, 1, 20000, usual);
        w.present_percent = 10;
        run(&w);
        const struct scan_progress p = scan_progress(w.scan);
        assert_int_equal(p.found, w.present);
        assert_int_equal(p.rounds, 2);
        assert_int_equal(p.sent, 20000u + (20000u - w.present) + w.present);
        assert_int_equal(p.slowed_count, 0);
        stop(&w);
}

static void test_retries_zero_asks_once(void **state)
{
        struct scan_config config = usual;
        struct world w;

        (void)state;
        config.retries = 0;
        start(&w, 1, 200, config);
        w.present_percent = 0;
        run(&w);
        assert_int_equal(w.sends, 200);
        assert_int_equal(scan_progress(w.scan).found, 0);
        /* each was listened to for the timeout */
        assert_true(mono_elapsed_ms(w.last_send, w.now) >= SCAN_DEFAULT_TIMEOUT_MS);
        assert_true(mono_elapsed_ms(w.last_send, w.now) <= SCAN_DEFAULT_TIMEOUT_MS + 10);
        stop(&w);
}

static void test_late_answers_count_while_we_listen(void **state)
{
        struct scan_config config = usual;
        struct world w;

        (void)state;
        config.rate = 0;
        start(&w, 1, 100, config);
        w.delay_us = 900000;
        run(&w);
        assert_int_equal(scan_progress(w.scan).found, 100);
        stop(&w);
}

static void test_hosts_deaf_to_the_second_question_are_hosts(void **state)
{
        const struct scan_host *const *hosts;
        struct scan_host *const *found;
        struct world w;

        (void)state;
        start(&w, 1, 50, usual);
        w.deaf_to_second = true;
        run(&w);
        assert_int_equal(scan_progress(w.scan).found, 50);
        assert_int_equal(w.rows, 50);
        assert_int_equal(w.sends, 50 + 50 * SCAN_SECOND_TRIES);
        assert_int_equal(scan_hosts(w.scan, &found), 50);
        hosts = (const struct scan_host *const *)found;
        assert_false(hosts[0]->addresses_answered);
        stop(&w);
}

static void test_what_is_kept_of_a_host(void **state)
{
        struct scan_host *const *found;
        struct world w;

        (void)state;
        start(&w, 1, 1, usual);
        run(&w);
        assert_int_equal(scan_hosts(w.scan, &found), 1);
        assert_int_equal(found[0]->address, BASE + 1);
        assert_int_equal(found[0]->name_count, 3);
        assert_int_equal(found[0]->tries, 1);
        assert_int_equal(found[0]->mac_source, SCAN_MAC_NONE);
        assert_true(found[0]->addresses_answered);
        assert_int_equal(found[0]->address_count, 2);
        assert_int_equal(found[0]->addresses[1], BASE + 1 + 0x01000000);
        const struct nb_name own = name_of(BASE + 1, 0x00), lab = nb_name_make("LAB", 0x00);
        assert_true(nb_name_equal(&scan_host_computer(found[0])->name, &own));
        assert_true(nb_name_equal(&scan_host_workgroup(found[0])->name, &lab));
        assert_null(scan_host_user(found[0]));
        assert_string_equal(scan_host_role(found[0], 0), "File Server");
        assert_null(scan_host_role(found[0], 1));
        stop(&w);
}

/* ---- pace --------------------------------------------------------------------------------------------------------- */

static void test_pace_is_exact(void **state)
{
        static const uint32_t rates[] = {10, 1000, 7000};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rates); i++) {
                struct scan_config config = usual;
                struct world w;

                config.rate = rates[i];
                config.retries = 0;
                config.addresses = false;
                start(&w, 1, 500, config);
                run(&w);
                assert_int_equal(w.sends, 500);
                /* never faster, and with a driver in time never slower */
                assert_true(w.least_gap_ns >= 1000000000 / rates[i] - 1);
                assert_true(w.last_send.ns - w.first_send.ns <= INT64_C(499) * (1000000000 / rates[i] + 1000));
                stop(&w);
        }
}

static void test_a_late_driver_may_catch_up_a_little(void **state)
{
        struct scan_send send;
        struct world w;
        uint32_t burst = 0;

        (void)state;
        start(&w, 1, 5000, usual);
        assert_true(scan_next_send(w.scan, w.now, &send));
        assert_false(scan_next_send(w.scan, w.now, &send));
        w.now = mono_add_ms(w.now, 10000);
        while (scan_next_send(w.scan, w.now, &send))
                burst++;
        assert_in_range(burst, SCAN_CREDIT_MS, SCAN_CREDIT_MS + 1); /* at 1000 a second: one a millisecond */
        stop(&w);
}

static void test_window_bounds_what_is_on_its_way(void **state)
{
        struct scan_config config = usual;
        struct scan_send send;
        struct world w;
        uint32_t burst = 0;

        (void)state;
        config.rate = 0;
        start(&w, 1, 60000, config);
        while (scan_next_send(w.scan, w.now, &send))
                burst++;
        assert_in_range(burst, 16, SCAN_MAX_WINDOW);
        /* the silent leave the window after a while, and others get their turn */
        w.now = mono_add_ms(w.now, 50);
        assert_true(scan_next_send(w.scan, w.now, &send));
        stop(&w);
}

static void test_our_own_drops_slow_us_down(void **state)
{
        struct scan_config config = usual;
        struct scan_send send;
        struct world w;

        (void)state;
        start(&w, 1, 500, config);
        assert_true(scan_next_send(w.scan, w.now, &send));
        scan_lost_here(w.scan, w.now);
        assert_true(scan_progress(w.scan).pace == 0.5);
        scan_lost_here(w.scan, w.now); /* of the same burst */
        assert_true(scan_progress(w.scan).pace == 0.5);
        for (int i = 1; i < 20; i++)
                scan_lost_here(w.scan, mono_add_ms(w.now, (uint64_t)i * 200));
        assert_true(scan_progress(w.scan).pace == SCAN_SLOWEST);
        stop(&w);
}

static void test_crowding_slows_down_and_helps(void **state)
{
        struct scan_config config = usual;
        struct world w;

        (void)state;
        config.rate = 4000;
        start(&w, 3, 8000, config);
        w.queue_limit = 2; /* two a millisecond get through: half */
        run(&w);
        const struct scan_progress p = scan_progress(w.scan);
        assert_int_equal(p.found, 8000);
        assert_true(p.slowed_count > 0);
        assert_true(p.loss < 0.3);
        stop(&w);
}

static void test_loss_that_is_not_ours_is_not_paid_for(void **state)
{
        struct world w;

        (void)state;
        start(&w, 3, 8000, usual);
        w.loss_percent = 10;
        run(&w);
        const struct scan_progress p = scan_progress(w.scan);
        assert_int_equal(p.found, 8000);
        assert_true(p.loss_not_ours);
        const double least_s = (double)p.sent / SCAN_DEFAULT_RATE;
        const double took_s = (double)(w.now.ns - w.first_send.ns) / 1e9;
        assert_true(took_s < 1.15 * least_s + 1.5);
        stop(&w);
}

/* ---- what must not count ------------------------------------------------------------------------------------------ */

static void test_forged_and_damaged_answers(void **state)
{
        struct scan_send send;
        struct world w;
        uint8_t bytes[300], copy[300];

        (void)state;
        start(&w, 1, 10, usual);
        assert_true(scan_next_send(w.scan, w.now, &send));
        const int len = answer(&w, &send, bytes, sizeof(bytes));
        assert_true(len > 0);
        const size_t size = (size_t)len;
        assert_int_equal(scan_packet(w.scan, w.now, send.destination + 1, 137, bytes, size), 0);  /* another address */
        assert_int_equal(scan_packet(w.scan, w.now, send.destination + 99, 137, bytes, size), 0); /* outside */
        assert_int_equal(scan_packet(w.scan, w.now, send.destination, 138, bytes, size), 0);
        for (unsigned id = 1; id < 0x10000; id++) { /* every other id, also of tries not made yet */
                memcpy(copy, bytes, size);
                copy[0] = (uint8_t)(bytes[0] ^ id >> 8);
                copy[1] = (uint8_t)(bytes[1] ^ id);
                assert_int_equal(scan_packet(w.scan, w.now, send.destination, 137, copy, size), 0);
        }
        memcpy(copy, bytes, size);
        copy[2] &= 0x7F; /* a request */
        assert_int_equal(scan_packet(w.scan, w.now, send.destination, 137, copy, size), 0);
        for (size_t cut = 0; cut < 60; cut++) {
                uint8_t *exact = malloc(cut ? cut : 1);
                assert_non_null(exact);
                memcpy(exact, bytes, cut);
                assert_int_equal(scan_packet(w.scan, w.now, send.destination, 137, exact, cut), 0);
                free(exact);
        }
        assert_int_equal(scan_progress(w.scan).found, 0);
        assert_int_equal(scan_packet(w.scan, w.now, send.destination, 137, bytes, size), 0);
        assert_int_equal(scan_packet(w.scan, w.now, send.destination, 137, bytes, size), 0); /* once more */
        assert_int_equal(scan_progress(w.scan).found, 1);
        stop(&w);
}

static void test_bounds_of_the_configuration(void **state)
{
        struct scan_ranges ranges = {0};
        struct scan_config config = usual;
        struct scan *scan;
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, 1);
        config.ranges = &ranges;
        assert_int_equal(scan_new(&scan, &config, &rng, (mono_t){0}), NBT_ERR_RANGE);
        assert_int_equal(scan_ranges_add(&ranges, 0, SCAN_MAX_ADDRESSES), 0);
        scan_ranges_settle(&ranges);
        assert_int_equal(scan_new(&scan, &config, &rng, (mono_t){0}), NBT_ERR_RANGE);
        ranges.rows[0].last = 5;
        config.retries = SCAN_MAX_TRIES;
        assert_int_equal(scan_new(&scan, &config, &rng, (mono_t){0}), NBT_ERR_RANGE);
        scan_ranges_done(&ranges);
        assert_null(scan_free(NULL));
}

static void test_interrupted_gives_what_it_has(void **state)
{
        struct scan_send send;
        struct world w;
        uint8_t bytes[300];
        size_t count = 0;

        (void)state;
        start(&w, 1, 10, usual);
        assert_true(scan_next_send(w.scan, w.now, &send));
        const int len = answer(&w, &send, bytes, sizeof(bytes));
        assert_int_equal(scan_packet(w.scan, w.now, send.destination, 137, bytes, (size_t)len), 0);
        assert_null(scan_next_host(w.scan, false)); /* its second question is still to come */
        while (scan_next_host(w.scan, true))
                count++;
        assert_int_equal(count, 1);
        stop(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_everybody_is_found_whatever_is_lost),
                cmocka_unit_test(test_at_thirty_percent_the_doubt_is_told),
                cmocka_unit_test(test_loss_is_measured_truly),
                cmocka_unit_test(test_without_loss_silence_is_believed_soon),
                cmocka_unit_test(test_retries_zero_asks_once),
                cmocka_unit_test(test_late_answers_count_while_we_listen),
                cmocka_unit_test(test_hosts_deaf_to_the_second_question_are_hosts),
                cmocka_unit_test(test_what_is_kept_of_a_host),
                cmocka_unit_test(test_pace_is_exact),
                cmocka_unit_test(test_a_late_driver_may_catch_up_a_little),
                cmocka_unit_test(test_window_bounds_what_is_on_its_way),
                cmocka_unit_test(test_our_own_drops_slow_us_down),
                cmocka_unit_test(test_crowding_slows_down_and_helps),
                cmocka_unit_test(test_loss_that_is_not_ours_is_not_paid_for),
                cmocka_unit_test(test_forged_and_damaged_answers),
                cmocka_unit_test(test_bounds_of_the_configuration),
                cmocka_unit_test(test_interrupted_gives_what_it_has),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
