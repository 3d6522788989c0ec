/*
 * All kernels for one instruction level: meson builds this file once for each, with VGRAD_LEVEL set
 * to its name and the compiler told which instructions there are. `omp simd` (there is no OpenMP at
 * run time) says that a loop's elements are independent, or may be summed in the order of the
 * vector.
 */
/* SPDX-License-Identifier: MIT */
#include "tensor/kernels.h"
#include "tensor/kernels/bins.h"
#include "tensor/kernels/places.h"
#include "tensor/kernels/vector_math.h"
#include "tensor/precision.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b)  JOIN_(a, b)
#define QUOTE_(a)   #a
#define QUOTE(a)    QUOTE_(a)

#define T       float
#define N(name) JOIN(name, f32)
#include "tensor/kernels/activation.inc"
#include "tensor/kernels/histogram.inc"
#include "tensor/kernels/images.inc"
#include "tensor/kernels/loss.inc"
#include "tensor/kernels/normalization.inc"
#include "tensor/kernels/scaling.inc"
#include "tensor/kernels/statistics.inc"
#include "tensor/kernels/update.inc"
#undef T
#undef N

#define T       double
#define N(name) JOIN(name, f64)
#include "tensor/kernels/activation.inc"
#include "tensor/kernels/histogram.inc"
#include "tensor/kernels/images.inc"
#include "tensor/kernels/loss.inc"
#include "tensor/kernels/normalization.inc"
#include "tensor/kernels/scaling.inc"
#include "tensor/kernels/statistics.inc"
#include "tensor/kernels/update.inc"
#undef T
#undef N

#define TABLE(suffix)                                                                              \
    {                                                                                              \
        .level = QUOTE(VGRAD_LEVEL), .moments = moments_##suffix, .histogram = histogram_##suffix, \
        .sum_of_squares = sum_of_squares_##suffix, .all_finite = all_finite_##suffix,              \
        .sigmoid = sigmoid_##suffix, .tanh = tanh_##suffix, .relu = relu_##suffix,                 \
        .softmax = softmax_##suffix, .sigmoid_backward = sigmoid_backward_##suffix,                \
        .tanh_backward = tanh_backward_##suffix, .relu_backward = relu_backward_##suffix,          \
        .softmax_backward = softmax_backward_##suffix, .column_sums = column_sums_##suffix,        \
        .squared_error = squared_error_##suffix, .absolute_error = absolute_error_##suffix,        \
        .huber = huber_##suffix, .binary_crossentropy = binary_crossentropy_##suffix,              \
        .binary_crossentropy_logits = binary_crossentropy_logits_##suffix,                         \
        .crossentropy = crossentropy_##suffix,                                                     \
        .crossentropy_logits = crossentropy_logits_##suffix, .sgd = sgd_##suffix,                  \
        .momentum = momentum_##suffix, .rmsprop = rmsprop_##suffix, .adam = adam_##suffix,         \
        .nadam = nadam_##suffix, .adagrad = adagrad_##suffix,                                      \
        .updates_lost = updates_lost_##suffix, .clip = clip_##suffix, .penalty = penalty_##suffix, \
        .sum = sum_##suffix, .scale_bytes = scale_bytes_##suffix, .patches = patches_##suffix,     \
        .patches_add = patches_add_##suffix, .max_pool = max_pool_##suffix,                        \
        .max_pool_backward = max_pool_backward_##suffix, .average_pool = average_pool_##suffix,    \
        .average_pool_backward = average_pool_backward_##suffix, .add = add_##suffix,              \
        .running_mean = running_mean_##suffix, .column_moments = column_moments_##suffix,          \
        .normalize_columns = normalize_columns_##suffix,                                           \
        .normalize_columns_sums = normalize_columns_sums_##suffix,                                 \
        .normalize_columns_backward = normalize_columns_backward_##suffix,                         \
        .move_statistics = move_statistics_##suffix, .layer_norm = layer_norm_##suffix,            \
        .layer_norm_backward = layer_norm_backward_##suffix, .dropout = dropout_##suffix,          \
        .multiply = multiply_##suffix, .elu = elu_##suffix, .elu_backward = elu_backward_##suffix, \
        .gelu = gelu_##suffix, .gelu_backward = gelu_backward_##suffix,                            \
        .gelu_tanh = gelu_tanh_##suffix, .gelu_tanh_backward = gelu_tanh_backward_##suffix,        \
        .silu = silu_##suffix, .silu_backward = silu_backward_##suffix,                            \
        .softplus = softplus_##suffix, .softplus_backward = softplus_backward_##suffix,            \
        .softsign = softsign_##suffix, .softsign_backward = softsign_backward_##suffix             \
    }

extern const vgrad__kernels JOIN(vgrad__kernels, VGRAD_LEVEL)[2];
const vgrad__kernels JOIN(vgrad__kernels, VGRAD_LEVEL)[2] = { TABLE(f32), TABLE(f64) };
