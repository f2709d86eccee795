#include "store/winsstore.h"

#include <string.h>

int winsstore_compare(const struct nb_name *a, const struct nb_scope *a_scope, const struct nb_name *b,
                      const struct nb_scope *b_scope)
{
        const size_t least = a_scope->len_bytes < b_scope->len_bytes ? a_scope->len_bytes : b_scope->len_bytes;
        int order = memcmp(a->bytes, b->bytes, NB_NAME_BYTES);

        if (order == 0)
                order = memcmp(a_scope->text, b_scope->text, least);
        return order ? order : (int)a_scope->len_bytes - (int)b_scope->len_bytes;
}

void winsstore_touch(struct wins_record *record, int64_t expiry_s)
{
        if (record->is_static)
                return;
        record->expiry_s = expiry_s;
        if (record->member_count == 1)
                record->members[0].expiry_s = expiry_s;
}
