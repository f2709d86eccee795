#include "wire/name.h"

#include <string.h>

int nb_scope_parse(const char *text, struct nb_scope *ret)
{
        const size_t len = strlen(text);
        size_t label = 0;

        if (len > NB_SCOPE_MAX_BYTES)
                return NBT_ERR_RANGE;
        /* one round more than there are characters: the end closes the last part */
        for (size_t i = 0; len > 0 && i <= len; i++) {
                if (i < len && text[i] != '.') {
                        label++;
                        continue;
                }
                if (label == 0)
                        return NBT_ERR_MALFORMED;
                if (label > NB_LABEL_MAX_BYTES)
                        return NBT_ERR_RANGE;
                label = 0;
        }
        ret->len_bytes = (uint8_t)len;
        memcpy(ret->text, text, len);
        return 0;
}

void nb_scope_format(const struct nb_scope *scope, char ret_text[NB_SCOPE_MAX_BYTES + 1])
{
        for (size_t i = 0; i < scope->len_bytes; i++)
                ret_text[i] = scope->text[i] >= 0x20 && scope->text[i] <= 0x7E ? (char)scope->text[i] : '.';
        ret_text[scope->len_bytes] = '\0';
}

bool nb_scope_equal(const struct nb_scope *a, const struct nb_scope *b)
{
        /* ASSUMPTION: byte for byte, as names are compared; Samba does the same. */
        return a->len_bytes == b->len_bytes && memcmp(a->text, b->text, a->len_bytes) == 0;
}
