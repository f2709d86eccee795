/* Events beside NetBT's: every row as a record of a log and as the sentence that Event Viewer shows. */
#include "unit.h"

#include "eventlog/companion.h"
#include "eventlog/parse.h"

#include <stdio.h>
#include <string.h>

#define STRINGS 4

struct row {
        const char *source;
        uint16_t id;
        enum companion_concern concern;
        const char *strings[STRINGS]; /* NULL: none */
        const char *sentence;         /* as Windows writes it; NULL: it is not known */
        const char *text;             /* what we say of it; NULL: it is none */
        const char *names[COMPANION_MAX_NAMES];
        uint32_t address;
};

static const struct row rows[] = {
        {"Server",
         2505,
         COMPANION_NAME,
         {"\\Device\\NetBT_Tcpip_{A8D03F3E}"},
         "The server could not bind to the transport \\Device\\NetBT_Tcpip_{A8D03F3E} because another computer on the "
         "network has the same name.  The server could not start.",
         "Server 2505: the server could not bind to a transport, because another computer on the network has the same "
         "name",
         {"", "", ""},
         0},
        {"Workstation",
         3870,
         COMPANION_NAME,
         {"FILE SRV"},
         NULL,
         "Workstation 3870: \"FILE SRV\" is no valid computer name",
         {"FILE", "", ""},
         0},
        {"MRxSmb",
         8003,
         COMPANION_BROWSER,
         {"", "OTHERPC", "NetBT_Tcpip_{A}"},
         "The master browser has received a server announcement from the computer OTHERPC that believes that it is the "
         "master browser for the domain on transport NetBT_Tcpip_{A}. The master browser is stopping or an election is "
         "being forced.",
         "MRxSmb 8003: OTHERPC believes that it is the master browser, too",
         {"OTHERPC", "", ""},
         0},
        {"bowser",
         8003,
         COMPANION_BROWSER,
         {"", "\\\\OTHERPC", "NetBT_Tcpip_{A}"},
         NULL,
         "bowser 8003: \\\\OTHERPC believes that it is the master browser, too",
         {"OTHERPC", "", ""},
         0},
        {"BROWSER",
         8021,
         COMPANION_BROWSER,
         {"\\\\NAS", "\\Device\\NetBT_Tcpip_{A}"},
         "The browser service was unable to retrieve a list of servers from the browser master \\\\NAS on the network "
         "\\Device\\NetBT_Tcpip_{A}.",
         "BROWSER 8021: no list of servers could be had from the browser master \\\\NAS",
         {"NAS", "", ""},
         0},
        {"Browser",
         8032,
         COMPANION_BROWSER,
         {"\\Device\\NetBT_Tcpip_{A}"},
         "The browser service has failed to retrieve the backup list too many times on transport "
         "\\Device\\NetBT_Tcpip_{A}. The backup browser is stopping.",
         "Browser 8032: no backup list could be had from the master browser too often",
         {"", "", ""},
         0},
        {"Tcpip",
         4198,
         COMPANION_ADDRESS,
         {"", "10.3.58.7", "00:11:22:33:44:55"},
         "The system detected an address conflict for IP address 10.3.58.7 with the system\nhaving network hardware "
         "address 00:11:22:33:44:55. The local interface has been disabled.",
         "Tcpip 4198: the IP address 10.3.58.7 is used by another machine, too: MAC 00:11:22:33:44:55",
         {"", "", ""},
         0x0A033A07},
        {"Tcpip",
         4199,
         COMPANION_ADDRESS,
         {"", "10.3.58.7", "00:11:22:33:44:55"},
         "The system detected an address conflict for IP address 10.3.58.7 with the system having network hardware "
         "address 00:11:22:33:44:55. Network operations on this system may be disrupted as a result.",
         "Tcpip 4199: the IP address 10.3.58.7 is used by another machine, too: MAC 00:11:22:33:44:55",
         {"", "", ""},
         0x0A033A07},
        {"EventLog",
         6011,
         COMPANION_RENAME,
         {"OLDNAME", "newname"},
         "The NetBIOS name and DNS host name of this machine have been changed from OLDNAME to newname.",
         "EventLog 6011: the machine's name was changed from OLDNAME to newname",
         {"OLDNAME", "NEWNAME", ""},
         0},
        {"Dhcp",
         1002,
         COMPANION_ADDRESS,
         {"10.3.58.7", "001122334455", "10.3.58.1"},
         "The IP address lease 10.3.58.7 for the Network Card with network address 001122334455 has been denied by the "
         "DHCP server 10.3.58.1 (The DHCP Server sent a DHCPNACK message).",
         "Dhcp 1002: the DHCP server denied the lease of 10.3.58.7 that the machine had",
         {"", "", ""},
         0x0A033A07},
        {"Microsoft-Windows-Dhcp-Client",
         1005,
         COMPANION_ADDRESS,
         {"10.3.58.7", "0x001122334455"},
         "Your computer has detected that the IP address 10.3.58.7 for the Network Card with network address "
         "0x001122334455 is already in use on the network. Your computer will automatically attempt to obtain a "
         "different address.",
         "Microsoft-Windows-Dhcp-Client 1005: the address 10.3.58.7 that DHCP gave is used by another machine",
         {"", "", ""},
         0x0A033A07},
        {"DhcpServer",
         1014,
         COMPANION_DATABASE,
         {"-510"},
         "The JET database returned the following Error: -510.",
         "DhcpServer 1014: the DHCP server's database reports an error",
         {"", "", ""},
         0},
        {"Wins",
         4142,
         COMPANION_WINS,
         {"FILESRV        [20h]"},
         NULL,
         "Wins 4142: a replica was refused because of the static mapping of FILESRV",
         {"FILESRV", "", ""},
         0},
        {"Wins",
         4250,
         COMPANION_WINS,
         {"10.0.0.1", "0x20", "FILESRV"},
         NULL,
         "Wins 4250: the release of FILESRV was refused: it is recorded for another address",
         {"FILESRV", "", ""},
         0},
        {"WINS",
         4097,
         COMPANION_WINS,
         {"", "", "FILESRV:20"},
         NULL,
         "WINS 4097: it speaks of FILESRV",
         {"FILESRV", "", ""},
         0},
        {"NETLOGON",
         5741,
         COMPANION_LOGON,
         {"\\\\DC1", "CORP", "a whole sentence"},
         NULL,
         "NETLOGON 5741: it speaks of DC1",
         {"DC1", "CORP", ""},
         0},
        /* look-alikes */
        {"Server", 2506, 0, {"x"}, "The server could not start.", NULL, {NULL}, 0},
        {"Tcpip", 4226, 0, {""}, "TCP/IP has reached the security limit", NULL, {NULL}, 0},
        {"Tcpip", 4199, 0, {"", "no address", "00:11:22:33:44:55"}, NULL, NULL, {NULL}, 0},
        {"NETLOGON", 5719, 0, {"10.0.0.1", "%%1311", "\\Device\\X", "a sentence"}, NULL, NULL, {NULL}, 0},
        {"Wins", 4097, 0, {NULL}, NULL, NULL, {NULL}, 0},
        {"Disk", 2505, 0, {"x"}, "because another computer on the network has the same name", NULL, {NULL}, 0},
};

static struct log_record record_of(const struct row *row)
{
        struct log_record record = {.record = 17, .time = {1700000000000000}, .code = 0xC0000000u | row->id};

        (void)snprintf(record.source, sizeof record.source, "%s", row->source);
        (void)snprintf(record.computer, sizeof record.computer, "WKS1");
        for (size_t i = 0; i < STRINGS && row->strings[i]; i++)
                (void)snprintf(record.strings[record.string_count++], EVENT_STRING_BYTES, "%s", row->strings[i]);
        return record;
}

static void expect(const struct row *row, const struct companion *got)
{
        if (got->concern != row->concern || strcmp(got->text, row->text) != 0)
                fail_msg("%s %u: %s", row->source, row->id, got->text);
        assert_int_equal(got->id, row->id);
        assert_string_equal(got->computer, "WKS1");
        assert_int_equal(got->record, 17);
        assert_true(got->time.us == 1700000000000000);
        for (size_t i = 0; i < COMPANION_MAX_NAMES; i++)
                if (strcmp(got->name[i], row->names[i]) != 0)
                        fail_msg("%s %u: name %zu is %s", row->source, row->id, i, got->name[i]);
        assert_int_equal(got->has_address, row->address != 0);
        assert_int_equal(got->address, row->address);
}

static void test_records(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                const struct log_record record = record_of(&rows[i]);
                struct companion companion;
                const bool is = companion_read(&record, &companion);

                if (is != (rows[i].text != NULL))
                        fail_msg("%s %u: %s", rows[i].source, rows[i].id, is ? companion.text : "not read");
                if (is)
                        expect(&rows[i], &companion);
        }
}

/* Of text alone the strings are not known, only what the sentence says. */
static void test_sentences(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct log_record record = record_of(&rows[i]);
                struct companion companion;

                if (!rows[i].sentence)
                        continue;
                record.string_count = 0;
                memset(record.strings, 0, sizeof record.strings);
                const struct span text = {rows[i].sentence, strlen(rows[i].sentence)};
                const bool is = companion_read_text(&record, text, &companion);

                if (is != (rows[i].text != NULL))
                        fail_msg("%s %u: %s", rows[i].source, rows[i].id, is ? companion.text : "not read");
                if (is)
                        expect(&rows[i], &companion);
                assert_false(companion_read_text(&record, (struct span){"Something else.", 15}, &companion));
        }
        assert_true(companion_is_source("netlogon") && companion_is_source("Bowser") && companion_is_source("dhcp"));
        assert_false(companion_is_source("NetBT") || companion_is_source("") || companion_is_source("MRxSmb|bowser"));
}

static const struct companion *find(const struct event_readings *readings, uint16_t id)
{
        for (size_t i = 0; i < readings->companion_count; i++)
                if (readings->companions[i].id == id)
                        return &readings->companions[i];
        fail_msg("no companion %u among %zu", id, readings->companion_count);
        return NULL;
}

/* In a pasted text they are told beside the NetBT events, whatever the form. */
static void test_pasted(void **state)
{
        static const char netbt[] =
                "The name \"\"FILESRV        :20\"\" could not be registered on the interface with IP "
                "address 10.0.0.1. The computer with the IP address 10.0.0.2 did not allow";
        char text[8192];
        struct arena arena = ARENA_INIT;
        struct event_readings readings = {0};

        (void)state;
        (void)snprintf(text, sizeof text,
                       "Event[0]\n  Log Name: System\n  Source: Server\n  Date: 2018-07-12T00:42:03.972Z\n  Event ID: "
                       "2505\n  Computer: WKS1\n  Description: \n%s\n\n"
                       "An Error Event occurred.  EventID: 0xC0001067\n   Time Generated: 03/05/2021   10:23:44\n   "
                       "Event String:\n   %s\n"
                       "<Event><System><Provider Name='EventLog'/><EventID Qualifiers='32768'>6011</EventID><Computer>"
                       "WKS1</Computer></System><EventData><Data>OLD</Data><Data>NEW</Data></EventData></Event>\n"
                       "Level,Date and Time,Source,Event ID,Task Category\n"
                       "Error,7/12/2018 12:42:00 AM,NetBT,4321,None,\"%s\"\n"
                       "Error,7/12/2018 12:42:00 AM,bowser,8003,None,%s\n"
                       "Error,7/12/2018 12:42:00 AM,Disk,11,None,The driver detected a controller error.\n",
                       rows[0].sentence, rows[7].sentence, netbt, rows[2].sentence);
        assert_int_equal(event_text_parse(text, strlen(text), &arena, &readings), 0);
        assert_int_equal(readings.count, 1);
        assert_int_equal(readings.items[0].address, 0x0A000002);
        assert_int_equal(readings.items[0].form, EVENT_FORM_CSV);
        assert_int_equal(readings.foreign_count, 5);
        assert_int_equal(readings.companion_count, 4);
        assert_string_equal(find(&readings, 2505)->computer, "WKS1");
        assert_true(find(&readings, 2505)->time.us == INT64_C(1531356123972000));
        assert_int_equal(find(&readings, 4199)->address, 0x0A033A07);
        assert_true(companion_names(find(&readings, 6011), "new"));
        assert_true(companion_names(find(&readings, 8003), "OTHERPC"));
        arena_done(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_records), cmocka_unit_test(test_sentences),
                                           cmocka_unit_test(test_pasted)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
