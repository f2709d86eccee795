/* Questions and answers: RFC 1002 §4.2.12 to §4.2.18. */
#include "watch/internal.h"

#include "base/ip4.h"
#include "wire/nbstat.h"

#define ANSWER_ADDRESSES_MAX 25u /* members of one answer looked at: what a name server gives at most */

static struct station_entry *sender(const struct watch *watch, const struct seen *seen)
{
        return table_station(&watch->table, seen->station);
}

enum watch_packet_kind answer_query(struct watch *watch, const struct seen *seen)
{
        const struct nbns_header *header = &seen->packet->header;

        sender(watch, seen)->queries++;
        watch->counters.queries++;
        if (seen->packet->question.type != NBNS_TYPE_NB)
                return WATCH_PACKET_OTHER;
        recent_ask(&watch->recent, &(struct asked){.us = seen->time.us,
                                                   .client = seen->link->source,
                                                   .destination = seen->link->destination,
                                                   .hash = seen->hash,
                                                   .id = header->id,
                                                   .opcode = header->opcode,
                                                   .broadcast = header->broadcast});
        if (header->broadcast)
                recent_vain_ask(&watch->recent, seen->hash, seen->time.us);
        return WATCH_PACKET_QUERY;
}

/* ---- positive answers --------------------------------------------------------------------------------------------- */

static void tell_holder(struct watch *watch, const struct seen *seen, uint32_t holder, bool is_new)
{
        if (!holder)
                return;
        if (is_new) {
                struct watch_event *event = event_add(watch, seen, WATCH_EVENT_HOLDER);
                if (event)
                        event->holder = event_holder(watch, holder);
        }
        hold_judge(watch, seen, holder);
}

static bool names_itself(const struct seen *seen, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (nbns_rr_address_get(&seen->packet->answer, i).address == seen->link->source)
                        return true;
        return false;
}

static void note_addresses(struct watch *watch, const struct seen *seen, size_t count, bool by_itself)
{
        for (size_t i = 0; i < count; i++) {
                const struct nbns_address record = nbns_rr_address_get(&seen->packet->answer, i);
                const bool group = record.nb_flags & NBNS_NB_GROUP;
                struct hold_claim claim = {
                        .address = record.address, .kind = WATCH_PROOF_ANSWER, .state = WATCH_STATE_HELD};
                bool is_new = false;

                if (record.address == 0 || record.address == IP4_BROADCAST) /* what a name server says of a group */
                        continue;
                if (group)
                        claim.flags |= HOLDER_GROUP;
                if (record.address != seen->link->source && (group || !by_itself))
                        claim.flags |= HOLDER_HEARSAY;
                else if (record.address != seen->link->source)
                        claim.link = seen->link->source;
                const uint32_t holder = hold_note(watch, seen, &claim, &is_new);
                tell_holder(watch, seen, holder, is_new);
        }
}

/* The rules for answers, before the answer changes what is known. */
static void apply_rules(struct watch *watch, const struct seen *seen, bool matched, bool by_itself)
{
        const uint32_t mine = hold_find(watch, seen, seen->link->source);
        const bool own_word = mine && table_holder(&watch->table, mine)->flags & HOLDER_OWN_WORD;
        const uint32_t name = table_name_find(&watch->table, seen->hash, seen->name, seen->scope);
        const bool other = name && hold_other(watch, name, seen->link->source);
        const uint32_t target = by_itself ? seen->link->source : nbns_rr_address_get(&seen->packet->answer, 0).address;

        spoof_answer(watch, seen, target, matched ? SPOOF_ANSWER_MATCHED : SPOOF_ANSWER_UNMATCHED, own_word, other);
}

static void note_answerer(struct watch *watch, const struct seen *seen, struct asked *asked)
{
        recent_vain_answered(&watch->recent, seen->hash);
        if (!asked)
                return;
        if (asked->answerer && asked->answerer != seen->link->source && !asked->two_answers) {
                asked->two_answers = true;
                (void)recent_tell(&watch->recent, event_key(watch, seen, WATCH_EVENT_MAX, asked->client, 0),
                                  seen->time.us);
        }
        asked->answerer = seen->link->source;
}

static void positive(struct watch *watch, const struct seen *seen, struct asked *asked)
{
        const struct nbns_rr *rr = &seen->packet->answer;
        size_t count = nbns_rr_address_count(rr);

        sender(watch, seen)->answers++;
        watch->counters.answers++;
        if (count == 0)
                return;
        count = count < ANSWER_ADDRESSES_MAX ? count : ANSWER_ADDRESSES_MAX;
        const bool by_itself = names_itself(seen, count);
        const bool asked_alone = asked && !asked->broadcast && asked->destination == seen->link->source;
        if (asked_alone && !by_itself && seen->packet->header.ra)
                sender(watch, seen)->flags |= STATION_SERVER;
        if (asked && asked->broadcast && !by_itself)
                sender(watch, seen)->flags |= STATION_PROXY;
        if (!asked_alone && !(nbns_rr_address_get(rr, 0).nb_flags & NBNS_NB_GROUP))
                apply_rules(watch, seen, asked != NULL, by_itself);
        note_answerer(watch, seen, asked);
        const uint32_t mine = hold_find(watch, seen, seen->link->source);
        const bool own_word = mine && table_holder(&watch->table, mine)->flags & HOLDER_OWN_WORD;
        if (!own_word && spoof_is_likely(watch, seen->link->source))
                return; /* a liar's answers are no holders */
        note_addresses(watch, seen, count, by_itself);
        if (own_word && asked && by_itself)
                hold_accuse(watch, seen, mine);
}

static void negative(struct watch *watch, const struct seen *seen, const struct asked *asked)
{
        watch->counters.negatives++;
        if (asked && !asked->broadcast && asked->destination == seen->link->source && seen->packet->header.ra)
                sender(watch, seen)->flags |= STATION_SERVER;
        else if (asked && asked->broadcast && !claim_is_server(watch, seen))
                spoof_negative(watch, seen, false);
}

/* ---- node status -------------------------------------------------------------------------------------------------- */

static void table_row(struct watch *watch, const struct seen *packet, const struct nbstat_entry *row)
{
        struct seen seen = *packet;
        const bool conflict = row->name_flags & NBSTAT_CONFLICT;
        struct hold_claim claim = {.address = seen.link->source,
                                   .kind = WATCH_PROOF_TABLE,
                                   .state = conflict ? WATCH_STATE_REFUSED : WATCH_STATE_HELD,
                                   .flags = HOLDER_OWN_WORD};
        bool is_new = false;

        if (!(row->name_flags & NBSTAT_ACTIVE) || row->name_flags & NBSTAT_DEREGISTERING)
                return;
        if (row->name_flags & NBSTAT_GROUP)
                claim.flags |= HOLDER_GROUP;
        seen.name = &row->name;
        seen.hash = table_name_hash(&watch->table, &row->name, seen.scope);
        const uint32_t holder = hold_note(watch, &seen, &claim, &is_new);
        tell_holder(watch, &seen, holder, is_new);
        if (holder && conflict)
                hold_conflict(watch, &seen, holder,
                              hold_other(watch, table_holder(&watch->table, holder)->name, claim.address), 0);
        follow_tell(watch, &seen, WATCH_PACKET_TABLE);
}

static void status(struct watch *watch, const struct seen *seen)
{
        struct nbstat_table table;

        watch->counters.tables++;
        if (seen->link->cut)
                return;
        if (nbstat_table_decode(seen->packet->answer.rdata, seen->packet->answer.rdata_len_bytes, &table) < 0) {
                watch->counters.malformed++;
                return;
        }
        sender(watch, seen)->claims += table.count > 0;
        for (size_t i = 0; i < table.count; i++)
                table_row(watch, seen, &table.entries[i]);
}

enum watch_packet_kind answer_response(struct watch *watch, const struct seen *seen)
{
        const struct nbns_packet *packet = seen->packet;

        if (packet->header.rcode == NBNS_RCODE_OK && packet->has_answer && packet->answer.type == NBNS_TYPE_NBSTAT) {
                status(watch, seen);
                return WATCH_PACKET_OTHER; /* each row was told */
        }
        struct asked *asked =
                recent_find(&watch->recent, seen->link->destination, packet->header.id, seen->hash, seen->time.us);
        if (packet->header.rcode != NBNS_RCODE_OK) {
                negative(watch, seen, asked);
                return WATCH_PACKET_DENIAL;
        }
        if (!packet->has_answer || packet->answer.type != NBNS_TYPE_NB)
                return WATCH_PACKET_OTHER;
        positive(watch, seen, asked);
        return WATCH_PACKET_ANSWER;
}
