/* The arena, the growing text, blocks of pages. */
#include "unit.h"

#include "base/arena.h"
#include "base/pages.h"
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

static void arena_is_aligned_and_zeroed(void **state)
{
        struct arena arena = ARENA_INIT;

        (void)state;
        for (int round = 0; round < 3; round++) {
                for (size_t len = 0; len < 700; len++) {
                        uint8_t *at = arena_alloc(&arena, len);

                        assert_non_null(at);
                        assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
                        for (size_t i = 0; i < len; i++)
                                assert_int_equal(at[i], 0);
                        memset(at, 0xEE, len); /* the next round must see zeros again */
                }
                arena_reset(&arena);
        }
        arena_done(&arena);
}

static void arena_pieces_do_not_overlap(void **state)
{
        struct arena arena = ARENA_INIT;
        uint8_t *pieces[300];

        (void)state;
        for (size_t i = 0; i < 300; i++) {
                pieces[i] = arena_alloc(&arena, i * 7);
                assert_non_null(pieces[i]);
                memset(pieces[i], (int)(i % 251), i * 7);
        }
        for (size_t i = 0; i < 300; i++)
                for (size_t j = 0; j < i * 7; j++)
                        assert_int_equal(pieces[i][j], i % 251);
        arena_done(&arena);
}

static void arena_takes_large_pieces(void **state)
{
        struct arena arena = ARENA_INIT;

        (void)state;
        uint8_t *small = arena_alloc(&arena, 10);
        uint8_t *large = arena_alloc(&arena, 1 << 20);
        assert_non_null(small);
        assert_non_null(large);
        memset(large, 1, 1 << 20);
        assert_int_equal(small[9], 0);
        assert_null(arena_alloc(&arena, SIZE_MAX));
        assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1));
        arena_reset(&arena);
        assert_ptr_equal(arena_alloc(&arena, 10), small); /* the first block was kept */
        arena_done(&arena);
        arena_done(&arena);
        arena_reset(&arena);
}

static void arena_copies(void **state)
{
        struct arena arena = ARENA_INIT;

        (void)state;
        assert_memory_equal(arena_copy(&arena, "a\0b", 3), "a\0b", 3);
        assert_non_null(arena_copy(&arena, NULL, 0));
        assert_string_equal(arena_strdup(&arena, "text"), "text");
        assert_string_equal(arena_printf(&arena, "%s-%d", "n", 42), "n-42");
        assert_int_equal(strlen(arena_printf(&arena, "%*d", 40000, 1)), 40000);
        arena_done(&arena);
}

static void strbuf_grows(void **state)
{
        struct strbuf sb = STRBUF_INIT;

        (void)state;
        assert_string_equal(strbuf_str(&sb), "");
        for (int i = 0; i < 1000; i++) {
                strbuf_add(&sb, "ab");
                strbuf_add_char(&sb, 'c');
                strbuf_printf(&sb, "%03d", i);
        }
        assert_true(strbuf_ok(&sb));
        assert_int_equal(sb.len_bytes, 6000);
        assert_int_equal(strlen(strbuf_str(&sb)), 6000);
        assert_memory_equal(strbuf_str(&sb), "abc000abc001", 12);
        assert_string_equal(strbuf_str(&sb) + 5994, "abc999");
        strbuf_reset(&sb);
        assert_string_equal(strbuf_str(&sb), "");
        strbuf_add_bytes(&sb, "x\0y", 3);
        assert_int_equal(sb.len_bytes, 3);
        assert_memory_equal(strbuf_str(&sb), "x\0y", 4);
        strbuf_done(&sb);
        strbuf_done(&sb);
}

static void strbuf_hands_over(void **state)
{
        struct strbuf sb = STRBUF_INIT;

        (void)state;
        char *text = strbuf_take(&sb);
        assert_non_null(text);
        assert_string_equal(text, "");
        free(text);
        strbuf_add(&sb, "mine");
        text = strbuf_take(&sb);
        assert_string_equal(text, "mine");
        assert_null(sb.text);
        free(text);
}

static void pages_are_aligned_and_zeroed(void **state)
{
        (void)state;
        for (int huge = 0; huge < 2; huge++) {
                const size_t size = 3 * PAGES_HUGE_BYTES + 8;
                uint8_t *block = pages_new(size, huge);

                assert_non_null(block);
                assert_int_equal((uintptr_t)block % PAGES_HUGE_BYTES, 0);
                for (size_t i = 0; i < size; i += 64)
                        assert_int_equal(block[i], 0);
                memset(block, 1, size);
                pages_free(block, size);
        }
        pages_free(NULL, 1);
}

static void strbuf_failure_is_sticky(void **state)
{
        struct strbuf sb = STRBUF_INIT;

        (void)state;
        strbuf_add(&sb, "kept");
        strbuf_add_bytes(&sb, "", SIZE_MAX / 2); /* more than there can be */
        assert_false(strbuf_ok(&sb));
        strbuf_add(&sb, "lost");
        strbuf_printf(&sb, "%d", 1);
        assert_string_equal(strbuf_str(&sb), "kept");
        assert_null(strbuf_take(&sb));
        assert_true(strbuf_ok(&sb));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(arena_is_aligned_and_zeroed),
                cmocka_unit_test(arena_pieces_do_not_overlap),
                cmocka_unit_test(arena_takes_large_pieces),
                cmocka_unit_test(arena_copies),
                cmocka_unit_test(pages_are_aligned_and_zeroed),
                cmocka_unit_test(strbuf_grows),
                cmocka_unit_test(strbuf_hands_over),
                cmocka_unit_test(strbuf_failure_is_sticky),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
