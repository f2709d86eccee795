/* Reading pasted text: the published vectors, every form, round trips, wrapping, damage. */
#include "eventlog/parse.h"
#include "eventlog/render.h"

#include "base/rng.h"

#include "unit.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static int parse_bytes(const void *text, size_t len, struct event_readings *ret)
{
        /* a copy of just that size, so that a sanitizer sees every read past the end */
        char *copy = malloc(len ? len : 1);

        assert_non_null(copy);
        memcpy(copy, text, len);
        arena_reset(&arena);
        memset(ret, 0, sizeof(*ret));
        const int r = event_text_parse(copy, len, &arena, ret);
        free(copy);
        return r;
}

static int parse(const char *text, struct event_readings *ret)
{
        return parse_bytes(text, strlen(text), ret);
}

static struct event_readings readings;

/* Parses a text that holds one event and nothing wrong. */
static const struct event_reading *one(const char *text)
{
        const int r = parse(text, &readings);

        if (r != 0 || readings.count != 1 || readings.problem_count)
                print_error("%s\nresult %d, %zu events, problem: %s\n", text, r, readings.count,
                            readings.problems[0].text);
        assert_int_equal(r, 0);
        assert_int_equal(readings.count, 1);
        assert_int_equal(readings.problem_count, 0);
        return &readings.items[0];
}

static void assert_event(const struct event_reading *reading, uint16_t id, uint32_t address)
{
        assert_int_equal(reading->event.id, id);
        assert_true(reading->has_address);
        assert_int_equal(reading->address, address);
}

static void assert_refused(const struct event_reading *r, const char *name, uint32_t own, uint32_t refuser)
{
        assert_event(r, 4321, refuser);
        assert_true(r->has_interface_address);
        assert_int_equal(r->interface_address, own);
        assert_true(r->has_name);
        assert_string_equal(r->event.name, name);
}

static void test_vectors(void **state)
{
        const struct event_reading *r = one(V1_TEXT);

        (void)state;
        assert_event(r, 4320, 0x16651AE7);
        assert_int_equal(r->form, EVENT_FORM_BYTES);
        assert_memory_equal(r->event.data, V1_BYTES, sizeof(V1_BYTES));
        r = one(V2_TEXT);
        assert_event(r, 4320, 0x0168FC82);
        assert_int_equal(r->form, EVENT_FORM_WORDS);
        r = one(V3_HEX);
        assert_int_equal(r->event.id, 4321);
        assert_int_equal(r->form, EVENT_FORM_HEX);
        assert_int_equal(r->record.unique_value, 0x101);
        assert_int_equal(r->warning_count, 1); /* the names are not in the data */
        assert_int_equal(one(V4_HEX)->record.sequence, 1);
        r = one(V5_TEXT);
        assert_int_equal(r->event.code, 0xC00010E1);
        assert_int_equal(r->record.final_status, 0xC0000001);
        assert_int_equal(r->record.string_offset, 0x56);
}

#define XML(binary, name)                                                                                              \
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='NetBT'/>"        \
        "<EventID "                                                                                                    \
        "Qualifiers='49152'>4321</EventID><Level>2</Level><Task>0</Task><Keywords>0x80000000000000</Keywords>"         \
        "<TimeCreated SystemTime='2018-03-05T13:23:45.1234567Z'/><EventRecordID>405</EventRecordID>"                   \
        "<Channel>System</Channel><Computer>DESKTOP-1N4R894</Computer><Security/></System><EventData><Data></Data>"    \
        "<Data>" name "</Data><Data>74.118.138.195</Data><Data>74.118.138.92</Data><Binary>" binary                    \
        "</Binary></EventData></Event>"

static void test_xml_vectors(void **state)
{
        const struct event_reading *r = one(XML(V3_HEX, "DESKTOP-1N4R894:0"));
        int64_t us = 0;
        wall_t time;

        (void)state;
        assert_refused(r, "DESKTOP-1N4R894<00>", 0x4A768AC3, 0x4A768A5C);
        assert_int_equal(r->form, EVENT_FORM_XML);
        assert_int_equal(r->event.record, 405);
        assert_int_equal(wall_parse("2018-03-05T13:23:45.123456Z", &time), 0);
        us = time.us;
        assert_int_equal(r->event.time.us, us);
        assert_string_equal(r->event.computer, "DESKTOP-1N4R894");
        /* two in one line, as wevtutil prints them, with another source's between */
        assert_int_equal(
                parse("<Events>" XML(V3_HEX, "DESKTOP-1N4R894:0") "<Event><System><Provider "
                                                                  "Name=\"Tcpip\"/><EventID>4199</EventID></System></"
                                                                  "Event>" XML(V4_HEX,
                                                                               "DESKTOP-1N4R894:20") "</Events>",
                      &readings),
                0);
        assert_int_equal(readings.count, 2);
        assert_int_equal(readings.foreign_count, 1);
        assert_refused(&readings.items[1], "DESKTOP-1N4R894<20>", 0x4A768AC3, 0x4A768A5C);
        assert_int_equal(readings.items[1].record.sequence, 1);
}

static void test_dcdiag(void **state)
{
        (void)state;
        assert_int_equal(
                parse("         An Error Event occurred.  EventID: 0xC00010E1\n\n"
                      "            Time Generated: 03/05/2021   10:23:44\n\n"
                      "            Event String:\n\n"
                      "            The name \"ABC123      :1b\" could not be registered on the interface with IP\n\n"
                      "            address 192.168.100.254. The computer with the IP address 192.168.100.246\n\n"
                      "            did not allow the name to be claimed by this computer.\n\n"
                      "         An Error Event occurred.  EventID: 0x00000457\n\n"
                      "            Event String: Driver required for printer is unknown.\n",
                      &readings),
                0);
        assert_int_equal(readings.count, 1);
        assert_int_equal(readings.foreign_count, 1);
        assert_refused(&readings.items[0], "ABC123<1B>", 0xC0A864FE, 0xC0A864F6);
        assert_int_equal(readings.items[0].form, EVENT_FORM_DCDIAG);
        assert_string_equal(readings.items[0].time_text, "03/05/2021   10:23:44");
}

static void test_sentences(void **state)
{
        const struct event_reading *r;

        (void)state;
        r = one("The name \"WORKGROUP      :1d\" could not be registered on the interface with IP address "
                "192.168.1.159. "
                "The machine with the IP address 192.168.1.107 did not allow the name to be claimed by this machine.");
        assert_refused(r, "WORKGROUP<1D>", 0xC0A8019F, 0xC0A8016B);
        assert_int_equal(r->wording, EVENT_WORDING_CLASSIC);
        assert_int_equal(r->form, EVENT_FORM_SENTENCE);
        r = one("> the name \xE2\x80\x9CSHIELDBASE     :1d\xE2\x80\x9D could not be\n> registered on the Interface "
                "with IP\n"
                ">> address 10.3.58.7. The computer\n> with the IP address 10.3.58.6 did not allow");
        assert_refused(r, "SHIELDBASE<1D>", 0x0A033A07, 0x0A033A06);
        assert_int_equal(r->wording, EVENT_WORDING_MODERN);
        r = one("A duplicate name has been detected on\nthe TCP network. The IP address of the machine that sent it");
        assert_int_equal(r->event.id, 4319);
        assert_int_equal(r->wording, EVENT_WORDING_CLASSIC);
        assert_int_equal(r->warning_count, 1); /* no data, no address */
        r = one("Another machine has sent a name release message to this machine probably because a duplicate name has "
                "been "
                "detected on the TCP network.");
        assert_int_equal(r->event.id, 4320);
        /* the same message twice is two events, each in its line */
        assert_int_equal(parse("one:\nAnother computer has sent a name release message to\nthis computer.\n\n"
                               "A duplicate name has been detected on the TCP network.\n",
                               &readings),
                         0);
        assert_int_equal(readings.count, 2);
        assert_int_equal(readings.items[0].line, 2);
        assert_int_equal(readings.items[1].line, 5);
        assert_int_equal(readings.items[1].event.id, 4319);
}

static void test_foreign(void **state)
{
        static const struct {
                const char *text;
                const char *expected;
        } rows[] = {
                {"00000000 01005400 00000000 82100080 01000000 00000000 00000000 00000000 00000000 00000000",
                 "this is not a NetBT event: its code is 0x80001082, low word 0x1082 = event 4226"},
                {"00000000 03004E00 00000000 431F00C0 00000000 00000000 00000000 00000000 00000000 00000000",
                 "this is not a NetBT event: its code is 0xC0001F43, low word 0x1F43 = event 8003"},
                {"0000: 00 00 04 00 02 00 52 00\n0008: 00 00 00 00 32 00 0a c0\n0010: 00 00 00 00 00 00 00 00\n"
                 "0018: 00 00 00 00 00 00 00 00\n0020: 00 00 00 00 00 00 00 00\n0028: 92 01 00 00\n",
                 "this is not a NetBT event: its code is 0xC00A0032, low word 0x0032 = event 50"},
                {"Event ID: 4199\nSource: Tcpip\nDescription: The system detected an address conflict",
                 "this is not a NetBT event: its source is Tcpip"},
                {"Event ID: 8003\nDescription: The master browser has received",
                 "this is not a NetBT event: its code is"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(parse(rows[i].text, &readings), NBT_ERR_UNSUPPORTED);
                assert_int_equal(readings.count, 0);
                assert_int_equal(readings.problems[0].line, 1);
                if (strncmp(readings.problems[0].text, rows[i].expected, strlen(rows[i].expected)) != 0)
                        fail_msg("%s", readings.problems[0].text);
        }
        assert_int_equal(parse("Event ID: 4323\nSource: NetBT\n", &readings), NBT_ERR_MALFORMED);
        assert_string_equal(readings.problems[0].text, "NetBT has no event 4323: its events are 4300 to 4322");
}

static void test_unreadable(void **state)
{
        static const struct {
                const char *text;
                int code;
                unsigned line;
                const char *part;
        } rows[] = {
                {"", NBT_ERR_NOT_FOUND, 1, "nothing like a NetBT event"},
                {"hello\nworld 10.0.0.1\n", NBT_ERR_NOT_FOUND, 1, "nothing like a NetBT event"},
                {"x\n0000: 00 00 04 00 01 00 54 00\n0010: 00 00 00 00 00 00 00 00\n", NBT_ERR_MALFORMED, 3,
                 "offset 0010 stands where 0008 was expected"},
                {"0000: 00 00 04 00 01 00 54\n0008: 00 00 00 00 e0 10 00 c0\n", NBT_ERR_MALFORMED, 2,
                 "offset 0008 stands where 0007 was expected"},
                {"\n\n0028: e7 1a 65 16\n", NBT_ERR_MALFORMED, 3, "the data begins at offset 0028"},
                {"0000: 00 00 04 00 01 00 54 00\n0008: 00 00 00 00 e0 10 00 c0\n", NBT_ERR_TRUNCATED, 1,
                 "the data has only 16 bytes"},
                {"0000: 00040000 00540001 00000000 c00010e0\n0010: 00000000 00000000 00000000 00000000\n"
                 "0020: 00000000 00000000\n",
                 NBT_ERR_TRUNCATED, 1, "44 bytes long, but 40 are there"},
                {"\n<Event><System><EventID>4320</EventID>", NBT_ERR_TRUNCATED, 2, "no </Event>"},
                {"<Event><System></System></Event>", NBT_ERR_MALFORMED, 1, "no <EventID>"},
                {"<Event><System><EventID>4320</EventID></System><EventData><Binary>0g</Binary></EventData></Event>",
                 NBT_ERR_MALFORMED, 1, "<Binary>"},
                {"00000400010054000000000e01000c0", NBT_ERR_MALFORMED, 1, "odd number"},
                {"Data: {0, 0, 4, 256}", NBT_ERR_MALFORMED, 1, "numbers from 0 to 255"},
                {"Data: {0, 0, 4, 25", NBT_ERR_MALFORMED, 1, "no closing brace"},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const int r = parse(rows[i].text, &readings);
                const struct event_problem *problem = &readings.problems[0];

                if (r != rows[i].code || problem->line != rows[i].line || !strstr(problem->text, rows[i].part))
                        fail_msg("%s\n%d line %u: %s", rows[i].text, r, problem->line, problem->text);
        }
}

/* The same article record in every shape in which tools print bytes. */
static void test_shapes(void **state)
{
        static const char *const texts[] = {
                /* no offsets */
                "00 00 04 00 01 00 54 00\n00 00 00 00 e0 10 00 c0\n00 00 00 00 00 00 00 00\n00 00 00 00 00 00 00 00\n"
                "00 00 00 00 00 00 00 00\ne7 1a 65 16\n",
                /* no offsets, ASCII column */
                "00 00 04 00 01 00 54 00   ......T.\n00 00 00 00 e0 10 00 c0   ........\n00 00 00 00 00 00 00 00   "
                "........\n"
                "00 00 00 00 00 00 00 00   ........\n00 00 00 00 00 00 00 00   ........\ne7 1a 65 16               "
                "..e.\n",
                /* one line, offsets and all */
                "0000: 00 00 04 00 01 00 54 00 00 00 00 00 e0 10 00 c0 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
                "00 00 "
                "00 00 00 00 00 00 e7 1a 65 16",
                /* hexdump -C */
                "00000000  00 00 04 00 01 00 54 00  00 00 00 00 e0 10 00 c0  |......T.........|\n"
                "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
                "00000020  00 00 00 00 00 00 00 00  e7 1a 65 16              |..........e.|\n0000002c\n",
                /* xxd, and xxd -g4 */
                "00000000: 0000 0400 0100 5400 0000 0000 e010 00c0  ......T.........\n"
                "00000010: 0000 0000 0000 0000 0000 0000 0000 0000  ................\n"
                "00000020: 0000 0000 0000 0000 e71a 6516            ..........e.\n",
                "00000000: 00000400 01005400 00000000 e01000c0  ......T.........\n"
                "00000010: 00000000 00000000 00000000 00000000  ................\n"
                "00000020: 00000000 00000000 e71a6516           ..........e.\n",
                /* words and memory order without offsets */
                "00040000 00540001 00000000 c00010e0 00000000 00000000 00000000 00000000 00000000 00000000 16651ae7",
                "00000400 01005400 00000000 e01000c0 00000000 00000000 00000000 00000000 00000000 00000000 e71a6516",
                /* plain, wrapped anywhere, upper case, .reg file, C array, colons, dashes */
                "0000040001005400000000\n00E01000C000000000000000000000\n0000000000000000000000000000\nE71A6516",
                "hex:00,00,04,00,01,00,54,00,00,00,00,00,e0,10,00,c0,00,00,00,00,00,00,00,00,\\\n  "
                "00,00,00,00,00,00,00,00,"
                "00,00,00,00,00,00,00,00,e7,1a,65,16",
                "0x00, 0x00, 0x04, 0x00, 0x01, 0x00, 0x54, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0x10, 0x00, "
                "0xc0,\n0x00, 0x00, "
                "0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, "
                "0x00,\n"
                "0x00, 0x00, 0x00, 0x00, 0xe7, 0x1a, 0x65, 0x16",
                "00-00-04-00-01-00-54-00-00-00-00-00-E0-10-00-C0-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-"
                "00-00-"
                "00-00-00-00-E7-1A-65-16",
                "Data : {0, 0, 4, 0, 1, 0, 84, 0, 0, 0, 0, 0, 224, 16, 0, 192, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n   "
                "   0, "
                "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 231, 26, 101, 22}",
                /* quoted mail, blank lines between, the ASCII column on lines of its own */
                "> 0000: 00 00 04 00 01 00 54 00   ......T.\n> 0008: 00 00 00 00 e0 10 00 c0   ........\n> 0010: 00 00 "
                "00 00 "
                "00 00 00 00\n> 0018: 00 00 00 00 00 00 00 00\n> 0020: 00 00 00 00 00 00 00 00\n> 0028: e7 1a 65 16",
                "0000: 00 00 04 00 01 00 54 00\n......T.\n\n0008: 00 00 00 00 e0 10 00 c0\n....a...\n0010: 00 00 00 00 "
                "00 00 00 "
                "00\n0018: 00 00 00 00 00 00 00 00\n0020: 00 00 00 00 00 00 00 00\n\n0028: e7 1a 65 16\n..e.\n",
                /* Event Viewer of Windows 7 and later shows both views of one event */
                "Binary data:\n\nIn Words\n\n0000: 00040000 00540001 00000000 C00010E0 \n0010: 00000000 00000000 "
                "00000000 "
                "00000000 \n0020: 00000000 00000000 16651AE7 \n\n\nIn Bytes\n\n0000: 00 00 04 00 01 00 54 00   "
                "......T.\n0008: "
                "00 00 00 00 E0 10 00 C0   ....\xC3\xA0..\xC3\x80\n0010: 00 00 00 00 00 00 00 00   ........\n0018: 00 "
                "00 00 00 "
                "00 00 00 00   ........\n0020: 00 00 00 00 00 00 00 00   ........\n0028: E7 1A 65 16               "
                "\xC3\xA7.e.\n",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                const struct event_reading *r = one(texts[i]);

                assert_event(r, 4320, 0x16651AE7);
                assert_int_equal(r->event.data_len_bytes, 44);
                assert_int_equal(r->warning_count, 0);
        }
}

/* An ASCII column that looks like hexadecimal is none. */
static void test_deceptive_ascii(void **state)
{
        const struct event_reading *r =
                one("0000: 00 00 08 00 01 00 54 00   ......T.\n0008: 00 00 00 00 e0 10 00 c0   "
                    "ab cd ef\n0010: 61 62 63 64 65 66 61 62   abcdefab\n0018: 00 00 00 00 00 00 00 "
                    "00   00 00 00\n0020: 00 00 00 00 00 00 00 00   ........\n0028: e7 1a 65 16 61 61 "
                    "62 62   ab\n");

        (void)state;
        assert_event(r, 4320, 0x16651AE7);
        assert_int_equal(r->record.unique_value, 0x64636261);
        assert_int_equal(r->record.dump_len_bytes, 8);
        assert_memory_equal(r->record.dump + 4, "aabb", 4);
}

static void test_lists(void **state)
{
        const struct event_reading *r;

        (void)state;
        r = one("Event Type:\tError\nEvent Source:\tNetBT\nEvent Category:\tNone\nEvent "
                "ID:\t4320\nDate:\t\t3/5/2004\nTime:\t\t"
                "1:23:45 PM\nUser:\t\tN/A\nComputer:\tN0001009\nDescription:\nAnother machine has sent a name release "
                "message "
                "to this machine probably because a duplicate name has been detected on the TCP "
                "network.\nData:\n" V2_TEXT);
        assert_event(r, 4320, 0x0168FC82);
        assert_string_equal(r->event.computer, "N0001009");
        assert_string_equal(r->time_text, "3/5/2004 1:23:45 PM");
        assert_int_equal(r->wording, EVENT_WORDING_CLASSIC);
        assert_int_equal(r->form, EVENT_FORM_LIST);
        assert_int_equal(r->data_form, EVENT_FORM_WORDS);
        assert_int_equal(r->warning_count, 0);

        assert_int_equal(
                parse("\n\nTimeCreated  : 3/5/2018 1:23:45 PM\nProviderName : NetBT\nId           : 4321\nMessage      "
                      ": "
                      "The name \"DESKTOP-1N4R894:0\" could not be registered on the interface with IP\n               "
                      "address 74.118.138.195. The computer with the IP address 74.118.138.92 did not allow\n\n"
                      "TimeCreated  : 3/5/2018 1:23:48 PM\nProviderName : NetBT\nId           : 4321\nMessage      : "
                      "The name \"DESKTOP-1N4R894:20\" could not be registered on the interface with IP\n"
                      "               address 74.118.138.195. The computer with the IP address 74.118.138.92 did\n",
                      &readings),
                0);
        assert_int_equal(readings.count, 2);
        assert_refused(&readings.items[0], "DESKTOP-1N4R894<00>", 0x4A768AC3, 0x4A768A5C);
        assert_refused(&readings.items[1], "DESKTOP-1N4R894<20>", 0x4A768AC3, 0x4A768A5C);
        assert_string_equal(readings.items[1].time_text, "3/5/2018 1:23:48 PM");

        r = one("Event[0]:\n  Log Name: System\n  Source: NetBT\n  Date: 2018-03-05T13:23:45.123\n  Event ID: 4320\n  "
                "Task: N/A\n  "
                "Level: Error\n  Computer: PC\n  Description: \nAnother computer has sent a name release message\n");
        assert_int_equal(r->event.id, 4320);
        assert_true(r->event.time.us > 0);

        r = one("Index              : 405\nEntryType          : Error\nInstanceId         : 3221229792\nMessage        "
                "    : Another "
                "computer has sent a name release message\nCategory           : (0)\nReplacementStrings : {}\nSource   "
                "          : "
                "NetBT\nData               : {0, 0, 4, 0...}\n");
        assert_int_equal(r->event.id, 4320);
        assert_int_equal(r->event.record, 405);
        assert_non_null(strstr(r->warnings[0], "FormatEnumerationLimit"));
}

#define CSV_REFUSED(suffix)                                                                                            \
        "\"The name \"\"DESKTOP-1N4R894:" suffix "\"\" could not be registered on the interface with IP address "      \
        "74.118.138.195.\r\nThe computer with the IP address 74.118.138.92 did not allow the name to be claimed by "   \
        "this computer.\""

/* What Event Viewer saves as CSV or text, and PowerShell's Export-Csv. */
static void test_tables(void **state)
{
        static const struct {
                const char *text;
                unsigned line;
                const char *computer, *time;
                uint64_t record;
        } rows[] = {
                {"Level,Date and Time,Source,Event ID,Task Category\r\nError,7/12/2018 12:42:00 "
                 "AM,NetBT,4321,None," CSV_REFUSED("0") "\r\n",
                 2, "", "7/12/2018 12:42:00 AM", 0},
                /* a head in another language, a description without quotes, tabs */
                {"Ebene\tDatum und Uhrzeit\tQuelle\tEreignis-ID\tAufgabenkategorie\nFehler\t12.07.2018 "
                 "00:42:00\tNetBT\t4321\tKeine\tThe name \"DESKTOP-1N4R894:0\" could not be registered on the "
                 "interface with "
                 "IP address 74.118.138.195. The computer with the IP address 74.118.138.92 did not allow",
                 2, "", "12.07.2018 00:42:00", 0},
                /* Windows XP: no head, other columns */
                {"7/12/2018,12:42:00 AM,NetBT,Error,None,4321,N/A,WKS1," CSV_REFUSED("0") "\n", 1, "WKS1",
                 "7/12/2018 12:42:00 AM", 0},
                {"\"Message\";\"Id\";\"Version\";\"Qualifiers\";\"Level\";\"RecordId\";\"ProviderName\";"
                 "\"MachineName\";\"TimeCreated\"\n" CSV_REFUSED(
                         "0") ";\"4321\";;\"49152\";\"2\";\"405\";\"NetBT\";\"WKS1\";\"2018-07-12T00:42:00Z\"\n",
                 2, "WKS1", "", 405},
                {"#TYPE System.Diagnostics.EventLogEntry#System/NetBT/3221229793\n"
                 "\"EventID\",\"MachineName\",\"Data\",\"Index\",\"EntryType\",\"Message\",\"Source\",\"InstanceId\","
                 "\"TimeGenerated\"\n"
                 "\"4321\",\"WKS1\",\"System.Byte[]\",\"405\",\"Error\"," CSV_REFUSED(
                         "0") ",\"NetBT\",\"3221229793\",\"7/12/2018\"\n",
                 3, "WKS1", "7/12/2018", 405},
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const struct event_reading *r = one(rows[i].text);

                assert_refused(r, "DESKTOP-1N4R894<00>", 0x4A768AC3, 0x4A768A5C);
                assert_int_equal(r->event.code, 0xC00010E1);
                assert_int_equal(r->form, EVENT_FORM_CSV);
                assert_int_equal(r->line, rows[i].line);
                assert_string_equal(r->event.computer, rows[i].computer);
                assert_string_equal(r->time_text, rows[i].time);
                assert_int_equal(r->event.record, rows[i].record);
                assert_int_equal(r->warning_count, 0);
        }
}

/* Rows of other sources between, an end of the table, and text that only looks like one. */
static void test_tables_in_text(void **state)
{
        (void)state;
        assert_int_equal(parse("From the mail, of, some, admin:\nLevel,Date and Time,Source,Event ID,Task Category\n"
                               "Error,a,NetBT,4321,None," CSV_REFUSED("0") "\nInformation,a,Disk,11,None,whatever\n"
                                                                           "Error,a,NetBT,4321,None," CSV_REFUSED(
                                                                                   "20") "\nyours, the admin\n" V1_TEXT,
                               &readings),
                         0);
        assert_int_equal(readings.count, 3);
        assert_int_equal(readings.foreign_count, 1);
        assert_int_equal(readings.problem_count, 0);
        assert_string_equal(readings.items[1].event.name, "DESKTOP-1N4R894<20>");
        assert_int_equal(readings.items[1].line, 6);
        assert_int_equal(readings.items[2].event.id, 4320);
        /* a quotation mark that nothing closes: no row, but no loss of what follows */
        assert_int_equal(parse("Error,a,NetBT,4321,None,\"The name\n" V1_TEXT, &readings), 0);
        assert_int_equal(readings.count, 1);
        assert_int_equal(parse("one, two, three, four, five, six\nSource, Event ID, and, more\n", &readings),
                         NBT_ERR_NOT_FOUND);
}

/* PowerShell's tables cut the description: what is left of it, and what to do for the rest. */
static void test_cut_descriptions(void **state)
{
        const struct event_reading *r = one("TimeCreated                     Id LevelDisplayName Message\n"
                                            "-----------                     -- ---------------- -------\n"
                                            "7/12/2018 12:42:03 AM         4321 Error            The name "
                                            "\"DESKTOP-1N4R894:20\" could not be registered on the interf...\n");

        (void)state;
        assert_string_equal(r->event.name, "DESKTOP-1N4R894<20>");
        assert_false(r->has_address);
        assert_non_null(strstr(r->warnings[0], "Format-List"));
}

static void test_text_with_its_xml(void **state)
{
        const struct event_reading *r = one(
                "Log Name:      System\nSource:        NetBT\nEvent ID:      4321\nDescription:\nThe name "
                "\"DESKTOP-1N4R894:0\" could "
                "not be registered on the interface with IP address 74.118.138.195. The computer with the IP address "
                "74.118.138.92 did not allow the name to be claimed by this computer.\nEvent Xml:\n" XML(
                        V3_HEX, "DESKTOP-1N4R894:0"));

        (void)state;
        assert_refused(r, "DESKTOP-1N4R894<00>", 0x4A768AC3, 0x4A768A5C);
        assert_true(r->has_record);
        assert_int_equal(r->event.record, 405);
}

static void test_contradictions(void **state)
{
        const struct event_reading *r = one("Event ID: 4319\nSource: NetBT\n" V1_TEXT);

        (void)state;
        assert_event(r, 4320, 0x16651AE7);
        assert_non_null(strstr(r->warnings[0], "4319"));
        r = one("Event ID: 4321\nAnother computer has sent a name release message\n" V5_TEXT);
        assert_int_equal(r->event.id, 4321);
        assert_non_null(strstr(r->warnings[0], "description"));
        /* without a common head they are two events, in either order */
        assert_int_equal(parse("Another computer has sent a name release message\n" V5_TEXT, &readings), 0);
        assert_int_equal(readings.count, 2);
        assert_int_equal(parse(V5_TEXT "Another computer has sent a name release message\n", &readings), 0);
        assert_int_equal(readings.count, 2);
        assert_int_equal(readings.items[1].event.id, 4320);
        r = one("0000: 00 00 00 00 01 00 54 00\n0008: 00 00 00 00 e0 10 00 c0\n0010: 00 00 00 00 00 00 00 00\n0018: 00 "
                "00 00 00 00 00 "
                "00 00\n0020: 00 00 00 00 00 00 00 00\n");
        assert_false(r->has_address);
        assert_non_null(strstr(r->warnings[0], "holds none"));
}

static void test_several_dumps(void **state)
{
        (void)state;
        assert_int_equal(parse(V1_TEXT V2_TEXT "\n" V1_TEXT "\n" V3_HEX "\n" V4_HEX "\n", &readings), 0);
        assert_int_equal(readings.count, 5);
        assert_int_equal(readings.items[1].address, 0x0168FC82);
        assert_int_equal(readings.items[1].line, 7);
        assert_int_equal(readings.items[2].line, 11);
        assert_int_equal(readings.items[4].record.sequence, 1);
        /* a damaged one hides no other, and is told of */
        assert_int_equal(parse("0000: 00 00 04 00\n0008: 00 00\n0010: 00\nthen\n" V1_TEXT, &readings), 0);
        assert_int_equal(readings.count, 1);
        assert_int_equal(readings.problem_count, 1);
        assert_int_equal(readings.problems[0].line, 2);
        assert_event(&readings.items[0], 4320, 0x16651AE7);
}

static void test_encodings(void **state)
{
        char wide[2048] = "\xFF\xFE";
        const size_t len = strlen(V1_TEXT);

        (void)state;
        for (size_t i = 0; i < len; i++)
                wide[2 + 2 * i] = V1_TEXT[i];
        assert_int_equal(parse_bytes(wide, 2 + 2 * len, &readings), 0);
        assert_event(&readings.items[0], 4320, 0x16651AE7);
        for (size_t i = 0; i < len; i++) {
                wide[2 + 2 * i] = 0;
                wide[3 + 2 * i] = V1_TEXT[i];
        }
        memcpy(wide, "\xFE\xFF", 2);
        assert_int_equal(parse_bytes(wide, 2 + 2 * len, &readings), 0);
        assert_int_equal(readings.count, 1);
        assert_event(one("\xEF\xBB\xBF" V1_TEXT), 4320, 0x16651AE7);
        assert_int_equal(parse_bytes(V1_BYTES, sizeof(V1_BYTES), &readings), 0);
        assert_int_equal(readings.items[0].form, EVENT_FORM_BINARY);
        assert_event(&readings.items[0], 4320, 0x16651AE7);
        assert_int_equal(parse_bytes("ElfFile\0\0\0\0\0", 12, &readings), NBT_ERR_UNSUPPORTED);
        assert_non_null(strstr(readings.problems[0].text, ".evtx"));
        assert_int_equal(parse_bytes("\x30\0\0\0LfLe\1\0\0\0", 12, &readings), NBT_ERR_UNSUPPORTED);
}

/* ---- round trips -------------------------------------------------------------------------------------------------- */

static void make_any(uint16_t id, struct event *ret)
{
        static const char *const device[] = {"02-00-5E-10-00-01"};

        switch (id) {
        case 4319:
                event_make_duplicate(ret, 0x0A4D0003, EVENT_RECORD_LEGACY);
                break;
        case 4320:
                event_make_release(ret, 0xFFFEFDFC, EVENT_RECORD_MODERN);
                break;
        case 4321:
                event_make_refused(ret, (const uint8_t *)"FILE & SRV<>   \x20", 0x0A4D0002, 0x0A4D0003,
                                   EVENT_RECORD_LEGACY);
                break;
        default:
                assert_int_equal(event_make_simple(ret, id, 0xC0000022, device, id == 4311, EVENT_RECORD_LEGACY), 0);
                break;
        }
        ret->record = 17;
        strcpy(ret->computer, "HOST-7");
        assert_int_equal(wall_parse("2026-11-23T06:14:04.000123Z", &ret->time), 0);
}

static void assert_same(const struct event_reading *r, const struct event *event, bool with_data, bool with_head)
{
        assert_int_equal(r->event.id, event->id);
        assert_int_equal(r->event.code, event->code);
        assert_int_equal(r->event.level, event->level);
        if (with_data) {
                assert_int_equal(r->event.data_len_bytes, event->data_len_bytes);
                assert_memory_equal(r->event.data, event->data, event->data_len_bytes);
        }
        if (!with_head)
                return;
        assert_int_equal(r->event.record, event->record);
        assert_int_equal(r->event.time.us, event->time.us);
        assert_string_equal(r->event.computer, event->computer);
        assert_int_equal(r->event.string_count, event->string_count);
        for (size_t i = 0; i < event->string_count; i++)
                assert_string_equal(r->event.strings[i], event->strings[i]);
}

static void test_round_trips(void **state)
{
        struct event event;

        (void)state;
        for (uint16_t id = EVENT_ID_FIRST; id <= EVENT_ID_LAST; id++) {
                struct strbuf sb = STRBUF_INIT;

                make_any(id, &event);
                event_render_bytes(event.data, event.data_len_bytes, false, &sb);
                assert_same(one(strbuf_str(&sb)), &event, true, false);
                strbuf_reset(&sb);
                event_render_bytes(event.data, event.data_len_bytes, true, &sb);
                assert_same(one(strbuf_str(&sb)), &event, true, false);
                strbuf_reset(&sb);
                event_render_words(event.data, event.data_len_bytes, &sb);
                assert_same(one(strbuf_str(&sb)), &event, true, false);
                strbuf_reset(&sb);
                event_render_hex(event.data, event.data_len_bytes, &sb);
                assert_same(one(strbuf_str(&sb)), &event, true, false);
                strbuf_reset(&sb);
                event_render_xml(&event, &sb);
                assert_same(one(strbuf_str(&sb)), &event, true, true);
                strbuf_reset(&sb);
                for (int wording = 0; wording < EVENT_WORDING_MAX; wording++) {
                        event_message_format(&event, (enum event_wording)wording, &sb);
                        assert_same(one(strbuf_str(&sb)), &event, false, false);
                        strbuf_reset(&sb);
                }
                strbuf_done(&sb);
        }
}

static void test_text_round_trips(void **state)
{
        static const enum event_data_view views[] = {EVENT_DATA_VIEW_NONE, EVENT_DATA_VIEW_BYTES,
                                                     EVENT_DATA_VIEW_WORDS};
        struct event event;

        (void)state;
        for (uint16_t id = EVENT_ID_FIRST; id <= EVENT_ID_LAST; id++)
                for (size_t i = 0; i < 3; i++) {
                        struct strbuf sb = STRBUF_INIT;

                        make_any(id, &event);
                        strcpy(event.interface, "eth0");
                        strcpy(event.name, "FILE & SRV<><20>");
                        strcpy(event.note, "verified: nobody else holds the name");
                        event.repeated = 3;
                        event.last_time.us = event.time.us + 5000000;
                        event_render_text(&event, views[i], &sb);
                        const struct event_reading *r = one(strbuf_str(&sb));
                        assert_same(r, &event, views[i] != EVENT_DATA_VIEW_NONE, true);
                        assert_string_equal(r->event.interface, event.interface);
                        assert_string_equal(r->event.name, event.name);
                        assert_string_equal(r->event.note, event.note);
                        assert_int_equal(r->event.repeated, 3);
                        assert_int_equal(r->event.last_time.us, event.last_time.us);
                        strbuf_done(&sb);
                }
}

/* Blanks outside of a quoted name become line breaks, at random. */
static void wrap(struct rng *rng, char *text, unsigned one_in)
{
        bool quoted = false;

        for (char *at = text; *at; at++) {
                if (*at == '"')
                        quoted = !quoted;
                if (*at == ' ' && !quoted && rng_below(rng, one_in) == 0)
                        *at = '\n';
        }
}

static void test_random_wrapping(void **state)
{
        const uint64_t seed = 20261123;
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (int i = 0; i < 3000; i++) {
                struct event event;
                struct strbuf sb = STRBUF_INIT;
                const unsigned kind = rng_below(&rng, 4);

                if (rng_below(&rng, 2))
                        event_make_release(&event, rng_u32(&rng), EVENT_RECORD_LEGACY);
                else
                        event_make_refused(&event, (const uint8_t *)"WORKGROUP      \x1d", rng_u32(&rng), rng_u32(&rng),
                                           EVENT_RECORD_LEGACY);
                if (kind == 0)
                        event_render_bytes(event.data, event.data_len_bytes, false, &sb);
                else if (kind == 1)
                        event_render_words(event.data, event.data_len_bytes, &sb);
                else if (kind == 2)
                        event_message_format(&event, EVENT_WORDING_CLASSIC, &sb);
                else
                        event_render_xml(&event, &sb);
                char *text = strbuf_take(&sb);
                assert_non_null(text);
                wrap(&rng, text, 1 + rng_below(&rng, 12));
                const struct event_reading *r = one(text);
                uint32_t address = 0;
                assert_int_equal(r->event.id, event.id);
                if (r->has_address && event_find_address(&event, &address))
                        assert_int_equal(r->address, address);
                free(text);
        }
}

/* Cut anywhere, and with any byte changed, a text yields something sane or a problem, never a crash. */
static void test_damage(void **state)
{
        struct event event;
        struct strbuf sb = STRBUF_INIT;
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, 7);
        make_any(4321, &event);
        event_render_text(&event, EVENT_DATA_VIEW_BYTES, &sb);
        event_render_xml(&event, &sb);
        event_render_words(event.data, event.data_len_bytes, &sb);
        for (size_t len = 0; len <= sb.len_bytes; len++) {
                const int r = parse_bytes(strbuf_str(&sb), len, &readings);

                assert_true(r == 0 ? readings.count > 0 : readings.problem_count > 0);
        }
        char *text = strbuf_take(&sb);
        const size_t len = strlen(text);
        for (int i = 0; i < 5000; i++) {
                const size_t at = rng_below(&rng, (uint32_t)len);
                const char kept = text[at];

                text[at] = (char)rng_below(&rng, 256);
                const int r = parse_bytes(text, len, &readings);
                assert_true(r == 0 ? readings.count > 0 : readings.problem_count > 0);
                text[at] = kept;
        }
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vectors),
                cmocka_unit_test(test_xml_vectors),
                cmocka_unit_test(test_dcdiag),
                cmocka_unit_test(test_sentences),
                cmocka_unit_test(test_foreign),
                cmocka_unit_test(test_tables),
                cmocka_unit_test(test_tables_in_text),
                cmocka_unit_test(test_cut_descriptions),
                cmocka_unit_test(test_unreadable),
                cmocka_unit_test(test_shapes),
                cmocka_unit_test(test_deceptive_ascii),
                cmocka_unit_test(test_lists),
                cmocka_unit_test(test_text_with_its_xml),
                cmocka_unit_test(test_contradictions),
                cmocka_unit_test(test_several_dumps),
                cmocka_unit_test(test_encodings),
                cmocka_unit_test(test_round_trips),
                cmocka_unit_test(test_text_round_trips),
                cmocka_unit_test(test_random_wrapping),
                cmocka_unit_test(test_damage),
        };
        const int failed = cmocka_run_group_tests(tests, NULL, NULL);

        arena_done(&arena);
        return failed;
}
