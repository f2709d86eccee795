#pragma once
/*
 * The indexes of the table, for table.c alone. Insertions never fail: room is reserved first.
 */
#include "wins/table.h"

void wins_index_init(struct wins_table *table);

int wins_index_reserve_name(struct wins_table *table, uint64_t hash) NBT_MUST_CHECK;
/* Before the slot has its fields, and while it still has them. */
void wins_index_name_insert(struct wins_table *table, uint64_t hash, uint32_t slot, const struct nb_name *name,
                            uint16_t scope);
void wins_index_name_remove(struct wins_table *table, uint64_t hash, uint32_t slot);

/* Room in the orders for one record with so many members. */
int wins_index_reserve_orders(struct wins_table *table, uint32_t member_count) NBT_MUST_CHECK;
/* The member has its address. */
void wins_index_address_insert(struct wins_table *table, uint32_t reference);
void wins_index_address_remove(struct wins_table *table, uint32_t reference);

/* The slot has its owner and version. */
void wins_index_owner_insert(struct wins_table *table, uint32_t slot);
void wins_index_owner_remove(struct wins_table *table, uint32_t slot);

/* The slot has its owner, name and scope. */
void wins_index_class_insert(struct wins_table *table, uint32_t slot);
void wins_index_class_remove(struct wins_table *table, uint32_t slot);

void wins_index_done(struct wins_table *table);
