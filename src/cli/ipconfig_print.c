/* The faces of `netbt ipconfig`: Windows' layout, which scripts parse, and JSON. */
#include "cli/ipconfig.h"
#include "cli/name_json.h"

#include "base/ip4.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#define LABEL_COLUMN 3
#define COLON_COLUMN 37 /* observed: dots stand in odd columns, the last in 35 */
#define VALUE_COLUMN 39

/* "   Label . . . : value". Two of Windows' labels have a blank where the rule puts a dot: give it with the label. */
static void line(FILE *out, const char *label, const char *value)
{
        char text[COLON_COLUMN + 1];
        const size_t end = LABEL_COLUMN + strlen(label);

        memset(text, ' ', COLON_COLUMN);
        memcpy(text + LABEL_COLUMN, label, strlen(label));
        for (size_t i = end | 1; i < COLON_COLUMN; i += 2)
                text[i] = '.';
        text[COLON_COLUMN] = '\0';
        fprintf(out, "%s:%s%s\n", text, *value ? " " : "", value);
}

static void more(FILE *out, const char *value)
{
        fprintf(out, "%*s%s\n", VALUE_COLUMN, "", value);
}

static void list(FILE *out, const char *label, const struct ipconfig_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                if (i == 0)
                        line(out, label, list->texts[i]);
                else
                        more(out, list->texts[i]);
}

static void line_address(FILE *out, const char *label, uint32_t address, const char *suffix)
{
        char text[IP4_TEXT_BYTES], whole[IP4_TEXT_BYTES + 16];

        ip4_format(address, text);
        snprintf(whole, sizeof(whole), "%s%s", text, suffix);
        line(out, label, whole);
}

/* "Wednesday, June 25, 2025 3:04:39 PM", in local time, as Windows prints it. */
static void line_time(FILE *out, const char *label, int64_t seconds)
{
        const time_t at = (time_t)seconds;
        struct tm t;
        char day[32], clock[32], text[96];

        if (!seconds || !localtime_r(&at, &t) || !strftime(day, sizeof(day), "%A, %B", &t) ||
            !strftime(clock, sizeof(clock), "%M:%S %p", &t))
                return;
        snprintf(text, sizeof(text), "%s %d, %d %d:%s", day, t.tm_mday, t.tm_year + 1900, (t.tm_hour + 11) % 12 + 1,
                 clock);
        line(out, label, text);
}

static const char *yes_no(bool yes)
{
        return yes ? "Yes" : "No";
}

static void print_global(FILE *out, const struct ipconfig *config)
{
        char scope[NB_SCOPE_MAX_BYTES + 1];

        line(out, "Host Name", config->host_name);
        line(out, "Primary Dns Suffix ", config->primary_suffix);
        line(out, "Node Type", node_type_str(config->node_type));
        if (config->scope.len_bytes) {
                nb_scope_format(&config->scope, scope);
                line(out, "NetBIOS Scope ID", scope);
        }
        line(out, "IP Routing Enabled", yes_no(config->routing));
        line(out, "WINS Proxy Enabled", yes_no(config->wins_proxy));
        list(out, "DNS Suffix Search List", &config->search);
}

static void print_wins(FILE *out, const struct ipconfig_adapter *adapter)
{
        char text[IP4_TEXT_BYTES];

        for (size_t i = 0; i < adapter->wins_count; i++) {
                if (i == 0)
                        line_address(out, "Primary WINS Server", adapter->wins[i], "");
                else if (i == 1)
                        line_address(out, "Secondary WINS Server", adapter->wins[i], "");
                else {
                        ip4_format(adapter->wins[i], text);
                        more(out, text);
                }
        }
}

static void print_hardware(FILE *out, const struct ipconfig_adapter *adapter)
{
        char mac[MAC_TEXT_BYTES];

        line(out, "Description", adapter->description);
        if (adapter->has_mac) {
                mac_format(adapter->mac, mac);
                line(out, "Physical Address", mac);
        }
        if (adapter->dhcp_known)
                line(out, "DHCP Enabled", yes_no(adapter->dhcp_enabled));
}

static void print_adapter(FILE *out, const struct ipconfig_adapter *adapter, bool all)
{
        fprintf(out, "\n%s %s:\n\n", adapter->title, adapter->name);
        if (!adapter->up)
                line(out, "Media State", "Media disconnected");
        line(out, "Connection-specific DNS Suffix ", adapter->dns_suffix);
        if (all)
                print_hardware(out, adapter);
        for (size_t i = 0; i < adapter->address_count; i++) {
                line_address(out, "IPv4 Address", adapter->addresses[i].address, all ? "(Preferred)" : "");
                line_address(out, "Subnet Mask", adapter->addresses[i].netmask, "");
        }
        if (all && adapter->dhcp_enabled) {
                line_time(out, "Lease Obtained", adapter->lease_obtained_s);
                line_time(out, "Lease Expires", adapter->lease_expires_s);
        }
        if (adapter->gateway)
                line_address(out, "Default Gateway", adapter->gateway, "");
        else if (adapter->address_count)
                line(out, "Default Gateway", "");
        if (!all)
                return;
        if (adapter->dhcp_enabled && adapter->dhcp_server && *adapter->dhcp_server)
                line(out, "DHCP Server", adapter->dhcp_server);
        list(out, "DNS Servers", &adapter->dns_servers);
        print_wins(out, adapter);
        if (adapter->address_count)
                line(out, "NetBIOS over Tcpip", adapter->netbios_enabled ? "Enabled" : "Disabled");
}

void ipconfig_print(FILE *out, const struct ipconfig *config, bool all)
{
        fputs("\nWindows IP Configuration\n\n", out);
        if (all)
                print_global(out, config);
        for (size_t i = 0; i < config->adapter_count; i++)
                print_adapter(out, &config->adapters[i], all);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static json_t *json_list(const struct ipconfig_list *list)
{
        json_t *out = json_array();

        for (size_t i = 0; i < list->count; i++)
                json_array_append_new(out, json_from_text(list->texts[i]));
        return out;
}

static json_t *json_time(int64_t seconds)
{
        char text[WALL_TEXT_BYTES];

        if (!seconds)
                return json_null();
        wall_format((wall_t){seconds * 1000000}, text);
        return json_string(text);
}

static json_t *json_adapter(const struct ipconfig_adapter *adapter)
{
        json_t *addresses = json_array(), *wins = json_array();
        char mac[MAC_TEXT_BYTES];

        for (size_t i = 0; i < adapter->address_count; i++)
                json_array_append_new(addresses,
                                      json_pack("{s:o, s:o}", "address", json_from_ip4(adapter->addresses[i].address),
                                                "netmask", json_from_ip4(adapter->addresses[i].netmask)));
        for (size_t i = 0; i < adapter->wins_count; i++)
                json_array_append_new(wins, json_from_ip4(adapter->wins[i]));
        mac_format(adapter->mac, mac);
        json_t *out = json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:s?, s:b}", "name",
                                json_from_text(adapter->name), "description", adapter->description, "up", adapter->up,
                                "dns_suffix", json_from_text(adapter->dns_suffix), "addresses", addresses, "gateway",
                                json_from_ip4(adapter->gateway), "dns_servers", json_list(&adapter->dns_servers),
                                "wins_servers", wins, "wins_origin", adapter->wins_origin, "netbios_enabled",
                                adapter->netbios_enabled);
        json_object_set_new(out, "mac", adapter->has_mac ? json_string(mac) : json_null());
        json_object_set_new(out, "dhcp_enabled",
                            adapter->dhcp_known ? json_boolean(adapter->dhcp_enabled) : json_null());
        json_object_set_new(out, "dhcp_server",
                            adapter->dhcp_server && *adapter->dhcp_server ? json_from_text(adapter->dhcp_server)
                                                                          : json_null());
        json_object_set_new(out, "lease_obtained", json_time(adapter->lease_obtained_s));
        json_object_set_new(out, "lease_expires", json_time(adapter->lease_expires_s));
        return out;
}

void ipconfig_print_json(FILE *out, const struct ipconfig *config)
{
        json_t *adapters = json_array();
        char scope[NB_SCOPE_MAX_BYTES + 1];

        for (size_t i = 0; i < config->adapter_count; i++)
                json_array_append_new(adapters, json_adapter(&config->adapters[i]));
        nb_scope_format(&config->scope, scope);
        json_t *document = json_pack(
                "{s:o, s:o, s:o, s:s, s:s, s:s, s:b, s:b, s:o, s:o}", "host_name", json_from_text(config->host_name),
                "machine_name", json_from_text(config->machine_name), "primary_dns_suffix",
                json_from_text(config->primary_suffix), "node_type", node_type_str(config->node_type),
                "node_type_origin", config->node_type_origin, "scope", scope, "ip_routing", config->routing,
                "wins_proxy", config->wins_proxy, "dns_search", json_list(&config->search), "adapters", adapters);
        json_print(out, document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
}
