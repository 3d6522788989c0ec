/* A probe as an observer of a network. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_ATTACH_H
#define VGRAD_PROBE_ATTACH_H

#include "probe/probe.h"

/* Makes a new probe ready to be attached. */
void vgrad__attach_prepare(vgrad_probe *probe);

#endif
