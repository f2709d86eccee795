#include "cli/name_json.h"
#include "cli/watch_print.h"

#include "base/ip4.h"

static json_t *time_json(wall_t time)
{
        char text[WALL_TEXT_BYTES];

        if (time.us == 0) /* never seen */
                return json_null();
        wall_format(time, text);
        return json_string(text);
}

static json_t *mac_json(bool has_mac, const uint8_t mac[6])
{
        char text[MAC_TEXT_BYTES];

        if (!has_mac)
                return json_null();
        mac_format(mac, text);
        return json_string(text);
}

static json_t *proof_json(const struct watch_proof *proof)
{
        char id[8];

        if (proof->kind == WATCH_PROOF_NONE)
                return json_null();
        snprintf(id, sizeof(id), "0x%04x", (unsigned)proof->id);
        return json_pack("{s:s, s:I, s:o, s:s, s:o, s:o}", "kind", watch_proof_str(proof->kind), "frame",
                         (json_int_t)proof->frame, "time", time_json(proof->time), "id", id, "source",
                         json_from_ip4(proof->source), "destination", json_from_ip4(proof->destination));
}

static json_t *holder_json(const struct watch_holder *holder)
{
        if (!holder->address)
                return json_null();
        return json_pack("{s:o, s:o, s:b, s:s, s:b, s:o, s:o, s:o}", "address", json_from_ip4(holder->address), "mac",
                         mac_json(holder->has_mac, holder->mac), "group", holder->group, "state",
                         watch_state_str(holder->state), "conflict", holder->conflict, "first",
                         time_json(holder->first), "last", time_json(holder->last), "proof",
                         proof_json(&holder->proof));
}

static json_t *evidence_json(const struct watch_evidence *evidence)
{
        struct strbuf text = STRBUF_INIT;
        char name[NB_NAME_TEXT_BYTES];

        nb_name_format(&evidence->name, name);
        watch_print_evidence(&text, evidence);
        json_t *object = json_pack("{s:s, s:I, s:o, s:s, s:I, s:o, s:o}", "rule", watch_rule_str(evidence->rule),
                                   "count", (json_int_t)evidence->count, "peer", json_from_ip4(evidence->peer), "name",
                                   name, "frame", (json_int_t)evidence->frame, "time", time_json(evidence->time),
                                   "text", json_from_text(strbuf_str(&text)));
        strbuf_done(&text);
        return object;
}

json_t *watch_json_finding(const struct watch_finding *finding)
{
        json_t *list = json_array();

        for (size_t i = 0; i < finding->evidence_count; i++)
                json_array_append_new(list, evidence_json(&finding->evidence[i]));
        return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o}", "address", json_from_ip4(finding->address), "mac",
                         mac_json(finding->has_mac, finding->mac), "confidence",
                         watch_confidence_str(finding->confidence), "first", time_json(finding->first), "last",
                         time_json(finding->last), "evidence", list);
}

/* Adds name, suffix, bytes and scope to OBJECT. */
static void add_name(json_t *object, const struct nb_name *name, const struct nb_scope *scope)
{
        char dotted[NB_SCOPE_MAX_BYTES + 1] = "";
        json_t *parts = json_from_name(name);

        json_object_update(object, parts);
        json_decref(parts);
        if (scope)
                nb_scope_format(scope, dotted);
        json_object_set_new(object, "scope", json_from_text(dotted));
}

json_t *watch_json_event(const struct watch_event *event)
{
        json_t *object = json_pack("{s:o, s:s, s:I}", "time", time_json(event->time), "event",
                                   watch_event_str(event->type), "frame", (json_int_t)event->frame);

        if (!object)
                return NULL;
        if (event->type == WATCH_EVENT_SPOOFER) {
                json_object_set_new(object, "finding", watch_json_finding(event->finding));
                return object;
        }
        add_name(object, &event->name, event->scope);
        json_object_set_new(object, "holder", holder_json(&event->holder));
        json_object_set_new(object, "peer", holder_json(&event->peer));
        json_object_set_new(object, "server", json_from_ip4(event->server));
        if (event->type == WATCH_EVENT_DEMAND)
                json_object_set_new(object, "demand",
                                    json_string(event->opcode == NBNS_OPCODE_RELEASE ? "release" : "conflict"));
        if (event->type == WATCH_EVENT_REFUSE)
                json_object_set_new(object, "rcode", json_string(nbns_rcode_str(event->rcode)));
        return object;
}

json_t *watch_json_row(const struct watch_row *row)
{
        json_t *object = json_pack("{s:s}", "event", "row");

        add_name(object, &row->name, row->scope);
        json_object_set_new(object, "holder", holder_json(&row->holder));
        return object;
}

static void add_counts(json_t *object, const struct watch_counters *c)
{
        const struct {
                const char *key;
                uint64_t value;
        } rows[] = {
                {"frames", c->frames},
                {"name_service", c->datagrams},
                {"packets", c->packets},
                {"other", c->not_ours},
                {"fragments", c->fragments},
                {"truncated", c->truncated},
                {"malformed", c->malformed},
                {"queries", c->queries},
                {"claims", c->claims},
                {"refusals", c->refusals},
                {"demands", c->demands},
                {"releases", c->releases},
                {"answers", c->answers},
                {"negatives", c->negatives},
                {"tables", c->tables},
                {"unsupported", c->unsupported},
                {"conflicts", c->conflicts},
                {"findings", c->spoofers},
                {"forgotten_names", c->evicted_names},
                {"lost_lines", c->lost_events},
                {"forgotten_machines", c->evicted_stations},
        };

        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                json_object_set_new(object, rows[i].key, json_integer((json_int_t)rows[i].value));
}

json_t *watch_json_summary(const struct watch *watch, uint64_t drops)
{
        const struct watch_counters counters = watch_counters(watch);
        json_t *object =
                json_pack("{s:s, s:I, s:I, s:I}", "event", "summary", "names", (json_int_t)watch_name_count(watch),
                          "machines", (json_int_t)watch_station_count(watch), "dropped", (json_int_t)drops);

        if (object)
                add_counts(object, &counters);
        return object;
}
