#include "dhcp/learnt.h"

#include "base/ip4.h"
#include "settings/schema.h"
#include "wire/name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define VENDOR_NETBIOS 1 /* [MS-DHCPE] 2.2.2.1: Microsoft's NetBIOS option, a number of four bytes */
#define IFACE_PREFIX "Tcpip_"

/* ---- from messages ------------------------------------------------------------------------------------------------ */

static size_t read_addresses(const struct dhcp_message *m, uint8_t code, uint32_t ret[SETTINGS_MAX_WINS], bool *odd)
{
        uint8_t bytes[DHCP_MAX_OPTION_BYTES];
        const int len = dhcp_option(m, code, bytes, sizeof bytes);
        struct rd rd = rd_init(bytes, len > 0 ? (size_t)len : 0);
        size_t count = 0;

        *odd = len == 0 || len % 4 > 0;
        while (rd_left(&rd) >= 4) {
                const uint32_t address = rd_be32(&rd);

                if (address == 0 || address == IP4_BROADCAST)
                        *odd = true;
                else if (count < SETTINGS_MAX_WINS)
                        ret[count++] = address;
        }
        return count;
}

/* Servers end the scope with a NUL, or not; upper and lower case stay as they are (KB163112). */
static bool read_scope(const struct dhcp_message *m, char ret[LEARNT_SCOPE_BYTES])
{
        struct nb_scope scope;
        uint8_t bytes[DHCP_MAX_OPTION_BYTES];
        const int len = dhcp_option(m, DHCP_OPTION_NETBIOS_SCOPE, bytes, sizeof bytes);
        const size_t text_len = len > 0 ? strnlen((const char *)bytes, (size_t)len) : 0;

        ret[0] = '\0';
        if (text_len == 0)
                return true;
        if (text_len >= LEARNT_SCOPE_BYTES)
                return false;
        for (size_t i = 0; i < text_len; i++) /* RFC 2132 8.10, RFC 1001 14.1: a domain name, so ASCII */
                if (bytes[i] <= ' ' || bytes[i] > '~')
                        return false;
        memcpy(ret, bytes, text_len);
        ret[text_len] = '\0';
        if (nb_scope_parse(ret, &scope) == 0)
                return true;
        ret[0] = '\0';
        return false;
}

/* False if the option is there and is broken. */
static bool read_vendor(const struct dhcp_message *m, struct dhcp_learnt *ret)
{
        uint8_t bytes[DHCP_MAX_OPTION_BYTES];
        const int len = dhcp_option(m, DHCP_OPTION_VENDOR, bytes, sizeof bytes);
        struct rd rd = rd_init(bytes, len > 0 ? (size_t)len : 0);

        while (rd_left(&rd)) {
                const uint8_t code = rd_u8(&rd);

                if (code == 0)
                        continue;
                if (code == 255)
                        break;
                struct rd value = rd_sub(&rd, rd_u8(&rd));
                if (code == VENDOR_NETBIOS && rd_left(&value) == 4) {
                        ret->has_netbios = true;
                        ret->netbios = rd_be32(&value);
                }
        }
        return rd_ok(&rd);
}

void dhcp_learnt_read(const struct dhcp_message *m, struct dhcp_learnt *ret, const char **ret_odd)
{
        struct dhcp_learnt learnt = {.server = m->server};
        const char *odd = NULL;
        uint8_t type[2] = {0};
        bool broken = false;

        learnt.wins_count = read_addresses(m, DHCP_OPTION_NETBIOS_NS, learnt.wins, &broken);
        odd = broken ? "option 44" : odd;
        learnt.nbdd_count = read_addresses(m, DHCP_OPTION_NETBIOS_DD, learnt.nbdd, &broken);
        odd = broken && !odd ? "option 45" : odd;
        const int type_len = dhcp_option(m, DHCP_OPTION_NETBIOS_TYPE, type, sizeof type);
        if (type_len == 1 && (type[0] == 1 || type[0] == 2 || type[0] == 4 || type[0] == 8))
                learnt.node_type = type[0];
        else if (type_len >= 0 && !odd)
                odd = "option 46";
        if (!read_scope(m, learnt.scope) && !odd)
                odd = "option 47";
        if (!read_vendor(m, &learnt) && !odd)
                odd = "option 43";
        *ret = learnt;
        if (ret_odd)
                *ret_odd = odd;
}

bool dhcp_learnt_equal(const struct dhcp_learnt *a, const struct dhcp_learnt *b)
{
        return a->wins_count == b->wins_count && memcmp(a->wins, b->wins, a->wins_count * sizeof *a->wins) == 0 &&
               a->nbdd_count == b->nbdd_count && memcmp(a->nbdd, b->nbdd, a->nbdd_count * sizeof *a->nbdd) == 0 &&
               a->node_type == b->node_type && strcmp(a->scope, b->scope) == 0 && a->has_netbios == b->has_netbios &&
               a->netbios == b->netbios;
}

/* ---- into the settings -------------------------------------------------------------------------------------------- */

struct applying {
        struct reg_doc *doc;
        int rc;
        bool changed;
};

static void set(struct applying *a, const char *key, const char *name, const struct reg_value *value)
{
        struct reg_value old;

        if (a->rc < 0)
                return;
        if (reg_doc_find(a->doc, key, name, &old) == 0 && old.type == value->type &&
            old.len_bytes == value->len_bytes &&
            (value->len_bytes == 0 || memcmp(old.data, value->data, value->len_bytes) == 0))
                return;
        a->rc = reg_doc_set(a->doc, key, name, value);
        a->changed = true;
}

static void unset(struct applying *a, const char *key, const char *name)
{
        if (a->rc < 0)
                return;
        a->rc = reg_doc_delete_value(a->doc, key, name);
        if (a->rc == NBT_ERR_NOT_FOUND)
                a->rc = 0;
        else
                a->changed = true;
}

static void set_number(struct applying *a, const char *key, const char *name, bool told, uint32_t number)
{
        const uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 24)};

        if (told)
                set(a, key, name,
                    &(struct reg_value){.type = REG_TYPE_DWORD, .data = bytes, .len_bytes = sizeof bytes});
        else
                unset(a, key, name);
}

static void set_addresses(struct applying *a, const char *key, const char *name, const uint32_t *addresses,
                          size_t count)
{
        uint8_t texts[SETTINGS_MAX_WINS * IP4_TEXT_BYTES];
        size_t len = 0;

        for (size_t i = 0; i < count && i < SETTINGS_MAX_WINS; i++) {
                char text[IP4_TEXT_BYTES];

                ip4_format(addresses[i], text);
                memcpy(texts + len, text, strlen(text) + 1);
                len += strlen(text) + 1;
        }
        if (count)
                set(a, key, name, &(struct reg_value){.type = REG_TYPE_MULTI_SZ, .data = texts, .len_bytes = len});
        else
                unset(a, key, name);
}

/* Has DHCP told another interface of WINS? Node type and scope are the machine's: what that server said stays if this one is silent. */
static bool others_told(const struct reg_doc *doc, const char *key, struct arena *arena)
{
        const char *const *keys = NULL;
        struct reg_value value;
        size_t count = 0;

        if (reg_doc_keys(doc, SCHEMA_KEY_NETBT_IFACES, arena, &keys, &count) < 0)
                return true;
        for (size_t i = 0; i < count; i++)
                if (!reg_name_equal(keys[i], key) && reg_doc_find(doc, keys[i], "DhcpNameServerList", &value) == 0)
                        return true;
        return false;
}

int dhcp_learnt_apply(struct reg_doc *doc, const char *iface, const struct dhcp_learnt *learnt, bool *ret_changed)
{
        struct applying a = {.doc = doc};
        struct arena arena = ARENA_INIT;
        const char *key = arena_printf(&arena, "%s\\%s%s", SCHEMA_KEY_NETBT_IFACES, IFACE_PREFIX, iface);

        if (!key)
                return NBT_ERR_NOMEM;
        set_addresses(&a, key, "DhcpNameServerList", learnt->wins, learnt->wins_count);
        set_number(&a, key, "DhcpNetbiosOptions", learnt->has_netbios, learnt->netbios);
        const bool alone = !others_told(doc, key, &arena);
        if (learnt->node_type || alone)
                set_number(&a, SCHEMA_KEY_NETBT, "DhcpNodeType", learnt->node_type != 0, learnt->node_type);
        if (learnt->scope[0])
                set(&a, SCHEMA_KEY_NETBT, "DhcpScopeId",
                    &(struct reg_value){.type = REG_TYPE_SZ,
                                        .data = (const uint8_t *)learnt->scope,
                                        .len_bytes = strlen(learnt->scope)});
        else if (alone)
                unset(&a, SCHEMA_KEY_NETBT, "DhcpScopeId");
        arena_done(&arena);
        if (a.rc == 0)
                *ret_changed = a.changed;
        return a.rc;
}

/* ---- what stands there -------------------------------------------------------------------------------------------- */

/* The values that DHCP clients write, each with the static one that beats it; found by name, never by a pattern. */
static const struct known {
        const char *top; /* the key, or with PER_IFACE the key above the interface's */
        bool per_iface;
        bool of_names; /* has to do with NetBIOS names; the others are only shown by ipconfig */
        const char *name, *above;
} known[] = {
        {SCHEMA_KEY_NETBT, false, true, "DhcpNodeType", "NodeType"},
        {SCHEMA_KEY_NETBT, false, true, "DhcpScopeId", "ScopeId"},
        {SCHEMA_KEY_NETBT_IFACES, true, true, "DhcpNameServerList", "NameServerList"},
        {SCHEMA_KEY_NETBT_IFACES, true, true, "DhcpNetbiosOptions", "NetbiosOptions"},
        {SCHEMA_KEY_NETBT_ADAPTERS, true, true, "DhcpNameServer", "NameServer"},
        {SCHEMA_KEY_NETBT_ADAPTERS, true, true, "DhcpNameServerBackup", "NameServerBackup"},
        {SCHEMA_KEY_TCPIP, false, false, "DhcpDomain", "Domain"},
        {SCHEMA_KEY_TCPIP, false, false, "DhcpNameServer", "NameServer"},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "DhcpDomain", "Domain"},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "DhcpNameServer", "NameServer"},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "DhcpIPAddress", "IPAddress"},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "DhcpSubnetMask", "SubnetMask"},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "DhcpDefaultGateway", "DefaultGateway"},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "DhcpServer", NULL},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "LeaseObtainedTime", NULL},
        {SCHEMA_KEY_TCPIP_IFACES, true, false, "LeaseTerminatesTime", NULL},
};

struct listing {
        const struct reg_doc *doc;
        const struct settings_effective *effective;
        struct arena *arena;
        struct dhcp_setting *rows;
        size_t count, size;
        bool failed;
};

static const char *value_text(struct listing *l, const struct reg_value *value)
{
        struct strbuf sb = STRBUF_INIT;

        if (value->type == REG_TYPE_MULTI_SZ) {
                size_t pos = 0;
                for (const char *text = reg_value_next(value, &pos); text; text = reg_value_next(value, &pos))
                        strbuf_printf(&sb, "%s%s", sb.len_bytes ? " " : "", text);
        } else {
                reg_value_format(value, &sb);
        }
        const char *copy = strbuf_ok(&sb) ? arena_strdup(l->arena, strbuf_str(&sb)) : NULL;

        strbuf_done(&sb);
        l->failed |= !copy;
        return copy ? copy : "";
}

/* Windows writes static values that say nothing beside: empty texts, "0.0.0.0", NetbiosOptions 0, and EnableDHCP tells. */
static bool says_something(const struct reg_value *value, const char *text)
{
        uint32_t number = 0;

        if (reg_value_u32(value, &number) == 0)
                return number != 0;
        return text[0] && strcmp(text, "0.0.0.0") != 0;
}

static bool static_address(const struct settings_iface *iface)
{
        return iface->dhcp_known && !iface->dhcp_enabled;
}

/* Of the machine's own values: is DHCP known to be off on every interface that says? */
static bool all_static(const struct settings_effective *effective)
{
        size_t fixed = 0;

        for (size_t i = 0; i < effective->iface_count; i++) {
                if (effective->ifaces[i].dhcp_known && effective->ifaces[i].dhcp_enabled)
                        return false;
                fixed += static_address(&effective->ifaces[i]);
        }
        return fixed > 0;
}

static enum dhcp_use use_of(const struct listing *l, const struct known *k, const struct dhcp_setting *row)
{
        const struct settings_iface *iface = *row->iface ? settings_iface_find(l->effective, row->iface) : NULL;
        const bool fixed = *row->iface ? iface && static_address(iface) : all_static(l->effective);

        if (row->above)
                return fixed ? DHCP_USE_LEFT : DHCP_USE_HIDDEN;
        if (fixed)
                return k->of_names ? DHCP_USE_LEFT_IN_FORCE : DHCP_USE_LEFT;
        return DHCP_USE_IN_FORCE;
}

static void add_value(struct listing *l, const struct known *k, const char *key, const char *iface)
{
        struct reg_value value, above;

        if (reg_doc_find(l->doc, key, k->name, &value) < 0)
                return;
        if (l->count == l->size) {
                struct dhcp_setting *more = arena_alloc(l->arena, (l->size * 2 + 16) * sizeof *more);

                if (!more) {
                        l->failed = true;
                        return;
                }
                if (l->count)
                        memcpy(more, l->rows, l->count * sizeof *more);
                l->rows = more;
                l->size = l->size * 2 + 16;
        }
        struct dhcp_setting *row = &l->rows[l->count];

        *row = (struct dhcp_setting){
                .key = key, .name = k->name, .iface = iface, .text = value_text(l, &value), .line = value.line};
        if (!says_something(&value, row->text))
                return; /* as good as absent: the next one takes its place */
        if (k->above && reg_doc_find(l->doc, key, k->above, &above) == 0) {
                row->above_text = value_text(l, &above);
                row->above = says_something(&above, row->above_text) ? k->above : NULL;
        }
        if (!row->above && strcmp(k->name, "DhcpNameServerList") == 0 && l->effective->wins_count &&
            reg_doc_find(l->doc, SCHEMA_KEY_OWN, "NameServerList", &above) == 0) { /* the list for all interfaces */
                row->above = "NameServerList";
                row->above_text = value_text(l, &above);
        }
        row->use = use_of(l, k, row);
        l->count++;
}

/* The interfaces' keys just below TOP. */
static void add_ifaces(struct listing *l, const struct known *k)
{
        const char *const *keys = NULL;
        size_t count = 0;

        if (reg_doc_keys(l->doc, k->top, l->arena, &keys, &count) < 0) {
                l->failed = true;
                return;
        }
        for (size_t i = 0; i < count && !l->failed; i++) {
                /* the rows outlive the document */
                const char *key = arena_strdup(l->arena, keys[i]), *normal = NULL;

                l->failed |= !key;
                if (!key || reg_key_normalise(key, l->arena, &normal) < 0)
                        continue;
                const char *id = strlen(normal) > strlen(k->top) ? normal + strlen(k->top) + 1 : "";
                if (!*id || strchr(id, '\\'))
                        continue;
                if (strncasecmp(id, IFACE_PREFIX, strlen(IFACE_PREFIX)) == 0)
                        id += strlen(IFACE_PREFIX);
                add_value(l, k, key, id);
        }
}

int dhcp_settings_list(const struct reg_doc *doc, struct arena *arena, const struct dhcp_setting **ret,
                       size_t *ret_count)
{
        struct settings_effective effective;
        struct listing l = {.doc = doc, .effective = &effective, .arena = arena};

        if (settings_effective_build(doc, arena, &effective) < 0)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; doc && i < NBT_ARRAY_SIZE(known) && !l.failed; i++) {
                if (known[i].per_iface)
                        add_ifaces(&l, &known[i]);
                else
                        add_value(&l, &known[i], known[i].top, "");
        }
        if (l.failed)
                return NBT_ERR_NOMEM;
        *ret = l.rows;
        *ret_count = l.count;
        return 0;
}

bool dhcp_setting_is_leftover(const struct dhcp_setting *setting)
{
        return setting->use == DHCP_USE_LEFT || setting->use == DHCP_USE_LEFT_IN_FORCE;
}

const char *dhcp_use_str(enum dhcp_use use)
{
        static const char *const words[DHCP_USE_MAX] = {
                [DHCP_USE_IN_FORCE] = "in use",
                [DHCP_USE_HIDDEN] = "hidden",
                [DHCP_USE_LEFT] = "left over",
                [DHCP_USE_LEFT_IN_FORCE] = "left over and in use",
        };

        return use < DHCP_USE_MAX ? words[use] : "?";
}
