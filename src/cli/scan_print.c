/* What a scan found wrong, in words. */
#include "cli/scan_cmd.h"

#include <string.h>

static const char *address_of(const struct scan_host *host, char ret[IP4_TEXT_BYTES])
{
        ip4_format(host->address, ret);
        return ret;
}

static void print_machines(FILE *out, const struct scan_report *report)
{
        char text[IP4_TEXT_BYTES];

        if (report->multihomed_count)
                fputs("\nMachines with several addresses:\n", out);
        for (size_t i = 0; i < report->multihomed_count; i++) {
                const struct scan_machine *machine = &report->multihomed[i];

                for (size_t j = 0; j < machine->host_count; j++)
                        fprintf(out, "%s%s", j ? ", " : "    ", address_of(machine->hosts[j], text));
                fprintf(out, "  (%s%s%s)\n", machine->same_mac ? "same MAC" : "",
                        machine->same_mac && machine->lists_all ? "; " : "",
                        machine->lists_all ? "same table, and its own answer lists them" : "");
        }
}

static void print_holder(const struct scan_printer *printer, FILE *out, const struct scan_holder *holder, bool same)
{
        char address[IP4_TEXT_BYTES], mac[MAC_TEXT_BYTES], name[SCAN_TEXT_BYTES];

        fprintf(out, "    %-15s  %-17s  %s%s%s%s\n", address_of(holder->host, address), scan_mac(holder->host, mac),
                scan_stem(printer, scan_host_computer(holder->host), name),
                holder->name_flags & NBSTAT_GROUP ? "  as a group" : "",
                holder->name_flags & NBSTAT_CONFLICT ? "  in conflict" : "", same ? "  (same machine)" : "");
}

static void print_duplicates(const struct scan_printer *printer, FILE *out, const struct scan_report *report)
{
        const char *on = printer->colour ? "\x1b[1;31m" : "", *off = printer->colour ? "\x1b[0m" : "";
        char name[SCAN_TEXT_BYTES];

        if (report->duplicate_count)
                fputs("\nNames held by more than one machine:\n", out);
        for (size_t i = 0; i < report->duplicate_count; i++) {
                const struct scan_duplicate *duplicate = &report->duplicates[i];

                scan_text_name(printer->text, &duplicate->name, name);
                fprintf(out, "  %s%s%s  %s\n", on, name, off,
                        duplicate->mixed_kind ? "unique for one, a group for another" : "unique");
                for (size_t j = 0; j < duplicate->holder_count; j++)
                        print_holder(printer, out, &duplicate->holders[j],
                                     j && duplicate->holders[j].machine == duplicate->holders[j - 1].machine);
        }
}

static void print_disagreements(const struct scan_printer *printer, FILE *out, const struct scan_findings *findings)
{
        char name[SCAN_TEXT_BYTES], address[IP4_TEXT_BYTES], server[IP4_TEXT_BYTES];

        if (findings->disagreement_count)
                fputs("\nNames of which others say something else:\n", out);
        for (size_t i = 0; i < findings->disagreement_count; i++) {
                const struct scan_disagreement *d = &findings->disagreements[i];

                scan_text_name(printer->text, &d->name, name);
                fprintf(out, "    %-15s  %-19s  ", address_of(d->host, address), name);
                ip4_format(d->server, server);
                if (d->authority == SCAN_AUTHORITY_WINS)
                        fprintf(out, "WINS %s says %s\n", server, d->says);
                else if (d->authority == SCAN_AUTHORITY_DNS)
                        fprintf(out, "DNS says %s\n", d->says);
                else
                        fprintf(out, "DNS calls the address %s\n", d->says);
        }
}

/* ---- changes ------------------------------------------------------------------------------------------------------ */

/* Entries of HOST that OTHER has not. */
static void print_entries(const struct scan_printer *printer, FILE *out, const struct scan_host *host,
                          const struct scan_host *other, char sign)
{
        char name[SCAN_TEXT_BYTES];

        for (size_t i = 0; i < host->name_count; i++) {
                const struct nbstat_entry *entry = &host->names[i];

                if (scan_host_has_entry(other, entry))
                        continue;
                scan_text_name(printer->text, &entry->name, name);
                fprintf(out, "        %c %s%s%s\n", sign, name, entry->name_flags & NBSTAT_GROUP ? " group" : "",
                        entry->name_flags & NBSTAT_CONFLICT ? " in conflict" : "");
        }
}

static void print_change(const struct scan_printer *printer, FILE *out, const struct scan_difference *difference)
{
        const struct scan_host *before = difference->before, *after = difference->after;
        const struct scan_host *host = after ? after : before;
        char address[IP4_TEXT_BYTES], name[SCAN_TEXT_BYTES], macs[2][MAC_TEXT_BYTES];

        fprintf(out, "    %-7s  %-15s  %s\n", scan_change_str(difference->change), address_of(host, address),
                scan_stem(printer, scan_host_computer(host), name));
        if (!before || !after)
                return;
        print_entries(printer, out, before, after, '-');
        print_entries(printer, out, after, before, '+');
        if (before->mac_source != SCAN_MAC_NONE && after->mac_source != SCAN_MAC_NONE &&
            memcmp(before->mac, after->mac, sizeof(before->mac)) != 0)
                fprintf(out, "        MAC %s, was %s\n", scan_mac(after, macs[0]), scan_mac(before, macs[1]));
}

static void print_changes(const struct scan_printer *printer, FILE *out, const struct scan_findings *findings)
{
        char since[WALL_TEXT_BYTES];

        if (!findings->has_diff)
                return;
        wall_format(findings->diff_since, since);
        fprintf(out, "\nSince %s:%s\n", since, findings->difference_count ? "" : " nothing changed");
        for (size_t i = 0; i < findings->difference_count; i++)
                print_change(printer, out, &findings->differences[i]);
}

void scan_print_findings(struct scan_printer *printer, const struct scan_findings *findings, FILE *err)
{
        FILE *out = printer->format == SCAN_FORMAT_TABLE ? printer->out : err;

        if (printer->format == SCAN_FORMAT_JSON) {
                scan_json_findings(printer, findings);
                return;
        }
        fflush(printer->out);
        print_machines(out, &findings->report);
        print_duplicates(printer, out, &findings->report);
        print_disagreements(printer, out, findings);
        print_changes(printer, out, findings);
}
