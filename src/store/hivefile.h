#pragma once
/*
 * Registry hives of Windows (the file SYSTEM of System32\config), read with hivex, never written: a document (settings/reg.h) as an export
 * of the hive would be, of the keys that concern NetBIOS names only.
 *
 * Select\Current says which ControlSetNNN is CurrentControlSet; its values stand in the document under that name.
 */
#include "base/strbuf.h"
#include "settings/reg.h"

struct hive_report {
        unsigned control_set; /* NNN */
        size_t key_count, value_count;
        size_t unreadable_count; /* keys and values that are damaged, or of a form that no document holds */
        const char *unreadable;  /* the first of them: its path; in ARENA; NULL if none */
};

/*
 * NBT_ERR_NOT_FOUND, NBT_ERR_DENIED, NBT_ERR_IO (with errno), NBT_ERR_MALFORMED (no hive), NBT_ERR_UNSUPPORTED (a hive, but not
 * SYSTEM): WHY then says so in words. NBT_ERR_NOMEM.
 */
int hivefile_load(const char *path, struct arena *arena, struct reg_doc **ret, struct hive_report *ret_report,
                  struct strbuf *why) NBT_MUST_CHECK;
