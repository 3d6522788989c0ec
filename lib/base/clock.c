/* Time that never runs backwards, and the time of day. */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 199309L
#include "base/clock.h"

#include <time.h>

static double read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double vgrad__seconds(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double vgrad__time(void)
{
    return read_clock(CLOCK_REALTIME);
}
