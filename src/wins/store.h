#pragma once
/*
 * What a store must do for the WINS core. Types only: the core never calls a store; its driver carries WINS_ACTION_PERSIST to
 * one and reports back with WINS_EVENT_STORED or WINS_EVENT_STORE_FAILED.
 *
 * The promise a store makes: after WINS_EVENT_STORED all of the batch survives power loss; otherwise, after a crash, either
 * all or nothing of it is there. At most one batch is out at a time, and batch ids rise by one.
 *
 * At start the driver reads everything back: wins_load_owner() for every owner, wins_load() for every record (any order), then
 * WINS_EVENT_START.
 */
#include "wins/record.h"

enum wins_change_op {
        WINS_PUT,    /* insert, or replace whatever stands under (name, scope) */
        WINS_DELETE, /* remove (name, scope); no error if absent; only name and scope of the record have a meaning */
};

struct wins_change {
        enum wins_change_op op;
        struct wins_record record;
};

/*
 * Expiry-only renewal: the record under (name, scope) and its (only) member now expire at EXPIRY_S. A store may write these less
 * durably than changes (they are applied in the same transaction as the batch's changes where there are any). If there is
 * no such record, nothing happens.
 */
struct wins_touch {
        struct nb_name name;
        const struct nb_scope *scope; /* never NULL */
        int64_t expiry_s;
};

/* The highest version known of an owner; survives the records themselves, so that no version is used twice. */
struct wins_owner {
        uint32_t address;
        uint64_t max_version;
};

/* Lives in the core until the batch is reported as stored or failed. Changes apply in order; then touches, then owners. */
struct wins_batch {
        uint64_t id; /* rises by one a batch, from 1 at every start */
        size_t change_count;
        const struct wins_change *changes;
        size_t touch_count;
        const struct wins_touch *touches;
        size_t owner_count; /* only owners whose number changed */
        const struct wins_owner *owners;
        bool is_durable; /* someone waits for it: commit with fsync. False: renewals alone, may be synced later */
};
