#include "settings/hostname.h"

#include "settings/schema.h"

#include <string.h>
#include <strings.h>

void hostname_netbios(const char *host, char ret_name[HOSTNAME_NETBIOS_BYTES])
{
        size_t len = strcspn(host, ".");

        if (len > HOSTNAME_NETBIOS_BYTES - 1)
                len = HOSTNAME_NETBIOS_BYTES - 1;
        for (size_t i = 0; i < len; i++)
                ret_name[i] = host[i] >= 'a' && host[i] <= 'z' ? (char)(host[i] - 0x20) : host[i];
        ret_name[len] = '\0';
}

bool hostname_is_cut(const char *host)
{
        return strcspn(host, ".") > HOSTNAME_NETBIOS_BYTES - 1;
}

void hostname_compare(const char *const sources[HOSTNAME_SOURCE_MAX], const char *reference,
                      struct hostname_comparison *ret)
{
        char wanted[HOSTNAME_NETBIOS_BYTES], name[HOSTNAME_NETBIOS_BYTES];

        hostname_netbios(reference, wanted);
        ret->agree = true;
        for (int i = 0; i < HOSTNAME_SOURCE_MAX; i++) {
                ret->verdict[i] = HOSTNAME_ABSENT;
                if (!sources[i])
                        continue;
                hostname_netbios(sources[i], name);
                ret->verdict[i] = strcmp(name, wanted) == 0 ? HOSTNAME_SAME : HOSTNAME_DIFFERS;
                if (ret->verdict[i] == HOSTNAME_DIFFERS)
                        ret->agree = false;
        }
}

const char *hostname_source_str(enum hostname_source source)
{
        switch (source) {
        case HOSTNAME_TCPIP:
                return "Tcpip\\Parameters\\Hostname";
        case HOSTNAME_TCPIP_NV:
                return "Tcpip\\Parameters\\NV Hostname";
        case HOSTNAME_ACTIVE:
                return "ComputerName\\ActiveComputerName";
        case HOSTNAME_COMPUTER_NAME:
                return "ComputerName\\ComputerName";
        case HOSTNAME_SOURCE_MAX:
                break;
        }
        return "?";
}

const struct hostname_place *hostname_source_place(enum hostname_source source)
{
        static const struct hostname_place places[HOSTNAME_SOURCE_MAX] = {
                [HOSTNAME_TCPIP] = {SCHEMA_KEY_TCPIP, "Hostname"},
                [HOSTNAME_TCPIP_NV] = {SCHEMA_KEY_TCPIP, "NV Hostname"},
                [HOSTNAME_ACTIVE] = {SCHEMA_KEY_ACTIVE_NAME, "ComputerName"},
                [HOSTNAME_COMPUTER_NAME] = {SCHEMA_KEY_COMPUTER_NAME, "ComputerName"},
        };

        return &places[source];
}

void hostname_choose(const char *const sources[HOSTNAME_SOURCE_MAX], char ret_name[HOSTNAME_NETBIOS_BYTES])
{
        static const enum hostname_source order[HOSTNAME_SOURCE_MAX] = {HOSTNAME_COMPUTER_NAME, HOSTNAME_ACTIVE,
                                                                        HOSTNAME_TCPIP, HOSTNAME_TCPIP_NV};

        ret_name[0] = '\0';
        for (int i = 0; !ret_name[0] && i < HOSTNAME_SOURCE_MAX; i++)
                if (sources[order[i]])
                        hostname_netbios(sources[order[i]], ret_name);
}
