#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 64

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;

static const struct nbns_address unique_b = {.nb_flags = 0, .address = 0x0A4D0002};
static const struct nbns_address unique_h = {.nb_flags = NBNS_NB_ONT_H, .address = 0x0A4D0003};
static const struct nbns_address group_m = {.nb_flags = NBNS_NB_GROUP | NBNS_NB_ONT_M, .address = 0xFFFFFFFF};

static void add_bytes(const char *name, const uint8_t *bytes, size_t len_bytes)
{
        struct sample *sample = &samples[sample_count++];

        if (sample_count > SAMPLES_MAX || len_bytes > SAMPLE_MAX_BYTES)
                abort();
        sample->name = name;
        sample->len_bytes = len_bytes;
        memcpy(sample->bytes, bytes, len_bytes);
}

static void add(const char *name, const struct nbns_packet *packet)
{
        uint8_t bytes[SAMPLE_MAX_BYTES];
        const int len = nbns_packet_encode(packet, bytes, sizeof(bytes));

        if (len < 0) {
                fprintf(stderr, "sample %s: %s\n", name, nbt_err_str(len));
                abort();
        }
        add_bytes(name, bytes, (size_t)len);
}

static struct nb_scope scope_of(const char *text)
{
        struct nb_scope scope;

        if (nb_scope_parse(text, &scope) < 0)
                abort();
        return scope;
}

static void add_queries(void)
{
        const struct nb_name twin = nb_name_make("twin", 0x20);
        const struct nb_name browser = {.bytes = "\x01\x02__MSBROWSE__\x02\x01"};
        const struct nb_name blanks = nb_name_make("*", 0x00);
        const struct nb_name odd = {
                .bytes = {'a', 'b', 0xFF, 0, '\\', '<', '#', ' ', 'x', ' ', 0x80, 1, 2, 3, 4, 0xBE}};
        const struct nb_scope corp = scope_of("corp.example");
        struct nbns_packet packet;

        nbns_build_query(&packet, 0x1001, &twin, NULL, NBNS_TYPE_NB, true, true);
        add("query-broadcast", &packet);
        nbns_build_query(&packet, 0x1002, &twin, NULL, NBNS_TYPE_NB, true, false);
        add("query-server", &packet);
        nbns_build_query(&packet, 0x1003, &twin, NULL, NBNS_TYPE_NB, false, false);
        add("query-node", &packet);
        nbns_build_query(&packet, 0x1004, &twin, &corp, NBNS_TYPE_NB, true, true);
        add("query-scope", &packet);
        nbns_build_query(&packet, 0x1005, &browser, NULL, NBNS_TYPE_NB, true, true);
        add("query-msbrowse", &packet);
        nbns_build_query(&packet, 0x1006, &odd, NULL, NBNS_TYPE_NB, true, true);
        add("query-odd-bytes", &packet);
        nbns_build_query(&packet, 0x1007, &NB_NAME_WILDCARD, NULL, NBNS_TYPE_NBSTAT, false, false);
        add("status-request", &packet);
        nbns_build_query(&packet, 0x1008, &blanks, NULL, NBNS_TYPE_NBSTAT, false, true);
        add("status-request-blanks", &packet);
}

static void add_long_scopes(void)
{
        const struct nb_name twin = nb_name_make("TWIN", 0x20);
        char text[NB_SCOPE_MAX_BYTES + 1];
        struct nbns_packet packet;
        uint8_t rdata[6];

        memset(text, 's', sizeof(text));
        text[63] = text[127] = text[191] = '.';
        text[NB_SCOPE_MAX_BYTES] = '\0';
        const struct nb_scope longest = scope_of(text);
        nbns_build_claim(&packet, rdata, 0x1101, NBNS_OPCODE_REGISTRATION, &twin, &longest, &unique_b, 0, true, true);
        add("scope-255", &packet);
        text[220] = '\0'; /* with the name before it, the 255 bytes that RFC 883 allows a domain name */
        const struct nb_scope rfc_longest = scope_of(text);
        nbns_build_query(&packet, 0x1102, &twin, &rfc_longest, NBNS_TYPE_NB, true, true);
        add("scope-220", &packet);
}

static void add_claims(void)
{
        static const struct {
                const char *name;
                uint8_t opcode;
                bool recursion, broadcast;
                uint32_t ttl_s;
        } rows[] = {
                {"registration-broadcast", NBNS_OPCODE_REGISTRATION, true, true, 0},
                {"overwrite-demand", NBNS_OPCODE_REGISTRATION, false, true, 0},
                {"registration-server", NBNS_OPCODE_REGISTRATION, true, false, 300000},
                {"multihomed-server", NBNS_OPCODE_MULTIHOMED, true, false, 259200},
                {"multihomed-no-rd", NBNS_OPCODE_MULTIHOMED, false, false, 300000},
                {"refresh-8", NBNS_OPCODE_REFRESH, false, false, 300000},
                {"refresh-9", NBNS_OPCODE_REFRESH_ALT, false, false, 300000},
                {"refresh-broadcast", NBNS_OPCODE_REFRESH, false, true, 0xFFFFFFFF},
        };
        const struct nb_name twin = nb_name_make("TWIN", 0x00);
        const struct nb_name group = nb_name_make("WORKGROUP", 0x1E);
        struct nbns_packet packet;
        uint8_t rdata[6];

        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                nbns_build_claim(&packet, rdata, (uint16_t)(0x2000 + i), rows[i].opcode, &twin, NULL, &unique_h,
                                 rows[i].ttl_s, rows[i].recursion, rows[i].broadcast);
                add(rows[i].name, &packet);
        }
        nbns_build_claim(&packet, rdata, 0x2010, NBNS_OPCODE_REGISTRATION, &group, NULL, &group_m, 0, true, true);
        add("registration-group", &packet);
        nbns_build_release(&packet, rdata, 0x2011, &twin, NULL, &unique_b, false);
        add("release-unicast", &packet);
        nbns_build_release(&packet, rdata, 0x2012, &twin, NULL, &unique_b, true);
        add("release-broadcast", &packet);
}

static void add_claim_responses(void)
{
        static const struct {
                const char *name;
                uint8_t opcode, rcode;
        } rows[] = {
                {"registration-positive", NBNS_OPCODE_REGISTRATION, NBNS_RCODE_OK},
                {"registration-act-err", NBNS_OPCODE_REGISTRATION, NBNS_RCODE_ACT_ERR},
                {"registration-rfs-err", NBNS_OPCODE_REGISTRATION, NBNS_RCODE_RFS_ERR},
                {"registration-fmt-err", NBNS_OPCODE_REGISTRATION, NBNS_RCODE_FMT_ERR},
                {"multihomed-positive", NBNS_OPCODE_MULTIHOMED, NBNS_RCODE_OK},
                {"refresh-positive", NBNS_OPCODE_REFRESH, NBNS_RCODE_OK},
                {"refresh-negative", NBNS_OPCODE_REFRESH_ALT, NBNS_RCODE_ACT_ERR},
                {"release-positive", NBNS_OPCODE_RELEASE, NBNS_RCODE_OK},
                {"release-act-err", NBNS_OPCODE_RELEASE, NBNS_RCODE_ACT_ERR},
                {"release-nam-err", NBNS_OPCODE_RELEASE, NBNS_RCODE_NAM_ERR},
        };
        const struct nb_name twin = nb_name_make("TWIN", 0x00);
        const struct nb_scope corp = scope_of("corp.example");
        struct nbns_packet packet;
        uint8_t rdata[6];

        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++) {
                nbns_build_claim_response(&packet, rdata, (uint16_t)(0x3000 + i), rows[i].opcode, rows[i].rcode, &twin,
                                          NULL, &unique_b, rows[i].rcode ? 0 : 518400);
                add(rows[i].name, &packet);
        }
        nbns_build_conflict_demand(&packet, rdata, 0x3010, &twin, NULL);
        add("conflict-demand", &packet);
        nbns_build_conflict_demand(&packet, rdata, 0x3011, &twin, &corp);
        add("conflict-demand-scope", &packet);
}

static void add_wacks(void)
{
        const struct nb_name twin = nb_name_make("TWIN", 0x00);
        struct nbns_packet packet;
        uint8_t rdata[2];

        nbns_build_wack(&packet, rdata, 0x3020, &twin, NULL, 0x7900, 60);
        add("wack", &packet);
        packet.answer.type = NBNS_TYPE_NULL; /* Samba's classic daemon */
        add("wack-null", &packet);
}

static void add_query_responses(void)
{
        const struct nb_name twin = nb_name_make("TWIN", 0x20);
        const struct nb_name domain = nb_name_make("CORP", 0x1C);
        const struct nb_name server = nb_name_make("WINS1", 0x20);
        struct nbns_redirect_rdata redirect;
        struct nbns_packet packet;
        uint8_t rdata[25 * 6];

        nbns_address_encode(&unique_b, rdata);
        nbns_build_query_response(&packet, 0x4001, &twin, NULL, rdata, 6, 300000, true);
        add("query-positive-server", &packet);
        nbns_build_query_response(&packet, 0x4002, &twin, NULL, rdata, 6, 0, false);
        add("query-positive-node", &packet);
        for (unsigned i = 0; i < 25; i++)
                nbns_address_encode(&(struct nbns_address){.nb_flags = NBNS_NB_GROUP, .address = 0x0A4D0100 + i},
                                    rdata + (size_t)6 * i);
        nbns_build_query_response(&packet, 0x4003, &domain, NULL, rdata, sizeof(rdata), 518400, true);
        add("query-positive-25", &packet);
        packet.header.tc = true;
        packet.answer.rdata_len_bytes = 18;
        add("query-positive-tc", &packet);
        nbns_build_negative_query_response(&packet, 0x4004, &twin, NULL, NBNS_RCODE_NAM_ERR, true);
        add("query-negative", &packet);
        packet.answer.type = NBNS_TYPE_NB;
        add("query-negative-nb", &packet);
        if (nbns_build_redirect(&packet, &redirect, 0x4005, &twin, NULL, &server, 0x0A4D0009, 3600) < 0)
                abort();
        add("query-redirect", &packet);
}

void samples_table(struct nbstat_table *ret)
{
        static const struct {
                const char *stem;
                uint8_t suffix;
                uint16_t flags;
        } rows[] = {
                {"WORKGROUP", 0x00, NBSTAT_ACTIVE | NBSTAT_GROUP | 0x6000},
                {"IS~TWIN", 0x00, NBSTAT_ACTIVE},
                {"TWIN", 0x20, NBSTAT_ACTIVE | 0x6000},
                {"TWIN", 0x00, NBSTAT_ACTIVE | NBSTAT_CONFLICT | NBSTAT_PERMANENT | 0x6000},
                {"ADMIN", 0x03, NBSTAT_ACTIVE | NBSTAT_DEREGISTERING | 0x2000},
                {"LATE", 0x03, 0x4000},
        };

        memset(ret, 0, sizeof(*ret));
        ret->count = NBT_ARRAY_SIZE(rows);
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                ret->entries[i] = (struct nbstat_entry){nb_name_make(rows[i].stem, rows[i].suffix), rows[i].flags};
        ret->statistics_len_bytes = NBSTAT_STATISTICS_BYTES;
        ret->statistics = (struct nbstat_statistics){
                .unit_id = {0x02, 0xAB, 0xCD, 0x01, 0x02, 0x03},
                .jumpers = 1,
                .test_result = 2,
                .version_number = 0x0303,
                .period_of_statistics = 4,
                .crc_count = 5,
                .alignment_errors = 6,
                .collisions = 7,
                .send_aborts = 8,
                .good_sends = 900000,
                .good_receives = 1000000,
                .retransmits = 11,
                .no_resource_conditions = 12,
                .free_command_blocks = 13,
                .total_command_blocks = 14,
                .max_total_command_blocks = 15,
                .pending_sessions = 16,
                .max_pending_sessions = 17,
                .max_total_sessions = 18,
                .session_data_packet_size = 1400,
        };
}

static void add_status_responses(void)
{
        struct nbstat_table table;
        struct nbns_packet packet;
        uint8_t rdata[1024];

        samples_table(&table);
        const int len = nbstat_table_encode(&table, rdata, sizeof(rdata));
        if (len < 0)
                abort();
        nbns_build_status_response(&packet, 0x5001, &NB_NAME_WILDCARD, NULL, rdata, (uint16_t)len);
        add("status-response", &packet);
        memset(&table.statistics, 0, sizeof(table.statistics));
        (void)!nbstat_table_encode(&table, rdata, sizeof(rdata));
        nbns_build_status_response(&packet, 0x5002, &NB_NAME_WILDCARD, NULL, rdata, (uint16_t)(len - 2));
        add("status-response-short", &packet); /* the 44 bytes of statistics that nmbd sends */
        nbns_build_status_response(&packet, 0x5003, &NB_NAME_WILDCARD, NULL, rdata,
                                   (uint16_t)(len - NBSTAT_STATISTICS_BYTES));
        add("status-response-no-statistics", &packet);
        table.count = 0;
        const int empty = nbstat_table_encode(&table, rdata, sizeof(rdata));
        nbns_build_status_response(&packet, 0x5004, &NB_NAME_WILDCARD, NULL, rdata, (uint16_t)empty);
        add("status-response-empty", &packet);
}

/* What nobody should send, and the dump must still tell apart. */
static void add_oddities(void)
{
        const struct nb_name twin = nb_name_make("TWIN", 0x00);
        const uint8_t rdata[7] = {0x1F, 0xFF, 10, 77, 0, 2, 9};
        struct nbns_packet packet;

        nbns_build_query_response(&packet, 0x6001, &twin, NULL, rdata, 7, 60, false);
        add("odd-rdata-length", &packet);
        packet.answer.rdata_len_bytes = 6;
        add("odd-nb-flags", &packet);
        packet.answer.type = 0x0010;
        packet.answer.class_ = 0x0003;
        add("odd-type-and-class", &packet);
        packet.header.opcode = 3;
        packet.header.rcode = 12;
        add("odd-opcode-and-rcode", &packet);
        packet.header.response = false;
        packet.has_answer = false;
        add("no-records", &packet);
}

const struct sample *samples_get(size_t *ret_count)
{
        if (sample_count == 0) {
                add_queries();
                add_long_scopes();
                add_claims();
                add_claim_responses();
                add_wacks();
                add_query_responses();
                add_status_responses();
                add_oddities();
        }
        *ret_count = sample_count;
        return samples;
}
