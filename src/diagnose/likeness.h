#pragma once
/*
 * Is "the other machine" the loser itself? What speaks for and against it.
 */
#include "diagnose/rule.h"

struct likeness {
        bool own_address;   /* the address is one of the loser's */
        bool same_mac;      /* it has a MAC of the loser's */
        bool different_mac; /* its MAC is known, and is none of the loser's */
        bool same_table;    /* both name tables are known and list the same unique names */
        bool table_differs; /* both are known and do not */
        bool lists_both;    /* one of the two said itself, by an answer or a claim, that both addresses are its own */
        bool each_alone;    /* both were asked themselves, and each listed its own address without the other */
        bool proxied;       /* they have one MAC for the neighbour table only: a router answers for both (proxy ARP) */
        bool by_own_word;   /* the other's MAC is known from its own node status alone */
};

/* The loser and OTHER. */
struct likeness likeness_to_loser(const struct rule_input *in, uint32_t other);

/* Two addresses, neither of them the loser's. */
struct likeness likeness_between(const struct rule_input *in, uint32_t a, uint32_t b);

/* One MAC and each for itself: one machine with two addresses, or a virtual machine that was copied with its MAC. */
bool likeness_is_doubtful(const struct likeness *likeness);

/* True if they are one machine, as far as one good piece of evidence tells. */
bool likeness_is_one(const struct likeness *likeness);
