/* Addresses, times and result codes as text. */
#include "unit.h"

#include "base/instant.h"
#include "base/ip4.h"
#include "base/result.h"
#include "base/rng.h"

#include <stdio.h>
#include <string.h>

static void addresses(void **state)
{
        static const struct {
                const char *text;
                int result;
                uint32_t address;
        } rows[] = {
                {"22.101.26.231", 0, 0x16651AE7},     {"0.0.0.0", 0, 0},
                {"255.255.255.255", 0, 0xFFFFFFFF},   {"010.1.1.1", 0, 0x0A010101},
                {"", NBT_ERR_MALFORMED, 0},           {"1.2.3", NBT_ERR_MALFORMED, 0},
                {"1.2.3.", NBT_ERR_MALFORMED, 0},     {"1.2.3.4.", NBT_ERR_MALFORMED, 0},
                {"1.2.3.4.5", NBT_ERR_MALFORMED, 0},  {"1.2.3.256", NBT_ERR_MALFORMED, 0},
                {"1.2.3.0004", NBT_ERR_MALFORMED, 0}, {"1.2.3.99999999999", NBT_ERR_MALFORMED, 0},
                {"+1.2.3.4", NBT_ERR_MALFORMED, 0},   {"1.2.3.-4", NBT_ERR_MALFORMED, 0},
                {" 1.2.3.4", NBT_ERR_MALFORMED, 0},   {"1.2.3.4 ", NBT_ERR_MALFORMED, 0},
                {"1..3.4", NBT_ERR_MALFORMED, 0},     {"a.b.c.d", NBT_ERR_MALFORMED, 0},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                uint32_t address = 0x77777777;

                print_message("'%s'\n", rows[i].text);
                assert_int_equal(ip4_parse(rows[i].text, &address), rows[i].result);
                assert_true(address == (rows[i].result ? 0x77777777 : rows[i].address));
        }
}

static void addresses_round_trip(void **state)
{
        struct rng rng;

        (void)state;
        print_message("seed 2003\n");
        rng_init_seed(&rng, 2003);
        for (int i = 0; i < 10000; i++) {
                const uint32_t address = rng_u32(&rng);
                char text[IP4_TEXT_BYTES];
                uint32_t back;

                ip4_format(address, text);
                assert_int_equal(ip4_parse(text, &back), 0);
                assert_true(back == address);
        }
}

static void macs_and_subnets(void **state)
{
        const uint8_t mac[6] = {0x02, 0xAB, 0x00, 0x0F, 0xFF, 0x10}, zero[6] = {0};
        char text[MAC_TEXT_BYTES];

        (void)state;
        mac_format(mac, text);
        assert_string_equal(text, "02-AB-00-0F-FF-10");
        assert_false(mac_is_zero(mac));
        assert_true(mac_is_zero(zero));
        for (size_t i = 0; i < 6; i++) {
                uint8_t one[6] = {0};

                one[i] = 0x80;
                assert_false(mac_is_zero(one));
        }
        assert_true(ip4_same_subnet(0x0A4D0001, 0x0A4D00FE, 0xFFFFFF00));
        assert_false(ip4_same_subnet(0x0A4D0001, 0x0A4D0101, 0xFFFFFF00));
}

static void wall_texts(void **state)
{
        static const struct {
                int64_t us;
                const char *text;
        } rows[] = {
                {0, "1970-01-01T00:00:00.000000Z"},
                {-1, "1969-12-31T23:59:59.999999Z"},
                {-1000000, "1969-12-31T23:59:59.000000Z"},
                {951782400000000, "2000-02-29T00:00:00.000000Z"},
                {1795414444000123, "2026-11-23T06:14:04.000123Z"},
                {253402300799999999, "9999-12-31T23:59:59.999999Z"},
                {253402300800000000, "invalid-time"},
                {INT64_MAX, "invalid-time"},
                {INT64_MIN, "invalid-time"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                char text[WALL_TEXT_BYTES];
                wall_t back;

                wall_format((wall_t){rows[i].us}, text);
                assert_string_equal(text, rows[i].text);
                if (strcmp(text, "invalid-time") == 0)
                        continue;
                assert_int_equal(wall_parse(text, &back), 0);
                assert_true(back.us == rows[i].us);
        }
}

static void wall_forms(void **state)
{
        static const struct {
                const char *text;
                int result;
                int64_t us;
        } rows[] = {
                {"1970-01-02", 0, 86400000000},
                {"1970-01-01T00:00:01", 0, 1000000},
                {"1970-01-01 00:00:01Z", 0, 1000000},
                {"1970-01-01T00:00:00.5Z", 0, 500000},
                {"1970-01-01T00:00:00.123456789Z", 0, 123456},
                {"1970-01-01T01:00:00+01:00", 0, 0},
                {"1970-01-01T01:30:00+0130", 0, 0},
                {"1969-12-31T19:00:00-05:00", 0, 0},
                {"2016-12-31T23:59:60Z", 0, 1483228800000000}, /* a leap second is the next second */
                {"2000-02-29", 0, 951782400000000},
                {"1900-02-29", NBT_ERR_MALFORMED, 0},
                {"2026-02-31", NBT_ERR_MALFORMED, 0},
                {"2026-00-01", NBT_ERR_MALFORMED, 0},
                {"2026-13-01", NBT_ERR_MALFORMED, 0},
                {"2026-01-32", NBT_ERR_MALFORMED, 0},
                {"2026-1-01", NBT_ERR_MALFORMED, 0},
                {"26-01-01", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T24:00:00", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:60:00", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:00:61", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:00", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:00:00X", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:00:00Zx", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:00:00+1", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:00:00+15:00", NBT_ERR_MALFORMED, 0},
                {"2026-01-01T00:00:00+01:60", NBT_ERR_MALFORMED, 0},
                {"", NBT_ERR_MALFORMED, 0},
                {"yesterday", NBT_ERR_MALFORMED, 0},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                wall_t t = {77};

                print_message("'%s'\n", rows[i].text);
                assert_int_equal(wall_parse(rows[i].text, &t), rows[i].result);
                assert_true(t.us == (rows[i].result ? 77 : rows[i].us));
        }
}

static void monotonic_arithmetic(void **state)
{
        const mono_t t = {5000000};

        (void)state;
        assert_true(mono_add_ms(t, 3).ns == 8000000);
        assert_true(mono_add_ms(t, UINT64_MAX).ns == MONO_NEVER.ns);
        assert_true(mono_add_ms(MONO_NEVER, 1).ns == MONO_NEVER.ns);
        assert_true(mono_add_ms((mono_t){-5000000}, 5).ns == 0);
        assert_true(mono_is_due(t, t));
        assert_false(mono_is_due((mono_t){5000001}, t));
        assert_false(mono_is_due(MONO_NEVER, t));
        assert_true(mono_min(t, MONO_NEVER).ns == t.ns);
        assert_true(mono_elapsed_ms(t, mono_add_ms(t, 9)) == 9);
        assert_true(mono_elapsed_ms(mono_add_ms(t, 9), t) == 0);
}

static void every_error_has_a_phrase(void **state)
{
        (void)state;
        for (int code = 0; code >= NBT_ERR_LIMITED; code--) {
                assert_string_not_equal(nbt_err_str(code), "unknown error");
                assert_true(*nbt_err_str(code));
        }
        assert_string_equal(nbt_err_str(-12345), "unknown error");
        assert_string_equal(nbt_err_str(1), "unknown error");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(addresses),
                cmocka_unit_test(addresses_round_trip),
                cmocka_unit_test(macs_and_subnets),
                cmocka_unit_test(wall_texts),
                cmocka_unit_test(wall_forms),
                cmocka_unit_test(monotonic_arithmetic),
                cmocka_unit_test(every_error_has_a_phrase),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
