#include "cli/scan_vendor.h"

#include "base/arena.h"
#include "cli/oui.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 1024
#define VENDOR_BYTES 96
#define MAX_ROWS 200000u

struct row {
        uint64_t prefix; /* its bits on top of 48, and how many of them are told below: 24, 28 or 36 */
        const char *name;
};

struct scan_vendors {
        const char *directory;
        bool read;
        struct arena arena;
        struct row *rows;
        size_t count, room;
};

int scan_vendors_new(struct scan_vendors **ret, const char *directory)
{
        struct scan_vendors *vendors = calloc(1, sizeof(*vendors));

        if (!vendors)
                return NBT_ERR_NOMEM;
        vendors->directory = directory;
        *ret = vendors;
        return 0;
}

struct scan_vendors *scan_vendors_free(struct scan_vendors *vendors)
{
        if (vendors) {
                arena_done(&vendors->arena);
                free(vendors->rows);
                free(vendors);
        }
        return NULL;
}

static uint64_t key_of(uint64_t mac, unsigned bits)
{
        return (mac & ~((UINT64_C(1) << (48 - bits)) - 1)) << 8 | bits;
}

/* "MA-L,002272,American Micro-Fuel Device Corp.,address" */
static void add_line(struct scan_vendors *vendors, const char *line)
{
        const char *comma = strchr(line, ',');
        char digits[13] = {0}, name[VENDOR_BYTES];
        char *end;
        const size_t len = comma ? strspn(comma + 1, "0123456789ABCDEF") : 0;

        if (len != 6 && len != 7 && len != 9)
                return;
        memcpy(digits, comma + 1, len);
        const uint64_t prefix = strtoull(digits, &end, 16) << (48 - 4 * len);
        if (vendors->count == vendors->room) {
                const size_t room = vendors->room ? 2 * vendors->room : 4096;
                struct row *rows = room > MAX_ROWS ? NULL : realloc(vendors->rows, room * sizeof(*rows));

                if (!rows)
                        return;
                vendors->rows = rows;
                vendors->room = room;
        }
        if (!oui_line_match(line, digits, name, sizeof(name)))
                return;
        const char *kept = arena_strdup(&vendors->arena, name);
        if (kept)
                vendors->rows[vendors->count++] = (struct row){key_of(prefix, (unsigned)(4 * len)), kept};
}

static void read_file(struct scan_vendors *vendors, const char *name)
{
        char path[256], line[LINE_BYTES];
        size_t read_bytes = 0;

        snprintf(path, sizeof(path), "%s/%s", vendors->directory, name);
        FILE *file = fopen(path, "re");
        if (!file)
                return;
        while (read_bytes < OUI_MAX_BYTES && fgets(line, sizeof(line), file)) {
                read_bytes += strlen(line);
                add_line(vendors, line);
        }
        fclose(file);
}

static int compare(const void *a, const void *b)
{
        const struct row *x = a, *y = b;

        return x->prefix < y->prefix ? -1 : x->prefix > y->prefix;
}

static const char *find(const struct scan_vendors *vendors, uint64_t prefix)
{
        const struct row wanted = {.prefix = prefix};
        const struct row *row =
                vendors->count ? bsearch(&wanted, vendors->rows, vendors->count, sizeof(wanted), compare) : NULL;

        return row ? row->name : NULL;
}

const char *scan_vendors_find(struct scan_vendors *vendors, const uint8_t mac[6])
{
        static const unsigned widths[] = {36, 28, 24};
        uint64_t number = 0;
        const char *name = NULL;

        if (mac[0] & 0x03)
                return NULL;
        if (!vendors->read) {
                vendors->read = true;
                read_file(vendors, "oui.csv");
                read_file(vendors, "mam.csv");
                read_file(vendors, "oui36.csv");
                if (vendors->count)
                        qsort(vendors->rows, vendors->count, sizeof(*vendors->rows), compare);
        }
        for (size_t i = 0; i < 6; i++)
                number = number << 8 | mac[i];
        for (size_t i = 0; i < NBT_ARRAY_SIZE(widths) && !name; i++)
                name = find(vendors, key_of(number, widths[i]));
        return name;
}
