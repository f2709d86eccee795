/* What DHCP tells, in the settings: written, hidden by static values, left over, taken back. */
#include "base/wr.h"
#include "dhcp/learnt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define P "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
#define HEAD "Windows Registry Editor Version 5.00\n"

static struct reg_doc *parse(const char *text)
{
        struct reg_doc *doc = NULL;
        struct reg_error error;

        if (reg_doc_parse(&doc, text, strlen(text), &error) < 0)
                fail_msg("line %u: %s", error.line, error.expected);
        return doc;
}

static char *text_of(const struct reg_doc *doc)
{
        struct strbuf sb = STRBUF_INIT;

        assert_int_equal(reg_doc_serialise(doc, &sb), 0);
        return strbuf_take(&sb);
}

/* ---- messages ----------------------------------------------------------------------------------------------------- */

static struct dhcp_learnt read_options(const void *options, size_t len, const char **ret_odd)
{
        const struct dhcp_message m = {
                .reply = true, .type = DHCP_ACK, .server = 1, .options = {rd_init(options, len)}};
        struct dhcp_learnt learnt;

        dhcp_learnt_read(&m, &learnt, ret_odd);
        return learnt;
}

static void test_options(void **state)
{
        static const uint8_t all[] = {44, 8, 10,  0,   0,   2,   10, 0,  0,  3, 45, 4, 10, 0, 0, 4, 46, 1, 8,
                                      47, 5, 'c', 'o', 'r', 'p', 0,  43, 10, 2, 0,  0, 1,  4, 0, 0, 0,  2, 255};
        const char *odd = "";

        (void)state;
        const struct dhcp_learnt l = read_options(all, sizeof all, &odd);
        assert_null(odd);
        assert_true(l.wins_count == 2 && l.wins[0] == 0x0A000002 && l.wins[1] == 0x0A000003 && l.nbdd_count == 1 &&
                    l.nbdd[0] == 0x0A000004);
        assert_true(l.node_type == 8 && strcmp(l.scope, "corp") == 0 && l.has_netbios && l.netbios == 2);
        const struct dhcp_learnt nothing = read_options("", 0, &odd);
        assert_null(odd);
        assert_true(nothing.wins_count == 0 && nothing.node_type == 0 && !nothing.scope[0] && !nothing.has_netbios);
        assert_true(dhcp_learnt_equal(&l, &l) && !dhcp_learnt_equal(&l, &nothing));
}

static void test_odd_options(void **state)
{
        static const struct {
                uint8_t bytes[10];
                size_t len;
                const char *odd;
        } rows[] = {
                {{44, 5, 10, 0, 0, 2, 9}, 7, "option 44"},
                {{44, 0}, 2, "option 44"},
                {{44, 4, 0, 0, 0, 0}, 6, "option 44"},
                {{45, 3, 1, 2, 3}, 5, "option 45"},
                {{46, 1, 3}, 3, "option 46"},
                {{46, 2, 8, 8}, 4, "option 46"},
                {{47, 3, 'a', '.', '.'}, 5, "option 47"},
                {{43, 3, 1, 4, 0}, 5, "option 43"},
                {{43, 2, 1, 0}, 4, NULL},
                {{46, 1, 1}, 3, NULL},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                const char *odd = NULL;
                const struct dhcp_learnt l = read_options(rows[i].bytes, rows[i].len, &odd);

                if (!odd != !rows[i].odd || (odd && strcmp(odd, rows[i].odd) != 0))
                        fail_msg("row %zu: %s", i, odd ? odd : "nothing odd");
                assert_true(!l.has_netbios && (i == 0 ? l.wins_count == 1 : l.wins_count == 0));
        }
}

/* ---- settings ----------------------------------------------------------------------------------------------------- */

static void test_apply(void **state)
{
        const struct dhcp_learnt told = {.wins_count = 2,
                                         .wins = {0x0A000002, 0x0A000003},
                                         .node_type = 8,
                                         .scope = "corp",
                                         .has_netbios = true,
                                         .netbios = 1};
        const struct dhcp_learnt other = {.wins_count = 1, .wins = {0x0A000005}};
        const struct dhcp_learnt nothing = {0};
        struct settings_effective s;
        struct arena arena = ARENA_INIT;
        struct reg_doc *doc = parse(HEAD "; kept\n");
        bool changed = false;

        (void)state;
        assert_int_equal(dhcp_learnt_apply(doc, "eth0", &told, &changed), 0);
        assert_true(changed);
        assert_int_equal(settings_effective_build(doc, &arena, &s), 0);
        assert_int_equal(s.complaint_count, 0);
        assert_true(s.node_type.value == 8 && s.node_type.origin == SETTINGS_DHCP && strcmp(s.scope.text, "corp") == 0);
        const struct settings_iface *iface = settings_iface_find(&s, "eth0");
        assert_true(iface && iface->wins_origin == SETTINGS_DHCP && iface->wins_count == 2 &&
                    iface->wins[1] == 0x0A000003);

        char *before = text_of(doc);
        assert_int_equal(dhcp_learnt_apply(doc, "eth0", &told, &changed), 0);
        char *after = text_of(doc);
        assert_false(changed);
        assert_string_equal(before, after);
        free(before);
        free(after);

        /* what another interface's server is silent about stays; the last one takes it along */
        assert_int_equal(dhcp_learnt_apply(doc, "eth1", &other, &changed), 0);
        struct reg_value value;
        assert_int_equal(reg_doc_find(doc, P "NetBT\\Parameters", "DhcpNodeType", &value), 0);
        assert_int_equal(dhcp_learnt_apply(doc, "eth1", &nothing, &changed), 0);
        assert_int_equal(reg_doc_find(doc, P "NetBT\\Parameters", "DhcpScopeId", &value), 0);
        assert_int_equal(dhcp_learnt_apply(doc, "eth0", &nothing, &changed), 0);
        assert_int_equal(reg_doc_find(doc, P "NetBT\\Parameters", "DhcpNodeType", &value), NBT_ERR_NOT_FOUND);
        assert_int_equal(reg_doc_find(doc, P "NetBT\\Parameters", "DhcpScopeId", &value), NBT_ERR_NOT_FOUND);
        char *end = text_of(doc);
        assert_non_null(strstr(end, "; kept"));
        free(end);
        reg_doc_free(doc);
        arena_done(&arena);
}

static void test_list(void **state)
{
        static const char text[] = HEAD
                "[" P "NetBT\\Parameters]\n"
                "\"NodeType\"=dword:00000008\n\"DhcpNodeType\"=dword:00000001\n\"DhcpScopeId\"=\"corp\"\n\"DhcpOther\"="
                "\"x\"\n"
                "[" P "NetBT\\Parameters\\Interfaces\\Tcpip_{A}]\n"
                "\"NameServerList\"=hex(7):00,00\n\"DhcpNameServerList\"=hex(7):31,00,2e,00,32,00,2e,00,33,00,2e,00,34,"
                "00,00,00,00,00\n"
                "\"NetbiosOptions\"=dword:00000000\n\"DhcpNetbiosOptions\"=dword:00000000\n"
                "[" P "NetBT\\Parameters\\Interfaces\\Tcpip_{B}]\n"
                "\"NameServerList\"=\"1.1.1.1\"\n\"DhcpNameServerList\"=\"2.2.2.2\"\n"
                "[" P "NetBT\\Parameters\\Interfaces\\Tcpip_{C}]\n"
                "\"DhcpNameServerList\"=\"3.3.3.3\"\n"
                "[" P "Tcpip\\Parameters\\Interfaces\\{A}]\n\"EnableDHCP\"=dword:00000000\n\"DhcpServer\"=\"9.9.9.9\"\n"
                "[" P "Tcpip\\Parameters\\Interfaces\\{B}]\n\"EnableDHCP\"=dword:00000000\n"
                "[" P "Tcpip\\Parameters\\Interfaces\\{C}]\n\"EnableDHCP\"=dword:00000001\n";
        static const char expected[] = "-:DhcpNodeType=0x1:hidden NodeType\n"
                                       "-:DhcpScopeId=corp:in use\n"
                                       "{A}:DhcpNameServerList=1.2.3.4:left over and in use\n"
                                       "{B}:DhcpNameServerList=2.2.2.2:left over NameServerList\n"
                                       "{C}:DhcpNameServerList=3.3.3.3:in use\n"
                                       "{A}:DhcpServer=9.9.9.9:left over\n";
        struct arena arena = ARENA_INIT;
        struct strbuf out = STRBUF_INIT;
        struct reg_doc *doc = parse(text);
        const struct dhcp_setting *rows = NULL;
        size_t count = 0;

        (void)state;
        assert_int_equal(dhcp_settings_list(doc, &arena, &rows, &count), 0);
        for (size_t i = 0; i < count; i++)
                strbuf_printf(&out, "%s:%s=%s:%s%s%s\n", *rows[i].iface ? rows[i].iface : "-", rows[i].name,
                              rows[i].text, dhcp_use_str(rows[i].use), rows[i].above ? " " : "",
                              rows[i].above ? rows[i].above : "");
        assert_string_equal(strbuf_str(&out), expected);
        assert_int_equal(dhcp_settings_list(NULL, &arena, &rows, &count), 0);
        assert_int_equal(count, 0);
        reg_doc_free(doc);
        strbuf_done(&out);
        arena_done(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_options), cmocka_unit_test(test_odd_options),
                                           cmocka_unit_test(test_apply), cmocka_unit_test(test_list)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
