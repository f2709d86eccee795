#include "ask/ask.h"

#include <stdlib.h>
#include <string.h>

struct answer {
        uint32_t source;
        uint8_t rcode;
        uint32_t rtt_us;
        size_t address_count;
        struct nbns_address *addresses;
        struct nbstat_table *table;
};

struct pending {
        struct ask_question question;
        uint16_t transaction;
        uint32_t sent_count, wack_count;
        mono_t sent; /* the last time */
        mono_t due;
        size_t answer_count, dropped_count;
        struct answer answers[ASK_MAX_ANSWERS];
};

struct ask {
        struct rng rng;
        size_t count;
        struct pending *pending[ASK_MAX_QUESTIONS]; /* the first count are used, in no order */
        uint16_t slot_of[UINT16_MAX + 1];           /* by transaction id: index in pending[] + 1; 0 if free */
};

_Static_assert(ASK_MAX_QUESTIONS < UINT16_MAX, "a slot must fit, and an id must always be free");

static struct ask_action *add_action(struct ask_actions *out, enum ask_action_type type)
{
        struct ask_action *action = arena_alloc(out->arena, sizeof(*action));

        if (!action)
                return NULL;
        action->type = type;
        if (out->last)
                out->last->next = action;
        else
                out->first = action;
        out->last = action;
        return action;
}

static struct pending *pending_free(struct pending *pending)
{
        if (!pending)
                return NULL;
        for (size_t i = 0; i < pending->answer_count; i++) {
                free(pending->answers[i].addresses);
                free(pending->answers[i].table);
        }
        free(pending);
        return NULL;
}

int ask_new(struct ask **ret, const struct rng *rng)
{
        struct ask *ask = calloc(1, sizeof(*ask));

        if (!ask)
                return NBT_ERR_NOMEM;
        ask->rng = *rng;
        *ret = ask;
        return 0;
}

struct ask *ask_free(struct ask *ask)
{
        if (!ask)
                return NULL;
        for (size_t i = 0; i < ask->count; i++)
                pending_free(ask->pending[i]);
        free(ask);
        return NULL;
}

size_t ask_pending(const struct ask *ask)
{
        return ask->count;
}

mono_t ask_deadline(const struct ask *ask)
{
        mono_t deadline = MONO_NEVER;

        for (size_t i = 0; i < ask->count; i++)
                deadline = mono_min(deadline, ask->pending[i]->due);
        return deadline;
}

/* ---- sending ------------------------------------------------------------------------------------------------------ */

static int send_question(struct pending *pending, mono_t now, struct ask_actions *out)
{
        const struct ask_question *question = &pending->question;
        const bool broadcast = question->kind == ASK_QUERY_BROADCAST;
        const uint16_t type = question->kind == ASK_STATUS ? NBNS_TYPE_NBSTAT : NBNS_TYPE_NB;
        uint8_t buffer[NBNS_UDP_MAX_BYTES];
        struct nbns_packet packet;

        /* RFC 1002 §4.2.12 draws RD set in broadcast queries, and Windows sends them so */
        nbns_build_query(&packet, pending->transaction, &question->name, &question->scope, type,
                         question->recursion || broadcast, broadcast);
        const int len = nbns_packet_encode(&packet, buffer, sizeof(buffer));
        if (len < 0)
                return len;
        const uint8_t *bytes = arena_copy(out->arena, buffer, (size_t)len);
        struct ask_action *action = bytes ? add_action(out, ASK_ACTION_SEND) : NULL;
        if (!action)
                return NBT_ERR_NOMEM;
        action->send.destination = question->destination;
        action->send.port = question->port;
        action->send.broadcast = broadcast;
        action->send.iface_id = question->iface_id;
        action->send.bytes = bytes;
        action->send.len_bytes = (size_t)len;
        pending->sent_count++;
        pending->sent = now;
        pending->due = mono_add_ms(now, question->interval_ms);
        return 0;
}

/* A transaction id that no pending question has: random, so that nobody can foretell it. */
static uint16_t choose_transaction(struct ask *ask)
{
        uint16_t id = (uint16_t)rng_u32(&ask->rng);

        /* at most ASK_MAX_QUESTIONS of 65536 are taken, so a run of bad luck this long does not happen; the walk that
         * follows only makes the bound certain */
        for (unsigned i = 0; i < 16 && ask->slot_of[id]; i++)
                id = (uint16_t)rng_u32(&ask->rng);
        while (ask->slot_of[id])
                id++;
        return id;
}

int ask_add(struct ask *ask, mono_t now, const struct ask_question *question, struct ask_actions *out)
{
        if (ask->count == ASK_MAX_QUESTIONS)
                return NBT_ERR_FULL;

        struct pending *pending = calloc(1, sizeof(*pending));
        if (!pending)
                return NBT_ERR_NOMEM;
        pending->question = *question;
        if (!pending->question.port)
                pending->question.port = NBNS_PORT;
        if (!pending->question.tries)
                pending->question.tries = ASK_DEFAULT_TRIES;
        if (!pending->question.interval_ms)
                pending->question.interval_ms = ASK_DEFAULT_INTERVAL_MS;
        pending->transaction = choose_transaction(ask);
        const int r = send_question(pending, now, out);
        if (r < 0) {
                pending_free(pending);
                return r;
        }
        ask->pending[ask->count++] = pending;
        ask->slot_of[pending->transaction] = (uint16_t)ask->count;
        return 0;
}

/* ---- results ------------------------------------------------------------------------------------------------------ */

static void forget(struct ask *ask, size_t slot)
{
        struct pending *gone = ask->pending[slot];
        struct pending *last = ask->pending[--ask->count];

        ask->pending[slot] = last;
        ask->slot_of[last->transaction] = (uint16_t)(slot + 1);
        ask->slot_of[gone->transaction] = 0;
        ask->pending[ask->count] = NULL;
        pending_free(gone);
}

static int copy_answer(struct arena *arena, const struct answer *answer, struct ask_answer *ret)
{
        *ret = (struct ask_answer){.source = answer->source, .rcode = answer->rcode, .rtt_us = answer->rtt_us};
        if (answer->address_count) {
                ret->addresses =
                        arena_copy(arena, answer->addresses, answer->address_count * sizeof(*answer->addresses));
                if (!ret->addresses)
                        return NBT_ERR_NOMEM;
                ret->address_count = answer->address_count;
        }
        if (answer->table) {
                ret->table = arena_copy(arena, answer->table, sizeof(*answer->table));
                if (!ret->table)
                        return NBT_ERR_NOMEM;
        }
        return 0;
}

/* Hands the result over and forgets the question; when memory is short the question stays, due at once. */
static int finish(struct ask *ask, size_t slot, mono_t now, struct ask_actions *out)
{
        struct pending *pending = ask->pending[slot];
        struct ask_answer *answers = arena_alloc(out->arena, pending->answer_count * sizeof(*answers));
        struct ask_question *question = arena_copy(out->arena, &pending->question, sizeof(*question));
        bool ok = answers && question;

        pending->due = now;
        pending->sent_count = pending->question.tries;
        for (size_t i = 0; ok && i < pending->answer_count; i++)
                ok = copy_answer(out->arena, &pending->answers[i], &answers[i]) == 0;
        struct ask_action *action = ok ? add_action(out, ASK_ACTION_RESULT) : NULL;
        if (!action)
                return NBT_ERR_NOMEM;
        action->result = (struct ask_result){
                .id = question->id,
                .question = question,
                .answer_count = pending->answer_count,
                .answers = answers,
                .dropped_count = pending->dropped_count,
        };
        forget(ask, slot);
        return 0;
}

int ask_timer(struct ask *ask, mono_t now, struct ask_actions *out)
{
        size_t slot = 0;

        while (slot < ask->count) {
                struct pending *pending = ask->pending[slot];
                const bool is_due = mono_is_due(pending->due, now);
                const bool is_over = is_due && (pending->wack_count || pending->sent_count >= pending->question.tries);
                const int r = is_over ? finish(ask, slot, now, out) : is_due ? send_question(pending, now, out) : 0;

                if (r < 0)
                        return r;
                if (!is_over) /* finish() put another one into this slot */
                        slot++;
        }
        return 0;
}

/* ---- receiving ---------------------------------------------------------------------------------------------------- */

static bool may_come_from(const struct ask_question *question, uint32_t source, uint16_t source_port)
{
        if (source_port != question->port)
                return false;
        if (question->kind == ASK_QUERY_BROADCAST)
                return !question->netmask || ip4_same_subnet(source, question->destination, question->netmask);
        return source == question->destination;
}

/* Is the record of a response about what was asked? A refusal bears type NULL (RFC 1002 §4.2.14), or NB from Windows. */
static bool matches_record(const struct ask_question *question, const struct nbns_packet *packet)
{
        const uint16_t asked = question->kind == ASK_STATUS ? NBNS_TYPE_NBSTAT : NBNS_TYPE_NB;
        const struct nbns_rr *rr = &packet->answer;
        const bool is_bare = packet->header.rcode != NBNS_RCODE_OK || packet->header.opcode == NBNS_OPCODE_WACK;

        return packet->has_answer && nb_name_equal(&rr->name, &question->name) &&
               nb_scope_equal(&rr->scope, &question->scope) &&
               (rr->type == asked || (is_bare && rr->type == NBNS_TYPE_NULL));
}

static bool is_known(const struct pending *pending, const struct answer *answer)
{
        for (size_t i = 0; i < pending->answer_count; i++) {
                const struct answer *known = &pending->answers[i];
                bool equal = known->source == answer->source && known->rcode == answer->rcode &&
                             known->address_count == answer->address_count;
                for (size_t j = 0; equal && j < answer->address_count; j++)
                        equal = known->addresses[j].address == answer->addresses[j].address &&
                                known->addresses[j].nb_flags == answer->addresses[j].nb_flags;
                if (equal)
                        return true;
        }
        return false;
}

static int read_addresses(const struct nbns_rr *rr, struct answer *answer)
{
        const size_t count = nbns_rr_address_count(rr);

        if (!count)
                return NBT_ERR_MALFORMED;
        answer->addresses = calloc(count, sizeof(*answer->addresses));
        if (!answer->addresses)
                return NBT_ERR_NOMEM;
        for (size_t i = 0; i < count; i++)
                answer->addresses[i] = nbns_rr_address_get(rr, i);
        answer->address_count = count;
        return 0;
}

static int read_table(const struct nbns_rr *rr, struct answer *answer)
{
        answer->table = calloc(1, sizeof(*answer->table));
        if (!answer->table)
                return NBT_ERR_NOMEM;
        return nbstat_table_decode(rr->rdata, rr->rdata_len_bytes, answer->table);
}

/* Keeps the answer where it is new and there is room. Malformed ones leave the question pending. */
static int collect(struct pending *pending, mono_t now, uint32_t source, const struct nbns_packet *packet)
{
        const uint64_t rtt_ns = now.ns > pending->sent.ns ? (uint64_t)(now.ns - pending->sent.ns) : 0;
        struct answer answer = {
                .source = source,
                .rcode = packet->header.rcode,
                .rtt_us = rtt_ns / 1000 < UINT32_MAX ? (uint32_t)(rtt_ns / 1000) : UINT32_MAX,
        };
        int r = 0;

        if (answer.rcode == NBNS_RCODE_OK)
                r = pending->question.kind == ASK_STATUS ? read_table(&packet->answer, &answer)
                                                         : read_addresses(&packet->answer, &answer);
        if (r == 0 && !is_known(pending, &answer)) {
                if (pending->answer_count < ASK_MAX_ANSWERS) {
                        pending->answers[pending->answer_count++] = answer;
                        return 0;
                }
                pending->dropped_count++;
        }
        free(answer.addresses);
        free(answer.table);
        return r;
}

/* "Wait": the server works on it. Only who was asked alone may say so, and only so often and so long. */
static void extend(struct pending *pending, mono_t now, uint32_t ttl_s)
{
        if (pending->question.kind == ASK_QUERY_BROADCAST || pending->wack_count >= ASK_MAX_WACKS)
                return;
        const uint64_t wait_ms = (uint64_t)ttl_s * 1000;
        const mono_t due = mono_add_ms(now, wait_ms < ASK_MAX_WACK_MS ? wait_ms : ASK_MAX_WACK_MS);
        pending->wack_count++;
        if (due.ns > pending->due.ns)
                pending->due = due;
}

int ask_packet(struct ask *ask, mono_t now, uint32_t source, uint16_t source_port, const void *bytes, size_t len_bytes,
               struct ask_actions *out)
{
        struct nbns_header header;
        struct nbns_packet packet;

        if (nbns_header_decode(bytes, len_bytes, &header) < 0 || !header.response || !ask->slot_of[header.id])
                return 0;
        const size_t slot = (size_t)ask->slot_of[header.id] - 1;
        struct pending *pending = ask->pending[slot];
        if (!may_come_from(&pending->question, source, source_port) ||
            nbns_packet_decode(bytes, len_bytes, &packet) < 0 || !matches_record(&pending->question, &packet))
                return 0;
        if (header.opcode == NBNS_OPCODE_WACK) {
                extend(pending, now, packet.answer.ttl_s);
                return 0;
        }
        if (header.opcode != NBNS_OPCODE_QUERY)
                return 0;
        const int r = collect(pending, now, source, &packet);
        if (r == NBT_ERR_NOMEM)
                return r;
        if (r < 0 || pending->question.kind == ASK_QUERY_BROADCAST)
                return 0; /* a damaged answer is as good as none */
        return finish(ask, slot, now, out);
}
