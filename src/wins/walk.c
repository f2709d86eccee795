/*
 * Records in pages: by the index that FILTER allows, else over all slots. A cursor is the kind of walk and a place in it.
 */
#include "wins/internal.h"

#include <string.h>

enum kind { KIND_START, KIND_ALL, KIND_NAME, KIND_ADDRESS, KIND_OWNER };
#define KIND_SHIFT 56

struct page {
        uint32_t *slots;
        size_t count, limit;
        unsigned looks;
};

/* With more scopes, looking a name up with every suffix in each of them would cost more than the whole table. */
#define NAME_SCOPES 64u

static enum kind choose(const struct wins *wins, const struct wins_filter *filter)
{
        if (filter->has_name ||
            (filter->prefix_len_bytes >= NB_SUFFIX_AT && filter->prefix_len_bytes <= NB_NAME_BYTES &&
             (filter->has_scope || wins->table.scopes.count < NAME_SCOPES)))
                return KIND_NAME;
        if (filter->has_address && filter->address_mask == IP4_BROADCAST)
                return KIND_ADDRESS;
        return filter->has_owner ? KIND_OWNER : KIND_ALL;
}

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

/* Looks at a slot; false if the page ends before it. */
static bool visit(const struct wins *wins, const struct wins_filter *filter, struct page *page, uint32_t number)
{
        const struct wins_slot *slot = wins_slot_at(&wins->table, number);

        if (page->count >= page->limit || page->looks >= WINS_WALK_RECORDS)
                return false;
        page->looks++;
        if (slot->count & WINS_SLOT_USED && wins_filter_passes(wins, filter, slot))
                page->slots[page->count++] = number;
        return true;
}

static void stop_at(struct wins_walk *walk, enum kind kind, uint64_t place, uint64_t more)
{
        walk->cursor.place[0] = (uint64_t)kind << KIND_SHIFT | place;
        walk->cursor.place[1] = more;
        walk->more = true;
}

static void walk_all(const struct wins *wins, struct wins_walk *walk, uint64_t place, struct page *page)
{
        for (uint64_t slot = place ? place : 1; slot < wins->table.slot_count; slot++)
                if (!visit(wins, walk->filter, page, (uint32_t)slot)) {
                        stop_at(walk, KIND_ALL, slot, 0);
                        return;
                }
}

/* The name that is wanted, and with which suffixes. */
static struct nb_name wanted_name(const struct wins_filter *filter, unsigned *ret_first, unsigned *ret_last)
{
        struct nb_name name = filter->name;

        if (!filter->has_name)
                memcpy(name.bytes, filter->prefix, filter->prefix_len_bytes);
        const bool is_whole = filter->has_name || filter->prefix_len_bytes == NB_NAME_BYTES;
        *ret_first = is_whole ? nb_name_suffix(&name) : filter->has_suffix ? filter->suffix : 0;
        *ret_last = is_whole || filter->has_suffix ? *ret_first : UINT8_MAX;
        return name;
}

/* The name in every scope there is: PLACE is scope and suffix. */
static void walk_name(const struct wins *wins, struct wins_walk *walk, uint64_t place, struct page *page)
{
        const struct wins_filter *filter = walk->filter;
        const int only = filter->has_scope ? wins_scopes_find(&wins->table.scopes, &filter->scope) : 0;
        const uint64_t end = filter->has_scope ? (uint64_t)only + 1 : (uint64_t)wins->table.scopes.count + 1;
        unsigned first, last;
        struct nb_name name = wanted_name(filter, &first, &last);

        if (only < 0)
                return;
        unsigned suffix = place ? (unsigned)(place & UINT8_MAX) : first;
        for (uint64_t scope = filter->has_scope ? (uint64_t)only : place >> 8; scope < end; scope++, suffix = first)
                for (; suffix <= last; suffix++) {
                        name.bytes[NB_SUFFIX_AT] = (uint8_t)suffix;
                        const uint32_t slot = wins_table_find(&wins->table, &name, (uint16_t)scope);

                        page->looks += !slot;
                        if (page->looks >= WINS_WALK_RECORDS || (slot && !visit(wins, filter, page, slot))) {
                                stop_at(walk, KIND_NAME, scope << 8 | suffix, 0);
                                return;
                        }
                }
}

static void walk_address(const struct wins *wins, struct wins_walk *walk, uint64_t place, struct page *page)
{
        const uint32_t address = walk->filter->address;
        uint32_t reference = (uint32_t)place;

        /* the place may have gone meanwhile: then from the start, some are shown twice */
        if (reference == 0 || !wins_table_address_valid(&wins->table, reference, address))
                reference = wins_table_address_first(&wins->table, address);
        for (; reference != 0; reference = wins_table_address_next(&wins->table, reference, address))
                if (!visit(wins, walk->filter, page, wins_table_address_slot(&wins->table, reference))) {
                        stop_at(walk, KIND_ADDRESS, reference, 0);
                        return;
                }
}

/* The first record of OWNER with at least VERSION. From the end: what is wanted is mostly new. */
static uint32_t seek_version(const struct wins *wins, const struct wins_table_owner *owner, uint64_t version)
{
        uint32_t at = 0;

        for (uint32_t slot = owner->last; slot != 0; slot = wins_slot_at(&wins->table, slot)->owner_prev) {
                if (wins_slot_at(&wins->table, slot)->version < version)
                        break;
                at = slot;
        }
        return at;
}

static void walk_owner(const struct wins *wins, struct wins_walk *walk, uint64_t place, struct page *page)
{
        const int number = wins_table_owner_find(&wins->table, walk->filter->owner);
        const uint64_t version = place ? walk->cursor.place[1] : walk->filter->min_version;
        uint32_t slot = (uint32_t)place;

        if (number < 0)
                return;
        const struct wins_table_owner *owner = &wins->table.owners[number];
        const struct wins_slot *known = slot && slot < wins->table.slot_count ? wins_slot_at(&wins->table, slot) : NULL;
        if (!known || !(known->count & WINS_SLOT_USED) || known->owner != number || known->version != version)
                slot = version ? seek_version(wins, owner, version) : owner->first;
        for (; slot != 0; slot = wins_slot_at(&wins->table, slot)->owner_next) {
                const uint64_t here = wins_slot_at(&wins->table, slot)->version;

                if (walk->filter->max_version && here > walk->filter->max_version)
                        return;
                if (!visit(wins, walk->filter, page, slot)) {
                        stop_at(walk, KIND_OWNER, slot, here);
                        return;
                }
        }
}

size_t wins_walk_page(const struct wins *wins, struct wins_walk *walk, uint32_t *ret_slots, size_t limit)
{
        const enum kind kind = choose(wins, walk->filter);
        const bool resumed = walk->cursor.place[0] >> KIND_SHIFT == (uint64_t)kind;
        const uint64_t place = resumed ? walk->cursor.place[0] & ((UINT64_C(1) << KIND_SHIFT) - 1) : 0;
        struct page page = {.slots = ret_slots, .limit = limit};

        walk->more = false;
        switch (kind) {
        case KIND_NAME:
                walk_name(wins, walk, place, &page);
                break;
        case KIND_ADDRESS:
                walk_address(wins, walk, place, &page);
                break;
        case KIND_OWNER:
                walk_owner(wins, walk, place, &page);
                break;
        case KIND_START:
        case KIND_ALL:
                walk_all(wins, walk, place, &page);
                break;
        }
        return page.count;
}
