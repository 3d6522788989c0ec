/* Moments and histograms of tensors, and the words for what is read from them. */
/* SPDX-License-Identifier: MIT */
#include "tensor/measure.h"

#include <math.h>
#include <string.h>

#include "base/status.h"
#include "tensor/kernels.h"
#include "tensor/precision.h"
#include "tensor/tensor.h"

/* ---- words ---- */

const char *vgrad_quantity_name(vgrad_quantity quantity)
{
    switch (quantity) {
    case VGRAD_COUNT: return "count";
    case VGRAD_MEAN: return "mean";
    case VGRAD_STD: return "std";
    case VGRAD_MEAN_ABS: return "mean_abs";
    case VGRAD_L2: return "l2";
    case VGRAD_MIN: return "min";
    case VGRAD_MAX: return "max";
    case VGRAD_ZEROS: return "zeros";
    case VGRAD_NANS: return "nans";
    case VGRAD_INFS: return "infs";
    case VGRAD_MEDIAN: return "median";
    case VGRAD_FP16_LOST: return "fp16_lost";
    case VGRAD_BF16_LOST: return "bf16_lost";
    case VGRAD_FP8_E4M3_LOST: return "fp8_e4m3_lost";
    case VGRAD_FP8_E5M2_LOST: return "fp8_e5m2_lost";
    case VGRAD_LOSS_SCALE: return "loss_scale";
    case VGRAD_UPDATE_RATIO: return "update_ratio";
    case VGRAD_UPDATES_LOST: return "updates_lost";
    case VGRAD_DEAD_SHARE: return "dead_share";
    case VGRAD_SATURATION: return "saturation";
    case VGRAD_DERIVATIVE_RMS: return "derivative_rms";
    case VGRAD_BUDGET_LOSS: return "budget_loss";
    case VGRAD_BUDGET_WEIGHT: return "budget_weight";
    case VGRAD_BUDGET_ALIGNMENT: return "budget_alignment";
    case VGRAD_BUDGET_DERIVATIVE: return "budget_derivative";
    case VGRAD_BUDGET_CORRELATION: return "budget_correlation";
    case VGRAD_COHERENCE: return "coherence";
    case VGRAD_NOISE_SCALE: return "noise_scale";
    case VGRAD_BUDGET_BLOCK: return "budget_block";
    case VGRAD_INPUT_FACTOR: return "input_factor";
    case VGRAD_SAMPLE_NORM: return "sample_norm";
    case VGRAD_NORM_TEST: return "norm_test";
    case VGRAD_PREDICTED_LOSS: return "predicted_loss";
    case VGRAD_PREDICTED_Q: return "predicted_q";
    case VGRAD_PREDICTED_CHI: return "predicted_chi";
    case VGRAD_PREDICTED_DEPTH: return "predicted_depth";
    }
    return "unknown";
}

bool vgrad__quantity_of_moments(vgrad_quantity quantity)
{
    return quantity >= VGRAD_COUNT && quantity <= VGRAD_INFS;
}

bool vgrad__quantity_of_histogram(vgrad_quantity quantity)
{
    return quantity == VGRAD_MEDIAN ||
           (quantity >= VGRAD_FP16_LOST && quantity <= VGRAD_LOSS_SCALE);
}

double vgrad__histogram_read(const vgrad__histogram *histogram, vgrad_quantity quantity)
{
    switch (quantity) {
    case VGRAD_MEDIAN: return vgrad__histogram_quantile(histogram, 0.5);
    case VGRAD_FP16_LOST: return vgrad__precision_of(histogram, VGRAD__FP16).lost;
    case VGRAD_BF16_LOST: return vgrad__precision_of(histogram, VGRAD__BF16).lost;
    case VGRAD_FP8_E4M3_LOST: return vgrad__precision_of(histogram, VGRAD__FP8_E4M3).lost;
    case VGRAD_FP8_E5M2_LOST: return vgrad__precision_of(histogram, VGRAD__FP8_E5M2).lost;
    case VGRAD_LOSS_SCALE: return vgrad__precision_of(histogram, VGRAD__FP16).scale;
    default: return (double)NAN;
    }
}

/* ---- going over the elements ---- */

/* Where kernels can read the elements as they lie: theirs, else NULL. */
static const vgrad__kernels *kernels_of(const vgrad_tensor *tensor)
{
    const vgrad_dtype dtype = (vgrad_dtype)tensor->dtype;
    return vgrad__dtype_has_kernels(dtype) && vgrad__tensor_is_packed(tensor)
               ? vgrad__kernels_for(dtype)
               : NULL;
}

static const void *element_at(const vgrad_tensor *tensor, int64_t i)
{
    return (const char *)tensor->data + i * (int64_t)vgrad__dtype_size((vgrad_dtype)tensor->dtype);
}

/* So many at a time become doubles, as many as the kernels of moments take at once: what is
   measured so has the bits of a packed array of doubles. */
enum { HANDFUL = 1024 };

static int64_t at_most(int64_t count, int64_t most)
{
    return count < most ? count : most;
}

/* The tensor without its repetitions, and how often each of its elements was there. */
static int64_t take_once(const vgrad_tensor *tensor, vgrad_tensor *once)
{
    int64_t times = 1;
    *once = *tensor;
    if (vgrad_tensor_count(tensor) == 0)
        return times;
    for (int32_t i = 0; i < once->rank; i++)
        if (once->strides[i] == 0) {
            times *= once->shape[i];
            once->shape[i] = 1;
        }
    return times;
}

/* ---- moments ---- */

int64_t vgrad__block_count(const vgrad_tensor *tensor)
{
    const int64_t count = vgrad_tensor_count(tensor);
    return count / VGRAD__BLOCK + (count % VGRAD__BLOCK != 0);
}

static vgrad__moments moments_of_block(const vgrad_tensor *tensor, int64_t first, int64_t count)
{
    vgrad__moments moments = { 0 };
    const vgrad__kernels *kernels = kernels_of(tensor);
    if (kernels) {
        kernels->moments(element_at(tensor, first), (size_t)count, &moments);
        return moments;
    }
    double values[HANDFUL];
    kernels = vgrad__kernels_for(VGRAD_FLOAT64);
    for (int64_t i = 0; i < count; i += HANDFUL) {
        const int64_t some = at_most(count - i, HANDFUL);
        vgrad__tensor_pack_some(tensor, first + i, some, values, VGRAD_FLOAT64);
        kernels->moments(values, (size_t)some, &moments);
    }
    return moments;
}

void vgrad__moments_blocks(const vgrad_tensor *tensor, int64_t first, int64_t count,
                           vgrad__moments *out)
{
    const int64_t elements = vgrad_tensor_count(tensor);
    for (int64_t i = 0; i < count; i++) {
        const int64_t from = (first + i) * VGRAD__BLOCK;
        out[i] = moments_of_block(tensor, from, at_most(elements - from, VGRAD__BLOCK));
    }
}

vgrad__moments vgrad__moments_of(const vgrad_tensor *tensor)
{
    vgrad_tensor once;
    const int64_t times = take_once(tensor, &once), blocks = vgrad__block_count(&once);
    vgrad__moments_tree tree;
    tree.leaves = 0;
    for (int64_t i = 0; i < blocks; i++) {
        vgrad__moments block;
        vgrad__moments_blocks(&once, i, 1, &block);
        vgrad__moments_tree_add(&tree, &block);
    }
    vgrad__moments moments = vgrad__moments_tree_sum(&tree);
    vgrad__moments_repeat(&moments, times);
    return moments;
}

/* ---- histograms ---- */

static void add_histogram(const vgrad_tensor *tensor, double divisor, vgrad__histogram *histogram)
{
    const int64_t count = vgrad_tensor_count(tensor);
    const vgrad__kernels *kernels = kernels_of(tensor);
    if (kernels && divisor == 1) {
        kernels->histogram(tensor->data, (size_t)count, histogram);
        return;
    }
    double values[HANDFUL];
    kernels = vgrad__kernels_for(VGRAD_FLOAT64);
    for (int64_t i = 0; i < count; i += HANDFUL) {
        const int64_t some = at_most(count - i, HANDFUL);
        vgrad__tensor_pack_some(tensor, i, some, values, VGRAD_FLOAT64);
        for (int64_t k = 0; k < some; k++)
            values[k] /= divisor; /* by 1: as it was, a NaN's sign too */
        kernels->histogram(values, (size_t)some, histogram);
    }
}

void vgrad__histogram_of(const vgrad_tensor *tensor, double divisor, vgrad__histogram *histogram)
{
    vgrad_tensor once;
    vgrad__histogram of_once = { 0 };
    const int64_t times = take_once(tensor, &once);
    add_histogram(&once, divisor, &of_once);
    vgrad__histogram_repeat(&of_once, (uint64_t)times);
    vgrad__histogram_merge(histogram, &of_once);
}

vgrad_status vgrad_tensor_histogram(const vgrad_tensor *tensor, uint64_t *bins, size_t count)
{
    vgrad_status status = vgrad__tensor_check(tensor, "tensor");
    if (status != VGRAD_OK)
        return status;
    if (!bins)
        return vgrad__fail_null("bins");
    if (count != VGRAD_HISTOGRAM_BINS)
        return vgrad__fail(VGRAD_E_INVALID, "count: %d bins, got %zu", VGRAD_HISTOGRAM_BINS, count);
    vgrad__histogram histogram = { 0 };
    vgrad__histogram_of(tensor, 1, &histogram);
    memcpy(bins, histogram.bins, sizeof histogram.bins);
    return VGRAD_OK;
}

double vgrad_tensor_quantile(const vgrad_tensor *tensor, double p)
{
    vgrad__histogram histogram = { 0 };
    if (vgrad__tensor_check(tensor, "tensor") != VGRAD_OK)
        return (double)NAN;
    if (!(p >= 0 && p <= 1)) {
        vgrad__fail(VGRAD_E_INVALID, "p: in [0, 1], got %g", p);
        return (double)NAN;
    }
    vgrad__histogram_of(tensor, 1, &histogram);
    return vgrad__histogram_quantile(&histogram, p);
}

/* ---- figures ---- */

vgrad_status vgrad_tensor_stats(const vgrad_tensor *tensor, const vgrad_quantity *quantities,
                                double *values, size_t count)
{
    vgrad_status status = vgrad__tensor_check(tensor, "tensor");
    if (status != VGRAD_OK)
        return status;
    if (!quantities || !values)
        return vgrad__fail_null(quantities ? "values" : "quantities");
    bool of_moments = false, of_histogram = false;
    for (size_t i = 0; i < count; i++) {
        const bool first = vgrad__quantity_of_moments(quantities[i]);
        const bool second = vgrad__quantity_of_histogram(quantities[i]);
        if (!first && !second)
            return vgrad__fail(VGRAD_E_INVALID, "quantity: no quantity %d", (int)quantities[i]);
        of_moments |= first;
        of_histogram |= second;
    }
    vgrad__moments moments = { 0 };
    vgrad__histogram histogram = { 0 };
    if (of_moments)
        moments = vgrad__moments_of(tensor);
    if (of_histogram)
        vgrad__histogram_of(tensor, 1, &histogram);
    for (size_t i = 0; i < count; i++)
        values[i] = vgrad__quantity_of_moments(quantities[i])
                        ? vgrad__moments_read(&moments, quantities[i])
                        : vgrad__histogram_read(&histogram, quantities[i]);
    return VGRAD_OK;
}

double vgrad_tensor_stat(const vgrad_tensor *tensor, vgrad_quantity quantity)
{
    double value;
    return vgrad_tensor_stats(tensor, &quantity, &value, 1) == VGRAD_OK ? value : (double)NAN;
}
