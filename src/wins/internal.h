#pragma once
/*
 * What the files of the WINS core share. See wins/wins.h for what it does; here is how it is cut:
 *
 *   table, table_index, scopes   the records in memory          decide    the verdicts
 *   order                        trees that keep them sorted    walk      records by filter, in pages
 *   query                        answers                        claim     registration and refresh
 *   challenge                    the dialogue with a holder     release   releases
 *   work                         one claim of a name at a time  batch     what goes to the store, and its return
 *   burst, scavenge, admin, check, view                         wins      events, time, life
 *
 * Time: the core counts its own seconds. They begin at the calendar's at start and follow the monotonic clock, so that a jump of
 * the calendar moves no expiry; SHIFT_S turns them into the calendar of the moment, for whoever stores or shows them.
 */
#include "wins/decide.h"
#include "wins/table.h"
#include "wins/wins.h"

#define WINS_WORK_BUCKETS 16384u
#define WINS_QUERY_TTL_S 300000u /* ASSUMPTION: what Windows' answers were seen to say; nodes keep names 10 minutes */

/* A claim or release as it came. */
struct wins_request {
        uint32_t source, local, address;
        uint16_t source_port, id, flags, nb_flags;
        uint8_t opcode;
};

struct wins_waiter {
        struct wins_waiter *next;
        struct wins_request request;
        bool is_holder; /* it came from an address of the record */
};

struct wins_work;

struct wins_challenge {
        struct wins_work *work;
        struct wins_request request;
        mono_t next_at;
        uint32_t heap_index;
        uint64_t version; /* of the record then; 0: there was none, and who was promised the name in a burst is asked */
        uint16_t id;
        uint8_t tries, index, count;
        uint32_t addresses[WINS_MAX_MEMBERS];
};

/* A name that something is under way for: a challenge, or changes that the store has not yet confirmed. Others wait. */
struct wins_work {
        struct wins_work *next;
        struct nb_name name;
        uint64_t hash;
        uint16_t scope; /* held */
        uint8_t waiter_count;
        uint32_t pending;            /* changes in batches */
        struct wins_waiter *waiters; /* holders, then the others; each as they came */
        struct wins_challenge *challenge;
        struct wins_request current; /* whose change is pending; all zero: none's */
};

/* An administrator's command that waits for the store. */
struct wins_job {
        uint64_t id;
        enum wins_command_type type;
        uint32_t pending; /* changes not yet confirmed */
        size_t row_count;
        struct wins_record *rows; /* DELETE: as they were, times as the calendar's; owned */
        bool more;
        struct wins_cursor cursor;
};

enum wins_origin {
        WINS_ORIGIN_CLAIM,
        WINS_ORIGIN_RELEASE,
        WINS_ORIGIN_JOB,
        WINS_ORIGIN_SCAVENGE,
        WINS_ORIGIN_RENEWAL, /* of a record with several addresses, written as a whole; the memory has it already */
};

/* What is to be done when change I of a batch is stored, or is not. */
struct wins_pending {
        enum wins_origin origin;
        struct wins_work *work; /* NULL: RENEWAL */
        struct wins_job *job;
        struct wins_request request;
};

struct wins_queue {
        struct wins_batch batch;
        struct wins_change *changes; /* times as the core's until the batch goes out */
        struct wins_pending *pending;
        size_t count, room;
        size_t applied; /* of the changes, once they are stored */
        struct wins_touch *touches;
        uint32_t *touched; /* their slots */
        size_t touch_count;
        struct wins_owner *owners;
        int64_t shift_s;  /* that was added to the times when it went out */
        uint64_t version; /* our highest one in it */
};

struct wins_burst_entry {
        struct nb_name name;
        uint32_t address;
        uint32_t until_s;
};

/* One name, and what is asked for it, while a request is handled. */
struct wins_subject {
        struct nb_name name;
        const struct nb_scope *scope;
        int scope_number; /* negative: no record has that scope */
        struct wins_work *work;
        const struct wins_request *request;
};

struct wins {
        struct wins_table table;
        struct wins_settings settings;
        struct rng rng;
        uint32_t owner;
        uint16_t owner_number;
        bool started, stopping, stopped, failed;
        unsigned watching; /* WINS_WATCH_… */
        /* time */
        mono_t now, base;
        wall_t wall;
        uint32_t now_s, base_s, floor_s;
        int64_t shift_s;
        /* of the step */
        struct wins_actions *out;
        /* versions */
        uint64_t version, version_stored;
        /* self */
        size_t own_address_count, own_name_count;
        uint32_t own_addresses[WINS_MAX_OWN_ADDRESSES];
        struct nb_name own_names[WINS_MAX_OWN_NAMES];
        uint64_t own_first, blocked_first; /* bit (first byte & 63) of own and of blocked names */
        /* work */
        struct wins_work *works[WINS_WORK_BUCKETS];
        uint32_t work_count;
        struct wins_challenge **heap;
        uint32_t heap_count, heap_room;
        struct wins_challenge **challenge_by_id; /* 65536 */
        /* batches */
        struct wins_queue queues[2];
        unsigned open; /* the one that gathers; the other one is out if is_out */
        bool is_out, store_failed, store_full;
        bool is_stored; /* what is out is, and memory ran out before it was applied as a whole */
        mono_t store_retry_at, apply_retry_at;
        uint64_t next_batch;
        /* renewals */
        uint32_t *dirty;
        size_t dirty_head, dirty_count, dirty_room; /* slots from head on, count of them */
        size_t dirty_left;                          /* of this round of writing */
        bool flushing;
        mono_t flush_at;
        struct wins_job *flush_jobs[8];
        size_t flush_job_count;
        /* scavenging */
        mono_t scavenge_at;     /* of the next round, or slice */
        uint32_t scavenge_slot; /* 0: no round under way */
        uint32_t scavenge_pending;
        uint64_t scavenged[3];
        mono_t scavenge_next_round;
        /* burst */
        bool burst;
        struct wins_burst_entry *burst_entries;
        uint64_t burst_count;
        /* rotation of <1C> answers */
        uint32_t rotation;
        struct wins_refusal refusals[WINS_REFUSAL_RING];
        uint32_t refusal_count, refusal_next;
        struct wins_statistics statistics;
};

/* emit.c */
struct wins_action *wins_emit(struct wins *wins, enum wins_action_type type);
/* A notice to fill in; never NULL (a scratch one if memory ran out). */
struct wins_notice *wins_emit_notice(struct wins *wins, enum wins_notice_type type, const struct nb_name *name,
                                     const struct nb_scope *scope);
void wins_emit_packet(struct wins *wins, uint32_t local, uint32_t destination, uint16_t port,
                      const struct nbns_packet *packet);
/* RECORD (core times) as the calendar has it, in the arena; NULL if memory ran out. */
const struct wins_record *wins_emit_record(struct wins *wins, const struct wins_record *record);
/* The answer to a claim or release. */
void wins_emit_reply(struct wins *wins, const struct nb_name *name, const struct nb_scope *scope,
                     const struct wins_request *request, uint8_t rcode, uint32_t ttl_s);

/* wins.c: time and self */
wall_t wins_wall_of(const struct wins *wins, uint32_t core_s);
void wins_times_to_wall(struct wins_record *record, int64_t shift_s);
bool wins_is_own_address(const struct wins *wins, uint32_t address);
bool wins_is_own_name(const struct wins *wins, const struct nb_name *name);
bool wins_is_blocked(const struct wins *wins, const struct nb_name *name);
void wins_apply_settings(struct wins *wins, const struct wins_settings *settings);

/* query.c */
void wins_query_slow(struct wins *wins, const struct wins_packet *packet, const struct nbns_packet *nbns);

/* claim.c */
void wins_claim(struct wins *wins, const struct wins_subject *subject);
/* Ends of a challenge: WHO holds the name (0: nobody), ANSWERED its addresses (MERGE). */
void wins_claim_challenged(struct wins *wins, struct wins_work *work, const struct wins_challenge *challenge,
                           enum wins_challenge_end end, uint32_t who, const uint32_t *answered, size_t answered_count);
void wins_note_refusal(struct wins *wins, const struct nb_name *name, uint32_t claimant, uint32_t holder,
                       bool is_static, uint8_t rcode);

/* release.c */
void wins_release(struct wins *wins, const struct wins_subject *subject);

/* work.c */
struct wins_work *wins_work_find(const struct wins *wins, const struct nb_name *name, uint16_t scope);
/* The work of SUBJECT, made if need be; NULL if memory ran out (wins->failed is set). */
struct wins_work *wins_work_of(struct wins *wins, const struct nb_name *name, const struct nb_scope *scope);
void wins_request_in(struct wins *wins, const struct nb_name *name, const struct nb_scope *scope,
                     const struct wins_request *request);
/* Nothing is under way for WORK any more? Then those who waited have their turn, and it goes when none is left. */
void wins_work_settle(struct wins *wins, struct wins_work *work);
/* REQUEST is decided anew as soon as nothing is under way. */
void wins_work_wait_first(struct wins *wins, struct wins_work *work, const struct wins_request *request);
void wins_work_free_all(struct wins *wins);

/* challenge.c */
/* Asks ADDRESSES one after the other on behalf of the request; the claimant is told to wait. LATER: not at once, see claim.c. */
void wins_challenge_begin(struct wins *wins, struct wins_work *work, const struct wins_request *request,
                          uint64_t version, const uint32_t *addresses, size_t count, bool later);
void wins_challenge_response(struct wins *wins, const struct wins_packet *packet, const struct nbns_packet *nbns);
void wins_challenge_timers(struct wins *wins);
mono_t wins_challenge_deadline(const struct wins *wins);
void wins_challenge_drop(struct wins *wins, struct wins_challenge *challenge);

/* batch.c */
/* True if a change may go to the store now (false: it failed lately; refuse). */
bool wins_store_usable(const struct wins *wins);
/* Queues a change (times as the core's). NBT_ERR_NOMEM, or NBT_ERR_FULL for a new record that the memory will have no place for:
 * then nothing is queued. */
int wins_submit(struct wins *wins, enum wins_change_op op, const struct wins_record *record, struct wins_work *work,
                const struct wins_pending *pending) NBT_MUST_CHECK;
void wins_mark_dirty(struct wins *wins, uint32_t slot);
void wins_batch_stored(struct wins *wins, uint64_t id);
/* Goes on with a batch that is stored but not yet applied, if there is one. */
void wins_batch_resume(struct wins *wins);
void wins_batch_failed(struct wins *wins, uint64_t id, bool full);
/* Sends what has gathered, if nothing is out. At the end of every step. */
void wins_batch_kick(struct wins *wins);
mono_t wins_batch_deadline(const struct wins *wins);
void wins_batch_free(struct wins *wins);
static inline uint64_t wins_next_version(struct wins *wins)
{
        return ++wins->version;
}

/* burst.c */
/* The address that was promised NAME in a burst and has still time; 0: none. */
uint32_t wins_burst_holder(const struct wins *wins, const struct nb_name *name);
bool wins_burst_is_on(const struct wins *wins);
/* Answers a claim for a free unique name at once; false if that cannot be (then it stays unanswered). */
bool wins_burst_answer(struct wins *wins, const struct wins_subject *subject);
void wins_burst_settle(struct wins *wins); /* after every step: begin and end are told */

/* scavenge.c */
void wins_scavenge_start(struct wins *wins);
void wins_scavenge_timer(struct wins *wins);
mono_t wins_scavenge_deadline(const struct wins *wins);

/* admin.c */
void wins_command(struct wins *wins, const struct wins_command *command);
void wins_job_free(struct wins_job *job);
void wins_job_done(struct wins *wins, struct wins_job *job, int result);
void wins_emit_complete(struct wins *wins, const struct wins_command *command, int result);
bool wins_filter_passes(const struct wins *wins, const struct wins_filter *filter, const struct wins_slot *slot);

/* walk.c: records in pages */
struct wins_walk {
        const struct wins_filter *filter;
        struct wins_cursor cursor;
        bool more;
};
/* The slots of the next page, at most LIMIT, after at most WINS_WALK_RECORDS looks. Returns how many. */
size_t wins_walk_page(const struct wins *wins, struct wins_walk *walk, uint32_t *ret_slots, size_t limit);

/* check.c */
void wins_check(struct wins *wins, const struct wins_command *command);
