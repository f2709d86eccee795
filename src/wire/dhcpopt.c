#include "wire/dhcpopt.h"

#include "base/wr.h"

#define COOKIE UINT32_C(0x63825363)
#define OP_REQUEST 1
#define OP_REPLY 2
#define HTYPE_ETHERNET 1
#define SNAME_BYTES 64
#define FILE_BYTES 128
#define PAD 0
#define END 255
#define MIN_BYTES 300 /* relays and servers of BOOTP's time drop shorter ones (RFC 1542 2.1) */

/* The next option of a field; false at its end. A field that breaks off is failed. */
static bool next_option(struct rd *field, uint8_t *ret_code, struct rd *ret_value)
{
        uint8_t code = PAD;

        while (rd_left(field) && code == PAD)
                code = rd_u8(field);
        if (code == PAD || code == END)
                return false;
        *ret_code = code;
        *ret_value = rd_sub(field, rd_u8(field));
        return rd_ok(field) && rd_ok(ret_value);
}

static bool field_is_whole(struct rd field)
{
        struct rd value;
        uint8_t code;

        while (next_option(&field, &code, &value))
                ;
        return rd_ok(&field);
}

static bool first_byte(const struct dhcp_message *message, uint8_t code, uint8_t *ret)
{
        return dhcp_option(message, code, ret, 1) > 0;
}

static void take_overload(struct dhcp_message *m, const struct rd *sname, const struct rd *file)
{
        uint8_t overload = 0;

        if (!first_byte(m, DHCP_OPTION_OVERLOAD, &overload))
                return;
        if (overload & 1)
                m->options[1] = *file;
        if (overload & 2)
                m->options[2] = *sname;
}

int dhcp_message_decode(const void *bytes, size_t len_bytes, struct dhcp_message *ret)
{
        struct rd rd = rd_init(bytes, len_bytes);
        struct dhcp_message m = {0};
        const uint8_t op = rd_u8(&rd), htype = rd_u8(&rd), hlen = rd_u8(&rd);
        uint8_t type = 0, server[4];

        rd_skip(&rd, 1);
        m.reply = op == OP_REPLY;
        m.id = rd_be32(&rd);
        rd_skip(&rd, 4);
        m.client = rd_be32(&rd);
        rd_skip(&rd, 12);
        rd_copy(&rd, m.mac, sizeof m.mac);
        rd_skip(&rd, 10);
        const struct rd sname = rd_sub(&rd, SNAME_BYTES), file = rd_sub(&rd, FILE_BYTES);
        const uint32_t cookie = rd_be32(&rd);

        if (!rd_ok(&rd))
                return NBT_ERR_TRUNCATED;
        if (cookie != COOKIE || (op != OP_REQUEST && op != OP_REPLY) || htype != HTYPE_ETHERNET || hlen != sizeof m.mac)
                return NBT_ERR_MALFORMED;
        m.options[0] = rd_sub(&rd, rd_left(&rd));
        take_overload(&m, &sname, &file);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(m.options); i++)
                if (!field_is_whole(m.options[i]))
                        return NBT_ERR_MALFORMED;
        if (!first_byte(&m, DHCP_OPTION_TYPE, &type) || type < DHCP_DISCOVER || type > DHCP_INFORM)
                return NBT_ERR_UNSUPPORTED;
        m.type = (enum dhcp_type)type;
        if (dhcp_option(&m, DHCP_OPTION_SERVER, server, sizeof server) == sizeof server)
                m.server = (uint32_t)server[0] << 24 | (uint32_t)server[1] << 16 | (uint32_t)server[2] << 8 | server[3];
        *ret = m;
        return 0;
}

int dhcp_option(const struct dhcp_message *message, uint8_t code, uint8_t *ret, size_t size_bytes)
{
        struct wr wr = wr_init(ret, size_bytes);
        bool found = false;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(message->options); i++) {
                struct rd field = message->options[i], value;
                uint8_t seen;

                while (next_option(&field, &seen, &value)) {
                        if (seen != code)
                                continue;
                        found = true;
                        const size_t left = size_bytes - wr.pos, len = rd_left(&value) < left ? rd_left(&value) : left;
                        wr_bytes(&wr, rd_bytes(&value, len), len);
                }
        }
        return found ? (int)wr.pos : NBT_ERR_NOT_FOUND;
}

static void add_option(struct wr *wr, uint8_t code, const void *bytes, size_t len_bytes)
{
        wr_u8(wr, code);
        wr_u8(wr, (uint8_t)len_bytes);
        wr_bytes(wr, bytes, len_bytes);
}

static void add_zeros(struct wr *wr, size_t count)
{
        uint8_t *at = wr_reserve(wr, count);

        if (at)
                memset(at, 0, count);
}

int dhcp_inform_encode(uint32_t id, uint32_t address, const uint8_t mac[6], const char *host_name, uint8_t *ret,
                       size_t size_bytes)
{
        static const uint8_t type = DHCP_INFORM,
                             wanted[] = {DHCP_OPTION_VENDOR, DHCP_OPTION_NETBIOS_NS, DHCP_OPTION_NETBIOS_DD,
                                         DHCP_OPTION_NETBIOS_TYPE, DHCP_OPTION_NETBIOS_SCOPE};
        struct wr wr = wr_init(ret, size_bytes);
        uint8_t client[7] = {HTYPE_ETHERNET};

        memcpy(client + 1, mac, 6);
        wr_u8(&wr, OP_REQUEST);
        wr_u8(&wr, HTYPE_ETHERNET);
        wr_u8(&wr, 6);
        wr_u8(&wr, 0);
        wr_be32(&wr, id);
        wr_be32(&wr, 0); /* no seconds; answers by unicast: the address is ours already */
        wr_be32(&wr, address);
        add_zeros(&wr, 12);
        wr_bytes(&wr, mac, 6);
        add_zeros(&wr, 10 + SNAME_BYTES + FILE_BYTES);
        wr_be32(&wr, COOKIE);
        add_option(&wr, DHCP_OPTION_TYPE, &type, 1);
        add_option(&wr, DHCP_OPTION_CLIENT_ID, client, sizeof client);
        if (host_name && *host_name && strlen(host_name) <= 63)
                add_option(&wr, DHCP_OPTION_HOST_NAME, host_name, strlen(host_name));
        add_option(&wr, DHCP_OPTION_VENDOR_CLASS, "MSFT 5.0", 8);
        add_option(&wr, DHCP_OPTION_WANTED, wanted, sizeof wanted);
        wr_u8(&wr, END);
        if (wr_ok(&wr) && wr.pos < MIN_BYTES)
                add_zeros(&wr, MIN_BYTES - wr.pos);
        return wr_ok(&wr) ? (int)wr.pos : NBT_ERR_FULL;
}
