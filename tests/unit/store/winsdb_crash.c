/*
 * winsdb_crash [--rounds N] [--seed S] [--full DIR]: a child appends batches to a WINS database and tells each acknowledged one over a pipe; its parent
 * kills it at a random moment, opens what is left, and checks that every acknowledged batch is there, and of the one under way all
 * or nothing. The database lives on over all rounds, so that every kind of moment comes: appending, moving, checkpoint, backup, opening.
 *
 * Batches are numbered (winsdb_help.h): the parent knows them without being told, and the database itself tells how many it holds.
 *
 * With --full, DIR stands on a small file system of its own (tests/lab/test_winsdb_full.py): every second round it is filled to the last
 * byte, and emptied again while the child works. The child must then open, load and go on by itself.
 */
#include "winsdb_help.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_LIFE_US 30000

static const struct winsdb_limits limits = {
        .fold_changes = 150, .fold_age_ms = 3, .slice_rows = 20, .checkpoint_frames = 30};
static uint64_t seed;
static char filler[160]; /* "" without --full */

static mono_t now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (mono_t){t.tv_sec * 1000000000 + t.tv_nsec};
}

static void fail(const char *what, const char *why)
{
        fprintf(stderr, "FAILED (--seed %llu): %s: %s\n", (unsigned long long)seed, what, why);
        exit(1);
}

/* All that is left. */
static void fill_disk(void)
{
        static const char block[4096] = {1};
        const int fd = open(filler, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ssize_t r = sizeof(block);

        while (r > 0)
                r = write(fd, block, r == sizeof(block) ? sizeof(block) : 1);
        close(fd);
}

/* Appends BATCH, as often as it takes on a disk that is full for a while. */
static void append(struct winsdb *db, const struct wins_batch *batch)
{
        int r;

        while ((r = winsdb_append(db, batch, now())) == NBT_ERR_FULL && filler[0])
                usleep(300);
        if (r < 0)
                fail("append", winsdb_error(db));
}

/* Appends until it is killed; each acknowledged number goes through the pipe at once. */
static void live(const char *path, uint64_t number, int pipe_end)
{
        struct numbered_batch *m = calloc(1, sizeof(*m));
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;
        char backup[160];

        if (!m || winsdb_open(&db, path, WINSDB_CREATE, &limits, &why) < 0)
                fail("the child cannot open it", strbuf_str(&why));
        snprintf(backup, sizeof(backup), "%s.backup", path);
        for (;;) {
                numbered_batch_make(m, seed, ++number);
                append(db, &m->batch);
                if (write(pipe_end, &number, sizeof(number)) != sizeof(number))
                        exit(0);
                if (number % 50 == 0 && !filler[0]) {
                        unlink(backup);
                        if (winsdb_backup_start(db, backup, (wall_t){1}) < 0)
                                fail("backup", winsdb_error(db));
                }
                const int r = winsdb_tend(db, now());
                if (r < 0 && !(r == NBT_ERR_FULL && filler[0]))
                        fail("tend", winsdb_error(db));
        }
}

static uint64_t drain(int pipe_end, uint64_t acknowledged)
{
        uint64_t number;

        while (read(pipe_end, &number, sizeof(number)) == sizeof(number))
                acknowledged = number;
        return acknowledged;
}

/* Lives for a random while; the number of the last acknowledged batch. */
static uint64_t one_life(const char *path, uint64_t stored, struct rng *rng)
{
        int ends[2];

        if (pipe(ends) < 0)
                fail("pipe", "no descriptors");
        const bool full = filler[0] && stored && rng_below(rng, 2);
        if (full)
                fill_disk();
        const pid_t child = fork();
        if (child == 0) {
                close(ends[0]);
                live(path, stored, ends[1]);
        }
        close(ends[1]);
        if (full) {
                usleep(rng_below(rng, LONGEST_LIFE_US));
                unlink(filler);
        }
        /* one in four dies at any time, also while it opens; the others while they work */
        if (rng_below(rng, 4))
                poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 10000);
        usleep(rng_below(rng, LONGEST_LIFE_US));
        kill(child, SIGKILL);
        const uint64_t acknowledged = drain(ends[0], stored);
        int status = 0;
        waitpid(child, &status, 0);
        close(ends[0]);
        if (!WIFSIGNALED(status))
                fail("the child", "ended by itself");
        return acknowledged;
}

/* What the next writer finds. */
static void load_file(const char *path, struct kept_load *ret)
{
        const struct winsstore_sink sink = kept_load_sink(ret);
        struct strbuf why = STRBUF_INIT;
        struct winsdb *db = NULL;

        if (winsdb_open(&db, path, WINSDB_WRITE, &limits, &why) < 0)
                fail("open after the kill", strbuf_str(&why));
        if (winsdb_load(db, &sink, NULL) < 0)
                fail("load after the kill", winsdb_error(db));
        winsdb_close(db);
}

static void check_backup(const char *path)
{
        char backup[160];
        struct strbuf why = STRBUF_INIT;

        snprintf(backup, sizeof(backup), "%s.backup", path);
        if (access(backup, F_OK) == 0 && winsdb_check(backup, NULL, &why) < 0)
                fail("a backup that has its name", strbuf_str(&why));
        strbuf_done(&why);
}

static int run(unsigned rounds, const char *path)
{
        struct winsmem *mem = winsmem_new();
        struct kept_load load;
        struct rng rng;
        uint64_t stored = 0, under_way = 0;

        rng_init_seed(&rng, seed);
        for (unsigned round = 0; round < rounds; round++) {
                const uint64_t acknowledged = one_life(path, stored, &rng);

                if (access(path, F_OK) < 0)
                        continue; /* killed before it had begun */
                load_file(path, &load);
                const uint64_t mark = numbered_batches_in(&load);
                if (mark < acknowledged || mark > acknowledged + 1)
                        fail("after the kill",
                             mark < acknowledged ? "acknowledged batches are missing" : "too many batches");
                under_way += mark > acknowledged;
                if (!numbered_batches_follow(mem, seed, stored, mark, &load))
                        fail("after the kill", "the database does not hold what was acknowledged");
                if (round % 16 == 0)
                        check_backup(path);
                stored = mark;
                kept_load_done(&load);
        }
        printf("%u kills, %llu batches acknowledged, all there; %llu under way were there whole\n", rounds,
               (unsigned long long)stored, (unsigned long long)under_way);
        winsmem_free(mem);
        return stored > rounds / 2 ? 0 : 1;
}

int main(int argc, char **argv)
{
        struct winsdb_place place;
        const char *directory = NULL;
        unsigned rounds = 100;

        seed = (uint64_t)time(NULL);
        for (int i = 1; i + 1 < argc; i += 2) {
                if (strcmp(argv[i], "--rounds") == 0)
                        rounds = (unsigned)strtoul(argv[i + 1], NULL, 10);
                else if (strcmp(argv[i], "--full") == 0)
                        directory = argv[i + 1];
                else if (strcmp(argv[i], "--seed") == 0)
                        seed = strtoull(argv[i + 1], NULL, 10);
        }
        printf("seed %llu\n", (unsigned long long)seed);
        fflush(stdout);
        if (directory) {
                snprintf(filler, sizeof(filler), "%s/filler", directory);
                snprintf(place.path, sizeof(place.path), "%s/%s", directory, WINSDB_FILE);
                return run(rounds, place.path);
        }
        if (winsdb_place_init(&place) < 0)
                return 1;
        const int r = run(rounds, place.path);
        return winsdb_place_done(&place) | r;
}
