#pragma once
/*
 * The daemon's own lines, on stderr: "netbtd: …". LEVEL 0 always, 1 with -v, 2 with -vv.
 */
#include "base/result.h"

void log_init(const char *program, unsigned verbosity);
unsigned log_verbosity(void);
void log_line(unsigned level, const char *format, ...) NBT_PRINTF(2, 3);
