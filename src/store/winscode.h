#pragma once
/*
 * How the WINS database writes records and batches as bytes; versionable, and checked on the way back. Nobody but winsdb includes this.
 *
 * Record body, big-endian:
 *
 *     name 16 | type 1 | state 1 | node 1 | flags 1 | owner 4 | version 8 | expiry 8 | members 1 | members × each | scope: the rest
 *
 * flags: bit 0 static; bit 1 "plain members": each is its address alone (4 bytes), owner and expiry as the record's; otherwise
 * address 4, owner 4, expiry 8.
 *
 * Batch: format 1 (= 1), then items, then the XXH3 checksum 8 of all before it, seeded with the batch's row number, so that a batch
 * that stands in another's place is told. An item is a tag 1 | length 2 | body of that length:
 *
 *     1 PUT record body      2 DELETE name 16, scope      3 TOUCH name 16, expiry 8, scope      4 OWNER address 4, version 8
 */
#include "base/rd.h"
#include "wins/store.h"

enum winscode_tag { WINSCODE_PUT = 1, WINSCODE_DELETE = 2, WINSCODE_TOUCH = 3, WINSCODE_OWNER = 4, WINSCODE_TAG_MAX };

#define WINSCODE_BATCH_FORMAT 1
#define WINSCODE_BATCH_LEAST_BYTES 9
/* a journal row above it is damaged: 16 times the largest batch that the core makes */
#define WINSCODE_BATCH_MAX_BYTES (256u << 20)
#define WINSCODE_MEMBER_BYTES 16
#define WINSCODE_RECORD_MAX_BYTES (41 + WINS_MAX_MEMBERS * WINSCODE_MEMBER_BYTES + NB_SCOPE_MAX_BYTES)

/* A growing buffer that is kept from batch to batch. */
struct winscode_buffer {
        uint8_t *bytes;
        size_t len_bytes, size_bytes;
};

void winscode_buffer_done(struct winscode_buffer *buffer);

/* The record's body in OUT; its length. RECORD must have passed wins_record_check(). */
size_t winscode_record_encode(const struct wins_record *record, uint8_t out[WINSCODE_RECORD_MAX_BYTES]);
/* NBT_ERR_MALFORMED if the bytes are no record. */
int winscode_record_decode(struct rd rd, struct wins_record *ret) NBT_MUST_CHECK;

/* What stands in column "sum" beside a record: XXH3 of its body. */
int64_t winscode_record_sum(const struct wins_record *record);

/* Members as they stand in column "members": 16 bytes each. */
size_t winscode_members_encode(const struct wins_record *record, uint8_t out[WINS_MAX_MEMBERS * WINSCODE_MEMBER_BYTES]);
int winscode_members_decode(struct rd rd, struct wins_record *ret) NBT_MUST_CHECK;

/* Replaces what BUFFER holds. NBT_ERR_RANGE (a record that is none), NBT_ERR_NOMEM. */
int winscode_batch_encode(const struct wins_batch *batch, int64_t row, struct winscode_buffer *buffer) NBT_MUST_CHECK;

/* Checks form and checksum; RET then reads the items with winscode_item_next(). NBT_ERR_MALFORMED, NBT_ERR_UNSUPPORTED (format). */
int winscode_batch_open(const void *bytes, size_t len_bytes, int64_t row, struct rd *ret) NBT_MUST_CHECK;

/* An item, its texts borrowed from the batch. */
struct winscode_item {
        enum winscode_tag tag;
        const uint8_t *name; /* 16 bytes; NULL for OWNER */
        const uint8_t *scope;
        uint8_t scope_len_bytes;
        int64_t expiry_s;        /* TOUCH */
        struct rd body;          /* PUT: for winscode_record_decode() */
        struct wins_owner owner; /* OWNER */
};

/* 1: RET is the next one; 0: there is none; NBT_ERR_MALFORMED. */
int winscode_item_next(struct rd *rd, struct winscode_item *ret) NBT_MUST_CHECK;
