/* The messages of RFC 1002 §4.2.2 to §4.2.16, each flag as its table has it; what was observed on the wire stands beside. */
#include "wire/nbns.h"

#include <string.h>

static void set_scope(struct nb_scope *to, const struct nb_scope *from)
{
        to->len_bytes = from ? from->len_bytes : 0;
        if (from)
                memcpy(to->text, from->text, from->len_bytes);
}

/* Not the whole of *RET: most of it is room for scopes that nobody reads. */
static void start(struct nbns_packet *ret, struct nbns_header header)
{
        ret->header = header;
        ret->has_question = ret->has_answer = ret->has_authority = ret->has_additional = false;
}

static void set_question(struct nbns_packet *ret, const struct nb_name *name, const struct nb_scope *scope,
                         uint16_t type)
{
        ret->has_question = true;
        ret->question.name = *name;
        ret->question.type = type;
        ret->question.class_ = NBNS_CLASS_IN;
        set_scope(&ret->question.scope, scope);
}

static void set_rr(struct nbns_rr *rr, const struct nb_name *name, const struct nb_scope *scope, uint16_t type,
                   uint32_t ttl_s, const uint8_t *rdata, uint16_t rdata_len_bytes)
{
        rr->name = *name;
        rr->type = type;
        rr->class_ = NBNS_CLASS_IN;
        rr->ttl_s = ttl_s;
        rr->rdata = rdata;
        rr->rdata_len_bytes = rdata_len_bytes;
        set_scope(&rr->scope, scope);
}

void nbns_build_query(struct nbns_packet *ret, uint16_t id, const struct nb_name *name, const struct nb_scope *scope,
                      uint16_t type, bool recursion, bool broadcast)
{
        start(ret,
              (struct nbns_header){.id = id, .opcode = NBNS_OPCODE_QUERY, .rd = recursion, .broadcast = broadcast});
        set_question(ret, name, scope, type);
}

void nbns_build_claim(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, uint8_t opcode,
                      const struct nb_name *name, const struct nb_scope *scope, const struct nbns_address *address,
                      uint32_t ttl_s, bool recursion, bool broadcast)
{
        /* observed: 0x2910 broadcast, 0x7900 multi-homed to a server */
        start(ret, (struct nbns_header){.id = id, .opcode = opcode, .rd = recursion, .broadcast = broadcast});
        nbns_address_encode(address, rdata6);
        set_question(ret, name, scope, NBNS_TYPE_NB);
        ret->has_additional = true;
        set_rr(&ret->additional, name, scope, NBNS_TYPE_NB, ttl_s, rdata6, 6);
}

void nbns_build_release(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, const struct nb_name *name,
                        const struct nb_scope *scope, const struct nbns_address *address, bool broadcast)
{
        /* RFC 1002 §4.2.9: RD 0, TTL 0; observed: 0x3000 */
        nbns_build_claim(ret, rdata6, id, NBNS_OPCODE_RELEASE, name, scope, address, 0, false, broadcast);
}

void nbns_build_claim_response(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, uint8_t opcode, uint8_t rcode,
                               const struct nb_name *name, const struct nb_scope *scope,
                               const struct nbns_address *address, uint32_t ttl_s)
{
        /* RFC 1002 §4.2.10, §4.2.11: RD and RA are 0 in release responses; observed: 0xB400, else 0xAD80 and 0xAD86 */
        const bool release = opcode == NBNS_OPCODE_RELEASE;

        start(ret, (struct nbns_header){
                           .id = id,
                           .response = true,
                           .opcode = opcode == NBNS_OPCODE_MULTIHOMED ? NBNS_OPCODE_REGISTRATION : opcode,
                           .aa = true,
                           .rd = !release,
                           .ra = !release,
                           .rcode = rcode,
                   });
        nbns_address_encode(address, rdata6);
        ret->has_answer = true;
        set_rr(&ret->answer, name, scope, NBNS_TYPE_NB, ttl_s, rdata6, 6);
}

void nbns_build_conflict_demand(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, const struct nb_name *name,
                                const struct nb_scope *scope)
{
        /* RFC 1002 §4.2.8: flags 0, address 0; observed: 0xAD87 */
        static const struct nbns_address none = {0};

        nbns_build_claim_response(ret, rdata6, id, NBNS_OPCODE_REGISTRATION, NBNS_RCODE_CFT_ERR, name, scope, &none, 0);
}

void nbns_build_wack(struct nbns_packet *ret, uint8_t rdata2[2], uint16_t id, const struct nb_name *name,
                     const struct nb_scope *scope, uint16_t request_flags, uint32_t ttl_s)
{
        /* RFC 1002 §4.2.16; observed: 0xBC00 */
        start(ret, (struct nbns_header){.id = id, .response = true, .opcode = NBNS_OPCODE_WACK, .aa = true});
        rdata2[0] = (uint8_t)(request_flags >> 8);
        rdata2[1] = (uint8_t)request_flags;
        ret->has_answer = true;
        set_rr(&ret->answer, name, scope, NBNS_TYPE_NB, ttl_s, rdata2, 2);
}

static struct nbns_header query_answer(uint16_t id, uint8_t rcode, bool recursion_available)
{
        /* RFC 1002 §4.2.13, §4.2.14; observed: 0x8580 and 0x8583 from a name server, 0x8500 from an end node */
        return (struct nbns_header){.id = id,
                                    .response = true,
                                    .opcode = NBNS_OPCODE_QUERY,
                                    .aa = true,
                                    .rd = true,
                                    .ra = recursion_available,
                                    .rcode = rcode};
}

void nbns_build_query_response(struct nbns_packet *ret, uint16_t id, const struct nb_name *name,
                               const struct nb_scope *scope, const uint8_t *rdata, uint16_t rdata_len_bytes,
                               uint32_t ttl_s, bool recursion_available)
{
        start(ret, query_answer(id, NBNS_RCODE_OK, recursion_available));
        ret->has_answer = true;
        set_rr(&ret->answer, name, scope, NBNS_TYPE_NB, ttl_s, rdata, rdata_len_bytes);
}

void nbns_build_negative_query_response(struct nbns_packet *ret, uint16_t id, const struct nb_name *name,
                                        const struct nb_scope *scope, uint8_t rcode, bool recursion_available)
{
        start(ret, query_answer(id, rcode, recursion_available));
        ret->has_answer = true;
        set_rr(&ret->answer, name, scope, NBNS_TYPE_NULL, 0, NULL, 0);
}

void nbns_build_status_response(struct nbns_packet *ret, uint16_t id, const struct nb_name *name,
                                const struct nb_scope *scope, const uint8_t *rdata, uint16_t rdata_len_bytes)
{
        /* RFC 1002 §4.2.18: AA alone */
        start(ret, (struct nbns_header){.id = id, .response = true, .opcode = NBNS_OPCODE_QUERY, .aa = true});
        ret->has_answer = true;
        set_rr(&ret->answer, name, scope, NBNS_TYPE_NBSTAT, 0, rdata, rdata_len_bytes);
}

int nbns_build_redirect(struct nbns_packet *ret, struct nbns_redirect_rdata *rdata, uint16_t id,
                        const struct nb_name *name, const struct nb_scope *scope, const struct nb_name *server,
                        uint32_t server_address, uint32_t ttl_s)
{
        struct wr wr = wr_init(rdata->server_name, sizeof(rdata->server_name));
        struct wr address = wr_init(rdata->server_address, sizeof(rdata->server_address));

        nb_name_encode(&wr, server, scope);
        if (!wr_ok(&wr))
                return NBT_ERR_MALFORMED;
        wr_be32(&address, server_address);
        /* RFC 1002 §4.2.15: AA 0, RD 1, RA 1 */
        start(ret,
              (struct nbns_header){.id = id, .response = true, .opcode = NBNS_OPCODE_QUERY, .rd = true, .ra = true});
        ret->has_authority = ret->has_additional = true;
        set_rr(&ret->authority, name, scope, NBNS_TYPE_NS, ttl_s, rdata->server_name, (uint16_t)wr.pos);
        set_rr(&ret->additional, server, scope, NBNS_TYPE_A, ttl_s, rdata->server_address, 4);
        return 0;
}
