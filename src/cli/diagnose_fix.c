#include "cli/diagnose_fix.h"

#include "ctl/wins.h"
#include "diagnose/describe.h"
#include "diagnose/winsrec.h"

#include <stdarg.h>
#include <string.h>

struct work {
        const struct cli_context *ctx;
        const struct collection *collection;
        const struct snapshot *snapshot;
        struct arena *arena;
        struct fix *fix;
        bool tried[SNAPSHOT_MAX_DATABASES], backed_up[SNAPSHOT_MAX_DATABASES];
        bool wants_refresh;
        size_t seen_count;
        const struct wins_record *seen[CASE_MAX]; /* records dealt with */
};

static void add_step(struct work *work, const char *what, bool failed, const char *format, ...) NBT_PRINTF(4, 5);

static void add_step(struct work *work, const char *what, bool failed, const char *format, ...)
{
        char text[1024];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        work->fix->failed |= failed;
        if (work->fix->step_count == FIX_MAX_STEPS)
                return;
        const char *copy = arena_strdup(work->arena, text);
        work->fix->steps[work->fix->step_count++] = (struct fix_step){what, copy ? copy : "", failed};
}

static const char *why_text(const struct ctl_reply *reply, int r)
{
        if (r < 0)
                return ctl_error_why(r);
        if (reply->message[0])
                return reply->message;
        return reply->result == NBT_ERR_DENIED ? "only root and the group netbt may change the database"
                                               : nbt_err_str(reply->result);
}

static int open_database(const struct collect_database *database, struct ctl_client **ret)
{
        const int r = ctl_connect_socket(database->place, ret);

        return r < 0 && database->is_local ? ctl_connect(database->place, ret) : r;
}

/* One request on a connection of its own. NULL if it went well, else why not. */
static const char *call(const struct collect_database *database, enum ctl_request_type type,
                        const struct ctl_wins_request *wins, struct arena *arena, struct ctl_reply *ret)
{
        const struct ctl_request request = {.type = type, .wins = wins};
        struct ctl_client *client = NULL;
        int r = open_database(database, &client);

        if (r == 0)
                r = ctl_call(client, &request, arena, ret);
        ctl_close(client);
        return r < 0 || ret->result < 0 ? why_text(ret, r) : NULL;
}

/* ---- the steps ---------------------------------------------------------------------------------------------------- */

/* Before the first change of each database; false: leave it alone. */
static bool back_up(struct work *work, size_t at)
{
        const struct collect_database *database = &work->collection->databases[at];
        struct ctl_reply reply = {0};
        const char *why = NULL;

        if (work->tried[at])
                return work->backed_up[at];
        work->tried[at] = true;
        if (!work->fix->dry_run)
                why = call(database, CTL_REQUEST_WINS_BACKUP, NULL, work->arena, &reply);
        work->backed_up[at] = !why;
        if (why)
                add_step(work, "backup", true, "%s was not backed up: %s; nothing in it was changed",
                         database->snapshot.source, why);
        else if (work->fix->dry_run)
                add_step(work, "backup", false, "%s would be backed up (netbt wins backup)", database->snapshot.source);
        else
                add_step(work, "backup", false, "%s was backed up to %s", database->snapshot.source,
                         reply.wins ? reply.wins->path : "its directory");
        return !why;
}

/* A static mapping of a computer is three records: all those of the name that lead to the same address. */
static struct wins_filter filter_of(const struct wins_record *record)
{
        struct wins_filter filter = {.has_static = true, .is_static = record->is_static};

        if (record->is_static) {
                filter.prefix_len_bytes = NB_SUFFIX_AT;
                memcpy(filter.prefix, record->name.bytes, NB_SUFFIX_AT);
                filter.has_address = true;
                filter.address = record->members[0].address;
                filter.address_mask = IP4_BROADCAST;
        } else {
                filter.has_name = true;
                filter.name = record->name;
        }
        filter.has_scope = true;
        filter.scope = record->scope;
        return filter;
}

static const char *name_list(struct work *work, const struct ctl_wins_reply *page)
{
        const char *text = "";

        for (size_t i = 0; text && i < page->row_count; i++) {
                char name[NB_NAME_TEXT_BYTES];

                nb_name_format(&page->rows[i].name, name);
                text = arena_printf(work->arena, "%s%s%s", text, i > 0 ? ", " : "", name);
        }
        return text ? text : "";
}

static void delete_record(struct work *work, size_t at, const struct rule_input *in, const struct wins_record *record)
{
        const struct collect_database *database = &work->collection->databases[at];
        const struct ctl_wins_request request = {.filter = filter_of(record)};
        const char *kind = record->is_static ? "the static mapping" : "the stale record";
        const char *addresses = winsrec_addresses(in, record);
        struct ctl_reply reply = {0};
        const char *why = call(database, work->fix->dry_run ? CTL_REQUEST_WINS_SHOW : CTL_REQUEST_WINS_DELETE, &request,
                               work->arena, &reply);

        if (why || !reply.wins)
                add_step(work, "delete", true, "%s to %s was not deleted: %s", kind, addresses,
                         why ? why : "no answer");
        else if (reply.wins->row_count == 0)
                add_step(work, "delete", false, "%s to %s is gone already", kind, addresses);
        else
                add_step(work, "delete", false, "%s of %s to %s %s", kind, name_list(work, reply.wins), addresses,
                         work->fix->dry_run ? "would be deleted" : "was deleted");
}

static void refresh(struct work *work)
{
        const struct ctl_request request = {.type = CTL_REQUEST_RELEASE_REFRESH};
        struct ctl_reply reply = {0};
        struct ctl_client *client = NULL;

        if (work->fix->dry_run) {
                add_step(work, "refresh", false,
                         "this machine's names would be released and registered again (nbtstat -RR)");
                return;
        }
        int r = ctl_connect(work->ctx->runtime_dir, &client);
        if (r == 0)
                r = ctl_call(client, &request, work->arena, &reply);
        ctl_close(client);
        if (r < 0 || reply.result < 0)
                add_step(work, "refresh", true,
                         "this machine's names were not registered again: %s; run nbtstat -RR later",
                         reply.result == NBT_ERR_LIMITED && !reply.message[0]
                                 ? "that was done less than two minutes ago"
                                 : why_text(&reply, r));
        else
                add_step(work, "refresh", false,
                         "this machine's names were released and registered again (nbtstat -RR)");
}

/* ---- all of them -------------------------------------------------------------------------------------------------- */

/* Only what is likely at least; one of a database that was read. */
static bool find_record(const struct work *work, const struct rule_input *in, const struct diagnose_finding *finding,
                        struct winsrec *ret, size_t *ret_at)
{
        const bool is_static = finding->cause == CAUSE_WINS_STATIC_MAPPING;

        if ((!is_static && finding->cause != CAUSE_WINS_STALE_RECORD) || finding->verdict < VERDICT_LIKELY)
                return false;
        *ret = winsrec_find(in, is_static);
        if (!ret->record)
                return false;
        *ret_at = (size_t)(ret->database - work->snapshot->databases);
        return *ret_at < work->collection->database_count;
}

/* Was the record dealt with already, maybe as another suffix of one mapping? */
static bool was_seen(struct work *work, const struct wins_record *record)
{
        for (size_t i = 0; i < work->seen_count; i++) {
                const struct wins_record *seen = work->seen[i];

                if (seen == record ||
                    (record->is_static && seen->is_static && nb_name_same_stem(&seen->name, &record->name) &&
                     seen->members[0].address == record->members[0].address))
                        return true;
        }
        if (work->seen_count < NBT_ARRAY_SIZE(work->seen))
                work->seen[work->seen_count++] = record;
        return false;
}

static void fix_finding(struct work *work, const struct diagnose_finding *finding)
{
        const struct rule_input in = {work->snapshot, finding->c, work->arena};
        struct winsrec found;
        size_t at;

        if (!find_record(work, &in, finding, &found, &at) || !back_up(work, at))
                return;
        work->fix->fixed_count++;
        if (was_seen(work, found.record))
                return;
        delete_record(work, at, &in, found.record);
        if (finding->c->here)
                work->wants_refresh = true;
        else if (finding->c->address != 0)
                add_step(work, "elsewhere", false,
                         "on the machine at %s: run nbtstat -RR, or restart it, so that it registers again",
                         describe_address(&in, finding->c->address));
}

void diagnose_fix(const struct cli_context *ctx, const struct collection *collection,
                  const struct diagnose_report *report, bool dry_run, struct arena *arena, struct fix *ret)
{
        struct work work = {
                .ctx = ctx, .collection = collection, .snapshot = &collection->snapshot, .arena = arena, .fix = ret};

        *ret = (struct fix){.dry_run = dry_run};
        for (size_t i = 0; i < report->finding_count; i++)
                fix_finding(&work, &report->findings[i]);
        if (work.wants_refresh)
                refresh(&work);
}

void diagnose_fix_print(const struct cli_context *ctx, const struct fix *fix)
{
        if (fix->step_count == 0) {
                fputs("Nothing was changed: only WINS records in a database that was read (--wins SOCKET) are put "
                      "right by --fix.\n",
                      ctx->out);
                return;
        }
        fputs(fix->dry_run ? "--fix would do this:\n" : "What --fix did:\n", ctx->out);
        for (size_t i = 0; i < fix->step_count; i++)
                fprintf(ctx->out, "  %zu. %s%s\n", i + 1, fix->steps[i].failed ? "FAILED: " : "", fix->steps[i].text);
}
