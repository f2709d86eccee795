#include "ctl/ctl.h"

#include "ctl/layout.h"
#include "ctl/wins_layout.h"

#include "base/wr.h"

#include <string.h>

/* ---- words -------------------------------------------------------------------------------------------------------- */

static const char *const REQUEST_WORDS[CTL_REQUEST_MAX] = {
        [CTL_REQUEST_VIEW] = "view",
        [CTL_REQUEST_SERVER] = "server",
        [CTL_REQUEST_NAME_ADD] = "name-add",
        [CTL_REQUEST_NAME_RELEASE] = "name-release",
        [CTL_REQUEST_RELEASE_REFRESH] = "release-refresh",
        [CTL_REQUEST_RELOAD] = "reload",
        [CTL_REQUEST_QUERY] = "query",
        [CTL_REQUEST_STATUS] = "status",
        [CTL_REQUEST_SETTINGS_RELOAD] = "settings-reload",
        [CTL_REQUEST_WINS_STATUS] = "wins-status",
        [CTL_REQUEST_WINS_SHOW] = "wins-show",
        [CTL_REQUEST_WINS_DELETE] = "wins-delete",
        [CTL_REQUEST_WINS_CHECK] = "wins-check",
        [CTL_REQUEST_WINS_ADD] = "wins-add",
        [CTL_REQUEST_WINS_SCAVENGE] = "wins-scavenge",
        [CTL_REQUEST_WINS_BACKUP] = "wins-backup",
        [CTL_REQUEST_WINS_WATCH] = "wins-watch",
};
static const char *const KIND_WORDS[] = {[NODE_NAME_UNIQUE] = "unique", [NODE_NAME_GROUP] = "group"};
static const char *const STATE_WORDS[NODE_STATE_MAX] = {
        [NODE_STATE_IDLE] = "idle",
        [NODE_STATE_REGISTERING] = "registering",
        [NODE_STATE_REGISTERED] = "registered",
        [NODE_STATE_CONFLICT] = "conflict",
        [NODE_STATE_RELEASING] = "releasing",
        [NODE_STATE_RELEASED] = "released",
};
static const char *const TYPE_WORDS[] = {
        [NODE_TYPE_B] = "b", [NODE_TYPE_P] = "p", [NODE_TYPE_M] = "m", [NODE_TYPE_H] = "h"};
static const char *const FROM_WORDS[] = {
        [NODE_FROM_NONE] = "none", [NODE_FROM_LOCAL] = "local",         [NODE_FROM_CACHE] = "cache",
        [NODE_FROM_WINS] = "wins", [NODE_FROM_BROADCAST] = "broadcast", [NODE_FROM_LMHOSTS] = "lmhosts",
        [NODE_FROM_DNS] = "dns",
};

/* ---- layouts ------------------------------------------------------------------------------------------------------ */

#define LAYOUT(name_, struct_, fields_) static const struct layout name_ = LAYOUT_OF(struct_, fields_)

static const struct layout_field NAME_FIELDS[] = {LAYOUT_FIELD(nb_name, "name", LAYOUT_BYTES, bytes)};
LAYOUT(NAME, nb_name, NAME_FIELDS);

static const struct layout_field IFACE_FIELDS[] = {
        LAYOUT_FIELD(node_iface, "id", LAYOUT_UINT, id),
        LAYOUT_FIELD(node_iface, "label", LAYOUT_TEXT, label),
        LAYOUT_FIELD(node_iface, "address", LAYOUT_ADDRESS, address),
        LAYOUT_FIELD(node_iface, "netmask", LAYOUT_ADDRESS, netmask),
        LAYOUT_FIELD(node_iface, "broadcast", LAYOUT_ADDRESS, broadcast),
        LAYOUT_FIELD(node_iface, "mac", LAYOUT_BYTES, mac),
        LAYOUT_FIELD(node_iface, "up", LAYOUT_BOOL, up),
        LAYOUT_FIELD(node_iface, "netbios_enabled", LAYOUT_BOOL, netbios_enabled),
        LAYOUT_MANY(node_iface, "wins", LAYOUT_ARRAY, wins, wins_count, LAYOUT_ADDRESS_ROW, NODE_MAX_WINS),
};
LAYOUT(IFACE, node_iface, IFACE_FIELDS);

static const struct layout_field VIEW_NAME_FIELDS[] = {
        LAYOUT_FIELD(node_view_name, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_WORDS(node_view_name, "kind", kind, KIND_WORDS),
        LAYOUT_FIELD(node_view_name, "iface_id", LAYOUT_UINT, iface_id),
        LAYOUT_WORDS(node_view_name, "state", state, STATE_WORDS),
        LAYOUT_FIELD(node_view_name, "conflict_peer", LAYOUT_ADDRESS, conflict_peer),
        LAYOUT_FIELD(node_view_name, "permanent", LAYOUT_BOOL, permanent),
        LAYOUT_FIELD(node_view_name, "registered_by_wins", LAYOUT_BOOL, registered_by_wins),
        LAYOUT_FIELD(node_view_name, "registered_by_broadcast", LAYOUT_BOOL, registered_by_broadcast),
};
LAYOUT(VIEW_NAME, node_view_name, VIEW_NAME_FIELDS);

static const struct layout_field CACHE_FIELDS[] = {
        LAYOUT_FIELD(node_view_cache, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_WORDS(node_view_cache, "kind", kind, KIND_WORDS),
        LAYOUT_FIELD(node_view_cache, "address_count", LAYOUT_UINT, address_count),
        LAYOUT_FIELD(node_view_cache, "address", LAYOUT_ADDRESS, address),
        LAYOUT_FIELD(node_view_cache, "life_s", LAYOUT_INT, life_s),
};
LAYOUT(CACHE, node_view_cache, CACHE_FIELDS);

static const struct layout_field WINS_FIELDS[] = {
        LAYOUT_FIELD(node_view_wins, "iface_id", LAYOUT_UINT, iface_id),
        LAYOUT_FIELD(node_view_wins, "address", LAYOUT_ADDRESS, address),
        LAYOUT_FIELD(node_view_wins, "up", LAYOUT_BOOL, up),
        LAYOUT_FIELD(node_view_wins, "current", LAYOUT_BOOL, current),
};
LAYOUT(WINS, node_view_wins, WINS_FIELDS);

#define COUNTER(struct_, member_) LAYOUT_FIELD(struct_, #member_, LAYOUT_UINT, member_)

static const struct layout_field STATISTICS_FIELDS[] = {
        COUNTER(node_statistics, resolved_by_broadcast),
        COUNTER(node_statistics, resolved_by_wins),
        COUNTER(node_statistics, registered_by_broadcast),
        COUNTER(node_statistics, registered_by_wins),
        COUNTER(node_statistics, packets_in),
        COUNTER(node_statistics, packets_out),
        COUNTER(node_statistics, packets_malformed),
        COUNTER(node_statistics, packets_unmatched),
        COUNTER(node_statistics, packets_own),
        COUNTER(node_statistics, demands_received),
        COUNTER(node_statistics, demands_ignored),
        COUNTER(node_statistics, claims_defended),
        COUNTER(node_statistics, status_answered),
        COUNTER(node_statistics, status_limited),
        COUNTER(node_statistics, proxy_answers),
        COUNTER(node_statistics, proxy_refusals),
};
LAYOUT(STATISTICS, node_statistics, STATISTICS_FIELDS);

static const struct layout_field VIEW_FIELDS[] = {
        LAYOUT_WORDS(node_view, "type", type, TYPE_WORDS),
        LAYOUT_FIELD(node_view, "computer", LAYOUT_TEXT, computer),
        LAYOUT_FIELD(node_view, "workgroup", LAYOUT_TEXT, workgroup),
        LAYOUT_FIELD(node_view, "scope", LAYOUT_SCOPE, scope),
        LAYOUT_MANY(node_view, "ifaces", LAYOUT_LIST, ifaces, iface_count, IFACE, NODE_MAX_IFACES),
        LAYOUT_MANY(node_view, "names", LAYOUT_LIST, names, name_count, VIEW_NAME,
                    (size_t)NODE_MAX_NAMES *NODE_MAX_IFACES),
        LAYOUT_MANY(node_view, "cache", LAYOUT_LIST, cache, cache_count, CACHE, NODE_MAX_CACHE),
        LAYOUT_MANY(node_view, "wins", LAYOUT_LIST, wins, wins_count, WINS, (size_t)NODE_MAX_WINS *NODE_MAX_IFACES),
        LAYOUT_MANY(node_view, "recent_broadcast", LAYOUT_LIST, recent_broadcast, recent_broadcast_count, NAME,
                    NODE_MAX_CACHE),
        LAYOUT_PART(node_view, "statistics", LAYOUT_STRUCT, statistics, STATISTICS),
};
LAYOUT(VIEW, node_view, VIEW_FIELDS);

static const struct layout_field SERVER_FIELDS[] = {
        LAYOUT_FIELD(ctl_server, "program", LAYOUT_TEXT, program),
        LAYOUT_FIELD(ctl_server, "version", LAYOUT_TEXT, version),
        LAYOUT_FIELD(ctl_server, "pid", LAYOUT_UINT, pid),
        LAYOUT_FIELD(ctl_server, "started_us", LAYOUT_INT, started_us),
        LAYOUT_FIELD(ctl_server, "uptime_s", LAYOUT_UINT, uptime_s),
        LAYOUT_FIELD(ctl_server, "user", LAYOUT_TEXT, user),
        LAYOUT_FIELD(ctl_server, "config", LAYOUT_TEXT, config),
        LAYOUT_FIELD(ctl_server, "state_dir", LAYOUT_TEXT, state_dir),
        LAYOUT_FIELD(ctl_server, "lmhosts", LAYOUT_TEXT, lmhosts),
        LAYOUT_FIELD(ctl_server, "events_written", LAYOUT_UINT, events_written),
        LAYOUT_FIELD(ctl_server, "datagrams_dropped", LAYOUT_UINT, datagrams_dropped),
};
LAYOUT(SERVER, ctl_server, SERVER_FIELDS);

static const struct layout_field NB_ADDRESS_FIELDS[] = {
        LAYOUT_FIELD(nbns_address, "flags", LAYOUT_UINT, nb_flags),
        LAYOUT_FIELD(nbns_address, "address", LAYOUT_ADDRESS, address),
};
LAYOUT(NB_ADDRESS, nbns_address, NB_ADDRESS_FIELDS);

static const struct layout_field ENTRY_FIELDS[] = {
        LAYOUT_FIELD(nbstat_entry, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_FIELD(nbstat_entry, "flags", LAYOUT_UINT, name_flags),
};
LAYOUT(ENTRY, nbstat_entry, ENTRY_FIELDS);

static const struct layout_field UNIT_FIELDS[] = {
        LAYOUT_FIELD(nbstat_statistics, "unit_id", LAYOUT_BYTES, unit_id),
        COUNTER(nbstat_statistics, jumpers),
        COUNTER(nbstat_statistics, test_result),
        COUNTER(nbstat_statistics, version_number),
        COUNTER(nbstat_statistics, period_of_statistics),
        COUNTER(nbstat_statistics, crc_count),
        COUNTER(nbstat_statistics, alignment_errors),
        COUNTER(nbstat_statistics, collisions),
        COUNTER(nbstat_statistics, send_aborts),
        COUNTER(nbstat_statistics, good_sends),
        COUNTER(nbstat_statistics, good_receives),
        COUNTER(nbstat_statistics, retransmits),
        COUNTER(nbstat_statistics, no_resource_conditions),
        COUNTER(nbstat_statistics, free_command_blocks),
        COUNTER(nbstat_statistics, total_command_blocks),
        COUNTER(nbstat_statistics, max_total_command_blocks),
        COUNTER(nbstat_statistics, pending_sessions),
        COUNTER(nbstat_statistics, max_pending_sessions),
        COUNTER(nbstat_statistics, max_total_sessions),
        COUNTER(nbstat_statistics, session_data_packet_size),
};
LAYOUT(UNIT, nbstat_statistics, UNIT_FIELDS);

static const struct layout_field TABLE_FIELDS[] = {
        LAYOUT_MANY(nbstat_table, "entries", LAYOUT_ARRAY, entries, count, ENTRY, NBSTAT_MAX_NAMES),
        LAYOUT_FIELD(nbstat_table, "statistics_len_bytes", LAYOUT_UINT, statistics_len_bytes),
        LAYOUT_PART(nbstat_table, "statistics", LAYOUT_STRUCT, statistics, UNIT),
};
LAYOUT(TABLE, nbstat_table, TABLE_FIELDS);

#define MAX_ADDRESSES 4096 /* far more than one datagram holds */

static const struct layout_field COMPLETION_FIELDS[] = {
        LAYOUT_FIELD(node_completion, "id", LAYOUT_UINT, id),
        LAYOUT_FIELD(node_completion, "result", LAYOUT_INT, result),
        LAYOUT_FIELD(node_completion, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_MANY(node_completion, "addresses", LAYOUT_LIST, addresses, address_count, NB_ADDRESS, MAX_ADDRESSES),
        LAYOUT_FIELD(node_completion, "responder", LAYOUT_ADDRESS, responder),
        LAYOUT_MANY(node_completion, "holders", LAYOUT_LIST, holders, holder_count, LAYOUT_ADDRESS_ROW, MAX_ADDRESSES),
        LAYOUT_PART(node_completion, "table", LAYOUT_OPTIONAL, table, TABLE),
        LAYOUT_WORDS(node_completion, "from", from, FROM_WORDS),
};
LAYOUT(COMPLETION, node_completion, COMPLETION_FIELDS);

static const struct layout_field REQUEST_FIELDS[] = {
        LAYOUT_WORDS(ctl_request, "request", type, REQUEST_WORDS),
        LAYOUT_FIELD(ctl_request, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_WORDS(ctl_request, "kind", kind, KIND_WORDS),
        LAYOUT_FIELD(ctl_request, "address", LAYOUT_ADDRESS, address),
        LAYOUT_FIELD(ctl_request, "bypass_cache", LAYOUT_BOOL, bypass_cache),
        LAYOUT_PART(ctl_request, "wins", LAYOUT_OPTIONAL, wins, CTL_WINS_REQUEST),
};
LAYOUT(REQUEST, ctl_request, REQUEST_FIELDS);

/* Of a reply just what its request is about travels; see reply_layout(). */
#define REPLY_HEAD                                                                                                     \
        LAYOUT_WORDS(ctl_reply, "reply", type, REQUEST_WORDS), LAYOUT_FIELD(ctl_reply, "result", LAYOUT_INT, result),  \
                LAYOUT_FIELD(ctl_reply, "message", LAYOUT_TEXT, message)

static const struct layout_field REPLY_VIEW_FIELDS[] = {REPLY_HEAD,
                                                        LAYOUT_PART(ctl_reply, "server", LAYOUT_STRUCT, server, SERVER),
                                                        LAYOUT_PART(ctl_reply, "view", LAYOUT_STRUCT, view, VIEW)};
LAYOUT(REPLY_VIEW, ctl_reply, REPLY_VIEW_FIELDS);
static const struct layout_field REPLY_SERVER_FIELDS[] = {
        REPLY_HEAD, LAYOUT_PART(ctl_reply, "server", LAYOUT_STRUCT, server, SERVER)};
LAYOUT(REPLY_SERVER, ctl_reply, REPLY_SERVER_FIELDS);
static const struct layout_field REPLY_COMPLETION_FIELDS[] = {
        REPLY_HEAD, LAYOUT_PART(ctl_reply, "completion", LAYOUT_STRUCT, completion, COMPLETION),
        LAYOUT_FIELD(ctl_reply, "lmhosts_count", LAYOUT_UINT, lmhosts_count)};
LAYOUT(REPLY_COMPLETION, ctl_reply, REPLY_COMPLETION_FIELDS);
static const struct layout_field REPLY_WINS_FIELDS[] = {
        REPLY_HEAD, LAYOUT_PART(ctl_reply, "server", LAYOUT_STRUCT, server, SERVER),
        LAYOUT_PART(ctl_reply, "wins", LAYOUT_OPTIONAL, wins, CTL_WINS_REPLY)};
LAYOUT(REPLY_WINS, ctl_reply, REPLY_WINS_FIELDS);
static const struct layout_field REPLY_ANY_FIELDS[] = {REPLY_HEAD};
LAYOUT(REPLY_ANY, ctl_reply, REPLY_ANY_FIELDS);

static const struct layout *reply_layout(enum ctl_request_type type)
{
        switch (type) {
        case CTL_REQUEST_VIEW:
                return &REPLY_VIEW;
        case CTL_REQUEST_SERVER:
                return &REPLY_SERVER;
        case CTL_REQUEST_NAME_ADD:
        case CTL_REQUEST_NAME_RELEASE:
        case CTL_REQUEST_RELEASE_REFRESH:
        case CTL_REQUEST_RELOAD:
        case CTL_REQUEST_QUERY:
        case CTL_REQUEST_STATUS:
                return &REPLY_COMPLETION;
        case CTL_REQUEST_WINS_STATUS:
        case CTL_REQUEST_WINS_SHOW:
        case CTL_REQUEST_WINS_DELETE:
        case CTL_REQUEST_WINS_CHECK:
        case CTL_REQUEST_WINS_ADD:
        case CTL_REQUEST_WINS_SCAVENGE:
        case CTL_REQUEST_WINS_BACKUP:
        case CTL_REQUEST_WINS_WATCH:
                return &REPLY_WINS;
        case CTL_REQUEST_SETTINGS_RELOAD:
        case CTL_REQUEST_MAX:
                break;
        }
        return &REPLY_ANY;
}

/* ---- frames ------------------------------------------------------------------------------------------------------- */

struct sink {
        struct strbuf *out;
        size_t max_bytes; /* OUT may grow to this */
};

static int sink_write(const char *bytes, size_t len_bytes, void *context)
{
        const struct sink *sink = context;

        if (sink->out->len_bytes + len_bytes > sink->max_bytes)
                return -1;
        strbuf_add_bytes(sink->out, bytes, len_bytes);
        return strbuf_ok(sink->out) ? 0 : -1;
}

/* Takes JSON over. */
static int frame_encode(json_t *json, size_t max_bytes, struct strbuf *out)
{
        static const uint8_t placeholder[CTL_FRAME_HEADER_BYTES];
        const size_t start = out->len_bytes;
        const struct sink sink = {out, start + sizeof placeholder + max_bytes};
        int r = NBT_ERR_NOMEM;

        strbuf_add_bytes(out, placeholder, sizeof placeholder);
        if (json && strbuf_ok(out)) {
                const int dumped = json_dump_callback(json, sink_write, (void *)(uintptr_t)&sink, JSON_COMPACT);

                r = dumped == 0 ? 0 : strbuf_ok(out) ? NBT_ERR_FULL : NBT_ERR_NOMEM;
        }
        json_decref(json);
        if (r < 0)
                return r;
        struct wr wr = wr_init(out->text + start, sizeof placeholder);
        wr_be32(&wr, (uint32_t)(out->len_bytes - start - sizeof placeholder));
        return 0;
}

int ctl_frame_look(const void *bytes, size_t len_bytes, size_t max_bytes, size_t *ret_payload_bytes)
{
        struct rd rd = rd_init(bytes, len_bytes);
        const uint32_t payload_bytes = rd_be32(&rd);

        if (!rd_ok(&rd))
                return 0;
        if (payload_bytes == 0 || payload_bytes > max_bytes)
                return NBT_ERR_RANGE;
        if (rd_left(&rd) < payload_bytes)
                return 0;
        *ret_payload_bytes = payload_bytes;
        return 1;
}

int ctl_request_encode(const struct ctl_request *request, struct strbuf *out)
{
        return frame_encode(layout_encode(&REQUEST, request),
                            ctl_request_is_wins(request->type) ? CTL_MAX_WINS_REQUEST_BYTES : CTL_MAX_REQUEST_BYTES,
                            out);
}

int ctl_reply_encode(const struct ctl_reply *reply, struct strbuf *out)
{
        return frame_encode(layout_encode(reply_layout(reply->type), reply), CTL_MAX_REPLY_BYTES, out);
}

static int frame_decode(const void *bytes, size_t len_bytes, json_t **ret)
{
        json_error_t error;
        json_t *json = json_loadb(bytes, len_bytes, JSON_REJECT_DUPLICATES, &error);

        if (!json)
                return json_error_code(&error) == json_error_out_of_memory ? NBT_ERR_NOMEM : NBT_ERR_MALFORMED;
        *ret = json;
        return 0;
}

int ctl_request_decode(const void *bytes, size_t len_bytes, struct arena *arena, struct ctl_request *ret)
{
        struct ctl_request request = {0};
        json_t *json = NULL;
        int r = frame_decode(bytes, len_bytes, &json);

        if (r < 0)
                return r;
        /* It must say what it wants. */
        r = json_object_get(json, "request") ? layout_decode(&REQUEST, json, arena, &request) : NBT_ERR_MALFORMED;
        json_decref(json);
        if (r == 0)
                *ret = request;
        return r;
}

int ctl_reply_decode(const void *bytes, size_t len_bytes, struct arena *arena, struct ctl_reply *ret)
{
        struct ctl_reply reply = {0};
        json_t *json = NULL;
        int r = frame_decode(bytes, len_bytes, &json);

        if (r < 0)
                return r;
        r = json_object_get(json, "reply") ? layout_decode(&REPLY_ANY, json, arena, &reply) : NBT_ERR_MALFORMED;
        if (r == 0)
                r = layout_decode(reply_layout(reply.type), json, arena, &reply);
        json_decref(json);
        if (r == 0)
                *ret = reply;
        return r;
}

const char *ctl_request_str(enum ctl_request_type type)
{
        return (unsigned)type < CTL_REQUEST_MAX ? REQUEST_WORDS[type] : "unknown";
}

bool ctl_request_is_wins(enum ctl_request_type type)
{
        return type >= CTL_REQUEST_WINS_STATUS && type <= CTL_REQUEST_WINS_WATCH;
}

bool ctl_request_is_change(enum ctl_request_type type)
{
        switch (type) {
        case CTL_REQUEST_NAME_ADD:
        case CTL_REQUEST_NAME_RELEASE:
        case CTL_REQUEST_RELEASE_REFRESH:
        case CTL_REQUEST_RELOAD:
        case CTL_REQUEST_SETTINGS_RELOAD:
        case CTL_REQUEST_WINS_DELETE:
        case CTL_REQUEST_WINS_ADD:
        case CTL_REQUEST_WINS_SCAVENGE:
        case CTL_REQUEST_WINS_BACKUP:
                return true;
        case CTL_REQUEST_VIEW:
        case CTL_REQUEST_SERVER:
        case CTL_REQUEST_QUERY:
        case CTL_REQUEST_STATUS:
        case CTL_REQUEST_WINS_STATUS:
        case CTL_REQUEST_WINS_SHOW:
        case CTL_REQUEST_WINS_CHECK:
        case CTL_REQUEST_WINS_WATCH:
        case CTL_REQUEST_MAX:
                break;
        }
        return false;
}
