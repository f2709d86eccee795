/* What an administrator orders. Changes go through the store as claims do, and are complete when it has confirmed them. */
#include "wins/internal.h"

#include <stdlib.h>
#include <string.h>

void wins_emit_complete(struct wins *wins, const struct wins_command *command, int result)
{
        struct wins_action *action = wins_emit(wins, WINS_ACTION_COMPLETE);

        if (!action)
                return;
        action->complete.id = command->id;
        action->complete.type = command->type;
        action->complete.result = result;
}

void wins_job_free(struct wins_job *job)
{
        if (job)
                free(job->rows);
        free(job);
}

/* What was deleted, for who asked; the count alone if memory ran out. */
static void lend_rows(struct wins *wins, const struct wins_job *job, struct wins_completion *ret)
{
        struct wins_record *copies = arena_alloc(wins->out->arena, ret->row_count * sizeof(*copies));
        const struct wins_record **rows = arena_alloc(wins->out->arena, ret->row_count * sizeof(*rows));

        if (!job->rows || !copies || !rows)
                return;
        for (size_t i = 0; i < ret->row_count; i++) {
                copies[i] = job->rows[i];
                rows[i] = &copies[i];
        }
        ret->rows = rows;
}

void wins_job_done(struct wins *wins, struct wins_job *job, int result)
{
        struct wins_action *action = wins_emit(wins, WINS_ACTION_COMPLETE);

        if (action) {
                action->complete.id = job->id;
                action->complete.type = job->type;
                action->complete.result = result;
                action->complete.row_count = result < 0 ? 0 : job->row_count;
                action->complete.more = job->more;
                action->complete.cursor = job->cursor;
                lend_rows(wins, job, &action->complete);
        }
        wins_job_free(job);
}

static struct wins_job *new_job(struct wins *wins, const struct wins_command *command)
{
        struct wins_job *job = calloc(1, sizeof(*job));

        if (!job) {
                wins->failed = true;
                wins_emit_complete(wins, command, NBT_ERR_NOMEM);
                return NULL;
        }
        job->id = command->id;
        job->type = command->type;
        return job;
}

static size_t page_limit(const struct wins_command *command)
{
        return command->limit == 0 || command->limit > WINS_PAGE_ROWS ? WINS_PAGE_ROWS : command->limit;
}

static void show(struct wins *wins, const struct wins_command *command)
{
        struct wins_walk walk = {.filter = &command->filter, .cursor = command->cursor};
        uint32_t slots[WINS_PAGE_ROWS];
        const size_t count = wins_walk_page(wins, &walk, slots, page_limit(command));
        struct wins_record **rows = arena_alloc(wins->out->arena, count * sizeof(*rows));

        for (size_t i = 0; rows && i < count; i++) {
                rows[i] = arena_alloc(wins->out->arena, sizeof(*rows[i]));
                if (!rows[i]) {
                        rows = NULL;
                        break;
                }
                wins_table_get(&wins->table, slots[i], rows[i]);
                wins_times_to_wall(rows[i], wins->shift_s);
        }
        struct wins_action *action = rows ? wins_emit(wins, WINS_ACTION_COMPLETE) : NULL;
        if (!action) {
                wins->failed = true;
                return;
        }
        action->complete = (struct wins_completion){.id = command->id,
                                                    .type = command->type,
                                                    .row_count = count,
                                                    .rows = (const struct wins_record *const *)rows,
                                                    .more = walk.more,
                                                    .cursor = walk.cursor};
}

/* Queues one change for JOB; its name is then busy. */
static int order(struct wins *wins, struct wins_job *job, enum wins_change_op op, const struct wins_record *record)
{
        const struct wins_pending pending = {.origin = WINS_ORIGIN_JOB, .job = job};
        struct wins_work *work = wins_work_of(wins, &record->name, &record->scope);

        if (!work)
                return wins->failed ? NBT_ERR_NOMEM : NBT_ERR_FULL;
        const int r = wins_submit(wins, op, record, work, &pending);
        if (r < 0) {
                wins_work_settle(wins, work);
                return r;
        }
        job->pending++;
        return 0;
}

static void finish_if_empty(struct wins *wins, struct wins_job *job)
{
        if (job->pending == 0)
                wins_job_done(wins, job, 0);
}

static void remove_page(struct wins *wins, const struct wins_command *command)
{
        struct wins_walk walk = {.filter = &command->filter, .cursor = command->cursor};
        uint32_t slots[WINS_PAGE_ROWS];
        const size_t count = wins_walk_page(wins, &walk, slots, page_limit(command));
        struct wins_job *job = new_job(wins, command);

        if (!job)
                return;
        job->more = walk.more;
        job->cursor = walk.cursor;
        job->rows = calloc(count ? count : 1, sizeof(*job->rows));
        for (size_t i = 0; i < count && job->rows; i++) {
                struct wins_record record;

                wins_table_get(&wins->table, slots[i], &record);
                /* also those that this walk has made, and that have a later version by now */
                if (command->tombstone && record.state == WINS_TOMBSTONE)
                        continue;
                job->rows[job->row_count] = record;
                wins_times_to_wall(&job->rows[job->row_count], wins->shift_s);
                if (command->tombstone) {
                        record.state = WINS_TOMBSTONE;
                        record.is_static = false;
                        record.owner = wins->owner;
                        record.version = wins_next_version(wins);
                        record.expiry_s = (int64_t)wins->now_s + wins->settings.extinction_timeout_s;
                }
                if (order(wins, job, command->tombstone ? WINS_PUT : WINS_DELETE, &record) < 0)
                        break;
                job->row_count++;
        }
        finish_if_empty(wins, job);
}

/* ---- adding ------------------------------------------------------------------------------------------------------------------------ */

static void fill_in(struct wins *wins, const struct wins_record *from, struct wins_record *ret)
{
        const int64_t expiry_s = from->is_static ? WINS_NEVER : (int64_t)wins->now_s + wins->settings.renewal_s;

        wins_record_copy(ret, from);
        ret->state = WINS_ACTIVE;
        ret->owner = wins->owner;
        ret->version = 1;
        ret->expiry_s = expiry_s;
        for (unsigned i = 0; i < ret->member_count && i < WINS_MAX_MEMBERS; i++) {
                ret->members[i].owner = wins->owner;
                ret->members[i].expiry_s = expiry_s;
        }
}

static bool has_good_members(const struct wins_record *record)
{
        if (record->member_count == 0 || record->member_count > WINS_MAX_MEMBERS)
                return false;
        if ((record->type == WINS_UNIQUE || record->type == WINS_GROUP) && record->member_count != 1)
                return false;
        for (unsigned i = 0; i < record->member_count; i++)
                if (record->members[i].address == 0 || record->members[i].address == IP4_BROADCAST ||
                    wins_record_member(record, record->members[i].address) != (int)i)
                        return false;
        return true;
}

static int check_new(const struct wins *wins, const struct wins_command *command, const struct wins_record *wanted)
{
        struct wins_record filled, old;

        if (wanted->scope.len_bytes > WINS_SCOPE_MAX_BYTES || !has_good_members(wanted))
                return NBT_ERR_RANGE;
        filled = *wanted;
        filled.state = WINS_ACTIVE;
        filled.version = 1;
        filled.expiry_s = 0;
        if (wins_record_check(&filled) < 0)
                return NBT_ERR_RANGE;
        const uint32_t slot =
                command->only_if_free ? wins_table_find_scoped(&wins->table, &wanted->name, &wanted->scope) : 0;
        if (!slot || wins_slot_state(wins_slot_at(&wins->table, slot)) != WINS_ACTIVE)
                return 0;
        wins_table_get(&wins->table, slot, &old);
        filled.owner = old.owner;
        for (unsigned i = 0; i < filled.member_count; i++)
                filled.members[i].owner = wins->owner;
        return wins_record_same_content(&filled, &old) ? 0 : NBT_ERR_EXISTS;
}

/* Takes back what was queued after the first COUNT changes. */
static void take_back(struct wins *wins, size_t count)
{
        struct wins_queue *queue = &wins->queues[wins->open];

        while (queue->count > count) {
                struct wins_work *work = queue->pending[--queue->count].work;

                work->pending--;
                wins_work_settle(wins, work);
        }
}

static void add(struct wins *wins, const struct wins_command *command)
{
        const size_t before = wins->queues[wins->open].count;
        int r = command->record_count > WINS_IMPORT_MAX_RECORDS ? NBT_ERR_RANGE : 0;
        size_t culprit = 0;

        for (; r == 0 && culprit < command->record_count; culprit++)
                r = check_new(wins, command, &command->records[culprit]);
        if (r < 0) {
                struct wins_action *action = wins_emit(wins, WINS_ACTION_COMPLETE);

                if (action)
                        action->complete = (struct wins_completion){.id = command->id,
                                                                    .type = command->type,
                                                                    .result = r,
                                                                    .culprit = culprit ? culprit - 1 : 0};
                return;
        }
        struct wins_job *job = new_job(wins, command);
        if (!job)
                return;
        for (size_t i = 0; r == 0 && i < command->record_count; i++) {
                struct wins_record record;

                fill_in(wins, &command->records[i], &record);
                record.version = wins_next_version(wins);
                r = order(wins, job, WINS_PUT, &record);
        }
        if (r < 0) {
                take_back(wins, before);
                wins_job_done(wins, job, r);
                return;
        }
        job->row_count = command->record_count;
        finish_if_empty(wins, job);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------------------------- */

static void flush(struct wins *wins, const struct wins_command *command)
{
        if (wins->flush_job_count >= NBT_ARRAY_SIZE(wins->flush_jobs)) {
                wins_emit_complete(wins, command, NBT_ERR_BUSY);
                return;
        }
        struct wins_job *job = new_job(wins, command);
        if (job)
                wins->flush_jobs[wins->flush_job_count++] = job;
}

static void settings(struct wins *wins, const struct wins_command *command)
{
        if (!command->settings || wins_settings_fault(command->settings)) {
                wins_emit_complete(wins, command, NBT_ERR_RANGE);
                return;
        }
        wins_apply_settings(wins, command->settings);
        wins_emit_complete(wins, command, 0);
}

void wins_command(struct wins *wins, const struct wins_command *command)
{
        if (!wins->started || wins->stopping) {
                wins_emit_complete(wins, command, NBT_ERR_STATE);
                return;
        }
        switch (command->type) {
        case WINS_COMMAND_SHOW:
                show(wins, command);
                return;
        case WINS_COMMAND_DELETE:
                remove_page(wins, command);
                return;
        case WINS_COMMAND_CHECK:
                wins_check(wins, command);
                return;
        case WINS_COMMAND_ADD:
                add(wins, command);
                return;
        case WINS_COMMAND_SCAVENGE:
                wins_scavenge_start(wins);
                wins_emit_complete(wins, command, 0);
                return;
        case WINS_COMMAND_FLUSH:
                flush(wins, command);
                return;
        case WINS_COMMAND_SETTINGS:
                settings(wins, command);
                return;
        }
        wins_emit_complete(wins, command, NBT_ERR_UNSUPPORTED);
}
