/*
 * The WINS proxy (EnableProxy): who on our segments can only broadcast is told what WINS knows. RFC 1001 §10.1.1.3 has none, so this
 * is as Windows documents it (KB120642, the NT resource kit's "WINS proxy"): a broadcast query that is nobody's here is answered from
 * the cache, or the server is asked, once for all who ask; what it says is cached, and told to who asked first. The others repeat
 * their question anyway. With EnableProxyRegCheck a claim by broadcast for a name that lives elsewhere is refused.
 *
 * It answers for machines beyond the segment only: a holder on the segment speaks for itself, and so does this machine. Groups are
 * let alone where claims are judged: who may join one is the members' to say. Names that are released by broadcast are forgotten.
 */
#include "node/internal.h"

#include "node/cache.h"

static bool is_proxy(const struct node *node, const struct node_packet *packet)
{
        return node->config.proxy && node->started && packet->broadcast && packet->on_link &&
               node_uses_wins(node, packet->iface);
}

/* ---- what WINS does not know -------------------------------------------------------------------------------------------- */

static bool is_unknown(const struct node *node, const struct nb_name *name)
{
        for (size_t i = 0; i < NODE_PROXY_UNKNOWN; i++)
                if (!mono_is_due(node->proxy_unknown[i].until, node->now) &&
                    nb_name_equal(&node->proxy_unknown[i].name, name))
                        return true;
        return false;
}

static void remember_unknown(struct node *node, const struct nb_name *name)
{
        struct node_unknown *unknown = &node->proxy_unknown[node->proxy_unknown_next++ % NODE_PROXY_UNKNOWN];

        unknown->name = *name;
        unknown->until = mono_add_ms(node->now, NODE_PROXY_UNKNOWN_MS);
}

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

/* A normal group is no address. A holder on the segment answers itself; a name of this machine would have been found. */
static bool is_beyond(const struct node *node, const struct node_if *iface, uint32_t address)
{
        return address != IP4_BROADCAST && !node_is_own_address(node, address) &&
               !ip4_same_subnet(address, iface->config.address, iface->config.netmask);
}

static void answer_query(struct node *node, const struct node_if *iface, const struct node_asker *asker,
                         const struct nb_name *name, const struct nbns_address *addresses, size_t count, uint32_t ttl_s)
{
        uint8_t rdata[6 * NODE_CACHE_MAX_ADDRESSES];
        struct nbns_packet answer;

        for (size_t i = 0; i < count; i++) {
                if (!is_beyond(node, iface, addresses[i].address))
                        return;
                nbns_address_encode(&addresses[i], rdata + 6 * i);
        }
        /* RFC 1002 §4.2.1.1: RA is a name server's */
        nbns_build_query_response(&answer, asker->id, name, &node->config.scope, rdata, (uint16_t)(6 * count), ttl_s,
                                  false);
        node_emit_packet(node, iface, asker->address, asker->port, &answer);
        node->statistics.proxy_answers++;
}

static void judge_claim(struct node *node, const struct node_if *iface, const struct node_asker *asker,
                        const struct nb_name *name, enum node_name_kind kind, const struct nbns_address *addresses,
                        size_t count)
{
        struct nbns_packet answer;
        uint8_t rdata[6];

        if (kind == NODE_NAME_GROUP)
                return;
        for (size_t i = 0; i < count; i++)
                if (addresses[i].address == asker->claimed)
                        return;
        nbns_build_claim_response(&answer, rdata, asker->id, NBNS_OPCODE_REGISTRATION, NBNS_RCODE_ACT_ERR, name,
                                  &node->config.scope, &addresses[0], 0);
        node_emit_packet(node, iface, asker->address, asker->port, &answer);
        node->statistics.proxy_refusals++;
}

void node_proxy_resolved(struct node *node, const struct node_asker *asker, const struct nb_name *name,
                         enum node_name_kind kind, const struct nbns_address *addresses, size_t count, uint32_t ttl_s)
{
        const struct node_if *iface = node_if_find(node, asker->iface_id);

        if (!iface || !node_if_usable(iface) || count == 0)
                return;
        if (asker->claimed)
                judge_claim(node, iface, asker, name, kind, addresses, count);
        else
                answer_query(node, iface, asker, name, addresses, count, ttl_s);
}

void node_proxy_failed(struct node *node, const struct nb_name *name)
{
        remember_unknown(node, name);
}

/* ---- questions ---------------------------------------------------------------------------------------------------------- */

static struct node_asker asker_of(const struct node_packet *packet)
{
        return (struct node_asker){.address = packet->source,
                                   .iface_id = packet->iface->config.id,
                                   .port = packet->source_port,
                                   .id = packet->nbns.header.id};
}

/* From the cache, or by asking the server. */
static int look_up(struct node *node, const struct nb_name *name, const struct node_asker *asker)
{
        const struct node_cache_entry *entry = node_cache_find(node->cache, name, node->now);

        if (entry) {
                const int64_t life_s = node_cache_life_s(entry, node->now);

                node_proxy_resolved(node, asker, name, entry->kind, entry->addresses, entry->address_count,
                                    life_s < 0 ? NODE_CLAIM_TTL_S : (uint32_t)life_s);
                return 0;
        }
        return is_unknown(node, name) ? 0 : node_resolve_proxied(node, name, asker);
}

int node_proxy_query(struct node *node, const struct node_packet *packet)
{
        const struct node_asker asker = asker_of(packet);

        if (!is_proxy(node, packet) || nb_name_is_wildcard(&packet->nbns.question.name))
                return 0;
        return look_up(node, &packet->nbns.question.name, &asker);
}

int node_proxy_claim(struct node *node, const struct node_packet *packet, const struct nbns_address *claim)
{
        struct node_asker asker = asker_of(packet);

        if (!node->config.proxy_claims || !is_proxy(node, packet) || claim->nb_flags & NBNS_NB_GROUP)
                return 0;
        asker.claimed = claim->address;
        return look_up(node, &packet->nbns.question.name, &asker);
}
