/* Time that never runs backwards. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_BASE_CLOCK_H
#define VGRAD_BASE_CLOCK_H

/* Seconds since some moment in the past. */
double vgrad__seconds(void);

#endif
