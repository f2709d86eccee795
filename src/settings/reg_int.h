#pragma once
/*
 * Inside src/settings: what a .reg document is made of. A document is a list of items in file order; each keeps the bytes
 * that it has in the file, and what they mean. An item is a key line, a value with all its continuation lines, or a run of lines
 * that say nothing (header, comments, blanks).
 */
#include "settings/reg.h"
#include "settings/reg_text.h"

enum reg_item_kind {
        REG_ITEM_OTHER,
        REG_ITEM_KEY,
        REG_ITEM_KEY_DELETE,
        REG_ITEM_VALUE,
        REG_ITEM_VALUE_DELETE,
};

struct reg_key {
        const char *path;   /* as written, the hive by its full name */
        const char *folded; /* to compare: normalised, lower case */
        size_t folded_len_bytes;
        uint64_t hash; /* of folded */
};

struct reg_item {
        enum reg_item_kind kind;
        const uint8_t *raw;
        size_t raw_len_bytes;
        const char *eol;           /* "\n", "\r\n" or "": how its last line ends */
        const struct reg_key *key; /* NULL for OTHER */
        const char *folded_name;   /* values only */
        struct reg_value value;
        const char *tail; /* what stands behind the data on its line: blanks and a comment */
};

struct reg_doc {
        struct arena arena; /* all memory but the list of items; grows until the document is freed */
        enum reg_encoding encoding;
        bool ansi;       /* REGEDIT4: texts in hex are in the code page, not in UTF-16 */
        const char *eol; /* of new lines */
        struct reg_item *items;
        size_t count, size;
        size_t key_deletions;
};

/* A key's path made comparable. Failures as reg_key_normalise(). */
int reg_key_make(struct arena *arena, const char *path, struct reg_key *ret) NBT_MUST_CHECK;

/* True if KEY is ABOVE or lies under it. */
bool reg_key_is_under(const struct reg_key *key, const struct reg_key *above);
bool reg_key_same(const struct reg_key *a, const struct reg_key *b);

/* A lower-case copy; NULL if memory ran out. */
const char *reg_fold_dup(struct arena *arena, const char *text);

/* Room for one item at INDEX, zeroed; NULL if memory ran out. Only reg_doc_free() and removal take items away. */
struct reg_item *reg_items_insert(struct reg_doc *doc, size_t index);
void reg_items_remove(struct reg_doc *doc, size_t index);

/* The item that gives the value now: index, or -1 if none. */
ptrdiff_t reg_item_find(const struct reg_doc *doc, const struct reg_key *key, const char *folded_name);

/* Texts that the file holds as bytes (hex(1), hex(2), hex(7)): to what struct reg_value documents. In ARENA. */
int reg_data_decode(uint32_t type, bool ansi, const uint8_t *bytes, size_t len_bytes, struct arena *arena,
                    struct reg_value *ret) NBT_MUST_CHECK;

/* A value's line (or lines), with EOL between but not behind them, as UTF-8. */
int reg_value_line(const struct reg_doc *doc, const char *name, const struct reg_value *value,
                   struct strbuf *out) NBT_MUST_CHECK;
