/*
 * Replays a conversation with one node, written as text, in virtual time. `replay FILE.scn...`; exit 1 if one fails.
 *
 * A scenario is read from top to bottom. '#' begins a comment line. Before `start`:
 *
 *   node TYPE COMPUTER WORKGROUP       B, P, M or H; "-" for no computer name or workgroup
 *   user NAME                          one more unique <03>
 *   iface ADDRESS [wins ADDRESS...]    the node's interfaces in their order: eth0, eth1, ... each on a /24 of its own;
 *                                      addresses of one /24 stand on one segment
 *   demand verify|obey|wins-only       NoNameReleaseOnDemand
 *   set KEY VALUE                      a field of struct node_timing, or: refresh_opcode, status_off_link, single_response,
 *                                      dns, lmhosts
 *   ignore WORDS                       outputs that match are not looked at ("ignore state")
 *
 * Then:
 *
 *   start | stop | resume              the node starts, stops, the machine has slept
 *   add NAME [group] | release NAME | query NAME | status ADDRESS | release-refresh
 *                                      commands; NAME as FILESRV<20>
 *   reload ENTRY                       nbtstat -R with an LMHOSTS of this one line
 *   dns ADDRESS|none                   what DNS will say (before the look-up)
 *   address N ADDRESS | up N | down N  interface ethN changes
 *   time +MS                           virtual time passes: "+250ms", "+2s", "+10min"
 *   recv FROM [to ADDRESS] [eth N] PACKET
 *                                      a packet from FROM reaches the node: by broadcast, or unicast to ADDRESS
 *   expect [at SECONDS] WORDS          the next thing the node does: its line in the log holds these words, in this order
 *                                      ("sends to broadcast", "notice REFUSED", "complete", "state", ...)
 *   expect nothing                     no output since the last expectation
 *   state NAME STATE [eth N]           what nbtstat -n would print
 *
 * PACKET: what, NAME, then words. A response bears the id of the node's last packet unless "id N" says otherwise:
 *
 *   query | status-query | registration | overwrite | multihomed | refresh | release     NAME [ADDRESS] [group]
 *   positive | negative | release-ok | refresh-ok     NAME ADDRESS [rcode N] [ttl N]     answers to claims
 *   wack NAME [ttl N] · conflict-demand NAME · answer NAME ADDRESS [group] · no-such-name NAME · hex BYTES
 *
 * Every output must be expected (or ignored) before the next stimulus: silence is tested as well as speech.
 */
#include "../sim/world.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"

#define MAX_WORDS 24

struct replay {
        const char *path;
        unsigned line;
        struct world *world;
        struct sim_host *node, *wire; /* wire: stands for everybody else */
        size_t seen;                  /* log lines looked at */
        const char *ignored[8];
        size_t ignored_count;
        char *words[MAX_WORDS];
        size_t word_count;
        bool failed;
};

static uint32_t dns_says; /* the world's dns hook has no context; one scenario runs at a time */

static void fail(struct replay *replay, const char *what, const char *detail)
{
        printf("%s:%u: %s: %s\n", replay->path, replay->line, what, detail);
        replay->failed = true;
}

/* ---- small readers ------------------------------------------------------------------------------------------------- */

static uint32_t address_of(struct replay *replay, const char *text)
{
        uint32_t address = 0;

        if (!text || ip4_parse(text, &address) < 0)
                fail(replay, "no address", text ? text : "(missing)");
        return address;
}

static struct nb_name name_of(struct replay *replay, const char *text)
{
        struct nb_name name = NB_NAME_WILDCARD;

        if (!text || nb_name_parse(text, 0x20, &name) < 0)
                fail(replay, "no name", text ? text : "(missing)");
        return name;
}

static const char *word(const struct replay *replay, size_t i)
{
        return i < replay->word_count ? replay->words[i] : NULL;
}

/* The word behind KEY, or NULL. */
static const char *option(const struct replay *replay, const char *key)
{
        for (size_t i = 1; i + 1 < replay->word_count; i++)
                if (strcmp(replay->words[i], key) == 0)
                        return replay->words[i + 1];
        return NULL;
}

static bool flag(const struct replay *replay, const char *key)
{
        for (size_t i = 1; i < replay->word_count; i++)
                if (strcmp(replay->words[i], key) == 0)
                        return true;
        return false;
}

static unsigned long number_option(const struct replay *replay, const char *key, unsigned long otherwise)
{
        const char *text = option(replay, key);

        return text ? strtoul(text, NULL, 0) : otherwise;
}

/* ---- setting up ---------------------------------------------------------------------------------------------------- */

static void do_node(struct replay *replay)
{
        static const struct {
                const char *text;
                enum node_type type;
        } types[] = {{"B", NODE_TYPE_B}, {"P", NODE_TYPE_P}, {"M", NODE_TYPE_M}, {"H", NODE_TYPE_H}};
        struct node_config *config = &replay->node->config;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(types); i++)
                if (word(replay, 1) && strcmp(word(replay, 1), types[i].text) == 0)
                        config->type = types[i].type;
        if (word(replay, 2) && strcmp(word(replay, 2), "-") != 0)
                snprintf(config->computer, sizeof(config->computer), "%s", word(replay, 2));
        if (word(replay, 3) && strcmp(word(replay, 3), "-") != 0)
                snprintf(config->workgroup, sizeof(config->workgroup), "%s", word(replay, 3));
}

static void do_user(struct replay *replay)
{
        struct node_config *config = &replay->node->config;

        snprintf(config->users[config->user_count++], sizeof(config->users[0]), "%s", word(replay, 1));
}

static unsigned segment_of(struct replay *replay, uint32_t address)
{
        struct world *world = replay->world;
        char network[32];

        for (unsigned i = 0; i < world->segment_count; i++)
                if (ip4_same_subnet(address, world->segments[i].network, world->segments[i].netmask))
                        return i;
        snprintf(network, sizeof(network), "%u.%u.%u.0/24", address >> 24, address >> 16 & 255, address >> 8 & 255);
        const unsigned segment = world_segment(world, network);
        world->segments[segment].link.delay_us = 0;
        return segment;
}

static void do_iface(struct replay *replay)
{
        const unsigned segment = segment_of(replay, address_of(replay, word(replay, 1)));
        const unsigned port = host_add_port(replay->node, segment, word(replay, 1));
        struct node_iface *iface = &replay->node->ports[port].iface;
        char wire_address[IP4_TEXT_BYTES];

        iface->wins_count = 0;
        for (size_t i = 3; i < replay->word_count && iface->wins_count < NODE_MAX_WINS; i++)
                iface->wins[iface->wins_count++] = address_of(replay, replay->words[i]);
        ip4_format((iface->address & iface->netmask) | 254, wire_address);
        host_add_port(replay->wire, segment, wire_address);
}

static void do_demand(struct replay *replay)
{
        const char *text = word(replay, 1) ? word(replay, 1) : "";

        replay->node->config.demand_policy = strcmp(text, "obey") == 0        ? NODE_DEMAND_OBEY
                                             : strcmp(text, "wins-only") == 0 ? NODE_DEMAND_WINS_ONLY
                                                                              : NODE_DEMAND_VERIFY;
}

#define TIMING(field)                                                                                                  \
        {                                                                                                              \
#field, offsetof(struct node_timing, field)                                                            \
        }

static void do_set(struct replay *replay)
{
        static const struct {
                const char *key;
                size_t offset;
        } timings[] = {TIMING(bcast_claim_interval_ms), TIMING(bcast_claim_count),    TIMING(bcast_query_count),
                       TIMING(bcast_query_timeout_ms),  TIMING(name_srv_query_count), TIMING(name_srv_query_timeout_ms),
                       TIMING(cache_timeout_ms),        TIMING(initial_refresh_ms),   TIMING(wins_down_timeout_ms),
                       TIMING(lmhosts_timeout_ms),      TIMING(conflict_retry_ms),    TIMING(conflict_retry_count)};
        struct node_config *config = &replay->node->config;
        const char *key = word(replay, 1) ? word(replay, 1) : "";
        const uint32_t value = (uint32_t)(word(replay, 2) ? strtoul(word(replay, 2), NULL, 0) : 0);

        for (size_t i = 0; i < NBT_ARRAY_SIZE(timings); i++)
                if (strcmp(key, timings[i].key) == 0) {
                        memcpy((char *)&config->timing + timings[i].offset, &value, sizeof(value));
                        return;
                }
        if (strcmp(key, "refresh_opcode") == 0)
                config->refresh_opcode = (uint8_t)value;
        else if (strcmp(key, "status_off_link") == 0)
                config->status_off_link = value;
        else if (strcmp(key, "single_response") == 0)
                config->single_response = value;
        else if (strcmp(key, "dns") == 0)
                config->dns_enabled = value;
        else if (strcmp(key, "lmhosts") == 0)
                config->lmhosts_enabled = value;
        else
                fail(replay, "no such setting", key);
}

/* ---- outputs ------------------------------------------------------------------------------------------------------- */

static bool is_output(const struct replay *replay, const char *line)
{
        const char *what = strchr(line, ' ');

        if (strncmp(what + 1, "node ", 5) != 0)
                return false;
        for (size_t i = 0; i < replay->ignored_count; i++)
                if (world_line_matches(line, replay->ignored[i], strlen(replay->ignored[i])))
                        return false;
        return world_line_matches(line, "* sends", 7) || world_line_matches(line, "* notice", 8) ||
               world_line_matches(line, "* state", 7) || world_line_matches(line, "* complete", 10) ||
               world_line_matches(line, "* asks DNS", 10) || world_line_matches(line, "* stopped", 9);
}

/* The next output nobody looked at; NULL if there is none. */
static const char *next_output(struct replay *replay)
{
        while (replay->seen < replay->world->log_count) {
                const char *line = replay->world->log[replay->seen++];

                if (is_output(replay, line))
                        return line;
        }
        return NULL;
}

static void expect_nothing(struct replay *replay)
{
        const char *line = next_output(replay);

        if (line)
                fail(replay, "not expected", line);
}

static void do_expect(struct replay *replay, const char *text)
{
        char pattern[512];

        if (strcmp(text, "nothing") == 0) {
                expect_nothing(replay);
                return;
        }
        if (strncmp(text, "at ", 3) == 0)
                snprintf(pattern, sizeof(pattern), "%s", text + 3);
        else
                snprintf(pattern, sizeof(pattern), "* %s", text);
        const char *line = next_output(replay);
        if (!line) {
                fail(replay, "nothing came of what was expected", text);
        } else if (!world_line_matches(line, pattern, strlen(pattern))) {
                fail(replay, "expected", text);
                printf("    but: %s\n", line);
        }
}

static void do_state(struct replay *replay)
{
        const unsigned eth = (unsigned)number_option(replay, "eth", 0);
        const enum node_name_state state = host_name_state(replay->node, word(replay, 1), eth);
        const char *is = state == NODE_STATE_MAX ? "absent" : node_state_str(state);

        if (!word(replay, 2) || strcmp(is, word(replay, 2)) != 0)
                fail(replay, "the state is", is);
}

/* ---- packets ------------------------------------------------------------------------------------------------------- */

struct builder {
        struct nbns_packet packet;
        uint8_t rdata[6];
        struct nb_name name;
        struct nbns_address address;
        uint16_t id;
        uint32_t ttl_s;
        uint8_t rcode;
        bool broadcast;
};

static void build_claim(struct builder *b, uint8_t opcode, bool recursion)
{
        nbns_build_claim(&b->packet, b->rdata, b->id, opcode, &b->name, NULL, &b->address, b->ttl_s, recursion,
                         b->broadcast);
}

static void build_response(struct builder *b, uint8_t opcode)
{
        nbns_build_claim_response(&b->packet, b->rdata, b->id, opcode, b->rcode, &b->name, NULL, &b->address, b->ttl_s);
}

static bool build_request(struct builder *b, const char *kind)
{
        if (strcmp(kind, "query") == 0)
                nbns_build_query(&b->packet, b->id, &b->name, NULL, NBNS_TYPE_NB, true, b->broadcast);
        else if (strcmp(kind, "status-query") == 0)
                nbns_build_query(&b->packet, b->id, &b->name, NULL, NBNS_TYPE_NBSTAT, false, b->broadcast);
        else if (strcmp(kind, "registration") == 0)
                build_claim(b, NBNS_OPCODE_REGISTRATION, true);
        else if (strcmp(kind, "overwrite") == 0)
                build_claim(b, NBNS_OPCODE_REGISTRATION, false);
        else if (strcmp(kind, "multihomed") == 0)
                build_claim(b, NBNS_OPCODE_MULTIHOMED, true);
        else if (strcmp(kind, "refresh") == 0)
                build_claim(b, NBNS_OPCODE_REFRESH, false);
        else if (strcmp(kind, "release") == 0)
                nbns_build_release(&b->packet, b->rdata, b->id, &b->name, NULL, &b->address, b->broadcast);
        else
                return false;
        return true;
}

static bool build_answer(struct builder *b, const char *kind)
{
        static uint8_t wack_rdata[2];

        if (strcmp(kind, "positive") == 0 || strcmp(kind, "negative") == 0)
                build_response(b, NBNS_OPCODE_REGISTRATION);
        else if (strcmp(kind, "release-ok") == 0)
                build_response(b, NBNS_OPCODE_RELEASE);
        else if (strcmp(kind, "refresh-ok") == 0)
                build_response(b, NBNS_OPCODE_REFRESH);
        else if (strcmp(kind, "wack") == 0)
                nbns_build_wack(&b->packet, wack_rdata, b->id, &b->name, NULL, 0x2900, b->ttl_s);
        else if (strcmp(kind, "conflict-demand") == 0)
                nbns_build_conflict_demand(&b->packet, b->rdata, b->id, &b->name, NULL);
        else if (strcmp(kind, "no-such-name") == 0)
                nbns_build_negative_query_response(&b->packet, b->id, &b->name, NULL, NBNS_RCODE_NAM_ERR, true);
        else if (strcmp(kind, "answer") == 0) {
                nbns_address_encode(&b->address, b->rdata);
                nbns_build_query_response(&b->packet, b->id, &b->name, NULL, b->rdata, 6, b->ttl_s, false);
        } else
                return false;
        return true;
}

static void recv_hex(struct replay *replay, unsigned eth, uint32_t from, uint32_t to, const char *text)
{
        uint8_t bytes[SIM_FRAME_MAX_BYTES];
        size_t len = 0;
        unsigned byte;

        for (; text && len < sizeof(bytes) && sscanf(text, "%2x", &byte) == 1; text += 2)
                bytes[len++] = (uint8_t)byte;
        world_send(replay->world, replay->wire, eth, from, to, NBNS_PORT, bytes, len);
}

/* Where the PACKET begins: behind FROM and its options. */
static size_t packet_at(const struct replay *replay)
{
        size_t i = 2;

        while (word(replay, i) && (strcmp(word(replay, i), "to") == 0 || strcmp(word(replay, i), "eth") == 0))
                i += 2;
        return i;
}

/* Of the node's last packet: what an answer bears. */
static unsigned long last_id(const struct replay *replay)
{
        for (size_t i = replay->world->log_count; i > 0; i--) {
                const char *line = replay->world->log[i - 1], *id = strstr(line, ": id 0x");

                if (id && world_line_matches(line, "* node sends", 12))
                        return strtoul(id + 5, NULL, 0);
        }
        return 0;
}

static void do_recv(struct replay *replay)
{
        const size_t at = packet_at(replay);
        const unsigned eth = (unsigned)number_option(replay, "eth", 0);
        const uint32_t from = address_of(replay, word(replay, 1));
        const char *to_text = option(replay, "to"), *kind = word(replay, at) ? word(replay, at) : "";
        struct builder b = {.broadcast = !to_text};
        const uint32_t to = to_text ? address_of(replay, to_text) : replay->node->ports[eth].iface.broadcast;

        if (strcmp(kind, "hex") == 0) {
                recv_hex(replay, eth, from, to, word(replay, at + 1));
                return;
        }
        const char *address = word(replay, at + 2);
        b.name = name_of(replay, word(replay, at + 1));
        b.address.address = from;
        if (address && address[0] >= '0' && address[0] <= '9')
                b.address.address = address_of(replay, address);
        b.address.nb_flags = flag(replay, "group") ? NBNS_NB_GROUP : 0;
        b.ttl_s = (uint32_t)number_option(replay, "ttl", 300000);
        b.rcode = (uint8_t)number_option(replay, "rcode", strcmp(kind, "negative") == 0 ? NBNS_RCODE_ACT_ERR : 0);
        b.id = (uint16_t)number_option(replay, "id", last_id(replay));
        if (!build_answer(&b, kind)) {
                b.id = (uint16_t)number_option(replay, "id", 0x7000 + replay->line);
                if (!build_request(&b, kind)) {
                        fail(replay, "no such packet", kind);
                        return;
                }
        }
        world_send_packet(replay->world, replay->wire, eth, from, to, &b.packet);
        world_run_ms(replay->world, 0);
}

/* ---- steps --------------------------------------------------------------------------------------------------------- */

static bool dns_hook(const char *host, uint32_t *ret_address)
{
        (void)host;
        *ret_address = dns_says;
        return dns_says != 0;
}

static void do_time(struct replay *replay)
{
        const char *text = word(replay, 1) ? word(replay, 1) : "";
        char *unit;
        const unsigned long value = strtoul(text + (*text == '+'), &unit, 10);

        if (strcmp(unit, "ms") == 0)
                world_run_ms(replay->world, value);
        else if (strcmp(unit, "s") == 0)
                world_run_s(replay->world, value);
        else if (strcmp(unit, "min") == 0)
                world_run_s(replay->world, value * 60);
        else
                fail(replay, "no time", text);
}

static bool run_setup(struct replay *replay, const char *what)
{
        if (strcmp(what, "node") == 0)
                do_node(replay);
        else if (strcmp(what, "user") == 0)
                do_user(replay);
        else if (strcmp(what, "iface") == 0)
                do_iface(replay);
        else if (strcmp(what, "demand") == 0)
                do_demand(replay);
        else if (strcmp(what, "set") == 0)
                do_set(replay);
        else
                return false;
        return true;
}

static void do_dns(struct replay *replay)
{
        dns_says = strcmp(word(replay, 1), "none") == 0 ? 0 : address_of(replay, word(replay, 1));
}

static bool run_command(struct replay *replay, const char *what, const char *rest)
{
        struct sim_host *node = replay->node;

        if (strcmp(what, "start") == 0)
                host_start(node);
        else if (strcmp(what, "stop") == 0)
                host_stop(node);
        else if (strcmp(what, "resume") == 0)
                host_resume(node);
        else if (strcmp(what, "release-refresh") == 0)
                host_release_refresh(node);
        else if (strcmp(what, "reload") == 0)
                host_reload(node, rest);
        else if (!word(replay, 1))
                return false;
        else if (strcmp(what, "add") == 0)
                host_name_add(node, word(replay, 1), flag(replay, "group") ? NODE_NAME_GROUP : NODE_NAME_UNIQUE);
        else if (strcmp(what, "release") == 0)
                host_name_release(node, word(replay, 1));
        else if (strcmp(what, "query") == 0)
                host_query(node, word(replay, 1), true);
        else if (strcmp(what, "status") == 0)
                host_status(node, word(replay, 1));
        else if (strcmp(what, "dns") == 0)
                do_dns(replay);
        else if (strcmp(what, "up") == 0 || strcmp(what, "down") == 0)
                host_set_up(node, (unsigned)atoi(word(replay, 1)), what[0] == 'u');
        else if (strcmp(what, "address") == 0 && word(replay, 2))
                host_set_address(node, (unsigned)atoi(word(replay, 1)), word(replay, 2));
        else if (strcmp(what, "time") == 0)
                do_time(replay);
        else if (strcmp(what, "recv") == 0)
                do_recv(replay);
        else
                return false;
        return true;
}

static void do_ignore(struct replay *replay, const char *rest)
{
        if (replay->ignored_count == NBT_ARRAY_SIZE(replay->ignored))
                fail(replay, "too many", rest);
        else
                replay->ignored[replay->ignored_count++] = arena_printf(&replay->world->log_arena, "* %s", rest);
}

static void split(struct replay *replay, char *text)
{
        replay->word_count = 0;
        for (char *w = strtok(text, " \t"); w && replay->word_count < MAX_WORDS; w = strtok(NULL, " \t"))
                replay->words[replay->word_count++] = w;
}

static void run_line(struct replay *replay, char *line)
{
        char copy[512];

        line[strcspn(line, "\r\n")] = '\0';
        line += strspn(line, " \t");
        if (!*line || *line == '#')
                return;
        snprintf(copy, sizeof(copy), "%s", line);
        const char *rest = line + strcspn(line, " \t");
        rest += strspn(rest, " \t");
        split(replay, copy);
        const char *what = replay->words[0];
        if (strcmp(what, "expect") == 0) {
                do_expect(replay, rest);
        } else if (strcmp(what, "state") == 0) {
                do_state(replay);
        } else if (strcmp(what, "ignore") == 0) {
                do_ignore(replay, rest);
        } else if (!run_setup(replay, what)) {
                expect_nothing(replay);
                if (!run_command(replay, what, rest))
                        fail(replay, "not understood", line);
                world_run_ms(replay->world, 0);
        }
}

static bool run_file(const char *path)
{
        FILE *file = fopen(path, "r");
        struct replay replay = {.path = path};
        char line[512];

        if (!file) {
                perror(path);
                return false;
        }
        dns_says = 0;
        replay.world = world_new(path, 1);
        replay.world->dns = dns_hook;
        replay.node = world_node(replay.world, "node", NODE_TYPE_B, "", "", 0, "0.0.0.0");
        replay.wire = world_peer(replay.world, "wire", 0, "0.0.0.0", NULL);
        replay.node->port_count = replay.wire->port_count = 0; /* `iface` adds them */
        while (fgets(line, sizeof(line), file) && !replay.failed) {
                replay.line++;
                run_line(&replay, line);
        }
        if (!replay.failed)
                expect_nothing(&replay);
        if (replay.failed)
                world_print_log(replay.world);
        fclose(file);
        world_free(replay.world);
        return !replay.failed;
}

int main(int argc, char **argv)
{
        int failed = 0;

        for (int i = 1; i < argc; i++)
                if (!run_file(argv[i]))
                        failed++;
        printf("%d scenarios, %d failed\n", argc - 1, failed);
        return failed || argc < 2;
}
