#pragma once
/*
 * The vendor of a MAC address, from the ieee-data package's files, if it is installed. Read at run time, each file at most once a
 * call, and no more of it than OUI_MAX_BYTES; nothing is kept.
 */
#include "base/arena.h"

#include <stdint.h>

#define OUI_DIRECTORY "/usr/share/ieee-data"
#define OUI_MAX_BYTES (16u << 20)

/* The organisation's name in ARENA, from DIRECTORY/oui36.csv, mam.csv and oui.csv: the longest prefix wins. NULL if it is unknown, the
 * address was locally assigned, or there are no files. */
const char *oui_vendor(struct arena *arena, const char *directory, const uint8_t mac[6]);

/* One line of those files, "MA-L,002272,American Micro-Fuel Device Corp.,address": the name, cut and unquoted, if its prefix is
 * PREFIX (upper-case hex digits); NULL otherwise. RET holds SIZE bytes and is returned. */
const char *oui_line_match(const char *line, const char *prefix, char *ret, size_t size_bytes);
