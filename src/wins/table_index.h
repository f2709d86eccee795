#pragma once
/*
 * The indexes of the table, for table.c alone. Insertions never fail: room is reserved first.
 */
#include "wins/table.h"

#define WINS_REFERENCE_EXTRA 0x80000000u

int wins_index_reserve_name(struct wins_table *table, uint64_t hash) NBT_MUST_CHECK;
void wins_index_name_insert(struct wins_table *table, uint64_t hash, uint32_t slot);
void wins_index_name_remove(struct wins_table *table, uint64_t hash, uint32_t slot);

int wins_index_reserve_addresses(struct wins_table *table, const struct wins_record *record) NBT_MUST_CHECK;
void wins_index_address_insert(struct wins_table *table, uint32_t reference);
void wins_index_address_remove(struct wins_table *table, uint32_t reference);

void wins_index_owner_insert(struct wins_table *table, uint32_t slot);
void wins_index_owner_remove(struct wins_table *table, uint32_t slot);

void wins_index_done(struct wins_table *table);
