#include "diagnose/timeline.h"

#include <stdlib.h>
#include <string.h>

const char *timeline_kind_str(enum timeline_kind kind)
{
        static const char *const words[TIMELINE_KIND_MAX] = {
                [TIMELINE_EVENT] = "event",
                [TIMELINE_COMPANION] = "companion",
                [TIMELINE_PACKET] = "packet",
        };

        return kind < TIMELINE_KIND_MAX ? words[kind] : "";
}

/* ---- order -------------------------------------------------------------------------------------------------------- */

static bool goes_before(const struct timeline_row *a, const struct timeline_row *b)
{
        if (!a->has_time || !b->has_time)
                return a->has_time && !b->has_time;
        return timeline_row_time(a).us < timeline_row_time(b).us;
}

/* Merges FROM[start, middle) and FROM[middle, end) into TO; of equals the left one goes first. */
static void merge(struct timeline_row *to, const struct timeline_row *from, size_t start, size_t middle, size_t end)
{
        size_t left = start, right = middle;

        for (size_t i = start; i < end; i++)
                to[i] = left < middle && (right == end || !goes_before(&from[right], &from[left])) ? from[left++]
                                                                                                   : from[right++];
}

static size_t at_most(size_t value, size_t limit)
{
        return value < limit ? value : limit;
}

int timeline_sort(struct timeline_row *rows, size_t count)
{
        struct timeline_row *scratch = calloc(count + 1, sizeof *scratch);
        struct timeline_row *from = rows, *to = scratch;

        if (!scratch)
                return NBT_ERR_NOMEM;
        for (size_t width = 1; width < count; width *= 2) {
                for (size_t start = 0; start < count; start += 2 * width)
                        merge(to, from, start, at_most(start + width, count), at_most(start + 2 * width, count));
                struct timeline_row *swap = from;

                from = to;
                to = swap;
        }
        if (from != rows)
                memcpy(rows, from, count * sizeof *rows);
        free(scratch);
        return 0;
}

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static const char *event_what(uint16_t id)
{
        switch (id) {
        case EVENT_ID_DUPLICATE_NAME:
                return "event 4319: a duplicate name was reported";
        case EVENT_ID_NAME_RELEASE:
                return "event 4320: name release demand";
        case EVENT_ID_DUPLICATE_NAME_ERROR:
                return "event 4321: the name was refused";
        default:
                return "event";
        }
}

/* ADDRESS and NAME: of the case it belongs to, for an event that tells none. */
static struct timeline_row event_row(const struct snapshot_event *event, uint32_t address, const struct nb_name *name)
{
        struct timeline_row row = {
                .kind = TIMELINE_EVENT,
                .has_time = event->event->time.us != 0,
                .time = event->event->time,
                .source = event->source ? event->source : "source unknown",
                .number = event->event->record,
                .computer = event->event->computer[0] ? event->event->computer : NULL,
                .what = event_what(event->event->id),
                .from = event->sender,
                .to = event->own ? event->own : address,
                .repeated = event->event->repeated,
                .has_name = event->has_name || name,
        };

        if (event->has_name)
                row.name = event->name;
        else if (name)
                row.name = *name;
        return row;
}

static struct timeline_row companion_row(const struct snapshot_companion *companion)
{
        return (struct timeline_row){
                .kind = TIMELINE_COMPANION,
                .has_time = companion->companion.time.us != 0,
                .time = companion->companion.time,
                .source = companion->source,
                .number = companion->companion.record,
                .computer = companion->companion.computer[0] ? companion->companion.computer : NULL,
                .what = companion->companion.text,
                .from = companion->companion.has_address ? companion->companion.address : 0,
        };
}

static struct timeline_row packet_row(const struct capture_packet *packet)
{
        const bool names_another = packet->address != packet->from && packet->kind != WATCH_PACKET_REFUSAL;

        return (struct timeline_row){
                .kind = TIMELINE_PACKET,
                .has_time = packet->time.us != 0,
                .time = packet->time,
                .source = packet->source,
                .number = packet->frame,
                .what = watch_packet_str(packet->kind),
                .from = packet->from,
                .to = packet->to,
                .naming = names_another ? packet->address : 0,
                .repeated = packet->repeated,
                .has_name = true,
                .name = packet->name,
        };
}

/* ---- timelines ---------------------------------------------------------------------------------------------------- */

static int finish(struct timeline *timeline, struct timeline *ret)
{
        const int r = timeline_sort(timeline->rows, timeline->count);

        if (r == 0)
                *ret = *timeline;
        return r;
}

/* Packets of several disputes may be the same. */
static void add_packet(struct timeline *timeline, const struct capture_packet *packet)
{
        for (size_t i = 0; i < timeline->count; i++)
                if (timeline->rows[i].kind == TIMELINE_PACKET && timeline->rows[i].number == packet->frame &&
                    strcmp(timeline->rows[i].source, packet->source) == 0)
                        return;
        timeline->rows[timeline->count++] = packet_row(packet);
}

static void add_disputes(struct timeline *timeline, const struct capture_dispute *const *disputes, size_t count)
{
        for (size_t i = 0; i < count; i++)
                for (size_t j = 0; j < disputes[i]->packet_count; j++)
                        add_packet(timeline, &disputes[i]->packets[j]);
}

int timeline_of_case(const struct snapshot *snapshot, const struct diagnose_case *c, struct arena *arena,
                     struct timeline *ret)
{
        const size_t max = CASE_MAX_EVENTS + snapshot->companion_count + CASE_MAX_DISPUTES * CAPTURE_PROOFS;
        struct timeline timeline = {0};

        timeline.rows = arena_alloc(arena, max * sizeof *timeline.rows);
        if (!timeline.rows)
                return NBT_ERR_NOMEM;
        for (size_t i = at_most(c->event_count, CASE_MAX_EVENTS); i > 0; i--)
                timeline.rows[timeline.count++] =
                        event_row(c->events[i - 1], c->address, c->has_name ? &c->name : NULL);
        for (size_t i = 0; i < snapshot->companion_count; i++)
                if (case_has_companion(c, &snapshot->companions[i].companion))
                        timeline.rows[timeline.count++] = companion_row(&snapshot->companions[i]);
        add_disputes(&timeline, c->disputes, at_most(c->dispute_count, CASE_MAX_DISPUTES));
        return finish(&timeline, ret);
}

/* Does a companion speak of the name that is asked about, or is none? */
static bool is_wanted(const struct snapshot *snapshot, const struct companion *companion)
{
        char stem[NB_NAME_TEXT_BYTES];

        if (!snapshot->has_only)
                return true;
        nb_name_format_stem(&snapshot->only, stem);
        return companion_names(companion, stem);
}

int timeline_of_all(const struct snapshot *snapshot, struct arena *arena, struct timeline *ret)
{
        const struct captures *captures = &snapshot->captures;
        const struct nb_name *only = snapshot->has_only && !snapshot->only_stem ? &snapshot->only : NULL;
        struct timeline timeline = {0};

        timeline.rows = arena_alloc(arena, (snapshot->event_count + snapshot->companion_count + captures->packet_count +
                                            captures->dispute_count * CAPTURE_PROOFS) *
                                                   sizeof *timeline.rows);
        if (!timeline.rows)
                return NBT_ERR_NOMEM;
        for (size_t i = snapshot->event_count; i > 0; i--) {
                const struct snapshot_event *event = &snapshot->events[i - 1];

                if (!event->has_name || snapshot_wants(snapshot, &event->name))
                        timeline.rows[timeline.count++] = event_row(event, 0, only);
        }
        for (size_t i = 0; i < snapshot->companion_count; i++)
                if (is_wanted(snapshot, &snapshot->companions[i].companion))
                        timeline.rows[timeline.count++] = companion_row(&snapshot->companions[i]);
        for (size_t i = 0; i < captures->packet_count; i++)
                timeline.rows[timeline.count++] = packet_row(&captures->packets[i]);
        for (size_t i = 0; captures->packet_count == 0 && i < captures->dispute_count; i++)
                add_disputes(&timeline, &(const struct capture_dispute *){&captures->disputes[i]}, 1);
        return finish(&timeline, ret);
}

int timeline_apply_skew(struct timeline *timeline, const struct skew *skew)
{
        for (size_t i = 0; i < timeline->count; i++) {
                struct timeline_row *row = &timeline->rows[i];
                const struct skew_machine *machine = skew_find(skew, row->source, row->computer);

                /* clocks that agree as far as one can tell are left alone */
                row->ahead_us = machine && machine->is_known && llabs(machine->ahead_us) > machine->within_us
                                        ? machine->ahead_us
                                        : 0;
        }
        return timeline_sort(timeline->rows, timeline->count);
}
