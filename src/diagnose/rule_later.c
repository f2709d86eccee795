/*
 * The causes that lie in the databases of WINS and DHCP servers. This version reads none of those, and says so: such a
 * cause is never ruled out here, and where the traces lead to a WINS server, its rule says that too.
 */
#include "diagnose/describe.h"

static bool wins_spoke(const struct rule_input *in)
{
        if (in->c->sender != 0 && snapshot_is_wins(in->snapshot, in->c->sender))
                return true;
        for (size_t i = 0; i < in->c->holder_count; i++)
                if (in->c->holders[i].told_by_wins && !in->c->holders[i].in_table)
                        return true;
        return false;
}

static void judge_wins(const struct rule_input *in, struct rule_result *ret, const char *hint)
{
        if (!wins_spoke(in)) {
                rule_not_checked(ret, "the records of WINS servers are not read by this version");
                return;
        }
        const char *why = arena_printf(in->arena,
                                       "likely worth a look, as a WINS server has a part in this: %s; its records "
                                       "are not read by this version",
                                       hint);

        ret->evidence.failed |= !why;
        rule_not_checked(ret, why ? why : "");
}

static void judge_static(const struct rule_input *in, struct rule_result *ret)
{
        judge_wins(in, ret,
                   "see whether it holds a static mapping of the name (WINS Manager, Mappings, Static Mappings)");
}

static void judge_stale(const struct rule_input *in, struct rule_result *ret)
{
        judge_wins(in, ret, "see whether it holds an old address for the name (WINS Manager, Mappings, Show Database)");
}

static void judge_replication(const struct rule_input *in, struct rule_result *ret)
{
        judge_wins(in, ret, "see whether the record came from a replication partner");
}

static void judge_dhcp_database(const struct rule_input *in, struct rule_result *ret)
{
        (void)in;
        rule_not_checked(ret, "the lease databases of DHCP servers are not read by this version");
}

static void judge_dhcp_leftover(const struct rule_input *in, struct rule_result *ret)
{
        (void)in;
        rule_not_checked(ret, "settings left over from DHCP are not searched for by this version");
}

const struct rule rule_wins_static = {CAUSE_WINS_STATIC_MAPPING, 6, judge_static};
const struct rule rule_wins_stale = {CAUSE_WINS_STALE_RECORD, 6, judge_stale};
const struct rule rule_wins_replication = {CAUSE_WINS_REPLICATION, 6, judge_replication};
const struct rule rule_dhcp_database = {CAUSE_DHCP_DATABASE, 7, judge_dhcp_database};
const struct rule rule_dhcp_leftover = {CAUSE_DHCP_LEFTOVER_SETTINGS, 7, judge_dhcp_leftover};
