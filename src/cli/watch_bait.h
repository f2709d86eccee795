#pragma once
/*
 * The active part of `netbt watch --bait`: asks the network for names that do not exist, exactly as Windows asks: by broadcast, port
 * 137, three times at 750 ms, with a random id; then the same name by LLMNR and mDNS. Who answers is seen by the
 * tracker, which knows the baits. Names look like the site's own, and change every time.
 */
#include "cli/watch_session.h"

struct watch_baiter;

/* Opens its sockets while there is privilege. WHY gets a clause on failure: NBT_ERR_IO, NBT_ERR_NOMEM, NBT_ERR_NOT_FOUND (no interface
 * that can broadcast). Port 137 being taken is no error: another is used, and told on ctx->err. */
int watch_baiter_new(struct watch_baiter **ret, const struct cli_context *ctx, const struct watch_settings *settings,
                     struct strbuf *why) NBT_MUST_CHECK;
/* Sends what is due. */
void watch_baiter_step(struct watch_baiter *baiter, struct watch *watch, mono_t now);
mono_t watch_baiter_deadline(const struct watch_baiter *baiter);
/* Readable when answers came, which step() takes. */
int watch_baiter_fd(const struct watch_baiter *baiter);
/* Accepts NULL, returns NULL. */
struct watch_baiter *watch_baiter_free(struct watch_baiter *baiter);
