#pragma once
/* NetBT's events of a Windows event log file, picked by the filter of the event database. */
#include "cli/log_file.h"
#include "store/eventdb.h"

#define LOG_EVENTS_MAX 1000000

/* Does FILTER want EVENT? Its limit is not looked at. */
bool log_events_want(const struct eventdb_filter *filter, const struct event *event);

/*
 * The events of PATH that FILTER wants, in ascending order of record, in ARENA; at most LOG_EVENTS_MAX. NOTES as log_file_read()
 * tells. An exit code other than CLI_EXIT_OK was told.
 */
int log_events_query(const struct cli_context *ctx, const char *path, enum log_file_kind kind,
                     const struct eventdb_filter *filter, struct arena *arena, struct texts *notes,
                     const struct event **ret, size_t *ret_count);
