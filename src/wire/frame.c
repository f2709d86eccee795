/* Ethernet: IEEE 802.3, 802.1Q; cooked captures: tcpdump.org's LINKTYPE_LINUX_SLL and _SLL2; IPv4: RFC 791; UDP: RFC 768. */
#include "wire/frame.h"

#include "base/result.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88A8
#define ETHERTYPE_QINQ_OLD 0x9100
#define TAGS_MAX 8
#define BSD_AF_INET 2
#define IPV4_HEADER_BYTES 20
#define IPV4_FRAGMENT_MASK 0x3FFF /* "more fragments" and the offset */
#define PROTOCOL_UDP 17
#define UDP_HEADER_BYTES 8
#define ARPHRD_ETHER 1

static bool is_tag(uint16_t type)
{
        return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD;
}

/* Moves over tags to the ethertype behind them. */
static uint16_t read_ethertype(struct rd *rd, struct frame *frame)
{
        uint16_t type = rd_be16(rd);

        for (unsigned i = 0; i < TAGS_MAX && is_tag(type); i++) {
                frame->vlan = rd_be16(rd) & 0x0FFF;
                type = rd_be16(rd);
        }
        return type;
}

static uint16_t read_ethernet(struct rd *rd, struct frame *frame)
{
        rd_copy(rd, frame->destination_mac, 6);
        rd_copy(rd, frame->source_mac, 6);
        frame->has_destination_mac = frame->has_source_mac = true;
        return read_ethertype(rd, frame);
}

/* The sender's address of a cooked header: 8 bytes of room, of which LEN are used. */
static void read_cooked_mac(struct rd *rd, struct frame *frame, uint16_t hardware, size_t len)
{
        rd_copy(rd, frame->source_mac, 6);
        rd_skip(rd, 2);
        frame->has_source_mac = hardware == ARPHRD_ETHER && len == 6;
}

static uint16_t read_sll(struct rd *rd, struct frame *frame)
{
        rd_skip(rd, 2);
        const uint16_t hardware = rd_be16(rd);
        const uint16_t len = rd_be16(rd);

        read_cooked_mac(rd, frame, hardware, len);
        return read_ethertype(rd, frame);
}

static uint16_t read_sll2(struct rd *rd, struct frame *frame)
{
        uint16_t type = rd_be16(rd);

        rd_skip(rd, 6); /* reserved, interface */
        const uint16_t hardware = rd_be16(rd);
        rd_skip(rd, 1); /* packet type */
        const uint8_t len = rd_u8(rd);

        read_cooked_mac(rd, frame, hardware, len);
        for (unsigned i = 0; i < TAGS_MAX && is_tag(type); i++) {
                frame->vlan = rd_be16(rd) & 0x0FFF;
                type = rd_be16(rd);
        }
        return type;
}

/* The address family of BSD's loopback: in the byte order of the capturing machine, or the network's. */
static uint16_t read_loopback(struct rd *rd)
{
        const uint32_t family = rd_be32(rd);

        return family == BSD_AF_INET || family == (uint32_t)BSD_AF_INET << 24 ? ETHERTYPE_IPV4 : 0;
}

/* Moves RD to the network header. True if LINK is known; RET_TYPE is then the ethertype. */
static bool read_link(uint32_t link, struct rd *rd, struct frame *frame, uint16_t *ret_type)
{
        switch (link) {
        case FRAME_LINK_ETHERNET:
                *ret_type = read_ethernet(rd, frame);
                return true;
        case FRAME_LINK_SLL:
                *ret_type = read_sll(rd, frame);
                return true;
        case FRAME_LINK_SLL2:
                *ret_type = read_sll2(rd, frame);
                return true;
        case FRAME_LINK_NULL:
        case FRAME_LINK_LOOP:
                *ret_type = read_loopback(rd);
                return true;
        case FRAME_LINK_RAW_OLD:
        case FRAME_LINK_RAW_BSD:
        case FRAME_LINK_RAW:
        case FRAME_LINK_IPV4:
                *ret_type = ETHERTYPE_IPV4;
                return true;
        default:
                return false;
        }
}

/* RD stands behind the IPv4 header; LEFT is what the datagram has left there, captured or not. */
static enum frame_verdict read_udp(struct rd *rd, size_t left, struct frame *frame)
{
        frame->source_port = rd_be16(rd);
        frame->destination_port = rd_be16(rd);
        const size_t udp_len = rd_be16(rd);
        rd_skip(rd, 2); /* checksum */

        if (!rd_ok(rd))
                return FRAME_TRUNCATED;
        if (udp_len < UDP_HEADER_BYTES || udp_len > left)
                return FRAME_MALFORMED;
        const size_t payload = udp_len - UDP_HEADER_BYTES;
        frame->cut = rd_left(rd) < payload;
        frame->payload_len_bytes = frame->cut ? rd_left(rd) : payload;
        frame->payload = rd_bytes(rd, frame->payload_len_bytes);
        return FRAME_UDP;
}

static enum frame_verdict read_ipv4(struct rd *rd, struct frame *frame)
{
        const uint8_t first = rd_u8(rd);
        const size_t header_len = (size_t)(first & 15) * 4;

        if (rd_ok(rd) && first >> 4 != 4)
                return FRAME_OTHER;
        rd_skip(rd, 1);
        const size_t total_len = rd_be16(rd);
        rd_skip(rd, 2);
        const uint16_t fragment = rd_be16(rd);
        frame->ttl = rd_u8(rd);
        const uint8_t protocol = rd_u8(rd);
        rd_skip(rd, 2);
        frame->source = rd_be32(rd);
        frame->destination = rd_be32(rd);
        if (!rd_ok(rd))
                return FRAME_TRUNCATED;
        if (protocol != PROTOCOL_UDP)
                return FRAME_OTHER;
        if (header_len < IPV4_HEADER_BYTES || total_len < header_len)
                return FRAME_MALFORMED;
        if (fragment & IPV4_FRAGMENT_MASK)
                return FRAME_FRAGMENT;
        rd_skip(rd, header_len - IPV4_HEADER_BYTES);
        return read_udp(rd, total_len - header_len, frame);
}

enum frame_verdict frame_decode(uint32_t link, const void *bytes, size_t len_bytes, struct frame *ret)
{
        struct rd rd = rd_init(bytes, len_bytes);
        struct frame frame = {0};
        uint16_t type = 0;

        if (!read_link(link, &rd, &frame, &type))
                return FRAME_UNSUPPORTED;
        if (!rd_ok(&rd))
                return FRAME_TRUNCATED;
        if (type != ETHERTYPE_IPV4)
                return FRAME_OTHER;
        const enum frame_verdict verdict = read_ipv4(&rd, &frame);
        if (verdict == FRAME_UDP || verdict == FRAME_MALFORMED)
                *ret = frame;
        return verdict;
}

const char *frame_verdict_str(enum frame_verdict verdict)
{
        static const char *const texts[] = {
                [FRAME_UDP] = "datagram",        [FRAME_OTHER] = "other traffic",
                [FRAME_FRAGMENT] = "fragment",   [FRAME_TRUNCATED] = "truncated",
                [FRAME_MALFORMED] = "malformed", [FRAME_UNSUPPORTED] = "unknown link type",
        };

        return (size_t)verdict < NBT_ARRAY_SIZE(texts) ? texts[verdict] : "unknown";
}
