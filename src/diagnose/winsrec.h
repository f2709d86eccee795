#pragma once
/*
 * What rules ask about a name's records in WINS databases.
 */
#include "diagnose/rule.h"

struct winsrec {
        const struct snapshot_database *database; /* NULL: no record of the kind */
        const struct wins_record *record;
};

#define WINSREC_WORDS 8
#define WINSREC_ADDRESSES 8

/* What one WINS server says of the case's name. */
struct winsrec_word {
        uint32_t server;
        bool from_database; /* its records were read; else it was asked */
        size_t count;       /* 0: it knows no such unique name */
        uint32_t addresses[WINSREC_ADDRESSES];
};

/* The word of every server that gave one, each once. */
size_t winsrec_words(const struct rule_input *in, struct winsrec_word ret[WINSREC_WORDS]);

/* Two words that cannot both be right of one machine: no address in common. */
bool winsrec_disagree(const struct winsrec_word *a, const struct winsrec_word *b);

/* Was a database read in which the case's name would stand? */
bool winsrec_was_read(const struct rule_input *in);

/* Why nothing could be looked up or concluded: for RULE_NOT_CHECKED. WHAT: "no server gives a wrong address for the name". */
const char *winsrec_why_not(const struct rule_input *in, const char *what);

/* Is there a server whose database was not read, and which refused the loser or gives an address that is not the loser's? */
bool winsrec_is_unread(const struct rule_input *in);

/* Does a WINS server whose database was not read (or, without databases, a capture) give HOLDER for the name? */
bool winsrec_was_told(const struct rule_input *in, const struct case_holder *holder);

/* The active record of the case's name, unique or multihomed, static or not: the first that gives none of the loser's addresses, else the
 * first that lacks the one that lost the name, else the first. */
struct winsrec winsrec_find(const struct rule_input *in, bool is_static);

/* The static mapping that makes the name a group's and for which its server refused the name to the loser, as it says itself. */
struct winsrec winsrec_find_group(const struct rule_input *in);

/* A WINS server took the name from the loser, its database was read, and nothing that stands in the databases is against the loser by now. */
bool winsrec_is_clear(const struct rule_input *in);

/* Does RECORD hold an address of the loser? And the very one that lost the name (if that is known)? */
bool winsrec_has_loser(const struct rule_input *in, const struct wins_record *record);
bool winsrec_covers_loser(const struct rule_input *in, const struct wins_record *record);

/* An address of RECORD that is not the loser's; 0 if there is none. */
uint32_t winsrec_other(const struct rule_input *in, const struct wins_record *record);

/* The newest claim of the loser for the name that DATABASE's server refused, or NULL. */
const struct wins_refusal *winsrec_refusal(const struct rule_input *in, const struct snapshot_database *database);

/* Did a WINS server refuse the name to the loser: its own word, an event's, or the node's? And DATABASE's server? */
bool winsrec_was_refused(const struct rule_input *in);
bool winsrec_was_refused_by(const struct rule_input *in, const struct snapshot_database *database);

/* "10.77.0.3 and 10.77.0.4". */
const char *winsrec_addresses(const struct rule_input *in, const struct wins_record *record);

/* Evidence: what RECORD holds, when it ends, and that a claim was refused because of it. */
void winsrec_evidence(const struct rule_input *in, const struct winsrec *found, struct texts *evidence);
