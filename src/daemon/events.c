#include "daemon/events.h"

#include "base/ip4.h"
#include "daemon/log.h"
#include "eventlog/catalogue.h"
#include "eventlog/record.h"
#include "eventlog/render.h"
#include "io/notify.h"
#include "store/eventdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MESSAGE_ID of the journal: our own 128 bits, whose last sixteen are the event's id. */
#define MESSAGE_ID_PREFIX "8f0c3b7d51a64e0c9d2e6b40a7f3"
#define ERROR_INTERVAL_MS 60000u
#define MAX_OPEN 16 /* demands whose rows are remembered; older ones get a row for their conclusion */

/* An event that awaits its conclusion: what tells it from others, and its row. */
struct open_event {
        uint16_t id;
        char name[sizeof((struct event){0}.name)];
        char interface[sizeof((struct event){0}.interface)];
        uint32_t address;
        uint64_t record;
};

struct events {
        struct eventdb *db; /* NULL: could not be opened */
        char computer[64];
        uint64_t written;
        mono_t next_complaint;
        bool stderr_is_journal; /* the entry with its fields says it all */
        struct open_event open[MAX_OPEN];
        size_t next_open;
};

static int open_log(struct events *events, const char *path, struct strbuf *why)
{
        int r = eventdb_open(&events->db, path, EVENTDB_WRITE, NULL, why);

        if (r == NBT_ERR_MALFORMED) {
                struct strbuf moved = STRBUF_INIT;

                if (eventdb_set_aside(path, &moved) == 0) {
                        log_line(0, "event log %s is damaged: kept as %s; a new one begins", path, strbuf_str(&moved));
                        strbuf_reset(why);
                        r = eventdb_open(&events->db, path, EVENTDB_WRITE, NULL, why);
                }
                strbuf_done(&moved);
        }
        return r;
}

int events_new(struct events **ret, const char *state_dir)
{
        struct events *events = calloc(1, sizeof *events);
        struct strbuf path = STRBUF_INIT, why = STRBUF_INIT;

        if (!events)
                return NBT_ERR_NOMEM;
        events->stderr_is_journal = getenv("JOURNAL_STREAM") != NULL && notify_journal_present();
        strbuf_printf(&path, "%s/" EVENTDB_FILE, state_dir);
        const int r = open_log(events, strbuf_str(&path), &why);
        if (r < 0) {
                events->db = NULL;
                log_line(0, "event log %s cannot be used: %s; events go to this log alone", strbuf_str(&path),
                         why.len_bytes ? strbuf_str(&why) : nbt_err_str(r));
        }
        strbuf_done(&path);
        strbuf_done(&why);
        *ret = events;
        return 0;
}

struct events *events_free(struct events *events)
{
        if (events)
                eventdb_close(events->db);
        free(events);
        return NULL;
}

void events_set_computer(struct events *events, const char *computer)
{
        snprintf(events->computer, sizeof events->computer, "%s", computer);
}

static int syslog_priority(enum event_level level)
{
        return level == EVENT_LEVEL_ERROR ? 3 : level == EVENT_LEVEL_WARNING ? 4 : 6;
}

static void send_journal(const struct event *event, uint64_t record, const char *message)
{
        char id[8], message_id[40], suffix[4] = "", base[16] = "", local[IP4_TEXT_BYTES] = "",
                                    remote[IP4_TEXT_BYTES] = "", record_text[24];
        struct strbuf data = STRBUF_INIT;
        uint8_t suffix_byte;
        uint32_t address;

        snprintf(id, sizeof id, "%u", (unsigned)event->id);
        snprintf(message_id, sizeof message_id, MESSAGE_ID_PREFIX "%04x", (unsigned)event->id);
        snprintf(record_text, sizeof record_text, "%llu", (unsigned long long)record);
        if (event->name[0] && event_name_split(event->name, base, &suffix_byte) == 0)
                snprintf(suffix, sizeof suffix, "%02X", (unsigned)suffix_byte);
        if (event_find_address(event, &address))
                ip4_format(address, remote);
        if (event_find_interface_address(event, &address))
                ip4_format(address, local);
        event_render_hex(event->data, event->data_len_bytes, &data);
        const struct notify_field fields[] = {
                {"MESSAGE_ID", message_id},
                {"NETBT_EVENT_ID", id},
                {"NETBT_RECORD", record_text},
                {"NETBT_NAME", base},
                {"NETBT_SUFFIX", suffix},
                {"NETBT_LOCAL_IP", local},
                {"NETBT_REMOTE_IP", remote},
                {"NETBT_NOTE", event->note},
                {"NETBT_INTERFACE", event->interface},
                {"NETBT_DATA", strbuf_str(&data)},
        };
        (void)!notify_journal(syslog_priority(event->level), message, fields, NBT_ARRAY_SIZE(fields));
        strbuf_done(&data);
}

/* What a new row of the log is told by, besides. */
static void tell(const struct events *events, const struct event *event, enum events_phase phase, uint64_t record)
{
        struct strbuf message = STRBUF_INIT;

        event_message_format(event, EVENT_WORDING_MODERN, &message);
        if (notify_journal_present())
                send_journal(event, record, strbuf_str(&message));
        if (!events->stderr_is_journal && phase != EVENTS_SAID)
                log_line(0, "event %u%s%s%s%s: %s %s", (unsigned)event->id, event->name[0] ? " " : "", event->name,
                         event->interface[0] ? " on " : "", event->interface, strbuf_str(&message), event->note);
        strbuf_done(&message);
}

static void complain(struct events *events, mono_t now)
{
        if (!mono_is_due(events->next_complaint, now))
                return;
        events->next_complaint = mono_add_ms(now, ERROR_INTERVAL_MS);
        log_line(0, "event log cannot be written: %s", eventdb_error(events->db));
}

/* ---- demands and their conclusions -------------------------------------------------------------------------------- */

static struct open_event *find_open(struct events *events, const struct event *event)
{
        uint32_t address = 0;

        (void)event_find_address(event, &address);
        for (size_t i = 0; i < MAX_OPEN; i++) {
                struct open_event *open = &events->open[i];

                if (open->record && open->id == event->id && open->address == address &&
                    strcmp(open->name, event->name) == 0 && strcmp(open->interface, event->interface) == 0)
                        return open;
        }
        return NULL;
}

static void remember(struct events *events, const struct event *event, uint64_t record)
{
        struct open_event *open = find_open(events, event);

        if (!open) {
                open = &events->open[events->next_open];
                events->next_open = (events->next_open + 1) % MAX_OPEN;
        }
        *open = (struct open_event){.id = event->id, .record = record};
        snprintf(open->name, sizeof open->name, "%s", event->name);
        snprintf(open->interface, sizeof open->interface, "%s", event->interface);
        (void)event_find_address(event, &open->address);
}

/* True if EVENT's note now stands in the row of its demand. */
static bool conclude(struct events *events, const struct event *event, mono_t now)
{
        const struct open_event *open = find_open(events, event);

        if (!open || eventdb_annotate(events->db, open->record, event, now) < 0)
                return false;
        tell(events, event, EVENTS_CONCLUDED, open->record);
        return true;
}

void events_append(struct events *events, const struct event *event, enum events_phase phase, mono_t now, wall_t wall)
{
        struct event complete = *event;
        uint64_t record = 0;

        complete.time = wall;
        snprintf(complete.computer, sizeof complete.computer, "%s", events->computer);
        if (!events->db) {
                tell(events, &complete, phase, 0);
                return;
        }
        if (phase == EVENTS_CONCLUDED && conclude(events, &complete, now))
                return;
        if (eventdb_append(events->db, &complete, now, &record) < 0) {
                complain(events, now);
                return;
        }
        /* No record: folded into one that was told before. */
        if (!record)
                return;
        events->written++;
        if (phase == EVENTS_OPENED)
                remember(events, &complete, record);
        tell(events, &complete, phase, record);
}

mono_t events_deadline(const struct events *events)
{
        return events->db ? eventdb_deadline(events->db) : MONO_NEVER;
}

void events_flush(struct events *events, mono_t now)
{
        if (events->db && eventdb_flush(events->db, now) < 0)
                complain(events, now);
}

uint64_t events_written(const struct events *events)
{
        return events->written;
}
