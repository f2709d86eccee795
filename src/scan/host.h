#pragma once
/*
 * One host that answered, and what its name table tells of it.
 *
 * A value that borrows its names and addresses (from the scan that found it, or the file that was read).
 */
#include "base/ip4.h"
#include "wire/nbstat.h"

enum scan_mac_source {
        SCAN_MAC_NONE,      /* the host told zeros, and nobody knows better */
        SCAN_MAC_ANSWER,    /* in its node status */
        SCAN_MAC_NEIGHBOUR, /* in this machine's neighbour table: the driver put it there */
};

struct scan_host {
        uint32_t address; /* that was asked, and answered */
        uint8_t mac[6];   /* zeros with SCAN_MAC_NONE */
        uint8_t mac_source;
        uint8_t name_count;
        uint8_t address_count;   /* of its own answer about its own name; 0 if it gave none */
        bool addresses_answered; /* it answered for its own name, be it with a refusal */
        uint8_t tries;           /* which try of ours it answered */
        uint32_t rtt_us;
        const struct nbstat_entry *names;
        const uint32_t *addresses;
};

/* How the computer is called: its unique <00>, else its unique <20>; NULL if the table holds neither. */
const struct nbstat_entry *scan_host_computer(const struct scan_host *host);

/* Its workgroup or domain: the group <00> (with several, the one it also holds elections for: <1E>); NULL if none. */
const struct nbstat_entry *scan_host_workgroup(const struct scan_host *host);

/* Who is logged on: a unique <03> that is neither the computer's own name nor an account of a computer ("NAME$"); NULL if none. */
const struct nbstat_entry *scan_host_user(const struct scan_host *host);

/*
 * The I-th role its suffixes tell ("File Server", "Master Browser"), each once; NULL after the last. What every computer has
 * (workstation, workgroup, messenger, elections) is no role.
 */
const char *scan_host_role(const struct scan_host *host, size_t i);

/* Has it a name in conflict? */
bool scan_host_in_conflict(const struct scan_host *host);

/* True if both hold the same names of the same kind, in whatever order. */
bool scan_host_same_table(const struct scan_host *a, const struct scan_host *b);

/* Does HOST list the name of WANTED, as of the same kind and state (group, in conflict)? */
bool scan_host_has_entry(const struct scan_host *host, const struct nbstat_entry *wanted);

/* Does HOST say that ADDRESS is its own? */
bool scan_host_lists(const struct scan_host *host, uint32_t address);
