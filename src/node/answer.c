#include "node/internal.h"

/* ---- name queries ----------------------------------------------------------------------------------------------------- */

static bool is_registered_on(const struct node_name *name, const struct node_if *iface)
{
        const struct node_entry *entry = node_entry_find(name, iface);

        return entry && entry->state == NODE_STATE_REGISTERED;
}

/* A name in conflict on this interface is not answered for on it, whatever the others say (MS00-047). */
static bool may_answer(const struct node_name *name, const struct node_packet *packet)
{
        const struct node_entry *entry = node_entry_find(name, packet->iface);

        if (entry && entry->state == NODE_STATE_REGISTERED)
                return true;
        return !packet->broadcast && !(entry && entry->state == NODE_STATE_CONFLICT) && node_name_is_held(name);
}

static size_t add_address(struct node *node, const struct node_name *name, const struct node_if *iface, uint8_t *rdata,
                          size_t count)
{
        const struct nbns_address address = {.nb_flags = node_nb_flags(node, name->kind),
                                             .address = iface->config.address};

        nbns_address_encode(&address, rdata + 6 * count);
        return count + 1;
}

/* Ours as far as ENTRY's interface goes. A server that challenges us while we register one interface after the other
 * must hear of all of them (opcode 0xF, KB150144), or it takes us for two machines. */
static bool counts(const struct node_entry *entry, bool to_server)
{
        return entry->state == NODE_STATE_REGISTERED ||
               (to_server && entry->op == NODE_OP_CLAIM_WINS); /* also the quiet retry of one in conflict */
}

/* The receiving interface's address first: the one the asker can surely reach. */
static size_t add_addresses(struct node *node, const struct node_name *name, const struct node_if *iface,
                            uint8_t *rdata, bool to_server)
{
        size_t count = 0;

        if (is_registered_on(name, iface))
                count = add_address(node, name, iface, rdata, count);
        if (node->config.single_response && count && !to_server)
                return count;
        for (const struct node_entry *entry = name->entries; entry && count < NODE_MAX_ANSWER_ADDRESSES;
             entry = entry->next)
                if (counts(entry, to_server) && !(entry->iface == iface && is_registered_on(name, iface)))
                        count = add_address(node, name, entry->iface, rdata, count);
        return count;
}

static void answer_positive(struct node *node, const struct node_name *name, const struct node_packet *packet)
{
        uint8_t rdata[6 * NODE_MAX_ANSWER_ADDRESSES];
        const uint8_t *first = rdata;
        const bool to_server = node_wins_is_any_server(node, packet->source);
        size_t count = add_addresses(node, name, packet->iface, rdata, to_server);
        struct nbns_packet answer;

        if (node->config.random_adapter && count > 1 && !to_server) {
                first += (size_t)6 * rng_below(&node->rng, (uint32_t)count);
                count = 1;
        }
        nbns_build_query_response(&answer, packet->nbns.header.id, &packet->nbns.question.name, &node->config.scope,
                                  first, (uint16_t)(6 * count), NODE_CLAIM_TTL_S, false);
        node_emit_packet(node, packet->iface, packet->source, packet->source_port, &answer);
}

/* '*' asks whoever is there (nmblookup): the computer answers with its own first name. */
static const struct node_name *wildcard_name(const struct node *node, const struct node_packet *packet)
{
        for (size_t i = 0; i < node->name_count; i++)
                if (node->names[i]->kind == NODE_NAME_UNIQUE && is_registered_on(node->names[i], packet->iface))
                        return node->names[i];
        return NULL;
}

void node_answer_query(struct node *node, const struct node_packet *packet)
{
        const struct nb_name *asked = &packet->nbns.question.name;
        const struct node_name *name = node_name_find(node, asked);

        if (nb_name_is_wildcard(asked)) {
                const struct node_name *any = packet->on_link ? wildcard_name(node, packet) : NULL;
                if (any)
                        answer_positive(node, any, packet);
                return;
        }
        if (name) {
                if (!may_answer(name, packet))
                        return;
                answer_positive(node, name, packet);
                node_defend_challenged(node, name, packet);
                return;
        }
        /* ASSUMPTION: who asks us directly for a name we never heard of is told so (RFC 1002 §5.1.2.5), if he is on the
         * segment or a server that challenges us */
        if (packet->broadcast && node_proxy_query(node, packet) < 0)
                node->failed = true;
        if (packet->broadcast || !(packet->on_link || node_wins_is_any_server(node, packet->source)))
                return;
        struct nbns_packet answer;
        nbns_build_negative_query_response(&answer, packet->nbns.header.id, asked, &node->config.scope,
                                           NBNS_RCODE_NAM_ERR, false);
        node_emit_packet(node, packet->iface, packet->source, packet->source_port, &answer);
}

/* ---- node status -------------------------------------------------------------------------------------------------------- */

/* RFC 1002 §4.2.18, in the combinations of nb30.h */
static bool status_flags(enum node_name_state state, uint16_t *ret_flags)
{
        switch (state) {
        case NODE_STATE_REGISTERING:
                *ret_flags = 0;
                return true;
        case NODE_STATE_REGISTERED:
                *ret_flags = NBSTAT_ACTIVE;
                return true;
        case NODE_STATE_CONFLICT:
                *ret_flags = NBSTAT_ACTIVE | NBSTAT_CONFLICT;
                return true;
        case NODE_STATE_RELEASING:
                *ret_flags = NBSTAT_ACTIVE | NBSTAT_DEREGISTERING;
                return true;
        case NODE_STATE_IDLE:
        case NODE_STATE_RELEASED:
        case NODE_STATE_MAX:
                break;
        }
        return false;
}

void node_status_table(const struct node *node, const struct node_if *iface, struct nbstat_table *ret)
{
        size_t count = 0;
        uint16_t flags;

        for (size_t i = 0; i < node->name_count && count < NBSTAT_MAX_NAMES; i++) {
                const struct node_name *name = node->names[i];
                const struct node_entry *entry = name->dead ? NULL : node_entry_find(name, iface);

                if (!entry || !status_flags(entry->state, &flags))
                        continue;
                ret->entries[count].name = name->name;
                ret->entries[count].name_flags = flags | node_nb_flags(node, name->kind);
                count++;
        }
        ret->count = count;
        ret->statistics = (struct nbstat_statistics){.good_sends = (uint32_t)node->statistics.packets_out,
                                                     .good_receives = (uint32_t)node->statistics.packets_in};
        for (size_t i = 0; i < sizeof(iface->config.mac); i++)
                ret->statistics.unit_id[i] = iface->config.mac[i];
}

static bool may_ask_status(const struct node *node, const struct node_packet *packet)
{
        const struct nb_name *asked = &packet->nbns.question.name;

        if (!packet->on_link && !node->config.status_off_link)
                return false;
        if (nb_name_is_wildcard(asked))
                return true;
        const struct node_name *name = node_name_find(node, asked);
        return name && is_registered_on(name, packet->iface);
}

void node_answer_status(struct node *node, const struct node_packet *packet)
{
        if (!may_ask_status(node, packet))
                return;
        /* many times as long as its question, it would make a good weapon */
        if (!node_bucket_take(node, &node->status_bucket, node->config.status_per_second, NODE_STATUS_BURST)) {
                node->statistics.status_limited++;
                return;
        }
        struct nbstat_table *table = arena_alloc(node->out->arena, sizeof(*table));
        uint8_t rdata[NODE_STATUS_RDATA_BYTES];
        if (!table) {
                node->failed = true;
                return;
        }
        node_status_table(node, packet->iface, table);
        const int len = nbstat_table_encode(table, rdata, sizeof(rdata));
        if (len < 0)
                return;
        struct nbns_packet answer;
        nbns_build_status_response(&answer, packet->nbns.header.id, &packet->nbns.question.name, &node->config.scope,
                                   rdata, (uint16_t)len);
        node_emit_packet(node, packet->iface, packet->source, packet->source_port, &answer);
        node->statistics.status_answered++;
}
