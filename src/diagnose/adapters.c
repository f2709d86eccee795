#include "diagnose/adapters.h"
#include "diagnose/describe.h"

#include <string.h>

#define MAX_ADAPTERS 32

static size_t from_node(const struct node_view *node, struct adapter ret[MAX_ADAPTERS])
{
        size_t count = 0;

        for (size_t i = 0; i < node->iface_count && count < MAX_ADAPTERS; i++) {
                const struct node_iface *iface = &node->ifaces[i];

                if (iface->up && iface->netbios_enabled && iface->address != 0)
                        ret[count++] = (struct adapter){iface->label, iface->address, iface->netmask, iface->wins_count,
                                                        iface->wins};
        }
        return count;
}

static const char *adapter_name(const struct settings_iface *iface)
{
        return iface->connection[0] ? iface->connection : iface->id;
}

/* Each by its first address: NetBT uses no other. Source: KB131641. */
static size_t from_settings(const struct snapshot *snapshot, struct adapter ret[MAX_ADAPTERS])
{
        size_t count = 0;

        for (size_t i = 0; i < snapshot->adapter_count && count < MAX_ADAPTERS; i++) {
                const struct settings_iface *iface = &snapshot->adapters[i];

                if (!iface->is_gone && iface->address_count > 0 &&
                    iface->netbios_options.value != SETTINGS_NETBIOS_DISABLE)
                        ret[count++] = (struct adapter){adapter_name(iface), iface->addresses[0], iface->netmasks[0],
                                                        iface->wins_count, iface->wins};
        }
        return count;
}

static bool share_server(const struct adapter *a, const struct adapter *b)
{
        for (size_t i = 0; i < a->wins_count; i++)
                for (size_t j = 0; j < b->wins_count; j++)
                        if (a->wins[i] == b->wins[j])
                                return true;
        return false;
}

static enum adapter_quarrel compare(const struct adapter *a, const struct adapter *b)
{
        if (a->netmask != 0 && a->netmask == b->netmask && ((a->address ^ b->address) & a->netmask) == 0)
                return ADAPTERS_ONE_SEGMENT;
        if (a->wins_count > 0 && b->wins_count > 0 && !share_server(a, b))
                return ADAPTERS_TWO_SERVERS;
        return ADAPTERS_AGREE;
}

struct adapter_pair adapters_find_pair(const struct rule_input *in)
{
        const struct node_view *node = in->c->here ? in->snapshot->node : NULL;
        struct adapter adapters[MAX_ADAPTERS];
        const size_t count = node ? from_node(node, adapters) : from_settings(in->snapshot, adapters);

        for (size_t i = 0; i < count; i++)
                for (size_t j = i + 1; j < count; j++) {
                        const enum adapter_quarrel quarrel = compare(&adapters[i], &adapters[j]);

                        if (quarrel != ADAPTERS_AGREE)
                                return (struct adapter_pair){quarrel, adapters[i], adapters[j]};
                }
        return (struct adapter_pair){0};
}

static const char *source(const struct rule_input *in)
{
        if (in->c->here && in->snapshot->node)
                return "local node";
        return in->snapshot->host_names.source ? in->snapshot->host_names.source : "settings";
}

void adapters_evidence(const struct rule_input *in, const struct adapter_pair *pair, struct texts *lines)
{
        const struct adapter *both[] = {&pair->a, &pair->b};

        for (size_t i = 0; i < NBT_ARRAY_SIZE(both); i++)
                texts_add(lines, "%s: the adapter %s has the address %s, NetBIOS on, and %s%s", source(in),
                          both[i]->name, describe_address(in, both[i]->address),
                          both[i]->wins_count > 0 ? "the WINS server " : "no WINS server",
                          both[i]->wins_count > 0 ? describe_address(in, both[i]->wins[0]) : "");
        adapters_evidence_gone(in, lines);
}

const struct settings_iface *adapters_find_gone(const struct rule_input *in, uint32_t address)
{
        for (size_t i = 0; address != 0 && i < in->snapshot->adapter_count; i++) {
                const struct settings_iface *iface = &in->snapshot->adapters[i];

                for (size_t j = 0; iface->is_gone && j < iface->address_count; j++)
                        if (iface->addresses[j] == address)
                                return iface;
        }
        return NULL;
}

void adapters_evidence_gone(const struct rule_input *in, struct texts *lines)
{
        for (size_t i = 0; i < in->snapshot->adapter_count; i++) {
                const struct settings_iface *iface = &in->snapshot->adapters[i];

                if (iface->is_gone && iface->address_count > 0)
                        texts_add(lines, "%s: the adapter %s (%s) was taken out, and its settings stayed", source(in),
                                  adapter_name(iface), describe_address(in, iface->addresses[0]));
        }
}
