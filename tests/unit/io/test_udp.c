/* The UDP socket over loopback: batches, addresses, a port that is taken; and loop and clocks beside it. */
#include "io/clock.h"
#include "io/loop.h"
#include "io/random.h"
#include "io/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 60000
#define LOCALHOST UINT32_C(0x7F000001)
#define OTHER_LOCALHOST UINT32_C(0x7F000002)

static struct udp *open_any(uint32_t address)
{
        const struct udp_options options = {.address = address};
        struct udp *udp = NULL;

        assert_int_equal(udp_open(&udp, &options), 0);
        assert_int_not_equal(udp_port(udp), 0);
        return udp;
}

static const struct udp_datagram *receive_one(struct udp *udp)
{
        const struct udp_datagram *got = NULL;

        assert_int_equal(udp_wait(udp, mono_add_ms(clock_mono(), LIMIT_MS)), 1);
        assert_int_equal(udp_receive(udp, &got), 1);
        return got;
}

static void test_source_and_destination(void **state)
{
        struct udp *server = open_any(0), *client = open_any(0);

        (void)state;
        udp_send(client, 0, OTHER_LOCALHOST, LOCALHOST, udp_port(server), "question", 8);
        udp_flush(client);
        const struct udp_datagram *got = receive_one(server);
        assert_int_equal(got->source, OTHER_LOCALHOST); /* as chosen by the sender */
        assert_int_equal(got->source_port, udp_port(client));
        assert_int_equal(got->destination, LOCALHOST);
        assert_int_equal(got->ifindex, 1);
        assert_false(got->truncated);
        assert_int_equal(got->len_bytes, 8);
        assert_memory_equal(got->bytes, "question", 8);
        udp_close(server);
        udp_close(client);
}

/* Half of the sockets are made beforehand, the others when they are needed. */
static void test_a_socket_beside_gets_what_is_its_own(void **state)
{
        (void)state;
        for (int spares = 0; spares < 2; spares++) {
                struct udp *all = open_any(0), *client = open_any(0), *one = NULL, *rival = NULL;
                const struct udp_options same = {.port = udp_port(all)};

                if (spares)
                        udp_make_spares(all, 1 << 16);
                assert_int_equal(udp_open_beside(&one, all, OTHER_LOCALHOST), 0);
                assert_int_equal(udp_port(one), udp_port(all));
                assert_int_equal(udp_open(&rival, &same), NBT_ERR_BUSY); /* the port is not shared with others */
                udp_send(client, 0, 0, OTHER_LOCALHOST, udp_port(all), "one", 3);
                udp_send(client, 0, 0, LOCALHOST, udp_port(all), "all", 3);
                udp_flush(client);
                const struct udp_datagram *got = receive_one(one);
                assert_memory_equal(got->bytes, "one", 3);
                assert_int_equal(got->destination, OTHER_LOCALHOST);
                udp_send(one, 0, OTHER_LOCALHOST, got->source, got->source_port, "answer", 6);
                udp_flush(one);
                assert_memory_equal(receive_one(all)->bytes, "all", 3);
                got = receive_one(client);
                assert_int_equal(got->source, OTHER_LOCALHOST);
                assert_memory_equal(got->bytes, "answer", 6);
                assert_int_equal(udp_counters(one).receive_dropped, 0);
                udp_close(one);
                udp_close(all);
                udp_close(client);
        }
}

static void test_more_than_a_batch(void **state)
{
        struct udp *server = open_any(LOCALHOST), *client = open_any(0);
        const struct udp_datagram *got = NULL;
        uint8_t numbers[UDP_BATCH + 10];
        unsigned seen = 0;

        (void)state;
        for (size_t i = 0; i < sizeof numbers; i++) {
                numbers[i] = (uint8_t)i;
                udp_send(client, 0, 0, LOCALHOST, udp_port(server), &numbers[i], 1);
        }
        udp_flush(client);
        assert_int_equal(udp_counters(client).sent, sizeof numbers);
        while (seen < sizeof numbers) {
                assert_int_equal(udp_wait(server, mono_add_ms(clock_mono(), LIMIT_MS)), 1);
                const int count = udp_receive(server, &got);
                assert_true(count > 0 && count <= UDP_BATCH);
                for (int i = 0; i < count; i++)
                        assert_int_equal(got[i].bytes[0], seen++);
        }
        assert_int_equal(udp_receive(server, &got), 0);
        udp_close(server);
        udp_close(client);
}

static void test_a_long_datagram_is_cut_and_says_so(void **state)
{
        struct udp *server = open_any(LOCALHOST), *client = open_any(0);
        static uint8_t longest[UDP_MAX_BYTES + 1];

        (void)state;
        udp_send(client, 0, 0, LOCALHOST, udp_port(server), longest, sizeof longest);
        udp_flush(client);
        const struct udp_datagram *got = receive_one(server);
        assert_true(got->truncated);
        assert_int_equal(got->len_bytes, UDP_MAX_BYTES);
        udp_close(server);
        udp_close(client);
}

static void test_what_cannot_be_sent_is_counted_and_does_not_stop_the_rest(void **state)
{
        struct udp *server = open_any(LOCALHOST), *client = open_any(0);

        (void)state;
        udp_send(client, 0, LOCALHOST, LOCALHOST, udp_port(server), "a", 1);
        udp_send(client, 0, UINT32_C(0xC0000201), LOCALHOST, udp_port(server), "b", 1); /* not our address */
        udp_send(client, 0, LOCALHOST, LOCALHOST, udp_port(server), "c", 1);
        udp_flush(client);
        assert_int_equal(udp_counters(client).send_failed, 1);
        assert_int_equal(udp_counters(client).sent, 2);
        udp_close(server);
        udp_close(client);
}

static void test_a_port_has_one_owner(void **state)
{
        struct udp *first = open_any(0), *second = NULL;
        const struct udp_options options = {.port = udp_port(first)};
        char owner[64] = "", pid[24];

        (void)state;
        assert_int_equal(udp_open(&second, &options), NBT_ERR_BUSY);
        assert_null(second);
        assert_int_equal(udp_port_owner(udp_port(first), owner, sizeof owner), 0);
        snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
        assert_non_null(strstr(owner, pid));
        udp_close(first);
}

static void test_only_udp_sockets_are_adopted(void **state)
{
        struct udp *udp = NULL;
        int pipes[2];

        (void)state;
        assert_int_equal(pipe(pipes), 0);
        assert_int_equal(udp_adopt(&udp, pipes[0]), NBT_ERR_UNSUPPORTED);
        close(pipes[0]);
        close(pipes[1]);
}

/* ---- loop --------------------------------------------------------------------------------------------------------- */

struct scene {
        struct loop *loop;
        struct loop_timer *timer;
        mono_t deadline, woke;
        unsigned reads;
        int pipe_fd;
};

static void on_timer(void *context)
{
        struct scene *scene = context;

        scene->woke = clock_mono();
        loop_stop(scene->loop);
}

static void on_readable(void *context, unsigned events)
{
        struct scene *scene = context;
        char c;

        assert_true(events & LOOP_READABLE);
        assert_int_equal(read(scene->pipe_fd, &c, 1), 1);
        scene->reads++;
}

static void test_loop_wakes_for_descriptors_and_never_early(void **state)
{
        struct scene scene = {0};
        struct loop_fd *handle = NULL;
        int pipes[2];

        (void)state;
        assert_int_equal(pipe(pipes), 0);
        scene.pipe_fd = pipes[0];
        assert_int_equal(loop_new(&scene.loop), 0);
        assert_int_equal(loop_fd_open(scene.loop, pipes[0], LOOP_READABLE, on_readable, &scene, &handle), 0);
        assert_int_equal(loop_timer_new(scene.loop, on_timer, &scene, &scene.timer), 0);
        assert_int_equal(write(pipes[1], "x", 1), 1);
        const mono_t now = clock_mono();
        scene.deadline = mono_add_ms(now, 20);
        loop_timer_set(scene.timer, now, scene.deadline);
        loop_run(scene.loop);
        assert_int_equal(scene.reads, 1);
        assert_true(mono_is_due(scene.deadline, scene.woke));
        loop_fd_close(handle);
        loop_timer_free(scene.timer);
        assert_null(loop_free(scene.loop));
        close(pipes[0]);
        close(pipes[1]);
}

static void test_random_generators_differ(void **state)
{
        struct rng a, b;

        (void)state;
        assert_int_equal(random_rng(&a), 0);
        assert_int_equal(random_rng(&b), 0);
        assert_true(rng_u64(&a) != rng_u64(&b));
}

static void test_clocks_go_forward(void **state)
{
        const mono_t first = clock_mono(), second = clock_mono();

        (void)state;
        assert_true(second.ns >= first.ns);
        assert_true(clock_wall().us > INT64_C(1500000000) * 1000000);
        assert_true(clock_slept_ns() >= 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_source_and_destination),
                cmocka_unit_test(test_a_socket_beside_gets_what_is_its_own),
                cmocka_unit_test(test_more_than_a_batch),
                cmocka_unit_test(test_a_long_datagram_is_cut_and_says_so),
                cmocka_unit_test(test_what_cannot_be_sent_is_counted_and_does_not_stop_the_rest),
                cmocka_unit_test(test_a_port_has_one_owner),
                cmocka_unit_test(test_only_udp_sockets_are_adopted),
                cmocka_unit_test(test_loop_wakes_for_descriptors_and_never_early),
                cmocka_unit_test(test_random_generators_differ),
                cmocka_unit_test(test_clocks_go_forward),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
