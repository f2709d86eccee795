/* Control frames, as request and as reply; what decodes must encode again. */
#include "fuzz.h"

#include "ctl/ctl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena arena = ARENA_INIT;
        struct strbuf out = STRBUF_INIT;
        struct ctl_request request;
        struct ctl_reply reply;
        size_t payload = 0;

        if (ctl_frame_look(data, size, CTL_MAX_REPLY_BYTES, &payload) == 1) {
                const uint8_t *json = data + CTL_FRAME_HEADER_BYTES;

                if (ctl_request_decode(json, payload, &arena, &request) == 0 && ctl_request_encode(&request, &out) < 0)
                        __builtin_trap();
                if (ctl_reply_decode(json, payload, &arena, &reply) == 0)
                        (void)!ctl_reply_encode(&reply, &out);
        }
        strbuf_done(&out);
        arena_done(&arena);
        return 0;
}
