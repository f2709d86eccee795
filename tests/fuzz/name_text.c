/* Any text as a name: what is accepted prints, and its exact text reads back as the same name (but for lower case). */
#include "fuzz.h"

#include "wire/name.h"

#include <stdlib.h>
#include <string.h>

static bool has_lower_case(const struct nb_name *name)
{
        for (size_t i = 0; i < NB_SUFFIX_AT; i++)
                if (name->bytes[i] >= 'a' && name->bytes[i] <= 'z')
                        return true;
        return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char input[256] = {0}, text[NB_NAME_TEXT_BYTES];
        struct nb_name name, again;

        memcpy(input, data, size < sizeof(input) ? size : sizeof(input) - 1);
        if (nb_name_parse(input, 0x20, &name) < 0)
                return 0;
        nb_name_format(&name, text);
        nb_name_format_exact(&name, text);
        if (!has_lower_case(&name) && (nb_name_parse(text, 0x55, &again) < 0 || !nb_name_equal(&name, &again)))
                abort();
        return nb_name_service(&name, true) ? 0 : (abort(), 0);
}
