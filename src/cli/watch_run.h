#pragma once
/* The loop of `netbt watch`: frames, keys, time, until the end of the file, the time given, a signal or the key q. */
#include "cli/watch_session.h"

/* SESSION's descriptor and helpers are open. Returns an exit code; what could not be read was told. */
int watch_run(struct watch_session *session);
