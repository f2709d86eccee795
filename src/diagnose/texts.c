#include "diagnose/texts.h"

#include <stdarg.h>
#include <stdio.h>

#define LINE_BYTES 4096 /* a line names files */

void texts_add(struct texts *texts, const char *format, ...)
{
        char line[LINE_BYTES];
        va_list args;

        if (texts->count == TEXTS_MAX)
                return;
        va_start(args, format);
        (void)vsnprintf(line, sizeof line, format, args);
        va_end(args);
        const char *copy = arena_strdup(texts->arena, line);

        if (!copy) {
                texts->failed = true;
                return;
        }
        texts->lines[texts->count++] = copy;
}
