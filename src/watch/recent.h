#pragma once
/*
 * Short memory of the watcher, in slots of fixed number: a newer thing overwrites an older one of the same slot. So a flood
 * can make it forget, never grow.
 *   asked   questions and claims that wait for an answer, by client and id
 *   vain    names that were asked for, and whether anybody answered
 *   told    what was told lately, so that it is told once
 */
#include "watch/watch.h"

struct asked {
        int64_t us;
        uint32_t client, destination;
        uint32_t hash;     /* of the name */
        uint32_t answerer; /* the first one; 0: none yet */
        uint16_t id;
        uint8_t opcode;
        bool broadcast;
        bool two_answers; /* from two sources: the client may well send a conflict demand */
        bool used;
};

struct vain {
        int64_t first_us, last_us; /* of the asking */
        uint32_t hash;
        uint32_t asked;
        bool answered;
};

struct told {
        int64_t us;
        uint64_t key;
};

struct recent {
        uint64_t seed;
        struct asked *asked;
        struct vain *vain;
        struct told *told;
};

int recent_init(struct recent *recent, uint64_t seed) NBT_MUST_CHECK;
void recent_done(struct recent *recent);

void recent_ask(struct recent *recent, const struct asked *asked);
/* The question of CLIENT with ID for the name of HASH that waits at NOW_US; NULL if there is none. */
struct asked *recent_find(const struct recent *recent, uint32_t client, uint16_t id, uint32_t hash, int64_t now_us);

void recent_vain_ask(struct recent *recent, uint32_t hash, int64_t now_us);
void recent_vain_answered(struct recent *recent, uint32_t hash);
/* How often the name was asked for in vain before the present round of questions; 0: not, or it was answered once. */
uint32_t recent_vain_count(const struct recent *recent, uint32_t hash, int64_t now_us);

/* True, and remembered, if KEY was not told within WATCH_REPEAT_MS. */
bool recent_tell(struct recent *recent, uint64_t key, int64_t now_us);
/* Was KEY told within WATCH_REPEAT_MS? */
bool recent_was_told(const struct recent *recent, uint64_t key, int64_t now_us);
/* Fetches what find(), ask() and the vain calls will need into the cache. */
void recent_fetch(const struct recent *recent, uint32_t client, uint16_t id, uint32_t hash);
