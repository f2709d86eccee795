#pragma once
/*
 * Event logs of Windows Vista and later (.evtx), read with libevtx. Read-only. When a record of NetBT or of a companion's source happened is
 * what its XML says; of others, when it was written, which in a log that nobody forwarded is the same. A damaged file yields the records that can be had, those that
 * libevtx finds outside the file's tables among them, and the report says how many could not.
 */
#include "base/strbuf.h"
#include "eventlog/logrecord.h"

struct evtx_report {
        size_t record_count;
        size_t recovered_count; /* of them: outside the file's tables */
        size_t unreadable_count;
        uint64_t unreadable_offset; /* of the first, if libevtx told; else 0 */
        bool is_damaged;
};

/*
 * Calls VISIT for each record, in the order of the file; it lives during the call only. Ends at VISIT's first negative result, and returns
 * it. NBT_ERR_NOT_FOUND, NBT_ERR_DENIED, NBT_ERR_IO (with errno), NBT_ERR_MALFORMED (no .evtx file): WHY then says so in words.
 * RET is filled on success.
 */
int evtx_read(const char *path, int (*visit)(void *context, const struct log_record *record), void *context,
              struct evtx_report *ret, struct strbuf *why) NBT_MUST_CHECK;
