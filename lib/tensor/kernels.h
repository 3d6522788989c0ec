/*
 * The loops that numbers go through, built from one source for float32 and float64 and for each
 * instruction level. Arrays are without gaps. Everything that is summed is summed in double.
 */
/* SPDX-License-Identifier: MIT */
#ifndef VGRAD_TENSOR_KERNELS_H
#define VGRAD_TENSOR_KERNELS_H

#include <stdint.h>

#include "tensor/histogram.h"
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

typedef struct vgrad__nadam {
    double rate, beta1, beta2, epsilon;
    double of_mean, of_gradient; /* m' = of_mean m + of_gradient g */
    double second_correction;    /* 1 - beta2^t */
} vgrad__nadam;

typedef struct vgrad__adagrad {
    double rate, initial, epsilon;
    int epsilon_inside;
} vgrad__adagrad;

/*
 * How a window goes over images of (height, width, channels), channels last: output (y, x) has its
 * upper left corner at (y * stride_height - top, x * stride_width - left). Every window has at
 * least one cell inside the image. "Line" n of the output is line n % out_height of image n /
 * out_height.
 */
typedef struct vgrad__window {
    int64_t height, width, channels;
    int64_t out_height, out_width;
    int64_t window_height, window_width;
    int64_t stride_height, stride_width;
    int64_t top, left;
} vgrad__window;

typedef struct vgrad__kernels {
    const char *level;

    /* Statistics: adds n elements to *m. */
    void (*moments)(const void *x, size_t n, vgrad__moments *m);
    /* Adds n elements to *h. */
    void (*histogram)(const void *x, size_t n, vgrad__histogram *h);
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
    void (*absolute_error)(const void *a, const void *y, void *gradient, size_t n, double scale,
                           vgrad__loss_sums *sums);
    void (*huber)(const void *a, const void *y, void *gradient, size_t n, double delta,
                  double scale, vgrad__loss_sums *sums);
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
    void (*nadam)(void *w, const void *g, void *m, void *s, void *update, size_t n,
                  const vgrad__nadam *p);
    void (*adagrad)(void *w, const void *g, void *s, void *update, size_t n,
                    const vgrad__adagrad *p);

    /* How many updates are not 0 and leave their weight as it was before. */
    size_t (*updates_lost)(const void *before, const void *w, const void *update, size_t n);

    /* out = scale g, held within +-bound; in double until it is rounded. NaN stays. */
    void (*clip)(const void *g, void *out, size_t n, double scale, double bound);
    /* out = l1 sign(w) + l2 w, sign(0) = 0; out = a + b, and may be either. */
    void (*penalty)(const void *w, void *out, size_t n, double l1, double l2);
    void (*sum)(const void *a, const void *b, void *out, size_t n);

    /*
     * Normalisation; means, inverses (1 / sqrt(variance + epsilon)) and sums in double. By columns,
     * as batch_norm: mean and biased variance of each, in two passes;
     */
    void (*column_moments)(const void *x, size_t rows, size_t columns, double *mean,
                           double *variance);
    /* y = (x - mean) inverse gamma + beta; */
    void (*normalize_columns)(const void *x, size_t rows, size_t columns, const double *mean,
                              const double *inverse, const void *gamma, const void *beta, void *y);
    /* sums = sum of delta, products = sum of delta xhat, with xhat = (x - mean) inverse; */
    void (*normalize_columns_sums)(const void *x, const void *delta, size_t rows, size_t columns,
                                   const double *mean, const double *inverse, double *sums,
                                   double *products);
    /* dx (+)= gamma inverse (delta - common - xhat slope); */
    void (*normalize_columns_backward)(const void *x, const void *delta, size_t rows,
                                       size_t columns, const double *mean, const double *inverse,
                                       const void *gamma, const double *common, const double *slope,
                                       void *dx, int add);
    /* moving = (1 - share) moving + share factor fresh. */
    void (*move_statistics)(void *moving, const double *fresh, size_t n, double share,
                            double factor);
    /* By rows, as layer_norm: y = (x - mean) inverse gamma + beta; mean and inverse are set. */
    void (*layer_norm)(const void *x, const void *gamma, const void *beta, void *y, size_t rows,
                       size_t columns, double epsilon, double *mean, double *inverse);
    /* The sums are set; unless dx is NULL, with g = delta gamma and means along a row,
       dx (+)= inverse (g - mean g - xhat mean (g xhat)). */
    void (*layer_norm_backward)(const void *x, const void *delta, const void *gamma,
                                const double *mean, const double *inverse, size_t rows,
                                size_t columns, double *gamma_sums, double *beta_sums, void *dx,
                                int add);
    /* mask = 0 where the word is below the threshold, else factor; y = x mask. */
    void (*dropout)(const void *x, const uint32_t *words, uint32_t threshold, double factor,
                    void *mask, void *y, size_t n);
    /* y (+)= x mask */
    void (*multiply)(const void *x, const void *mask, void *y, size_t n, int add);

    /* (x - center) * factor + offset of bytes, in double until it is rounded. */
    void (*scale_bytes)(const uint8_t *x, void *out, size_t n, double center, double factor,
                        double offset);

    /*
     * Windows over images. A patch holds what is under a window, (window_height, window_width,
     * channels), 0 outside the image; of `lines` lines of the output there are lines * out_width.
     */
    void (*patches)(const vgrad__window *w, const void *images, int64_t line, int64_t lines,
                    void *patches);
    /* Adds each element of the patches to the one that it would be a copy of. */
    void (*patches_add)(const vgrad__window *w, const void *patches, int64_t line, int64_t lines,
                        void *images);
    /* The largest cell, channel by channel; NaN if there is one. */
    void (*max_pool)(const vgrad__window *w, const void *images, size_t count, void *out);
    /* d_images += d_out at the first cell, in row-major order, that is `out`. */
    void (*max_pool_backward)(const vgrad__window *w, const void *images, const void *out,
                              const void *d_out, size_t count, void *d_images);
    /* The mean of the cells inside the image. */
    void (*average_pool)(const vgrad__window *w, const void *images, size_t count, void *out);
    void (*average_pool_backward)(const vgrad__window *w, const void *d_out, size_t count,
                                  void *d_images);

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
