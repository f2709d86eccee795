/* What the watcher shows of itself, and takes back from an earlier run. */
#include "watch/internal.h"

#include <string.h>

struct watch_counters watch_counters(const struct watch *watch)
{
        struct watch_counters counters = watch->counters;

        counters.evicted_names = watch->table.evicted_names;
        counters.evicted_stations = watch->table.evicted_stations;
        return counters;
}

size_t watch_name_count(const struct watch *watch)
{
        return watch->table.names.count;
}

size_t watch_station_count(const struct watch *watch)
{
        return watch->table.stations.count;
}

bool watch_row_next(struct watch *watch, uint32_t *cursor, bool changed_only, struct watch_row *ret)
{
        while (++*cursor < watch->table.holders.top) {
                struct holder_entry *entry = table_holder(&watch->table, *cursor);

                if (!entry->used || (changed_only && !(entry->flags & HOLDER_CHANGED)))
                        continue;
                const struct name_entry *name = table_name(&watch->table, entry->name);
                ret->name = name->name;
                ret->scope = &watch->table.scopes[name->scope];
                ret->holder = event_holder(watch, *cursor);
                if (changed_only)
                        entry->flags &= (uint8_t)~HOLDER_CHANGED;
                return true;
        }
        return false;
}

size_t watch_name_rows(const struct watch *watch, const struct nb_name *name, struct watch_row *ret, size_t max)
{
        const struct table *table = &watch->table;
        size_t count = 0;

        for (size_t scope = 0; scope < table->scope_count; scope++) {
                const uint32_t hash = table_name_hash(table, name, (uint8_t)scope);
                const uint32_t number = table_name_find(table, hash, name, (uint8_t)scope);

                for (uint32_t at = number ? table_name(table, number)->holders : 0; at;
                     at = table_holder(table, at)->sibling)
                        if (count++ < max)
                                ret[count - 1] =
                                        (struct watch_row){*name, &table->scopes[scope], event_holder(watch, at)};
        }
        return count;
}

static struct watch_station view_station(const struct watch *watch, const struct station_entry *entry)
{
        struct watch_station view = {
                .address = entry->address,
                .has_mac = entry->flags & STATION_MAC,
                .server = entry->flags & STATION_SERVER,
                .proxy = entry->flags & STATION_PROXY,
                .local = entry->flags & STATION_LOCAL,
                .router = entry->flags & STATION_MAC && table_mac_is_router(&watch->table, entry->mac),
                .first = {(int64_t)entry->first_s * 1000000},
                .last = {entry->last_us},
                .packets = entry->packets,
                .queries = entry->queries,
                .claims = entry->claims,
                .answers = entry->answers,
                .refusals = entry->refusals,
                .demands = entry->demands,
        };

        memcpy(view.mac, entry->mac, 6);
        return view;
}

bool watch_station_next(const struct watch *watch, uint32_t *cursor, struct watch_station *ret)
{
        while (++*cursor < watch->table.stations.top) {
                const struct station_entry *entry = table_station(&watch->table, *cursor);

                if (!entry->used)
                        continue;
                *ret = view_station(watch, entry);
                return true;
        }
        return false;
}

bool watch_station_find(const struct watch *watch, uint32_t address, struct watch_station *ret)
{
        const uint32_t number = table_station_find(&watch->table, address);

        if (number)
                *ret = view_station(watch, table_station(&watch->table, number));
        return number;
}

bool watch_finding_next(const struct watch *watch, uint32_t *cursor, struct watch_finding *ret)
{
        while (++*cursor < watch->spoof.suspects.top) {
                const struct suspect *suspect = pool_at(&watch->spoof.suspects, *cursor);

                if (!suspect->used)
                        continue;
                spoof_view(watch, suspect, ret);
                if (ret->confidence != WATCH_CONFIDENCE_NONE)
                        return true;
        }
        return false;
}

bool watch_knows_stem(const struct watch *watch, const struct nb_name *name)
{
        for (unsigned suffix = 0; suffix < 256; suffix++) {
                struct nb_name with = *name;

                with.bytes[NB_SUFFIX_AT] = (uint8_t)suffix;
                if (table_name_find(&watch->table, table_name_hash(&watch->table, &with, 0), &with, 0))
                        return true;
        }
        return false;
}

int watch_restore(struct watch *watch, const struct nb_name *name, const struct nb_scope *scope,
                  const struct watch_holder *holder)
{
        struct table *table = &watch->table;
        uint8_t scope_number;
        bool is_new = false;

        if (!table_scope(table, scope, &scope_number))
                return NBT_ERR_FULL;
        const uint32_t hash = table_name_hash(table, name, scope_number);
        const uint32_t number = table_name_get(table, hash, name, scope_number, holder->last);
        const uint32_t at = number ? table_holder_get(table, number, holder->address, holder->first, &is_new) : 0;
        if (!at)
                return NBT_ERR_NOMEM;
        if (!is_new)
                return 0;
        struct holder_entry *entry = table_holder(table, at);
        entry->last_us = holder->last.us;
        entry->state = (uint8_t)(holder->state < WATCH_STATE_MAX ? holder->state : WATCH_STATE_HELD);
        if (entry->state == WATCH_STATE_CLAIMING)
                entry->state = WATCH_STATE_HELD;
        entry->proof_kind = WATCH_PROOF_KEPT;
        entry->proof_us = holder->last.us;
        entry->proof_source = holder->address;
        entry->flags = (uint8_t)((holder->group ? HOLDER_GROUP : 0) | (holder->own_word ? HOLDER_OWN_WORD : 0) |
                                 (holder->has_mac ? HOLDER_MAC : 0) | (holder->conflict ? HOLDER_CONFLICT : 0));
        memcpy(entry->mac, holder->mac, 6);
        if (holder->conflict)
                table_name(table, number)->flags |= NAME_CONFLICT;
        return 0;
}
