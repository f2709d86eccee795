#pragma once
/* The system's random source, getrandom(2): where a daemon's generators get their key from. */
#include "base/result.h"
#include "base/rng.h"

#include <stddef.h>

/* Fills RET. NBT_ERR_IO if the system has none to give. */
int random_bytes(void *ret, size_t len_bytes) NBT_MUST_CHECK;

/* A generator keyed from the system's random source; NBT_ERR_IO. */
int random_rng(struct rng *ret) NBT_MUST_CHECK;
