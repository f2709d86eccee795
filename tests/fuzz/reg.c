/* .reg files: what can be read is written back as it came, can be judged, edited, and read again. */
#include "fuzz.h"

#include "settings/effective.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char key[] = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters";
        const struct reg_value value = {.type = REG_TYPE_DWORD, .data = (const uint8_t *)"\1\0\0\0", .len_bytes = 4};
        struct reg_doc *doc = NULL, *again = NULL;
        struct reg_error error;
        struct reg_value found;
        struct settings_effective settings;
        struct strbuf out = STRBUF_INIT;
        struct arena arena = ARENA_INIT;
        uint32_t number = 0;

        if (reg_doc_parse(&doc, data, size, &error) < 0)
                return 0;
        check(reg_doc_serialise(doc, &out) == 0 && out.len_bytes == size && memcmp(out.text, data, size) == 0);
        check(settings_effective_build(doc, &arena, &settings) == 0);
        check(reg_doc_set(doc, key, "NodeType", &value) == 0);
        strbuf_reset(&out);
        check(reg_doc_serialise(doc, &out) == 0 && reg_doc_parse(&again, out.text, out.len_bytes, &error) == 0);
        check(reg_doc_find(again, key, "nodetype", &found) == 0 && reg_value_u32(&found, &number) == 0 && number == 1);
        check(reg_doc_delete_key(again, key) == 0 && reg_doc_find(again, key, "NodeType", &found) == NBT_ERR_NOT_FOUND);
        (void)!reg_doc_merge(doc, again);
        reg_doc_free(again);
        reg_doc_free(doc);
        strbuf_done(&out);
        arena_done(&arena);
        return 0;
}
