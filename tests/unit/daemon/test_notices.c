/* Which notices become which events, with which record, strings and note. */
#include "daemon/notices.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PEER UINT32_C(0x16651AE7)   /* 22.101.26.231, the article's */
#define HOLDER UINT32_C(0x0A4D0004) /* 10.77.0.4 */

static struct node_notice notice_of(enum node_notice_type type)
{
        return (struct node_notice){.type = type,
                                    .iface_id = 1,
                                    .iface_label = "eth0",
                                    .iface_address = 0x0A4D0002,
                                    .name = nb_name_make("FILESRV", 0x20),
                                    .peer = PEER};
}

static void test_the_articles_record(void **state)
{
        static const uint8_t article[44] = {0x00, 0x00, 0x04, 0x00, 0x01, 0x00, 0x54,          0x00, 0,    0,
                                            0,    0,    0xe0, 0x10, 0x00, 0xc0, [0x28] = 0xe7, 0x1a, 0x65, 0x16};
        struct node_notice notice = notice_of(NODE_NOTICE_RELEASE_DEMAND);
        struct event event;

        (void)state;
        notice.verdict = NODE_DEMAND_NOT_VERIFIED;
        assert_true(notice_to_event(&notice, EVENT_RECORD_LEGACY, &event));
        assert_int_equal(event.id, 4320);
        assert_int_equal(event.data_len_bytes, sizeof article);
        assert_memory_equal(event.data, article, sizeof article);
        assert_int_equal(event.string_count, 0);
        assert_string_equal(event.name, "FILESRV<20>");
        assert_string_equal(event.interface, "eth0");
        assert_non_null(strstr(event.note, "NoNameReleaseOnDemand"));
}

static void test_refused_has_windows_strings(void **state)
{
        struct node_notice notice = notice_of(NODE_NOTICE_REFUSED);
        struct event event;

        (void)state;
        notice.name = nb_name_make("SHIELDBASE", 0x1D);
        notice.rcode = NBNS_RCODE_ACT_ERR;
        notice.holder = HOLDER;
        notice.by_wins = true;
        assert_true(notice_to_event(&notice, EVENT_RECORD_LEGACY, &event));
        assert_int_equal(event.id, 4321);
        assert_int_equal(event.string_count, 3);
        assert_string_equal(event.strings[0], "SHIELDBASE     :1d");
        assert_string_equal(event.strings[1], "10.77.0.2");
        assert_string_equal(event.strings[2], "22.101.26.231");
        assert_string_equal(event.name, "SHIELDBASE<1D>");
        assert_non_null(strstr(event.note, "WINS"));
        assert_non_null(strstr(event.note, "10.77.0.4"));
}

static void test_notes_say_what_verification_found(void **state)
{
        static const struct {
                enum node_demand_verdict verdict;
                const char *says, *says_not;
                enum node_name_kind kind;
        } rows[] = {
                {NODE_DEMAND_NOT_VERIFIED, "in conflict", "stays registered", NODE_NAME_UNIQUE},
                {NODE_DEMAND_PENDING, "asking", "conflict", NODE_NAME_UNIQUE},
                {NODE_DEMAND_CONFIRMED, "10.77.0.4", "stays registered", NODE_NAME_UNIQUE},
                {NODE_DEMAND_UNFOUNDED, "stays registered", "in conflict", NODE_NAME_UNIQUE},
                {NODE_DEMAND_IGNORED, "by policy", "in conflict", NODE_NAME_UNIQUE},
                {NODE_DEMAND_IGNORED, "a group name is never in conflict", "policy", NODE_NAME_GROUP},
        };
        static const enum node_notice_type types[] = {NODE_NOTICE_DUPLICATE, NODE_NOTICE_RELEASE_DEMAND};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows) * 2; i++) {
                struct node_notice notice = notice_of(types[i % 2]);
                struct event event;

                notice.verdict = rows[i / 2].verdict;
                notice.kind = rows[i / 2].kind;
                notice.holder = HOLDER;
                notice.repeated = 41;
                assert_true(notice_to_event(&notice, EVENT_RECORD_MODERN, &event));
                assert_int_equal(event.id, i % 2 ? 4320 : 4319);
                assert_int_equal(event.repeated, 41);
                assert_non_null(strstr(event.note, rows[i / 2].says));
                assert_null(strstr(event.note, rows[i / 2].says_not));
        }
}

static void test_what_is_no_event(void **state)
{
        static const enum node_notice_type none[] = {NODE_NOTICE_STATE, NODE_NOTICE_DEFENDED, NODE_NOTICE_CONFLICT_SENT,
                                                     NODE_NOTICE_WINS_DOWN, NODE_NOTICE_WINS_UP};

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(none); i++) {
                const struct node_notice notice = notice_of(none[i]);
                struct strbuf line = STRBUF_INIT;
                struct event event;

                assert_false(notice_to_event(&notice, EVENT_RECORD_LEGACY, &event));
                notice_format(&notice, &line);
                assert_non_null(strstr(strbuf_str(&line), "FILESRV<20> on eth0: "));
                assert_null(strchr(strbuf_str(&line), '\n'));
                strbuf_done(&line);
        }
}

/* A claim that a WINS server turns away at our word is told without -v: on the segment nobody sees it. */
static void test_challenge_is_told(void **state)
{
        struct node_notice notice = notice_of(NODE_NOTICE_DEFENDED);
        struct strbuf line = STRBUF_INIT;

        (void)state;
        notice.opcode = NBNS_OPCODE_REGISTRATION;
        assert_int_equal(notice_verbosity(&notice), 1);
        notice.opcode = NBNS_OPCODE_QUERY;
        assert_int_equal(notice_verbosity(&notice), 0);
        notice_format(&notice, &line);
        assert_non_null(strstr(strbuf_str(&line), "another computer claims this name at WINS server"));
        strbuf_done(&line);
}

static void test_resources(void **state)
{
        const struct node_notice notice = {.type = NODE_NOTICE_RESOURCES};
        struct event event;

        (void)state;
        assert_true(notice_to_event(&notice, EVENT_RECORD_LEGACY, &event));
        assert_int_equal(event.id, 4322);
        assert_int_equal(event.code, 0xC00010E2);
        assert_string_equal(event.name, "");
}

static void test_failures(void **state)
{
        struct event event;

        (void)state;
        notice_make_failure(&event, 4311, "02-00-00-00-00-09", 0, "eth9", "why", EVENT_RECORD_LEGACY);
        assert_int_equal(event.id, 4311);
        assert_int_equal(event.string_count, 1);
        assert_string_equal(event.strings[0], "02-00-00-00-00-09");
        assert_string_equal(event.interface, "eth9");
        assert_string_equal(event.note, "why");
        notice_make_failure(&event, 4307, NULL, 0, NULL, NULL, EVENT_RECORD_LEGACY);
        assert_int_equal(event.code, 0xC00010D3);
        assert_int_equal(event.string_count, 0);
}

static void test_missing_wins(void **state)
{
        struct node_iface iface = {.up = true, .netbios_enabled = true};

        (void)state;
        assert_int_equal(notice_wins_event(NODE_TYPE_B, &iface), 0);
        assert_int_equal(notice_wins_event(NODE_TYPE_P, &iface), 4303);
        assert_int_equal(notice_wins_event(NODE_TYPE_H, &iface), 4303);
        iface.wins_count = 1;
        assert_int_equal(notice_wins_event(NODE_TYPE_M, &iface), 4302);
        iface.wins_count = 2;
        assert_int_equal(notice_wins_event(NODE_TYPE_P, &iface), 0);
        iface = (struct node_iface){.up = true};
        assert_int_equal(notice_wins_event(NODE_TYPE_P, &iface), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_articles_record),
                cmocka_unit_test(test_refused_has_windows_strings),
                cmocka_unit_test(test_notes_say_what_verification_found),
                cmocka_unit_test(test_what_is_no_event),
                cmocka_unit_test(test_challenge_is_told),
                cmocka_unit_test(test_resources),
                cmocka_unit_test(test_failures),
                cmocka_unit_test(test_missing_wins),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
