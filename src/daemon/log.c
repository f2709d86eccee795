#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program_name = "netbtd";
static unsigned max_level;

void log_init(const char *program, unsigned verbosity)
{
        program_name = program;
        max_level = verbosity;
}

unsigned log_verbosity(void)
{
        return max_level;
}

void log_line(unsigned level, const char *format, ...)
{
        char line[1024];
        va_list args;

        if (level > max_level)
                return;
        va_start(args, format);
        vsnprintf(line, sizeof line, format, args);
        va_end(args);
        /* One write a line, so that lines of several processes do not mix. */
        fprintf(stderr, "%s: %s\n", program_name, line);
}
