#include "dhcp/lease.h"

#include "base/rd.h"
#include "dhcp/internal.h"

#include <stdlib.h>
#include <string.h>

#define UDHCPD_HEAD_BYTES 8
#define UDHCPD_LEASE_BYTES 36
#define LAST_S INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* ---- formats ------------------------------------------------------------------------------------------------------ */

static const struct {
        const char *word, *title;
} formats[LEASE_FORMAT_MAX] = {
        [LEASE_FORMAT_UNKNOWN] = {"", "unknown"},     [LEASE_FORMAT_ISC] = {"isc", "ISC dhcpd"},
        [LEASE_FORMAT_KEA] = {"kea", "Kea"},          [LEASE_FORMAT_DNSMASQ] = {"dnsmasq", "dnsmasq"},
        [LEASE_FORMAT_UDHCPD] = {"udhcpd", "udhcpd"}, [LEASE_FORMAT_WINDOWS] = {"windows", "Windows CSV"},
};

const char *lease_format_str(enum lease_format format)
{
        return format < LEASE_FORMAT_MAX ? formats[format].title : "?";
}

int lease_format_parse(const char *word, enum lease_format *ret)
{
        for (int i = LEASE_FORMAT_ISC; i < LEASE_FORMAT_MAX; i++)
                if (strcmp(formats[i].word, word) == 0) {
                        *ret = (enum lease_format)i;
                        return 0;
                }
        return NBT_ERR_NOT_FOUND;
}

const char *lease_state_str(enum lease_state state)
{
        static const char *const words[LEASE_STATE_MAX] = {"active", "free", "declined", "reserved"};

        return state < LEASE_STATE_MAX ? words[state] : "?";
}

bool lease_format_is_journal(enum lease_format format)
{
        return format == LEASE_FORMAT_ISC || format == LEASE_FORMAT_KEA;
}

const char *lease_format_header(enum lease_format format)
{
        return format == LEASE_FORMAT_KEA ? "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,"
                                            "fqdn_rev,hostname,state,user_context\n"
                                          : "";
}

/* ---- what a file is ----------------------------------------------------------------------------------------------- */

static bool contains(struct span text, const char *word)
{
        return memmem(text.at, text.len_bytes, word, strlen(word)) != NULL;
}

static enum lease_format detect_line(struct span line)
{
        struct span rest = line;
        const struct span first = span_word(&rest), second = span_word(&rest), third = span_word(&rest);
        uint32_t address;
        uint8_t mac[6];
        int64_t number;

        if (span_begins(line, "address,hwaddr,") ||
            (span_address((struct span){line.at, strcspn(line.at, ",\r\n")}, &address) && contains(line, ",")))
                return LEASE_FORMAT_KEA;
        if (contains(line, "IPAddress") && contains(line, "ScopeId"))
                return LEASE_FORMAT_WINDOWS;
        if (span_number(first, &number) && span_mac(second, mac) && span_address(third, &address))
                return LEASE_FORMAT_DNSMASQ;
        if (span_is(first, "duid"))
                return LEASE_FORMAT_DNSMASQ;
        if (span_begins(line, "# The format of this file is documented in the dhcpd.leases") ||
            span_is(first, "server-duid") || span_is(first, "authoring-byte-order") ||
            (span_is(first, "lease") && span_address(second, &address)))
                return LEASE_FORMAT_ISC;
        return LEASE_FORMAT_UNKNOWN;
}

/* A file of text, whose first lines may be damaged: the first line that tells decides. */
static enum lease_format detect_text(struct span text)
{
        while (text.len_bytes) {
                const char *end = memchr(text.at, '\n', text.len_bytes);
                const size_t len = end ? (size_t)(end - text.at) : text.len_bytes;
                char line[512] = "";

                memcpy(line, text.at, len < sizeof line - 1 ? len : sizeof line - 1);
                const enum lease_format format = detect_line((struct span){line, strlen(line)});
                if (format != LEASE_FORMAT_UNKNOWN)
                        return format;
                text.at += len + (end != NULL);
                text.len_bytes -= len + (end != NULL);
        }
        return LEASE_FORMAT_UNKNOWN;
}

/* The high byte of the time at which udhcpd wrote its file, before the year 2^56. */
static bool is_udhcpd(const uint8_t *bytes, size_t len_bytes)
{
        static const uint8_t zeros[3] = {0};

        return len_bytes >= UDHCPD_HEAD_BYTES && memcmp(bytes, zeros, sizeof zeros) == 0;
}

/* Little-endian, as PowerShell writes it; nothing but an export from Windows is ever written so. */
static enum lease_format detect_utf16(const uint8_t *bytes, size_t len_bytes)
{
        char text[LEASE_DETECT_BYTES / 2];
        size_t len = 0;

        for (size_t at = 2; at + 1 < len_bytes && len < sizeof text; at += 2)
                text[len++] = bytes[at + 1] ? '?' : (char)bytes[at];
        return detect_text((struct span){text, len}) == LEASE_FORMAT_WINDOWS ? LEASE_FORMAT_WINDOWS
                                                                             : LEASE_FORMAT_UNKNOWN;
}

enum lease_format lease_format_detect(const void *bytes, size_t len_bytes)
{
        static const uint8_t utf16[] = {0xFF, 0xFE}, utf8[] = {0xEF, 0xBB, 0xBF};
        const size_t len = len_bytes < LEASE_DETECT_BYTES ? len_bytes : LEASE_DETECT_BYTES;
        struct span text = {bytes, len};

        if (len >= 2 && memcmp(bytes, utf16, 2) == 0)
                return detect_utf16(bytes, len);
        if (len >= 3 && memcmp(bytes, utf8, 3) == 0)
                text = (struct span){text.at + 3, len - 3};
        const enum lease_format format = len ? detect_text(text) : LEASE_FORMAT_UNKNOWN;

        if (format == LEASE_FORMAT_UNKNOWN && is_udhcpd(bytes, len))
                return LEASE_FORMAT_UDHCPD;
        return format;
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

int lease_reader_new(struct lease_reader **ret, enum lease_format format)
{
        struct lease_reader *r = calloc(1, sizeof *r);

        if (!r)
                return NBT_ERR_NOMEM;
        r->format = format;
        r->line = format == LEASE_FORMAT_UDHCPD ? 0 : 1;
        r->utf16_known = format != LEASE_FORMAT_WINDOWS;
        *ret = r;
        return 0;
}

struct lease_reader *lease_reader_free(struct lease_reader *r)
{
        if (r)
                free(r->buffer);
        free(r);
        return NULL;
}

static int make_room(struct lease_reader *r, size_t len_bytes)
{
        if (r->pos) {
                memmove(r->buffer, r->buffer + r->pos, r->len_bytes - r->pos);
                r->len_bytes -= r->pos;
                r->pos = 0;
        }
        if (r->size_bytes - r->len_bytes >= len_bytes)
                return 0;
        uint8_t *bigger = realloc(r->buffer, r->len_bytes + len_bytes);

        if (!bigger)
                return NBT_ERR_NOMEM;
        r->buffer = bigger;
        r->size_bytes = r->len_bytes + len_bytes;
        return 0;
}

static void add_utf8(struct lease_reader *r, uint32_t c)
{
        uint8_t *at = r->buffer + r->len_bytes;

        if (c < 0x80) {
                at[0] = (uint8_t)c;
                r->len_bytes += 1;
        } else if (c < 0x800) {
                at[0] = (uint8_t)(0xC0 | c >> 6);
                at[1] = (uint8_t)(0x80 | (c & 0x3F));
                r->len_bytes += 2;
        } else {
                at[0] = (uint8_t)(0xE0 | c >> 12);
                at[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
                at[2] = (uint8_t)(0x80 | (c & 0x3F));
                r->len_bytes += 3;
        }
}

/* Halves of surrogate pairs become the replacement character: names of machines have no use for either. */
static void add_unit(struct lease_reader *r, uint16_t unit)
{
        if (unit == 0xFEFF)
                return;
        add_utf8(r, unit >= 0xD800 && unit <= 0xDFFF ? 0xFFFD : unit);
}

static int feed_utf16(struct lease_reader *r, const uint8_t *bytes, size_t len_bytes)
{
        if (make_room(r, len_bytes * 3 / 2 + 6) < 0)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < len_bytes; i++) {
                if (r->has_odd)
                        add_unit(r, (uint16_t)(bytes[i] << 8 | r->odd_byte));
                r->odd_byte = bytes[i];
                r->has_odd = !r->has_odd;
        }
        return 0;
}

int lease_reader_feed(struct lease_reader *r, const void *bytes, size_t len_bytes)
{
        if (!r->utf16_known && len_bytes) {
                r->utf16 = *(const uint8_t *)bytes == 0xFF; /* of the byte order mark; it begins no other text */
                r->utf16_known = true;
        }
        if (r->utf16)
                return feed_utf16(r, bytes, len_bytes);
        if (make_room(r, len_bytes) < 0)
                return NBT_ERR_NOMEM;
        if (len_bytes)
                memcpy(r->buffer + r->len_bytes, bytes, len_bytes);
        r->len_bytes += len_bytes;
        return 0;
}

void lease_reader_end(struct lease_reader *r)
{
        r->ended = true;
}

/* ---- items -------------------------------------------------------------------------------------------------------- */

static struct span unread(const struct lease_reader *r)
{
        return (struct span){(const char *)r->buffer + r->pos, r->len_bytes - r->pos};
}

/* Moves over LEN bytes, which are the item's. */
static void cut(struct lease_reader *r, size_t len_bytes, struct lease_item *ret)
{
        const uint8_t *at = r->buffer ? r->buffer + r->pos : (const uint8_t *)"";

        ret->offset = r->offset;
        ret->line = r->line;
        ret->bytes = at;
        ret->len_bytes = len_bytes;
        r->pos += len_bytes;
        r->offset += len_bytes;
        if (r->format == LEASE_FORMAT_UDHCPD)
                return;
        for (const uint8_t *end = at + len_bytes; (at = memchr(at, '\n', (size_t)(end - at))); at++)
                r->line++;
}

/* A file system that lost a write leaves zeros where the text was to stand: what follows them may be whole. */
static size_t zeros_at_start(struct span text)
{
        size_t len = 0;

        while (len < text.len_bytes && len < LEASE_MAX_ITEM_BYTES && text.at[len] == '\0')
                len++;
        return len;
}

static void take_line(struct lease_reader *r, struct span line, struct lease_item *ret)
{
        if (span_has_control(line)) {
                lease_damaged(ret, "bytes that are no text");
                return;
        }
        ret->kind = LEASE_ITEM_OTHER;
        if (r->format == LEASE_FORMAT_DNSMASQ)
                lease_take_dnsmasq(line, ret);
        else if (r->format == LEASE_FORMAT_KEA)
                lease_take_kea(r, line, ret);
        else
                lease_take_windows(r, line, ret);
}

static bool next_line(struct lease_reader *r, struct lease_item *ret)
{
        const struct span text = unread(r);
        const char *end = memchr(text.at, '\n', text.len_bytes);
        const size_t len = end ? (size_t)(end - text.at) + 1 : text.len_bytes;
        const bool too_long = len > LEASE_MAX_ITEM_BYTES || (!end && len == LEASE_MAX_ITEM_BYTES);

        if (!end && !r->ended && !too_long)
                return false;
        if (too_long || r->skipping) {
                cut(r, len < LEASE_MAX_ITEM_BYTES ? len : LEASE_MAX_ITEM_BYTES, ret);
                lease_damaged(ret, r->skipping ? "the rest of a line that is too long" : "a line that is too long");
                r->skipping = too_long;
                return true;
        }
        if (r->format == LEASE_FORMAT_KEA && !r->header_seen && !span_begins(text, "address,")) {
                r->header_seen = true;
                cut(r, 0, ret);
                lease_damaged(ret, "the header line is missing");
                return true;
        }
        cut(r, len, ret);
        take_line(r, span_trim((struct span){text.at, len}), ret);
        return true;
}

static bool next_isc(struct lease_reader *r, struct lease_item *ret)
{
        struct span text = unread(r);
        const char *why = NULL;
        bool block = false;

        if (text.len_bytes > LEASE_MAX_ITEM_BYTES)
                text.len_bytes = LEASE_MAX_ITEM_BYTES;
        const bool all = r->ended && text.len_bytes == r->len_bytes - r->pos;
        size_t len = lease_isc_extent(text, all, &why, &block);

        if (len == 0 && text.len_bytes < LEASE_MAX_ITEM_BYTES)
                return false;
        if (len == 0) { /* what follows is looked at line by line again */
                const char *end = memchr(text.at, '\n', text.len_bytes);

                len = end ? (size_t)(end - text.at) + 1 : text.len_bytes;
                why = "a statement that is too long";
        }
        cut(r, len, ret);
        ret->kind = LEASE_ITEM_OTHER;
        if (why)
                lease_damaged(ret, why);
        else if (span_has_control((struct span){text.at, len}))
                lease_damaged(ret, "bytes that are no text");
        else if (block)
                lease_take_isc((struct span){text.at, len}, ret);
        return true;
}

/* {be32 time left, be32 address, mac[6], host name[20], 2 bytes padding}. Source: observed, busybox' dumpleases(8). */
static void take_udhcpd(const uint8_t *bytes, int64_t written_s, struct lease_item *ret)
{
        struct rd rd = rd_init(bytes, UDHCPD_LEASE_BYTES);
        const uint32_t left_s = rd_be32(&rd);
        struct lease *lease = &ret->lease;
        uint8_t mac[6];
        char name[20];

        lease->address = rd_be32(&rd);
        rd_copy(&rd, mac, sizeof mac);
        rd_copy(&rd, name, sizeof name);
        const struct span text = {name, strnlen(name, sizeof name)};

        if (lease->address == 0 || lease->address == UINT32_MAX)
                lease_damaged(ret, "a record without an address");
        else if (text.len_bytes == sizeof name || span_has_control(text))
                lease_damaged(ret, "a record whose host name is no text");
        else
                ret->kind = LEASE_ITEM_LEASE;
        lease->ends_s = written_s > 0 ? written_s + left_s : 0;
        (void)lease_set_name(lease, text);
        /* ASSUMPTION: a record of zeros for the client is how udhcpd keeps an address that a client declined. */
        static const uint8_t nobody[6] = {0};
        if (memcmp(mac, nobody, sizeof mac) == 0)
                lease->state = LEASE_DECLINED;
        else
                lease_set_mac(lease, mac);
}

static bool next_udhcpd(struct lease_reader *r, struct lease_item *ret)
{
        const size_t left = r->len_bytes - r->pos;
        const size_t want = r->header_seen ? UDHCPD_LEASE_BYTES : UDHCPD_HEAD_BYTES;

        if (left < want) {
                if (!r->ended || left == 0)
                        return false;
                cut(r, left, ret);
                lease_damaged(ret, r->header_seen ? "the last record is cut off" : "the file is cut off");
                return true;
        }
        cut(r, want, ret);
        if (r->header_seen) {
                take_udhcpd(ret->bytes, (int64_t)r->written_s, ret);
                return true;
        }
        struct rd rd = rd_init(ret->bytes, want);
        const uint64_t high = rd_be32(&rd), written_s = high << 32 | rd_be32(&rd);

        r->header_seen = true;
        r->written_s = written_s < UINT32_MAX * UINT64_C(4) ? written_s : 0;
        ret->kind = LEASE_ITEM_OTHER;
        return true;
}

static bool next_item(struct lease_reader *r, struct lease_item *ret)
{
        if (r->format == LEASE_FORMAT_UDHCPD)
                return next_udhcpd(r, ret);
        const size_t zeros = zeros_at_start(unread(r));

        if (zeros) {
                cut(r, zeros, ret);
                lease_damaged(ret, "zeros where text ought to stand");
                return true;
        }
        return r->format == LEASE_FORMAT_ISC ? next_isc(r, ret) : next_line(r, ret);
}

static bool is_time(int64_t time_s)
{
        return time_s <= LAST_S || time_s == LEASE_NEVER;
}

bool lease_reader_next(struct lease_reader *r, struct lease_item *ret)
{
        *ret = (struct lease_item){0};
        if (r->pos == r->len_bytes || !next_item(r, ret))
                return false;
        if (ret->kind == LEASE_ITEM_LEASE && (!is_time(ret->lease.starts_s) || !is_time(ret->lease.ends_s)))
                lease_damaged(ret, "a time after the year 9999");
        return true;
}
