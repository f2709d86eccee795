#include "cli/diagnose_timeline.h"

#include "cli/name_json.h"

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
        strbuf_printf(sb, "%s  ", time);
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
        return json_pack(
                "{s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:I}", "kind", timeline_kind_str(row->kind),
                "time", row->has_time ? json_string(time) : json_null(), "source", json_from_text(row->source), "frame",
                row->kind == TIMELINE_PACKET ? json_integer((json_int_t)row->number) : json_null(), "record",
                row->kind != TIMELINE_PACKET && row->number ? json_integer((json_int_t)row->number) : json_null(),
                "computer", row->computer ? json_from_text(row->computer) : json_null(), "what", row->what, "from",
                json_from_ip4(row->from), "to", json_from_ip4(row->to), "naming", json_from_ip4(row->naming), "name",
                name_json(row), "repeated", (json_int_t)row->repeated);
}

json_t *diagnose_timeline_json(const struct timeline *timeline)
{
        json_t *list = json_array();

        for (size_t i = 0; i < timeline->count; i++)
                json_array_append_new(list, row_json(&timeline->rows[i]));
        return list;
}
