#include "unit.h"

#include "wire/frame.h"

#include <string.h>

/* 45 00, length, id, fragment, TTL, UDP, checksum, addresses; ports 137, length, checksum, "abc" */
#define IPV4 0x45, 0, 0, 31, 0, 1, 0, 0, 64, 17, 0, 0, 10, 77, 0, 2, 10, 77, 0, 255
#define UDP 0, 137, 0, 137, 0, 11, 0, 0, 'a', 'b', 'c'
#define MACS 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 2

static const struct {
        const char *what;
        uint32_t link;
        bool mac;
        uint16_t vlan;
        uint8_t bytes[64];
        size_t len_bytes;
} samples[] = {
        {"ethernet", 1, true, 0, {MACS, 8, 0, IPV4, UDP}, 45},
        {"padded to 60 bytes", 1, true, 0, {MACS, 8, 0, IPV4, UDP}, 60},
        {"vlan", 1, true, 10, {MACS, 0x81, 0, 0xE0, 10, 8, 0, IPV4, UDP}, 49},
        {"two tags", 1, true, 2, {MACS, 0x88, 0xA8, 0, 1, 0x81, 0, 0, 2, 8, 0, IPV4, UDP}, 53},
        {"sll", 113, true, 0, {0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 2, 0, 0, 8, 0, IPV4, UDP}, 47},
        {"sll without address", 113, false, 0, {0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, IPV4, UDP}, 47},
        {"sll2", 276, true, 0, {8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1, 6, 2, 0, 0, 0, 0, 2, 0, 0, IPV4, UDP}, 51},
        {"raw", 101, false, 0, {IPV4, UDP}, 31},
        {"bsd loopback, little-endian", 0, false, 0, {2, 0, 0, 0, IPV4, UDP}, 35},
        {"bsd loopback, network order", 108, false, 0, {0, 0, 0, 2, IPV4, UDP}, 35},
};

static void every_link_type(void **state)
{
        static const uint8_t mac[6] = {2, 0, 0, 0, 0, 2};

        (void)state;
        for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
                struct frame f;

                print_message("%s\n", samples[i].what);
                assert_int_equal(frame_decode(samples[i].link, samples[i].bytes, samples[i].len_bytes, &f), FRAME_UDP);
                assert_int_equal(f.source, 0x0A4D0002);
                assert_int_equal(f.destination, 0x0A4D00FF);
                assert_int_equal(f.ttl, 64);
                assert_int_equal(f.source_port, 137);
                assert_int_equal(f.destination_port, 137);
                assert_int_equal(f.vlan, samples[i].vlan);
                assert_int_equal(f.has_source_mac, samples[i].mac);
                if (samples[i].mac)
                        assert_memory_equal(f.source_mac, mac, 6);
                assert_false(f.cut);
                assert_int_equal(f.payload_len_bytes, 3);
                assert_memory_equal(f.payload, "abc", 3);
        }
}

/* At every length: truncated within the headers, cut within the payload; never more than was captured. */
static void truncation(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
                for (size_t len = 0; len < samples[i].len_bytes; len++) {
                        struct frame f = {.payload_len_bytes = 77};
                        const enum frame_verdict verdict = frame_decode(samples[i].link, samples[i].bytes, len, &f);

                        if (verdict == FRAME_UDP) {
                                assert_int_equal(f.cut, f.payload_len_bytes < 3);
                                assert_true(f.payload + f.payload_len_bytes <= samples[i].bytes + len);
                        } else {
                                assert_int_equal(f.payload_len_bytes, 77);
                                assert_int_equal(verdict, FRAME_TRUNCATED);
                        }
                }
}

static struct frame last;

static enum frame_verdict with_byte(size_t at, uint8_t value)
{
        uint8_t bytes[31] = {IPV4, UDP};

        bytes[at] = value;
        return frame_decode(FRAME_LINK_RAW, bytes, sizeof(bytes), &last);
}

static void what_is_refused(void **state)
{
        static const uint8_t arp[42] = {MACS, 8, 6};
        struct frame f;

        (void)state;
        assert_int_equal(with_byte(6, 0x20), FRAME_FRAGMENT); /* more fragments */
        assert_int_equal(with_byte(7, 1), FRAME_FRAGMENT);    /* a later one */
        assert_int_equal(with_byte(6, 0x40), FRAME_UDP);      /* don't fragment */
        assert_int_equal(with_byte(9, 6), FRAME_OTHER);       /* TCP */
        assert_int_equal(with_byte(0, 0x60), FRAME_OTHER);    /* IPv6 */
        assert_int_equal(with_byte(0, 0x44), FRAME_MALFORMED);
        assert_int_equal(with_byte(3, 19), FRAME_MALFORMED);  /* shorter than its header */
        assert_int_equal(with_byte(25, 7), FRAME_MALFORMED);  /* UDP shorter than its header */
        assert_int_equal(with_byte(25, 12), FRAME_MALFORMED); /* UDP longer than the datagram */
        assert_int_equal(last.source_port, 137);              /* but it tells whose it was */
        assert_null(last.payload);
        assert_int_equal(with_byte(0, 0x44), FRAME_MALFORMED);
        assert_int_equal(last.source_port, 0);
        assert_int_equal(frame_decode(FRAME_LINK_ETHERNET, arp, sizeof(arp), &f), FRAME_OTHER);
        assert_int_equal(frame_decode(105, arp, sizeof(arp), &f), FRAME_UNSUPPORTED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(every_link_type), cmocka_unit_test(truncation),
                                           cmocka_unit_test(what_is_refused)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
