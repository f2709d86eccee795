#pragma once
/*
 * A writer of classic event logs, for tests: header, records, end record; the ring's wrap if the caller asks for it.
 */
#include "base/result.h"

#include <stdint.h>
#include <string.h>

struct evt_writer {
        uint8_t bytes[65536];
        size_t len_bytes;
        uint32_t next;
};

struct evt_entry {
        uint32_t time_s, code;
        uint16_t type; /* 1 error, 2 warning, 4 information */
        const char *source, *computer;
        size_t string_count;
        const char *strings[6];
        size_t data_len_bytes;
        const uint8_t *data;
};

static inline void evt_put32(uint8_t *at, uint32_t value)
{
        for (int i = 0; i < 4; i++)
                at[i] = (uint8_t)(value >> 8 * i);
}

static inline void evt_put16(uint8_t *at, uint32_t value)
{
        at[0] = (uint8_t)value;
        at[1] = (uint8_t)(value >> 8);
}

static inline size_t evt_put_text(uint8_t *at, const char *text)
{
        size_t len = 0;

        do {
                evt_put16(at + 2 * len, (uint8_t)text[len]);
        } while (text[len++]);
        return 2 * len;
}

static inline void evt_begin(struct evt_writer *writer)
{
        *writer = (struct evt_writer){.len_bytes = 0x30, .next = 1};
}

/* Returns where the record begins. */
static inline size_t evt_add(struct evt_writer *writer, const struct evt_entry *entry)
{
        const size_t start = writer->len_bytes;
        uint8_t *at = writer->bytes + start;
        size_t len = 56;

        evt_put32(at + 4, 0x654C664C);
        evt_put32(at + 8, writer->next++);
        evt_put32(at + 12, entry->time_s);
        evt_put32(at + 16, entry->time_s);
        evt_put32(at + 20, entry->code);
        evt_put16(at + 24, entry->type);
        evt_put16(at + 26, (uint32_t)entry->string_count);
        len += evt_put_text(at + len, entry->source);
        len += evt_put_text(at + len, entry->computer);
        evt_put32(at + 36, (uint32_t)len);
        evt_put32(at + 44, (uint32_t)len);
        for (size_t i = 0; i < entry->string_count; i++)
                len += evt_put_text(at + len, entry->strings[i]);
        evt_put32(at + 48, (uint32_t)entry->data_len_bytes);
        evt_put32(at + 52, (uint32_t)len);
        if (entry->data_len_bytes)
                memcpy(at + len, entry->data, entry->data_len_bytes);
        len = (len + entry->data_len_bytes + 3) / 4 * 4;
        evt_put32(at + len, (uint32_t)len + 4);
        evt_put32(at, (uint32_t)len + 4);
        writer->len_bytes = start + len + 4;
        return start;
}

/* The end record and the header. */
static inline void evt_end(struct evt_writer *writer, uint32_t flags)
{
        const size_t end = writer->len_bytes;
        uint8_t *at = writer->bytes + end;

        evt_put32(at, 0x28);
        evt_put32(at + 4, 0x11111111);
        evt_put32(at + 8, 0x22222222);
        evt_put32(at + 12, 0x33333333);
        evt_put32(at + 16, 0x44444444);
        evt_put32(at + 20, 0x30);
        evt_put32(at + 24, (uint32_t)end);
        evt_put32(at + 28, writer->next);
        evt_put32(at + 32, 1);
        evt_put32(at + 36, 0x28);
        writer->len_bytes += 0x28;
        at = writer->bytes;
        evt_put32(at, 0x30);
        evt_put32(at + 4, 0x654C664C);
        evt_put32(at + 8, 1);
        evt_put32(at + 12, 1);
        evt_put32(at + 16, 0x30);
        evt_put32(at + 20, (uint32_t)end);
        evt_put32(at + 24, writer->next);
        evt_put32(at + 28, 1);
        evt_put32(at + 32, (uint32_t)writer->len_bytes);
        evt_put32(at + 36, flags);
        evt_put32(at + 44, 0x30);
}

/* Turns the records of a finished log by SHIFT bytes (a multiple of 4), as if the ring had gone round. */
static inline void evt_wrap(struct evt_writer *writer, size_t shift)
{
        static uint8_t turned[65536];
        const size_t ring = writer->len_bytes - 0x30;

        for (size_t i = 0; i < ring; i++)
                turned[(i + shift) % ring] = writer->bytes[0x30 + i];
        memcpy(writer->bytes + 0x30, turned, ring);
        evt_put32(writer->bytes + 36, 2);
        evt_put32(writer->bytes + 16, (uint32_t)(0x30 + shift));
}
