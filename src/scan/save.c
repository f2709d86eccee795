#include "scan/save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "netbt-scan"
#define VERSION "1"
#define MAX_OWN_ADDRESSES UINT8_MAX

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static void format_ranges(struct strbuf *sb, const struct scan_ranges *ranges)
{
        char text[IP4_TEXT_BYTES];

        for (size_t i = 0; i < ranges->count; i++) {
                ip4_format(ranges->rows[i].first, text);
                strbuf_printf(sb, "%s%s", i ? "," : "", text);
                if (ranges->rows[i].last != ranges->rows[i].first) {
                        ip4_format(ranges->rows[i].last, text);
                        strbuf_printf(sb, "-%s", text);
                }
        }
}

void scan_save_format_head(struct strbuf *sb, wall_t time, const struct scan_ranges *ranges, bool partial)
{
        char text[WALL_TEXT_BYTES];

        wall_format(time, text);
        strbuf_printf(sb, "%s\t%s\t%s\t", MAGIC, VERSION, text);
        format_ranges(sb, ranges);
        strbuf_printf(sb, "\t%s\n", partial ? "partial" : "complete");
}

static void format_own(struct strbuf *sb, const struct scan_host *host)
{
        char text[IP4_TEXT_BYTES];

        if (host->address_count == 0)
                strbuf_add(sb, host->addresses_answered ? "-" : "?");
        for (size_t i = 0; i < host->address_count; i++) {
                ip4_format(host->addresses[i], text);
                strbuf_printf(sb, "%s%s", i ? "," : "", text);
        }
}

void scan_save_format_host(struct strbuf *sb, const struct scan_host *host)
{
        char text[MAC_TEXT_BYTES];

        ip4_format(host->address, text);
        strbuf_printf(sb, "%s\t", text);
        mac_format(host->mac, text);
        strbuf_printf(sb, "%s%s\t", host->mac_source == SCAN_MAC_NEIGHBOUR ? "~" : "",
                      host->mac_source == SCAN_MAC_NONE ? "-" : text);
        format_own(sb, host);
        for (size_t i = 0; i < host->name_count; i++) {
                strbuf_add_char(sb, '\t');
                for (size_t j = 0; j < NB_NAME_BYTES; j++)
                        strbuf_printf(sb, "%02x", host->names[i].name.bytes[j]);
                strbuf_printf(sb, ":%04x", host->names[i].name_flags);
        }
        strbuf_add_char(sb, '\n');
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

/* A piece of the text. */
struct piece {
        const char *text;
        size_t len;
};

/* Cuts what stands before the next SIGN off REST, and the sign with it; false when REST was used up. */
static bool cut(struct piece *rest, char sign, struct piece *ret)
{
        if (!rest->text)
                return false;
        const char *at = rest->len ? memchr(rest->text, sign, rest->len) : NULL;

        ret->text = rest->text;
        ret->len = at ? (size_t)(at - rest->text) : rest->len;
        if (at) {
                rest->text += ret->len + 1;
                rest->len -= ret->len + 1;
        } else {
                rest->text = NULL;
                rest->len = 0;
        }
        return true;
}

static bool is_text(const struct piece *piece, const char *text)
{
        return piece->len == strlen(text) && memcmp(piece->text, text, piece->len) == 0;
}

/* RET bytes of hex digits at TEXT, which has twice as many characters. */
static bool read_hex(const char *text, uint8_t *ret, size_t count)
{
        for (size_t i = 0; i < 2 * count; i++) {
                const char c = text[i];
                const int digit = c >= '0' && c <= '9'   ? c - '0'
                                  : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                         : -1;
                if (digit < 0)
                        return false;
                ret[i / 2] = (uint8_t)(i % 2 ? ret[i / 2] | digit : digit << 4);
        }
        return true;
}

static bool read_address(const struct piece *piece, uint32_t *ret)
{
        char text[IP4_TEXT_BYTES] = {0};

        if (piece->len >= sizeof(text))
                return false;
        memcpy(text, piece->text, piece->len);
        return ip4_parse(text, ret) == 0;
}

static bool read_mac(struct piece piece, struct scan_host *host)
{
        char hex[12];

        if (is_text(&piece, "-"))
                return true;
        host->mac_source = SCAN_MAC_ANSWER;
        if (piece.len && piece.text[0] == '~') {
                host->mac_source = SCAN_MAC_NEIGHBOUR;
                piece.text++;
                piece.len--;
        }
        if (piece.len != MAC_TEXT_BYTES - 1)
                return false;
        for (size_t i = 0; i < 6; i++)
                memcpy(hex + 2 * i, piece.text + 3 * i, 2);
        return read_hex(hex, host->mac, 6);
}

/* 1, 0 if it is not what it should be, or NBT_ERR_NOMEM. */
static int read_own(struct piece list, struct scan_host *host, struct arena *arena)
{
        uint32_t addresses[MAX_OWN_ADDRESSES];
        struct piece piece;

        host->addresses_answered = !is_text(&list, "?");
        if (is_text(&list, "-") || is_text(&list, "?"))
                return 1;
        while (cut(&list, ',', &piece)) {
                if (host->address_count == MAX_OWN_ADDRESSES || !read_address(&piece, &addresses[host->address_count]))
                        return 0;
                host->address_count++;
        }
        host->addresses = arena_copy(arena, addresses, host->address_count * sizeof(*addresses));
        return host->addresses ? 1 : NBT_ERR_NOMEM;
}

static int read_names(struct piece rest, struct scan_host *host, struct arena *arena)
{
        struct nbstat_entry names[NBSTAT_MAX_NAMES];
        struct piece piece;

        while (cut(&rest, '\t', &piece)) {
                struct nbstat_entry *entry = &names[host->name_count];
                uint8_t flags[2];

                if (host->name_count == NBSTAT_MAX_NAMES || piece.len != 2 * NB_NAME_BYTES + 5 ||
                    piece.text[2 * NB_NAME_BYTES] != ':' || !read_hex(piece.text, entry->name.bytes, NB_NAME_BYTES) ||
                    !read_hex(piece.text + 2 * NB_NAME_BYTES + 1, flags, 2))
                        return 0;
                entry->name_flags = (uint16_t)(flags[0] << 8 | flags[1]);
                host->name_count++;
        }
        host->names = arena_copy(arena, names, host->name_count * sizeof(*names));
        return host->names ? 1 : NBT_ERR_NOMEM;
}

static int read_host(struct piece line, struct arena *arena, const struct scan_host **ret)
{
        struct scan_host host = {0};
        struct piece address, mac, own;

        if (!cut(&line, '\t', &address) || !cut(&line, '\t', &mac) || !cut(&line, '\t', &own) ||
            !read_address(&address, &host.address) || !read_mac(mac, &host))
                return 0;
        int r = read_own(own, &host, arena);
        if (r == 1)
                r = read_names(line, &host, arena);
        if (r != 1)
                return r;
        *ret = arena_copy(arena, &host, sizeof(host));
        return *ret ? 1 : NBT_ERR_NOMEM;
}

static int read_ranges(struct piece list, struct scan_ranges *ret)
{
        struct scan_token token;
        int r;

        while ((r = scan_token_next(&list.text, &list.len, &token)) > 0) {
                if (token.is_name)
                        return NBT_ERR_MALFORMED;
                r = scan_ranges_add(ret, token.range.first, token.range.last);
                if (r < 0)
                        return r;
        }
        scan_ranges_settle(ret);
        return r < 0 || scan_ranges_total(ret) > SCAN_MAX_ADDRESSES ? NBT_ERR_MALFORMED : 0;
}

static int read_head(struct piece line, struct scan_save *ret)
{
        struct piece magic, version, time, ranges, state;
        char text[WALL_TEXT_BYTES] = {0};

        if (!cut(&line, '\t', &magic) || !is_text(&magic, MAGIC) || !cut(&line, '\t', &version))
                return NBT_ERR_MALFORMED;
        if (!is_text(&version, VERSION))
                return NBT_ERR_UNSUPPORTED;
        if (!cut(&line, '\t', &time) || !cut(&line, '\t', &ranges) || !cut(&line, '\t', &state) ||
            time.len >= sizeof(text))
                return NBT_ERR_MALFORMED;
        memcpy(text, time.text, time.len);
        if (wall_parse(text, &ret->time) < 0)
                return NBT_ERR_MALFORMED;
        ret->partial = !is_text(&state, "complete");
        return read_ranges(ranges, &ret->ranges);
}

static int compare_hosts(const void *a, const void *b)
{
        const struct scan_host *const *x = a, *const *y = b;

        return (*x)->address < (*y)->address ? -1 : (*x)->address > (*y)->address;
}

/* By address; of several lines for one address the first of the sorted counts, the others are bad. */
static void settle_hosts(struct scan_save *save)
{
        size_t kept = 0;

        if (save->host_count)
                qsort(save->hosts, save->host_count, sizeof(*save->hosts), compare_hosts);
        for (size_t i = 0; i < save->host_count; i++)
                if (kept && save->hosts[kept - 1]->address == save->hosts[i]->address)
                        save->bad_lines++;
                else
                        save->hosts[kept++] = save->hosts[i];
        save->host_count = kept;
}

static size_t count_lines(struct piece text)
{
        struct piece line;
        size_t count = 0;

        while (cut(&text, '\n', &line))
                count++;
        return count;
}

int scan_save_parse(const char *text, size_t len_bytes, struct arena *arena, struct scan_save *ret)
{
        struct piece rest = {text, len_bytes}, line = {0};
        struct scan_save save = {0};
        int r = cut(&rest, '\n', &line) ? read_head(line, &save) : NBT_ERR_MALFORMED;

        if (r == 0) {
                save.hosts = arena_alloc(arena, count_lines(rest) * sizeof(*save.hosts));
                r = save.hosts ? 0 : NBT_ERR_NOMEM;
        }
        while (r >= 0 && cut(&rest, '\n', &line)) {
                if (line.len == 0)
                        continue;
                r = read_host(line, arena, &save.hosts[save.host_count]);
                save.host_count += r == 1;
                save.bad_lines += r == 0;
        }
        if (r < 0) {
                scan_ranges_done(&save.ranges);
                return r;
        }
        settle_hosts(&save);
        *ret = save;
        return 0;
}

void scan_save_done(struct scan_save *save)
{
        scan_ranges_done(&save->ranges);
}

/* ---- differences -------------------------------------------------------------------------------------------------- */

const char *scan_change_str(enum scan_change change)
{
        static const char *const words[] = {"new", "gone", "changed"};

        return words[change];
}

static bool is_changed(const struct scan_host *before, const struct scan_host *after)
{
        for (size_t i = 0; i < before->name_count; i++)
                if (!scan_host_has_entry(after, &before->names[i]))
                        return true;
        for (size_t i = 0; i < after->name_count; i++)
                if (!scan_host_has_entry(before, &after->names[i]))
                        return true;
        return before->mac_source != SCAN_MAC_NONE && after->mac_source != SCAN_MAC_NONE &&
               memcmp(before->mac, after->mac, sizeof(before->mac)) != 0;
}

/* Puts what BEFORE and AFTER (one of them may be NULL) differ in behind RET[*COUNT]. */
static void compare(const struct scan_host *before, const struct scan_host *after,
                    const struct scan_ranges *before_ranges, const struct scan_ranges *after_ranges,
                    struct scan_difference *ret, size_t *count)
{
        enum scan_change change = SCAN_CHANGE_CHANGED;

        if (before && after && !is_changed(before, after))
                return;
        if (!before) {
                change = SCAN_CHANGE_NEW;
                if (scan_ranges_index(before_ranges, after->address) < 0)
                        return;
        } else if (!after) {
                change = SCAN_CHANGE_GONE;
                if (scan_ranges_index(after_ranges, before->address) < 0)
                        return;
        }
        ret[(*count)++] = (struct scan_difference){change, before, after};
}

int scan_diff(const struct scan_host *const *before, size_t before_count, const struct scan_ranges *before_ranges,
              const struct scan_host *const *after, size_t after_count, const struct scan_ranges *after_ranges,
              struct arena *arena, const struct scan_difference **ret)
{
        struct scan_difference *found = arena_alloc(arena, (before_count + after_count) * sizeof(*found));
        size_t i = 0, j = 0, count = 0;

        if (!found)
                return NBT_ERR_NOMEM;
        while (i < before_count || j < after_count) {
                const struct scan_host *old = i < before_count ? before[i] : NULL;
                const struct scan_host *new = j < after_count ? after[j] : NULL;

                if (old && new && old->address != new->address) {
                        if (old->address < new->address)
                                new = NULL;
                        else
                                old = NULL;
                }
                compare(old, new, before_ranges, after_ranges, found, &count);
                i += old != NULL;
                j += new != NULL;
        }
        *ret = found;
        return (int)count;
}
