#pragma once
/*
 * The two clocks, read in one place only; nothing below src/io ever sees them.
 *
 * Monotonic time here is CLOCK_BOOTTIME: it counts the time a machine slept, so that a name's lease that ran out during
 * sleep is seen as run out. clock_slept_ns() tells sleep from mere waiting.
 */
#include "base/instant.h"

/* Now. */
mono_t clock_mono(void);
wall_t clock_wall(void);

/* Nanoseconds the machine has slept since it was started (CLOCK_BOOTTIME less CLOCK_MONOTONIC). */
int64_t clock_slept_ns(void);

/* A file descriptor that turns readable when the wall clock is set or the machine wakes (a timerfd with
 * TFD_TIMER_CANCEL_ON_SET); the caller closes it. NBT_ERR_IO where the kernel has none. */
int clock_jump_open(void) __attribute__((warn_unused_result));
/* Takes the notice from FD and arms it anew. */
void clock_jump_drain(int fd);
