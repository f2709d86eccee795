#include "cli/name_json.h"

#include "base/ip4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL_DIGITS 9 /* as many as a time in seconds or a share of loss is worth; 17 would print 2.6019999999999999 */

void json_print(FILE *out, json_t *document, size_t flags)
{
        if (document)
                json_dumpf(document, out, flags | JSON_REAL_PRECISION(REAL_DIGITS));
        else
                fputs("null", out);
        fputc('\n', out);
        json_decref(document);
}

json_t *json_from_name(const struct nb_name *name)
{
        char stem[NB_NAME_TEXT_BYTES], suffix[3], bytes[2 * NB_NAME_BYTES + 1];

        nb_name_format_stem(name, stem);
        snprintf(suffix, sizeof(suffix), "%02X", nb_name_suffix(name));
        for (size_t i = 0; i < NB_NAME_BYTES; i++)
                snprintf(bytes + 2 * i, 3, "%02x", name->bytes[i]);
        return json_pack("{s:s, s:s, s:s}", "name", stem, "suffix", suffix, "bytes", bytes);
}

json_t *json_from_ip4(uint32_t address)
{
        char text[IP4_TEXT_BYTES];

        if (!address)
                return json_null();
        ip4_format(address, text);
        return json_string(text);
}

json_t *json_from_word(const char *word)
{
        char text[48];
        size_t i = 0;

        for (; word[i] && i + 1 < sizeof(text); i++) {
                const char c = word[i];
                text[i] = c == ' ' || c == '-' ? '_' : c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
        }
        text[i] = '\0';
        return json_string(text);
}

json_t *json_from_text(const char *text)
{
        json_t *json = json_string(text);

        if (json)
                return json;
        char *ascii = strdup(text);
        for (char *at = ascii; at && *at; at++)
                if ((unsigned char)*at > 0x7E)
                        *at = '?';
        json = ascii ? json_string(ascii) : NULL;
        free(ascii);
        return json;
}
