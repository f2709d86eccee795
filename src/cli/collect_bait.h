#pragma once
/*
 * Baits among the questions of a diagnosis: names that nobody bears. Who answers for all of them answers for any name, as poisoners do, and
 * its word for the names in question is worth nothing: it would pass for the twin of every machine.
 */
#include "cli/collect.h"

#define COLLECT_BAITS 2 /* chance may give one of them to a machine, not both */

/* Names that look like machines' and are nobody's. NBT_ERR_IO if the system has no randomness to give. */
int collect_bait_make(struct nb_name ret[COLLECT_BAITS]) NBT_MUST_CHECK;

/* Takes the answers to BAITS out of the collection, and all that those who gave one to each answered by broadcast; they stand in the
 * notes. NBT_ERR_NOMEM. */
int collect_bait_judge(struct collection *c, const struct nb_name baits[COLLECT_BAITS]) NBT_MUST_CHECK;
