/* The one-pass statistics of a tensor. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_MOMENTS_H
#define VGRAD_TENSOR_MOMENTS_H

#include <stdint.h>
#include <vgrad/tensor.h>

/*
 * What has been seen so far. Sums are over the finite elements, and in units of 2^exponent (m2: of
 * its square), so that none of them overflows or vanishes where the result is representable.
 * {0} has seen nothing.
 */
typedef struct vgrad__moments {
    int64_t count, finite, zeros, nans;
    double mean, m2, sum_abs; /* m2 = sum (x - mean)^2 */
    double min, max;          /* not scaled */
    int32_t exponent;
} vgrad__moments;

/* Adds what `more` has seen: Chan, Golub and LeVeque (1983). */
void vgrad__moments_merge(vgrad__moments *moments, const vgrad__moments *more);

/* As if every element had been divided by `divisor`, which is above 0. */
void vgrad__moments_divide(vgrad__moments *moments, double divisor);

/* One figure of them; NaN if nothing finite was seen (counts excepted) or `quantity` is none. */
double vgrad__moments_read(const vgrad__moments *moments, vgrad_quantity quantity);

#endif
