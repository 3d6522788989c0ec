/* What would become of a tensor in a type of fewer bits. */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_PRECISION_H
#define VGRAD_TENSOR_PRECISION_H

#include <stdbool.h>

#include "tensor/histogram.h"

/*
 * Where numbers are rounded to nearest, and of two to the even one. FP8 is that of the Open Compute
 * Project's OCP 8-bit Floating Point Specification, revision 1.0 (2023); bfloat16 has subnormals.
 */
typedef struct vgrad__limits {
    double vanishes;     /* half of the least subnormal: up to it a number becomes 0 */
    double least;        /* the least normal number */
    double overflows;    /* half way from the largest to what would follow */
    bool largest_is_odd; /* in its last bit: then that itself overflows */
    int exponent;        /* of the largest, a power of two of 1 ... 2 times it */
} vgrad__limits;

extern const vgrad__limits vgrad__limits_of[VGRAD__FORMATS];

/* Shares of the finite elements that are not 0; NaN if there are none. */
typedef struct vgrad__precision {
    double lost;      /* that would be 0 */
    double subnormal; /* that would keep only some of their bits; none of these is lost */
    double overflow;  /* that would be Inf, NaN or held at the largest */
    /* The largest power of two that, as a factor, brings the largest element's power of two one
       below that of the format's largest number: it has one bit of headroom and does not overflow.
       Beyond float32's range it is that of the range's end. */
    double scale;
} vgrad__precision;

vgrad__precision vgrad__precision_of(const vgrad__histogram *histogram, vgrad__format format);

#endif
