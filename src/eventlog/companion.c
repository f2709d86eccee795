#include "eventlog/companion.h"

#include "base/ip4.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Which of the strings hold what; -1: none. Counted without an empty %1 (drivers have one, services have not). */
struct row {
        const char *source;
        uint16_t id; /* 0: any */
        enum companion_concern concern;
        signed char first_name, second_name, address;
        const char *says; /* %s: first_name, or the address, and what stands behind it */
};

static const struct row rows[] = {
        {"Server", 2505, COMPANION_NAME, -1, -1, -1,
         "the server could not bind to a transport, because another computer on the network has the same name"},
        {"Workstation", 3870, COMPANION_NAME, 0, -1, -1, "\"%s\" is no valid computer name"},
        {"LanmanWorkstation", 3870, COMPANION_NAME, 0, -1, -1, "\"%s\" is no valid computer name"},
        {"MRxSmb", 8003, COMPANION_BROWSER, 0, -1, -1, "%s believes that it is the master browser, too"},
        {"bowser", 8003, COMPANION_BROWSER, 0, -1, -1, "%s believes that it is the master browser, too"},
        {"Browser", 8021, COMPANION_BROWSER, 0, -1, -1, "no list of servers could be had from the browser master %s"},
        {"Browser", 8032, COMPANION_BROWSER, -1, -1, -1,
         "no backup list could be had from the master browser too often"},
        {"bowser", 8021, COMPANION_BROWSER, 0, -1, -1, "no list of servers could be had from the browser master %s"},
        {"bowser", 8032, COMPANION_BROWSER, -1, -1, -1,
         "no backup list could be had from the master browser too often"},
        {"MRxSmb", 8021, COMPANION_BROWSER, 0, -1, -1, "no list of servers could be had from the browser master %s"},
        {"MRxSmb", 8032, COMPANION_BROWSER, -1, -1, -1,
         "no backup list could be had from the master browser too often"},
        {"Tcpip", 4198, COMPANION_ADDRESS, -1, -1, 0, "the IP address %s is used by another machine, too: MAC "},
        {"Tcpip", 4199, COMPANION_ADDRESS, -1, -1, 0, "the IP address %s is used by another machine, too: MAC "},
        {"EventLog", 6011, COMPANION_RENAME, 0, 1, -1, "the machine's name was changed from %s to "},
        {"NETLOGON", 0, COMPANION_LOGON, 0, 1, -1, "it speaks of %s"},
};

static const struct row *find_row(const struct log_record *record)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                if (strcasecmp(record->source, rows[i].source) == 0 &&
                    (rows[i].id == 0 || rows[i].id == log_record_id(record)))
                        return &rows[i];
        return NULL;
}

/* The driver's string INDEX; "" if there is none. */
static const char *string_of(const struct log_record *record, int index)
{
        const size_t first = record->string_count > 1 && !record->strings[0][0] ? 1 : 0;
        const size_t i = index < 0 ? LOG_RECORD_MAX_STRINGS : first + (size_t)index;

        return i < record->string_count ? record->strings[i] : "";
}

/* A computer's NetBIOS name, as far as TEXT is one: leading backslashes and what stands behind a dot are no part of it. */
static void take_name(const char *text, char ret[16])
{
        size_t len = 0;

        while (*text == '\\')
                text++;
        while (len < 15 && text[len] && text[len] != '.' && text[len] != ' ') {
                ret[len] = (char)toupper((unsigned char)text[len]);
                len++;
        }
        ret[len] = '\0';
}

/* SAYS with its %s filled; formats from a table are not for printf. */
static void fill_text(struct companion *ret, const struct log_record *record, const char *says, const char *first,
                      const char *second)
{
        const char *at = strstr(says, "%s");
        const int head = at ? (int)(at - says) : (int)strlen(says);

        (void)snprintf(ret->text, sizeof ret->text, "%s %u: %.*s%s%s%s", record->source, log_record_id(record), head,
                       says, at ? first : "", at ? at + 2 : "", second);
}

bool companion_read(const struct log_record *record, struct companion *ret)
{
        const struct row *row = find_row(record);

        if (!row)
                return false;
        *ret = (struct companion){.concern = row->concern, .record = record->record, .time = record->time};
        const char *first = string_of(record, row->address < 0 ? row->first_name : row->address);
        const char *second = row->address < 0 ? string_of(record, row->second_name) : string_of(record, 1);

        if (row->address >= 0) {
                ret->has_address = ip4_parse(first, &ret->address) == 0;
                if (!ret->has_address)
                        return false;
        } else {
                take_name(first, ret->name[0]);
                take_name(second, ret->name[1]);
        }
        fill_text(ret, record, row->says, first, row->id == 0 ? "" : second);
        return row->concern != COMPANION_LOGON || ret->name[0][0] || ret->name[1][0];
}

bool companion_names(const struct companion *companion, const char *stem)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(companion->name); i++)
                if (companion->name[i][0] && strcasecmp(companion->name[i], stem) == 0)
                        return true;
        return false;
}
