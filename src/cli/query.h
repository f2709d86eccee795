#pragma once
/*
 * netbt query: asks segment and WINS servers who holds a name, and puts what they say together.
 */
#include "cli/asker.h"
#include "cli/owners.h"

#include "node/node.h"

#include <jansson.h>
#include <stdio.h>

#define QUERY_MAX_QUESTIONS 128

enum query_via { QUERY_VIA_BROADCAST, QUERY_VIA_WINS };

/* One question that was asked, and where. */
struct query_asked {
        enum query_via via;
        uint32_t destination;
        char label[32]; /* the interface; "" when the route chose it */
};

/* What the node status of an owner told, asked when there is a conflict. */
struct query_holder {
        char computer[NB_NAME_TEXT_BYTES]; /* "" if it did not answer */
        uint8_t mac[6];
        bool answered;
};

/* What the running node knows of a name that nobody on the network answers for: from its cache, LMHOSTS or DNS. */
struct query_known {
        const char *from; /* "LMHOSTS"; NULL: it knows nothing, or was not asked */
        struct nbns_address address;
};

struct query_report {
        struct nb_name name;
        enum node_type type;
        size_t asked_count;
        struct query_asked asked[QUERY_MAX_QUESTIONS];
        struct ask_result results[QUERY_MAX_QUESTIONS];
        enum node_name_state local_state; /* of this machine's own name; NODE_STATE_MAX if it has none of that name */
        struct owners owners;
        struct query_holder holders[OWNERS_MAX]; /* beside owners.rows */
        struct query_known known;
        uint16_t source_port;
};

/* The answer a node of the report's type would use: WINS first or broadcast first; NULL if none is positive. *RET_VIA tells by
 * which way it came. */
const struct ask_answer *query_choose(const struct query_report *report, enum query_via *ret_via);

/* The whole report as text, and as one JSON object that the caller owns (NULL: no memory). */
void query_print(FILE *out, const struct query_report *report);
json_t *query_json(const struct query_report *report);
