#pragma once
/*
 * The NetBT end node: claims, defends, refreshes, uses and releases this machine's NetBIOS names
 * (RFC 1001 §10-§15, RFC 1002 §5, [MS-NBTE]; facts in the project's ARCHITECTURE.md).
 *
 * A core without I/O: node_step() takes one event with its time and yields actions; node_deadline() tells when it wants to be
 * woken (send a NODE_EVENT_TIMER at or after it). It opens no socket, reads no clock, calls nobody back. Events lend their
 * memory for the call; actions live in the caller's arena until that is reset. A node never renames anything.
 *
 * Life: node_new → NODE_EVENT_IFACE for every interface → NODE_EVENT_START (claims begin) → packets, timers,
 * commands → NODE_EVENT_STOP (names are released) → NODE_ACTION_STOPPED → node_free. Interfaces may come, change and go
 * at any time. One node owns one port 137.
 */
#include "base/arena.h"
#include "base/instant.h"
#include "base/rng.h"
#include "node/timing.h"
#include "wire/name.h"
#include "wire/nbns.h"
#include "wire/nbstat.h"

struct node;

enum node_type {
        NODE_TYPE_B = 1, /* broadcast; values as registry NodeType and DHCP option 46 */
        NODE_TYPE_P = 2, /* point-to-point: WINS only */
        NODE_TYPE_M = 4, /* mixed: broadcast, then WINS */
        NODE_TYPE_H = 8, /* hybrid: WINS, then broadcast */
};

/* NoNameReleaseOnDemand (MS00-047, KB269239); how a demand that anyone can forge is taken. */
enum node_demand_policy {
        NODE_DEMAND_VERIFY,    /* value absent: log it, ask who else holds the name, conflict only if someone does */
        NODE_DEMAND_OBEY,      /* value 0: obey every demand at once, as Windows does */
        NODE_DEMAND_WINS_ONLY, /* value 1: obey only a WINS server's */
};

enum node_name_kind { NODE_NAME_UNIQUE, NODE_NAME_GROUP };

/* State of one name on one interface ([MS-NBTE] 3.1.1: the conflict flag is per interface). */
enum node_name_state {
        NODE_STATE_IDLE,        /* interface cannot carry it (down, NetBIOS disabled) */
        NODE_STATE_REGISTERING, /* claim under way */
        NODE_STATE_REGISTERED,  /* ours: answered for, defended */
        NODE_STATE_CONFLICT,    /* another holds it: neither answered for nor used */
        NODE_STATE_RELEASING,   /* release under way */
        NODE_STATE_RELEASED,    /* given up */
        NODE_STATE_MAX,
};

/* One interface as the driver sees it: one address of one network device. */
struct node_iface {
        uint32_t id;    /* driver's handle, never 0; stable while the interface exists */
        char label[32]; /* "eth0": what nbtstat prints as connection name */
        uint32_t address, netmask, broadcast;
        uint8_t mac[6];
        bool up;
        bool netbios_enabled; /* NetbiosOptions 2 = off */
        size_t wins_count;
        uint32_t wins[NODE_MAX_WINS]; /* primary first; empty: none on this interface */
};

struct node_config {
        enum node_type type;
        char computer[16]; /* up to 15 bytes, upper-cased by the caller's choice; "" = no computer names */
        char workgroup[16];
        size_t user_count;
        char users[NODE_MAX_USERS][16];
        struct nb_scope scope;
        struct node_timing timing;
        uint16_t name_server_port; /* NameServerPort: where servers are asked; the node itself has port 137 */
        uint8_t refresh_opcode;    /* RefreshOpCode: 8 or 9 */
        enum node_demand_policy demand_policy;
        uint32_t status_per_second; /* node status answers for all askers together; 0: no limit */
        bool status_off_link;       /* answer node status to askers off-link too (default no) */
        bool single_response;       /* SingleResponse: only the receiving interface's address in query answers */
        bool random_adapter;        /* RandomAdapter: one random address of ours */
        bool lmhosts_enabled;       /* EnableLMHOSTS */
        bool dns_enabled;           /* EnableDns: NODE_ACTION_DNS_LOOKUP after all else */
        bool proxy;                 /* EnableProxy: answer broadcasts of others from WINS (node/proxy.c) */
        bool proxy_claims; /* EnableProxyRegCheck: and refuse claims by broadcast for names that WINS knows elsewhere */
        bool serves_wins; /* a WINS server shares the process: an address of ours may be a server; what is sent to it the
                             driver hands over, and answers as packets with from_server */
};

/* Sensible defaults: H node is chosen by the settings, this gives B, no names, RFC timing. */
struct node_config node_config_default(void);

/* One entry of LMHOSTS, as parsed by node/lmhosts.h; lent to node_new or in a NODE_COMMAND_RELOAD. */
struct node_lmhost {
        struct nb_name name;
        bool any_suffix; /* plain entries stand for <00>, <03> and <20>; quoted 16-byte names for just that suffix */
        bool preload;    /* #PRE */
        bool multihomed; /* #MH */
        char domain[16]; /* #DOM:name, "" if none */
        uint32_t address;
};

/* ---- events ------------------------------------------------------------------------------------------------------- */

enum node_event_type {
        NODE_EVENT_START,
        NODE_EVENT_STOP, /* release every name on every interface, then NODE_ACTION_STOPPED */
        NODE_EVENT_PACKET,
        NODE_EVENT_TIMER,
        NODE_EVENT_IFACE, /* an interface is new or changed (same id: address, netmask, up, WINS list) */
        NODE_EVENT_IFACE_GONE,
        NODE_EVENT_RECONFIGURE, /* new settings: changed names are released and claimed, others are left alone */
        NODE_EVENT_COMMAND,
        NODE_EVENT_DNS_RESULT,
        NODE_EVENT_RESUMED, /* the machine slept: refresh everything, as after an address change */
};

enum node_command_type {
        NODE_COMMAND_NAME_ADD,        /* name, kind */
        NODE_COMMAND_NAME_RELEASE,    /* name */
        NODE_COMMAND_RELEASE_REFRESH, /* nbtstat -RR; NBT_ERR_LIMITED within 2 minutes of the last */
        NODE_COMMAND_RELOAD,          /* nbtstat -R: purge the cache, load lmhosts[] */
        NODE_COMMAND_QUERY, /* resolve name: completes with addresses; holders that contradict each other are all listed */
        NODE_COMMAND_STATUS, /* ask address for its name table */
};

struct node_command {
        uint64_t id; /* driver's; comes back in NODE_ACTION_COMPLETE */
        enum node_command_type type;
        struct nb_name name;
        enum node_name_kind kind;
        uint32_t address;
        const struct node_lmhost *lmhosts;
        size_t lmhosts_count;
        bool bypass_cache;
};

struct node_event {
        enum node_event_type type;
        mono_t now;
        wall_t wall;
        union {
                struct {
                        const uint8_t *bytes;
                        size_t len_bytes;
                        uint32_t source,
                                destination; /* destination as the packet bore it: tells broadcast from unicast */
                        uint16_t source_port;
                        uint32_t iface_id; /* received on */
                        bool from_server;  /* handed over inside the process by the WINS server that shares it */
                } packet;
                struct node_iface iface;
                uint32_t iface_gone_id;
                const struct node_config *config;
                struct node_command command;
                struct {
                        uint32_t lookup_id;
                        size_t count;
                        const uint32_t *addresses;
                } dns;
        };
};

/* ---- actions ------------------------------------------------------------------------------------------------------ */

enum node_action_type {
        NODE_ACTION_SEND,
        NODE_ACTION_NOTIFY,     /* something an administrator may want to read: the driver makes a NetBT event of it */
        NODE_ACTION_COMPLETE,   /* a command ended */
        NODE_ACTION_DNS_LOOKUP, /* resolve text by DNS, answer with NODE_EVENT_DNS_RESULT */
        NODE_ACTION_STOPPED,
};

enum node_notice_type {
        NODE_NOTICE_STATE,          /* name changed from old_state to new_state on an interface */
        NODE_NOTICE_DUPLICATE,      /* event 4319: a NAME CONFLICT DEMAND came; verdict tells what became of it */
        NODE_NOTICE_RELEASE_DEMAND, /* event 4320 */
        NODE_NOTICE_REFUSED,        /* event 4321: claim or refresh refused by peer */
        NODE_NOTICE_DEFENDED, /* we refused a claim for our name; with opcode QUERY: told a WINS server it is ours */
        NODE_NOTICE_CONFLICT_SENT, /* two owners answered our query: we sent the conflict demand to peer */
        NODE_NOTICE_WINS_DOWN,     /* peer no longer answers */
        NODE_NOTICE_WINS_UP,
        NODE_NOTICE_RESOURCES, /* event 4322: a bound was reached and something was refused */
};

/* What verification of a demand found (NODE_NOTICE_DUPLICATE, NODE_NOTICE_RELEASE_DEMAND). */
enum node_demand_verdict {
        NODE_DEMAND_NOT_VERIFIED, /* obeyed at once, by policy */
        NODE_DEMAND_PENDING,      /* received; verification begins (or is already under way) */
        NODE_DEMAND_CONFIRMED,    /* another holder was found: holder tells which; the name is in conflict */
        NODE_DEMAND_UNFOUNDED,    /* nobody else holds it: the name stays registered */
        NODE_DEMAND_IGNORED,      /* policy or guard: own address, group name, non-WINS sender; stays registered */
};

struct node_notice {
        enum node_notice_type type;
        uint32_t iface_id;
        char iface_label[32];
        uint32_t iface_address;
        struct nb_name name;
        enum node_name_kind kind;
        enum node_name_state old_state, new_state;
        uint32_t peer;   /* sender of the packet that caused it, 0 if none */
        uint32_t holder; /* other holder found by verification, or refusing node named in the packet; 0 if none */
        enum node_demand_verdict verdict;
        uint8_t opcode, rcode;
        bool by_wins;      /* peer is one of our WINS servers */
        uint32_t repeated; /* how many equal notices were folded into this one since the last (0: none) */
};

struct node_completion {
        uint64_t id;
        int result; /* 0 or NBT_ERR_… */
        struct nb_name name;
        size_t address_count;
        const struct nbns_address *addresses; /* QUERY */
        uint32_t responder;                   /* QUERY, STATUS: who answered */
        size_t holder_count;                  /* QUERY: different owners of one unique name that answered; 0 or >= 2 */
        const uint32_t *holders;
        const struct nbstat_table *table; /* STATUS */
        enum {
                NODE_FROM_NONE,
                NODE_FROM_LOCAL,
                NODE_FROM_CACHE,
                NODE_FROM_WINS,
                NODE_FROM_BROADCAST,
                NODE_FROM_LMHOSTS,
                NODE_FROM_DNS
        } from;
};

struct node_action {
        struct node_action *next;
        enum node_action_type type;
        union {
                struct {
                        uint32_t iface_id; /* leave by this interface, from its address */
                        uint32_t destination;
                        uint16_t port;
                        bool broadcast; /* destination is the interface's broadcast address */
                        const uint8_t *bytes;
                        size_t len_bytes;
                } send;
                struct node_notice notice;
                struct node_completion complete;
                struct {
                        uint32_t lookup_id;
                        const char *host;
                } dns;
        };
};

/* The actions of one step, in order. ARENA is the caller's, reset by it between steps. */
struct node_actions {
        struct arena *arena;
        struct node_action *first, *last;
        size_t count;
};

/* ---- the core ----------------------------------------------------------------------------------------------------- */

/* A node that owns a copy of CONFIG, with randomness from RNG (copied). No packet leaves before NODE_EVENT_START.
 * NBT_ERR_NOMEM, or NBT_ERR_RANGE for a config that cannot be (type, counts, timing of 0). */
int node_new(struct node **ret, const struct node_config *config, const struct rng *rng) NBT_MUST_CHECK;

/* Advances by one event. NBT_ERR_NOMEM only; the node then is as it was, but for what the event told it. Damaged packets
 * are no error: they are counted (node_view) and ignored. */
int node_step(struct node *node, const struct node_event *event, struct node_actions *out) NBT_MUST_CHECK;

/* When the node next wants a NODE_EVENT_TIMER; MONO_NEVER if nothing is pending. */
mono_t node_deadline(const struct node *node);

/* Accepts NULL, returns NULL. */
struct node *node_free(struct node *node);

/* ---- view: what nbtstat, ctl and diagnose see ------------------------------------------------------------------- */

struct node_view_name {
        struct nb_name name;
        enum node_name_kind kind;
        uint32_t iface_id;
        enum node_name_state state;
        uint32_t conflict_peer; /* who took it from us, as far as known; 0 if not in conflict */
        bool permanent;         /* came from the configuration, not from a command */
        bool registered_by_wins, registered_by_broadcast;
};

struct node_view_cache {
        struct nb_name name;
        enum node_name_kind kind;
        size_t address_count;
        uint32_t address; /* the first */
        int64_t life_s;   /* -1: preloaded, never expires */
};

struct node_view_wins {
        uint32_t iface_id;
        uint32_t address;
        bool up, current;
};

struct node_statistics {
        uint64_t resolved_by_broadcast, resolved_by_wins, registered_by_broadcast, registered_by_wins;
        uint64_t packets_in, packets_out, packets_malformed, packets_unmatched, packets_own;
        uint64_t demands_received, demands_ignored, claims_defended, status_answered, status_limited;
        uint64_t proxy_answers, proxy_refusals;
};

struct node_view {
        enum node_type type;
        char computer[16];
        char workgroup[16];
        struct nb_scope scope;
        size_t iface_count;
        const struct node_iface *ifaces;
        size_t name_count;
        const struct node_view_name *names; /* one row a name and interface */
        size_t cache_count;
        const struct node_view_cache *cache;
        size_t wins_count;
        const struct node_view_wins *wins;
        size_t recent_broadcast_count; /* last names resolved by broadcast, for nbtstat -r */
        const struct nb_name *recent_broadcast;
        struct node_statistics statistics;
};

/* A snapshot in ARENA, valid until that is reset. NOW gives the cache's life. NBT_ERR_NOMEM. */
int node_view(const struct node *node, mono_t now, struct arena *arena, struct node_view *ret) NBT_MUST_CHECK;

const char *node_state_str(enum node_name_state state); /* "Registered", "Conflict", … as nbtstat prints; static */
const char *node_type_str(enum node_type type); /* "Broadcast", "Peer-Peer", "Mixed", "Hybrid", as ipconfig prints */
const char *node_notice_str(enum node_notice_type type);
const char *node_verdict_str(enum node_demand_verdict verdict);
