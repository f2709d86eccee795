#pragma once
/*
 * The scopes that records of the database have, each kept once and known by a small number. 0 is the empty scope, always there.
 * Counted: a scope lives as long as somebody holds it.
 */
#include "base/result.h"
#include "wire/name.h"

struct wins_scope_entry;

struct wins_scopes {
        struct wins_scope_entry *entries; /* [0] unused */
        uint32_t count, room;             /* entries in use or free; allocated */
        uint32_t free;                    /* first free one, 0: none */
        uint32_t live;
        uint64_t refs; /* of all together */
        uint32_t heads[256];
        uint64_t seed;
};

/* The number of SCOPE, or NBT_ERR_NOT_FOUND. */
int wins_scopes_find(const struct wins_scopes *scopes, const struct nb_scope *scope);
/* The number of SCOPE, which is held once more: give it back. NBT_ERR_NOMEM, NBT_ERR_FULL. */
int wins_scopes_hold(struct wins_scopes *scopes, const struct nb_scope *scope);
void wins_scopes_keep(struct wins_scopes *scopes, uint16_t number); /* once more */
void wins_scopes_drop(struct wins_scopes *scopes, uint16_t number);
/* How often it is held; of 0, which needs no holding, nothing is known: 0. */
uint32_t wins_scopes_refs(const struct wins_scopes *scopes, uint16_t number);
/* Valid until the scope is dropped for the last time, or another is added. */
const struct nb_scope *wins_scopes_get(const struct wins_scopes *scopes, uint16_t number);
void wins_scopes_done(struct wins_scopes *scopes);
