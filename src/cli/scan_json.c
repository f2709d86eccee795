/* JSON lines: one object a host, then one a finding, then the summary. Each says what it is in "type". */
#include "cli/scan_cmd.h"

#include "cli/name_json.h"

static json_t *text_of(const struct scan_printer *printer, const struct nbstat_entry *entry)
{
        char text[SCAN_TEXT_BYTES];

        return entry ? json_string(scan_stem(printer, entry, text)) : json_null();
}

/* As everywhere in the suite, but the name in the chosen code page; the raw bytes are in "bytes". */
static json_t *json_of_name(const struct scan_printer *printer, const struct nb_name *name)
{
        json_t *json = json_from_name(name);
        char text[SCAN_TEXT_BYTES];

        scan_text_stem(printer->text, name, text);
        json_object_set_new(json, "name", json_string(text));
        return json;
}

static json_t *json_of_entry(const struct scan_printer *printer, const struct nbstat_entry *entry)
{
        const bool group = entry->name_flags & NBSTAT_GROUP;
        json_t *json = json_of_name(printer, &entry->name);

        json_object_set_new(json, "type", json_string(group ? "group" : "unique"));
        json_object_set_new(json, "status", json_from_word(nbstat_status_str(entry->name_flags)));
        json_object_set_new(json, "service", json_string(nb_name_service(&entry->name, group)));
        return json;
}

static json_t *json_of_mac(const struct scan_host *host)
{
        char text[MAC_TEXT_BYTES];

        return host->mac_source == SCAN_MAC_NONE ? json_null() : json_string(scan_mac(host, text));
}

json_t *scan_json_host(const struct scan_printer *printer, const struct scan_host *host)
{
        static const char *const sources[] = {"none", "answer", "neighbour"};
        json_t *json = json_object(), *roles = json_array(), *addresses = json_array(), *names = json_array();
        const char *vendor = host->mac_source == SCAN_MAC_NONE ? NULL : scan_vendors_find(printer->vendors, host->mac);
        const char *role;

        for (size_t i = 0; (role = scan_host_role(host, i)); i++)
                json_array_append_new(roles, json_string(role));
        for (size_t i = 0; i < host->address_count; i++)
                json_array_append_new(addresses, json_from_ip4(host->addresses[i]));
        for (size_t i = 0; i < host->name_count; i++)
                json_array_append_new(names, json_of_entry(printer, &host->names[i]));
        json_object_set_new(json, "type", json_string("host"));
        json_object_set_new(json, "address", json_from_ip4(host->address));
        json_object_set_new(json, "computer", text_of(printer, scan_host_computer(host)));
        json_object_set_new(json, "workgroup", text_of(printer, scan_host_workgroup(host)));
        json_object_set_new(json, "user", text_of(printer, scan_host_user(host)));
        json_object_set_new(json, "mac", json_of_mac(host));
        json_object_set_new(json, "mac_source", json_string(sources[host->mac_source]));
        json_object_set_new(json, "vendor", vendor ? json_string(vendor) : json_null());
        json_object_set_new(json, "roles", roles);
        json_object_set_new(json, "addresses", addresses);
        json_object_set_new(json, "addresses_answered", json_boolean(host->addresses_answered));
        json_object_set_new(json, "conflict", json_boolean(scan_host_in_conflict(host)));
        json_object_set_new(json, "try", json_integer(host->tries));
        json_object_set_new(json, "rtt_us", json_integer(host->rtt_us));
        json_object_set_new(json, "names", names);
        return json;
}

static void put(const struct scan_printer *printer, json_t *json)
{
        json_print(printer->out, json, JSON_COMPACT);
}

static json_t *json_of_duplicate(const struct scan_printer *printer, const struct scan_duplicate *duplicate)
{
        json_t *json = json_of_name(printer, &duplicate->name), *holders = json_array();

        for (size_t i = 0; i < duplicate->holder_count; i++) {
                const struct scan_holder *holder = &duplicate->holders[i];
                json_array_append_new(holders,
                                      json_pack("{s:o, s:i, s:o, s:o, s:s, s:o}", "address",
                                                json_from_ip4(holder->host->address), "machine", (int)holder->machine,
                                                "mac", json_of_mac(holder->host), "computer",
                                                text_of(printer, scan_host_computer(holder->host)), "type",
                                                holder->name_flags & NBSTAT_GROUP ? "group" : "unique", "status",
                                                json_from_word(nbstat_status_str(holder->name_flags))));
        }
        json_object_set_new(json, "type", json_string("duplicate"));
        json_object_set_new(json, "machines", json_integer((json_int_t)duplicate->machine_count));
        json_object_set_new(json, "unique_and_group", json_boolean(duplicate->mixed_kind));
        json_object_set_new(json, "holders", holders);
        return json;
}

static json_t *json_of_machine(const struct scan_machine *machine)
{
        json_t *addresses = json_array();

        for (size_t i = 0; i < machine->host_count; i++)
                json_array_append_new(addresses, json_from_ip4(machine->hosts[i]->address));
        return json_pack("{s:s, s:o, s:b, s:b}", "type", "machine", "addresses", addresses, "same_mac",
                         machine->same_mac, "lists_addresses", machine->lists_all);
}

static json_t *json_of_disagreement(const struct scan_printer *printer, const struct scan_disagreement *disagreement)
{
        static const char *const authorities[] = {"wins", "dns", "dns_reverse"};

        return json_pack("{s:s, s:o, s:o, s:s, s:o, s:s}", "type", "difference", "address",
                         json_from_ip4(disagreement->host->address), "name", json_of_name(printer, &disagreement->name),
                         "authority", authorities[disagreement->authority], "server",
                         json_from_ip4(disagreement->server), "says", disagreement->says);
}

static json_t *json_of_change(const struct scan_printer *printer, const struct scan_difference *difference)
{
        const struct scan_host *host = difference->after ? difference->after : difference->before;

        return json_pack("{s:s, s:s, s:o, s:o, s:o}", "type", "change", "change", scan_change_str(difference->change),
                         "address", json_from_ip4(host->address), "before",
                         difference->before ? scan_json_host(printer, difference->before) : json_null(), "after",
                         difference->after ? scan_json_host(printer, difference->after) : json_null());
}

void scan_json_findings(const struct scan_printer *printer, const struct scan_findings *findings)
{
        for (size_t i = 0; i < findings->report.multihomed_count; i++)
                put(printer, json_of_machine(&findings->report.multihomed[i]));
        for (size_t i = 0; i < findings->report.duplicate_count; i++)
                put(printer, json_of_duplicate(printer, &findings->report.duplicates[i]));
        for (size_t i = 0; i < findings->disagreement_count; i++)
                put(printer, json_of_disagreement(printer, &findings->disagreements[i]));
        for (size_t i = 0; i < findings->difference_count; i++)
                put(printer, json_of_change(printer, &findings->differences[i]));
}

void scan_json_summary(const struct scan_printer *printer, const struct scan_outcome *outcome)
{
        const struct scan_progress *p = &outcome->progress;

        put(printer,
            json_pack("{s:s, s:I, s:I, s:I, s:I, s:f, s:i, s:f, s:f, s:i, s:b, s:b, s:i, s:I, s:I}", "type", "summary",
                      "addresses", (json_int_t)p->total, "asked", (json_int_t)p->asked, "found", (json_int_t)p->found,
                      "packets", (json_int_t)p->sent, "seconds", outcome->seconds, "rounds", (int)p->rounds, "loss",
                      p->loss, "expected_missed", p->missed, "slowed", (int)p->slowed_count, "loss_not_ours",
                      p->loss_not_ours, "interrupted", outcome->interrupted, "port", (int)outcome->port, "dropped",
                      (json_int_t)outcome->dropped, "unsent", (json_int_t)outcome->unsent));
}
