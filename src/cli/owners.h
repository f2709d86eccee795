#pragma once
/*
 * Who holds a name, out of everything that was said about it: by holders themselves, by WINS servers, by this machine.
 *
 * Two statements speak of the same owner when they share an address (a multi-homed machine answers with several), or when both
 * name this machine. A unique name with two owners is a conflict, and so is a name that one holds as unique and another as
 * group. Pure: values in, values out.
 */
#include "wire/nbns.h"

#define OWNERS_MAX 64
#define OWNER_MAX_ADDRESSES 64

struct owner {
        bool is_group; /* all members of a group are one owner */
        bool is_local; /* this machine */
        size_t address_count;
        uint32_t addresses[OWNER_MAX_ADDRESSES];
};

struct owners {
        size_t count;
        struct owner rows[OWNERS_MAX];
        size_t dropped_count; /* statements and addresses beyond the bounds */
};

/* Takes one statement: COUNT entries that hold the name. IS_LOCAL: at least one of them is an address of this machine. */
void owners_add(struct owners *owners, const struct nbns_address *entries, size_t count, bool is_local);

/* Is one unique name held by several, or held as unique and as group at once? */
bool owners_conflict(const struct owners *owners);
