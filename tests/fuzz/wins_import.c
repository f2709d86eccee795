/* Static mappings: whatever the text, either faults or records that the core takes, never both. */
#include "fuzz.h"

#include <stdlib.h>

#include "wins/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena arena = ARENA_INIT;
        struct wins_import import;
        const int r = wins_import_parse(data, size, NULL, &arena, &import);

        if (r != 0 && r != NBT_ERR_MALFORMED)
                abort();
        if ((r == 0) != (import.fault_count == 0) || (r != 0 && import.count != 0))
                abort();
        for (size_t i = 0; i < import.count; i++) {
                struct wins_record record = import.records[i];

                record.version = 1;
                if (wins_record_check(&record) < 0 || !record.is_static)
                        abort();
        }
        arena_done(&arena);
        return 0;
}
