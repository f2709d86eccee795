/* Text from outside in HTML, Markdown, code and plain text; and every byte string as valid UTF-8. */
#include "cli/escape.h"

#include "base/rng.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define R "\xEF\xBF\xBD" /* U+FFFD */

static const struct {
        const char *text, *html, *markdown, *code, *plain;
} rows[] = {
        {"", "", "", "", ""},
        {"FILESRV<20>", "FILESRV&lt;20&gt;", "FILESRV&lt;20&gt;", "`FILESRV<20>`", "FILESRV<20>"},
        {"a & \"b\" 'c'", "a &amp; &quot;b&quot; &#39;c&#39;", "a &amp; \"b\" 'c'", "`a & \"b\" 'c'`", "a & \"b\" 'c'"},
        {"`x`", "`x`", "\\`x\\`", "`` `x` ``", "`x`"},
        {"a``b`c", "a``b`c", "a\\`\\`b\\`c", "```a``b`c```", "a``b`c"},
        {" x ", " x ", " x ", "`  x  `", " x "},
        {"__*[a](b)*~~|$#\\", "__*[a](b)*~~|$#\\", "\\_\\_\\*\\[a\\](b)\\*\\~\\~\\|\\$\\#\\\\", "`__*[a](b)*~~\\|$#\\`",
         "__*[a](b)*~~|$#\\"},
        {"- a", "- a", "\\- a", "`- a`", "- a"},
        {"a - b", "a - b", "a - b", "`a - b`", "a - b"},
        {"=== b", "=== b", "\\=== b", "`=== b`", "=== b"},
        {"12. x", "12. x", "12\\. x", "`12. x`", "12. x"},
        {"1) x", "1) x", "1\\) x", "`1) x`", "1) x"},
        {"10.77.0.3 x", "10.77.0.3 x", "10.77.0.3 x", "`10.77.0.3 x`", "10.77.0.3 x"},
        {"http://www.a.b/ Www.c", "http://www.a.b/ Www.c", "http:&#8203;//www.&#8203;a.b/ Www.&#8203;c",
         "`http://www.a.b/ Www.c`", "http://www.a.b/ Www.c"},
        {"@all", "@all", "@&#8203;all", "`@all`", "@all"},
        {"a\nb\tc\x1b[2J\x7f", "a b c" R "[2J" R, "a b c" R "\\[2J" R, "`a b c" R "[2J" R "`", "a b c" R "[2J" R},
        /* no UTF-8, a C1 control, the marks that turn text around, a soft hyphen, an umlaut that is left alone */
        {"\xC3\x28\xFF", R "(" R, R "(" R, "`" R "(" R "`", R "(" R},
        {"\xC2\x9B"
         "a\xE2\x80\xAE"
         "b\xE2\x81\xA6\xC2\xAD\xC3\xA4",
         R "a" R "b" R R "\xC3\xA4", R "a" R "b" R R "\xC3\xA4", "`" R "a" R "b" R R "\xC3\xA4`",
         R "a" R "b" R R "\xC3\xA4"},
};

static void expect(const char *what, const char *text, struct strbuf *got, const char *expected)
{
        assert_true(strbuf_ok(got));
        if (strcmp(strbuf_str(got), expected) != 0)
                fail_msg("%s of \"%s\" is \"%s\", not \"%s\"", what, text, strbuf_str(got), expected);
        strbuf_done(got);
}

static void test_rows(void **state)
{
        (void)state;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct strbuf got = STRBUF_INIT;

                escape_html(&got, rows[i].text);
                expect("HTML", rows[i].text, &got, rows[i].html);
                escape_markdown(&got, rows[i].text);
                expect("Markdown", rows[i].text, &got, rows[i].markdown);
                escape_markdown_code(&got, rows[i].text, true);
                expect("code", rows[i].text, &got, rows[i].code);
                escape_plain(&got, rows[i].text);
                expect("plain text", rows[i].text, &got, rows[i].plain);
        }
        struct strbuf got = STRBUF_INIT;

        escape_markdown_code(&got, "a|b", false);
        expect("code outside a table", "a|b", &got, "`a|b`");
}

static void expect_harmless(struct strbuf *got, bool may_have_tags)
{
        const char *at = strbuf_str(got), *end = at + got->len_bytes;

        assert_true(strbuf_ok(got));
        while (at < end) {
                const uint32_t code = utf8_next(&at, end);

                assert_true(code != UTF8_NO_CODE && code >= 0x20 && !(code >= 0x7F && code < 0xA0));
                assert_true(may_have_tags || (code != '<' && code != '>'));
        }
        strbuf_done(got);
}

/* Whatever the bytes are, what comes out is UTF-8 without a control character, and no tag. */
static void test_any_bytes(void **state)
{
        struct rng rng;

        (void)state;
        rng_init_seed(&rng, 20261128);
        for (int round = 0; round < 20000; round++) {
                char text[24] = "";
                struct strbuf got = STRBUF_INIT;

                for (size_t i = 0; i < sizeof text - 1; i++)
                        text[i] = (char)(1 + rng_below(&rng, 255));
                escape_html(&got, text);
                escape_markdown(&got, text);
                expect_harmless(&got, false);
                escape_plain(&got, text);
                escape_markdown_code(&got, text, true);
                expect_harmless(&got, true);
        }
}

static void test_utf8_round_trip(void **state)
{
        (void)state;
        for (uint32_t code = 1; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 61) {
                struct strbuf text = STRBUF_INIT;

                if (code >= 0xD800 && code <= 0xDFFF)
                        continue;
                utf8_add(&text, code);
                const char *at = strbuf_str(&text), *end = at + text.len_bytes;

                assert_int_equal(utf8_next(&at, end), code);
                assert_true(at == end);
                /* cut anywhere it is none */
                for (size_t len = 1; len < text.len_bytes; len++) {
                        at = strbuf_str(&text);
                        assert_int_equal(utf8_next(&at, at + len), UTF8_NO_CODE);
                }
                strbuf_done(&text);
        }
        static const char *const wrong[] = {"\xC0\x80",         "\xE0\x80\x80", "\xED\xA0\x80",
                                            "\xF4\x90\x80\x80", "\x80",         "\xFE"};

        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                const char *at = wrong[i];

                assert_int_equal(utf8_next(&at, at + strlen(at)), UTF8_NO_CODE);
                assert_true(at == wrong[i] + 1);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_any_bytes),
                                           cmocka_unit_test(test_utf8_round_trip)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
