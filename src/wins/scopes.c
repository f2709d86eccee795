#include "wins/scopes.h"

#include "base/hash.h"
#include "wins/limits.h"

#include <stdlib.h>
#include <string.h>

static const struct nb_scope EMPTY_SCOPE;

struct wins_scope_entry {
        struct nb_scope *scope; /* of its own, so that pointers to it outlive a growing array */
        uint32_t refs;
        uint32_t next; /* in the chain, or the next free one */
};

static uint32_t bucket_of(const struct wins_scopes *scopes, const struct nb_scope *scope)
{
        return (uint32_t)hash_bytes(scope->text, scope->len_bytes, scopes->seed) & 255;
}

int wins_scopes_find(const struct wins_scopes *scopes, const struct nb_scope *scope)
{
        if (!scope || scope->len_bytes == 0)
                return 0;
        if (scopes->live == 0)
                return NBT_ERR_NOT_FOUND;
        for (uint32_t i = scopes->heads[bucket_of(scopes, scope)]; i != 0; i = scopes->entries[i].next)
                if (nb_scope_equal(scopes->entries[i].scope, scope))
                        return (int)i;
        return NBT_ERR_NOT_FOUND;
}

static int grow(struct wins_scopes *scopes)
{
        const uint32_t room = scopes->room ? scopes->room * 2 : 16;
        struct wins_scope_entry *entries = realloc(scopes->entries, room * sizeof(*entries));

        if (!entries)
                return NBT_ERR_NOMEM;
        scopes->entries = entries;
        scopes->room = room;
        if (scopes->count == 0)
                scopes->count = 1;
        return 0;
}

int wins_scopes_hold(struct wins_scopes *scopes, const struct nb_scope *scope)
{
        const int known = wins_scopes_find(scopes, scope);

        if (known >= 0) {
                wins_scopes_keep(scopes, (uint16_t)known);
                return known;
        }
        if (scopes->live >= WINS_MAX_SCOPES)
                return NBT_ERR_FULL;
        if (!scopes->free && scopes->count >= scopes->room && grow(scopes) < 0)
                return NBT_ERR_NOMEM;
        struct nb_scope *copy = malloc(sizeof(*copy));
        if (!copy)
                return NBT_ERR_NOMEM;
        copy->len_bytes = scope->len_bytes;
        memcpy(copy->text, scope->text, scope->len_bytes);
        const uint32_t number = scopes->free ? scopes->free : scopes->count++;
        struct wins_scope_entry *entry = &scopes->entries[number];
        if (number == scopes->free)
                scopes->free = entry->next;
        const uint32_t bucket = bucket_of(scopes, scope);
        *entry = (struct wins_scope_entry){.scope = copy, .refs = 1, .next = scopes->heads[bucket]};
        scopes->heads[bucket] = number;
        scopes->live++;
        scopes->refs++;
        return (int)number;
}

void wins_scopes_keep(struct wins_scopes *scopes, uint16_t number)
{
        if (number) {
                scopes->entries[number].refs++;
                scopes->refs++;
        }
}

void wins_scopes_drop(struct wins_scopes *scopes, uint16_t number)
{
        struct wins_scope_entry *entry = number ? &scopes->entries[number] : NULL;

        if (!entry)
                return;
        scopes->refs--;
        if (--entry->refs > 0)
                return;
        uint32_t *at = &scopes->heads[bucket_of(scopes, entry->scope)];
        while (*at != number)
                at = &scopes->entries[*at].next;
        *at = entry->next;
        free(entry->scope);
        *entry = (struct wins_scope_entry){.next = scopes->free};
        scopes->free = number;
        scopes->live--;
}

uint32_t wins_scopes_refs(const struct wins_scopes *scopes, uint16_t number)
{
        return number ? scopes->entries[number].refs : 0;
}

const struct nb_scope *wins_scopes_get(const struct wins_scopes *scopes, uint16_t number)
{
        return number ? scopes->entries[number].scope : &EMPTY_SCOPE;
}

void wins_scopes_done(struct wins_scopes *scopes)
{
        for (uint32_t i = 1; i < scopes->count; i++)
                free(scopes->entries[i].scope);
        free(scopes->entries);
        *scopes = (struct wins_scopes){.seed = scopes->seed};
}
