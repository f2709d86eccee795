#pragma once
/*
 * Baits: names that look like the site's own and belong to nobody, and what is needed to ask for them.
 *
 * A bait is made from a name of the site by changing letters to letters and digits to digits in its last part, so that
 * DESKTOP-1N4R894 becomes DESKTOP-7K2X310 and FILESRV01 FILESRV38: who ignores random-looking names is taken in all the same.
 * NBT-NS questions are src/ask's; LLMNR (RFC 4795) and mDNS (RFC 6762) questions are built here, and their answers read.
 */
#include "base/rng.h"
#include "base/wr.h"
#include "wire/name.h"

#define BAIT_LLMNR_ADDRESS UINT32_C(0xE00000FC) /* 224.0.0.252 */
#define BAIT_LLMNR_PORT 5355
#define BAIT_MDNS_ADDRESS UINT32_C(0xE00000FB) /* 224.0.0.251 */
#define BAIT_MDNS_PORT 5353
#define BAIT_QUESTION_BYTES 64

/* A bait in the likeness of MODEL (NULL: of a common naming), suffix <20>, the file server that clients ask for. */
struct nb_name bait_make(const struct nb_name *model, struct rng *rng);

/* Writes the question for NAME's stem, as a host name; MDNS adds ".local". Returns its length. NBT_ERR_FULL. */
int bait_question_encode(const struct nb_name *name, bool mdns, uint16_t id, void *buffer,
                         size_t size_bytes) NBT_MUST_CHECK;

/* True if BYTES are an LLMNR or mDNS answer with at least one record; RET_NAME is the first label of its question, or of its first
 * record, as a NetBIOS name. */
bool bait_answer_decode(const void *bytes, size_t len_bytes, struct nb_name *ret_name);
