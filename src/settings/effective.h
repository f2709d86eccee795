#pragma once
/*
 * What the settings come to: every value that concerns the node, with where it came from, and every complaint about what could
 * not be taken as it stands.
 *
 * Computed from a document (or from none: all defaults). All texts and arrays live in the caller's arena. Precedence here is
 * static value > DHCP's value > default; command-line switches come on top in daemon/config.h.
 */
#include "settings/hostname.h"
#include "settings/reg.h"

#define SETTINGS_MAX_IFACES 64
#define SETTINGS_MAX_WINS 12
#define SETTINGS_MAX_ADDRESSES SETTINGS_MAX_WINS
#define SETTINGS_MAX_USERS 16
#define SETTINGS_MAX_COMPLAINTS 256

enum settings_origin { SETTINGS_DEFAULT, SETTINGS_STATIC, SETTINGS_DHCP, SETTINGS_ORIGIN_MAX };

struct settings_u32 {
        uint32_t value;
        enum settings_origin origin;
        unsigned line; /* in the file; 0 if default */
};

struct settings_text {
        const char *text; /* never NULL */
        enum settings_origin origin;
        unsigned line;
};

enum settings_node_type { SETTINGS_NODE_B = 1, SETTINGS_NODE_P = 2, SETTINGS_NODE_M = 4, SETTINGS_NODE_H = 8 };

/* NoNameReleaseOnDemand is a question of three answers here: absent verifies. */
enum settings_demand { SETTINGS_DEMAND_ABSENT, SETTINGS_DEMAND_OBEY, SETTINGS_DEMAND_WINS_ONLY };

/* NetbiosOptions of an interface. */
enum settings_netbios { SETTINGS_NETBIOS_DHCP = 0, SETTINGS_NETBIOS_ENABLE = 1, SETTINGS_NETBIOS_DISABLE = 2 };

struct settings_iface {
        const char *id;         /* "{GUID}" or "eth0", without "Tcpip_"; an adapter's name under NetBT\Adapters */
        const char *connection; /* the connection's name that Windows keeps for a GUID; "" if none */
        size_t wins_count;
        uint32_t wins[SETTINGS_MAX_WINS]; /* primary first */
        enum settings_origin wins_origin; /* SETTINGS_DEFAULT: none given */
        bool dhcp_wins_differ;            /* a static list hides another from DHCP: left over, or on purpose */
        struct settings_u32 netbios_options;
        /* from Tcpip\Parameters\Interfaces; "" or 0 if absent */
        bool dhcp_known, dhcp_enabled;
        size_t address_count;
        uint32_t addresses[SETTINGS_MAX_ADDRESSES]; /* its own: static ones, with DHCP the one of its lease */
        uint32_t netmasks[SETTINGS_MAX_ADDRESSES];  /* beside them; 0: not told */
        bool is_gone; /* Windows' TCP/IP is not bound to it any more (Tcpip\Linkage): the adapter was taken out, its settings stayed */
        const char *domain, *dhcp_domain;
        const char *dhcp_server;
        const char *name_servers;                   /* static, else DHCP's; separated by blanks */
        uint32_t lease_obtained_s, lease_expires_s; /* seconds since 1970 */
};

enum settings_level {
        SETTINGS_NOTE,    /* known and without effect here: nothing wrong */
        SETTINGS_WARNING, /* taken, but probably not what was meant */
        SETTINGS_REFUSED, /* not taken: the default (or the nearest allowed) holds */
        SETTINGS_LEVEL_MAX,
};

struct settings_complaint {
        enum settings_level level;
        const char *key, *name; /* as in the file; name "" for the key itself */
        unsigned line;
        const char *what;  /* "NodeType = 3" */
        const char *why;   /* "must be 1, 2, 4 or 8; 8 is used" */
        uint16_t event_id; /* NetBT event that says the same (4304, 4305, 4317, 4318), 0 if none */
};

#define SETTINGS_MAX_BLOCKED 64

/* WINS\Parameters: for winsd. */
struct settings_wins {
        struct settings_u32 refresh_interval_s, tombstone_interval_s, tombstone_timeout_s, verify_interval_s;
        struct settings_u32 burst_handling, burst_queue_size, migrate_on, randomize_1c, prepend_1b, enable_block_list;
        struct settings_u32 start_version_low, start_version_high;
        bool block_list_given; /* else the usual names count */
        size_t block_count;
        const char *blocked[SETTINGS_MAX_BLOCKED];
        const char *backup_dir; /* "" if absent */
        const char *hook;       /* the same */
};

struct settings_effective {
        /* NetBT\Parameters */
        struct settings_u32
                node_type;          /* enum settings_node_type, derived: NodeType, else DhcpNodeType, else H if any WINS
                                          server is configured, else B (KB120642) */
        struct settings_text scope; /* "" for none */
        enum settings_demand demand;
        struct settings_u32 bcast_query_count, bcast_query_timeout_ms;
        struct settings_u32 name_srv_query_count, name_srv_query_timeout_ms;
        struct settings_u32 cache_timeout_ms, initial_refresh_ms, wins_down_timeout_ms, lmhosts_timeout_ms;
        struct settings_u32 name_server_port, refresh_opcode;
        struct settings_u32 enable_lmhosts, enable_dns, single_response, random_adapter;
        struct settings_u32 broadcast_address; /* 0: each interface's own */
        struct settings_u32 enable_proxy, enable_proxy_reg_check;
        struct settings_u32 ip_router; /* what ipconfig shows */
        struct settings_wins wins_server;
        /* HKLM\SOFTWARE\netbt: ours */
        struct settings_u32 bcast_claim_interval_ms, bcast_claim_count;
        struct settings_u32 conflict_retry_ms, conflict_retry_count;
        struct settings_u32 status_off_link, status_rate;
        struct settings_text workgroup;
        struct settings_text event_style; /* "classic" (NT4 to 2003, the article's) or "modern" (Windows 10) */
        size_t user_count;
        const char *users[SETTINGS_MAX_USERS];
        size_t wins_count; /* for every interface that has no static list of its own */
        uint32_t wins[SETTINGS_MAX_WINS];
        /* names */
        const char *host_names[HOSTNAME_SOURCE_MAX]; /* NULL: absent */
        unsigned host_name_lines[HOSTNAME_SOURCE_MAX];
        const char *
                computer_name; /* what the file wants the node to be called: ComputerName, else ActiveComputerName, else
                                      Hostname, else NV Hostname (upper-cased, 15 bytes); "" if it names none */
        const char *domain, *dhcp_domain,
                *search_list; /* Tcpip\Parameters: Domain else NV Domain, DhcpDomain; "" if absent */
        size_t iface_count;
        const struct settings_iface *ifaces;
        size_t complaint_count;
        const struct settings_complaint *complaints;
};

/* DOC may be NULL. NBT_ERR_NOMEM only: whatever stands in the document, there is a result. */
int settings_effective_build(const struct reg_doc *doc, struct arena *arena,
                             struct settings_effective *ret) NBT_MUST_CHECK;

/* The interface of that name: its id or its connection's name, case ignored; NULL if the settings have none. */
const struct settings_iface *settings_iface_find(const struct settings_effective *settings, const char *name);

/* True if any complaint is more than a note. */
bool settings_has_faults(const struct settings_effective *settings);

const char *settings_origin_str(enum settings_origin origin); /* "default", "static", "DHCP" */
const char *settings_level_str(enum settings_level level);    /* "note", "warning", "refused" */

/* One line for logs and terminals: "line 12: NetBT\Parameters\NodeType = 3: refused: must be …"; in ARENA, NULL if memory ran out. */
char *settings_complaint_format(const struct settings_complaint *complaint, struct arena *arena);
