/*
 * The journal in order of name: rows are gathered into runs, each run is sorted, and the runs are merged. Runs keep every step short, and
 * the sorted order makes moving the changes touch each page of "records" once.
 */
#include "store/winsdb_internal.h"

#include <stdlib.h>
#include <string.h>

#define RUN_ITEMS 16384u
#define ITEM_HEADER_BYTES 3

static int grow(void **items, size_t *size, size_t count, size_t item_bytes)
{
        if (count < *size)
                return 0;
        const size_t more = *size ? *size * 2 : 16;
        void *grown = realloc(*items, more * item_bytes);

        if (!grown)
                return NBT_ERR_NOMEM;
        *items = grown;
        *size = more;
        return 0;
}

/* ---- gathering ------------------------------------------------------------------------------------------------------------ */

static int open_run(struct winsdb_gather *gather)
{
        const int r = grow((void **)&gather->runs, &gather->run_size, gather->run_count, sizeof(*gather->runs));

        if (r < 0)
                return r;
        gather->runs[gather->run_count++] = (struct winsdb_run){0};
        return 0;
}

static int copy_bytes(struct winsdb_run *run, const void *bytes, size_t len_bytes)
{
        if (run->size_bytes - run->len_bytes < len_bytes) {
                const size_t size = 2 * run->size_bytes + len_bytes;
                uint8_t *grown = realloc(run->bytes, size);

                if (!grown)
                        return NBT_ERR_NOMEM;
                run->bytes = grown;
                run->size_bytes = size;
        }
        memcpy(run->bytes + run->len_bytes, bytes, len_bytes);
        run->len_bytes += len_bytes;
        return 0;
}

int winsdb_gather_owner(struct winsdb_gather *gather, const struct wins_owner *owner)
{
        for (size_t i = 0; i < gather->owner_count; i++) {
                if (gather->owners[i].address != owner->address)
                        continue;
                if (gather->owners[i].max_version < owner->max_version)
                        gather->owners[i].max_version = owner->max_version;
                return 0;
        }
        const int r = grow((void **)&gather->owners, &gather->owner_size, gather->owner_count, sizeof(*gather->owners));
        if (r == 0)
                gather->owners[gather->owner_count++] = *owner;
        return r;
}

static uint64_t prefix_of(const uint8_t *name)
{
        struct rd rd = rd_init(name, NB_NAME_BYTES);
        const uint64_t high = rd_be32(&rd);

        return high << 32 | rd_be32(&rd);
}

/* AT: where the item begins in the run's bytes. */
static int add_ref(struct winsdb_run *run, const struct winscode_item *item, size_t at)
{
        const int r = grow((void **)&run->refs, &run->size, run->count, sizeof(*run->refs));

        if (r < 0)
                return r;
        run->refs[run->count] = (struct winsdb_ref){prefix_of(item->name), (uint32_t)at, (uint32_t)run->count};
        run->count++;
        return 0;
}

static int add_items(struct winsdb_gather *gather, struct winsdb_run *run, struct rd items, size_t base)
{
        struct winscode_item item;
        size_t at = items.pos;
        int r;

        while ((r = winscode_item_next(&items, &item)) == 1) {
                r = item.tag == WINSCODE_OWNER ? winsdb_gather_owner(gather, &item.owner)
                                               : add_ref(run, &item, base + at);
                if (r < 0)
                        return r;
                at = items.pos;
                gather->changes++;
        }
        return r;
}

int winsdb_gather_row(struct winsdb_gather *gather, int64_t row, const void *batch, size_t len_bytes)
{
        struct rd items;
        int r = winscode_batch_open(batch, len_bytes, row, &items);

        if (r == 0)
                r = grow((void **)&gather->rows, &gather->row_size, gather->row_count, sizeof(*gather->rows));
        if (r == 0 && gather->run_count == 0)
                r = open_run(gather);
        if (r < 0)
                return r;
        struct winsdb_run *run = &gather->runs[gather->run_count - 1];
        const size_t base = run->len_bytes;
        if (base + rd_left(&items) > UINT32_MAX)
                return NBT_ERR_NOMEM;
        r = copy_bytes(run, items.base, items.len_bytes);
        if (r == 0)
                r = add_items(gather, run, items, base);
        if (r == 0)
                gather->rows[gather->row_count++] = (struct winsdb_row){row, len_bytes};
        return r;
}

bool winsdb_gather_is_long(const struct winsdb_gather *gather)
{
        return gather->run_count && gather->runs[gather->run_count - 1].count >= RUN_ITEMS;
}

/* ---- order ------------------------------------------------------------------------------------------------------------------ */

static const uint8_t *name_at(const struct winsdb_run *run, const struct winsdb_ref *ref)
{
        return run->bytes + ref->offset + ITEM_HEADER_BYTES;
}

/* The item was read once already, when it was gathered. */
static struct winscode_item item_at(const struct winsdb_run *run, const struct winsdb_ref *ref)
{
        struct rd rd = rd_init(run->bytes + ref->offset, run->len_bytes - ref->offset);
        struct winscode_item item;

        return winscode_item_next(&rd, &item) == 1 ? item : (struct winscode_item){0};
}

static int compare_scopes(const struct winscode_item *a, const struct winscode_item *b)
{
        const size_t least = a->scope_len_bytes < b->scope_len_bytes ? a->scope_len_bytes : b->scope_len_bytes;
        const int order = least ? memcmp(a->scope, b->scope, least) : 0;

        return order ? order : (int)a->scope_len_bytes - (int)b->scope_len_bytes;
}

static int compare_keys(const struct winsdb_run *a_run, const struct winsdb_ref *a, const struct winsdb_run *b_run,
                        const struct winsdb_ref *b)
{
        if (a->prefix != b->prefix)
                return a->prefix < b->prefix ? -1 : 1;
        const int order = memcmp(name_at(a_run, a), name_at(b_run, b), NB_NAME_BYTES);
        if (order)
                return order;
        const struct winscode_item x = item_at(a_run, a), y = item_at(b_run, b);
        return compare_scopes(&x, &y);
}

static int compare_refs(const void *a, const void *b, void *context)
{
        const struct winsdb_ref *x = a, *y = b;
        const int order = compare_keys(context, x, context, y);

        return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

int winsdb_gather_close_run(struct winsdb_gather *gather)
{
        if (gather->run_count == 0)
                return 0;
        struct winsdb_run *run = &gather->runs[gather->run_count - 1];

        if (run->count)
                qsort_r(run->refs, run->count, sizeof(*run->refs), compare_refs, run);
        return open_run(gather);
}

/* ---- merging ---------------------------------------------------------------------------------------------------------------- */

static struct winsdb_ref *head_of(const struct winsdb_run *run)
{
        return run->next < run->count ? &run->refs[run->next] : NULL;
}

/* The oldest run whose head is the least; NULL if all are empty. */
static struct winsdb_run *least_run(struct winsdb_gather *gather)
{
        struct winsdb_run *least = NULL;

        for (size_t i = 0; i < gather->run_count; i++) {
                struct winsdb_run *run = &gather->runs[i];

                if (head_of(run) && (!least || compare_keys(run, head_of(run), least, head_of(least)) < 0))
                        least = run;
        }
        return least;
}

static void take_key(const struct winscode_item *item, struct wins_record *ret)
{
        memcpy(ret->name.bytes, item->name, NB_NAME_BYTES);
        ret->scope.len_bytes = item->scope_len_bytes;
        if (item->scope_len_bytes)
                memcpy(ret->scope.text, item->scope, item->scope_len_bytes);
}

/* What is known of the name so far, and one more item. */
static int apply(struct winsdb_merged *merged, bool is_first, const struct winscode_item *item)
{
        switch (item->tag) {
        case WINSCODE_PUT:
                merged->kind = WINSDB_MERGED_PUT;
                return winscode_record_decode(item->body, &merged->record);
        case WINSCODE_DELETE:
                merged->kind = WINSDB_MERGED_DELETE;
                take_key(item, &merged->record);
                return 0;
        case WINSCODE_TOUCH:
                if (is_first) {
                        merged->kind = WINSDB_MERGED_TOUCH;
                        take_key(item, &merged->record);
                }
                merged->expiry_s = item->expiry_s;
                if (merged->kind == WINSDB_MERGED_PUT)
                        winsstore_touch(&merged->record, item->expiry_s);
                return 0;
        case WINSCODE_OWNER:
        case WINSCODE_TAG_MAX:
                break;
        }
        return NBT_ERR_MALFORMED;
}

int winsdb_gather_next(struct winsdb_gather *gather, struct winsdb_merged *ret)
{
        struct winsdb_run *first = least_run(gather);
        bool is_first = true;

        if (!first)
                return 0;
        const struct winsdb_ref key = *head_of(first);
        for (struct winsdb_run *run = first; run < gather->runs + gather->run_count; run++) {
                const struct winsdb_ref *head;

                while ((head = head_of(run)) && compare_keys(run, head, first, &key) == 0) {
                        const struct winscode_item item = item_at(run, head);
                        const int r = apply(ret, is_first, &item);

                        if (r < 0)
                                return r;
                        is_first = false;
                        run->next++;
                }
        }
        return 1;
}

void winsdb_gather_done(struct winsdb_gather *gather)
{
        for (size_t i = 0; i < gather->run_count; i++) {
                free(gather->runs[i].bytes);
                free(gather->runs[i].refs);
        }
        free(gather->runs);
        free(gather->rows);
        free(gather->owners);
        *gather = (struct winsdb_gather){0};
}
