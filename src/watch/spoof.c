#include "base/hash.h"
#include "watch/internal.h"

#include <string.h>

#define BIT(rule) (1u << (rule))

int spoof_init(struct spoof *spoof, uint32_t max)
{
        return pool_init(&spoof->suspects, sizeof(struct suspect), max);
}

void spoof_done(struct spoof *spoof)
{
        pool_done(&spoof->suspects);
}

/* ---- suspects ----------------------------------------------------------------------------------------------------- */

static struct suspect *suspect_at(const struct watch *watch, uint32_t number)
{
        return pool_at(&watch->spoof.suspects, number);
}

/* That of STATION, new if need be. NULL: too many, or no memory. */
static struct suspect *suspect_at_station(struct watch *watch, const struct seen *seen, uint32_t number)
{
        struct station_entry *station = table_station(&watch->table, number);

        if (!station->suspect) {
                station->suspect = pool_take(&watch->spoof.suspects);
                if (!station->suspect)
                        return NULL;
                struct suspect *made = suspect_at(watch, station->suspect);
                made->station = number;
                made->used = true;
                made->first_us = seen->time.us;
        }
        struct suspect *suspect = suspect_at(watch, station->suspect);
        suspect->last_us = seen->time.us;
        return suspect;
}

/* That of the sender. */
static struct suspect *suspect_of(struct watch *watch, const struct seen *seen)
{
        return suspect_at_station(watch, seen, seen->station);
}

bool spoof_is_likely(const struct watch *watch, uint32_t address)
{
        const uint32_t station = table_station_find(&watch->table, address);
        const uint32_t number = station ? table_station(&watch->table, station)->suspect : 0;

        return number && suspect_at(watch, number)->told_confidence >= WATCH_CONFIDENCE_LIKELY;
}

static enum watch_confidence judge(uint32_t rules)
{
        static const uint8_t points[WATCH_RULE_MAX] = {
                [WATCH_RULE_BAIT] = 9,       [WATCH_RULE_MANY] = 2,     [WATCH_RULE_NOBODY] = 2,
                [WATCH_RULE_WPAD] = 2,       [WATCH_RULE_NOTHING] = 1,  [WATCH_RULE_TWIN] = 1,
                [WATCH_RULE_DEMAND] = 2,     [WATCH_RULE_NEGATIVE] = 2, [WATCH_RULE_UNMATCHED] = 3,
                [WATCH_RULE_BAIT_OTHER] = 9,
        };
        unsigned sum = 0;

        for (size_t i = 0; i < WATCH_RULE_MAX; i++)
                sum += rules & BIT(i) ? points[i] : 0;
        if (sum == 0 || rules == BIT(WATCH_RULE_NOTHING))
                return WATCH_CONFIDENCE_NONE;
        return sum >= 5 ? WATCH_CONFIDENCE_CONFIRMED : sum >= 3 ? WATCH_CONFIDENCE_LIKELY : WATCH_CONFIDENCE_POSSIBLE;
}

void spoof_view(const struct watch *watch, const struct suspect *suspect, struct watch_finding *ret)
{
        const struct station_entry *station = table_station(&watch->table, suspect->station);

        *ret = (struct watch_finding){
                .address = station->address,
                .has_mac = station->flags & STATION_MAC,
                .confidence = judge(suspect->rules),
                .first = {suspect->first_us},
                .last = {suspect->last_us},
        };
        memcpy(ret->mac, station->mac, 6);
        for (unsigned i = 0; i < WATCH_RULE_MAX; i++) {
                const struct spoof_proof *proof = &suspect->proofs[i];

                if (suspect->rules & BIT(i))
                        ret->evidence[ret->evidence_count++] = (struct watch_evidence){
                                .rule = (enum watch_rule)i,
                                .count = proof->count,
                                .peer = proof->peer,
                                .name = proof->name,
                                .frame = proof->frame,
                                .time = {proof->us},
                        };
        }
}

/* Keeps the proof of RULE: the first packet, and how often since. */
static void fire(struct suspect *suspect, const struct seen *seen, enum watch_rule rule, uint32_t count, uint32_t peer)
{
        struct spoof_proof *proof = &suspect->proofs[rule];

        if (!(suspect->rules & BIT(rule)))
                *proof = (struct spoof_proof){
                        .peer = peer, .name = *seen->name, .frame = seen->frame, .us = seen->time.us};
        proof->count = count ? count : proof->count + 1;
        suspect->rules |= (uint16_t)BIT(rule);
}

/* Tells the finding when it has a new rule, or more confidence. */
static void tell(struct watch *watch, const struct seen *seen, struct suspect *suspect)
{
        const enum watch_confidence confidence = judge(suspect->rules);

        if (confidence == WATCH_CONFIDENCE_NONE || suspect->rules == suspect->told_rules)
                return;
        struct watch_finding *finding = arena_alloc(seen->out->arena, sizeof(*finding));
        struct watch_event *event = finding ? event_add(watch, seen, WATCH_EVENT_SPOOFER) : NULL;
        if (!event) {
                watch->counters.lost_events += !finding;
                return;
        }
        spoof_view(watch, suspect, finding);
        event->finding = finding;
        event->peer = event_stranger(watch, finding->address);
        suspect->told_rules = suspect->rules;
        suspect->told_confidence = (uint8_t)confidence;
        watch->counters.spoofers++;
}

/* Adds HASH to a small set; returns how many there are. Beyond SIZE none is added. */
static uint8_t set_add(uint32_t *set, uint8_t size, uint8_t *count, uint32_t hash)
{
        for (uint8_t i = 0; i < *count; i++)
                if (set[i] == hash)
                        return *count;
        if (*count < size)
                set[(*count)++] = hash;
        return *count;
}

static uint32_t stem_hash(const struct watch *watch, const struct nb_name *name)
{
        return (uint32_t)hash_bytes(name->bytes, NB_SUFFIX_AT, watch->table.seed);
}

/* ---- baits -------------------------------------------------------------------------------------------------------- */

bool spoof_is_bait(const struct watch *watch, const struct nb_name *name)
{
        const size_t count = watch->bait_count < WATCH_MAX_BAITS ? watch->bait_count : WATCH_MAX_BAITS;

        for (size_t i = 0; i < count; i++)
                if (nb_name_same_stem(&watch->baits[i], name))
                        return true;
        return false;
}

void watch_bait_add(struct watch *watch, const struct nb_name *name)
{
        watch->baits[watch->bait_count++ % WATCH_MAX_BAITS] = *name;
}

void spoof_bait_other(struct watch *watch, const struct seen *seen)
{
        struct suspect *suspect = suspect_of(watch, seen);

        if (!suspect)
                return;
        fire(suspect, seen, WATCH_RULE_BAIT_OTHER, 0, 0);
        tell(watch, seen, suspect);
}

/* ---- answers ------------------------------------------------------------------------------------------------------ */

static bool is_wpad(const struct nb_name *name)
{
        const struct nb_name wpad = nb_name_make("WPAD", 0), isatap = nb_name_make("ISATAP", 0);

        return nb_name_same_stem(name, &wpad) || nb_name_same_stem(name, &isatap);
}

/* Answers that nobody asked for: who guesses ids sends many for one name to one victim. Lost questions make some, never such runs. */
static void count_unmatched(struct suspect *suspect, const struct seen *seen)
{
        const uint32_t client = seen->link->destination;
        const uint16_t id = seen->packet->header.id;
        const bool same_run = suspect->unmatched_hash == seen->hash && suspect->unmatched_client == client &&
                              seen->time.us - suspect->unmatched_us <= (int64_t)SPOOF_UNMATCHED_MS * 1000;

        if (!same_run) {
                suspect->unmatched_hash = seen->hash;
                suspect->unmatched_client = client;
                suspect->unmatched_us = seen->time.us;
                suspect->unmatched_count = 0;
        } else if (suspect->unmatched_id == id) {
                return;
        }
        suspect->unmatched_id = id;
        if (++suspect->unmatched_count >= SPOOF_UNMATCHED_IDS)
                fire(suspect, seen, WATCH_RULE_UNMATCHED, suspect->unmatched_count, client);
}

/* Answers that name another machine: a proxy's name different ones; a spoofer's the one it works for. */
static void count_foreign(struct watch *watch, struct suspect *suspect, const struct seen *seen, uint32_t target)
{
        if (suspect->target && suspect->target != target)
                suspect->targets_vary = true;
        suspect->target = target;
        const uint8_t count = set_add(suspect->others, NBT_ARRAY_SIZE(suspect->others), &suspect->other_count,
                                      stem_hash(watch, seen->name));
        if (!suspect->targets_vary && count >= SPOOF_MANY_NAMES)
                fire(suspect, seen, WATCH_RULE_MANY, count, target);
}

static void count_own(struct watch *watch, struct suspect *suspect, const struct seen *seen, bool other_holder)
{
        const struct station_entry *station = table_station(&watch->table, seen->station);
        const uint8_t count = set_add(suspect->answered, NBT_ARRAY_SIZE(suspect->answered), &suspect->answered_count,
                                      stem_hash(watch, seen->name));
        const uint32_t vain = recent_vain_count(&watch->recent, seen->hash, seen->time.us);

        if (count >= SPOOF_MANY_NAMES)
                fire(suspect, seen, WATCH_RULE_MANY, count, 0);
        if (vain && !other_holder)
                fire(suspect, seen, WATCH_RULE_NOBODY, vain, 0);
        if (count >= SPOOF_NOTHING_NAMES && station->claims == 0)
                fire(suspect, seen, WATCH_RULE_NOTHING, count, 0);
        if (other_holder && station->claims == 0)
                fire(suspect, seen, WATCH_RULE_TWIN, 0, 0);
}

void spoof_answer(struct watch *watch, const struct seen *seen, uint32_t target, enum spoof_answer_how how,
                  bool own_word, bool other_holder)
{
        const struct station_entry *station = table_station(&watch->table, seen->station);
        const bool bait = spoof_is_bait(watch, seen->name);

        if (station->flags & STATION_ALLOWED || (own_word && !bait))
                return;
        if (station->flags & STATION_SERVER && !bait && how == SPOOF_ANSWER_MATCHED)
                return;
        struct suspect *suspect = suspect_of(watch, seen);
        if (!suspect)
                return;
        if (bait)
                fire(suspect, seen, WATCH_RULE_BAIT, 0, 0);
        if (how == SPOOF_ANSWER_UNMATCHED)
                count_unmatched(suspect, seen);
        if (is_wpad(seen->name) && !suspect->targets_vary)
                fire(suspect, seen, WATCH_RULE_WPAD, 0, target);
        if (target == seen->link->source)
                count_own(watch, suspect, seen, other_holder);
        else
                count_foreign(watch, suspect, seen, target);
        tell(watch, seen, suspect);
}

void spoof_twin(struct watch *watch, const struct seen *seen, uint32_t address)
{
        const uint32_t number = table_station_find(&watch->table, address);
        const struct station_entry *station = number ? table_station(&watch->table, number) : NULL;

        if (!station || station->claims || station->flags & (STATION_ALLOWED | STATION_SERVER))
                return;
        struct suspect *suspect = suspect_at_station(watch, seen, number);
        if (!suspect || suspect->rules & BIT(WATCH_RULE_TWIN))
                return;
        fire(suspect, seen, WATCH_RULE_TWIN, 0, seen->link->source);
        tell(watch, seen, suspect);
}

/* ---- denials and demands ------------------------------------------------------------------------------------------ */

void spoof_negative(struct watch *watch, const struct seen *seen, bool refusal)
{
        const struct station_entry *station = table_station(&watch->table, seen->station);

        if (station->flags & (STATION_ALLOWED | STATION_SERVER))
                return;
        struct suspect *suspect = suspect_of(watch, seen);
        if (!suspect)
                return;
        const uint8_t count = set_add(suspect->refused, NBT_ARRAY_SIZE(suspect->refused), &suspect->refused_count,
                                      stem_hash(watch, seen->name));
        /* to deny a broadcast question is no node's business; to refuse a few names may be a holder's that we know too little of */
        if (!refusal || (count >= SPOOF_NEGATIVE_NAMES && station->claims == 0))
                fire(suspect, seen, WATCH_RULE_NEGATIVE, count, seen->link->destination);
        tell(watch, seen, suspect);
}

void spoof_demand(struct watch *watch, const struct seen *seen, uint32_t peer)
{
        if (table_station(&watch->table, seen->station)->flags & (STATION_ALLOWED | STATION_SERVER))
                return;
        struct suspect *suspect = suspect_of(watch, seen);
        if (!suspect)
                return;
        fire(suspect, seen, WATCH_RULE_DEMAND, 0, peer);
        tell(watch, seen, suspect);
}
