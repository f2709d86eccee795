/* A row of the WINS database's journal; the checksum is made right, or nothing behind it would ever be reached. */
#include "fuzz.h"

#include "base/hash.h"
#include "store/winscode.h"

#include <stdlib.h>
#include <string.h>

static void read_items(struct rd items)
{
        uint8_t body[WINSCODE_RECORD_MAX_BYTES];
        struct winscode_item item;
        struct wins_record record, again;

        while (winscode_item_next(&items, &item) == 1) {
                if (item.tag != WINSCODE_PUT || winscode_record_decode(item.body, &record) < 0)
                        continue;
                const size_t len_bytes = winscode_record_encode(&record, body);

                if (winscode_record_decode(rd_init(body, len_bytes), &again) < 0 ||
                    winscode_record_sum(&record) != winscode_record_sum(&again))
                        abort();
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t *copy = malloc(size + 8);
        struct rd items;

        if (!copy)
                return 0;
        memcpy(copy, data, size);
        const uint64_t sum = hash_bytes(copy, size, 1);
        for (int i = 0; i < 8; i++)
                copy[size + (size_t)i] = (uint8_t)(sum >> (56 - 8 * i));
        if (winscode_batch_open(copy, size + 8, 1, &items) == 0)
                read_items(items);
        free(copy);
        return 0;
}
