#include "unit.h"

#include "samples.h"

#include <stdlib.h>
#include <string.h>

static void assert_same_entries(const struct nbstat_table *a, const struct nbstat_table *b)
{
        assert_int_equal(a->count, b->count);
        for (size_t i = 0; i < a->count; i++) {
                assert_true(nb_name_equal(&a->entries[i].name, &b->entries[i].name));
                assert_int_equal(a->entries[i].name_flags, b->entries[i].name_flags);
        }
}

static void round_trip(void **state)
{
        struct nbstat_table table, back;
        uint8_t rdata[512];

        (void)state;
        samples_table(&table);
        const int len = nbstat_table_encode(&table, rdata, sizeof(rdata));
        assert_int_equal(len, 1 + 6 * 18 + 46);
        assert_int_equal(nbstat_table_decode(rdata, (size_t)len, &back), 0);
        assert_same_entries(&table, &back);
        assert_int_equal(back.statistics_len_bytes, 46);
        assert_memory_equal(&back.statistics, &table.statistics, sizeof(table.statistics));
}

/* The statistics block at RFC 1002 §4.2.18's offsets, so that both directions cannot be wrong in the same way. */
static void statistics_layout(void **state)
{
        uint8_t rdata[47] = {0};
        struct nbstat_table table;

        (void)state;
        for (uint8_t i = 1; i < sizeof(rdata); i++)
                rdata[i] = i - 1;
        assert_int_equal(nbstat_table_decode(rdata, sizeof(rdata), &table), 0);
        const struct nbstat_statistics *s = &table.statistics;
        assert_memory_equal(s->unit_id, "\0\1\2\3\4\5", 6);
        assert_int_equal(s->jumpers, 6);
        assert_int_equal(s->test_result, 7);
        assert_int_equal(s->version_number, 0x0809);
        assert_int_equal(s->period_of_statistics, 0x0A0B);
        assert_int_equal(s->crc_count, 0x0C0D);
        assert_int_equal(s->alignment_errors, 0x0E0F);
        assert_int_equal(s->collisions, 0x1011);
        assert_int_equal(s->send_aborts, 0x1213);
        assert_int_equal(s->good_sends, 0x14151617);
        assert_int_equal(s->good_receives, 0x18191A1B);
        assert_int_equal(s->retransmits, 0x1C1D);
        assert_int_equal(s->no_resource_conditions, 0x1E1F);
        assert_int_equal(s->free_command_blocks, 0x2021);
        assert_int_equal(s->total_command_blocks, 0x2223);
        assert_int_equal(s->max_total_command_blocks, 0x2425);
        assert_int_equal(s->pending_sessions, 0x2627);
        assert_int_equal(s->max_pending_sessions, 0x2829);
        assert_int_equal(s->max_total_sessions, 0x2A2B);
        assert_int_equal(s->session_data_packet_size, 0x2C2D);
}

/* Cut anywhere: an error inside the names, a shorter block of statistics (whole fields, then zeros) behind them. */
static void every_truncation(void **state)
{
        struct nbstat_table table;
        uint8_t rdata[512];

        (void)state;
        samples_table(&table);
        const int full = nbstat_table_encode(&table, rdata, sizeof(rdata));
        const size_t names_end = 1 + table.count * 18;
        for (size_t len = 0; len < (size_t)full; len++) {
                uint8_t *copy = malloc(len ? len : 1);
                struct nbstat_table back = {.count = 99};

                assert_non_null(copy);
                memcpy(copy, rdata, len);
                const int r = nbstat_table_decode(copy, len, &back);
                free(copy);
                if (len < names_end) {
                        assert_int_equal(r, NBT_ERR_TRUNCATED);
                        assert_int_equal(back.count, 99);
                        continue;
                }
                assert_int_equal(r, 0);
                assert_same_entries(&table, &back);
                const size_t left = len - names_end;
                assert_int_equal(back.statistics_len_bytes, left);
                assert_memory_equal(back.statistics.unit_id,
                                    left >= 6 ? (const uint8_t *)"\x02\xAB\xCD\x01\x02\x03" : (const uint8_t[6]){0}, 6);
                assert_int_equal(back.statistics.good_sends, left >= 24 ? 900000 : 0);
                assert_int_equal(back.statistics.max_total_sessions, left >= 44 ? 18 : 0);
                assert_int_equal(back.statistics.session_data_packet_size, 0);
        }
}

static void longer_statistics_are_accepted(void **state)
{
        uint8_t rdata[1 + 60] = {0};
        struct nbstat_table table;

        (void)state;
        assert_int_equal(nbstat_table_decode(rdata, sizeof(rdata), &table), 0);
        assert_int_equal(table.statistics_len_bytes, 46);
}

static void as_many_names_as_fit(void **state)
{
        static struct nbstat_table table, back;
        static uint8_t rdata[8192];

        (void)state;
        table.count = NBSTAT_MAX_NAMES;
        for (size_t i = 0; i < table.count; i++)
                table.entries[i].name = nb_name_make("N", (uint8_t)i);
        table.statistics.session_data_packet_size = 7;
        for (size_t size = 0; size < 5000; size += 7) {
                const int len = nbstat_table_encode(&table, rdata, size);

                if (size < 47) {
                        assert_int_equal(len, NBT_ERR_FULL);
                        continue;
                }
                assert_true(len >= 47 && (size_t)len <= size);
                assert_int_equal(nbstat_table_decode(rdata, (size_t)len, &back), 0);
                assert_int_equal(back.count, (size - 47) / 18 < 255 ? (size - 47) / 18 : 255);
                assert_int_equal(back.statistics.session_data_packet_size, 7);
        }
        table.count = NBSTAT_MAX_NAMES + 1;
        assert_int_equal(nbstat_table_encode(&table, rdata, sizeof(rdata)), NBT_ERR_FULL);
}

static void status_words(void **state)
{
        static const struct {
                uint16_t flags;
                const char *word;
        } rows[] = {
                {0x0400, "Registered"},
                {0x6400, "Registered"},
                {0xE600, "Registered"},
                {0x0C00, "Conflict"},
                {0x0800, "Conflict"},
                {0x1400, "Deregistered"},
                {0x1C00, "Conflict Deregistered"},
                {0x0000, "Registering"},
                {0x6000, "Registering"},
        };

        (void)state;
        for (size_t i = 0; i < NBT_ARRAY_SIZE(rows); i++)
                assert_string_equal(nbstat_status_str(rows[i].flags), rows[i].word);
}

static void the_computers_name(void **state)
{
        struct nbstat_table table;
        const struct nb_name server = nb_name_make("TWIN", 0x20), absent = nb_name_make("TWIN", 0x1B);

        (void)state;
        samples_table(&table);
        /* neither the group that stands first nor the web server's alias */
        assert_int_equal(nbstat_table_computer(&table), 3);
        table.entries[3].name_flags |= NBSTAT_GROUP;
        assert_int_equal(nbstat_table_computer(&table), 2);
        table.entries[2].name_flags |= NBSTAT_GROUP;
        assert_int_equal(nbstat_table_computer(&table), NBT_ERR_NOT_FOUND);
        assert_ptr_equal(nbstat_table_find(&table, &server), &table.entries[2]);
        assert_null(nbstat_table_find(&table, &absent));
        table.count = 0;
        assert_int_equal(nbstat_table_computer(&table), NBT_ERR_NOT_FOUND);
        assert_null(nbstat_table_find(&table, &server));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(round_trip),           cmocka_unit_test(statistics_layout),
                cmocka_unit_test(every_truncation),     cmocka_unit_test(longer_statistics_are_accepted),
                cmocka_unit_test(as_many_names_as_fit), cmocka_unit_test(status_words),
                cmocka_unit_test(the_computers_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
