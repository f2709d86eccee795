/*
 * Repair: what can be read of a damaged WINS database, written to a new one.
 *
 * SQLite is trusted with one thing, bringing the write-ahead log into a copy of the file, for which it looks at no table. From that copy
 * all rows are taken that stand in any page and whose checksum is right: first those of "records", a newer one over an older one of
 * the same name, then the batches of the journal in their order.
 */
#include "store/winsdb_internal.h"
#include "store/winsdb_schema.h"
#include "store/winspage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_PER_COMMIT 20000u
#define FILE_HEADER_BYTES 100

struct batch_copy {
        int64_t row;
        size_t len_bytes;
        uint8_t *bytes;
};

struct salvage {
        struct winsdb *to;
        struct winsdb_salvaged report;
        struct batch_copy *batches;
        size_t batch_count, batch_size;
        int64_t folded; /* rows of the journal up to here are in the records */
        uint64_t uncommitted;
};

/* ---- rows ------------------------------------------------------------------------------------------------------------------ */

static int commit_now_and_then(struct salvage *salvage)
{
        if (++salvage->uncommitted < ROWS_PER_COMMIT)
                return 0;
        salvage->uncommitted = 0;
        const int r = winsdb_end(salvage->to, 0);
        return r == 0 ? winsdb_begin(salvage->to) : r;
}

/* 1: RET is what the new database has under the name of KEY; 0: nothing. */
static int find_record(struct winsdb *db, const struct wins_record *key, struct wins_record *ret)
{
        sqlite3_stmt *s = db->statements[WINSDB_STMT_GET_RECORD];

        sqlite3_bind_blob(s, 1, key->name.bytes, NB_NAME_BYTES, SQLITE_STATIC);
        sqlite3_bind_blob(s, 2, key->scope.text, key->scope.len_bytes, SQLITE_STATIC);
        const int code = sqlite3_step(s);
        int r = winsdb_fail(db, code);
        if (code == SQLITE_ROW)
                r = winsdb_read_record(db, s, ret);
        sqlite3_reset(s);
        return r < 0 ? r : code == SQLITE_ROW;
}

/* Versions of one owner tell which is newer; of two owners nothing does but the later expiry. */
static bool is_older(const struct wins_record *a, const struct wins_record *b)
{
        if (a->owner == b->owner && a->version != b->version)
                return a->version < b->version;
        return a->expiry_s < b->expiry_s;
}

static int take_record(struct salvage *salvage, const struct wins_record *record)
{
        struct wins_record before;
        int r = find_record(salvage->to, record, &before);

        if (r < 0 || (r == 1 && is_older(record, &before)))
                return r < 0 ? r : 0;
        r = winsdb_put_record(salvage->to, record);
        return r == 0 ? commit_now_and_then(salvage) : r;
}

static bool is_bytes(const struct winspage_column *column, enum winspage_type type)
{
        return column->type == type;
}

/* Does the row look like one of "records"? The checksum decides whether it is good. */
static bool looks_like_record(const struct winspage_row *row)
{
        bool numbers = !row->has_rowid && row->column_count >= 10 && is_bytes(&row->columns[0], WINSPAGE_BLOB) &&
                       rd_left(&row->columns[0].bytes) == NB_NAME_BYTES && is_bytes(&row->columns[1], WINSPAGE_BLOB) &&
                       is_bytes(&row->columns[9], WINSPAGE_BLOB);

        for (size_t i = 2; numbers && i < 9; i++)
                numbers = row->columns[i].type == WINSPAGE_NUMBER;
        return numbers;
}

static bool read_record(const struct winspage_row *row, struct wins_record *ret)
{
        struct rd name = row->columns[0].bytes, scope = row->columns[1].bytes;
        const bool has_sum = row->column_count > 10 && row->columns[10].type == WINSPAGE_NUMBER;

        if (rd_left(&scope) > NB_SCOPE_MAX_BYTES)
                return false;
        rd_copy(&name, ret->name.bytes, NB_NAME_BYTES);
        ret->scope.len_bytes = (uint8_t)rd_left(&scope);
        rd_copy(&scope, ret->scope.text, ret->scope.len_bytes);
        ret->type = (enum wins_type)row->columns[2].number;
        ret->state = (enum wins_state)row->columns[3].number;
        ret->node = (enum wins_node)(row->columns[4].number & 3);
        ret->is_static = row->columns[5].number != 0;
        ret->owner = (uint32_t)row->columns[6].number;
        ret->version = (uint64_t)row->columns[7].number;
        ret->expiry_s = row->columns[8].number;
        return winscode_members_decode(row->columns[9].bytes, ret) == 0 && wins_record_check(ret) == 0 &&
               (!has_sum || row->columns[10].number == winscode_record_sum(ret));
}

static int take_owner(struct salvage *salvage, const struct winspage_row *row)
{
        const struct wins_owner owner = {(uint32_t)row->rowid, (uint64_t)row->columns[1].number};

        if (row->rowid < 0 || row->rowid > UINT32_MAX || row->columns[2].number != winsdb_owner_sum(&owner))
                return 0;
        return winsdb_put_owner(salvage->to, &owner);
}

static int take_batch(struct salvage *salvage, int64_t row, struct rd bytes)
{
        const size_t len_bytes = rd_left(&bytes);
        struct rd items;

        if (winscode_batch_open(bytes.base, len_bytes, row, &items) < 0) {
                salvage->report.journal_bad++;
                return 0;
        }
        if (salvage->batch_count == salvage->batch_size) {
                const size_t size = salvage->batch_size ? salvage->batch_size * 2 : 64;
                struct batch_copy *grown = realloc(salvage->batches, size * sizeof(*grown));

                if (!grown)
                        return NBT_ERR_NOMEM;
                salvage->batches = grown;
                salvage->batch_size = size;
        }
        uint8_t *copy = malloc(len_bytes);
        if (!copy)
                return NBT_ERR_NOMEM;
        memcpy(copy, bytes.base, len_bytes);
        salvage->batches[salvage->batch_count++] = (struct batch_copy){row, len_bytes, copy};
        return 0;
}

/* Texts without a checksum: only what we keep there, and only if it can be read. */
static int take_kept(struct salvage *salvage, const struct winspage_row *row)
{
        static const char *const prefixes[] = {WINSDB_KEPT_SETTING, WINSDB_KEPT_BLOCK, "backup/", WINSDB_KEPT_FOLDED};
        char key[128], value[1024];
        struct rd a = row->columns[0].bytes, b = row->columns[1].bytes;
        bool known = false;

        if (rd_left(&a) >= sizeof(key) || rd_left(&b) >= sizeof(value))
                return 0;
        snprintf(key, sizeof(key), "%.*s", (int)a.len_bytes, (const char *)a.base);
        snprintf(value, sizeof(value), "%.*s", (int)b.len_bytes, (const char *)b.base);
        for (size_t i = 0; !known && i < NBT_ARRAY_SIZE(prefixes); i++)
                known = strncmp(key, prefixes[i], strlen(prefixes[i])) == 0;
        for (const char *c = value; known && *c; c++)
                known = (unsigned char)*c >= ' ';
        if (!known)
                return 0;
        if (strcmp(key, WINSDB_KEPT_FOLDED) != 0)
                return winsdb_keep_one(salvage->to, key, value);
        const int64_t folded = strtoll(value, NULL, 10);
        if (folded > salvage->folded)
                salvage->folded = folded;
        return 0;
}

static int take_row(void *context, const struct winspage_row *row)
{
        struct salvage *salvage = context;
        const struct winspage_column *columns = row->columns;
        struct wins_record record;

        if (looks_like_record(row)) {
                if (read_record(row, &record))
                        return take_record(salvage, &record);
                salvage->report.rows_bad++;
                return 0;
        }
        if (row->has_rowid && row->column_count == 3 && columns[0].type == WINSPAGE_NULL &&
            columns[1].type == WINSPAGE_NUMBER && columns[2].type == WINSPAGE_NUMBER)
                return take_owner(salvage, row);
        if (row->has_rowid && row->column_count == 2 && columns[0].type == WINSPAGE_NULL &&
            is_bytes(&columns[1], WINSPAGE_BLOB))
                return take_batch(salvage, row->rowid, columns[1].bytes);
        if (!row->has_rowid && row->column_count == 2 && is_bytes(&columns[0], WINSPAGE_TEXT) &&
            is_bytes(&columns[1], WINSPAGE_TEXT))
                return take_kept(salvage, row);
        return 0;
}

/* ---- the journal ------------------------------------------------------------------------------------------------------------- */

static int by_row(const void *a, const void *b)
{
        const int64_t x = ((const struct batch_copy *)a)->row, y = ((const struct batch_copy *)b)->row;

        return x < y ? -1 : x > y;
}

static int gather_batches(struct salvage *salvage, struct winsdb_gather *gather)
{
        int r = 0;

        if (salvage->batch_count)
                qsort(salvage->batches, salvage->batch_count, sizeof(*salvage->batches), by_row);
        for (size_t i = 0; r == 0 && i < salvage->batch_count; i++) {
                const struct batch_copy *batch = &salvage->batches[i];

                if (batch->row <= salvage->folded || (i && batch->row == batch[-1].row))
                        continue;
                salvage->report.journal_rows++;
                r = winsdb_gather_row(gather, batch->row, batch->bytes, batch->len_bytes);
                if (r == 0 && winsdb_gather_is_long(gather))
                        r = winsdb_gather_close_run(gather);
        }
        return r == 0 ? winsdb_gather_close_run(gather) : r;
}

static int apply_merged(struct salvage *salvage, struct winsdb_merged *merged)
{
        sqlite3_stmt *s = salvage->to->statements[WINSDB_STMT_DELETE_RECORD];
        struct wins_record before;
        int r;

        switch (merged->kind) {
        case WINSDB_MERGED_PUT:
                return take_record(salvage, &merged->record);
        case WINSDB_MERGED_TOUCH:
                r = find_record(salvage->to, &merged->record, &before);
                if (r != 1)
                        return r;
                winsstore_touch(&before, merged->expiry_s);
                return winsdb_put_record(salvage->to, &before);
        case WINSDB_MERGED_DELETE:
                sqlite3_bind_blob(s, 1, merged->record.name.bytes, NB_NAME_BYTES, SQLITE_STATIC);
                sqlite3_bind_blob(s, 2, merged->record.scope.text, merged->record.scope.len_bytes, SQLITE_STATIC);
                return winsdb_run(salvage->to, WINSDB_STMT_DELETE_RECORD);
        }
        return NBT_ERR_STATE;
}

static int apply_journal(struct salvage *salvage)
{
        struct winsdb_gather gather = {0};
        struct winsdb_merged merged;
        int r = gather_batches(salvage, &gather);

        r = r == 0 ? 1 : r;
        while (r == 1) {
                r = winsdb_gather_next(&gather, &merged);
                const int applied = r == 1 ? apply_merged(salvage, &merged) : 0;
                r = applied < 0 ? applied : r;
        }
        for (size_t i = 0; r == 0 && i < gather.owner_count; i++)
                r = winsdb_put_owner(salvage->to, &gather.owners[i]);
        winsdb_gather_done(&gather);
        return r;
}

/* ---- the file ----------------------------------------------------------------------------------------------------------------- */

static int copy_with_log(const char *from, const char *to)
{
        char *log = winsdb_path(from, "-wal"), *log_to = winsdb_path(to, "-wal");
        int r = log && log_to ? winsdb_copy_file(from, to) : NBT_ERR_NOMEM;

        if (r == 0)
                r = winsdb_copy_file(log, log_to);
        free(log);
        free(log_to);
        return r == NBT_ERR_NOT_FOUND && access(to, F_OK) == 0 ? 0 : r;
}

/* SQLite refuses a file whose first bytes are not its own: then those of a new database of ours stand in for them. The size of
 * the file they do not tell, and SQLite sees that they do not. True if that was done. */
static bool mend_header(const char *copy, const char *fresh)
{
        uint8_t header[FILE_HEADER_BYTES], good[FILE_HEADER_BYTES];
        const int to = open(copy, O_RDWR | O_CLOEXEC), from = open(fresh, O_RDONLY | O_CLOEXEC);
        bool mended = false;

        if (to >= 0 && from >= 0 && pread(to, header, sizeof(header), 0) == sizeof(header) &&
            pread(from, good, sizeof(good), 0) == sizeof(good) && memcmp(header, good, 24) != 0) {
                memset(good + 92, 0, 4); /* "version valid for" */
                mended = pwrite(to, good, sizeof(good), 0) == sizeof(good);
        }
        if (to >= 0)
                close(to);
        if (from >= 0)
                close(from);
        return mended;
}

/* What of the log is whole goes into the copy. Where that cannot be, the file alone is what there is. */
static void bring_in_log(const char *copy)
{
        sqlite3 *sql = NULL;

        if (sqlite3_open_v2(copy, &sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
                sqlite3_exec(sql, "PRAGMA user_version", NULL, NULL, NULL);
                sqlite3_wal_checkpoint_v2(sql, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        }
        sqlite3_close(sql);
}

static int take_image(struct salvage *salvage, const void *bytes, size_t len_bytes)
{
        struct winspage_image image;
        int r = winspage_open(&image, bytes, len_bytes);

        if (r < 0)
                return r;
        r = winspage_each(&image, take_row, salvage);
        salvage->report.pages = image.page_count;
        salvage->report.pages_read = image.pages_read;
        salvage->report.is_certain = image.is_certain;
        winspage_done(&image);
        return r == 0 ? apply_journal(salvage) : r;
}

static int take_file(struct salvage *salvage, const char *copy)
{
        struct stat st;
        const int fd = open(copy, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || fstat(fd, &st) < 0) {
                const int r = winsdb_errno_code(errno);

                if (fd >= 0)
                        close(fd);
                return r;
        }
        void *bytes = st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
        close(fd);
        if (bytes == MAP_FAILED)
                return st.st_size > 0 ? NBT_ERR_NOMEM : NBT_ERR_MALFORMED;
        const int r = take_image(salvage, bytes, (size_t)st.st_size);
        munmap(bytes, (size_t)st.st_size);
        return r;
}

static int count_result(struct salvage *salvage)
{
        int64_t records = 0, owners = 0;
        int r = winsdb_number(salvage->to, "SELECT count(*) FROM records", &records);

        if (r == 0)
                r = winsdb_number(salvage->to, "SELECT count(*) FROM owners", &owners);
        salvage->report.records = (uint64_t)records;
        salvage->report.owners = (uint64_t)owners;
        if (r == 0 && records == 0 && owners == 0)
                return winsdb_complain(salvage->to, NBT_ERR_MALFORMED, "nothing of a WINS database is in it");
        return r;
}

static int fill_new(struct salvage *salvage, const char *copy)
{
        int r = winsdb_begin(salvage->to);

        if (r < 0)
                return r;
        r = winsdb_end(salvage->to, take_file(salvage, copy));
        for (size_t i = 0; i < salvage->batch_count; i++)
                free(salvage->batches[i].bytes);
        free(salvage->batches);
        return r == 0 ? count_result(salvage) : r;
}

static int salvage_into(struct salvage *salvage, const char *damaged, const char *path, const char *copy)
{
        winsdb_remove_all(copy);
        int r = copy_with_log(damaged, copy);

        if (r < 0)
                return r;
        const bool mended = mend_header(copy, path);
        bring_in_log(copy);
        r = fill_new(salvage, copy);
        /* the list of free pages began there */
        salvage->report.is_certain = salvage->report.is_certain && !mended;
        return r;
}

int winsdb_salvage(const char *damaged, const char *path, struct winsdb_salvaged *ret, struct strbuf *why)
{
        struct salvage salvage = {0};
        char *copy = winsdb_path(path, ".salvage");
        /* where there can be no lock, there is no server */
        const int lock = winsdb_lock(damaged);
        int r = lock == NBT_ERR_BUSY ? lock : copy ? 0 : NBT_ERR_NOMEM;

        if (r == 0)
                r = winsdb_open(&salvage.to, path, WINSDB_EMPTY, NULL, why);
        else if (why)
                strbuf_add(why, nbt_err_str(r));
        if (r == 0) {
                r = salvage_into(&salvage, damaged, path, copy);
                if (r < 0 && why)
                        strbuf_add(why, salvage.to->error[0] ? salvage.to->error : nbt_err_str(r));
                winsdb_close(salvage.to);
                winsdb_remove_all(copy);
                if (r < 0)
                        winsdb_remove_all(path); /* it was made here, and holds nothing */
        }
        if (lock >= 0)
                close(lock);
        free(copy);
        if (r == 0 && ret)
                *ret = salvage.report;
        return r;
}
