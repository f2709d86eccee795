#pragma once
/*
 * What the settings of the machine that lost the name say of its network adapters: two on one segment, or with different WINS servers,
 * claim the name against each other (KB170808); what is left of an adapter that was taken out is told.
 */
#include "diagnose/rule.h"

struct adapter {
        const char *name;
        uint32_t address, netmask; /* netmask 0: unknown */
        size_t wins_count;
        const uint32_t *wins; /* primary first */
};

enum adapter_quarrel {
        ADAPTERS_AGREE,       /* or nothing is known of two */
        ADAPTERS_ONE_SEGMENT, /* both speak NetBIOS there */
        ADAPTERS_TWO_SERVERS, /* no WINS server in common */
};

struct adapter_pair {
        enum adapter_quarrel quarrel;
        struct adapter a, b;
};

/* The first two that quarrel, of those that are in use with NetBIOS on. */
struct adapter_pair adapters_find_pair(const struct rule_input *in);

/* Evidence: each of the two. */
void adapters_evidence(const struct rule_input *in, const struct adapter_pair *pair, struct texts *lines);

/* The adapter that was taken out and had ADDRESS; NULL if there is none. */
const struct settings_iface *adapters_find_gone(const struct rule_input *in, uint32_t address);
/* Evidence: adapters that were taken out, with the addresses they had. */
void adapters_evidence_gone(const struct rule_input *in, struct texts *lines);
