#pragma once
/*
 * What the node tells, as NetBT events and as lines of the log. Pure.
 *
 * 4319, 4320 and 4321 come from notices; 4322 when a bound was reached. 4302 and 4303 come from looking at an interface's
 * WINS list. What only the daemon can see (ports, files, devices) it reports by itself, with notice_make_failure().
 * Of the catalogue, 4308, 4313, 4315 and 4316 have no occasion in a node like ours: it opens no connections, and its
 * bindings, exports and WINS lists are not registry keys of their own.
 */
#include "base/strbuf.h"
#include "eventlog/record.h"
#include "node/node.h"

/*
 * The event for NOTICE, complete but for time and computer. False if it is none an administrator of Windows would find in
 * the log (names that come and go, claims defended, servers up and down).
 */
bool notice_to_event(const struct node_notice *notice, enum event_record_style style, struct event *ret);

/* An event the daemon raises itself: ID with one string (NULL: none), STATUS as the record's final status, and NOTE. IFACE may be
 * NULL. */
void notice_make_failure(struct event *ret, uint16_t id, const char *string, uint32_t status, const char *iface,
                         const char *note, enum event_record_style style);

/* 4302 or 4303 if a node of TYPE misses WINS servers on IFACE, else 0. A B node needs none. */
uint16_t notice_wins_event(enum node_type type, const struct node_iface *iface);

/* How loud a notice's line is: 0 always, 1 with -v. */
unsigned notice_verbosity(const struct node_notice *notice);

/* One line without newline: "FILESRV<20> on eth0: registered". */
void notice_format(const struct node_notice *notice, struct strbuf *sb);
