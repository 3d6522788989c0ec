/* How many elements have which sign and power of two. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_HISTOGRAM_H
#define VGRAD_TENSOR_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <vgrad/tensor.h>

/* Types that a gradient might be kept in; tensor/precision.h says what would become of it. */
typedef enum vgrad__format {
    VGRAD__FP16,
    VGRAD__BF16,
    VGRAD__FP8_E4M3,
    VGRAD__FP8_E5M2,
    VGRAD__FORMATS
} vgrad__format;

enum { VGRAD__HALF_OF_BINS = VGRAD_HISTOGRAM_BINS / 2 }; /* of one sign: float32's exponents */

/*
 * Counts, so that histograms merge exactly. A bin is the upper nine bits of an element as float32:
 * sign and exponent, exponent 0 with zeros and subnormals, 255 with Inf and NaN. A double of
 * another exponent than float32 has goes, if it is not 0, to the subnormals or to the largest
 * finite bin of its sign. What the bins cannot tell is counted beside them. {0} has seen nothing.
 */
typedef struct vgrad__histogram {
    uint64_t bins[VGRAD_HISTOGRAM_BINS];
    uint64_t zeros, negative_zeros, nans; /* negative ones are among the zeros */
    uint64_t vanishing[VGRAD__FORMATS];   /* that the format rounds to 0, zeros included */
    uint64_t within[VGRAD__FORMATS];      /* finite ones that it does not round past its largest */
} vgrad__histogram;

/* Adds what `more` has seen. */
void vgrad__histogram_merge(vgrad__histogram *histogram, const vgrad__histogram *more);

/* What `times` copies of the elements would have been. */
void vgrad__histogram_repeat(vgrad__histogram *histogram, uint64_t times);

/* Whether elements could have been counted so: at most 2^63 - 1, and of each kind no more than
   there are of what it is a part of. Quantiles of any other histogram are not defined. */
bool vgrad__histogram_is_sound(const vgrad__histogram *histogram);

/* All elements. */
int64_t vgrad__histogram_count(const vgrad__histogram *histogram);
uint64_t vgrad__histogram_finite(const vgrad__histogram *histogram);

/*
 * The finite element of rank p (n - 1), rounded down, with p from 0 to 1: 0.5 is the median, of an
 * even number the lower. The elements of a bin are taken to lie at even distances: sign and zero
 * are exact, the size within a factor of 2 except among subnormals. NaN if there is none.
 */
double vgrad__histogram_quantile(const vgrad__histogram *histogram, double p);

#endif
