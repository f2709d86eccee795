#include "settings/reg_int.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_5 "Windows Registry Editor Version 5.00\r\n"
#define HEADER_4 "REGEDIT4\r\n"

static const struct hive {
        const char *full, *abbreviation;
} hives[] = {
        {"HKEY_LOCAL_MACHINE", "HKLM"}, {"HKEY_CURRENT_USER", "HKCU"},   {"HKEY_CLASSES_ROOT", "HKCR"},
        {"HKEY_USERS", "HKU"},          {"HKEY_CURRENT_CONFIG", "HKCC"}, {"HKEY_PERFORMANCE_DATA", "HKPD"},
        {"HKEY_DYN_DATA", "HKDD"},
};

const char *reg_fold_dup(struct arena *arena, const char *text)
{
        char *copy = arena_strdup(arena, text);

        if (copy)
                reg_text_fold(copy);
        return copy;
}

static int fold_byte(unsigned char c)
{
        return c >= 'A' && c <= 'Z' ? c + 0x20 : c;
}

static bool equal_ascii(const char *a, size_t len_bytes, const char *b)
{
        if (strlen(b) != len_bytes)
                return false;
        for (size_t i = 0; i < len_bytes; i++)
                if (fold_byte((unsigned char)a[i]) != fold_byte((unsigned char)b[i]))
                        return false;
        return true;
}

bool reg_name_equal(const char *a, const char *b)
{
        struct arena arena = ARENA_INIT;
        bool equal = equal_ascii(a, strlen(a), b);

        if (!equal && strlen(a) == strlen(b)) {
                const char *x = reg_fold_dup(&arena, a), *y = reg_fold_dup(&arena, b);
                equal = x && y && strcmp(x, y) == 0;
        }
        arena_done(&arena);
        return equal;
}

static const char *hive_find(const char *word, size_t len_bytes)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(hives); i++)
                if (equal_ascii(word, len_bytes, hives[i].full) || equal_ascii(word, len_bytes, hives[i].abbreviation))
                        return hives[i].full;
        return NULL;
}

/* One part of a path: what may not stand in it. */
static int check_part(const char *part, size_t len_bytes)
{
        if (len_bytes == 0)
                return NBT_ERR_MALFORMED;
        if (len_bytes > REG_MAX_KEY_NAME_BYTES)
                return NBT_ERR_RANGE;
        for (size_t i = 0; i < len_bytes; i++)
                if ((unsigned char)part[i] < 0x20)
                        return NBT_ERR_MALFORMED;
        return 0;
}

static int expand_key(const char *key, bool alias, struct strbuf *out)
{
        bool in_system = false;

        for (unsigned depth = 0;; depth++) {
                const size_t len = strcspn(key, "\\");
                const char *hive = depth == 0 ? hive_find(key, len) : NULL;
                const int rc = check_part(key, len);

                if (rc < 0 || depth > REG_MAX_KEY_DEPTH || (depth == 0 && !hive))
                        return rc < 0 ? rc : depth ? NBT_ERR_RANGE : NBT_ERR_MALFORMED;
                if (depth)
                        strbuf_add_char(out, '\\');
                if (hive)
                        strbuf_add(out, hive);
                else if (alias && depth == 2 && in_system && equal_ascii(key, len, "ControlSet001"))
                        strbuf_add(out, "CurrentControlSet");
                else
                        strbuf_add_bytes(out, key, len);
                in_system =
                        depth == 0 ? hive == hives[0].full : depth == 1 && in_system && equal_ascii(key, len, "SYSTEM");
                key += len;
                if (!*key || !key[1]) /* one backslash at the end is let pass, as reg.exe does */
                        return strbuf_ok(out) ? 0 : NBT_ERR_NOMEM;
                key++;
        }
}

static int expand_key_dup(const char *key, bool alias, struct arena *arena, const char **ret)
{
        struct strbuf sb = STRBUF_INIT;
        int rc = expand_key(key, alias, &sb);

        if (rc == 0) {
                const char *copy = arena_strdup(arena, strbuf_str(&sb));
                if (copy)
                        *ret = copy;
                else
                        rc = NBT_ERR_NOMEM;
        }
        strbuf_done(&sb);
        return rc;
}

int reg_key_normalise(const char *key, struct arena *arena, const char **ret)
{
        return expand_key_dup(key, true, arena, ret);
}

int reg_key_make(struct arena *arena, const char *path, struct reg_key *ret)
{
        struct reg_key key = {0};
        const char *normal = NULL;
        int rc = expand_key_dup(path, false, arena, &key.path);

        if (rc == 0)
                rc = expand_key_dup(path, true, arena, &normal);
        if (rc < 0)
                return rc;
        key.folded = reg_fold_dup(arena, normal);
        if (!key.folded)
                return NBT_ERR_NOMEM;
        key.folded_len_bytes = strlen(key.folded);
        key.hash = hash_bytes(key.folded, key.folded_len_bytes, 0);
        *ret = key;
        return 0;
}

bool reg_key_same(const struct reg_key *a, const struct reg_key *b)
{
        return a->hash == b->hash && strcmp(a->folded, b->folded) == 0;
}

bool reg_key_is_under(const struct reg_key *key, const struct reg_key *above)
{
        const size_t len = above->folded_len_bytes;

        return key->folded_len_bytes >= len && memcmp(key->folded, above->folded, len) == 0 &&
               (key->folded[len] == '\0' || key->folded[len] == '\\');
}

struct reg_item *reg_items_insert(struct reg_doc *doc, size_t index)
{
        if (doc->count == doc->size) {
                const size_t size = doc->size ? doc->size * 2 : 64;
                struct reg_item *items = realloc(doc->items, size * sizeof(*items));
                if (!items)
                        return NULL;
                doc->items = items;
                doc->size = size;
        }
        struct reg_item *at = doc->items + index;
        memmove(at + 1, at, (doc->count - index) * sizeof(*at));
        doc->count++;
        *at = (struct reg_item){0};
        return at;
}

void reg_items_remove(struct reg_doc *doc, size_t index)
{
        struct reg_item *at = doc->items + index;

        if (at->kind == REG_ITEM_KEY_DELETE)
                doc->key_deletions--;
        doc->count--;
        memmove(at, at + 1, (doc->count - index) * sizeof(*at));
}

int reg_doc_new(struct reg_doc **ret, enum reg_encoding encoding)
{
        struct strbuf file = STRBUF_INIT;
        struct reg_error error;
        const char *header = encoding == REG_ENC_CP1252 ? HEADER_4 : HEADER_5;
        int rc = 0;

        if (encoding == REG_ENC_UTF16LE)
                strbuf_add_bytes(&file, "\xFF\xFE", 2);
        else if (encoding == REG_ENC_UTF8_BOM)
                strbuf_add(&file, "\xEF\xBB\xBF");
        rc = reg_text_encode(encoding, header, strlen(header), &file);
        if (rc == 0)
                rc = reg_doc_parse(ret, strbuf_str(&file), file.len_bytes, &error);
        strbuf_done(&file);
        return rc;
}

struct reg_doc *reg_doc_free(struct reg_doc *doc)
{
        if (doc) {
                arena_done(&doc->arena);
                free(doc->items);
                free(doc);
        }
        return NULL;
}

int reg_doc_serialise(const struct reg_doc *doc, struct strbuf *out)
{
        for (size_t i = 0; i < doc->count; i++)
                strbuf_add_bytes(out, doc->items[i].raw, doc->items[i].raw_len_bytes);
        return strbuf_ok(out) ? 0 : NBT_ERR_NOMEM;
}

enum reg_encoding reg_doc_encoding(const struct reg_doc *doc)
{
        return doc->encoding;
}
