/* Any text as a scope: what is accepted can be encoded, and decodes to the same scope. */
#include "fuzz.h"

#include "wire/name.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char input[512] = {0}, text[NB_SCOPE_MAX_BYTES + 1];
        uint8_t bytes[NB_NAME_ENCODED_MAX_BYTES];
        struct wr wr = wr_init(bytes, sizeof(bytes));
        struct nb_name name;
        struct nb_scope scope, again;

        memcpy(input, data, size < sizeof(input) ? size : sizeof(input) - 1);
        if (nb_scope_parse(input, &scope) < 0)
                return 0;
        nb_scope_format(&scope, text);
        nb_name_encode(&wr, &NB_NAME_WILDCARD, &scope);
        struct rd rd = rd_init(bytes, wr.pos);
        if (!wr_ok(&wr) || nb_name_decode(&rd, &name, &again) < 0 || !nb_scope_equal(&scope, &again))
                abort();
        return 0;
}
