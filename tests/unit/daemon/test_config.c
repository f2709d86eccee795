/* netbtd's configuration: switches > settings > DHCP > defaults, and the same defaults on both sides. */
#include "daemon/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define V5 "Windows Registry Editor Version 5.00\n"
#define SERVICES "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
#define NETBT SERVICES "NetBT\\Parameters]\n"
#define OWN "[HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt]\n"

struct world {
        struct arena arena;
        struct settings_effective settings;
        struct daemon_switches switches;
        struct daemon_config config;
        struct strbuf error;
};

/* ARGS: words apart by blanks; kept until the world ends, since the switches point into them. */
static int parse(struct world *w, const char *args)
{
        char *words = arena_printf(&w->arena, "netbtd %s", args);
        char **argv = arena_alloc(&w->arena, 64 * sizeof(*argv));
        int argc = 0;

        for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
                argv[argc++] = word;
        return daemon_switches_parse(&DAEMON_NETBTD, argc, argv, &w->switches, &w->error);
}

static void build(struct world *w, const char *text, const char *args, const char *host)
{
        struct reg_doc *doc = NULL;
        struct reg_error error;

        *w = (struct world){0};
        assert_int_equal(reg_doc_parse(&doc, text, strlen(text), &error), 0);
        assert_int_equal(settings_effective_build(doc, &w->arena, &w->settings), 0);
        reg_doc_free(doc);
        assert_int_equal(parse(w, args), 0);
        assert_int_equal(daemon_config_build(&w->settings, &w->switches, host, &w->config, &w->error), 0);
}

static void done(struct world *w)
{
        strbuf_done(&w->error);
        arena_done(&w->arena);
}

static void test_defaults_are_the_nodes_own(void **state)
{
        const struct node_timing timing = NODE_TIMING_DEFAULT;
        const struct node_config plain = node_config_default();
        struct world w;

        (void)state;
        build(&w, V5, "", "box.example");
        assert_memory_equal(&w.config.node.timing, &timing, sizeof(timing));
        assert_int_equal(w.config.node.type, NODE_TYPE_B);
        assert_int_equal(w.config.node.name_server_port, plain.name_server_port);
        assert_int_equal(w.config.node.refresh_opcode, plain.refresh_opcode);
        assert_int_equal(w.config.node.demand_policy, plain.demand_policy);
        assert_int_equal(w.config.node.lmhosts_enabled, plain.lmhosts_enabled);
        assert_int_equal(w.config.node.dns_enabled, plain.dns_enabled);
        assert_int_equal(w.config.node.status_off_link, false);
        assert_string_equal(w.config.node.computer, "BOX");
        assert_string_equal(w.config.node.workgroup, "WORKGROUP");
        assert_string_equal(w.switches.config_path, "/etc/netbt/netbt.reg");
        assert_false(w.switches.config_given);
        done(&w);
}

static const struct {
        const char *text, *args;
        enum node_type type;
} types[] = {
        {V5, "", NODE_TYPE_B},
        {V5, "-w 10.0.0.1", NODE_TYPE_H},
        {V5, "-w 10.0.0.1 -t b", NODE_TYPE_B},
        {V5 NETBT "\"NodeType\"=dword:2\n", "", NODE_TYPE_P},
        {V5 NETBT "\"NodeType\"=dword:2\n", "-w 10.0.0.1", NODE_TYPE_P},
        {V5 NETBT "\"NodeType\"=dword:2\n", "-t M", NODE_TYPE_M},
        {V5 NETBT "\"DhcpNodeType\"=dword:4\n", "-w 10.0.0.1", NODE_TYPE_M},
        {V5 OWN "\"NameServerList\"=\"10.0.0.1\"\n", "", NODE_TYPE_H},
};

static void test_node_type_precedence(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(types); i++) {
                struct world w;
                build(&w, types[i].text, types[i].args, "h");
                assert_int_equal(w.config.node.type, types[i].type);
                done(&w);
        }
}

static void test_names_precedence(void **state)
{
        static const char file[] =
                V5 OWN "\"Workgroup\"=\"office\"\n\"Users\"=hex(7):61,00,6e,00,6e,00,00,00,00,00\n" NETBT
                       "\"ScopeId\"=\"s.t\"\n" SERVICES "Tcpip\\Parameters]\n\"Hostname\"=\"filehost\"\n";
        struct world w;

        (void)state;
        build(&w, file, "", "machine");
        assert_string_equal(w.config.node.computer, "FILEHOST");
        assert_string_equal(w.config.node.workgroup, "OFFICE");
        assert_int_equal(w.config.node.user_count, 1);
        assert_string_equal(w.config.node.users[0], "ANN");
        assert_int_equal(w.config.node.scope.len_bytes, 3);
        done(&w);
        build(&w, file, "-n cmd -g grp -u bob -u eve --scope *", "machine");
        assert_string_equal(w.config.node.computer, "CMD");
        assert_string_equal(w.config.node.workgroup, "GRP");
        assert_int_equal(w.config.node.user_count, 2);
        assert_string_equal(w.config.node.users[1], "EVE");
        assert_int_equal(w.config.node.scope.len_bytes, 0);
        done(&w);
        build(&w, V5, "", "a-machine-of-long-name.example");
        assert_string_equal(w.config.node.computer, "A-MACHINE-OF-LO");
        assert_true(w.config.name_was_cut);
        done(&w);
}

static void test_all_values_reach_the_node(void **state)
{
        struct world w;

        (void)state;
        build(&w,
              V5 NETBT
              "\"BcastNameQueryCount\"=dword:4\n\"BcastQueryTimeout\"=dword:65\n\"CacheTimeout\"=dword:ea61\n"
              "\"NameServerPort\"=dword:471\n\"NameSrvQueryCount\"=dword:5\n\"NameSrvQueryTimeout\"=dword:66\n"
              "\"InitialRefreshT.O.\"=dword:ea601\n\"LmhostsTimeout\"=dword:3e9\n\"WinsDownTimeout\"=dword:3ea\n"
              "\"NoNameReleaseOnDemand\"=dword:1\n\"EnableLMHOSTS\"=dword:0\n\"EnableDns\"=dword:1\n"
              "\"RandomAdapter\"=dword:1\n\"SingleResponse\"=dword:1\n\"RefreshOpCode\"=dword:9\n"
              "\"BroadcastAddress\"=dword:0b650000\n" OWN
              "\"BcastRegistrationInterval\"=dword:64\n\"BcastRegistrationCount\"=dword:2\n"
              "\"ConflictRetryInterval\"=dword:5\n\"ConflictRetryCount\"=dword:6\n\"NodeStatusOffLink\"=dword:1\n"
              "\"EventStyle\"=\"modern\"\n",
              "", "h");
        const struct node_timing timing = {.bcast_claim_interval_ms = 100,
                                           .bcast_claim_count = 2,
                                           .bcast_query_count = 4,
                                           .bcast_query_timeout_ms = 101,
                                           .name_srv_query_count = 5,
                                           .name_srv_query_timeout_ms = 102,
                                           .cache_timeout_ms = 60001,
                                           .initial_refresh_ms = 960001,
                                           .wins_down_timeout_ms = 1002,
                                           .lmhosts_timeout_ms = 1001,
                                           .conflict_retry_ms = 5,
                                           .conflict_retry_count = 6};
        struct node_iface iface = {.broadcast = 1};
        assert_memory_equal(&w.config.node.timing, &timing, sizeof(timing));
        assert_int_equal(w.config.node.name_server_port, 1137);
        assert_int_equal(w.config.node.demand_policy, NODE_DEMAND_WINS_ONLY);
        assert_false(w.config.node.lmhosts_enabled);
        assert_true(w.config.node.dns_enabled && w.config.node.random_adapter && w.config.node.single_response);
        assert_true(w.config.node.status_off_link && w.config.event_style_modern);
        assert_int_equal(w.config.node.refresh_opcode, 9);
        daemon_config_iface(&w.config, "eth0", NULL, &iface);
        assert_int_equal(iface.broadcast, 0x0B650000);
        done(&w);
}

static void test_interfaces(void **state)
{
        static const char file[] =
                V5 OWN "\"NameServerList\"=\"10.0.0.9\"\n" SERVICES
                       "NetBT\\Parameters\\Interfaces\\Tcpip_eth0]\n\"NameServerList\"=\"10.0.0.1 10.0.0.2\"\n" SERVICES
                       "NetBT\\Parameters\\Interfaces\\Tcpip_{G}]\n\"NetbiosOptions\"=dword:2\n";
        const char *const devices[] = {"ETH0", "eth1"};
        const char *id = NULL;
        struct node_iface iface = {.broadcast = 7};
        struct world w;

        (void)state;
        build(&w, file, "", "h");
        daemon_config_iface(&w.config, "eth0", NULL, &iface);
        assert_true(iface.netbios_enabled);
        assert_int_equal(iface.wins_count, 2);
        assert_int_equal(iface.wins[1], 0x0A000002);
        assert_int_equal(iface.broadcast, 7);
        daemon_config_iface(&w.config, "eth1", "{g}", &iface);
        assert_false(iface.netbios_enabled);
        assert_int_equal(iface.wins_count, 1);
        assert_int_equal(iface.wins[0], 0x0A000009);
        assert_true(daemon_config_unmatched(&w.config, devices, 2, &id));
        assert_string_equal(id, "{G}");
        assert_true(daemon_config_wants(&w.config, "eth0", 0x0A4D0002));
        assert_false(daemon_config_wants(&w.config, "lo", 0x7F000001));
        done(&w);
        build(&w, file, "-w 10.0.0.5 -i eth1 -i 10.77.0.2 -i lo", "h");
        daemon_config_iface(&w.config, "eth0", NULL, &iface);
        assert_int_equal(iface.wins_count, 1);
        assert_int_equal(iface.wins[0], 0x0A000005);
        assert_true(daemon_config_wants(&w.config, "eth1", 1));
        assert_true(daemon_config_wants(&w.config, "eth0", 0x0A4D0002));
        assert_false(daemon_config_wants(&w.config, "eth0", 0x0A4D0003));
        assert_true(daemon_config_wants(&w.config, "lo", 0x7F000001));
        done(&w);
}

static void test_wrong_switches_are_told(void **state)
{
        static const struct {
                const char *args, *says;
        } rows[] = {{"-t x", "node type"},         {"-w 10.0.0", "WINS"},         {"-w", "argument"},
                    {"-q", "no such switch"},      {"--nope", "no such switch"},  {"word", "no arguments"},
                    {"-n sixteen-letters1", "15"}, {"-u sixteen-letters1", "15"}, {"-g sixteen-letters1", "15"}};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct world w = {0};
                assert_true(parse(&w, rows[i].args) < 0);
                if (!strstr(strbuf_str(&w.error), rows[i].says))
                        fail_msg("%s: %s", rows[i].args, strbuf_str(&w.error));
                done(&w);
        }
}

static void test_bounds_of_switches(void **state)
{
        struct strbuf args = STRBUF_INIT;
        struct world w = {0};

        (void)state;
        for (int i = 0; i < NODE_MAX_USERS + 1; i++)
                strbuf_printf(&args, "-u u%d ", i);
        assert_int_equal(parse(&w, strbuf_str(&args)), NBT_ERR_RANGE);
        done(&w);
        w = (struct world){0};
        strbuf_reset(&args);
        for (int i = 0; i < NODE_MAX_WINS + 1; i++)
                strbuf_printf(&args, "-w 10.0.0.%d ", i + 1);
        assert_int_equal(parse(&w, strbuf_str(&args)), NBT_ERR_RANGE);
        done(&w);
        strbuf_done(&args);
}

static void test_scope_switch_is_checked(void **state)
{
        struct world w;

        (void)state;
        build(&w, V5, "--scope good", "h");
        w.switches.scope = "a..b";
        assert_true(daemon_config_build(&w.settings, &w.switches, "h", &w.config, &w.error) < 0);
        assert_non_null(strstr(strbuf_str(&w.error), "scope"));
        done(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults_are_the_nodes_own),
                cmocka_unit_test(test_node_type_precedence),
                cmocka_unit_test(test_names_precedence),
                cmocka_unit_test(test_all_values_reach_the_node),
                cmocka_unit_test(test_interfaces),
                cmocka_unit_test(test_wrong_switches_are_told),
                cmocka_unit_test(test_bounds_of_switches),
                cmocka_unit_test(test_scope_switch_is_checked),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
