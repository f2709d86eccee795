#pragma once
/*
 * One text form of any name-service message, used by tools, logs and tests alike. One line a message (node status
 * tables add one indented line an entry and one of statistics), stable, easy to grep; every field that carries
 * information is in it, so that two different packets of the same meaning-bearing fields never print alike.
 *
 *   name registration request: id 0x8b1f, REGISTRATION, flags 0x2910 RD B, question TWIN<00> NB,
 *     additional TWIN<00> NB ttl 300000 10.77.0.2 unique B            (one line in truth)
 *
 * A scope follows its name behind a dot: "TWIN<00>.corp.example".
 */
#include "base/strbuf.h"
#include "wire/nbns.h"

/* Appends the text of one datagram (no newline at the end). Bytes that cannot be decoded print as "malformed: …" with hex. */
void nbns_dump(struct strbuf *sb, const void *bytes, size_t len_bytes);

/* The same of a decoded or built packet. */
void nbns_packet_dump(struct strbuf *sb, const struct nbns_packet *packet);

/* What a message is, in the words of RFC 1002 §4.2: "name conflict demand"; never NULL. */
const char *nbns_packet_kind(const struct nbns_packet *packet);
