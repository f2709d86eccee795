/* Any frame of any link type; the first byte chooses which. What is a datagram lies inside the frame. */
#include "fuzz.h"

#include "wire/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const uint32_t links[] = {FRAME_LINK_ETHERNET, FRAME_LINK_SLL, FRAME_LINK_SLL2, FRAME_LINK_RAW,
                                         FRAME_LINK_NULL};
        struct frame frame;

        if (size == 0)
                return 0;
        if (frame_decode(links[data[0] % 5], data + 1, size - 1, &frame) != FRAME_UDP)
                return 0;
        if (frame.payload < data || frame.payload + frame.payload_len_bytes > data + size)
                abort();
        return 0;
}
