#include "wire/nbstat.h"

#include <string.h>

#define ENTRY_BYTES (NB_NAME_BYTES + 2)

static struct nbstat_statistics read_statistics(struct rd *rd)
{
        struct nbstat_statistics s;

        rd_copy(rd, s.unit_id, sizeof(s.unit_id));
        s.jumpers = rd_u8(rd);
        s.test_result = rd_u8(rd);
        s.version_number = rd_be16(rd);
        s.period_of_statistics = rd_be16(rd);
        s.crc_count = rd_be16(rd);
        s.alignment_errors = rd_be16(rd);
        s.collisions = rd_be16(rd);
        s.send_aborts = rd_be16(rd);
        s.good_sends = rd_be32(rd);
        s.good_receives = rd_be32(rd);
        s.retransmits = rd_be16(rd);
        s.no_resource_conditions = rd_be16(rd);
        s.free_command_blocks = rd_be16(rd);
        s.total_command_blocks = rd_be16(rd);
        s.max_total_command_blocks = rd_be16(rd);
        s.pending_sessions = rd_be16(rd);
        s.max_pending_sessions = rd_be16(rd);
        s.max_total_sessions = rd_be16(rd);
        s.session_data_packet_size = rd_be16(rd);
        return s;
}

int nbstat_table_decode(const uint8_t *rdata, size_t len_bytes, struct nbstat_table *ret)
{
        struct rd rd = rd_init(rdata, len_bytes);
        const size_t count = rd_u8(&rd);
        struct rd entries = rd_sub(&rd, count * ENTRY_BYTES);

        if (!rd_ok(&rd))
                return NBT_ERR_TRUNCATED;
        ret->count = count;
        for (size_t i = 0; i < count; i++) {
                rd_copy(&entries, ret->entries[i].name.bytes, NB_NAME_BYTES);
                ret->entries[i].name_flags = rd_be16(&entries);
        }
        const size_t left = rd_left(&rd);
        ret->statistics_len_bytes = left < NBSTAT_STATISTICS_BYTES ? left : NBSTAT_STATISTICS_BYTES;
        ret->statistics = read_statistics(&rd);
        return 0;
}

static void write_statistics(struct wr *wr, const struct nbstat_statistics *s)
{
        wr_bytes(wr, s->unit_id, sizeof(s->unit_id));
        wr_u8(wr, s->jumpers);
        wr_u8(wr, s->test_result);
        wr_be16(wr, s->version_number);
        wr_be16(wr, s->period_of_statistics);
        wr_be16(wr, s->crc_count);
        wr_be16(wr, s->alignment_errors);
        wr_be16(wr, s->collisions);
        wr_be16(wr, s->send_aborts);
        wr_be32(wr, s->good_sends);
        wr_be32(wr, s->good_receives);
        wr_be16(wr, s->retransmits);
        wr_be16(wr, s->no_resource_conditions);
        wr_be16(wr, s->free_command_blocks);
        wr_be16(wr, s->total_command_blocks);
        wr_be16(wr, s->max_total_command_blocks);
        wr_be16(wr, s->pending_sessions);
        wr_be16(wr, s->max_pending_sessions);
        wr_be16(wr, s->max_total_sessions);
        wr_be16(wr, s->session_data_packet_size);
}

int nbstat_table_encode(const struct nbstat_table *table, uint8_t *ret_rdata, size_t size_bytes)
{
        struct wr wr = wr_init(ret_rdata, size_bytes);

        if (size_bytes < 1 + NBSTAT_STATISTICS_BYTES || table->count > NBSTAT_MAX_NAMES)
                return NBT_ERR_FULL;
        const size_t room = (size_bytes - 1 - NBSTAT_STATISTICS_BYTES) / ENTRY_BYTES;
        const size_t count = table->count < room ? table->count : room;
        wr_u8(&wr, (uint8_t)count);
        for (size_t i = 0; i < count; i++) {
                wr_bytes(&wr, table->entries[i].name.bytes, NB_NAME_BYTES);
                wr_be16(&wr, table->entries[i].name_flags);
        }
        write_statistics(&wr, &table->statistics);
        return wr_ok(&wr) ? (int)wr.pos : NBT_ERR_FULL;
}

const char *nbstat_status_str(uint16_t name_flags)
{
        /* the words of nbtstat, for the states of nb30.h (04 registered, 05 deregistered, 06 duplicate, 07 both) */
        switch (name_flags & (NBSTAT_CONFLICT | NBSTAT_DEREGISTERING)) {
        case NBSTAT_CONFLICT | NBSTAT_DEREGISTERING:
                return "Conflict Deregistered";
        case NBSTAT_CONFLICT:
                return "Conflict";
        case NBSTAT_DEREGISTERING:
                return "Deregistered";
        default:
                return name_flags & NBSTAT_ACTIVE ? "Registered" : "Registering";
        }
}

/* IIS registers "IS~" and the computer's name as unique <00>; that is not how the computer is called. */
static bool is_web_server_alias(const struct nb_name *name)
{
        return memcmp(name->bytes, "IS~", 3) == 0;
}

static int find_unique(const struct nbstat_table *table, uint8_t suffix)
{
        for (size_t i = 0; i < table->count; i++) {
                const struct nbstat_entry *entry = &table->entries[i];

                if (nb_name_suffix(&entry->name) == suffix && !(entry->name_flags & NBSTAT_GROUP) &&
                    !is_web_server_alias(&entry->name))
                        return (int)i;
        }
        return NBT_ERR_NOT_FOUND;
}

int nbstat_table_computer(const struct nbstat_table *table)
{
        const int workstation = find_unique(table, 0x00);

        return workstation >= 0 ? workstation : find_unique(table, 0x20);
}

const struct nbstat_entry *nbstat_table_find(const struct nbstat_table *table, const struct nb_name *name)
{
        for (size_t i = 0; i < table->count; i++)
                if (nb_name_equal(&table->entries[i].name, name))
                        return &table->entries[i];
        return NULL;
}
