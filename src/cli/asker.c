#include "cli/asker.h"

#include "io/clock.h"
#include "io/netif.h"
#include "io/random.h"
#include "io/udp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct asker {
        struct udp *udp;
        struct arena arena; /* what netif_list() found, and the rows below */
        const struct netif *netifs;
        size_t netif_count;
        size_t iface_count;
        struct asker_iface *ifaces; /* ids are index + 1 */
        uint32_t *ifindexes;        /* beside each */
        struct rng rng;
        bool port_denied;
};

/* Each address that can broadcast becomes a row: NetBIOS asks by address, as Windows has an adapter for each. */
static int list_ifaces(struct asker *asker)
{
        size_t room = 0;

        for (size_t i = 0; i < asker->netif_count; i++)
                room += asker->netifs[i].address_count;
        asker->ifaces = arena_alloc(&asker->arena, room * sizeof(*asker->ifaces));
        asker->ifindexes = arena_alloc(&asker->arena, room * sizeof(*asker->ifindexes));
        if (!asker->ifaces || !asker->ifindexes)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < asker->netif_count; i++) {
                const struct netif *netif = &asker->netifs[i];
                for (size_t j = 0; j < netif->address_count && netif->up && netif->broadcast && !netif->loopback; j++) {
                        const struct netif_address *address = &netif->addresses[j];
                        struct asker_iface *iface = &asker->ifaces[asker->iface_count];
                        asker->ifindexes[asker->iface_count++] = netif->index;
                        iface->id = (uint32_t)asker->iface_count;
                        snprintf(iface->label, sizeof(iface->label), "%s",
                                 address->label[0] ? address->label : netif->name);
                        iface->address = address->address;
                        iface->netmask = address->netmask;
                        iface->broadcast = address->broadcast;
                        memcpy(iface->mac, netif->mac, sizeof(iface->mac));
                }
        }
        return 0;
}

static int open_socket(struct asker *asker, const struct asker_options *options)
{
        const struct udp_options any = {0}, well_known = {.port = NBNS_PORT};

        if (!options || !options->any_port_only) {
                const int r = udp_open(&asker->udp, &well_known);
                if (r != NBT_ERR_BUSY && r != NBT_ERR_DENIED)
                        return r;
                asker->port_denied = r == NBT_ERR_DENIED;
        }
        return udp_open(&asker->udp, &any);
}

int asker_open(struct asker **ret, const struct asker_options *options)
{
        struct asker *asker = calloc(1, sizeof(*asker));
        int r;

        if (!asker)
                return NBT_ERR_NOMEM;
        r = random_rng(&asker->rng);
        if (r == 0)
                r = netif_list(&asker->arena, &asker->netifs);
        if (r >= 0) {
                asker->netif_count = (size_t)r;
                r = list_ifaces(asker);
        }
        if (r == 0)
                r = open_socket(asker, options);
        if (r < 0) {
                const int saved = errno;
                asker_close(asker);
                errno = saved;
                return r;
        }
        *ret = asker;
        return 0;
}

struct asker *asker_close(struct asker *asker)
{
        if (!asker)
                return NULL;
        udp_close(asker->udp);
        arena_done(&asker->arena);
        free(asker);
        return NULL;
}

bool asker_port_denied(const struct asker *asker)
{
        return asker->port_denied;
}

uint16_t asker_port(const struct asker *asker)
{
        return udp_port(asker->udp);
}

size_t asker_ifaces(const struct asker *asker, const struct asker_iface **ret)
{
        *ret = asker->ifaces;
        return asker->iface_count;
}

bool asker_is_local(const struct asker *asker, uint32_t address)
{
        return address >> 24 == 127 || netif_find_address(asker->netifs, asker->netif_count, address);
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

static void perform_send(struct asker *asker, const struct ask_action *action)
{
        uint32_t ifindex = 0, source = 0;

        if (action->send.iface_id && action->send.iface_id <= asker->iface_count) {
                ifindex = asker->ifindexes[action->send.iface_id - 1];
                source = asker->ifaces[action->send.iface_id - 1].address;
        }
        udp_send(asker->udp, ifindex, source, action->send.destination, action->send.port, action->send.bytes,
                 action->send.len_bytes);
}

/* Carries out what the core asked, and files results in the place of their question. */
static void perform(struct asker *asker, struct ask_actions *actions, const struct ask_question *questions,
                    struct ask_result *results)
{
        for (const struct ask_action *action = actions->first; action; action = action->next) {
                if (action->type == ASK_ACTION_SEND) {
                        perform_send(asker, action);
                        continue;
                }
                const size_t at = (size_t)action->result.id;
                results[at] = action->result;
                results[at].id = questions[at].id;
                results[at].question = &questions[at];
        }
        udp_flush(asker->udp);
        actions->first = actions->last = NULL;
}

/* All that wait. */
static int take_packets(struct asker *asker, struct ask *ask, struct ask_actions *actions)
{
        const struct udp_datagram *datagrams;
        int count;

        do {
                count = udp_receive(asker->udp, &datagrams);
                for (int i = 0; i < count; i++) {
                        const struct udp_datagram *datagram = &datagrams[i];
                        const int r = datagram->truncated
                                              ? 0
                                              : ask_packet(ask, clock_mono(), datagram->source, datagram->source_port,
                                                           datagram->bytes, datagram->len_bytes, actions);
                        if (r < 0)
                                return r;
                }
        } while (count == UDP_BATCH && ask_pending(ask) > 0);
        return count < 0 ? count : 0;
}

static int add_questions(struct ask *ask, const struct ask_question *questions, size_t count,
                         struct ask_actions *actions)
{
        const mono_t now = clock_mono();

        for (size_t i = 0; i < count; i++) {
                struct ask_question question = questions[i];
                question.id = i;
                const int r = ask_add(ask, now, &question, actions);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int wait_and_step(struct asker *asker, struct ask *ask, struct ask_actions *actions)
{
        int r = udp_wait(asker->udp, ask_deadline(ask));

        if (r < 0)
                return errno == EINTR ? NBT_ERR_STATE : r;
        /* however late we come: what was there by NOW is read before anybody is thought silent until NOW */
        const mono_t now = clock_mono();
        r = take_packets(asker, ask, actions);
        return r < 0 ? r : ask_timer(ask, now, actions);
}

int asker_run(struct asker *asker, const struct ask_question *questions, size_t count, struct arena *arena,
              struct ask_result *ret_results)
{
        struct ask_actions actions = {.arena = arena};
        struct ask *ask;
        struct rng rng;
        uint8_t key[32];
        int r;

        /* each run gets a generator of its own, so that no two share their ids */
        for (size_t i = 0; i < sizeof(key); i++)
                key[i] = (uint8_t)rng_u32(&asker->rng);
        rng_init(&rng, key);
        r = ask_new(&ask, &rng);
        if (r < 0)
                return r;
        const struct ask_question *lent = arena_copy(arena, questions, count * sizeof(*questions));
        r = lent ? add_questions(ask, questions, count, &actions) : NBT_ERR_NOMEM;
        while (r >= 0) {
                perform(asker, &actions, lent, ret_results);
                if (ask_pending(ask) == 0)
                        break;
                r = wait_and_step(asker, ask, &actions);
        }
        ask_free(ask);
        return r < 0 ? r : 0;
}

/* ---- questions ready made ----------------------------------------------------------------------------------------- */

static struct ask_question make(enum ask_kind kind, const struct nb_name *name, const struct nb_scope *scope,
                                uint32_t destination)
{
        struct ask_question question = {.kind = kind, .name = *name, .destination = destination};

        if (scope)
                question.scope = *scope;
        return question;
}

size_t asker_make_broadcasts(const struct asker *asker, const struct nb_name *name, const struct nb_scope *scope,
                             struct ask_question *ret, size_t max)
{
        size_t count = 0;

        for (size_t i = 0; i < asker->iface_count && count < max; i++) {
                const struct asker_iface *iface = &asker->ifaces[i];
                ret[count] = make(ASK_QUERY_BROADCAST, name, scope, iface->broadcast);
                ret[count].netmask = iface->netmask;
                ret[count++].iface_id = iface->id;
        }
        return count;
}

struct ask_question asker_make_wins_query(const struct nb_name *name, const struct nb_scope *scope, uint32_t server)
{
        struct ask_question question = make(ASK_QUERY_UNICAST, name, scope, server);

        question.recursion = true;
        question.interval_ms = 1500; /* KB120642: NameSrvQueryTimeout */
        return question;
}

struct ask_question asker_make_status(const struct nb_scope *scope, uint32_t address)
{
        return make(ASK_STATUS, &NB_NAME_WILDCARD, scope, address);
}
