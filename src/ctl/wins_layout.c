#include "ctl/wins_layout.h"

#include "ctl/wins.h"

static const char *const TYPE_WORDS[WINS_TYPE_MAX] = {[WINS_UNIQUE] = "unique",
                                                      [WINS_GROUP] = "group",
                                                      [WINS_INTERNET] = "internet",
                                                      [WINS_MULTIHOMED] = "multihomed"};
static const char *const STATE_WORDS[WINS_STATE_MAX] = {
        [WINS_ACTIVE] = "active", [WINS_RELEASED] = "released", [WINS_TOMBSTONE] = "tombstone"};
static const char *const NODE_WORDS[] = {
        [WINS_NODE_B] = "b", [WINS_NODE_P] = "p", [WINS_NODE_M] = "m", [WINS_NODE_H] = "h"};
static const char *const NOTICE_WORDS[WINS_NOTICE_TYPES] = {
        [WINS_NOTICE_REFUSED] = "refused",
        [WINS_NOTICE_REPLACED] = "replaced",
        [WINS_NOTICE_MERGED] = "merged",
        [WINS_NOTICE_BAD_RELEASE] = "bad-release",
        [WINS_NOTICE_GROUP_FULL] = "group-full",
        [WINS_NOTICE_FULL] = "full",
        [WINS_NOTICE_STORE_FAILED] = "store-failed",
        [WINS_NOTICE_STORE_WORKS] = "store-works",
        [WINS_NOTICE_CLOCK_JUMP] = "clock-jump",
        [WINS_NOTICE_BURST] = "burst",
        [WINS_NOTICE_BURST_OVER] = "burst-over",
        [WINS_NOTICE_SCAVENGED] = "scavenged",
        [WINS_NOTICE_CHANGED] = "changed",
        [WINS_NOTICE_RENEWED] = "renewed",
};
static const char *const FINDING_WORDS[WINS_FINDING_TYPES] = {
        [WINS_FINDING_SCOPES] = "scopes",
        [WINS_FINDING_CLASSES] = "classes",
        [WINS_FINDING_ADDRESS] = "address",
        [WINS_FINDING_TWINS] = "twins",
        [WINS_FINDING_STATIC_SHADOW] = "static-shadow",
        [WINS_FINDING_STATIC_GROUP] = "static-group",
};

#define NUMBER(struct_, member_) LAYOUT_FIELD(struct_, #member_, LAYOUT_UINT, member_)
#define FLAG(struct_, member_) LAYOUT_FIELD(struct_, #member_, LAYOUT_BOOL, member_)
#define LAYOUT(name_, struct_, fields_) static const struct layout name_ = LAYOUT_OF(struct_, fields_)

/* ---- records ------------------------------------------------------------------------------------------------------ */

static const struct layout_field MEMBER_FIELDS[] = {
        LAYOUT_FIELD(wins_member, "address", LAYOUT_ADDRESS, address),
        LAYOUT_FIELD(wins_member, "owner", LAYOUT_ADDRESS, owner),
        LAYOUT_FIELD(wins_member, "expiry_s", LAYOUT_INT, expiry_s),
};
LAYOUT(MEMBER, wins_member, MEMBER_FIELDS);

static const struct layout_field RECORD_FIELDS[] = {
        LAYOUT_FIELD(wins_record, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_FIELD(wins_record, "scope", LAYOUT_SCOPE, scope),
        LAYOUT_WORDS(wins_record, "type", type, TYPE_WORDS),
        LAYOUT_WORDS(wins_record, "state", state, STATE_WORDS),
        LAYOUT_WORDS(wins_record, "node", node, NODE_WORDS),
        LAYOUT_FIELD(wins_record, "static", LAYOUT_BOOL, is_static),
        LAYOUT_FIELD(wins_record, "owner", LAYOUT_ADDRESS, owner),
        LAYOUT_FIELD(wins_record, "version", LAYOUT_UINT, version),
        LAYOUT_FIELD(wins_record, "expiry_s", LAYOUT_INT, expiry_s),
        LAYOUT_MANY(wins_record, "members", LAYOUT_ARRAY, members, member_count, MEMBER, WINS_MAX_MEMBERS),
};
LAYOUT(RECORD, wins_record, RECORD_FIELDS);

/* ---- requests ----------------------------------------------------------------------------------------------------- */

static const struct layout_field FILTER_FIELDS[] = {
        FLAG(wins_filter, has_name),
        LAYOUT_FIELD(wins_filter, "name", LAYOUT_BYTES, name.bytes),
        FLAG(wins_filter, has_scope),
        LAYOUT_FIELD(wins_filter, "scope", LAYOUT_SCOPE, scope),
        NUMBER(wins_filter, prefix_len_bytes),
        LAYOUT_FIELD(wins_filter, "prefix", LAYOUT_BYTES, prefix),
        LAYOUT_FIELD(wins_filter, "pattern", LAYOUT_TEXT, pattern),
        FLAG(wins_filter, has_suffix),
        NUMBER(wins_filter, suffix),
        FLAG(wins_filter, has_owner),
        LAYOUT_FIELD(wins_filter, "owner", LAYOUT_ADDRESS, owner),
        NUMBER(wins_filter, min_version),
        NUMBER(wins_filter, max_version),
        FLAG(wins_filter, has_address),
        LAYOUT_FIELD(wins_filter, "address", LAYOUT_ADDRESS, address),
        LAYOUT_FIELD(wins_filter, "address_mask", LAYOUT_ADDRESS, address_mask),
        FLAG(wins_filter, has_type),
        LAYOUT_WORDS(wins_filter, "type", type, TYPE_WORDS),
        FLAG(wins_filter, has_state),
        LAYOUT_WORDS(wins_filter, "state", state, STATE_WORDS),
        FLAG(wins_filter, has_static),
        FLAG(wins_filter, is_static),
};
LAYOUT(FILTER, wins_filter, FILTER_FIELDS);

static const struct layout_field REQUEST_FIELDS[] = {
        LAYOUT_PART(ctl_wins_request, "filter", LAYOUT_STRUCT, filter, FILTER),
        LAYOUT_FIELD(ctl_wins_request, "cursor", LAYOUT_BYTES, cursor),
        NUMBER(ctl_wins_request, limit),
        FLAG(ctl_wins_request, tombstone),
        FLAG(ctl_wins_request, only_if_free),
        LAYOUT_MANY(ctl_wins_request, "records", LAYOUT_LIST, records, record_count, RECORD, WINS_IMPORT_MAX_RECORDS),
        LAYOUT_FIELD(ctl_wins_request, "path", LAYOUT_TEXT, path),
};
const struct layout CTL_WINS_REQUEST = LAYOUT_OF(ctl_wins_request, REQUEST_FIELDS);

/* ---- status ------------------------------------------------------------------------------------------------------- */

struct blocked_name {
        char name[16];
};
static const struct layout_field BLOCKED_FIELDS[] = {LAYOUT_FIELD(blocked_name, "name", LAYOUT_TEXT, name)};
LAYOUT(BLOCKED, blocked_name, BLOCKED_FIELDS);

static const struct layout_field SETTINGS_FIELDS[] = {
        NUMBER(wins_settings, renewal_s),
        NUMBER(wins_settings, extinction_interval_s),
        NUMBER(wins_settings, extinction_timeout_s),
        NUMBER(wins_settings, verify_s),
        NUMBER(wins_settings, burst_queue),
        FLAG(wins_settings, migrate),
        FLAG(wins_settings, prepend_1b),
        FLAG(wins_settings, randomize_1c),
        FLAG(wins_settings, block_queries),
        LAYOUT_MANY(wins_settings, "blocked", LAYOUT_ARRAY, blocked, block_count, BLOCKED, WINS_MAX_BLOCKED),
        NUMBER(wins_settings, start_version),
};
LAYOUT(SETTINGS, wins_settings, SETTINGS_FIELDS);

static const struct layout_field STATISTICS_FIELDS[] = {
        NUMBER(wins_statistics, unique_registrations),
        NUMBER(wins_statistics, unique_conflicts),
        NUMBER(wins_statistics, unique_renewals),
        NUMBER(wins_statistics, group_registrations),
        NUMBER(wins_statistics, group_conflicts),
        NUMBER(wins_statistics, group_renewals),
        NUMBER(wins_statistics, releases_successful),
        NUMBER(wins_statistics, releases_failed),
        NUMBER(wins_statistics, queries_successful),
        NUMBER(wins_statistics, queries_failed),
        NUMBER(wins_statistics, challenges),
        NUMBER(wins_statistics, challenges_answered),
        NUMBER(wins_statistics, challenges_denied),
        NUMBER(wins_statistics, challenges_silent),
        NUMBER(wins_statistics, claims_refused),
        NUMBER(wins_statistics, claims_merged),
        NUMBER(wins_statistics, wacks),
        NUMBER(wins_statistics, resent_ignored),
        NUMBER(wins_statistics, burst_answers),
        NUMBER(wins_statistics, packets_malformed),
        NUMBER(wins_statistics, packets_unmatched),
        NUMBER(wins_statistics, queries_blocked),
        NUMBER(wins_statistics, batches),
        NUMBER(wins_statistics, batches_failed),
        NUMBER(wins_statistics, changes_stored),
        NUMBER(wins_statistics, renewals_stored),
        LAYOUT_FIELD(wins_statistics, "started_us", LAYOUT_INT, started.us),
        LAYOUT_FIELD(wins_statistics, "last_scavenging_us", LAYOUT_INT, last_scavenging.us),
        LAYOUT_FIELD(wins_statistics, "last_store_failure_us", LAYOUT_INT, last_store_failure.us),
};
LAYOUT(STATISTICS, wins_statistics, STATISTICS_FIELDS);

static const struct layout_field OWNER_FIELDS[] = {
        LAYOUT_FIELD(wins_view_owner, "address", LAYOUT_ADDRESS, address),
        NUMBER(wins_view_owner, max_version),
        NUMBER(wins_view_owner, record_count),
};
LAYOUT(OWNER, wins_view_owner, OWNER_FIELDS);

static const struct layout_field REFUSAL_FIELDS[] = {
        LAYOUT_FIELD(wins_refusal, "when_us", LAYOUT_INT, when.us),
        LAYOUT_FIELD(wins_refusal, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_FIELD(wins_refusal, "claimant", LAYOUT_ADDRESS, claimant),
        LAYOUT_FIELD(wins_refusal, "holder", LAYOUT_ADDRESS, holder),
        FLAG(wins_refusal, holder_is_static),
        NUMBER(wins_refusal, rcode),
        NUMBER(wins_refusal, repeated),
};
LAYOUT(REFUSAL, wins_refusal, REFUSAL_FIELDS);

#define COUNTS(word_, type_)                                                                                           \
        LAYOUT_FIELD(wins_view, word_ "_active", LAYOUT_UINT, counts[type_][WINS_ACTIVE]),                             \
                LAYOUT_FIELD(wins_view, word_ "_released", LAYOUT_UINT, counts[type_][WINS_RELEASED]),                 \
                LAYOUT_FIELD(wins_view, word_ "_tombstone", LAYOUT_UINT, counts[type_][WINS_TOMBSTONE])

static const struct layout_field VIEW_FIELDS[] = {
        LAYOUT_FIELD(wins_view, "owner", LAYOUT_ADDRESS, owner),
        LAYOUT_PART(wins_view, "settings", LAYOUT_STRUCT, settings, SETTINGS),
        LAYOUT_PART(wins_view, "statistics", LAYOUT_STRUCT, statistics, STATISTICS),
        NUMBER(wins_view, record_count),
        COUNTS("unique", WINS_UNIQUE),
        COUNTS("group", WINS_GROUP),
        COUNTS("internet", WINS_INTERNET),
        COUNTS("multihomed", WINS_MULTIHOMED),
        NUMBER(wins_view, static_count),
        NUMBER(wins_view, scope_count),
        NUMBER(wins_view, claims_under_way),
        NUMBER(wins_view, challenges_under_way),
        NUMBER(wins_view, renewals_unwritten),
        NUMBER(wins_view, memory_bytes),
        FLAG(wins_view, store_failed),
        FLAG(wins_view, burst),
        FLAG(wins_view, scavenging),
        LAYOUT_MANY(wins_view, "owners", LAYOUT_LIST, owners, owner_count, OWNER, WINS_MAX_OWNERS),
        LAYOUT_MANY(wins_view, "refusals", LAYOUT_LIST, refusals, refusal_count, REFUSAL, WINS_REFUSAL_RING),
};
LAYOUT(VIEW, wins_view, VIEW_FIELDS);

static const struct layout_field STORE_FIELDS[] = {
        LAYOUT_FIELD(ctl_wins_store, "path", LAYOUT_TEXT, path),
        NUMBER(ctl_wins_store, size_bytes),
        NUMBER(ctl_wins_store, free_bytes),
        NUMBER(ctl_wins_store, commits),
        NUMBER(ctl_wins_store, changes),
        NUMBER(ctl_wins_store, touches),
        NUMBER(ctl_wins_store, failures),
        NUMBER(ctl_wins_store, commit_us),
        LAYOUT_FIELD(ctl_wins_store, "last_backup_us", LAYOUT_INT, last_backup_us),
        LAYOUT_FIELD(ctl_wins_store, "last_error", LAYOUT_TEXT, last_error),
};
LAYOUT(STORE, ctl_wins_store, STORE_FIELDS);

static const struct layout_field HOOK_FIELDS[] = {
        LAYOUT_FIELD(ctl_wins_hook, "program", LAYOUT_TEXT, program),
        NUMBER(ctl_wins_hook, calls),
        NUMBER(ctl_wins_hook, failures),
        NUMBER(ctl_wins_hook, waiting),
        NUMBER(ctl_wins_hook, illegal),
        NUMBER(ctl_wins_hook, left_out),
        LAYOUT_FIELD(ctl_wins_hook, "last_error", LAYOUT_TEXT, last_error),
};
LAYOUT(HOOK, ctl_wins_hook, HOOK_FIELDS);

/* ---- replies ------------------------------------------------------------------------------------------------------ */

static const struct layout_field FINDING_FIELDS[] = {
        LAYOUT_WORDS(wins_finding, "finding", type, FINDING_WORDS),
        LAYOUT_PART(wins_finding, "record", LAYOUT_OPTIONAL, record, RECORD),
        LAYOUT_PART(wins_finding, "other", LAYOUT_OPTIONAL, other, RECORD),
        LAYOUT_FIELD(wins_finding, "address", LAYOUT_ADDRESS, address),
        LAYOUT_FIELD(wins_finding, "when_us", LAYOUT_INT, when.us),
};
LAYOUT(FINDING, wins_finding, FINDING_FIELDS);

static const struct layout_field CHANGE_FIELDS[] = {
        LAYOUT_FIELD(ctl_wins_change, "time_us", LAYOUT_INT, time_us),
        LAYOUT_WORDS(ctl_wins_change, "change", type, NOTICE_WORDS),
        LAYOUT_FIELD(ctl_wins_change, "name", LAYOUT_BYTES, name.bytes),
        LAYOUT_FIELD(ctl_wins_change, "scope", LAYOUT_SCOPE, scope),
        LAYOUT_FIELD(ctl_wins_change, "claimant", LAYOUT_ADDRESS, claimant),
        LAYOUT_FIELD(ctl_wins_change, "holder", LAYOUT_ADDRESS, holder),
        FLAG(ctl_wins_change, holder_is_static),
        FLAG(ctl_wins_change, removed),
        NUMBER(ctl_wins_change, count),
        NUMBER(ctl_wins_change, released),
        NUMBER(ctl_wins_change, extinct),
        NUMBER(ctl_wins_change, deleted),
        LAYOUT_PART(ctl_wins_change, "record", LAYOUT_OPTIONAL, record, RECORD),
        NUMBER(ctl_wins_change, missed),
};
LAYOUT(CHANGE, ctl_wins_change, CHANGE_FIELDS);

static const struct layout_field REPLY_FIELDS[] = {
        LAYOUT_PART(ctl_wins_reply, "view", LAYOUT_OPTIONAL, view, VIEW),
        LAYOUT_PART(ctl_wins_reply, "store", LAYOUT_OPTIONAL, store, STORE),
        LAYOUT_PART(ctl_wins_reply, "hook", LAYOUT_OPTIONAL, hook, HOOK),
        LAYOUT_MANY(ctl_wins_reply, "rows", LAYOUT_LIST, rows, row_count, RECORD, CTL_WINS_DELETE_ROWS),
        LAYOUT_MANY(ctl_wins_reply, "findings", LAYOUT_LIST, findings, finding_count, FINDING, CTL_WINS_MAX_FINDINGS),
        FLAG(ctl_wins_reply, more),
        LAYOUT_FIELD(ctl_wins_reply, "cursor", LAYOUT_BYTES, cursor),
        NUMBER(ctl_wins_reply, culprit),
        LAYOUT_FIELD(ctl_wins_reply, "path", LAYOUT_TEXT, path),
        NUMBER(ctl_wins_reply, size_bytes),
        LAYOUT_PART(ctl_wins_reply, "change", LAYOUT_OPTIONAL, change, CHANGE),
};
const struct layout CTL_WINS_REPLY = LAYOUT_OF(ctl_wins_reply, REPLY_FIELDS);

int ctl_wins_change_encode(const struct ctl_wins_change *change, struct strbuf *out)
{
        const struct ctl_wins_reply wins = {.change = change};
        const struct ctl_reply reply = {.type = CTL_REQUEST_WINS_WATCH, .wins = &wins};

        return ctl_reply_encode(&reply, out);
}
