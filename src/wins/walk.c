/*
 * Records in pages, by the index that leaves the fewest to look at. A cursor is the kind of walk and the key of what comes next in it,
 * which need not be there any more when the walk goes on.
 */
#include "wins/internal.h"

#include <string.h>

/* In which order: of names, of members' addresses, of one owner's versions, or of slots (by their marks). */
enum kind { KIND_START, KIND_NAMES, KIND_ADDRESSES, KIND_VERSIONS, KIND_SLOTS };
#define KIND_SHIFT 56

struct page {
        uint32_t *slots;
        size_t count, limit;
        unsigned looks;
};

/* ASCII case folded. */
static uint8_t fold(uint8_t c)
{
        return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

/* "*" and "?"; at most 15 bytes against 63, so that trying again after a star stays cheap. */
static bool matches(const char *pattern, const uint8_t *text, size_t len)
{
        const char *star = NULL;
        size_t i = 0, after_star = 0;

        while (i < len) {
                if (*pattern == '*') {
                        star = ++pattern;
                        after_star = i;
                } else if (*pattern == '?' || (*pattern && fold((uint8_t)*pattern) == fold(text[i]))) {
                        pattern++;
                        i++;
                } else if (star) {
                        pattern = star;
                        i = ++after_star;
                } else {
                        return false;
                }
        }
        while (*pattern == '*')
                pattern++;
        return *pattern == '\0';
}

static bool name_passes(const struct wins_filter *filter, const struct nb_name *name)
{
        size_t len = NB_SUFFIX_AT;

        if (filter->has_name && !nb_name_equal(name, &filter->name))
                return false;
        if (filter->has_suffix && nb_name_suffix(name) != filter->suffix)
                return false;
        if (filter->prefix_len_bytes > NB_NAME_BYTES ||
            memcmp(name->bytes, filter->prefix, filter->prefix_len_bytes) != 0)
                return false;
        if (filter->pattern[0] == '\0')
                return true;
        while (len > 0 && name->bytes[len - 1] == ' ')
                len--;
        return matches(filter->pattern, name->bytes, len);
}

static bool address_passes(const struct wins *wins, const struct wins_filter *filter, const struct wins_slot *slot)
{
        const uint32_t mask = filter->address_mask, wanted = filter->address & mask;

        if (slot->count & WINS_SLOT_COUNT && (slot->address & mask) == wanted)
                return true;
        for (uint32_t i = slot->extra; i != 0; i = wins->table.extras[i].next)
                if ((wins->table.extras[i].address & mask) == wanted)
                        return true;
        return false;
}

bool wins_filter_passes(const struct wins *wins, const struct wins_filter *filter, const struct wins_slot *slot)
{
        if (filter->has_type && wins_slot_type(slot) != filter->type)
                return false;
        if (filter->has_state && wins_slot_state(slot) != filter->state)
                return false;
        if (filter->has_static && filter->is_static != (bool)(slot->flags & WINS_SLOT_STATIC))
                return false;
        if (!name_passes(filter, &slot->name))
                return false;
        if (filter->has_scope && !nb_scope_equal(wins_scopes_get(&wins->table.scopes, slot->scope), &filter->scope))
                return false;
        if (filter->has_owner) {
                if (wins->table.owners[slot->owner].address != filter->owner || slot->version < filter->min_version ||
                    (filter->max_version && slot->version > filter->max_version))
                        return false;
        }
        return !filter->has_address || address_passes(wins, filter, slot);
}

/* ---- what a walk goes over ------------------------------------------------------------------------------------------------ */

/* Keys from LOW to below HIGH. */
struct range {
        const struct wins_order *order;
        struct wins_order_key low, high;
};

static bool names_range(const struct wins *wins, const struct wins_filter *filter, struct range *ret)
{
        const size_t len = filter->has_name ? NB_NAME_BYTES : filter->prefix_len_bytes;
        struct nb_name low = {{0}}, high;

        if (len == 0 || len > NB_NAME_BYTES)
                return false;
        memcpy(low.bytes, filter->has_name ? filter->name.bytes : filter->prefix, len);
        memset(&high, 0xFF, sizeof(high));
        memcpy(high.bytes, low.bytes, len);
        *ret = (struct range){.order = &wins->table.by_name, .low = wins_table_name_key(&low, 0)};
        ret->high = wins_table_name_key(&high, UINT16_MAX);
        if (len == NB_NAME_BYTES && filter->has_scope) {
                const int scope = wins_scopes_find(&wins->table.scopes, &filter->scope);

                ret->low.part[2] = scope < 0 ? UINT64_MAX : (uint64_t)scope;
                ret->high.part[2] = scope < 0 ? UINT64_MAX : (uint64_t)scope + 1;
        }
        return true;
}

static bool addresses_range(const struct wins *wins, const struct wins_filter *filter, struct range *ret)
{
        const uint32_t low = filter->address & filter->address_mask;

        if (!filter->has_address || filter->address_mask == 0)
                return false;
        *ret = (struct range){.order = &wins->table.by_address, .low = wins_table_address_key(low, 0)};
        ret->high = (struct wins_order_key){{(uint64_t)(low | ~filter->address_mask) + 1, 0, 0}};
        return true;
}

static bool versions_range(const struct wins *wins, const struct wins_filter *filter, struct range *ret)
{
        const int owner = filter->has_owner ? wins_table_owner_find(&wins->table, filter->owner) : -1;

        if (!filter->has_owner)
                return false;
        *ret = (struct range){.order = &wins->table.by_version};
        if (owner < 0)
                return true; /* none */
        ret->low = wins_table_version_key((uint16_t)owner, filter->min_version, 0);
        ret->high = filter->max_version ? (struct wins_order_key){{(uint64_t)owner, filter->max_version, UINT64_MAX}}
                                        : (struct wins_order_key){{(uint64_t)owner + 1, 0, 0}};
        return true;
}

static bool make_range(const struct wins *wins, const struct wins_filter *filter, enum kind kind, struct range *ret)
{
        switch (kind) {
        case KIND_NAMES:
                return names_range(wins, filter, ret);
        case KIND_ADDRESSES:
                return addresses_range(wins, filter, ret);
        case KIND_VERSIONS:
                return versions_range(wins, filter, ret);
        case KIND_START:
        case KIND_SLOTS:
                break;
        }
        return false;
}

/* How many records have the marks that FILTER wants, at most. */
static uint64_t marked(const struct wins_table *table, const struct wins_filter *filter)
{
        uint64_t count = 0;

        for (unsigned type = 0; type < WINS_TYPE_MAX; type++)
                for (unsigned state = 0; state < WINS_STATE_MAX; state++)
                        if ((!filter->has_type || filter->type == type) &&
                            (!filter->has_state || filter->state == state))
                                count += table->counts[type][state];
        if (filter->has_static && filter->is_static && table->static_count < count)
                return table->static_count;
        return count;
}

static enum kind choose(const struct wins *wins, const struct wins_filter *filter)
{
        /* reading marks costs a look for each chunk */
        uint64_t least = marked(&wins->table, filter) + wins->table.chunk_count;
        enum kind best = KIND_SLOTS;

        for (enum kind kind = KIND_NAMES; kind < KIND_SLOTS; kind++) {
                struct range range;

                if (!make_range(wins, filter, kind, &range))
                        continue;
                const uint64_t count = wins_order_estimate(range.order, &range.low, &range.high);
                if (count < least) {
                        least = count;
                        best = kind;
                }
        }
        return best;
}

/* ---- walking ------------------------------------------------------------------------------------------------------------------ */

/* Looks at a slot; false if the page ends before it. */
static bool visit(const struct wins *wins, const struct wins_filter *filter, struct page *page, uint32_t number)
{
        if (page->count >= page->limit || page->looks >= WINS_WALK_RECORDS)
                return false;
        page->looks++;
        if (wins_filter_passes(wins, filter, wins_slot_at(&wins->table, number)))
                page->slots[page->count++] = number;
        return true;
}

/* Of a record with several members in the range, the one with the lowest address shows it. */
static bool shows_record(const struct wins *wins, const struct wins_filter *filter, uint32_t reference)
{
        const struct wins_table *table = &wins->table;
        const struct wins_slot *slot = wins_slot_at(table, wins_table_member_slot(table, reference));
        const uint32_t mask = filter->address_mask, wanted = filter->address & mask;
        uint32_t lowest = (slot->address & mask) == wanted ? slot->address : UINT32_MAX;

        for (uint32_t i = slot->extra; i != 0; i = table->extras[i].next)
                if ((table->extras[i].address & mask) == wanted && table->extras[i].address < lowest)
                        lowest = table->extras[i].address;
        return wins_table_member_address(table, reference) == lowest;
}

/* The places of a cursor, in order of their weight; the kind stands above the first one, which is small in every order but that
 * of names. */
static void stop_at(struct wins_walk *walk, enum kind kind, const struct wins_order_key *key)
{
        const bool by_name = kind == KIND_NAMES; /* whose scope is small */

        walk->cursor.place[0] = (uint64_t)kind << KIND_SHIFT | key->part[by_name ? 2 : 0];
        walk->cursor.place[1] = key->part[by_name ? 0 : 1];
        walk->cursor.place[2] = key->part[by_name ? 1 : 2];
        walk->more = true;
}

static struct wins_order_key resumed(const struct wins_cursor *cursor, enum kind kind)
{
        const uint64_t small = cursor->place[0] & ((UINT64_C(1) << KIND_SHIFT) - 1);

        return kind == KIND_NAMES ? (struct wins_order_key){{cursor->place[1], cursor->place[2], small}}
                                  : (struct wins_order_key){{small, cursor->place[1], cursor->place[2]}};
}

static void walk_range(const struct wins *wins, struct wins_walk *walk, enum kind kind, const struct range *range,
                       struct page *page)
{
        struct wins_order_at at = wins_order_seek(range->order, &range->low);

        for (uint32_t item = wins_order_item(&at); item != 0; wins_order_next(&at), item = wins_order_item(&at)) {
                const struct wins_order_key key = range->order->key(range->order->context, item);
                const bool by_member = kind == KIND_ADDRESSES;

                if (!wins_order_is_less(&key, &range->high))
                        return;
                if (by_member && !shows_record(wins, walk->filter, item) && ++page->looks < WINS_WALK_RECORDS)
                        continue;
                if (!visit(wins, walk->filter, page, by_member ? wins_table_member_slot(&wins->table, item) : item)) {
                        stop_at(walk, kind, &key);
                        return;
                }
        }
}

/* Of 64 slots, those that are used and have the marks that FILTER wants. */
static uint64_t marked_slots(const struct wins_marks *marks, const struct wins_filter *filter, unsigned word)
{
        uint64_t bits = 0;

        for (unsigned state = 0; state < WINS_STATE_MAX; state++)
                if (!filter->has_state || filter->state == state)
                        bits |= marks->words[WINS_MARK_STATE + state][word];
        if (filter->has_type)
                bits &= marks->words[WINS_MARK_TYPE + filter->type][word];
        if (filter->has_static)
                bits &= filter->is_static ? marks->words[WINS_MARK_STATIC][word]
                                          : ~marks->words[WINS_MARK_STATIC][word];
        return bits;
}

static void walk_slots(const struct wins *wins, struct wins_walk *walk, uint64_t from, struct page *page)
{
        const uint64_t end = (uint64_t)wins->table.chunk_count * WINS_CHUNK_SLOTS;

        for (uint64_t first = from / 64 * 64; first < end; first += 64) {
                const struct wins_marks *marks = wins->table.marks[first / WINS_CHUNK_SLOTS];
                uint64_t bits = marked_slots(marks, walk->filter, first % WINS_CHUNK_SLOTS / 64);

                if (first < from)
                        bits &= UINT64_MAX << (from - first);
                page->looks += first % WINS_CHUNK_SLOTS == 0;
                for (; bits != 0; bits &= bits - 1) {
                        const uint64_t slot = first + (unsigned)__builtin_ctzll(bits);

                        if (!visit(wins, walk->filter, page, (uint32_t)slot)) {
                                stop_at(walk, KIND_SLOTS, &(struct wins_order_key){{slot, 0, 0}});
                                return;
                        }
                }
        }
}

size_t wins_walk_page(const struct wins *wins, struct wins_walk *walk, uint32_t *ret_slots, size_t limit)
{
        const enum kind before = (enum kind)(walk->cursor.place[0] >> KIND_SHIFT);
        struct page page = {.slots = ret_slots, .limit = limit};
        struct range range;

        /* A walk goes on as it has begun. A cursor that is none of this filter's begins anew. */
        const bool goes_on = before == KIND_SLOTS || make_range(wins, walk->filter, before, &range);
        const enum kind kind = goes_on ? before : choose(wins, walk->filter);
        const struct wins_order_key from = goes_on ? resumed(&walk->cursor, kind) : (struct wins_order_key){{0}};

        walk->more = false;
        if (kind == KIND_SLOTS) {
                walk_slots(wins, walk, from.part[0], &page);
        } else if (make_range(wins, walk->filter, kind, &range)) {
                if (wins_order_is_less(&range.low, &from))
                        range.low = from;
                walk_range(wins, walk, kind, &range, &page);
        }
        return page.count;
}
