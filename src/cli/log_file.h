#pragma once
/*
 * A Windows event log file, .evtx or .evt, for whichever command reads one. It is only ever opened for reading.
 *
 * What cannot be read at all is told on ctx->err; of what could not be read beside the rest, sentences go into a list of the caller's.
 */
#include "cli/cli.h"

#include "base/arena.h"
#include "diagnose/texts.h"
#include "eventlog/logrecord.h"

enum log_file_kind {
        LOG_FILE_NONE, /* something else, or not to be opened */
        LOG_FILE_EVTX, /* Windows Vista and later */
        LOG_FILE_EVT,  /* Windows NT to 2003 */
};

/* What PATH is, by its first bytes. */
enum log_file_kind log_file_recognise(const char *path);

struct log_file_report {
        enum log_file_kind kind;
        size_t record_count; /* of all sources */
        bool has_loss;       /* some records could not be read: the notes say where */
};

/*
 * Calls VISIT for each record of PATH, which should be of KIND (and is read as the other one if it is that), in the order of the file; it lives during the call only. Ends at VISIT's first negative
 * result (NBT_ERR_NOMEM or NBT_ERR_RANGE: more than the caller keeps). CLI_EXIT_OK; or, told on ctx->err, CLI_EXIT_USAGE for a
 * file that cannot be read, CLI_EXIT_FAILED when memory ran out.
 */
int log_file_read(const struct cli_context *ctx, const char *path, enum log_file_kind kind,
                  int (*visit)(void *context, const struct log_record *record), void *context, struct texts *notes,
                  struct log_file_report *ret);
