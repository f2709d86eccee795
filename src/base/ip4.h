#pragma once
/*
 * IPv4 addresses are uint32_t in host order everywhere inside the suite (22.101.26.231 is 0x16651AE7);
 * the wire's cursors turn them. NetBT has no IPv6. MACs are six bytes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP4_TEXT_BYTES 16
#define MAC_TEXT_BYTES 18
#define IP4_BROADCAST UINT32_C(0xFFFFFFFF)

/* Dotted decimal. */
void ip4_format(uint32_t address, char ret_text[IP4_TEXT_BYTES]);

/* Exactly four decimal parts of 0 to 255, no leading '+', nothing after; NBT_ERR_MALFORMED otherwise. */
int ip4_parse(const char *text, uint32_t *ret_address) __attribute__((warn_unused_result));

/* "02-AB-…": upper case with dashes, as Windows' tools print it. */
void mac_format(const uint8_t mac[6], char ret_text[MAC_TEXT_BYTES]);

/* All zeros: what Samba answers for "none". */
bool mac_is_zero(const uint8_t mac[6]);

/* True if A and B are in one subnet of NETMASK. */
static inline bool ip4_same_subnet(uint32_t a, uint32_t b, uint32_t netmask)
{
        return (a & netmask) == (b & netmask);
}
