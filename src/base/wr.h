#pragma once
/*
 * The writing cursor: how every message is built.
 *
 * A cursor borrows a buffer of fixed size. The first write that does not fit makes it failed, for
 * good; nothing is ever written outside. Ask wr_ok() once at the end. It owns nothing.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wr {
        uint8_t *base;
        size_t size_bytes;
        size_t pos; /* bytes written so far */
        bool failed;
};

static inline struct wr wr_init(void *buffer, size_t size_bytes)
{
        return (struct wr){.base = buffer, .size_bytes = size_bytes};
}

static inline bool wr_ok(const struct wr *wr)
{
        return !wr->failed;
}

/* Room for LEN bytes, which the caller fills at once; NULL and failed if there is none. */
static inline uint8_t *wr_reserve(struct wr *wr, size_t len_bytes)
{
        if (wr->failed || wr->size_bytes - wr->pos < len_bytes) {
                wr->failed = true;
                return NULL;
        }
        uint8_t *at = wr->base + wr->pos;
        wr->pos += len_bytes;
        return at;
}

static inline void wr_bytes(struct wr *wr, const void *bytes, size_t len_bytes)
{
        uint8_t *at = wr_reserve(wr, len_bytes);

        if (at && len_bytes)
                memcpy(at, bytes, len_bytes);
}

static inline void wr_u8(struct wr *wr, uint8_t v)
{
        uint8_t *at = wr_reserve(wr, 1);

        if (at)
                at[0] = v;
}

static inline void wr_be16(struct wr *wr, uint16_t v)
{
        uint8_t *at = wr_reserve(wr, 2);

        if (at) {
                at[0] = (uint8_t)(v >> 8);
                at[1] = (uint8_t)v;
        }
}

static inline void wr_be32(struct wr *wr, uint32_t v)
{
        wr_be16(wr, (uint16_t)(v >> 16));
        wr_be16(wr, (uint16_t)v);
}

static inline void wr_le16(struct wr *wr, uint16_t v)
{
        uint8_t *at = wr_reserve(wr, 2);

        if (at) {
                at[0] = (uint8_t)v;
                at[1] = (uint8_t)(v >> 8);
        }
}

static inline void wr_le32(struct wr *wr, uint32_t v)
{
        wr_le16(wr, (uint16_t)v);
        wr_le16(wr, (uint16_t)(v >> 16));
}

/* Overwrites two bytes written before, at POS; failed if they were not written. */
static inline void wr_patch_be16(struct wr *wr, size_t pos, uint16_t v)
{
        if (wr->failed || pos + 2 > wr->pos) {
                wr->failed = true;
                return;
        }
        wr->base[pos] = (uint8_t)(v >> 8);
        wr->base[pos + 1] = (uint8_t)v;
}
