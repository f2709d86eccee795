/* LMHOSTS: the input is cut at 0xFF bytes into the files that are asked for; an empty piece cannot be read. */
#include "fuzz.h"

#include "node/lmhosts.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct lmhosts_load *load;
        size_t count = 0;

        if (lmhosts_load_new(&load, "lmhosts") < 0)
                abort();
        while (lmhosts_load_next(load)) {
                const uint8_t *cut = size ? memchr(data, 0xFF, size) : NULL;
                const size_t len = cut ? (size_t)(cut - data) : size;

                if ((len ? lmhosts_load_feed(load, data, len) : lmhosts_load_fail(load, "empty")) < 0)
                        abort();
                data += len + (cut != NULL);
                size -= len + (cut != NULL);
        }
        const struct node_lmhost *entries = lmhosts_load_entries(load, &count);
        for (size_t i = 0; i < count; i++)
                if (!memchr(entries[i].domain, 0, sizeof(entries[i].domain)) || !entries[i].address)
                        abort();
        lmhosts_load_free(load);
        return 0;
}
