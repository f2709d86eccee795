#include "base/ip4.h"

#include "base/result.h"

#include <stdio.h>

void ip4_format(uint32_t address, char ret_text[IP4_TEXT_BYTES])
{
        snprintf(ret_text, IP4_TEXT_BYTES, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                 address & 255);
}

int ip4_parse(const char *text, uint32_t *ret_address)
{
        uint32_t address = 0;

        for (int part = 0; part < 4; part++) {
                unsigned value = 0;
                int digits = 0;

                for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++)
                        value = value * 10 + (unsigned)(*text - '0');
                if (digits == 0 || digits > 3 || value > 255 || *text != (part < 3 ? '.' : '\0'))
                        return NBT_ERR_MALFORMED;
                address = address << 8 | value;
                text++;
        }
        *ret_address = address;
        return 0;
}

void mac_format(const uint8_t mac[6], char ret_text[MAC_TEXT_BYTES])
{
        snprintf(ret_text, MAC_TEXT_BYTES, "%02X-%02X-%02X-%02X-%02X-%02X", mac[0], mac[1], mac[2], mac[3], mac[4],
                 mac[5]);
}

bool mac_is_zero(const uint8_t mac[6])
{
        return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}
