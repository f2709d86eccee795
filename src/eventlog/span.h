#pragma once
/*
 * A borrowed piece of text that need not end in NUL, and the few questions the event readers ask of it. ASCII only: no
 * locale takes part.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct span {
        const char *at;
        size_t len;
};

static inline bool char_is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static inline bool char_is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* 0 to 15; -1 if C is no hexadecimal digit. */
static inline int char_hex(char c)
{
        if (char_is_digit(c))
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static inline char char_lower(char c)
{
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline struct span span_from(struct span s, size_t start)
{
        return start > s.len ? (struct span){s.at + s.len, 0} : (struct span){s.at + start, s.len - start};
}

static inline struct span span_trim(struct span s)
{
        while (s.len && char_is_blank(s.at[0]))
                s = span_from(s, 1);
        while (s.len && char_is_blank(s.at[s.len - 1]))
                s.len--;
        return s;
}

static inline bool span_starts(struct span s, const char *text)
{
        const size_t len = strlen(text);

        return s.len >= len && strncasecmp(s.at, text, len) == 0;
}

static inline bool span_equals(struct span s, const char *text)
{
        return s.len == strlen(text) && strncasecmp(s.at, text, s.len) == 0;
}

/* Where TEXT (exact case) stands in S; S.len if it does not. */
static inline size_t span_find(struct span s, const char *text)
{
        const char *at = s.len ? memmem(s.at, s.len, text, strlen(text)) : NULL;

        return at ? (size_t)(at - s.at) : s.len;
}

/* A copy cut to what RET holds. */
static inline void span_copy(struct span s, char *ret, size_t size_bytes)
{
        const size_t len = s.len < size_bytes - 1 ? s.len : size_bytes - 1;

        memcpy(ret, s.at, len);
        ret[len] = '\0';
}
