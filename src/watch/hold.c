/* Who holds a name, and when two do. */
#include "base/ip4.h"
#include "watch/internal.h"

#include <string.h>

uint32_t hold_find(const struct watch *watch, const struct seen *seen, uint32_t address)
{
        const uint32_t name = table_name_find(&watch->table, seen->hash, seen->name, seen->scope);

        return name ? table_holder_find(&watch->table, name, address) : 0;
}

static void wait_for(struct watch *watch, const struct holder_entry *entry, wall_t now)
{
        if (watch->waiting_count == CLAIMS_WAITING) {
                watch->waiting_first = (watch->waiting_first + 1) % CLAIMS_WAITING;
                watch->waiting_count--;
        }
        watch->waiting[(watch->waiting_first + watch->waiting_count++) % CLAIMS_WAITING] = (struct waiting_claim){
                .due_us = now.us + (int64_t)WATCH_CLAIM_MS * 1000, .name = entry->name, .address = entry->address};
}

/* The one place where a holder changes state. */
void hold_set_state(struct watch *watch, uint32_t holder, enum watch_state state, wall_t now)
{
        struct holder_entry *entry = table_holder(&watch->table, holder);

        if (entry->state == (uint8_t)state && entry->proof_kind != WATCH_PROOF_NONE)
                return;
        entry->state = (uint8_t)state;
        entry->flags |= HOLDER_CHANGED;
        if (state == WATCH_STATE_CLAIMING)
                wait_for(watch, entry, now);
}

static void take_proof(struct holder_entry *entry, const struct seen *seen, enum watch_proof_kind kind)
{
        entry->proof_kind = (uint8_t)kind;
        entry->proof_frame = seen->frame;
        entry->proof_us = seen->time.us;
        entry->proof_id = seen->packet ? seen->packet->header.id : 0;
        entry->proof_source = seen->link->source;
        entry->proof_destination = seen->link->destination;
}

static void take_flags(struct holder_entry *entry, const struct seen *seen, const struct hold_claim *claim)
{
        if (claim->flags & HOLDER_OWN_WORD || !(entry->flags & HOLDER_OWN_WORD))
                entry->flags = (uint8_t)((entry->flags & ~HOLDER_GROUP) | (claim->flags & HOLDER_GROUP));
        entry->flags |= claim->flags | HOLDER_CHANGED;
        if (!(claim->flags & HOLDER_HEARSAY))
                entry->flags &= (uint8_t)~HOLDER_HEARSAY;
        if (claim->link)
                entry->link = claim->link;
        if (seen->link->source == claim->address && seen->link->has_source_mac) {
                memcpy(entry->mac, seen->link->source_mac, 6);
                entry->flags |= HOLDER_MAC;
        }
}

/* Its own kinds of proof since it took the name (anew); what others say of it, and to it, is none. */
static void note_kind(struct holder_entry *entry, const struct seen *seen, const struct hold_claim *claim, bool is_new)
{
        if (is_new)
                entry->proofs = 0;
        if (!(claim->flags & HOLDER_HEARSAY) &&
            (claim->kind != WATCH_PROOF_REFUSAL || seen->link->source == claim->address))
                entry->proofs |= (uint16_t)(1u << claim->kind);
}

/* What a claim does to one who was refused before: nothing, until it shows that it holds the name. */
static enum watch_state next_state(const struct holder_entry *entry, bool is_new, enum watch_state wanted)
{
        if (!is_new && wanted == WATCH_STATE_CLAIMING)
                return (enum watch_state)entry->state;
        return wanted;
}

uint32_t hold_note(struct watch *watch, const struct seen *seen, const struct hold_claim *claim, bool *ret_new)
{
        struct table *table = &watch->table;
        const uint32_t name = table_name_get(table, seen->hash, seen->name, seen->scope, seen->time);
        const uint32_t holder = name ? table_holder_get(table, name, claim->address, seen->time, ret_new) : 0;

        if (!holder)
                return 0;
        struct holder_entry *entry = table_holder(table, holder);
        const bool only_heard = claim->flags & HOLDER_HEARSAY && !(entry->flags & HOLDER_HEARSAY) && !*ret_new;
        if (entry->state == WATCH_STATE_RELEASED && claim->state <= WATCH_STATE_HELD && !only_heard)
                *ret_new = true;
        if (only_heard) /* hearsay about one that spoke for itself */
                return holder;
        note_kind(entry, seen, claim, *ret_new);
        take_flags(entry, seen, claim);
        hold_set_state(watch, holder, next_state(entry, *ret_new, claim->state), seen->time);
        take_proof(entry, seen, claim->kind);
        entry->last_us = seen->time.us;
        return holder;
}

/* ---- one machine or two ------------------------------------------------------------------------------------------- */

static const uint8_t *mac_of(const struct watch *watch, const struct holder_entry *entry)
{
        if (entry->flags & HOLDER_MAC)
                return entry->mac;
        const uint32_t station = table_station_find(&watch->table, entry->address);
        if (station && table_station(&watch->table, station)->flags & STATION_MAC)
                return table_station(&watch->table, station)->mac;
        return NULL;
}

static bool same_machine(const struct watch *watch, const struct holder_entry *a, const struct holder_entry *b)
{
        if (a->flags & b->flags & HOLDER_MULTIHOMED)
                return true;
        if (a->link == b->address || b->link == a->address || (a->link && a->link == b->link))
                return true;
        const uint8_t *mac_a = mac_of(watch, a);
        const uint8_t *mac_b = mac_of(watch, b);
        return mac_a && mac_b && !mac_is_zero(mac_a) && memcmp(mac_a, mac_b, 6) == 0 &&
               !table_mac_is_router(&watch->table, mac_a);
}

uint32_t hold_other(const struct watch *watch, uint32_t name, uint32_t address)
{
        const struct table *table = &watch->table;
        const uint32_t own = table_holder_find(table, name, address);
        const struct holder_entry stranger = {.address = address};
        const struct holder_entry *mine = own ? table_holder(table, own) : &stranger;

        for (uint32_t at = table_name(table, name)->holders; at; at = table_holder(table, at)->sibling) {
                const struct holder_entry *entry = table_holder(table, at);

                if (entry->address != address && entry->state == WATCH_STATE_HELD && entry->flags & HOLDER_OWN_WORD &&
                    !same_machine(watch, mine, entry))
                        return at;
        }
        return 0;
}

/* ---- conflicts ---------------------------------------------------------------------------------------------------- */

/* Has the machine shown life since US? A holder that has not may be long gone, or be the same computer with a new address. */
static bool lives_since(const struct watch *watch, const struct holder_entry *entry, int64_t us)
{
        if (entry->last_us >= us)
                return true;
        const uint32_t station = table_station_find(&watch->table, entry->address);
        return station && table_station(&watch->table, station)->last_us >= us;
}

static bool is_party(const struct watch *watch, const struct holder_entry *entry)
{
        if (entry->state != WATCH_STATE_HELD || entry->flags & HOLDER_HEARSAY)
                return false;
        return entry->flags & HOLDER_OWN_WORD || !spoof_is_likely(watch, entry->address);
}

static bool is_rival(const struct watch *watch, const struct holder_entry *a, const struct holder_entry *b)
{
        const int64_t newer_us = (int64_t)(a->first_s > b->first_s ? a->first_s : b->first_s) * 1000000;

        return a != b && !(a->flags & b->flags & HOLDER_GROUP) && is_party(watch, b) && !same_machine(watch, a, b) &&
               lives_since(watch, a, newer_us) && lives_since(watch, b, newer_us);
}

void hold_judge(struct watch *watch, const struct seen *seen, uint32_t holder)
{
        const struct table *table = &watch->table;
        const struct holder_entry *entry = table_holder(table, holder);
        const struct name_entry *name = table_name(table, entry->name);

        if (name->members < 2 || entry->flags & HOLDER_CONFLICT || !is_party(watch, entry))
                return;
        for (uint32_t at = name->holders; at; at = table_holder(table, at)->sibling)
                if (is_rival(watch, entry, table_holder(table, at))) {
                        hold_conflict(watch, seen, holder, at, 0);
                        return;
                }
}

void hold_accuse(struct watch *watch, const struct seen *seen, uint32_t holder)
{
        const struct table *table = &watch->table;
        const struct holder_entry *entry = table_holder(table, holder);

        for (uint32_t at = table_name(table, entry->name)->holders; at; at = table_holder(table, at)->sibling) {
                const struct holder_entry *other = table_holder(table, at);

                if (other != entry && other->state == WATCH_STATE_HELD && other->proof_kind == WATCH_PROOF_ANSWER &&
                    !(other->flags & (HOLDER_OWN_WORD | HOLDER_HEARSAY | HOLDER_GROUP)) &&
                    !same_machine(watch, entry, other))
                        spoof_twin(watch, seen, other->address);
        }
}

static bool mark_conflict(struct watch *watch, uint32_t holder)
{
        struct holder_entry *entry = holder ? table_holder(&watch->table, holder) : NULL;

        if (!entry || entry->flags & HOLDER_CONFLICT)
                return false;
        entry->flags |= HOLDER_CONFLICT | HOLDER_CHANGED;
        table_name(&watch->table, entry->name)->flags |= NAME_CONFLICT;
        return true;
}

void hold_conflict(struct watch *watch, const struct seen *seen, uint32_t holder, uint32_t rival, uint32_t server)
{
        const bool one = mark_conflict(watch, holder);
        const bool other = mark_conflict(watch, rival);

        if (!one && !other)
                return;
        watch->counters.conflicts++;
        struct watch_event *event = event_add(watch, seen, WATCH_EVENT_CONFLICT);
        if (!event)
                return;
        event->holder = event_holder(watch, holder);
        event->peer = event_holder(watch, rival);
        event->server = server;
}

/* The name is in conflict no more once at most one of those that were is left. */
static void end_conflict(struct watch *watch, const struct seen *seen, struct name_entry *name)
{
        unsigned left = 0;

        for (uint32_t at = name->holders; at; at = table_holder(&watch->table, at)->sibling)
                left += (table_holder(&watch->table, at)->flags & HOLDER_CONFLICT) != 0;
        if (left > 1)
                return;
        uint32_t last = 0;
        for (uint32_t at = name->holders; at; at = table_holder(&watch->table, at)->sibling) {
                struct holder_entry *entry = table_holder(&watch->table, at);

                if (entry->flags & HOLDER_CONFLICT)
                        last = at;
                entry->flags &= (uint8_t)~HOLDER_CONFLICT;
        }
        name->flags &= (uint8_t)~NAME_CONFLICT;
        struct watch_event *event = event_add(watch, seen, WATCH_EVENT_OVER);
        if (event)
                event->holder = event_holder(watch, last);
}

void hold_end(struct watch *watch, const struct seen *seen, uint32_t holder)
{
        struct holder_entry *entry = table_holder(&watch->table, holder);
        struct name_entry *name = table_name(&watch->table, entry->name);

        if (entry->state == WATCH_STATE_RELEASED)
                return;
        hold_set_state(watch, holder, WATCH_STATE_RELEASED, seen->time);
        take_proof(entry, seen, WATCH_PROOF_RELEASE);
        entry->last_us = seen->time.us;
        entry->flags &= (uint8_t)~HOLDER_CONFLICT;
        struct watch_event *event = event_add(watch, seen, WATCH_EVENT_RELEASE);
        if (event)
                event->holder = event_holder(watch, holder);
        if (name->flags & NAME_CONFLICT)
                end_conflict(watch, seen, name);
}

/* ---- time --------------------------------------------------------------------------------------------------------- */

static void ripen(struct watch *watch, const struct waiting_claim *claim, wall_t now, struct watch_events *out)
{
        /* the name may have gone and its number be another's */
        if (claim->name >= watch->table.names.top || !table_name(&watch->table, claim->name)->used)
                return;
        const uint32_t holder = table_holder_find(&watch->table, claim->name, claim->address);
        if (!holder || table_holder(&watch->table, holder)->state != WATCH_STATE_CLAIMING)
                return;
        const struct name_entry *name = table_name(&watch->table, claim->name);
        const struct seen seen = {
                .time = now, .name = &name->name, .scope = name->scope, .hash = name->hash, .out = out};

        hold_set_state(watch, holder, WATCH_STATE_HELD, now);
        hold_judge(watch, &seen, holder);
}

void hold_ripen(struct watch *watch, wall_t now, struct watch_events *out)
{
        while (watch->waiting_count && watch->waiting[watch->waiting_first].due_us <= now.us) {
                const struct waiting_claim claim = watch->waiting[watch->waiting_first];

                watch->waiting_first = (watch->waiting_first + 1) % CLAIMS_WAITING;
                watch->waiting_count--;
                ripen(watch, &claim, now, out);
        }
}
