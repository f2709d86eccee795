#pragma once
/*
 * A growing text. Memory failure is sticky: the text stays valid and NUL-terminated, strbuf_ok() turns
 * false, and later calls do nothing, so that a printer checks once at its end.
 */
#include "base/result.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
        char *text; /* NULL while empty; use strbuf_str() */
        size_t len_bytes;
        size_t size_bytes;
        bool failed;
};

#define STRBUF_INIT ((struct strbuf){0})

/* Append; when memory runs out the text stays as it was, and strbuf_ok() tells so from then on. */
void strbuf_add(struct strbuf *sb, const char *text);
void strbuf_add_bytes(struct strbuf *sb, const void *bytes, size_t len_bytes);
void strbuf_add_char(struct strbuf *sb, char c);
void strbuf_printf(struct strbuf *sb, const char *format, ...) NBT_PRINTF(2, 3);
void strbuf_vprintf(struct strbuf *sb, const char *format, va_list args) NBT_PRINTF(2, 0);

/* Always a valid NUL-terminated text, borrowed until the next call. */
const char *strbuf_str(const struct strbuf *sb);

bool strbuf_ok(const struct strbuf *sb);

/* Empties the text and keeps the memory. */
void strbuf_reset(struct strbuf *sb);

/* Hands the text to the caller, who frees it; NULL if a call before had failed. SB is as new. */
char *strbuf_take(struct strbuf *sb);

/* Frees. SB is as new. */
void strbuf_done(struct strbuf *sb);
