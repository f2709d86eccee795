/* Registrations, refusals, demands and releases: RFC 1002 §4.2.2 to §4.2.11. */
#include "watch/internal.h"

#include <string.h>

static struct station_entry *sender(const struct watch *watch, const struct seen *seen)
{
        return table_station(&watch->table, seen->station);
}

bool claim_is_server(const struct watch *watch, const struct seen *seen)
{
        return sender(watch, seen)->flags & (STATION_SERVER | STATION_ALLOWED);
}

/* The address that a request's record names. */
static bool read_address(const struct seen *seen, struct nbns_address *ret)
{
        if (!seen->packet->has_additional || nbns_rr_address_count(&seen->packet->additional) == 0)
                return false;
        *ret = nbns_rr_address_get(&seen->packet->additional, 0);
        return true;
}

static void remember_request(struct watch *watch, const struct seen *seen)
{
        const struct nbns_header *header = &seen->packet->header;

        recent_ask(&watch->recent, &(struct asked){.us = seen->time.us,
                                                   .client = seen->link->source,
                                                   .destination = seen->link->destination,
                                                   .hash = seen->hash,
                                                   .id = header->id,
                                                   .opcode = header->opcode,
                                                   .broadcast = header->broadcast});
}

/* RFC 1002 §4.2.3: a broadcast registration without RD is the overwrite demand, sent when nobody refused. */
static void describe_claim(const struct seen *seen, struct hold_claim *claim)
{
        const struct nbns_header *header = &seen->packet->header;

        claim->state = WATCH_STATE_HELD;
        if (header->opcode == NBNS_OPCODE_REFRESH || header->opcode == NBNS_OPCODE_REFRESH_ALT) {
                claim->kind = WATCH_PROOF_REFRESH;
        } else if (!header->rd && header->broadcast) {
                claim->kind = WATCH_PROOF_OVERWRITE;
        } else {
                claim->kind = WATCH_PROOF_CLAIM;
                claim->state = WATCH_STATE_CLAIMING;
        }
}

static enum watch_packet_kind packet_kind(enum watch_proof_kind kind)
{
        if (kind == WATCH_PROOF_OVERWRITE)
                return WATCH_PACKET_OVERWRITE;
        return kind == WATCH_PROOF_REFRESH ? WATCH_PACKET_REFRESH : WATCH_PACKET_CLAIM;
}

enum watch_packet_kind claim_request(struct watch *watch, const struct seen *seen)
{
        struct nbns_address record;
        bool is_new = false;

        sender(watch, seen)->claims++;
        watch->counters.claims++;
        if (!read_address(seen, &record)) {
                /* whether it is for a group stood in what is cut off: nobody is made a holder by it */
                if (seen->link->cut)
                        remember_request(watch, seen);
                return seen->link->cut ? WATCH_PACKET_CLAIM : WATCH_PACKET_OTHER;
        }
        const uint32_t source = seen->link->source;
        struct hold_claim claim = {.address = record.address ? record.address : source, .flags = HOLDER_OWN_WORD};
        describe_claim(seen, &claim);
        if (record.nb_flags & NBNS_NB_GROUP)
                claim.flags |= HOLDER_GROUP;
        if (seen->packet->header.opcode == NBNS_OPCODE_MULTIHOMED)
                claim.flags |= HOLDER_MULTIHOMED;
        if (claim.address != source) /* sent by another card of the same machine */
                claim.link = source;
        remember_request(watch, seen);
        const uint32_t holder = hold_note(watch, seen, &claim, &is_new);
        struct watch_event *event = holder && is_new ? event_add(watch, seen, WATCH_EVENT_CLAIM) : NULL;
        if (event)
                event->holder = event_holder(watch, holder);
        if (holder)
                hold_judge(watch, seen, holder);
        return packet_kind(claim.kind);
}

/* ---- responses to claims ------------------------------------------------------------------------------------------ */

/* Any holder entry of the claimant; made if we missed its claim. */
static uint32_t claimant(struct watch *watch, const struct seen *seen)
{
        const uint32_t known = hold_find(watch, seen, seen->link->destination);
        bool is_new = false;

        if (known)
                return known;
        return hold_note(watch, seen,
                         &(struct hold_claim){.address = seen->link->destination,
                                              .kind = WATCH_PROOF_REFUSAL,
                                              .state = WATCH_STATE_REFUSED},
                         &is_new);
}

static void tell_refusal(struct watch *watch, const struct seen *seen, uint32_t loser, uint32_t winner, bool by_server)
{
        const uint32_t source = seen->link->source;

        if (!event_is_news(watch, seen, WATCH_EVENT_REFUSE, source, seen->link->destination))
                return;
        struct watch_event *event = event_add(watch, seen, WATCH_EVENT_REFUSE);
        if (!event)
                return;
        event->holder = event_holder(watch, loser);
        event->peer = winner ? event_holder(watch, winner) : event_stranger(watch, source);
        event->server = by_server ? source : 0;
}

static void refused_by_server(struct watch *watch, const struct seen *seen)
{
        const uint32_t loser = claimant(watch, seen);

        if (!loser)
                return;
        hold_set_state(watch, loser, WATCH_STATE_REFUSED, seen->time);
        tell_refusal(watch, seen, loser, 0, true);
        const struct holder_entry *entry = table_holder(&watch->table, loser);
        hold_conflict(watch, seen, loser, hold_other(watch, entry->name, entry->address), seen->link->source);
}

static void refused_by_node(struct watch *watch, const struct seen *seen)
{
        const uint32_t before = hold_find(watch, seen, seen->link->source);
        const bool known = before && table_holder(&watch->table, before)->flags & HOLDER_OWN_WORD;
        const struct nbns_rr *rr = &seen->packet->answer;
        const bool group = seen->packet->has_answer && nbns_rr_address_count(rr) > 0 &&
                           nbns_rr_address_get(rr, 0).nb_flags & NBNS_NB_GROUP;
        bool is_new = false;

        if (!known)
                spoof_negative(watch, seen, true);
        const uint32_t loser = claimant(watch, seen);
        const uint32_t winner = hold_note(watch, seen,
                                          &(struct hold_claim){.address = seen->link->source,
                                                               .kind = WATCH_PROOF_REFUSAL,
                                                               .state = WATCH_STATE_HELD,
                                                               .flags = HOLDER_OWN_WORD | (group ? HOLDER_GROUP : 0)},
                                          &is_new);
        if (!loser || !winner)
                return;
        hold_set_state(watch, loser, WATCH_STATE_REFUSED, seen->time);
        tell_refusal(watch, seen, loser, winner, false);
        hold_conflict(watch, seen, loser, winner, 0);
}

static void accepted_by_server(struct watch *watch, const struct seen *seen)
{
        bool is_new = false;

        if (seen->link->cut) /* it may be a group's */
                return;
        const uint32_t known = hold_find(watch, seen, seen->link->destination);
        const uint8_t group = known ? table_holder(&watch->table, known)->flags & HOLDER_GROUP : 0;
        const uint32_t holder = hold_note(watch, seen,
                                          &(struct hold_claim){.address = seen->link->destination,
                                                               .kind = WATCH_PROOF_ACCEPTED,
                                                               .state = WATCH_STATE_HELD,
                                                               .flags = HOLDER_OWN_WORD | group},
                                          &is_new);

        if (!holder)
                return;
        table_holder(&watch->table, holder)->server = seen->link->source;
        hold_judge(watch, seen, holder);
}

/* ---- demands ------------------------------------------------------------------------------------------------------ */

/* Who asked, and got two answers, sends the second holder a demand (RFC 1002 §5.1.1.5): that is no stranger. */
static bool was_told_twice(const struct watch *watch, const struct seen *seen)
{
        const uint64_t key = event_key(watch, seen, WATCH_EVENT_MAX, seen->link->source, 0);

        return recent_was_told(&watch->recent, key, seen->time.us);
}

static void demand(struct watch *watch, const struct seen *seen)
{
        const uint32_t source = seen->link->source;
        const uint32_t peer = seen->link->destination;
        const uint32_t mine = hold_find(watch, seen, source);
        const uint32_t theirs = hold_find(watch, seen, peer);
        const bool holds = mine && table_holder(&watch->table, mine)->flags & HOLDER_OWN_WORD;
        const bool server = claim_is_server(watch, seen);

        watch->counters.demands++;
        sender(watch, seen)->demands++;
        if (event_is_news(watch, seen, WATCH_EVENT_DEMAND, source, peer)) {
                struct watch_event *event = event_add(watch, seen, WATCH_EVENT_DEMAND);
                if (event) {
                        event->holder = theirs ? event_holder(watch, theirs) : event_stranger(watch, peer);
                        event->peer = mine ? event_holder(watch, mine) : event_stranger(watch, source);
                        event->server = server ? source : 0;
                }
        }
        if (!server && !holds && !was_told_twice(watch, seen)) {
                spoof_demand(watch, seen, peer);
                return;
        }
        if (!theirs)
                return;
        const uint32_t rival = holds ? mine : hold_other(watch, table_holder(&watch->table, theirs)->name, peer);
        if (server || rival)
                hold_conflict(watch, seen, theirs, rival, server ? source : 0);
        hold_set_state(watch, theirs, WATCH_STATE_DEMANDED, seen->time);
}

enum watch_packet_kind claim_response(struct watch *watch, const struct seen *seen)
{
        const struct nbns_header *header = &seen->packet->header;
        const struct asked *asked =
                recent_find(&watch->recent, seen->link->destination, header->id, seen->hash, seen->time.us);
        const bool by_server = asked && !asked->broadcast && asked->destination == seen->link->source;

        if (by_server)
                sender(watch, seen)->flags |= STATION_SERVER;
        if (header->opcode == NBNS_OPCODE_WACK)
                return WATCH_PACKET_WACK;
        if (header->rcode == NBNS_RCODE_OK) {
                if (by_server)
                        accepted_by_server(watch, seen);
                return WATCH_PACKET_ACCEPTANCE;
        }
        if (header->rcode == NBNS_RCODE_CFT_ERR && !asked) {
                demand(watch, seen);
                return WATCH_PACKET_CONFLICT_DEMAND;
        }
        watch->counters.refusals++;
        sender(watch, seen)->refusals++;
        if (by_server)
                refused_by_server(watch, seen);
        else
                refused_by_node(watch, seen);
        return WATCH_PACKET_REFUSAL;
}

/* ---- releases ----------------------------------------------------------------------------------------------------- */

static bool holds_by_word(const struct watch *watch, uint32_t holder)
{
        return holder && table_holder(&watch->table, holder)->flags & HOLDER_OWN_WORD &&
               table_holder(&watch->table, holder)->state != WATCH_STATE_RELEASED;
}

static bool same_card(const struct watch *watch, const struct seen *seen, uint32_t holder)
{
        const struct holder_entry *entry = table_holder(&watch->table, holder);

        return entry->link == seen->link->source || (entry->flags & HOLDER_MAC && seen->link->has_source_mac &&
                                                     memcmp(entry->mac, seen->link->source_mac, 6) == 0);
}

/*
 * RFC 1002 §4.2.9: the request of who gives a name up, and the demand that another give it up, are one packet. It is a demand when
 * it is sent to one machine that holds the name (or that the record names), by one that does not.
 */
enum watch_packet_kind claim_release(struct watch *watch, const struct seen *seen)
{
        struct nbns_address record = {0};
        const uint32_t source = seen->link->source;
        const uint32_t peer = seen->link->destination;

        watch->counters.releases++;
        (void)read_address(seen, &record);
        const uint32_t address = record.address ? record.address : source;
        const uint32_t holder = hold_find(watch, seen, address);
        const uint32_t theirs = hold_find(watch, seen, peer);
        const bool own = address == source || (holder && same_card(watch, seen, holder));
        const bool to_one = !seen->packet->header.broadcast;
        const bool to_holder = to_one && (holds_by_word(watch, theirs) || address == peer);

        if (to_holder && !(own && holds_by_word(watch, holder))) {
                demand(watch, seen);
                return WATCH_PACKET_RELEASE_DEMAND;
        }
        if (own && holder)
                hold_end(watch, seen, holder);
        else if (!own && holds_by_word(watch, holder) && !claim_is_server(watch, seen))
                spoof_demand(watch, seen, address);
        return WATCH_PACKET_RELEASE;
}
