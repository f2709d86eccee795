#include "watch/recent.h"

#include "base/hash.h"

#include <stdlib.h>

#define ASKED_SLOTS 65536u
#define VAIN_SLOTS 32768u
#define TOLD_SLOTS 16384u
/* ASSUMPTION: a name was asked for in vain after one whole round of three questions, and this long without an answer. */
#define VAIN_MIN_ASKED 3u
#define VAIN_MIN_US INT64_C(2000000)

int recent_init(struct recent *recent, uint64_t seed)
{
        *recent = (struct recent){.seed = seed};
        recent->asked = calloc(ASKED_SLOTS, sizeof(*recent->asked));
        recent->vain = calloc(VAIN_SLOTS, sizeof(*recent->vain));
        recent->told = calloc(TOLD_SLOTS, sizeof(*recent->told));
        return recent->asked && recent->vain && recent->told ? 0 : NBT_ERR_NOMEM;
}

void recent_done(struct recent *recent)
{
        free(recent->asked);
        free(recent->vain);
        free(recent->told);
}

static struct asked *asked_slot(const struct recent *recent, uint32_t client, uint16_t id)
{
        const uint32_t key[2] = {client, id};

        return &recent->asked[hash_bytes(key, sizeof(key), recent->seed) & (ASKED_SLOTS - 1)];
}

void recent_ask(struct recent *recent, const struct asked *asked)
{
        struct asked *slot = asked_slot(recent, asked->client, asked->id);
        const bool again =
                slot->used && slot->client == asked->client && slot->id == asked->id && slot->hash == asked->hash;
        const uint32_t answerer = again ? slot->answerer : 0;
        const bool two = again && slot->two_answers;

        *slot = *asked;
        slot->used = true;
        slot->answerer = answerer;
        slot->two_answers = two;
}

struct asked *recent_find(const struct recent *recent, uint32_t client, uint16_t id, uint32_t hash, int64_t now_us)
{
        struct asked *slot = asked_slot(recent, client, id);

        if (!slot->used || slot->client != client || slot->id != id || slot->hash != hash ||
            now_us - slot->us > (int64_t)WATCH_PENDING_MS * 1000)
                return NULL;
        return slot;
}

void recent_vain_ask(struct recent *recent, uint32_t hash, int64_t now_us)
{
        struct vain *slot = &recent->vain[hash & (VAIN_SLOTS - 1)];

        if (slot->hash != hash || slot->asked == 0)
                *slot = (struct vain){.hash = hash, .first_us = now_us};
        slot->last_us = now_us;
        slot->asked++;
}

void recent_vain_answered(struct recent *recent, uint32_t hash)
{
        struct vain *slot = &recent->vain[hash & (VAIN_SLOTS - 1)];

        if (slot->hash == hash)
                slot->answered = true;
}

uint32_t recent_vain_count(const struct recent *recent, uint32_t hash, int64_t now_us)
{
        const struct vain *slot = &recent->vain[hash & (VAIN_SLOTS - 1)];

        if (slot->hash != hash || slot->answered || slot->asked < VAIN_MIN_ASKED ||
            now_us - slot->first_us < VAIN_MIN_US)
                return 0;
        return slot->asked;
}

bool recent_was_told(const struct recent *recent, uint64_t key, int64_t now_us)
{
        const struct told *slot = &recent->told[key & (TOLD_SLOTS - 1)];

        return slot->key == key && slot->us && now_us - slot->us < (int64_t)WATCH_REPEAT_MS * 1000;
}

bool recent_tell(struct recent *recent, uint64_t key, int64_t now_us)
{
        if (recent_was_told(recent, key, now_us))
                return false;
        recent->told[key & (TOLD_SLOTS - 1)] = (struct told){.key = key, .us = now_us ? now_us : 1};
        return true;
}

void recent_fetch(const struct recent *recent, uint32_t client, uint16_t id, uint32_t hash)
{
        __builtin_prefetch(asked_slot(recent, client, id), 1);
        __builtin_prefetch(&recent->vain[hash & (VAIN_SLOTS - 1)], 1);
}
