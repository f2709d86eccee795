#include "settings/effective.h"

#include "base/ip4.h"
#include "settings/schema.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SHOWN_BYTES 80         /* of a value, in a complaint */
#define MAX_KEYS_LOOKED_AT 512 /* below the keys we know; bounds the work on a hostile file */
#define IFACE_PREFIX "Tcpip_"
#define KEY_LINKAGE "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Linkage"

struct builder {
        const struct reg_doc *doc;
        struct arena *arena;
        struct settings_effective *out;
        struct settings_complaint *complaints; /* SETTINGS_MAX_COMPLAINTS */
        struct settings_iface *ifaces;         /* SETTINGS_MAX_IFACES */
        bool failed;                           /* memory ran out */
};

static const char *keep(struct builder *b, const char *text)
{
        const char *copy = text ? arena_strdup(b->arena, text) : NULL;

        if (!copy)
                b->failed = true;
        return copy ? copy : "";
}

static void complain(struct builder *b, struct settings_complaint complaint)
{
        if (b->out->complaint_count >= SETTINGS_MAX_COMPLAINTS)
                return;
        if (b->out->complaint_count == SETTINGS_MAX_COMPLAINTS - 1)
                complaint = (struct settings_complaint){.level = SETTINGS_WARNING,
                                                        .key = "",
                                                        .name = "",
                                                        .what = "more of the same",
                                                        .why = "only the first complaints are listed"};
        b->complaints[b->out->complaint_count++] = complaint;
}

static const char *shown(struct builder *b, const struct reg_value *value)
{
        struct strbuf sb = STRBUF_INIT;

        reg_value_format(value, &sb);
        const char *text = strbuf_str(&sb);
        const bool cut = strlen(text) > SHOWN_BYTES;
        const char *copy = arena_printf(b->arena, "%s = %.*s%s", *value->name ? value->name : "(Default)", SHOWN_BYTES,
                                        text, cut ? "…" : "");
        strbuf_done(&sb);
        return keep(b, copy);
}

/* ---- judging: every value of the keys we know ------------------------------------------------------------------- */

/* The event by which Windows says the same. */
static uint16_t event_of(const struct schema_row *row, const struct reg_value *value, int rc)
{
        uint32_t address = 0;
        size_t pos = 0;

        if (row->form == SCHEMA_FORM_SCOPE && rc == NBT_ERR_RANGE)
                return value->len_bytes > 255 ? 4318 : 4317;
        if (row->form != SCHEMA_FORM_ADDRESSES)
                return 0;
        if (value->type != REG_TYPE_MULTI_SZ)
                return strstr(row->name, "Backup") ? 4304 : 4305;
        const char *first = reg_value_next(value, &pos);
        return first && ip4_parse(first, &address) < 0 ? 4305 : 4304;
}

/* What is used in place of a value that cannot be taken. */
static const char *instead(struct builder *b, const struct schema_row *row, const struct reg_value *value)
{
        uint32_t number = 0;

        if (row->form == SCHEMA_FORM_NUMBER && reg_value_u32(value, &number) == 0)
                return arena_printf(b->arena, "%u is used", number < row->min ? row->min : row->max);
        if (row->form == SCHEMA_FORM_ADDRESSES)
                return "what is no address is left out";
        if (row->type == REG_TYPE_DWORD && row->form != SCHEMA_FORM_ADDRESS)
                return "it counts as absent";
        return "it is not used";
}

static void judge_known(struct builder *b, const char *key, const struct schema_row *row, const struct reg_value *value)
{
        struct settings_complaint c = {.key = keep(b, key), .name = keep(b, value->name), .line = value->line};
        const char *why = NULL;
        uint32_t number = 0;
        const int rc = schema_check(row, value, b->arena, &why);

        if (row->effect == SCHEMA_EFFECT_NOTED) {
                c.level = SETTINGS_NOTE;
                why = row->reason;
        } else if (rc < 0) {
                c.level = SETTINGS_REFUSED;
                c.event_id = event_of(row, value, rc);
                why = arena_printf(b->arena, "%s; %s", why, instead(b, row, value));
        } else if (row->effect == SCHEMA_EFFECT_REFUSED && reg_value_u32(value, &number) == 0 &&
                   number != row->fallback) {
                c.level = SETTINGS_REFUSED;
                why = row->reason;
        } else {
                return;
        }
        c.what = shown(b, value);
        c.why = keep(b, why);
        complain(b, c);
}

static void judge_key(struct builder *b, const char *key)
{
        const struct reg_value *values = NULL;
        size_t count = 0;

        if (reg_doc_values(b->doc, key, b->arena, &values, &count) < 0) {
                b->failed = true;
                return;
        }
        const bool owned = schema_owns_key(key);
        for (size_t i = 0; i < count; i++) {
                const struct schema_row *row = schema_find(key, values[i].name);

                if (row)
                        judge_known(b, key, row, &values[i]);
                else if (owned && *values[i].name) /* a key's default value never means anything here */
                        complain(b, (struct settings_complaint){.level = SETTINGS_WARNING,
                                                                .key = keep(b, key),
                                                                .name = keep(b, values[i].name),
                                                                .line = values[i].line,
                                                                .what = shown(b, &values[i]),
                                                                .why = "no value of this name is known here: it has no "
                                                                       "effect; is the name spelt right?"});
        }
}

static void judge_all(struct builder *b)
{
        static const char *const tops[] = {SCHEMA_KEY_NETBT,          SCHEMA_KEY_NETBT_ADAPTERS, SCHEMA_KEY_TCPIP,
                                           SCHEMA_KEY_ACTIVE_NAME,    SCHEMA_KEY_COMPUTER_NAME,  SCHEMA_KEY_OWN,
                                           SCHEMA_KEY_WINS_PARAMETERS};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(tops) && !b->failed; i++) {
                const char *const *keys = NULL;
                size_t count = 0;
                if (reg_doc_keys(b->doc, tops[i], b->arena, &keys, &count) < 0)
                        b->failed = true;
                for (size_t j = 0; j < count && j < MAX_KEYS_LOOKED_AT && !b->failed; j++)
                        judge_key(b, keys[j]);
        }
}

/* ---- taking ------------------------------------------------------------------------------------------------------ */

static bool find(struct builder *b, const char *key, const char *name, struct reg_value *ret)
{
        return b->doc && reg_doc_find(b->doc, key, name, ret) == 0;
}

/* A number as it counts: in its range, or the nearest allowed; false if it counts as absent. */
static bool take_number(struct builder *b, const char *key, const char *name, uint32_t *ret, unsigned *ret_line)
{
        const struct schema_row *row = schema_find(key, name);
        struct reg_value value;
        uint32_t number = 0;

        if (!row || !find(b, key, name, &value) || reg_value_u32(&value, &number) < 0)
                return false;
        const int rc = schema_check(row, &value, b->arena, NULL);
        if (rc < 0 && row->form != SCHEMA_FORM_NUMBER)
                return false;
        if (row->effect == SCHEMA_EFFECT_REFUSED)
                return false;
        if (row->form == SCHEMA_FORM_NUMBER)
                number = number < row->min ? row->min : number > row->max ? row->max : number;
        *ret = number;
        *ret_line = value.line;
        return true;
}

static struct settings_u32 take_u32(struct builder *b, const char *key, const char *name)
{
        const struct schema_row *row = schema_find(key, name);
        struct settings_u32 out = {.value = row ? row->fallback : 0};

        if (take_number(b, key, name, &out.value, &out.line))
                out.origin = SETTINGS_STATIC;
        return out;
}

/* Text, or a list as text with blanks between; NULL if absent or refused. */
static const char *take_text(struct builder *b, const char *key, const char *name, unsigned *ret_line)
{
        const struct schema_row *row = schema_find(key, name);
        struct reg_value value;

        if (!row || !find(b, key, name, &value) || schema_check(row, &value, b->arena, NULL) < 0)
                return NULL;
        if (ret_line)
                *ret_line = value.line;
        return keep(b, (const char *)value.data);
}

static void add_address(const char *word, size_t len, uint32_t ret[SETTINGS_MAX_ADDRESSES], size_t *count)
{
        char text[IP4_TEXT_BYTES] = "";
        uint32_t address = 0;

        if (len >= sizeof(text))
                return;
        memcpy(text, word, len);
        if (ip4_parse(text, &address) < 0 || address == 0 || *count >= SETTINGS_MAX_ADDRESSES)
                return;
        for (size_t i = 0; i < *count; i++)
                if (ret[i] == address)
                        return;
        ret[(*count)++] = address;
}

static void add_addresses(const char *text, uint32_t ret[SETTINGS_MAX_ADDRESSES], size_t *count)
{
        while (*text) {
                const size_t len = strcspn(text, " ,;\t");

                add_address(text, len, ret, count);
                text += len + (text[len] != '\0');
        }
}

/* Adds the addresses of a value; what is none was complained about. */
static void take_addresses(struct builder *b, const char *key, const char *name, uint32_t ret[SETTINGS_MAX_ADDRESSES],
                           size_t *count)
{
        struct reg_value value;
        size_t pos = 0;

        if (!find(b, key, name, &value))
                return;
        if (value.type == REG_TYPE_SZ || value.type == REG_TYPE_EXPAND_SZ)
                add_addresses((const char *)value.data, ret, count);
        for (const char *text = reg_value_next(&value, &pos); text; text = reg_value_next(&value, &pos))
                add_addresses(text, ret, count);
}

static void take_users(struct builder *b)
{
        struct reg_value value;
        size_t pos = 0;

        if (!find(b, SCHEMA_KEY_OWN, "Users", &value))
                return;
        for (const char *text = reg_value_next(&value, &pos); text; text = reg_value_next(&value, &pos)) {
                if (strlen(text) > HOSTNAME_NETBIOS_BYTES - 1)
                        continue;
                if (b->out->user_count == SETTINGS_MAX_USERS) {
                        complain(b, (struct settings_complaint){.level = SETTINGS_REFUSED,
                                                                .key = SCHEMA_KEY_OWN,
                                                                .name = "Users",
                                                                .line = value.line,
                                                                .what = "Users",
                                                                .why = "only the first 16 users are registered"});
                        return;
                }
                b->out->users[b->out->user_count++] = keep(b, text);
        }
}

static void take_block_list(struct builder *b)
{
        struct settings_wins *wins = &b->out->wins_server;
        const char *dir = take_text(b, SCHEMA_KEY_WINS_PARAMETERS, "BackupDirPath", NULL);
        const char *hook = take_text(b, SCHEMA_KEY_WINS_PARAMETERS, "WinsHook", NULL);
        struct reg_value value;
        size_t pos = 0;

        wins->backup_dir = dir ? dir : "";
        wins->hook = hook ? hook : "";
        if (!find(b, SCHEMA_KEY_WINS_PARAMETERS, "QueryBlockList", &value) || value.type != REG_TYPE_MULTI_SZ)
                return;
        wins->block_list_given = true;
        for (const char *text = reg_value_next(&value, &pos); text && wins->block_count < SETTINGS_MAX_BLOCKED;
             text = reg_value_next(&value, &pos))
                if (*text && strlen(text) < HOSTNAME_NETBIOS_BYTES)
                        wins->blocked[wins->block_count++] = keep(b, text);
}

/* ---- interfaces -------------------------------------------------------------------------------------------------- */

static struct settings_iface *get_iface(struct builder *b, const char *id)
{
        for (size_t i = 0; i < b->out->iface_count; i++)
                if (reg_name_equal(b->ifaces[i].id, id))
                        return &b->ifaces[i];
        if (b->out->iface_count == SETTINGS_MAX_IFACES) {
                complain(b, (struct settings_complaint){.level = SETTINGS_REFUSED,
                                                        .key = SCHEMA_KEY_NETBT_IFACES,
                                                        .name = "",
                                                        .what = keep(b, id),
                                                        .why = "only the first 64 interfaces are read"});
                return NULL;
        }
        struct settings_iface *iface = &b->ifaces[b->out->iface_count++];
        *iface = (struct settings_iface){.id = keep(b, id),
                                         .connection = "",
                                         .domain = "",
                                         .dhcp_domain = "",
                                         .dhcp_server = "",
                                         .name_servers = ""};
        const char *key = arena_printf(b->arena, SCHEMA_KEY_CONNECTIONS "\\%s\\Connection", id);
        struct reg_value name;
        if (key && find(b, key, "Name", &name) && name.type == REG_TYPE_SZ)
                iface->connection = keep(b, (const char *)name.data);
        return iface;
}

/* The static list, else DHCP's: two values each under NetBT\Adapters, one each under NetBT\Parameters\Interfaces. */
static void take_wins(struct builder *b, const char *key, const char *const fixed[2], const char *const dhcp[2],
                      struct settings_iface *iface)
{
        uint32_t learnt[SETTINGS_MAX_WINS];
        size_t learnt_count = 0;

        for (int i = 0; i < 2; i++) {
                if (fixed[i])
                        take_addresses(b, key, fixed[i], iface->wins, &iface->wins_count);
                if (dhcp[i])
                        take_addresses(b, key, dhcp[i], learnt, &learnt_count);
        }
        if (iface->wins_count) {
                iface->wins_origin = SETTINGS_STATIC;
                iface->dhcp_wins_differ =
                        learnt_count && (learnt_count != iface->wins_count ||
                                         memcmp(learnt, iface->wins, learnt_count * sizeof(*learnt)) != 0);
        } else if (learnt_count) {
                iface->wins_origin = SETTINGS_DHCP;
                iface->wins_count = learnt_count;
                memcpy(iface->wins, learnt, learnt_count * sizeof(*learnt));
        }
}

static void take_netbt_iface(struct builder *b, const char *key, struct settings_iface *iface)
{
        static const char *const fixed[2] = {"NameServerList", NULL}, *const dhcp[2] = {"DhcpNameServerList", NULL};
        struct settings_u32 learnt = {0};

        take_wins(b, key, fixed, dhcp, iface);
        iface->netbios_options = take_u32(b, key, "NetbiosOptions");
        if (iface->netbios_options.value == SETTINGS_NETBIOS_DHCP &&
            take_number(b, key, "DhcpNetbiosOptions", &learnt.value, &learnt.line) && learnt.value) {
                learnt.origin = SETTINGS_DHCP;
                iface->netbios_options = learnt;
        }
}

static void take_nt4_iface(struct builder *b, const char *key, struct settings_iface *iface)
{
        static const char *const fixed[2] = {"NameServer", "NameServerBackup"};
        static const char *const dhcp[2] = {"DhcpNameServer", "DhcpNameServerBackup"};

        take_wins(b, key, fixed, dhcp, iface);
}

static const char *text_or_empty(struct builder *b, const char *key, const char *name)
{
        const char *text = take_text(b, key, name, NULL);

        return text ? text : "";
}

/* Each mask stands beside its address; where there is not one for each they are not told. */
static void take_netmasks(struct builder *b, const char *key, struct settings_iface *iface)
{
        const char *name = iface->dhcp_enabled ? "DhcpSubnetMask" : "SubnetMask";
        uint32_t masks[SETTINGS_MAX_ADDRESSES] = {0};
        struct reg_value value;
        size_t count = 0, pos = 0;

        if (!find(b, key, name, &value))
                return;
        if (value.type == REG_TYPE_SZ && ip4_parse((const char *)value.data, &masks[0]) == 0)
                count = 1;
        for (const char *text = reg_value_next(&value, &pos); text && count < SETTINGS_MAX_ADDRESSES;
             text = reg_value_next(&value, &pos))
                if (ip4_parse(text, &masks[count]) == 0)
                        count++;
        if (count == iface->address_count)
                memcpy(iface->netmasks, masks, sizeof masks);
}

/* What is listed there is "\\Device\\{GUID}"; without the list nothing is known. */
static void mark_gone(struct builder *b)
{
        struct reg_value value;

        if (!find(b, KEY_LINKAGE, "Bind", &value) || value.type != REG_TYPE_MULTI_SZ)
                return;
        for (size_t i = 0; i < b->out->iface_count; i++) {
                size_t pos = 0;
                bool bound = false;

                for (const char *text = reg_value_next(&value, &pos); text; text = reg_value_next(&value, &pos)) {
                        const char *name = strrchr(text, '\\');

                        bound |= name && reg_name_equal(name + 1, b->ifaces[i].id);
                }
                b->ifaces[i].is_gone = !bound;
        }
}

static void take_tcpip_iface(struct builder *b, const char *key, struct settings_iface *iface)
{
        unsigned line = 0;
        uint32_t enabled = 0;

        iface->dhcp_known = take_number(b, key, "EnableDHCP", &enabled, &line);
        iface->dhcp_enabled = enabled != 0;
        if (!iface->dhcp_enabled)
                take_addresses(b, key, "IPAddress", iface->addresses, &iface->address_count);
        if (iface->dhcp_enabled || !iface->dhcp_known)
                take_addresses(b, key, "DhcpIPAddress", iface->addresses, &iface->address_count);
        take_netmasks(b, key, iface);
        iface->dhcp_server = text_or_empty(b, key, "DhcpServer");
        iface->domain = text_or_empty(b, key, "Domain");
        iface->dhcp_domain = text_or_empty(b, key, "DhcpDomain");
        iface->name_servers = text_or_empty(b, key, "NameServer");
        if (!*iface->name_servers)
                iface->name_servers = text_or_empty(b, key, "DhcpNameServer");
        (void)take_number(b, key, "LeaseObtainedTime", &iface->lease_obtained_s, &line);
        (void)take_number(b, key, "LeaseTerminatesTime", &iface->lease_expires_s, &line);
}

/* Calls TAKE for each key just below TOP. */
static void take_ifaces(struct builder *b, const char *top,
                        void (*take)(struct builder *b, const char *key, struct settings_iface *iface))
{
        const char *const *keys = NULL;
        const char *normal = NULL;
        size_t count = 0;

        if (!b->doc)
                return;
        if (reg_doc_keys(b->doc, top, b->arena, &keys, &count) < 0)
                b->failed = true;
        for (size_t i = 0; i < count && i < MAX_KEYS_LOOKED_AT && !b->failed; i++) {
                if (reg_key_normalise(keys[i], b->arena, &normal) < 0)
                        continue;
                const char *id = strlen(normal) > strlen(top) ? normal + strlen(top) + 1 : "";
                if (!*id || strchr(id, '\\'))
                        continue;
                if (strncasecmp(id, IFACE_PREFIX, strlen(IFACE_PREFIX)) == 0)
                        id += strlen(IFACE_PREFIX);
                struct settings_iface *iface = get_iface(b, id);
                if (iface)
                        take(b, keys[i], iface);
        }
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static void take_numbers(struct builder *b)
{
        static const struct {
                const char *key, *name;
                size_t at;
        } numbers[] = {
#define AT(field) offsetof(struct settings_effective, field)
                {SCHEMA_KEY_NETBT, "BcastNameQueryCount", AT(bcast_query_count)},
                {SCHEMA_KEY_NETBT, "BcastQueryTimeout", AT(bcast_query_timeout_ms)},
                {SCHEMA_KEY_NETBT, "NameSrvQueryCount", AT(name_srv_query_count)},
                {SCHEMA_KEY_NETBT, "NameSrvQueryTimeout", AT(name_srv_query_timeout_ms)},
                {SCHEMA_KEY_NETBT, "CacheTimeout", AT(cache_timeout_ms)},
                {SCHEMA_KEY_NETBT, "InitialRefreshT.O.", AT(initial_refresh_ms)},
                {SCHEMA_KEY_NETBT, "WinsDownTimeout", AT(wins_down_timeout_ms)},
                {SCHEMA_KEY_NETBT, "LmhostsTimeout", AT(lmhosts_timeout_ms)},
                {SCHEMA_KEY_NETBT, "NameServerPort", AT(name_server_port)},
                {SCHEMA_KEY_NETBT, "RefreshOpCode", AT(refresh_opcode)},
                {SCHEMA_KEY_NETBT, "EnableLMHOSTS", AT(enable_lmhosts)},
                {SCHEMA_KEY_NETBT, "EnableDns", AT(enable_dns)},
                {SCHEMA_KEY_NETBT, "SingleResponse", AT(single_response)},
                {SCHEMA_KEY_NETBT, "RandomAdapter", AT(random_adapter)},
                {SCHEMA_KEY_NETBT, "BroadcastAddress", AT(broadcast_address)},
                {SCHEMA_KEY_NETBT, "EnableProxy", AT(enable_proxy)},
                {SCHEMA_KEY_NETBT, "EnableProxyRegCheck", AT(enable_proxy_reg_check)},
                {SCHEMA_KEY_WINS_PARAMETERS, "RefreshInterval", AT(wins_server.refresh_interval_s)},
                {SCHEMA_KEY_WINS_PARAMETERS, "TombstoneInterval", AT(wins_server.tombstone_interval_s)},
                {SCHEMA_KEY_WINS_PARAMETERS, "TombstoneTimeout", AT(wins_server.tombstone_timeout_s)},
                {SCHEMA_KEY_WINS_PARAMETERS, "VerifyInterval", AT(wins_server.verify_interval_s)},
                {SCHEMA_KEY_WINS_PARAMETERS, "BurstHandling", AT(wins_server.burst_handling)},
                {SCHEMA_KEY_WINS_PARAMETERS, "BurstQueSize", AT(wins_server.burst_queue_size)},
                {SCHEMA_KEY_WINS_PARAMETERS, "MigrateOn", AT(wins_server.migrate_on)},
                {SCHEMA_KEY_WINS_PARAMETERS, "Randomize1cList", AT(wins_server.randomize_1c)},
                {SCHEMA_KEY_WINS_PARAMETERS, "Prepend1BTo1CQueries", AT(wins_server.prepend_1b)},
                {SCHEMA_KEY_WINS_PARAMETERS, "EnableQueryBlockList", AT(wins_server.enable_block_list)},
                {SCHEMA_KEY_WINS_PARAMETERS, "VersCounterStartVal_LowWord", AT(wins_server.start_version_low)},
                {SCHEMA_KEY_WINS_PARAMETERS, "VersCounterStartVal_HighWord", AT(wins_server.start_version_high)},
                {SCHEMA_KEY_TCPIP, "IPEnableRouter", AT(ip_router)},
                {SCHEMA_KEY_OWN, "BcastRegistrationInterval", AT(bcast_claim_interval_ms)},
                {SCHEMA_KEY_OWN, "BcastRegistrationCount", AT(bcast_claim_count)},
                {SCHEMA_KEY_OWN, "ConflictRetryInterval", AT(conflict_retry_ms)},
                {SCHEMA_KEY_OWN, "ConflictRetryCount", AT(conflict_retry_count)},
                {SCHEMA_KEY_OWN, "NodeStatusOffLink", AT(status_off_link)},
                {SCHEMA_KEY_OWN, "NodeStatusRate", AT(status_rate)},
#undef AT
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(numbers); i++) {
                const struct settings_u32 number = take_u32(b, numbers[i].key, numbers[i].name);
                memcpy((char *)b->out + numbers[i].at, &number, sizeof(number));
        }
}

static bool any_wins(const struct builder *b)
{
        for (size_t i = 0; i < b->out->iface_count; i++)
                if (b->ifaces[i].wins_count)
                        return true;
        return b->out->wins_count > 0;
}

static void take_node_type(struct builder *b)
{
        struct settings_u32 *type = &b->out->node_type;

        if (take_number(b, SCHEMA_KEY_NETBT, "NodeType", &type->value, &type->line))
                type->origin = SETTINGS_STATIC;
        else if (take_number(b, SCHEMA_KEY_NETBT, "DhcpNodeType", &type->value, &type->line))
                type->origin = SETTINGS_DHCP;
        else
                type->value = any_wins(b) ? SETTINGS_NODE_H : SETTINGS_NODE_B;
}

static void take_scope(struct builder *b)
{
        struct settings_text *scope = &b->out->scope;

        *scope = (struct settings_text){.text = take_text(b, SCHEMA_KEY_NETBT, "ScopeId", &scope->line),
                                        .origin = SETTINGS_STATIC};
        if (!scope->text || !*scope->text) { /* an empty ScopeId is how Windows writes "none given" */
                scope->text = take_text(b, SCHEMA_KEY_NETBT, "DhcpScopeId", &scope->line);
                scope->origin = SETTINGS_DHCP;
        }
        if (!scope->text || !*scope->text)
                *scope = (struct settings_text){.text = ""};
        else if (strcmp(scope->text, "*") == 0)
                scope->text = "";
}

static void take_demand(struct builder *b)
{
        uint32_t number = 0;
        unsigned line = 0;

        if (take_number(b, SCHEMA_KEY_NETBT, "NoNameReleaseOnDemand", &number, &line))
                b->out->demand = number ? SETTINGS_DEMAND_WINS_ONLY : SETTINGS_DEMAND_OBEY;
}

static struct settings_text take_own_text(struct builder *b, const char *name, const char *fallback)
{
        struct settings_text out = {.text = fallback};
        const char *text = take_text(b, SCHEMA_KEY_OWN, name, &out.line);

        if (text) {
                out.text = text;
                out.origin = SETTINGS_STATIC;
        }
        return out;
}

static void complain_about_cut(struct builder *b, enum hostname_source source)
{
        const struct hostname_place *place = hostname_source_place(source);
        char name[HOSTNAME_NETBIOS_BYTES];

        if (!hostname_is_cut(b->out->host_names[source]))
                return;
        hostname_netbios(b->out->host_names[source], name);
        complain(b,
                 (struct settings_complaint){
                         .level = SETTINGS_WARNING,
                         .key = place->key,
                         .name = place->value,
                         .line = b->out->host_name_lines[source],
                         .what = keep(b, arena_printf(b->arena, "name = %.80s", b->out->host_names[source])),
                         .why = keep(b, arena_printf(b->arena,
                                                     "NetBIOS names have 15 bytes: it becomes %s, as does every other "
                                                     "name that begins so",
                                                     name))});
}

static void take_names(struct builder *b)
{
        char *name = arena_alloc(b->arena, HOSTNAME_NETBIOS_BYTES);

        b->out->computer_name = name ? name : "";
        b->failed |= !name;
        for (int i = 0; i < HOSTNAME_SOURCE_MAX; i++) {
                const struct hostname_place *place = hostname_source_place((enum hostname_source)i);
                const char *text = take_text(b, place->key, place->value, &b->out->host_name_lines[i]);
                b->out->host_names[i] = text && *text ? text : NULL;
                if (b->out->host_names[i])
                        complain_about_cut(b, (enum hostname_source)i);
        }
        if (name)
                hostname_choose(b->out->host_names, name);
        b->out->domain = text_or_empty(b, SCHEMA_KEY_TCPIP, "Domain");
        if (!*b->out->domain)
                b->out->domain = text_or_empty(b, SCHEMA_KEY_TCPIP, "NV Domain");
        b->out->dhcp_domain = text_or_empty(b, SCHEMA_KEY_TCPIP, "DhcpDomain");
        b->out->search_list = text_or_empty(b, SCHEMA_KEY_TCPIP, "SearchList");
}

/* Static beats DHCP: the list for all interfaces stands above what a server told one of them. */
static void prefer_common_list(struct builder *b)
{
        for (size_t i = 0; b->out->wins_count && i < b->out->iface_count; i++) {
                struct settings_iface *iface = &b->ifaces[i];

                if (iface->wins_origin != SETTINGS_DHCP)
                        continue;
                iface->dhcp_wins_differ =
                        iface->wins_count != b->out->wins_count ||
                        memcmp(iface->wins, b->out->wins, iface->wins_count * sizeof(*iface->wins)) != 0;
                iface->wins_origin = SETTINGS_STATIC;
                iface->wins_count = b->out->wins_count;
                memcpy(iface->wins, b->out->wins, iface->wins_count * sizeof(*iface->wins));
        }
}

int settings_effective_build(const struct reg_doc *doc, struct arena *arena, struct settings_effective *ret)
{
        struct settings_effective out = {0};
        struct builder b = {.doc = doc, .arena = arena, .out = &out};

        b.complaints = arena_alloc(arena, SETTINGS_MAX_COMPLAINTS * sizeof(*b.complaints));
        b.ifaces = arena_alloc(arena, SETTINGS_MAX_IFACES * sizeof(*b.ifaces));
        if (!b.complaints || !b.ifaces)
                return NBT_ERR_NOMEM;
        if (doc)
                judge_all(&b);
        take_numbers(&b);
        take_ifaces(&b, SCHEMA_KEY_NETBT_IFACES, take_netbt_iface);
        take_ifaces(&b, SCHEMA_KEY_NETBT_ADAPTERS, take_nt4_iface);
        take_ifaces(&b, SCHEMA_KEY_TCPIP_IFACES, take_tcpip_iface);
        mark_gone(&b);
        take_addresses(&b, SCHEMA_KEY_OWN, "NameServerList", out.wins, &out.wins_count);
        prefer_common_list(&b);
        take_node_type(&b);
        take_scope(&b);
        take_demand(&b);
        out.workgroup = take_own_text(&b, "Workgroup", "WORKGROUP");
        out.event_style = take_own_text(&b, "EventStyle", "classic");
        take_users(&b);
        take_block_list(&b);
        take_names(&b);
        if (b.failed)
                return NBT_ERR_NOMEM;
        out.complaints = b.complaints;
        out.ifaces = b.ifaces;
        *ret = out;
        return 0;
}

const struct settings_iface *settings_iface_find(const struct settings_effective *settings, const char *name)
{
        for (size_t i = 0; i < settings->iface_count; i++)
                if (reg_name_equal(settings->ifaces[i].id, name) ||
                    (*settings->ifaces[i].connection && reg_name_equal(settings->ifaces[i].connection, name)))
                        return &settings->ifaces[i];
        return NULL;
}

bool settings_has_faults(const struct settings_effective *settings)
{
        for (size_t i = 0; i < settings->complaint_count; i++)
                if (settings->complaints[i].level != SETTINGS_NOTE)
                        return true;
        return false;
}

const char *settings_origin_str(enum settings_origin origin)
{
        switch (origin) {
        case SETTINGS_DEFAULT:
                return "default";
        case SETTINGS_STATIC:
                return "static";
        case SETTINGS_DHCP:
                return "DHCP";
        case SETTINGS_ORIGIN_MAX:
                break;
        }
        return "?";
}

const char *settings_level_str(enum settings_level level)
{
        switch (level) {
        case SETTINGS_NOTE:
                return "note";
        case SETTINGS_WARNING:
                return "warning";
        case SETTINGS_REFUSED:
                return "refused";
        case SETTINGS_LEVEL_MAX:
                break;
        }
        return "?";
}

/* The part of a key that tells: behind Services\ or the hive. */
static const char *short_key(const char *key)
{
        static const char services[] = "\\Services\\";
        const char *at = strstr(key, services);

        if (at)
                return at + sizeof(services) - 1;
        at = strchr(key, '\\');
        return at ? at + 1 : key;
}

char *settings_complaint_format(const struct settings_complaint *c, struct arena *arena)
{
        char line[32] = "";

        if (c->line)
                snprintf(line, sizeof(line), "line %u: ", c->line);
        return arena_printf(arena, "%s%s%s%s: %s: %s", line, short_key(c->key), *c->key ? "\\" : "", c->what,
                            settings_level_str(c->level), c->why);
}
