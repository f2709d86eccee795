#pragma once
/*
 * The watcher: a passive tracker of the name service of whole networks.
 *
 * It is shown one captured frame after another and keeps a table of names, of who holds each, and of every machine that
 * spoke. What it hands back are changes: a name claimed, refused, demanded, released, a new holder, a conflict, the end of
 * one, a spoofer. A packet that changes nothing yields nothing. It sends nothing, reads no clock (time is that of the
 * packets), and takes no randomness but the seed of its hashes.
 *
 * All tables are bounded (watch_limits); when one is full, what was not seen for long makes room, and is counted. Work per
 * packet is bounded: at most the 255 rows of one node status answer.
 *
 * What proves what:
 *   holds    claimed (registration, refresh) and not refused within WATCH_CLAIM_MS; answered for the name; refused it to
 *            another; listed it in a node status answer
 *   conflict a unique name, two machines: one refused the other, one was told to give it up, or both show that they
 *            hold it. Two addresses are one machine when an answer lists both, when the name was claimed as multihomed, or
 *            when they share a MAC that is no router's
 *   spoofer  rules of spoof.h
 *
 * For chosen names each packet is told, whether it changes anything or not: a timeline (WATCH_EVENT_PACKET).
 */
#include "base/arena.h"
#include "base/instant.h"
#include "base/result.h"
#include "wire/frame.h"
#include "wire/nbns.h"

/* RFC 1002 §5.1.1.1: three requests at 250 ms; Windows at 750 ms. Who was not refused then holds the name. */
#define WATCH_CLAIM_MS 5000
/* ASSUMPTION: the same refusal, demand or release is told again only after this time. */
#define WATCH_REPEAT_MS 600000
/* ASSUMPTION: how long an answer may come behind its question: a WACK apart, no asker waits longer. */
#define WATCH_PENDING_MS 15000
/* ASSUMPTION: a MAC with more addresses than this is a router's, and tells no machine apart. */
#define WATCH_ROUTER_ADDRESSES 4
#define WATCH_MAX_MEMBERS 255 /* holders remembered of one name */
#define WATCH_MAX_SCOPES 255  /* different scopes */
#define WATCH_MAX_ALLOWED 256 /* honest proxies */
#define WATCH_MAX_BAITS 64
#define WATCH_MAX_FOLLOWED 64 /* names whose every packet is told */

struct watch;

/* 0: the default. */
struct watch_limits {
        uint32_t names;    /* 1,100,000 */
        uint32_t holders;  /* 1,300,000 */
        uint32_t stations; /* 400,000 */
        uint32_t suspects; /* 8,192 */
};

struct watch_options {
        struct watch_limits limits;
        uint64_t seed; /* of the hashes */
        size_t allowed_count;
        const uint32_t *allowed; /* never accused: honest proxies; copied */
};

/* What shows that somebody holds, or wants, a name. */
enum watch_proof_kind {
        WATCH_PROOF_NONE,
        WATCH_PROOF_CLAIM,     /* registration request */
        WATCH_PROOF_OVERWRITE, /* overwrite demand: the claim was not refused */
        WATCH_PROOF_REFRESH,
        WATCH_PROOF_ACCEPTED, /* a name server accepted its claim */
        WATCH_PROOF_ANSWER,
        WATCH_PROOF_REFUSAL, /* it refused the name to another */
        WATCH_PROOF_TABLE,   /* its node status lists it */
        WATCH_PROOF_RELEASE,
        WATCH_PROOF_DEMAND, /* it was told to give it up */
        WATCH_PROOF_KEPT,   /* from an earlier run */
        WATCH_PROOF_MAX,
};

/* One packet as evidence. */
struct watch_proof {
        enum watch_proof_kind kind;
        uint64_t frame; /* as watch_input has it; 0: kept from an earlier run */
        wall_t time;
        uint16_t id;
        uint32_t source, destination;
};

enum watch_state {
        WATCH_STATE_CLAIMING,
        WATCH_STATE_HELD,
        WATCH_STATE_REFUSED,  /* wants it, and was refused */
        WATCH_STATE_DEMANDED, /* was told to give it up */
        WATCH_STATE_RELEASED,
        WATCH_STATE_MAX,
};

struct watch_holder {
        uint32_t address;
        bool has_mac;
        uint8_t mac[6];
        bool group;
        bool own_word; /* claimed, refused or listed the name itself: not only answered for it */
        bool hearsay;  /* only others named it as a holder */
        bool conflict;
        enum watch_state state;
        uint32_t link;   /* another address of the same machine, as it told itself; 0: none */
        uint32_t server; /* the name server that accepted its claim last; 0: none */
        uint16_t proofs; /* every kind of proof seen so far: bits 1 << enum watch_proof_kind */
        wall_t first, last;
        struct watch_proof proof; /* the newest */
};

/* One row of the table: a name and one holder. */
struct watch_row {
        struct nb_name name;
        const struct nb_scope *scope; /* borrowed from the watcher */
        struct watch_holder holder;
};

/* The rules; spoof.h tells what each needs. */
enum watch_rule {
        WATCH_RULE_BAIT,       /* answered for a name that we made up */
        WATCH_RULE_MANY,       /* answers for many names, none of which it registered */
        WATCH_RULE_NOBODY,     /* answers for a name that was asked for in vain before, and that nobody registered */
        WATCH_RULE_WPAD,       /* answers for WPAD or ISATAP without having registered them */
        WATCH_RULE_NOTHING,    /* answers, and registers nothing at all */
        WATCH_RULE_TWIN,       /* appears beside a registered holder only while the name is asked for */
        WATCH_RULE_DEMAND,     /* demands a name that is not its own, and is no name server */
        WATCH_RULE_NEGATIVE,   /* denies or refuses names that are not its own, and is no name server */
        WATCH_RULE_UNMATCHED,  /* answers with many ids that nobody used */
        WATCH_RULE_BAIT_OTHER, /* answered for our bait by LLMNR or mDNS */
        WATCH_RULE_MAX,
};

enum watch_confidence {
        WATCH_CONFIDENCE_NONE,
        WATCH_CONFIDENCE_POSSIBLE,
        WATCH_CONFIDENCE_LIKELY,
        WATCH_CONFIDENCE_CONFIRMED,
};

/* Why one rule fired. */
struct watch_evidence {
        enum watch_rule rule;
        uint32_t count; /* names, ids, demands: as the rule counts */
        uint32_t peer;  /* whom it concerned; 0: nobody in particular */
        struct nb_name name;
        uint64_t frame;
        wall_t time;
};

struct watch_finding {
        uint32_t address;
        bool has_mac;
        uint8_t mac[6];
        enum watch_confidence confidence;
        wall_t first, last;
        size_t evidence_count;
        struct watch_evidence evidence[WATCH_RULE_MAX];
};

/* What a packet is, in the light of those before it: a refusal and a conflict demand, a release and a release demand are alike. */
enum watch_packet_kind {
        WATCH_PACKET_OTHER,
        WATCH_PACKET_QUERY,
        WATCH_PACKET_ANSWER,
        WATCH_PACKET_DENIAL, /* "no such name" */
        WATCH_PACKET_TABLE,  /* a node status response that lists the name */
        WATCH_PACKET_CLAIM,
        WATCH_PACKET_OVERWRITE,
        WATCH_PACKET_REFRESH,
        WATCH_PACKET_ACCEPTANCE,
        WATCH_PACKET_REFUSAL,
        WATCH_PACKET_WACK,
        WATCH_PACKET_CONFLICT_DEMAND,
        WATCH_PACKET_RELEASE_DEMAND,
        WATCH_PACKET_RELEASE,
        WATCH_PACKET_RELEASE_ANSWER,
        WATCH_PACKET_MAX,
};

struct watch_packet {
        enum watch_packet_kind kind;
        uint32_t source, destination;
        uint32_t address; /* that it names: the claimed, the answered one; 0: none */
        bool group;
        uint16_t id;
};

enum watch_event_type {
        WATCH_EVENT_CLAIM,    /* HOLDER wants NAME */
        WATCH_EVENT_HOLDER,   /* HOLDER was not known to hold NAME, and shows that it does */
        WATCH_EVENT_REFUSE,   /* PEER refused NAME to HOLDER */
        WATCH_EVENT_DEMAND,   /* PEER demanded NAME of HOLDER (conflict, or release: opcode tells) */
        WATCH_EVENT_RELEASE,  /* HOLDER gave NAME up */
        WATCH_EVENT_CONFLICT, /* HOLDER and PEER both hold or want NAME */
        WATCH_EVENT_OVER,     /* NAME is in conflict no more */
        WATCH_EVENT_SPOOFER,  /* FINDING is new, or its confidence or rules grew */
        WATCH_EVENT_PACKET,   /* PACKET is about NAME, which is followed */
        WATCH_EVENT_MAX,
};

struct watch_event {
        struct watch_event *next;
        enum watch_event_type type;
        wall_t time;
        uint64_t frame;
        struct nb_name name;
        const struct nb_scope *scope; /* borrowed from the watcher */
        uint8_t opcode, rcode;
        struct watch_holder holder, peer; /* peer.address 0: none */
        uint32_t server;                  /* CONFLICT, REFUSE, DEMAND: the name server that decided; PACKET: the
                                             sender, if it is one; 0: none */
        struct watch_packet packet;
        const struct watch_finding *finding;
};

struct watch_events {
        struct arena *arena; /* caller's: events live there */
        struct watch_event *first, *last;
};

struct watch_counters {
        uint64_t frames;
        uint64_t not_ours; /* other traffic */
        uint64_t fragments, malformed, unsupported;
        uint64_t
                truncated; /* not whole in the capture; what is left of a name service packet was read if it tells its name */
        uint64_t first_truncated, first_malformed; /* frames; 0: none */
        uint64_t datagrams;                        /* to or from port 137 */
        uint64_t packets;                          /* of these, decoded */
        uint64_t queries, claims, refusals, demands, releases, answers, negatives, tables;
        uint64_t evicted_names, evicted_stations; /* for want of room */
        uint64_t lost_events;                     /* for want of memory */
        uint64_t conflicts, spoofers;             /* events told */
};

/* NBT_ERR_NOMEM, NBT_ERR_RANGE (limits or the allow-list beyond what fits). */
int watch_new(struct watch **ret, const struct watch_options *options) NBT_MUST_CHECK;
/* Accepts NULL, returns NULL. */
struct watch *watch_free(struct watch *watch);

/* One captured frame of link type LINK. */
struct watch_input {
        wall_t time;
        uint32_t link; /* enum frame_link */
        const void *bytes;
        size_t len_bytes;
        uint64_t frame; /* what it is called in events and proofs; 0: its number, counted from 1 */
};

/*
 * Takes COUNT frames in their order; what changed is appended to OUT. Never fails: what cannot be read is counted, and when memory runs
 * out an event is lost and counted. Several at a time are faster than one by one, and no different otherwise.
 */
void watch_frames(struct watch *watch, const struct watch_input *inputs, size_t count, struct watch_events *out);

/* Time passed without packets: claims that were not refused become holders. Cheap. */
void watch_tick(struct watch *watch, wall_t now, struct watch_events *out);

struct watch_counters watch_counters(const struct watch *watch);

/* Puts a row of an earlier run back. What is known already stays. NBT_ERR_NOMEM, NBT_ERR_FULL. */
int watch_restore(struct watch *watch, const struct nb_name *name, const struct nb_scope *scope,
                  const struct watch_holder *holder) NBT_MUST_CHECK;

/* Walks all rows; *CURSOR starts at 0; false at the end. CHANGED_ONLY: only rows changed since they were last taken so, which marks them
 * as taken. Rows that come meanwhile may be missed. */
bool watch_row_next(struct watch *watch, uint32_t *cursor, bool changed_only, struct watch_row *ret);

/* At most MAX rows of NAME, in whatever scope; how many it has. */
size_t watch_name_rows(const struct watch *watch, const struct nb_name *name, struct watch_row *ret, size_t max);

/* How many names and stations are known. */
size_t watch_name_count(const struct watch *watch);
size_t watch_station_count(const struct watch *watch);

/* One machine that spoke. */
struct watch_station {
        uint32_t address;
        bool has_mac;
        uint8_t mac[6];
        bool server; /* answers claims or queries that were sent to it alone: a name server */
        bool proxy;  /* answers with addresses of others */
        bool local;  /* no router stands between: then the MAC is its own */
        bool router; /* its MAC speaks for many addresses */
        wall_t first, last;
        uint32_t packets, queries, claims, answers, refusals, demands;
};
/* Walks all stations; *CURSOR starts at 0. */
bool watch_station_next(const struct watch *watch, uint32_t *cursor, struct watch_station *ret);
/* The one of ADDRESS; false: it did not speak. */
bool watch_station_find(const struct watch *watch, uint32_t address, struct watch_station *ret);
/* Walks all findings; *CURSOR starts at 0. */
bool watch_finding_next(const struct watch *watch, uint32_t *cursor, struct watch_finding *ret);

/* From now on an answer for NAME's stem proves a spoofer. The oldest of WATCH_MAX_BAITS makes room. */
void watch_bait_add(struct watch *watch, const struct nb_name *name);

/*
 * From now on every packet about NAME, whatever its scope (ANY_SUFFIX: and its suffix), yields a WATCH_EVENT_PACKET. NBT_ERR_FULL
 * beyond WATCH_MAX_FOLLOWED.
 */
int watch_follow(struct watch *watch, const struct nb_name *name, bool any_suffix) NBT_MUST_CHECK;

/* Is some name with the stem of NAME known, whatever its suffix? For choosing baits. */
bool watch_knows_stem(const struct watch *watch, const struct nb_name *name);

/* Words for the enums; never NULL. */
const char *watch_proof_str(enum watch_proof_kind kind);
const char *watch_state_str(enum watch_state state);
const char *watch_rule_str(enum watch_rule rule);
const char *watch_confidence_str(enum watch_confidence confidence);
const char *watch_event_str(enum watch_event_type type);
const char *watch_packet_str(enum watch_packet_kind kind);
