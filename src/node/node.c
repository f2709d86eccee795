#include "node/internal.h"

#include "node/cache.h"

#include <stdlib.h>
#include <string.h>

/* ---- time --------------------------------------------------------------------------------------------------------------- */

void node_arm(struct node *node, mono_t *slot, mono_t at)
{
        *slot = at;
        node->wake = mono_min(node->wake, at);
}

void node_arm_ms(struct node *node, mono_t *slot, uint64_t ms)
{
        node_arm(node, slot, mono_add_ms(node->now, ms));
}

uint32_t node_jitter(struct node *node, uint32_t ms)
{
        return ms - ms / 4 + rng_below(&node->rng, ms / 2 + 1);
}

bool node_bucket_take(const struct node *node, struct node_bucket *bucket, uint32_t per_second, uint32_t burst)
{
        if (!per_second)
                return true;
        const uint64_t gained = mono_elapsed_ms(bucket->at, node->now) * per_second / 1000;
        if (gained) {
                const uint64_t sum = bucket->tokens + gained;
                bucket->tokens = sum > burst ? burst : (uint32_t)sum;
                bucket->at = sum > burst ? node->now : mono_add_ms(bucket->at, gained * 1000 / per_second);
        }
        if (bucket->tokens == 0)
                return false;
        bucket->tokens--;
        return true;
}

bool node_uses_broadcast(const struct node *node)
{
        return node->config.type != NODE_TYPE_P;
}

bool node_uses_wins(const struct node *node, const struct node_if *iface)
{
        return node->config.type != NODE_TYPE_B && iface->wins_count > 0;
}

static void entry_timers(struct node *node, struct node_entry *entry)
{
        if (mono_is_due(entry->timer, node->now)) {
                if (entry->op == NODE_OP_RELEASE_BCAST || entry->op == NODE_OP_RELEASE_WINS)
                        node_release_timer(node, entry);
                else
                        node_claim_timer(node, entry);
        }
        if (mono_is_due(entry->verify.timer, node->now))
                node_verify_timer(node, entry);
        if (mono_is_due(entry->retry_at, node->now)) {
                entry->retry_at = MONO_NEVER;
                if (entry->failed)
                        node_claim_retry(node, entry);
        }
        if (mono_is_due(entry->refresh_at, node->now))
                node_refresh_due(node, entry);
}

static mono_t entry_wake(const struct node_entry *entry)
{
        return mono_min(mono_min(entry->timer, entry->verify.timer), mono_min(entry->retry_at, entry->refresh_at));
}

static void run_timers(struct node *node)
{
        node->wake = MONO_NEVER;
        for (size_t i = 0; i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        entry_timers(node, entry);
        for (size_t i = 0; i < node->iface_count; i++)
                node_wins_timer(node, node->ifaces[i]);
        node_resolve_timers(node); /* arms what is left of its own */
        for (size_t i = 0; i < node->name_count; i++)
                for (const struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        node->wake = mono_min(node->wake, entry_wake(entry));
        for (size_t i = 0; i < node->iface_count; i++)
                node->wake = mono_min(node->wake, node->ifaces[i]->primary_retry_at);
        node->wake = mono_min(node->wake, node->stop_deadline);
}

mono_t node_deadline(const struct node *node)
{
        return node->wake;
}

/* ---- packets ------------------------------------------------------------------------------------------------------------ */

static const struct nb_scope *packet_scope(const struct nbns_packet *nbns)
{
        return nbns->has_question ? &nbns->question.scope : nbns->has_answer ? &nbns->answer.scope : NULL;
}

static void entry_response(struct node *node, struct node_trans *trans, const struct node_packet *packet)
{
        struct node_entry *entry = trans->kind == NODE_TRANS_VERIFY
                                           ? NODE_CONTAINER(trans, struct node_entry, verify.trans)
                                           : NODE_CONTAINER(trans, struct node_entry, trans);

        if (!nb_name_equal(&packet->nbns.answer.name, &entry->name->name))
                node->statistics.packets_unmatched++;
        else if (trans->kind == NODE_TRANS_VERIFY)
                node_verify_response(node, entry, packet);
        else if (entry->op == NODE_OP_RELEASE_BCAST || entry->op == NODE_OP_RELEASE_WINS)
                node_release_response(node, entry, packet);
        else
                node_claim_response(node, entry, packet);
}

/* The refusal of a slow defender, after we took the name. */
static bool is_late_refusal(const struct node *node, const struct node_entry *entry, const struct node_packet *packet)
{
        return entry && entry->state == NODE_STATE_REGISTERED && entry->late_id == packet->nbns.header.id &&
               !mono_is_due(entry->late_until, node->now) && packet->nbns.header.rcode != NBNS_RCODE_OK &&
               ip4_same_subnet(packet->source, entry->iface->config.address, entry->iface->config.netmask);
}

static void unasked_response(struct node *node, const struct node_packet *packet)
{
        const struct nbns_header *header = &packet->nbns.header;
        struct node_name *name = node_name_find(node, &packet->nbns.answer.name);
        struct node_entry *entry = name ? node_entry_find(name, packet->iface) : NULL;

        if (header->opcode == NBNS_OPCODE_QUERY || header->opcode == NBNS_OPCODE_WACK)
                node->statistics.packets_unmatched++;
        else if (is_late_refusal(node, entry, packet))
                node_claim_refused(node, entry, packet->source, 0, header->opcode, header->rcode);
        else if (header->opcode == NBNS_OPCODE_REGISTRATION && header->rcode == NBNS_RCODE_CFT_ERR)
                node_demand_conflict(node, packet);
        else
                node->statistics.packets_unmatched++;
}

static void response(struct node *node, const struct node_packet *packet)
{
        struct node_trans *trans = node_trans_find(node, packet->nbns.header.id);

        if (trans && trans->kind == NODE_TRANS_QUERY)
                node_resolve_response(node, trans, packet);
        else if (!packet->nbns.has_answer)
                node->statistics.packets_unmatched++;
        else if (trans)
                entry_response(node, trans, packet);
        else
                unasked_response(node, packet);
}

static void request(struct node *node, const struct node_packet *packet)
{
        const struct nbns_packet *nbns = &packet->nbns;

        if (!nbns->has_question || nbns->question.class_ != NBNS_CLASS_IN) {
                node->statistics.packets_malformed++;
                return;
        }
        switch (nbns->header.opcode) {
        case NBNS_OPCODE_QUERY:
                if (nbns->question.type == NBNS_TYPE_NB)
                        node_answer_query(node, packet);
                else if (nbns->question.type == NBNS_TYPE_NBSTAT)
                        node_answer_status(node, packet);
                return;
        case NBNS_OPCODE_REGISTRATION:
        case NBNS_OPCODE_MULTIHOMED:
        case NBNS_OPCODE_REFRESH:
        case NBNS_OPCODE_REFRESH_ALT:
                node_defend(node, packet);
                return;
        case NBNS_OPCODE_RELEASE:
                node_demand_release(node, packet);
                return;
        default:
                node->statistics.packets_unmatched++;
                return;
        }
}

static bool is_possible_source(uint32_t address)
{
        return address != 0 && address < UINT32_C(0xE0000000); /* no group's, no broadcast address */
}

static bool is_broadcast(const struct node_if *iface, uint32_t destination)
{
        return destination == IP4_BROADCAST || destination == iface->config.broadcast;
}

static void packet_in(struct node *node, const struct node_event *event)
{
        struct node_packet packet = {.source = event->packet.source,
                                     .destination = event->packet.destination,
                                     .source_port = event->packet.source_port,
                                     .iface = node_if_find(node, event->packet.iface_id)};

        node->statistics.packets_in++;
        if (!packet.iface || !node_if_usable(packet.iface) || !(node->started || node->stopping))
                return;
        const bool own = node_is_own_address(node, packet.source) && !event->packet.from_server;
        if (own && packet.source_port == NBNS_PORT) {
                node->statistics.packets_own++;
                return;
        }
        if (!is_possible_source(packet.source) || packet.source_port == 0 ||
            nbns_packet_decode(event->packet.bytes, event->packet.len_bytes, &packet.nbns) < 0) {
                node->statistics.packets_malformed++;
                return;
        }
        /* a tool on this machine may ask its own node, from a port of its own; it neither claims nor demands */
        if (own && (packet.nbns.header.response || packet.nbns.header.opcode != NBNS_OPCODE_QUERY)) {
                node->statistics.packets_own++;
                return;
        }
        packet.broadcast = is_broadcast(packet.iface, packet.destination);
        packet.on_link = ip4_same_subnet(packet.source, packet.iface->config.address, packet.iface->config.netmask);
        const struct nb_scope *scope = packet_scope(&packet.nbns);
        if ((scope && !nb_scope_equal(scope, &node->config.scope)) ||
            (packet.broadcast && !node_uses_broadcast(node))) { /* P nodes hear no broadcasts, RFC 1001 §10.2 */
                node->statistics.packets_unmatched++;
                return;
        }
        if (packet.nbns.header.response)
                response(node, &packet);
        else
                request(node, &packet);
}

/* ---- events ------------------------------------------------------------------------------------------------------------- */

static int start(struct node *node)
{
        node->started = true;
        node->stopping = node->stopped = false;
        node->stop_deadline = MONO_NEVER;
        for (size_t i = 0; i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        if (entry->state == NODE_STATE_IDLE || entry->state == NODE_STATE_RELEASED)
                                node_claim_start(node, entry);
        return 0;
}

static bool config_is_possible(const struct node_config *config)
{
        const struct node_timing *timing = &config->timing;

        if (config->type != NODE_TYPE_B && config->type != NODE_TYPE_P && config->type != NODE_TYPE_M &&
            config->type != NODE_TYPE_H)
                return false;
        if (config->refresh_opcode != NBNS_OPCODE_REFRESH && config->refresh_opcode != NBNS_OPCODE_REFRESH_ALT)
                return false;
        return config->user_count <= NODE_MAX_USERS && timing->bcast_claim_interval_ms &&
               timing->bcast_query_timeout_ms && timing->name_srv_query_timeout_ms && timing->initial_refresh_ms >= 8;
}

/* Type or scope changed: everything that was said under the old one is taken back and said anew. */
static void say_anew(struct node *node)
{
        for (size_t i = 0; i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        if (entry->state != NODE_STATE_RELEASING &&
                            (entry->state != NODE_STATE_RELEASED || entry->failed))
                                node_claim_start(node, entry);
}

static void take_back(struct node *node)
{
        for (size_t i = 0; i < node->name_count; i++)
                for (struct node_entry *entry = node->names[i]->entries; entry; entry = entry->next)
                        if (entry->by_wins && entry->state == NODE_STATE_REGISTERED)
                                node_release_quick(node, entry, entry->address);
}

static int reconfigure(struct node *node, const struct node_config *config)
{
        if (!config || !config_is_possible(config))
                return 0; /* the settings check says why; the node goes on with what it has */
        const bool anew = config->type != node->config.type || !nb_scope_equal(&config->scope, &node->config.scope);
        if (anew && node->started)
                take_back(node);
        node->config = *config;
        if (anew && node->started)
                say_anew(node);
        if (!config->lmhosts_enabled && node->lmhosts_count) {
                const int r = node_resolve_reload(node, NULL, 0); /* what it preloaded goes with it */
                if (r < 0)
                        return r;
        }
        return node_configure_names(node);
}

static int dispatch(struct node *node, const struct node_event *event)
{
        switch (event->type) {
        case NODE_EVENT_START:
                return node->started ? 0 : start(node);
        case NODE_EVENT_STOP:
                if (node->stopping)
                        return 0;
                node_stop_begin(node);
                return 0;
        case NODE_EVENT_PACKET:
                packet_in(node, event);
                return 0;
        case NODE_EVENT_TIMER:
                run_timers(node);
                return 0;
        case NODE_EVENT_IFACE:
                return event->iface.id && event->iface.wins_count <= NODE_MAX_WINS
                               ? node_iface_change(node, &event->iface)
                               : 0;
        case NODE_EVENT_IFACE_GONE:
                node_iface_gone(node, event->iface_gone_id);
                return 0;
        case NODE_EVENT_RECONFIGURE:
                return reconfigure(node, event->config);
        case NODE_EVENT_COMMAND:
                return node_command_run(node, &event->command);
        case NODE_EVENT_DNS_RESULT:
                node_resolve_dns(node, event->dns.lookup_id, event->dns.addresses, event->dns.count);
                return 0;
        case NODE_EVENT_RESUMED:
                node_resumed(node);
                return 0;
        }
        return 0;
}

int node_step(struct node *node, const struct node_event *event, struct node_actions *out)
{
        node->now = event->now;
        node->wall = event->wall;
        node->out = out;
        node->failed = false;
        const int r = dispatch(node, event);
        node_stop_check(node);
        node_sweep(node);
        node->out = NULL;
        return r < 0 ? r : node->failed ? NBT_ERR_NOMEM : 0;
}

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct node_config node_config_default(void)
{
        return (struct node_config){.type = NODE_TYPE_B,
                                    .timing = NODE_TIMING_DEFAULT,
                                    .name_server_port = NBNS_PORT,
                                    .refresh_opcode = NBNS_OPCODE_REFRESH,
                                    .demand_policy = NODE_DEMAND_VERIFY,
                                    .status_per_second = NODE_STATUS_PER_SECOND,
                                    .lmhosts_enabled = true};
}

int node_new(struct node **ret, const struct node_config *config, const struct rng *rng)
{
        if (!config_is_possible(config))
                return NBT_ERR_RANGE;
        struct node *node = calloc(1, sizeof(*node));
        if (!node)
                return NBT_ERR_NOMEM;
        node->config = *config;
        node->rng = *rng;
        node->wake = node->stop_deadline = MONO_NEVER;
        node->verify_earliest = node->rr_earliest = node->resources_earliest = (mono_t){INT64_MIN};
        node->status_bucket.tokens = NODE_STATUS_BURST;
        node->proxy_bucket.tokens = NODE_PROXY_BURST;
        int r = node_cache_new(&node->cache, NODE_MAX_CACHE, rng_u64(&node->rng));
        if (r == 0)
                r = node_configure_names(node);
        if (r < 0) {
                node_free(node);
                return r;
        }
        *ret = node;
        return 0;
}

struct node *node_free(struct node *node)
{
        if (!node)
                return NULL;
        for (size_t i = 0; i < node->name_count; i++)
                node_name_kill(node, node->names[i]);
        node_sweep(node);
        node_resolve_free(node);
        node_cache_free(node->cache);
        for (size_t i = 0; i < node->iface_count; i++)
                free(node->ifaces[i]);
        free(node);
        return NULL;
}
