#include "powerloss.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR_BYTES 512
#define NEVER UINT64_MAX
#define REVERT_BYTES 65536

struct change {
        int64_t offset;
        size_t len_bytes; /* 0: the file was cut to OFFSET */
        uint8_t *bytes;
};

struct image {
        uint8_t *bytes;
        int64_t len_bytes;
};

/* A file by its path, open or not. */
struct disk_file {
        struct disk_file *next;
        char path[PATH_MAX];
        bool is_there;        /* as the program sees it */
        bool is_durable;      /* its name is on the disk */
        struct image synced;  /* what the disk is bound to hold */
        struct change *since; /* in order */
        size_t count, room;
        bool is_dropped;  /* a sync failed: what the program sees is not what the disk is going to hold */
        bool will_revert; /* a later read sees what is there */
};

/* What SQLite holds; the real file's lies behind it. */
struct open_file {
        sqlite3_file base;
        struct disk_file *disk; /* NULL: a temporary one */
};

static struct rng *dice;
static sqlite3_vfs *real;
static sqlite3_vfs shim;
static struct disk_file *files;
static uint64_t dies_after = NEVER;
static uint32_t fails_one_in;
static struct powerloss_counts counts;

static void *must(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
        return (sqlite3_file *)((struct open_file *)file + 1);
}

static struct disk_file *disk_of(sqlite3_file *file)
{
        return ((struct open_file *)file)->disk;
}

/* ---- what is on the disk -------------------------------------------------------------------------------------------------- */

static void change_image(struct image *image, const struct change *change)
{
        const int64_t end = change->len_bytes ? change->offset + (int64_t)change->len_bytes : change->offset;

        if (end > image->len_bytes || !change->len_bytes) {
                image->bytes = must(realloc(image->bytes, (size_t)end + 1));
                if (end > image->len_bytes)
                        memset(image->bytes + image->len_bytes, 0, (size_t)(end - image->len_bytes));
                image->len_bytes = end;
        }
        if (change->len_bytes)
                memcpy(image->bytes + change->offset, change->bytes, change->len_bytes);
}

static void forget_changes(struct disk_file *disk)
{
        for (size_t i = 0; i < disk->count; i++)
                free(disk->since[i].bytes);
        disk->count = 0;
}

static void read_file(const char *path, struct image *ret)
{
        FILE *file = fopen(path, "rb");
        struct stat st;

        *ret = (struct image){0};
        if (!file || fstat(fileno(file), &st) < 0)
                return;
        ret->len_bytes = st.st_size;
        ret->bytes = must(malloc((size_t)st.st_size + 1));
        if (fread(ret->bytes, 1, (size_t)st.st_size, file) != (size_t)st.st_size)
                abort();
        fclose(file);
}

/* A file that was there before all this is on the disk as it stands. */
static struct disk_file *find_file(const char *path)
{
        for (struct disk_file *disk = files; disk; disk = disk->next)
                if (strcmp(disk->path, path) == 0)
                        return disk;
        struct disk_file *disk = must(calloc(1, sizeof(*disk)));
        snprintf(disk->path, sizeof(disk->path), "%s", path);
        disk->is_there = disk->is_durable = access(path, F_OK) == 0;
        read_file(path, &disk->synced);
        disk->next = files;
        files = disk;
        return disk;
}

static void note(struct disk_file *disk, int64_t offset, const void *bytes, size_t len_bytes)
{
        if (disk->count == disk->room) {
                disk->room = disk->room ? disk->room * 2 : 64;
                disk->since = must(realloc(disk->since, disk->room * sizeof(*disk->since)));
        }
        struct change *change = &disk->since[disk->count++];
        *change = (struct change){.offset = offset, .len_bytes = len_bytes};
        if (len_bytes)
                change->bytes = memcpy(must(malloc(len_bytes)), bytes, len_bytes);
}

/* False: the power is gone. */
static bool goes_on(void)
{
        if (dies_after == 0)
                return false;
        if (dies_after != NEVER)
                dies_after--;
        counts.operations++;
        return dies_after != 0;
}

/* ---- a power loss ----------------------------------------------------------------------------------------------------------- */

/* The file as it was when COUNT changes had been made. */
static struct image image_at(const struct disk_file *disk, size_t count)
{
        struct image image = {.len_bytes = disk->synced.len_bytes};

        image.bytes = must(malloc((size_t)image.len_bytes + 1));
        if (image.len_bytes)
                memcpy(image.bytes, disk->synced.bytes, (size_t)image.len_bytes);
        for (size_t i = 0; i < count; i++)
                change_image(&image, &disk->since[i]);
        return image;
}

static size_t any_moment(const struct disk_file *disk)
{
        switch (rng_below(dice, 4)) {
        case 0:
                return 0;
        case 1:
                return disk->count;
        default:
                return rng_below(dice, (uint32_t)disk->count + 1);
        }
}

static void copy_sector(struct image *to, const struct image *from, int64_t at)
{
        const int64_t end = at + SECTOR_BYTES < to->len_bytes ? at + SECTOR_BYTES : to->len_bytes;
        const int64_t there = end < from->len_bytes ? end : from->len_bytes;

        if (there > at)
                memcpy(to->bytes + at, from->bytes + at, (size_t)(there - at));
        if (there < end)
                memset(to->bytes + (there > at ? there : at), 0, (size_t)(end - (there > at ? there : at)));
}

/* Each sector as of a moment of its own, out of eight; mostly, all as of one. */
static struct image what_is_left(const struct disk_file *disk)
{
        struct image moments[8], left = image_at(disk, any_moment(disk)), newest = image_at(disk, disk->count);
        const bool together = rng_below(dice, 2);

        counts.lengths_old += left.len_bytes != newest.len_bytes;
        for (size_t i = 0; i < 8; i++)
                moments[i] = image_at(disk, any_moment(disk));
        for (int64_t at = 0; at < left.len_bytes; at += SECTOR_BYTES) {
                if (!together)
                        copy_sector(&left, &moments[rng_below(dice, 8)], at);
                const int64_t end = at + SECTOR_BYTES < left.len_bytes ? at + SECTOR_BYTES : left.len_bytes;
                counts.sectors_old +=
                        end <= newest.len_bytes && memcmp(left.bytes + at, newest.bytes + at, (size_t)(end - at)) != 0;
        }
        for (size_t i = 0; i < 8; i++)
                free(moments[i].bytes);
        free(newest.bytes);
        return left;
}

static void write_file(const char *path, const struct image *image)
{
        FILE *file = must(fopen(path, "wb"));

        if (fwrite(image->bytes, 1, (size_t)image->len_bytes, file) != (size_t)image->len_bytes || fclose(file) != 0)
                abort();
}

static void lose(struct disk_file *disk)
{
        const bool has_name = disk->is_there == disk->is_durable ? disk->is_there : rng_below(dice, 2);

        if (has_name) {
                struct image left = what_is_left(disk);

                write_file(disk->path, &left);
                free(disk->synced.bytes);
                disk->synced = left;
        } else {
                unlink(disk->path);
                free(disk->synced.bytes);
                disk->synced = (struct image){0};
        }
        counts.gone += disk->is_there && !has_name;
        counts.back_again += !disk->is_there && has_name;
        disk->is_there = disk->is_durable = has_name;
        disk->is_dropped = disk->will_revert = false;
        forget_changes(disk);
}

void powerloss_come_back(void)
{
        for (struct disk_file *disk = files; disk; disk = disk->next) {
                char shared[PATH_MAX + 8];

                lose(disk);
                snprintf(shared, sizeof(shared), "%s-shm", disk->path);
                unlink(shared);
        }
        dies_after = NEVER;
}

/* ---- a sync that fails ------------------------------------------------------------------------------------------------------ */

/* The length is not what gets lost. */
static void set_length(struct image *image, sqlite3_file *file)
{
        sqlite3_int64 len_bytes = 0;

        if (real_of(file)->pMethods->xFileSize(real_of(file), &len_bytes) != SQLITE_OK)
                abort();
        image->bytes = must(realloc(image->bytes, (size_t)len_bytes + 1));
        if (len_bytes > image->len_bytes)
                memset(image->bytes + image->len_bytes, 0, (size_t)(len_bytes - image->len_bytes));
        image->len_bytes = len_bytes;
}

/* The program sees what the disk holds, and what it has written since. */
static void revert(sqlite3_file *file)
{
        struct disk_file *disk = disk_of(file);
        struct image image = image_at(disk, disk->count);

        set_length(&image, file);
        /* the system's own writes at most so much at a time */
        for (int64_t at = 0; at < image.len_bytes; at += REVERT_BYTES) {
                const int64_t left = image.len_bytes - at;
                const int len = left < REVERT_BYTES ? (int)left : REVERT_BYTES;

                if (real_of(file)->pMethods->xWrite(real_of(file), image.bytes + at, len, at) != SQLITE_OK)
                        abort();
        }
        free(image.bytes);
        disk->is_dropped = disk->will_revert = false;
        counts.reverted++;
}

static void drop(sqlite3_file *file)
{
        struct disk_file *disk = disk_of(file);
        const struct image left = what_is_left(disk);

        free(disk->synced.bytes);
        disk->synced = left;
        forget_changes(disk);
        counts.syncs_failed++;
        disk->is_dropped = true;
        disk->will_revert = rng_below(dice, 3) > 0;
        if (disk->will_revert && rng_below(dice, 2))
                revert(file);
}

/* ---- the methods of a file ------------------------------------------------------------------------------------------------- */

static int on_close(sqlite3_file *file)
{
        return real_of(file)->pMethods->xClose(real_of(file));
}

static int on_read(sqlite3_file *file, void *to, int len, sqlite3_int64 offset)
{
        if (disk_of(file) && disk_of(file)->will_revert && rng_below(dice, 40) == 0)
                revert(file);
        return real_of(file)->pMethods->xRead(real_of(file), to, len, offset);
}

static int on_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
        if (!goes_on())
                return SQLITE_IOERR_WRITE;
        const int code = real_of(file)->pMethods->xWrite(real_of(file), from, len, offset);
        if (code == SQLITE_OK && disk_of(file) && len > 0)
                note(disk_of(file), offset, from, (size_t)len);
        return code;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        if (!goes_on())
                return SQLITE_IOERR_TRUNCATE;
        const int code = real_of(file)->pMethods->xTruncate(real_of(file), size);
        if (code == SQLITE_OK && disk_of(file))
                note(disk_of(file), size, NULL, 0);
        return code;
}

/* Names that came and went since are on the disk as they are. */
static void sync_directory(void)
{
        for (struct disk_file *disk = files; disk; disk = disk->next) {
                disk->is_durable = disk->is_there;
                if (disk->is_there)
                        continue;
                forget_changes(disk);
                free(disk->synced.bytes);
                disk->synced = (struct image){0};
        }
}

static int on_sync(sqlite3_file *file, int flags)
{
        struct disk_file *disk = disk_of(file);

        (void)flags; /* the real disk needs none */
        if (!goes_on())
                return SQLITE_IOERR_FSYNC;
        counts.syncs++;
        if (disk && fails_one_in && rng_below(dice, fails_one_in) == 0) {
                drop(file);
                return SQLITE_IOERR_FSYNC;
        }
        if (disk) {
                struct image image = image_at(disk, disk->count);

                if (disk->is_dropped)
                        set_length(&image, file);
                free(disk->synced.bytes);
                disk->synced = image;
                forget_changes(disk);
                if (!disk->is_durable) /* with a new file SQLite syncs the directory */
                        sync_directory();
        }
        return SQLITE_OK;
}

static int on_file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int on_lock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int on_check_lock(sqlite3_file *file, int *ret)
{
        return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

/* What sets a length or writes past us is refused: then SQLite does it by writes. */
static int on_control(sqlite3_file *file, int operation, void *argument)
{
        if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE)
                return SQLITE_NOTFOUND;
        return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int on_sector_size(sqlite3_file *file)
{
        (void)file;
        return SECTOR_BYTES;
}

static int on_traits(sqlite3_file *file)
{
        return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int on_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
        return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
        return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void on_shm_barrier(sqlite3_file *file)
{
        real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int on_shm_unmap(sqlite3_file *file, int delete_it)
{
        return real_of(file)->pMethods->xShmUnmap(real_of(file), delete_it);
}

/* Version 2: without memory maps, whose writes nobody would see. */
static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = on_close,
        .xRead = on_read,
        .xWrite = on_write,
        .xTruncate = on_truncate,
        .xSync = on_sync,
        .xFileSize = on_file_size,
        .xLock = on_lock,
        .xUnlock = on_unlock,
        .xCheckReservedLock = on_check_lock,
        .xFileControl = on_control,
        .xSectorSize = on_sector_size,
        .xDeviceCharacteristics = on_traits,
        .xShmMap = on_shm_map,
        .xShmLock = on_shm_lock,
        .xShmBarrier = on_shm_barrier,
        .xShmUnmap = on_shm_unmap,
};

/* ---- the methods of the file system ---------------------------------------------------------------------------------------- */

static int on_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
        struct open_file *opened = (struct open_file *)file;

        (void)vfs;
        opened->base.pMethods = NULL;
        opened->disk = path ? find_file(path) : NULL;
        if (opened->disk && !opened->disk->is_there && flags & SQLITE_OPEN_CREATE && !goes_on())
                return SQLITE_CANTOPEN;
        const int code = real->xOpen(real, path, real_of(file), flags, ret_flags);
        if (code != SQLITE_OK)
                return code;
        if (opened->disk && !opened->disk->is_there) {
                opened->disk->is_there = true;
                note(opened->disk, 0, NULL,
                     0); /* where one of that name may still be on the disk, this one takes its place */
        }
        opened->base.pMethods = &methods;
        return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *path, int with_directory)
{
        struct disk_file *disk = find_file(path);

        (void)vfs;
        if (!goes_on())
                return SQLITE_IOERR_DELETE;
        const int code = real->xDelete(real, path, 0);
        if (code != SQLITE_OK)
                return code;
        disk->is_there = false;
        if (with_directory)
                sync_directory();
        return SQLITE_OK;
}

int powerloss_install(struct rng *rng)
{
        dice = rng;
        real = sqlite3_vfs_find(NULL);
        if (!real)
                return -1;
        shim = *real;
        shim.zName = "powerloss";
        shim.szOsFile = (int)sizeof(struct open_file) + real->szOsFile;
        shim.xOpen = on_open;
        shim.xDelete = on_delete;
        return sqlite3_vfs_register(&shim, 1) == SQLITE_OK ? 0 : -1;
}

void powerloss_die_after(uint64_t operations)
{
        dies_after = operations;
}

void powerloss_fail_syncs(uint32_t one_in)
{
        fails_one_in = one_in;
}

bool powerloss_is_dead(void)
{
        return dies_after == 0;
}

struct powerloss_counts powerloss_counts(void)
{
        return counts;
}
