/* The gradient budget: where the norm of delta goes on its way back, in factors that multiply out.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_BUDGET_H
#define VGRAD_PROBE_BUDGET_H

#include "probe/probe.h"

/* Makes the figures of the latest look out of its moments and signals. */
void vgrad__budget(vgrad_probe *probe);

#endif
