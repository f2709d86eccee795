#pragma once
/*
 * Structs to JSON and back by tables: a layout lists a struct's members, one row each, and both directions walk the same
 * rows, so that they cannot disagree.
 *
 * Encoding makes jansson values (the caller's to release). Decoding is strict about types and bounds, lenient about presence:
 * an absent key leaves its member zero, an unknown key is ignored.
 */
#include "base/arena.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum layout_kind {
        LAYOUT_BOOL,
        LAYOUT_INT,      /* signed member of 4 or 8 bytes */
        LAYOUT_UINT,     /* unsigned member of 1, 2, 4 or 8 bytes; JSON carries up to 2^63-1, more is cut to that */
        LAYOUT_WORD,     /* 4-byte enum, as one of words[]; a NULL word is no value */
        LAYOUT_TEXT,     /* char array with a NUL; bytes over 0x7E travel as '?' */
        LAYOUT_BYTES,    /* byte array of fixed length, as hexadecimal */
        LAYOUT_SCOPE,    /* struct nb_scope, as hexadecimal */
        LAYOUT_ADDRESS,  /* uint32_t in host order, as dotted decimal */
        LAYOUT_STRUCT,   /* nested struct */
        LAYOUT_OPTIONAL, /* pointer to a struct, or NULL */
        LAYOUT_ARRAY,    /* fixed array within the struct, of which a size_t tells how many count */
        LAYOUT_LIST,     /* pointer to so many */
};

struct layout;

struct layout_field {
        const char *key;
        enum layout_kind kind;
        size_t offset;
        size_t size_bytes;            /* of the member */
        const char *const *words;     /* WORD */
        size_t word_count;            /* WORD */
        const struct layout *element; /* STRUCT, OPTIONAL, ARRAY, LIST */
        size_t count_offset;          /* ARRAY, LIST: of the size_t */
        size_t max;                   /* ARRAY, LIST: most elements */
};

struct layout {
        size_t size_bytes;
        const struct layout_field *fields;
        size_t field_count;
};

/* A new JSON object, or NULL if memory ran out. */
json_t *layout_encode(const struct layout *layout, const void *object);

/* Fills OBJECT, which the caller has zeroed; nested memory is in ARENA. NBT_ERR_MALFORMED, NBT_ERR_RANGE, NBT_ERR_NOMEM; OBJECT then
 * holds a part. */
int layout_decode(const struct layout *layout, const json_t *json, struct arena *arena, void *object) NBT_MUST_CHECK;
