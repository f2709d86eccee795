#include "node/internal.h"

#include "node/demand.h"

#include "node/cache.h"

/*
 * Anyone can forge a demand (MS00-047, KB269239), so by default it is verified: segment and servers are asked who else holds
 * the name. A flood of demands is folded into the one verification that is under way or planned; what is sent and told
 * depends on time only, not on how many come.
 */
enum node_demand_answer node_demand_decide(const struct node_demand_facts *facts)
{
        if (facts->state != NODE_STATE_REGISTERED)
                return NODE_ANSWER_NOTHING;
        if (facts->kind == NODE_NAME_GROUP) /* KB314696 */
                return NODE_ANSWER_IGNORE;
        switch (facts->policy) {
        case NODE_DEMAND_OBEY:
                return NODE_ANSWER_OBEY;
        case NODE_DEMAND_WINS_ONLY:
                return facts->from_wins ? NODE_ANSWER_OBEY : NODE_ANSWER_IGNORE;
        case NODE_DEMAND_VERIFY:
                break;
        }
        return NODE_ANSWER_VERIFY;
}

static struct node_notice *tell(struct node *node, const struct node_entry *entry, bool is_release, uint32_t sender,
                                enum node_demand_verdict verdict)
{
        struct node_notice *notice =
                node_emit_notice(node, is_release ? NODE_NOTICE_RELEASE_DEMAND : NODE_NOTICE_DUPLICATE, entry);

        notice->peer = sender;
        notice->verdict = verdict;
        notice->opcode = is_release ? NBNS_OPCODE_RELEASE : NBNS_OPCODE_REGISTRATION;
        notice->rcode = is_release ? NBNS_RCODE_OK : NBNS_RCODE_CFT_ERR;
        notice->by_wins = node_wins_is_server(entry->iface, sender);
        if (verdict == NODE_DEMAND_CONFIRMED || verdict == NODE_DEMAND_NOT_VERIFIED)
                notice->new_state = NODE_STATE_CONFLICT;
        return notice;
}

static void answer_release(struct node *node, const struct node_entry *entry, uint32_t destination, uint16_t port,
                           uint16_t id, uint8_t rcode)
{
        const struct nbns_address address = {.nb_flags = node_nb_flags(node, entry->name->kind),
                                             .address = entry->iface->config.address};
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim_response(&packet, rdata, id, NBNS_OPCODE_RELEASE, rcode, &entry->name->name,
                                  &node->config.scope, &address, 0);
        node_emit_packet(node, entry->iface, destination, port, &packet);
}

/* ---- verification ----------------------------------------------------------------------------------------------------- */

void node_verify_cancel(struct node *node, struct node_entry *entry)
{
        node_trans_end(node, &entry->verify.trans);
        entry->verify.waiting = false;
        entry->verify.timer = MONO_NEVER;
}

static void verify_try(struct node *node, struct node_entry *entry)
{
        struct node_verify *verify = &entry->verify;
        const struct node_if *iface = entry->iface;
        struct nbns_packet packet;

        verify->tries++;
        if (node_uses_broadcast(node)) {
                nbns_build_query(&packet, verify->trans.id, &entry->name->name, &node->config.scope, NBNS_TYPE_NB, true,
                                 true);
                node_emit_broadcast(node, iface, &packet);
        }
        for (size_t i = 0; node_uses_wins(node, iface) && i < iface->wins_count; i++) {
                nbns_build_query(&packet, verify->trans.id, &entry->name->name, &node->config.scope, NBNS_TYPE_NB, true,
                                 false);
                node_emit_packet(node, iface, iface->wins[i].address, node->config.name_server_port, &packet);
        }
        node_arm_ms(node, &verify->timer, NODE_VERIFY_QUERY_MS);
}

static void verify_begin(struct node *node, struct node_entry *entry)
{
        struct node_verify *verify = &entry->verify;
        struct node_notice *notice = tell(node, entry, verify->is_release, verify->sender, NODE_DEMAND_PENDING);

        notice->repeated = verify->repeated;
        verify->repeated = 0;
        verify->waiting = false;
        verify->tries = 0;
        verify->earliest = mono_add_ms(node->now, NODE_VERIFY_MIN_INTERVAL_MS);
        node->verify_earliest = mono_add_ms(node->now, NODE_VERIFY_GLOBAL_INTERVAL_MS);
        node_trans_begin(node, &verify->trans, NODE_TRANS_VERIFY);
        verify_try(node, entry);
}

static void verify_when_allowed(struct node *node, struct node_entry *entry)
{
        struct node_verify *verify = &entry->verify;
        const mono_t earliest =
                verify->earliest.ns > node->verify_earliest.ns ? verify->earliest : node->verify_earliest;

        if (mono_is_due(earliest, node->now)) {
                verify_begin(node, entry);
                return;
        }
        verify->waiting = true;
        node_arm(node, &verify->timer, earliest);
}

static void verify_end(struct node *node, struct node_entry *entry, uint32_t holder)
{
        struct node_verify *verify = &entry->verify;
        struct node_notice *notice = tell(node, entry, verify->is_release, verify->sender,
                                          holder ? NODE_DEMAND_CONFIRMED : NODE_DEMAND_UNFOUNDED);

        notice->holder = holder;
        notice->repeated = verify->repeated;
        verify->repeated = 0;
        if (verify->wants_answer)
                answer_release(node, entry, verify->sender, verify->demand_port, verify->demand_id,
                               holder ? NBNS_RCODE_OK : NBNS_RCODE_ACT_ERR);
        node_verify_cancel(node, entry);
        if (holder)
                node_entry_lose(node, entry, holder);
}

void node_verify_timer(struct node *node, struct node_entry *entry)
{
        struct node_verify *verify = &entry->verify;

        verify->timer = MONO_NEVER;
        if (verify->waiting)
                verify_when_allowed(node, entry);
        else if (verify->trans.active && verify->tries < NODE_VERIFY_TRIES)
                verify_try(node, entry);
        else if (verify->trans.active)
                verify_end(node, entry, 0);
}

/* Who holds the name by this answer: 0 if we do ourselves (a server's or a proxy's answer about us). */
static uint32_t holder_of(const struct node *node, const struct node_packet *packet)
{
        const struct nbns_rr *rr = &packet->nbns.answer;
        const size_t count = nbns_rr_address_count(rr);
        uint32_t holder = 0;

        for (size_t i = 0; i < count; i++) {
                const uint32_t address = nbns_rr_address_get(rr, i).address;

                if (node_is_own_address(node, address))
                        return 0;
                if (holder == 0 || address == packet->source)
                        holder = address;
        }
        /* a group's answer may name no address of use: 255.255.255.255 (KB130232), 0.0.0.0 (observed) */
        return count && (holder == 0 || holder == IP4_BROADCAST) ? packet->source : holder;
}

void node_verify_response(struct node *node, struct node_entry *entry, const struct node_packet *packet)
{
        const struct nbns_packet *nbns = &packet->nbns;
        const struct node_iface *config = &entry->iface->config;
        const bool from_segment =
                node_uses_broadcast(node) && ip4_same_subnet(packet->source, config->address, config->netmask);

        if (nbns->header.opcode != NBNS_OPCODE_QUERY || nbns->header.rcode != NBNS_RCODE_OK ||
            nbns->answer.type != NBNS_TYPE_NB)
                return;
        if (!from_segment && !node_wins_is_server(entry->iface, packet->source))
                return;
        const uint32_t holder = holder_of(node, packet);
        if (holder)
                verify_end(node, entry, holder);
}

/* ---- demands ---------------------------------------------------------------------------------------------------------- */

static void remember(struct node *node, struct node_entry *entry, const struct node_packet *packet, bool is_release)
{
        struct node_verify *verify = &entry->verify;

        if (verify->trans.active || verify->waiting) {
                verify->repeated++;
                return;
        }
        verify->is_release = is_release;
        verify->sender = packet->source;
        verify->wants_answer = is_release && !packet->broadcast;
        verify->demand_id = packet->nbns.header.id;
        verify->demand_port = packet->source_port;
        verify_when_allowed(node, entry);
}

static void ignore(struct node *node, struct node_entry *entry, const struct node_packet *packet, bool is_release)
{
        uint32_t repeated;

        node->statistics.demands_ignored++;
        /* a member that leaves a group by broadcast is everyday traffic, no demand */
        if (is_release && packet->broadcast && entry->name->kind == NODE_NAME_GROUP)
                return;
        if (!node_fold_pass(node, &entry->ignored, packet->source, &repeated))
                return;
        tell(node, entry, is_release, packet->source, NODE_DEMAND_IGNORED)->repeated = repeated;
        if (is_release && !packet->broadcast)
                answer_release(node, entry, packet->source, packet->source_port, packet->nbns.header.id,
                               NBNS_RCODE_ACT_ERR);
}

static void obey(struct node *node, struct node_entry *entry, const struct node_packet *packet, bool is_release)
{
        (void)tell(node, entry, is_release, packet->source, NODE_DEMAND_NOT_VERIFIED);
        if (is_release && !packet->broadcast)
                answer_release(node, entry, packet->source, packet->source_port, packet->nbns.header.id, NBNS_RCODE_OK);
        node_entry_lose(node, entry, packet->source);
}

static void demanded(struct node *node, const struct nb_name *which, const struct node_packet *packet, bool is_release)
{
        struct node_name *name = node_name_find(node, which);
        struct node_entry *entry = name ? node_entry_find(name, packet->iface) : NULL;

        if (!entry)
                return;
        node->statistics.demands_received++;
        const struct node_demand_facts facts = {
                .policy = node->config.demand_policy,
                .kind = name->kind,
                .state = entry->state,
                .from_wins = node_wins_is_server(packet->iface, packet->source),
        };
        switch (node_demand_decide(&facts)) {
        case NODE_ANSWER_OBEY:
                obey(node, entry, packet, is_release);
                return;
        case NODE_ANSWER_VERIFY:
                remember(node, entry, packet, is_release);
                return;
        case NODE_ANSWER_IGNORE:
                ignore(node, entry, packet, is_release);
                return;
        case NODE_ANSWER_NOTHING:
                return;
        }
}

void node_demand_conflict(struct node *node, const struct node_packet *packet)
{
        demanded(node, &packet->nbns.answer.name, packet, false);
}

/* RFC 1002 §5.1.1.5, and the NT resource kit of the WINS proxy: who gives a name up has it no more. Only an address that is
 * remembered can be taken back. */
static void forget(struct node *node, const struct nb_name *name, const struct nbns_rr *released)
{
        const struct node_cache_entry *entry = node_cache_find(node->cache, name, node->now);
        const uint32_t address = nbns_rr_address_count(released) ? nbns_rr_address_get(released, 0).address : 0;

        for (size_t i = 0; entry && i < entry->address_count; i++)
                if (entry->addresses[i].address == address) {
                        node_cache_remove(node->cache, name);
                        return;
                }
}

void node_demand_release(struct node *node, const struct node_packet *packet)
{
        if (!packet->nbns.has_question)
                return;
        if (packet->broadcast && packet->on_link && packet->nbns.has_additional)
                forget(node, &packet->nbns.question.name, &packet->nbns.additional);
        demanded(node, &packet->nbns.question.name, packet, true);
}

const char *node_demand_answer_str(enum node_demand_answer answer)
{
        static const char *const names[] = {"nothing", "ignore", "obey", "verify"};

        return (size_t)answer < NBT_ARRAY_SIZE(names) ? names[answer] : "?";
}
