#include "eventlog/coalesce.h"

#include "base/hash.h"
#include "eventlog/record.h"

#include <stdio.h>
#include <string.h>

#define MILLI 1000u
/* The room that stays for the summary 4322 itself: it is exempt from the budget, but equal ones fold. */
#define SUMMARY_NOTE                                                                                                   \
        "more different events came at once than the log takes; the count tells how many were not written singly"

void coalesce_init(struct coalescer *c, uint64_t seed)
{
        *c = (struct coalescer){
                .seed = seed, .dirty_since = MONO_NEVER, .budget_milli = (uint64_t)COALESCE_BURST * MILLI};
}

static uint64_t hash_text(const char *text, uint64_t seed)
{
        /* with the NUL, so that texts cannot flow into each other */
        return hash_bytes(text, strlen(text) + 1, seed);
}

/* Fields are chained through the seed: no buffer to build. Never 0, which marks a free slot. */
static uint64_t key_of(const struct coalescer *c, const struct event *event)
{
        uint64_t key = hash_bytes(&event->code, sizeof(event->code), c->seed);

        key = hash_bytes(&event->id, sizeof(event->id), key);
        key = hash_text(event->computer, key);
        key = hash_text(event->interface, key);
        key = hash_text(event->name, key);
        key = hash_text(event->note, key);
        for (size_t i = 0; i < event->string_count && i < EVENT_MAX_STRINGS; i++)
                key = hash_text(event->strings[i], key);
        key = hash_bytes(event->data, event->data_len_bytes, key);
        return key ? key : 1;
}

static bool slot_is_open(const struct coalesce_slot *slot, mono_t now)
{
        return slot->key && mono_elapsed_ms(slot->last, now) < COALESCE_QUIET_MS &&
               mono_elapsed_ms(slot->first, now) < COALESCE_ROW_MS;
}

static struct coalesce_slot *find_slot(struct coalescer *c, uint64_t key, mono_t now)
{
        for (size_t i = 0; i < COALESCE_SLOTS; i++)
                if (c->slots[i].key == key && slot_is_open(&c->slots[i], now))
                        return &c->slots[i];
        return NULL;
}

static bool slot_is_dirty(const struct coalesce_slot *slot)
{
        return slot->key && slot->record && slot->repeated != slot->written;
}

/* A free slot, or the one that was quiet for longest. */
static size_t choose_slot(const struct coalescer *c)
{
        size_t oldest = 0;

        for (size_t i = 0; i < COALESCE_SLOTS; i++) {
                if (!c->slots[i].key)
                        return i;
                if (c->slots[i].last.ns < c->slots[oldest].last.ns)
                        oldest = i;
        }
        return oldest;
}

static struct coalesce_update update_of(struct coalesce_slot *slot)
{
        slot->written = slot->repeated;
        return (struct coalesce_update){slot->record, slot->repeated, slot->last_time};
}

static void take_slot(struct coalescer *c, uint64_t key, wall_t time, mono_t now, struct coalesce_offer *ret)
{
        ret->slot = choose_slot(c);
        struct coalesce_slot *slot = &c->slots[ret->slot];

        if (slot_is_dirty(slot)) {
                ret->has_evicted = true;
                ret->evicted = update_of(slot);
        }
        *slot = (struct coalesce_slot){.key = key, .first = now, .last = now, .last_time = time};
}

static void refill_budget(struct coalescer *c, mono_t now)
{
        const uint64_t full = (uint64_t)COALESCE_BURST * MILLI;
        const uint64_t elapsed_ms = mono_elapsed_ms(c->budget_time, now);

        /* the clamp comes first: a long sleep must not overflow the product */
        const uint64_t gained = elapsed_ms > full ? full : elapsed_ms * COALESCE_RATE_PER_S;
        if (elapsed_ms == 0)
                return;
        c->budget_time = now;
        c->budget_milli = c->budget_milli + gained > full ? full : c->budget_milli + gained;
}

static bool spend_budget(struct coalescer *c, mono_t now)
{
        refill_budget(c, now);
        if (c->budget_milli < MILLI)
                return false;
        c->budget_milli -= MILLI;
        return true;
}

static void fold(struct coalescer *c, struct coalesce_slot *slot, uint64_t count, wall_t time, mono_t now)
{
        slot->repeated += count;
        slot->last = now;
        slot->last_time = time;
        c->dirty_since = mono_min(c->dirty_since, now);
}

static void make_summary(const struct event *event, struct event *ret)
{
        /* cannot fail: the catalogue has 4322 */
        if (event_make_simple(ret, EVENT_ID_NO_RESOURCES, 0, NULL, 0, EVENT_RECORD_LEGACY) < 0)
                return;
        ret->time = event->time;
        memcpy(ret->computer, event->computer, sizeof(ret->computer));
        snprintf(ret->note, sizeof(ret->note), "%s", SUMMARY_NOTE);
}

/* Over the limit: counted in one event 4322, which is itself folded. */
static enum coalesce_verdict offer_summary(struct coalescer *c, const struct event *event, mono_t now,
                                           struct coalesce_offer *ret)
{
        make_summary(event, &ret->summary);
        const uint64_t key = key_of(c, &ret->summary);
        struct coalesce_slot *slot = find_slot(c, key, now);

        if (slot) {
                fold(c, slot, 1 + event->repeated, event->time, now);
                return COALESCE_FULL;
        }
        take_slot(c, key, event->time, now, ret);
        ret->summary.repeated = event->repeated;
        c->slots[ret->slot].repeated = c->slots[ret->slot].written = event->repeated;
        ret->has_summary = true;
        return COALESCE_FULL;
}

enum coalesce_verdict coalesce_offer(struct coalescer *c, const struct event *event, mono_t now,
                                     struct coalesce_offer *ret)
{
        const uint64_t key = key_of(c, event);
        struct coalesce_slot *slot = find_slot(c, key, now);

        ret->slot = 0;
        ret->has_summary = ret->has_evicted = false;
        if (slot) {
                fold(c, slot, 1 + event->repeated, event->time, now);
                return COALESCE_FOLDED;
        }
        if (!spend_budget(c, now))
                return offer_summary(c, event, now, ret);
        take_slot(c, key, event->time, now, ret);
        /* the row is written with the count the event came with */
        c->slots[ret->slot].repeated = c->slots[ret->slot].written = event->repeated;
        return COALESCE_WRITE;
}

void coalesce_written(struct coalescer *c, size_t slot, uint64_t record)
{
        if (slot < COALESCE_SLOTS)
                c->slots[slot].record = record;
}

void coalesce_raise(struct coalescer *c, uint64_t record, uint64_t count, wall_t time, mono_t now)
{
        for (size_t i = 0; record && count && i < COALESCE_SLOTS; i++)
                if (c->slots[i].key && c->slots[i].record == record)
                        fold(c, &c->slots[i], count, time, now);
}

void coalesce_forget(struct coalescer *c, size_t slot)
{
        if (slot < COALESCE_SLOTS)
                c->slots[slot] = (struct coalesce_slot){0};
}

void coalesce_forget_record(struct coalescer *c, uint64_t record)
{
        for (size_t i = 0; i < COALESCE_SLOTS; i++)
                if (c->slots[i].key && c->slots[i].record == record)
                        coalesce_forget(c, i);
}

mono_t coalesce_deadline(const struct coalescer *c)
{
        return c->dirty_since.ns == MONO_NEVER.ns ? MONO_NEVER : mono_add_ms(c->dirty_since, COALESCE_FLUSH_MS);
}

bool coalesce_take(struct coalescer *c, struct coalesce_update *ret)
{
        for (size_t i = 0; i < COALESCE_SLOTS; i++)
                if (slot_is_dirty(&c->slots[i])) {
                        *ret = update_of(&c->slots[i]);
                        return true;
                }
        c->dirty_since = MONO_NEVER;
        return false;
}

void coalesce_postpone(struct coalescer *c, mono_t now)
{
        /* which counts were taken is not known: all are stored again, which does no harm, as they are totals */
        for (size_t i = 0; i < COALESCE_SLOTS; i++)
                c->slots[i].written = 0;
        c->dirty_since = now;
}
