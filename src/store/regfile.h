#pragma once
/*
 * The settings file on disk: loading, atomic replacement, and a backup before every change.
 *
 * A change is written to a new file beside the old one, synced, renamed over it, and the directory synced: a reader (or a crash) sees
 * the old file or the new one, never half. Owner and mode stay. Backups stand in STATE_DIR/backups/ as
 * netbt-reg-20261123T061404Z-1.reg: UTC time, and a number that makes names of one second differ. They are never deleted here but for
 * the oldest above REGFILE_MAX_BACKUPS.
 */
#include "base/arena.h"
#include "settings/reg.h"

#define REGFILE_MAX_BACKUPS 256 /* ASSUMPTION: enough to go back by; bounds the directory */

/* NBT_ERR_NOT_FOUND (no file), NBT_ERR_DENIED, NBT_ERR_RANGE (too large), NBT_ERR_IO with errno; parse failures with *ret_error (line 0
 * otherwise). */
int regfile_load(const char *path, struct reg_doc **ret, struct reg_error *ret_error) NBT_MUST_CHECK;

/* Backs up what PATH holds now (if it is there) to STATE_DIR/backups, then replaces it. *ret_backup (may be NULL) is the backup's path
 * in ARENA, NULL if there was nothing to back up. NBT_ERR_DENIED or NBT_ERR_IO with errno: PATH is then unchanged. */
int regfile_save(const char *path, const char *state_dir, const struct reg_doc *doc, struct arena *arena,
                 const char **ret_backup) NBT_MUST_CHECK;

/* A copy of PATH in STATE_DIR/backups; its path in ARENA. Failures as regfile_load() and regfile_save(). */
int regfile_backup(const char *path, const char *state_dir, struct arena *arena,
                   const char **ret_backup) NBT_MUST_CHECK;

struct regfile_backup {
        const char *name; /* file name alone */
        const char *path;
        uint64_t size_bytes;
        char time[32]; /* ISO 8601, from its name */
};

/* Oldest first, in ARENA; none is no error. NBT_ERR_IO. */
int regfile_backups(const char *state_dir, struct arena *arena, const struct regfile_backup **ret,
                    size_t *ret_count) NBT_MUST_CHECK;

/* Puts a backup (a name as listed, or a path) in PATH's place, after backing up what stands there, and after reading it: what cannot
 * be parsed is not restored. *ret_backup as in regfile_save(). */
int regfile_restore(const char *path, const char *state_dir, const char *backup, struct arena *arena,
                    const char **ret_backup, struct reg_error *ret_error) NBT_MUST_CHECK;

/* Replaces PATH by BYTES atomically, keeping owner and mode (0644 for a new file). NBT_ERR_DENIED or NBT_ERR_IO with errno. */
int regfile_write(const char *path, const void *bytes, size_t len_bytes) NBT_MUST_CHECK;

/* Keeps other programs that edit PATH out, from before it is loaded until after it is saved; waits for its turn. Returns a descriptor for
 * regfile_unlock(). NBT_ERR_NOT_FOUND (no directory: then nobody can edit), NBT_ERR_DENIED, NBT_ERR_IO. */
int regfile_lock(const char *path) NBT_MUST_CHECK;
void regfile_unlock(int descriptor);
