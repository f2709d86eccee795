#pragma once
/*
 * What the stores of the WINS database have in common: winsdb (SQLite, what a server uses) and winsmem (memory, what a simulator
 * uses). wins/store.h says what a store promises to the core; here is how what it holds comes back at a start.
 */
#include "wins/store.h"

/*
 * Gets what a store holds: first every owner, then every record, each once, in ascending order of name and scope. What is handed
 * over lives during the call only. A negative result ends the walk and is what the walk returns.
 */
struct winsstore_sink {
        int (*owner)(void *context, const struct wins_owner *owner);
        int (*record)(void *context, const struct wins_record *record);
        void *context;
};

/* Order of names and scopes, byte by byte, the shorter scope first: < 0, 0, > 0. */
int winsstore_compare(const struct nb_name *a, const struct nb_scope *a_scope, const struct nb_name *b,
                      const struct nb_scope *b_scope);

/* A renewal's effect: RECORD and its only member expire at EXPIRY_S. A static mapping never does. */
void winsstore_touch(struct wins_record *record, int64_t expiry_s);
