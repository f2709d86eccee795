#pragma once
/*
 * The rules that tell a spoofer from an honest machine.
 *
 * Each rule looks at one packet and what is known of its sender; rules that fire are kept with the packet that made them fire,
 * and together give a confidence:
 *
 *   BAIT, BAIT_OTHER  confirmed: nobody can hold a name that we made up
 *   WPAD, NOBODY, MANY, DEMAND, NEGATIVE   two points each
 *   UNMATCHED         three points
 *   NOTHING, TWIN     one point each; NOTHING alone accuses nobody
 *   1-2 points: possible, 3-4: likely, 5 and more: confirmed
 *
 * Never accused: name servers (they answered what was sent to them alone), allow-listed addresses, proxies (their answers name
 * other machines, not always the same), and, for the answering rules, whoever claimed, refused or listed the name itself.
 * ASSUMPTION: points and thresholds are ours; tests/lab/test_watch.py holds them to honest and dishonest machines.
 */
#include "watch/pool.h"
#include "watch/watch.h"

#define SPOOF_MANY_NAMES 5u    /* different names, not counting suffixes */
#define SPOOF_NOTHING_NAMES 3u /* so many answered, and nothing registered */
#define SPOOF_NEGATIVE_NAMES 3u
#define SPOOF_UNMATCHED_IDS 32u /* for one name and asker, within SPOOF_UNMATCHED_MS */
#define SPOOF_UNMATCHED_MS 10000

struct watch;
struct seen;

struct spoof_proof {
        uint32_t count, peer;
        struct nb_name name;
        uint64_t frame;
        int64_t us;
};

struct suspect {
        uint32_t station;
        uint16_t rules, told_rules; /* bits 1 << enum watch_rule */
        bool used;
        uint8_t answered_count, refused_count, other_count;
        uint8_t told_confidence;
        bool targets_vary;     /* it names different other machines: a proxy */
        uint32_t target;       /* the other machine that its answers name; 0: none so far */
        uint32_t answered[16]; /* hashes of stems that it answered for with its own address */
        uint32_t others[16];   /* with another's */
        uint32_t refused[8];
        int64_t unmatched_us; /* start of the present run */
        uint32_t unmatched_hash, unmatched_client, unmatched_count;
        uint16_t unmatched_id;
        int64_t first_us, last_us;
        struct spoof_proof proofs[WATCH_RULE_MAX];
};

struct spoof {
        struct pool suspects;
        struct watch_finding finding; /* scratch */
};

int spoof_init(struct spoof *spoof, uint32_t max) NBT_MUST_CHECK;
void spoof_done(struct spoof *spoof);

enum spoof_answer_how {
        SPOOF_ANSWER_MATCHED,   /* to a broadcast question that we saw */
        SPOOF_ANSWER_UNMATCHED, /* to none that we saw */
};

/* A positive answer for a unique name that names TARGET. OWN_WORD: the sender claimed, refused or listed the name itself. OTHER_HOLDER: somebody
 * else did. */
void spoof_answer(struct watch *watch, const struct seen *seen, uint32_t target, enum spoof_answer_how how,
                  bool own_word, bool other_holder);
/* ADDRESS answered for a name whose holder by its own word now answers too: the rule of twins again, when the stranger was the faster one. */
void spoof_twin(struct watch *watch, const struct seen *seen, uint32_t address);
/* A denial of a broadcast question, or a refusal, by one that is neither name server nor known to hold the name. */
void spoof_negative(struct watch *watch, const struct seen *seen, bool refusal);
/* A conflict or release demand on PEER by one that is neither. */
void spoof_demand(struct watch *watch, const struct seen *seen, uint32_t peer);
/* An answer for bait NAME by LLMNR or mDNS. */
void spoof_bait_other(struct watch *watch, const struct seen *seen);
/* Fills RET from SUSPECT; confidence NONE if no rule that counts has fired. */
void spoof_view(const struct watch *watch, const struct suspect *suspect, struct watch_finding *ret);
/* Has the station of ADDRESS been told as likely a spoofer at least? */
bool spoof_is_likely(const struct watch *watch, uint32_t address);
bool spoof_is_bait(const struct watch *watch, const struct nb_name *name);
