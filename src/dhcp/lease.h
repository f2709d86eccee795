#pragma once
/*
 * DHCP lease databases, read as a stream: ISC dhcpd, Kea (CSV journal), dnsmasq, busybox udhcpd (binary), and the CSV that Windows'
 * PowerShell exports (Get-DhcpServerv4Lease | Export-Csv).
 *
 * A reader is fed pieces of a file and yields items: a lease, something that is no lease (comments, headers, other statements), or
 * damage. The items partition the file: their bytes, one after another, are the file (but for Windows' CSV in UTF-16, which is
 * turned into UTF-8 first). What is damaged ends as early as it can, so that what stands behind it is read. Memory is bounded by
 * LEASE_MAX_ITEM_BYTES, whatever comes. Sources: dhcpd.leases(5), Kea's administrator guide ("Lease database"), observed files
 * of dnsmasq 2.90, udhcpd 1.35, Kea 2.2 and dhcpd 4.4.3.
 *
 *     lease_reader_new → (lease_reader_feed → lease_reader_next until 0)… → lease_reader_end → lease_reader_next until 0
 */
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEASE_NAME_BYTES 256
#define LEASE_MAX_ITEM_BYTES 16384 /* longer lines and blocks are damage */
#define LEASE_DETECT_BYTES 4096    /* what lease_format_detect() likes to see */
#define LEASE_NEVER INT64_MAX      /* a lease without end */

enum lease_format {
        LEASE_FORMAT_UNKNOWN,
        LEASE_FORMAT_ISC,
        LEASE_FORMAT_KEA,
        LEASE_FORMAT_DNSMASQ,
        LEASE_FORMAT_UDHCPD,
        LEASE_FORMAT_WINDOWS,
        LEASE_FORMAT_MAX,
};

enum lease_state {
        LEASE_ACTIVE,
        LEASE_FREE,     /* released, expired, reset: the address may be given to the next */
        LEASE_DECLINED, /* a client found the address in use (ISC: abandoned) */
        LEASE_RESERVED, /* set by an administrator and not in use now (Windows: InactiveReservation) */
        LEASE_STATE_MAX,
};

struct lease {
        uint32_t address;
        enum lease_state state;
        bool has_mac;
        uint8_t mac[6];
        uint64_t client;             /* hash of MAC, else client identifier; 0: no client known */
        int64_t starts_s, ends_s;    /* since 1970; 0 unknown, LEASE_NEVER */
        char name[LEASE_NAME_BYTES]; /* as the client gave it; "" if none */
};

enum lease_item_kind {
        LEASE_ITEM_LEASE,
        LEASE_ITEM_OTHER,  /* not a lease, and nothing wrong */
        LEASE_ITEM_DAMAGE, /* may have no bytes: what ought to stand there is missing */
};

struct lease_item {
        enum lease_item_kind kind;
        uint64_t offset; /* of its first byte in the file */
        unsigned line;   /* of its first byte, from 1; 0 in a binary file */
        const uint8_t *bytes;
        size_t len_bytes;
        struct lease lease; /* LEASE_ITEM_LEASE */
        const char *why;    /* LEASE_ITEM_DAMAGE: one phrase; static */
};

struct lease_reader;

/* By the first bytes of a file (as many as there are, up to LEASE_DETECT_BYTES); UNKNOWN if they fit none. An empty file is UNKNOWN. */
enum lease_format lease_format_detect(const void *bytes, size_t len_bytes);

const char *lease_format_str(enum lease_format format); /* "ISC dhcpd"; static */
const char *lease_state_str(enum lease_state state);    /* "active"; static */

/* "isc", "kea", "dnsmasq", "udhcpd", "windows"; NBT_ERR_NOT_FOUND. */
int lease_format_parse(const char *word, enum lease_format *ret) NBT_MUST_CHECK;

/* A later record of an address takes the place of an earlier one: ISC, Kea. Else each address stands once. */
bool lease_format_is_journal(enum lease_format format);

/* FORMAT must not be UNKNOWN. NBT_ERR_NOMEM. */
int lease_reader_new(struct lease_reader **ret, enum lease_format format) NBT_MUST_CHECK;
/* Accepts NULL, returns NULL. */
struct lease_reader *lease_reader_free(struct lease_reader *reader);

/* Copies the next bytes of the file, at most 1 MiB at a time; all items that were there must have been taken. NBT_ERR_NOMEM. */
int lease_reader_feed(struct lease_reader *reader, const void *bytes, size_t len_bytes) NBT_MUST_CHECK;
/* There are no more bytes. */
void lease_reader_end(struct lease_reader *reader);

/* The next item: true and *RET, whose bytes are lent until the next call of any function here; false if more must be fed, or all is read. */
bool lease_reader_next(struct lease_reader *reader, struct lease_item *ret);

/* What a clean file of the format begins with, where the reader said that it is missing (Kea's header line); "" otherwise. */
const char *lease_format_header(enum lease_format format);
