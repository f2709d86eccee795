#pragma once
/*
 * The WINS server (NBNS): RFC 1001 §15, RFC 1002 §5.1.4 and §4.2, as Windows' does it (KB and [MS-WINSRA] sources stand beside
 * each rule; facts about Samba are observations).
 *
 * A core without I/O, as struct node: wins_step() takes one event with its time and yields actions; wins_deadline() tells when
 * it wants to be woken. All records are in memory and answer every query; what must last goes out as WINS_ACTION_PERSIST
 * (wins/store.h), and a positive answer to a new claim, a release or an administrator's change leaves only after
 * WINS_EVENT_STORED for the batch that holds it. The memory shows a change only then, too: nobody is told what a crash could take
 * back. Plain renewals are answered at once and written in large batches later; no active name expires earlier than one
 * renewal interval after a start, so that a lost renewal (and a server that was off for long) costs nobody a name.
 *
 * Life: wins_new → wins_load_owner, wins_load for all that the store holds → WINS_EVENT_START → packets, timers, commands →
 * WINS_EVENT_STOP → WINS_ACTION_STOPPED → wins_free.
 *
 * The host that runs the server has a node too. WINS_EVENT_SELF tells its addresses and names: the server refuses others those
 * names at once, and never sends a challenge to itself. The driver hands each unicast datagram to the one whom wins_route()
 * names; what the node sends to its own WINS server is to be handed over as a packet event with its own address as source.
 */
#include "base/arena.h"
#include "base/instant.h"
#include "base/rng.h"
#include "wins/limits.h"
#include "wins/record.h"
#include "wins/store.h"
#include "wire/nbns.h"

struct wins;

struct wins_settings {
        uint32_t renewal_s;             /* the TTL granted to every claim */
        uint32_t extinction_interval_s; /* released → tombstone */
        uint32_t extinction_timeout_s;  /* tombstone → deleted */
        uint32_t verify_s;              /* replicas older are to be verified with their owner */
        uint32_t burst_queue; /* claims that wait for the store before quick answers begin; 0: no burst handling */
        bool migrate;         /* MigrateOn: dynamic claims may take static unique and multihomed mappings */
        bool prepend_1b;      /* answers for <1C> begin with the address of the <1B> (default on, KB167365) */
        bool randomize_1c;    /* Randomize1cList: the others rotate */
        bool block_queries;   /* MS09-008 (EnableQueryBlockList, default on): the block list is answered negatively */
        size_t block_count;
        char blocked[WINS_MAX_BLOCKED][16]; /* QueryBlockList: stems, upper case; default WPAD and ISATAP */
        uint64_t start_version; /* versions of our own begin above it (0: no matter), "Starting Version Count" */
};

struct wins_settings wins_settings_default(void);

/* Which field is out of its range ("renewal interval"), or NULL if all is well. Static text. The extinction interval and
 * timeout must not be below what renewal asks for (KB135922): wins_settings_adjust() raises them, as Windows does (4137, 4138). */
const char *wins_settings_fault(const struct wins_settings *settings);
/* Moves every value into its range; true if anything changed. */
bool wins_settings_adjust(struct wins_settings *settings);

/* ---- what the server reads of a packet ------------------------------------------------------------------------------- */

struct wins_packet {
        const uint8_t *bytes;
        size_t len_bytes;
        uint32_t source;
        uint16_t source_port;
        uint32_t local; /* our address that it was sent to (IP_PKTINFO): answers leave from it */
};

enum wins_route { WINS_ROUTE_NONE, WINS_ROUTE_SERVER, WINS_ROUTE_NODE };

/*
 * Who on this host is meant by a unicast datagram: the server by claims, releases, NB queries of names it has a record of or nobody
 * of this host does, and answers to its own challenges; the node by node status, by queries for its own names that are not in
 * the database, and by all other answers. Broadcasts are always the node's. Cheap; no full decode.
 */
enum wins_route wins_route(const struct wins *wins, const struct wins_packet *packet);

/* ---- events ------------------------------------------------------------------------------------------------------------ */

enum wins_event_type {
        WINS_EVENT_START,
        WINS_EVENT_STOP, /* writes what is not yet written, refuses nothing more, then WINS_ACTION_STOPPED */
        WINS_EVENT_PACKET,
        WINS_EVENT_TIMER,
        WINS_EVENT_STORED,       /* the batch is durable */
        WINS_EVENT_STORE_FAILED, /* nothing of the batch is in the store, and it will not be: claims in it are refused */
        WINS_EVENT_SELF,         /* addresses and names of the carried node, all of them, whenever they change */
        WINS_EVENT_COMMAND,
};

struct wins_self {
        size_t address_count; /* at most WINS_MAX_OWN_ADDRESSES are used */
        const uint32_t *addresses;
        size_t name_count; /* unique names the node holds (registered or about to); at most WINS_MAX_OWN_NAMES are used */
        const struct nb_name *names;
};

enum wins_command_type {
        WINS_COMMAND_SHOW,     /* a page of the records that FILTER lets through, from CURSOR on */
        WINS_COMMAND_DELETE,   /* the same page, deleted; or made tombstones */
        WINS_COMMAND_CHECK,    /* a page of findings about the records that FILTER lets through */
        WINS_COMMAND_ADD,      /* RECORDS, all or none: static mappings (or dynamic entries, for tests and restores) */
        WINS_COMMAND_SCAVENGE, /* begin a round now; completes at once */
        WINS_COMMAND_FLUSH,    /* write all pending renewals; completes when stored (before a backup) */
        WINS_COMMAND_SETTINGS, /* new settings; NBT_ERR_RANGE if out of range */
};

/* What a record must be to pass; every condition left out passes all. Beginnings of names, addresses and networks, owners with
 * versions, types, states and static mappings are found by indexes, of several conditions by the one that leaves the fewest to look
 * at; only patterns, suffixes and scopes are looked for in all that remain. */
struct wins_filter {
        bool has_name; /* all 16 bytes */
        struct nb_name name;
        bool has_scope;
        struct nb_scope scope;
        uint8_t prefix_len_bytes; /* of PREFIX that must begin the name; 0: any */
        uint8_t prefix[NB_NAME_BYTES];
        char pattern
                [64]; /* "*" and "?" over the 15 name bytes without blanks at the end, ASCII case ignored; "": any */
        bool has_suffix;
        uint8_t suffix;
        bool has_owner;
        uint32_t owner;
        uint64_t min_version, max_version; /* 0, 0: any; counts with an owner only */
        bool has_address;
        uint32_t address, address_mask; /* IP4_BROADCAST as mask: one address */
        bool has_type;
        enum wins_type type;
        bool has_state;
        enum wins_state state;
        bool has_static;
        bool is_static;
};

/* Where a page ended. Zero: from the start. Opaque; survives changes of the database in between: a record that is there all
 * the time is shown once and not missed; one that comes, goes or changes meanwhile may be either. */
struct wins_cursor {
        uint64_t place[3];
};

struct wins_command {
        uint64_t id; /* driver's; comes back in WINS_ACTION_COMPLETE */
        enum wins_command_type type;
        struct wins_filter filter;
        struct wins_cursor cursor;
        size_t limit;        /* rows a page; 0 or too many: WINS_PAGE_ROWS */
        bool tombstone;      /* DELETE: make tombstones, which replicate, rather than removing */
        bool only_if_free;   /* ADD: NBT_ERR_EXISTS if a live record of another content stands under a name */
        size_t record_count; /* ADD */
        const struct wins_record
                *records; /* name, scope, type, node, members (address), is_static; the rest is filled in */
        const struct wins_settings *settings;
};

struct wins_event {
        enum wins_event_type type;
        mono_t now;
        wall_t wall;
        union {
                struct wins_packet packet;
                struct {
                        uint64_t batch;
                        bool full; /* STORE_FAILED: no room; otherwise another error */
                } store;
                struct wins_self self;
                struct wins_command command;
        };
};

/* ---- actions ----------------------------------------------------------------------------------------------------------- */

enum wins_action_type {
        WINS_ACTION_SEND,
        WINS_ACTION_PERSIST, /* batch: lives in the core until it is reported as stored or failed */
        WINS_ACTION_NOTIFY,
        WINS_ACTION_COMPLETE,
        WINS_ACTION_STOPPED,
};

enum wins_notice_type {
        WINS_NOTICE_REFUSED,  /* claimant was refused name: holder has it (challenged and alive, static, or our own) */
        WINS_NOTICE_REPLACED, /* holder did not answer, or denied it: claimant has name now */
        WINS_NOTICE_MERGED,   /* holder's answer listed claimant's address too: one multihomed machine */
        WINS_NOTICE_BAD_RELEASE, /* a release by one who does not own it, or of the other class (4249, 4250); nothing changed */
        WINS_NOTICE_GROUP_FULL,   /* a 26th member of an internet group: the oldest was dropped (4141) */
        WINS_NOTICE_FULL,         /* a bound of the core was reached (count tells); a claim was not taken */
        WINS_NOTICE_STORE_FAILED, /* once, at the first failure: is_full tells why. New claims are refused from now on */
        WINS_NOTICE_STORE_WORKS,  /* once, after a success: claims are taken again */
        WINS_NOTICE_CLOCK_JUMP,   /* the calendar jumped by seconds; no name expires because of it */
        WINS_NOTICE_BURST,        /* quick answers begin */
        WINS_NOTICE_BURST_OVER,   /* and end; count tells how many there were */
        WINS_NOTICE_SCAVENGED,    /* a round ended: released, extinct, deleted */
        WINS_NOTICE_CHANGED,      /* record is now so (or removed), and was as BEFORE says; see wins_watch() */
        WINS_NOTICE_RENEWED,      /* record was renewed and is otherwise as it was; see wins_watch() */
        WINS_NOTICE_TYPES,
};

struct wins_notice {
        enum wins_notice_type type;
        struct nb_name name;
        struct nb_scope scope;
        uint32_t claimant, holder; /* 0 if none */
        uint8_t opcode, rcode;
        bool holder_is_static, holder_is_own, is_full, removed;
        int64_t seconds;
        uint64_t count, released, extinct, deleted;
        const struct wins_record *record; /* CHANGED, RENEWED; in the arena */
        const struct wins_record *before; /* CHANGED; NULL: there was none. In the arena */
};

enum wins_finding_type {
        WINS_FINDING_SCOPES,        /* the same name lives in other scopes too */
        WINS_FINDING_CLASSES,       /* the same 15 bytes are a computer's name and a group's */
        WINS_FINDING_ADDRESS,       /* another computer's name has the same address */
        WINS_FINDING_TWINS,         /* a multihomed record whose sister names do not have the same addresses */
        WINS_FINDING_STATIC_SHADOW, /* a static mapping because of which a live machine was refused */
        WINS_FINDING_STATIC_GROUP,  /* a static unique name that is a group elsewhere (KB161432, KB166502) */
        WINS_FINDING_TYPES,
};

struct wins_finding {
        enum wins_finding_type type;
        const struct wins_record *record;
        const struct wins_record *other; /* NULL: none */
        uint32_t address;                /* the one in question; 0: none */
        wall_t when;                     /* STATIC_SHADOW: of the last refusal */
};

struct wins_completion {
        uint64_t id;
        int result; /* 0 or NBT_ERR_…: NOT_FOUND never for pages; EXISTS, RANGE, FULL, IO (store failed), STATE (stopping) */
        enum wins_command_type type;
        size_t row_count; /* SHOW; DELETE: what was deleted; ADD: how many, without rows */
        const struct wins_record *const *rows;
        size_t finding_count; /* CHECK */
        const struct wins_finding *findings;
        bool more; /* pages: go on at cursor. A page may be empty and yet not the last: work a step is bounded */
        struct wins_cursor cursor;
        size_t culprit; /* ADD: which record was in the way, for EXISTS and RANGE */
};

struct wins_action {
        struct wins_action *next;
        enum wins_action_type type;
        union {
                struct {
                        uint32_t local; /* leave from this address; 0: the routing's choice */
                        uint32_t destination;
                        uint16_t port;
                        const uint8_t *bytes;
                        size_t len_bytes;
                } send;
                const struct wins_batch *batch;
                struct wins_notice *notice;
                struct wins_completion complete;
        };
};

struct wins_actions {
        struct arena *arena;
        struct wins_action *first, *last;
        size_t count;
};

/* ---- the core ------------------------------------------------------------------------------------------------------------ */

/*
 * A server whose own address (owner of its records, [MS-WINSRA]) is OWNER, with copies of SETTINGS and RNG. NBT_ERR_NOMEM;
 * NBT_ERR_RANGE if wins_settings_fault() or OWNER is 0. A record whose owner is 0 in the store is taken for OWNER's.
 */
int wins_new(struct wins **ret, uint32_t owner, const struct wins_settings *settings,
             const struct rng *rng) NBT_MUST_CHECK;

/* Before START only. NBT_ERR_RANGE for a damaged record (leave it out and go on), NBT_ERR_EXISTS for a second one under one name
 * and scope, NBT_ERR_NOMEM, NBT_ERR_FULL, NBT_ERR_STATE after START. */
int wins_load(struct wins *wins, const struct wins_record *record) NBT_MUST_CHECK;
int wins_load_owner(struct wins *wins, const struct wins_owner *owner) NBT_MUST_CHECK;

/* NBT_ERR_NOMEM only: the request then stays unanswered, and nothing is half done. */
int wins_step(struct wins *wins, const struct wins_event *event, struct wins_actions *out) NBT_MUST_CHECK;
mono_t wins_deadline(const struct wins *wins);
/* Accepts NULL, returns NULL. */
struct wins *wins_free(struct wins *wins);

/*
 * The fast path answers a plain name query (one NB question, no scope, no <1C>) without any allocation, in three steps, so that a
 * batch's packets can be taken some steps apart and the memory's latency is hidden: wins_question_read() reads the packet and calls
 * for the index's memory, wins_question_fetch() calls for the record's, wins_question_answer() answers. What wins_step() changes
 * meanwhile does no harm.
 */
#define WINS_QUERY_ANSWER_BYTES 256

/* A name query, as far as the fast path needs it. */
struct wins_question {
        struct nb_name name;
        uint64_t hash;
        bool is_plain; /* else all this is empty */
};

void wins_question_read(const struct wins *wins, const struct wins_packet *packet, struct wins_question *ret);
void wins_question_fetch(const struct wins *wins, const struct wins_question *question);
/*
 * Answers QUESTION, which was read from PACKET, into OUT. Returns the length of the answer, or 0 for everything that is not for the
 * fast path: hand that to wins_route() and wins_step(). SIZE at least WINS_QUERY_ANSWER_BYTES.
 */
size_t wins_question_answer(struct wins *wins, const struct wins_packet *packet, const struct wins_question *question,
                            uint8_t *out, size_t size_bytes);
/* All of it for a single packet. */
size_t wins_query(struct wins *wins, const struct wins_packet *packet, uint8_t *out, size_t size_bytes);

/* Which of WINS_NOTICE_CHANGED and WINS_NOTICE_RENEWED are told (default: none). */
#define WINS_WATCH_CHANGES 1u
#define WINS_WATCH_RENEWALS 2u
void wins_watch(struct wins *wins, unsigned what);

/* The record under NAME and SCOPE (NULL: none); NBT_ERR_NOT_FOUND. Times are as of the calendar now. */
int wins_find(const struct wins *wins, const struct nb_name *name, const struct nb_scope *scope,
              struct wins_record *ret) NBT_MUST_CHECK;

/* ---- view ------------------------------------------------------------------------------------------------------------------ */

/* Windows' counters ("Detailed Information", performance counters) and some of our own. */
struct wins_statistics {
        uint64_t unique_registrations, unique_conflicts, unique_renewals;
        uint64_t group_registrations, group_conflicts, group_renewals;
        uint64_t releases_successful, releases_failed, queries_successful, queries_failed;
        uint64_t challenges, challenges_answered, challenges_denied, challenges_silent;
        uint64_t claims_refused, claims_merged, wacks, resent_ignored, burst_answers;
        uint64_t packets_malformed, packets_unmatched, queries_blocked;
        uint64_t batches, batches_failed, changes_stored, renewals_stored;
        wall_t started, last_scavenging, last_store_failure; /* 0: never */
};

/* A claim that was refused, newest first. */
struct wins_refusal {
        wall_t when;
        struct nb_name name;
        uint32_t claimant, holder;
        bool holder_is_static;
        uint8_t rcode;
        uint32_t repeated; /* times more, the last one at WHEN */
};

struct wins_view_owner {
        uint32_t address;
        uint64_t max_version;
        uint64_t record_count;
};

struct wins_view {
        uint32_t owner;
        struct wins_settings settings;
        struct wins_statistics statistics;
        uint64_t record_count;
        uint64_t counts[WINS_TYPE_MAX][WINS_STATE_MAX];
        uint64_t static_count, scope_count;
        uint64_t claims_under_way, challenges_under_way, renewals_unwritten;
        uint64_t memory_bytes; /* of records and their indexes */
        bool store_failed, burst, scavenging;
        size_t owner_count;
        const struct wins_view_owner *owners;
        size_t refusal_count;
        const struct wins_refusal *refusals;
};

/* A snapshot in ARENA. NBT_ERR_NOMEM. */
int wins_view(const struct wins *wins, struct arena *arena, struct wins_view *ret) NBT_MUST_CHECK;

const char *wins_notice_str(enum wins_notice_type type);   /* "refused", "store failed", …; never NULL */
const char *wins_finding_str(enum wins_finding_type type); /* "same address", …; never NULL */
