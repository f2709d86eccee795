/* Steps of --fix at a WINS database: the backup, and the record to blame. */
#include "cli/fix_work.h"

#include "ctl/wins.h"
#include "diagnose/describe.h"
#include "diagnose/winsrec.h"

#include <string.h>

static int open_database(const struct collect_database *database, struct ctl_client **ret)
{
        const int r = ctl_connect_socket(database->place, ret);

        return r < 0 && database->is_local ? ctl_connect(database->place, ret) : r;
}

struct outcome {
        struct ctl_reply reply;
        const char *why; /* it did not go well; NULL: it did */
        bool unsure;     /* it was asked for, and no answer came: it may have been done all the same */
};

/* One request on a connection of its own. */
static struct outcome call(const struct collect_database *database, enum ctl_request_type type,
                           const struct ctl_wins_request *wins, struct arena *arena)
{
        const struct ctl_request request = {.type = type, .wins = wins};
        struct outcome outcome = {.why = NULL};
        struct ctl_client *client = NULL;
        int r = open_database(database, &client);

        if (r == 0) {
                r = ctl_call(client, &request, arena, &outcome.reply);
                outcome.unsure = r < 0;
        }
        ctl_close(client);
        if (r < 0 || outcome.reply.result < 0)
                outcome.why = fix_why(&outcome.reply, r);
        else if (!outcome.reply.wins)
                outcome.why = ctl_error_why(NBT_ERR_MALFORMED);
        return outcome;
}

bool fix_run_backup(struct fix_work *work, const struct fix_action *action)
{
        const struct collect_database *database = &work->collection->databases[action->database];

        if (work->fix->dry_run) {
                fix_did(work, FIX_BACKUP, NULL, "%s would be backed up (netbt wins backup)", database->snapshot.source);
                return true;
        }
        const struct outcome outcome = call(database, CTL_REQUEST_WINS_BACKUP, NULL, work->arena);

        if (outcome.why)
                return fix_failed(work, FIX_BACKUP, "%s was not backed up: %s; nothing in it was changed",
                                  database->snapshot.source, outcome.why);
        fix_did(work, FIX_BACKUP, NULL, "%s was backed up to %s", database->snapshot.source, outcome.reply.wins->path);
        return true;
}

/* ---- the record --------------------------------------------------------------------------------------------------- */

/* A static mapping of a computer is three records: all those of the name that lead to the same address. A domain or a group of the same
 * name is another mapping. */
static bool is_computer_mapping(const struct wins_record *record)
{
        return record->is_static && (record->type == WINS_UNIQUE || record->type == WINS_MULTIHOMED);
}

bool fix_goes_with(const struct wins_record *record, const struct wins_record *other)
{
        return is_computer_mapping(record) && other->is_static && other->type == record->type &&
               nb_name_same_stem(&record->name, &other->name) && nb_scope_equal(&record->scope, &other->scope) &&
               wins_record_member(other, record->members[0].address) >= 0;
}

static struct wins_filter filter_of(const struct wins_record *record)
{
        struct wins_filter filter = {
                .has_static = true, .is_static = record->is_static, .has_type = true, .type = record->type};

        if (is_computer_mapping(record)) {
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

static const char *name_list(struct fix_work *work, const struct ctl_wins_reply *page)
{
        const char *text = "";

        for (size_t i = 0; text && i < page->row_count; i++) {
                char name[NB_NAME_TEXT_BYTES];

                nb_name_format(&page->rows[i].name, name);
                text = arena_printf(work->arena, "%s%s%s", text, i > 0 ? ", " : "", name);
        }
        return text ? text : "";
}

/* " --runtime-dir DIR" by which netbt wins finds the database; NULL if it has no way to it. */
static const char *way_to(struct fix_work *work, const struct collect_database *database)
{
        static const char socket[] = "/node.sock";
        const size_t len = strlen(database->place), tail = sizeof socket - 1;

        if (database->is_local)
                return arena_printf(work->arena, " --runtime-dir %s", fix_quote(work, database->place));
        if (len <= tail || strcmp(database->place + len - tail, socket) != 0)
                return NULL;
        const char *directory = arena_printf(work->arena, "%.*s", (int)(len - tail), database->place);

        return directory ? arena_printf(work->arena, " --runtime-dir %s", fix_quote(work, directory)) : NULL;
}

/* What netbt wins static add calls the kind of mapping that such a record comes from. */
static const char *kind_of(const struct wins_record *record)
{
        if (record->type == WINS_INTERNET && nb_name_suffix(&record->name) == 0x1C)
                return "domain";
        return wins_type_str(record->type);
}

/* The command that makes ROW again. */
static const char *add_again(struct fix_work *work, const struct wins_record *row, const char *way)
{
        char name[NB_NAME_TEXT_BYTES], address[IP4_TEXT_BYTES], scope[NB_SCOPE_MAX_BYTES + 1];
        const char *text;

        nb_name_format_exact(&row->name, name);
        text = arena_printf(work->arena, "netbt wins%s%s add %s", way, row->is_static ? " static" : "",
                            fix_quote(work, name));
        for (size_t i = 0; text && i < row->member_count; i++) {
                ip4_format(row->members[i].address, address);
                text = arena_printf(work->arena, "%s %s", text, address);
        }
        if (text && row->is_static)
                text = arena_printf(work->arena, "%s --type %s", text, kind_of(row));
        else if (text)
                text = arena_printf(work->arena, "%s --type %s --node %c", text, wins_type_str(row->type),
                                    wins_node_str(row->node)[0] | 0x20);
        if (text && row->scope.len_bytes > 1) {
                nb_scope_format(&row->scope, scope);
                text = arena_printf(work->arena, "%s --scope %s", text, fix_quote(work, scope));
        }
        return text;
}

/* All of ROWS again, one command after the other. */
static const char *undo_of(struct fix_work *work, const struct collect_database *database,
                           const struct ctl_wins_reply *page)
{
        const char *way = way_to(work, database), *text = NULL;

        for (size_t i = 0; way && i < page->row_count; i++) {
                const char *one = add_again(work, &page->rows[i], way);

                text = one && text ? arena_printf(work->arena, "%s && %s", text, one) : one;
        }
        return text;
}

bool fix_run_delete(struct fix_work *work, const struct fix_action *action)
{
        const struct rule_input in = {work->snapshot, action->finding->c, work->arena};
        const struct collect_database *database = &work->collection->databases[action->database];
        const struct ctl_wins_request request = {.filter = filter_of(action->record)};
        const char *kind = action->record->is_static ? "the static mapping" : "the stale record";
        const char *addresses = winsrec_addresses(&in, action->record);
        const struct outcome outcome = call(
                database, work->fix->dry_run ? CTL_REQUEST_WINS_SHOW : CTL_REQUEST_WINS_DELETE, &request, work->arena);
        const struct ctl_wins_reply *rows = outcome.reply.wins;

        if (outcome.why && outcome.unsure && !work->fix->dry_run)
                return fix_failed(
                        work, FIX_DELETE,
                        "%s of %s to %s may have been deleted, or not: %s; netbt wins show tells, and what was "
                        "there is in the backup",
                        kind, describe_name(&in), addresses, outcome.why);
        if (outcome.why)
                return fix_failed(work, FIX_DELETE, "%s of %s to %s was not deleted: %s", kind, describe_name(&in),
                                  addresses, outcome.why);
        if (rows->row_count == 0)
                fix_did(work, FIX_DELETE, NULL, "%s of %s to %s is gone already", kind, describe_name(&in), addresses);
        else
                fix_did(work, FIX_DELETE, undo_of(work, database, rows), "%s of %s to %s %s", kind,
                        name_list(work, rows), addresses, fix_word(work, "was deleted", "would be deleted"));
        return true;
}
