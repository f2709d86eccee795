/* Which interfaces a node serves, what it is told of their changes, and where datagrams belong. */
#include "daemon/ifaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
        struct arena arena;
        struct settings_effective settings;
        struct daemon_switches switches;
        struct daemon_config config;
        struct iface_table table;
        struct iface_change changes[IFACE_MAX_CHANGES];
        struct netif_address addresses[4][2];
        struct netif netifs[4];
        size_t netif_count;
};

static struct netif_address address_of(uint32_t address)
{
        return (struct netif_address){
                .address = address, .prefix_bits = 24, .netmask = 0xFFFFFF00, .broadcast = address | 0xFF};
}

static void add(struct scene *s, const char *name, bool loopback, uint32_t first, uint32_t second)
{
        const size_t i = s->netif_count++;

        s->addresses[i][0] = address_of(first);
        s->addresses[i][1] = address_of(second);
        s->netifs[i] = (struct netif){.index = (uint32_t)i + 1,
                                      .up = true,
                                      .loopback = loopback,
                                      .address_count = second ? 2 : 1,
                                      .addresses = s->addresses[i]};
        memcpy(s->netifs[i].name, name, strlen(name) + 1);
}

static void configure(struct scene *s, const char *spec)
{
        struct strbuf error = STRBUF_INIT;
        char program[] = "netbtd", option[] = "-i";
        char *copy = spec ? arena_strdup(&s->arena, spec) : NULL;
        char *argv[] = {program, option, copy, NULL};

        assert_int_equal(daemon_switches_parse(&DAEMON_NETBTD, spec ? 3 : 1, argv, &s->switches, &error), 0);
        assert_int_equal(settings_effective_build(NULL, &s->arena, &s->settings), 0);
        assert_int_equal(daemon_config_build(&s->settings, &s->switches, "host", &s->config, &error), 0);
        strbuf_done(&error);
}

static size_t update(struct scene *s)
{
        return iface_table_update(&s->table, &s->config, s->netifs, s->netif_count, s->changes);
}

static int begin(void **state)
{
        struct scene *s = calloc(1, sizeof *s);

        add(s, "lo", true, 0x7F000001, 0);
        add(s, "eth0", false, 0x0A4D0002, 0x0A4D0003);
        add(s, "eth1", false, 0x0A4E0002, 0);
        *state = s;
        return 0;
}

static int end(void **state)
{
        struct scene *s = *state;

        arena_done(&s->arena);
        free(s);
        return 0;
}

static void test_first_address_of_every_device_but_loopback(void **state)
{
        struct scene *s = *state;

        configure(s, NULL);
        assert_int_equal(update(s), 2);
        assert_int_equal(s->changes[0].type, IFACE_SET);
        assert_string_equal(s->changes[0].iface.label, "eth0");
        assert_int_equal(s->changes[0].iface.address, 0x0A4D0002);
        assert_int_equal(s->changes[1].iface.address, 0x0A4E0002);
        assert_true(s->changes[0].iface.id != 0 && s->changes[0].iface.id != s->changes[1].iface.id);
        assert_int_equal(update(s), 0); /* nothing changed */
}

static void test_a_named_address(void **state)
{
        struct scene *s = *state;

        configure(s, "10.77.0.3");
        assert_int_equal(update(s), 1);
        assert_int_equal(s->changes[0].iface.address, 0x0A4D0003);
}

static void test_named_loopback(void **state)
{
        struct scene *s = *state;

        configure(s, "lo");
        assert_int_equal(update(s), 1);
        assert_int_equal(s->changes[0].iface.address, 0x7F000001);
}

static void test_changes(void **state)
{
        struct scene *s = *state;

        configure(s, NULL);
        (void)update(s);
        const uint32_t id = s->table.rows[0].iface.id;
        s->netifs[1].up = false;
        assert_int_equal(update(s), 1);
        assert_int_equal(s->changes[0].type, IFACE_SET);
        assert_int_equal(s->changes[0].iface.id, id); /* the same interface, now down */
        assert_false(s->changes[0].iface.up);
        s->netifs[1].up = true;
        s->addresses[1][0].address = 0x0A4D0007;
        assert_int_equal(update(s), 2);
        assert_int_equal(s->changes[0].type, IFACE_GONE);
        assert_int_equal(s->changes[0].iface.id, id);
        assert_int_equal(s->changes[1].type, IFACE_SET);
        assert_int_equal(s->changes[1].iface.address, 0x0A4D0007);
        assert_int_not_equal(s->changes[1].iface.id, id);
        s->netif_count = 0;
        assert_int_equal(update(s), 2);
        assert_int_equal(s->changes[0].type, IFACE_GONE);
        assert_int_equal(s->table.count, 0);
}

static void test_too_many(void **state)
{
        struct scene *s = *state;
        struct netif *many = calloc(NODE_MAX_IFACES + 5, sizeof *many);
        struct netif_address *addresses = calloc(NODE_MAX_IFACES + 5, sizeof *addresses);

        configure(s, NULL);
        for (size_t i = 0; i < NODE_MAX_IFACES + 5; i++) {
                addresses[i] = address_of(0x0A000001 + (uint32_t)i * 256);
                many[i] = (struct netif){.index = (uint32_t)i + 1,
                                         .name = "many",
                                         .up = true,
                                         .address_count = 1,
                                         .addresses = &addresses[i]};
        }
        assert_int_equal(iface_table_update(&s->table, &s->config, many, NODE_MAX_IFACES + 5, s->changes),
                         NODE_MAX_IFACES + 1);
        assert_int_equal(s->changes[NODE_MAX_IFACES].type, IFACE_NO_ROOM);
        assert_int_equal(s->table.count, NODE_MAX_IFACES);
        free(many);
        free(addresses);
}

static void test_receiver(void **state)
{
        struct scene *s = *state;

        configure(s, NULL);
        (void)update(s);
        const struct iface_row *eth0 = &s->table.rows[0], *eth1 = &s->table.rows[1];
        assert_ptr_equal(iface_table_receiver(&s->table, 2, 0x0A4D0009, 0x0A4D00FF), eth0); /* broadcast */
        assert_ptr_equal(iface_table_receiver(&s->table, 3, 0x0A4E0009, 0xFFFFFFFF), eth1);
        assert_ptr_equal(iface_table_receiver(&s->table, 1, 0x0A4D0002, 0x0A4E0002), eth1); /* by way of lo */
        assert_null(iface_table_receiver(&s->table, 9, 0x0A4D0009, 0x0A4D00FF));
        assert_null(iface_table_receiver(&s->table, 2, 0x0A4D0009, 0x0A4D0003)); /* another address of the device's */
        assert_null(iface_table_receiver(&s->table, 2, 0x0A4D0009, 0x0A4E00FF)); /* of another segment */
}

static void test_device(void **state)
{
        struct scene *s = *state;

        configure(s, NULL);
        (void)update(s);
        const struct iface_row *eth0 = &s->table.rows[0];
        assert_int_equal(iface_table_device(&s->table, eth0, 0x0A4D00FF, true), 2);
        assert_int_equal(iface_table_device(&s->table, eth0, 0x0A4D0009, false), 2);
        assert_int_equal(iface_table_device(&s->table, eth0, 0xC0000201, false), 0); /* off-link: by route */
        assert_int_equal(iface_table_device(&s->table, eth0, 0x0A4D0002, false), 0); /* ourselves */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_first_address_of_every_device_but_loopback, begin, end),
                cmocka_unit_test_setup_teardown(test_a_named_address, begin, end),
                cmocka_unit_test_setup_teardown(test_named_loopback, begin, end),
                cmocka_unit_test_setup_teardown(test_changes, begin, end),
                cmocka_unit_test_setup_teardown(test_too_many, begin, end),
                cmocka_unit_test_setup_teardown(test_receiver, begin, end),
                cmocka_unit_test_setup_teardown(test_device, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
