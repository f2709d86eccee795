#pragma once
/*
 * Large blocks of zeroed memory, straight from the system, in huge pages where it has them: a table of many megabytes that is read at
 * random places costs a walk of the page tables for nearly every read in small pages (transparent huge pages, madvise(2)).
 */
#include <stdbool.h>
#include <stddef.h>

#define PAGES_BLOCK_BYTES ((size_t)2 << 20)

/*
 * A block of PAGES_BLOCK_BYTES, aligned to its size, or NULL. Memory is taken as it is touched: with HUGE all of it at once, where the
 * system has such a page left.
 */
void *pages_new(bool huge);
/* Accepts NULL. */
void pages_free(void *block);
