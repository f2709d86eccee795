#pragma once
/*
 * What the WinsHook program is still to be told (pure): one call a name, the newest, in the order in which the names first came.
 *
 * A call says all there is to say of its name, so that a newer one takes the place of an older one that still waits; what was an "add"
 * stays one, and an address that comes back at once was never away. The queue is bounded: when half of it is taken, renewals are left out, when all of
 * it is, everything new. Calls go out at most HOOK_PER_SECOND a second, after HOOK_AT_ONCE.
 *
 * Names that are not made of letters, digits, ".", "_" and "-", or begin with "." or "-", and names in a scope are never passed:
 * scripts hand them on to shells and to DNS.
 */
#include "base/instant.h"
#include "wins/wins.h"

#define HOOK_QUEUE_CALLS 32768u
#define HOOK_PER_SECOND 50u
#define HOOK_AT_ONCE 500u
#define HOOK_NAME_TEXT_BYTES 16u

enum hook_operation { HOOK_ADD, HOOK_REFRESH, HOOK_DELETE, HOOK_OPERATIONS };

struct hook_call {
        enum hook_operation operation;
        char name[HOOK_NAME_TEXT_BYTES]; /* without blanks at its end */
        uint8_t suffix;
        int64_t expiry_s; /* of the calendar; WINS_NEVER for a static mapping, and for a delete */
        uint8_t address_count;
        uint32_t addresses[WINS_MAX_MEMBERS]; /* that the name has now; a delete: that it had */
};

struct hook_queue;

struct hook_queue_counts {
        uint64_t waiting;
        uint64_t illegal;  /* not passed because of their names */
        uint64_t left_out; /* there was no room */
};

/* SEED: strangers choose the names. NBT_ERR_NOMEM. */
int hook_queue_new(struct hook_queue **ret, uint64_t seed) NBT_MUST_CHECK;
struct hook_queue *hook_queue_free(struct hook_queue *queue);

/* The call that tells of NOTICE. NBT_ERR_NOT_FOUND: nothing is to be told; NBT_ERR_UNSUPPORTED: its name is not passed. */
int hook_call_make(const struct wins_notice *notice, struct hook_call *ret) NBT_MUST_CHECK;

/* Takes up what NOTICE, of any type, says. */
void hook_queue_offer(struct hook_queue *queue, const struct wins_notice *notice);

/* The next call, if one is due. */
bool hook_queue_take(struct hook_queue *queue, mono_t now, struct hook_call *ret);

/* When hook_queue_take() will have something; MONO_NEVER while nothing waits. */
mono_t hook_queue_deadline(const struct hook_queue *queue, mono_t now);

struct hook_queue_counts hook_queue_counts(const struct hook_queue *queue);

const char *hook_operation_str(enum hook_operation operation); /* "add", "refresh", "delete" */
