#pragma once
/*
 * The WINS database in memory: winsdb's twin for the simulator and for tests, with the same promises and the failures a test asks for.
 *
 * It remembers two states: what the process would find after its death, and what power loss would leave (batches without
 * is_durable last only from the next durable one on). Reads no clock, opens no file.
 */
#include "store/winsstore.h"

struct winsmem;

/* NULL if memory ran out. */
struct winsmem *winsmem_new(void) NBT_MUST_CHECK;
/* Accepts NULL, returns NULL. */
struct winsmem *winsmem_free(struct winsmem *mem);

/* As winsdb_append(): all or nothing. NBT_ERR_NOMEM, NBT_ERR_RANGE, or the failure that winsmem_fail() asked for. */
int winsmem_append(struct winsmem *mem, const struct wins_batch *batch) NBT_MUST_CHECK;

/* As winsdb_load(). */
int winsmem_load(const struct winsmem *mem, const struct winsstore_sink *sink) NBT_MUST_CHECK;

/* The record under NAME and SCOPE (NULL: the empty one), borrowed until the next append; NULL if there is none. */
const struct wins_record *winsmem_find(const struct winsmem *mem, const struct nb_name *name,
                                       const struct nb_scope *scope);

size_t winsmem_count(const struct winsmem *mem);

/* From now on appends fail with CODE (an enum nbt_err), until CODE is 0. */
void winsmem_fail(struct winsmem *mem, int code);

/* Power is lost: what was not yet durable is gone. */
void winsmem_power_loss(struct winsmem *mem);
