#include "node/internal.h"

#include "node/cache.h"
#include "node/lmhosts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/*
 * Other machines' names: our own table, the cache, then segment and servers in the order of the node type, LMHOSTS, DNS (KB119493).
 *
 * A unique name's first answer by broadcast is kept back for CONFLICT_TIMER: a second, different owner who answers within it is
 * told so by a NAME CONFLICT DEMAND, and both are reported (RFC 1002 §5.1.1.2, §4.2.8).
 */

enum stage { STAGE_BEGIN, STAGE_BCAST, STAGE_WINS, STAGE_LMHOSTS, STAGE_DNS, STAGE_END };

#define MAX_HOLDERS 8

struct server {
        uint32_t iface_id, address;
};

struct node_query {
        struct node_query *next;
        struct node_trans trans;
        struct node_command command; /* its lmhosts are not kept */
        size_t step;                 /* index into the node type's stages */
        enum stage stage;
        mono_t timer, wack_until;
        uint32_t tries;
        uint32_t lookup_id;
        size_t server_count, server_at;
        struct server servers[NODE_MAX_WINS];
        bool answered; /* by broadcast; waiting for a second owner */
        enum node_name_kind kind;
        size_t address_count;
        struct nbns_address addresses[NODE_CACHE_MAX_ADDRESSES];
        size_t holder_count; /* who answered: the first is the one the addresses are of */
        uint32_t holders[MAX_HOLDERS];
        bool proxied; /* nobody here asked: it is for ASKER, and only the servers are asked */
        struct node_asker asker;
};

static void advance(struct node *node, struct node_query *query);

/* ---- ends --------------------------------------------------------------------------------------------------------------- */

static void unlink_query(struct node *node, struct node_query *query)
{
        struct node_query **at = &node->queries;

        while (*at != query)
                at = &(*at)->next;
        *at = query->next;
        node->query_count--;
        node->proxy_query_count -= query->proxied;
        node_trans_end(node, &query->trans);
        free(query);
}

/* NULL if memory ran out; the driver then never hears of the command's end, but of NBT_ERR_NOMEM. */
static struct node_completion *complete(struct node *node, const struct node_command *command, int result, int from,
                                        const struct nbns_address *addresses, size_t count, uint32_t responder)
{
        struct node_action *action = node_emit(node, NODE_ACTION_COMPLETE);

        if (!action)
                return NULL;
        action->complete.id = command->id;
        action->complete.name = command->name;
        action->complete.result = result;
        action->complete.from = from;
        action->complete.responder = responder;
        action->complete.addresses = arena_copy(node->out->arena, addresses, sizeof(*addresses) * count);
        if (action->complete.addresses)
                action->complete.address_count = count;
        else
                node->failed = true;
        return &action->complete;
}

static void fail(struct node *node, struct node_query *query, int result)
{
        if (query->proxied)
                node_proxy_failed(node, &query->command.name);
        else
                complete(node, &query->command, result, NODE_FROM_NONE, NULL, 0, 0);
        unlink_query(node, query);
}

static void remember_broadcast(struct node *node, const struct nb_name *name)
{
        size_t at = 0;

        while (at < node->recent_broadcast_count && !nb_name_equal(&node->recent_broadcast[at], name))
                at++;
        if (at == node->recent_broadcast_count && at < NODE_MAX_RECENT_BROADCAST)
                node->recent_broadcast_count++;
        if (at == NODE_MAX_RECENT_BROADCAST)
                at--;
        memmove(&node->recent_broadcast[1], &node->recent_broadcast[0], at * sizeof(node->recent_broadcast[0]));
        node->recent_broadcast[0] = *name;
}

static void succeed(struct node *node, struct node_query *query, int from)
{
        const bool conflict = query->holder_count > 1;

        if (query->proxied)
                node_proxy_resolved(node, &query->asker, &query->command.name, query->kind, query->addresses,
                                    query->address_count, node->config.timing.cache_timeout_ms / 1000);
        struct node_completion *completion =
                query->proxied
                        ? NULL
                        : complete(node, &query->command, conflict ? NBT_ERR_CONFLICT : 0, from, query->addresses,
                                   query->address_count, query->holder_count ? query->holders[0] : 0);
        if (conflict && completion) {
                completion->holders =
                        arena_copy(node->out->arena, query->holders, sizeof(uint32_t) * query->holder_count);
                completion->holder_count = completion->holders ? query->holder_count : 0;
        }
        if (!conflict && from != NODE_FROM_LMHOSTS) {
                /* a preloaded entry stays (MS00-047); no memory for the cache is no reason to fail */
                int r = node_cache_put(node->cache, &query->command.name, query->kind, query->addresses,
                                       query->address_count, node->now, node->config.timing.cache_timeout_ms);
                (void)r;
        }
        if (from == NODE_FROM_BROADCAST) {
                node->statistics.resolved_by_broadcast++;
                remember_broadcast(node, &query->command.name);
        } else if (from == NODE_FROM_WINS) {
                node->statistics.resolved_by_wins++;
        }
        unlink_query(node, query);
}

/* ---- sending ------------------------------------------------------------------------------------------------------------ */

static void broadcast_try(struct node *node, struct node_query *query)
{
        struct nbns_packet packet;

        query->tries++;
        nbns_build_query(&packet, query->trans.id, &query->command.name, &node->config.scope, NBNS_TYPE_NB, true, true);
        for (size_t i = 0; i < node->iface_count; i++)
                if (node_if_usable(node->ifaces[i]))
                        node_emit_broadcast(node, node->ifaces[i], &packet);
        node_arm_ms(node, &query->timer, node->config.timing.bcast_query_timeout_ms);
}

static void unicast_try(struct node *node, struct node_query *query)
{
        const struct server *server = &query->servers[query->server_at];
        const struct node_if *iface = node_if_find(node, server->iface_id);
        const bool status = query->command.type == NODE_COMMAND_STATUS;
        struct nbns_packet packet;

        query->tries++;
        nbns_build_query(&packet, query->trans.id, &query->command.name, &node->config.scope,
                         status ? NBNS_TYPE_NBSTAT : NBNS_TYPE_NB, !status, false);
        if (iface)
                node_emit_packet(node, iface, server->address, status ? NBNS_PORT : node->config.name_server_port,
                                 &packet);
        node_arm_ms(node, &query->timer, node->config.timing.name_srv_query_timeout_ms);
}

static void unicast_begin(struct node *node, struct node_query *query)
{
        node_trans_begin(node, &query->trans, NODE_TRANS_QUERY); /* each server a fresh id */
        query->tries = 0;
        query->wack_until = MONO_NEVER;
        unicast_try(node, query);
}

/* ---- stages ------------------------------------------------------------------------------------------------------------- */

static enum stage stage_of(const struct node *node, const struct node_query *query, size_t step)
{
        static const enum stage b[] = {STAGE_BCAST, STAGE_LMHOSTS, STAGE_DNS},
                                p[] = {STAGE_WINS, STAGE_LMHOSTS, STAGE_DNS},
                                m[] = {STAGE_BCAST, STAGE_WINS, STAGE_LMHOSTS, STAGE_DNS},
                                h[] = {STAGE_WINS, STAGE_BCAST, STAGE_LMHOSTS, STAGE_DNS};

        if (query->proxied)
                return step == 0 ? STAGE_WINS : STAGE_END;
        switch (node->config.type) {
        case NODE_TYPE_B:
                return step < NBT_ARRAY_SIZE(b) ? b[step] : STAGE_END;
        case NODE_TYPE_P:
                return step < NBT_ARRAY_SIZE(p) ? p[step] : STAGE_END;
        case NODE_TYPE_M:
                return step < NBT_ARRAY_SIZE(m) ? m[step] : STAGE_END;
        case NODE_TYPE_H:
                return step < NBT_ARRAY_SIZE(h) ? h[step] : STAGE_END;
        }
        return STAGE_END;
}

static bool begin_bcast(struct node *node, struct node_query *query)
{
        bool any = false;

        for (size_t i = 0; i < node->iface_count; i++)
                any = any || node_if_usable(node->ifaces[i]);
        if (!any)
                return false;
        node_trans_begin(node, &query->trans, NODE_TRANS_QUERY);
        query->tries = 0;
        broadcast_try(node, query);
        return true;
}

static void add_server(struct node_query *query, const struct node_if *iface, uint32_t address)
{
        for (size_t i = 0; i < query->server_count; i++)
                if (query->servers[i].address == address)
                        return;
        if (query->server_count < NBT_ARRAY_SIZE(query->servers))
                query->servers[query->server_count++] = (struct server){iface->config.id, address};
}

static bool begin_wins(struct node *node, struct node_query *query)
{
        query->server_count = query->server_at = 0;
        for (size_t i = 0; i < node->iface_count; i++) {
                const struct node_if *iface = node->ifaces[i];

                if (!node_if_usable(iface) || !node_uses_wins(node, iface))
                        continue;
                for (size_t j = 0; j < iface->wins_count; j++) {
                        const struct node_wins *server = &iface->wins[(iface->wins_current + j) % iface->wins_count];
                        if (!server->down || mono_is_due(server->down_until, node->now))
                                add_server(query, iface, server->address);
                }
        }
        if (query->server_count == 0)
                return false;
        unicast_begin(node, query);
        return true;
}

static bool try_lmhosts(struct node *node, struct node_query *query)
{
        uint32_t found[NODE_CACHE_MAX_ADDRESSES];

        if (!node->config.lmhosts_enabled)
                return false;
        query->address_count =
                lmhosts_lookup(node->lmhosts, node->lmhosts_count, &query->command.name, found, NBT_ARRAY_SIZE(found));
        for (size_t i = 0; i < query->address_count; i++)
                query->addresses[i] = (struct nbns_address){.address = found[i]};
        if (query->address_count == 0)
                return false;
        succeed(node, query, NODE_FROM_LMHOSTS);
        return true;
}

static bool begin_dns(struct node *node, struct node_query *query)
{
        char host[NB_NAME_TEXT_BYTES];
        const uint8_t suffix = nb_name_suffix(&query->command.name);

        if (!node->config.dns_enabled || (suffix != 0x00 && suffix != 0x20))
                return false;
        nb_name_format_stem(&query->command.name, host);
        for (char *at = host; *at; at++) {
                *at = (char)tolower((unsigned char)*at);
                if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
                        return false; /* no host name */
        }
        struct node_action *action = host[0] ? node_emit(node, NODE_ACTION_DNS_LOOKUP) : NULL;
        if (!action)
                return false;
        query->lookup_id = ++node->next_lookup_id;
        action->dns.lookup_id = query->lookup_id;
        action->dns.host = arena_strdup(node->out->arena, host);
        if (!action->dns.host)
                node->failed = true;
        node_arm_ms(node, &query->timer, NODE_DNS_TIMEOUT_MS);
        return true;
}

static void advance(struct node *node, struct node_query *query)
{
        node_trans_end(node, &query->trans);
        query->timer = MONO_NEVER;
        for (;;) {
                query->stage = stage_of(node, query, query->step++);
                switch (query->stage) {
                case STAGE_BCAST:
                        if (begin_bcast(node, query))
                                return;
                        break;
                case STAGE_WINS:
                        if (begin_wins(node, query))
                                return;
                        break;
                case STAGE_LMHOSTS:
                        if (try_lmhosts(node, query))
                                return;
                        break;
                case STAGE_DNS:
                        if (begin_dns(node, query))
                                return;
                        break;
                case STAGE_BEGIN:
                case STAGE_END:
                        fail(node, query, NBT_ERR_NOT_FOUND);
                        return;
                }
        }
}

/* ---- commands ----------------------------------------------------------------------------------------------------------- */

static bool answer_locally(struct node *node, const struct node_command *command)
{
        struct nbns_address addresses[NODE_MAX_ANSWER_ADDRESSES];
        const struct node_name *name = node_name_find(node, &command->name);
        size_t count = 0;

        for (const struct node_entry *entry = name ? name->entries : NULL; entry && count < NODE_MAX_ANSWER_ADDRESSES;
             entry = entry->next)
                if (entry->state ==
                    NODE_STATE_REGISTERED) /* one in conflict is not used: others are asked who holds it */
                        addresses[count++] = (struct nbns_address){.nb_flags = node_nb_flags(node, name->kind),
                                                                   .address = entry->iface->config.address};
        if (count)
                complete(node, command, 0, NODE_FROM_LOCAL, addresses, count, addresses[0].address);
        return count != 0;
}

static bool answer_from_cache(struct node *node, const struct node_command *command)
{
        const struct node_cache_entry *entry =
                command->bypass_cache ? NULL : node_cache_find(node->cache, &command->name, node->now);

        if (entry)
                complete(node, command, 0, NODE_FROM_CACHE, entry->addresses, entry->address_count, 0);
        return entry != NULL;
}

static void complete_status(struct node *node, const struct node_command *command, const struct nbstat_table *table,
                            uint32_t responder)
{
        struct node_completion *completion = complete(node, command, 0, NODE_FROM_NONE, NULL, 0, responder);

        if (completion)
                completion->table = table;
}

/* We would not hear our own question: our table is at hand. */
static bool status_locally(struct node *node, const struct node_command *command)
{
        for (size_t i = 0; i < node->iface_count; i++) {
                if (node->ifaces[i]->config.address != command->address)
                        continue;
                struct nbstat_table *table = arena_alloc(node->out->arena, sizeof(*table));
                if (table) {
                        node_status_table(node, node->ifaces[i], table);
                        complete_status(node, command, table, command->address);
                } else {
                        node->failed = true;
                }
                return true;
        }
        return false;
}

static const struct node_if *if_towards(const struct node *node, uint32_t address)
{
        const struct node_if *first = NULL;

        for (size_t i = 0; i < node->iface_count; i++) {
                const struct node_iface *config = &node->ifaces[i]->config;

                if (!node_if_usable(node->ifaces[i]))
                        continue;
                if (ip4_same_subnet(config->address, address, config->netmask))
                        return node->ifaces[i];
                if (!first)
                        first = node->ifaces[i];
        }
        return first;
}

static void begin_status(struct node *node, struct node_query *query)
{
        static const struct nb_name none = {0};
        const struct node_if *iface = if_towards(node, query->command.address);

        if (nb_name_equal(&query->command.name, &none))
                query->command.name = NB_NAME_WILDCARD;
        if (!iface) {
                fail(node, query, NBT_ERR_STATE);
                return;
        }
        add_server(query, iface, query->command.address);
        unicast_begin(node, query);
}

static struct node_query *add_query(struct node *node, const struct node_command *command)
{
        struct node_query *query = calloc(1, sizeof(*query));

        if (!query)
                return NULL;
        query->command = *command;
        query->command.lmhosts = NULL;
        query->timer = query->wack_until = MONO_NEVER;
        query->next = node->queries;
        node->queries = query;
        node->query_count++;
        return query;
}

static bool is_under_way(const struct node *node, const struct nb_name *name)
{
        for (const struct node_query *query = node->queries; query; query = query->next)
                if (query->proxied && nb_name_equal(&query->command.name, name))
                        return true;
        return false;
}

int node_resolve_proxied(struct node *node, const struct nb_name *name, const struct node_asker *asker)
{
        const struct node_command command = {.type = NODE_COMMAND_QUERY, .name = *name};

        /* Ours come first: strangers never fill the table. */
        if (node->proxy_query_count == NODE_PROXY_QUERIES || node->query_count >= NODE_MAX_QUERIES / 2 ||
            is_under_way(node, name) ||
            !node_bucket_take(node, &node->proxy_bucket, NODE_PROXY_PER_SECOND, NODE_PROXY_BURST))
                return 0;
        struct node_query *query = add_query(node, &command);
        if (!query)
                return NBT_ERR_NOMEM;
        query->proxied = true;
        query->asker = *asker;
        node->proxy_query_count++;
        advance(node, query);
        return 0;
}

int node_resolve_start(struct node *node, const struct node_command *command)
{
        const bool status = command->type == NODE_COMMAND_STATUS;

        if (status ? status_locally(node, command) : answer_locally(node, command) || answer_from_cache(node, command))
                return 0;
        if (node->query_count == NODE_MAX_QUERIES) {
                node_emit_resources(node);
                complete(node, command, NBT_ERR_FULL, NODE_FROM_NONE, NULL, 0, 0);
                return 0;
        }
        struct node_query *query = add_query(node, command);
        if (!query)
                return NBT_ERR_NOMEM;
        if (status)
                begin_status(node, query);
        else
                advance(node, query);
        return 0;
}

/* ---- answers ------------------------------------------------------------------------------------------------------------ */

static bool lists(const struct nbns_address *addresses, size_t count, uint32_t address)
{
        for (size_t i = 0; i < count; i++)
                if (addresses[i].address == address)
                        return true;
        return false;
}

static size_t read_addresses(const struct nbns_rr *rr, struct nbns_address ret[NODE_CACHE_MAX_ADDRESSES])
{
        size_t count = nbns_rr_address_count(rr);

        if (count > NODE_CACHE_MAX_ADDRESSES)
                count = NODE_CACHE_MAX_ADDRESSES;
        for (size_t i = 0; i < count; i++)
                ret[i] = nbns_rr_address_get(rr, i);
        return count;
}

static void take_answer(struct node_query *query, const struct node_packet *packet)
{
        query->address_count = read_addresses(&packet->nbns.answer, query->addresses);
        query->kind = query->addresses[0].nb_flags & NBNS_NB_GROUP ? NODE_NAME_GROUP : NODE_NAME_UNIQUE;
        query->holders[0] = packet->source;
        query->holder_count = 1;
}

/* One machine with several addresses, or an answer relayed for the first owner, is no second owner. */
static bool is_same_owner(const struct node_query *query, const struct node_packet *packet)
{
        struct nbns_address addresses[NODE_CACHE_MAX_ADDRESSES];
        const size_t count = read_addresses(&packet->nbns.answer, addresses);

        if (lists(query->addresses, query->address_count, packet->source))
                return true;
        for (size_t i = 0; i < query->holder_count; i++)
                if (query->holders[i] == packet->source || lists(addresses, count, query->holders[i]))
                        return true;
        for (size_t i = 0; i < count; i++)
                if (lists(query->addresses, query->address_count, addresses[i].address))
                        return true;
        return false;
}

static void second_owner(struct node *node, struct node_query *query, const struct node_packet *packet)
{
        struct nbns_packet demand;
        uint8_t rdata[6];

        if (query->holder_count == MAX_HOLDERS || is_same_owner(query, packet))
                return;
        query->holders[query->holder_count++] = packet->source;
        nbns_build_conflict_demand(&demand, rdata, packet->nbns.header.id, &query->command.name, &node->config.scope);
        node_emit_packet(node, packet->iface, packet->source, NBNS_PORT, &demand);
        struct node_notice *notice = node_emit_if_notice(node, NODE_NOTICE_CONFLICT_SENT, packet->iface);
        notice->name = query->command.name;
        notice->kind = NODE_NAME_UNIQUE;
        notice->peer = packet->source;
        notice->holder = query->holders[0];
        notice->opcode = NBNS_OPCODE_REGISTRATION;
        notice->rcode = NBNS_RCODE_CFT_ERR;
}

static void bcast_response(struct node *node, struct node_query *query, const struct node_packet *packet)
{
        const bool group = nbns_rr_address_get(&packet->nbns.answer, 0).nb_flags & NBNS_NB_GROUP;

        if (!packet->on_link)
                return; /* we asked the segment, nobody else (CVE-2016-3213) */
        if (query->answered) {
                if (!group)
                        second_owner(node, query, packet);
                return;
        }
        take_answer(query, packet);
        if (group) {
                succeed(node, query, NODE_FROM_BROADCAST);
                return;
        }
        query->answered = true;
        node_arm_ms(node, &query->timer, NODE_CONFLICT_TIMER_MS);
}

static void next_server(struct node *node, struct node_query *query)
{
        if (++query->server_at < query->server_count)
                unicast_begin(node, query);
        else
                advance(node, query);
}

static bool extend(struct node *node, struct node_query *query, const struct node_packet *packet)
{
        if (packet->nbns.header.opcode != NBNS_OPCODE_WACK)
                return false;
        if (query->wack_until.ns == MONO_NEVER.ns)
                query->wack_until = mono_add_ms(node->now, NODE_WACK_LIMIT_MS);
        const mono_t at =
                mono_min(mono_add_ms(node->now, (uint64_t)packet->nbns.answer.ttl_s * 1000), query->wack_until);
        if (at.ns > query->timer.ns)
                query->timer = at;
        return true;
}

static void wins_response(struct node *node, struct node_query *query, const struct node_packet *packet)
{
        if (packet->nbns.header.opcode != NBNS_OPCODE_QUERY) {
                (void)extend(node, query, packet);
                return;
        }
        if (packet->nbns.header.rcode != NBNS_RCODE_OK || nbns_rr_address_count(&packet->nbns.answer) == 0) {
                next_server(node, query);
                return;
        }
        take_answer(query, packet);
        succeed(node, query, NODE_FROM_WINS);
}

static void status_response(struct node *node, struct node_query *query, const struct node_packet *packet)
{
        const struct nbns_rr *rr = &packet->nbns.answer;
        struct nbstat_table *table = arena_alloc(node->out->arena, sizeof(*table));

        if (!table) {
                node->failed = true;
                return;
        }
        if (rr->type != NBNS_TYPE_NBSTAT || nbstat_table_decode(rr->rdata, rr->rdata_len_bytes, table) < 0)
                return;
        complete_status(node, &query->command, table, packet->source);
        unlink_query(node, query);
}

void node_resolve_response(struct node *node, struct node_trans *trans, const struct node_packet *packet)
{
        struct node_query *query = NODE_CONTAINER(trans, struct node_query, trans);
        const struct nbns_packet *nbns = &packet->nbns;
        const bool broadcast = query->command.type == NODE_COMMAND_QUERY && query->stage == STAGE_BCAST;

        if (!nbns->has_answer || !nb_name_equal(&nbns->answer.name, &query->command.name) ||
            (!broadcast && packet->source != query->servers[query->server_at].address)) {
                node->statistics.packets_unmatched++;
                return;
        }
        if (query->command.type == NODE_COMMAND_STATUS) {
                if (nbns->header.opcode == NBNS_OPCODE_QUERY)
                        status_response(node, query, packet);
        } else if (!broadcast) {
                wins_response(node, query, packet);
        } else if (nbns->header.opcode == NBNS_OPCODE_QUERY && nbns->header.rcode == NBNS_RCODE_OK &&
                   nbns_rr_address_count(&nbns->answer) > 0) {
                bcast_response(node, query, packet);
        }
}

void node_resolve_dns(struct node *node, uint32_t lookup_id, const uint32_t *addresses, size_t count)
{
        struct node_query *query = node->queries;

        while (query && !(query->stage == STAGE_DNS && query->lookup_id == lookup_id))
                query = query->next;
        if (!query)
                return;
        if (count == 0) {
                advance(node, query);
                return;
        }
        if (count > NODE_CACHE_MAX_ADDRESSES)
                count = NODE_CACHE_MAX_ADDRESSES;
        query->address_count = count;
        for (size_t i = 0; i < count; i++)
                query->addresses[i] = (struct nbns_address){.address = addresses[i]};
        succeed(node, query, NODE_FROM_DNS);
}

/* ---- timers ------------------------------------------------------------------------------------------------------------- */

static void unicast_timer(struct node *node, struct node_query *query)
{
        const struct server *server = &query->servers[query->server_at];

        if (query->tries < node->config.timing.name_srv_query_count) {
                unicast_try(node, query);
                return;
        }
        if (query->command.type == NODE_COMMAND_STATUS) {
                fail(node, query, NBT_ERR_TIMEOUT);
                return;
        }
        struct node_if *iface = node_if_find(node, server->iface_id);
        if (iface)
                node_wins_silent_address(node, iface, server->address);
        next_server(node, query);
}

static void query_timer(struct node *node, struct node_query *query)
{
        query->timer = MONO_NEVER;
        if (query->command.type == NODE_COMMAND_STATUS || query->stage == STAGE_WINS)
                unicast_timer(node, query);
        else if (query->answered)
                succeed(node, query, NODE_FROM_BROADCAST);
        else if (query->stage == STAGE_BCAST && query->tries < node->config.timing.bcast_query_count)
                broadcast_try(node, query);
        else
                advance(node, query);
}

void node_resolve_timers(struct node *node)
{
        struct node_query *next;

        for (struct node_query *query = node->queries; query; query = next) {
                next = query->next;
                if (mono_is_due(query->timer, node->now))
                        query_timer(node, query);
        }
        for (const struct node_query *query = node->queries; query; query = query->next)
                node->wake = mono_min(node->wake, query->timer);
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------- */

void node_resolve_stop(struct node *node)
{
        while (node->queries)
                fail(node, node->queries, NBT_ERR_STATE);
}

int node_resolve_reload(struct node *node, const struct node_lmhost *lmhosts, size_t count)
{
        struct node_lmhost *copy = NULL;

        if (!node->config.lmhosts_enabled)
                count = 0; /* EnableLMHOSTS 0: neither read nor preloaded */
        if (count > LMHOSTS_MAX_ENTRIES)
                return NBT_ERR_FULL;
        if (count) {
                copy = malloc(sizeof(*copy) * count);
                if (!copy)
                        return NBT_ERR_NOMEM;
                memcpy(copy, lmhosts, sizeof(*copy) * count);
        }
        free(node->lmhosts);
        node->lmhosts = copy;
        node->lmhosts_count = count;
        node_cache_purge(node->cache, true);
        const int r = node_cache_load(node->cache, copy, count);
        if (r > 0)
                node_emit_resources(node);
        return r < 0 ? r : 0;
}

void node_resolve_free(struct node *node)
{
        while (node->queries)
                unlink_query(node, node->queries);
        free(node->lmhosts);
        node->lmhosts = NULL;
}
