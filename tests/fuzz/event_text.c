/* Pasted text: whatever it is, every event read from it renders and reads back as the same event. */
#include "eventlog/parse.h"
#include "eventlog/render.h"

#include "fuzz.h"

#include <stdlib.h>

static void check(const struct event *event)
{
        struct strbuf sb = STRBUF_INIT;
        struct arena arena = ARENA_INIT;
        struct event_readings again = {0};

        event_render_xml(event, &sb);
        if (strbuf_ok(&sb) && event_text_parse(strbuf_str(&sb), sb.len_bytes, &arena, &again) == 0 &&
            (again.count != 1 || again.items[0].event.id != event->id || again.items[0].event.code != event->code))
                abort();
        arena_done(&arena);
        strbuf_done(&sb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena arena = ARENA_INIT;
        struct event_readings readings = {0};
        const int r = event_text_parse((const char *)data, size, &arena, &readings);

        if (r != NBT_ERR_NOMEM && (r == 0) != (readings.count > 0))
                abort();
        if (r < 0 && r != NBT_ERR_NOMEM && readings.problem_count == 0)
                abort();
        for (size_t i = 0; i < readings.count && i < 8; i++)
                check(&readings.items[i].event);
        arena_done(&arena);
        return 0;
}
