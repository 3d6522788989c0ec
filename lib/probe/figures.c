/* Which public quantity is which figure. */
/* SPDX-License-Identifier: MIT */
#include "probe/figures.h"

static const struct {
    vgrad_quantity quantity;
    vgrad_role role;
} figures[VGRAD__FIGURES] = {
    [VGRAD__LOST] = { VGRAD_BUDGET_LOSS, VGRAD_DELTA },
    [VGRAD__LOST_TO_WEIGHTS] = { VGRAD_BUDGET_WEIGHT, VGRAD_DELTA },
    [VGRAD__LOST_TO_ALIGNMENT] = { VGRAD_BUDGET_ALIGNMENT, VGRAD_DELTA },
    [VGRAD__LOST_TO_DERIVATIVE] = { VGRAD_BUDGET_DERIVATIVE, VGRAD_DELTA },
    [VGRAD__LOST_TO_CORRELATION] = { VGRAD_BUDGET_CORRELATION, VGRAD_DELTA },
    [VGRAD__LOST_IN_BLOCK] = { VGRAD_BUDGET_BLOCK, VGRAD_DELTA },
    [VGRAD__COHERENCE] = { VGRAD_COHERENCE, VGRAD_KERNEL_GRADIENT },
    [VGRAD__INPUT_FACTOR] = { VGRAD_INPUT_FACTOR, VGRAD_KERNEL_GRADIENT },
    [VGRAD__SAMPLE_NORM] = { VGRAD_SAMPLE_NORM, VGRAD_KERNEL_GRADIENT },
    [VGRAD__NOISE_SCALE] = { VGRAD_NOISE_SCALE, VGRAD_KERNEL_GRADIENT },
    [VGRAD__NORM_TEST] = { VGRAD_NORM_TEST, VGRAD_KERNEL_GRADIENT },
    [VGRAD__UPDATE_RATIO] = { VGRAD_UPDATE_RATIO, VGRAD_KERNEL_UPDATE },
    [VGRAD__UPDATES_LOST] = { VGRAD_UPDATES_LOST, VGRAD_KERNEL_UPDATE },
    [VGRAD__DERIVATIVE_RMS] = { VGRAD_DERIVATIVE_RMS, VGRAD_ACTIVATION },
    [VGRAD__SATURATION] = { VGRAD_SATURATION, VGRAD_ACTIVATION },
    [VGRAD__DEAD_SHARE] = { VGRAD_DEAD_SHARE, VGRAD_ACTIVATION },
};

vgrad__figure vgrad__figure_of(vgrad_quantity quantity, vgrad_role *role)
{
    int i = 0;
    while (i < VGRAD__FIGURES && figures[i].quantity != quantity)
        i++;
    if (i < VGRAD__FIGURES)
        *role = figures[i].role;
    return (vgrad__figure)i;
}

vgrad_quantity vgrad__quantity_of(vgrad__figure figure, vgrad_role *role)
{
    *role = figures[figure].role;
    return figures[figure].quantity;
}
