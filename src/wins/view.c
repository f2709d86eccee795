#include "wins/internal.h"

#include <string.h>

static int view_owners(const struct wins *wins, struct arena *arena, struct wins_view *ret)
{
        struct wins_view_owner *owners = arena_alloc(arena, wins->table.owner_count * sizeof(*owners));

        if (!owners)
                return NBT_ERR_NOMEM;
        for (uint32_t i = 0; i < wins->table.owner_count; i++) {
                const struct wins_table_owner *owner = &wins->table.owners[i];

                owners[i] = (struct wins_view_owner){
                        .address = owner->address,
                        .max_version = i == wins->owner_number ? wins->version : owner->max_version,
                        .record_count = owner->count,
                };
        }
        ret->owners = owners;
        ret->owner_count = wins->table.owner_count;
        return 0;
}

static int view_refusals(const struct wins *wins, struct arena *arena, struct wins_view *ret)
{
        struct wins_refusal *refusals = arena_alloc(arena, wins->refusal_count * sizeof(*refusals));

        if (!refusals)
                return NBT_ERR_NOMEM;
        for (uint32_t i = 0; i < wins->refusal_count; i++)
                refusals[i] = wins->refusals[(wins->refusal_next - 1 - i) % WINS_REFUSAL_RING];
        ret->refusals = refusals;
        ret->refusal_count = wins->refusal_count;
        return 0;
}

int wins_view(const struct wins *wins, struct arena *arena, struct wins_view *ret)
{
        struct wins_view view = {
                .owner = wins->owner,
                .settings = wins->settings,
                .statistics = wins->statistics,
                .record_count = wins->table.live,
                .static_count = wins->table.static_count,
                .scope_count = wins->table.scopes.live,
                .claims_under_way = wins->work_count,
                .challenges_under_way = wins->heap_count,
                .renewals_unwritten = wins->dirty_count,
                .memory_bytes = wins_table_bytes(&wins->table),
                .store_failed = wins->store_failed,
                .burst = wins->burst,
                .scavenging = wins->scavenge_slot != 0,
        };

        memcpy(view.counts, wins->table.counts, sizeof(view.counts));
        if (view_owners(wins, arena, &view) < 0 || view_refusals(wins, arena, &view) < 0)
                return NBT_ERR_NOMEM;
        *ret = view;
        return 0;
}

int wins_find(const struct wins *wins, const struct nb_name *name, const struct nb_scope *scope,
              struct wins_record *ret)
{
        const uint32_t slot = wins_table_find_scoped(&wins->table, name, scope);

        if (!slot)
                return NBT_ERR_NOT_FOUND;
        wins_table_get(&wins->table, slot, ret);
        wins_times_to_wall(ret, wins->shift_s);
        return 0;
}

void wins_watch(struct wins *wins, unsigned what)
{
        wins->watching = what;
}

const char *wins_notice_str(enum wins_notice_type type)
{
        static const char *const words[WINS_NOTICE_TYPES] = {
                [WINS_NOTICE_REFUSED] = "refused",
                [WINS_NOTICE_REPLACED] = "replaced",
                [WINS_NOTICE_MERGED] = "merged",
                [WINS_NOTICE_BAD_RELEASE] = "bad release",
                [WINS_NOTICE_GROUP_FULL] = "group full",
                [WINS_NOTICE_FULL] = "full",
                [WINS_NOTICE_STORE_FAILED] = "store failed",
                [WINS_NOTICE_STORE_WORKS] = "store works",
                [WINS_NOTICE_CLOCK_JUMP] = "clock jump",
                [WINS_NOTICE_BURST] = "burst",
                [WINS_NOTICE_BURST_OVER] = "burst over",
                [WINS_NOTICE_SCAVENGED] = "scavenged",
                [WINS_NOTICE_CHANGED] = "changed",
                [WINS_NOTICE_RENEWED] = "renewed",
        };

        return (unsigned)type < WINS_NOTICE_TYPES ? words[type] : "unknown";
}

const char *wins_finding_str(enum wins_finding_type type)
{
        static const char *const words[WINS_FINDING_TYPES] = {
                [WINS_FINDING_SCOPES] = "same name in another scope",
                [WINS_FINDING_CLASSES] = "computer and group of one name",
                [WINS_FINDING_ADDRESS] = "same address",
                [WINS_FINDING_TWINS] = "addresses differ from the sister name's",
                [WINS_FINDING_STATIC_SHADOW] = "static mapping shadows a live machine",
                [WINS_FINDING_STATIC_GROUP] = "static name is a group's too",
        };

        return (unsigned)type < WINS_FINDING_TYPES ? words[type] : "unknown";
}
