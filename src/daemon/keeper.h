#pragma once
/*
 * The thread that keeps the WINS database on disk: takes the core's batches one at a time, and between them does the store's
 * own work (moving, checkpoints, backups) in slices of a few milliseconds.
 *
 * The keeper owns the database from keeper_new() on. Its calls are for one other thread, the loop's, and none of them waits for the
 * disk but keeper_free(). It runs nicer than the loop, so that answers go first when both share a processor.
 */
#include "store/winsdb.h"

struct keeper;

/* How the store does; as of the last thing it did. */
struct keeper_state {
        struct winsdb_status db;
        uint64_t commits, failures;
        uint64_t commit_us; /* the last commit took so long */
        char error[128];    /* of the last failure; "": none yet */
};

struct keeper_news {
        bool stored; /* the batch has ended */
        uint64_t batch;
        int result;     /* of it: 0 or what winsdb_append() said */
        bool backed_up; /* the backup has ended */
        int backup_result;
};

/* Starts the thread. DB is the keeper's only on success. NBT_ERR_NOMEM, NBT_ERR_IO. */
int keeper_new(struct keeper **ret, struct winsdb *db) NBT_MUST_CHECK;

/* Ends what is under way (not a backup: that is given up), ends the thread, closes the database. Accepts NULL, returns NULL. */
struct keeper *keeper_free(struct keeper *keeper);

/* Readable when there is news. */
int keeper_fd(const struct keeper *keeper);
/* Takes the news, and makes the descriptor unreadable. */
void keeper_take(struct keeper *keeper, struct keeper_news *ret);

/* BATCH must live until its news; one at a time. */
void keeper_store(struct keeper *keeper, const struct wins_batch *batch);

/* To PATH, copied. NBT_ERR_BUSY: one is under way; NBT_ERR_RANGE: PATH is too long. */
int keeper_backup(struct keeper *keeper, const char *path, wall_t when) NBT_MUST_CHECK;

void keeper_look(struct keeper *keeper, struct keeper_state *ret);
