/*
 * Records in pages, by the index that leaves the fewest to look at. A cursor is the kind of walk and the key of what comes next in it,
 * which need not be there any more when the walk goes on.
 */
#include "wins/internal.h"

#include <string.h>

/* In which order: of names, of members' addresses, of one owner's versions, of classes (owner, 16th byte, scope), or of slots (by their
 * marks). A record that changes keeps its place among names, classes and slots; its address and version may change. */
enum kind { KIND_START, KIND_NAMES, KIND_ADDRESSES, KIND_VERSIONS, KIND_CLASSES, KIND_SLOTS };
#define KIND_SHIFT 56
#define ANY (-1)
#define SUFFIXES 256

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

/* The other way, of what is folded. */
static uint8_t unfold(uint8_t c)
{
        return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
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

/* Keys from LOW to below HIGH; what is between them and not wanted is leapt over. */
struct range {
        const struct wins_order *order;
        struct wins_order_key low, high;
        /* KEY cannot be wanted: where to go on, further up. NULL: there is nothing to leap over. */
        bool (*leap)(const struct range *range, const struct wins_order_key *key, struct wins_order_key *ret);
        uint8_t beginning[NB_NAME_BYTES]; /* of the names, folded */
        size_t beginning_len_bytes;
        int suffix, scope; /* ANY, or the only one that is wanted */
};

/*
 * The next name from BYTES on that has the range's beginning in some case: of two cases of a letter the upper one comes first, so
 * that names whose beginnings match lie in as many pieces as they have been written. False: BYTES has it, or there is none.
 */
static bool next_beginning(const struct range *range, const uint8_t *bytes, uint8_t ret[NB_NAME_BYTES])
{
        const uint8_t *upper = range->beginning;
        size_t at = 0;

        while (at < range->beginning_len_bytes && fold(bytes[at]) == upper[at])
                at++;
        if (at == range->beginning_len_bytes)
                return false;
        memset(ret, 0, NB_NAME_BYTES);
        memcpy(ret, bytes, at);
        memcpy(ret + at, upper + at, range->beginning_len_bytes - at);
        if (bytes[at] < upper[at])
                return true;
        if (bytes[at] < unfold(upper[at])) {
                ret[at] = unfold(upper[at]);
                return true;
        }
        while (at > 0 && (ret[at - 1] != upper[at - 1] || unfold(upper[at - 1]) == upper[at - 1])) {
                at--;
                ret[at] = upper[at];
        }
        if (at == 0) {
                memset(ret, 0xFF, NB_NAME_BYTES);
                return true;
        }
        ret[at - 1] = unfold(upper[at - 1]);
        return true;
}

static bool leap_names(const struct range *range, const struct wins_order_key *key, struct wins_order_key *ret)
{
        struct nb_name name, next;

        wins_table_key_name(key, &name);
        if (!next_beginning(range, name.bytes, next.bytes))
                return false;
        *ret = wins_table_name_key(&next, 0);
        return true;
}

/* PATTERN up to its first star or question mark. */
static bool pattern_range(const struct wins *wins, const struct wins_filter *filter, struct range *ret)
{
        const size_t len = strcspn(filter->pattern, "*?");
        struct nb_name low = {{0}}, high;

        if (len == 0)
                return false;
        *ret = (struct range){.order = &wins->table.by_name, .leap = leap_names};
        ret->beginning_len_bytes = len < NB_SUFFIX_AT ? len : NB_SUFFIX_AT;
        memset(&high, 0xFF, sizeof(high));
        for (size_t i = 0; i < ret->beginning_len_bytes; i++) {
                ret->beginning[i] = fold((uint8_t)filter->pattern[i]);
                low.bytes[i] = ret->beginning[i];
                high.bytes[i] = unfold(ret->beginning[i]);
        }
        ret->low = wins_table_name_key(&low, 0);
        ret->high = wins_table_name_key(&high, UINT16_MAX);
        return true;
}

static bool names_range(const struct wins *wins, const struct wins_filter *filter, struct range *ret)
{
        const size_t len = filter->has_name ? NB_NAME_BYTES : filter->prefix_len_bytes;
        struct nb_name low = {{0}}, high;

        if (len == 0)
                return pattern_range(wins, filter, ret);
        if (len > NB_NAME_BYTES)
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

        if (!filter->has_owner || (filter->min_version == 0 && filter->max_version == 0))
                return false;
        *ret = (struct range){.order = &wins->table.by_version};
        if (owner < 0)
                return true; /* none */
        ret->low = wins_table_version_key((uint16_t)owner, filter->min_version, 0);
        ret->high = filter->max_version ? (struct wins_order_key){{(uint64_t)owner, filter->max_version, UINT64_MAX}}
                                        : (struct wins_order_key){{(uint64_t)owner + 1, 0, 0}};
        return true;
}

/* From 16th byte to 16th byte, and from owner to owner. */
static bool leap_classes(const struct range *range, const struct wins_order_key *key, struct wins_order_key *ret)
{
        uint16_t owner, scope;
        uint8_t suffix;

        wins_table_key_class(key, &owner, &suffix, &scope);
        const bool is_suffix = range->suffix == ANY || range->suffix == suffix;
        const bool is_past = range->scope != ANY && scope > range->scope;

        if (is_suffix && (range->scope == ANY || range->scope == scope))
                return false;
        const uint16_t first_scope = range->scope == ANY ? 0 : (uint16_t)range->scope;
        if (is_suffix && !is_past)
                *ret = wins_table_class_key(owner, suffix, first_scope, 0);
        else if (range->suffix != ANY && suffix < range->suffix)
                *ret = wins_table_class_key(owner, (uint8_t)range->suffix, first_scope, 0);
        else if (range->suffix == ANY && suffix < SUFFIXES - 1)
                *ret = wins_table_class_key(owner, suffix + 1, first_scope, 0);
        else
                *ret = (struct wins_order_key){{(uint64_t)owner + 1, 0, 0}};
        return true;
}

static bool classes_range(const struct wins *wins, const struct wins_filter *filter, struct range *ret)
{
        const int owner = filter->has_owner ? wins_table_owner_find(&wins->table, filter->owner) : ANY;
        const int scope = filter->has_scope ? wins_scopes_find(&wins->table.scopes, &filter->scope) : ANY;

        if (!filter->has_owner && !filter->has_suffix && !filter->has_scope)
                return false;
        *ret = (struct range){.order = &wins->table.by_class,
                              .leap = leap_classes,
                              .suffix = filter->has_suffix ? filter->suffix : ANY,
                              .scope = scope};
        if ((filter->has_owner && owner < 0) || (filter->has_scope && scope < 0))
                return true; /* none */
        ret->low = (struct wins_order_key){{filter->has_owner ? (uint64_t)owner : 0, 0, 0}};
        ret->high = (struct wins_order_key){{filter->has_owner ? (uint64_t)owner + 1 : UINT64_MAX, 0, 0}};
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
        case KIND_CLASSES:
                return classes_range(wins, filter, ret);
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

/* How many records a range holds, roughly, with what leaping costs. */
static uint64_t classes_estimate(const struct wins_table *table, const struct wins_filter *filter,
                                 const struct range *range)
{
        uint64_t count = table->live, leaps = 0;

        if (filter->has_owner && table->owners[range->low.part[0]].count < count)
                count = table->owners[range->low.part[0]].count;
        if (filter->has_suffix || filter->has_scope)
                leaps = (filter->has_owner ? 1 : table->owner_count) * (filter->has_suffix ? 1u : SUFFIXES);
        if (filter->has_suffix && table->suffix_counts[filter->suffix] < count)
                count = table->suffix_counts[filter->suffix];
        if (range->scope != ANY) {
                const uint64_t scoped = range->scope ? wins_scopes_refs(&table->scopes, (uint16_t)range->scope)
                                                     : table->live - table->scopes.refs;

                count = scoped < count ? scoped : count;
        }
        return count + leaps;
}

/* Names in another case than all upper are few. */
static uint64_t pattern_estimate(const struct range *range)
{
        struct nb_name high;

        memset(&high, 0xFF, sizeof(high));
        memcpy(high.bytes, range->beginning, range->beginning_len_bytes);
        const struct wins_order_key end = wins_table_name_key(&high, UINT16_MAX);
        return wins_order_estimate(range->order, &range->low, &end) + range->beginning_len_bytes;
}

static uint64_t estimate(const struct wins *wins, const struct wins_filter *filter, const struct range *range)
{
        if (!wins_order_is_less(&range->low, &range->high))
                return 0;
        if (range->leap == leap_classes)
                return classes_estimate(&wins->table, filter, range);
        if (range->leap == leap_names)
                return pattern_estimate(range);
        return wins_order_estimate(range->order, &range->low, &range->high);
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
                const uint64_t count = estimate(wins, filter, &range);
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
        const bool by_member = kind == KIND_ADDRESSES;

        for (uint32_t item = wins_order_item(&at); item != 0; item = wins_order_item(&at)) {
                const struct wins_order_key key = range->order->key(range->order->context, item);
                struct wins_order_key next;

                if (!wins_order_is_less(&key, &range->high))
                        return;
                if (range->leap && range->leap(range, &key, &next) && ++page->looks < WINS_WALK_RECORDS) {
                        at = wins_order_seek(range->order, &next);
                        continue;
                }
                const bool is_shown = !by_member || shows_record(wins, walk->filter, item);

                if ((is_shown || ++page->looks >= WINS_WALK_RECORDS) &&
                    !visit(wins, walk->filter, page, by_member ? wins_table_member_slot(&wins->table, item) : item)) {
                        stop_at(walk, kind, &key);
                        return;
                }
                wins_order_next(&at);
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
