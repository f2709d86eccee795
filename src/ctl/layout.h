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
        LAYOUT_ARRAY,    /* fixed array within the struct, of which another member tells how many count */
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
        size_t count_offset;          /* ARRAY, LIST: of the unsigned member that counts them */
        size_t count_size_bytes;      /* ARRAY, LIST: its size */
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

/* ---- how rows are written ----------------------------------------------------------------------------------------- */

#define LAYOUT_MEMBER(struct_, member_)                                                                                \
        .offset = offsetof(struct struct_, member_), .size_bytes = sizeof(((struct struct_ *)NULL)->member_)
#define LAYOUT_FIELD(struct_, key_, kind_, member_)                                                                    \
        {                                                                                                              \
                .key = key_, .kind = kind_, LAYOUT_MEMBER(struct_, member_)                                            \
        }
#define LAYOUT_WORDS(struct_, key_, member_, words_)                                                                   \
        {                                                                                                              \
                .key = key_, .kind = LAYOUT_WORD, LAYOUT_MEMBER(struct_, member_), .words = words_,                    \
                .word_count = NBT_ARRAY_SIZE(words_)                                                                   \
        }
#define LAYOUT_PART(struct_, key_, kind_, member_, element_)                                                           \
        {                                                                                                              \
                .key = key_, .kind = kind_, LAYOUT_MEMBER(struct_, member_), .element = &element_                      \
        }
#define LAYOUT_MANY(struct_, key_, kind_, member_, count_, element_, max_)                                             \
        {                                                                                                              \
                .key = key_, .kind = kind_, LAYOUT_MEMBER(struct_, member_), .element = &element_,                     \
                .count_offset = offsetof(struct struct_, count_),                                                      \
                .count_size_bytes = sizeof(((struct struct_ *)NULL)->count_), .max = max_                              \
        }
#define LAYOUT_OF(struct_, fields_)                                                                                    \
        {                                                                                                              \
                sizeof(struct struct_), fields_, NBT_ARRAY_SIZE(fields_)                                               \
        }

/* Bare addresses in arrays travel as objects of one key. */
extern const struct layout LAYOUT_ADDRESS_ROW;
