#pragma once
/*
 * Inside `netbt ipconfig`: what it shows, apart from where that comes from. Texts are the collector's; NULL and 0 mean unknown.
 */
#include "base/arena.h"
#include "base/instant.h"
#include "node/node.h"

#include <stdio.h>

#define IPCONFIG_MAX_LIST 16

struct ipconfig_list {
        size_t count;
        const char *texts[IPCONFIG_MAX_LIST];
};

struct ipconfig_address {
        uint32_t address, netmask;
};

struct ipconfig_adapter {
        const char *name, *title, *description; /* title: "Ethernet adapter" */
        bool up;
        bool has_mac;
        uint8_t mac[6];
        bool dhcp_known, dhcp_enabled;
        const char *dns_suffix; /* "" if none */
        const char *dhcp_server;
        int64_t lease_obtained_s, lease_expires_s;
        size_t address_count;
        const struct ipconfig_address *addresses;
        uint32_t gateway;
        struct ipconfig_list dns_servers;
        size_t wins_count;
        uint32_t wins[NODE_MAX_WINS];
        const char *wins_origin; /* "static", "DHCP"; NULL if there are none */
        bool netbios_enabled;
};

struct ipconfig {
        const char *host_name;      /* what Windows would show: the settings' Hostname, else the machine's */
        const char *machine_name;   /* the machine's own */
        const char *primary_suffix; /* "" if none */
        enum node_type node_type;
        const char *node_type_origin; /* "running node", "static", "DHCP", "default" */
        struct nb_scope scope;
        bool routing, wins_proxy;
        struct ipconfig_list search;
        size_t adapter_count;
        const struct ipconfig_adapter *adapters;
};

/* Windows' layout (Vista and later); ALL as /all. */
void ipconfig_print(FILE *out, const struct ipconfig *config, bool all);
void ipconfig_print_json(FILE *out, const struct ipconfig *config);
