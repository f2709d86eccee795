#pragma once
/*
 * A short list of formatted lines in an arena: evidence and remedies. Memory failure is sticky (failed), lines beyond
 * the bound are dropped silently: a reader of twenty lines of evidence needs no twenty-first.
 */
#include "base/arena.h"

#include <stdbool.h>

#define TEXTS_MAX 20

struct texts {
        struct arena *arena;
        bool failed;
        size_t count;
        const char *lines[TEXTS_MAX];
};

static inline struct texts texts_init(struct arena *arena)
{
        return (struct texts){.arena = arena};
}

/* Appends a formatted line; `failed` tells when memory ran out. */
void texts_add(struct texts *texts, const char *format, ...) NBT_PRINTF(2, 3);
