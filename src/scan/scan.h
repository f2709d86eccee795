#pragma once
/*
 * The sweep: asks every address of a set for its name table, and every host found for the addresses of its own name.
 *
 * A core without I/O. It only asks: node status requests for the wildcard (RFC 1002 §4.2.17), and name queries of the host's
 * own name to the host itself, which a multihomed one answers with all its addresses.
 *
 * Order and pace: one address of each /24 in turn (order.h). With a rate, packets leave at that rate to the nanosecond, a driver that
 * comes late may catch up SCAN_CREDIT_MS; second questions and repeats count like any packet. Without a rate, questions on their way are
 * bounded by a window, which grows with the answers and shrinks when the machine drops; a question unanswered for a few round
 * trips leaves the window, so that silent addresses hold nobody up. Repeats, and slowing down: loss.h.
 *
 * End: every address that stayed silent was asked as often as loss.h says, and listened to for the timeout from its first
 * question on; second questions are answered or given up after SCAN_SECOND_TRIES.
 *
 * An answer counts only from the address and port asked, with the transaction id of one of the tries, name, scope and type
 * that were asked for. Ids are drawn from the generator beforehand; each try has its own.
 *
 * Memory: 8 bytes an address, 8 a pending one, some 200 a host found (its table as it came). What is found stays, and is lent.
 *
 * Driver: while scan_next_send() gives something, send it; take finished hosts with scan_next_host(); wait until
 * scan_deadline() or a packet; scan_packet(). Until scan_is_done().
 */
#include "base/rng.h"
#include "scan/host.h"
#include "scan/loss.h"
#include "scan/targets.h"

#define SCAN_DEFAULT_RATE 1000u
#define SCAN_DEFAULT_RETRIES 12u /* at most; loss.h says when it is enough */
#define SCAN_DEFAULT_TIMEOUT_MS 1000u
#define SCAN_SECOND_TRIES 8u
#define SCAN_CREDIT_MS 50u
#define SCAN_MAX_WINDOW 1024u
#define SCAN_SEND_MAX_BYTES 320
#define SCAN_MIN_INTERVAL_MS 100u /* between two tries of one address */

struct scan_config {
        const struct scan_ranges *ranges; /* settled; borrowed for the scan's life; at most SCAN_MAX_ADDRESSES */
        uint32_t rate;                    /* packets a second; 0: as fast as answers come */
        uint32_t retries;                 /* repeats to a silent address, at most; at most SCAN_MAX_TRIES - 1 */
        uint32_t timeout_ms;              /* 0: 1000 */
        uint16_t port;                    /* 0: 137 */
        bool addresses;                   /* ask the second question */
        struct nb_scope scope;
};

struct scan_send {
        uint32_t destination;
        uint16_t port;
        size_t len_bytes;
        uint8_t bytes[SCAN_SEND_MAX_BYTES];
};

struct scan_progress {
        uint32_t total;        /* addresses */
        uint32_t asked;        /* at least once */
        uint32_t found;        /* hosts */
        uint64_t sent;         /* packets */
        uint64_t answers;      /* that counted */
        unsigned rounds;       /* of asking the silent */
        double loss;           /* measured share of tries lost; 0 while nothing was measured */
        double missed;         /* hosts expected to be missed if it ended now */
        double pace;           /* of the rate or the window: 1 unless slowed down */
        uint32_t slowed_count; /* how often it was slowed down for good */
        bool loss_not_ours;    /* slowing down did not help, and was undone */
        uint32_t window;
        uint64_t left; /* packets still to be sent, as far as can be told */
};

struct scan;

/* NBT_ERR_NOMEM; NBT_ERR_RANGE: no address, too many, retries beyond the limit, a scope that cannot be sent. */
int scan_new(struct scan **ret, const struct scan_config *config, const struct rng *rng, mono_t now) NBT_MUST_CHECK;

/* Is it time to send something? Then it is in RET, and counts as sent. NBT_ERR_NOMEM is told by scan_failed(). */
bool scan_next_send(struct scan *scan, mono_t now, struct scan_send *ret);

/* A datagram came. What is damaged, or answers nothing that was asked, is ignored. NBT_ERR_NOMEM. */
int scan_packet(struct scan *scan, mono_t now, uint32_t source, uint16_t source_port, const void *bytes,
                size_t len_bytes) NBT_MUST_CHECK;

/* The machine itself dropped datagrams since the last call (the socket's queue was full, the kernel refused to send). */
void scan_lost_here(struct scan *scan, mono_t now);

/* The next host of which everything is known that will be; NULL if none is at the moment. Lives as long as SCAN; the caller may put
 * a MAC into it. With ALL, those whose second question is under way, too: for the end of an interrupted scan. */
struct scan_host *scan_next_host(struct scan *scan, bool all);

/* When scan_next_send() is next to be asked (or the end comes); never MONO_NEVER before the end. */
mono_t scan_deadline(const struct scan *scan, mono_t now);

bool scan_is_done(const struct scan *scan, mono_t now);

/* True if memory ran out on the way: what is found is not all. */
bool scan_failed(const struct scan *scan);

struct scan_progress scan_progress(const struct scan *scan);

/* All hosts found so far, by the time they were found; borrowed until the next call that changes SCAN. Returns the count. */
size_t scan_hosts(const struct scan *scan, struct scan_host *const **ret);

/* Accepts NULL, returns NULL. */
struct scan *scan_free(struct scan *scan);
