/* Any node status rdata: decoding, encoding and decoding again give the same table. */
#include "fuzz.h"

#include "wire/nbstat.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct nbstat_table table, again;
        uint8_t out[1 + NBSTAT_MAX_NAMES * 18 + NBSTAT_STATISTICS_BYTES];

        if (nbstat_table_decode(data, size, &table) < 0)
                return 0;
        const int len = nbstat_table_encode(&table, out, sizeof(out));
        if (len < 0 || nbstat_table_decode(out, (size_t)len, &again) < 0)
                abort();
        if (again.count != table.count || memcmp(again.entries, table.entries, table.count * sizeof(table.entries[0])))
                abort();
        if (memcmp(&again.statistics, &table.statistics, sizeof(table.statistics)) != 0)
                abort();
        return nbstat_table_computer(&table) >= (int)table.count ? (abort(), 0) : 0;
}
