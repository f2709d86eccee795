#pragma once
/*
 * A disk whose cache is lost, for tests: an SQLite VFS over the system's own, which becomes the default one.
 *
 * Everything goes through to the real files, so that the program sees its own writes; beside them stands, for each file, what a disk is
 * bound to hold (as of its last sync) and what was written since. At a power loss each sector of 512 bytes is as it was at some moment
 * between that sync and the loss, each sector at a moment of its own or all at one, as the dice have it; so is the length of the file.
 * A file that was made and not yet synced may be gone; one that was deleted may be back. Shared memory (-shm) is gone.
 *
 * After powerloss_die_after(N) the N-th write, sync, cut or deletion from there on fails, and all that come after it, until
 * powerloss_come_back() has put the files into the state that was left.
 *
 * With powerloss_fail_syncs(N) one sync in N fails, and drops what it was to write: of each sector, some or all that was written since
 * the last sync never reaches the disk, whatever later syncs say. As the dice have it the program goes on seeing what it wrote, or sees
 * at once, or from a later read on, what is on the disk.
 */
#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Once a process. RNG is lent. 0 or -1. */
int powerloss_install(struct rng *rng);

void powerloss_die_after(uint64_t operations);
bool powerloss_is_dead(void);

/* 0: none, as at first. */
void powerloss_fail_syncs(uint32_t one_in);

/* Every file is closed. */
void powerloss_come_back(void);

struct powerloss_counts {
        uint64_t operations, syncs;
        uint64_t sectors_old;            /* that a loss left older than they were last written */
        uint64_t lengths_old;            /* and lengths of files */
        uint64_t gone, back_again;       /* files */
        uint64_t syncs_failed, reverted; /* reverted: files that showed what is on the disk */
};
struct powerloss_counts powerloss_counts(void);
