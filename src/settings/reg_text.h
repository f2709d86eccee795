#pragma once
/*
 * Inside src/settings: the encodings of .reg files, to and from UTF-8.
 */
#include "base/strbuf.h"
#include "settings/reg.h"

/* Is all of TEXT valid UTF-8? */
bool reg_text_is_utf8(const char *text, size_t len_bytes);

/* BYTES (without BOM) as UTF-8; half a surrogate pair becomes U+FFFD. UTF-8 is copied as it is. NBT_ERR_TRUNCATED for half a character
 * of UTF-16 at the end. */
int reg_text_decode(enum reg_encoding encoding, const uint8_t *bytes, size_t len_bytes,
                    struct strbuf *out) NBT_MUST_CHECK;

/* UTF-8 in ENCODING, appended to OUT. NBT_ERR_MALFORMED if TEXT is no UTF-8, NBT_ERR_UNSUPPORTED for a character that the code page lacks. */
int reg_text_encode(enum reg_encoding encoding, const char *text, size_t len_bytes, struct strbuf *out) NBT_MUST_CHECK;

/* How many bytes of the file a piece of decoded text came from. */
size_t reg_text_raw_len(enum reg_encoding encoding, const char *text, size_t len_bytes);

/* Lower case of ASCII and Latin-1, in place. */
void reg_text_fold(char *text);
