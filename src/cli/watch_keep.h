#pragma once
/* Keeps the tracker's table over restarts: STATE_DIR/watch.db (store/watchdb.h). */
#include "cli/watch_session.h"

struct watch_keeper;

/* Opens the database, and puts what it holds back into WATCH. WHY gets a clause on failure; errors as watchdb_open(). */
int watch_keeper_new(struct watch_keeper **ret, const char *state_dir, struct watch *watch,
                     struct strbuf *why) NBT_MUST_CHECK;
/* Writes a bounded number of changed rows, when it is time. */
void watch_keeper_tick(struct watch_keeper *keeper, struct watch *watch, mono_t now);
/* Writes all that is left; errors are told on ctx->err. Accepts NULL, returns NULL. */
struct watch_keeper *watch_keeper_close(struct watch_keeper *keeper, struct watch *watch,
                                        const struct cli_context *ctx);
