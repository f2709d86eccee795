#include "cli/watch_bait.h"

#include "ask/ask.h"
#include "cli/asker.h"
#include "io/clock.h"
#include "io/netif.h"
#include "io/random.h"
#include "io/udp.h"
#include "watch/bait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_IFACES 16
#define MODELS_LOOKED_AT 64u
#define TRIES 8u
#define FIRST_MS 2000u /* the first bait waits until some of the site's names were seen */

struct bait_iface {
        uint32_t index, address, broadcast, netmask;
};

struct watch_baiter {
        const struct cli_context *ctx;
        const struct watch_settings *settings;
        struct udp *udp;   /* port 137 */
        struct udp *other; /* for LLMNR and mDNS: any port */
        struct ask *ask;
        struct rng rng;
        struct arena arena;
        mono_t next;
        size_t turn;
        size_t iface_count;
        struct bait_iface ifaces[MAX_IFACES];
};

static bool is_wanted(const struct watch_settings *settings, const char *name)
{
        for (size_t i = 0; i < settings->interface_count; i++)
                if (strcmp(settings->interfaces[i], name) == 0)
                        return true;
        return settings->interface_count == 0;
}

static void list_ifaces(struct watch_baiter *baiter)
{
        const struct netif *netifs = NULL;
        const int count = netif_list(&baiter->arena, &netifs);

        for (int i = 0; i < count; i++) {
                const struct netif *netif = &netifs[i];

                if (!netif->up || !netif->broadcast || netif->loopback || !is_wanted(baiter->settings, netif->name))
                        continue;
                for (size_t j = 0; j < netif->address_count && baiter->iface_count < MAX_IFACES; j++)
                        baiter->ifaces[baiter->iface_count++] =
                                (struct bait_iface){netif->index, netif->addresses[j].address,
                                                    netif->addresses[j].broadcast, netif->addresses[j].netmask};
        }
        arena_reset(&baiter->arena);
}

/* Windows asks from port 137; when another program has it, from any: poisoners do not care, and the user is told. */
static int open_sockets(struct watch_baiter *baiter)
{
        int r = udp_open(&baiter->udp, &(struct udp_options){.port = NBNS_PORT});

        if (r == NBT_ERR_BUSY || r == NBT_ERR_DENIED) {
                char owner[128] = "another program";

                if (udp_port_owner(NBNS_PORT, owner, sizeof(owner)) < 0 && r == NBT_ERR_DENIED)
                        snprintf(owner, sizeof(owner), "no permission");
                cli_failf(baiter->ctx, CLI_EXIT_OK, "--bait: port 137 is not to be had (%s): asking from another port",
                          owner);
                r = udp_open(&baiter->udp, &(struct udp_options){0});
        }
        return r < 0 ? r : udp_open(&baiter->other, &(struct udp_options){0});
}

int watch_baiter_new(struct watch_baiter **ret, const struct cli_context *ctx, const struct watch_settings *settings,
                     struct strbuf *why)
{
        struct watch_baiter *baiter = calloc(1, sizeof(*baiter));
        int r;

        if (!baiter)
                return NBT_ERR_NOMEM;
        baiter->ctx = ctx;
        baiter->settings = settings;
        baiter->next = mono_add_ms(clock_mono(), FIRST_MS);
        list_ifaces(baiter);
        r = baiter->iface_count ? random_rng(&baiter->rng) : NBT_ERR_NOT_FOUND;
        if (r == 0)
                r = ask_new(&baiter->ask, &baiter->rng);
        /* the asker took a copy of the generator: ours goes another way */
        if (r == 0)
                r = random_rng(&baiter->rng);
        if (r == 0)
                r = open_sockets(baiter);
        if (r < 0) {
                strbuf_add(why, r == NBT_ERR_NOT_FOUND ? "no interface with an address that can broadcast"
                                : r == NBT_ERR_IO      ? strerror(errno)
                                                       : nbt_err_str(r));
                watch_baiter_free(baiter);
                return r;
        }
        *ret = baiter;
        return 0;
}

struct watch_baiter *watch_baiter_free(struct watch_baiter *baiter)
{
        if (!baiter)
                return NULL;
        ask_free(baiter->ask);
        udp_close(baiter->udp);
        udp_close(baiter->other);
        arena_done(&baiter->arena);
        free(baiter);
        return NULL;
}

int watch_baiter_fd(const struct watch_baiter *baiter)
{
        return udp_fd(baiter->udp);
}

mono_t watch_baiter_deadline(const struct watch_baiter *baiter)
{
        return mono_min(baiter->next, ask_deadline(baiter->ask));
}

/* ---- asking ------------------------------------------------------------------------------------------------------- */

/* One of the site's machine names at random, among the first that were seen; false: none is known yet. */
static bool find_model(struct watch_baiter *baiter, struct watch *watch, struct nb_name *ret)
{
        struct watch_row row;
        uint32_t cursor = 0, seen = 0;

        while (seen < MODELS_LOOKED_AT && watch_row_next(watch, &cursor, false, &row)) {
                const uint8_t suffix = nb_name_suffix(&row.name);

                if (row.holder.group || !row.holder.own_word || (suffix != 0x00 && suffix != 0x20))
                        continue;
                if (rng_below(&baiter->rng, ++seen) == 0)
                        *ret = row.name;
        }
        return seen > 0;
}

static bool choose_name(struct watch_baiter *baiter, struct watch *watch, struct nb_name *ret)
{
        const struct watch_settings *settings = baiter->settings;
        struct nb_name model;

        if (settings->bait_name_count) {
                *ret = settings->bait_names[baiter->turn++ % settings->bait_name_count];
                return true;
        }
        const bool found = find_model(baiter, watch, &model);
        for (unsigned i = 0; i < TRIES; i++) {
                *ret = bait_make(found ? &model : NULL, &baiter->rng);
                if (!watch_knows_stem(watch, ret))
                        return true;
        }
        return false; /* the site has nearly all such names: another time */
}

static void carry_out(struct watch_baiter *baiter, const struct ask_actions *actions)
{
        for (const struct ask_action *action = actions->first; action; action = action->next) {
                if (action->type != ASK_ACTION_SEND || action->send.iface_id == 0 ||
                    action->send.iface_id > baiter->iface_count)
                        continue; /* results: the tracker has seen the answers */
                const struct bait_iface *iface = &baiter->ifaces[action->send.iface_id - 1];
                udp_send(baiter->udp, iface->index, iface->address, action->send.destination, action->send.port,
                         action->send.bytes, action->send.len_bytes);
        }
        udp_flush(baiter->udp);
}

static void ask_by_multicast(struct watch_baiter *baiter, const struct nb_name *name)
{
        uint8_t llmnr[BAIT_QUESTION_BYTES], mdns[BAIT_QUESTION_BYTES];
        const int a = bait_question_encode(name, false, (uint16_t)rng_u32(&baiter->rng), llmnr, sizeof(llmnr));
        const int b = bait_question_encode(name, true, 0, mdns, sizeof(mdns));

        if (a < 0 || b < 0)
                return;
        for (size_t i = 0; i < baiter->iface_count; i++) {
                const struct bait_iface *iface = &baiter->ifaces[i];

                udp_send(baiter->other, iface->index, iface->address, BAIT_LLMNR_ADDRESS, BAIT_LLMNR_PORT, llmnr,
                         (size_t)a);
                udp_send(baiter->other, iface->index, iface->address, BAIT_MDNS_ADDRESS, BAIT_MDNS_PORT, mdns,
                         (size_t)b);
        }
        udp_flush(baiter->other);
}

static void ask_for(struct watch_baiter *baiter, const struct nb_name *name, mono_t now, struct ask_actions *actions)
{
        for (size_t i = 0; i < baiter->iface_count; i++) {
                const struct bait_iface *iface = &baiter->ifaces[i];
                const struct ask_question question = {.kind = ASK_QUERY_BROADCAST,
                                                      .name = *name,
                                                      .destination = iface->broadcast,
                                                      .netmask = iface->netmask,
                                                      .iface_id = (uint32_t)i + 1,
                                                      .recursion = true};

                if (ask_add(baiter->ask, now, &question, actions) < 0)
                        return; /* too many under way: the next bait comes in its time */
        }
}

/* Nobody else reads these sockets; the answers reach the tracker through the capture. */
static void drain(struct watch_baiter *baiter)
{
        const struct udp_datagram *datagrams;

        for (unsigned i = 0; i < 16 && udp_receive(baiter->udp, &datagrams) > 0; i++)
                continue;
        for (unsigned i = 0; i < 16 && udp_receive(baiter->other, &datagrams) > 0; i++)
                continue;
}

void watch_baiter_step(struct watch_baiter *baiter, struct watch *watch, mono_t now)
{
        struct ask_actions actions = {.arena = &baiter->arena};
        struct nb_name name;

        drain(baiter);
        if (!mono_is_due(watch_baiter_deadline(baiter), now))
                return;
        arena_reset(&baiter->arena);
        if (ask_timer(baiter->ask, now, &actions) < 0)
                return;
        if (mono_is_due(baiter->next, now)) {
                baiter->next = mono_add_ms(now, (uint64_t)baiter->settings->bait_interval_s * 1000);
                if (choose_name(baiter, watch, &name)) {
                        watch_bait_add(watch, &name);
                        ask_for(baiter, &name, now, &actions);
                        ask_by_multicast(baiter, &name);
                }
        }
        carry_out(baiter, &actions);
}
