/* Reports: what a probe has seen, as text. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_REPORT_H
#define VGRAD_PROBE_REPORT_H

#include "probe/probe.h"

/* What a report is of, and where it goes. */
typedef struct vgrad__sheet {
    const vgrad_probe *probe;
    size_t first, end; /* looks that are remembered and ended: one at least, the latest end - 1 */
    vgrad_write write;
    void *user;
} vgrad__sheet;

vgrad_status vgrad__report_budget(const vgrad__sheet *sheet);
vgrad_status vgrad__report_sparklines(const vgrad__sheet *sheet);

/* How many columns a name takes, in UTF-8, and so how many bytes it is to be filled up to so that
   it takes `columns`, for "%-*s". */
int vgrad__sheet_columns(const char *name);
int vgrad__sheet_pad(const char *name, int columns);

/* The root mean square of a tensor; NaN: not seen, Inf: not all of it is finite. */
double vgrad__sheet_rms(const vgrad__sheet *sheet, size_t layer, vgrad_role role, size_t look);

#endif
