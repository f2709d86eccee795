#pragma once
/* UTF-8 (RFC 3629), one code point at a time: shortest forms only, no surrogate halves. */
#include "base/strbuf.h"

#include <stdint.h>

#define UTF8_NO_CODE UINT32_MAX

/* The code point at *AT, and moves behind it; UTF8_NO_CODE (moving one byte) if it is no UTF-8. *AT < END. */
uint32_t utf8_next(const char **at, const char *end);

/* Appends a code point, which must be one. */
void utf8_add(struct strbuf *out, uint32_t code);
