#include "unit.h"

#include "base/wr.h"
#include "wire/pcapfile.h"

#include <string.h>

#define TIME_S 1795415044

static bool big;

static void put16(struct wr *wr, uint16_t v)
{
        if (big)
                wr_be16(wr, v);
        else
                wr_le16(wr, v);
}

static void put32(struct wr *wr, uint32_t v)
{
        if (big)
                wr_be32(wr, v);
        else
                wr_le32(wr, v);
}

static size_t make_pcap(uint8_t *file, uint32_t magic, uint32_t fraction)
{
        struct wr wr = wr_init(file, 256);

        put32(&wr, magic);
        put16(&wr, 2);
        put16(&wr, 4);
        put32(&wr, 0);
        put32(&wr, 0);
        put32(&wr, 65535);
        put32(&wr, 113);
        for (uint8_t i = 0; i < 2; i++) {
                put32(&wr, TIME_S + i);
                put32(&wr, fraction);
                put32(&wr, 3);
                put32(&wr, 60);
                wr_bytes(&wr, "abc", 3);
        }
        return wr.pos;
}

static void pcap_in_all_forms(void **state)
{
        static const uint32_t magics[] = {0xA1B2C3D4, 0xA1B23C4D};

        (void)state;
        for (int form = 0; form < 4; form++) {
                uint8_t file[256];
                struct pcapfile reader;
                struct pcapfile_record record;
                size_t at = 0, taken;

                big = form & 1;
                const size_t len = make_pcap(file, magics[form / 2], form / 2 ? 123456789 : 123456);
                pcapfile_init(&reader);
                for (int i = 0; i < 2; i++) {
                        assert_int_equal(pcapfile_next(&reader, file + at, len - at, &taken, &record), 1);
                        at += taken;
                        assert_true(record.time_us == (int64_t)(TIME_S + i) * 1000000 + 123456);
                        assert_int_equal(record.link, 113);
                        assert_int_equal(record.len_bytes, 3);
                        assert_int_equal(record.original_len_bytes, 60);
                        assert_memory_equal(record.bytes, "abc", 3);
                }
                assert_int_equal(at, len);
                assert_int_equal(pcapfile_next(&reader, file + at, 0, &taken, &record), 0);
                assert_true(pcapfile_may_end(&reader, 0));
        }
}

/* Shown to any length first, then whole: the same records; a file that ends inside a record is seen to. */
static void pcap_in_pieces(void **state)
{
        uint8_t file[256];

        (void)state;
        big = false;
        const size_t len = make_pcap(file, 0xA1B2C3D4, 1);
        for (size_t cut = 0; cut < len; cut++) {
                struct pcapfile reader;
                struct pcapfile_record record;
                size_t at = 0, taken, count = 0;

                pcapfile_init(&reader);
                while (pcapfile_next(&reader, file + at, cut - at, &taken, &record) == 1) {
                        at += taken;
                        count++;
                }
                at += taken;
                assert_int_equal(pcapfile_may_end(&reader, cut - at), cut == 24 || cut == 24 + 19);
                while (pcapfile_next(&reader, file + at, len - at, &taken, &record) == 1) {
                        at += taken;
                        count++;
                }
                assert_int_equal(count, 2);
        }
}

static void block(struct wr *wr, uint32_t type, uint32_t body)
{
        put32(wr, type);
        put32(wr, body + 12);
}

static size_t make_pcapng(uint8_t *file)
{
        const uint64_t stamp = (uint64_t)TIME_S * 1000000000 + 123456789;
        struct wr wr = wr_init(file, 512);

        block(&wr, 0x0A0D0D0A, 16);
        put32(&wr, 0x1A2B3C4D);
        put32(&wr, big ? 0x00010000 : 1);
        put32(&wr, UINT32_MAX);
        put32(&wr, UINT32_MAX);
        put32(&wr, 28);
        block(&wr, 1, 20);
        put16(&wr, 1);
        put16(&wr, 0);
        put32(&wr, 2048);
        put16(&wr, 9); /* if_tsresol: nanoseconds */
        put16(&wr, 1);
        wr_bytes(&wr, "\x09\0\0\0", 4);
        put32(&wr, 0);
        put32(&wr, 32);
        block(&wr, 4, 400 - 300); /* name resolution: passed over */
        wr_bytes(&wr, (uint8_t[100]){0}, 100);
        put32(&wr, 112);
        block(&wr, 6, 24);
        put32(&wr, 0);
        put32(&wr, (uint32_t)(stamp >> 32));
        put32(&wr, (uint32_t)stamp);
        put32(&wr, 3);
        put32(&wr, 60);
        wr_bytes(&wr, "abc", 4);
        put32(&wr, 36);
        block(&wr, 5, 28);
        put32(&wr, 0);
        put32(&wr, 0);
        put32(&wr, 0);
        put16(&wr, 5); /* isb_ifdrop */
        put16(&wr, 8);
        put32(&wr, big ? 0 : 42);
        put32(&wr, big ? 42 : 0);
        put32(&wr, 0);
        put32(&wr, 40);
        return wr.pos;
}

static void pcapng_in_both_orders(void **state)
{
        (void)state;
        for (int order = 0; order < 2; order++) {
                uint8_t file[512];
                struct pcapfile reader;
                struct pcapfile_record record;
                size_t at, taken;

                big = order;
                const size_t len = make_pcapng(file);
                pcapfile_init(&reader);
                assert_int_equal(pcapfile_next(&reader, file, len, &taken, &record), 1);
                assert_int_equal(record.type, PCAPFILE_PACKET);
                assert_true(record.time_us == (int64_t)TIME_S * 1000000 + 123456);
                assert_int_equal(record.link, 1);
                assert_int_equal(record.len_bytes, 3);
                assert_int_equal(record.original_len_bytes, 60);
                assert_memory_equal(record.bytes, "abc", 3);
                at = taken;
                assert_int_equal(pcapfile_next(&reader, file + at, len - at, &taken, &record), 1);
                assert_int_equal(record.type, PCAPFILE_DROPS);
                assert_int_equal(record.drops, 42);
                at += taken;
                assert_int_equal(pcapfile_next(&reader, file + at, len - at, &taken, &record), 0);
                assert_true(pcapfile_may_end(&reader, len - at - taken));
        }
}

static int first_error(const uint8_t *file, size_t len)
{
        struct pcapfile reader;
        struct pcapfile_record record;
        size_t taken;

        pcapfile_init(&reader);
        return pcapfile_next(&reader, file, len, &taken, &record);
}

static void what_is_refused(void **state)
{
        uint8_t file[512];

        (void)state;
        big = false;
        assert_int_equal(first_error((const uint8_t *)"\x1F\x8B\x08\0", 4), NBT_ERR_UNSUPPORTED);
        assert_int_equal(first_error((const uint8_t *)"GIF8", 4), NBT_ERR_MALFORMED);
        make_pcap(file, 0xA1B2C3D4, 0);
        file[24 + 8 + 3] = 0x7F; /* a record of two gigabytes */
        assert_int_equal(first_error(file, 60), NBT_ERR_MALFORMED);
        size_t len = make_pcapng(file);
        file[28 + 4] = 33; /* a block of no multiple of four */
        assert_int_equal(first_error(file, len), NBT_ERR_MALFORMED);
        len = make_pcapng(file);
        file[28 + 28] ^= 4; /* the length behind a block is another than the one before */
        assert_int_equal(first_error(file, len), NBT_ERR_MALFORMED);
        len = make_pcapng(file);
        file[28 + 32 + 112 + 8] = 1; /* an interface that was not described */
        assert_int_equal(first_error(file, len), NBT_ERR_MALFORMED);
}

/* ---- behind damage ------------------------------------------------------------------------------------------------ */

/* Reads on and on, shown ever more by STEP bytes; which packets came, by their first byte. */
static void read_on(const uint8_t *file, size_t len, size_t step, char *ret_packets)
{
        struct pcapfile reader;
        struct pcapfile_record record;
        size_t at = 0, shown = step < len ? step : len, taken = 0;
        bool lost = false;

        pcapfile_init(&reader);
        for (;;) {
                const uint64_t before = reader.taken_bytes;
                int r;

                if (lost)
                        r = pcapfile_recover(&reader, file + at, shown - at, shown == len, &taken) ? -1 : 0;
                else
                        r = pcapfile_next(&reader, file + at, shown - at, &taken, &record);
                at += (size_t)(reader.taken_bytes - before);
                assert_int_equal(at, reader.taken_bytes);
                if (r == 1 && record.type == PCAPFILE_PACKET)
                        *ret_packets++ = (char)record.bytes[0];
                if (r < 0)
                        lost = !lost;
                if (r == 0 && shown == len && (lost || at == len))
                        break;
                if (r == 0 && shown == len) /* the end, where it may not be */
                        lost = true;
                if (r == 0)
                        shown = len - shown < step ? len : shown + step;
        }
        *ret_packets = '\0';
}

static size_t put_record(uint8_t *file, size_t at, char first, bool blocks)
{
        struct wr wr = wr_init(file + at, 128);
        const uint64_t stamp = (uint64_t)TIME_S * 1000000;

        if (blocks) {
                block(&wr, 6, 40);
                put32(&wr, 0);
                put32(&wr, (uint32_t)(stamp >> 32));
                put32(&wr, (uint32_t)stamp);
        } else {
                put32(&wr, TIME_S);
                put32(&wr, 5);
        }
        put32(&wr, 20);
        put32(&wr, 60);
        for (uint8_t i = 0; i < 20; i++)
                wr_u8(&wr, i ? 0 : (uint8_t)first);
        if (blocks)
                put32(&wr, 52);
        return at + wr.pos;
}

static size_t make_five(uint8_t *file, bool blocks, size_t offsets[6])
{
        size_t at = blocks ? make_pcapng(file) : make_pcap(file, 0xA1B2C3D4, 1);

        at = blocks ? 28 + 32 : 24;
        for (size_t i = 0; i < 5; i++) {
                offsets[i] = at;
                at = put_record(file, at, (char)('1' + i), blocks);
        }
        offsets[5] = at;
        return at;
}

/* Whatever bytes of the second record are overwritten, the others are read, and never more than the five. */
static void damage_is_passed_over(void **state)
{
        uint8_t file[1024], whole[1024];
        size_t offsets[6];
        char packets[64];

        (void)state;
        for (int form = 0; form < 4; form++) {
                big = form & 1;
                const bool blocks = form & 2;
                const size_t len = make_five(whole, blocks, offsets);
                for (size_t from = offsets[1]; from < offsets[2]; from++)
                        for (size_t step = 7; step < 2000; step *= 6) {
                                memcpy(file, whole, len);
                                memset(file + from, 0xFF, offsets[2] - from);
                                read_on(file, len, step, packets);
                                assert_int_equal(packets[0], '1');
                                assert_non_null(strstr(packets, "345"));
                                assert_true(strlen(packets) <= 5);
                        }
        }
}

/* Bytes that are missing, and a hole of zeros, as a full disk and a crash leave them. */
static void missing_bytes_and_holes(void **state)
{
        uint8_t file[4096];
        size_t offsets[6];
        char packets[64];

        (void)state;
        big = false;
        for (int form = 0; form < 2; form++) {
                size_t len = make_five(file, form, offsets);
                memmove(file + offsets[1] + 3, file + offsets[2], len - offsets[2]);
                read_on(file, len - (offsets[2] - offsets[1] - 3), 5000, packets);
                assert_string_equal(packets, "1345");
                len = make_five(file, form, offsets);
                memmove(file + offsets[1] + 1001, file + offsets[1], len - offsets[1]);
                memset(file + offsets[1], 0, 1001);
                read_on(file, len + 1001, 5000, packets);
                assert_string_equal(packets, "12345");
        }
}

/* Garbage to the end, and garbage alone: the search ends. */
static void nothing_to_go_on_with(void **state)
{
        uint8_t file[1024];
        size_t offsets[6];
        char packets[64];

        (void)state;
        const size_t len = make_five(file, false, offsets);
        memset(file + offsets[1], 0xFF, len - offsets[1]);
        read_on(file, len, 11, packets);
        assert_string_equal(packets, "1");
        memset(file, 'x', sizeof file);
        read_on(file, sizeof file, 100, packets);
        assert_string_equal(packets, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pcap_in_all_forms),     cmocka_unit_test(pcap_in_pieces),
                cmocka_unit_test(pcapng_in_both_orders), cmocka_unit_test(what_is_refused),
                cmocka_unit_test(damage_is_passed_over), cmocka_unit_test(missing_bytes_and_holes),
                cmocka_unit_test(nothing_to_go_on_with)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
