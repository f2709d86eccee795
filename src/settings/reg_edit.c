/* Editing: every change touches the bytes of the items it changes, and no others. */
#include "settings/reg_int.h"

#include <string.h>

static int set_raw(struct reg_doc *doc, const struct strbuf *text, const uint8_t **ret_raw, size_t *ret_len)
{
        struct strbuf raw = STRBUF_INIT;
        int rc = strbuf_ok(text) ? reg_text_encode(doc->encoding, strbuf_str(text), text->len_bytes, &raw)
                                 : NBT_ERR_NOMEM;

        if (rc == 0) {
                const uint8_t *copy = arena_copy(&doc->arena, strbuf_str(&raw), raw.len_bytes);
                if (copy) {
                        *ret_raw = copy;
                        *ret_len = raw.len_bytes;
                } else {
                        rc = NBT_ERR_NOMEM;
                }
        }
        strbuf_done(&raw);
        return rc;
}

/* The last line of a file may have no end: before something is put behind it, it gets one. */
static int close_line(struct reg_doc *doc, size_t index)
{
        struct reg_item *item = &doc->items[index];
        struct strbuf end = STRBUF_INIT;
        const uint8_t *raw_end = NULL;
        size_t end_len = 0;

        if (*item->eol)
                return 0;
        strbuf_add(&end, doc->eol);
        const int rc = set_raw(doc, &end, &raw_end, &end_len);
        strbuf_done(&end);
        if (rc < 0)
                return rc;
        uint8_t *raw = arena_alloc(&doc->arena, item->raw_len_bytes + end_len);
        if (!raw)
                return NBT_ERR_NOMEM;
        memcpy(raw, item->raw, item->raw_len_bytes);
        memcpy(raw + item->raw_len_bytes, raw_end, end_len);
        item->raw = raw;
        item->raw_len_bytes += end_len;
        item->eol = doc->eol;
        return 0;
}

/* A deep copy, so that an item may be set from another document or from a caller's buffer. */
static int copy_value(struct reg_doc *doc, const char *name, const struct reg_value *value, struct reg_value *ret)
{
        uint8_t *data = arena_alloc(&doc->arena, value->len_bytes + 1);
        const char *own_name = arena_strdup(&doc->arena, name);

        if (!data || !own_name)
                return NBT_ERR_NOMEM;
        if (value->len_bytes)
                memcpy(data, value->data, value->len_bytes);
        *ret = (struct reg_value){.name = own_name, .type = value->type, .data = data, .len_bytes = value->len_bytes};
        return 0;
}

static int check_name(const char *name)
{
        if (strlen(name) > REG_MAX_NAME_BYTES)
                return NBT_ERR_RANGE;
        for (; *name; name++)
                if ((unsigned char)*name < 0x20)
                        return NBT_ERR_MALFORMED;
        return 0;
}

/* Item (not in the list yet) for a value: its line, ending in TAIL and EOL. */
static int make_value(struct reg_doc *doc, const char *name, const struct reg_value *value, const char *tail,
                      const char *eol, struct reg_item *ret)
{
        struct strbuf line = STRBUF_INIT;
        struct reg_item item = {.kind = REG_ITEM_VALUE, .tail = tail, .eol = eol};
        int rc = check_name(name);

        if (rc == 0)
                rc = reg_value_line(doc, name, value, &line);
        strbuf_add(&line, tail);
        strbuf_add(&line, eol);
        if (rc == 0)
                rc = set_raw(doc, &line, &item.raw, &item.raw_len_bytes);
        strbuf_done(&line);
        if (rc == 0)
                rc = copy_value(doc, name, value, &item.value);
        if (rc < 0)
                return rc;
        item.folded_name = reg_fold_dup(&doc->arena, name);
        if (!item.folded_name)
                return NBT_ERR_NOMEM;
        *ret = item;
        return 0;
}

/* The last section of KEY that no later [-key] takes away; -1 if none. */
static ptrdiff_t find_section(const struct reg_doc *doc, const struct reg_key *key)
{
        for (size_t i = doc->count; i-- > 0;) {
                const struct reg_item *item = &doc->items[i];
                if (item->kind == REG_ITEM_KEY_DELETE && reg_key_is_under(key, item->key))
                        return -1;
                if (item->kind == REG_ITEM_KEY && reg_key_same(item->key, key))
                        return (ptrdiff_t)i;
        }
        return -1;
}

/* Where a new value of the section goes: behind its last value, before the blank line and comments of the next key. */
static size_t section_end(const struct reg_doc *doc, size_t section)
{
        size_t end = section + 1;

        for (size_t i = section + 1; i < doc->count; i++) {
                if (doc->items[i].kind == REG_ITEM_KEY || doc->items[i].kind == REG_ITEM_KEY_DELETE)
                        break;
                if (doc->items[i].kind != REG_ITEM_OTHER)
                        end = i + 1;
        }
        return end;
}

/* Does the file end in a blank line already? */
static bool ends_blank(const struct reg_doc *doc)
{
        const struct reg_item *last = &doc->items[doc->count - 1];
        const size_t unit = doc->encoding == REG_ENC_UTF16LE ? 2 : 1;
        size_t ends = 0;

        for (size_t at = last->raw_len_bytes; last->kind == REG_ITEM_OTHER && at >= unit; at -= unit) {
                const uint8_t c = last->raw[at - unit];
                if (c == '\n')
                        ends++;
                else if (c != '\r')
                        break;
        }
        return ends >= 2;
}

static int append_section(struct reg_doc *doc, const struct reg_key *key, size_t *ret_index)
{
        struct reg_item item = {.kind = REG_ITEM_KEY, .eol = doc->eol, .tail = ""};
        struct strbuf line = STRBUF_INIT;
        struct reg_key *own = arena_copy(&doc->arena, key, sizeof(*key));
        int rc = own ? close_line(doc, doc->count - 1) : NBT_ERR_NOMEM;

        if (rc < 0)
                return rc;
        strbuf_printf(&line, "%s[%s]%s", ends_blank(doc) ? "" : doc->eol, key->path, doc->eol);
        rc = set_raw(doc, &line, &item.raw, &item.raw_len_bytes);
        strbuf_done(&line);
        if (rc < 0)
                return rc;
        item.key = own;
        struct reg_item *slot = reg_items_insert(doc, doc->count);
        if (!slot)
                return NBT_ERR_NOMEM;
        *slot = item;
        *ret_index = doc->count - 1;
        return 0;
}

/* A key that we are to write. ASSUMPTION: a ] in a key is legal, but half of all readers break on it: not written. */
static int make_new_key(struct reg_doc *doc, const char *path, struct reg_key *ret)
{
        if (strchr(path, ']'))
                return NBT_ERR_MALFORMED;
        const int rc = reg_key_make(&doc->arena, path, ret);
        if (rc < 0)
                return rc;
        struct strbuf probe = STRBUF_INIT;
        const int encodable = reg_text_encode(doc->encoding, ret->path, strlen(ret->path), &probe);
        strbuf_done(&probe);
        return encodable;
}

int reg_doc_add_key(struct reg_doc *doc, const char *path)
{
        struct reg_key key;
        size_t index = 0;
        const int rc = make_new_key(doc, path, &key);

        if (rc < 0 || find_section(doc, &key) >= 0)
                return rc;
        return append_section(doc, &key, &index);
}

static int insert_value(struct reg_doc *doc, const struct reg_key *key, struct reg_item item)
{
        const ptrdiff_t found = find_section(doc, key);
        size_t section = (size_t)found;

        if (found < 0) {
                const int rc = append_section(doc, key, &section);
                if (rc < 0)
                        return rc;
        }
        const size_t at = section_end(doc, section);
        const int rc = close_line(doc, at - 1);
        if (rc < 0)
                return rc;
        item.key = doc->items[section].key;
        struct reg_item *slot = reg_items_insert(doc, at);
        if (!slot)
                return NBT_ERR_NOMEM;
        *slot = item;
        return 0;
}

int reg_doc_set(struct reg_doc *doc, const char *path, const char *name, const struct reg_value *value)
{
        struct reg_key key;
        struct reg_item item;
        int rc = make_new_key(doc, path, &key);

        if (rc < 0)
                return rc;
        const char *folded = reg_fold_dup(&doc->arena, name);
        if (!folded)
                return NBT_ERR_NOMEM;
        const ptrdiff_t at = reg_item_find(doc, &key, folded);
        if (at < 0) {
                rc = make_value(doc, name, value, "", doc->eol, &item);
                return rc < 0 ? rc : insert_value(doc, &key, item);
        }
        const struct reg_item *old = &doc->items[at];
        rc = make_value(doc, old->value.name, value, old->tail, old->eol, &item);
        if (rc < 0)
                return rc;
        item.key = old->key;
        doc->items[at] = item;
        return 0;
}

int reg_doc_delete_value(struct reg_doc *doc, const char *path, const char *name)
{
        struct reg_key key;
        const int rc = reg_key_make(&doc->arena, path, &key);
        const char *folded = reg_fold_dup(&doc->arena, name);

        if (rc < 0)
                return rc == NBT_ERR_NOMEM ? rc : NBT_ERR_NOT_FOUND;
        if (!folded)
                return NBT_ERR_NOMEM;
        if (reg_item_find(doc, &key, folded) < 0)
                return NBT_ERR_NOT_FOUND;
        for (size_t i = doc->count; i-- > 0;) {
                const struct reg_item *item = &doc->items[i];
                if (item->kind == REG_ITEM_VALUE && reg_key_same(item->key, &key) &&
                    strcmp(item->folded_name, folded) == 0)
                        reg_items_remove(doc, i);
        }
        return 0;
}

/* Takes a section out, from its key line to its last value. */
static void remove_section(struct reg_doc *doc, size_t section)
{
        for (size_t n = section_end(doc, section) - section; n > 0; n--)
                reg_items_remove(doc, section);
}

int reg_doc_delete_key(struct reg_doc *doc, const char *path)
{
        struct reg_key key;
        const int rc = reg_key_make(&doc->arena, path, &key);

        if (rc < 0)
                return rc == NBT_ERR_NOMEM ? rc : NBT_ERR_NOT_FOUND;
        if (!reg_doc_has_key(doc, path))
                return NBT_ERR_NOT_FOUND;
        for (size_t i = doc->count; i-- > 0;)
                if (doc->items[i].kind == REG_ITEM_KEY && reg_key_is_under(doc->items[i].key, &key))
                        remove_section(doc, i);
        return 0;
}

static int merge_item(struct reg_doc *doc, const struct reg_item *item)
{
        int rc = 0;

        switch (item->kind) {
        case REG_ITEM_OTHER:
                break;
        case REG_ITEM_KEY:
                return reg_doc_add_key(doc, item->key->path);
        case REG_ITEM_VALUE:
                return reg_doc_set(doc, item->key->path, item->value.name, &item->value);
        case REG_ITEM_KEY_DELETE:
                rc = reg_doc_delete_key(doc, item->key->path);
                break;
        case REG_ITEM_VALUE_DELETE:
                rc = reg_doc_delete_value(doc, item->key->path, item->value.name);
                break;
        }
        return rc == NBT_ERR_NOT_FOUND ? 0 : rc; /* what is not there needs no deleting */
}

int reg_doc_merge(struct reg_doc *doc, const struct reg_doc *from)
{
        for (size_t i = 0; i < from->count; i++) {
                const int rc = merge_item(doc, &from->items[i]);
                if (rc < 0)
                        return rc;
        }
        return 0;
}
