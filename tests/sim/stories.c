/* Runs the stories: all of them, or those whose labels are given. Prints the log of what fails. `-v LABEL` prints it anyway. */
#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"

#define STORY_SEED 1

/* ---- peers --------------------------------------------------------------------------------------------------------- */

uint32_t story_ip(const char *text)
{
        uint32_t address;

        if (ip4_parse(text, &address) < 0)
                abort();
        return address;
}

static struct nb_name story_name(const char *text)
{
        struct nb_name name;

        if (nb_name_parse(text, 0x20, &name) < 0)
                abort();
        return name;
}

static void send_to(struct sim_host *peer, const char *source, const char *destination,
                    const struct nbns_packet *packet)
{
        world_send_packet(peer->world, peer, 0, *source ? story_ip(source) : 0,
                          *destination ? story_ip(destination) : peer->ports[0].iface.broadcast, packet);
}

static uint16_t any_id(struct sim_host *peer)
{
        return (uint16_t)rng_u32(&peer->world->rng);
}

void peer_conflict_demand(struct sim_host *peer, const char *source, const char *destination, const char *name)
{
        const struct nb_name n = story_name(name);
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_conflict_demand(&packet, rdata, any_id(peer), &n, NULL);
        send_to(peer, source, destination, &packet);
}

void peer_release_demand(struct sim_host *peer, const char *source, const char *destination, const char *name)
{
        const struct nb_name n = story_name(name);
        const struct nbns_address address = {0, *destination ? story_ip(destination) : 0};
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_release(&packet, rdata, any_id(peer), &n, NULL, &address, !*destination);
        send_to(peer, source, destination, &packet);
}

void peer_claim(struct sim_host *peer, const char *source, const char *destination, uint8_t opcode, const char *name,
                const char *address, bool group)
{
        const struct nb_name n = story_name(name);
        const struct nbns_address entry = {group ? NBNS_NB_GROUP : 0, story_ip(address)};
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim(&packet, rdata, any_id(peer), opcode, &n, NULL, &entry, 300000, true, !*destination);
        send_to(peer, source, destination, &packet);
}

void peer_query(struct sim_host *peer, const char *destination, const char *name, uint16_t type)
{
        const struct nb_name n = story_name(name);
        struct nbns_packet packet;

        nbns_build_query(&packet, any_id(peer), &n, NULL, type, true, !*destination);
        send_to(peer, "", destination, &packet);
}

void peer_answer(struct sim_host *peer, const char *destination, uint16_t id, const char *name, const char *address)
{
        const struct nb_name n = story_name(name);
        const struct nbns_address entry = {0, story_ip(address)};
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_address_encode(&entry, rdata);
        nbns_build_query_response(&packet, id, &n, NULL, rdata, 6, 300000, false);
        send_to(peer, "", destination, &packet);
}

void peer_refuse(struct sim_host *peer, const char *destination, uint16_t id, const char *name, const char *owner)
{
        const struct nb_name n = story_name(name);
        const struct nbns_address entry = {0, story_ip(owner)};
        struct nbns_packet packet;
        uint8_t rdata[6];

        nbns_build_claim_response(&packet, rdata, id, NBNS_OPCODE_REGISTRATION, NBNS_RCODE_ACT_ERR, &n, NULL, &entry,
                                  0);
        send_to(peer, "", destination, &packet);
}

uint16_t last_id_of(const struct sim_host *host)
{
        char pattern[40];

        snprintf(pattern, sizeof(pattern), "* %s sends", host->label);
        for (size_t i = host->world->log_count; i > 0; i--) {
                const char *line = host->world->log[i - 1], *id = strstr(line, ": id 0x");

                if (id && world_line_matches(line, pattern, strlen(pattern)))
                        return (uint16_t)strtoul(id + 5, NULL, 0);
        }
        return 0;
}

/* ---- telling ------------------------------------------------------------------------------------------------------- */

/* No claim hangs for ever, and no name is lost without a word, in any story. */
static void check_always(struct world *world)
{
        for (unsigned i = 0; i < world->host_count; i++)
                world_expect_that(world, world->hosts[i]->silent_losses == 0, "every loss of a name is told");
}

static bool tell(const struct story *story, bool verbose)
{
        struct world *world = world_new(story->label, STORY_SEED);

        story->tell(world);
        check_always(world);
        const bool failed = world->failures > 0;
        if (failed || verbose) {
                printf("%s: %s\n", story->label, story->what);
                world_print_log(world);
        }
        printf("%s %s\n", failed ? "FAILED" : "ok    ", story->label);
        world_free(world);
        return !failed;
}

static bool is_asked(const char *label, int argc, char **argv)
{
        bool any = false;

        for (int i = 1; i < argc; i++) {
                any |= argv[i][0] != '-';
                if (strcmp(argv[i], label) == 0)
                        return true;
        }
        return !any;
}

int main(int argc, char **argv)
{
        static const struct story *const books[] = {STORIES_CLAIM, STORIES_SERVER,  STORIES_CONFLICT,
                                                    STORIES_HOMES, STORIES_RESOLVE, STORIES_LIFE};
        const bool verbose = argc > 1 && strcmp(argv[1], "-v") == 0; /* then labels */
        unsigned told = 0, failed = 0;

        for (size_t b = 0; b < NBT_ARRAY_SIZE(books); b++)
                for (const struct story *story = books[b]; story->label; story++)
                        if (is_asked(story->label, argc, argv)) {
                                told++;
                                failed += !tell(story, verbose);
                        }
        printf("%u stories, %u failed\n", told, failed);
        return failed || !told;
}
