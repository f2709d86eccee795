/* Catalogue, records and renderings, against the published records and messages. */
#include "eventlog/catalogue.h"
#include "eventlog/record.h"
#include "eventlog/render.h"

#include "unit.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t name_20[16] = "DESKTOP-1N4R894\x20";
static const uint8_t name_00[16] = "DESKTOP-1N4R894\x00";
static const uint8_t name_1d[16] = "SHIELDBASE     \x1d";

static void test_catalogue(void **state)
{
        unsigned warnings = 0;

        (void)state;
        for (uint16_t id = EVENT_ID_FIRST; id <= EVENT_ID_LAST; id++) {
                const struct event_kind *kind = event_kind_find(id);

                assert_non_null(kind);
                assert_int_equal(kind->id, id);
                assert_int_equal(kind->code & 0xFFFF, id);
                assert_true(event_code_is_netbt(kind->code));
                assert_int_equal(event_level_of_code(kind->code), kind->level);
                assert_true(strlen(kind->text) > 20 && strlen(kind->meaning) > 20);
                warnings += kind->level == EVENT_LEVEL_WARNING;
        }
        /* netevent.h: 4302-4305, 4312, 4316-4318 */
        assert_int_equal(warnings, 8);
        assert_null(event_kind_find(4299));
        assert_null(event_kind_find(4323));
        assert_false(event_code_is_netbt(0xC00010E3));
        assert_false(event_code_is_netbt(0xC00A10E0));
        assert_true(event_code_is_netbt(0x400010D7));
        assert_string_equal(event_kind_find(4317)->symbol, "EVENT_SCOPE_LABEL_TOO_LONG");
        assert_int_equal(event_kind_find(4316)->code, 0x800010DC);
        assert_int_equal(event_kind_find(4313)->code, 0xC00010D9);
}

static void assert_message(const struct event *event, enum event_wording wording, const char *expected)
{
        struct strbuf sb = STRBUF_INIT;

        event_message_format(event, wording, &sb);
        assert_string_equal(strbuf_str(&sb), expected);
        strbuf_done(&sb);
}

static void test_messages(void **state)
{
        struct event event;

        (void)state;
        event_make_duplicate(&event, 0, EVENT_RECORD_LEGACY);
        assert_message(
                &event, EVENT_WORDING_MODERN,
                "A duplicate name has been detected on the TCP network.  The IP address of the computer that sent "
                "the message is in the data. Use nbtstat -n in a command window to see which name is in the Conflict "
                "state.");
        event_make_release(&event, 0, EVENT_RECORD_LEGACY);
        assert_message(
                &event, EVENT_WORDING_CLASSIC,
                "Another machine has sent a name release message to this machine probably because a duplicate name "
                "has been detected on the TCP network.  The IP address of the node that sent the message is in the "
                "data. Use nbtstat -n in a command window to see which name is in the Conflict state.");
        assert_message(
                &event, EVENT_WORDING_MODERN,
                "Another computer has sent a name release message to this computer, probably because a duplicate "
                "name has been detected on the TCP network.  The IP address of the node that sent the message is in "
                "the data. Use nbtstat -n in a command window to see which name is in the Conflict state.");
        event_make_refused(&event, name_1d, 0x0A033A07, 0x0A033A06, EVENT_RECORD_LEGACY);
        assert_message(
                &event, EVENT_WORDING_CLASSIC,
                "The name \"SHIELDBASE     :1d\" could not be registered on the interface with IP address 10.3.58.7. "
                "The machine with the IP address 10.3.58.6 did not allow the name to be claimed by this machine.");
        assert_message(
                &event, EVENT_WORDING_MODERN,
                "The name \"SHIELDBASE     :1d\" could not be registered on the interface with IP address 10.3.58.7. "
                "The computer with the IP address 10.3.58.6 did not allow the name to be claimed by this computer.");
        event.string_count = 0;
        assert_int_equal(event_make_simple(&event, 4299, 0, NULL, 0, EVENT_RECORD_LEGACY), NBT_ERR_NOT_FOUND);
        event.id = 4323;
        assert_message(&event, EVENT_WORDING_MODERN, "NetBT has no event 4323.");
}

/* Article 315259 to the byte, and 4319 as its twin. */
static void test_article_record(void **state)
{
        struct event event;
        uint32_t address = 0;

        (void)state;
        event_make_release(&event, 0x16651AE7, EVENT_RECORD_LEGACY);
        assert_int_equal(event.data_len_bytes, sizeof(V1_BYTES));
        assert_memory_equal(event.data, V1_BYTES, sizeof(V1_BYTES));
        assert_int_equal(event.code, 0xC00010E0);
        assert_true(event_find_address(&event, &address));
        assert_int_equal(address, 0x16651AE7);

        event_make_duplicate(&event, 0x16651AE7, EVENT_RECORD_LEGACY);
        uint8_t twin[44];
        memcpy(twin, V1_BYTES, sizeof(twin));
        twin[0x0C] = 0xdf;
        assert_memory_equal(event.data, twin, sizeof(twin));
        event_make_duplicate(&event, 0x16651AE7, EVENT_RECORD_MODERN);
        twin[0x06] = 0x32;
        assert_memory_equal(event.data, twin, sizeof(twin));
}

static void assert_hex(const struct event *event, const char *expected)
{
        struct strbuf sb = STRBUF_INIT;

        event_render_hex(event->data, event->data_len_bytes, &sb);
        assert_string_equal(strbuf_str(&sb), expected);
        strbuf_done(&sb);
}

static void test_refused_records(void **state)
{
        struct event event;

        (void)state;
        event_make_refused(&event, name_00, 0x4A768AC3, 0x4A768A5C, EVENT_RECORD_MODERN);
        assert_hex(&event, V3_HEX);
        assert_int_equal(event.string_count, 3);
        assert_string_equal(event.strings[0], "DESKTOP-1N4R894:0");
        assert_string_equal(event.strings[1], "74.118.138.195");
        assert_string_equal(event.strings[2], "74.118.138.92");
        assert_string_equal(event.name, "DESKTOP-1N4R894<00>");
        event_make_refused(&event, name_20, 1, 2, EVENT_RECORD_MODERN);
        assert_string_equal(event.strings[0], "DESKTOP-1N4R894:20");
        event_make_refused(&event, name_1d, 0x0A033A07, 0x0A033A06, EVENT_RECORD_LEGACY);
        assert_string_equal(event.strings[0], "SHIELDBASE     :1d");
        assert_string_equal(event.name, "SHIELDBASE<1D>");
        struct strbuf sb = STRBUF_INIT;
        event_render_bytes(event.data, event.data_len_bytes, false, &sb);
        assert_string_equal(strbuf_str(&sb), V5_TEXT);
        strbuf_done(&sb);
}

static void test_simple(void **state)
{
        const char *strings[5] = {"\\Device\\NetBT_Tcpip_{6E1}", "b", "c", "d", "e"};
        struct event event;
        struct event_record record;

        (void)state;
        assert_int_equal(event_make_simple(&event, 4311, 0xC000009A, strings, 1, EVENT_RECORD_LEGACY), 0);
        assert_int_equal(event_record_decode(event.data, event.data_len_bytes, &record, NULL), 0);
        assert_int_equal(record.final_status, 0xC000009A);
        assert_int_equal(record.string_count, 2);
        assert_int_equal(record.string_offset, 0x56);
        assert_int_equal(record.error_code, 0xC00010D7);
        assert_string_equal(event.strings[0], strings[0]);
        assert_int_equal(event_make_simple(&event, 4311, 0, strings, 5, EVENT_RECORD_LEGACY), NBT_ERR_RANGE);
        assert_int_equal(event_make_simple(&event, 4312, 0, NULL, 0, EVENT_RECORD_LEGACY), 0);
        assert_int_equal(event.level, EVENT_LEVEL_WARNING);
}

/* Every length below the promised one is refused, and nothing is written. */
static void test_truncation(void **state)
{
        struct event_record record = {.sequence = 77};
        size_t used = 99;

        (void)state;
        for (size_t len = 0; len < sizeof(V1_BYTES); len++) {
                uint8_t *copy = malloc(len ? len : 1);

                assert_non_null(copy);
                memcpy(copy, V1_BYTES, len);
                assert_int_equal(event_record_decode(copy, len, &record, &used), NBT_ERR_TRUNCATED);
                free(copy);
        }
        assert_int_equal(record.sequence, 77);
        assert_int_equal(used, 99);
        uint8_t huge[300] = {0};
        huge[2] = 0xC9; /* 201 bytes of dump data: one more than 240 allow */
        assert_int_equal(event_record_decode(huge, sizeof(huge), &record, &used), NBT_ERR_RANGE);
        huge[2] = 0xC8;
        assert_int_equal(event_record_decode(huge, sizeof(huge), &record, &used), 0);
        assert_int_equal(used, 240);
}

static void test_round_trip(void **state)
{
        struct event_record record = {
                1, 2, 12, 4, 0x56, 6, 0, 0xC00010E0, 9, 10, 11, 12, UINT64_C(0x0102030405060708), {1, 2, 3, 255}};
        struct event_record again;
        uint8_t bytes[EVENT_MAX_DATA_BYTES];
        size_t len, used;

        (void)state;
        assert_int_equal(event_record_encode(&record, bytes, &len), 0);
        assert_int_equal(len, 0x28 + 12);
        assert_int_equal(event_record_decode(bytes, len, &again, &used), 0);
        assert_int_equal(used, len);
        assert_memory_equal(&again, &record, sizeof(record));
        record.dump_len_bytes = EVENT_RECORD_MAX_DUMP_BYTES + 1;
        assert_int_equal(event_record_encode(&record, bytes, &len), NBT_ERR_RANGE);
}

static void test_views(void **state)
{
        struct strbuf sb = STRBUF_INIT;
        struct event event;

        (void)state;
        event_render_bytes(V1_BYTES, sizeof(V1_BYTES), false, &sb);
        assert_string_equal(strbuf_str(&sb), V1_TEXT);
        strbuf_reset(&sb);
        event_make_release(&event, 0x0168FC82, EVENT_RECORD_LEGACY);
        event_render_words(event.data, event.data_len_bytes, &sb);
        assert_string_equal(strbuf_str(&sb), V2_TEXT);
        strbuf_reset(&sb);
        event_render_bytes((const uint8_t *)"Ab\n\x7f 1234567", 11, true, &sb);
        assert_string_equal(strbuf_str(&sb), "0000: 41 62 0a 7f 20 31 32 33   Ab.. 123\n"
                                             "0008: 34 35 36                  456\n");
        strbuf_reset(&sb);
        event_render_words((const uint8_t *)"\x01\x02\x03\x04\x05", 5, &sb);
        assert_string_equal(strbuf_str(&sb), "0000: 04030201 00000005\n");
        strbuf_reset(&sb);
        event_render_words(NULL, 0, &sb);
        event_render_bytes(NULL, 0, true, &sb);
        assert_string_equal(strbuf_str(&sb), "");
        strbuf_done(&sb);
}

static void test_xml(void **state)
{
        struct strbuf sb = STRBUF_INIT;
        struct event event;

        (void)state;
        event_make_refused(&event, name_00, 0x4A768AC3, 0x4A768A5C, EVENT_RECORD_MODERN);
        event.record = 405;
        strcpy(event.computer, "A&B<\"\x01");
        assert_int_equal(wall_parse("2018-03-05T13:23:45.123456Z", &event.time), 0);
        event_render_xml(&event, &sb);
        assert_string_equal(strbuf_str(&sb), "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\n"
                                             "  <System>\n"
                                             "    <Provider Name=\"NetBT\" />\n"
                                             "    <EventID Qualifiers=\"49152\">4321</EventID>\n"
                                             "    <Level>2</Level>\n"
                                             "    <Task>0</Task>\n"
                                             "    <Keywords>0x0080000000000000</Keywords>\n"
                                             "    <TimeCreated SystemTime=\"2018-03-05T13:23:45.123456Z\" />\n"
                                             "    <EventRecordID>405</EventRecordID>\n"
                                             "    <Channel>System</Channel>\n"
                                             "    <Computer>A&amp;B&lt;&quot;.</Computer>\n"
                                             "    <Security />\n"
                                             "  </System>\n"
                                             "  <EventData>\n"
                                             "    <Data />\n"
                                             "    <Data>DESKTOP-1N4R894:0</Data>\n"
                                             "    <Data>74.118.138.195</Data>\n"
                                             "    <Data>74.118.138.92</Data>\n"
                                             "    <Binary>" V3_HEX "</Binary>\n"
                                             "  </EventData>\n"
                                             "</Event>\n");
        strbuf_done(&sb);
}

static void test_names(void **state)
{
        uint8_t name[16], suffix;
        char base[16];
        struct event event = {0};
        static const char *const bad[] = {
                "", ":20", "FILESRV", "FILESRV:", "FILESRV:200", "FILESRV:2g", "SIXTEENLETTERS00:20"};

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(event_name_parse(bad[i], name), NBT_ERR_MALFORMED);
        assert_int_equal(event_name_parse("SHIELDBASE     :1d", name), 0);
        assert_memory_equal(name, name_1d, 16);
        assert_int_equal(event_name_parse("DESKTOP-1N4R894:0", name), 0);
        assert_memory_equal(name, name_00, 16);
        assert_int_equal(event_name_parse("A:B:1C", name), 0);
        assert_memory_equal(name, "A:B            \x1c", 16);
        event_set_name(&event, (const uint8_t *)"\x01\x02__MSBROWSE__\x02\x01");
        assert_string_equal(event.name, "..__MSBROWSE__.<01>");
        assert_int_equal(event_name_split(event.name, base, &suffix), 0);
        assert_string_equal(base, "..__MSBROWSE__.");
        assert_int_equal(suffix, 1);
        assert_int_equal(event_name_split("FILESRV", base, &suffix), NBT_ERR_MALFORMED);
        assert_int_equal(event_name_split("FILESRV<2>", base, &suffix), NBT_ERR_MALFORMED);
        assert_int_equal(event_name_split("FILESRV<2x>", base, &suffix), NBT_ERR_MALFORMED);
        assert_int_equal(event_name_split("SIXTEENLETTERS00<20>", base, &suffix), NBT_ERR_MALFORMED);
}

/* 4321's data says nothing of addresses: it is not to be mistaken for 4320's. */
static void test_addresses(void **state)
{
        struct event event;
        uint32_t address = 5;

        (void)state;
        event_make_refused(&event, name_1d, 0x0A033A07, 0x0A033A06, EVENT_RECORD_LEGACY);
        assert_true(event_find_address(&event, &address));
        assert_int_equal(address, 0x0A033A06);
        assert_true(event_find_interface_address(&event, &address));
        assert_int_equal(address, 0x0A033A07);
        event.string_count = 0;
        assert_false(event_find_address(&event, &address));
        event_make_release(&event, 7, EVENT_RECORD_LEGACY);
        event.data_len_bytes -= 1;
        assert_false(event_find_address(&event, &address));
        assert_false(event_find_interface_address(&event, &address));
        assert_int_equal(event_make_simple(&event, 4322, 0, NULL, 0, EVENT_RECORD_LEGACY), 0);
        assert_false(event_find_address(&event, &address));
}

static void test_levels(void **state)
{
        enum event_level level;

        (void)state;
        assert_int_equal(event_level_parse("ERROR", &level), 0);
        assert_int_equal(level, EVENT_LEVEL_ERROR);
        assert_int_equal(event_level_parse("info", &level), 0);
        assert_int_equal(level, EVENT_LEVEL_INFORMATION);
        assert_int_equal(event_level_parse("critical", &level), NBT_ERR_MALFORMED);
        assert_string_equal(event_level_str((enum event_level)9), "Unknown");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_catalogue),
                cmocka_unit_test(test_messages),
                cmocka_unit_test(test_article_record),
                cmocka_unit_test(test_refused_records),
                cmocka_unit_test(test_simple),
                cmocka_unit_test(test_truncation),
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_views),
                cmocka_unit_test(test_xml),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_levels),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
