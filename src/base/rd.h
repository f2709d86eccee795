#pragma once
/*
 * The reading cursor: the only way in which bytes from outside are read.
 *
 * A cursor borrows a byte range and moves forward over it. The first read past its end makes it
 * failed, for good: from then on every read yields zeros and moves nothing, so that a decoder may
 * read a whole structure and ask once, at the end, whether all of it was there. Sub-readers carve a
 * bounded piece for a nested length. A cursor owns nothing and allocates nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
        const uint8_t *base; /* start of the range: what offsets count from */
        size_t len_bytes;
        size_t pos;
        bool failed;
};

static inline struct rd rd_init(const void *bytes, size_t len_bytes)
{
        return (struct rd){.base = bytes, .len_bytes = len_bytes};
}

static inline bool rd_ok(const struct rd *rd)
{
        return !rd->failed;
}

static inline size_t rd_left(const struct rd *rd)
{
        return rd->failed ? 0 : rd->len_bytes - rd->pos;
}

static inline void rd_fail(struct rd *rd)
{
        rd->failed = true;
}

/* A pointer to the next LEN bytes, and moves over them; NULL and failed if they are not there. */
static inline const uint8_t *rd_bytes(struct rd *rd, size_t len_bytes)
{
        if (rd->failed || rd->len_bytes - rd->pos < len_bytes) {
                rd->failed = true;
                return NULL;
        }
        const uint8_t *at = rd->base + rd->pos;
        rd->pos += len_bytes;
        return at;
}

static inline void rd_skip(struct rd *rd, size_t len_bytes)
{
        (void)rd_bytes(rd, len_bytes);
}

/* Copies LEN bytes to RET; zeros when they are not there. */
static inline void rd_copy(struct rd *rd, void *ret, size_t len_bytes)
{
        const uint8_t *at = rd_bytes(rd, len_bytes);

        if (at)
                memcpy(ret, at, len_bytes);
        else
                memset(ret, 0, len_bytes);
}

static inline uint8_t rd_u8(struct rd *rd)
{
        const uint8_t *at = rd_bytes(rd, 1);

        return at ? at[0] : 0;
}

static inline uint16_t rd_be16(struct rd *rd)
{
        const uint8_t *at = rd_bytes(rd, 2);

        return (uint16_t)(at ? at[0] << 8 | at[1] : 0);
}

static inline uint32_t rd_be32(struct rd *rd)
{
        const uint8_t *at = rd_bytes(rd, 4);

        return at ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3] : 0;
}

static inline uint16_t rd_le16(struct rd *rd)
{
        const uint8_t *at = rd_bytes(rd, 2);

        return (uint16_t)(at ? at[1] << 8 | at[0] : 0);
}

static inline uint32_t rd_le32(struct rd *rd)
{
        const uint8_t *at = rd_bytes(rd, 4);

        return at ? (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0] : 0;
}

static inline uint64_t rd_le64(struct rd *rd)
{
        const uint64_t low = rd_le32(rd);

        return (uint64_t)rd_le32(rd) << 32 | low;
}

/* A reader of just the next LEN bytes, which RD moves over; failed if RD has not that many. */
static inline struct rd rd_sub(struct rd *rd, size_t len_bytes)
{
        const uint8_t *at = rd_bytes(rd, len_bytes);

        return at ? rd_init(at, len_bytes) : (struct rd){.failed = true};
}

/* A reader of the same whole range, standing at POS; failed if POS is outside. For label pointers. */
static inline struct rd rd_at(const struct rd *rd, size_t pos)
{
        struct rd copy = *rd;

        copy.pos = pos;
        copy.failed = rd->failed || pos > rd->len_bytes;
        if (copy.failed)
                copy.pos = 0;
        return copy;
}
