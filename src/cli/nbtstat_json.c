#include "cli/name_json.h"
#include "cli/nbtstat_print.h"

#include "base/ip4.h"

static json_t *iface_json(const char *label, uint32_t address, const struct nb_scope *scope)
{
        char scope_text[NB_SCOPE_MAX_BYTES + 1];

        nb_scope_format(scope, scope_text);
        return json_pack("{s:o, s:o, s:s}", "interface", json_from_text(label), "address", json_from_ip4(address),
                         "scope", scope_text);
}

static json_t *name_row(const struct nb_name *name, bool is_group, const char *status)
{
        json_t *row = json_from_name(name);

        json_object_set_new(row, "type", json_string(is_group ? "group" : "unique"));
        if (status)
                json_object_set_new(row, "status", json_from_word(status));
        json_object_set_new(row, "service", json_string(nb_name_service(name, is_group)));
        return row;
}

json_t *nbtstat_json_names(const struct node_view *view)
{
        json_t *list = json_array();

        for (size_t i = 0; i < view->iface_count; i++) {
                const struct node_iface *iface = &view->ifaces[i];
                json_t *object = iface_json(iface->label, iface->address, &view->scope);
                json_t *names = json_array();
                for (size_t j = 0; j < view->name_count; j++) {
                        const struct node_view_name *name = &view->names[j];
                        if (name->iface_id != iface->id)
                                continue;
                        json_t *row = name_row(&name->name, name->kind == NODE_NAME_GROUP, node_state_str(name->state));
                        json_object_set_new(row, "conflict_peer", json_from_ip4(name->conflict_peer));
                        json_array_append_new(names, row);
                }
                json_object_set_new(object, "names", names);
                json_array_append_new(list, object);
        }
        return list;
}

json_t *nbtstat_json_cache(const struct node_view *view)
{
        json_t *list = json_array();

        for (size_t i = 0; i < view->cache_count; i++) {
                const struct node_view_cache *entry = &view->cache[i];
                json_t *row = name_row(&entry->name, entry->kind == NODE_NAME_GROUP, NULL);
                if (view->iface_count)
                        json_object_set_new(row, "interface",
                                            json_from_text(view->ifaces[nbtstat_cache_iface(view, entry)].label));
                json_object_set_new(row, "address", json_from_ip4(entry->address));
                json_object_set_new(row, "life_s", json_integer(entry->life_s));
                json_array_append_new(list, row);
        }
        return list;
}

json_t *nbtstat_json_resolved(const struct node_view *view)
{
        const struct node_statistics *statistics = &view->statistics;
        json_t *recent = json_array();

        for (size_t i = 0; i < view->recent_broadcast_count; i++)
                json_array_append_new(recent, json_from_name(&view->recent_broadcast[i]));
        return json_pack("{s:I, s:I, s:I, s:I, s:o}", "resolved_by_broadcast",
                         (json_int_t)statistics->resolved_by_broadcast, "resolved_by_name_server",
                         (json_int_t)statistics->resolved_by_wins, "registered_by_broadcast",
                         (json_int_t)statistics->registered_by_broadcast, "registered_by_name_server",
                         (json_int_t)statistics->registered_by_wins, "names_resolved_by_broadcast", recent);
}

json_t *nbtstat_json_sessions(const struct node_view *view)
{
        json_t *list = json_array();

        for (size_t i = 0; i < view->iface_count; i++) {
                json_t *object = iface_json(view->ifaces[i].label, view->ifaces[i].address, &view->scope);
                json_object_set_new(object, "connections", json_array());
                json_array_append_new(list, object);
        }
        return list;
}

json_t *nbtstat_json_remote(const struct nbtstat_remote *remote)
{
        json_t *object = iface_json(remote->label, remote->address, remote->scope);
        char mac[MAC_TEXT_BYTES];

        json_object_set_new(object, "found", json_boolean(remote->table));
        if (!remote->table)
                return object;
        const int computer = nbstat_table_computer(remote->table);
        json_t *names = json_array();
        for (size_t i = 0; i < remote->table->count; i++) {
                const struct nbstat_entry *entry = &remote->table->entries[i];
                json_array_append_new(names, name_row(&entry->name, (entry->name_flags & NBSTAT_GROUP) != 0,
                                                      nbstat_status_str(entry->name_flags)));
        }
        json_object_set_new(object, "names", names);
        if (computer >= 0) {
                char stem[NB_NAME_TEXT_BYTES];
                nb_name_format_stem(&remote->table->entries[computer].name, stem);
                json_object_set_new(object, "computer", json_string(stem));
        }
        mac_format(remote->table->statistics.unit_id, mac);
        json_object_set_new(object, "mac", json_string(mac));
        return object;
}
