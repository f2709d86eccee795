#include "wire/dump.h"

#include "base/ip4.h"
#include "wire/nbstat.h"

static bool is_about(const struct nbns_packet *packet, uint16_t type)
{
        return (packet->has_question && packet->question.type == type) ||
               (packet->has_answer && packet->answer.type == type);
}

static const char *request_kind(const struct nbns_packet *packet)
{
        switch (packet->header.opcode) {
        case NBNS_OPCODE_QUERY:
                return is_about(packet, NBNS_TYPE_NBSTAT) ? "node status request" : "name query request";
        case NBNS_OPCODE_REGISTRATION:
                return packet->header.rd ? "name registration request" : "name overwrite demand";
        case NBNS_OPCODE_MULTIHOMED:
                return "multi-homed name registration request";
        case NBNS_OPCODE_RELEASE:
                return "name release request";
        case NBNS_OPCODE_REFRESH:
        case NBNS_OPCODE_REFRESH_ALT:
                return "name refresh request";
        default:
                return "unknown request";
        }
}

static const char *query_response_kind(const struct nbns_packet *packet)
{
        if (is_about(packet, NBNS_TYPE_NBSTAT))
                return "node status response";
        if (packet->header.rcode)
                return "negative name query response";
        return !packet->has_answer && packet->has_authority ? "redirect name query response"
                                                            : "positive name query response";
}

static const char *response_kind(const struct nbns_packet *packet)
{
        const uint8_t rcode = packet->header.rcode;

        switch (packet->header.opcode) {
        case NBNS_OPCODE_QUERY:
                return query_response_kind(packet);
        case NBNS_OPCODE_REGISTRATION:
        case NBNS_OPCODE_MULTIHOMED:
                if (rcode == NBNS_RCODE_CFT_ERR)
                        return "name conflict demand";
                return rcode ? "negative name registration response" : "positive name registration response";
        case NBNS_OPCODE_RELEASE:
                return rcode ? "negative name release response" : "positive name release response";
        case NBNS_OPCODE_REFRESH:
        case NBNS_OPCODE_REFRESH_ALT:
                return rcode ? "negative name refresh response" : "positive name refresh response";
        case NBNS_OPCODE_WACK:
                return "wait for acknowledgement response";
        default:
                return "unknown response";
        }
}

const char *nbns_packet_kind(const struct nbns_packet *packet)
{
        return packet->header.response ? response_kind(packet) : request_kind(packet);
}

static void add_hex(struct strbuf *sb, const uint8_t *bytes, size_t len_bytes)
{
        for (size_t i = 0; i < len_bytes; i++)
                strbuf_printf(sb, "%02x", bytes[i]);
}

static void add_name(struct strbuf *sb, const struct nb_name *name, const struct nb_scope *scope)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format_exact(name, text);
        strbuf_add(sb, text);
        if (scope->len_bytes)
                strbuf_add_char(sb, '.');
        for (size_t i = 0; i < scope->len_bytes; i++) {
                const uint8_t byte = scope->text[i];

                if (byte > 0x20 && byte < 0x7F && byte != '\\' && byte != ',')
                        strbuf_add_char(sb, (char)byte);
                else
                        strbuf_printf(sb, "\\x%02X", byte);
        }
}

static void add_type(struct strbuf *sb, uint16_t type, uint16_t class_)
{
        static const struct {
                uint16_t type;
                const char *text;
        } types[] = {{NBNS_TYPE_NB, "NB"},
                     {NBNS_TYPE_NBSTAT, "NBSTAT"},
                     {NBNS_TYPE_NULL, "NULL"},
                     {NBNS_TYPE_A, "A"},
                     {NBNS_TYPE_NS, "NS"}};
        const char *text = NULL;

        for (size_t i = 0; i < NBT_ARRAY_SIZE(types); i++)
                if (types[i].type == type)
                        text = types[i].text;
        if (text)
                strbuf_printf(sb, " %s", text);
        else
                strbuf_printf(sb, " type 0x%04x", type);
        if (class_ != NBNS_CLASS_IN)
                strbuf_printf(sb, " class 0x%04x", class_);
}

static void add_addresses(struct strbuf *sb, const struct nbns_rr *rr)
{
        static const char nodes[] = "BPMH";

        for (size_t i = 0; i < nbns_rr_address_count(rr); i++) {
                const struct nbns_address entry = nbns_rr_address_get(rr, i);
                char text[IP4_TEXT_BYTES];

                ip4_format(entry.address, text);
                strbuf_printf(sb, " %s %s %c", text, entry.nb_flags & NBNS_NB_GROUP ? "group" : "unique",
                              nodes[(entry.nb_flags & NBNS_NB_ONT_MASK) >> 13]);
                if (entry.nb_flags & ~(NBNS_NB_GROUP | NBNS_NB_ONT_MASK))
                        strbuf_printf(sb, " nb_flags 0x%04x", entry.nb_flags);
        }
}

static void add_entry(struct strbuf *sb, const struct nbstat_entry *entry)
{
        char text[NB_NAME_TEXT_BYTES];

        nb_name_format_exact(&entry->name, text);
        strbuf_printf(sb, "\n    %s %s %s flags 0x%04x", text, entry->name_flags & NBSTAT_GROUP ? "group" : "unique",
                      nbstat_status_str(entry->name_flags), entry->name_flags);
}

/* What says nothing (a zero) is left out. */
static void add_count(struct strbuf *sb, const char *label, uint32_t value)
{
        if (value)
                strbuf_printf(sb, ", %s %u", label, value);
}

static void add_statistics(struct strbuf *sb, const struct nbstat_table *table)
{
        const struct nbstat_statistics *s = &table->statistics;
        char mac[MAC_TEXT_BYTES];

        mac_format(s->unit_id, mac);
        strbuf_printf(sb, "\n    unit id %s, statistics of %zu bytes", mac, table->statistics_len_bytes);
        add_count(sb, "jumpers", s->jumpers);
        add_count(sb, "test result", s->test_result);
        add_count(sb, "version", s->version_number);
        add_count(sb, "period", s->period_of_statistics);
        add_count(sb, "CRC errors", s->crc_count);
        add_count(sb, "alignment errors", s->alignment_errors);
        add_count(sb, "collisions", s->collisions);
        add_count(sb, "send aborts", s->send_aborts);
        add_count(sb, "good sends", s->good_sends);
        add_count(sb, "good receives", s->good_receives);
        add_count(sb, "retransmits", s->retransmits);
        add_count(sb, "no resource", s->no_resource_conditions);
        add_count(sb, "free command blocks", s->free_command_blocks);
        add_count(sb, "total command blocks", s->total_command_blocks);
        add_count(sb, "max total command blocks", s->max_total_command_blocks);
        add_count(sb, "pending sessions", s->pending_sessions);
        add_count(sb, "max pending sessions", s->max_pending_sessions);
        add_count(sb, "max total sessions", s->max_total_sessions);
        add_count(sb, "session packet size", s->session_data_packet_size);
}

static bool add_status_table(struct strbuf *sb, const struct nbns_rr *rr)
{
        struct nbstat_table table;

        if (nbstat_table_decode(rr->rdata, rr->rdata_len_bytes, &table) < 0)
                return false;
        strbuf_printf(sb, " %zu names", table.count);
        for (size_t i = 0; i < table.count; i++)
                add_entry(sb, &table.entries[i]);
        add_statistics(sb, &table);
        return true;
}

static bool add_server_name(struct strbuf *sb, const struct nbns_rr *rr)
{
        struct rd rd = rd_init(rr->rdata, rr->rdata_len_bytes);
        struct nb_name name;
        struct nb_scope scope;

        if (nb_name_decode(&rd, &name, &scope) < 0 || rd_left(&rd) != 0)
                return false;
        strbuf_add(sb, " server ");
        add_name(sb, &name, &scope);
        return true;
}

static bool add_ip4(struct strbuf *sb, const struct nbns_rr *rr)
{
        struct rd rd = rd_init(rr->rdata, rr->rdata_len_bytes);
        char text[IP4_TEXT_BYTES];

        if (rr->rdata_len_bytes != 4)
                return false;
        ip4_format(rd_be32(&rd), text);
        strbuf_printf(sb, " %s", text);
        return true;
}

/* The resource data in words; false if it holds nothing that we know. */
static bool add_known_rdata(struct strbuf *sb, const struct nbns_rr *rr, const struct nbns_header *header)
{
        if (header->opcode == NBNS_OPCODE_WACK && rr->rdata_len_bytes == 2) {
                strbuf_printf(sb, " request flags 0x%02x%02x", rr->rdata[0], rr->rdata[1]);
                return true;
        }
        switch (rr->type) {
        case NBNS_TYPE_NB:
                add_addresses(sb, rr);
                return nbns_rr_address_count(rr) > 0;
        case NBNS_TYPE_NBSTAT:
                return add_status_table(sb, rr);
        case NBNS_TYPE_NS:
                return add_server_name(sb, rr);
        case NBNS_TYPE_A:
                return add_ip4(sb, rr);
        default:
                return false;
        }
}

static void add_rr(struct strbuf *sb, const char *section, const struct nbns_rr *rr, const struct nbns_header *header)
{
        strbuf_printf(sb, ", %s ", section);
        add_name(sb, &rr->name, &rr->scope);
        add_type(sb, rr->type, rr->class_);
        strbuf_printf(sb, " ttl %u", rr->ttl_s);
        if (rr->rdata_len_bytes && !add_known_rdata(sb, rr, header)) {
                strbuf_add(sb, " data ");
                add_hex(sb, rr->rdata, rr->rdata_len_bytes);
        }
}

static void add_header(struct strbuf *sb, const struct nbns_header *header)
{
        strbuf_printf(sb, "id 0x%04x, %s, flags 0x%04x%s%s%s%s%s", header->id, nbns_opcode_str(header->opcode),
                      nbns_header_flags(header), header->aa ? " AA" : "", header->tc ? " TC" : "",
                      header->rd ? " RD" : "", header->ra ? " RA" : "", header->broadcast ? " B" : "");
        if (header->response || header->rcode)
                strbuf_printf(sb, ", rcode %u %s", header->rcode, nbns_rcode_str(header->rcode));
}

void nbns_packet_dump(struct strbuf *sb, const struct nbns_packet *packet)
{
        const struct nbns_header *header = &packet->header;

        strbuf_printf(sb, "%s: ", nbns_packet_kind(packet));
        add_header(sb, header);
        if (packet->has_question) {
                strbuf_add(sb, ", question ");
                add_name(sb, &packet->question.name, &packet->question.scope);
                add_type(sb, packet->question.type, packet->question.class_);
        }
        if (packet->has_answer)
                add_rr(sb, "answer", &packet->answer, header);
        if (packet->has_authority)
                add_rr(sb, "authority", &packet->authority, header);
        if (packet->has_additional)
                add_rr(sb, "additional", &packet->additional, header);
}

void nbns_dump(struct strbuf *sb, const void *bytes, size_t len_bytes)
{
        struct nbns_packet packet;
        const int r = nbns_packet_decode(bytes, len_bytes, &packet);

        if (r < 0) {
                strbuf_printf(sb, "malformed: %s, %zu bytes ", nbt_err_str(r), len_bytes);
                add_hex(sb, bytes, len_bytes);
                return;
        }
        nbns_packet_dump(sb, &packet);
}
