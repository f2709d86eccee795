#pragma once
/*
 * What netbtd (or winsd, which carries a node too) runs with: the settings, with the command line on top, in the form the node core takes.
 *
 * Life: daemon_switches_parse(argv) → regfile_load → settings_effective_build → daemon_config_build; then daemon_config_iface()
 * for every live interface. On SIGHUP all but the first again. Precedence: switches > settings file > DHCP > defaults.
 * Pure: opens nothing; the machine's host name is passed in.
 */
#include "base/strbuf.h"
#include "node/node.h"
#include "settings/effective.h"

#define DAEMON_MAX_SPECS 32

/* One of the two daemons. */
struct daemon_program {
        const char *name;
        const char *help; /* the whole text of --help */
        bool serves_wins; /* -l is taken; the node is its own server's client unless told otherwise */
};

extern const struct daemon_program DAEMON_NETBTD, DAEMON_WINSD;

/* The command line. Texts are argv's. */
struct daemon_switches {
        const struct daemon_program *program;
        bool help, version;
        const char *config_path, *state_dir, *runtime_dir; /* never NULL: INTERFACE's defaults */
        bool config_given;                                 /* --config was: a missing file is then an error */
        size_t iface_count;
        const char *ifaces[DAEMON_MAX_SPECS]; /* -i (winsd: -l too): device name or address */
        const char *name;                     /* -n, NULL if absent; so the next ones */
        const char *workgroup;
        const char *scope;
        size_t user_count;
        const char *users[NODE_MAX_USERS];
        size_t wins_count;
        uint32_t wins[NODE_MAX_WINS];
        enum node_type type; /* 0: absent */
        unsigned verbosity;  /* count of -v */
        bool no_sandbox;     /* --no-sandbox: stay the user one is, with all system calls (for debuggers) */
};

/* NBT_ERR_MALFORMED or NBT_ERR_RANGE for wrong usage, with one line of what, why and what to do in ERROR (no program name, no newline). */
int daemon_switches_parse(const struct daemon_program *program, int argc, char **argv, struct daemon_switches *ret,
                          struct strbuf *error) NBT_MUST_CHECK;

struct daemon_config {
        struct node_config node;
        const struct settings_effective *settings; /* borrowed: the caller keeps its arena */
        const struct daemon_switches *switches;    /* borrowed */
        uint32_t broadcast_address;                /* BroadcastAddress; 0: each interface's own */
        bool event_style_modern;
        bool name_was_cut; /* the host name has more than 15 bytes: worth a line in the log */
};

/* HOST_NAME is the machine's own, used when neither -n nor the file names one. NBT_ERR_RANGE or NBT_ERR_MALFORMED for a switch that
 * cannot be, with a line in ERROR. */
int daemon_config_build(const struct settings_effective *settings, const struct daemon_switches *switches,
                        const char *host_name, struct daemon_config *ret, struct strbuf *error) NBT_MUST_CHECK;

/* True if netbtd shall run on this address of this device: -i names one of them, or no -i was given (and it is not loopback). */
bool daemon_config_wants(const struct daemon_config *config, const char *device, uint32_t address);

/* Fills netbios_enabled, wins, wins_count (and broadcast, if BroadcastAddress is set) of an interface whose label is the device's
 * name; GUID (may be NULL) is another name it may have in the settings. -w > own list > list for all interfaces > on a WINS server, the
 * interface's own address. */
void daemon_config_iface(const struct daemon_config *config, const char *device, const char *guid,
                         struct node_iface *iface);

/* True if the settings say something for an interface that is none of DEVICES: worth a warning. *ret_id is then the first such. */
bool daemon_config_unmatched(const struct daemon_config *config, const char *const *devices, size_t device_count,
                             const char **ret_id);
