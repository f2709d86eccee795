#pragma once
/*
 * DHCP messages (RFC 2131, 2132), as far as asking for options needs them: BOOTP header, and options looked up by their number.
 *
 * Decoding borrows: a message points into the bytes it came from. An option that is split (RFC 3396), or stands in the fields for
 * server and file name (option 52), is put together by dhcp_option(), in that order.
 */
#include "base/rd.h"
#include "base/result.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_MAX_MESSAGE_BYTES 1500
#define DHCP_MAX_OPTION_BYTES 1024 /* of one option, put together */

enum dhcp_type {
        DHCP_DISCOVER = 1,
        DHCP_OFFER,
        DHCP_REQUEST,
        DHCP_DECLINE,
        DHCP_ACK,
        DHCP_NAK,
        DHCP_RELEASE,
        DHCP_INFORM
};

enum dhcp_option_code {
        DHCP_OPTION_HOST_NAME = 12,
        DHCP_OPTION_VENDOR = 43,
        DHCP_OPTION_NETBIOS_NS = 44,
        DHCP_OPTION_NETBIOS_DD = 45,
        DHCP_OPTION_NETBIOS_TYPE = 46,
        DHCP_OPTION_NETBIOS_SCOPE = 47,
        DHCP_OPTION_OVERLOAD = 52,
        DHCP_OPTION_TYPE = 53,
        DHCP_OPTION_SERVER = 54,
        DHCP_OPTION_WANTED = 55,
        DHCP_OPTION_VENDOR_CLASS = 60,
        DHCP_OPTION_CLIENT_ID = 61,
};

struct dhcp_message {
        bool reply; /* op 2 */
        uint32_t id;
        uint32_t client; /* ciaddr */
        uint8_t mac[6];
        enum dhcp_type type;
        uint32_t server;      /* option 54; 0 if absent */
        struct rd options[3]; /* the field itself, then "file", then "sname" where option 52 says so; else empty */
};

/* NBT_ERR_TRUNCATED; NBT_ERR_MALFORMED (no cookie, an option that reaches over its field's end, no Ethernet); NBT_ERR_UNSUPPORTED (BOOTP: no
 * message type). */
int dhcp_message_decode(const void *bytes, size_t len_bytes, struct dhcp_message *ret) NBT_MUST_CHECK;

/* The option's bytes, all its parts. The count, cut at SIZE; NBT_ERR_NOT_FOUND. */
int dhcp_option(const struct dhcp_message *message, uint8_t code, uint8_t *ret, size_t size_bytes) NBT_MUST_CHECK;

/*
 * What Windows sends to ask for options without asking for an address: DHCPINFORM, broadcast, with "MSFT 5.0" as vendor class, so
 * that servers give their Microsoft options (43). HOST_NAME may be NULL. The length, at least 300 bytes (BOOTP's minimum); NBT_ERR_FULL.
 */
int dhcp_inform_encode(uint32_t id, uint32_t address, const uint8_t mac[6], const char *host_name, uint8_t *ret,
                       size_t size_bytes) NBT_MUST_CHECK;
