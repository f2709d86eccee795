/* What settings come to: the decision tables of node type, WINS lists, demands, scope, names; every complaint; the schema itself. */
#include "settings/effective.h"
#include "settings/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V5 "Windows Registry Editor Version 5.00\n"
#define NETBT "[" SCHEMA_KEY_NETBT "]\n"
#define OWN "[" SCHEMA_KEY_OWN "]\n"
#define IFACE "[" SCHEMA_KEY_NETBT_IFACES "\\Tcpip_eth0]\n"

struct world {
        struct arena arena;
        struct settings_effective s;
};

static void build(struct world *w, const char *text)
{
        struct reg_doc *doc = NULL;
        struct reg_error error;

        *w = (struct world){0};
        if (text && reg_doc_parse(&doc, text, strlen(text), &error) < 0)
                fail_msg("line %u: expected %s", error.line, error.expected);
        assert_int_equal(settings_effective_build(doc, &w->arena, &w->s), 0);
        reg_doc_free(doc); /* nothing of the result may point into the document */
}

static const struct settings_complaint *complaint_of(const struct world *w, const char *name)
{
        for (size_t i = 0; i < w->s.complaint_count; i++)
                if (strcmp(w->s.complaints[i].name, name) == 0)
                        return &w->s.complaints[i];
        return NULL;
}

static void test_defaults(void **state)
{
        struct world w;

        (void)state;
        build(&w, NULL);
        assert_int_equal(w.s.node_type.value, SETTINGS_NODE_B);
        assert_int_equal(w.s.bcast_query_count.value, 3);
        assert_int_equal(w.s.bcast_query_timeout_ms.value, 750);
        assert_int_equal(w.s.name_srv_query_timeout_ms.value, 1500);
        assert_int_equal(w.s.cache_timeout_ms.value, 600000);
        assert_int_equal(w.s.initial_refresh_ms.value, 960000);
        assert_int_equal(w.s.name_server_port.value, 137);
        assert_int_equal(w.s.refresh_opcode.value, 8);
        assert_int_equal(w.s.enable_lmhosts.value, 1);
        assert_int_equal(w.s.enable_dns.value, 0);
        assert_int_equal(w.s.demand, SETTINGS_DEMAND_ABSENT);
        assert_int_equal(w.s.bcast_claim_interval_ms.value, 250);
        assert_string_equal(w.s.workgroup.text, "WORKGROUP");
        assert_string_equal(w.s.event_style.text, "classic");
        assert_string_equal(w.s.scope.text, "");
        assert_string_equal(w.s.computer_name, "");
        assert_int_equal(w.s.complaint_count, 0);
        arena_done(&w.arena);
}

static const struct {
        const char *text;
        uint32_t type;
        enum settings_origin origin;
} node_types[] = {
        {V5 NETBT "\"NodeType\"=dword:1\n\"DhcpNodeType\"=dword:8\n", 1, SETTINGS_STATIC},
        {V5 NETBT "\"NodeType\"=dword:2\n", 2, SETTINGS_STATIC},
        {V5 NETBT "\"NodeType\"=dword:4\n", 4, SETTINGS_STATIC},
        {V5 NETBT "\"NodeType\"=dword:8\n", 8, SETTINGS_STATIC},
        {V5 NETBT "\"NodeType\"=dword:3\n\"DhcpNodeType\"=dword:2\n", 2, SETTINGS_DHCP},
        {V5 NETBT "\"NodeType\"=\"8\"\n", 1, SETTINGS_DEFAULT},
        {V5 NETBT "\"NodeType\"=hex(4):08,00\n", 1, SETTINGS_DEFAULT},
        {V5 NETBT "\"DhcpNodeType\"=dword:8\n", 8, SETTINGS_DHCP},
        {V5 NETBT "\"DhcpNodeType\"=dword:0\n", 1, SETTINGS_DEFAULT},
        {V5 IFACE "\"NameServerList\"=\"10.0.0.1\"\n", 8, SETTINGS_DEFAULT},
        {V5 IFACE "\"DhcpNameServerList\"=\"10.0.0.1\"\n", 8, SETTINGS_DEFAULT},
        {V5 IFACE "\"NameServerList\"=\"nonsense\"\n", 1, SETTINGS_DEFAULT},
        {V5 OWN "\"NameServerList\"=\"10.0.0.1\"\n", 8, SETTINGS_DEFAULT},
        {V5 NETBT "\"NodeType\"=dword:1\n" OWN "\"NameServerList\"=\"10.0.0.1\"\n", 1, SETTINGS_STATIC},
        {V5 NETBT "\"NodeType\"=dword:8\n\"NodeType\"=-\n", 1, SETTINGS_DEFAULT},
};

static void test_node_type(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(node_types); i++) {
                struct world w;
                build(&w, node_types[i].text);
                if (w.s.node_type.value != node_types[i].type || w.s.node_type.origin != node_types[i].origin)
                        fail_msg("row %zu: %u, %d", i, w.s.node_type.value, w.s.node_type.origin);
                arena_done(&w.arena);
        }
}

static void test_demand_has_three_states(void **state)
{
        static const struct {
                const char *text;
                enum settings_demand demand;
        } rows[] = {{V5 NETBT, SETTINGS_DEMAND_ABSENT},
                    {V5 NETBT "\"NoNameReleaseOnDemand\"=dword:0\n", SETTINGS_DEMAND_OBEY},
                    {V5 NETBT "\"NoNameReleaseOnDemand\"=dword:1\n", SETTINGS_DEMAND_WINS_ONLY},
                    {V5 NETBT "\"NoNameReleaseOnDemand\"=dword:2\n", SETTINGS_DEMAND_ABSENT}};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct world w;
                build(&w, rows[i].text);
                assert_int_equal(w.s.demand, rows[i].demand);
                assert_int_equal(settings_has_faults(&w.s), i == 3);
                arena_done(&w.arena);
        }
}

/* value given, value that holds, complaint */
static const struct {
        const char *name;
        uint32_t given, holds;
        bool complaint;
} ranges[] = {
        {"BcastNameQueryCount", 1, 1, false},
        {"BcastNameQueryCount", 0, 1, true},
        {"BcastNameQueryCount", 0xFFFF, 0xFFFF, false},
        {"BcastNameQueryCount", 0x10000, 0xFFFF, true},
        {"BcastQueryTimeout", 100, 100, false},
        {"BcastQueryTimeout", 99, 100, true},
        {"BcastQueryTimeout", 0xFFFFFFFF, 0xFFFFFFFF, false},
        {"CacheTimeout", 60000, 60000, false},
        {"CacheTimeout", 59999, 60000, true},
        {"NameSrvQueryCount", 0, 1, true},
        {"NameSrvQueryTimeout", 99, 100, true},
        {"InitialRefreshT.O.", 959999, 960000, true},
        {"WinsDownTimeout", 999, 1000, true},
        {"LmhostsTimeout", 999, 1000, true},
        {"NameServerPort", 0, 137, true},
        {"NameServerPort", 0x10000, 137, true},
        {"NameServerPort", 1137, 1137, false},
        {"RefreshOpCode", 9, 9, false},
        {"RefreshOpCode", 7, 8, true},
        {"EnableDns", 1, 1, false},
        {"EnableDns", 2, 0, true},
        {"EnableLMHOSTS", 0, 0, false},
        {"EnableProxy", 0, 0, false},
        {"EnableProxy", 1, 1, false},
        {"EnableProxy", 2, 0, true},
};

static uint32_t value_named(const struct settings_effective *s, const char *name)
{
        const struct {
                const char *name;
                uint32_t value;
        } values[] = {
                {"BcastNameQueryCount", s->bcast_query_count.value},
                {"BcastQueryTimeout", s->bcast_query_timeout_ms.value},
                {"CacheTimeout", s->cache_timeout_ms.value},
                {"NameSrvQueryCount", s->name_srv_query_count.value},
                {"NameSrvQueryTimeout", s->name_srv_query_timeout_ms.value},
                {"InitialRefreshT.O.", s->initial_refresh_ms.value},
                {"WinsDownTimeout", s->wins_down_timeout_ms.value},
                {"LmhostsTimeout", s->lmhosts_timeout_ms.value},
                {"NameServerPort", s->name_server_port.value},
                {"RefreshOpCode", s->refresh_opcode.value},
                {"EnableDns", s->enable_dns.value},
                {"EnableLMHOSTS", s->enable_lmhosts.value},
                {"EnableProxy", s->enable_proxy.value},
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(values); i++)
                if (strcmp(values[i].name, name) == 0)
                        return values[i].value;
        fail_msg("no %s", name);
        return 0;
}

static void test_ranges(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(ranges); i++) {
                struct world w;
                char text[512];

                snprintf(text, sizeof(text), V5 NETBT "\"%s\"=dword:%x\n", ranges[i].name, ranges[i].given);
                build(&w, text);
                const struct settings_complaint *c = complaint_of(&w, ranges[i].name);
                if (value_named(&w.s, ranges[i].name) != ranges[i].holds || (c != NULL) != ranges[i].complaint)
                        fail_msg("row %zu (%s): %u", i, ranges[i].name, value_named(&w.s, ranges[i].name));
                if (c) {
                        assert_int_equal(c->line, 3);
                        assert_int_equal(c->level, SETTINGS_REFUSED);
                }
                arena_done(&w.arena);
        }
}

static void test_scope(void **state)
{
        char label64[512], long_scope[1024] = V5 NETBT "\"ScopeId\"=\"a";
        static const struct {
                const char *text, *scope;
                uint16_t event_id;
                bool fault;
        } rows[] = {
                {V5 NETBT "\"ScopeId\"=\"CORP.x\"\n\"DhcpScopeId\"=\"d\"\n", "CORP.x", 0, false},
                {V5 NETBT "\"ScopeId\"=\"*\"\n\"DhcpScopeId\"=\"d\"\n", "", 0, false},
                {V5 NETBT "\"ScopeId\"=\"\"\n\"DhcpScopeId\"=\"d\"\n", "d", 0, false},
                {V5 NETBT "\"DhcpScopeId\"=\"d\"\n", "d", 0, false},
                {V5 NETBT "\"ScopeId\"=\"a..b\"\n", "", 0, true},
                {V5 NETBT "\"ScopeId\"=\"a.\"\n", "", 0, true},
        };
        struct world w;

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                build(&w, rows[i].text);
                assert_string_equal(w.s.scope.text, rows[i].scope);
                assert_int_equal(settings_has_faults(&w.s), rows[i].fault);
                arena_done(&w.arena);
        }
        snprintf(label64, sizeof(label64), V5 NETBT "\"ScopeId\"=\"%064d\"\n", 1);
        build(&w, label64);
        assert_int_equal(complaint_of(&w, "ScopeId")->event_id, 4317);
        arena_done(&w.arena);
        for (int i = 0; i < 128; i++)
                strcat(long_scope, ".a");
        strcat(long_scope, "\"\n");
        build(&w, long_scope);
        assert_int_equal(complaint_of(&w, "ScopeId")->event_id, 4318);
        assert_string_equal(w.s.scope.text, "");
        arena_done(&w.arena);
}

static void test_interfaces(void **state)
{
        struct world w;

        (void)state;
        build(&w,
              V5 "[" SCHEMA_KEY_NETBT_IFACES "\\Tcpip_{AAAA}]\n"
                 "\"NameServerList\"=hex(7):31,00,30,00,2e,00,30,00,2e,00,30,00,2e,00,31,00,00,00,\\\n"
                 "  31,00,30,00,2e,00,30,00,2e,00,30,00,2e,00,32,00,00,00,00,00\n"
                 "\"DhcpNameServerList\"=\"10.9.9.9\"\n\"NetbiosOptions\"=dword:2\n"
                 "[" SCHEMA_KEY_NETBT_IFACES "\\tcpip_eth1]\n\"DhcpNameServerList\"=\"10.0.0.3 10.0.0.3,0.0.0.0\"\n"
                 "\"NetbiosOptions\"=dword:0\n\"DhcpNetbiosOptions\"=dword:2\n"
                 "[" SCHEMA_KEY_NETBT_ADAPTERS
                 "\\El59x1]\n\"NameServer\"=\"10.1.0.1\"\n\"NameServerBackup\"=\"10.1.0.2\"\n"
                 "[" SCHEMA_KEY_CONNECTIONS "\\{AAAA}\\Connection]\n\"Name\"=\"Ethernet 2\"\n"
                 "[" SCHEMA_KEY_TCPIP_IFACES "\\{aaaa}]\n\"EnableDHCP\"=dword:1\n\"DhcpServer\"=\"10.0.0.254\"\n"
                 "\"LeaseObtainedTime\"=dword:685bdc47\n\"NameServer\"=\"\"\n\"DhcpNameServer\"=\"1.1.1.1 2.2.2.2\"\n");
        assert_int_equal(w.s.iface_count, 3);
        const struct settings_iface *iface = settings_iface_find(&w.s, "ethernet 2");
        assert_non_null(iface);
        assert_ptr_equal(iface, settings_iface_find(&w.s, "{aaaa}"));
        assert_int_equal(iface->wins_count, 2);
        assert_int_equal(iface->wins[0], 0x0A000001);
        assert_int_equal(iface->wins[1], 0x0A000002);
        assert_int_equal(iface->wins_origin, SETTINGS_STATIC);
        assert_true(iface->dhcp_wins_differ);
        assert_int_equal(iface->netbios_options.value, SETTINGS_NETBIOS_DISABLE);
        assert_true(iface->dhcp_known && iface->dhcp_enabled);
        assert_string_equal(iface->dhcp_server, "10.0.0.254");
        assert_string_equal(iface->name_servers, "1.1.1.1 2.2.2.2");
        assert_int_equal(iface->lease_obtained_s, 0x685bdc47);
        iface = settings_iface_find(&w.s, "ETH1");
        assert_int_equal(iface->wins_count, 1);
        assert_int_equal(iface->wins_origin, SETTINGS_DHCP);
        assert_int_equal(iface->netbios_options.value, SETTINGS_NETBIOS_DISABLE);
        assert_int_equal(iface->netbios_options.origin, SETTINGS_DHCP);
        iface = settings_iface_find(&w.s, "el59x1");
        assert_int_equal(iface->wins_count, 2);
        assert_int_equal(iface->wins[1], 0x0A010002);
        assert_null(settings_iface_find(&w.s, ""));
        assert_int_equal(w.s.complaint_count, 0);
        arena_done(&w.arena);
}

/* A static address; that of a lease, beside the 0.0.0.0 that Windows leaves; what DHCP left beside a static one is none. */
static void test_addresses(void **state)
{
        struct world w;

        (void)state;
        build(&w, V5 "[" SCHEMA_KEY_TCPIP_IFACES "\\{A}]\n\"EnableDHCP\"=dword:0\n\"DhcpIPAddress\"=\"10.0.0.9\"\n"
                     "\"IPAddress\"=hex(7):31,00,30,00,2e,00,30,00,2e,00,30,00,2e,00,31,00,00,00,\\\n"
                     "  31,00,30,00,2e,00,30,00,2e,00,30,00,2e,00,32,00,00,00,00,00\n"
                     "[" SCHEMA_KEY_TCPIP_IFACES "\\{B}]\n\"EnableDHCP\"=dword:1\n\"IPAddress\"=\"0.0.0.0\"\n"
                     "\"DhcpIPAddress\"=\"10.0.0.3\"\n");
        const struct settings_iface *fixed = settings_iface_find(&w.s, "{A}"),
                                    *leased = settings_iface_find(&w.s, "{B}");

        assert_non_null(fixed);
        assert_non_null(leased);
        assert_int_equal(fixed->address_count, 2);
        assert_int_equal(fixed->addresses[0], 0x0A000001);
        assert_int_equal(fixed->addresses[1], 0x0A000002);
        assert_int_equal(leased->address_count, 1);
        assert_int_equal(leased->addresses[0], 0x0A000003);
        arena_done(&w.arena);
}

/* Masks stand beside their addresses, or are not told; an adapter that Tcpip\Linkage does not list was taken out. */
static void test_masks_and_adapters_taken_out(void **state)
{
        static const char list[] =
                "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Linkage]\n"
                "\"Bind\"=hex(7):5c,00,44,00,65,00,76,00,69,00,63,00,65,00,5c,00,7b,00,61,00,7d,00,00,00,00,00\n";
        static const char both[] =
                "[" SCHEMA_KEY_TCPIP_IFACES "\\{A}]\n\"IPAddress\"=\"10.0.0.1\"\n\"SubnetMask\"=\"255.255.255.0\"\n"
                "[" SCHEMA_KEY_TCPIP_IFACES "\\{B}]\n\"EnableDHCP\"=dword:1\n\"DhcpIPAddress\"=\"10.0.0.3\"\n"
                "\"SubnetMask\"=\"255.0.0.0\"\n";
        char text[2048];
        struct world w;

        (void)state;
        (void)snprintf(text, sizeof text, V5 "%s%s", both, list);
        build(&w, text);
        assert_int_equal(settings_iface_find(&w.s, "{A}")->netmasks[0], 0xFFFFFF00);
        assert_false(settings_iface_find(&w.s, "{A}")->is_gone);
        assert_int_equal(settings_iface_find(&w.s, "{B}")->netmasks[0], 0);
        assert_true(settings_iface_find(&w.s, "{B}")->is_gone);
        arena_done(&w.arena);

        (void)snprintf(text, sizeof text, V5 "%s", both);
        build(&w, text);
        assert_false(settings_iface_find(&w.s, "{B}")->is_gone); /* nothing tells */
        arena_done(&w.arena);
}

static void test_bad_wins_addresses_have_their_events(void **state)
{
        static const struct {
                const char *text;
                uint16_t event_id;
        } rows[] = {{V5 IFACE
                     "\"NameServerList\"=hex(7):78,00,00,00,31,00,2e,00,31,00,2e,00,31,00,2e,00,31,00,00,00,00,00\n",
                     4305},
                    {V5 IFACE
                     "\"NameServerList\"=hex(7):31,00,2e,00,31,00,2e,00,31,00,2e,00,31,00,00,00,78,00,00,00,00,00\n",
                     4304},
                    {V5 "[" SCHEMA_KEY_NETBT_ADAPTERS "\\a]\n\"NameServer\"=\"1.2.3\"\n", 4305},
                    {V5 "[" SCHEMA_KEY_NETBT_ADAPTERS "\\a]\n\"NameServerBackup\"=\"1.2.3.256\"\n", 4304}};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct world w;
                build(&w, rows[i].text);
                assert_int_equal(w.s.complaint_count, 1);
                assert_int_equal(w.s.complaints[0].event_id, rows[i].event_id);
                assert_int_equal(w.s.ifaces[0].wins_count, i < 2);
                arena_done(&w.arena);
        }
}

static void test_nothing_is_ignored_without_a_word(void **state)
{
        struct world w;

        (void)state;
        build(&w, V5 NETBT
              "\"NbProvider\"=\"_tcp\"\n\"SessionKeepAlive\"=dword:36ee80\n\"Size/Small/Medium/Large\"=dword:1\n"
              "\"BcastQueryTimeot\"=dword:1\n\"EnableProxy\"=dword:1\n\"EnableProxyRegCheck\"=dword:1\n");
        assert_int_equal(w.s.complaint_count, 4);
        assert_int_equal(complaint_of(&w, "NbProvider")->level, SETTINGS_NOTE);
        assert_int_equal(complaint_of(&w, "SessionKeepAlive")->level, SETTINGS_NOTE);
        assert_int_equal(complaint_of(&w, "BcastQueryTimeot")->level, SETTINGS_WARNING);
        assert_null(complaint_of(&w, "EnableProxy"));
        assert_true(settings_has_faults(&w.s));
        char *line = settings_complaint_format(complaint_of(&w, "BcastQueryTimeot"), &w.arena);
        assert_string_equal(line,
                            "line 6: NetBT\\Parameters\\BcastQueryTimeot = 0x1: warning: no value of this name is "
                            "known here: it has no effect; is the name spelt right?");
        arena_done(&w.arena);
        build(&w, V5 NETBT "\"NbProvider\"=\"_tcp\"\n\"TransportBindName\"=\"\\\\Device\\\\\"\n");
        assert_false(settings_has_faults(&w.s));
        arena_done(&w.arena);
}

/* Each row of the schema can be set, and then either does something to the view or has a complaint. */
static void test_every_row_is_taken_or_complained_about(void **state)
{
        size_t count = 0;
        const struct schema_row *rows = schema_rows(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                char text[1024];
                struct world w;

                assert_non_null(rows[i].meaning);
                assert_non_null(rows[i].source);
                assert_int_equal(rows[i].effect == SCHEMA_EFFECT_TAKES, rows[i].reason == NULL);
                if (rows[i].effect == SCHEMA_EFFECT_TAKES)
                        continue;
                snprintf(text, sizeof(text), V5 "[%s]\n\"%s\"=%s\n", rows[i].key, rows[i].name,
                         rows[i].type == REG_TYPE_DWORD ? "dword:1" : "\"x\"");
                build(&w, text);
                if (!complaint_of(&w, rows[i].name))
                        fail_msg("%s is ignored without a word", rows[i].name);
                arena_done(&w.arena);
        }
}

static void test_defaults_of_the_schema_may_stand_there(void **state)
{
        struct arena arena = ARENA_INIT;
        size_t count = 0;
        const struct schema_row *rows = schema_rows(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                struct reg_value value;
                char number[16];
                assert_ptr_equal(
                        schema_find(rows[i].per_iface ? arena_printf(&arena, "%s\\x", rows[i].key) : rows[i].key,
                                    rows[i].name),
                        &rows[i]);
                if (rows[i].form != SCHEMA_FORM_NUMBER)
                        continue;
                snprintf(number, sizeof(number), "%u", rows[i].fallback);
                assert_int_equal(reg_value_parse(REG_TYPE_DWORD, number, NULL, &arena, &value), 0);
                assert_int_equal(schema_check(&rows[i], &value, &arena, NULL), 0);
        }
        assert_null(schema_find(SCHEMA_KEY_NETBT, "Nope"));
        assert_null(schema_find("nonsense", "NodeType"));
        assert_non_null(schema_find("HKLM\\system\\controlset001\\services\\netbt\\parameters\\", "nodetype"));
        arena_done(&arena);
}

static void test_own_values(void **state)
{
        struct world w;

        (void)state;
        build(&w, V5 OWN
              "\"Workgroup\"=\"OFFICE\"\n\"Users\"=hex(7):61,00,6e,00,6e,00,00,00,62,00,00,00,00,00\n"
              "\"EventStyle\"=\"modern\"\n\"BcastRegistrationInterval\"=dword:64\n\"ConflictRetryInterval\"=dword:0\n"
              "\"NodeStatusOffLink\"=dword:1\n");
        assert_int_equal(w.s.complaint_count, 0);
        assert_string_equal(w.s.workgroup.text, "OFFICE");
        assert_int_equal(w.s.user_count, 2);
        assert_string_equal(w.s.users[0], "ann");
        assert_string_equal(w.s.event_style.text, "modern");
        assert_int_equal(w.s.bcast_claim_interval_ms.value, 100);
        assert_int_equal(w.s.conflict_retry_ms.value, 0);
        assert_int_equal(w.s.status_off_link.value, 1);
        arena_done(&w.arena);
        build(&w, V5 OWN "\"Workgroup\"=\"SIXTEENLETTERSXX\"\n\"EventStyle\"=\"odd\"\n\"Typo\"=\"x\"\n");
        assert_int_equal(w.s.complaint_count, 3);
        assert_string_equal(w.s.workgroup.text, "WORKGROUP");
        assert_string_equal(w.s.event_style.text, "classic");
        arena_done(&w.arena);
}

static void test_host_names(void **state)
{
        struct hostname_comparison comparison;
        struct world w;

        (void)state;
        build(&w, V5 "[" SCHEMA_KEY_TCPIP "]\n\"Hostname\"=\"old-name\"\n\"NV Hostname\"=\"newname\"\n"
                     "[" SCHEMA_KEY_ACTIVE_NAME "]\n\"ComputerName\"=\"OLD-NAME\"\n"
                     "[" SCHEMA_KEY_COMPUTER_NAME "]\n\"ComputerName\"=\"newname\"\n");
        assert_string_equal(w.s.computer_name, "NEWNAME");
        assert_string_equal(w.s.host_names[HOSTNAME_TCPIP], "old-name");
        hostname_compare(w.s.host_names, "Old-Name", &comparison);
        assert_false(comparison.agree);
        assert_int_equal(comparison.verdict[HOSTNAME_TCPIP], HOSTNAME_SAME);
        assert_int_equal(comparison.verdict[HOSTNAME_ACTIVE], HOSTNAME_SAME);
        assert_int_equal(comparison.verdict[HOSTNAME_TCPIP_NV], HOSTNAME_DIFFERS);
        assert_int_equal(comparison.verdict[HOSTNAME_COMPUTER_NAME], HOSTNAME_DIFFERS);
        arena_done(&w.arena);
        build(&w, V5 "[" SCHEMA_KEY_TCPIP "]\n\"Hostname\"=\"a-name-of-18-bytes\"\n");
        assert_string_equal(w.s.computer_name, "A-NAME-OF-18-BY");
        assert_int_equal(complaint_of(&w, "Hostname")->level, SETTINGS_WARNING);
        hostname_compare(w.s.host_names, "a-name-of-18-bytes.example", &comparison);
        assert_true(comparison.agree);
        arena_done(&w.arena);
}

static void test_netbios_names(void **state)
{
        static const struct {
                const char *host, *name;
                bool cut;
        } rows[] = {{"ws1", "WS1", false},
                    {"ws1.corp.example", "WS1", false},
                    {"fifteen-letters", "FIFTEEN-LETTERS", false},
                    {"sixteen-letters1", "SIXTEEN-LETTERS", true},
                    {"\xC3\xA4x", "\xC3\xA4X", false},
                    {"", "", false}};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                char name[HOSTNAME_NETBIOS_BYTES];
                hostname_netbios(rows[i].host, name);
                assert_string_equal(name, rows[i].name);
                assert_int_equal(hostname_is_cut(rows[i].host), rows[i].cut);
        }
}

/* A file made to be tedious: the result stays bounded, and the last complaint says that there were more. */
static void test_hostile_file_stays_bounded(void **state)
{
        struct strbuf text = STRBUF_INIT;
        struct world w;

        (void)state;
        strbuf_add(&text, V5 NETBT);
        for (int i = 0; i < 1000; i++)
                strbuf_printf(&text, "\"x%d\"=\"y\"\n", i);
        for (int i = 0; i < 200; i++)
                strbuf_printf(&text, "[" SCHEMA_KEY_NETBT_IFACES "\\Tcpip_%d]\n\"NameServerList\"=\"10.0.0.%d\"\n", i,
                              i % 255);
        build(&w, strbuf_str(&text));
        assert_int_equal(w.s.complaint_count, SETTINGS_MAX_COMPLAINTS);
        assert_string_equal(w.s.complaints[SETTINGS_MAX_COMPLAINTS - 1].what, "more of the same");
        assert_int_equal(w.s.iface_count, SETTINGS_MAX_IFACES);
        arena_done(&w.arena);
        strbuf_done(&text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults),
                cmocka_unit_test(test_node_type),
                cmocka_unit_test(test_demand_has_three_states),
                cmocka_unit_test(test_ranges),
                cmocka_unit_test(test_scope),
                cmocka_unit_test(test_interfaces),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_masks_and_adapters_taken_out),
                cmocka_unit_test(test_bad_wins_addresses_have_their_events),
                cmocka_unit_test(test_nothing_is_ignored_without_a_word),
                cmocka_unit_test(test_every_row_is_taken_or_complained_about),
                cmocka_unit_test(test_defaults_of_the_schema_may_stand_there),
                cmocka_unit_test(test_own_values),
                cmocka_unit_test(test_host_names),
                cmocka_unit_test(test_netbios_names),
                cmocka_unit_test(test_hostile_file_stays_bounded),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
