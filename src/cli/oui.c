#include "cli/oui.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 1024
#define VENDOR_BYTES 96

const char *oui_line_match(const char *line, const char *prefix, char *ret, size_t size_bytes)
{
        const char *at = strchr(line, ',');
        const size_t prefix_len = strlen(prefix);

        if (!at || strncmp(at + 1, prefix, prefix_len) != 0 || at[1 + prefix_len] != ',')
                return NULL;
        at += prefix_len + 2;
        const bool quoted = *at == '"';
        size_t len;

        at += quoted;
        len = strcspn(at, quoted ? "\"" : ",\r\n");
        if (len == 0 || len >= size_bytes)
                len = len == 0 ? 0 : size_bytes - 1;
        if (len == 0)
                return NULL;
        memcpy(ret, at, len);
        ret[len] = '\0';
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)ret[i] < 0x20 || ret[i] == 0x7F)
                        ret[i] = '.';
        return ret;
}

static const char *find_in_file(struct arena *arena, const char *directory, const char *name, const char *prefix)
{
        char path[256];
        char line[LINE_BYTES];
        char vendor[VENDOR_BYTES];
        const char *found = NULL;
        size_t read_bytes = 0;

        (void)snprintf(path, sizeof path, "%s/%s", directory, name);
        FILE *file = fopen(path, "re");

        if (!file)
                return NULL;
        while (!found && read_bytes < OUI_MAX_BYTES && fgets(line, sizeof line, file)) {
                read_bytes += strlen(line);
                found = oui_line_match(line, prefix, vendor, sizeof vendor);
        }
        (void)fclose(file);
        return found ? arena_strdup(arena, found) : NULL;
}

const char *oui_vendor(struct arena *arena, const char *directory, const uint8_t mac[6])
{
        static const struct {
                const char *file;
                size_t digits;
        } files[] = {{"oui36.csv", 9}, {"mam.csv", 7}, {"oui.csv", 6}};
        char hex[13];

        if (mac[0] & 0x02)
                return NULL;
        (void)snprintf(hex, sizeof hex, "%02X%02X%02X%02X%02X%02X", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(files); i++) {
                char prefix[13];

                (void)snprintf(prefix, sizeof prefix, "%.*s", (int)files[i].digits, hex);
                const char *vendor = find_in_file(arena, directory, files[i].file, prefix);

                if (vendor)
                        return vendor;
        }
        return NULL;
}
