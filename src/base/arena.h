#pragma once
/*
 * The arena: memory that is given back all at once.
 *
 * A driver resets one arena before every step; what a core or a view puts into it lives until then.
 * Allocation is a pointer bump in a chain of blocks. Memory handed out is zeroed and aligned for any
 * object. Not for use by two threads.
 */
#include "base/result.h"

#include <stddef.h>

struct arena_block;

struct arena {
        struct arena_block *first;
        struct arena_block *last;
};

#define ARENA_INIT ((struct arena){0})

/* LEN zeroed bytes that live until reset or done; NULL if memory ran out. LEN 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t len_bytes);

/* A copy of LEN bytes (BYTES may be NULL when LEN is 0); NULL if memory ran out. */
void *arena_copy(struct arena *arena, const void *bytes, size_t len_bytes);

/* A copy of a NUL-terminated text; NULL if memory ran out. */
char *arena_strdup(struct arena *arena, const char *text);

/* printf into the arena; NULL if memory ran out. */
char *arena_printf(struct arena *arena, const char *format, ...) NBT_PRINTF(2, 3);

/* Forgets all that was handed out; keeps the first block for reuse. */
void arena_reset(struct arena *arena);

/* Gives all memory back; the arena may be used again as if new. Accepts a zeroed arena. */
void arena_done(struct arena *arena);
