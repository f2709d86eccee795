/* Reading everything back: the table of records, and over it what the journal says, in one pass over both in order of name. */
#include "store/winsdb_internal.h"
#include "store/winsdb_schema.h"

#include <limits.h>
#include <string.h>

/* The two streams, each standing at its next name or at its end. */
struct load {
        struct winsdb *db;
        const struct winsstore_sink *sink;
        struct winsdb_gather gather;
        sqlite3_stmt *table;
        bool has_row, has_merged;
        struct wins_record row;
        struct winsdb_merged merged;
        struct winsdb_loaded report;
};

static int next_row(struct load *load)
{
        const int code = sqlite3_step(load->table);

        load->has_row = code == SQLITE_ROW;
        return load->has_row ? winsdb_read_record(load->db, load->table, &load->row) : winsdb_fail(load->db, code);
}

static int next_merged(struct load *load)
{
        const int r = winsdb_gather_next(&load->gather, &load->merged);

        load->has_merged = r == 1;
        return r < 0 ? winsdb_complain(load->db, r, "the journal is damaged") : 0;
}

static int hand_over(struct load *load, const struct wins_record *record)
{
        load->report.records++;
        return load->sink->record ? load->sink->record(load->sink->context, record) : 0;
}

/* Both say something of the same name. */
static int hand_over_both(struct load *load)
{
        switch (load->merged.kind) {
        case WINSDB_MERGED_PUT:
                return hand_over(load, &load->merged.record);
        case WINSDB_MERGED_DELETE:
                return 0;
        case WINSDB_MERGED_TOUCH:
                winsstore_touch(&load->row, load->merged.expiry_s);
                return hand_over(load, &load->row);
        }
        return NBT_ERR_STATE;
}

static int step(struct load *load)
{
        const int order = !load->has_row ? 1
                          : !load->has_merged
                                  ? -1
                                  : winsstore_compare(&load->row.name, &load->row.scope, &load->merged.record.name,
                                                      &load->merged.record.scope);
        int r = 0;

        if (order < 0)
                r = hand_over(load, &load->row);
        else if (order == 0)
                r = hand_over_both(load);
        else if (load->merged.kind == WINSDB_MERGED_PUT)
                r = hand_over(load, &load->merged.record);
        if (r == 0 && order <= 0)
                r = next_row(load);
        if (r == 0 && order >= 0)
                r = next_merged(load);
        return r;
}

static int load_records(struct load *load)
{
        int r = winsdb_prepare(load->db, WINSDB_WALK_RECORDS, &load->table);

        if (r == 0)
                r = next_row(load);
        if (r == 0)
                r = next_merged(load);
        while (r == 0 && (load->has_row || load->has_merged))
                r = step(load);
        sqlite3_finalize(load->table);
        return r;
}

static int gather_journal(struct load *load)
{
        sqlite3_stmt *s = NULL;
        int r = winsdb_prepare(load->db, WINSDB_WALK_JOURNAL, &s), code = SQLITE_DONE;

        if (r == 0) {
                sqlite3_bind_int64(s, 1, INT64_MIN);
                sqlite3_bind_int64(s, 2, INT64_MAX);
        }
        while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
                const int64_t row = sqlite3_column_int64(s, 0);
                const void *batch = sqlite3_column_blob(s, 1);

                r = winsdb_gather_row(&load->gather, row, batch ? batch : "", (size_t)sqlite3_column_bytes(s, 1));
                if (r < 0)
                        winsdb_complain(load->db, r, "row %lld of the journal is damaged", (long long)row);
                else if (winsdb_gather_is_long(&load->gather))
                        r = winsdb_gather_close_run(&load->gather);
        }
        if (r == 0)
                r = winsdb_fail(load->db, code);
        sqlite3_finalize(s);
        load->report.journal_rows = load->gather.row_count;
        load->report.journal_changes = load->gather.changes;
        return r == 0 ? winsdb_gather_close_run(&load->gather) : r;
}

/* Those of the table go into the gather, which keeps the highest of each. */
static int load_owners(struct load *load)
{
        sqlite3_stmt *s = NULL;
        struct wins_owner owner;
        int r = winsdb_prepare(load->db, WINSDB_WALK_OWNERS, &s), code = SQLITE_DONE;

        while (r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
                r = winsdb_read_owner(load->db, s, &owner);
                if (r == 0)
                        r = winsdb_gather_owner(&load->gather, &owner);
        }
        if (r == 0)
                r = winsdb_fail(load->db, code);
        sqlite3_finalize(s);
        for (size_t i = 0; r == 0 && i < load->gather.owner_count; i++) {
                load->report.owners++;
                r = load->sink->owner ? load->sink->owner(load->sink->context, &load->gather.owners[i]) : 0;
        }
        return r;
}

int winsdb_load(struct winsdb *db, const struct winsstore_sink *sink, struct winsdb_loaded *ret)
{
        struct load load = {
                .db = db, .sink = sink, .report = {.was_clean = db->was_clean, .log_pages_lost = db->log_pages_lost}};
        int r = winsdb_execute(db, "BEGIN"); /* one state of all tables, also while another process writes */

        if (r < 0)
                return r;
        r = gather_journal(&load);
        if (r == 0)
                r = load_owners(&load);
        if (r == 0)
                r = load_records(&load);
        winsdb_gather_done(&load.gather);
        r = winsdb_end(db, r);
        if (r == 0 && ret)
                *ret = load.report;
        return r;
}

/* ---- values --------------------------------------------------------------------------------------------------------------------- */

static int add_value(struct arena *arena, sqlite3_stmt *row, struct winsdb_value *ret)
{
        const char *key = (const char *)sqlite3_column_text(row, 0), *value = (const char *)sqlite3_column_text(row, 1);

        ret->key = arena_strdup(arena, key ? key : "");
        ret->value = arena_strdup(arena, value ? value : "");
        return ret->key && ret->value ? 0 : NBT_ERR_NOMEM;
}

static int count_values(struct winsdb *db, sqlite3_stmt *s, size_t *ret)
{
        int code;

        *ret = 0;
        while ((code = sqlite3_step(s)) == SQLITE_ROW)
                ++*ret;
        sqlite3_reset(s);
        return winsdb_fail(db, code);
}

int winsdb_kept(struct winsdb *db, const char *prefix, struct arena *arena, const struct winsdb_value **ret,
                size_t *ret_count)
{
        struct winsdb_value *values = NULL;
        sqlite3_stmt *s = NULL;
        size_t count = 0, size = 0;
        int r = winsdb_prepare(db, "SELECT key, value FROM kept WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
                               &s);

        if (r == 0) {
                sqlite3_bind_text(s, 1, prefix, -1, SQLITE_STATIC);
                r = count_values(db, s, &size);
        }
        if (r == 0 && !(values = arena_alloc(arena, size * sizeof(*values))))
                r = NBT_ERR_NOMEM;
        while (r == 0 && count < size && sqlite3_step(s) == SQLITE_ROW)
                r = add_value(arena, s, &values[count++]);
        sqlite3_finalize(s);
        if (r == 0) {
                *ret = values;
                *ret_count = count;
        }
        return r;
}
