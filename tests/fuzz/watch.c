/*
 * The tracker under any packets: a row of [source, destination, seconds, length, payload]; tiny tables, so that everything that makes room
 * is exercised. Its bounds hold, and its views can be walked.
 */
#include "fuzz.h"

#include "base/wr.h"
#include "watch/watch.h"

#include <stdlib.h>

#define HEADERS_BYTES 28
#define FRAME_BYTES (HEADERS_BYTES + 255)

static size_t make_frame(struct rd *rd, uint8_t *frame, int64_t *seconds)
{
        const uint8_t source = rd_u8(rd), destination = rd_u8(rd), passed = rd_u8(rd), len = rd_u8(rd);
        struct rd payload = rd_sub(rd, len < rd_left(rd) ? len : rd_left(rd));
        const size_t size = rd_left(&payload);
        struct wr wr = wr_init(frame, FRAME_BYTES);

        *seconds += passed;
        wr_be16(&wr, 0x4500);
        wr_be16(&wr, (uint16_t)(HEADERS_BYTES + size));
        wr_be32(&wr, 0);
        wr_be32(&wr, 0x80110000);
        wr_be32(&wr, 0x0A4D0000u + source);
        wr_be32(&wr, 0x0A4D0000u + destination);
        wr_be16(&wr, destination % 16 == 7 ? 5355 : 137);
        wr_be16(&wr, 137);
        wr_be16(&wr, (uint16_t)(8 + size));
        wr_be16(&wr, 0);
        wr_bytes(&wr, payload.base, size);
        return wr.pos;
}

static void look_around(struct watch *watch)
{
        struct watch_finding finding;
        struct watch_station station;
        struct watch_row row;
        uint32_t a = 0, b = 0, c = 0;
        size_t rows = 0;

        while (watch_row_next(watch, &a, false, &row))
                rows += row.holder.address != 0;
        while (watch_station_next(watch, &b, &station))
                rows += watch_station_find(watch, station.address, &station);
        while (watch_finding_next(watch, &c, &finding))
                if (finding.evidence_count == 0 || finding.confidence == WATCH_CONFIDENCE_NONE)
                        abort();
        if (watch_name_count(watch) > 8 || watch_station_count(watch) > 8 || rows > 24)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct watch_options options = {.limits = {.names = 8, .holders = 16, .stations = 8, .suspects = 4},
                                              .seed = 1};
        const struct nb_name bait = nb_name_make("BAIT", 0x20);
        struct rd rd = rd_init(data, size);
        struct arena arena = ARENA_INIT;
        struct watch_events events = {.arena = &arena};
        int64_t seconds = 1795415044;
        uint8_t frame[FRAME_BYTES];
        struct watch *watch;

        if (watch_new(&watch, &options) < 0)
                return 0;
        watch_bait_add(watch, &bait);
        if (watch_follow(watch, &bait, true) < 0)
                abort();
        for (unsigned i = 0; i < 200 && rd_left(&rd) >= 4; i++) {
                const size_t len = make_frame(&rd, frame, &seconds);

                watch_frames(watch, &(struct watch_input){{seconds * 1000000}, FRAME_LINK_RAW, frame, len}, 1, &events);
        }
        look_around(watch);
        watch_free(watch);
        arena_done(&arena);
        return 0;
}
