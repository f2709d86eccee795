#include "unit.h"

#include "base/rd.h"
#include "base/wr.h"

#include <stdlib.h>
#include <string.h>

static void reads_in_both_orders(void **state)
{
        static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
        struct rd rd = rd_init(bytes, sizeof(bytes));

        (void)state;
        assert_int_equal(rd_u8(&rd), 1);
        assert_int_equal(rd_be16(&rd), 0x0203);
        assert_int_equal(rd_be32(&rd), 0x04050607);
        assert_int_equal(rd_le16(&rd), 0x0908);
        assert_int_equal(rd_le32(&rd), 0x0D0C0B0A);
        assert_true(rd_le64(&rd) == UINT64_C(0x1514131211100F0E));
        assert_int_equal(rd_left(&rd), 0);
        assert_true(rd_ok(&rd));
        assert_non_null(rd_bytes(&rd, 0)); /* nothing may be read at the end */
        assert_true(rd_ok(&rd));
}

/* High bytes must not be taken for signs. */
static void reads_high_values(void **state)
{
        static const uint8_t ff[8] = {255, 255, 255, 255, 255, 255, 255, 255};
        struct rd rd = rd_init(ff, 8);

        (void)state;
        assert_true(rd_be32(&rd) == 0xFFFFFFFF);
        assert_true(rd_le32(&rd) == 0xFFFFFFFF);
        rd = rd_init(ff, 8);
        assert_true(rd_le64(&rd) == UINT64_MAX);
        rd = rd_init(ff, 8);
        assert_int_equal(rd_be16(&rd), 0xFFFF);
        assert_int_equal(rd_le16(&rd), 0xFFFF);
}

static void failure_is_sticky(void **state)
{
        uint8_t *bytes = malloc(3); /* exact size, for the sanitizer */
        uint8_t copy[4] = {9, 9, 9, 9};

        (void)state;
        assert_non_null(bytes);
        memcpy(bytes, "\1\2\3", 3);
        struct rd rd = rd_init(bytes, 3);
        assert_int_equal(rd_be32(&rd), 0);
        assert_false(rd_ok(&rd));
        assert_int_equal(rd_left(&rd), 0);
        assert_int_equal(rd_u8(&rd), 0); /* there is a byte, but the cursor has failed */
        assert_null(rd_bytes(&rd, 0));
        rd_copy(&rd, copy, sizeof(copy));
        assert_memory_equal(copy, "\0\0\0\0", 4);
        assert_int_equal(rd.pos, 0);
        free(bytes);
}

static void sub_readers_are_bounded(void **state)
{
        static const uint8_t bytes[] = {1, 2, 3, 4};
        struct rd rd = rd_init(bytes, sizeof(bytes));
        struct rd sub = rd_sub(&rd, 2);

        (void)state;
        assert_int_equal(rd_be16(&sub), 0x0102);
        assert_int_equal(rd_u8(&sub), 0);
        assert_false(rd_ok(&sub));
        assert_true(rd_ok(&rd));
        assert_int_equal(rd_u8(&rd), 3);
        sub = rd_sub(&rd, 2);
        assert_false(rd_ok(&sub));
        assert_false(rd_ok(&rd));
        assert_int_equal(rd_u8(&sub), 0);
        sub = rd_sub(&rd, SIZE_MAX);
        assert_false(rd_ok(&sub));
}

static void readers_at_a_place(void **state)
{
        static const uint8_t bytes[] = {1, 2, 3, 4};
        struct rd rd = rd_init(bytes, sizeof(bytes));

        (void)state;
        rd_skip(&rd, 3);
        struct rd at = rd_at(&rd, 1);
        assert_int_equal(rd_u8(&at), 2);
        assert_int_equal(rd_u8(&rd), 4);
        at = rd_at(&rd, 4);
        assert_true(rd_ok(&at));
        assert_int_equal(rd_left(&at), 0);
        at = rd_at(&rd, 5);
        assert_false(rd_ok(&at));
        assert_int_equal(rd_u8(&at), 0);
        rd_fail(&rd);
        at = rd_at(&rd, 0);
        assert_false(rd_ok(&at));
}

static void writes_in_both_orders(void **state)
{
        uint8_t bytes[15];
        struct wr wr = wr_init(bytes, sizeof(bytes));

        (void)state;
        wr_u8(&wr, 1);
        wr_be16(&wr, 0x0203);
        wr_be32(&wr, 0x04050607);
        wr_le16(&wr, 0x0908);
        wr_le32(&wr, 0x0D0C0B0A);
        wr_bytes(&wr, "\x0E\x0F", 2);
        assert_true(wr_ok(&wr));
        assert_memory_equal(bytes, "\1\2\3\4\5\6\7\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F", 15);
        wr_bytes(&wr, NULL, 0);
        assert_true(wr_ok(&wr));
        wr_u8(&wr, 0);
        assert_false(wr_ok(&wr));
}

/* Not inlined, or gcc sees sizes that the cursor's own check rules out, and warns. */
static __attribute__((noinline)) void write_twelve(struct wr *wr)
{
        wr_be32(wr, 0xAABBCCDD);
        wr_le32(wr, 0xAABBCCDD);
        wr_be16(wr, 1);
        wr_u8(wr, 1);
        wr_u8(wr, 1);
}

static void writes_never_leave_the_buffer(void **state)
{
        (void)state;
        for (size_t size = 0; size < 12; size++) {
                uint8_t *bytes = malloc(size ? size : 1);
                struct wr wr = wr_init(bytes, size);

                assert_non_null(bytes);
                write_twelve(&wr);
                assert_false(wr_ok(&wr));
                assert_true(wr.pos <= size);
                const size_t pos = wr.pos;
                wr_bytes(&wr, NULL, 0);
                assert_null(wr_reserve(&wr, 0)); /* sticky */
                assert_int_equal(wr.pos, pos);
                free(bytes);
        }
}

static void patches_only_what_is_written(void **state)
{
        uint8_t bytes[8] = {0};
        struct wr wr = wr_init(bytes, sizeof(bytes));

        (void)state;
        wr_be32(&wr, 0x11223344);
        wr_patch_be16(&wr, 1, 0xAABB);
        assert_memory_equal(bytes, "\x11\xAA\xBB\x44", 4);
        wr_patch_be16(&wr, 2, 0xCCDD);
        assert_true(wr_ok(&wr));
        wr_patch_be16(&wr, 3, 0xEEFF);
        assert_false(wr_ok(&wr));
        assert_memory_equal(bytes, "\x11\xAA\xCC\xDD\0", 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_in_both_orders),
                cmocka_unit_test(reads_high_values),
                cmocka_unit_test(failure_is_sticky),
                cmocka_unit_test(sub_readers_are_bounded),
                cmocka_unit_test(readers_at_a_place),
                cmocka_unit_test(writes_in_both_orders),
                cmocka_unit_test(writes_never_leave_the_buffer),
                cmocka_unit_test(patches_only_what_is_written),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
