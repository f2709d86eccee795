/*
 * Any capture file, shown whole and byte by byte: the records are the same, and lie inside what was shown. Behind damage the reader
 * finds its way on, or the end, and never stands still.
 */
#include "fuzz.h"

#include "wire/pcapfile.h"

#include <stdlib.h>

struct sum {
        size_t records, bytes;
        int64_t times;
        int end;
};

static struct sum read_all(const uint8_t *data, size_t size, size_t step)
{
        struct pcapfile reader;
        struct pcapfile_record record;
        struct sum sum = {0};
        size_t at = 0, shown = step < size ? step : size, taken = 0;

        pcapfile_init(&reader);
        for (;;) {
                const int r = pcapfile_next(&reader, data + at, shown - at, &taken, &record);

                if (r < 0) {
                        sum.end = r;
                        return sum;
                }
                at += taken;
                if (r == 1) {
                        sum.records++;
                        sum.bytes += record.len_bytes;
                        sum.times = (int64_t)((uint64_t)sum.times * 31 + (uint64_t)record.time_us);
                        if (record.bytes && (record.bytes < data || record.bytes + record.len_bytes > data + shown))
                                abort();
                        continue;
                }
                if (shown == size)
                        return sum;
                shown = size - shown < step ? size : shown + step;
        }
}

static void read_on(const uint8_t *data, size_t size, size_t step)
{
        struct pcapfile reader;
        struct pcapfile_record record;
        size_t at = 0, shown = step < size ? step : size, taken = 0;
        bool lost = false;

        pcapfile_init(&reader);
        while (at < size) {
                const size_t before = at + shown + lost;
                const uint64_t read = reader.taken_bytes;
                int r = 0;

                if (lost) {
                        lost = !pcapfile_recover(&reader, data + at, shown - at, shown == size, &taken);
                        at += taken;
                } else {
                        r = pcapfile_next(&reader, data + at, shown - at, &taken, &record);
                        at += (size_t)(reader.taken_bytes - read);
                        lost = r < 0;
                }
                if (at > shown || reader.taken_bytes != at)
                        abort();
                if (r <= 0 && shown == size && before == at + shown + lost)
                        return;
                shown = size - shown < step ? size : shown + step;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct sum whole = read_all(data, size, size ? size : 1);
        const struct sum pieces = read_all(data, size, 1);

        if (whole.records != pieces.records || whole.bytes != pieces.bytes || whole.times != pieces.times ||
            whole.end != pieces.end)
                abort();
        read_on(data, size, size ? size : 1);
        read_on(data, size, 50);
        return 0;
}
