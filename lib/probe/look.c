/* One look at a step: what is gathered while it lasts. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "probe/budget.h"
#include "probe/rules.h"
#include "tensor/kernels.h"
#include "tensor/tensor.h"

/* Whether something that is done at every k-th step, 0: at none, is due. */
static bool is_due(const vgrad_probe *probe, vgrad_probe_option every, int64_t step)
{
    const int64_t k = (int64_t)probe->options[every];
    return k > 0 && step % k == 0;
}

void vgrad__look_begin(vgrad_probe *probe, int64_t step)
{
    vgrad__scene *scene = &probe->scene;
    vgrad__history_begin(&scene->history, step);
    probe->look.open = true;
    probe->look.step = step;
    probe->look.counts = is_due(probe, VGRAD_PROBE_HISTOGRAM_EVERY, step);
    probe->look.sees_units = is_due(probe, VGRAD_PROBE_UNITS_EVERY, step);
    for (size_t i = 0; i < scene->layer_count; i++) {
        vgrad__signal *signal = &scene->layers[i].signal;
        signal->input.count = signal->delta.count = 0;
        signal->kernel_norm = signal->kernel_gradient_norm = (double)NAN;
        signal->derivatives = 0;
        signal->derivative_squares = 0;
    }
}

void vgrad__look_moments(vgrad_probe *probe, int32_t layer, int32_t place,
                         const vgrad__moments *moments)
{
    const int32_t series = probe->scene.layers[layer].series[place];
    if (series >= 0)
        vgrad__history_add(&probe->scene.history, (size_t)series, moments);
}

/* sqrt(sum x^2), where squares leave double's range too. */
static double norm_of(const vgrad__kernels *kernels, const void *x, int64_t n)
{
    const double trusted_low = 1e-200, trusted_high = 1e200;
    const double squares = kernels->sum_of_squares(x, (size_t)n);
    if (squares > trusted_low && squares < trusted_high)
        return sqrt(squares);
    vgrad__moments moments = { 0 };
    kernels->moments(x, (size_t)n, &moments);
    if (moments.finite < moments.count)
        return sqrt(squares); /* NaN or Inf, as it is */
    return n > 0 ? vgrad__moments_read(&moments, VGRAD_L2) : 0;
}

double vgrad__norm(const vgrad_tensor *tensor)
{
    const vgrad_dtype dtype = (vgrad_dtype)tensor->dtype;
    return norm_of(vgrad__kernels_for(dtype), tensor->data, vgrad_tensor_count(tensor));
}

/* Room for so many rows; what was there may be gone. */
static vgrad_status reserve(const vgrad_probe *probe, vgrad__row_norms *rows, int64_t count)
{
    if (count <= rows->capacity)
        return VGRAD_OK;
    double *norms = vgrad__allocate(probe->context, (size_t)count, sizeof *norms);
    if (!norms)
        return VGRAD_E_MEMORY;
    vgrad__release(probe->context, rows->norms, (size_t)rows->capacity, sizeof *rows->norms);
    rows->norms = norms;
    rows->capacity = count;
    return VGRAD_OK;
}

/* The first element of a row that is not finite; -1: all are. */
static int64_t first_odd(const vgrad_tensor *row, int64_t width)
{
    vgrad_tensor one = *row;
    double value;
    if (row->rank != 2)
        return -1;
    for (int64_t column = 0; column < width; column++) {
        one.shape[1] = 1;
        one.data = (const char *)row->data +
                   column * row->strides[1] * (int64_t)vgrad__dtype_size((vgrad_dtype)row->dtype);
        vgrad__tensor_pack(&one, &value, VGRAD_FLOAT64);
        if (!isfinite(value))
            return column;
    }
    return -1;
}

vgrad_status vgrad__look_rows(vgrad_probe *probe, vgrad__row_norms *rows,
                              const vgrad_tensor *tensor, double scale)
{
    const int64_t count = tensor->rank > 0 ? tensor->shape[0] : 1;
    const int64_t width = count > 0 ? vgrad_tensor_count(tensor) / count : 0;
    const bool in_place = vgrad__tensor_is_packed(tensor) &&
                          (tensor->dtype == VGRAD_FLOAT32 || tensor->dtype == VGRAD_FLOAT64);
    const vgrad__kernels *kernels =
        vgrad__kernels_for(in_place ? (vgrad_dtype)tensor->dtype : VGRAD_FLOAT64);
    double *packed = NULL;
    rows->count = 0;
    rows->odd_row = rows->odd_column = -1;
    if (reserve(probe, rows, count) != VGRAD_OK)
        return VGRAD_E_MEMORY;
    if (!in_place) {
        packed = vgrad__allocate(probe->context, (size_t)width, sizeof *packed);
        if (!packed)
            return VGRAD_E_MEMORY;
    }
    for (int64_t row = 0; row < count; row++) {
        const vgrad_tensor one = vgrad__tensor_row(tensor, row);
        if (packed)
            vgrad__tensor_pack(&one, packed, VGRAD_FLOAT64);
        rows->norms[row] = norm_of(kernels, packed ? packed : one.data, width) / scale;
        if (!isfinite(rows->norms[row]) && rows->odd_row < 0) {
            rows->odd_row = row;
            rows->odd_column = first_odd(&one, width);
        }
    }
    rows->count = count;
    vgrad__release(probe->context, packed, (size_t)width, sizeof *packed);
    return VGRAD_OK;
}

void vgrad__look_derivative(vgrad_probe *probe, int32_t layer, const double *derivative,
                            int64_t first, int64_t count)
{
    const int64_t units = probe->scene.layers[layer].units;
    vgrad__signal *signal = &probe->scene.layers[layer].signal;
    int64_t unit = first % units;
    for (int64_t i = 0; i < count; i++) {
        signal->derivative_squares += derivative[i] * derivative[i];
        signal->alive[unit] |= derivative[i] != 0;
        unit = unit + 1 < units ? unit + 1 : 0;
    }
    signal->derivatives += count;
}

void vgrad__look_end(vgrad_probe *probe, double loss, int64_t rows)
{
    probe->look.open = false;
    vgrad__budget(probe);
    vgrad__rules_look(probe, loss, rows);
}
