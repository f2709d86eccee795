#pragma once
/*
 * What rules ask about the best-proven other holder of a case's name.
 */
#include "diagnose/likeness.h"

/* What a name is for, by its suffix and the 15 bytes before it (KB163409). */
enum name_use {
        NAME_USE_MACHINE, /* a computer's, or a service's on it */
        NAME_USE_USER,    /* <03> of a user, or maybe: case_name_is_user() */
        NAME_USE_BROWSER, /* <1D>, __MSBROWSE__, <1E>: elections */
        NAME_USE_DOMAIN,  /* <1B>, <1C> */
};

/* What the case's name is used for, by suffix. */
enum name_use holder_name_use(const struct diagnose_case *c);

struct holder_proof {
        const struct case_holder *holder; /* NULL: nobody else holds the name, as far as is known */
        bool one_machine;                 /* it is the loser itself */
        bool only_wins_word;              /* all that speaks for it is a WINS server's (or proxy's) word */
        bool stale;                       /* WINS names it, but its own table does not list the name */
        bool proxy;                       /* it answers for the name, but its own table does not list it */
        enum diagnose_verdict verdict;
};

/* The best-proven holder, and how surely it is another machine that holds the name. */
struct holder_proof holder_prove(const struct rule_input *in);
