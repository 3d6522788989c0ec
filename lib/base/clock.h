/* Time that never runs backwards, and the time of day. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_CLOCK_H
#define VGRAD_BASE_CLOCK_H

/* Seconds since some moment in the past. */
double vgrad__seconds(void);
/* Seconds since 1970. */
double vgrad__time(void);

#endif
