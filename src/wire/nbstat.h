#pragma once
/*
 * Node status (NBSTAT): the name table a node tells whoever asks. RFC 1002 §4.2.17 and §4.2.18.
 */
#include "wire/nbns.h"

#define NBSTAT_MAX_NAMES 255
#define NBSTAT_STATISTICS_BYTES 46

/* NAME_FLAGS of an entry, RFC 1002 §4.2.18 */
#define NBSTAT_GROUP 0x8000
#define NBSTAT_ONT_MASK 0x6000
#define NBSTAT_DEREGISTERING 0x1000
#define NBSTAT_CONFLICT 0x0800
#define NBSTAT_ACTIVE 0x0400
#define NBSTAT_PERMANENT 0x0200

struct nbstat_entry {
        struct nb_name name;
        uint16_t name_flags;
};

/* The STATISTICS block, 46 bytes on the wire (RFC 1002 §4.2.18), field by field. */
struct nbstat_statistics {
        uint8_t unit_id[6]; /* the MAC; zeros from Samba */
        uint8_t jumpers, test_result;
        uint16_t version_number, period_of_statistics, crc_count, alignment_errors, collisions, send_aborts;
        uint32_t good_sends, good_receives;
        uint16_t retransmits, no_resource_conditions, free_command_blocks, total_command_blocks,
                max_total_command_blocks, pending_sessions, max_pending_sessions, max_total_sessions,
                session_data_packet_size;
};

struct nbstat_table {
        size_t count;
        struct nbstat_entry entries[NBSTAT_MAX_NAMES];
        size_t statistics_len_bytes; /* how much of the block was there: Samba sends a short one */
        struct nbstat_statistics statistics;
};

/*
 * Decodes the rdata of an NBSTAT answer (packet->answer.rdata). A short or absent statistics block is no error: what
 * is missing is zero. NBT_ERR_TRUNCATED when names are promised that are not there.
 */
int nbstat_table_decode(const uint8_t *rdata, size_t len_bytes, struct nbstat_table *ret) NBT_MUST_CHECK;

/* Writes rdata: as many entries as fit beside the statistics (all of which are always written). Returns its length, or
 * NBT_ERR_FULL when SIZE holds not even an empty table. */
int nbstat_table_encode(const struct nbstat_table *table, uint8_t *ret_rdata, size_t size_bytes) NBT_MUST_CHECK;

/* The word nbtstat prints in its Status column ("Registered", "Conflict", …) for NAME_FLAGS. Static text. */
const char *nbstat_status_str(uint16_t name_flags);

/*
 * The computer's own name in a table: the unique <00>, else the unique <20>, never the first entry, never a group
 * (a lesson of other tools). Returns an index, or NBT_ERR_NOT_FOUND.
 */
int nbstat_table_computer(const struct nbstat_table *table) NBT_MUST_CHECK;
/* The entry of NAME, or NULL. */
const struct nbstat_entry *nbstat_table_find(const struct nbstat_table *table, const struct nb_name *name);
