#include "daemon/keeper.h"

#include "io/clock.h"
#include "io/priority.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* After a slice of background work that failed (no room): how long until the next. */
#define FAILED_PAUSE_MS 1000u
#define LONGEST_WAIT_MS 60000u

struct keeper {
        struct winsdb *db; /* the thread's */
        pthread_t thread;
        int fd;
        mono_t paused_until; /* the thread's */
        /* What both touch: */
        pthread_mutex_t lock;
        pthread_cond_t wake;
        const struct wins_batch *batch; /* to be stored; NULL: none */
        bool backup_wanted, backup_runs, quit;
        char backup_path[256];
        wall_t backup_when;
        struct keeper_news news;
        struct keeper_state state;
};

/* ---- the thread; the lock is held where nothing else is said ------------------------------------------------------ */

static void tell(struct keeper *keeper)
{
        const uint64_t one = 1;

        (void)!write(keeper->fd, &one, sizeof one); /* full means: told already */
}

static void note_failure(struct keeper *keeper)
{
        keeper->state.failures++;
        snprintf(keeper->state.error, sizeof keeper->state.error, "%s", winsdb_error(keeper->db));
}

static void store(struct keeper *keeper)
{
        const struct wins_batch *batch = keeper->batch;

        pthread_mutex_unlock(&keeper->lock);
        const mono_t start = clock_mono();
        const int r = winsdb_append(keeper->db, batch, start);
        const mono_t end = clock_mono();
        struct winsdb_status status;
        winsdb_status(keeper->db, &status);
        pthread_mutex_lock(&keeper->lock);
        keeper->state.db = status;
        keeper->state.commit_us = (uint64_t)(end.ns - start.ns) / 1000;
        if (r < 0)
                note_failure(keeper);
        else
                keeper->state.commits++;
        keeper->news.stored = true;
        keeper->news.batch = batch->id;
        keeper->news.result = r;
        keeper->batch = NULL;
        tell(keeper);
}

static void end_backup(struct keeper *keeper, int result)
{
        keeper->backup_wanted = keeper->backup_runs = false;
        keeper->news.backed_up = true;
        keeper->news.backup_result = result;
        tell(keeper);
}

static void start_backup(struct keeper *keeper)
{
        /* The path stays as it is while a backup is wanted or runs. */
        pthread_mutex_unlock(&keeper->lock);
        const int r = winsdb_backup_start(keeper->db, keeper->backup_path, keeper->backup_when);
        pthread_mutex_lock(&keeper->lock);
        keeper->backup_wanted = false;
        keeper->backup_runs = true;
        if (r < 0) {
                note_failure(keeper);
                end_backup(keeper, r);
        }
}

static void tend(struct keeper *keeper, mono_t now)
{
        struct winsdb_backup backup;
        struct winsdb_status status;

        pthread_mutex_unlock(&keeper->lock);
        const int r = winsdb_tend(keeper->db, now);
        winsdb_backup_status(keeper->db, &backup);
        winsdb_status(keeper->db, &status);
        pthread_mutex_lock(&keeper->lock);
        keeper->state.db = status;
        if (r < 0) {
                note_failure(keeper);
                keeper->paused_until = mono_add_ms(now, FAILED_PAUSE_MS);
        }
        if (keeper->backup_runs && backup.state != WINSDB_BACKUP_RUNNING)
                end_backup(keeper, backup.state == WINSDB_BACKUP_DONE ? 0 : backup.result);
}

static void wait_until(struct keeper *keeper, mono_t now, mono_t deadline)
{
        uint64_t wait_ms = mono_elapsed_ms(now, deadline) + 1;
        struct timespec until;

        if (wait_ms > LONGEST_WAIT_MS)
                wait_ms = LONGEST_WAIT_MS;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += (time_t)(wait_ms / 1000);
        until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
                until.tv_nsec -= 1000000000;
                until.tv_sec++;
        }
        pthread_cond_timedwait(&keeper->wake, &keeper->lock, &until);
}

static void work(struct keeper *keeper)
{
        const mono_t now = clock_mono();
        mono_t deadline = winsdb_deadline(keeper->db);

        if (deadline.ns < keeper->paused_until.ns)
                deadline = keeper->paused_until;
        if (keeper->batch)
                store(keeper);
        else if (keeper->backup_wanted)
                start_backup(keeper);
        else if (mono_is_due(deadline, now))
                tend(keeper, now);
        else
                wait_until(keeper, now, deadline);
}

static void *run(void *context)
{
        struct keeper *keeper = context;

        priority_give_way();
        pthread_mutex_lock(&keeper->lock);
        while (!keeper->quit || keeper->batch)
                work(keeper);
        pthread_mutex_unlock(&keeper->lock);
        return NULL;
}

/* ---- the loop's side ---------------------------------------------------------------------------------------------- */

static int start_thread(struct keeper *keeper)
{
        sigset_t all, before;

        /* Signals are the loop's. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        const int r = pthread_create(&keeper->thread, NULL, run, keeper);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return r == 0 ? 0 : NBT_ERR_IO;
}

int keeper_new(struct keeper **ret, struct winsdb *db)
{
        struct keeper *keeper = calloc(1, sizeof *keeper);
        pthread_condattr_t attributes;

        if (!keeper)
                return NBT_ERR_NOMEM;
        keeper->db = db;
        winsdb_status(db, &keeper->state.db);
        pthread_mutex_init(&keeper->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&keeper->wake, &attributes);
        pthread_condattr_destroy(&attributes);
        keeper->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (keeper->fd < 0 || start_thread(keeper) < 0) {
                if (keeper->fd >= 0)
                        close(keeper->fd);
                pthread_cond_destroy(&keeper->wake);
                pthread_mutex_destroy(&keeper->lock);
                free(keeper);
                return NBT_ERR_IO;
        }
        *ret = keeper;
        return 0;
}

static void signal_thread(struct keeper *keeper)
{
        pthread_cond_signal(&keeper->wake);
        pthread_mutex_unlock(&keeper->lock);
}

struct keeper *keeper_free(struct keeper *keeper)
{
        if (!keeper)
                return NULL;
        pthread_mutex_lock(&keeper->lock);
        keeper->quit = true;
        signal_thread(keeper);
        pthread_join(keeper->thread, NULL);
        winsdb_backup_cancel(keeper->db);
        winsdb_close(keeper->db);
        close(keeper->fd);
        pthread_cond_destroy(&keeper->wake);
        pthread_mutex_destroy(&keeper->lock);
        free(keeper);
        return NULL;
}

int keeper_fd(const struct keeper *keeper)
{
        return keeper->fd;
}

void keeper_take(struct keeper *keeper, struct keeper_news *ret)
{
        uint64_t count;

        pthread_mutex_lock(&keeper->lock);
        (void)!read(keeper->fd, &count, sizeof count);
        *ret = keeper->news;
        keeper->news = (struct keeper_news){0};
        pthread_mutex_unlock(&keeper->lock);
}

void keeper_store(struct keeper *keeper, const struct wins_batch *batch)
{
        pthread_mutex_lock(&keeper->lock);
        keeper->batch = batch;
        signal_thread(keeper);
}

int keeper_backup(struct keeper *keeper, const char *path, wall_t when)
{
        if (strlen(path) >= sizeof keeper->backup_path)
                return NBT_ERR_RANGE;
        pthread_mutex_lock(&keeper->lock);
        if (keeper->backup_wanted || keeper->backup_runs) {
                pthread_mutex_unlock(&keeper->lock);
                return NBT_ERR_BUSY;
        }
        snprintf(keeper->backup_path, sizeof keeper->backup_path, "%s", path);
        keeper->backup_when = when;
        keeper->backup_wanted = true;
        signal_thread(keeper);
        return 0;
}

void keeper_look(struct keeper *keeper, struct keeper_state *ret)
{
        pthread_mutex_lock(&keeper->lock);
        *ret = keeper->state;
        pthread_mutex_unlock(&keeper->lock);
}
