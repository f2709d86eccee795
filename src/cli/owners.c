#include "cli/owners.h"

static bool has_address(const struct owner *owner, uint32_t address)
{
        for (size_t i = 0; i < owner->address_count; i++)
                if (owner->addresses[i] == address)
                        return true;
        return false;
}

static bool is_same(const struct owner *a, const struct owner *b)
{
        if (a->is_group || b->is_group)
                return a->is_group && b->is_group;
        if (a->is_local && b->is_local)
                return true;
        for (size_t i = 0; i < b->address_count; i++)
                if (has_address(a, b->addresses[i]))
                        return true;
        return false;
}

static void merge(struct owners *owners, struct owner *into, const struct owner *from)
{
        into->is_local = into->is_local || from->is_local;
        for (size_t i = 0; i < from->address_count; i++) {
                if (has_address(into, from->addresses[i]))
                        continue;
                if (into->address_count == OWNER_MAX_ADDRESSES)
                        owners->dropped_count++;
                else
                        into->addresses[into->address_count++] = from->addresses[i];
        }
}

void owners_add(struct owners *owners, const struct nbns_address *entries, size_t count, bool is_local)
{
        struct owner stated = {.is_local = is_local};
        struct owner *home = NULL;

        for (size_t i = 0; i < count; i++) {
                const struct owner one = {.address_count = 1, .addresses = {entries[i].address}};
                stated.is_group = stated.is_group || (entries[i].nb_flags & NBNS_NB_GROUP);
                merge(owners, &stated, &one);
        }
        if (!stated.address_count)
                return;
        /* the statement may tie together owners that seemed different so far: all of them become the first one */
        for (size_t i = 0; i < owners->count;) {
                struct owner *row = &owners->rows[i];
                if (!is_same(row, &stated)) {
                        i++;
                        continue;
                }
                if (!home) {
                        home = row;
                        i++;
                        continue;
                }
                merge(owners, home, row);
                for (size_t j = i + 1; j < owners->count; j++)
                        owners->rows[j - 1] = owners->rows[j];
                owners->count--;
        }
        if (home)
                merge(owners, home, &stated);
        else if (owners->count == OWNERS_MAX)
                owners->dropped_count++;
        else
                owners->rows[owners->count++] = stated;
}

bool owners_conflict(const struct owners *owners)
{
        return owners->count > 1; /* members of a group are one owner, so two owners always contradict each other */
}
