/* One look at a step: what is gathered while it lasts. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "probe/budget.h"
#include "probe/rules.h"
#include "tensor/kernels.h"
#include "tensor/tensor.h"

/* Whether something that is done at every k-th step, 0: at none, is due. */
static bool is_due(double every, int64_t step)
{
    return every == 1 || (every > 0 && step % (int64_t)every == 0);
}

static void begin_layer(vgrad__probe_layer *layer, int64_t step)
{
    vgrad__signal *signal = &layer->signal;
    layer->in_look = is_due(layer->cadence.every, step);
    layer->counts = layer->in_look && is_due(layer->cadence.histogram_every, step);
    layer->sees_units = layer->in_look && is_due(layer->cadence.units_every, step);
    signal->input.count = signal->delta.count = 0;
    signal->kernel_norm = signal->kernel_gradient_norm = (double)NAN;
    signal->derivatives = 0;
    signal->derivative_squares = 0;
    memset(signal->alive_now, 0, (size_t)layer->units);
    signal->hop_seen = false;
    layer->kernel_before.is_there = false;
    vgrad__closeups_begin(layer);
}

uint64_t vgrad__look_kind(const vgrad_probe *probe)
{
    const uint64_t odd = 31; /* of a polynomial in it, by which kinds hardly ever meet */
    uint64_t kind = 1 + probe->look.closer;
    for (size_t i = 0; i < probe->scene.layer_count; i++) {
        const vgrad__probe_layer *layer = &probe->scene.layers[i];
        kind = odd * kind +
               (layer->in_look | (unsigned)layer->counts << 1 | (unsigned)layer->sees_units << 2);
    }
    return kind > 0 ? kind : 1;
}

void vgrad__look_begin(vgrad_probe *probe, int64_t step)
{
    vgrad__scene *scene = &probe->scene;
    if (probe->look.open) /* one that was never ended: it is not the whole of a step */
        vgrad__history_drop(&scene->history);
    vgrad__history_begin(&scene->history, step);
    probe->look.open = true;
    probe->look.closer = /* the first one tells how the network began */
        scene->history.looks == 1 || is_due(probe->options[VGRAD_PROBE_BUDGET_EVERY], step);
    probe->look.step = step;
    for (size_t i = 0; i < scene->layer_count; i++)
        begin_layer(&scene->layers[i], step);
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
static int64_t first_odd(const vgrad_tensor *row)
{
    vgrad_tensor one = *row;
    double value;
    if (row->rank != 2)
        return -1;
    for (int64_t column = 0; column < row->shape[1]; column++) {
        one.shape[1] = 1;
        one.data = (const char *)row->data +
                   column * row->strides[1] * (int64_t)vgrad__dtype_size((vgrad_dtype)row->dtype);
        vgrad__tensor_pack(&one, &value, VGRAD_FLOAT64);
        if (!isfinite(value))
            return column;
    }
    return -1;
}

/* Remembers where the first element stands that is not finite. */
static void note_odd(vgrad__row_norms *rows, const vgrad_tensor *tensor, int64_t row)
{
    if (isfinite(rows->norms[row]) || rows->odd_row >= 0)
        return;
    const vgrad_tensor one = vgrad__tensor_row(tensor, row);
    rows->odd_row = row;
    rows->odd_column = first_odd(&one);
}

/* Of rows that lie one after the other. */
static void measure_packed(vgrad__row_norms *rows, const vgrad_tensor *tensor, int64_t width,
                           double scale)
{
    const vgrad_dtype dtype = (vgrad_dtype)tensor->dtype;
    const vgrad__kernels *kernels = vgrad__kernels_for(dtype);
    const int64_t step = width * (int64_t)vgrad__dtype_size(dtype);
    const char *at = tensor->data;
    for (int64_t row = 0; row < rows->count; row++, at += step) {
        rows->norms[row] = norm_of(kernels, at, width) / scale;
        note_odd(rows, tensor, row);
    }
}

/* Of rows of any kind, each of which is packed first. */
static vgrad_status measure_any(const vgrad_probe *probe, vgrad__row_norms *rows,
                                const vgrad_tensor *tensor, int64_t width, double scale)
{
    const vgrad__kernels *kernels = vgrad__kernels_for(VGRAD_FLOAT64);
    double *packed = vgrad__allocate(probe->context, (size_t)width, sizeof *packed);
    if (!packed)
        return VGRAD_E_MEMORY;
    for (int64_t row = 0; row < rows->count; row++) {
        const vgrad_tensor one = vgrad__tensor_row(tensor, row);
        vgrad__tensor_pack(&one, packed, VGRAD_FLOAT64);
        rows->norms[row] = norm_of(kernels, packed, width) / scale;
        note_odd(rows, tensor, row);
    }
    vgrad__release(probe->context, packed, (size_t)width, sizeof *packed);
    return VGRAD_OK;
}

vgrad_status vgrad__look_rows(vgrad_probe *probe, vgrad__row_norms *rows,
                              const vgrad_tensor *tensor, double scale)
{
    const int64_t count = tensor->rank > 0 ? tensor->shape[0] : 1;
    const int64_t width = count > 0 ? vgrad_tensor_count(tensor) / count : 0;
    const bool is_real = tensor->dtype == VGRAD_FLOAT32 || tensor->dtype == VGRAD_FLOAT64;
    vgrad_status status = VGRAD_OK;
    rows->count = 0;
    rows->odd_row = rows->odd_column = -1;
    if (reserve(probe, rows, count) != VGRAD_OK)
        return VGRAD_E_MEMORY;
    rows->count = count;
    if (is_real && vgrad__tensor_is_packed(tensor))
        measure_packed(rows, tensor, width, scale);
    else
        status = measure_any(probe, rows, tensor, width, scale);
    if (status != VGRAD_OK)
        rows->count = 0;
    return status;
}

void vgrad__look_derivative(vgrad_probe *probe, int32_t layer, const double *derivative,
                            int64_t first, int64_t count)
{
    const int64_t units = probe->scene.layers[layer].units;
    vgrad__signal *signal = &probe->scene.layers[layer].signal;
    signal->derivative_squares +=
        vgrad__kernels_for(VGRAD_FLOAT64)->sum_of_squares(derivative, (size_t)count);
    signal->derivatives += count;
    for (int64_t i = 0; i < count;) { /* up to the end of a row of units at a time */
        const int64_t unit = (first + i) % units;
        const int64_t some = units - unit < count - i ? units - unit : count - i;
        for (int64_t k = 0; k < some; k++)
            signal->alive_now[unit + k] |= derivative[i + k] != 0;
        i += some;
    }
}

/* Of a look that is given up nothing stays. */
static void keep_alive(const vgrad__probe_layer *layer)
{
    for (int64_t unit = 0; unit < layer->units; unit++)
        layer->signal.alive[unit] |= layer->signal.alive_now[unit];
}

/* Others may come to see while one is shown the look. */
static void show(vgrad_probe *probe)
{
    for (size_t i = 0; i < probe->viewer_count;) {
        const vgrad__viewer viewer = probe->viewers[i];
        if (viewer.looked(viewer.self, probe)) {
            i++;
            continue;
        }
        probe->viewers[i] = probe->viewers[--probe->viewer_count];
        viewer.left(viewer.self);
    }
}

void vgrad__look_end(vgrad_probe *probe, double loss, int64_t rows)
{
    probe->look.open = false;
    *vgrad__scene_loss(&probe->scene, probe->scene.history.looks - 1) = loss;
    for (size_t i = 0; i < probe->scene.layer_count; i++)
        keep_alive(&probe->scene.layers[i]);
    vgrad__budget(probe);
    vgrad__rules_look(probe, loss, rows);
    show(probe);
}
