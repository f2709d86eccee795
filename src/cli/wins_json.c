#include "cli/wins_cmd.h"

#include "cli/name_json.h"

void wins_print_json(const struct cli_context *ctx, json_t *json)
{
        json_print(ctx->out, json, JSON_INDENT(2));
}

json_t *wins_time_json(int64_t when_us)
{
        char text[WALL_TEXT_BYTES];

        if (when_us == 0)
                return json_null();
        wall_format((wall_t){when_us}, text);
        return json_string(text);
}

static json_t *seconds_json(int64_t when_s)
{
        return wins_time_json(when_s == WINS_NEVER ? 0 : when_s * 1000000);
}

static json_t *scope_json(const struct nb_scope *scope)
{
        char text[NB_SCOPE_MAX_BYTES + 1];

        nb_scope_format(scope, text);
        return json_from_text(text);
}

static json_t *number(uint64_t v)
{
        return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

/* ---- records ------------------------------------------------------------------------------------------------------ */

static json_t *members_json(const struct wins_record *record)
{
        json_t *list = json_array();

        for (size_t i = 0; i < record->member_count; i++)
                json_array_append_new(list,
                                      json_pack("{s:o, s:o, s:o}", "address", json_from_ip4(record->members[i].address),
                                                "owner", json_from_ip4(record->members[i].owner), "expires",
                                                seconds_json(record->members[i].expiry_s)));
        return list;
}

json_t *wins_record_json(const struct wins_record *record, int64_t now_s)
{
        const bool is_group = record->type == WINS_GROUP || record->type == WINS_INTERNET;
        json_t *object = json_from_name(&record->name);

        json_object_set_new(object, "service", json_string(nb_name_service(&record->name, is_group)));
        json_object_set_new(object, "scope", scope_json(&record->scope));
        json_object_set_new(object, "type", json_string(wins_type_str(record->type)));
        json_object_set_new(object, "state", json_string(wins_state_str(record->state)));
        json_object_set_new(object, "static", json_boolean(record->is_static));
        json_object_set_new(object, "node", json_string(wins_node_str(record->node)));
        json_object_set_new(object, "owner", json_from_ip4(record->owner));
        json_object_set_new(object, "version", number(record->version));
        json_object_set_new(object, "expires", seconds_json(record->expiry_s));
        json_object_set_new(object, "expires_in_s",
                            record->expiry_s == WINS_NEVER ? json_null() : json_integer(record->expiry_s - now_s));
        json_object_set_new(object, "addresses", members_json(record));
        return object;
}

/* ---- the server --------------------------------------------------------------------------------------------------- */

#define COUNTER(object_, member_) json_object_set_new(json, #member_, number(object_->member_))

json_t *wins_statistics_json(const struct wins_statistics *s)
{
        json_t *json = json_object();

        COUNTER(s, unique_registrations);
        COUNTER(s, unique_conflicts);
        COUNTER(s, unique_renewals);
        COUNTER(s, group_registrations);
        COUNTER(s, group_conflicts);
        COUNTER(s, group_renewals);
        COUNTER(s, releases_successful);
        COUNTER(s, releases_failed);
        COUNTER(s, queries_successful);
        COUNTER(s, queries_failed);
        COUNTER(s, challenges);
        COUNTER(s, challenges_answered);
        COUNTER(s, challenges_denied);
        COUNTER(s, challenges_silent);
        COUNTER(s, claims_refused);
        COUNTER(s, claims_merged);
        COUNTER(s, wacks);
        COUNTER(s, resent_ignored);
        COUNTER(s, burst_answers);
        COUNTER(s, packets_malformed);
        COUNTER(s, packets_unmatched);
        COUNTER(s, queries_blocked);
        COUNTER(s, batches);
        COUNTER(s, batches_failed);
        COUNTER(s, changes_stored);
        COUNTER(s, renewals_stored);
        json_object_set_new(json, "started", wins_time_json(s->started.us));
        json_object_set_new(json, "last_scavenging", wins_time_json(s->last_scavenging.us));
        json_object_set_new(json, "last_store_failure", wins_time_json(s->last_store_failure.us));
        return json;
}

static json_t *settings_json(const struct wins_settings *s)
{
        json_t *json = json_object(), *blocked = json_array();

        COUNTER(s, renewal_s);
        COUNTER(s, extinction_interval_s);
        COUNTER(s, extinction_timeout_s);
        COUNTER(s, verify_s);
        COUNTER(s, burst_queue);
        json_object_set_new(json, "migrate", json_boolean(s->migrate));
        json_object_set_new(json, "prepend_1b", json_boolean(s->prepend_1b));
        json_object_set_new(json, "randomize_1c", json_boolean(s->randomize_1c));
        json_object_set_new(json, "block_queries", json_boolean(s->block_queries));
        for (size_t i = 0; i < s->block_count; i++)
                json_array_append_new(blocked, json_from_text(s->blocked[i]));
        json_object_set_new(json, "blocked", blocked);
        return json;
}

static json_t *counts_json(const struct wins_view *view)
{
        json_t *json = json_object();

        for (enum wins_type type = 0; type < WINS_TYPE_MAX; type++) {
                json_t *states = json_object();

                for (enum wins_state state = 0; state < WINS_STATE_MAX; state++)
                        json_object_set_new(states, wins_state_str(state), number(view->counts[type][state]));
                json_object_set_new(json, wins_type_str(type), states);
        }
        return json;
}

static json_t *owners_json(const struct wins_view *view)
{
        json_t *list = json_array();

        for (size_t i = 0; i < view->owner_count; i++)
                json_array_append_new(list,
                                      json_pack("{s:o, s:o, s:o}", "address", json_from_ip4(view->owners[i].address),
                                                "max_version", number(view->owners[i].max_version), "record_count",
                                                number(view->owners[i].record_count)));
        return list;
}

static json_t *refusals_json(const struct wins_view *view)
{
        json_t *list = json_array();

        for (size_t i = 0; i < view->refusal_count; i++) {
                const struct wins_refusal *refusal = &view->refusals[i];
                json_t *row = json_from_name(&refusal->name);

                json_object_set_new(row, "time", wins_time_json(refusal->when.us));
                json_object_set_new(row, "claimant", json_from_ip4(refusal->claimant));
                json_object_set_new(row, "holder", json_from_ip4(refusal->holder));
                json_object_set_new(row, "holder_is_static", json_boolean(refusal->holder_is_static));
                json_object_set_new(row, "rcode", json_integer(refusal->rcode));
                json_object_set_new(row, "repeated", json_integer(refusal->repeated));
                json_array_append_new(list, row);
        }
        return list;
}

static json_t *store_json(const struct ctl_wins_store *s)
{
        json_t *json = json_object();

        if (!s)
                return json;
        json_object_set_new(json, "path", json_from_text(s->path));
        COUNTER(s, size_bytes);
        COUNTER(s, free_bytes);
        COUNTER(s, commits);
        COUNTER(s, changes);
        COUNTER(s, touches);
        COUNTER(s, failures);
        COUNTER(s, commit_us);
        json_object_set_new(json, "last_backup", wins_time_json(s->last_backup_us));
        json_object_set_new(json, "last_error", s->last_error[0] ? json_from_text(s->last_error) : json_null());
        return json;
}

static json_t *hook_json(const struct ctl_wins_hook *h)
{
        if (!h)
                return json_null();
        json_t *json = json_object();

        json_object_set_new(json, "program", json_from_text(h->program));
        COUNTER(h, calls);
        COUNTER(h, failures);
        COUNTER(h, waiting);
        COUNTER(h, illegal);
        COUNTER(h, left_out);
        json_object_set_new(json, "last_error", h->last_error[0] ? json_from_text(h->last_error) : json_null());
        return json;
}

json_t *wins_view_json(const struct ctl_reply *reply)
{
        const struct wins_view *v = reply->wins->view;
        json_t *json = json_object();

        json_object_set_new(json, "server", json_from_ip4(v->owner));
        COUNTER(v, record_count);
        json_object_set_new(json, "counts", counts_json(v));
        COUNTER(v, static_count);
        COUNTER(v, scope_count);
        COUNTER(v, claims_under_way);
        COUNTER(v, challenges_under_way);
        COUNTER(v, renewals_unwritten);
        COUNTER(v, memory_bytes);
        json_object_set_new(json, "store_failed", json_boolean(v->store_failed));
        json_object_set_new(json, "burst", json_boolean(v->burst));
        json_object_set_new(json, "scavenging", json_boolean(v->scavenging));
        json_object_set_new(json, "settings", settings_json(&v->settings));
        json_object_set_new(json, "statistics", wins_statistics_json(&v->statistics));
        json_object_set_new(json, "database", store_json(reply->wins->store));
        json_object_set_new(json, "hook", hook_json(reply->wins->hook));
        json_object_set_new(json, "owners", owners_json(v));
        json_object_set_new(json, "refusals", refusals_json(v));
        return json;
}
