#include "wins.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip4.h"

/* KB173519: three tries, 500 ms at first. */
#define CHALLENGE_TRIES 3
#define CHALLENGE_MS 500

struct answer { /* one that is slow: waits in the world's heap */
        uint32_t destination;
        uint8_t bytes[576];
        size_t len_bytes;
};

/* ---- table --------------------------------------------------------------------------------------------------------- */

static struct sim_wins_record *record_find(struct sim_wins *wins, const struct nb_name *name)
{
        for (size_t i = 0; i < wins->table->count; i++)
                if (nb_name_equal(&wins->table->records[i].name, name))
                        return &wins->table->records[i];
        return NULL;
}

static struct sim_wins_record *record_obtain(struct sim_wins *wins, const struct nb_name *name)
{
        struct sim_wins_record *record = record_find(wins, name);

        if (record)
                return record;
        if (wins->table->count == SIM_WINS_RECORDS)
                abort();
        record = &wins->table->records[wins->table->count++];
        *record = (struct sim_wins_record){.name = *name};
        return record;
}

static bool is_live(const struct sim_wins_record *record, mono_t now)
{
        return record && record->active && !mono_is_due(record->expires, now);
}

static bool holds(const struct sim_wins_record *record, uint32_t address)
{
        for (size_t i = 0; i < record->count; i++)
                if (record->addresses[i] == address)
                        return true;
        return false;
}

static void record_set(struct world *world, struct sim_wins *wins, struct sim_wins_record *record, uint32_t address,
                       bool group, bool add)
{
        if (!add || !is_live(record, world->now))
                record->count = 0;
        if (!holds(record, address) && record->count < SIM_WINS_ADDRESSES)
                record->addresses[record->count++] = address;
        record->group = group;
        record->active = true;
        record->expires = mono_add_ms(world->now, (uint64_t)wins->ttl_s * 1000);
}

/* ---- answers ------------------------------------------------------------------------------------------------------- */

static void send_late(struct world *world, struct sim_host *host, uint64_t argument)
{
        struct answer *answer = (struct answer *)(uintptr_t)argument;

        if (host->running)
                world_send(world, host, 0, 0, answer->destination, NBNS_PORT, answer->bytes, answer->len_bytes);
}

static void send_packet(struct world *world, struct sim_host *host, uint32_t destination,
                        const struct nbns_packet *packet)
{
        const uint32_t slow_ms = wins_of(host)->slow_ms;

        if (!slow_ms) {
                world_send_packet(world, host, 0, 0, destination, packet);
                return;
        }
        struct answer *answer = arena_alloc(&world->log_arena, sizeof(*answer)); /* lives as long as the world */
        const int len = answer ? nbns_packet_encode(packet, answer->bytes, sizeof(answer->bytes)) : -1;

        if (len < 0)
                abort();
        answer->destination = destination;
        answer->len_bytes = (size_t)len;
        world_call_in_ms(world, slow_ms, send_late, host, (uint64_t)(uintptr_t)answer);
}

static void answer_claim(struct world *world, struct sim_host *host, uint32_t claimant, uint16_t id, uint8_t opcode,
                         uint8_t rcode, const struct nb_name *name, bool group)
{
        struct nbns_packet packet;
        uint8_t rdata[6];
        const struct nbns_address address = {group ? NBNS_NB_GROUP : 0, claimant};

        nbns_build_claim_response(&packet, rdata, id, opcode, rcode, name, NULL, &address,
                                  rcode ? 0 : wins_of(host)->ttl_s);
        send_packet(world, host, claimant, &packet);
}

/* ---- challenge ----------------------------------------------------------------------------------------------------- */

static void challenge_ask(struct world *world, struct sim_host *host, const struct sim_wins_challenge *challenge)
{
        struct nbns_packet packet;

        nbns_build_query(&packet, challenge->id, &challenge->record->name, NULL, NBNS_TYPE_NB, false, false);
        send_packet(world, host, challenge->record->addresses[0], &packet);
}

/* WON: the claimant gets the name. */
static void challenge_end(struct world *world, struct sim_host *host, struct sim_wins_challenge *challenge, bool won)
{
        challenge->active = false;
        if (won)
                record_set(world, wins_of(host), challenge->record, challenge->claimant, challenge->group, false);
        answer_claim(world, host, challenge->claimant, challenge->request_id, challenge->opcode,
                     won ? 0 : NBNS_RCODE_ACT_ERR, &challenge->record->name, challenge->group);
}

static void challenge_timer(struct world *world, struct sim_host *host, uint64_t argument)
{
        for (size_t i = 0; i < SIM_WINS_CHALLENGES; i++) {
                struct sim_wins_challenge *challenge = &wins_of(host)->challenges[i];

                if (!challenge->active || challenge->serial != argument)
                        continue;
                if (!host->running) {
                        challenge->active = false;
                } else if (challenge->tries == CHALLENGE_TRIES) {
                        challenge_end(world, host, challenge, true);
                } else {
                        challenge_ask(world, host, challenge);
                        world_call_in_ms(world, (uint64_t)CHALLENGE_MS << challenge->tries++, challenge_timer, host,
                                         argument);
                }
                return;
        }
}

static bool is_duplicate(const struct sim_wins *wins, uint32_t claimant, uint16_t request_id)
{
        for (size_t i = 0; i < SIM_WINS_CHALLENGES; i++)
                if (wins->challenges[i].active && wins->challenges[i].claimant == claimant &&
                    wins->challenges[i].request_id == request_id)
                        return true;
        return false;
}

static void challenge_begin(struct world *world, struct sim_host *host, const struct nbns_packet *request,
                            struct sim_wins_record *record, uint32_t claimant, bool group)
{
        struct sim_wins *wins = wins_of(host);
        struct nbns_packet wack;
        uint8_t rdata[2];

        for (size_t i = 0; i < SIM_WINS_CHALLENGES; i++) {
                struct sim_wins_challenge *challenge = &wins->challenges[i];

                if (challenge->active)
                        continue;
                *challenge = (struct sim_wins_challenge){.active = true,
                                                         .id = (uint16_t)rng_u32(&world->rng),
                                                         .request_id = request->header.id,
                                                         .claimant = claimant,
                                                         .opcode = request->header.opcode,
                                                         .group = group,
                                                         .record = record,
                                                         .serial = ++wins->serial};
                nbns_build_wack(&wack, rdata, request->header.id, &record->name, NULL,
                                nbns_header_flags(&request->header), wins->wack_ttl_s);
                send_packet(world, host, claimant, &wack);
                challenge_timer(world, host, challenge->serial);
                return;
        }
}

static bool names_address(const struct nbns_packet *response, uint32_t address)
{
        for (size_t i = 0; response->has_answer && i < nbns_rr_address_count(&response->answer); i++)
                if (nbns_rr_address_get(&response->answer, i).address == address)
                        return true;
        return false;
}

static void challenge_answer(struct world *world, struct sim_host *host, const struct nbns_packet *response,
                             uint32_t source)
{
        for (size_t i = 0; i < SIM_WINS_CHALLENGES; i++) {
                struct sim_wins_challenge *challenge = &wins_of(host)->challenges[i];

                if (!challenge->active || challenge->id != response->header.id || !holds(challenge->record, source))
                        continue;
                if (names_address(response, challenge->claimant)) { /* one machine, several addresses */
                        challenge->active = false;
                        record_set(world, wins_of(host), challenge->record, challenge->claimant, false, true);
                        answer_claim(world, host, challenge->claimant, challenge->request_id, challenge->opcode, 0,
                                     &challenge->record->name, false);
                } else {
                        challenge_end(world, host, challenge, response->header.rcode != 0);
                }
                return;
        }
}

/* ---- requests ------------------------------------------------------------------------------------------------------ */

/* What becomes of a claim or refresh: 0 yes, above 0 the refusal, -1 challenge. */
static int decide(const struct world *world, const struct sim_wins *wins, const struct sim_wins_record *record,
                  uint32_t claimant, bool group)
{
        if (wins->refuse_rcode)
                return wins->refuse_rcode;
        if (!is_live(record, world->now))
                return 0;
        if (record->group)
                return group ? 0 : NBNS_RCODE_ACT_ERR;
        return holds(record, claimant) && !group ? 0 : -1;
}

static void on_claim(struct world *world, struct sim_host *host, const struct nbns_packet *request, uint32_t source)
{
        struct sim_wins *wins = wins_of(host);

        if (!request->has_additional || nbns_rr_address_count(&request->additional) == 0 ||
            is_duplicate(wins, source, request->header.id))
                return;
        const struct nb_name *name = &request->question.name;
        const struct nbns_address address = nbns_rr_address_get(&request->additional, 0);
        const bool group = address.nb_flags & NBNS_NB_GROUP;
        const bool multihomed = request->header.opcode == NBNS_OPCODE_MULTIHOMED;
        struct sim_wins_record *record = record_obtain(wins, name);
        const int verdict = decide(world, wins, record, address.address, group);

        if (verdict < 0 && holds(record, source)) {
                record_set(world, wins, record, address.address, group,
                           multihomed); /* the holder has another address */
        } else if (verdict < 0) {
                challenge_begin(world, host, request, record, source, group);
                return;
        } else if (verdict == 0) {
                record_set(world, wins, record, address.address, group,
                           multihomed || request->header.opcode != NBNS_OPCODE_REGISTRATION || group);
        }
        answer_claim(world, host, source, request->header.id, request->header.opcode,
                     verdict > 0 ? (uint8_t)verdict : 0, name, group);
}

static void on_release(struct world *world, struct sim_host *host, const struct nbns_packet *request, uint32_t source)
{
        struct sim_wins_record *record = record_find(wins_of(host), &request->question.name);
        struct nbns_packet packet;
        uint8_t rdata[6];
        const struct nbns_address address = {0, source};

        for (size_t i = 0; record && i < record->count; i++)
                if (record->addresses[i] == source)
                        record->addresses[i--] = record->addresses[--record->count];
        if (record && record->count == 0)
                record->active = false;
        nbns_build_claim_response(&packet, rdata, request->header.id, NBNS_OPCODE_RELEASE, 0, &request->question.name,
                                  NULL, &address, 0);
        send_packet(world, host, source, &packet);
}

static void on_query(struct world *world, struct sim_host *host, const struct nbns_packet *request, uint32_t source)
{
        const struct sim_wins_record *record = record_find(wins_of(host), &request->question.name);
        struct nbns_packet packet;
        uint8_t rdata[6 * SIM_WINS_ADDRESSES];

        if (!is_live(record, world->now)) {
                nbns_build_negative_query_response(&packet, request->header.id, &request->question.name, NULL,
                                                   NBNS_RCODE_NAM_ERR, true);
                send_packet(world, host, source, &packet);
                return;
        }
        const size_t count = record->group ? 1 : record->count;
        for (size_t i = 0; i < count; i++) /* KB130232: of a group only that it exists */
                nbns_address_encode(&(struct nbns_address){record->group ? NBNS_NB_GROUP : 0,
                                                           record->group ? IP4_BROADCAST : record->addresses[i]},
                                    rdata + 6 * i);
        nbns_build_query_response(&packet, request->header.id, &request->question.name, NULL, rdata,
                                  (uint16_t)(6 * count), wins_of(host)->ttl_s, true);
        send_packet(world, host, source, &packet);
}

static void on_packet(struct world *world, struct sim_host *host, unsigned port, const struct sim_frame *frame)
{
        struct sim_wins *wins = wins_of(host);
        struct nbns_packet packet;

        (void)port;
        if (frame->broadcast || frame->source == host->ports[0].iface.address ||
            nbns_packet_decode(frame->bytes, frame->len_bytes, &packet) < 0)
                return;
        if (packet.header.response) {
                challenge_answer(world, host, &packet, frame->source);
                return;
        }
        if (!packet.has_question)
                return;
        switch (packet.header.opcode) {
        case NBNS_OPCODE_QUERY:
                wins->queries++;
                on_query(world, host, &packet, frame->source);
                break;
        case NBNS_OPCODE_REFRESH:
        case NBNS_OPCODE_REFRESH_ALT:
                wins->refreshes++;
                on_claim(world, host, &packet, frame->source);
                break;
        case NBNS_OPCODE_RELEASE:
                wins->releases++;
                on_release(world, host, &packet, frame->source);
                break;
        default:
                wins->claims++;
                on_claim(world, host, &packet, frame->source);
        }
}

/* ---- for stories --------------------------------------------------------------------------------------------------- */

struct sim_wins *wins_of(const struct sim_host *host)
{
        return host->context;
}

static void wins_done(void *context)
{
        struct sim_wins *wins = context;

        if (--wins->table->servers == 0)
                free(wins->table);
        free(wins);
}

struct sim_host *world_wins(struct world *world, const char *label, unsigned segment, const char *address,
                            struct sim_host *accomplice)
{
        struct sim_host *host = world_peer(world, label, segment, address, on_packet);
        struct sim_wins *wins = calloc(1, sizeof(*wins));

        if (!wins)
                abort();
        wins->table = accomplice ? wins_of(accomplice)->table : calloc(1, sizeof(*wins->table));
        if (!wins->table)
                abort();
        wins->table->servers++;
        wins->ttl_s = 1200;
        wins->wack_ttl_s = 5;
        host->context = wins;
        host->free_context = wins_done;
        return host;
}

static struct nb_name name_of(const char *text)
{
        struct nb_name name;

        if (nb_name_parse(text, 0x20, &name) < 0)
                abort();
        return name;
}

const struct sim_wins_record *wins_find(struct sim_host *host, const char *name)
{
        const struct nb_name wanted = name_of(name);
        const struct sim_wins_record *record = record_find(wins_of(host), &wanted);

        return is_live(record, host->world->now) ? record : NULL;
}

void wins_put(struct sim_host *host, const char *name, const char *address, bool group)
{
        const struct nb_name wanted = name_of(name);
        struct sim_wins_record *record = record_obtain(wins_of(host), &wanted);
        uint32_t ip;

        if (ip4_parse(address, &ip) < 0)
                abort();
        record_set(host->world, wins_of(host), record, ip, group, false);
}

void wins_down(struct sim_host *host)
{
        world_log(host->world, host, "goes down");
        host->running = false;
}

void wins_up(struct sim_host *host, bool forget)
{
        world_log(host->world, host, "comes up%s", forget ? " and has forgotten all" : "");
        host->running = true;
        for (size_t i = 0; i < SIM_WINS_CHALLENGES; i++)
                wins_of(host)->challenges[i].active = false;
        if (forget)
                wins_of(host)->table->count = 0;
}

void wins_demand_release(struct sim_host *host, const char *name, const char *address)
{
        const struct nb_name wanted = name_of(name);
        struct nbns_address holder = {0};
        struct nbns_packet packet;
        uint8_t rdata[6];

        if (ip4_parse(address, &holder.address) < 0)
                abort();
        nbns_build_release(&packet, rdata, (uint16_t)rng_u32(&host->world->rng), &wanted, NULL, &holder, false);
        world_send_packet(host->world, host, 0, 0, holder.address, &packet);
}
