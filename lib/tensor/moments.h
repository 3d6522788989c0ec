/* The one-pass statistics of a tensor. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_MOMENTS_H
#define VGRAD_TENSOR_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <vgrad/tensor.h>

/*
 * What has been seen so far. Sums are over the finite elements, and in units of 2^exponent (m2: of
 * its square), so that none of them overflows or vanishes where the result is representable. The
 * mean is the sum of two numbers: where the elements differ in their last places alone, so do the
 * means of two blocks. {0} has seen nothing.
 */
typedef struct vgrad__moments {
    int64_t count, finite, zeros, nans;
    double mean, mean_rest;
    double m2, sum_abs; /* m2 = sum (x - mean)^2 */
    double min, max;    /* not scaled */
    int32_t exponent;
} vgrad__moments;

/* a + b, and in *rest what its rounding left out: Knuth, The Art of Computer Programming 2, 4.2.2.
 */
static inline double vgrad__two_sum(double a, double b, double *rest)
{
    const double sum = a + b, of_b = sum - a;
    *rest = (a - (sum - of_b)) + (b - of_b);
    return sum;
}

/* Adds what `more` has seen: Chan, Golub and LeVeque (1983). The order of merging is in the last
   bits of the result. */
void vgrad__moments_merge(vgrad__moments *moments, const vgrad__moments *more);

/* Whether elements could have had them, so far as one number tells of another. */
bool vgrad__moments_are_sound(const vgrad__moments *moments);

/* As if every element had been divided by `divisor`, which is above 0. */
void vgrad__moments_divide(vgrad__moments *moments, double divisor);

/*
 * The sum of any number of blocks, in a binary tree whose shape depends on how many there are
 * alone: the result has the same bits whoever measured which of them, and the roundings of 2^n
 * merges are n deep. A tree of no leaves needs nothing but `leaves` = 0.
 */
enum { VGRAD__TREE_DEPTH = 52 }; /* 2^63 elements in blocks of 4096 */
typedef struct vgrad__moments_tree {
    int64_t leaves;
    vgrad__moments partial[VGRAD__TREE_DEPTH]; /* [i]: of 2^i blocks, where bit i of leaves is 1 */
} vgrad__moments_tree;

void vgrad__moments_tree_add(vgrad__moments_tree *tree, const vgrad__moments *leaf);
vgrad__moments vgrad__moments_tree_sum(const vgrad__moments_tree *tree);

/* What `times` copies of the elements would have been. */
void vgrad__moments_repeat(vgrad__moments *moments, int64_t times);

/* One figure of them; NaN if nothing finite was seen (counts excepted) or `quantity` is none. */
double vgrad__moments_read(const vgrad__moments *moments, vgrad_quantity quantity);

#endif
