#include "unit.h"

#include "base/hash.h"
#include "base/rng.h"

#include <string.h>

/* RFC 8439 §2.3.2: key 00 to 1f, block counter 1, a nonce. */
static void rfc_8439_block(void **state)
{
        static const uint32_t expected[16] = {
                0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
                0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2,
        };
        uint8_t key[32];
        struct rng rng;

        (void)state;
        for (uint8_t i = 0; i < 32; i++)
                key[i] = i;
        rng_init(&rng, key);
        rng.state[12] = 1;
        rng.state[13] = 0x09000000;
        rng.state[14] = 0x4a000000;
        for (int i = 0; i < 16; i++)
                assert_true(rng_u32(&rng) == expected[i]);
}

/* RFC 8439 appendix A.1, vectors 1 and 2: the zero key, blocks 0 and 1. */
static void rfc_8439_zero_key(void **state)
{
        static const uint8_t expected[128] = "\x76\xb8\xe0\xad\xa0\xf1\x3d\x90\x40\x5d\x6a\xe5\x53\x86\xbd\x28"
                                             "\xbd\xd2\x19\xb8\xa0\x8d\xed\x1a\xa8\x36\xef\xcc\x8b\x77\x0d\xc7"
                                             "\xda\x41\x59\x7c\x51\x57\x48\x8d\x77\x24\xe0\x3f\xb8\xd8\x4a\x37"
                                             "\x6a\x43\xb8\xf4\x15\x18\xa1\x1c\xc3\x87\xb6\x69\xb2\xee\x65\x86"
                                             "\x9f\x07\xe7\xbe\x55\x51\x38\x7a\x98\xba\x97\x7c\x73\x2d\x08\x0d"
                                             "\xcb\x0f\x29\xa0\x48\xe3\x65\x69\x12\xc6\x53\x3e\x32\xee\x7a\xed"
                                             "\x29\xb7\x21\x76\x9c\xe6\x4e\x43\xd5\x71\x33\xb0\x74\xd8\x39\xd5"
                                             "\x31\xed\x1f\x28\x51\x0a\xfb\x45\xac\xe1\x0a\x1f\x4b\x79\x4d\x6f";
        const uint8_t key[32] = {0};
        struct rng rng;

        (void)state;
        rng_init(&rng, key);
        for (size_t i = 0; i < 32; i++) {
                const uint8_t *e = expected + 4 * i;

                assert_true(rng_u32(&rng) ==
                            ((uint32_t)e[3] << 24 | (uint32_t)e[2] << 16 | (uint32_t)e[1] << 8 | (uint32_t)e[0]));
        }
}

static void counter_carries(void **state)
{
        const uint8_t key[32] = {1};
        struct rng a, b;

        (void)state;
        rng_init(&a, key);
        a.state[12] = UINT32_MAX;
        rng_init(&b, key);
        b.state[13] = 1;
        for (int i = 0; i < 16; i++)
                (void)rng_u32(&a);
        for (int i = 0; i < 16; i++)
                assert_true(rng_u32(&a) == rng_u32(&b));
}

static void same_seed_same_stream(void **state)
{
        struct rng a, b, c;
        unsigned differing = 0;

        (void)state;
        rng_init_seed(&a, 0x0123456789ABCDEF);
        rng_init_seed(&b, 0x0123456789ABCDEF);
        rng_init_seed(&c, 0x1123456789ABCDEF); /* only the highest digit */
        for (int i = 0; i < 100; i++) {
                const uint64_t v = rng_u64(&a);

                assert_true(v == rng_u64(&b));
                differing += v != rng_u64(&c);
        }
        assert_int_equal(differing, 100);
}

static void below_is_uniform(void **state)
{
        static const uint32_t limits[] = {2, 3, 7, 10, 100};
        struct rng rng;

        (void)state;
        print_message("seed 2001\n");
        rng_init_seed(&rng, 2001);
        for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++) {
                const uint32_t limit = limits[l];
                uint32_t counts[100] = {0};

                for (uint32_t i = 0; i < 10000 * limit; i++) {
                        const uint32_t v = rng_below(&rng, limit);

                        assert_true(v < limit);
                        counts[v]++;
                }
                for (uint32_t v = 0; v < limit; v++) /* 10000 expected, six standard deviations */
                        assert_in_range(counts[v], 9400, 10600);
        }
}

/* A limit of 3 * 2^30: a plain remainder would give the low third twice as often. */
static void below_has_no_modulo_bias(void **state)
{
        const uint32_t limit = UINT32_C(3) << 30;
        struct rng rng;
        uint32_t low = 0;

        (void)state;
        print_message("seed 2002\n");
        rng_init_seed(&rng, 2002);
        for (int i = 0; i < 90000; i++)
                low += rng_below(&rng, limit) < limit / 3;
        assert_in_range(low, 29000, 31000);
        assert_int_equal(rng_below(&rng, 0), 0);
        assert_int_equal(rng_below(&rng, 1), 0);
}

static void hash_depends_on_all(void **state)
{
        const uint64_t h = hash_bytes("FILESRV", 7, 1);

        (void)state;
        assert_true(h == hash_bytes("FILESRV", 7, 1));
        assert_true(h != hash_bytes("FILESRV", 7, 2));
        assert_true(h != hash_bytes("FILESRW", 7, 1));
        assert_true(h != hash_bytes("FILESRV", 6, 1));
        assert_true(hash_bytes("", 0, 1) != hash_bytes("", 0, 2));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rfc_8439_block),      cmocka_unit_test(rfc_8439_zero_key),
                cmocka_unit_test(counter_carries),     cmocka_unit_test(same_seed_same_stream),
                cmocka_unit_test(below_is_uniform),    cmocka_unit_test(below_has_no_modulo_bias),
                cmocka_unit_test(hash_depends_on_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
