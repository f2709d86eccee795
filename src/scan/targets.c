#include "scan/targets.h"

#include <stdlib.h>
#include <string.h>

/* ---- text --------------------------------------------------------------------------------------------------------- */

static bool is_gap(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == '\0';
}

/* Moves over blanks, commas and comments. */
static void skip_gap(const char **text, size_t *len_bytes)
{
        bool comment = false;

        while (*len_bytes && (comment || is_gap(**text) || **text == '#')) {
                comment = (comment || **text == '#') && **text != '\n';
                (*text)++;
                (*len_bytes)--;
        }
}

/* One to four dotted parts of 0 to 255; returns how many, or an error. */
static int parse_parts(const char *text, uint8_t ret_parts[4])
{
        int count = 0;

        for (;;) {
                unsigned value = 0, digits = 0;

                for (; *text >= '0' && *text <= '9'; text++, digits++)
                        if (digits < 4)
                                value = value * 10 + (unsigned)(*text - '0');
                if (digits == 0 || digits > 3 || value > 255 || count == 4)
                        return NBT_ERR_MALFORMED;
                ret_parts[count++] = (uint8_t)value;
                if (*text == '\0')
                        return count;
                if (*text++ != '.')
                        return NBT_ERR_MALFORMED;
        }
}

static uint32_t join_parts(const uint8_t parts[4])
{
        return (uint32_t)parts[0] << 24 | (uint32_t)parts[1] << 16 | (uint32_t)parts[2] << 8 | parts[3];
}

/* The second half of a range; what it leaves out in front is FIRST's. */
static int parse_last(const char *text, uint32_t first, uint32_t *ret)
{
        uint8_t parts[4];
        const int count = parse_parts(text, parts);
        uint32_t value = 0;

        if (count < 0)
                return count;
        for (int i = 0; i < count; i++)
                value = value << 8 | parts[i];
        *ret = count == 4 ? value : (first & (UINT32_MAX << (8 * count))) | value;
        return *ret < first ? NBT_ERR_RANGE : 0;
}

static int parse_network(const char *text, uint32_t address, struct scan_range *ret)
{
        unsigned bits = 0;
        size_t digits = 0;

        for (; text[digits] >= '0' && text[digits] <= '9' && digits < 3; digits++)
                bits = bits * 10 + (unsigned)(text[digits] - '0');
        if (digits == 0 || text[digits])
                return NBT_ERR_MALFORMED;
        if (bits > 32)
                return NBT_ERR_RANGE;
        const uint32_t mask = bits ? UINT32_MAX << (32 - bits) : 0;
        const bool has_ends = bits <= 30;
        ret->first = (address & mask) + has_ends;
        ret->last = (address | ~mask) - has_ends;
        return 0;
}

/* TEXT is made of digits, dots, '-' and '/'. */
static int parse_range(char *text, struct scan_range *ret)
{
        char *sign = text + strcspn(text, "-/");
        const char kind = *sign;
        uint8_t parts[4];

        *sign = '\0';
        const int count = parse_parts(text, parts);
        *sign = kind;
        if (count != 4)
                return NBT_ERR_MALFORMED;
        ret->offset = 0;
        ret->first = ret->last = join_parts(parts);
        if (kind == '-')
                return parse_last(sign + 1, ret->first, &ret->last);
        return kind ? parse_network(sign + 1, ret->first, ret) : 0;
}

int scan_token_next(const char **text, size_t *len_bytes, struct scan_token *ret_token)
{
        size_t len = 0;

        skip_gap(text, len_bytes);
        if (!*len_bytes)
                return 0;
        *ret_token = (struct scan_token){0};
        for (; *len_bytes && !is_gap(**text) && **text != '#'; (*text)++, (*len_bytes)--, len++)
                if (len < sizeof(ret_token->text) - 1)
                        ret_token->text[len] = **text;
        if (len >= sizeof(ret_token->text))
                return NBT_ERR_RANGE;
        ret_token->is_name = ret_token->text[strspn(ret_token->text, "0123456789.-/")] != '\0';
        if (ret_token->is_name)
                return 1;
        const int r = parse_range(ret_token->text, &ret_token->range);
        return r < 0 ? r : 1;
}

/* ---- the set ------------------------------------------------------------------------------------------------------ */

int scan_ranges_add(struct scan_ranges *ranges, uint32_t first, uint32_t last)
{
        if (ranges->count == ranges->room) {
                const size_t room = ranges->room ? 2 * ranges->room : 16;
                struct scan_range *rows = realloc(ranges->rows, room * sizeof(*rows));

                if (!rows)
                        return NBT_ERR_NOMEM;
                ranges->rows = rows;
                ranges->room = room;
        }
        ranges->rows[ranges->count++] = (struct scan_range){.first = first, .last = last};
        return 0;
}

static int compare_ranges(const void *a, const void *b)
{
        const struct scan_range *x = a, *y = b;

        return x->first < y->first ? -1 : x->first > y->first;
}

void scan_ranges_settle(struct scan_ranges *ranges)
{
        size_t count = 0;
        uint32_t offset = 0;

        if (ranges->count)
                qsort(ranges->rows, ranges->count, sizeof(*ranges->rows), compare_ranges);
        for (size_t i = 0; i < ranges->count; i++) {
                const struct scan_range next = ranges->rows[i];
                struct scan_range *before = count ? &ranges->rows[count - 1] : NULL;

                /* the first test is for a range that ends at 255.255.255.255 */
                if (before && (before->last == UINT32_MAX || next.first <= before->last + 1)) {
                        if (next.last > before->last)
                                before->last = next.last;
                } else {
                        ranges->rows[count++] = next;
                }
        }
        ranges->count = count;
        for (size_t i = 0; i < count; i++) {
                ranges->rows[i].offset = offset;
                offset += ranges->rows[i].last - ranges->rows[i].first + 1;
        }
}

/* What is left of RANGE when the rows of OTHER from *AT on are taken out; *AT moves over those that end before it does. */
static int add_remains(struct scan_ranges *out, struct scan_range range, const struct scan_ranges *other, size_t *at)
{
        uint32_t from = range.first;

        while (*at < other->count && other->rows[*at].last < from)
                (*at)++;
        for (size_t i = *at; i < other->count && other->rows[i].first <= range.last; i++) {
                if (other->rows[i].first > from) {
                        const int r = scan_ranges_add(out, from, other->rows[i].first - 1);
                        if (r < 0)
                                return r;
                }
                if (other->rows[i].last >= range.last)
                        return 0;
                from = other->rows[i].last + 1;
        }
        return scan_ranges_add(out, from, range.last);
}

int scan_ranges_exclude(struct scan_ranges *ranges, const struct scan_ranges *other)
{
        struct scan_ranges left = {0};
        size_t at = 0;

        for (size_t i = 0; i < ranges->count; i++) {
                const int r = add_remains(&left, ranges->rows[i], other, &at);
                if (r < 0) {
                        scan_ranges_done(&left);
                        return r;
                }
        }
        scan_ranges_done(ranges);
        *ranges = left;
        scan_ranges_settle(ranges);
        return 0;
}

uint64_t scan_ranges_total(const struct scan_ranges *ranges)
{
        uint64_t total = 0;

        for (size_t i = 0; i < ranges->count; i++)
                total += (uint64_t)ranges->rows[i].last - ranges->rows[i].first + 1;
        return total;
}

int scan_ranges_index(const struct scan_ranges *ranges, uint32_t address)
{
        size_t low = 0, high = ranges->count;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;

                if (ranges->rows[middle].last < address)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == ranges->count || address < ranges->rows[low].first)
                return NBT_ERR_NOT_FOUND;
        return (int)(ranges->rows[low].offset + (address - ranges->rows[low].first));
}

uint32_t scan_ranges_address(const struct scan_ranges *ranges, uint32_t index)
{
        size_t low = 0, high = ranges->count;

        while (high - low > 1) {
                const size_t middle = low + (high - low) / 2;

                if (ranges->rows[middle].offset <= index)
                        low = middle;
                else
                        high = middle;
        }
        return ranges->rows[low].first + (index - ranges->rows[low].offset);
}

void scan_ranges_done(struct scan_ranges *ranges)
{
        free(ranges->rows);
        *ranges = (struct scan_ranges){0};
}
