/* The settings file on disk: atomic replacement, backups, restore, rights, failures that change nothing. */
#include "store/regfile.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define V5 "Windows Registry Editor Version 5.00\r\n"
#define ONE V5 "; kept\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt]\r\n\"Workgroup\"=\"ONE\"\r\n"
#define TWO V5 "; kept\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\netbt]\r\n\"Workgroup\"=\"TWO\"\r\n"

struct place {
        char root[64], path[96], state[96];
        struct arena arena;
};

static int setup(void **state)
{
        struct place *p = calloc(1, sizeof(*p));

        if (!p)
                return -1;
        strcpy(p->root, "/tmp/netbt-test-regfile-XXXXXX");
        if (!mkdtemp(p->root))
                return -1;
        snprintf(p->path, sizeof(p->path), "%s/netbt.reg", p->root);
        snprintf(p->state, sizeof(p->state), "%s/state", p->root);
        *state = p;
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
        (void)st;
        (void)flag;
        (void)ftw;
        return remove(path);
}

static int teardown(void **state)
{
        struct place *p = *state;

        nftw(p->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        arena_done(&p->arena);
        free(p);
        return 0;
}

static void write_text(const char *path, const char *text)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static void assert_holds(const char *path, const char *text)
{
        char bytes[4096];
        FILE *file = fopen(path, "rb");

        assert_non_null(file);
        const size_t len = fread(bytes, 1, sizeof(bytes) - 1, file);
        bytes[len] = '\0';
        fclose(file);
        assert_string_equal(bytes, text);
}

static void set_workgroup(struct place *p, struct reg_doc *doc, const char *name, const char **ret_backup)
{
        struct arena arena = ARENA_INIT;
        struct reg_value value;

        assert_int_equal(reg_value_parse(REG_TYPE_SZ, name, NULL, &arena, &value), 0);
        assert_int_equal(reg_doc_set(doc, "HKLM\\SOFTWARE\\netbt", "Workgroup", &value), 0);
        assert_int_equal(regfile_save(p->path, p->state, doc, &p->arena, ret_backup), 0);
        arena_done(&arena);
}

static struct reg_doc *load(const struct place *p)
{
        struct reg_doc *doc = NULL;
        struct reg_error error;

        assert_int_equal(regfile_load(p->path, &doc, &error), 0);
        return doc;
}

static size_t files_in(const char *directory)
{
        char command[160];
        unsigned long count = 0;

        snprintf(command, sizeof(command), "ls -A %s | wc -l", directory);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        assert_int_equal(fscanf(pipe, "%lu", &count), 1);
        pclose(pipe);
        return count;
}

static void test_save_backs_up_and_replaces(void **state)
{
        struct place *p = *state;
        const char *backup = NULL;
        const struct regfile_backup *list = NULL;
        size_t count = 0;

        write_text(p->path, ONE);
        assert_int_equal(chmod(p->path, 0604), 0);
        struct reg_doc *doc = load(p);
        set_workgroup(p, doc, "TWO", &backup);
        reg_doc_free(doc);
        assert_holds(p->path, TWO);
        assert_holds(backup, ONE);
        struct stat st;
        assert_int_equal(stat(p->path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0604);
        assert_int_equal(regfile_backups(p->state, &p->arena, &list, &count), 0);
        assert_int_equal(count, 1);
        assert_string_equal(list[0].path, backup);
        assert_int_equal(list[0].size_bytes, strlen(ONE));
        assert_int_equal(strlen(list[0].time), 20);
        assert_int_equal(files_in(p->root), 2); /* no temporary file is left */
}

static void test_first_save_makes_directories_and_no_backup(void **state)
{
        struct place *p = *state;
        const char *backup = "unset";
        struct reg_doc *doc = NULL;

        snprintf(p->path, sizeof(p->path), "%s/etc/netbt/netbt.reg", p->root);
        assert_int_equal(reg_doc_new(&doc, REG_ENC_UTF8), 0);
        set_workgroup(p, doc, "NEW", &backup);
        assert_null(backup);
        reg_doc_free(doc);
        reg_doc_free(load(p));
}

/* Root's umask is often 077; the daemon that reads the settings is not root. */
static void test_first_save_is_for_all_to_read(void **state)
{
        struct place *p = *state;
        const mode_t old = umask(077);
        const char *backup = NULL;
        struct reg_doc *doc = NULL;
        struct stat st;

        snprintf(p->path, sizeof(p->path), "%s/etc/netbt/netbt.reg", p->root);
        assert_int_equal(reg_doc_new(&doc, REG_ENC_UTF8), 0);
        set_workgroup(p, doc, "NEW", &backup);
        reg_doc_free(doc);
        umask(old);
        assert_int_equal(stat(p->path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        *strrchr(p->path, '/') = '\0';
        assert_int_equal(stat(p->path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0755);
}

static void test_restore_any_backup(void **state)
{
        struct place *p = *state;
        const struct regfile_backup *list = NULL;
        struct reg_error error;
        const char *before = NULL;
        size_t count = 0;

        write_text(p->path, ONE);
        for (int i = 0; i < 12; i++) { /* more than nine in one second: order is by number, not by text */
                char name[8];
                struct reg_doc *doc = load(p);
                snprintf(name, sizeof(name), "W%d", i);
                set_workgroup(p, doc, name, NULL);
                reg_doc_free(doc);
        }
        assert_int_equal(regfile_backups(p->state, &p->arena, &list, &count), 0);
        assert_int_equal(count, 12);
        assert_holds(list[0].path, ONE);
        for (size_t i = 1; i < count; i++) {
                struct reg_doc *doc = NULL;
                struct reg_value value;
                char name[32];
                snprintf(name, sizeof(name), "W%zu", i - 1);
                assert_int_equal(regfile_load(list[i].path, &doc, &error), 0);
                assert_int_equal(reg_doc_find(doc, "HKLM\\SOFTWARE\\netbt", "Workgroup", &value), 0);
                assert_string_equal((const char *)value.data, name);
                reg_doc_free(doc);
        }
        assert_int_equal(regfile_restore(p->path, p->state, list[0].name, &p->arena, &before, &error), 0);
        assert_holds(p->path, ONE);
        assert_int_equal(regfile_restore(p->path, p->state, before, &p->arena, NULL, &error), 0);
        assert_int_equal(regfile_restore(p->path, p->state, "none.reg", &p->arena, NULL, &error), NBT_ERR_NOT_FOUND);
}

static void test_damaged_backup_is_not_restored(void **state)
{
        struct place *p = *state;
        struct reg_error error;
        char bad[128];

        write_text(p->path, ONE);
        snprintf(bad, sizeof(bad), "%s/bad.reg", p->root);
        write_text(bad, V5 "rubbish\r\n");
        assert_int_equal(regfile_restore(p->path, p->state, bad, &p->arena, NULL, &error), NBT_ERR_MALFORMED);
        assert_int_equal(error.line, 2);
        assert_holds(p->path, ONE);
}

static void test_link_stays_a_link(void **state)
{
        struct place *p = *state;
        char real[128];
        struct stat st;

        snprintf(real, sizeof(real), "%s/real.reg", p->root);
        write_text(real, ONE);
        assert_int_equal(symlink("real.reg", p->path), 0);
        struct reg_doc *doc = load(p);
        set_workgroup(p, doc, "TWO", NULL);
        reg_doc_free(doc);
        assert_int_equal(lstat(p->path, &st), 0);
        assert_true(S_ISLNK(st.st_mode));
        assert_holds(real, TWO);
}

static void test_no_backup_no_change(void **state)
{
        struct place *p = *state;
        struct reg_doc *doc = NULL;

        write_text(p->path, ONE);
        write_text(p->state, "a file where the directory should be");
        doc = load(p);
        assert_true(regfile_save(p->path, p->state, doc, &p->arena, NULL) < 0);
        reg_doc_free(doc);
        assert_holds(p->path, ONE);
}

static void test_failures_of_load(void **state)
{
        struct place *p = *state;
        struct reg_doc *doc = NULL;
        struct reg_error error;

        assert_int_equal(regfile_load(p->path, &doc, &error), NBT_ERR_NOT_FOUND);
        assert_int_equal(error.line, 0);
        assert_int_equal(regfile_load(p->root, &doc, &error), NBT_ERR_IO); /* a directory */
        const int fd = open(p->path, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, REG_MAX_BYTES + 1), 0);
        close(fd);
        assert_int_equal(regfile_load(p->path, &doc, &error), NBT_ERR_RANGE);
        assert_null(doc);
}

static void test_old_backups_are_forgotten(void **state)
{
        struct place *p = *state;
        const struct regfile_backup *list = NULL;
        const char *backup = NULL;
        char name[160];
        size_t count = 0;

        write_text(p->path, ONE);
        assert_int_equal(regfile_backup(p->path, p->state, &p->arena, &backup), 0);
        for (int i = 0; i < REGFILE_MAX_BACKUPS; i++) {
                snprintf(name, sizeof(name), "%s/backups/netbt-reg-20010101T0000%02dZ-%d.reg", p->state, i % 60,
                         i / 60 + 1);
                write_text(name, ONE);
        }
        snprintf(name, sizeof(name), "%s/backups/mine.txt", p->state);
        write_text(name, "not ours");
        assert_int_equal(regfile_backup(p->path, p->state, &p->arena, &backup), 0);
        assert_int_equal(regfile_backups(p->state, &p->arena, &list, &count), 0);
        assert_int_equal(count, REGFILE_MAX_BACKUPS);
        assert_string_equal(list[count - 1].path, backup);
        assert_holds(name, "not ours");
}

static void test_lock(void **state)
{
        struct place *p = *state;
        const int lock = regfile_lock(p->path);

        assert_true(lock >= 0);
        regfile_unlock(lock);
        snprintf(p->path, sizeof(p->path), "%s/none/netbt.reg", p->root);
        assert_int_equal(regfile_lock(p->path), NBT_ERR_NOT_FOUND);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                CASE(test_save_backs_up_and_replaces),
                CASE(test_first_save_makes_directories_and_no_backup),
                CASE(test_first_save_is_for_all_to_read),
                CASE(test_restore_any_backup),
                CASE(test_damaged_backup_is_not_restored),
                CASE(test_link_stays_a_link),
                CASE(test_no_backup_no_change),
                CASE(test_failures_of_load),
                CASE(test_old_backups_are_forgotten),
                CASE(test_lock),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
