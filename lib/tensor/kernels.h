/*
 * The loops that numbers go through, built from one source for float32 and float64 and for each
 * instruction level. Arrays are without gaps. Everything that is summed is summed in double.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_KERNELS_H
#define VGRAD_TENSOR_KERNELS_H

#include <stdint.h>

#include "tensor/moments.h"

/* What a loss kernel adds up over its rows. */
typedef struct vgrad__loss_sums {
    double loss;    /* over rows and outputs, not yet divided */
    double correct; /* rows (or elements, for the binary ones) that are classified right */
} vgrad__loss_sums;

typedef struct vgrad__rmsprop {
    double rate, rho, momentum, epsilon;
    int epsilon_inside;
} vgrad__rmsprop;

typedef struct vgrad__adam {
    double rate; /* with the bias corrections that go into it */
    double beta1, beta2, epsilon;
    double second_correction; /* s is divided by it before the root: 1 - beta2^t, or 1 */
} vgrad__adam;

typedef struct vgrad__kernels {
    const char *level;

    /* Statistics: adds n elements to *m. */
    void (*moments)(const void *x, size_t n, vgrad__moments *m);
    /* Sum of squares; may overflow, or lose what is below 1e-154, for float64. */
    double (*sum_of_squares)(const void *x, size_t n);
    /* 1 if all are finite. */
    int (*all_finite)(const void *x, size_t n);

    /* Activations; a may be z. */
    void (*sigmoid)(const void *z, void *a, size_t n);
    void (*tanh)(const void *z, void *a, size_t n);
    void (*relu)(const void *z, void *a, size_t n, double alpha); /* alpha 0 ... 1 below 0 */
    void (*softmax)(const void *z, void *a, size_t rows, size_t columns);
    /* z > 0: slope z, else factor (exp(z) - 1). */
    void (*elu)(const void *z, void *a, size_t n, double slope, double factor);
    void (*gelu)(const void *z, void *a, size_t n);
    void (*gelu_tanh)(const void *z, void *a, size_t n);
    void (*silu)(const void *z, void *a, size_t n);
    void (*softplus)(const void *z, void *a, size_t n);
    void (*softsign)(const void *z, void *a, size_t n);

    /* delta = f'(z) dL/da, from a = f(z); delta may be da. */
    void (*sigmoid_backward)(const void *a, const void *da, void *delta, size_t n);
    void (*tanh_backward)(const void *a, const void *da, void *delta, size_t n);
    void (*relu_backward)(const void *a, const void *da, void *delta, size_t n, double alpha);
    void (*softmax_backward)(const void *a, const void *da, void *delta, size_t rows,
                             size_t columns);
    void (*elu_backward)(const void *a, const void *da, void *delta, size_t n, double slope,
                         double factor);
    void (*softplus_backward)(const void *a, const void *da, void *delta, size_t n);
    void (*softsign_backward)(const void *a, const void *da, void *delta, size_t n);
    /* From z, where a does not tell it. */
    void (*gelu_backward)(const void *z, const void *da, void *delta, size_t n);
    void (*gelu_tanh_backward)(const void *z, const void *da, void *delta, size_t n);
    void (*silu_backward)(const void *z, const void *da, void *delta, size_t n);

    /* out[j] = sum_i x[i][j]. */
    void (*column_sums)(const void *x, size_t rows, size_t columns, void *out);

    /*
     * Losses: *sums is set, and gradient = scale * dL/d(input), unless gradient is NULL.
     * `sparse`: y holds class numbers, one a row, known to be in range.
     */
    void (*squared_error)(const void *a, const void *y, void *gradient, size_t n, double scale,
                          vgrad__loss_sums *sums);
    void (*binary_crossentropy)(const void *a, const void *y, void *gradient, size_t n,
                                double scale, vgrad__loss_sums *sums);
    void (*binary_crossentropy_logits)(const void *z, const void *y, void *gradient, size_t n,
                                       double scale, vgrad__loss_sums *sums);
    void (*crossentropy)(const void *a, const void *y, int sparse, void *gradient, size_t rows,
                         size_t columns, double scale, vgrad__loss_sums *sums);
    void (*crossentropy_logits)(const void *z, const void *y, int sparse, void *gradient,
                                size_t rows, size_t columns, double scale, vgrad__loss_sums *sums);

    /* Update rules: w += u, u kept if `update` is not NULL. */
    void (*sgd)(void *w, const void *g, void *update, size_t n, double rate);
    void (*momentum)(void *w, const void *g, void *v, void *update, size_t n, double rate,
                     double momentum, int nesterov);
    /* v NULL: without momentum. */
    void (*rmsprop)(void *w, const void *g, void *s, void *v, void *update, size_t n,
                    const vgrad__rmsprop *p);
    void (*adam)(void *w, const void *g, void *m, void *s, void *update, size_t n,
                 const vgrad__adam *p);

    /* (x - center) * factor + offset of bytes, in double until it is rounded. */
    void (*scale_bytes)(const uint8_t *x, void *out, size_t n, double center, double factor,
                        double offset);

    /* out = x y; out may be either. */
    void (*multiply)(const void *x, const void *y, void *out, size_t n);
    /* y += x */
    void (*add)(void *y, const void *x, size_t n);
    /* mean += share * (x - mean) */
    void (*running_mean)(void *mean, const void *x, size_t n, double share);
} vgrad__kernels;

/* The best level that this CPU has; `dtype` is VGRAD_FLOAT32 or VGRAD_FLOAT64. */
const vgrad__kernels *vgrad__kernels_for(vgrad_dtype dtype);

/* Level `i` of those this CPU has, from the plainest (0) on; NULL past the last. */
const vgrad__kernels *vgrad__kernels_level(int i, vgrad_dtype dtype);

#endif
