/*
 * After a sync that failed. The system may have dropped what it could not write, and go on showing it to who reads, until it needs
 * the memory; a later sync says that all is well (Linux: "fsync's error is reported once, and its pages are marked clean", observed
 * since PostgreSQL's report of 2018). So nothing may rest on what was written since the last sync that succeeded.
 *
 * That can be two things only. Frames of the log: none of them was acknowledged as durable. Pages of the file: the log holds them
 * all, for it begins anew only after the file was synced. The remedy therefore is: the log is written again as it reads, and synced;
 * it is read from its start, where its chain of checksums ends before the first frame that is not whole any more; what it lacks of
 * batches that were taken without syncing comes from memory; and everything in it is brought into the file, which is synced.
 *
 * The same is done at a start with what a dead writer left: nobody knows whether it had seen a sync fail.
 */
#include "store/winsdb_internal.h"
#include "store/winsdb_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY_BYTES 65536

/* ---- batches that were taken without syncing ------------------------------------------------------------------------------- */

struct winsdb_unsynced {
        struct winsdb_unsynced *next;
        int64_t row;
        size_t len_bytes;
        uint8_t bytes[];
};

void winsdb_unsynced_forget(struct winsdb *db)
{
        while (db->unsynced) {
                struct winsdb_unsynced *next = db->unsynced->next;

                free(db->unsynced);
                db->unsynced = next;
        }
        db->unsynced_end = &db->unsynced;
}

struct winsdb_unsynced *winsdb_unsynced_make(int64_t row, const struct winscode_buffer *batch)
{
        struct winsdb_unsynced *made = malloc(sizeof(*made) + batch->len_bytes);

        if (!made)
                return NULL;
        *made = (struct winsdb_unsynced){.row = row, .len_bytes = batch->len_bytes};
        memcpy(made->bytes, batch->bytes, batch->len_bytes);
        return made;
}

void winsdb_unsynced_add(struct winsdb *db, struct winsdb_unsynced *batch)
{
        *db->unsynced_end = batch;
        db->unsynced_end = &batch->next;
}

/* Those that the log lost. */
static int insert_lost(struct winsdb *db)
{
        sqlite3_stmt *s = NULL;
        int r = db->unsynced ? winsdb_prepare(db, WINSDB_INSERT_JOURNAL, &s) : 0;

        for (const struct winsdb_unsynced *batch = db->unsynced; r == 0 && batch; batch = batch->next) {
                if (batch->row <= db->last_row)
                        continue;
                sqlite3_bind_int64(s, 1, batch->row);
                sqlite3_bind_blob64(s, 2, batch->bytes, batch->len_bytes, SQLITE_STATIC);
                r = winsdb_fail(db, sqlite3_step(s));
                sqlite3_reset(s);
        }
        sqlite3_finalize(s);
        return r;
}

/* ---- the log ----------------------------------------------------------------------------------------------------------------- */

/* NULL: there is none. */
static sqlite3_file *log_of(struct winsdb *db)
{
        sqlite3_file *file = NULL;

        if (sqlite3_file_control(db->sql, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK)
                return NULL;
        return file && file->pMethods ? file : NULL;
}

static int64_t log_bytes(struct winsdb *db)
{
        sqlite3_file *log = log_of(db);
        sqlite3_int64 bytes = 0;

        return log && log->pMethods->xFileSize(log, &bytes) == SQLITE_OK ? bytes : 0;
}

static int rewrite_part(sqlite3_file *log, uint8_t *bytes, int len, int64_t at)
{
        const int code = log->pMethods->xRead(log, bytes, len, at);

        return code == SQLITE_OK ? log->pMethods->xWrite(log, bytes, len, at) : code;
}

/* In its place: what was on the disk before stays as it is. */
static int rewrite_log(struct winsdb *db)
{
        sqlite3_file *log = log_of(db);
        const int64_t size = log_bytes(db);
        uint8_t *bytes = malloc(COPY_BYTES);
        int code = bytes ? SQLITE_OK : SQLITE_NOMEM;

        for (int64_t at = 0; code == SQLITE_OK && at < size; at += COPY_BYTES)
                code = rewrite_part(log, bytes, at + COPY_BYTES < size ? COPY_BYTES : (int)(size - at), at);
        free(bytes);
        if (code == SQLITE_OK && size > 0)
                code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
        return winsdb_fail(db, code);
}

/* What failed to be synced stands after the log's end, and would count at the next start: the next thing written takes its place. It needs
 * no syncing, for without it nothing is there either. */
void winsdb_write_over(struct winsdb *db)
{
        char kept[sizeof(db->error)];

        if (db->lost == 0)
                return;
        memcpy(kept, db->error, sizeof(kept));
        int r = winsdb_execute(db, "PRAGMA synchronous=OFF");
        if (r == 0)
                r = winsdb_keep_one(db, WINSDB_KEPT_CLEAN, "0");
        r = winsdb_execute(db, "PRAGMA synchronous=FULL");
        db->is_relaxed = r < 0;
        memcpy(db->error, kept, sizeof(kept));
}

/* ---- a log that was damaged ----------------------------------------------------------------------------------------------------- */

/* https://www.sqlite.org/fileformat2.html §4.1: magic at 0, page size at 8, salts at 16; a frame begins with its page's number, the
 * size of the database if it ends a transaction (else 0), and the salts. */
#define LOG_MAGIC 0x377F0682u
#define LOG_HEADER_BYTES 32
#define FRAME_HEADER_BYTES 24
#define USUAL_FRAME_BYTES (FRAME_HEADER_BYTES + 4096)

/* The last frame that ends a transaction, from 1; 0: none. Where the header is no header, all that there is room for. */
static uint64_t last_frame(struct winsdb *db)
{
        sqlite3_file *log = log_of(db);
        const int64_t size = log_bytes(db);
        uint8_t header[LOG_HEADER_BYTES], frame[FRAME_HEADER_BYTES];
        uint64_t last = 0;

        if (size < LOG_HEADER_BYTES || log->pMethods->xRead(log, header, sizeof(header), 0) != SQLITE_OK)
                return 0;
        struct rd rd = rd_init(header, sizeof(header));
        const uint32_t magic = rd_be32(&rd);
        rd_skip(&rd, 4);
        const int64_t frame_bytes = FRAME_HEADER_BYTES + (int64_t)rd_be32(&rd);
        if ((magic & ~1u) != LOG_MAGIC || frame_bytes > FRAME_HEADER_BYTES + 65536)
                return (uint64_t)(size - LOG_HEADER_BYTES) / USUAL_FRAME_BYTES;
        for (int64_t i = 1; LOG_HEADER_BYTES + i * frame_bytes <= size; i++) {
                const int64_t at = LOG_HEADER_BYTES + (i - 1) * frame_bytes;

                if (log->pMethods->xRead(log, frame, sizeof(frame), at) != SQLITE_OK)
                        break;
                if (memcmp(frame + 8, header + 16, 8) == 0 && memcmp(frame + 4, "\0\0\0\0", 4) != 0)
                        last = (uint64_t)i;
        }
        return last;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------------------- */

/* Rows after LAST were never taken: who handed them over was told so. */
static int correct_journal(struct winsdb *db, int64_t last)
{
        char sql[96];
        int r = winsdb_begin(db);

        if (r < 0)
                return r;
        snprintf(sql, sizeof(sql), "DELETE FROM journal WHERE row > %lld", (long long)last);
        r = winsdb_execute(db, sql);
        if (r == 0)
                r = winsdb_read_state(db);
        if (r == 0)
                r = insert_lost(db);
        return winsdb_end(db, r);
}

/* RET_FRAMES (may be NULL): so many are in the log. Alone, and so from the log's start: what somebody remembers of it is not to be relied on. */
static int bring_in(struct winsdb *db, const int64_t *last, int *ret_frames)
{
        int64_t tables = 0;
        int r = winsdb_connect(db);

        if (r == 0)
                r = winsdb_execute(db, "PRAGMA locking_mode=EXCLUSIVE");
        if (r == 0)
                r = winsdb_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r == 0 && last)
                r = correct_journal(db, *last);
        if (r == 0)
                r = winsdb_fail(db,
                                sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, ret_frames, NULL));
        if (r == 0)
                r = winsdb_fail(db, sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
        winsdb_disconnect(db);
        return r;
}

int winsdb_mend(struct winsdb *db)
{
        const int64_t last = db->last_row;
        int r = db->sql ? 0 : winsdb_reconnect(db);

        if (r == 0)
                r = winsdb_check_place(db);
        if (r == 0)
                r = rewrite_log(db);
        if (r < 0)
                return r;
        winsdb_fold_abandon(db);
        winsdb_disconnect(db);
        r = bring_in(db, &last, NULL);
        const int again = winsdb_reconnect(db);
        db->last_row = last; /* a batch that is not in the log now still has its number */
        if (r < 0 || again < 0)
                return r < 0 ? r : again;
        db->lost = 0;
        winsdb_unsynced_forget(db);
        db->mends++;
        return winsdb_keep_one(db, WINSDB_KEPT_CLEAN, "0");
}

int winsdb_mend_at_start(struct winsdb *db)
{
        int r = log_bytes(db) > 0 ? rewrite_log(db) : 0;

        if (r == 0 && log_bytes(db) > 0) {
                const uint64_t present = last_frame(db);
                int frames = 0;

                winsdb_disconnect(db);
                r = bring_in(db, NULL, &frames);
                if (r == 0 && present > (uint64_t)frames)
                        db->log_pages_lost = present - (uint64_t)frames;
                const int again = winsdb_connect(db);

                if (again < 0)
                        return again;
        }
        /* somebody reads it, or there is no room: neither is to keep a server from starting, and the log is on the disk again */
        return r == NBT_ERR_BUSY || r == NBT_ERR_FULL ? 0 : r;
}
