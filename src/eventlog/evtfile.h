#pragma once
/*
 * Classic event logs (.evt, Windows NT to 2003): a header, then EVENTLOGRECORD structures in a ring of fixed size, as Microsoft documents
 * them ("Event Log File Format", "EVENTLOGRECORD").
 *
 * Records are found by their signature and by the length at both of their ends, not by the header's pointers: a log that was copied
 * while it was in use has stale ones, and what lies behind a damaged place is found all the same. A record that wraps from the end of
 * the file to its beginning is put together. Pure; the bytes are lent.
 */
#include "base/arena.h"
#include "eventlog/logrecord.h"

#define EVT_HEADER_BYTES 0x30
#define EVT_RECORD_MAX_BYTES (128u << 10) /* ASSUMPTION: two times what ReportEvent lets a record be */

struct evt_report {
        size_t record_count;
        bool is_dirty; /* the log was in use: the header's numbers are not to be trusted, and old records may be among those read */
        size_t damage_count;
        uint64_t damage_offset; /* of the first */
        const char *damage;     /* what is wrong there; static; NULL if nothing is */
};

/*
 * Calls VISIT for each record, in the order of the file; it lives during the call only. Ends at VISIT's first negative result, and returns
 * it. NBT_ERR_MALFORMED: no event log; ret->damage and ret->damage_offset say why. NBT_ERR_NOMEM. RET is filled in any case.
 */
int evt_read(const void *bytes, size_t len_bytes, struct arena *arena,
             int (*visit)(void *context, const struct log_record *record), void *context,
             struct evt_report *ret) NBT_MUST_CHECK;
