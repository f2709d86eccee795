#pragma once
/*
 * Name service packets: RFC 1002 §4.2 and Microsoft's additions, as transparent values.
 *
 * Decoding borrows: resource data points into the packet it came from. Encoding writes into a caller's
 * buffer. Every message of the name service has at most one record in each section (RFC 1002 §4.2), and
 * the decoder refuses more, so that a packet is a fixed-size value and costs no allocation.
 */
#include "wire/name.h"

#define NBNS_PORT 137
#define NBNS_MAX_BYTES 1472    /* what one unfragmented Ethernet datagram holds; we accept up to this */
#define NBNS_UDP_MAX_BYTES 576 /* RFC 1002 §4.2.1.1: MAX_DATAGRAM_LENGTH of the name service */

/* OPCODE without the R bit: RFC 1002 §4.2.1.1; 0xF and 9 from MS KB150144 and observed. */
enum nbns_opcode {
        NBNS_OPCODE_QUERY = 0,
        NBNS_OPCODE_REGISTRATION = 5,
        NBNS_OPCODE_RELEASE = 6,
        NBNS_OPCODE_WACK = 7,
        NBNS_OPCODE_REFRESH = 8,
        NBNS_OPCODE_REFRESH_ALT = 9,
        NBNS_OPCODE_MULTIHOMED = 15,
};

enum nbns_rcode {
        NBNS_RCODE_OK = 0,
        NBNS_RCODE_FMT_ERR = 1,
        NBNS_RCODE_SRV_ERR = 2,
        NBNS_RCODE_NAM_ERR = 3, /* name does not exist */
        NBNS_RCODE_IMP_ERR = 4,
        NBNS_RCODE_RFS_ERR = 5,
        NBNS_RCODE_ACT_ERR = 6, /* owned by another node */
        NBNS_RCODE_CFT_ERR = 7, /* name in conflict */
};

#define NBNS_TYPE_A 0x0001
#define NBNS_TYPE_NS 0x0002
#define NBNS_TYPE_NULL 0x000A
#define NBNS_TYPE_NB 0x0020
#define NBNS_TYPE_NBSTAT 0x0021
#define NBNS_CLASS_IN 0x0001

/* NB_FLAGS of an address entry, RFC 1002 §4.2.1.3 */
#define NBNS_NB_GROUP 0x8000
#define NBNS_NB_ONT_MASK 0x6000
#define NBNS_NB_ONT_B 0x0000
#define NBNS_NB_ONT_P 0x2000
#define NBNS_NB_ONT_M 0x4000
#define NBNS_NB_ONT_H 0x6000 /* reserved in the RFC; Microsoft's hybrid node */

struct nbns_header {
        uint16_t id;
        bool response;
        uint8_t opcode; /* enum nbns_opcode */
        bool aa, tc, rd, ra, broadcast;
        uint8_t rcode; /* enum nbns_rcode */
};

struct nbns_question {
        struct nb_name name;
        uint16_t type;
        uint16_t class_;
        struct nb_scope scope;
};

struct nbns_rr {
        struct nb_name name;
        uint16_t type;
        uint16_t class_;
        uint32_t ttl_s;
        uint16_t rdata_len_bytes;
        const uint8_t *rdata; /* borrowed from the packet, or from the caller for encoding */
        struct nb_scope scope;
};

struct nbns_packet {
        struct nbns_header header;
        bool has_question, has_answer, has_authority, has_additional;
        struct nbns_question question;
        struct nbns_rr answer, authority, additional;
};

struct nbns_address {
        uint16_t nb_flags;
        uint32_t address;
};

/* Room for the two records of a redirect. */
struct nbns_redirect_rdata {
        uint8_t server_name[NB_NAME_ENCODED_MAX_BYTES];
        uint8_t server_address[4];
};

/*
 * Decodes one datagram. NBT_ERR_TRUNCATED, NBT_ERR_MALFORMED (also: more than one record in a section).
 * Bytes after the last record are ignored, as Windows and Samba do. Only the records whose has_ flag is set
 * hold values.
 */
int nbns_packet_decode(const void *bytes, size_t len_bytes, struct nbns_packet *ret) NBT_MUST_CHECK;

/*
 * The beginning of a datagram that a capture has cut: its header and its first record's name, and whatever is whole behind it. A record that
 * is not whole has no data, and type 0 if that is not there either; the has_ flags tell what was read. NBT_ERR_TRUNCATED if not even a name
 * is there, NBT_ERR_MALFORMED.
 */
int nbns_packet_decode_cut(const void *bytes, size_t len_bytes, struct nbns_packet *ret) NBT_MUST_CHECK;

/* Decodes just the 12-byte header (and the four counts are not checked). For the fast paths. */
int nbns_header_decode(const void *bytes, size_t len_bytes, struct nbns_header *ret) NBT_MUST_CHECK;

/*
 * Encodes; names that equal the first one of the message (the question's, where there is one) are written as a pointer
 * to it, C0 0C.
 * Returns the length in bytes, or NBT_ERR_FULL.
 */
int nbns_packet_encode(const struct nbns_packet *packet, void *buffer, size_t size_bytes) NBT_MUST_CHECK;

/* How many address entries an NB record holds: rdata length / 6; 0 for other types or an uneven length. */
size_t nbns_rr_address_count(const struct nbns_rr *rr);
/* Entry I, which must be below nbns_rr_address_count(). */
struct nbns_address nbns_rr_address_get(const struct nbns_rr *rr, size_t i);
/* Writes one entry as 6 bytes of rdata. */
void nbns_address_encode(const struct nbns_address *address, uint8_t ret_rdata[6]);

/*
 * Builders. Each fills a packet value for nbns_packet_encode(); RDATA6 is the caller's, 6 bytes that must live until
 * the packet is encoded. SCOPE may be NULL. They follow the tables of RFC 1002 §4.2.2 to §4.2.18; flags as
 * observed where Microsoft differs.
 */
void nbns_build_query(struct nbns_packet *ret, uint16_t id, const struct nb_name *name, const struct nb_scope *scope,
                      uint16_t type, bool recursion, bool broadcast);
/* OPCODE is REGISTRATION, MULTIHOMED, REFRESH or REFRESH_ALT. RD false on a broadcast registration is the overwrite demand. */
void nbns_build_claim(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, uint8_t opcode,
                      const struct nb_name *name, const struct nb_scope *scope, const struct nbns_address *address,
                      uint32_t ttl_s, bool recursion, bool broadcast);
void nbns_build_release(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, const struct nb_name *name,
                        const struct nb_scope *scope, const struct nbns_address *address, bool broadcast);
/* An answer to a claim or release: OPCODE as asked (MULTIHOMED is answered as REGISTRATION), RCODE 0 or the refusal. */
void nbns_build_claim_response(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, uint8_t opcode, uint8_t rcode,
                               const struct nb_name *name, const struct nb_scope *scope,
                               const struct nbns_address *address, uint32_t ttl_s);
/* NAME CONFLICT DEMAND (RFC 1002 §4.2.8): a registration response with rcode 7 that nobody asked for. */
void nbns_build_conflict_demand(struct nbns_packet *ret, uint8_t rdata6[6], uint16_t id, const struct nb_name *name,
                                const struct nb_scope *scope);
/* WACK (§4.2.16): "wait up to TTL_S"; rdata is the request's flag word. */
void nbns_build_wack(struct nbns_packet *ret, uint8_t rdata2[2], uint16_t id, const struct nb_name *name,
                     const struct nb_scope *scope, uint16_t request_flags, uint32_t ttl_s);
/* RDATA holds LEN bytes of address entries. */
void nbns_build_query_response(struct nbns_packet *ret, uint16_t id, const struct nb_name *name,
                               const struct nb_scope *scope, const uint8_t *rdata, uint16_t rdata_len_bytes,
                               uint32_t ttl_s, bool recursion_available);
void nbns_build_negative_query_response(struct nbns_packet *ret, uint16_t id, const struct nb_name *name,
                                        const struct nb_scope *scope, uint8_t rcode, bool recursion_available);

/* NODE STATUS RESPONSE (§4.2.18); RDATA from nbstat_table_encode(). */
void nbns_build_status_response(struct nbns_packet *ret, uint16_t id, const struct nb_name *name,
                                const struct nb_scope *scope, const uint8_t *rdata, uint16_t rdata_len_bytes);
/*
 * REDIRECT NAME QUERY RESPONSE (§4.2.15): "ask SERVER at that address". RDATA is the caller's, and must live until the
 * packet is encoded. NBT_ERR_MALFORMED if the scope cannot be encoded.
 */
int nbns_build_redirect(struct nbns_packet *ret, struct nbns_redirect_rdata *rdata, uint16_t id,
                        const struct nb_name *name, const struct nb_scope *scope, const struct nb_name *server,
                        uint32_t server_address, uint32_t ttl_s) NBT_MUST_CHECK;

/* The flag word of the header as it stands on the wire (R, opcode, NM_FLAGS, rcode). */
uint16_t nbns_header_flags(const struct nbns_header *header);

/* RFC spelling: "REGISTRATION", "ACT_ERR"; never NULL. */
const char *nbns_opcode_str(uint8_t opcode);
const char *nbns_rcode_str(uint8_t rcode);
