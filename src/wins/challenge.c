/*
 * The dialogue with a holder (RFC 1002 §5.1.4.2, KB173519): WACK to the claimant, then a name query to each address of the record
 * in turn. RD is 0 in them: a node that does not know the name answers that negatively, and would be silent to RD 1 (observed).
 */
#include "wins/internal.h"

#include <stdlib.h>
#include <string.h>

#define IDS 65536u

/* ---- the heap of deadlines ------------------------------------------------------------------------------------------------- */

static void heap_set(struct wins *wins, uint32_t i, struct wins_challenge *challenge)
{
        wins->heap[i] = challenge;
        challenge->heap_index = i;
}

static void heap_sift(struct wins *wins, uint32_t i)
{
        struct wins_challenge *moved = wins->heap[i];

        for (uint32_t up; i > 0 && moved->next_at.ns < wins->heap[up = (i - 1) / 2]->next_at.ns; i = up)
                heap_set(wins, i, wins->heap[up]);
        for (uint32_t down; (down = 2 * i + 1) < wins->heap_count; i = down) {
                if (down + 1 < wins->heap_count && wins->heap[down + 1]->next_at.ns < wins->heap[down]->next_at.ns)
                        down++;
                if (moved->next_at.ns <= wins->heap[down]->next_at.ns)
                        break;
                heap_set(wins, i, wins->heap[down]);
        }
        heap_set(wins, i, moved);
}

static int heap_reserve(struct wins *wins)
{
        if (wins->heap_count < wins->heap_room)
                return 0;
        const uint32_t room = wins->heap_room ? wins->heap_room * 2 : 64;
        struct wins_challenge **heap = realloc(wins->heap, room * sizeof(*heap));
        if (!heap)
                return NBT_ERR_NOMEM;
        wins->heap = heap;
        wins->heap_room = room;
        return 0;
}

static void heap_remove(struct wins *wins, const struct wins_challenge *challenge)
{
        const uint32_t i = challenge->heap_index;
        struct wins_challenge *last = wins->heap[--wins->heap_count];

        if (last == challenge)
                return;
        heap_set(wins, i, last);
        heap_sift(wins, i);
}

mono_t wins_challenge_deadline(const struct wins *wins)
{
        return wins->heap_count ? wins->heap[0]->next_at : MONO_NEVER;
}

/* ---- asking ------------------------------------------------------------------------------------------------------------------ */

void wins_challenge_drop(struct wins *wins, struct wins_challenge *challenge)
{
        heap_remove(wins, challenge);
        wins->challenge_by_id[challenge->id] = NULL;
        challenge->work->challenge = NULL;
        free(challenge);
}

static void end(struct wins *wins, struct wins_challenge *challenge, enum wins_challenge_end how, uint32_t who,
                const uint32_t *answered, size_t answered_count)
{
        struct wins_work *work = challenge->work;
        const struct wins_challenge ended = *challenge;

        wins_challenge_drop(wins, challenge);
        if (work->pending > 0) {
                wins_work_wait_first(wins, work, &ended.request); /* an administrator's change comes first */
                return;
        }
        wins_claim_challenged(wins, work, &ended, how, who, answered, answered_count);
}

static void ask(struct wins *wins, struct wins_challenge *challenge)
{
        const struct wins_work *work = challenge->work;
        struct nbns_packet packet;

        nbns_build_query(&packet, challenge->id, &work->name, wins_scopes_get(&wins->table.scopes, work->scope),
                         NBNS_TYPE_NB, false, false);
        wins_emit_packet(wins, challenge->request.local, challenge->addresses[challenge->index], NBNS_PORT, &packet);
        challenge->next_at = mono_add_ms(wins->now, WINS_CHALLENGE_FIRST_MS << challenge->tries);
        challenge->tries++;
        heap_sift(wins, challenge->heap_index);
}

static bool is_listed(const uint32_t *addresses, size_t count, uint32_t address)
{
        for (size_t i = 0; i < count; i++)
                if (addresses[i] == address)
                        return true;
        return false;
}

static void alive(struct wins *wins, struct wins_challenge *challenge, uint32_t who, const uint32_t *answered,
                  size_t count)
{
        const bool group = challenge->request.nb_flags & NBNS_NB_GROUP;
        const bool same = !group && is_listed(answered, count, challenge->request.address);

        wins->statistics.challenges_answered++;
        end(wins, challenge, same ? WINS_END_MERGE : WINS_END_REFUSE, who, answered, count);
}

/* Asks the address whose turn it is; the carried node is asked without a packet. The challenge may be over afterwards. */
static void ask_next(struct wins *wins, struct wins_challenge *challenge)
{
        while (challenge->index < challenge->count) {
                const uint32_t address = challenge->addresses[challenge->index];

                if (!wins_is_own_address(wins, address)) {
                        challenge->tries = 0;
                        ask(wins, challenge);
                        return;
                }
                if (wins_is_own_name(wins, &challenge->work->name)) {
                        uint32_t own[WINS_MAX_OWN_ADDRESSES];

                        memcpy(own, wins->own_addresses, wins->own_address_count * sizeof(own[0]));
                        alive(wins, challenge, address, own, wins->own_address_count);
                        return;
                }
                challenge->index++;
        }
        end(wins, challenge, WINS_END_REPLACE, 0, NULL, 0);
}

static void send_wack(struct wins *wins, const struct wins_challenge *challenge)
{
        const struct wins_request *request = &challenge->request;
        const struct wins_work *work = challenge->work;
        struct nbns_packet packet;
        uint8_t rdata[2];

        nbns_build_wack(&packet, rdata, request->id, &work->name, wins_scopes_get(&wins->table.scopes, work->scope),
                        request->flags, WINS_WACK_BASE_S + WINS_CHALLENGE_ADDRESS_S * challenge->count);
        wins_emit_packet(wins, request->local, request->source, request->source_port, &packet);
        wins->statistics.wacks++;
}

static uint16_t free_id(struct wins *wins)
{
        uint16_t id;

        /* at most WINS_MAX_CHALLENGES of 65536 are in use */
        do
                id = (uint16_t)rng_u32(&wins->rng);
        while (wins->challenge_by_id[id]);
        return id;
}

static bool needs_packets(const struct wins *wins, const struct wins_work *work, const uint32_t *addresses,
                          size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (!wins_is_own_address(wins, addresses[i]))
                        return true;
                if (wins_is_own_name(wins, &work->name))
                        return false;
        }
        return false;
}

void wins_challenge_begin(struct wins *wins, struct wins_work *work, const struct wins_request *request,
                          uint64_t version, const uint32_t *addresses, size_t count, bool later)
{
        struct wins_challenge *challenge = calloc(1, sizeof(*challenge));

        if (!wins->challenge_by_id)
                wins->challenge_by_id = calloc(IDS, sizeof(*wins->challenge_by_id));
        if (!challenge || !wins->challenge_by_id || heap_reserve(wins) < 0) {
                wins->failed = true;
                free(challenge);
                return;
        }
        challenge->work = work;
        challenge->request = *request;
        challenge->version = version;
        challenge->count = (uint8_t)count;
        memcpy(challenge->addresses, addresses, count * sizeof(addresses[0]));
        challenge->id = free_id(wins);
        challenge->next_at = wins->now;
        wins->challenge_by_id[challenge->id] = challenge;
        work->challenge = challenge;
        heap_set(wins, wins->heap_count++, challenge);
        heap_sift(wins, challenge->heap_index);
        wins->statistics.challenges++;
        if (needs_packets(wins, work, addresses, count))
                send_wack(wins, challenge);
        if (later && !wins_is_own_address(wins, addresses[0])) {
                challenge->next_at = mono_add_ms(wins->now, WINS_CHALLENGE_FIRST_MS);
                heap_sift(wins, challenge->heap_index);
        } else {
                ask_next(wins, challenge);
        }
}

/* ---- what comes back ----------------------------------------------------------------------------------------------------------- */

static void settle(struct wins *wins, struct wins_work *work)
{
        if (!work->challenge)
                wins_work_settle(wins, work);
}

void wins_challenge_response(struct wins *wins, const struct wins_packet *packet, const struct nbns_packet *nbns)
{
        struct wins_challenge *challenge = wins->challenge_by_id ? wins->challenge_by_id[nbns->header.id] : NULL;
        struct wins_work *work = challenge ? challenge->work : NULL;
        uint32_t answered[NBNS_MAX_BYTES / 6];

        /* only a holder can speak for itself; the claimant above all cannot */
        if (!challenge || nbns->header.opcode != NBNS_OPCODE_QUERY || !nbns->has_answer ||
            !nb_name_equal(&nbns->answer.name, &work->name) ||
            !nb_scope_equal(&nbns->answer.scope, wins_scopes_get(&wins->table.scopes, work->scope)) ||
            !is_listed(challenge->addresses, challenge->count, packet->source)) {
                wins->statistics.packets_unmatched++;
                return;
        }
        const bool denied = nbns->header.rcode != NBNS_RCODE_OK;
        const size_t count = denied ? 0 : nbns_rr_address_count(&nbns->answer);
        if (!denied && count == 0) {
                wins->statistics.packets_malformed++; /* neither yes nor no: it is asked again */
        } else if (count > 0) {
                for (size_t i = 0; i < count; i++)
                        answered[i] = nbns_rr_address_get(&nbns->answer, i).address;
                alive(wins, challenge, packet->source, answered, count);
        } else if (packet->source == challenge->addresses[challenge->index]) {
                wins->statistics.challenges_denied++;
                challenge->index++;
                ask_next(wins, challenge);
        }
        settle(wins, work);
}

static void timed_out(struct wins *wins, struct wins_challenge *challenge)
{
        struct wins_work *work = challenge->work;

        if (challenge->tries < WINS_CHALLENGE_TRIES) {
                ask(wins, challenge);
        } else {
                wins->statistics.challenges_silent++;
                challenge->index++;
                ask_next(wins, challenge);
        }
        settle(wins, work);
}

void wins_challenge_timers(struct wins *wins)
{
        for (unsigned i = 0; i < 256 && wins->heap_count && mono_is_due(wins->heap[0]->next_at, wins->now); i++)
                timed_out(wins, wins->heap[0]);
}
