#pragma once
/*
 * From a captured link-layer frame to the UDP datagram in it.
 *
 * Knows Ethernet with any number of 802.1Q/802.1ad tags, Linux' cooked captures (SLL, SLL2), BSD's loopback and raw IPv4.
 * Decoding borrows: the payload points into the frame. It allocates nothing and keeps nothing. Fragments are refused, not
 * put together: no name service message is longer than a frame, and who splits one hides something. Checksums are not
 * verified, because a capture on the sending machine sees them before the hardware fills them in.
 */
#include "base/rd.h"

/* Link types of https://www.tcpdump.org/linktypes.html */
enum frame_link {
        FRAME_LINK_NULL = 0,
        FRAME_LINK_ETHERNET = 1,
        FRAME_LINK_RAW_OLD = 12, /* DLT_RAW of some systems, in files written by old programs */
        FRAME_LINK_RAW_BSD = 14,
        FRAME_LINK_RAW = 101,
        FRAME_LINK_LOOP = 108,
        FRAME_LINK_SLL = 113,
        FRAME_LINK_IPV4 = 228,
        FRAME_LINK_SLL2 = 276,
};

enum frame_verdict {
        FRAME_UDP,         /* a datagram */
        FRAME_OTHER,       /* something else that is no concern of ours: ARP, IPv6, TCP */
        FRAME_FRAGMENT,    /* UDP, but only a piece of a datagram */
        FRAME_TRUNCATED,   /* the capture cut it within its headers */
        FRAME_MALFORMED,   /* lengths contradict each other */
        FRAME_UNSUPPORTED, /* a link type that we cannot read */
        FRAME_VERDICT_MAX,
};

struct frame {
        bool has_source_mac, has_destination_mac;
        uint8_t source_mac[6], destination_mac[6];
        uint16_t vlan; /* the innermost tag's id; 0: none */
        uint8_t ttl;
        uint32_t source, destination;
        uint16_t source_port, destination_port;
        bool cut; /* the capture holds less of the payload than was sent */
        const uint8_t *payload;
        size_t payload_len_bytes;
};

/* Decodes LEN captured bytes of LINK (enum frame_link). RET is written for a datagram, and for a malformed one: its ports are then 0 if they
 * were not reached, and there is no payload. */
enum frame_verdict frame_decode(uint32_t link, const void *bytes, size_t len_bytes, struct frame *ret);

/* "fragment"; never NULL. */
const char *frame_verdict_str(enum frame_verdict verdict);
