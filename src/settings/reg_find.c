/* Looking up: what holds after the whole file was applied from top to bottom. */
#include "settings/reg_int.h"

#include <stdlib.h>
#include <string.h>

ptrdiff_t reg_item_find(const struct reg_doc *doc, const struct reg_key *key, const char *folded_name)
{
        /* from the end: the last word on the value is the one that holds */
        for (size_t i = doc->count; i-- > 0;) {
                const struct reg_item *item = &doc->items[i];

                switch (item->kind) {
                case REG_ITEM_OTHER:
                case REG_ITEM_KEY:
                        break;
                case REG_ITEM_KEY_DELETE:
                        if (reg_key_is_under(key, item->key))
                                return -1;
                        break;
                case REG_ITEM_VALUE:
                case REG_ITEM_VALUE_DELETE:
                        if (reg_key_same(item->key, key) && strcmp(item->folded_name, folded_name) == 0)
                                return item->kind == REG_ITEM_VALUE ? (ptrdiff_t)i : -1;
                        break;
                }
        }
        return -1;
}

int reg_doc_find(const struct reg_doc *doc, const char *key, const char *name, struct reg_value *ret)
{
        struct arena arena = ARENA_INIT;
        struct reg_key wanted;
        int rc = reg_key_make(&arena, key, &wanted);

        if (rc == 0) {
                const char *folded = reg_fold_dup(&arena, name);
                const ptrdiff_t at = folded ? reg_item_find(doc, &wanted, folded) : -1;
                if (at >= 0)
                        *ret = doc->items[at].value;
                else
                        rc = folded ? NBT_ERR_NOT_FOUND : NBT_ERR_NOMEM;
        }
        arena_done(&arena);
        return rc == NBT_ERR_NOMEM ? rc : rc < 0 ? NBT_ERR_NOT_FOUND : 0;
}

/* The [-key] lines, gathered once so that not every look has to walk the file for them. */
struct deletions {
        size_t count;
        size_t at[REG_MAX_KEY_DELETIONS];
};

static void gather_deletions(const struct reg_doc *doc, struct deletions *ret)
{
        ret->count = 0;
        if (doc->key_deletions == 0)
                return;
        for (size_t i = 0; i < doc->count && ret->count < REG_MAX_KEY_DELETIONS; i++)
                if (doc->items[i].kind == REG_ITEM_KEY_DELETE)
                        ret->at[ret->count++] = i;
}

static bool is_dead(const struct reg_doc *doc, const struct deletions *deletions, size_t index)
{
        for (size_t i = 0; i < deletions->count; i++)
                if (deletions->at[i] > index &&
                    reg_key_is_under(doc->items[index].key, doc->items[deletions->at[i]].key))
                        return true;
        return false;
}

bool reg_doc_has_key(const struct reg_doc *doc, const char *key)
{
        struct arena arena = ARENA_INIT;
        struct deletions deletions;
        struct reg_key wanted;
        bool found = false;

        gather_deletions(doc, &deletions);
        if (reg_key_make(&arena, key, &wanted) == 0)
                for (size_t i = 0; i < doc->count && !found; i++)
                        found = doc->items[i].kind == REG_ITEM_KEY && reg_key_is_under(doc->items[i].key, &wanted) &&
                                !is_dead(doc, &deletions, i);
        arena_done(&arena);
        return found;
}

/* One line of a listing, while it is sorted. */
struct row {
        const char *folded;
        size_t index; /* of the item */
        size_t first; /* of the first item with this text */
};

static int by_text(const void *a, const void *b)
{
        const struct row *x = a, *y = b;
        const int order = strcmp(x->folded, y->folded);

        return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_first(const void *a, const void *b)
{
        const struct row *x = a, *y = b;

        return (x->first > y->first) - (x->first < y->first);
}

/* Leaves one row for each text, with its last index, in order of first appearance. */
static size_t fold_rows(struct row *rows, size_t count)
{
        size_t kept = 0;

        if (count == 0)
                return 0;
        qsort(rows, count, sizeof(*rows), by_text);
        for (size_t i = 0; i < count; i++) {
                if (kept && strcmp(rows[kept - 1].folded, rows[i].folded) == 0) {
                        rows[kept - 1].index = rows[i].index;
                        continue;
                }
                rows[kept] = rows[i];
                rows[kept].first = rows[i].index;
                kept++;
        }
        qsort(rows, kept, sizeof(*rows), by_first);
        return kept;
}

int reg_doc_keys(const struct reg_doc *doc, const char *under, struct arena *arena, const char *const **ret_keys,
                 size_t *ret_count)
{
        struct deletions deletions;
        struct reg_key above = {0};
        size_t count = 0;
        const int rc = under ? reg_key_make(arena, under, &above) : 0;
        struct row *rows = malloc((doc->count + 1) * sizeof(*rows));

        if (rc < 0 || !rows) {
                free(rows);
                return rc < 0 ? rc : NBT_ERR_NOMEM;
        }
        gather_deletions(doc, &deletions);
        for (size_t i = 0; i < doc->count; i++) {
                const struct reg_item *item = &doc->items[i];
                if (item->kind == REG_ITEM_KEY && (!under || reg_key_is_under(item->key, &above)) &&
                    !is_dead(doc, &deletions, i))
                        rows[count++] = (struct row){.folded = item->key->folded, .index = i};
        }
        count = fold_rows(rows, count);
        const char **keys = arena_alloc(arena, (count + 1) * sizeof(*keys));
        for (size_t i = 0; keys && i < count; i++)
                keys[i] = doc->items[rows[i].first].key->path;
        free(rows);
        if (!keys)
                return NBT_ERR_NOMEM;
        *ret_keys = keys;
        *ret_count = count;
        return 0;
}

static size_t gather_values(const struct reg_doc *doc, const struct reg_key *key, struct row *rows)
{
        size_t count = 0;

        for (size_t i = 0; i < doc->count; i++) {
                const struct reg_item *item = &doc->items[i];

                if (item->kind == REG_ITEM_KEY_DELETE && reg_key_is_under(key, item->key))
                        count = 0;
                else if ((item->kind == REG_ITEM_VALUE || item->kind == REG_ITEM_VALUE_DELETE) &&
                         reg_key_same(item->key, key))
                        rows[count++] = (struct row){.folded = item->folded_name, .index = i};
        }
        return fold_rows(rows, count);
}

int reg_doc_values(const struct reg_doc *doc, const char *key, struct arena *arena, const struct reg_value **ret_values,
                   size_t *ret_count)
{
        struct reg_key wanted;
        const int rc = reg_key_make(arena, key, &wanted);
        struct row *rows = malloc((doc->count + 1) * sizeof(*rows));
        size_t count = 0;

        if (rc < 0 || !rows) {
                free(rows);
                return rc < 0 ? rc : NBT_ERR_NOMEM;
        }
        const size_t gathered = gather_values(doc, &wanted, rows);
        struct reg_value *values = arena_alloc(arena, (gathered + 1) * sizeof(*values));
        for (size_t i = 0; values && i < gathered; i++)
                if (doc->items[rows[i].index].kind == REG_ITEM_VALUE)
                        values[count++] = doc->items[rows[i].index].value;
        free(rows);
        if (!values)
                return NBT_ERR_NOMEM;
        *ret_values = values;
        *ret_count = count;
        return 0;
}
