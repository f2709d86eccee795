#include "cli/diagnose_out.h"
#include "cli/diagnose_timeline.h"
#include "cli/name_json.h"

#include <jansson.h>

static json_t *texts_json(const struct texts *texts)
{
        json_t *list = json_array();

        for (size_t i = 0; i < texts->count; i++)
                json_array_append_new(list, json_from_text(texts->lines[i]));
        return list;
}

static json_t *text_or_null(const char *text)
{
        return text && text[0] ? json_from_text(text) : json_null();
}

static json_t *time_json(wall_t time)
{
        char text[WALL_TEXT_BYTES];

        if (time.us == 0)
                return json_null();
        wall_format(time, text);
        return json_string(text);
}

static json_t *event_json(const struct snapshot_event *event)
{
        if (!event)
                return json_null();
        return json_pack("{s:i, s:I, s:o, s:o}", "id", (int)event->event->id, "record",
                         (json_int_t)event->event->record, "time", time_json(event->event->time), "sender",
                         json_from_ip4(event->sender));
}

static json_t *table_json(const struct nbstat_table *table)
{
        json_t *list = json_array();

        for (size_t i = 0; table && i < table->count; i++) {
                const struct nbstat_entry *entry = &table->entries[i];
                json_t *row = json_from_name(&entry->name);

                json_object_set_new(row, "type", json_string(entry->name_flags & NBSTAT_GROUP ? "group" : "unique"));
                json_object_set_new(row, "status", json_from_word(nbstat_status_str(entry->name_flags)));
                json_array_append_new(list, row);
        }
        return list;
}

static json_t *mac_json(const struct snapshot *snapshot, uint32_t address)
{
        uint8_t mac[6];
        char text[MAC_TEXT_BYTES];

        if (!snapshot_find_mac(snapshot, address, mac, NULL))
                return json_null();
        mac_format(mac, text);
        return json_string(text);
}

static json_t *computer_json(const struct nbstat_table *table)
{
        const int at = table ? nbstat_table_computer(table) : NBT_ERR_NOT_FOUND;
        char text[NB_NAME_TEXT_BYTES];

        if (at < 0)
                return json_null();
        nb_name_format_stem(&table->entries[at].name, text);
        return json_string(text);
}

static json_t *holder_json(const struct snapshot *snapshot, const struct case_holder *holder)
{
        const struct nbstat_table *table = holder->names;

        return json_pack("{s:o, s:o, s:o, s:o, s:o}", "address", json_from_ip4(holder->address), "mac",
                         mac_json(snapshot, holder->address), "vendor",
                         text_or_null(holder->host ? holder->host->vendor : NULL), "computer", computer_json(table),
                         "names", table_json(table));
}

/* Who merely sent a demand holds nothing, nor does a WINS server that refused for another. */
static bool holds(const struct snapshot *snapshot, const struct case_holder *holder)
{
        if (snapshot_is_wins(snapshot, holder->address))
                return holder->in_table || holder->answered;
        return holder->in_table || holder->answered || holder->refused || holder->told_by_wins || holder->took ||
               holder->seen;
}

static json_t *holders_json(const struct snapshot *snapshot, const struct diagnose_finding *finding)
{
        json_t *list = json_array();

        if (finding->culprit && holds(snapshot, finding->culprit) && finding->cause != CAUSE_SPOOFED_DEMAND)
                json_array_append_new(list, holder_json(snapshot, finding->culprit));
        for (size_t i = 0; i < finding->c->holder_count; i++) {
                const struct case_holder *holder = &finding->c->holders[i];

                if (holder != finding->culprit && holds(snapshot, holder) && finding->cause != CAUSE_SPOOFED_DEMAND)
                        json_array_append_new(list, holder_json(snapshot, holder));
        }
        return list;
}

static json_t *case_timeline_json(const struct snapshot *snapshot, const struct diagnose_case *c, struct arena *arena)
{
        struct timeline timeline;

        return timeline_of_case(snapshot, c, arena, &timeline) < 0 ? NULL : diagnose_timeline_json(&timeline);
}

static json_t *finding_json(const struct snapshot *snapshot, const struct diagnose_finding *finding,
                            struct arena *arena)
{
        const struct diagnose_case *c = finding->c;
        char name[NB_NAME_TEXT_BYTES] = "";
        char suffix[3] = "";

        if (c->has_name) {
                nb_name_format_stem(&c->name, name);
                (void)snprintf(suffix, sizeof suffix, "%02X", nb_name_suffix(&c->name));
        }
        json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "cause", diagnose_cause_str(finding->cause),
                                   "verdict", diagnose_verdict_str(finding->verdict), "name", text_or_null(name),
                                   "suffix", text_or_null(suffix), "interface", text_or_null(c->iface), "address",
                                   json_from_ip4(c->address));

        if (!object)
                return NULL;
        json_object_set_new(object, "benign", json_boolean(finding->benign));
        json_object_set_new(object, "mac", mac_json(snapshot, c->address));
        json_object_set_new(object, "summary", json_from_text(finding->headline));
        json_object_set_new(object, "event", event_json(case_event(c)));
        json_object_set_new(object, "holders", holders_json(snapshot, finding));
        json_object_set_new(object, "evidence", texts_json(&finding->evidence));
        json_object_set_new(object, "remedy", texts_json(&finding->remedy));
        json_object_set_new(object, "timeline", case_timeline_json(snapshot, c, arena));
        return object;
}

static json_t *notes_json(const struct diagnose_note *notes, size_t count)
{
        json_t *list = json_array();

        for (size_t i = 0; i < count; i++)
                json_array_append_new(list, json_pack("{s:s, s:o}", "cause", diagnose_cause_str(notes[i].cause), "why",
                                                      json_from_text(notes[i].why)));
        return list;
}

static json_t *fix_json(const struct fix *fix)
{
        json_t *steps = json_array(), *left = json_array();

        for (size_t i = 0; i < fix->step_count; i++)
                json_array_append_new(steps, json_pack("{s:s, s:s, s:s?, s:b}", "step", fix->steps[i].what, "text",
                                                       fix->steps[i].text, "undo", fix->steps[i].undo, "failed",
                                                       (int)fix->steps[i].failed));
        for (size_t i = 0; i < fix->left_count; i++) {
                char name[NB_NAME_TEXT_BYTES] = "";

                if (fix->left[i].finding->c->has_name)
                        nb_name_format(&fix->left[i].finding->c->name, name);
                json_array_append_new(left, json_pack("{s:o, s:s, s:s}", "name", text_or_null(name), "cause",
                                                      diagnose_cause_str(fix->left[i].finding->cause), "why",
                                                      fix->left[i].why));
        }
        return json_pack("{s:b, s:b, s:o, s:I, s:o}", "dry_run", (int)fix->dry_run, "failed", (int)fix->failed, "steps",
                         steps, "not_done", (json_int_t)fix->not_done_count, "left", left);
}

static json_t *captures_json(const struct captures *captures)
{
        json_t *files = json_array();

        for (size_t i = 0; i < captures->file_count; i++)
                json_array_append_new(files, json_pack("{s:o, s:I}", "file", json_from_text(captures->files[i].name),
                                                       "frames", (json_int_t)captures->files[i].frames));
        return json_pack("{s:o, s:I, s:I, s:I}", "files", files, "name_service", (json_int_t)captures->name_service,
                         "names", (json_int_t)captures->names, "machines", (json_int_t)captures->all_machines);
}

/* Of one name that was asked for, or of several machines: what one event tells stands in its finding. */
static int set_timeline(json_t *document, const struct snapshot *snapshot, struct arena *arena)
{
        struct timeline timeline;
        struct skew skew;
        const int r = diagnose_timeline_build(snapshot, arena, &timeline, &skew);

        if (r < 0)
                return r;
        if (snapshot->has_only || skew.count > 1)
                json_object_set_new(document, "timeline", diagnose_timeline_json(&timeline));
        if (skew.count > 1)
                json_object_set_new(document, "clocks", diagnose_clocks_json(&skew));
        return 0;
}

int diagnose_print_json(const struct cli_context *ctx, const struct collection *collection,
                        const struct diagnose_report *report, const struct fix *fix, struct arena *arena)
{
        json_t *findings = json_array();

        for (size_t i = 0; i < collection->notes.count; i++)
                fprintf(ctx->err, "%s: %s\n", ctx->program, collection->notes.lines[i]);
        for (size_t i = 0; i < report->finding_count; i++)
                json_array_append_new(findings, finding_json(&collection->snapshot, &report->findings[i], arena));
        json_t *document = json_pack("{s:o, s:o, s:o}", "findings", findings, "ruled_out",
                                     notes_json(report->ruled_out, report->ruled_out_count), "not_checked",
                                     notes_json(report->not_checked, report->not_checked_count));

        if (!document)
                return NBT_ERR_NOMEM;
        if (fix)
                json_object_set_new(document, "fix", fix_json(fix));
        if (collection->snapshot.captures.file_count > 0)
                json_object_set_new(document, "captures", captures_json(&collection->snapshot.captures));
        int r = set_timeline(document, &collection->snapshot, arena);

        if (r < 0) {
                json_decref(document);
                return r;
        }
        r = json_dumpf(document, ctx->out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

        fputc('\n', ctx->out);
        json_decref(document);
        return r < 0 ? NBT_ERR_IO : 0;
}
