#include "base/hash.h"
#include "watch/internal.h"

static uint32_t filter_at(const struct watch *watch, const struct nb_name *name)
{
        return (uint32_t)hash_bytes(name->bytes, NB_SUFFIX_AT, watch->table.seed) % FOLLOW_FILTER_BITS;
}

static bool is_followed(const struct watch *watch, const struct nb_name *name)
{
        const struct follow *follow = &watch->follow;
        const uint32_t at = filter_at(watch, name);

        if (!(follow->filter[at / 64] >> at % 64 & 1))
                return false;
        for (size_t i = 0; i < follow->count; i++)
                if (follow->names[i].any_suffix ? nb_name_same_stem(&follow->names[i].name, name)
                                                : nb_name_equal(&follow->names[i].name, name))
                        return true;
        return false;
}

int watch_follow(struct watch *watch, const struct nb_name *name, bool any_suffix)
{
        struct follow *follow = &watch->follow;
        const uint32_t at = filter_at(watch, name);

        if (follow->count == WATCH_MAX_FOLLOWED)
                return NBT_ERR_FULL;
        follow->names[follow->count].name = *name;
        follow->names[follow->count++].any_suffix = any_suffix;
        follow->filter[at / 64] |= UINT64_C(1) << at % 64;
        return 0;
}

/* The address that the packet's record names. */
static void read_record(const struct nbns_packet *packet, struct watch_packet *ret)
{
        const struct nbns_rr *rr = packet->header.response ? &packet->answer : &packet->additional;
        const bool has = packet->header.response ? packet->has_answer : packet->has_additional;

        if (!has || nbns_rr_address_count(rr) == 0)
                return;
        const struct nbns_address record = nbns_rr_address_get(rr, 0);
        ret->address = record.address;
        ret->group = record.nb_flags & NBNS_NB_GROUP;
}

void follow_tell(struct watch *watch, const struct seen *seen, enum watch_packet_kind kind)
{
        if (watch->follow.count == 0 || kind == WATCH_PACKET_OTHER || !is_followed(watch, seen->name))
                return;
        struct watch_event *event = event_add(watch, seen, WATCH_EVENT_PACKET);
        if (!event)
                return;
        event->server = claim_is_server(watch, seen) ? seen->link->source : 0;
        event->packet = (struct watch_packet){
                .kind = kind,
                .source = seen->link->source,
                .destination = seen->link->destination,
                .id = seen->packet->header.id,
        };
        read_record(seen->packet, &event->packet);
}
