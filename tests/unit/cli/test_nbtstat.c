/* nbtstat's layouts against golden text: headings and columns are what scripts parse. */
#include "cli/nbtstat_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* cmocka wants those four first */
#include <cmocka.h>

#define IFACE_A 7
#define IFACE_B 9

static const struct node_iface ifaces[] = {
        {.id = IFACE_A, .label = "Ethernet 2", .address = 0xC0A8970A, .netmask = 0xFFFFFF00},
        {.id = IFACE_B, .label = "eth1", .address = 0x0A4D0002, .netmask = 0xFFFFFF00},
};

/* __MSBROWSE__ with its three control bytes, as every master browser has it */
static const struct nb_name msbrowse = {{1, 2, '_', '_', 'M', 'S', 'B', 'R', 'O', 'W', 'S', 'E', '_', '_', 2, 1}};

static char *text;
static size_t text_bytes;

static FILE *begin(void)
{
        FILE *out = open_memstream(&text, &text_bytes);

        assert_non_null(out);
        return out;
}

static void end(FILE *out, const char *expected)
{
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, expected);
        free(text);
        text = NULL;
}

static struct node_view_name row(const char *name, uint8_t suffix, enum node_name_kind kind, enum node_name_state state)
{
        return (struct node_view_name){
                .name = nb_name_make(name, suffix), .kind = kind, .state = state, .iface_id = IFACE_A};
}

static void test_names_of_the_article(void **state)
{
        const struct node_view_name names[] = {
                row("NAIVE", 0x00, NODE_NAME_GROUP, NODE_STATE_REGISTERED),
                row("NAIVE-DC1", 0x00, NODE_NAME_UNIQUE, NODE_STATE_CONFLICT),
                row("NAIVE", 0x1C, NODE_NAME_GROUP, NODE_STATE_REGISTERED),
                row("NAIVE-DC1", 0x20, NODE_NAME_UNIQUE, NODE_STATE_CONFLICT),
                row("DESKTOP-QV3PI9M", 0x1B, NODE_NAME_UNIQUE, NODE_STATE_RELEASED),
        };
        const struct node_view view = {.iface_count = 2, .ifaces = ifaces, .name_count = 5, .names = names};
        FILE *out = begin();

        (void)state;
        nbtstat_print_names(out, &view, (struct nbtstat_style){0});
        end(out, "\n"
                 "Ethernet 2:\n"
                 "Node IpAddress: [192.168.151.10] Scope Id: []\n"
                 "\n"
                 "                NetBIOS Local Name Table\n"
                 "\n"
                 "       Name               Type         Status\n"
                 "    ---------------------------------------------\n"
                 "    NAIVE          <00>  GROUP       Registered\n"
                 "    NAIVE-DC1      <00>  UNIQUE      Conflict\n"
                 "    NAIVE          <1C>  GROUP       Registered\n"
                 "    NAIVE-DC1      <20>  UNIQUE      Conflict\n"
                 "    DESKTOP-QV3PI9M<1B>  UNIQUE      Released\n"
                 "\n"
                 "eth1:\n"
                 "Node IpAddress: [10.77.0.2] Scope Id: []\n"
                 "\n"
                 "    No names in cache\n");
}

static void test_unprintable_bytes_raw_and_colour(void **state)
{
        struct node_view_name name = row("", 0, NODE_NAME_GROUP, NODE_STATE_CONFLICT);
        const struct node_view view = {.iface_count = 1, .ifaces = ifaces, .name_count = 1, .names = &name};

        (void)state;
        name.name = msbrowse;
        FILE *out = begin();
        nbtstat_print_names(out, &view, (struct nbtstat_style){.colour = true});
        fclose(out);
        assert_non_null(strstr(text, "    ..__MSBROWSE__.<01>  GROUP       \033[1;31mConflict\033[0m\n"));
        free(text);
        out = begin();
        nbtstat_print_names(out, &view, (struct nbtstat_style){.raw = true});
        fclose(out);
        assert_non_null(strstr(text, "    \001\002__MSBROWSE__\002<01>  GROUP       Conflict\n"));
        free(text);
}

static void test_scope_is_shown(void **state)
{
        struct node_view view = {.iface_count = 1, .ifaces = ifaces};
        FILE *out = begin();

        (void)state;
        assert_int_equal(nb_scope_parse("corp.example", &view.scope), 0);
        nbtstat_print_sessions(out, &view);
        end(out, "\nEthernet 2:\nNode IpAddress: [192.168.151.10] Scope Id: [corp.example]\n\n    No Connections\n");
}

static void test_cache(void **state)
{
        const struct node_view_cache cache[] = {
                {nb_name_make("DC01", 0x20), NODE_NAME_UNIQUE, 1, 0xC0A8970B, 450},
                {nb_name_make("FAR", 0x1C), NODE_NAME_GROUP, 2, 0x08080808, -1},
                {nb_name_make("NEAR", 0x00), NODE_NAME_UNIQUE, 1, 0x0A4D0003, 600},
        };
        const struct node_view view = {.iface_count = 2, .ifaces = ifaces, .cache_count = 3, .cache = cache};
        FILE *out = begin();

        (void)state;
        nbtstat_print_cache(out, &view, (struct nbtstat_style){0});
        end(out, "\n"
                 "Ethernet 2:\n"
                 "Node IpAddress: [192.168.151.10] Scope Id: []\n"
                 "\n"
                 "                  NetBIOS Remote Cache Name Table\n"
                 "\n"
                 "        Name              Type       Host Address    Life [sec]\n"
                 "    ------------------------------------------------------------\n"
                 "    DC01           <20>  UNIQUE          192.168.151.11      450\n"
                 "    FAR            <1C>  GROUP           8.8.8.8             -1\n"
                 "\n"
                 "eth1:\n"
                 "Node IpAddress: [10.77.0.2] Scope Id: []\n"
                 "\n"
                 "                  NetBIOS Remote Cache Name Table\n"
                 "\n"
                 "        Name              Type       Host Address    Life [sec]\n"
                 "    ------------------------------------------------------------\n"
                 "    NEAR           <00>  UNIQUE          10.77.0.3           600\n");
}

static void test_empty_cache(void **state)
{
        const struct node_view view = {.iface_count = 1, .ifaces = ifaces};
        FILE *out = begin();

        (void)state;
        nbtstat_print_cache(out, &view, (struct nbtstat_style){0});
        end(out, "\nEthernet 2:\nNode IpAddress: [192.168.151.10] Scope Id: []\n\n    No names in cache\n");
}

static void test_resolved(void **state)
{
        const struct nb_name recent[] = {nb_name_make("YAZPISTACHIO", 0x00)};
        struct node_view view = {.statistics = {.resolved_by_broadcast = 47, .registered_by_broadcast = 8}};
        FILE *out = begin();

        (void)state;
        nbtstat_print_resolved(out, &view, (struct nbtstat_style){0});
        end(out, "\n"
                 "    NetBIOS Names Resolution and Registration Statistics\n"
                 "    ----------------------------------------------------\n"
                 "\n"
                 "    Resolved By Broadcast     = 47\n"
                 "    Resolved By Name Server   = 0\n"
                 "\n"
                 "    Registered By Broadcast   = 8\n"
                 "    Registered By Name Server = 0\n");
        view.recent_broadcast_count = 1;
        view.recent_broadcast = recent;
        out = begin();
        nbtstat_print_resolved(out, &view, (struct nbtstat_style){0});
        fclose(out);
        assert_non_null(strstr(text, "= 0\n"
                                     "\n"
                                     "    NetBIOS Names Resolved By Broadcast\n"
                                     "    ---------------------------------------------\n"
                                     "            YAZPISTACHIO   <00>\n"));
        free(text);
}

static const struct nbstat_table remote_table = {
        .count = 3,
        .entries = {{{"DC2019         "}, NBSTAT_ACTIVE},
                    {{"OFFSEC         "}, NBSTAT_ACTIVE | NBSTAT_GROUP},
                    {{"DC2019         \x20"}, NBSTAT_ACTIVE | NBSTAT_CONFLICT}},
        .statistics.unit_id = {0x68, 0xAA, 0xCC, 0xDD, 0xEE, 0x12},
};

static void test_remote(void **state)
{
        const struct nb_scope scope = {0};
        struct nbtstat_remote remote = {"Ethernet", 0x0A0A0A0A, &scope, &remote_table};
        FILE *out = begin();

        (void)state;
        nbtstat_print_remote(out, &remote, (struct nbtstat_style){0});
        end(out, "\n"
                 "Ethernet:\n"
                 "Node IpAddress: [10.10.10.10] Scope Id: []\n"
                 "\n"
                 "           NetBIOS Remote Machine Name Table\n"
                 "\n"
                 "       Name               Type         Status\n"
                 "    ---------------------------------------------\n"
                 "    DC2019         <00>  UNIQUE      Registered\n"
                 "    OFFSEC         <00>  GROUP       Registered\n"
                 "    DC2019         <20>  UNIQUE      Conflict\n"
                 "\n"
                 "    MAC Address = 68-AA-CC-DD-EE-12\n");
        remote.table = NULL;
        out = begin();
        nbtstat_print_remote(out, &remote, (struct nbtstat_style){0});
        end(out, "\nEthernet:\nNode IpAddress: [10.10.10.10] Scope Id: []\n\n    Host not found.\n");
}

static void expect_json(json_t *json, const char *expected)
{
        char *got = json_dumps(json, JSON_COMPACT);

        assert_non_null(got);
        assert_string_equal(got, expected);
        free(got);
        json_decref(json);
}

/* Keys and words are a promise to scripts. */
static void test_json(void **state)
{
        const struct nb_scope scope = {0};
        struct nbtstat_remote remote = {"eth0", 0x0A0A0A0A, &scope, &remote_table};
        struct node_view_name name = row("FILESRV", 0x20, NODE_NAME_UNIQUE, NODE_STATE_CONFLICT);
        const struct node_view_cache cache = {nb_name_make("DC01", 0x20), NODE_NAME_UNIQUE, 1, 0xC0A8970B, -1};
        const struct nb_name recent = nb_name_make("A", 0);
        const struct node_view view = {
                .iface_count = 1,
                .ifaces = ifaces,
                .name_count = 1,
                .names = &name,
                .cache_count = 1,
                .cache = &cache,
                .recent_broadcast_count = 1,
                .recent_broadcast = &recent,
                .statistics = {.resolved_by_wins = 3},
        };

        (void)state;
        name.conflict_peer = 0x0A4D0003;
        expect_json(nbtstat_json_names(&view),
                    "[{\"interface\":\"Ethernet 2\",\"address\":\"192.168.151.10\",\"scope\":\"\",\"names\":[{\"name\":"
                    "\"FILESRV\",\"suffix\":\"20\",\"bytes\":\"46494c4553525620202020202020202"
                    "0\",\"type\":\"unique\",\"status\":\"conflict\",\"service\":\"File Server\",\"conflict_peer\":"
                    "\"10.77.0.3\"}]}]");
        json_t *json = nbtstat_json_cache(&view);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "address")), "192.168.151.11");
        assert_int_equal(json_integer_value(json_object_get(json_array_get(json, 0), "life_s")), -1);
        assert_string_equal(json_string_value(json_object_get(json_array_get(json, 0), "interface")), "Ethernet 2");
        json_decref(json);
        expect_json(nbtstat_json_resolved(&view),
                    "{\"resolved_by_broadcast\":0,\"resolved_by_name_server\":3,\"registered_by_broadcast\":0,"
                    "\"registered_by_name_server\":0,\"names_resolved_by_broadcast\":[{\"name\":\"A\",\"suffix\":"
                    "\"00\",\"bytes\":\"41202020202020202020202020202000\"}]}");
        json = nbtstat_json_remote(&remote);
        assert_true(json_is_true(json_object_get(json, "found")));
        assert_string_equal(json_string_value(json_object_get(json, "computer")), "DC2019");
        assert_string_equal(json_string_value(json_object_get(json, "mac")), "68-AA-CC-DD-EE-12");
        assert_int_equal(json_array_size(json_object_get(json, "names")), 3);
        json_decref(json);
        remote.table = NULL;
        expect_json(nbtstat_json_remote(&remote),
                    "{\"interface\":\"eth0\",\"address\":\"10.10.10.10\",\"scope\":\"\",\"found\":false}");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names_of_the_article),
                cmocka_unit_test(test_unprintable_bytes_raw_and_colour),
                cmocka_unit_test(test_scope_is_shown),
                cmocka_unit_test(test_cache),
                cmocka_unit_test(test_empty_cache),
                cmocka_unit_test(test_resolved),
                cmocka_unit_test(test_remote),
                cmocka_unit_test(test_json),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
