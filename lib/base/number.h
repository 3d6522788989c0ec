/* Is a number one that may be set? For options. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_NUMBER_H
#define VGRAD_BASE_NUMBER_H

#include <math.h>
#include <stdbool.h>

/* `value` is finite, lies in [low, high], and is integral if `whole`. */
static inline bool vgrad__number_fits(double value, double low, double high, bool whole)
{
    return value >= low && value <= high && isfinite(value) && (!whole || value == rint(value));
}

#endif
