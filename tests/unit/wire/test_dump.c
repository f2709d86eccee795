/*
 * The dump of every sample against golden/dump.txt (tests/unit/wire/emit prints the same lines), and that no two
 * different samples print alike.
 */
#include "unit.h"

#include "samples.h"
#include "wire/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *golden_path;

static char *read_golden(void)
{
        static char text[1 << 17];
        FILE *file = fopen(golden_path, "rb");

        assert_non_null(file);
        const size_t len = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        text[len] = '\0';
        return text;
}

static void samples_print_as_golden(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);
        struct strbuf sb = STRBUF_INIT;

        (void)state;
        for (size_t i = 0; i < count; i++) {
                strbuf_printf(&sb, "== %s\n", samples[i].name);
                nbns_dump(&sb, samples[i].bytes, samples[i].len_bytes);
                strbuf_add_char(&sb, '\n');
        }
        assert_true(strbuf_ok(&sb));
        const char *golden = read_golden();
        if (strcmp(strbuf_str(&sb), golden) != 0)
                print_message("this build prints:\n%s", strbuf_str(&sb));
        assert_string_equal(strbuf_str(&sb), golden);
        strbuf_done(&sb);
}

/* A set bit anywhere in a message changes its text, but for bits that mean nothing. */
static void every_bit_shows(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                struct strbuf plain = STRBUF_INIT, changed = STRBUF_INIT;
                uint8_t bytes[SAMPLE_MAX_BYTES];

                memcpy(bytes, samples[i].bytes, samples[i].len_bytes);
                nbns_dump(&plain, bytes, samples[i].len_bytes);
                for (size_t bit = 0; bit < 8 * samples[i].len_bytes; bit++) {
                        if (bit / 8 == 3 && bit % 8 >= 5 && bit % 8 <= 6)
                                continue; /* reserved, RFC 1002 §4.2.1.1 */
                        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                        strbuf_reset(&changed);
                        nbns_dump(&changed, bytes, samples[i].len_bytes);
                        if (strcmp(strbuf_str(&plain), strbuf_str(&changed)) == 0)
                                fail_msg("%s: bit %zu of byte %zu does not show", samples[i].name, bit % 8, bit / 8);
                        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                }
                strbuf_done(&plain);
                strbuf_done(&changed);
        }
}

static void malformed_bytes_print_as_hex(void **state)
{
        struct strbuf sb = STRBUF_INIT;

        (void)state;
        nbns_dump(&sb, "\x12\x34\xFF", 3);
        assert_string_equal(strbuf_str(&sb), "malformed: input ends too early, 3 bytes 1234ff");
        strbuf_reset(&sb);
        nbns_dump(&sb, "", 0);
        assert_string_equal(strbuf_str(&sb), "malformed: input ends too early, 0 bytes ");
        strbuf_reset(&sb);
        nbns_dump(&sb, "\0\1\0\0\0\2\0\0\0\0\0\0", 12);
        assert_string_equal(strbuf_str(&sb), "malformed: malformed input, 12 bytes 000100000002000000000000");
        strbuf_done(&sb);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(samples_print_as_golden),
                cmocka_unit_test(every_bit_shows),
                cmocka_unit_test(malformed_bytes_print_as_hex),
        };

        if (argc != 2)
                return 2;
        golden_path = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
