#include "dhcp/internal.h"

#include "base/hash.h"
#include "base/ip4.h"

#include <string.h>
#include <strings.h>

void lease_damaged(struct lease_item *ret, const char *why)
{
        ret->kind = LEASE_ITEM_DAMAGE;
        ret->why = why;
}

bool span_is(struct span span, const char *text)
{
        return strlen(text) == span.len_bytes && memcmp(span.at, text, span.len_bytes) == 0;
}

bool span_begins(struct span span, const char *text)
{
        const size_t len = strlen(text);

        return span.len_bytes >= len && memcmp(span.at, text, len) == 0;
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span span)
{
        while (span.len_bytes && is_blank(span.at[0])) {
                span.at++;
                span.len_bytes--;
        }
        while (span.len_bytes && is_blank(span.at[span.len_bytes - 1]))
                span.len_bytes--;
        return span;
}

struct span span_word(struct span *rest)
{
        size_t len = 0;

        while (rest->len_bytes && is_blank(rest->at[0])) {
                rest->at++;
                rest->len_bytes--;
        }
        while (len < rest->len_bytes && !is_blank(rest->at[len]))
                len++;
        const struct span word = {rest->at, len};

        rest->at += len;
        rest->len_bytes -= len;
        return word;
}

bool span_address(struct span span, uint32_t *ret)
{
        char text[IP4_TEXT_BYTES] = "";

        if (span.len_bytes >= sizeof text)
                return false;
        memcpy(text, span.at, span.len_bytes);
        return strlen(text) == span.len_bytes && ip4_parse(text, ret) == 0;
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* dhcpd leaves leading zeros out ("2:0:a:…") in old versions: one digit is a part too. */
bool span_mac(struct span span, uint8_t ret[6])
{
        uint8_t mac[6];
        size_t pos = 0;

        for (int i = 0; i < 6; i++) {
                int value = 0, digits = 0;

                for (; pos < span.len_bytes && digits < 2 && hex_digit(span.at[pos]) >= 0; digits++)
                        value = value * 16 + hex_digit(span.at[pos++]);
                if (digits == 0)
                        return false;
                mac[i] = (uint8_t)value;
                if (i < 5 && (pos >= span.len_bytes || (span.at[pos] != ':' && span.at[pos] != '-')))
                        return false;
                pos += i < 5;
        }
        if (pos != span.len_bytes)
                return false;
        memcpy(ret, mac, sizeof mac);
        return true;
}

bool span_number(struct span span, int64_t *ret)
{
        int64_t value = 0;

        if (span.len_bytes == 0 || span.len_bytes > 18)
                return false;
        for (size_t i = 0; i < span.len_bytes; i++) {
                if (span.at[i] < '0' || span.at[i] > '9')
                        return false;
                value = value * 10 + (span.at[i] - '0');
        }
        *ret = value;
        return true;
}

bool lease_set_name(struct lease *lease, struct span name)
{
        if (name.len_bytes >= sizeof lease->name)
                return false;
        memcpy(lease->name, name.at, name.len_bytes);
        lease->name[name.len_bytes] = '\0';
        return true;
}

void lease_set_mac(struct lease *lease, const uint8_t mac[6])
{
        memcpy(lease->mac, mac, sizeof lease->mac);
        lease->has_mac = true;
        lease->client = hash_bytes(mac, sizeof lease->mac, 1) | 1;
}

void lease_set_id(struct lease *lease, struct span id)
{
        if (!lease->has_mac && id.len_bytes)
                lease->client = hash_bytes(id.at, id.len_bytes, 2) | 1;
}

bool span_has_control(struct span span)
{
        for (size_t i = 0; i < span.len_bytes; i++) {
                const unsigned char c = (unsigned char)span.at[i];

                if ((c < 0x20 && !is_blank((char)c)) || c == 0x7F)
                        return true;
        }
        return false;
}
