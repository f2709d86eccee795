#pragma once
/*
 * The names whose every packet is told. Few of many: a filter of bits turns away almost all other names at once.
 */
#include "watch/watch.h"

#define FOLLOW_FILTER_BITS 1024u

struct seen;

struct follow {
        size_t count;
        struct {
                struct nb_name name;
                bool any_suffix;
        } names[WATCH_MAX_FOLLOWED];
        uint64_t filter[FOLLOW_FILTER_BITS / 64]; /* of the stems */
};

/* Tells SEEN as a packet of KIND if its name is followed. Called when its changes were told. */
void follow_tell(struct watch *watch, const struct seen *seen, enum watch_packet_kind kind);
