#pragma once
/*
 * What DHCP tells of NetBIOS, and where it stands in the settings.
 *
 * Windows keeps it beside the static values, under names that begin with Dhcp: the WINS servers and NetBIOS' switch of each
 * interface, node type and scope for the whole machine (KB120642, KB314053). A static value beats DHCP's (settings/effective.h).
 * Values stay in the settings when a machine is given a static address: then they are left over (KB125963), and are used where no
 * static value stands above them. Pure: documents are loaded and saved elsewhere.
 */
#include "settings/effective.h"
#include "wire/dhcpopt.h"

#define LEARNT_SCOPE_BYTES 256

struct dhcp_learnt {
        uint32_t server; /* who told; 0 if not known */
        size_t wins_count, nbdd_count;
        uint32_t wins[SETTINGS_MAX_WINS], nbdd[SETTINGS_MAX_WINS];
        uint32_t node_type;             /* as told; 0: not told */
        char scope[LEARNT_SCOPE_BYTES]; /* "" if none */
        bool has_netbios;
        uint32_t
                netbios; /* NetbiosOptions, from Microsoft's part 1 of option 43: 1 enable, 2 disable; others as told */
};

/* Options 43 to 47 of a message. What is no such option is left out: *ret_odd (may be NULL) names the first, "option 46"; NULL if none. */
void dhcp_learnt_read(const struct dhcp_message *message, struct dhcp_learnt *ret, const char **ret_odd);

/* True if two servers told the same. */
bool dhcp_learnt_equal(const struct dhcp_learnt *a, const struct dhcp_learnt *b);

/* Puts what was told into DOC for IFACE ("eth0", "{GUID}"); what was not told, and stood there, goes. *ret_changed is false if DOC said so
 * already: it is then as it was. Failures as reg_doc_set(). */
int dhcp_learnt_apply(struct reg_doc *doc, const char *iface, const struct dhcp_learnt *learnt,
                      bool *ret_changed) NBT_MUST_CHECK;

enum dhcp_use {
        DHCP_USE_IN_FORCE,      /* from a server that gives this machine its address, as far as is known */
        DHCP_USE_HIDDEN,        /* a static value stands above it */
        DHCP_USE_LEFT,          /* the machine's address is static: left over, without effect on names */
        DHCP_USE_LEFT_IN_FORCE, /* left over, and used: no static value stands above it */
        DHCP_USE_MAX,
};

/* One Dhcp* value of the settings. Texts are in the arena, or static. */
struct dhcp_setting {
        const char *key, *name;
        const char *iface; /* as settings_iface.id; "" for the machine's own */
        const char *text;  /* the value */
        const char *above; /* the static value's name that hides it; NULL if none */
        const char *above_text;
        unsigned line;
        enum dhcp_use use;
};

/* All Dhcp* values of the keys that are known here, in their order. NBT_ERR_NOMEM. */
int dhcp_settings_list(const struct reg_doc *doc, struct arena *arena, const struct dhcp_setting **ret,
                       size_t *ret_count) NBT_MUST_CHECK;

/* True if the value is one that a clean-up takes out without --all: it is left over. */
bool dhcp_setting_is_leftover(const struct dhcp_setting *setting);

const char *dhcp_use_str(enum dhcp_use use); /* "in use", "hidden", "left over", "left over and in use" */
