#pragma once
/* The captures of one diagnosis while they are read and looked into: collect_capture.c reads, collect_captured.c looks. */
#include "cli/collect.h"

#include "cli/capture_merge.h"

struct capture_reading {
        struct collection *c;
        struct capture_merge merge;
        struct watch *watch;
        size_t dispute_count;
        struct capture_dispute *disputes;
        uint64_t more_disputes; /* there was no room for */
        uint64_t packet_count;
        struct capture_packet
                *packets; /* of the name that is asked about: the first ones, and a ring of the last; NULL: none is */
};

/* The packet that shows HOLDER as one; frame 0 if none is told. */
struct capture_packet capture_proof_packet(const struct capture_reading *reading, const struct nb_name *name,
                                           const struct watch_holder *holder);

/* The packets that were kept, in order, in the collection's arena. NULL: none, or with *ret_count > 0 no memory. */
const struct capture_packet *capture_packets(struct capture_reading *reading, size_t *ret_count, uint64_t *ret_omitted);
