/* Answers to name queries: RFC 1002 §5.1.4.6. The fast path has bytes in and bytes out; everything unusual takes the slow one. */
#include "wins/internal.h"

#include "base/hash.h"

#include <endian.h>
#include <string.h>

#define HEADER_BYTES 12
#define ENCODED_BYTES (1 + 2 * NB_NAME_BYTES + 1) /* a name without scope */
#define PLAIN_QUERY_BYTES (HEADER_BYTES + ENCODED_BYTES + 4)
#define ANSWER_FIXED_BYTES (HEADER_BYTES + ENCODED_BYTES + 10)
#define ANY_GROUP_MEMBER IP4_BROADCAST /* KB130232: "a group exists" */

_Static_assert(ANSWER_FIXED_BYTES + 6 * WINS_MAX_MEMBERS <= WINS_QUERY_ANSWER_BYTES, "every answer fits");

/*
 * First-level encoding, four bytes of the name (eight letters) at a time: RFC 1001 §14.1. A letter below 'A' borrows from the one before
 * it, but the last such letter always shows in its own upper half.
 */
static bool decode_name(const uint8_t *at, struct nb_name *ret)
{
        uint64_t bad = 0;

        for (unsigned i = 0; i < NB_NAME_BYTES; i += 4) {
                uint64_t letters;

                memcpy(&letters, at + 2 * i, sizeof(letters));
                letters = be64toh(letters) - UINT64_C(0x4141414141414141);
                bad |= letters & UINT64_C(0xF0F0F0F0F0F0F0F0);
                letters = (letters >> 4 | letters) & UINT64_C(0x00FF00FF00FF00FF);
                letters = (letters >> 8 | letters) & UINT64_C(0x0000FFFF0000FFFF);
                const uint32_t bytes = htobe32((uint32_t)(letters >> 16 | letters));
                memcpy(&ret->bytes[i], &bytes, sizeof(bytes));
        }
        return bad == 0;
}

/* Is it a name query with one question, without scope? Then its name. */
static bool read_plain(const struct wins_packet *packet, struct nb_name *ret)
{
        static const uint8_t counts[8] = {0, 1, 0, 0, 0, 0, 0, 0};
        static const uint8_t tail[5] = {0, 0, NBNS_TYPE_NB, 0, NBNS_CLASS_IN};
        const uint8_t *at = packet->bytes;

        /* flags: no response, opcode 0, no broadcast; RD and the reserved bits may be anything */
        if (packet->len_bytes < PLAIN_QUERY_BYTES || (at[2] & 0xF8) != 0 || (at[3] & 0x10) != 0 ||
            memcmp(at + 4, counts, sizeof(counts)) != 0 || at[HEADER_BYTES] != 2 * NB_NAME_BYTES ||
            memcmp(at + HEADER_BYTES + ENCODED_BYTES - 1, tail, sizeof(tail)) != 0)
                return false;
        return decode_name(at + HEADER_BYTES + 1, ret);
}

static uint8_t *put16(uint8_t *at, unsigned v)
{
        at[0] = (uint8_t)(v >> 8);
        at[1] = (uint8_t)v;
        return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t v)
{
        return put16(put16(at, v >> 16), v & 0xFFFF);
}

static uint16_t nb_flags_of(const struct wins_slot *slot)
{
        const enum wins_type type = wins_slot_type(slot);
        const uint16_t group = type == WINS_GROUP || type == WINS_INTERNET ? NBNS_NB_GROUP : 0;

        return (uint16_t)(group | (slot->flags & WINS_SLOT_NODE) >> WINS_SLOT_NODE_SHIFT << 13);
}

/* Does the record answer queries? A normal group does even when released or extinct (observed). */
static bool is_answered(const struct wins_slot *slot)
{
        if (wins_slot_type(slot) == WINS_GROUP)
                return true;
        return wins_slot_state(slot) == WINS_ACTIVE && (slot->count & WINS_SLOT_COUNT) > 0;
}

/* The head of an answer, up to rdata; the flags word as observed: 0x8580, 0x8583. */
static uint8_t *put_head(const struct wins_packet *packet, uint8_t *out, uint16_t flags, uint16_t type, uint32_t ttl_s,
                         uint16_t rdata_len)
{
        static const uint8_t counts[8] = {0, 0, 0, 1, 0, 0, 0, 0};
        uint8_t *at = out;

        memcpy(at, packet->bytes, 2);
        at = put16(at + 2, flags);
        memcpy(at, counts, sizeof(counts));
        at += sizeof(counts);
        memcpy(at, packet->bytes + HEADER_BYTES, ENCODED_BYTES);
        at = put16(at + ENCODED_BYTES, type);
        at = put16(at, NBNS_CLASS_IN);
        at = put32(at, ttl_s);
        return put16(at, rdata_len);
}

static uint8_t *put_member(uint8_t *at, uint16_t flags, uint32_t address)
{
        return put32(put16(at, flags), address);
}

static size_t answer(const struct wins *wins, const struct wins_packet *packet, const struct wins_slot *slot,
                     uint8_t *out)
{
        const uint16_t flags = nb_flags_of(slot);
        const unsigned count = slot->count & WINS_SLOT_COUNT;

        if (wins_slot_type(slot) == WINS_GROUP || count == 1) {
                const uint32_t address = wins_slot_type(slot) == WINS_GROUP ? ANY_GROUP_MEMBER : slot->address;
                uint8_t *at = put_head(packet, out, 0x8580, NBNS_TYPE_NB, WINS_QUERY_TTL_S, 6);

                return (size_t)(put_member(at, flags, address) - out);
        }
        uint8_t *at = put_head(packet, out, 0x8580, NBNS_TYPE_NB, WINS_QUERY_TTL_S, (uint16_t)(6 * count));
        at = put_member(at, flags, slot->address);
        for (uint32_t i = slot->extra; i != 0; i = wins->table.extras[i].next)
                at = put_member(at, flags, wins->table.extras[i].address);
        return (size_t)(at - out);
}

void wins_question_read(const struct wins *wins, const struct wins_packet *packet, struct wins_question *ret)
{
        ret->is_plain = read_plain(packet, &ret->name) && nb_name_suffix(&ret->name) != 0x1C;
        if (!ret->is_plain) {
                *ret = (struct wins_question){0};
                return;
        }
        ret->hash = wins_table_hash(&wins->table, &ret->name, 0);
        wins_table_prefetch(&wins->table, ret->hash);
}

void wins_question_fetch(const struct wins *wins, const struct wins_question *question)
{
        if (question->is_plain)
                wins_table_prefetch_slot(&wins->table, question->hash);
}

size_t wins_question_answer(struct wins *wins, const struct wins_packet *packet, const struct wins_question *question,
                            uint8_t *out, size_t size_bytes)
{
        const struct nb_name *name = &question->name;

        if (!question->is_plain || size_bytes < WINS_QUERY_ANSWER_BYTES || !wins->started)
                return 0;
        const uint32_t number = wins_table_find_hashed(&wins->table, name, 0, question->hash);
        const struct wins_slot *slot = number ? wins_slot_at(&wins->table, number) : NULL;
        if (wins_is_blocked(wins, name)) {
                wins->statistics.queries_blocked++;
        } else if (slot && is_answered(slot) && nb_name_suffix(name) != 0x1D) {
                wins->statistics.queries_successful++;
                return answer(wins, packet, slot, out);
        } else if (wins_is_own_name(wins, name) || nb_name_is_wildcard(name)) {
                return 0; /* the carried node's */
        }
        wins->statistics.queries_failed++;
        return (size_t)(put_head(packet, out, 0x8583, NBNS_TYPE_NULL, 0, 0) - out);
}

size_t wins_query(struct wins *wins, const struct wins_packet *packet, uint8_t *out, size_t size_bytes)
{
        struct wins_question question;

        wins_question_read(wins, packet, &question);
        return wins_question_answer(wins, packet, &question, out, size_bytes);
}

/* ---- the slow path --------------------------------------------------------------------------------------------------------------- */

struct answer_list {
        size_t count;
        uint32_t addresses[WINS_MAX_MEMBERS];
};

static void list_add(struct answer_list *list, uint32_t address)
{
        for (size_t i = 0; i < list->count; i++)
                if (list->addresses[i] == address)
                        return;
        if (list->count < WINS_MAX_MEMBERS)
                list->addresses[list->count++] = address;
}

/* The primary domain controller of the domain: who holds its <1B>. */
static void list_add_primary(const struct wins *wins, struct answer_list *list, const struct wins_record *record)
{
        struct nb_name name = record->name;

        name.bytes[NB_SUFFIX_AT] = 0x1B;
        const uint32_t number = wins_table_find_scoped(&wins->table, &name, &record->scope);
        if (!number || wins_slot_state(wins_slot_at(&wins->table, number)) != WINS_ACTIVE)
                return;
        list_add(list, wins_slot_at(&wins->table, number)->address);
}

/* Ours by time, the latest first, then those of other servers (KB167365). */
static bool goes_before(const struct wins *wins, const struct wins_member *a, const struct wins_member *b)
{
        const bool a_ours = a->owner == wins->owner, b_ours = b->owner == wins->owner;

        if (a_ours != b_ours)
                return a_ours;
        return a->expiry_s > b->expiry_s;
}

static void sort_members(const struct wins *wins, struct wins_record *record)
{
        for (unsigned i = 1; i < record->member_count; i++) {
                const struct wins_member moved = record->members[i];
                unsigned j = i;

                for (; j > 0 && goes_before(wins, &moved, &record->members[j - 1]); j--)
                        record->members[j] = record->members[j - 1];
                record->members[j] = moved;
        }
}

static void list_members(struct wins *wins, struct wins_record *record, struct answer_list *list)
{
        unsigned first = 0;

        if (record->type == WINS_GROUP) {
                list_add(list, ANY_GROUP_MEMBER);
                return;
        }
        if (record->type == WINS_INTERNET) {
                sort_members(wins, record);
                if (nb_name_suffix(&record->name) == 0x1C && wins->settings.prepend_1b)
                        list_add_primary(wins, list, record);
                if (wins->settings.randomize_1c && record->member_count > 0)
                        first = wins->rotation++ % record->member_count;
        }
        for (unsigned i = 0; i < record->member_count; i++)
                list_add(list, record->members[(first + i) % record->member_count].address);
}

static void send_answer(struct wins *wins, const struct wins_packet *packet, const struct nbns_packet *nbns,
                        uint16_t nb_flags, const struct answer_list *list)
{
        uint8_t rdata[6 * WINS_MAX_MEMBERS];
        struct nbns_packet reply;

        for (size_t i = 0; i < list->count; i++)
                put_member(&rdata[6 * i], nb_flags, list->addresses[i]);
        nbns_build_query_response(&reply, nbns->header.id, &nbns->question.name, &nbns->question.scope, rdata,
                                  (uint16_t)(6 * list->count), WINS_QUERY_TTL_S, true);
        wins_emit_packet(wins, packet->local, packet->source, packet->source_port, &reply);
}

void wins_query_slow(struct wins *wins, const struct wins_packet *packet, const struct nbns_packet *nbns)
{
        const struct nbns_question *question = &nbns->question;
        const uint32_t number = wins_table_find_scoped(&wins->table, &question->name, &question->scope);
        const bool blocked = wins_is_blocked(wins, &question->name);
        struct wins_record record;
        struct answer_list list = {0};

        if (question->type != NBNS_TYPE_NB) {
                wins->statistics.packets_unmatched++;
                return;
        }
        if (number && !blocked && nb_name_suffix(&question->name) != 0x1D &&
            is_answered(wins_slot_at(&wins->table, number))) {
                wins_table_get(&wins->table, number, &record);
                list_members(wins, &record, &list);
                send_answer(wins, packet, nbns, nb_flags_of(wins_slot_at(&wins->table, number)), &list);
                wins->statistics.queries_successful++;
                return;
        }
        struct nbns_packet reply;
        nbns_build_negative_query_response(&reply, nbns->header.id, &question->name, &question->scope,
                                           NBNS_RCODE_NAM_ERR, true);
        wins_emit_packet(wins, packet->local, packet->source, packet->source_port, &reply);
        wins->statistics.queries_failed++;
        if (blocked)
                wins->statistics.queries_blocked++;
}
