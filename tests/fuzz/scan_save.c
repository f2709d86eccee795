/* Any text as a saved scan: what is read can be judged and compared, and written again reads the same. */
#include "fuzz.h"

#include "scan/dups.h"
#include "scan/save.h"

#include <stdlib.h>

static void write_again(const struct scan_save *save, struct strbuf *sb)
{
        scan_save_format_head(sb, save->time, &save->ranges, save->partial);
        for (size_t i = 0; i < save->host_count; i++)
                scan_save_format_host(sb, save->hosts[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena arena = ARENA_INIT;
        struct scan_save save, again;
        struct scan_report report;
        const struct scan_difference *differences;
        struct strbuf sb = STRBUF_INIT;

        if (scan_save_parse((const char *)data, size, &arena, &save) == 0) {
                if (scan_judge(save.hosts, save.host_count, NULL, 0, &arena, &report) < 0)
                        abort();
                write_again(&save, &sb);
                if (scan_save_parse(sb.text, sb.len_bytes, &arena, &again) < 0 || again.bad_lines ||
                    again.host_count != save.host_count)
                        abort();
                if (scan_diff(save.hosts, save.host_count, &save.ranges, again.hosts, again.host_count, &again.ranges,
                              &arena, &differences) != 0)
                        abort();
                scan_save_done(&again);
                scan_save_done(&save);
        }
        strbuf_done(&sb);
        arena_done(&arena);
        return 0;
}
