/* Writes events into DIRECTORY/events.db for the tests of the command line: a set that never changes, or one more event. */
#include "eventlog/record.h"
#include "store/eventdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE_US (INT64_C(1795414444) * 1000000) /* 2026-11-23T06:14:04Z */

static void dress(struct event *event, int second, const char *name, const char *note)
{
        event->time = (wall_t){BASE_US + second * INT64_C(1000000) + 123};
        snprintf(event->computer, sizeof(event->computer), "FILESRV");
        snprintf(event->interface, sizeof(event->interface), "eth0");
        if (name)
                snprintf(event->name, sizeof(event->name), "%s", name);
        snprintf(event->note, sizeof(event->note), "%s", note);
}

static int put(struct eventdb *db, const struct event *event, int second)
{
        return eventdb_append(db, event, mono_add_ms((mono_t){1}, (uint64_t)second * 1000), NULL);
}

static int put_set(struct eventdb *db)
{
        struct event event;

        event_make_release(&event, 0x16651AE7, EVENT_RECORD_LEGACY);
        dress(&event, 0, "FILESRV<20>", "obeyed: NoNameReleaseOnDemand is 0");
        int r = put(db, &event, 0);
        event_make_duplicate(&event, 0x0A4D0003, EVENT_RECORD_LEGACY);
        dress(&event, 10, "FILESRV<00>", "10.77.0.3 holds the name");
        for (int i = 0; r == 0 && i < 3; i++) {
                event.time.us += 1000000;
                r = put(db, &event, 10 + i);
        }
        event_make_refused(&event, (const uint8_t *)"WORKGROUP      \x1d", 0x0A4D0002, 0x0A4D0004, EVENT_RECORD_LEGACY);
        dress(&event, 20, NULL, "");
        if (r == 0)
                r = put(db, &event, 20);
        if (r == 0)
                r = event_make_simple(&event, 4317, 0, NULL, 0, EVENT_RECORD_LEGACY);
        dress(&event, 30, NULL, "");
        return r < 0 ? r : put(db, &event, 30);
}

int main(int argc, char **argv)
{
        struct strbuf why = STRBUF_INIT;
        struct eventdb *db = NULL;
        char path[4096];
        struct event event;

        if (argc < 2) {
                fprintf(stderr, "usage: emit_events DIRECTORY [SECOND]\n");
                return 2;
        }
        snprintf(path, sizeof(path), "%s/%s", argv[1], EVENTDB_FILE);
        int r = eventdb_open(&db, path, EVENTDB_WRITE, NULL, &why);
        if (r == 0 && argc == 2)
                r = put_set(db);
        if (r == 0 && argc == 3) {
                event_make_release(&event, 0x0A4D0005, EVENT_RECORD_LEGACY);
                dress(&event, atoi(argv[2]), "FILESRV<20>", "");
                r = put(db, &event, 0);
        }
        if (r < 0)
                fprintf(stderr, "emit_events: %d %s\n", r, strbuf_str(&why));
        eventdb_close(db);
        strbuf_done(&why);
        return r < 0;
}
