/* What is found wrong, and by which rule. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_RULES_H
#define VGRAD_PROBE_RULES_H

#include "probe/probe.h"

/* Takes the latest look, whose figures are made, into the window; judges it, and the window when it
   is full. */
void vgrad__rules_look(vgrad_probe *probe, double loss, int64_t rows);

#endif
