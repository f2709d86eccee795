#pragma once
/* What the readers of the several formats share. Text is not NUL-terminated: a span is a piece of the reader's buffer. */
#include "dhcp/lease.h"

#define LEASE_MAX_COLUMNS 48

struct span {
        const char *at;
        size_t len_bytes;
};

/* What a column of a CSV file holds. */
enum lease_column {
        COLUMN_ADDRESS,
        COLUMN_MAC,
        COLUMN_ID,
        COLUMN_LIFETIME,
        COLUMN_EXPIRE,
        COLUMN_NAME,
        COLUMN_STATE,
        COLUMN_MAX
};

struct lease_reader {
        enum lease_format format;
        uint8_t *buffer;
        size_t len_bytes, size_bytes, pos; /* unread: buffer[pos .. len) */
        uint64_t offset;                   /* of buffer[pos] in the file */
        unsigned line;
        bool ended;
        bool skipping; /* the rest of a line that is too long is damage too */
        /* CSV */
        bool header_seen;
        char separator;
        size_t column_count;
        int columns[COLUMN_MAX]; /* their place in a row; -1: not there */
        /* UTF-16 */
        bool utf16, utf16_known;
        uint8_t odd_byte;
        bool has_odd;
        uint64_t written_s; /* udhcpd: when the file was written, s since 1970; 0 unknown */
};

/* One line, or one block, has been seen: fills KIND, LEASE, WHY of *RET. */
void lease_take_kea(struct lease_reader *reader, struct span line, struct lease_item *ret);
void lease_take_windows(struct lease_reader *reader, struct span line, struct lease_item *ret);
void lease_take_dnsmasq(struct span line, struct lease_item *ret);
void lease_take_isc(struct span block, struct lease_item *ret);

/* How many bytes of TEXT, at the top level of a dhcpd file, make the next item; 0: more are needed (never if ENDED and TEXT is not
 * empty). *ret_why is set if they are damage as they stand. *ret_block: a "lease" block, to be taken. */
size_t lease_isc_extent(struct span text, bool ended, const char **ret_why, bool *ret_block);

void lease_damaged(struct lease_item *ret, const char *why);

/* ---- spans ---- */
bool span_is(struct span span, const char *text);
bool span_begins(struct span span, const char *text);
struct span span_trim(struct span span);
/* The word up to the next blank, which REST moves over; empty at the end. */
struct span span_word(struct span *rest);
bool span_address(struct span span, uint32_t *ret);
/* Six parts of two hex digits, with ':' or '-' between. */
bool span_mac(struct span span, uint8_t ret[6]);
/* Decimal digits only; up to 18 of them. */
bool span_number(struct span span, int64_t *ret);
/* Sets the lease's name: false if it is too long. */
bool lease_set_name(struct lease *lease, struct span name);
/* Sets mac or client from a MAC; or from any other identifier. */
void lease_set_mac(struct lease *lease, const uint8_t mac[6]);
void lease_set_id(struct lease *lease, struct span id);
/* True if a byte of it is no text: control characters (but tab and CR) and NUL. */
bool span_has_control(struct span span);
