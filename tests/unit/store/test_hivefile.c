/* Hives made here: a bare one byte by byte, its keys and values by libhivex. */
#include "../eventlog/unit.h"

#include "settings/effective.h"
#include "store/hivefile.h"

#include <hivex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[64];
static uint8_t bare[0x2000];

static void put32(size_t at, uint32_t value)
{
        for (size_t i = 0; i < 4; i++)
                bare[at + i] = (uint8_t)(value >> 8 * i);
}

/* Header, one page with the root key, its security, and room. */
static void make_bare(void)
{
        uint32_t sum = 0;

        memset(bare, 0, sizeof bare);
        memcpy(bare, "regf", 4);
        put32(4, 1);
        put32(8, 1);
        put32(20, 1);
        put32(24, 3);
        put32(32, 1);
        put32(36, 0x20);
        put32(40, 0x1000);
        put32(44, 1);
        for (size_t i = 0; i < 0x1FC; i += 4)
                sum ^= (uint32_t)bare[i] | (uint32_t)bare[i + 1] << 8 | (uint32_t)bare[i + 2] << 16 |
                       (uint32_t)bare[i + 3] << 24;
        put32(0x1FC, sum);
        memcpy(bare + 0x1000, "hbin", 4);
        put32(0x1008, 0x1000);
        put32(0x1020, (uint32_t)-88);
        memcpy(bare + 0x1024, "nk\x2c", 3);
        put32(0x1020 + 20, UINT32_MAX);
        put32(0x1020 + 32, UINT32_MAX);
        put32(0x1020 + 36, UINT32_MAX);
        put32(0x1020 + 44, UINT32_MAX);
        put32(0x1020 + 48, 0x78);
        put32(0x1020 + 52, UINT32_MAX);
        put32(0x1020 + 76, 4);
        memcpy(bare + 0x1020 + 80, "root", 4);
        put32(0x1078, (uint32_t)-32);
        memcpy(bare + 0x107C, "sk", 2);
        put32(0x1078 + 8, 0x78);
        put32(0x1078 + 12, 0x78);
        put32(0x1078 + 16, 1);
        put32(0x1078 + 20, 8);
        put32(0x1098, 0x1000 - 0x98);
}

static void write_file(const void *bytes, size_t len)
{
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
}

static hive_node_h make_key(hive_h *hive, const char *key)
{
        hive_node_h node = hivex_root(hive);
        char part[64];

        for (const char *at = key; *at;) {
                const size_t len = strcspn(at, "\\");

                (void)snprintf(part, sizeof part, "%.*s", (int)len, at);
                hive_node_h child = hivex_node_get_child(hive, node, part);
                if (!child)
                        child = hivex_node_add_child(hive, node, part);
                assert_true(child != 0);
                node = child;
                at += len + (at[len] == '\\');
        }
        return node;
}

static void set_dword(hive_h *hive, const char *key, const char *name, uint32_t number)
{
        char bytes[4] = {(char)number, (char)(number >> 8), (char)(number >> 16), (char)(number >> 24)};
        const hive_set_value value = {(char *)(uintptr_t)name, hive_t_REG_DWORD, 4, bytes};

        assert_int_equal(hivex_node_set_value(hive, make_key(hive, key), &value, 0), 0);
}

/* TEXT of LEN bytes as UTF-16LE, with the NUL behind it. */
static void set_text(hive_h *hive, const char *key, const char *name, hive_type type, const char *text, size_t len)
{
        char wide[256] = "";

        for (size_t i = 0; i < len; i++)
                wide[2 * i] = text[i];
        const hive_set_value value = {(char *)(uintptr_t)name, type, 2 * len + 2, wide};

        assert_int_equal(hivex_node_set_value(hive, make_key(hive, key), &value, 0), 0);
}

#define NAME_KEY "Control\\ComputerName\\ComputerName"
#define NETBT "Services\\NetBT\\Parameters"

/* Two control sets that differ; CURRENT is the one in use. */
static void make_hive(uint32_t current)
{
        make_bare();
        write_file(bare, sizeof bare);
        hive_h *hive = hivex_open(path, HIVEX_OPEN_WRITE);

        assert_non_null(hive);
        set_dword(hive, "Select", "Current", current);
        set_text(hive, "ControlSet001\\" NAME_KEY, "ComputerName", hive_t_REG_SZ, "FIRST", 5);
        set_text(hive, "ControlSet002\\" NAME_KEY, "ComputerName", hive_t_REG_SZ, "SECOND", 6);
        set_dword(hive, "ControlSet002\\" NETBT, "NodeType", 8);
        set_text(hive, "ControlSet002\\" NETBT "\\Interfaces\\Tcpip_{A}", "NameServerList", hive_t_REG_MULTI_SZ,
                 "10.0.0.1\0"
                 "10.0.0.2\0",
                 18);
        set_text(hive, "ControlSet002\\Services\\Other", "Secret", hive_t_REG_SZ, "x", 1);
        assert_int_equal(hivex_commit(hive, NULL, 0), 0);
        assert_int_equal(hivex_close(hive), 0);
}

static int load(struct arena *arena, struct reg_doc **ret, struct hive_report *report, char why[160])
{
        struct strbuf sb = STRBUF_INIT;
        const int r = hivefile_load(path, arena, ret, report, &sb);

        (void)snprintf(why, 160, "%s", strbuf_str(&sb));
        strbuf_done(&sb);
        return r;
}

#define CCS "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\"

static void test_current_set(void **state)
{
        struct arena arena = ARENA_INIT;
        struct settings_effective settings;
        struct hive_report report;
        struct reg_doc *doc;
        struct reg_value value;
        size_t pos = 0;
        char why[160];

        (void)state;
        make_hive(2);
        assert_int_equal(load(&arena, &doc, &report, why), 0);
        assert_int_equal(report.control_set, 2);
        assert_int_equal(report.unreadable_count, 0);
        assert_int_equal(report.value_count, 3);
        assert_int_equal(reg_doc_find(doc, CCS NAME_KEY, "ComputerName", &value), 0);
        assert_string_equal((const char *)value.data, "SECOND");
        assert_int_equal(value.len_bytes, 6);
        assert_int_equal(reg_doc_find(doc, CCS NETBT "\\Interfaces\\Tcpip_{A}", "NameServerList", &value), 0);
        assert_string_equal(reg_value_next(&value, &pos), "10.0.0.1");
        assert_string_equal(reg_value_next(&value, &pos), "10.0.0.2");
        assert_null(reg_value_next(&value, &pos));
        assert_int_equal(reg_doc_find(doc, CCS "Services\\Other", "Secret", &value), NBT_ERR_NOT_FOUND);
        assert_int_equal(settings_effective_build(doc, &arena, &settings), 0);
        assert_string_equal(settings.computer_name, "SECOND");
        assert_int_equal(settings.iface_count, 1);
        assert_int_equal(settings.ifaces[0].wins_count, 2);
        reg_doc_free(doc);

        make_hive(1);
        assert_int_equal(load(&arena, &doc, &report, why), 0);
        assert_int_equal(reg_doc_find(doc, CCS NAME_KEY, "ComputerName", &value), 0);
        assert_string_equal((const char *)value.data, "FIRST");
        reg_doc_free(doc);
        arena_done(&arena);
}

static void set_address(hive_h *hive, const char *iface, const char *address)
{
        char key[128];

        (void)snprintf(key, sizeof key, "ControlSet002\\Services\\Tcpip\\Parameters\\Interfaces\\%s", iface);
        set_text(hive, key, "IPAddress", hive_t_REG_SZ, address, strlen(address));
}

/* What Windows' TCP/IP is bound to is read too: of two adapters, one was taken out. */
static void test_adapter_taken_out(void **state)
{
        static const char bound[] = "\\Device\\{A}";
        struct arena arena = ARENA_INIT;
        struct settings_effective settings;
        struct hive_report report;
        struct reg_doc *doc;
        char why[160];

        (void)state;
        make_hive(2);
        hive_h *hive = hivex_open(path, HIVEX_OPEN_WRITE);

        assert_non_null(hive);
        set_address(hive, "{A}", "10.0.0.5");
        set_address(hive, "{B}", "10.0.0.6");
        set_text(hive, "ControlSet002\\Services\\Tcpip\\Linkage", "Bind", hive_t_REG_MULTI_SZ, bound, sizeof bound);
        assert_int_equal(hivex_commit(hive, NULL, 0), 0);
        assert_int_equal(hivex_close(hive), 0);
        assert_int_equal(load(&arena, &doc, &report, why), 0);
        assert_int_equal(settings_effective_build(doc, &arena, &settings), 0);
        assert_false(settings_iface_find(&settings, "{A}")->is_gone);
        assert_true(settings_iface_find(&settings, "{B}")->is_gone);
        reg_doc_free(doc);
        arena_done(&arena);
}

static void test_refused(void **state)
{
        struct arena arena = ARENA_INIT;
        struct hive_report report;
        struct reg_doc *doc;
        char why[160];

        (void)state;
        make_hive(3);
        assert_int_equal(load(&arena, &doc, &report, why), NBT_ERR_UNSUPPORTED);
        assert_string_equal(why, "Select\\Current names ControlSet003, which the hive has not");
        make_bare();
        write_file(bare, sizeof bare);
        assert_int_equal(load(&arena, &doc, &report, why), NBT_ERR_UNSUPPORTED);
        assert_string_equal(why, "the hive has no Select\\Current: it is not SYSTEM");
        write_file("Windows Registry Editor Version 5.00\r\n", 38);
        assert_int_equal(load(&arena, &doc, &report, why), NBT_ERR_MALFORMED);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(load(&arena, &doc, &report, why), NBT_ERR_NOT_FOUND);
        arena_done(&arena);
}

/* Broken at any place, and cut at any page: something or nothing is read, and no memory is touched that is not ours. */
static void test_damaged(void **state)
{
        static uint8_t whole[0x4000];

        (void)state;
        make_hive(2);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        const size_t len = fread(whole, 1, sizeof whole, file);
        assert_int_equal(fclose(file), 0);
        for (size_t at = 0x1000; at < len; at += 3) {
                struct arena arena = ARENA_INIT;
                struct hive_report report;
                struct reg_doc *doc = NULL;
                char why[160];

                whole[at] ^= 0xFF;
                write_file(whole, len);
                const int r = load(&arena, &doc, &report, why);
                whole[at] ^= 0xFF;
                if (r == 0)
                        reg_doc_free(doc);
                else
                        assert_true(why[0]);
                arena_done(&arena);
        }
}

static int make_path(void **state)
{
        (void)state;
        (void)snprintf(path, sizeof path, "/tmp/netbt-hive-XXXXXX");
        const int fd = mkstemp(path);

        return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
        (void)state;
        (void)unlink(path);
        return 0;
}

/* `test --make FILE` makes the hive that the tests of the command line read. */
int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_current_set),
                cmocka_unit_test(test_adapter_taken_out),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_damaged),
        };

        if (argc == 3 && strcmp(argv[1], "--make") == 0) {
                (void)snprintf(path, sizeof path, "%s", argv[2]);
                make_hive(2);
                return 0;
        }
        return cmocka_run_group_tests(tests, make_path, remove_path);
}
