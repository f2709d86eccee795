/* Release: RFC 1002 §5.1.4.5. Always answered positively, as Windows does; it changes only what its sender owns. */
#include "wins/internal.h"

#include <string.h>

static void reply(struct wins *wins, const struct wins_subject *subject)
{
        wins_emit_reply(wins, &subject->name, subject->scope, subject->request, NBNS_RCODE_OK, 0);
}

/* Which address goes: the named one if the record has it, else the sender's (who is a member). */
static int leaving_member(const struct wins_record *record, const struct wins_request *request)
{
        const int named = wins_record_member(record, request->address);

        return named >= 0 ? named : wins_record_member(record, request->source);
}

static void change(struct wins *wins, struct wins_record *record, enum wins_release_verdict verdict,
                   const struct wins_request *request)
{
        const int leaving = leaving_member(record, request);

        switch (verdict) {
        case WINS_RELEASE_NOTHING:
                return;
        case WINS_RELEASE_MEMBER:
                record->member_count--;
                memmove(&record->members[leaving], &record->members[leaving + 1],
                        (size_t)(record->member_count - leaving) * sizeof(record->members[0]));
                record->owner = wins->owner;
                record->version = wins_next_version(wins);
                return;
        case WINS_RELEASE_RECORD:
                record->state = WINS_RELEASED;
                record->expiry_s = wins->now_s + wins->settings.extinction_interval_s;
                return;
        case WINS_RELEASE_TOMBSTONE:
                record->state = WINS_TOMBSTONE;
                record->owner = wins->owner;
                record->version = wins_next_version(wins);
                record->expiry_s = wins->now_s + wins->settings.extinction_timeout_s;
                return;
        }
}

static void submit(struct wins *wins, const struct wins_subject *subject, const struct wins_record *record)
{
        const struct wins_pending pending = {.origin = WINS_ORIGIN_RELEASE, .request = *subject->request};

        if (!wins_store_usable(wins)) {
                wins_emit_reply(wins, &subject->name, subject->scope, subject->request, NBNS_RCODE_SRV_ERR, 0);
                return;
        }
        struct wins_work *work = subject->work ? subject->work : wins_work_of(wins, &subject->name, subject->scope);
        if (!work || wins_submit(wins, WINS_PUT, record, work, &pending) < 0)
                wins->failed = true;
}

void wins_release(struct wins *wins, const struct wins_subject *subject)
{
        const struct wins_request *request = subject->request;
        const uint32_t slot = subject->scope_number < 0
                                      ? 0
                                      : wins_table_find(&wins->table, &subject->name, (uint16_t)subject->scope_number);
        struct wins_record record = {0};
        struct wins_holding old = {.exists = slot != 0};

        if (slot) {
                wins_table_get(&wins->table, slot, &record);
                old.type = record.type;
                old.state = record.state;
                old.is_static = record.is_static;
                old.is_ours = record.owner == wins->owner;
        }
        const struct wins_leaving leaving = {.is_group = request->nb_flags & NBNS_NB_GROUP,
                                             .is_from_member =
                                                     slot && wins_record_member(&record, request->source) >= 0,
                                             .names_itself = request->address == request->source};
        const enum wins_release_verdict verdict = wins_decide_release(&old, &leaving, record.member_count);
        if (verdict != WINS_RELEASE_NOTHING) {
                wins->statistics.releases_successful++;
                change(wins, &record, verdict, request);
                submit(wins, subject, &record);
                return;
        }
        wins->statistics.releases_failed++;
        reply(wins, subject);
        if (!slot || record.state != WINS_ACTIVE)
                return;
        struct wins_notice *notice = wins_emit_notice(wins, WINS_NOTICE_BAD_RELEASE, &subject->name, subject->scope);
        notice->claimant = request->source;
        notice->holder = record.members[0].address;
        notice->holder_is_static = record.is_static;
        notice->opcode = request->opcode;
}
