/* What is wrong in lease databases, and what looks like it and is not. */
#include "base/arena.h"
#include "base/ip4.h"
#include "base/strbuf.h"
#include "dhcp/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ISC(address, starts, ends, state, mac, name)                                                                   \
        "lease " address " {\n  starts epoch " starts ";\n  ends epoch " ends ";\n  binding state " state              \
        ";\n  hardware ethernet " mac ";\n  client-hostname \"" name "\";\n}\n"
#define A "02:00:00:00:00:0a"
#define B "02:00:00:00:00:0b"

static const struct {
        const char *name;
        enum lease_format format;
        const char *text, *other; /* a second file, of another database */
        const char *expected;     /* "kind:address[/address]" in the order of the kinds */
        size_t active;
} rows[] = {
        {"sound", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 ONE *\n9 " B " 10.0.0.2 TWO *\n", NULL, "", 2},
        {"renewed", LEASE_FORMAT_ISC,
         ISC("10.0.0.1", "10", "20", "active", A, "ONE") ISC("10.0.0.1", "15", "25", "active", A, "ONE"), NULL, "", 1},
        {"passed on after its end", LEASE_FORMAT_ISC,
         ISC("10.0.0.1", "10", "20", "active", A, "ONE") ISC("10.0.0.1", "20", "30", "active", B, "TWO"), NULL, "", 1},
        {"passed on after its release", LEASE_FORMAT_ISC,
         ISC("10.0.0.1", "10", "20", "active", A, "ONE") ISC("10.0.0.1", "10", "12", "free", A, "ONE")
                 ISC("10.0.0.1", "13", "23", "active", B, "TWO"),
         NULL, "", 1},
        {"overlap", LEASE_FORMAT_ISC,
         ISC("10.0.0.1", "10", "20", "active", A, "ONE") ISC("10.0.0.1", "19", "30", "active", B, "TWO"), NULL,
         "overlap:10.0.0.1/10.0.0.1 ", 1},
        {"one address twice", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 ONE *\n9 " B " 10.0.0.1 TWO *\n", NULL,
         "address-twice:10.0.0.1/10.0.0.1 ", 2},
        {"two databases give one address", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 ONE *\n", "9 " B " 10.0.0.1 TWO *\n",
         "address-twice:10.0.0.1/10.0.0.1 ", 2},
        {"two databases, one client", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 ONE *\n", "9 " A " 10.0.0.1 ONE *\n", "",
         2},
        {"one client twice", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 ONE *\n9 " A " 10.0.0.2 ONE *\n", NULL,
         "client-twice:10.0.0.1/10.0.0.2 ", 2},
        {"a client that moved", LEASE_FORMAT_ISC,
         ISC("10.0.0.1", "10", "20", "active", A, "ONE") ISC("10.0.0.2", "20", "30", "active", A, "ONE"), NULL, "", 2},
        {"one name twice", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 one *\n9 " B " 10.0.0.2 ONE.corp.example *\n", NULL,
         "name-twice:10.0.0.1/10.0.0.2 ", 2},
        {"one name, one after the other", LEASE_FORMAT_ISC,
         ISC("10.0.0.1", "10", "20", "active", A, "ONE") ISC("10.0.0.2", "20", "30", "active", B, "ONE"), NULL, "", 2},
        {"cut names", LEASE_FORMAT_DNSMASQ,
         "9 " A " 10.0.0.1 verylonghostname1 *\n9 " B " 10.0.0.2 verylonghostname2 *\n", NULL,
         "name-cut:10.0.0.1/10.0.0.2 name-long:10.0.0.1 name-long:10.0.0.2 ", 2},
        {"long names that differ early", LEASE_FORMAT_DNSMASQ,
         "9 " A " 10.0.0.1 1verylonghostname *\n9 " B " 10.0.0.2 2verylonghostname *\n", NULL,
         "name-long:10.0.0.1 name-long:10.0.0.2 ", 2},
        {"fifteen bytes", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 exactly15bytes0.corp.example *\n", NULL, "", 1},
        {"a bad name", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 a:b *\n", NULL, "name-bad:10.0.0.1 ", 1},
        {"ends before it starts", LEASE_FORMAT_ISC, ISC("10.0.0.1", "30", "20", "active", A, "ONE"), NULL,
         "time:10.0.0.1 ", 1},
        {"a journal that runs backwards", LEASE_FORMAT_ISC,
         ISC("10.0.0.1", "30", "40", "active", A, "ONE") ISC("10.0.0.1", "10", "20", "active", A, "ONE"), NULL,
         "time:10.0.0.1/10.0.0.1 ", 1},
        {"declined", LEASE_FORMAT_ISC, ISC("10.0.0.1", "10", "20", "abandoned", A, ""), NULL, "declined:10.0.0.1 ", 0},
        {"damage", LEASE_FORMAT_DNSMASQ, "9 " A " 10.0.0.1 ONE *\n9 " B " 10.0\n", NULL, "damage:0.0.0.0 ", 1},
};

static void add_text(struct checker *checker, unsigned file, enum lease_format format, const char *text)
{
        struct lease_reader *reader = NULL;
        struct lease_item item;

        assert_int_equal(lease_reader_new(&reader, format), 0);
        assert_int_equal(lease_reader_feed(reader, text, strlen(text)), 0);
        lease_reader_end(reader);
        while (lease_reader_next(reader, &item))
                assert_int_equal(checker_add(checker, file, file, format, &item), 0);
        lease_reader_free(reader);
}

static void describe(const struct checker *checker, struct strbuf *out)
{
        char a[IP4_TEXT_BYTES], b[IP4_TEXT_BYTES];
        const struct check_finding *f;

        for (enum check_kind kind = 0; kind < CHECK_KIND_MAX; kind++)
                for (size_t i = 0; (f = checker_finding(checker, kind, i)); i++) {
                        ip4_format(f->a.lease.address, a);
                        ip4_format(f->b.lease.address, b);
                        strbuf_printf(out, "%s:%s%s%s ", check_kind_str(kind), a, f->b.lease.address ? "/" : "",
                                      f->b.lease.address ? b : "");
                }
}

static void test_table(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                struct strbuf out = STRBUF_INIT;
                struct checker *checker = NULL;

                assert_int_equal(checker_new(&checker), 0);
                add_text(checker, 0, rows[i].format, rows[i].text);
                if (rows[i].other)
                        add_text(checker, 1, rows[i].format, rows[i].other);
                assert_int_equal(checker_finish(checker), 0);
                describe(checker, &out);
                if (strcmp(strbuf_str(&out), rows[i].expected) != 0 || checker_active(checker) != rows[i].active)
                        fail_msg("%s: found %s, %zu active", rows[i].name, strbuf_str(&out), checker_active(checker));
                checker_free(checker);
                strbuf_done(&out);
        }
}

/* What a clean copy leaves out: of one address all but the longest. */
static void test_drops(void **state)
{
        static const char text[] = "5 " A " 10.0.0.1 ONE *\n"
                                   "9 " B " 10.0.0.1 TWO *\n"
                                   "7 " A " 10.0.0.1 ONE *\n"
                                   "7 " A " 10.0.0.2 ONE *\n";
        struct checker *checker = NULL;
        size_t count = 0;

        (void)state;
        assert_int_equal(checker_new(&checker), 0);
        add_text(checker, 0, LEASE_FORMAT_DNSMASQ, text);
        const uint64_t *drops = checker_drops(checker, 0, &count);
        assert_int_equal(count, 2);
        assert_int_equal(drops[0], 0);
        assert_int_equal(drops[1], 2 * (strchr(text, '\n') + 1 - text));
        checker_free(checker);
}

/* Thousands of one kind are counted, and the first kept; names and addresses stay right while tables grow. */
static void test_many(void **state)
{
        struct strbuf text = STRBUF_INIT;
        struct checker *checker = NULL;
        struct check_ref ref;

        (void)state;
        for (unsigned i = 0; i < 5000; i++)
                strbuf_printf(&text, "9 02:00:00:00:%02x:%02x 10.0.%u.%u host%u *\n", i >> 8, i & 255, i >> 8, i & 255,
                              i / 2);
        assert_int_equal(checker_new(&checker), 0);
        add_text(checker, 0, LEASE_FORMAT_DNSMASQ, strbuf_str(&text));
        assert_int_equal(checker_finish(checker), 0);
        assert_int_equal(checker_count(checker, CHECK_NAME_TWICE), 2500);
        assert_non_null(checker_finding(checker, CHECK_NAME_TWICE, CHECK_KEPT - 1));
        assert_null(checker_finding(checker, CHECK_NAME_TWICE, CHECK_KEPT));
        assert_int_equal(checker_addresses(checker), 5000);
        for (unsigned i = 0; i < 5000; i++) {
                char name[16];

                assert_true(checker_lease(checker, i, &ref));
                snprintf(name, sizeof name, "host%u", i / 2);
                assert_string_equal(ref.lease.name, name);
                assert_int_equal(ref.lease.address, 0x0A000000 + i);
        }
        checker_free(checker);
        strbuf_done(&text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_drops),
                                           cmocka_unit_test(test_many)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
