#pragma once
/* NetBT events in JSON, the same in every command: `netbt events`, `netbt explain`, and whoever tells of an event. */
#include "eventlog/parse.h"

#include <jansson.h>

/*
 * {"record", "time", "id", "code", "symbol", "level", "source", "computer", "name", "suffix", "interface", "sender",
 * "interface_address", "message", "strings", "data", "repeated", "last_time", "note"}. What an event lacks is null;
 * "repeated" is a number always. "sender" is the other side's address: of 4319 and 4320 from the data, of 4321 who
 * refused. NULL: no memory.
 */
json_t *json_from_event(const struct event *event);

/* As above, with "form", "data_form", "line" (null: of a log file), "time_text", "meaning", "packet" (the decoded record) and "warnings". */
json_t *json_from_reading(const struct event_reading *reading);
