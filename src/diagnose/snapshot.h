#pragma once
/*
 * The snapshot: all that a diagnosis may look at, as plain data.
 *
 * Whoever collects it (src/cli, a test) owns everything it points to and keeps it until the report has been used; the
 * rules only read. What was not looked at, and what did not answer, is said in it as clearly as what did: a rule may
 * conclude from an answer, never from a silence alone.
 */
#include "base/instant.h"
#include "base/ip4.h"
#include "dhcp/check.h"
#include "dhcp/learnt.h"
#include "diagnose/capture.h"
#include "eventlog/companion.h"
#include "eventlog/event.h"
#include "node/node.h"
#include "settings/effective.h"
#include "wins/wins.h"
#include "wire/name.h"
#include "wire/nbstat.h"

#define SNAPSHOT_MAX_HOSTS 256
#define SNAPSHOT_MAX_QUERIES 512
#define SNAPSHOT_MAX_EVENTS 256
#define SNAPSHOT_MAX_DATABASES 4
#define SNAPSHOT_MAX_COMPANIONS 128
#define SNAPSHOT_MAX_RELAYS 24

/* One address of this machine. */
struct snapshot_iface {
        char label[32];
        uint32_t address, netmask;
        bool has_mac;
        uint8_t mac[6];
};

/* One line of this machine's neighbour (ARP) table. */
struct snapshot_neighbour {
        uint32_t address;
        uint8_t mac[6];
};

/* What was found out about one address: by netbt watch lately, or in a capture. */
struct snapshot_spoofer {
        const char *source; /* "netbt watch", "site.pcap" */
        uint32_t address;
        const char *confidence; /* "possible", "likely", "confirmed" */
        const char *evidence;   /* sentences, "; " between */
};

enum snapshot_reply {
        SNAPSHOT_NOT_ASKED, /* --offline, or it could not be sent: why_not tells */
        SNAPSHOT_SILENT,
        SNAPSHOT_ANSWERED,
};

/* One host that was to be asked for its name table. */
struct snapshot_host {
        uint32_t address;
        enum snapshot_reply reply;
        const char *why_not;              /* NOT_ASKED: why; may be NULL */
        const struct nbstat_table *table; /* ANSWERED only */
        const char *vendor;               /* of its MAC; NULL if unknown */
};

enum snapshot_asked {
        SNAPSHOT_ASKED_BROADCAST,
        SNAPSHOT_ASKED_WINS,
        SNAPSHOT_ASKED_HOST, /* the holder itself, by unicast: its answer lists all its own addresses */
};

struct snapshot_answer {
        uint32_t source;
        uint8_t rcode;
        bool group;
        size_t address_count;
        const uint32_t *addresses;
};

/* One name query and all that answered it. */
struct snapshot_query {
        struct nb_name name;
        enum snapshot_asked kind;
        uint32_t destination;
        enum snapshot_reply reply;
        const char *why_not;
        size_t answer_count;
        const struct snapshot_answer *answers;
};

/* What the node found when it verified a demand (node/node.h), as the event's note tells. */
enum snapshot_verification {
        SNAPSHOT_VERIFICATION_NONE,      /* nothing is said: Windows' own events, or it was still under way */
        SNAPSHOT_VERIFICATION_OBEYED,    /* taken at its word, by policy */
        SNAPSHOT_VERIFICATION_HOLDER,    /* another holder was found */
        SNAPSHOT_VERIFICATION_UNFOUNDED, /* nobody else held the name */
        SNAPSHOT_VERIFICATION_IGNORED,   /* by policy or guard */
};

/* One event 4319, 4320 or 4321 with what was decoded from it. */
struct snapshot_event {
        const struct event *event;
        const char *source; /* "event log of this machine", "pasted text"; for evidence lines */
        uint32_t sender;    /* data of 4319/4320, %4 of 4321; 0 if none could be read */
        uint32_t own;       /* %3 of 4321: the address that was refused; 0 if not told */
        bool has_name;
        struct nb_name name;
        enum snapshot_verification verification;
        uint32_t holder; /* who holds the name according to the note; 0 if it tells none */
};

/* An event of another source that may tell of the same conflict. */
struct snapshot_companion {
        struct companion companion;
        const char *source; /* the log file */
};

/* Records of one computer in a log: their own times, and those at which the log got them by its keeper's clock. */
struct snapshot_relay {
        const char *source; /* the log file */
        char computer[64];
        size_t count;
        int64_t least_us; /* the least that a record was got after its own time; negative: before */
        int64_t delay_us; /* what may at most lie between by the way that such logs are sent */
};

/* Where the machine's name comes from (article: "IPCONFIG /ALL returns incorrect host name"). NULL: value absent. */
struct snapshot_host_names {
        const char *source; /* "/etc/netbt/netbt.reg"; NULL: settings were not read */
        const char *names[HOSTNAME_SOURCE_MAX];
};

/*
 * What was read in a WINS server's database: all records of the names in question (whatever their state and scope), and the
 * claims that the server refused lately. Only winsd's own socket shows that; of other servers we know what they answer.
 */
struct snapshot_database {
        const char *source; /* "the database of the WINS server 10.77.0.9"; for evidence lines */
        uint32_t server;
        uint32_t renewal_s; /* the life a record is given; 0 if unknown */
        bool was_named;     /* given by --wins: its refusals are cases of their own, whoever lost */
        size_t record_count;
        const struct wins_record *records;
        size_t refusal_count;
        const struct wins_refusal *refusals; /* newest first */
};

/* What DHCP servers' lease databases say of the names and addresses of the snapshot (dhcp/check.h). */
struct snapshot_leases {
        const char *source;       /* "/var/lib/dhcp/dhcpd.leases"; NULL: none was read */
        const char *const *files; /* by the number that references have */
        size_t damage_count;
        const char *damage; /* of the first: "line 12: a row with too few columns"; NULL if none */
        size_t lease_count;
        const struct check_ref *leases;
        size_t fault_count;
        const struct check_finding *faults; /* of addresses and clients */
        const char *summary; /* "records that cannot be read: 2; …", of all faults; NULL: there is none */
};

/* Where a MAC is known from; the sooner the surer. */
enum snapshot_mac {
        SNAPSHOT_MAC_INTERFACE,
        SNAPSHOT_MAC_CAPTURE,
        SNAPSHOT_MAC_NEIGHBOUR,
        SNAPSHOT_MAC_STATUS, /* it says so itself */
        SNAPSHOT_MAC_MAX,
};

struct snapshot {
        wall_t now; /* 0 if unknown: no event then counts as old */
        /* Only this name is asked about: no case is made of another. Events that tell no name are taken to be of it. */
        bool has_only;
        bool only_stem; /* whatever its suffix */
        struct nb_name only;
        bool offline;
        /* The events were logged by this machine: no source was given, or the source is this machine's. */
        bool events_are_ours;
        /* The name service was asked; false with offline or when no socket could be had (why_not_asked). */
        bool asked;
        const char *why_not_asked;

        const struct node_view *node; /* the local node; NULL if none runs or a foreign source is examined */
        const char *computer;         /* this machine's NetBIOS name when no node runs; NULL if unknown */
        size_t iface_count;
        const struct snapshot_iface *ifaces;
        size_t neighbour_count;
        const struct snapshot_neighbour *neighbours;
        size_t spoofer_count;
        const struct snapshot_spoofer *spoofers;
        size_t wins_count;
        const uint32_t *wins;
        size_t event_count;
        const struct snapshot_event *events; /* newest first */
        size_t companion_count;
        const struct snapshot_companion *companions; /* in any order */
        size_t relay_count;
        const struct snapshot_relay *relays; /* one a computer and log */
        struct snapshot_host_names host_names;
        size_t own_count; /* addresses that settings which were given (not this machine's) say their machine has */
        const uint32_t *own;
        size_t adapter_count; /* what they say of its network adapters; host_names.source tells where they come from */
        const struct settings_iface *adapters;
        size_t host_count;
        const struct snapshot_host *hosts;
        size_t query_count;
        const struct snapshot_query *queries;
        size_t database_count;
        const struct snapshot_database *databases;
        struct snapshot_leases leases;
        struct captures captures;
        const char *dhcp_source; /* where dhcp_settings come from; NULL: settings were not read */
        size_t dhcp_setting_count;
        const struct dhcp_setting *dhcp_settings;
};

/* The interface that bears ADDRESS, or NULL: then it is no address of this machine. */
const struct snapshot_iface *snapshot_find_iface(const struct snapshot *snapshot, uint32_t address);

/* Do settings that were given say that one machine has both addresses? */
bool snapshot_settings_join(const struct snapshot *snapshot, uint32_t a, uint32_t b);

/* What is known of the host at ADDRESS, or NULL. */
const struct snapshot_host *snapshot_find_host(const struct snapshot *snapshot, uint32_t address);

/* What was found out about ADDRESS as a spoofer, or NULL: the surest. */
const struct snapshot_spoofer *snapshot_find_spoofer(const struct snapshot *snapshot, uint32_t address);

/* Is ADDRESS one of the WINS servers known, or was it seen to work as one? */
bool snapshot_is_wins(const struct snapshot *snapshot, uint32_t address);

/*
 * The MAC of ADDRESS, from the surest place that knows one; all-zero ones (Samba's node status) count as none. False if
 * unknown. RET_FROM (may be NULL) tells the place. A capture of another site comes before this machine's own interfaces.
 */
bool snapshot_find_mac(const struct snapshot *snapshot, uint32_t address, uint8_t ret_mac[6],
                       enum snapshot_mac *ret_from);
/* The MAC that one place knows. */
bool snapshot_find_mac_in(const struct snapshot *snapshot, uint32_t address, enum snapshot_mac place,
                          uint8_t ret_mac[6]);
/* "neighbour table"; never NULL. */
const char *snapshot_mac_str(enum snapshot_mac from);

/* The unique names of ADDRESS: its name table now, else what it showed of itself in a capture; NULL: not known. */
const struct nbstat_table *snapshot_names(const struct snapshot *snapshot, uint32_t address);

/* Is NAME asked about? */
bool snapshot_wants(const struct snapshot *snapshot, const struct nb_name *name);

/* Was NAME looked for by broadcast or WINS so that a holder could have answered? */
bool snapshot_was_searched(const struct snapshot *snapshot, const struct nb_name *name);

/* The entry of NAME in TABLE if it is unique there, whatever its state: a twin that lost the name is a twin still. Else
 * NULL; TABLE may be NULL. */
const struct nbstat_entry *snapshot_table_holds(const struct nbstat_table *table, const struct nb_name *name);

/* Decodes sender, own address, name, verification and holder of EVENT. Never fails: what cannot be read is left 0 or false. */
struct snapshot_event snapshot_event_read(const struct event *event, const char *source);

/* The lease's host name, as a NetBIOS name; false if it has none. */
bool snapshot_lease_name(const struct check_ref *ref, struct nb_name *ret);

/* Is ADDRESS leased to a machine of another name than NAME, as far as lease databases were read? */
bool snapshot_leased_to_other(const struct snapshot *snapshot, uint32_t address, const struct nb_name *name);
