#include "base/hash.h"
#include "watch/internal.h"

#include <string.h>

struct watch_event *event_add(struct watch *watch, const struct seen *seen, enum watch_event_type type)
{
        struct watch_event *event = arena_alloc(seen->out->arena, sizeof(*event));

        if (!event) {
                watch->counters.lost_events++;
                return NULL;
        }
        event->type = type;
        event->time = seen->time;
        event->frame = seen->frame;
        event->name = *seen->name;
        event->scope = &watch->table.scopes[seen->scope];
        if (seen->packet) {
                event->opcode = seen->packet->header.opcode;
                event->rcode = seen->packet->header.rcode;
        }
        if (seen->out->last)
                seen->out->last->next = event;
        else
                seen->out->first = event;
        seen->out->last = event;
        return event;
}

static void copy_mac(struct watch_holder *holder, bool has_mac, const uint8_t mac[6])
{
        holder->has_mac = has_mac;
        if (has_mac)
                memcpy(holder->mac, mac, 6);
}

struct watch_holder event_holder(const struct watch *watch, uint32_t holder)
{
        struct watch_holder view = {0};

        if (!holder)
                return view;
        const struct holder_entry *entry = table_holder(&watch->table, holder);
        view.address = entry->address;
        copy_mac(&view, entry->flags & HOLDER_MAC, entry->mac);
        view.group = entry->flags & HOLDER_GROUP;
        view.own_word = entry->flags & HOLDER_OWN_WORD;
        view.hearsay = entry->flags & HOLDER_HEARSAY;
        view.conflict = entry->flags & HOLDER_CONFLICT;
        view.state = (enum watch_state)entry->state;
        view.link = entry->link;
        view.server = entry->server;
        view.proofs = entry->proofs;
        view.first = (wall_t){(int64_t)entry->first_s * 1000000};
        view.last = (wall_t){entry->last_us};
        view.proof = (struct watch_proof){
                .kind = (enum watch_proof_kind)entry->proof_kind,
                .frame = entry->proof_frame,
                .time = {entry->proof_us},
                .id = entry->proof_id,
                .source = entry->proof_source,
                .destination = entry->proof_destination,
        };
        return view;
}

struct watch_holder event_stranger(const struct watch *watch, uint32_t address)
{
        struct watch_holder view = {.address = address};
        const uint32_t station = table_station_find(&watch->table, address);

        if (station) {
                const struct station_entry *entry = table_station(&watch->table, station);

                copy_mac(&view, entry->flags & STATION_MAC, entry->mac);
                view.first = (wall_t){(int64_t)entry->first_s * 1000000};
                view.last = (wall_t){entry->last_us};
        }
        return view;
}

uint64_t event_key(const struct watch *watch, const struct seen *seen, enum watch_event_type type, uint32_t a,
                   uint32_t b)
{
        const uint32_t key[4] = {(uint32_t)type, seen->hash, a, b};

        return hash_bytes(key, sizeof(key), watch->table.seed);
}

bool event_is_news(struct watch *watch, const struct seen *seen, enum watch_event_type type, uint32_t a, uint32_t b)
{
        return recent_tell(&watch->recent, event_key(watch, seen, type, a, b), seen->time.us);
}

#define WORD(table, value) ((size_t)(value) < NBT_ARRAY_SIZE(table) && (table)[value] ? (table)[value] : "unknown")

const char *watch_proof_str(enum watch_proof_kind kind)
{
        static const char *const words[] = {
                [WATCH_PROOF_NONE] = "nothing",
                [WATCH_PROOF_CLAIM] = "registration request",
                [WATCH_PROOF_OVERWRITE] = "overwrite demand",
                [WATCH_PROOF_REFRESH] = "refresh",
                [WATCH_PROOF_ACCEPTED] = "registration accepted by a name server",
                [WATCH_PROOF_ANSWER] = "query response",
                [WATCH_PROOF_REFUSAL] = "negative registration response",
                [WATCH_PROOF_TABLE] = "node status response",
                [WATCH_PROOF_RELEASE] = "release request",
                [WATCH_PROOF_DEMAND] = "demand",
                [WATCH_PROOF_KEPT] = "seen in an earlier run",
        };

        return WORD(words, kind);
}

const char *watch_state_str(enum watch_state state)
{
        static const char *const words[] = {
                [WATCH_STATE_CLAIMING] = "claiming", [WATCH_STATE_HELD] = "held",
                [WATCH_STATE_REFUSED] = "refused",   [WATCH_STATE_DEMANDED] = "demanded",
                [WATCH_STATE_RELEASED] = "released",
        };

        return WORD(words, state);
}

const char *watch_rule_str(enum watch_rule rule)
{
        static const char *const words[] = {
                [WATCH_RULE_BAIT] = "bait",
                [WATCH_RULE_MANY] = "many-names",
                [WATCH_RULE_NOBODY] = "nobody-holds",
                [WATCH_RULE_WPAD] = "wpad",
                [WATCH_RULE_NOTHING] = "registers-nothing",
                [WATCH_RULE_TWIN] = "twin-when-asked",
                [WATCH_RULE_DEMAND] = "stranger-demand",
                [WATCH_RULE_NEGATIVE] = "stranger-negative",
                [WATCH_RULE_UNMATCHED] = "unmatched-ids",
                [WATCH_RULE_BAIT_OTHER] = "bait-llmnr-mdns",
        };

        return WORD(words, rule);
}

const char *watch_confidence_str(enum watch_confidence confidence)
{
        static const char *const words[] = {
                [WATCH_CONFIDENCE_NONE] = "none",
                [WATCH_CONFIDENCE_POSSIBLE] = "possible",
                [WATCH_CONFIDENCE_LIKELY] = "likely",
                [WATCH_CONFIDENCE_CONFIRMED] = "confirmed",
        };

        return WORD(words, confidence);
}

const char *watch_event_str(enum watch_event_type type)
{
        static const char *const words[] = {
                [WATCH_EVENT_CLAIM] = "claim",        [WATCH_EVENT_HOLDER] = "holder",
                [WATCH_EVENT_REFUSE] = "refusal",     [WATCH_EVENT_DEMAND] = "demand",
                [WATCH_EVENT_RELEASE] = "release",    [WATCH_EVENT_CONFLICT] = "conflict",
                [WATCH_EVENT_OVER] = "conflict-over", [WATCH_EVENT_SPOOFER] = "spoofer",
                [WATCH_EVENT_PACKET] = "packet",
        };

        return WORD(words, type);
}

const char *watch_packet_str(enum watch_packet_kind kind)
{
        static const char *const words[] = {
                [WATCH_PACKET_OTHER] = "packet",
                [WATCH_PACKET_QUERY] = "name query",
                [WATCH_PACKET_ANSWER] = "query response",
                [WATCH_PACKET_DENIAL] = "negative query response",
                [WATCH_PACKET_TABLE] = "node status response",
                [WATCH_PACKET_CLAIM] = "registration request",
                [WATCH_PACKET_OVERWRITE] = "overwrite demand",
                [WATCH_PACKET_REFRESH] = "refresh",
                [WATCH_PACKET_ACCEPTANCE] = "positive registration response",
                [WATCH_PACKET_REFUSAL] = "negative registration response",
                [WATCH_PACKET_WACK] = "wait acknowledgement",
                [WATCH_PACKET_CONFLICT_DEMAND] = "conflict demand",
                [WATCH_PACKET_RELEASE_DEMAND] = "release demand",
                [WATCH_PACKET_RELEASE] = "release request",
                [WATCH_PACKET_RELEASE_ANSWER] = "release response",
        };

        return WORD(words, kind);
}
