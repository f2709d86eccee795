#include "settings/schema.h"

#include "base/ip4.h"

#include <stdio.h>
#include <string.h>

#define BOOL_CHOICES 0x3u
#define SCOPE_MAX_BYTES 255 /* RFC 1002 §4.1: name and scope together; event 4318 */
#define LABEL_MAX_BYTES 63
#define NAME_MAX_BYTES 15
#define U32_MAX UINT32_MAX

#define NUMBER(k, n, dflt, lo, hi, u, what, src)                                                                       \
        {                                                                                                              \
                .key = (k), .name = (n), .type = REG_TYPE_DWORD, .form = SCHEMA_FORM_NUMBER, .fallback = (dflt),       \
                .min = (lo), .max = (hi), .unit = (u), .meaning = (what), .source = (src)                              \
        }
#define CHOICE(k, n, dflt, bits, what, src)                                                                            \
        {                                                                                                              \
                .key = (k), .name = (n), .type = REG_TYPE_DWORD, .form = SCHEMA_FORM_CHOICE, .fallback = (dflt),       \
                .max = (bits), .unit = "", .meaning = (what), .source = (src)                                          \
        }
#define REFUSED(k, n, dflt, bits, what, why, src)                                                                      \
        {                                                                                                              \
                .key = (k), .name = (n), .type = REG_TYPE_DWORD, .form = SCHEMA_FORM_CHOICE, .fallback = (dflt),       \
                .max = (bits), .unit = "", .meaning = (what), .effect = SCHEMA_EFFECT_REFUSED, .reason = (why),        \
                .source = (src)                                                                                        \
        }
#define NOTED(k, n, t, what, why, src)                                                                                 \
        {                                                                                                              \
                .key = (k), .name = (n), .type = (t), .form = SCHEMA_FORM_ANY, .unit = "", .meaning = (what),          \
                .effect = SCHEMA_EFFECT_NOTED, .reason = (why), .source = (src)                                        \
        }
#define OF(k, n, t, f, what, src)                                                                                      \
        {                                                                                                              \
                .key = (k), .name = (n), .type = (t), .form = (f), .unit = "", .meaning = (what), .source = (src)      \
        }
#define OF_IFACE(k, n, t, f, what, src)                                                                                \
        {                                                                                                              \
                .key = (k), .per_iface = true, .name = (n), .type = (t), .form = (f), .max = U32_MAX, .unit = "",      \
                .meaning = (what), .source = (src)                                                                     \
        }

static const struct schema_row rows[] = {
        NUMBER(SCHEMA_KEY_NETBT, "BcastNameQueryCount", 3, 1, 0xFFFF, "", "broadcasts of a query", "KB120642"),
        NUMBER(SCHEMA_KEY_NETBT, "BcastQueryTimeout", 750, 100, U32_MAX, "ms", "time between broadcasts of a query",
               "KB120642"),
        NUMBER(SCHEMA_KEY_NETBT, "CacheTimeout", 600000, 60000, U32_MAX, "ms", "how long resolved names are kept",
               "KB188655"),
        /* ASSUMPTION: KB120642 allows 0 for port and tries, but no server listens there, and one not asked is none: refused. */
        {.key = SCHEMA_KEY_NETBT,
         .name = "NameServerPort",
         .type = REG_TYPE_DWORD,
         .form = SCHEMA_FORM_PORT,
         .fallback = 137,
         .min = 1,
         .max = 0xFFFF,
         .unit = "",
         .meaning = "UDP port at which WINS servers are asked",
         .source = "KB120642"},
        NUMBER(SCHEMA_KEY_NETBT, "NameSrvQueryCount", 3, 1, 0xFFFF, "", "tries for each WINS server", "KB120642"),
        NUMBER(SCHEMA_KEY_NETBT, "NameSrvQueryTimeout", 1500, 100, U32_MAX, "ms", "time between tries", "KB120642"),
        NUMBER(SCHEMA_KEY_NETBT, "InitialRefreshT.O.", 960000, 960000, U32_MAX, "ms",
               "first refresh interval, until a server has given a time to live", "KB120642"),
        NUMBER(SCHEMA_KEY_NETBT, "LmhostsTimeout", 6000, 1000, U32_MAX, "ms", "time for LMHOSTS and DNS", "KB120642"),
        NUMBER(SCHEMA_KEY_NETBT, "WinsDownTimeout", 15000, 1000, U32_MAX, "ms",
               "how long a WINS server that does not answer is left alone", "KB120642"),
        CHOICE(SCHEMA_KEY_NETBT, "NodeType", 0, 0x116,
               "1 B, 2 P, 4 M, 8 H node; absent: DhcpNodeType, else H if any WINS server is given, else B", "KB120642"),
        CHOICE(SCHEMA_KEY_NETBT, "DhcpNodeType", 0, 0x116, "node type from DHCP option 46; NodeType overrides it",
               "KB120642"),
        OF(SCHEMA_KEY_NETBT, "ScopeId", REG_TYPE_SZ, SCHEMA_FORM_SCOPE,
           "NetBIOS scope; * means none, whatever DHCP says", "KB120642"),
        OF(SCHEMA_KEY_NETBT, "DhcpScopeId", REG_TYPE_SZ, SCHEMA_FORM_SCOPE, "scope from DHCP option 47", "KB120642"),
        CHOICE(SCHEMA_KEY_NETBT, "NoNameReleaseOnDemand", 0, BOOL_CHOICES,
               "0 obeys every release demand, 1 only a WINS server's; absent: demands are verified", "KB269239"),
        CHOICE(SCHEMA_KEY_NETBT, "EnableLMHOSTS", 1, BOOL_CHOICES, "look names up in LMHOSTS", "KB120642"),
        CHOICE(SCHEMA_KEY_NETBT, "EnableDns", 0, BOOL_CHOICES, "ask DNS when all else failed", "KB120642"),
        CHOICE(SCHEMA_KEY_NETBT, "RandomAdapter", 0, BOOL_CHOICES, "answer queries with a random one of our addresses",
               "KB314053"),
        CHOICE(SCHEMA_KEY_NETBT, "SingleResponse", 0, BOOL_CHOICES,
               "answer queries with the receiving interface's address alone", "KB314053"),
        CHOICE(SCHEMA_KEY_NETBT, "RefreshOpCode", 8, 0x300, "opcode of refreshes: 8 or 9", "KB314053"),
        OF(SCHEMA_KEY_NETBT, "BroadcastAddress", REG_TYPE_DWORD, SCHEMA_FORM_ADDRESS,
           "broadcast address for every interface, 0x0B650000 for 11.101.0.0", "KB120642"),
        CHOICE(SCHEMA_KEY_NETBT, "EnableProxy", 0, BOOL_CHOICES, "answer broadcasts for hosts that only WINS knows",
               "KB120642"),
        CHOICE(SCHEMA_KEY_NETBT, "EnableProxyRegCheck", 0, BOOL_CHOICES,
               "let the proxy refuse claims by broadcast of names that WINS knows elsewhere; a source of false 4321 "
               "events",
               "KB120642"),
        NOTED(SCHEMA_KEY_NETBT, "SessionKeepAlive", REG_TYPE_DWORD, "time between keep-alives of sessions",
              "netbtd serves names, not sessions", "KB120642"),
        NOTED(SCHEMA_KEY_NETBT, "Size/Small/Medium/Large", REG_TYPE_DWORD, "size of the name tables",
              "netbtd's tables size themselves", "KB120642"),
        NOTED(SCHEMA_KEY_NETBT, "MaxDgramBuffering", REG_TYPE_DWORD, "memory for datagrams",
              "netbtd serves names, not datagrams", "KB314053"),
        NOTED(SCHEMA_KEY_NETBT, "NbProvider", REG_TYPE_SZ, "inside Windows", "belongs to Windows' driver", "KB120642"),
        NOTED(SCHEMA_KEY_NETBT, "TransportBindName", REG_TYPE_SZ, "inside Windows", "belongs to Windows' driver",
              "KB120642"),
        NOTED(SCHEMA_KEY_NETBT, "MinimumRefreshSleepTime", REG_TYPE_DWORD, "not documented",
              "Microsoft has published no meaning for it", "KB314053"),
        NOTED(SCHEMA_KEY_NETBT, "SmbDeviceEnabled", REG_TYPE_DWORD, "SMB on port 445",
              "SMB without NetBIOS is the file server's matter", "KB314053"),

        OF_IFACE(SCHEMA_KEY_NETBT_IFACES, "NameServerList", REG_TYPE_MULTI_SZ, SCHEMA_FORM_ADDRESSES,
                 "WINS servers of the interface, primary first", "KB314053"),
        OF_IFACE(SCHEMA_KEY_NETBT_IFACES, "DhcpNameServerList", REG_TYPE_MULTI_SZ, SCHEMA_FORM_ADDRESSES,
                 "WINS servers from DHCP option 44; NameServerList overrides them", "KB314053"),
        {.key = SCHEMA_KEY_NETBT_IFACES,
         .per_iface = true,
         .name = "NetbiosOptions",
         .type = REG_TYPE_DWORD,
         .form = SCHEMA_FORM_CHOICE,
         .max = 0x7,
         .unit = "",
         .meaning = "0 as DHCP says, 1 enables, 2 disables NetBIOS on the interface",
         .source = "KB314053"},
        {.key = SCHEMA_KEY_NETBT_IFACES,
         .per_iface = true,
         .name = "DhcpNetbiosOptions",
         .type = REG_TYPE_DWORD,
         .form = SCHEMA_FORM_CHOICE,
         .max = 0x7,
         .unit = "",
         .meaning = "what DHCP said (vendor option 1): 2 disables, where NetbiosOptions is 0",
         .source = "KB314053"},
        OF_IFACE(SCHEMA_KEY_NETBT_ADAPTERS, "NameServer", REG_TYPE_SZ, SCHEMA_FORM_ADDRESSES,
                 "primary WINS server (NT 4)", "KB120642"),
        OF_IFACE(SCHEMA_KEY_NETBT_ADAPTERS, "NameServerBackup", REG_TYPE_SZ, SCHEMA_FORM_ADDRESSES,
                 "secondary WINS server (NT 4)", "KB120642"),
        OF_IFACE(SCHEMA_KEY_NETBT_ADAPTERS, "DhcpNameServer", REG_TYPE_SZ, SCHEMA_FORM_ADDRESSES,
                 "primary WINS server from DHCP (NT 4)", "KB120642"),
        OF_IFACE(SCHEMA_KEY_NETBT_ADAPTERS, "DhcpNameServerBackup", REG_TYPE_SZ, SCHEMA_FORM_ADDRESSES,
                 "secondary WINS server from DHCP (NT 4)", "KB120642"),

        OF(SCHEMA_KEY_TCPIP, "Hostname", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "host name in use", "KB315259"),
        OF(SCHEMA_KEY_TCPIP, "NV Hostname", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "host name from the next start on",
           "KB314053"),
        OF(SCHEMA_KEY_TCPIP, "Domain", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "DNS domain in use", "KB314053"),
        OF(SCHEMA_KEY_TCPIP, "NV Domain", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "DNS domain from the next start on",
           "KB314053"),
        OF(SCHEMA_KEY_TCPIP, "DhcpDomain", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "DNS domain from DHCP", "KB314053"),
        OF(SCHEMA_KEY_TCPIP, "SearchList", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "DNS suffixes, with commas", "KB314053"),
        CHOICE(SCHEMA_KEY_TCPIP, "IPEnableRouter", 0, BOOL_CHOICES, "shown by ipconfig where the system does not say",
               "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "EnableDHCP", REG_TYPE_DWORD, SCHEMA_FORM_NUMBER, "shown by ipconfig",
                 "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "DhcpServer", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "shown by ipconfig", "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "LeaseObtainedTime", REG_TYPE_DWORD, SCHEMA_FORM_NUMBER, "shown by ipconfig",
                 "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "LeaseTerminatesTime", REG_TYPE_DWORD, SCHEMA_FORM_NUMBER,
                 "shown by ipconfig", "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "Domain", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "shown by ipconfig", "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "DhcpDomain", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "shown by ipconfig", "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "NameServer", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "DNS servers, shown by ipconfig",
                 "KB314053"),
        OF_IFACE(SCHEMA_KEY_TCPIP_IFACES, "DhcpNameServer", REG_TYPE_SZ, SCHEMA_FORM_TEXT,
                 "DNS servers from DHCP, shown by ipconfig", "KB314053"),
        OF(SCHEMA_KEY_ACTIVE_NAME, "ComputerName", REG_TYPE_SZ, SCHEMA_FORM_TEXT, "NetBIOS name in use", "KB315259"),
        OF(SCHEMA_KEY_COMPUTER_NAME, "ComputerName", REG_TYPE_SZ, SCHEMA_FORM_TEXT,
           "NetBIOS name from the next start on", "KB315259"),

        NUMBER(SCHEMA_KEY_WINS_PARAMETERS, "RefreshInterval", 518400, 2400, 3599999, "s",
               "renewal interval: a name not renewed in it counts as released", "KB142305"),
        NUMBER(SCHEMA_KEY_WINS_PARAMETERS, "TombstoneInterval", 518400, 2400, 3599999, "s",
               "extinction interval: from released to extinct; raised to what the renewal interval asks for",
               "KB142305"),
        NUMBER(SCHEMA_KEY_WINS_PARAMETERS, "TombstoneTimeout", 518400, 86400, 3599999, "s",
               "extinction timeout: from extinct to removed; raised to what the renewal interval asks for", "KB142305"),
        NUMBER(SCHEMA_KEY_WINS_PARAMETERS, "VerifyInterval", 2073600, 2073600, 35999999, "s",
               "after which replicas of others are to be verified", "KB142305"),
        CHOICE(SCHEMA_KEY_WINS_PARAMETERS, "BurstHandling", 1, BOOL_CHOICES,
               "answer claims at once, for a short time each, when too many are under way", "KB154410"),
        NUMBER(SCHEMA_KEY_WINS_PARAMETERS, "BurstQueSize", 500, 50, 25000, "",
               "claims that wait for the disk before that begins", "KB154410"),
        CHOICE(SCHEMA_KEY_WINS_PARAMETERS, "MigrateOn", 0, BOOL_CHOICES,
               "let claims take static mappings of computers over", "KB154410"),
        CHOICE(SCHEMA_KEY_WINS_PARAMETERS, "Randomize1cList", 0, BOOL_CHOICES,
               "rotate the addresses in answers for domains <1C>", "KB231305"),
        CHOICE(SCHEMA_KEY_WINS_PARAMETERS, "Prepend1BTo1CQueries", 1, BOOL_CHOICES,
               "begin answers for domains <1C> with the address of <1B>", "KB167365"),
        CHOICE(SCHEMA_KEY_WINS_PARAMETERS, "EnableQueryBlockList", 1, BOOL_CHOICES,
               "answer queries for the names of QueryBlockList negatively", "MS09-008"),
        OF(SCHEMA_KEY_WINS_PARAMETERS, "QueryBlockList", REG_TYPE_MULTI_SZ, SCHEMA_FORM_NAMES,
           "names that are not told to anyone; WPAD and ISATAP if absent", "MS09-008"),
        NUMBER(SCHEMA_KEY_WINS_PARAMETERS, "VersCounterStartVal_LowWord", 0, 0, U32_MAX, "",
               "own records get higher versions than this, low half", "KB225130"),
        NUMBER(SCHEMA_KEY_WINS_PARAMETERS, "VersCounterStartVal_HighWord", 0, 0, U32_MAX, "", "the same, high half",
               "KB225130"),
        OF(SCHEMA_KEY_WINS_PARAMETERS, "BackupDirPath", REG_TYPE_SZ, SCHEMA_FORM_TEXT,
           "directory of backups; STATE/backup if absent", "KB235609"),
        OF(SCHEMA_KEY_WINS_PARAMETERS, "WinsHook", REG_TYPE_SZ, SCHEMA_FORM_TEXT,
           "program that is told of names that come, are renewed and go, as nmbd's \"wins hook\"; from the next start "
           "on",
           "netbt"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "DoBackupOnTerm", REG_TYPE_DWORD, "make a backup at the end",
              "winsd closes its database in order; netbt wins backup makes one while it serves", "KB235609"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "DbFileNm", REG_TYPE_EXPAND_SZ, "file of the database",
              "winsd keeps wins.db in its state directory", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "LogFilePath", REG_TYPE_EXPAND_SZ, "directory of the transaction logs",
              "winsd keeps its log beside wins.db", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "LoggingOn", REG_TYPE_DWORD, "keep transaction logs",
              "winsd always does: what was acknowledged is never lost", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "LogDetailedEvents", REG_TYPE_DWORD, "log more events", "use winsd -v",
              "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "DoStaticDataInit", REG_TYPE_DWORD, "read static mappings at the start",
              "netbt wins static import reads them once and for good", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "NoOfWrkThds", REG_TYPE_DWORD, "threads that answer",
              "winsd answers from one", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "PriorityClassHigh", REG_TYPE_DWORD, "run before other programs",
              "the service manager sets priorities here", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "InitTimePause", REG_TYPE_DWORD, "wait for partners at the start",
              "winsd does not replicate", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "RplOnlyWCnfPnrs", REG_TYPE_DWORD, "replicate with configured partners only",
              "winsd does not replicate", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "UseSelfFndPnrs", REG_TYPE_DWORD, "find partners by multicast",
              "winsd does not replicate", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "McastIntvl", REG_TYPE_DWORD, "time between announcements",
              "winsd does not replicate", "KB120642"),
        NOTED(SCHEMA_KEY_WINS_PARAMETERS, "McastTtl", REG_TYPE_DWORD, "reach of announcements",
              "winsd does not replicate", "KB120642"),

        NUMBER(SCHEMA_KEY_OWN, "BcastRegistrationInterval", 250, 50, 60000, "ms", "time between broadcasts of a claim",
               "RFC 1002 BCAST_REQ_RETRY_TIMEOUT"),
        NUMBER(SCHEMA_KEY_OWN, "BcastRegistrationCount", 3, 1, 100, "", "broadcasts of a claim",
               "RFC 1002 BCAST_REQ_RETRY_COUNT"),
        NUMBER(SCHEMA_KEY_OWN, "ConflictRetryInterval", 600000, 0, U32_MAX, "ms",
               "first wait before a name in conflict is claimed again, doubled each time; 0: never", "ours"),
        NUMBER(SCHEMA_KEY_OWN, "ConflictRetryCount", 6, 0, 1000, "", "how often that is tried", "ours"),
        CHOICE(SCHEMA_KEY_OWN, "NodeStatusOffLink", 0, BOOL_CHOICES,
               "tell our name table to askers behind a router too", "ours"),
        NUMBER(SCHEMA_KEY_OWN, "NodeStatusRate", 100, 0, 1000000, "/s",
               "name tables told in a second to all askers together; 0: no limit", "ours"),
        OF(SCHEMA_KEY_OWN, "Workgroup", REG_TYPE_SZ, SCHEMA_FORM_NAME,
           "group name that is registered; WORKGROUP if absent", "ours"),
        OF(SCHEMA_KEY_OWN, "Users", REG_TYPE_MULTI_SZ, SCHEMA_FORM_NAMES, "users whose <03> names are registered",
           "ours"),
        OF(SCHEMA_KEY_OWN, "NameServerList", REG_TYPE_MULTI_SZ, SCHEMA_FORM_ADDRESSES,
           "WINS servers of every interface that has no list of its own", "ours"),
        {.key = SCHEMA_KEY_OWN,
         .name = "EventStyle",
         .type = REG_TYPE_SZ,
         .form = SCHEMA_FORM_WORD,
         .unit = "",
         .words = "classic|modern",
         .meaning = "binary record of events: as Windows NT to 2003 wrote it, or as Windows 10",
         .source = "ours"},
};

const struct schema_row *schema_rows(size_t *ret_count)
{
        *ret_count = NBT_ARRAY_SIZE(rows);
        return rows;
}

/* KEY without its last part, in ARENA. */
static const char *parent_of(const char *key, struct arena *arena)
{
        char *copy = arena_strdup(arena, key);
        char *slash = copy ? strrchr(copy, '\\') : NULL;

        if (slash)
                *slash = '\0';
        return copy;
}

const struct schema_row *schema_find(const char *key, const char *name)
{
        struct arena arena = ARENA_INIT;
        const struct schema_row *found = NULL;
        const char *own = NULL;
        const char *parent = reg_key_normalise(key, &arena, &own) == 0 ? parent_of(own, &arena) : NULL;

        for (size_t i = 0; parent && i < NBT_ARRAY_SIZE(rows) && !found; i++)
                if (reg_name_equal(rows[i].name, name) && reg_name_equal(rows[i].key, rows[i].per_iface ? parent : own))
                        found = &rows[i];
        arena_done(&arena);
        return found;
}

bool schema_owns_key(const char *key)
{
        struct arena arena = ARENA_INIT;
        const char *own = NULL;
        const char *parent = reg_key_normalise(key, &arena, &own) == 0 ? parent_of(own, &arena) : NULL;
        const bool owns = parent && (reg_name_equal(own, SCHEMA_KEY_NETBT) || reg_name_equal(own, SCHEMA_KEY_OWN) ||
                                     reg_name_equal(own, SCHEMA_KEY_WINS_PARAMETERS) ||
                                     reg_name_equal(parent, SCHEMA_KEY_NETBT_IFACES));

        arena_done(&arena);
        return owns;
}

/* "1, 2, 4 or 8" */
static char *choices_str(uint32_t bits, struct arena *arena)
{
        char text[160] = "";
        size_t at = 0;

        for (unsigned i = 0; i < 32; i++) {
                if (!(bits >> i & 1))
                        continue;
                const bool last = i == 31 || bits >> (i + 1) == 0;
                at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", at == 0 ? "" : last ? " or " : ", ", i);
        }
        return arena_strdup(arena, text);
}

const char *schema_allowed_str(const struct schema_row *row, struct arena *arena)
{
        switch (row->form) {
        case SCHEMA_FORM_NUMBER:
        case SCHEMA_FORM_PORT:
                return arena_printf(arena, "%u to %u%s%s", row->min, row->max, *row->unit ? " " : "", row->unit);
        case SCHEMA_FORM_CHOICE:
                return choices_str(row->max, arena);
        case SCHEMA_FORM_ADDRESS:
                return "an IPv4 address as a number";
        case SCHEMA_FORM_ADDRESSES:
                return "IPv4 addresses";
        case SCHEMA_FORM_SCOPE:
                return "dotted parts of at most 63 bytes, 255 in all";
        case SCHEMA_FORM_NAME:
                return "a name of 1 to 15 bytes";
        case SCHEMA_FORM_NAMES:
                return "names of 1 to 15 bytes";
        case SCHEMA_FORM_WORD:
                return arena_printf(arena, "one of %s", row->words);
        case SCHEMA_FORM_TEXT:
                return "text";
        case SCHEMA_FORM_ANY:
                return "anything";
        }
        return "";
}

static bool is_text(const struct reg_value *value)
{
        return value->type == REG_TYPE_SZ || value->type == REG_TYPE_EXPAND_SZ;
}

/* ASSUMPTION: expandable text does where text is asked for, and a list of addresses may be one text, since NT 4 and 2000 differ in that. */
static bool type_fits(const struct schema_row *row, const struct reg_value *value)
{
        if (row->form == SCHEMA_FORM_ANY)
                return true;
        if (row->type == REG_TYPE_SZ)
                return is_text(value);
        if (row->form == SCHEMA_FORM_ADDRESSES && is_text(value))
                return true;
        return value->type == row->type && (row->type != REG_TYPE_DWORD || value->len_bytes == 4);
}

static bool word_is_in(const char *words, const char *text)
{
        const size_t len = strlen(text);

        for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
                if (len == strcspn(at, "|") && strncmp(at, text, len) == 0)
                        return true;
        return false;
}

static int check_scope(const char *text, const char **ret_why)
{
        if (strcmp(text, "*") == 0 || !*text)
                return 0;
        if (strlen(text) > SCOPE_MAX_BYTES) {
                *ret_why = "a scope may not be longer than 255 bytes";
                return NBT_ERR_RANGE;
        }
        for (;; text++) {
                const size_t len = strcspn(text, ".");
                if (len > LABEL_MAX_BYTES) {
                        *ret_why = "each part of a scope may have at most 63 bytes";
                        return NBT_ERR_RANGE;
                }
                if (len == 0) {
                        *ret_why = "a scope may have no empty part";
                        return NBT_ERR_MALFORMED;
                }
                text += len;
                if (!*text)
                        return 0;
        }
}

static int check_name(const char *text)
{
        return !*text || strlen(text) > NAME_MAX_BYTES ? NBT_ERR_RANGE : 0;
}

/* Addresses in one text stand apart by blanks or commas. */
static int check_address_text(const char *text)
{
        while (*text) {
                char word[IP4_TEXT_BYTES] = "";
                const size_t len = strcspn(text, " ,;\t");
                uint32_t address = 0;

                if (len >= sizeof(word))
                        return NBT_ERR_MALFORMED;
                memcpy(word, text, len);
                if (len && ip4_parse(word, &address) < 0)
                        return NBT_ERR_MALFORMED;
                text += len + (text[len] != '\0');
        }
        return 0;
}

static int check_list(const struct reg_value *value, int (*check)(const char *text))
{
        size_t pos = 0;

        if (is_text(value))
                return check((const char *)value->data);
        for (const char *text = reg_value_next(value, &pos); text; text = reg_value_next(value, &pos)) {
                const int rc = check(text);
                if (rc < 0)
                        return rc;
        }
        return 0;
}

static int check_form(const struct schema_row *row, const struct reg_value *value, const char **ret_why)
{
        const char *text = (const char *)value->data;
        uint32_t number = 0;

        switch (row->form) {
        case SCHEMA_FORM_NUMBER:
        case SCHEMA_FORM_PORT:
                return reg_value_u32(value, &number) < 0        ? NBT_ERR_MALFORMED
                       : number < row->min || number > row->max ? NBT_ERR_RANGE
                                                                : 0;
        case SCHEMA_FORM_CHOICE:
                return reg_value_u32(value, &number) < 0          ? NBT_ERR_MALFORMED
                       : number > 31 || !(row->max >> number & 1) ? NBT_ERR_RANGE
                                                                  : 0;
        case SCHEMA_FORM_ADDRESSES:
                return check_list(value, check_address_text);
        case SCHEMA_FORM_SCOPE:
                return check_scope(text, ret_why);
        case SCHEMA_FORM_NAME:
                return check_name(text);
        case SCHEMA_FORM_NAMES:
                return check_list(value, check_name);
        case SCHEMA_FORM_WORD:
                return word_is_in(row->words, text) ? 0 : NBT_ERR_RANGE;
        case SCHEMA_FORM_ADDRESS:
        case SCHEMA_FORM_TEXT:
        case SCHEMA_FORM_ANY:
                break;
        }
        return 0;
}

int schema_check(const struct schema_row *row, const struct reg_value *value, struct arena *arena, const char **ret_why)
{
        const char *why = NULL;
        int rc = 0;

        if (!type_fits(row, value)) {
                rc = NBT_ERR_MALFORMED;
                why = arena_printf(arena, "must be of type %s", reg_type_str(row->type));
        } else {
                rc = check_form(row, value, &why);
                if (rc < 0 && !why)
                        why = arena_printf(arena, "must be %s", schema_allowed_str(row, arena));
        }
        if (rc < 0 && ret_why)
                *ret_why = why ? why : "cannot be";
        return rc;
}

const char *schema_effect_str(enum schema_effect effect)
{
        switch (effect) {
        case SCHEMA_EFFECT_TAKES:
                return "takes effect";
        case SCHEMA_EFFECT_REFUSED:
                return "refused";
        case SCHEMA_EFFECT_NOTED:
                return "without effect here";
        case SCHEMA_EFFECT_MAX:
                break;
        }
        return "?";
}
