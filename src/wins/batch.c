/*
 * What goes to the store. One batch is out at a time; what comes meanwhile gathers in the other queue and goes out as one when
 * the first is back: the slower the disk, the larger the batches, and no claim waits longer than two of them.
 *
 * The memory changes when a batch is back. So a refused batch needs no undoing, and nobody hears of what a crash could take back.
 */
#include "wins/internal.h"

#include <stdlib.h>
#include <string.h>

#define QUEUE_FIRST 64u

static struct wins_queue *open_queue(struct wins *wins)
{
        return &wins->queues[wins->open];
}

bool wins_store_usable(const struct wins *wins)
{
        if (!wins->store_failed)
                return true;
        /* what was let through since is the trial that finds out */
        return mono_is_due(wins->store_retry_at, wins->now);
}

static int grow(struct wins_queue *queue)
{
        const size_t room = queue->room ? queue->room * 2 : QUEUE_FIRST;
        struct wins_change *changes = realloc(queue->changes, room * sizeof(*changes));

        if (!changes)
                return NBT_ERR_NOMEM;
        queue->changes = changes;
        struct wins_pending *pending = realloc(queue->pending, room * sizeof(*pending));
        if (!pending)
                return NBT_ERR_NOMEM;
        queue->pending = pending;
        queue->room = room;
        return 0;
}

/* Room for the record, with all that is on its way to the store? What it holds the memory must be able to hold. */
static bool has_place(const struct wins *wins, const struct wins_record *record)
{
        const uint64_t most = wins->table.live + wins->queues[0].count + wins->queues[1].count;

        return most < wins->table.limit || wins_table_find_scoped(&wins->table, &record->name, &record->scope) != 0;
}

int wins_submit(struct wins *wins, enum wins_change_op op, const struct wins_record *record, struct wins_work *work,
                const struct wins_pending *pending)
{
        struct wins_queue *queue = open_queue(wins);

        if (op == WINS_PUT && !has_place(wins, record))
                return NBT_ERR_FULL;
        if (queue->count == queue->room && grow(queue) < 0)
                return NBT_ERR_NOMEM;
        queue->changes[queue->count].op = op;
        wins_record_copy(&queue->changes[queue->count].record, record);
        queue->pending[queue->count] = *pending;
        queue->pending[queue->count].work = work;
        queue->count++;
        if (work) {
                work->pending++;
                work->current = pending->request;
        }
        return 0;
}

/* ---- renewals ---------------------------------------------------------------------------------------------------------------- */

static int reserve_dirty(struct wins *wins)
{
        if (wins->dirty_head + wins->dirty_count < wins->dirty_room)
                return 0;
        if (wins->dirty_head > wins->dirty_room / 2) {
                memmove(wins->dirty, &wins->dirty[wins->dirty_head], wins->dirty_count * sizeof(wins->dirty[0]));
                wins->dirty_head = 0;
                return 0;
        }
        const size_t room = wins->dirty_room ? wins->dirty_room * 2 : 1024;
        uint32_t *dirty = realloc(wins->dirty, room * sizeof(*dirty));
        if (!dirty)
                return NBT_ERR_NOMEM;
        wins->dirty = dirty;
        wins->dirty_room = room;
        return 0;
}

void wins_mark_dirty(struct wins *wins, uint32_t number)
{
        struct wins_slot *slot = wins_slot_at(&wins->table, number);

        if (slot->flags & WINS_SLOT_DIRTY)
                return;
        if (reserve_dirty(wins) < 0)
                return; /* the renewal holds, in memory; the next one is written */
        if (wins->dirty_count == 0 && !wins->flushing)
                wins->flush_at = mono_add_ms(wins->now, WINS_TOUCH_FLUSH_MS);
        slot->flags |= WINS_SLOT_DIRTY;
        wins->dirty[wins->dirty_head + wins->dirty_count++] = number;
}

static bool reserve_touches(struct wins_queue *queue)
{
        if (!queue->touches)
                queue->touches = malloc(WINS_TOUCH_BATCH * sizeof(*queue->touches));
        if (!queue->touched)
                queue->touched = malloc(WINS_TOUCH_BATCH * sizeof(*queue->touched));
        return queue->touches && queue->touched;
}

/* One renewed record into the batch; false if it must wait (its name has a change under way). */
static bool take_dirty(struct wins *wins, struct wins_queue *queue, uint32_t number)
{
        struct wins_slot *slot = wins_slot_at(&wins->table, number);

        const struct wins_work *work = wins_work_find(wins, &slot->name, slot->scope);
        if (work && work->pending > 0)
                return false;
        if ((slot->count & WINS_SLOT_COUNT) > 1) {
                const struct wins_pending pending = {.origin = WINS_ORIGIN_RENEWAL};
                struct wins_record record;

                wins_table_get(&wins->table, number, &record);
                if (wins_submit(wins, WINS_PUT, &record, NULL, &pending) < 0)
                        return false;
        } else {
                queue->touched[queue->touch_count] = number;
                queue->touches[queue->touch_count++] =
                        (struct wins_touch){.name = slot->name,
                                            .scope = wins_scopes_get(&wins->table.scopes, slot->scope),
                                            .expiry_s = slot->expiry_s};
        }
        slot->flags &= (uint8_t)~WINS_SLOT_DIRTY;
        return true;
}

/* A part of what the round of writing has to write: first come, first written. */
static void gather_dirty(struct wins *wins, struct wins_queue *queue)
{
        uint32_t kept[64];
        size_t kept_count = 0;

        if (!reserve_touches(queue)) {
                wins->dirty_left = 0; /* another time */
                return;
        }
        for (size_t i = 0; i < WINS_TOUCH_BATCH && wins->dirty_left > 0 && kept_count < NBT_ARRAY_SIZE(kept); i++) {
                const uint32_t number = wins->dirty[wins->dirty_head++];
                const struct wins_slot *slot = wins_slot_at(&wins->table, number);

                wins->dirty_count--;
                wins->dirty_left--;
                if (slot->count & WINS_SLOT_USED && slot->flags & WINS_SLOT_DIRTY && !take_dirty(wins, queue, number))
                        kept[kept_count++] = number;
        }
        for (size_t i = 0; i < kept_count; i++) {
                wins_slot_at(&wins->table, kept[i])->flags &= (uint8_t)~WINS_SLOT_DIRTY;
                wins_mark_dirty(wins, kept[i]);
        }
}

static void finish_flush(struct wins *wins, int result)
{
        for (size_t i = 0; i < wins->flush_job_count; i++)
                wins_job_done(wins, wins->flush_jobs[i], result);
        wins->flush_job_count = 0;
}

/* Begins, continues or ends the round. */
static void flush(struct wins *wins, struct wins_queue *queue)
{
        if (!wins->flushing && wins->dirty_count > 0 &&
            (wins->stopping || wins->flush_job_count > 0 || mono_is_due(wins->flush_at, wins->now))) {
                wins->flushing = true;
                wins->dirty_left = wins->dirty_count;
        }
        if (!wins->flushing)
                return;
        if (wins_store_usable(wins) && queue->touch_count == 0)
                gather_dirty(wins, queue);
        if (wins->dirty_left == 0) {
                wins->flushing = false;
                wins->flush_at = mono_add_ms(wins->now, WINS_TOUCH_FLUSH_MS);
        }
}

/* ---- out ------------------------------------------------------------------------------------------------------------------------ */

static void to_wall(struct wins_queue *queue, int64_t shift_s)
{
        for (size_t i = 0; i < queue->count; i++)
                wins_times_to_wall(&queue->changes[i].record, shift_s);
        for (size_t i = 0; i < queue->touch_count; i++)
                if (queue->touches[i].expiry_s != WINS_NEVER)
                        queue->touches[i].expiry_s += shift_s;
        queue->shift_s = shift_s;
}

/* A trial has something to write at any rate. */
static size_t gather_owners(struct wins *wins, struct wins_queue *queue, bool is_trial)
{
        struct wins_owner *owners = queue->owners;
        size_t count = 0;

        if (is_trial || wins->version != wins->version_stored)
                owners[count++] = (struct wins_owner){.address = wins->owner, .max_version = wins->version};
        for (uint32_t i = 0; i < wins->table.owner_count; i++) {
                struct wins_table_owner *owner = &wins->table.owners[i];

                if (owner->changed && i != wins->owner_number)
                        owners[count++] =
                                (struct wins_owner){.address = owner->address, .max_version = owner->max_version};
                owner->changed = false;
        }
        queue->version = wins->version;
        return count;
}

static bool is_durable(const struct wins_queue *queue)
{
        for (size_t i = 0; i < queue->count; i++)
                if (queue->pending[i].origin != WINS_ORIGIN_RENEWAL)
                        return true;
        return false;
}

static void send_out(struct wins *wins)
{
        struct wins_queue *queue = open_queue(wins);

        struct wins_owner *owners = realloc(queue->owners, (wins->table.owner_count + 1) * sizeof(*owners));
        if (!owners) {
                wins->failed = true;
                return;
        }
        queue->owners = owners;
        struct wins_action *action = wins_emit(wins, WINS_ACTION_PERSIST);
        if (!action)
                return; /* at the next step */
        to_wall(queue, wins->shift_s);
        queue->batch = (struct wins_batch){.id = ++wins->next_batch,
                                           .change_count = queue->count,
                                           .changes = queue->changes,
                                           .touch_count = queue->touch_count,
                                           .touches = queue->touches,
                                           .owner_count = gather_owners(wins, queue, wins->store_failed),
                                           .owners = queue->owners,
                                           .is_durable = is_durable(queue) || wins->stopping ||
                                                         wins->flush_job_count > 0 || wins->store_failed};
        action->batch = &queue->batch;
        wins->open ^= 1;
        wins->is_out = true;
        if (wins->store_failed)
                wins->store_retry_at = mono_add_ms(wins->now, WINS_STORE_RETRY_MS);
}

void wins_batch_kick(struct wins *wins)
{
        struct wins_queue *queue = open_queue(wins);

        if (!wins->started || wins->stopped || wins->is_out)
                return;
        flush(wins, queue);
        /* A store that failed is tried again though nobody claims anything: who looks sees that it works. */
        if (queue->count > 0 || queue->touch_count > 0 || (wins->store_failed && wins_store_usable(wins))) {
                send_out(wins);
                return;
        }
        if (!wins->flushing || wins->store_failed)
                finish_flush(wins, wins->store_failed && wins->dirty_count > 0 ? NBT_ERR_IO : 0);
        if (wins->stopping && (wins->dirty_count == 0 || wins->store_failed))
                wins->stopped = wins_emit(wins, WINS_ACTION_STOPPED) != NULL;
}

mono_t wins_batch_deadline(const struct wins *wins)
{
        if (wins->is_stored)
                return wins->apply_retry_at;
        if (!wins->started || wins->stopped || wins->is_out)
                return MONO_NEVER;
        if (wins->stopping || wins->queues[wins->open].count > 0)
                return mono_add_ms(wins->now, WINS_APPLY_RETRY_MS); /* there was no memory to say so */
        if (wins->store_failed)
                return wins_store_usable(wins) ? mono_add_ms(wins->now, WINS_APPLY_RETRY_MS) : wins->store_retry_at;
        if (wins->dirty_count == 0)
                return MONO_NEVER;
        return wins->flushing ? wins->now : wins->flush_at;
}

/* ---- back ------------------------------------------------------------------------------------------------------------------------ */

/* What the database holds under the name of CHANGE, for who watches; NULL: nothing, or nobody does. */
static const struct wins_record *look_before(struct wins *wins, const struct wins_change *change)
{
        const uint32_t slot =
                wins->watching ? wins_table_find_scoped(&wins->table, &change->record.name, &change->record.scope) : 0;
        struct wins_record record;

        if (!slot)
                return NULL;
        wins_table_get(&wins->table, slot, &record);
        return wins_emit_record(wins, &record);
}

static void tell_change(struct wins *wins, const struct wins_change *change, const struct wins_record *before)
{
        const struct wins_record *record = wins->watching ? wins_emit_record(wins, &change->record) : NULL;

        if (!record)
                return;
        struct wins_notice *notice =
                wins_emit_notice(wins, WINS_NOTICE_CHANGED, &change->record.name, &change->record.scope);
        notice->record = record;
        notice->before = before;
        notice->removed = change->op == WINS_DELETE;
}

static int apply(struct wins *wins, struct wins_change *change)
{
        if (change->op == WINS_PUT) {
                const int64_t slot = wins_table_put(&wins->table, &change->record);
                return slot < 0 ? (int)slot : 0;
        }
        const uint32_t slot = wins_table_find_scoped(&wins->table, &change->record.name, &change->record.scope);
        if (slot)
                wins_table_remove(&wins->table, slot);
        return 0;
}

static void count_success(struct wins *wins, const struct wins_pending *pending)
{
        if (pending->origin != WINS_ORIGIN_CLAIM)
                return;
        if (pending->request.nb_flags & NBNS_NB_GROUP)
                wins->statistics.group_registrations++;
        else
                wins->statistics.unique_registrations++;
}

static void answer(struct wins *wins, const struct wins_pending *pending, int result)
{
        const struct nb_scope *scope =
                pending->work ? wins_scopes_get(&wins->table.scopes, pending->work->scope) : NULL;

        switch (pending->origin) {
        case WINS_ORIGIN_CLAIM:
                wins_emit_reply(wins, &pending->work->name, scope, &pending->request,
                                result < 0 ? NBNS_RCODE_SRV_ERR : NBNS_RCODE_OK,
                                result < 0 ? 0 : wins->settings.renewal_s);
                return;
        case WINS_ORIGIN_RELEASE:
                wins_emit_reply(wins, &pending->work->name, scope, &pending->request,
                                result < 0 ? NBNS_RCODE_SRV_ERR : NBNS_RCODE_OK, 0);
                return;
        case WINS_ORIGIN_JOB:
                if (--pending->job->pending == 0)
                        wins_job_done(wins, pending->job, result);
                return;
        case WINS_ORIGIN_SCAVENGE:
                wins->scavenge_pending--;
                return;
        case WINS_ORIGIN_RENEWAL:
                return;
        }
}

static void empty(struct wins_queue *queue)
{
        queue->count = queue->applied = 0;
        queue->touch_count = 0;
}

/* The names whose changes are decided, once all of them are: who waits sees the whole batch applied. */
static void settle_all(struct wins *wins, struct wins_queue *queue)
{
        for (size_t i = 0; i < queue->count; i++) {
                struct wins_work *work = queue->pending[i].work;

                if (work && --work->pending == 0)
                        wins_work_settle(wins, work);
        }
}

static bool is_back(const struct wins *wins, uint64_t id)
{
        return wins->is_out && !wins->is_stored && wins->queues[wins->open ^ 1].batch.id == id;
}

/* One change into the memory, and word to who waits for it. NBT_ERR_NOMEM: not yet. */
static int finish(struct wins *wins, struct wins_change *change, const struct wins_pending *pending)
{
        if (pending->origin == WINS_ORIGIN_RENEWAL)
                return 0;
        const struct wins_record *before = look_before(wins, change);
        const int r = apply(wins, change);
        if (r == NBT_ERR_NOMEM)
                return r;
        if (r == 0)
                count_success(wins, pending);
        tell_change(wins, change, before);
        answer(wins, pending, r);
        return 0;
}

/* The store has it, so the memory must: what cannot be had now is tried again, and until then nobody is answered. */
static void apply_all(struct wins *wins)
{
        struct wins_queue *queue = &wins->queues[wins->open ^ 1];

        for (; queue->applied < queue->count; queue->applied++) {
                if (finish(wins, &queue->changes[queue->applied], &queue->pending[queue->applied]) < 0) {
                        wins->failed = wins->is_stored = true;
                        wins->apply_retry_at = mono_add_ms(wins->now, WINS_APPLY_RETRY_MS);
                        return;
                }
        }
        wins->is_stored = wins->is_out = false;
        settle_all(wins, queue);
        empty(queue);
}

void wins_batch_resume(struct wins *wins)
{
        if (wins->is_stored && mono_is_due(wins->apply_retry_at, wins->now))
                apply_all(wins);
}

void wins_batch_stored(struct wins *wins, uint64_t id)
{
        struct wins_queue *queue = &wins->queues[wins->open ^ 1];

        if (!is_back(wins, id))
                return;
        if (wins->store_failed) {
                wins->store_failed = false;
                (void)wins_emit_notice(wins, WINS_NOTICE_STORE_WORKS, NULL, NULL);
        }
        wins->version_stored = queue->version;
        wins->statistics.batches++;
        wins->statistics.changes_stored += queue->count;
        wins->statistics.renewals_stored += queue->touch_count;
        for (size_t i = 0; i < queue->count; i++)
                wins_times_to_wall(&queue->changes[i].record, -queue->shift_s);
        apply_all(wins);
}

static void redirty(struct wins *wins, const struct wins_queue *queue)
{
        for (size_t i = 0; i < queue->touch_count; i++)
                wins_mark_dirty(wins, queue->touched[i]);
        for (size_t i = 0; i < queue->count; i++) {
                const uint32_t slot = queue->pending[i].origin != WINS_ORIGIN_RENEWAL
                                              ? 0
                                              : wins_table_find_scoped(&wins->table, &queue->changes[i].record.name,
                                                                       &queue->changes[i].record.scope);

                if (slot)
                        wins_mark_dirty(wins, slot);
        }
}

void wins_batch_failed(struct wins *wins, uint64_t id, bool full)
{
        struct wins_queue *queue = &wins->queues[wins->open ^ 1];

        if (!is_back(wins, id))
                return;
        wins->is_out = false;
        if (!wins->store_failed)
                wins_emit_notice(wins, WINS_NOTICE_STORE_FAILED, NULL, NULL)->is_full = full;
        wins->store_failed = true;
        wins->store_full = full;
        wins->store_retry_at = mono_add_ms(wins->now, WINS_STORE_RETRY_MS);
        wins->statistics.batches_failed++;
        wins->statistics.last_store_failure = wins->wall;
        for (uint32_t i = 0; i < wins->table.owner_count; i++)
                wins->table.owners[i].changed = true;
        for (size_t i = 0; i < queue->count; i++)
                answer(wins, &queue->pending[i], full ? NBT_ERR_FULL : NBT_ERR_IO);
        redirty(wins, queue);
        settle_all(wins, queue);
        empty(queue);
}

void wins_batch_free(struct wins *wins)
{
        for (unsigned q = 0; q < NBT_ARRAY_SIZE(wins->queues); q++) {
                struct wins_queue *queue = &wins->queues[q];

                for (size_t i = queue->applied; i < queue->count; i++)
                        if (queue->pending[i].origin == WINS_ORIGIN_JOB && --queue->pending[i].job->pending == 0)
                                wins_job_free(queue->pending[i].job);
                free(queue->changes);
                free(queue->pending);
                free(queue->touches);
                free(queue->touched);
                free(queue->owners);
        }
        for (size_t i = 0; i < wins->flush_job_count; i++)
                wins_job_free(wins->flush_jobs[i]);
        free(wins->dirty);
}
