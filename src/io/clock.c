#include "io/clock.h"

#include "base/result.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int64_t read_ns(clockid_t id)
{
        struct timespec ts = {0};

        (void)clock_gettime(id, &ts); /* fails only for clocks a kernel of our age does not have */
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

mono_t clock_mono(void)
{
        return (mono_t){read_ns(CLOCK_BOOTTIME)};
}

wall_t clock_wall(void)
{
        return (wall_t){read_ns(CLOCK_REALTIME) / 1000};
}

int64_t clock_slept_ns(void)
{
        const int64_t awake_ns = read_ns(CLOCK_MONOTONIC);

        return read_ns(CLOCK_BOOTTIME) - awake_ns;
}

/* Far away, so that only a jump of the clock ends the wait. */
static int arm(int fd)
{
        const struct itimerspec never = {.it_value.tv_sec = (time_t)INT32_MAX * 2};

        return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

int clock_jump_open(void)
{
        const int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

        if (fd < 0)
                return NBT_ERR_IO;
        if (arm(fd) < 0) {
                close(fd);
                return NBT_ERR_IO;
        }
        return fd;
}

void clock_jump_drain(int fd)
{
        uint64_t count;

        /* ECANCELED is the notice itself. */
        (void)!read(fd, &count, sizeof count);
        (void)arm(fd);
}
