/*
 * Scavenging: every half renewal interval a round over all records, in slices between which requests are served. A round's
 * changes go through the store like any other; the next slice waits for those of the last.
 */
#include "wins/internal.h"

#include <string.h>

/* A calendar that once stood in the future must not make records eternal: no timer can be set for longer than this. */
#define LONGEST_S (WINS_RENEWAL_MAX_S + WINS_DAY_S)

static void plan_round(struct wins *wins)
{
        wins->scavenge_next_round = mono_add_ms(wins->now, (uint64_t)wins->settings.renewal_s * 1000 / 2);
}

void wins_scavenge_start(struct wins *wins)
{
        if (wins->scavenge_slot != 0)
                return;
        wins->scavenge_slot = 1;
        wins->scavenge_at = wins->now;
        memset(wins->scavenged, 0, sizeof(wins->scavenged));
        plan_round(wins);
}

mono_t wins_scavenge_deadline(const struct wins *wins)
{
        if (!wins->started || wins->stopping)
                return MONO_NEVER;
        if (wins->scavenge_slot == 0)
                return wins->scavenge_next_round.ns ? wins->scavenge_next_round : MONO_NEVER;
        return wins->scavenge_pending > 0 ? MONO_NEVER : wins->scavenge_at;
}

/* Members that did not renew leave a group or a multihomed record one by one. True if some are left and some went. */
static bool drop_expired_members(const struct wins *wins, struct wins_record *record)
{
        unsigned kept = 0;

        for (unsigned i = 0; i < record->member_count; i++) {
                const struct wins_member *member = &record->members[i];
                const bool ours = member->owner == wins->owner;

                if (!ours || member->expiry_s == WINS_NEVER || member->expiry_s > (int64_t)wins->now_s ||
                    wins->floor_s > wins->now_s)
                        record->members[kept++] = *member;
        }
        if (kept == 0 || kept == record->member_count)
                return false;
        record->member_count = (uint8_t)kept;
        return true;
}

static int64_t latest(const struct wins_record *record)
{
        int64_t expiry_s = 1;

        for (unsigned i = 0; i < record->member_count; i++)
                if (record->members[i].expiry_s > expiry_s)
                        expiry_s = record->members[i].expiry_s;
        return expiry_s;
}

static enum wins_change_op change(struct wins *wins, struct wins_record *record, enum wins_scavenge what)
{
        switch (what) {
        case WINS_SCAVENGE_KEEP:
                break;
        case WINS_SCAVENGE_RELEASE:
                record->state = WINS_RELEASED;
                record->expiry_s = (int64_t)wins->now_s + wins->settings.extinction_interval_s;
                wins->scavenged[0]++;
                break;
        case WINS_SCAVENGE_EXTINCT:
                record->state = WINS_TOMBSTONE;
                record->version = wins_next_version(wins);
                record->expiry_s = (int64_t)wins->now_s + wins->settings.extinction_timeout_s;
                wins->scavenged[1]++;
                break;
        case WINS_SCAVENGE_DELETE:
                wins->scavenged[2]++;
                return WINS_DELETE;
        }
        return WINS_PUT;
}

static void submit(struct wins *wins, const struct wins_record *record, enum wins_change_op op)
{
        const struct wins_pending pending = {.origin = WINS_ORIGIN_SCAVENGE};
        struct wins_work *work = wins_work_of(wins, &record->name, &record->scope);

        if (work && wins_submit(wins, op, record, work, &pending) == 0)
                wins->scavenge_pending++;
        else if (work)
                wins_work_settle(wins, work);
}

static bool is_due(const struct wins *wins, const struct wins_slot *slot)
{
        if (!(slot->count & WINS_SLOT_USED) || slot->flags & WINS_SLOT_STATIC)
                return false;
        if (slot->extra)
                return true; /* a member may be due that the record is not */
        return slot->expiry_s != 0 && slot->expiry_s <= wins->now_s;
}

static void look_at(struct wins *wins, uint32_t number)
{
        struct wins_slot *slot = wins_slot_at(&wins->table, number);
        struct wins_record record;

        if (slot->count & WINS_SLOT_USED && slot->expiry_s > wins->now_s && slot->expiry_s - wins->now_s > LONGEST_S)
                wins_table_renew(&wins->table, number, 0, wins->now_s + wins->settings.renewal_s);
        if (!is_due(wins, slot) || wins_work_find(wins, &slot->name, slot->scope))
                return;
        wins_table_get(&wins->table, number, &record);
        const bool ours = record.owner == wins->owner;
        if (ours && record.state == WINS_ACTIVE && drop_expired_members(wins, &record)) {
                record.version = wins_next_version(wins);
                record.expiry_s = latest(&record);
                submit(wins, &record, WINS_PUT);
                return;
        }
        const enum wins_scavenge what = wins_decide_scavenge(record.state, record.is_static, ours,
                                                             (uint32_t)record.expiry_s, wins->now_s, wins->floor_s);
        if (what != WINS_SCAVENGE_KEEP)
                submit(wins, &record, change(wins, &record, what));
}

static void end_round(struct wins *wins)
{
        struct wins_notice *notice = wins_emit_notice(wins, WINS_NOTICE_SCAVENGED, NULL, NULL);

        notice->released = wins->scavenged[0];
        notice->extinct = wins->scavenged[1];
        notice->deleted = wins->scavenged[2];
        wins->scavenge_slot = 0;
        wins->statistics.last_scavenging = wins->wall;
}

static void slice(struct wins *wins)
{
        const uint32_t end = wins->scavenge_slot + WINS_SLICE_RECORDS;

        for (; wins->scavenge_slot < end && wins->scavenge_slot < wins->table.slot_count; wins->scavenge_slot++)
                look_at(wins, wins->scavenge_slot);
        if (wins->scavenge_slot >= wins->table.slot_count)
                end_round(wins);
        else
                wins->scavenge_at = mono_add_ms(wins->now, WINS_SLICE_PAUSE_MS);
}

void wins_scavenge_timer(struct wins *wins)
{
        if (wins->stopping)
                return;
        if (wins->scavenge_slot == 0 && mono_is_due(wins->scavenge_next_round, wins->now))
                wins_scavenge_start(wins);
        if (wins->scavenge_slot != 0 && wins->scavenge_pending == 0 && mono_is_due(wins->scavenge_at, wins->now) &&
            wins_store_usable(wins))
                slice(wins);
        else if (wins->scavenge_slot != 0 && !wins_store_usable(wins))
                wins->scavenge_at = wins->store_retry_at;
}
