/* Registration and refresh: RFC 1002 §5.1.4.1 to §5.1.4.4, KB173519, and Windows 2003 as observed. */
#include "wins/internal.h"

#include <string.h>

#define FIRST_MULTICAST UINT32_C(0xE0000000)
#define FRESH_S 2

/* What the database says of the subject's name. BURST: the address that a quick answer promised it to, 0 if none. */
static struct wins_holding holding_of(const struct wins *wins, uint32_t slot, const struct wins_subject *subject,
                                      struct wins_record *record, uint32_t *ret_burst)
{
        struct wins_holding old = {0};

        *ret_burst = 0;
        record->version = 0;
        if (slot) {
                wins_table_get(&wins->table, slot, record);
                old.exists = true;
                old.type = record->type;
                old.state = record->state;
                old.is_static = record->is_static;
                old.is_ours = record->owner == wins->owner;
                old.holds_address = wins_record_member(record, subject->request->address) >= 0;
        }
        if ((!slot || record->state != WINS_ACTIVE) && subject->scope->len_bytes == 0)
                *ret_burst = wins_burst_holder(wins, &subject->name);
        return old;
}

static struct wins_claim claim_of(const struct wins *wins, const struct wins_subject *subject)
{
        const struct wins_request *request = subject->request;

        return (struct wins_claim){
                .suffix = nb_name_suffix(&subject->name),
                .is_group = request->nb_flags & NBNS_NB_GROUP,
                .is_multihomed = request->opcode == NBNS_OPCODE_MULTIHOMED,
                .is_reserved = request->address == 0 || request->address >= FIRST_MULTICAST ||
                               nb_name_is_wildcard(&subject->name),
                .is_own_name = wins_is_own_name(wins, &subject->name) && subject->scope->len_bytes == 0,
                .is_from_self = wins_is_own_address(wins, request->source),
                .scope_len_bytes = subject->scope->len_bytes,
        };
}

void wins_note_refusal(struct wins *wins, const struct nb_name *name, uint32_t claimant, uint32_t holder,
                       bool is_static, uint8_t rcode)
{
        const uint32_t known = wins->refusal_count < 64 ? wins->refusal_count : 64;

        for (uint32_t i = 1; i <= known; i++) {
                struct wins_refusal *refusal = &wins->refusals[(wins->refusal_next - i) % WINS_REFUSAL_RING];

                if (refusal->claimant == claimant && refusal->holder == holder && nb_name_equal(&refusal->name, name)) {
                        refusal->when = wins->wall;
                        refusal->repeated++;
                        return;
                }
        }
        wins->refusals[wins->refusal_next++ % WINS_REFUSAL_RING] = (struct wins_refusal){.when = wins->wall,
                                                                                         .name = *name,
                                                                                         .claimant = claimant,
                                                                                         .holder = holder,
                                                                                         .holder_is_static = is_static,
                                                                                         .rcode = rcode};
        if (wins->refusal_count < WINS_REFUSAL_RING)
                wins->refusal_count++;
}

static void reply(struct wins *wins, const struct wins_subject *subject, uint8_t rcode)
{
        wins_emit_reply(wins, &subject->name, subject->scope, subject->request, rcode,
                        rcode == NBNS_RCODE_OK ? wins->settings.renewal_s : 0);
}

static void count_conflict(struct wins *wins, const struct wins_request *request)
{
        if (request->nb_flags & NBNS_NB_GROUP)
                wins->statistics.group_conflicts++;
        else
                wins->statistics.unique_conflicts++;
}

static void refuse(struct wins *wins, const struct wins_subject *subject, uint8_t rcode, uint32_t holder,
                   bool is_static)
{
        const struct wins_request *request = subject->request;

        reply(wins, subject, rcode);
        wins->statistics.claims_refused++;
        if (rcode != NBNS_RCODE_ACT_ERR)
                return;
        count_conflict(wins, request);
        wins_note_refusal(wins, &subject->name, request->address, holder, is_static, rcode);
        struct wins_notice *notice = wins_emit_notice(wins, WINS_NOTICE_REFUSED, &subject->name, subject->scope);
        notice->claimant = request->address;
        notice->holder = holder;
        notice->holder_is_static = is_static;
        notice->holder_is_own = wins_is_own_address(wins, holder);
        notice->opcode = request->opcode;
        notice->rcode = rcode;
}

/* ---- what goes to the store ------------------------------------------------------------------------------------------------ */

static void submit(struct wins *wins, const struct wins_subject *subject, const struct wins_record *record)
{
        if (!wins_store_usable(wins)) {
                reply(wins, subject, NBNS_RCODE_SRV_ERR);
                wins->statistics.claims_refused++;
                return;
        }
        struct wins_work *work = subject->work ? subject->work : wins_work_of(wins, &subject->name, subject->scope);
        const struct wins_pending pending = {.origin = WINS_ORIGIN_CLAIM, .request = *subject->request};

        const int r = work           ? wins_submit(wins, WINS_PUT, record, work, &pending)
                      : wins->failed ? NBT_ERR_NOMEM
                                     : NBT_ERR_FULL;
        if (r == NBT_ERR_NOMEM)
                wins->failed = true;
        if (r != NBT_ERR_FULL)
                return;
        reply(wins, subject, NBNS_RCODE_SRV_ERR); /* as many records, or different scopes, as there may be */
        wins->statistics.claims_refused++;
        wins_emit_notice(wins, WINS_NOTICE_FULL, &subject->name, subject->scope)->count = wins->table.live;
}

static uint32_t expiry(const struct wins *wins)
{
        return wins->now_s + wins->settings.renewal_s;
}

static struct wins_member member_of(const struct wins *wins, uint32_t address)
{
        return (struct wins_member){.address = address, .owner = wins->owner, .expiry_s = expiry(wins)};
}

static void make_record(struct wins *wins, const struct wins_subject *subject, struct wins_record *ret)
{
        const struct wins_claim claim = claim_of(wins, subject);

        memset(ret, 0, offsetof(struct wins_record, members));
        ret->name = subject->name;
        ret->type = wins_decide_type(&claim);
        ret->node = (enum wins_node)((subject->request->nb_flags & NBNS_NB_ONT_MASK) >> 13);
        ret->owner = wins->owner;
        ret->version = wins_next_version(wins);
        ret->expiry_s = expiry(wins);
        ret->member_count = 1;
        ret->members[0] = member_of(wins, subject->request->address);
        ret->scope.len_bytes = subject->scope->len_bytes;
        memcpy(ret->scope.text, subject->scope->text, subject->scope->len_bytes);
}

static void accept(struct wins *wins, const struct wins_subject *subject)
{
        struct wins_record record;

        make_record(wins, subject, &record);
        submit(wins, subject, &record);
}

static void take_over(struct wins *wins, const struct wins_subject *subject, struct wins_record *record)
{
        const int i = wins_record_member(record, subject->request->address);

        record->owner = wins->owner;
        record->version = wins_next_version(wins);
        record->expiry_s = expiry(wins);
        record->is_static = false;
        if (i >= 0)
                record->members[i] = member_of(wins, subject->request->address);
        for (unsigned j = 0; j < record->member_count; j++)
                if (record->members[j].expiry_s == WINS_NEVER)
                        record->members[j].expiry_s = expiry(wins);
        submit(wins, subject, record);
}

static int oldest_member(const struct wins_record *record)
{
        int oldest = 0;

        for (int i = 1; i < record->member_count; i++)
                if (record->members[i].expiry_s < record->members[oldest].expiry_s)
                        oldest = i;
        return oldest;
}

static void remove_member(struct wins_record *record, int i)
{
        record->member_count--;
        memmove(&record->members[i], &record->members[i + 1],
                (size_t)(record->member_count - i) * sizeof(record->members[0]));
}

/* The newest comes first. */
static void add_member(struct wins *wins, struct wins_record *record, uint32_t address)
{
        const int known = wins_record_member(record, address);

        if (known >= 0) {
                remove_member(record, known);
        } else if (record->member_count >= WINS_MAX_MEMBERS) {
                const int oldest = oldest_member(record); /* netbt facts: the oldest goes; event 4141 */
                struct wins_notice *notice =
                        wins_emit_notice(wins, WINS_NOTICE_GROUP_FULL, &record->name, &record->scope);

                notice->claimant = address;
                notice->holder = record->members[oldest].address;
                remove_member(record, oldest);
        }
        memmove(&record->members[1], &record->members[0], record->member_count * sizeof(record->members[0]));
        record->members[0] = member_of(wins, address);
        record->member_count++;
        record->expiry_s = expiry(wins);
}

static void add(struct wins *wins, const struct wins_subject *subject, struct wins_record *record)
{
        add_member(wins, record, subject->request->address);
        record->version = wins_next_version(wins);
        record->owner = wins->owner;
        submit(wins, subject, record);
}

/* ---- verdicts -------------------------------------------------------------------------------------------------------------- */

static void tell_renewal(struct wins *wins, const struct wins_subject *subject, uint32_t slot)
{
        struct wins_record record;

        if (!(wins->watching & WINS_WATCH_RENEWALS))
                return;
        wins_table_get(&wins->table, slot, &record);
        wins_emit_notice(wins, WINS_NOTICE_RENEWED, &subject->name, subject->scope)->record =
                wins_emit_record(wins, &record);
}

static void renew(struct wins *wins, const struct wins_subject *subject, uint32_t slot)
{
        const bool group = wins_slot_type(wins_slot_at(&wins->table, slot)) == WINS_GROUP;

        wins_table_renew(&wins->table, slot, group ? 0 : subject->request->address, expiry(wins));
        wins_mark_dirty(wins, slot);
        if (subject->request->nb_flags & NBNS_NB_GROUP)
                wins->statistics.group_renewals++;
        else
                wins->statistics.unique_renewals++;
        tell_renewal(wins, subject, slot);
        reply(wins, subject, NBNS_RCODE_OK);
}

/* Was the name given to its holder, or renewed, a moment ago? Then word of it may still be on its way, and a challenge that
 * overtakes it would meet a machine that does not yet know. */
static bool is_fresh(const struct wins *wins, const struct wins_subject *subject, const struct wins_record *record)
{
        return subject->work || record->expiry_s + FRESH_S >= (int64_t)expiry(wins);
}

static void challenge(struct wins *wins, const struct wins_subject *subject, const struct wins_record *record,
                      uint32_t burst)
{
        struct wins_work *work = subject->work ? subject->work : wins_work_of(wins, &subject->name, subject->scope);
        uint32_t addresses[WINS_MAX_MEMBERS] = {burst};
        size_t count = 1;

        if (!work) {
                reply(wins, subject, NBNS_RCODE_SRV_ERR);
                return;
        }
        if (!burst)
                for (count = 0; count < record->member_count; count++)
                        addresses[count] = record->members[count].address;
        wins_challenge_begin(wins, work, subject->request, record->version, addresses, count,
                             burst || is_fresh(wins, subject, record));
}

static bool has_room(struct wins *wins, const struct wins_subject *subject, enum wins_verdict verdict, bool is_free)
{
        if (verdict != WINS_VERDICT_ACCEPT && verdict != WINS_VERDICT_CHALLENGE && verdict != WINS_VERDICT_ADD)
                return true;
        if (verdict == WINS_VERDICT_CHALLENGE && wins->heap_count >= WINS_MAX_CHALLENGES) {
                wins_emit_notice(wins, WINS_NOTICE_FULL, &subject->name, subject->scope)->count = wins->heap_count;
                return false;
        }
        if (subject->work)
                return true;
        if (wins->work_count >= WINS_MAX_WORKS) {
                wins_emit_notice(wins, WINS_NOTICE_FULL, &subject->name, subject->scope)->count = wins->work_count;
                return false;
        }
        if (!wins_burst_is_on(wins))
                return true;
        if (verdict == WINS_VERDICT_ACCEPT && is_free)
                (void)wins_burst_answer(wins, subject);
        return false; /* who was not answered asks again */
}

void wins_claim(struct wins *wins, const struct wins_subject *subject)
{
        const uint32_t slot = subject->scope_number < 0
                                      ? 0
                                      : wins_table_find(&wins->table, &subject->name, (uint16_t)subject->scope_number);
        const struct wins_claim claim = claim_of(wins, subject);
        struct wins_record record;
        uint32_t burst;

        const struct wins_holding old = holding_of(wins, slot, subject, &record, &burst);
        struct wins_decision decision = wins_decide_register(&claim, &old, wins->settings.migrate);

        if (burst && burst != subject->request->address && decision.verdict == WINS_VERDICT_ACCEPT)
                decision.verdict = WINS_VERDICT_CHALLENGE;
        else
                burst = 0;
        if (!has_room(wins, subject, decision.verdict, !old.exists))
                return;
        switch (decision.verdict) {
        case WINS_VERDICT_ACCEPT:
                accept(wins, subject);
                return;
        case WINS_VERDICT_RENEW:
                renew(wins, subject, slot);
                return;
        case WINS_VERDICT_TAKE_OVER:
                take_over(wins, subject, &record);
                return;
        case WINS_VERDICT_ADD:
                add(wins, subject, &record);
                return;
        case WINS_VERDICT_PRETEND:
                reply(wins, subject, NBNS_RCODE_OK);
                return;
        case WINS_VERDICT_CHALLENGE:
                challenge(wins, subject, &record, burst);
                return;
        case WINS_VERDICT_REFUSE:
                refuse(wins, subject, decision.rcode,
                       slot && record.member_count ? record.members[0].address : wins->own_addresses[0],
                       slot && record.is_static);
                return;
        }
}

/* ---- after a challenge ------------------------------------------------------------------------------------------------------- */

static void merge(struct wins *wins, const struct wins_subject *subject, uint32_t slot, uint32_t who,
                  const uint32_t *answered, size_t answered_count)
{
        struct wins_record old, record;

        make_record(wins, subject, &record);
        if (slot) {
                wins_table_get(&wins->table, slot, &old);
                for (unsigned i = 0; i < old.member_count && record.member_count < WINS_MAX_MEMBERS; i++) {
                        bool listed = false;

                        for (size_t j = 0; j < answered_count; j++)
                                listed = listed || answered[j] == old.members[i].address;
                        if (!listed || wins_record_member(&record, old.members[i].address) >= 0)
                                continue; /* the machine itself no longer names it */
                        record.members[record.member_count] = old.members[i];
                        if (old.members[i].expiry_s == WINS_NEVER)
                                record.members[record.member_count].expiry_s = expiry(wins);
                        record.member_count++;
                }
        }
        if (record.member_count > 1)
                record.type = WINS_MULTIHOMED; /* else it is one that has changed its address */
        wins->statistics.claims_merged++;
        struct wins_notice *notice = wins_emit_notice(wins, WINS_NOTICE_MERGED, &subject->name, subject->scope);
        notice->claimant = subject->request->address;
        notice->holder = who;
        submit(wins, subject, &record);
}

static void replace(struct wins *wins, const struct wins_subject *subject, const struct wins_challenge *challenge)
{
        struct wins_notice *notice = wins_emit_notice(wins, WINS_NOTICE_REPLACED, &subject->name, subject->scope);

        notice->claimant = subject->request->address;
        notice->holder = challenge->addresses[0];
        count_conflict(wins, subject->request);
        accept(wins, subject);
}

void wins_claim_challenged(struct wins *wins, struct wins_work *work, const struct wins_challenge *challenge,
                           enum wins_challenge_end end, uint32_t who, const uint32_t *answered, size_t answered_count)
{
        const struct wins_subject subject = {.name = work->name,
                                             .scope = wins_scopes_get(&wins->table.scopes, work->scope),
                                             .scope_number = work->scope,
                                             .work = work,
                                             .request = &challenge->request};
        const uint32_t slot = wins_table_find(&wins->table, &work->name, work->scope);
        const struct wins_slot *record = slot ? wins_slot_at(&wins->table, slot) : NULL;

        if (challenge->version != (record ? record->version : 0)) {
                wins_claim(wins, &subject); /* an administrator changed it meanwhile */
                return;
        }
        switch (end) {
        case WINS_END_REPLACE:
                replace(wins, &subject, challenge);
                return;
        case WINS_END_REFUSE:
                refuse(wins, &subject, NBNS_RCODE_ACT_ERR, who, record && record->flags & WINS_SLOT_STATIC);
                return;
        case WINS_END_MERGE:
                merge(wins, &subject, slot, who, answered, answered_count);
                return;
        }
}
