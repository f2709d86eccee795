#pragma once
/*
 * The verdicts of the server, as pure functions: what a claim, a release, a round of scavenging does to a record. Their tables
 * are tests/tables/wins_register.tsv and wins_release.tsv, every row with its source.
 */
#include "wins/limits.h"
#include "wins/record.h"

enum wins_verdict {
        WINS_VERDICT_ACCEPT,    /* a new record takes the place of whatever was there; durable, new version */
        WINS_VERDICT_RENEW,     /* the same claim again: it lives longer; nothing else changes */
        WINS_VERDICT_TAKE_OVER, /* as RENEW, but the record was another server's: ours now, durable, new version */
        WINS_VERDICT_ADD,       /* one more member of an internet group; durable, new version */
        WINS_VERDICT_PRETEND,   /* answered positively, nothing stored */
        WINS_VERDICT_CHALLENGE, /* ask the holder first */
        WINS_VERDICT_REFUSE,    /* with the rcode */
};

struct wins_claim {
        uint8_t suffix;
        bool is_group;      /* the G bit of NB_FLAGS */
        bool is_multihomed; /* opcode 15 */
        bool is_reserved;   /* the name is the wildcard, or the address cannot be a host's */
        bool is_own_name;   /* the carried node holds the name */
        bool is_from_self;  /* and the claimant is this host */
        size_t scope_len_bytes;
};

/* What the database says of the claimed name. */
struct wins_holding {
        bool exists;
        enum wins_type type;
        enum wins_state state;
        bool is_static;
        bool is_ours;       /* we own the record */
        bool holds_address; /* the claimed address is one of its members' */
};

struct wins_decision {
        enum wins_verdict verdict;
        uint8_t rcode; /* REFUSE */
};

struct wins_decision wins_decide_register(const struct wins_claim *claim, const struct wins_holding *old, bool migrate);

/* The type that a new record for CLAIM has. */
enum wins_type wins_decide_type(const struct wins_claim *claim);

enum wins_release_verdict {
        WINS_RELEASE_NOTHING,   /* answered positively all the same */
        WINS_RELEASE_MEMBER,    /* one address goes, others stay; new version */
        WINS_RELEASE_RECORD,    /* the record is released now */
        WINS_RELEASE_TOMBSTONE, /* another server's record: ours as a tombstone, so that the release replicates back */
};

struct wins_leaving {
        bool is_group;       /* the G bit of NB_FLAGS */
        bool is_from_member; /* the packet came from one of the record's addresses */
        bool names_itself;   /* and the address that is to go is the same */
};

/* MEMBERS: how many the record has. */
enum wins_release_verdict wins_decide_release(const struct wins_holding *old, const struct wins_leaving *leaving,
                                              unsigned members);

/* How a challenge ended: the record as it would be if nobody lived had. */
enum wins_challenge_end {
        WINS_END_REPLACE, /* nobody of the old holders answered, or all deny: the claimant gets the name */
        WINS_END_REFUSE,  /* one is alive */
        WINS_END_MERGE,   /* one is alive and lists the claimant's address as its own: one machine */
};

enum wins_scavenge {
        WINS_SCAVENGE_KEEP,
        WINS_SCAVENGE_RELEASE, /* active and not renewed → released */
        WINS_SCAVENGE_EXTINCT, /* released long enough → tombstone, new version */
        WINS_SCAVENGE_DELETE,  /* tombstone long enough → gone */
};

/* NOW and FLOOR in the core's seconds: no active record ends before FLOOR (one renewal interval after the start). */
enum wins_scavenge wins_decide_scavenge(enum wins_state state, bool is_static, bool is_ours, uint32_t expiry_s,
                                        uint32_t now_s, uint32_t floor_s);

const char *wins_verdict_str(enum wins_verdict verdict); /* "accept", …, as in the tables */
const char *wins_release_str(enum wins_release_verdict verdict);
