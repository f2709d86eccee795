#pragma once
/* What the files of the watcher share; nobody else includes this. */
#include "watch/follow.h"
#include "watch/recent.h"
#include "watch/spoof.h"
#include "watch/table.h"
#include "watch/watch.h"

/* Claims that wait to be told as held: in order of time, a ring. */
#define CLAIMS_WAITING 8192u

struct waiting_claim {
        int64_t due_us;
        uint32_t name, address;
};

/* Frames are decoded, and what they will need of the tables is fetched into the cache, so many ahead. */
#define BATCH 16u

struct prepared {
        enum frame_verdict verdict;
        int decoded; /* of nbns_packet_decode(), for port 137 */
        uint8_t scope;
        uint32_t hash;
        const struct nb_name *name; /* NULL: nothing to take */
        struct frame frame;
        struct nbns_packet packet;
};

struct watch {
        struct table table;
        struct recent recent;
        struct spoof spoof;
        struct follow follow;
        struct watch_counters counters;
        size_t allowed_count;
        uint32_t allowed[WATCH_MAX_ALLOWED];
        size_t bait_count; /* ever added: the next goes into this modulo WATCH_MAX_BAITS */
        struct nb_name baits[WATCH_MAX_BAITS];
        uint32_t waiting_first, waiting_count;
        struct waiting_claim waiting[CLAIMS_WAITING];
        struct prepared batch[BATCH];
};

/* One packet under examination. */
struct seen {
        wall_t time;
        uint64_t frame;
        const struct frame *link;
        const struct nbns_packet *packet;
        const struct nb_name *name; /* the packet's: of its question, else of its record */
        uint8_t scope;
        uint32_t hash;    /* of name and scope */
        uint32_t station; /* of the sender; 0 if memory ran out */
        struct watch_events *out;
};

/* ---- event.c: what is told ---- */

struct watch_event *event_add(struct watch *watch, const struct seen *seen, enum watch_event_type type);
/* The view of HOLDER (0: none) as it stands. */
struct watch_holder event_holder(const struct watch *watch, uint32_t holder);
/* Somebody of whom only the address is known. */
struct watch_holder event_stranger(const struct watch *watch, uint32_t address);
/* A key of recent_tell() for TYPE between A and B over the name. */
uint64_t event_key(const struct watch *watch, const struct seen *seen, enum watch_event_type type, uint32_t a,
                   uint32_t b);
/* True if TYPE between these two over this name was not told lately. */
bool event_is_news(struct watch *watch, const struct seen *seen, enum watch_event_type type, uint32_t a, uint32_t b);

/* ---- hold.c: who holds what ---- */

/* What SEEN shows of ADDRESS. */
struct hold_claim {
        uint32_t address;
        enum watch_proof_kind kind;
        enum watch_state state;
        uint8_t flags; /* HOLDER_GROUP, _OWN_WORD, _MULTIHOMED, _HEARSAY */
        uint32_t link; /* another address of the same machine; 0: none */
};
/* Notes that the machine holds (or wants) the name. Returns its holder entry, or 0. *RET_NEW: it did not before. */
uint32_t hold_note(struct watch *watch, const struct seen *seen, const struct hold_claim *claim, bool *ret_new);
/* The holder entry of ADDRESS for the name of SEEN; 0: none. */
uint32_t hold_find(const struct watch *watch, const struct seen *seen, uint32_t address);
void hold_set_state(struct watch *watch, uint32_t holder, enum watch_state state, wall_t now);
/* Another that holds the same name by its own word and is not the same machine; 0: none. */
uint32_t hold_other(const struct watch *watch, uint32_t name, uint32_t address);
/* Tells a conflict of HOLDER with any that shows it holds the name too, if there is one and it was not told. */
void hold_judge(struct watch *watch, const struct seen *seen, uint32_t holder);
/* Tells that of HOLDER with RIVAL (0: nobody known) once; SERVER: the name server that said so; 0: none. */
void hold_conflict(struct watch *watch, const struct seen *seen, uint32_t holder, uint32_t rival, uint32_t server);
/* HOLDER, by its own word, answers for the name: whoever answered for it before, and never claimed anything, is suspect. */
void hold_accuse(struct watch *watch, const struct seen *seen, uint32_t holder);
/* HOLDER gave the name up. */
void hold_end(struct watch *watch, const struct seen *seen, uint32_t holder);
/* Claims whose time to be refused is over at NOW become held. */
void hold_ripen(struct watch *watch, wall_t now, struct watch_events *out);

/* ---- claim.c, answer.c: one function a kind of packet; each says what the packet turned out to be ---- */

enum watch_packet_kind claim_request(struct watch *watch, const struct seen *seen);
enum watch_packet_kind claim_response(struct watch *watch, const struct seen *seen);
enum watch_packet_kind claim_release(struct watch *watch, const struct seen *seen);
/* Is the sender known as a name server? */
bool claim_is_server(const struct watch *watch, const struct seen *seen);
enum watch_packet_kind answer_query(struct watch *watch, const struct seen *seen);
enum watch_packet_kind answer_response(struct watch *watch, const struct seen *seen);
