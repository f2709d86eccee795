#include "io/priority.h"

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICENESS 5
#define SLICE_NS 100000u

/* sched_setattr(2); the C library has no name for it. */
struct attributes {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
};

void priority_give_way(void)
{
        const struct attributes attributes = {
                .size = sizeof attributes, .policy = SCHED_OTHER, .nice = NICENESS, .runtime_ns = SLICE_NS};

        /* A kernel that knows no slices takes the rest; where nothing is taken, nothing is lost but some politeness. */
        (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
