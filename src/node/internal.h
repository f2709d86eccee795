#pragma once
/*
 * What the files of the node share among themselves; nobody else includes it.
 *
 * A node has interfaces and names; a name has one entry on every interface ([MS-NBTE] 3.1.1), which carries the state, the
 * conflict flag, the procedure under way (at most one) and the verification of a demand (at most one). So everything an
 * outsider can start is bounded by names times interfaces.
 *
 * During node_step(), node->now, node->wall and node->out are those of the event. Failure to get memory for an action is
 * sticky in node->failed and ends as the step's result.
 *
 * Time: every `mono_t` of an entry, interface or query that waits for something is set by node_arm(), which keeps
 * node->wake at or before the earliest of them. A timer that was cancelled may leave node->wake too early; the
 * next NODE_EVENT_TIMER then finds nothing to do and computes it anew. That makes a packet's cost independent of the tables' size.
 */
#include "base/ip4.h"
#include "node/node.h"

struct node_cache;

#define NODE_CONTAINER(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* ---- transactions: every request of ours that may be answered ------------------------------------------------------- */

enum node_trans_kind { NODE_TRANS_ENTRY, NODE_TRANS_VERIFY, NODE_TRANS_QUERY };

/* Embedded in who waits; linked into node->trans while active. */
struct node_trans {
        struct node_trans *next;
        enum node_trans_kind kind;
        bool active;
        uint16_t id;
};

#define NODE_TRANS_BUCKETS 256
#define NODE_RECENT_IDS 64

/* ---- interfaces ----------------------------------------------------------------------------------------------------- */

struct node_wins {
        uint32_t address;
        bool down;
        mono_t down_until; /* until then it is not asked (WinsDownTimeout) */
};

struct node_if {
        struct node_iface config;
        size_t wins_count; /* as config.wins, with what we learnt of them */
        struct node_wins wins[NODE_MAX_WINS];
        size_t wins_current;     /* index of the server in use */
        mono_t failover_at;      /* when we left the primary; MONO_NEVER while on it */
        mono_t primary_retry_at; /* KB247559 */
        bool primary_probe;      /* the next refresh goes to the primary first */
};

/* ---- names ---------------------------------------------------------------------------------------------------------- */

enum node_op {
        NODE_OP_NONE,
        NODE_OP_CLAIM_BCAST,
        NODE_OP_CLAIM_WINS,
        NODE_OP_CHALLENGE, /* RFC 1002 §4.2.7: the server told us to ask the old owner ourselves */
        NODE_OP_REFRESH,
        NODE_OP_RELEASE_BCAST,
        NODE_OP_RELEASE_WINS,
};

/* Folds equal notices: at most NODE_FOLD_PEERS of them in one interval, the rest is counted. */
#define NODE_FOLD_PEERS 4
struct node_fold {
        mono_t until;
        uint32_t peers[NODE_FOLD_PEERS];
        size_t count;
        uint32_t repeated;
};

/* A demand and its verification. */
struct node_verify {
        struct node_trans trans; /* active while we ask */
        bool waiting;            /* a demand is remembered and will be verified at `timer` */
        mono_t timer;
        mono_t earliest; /* no verification of this name before it */
        uint32_t tries;
        uint32_t sender;
        uint16_t demand_id; /* of a unicast release demand that wants an answer */
        uint16_t demand_port;
        bool is_release, wants_answer;
        uint32_t repeated; /* demands folded since the last notice */
};

struct node_entry {
        struct node_entry *next;
        struct node_name *name;
        struct node_if *iface;
        enum node_name_state state;
        bool by_wins, by_broadcast; /* who let us have it */

        enum node_op op;
        struct node_trans trans; /* of op */
        mono_t timer;            /* of op */
        uint32_t tries;
        uint32_t address; /* that op is about: the interface's when it began */
        size_t server;    /* index of the WINS server asked */
        uint32_t server_address;
        uint16_t servers_tried; /* bit mask, this round */
        uint32_t challenged;    /* whom the server told us to ask */
        bool overwrite;         /* the registration demands (RD=0), after a challenge nobody answered */
        bool reclaim;           /* claim again when the release has ended (-RR) */
        bool forget;            /* the release ends the name here, state Released */
        mono_t wack_until;      /* a WACK may extend the wait up to then; MONO_NEVER before the first */

        uint32_t registered_server; /* that let us have it: where it is released */
        uint32_t ttl_s;
        mono_t refresh_at; /* next refresh, or next try at WINS, or 10-minute scan; MONO_NEVER if none */

        uint32_t conflict_peer;
        bool failed; /* Conflict, or Released because a claim was refused: retried */
        uint32_t retries;
        mono_t retry_at;

        uint16_t late_id; /* a refusal that comes late still counts */
        mono_t late_until;

        struct node_verify verify;
        struct node_fold defended, ignored;
};

struct node_name {
        struct nb_name name;
        enum node_name_kind kind;
        bool permanent; /* from the configuration */
        bool dead;      /* freed at the end of the step */
        bool remove;    /* is to be killed when it is released everywhere */
        bool has_add, has_release;
        uint64_t add_id, release_id; /* commands to complete */
        struct node_entry *entries;
};

/* What strangers can make us do, so many times a second. */
struct node_bucket {
        mono_t at;
        uint32_t tokens;
};

/* ---- proxy: who is to be told what WINS says -------------------------------------------------------------------------- */

struct node_asker {
        uint32_t address, iface_id;
        uint16_t port, id;
        uint32_t claimed; /* it claims the name for this address; 0: it asks for it */
};

struct node_unknown {
        struct nb_name name;
        mono_t until;
};

/* ---- the node ------------------------------------------------------------------------------------------------------- */

#define NODE_MAX_RECENT_BROADCAST 16

struct node_query; /* resolve.c */

struct node {
        struct node_config config;
        struct rng rng;
        mono_t now, wake;
        wall_t wall;
        struct node_actions *out;
        bool failed;
        bool started, stopping, stopped;
        mono_t stop_deadline;

        size_t iface_count;
        struct node_if *ifaces[NODE_MAX_IFACES];
        size_t name_count;
        struct node_name *names[NODE_MAX_NAMES];
        bool has_dead;

        struct node_trans *trans[NODE_TRANS_BUCKETS];
        uint16_t recent_ids[NODE_RECENT_IDS];
        size_t recent_next;

        mono_t verify_earliest;           /* one verification for all names in the second */
        struct node_bucket status_bucket; /* of node status answers */
        mono_t rr_earliest;               /* -RR is refused before it */
        bool has_rr;
        uint64_t rr_id;
        mono_t resources_earliest; /* NODE_NOTICE_RESOURCES at most once an hour */

        struct node_cache *cache;
        struct node_lmhost *lmhosts;
        size_t lmhosts_count;
        struct node_query *queries;
        size_t query_count;
        uint32_t next_lookup_id;
        size_t recent_broadcast_count; /* newest first */
        struct nb_name recent_broadcast[NODE_MAX_RECENT_BROADCAST];

        size_t proxy_query_count;
        struct node_bucket proxy_bucket; /* of questions that the servers are asked for others */
        size_t proxy_unknown_next;
        struct node_unknown proxy_unknown[NODE_PROXY_UNKNOWN];

        struct node_statistics statistics;
};

/* A decoded packet with where it came from. */
struct node_packet {
        struct nbns_packet nbns;
        struct node_if *iface;
        uint32_t source, destination;
        uint16_t source_port;
        bool broadcast; /* by its destination */
        bool on_link;   /* source is in the receiving interface's subnet */
};

/* node.c */
void node_arm(struct node *node, mono_t *slot, mono_t at);
void node_arm_ms(struct node *node, mono_t *slot, uint64_t ms);
/* MS give or take a quarter: so that machines that failed together don't try together. */
uint32_t node_jitter(struct node *node, uint32_t ms);
/* Once more? PER_SECOND 0: always. */
bool node_bucket_take(const struct node *node, struct node_bucket *bucket, uint32_t per_second, uint32_t burst);
bool node_uses_broadcast(const struct node *node);                         /* B, M, H */
bool node_uses_wins(const struct node *node, const struct node_if *iface); /* P, M, H with servers */

/* trans.c */
void node_trans_begin(struct node *node, struct node_trans *trans, enum node_trans_kind kind); /* a fresh random id */
void node_trans_end(struct node *node, struct node_trans *trans);                              /* no-op if not active */
struct node_trans *node_trans_find(const struct node *node, uint16_t id);
bool node_trans_is_recent(const struct node *node, uint16_t id); /* an id we used lately */

/* table.c */
struct node_name *node_name_find(const struct node *node, const struct nb_name *name);
/* NBT_ERR_FULL, NBT_ERR_NOMEM, NBT_ERR_EXISTS (RET then is the one there is). No claim begins. */
int node_name_new(struct node *node, const struct nb_name *name, enum node_name_kind kind,
                  struct node_name **ret) NBT_MUST_CHECK;
void node_name_kill(struct node *node, struct node_name *name); /* freed at the end of the step */
void node_sweep(struct node *node);                             /* frees what was killed */
struct node_entry *node_entry_find(const struct node_name *name, const struct node_if *iface);
int node_entry_new(struct node_name *name, struct node_if *iface, struct node_entry **ret) NBT_MUST_CHECK;
void node_entry_unlink(struct node *node, struct node_entry *entry); /* and frees */
void node_entry_set_state(struct node *node, struct node_entry *entry, enum node_name_state state);
/* Ends whatever procedure is under way, without sending. */
void node_entry_stop_op(struct node *node, struct node_entry *entry);
/* Name lost to PEER: Conflict, or Released for a group; the retry is planned. */
void node_entry_lose(struct node *node, struct node_entry *entry, uint32_t peer);
struct node_if *node_if_find(const struct node *node, uint32_t id);
bool node_if_usable(const struct node_if *iface);
bool node_is_own_address(const struct node *node, uint32_t address);
bool node_name_is_held(const struct node_name *name); /* registered on any interface */

/* emit.c */
struct node_action *node_emit(struct node *node, enum node_action_type type); /* NULL: memory ran out */
void node_emit_packet(struct node *node, const struct node_if *iface, uint32_t destination, uint16_t port,
                      const struct nbns_packet *packet);
void node_emit_broadcast(struct node *node, const struct node_if *iface, const struct nbns_packet *packet);
/* Filled with the entry's name and interface; the caller adds the rest. Never NULL (a scratch one if memory ran out). */
struct node_notice *node_emit_notice(struct node *node, enum node_notice_type type, const struct node_entry *entry);
struct node_notice *node_emit_if_notice(struct node *node, enum node_notice_type type, const struct node_if *iface);
void node_emit_complete(struct node *node, uint64_t id, int result, const struct nb_name *name);
void node_emit_resources(struct node *node); /* rate-limited */
/* False if this one is folded; otherwise RET_REPEATED says how many were, since the last. */
bool node_fold_pass(struct node *node, struct node_fold *fold, uint32_t peer, uint32_t *ret_repeated);
/* NB_FLAGS of KIND by our node type. */
uint16_t node_nb_flags(const struct node *node, enum node_name_kind kind);

/* claim.c */
/* From the beginning, seen by all: Registering. */
void node_claim_start(struct node *node, struct node_entry *entry);
/* A failed name tries again quietly: it stays Conflict (a group: Released) unless it succeeds. */
void node_claim_retry(struct node *node, struct node_entry *entry);
/* A WACK moves entry->timer; true if PACKET was one. */
bool node_wack(struct node *node, struct node_entry *entry, const struct node_packet *packet);
/* Talks to the servers again about a name they know; planned for later if none is up. */
void node_refresh_begin(struct node *node, struct node_entry *entry);
void node_claim_timer(struct node *node, struct node_entry *entry);
void node_claim_response(struct node *node, struct node_entry *entry, const struct node_packet *packet);
/* The claim, refresh or late claim of ENTRY was refused by PEER. */
void node_claim_refused(struct node *node, struct node_entry *entry, uint32_t peer, uint32_t holder, uint8_t opcode,
                        uint8_t rcode);
/* Completes NODE_COMMAND_NAME_ADD and -RR when nothing is under way any more. */
void node_claim_settle(struct node *node, struct node_name *name);
/* Begins a WINS registration beside an existing state (retry of a name held by broadcast only). */
void node_claim_wins_start(struct node *node, struct node_entry *entry);

/* wins.c */
void node_wins_set(struct node *node, struct node_if *iface); /* takes config.wins over; keeps what is known */
/* Next server to ask in this round; false when all were tried or are down. Sets entry->server*. */
bool node_wins_pick(struct node *node, struct node_entry *entry);
void node_wins_silent(struct node *node, struct node_entry *entry); /* the server asked did not answer */
void node_wins_silent_address(struct node *node, struct node_if *iface, uint32_t address);
void node_wins_answered(struct node *node, struct node_entry *entry); /* it did */
bool node_wins_is_server(const struct node_if *iface, uint32_t address);
bool node_wins_is_any_server(const struct node *node, uint32_t address);
void node_wins_timer(struct node *node, struct node_if *iface);
/* Address of the server in use for queries on IFACE, 0 if none is thought to be up. */
uint32_t node_wins_current(const struct node *node, const struct node_if *iface);

/* refresh.c */
void node_refresh_plan(struct node *node, struct node_entry *entry);  /* after a positive answer with entry->ttl_s */
void node_refresh_retry(struct node *node, struct node_entry *entry); /* no server answered: in 1/8 InitialRefresh */
void node_refresh_due(struct node *node, struct node_entry *entry);
void node_release_refresh(struct node *node, uint64_t command_id); /* nbtstat -RR */

/* release.c */
void node_release_start(struct node *node, struct node_entry *entry, bool reclaim);
void node_release_timer(struct node *node, struct node_entry *entry);
void node_release_response(struct node *node, struct node_entry *entry, const struct node_packet *packet);
/* One packet to the server that knows the name under ADDRESS, without waiting. */
void node_release_quick(struct node *node, struct node_entry *entry, uint32_t address);
void node_release_settle(struct node *node, struct node_name *name); /* completes the command, removes the name */
void node_stop_begin(struct node *node);
void node_stop_check(struct node *node); /* emits NODE_ACTION_STOPPED when all is released, or time is up */

/* defend.c */
void node_defend(struct node *node, const struct node_packet *packet);
/* NAME was asked for and answered. If a WINS server asked whether we still hold it (RD clear: its challenge),
 * somebody else claims it there: worth a notice. */
void node_defend_challenged(struct node *node, const struct node_name *name, const struct node_packet *packet);

/* demand.c */
void node_demand_conflict(struct node *node, const struct node_packet *packet);
void node_demand_release(struct node *node, const struct node_packet *packet);
void node_verify_timer(struct node *node, struct node_entry *entry);
void node_verify_response(struct node *node, struct node_entry *entry, const struct node_packet *packet);
void node_verify_cancel(struct node *node, struct node_entry *entry);

/* answer.c */
void node_answer_query(struct node *node, const struct node_packet *packet);
void node_status_table(const struct node *node, const struct node_if *iface, struct nbstat_table *ret);
void node_answer_status(struct node *node, const struct node_packet *packet);

/* iface.c */
int node_iface_change(struct node *node, const struct node_iface *config) NBT_MUST_CHECK;
void node_iface_gone(struct node *node, uint32_t id);
void node_resumed(struct node *node);
/* Makes sure NAME has an entry on every interface, and claims where it can. */
int node_name_spread(struct node *node, struct node_name *name) NBT_MUST_CHECK;

/* command.c */
int node_command_run(struct node *node, const struct node_command *command) NBT_MUST_CHECK;
int node_configure_names(struct node *node) NBT_MUST_CHECK; /* adds and releases what the configuration says */

/* resolve.c */
int node_resolve_start(struct node *node, const struct node_command *command) NBT_MUST_CHECK; /* QUERY, STATUS */
void node_resolve_response(struct node *node, struct node_trans *trans, const struct node_packet *packet);
void node_resolve_dns(struct node *node, uint32_t lookup_id, const uint32_t *addresses, size_t count);
void node_resolve_timers(struct node *node);
void node_resolve_stop(struct node *node); /* fails what is pending */
/* Asks the WINS servers for who asked us; ends in node_proxy_resolved() or node_proxy_failed(). */
int node_resolve_proxied(struct node *node, const struct nb_name *name, const struct node_asker *asker) NBT_MUST_CHECK;
int node_resolve_reload(struct node *node, const struct node_lmhost *lmhosts, size_t count) NBT_MUST_CHECK;
void node_resolve_free(struct node *node);

/* proxy.c: PACKET is a broadcast query, or claim, for a name that is not ours. TTL_S: how long what is told will be believed here. */
int node_proxy_query(struct node *node, const struct node_packet *packet) NBT_MUST_CHECK;
int node_proxy_claim(struct node *node, const struct node_packet *packet,
                     const struct nbns_address *claim) NBT_MUST_CHECK;
void node_proxy_resolved(struct node *node, const struct node_asker *asker, const struct nb_name *name,
                         enum node_name_kind kind, const struct nbns_address *addresses, size_t count, uint32_t ttl_s);
void node_proxy_failed(struct node *node, const struct nb_name *name);
