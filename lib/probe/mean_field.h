/*
 * Mean field theory of a deep chain of wide layers, z = W f(z of the layer before) + b, with
 * independent weights: z is normal, and its mean square q alone goes from layer to layer. Poole et
 * al. 2016, "Exponential Expressivity in Deep Neural Networks Through Transient Chaos"; Schoenholz
 * et al. 2017, "Deep Information Propagation".
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_PROBE_MEAN_FIELD_H
#define VGRAD_PROBE_MEAN_FIELD_H

#include <stddef.h>
#include <vgrad/status.h>

/* How many points a curve is asked for at once, at most. */
enum { VGRAD__CURVE_POINTS = 8 };

/* f and f' of somebody, at n points. What fails ends what asked for them. */
typedef struct vgrad__curve {
    vgrad_status (*at)(const void *self, const double *z, size_t n, double *f, double *df);
    const void *self;
} vgrad__curve;

/* E[f(sqrt(q) z)^2] and E[f'(sqrt(q) z)^2] for a normal z of mean 0 and variance 1. */
typedef struct vgrad__expectation {
    double f2, df2;
} vgrad__expectation;

/* By quadrature, to about 1e-8 of each; NaN unless q is finite and at least 0. Kinks and jumps may
   lie anywhere. */
vgrad_status vgrad__expect(const vgrad__curve *curve, double q, vgrad__expectation *out);

/* A layer and its activation: sw2 = fan-in times the mean square of its weights, sb2 = that of its
   biases. */
typedef struct vgrad__wide_layer {
    vgrad__curve curve;
    double sw2, sb2;
} vgrad__wide_layer;

/* From one such layer, with mean square q of z, to the next: sw2 E[f^2] + sb2, and
   chi = sw2 E[f'^2], the square of what |dL/dz| is multiplied by on its way back. */
vgrad_status vgrad__wide_layer_step(const vgrad__wide_layer *layer, double q, double *next_q,
                                    double *chi);

/* What q comes to when such layers follow one another. */
typedef enum vgrad__fate {
    VGRAD__SETTLES,  /* stays where it is */
    VGRAD__FADES,    /* goes to 0 */
    VGRAD__GROWS,    /* goes to infinity */
    VGRAD__UNSETTLED /* none of these within 300 layers: drifts on, or goes round */
} vgrad__fate;

typedef struct vgrad__fixed_point {
    vgrad__fate fate;
    double q;     /* there; 0 where it fades, Inf where it grows */
    double chi;   /* there; unsettled: the geometric mean over the last two layers */
    double depth; /* 6 / |ln chi| layers: what can be trained; Inf where chi is 1 to 1e-6 */
} vgrad__fixed_point;

/* Layer after layer, from q on. */
vgrad_status vgrad__find_fixed_point(const vgrad__wide_layer *layer, double q,
                                     vgrad__fixed_point *out);

#endif
