#pragma once
/*
 * The vendors of many MAC addresses: the ieee-data package's tables, read once, at the first question (some 50,000 rows, 4 MiB).
 * oui.h is for the few.
 */
#include "base/result.h"

#include <stdint.h>

struct scan_vendors;

/* Reads nothing yet; DIRECTORY is lent. NBT_ERR_NOMEM. */
int scan_vendors_new(struct scan_vendors **ret, const char *directory) NBT_MUST_CHECK;

/* The organisation of MAC, the longest prefix wins; NULL if it is unknown, locally assigned, or there are no tables. Borrowed. */
const char *scan_vendors_find(struct scan_vendors *vendors, const uint8_t mac[6]);

struct scan_vendors *scan_vendors_free(struct scan_vendors *vendors);
