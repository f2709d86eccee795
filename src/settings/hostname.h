#pragma once
/*
 * Where Windows keeps a machine's name, and how NetBIOS names come from host names.
 *
 * Four registry values hold a machine's name. They ought to agree; when they do not, `ipconfig /all` shows another name than
 * the one that is registered (the article's last cause). Pure comparison, no look-up.
 */
#include "base/result.h"

#include <stdbool.h>

#define HOSTNAME_NETBIOS_BYTES 16

enum hostname_source {
        HOSTNAME_TCPIP,         /* Tcpip\Parameters Hostname: running */
        HOSTNAME_TCPIP_NV,      /* Tcpip\Parameters "NV Hostname": next start */
        HOSTNAME_ACTIVE,        /* ActiveComputerName: running */
        HOSTNAME_COMPUTER_NAME, /* ComputerName: next start */
        HOSTNAME_SOURCE_MAX,
};

enum hostname_verdict {
        HOSTNAME_ABSENT,  /* the value is not there */
        HOSTNAME_SAME,    /* gives the reference name */
        HOSTNAME_DIFFERS, /* gives another NetBIOS name */
        HOSTNAME_VERDICT_MAX,
};

struct hostname_comparison {
        enum hostname_verdict verdict[HOSTNAME_SOURCE_MAX];
        bool agree; /* none differs */
};

/* The NetBIOS name of a host name: up to its first dot, first 15 bytes, ASCII letters upper-cased, NUL-terminated. Source: facts on
 * ipconfig [K]. ASSUMPTION: bytes above 127 are kept as they stand, since the machine's OEM code page is not known here. */
void hostname_netbios(const char *host, char ret_name[HOSTNAME_NETBIOS_BYTES]);

/* True if the NetBIOS name is shorter than the host name's first part: two hosts may then come to the same name. */
bool hostname_is_cut(const char *host);

/* Compares the sources (NULL: absent) with the name in use. */
void hostname_compare(const char *const sources[HOSTNAME_SOURCE_MAX], const char *reference,
                      struct hostname_comparison *ret);

/* The NetBIOS name that the sources (NULL: absent) give a node that starts now; "" if none does.
 * ASSUMPTION: starting netbtd is what a restart is to Windows, so the name for the next start comes first. */
void hostname_choose(const char *const sources[HOSTNAME_SOURCE_MAX], char ret_name[HOSTNAME_NETBIOS_BYTES]);

/* Where the source stands in the registry; static. */
struct hostname_place {
        const char *key, *value;
};
const struct hostname_place *hostname_source_place(enum hostname_source source);

/* "Tcpip\Parameters\Hostname", as a user would look for it; static. */
const char *hostname_source_str(enum hostname_source source);
