#pragma once
/*
 * The verdict on another node's claim for a name of ours; pure, so that a table can test it.
 */
#include "node/node.h"

enum node_defence {
        NODE_DEFENCE_IGNORE, /* not our business */
        NODE_DEFENCE_ACCEPT, /* another member of a group of ours: silence is consent */
        NODE_DEFENCE_REFUSE, /* negative response, rcode 6 */
        NODE_DEFENCE_YIELD,  /* our quiet retry gives way */
};

/* What we have to do with the name, on the interface on which the claim came. */
enum node_hold {
        NODE_HOLD_NONE,        /* idle, releasing, released, in conflict */
        NODE_HOLD_REGISTERED,  /* ours */
        NODE_HOLD_CLAIM_BCAST, /* claiming: the segment is being asked */
        NODE_HOLD_CLAIM_WINS,  /* claiming: a server is being asked */
        NODE_HOLD_RETRY,       /* in conflict, a quiet retry is under way */
        NODE_HOLD_MAX,
};

struct node_claim_facts {
        enum node_hold hold;
        enum node_name_kind held_kind, claimed_kind;
        uint32_t own_address, source;
};

/* Pure; its table is tests/tables/node_defend.tsv. */
enum node_defence node_defence_decide(const struct node_claim_facts *facts);

const char *node_defence_str(enum node_defence defence); /* "refuse"; static */
const char *node_hold_str(enum node_hold hold);
