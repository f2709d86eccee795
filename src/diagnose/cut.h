#pragma once
/*
 * Long host names that NetBIOS cuts to one: "LABORATORY-PC-001" and "LABORATORY-PC-002" are both LABORATORY-PC-0.
 */
#include "diagnose/rule.h"

#define CUT_MAX 4

struct cut_name {
        const char *name;   /* the host name without its domain, as it was found */
        const char *source; /* "/var/lib/dhcp/dhcpd.leases, the lease of 10.0.0.7" */
};

/* Host names longer than 15 bytes that come to the case's name: of the settings, of leases, of the computers that wrote logs. Each
 * once, whatever its case. */
size_t cut_names(const struct rule_input *in, struct cut_name ret[CUT_MAX]);

/* What is known of them, as evidence, and what to do, as the first remedy; nothing if none is known. */
void cut_tell(const struct rule_input *in, struct texts *evidence, struct texts *remedy);
