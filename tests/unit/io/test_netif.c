/* The kernel's interface list: messages as rtnetlink sends them, whole, cut and foreign; and the machine's own loopback. */
#include "io/netif.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct messages {
        _Alignas(4) uint8_t bytes[2048];
        size_t len;
        size_t start; /* of the message that is being built */
};

static void *put(struct messages *m, size_t len)
{
        void *at = m->bytes + m->len;

        m->len += (len + 3) & ~(size_t)3;
        return at;
}

static void *message_begin(struct messages *m, uint16_t type, size_t header_len)
{
        m->start = m->len;
        struct nlmsghdr *nlh = put(m, sizeof *nlh);
        nlh->nlmsg_type = type;
        return put(m, header_len);
}

static void message_end(struct messages *m)
{
        ((struct nlmsghdr *)(void *)(m->bytes + m->start))->nlmsg_len = (uint32_t)(m->len - m->start);
}

static void attribute(struct messages *m, uint16_t type, const void *value, size_t len)
{
        struct nlattr *at = put(m, sizeof *at);

        at->nla_type = type;
        at->nla_len = (uint16_t)(sizeof *at + len);
        memcpy(put(m, len), value, len);
}

static void attribute_address(struct messages *m, uint16_t type, const char *dotted)
{
        const uint32_t address = inet_addr(dotted);

        attribute(m, type, &address, sizeof address);
}

static void add_link(struct messages *m, int index, const char *name, unsigned flags, uint8_t state)
{
        static const uint8_t mac[6] = {2, 0, 0, 0xAB, 0, 9};
        const uint32_t mtu = 1500;
        struct ifinfomsg *info = message_begin(m, RTM_NEWLINK, sizeof *info);

        info->ifi_index = index;
        info->ifi_flags = flags;
        info->ifi_type = ARPHRD_ETHER;
        attribute(m, IFLA_IFNAME, name, strlen(name) + 1);
        attribute(m, IFLA_ADDRESS, mac, sizeof mac);
        attribute(m, IFLA_MTU, &mtu, sizeof mtu);
        attribute(m, IFLA_OPERSTATE, &state, sizeof state);
        message_end(m);
}

static void add_address(struct messages *m, unsigned index, const char *address, const char *broadcast, uint8_t prefix)
{
        struct ifaddrmsg *info = message_begin(m, RTM_NEWADDR, sizeof *info);

        *info = (struct ifaddrmsg){
                .ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = index, .ifa_flags = IFA_F_PERMANENT};
        attribute_address(m, IFA_LOCAL, address);
        if (broadcast)
                attribute_address(m, IFA_BROADCAST, broadcast);
        attribute(m, IFA_LABEL, "eth0", 5);
        message_end(m);
}

static void build(struct messages *m)
{
        const uint32_t oif = 2;

        add_link(m, 1, "lo", IFF_UP | IFF_LOWER_UP | IFF_LOOPBACK, IF_OPER_UNKNOWN);
        add_link(m, 2, "eth0", IFF_UP | IFF_LOWER_UP | IFF_BROADCAST, IF_OPER_DOWN);
        add_link(m, 3, "eth1", IFF_UP | IFF_BROADCAST, IF_OPER_DOWN);
        add_link(m, 4, "eth2", IFF_UP | IFF_LOWER_UP | IFF_BROADCAST, IF_OPER_DORMANT);
        add_address(m, 2, "10.77.0.2", "10.77.0.255", 24);
        add_address(m, 2, "10.77.1.2", NULL, 16);
        add_address(m, 3, "192.0.2.1", NULL, 31);
        add_address(m, 99, "192.0.2.9", NULL, 24); /* no such device */
        struct rtmsg *route = message_begin(m, RTM_NEWROUTE, sizeof *route);
        *route = (struct rtmsg){.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN};
        attribute(m, RTA_OIF, &oif, sizeof oif);
        attribute_address(m, RTA_GATEWAY, "10.77.0.1");
        message_end(m);
}

static void test_rows(void **state)
{
        struct messages m = {0};
        struct arena arena = ARENA_INIT;
        struct netif_table table;

        (void)state;
        build(&m);
        assert_int_equal(netif_table_init(&table, &arena), 0);
        assert_int_equal(netif_table_feed(&table, m.bytes, m.len), 0);
        assert_int_equal(table.count, 4);
        assert_false(netif_find_name(table.rows, 4, "eth2")->up);
        const struct netif *lo = netif_find_name(table.rows, 3, "lo"), *eth0 = netif_find_name(table.rows, 3, "eth0"),
                           *eth1 = netif_find_name(table.rows, 3, "eth1");
        assert_true(lo && lo->loopback && lo->up);
        assert_true(eth0 && eth0->up && eth0->has_mac && eth0->broadcast && eth0->mtu == 1500);
        assert_int_equal(eth0->gateway, 0x0A4D0001);
        assert_int_equal(eth0->address_count, 2);
        assert_int_equal(eth0->addresses[0].address, 0x0A4D0002);
        assert_int_equal(eth0->addresses[0].netmask, 0xFFFFFF00);
        assert_int_equal(eth0->addresses[0].broadcast, 0x0A4D00FF);
        assert_string_equal(eth0->addresses[0].label, "eth0");
        assert_false(eth0->addresses[0].dynamic);
        assert_int_equal(eth0->addresses[1].broadcast, 0x0A4DFFFF); /* computed */
        assert_false(eth1->up);                                     /* no carrier */
        assert_int_equal(eth1->addresses[0].broadcast, eth1->addresses[0].address);
        assert_ptr_equal(netif_find_address(table.rows, 3, 0x0A4D0102), eth0);
        assert_null(netif_find_address(table.rows, 3, 0xC0000209));
        arena_done(&arena);
}

static void test_cut_at_every_length(void **state)
{
        struct messages m = {0};

        (void)state;
        build(&m);
        for (size_t len = 0; len < m.len; len++) {
                struct arena arena = ARENA_INIT;
                struct netif_table table;

                assert_int_equal(netif_table_init(&table, &arena), 0);
                assert_true(netif_table_feed(&table, m.bytes, len) <= 0);
                assert_true(table.count <= 4);
                arena_done(&arena);
        }
}

static void test_a_prefix_over_32_is_refused(void **state)
{
        struct messages m = {0};
        struct arena arena = ARENA_INIT;
        struct netif_table table;

        (void)state;
        add_link(&m, 2, "eth0", IFF_UP, IF_OPER_UP);
        add_address(&m, 2, "10.77.0.2", NULL, 33);
        assert_int_equal(netif_table_init(&table, &arena), 0);
        assert_int_equal(netif_table_feed(&table, m.bytes, m.len), NBT_ERR_MALFORMED);
        arena_done(&arena);
}

static void test_the_kernel_has_loopback(void **state)
{
        struct arena arena = ARENA_INIT;
        const struct netif *rows = NULL;
        const int count = netif_list(&arena, &rows);
        const struct netif *lo = count > 0 ? netif_find_name(rows, (size_t)count, "lo") : NULL;

        (void)state;
        assert_true(count > 0);
        assert_non_null(lo);
        assert_true(lo->loopback);
        assert_false(lo->has_mac);
        arena_done(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_cut_at_every_length),
                cmocka_unit_test(test_a_prefix_over_32_is_refused),
                cmocka_unit_test(test_the_kernel_has_loopback),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
