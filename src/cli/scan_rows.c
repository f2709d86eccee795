/* Hosts as rows: table, CSV, lmhosts, hosts. */
#include "cli/name_json.h"
#include "cli/scan_cmd.h"

#include <string.h>

const char *scan_stem(const struct scan_printer *printer, const struct nbstat_entry *entry, char *ret)
{
        ret[0] = '\0';
        if (entry)
                scan_text_stem(printer->text, &entry->name, ret);
        return ret;
}

const char *scan_mac(const struct scan_host *host, char ret[MAC_TEXT_BYTES])
{
        if (host->mac_source == SCAN_MAC_NONE)
                strcpy(ret, "none");
        else
                mac_format(host->mac, ret);
        return ret;
}

static const char *vendor_of(const struct scan_printer *printer, const struct scan_host *host)
{
        if (host->mac_source == SCAN_MAC_NONE)
                return "";
        const char *vendor = scan_vendors_find(printer->vendors, host->mac);
        return vendor ? vendor : host->mac[0] & 0x02 ? "(local)" : "";
}

/* What is not the address asked. */
static void format_others(struct strbuf *sb, const struct scan_host *host, const char *separator)
{
        char text[IP4_TEXT_BYTES];
        bool first = true;

        for (size_t i = 0; i < host->address_count; i++) {
                if (host->addresses[i] == host->address)
                        continue;
                ip4_format(host->addresses[i], text);
                strbuf_printf(sb, "%s%s", first ? "" : separator, text);
                first = false;
        }
}

static void format_roles(struct strbuf *sb, const struct scan_host *host)
{
        const char *role;

        for (size_t i = 0; (role = scan_host_role(host, i)); i++)
                strbuf_printf(sb, "%s%s", i ? ", " : "", role);
}

/* ---- table -------------------------------------------------------------------------------------------------------- */

static void put_cell(struct strbuf *sb, const char *text, size_t width)
{
        const size_t used = scan_text_width(text);

        strbuf_add(sb, text[0] ? text : "-");
        for (size_t i = text[0] ? used : 1; i < width; i++)
                strbuf_add_char(sb, ' ');
        strbuf_add(sb, "  ");
}

static void put_names(struct strbuf *sb, const struct scan_printer *printer, const struct scan_host *host)
{
        char text[SCAN_TEXT_BYTES];

        for (size_t i = 0; i < host->name_count; i++) {
                const struct nbstat_entry *entry = &host->names[i];
                const bool group = entry->name_flags & NBSTAT_GROUP;

                scan_text_name(printer->text, &entry->name, text);
                strbuf_add(sb, "    ");
                put_cell(sb, text, 19);
                strbuf_printf(sb, "%s  %-12s %s\n", group ? "GROUP " : "UNIQUE", nbstat_status_str(entry->name_flags),
                              nb_name_service(&entry->name, group));
        }
}

static void cut_blanks(struct strbuf *sb)
{
        while (sb->len_bytes && sb->text[sb->len_bytes - 1] == ' ')
                sb->text[--sb->len_bytes] = '\0';
}

static void put_table_row(const struct scan_printer *printer, const struct scan_host *host, struct strbuf *sb)
{
        char text[SCAN_TEXT_BYTES], mac[MAC_TEXT_BYTES], address[IP4_TEXT_BYTES];
        struct strbuf others = STRBUF_INIT, roles = STRBUF_INIT;

        ip4_format(host->address, address);
        put_cell(sb, address, 15);
        put_cell(sb, scan_stem(printer, scan_host_computer(host), text), 15);
        put_cell(sb, scan_stem(printer, scan_host_workgroup(host), text), 15);
        put_cell(sb, scan_stem(printer, scan_host_user(host), text), 15);
        put_cell(sb, scan_mac(host, mac), 17);
        char vendor[64];
        snprintf(vendor, sizeof(vendor), "%.24s", vendor_of(printer, host));
        put_cell(sb, vendor, 24);
        format_roles(&roles, host);
        format_others(&others, host, ", ");
        put_cell(sb, strbuf_str(&roles), 0);
        if (others.len_bytes)
                strbuf_printf(sb, "also %s  ", strbuf_str(&others));
        if (scan_host_in_conflict(host))
                strbuf_add(sb, printer->colour ? "\x1b[1;31mIN CONFLICT\x1b[0m" : "IN CONFLICT");
        cut_blanks(sb);
        strbuf_add_char(sb, '\n');
        strbuf_done(&others);
        strbuf_done(&roles);
        if (printer->verbose)
                put_names(sb, printer, host);
}

/* ---- CSV ---------------------------------------------------------------------------------------------------------- */

/* RFC 4180: quoted where it must be, quotes doubled, lines end in CR LF. */
static void put_field(struct strbuf *sb, const char *text, bool last)
{
        if (text[strcspn(text, ",\"\r\n")]) {
                strbuf_add_char(sb, '"');
                for (; *text; text++) {
                        if (*text == '"')
                                strbuf_add_char(sb, '"');
                        strbuf_add_char(sb, *text);
                }
                strbuf_add_char(sb, '"');
        } else {
                strbuf_add(sb, text);
        }
        strbuf_add(sb, last ? "\r\n" : ",");
}

static void put_csv_row(const struct scan_printer *printer, const struct scan_host *host, struct strbuf *sb)
{
        char text[SCAN_TEXT_BYTES], mac[MAC_TEXT_BYTES], address[IP4_TEXT_BYTES];
        struct strbuf cell = STRBUF_INIT;

        ip4_format(host->address, address);
        put_field(sb, address, false);
        put_field(sb, scan_stem(printer, scan_host_computer(host), text), false);
        put_field(sb, scan_stem(printer, scan_host_workgroup(host), text), false);
        put_field(sb, scan_stem(printer, scan_host_user(host), text), false);
        put_field(sb, scan_mac(host, mac), false);
        put_field(sb, vendor_of(printer, host), false);
        format_roles(&cell, host);
        put_field(sb, strbuf_str(&cell), false);
        strbuf_reset(&cell);
        format_others(&cell, host, " ");
        put_field(sb, strbuf_str(&cell), false);
        strbuf_reset(&cell);
        for (size_t i = 0; i < host->name_count; i++) {
                scan_text_name(printer->text, &host->names[i].name, text);
                strbuf_printf(&cell, "%s%s", i ? " " : "", text);
        }
        put_field(sb, strbuf_str(&cell), false);
        put_field(sb, scan_host_in_conflict(host) ? "yes" : "no", true);
        strbuf_done(&cell);
}

/* ---- one row ------------------------------------------------------------------------------------------------------ */

static void print_heading(const struct scan_printer *printer)
{
        if (printer->format == SCAN_FORMAT_CSV)
                fputs("address,name,workgroup,user,mac,vendor,roles,addresses,names,conflict\r\n", printer->out);
        else if (printer->format == SCAN_FORMAT_TABLE)
                fprintf(printer->out, "%-15s  %-15s  %-15s  %-15s  %-17s  %-24s  %s\n", "ADDRESS", "NAME", "WORKGROUP",
                        "USER", "MAC", "VENDOR", "ROLES");
}

void scan_print_row(struct scan_printer *printer, const struct scan_host *host)
{
        struct strbuf line = STRBUF_INIT;

        if (printer->rows++ == 0)
                print_heading(printer);
        if (printer->format == SCAN_FORMAT_JSON)
                json_print(printer->out, scan_json_host(printer, host), JSON_COMPACT);
        else if (printer->format == SCAN_FORMAT_CSV)
                put_csv_row(printer, host, &line);
        else
                put_table_row(printer, host, &line);
        fputs(strbuf_str(&line), printer->out);
        strbuf_done(&line);
}

/* ---- lmhosts and hosts -------------------------------------------------------------------------------------------- */

static bool is_duplicate(const struct scan_report *report, const struct nbstat_entry *entry)
{
        size_t low = 0, high = report->duplicate_count;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;
                const int order =
                        memcmp(report->duplicates[middle].name.bytes, entry->name.bytes, sizeof(entry->name.bytes));

                if (order == 0)
                        return true;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return false;
}

static bool is_host_name(const char *text)
{
        return text[0] &&
               text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")] == '\0';
}

/* The domain of a domain controller; NULL for others. */
static const struct nbstat_entry *domain_of(const struct scan_host *host)
{
        for (size_t i = 0; i < host->name_count; i++)
                if (nb_name_suffix(&host->names[i].name) == 0x1C && host->names[i].name_flags & NBSTAT_GROUP &&
                    memcmp(host->names[i].name.bytes, "INet~", 5) != 0)
                        return &host->names[i];
        return NULL;
}

static void put_lmhosts_line(const struct scan_printer *printer, const struct scan_host *host, const char *address,
                             const char *name)
{
        const struct nbstat_entry *domain = domain_of(host);
        const bool quoted = !is_host_name(name);
        char text[SCAN_TEXT_BYTES];

        fprintf(printer->out, "%-15s %s%s%s", address, quoted ? "\"" : "", name, quoted ? "\"" : "");
        if (domain)
                fprintf(printer->out, " #PRE #DOM:%s", scan_stem(printer, domain, text));
        fputc('\n', printer->out);
}

static void print_file_line(const struct scan_printer *printer, const struct scan_findings *findings,
                            const struct scan_host *host)
{
        const struct nbstat_entry *computer = scan_host_computer(host);
        char address[IP4_TEXT_BYTES], name[SCAN_TEXT_BYTES];

        if (!computer)
                return;
        ip4_format(host->address, address);
        scan_stem(printer, computer, name);
        if (is_duplicate(&findings->report, computer))
                fputs("# held by more than one machine: ", printer->out);
        if (printer->format == SCAN_FORMAT_LMHOSTS) {
                if (strchr(name, '"'))
                        fputs("# cannot be quoted: ", printer->out);
                put_lmhosts_line(printer, host, address, name);
                return;
        }
        if (!is_host_name(name))
                fputs("# no host name: ", printer->out);
        for (char *at = name; *at; at++)
                *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        fprintf(printer->out, "%-15s %s\n", address, name);
}

void scan_print_file(struct scan_printer *printer, const struct scan_findings *findings)
{
        for (size_t i = 0; i < findings->host_count; i++)
                print_file_line(printer, findings, findings->hosts[i]);
}
