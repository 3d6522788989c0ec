/* What is found out of one look at a layer, beside the moments of its tensors. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_FIGURES_H
#define VGRAD_PROBE_FIGURES_H

#include <vgrad/tensor.h>

/* NaN where one is not known. */
typedef enum vgrad__figure {
    /* Of delta: decades that its norm loses on the way here from the anchor behind it. Sum: */
    VGRAD__LOST,
    VGRAD__LOST_TO_WEIGHTS,
    VGRAD__LOST_TO_ALIGNMENT,
    VGRAD__LOST_TO_DERIVATIVE,
    VGRAD__LOST_TO_CORRELATION,
    VGRAD__LOST_IN_BLOCK,
    /* Of dL/dW. */
    VGRAD__COHERENCE,
    VGRAD__INPUT_FACTOR,
    VGRAD__SAMPLE_NORM,
    VGRAD__NOISE_SCALE,
    VGRAD__NORM_TEST,
    /* Of the update of W. */
    VGRAD__UPDATE_RATIO,
    VGRAD__UPDATES_LOST,
    /* Of a. */
    VGRAD__DERIVATIVE_RMS,
    VGRAD__SATURATION,
    VGRAD__DEAD_SHARE,
    VGRAD__FIGURES
} vgrad__figure;

/* Behind those of all layers, of the whole look: the loss. */
enum { VGRAD__LOOK_FIGURES = 1 };

/* Where a quantity stands; VGRAD__FIGURES: it is none of these. *role: what it is of. */
vgrad__figure vgrad__figure_of(vgrad_quantity quantity, vgrad_role *role);

/* The other way round. */
vgrad_quantity vgrad__quantity_of(vgrad__figure figure, vgrad_role *role);

#endif
