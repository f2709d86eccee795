#include "cli/watch_keep.h"

#include "cli/watch_print.h"
#include "store/watchdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 4096
#define SAVE_MS 2000u
#define SAVE_ROWS 5000u /* at a time: some 20 ms, less than the capture's buffer holds */

struct watch_keeper {
        struct watchdb *db;
        uint32_t cursor;
        mono_t due;
        unsigned long failed;
};

static struct watch_holder holder_from(const struct watchdb_row *row)
{
        struct watch_holder holder = {
                .address = row->address,
                .has_mac = row->has_mac,
                .group = row->group,
                .own_word = row->own_word,
                .conflict = row->conflict,
                .state = row->state < WATCH_STATE_MAX ? (enum watch_state)row->state : WATCH_STATE_HELD,
                .first = row->first,
                .last = row->last,
        };

        memcpy(holder.mac, row->mac, sizeof(holder.mac));
        return holder;
}

static int load(struct watch_keeper *keeper, struct watch *watch)
{
        struct watchdb_row row;
        int r;

        while ((r = watchdb_next(keeper->db, &row)) > 0) {
                struct nb_scope scope = {.len_bytes = (uint8_t)row.scope_len_bytes};
                struct nb_name name;
                const struct watch_holder holder = holder_from(&row);

                memcpy(name.bytes, row.name, sizeof(name.bytes));
                if (row.scope_len_bytes > NB_SCOPE_MAX_BYTES)
                        continue;
                if (row.scope_len_bytes)
                        memcpy(scope.text, row.scope, row.scope_len_bytes);
                r = watch_restore(watch, &name, &scope, &holder);
                if (r == NBT_ERR_NOMEM)
                        return r;
        }
        return r;
}

int watch_keeper_new(struct watch_keeper **ret, const char *state_dir, struct watch *watch, struct strbuf *why)
{
        struct watch_keeper *keeper = calloc(1, sizeof(*keeper));
        char path[PATH_BYTES];

        if (!keeper)
                return NBT_ERR_NOMEM;
        snprintf(path, sizeof(path), "%s/%s", state_dir, WATCHDB_FILE);
        (void)mkdir(state_dir, 0755); /* what is wrong with it, opening the file tells */
        int r = watchdb_open(&keeper->db, path, WATCHDB_WRITE, why);
        if (r == 0) {
                r = load(keeper, watch);
                if (r < 0)
                        strbuf_add(why, watchdb_error(keeper->db));
        }
        if (r < 0) {
                watchdb_close(keeper->db);
                free(keeper);
                return r;
        }
        *ret = keeper;
        return 0;
}

static int put_row(struct watchdb *db, const struct watch_row *row)
{
        struct watchdb_row out = {
                .scope = row->scope->text,
                .scope_len_bytes = row->scope->len_bytes,
                .address = row->holder.address,
                .has_mac = row->holder.has_mac,
                .group = row->holder.group,
                .own_word = row->holder.own_word,
                .conflict = row->holder.conflict,
                .state = (unsigned)row->holder.state,
                .first = row->holder.first,
                .last = row->holder.last,
        };

        memcpy(out.name, row->name.bytes, sizeof(out.name));
        memcpy(out.mac, row->holder.mac, sizeof(out.mac));
        return watchdb_put(db, &out);
}

static int put_finding(struct watchdb *db, const struct watch_finding *finding)
{
        struct strbuf text = STRBUF_INIT;
        struct watchdb_finding out = {
                .address = finding->address,
                .has_mac = finding->has_mac,
                .confidence = watch_confidence_str(finding->confidence),
                .first = finding->first,
                .last = finding->last,
        };

        memcpy(out.mac, finding->mac, sizeof(out.mac));
        for (size_t i = 0; i < finding->evidence_count; i++) {
                strbuf_add(&text, i ? "; " : "");
                watch_print_evidence(&text, &finding->evidence[i]);
        }
        out.evidence = strbuf_str(&text);
        const int r = watchdb_put_finding(db, &out);
        strbuf_done(&text);
        return r;
}

/* At most MAX changed rows and, at the end of a walk, the findings. *RET_MORE tells whether rows are left. */
static int save(struct watch_keeper *keeper, struct watch *watch, uint32_t max, bool *ret_more)
{
        struct watch_finding finding;
        struct watch_row row;
        uint32_t at = 0, done = 0;
        int r = watchdb_begin(keeper->db);

        if (r < 0)
                return r;
        *ret_more = false;
        while (r == 0 && watch_row_next(watch, &keeper->cursor, true, &row)) {
                r = put_row(keeper->db, &row);
                if (++done == max) {
                        *ret_more = true;
                        break;
                }
        }
        if (!*ret_more)
                keeper->cursor = 0;
        while (r == 0 && !*ret_more && watch_finding_next(watch, &at, &finding))
                r = put_finding(keeper->db, &finding);
        const int end = watchdb_commit(keeper->db);
        return r < 0 ? r : end;
}

void watch_keeper_tick(struct watch_keeper *keeper, struct watch *watch, mono_t now)
{
        bool more = false;

        if (!mono_is_due(keeper->due, now))
                return;
        keeper->due = mono_add_ms(now, SAVE_MS);
        if (save(keeper, watch, SAVE_ROWS, &more) < 0)
                keeper->failed++;
}

struct watch_keeper *watch_keeper_close(struct watch_keeper *keeper, struct watch *watch, const struct cli_context *ctx)
{
        bool more = true;
        int r = 0;

        if (!keeper)
                return NULL;
        keeper->cursor = 0;
        while (r == 0 && more)
                r = save(keeper, watch, UINT32_MAX, &more);
        if (r < 0 || keeper->failed)
                cli_fail(ctx, CLI_EXIT_FAILED, "the table of names could not be kept", watchdb_error(keeper->db), NULL);
        watchdb_close(keeper->db);
        free(keeper);
        return NULL;
}
