/*
 * Random worlds: an hour of bad weather, then calm; afterwards names have at most one owner.
 *
 * A world has three segments behind a router, two WINS servers on the first that share one table (or none), and N nodes of
 * random types whose computer and user names come from a pool that is too small, so that they must collide. For an hour
 * segments lose, delay, reorder and duplicate packets, part and meet, servers come, go and forget, machines crash, start,
 * stop, sleep, change address and name, users query and run nbtstat -RR, and a forger sends demands. Then everything is
 * mended and stays so.
 *
 * What must hold then. Two interfaces of different machines share a name space if both hear broadcasts of one segment (B, M,
 * H nodes), or both use the WINS servers (P, M, H nodes). Of two B nodes that got the same name in two halves of a parted
 * network neither can know of the other until somebody asks (RFC 1002 knows no refresh by broadcast), so the harness asks,
 * as ordinary use of the names does: on every segment every name is queried a few times. Then:
 *
 *   owner      in every name space at most one machine has a unique name as Registered: right after the queries, and still
 *              after a calm of CALM_HOURS, in which every bounded retry has had all its turns
 *              (but for two on a segment of which one is set to heed WINS servers alone, NoNameReleaseOnDemand=1: the
 *              administrator asked for that)
 *   told       no name went from Registered to Conflict without a notice in the same step, and every name in Conflict was
 *              told of since its node started
 *   ended      no claim and no release is under way for ever: nothing is Registering or Releasing in the calm
 *   bounded    a node sends no more than it was asked, plus what its names need
 *   used       after the calm, of those who want a name one has it (nodes that give up everything would fulfil the rest)
 *
 * worlds [--seeds FIRST COUNT] [--nodes N] [--hours H] [-v]   prints failing seeds with the log of the name concerned
 */
#include "wins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"

#define SEGMENTS 3
#define TTL_S 1200
#define CALM_HOURS 16 /* 10 + 20 + ... + 320 minutes, a quarter more for jitter, and some */
#define QUERY_ROUNDS 4
#define EXTRA_NAMES 5     /* a machine has by command, at most or about */
#define STORM_GAP_MS 2000 /* at most, between two things that happen */
#define OWN_SENDS_PER_ENTRY                                                                                            \
        400 /* an hour: claims, refreshes, releases, retries, verifications of what a forger sends */

struct setting {
        unsigned nodes, hours;
        bool verbose;
};

/* What happened, over all seeds: a run in which some of it never did would prove little. */
static struct tally {
        uint64_t frames, refused, duplicates, demands, defended, conflicts_sent, servers_lost;
} tally;

struct weather {
        struct world *world;
        struct setting setting;
        unsigned names, users;
        bool with_wins;
        struct sim_host *wins[2], *forger, *probe[SEGMENTS];
        struct sim_host *nodes[SIM_MAX_HOSTS];
        unsigned next_address;
        uint64_t orphans;                /* names in conflict that nobody else holds or wants any more */
        uint64_t queries;                /* the weather's: each may make a node send some */
        char blamed[NB_NAME_TEXT_BYTES]; /* name of the first violation */
};

static uint32_t dice(struct weather *weather, uint32_t limit)
{
        return rng_below(&weather->world->rng, limit);
}

/* ---- building ------------------------------------------------------------------------------------------------------ */

static const char *fresh_address(struct weather *weather, unsigned segment, char ret[IP4_TEXT_BYTES])
{
        ip4_format(0x0A000000u | segment << 16 | ++weather->next_address, ret);
        return ret;
}

static void pool_name(struct weather *weather, char ret[16])
{
        snprintf(ret, 16, "POOL%u", dice(weather, weather->names));
}

static void pool_user(struct weather *weather, char ret[16])
{
        snprintf(ret, 16, "USER%u", dice(weather, weather->users));
}

static void build_node(struct weather *weather, unsigned i)
{
        static const enum node_type types[] = {NODE_TYPE_B, NODE_TYPE_P, NODE_TYPE_M, NODE_TYPE_H};
        const unsigned segment = dice(weather, SEGMENTS);
        char address[IP4_TEXT_BYTES], label[16], name[16];

        snprintf(label, sizeof(label), "n%u", i);
        pool_name(weather, name);
        struct sim_host *host =
                world_node(weather->world, label, types[dice(weather, 4)], name, dice(weather, 2) ? "WORK" : "PLAY",
                           segment, fresh_address(weather, segment, address));
        host->config.demand_policy = dice(weather, 5) == 0   ? NODE_DEMAND_OBEY
                                     : dice(weather, 5) == 0 ? NODE_DEMAND_WINS_ONLY
                                                             : NODE_DEMAND_VERIFY;
        if (!weather->with_wins && host->config.type == NODE_TYPE_P)
                host->config.type = NODE_TYPE_B;
        if (dice(weather, 10) == 0) { /* some machines have two interfaces, some of those on one segment */
                const unsigned second = dice(weather, SEGMENTS);
                host_add_port(host, second, fresh_address(weather, second, address));
        }
        if (dice(weather, 2) == 0) {
                host->config.user_count = 1;
                pool_user(weather, host->config.users[0]);
        }
        if (weather->with_wins)
                host_set_wins(host, dice(weather, 2) ? "10.0.255.1 10.0.255.2" : "10.0.255.2 10.0.255.1");
        weather->nodes[i] = host;
}

static void build(struct weather *weather, uint64_t seed)
{
        struct world *world = world_new("world", seed);

        weather->world = world;
        world->log_on = weather->setting.verbose;
        weather->names = weather->setting.nodes / 2 + 1;
        weather->users = weather->setting.nodes / 5 + 1;
        weather->with_wins = rng_below(&world->rng, 4) != 0;
        for (unsigned s = 0; s < SEGMENTS; s++) {
                char network[20];
                snprintf(network, sizeof(network), "10.%u.0.0/16", s);
                world_segment(world, network);
        }
        weather->wins[0] = world_wins(world, "W1", 0, "10.0.255.1", NULL);
        weather->wins[1] = world_wins(world, "W2", 0, "10.0.255.2", weather->wins[0]);
        wins_of(weather->wins[0])->ttl_s = wins_of(weather->wins[1])->ttl_s = TTL_S;
        weather->forger = world_peer(world, "forger", 0, "10.0.255.66", NULL);
        for (unsigned s = 0; s < SEGMENTS; s++) {
                char address[IP4_TEXT_BYTES];
                snprintf(address, sizeof(address), "10.%u.255.9", s);
                weather->probe[s] = world_node(world, "probe", NODE_TYPE_B, "", "", s, address);
        }
        for (unsigned i = 0; i < weather->setting.nodes; i++)
                build_node(weather, i);
}

/* ---- weather ------------------------------------------------------------------------------------------------------- */

static bool in_other_half(const struct sim_host *host)
{
        return host->index % 2;
}

static void weather_link(struct weather *weather, struct sim_host *host)
{
        struct sim_link *link = &weather->world->segments[dice(weather, SEGMENTS)].link;

        (void)host;
        link->loss_permille = (uint16_t)dice(weather, 300);
        link->duplicate_permille = (uint16_t)dice(weather, 100);
        link->jitter_us = dice(weather, 400000);
}

static void weather_part(struct weather *weather, struct sim_host *host)
{
        (void)host;
        if (dice(weather, 2))
                world_partition(weather->world, dice(weather, SEGMENTS), in_other_half);
        else
                world_heal(weather->world);
}

static void weather_server(struct weather *weather, struct sim_host *host)
{
        struct sim_host *wins = weather->wins[dice(weather, 2)];

        (void)host;
        wins_of(wins)->slow_ms = dice(weather, 3) ? 0 : dice(weather, 3000);
        if (wins->running)
                wins_down(wins);
        else
                wins_up(wins, dice(weather, 4) == 0);
}

static void weather_power(struct weather *weather, struct sim_host *host)
{
        if (!host->node)
                host_start(host);
        else if (host->suspended)
                host_resume(host);
        else if (dice(weather, 3) == 0)
                host_suspend(host);
        else if (dice(weather, 2))
                host_crash(host);
        else
                host_stop(host);
}

static void weather_address(struct weather *weather, struct sim_host *host)
{
        const unsigned port = dice(weather, host->port_count);
        char address[IP4_TEXT_BYTES];

        if (!host->suspended)
                host_set_address(host, port, fresh_address(weather, host->ports[port].segment, address));
}

static void weather_cable(struct weather *weather, struct sim_host *host)
{
        const unsigned port = dice(weather, host->port_count);

        (void)weather;
        if (!host->suspended)
                host_set_up(host, port, !host->ports[port].iface.up);
}

static void weather_rename(struct weather *weather, struct sim_host *host)
{
        pool_name(weather, host->config.computer);
        if (!host->suspended)
                host_reconfigure(host);
}

static void weather_query(struct weather *weather, struct sim_host *host)
{
        char name[16], text[24];

        pool_name(weather, name);
        snprintf(text, sizeof(text), "%s<20>", name);
        weather->queries++;
        if (!host->suspended)
                host_query(host, text, dice(weather, 2));
}

/* Names that come and go by command, as programs add them. */
static void weather_program(struct weather *weather, struct sim_host *host)
{
        char name[16], text[24];

        pool_name(weather, name);
        snprintf(text, sizeof(text), "%s<1B>", name);
        if (host->suspended)
                return;
        if (dice(weather, 2))
                host_name_add(host, text, NODE_NAME_UNIQUE);
        else
                host_name_release(host, text);
}

static void weather_calendar(struct weather *weather, struct sim_host *host)
{
        host_step_wall(host, (int64_t)dice(weather, 2000000) - 1000000);
}

static void weather_release_refresh(struct weather *weather, struct sim_host *host)
{
        (void)weather;
        if (!host->suspended)
                host_release_refresh(host);
}

/* A release or conflict demand for a name HOST may have, from nobody or in the name of a server. */
static void weather_forge(struct weather *weather, struct sim_host *host)
{
        const struct nb_name name = nb_name_make(host->config.computer, 0x20);
        const struct nbns_address address = {0, host->ports[0].iface.address};
        const uint16_t id = (uint16_t)dice(weather, 65536);
        struct nbns_packet packet;
        uint8_t rdata[6];

        if (dice(weather, 2))
                nbns_build_release(&packet, rdata, id, &name, NULL, &address, false);
        else
                nbns_build_conflict_demand(&packet, rdata, id, &name, NULL);
        for (uint32_t n = dice(weather, 20); n > 0; n--)
                world_send_packet(weather->world, weather->forger, 0,
                                  dice(weather, 4) ? 0 : weather->wins[0]->ports[0].iface.address, address.address,
                                  &packet);
}

/* A packet of some kind about a name HOST may have, with a few bytes damaged or its end missing. */
static void weather_garbage(struct weather *weather, struct sim_host *host)
{
        static const uint8_t opcodes[] = {NBNS_OPCODE_QUERY, NBNS_OPCODE_REGISTRATION, NBNS_OPCODE_RELEASE,
                                          NBNS_OPCODE_WACK,  NBNS_OPCODE_REFRESH,      NBNS_OPCODE_MULTIHOMED};
        const struct nb_name name = nb_name_make(host->config.computer, 0x20);
        const struct nbns_address address = {(uint16_t)dice(weather, 65536), host->ports[0].iface.address};
        uint8_t rdata[6], bytes[576];
        struct nbns_packet packet;

        nbns_build_claim(&packet, rdata, (uint16_t)dice(weather, 65536),
                         opcodes[dice(weather, NBT_ARRAY_SIZE(opcodes))], &name, NULL, &address, dice(weather, 1000),
                         dice(weather, 2), dice(weather, 2));
        const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
        if (len <= 0)
                abort();
        for (uint32_t n = dice(weather, 6); n > 0; n--)
                bytes[dice(weather, (uint32_t)len)] ^= (uint8_t)dice(weather, 256);
        world_send(weather->world, weather->forger, 0, 0, dice(weather, 2) ? address.address : IP4_BROADCAST, NBNS_PORT,
                   bytes, dice(weather, 2) ? (size_t)len : dice(weather, (uint32_t)len));
}

static void storm(struct weather *weather)
{
        static const struct {
                unsigned weight;
                void (*happen)(struct weather *weather, struct sim_host *host);
        } kinds[] = {
                {6, weather_link},     {4, weather_part},     {3, weather_server},          {20, weather_power},
                {4, weather_address},  {3, weather_cable},    {4, weather_rename},          {40, weather_query},
                {6, weather_program},  {1, weather_calendar}, {3, weather_release_refresh}, {4, weather_forge},
                {20, weather_garbage},
        };
        const uint64_t end_ms = (uint64_t)weather->setting.hours * 3600000;
        uint64_t at_ms = 0;
        unsigned sum = 0;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(kinds); i++)
                sum += kinds[i].weight;
        while (at_ms < end_ms) {
                const uint64_t wait_ms = dice(weather, STORM_GAP_MS);
                uint32_t pick = dice(weather, sum);
                size_t kind = 0;

                world_run_ms(weather->world, wait_ms);
                at_ms += wait_ms;
                while (pick >= kinds[kind].weight)
                        pick -= kinds[kind++].weight;
                kinds[kind].happen(weather, weather->nodes[dice(weather, weather->setting.nodes)]);
        }
}

static void mend(struct weather *weather)
{
        struct world *world = weather->world;

        for (unsigned s = 0; s < SEGMENTS; s++)
                world->segments[s].link = (struct sim_link){.delay_us = 1000};
        world_heal(world);
        for (unsigned i = 0; i < 2; i++) {
                wins_of(weather->wins[i])->slow_ms = 0;
                if (!weather->wins[i]->running)
                        wins_up(weather->wins[i], false);
        }
        for (unsigned i = 0; i < weather->setting.nodes; i++) {
                struct sim_host *host = weather->nodes[i];

                if (host->suspended)
                        host_resume(host);
                for (unsigned p = 0; p < host->port_count; p++)
                        if (!host->ports[p].iface.up)
                                host_set_up(host, p, true);
                if (!host->node && dice(weather, 2))
                        host_start(host);
        }
}

static void use_name(struct weather *weather, const char *stem, unsigned number, unsigned suffix)
{
        char text[24];

        snprintf(text, sizeof(text), "%s%u<%02X>", stem, number, suffix);
        for (unsigned s = 0; s < SEGMENTS; s++)
                host_query(weather->probe[s], text, true);
        world_run_ms(weather->world, 200);
}

/* Asks for every name on every segment, as ordinary use does. */
static void use_names(struct weather *weather, unsigned rounds)
{
        static const unsigned suffixes[] = {0x00, 0x03, 0x20, 0x1B};

        for (unsigned round = 0; round < rounds; round++) {
                for (unsigned n = 0; n < weather->names; n++)
                        for (size_t i = 0; i < NBT_ARRAY_SIZE(suffixes); i++)
                                use_name(weather, "POOL", n, suffixes[i]);
                for (unsigned n = 0; n < weather->users; n++)
                        use_name(weather, "USER", n, 0x03);
                world_run_s(weather->world, 30);
        }
}

/* ---- judging ------------------------------------------------------------------------------------------------------- */

/* One unique name on one interface, as a view told it. */
struct holding {
        struct sim_host *host;
        const struct sim_port *port;
        struct nb_name name;
        enum node_name_state state;
        enum node_name_kind kind;
};

static void violate(struct weather *weather, const char *property, const struct holding *a, const struct holding *b)
{
        char name[NB_NAME_TEXT_BYTES];

        nb_name_format_exact(&a->name, name);
        if (!weather->blamed[0])
                snprintf(weather->blamed, sizeof(weather->blamed), "%s", name);
        printf("  seed %llu, %llu s: %s: %s, %s %s on %s (type %u)%s%s\n", (unsigned long long)weather->world->seed,
               (unsigned long long)(weather->world->now.ns / 1000000000), property, name, node_state_str(a->state),
               a->port->iface.label, a->host->label, a->host->config.type, b ? " and on " : "",
               b ? b->host->label : "");
        weather->world->failures++;
}

/* Would a conflict demand be taken seriously by both? */
static bool heed_demands(const struct holding *a, const struct holding *b)
{
        return a->host->config.demand_policy != NODE_DEMAND_WINS_ONLY &&
               b->host->config.demand_policy != NODE_DEMAND_WINS_ONLY;
}

static bool share_servers(const struct weather *weather, const struct holding *a, const struct holding *b)
{
        return weather->with_wins && a->host->config.type != NODE_TYPE_B && b->host->config.type != NODE_TYPE_B;
}

static bool share_name_space(const struct weather *weather, const struct holding *a, const struct holding *b)
{
        const bool segment = a->port->segment == b->port->segment && a->host->config.type != NODE_TYPE_P &&
                             b->host->config.type != NODE_TYPE_P;

        return a->host != b->host && nb_name_equal(&a->name, &b->name) && (segment || share_servers(weather, a, b));
}

static size_t collect(struct weather *weather, struct holding *ret, size_t max)
{
        size_t count = 0;

        for (unsigned i = 0; i < weather->setting.nodes; i++) {
                struct sim_host *host = weather->nodes[i];
                const struct node_view view = host_view(host);

                for (size_t n = 0; n < view.name_count && count < max; n++)
                        for (unsigned p = 0; p < host->port_count; p++)
                                if (view.names[n].iface_id == host->ports[p].iface.id)
                                        ret[count++] = (struct holding){host, &host->ports[p], view.names[n].name,
                                                                        view.names[n].state, view.names[n].kind};
        }
        return count;
}

static void judge_owners(struct weather *weather, const struct holding *all, size_t count)
{
        for (size_t i = 0; i < count; i++)
                for (size_t k = i + 1; k < count && all[i].state == NODE_STATE_REGISTERED; k++)
                        if (all[k].state == NODE_STATE_REGISTERED &&
                            (all[i].kind == NODE_NAME_UNIQUE || all[k].kind == NODE_NAME_UNIQUE) &&
                            share_name_space(weather, &all[i], &all[k]) &&
                            (heed_demands(&all[i], &all[k]) || share_servers(weather, &all[i], &all[k])))
                                violate(weather, "two owners", &all[i], &all[k]);
}

static bool was_told(const struct sim_host *host, const struct nb_name *name)
{
        for (size_t i = 0; i < host->told_count; i++)
                if (nb_name_equal(&host->told[i], name))
                        return true;
        return false;
}

/* Does another machine of the same name space have the name? */
static bool is_held_elsewhere(const struct weather *weather, const struct holding *all, size_t count, size_t which)
{
        for (size_t i = 0; i < count; i++)
                if (all[i].state == NODE_STATE_REGISTERED && share_name_space(weather, &all[which], &all[i]))
                        return true;
        return false;
}

static void judge_each(struct weather *weather, const struct holding *all, size_t count, bool calm)
{
        for (size_t i = 0; i < count; i++) {
                if (all[i].state == NODE_STATE_REGISTERING || all[i].state == NODE_STATE_RELEASING)
                        violate(weather, "has not ended", &all[i], NULL);
                if (all[i].state == NODE_STATE_CONFLICT && !was_told(all[i].host, &all[i].name))
                        violate(weather, "was not told", &all[i], NULL);
                if (all[i].state == NODE_STATE_CONFLICT && all[i].kind == NODE_NAME_GROUP)
                        violate(weather, "group in conflict", &all[i], NULL);
                if (calm && all[i].state != NODE_STATE_REGISTERED && all[i].state != NODE_STATE_IDLE &&
                    !is_held_elsewhere(weather, all, count, i))
                        violate(weather, "nobody has it", &all[i], NULL);
        }
}

static void judge(struct weather *weather, bool calm)
{
        static struct holding all[SIM_MAX_HOSTS * 64];
        const size_t count = collect(weather, all, NBT_ARRAY_SIZE(all));

        judge_owners(weather, all, count);
        judge_each(weather, all, count, calm);
}

static void count_host(const struct sim_host *host)
{
        tally.refused += host->notices[NODE_NOTICE_REFUSED];
        tally.duplicates += host->notices[NODE_NOTICE_DUPLICATE];
        tally.demands += host->notices[NODE_NOTICE_RELEASE_DEMAND];
        tally.defended += host->notices[NODE_NOTICE_DEFENDED];
        tally.conflicts_sent += host->notices[NODE_NOTICE_CONFLICT_SENT];
        tally.servers_lost += host->notices[NODE_NOTICE_WINS_DOWN];
}

static bool tally_print(void)
{
        printf("%llu frames; notices: %llu refused, %llu duplicate, %llu release-demand, %llu defended, %llu "
               "conflict-sent, "
               "%llu wins-down\n",
               (unsigned long long)tally.frames, (unsigned long long)tally.refused,
               (unsigned long long)tally.duplicates, (unsigned long long)tally.demands,
               (unsigned long long)tally.defended, (unsigned long long)tally.conflicts_sent,
               (unsigned long long)tally.servers_lost);
        return tally.refused && tally.duplicates && tally.demands && tally.defended && tally.conflicts_sent &&
               tally.servers_lost;
}

static void judge_hosts(struct weather *weather)
{
        tally.frames += weather->world->frames;
        for (unsigned s = 0; s < SEGMENTS; s++)
                count_host(weather->probe[s]);
        for (unsigned i = 0; i < weather->setting.nodes; i++) {
                const struct sim_host *host = weather->nodes[i];
                const uint64_t entries = (uint64_t)(5 + EXTRA_NAMES + host->config.user_count) * host->port_count;
                const uint64_t hours = weather->setting.hours + CALM_HOURS + 2;

                count_host(host);

                if (host->silent_losses) {
                        printf("  seed %llu: %s lost a name without a word\n", (unsigned long long)weather->world->seed,
                               host->label);
                        weather->world->failures++;
                }
                if (host->sent > host->received + weather->queries * 9 + entries * hours * OWN_SENDS_PER_ENTRY) {
                        printf("  seed %llu: %s sent %llu packets and received %llu\n",
                               (unsigned long long)weather->world->seed, host->label, (unsigned long long)host->sent,
                               (unsigned long long)host->received);
                        weather->world->failures++;
                }
        }
}

/* ---- one world ----------------------------------------------------------------------------------------------------- */

static bool in_log_of(const char *line, const char *name)
{
        char pattern[NB_NAME_TEXT_BYTES + 4];

        snprintf(pattern, sizeof(pattern), "* %s", name);
        return world_line_matches(line, pattern, strlen(pattern)) || strstr(line, " - ") || strstr(line, "starts") ||
               strstr(line, "crashes") || strstr(line, "asleep") || strstr(line, "wakes") || strstr(line, "eth") ||
               strstr(line, "comes up") || strstr(line, "goes down") || strstr(line, "stop");
}

static bool run_world(struct setting setting, uint64_t seed, char blamed[NB_NAME_TEXT_BYTES])
{
        struct weather weather = {.setting = setting};

        build(&weather, seed);
        for (unsigned i = 0; i < setting.nodes; i++)
                if (dice(&weather, 4))
                        host_start(weather.nodes[i]);
        storm(&weather);
        mend(&weather);
        for (unsigned s = 0; s < SEGMENTS; s++)
                host_start(weather.probe[s]);
        world_run_s(weather.world, TTL_S); /* every name at a server is refreshed once */
        use_names(&weather, QUERY_ROUNDS);
        judge(&weather, false);
        world_run_s(weather.world, CALM_HOURS * 3600);
        judge(&weather, true);
        judge_hosts(&weather);
        const bool failed = weather.world->failures > 0;
        if (failed && setting.verbose)
                for (size_t i = 0; i < weather.world->log_count; i++)
                        if (in_log_of(weather.world->log[i], blamed))
                                printf("    %s\n", weather.world->log[i]);
        snprintf(blamed, NB_NAME_TEXT_BYTES, "%s", weather.blamed);
        world_free(weather.world);
        return !failed;
}

int main(int argc, char **argv)
{
        struct setting setting = {.nodes = 50, .hours = 1};
        uint64_t first = 1, count = 20;
        unsigned failed = 0;
        bool verbose = false;

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--seeds") == 0 && i + 2 < argc) {
                        first = strtoull(argv[++i], NULL, 10);
                        count = strtoull(argv[++i], NULL, 10);
                } else if (strcmp(argv[i], "--nodes") == 0 && i + 1 < argc) {
                        setting.nodes = (unsigned)atoi(argv[++i]);
                } else if (strcmp(argv[i], "--hours") == 0 && i + 1 < argc) {
                        setting.hours = (unsigned)atoi(argv[++i]);
                } else if (strcmp(argv[i], "-v") == 0) {
                        verbose = true;
                } else {
                        fprintf(stderr, "usage: worlds [--seeds FIRST COUNT] [--nodes N] [--hours H] [-v]\n");
                        return 2;
                }
        }
        if (setting.nodes < 1 || setting.nodes > 100)
                return 2;
        for (uint64_t seed = first; seed < first + count; seed++) {
                char blamed[NB_NAME_TEXT_BYTES] = "";

                if (run_world(setting, seed, blamed))
                        continue;
                failed++;
                if (verbose) { /* once more, the same, with a log */
                        setting.verbose = true;
                        (void)run_world(setting, seed, blamed);
                        setting.verbose = false;
                }
        }
        printf("worlds: seeds %llu to %llu, %u nodes, %u h: %u failed\n", (unsigned long long)first,
               (unsigned long long)(first + count - 1), setting.nodes, setting.hours, failed);
        if (!tally_print() && count >= 20 && setting.nodes >= 20) {
                printf("the weather was too kind\n");
                return 1;
        }
        return failed != 0;
}
