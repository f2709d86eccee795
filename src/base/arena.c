#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384

struct arena_block {
        struct arena_block *next;
        size_t size_bytes;
        size_t used_bytes;
        max_align_t data[];
};

static struct arena_block *block_new(size_t size_bytes)
{
        struct arena_block *block = malloc(sizeof(*block) + size_bytes);

        if (block) {
                block->next = NULL;
                block->size_bytes = size_bytes;
                block->used_bytes = 0;
        }
        return block;
}

static void free_chain(struct arena_block *block)
{
        while (block) {
                struct arena_block *next = block->next;

                free(block);
                block = next;
        }
}

void *arena_alloc(struct arena *arena, size_t len_bytes)
{
        const size_t align = _Alignof(max_align_t);
        struct arena_block *block = arena->last;

        if (len_bytes > SIZE_MAX / 2)
                return NULL;
        const size_t need = (len_bytes + align - 1) / align * align;
        if (!block || block->size_bytes - block->used_bytes < need) {
                block = block_new(need > BLOCK_BYTES ? need : BLOCK_BYTES);
                if (!block)
                        return NULL;
                if (arena->last)
                        arena->last->next = block;
                else
                        arena->first = block;
                arena->last = block;
        }
        uint8_t *at = (uint8_t *)block->data + block->used_bytes;
        block->used_bytes += need;
        return memset(at, 0, len_bytes);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t len_bytes)
{
        void *copy = arena_alloc(arena, len_bytes);

        if (copy && len_bytes)
                memcpy(copy, bytes, len_bytes);
        return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
        return arena_copy(arena, text, strlen(text) + 1);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        const int len = vsnprintf(NULL, 0, format, args);
        va_end(args);
        char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
        if (!text)
                return NULL;
        va_start(args, format);
        vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
        return text;
}

void arena_reset(struct arena *arena)
{
        if (!arena->first)
                return;
        free_chain(arena->first->next);
        arena->first->next = NULL;
        arena->first->used_bytes = 0;
        arena->last = arena->first;
}

void arena_done(struct arena *arena)
{
        free_chain(arena->first);
        *arena = ARENA_INIT;
}
