#pragma once
/*
 * A .reg document: the settings file, in the text form that Windows' Registry Editor exports.
 *
 * Read in any of its encodings (UTF-16LE with BOM, UTF-8 with or without, REGEDIT4 in Windows-1252), looked up, edited
 * and written back. What is not edited keeps its very bytes: comments, unknown keys, order, encoding and line ends; a
 * document that was not edited is serialised byte for byte as it came.
 *
 * A .reg file is a script: it is read as if applied from top to bottom to an empty registry. Of two settings of one value the
 * later holds, "name"=- deletes what stood before, [-key] a key and all below it.
 *
 * Keys and value names are compared without regard to case. Keys may be given with Windows' abbreviations (HKLM\…);
 * HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001 is the same as …\CurrentControlSet. The default value of a key has the name "".
 *
 * A document owns all its memory; texts and values that it lends are valid until it is edited or freed. All texts in
 * and out are UTF-8. It is pure: files are store/regfile.h.
 */
#include "base/arena.h"
#include "base/result.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REG_MAX_BYTES (16u << 20)   /* of a file */
#define REG_MAX_KEY_DEPTH 512       /* Windows' own limit */
#define REG_MAX_KEY_NAME_BYTES 1024 /* one part of a path (Windows: 255 characters) */
#define REG_MAX_NAME_BYTES 65536    /* a value's name (Windows: 16383 characters) */
/* ASSUMPTION: no settings file has more [-key] lines; bounds the work of a look-up. */
#define REG_MAX_KEY_DELETIONS 256
#define REG_MAX_ITEMS (1u << 20) /* keys, values and runs of comments of one file */

struct reg_doc;

enum reg_encoding { REG_ENC_UTF16LE, REG_ENC_UTF8, REG_ENC_UTF8_BOM, REG_ENC_CP1252 };

/* The registry's own numbers (public winnt.h). Any other number may occur in a file, as hex(n): */
enum reg_type {
        REG_TYPE_NONE = 0,
        REG_TYPE_SZ = 1,
        REG_TYPE_EXPAND_SZ = 2,
        REG_TYPE_BINARY = 3,
        REG_TYPE_DWORD = 4,
        REG_TYPE_DWORD_BE = 5,
        REG_TYPE_LINK = 6,
        REG_TYPE_MULTI_SZ = 7,
        REG_TYPE_RESOURCE_LIST = 8,
        REG_TYPE_FULL_RESOURCE_DESCRIPTOR = 9,
        REG_TYPE_RESOURCE_REQUIREMENTS_LIST = 10,
        REG_TYPE_QWORD = 11,
};

/*
 * A value. DATA by type: SZ and EXPAND_SZ: UTF-8 text, LEN without the NUL that always follows it; MULTI_SZ: UTF-8 texts one after
 * another, each with its NUL, LEN counting those; all others: the bytes as the registry would hold them (numbers little-endian,
 * DWORD_BE big-endian).
 */
struct reg_value {
        const char *name; /* as written; "" is the key's default value; ignored by reg_doc_set() */
        uint32_t type;
        const uint8_t *data;
        size_t len_bytes;
        unsigned line; /* where it stands in the file as read, from 1; 0 if it was edited since */
};

/* Where and why a text could not be read. */
struct reg_error {
        unsigned line;
        char expected[160]; /* "a key in brackets before the first value" */
};

/* An empty document with the header of its encoding (CP1252: REGEDIT4) and CRLF line ends. */
int reg_doc_new(struct reg_doc **ret, enum reg_encoding encoding) NBT_MUST_CHECK;

/* Reads a document from bytes, which it copies. NBT_ERR_MALFORMED, NBT_ERR_TRUNCATED (ends within a value) or NBT_ERR_RANGE (over a
 * bound), with *ret_error filled; NBT_ERR_NOMEM. */
int reg_doc_parse(struct reg_doc **ret, const void *bytes, size_t len_bytes,
                  struct reg_error *ret_error) NBT_MUST_CHECK;

/* Accepts NULL, returns NULL. */
struct reg_doc *reg_doc_free(struct reg_doc *doc);

/* Appends the whole file to OUT (bytes in the document's encoding, BOM included). NBT_ERR_NOMEM. */
int reg_doc_serialise(const struct reg_doc *doc, struct strbuf *out) NBT_MUST_CHECK;

/* As it was read, or made: what it will be written in. */
enum reg_encoding reg_doc_encoding(const struct reg_doc *doc);

/* ---- looking up -------------------------------------------------------------------------------------------------- */

/* The value as it holds after the whole file was applied. NBT_ERR_NOT_FOUND. */
int reg_doc_find(const struct reg_doc *doc, const char *key, const char *name, struct reg_value *ret) NBT_MUST_CHECK;

/* True if KEY, or a key below it, holds after the whole file was applied. */
bool reg_doc_has_key(const struct reg_doc *doc, const char *key);

/* The keys that hold and are UNDER (NULL: all) or below it, in the order in which they first appear, as first written with the hive's
 * full name; in ARENA. Parents that the file names only as part of a longer path are not listed. */
int reg_doc_keys(const struct reg_doc *doc, const char *under, struct arena *arena, const char *const **ret_keys,
                 size_t *ret_count) NBT_MUST_CHECK;

/* The values that hold in KEY, in order of their first appearance; the array is in ARENA, its contents the document's. */
int reg_doc_values(const struct reg_doc *doc, const char *key, struct arena *arena, const struct reg_value **ret_values,
                   size_t *ret_count) NBT_MUST_CHECK;

/* ---- editing ----------------------------------------------------------------------------------------------------- */

/*
 * Sets a value: in place where the file sets it now (its comment at the end of the line stays), else at the end of its key, else under
 * a new key at the end. NBT_ERR_MALFORMED for a key that cannot be, NBT_ERR_RANGE for one over a bound, NBT_ERR_UNSUPPORTED for a
 * character the file's code page lacks; NBT_ERR_NOMEM. The document is unchanged on failure.
 */
int reg_doc_set(struct reg_doc *doc, const char *key, const char *name, const struct reg_value *value) NBT_MUST_CHECK;

/* Adds an empty key if it is not there. Failures as reg_doc_set(). */
int reg_doc_add_key(struct reg_doc *doc, const char *key) NBT_MUST_CHECK;

/* Takes every setting of the value out of the file; comments stay. NBT_ERR_NOT_FOUND if it holds nowhere. */
int reg_doc_delete_value(struct reg_doc *doc, const char *key, const char *name) NBT_MUST_CHECK;

/* Takes the key and all below it out, with the comments between their values; comments that stand before the next key stay.
 * NBT_ERR_NOT_FOUND. */
int reg_doc_delete_key(struct reg_doc *doc, const char *key) NBT_MUST_CHECK;

/* Applies another document to this one as `reg import` would: its deletions, keys and values in order. Failures as reg_doc_set(); DOC may
 * then be changed in part: work on a copy. */
int reg_doc_merge(struct reg_doc *doc, const struct reg_doc *from) NBT_MUST_CHECK;

/* ---- values and paths as text ------------------------------------------------------------------------------------ */

/* "REG_DWORD"; NULL for a number without a name. */
const char *reg_type_str(uint32_t type);

/* NBT_ERR_NOT_FOUND for a word that names no type; case is ignored. */
int reg_type_parse(const char *text, uint32_t *ret) NBT_MUST_CHECK;

/* As reg.exe prints data: text, 0x1, 010203, MULTI_SZ with \0 between texts. */
void reg_value_format(const struct reg_value *value, struct strbuf *out);

/*
 * Data of TYPE from what users give to `reg add /d`: numbers decimal or 0x…; MULTI_SZ with \0 (or SEPARATOR, if not NULL) between texts;
 * binary as hex digits. In ARENA. NBT_ERR_MALFORMED, NBT_ERR_RANGE (a number too large), NBT_ERR_UNSUPPORTED (type).
 */
int reg_value_parse(uint32_t type, const char *text, const char *separator, struct arena *arena,
                    struct reg_value *ret) NBT_MUST_CHECK;

/* A DWORD of four bytes. NBT_ERR_MALFORMED if it is of another type or length. */
int reg_value_u32(const struct reg_value *value, uint32_t *ret) NBT_MUST_CHECK;

/* Next text of a MULTI_SZ: start with *pos 0; NULL at its end. */
const char *reg_value_next(const struct reg_value *value, size_t *pos);

/* Names equal without regard to case. */
bool reg_name_equal(const char *a, const char *b);

/*
 * The path with its hive's full name, no backslash at its end or doubled, ControlSet001 as CurrentControlSet; in ARENA. NBT_ERR_MALFORMED
 * if it begins with no hive or has an empty part, NBT_ERR_RANGE if it is over a bound.
 */
int reg_key_normalise(const char *key, struct arena *arena, const char **ret) NBT_MUST_CHECK;
