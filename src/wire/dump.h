#pragma once
/*
 * One text form of any name-service message, used by tools, logs and tests alike. One line a message (node status
 * tables add one indented line an entry), stable, easy to grep; every field that carries information is in it, so that
 * two different packets of the same meaning-bearing fields never print alike.
 */
#include "base/strbuf.h"
#include "wire/nbns.h"

/* Appends the text of one datagram (no newline at the end). Bytes that cannot be decoded print as "malformed: …" with hex. */
void nbns_dump(struct strbuf *sb, const void *bytes, size_t len_bytes);
