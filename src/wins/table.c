#include "wins/table.h"

#include "base/hash.h"
#include "base/pages.h"
#include "wins/limits.h"
#include "wins/table_index.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (WINS_CHUNK_SLOTS * sizeof(struct wins_slot))

int wins_table_init(struct wins_table *table, uint64_t seed)
{
        *table = (struct wins_table){
                .seed = seed, .slot_count = 1, .extra_count = 1, .limit = WINS_MAX_RECORDS, .loading = true};
        wins_index_init(table);
        table->scopes.seed = seed;
        table->bytes = sizeof(*table);
        return 0;
}

void wins_table_done(struct wins_table *table)
{
        for (uint32_t i = 0; i < table->chunk_count; i++) {
                pages_free(table->chunks[i], CHUNK_BYTES);
                free(table->marks[i]);
        }
        free(table->chunks);
        free(table->marks);
        free(table->extras);
        free(table->owners);
        wins_scopes_done(&table->scopes);
        wins_index_done(table);
        memset(table, 0, sizeof(*table));
}

uint64_t wins_table_bytes(const struct wins_table *table)
{
        return table->bytes + table->by_name.bytes + table->by_address.bytes + table->by_version.bytes +
               table->by_class.bytes;
}

/* ---- room ---------------------------------------------------------------------------------------------------------------- */

_Static_assert(CHUNK_BYTES == PAGES_HUGE_BYTES, "a chunk is a huge page");

static int grow_chunks(struct wins_table *table)
{
        const uint32_t room = table->chunk_room ? table->chunk_room * 2 : 16;
        struct wins_slot **chunks = realloc(table->chunks, room * sizeof(*chunks));

        if (!chunks)
                return NBT_ERR_NOMEM;
        table->chunks = chunks;
        struct wins_marks **marks = realloc(table->marks, room * sizeof(*marks));
        if (!marks)
                return NBT_ERR_NOMEM;
        table->marks = marks;
        table->bytes += (room - table->chunk_room) * (sizeof(*chunks) + sizeof(*marks));
        table->chunk_room = room;
        return 0;
}

static int add_chunk(struct wins_table *table)
{
        if (table->chunk_count == table->chunk_room && grow_chunks(table) < 0)
                return NBT_ERR_NOMEM;
        /* The first in small pages: most networks have not so many names, and then it takes what they need. */
        struct wins_slot *chunk = pages_new(CHUNK_BYTES, table->chunk_count > 0);
        struct wins_marks *marks = calloc(1, sizeof(*marks));
        if (!chunk || !marks) {
                pages_free(chunk, CHUNK_BYTES);
                free(marks);
                return NBT_ERR_NOMEM;
        }
        table->chunks[table->chunk_count] = chunk;
        table->marks[table->chunk_count++] = marks;
        table->bytes += CHUNK_BYTES + sizeof(*marks);
        return 0;
}

static int reserve_slot(struct wins_table *table)
{
        if (table->live >= table->limit)
                return NBT_ERR_FULL;
        if (table->slot_free || table->slot_count < table->chunk_count * WINS_CHUNK_SLOTS)
                return 0;
        return add_chunk(table);
}

static uint32_t take_slot(struct wins_table *table)
{
        const uint32_t slot = table->slot_free;

        if (slot) {
                table->slot_free = wins_slot_at(table, slot)->extra;
                wins_slot_at(table, slot)->extra = 0;
                return slot;
        }
        return table->slot_count++;
}

static int reserve_extras(struct wins_table *table, uint32_t need)
{
        if (table->extra_free_count + (table->extra_room - table->extra_count) >= need && table->extra_room)
                return 0;
        uint32_t room = table->extra_room ? table->extra_room + table->extra_room / 2 : 64;
        while (table->extra_free_count + (room - table->extra_count) < need)
                room *= 2;
        struct wins_extra *extras = realloc(table->extras, room * sizeof(*extras));
        if (!extras)
                return NBT_ERR_NOMEM;
        table->bytes += (room - table->extra_room) * sizeof(*extras);
        table->extras = extras;
        table->extra_room = room;
        return 0;
}

static uint32_t take_extra(struct wins_table *table)
{
        const uint32_t extra = table->extra_free;

        if (extra) {
                table->extra_free = table->extras[extra].next;
                table->extra_free_count--;
                return extra;
        }
        return table->extra_count++;
}

static void give_extra(struct wins_table *table, uint32_t extra)
{
        table->extras[extra] = (struct wins_extra){.next = table->extra_free};
        table->extra_free = extra;
        table->extra_free_count++;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------- */

uint32_t wins_table_find(const struct wins_table *table, const struct nb_name *name, uint16_t scope)
{
        return wins_table_find_hashed(table, name, scope, wins_table_hash(table, name, scope));
}

uint32_t wins_table_find_scoped(const struct wins_table *table, const struct nb_name *name,
                                const struct nb_scope *scope)
{
        const int number = wins_scopes_find(&table->scopes, scope);

        return number < 0 ? 0 : wins_table_find(table, name, (uint16_t)number);
}

static void get_scope(const struct wins_table *table, uint16_t number, struct nb_scope *ret)
{
        const struct nb_scope *scope = wins_scopes_get(&table->scopes, number);

        ret->len_bytes = scope->len_bytes;
        memcpy(ret->text, scope->text, scope->len_bytes);
}

void wins_table_get(const struct wins_table *table, uint32_t slot, struct wins_record *ret)
{
        const struct wins_slot *from = wins_slot_at(table, slot);
        uint8_t count = 0;

        ret->name = from->name;
        ret->type = wins_slot_type(from);
        ret->state = wins_slot_state(from);
        ret->node = (enum wins_node)((from->flags & WINS_SLOT_NODE) >> WINS_SLOT_NODE_SHIFT);
        ret->is_static = from->flags & WINS_SLOT_STATIC;
        ret->owner = table->owners[from->owner].address;
        ret->version = from->version;
        ret->expiry_s = from->expiry_s;
        if (from->count & WINS_SLOT_COUNT)
                ret->members[count++] = (struct wins_member){.address = from->address,
                                                             .owner = table->owners[from->member_owner].address,
                                                             .expiry_s = from->member_expiry_s};
        for (uint32_t i = from->extra; i != 0 && count < WINS_MAX_MEMBERS; i = table->extras[i].next)
                ret->members[count++] = (struct wins_member){.address = table->extras[i].address,
                                                             .owner = table->owners[table->extras[i].owner].address,
                                                             .expiry_s = table->extras[i].expiry_s};
        ret->member_count = count;
        get_scope(table, from->scope, &ret->scope);
}

/* ---- writing ------------------------------------------------------------------------------------------------------------- */

static void set_mark(struct wins_table *table, uint32_t number, unsigned mark, bool on)
{
        uint64_t *word = &table->marks[number / WINS_CHUNK_SLOTS]->words[mark][number % WINS_CHUNK_SLOTS / 64];
        const uint64_t bit = UINT64_C(1) << number % 64;

        *word = on ? *word | bit : *word & ~bit;
}

/* A record of the kind that SLOT says is there from now on, or is gone. */
static void count_slot(struct wins_table *table, uint32_t number, bool there)
{
        const struct wins_slot *slot = wins_slot_at(table, number);
        const uint64_t by = there ? 1 : UINT64_MAX;

        table->counts[wins_slot_type(slot)][wins_slot_state(slot)] += by;
        set_mark(table, number, WINS_MARK_TYPE + wins_slot_type(slot), there);
        set_mark(table, number, WINS_MARK_STATE + wins_slot_state(slot), there);
        if (slot->flags & WINS_SLOT_STATIC) {
                table->static_count += by;
                set_mark(table, number, WINS_MARK_STATIC, there);
        }
}

static void drop_members(struct wins_table *table, uint32_t number)
{
        struct wins_slot *slot = wins_slot_at(table, number);

        if (slot->count & WINS_SLOT_COUNT)
                wins_index_address_remove(table, number);
        for (uint32_t i = slot->extra, next; i != 0; i = next) {
                next = table->extras[i].next;
                wins_index_address_remove(table, i | WINS_REFERENCE_EXTRA);
                give_extra(table, i);
        }
        slot->extra = 0;
        slot->count &= (uint8_t)~WINS_SLOT_COUNT;
}

static void put_members(struct wins_table *table, uint32_t number, const struct wins_record *record,
                        const uint16_t *owners)
{
        struct wins_slot *slot = wins_slot_at(table, number);
        uint32_t *link = &slot->extra;

        slot->count = (uint8_t)(WINS_SLOT_USED | record->member_count);
        slot->address = 0;
        slot->member_expiry_s = 0;
        slot->member_owner = slot->owner;
        for (unsigned i = 0; i < record->member_count; i++) {
                const struct wins_member *member = &record->members[i];

                if (i == 0) {
                        slot->address = member->address;
                        slot->member_expiry_s = (uint32_t)member->expiry_s;
                        slot->member_owner = owners[0];
                        wins_index_address_insert(table, number);
                        continue;
                }
                const uint32_t extra = take_extra(table);
                table->extras[extra] = (struct wins_extra){.address = member->address,
                                                           .expiry_s = (uint32_t)member->expiry_s,
                                                           .slot = number,
                                                           .owner = owners[i]};
                *link = extra;
                link = &table->extras[extra].next;
                wins_index_address_insert(table, extra | WINS_REFERENCE_EXTRA);
        }
}

static void set_fields(struct wins_table *table, uint32_t number, const struct wins_record *record, uint16_t owner,
                       uint16_t scope)
{
        struct wins_slot *slot = wins_slot_at(table, number);

        slot->name = record->name;
        slot->version = record->version;
        slot->expiry_s = (uint32_t)record->expiry_s;
        slot->owner = owner;
        slot->scope = scope;
        slot->flags =
                (uint8_t)((unsigned)record->type | (unsigned)record->state << WINS_SLOT_STATE_SHIFT |
                          (unsigned)record->node << WINS_SLOT_NODE_SHIFT | (record->is_static ? WINS_SLOT_STATIC : 0));
        count_slot(table, number, true);
}

static int number_owners(struct wins_table *table, const struct wins_record *record,
                         uint16_t ret_owners[WINS_MAX_MEMBERS])
{
        const int owner = wins_table_owner(table, record->owner);

        for (unsigned i = 0; owner >= 0 && i < record->member_count; i++) {
                const int member = record->members[i].owner == record->owner
                                           ? owner
                                           : wins_table_owner(table, record->members[i].owner);

                if (member < 0)
                        return member;
                ret_owners[i] = (uint16_t)member;
        }
        return owner;
}

/* Everything that can fail; SCOPE is then held for the record if it is a new one. */
static int reserve(struct wins_table *table, const struct wins_record *record, bool is_new, uint64_t hash)
{
        if (reserve_extras(table, WINS_MAX_MEMBERS) < 0 || wins_index_reserve_orders(table, record->member_count) < 0)
                return NBT_ERR_NOMEM;
        if (!is_new)
                return 0;
        const int r = reserve_slot(table);
        return r < 0 ? r : wins_index_reserve_name(table, hash);
}

int64_t wins_table_put(struct wins_table *table, const struct wins_record *record)
{
        uint16_t owners[WINS_MAX_MEMBERS];
        const int owner = number_owners(table, record, owners);
        const int scope = owner < 0 ? owner : wins_scopes_hold(&table->scopes, &record->scope);

        if (scope < 0)
                return scope;
        const uint64_t hash = wins_table_hash(table, &record->name, (uint16_t)scope);
        uint32_t number = wins_table_find_hashed(table, &record->name, (uint16_t)scope, hash);
        const bool is_new = number == 0;
        const int r = reserve(table, record, is_new, hash);
        if (r < 0 || !is_new)
                wins_scopes_drop(&table->scopes, (uint16_t)scope); /* an old record holds it already */
        if (r < 0)
                return r;
        if (is_new) {
                number = take_slot(table);
                wins_index_name_insert(table, hash, number, &record->name, (uint16_t)scope);
                table->live++;
        } else {
                count_slot(table, number, false);
                drop_members(table, number);
                wins_index_owner_remove(table, number);
        }
        const bool is_new_class = is_new || wins_slot_at(table, number)->owner != owner;
        if (!is_new && is_new_class)
                wins_index_class_remove(table, number);
        set_fields(table, number, record, (uint16_t)owner, (uint16_t)scope);
        put_members(table, number, record, owners);
        wins_index_owner_insert(table, number);
        if (is_new_class)
                wins_index_class_insert(table, number);
        return number;
}

void wins_table_remove(struct wins_table *table, uint32_t number)
{
        struct wins_slot *slot = wins_slot_at(table, number);

        count_slot(table, number, false);
        drop_members(table, number);
        wins_index_owner_remove(table, number);
        wins_index_class_remove(table, number);
        wins_index_name_remove(table, wins_table_hash(table, &slot->name, slot->scope), number);
        wins_scopes_drop(&table->scopes, slot->scope);
        *slot = (struct wins_slot){.extra = table->slot_free};
        table->slot_free = number;
        table->live--;
}

void wins_table_renew(struct wins_table *table, uint32_t number, uint32_t address, uint32_t expiry_s)
{
        struct wins_slot *slot = wins_slot_at(table, number);

        slot->expiry_s = expiry_s;
        if (address == 0 || slot->address == address)
                slot->member_expiry_s = expiry_s;
        for (uint32_t i = slot->extra; i != 0; i = table->extras[i].next)
                if (address == 0 || table->extras[i].address == address)
                        table->extras[i].expiry_s = expiry_s;
}
