#include "wire/nbns.h"

#include <string.h>

#define HEADER_BYTES 12
#define ADDRESS_BYTES 6
#define FIRST_NAME_POINTER 0xC00C /* the first name of every message stands behind its header, at 12 */

#define FLAG_RESPONSE 0x8000
#define FLAG_AA 0x0400
#define FLAG_TC 0x0200
#define FLAG_RD 0x0100
#define FLAG_RA 0x0080
#define FLAG_BROADCAST 0x0010
#define OPCODE_SHIFT 11

enum section { QUESTION, ANSWER, AUTHORITY, ADDITIONAL, SECTION_MAX };

uint16_t nbns_header_flags(const struct nbns_header *header)
{
        return (uint16_t)((header->response ? FLAG_RESPONSE : 0) | (header->opcode & 15) << OPCODE_SHIFT |
                          (header->aa ? FLAG_AA : 0) | (header->tc ? FLAG_TC : 0) | (header->rd ? FLAG_RD : 0) |
                          (header->ra ? FLAG_RA : 0) | (header->broadcast ? FLAG_BROADCAST : 0) | (header->rcode & 15));
}

static struct nbns_header read_header(struct rd *rd)
{
        const uint16_t id = rd_be16(rd);
        const uint16_t flags = rd_be16(rd);

        return (struct nbns_header){
                .id = id,
                .response = flags & FLAG_RESPONSE,
                .opcode = flags >> OPCODE_SHIFT & 15,
                .aa = flags & FLAG_AA,
                .tc = flags & FLAG_TC,
                .rd = flags & FLAG_RD,
                .ra = flags & FLAG_RA,
                .broadcast = flags & FLAG_BROADCAST,
                .rcode = flags & 15,
        };
}

int nbns_header_decode(const void *bytes, size_t len_bytes, struct nbns_header *ret)
{
        struct rd rd = rd_init(bytes, len_bytes);

        if (len_bytes < HEADER_BYTES)
                return NBT_ERR_TRUNCATED;
        *ret = read_header(&rd);
        return 0;
}

static int read_question(struct rd *rd, struct nbns_question *ret)
{
        const int r = nb_name_decode(rd, &ret->name, &ret->scope);

        if (r < 0)
                return r;
        ret->type = rd_be16(rd);
        ret->class_ = rd_be16(rd);
        return rd_ok(rd) ? 0 : NBT_ERR_TRUNCATED;
}

static int read_rr(struct rd *rd, struct nbns_rr *ret)
{
        const int r = nb_name_decode(rd, &ret->name, &ret->scope);

        if (r < 0)
                return r;
        ret->type = rd_be16(rd);
        ret->class_ = rd_be16(rd);
        ret->ttl_s = rd_be32(rd);
        ret->rdata_len_bytes = rd_be16(rd);
        ret->rdata = rd_bytes(rd, ret->rdata_len_bytes);
        return rd_ok(rd) ? 0 : NBT_ERR_TRUNCATED;
}

static int read_sections(struct rd *rd, struct nbns_packet *packet)
{
        int r = 0;

        if (packet->has_question)
                r = read_question(rd, &packet->question);
        if (r == 0 && packet->has_answer)
                r = read_rr(rd, &packet->answer);
        if (r == 0 && packet->has_authority)
                r = read_rr(rd, &packet->authority);
        if (r == 0 && packet->has_additional)
                r = read_rr(rd, &packet->additional);
        return r;
}

/* Copies what is there: a packet value is large, most of it unused room for scopes. */
static void copy_scope(struct nb_scope *to, const struct nb_scope *from)
{
        to->len_bytes = from->len_bytes;
        memcpy(to->text, from->text, from->len_bytes);
}

static void copy_rr(struct nbns_rr *to, const struct nbns_rr *from)
{
        memcpy(to, from, offsetof(struct nbns_rr, scope));
        copy_scope(&to->scope, &from->scope);
}

static void copy_packet(struct nbns_packet *to, const struct nbns_packet *from)
{
        memcpy(to, from, offsetof(struct nbns_packet, question));
        if (from->has_question) {
                memcpy(&to->question, &from->question, offsetof(struct nbns_question, scope));
                copy_scope(&to->question.scope, &from->question.scope);
        }
        if (from->has_answer)
                copy_rr(&to->answer, &from->answer);
        if (from->has_authority)
                copy_rr(&to->authority, &from->authority);
        if (from->has_additional)
                copy_rr(&to->additional, &from->additional);
}

/* The header, and which records follow. */
static int read_head(struct rd *rd, struct nbns_packet *packet)
{
        uint16_t counts[SECTION_MAX];

        packet->header = read_header(rd);
        for (size_t i = 0; i < SECTION_MAX; i++)
                counts[i] = rd_be16(rd);
        if (!rd_ok(rd))
                return NBT_ERR_TRUNCATED;
        if ((counts[QUESTION] | counts[ANSWER] | counts[AUTHORITY] | counts[ADDITIONAL]) > 1)
                return NBT_ERR_MALFORMED;
        packet->has_question = counts[QUESTION];
        packet->has_answer = counts[ANSWER];
        packet->has_authority = counts[AUTHORITY];
        packet->has_additional = counts[ADDITIONAL];
        return 0;
}

int nbns_packet_decode(const void *bytes, size_t len_bytes, struct nbns_packet *ret)
{
        struct rd rd = rd_init(bytes, len_bytes);
        struct nbns_packet packet;
        int r = read_head(&rd, &packet);

        if (r == 0)
                r = read_sections(&rd, &packet);
        if (r < 0)
                return r;
        copy_packet(ret, &packet);
        return 0;
}

/* A record's name, and its type if that is there. */
static int read_rr_start(struct rd rd, struct nbns_rr *ret)
{
        const int r = nb_name_decode(&rd, &ret->name, &ret->scope);

        ret->type = rd_be16(&rd);
        ret->class_ = 0;
        ret->ttl_s = 0;
        ret->rdata_len_bytes = 0;
        ret->rdata = NULL;
        return r;
}

int nbns_packet_decode_cut(const void *bytes, size_t len_bytes, struct nbns_packet *ret)
{
        struct rd rd = rd_init(bytes, len_bytes);
        struct nbns_packet packet;
        int r = read_head(&rd, &packet);

        if (r == 0 && packet.has_question)
                r = read_question(&rd, &packet.question);
        if (r < 0)
                return r;
        const struct rd start = rd;
        if (packet.has_answer && read_rr(&rd, &packet.answer) < 0)
                packet.has_answer = read_rr_start(start, &packet.answer) == 0;
        if (!packet.has_question && !packet.has_answer)
                return NBT_ERR_TRUNCATED;
        packet.has_authority = packet.has_authority && read_rr(&rd, &packet.authority) == 0;
        packet.has_additional = packet.has_additional && read_rr(&rd, &packet.additional) == 0;
        copy_packet(ret, &packet);
        return 0;
}

/* What stands at offset 12, which later names may point to. */
struct first_name {
        const struct nb_name *name;
        const struct nb_scope *scope;
};

static void write_name(struct wr *wr, struct first_name *first, const struct nb_name *name,
                       const struct nb_scope *scope)
{
        if (!first->name) {
                *first = (struct first_name){name, scope};
                nb_name_encode(wr, name, scope);
        } else if (nb_name_equal(first->name, name) && nb_scope_equal(first->scope, scope)) {
                wr_be16(wr, FIRST_NAME_POINTER);
        } else {
                nb_name_encode(wr, name, scope);
        }
}

static void write_rr(struct wr *wr, struct first_name *first, const struct nbns_rr *rr)
{
        write_name(wr, first, &rr->name, &rr->scope);
        wr_be16(wr, rr->type);
        wr_be16(wr, rr->class_);
        wr_be32(wr, rr->ttl_s);
        wr_be16(wr, rr->rdata_len_bytes);
        wr_bytes(wr, rr->rdata, rr->rdata_len_bytes);
}

int nbns_packet_encode(const struct nbns_packet *packet, void *buffer, size_t size_bytes)
{
        struct wr wr = wr_init(buffer, size_bytes);
        struct first_name first = {0};

        wr_be16(&wr, packet->header.id);
        wr_be16(&wr, nbns_header_flags(&packet->header));
        wr_be16(&wr, packet->has_question);
        wr_be16(&wr, packet->has_answer);
        wr_be16(&wr, packet->has_authority);
        wr_be16(&wr, packet->has_additional);
        if (packet->has_question) {
                write_name(&wr, &first, &packet->question.name, &packet->question.scope);
                wr_be16(&wr, packet->question.type);
                wr_be16(&wr, packet->question.class_);
        }
        if (packet->has_answer)
                write_rr(&wr, &first, &packet->answer);
        if (packet->has_authority)
                write_rr(&wr, &first, &packet->authority);
        if (packet->has_additional)
                write_rr(&wr, &first, &packet->additional);
        return wr_ok(&wr) ? (int)wr.pos : NBT_ERR_FULL;
}

size_t nbns_rr_address_count(const struct nbns_rr *rr)
{
        if (rr->type != NBNS_TYPE_NB || rr->rdata_len_bytes % ADDRESS_BYTES != 0)
                return 0;
        return rr->rdata_len_bytes / ADDRESS_BYTES;
}

struct nbns_address nbns_rr_address_get(const struct nbns_rr *rr, size_t i)
{
        struct rd rd = rd_init(rr->rdata, rr->rdata_len_bytes);

        rd_skip(&rd, i * ADDRESS_BYTES);
        const uint16_t nb_flags = rd_be16(&rd);
        return (struct nbns_address){.nb_flags = nb_flags, .address = rd_be32(&rd)};
}

void nbns_address_encode(const struct nbns_address *address, uint8_t ret_rdata[6])
{
        struct wr wr = wr_init(ret_rdata, ADDRESS_BYTES);

        wr_be16(&wr, address->nb_flags);
        wr_be32(&wr, address->address);
}

const char *nbns_opcode_str(uint8_t opcode)
{
        static const char *const names[16] = {
                [NBNS_OPCODE_QUERY] = "QUERY",           [NBNS_OPCODE_REGISTRATION] = "REGISTRATION",
                [NBNS_OPCODE_RELEASE] = "RELEASE",       [NBNS_OPCODE_WACK] = "WACK",
                [NBNS_OPCODE_REFRESH] = "REFRESH",       [NBNS_OPCODE_REFRESH_ALT] = "REFRESH_ALT",
                [NBNS_OPCODE_MULTIHOMED] = "MULTIHOMED",
        };

        return opcode < NBT_ARRAY_SIZE(names) && names[opcode] ? names[opcode] : "UNKNOWN_OPCODE";
}

const char *nbns_rcode_str(uint8_t rcode)
{
        static const char *const names[] = {
                [NBNS_RCODE_OK] = "OK",           [NBNS_RCODE_FMT_ERR] = "FMT_ERR", [NBNS_RCODE_SRV_ERR] = "SRV_ERR",
                [NBNS_RCODE_NAM_ERR] = "NAM_ERR", [NBNS_RCODE_IMP_ERR] = "IMP_ERR", [NBNS_RCODE_RFS_ERR] = "RFS_ERR",
                [NBNS_RCODE_ACT_ERR] = "ACT_ERR", [NBNS_RCODE_CFT_ERR] = "CFT_ERR",
        };

        return rcode < NBT_ARRAY_SIZE(names) ? names[rcode] : "UNKNOWN_RCODE";
}
