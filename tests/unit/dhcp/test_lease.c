/* Lease databases: what each format means, damage that ends early, and files cut anywhere, fed in pieces of any size. */
#include "base/arena.h"
#include "base/ip4.h"
#include "base/strbuf.h"
#include "dhcp/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char isc[] = "# The format of this file is documented in the dhcpd.leases(5) manual page.\n"
                          "\n"
                          "authoring-byte-order little-endian;\n"
                          "server-duid \"\\000\\001;{\";\n"
                          "lease 10.99.0.10 {\n"
                          "  starts 0 2026/11/22 09:33:23;\n"
                          "  ends 0 2026/11/22 19:33:23;\n"
                          "  binding state active;\n"
                          "  hardware ethernet 02:00:00:00:00:0a;\n"
                          "  uid \"\\001}\\\"x\";\n"
                          "  set vendor-class-identifier = \"MSFT 5.0\";\n"
                          "  client-hostname \"WSALPHA\";\n"
                          "}\n"
                          "failover peer \"x\" state {\n"
                          "  my state normal at 0 2026/11/22 09:33:23;\n"
                          "}\n"
                          "lease 10.99.0.11 {\n"
                          "  starts epoch 1795343547; # Sun Nov 22\n"
                          "  ends never;\n"
                          "  binding state free;\n"
                          "}\n"
                          "lease 10.99.0.12 {\n"
                          "  ends 0 2026/11/22 19:33:23;\n"
                          "  abandoned;\n"
                          "}\n";

static const char isc_torn[] = "lease 10.99.0.10 {\n"
                               "  starts 0 2026/11/22 09:33:23;\n"
                               "  ends 0 2026/11/2lease 10.99.0.9 {\n"
                               "lease 10.99.0.11 {\n"
                               "  ends never;\n"
                               "}\n"
                               "  binding state free;\n"
                               "}\n"
                               "%%%%\n"
                               "lease 10.99.0.300 {\n  ends never;\n}\n"
                               "lease 10.99.0.12 {\n  ends some day;\n}\n"
                               "lease 10.99.0.13 {\n  binding state odd;\n}\n"
                               "lease 10.99.0.14 {\n}\n"
                               "lease 10.99.0.15 {\n  ends never;\n  client-host";

static const char kea[] =
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
        "10.99.0.10,02:00:00:00:00:0a,01:02:00:00:00:00:0a,3600,1795347147,1,0,0,wsalpha.corp.example.,0,\n"
        "10.99.0.11,,ff:01,4294967295,1795347147,1,0,0,a&#x2cb,0,{ \"a\": 1 }\n"
        "10.99.0.12,,,3600,1795347147,1,0,0,,1,\n"
        "10.99.0.13,02:00:00:00:00:0d,,0,1795343547,1,0,0,gone,0,\n"
        "10.99.0.14,02:00:00:00:00:0e,,3600,1795347147,1,0,0,old,2,\n";

static const char kea_torn[] = "10.99.0.10,02:00:00:00:00:0a,,3600,1795347147,1,0,0,one,0,\n"
                               "10.99.0.11,02:00:00:00:00:0b,,3600,17953471\n"
                               "10.99.0.12,02:00:00:00:00:0c,,3600,1795347147,1,0,0,two,0,,\n"
                               "10.99.0.13,02:00:00:00:00:0d,,x,1795347147,1,0,0,three,0,\n"
                               "10.99.0.14,02:00:00:00:00:0e,,3600,1795347147,1,0,0,four,9,\n"
                               "nowhere,02:00:00:00:00:0f,,3600,1795347147,1,0,0,five,0,\n";

static const char dnsmasq[] = "1795343547 02:00:00:00:00:0a 10.99.0.10 WSBETA 01:02:00:00:00:00:0a\n"
                              "0 06-02:00:00:00:00:0b 10.99.0.11 * *\n"
                              "duid 00:01:00:01\n"
                              "1795343547 12345 fd00::1 six 00:01\n";

static const char dnsmasq_torn[] = "1795343547 02:00:00:00:00:0a 10.99.0.10 WSBETA *\n"
                                   "17953\x01"
                                   "43547 02:00:00:00:00:0a 10.99.0.10 WSBETA *\n"
                                   "x 02:00:00:00:00:0b 10.99.0.11 A *\n"
                                   "1 02:00:00:00:00 10.99.0.11 A *\n"
                                   "1 02:00:00:00:00:0b 10.99.0 A *\n"
                                   "1 02:00:00:00:00:0b 10.99.0.11 A * more\n"
                                   "1 02:00:00:00:00:0b 10.99.0.11 A";

static const char windows[] =
        "\xEF\xBB\xBF#TYPE Microsoft.Management.Infrastructure.CimInstance\r\n"
        "\"IPAddress\",\"ScopeId\",\"AddressState\",\"ClientId\",\"HostName\",\"LeaseExpiryTime\"\r\n"
        "\"10.0.0.5\",\"10.0.0.0\",\"Active\",\"02-00-00-00-00-0a\",\"WKS01.corp.example\",\"11/23/2026 1:15:00 "
        "PM\"\r\n"
        "\"10.0.0.6\",\"10.0.0.0\",\"InactiveReservation\",\"02-00-00-00-00-0b\",\"a \"\"b\"\", c\",\r\n"
        "\"10.0.0.7\",\"10.0.0.0\",\"Declined\",\"\",\"BAD_ADDRESS\",\"2026-11-23T12:00:00\"\r\n"
        "\"10.0.0.8\",\"10.0.0.0\",\"Active\r\n"
        "\"10.0.0.9\",\"10.0.0.0\"\r\n";

static const uint8_t udhcpd[] = "\0\0\0\0\x6B\x02\xC4\xBB"
                                "\0\0\x0E\x10\x0A\x63\0\x0A\x02\0\0\0\0\x0AWSGAMMA\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\0\0\0\x10\x0A\x63\0\x0B\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\0\0\0\x10\0\0\0\0\x02\0\0\0\0\x0A\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                "\0\0\0\x10\x0A\x63\0\x0C\x02";

static const struct sample {
        const char *name;
        enum lease_format format;
        const void *bytes;
        size_t len;
        const char *expected;
} samples[] = {
        {"isc", LEASE_FORMAT_ISC, isc, sizeof isc - 1,
         "5 10.99.0.10 active 02-00-00-00-00-0A 1795340003 1795376003 WSALPHA\n"
         "17 10.99.0.11 free - 1795343547 never -\n"
         "22 10.99.0.12 declined - 0 1795376003 -\n"},
        {"isc-torn", LEASE_FORMAT_ISC, isc_torn, sizeof isc_torn - 1,
         "1 a record that ends before its closing brace\n"
         "4 10.99.0.11 active - 0 never -\n"
         "7 a statement outside of its record\n"
         "8 a closing brace without its beginning\n"
         "9 a line that is no statement\n"
         "10 a record without an address\n"
         "13 an end that is no time\n"
         "16 an unknown binding state\n"
         "19 a record that says neither its end nor its state\n"
         "21 the last record is cut off\n"},
        {"kea", LEASE_FORMAT_KEA, kea, sizeof kea - 1,
         "2 10.99.0.10 active 02-00-00-00-00-0A 1795343547 1795347147 wsalpha.corp.example\n"
         "3 10.99.0.11 active - 0 never a,b\n"
         "4 10.99.0.12 declined - 1795343547 1795347147 -\n"
         "5 10.99.0.13 free 02-00-00-00-00-0D 1795343547 1795343547 gone\n"
         "6 10.99.0.14 free 02-00-00-00-00-0E 1795343547 1795347147 old\n"},
        {"kea-torn", LEASE_FORMAT_KEA, kea_torn, sizeof kea_torn - 1,
         "1 the header line is missing\n"
         "1 10.99.0.10 active 02-00-00-00-00-0A 1795343547 1795347147 one\n"
         "2 a row with too few columns\n"
         "3 a row with too many columns\n"
         "4 a row whose times are no numbers\n"
         "5 a row in no known state\n"
         "6 a row without an address\n"},
        {"dnsmasq", LEASE_FORMAT_DNSMASQ, dnsmasq, sizeof dnsmasq - 1,
         "1 10.99.0.10 active 02-00-00-00-00-0A 0 1795343547 WSBETA\n"
         "2 10.99.0.11 active 02-00-00-00-00-0B 0 never -\n"},
        {"dnsmasq-torn", LEASE_FORMAT_DNSMASQ, dnsmasq_torn, sizeof dnsmasq_torn - 1,
         "1 10.99.0.10 active 02-00-00-00-00-0A 0 1795343547 WSBETA\n"
         "2 bytes that are no text\n"
         "3 a line that does not begin with a time\n"
         "4 a line without a hardware address\n"
         "5 a line without an address\n"
         "6 a line with too many words\n"
         "7 a line that is cut off\n"},
        {"windows", LEASE_FORMAT_WINDOWS, windows, sizeof windows - 1,
         "3 10.0.0.5 active 02-00-00-00-00-0A 0 1795439700 WKS01.corp.example\n"
         "4 10.0.0.6 reserved 02-00-00-00-00-0B 0 0 a \"\"b\"\", c\n"
         "5 10.0.0.7 declined - 0 1795435200 BAD_ADDRESS\n"
         "6 a quote that is not closed\n"
         "7 a row with too few columns\n"},
        {"udhcpd", LEASE_FORMAT_UDHCPD, udhcpd, sizeof udhcpd - 1,
         "0 10.99.0.10 active 02-00-00-00-00-0A 0 1795347147 WSGAMMA\n"
         "0 10.99.0.11 declined - 0 1795343563 -\n"
         "0 a record without an address\n"
         "0 the last record is cut off\n"},
};

struct outcome {
        struct strbuf text, bytes;
};

static void describe(struct strbuf *out, const struct lease_item *item)
{
        char address[IP4_TEXT_BYTES], mac[MAC_TEXT_BYTES] = "-", ends[32] = "never";
        const struct lease *l = &item->lease;

        if (item->kind == LEASE_ITEM_DAMAGE)
                strbuf_printf(out, "%u %s\n", item->line, item->why);
        if (item->kind != LEASE_ITEM_LEASE)
                return;
        ip4_format(l->address, address);
        if (l->has_mac)
                mac_format(l->mac, mac);
        if (l->ends_s != LEASE_NEVER)
                snprintf(ends, sizeof ends, "%lld", (long long)l->ends_s);
        strbuf_printf(out, "%u %s %s %s %lld %s %s\n", item->line, address, lease_state_str(l->state), mac,
                      (long long)l->starts_s, ends, *l->name ? l->name : "-");
}

static void take_all(struct lease_reader *reader, struct outcome *ret)
{
        struct lease_item item;

        while (lease_reader_next(reader, &item)) {
                assert_int_equal(item.offset, ret->bytes.len_bytes);
                strbuf_add_bytes(&ret->bytes, item.bytes, item.len_bytes);
                describe(&ret->text, &item);
        }
}

static struct outcome read_pieces(enum lease_format format, const void *bytes, size_t len, size_t piece)
{
        struct outcome ret = {STRBUF_INIT, STRBUF_INIT};
        struct lease_reader *reader = NULL;

        assert_int_equal(lease_reader_new(&reader, format), 0);
        for (size_t at = 0; at < len; at += piece) {
                const size_t part = len - at < piece ? len - at : piece;
                uint8_t *copy = malloc(part); /* so that reading beyond is seen */

                memcpy(copy, (const uint8_t *)bytes + at, part);
                assert_int_equal(lease_reader_feed(reader, copy, part), 0);
                free(copy);
                take_all(reader, &ret);
        }
        lease_reader_end(reader);
        take_all(reader, &ret);
        lease_reader_free(reader);
        return ret;
}

static void outcome_done(struct outcome *outcome)
{
        strbuf_done(&outcome->text);
        strbuf_done(&outcome->bytes);
}

static void test_meaning(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(samples); i++) {
                const struct sample *s = &samples[i];
                struct outcome all = read_pieces(s->format, s->bytes, s->len, s->len);

                assert_string_equal(strbuf_str(&all.text), s->expected);
                outcome_done(&all);
        }
}

/* The items are the file, and do not depend on how it is fed. */
static void test_pieces(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(samples); i++) {
                for (size_t piece = 1; piece < samples[i].len; piece += piece < 20 ? 1 : 37) {
                        struct outcome got = read_pieces(samples[i].format, samples[i].bytes, samples[i].len, piece);

                        assert_string_equal(strbuf_str(&got.text), samples[i].expected);
                        assert_int_equal(got.bytes.len_bytes, samples[i].len);
                        assert_memory_equal(strbuf_str(&got.bytes), samples[i].bytes, samples[i].len);
                        outcome_done(&got);
                }
        }
}

/* A file cut anywhere tells what the whole tells, up to its last item or two. */
static void test_cut(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(samples); i++) {
                for (size_t len = 0; len < samples[i].len; len++) {
                        struct outcome got = read_pieces(samples[i].format, samples[i].bytes, len, 64);
                        const char *text = strbuf_str(&got.text);
                        size_t same = 0;

                        assert_int_equal(got.bytes.len_bytes, len);
                        while (text[same] && text[same] == samples[i].expected[same])
                                same++;
                        while (same && text[same - 1] != '\n')
                                same--;
                        size_t others = 0;
                        for (const char *at = text + same; (at = strchr(at, '\n')); at++)
                                others++;
                        if (others > 2) /* a torn header is missing, too */
                                fail_msg("%s, cut at %zu: %s", samples[i].name, len, text);
                        outcome_done(&got);
                }
        }
}

static void test_detect(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(samples); i++)
                assert_int_equal(lease_format_detect(samples[i].bytes, samples[i].len), samples[i].format);
        assert_int_equal(lease_format_detect("", 0), LEASE_FORMAT_UNKNOWN);
        assert_int_equal(lease_format_detect("hello\nworld\n", 12), LEASE_FORMAT_UNKNOWN);
        assert_int_equal(lease_format_detect("address,hwaddr,client_id\n", 25), LEASE_FORMAT_KEA);
        assert_int_equal(lease_format_detect("%%\n1795343547 02:00:00:00:00:0a 10.99.0.10 W *\n", 47),
                         LEASE_FORMAT_DNSMASQ);
        /* UTF-16 alone does not make an export of Windows */
        static const char utf16[] = "\xFF\xFEI\0P\0A\0d\0d\0r\0e\0s\0s\0,\0S\0c\0o\0p\0e\0I\0d\0\r\0\n";
        assert_int_equal(lease_format_detect(utf16, sizeof utf16), LEASE_FORMAT_WINDOWS);
        assert_int_equal(lease_format_detect(utf16, sizeof utf16 - 9), LEASE_FORMAT_UNKNOWN);
        assert_int_equal(lease_format_detect("\xFF\xFE\xFA\xC3\x28", 5), LEASE_FORMAT_UNKNOWN);
}

/* What a crash leaves: zeros, then more of the journal. */
static void test_zeros(void **state)
{
        static const char bytes[] = "1795343547 02:00:00:00:00:0a 10.99.0.10 A *\n\0\0\0\0\0\0\0"
                                    "1795343547 02:00:00:00:00:0b 10.99.0.11 B *\n";
        (void)state;
        struct outcome got = read_pieces(LEASE_FORMAT_DNSMASQ, bytes, sizeof bytes - 1, 7);

        assert_non_null(strstr(strbuf_str(&got.text), "2 zeros where text ought to stand\n"));
        assert_non_null(strstr(strbuf_str(&got.text), "10.99.0.11 active 02-00-00-00-00-0B 0 1795343547 B\n"));
        outcome_done(&got);
}

/* However long a line or a statement, memory stays bounded, and what follows is read. */
static void test_too_long(void **state)
{
        static const struct {
                enum lease_format format;
                const char *before, *after;
        } rows[] = {
                {LEASE_FORMAT_DNSMASQ, "", "\n1795343547 02:00:00:00:00:0b 10.99.0.11 B *\n"},
                {LEASE_FORMAT_KEA,
                 "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state\n10.99.0."
                 "9,",
                 "\n10.99.0.11,,,3600,1795347147,1,0,0,,0\n"},
                {LEASE_FORMAT_ISC, "lease 10.99.0.1 { uid \"", "\nlease 10.99.0.11 {\n  ends never;\n}\n"},
                {LEASE_FORMAT_ISC, "xx", "\nlease 10.99.0.11 {\n  ends never;\n}\n"},
        };
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                for (size_t fill = LEASE_MAX_ITEM_BYTES - 40; fill < 4 * LEASE_MAX_ITEM_BYTES;
                     fill += fill < LEASE_MAX_ITEM_BYTES + 40 ? 1 : 9001) {
                        struct strbuf file = STRBUF_INIT;

                        strbuf_add(&file, rows[i].before);
                        for (size_t j = 0; j < fill; j++)
                                strbuf_add_char(&file, 'x');
                        strbuf_add(&file, rows[i].after);
                        struct outcome got = read_pieces(rows[i].format, strbuf_str(&file), file.len_bytes, 4096);
                        assert_int_equal(got.bytes.len_bytes, file.len_bytes);
                        if (!strstr(strbuf_str(&got.text), "10.99.0.11 active"))
                                fail_msg("row %zu, %zu bytes: %s", i, fill, strbuf_str(&got.text));
                        outcome_done(&got);
                        strbuf_done(&file);
                }
        }
}

/* Export-Csv -Encoding Unicode. */
static void test_utf16(void **state)
{
        static const char text[] =
                "IPAddress;ScopeId;ClientId;HostName\r\n10.0.0.5;10.0.0.0;02-00-00-00-00-0a;M\xFCller\r\n";
        uint8_t bytes[2 * sizeof text] = {0xFF, 0xFE};
        (void)state;
        for (size_t i = 0; i < sizeof text - 1; i++)
                bytes[2 + 2 * i] = (uint8_t)text[i];
        for (size_t piece = 1; piece < 9; piece++) {
                struct lease_reader *reader = NULL;
                struct strbuf out = STRBUF_INIT;
                struct lease_item item;

                assert_int_equal(lease_reader_new(&reader, LEASE_FORMAT_WINDOWS), 0);
                for (size_t at = 0; at < sizeof text * 2; at += piece) {
                        const size_t left = sizeof text * 2 - at;
                        assert_int_equal(lease_reader_feed(reader, bytes + at, left < piece ? left : piece), 0);
                        while (lease_reader_next(reader, &item))
                                describe(&out, &item);
                }
                assert_string_equal(strbuf_str(&out), "2 10.0.0.5 active 02-00-00-00-00-0A 0 0 M\xC3\xBCller\n");
                lease_reader_free(reader);
                strbuf_done(&out);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_meaning), cmocka_unit_test(test_pieces), cmocka_unit_test(test_cut),
                cmocka_unit_test(test_detect),  cmocka_unit_test(test_zeros),  cmocka_unit_test(test_too_long),
                cmocka_unit_test(test_utf16),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
