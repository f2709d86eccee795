#pragma once
/* `netbt explain` in words: one pasted event, field by field. */
#include "eventlog/parse.h"

#include <stdio.h>

/* Prints READING; SHOW_LINE tells in which line of the text it began. */
void explain_print(FILE *out, const struct event_reading *reading, bool show_line);
