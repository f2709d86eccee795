#include "cli/wins_check.h"

#include "cli/asker.h"
#include "diagnose/snapshot.h"

#include <errno.h>
#include <string.h>

/* Subjects asked about at once, and questions that they may need together. */
#define BATCH 64
#define MAX_QUESTIONS 4096
#define TRIES 3u
#define INTERVAL_MS 400u

struct batch {
        struct asker *asker;
        struct wins_live *live;
        struct arena arena;
        size_t first, count; /* of the subjects */
        size_t question_count;
        struct ask_question *questions; /* MAX_QUESTIONS; id: the subject */
        struct ask_result *results;
        void (*tell)(void *context, const struct wins_live_finding *finding);
        void *context;
};

int wins_live_init(struct wins_live *live)
{
        *live = (struct wins_live){0};
        live->subjects = arena_alloc(&live->arena, WINS_LIVE_MAX_SUBJECTS * sizeof *live->subjects);
        return live->subjects ? 0 : NBT_ERR_NOMEM;
}

void wins_live_done(struct wins_live *live)
{
        arena_done(&live->arena);
}

const char *wins_live_str(enum wins_live_type type)
{
        switch (type) {
        case WINS_LIVE_SHADOW:
                return "static hides live machine";
        case WINS_LIVE_MOVED:
                return "static leads to another name";
        case WINS_LIVE_TWINS:
                return "two machines in one record";
        case WINS_LIVE_TYPES:
                break;
        }
        return "";
}

/* Names of browsers and domains move from machine to machine as they should; groups are nobody's. */
static bool is_worth_asking(const struct wins_record *record)
{
        const uint8_t suffix = nb_name_suffix(&record->name);

        if (record->state != WINS_ACTIVE || record->member_count == 0)
                return false;
        if (record->type != WINS_UNIQUE && record->type != WINS_MULTIHOMED)
                return false;
        return (suffix < 0x1B || suffix > 0x1E) && (record->is_static || record->type == WINS_MULTIHOMED);
}

void wins_live_add(struct wins_live *live, const struct wins_record *record, uint32_t claimant)
{
        if (!is_worth_asking(record))
                return;
        for (size_t i = 0; i < live->subject_count; i++) {
                struct wins_live_subject *subject = &live->subjects[i];

                if (nb_name_equal(&subject->record.name, &record->name) &&
                    nb_scope_equal(&subject->record.scope, &record->scope)) {
                        subject->claimant = claimant ? claimant : subject->claimant;
                        return;
                }
        }
        if (live->subject_count == WINS_LIVE_MAX_SUBJECTS) {
                live->left_out++;
                return;
        }
        struct wins_live_subject *subject = &live->subjects[live->subject_count++];

        subject->record = *record;
        subject->claimant = claimant;
}

/* ---- questions ---------------------------------------------------------------------------------------------------- */

static void ask(struct batch *batch, struct ask_question question, size_t subject)
{
        if (batch->question_count == MAX_QUESTIONS)
                return;
        question.id = subject;
        question.tries = TRIES;
        question.interval_ms = INTERVAL_MS;
        batch->questions[batch->question_count++] = question;
}

static void ask_member(struct batch *batch, const struct wins_record *record, uint32_t address, size_t subject)
{
        struct ask_question query = {.kind = ASK_QUERY_UNICAST, .name = record->name, .destination = address};

        query.scope = record->scope;
        ask(batch, asker_make_status(&record->scope, address), subject);
        if (record->type == WINS_MULTIHOMED)
                ask(batch, query, subject);
}

static void ask_about(struct batch *batch, size_t at)
{
        const struct wins_live_subject *subject = &batch->live->subjects[at];
        const struct wins_record *record = &subject->record;
        struct ask_question broadcasts[8];
        const size_t count = asker_make_broadcasts(batch->asker, &record->name, &record->scope, broadcasts,
                                                   NBT_ARRAY_SIZE(broadcasts));

        for (size_t i = 0; record->is_static && i < count; i++)
                ask(batch, broadcasts[i], at);
        for (size_t i = 0; i < record->member_count; i++)
                ask_member(batch, record, record->members[i].address, at);
        if (subject->claimant && wins_record_member(record, subject->claimant) < 0)
                ask(batch, asker_make_status(&record->scope, subject->claimant), at);
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static void tell(const struct batch *batch, enum wins_live_type type, const struct wins_record *record,
                 uint32_t address, uint32_t other)
{
        const struct wins_live_finding finding = {type, record, address, other};

        batch->tell(batch->context, &finding);
}

static bool answers_as_unique(const struct ask_answer *answer)
{
        return answer->rcode == NBNS_RCODE_OK && answer->address_count > 0 &&
               !(answer->addresses[0].nb_flags & NBNS_NB_GROUP);
}

/* A machine outside the record answered for its name by broadcast. True if it was told. */
static bool judge_broadcasts(const struct batch *batch, size_t at)
{
        const struct wins_record *record = &batch->live->subjects[at].record;

        for (size_t i = 0; i < batch->question_count; i++) {
                const struct ask_result *result = &batch->results[i];

                if (batch->questions[i].id != at || batch->questions[i].kind != ASK_QUERY_BROADCAST)
                        continue;
                for (size_t j = 0; j < result->answer_count; j++) {
                        const struct ask_answer *answer = &result->answers[j];

                        if (!answers_as_unique(answer) || wins_record_member(record, answer->source) >= 0 ||
                            answer->addresses[0].address != answer->source)
                                continue;
                        tell(batch, WINS_LIVE_SHADOW, record, answer->source, 0);
                        return true;
                }
        }
        return false;
}

static const struct nbstat_table *table_of(const struct batch *batch, size_t at, uint32_t address)
{
        for (size_t i = 0; i < batch->question_count; i++) {
                const struct ask_question *question = &batch->questions[i];
                const struct ask_result *result = &batch->results[i];

                if (question->id == at && question->kind == ASK_STATUS && question->destination == address)
                        return result->answer_count > 0 ? result->answers[0].table : NULL;
        }
        return NULL;
}

static void judge_static(struct batch *batch, size_t at)
{
        const struct wins_live_subject *subject = &batch->live->subjects[at];
        const struct wins_record *record = &subject->record;
        bool answered = false;

        if (!judge_broadcasts(batch, at) && subject->claimant && wins_record_member(record, subject->claimant) < 0 &&
            snapshot_table_holds(table_of(batch, at, subject->claimant), &record->name))
                tell(batch, WINS_LIVE_SHADOW, record, subject->claimant, 0);
        for (size_t i = 0; i < record->member_count; i++) {
                const struct nbstat_table *table = table_of(batch, at, record->members[i].address);

                answered |= table != NULL;
                if (table && !nbstat_table_find(table, &record->name))
                        tell(batch, WINS_LIVE_MOVED, record, record->members[i].address, 0);
        }
        if (!answered)
                batch->live->silent_count++;
}

/* What the machine at ADDRESS answered for the record's name itself, or NULL. */
static const struct ask_answer *own_answer(const struct batch *batch, size_t at, uint32_t address)
{
        for (size_t i = 0; i < batch->question_count; i++) {
                const struct ask_question *question = &batch->questions[i];
                const struct ask_result *result = &batch->results[i];

                if (question->id == at && question->kind == ASK_QUERY_UNICAST && question->destination == address &&
                    result->answer_count > 0 && answers_as_unique(&result->answers[0]))
                        return &result->answers[0];
        }
        return NULL;
}

static bool lists(const struct ask_answer *answer, uint32_t address)
{
        for (size_t i = 0; i < answer->address_count; i++)
                if (answer->addresses[i].address == address)
                        return true;
        return false;
}

/* A multihomed machine's answer lists all its addresses, whichever was asked (that is what WINS' challenge goes by): two
 * that both answer and do not list each other are two machines. */
static void judge_twins(const struct batch *batch, size_t at)
{
        const struct wins_record *record = &batch->live->subjects[at].record;

        for (size_t i = 0; i < record->member_count; i++)
                for (size_t j = i + 1; j < record->member_count; j++) {
                        const uint32_t a = record->members[i].address, b = record->members[j].address;
                        const struct ask_answer *from_a = own_answer(batch, at, a), *from_b = own_answer(batch, at, b);

                        if (!from_a || !from_b || lists(from_a, b) || lists(from_b, a))
                                continue;
                        tell(batch, WINS_LIVE_TWINS, record, a, b);
                        return;
                }
}

static int run_batch(struct batch *batch)
{
        batch->question_count = 0;
        for (size_t i = batch->first; i < batch->first + batch->count; i++)
                ask_about(batch, i);
        batch->results = arena_alloc(&batch->arena, (batch->question_count + 1) * sizeof *batch->results);
        if (!batch->results)
                return NBT_ERR_NOMEM;
        const int r = asker_run(batch->asker, batch->questions, batch->question_count, &batch->arena, batch->results);

        for (size_t i = batch->first; r == 0 && i < batch->first + batch->count; i++) {
                if (batch->live->subjects[i].record.is_static)
                        judge_static(batch, i);
                if (batch->live->subjects[i].record.type == WINS_MULTIHOMED)
                        judge_twins(batch, i);
        }
        arena_reset(&batch->arena);
        return r;
}

int wins_live_run(struct wins_live *live, const struct cli_context *ctx,
                  void (*tell_finding)(void *context, const struct wins_live_finding *finding), void *context)
{
        struct batch batch = {.live = live, .tell = tell_finding, .context = context};
        int r = live->subject_count > 0 ? asker_open(&batch.asker, NULL) : 0;

        if (r < 0) {
                cli_failf(ctx, CLI_EXIT_OK, "note: the machines cannot be asked: %s", cli_why(r));
                return CLI_EXIT_OK;
        }
        batch.questions = arena_alloc(&live->arena, MAX_QUESTIONS * sizeof *batch.questions);
        if (!batch.questions)
                r = NBT_ERR_NOMEM;
        for (; r == 0 && batch.first < live->subject_count; batch.first += batch.count) {
                batch.count = live->subject_count - batch.first;
                if (batch.count > BATCH)
                        batch.count = BATCH;
                r = run_batch(&batch);
        }
        asker_close(batch.asker);
        arena_done(&batch.arena);
        if (r < 0)
                return cli_fail(ctx, CLI_EXIT_FAILED, "asking the machines ended early", nbt_err_str(r), NULL);
        return CLI_EXIT_OK;
}
