#pragma once
/*
 * NetBIOS names and scopes, and how they stand on the wire.
 *
 * A NetBIOS name is a value of exactly 16 bytes, any bytes: 15 of name, padded with blanks, and one
 * suffix. It is never a C string; text exists only at the edge. A scope is up to 255 bytes of dotted
 * text. On the wire, first-level encoding turns the 16 bytes into 32 letters 'A' to 'P', and
 * second-level encoding writes that and the scope's parts as labels (RFC 1001 §14.1, RFC 1002 §4.1).
 */
#include "base/rd.h"
#include "base/result.h"
#include "base/wr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NB_NAME_BYTES 16
#define NB_SUFFIX_AT 15
#define NB_SCOPE_MAX_BYTES 255
#define NB_LABEL_MAX_BYTES 63
/* 33 of name, at most 256 of scope labels, and the closing zero */
#define NB_NAME_ENCODED_MAX_BYTES (1 + 2 * NB_NAME_BYTES + 1 + NB_SCOPE_MAX_BYTES + 1)
#define NB_NAME_TEXT_BYTES (NB_NAME_BYTES * 4 + 8) /* enough for any nb_name_format() */

struct nb_name {
        uint8_t bytes[NB_NAME_BYTES];
};

/* Dotted text without a closing dot; only the first LEN bytes of TEXT have a meaning. */
struct nb_scope {
        uint8_t len_bytes;
        uint8_t text[NB_SCOPE_MAX_BYTES];
};

/* The wildcard of node status requests: '*' and fifteen NULs (RFC 1002 §4.2.17, §5.1.1.5). */
extern const struct nb_name NB_NAME_WILDCARD;

/* TEXT upper-cased (ASCII letters only), cut to 15 bytes, padded with blanks, with SUFFIX. */
struct nb_name nb_name_make(const char *text, uint8_t suffix);

/*
 * Parses what users type: NAME (suffix DEFAULT_SUFFIX), NAME<XX>, NAME#XX; "\\xHH" inside stands for one
 * byte; "*" alone is the wildcard. NAME is upper-cased. NBT_ERR_RANGE if it is longer than 15 bytes,
 * NBT_ERR_MALFORMED if empty or of another form.
 */
int nb_name_parse(const char *text, uint8_t default_suffix, struct nb_name *ret) NBT_MUST_CHECK;

/* "FILESRV<20>": blanks at the end cut, unprintable bytes as '.'. */
void nb_name_format(const struct nb_name *name, char ret_text[NB_NAME_TEXT_BYTES]);

/* "FILESRV": the 15 name bytes alone, blanks at the end cut, unprintable bytes as '.'. */
void nb_name_format_stem(const struct nb_name *name, char ret_text[NB_NAME_TEXT_BYTES]);

/* Without loss: as nb_name_format(), but unprintable bytes (and backslash) as \xHH. nb_name_parse() reads it back
 * where the name holds no lower-case letters. */
void nb_name_format_exact(const struct nb_name *name, char ret_text[NB_NAME_TEXT_BYTES]);

static inline uint8_t nb_name_suffix(const struct nb_name *name)
{
        return name->bytes[NB_SUFFIX_AT];
}

/* All sixteen bytes. */
bool nb_name_equal(const struct nb_name *a, const struct nb_name *b);

/* True if the 15 name bytes are equal, whatever the suffixes. */
bool nb_name_same_stem(const struct nb_name *a, const struct nb_name *b);

/* Is it '*' and NULs (or '*' and blanks, which Samba sends)? */
bool nb_name_is_wildcard(const struct nb_name *name);

/*
 * Reads a scope from dotted text. NBT_ERR_RANGE if a part is longer than 63 bytes (event 4317) or all
 * is longer than 255 (event 4318); NBT_ERR_MALFORMED if a part is empty. "" is the empty scope.
 */
int nb_scope_parse(const char *text, struct nb_scope *ret) NBT_MUST_CHECK;
/* NUL-terminated; unprintable bytes as '.'. */
void nb_scope_format(const struct nb_scope *scope, char ret_text[NB_SCOPE_MAX_BYTES + 1]);
bool nb_scope_equal(const struct nb_scope *a, const struct nb_scope *b);

/*
 * Decodes name and scope at RD (whole message as its range, so that pointers can be followed), and moves
 * RD behind it. Label pointers may only point backwards, before where they stand, and are followed at
 * most 8 times. NBT_ERR_TRUNCATED or NBT_ERR_MALFORMED; RD is then failed. A first label that is not 32
 * letters 'A' to 'P' is malformed, so is a scope label that holds a dot or is over 63 bytes.
 */
int nb_name_decode(struct rd *rd, struct nb_name *ret_name, struct nb_scope *ret_scope) NBT_MUST_CHECK;

/* Writes both levels of encoding; sticky failure in WR. SCOPE may be NULL for the empty one. */
void nb_name_encode(struct wr *wr, const struct nb_name *name, const struct nb_scope *scope);

/* What a suffix means in plain words ("File Server"), for NAME as unique or group; never NULL, "" if unknown.
 * Source: KB163409, MS-BRWS. */
const char *nb_name_service(const struct nb_name *name, bool is_group);
