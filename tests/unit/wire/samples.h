#pragma once
/*
 * One message of every kind, built with the library itself: what the tests take apart, what the fuzzers start from and
 * what tshark is asked to read.
 */
#include "wire/nbstat.h"

#define SAMPLE_MAX_BYTES 2048

struct sample {
        const char *name;
        size_t len_bytes;
        uint8_t bytes[SAMPLE_MAX_BYTES];
};

/* All of them; built at the first call, static storage. */
const struct sample *samples_get(size_t *ret_count);

/* The node status table of the samples: unique and group names, one in conflict, all statistics set. */
void samples_table(struct nbstat_table *ret);
