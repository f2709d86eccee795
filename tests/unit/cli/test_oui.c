/* Vendors of MAC addresses: lines of the ieee-data files, and files that we make. */
#include "cli/oui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
        const char *line, *prefix, *vendor;
} lines[] = {
        {"MA-L,002272,American Micro-Fuel Device Corp.,2181 Buchanan Loop", "002272",
         "American Micro-Fuel Device Corp."},
        {"MA-L,00D0EF,\"IGT, Inc.\",\"9295 PROTOTYPE\"", "00D0EF", "IGT, Inc."},
        {"MA-S,70B3D5F2F,TELEPLATFORMS,Street", "70B3D5F2F", "TELEPLATFORMS"},
        {"MA-L,002272,Bad\tName,x", "002272", "Bad.Name"},
        {"MA-L,002272,A vendor whose name is far too long,x", "002272", "A vendor whose name is far too lo"},
        {"MA-L,002272", "002272", NULL},
        {"MA-L,002272,", "002272", NULL},
        {"MA-L,0022723,Longer,x", "002272", NULL},
        {"MA-L,002273,Other,x", "002272", NULL},
        {"no comma", "002272", NULL},
        {"", "002272", NULL},
};

static void test_lines(void **state)
{
        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(lines); i++) {
                char vendor[34];
                const char *found = oui_line_match(lines[i].line, lines[i].prefix, vendor, sizeof vendor);

                if (lines[i].vendor)
                        assert_string_equal(found, lines[i].vendor);
                else
                        assert_null(found);
        }
}

static void write_file(const char *directory, const char *name, const char *text)
{
        char path[256];

        (void)snprintf(path, sizeof path, "%s/%s", directory, name);
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *directory, const char *name)
{
        char path[256];

        (void)snprintf(path, sizeof path, "%s/%s", directory, name);
        (void)unlink(path);
}

static void test_files(void **state)
{
        (void)state;
        static const uint8_t large[6] = {0x70, 0xB3, 0xD5, 0x00, 0x00, 0x01};
        static const uint8_t small[6] = {0x70, 0xB3, 0xD5, 0xF2, 0xF1, 0x01};
        static const uint8_t local[6] = {0x72, 0xB3, 0xD5, 0x00, 0x00, 0x01};
        static const uint8_t unknown[6] = {0x00, 0x00, 0x5E, 0x00, 0x00, 0x01};
        char directory[] = "/tmp/test-oui-XXXXXX";
        struct arena arena = ARENA_INIT;

        assert_non_null(mkdtemp(directory));
        assert_null(oui_vendor(&arena, directory, large));
        write_file(directory, "oui.csv",
                   "Registry,Assignment,Organization Name\nMA-L,70B3D5,Large,x\nMA-L,72B3D5,Never,x\n");
        write_file(directory, "oui36.csv", "MA-S,70B3D5F2F,Small,x\n");
        assert_string_equal(oui_vendor(&arena, directory, large), "Large");
        assert_string_equal(oui_vendor(&arena, directory, small), "Small");
        assert_null(oui_vendor(&arena, directory, local));
        assert_null(oui_vendor(&arena, directory, unknown));
        remove_file(directory, "oui.csv");
        remove_file(directory, "oui36.csv");
        assert_int_equal(rmdir(directory), 0);
        arena_done(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_files)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
