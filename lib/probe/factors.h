/* The factors that make up what delta loses, in words. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_FACTORS_H
#define VGRAD_PROBE_FACTORS_H

#include <stddef.h>

#include "probe/figures.h"

enum { VGRAD__LOSS_TEXT = 160 };

/* `lost` is by vgrad__figure, from VGRAD__LOST to VGRAD__LOST_IN_BLOCK; NaN where one is not known.
   The factor with the largest part in what is lost (sign 1) or won (-1): */
vgrad__figure vgrad__main_factor(const double *lost, double sign);

/* "loses 2.11 decades: derivative factor 2.10, weights 0.01": the main factor first, then the
   others by their size; those that are not `worth_telling` are left out. What is gained tells what
   every factor gains. */
void vgrad__tell_loss(const double *lost, double worth_telling, char to[VGRAD__LOSS_TEXT]);

#endif
