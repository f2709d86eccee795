/* Classic event logs: whatever the bytes are, every text ends and every length holds. */
#include "eventlog/companion.h"
#include "eventlog/evtfile.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static int check(void *context, const struct log_record *record)
{
        struct companion companion;
        struct event event;

        (void)context;
        if (record->string_count > LOG_RECORD_MAX_STRINGS || record->data_len_bytes > EVENT_MAX_DATA_BYTES ||
            strnlen(record->source, sizeof record->source) == sizeof record->source)
                abort();
        (void)log_record_to_event(record, &event);
        (void)companion_read(record, &companion);
        return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena arena = ARENA_INIT;
        struct evt_report report;
        const int r = evt_read(data, size, &arena, check, NULL, &report);

        if (r < 0 && r != NBT_ERR_NOMEM && !report.damage)
                abort();
        arena_done(&arena);
        return 0;
}
