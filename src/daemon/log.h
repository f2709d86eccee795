#pragma once
/*
 * The daemon's own lines, on stderr: "netbtd: …". LEVEL 0 always, 1 with -v, 2 with -vv.
 */
#include "base/result.h"

/* PROGRAM is lent. Call it before any line. */
void log_init(const char *program, unsigned verbosity);
unsigned log_verbosity(void);
void log_line(unsigned level, const char *format, ...) NBT_PRINTF(2, 3);
