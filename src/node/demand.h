#pragma once
/*
 * The verdict on a demand to give up a name: NAME CONFLICT DEMAND (RFC 1002 §4.2.8) or NAME RELEASE REQUEST for a name of ours.
 * Pure, so that a table can test it.
 */
#include "node/node.h"

enum node_demand_answer {
        NODE_ANSWER_NOTHING, /* we don't hold the name: nothing to give up, nothing to tell */
        NODE_ANSWER_IGNORE,  /* stays registered; told as NODE_DEMAND_IGNORED */
        NODE_ANSWER_OBEY,    /* into conflict at once */
        NODE_ANSWER_VERIFY,  /* ask who else holds the name */
};

struct node_demand_facts {
        enum node_demand_policy policy;
        enum node_name_kind kind;
        enum node_name_state state;
        bool from_wins; /* sender is one of the interface's WINS servers */
};

/* Pure; its table is tests/tables/node_demand.tsv. */
enum node_demand_answer node_demand_decide(const struct node_demand_facts *facts);
const char *node_demand_answer_str(enum node_demand_answer answer); /* "verify"; static */
