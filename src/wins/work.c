/* One thing at a time for a name: whoever comes while a challenge or a commit is under way waits for its end. */
#include "wins/internal.h"

#include <stdlib.h>
#include <string.h>

static struct wins_work **bucket(struct wins *wins, uint64_t hash)
{
        return &wins->works[(hash >> 32) % WINS_WORK_BUCKETS];
}

struct wins_work *wins_work_find(const struct wins *wins, const struct nb_name *name, uint16_t scope)
{
        if (wins->work_count == 0)
                return NULL;
        const uint64_t hash = wins_table_hash(&wins->table, name, scope);
        struct wins_work *work = wins->works[(hash >> 32) % WINS_WORK_BUCKETS];
        while (work && !(work->hash == hash && work->scope == scope && nb_name_equal(&work->name, name)))
                work = work->next;
        return work;
}

struct wins_work *wins_work_of(struct wins *wins, const struct nb_name *name, const struct nb_scope *scope)
{
        const int known = wins_scopes_find(&wins->table.scopes, scope);
        struct wins_work *work = known >= 0 ? wins_work_find(wins, name, (uint16_t)known) : NULL;

        if (work)
                return work;
        work = calloc(1, sizeof(*work));
        const int number = work ? wins_scopes_hold(&wins->table.scopes, scope) : NBT_ERR_NOMEM;
        if (number < 0) {
                wins->failed = wins->failed || number == NBT_ERR_NOMEM;
                free(work);
                return NULL;
        }
        work->name = *name;
        work->scope = (uint16_t)number;
        work->hash = wins_table_hash(&wins->table, name, work->scope);
        work->next = *bucket(wins, work->hash);
        *bucket(wins, work->hash) = work;
        wins->work_count++;
        return work;
}

static void free_work(struct wins *wins, struct wins_work *work)
{
        struct wins_work **at = bucket(wins, work->hash);

        while (*at != work)
                at = &(*at)->next;
        *at = work->next;
        wins_scopes_drop(&wins->table.scopes, work->scope);
        wins->work_count--;
        free(work);
}

static bool is_same_request(const struct wins_request *a, const struct wins_request *b)
{
        return a->source == b->source && a->source_port == b->source_port && a->id == b->id && a->opcode == b->opcode;
}

/* Is it one that is dealt with already? Observed: re-sent requests are ignored while their WACK is out. */
static bool is_resent(const struct wins_work *work, const struct wins_request *request)
{
        if (work->challenge && is_same_request(&work->challenge->request, request))
                return true;
        for (const struct wins_waiter *waiter = work->waiters; waiter; waiter = waiter->next)
                if (is_same_request(&waiter->request, request))
                        return true;
        return work->pending > 0 && is_same_request(&work->current, request);
}

static bool is_from_holder(const struct wins *wins, const struct wins_work *work, const struct wins_request *request)
{
        const uint32_t slot = wins_table_find(&wins->table, &work->name, work->scope);
        struct wins_record record;

        if (!slot)
                return false;
        wins_table_get(&wins->table, slot, &record);
        return wins_record_member(&record, request->source) >= 0;
}

/* Room for one more: a stranger's place for the holder, if it must be. */
static bool make_room(struct wins_work *work, bool is_holder)
{
        struct wins_waiter **last = &work->waiters;

        if (work->waiter_count < WINS_MAX_WAITERS)
                return true;
        while ((*last)->next)
                last = &(*last)->next;
        if (!is_holder || (*last)->is_holder)
                return false;
        free(*last);
        *last = NULL;
        work->waiter_count--;
        return true;
}

/* The holder's renewals and releases wait before what others claim: however many these are, it has its turn next. */
static void wait_for(struct wins *wins, struct wins_work *work, const struct wins_request *request)
{
        struct wins_waiter **at = &work->waiters;

        if (is_resent(work, request)) {
                wins->statistics.resent_ignored++;
                return;
        }
        const bool is_holder = is_from_holder(wins, work, request);
        if (!make_room(work, is_holder))
                return; /* it will ask again */
        struct wins_waiter *waiter = calloc(1, sizeof(*waiter));
        if (!waiter) {
                wins->failed = true;
                return;
        }
        waiter->request = *request;
        waiter->is_holder = is_holder;
        while (*at && (!is_holder || (*at)->is_holder))
                at = &(*at)->next;
        waiter->next = *at;
        *at = waiter;
        work->waiter_count++;
}

void wins_work_wait_first(struct wins *wins, struct wins_work *work, const struct wins_request *request)
{
        struct wins_waiter *waiter = calloc(1, sizeof(*waiter));

        if (!waiter) {
                wins->failed = true;
                return;
        }
        waiter->request = *request;
        waiter->next = work->waiters;
        work->waiters = waiter;
        work->waiter_count++;
}

static void handle(struct wins *wins, const struct wins_subject *subject)
{
        if (subject->request->opcode == NBNS_OPCODE_RELEASE)
                wins_release(wins, subject);
        else
                wins_claim(wins, subject);
}

void wins_request_in(struct wins *wins, const struct nb_name *name, const struct nb_scope *scope,
                     const struct wins_request *request)
{
        const int number = wins_scopes_find(&wins->table.scopes, scope);
        struct wins_work *work = number < 0 ? NULL : wins_work_find(wins, name, (uint16_t)number);
        const struct wins_subject subject = {.name = *name, .scope = scope, .scope_number = number, .request = request};

        if (work) {
                wait_for(wins, work, request);
                return;
        }
        handle(wins, &subject);
        /* it may have been decided at once after all, by a challenge to ourselves */
        const int now_number = wins->work_count ? wins_scopes_find(&wins->table.scopes, scope) : -1;
        work = now_number < 0 ? NULL : wins_work_find(wins, name, (uint16_t)now_number);
        if (work)
                wins_work_settle(wins, work);
}

void wins_work_settle(struct wins *wins, struct wins_work *work)
{
        while (!work->challenge && work->pending == 0) {
                struct wins_waiter *waiter = work->waiters;

                if (!waiter) {
                        free_work(wins, work);
                        return;
                }
                const struct wins_request request = waiter->request;
                const struct wins_subject subject = {.name = work->name,
                                                     .scope = wins_scopes_get(&wins->table.scopes, work->scope),
                                                     .scope_number = work->scope,
                                                     .work = work,
                                                     .request = &request};
                work->waiters = waiter->next;
                work->waiter_count--;
                free(waiter);
                handle(wins, &subject);
        }
}

void wins_work_free_all(struct wins *wins)
{
        for (unsigned i = 0; i < WINS_WORK_BUCKETS; i++) {
                for (struct wins_work *work = wins->works[i], *next; work; work = next) {
                        next = work->next;
                        for (struct wins_waiter *waiter = work->waiters, *after; waiter; waiter = after) {
                                after = waiter->next;
                                free(waiter);
                        }
                        free(work->challenge);
                        free(work);
                }
        }
}
