/* Any datagram: what can be decoded can be dumped, encoded, decoded again, and is then the same. */
#include "fuzz.h"

#include "wire/dump.h"

#include <stdlib.h>
#include <string.h>

static uint8_t out[1 << 20];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
        struct nbns_packet packet, again;

        nbns_dump(&before, data, size);
        if (nbns_packet_decode(data, size, &packet) == 0) {
                const int len = nbns_packet_encode(&packet, out, sizeof(out));

                if (len < 0 || nbns_packet_decode(out, (size_t)len, &again) < 0)
                        abort();
                nbns_packet_dump(&after, &again);
                if (strcmp(strbuf_str(&before), strbuf_str(&after)) != 0)
                        abort();
        }
        /* of a packet that is whole the beginning is all of it */
        if (nbns_packet_decode_cut(data, size, &again) == 0) {
                if (!again.has_question && !again.has_answer)
                        abort();
                if (nbns_packet_decode(data, size, &packet) == 0 && packet.has_answer != again.has_answer)
                        abort();
        } else if (nbns_packet_decode(data, size, &packet) == 0 && (packet.has_question || packet.has_answer)) {
                abort();
        }
        strbuf_done(&before);
        strbuf_done(&after);
        return 0;
}
