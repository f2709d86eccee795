#pragma once
/*
 * Listening: a small process of its own holds the raw sockets and passes frames through a pipe (io/capture.h); this process gives all
 * privilege up once that, the bait's sockets and the table's file are open.
 */
#include "cli/watch_session.h"

struct watch_live;

/* Starts the capture on the interfaces of the settings, and opens the baiter. An exit code; errors were told. */
int watch_live_open(struct watch_live **ret, struct watch_session *session);
/* Gives all privilege up. An exit code. */
int watch_live_drop(const struct watch_live *live, const struct watch_session *session);
/* Ends the capture process. Accepts NULL. */
void watch_live_close(struct watch_live *live);
