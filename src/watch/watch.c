
#include "watch/bait.h"
#include "watch/internal.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_NAMES 1100000u
#define DEFAULT_HOLDERS 1300000u
#define DEFAULT_STATIONS 400000u
#define DEFAULT_SUSPECTS 8192u
#define LIMIT_MAX (UINT32_C(1) << 28)

static bool set_limits(struct watch_limits *limits)
{
        limits->names = limits->names ? limits->names : DEFAULT_NAMES;
        limits->holders = limits->holders ? limits->holders : DEFAULT_HOLDERS;
        limits->stations = limits->stations ? limits->stations : DEFAULT_STATIONS;
        limits->suspects = limits->suspects ? limits->suspects : DEFAULT_SUSPECTS;
        return limits->names <= LIMIT_MAX && limits->holders <= LIMIT_MAX && limits->stations <= LIMIT_MAX &&
               limits->suspects <= LIMIT_MAX;
}

int watch_new(struct watch **ret, const struct watch_options *options)
{
        struct watch_limits limits = options->limits;

        if (!set_limits(&limits) || options->allowed_count > WATCH_MAX_ALLOWED)
                return NBT_ERR_RANGE;
        struct watch *watch = calloc(1, sizeof(*watch));
        if (!watch)
                return NBT_ERR_NOMEM;
        if (table_init(&watch->table, &limits, options->seed) < 0 || recent_init(&watch->recent, options->seed) < 0 ||
            spoof_init(&watch->spoof, limits.suspects) < 0) {
                watch_free(watch);
                return NBT_ERR_NOMEM;
        }
        watch->allowed_count = options->allowed_count;
        if (options->allowed_count)
                memcpy(watch->allowed, options->allowed, options->allowed_count * sizeof(uint32_t));
        *ret = watch;
        return 0;
}

struct watch *watch_free(struct watch *watch)
{
        if (!watch)
                return NULL;
        table_done(&watch->table);
        recent_done(&watch->recent);
        spoof_done(&watch->spoof);
        free(watch);
        return NULL;
}

/* ---- one packet --------------------------------------------------------------------------------------------------- */

static bool is_allowed(const struct watch *watch, uint32_t address)
{
        for (size_t i = 0; i < watch->allowed_count; i++)
                if (watch->allowed[i] == address)
                        return true;
        return false;
}

/* ASSUMPTION: a broadcast, or a time to live that no router has lowered: systems start with one of these. */
static bool is_local(const struct frame *frame)
{
        return (frame->has_destination_mac && frame->destination_mac[0] & 1) || frame->ttl == 32 || frame->ttl == 64 ||
               frame->ttl == 128 || frame->ttl == 255;
}

static uint32_t meet_station(struct watch *watch, wall_t time, const struct frame *frame)
{
        const uint32_t number = table_station_get(&watch->table, frame->source, time);

        if (!number)
                return 0;
        struct station_entry *station = table_station(&watch->table, number);
        if (station->packets == 0 && is_allowed(watch, frame->source))
                station->flags |= STATION_ALLOWED;
        if (frame->has_source_mac &&
            (!(station->flags & STATION_MAC) || memcmp(station->mac, frame->source_mac, 6) != 0)) {
                memcpy(station->mac, frame->source_mac, 6);
                station->flags |= STATION_MAC;
                table_mac_note(&watch->table, frame->source_mac, frame->source);
        }
        if (is_local(frame))
                station->flags |= STATION_LOCAL;
        station->packets++;
        station->last_us = time.us;
        return number;
}

/* 0.0.0.0, loopback's neighbours apart from it, multicast and broadcast are nobody's address. */
static bool is_sender(uint32_t address)
{
        return address != 0 && address < UINT32_C(0xE0000000);
}

static enum watch_packet_kind dispatch(struct watch *watch, const struct seen *seen)
{
        const struct nbns_header *header = &seen->packet->header;

        switch ((enum nbns_opcode)header->opcode) {
        case NBNS_OPCODE_QUERY:
                if (header->response)
                        return answer_response(watch, seen);
                return seen->packet->has_question ? answer_query(watch, seen) : WATCH_PACKET_OTHER;
        case NBNS_OPCODE_REGISTRATION:
        case NBNS_OPCODE_REFRESH:
        case NBNS_OPCODE_REFRESH_ALT:
        case NBNS_OPCODE_MULTIHOMED:
                return header->response ? claim_response(watch, seen) : claim_request(watch, seen);
        case NBNS_OPCODE_WACK:
                return header->response ? claim_response(watch, seen) : WATCH_PACKET_OTHER;
        case NBNS_OPCODE_RELEASE:
                return header->response ? WATCH_PACKET_RELEASE_ANSWER : claim_release(watch, seen);
        default: /* reserved */
                return WATCH_PACKET_OTHER;
        }
}

/* ---- a batch of frames -------------------------------------------------------------------------------------------- */

static bool is_name_service(const struct frame *frame)
{
        return frame->destination_port == NBNS_PORT || frame->source_port == NBNS_PORT;
}

static void prepare_packet(struct watch *watch, struct prepared *p)
{
        const struct nbns_packet *packet = &p->packet;

        p->decoded = nbns_packet_decode(p->frame.payload, p->frame.payload_len_bytes, &p->packet);
        if (p->decoded == NBT_ERR_TRUNCATED && p->frame.cut)
                p->decoded = nbns_packet_decode_cut(p->frame.payload, p->frame.payload_len_bytes, &p->packet);
        else
                p->frame.cut = false; /* what is missing is not missed */
        if (p->decoded == 0 && !packet->has_question && !packet->has_answer)
                p->decoded = NBT_ERR_MALFORMED;
        if (p->decoded < 0)
                return;
        const struct nb_scope *scope = packet->has_question ? &packet->question.scope : &packet->answer.scope;
        if (!is_sender(p->frame.source) || !table_scope(&watch->table, scope, &p->scope)) {
                p->decoded = NBT_ERR_MALFORMED;
                return;
        }
        p->name = packet->has_question ? &packet->question.name : &packet->answer.name;
        p->hash = table_name_hash(&watch->table, p->name, p->scope);
        table_fetch_heads(&watch->table, p->hash, p->frame.source);
        recent_fetch(&watch->recent, packet->header.response ? p->frame.destination : p->frame.source,
                     packet->header.id, p->hash);
}

static void prepare(struct watch *watch, const struct watch_input *input, struct prepared *p)
{
        p->name = NULL;
        p->verdict = frame_decode(input->link, input->bytes, input->len_bytes, &p->frame);
        if (p->verdict == FRAME_UDP && is_name_service(&p->frame))
                prepare_packet(watch, p);
}

static void count_at(uint64_t *count, uint64_t *first, uint64_t frame)
{
        if ((*count)++ == 0)
                *first = frame;
}

static void count_unread(struct watch_counters *counters, enum frame_verdict verdict, uint64_t frame)
{
        switch (verdict) {
        case FRAME_FRAGMENT:
                counters->fragments++;
                break;
        case FRAME_TRUNCATED:
                count_at(&counters->truncated, &counters->first_truncated, frame);
                break;
        case FRAME_MALFORMED:
                count_at(&counters->malformed, &counters->first_malformed, frame);
                break;
        case FRAME_UNSUPPORTED:
                counters->unsupported++;
                break;
        case FRAME_UDP:
        case FRAME_OTHER:
        case FRAME_VERDICT_MAX:
        default:
                counters->not_ours++;
                break;
        }
}

static void take_packet(struct watch *watch, const struct prepared *p, struct seen *seen)
{
        watch->counters.datagrams++;
        if (!p->name) {
                count_unread(&watch->counters, p->decoded == NBT_ERR_TRUNCATED ? FRAME_TRUNCATED : FRAME_MALFORMED,
                             seen->frame);
                return;
        }
        if (p->frame.cut)
                count_unread(&watch->counters, FRAME_TRUNCATED, seen->frame);
        watch->counters.packets++;
        seen->packet = &p->packet;
        seen->name = p->name;
        seen->scope = p->scope;
        seen->hash = p->hash;
        seen->station = meet_station(watch, seen->time, seen->link);
        if (seen->station)
                follow_tell(watch, seen, dispatch(watch, seen));
}

static void take_other(struct watch *watch, struct seen *seen)
{
        struct nb_name name;

        watch->counters.not_ours++;
        if (seen->link->source_port != BAIT_LLMNR_PORT && seen->link->source_port != BAIT_MDNS_PORT)
                return;
        if (watch->bait_count == 0 || !is_sender(seen->link->source) ||
            !bait_answer_decode(seen->link->payload, seen->link->payload_len_bytes, &name) ||
            !spoof_is_bait(watch, &name))
                return;
        seen->name = &name;
        seen->hash = table_name_hash(&watch->table, &name, 0);
        seen->station = meet_station(watch, seen->time, seen->link);
        if (seen->station)
                spoof_bait_other(watch, seen);
}

static void take(struct watch *watch, const struct watch_input *input, const struct prepared *p,
                 struct watch_events *out)
{
        const uint64_t number = ++watch->counters.frames;
        const wall_t time = input->time;
        struct seen seen = {.time = time, .frame = input->frame ? input->frame : number, .link = &p->frame, .out = out};

        hold_ripen(watch, time, out);
        /* as other programs count: a datagram that contradicts its own length is one, though no receiver takes it */
        if (p->verdict == FRAME_MALFORMED && is_name_service(&p->frame))
                watch->counters.datagrams++;
        if (p->verdict != FRAME_UDP)
                count_unread(&watch->counters, p->verdict, seen.frame);
        else if (is_name_service(&p->frame))
                take_packet(watch, p, &seen);
        else
                take_other(watch, &seen);
}

static void take_batch(struct watch *watch, const struct watch_input *inputs, size_t count, struct watch_events *out)
{
        struct prepared *batch = watch->batch;

        for (size_t i = 0; i < count; i++)
                prepare(watch, &inputs[i], &batch[i]);
        for (size_t i = 0; i < count; i++)
                if (batch[i].name)
                        table_fetch_entries(&watch->table, batch[i].hash, batch[i].frame.source);
        for (size_t i = 0; i < count; i++)
                if (batch[i].name)
                        table_fetch_holder(&watch->table, batch[i].hash, batch[i].frame.source);
        for (size_t i = 0; i < count; i++)
                take(watch, &inputs[i], &batch[i], out);
}

void watch_frames(struct watch *watch, const struct watch_input *inputs, size_t count, struct watch_events *out)
{
        for (size_t at = 0; at < count; at += BATCH)
                take_batch(watch, inputs + at, count - at < BATCH ? count - at : BATCH, out);
}

void watch_tick(struct watch *watch, wall_t now, struct watch_events *out)
{
        hold_ripen(watch, now, out);
}
