/* Measuring tensors of any type and strides, in double. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_MEASURE_H
#define VGRAD_TENSOR_MEASURE_H

#include <stdbool.h>

#include "tensor/histogram.h"
#include "tensor/moments.h"

/* A tensor is measured in blocks of so many elements in row-major order; its last may have fewer.
 */
enum { VGRAD__BLOCK = 4096 };

int64_t vgrad__block_count(const vgrad_tensor *tensor);

/* The moments of each of `count` blocks from `first` on: whoever takes which, the sum of all in the
   tree (vgrad__moments_tree) has the same bits. */
void vgrad__moments_blocks(const vgrad_tensor *tensor, int64_t first, int64_t count,
                           vgrad__moments *out);

/*
 * Of a whole tensor that was checked: the sum of its blocks in the tree. Along axes of stride 0
 * only the first elements are measured, and taken that many times.
 */
vgrad__moments vgrad__moments_of(const vgrad_tensor *tensor);
/* Added to *histogram, with every element divided by `divisor`, which is above 0. */
void vgrad__histogram_of(const vgrad_tensor *tensor, double divisor, vgrad__histogram *histogram);

/* Which of the two a quantity is read from; neither: it is none. */
bool vgrad__quantity_of_moments(vgrad_quantity quantity);
bool vgrad__quantity_of_histogram(vgrad_quantity quantity);

/* As vgrad__moments_read(), of the others; NaN if nothing is there to be measured. */
double vgrad__histogram_read(const vgrad__histogram *histogram, vgrad_quantity quantity);

#endif
