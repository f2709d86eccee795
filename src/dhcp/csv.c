/* The two formats with columns: Kea's journal, and what PowerShell exports on Windows. */
#include "dhcp/internal.h"

#include "base/instant.h"
#include "base/rd.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct row {
        size_t count; /* may be more than are kept */
        struct span fields[LEASE_MAX_COLUMNS];
};

static void add_field(struct row *row, struct span field)
{
        if (row->count < LEASE_MAX_COLUMNS)
                row->fields[row->count] = field;
        row->count++;
}

/* Kea writes commas in values as "&#x2c": a comma always separates. */
static void split_plain(struct span line, char separator, struct row *ret)
{
        ret->count = 0;
        for (;;) {
                const char *end = memchr(line.at, separator, line.len_bytes);
                const size_t len = end ? (size_t)(end - line.at) : line.len_bytes;

                add_field(ret, (struct span){line.at, len});
                if (!end)
                        return;
                line.at += len + 1;
                line.len_bytes -= len + 1;
        }
}

/* RFC 4180: fields may stand in quotes. False if a quote is not closed. A doubled quote within stays doubled: no column that is looked at
 * can hold one. */
static bool split_quoted(struct span line, char separator, struct row *ret)
{
        size_t at = 0;

        ret->count = 0;
        do {
                const bool quoted = at < line.len_bytes && line.at[at] == '"';
                const size_t start = at += quoted;

                while (at < line.len_bytes && (quoted ? line.at[at] != '"' : line.at[at] != separator)) {
                        at++;
                        if (quoted && at + 1 < line.len_bytes && line.at[at] == '"' && line.at[at + 1] == '"')
                                at += 2;
                }
                if (quoted && at >= line.len_bytes)
                        return false;
                add_field(ret, (struct span){line.at + start, at - start});
                at += quoted;
                if (at < line.len_bytes && line.at[at] != separator)
                        return false;
        } while (at++ < line.len_bytes);
        return true;
}

static bool same_word(struct span span, const char *word)
{
        return strlen(word) == span.len_bytes && strncasecmp(span.at, word, span.len_bytes) == 0;
}

static void take_header(struct lease_reader *r, const struct row *row, const char *const names[COLUMN_MAX])
{
        r->header_seen = true;
        r->column_count = row->count;
        for (int c = 0; c < COLUMN_MAX; c++) {
                r->columns[c] = -1;
                for (size_t i = 0; names[c] && i < row->count && i < LEASE_MAX_COLUMNS; i++)
                        if (same_word(row->fields[i], names[c]))
                                r->columns[c] = (int)i;
        }
}

/* Empty if the file has no such column, or the row ends before it. */
static struct span field(const struct lease_reader *r, const struct row *row, enum lease_column column)
{
        const int at = r->columns[column];

        return at < 0 || (size_t)at >= row->count ? (struct span){"", 0} : span_trim(row->fields[at]);
}

/* ---- Kea ---------------------------------------------------------------------------------------------------------- */

static const char *const kea_columns[COLUMN_MAX] = {
        [COLUMN_ADDRESS] = "address", [COLUMN_MAC] = "hwaddr",
        [COLUMN_ID] = "client_id",    [COLUMN_LIFETIME] = "valid_lifetime",
        [COLUMN_EXPIRE] = "expire",   [COLUMN_NAME] = "hostname",
        [COLUMN_STATE] = "state",
};

static int hex(char c)
{
        return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* "&#x2c" is a comma. */
static bool set_kea_name(struct lease *lease, struct span name)
{
        char text[LEASE_NAME_BYTES];
        size_t len = 0;

        for (size_t i = 0; i < name.len_bytes; i++) {
                const char *at = name.at + i;
                const bool coded =
                        name.len_bytes - i >= 5 && memcmp(at, "&#x", 3) == 0 && hex(at[3]) >= 0 && hex(at[4]) >= 0;

                if (len == sizeof text)
                        return false;
                text[len++] = coded ? (char)(hex(at[3]) << 4 | hex(at[4])) : *at;
                i += coded ? 4 : 0;
        }
        if (len && text[len - 1] == '.') /* Kea keeps names that are whole with their last dot */
                len--;
        return lease_set_name(lease, (struct span){text, len});
}

/* State: 0 given, 1 declined, 2 expired and reclaimed, 3 released. A lifetime of 0 takes a lease back. */
static bool set_kea_state(struct lease *lease, struct span state, int64_t lifetime_s)
{
        static const enum lease_state states[] = {LEASE_ACTIVE, LEASE_DECLINED, LEASE_FREE, LEASE_FREE};
        int64_t number = 0;

        if ((state.len_bytes && !span_number(state, &number)) || number >= (int64_t)NBT_ARRAY_SIZE(states))
                return false;
        lease->state = lifetime_s == 0 && number == 0 ? LEASE_FREE : states[number];
        return true;
}

static const char *kea_fault(const struct lease_reader *r, const struct row *row, struct lease *lease)
{
        const struct span mac_text = field(r, row, COLUMN_MAC);
        int64_t lifetime_s = 0, expire_s = 0;
        uint8_t mac[6];

        if (row->count != r->column_count || row->count > LEASE_MAX_COLUMNS)
                return row->count < r->column_count ? "a row with too few columns" : "a row with too many columns";
        if (!span_address(field(r, row, COLUMN_ADDRESS), &lease->address))
                return "a row without an address";
        if (!span_number(field(r, row, COLUMN_LIFETIME), &lifetime_s) ||
            !span_number(field(r, row, COLUMN_EXPIRE), &expire_s))
                return "a row whose times are no numbers";
        if (!set_kea_state(lease, field(r, row, COLUMN_STATE), lifetime_s))
                return "a row in no known state";
        if (!set_kea_name(lease, field(r, row, COLUMN_NAME)))
                return "a host name that is too long";
        if (span_mac(mac_text, mac))
                lease_set_mac(lease, mac);
        lease_set_id(lease, mac_text.len_bytes ? mac_text : field(r, row, COLUMN_ID));
        lease->starts_s = expire_s > lifetime_s ? expire_s - lifetime_s : 0;
        lease->ends_s = lifetime_s == UINT32_MAX ? LEASE_NEVER : expire_s;
        return NULL;
}

void lease_take_kea(struct lease_reader *r, struct span line, struct lease_item *ret)
{
        struct row row;

        if (line.len_bytes == 0)
                return;
        if (span_begins(line, "address,")) {
                split_plain(line, ',', &row);
                take_header(r, &row, kea_columns);
                return;
        }
        if (r->column_count == 0) { /* a file without header: as Kea 2.2 writes it */
                const char *header = lease_format_header(LEASE_FORMAT_KEA);
                struct row usual;

                split_plain(span_trim((struct span){header, strlen(header)}), ',', &usual);
                take_header(r, &usual, kea_columns);
        }
        split_plain(line, ',', &row);
        const char *why = kea_fault(r, &row, &ret->lease);

        if (why)
                lease_damaged(ret, why);
        else
                ret->kind = LEASE_ITEM_LEASE;
}

/* ---- Windows ------------------------------------------------------------------------------------------------------ */

static const char *const windows_columns[COLUMN_MAX] = {
        [COLUMN_ADDRESS] = "IPAddress", [COLUMN_MAC] = "ClientId",       [COLUMN_EXPIRE] = "LeaseExpiryTime",
        [COLUMN_NAME] = "HostName",     [COLUMN_STATE] = "AddressState",
};

/* "11/23/2026", "10:15:00": three numbers of at most two digits, one of them of four. */
static bool take_three(struct span span, char between, int64_t ret[3])
{
        for (int i = 0; i < 3; i++) {
                const char *stop = i < 2 ? memchr(span.at, between, span.len_bytes) : span.at + span.len_bytes;
                const struct span part = {span.at, stop ? (size_t)(stop - span.at) : 0};

                if (!part.len_bytes || !span_number(part, &ret[i]) || ret[i] > 9999)
                        return false;
                if (i < 2)
                        span = (struct span){stop + 1, span.len_bytes - part.len_bytes - 1};
        }
        return true;
}

static void put_digits(char *at, size_t count, int64_t value)
{
        for (size_t i = count; i > 0; i--) {
                at[i - 1] = (char)('0' + value % 10);
                value /= 10;
        }
}

/* "11/23/2026 10:15:00 AM" as ISO 8601. By hand, as an export may have a million. */
static bool to_iso(struct span span, char iso[64])
{
        int64_t date[3], clock[3];
        const struct span day = span_word(&span), time = span_word(&span), half = span_word(&span);

        if (!take_three(day, '/', date) || !take_three(time, ':', clock) || date[0] > 12 || date[1] > 31 ||
            clock[0] > 23 || clock[1] > 59 || clock[2] > 59)
                return false;
        if (half.len_bytes)
                clock[0] = clock[0] % 12 + ((half.at[0] | 0x20) == 'p' ? 12 : 0);
        memcpy(iso, "0000-00-00T00:00:00Z", sizeof "0000-00-00T00:00:00Z");
        put_digits(iso, 4, date[2]);
        put_digits(iso + 5, 2, date[0]);
        put_digits(iso + 8, 2, date[1]);
        put_digits(iso + 11, 2, clock[0]);
        put_digits(iso + 14, 2, clock[1]);
        put_digits(iso + 17, 2, clock[2]);
        return true;
}

/* As above, or ISO 8601. ASSUMPTION: month before day, and the server's time taken as UTC: the export tells neither. Times of other
 * forms count as unknown. */
static int64_t windows_time(struct span span)
{
        char text[64] = "";
        wall_t wall = {0};

        if (!to_iso(span, text))
                memcpy(text, span.at, span.len_bytes < sizeof text - 1 ? span.len_bytes : sizeof text - 1);
        return wall_parse(text, &wall) < 0 ? 0 : wall.us / 1000000;
}

static enum lease_state windows_state(struct span state)
{
        if (same_word(state, "Declined"))
                return LEASE_DECLINED;
        if (same_word(state, "InactiveReservation"))
                return LEASE_RESERVED;
        if (same_word(state, "Expired") || same_word(state, "Doomed"))
                return LEASE_FREE;
        return LEASE_ACTIVE;
}

static const char *windows_fault(const struct lease_reader *r, const struct row *row, struct lease *lease)
{
        const struct span id = field(r, row, COLUMN_MAC);
        uint8_t mac[6];

        if (row->count != r->column_count || row->count > LEASE_MAX_COLUMNS)
                return row->count < r->column_count ? "a row with too few columns" : "a row with too many columns";
        if (!span_address(field(r, row, COLUMN_ADDRESS), &lease->address))
                return "a row without an address";
        if (!lease_set_name(lease, field(r, row, COLUMN_NAME)))
                return "a host name that is too long";
        if (span_mac(id, mac))
                lease_set_mac(lease, mac);
        lease_set_id(lease, id);
        lease->state = windows_state(field(r, row, COLUMN_STATE));
        lease->ends_s = windows_time(field(r, row, COLUMN_EXPIRE));
        if (lease->state == LEASE_ACTIVE && same_word(field(r, row, COLUMN_STATE), "ActiveReservation"))
                lease->ends_s = LEASE_NEVER;
        return NULL;
}

static bool is_windows_header(const struct row *row, struct span line)
{
        for (size_t i = 0; i < row->count && i < LEASE_MAX_COLUMNS; i++)
                if (same_word(row->fields[i], "IPAddress"))
                        return line.len_bytes > 0;
        return false;
}

void lease_take_windows(struct lease_reader *r, struct span line, struct lease_item *ret)
{
        struct row row;

        if (!r->header_seen && span_begins(line, "\xEF\xBB\xBF"))
                line = (struct span){line.at + 3, line.len_bytes - 3};
        if (line.len_bytes == 0 || line.at[0] == '#')
                return; /* "#TYPE Microsoft.Management…" */
        if (!r->header_seen) {
                const char *comma = memchr(line.at, ',', line.len_bytes),
                           *semicolon = memchr(line.at, ';', line.len_bytes);

                r->separator = comma ? ',' : semicolon ? ';' : '\t';
                if (!split_quoted(line, r->separator, &row) || !is_windows_header(&row, line)) {
                        lease_damaged(ret, "a line before the header");
                        return;
                }
                take_header(r, &row, windows_columns);
                return;
        }
        const char *why = split_quoted(line, r->separator, &row) ? windows_fault(r, &row, &ret->lease)
                                                                 : "a quote that is not closed";

        if (why)
                lease_damaged(ret, why);
        else
                ret->kind = LEASE_ITEM_LEASE;
}
