#pragma once
/* How a thread that works in the background shares a processor with one that answers. */

/* The calling thread gives way from here on: nicer, and in turns so short that who wakes up waits no tenth of a millisecond for it (where
 * the kernel has such; Linux 6.12). Needs no privilege, and cannot be taken back. */
void priority_give_way(void);
