#include "eventlog/companion.h"

#include "base/ip4.h"
#include "eventlog/sentence.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NONE (-1)
#define ANY (-2) /* names may stand in any of the strings */

/* Which of the strings hold what. Counted without an empty %1 (drivers have one, services have not). */
struct row {
        const char *sources; /* "MRxSmb|bowser" */
        uint16_t id;         /* 0: any */
        enum companion_concern concern;
        signed char first, second; /* the first is a name, or for COMPANION_ADDRESS the address */
        const char *says;          /* %s: the first; the second stands behind it */
        const char
                *sentence; /* as event_sentence_match() reads it; $N is the string N. NULL: known by its strings only */
};

#define BROWSERS "MRxSmb|bowser|Browser"
#define DHCP_CLIENTS "Dhcp|Microsoft-Windows-Dhcp-Client"
#define DHCP_SERVERS "DhcpServer|Microsoft-Windows-DHCP-Server"

/* A row of any id comes after those of the same source. */
static const struct row rows[] = {
        {"Server", 2505, COMPANION_NAME, NONE, NONE,
         "the server could not bind to a transport, because another computer on the network has the same name",
         "because another computer on the network has the same name"},
        {"Workstation|LanmanWorkstation", 3870, COMPANION_NAME, 0, NONE, "\"%s\" is no valid computer name", NULL},
        {BROWSERS, 8003, COMPANION_BROWSER, 0, NONE, "%s believes that it is the master browser, too",
         "a server announcement from the computer $0 that believes that it is the master browser"},
        {BROWSERS, 8021, COMPANION_BROWSER, 0, NONE, "no list of servers could be had from the browser master %s",
         "unable to retrieve a list of servers from the browser master $0 "},
        {BROWSERS, 8032, COMPANION_BROWSER, NONE, NONE, "no backup list could be had from the master browser too often",
         "failed to retrieve the backup list too many times"},
        {"Tcpip", 4198, COMPANION_ADDRESS, 0, 1, "the IP address %s is used by another machine, too: MAC ",
         "an address conflict for IP address $0 with the system having network hardware address $1"},
        {"Tcpip", 4199, COMPANION_ADDRESS, 0, 1, "the IP address %s is used by another machine, too: MAC ",
         "an address conflict for IP address $0 with the system having network hardware address $1"},
        {"EventLog", 6011, COMPANION_RENAME, 0, 1, "the machine's name was changed from %s to ",
         "DNS host name of this machine have been changed from $0 to $1"},
        /* observed: public support texts of these two; the second string is the machine's own MAC */
        {DHCP_CLIENTS, 1002, COMPANION_ADDRESS, 0, NONE, "the DHCP server denied the lease of %s that the machine had",
         "The IP address lease $0 for the Network Card with network address $1 has been denied"},
        {DHCP_CLIENTS, 1005, COMPANION_ADDRESS, 0, NONE, "the address %s that DHCP gave is used by another machine",
         "detected that the IP address $0 for the Network Card with network address $1 is already in use"},
        {DHCP_SERVERS, 1014, COMPANION_DATABASE, NONE, NONE, "the DHCP server's database reports an error",
         "The JET database returned the following Error"},
        /* KB123169 to KB123171 */
        {"Wins", 4142, COMPANION_WINS, ANY, NONE, "a replica was refused because of the static mapping of %s", NULL},
        {"Wins", 4249, COMPANION_WINS, ANY, NONE, "the release of %s was refused: it is recorded as another type",
         NULL},
        {"Wins", 4250, COMPANION_WINS, ANY, NONE, "the release of %s was refused: it is recorded for another address",
         NULL},
        {"Wins", 0, COMPANION_WINS, ANY, NONE, "it speaks of %s", NULL},
        {"NETLOGON", 0, COMPANION_LOGON, ANY, NONE, "it speaks of %s", NULL},
};

/* ---- whose it is -------------------------------------------------------------------------------------------------- */

static bool has_source(const struct row *row, const char *source)
{
        const size_t len = strlen(source);

        for (const char *at = row->sources; *at; at += *at == '|') {
                const size_t part = strcspn(at, "|");

                if (part == len && strncasecmp(at, source, len) == 0)
                        return true;
                at += part;
        }
        return false;
}

bool companion_is_source(const char *source)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                if (has_source(&rows[i], source))
                        return true;
        return false;
}

static const struct row *find_row(const struct log_record *record)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                if (has_source(&rows[i], record->source) && (rows[i].id == 0 || rows[i].id == log_record_id(record)))
                        return &rows[i];
        return NULL;
}

/* ---- what it tells ------------------------------------------------------------------------------------------------ */

/* The driver's string INDEX; "" if there is none. */
static const char *string_of(const struct log_record *record, int index)
{
        const size_t first = record->string_count > 1 && !record->strings[0][0] ? 1 : 0;
        const size_t i = index < 0 ? LOG_RECORD_MAX_STRINGS : first + (size_t)index;

        return i < record->string_count ? record->strings[i] : "";
}

/* A computer's NetBIOS name, as far as TEXT is one: leading backslashes, and what stands behind a dot, blank or suffix, are no part of it. */
static void take_name(const char *text, char ret[16])
{
        size_t len = 0;

        while (*text == '\\')
                text++;
        while (len < 15 && text[len] && !strchr(". :<", text[len])) {
                ret[len] = (char)toupper((unsigned char)text[len]);
                len++;
        }
        ret[len] = '\0';
}

/* Could TEXT, whose place tells nothing, be a name? Addresses, numbers, paths and whole sentences are none. */
static bool is_like_name(const char *text)
{
        uint32_t address;

        while (*text == '\\')
                text++;
        const size_t len = strcspn(text, " :<");

        return len > 0 && len < 16 && !strpbrk(text, "\\/\"%") && ip4_parse(text, &address) < 0 &&
               strspn(text, "0123456789xX.-") < len && (text[len] != ' ' || len + strspn(text + len, " ") >= 15);
}

static void take_any_names(const struct log_record *record, struct companion *ret)
{
        size_t count = 0;

        for (size_t i = 0; i < record->string_count && count < COMPANION_MAX_NAMES; i++)
                if (is_like_name(record->strings[i]))
                        take_name(record->strings[i], ret->name[count++]);
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

static bool read_as(const struct row *row, const struct log_record *record, struct companion *ret)
{
        const char *first = string_of(record, row->first), *second = string_of(record, row->second);

        *ret = (struct companion){
                .concern = row->concern, .id = log_record_id(record), .record = record->record, .time = record->time};
        memcpy(ret->computer, record->computer, sizeof ret->computer);
        if (row->concern == COMPANION_ADDRESS) {
                ret->has_address = ip4_parse(first, &ret->address) == 0;
                if (!ret->has_address)
                        return false;
        } else if (row->first == ANY) {
                take_any_names(record, ret);
                first = ret->name[0];
                if (!first[0])
                        return false;
        } else {
                take_name(first, ret->name[0]);
                take_name(second, ret->name[1]);
        }
        fill_text(ret, record, row->says, first, second);
        return true;
}

bool companion_read(const struct log_record *record, struct companion *ret)
{
        const struct row *row = find_row(record);

        return row && read_as(row, record, ret);
}

/* RECORD with the strings that SENTENCE tells, and the source that it bears witness to; false if it is not ROW's. */
static bool read_sentence(const struct row *row, struct span text, struct log_record *record)
{
        struct event_sentence sentence;

        if (!row->sentence || !event_sentence_match(text, row->sentence, &sentence))
                return false;
        record->string_count = sentence.string_count;
        for (size_t i = 0; i < sentence.string_count; i++)
                memcpy(record->strings[i], sentence.strings[i], EVENT_STRING_BYTES);
        if (!record->source[0])
                (void)snprintf(record->source, sizeof record->source, "%.*s", (int)strcspn(row->sources, "|"),
                               row->sources);
        return true;
}

bool companion_read_text(const struct log_record *record, struct span sentence, struct companion *ret)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct log_record told = *record;

                if (rows[i].id == 0 || rows[i].id != log_record_id(record) ||
                    (record->source[0] && !has_source(&rows[i], record->source)))
                        continue;
                if (read_sentence(&rows[i], sentence, &told))
                        return read_as(&rows[i], &told, ret);
        }
        return false;
}

bool companion_names(const struct companion *companion, const char *stem)
{
        for (size_t i = 0; i < NBT_ARRAY_SIZE(companion->name); i++)
                if (companion->name[i][0] && strcasecmp(companion->name[i], stem) == 0)
                        return true;
        return false;
}
