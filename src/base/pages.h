#pragma once
/*
 * Large zeroed memory, straight from the system, in huge pages where it has them: a table of many megabytes that is read at random
 * places costs a walk of the page tables for nearly every read in small pages (transparent huge pages, madvise(2)).
 */
#include <stdbool.h>
#include <stddef.h>

#define PAGES_HUGE_BYTES ((size_t)2 << 20)

/*
 * SIZE bytes, aligned to PAGES_HUGE_BYTES, or NULL. Memory is taken as it is touched: with HUGE so many bytes at once, where the system
 * has such a page left.
 */
void *pages_new(size_t size_bytes, bool huge);
/* Of the same SIZE. Accepts NULL. */
void pages_free(void *pages, size_t size_bytes);
