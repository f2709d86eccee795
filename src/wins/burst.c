/*
 * Bursts (KB154410): when too many claims are under way (a whole site is switched on), new ones are answered at once with a
 * short TTL, so that the machines get on and come back spread over time.
 *
 * Windows stores nothing of these. So two machines could be told that a name is theirs; we remember to whom a name was so
 * promised, challenge that machine when another claims the name meanwhile, and promise nothing we could not remember.
 */
#include "wins/internal.h"

#include "base/hash.h"

#include <stdlib.h>

#define PROBES 8u

/* Claims that wait for the store. Challenges are no burst: they wait for holders, each for as long as it takes. */
static uint32_t queue_len(const struct wins *wins)
{
        return wins->work_count - wins->heap_count;
}

bool wins_burst_is_on(const struct wins *wins)
{
        return wins->settings.burst_queue > 0 && queue_len(wins) >= wins->settings.burst_queue;
}

static uint32_t place_of(const struct wins *wins, const struct nb_name *name)
{
        return (uint32_t)hash_bytes(name->bytes, NB_NAME_BYTES, wins->table.seed ^ 1) % WINS_BURST_NAMES;
}

uint32_t wins_burst_holder(const struct wins *wins, const struct nb_name *name)
{
        if (!wins->burst_entries)
                return 0;
        const uint32_t place = place_of(wins, name);
        for (unsigned i = 0; i < PROBES; i++) {
                const struct wins_burst_entry *entry = &wins->burst_entries[(place + i) % WINS_BURST_NAMES];

                if (entry->until_s > wins->now_s && nb_name_equal(&entry->name, name))
                        return entry->address;
        }
        return 0;
}

/* The entry of the name, or one that is free; NULL if there is none near. */
static struct wins_burst_entry *entry_for(struct wins *wins, const struct nb_name *name)
{
        const uint32_t place = place_of(wins, name);
        struct wins_burst_entry *free_entry = NULL;

        for (unsigned i = 0; i < PROBES; i++) {
                struct wins_burst_entry *entry = &wins->burst_entries[(place + i) % WINS_BURST_NAMES];

                if (entry->until_s > wins->now_s && nb_name_equal(&entry->name, name))
                        return entry;
                if (entry->until_s <= wins->now_s && !free_entry)
                        free_entry = entry;
        }
        return free_entry;
}

bool wins_burst_answer(struct wins *wins, const struct wins_subject *subject)
{
        const struct wins_request *request = subject->request;

        if (request->nb_flags & NBNS_NB_GROUP || subject->scope->len_bytes > 0)
                return false;
        if (!wins->burst_entries)
                wins->burst_entries = calloc(WINS_BURST_NAMES, sizeof(*wins->burst_entries));
        struct wins_burst_entry *entry = wins->burst_entries ? entry_for(wins, &subject->name) : NULL;
        if (!entry || (entry->until_s > wins->now_s && entry->address != request->address))
                return false;
        const uint32_t step = (uint32_t)(wins->burst_count / WINS_BURST_STEP_COUNT % WINS_BURST_STEPS) + 1;
        const uint32_t ttl_s = step * WINS_BURST_STEP_S;
        *entry = (struct wins_burst_entry){
                .name = subject->name, .address = request->address, .until_s = wins->now_s + ttl_s};
        wins_emit_reply(wins, &subject->name, subject->scope, request, NBNS_RCODE_OK, ttl_s);
        wins->burst_count++;
        wins->statistics.burst_answers++;
        if (!wins->burst)
                (void)wins_emit_notice(wins, WINS_NOTICE_BURST, NULL, NULL);
        wins->burst = true;
        return true;
}

void wins_burst_settle(struct wins *wins)
{
        if (!wins->burst || queue_len(wins) > wins->settings.burst_queue / 2)
                return;
        wins_emit_notice(wins, WINS_NOTICE_BURST_OVER, NULL, NULL)->count = wins->burst_count;
        wins->burst = false;
        wins->burst_count = 0;
}
