#include "scan/host.h"

#include <string.h>

static bool is_group(const struct nbstat_entry *entry)
{
        return entry->name_flags & NBSTAT_GROUP;
}

/* The entry of NAME's stem with SUFFIX as a group; NULL if there is none. */
static const struct nbstat_entry *find_group(const struct scan_host *host, const struct nb_name *name, uint8_t suffix)
{
        for (size_t i = 0; i < host->name_count; i++)
                if (is_group(&host->names[i]) && nb_name_suffix(&host->names[i].name) == suffix &&
                    nb_name_same_stem(&host->names[i].name, name))
                        return &host->names[i];
        return NULL;
}

const struct nbstat_entry *scan_host_computer(const struct scan_host *host)
{
        struct nbstat_table table;

        table.count = host->name_count;
        if (host->name_count)
                memcpy(table.entries, host->names, host->name_count * sizeof(*host->names));
        const int at = nbstat_table_computer(&table);
        return at < 0 ? NULL : &host->names[at];
}

const struct nbstat_entry *scan_host_workgroup(const struct scan_host *host)
{
        const struct nbstat_entry *found = NULL;

        for (size_t i = 0; i < host->name_count; i++) {
                const struct nbstat_entry *entry = &host->names[i];

                if (!is_group(entry) || nb_name_suffix(&entry->name) != 0x00)
                        continue;
                if (find_group(host, &entry->name, 0x1E))
                        return entry;
                found = found ? found : entry;
        }
        return found;
}

static bool is_computer_account(const struct nb_name *name)
{
        size_t len = NB_SUFFIX_AT;

        while (len && name->bytes[len - 1] == ' ')
                len--;
        return len && name->bytes[len - 1] == '$';
}

const struct nbstat_entry *scan_host_user(const struct scan_host *host)
{
        const struct nbstat_entry *computer = scan_host_computer(host);

        for (size_t i = 0; i < host->name_count; i++) {
                const struct nbstat_entry *entry = &host->names[i];

                if (nb_name_suffix(&entry->name) == 0x03 && !is_group(entry) && !is_computer_account(&entry->name) &&
                    !(computer && nb_name_same_stem(&entry->name, &computer->name)))
                        return entry;
        }
        return NULL;
}

static const char *role_of(const struct nbstat_entry *entry)
{
        const uint8_t suffix = nb_name_suffix(&entry->name);
        const char *text = nb_name_service(&entry->name, is_group(entry));

        if (suffix == 0x03 || suffix == 0x1E || (suffix == 0x00 && text[0] != 'I'))
                return "";
        /* "Master Browser (segment)" stands beside <1D>, which says the same */
        return suffix == 0x01 ? "" : text;
}

const char *scan_host_role(const struct scan_host *host, size_t i)
{
        for (size_t at = 0; at < host->name_count; at++) {
                const char *role = role_of(&host->names[at]);
                bool seen = role[0] == '\0';

                for (size_t before = 0; before < at && !seen; before++)
                        seen = strcmp(role_of(&host->names[before]), role) == 0;
                if (!seen && i-- == 0)
                        return role;
        }
        return NULL;
}

bool scan_host_in_conflict(const struct scan_host *host)
{
        for (size_t i = 0; i < host->name_count; i++)
                if (host->names[i].name_flags & NBSTAT_CONFLICT)
                        return true;
        return false;
}

static bool holds(const struct scan_host *host, const struct nbstat_entry *wanted)
{
        for (size_t i = 0; i < host->name_count; i++)
                if (nb_name_equal(&host->names[i].name, &wanted->name) && is_group(&host->names[i]) == is_group(wanted))
                        return true;
        return false;
}

bool scan_host_same_table(const struct scan_host *a, const struct scan_host *b)
{
        if (a->name_count != b->name_count)
                return false;
        for (size_t i = 0; i < a->name_count; i++)
                if (!holds(b, &a->names[i]) || !holds(a, &b->names[i]))
                        return false;
        return true;
}

bool scan_host_has_entry(const struct scan_host *host, const struct nbstat_entry *wanted)
{
        const uint16_t what = NBSTAT_GROUP | NBSTAT_CONFLICT;

        for (size_t i = 0; i < host->name_count; i++)
                if (nb_name_equal(&host->names[i].name, &wanted->name) &&
                    (host->names[i].name_flags & what) == (wanted->name_flags & what))
                        return true;
        return false;
}

bool scan_host_lists(const struct scan_host *host, uint32_t address)
{
        for (size_t i = 0; i < host->address_count; i++)
                if (host->addresses[i] == address)
                        return true;
        return false;
}
