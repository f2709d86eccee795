/* Binary records: what decodes, encodes to the same bytes. */
#include "eventlog/record.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct event_record record;
        uint8_t bytes[EVENT_MAX_DATA_BYTES];
        size_t used, len;

        if (event_record_decode(data, size, &record, &used) < 0)
                return 0;
        if (event_record_encode(&record, bytes, &len) < 0 || len != used || memcmp(bytes, data, len) != 0)
                abort();
        return 0;
}
