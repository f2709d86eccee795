/* WINS\Parameters as the server takes them; and what the switches of winsd mean. */
#include "daemon/winsd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                                           \
        "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\WINS\\"     \
        "Parameters]\n"

static bool make(const char *text, struct wins_settings *ret)
{
        struct arena arena = ARENA_INIT;
        struct settings_effective settings;
        struct reg_doc *doc = NULL;
        struct reg_error error;

        assert_int_equal(reg_doc_parse(&doc, text, strlen(text), &error), 0);
        assert_int_equal(settings_effective_build(doc, &arena, &settings), 0);
        const bool as_given = winsd_config_make(&settings.wins_server, ret);
        reg_doc_free(doc);
        arena_done(&arena);
        return as_given;
}

static void defaults_are_windows(void **state)
{
        const struct wins_settings usual = wins_settings_default();
        struct wins_settings made;

        (void)state;
        assert_true(make(HEAD, &made));
        assert_null(wins_settings_fault(&made));
        assert_int_equal(made.renewal_s, 518400);
        assert_int_equal(made.extinction_interval_s, usual.extinction_interval_s);
        assert_int_equal(made.extinction_timeout_s, usual.extinction_timeout_s);
        assert_int_equal(made.verify_s, usual.verify_s);
        assert_int_equal(made.burst_queue, usual.burst_queue);
        assert_int_equal(made.migrate, usual.migrate);
        assert_int_equal(made.prepend_1b, usual.prepend_1b);
        assert_int_equal(made.randomize_1c, usual.randomize_1c);
        assert_int_equal(made.block_queries, usual.block_queries);
        assert_int_equal(made.block_count, usual.block_count);
}

static void values_arrive(void **state)
{
        struct wins_settings made;

        (void)state;
        (void)make(HEAD "\"RefreshInterval\"=dword:00000e10\n\"BurstQueSize\"=dword:00000064\n\"MigrateOn\"=dword:1\n"
                        "\"Randomize1cList\"=dword:1\n\"Prepend1BTo1CQueries\"=dword:0\n"
                        "\"VersCounterStartVal_LowWord\"=dword:5\n\"VersCounterStartVal_HighWord\"=dword:2\n"
                        "\"QueryBlockList\"=hex(7):66,00,6f,00,6f,00,00,00,42,00,00,00,00,00\n",
                   &made);
        assert_int_equal(made.renewal_s, 3600);
        assert_int_equal(made.burst_queue, 100);
        assert_true(made.migrate && made.randomize_1c && !made.prepend_1b);
        assert_true(made.start_version == (UINT64_C(2) << 32 | 5));
        assert_int_equal(made.block_count, 2);
        assert_string_equal(made.blocked[0], "FOO");
        assert_string_equal(made.blocked[1], "B");
        (void)make(HEAD "\"BurstHandling\"=dword:0\n\"EnableQueryBlockList\"=dword:0\n", &made);
        assert_int_equal(made.burst_queue, 0);
        assert_false(made.block_queries);
}

static void whatever_is_written_the_server_can_take_it(void **state)
{
        static const char *const values[] = {"RefreshInterval", "TombstoneInterval", "TombstoneTimeout",
                                             "VerifyInterval", "BurstQueSize"};
        static const unsigned numbers[] = {0, 1, 40 * 60, 86400, 999 * 3600, 0x7FFFFFFF, 0xFFFFFFFF};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(values); i++)
                for (size_t j = 0; j < NBT_ARRAY_SIZE(numbers); j++) {
                        struct wins_settings made;
                        char text[300];

                        snprintf(text, sizeof text, HEAD "\"%s\"=dword:%08x\n", values[i], numbers[j]);
                        (void)make(text, &made);
                        if (wins_settings_fault(&made))
                                fail_msg("%s = %u: %s", values[i], numbers[j], wins_settings_fault(&made));
                }
}

static void switches_of_winsd(void **state)
{
        char program[] = "winsd", l[] = "-l", address[] = "10.0.0.53", n[] = "-n", name[] = "WINSRV";
        char *argv[] = {program, l, address, n, name, NULL};
        struct strbuf error = STRBUF_INIT;
        struct daemon_switches switches;
        struct settings_effective settings;
        struct daemon_config config;
        struct arena arena = ARENA_INIT;
        struct node_iface iface = {.address = 0x0A000035};

        (void)state;
        assert_int_equal(daemon_switches_parse(&DAEMON_WINSD, 5, argv, &switches, &error), 0);
        assert_string_equal(switches.ifaces[0], "10.0.0.53");
        assert_int_equal(settings_effective_build(NULL, &arena, &settings), 0);
        assert_int_equal(daemon_config_build(&settings, &switches, "host", &config, &error), 0);
        assert_int_equal(config.node.type, NODE_TYPE_H);
        assert_true(config.node.serves_wins);
        assert_true(daemon_config_wants(&config, "eth0", 0x0A000035));
        assert_false(daemon_config_wants(&config, "eth0", 0x0A000036));
        daemon_config_iface(&config, "eth0", NULL, &iface);
        assert_int_equal(iface.wins_count, 1);
        assert_int_equal(iface.wins[0], iface.address);                                     /* its own client */
        assert_true(daemon_switches_parse(&DAEMON_NETBTD, 5, argv, &switches, &error) < 0); /* -l is winsd's */
        strbuf_done(&error);
        arena_done(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(defaults_are_windows),
                cmocka_unit_test(values_arrive),
                cmocka_unit_test(whatever_is_written_the_server_can_take_it),
                cmocka_unit_test(switches_of_winsd),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
