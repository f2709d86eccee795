/* dnsmasq: "EXPIRY MAC ADDRESS NAME CLIENT-ID" a line; leases of DHCPv6 and their "duid" line stand behind. Source: observed (2.90). */
#include "dhcp/internal.h"

#include <string.h>

/* "06-02:00:…": a hardware type other than Ethernet stands before. */
static struct span without_type(struct span mac)
{
        if (mac.len_bytes > 3 && mac.at[2] == '-')
                return (struct span){mac.at + 3, mac.len_bytes - 3};
        return mac;
}

static const char *fault(struct span line, struct lease *lease)
{
        const struct span expiry = span_word(&line), hardware = span_word(&line), address = span_word(&line);
        const struct span name = span_word(&line), id = span_word(&line);
        uint8_t mac[6];

        if (!span_number(expiry, &lease->ends_s))
                return "a line that does not begin with a time";
        if (!span_mac(without_type(hardware), mac))
                return "a line without a hardware address";
        if (!span_address(address, &lease->address))
                return "a line without an address";
        if (name.len_bytes == 0 || id.len_bytes == 0)
                return "a line that is cut off";
        if (span_trim(line).len_bytes)
                return "a line with too many words";
        if (!span_is(name, "*") && !lease_set_name(lease, name))
                return "a host name that is too long";
        if (lease->ends_s == 0)
                lease->ends_s = LEASE_NEVER;
        lease_set_mac(lease, mac);
        return NULL;
}

/* "EXPIRY IAID ADDRESS NAME DUID": five words, the third an IPv6 address, which a cut-off line's client identifier is not taken for. */
static bool is_v6(struct span line)
{
        const struct span expiry = span_word(&line), iaid = span_word(&line), address = span_word(&line);
        size_t colons = 0;
        int64_t number;

        (void)span_word(&line);
        for (size_t i = 0; i < address.len_bytes; i++) {
                if (!memchr("0123456789abcdefABCDEF:.", address.at[i], 24))
                        return false;
                colons += address.at[i] == ':';
        }
        return span_number(expiry, &number) && iaid.len_bytes && !memchr(iaid.at, ':', iaid.len_bytes) && colons >= 2 &&
               span_word(&line).len_bytes > 0;
}

void lease_take_dnsmasq(struct span line, struct lease_item *ret)
{
        if (line.len_bytes == 0 || span_begins(line, "duid ") || is_v6(line))
                return;
        const char *why = fault(line, &ret->lease);

        if (why)
                lease_damaged(ret, why);
        else
                ret->kind = LEASE_ITEM_LEASE;
}
