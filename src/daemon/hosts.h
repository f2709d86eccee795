#pragma once
/*
 * LMHOSTS from disk: reads the files that node/lmhosts.h asks for.
 *
 * Paths in #INCLUDE count from the directory of the file they stand in; a UNC path names a machine of a Windows network and cannot be
 * read here, which counts as a file that is not there (an alternate may be).
 */
#include "node/lmhosts.h"

/*
 * Reads PATH and what it includes, and logs what was wrong with it. A missing PATH is an empty one. *ret is the load to take the
 * entries from, and to be freed. NBT_ERR_NOMEM, NBT_ERR_RANGE.
 */
int hosts_load(const char *path, struct lmhosts_load **ret) NBT_MUST_CHECK;
