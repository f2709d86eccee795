#pragma once
/*
 * A snapshot from words, for tests. Words are separated by blanks:
 *
 *   ours                            the events are this machine's
 *   offline, deaf                   nobody was asked: by choice, or for want of permission
 *   if:LABEL:ADDRESS:MAC            an interface of this machine
 *   node:NAME, computer:NAME        a local node runs and is called so; none runs and the machine is called so
 *   n:[G:]NAME:STATE[:PEER]         a name of the local node: registered, registering or conflict, on the first interface
 *   wins:ADDRESS, arp:ADDRESS:MAC   a WINS server known; a neighbour
 *   spoofer:ADDRESS:CONFIDENCE:TEXT what netbt watch saw of somebody lately
 *   ev:4319|4320:SENDER[:NAME[:VERIFICATION]]   an event (0.0.0.0: no address in it); holder, unfounded, obeyed, ignored
 *   ev:4321:NAME:OWN:REFUSER        an event
 *   evc:COMPUTER, age:SECONDS       the last event's Computer field, and how long ago it was (otherwise 60 s)
 *   src:TEXT, csrc:TEXT             the log of the last event, or of the last companion
 *   relay:LOG:COMPUTER:COUNT:LEAST:DELAY   a log has records of a computer with both times, in seconds
 *   comp:SOURCE:ID:COMPUTER:SECONDS:STRING,STRING   another source's event that long ago (no seconds: time unknown)
 *   host:ADDRESS:silent|unasked|TABLE[:MAC]     a host asked for its table: names separated by commas, G:NAME for groups
 *   q:b|w|h:NAME:DESTINATION:ANSWERS            a query by broadcast, to WINS, to the host: '-' for silence, else
 *                                               SOURCE=[G]ADDRESS+ADDRESS or SOURCE=! (no such name), separated by commas
 *   cfg:tcpip|nv|active|computer=NAME           the settings' host names
 *   db:SERVER[:named]               a WINS server's database was read; named: given by --wins. What follows is in it:
 *   rec:static|dynamic|released|tombstone:unique|multihomed|group|internet:NAME:ADDRESS+ADDRESS[:SECONDS[:OWNER]]   a record, and
 *                                   when it ends (a dynamic one otherwise in 6 days less 60 s; its life is 6 days)
 *   leases[:damaged]                a lease database was read; what follows is in it:
 *   lease:ADDRESS:NAME:MAC          an active lease
 *   fault:twice|overlap|client:ADDRESS:MAC:ADDRESS:MAC   what netbt dhcp check would find
 *   settings                        the settings were read, and hold nothing from DHCP unless told here:
 *   adapter:NAME:ADDRESS:WINS|-[:off|:gone]    such settings say of an adapter (mask 24 bits, one WINS server or none)
 *   own:ADDRESS                     settings that were given say that their machine has it
 *   dhcp:IFACE:NAME:TEXT:inforce|hidden|left|leftinforce   (TEXT: commas stand for blanks)
 *   nodewins:ADDRESS                the local node's first interface registers there
 *   ref:NAME:CLAIMANT:HOLDER[:static]           a claim that the server refused a minute ago
 *   cap[:ours]                      a capture, site.pcap, was read; this machine is seen in it. What follows is in it:
 *   seen:refused|demand|both|listed:NAME:LOSER:SENDER:OTHER[:server|over]   a dispute of a minute ago (0.0.0.0 for nobody)
 *   seenage:SECONDS                 the last dispute is so old
 *   held:NAME:ADDRESS:PROOFS[:LINK]             who holds the name, by c claim, a accepted at 10.0.0.9, r refusal, t table, q answer;
 *                                   h by hearsay, of 10.0.0.9; x was refused it; z gave it up
 *   mach:ADDRESS:MAC[:server|TABLE] a machine and its names, as its node status shows them
 *   only:NAME                       nothing else is asked about
 */
#include "base/arena.h"
#include "diagnose/snapshot.h"

struct world {
        struct arena *arena;
        struct snapshot snapshot;
        struct node_view node;
        struct node_iface node_ifaces[8];
        struct node_view_name names[64];
        struct snapshot_iface ifaces[8];
        struct snapshot_neighbour neighbours[16];
        struct snapshot_spoofer spoofers[4];
        uint32_t wins[8];
        struct event event_values[16];
        struct snapshot_event events[16];
        struct snapshot_companion companions[8];
        struct snapshot_relay relays[4];
        struct snapshot_host hosts[16];
        struct snapshot_query queries[32];
        struct snapshot_database databases[2];
        struct wins_record records[2][8];
        struct wins_refusal refusals[2][8];
        struct check_ref leases[8];
        struct check_finding faults[4];
        struct dhcp_setting settings[8];
        struct settings_iface adapters[4];
        struct capture_dispute disputes[8];
        struct capture_claimant claimants[16];
        struct capture_machine machines[16];
        uint32_t own[4];
};

#define WORLD_NOW_US INT64_C(1800000000000000)

/* WORLD stays where it is while the snapshot is used. Fails the test on a word it cannot read. */
void world_init(struct world *world, struct arena *arena, const char *words);
