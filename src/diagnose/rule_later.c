/*
 * The cause that lies in the replication of WINS servers. This version does not look into that, and says so; where the traces
 * lead there, its rule says that too.
 */
#include "diagnose/describe.h"
#include "diagnose/winsrec.h"

static bool wins_spoke(const struct rule_input *in)
{
        if (in->c->sender != 0 && snapshot_is_wins(in->snapshot, in->c->sender))
                return true;
        for (size_t i = 0; i < in->c->holder_count; i++)
                if (in->c->holders[i].told_by_wins && !in->c->holders[i].in_table)
                        return true;
        return false;
}

/* The record that stands for the name in a database that was read, static or not. */
static struct winsrec any_record(const struct rule_input *in)
{
        const struct winsrec found = winsrec_find(in, true);

        return found.record ? found : winsrec_find(in, false);
}

static void judge_replication(const struct rule_input *in, struct rule_result *ret)
{
        const struct winsrec found = any_record(in);
        const char *why;

        if (found.record && found.record->owner == found.database->server) {
                rule_out(ret, "the record of the name was registered at the WINS server itself, not replicated to it");
                return;
        }
        if (!found.record && !wins_spoke(in)) {
                rule_not_checked(ret, "the replication of WINS servers is not looked into by this version");
                return;
        }
        if (found.record)
                why = arena_printf(in->arena,
                                   "likely worth a look: the record of the name came from the WINS server %s, whose "
                                   "database is not read by this version",
                                   describe_address(in, found.record->owner));
        else
                why = "likely worth a look, as a WINS server has a part in this: see whether the record came from a "
                      "replication partner; that is not looked into by this version";
        ret->evidence.failed |= !why;
        rule_not_checked(ret, why ? why : "");
}

const struct rule rule_wins_replication = {CAUSE_WINS_REPLICATION, 6, judge_replication};
