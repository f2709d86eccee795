#include "cli/diagnose_timeline.h"

#include "cli/name_json.h"

int diagnose_timeline_build(const struct snapshot *snapshot, struct arena *arena, struct timeline *ret,
                            struct skew *ret_skew)
{
        int r = timeline_of_all(snapshot, arena, ret);

        if (r == 0)
                r = skew_estimate(snapshot, arena, ret_skew);
        return r < 0 ? r : timeline_apply_skew(ret, ret_skew);
}

static void add_place(struct strbuf *sb, const struct timeline_row *row)
{
        strbuf_add(sb, row->source);
        if (row->number > 0)
                strbuf_printf(sb, ", %s %llu", row->kind == TIMELINE_PACKET ? "packet" : "record",
                              (unsigned long long)row->number);
        if (row->computer)
                strbuf_printf(sb, " (%s)", row->computer);
}

static void add_parties(struct strbuf *sb, const struct timeline_row *row)
{
        char from[IP4_TEXT_BYTES] = "?", to[IP4_TEXT_BYTES] = "?";

        if (row->from == 0 && row->to == 0)
                return;
        if (row->from != 0)
                ip4_format(row->from, from);
        if (row->to != 0)
                ip4_format(row->to, to);
        strbuf_printf(sb, "  %s -> %s", from, to);
}

void diagnose_timeline_format(struct strbuf *sb, const struct timeline_row *row)
{
        char time[WALL_TEXT_BYTES] = "time unknown", name[NB_NAME_TEXT_BYTES], naming[IP4_TEXT_BYTES];

        if (row->has_time)
                wall_format(row->time, time);
        strbuf_add(sb, time);
        if (row->ahead_us != 0) {
                wall_format(timeline_row_time(row), time);
                strbuf_printf(sb, " (= %.19sZ)", time);
        }
        strbuf_add(sb, "  ");
        add_place(sb, row);
        add_parties(sb, row);
        strbuf_printf(sb, "  %s", row->what);
        if (row->has_name) {
                nb_name_format(&row->name, name);
                strbuf_printf(sb, ", %s", name);
        }
        if (row->naming != 0) {
                ip4_format(row->naming, naming);
                strbuf_printf(sb, ", naming %s", naming);
        }
        if (row->repeated > 0)
                strbuf_printf(sb, " (and %llu more)", (unsigned long long)row->repeated);
}

static json_t *name_json(const struct timeline_row *row)
{
        char text[NB_NAME_TEXT_BYTES];

        if (!row->has_name)
                return json_null();
        nb_name_format(&row->name, text);
        return json_from_text(text);
}

static json_t *row_json(const struct timeline_row *row)
{
        char time[WALL_TEXT_BYTES];

        if (row->has_time)
                wall_format(row->time, time);
        json_t *object = json_pack(
                "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "kind", timeline_kind_str(row->kind),
                "time", row->has_time ? json_string(time) : json_null(), "source", json_from_text(row->source), "frame",
                row->kind == TIMELINE_PACKET ? json_integer((json_int_t)row->number) : json_null(), "record",
                row->kind != TIMELINE_PACKET && row->number ? json_integer((json_int_t)row->number) : json_null(),
                "computer", row->computer ? json_from_text(row->computer) : json_null(), "what",
                json_from_text(row->what), "from", json_from_ip4(row->from), "to", json_from_ip4(row->to), "naming",
                json_from_ip4(row->naming), "name", name_json(row), "repeated", (json_int_t)row->repeated);

        if (object && row->ahead_us != 0) {
                wall_format(timeline_row_time(row), time);
                json_object_set_new(object, "reference_time", json_string(time));
        }
        return object;
}

/* Seconds with what is behind the point; null where the clock is not known. */
static json_t *seconds_json(const struct skew_machine *machine, int64_t us)
{
        return machine->is_known ? json_real((double)us / 1e6) : json_null();
}

json_t *diagnose_clocks_json(const struct skew *skew)
{
        json_t *list = json_array();

        for (size_t i = 0; i < skew->count; i++) {
                const struct skew_machine *m = &skew->machines[i];

                json_array_append_new(list, json_pack("{s:o, s:o, s:i, s:b, s:o, s:o, s:o}", "computer",
                                                      m->computer ? json_from_text(m->computer) : json_null(), "source",
                                                      json_from_text(m->source), "events", (int)m->event_count,
                                                      "reference", (int)m->is_reference, "ahead_s",
                                                      seconds_json(m, m->ahead_us), "within_s",
                                                      seconds_json(m, m->within_us), "how", json_from_text(m->how)));
        }
        return list;
}

json_t *diagnose_timeline_json(const struct timeline *timeline)
{
        json_t *list = json_array();

        for (size_t i = 0; i < timeline->count; i++)
                json_array_append_new(list, row_json(&timeline->rows[i]));
        return list;
}
