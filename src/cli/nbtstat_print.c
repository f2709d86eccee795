#include "cli/nbtstat_print.h"

#include "base/ip4.h"

#include <inttypes.h>
#include <string.h>

#define CONFLICT_ON "\033[1;31m"
#define CONFLICT_OFF "\033[0m"

/* The 15 bytes before the suffix, always 15 columns wide. */
static void name_text(const struct nb_name *name, struct nbtstat_style style, char ret_text[NB_SUFFIX_AT + 1])
{
        for (size_t i = 0; i < NB_SUFFIX_AT; i++) {
                const uint8_t byte = name->bytes[i];
                const bool printable = byte >= 0x20 && byte < 0x7F;
                /* a NUL would end the text, and shows as nothing on a Windows console too */
                ret_text[i] = (char)(printable ? byte : style.raw ? byte ? byte : ' ' : '.');
        }
        ret_text[NB_SUFFIX_AT] = '\0';
}

static void print_heading(FILE *out, const char *label, uint32_t address, const struct nb_scope *scope)
{
        char scope_text[NB_SCOPE_MAX_BYTES + 1], address_text[IP4_TEXT_BYTES];

        nb_scope_format(scope, scope_text);
        ip4_format(address, address_text);
        fprintf(out, "\n%s:\nNode IpAddress: [%s] Scope Id: [%s]\n\n", label, address_text, scope_text);
}

static void print_name_row(FILE *out, const struct nb_name *name, bool is_group, const char *status, bool is_conflict,
                           struct nbtstat_style style)
{
        char text[NB_SUFFIX_AT + 1];
        const bool marked = is_conflict && style.colour;

        name_text(name, style, text);
        fprintf(out, "    %-15s<%02X>  %-6s      %s%s%s\n", text, nb_name_suffix(name), is_group ? "GROUP" : "UNIQUE",
                marked ? CONFLICT_ON : "", status, marked ? CONFLICT_OFF : "");
}

static void print_columns(FILE *out)
{
        fputs("       Name               Type         Status\n"
              "    ---------------------------------------------\n",
              out);
}

static void print_iface_names(FILE *out, const struct node_view *view, const struct node_iface *iface,
                              struct nbtstat_style style)
{
        size_t rows = 0;

        print_heading(out, iface->label, iface->address, &view->scope);
        for (size_t i = 0; i < view->name_count; i++) {
                const struct node_view_name *name = &view->names[i];
                if (name->iface_id != iface->id)
                        continue;
                if (rows++ == 0) {
                        fputs("                NetBIOS Local Name Table\n\n", out);
                        print_columns(out);
                }
                print_name_row(out, &name->name, name->kind == NODE_NAME_GROUP, node_state_str(name->state),
                               name->state == NODE_STATE_CONFLICT, style);
        }
        if (!rows)
                fputs("    No names in cache\n", out);
}

void nbtstat_print_names(FILE *out, const struct node_view *view, struct nbtstat_style style)
{
        for (size_t i = 0; i < view->iface_count; i++)
                print_iface_names(out, view, &view->ifaces[i], style);
}

size_t nbtstat_cache_iface(const struct node_view *view, const struct node_view_cache *entry)
{
        for (size_t i = 0; i < view->iface_count; i++)
                if (ip4_same_subnet(entry->address, view->ifaces[i].address, view->ifaces[i].netmask))
                        return i;
        /* ASSUMPTION: our cache is one for all adapters, Windows' listing is one an adapter; what is on no subnet of
         * ours is listed under the first */
        return 0;
}

static void print_iface_cache(FILE *out, const struct node_view *view, size_t at, struct nbtstat_style style)
{
        const struct node_iface *iface = &view->ifaces[at];
        size_t rows = 0;

        print_heading(out, iface->label, iface->address, &view->scope);
        for (size_t i = 0; i < view->cache_count; i++) {
                const struct node_view_cache *entry = &view->cache[i];
                char text[NB_SUFFIX_AT + 1], address[IP4_TEXT_BYTES];
                if (nbtstat_cache_iface(view, entry) != at)
                        continue;
                if (rows++ == 0)
                        fputs("                  NetBIOS Remote Cache Name Table\n\n"
                              "        Name              Type       Host Address    Life [sec]\n"
                              "    ------------------------------------------------------------\n",
                              out);
                name_text(&entry->name, style, text);
                ip4_format(entry->address, address);
                fprintf(out, "    %-15s<%02X>  %-6s          %-15s     %" PRId64 "\n", text,
                        nb_name_suffix(&entry->name), entry->kind == NODE_NAME_GROUP ? "GROUP" : "UNIQUE", address,
                        entry->life_s);
        }
        if (!rows)
                fputs("    No names in cache\n", out);
}

void nbtstat_print_cache(FILE *out, const struct node_view *view, struct nbtstat_style style)
{
        for (size_t i = 0; i < view->iface_count; i++)
                print_iface_cache(out, view, i, style);
}

void nbtstat_print_resolved(FILE *out, const struct node_view *view, struct nbtstat_style style)
{
        const struct node_statistics *statistics = &view->statistics;

        fprintf(out,
                "\n    NetBIOS Names Resolution and Registration Statistics\n"
                "    ----------------------------------------------------\n"
                "\n"
                "    Resolved By Broadcast     = %" PRIu64 "\n"
                "    Resolved By Name Server   = %" PRIu64 "\n"
                "\n"
                "    Registered By Broadcast   = %" PRIu64 "\n"
                "    Registered By Name Server = %" PRIu64 "\n",
                statistics->resolved_by_broadcast, statistics->resolved_by_wins, statistics->registered_by_broadcast,
                statistics->registered_by_wins);
        if (!view->recent_broadcast_count)
                return;
        fputs("\n    NetBIOS Names Resolved By Broadcast\n"
              "    ---------------------------------------------\n",
              out);
        for (size_t i = 0; i < view->recent_broadcast_count; i++) {
                char text[NB_SUFFIX_AT + 1];
                name_text(&view->recent_broadcast[i], style, text);
                fprintf(out, "            %-15s<%02X>\n", text, nb_name_suffix(&view->recent_broadcast[i]));
        }
}

void nbtstat_print_sessions(FILE *out, const struct node_view *view)
{
        for (size_t i = 0; i < view->iface_count; i++) {
                print_heading(out, view->ifaces[i].label, view->ifaces[i].address, &view->scope);
                fputs("    No Connections\n", out);
        }
}

void nbtstat_print_remote(FILE *out, const struct nbtstat_remote *remote, struct nbtstat_style style)
{
        char mac[MAC_TEXT_BYTES];

        print_heading(out, remote->label, remote->address, remote->scope);
        if (!remote->table) {
                fputs("    Host not found.\n", out);
                return;
        }
        fputs("           NetBIOS Remote Machine Name Table\n\n", out);
        print_columns(out);
        for (size_t i = 0; i < remote->table->count; i++) {
                const struct nbstat_entry *entry = &remote->table->entries[i];
                print_name_row(out, &entry->name, (entry->name_flags & NBSTAT_GROUP) != 0,
                               nbstat_status_str(entry->name_flags), (entry->name_flags & NBSTAT_CONFLICT) != 0, style);
        }
        mac_format(remote->table->statistics.unit_id, mac);
        fprintf(out, "\n    MAC Address = %s\n", mac);
}
