/* DHCP messages: options wherever they stand, split options, damage, every truncation. */
#include "base/wr.h"
#include "wire/dhcpopt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};

/* A reply with OPTIONS, and with FILE and SNAME in their fields (NULL: zeros). */
static size_t make_reply(uint8_t *ret, const void *options, size_t options_len, const void *file, size_t file_len,
                         const void *sname, size_t sname_len)
{
        memset(ret, 0, DHCP_MAX_MESSAGE_BYTES);
        ret[0] = 2;
        ret[1] = 1;
        ret[2] = 6;
        memcpy(ret + 4, "\x12\x34\x56\x78", 4);
        memcpy(ret + 28, mac, 6);
        if (sname)
                memcpy(ret + 44, sname, sname_len);
        if (file)
                memcpy(ret + 108, file, file_len);
        memcpy(ret + 236, "\x63\x82\x53\x63", 4);
        memcpy(ret + 240, options, options_len);
        return 240 + options_len;
}

static void test_reply(void **state)
{
        static const uint8_t options[] = {53, 1, 5, 0,  0, 54, 4, 10, 0, 0, 1,   44, 8, 10,
                                          0,  0, 2, 10, 0, 0,  3, 46, 1, 8, 255, 44, 1, 7};
        uint8_t bytes[DHCP_MAX_MESSAGE_BYTES], value[16];
        struct dhcp_message m;

        (void)state;
        const size_t len = make_reply(bytes, options, sizeof options, NULL, 0, NULL, 0);
        assert_int_equal(dhcp_message_decode(bytes, len, &m), 0);
        assert_true(m.reply && m.type == DHCP_ACK && m.id == 0x12345678 && m.server == 0x0A000001);
        assert_memory_equal(m.mac, mac, 6);
        assert_int_equal(dhcp_option(&m, 44, value, sizeof value), 8); /* what stands behind the end does not count */
        assert_memory_equal(value, "\x0A\0\0\2\x0A\0\0\3", 8);
        assert_int_equal(dhcp_option(&m, 44, value, 3), 3);
        assert_int_equal(dhcp_option(&m, 46, value, sizeof value), 1);
        assert_int_equal(dhcp_option(&m, 47, value, sizeof value), NBT_ERR_NOT_FOUND);
}

/* RFC 3396: parts of one option are one, in the order options, file, sname (RFC 2131 4.1). */
static void test_split_and_overload(void **state)
{
        static const uint8_t options[] = {53, 1, 5, 52, 1, 3, 47, 2, 'a', 'b', 47, 1, 'c', 255};
        static const uint8_t file[] = {47, 1, 'd', 255}, sname[] = {47, 1, 'e', 255};
        uint8_t bytes[DHCP_MAX_MESSAGE_BYTES], value[16];
        struct dhcp_message m;

        (void)state;
        const size_t len = make_reply(bytes, options, sizeof options, file, sizeof file, sname, sizeof sname);
        assert_int_equal(dhcp_message_decode(bytes, len, &m), 0);
        assert_int_equal(dhcp_option(&m, 47, value, sizeof value), 5);
        assert_memory_equal(value, "abcde", 5);
        bytes[245] = 0; /* not overloaded: those fields are names, whatever they look like */
        assert_int_equal(dhcp_message_decode(bytes, len, &m), 0);
        assert_int_equal(dhcp_option(&m, 47, value, sizeof value), 3);
}

static void test_refused(void **state)
{
        static const uint8_t good[] = {53, 1, 5, 255}, none[] = {255}, over[] = {53, 1, 5, 44, 200, 1},
                             kind[] = {53, 1, 9, 255};
        static const uint8_t over_file[] = {53, 1, 5, 52, 1, 1, 255};
        uint8_t bytes[DHCP_MAX_MESSAGE_BYTES], file[128];
        struct dhcp_message m;

        (void)state;
        size_t len = make_reply(bytes, none, sizeof none, NULL, 0, NULL, 0);
        assert_int_equal(dhcp_message_decode(bytes, len, &m), NBT_ERR_UNSUPPORTED); /* BOOTP */
        len = make_reply(bytes, kind, sizeof kind, NULL, 0, NULL, 0);
        assert_int_equal(dhcp_message_decode(bytes, len, &m), NBT_ERR_UNSUPPORTED);
        len = make_reply(bytes, over, sizeof over, NULL, 0, NULL, 0);
        assert_int_equal(dhcp_message_decode(bytes, len, &m), NBT_ERR_MALFORMED);
        memset(file, 44, sizeof file); /* the last option reaches over the field's end */
        len = make_reply(bytes, over_file, sizeof over_file, file, sizeof file, NULL, 0);
        assert_int_equal(dhcp_message_decode(bytes, len, &m), NBT_ERR_MALFORMED);
        for (size_t at = 0; at < 3; at++) { /* op, hardware type and length */
                len = make_reply(bytes, good, sizeof good, NULL, 0, NULL, 0);
                bytes[at] = 77;
                assert_int_equal(dhcp_message_decode(bytes, len, &m), NBT_ERR_MALFORMED);
        }
        len = make_reply(bytes, good, sizeof good, NULL, 0, NULL, 0);
        bytes[236] = 0;
        assert_int_equal(dhcp_message_decode(bytes, len, &m), NBT_ERR_MALFORMED);
}

static void test_inform(void **state)
{
        uint8_t bytes[DHCP_MAX_MESSAGE_BYTES], value[16];
        struct dhcp_message m;

        (void)state;
        const int len = dhcp_inform_encode(7, 0x0A000009, mac, "wks01", bytes, sizeof bytes);
        assert_int_equal(len, 300);
        assert_int_equal(dhcp_message_decode(bytes, (size_t)len, &m), 0);
        assert_true(!m.reply && m.type == DHCP_INFORM && m.id == 7 && m.client == 0x0A000009);
        assert_int_equal(dhcp_option(&m, DHCP_OPTION_WANTED, value, sizeof value), 5);
        assert_memory_equal(value, "\x2B\x2C\x2D\x2E\x2F", 5);
        assert_int_equal(dhcp_option(&m, DHCP_OPTION_VENDOR_CLASS, value, sizeof value), 8);
        assert_memory_equal(value, "MSFT 5.0", 8);
        assert_int_equal(dhcp_option(&m, DHCP_OPTION_HOST_NAME, value, sizeof value), 5);
        for (size_t size = 0; size < 300; size++)
                assert_int_equal(dhcp_inform_encode(7, 0x0A000009, mac, "wks01", bytes, size), NBT_ERR_FULL);
}

static void test_truncated(void **state)
{
        static const uint8_t options[] = {53, 1, 5, 44, 4, 10, 0, 0, 2, 255};
        uint8_t bytes[DHCP_MAX_MESSAGE_BYTES];
        struct dhcp_message m;

        (void)state;
        const size_t len = make_reply(bytes, options, sizeof options, NULL, 0, NULL, 0);
        for (size_t cut = 0; cut < len; cut++) {
                uint8_t *copy = malloc(cut ? cut : 1);

                memcpy(copy, bytes, cut);
                const int rc = dhcp_message_decode(copy, cut, &m);
                assert_true(cut < 240 ? rc == NBT_ERR_TRUNCATED : rc <= 0);
                if (cut > 243 && cut < 249)
                        assert_int_equal(rc, NBT_ERR_MALFORMED);
                free(copy);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_reply), cmocka_unit_test(test_split_and_overload),
                                           cmocka_unit_test(test_refused), cmocka_unit_test(test_inform),
                                           cmocka_unit_test(test_truncated)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
