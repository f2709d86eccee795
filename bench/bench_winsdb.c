/*
 * What the WINS database costs on this disk: durable changes a second by batch size, sustained with all background work, the longest
 * that a batch waited, renewals, a start with all names, a backup while batches go on. Arguments: directory (on the disk to be
 * measured), names (default 1,000,000).
 */
#include "store/winsdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BATCH_MAX 50000u
#define FIRST_SECONDS 2.0

static struct wins_change *changes;
static struct wins_touch *touches;
static struct wins_batch batch;
static const struct nb_scope no_scope;
static double *waits;
static size_t wait_count, wait_size;

static double now_s(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_s(void)
{
        struct timespec t;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static mono_t now_mono(void)
{
        return (mono_t){(int64_t)(now_s() * 1e9)};
}

static void *must(void *p)
{
        if (!p)
                abort();
        return p;
}

static void check(struct winsdb *db, int r, const char *what)
{
        if (r >= 0)
                return;
        fprintf(stderr, "%s: %s %s\n", what, nbt_err_str(r), db ? winsdb_error(db) : "");
        exit(1);
}

/* Names in no order, as a network has them. */
static struct nb_name name_of(uint32_t number)
{
        char text[16];

        snprintf(text, sizeof(text), "WS-%08X", number * 2654435761u);
        return nb_name_make(text, 0x20);
}

static struct wins_record record_of(uint32_t number, uint64_t version)
{
        struct wins_record record = {.name = name_of(number),
                                     .node = WINS_NODE_H,
                                     .owner = 0x0A000001,
                                     .version = version,
                                     .expiry_s = 1800000000 + (int64_t)version,
                                     .member_count = 1};

        record.members[0] = (struct wins_member){0x0A000000 + number, record.owner, record.expiry_s};
        return record;
}

/* Durable, of COUNT changes to the names from FIRST on; then what a driver does between batches. Notes how long both took. */
static void append(struct winsdb *db, uint32_t first, size_t count, uint64_t version)
{
        for (size_t i = 0; i < count; i++)
                changes[i] = (struct wins_change){WINS_PUT, record_of(first + (uint32_t)i, version)};
        batch = (struct wins_batch){.id = batch.id + 1, .change_count = count, .changes = changes, .is_durable = true};
        const double start = now_s();
        check(db, winsdb_append(db, &batch, now_mono()), "append");
        check(db, winsdb_tend(db, now_mono()), "tend");
        if (wait_count < wait_size)
                waits[wait_count++] = now_s() - start;
}

static int by_value(const void *a, const void *b)
{
        const double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static void print_waits(const char *what)
{
        if (!wait_count)
                return;
        qsort(waits, wait_count, sizeof(*waits), by_value);
        printf("winsdb: %s, a batch and the work behind it, median %.2f, 99 of 100 %.2f, longest %.2f ms\n", what,
               waits[wait_count / 2] * 1e3, waits[wait_count * 99 / 100] * 1e3, waits[wait_count - 1] * 1e3);
        wait_count = 0;
}

/* What answers wait for, without the moving that comes later. */
static void measure_append(const char *path, size_t size)
{
        const struct winsdb_limits limits = {.fold_changes = 1u << 30, .fold_age_ms = UINT32_MAX};
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;
        uint64_t done = 0;
        double waited = 0, cpu = 0;

        if (winsdb_open(&db, path, WINSDB_EMPTY, &limits, &why) < 0) {
                fprintf(stderr, "%s: %s\n", path, strbuf_str(&why));
                exit(1);
        }
        while (waited < FIRST_SECONDS) {
                for (size_t i = 0; i < size; i++)
                        changes[i] = (struct wins_change){WINS_PUT, record_of((uint32_t)(done + i), done + 1)};
                batch = (struct wins_batch){.id = 1, .change_count = size, .changes = changes, .is_durable = true};
                const double start = now_s(), cpu_start = cpu_s();
                check(db, winsdb_append(db, &batch, now_mono()), "append");
                waited += now_s() - start;
                cpu += cpu_s() - cpu_start;
                done += size;
        }
        printf("winsdb: durable changes in batches of %zu, moved later %.0f per_second, %.2f us of processor each\n",
               size, (double)done / waited, cpu * 1e6 / (double)done);
        winsdb_close(db);
}

static void measure_batches(struct winsdb *db, size_t size, uint32_t names)
{
        const double start = now_s();
        uint64_t done = 0;
        double seconds;

        while ((seconds = now_s() - start) < FIRST_SECONDS) {
                append(db, (uint32_t)(done % names), size, done + 1);
                done += size;
        }
        printf("winsdb: durable changes in batches of %zu %.0f per_second\n", size, (double)done / seconds);
        print_waits("so");
}

static void fill(struct winsdb *db, uint32_t names)
{
        const double start = now_s(), cpu = cpu_s();

        for (uint32_t i = 0; i < names; i += 1000)
                append(db, i, names - i < 1000 ? names - i : 1000, i + 1);
        while (winsdb_tend(db, MONO_NEVER) == 1)
                ;
        printf("winsdb: %u new names, all moved to their rows %.0f per_second, %.2f us of processor each\n", names,
               names / (now_s() - start), (cpu_s() - cpu) * 1e6 / names);
        print_waits("new names");
}

static void touch_all(struct winsdb *db, uint32_t names)
{
        const double start = now_s();
        double longest = 0;

        for (uint32_t i = 0; i < names; i += BATCH_MAX) {
                const size_t count = names - i < BATCH_MAX ? names - i : BATCH_MAX;

                for (size_t k = 0; k < count; k++)
                        touches[k] = (struct wins_touch){name_of(i + (uint32_t)k), &no_scope, 1900000000};
                batch = (struct wins_batch){.id = batch.id + 1, .touch_count = count, .touches = touches};
                const double before = now_s();
                check(db, winsdb_append(db, &batch, now_mono()), "touch");
                if (now_s() - before > longest)
                        longest = now_s() - before;
        }
        printf("winsdb: renewals in batches of %u %.0f per_second\n", BATCH_MAX, names / (now_s() - start));
        while (winsdb_tend(db, MONO_NEVER) == 1)
                ;
        printf("winsdb: renewals moved to their rows %.0f per_second, longest append %.1f ms\n",
               names / (now_s() - start), longest * 1e3);
}

static void backup(struct winsdb *db, const char *directory, uint32_t names)
{
        struct winsdb_backup state;
        char path[4096];
        uint64_t done = 0;

        snprintf(path, sizeof(path), "%s/backup.db", directory);
        unlink(path);
        check(db, winsdb_backup_start(db, path, (wall_t){1}), "backup");
        const double start = now_s();
        do {
                append(db, (uint32_t)(done % names), 100, done + 7);
                done += 100;
                winsdb_backup_status(db, &state);
        } while (state.state == WINSDB_BACKUP_RUNNING);
        const double seconds = now_s() - start;
        check(db, state.result, "backup");
        printf("winsdb: backup of %u names %.2f s, meanwhile %.0f durable changes per_second in batches of 100\n",
               names, seconds, (double)done / seconds);
        print_waits("during the backup");
        unlink(path);
}

static int take(void *context, const struct wins_record *record)
{
        *(uint64_t *)context += record->version;
        return 0;
}

static struct winsdb *start(const char *path, const char *what)
{
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;
        struct winsdb_loaded loaded;
        uint64_t sum = 0;
        const double begin = now_s();

        if (winsdb_open(&db, path, WINSDB_WRITE, NULL, &why) < 0) {
                fprintf(stderr, "%s\n", strbuf_str(&why));
                exit(1);
        }
        const double opened = now_s();
        check(db, winsdb_load(db, &(struct winsstore_sink){.record = take, .context = &sum}, &loaded), "load");
        printf("winsdb: start %s, %llu names, %llu changes in the journal: check %.2f s, load %.2f s\n", what,
               (unsigned long long)loaded.records, (unsigned long long)loaded.journal_changes, opened - begin,
               now_s() - opened);
        return db;
}

int main(int argc, char **argv)
{
        static const size_t sizes[] = {1, 10, 32, 100, 1000, 4096};
        const char *directory = argc > 1 ? argv[1] : ".";
        const uint32_t names = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
        char path[1024], side[8192];
        struct winsdb *db = NULL;
        struct strbuf why = STRBUF_INIT;
        struct rusage usage;

        changes = must(calloc(BATCH_MAX, sizeof(*changes)));
        touches = must(calloc(BATCH_MAX, sizeof(*touches)));
        wait_size = 1000000;
        waits = must(calloc(wait_size, sizeof(*waits)));
        snprintf(path, sizeof(path), "%s/bench-%ld.db", directory, (long)getpid());
        snprintf(side, sizeof(side), "%s-append", path);
        measure_append(side, 1000);
        if (winsdb_open(&db, path, WINSDB_EMPTY, NULL, &why) < 0) {
                fprintf(stderr, "%s: %s\n", path, strbuf_str(&why));
                return 1;
        }
        fill(db, names);
        db = winsdb_close(db);
        db = start(path, "in order");
        for (size_t i = 0; i < NBT_ARRAY_SIZE(sizes); i++)
                measure_batches(db, sizes[i], names);
        backup(db, directory, names);
        touch_all(db, names);
        for (int i = 0; i < 200; i++)
                append(db, (uint32_t)i * 1000 % names, 1000, 3);
        /* as after a crash: a copy of what stands there */
        snprintf(side, sizeof(side), "cp %s %s-c; cp %s-wal %s-c-wal", path, path, path, path);
        const int copied = system(side);
        winsdb_close(db);
        snprintf(side, sizeof(side), "%s-c", path);
        if (copied == 0)
                winsdb_close(start(side, "after a crash"));
        getrusage(RUSAGE_SELF, &usage);
        printf("winsdb: resident at most %ld MiB\n", usage.ru_maxrss / 1024);
        snprintf(side, sizeof(side), "rm -f %s*", path);
        return system(side);
}
