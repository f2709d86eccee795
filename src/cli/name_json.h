#pragma once
/* JSON as every tool prints it: documents, and the names, addresses and words in them. */
#include "wire/name.h"

#include <jansson.h>
#include <stdio.h>

/* Prints DOCUMENT and a line end to OUT, with the FLAGS of json_dumpf(), and drops it. NULL (memory ran out) is printed as null. */
void json_print(FILE *out, json_t *document, size_t flags);

/* {"name":"FILESRV","suffix":"20","bytes":"46494c45…"}: unprintable bytes as '.' in name, exact in bytes. NULL: no memory. */
json_t *json_from_name(const struct nb_name *name);

/* "10.77.0.2", or null for 0. */
json_t *json_from_ip4(uint32_t address);

/* A table's word as a JSON value: "Conflict Deregistered" becomes "conflict_deregistered". */
json_t *json_from_word(const char *word);

/* TEXT as a JSON string; where it is not UTF-8, what is not ASCII becomes '?'. NULL: no memory. */
json_t *json_from_text(const char *text);
