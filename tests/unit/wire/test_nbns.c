#include "unit.h"

#include "base/rng.h"
#include "base/strbuf.h"
#include "samples.h"
#include "wire/dump.h"

#include <stdlib.h>
#include <string.h>

static void assert_same_dump(const struct nbns_packet *a, const struct nbns_packet *b)
{
        struct strbuf text_a = STRBUF_INIT, text_b = STRBUF_INIT;

        nbns_packet_dump(&text_a, a);
        nbns_packet_dump(&text_b, b);
        assert_string_equal(strbuf_str(&text_a), strbuf_str(&text_b));
        strbuf_done(&text_a);
        strbuf_done(&text_b);
}

/* What we wrote, decoded and encoded again, is the same byte for byte. */
static void samples_round_trip(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                struct nbns_packet packet;
                uint8_t bytes[SAMPLE_MAX_BYTES];

                print_message("%s\n", samples[i].name);
                assert_int_equal(nbns_packet_decode(samples[i].bytes, samples[i].len_bytes, &packet), 0);
                assert_int_equal(nbns_packet_encode(&packet, bytes, sizeof(bytes)), samples[i].len_bytes);
                assert_memory_equal(bytes, samples[i].bytes, samples[i].len_bytes);
        }
}

static void every_truncation_is_refused(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);

        (void)state;
        for (size_t i = 0; i < count; i++)
                for (size_t len = 0; len < samples[i].len_bytes; len++) {
                        /* a copy of just that size, so that a sanitizer sees every read past its end */
                        uint8_t *bytes = malloc(len ? len : 1);
                        struct nbns_packet packet = {.header.id = 0x7777};

                        assert_non_null(bytes);
                        memcpy(bytes, samples[i].bytes, len);
                        assert_int_equal(nbns_packet_decode(bytes, len, &packet), NBT_ERR_TRUNCATED);
                        assert_int_equal(packet.header.id, 0x7777);
                        free(bytes);
                }
}

/* At every length: nothing before the first name is whole, from there on the same name and header, at the end the same packet. */
static void beginnings_are_read(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                struct nbns_packet whole, packet;
                bool was_read = false;

                assert_int_equal(nbns_packet_decode(samples[i].bytes, samples[i].len_bytes, &whole), 0);
                for (size_t len = 0; len <= samples[i].len_bytes; len++) {
                        uint8_t *exact = malloc(len ? len : 1); /* so that reading beyond it is seen */

                        memcpy(exact, samples[i].bytes, len);
                        const int r = nbns_packet_decode_cut(exact, len, &packet);
                        if (r == 0) {
                                was_read = true;
                                assert_int_equal(packet.header.id, whole.header.id);
                                assert_int_equal(packet.header.rcode, whole.header.rcode);
                                assert_true(packet.has_question
                                                    ? nb_name_equal(&packet.question.name, &whole.question.name)
                                                    : nb_name_equal(&packet.answer.name, &whole.answer.name));
                        } else {
                                assert_int_equal(r, NBT_ERR_TRUNCATED);
                                assert_false(was_read);
                        }
                        if (len == samples[i].len_bytes && r == 0)
                                assert_same_dump(&packet, &whole);
                        free(exact);
                }
                assert_true(was_read == (whole.has_question || whole.has_answer));
        }
}

static void encoder_needs_every_byte(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                struct nbns_packet packet;

                assert_int_equal(nbns_packet_decode(samples[i].bytes, samples[i].len_bytes, &packet), 0);
                for (size_t size = 0; size < samples[i].len_bytes; size++) {
                        uint8_t *bytes = malloc(size ? size : 1);

                        assert_non_null(bytes);
                        assert_int_equal(nbns_packet_encode(&packet, bytes, size), NBT_ERR_FULL);
                        free(bytes);
                }
        }
}

static void trailing_bytes_are_ignored(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);

        (void)state;
        for (size_t i = 0; i < count; i++) {
                uint8_t bytes[SAMPLE_MAX_BYTES + 32];
                struct nbns_packet packet, longer;

                memcpy(bytes, samples[i].bytes, samples[i].len_bytes);
                memset(bytes + samples[i].len_bytes, 0xC0, 32);
                assert_int_equal(nbns_packet_decode(bytes, samples[i].len_bytes, &packet), 0);
                assert_int_equal(nbns_packet_decode(bytes, samples[i].len_bytes + 32, &longer), 0);
                assert_same_dump(&packet, &longer);
        }
}

/* One byte wrong anywhere: refused or read, but what is read can be written and read again. */
static void damaged_packets_do_no_harm(void **state)
{
        size_t count;
        const struct sample *samples = samples_get(&count);
        struct rng rng;

        (void)state;
        print_message("seed 1004\n");
        rng_init_seed(&rng, 1004);
        for (int round = 0; round < 40000; round++) {
                const struct sample *sample = &samples[rng_below(&rng, (uint32_t)count)];
                struct nbns_packet packet, again;
                uint8_t bytes[SAMPLE_MAX_BYTES], out[2 * SAMPLE_MAX_BYTES];

                memcpy(bytes, sample->bytes, sample->len_bytes);
                for (uint32_t n = 1 + rng_below(&rng, 3); n > 0; n--)
                        bytes[rng_below(&rng, (uint32_t)sample->len_bytes)] = (uint8_t)rng_u32(&rng);
                if (nbns_packet_decode(bytes, sample->len_bytes, &packet) < 0)
                        continue;
                const int len = nbns_packet_encode(&packet, out, sizeof(out));
                assert_true(len > 0);
                assert_int_equal(nbns_packet_decode(out, (size_t)len, &again), 0);
                assert_same_dump(&packet, &again);
        }
}

static void counts_over_one_are_refused(void **state)
{
        size_t count;
        const struct sample *sample = samples_get(&count);

        (void)state;
        for (size_t field = 4; field < 12; field += 2)
                for (unsigned value = 2; value < 0x10000; value *= 3) {
                        uint8_t bytes[SAMPLE_MAX_BYTES];
                        struct nbns_packet packet;

                        memcpy(bytes, sample->bytes, sample->len_bytes);
                        bytes[field] = (uint8_t)(value >> 8);
                        bytes[field + 1] = (uint8_t)value;
                        assert_int_equal(nbns_packet_decode(bytes, sample->len_bytes, &packet), NBT_ERR_MALFORMED);
                }
}

/* The flag words as seen on real networks. */
static void flag_words(void **state)
{
        static const struct {
                const char *sample;
                uint16_t flags;
        } rows[] = {
                {"query-broadcast", 0x0110},
                {"query-server", 0x0100},
                {"query-node", 0x0000},
                {"registration-broadcast", 0x2910},
                {"overwrite-demand", 0x2810},
                {"registration-server", 0x2900},
                {"multihomed-server", 0x7900},
                {"multihomed-no-rd", 0x7800},
                {"refresh-8", 0x4000},
                {"refresh-9", 0x4800},
                {"refresh-broadcast", 0x4010},
                {"release-unicast", 0x3000},
                {"release-broadcast", 0x3010},
                {"registration-positive", 0xAD80},
                {"registration-act-err", 0xAD86},
                {"multihomed-positive", 0xAD80},
                {"release-positive", 0xB400},
                {"release-act-err", 0xB406},
                {"conflict-demand", 0xAD87},
                {"wack", 0xBC00},
                {"query-positive-server", 0x8580},
                {"query-positive-node", 0x8500},
                {"query-positive-tc", 0x8780},
                {"query-negative", 0x8583},
                {"query-redirect", 0x8180},
                {"status-response", 0x8400},
        };
        size_t count;
        const struct sample *samples = samples_get(&count);

        (void)state;
        for (size_t row = 0; row < NBT_ARRAY_SIZE(rows); row++) {
                size_t i = 0;

                while (i < count && strcmp(samples[i].name, rows[row].sample) != 0)
                        i++;
                assert_true(i < count);
                print_message("%s\n", rows[row].sample);
                assert_int_equal(samples[i].bytes[2] << 8 | samples[i].bytes[3], rows[row].flags);
        }
}

static void header_flags_round_trip(void **state)
{
        (void)state;
        for (unsigned flags = 0; flags < 0x10000; flags++) {
                const uint8_t bytes[12] = {0xAB, 0xCD, (uint8_t)(flags >> 8), (uint8_t)flags};
                struct nbns_header header;

                assert_int_equal(nbns_header_decode(bytes, sizeof(bytes), &header), 0);
                assert_int_equal(header.id, 0xABCD);
                /* two bits of the word are reserved, RFC 1002 §4.2.1.1 */
                assert_int_equal(nbns_header_flags(&header), flags & ~0x0060U);
        }
        struct nbns_header header;
        const uint8_t bytes[11] = {0};
        assert_int_equal(nbns_header_decode(bytes, sizeof(bytes), &header), NBT_ERR_TRUNCATED);
}

/* RFC 1002 §4.2.2, octet by octet. */
static void a_registration_by_hand(void **state)
{
        static const uint8_t expected[] = "\x8b\x1f\x29\x10\0\1\0\0\0\0\0\1"
                                          "\x20"
                                          "FEFHEJEOCACACACACACACACACACACAAA\0"
                                          "\0\x20\0\1"
                                          "\xC0\x0C\0\x20\0\1"
                                          "\0\4\x93\xE0\0\6\x60\0\x0A\x4D\0\3";
        const struct nb_name name = nb_name_make("twin", 0x00);
        const struct nbns_address address = {.nb_flags = NBNS_NB_ONT_H, .address = 0x0A4D0003};
        struct nbns_packet packet;
        uint8_t rdata[6], bytes[128];

        (void)state;
        nbns_build_claim(&packet, rdata, 0x8B1F, NBNS_OPCODE_REGISTRATION, &name, NULL, &address, 300000, true, true);
        assert_int_equal(nbns_packet_encode(&packet, bytes, sizeof(bytes)), sizeof(expected) - 1);
        assert_memory_equal(bytes, expected, sizeof(expected) - 1);
}

/* A name that differs from the first one, or has another scope, is written out. */
static void pointers_only_for_equal_names(void **state)
{
        const struct nb_name a = nb_name_make("A", 0), b = nb_name_make("A", 1);
        const struct nb_scope corp = {.len_bytes = 4, .text = "corp"};
        const struct nbns_address address = {0};
        struct nbns_packet packet, back;
        uint8_t rdata[6], bytes[256];

        (void)state;
        nbns_build_claim(&packet, rdata, 1, NBNS_OPCODE_REGISTRATION, &a, NULL, &address, 0, true, true);
        assert_int_equal(nbns_packet_encode(&packet, bytes, sizeof(bytes)), 12 + 34 + 4 + 2 + 10 + 6);
        packet.additional.name = b;
        assert_int_equal(nbns_packet_encode(&packet, bytes, sizeof(bytes)), 12 + 34 + 4 + 34 + 10 + 6);
        packet.additional.name = a;
        packet.additional.scope = corp;
        const int len = nbns_packet_encode(&packet, bytes, sizeof(bytes));
        assert_int_equal(len, 12 + 34 + 4 + 39 + 10 + 6);
        assert_int_equal(nbns_packet_decode(bytes, (size_t)len, &back), 0);
        assert_true(nb_scope_equal(&back.additional.scope, &corp));
        assert_int_equal(back.question.scope.len_bytes, 0);
}

static void addresses_of_a_record(void **state)
{
        const uint8_t rdata[13] = {0xE0, 0x00, 10, 77, 0, 1, 0x20, 0x00, 255, 255, 255, 255, 0};
        struct nbns_rr rr = {.type = NBNS_TYPE_NB, .rdata = rdata, .rdata_len_bytes = 12};

        (void)state;
        assert_int_equal(nbns_rr_address_count(&rr), 2);
        assert_int_equal(nbns_rr_address_get(&rr, 0).nb_flags, 0xE000);
        assert_int_equal(nbns_rr_address_get(&rr, 0).address, 0x0A4D0001);
        assert_int_equal(nbns_rr_address_get(&rr, 1).nb_flags, 0x2000);
        assert_int_equal(nbns_rr_address_get(&rr, 1).address, 0xFFFFFFFF);
        rr.rdata_len_bytes = 13;
        assert_int_equal(nbns_rr_address_count(&rr), 0);
        rr.rdata_len_bytes = 0;
        assert_int_equal(nbns_rr_address_count(&rr), 0);
        rr.rdata_len_bytes = 12;
        rr.type = NBNS_TYPE_NBSTAT;
        assert_int_equal(nbns_rr_address_count(&rr), 0);
}

static void words_for_codes(void **state)
{
        (void)state;
        assert_string_equal(nbns_opcode_str(NBNS_OPCODE_MULTIHOMED), "MULTIHOMED");
        assert_string_equal(nbns_opcode_str(NBNS_OPCODE_QUERY), "QUERY");
        assert_string_equal(nbns_rcode_str(NBNS_RCODE_ACT_ERR), "ACT_ERR");
        for (unsigned code = 0; code < 256; code++) {
                assert_true(*nbns_opcode_str((uint8_t)code));
                assert_true(*nbns_rcode_str((uint8_t)code));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(samples_round_trip),
                cmocka_unit_test(every_truncation_is_refused),
                cmocka_unit_test(beginnings_are_read),
                cmocka_unit_test(encoder_needs_every_byte),
                cmocka_unit_test(trailing_bytes_are_ignored),
                cmocka_unit_test(damaged_packets_do_no_harm),
                cmocka_unit_test(counts_over_one_are_refused),
                cmocka_unit_test(flag_words),
                cmocka_unit_test(header_flags_round_trip),
                cmocka_unit_test(a_registration_by_hand),
                cmocka_unit_test(pointers_only_for_equal_names),
                cmocka_unit_test(addresses_of_a_record),
                cmocka_unit_test(words_for_codes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
