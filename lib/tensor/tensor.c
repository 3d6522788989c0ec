/* Views: making, walking, converting and measuring them. */
/* SPDX-License-Identifier: MIT */
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "tensor/kernels.h"

enum { CPU = 1 }; /* kDLCPU */

size_t vgrad__dtype_size(vgrad_dtype dtype)
{
    switch (dtype) {
    case VGRAD_FLOAT32: return sizeof(float);
    case VGRAD_FLOAT64: return sizeof(double);
    case VGRAD_UINT8: return sizeof(uint8_t);
    case VGRAD_INT32: return sizeof(int32_t);
    case VGRAD_INT64: return sizeof(int64_t);
    }
    return 0;
}

const char *vgrad__dtype_name(vgrad_dtype dtype)
{
    switch (dtype) {
    case VGRAD_FLOAT32: return "float32";
    case VGRAD_FLOAT64: return "float64";
    case VGRAD_UINT8: return "uint8";
    case VGRAD_INT32: return "int32";
    case VGRAD_INT64: return "int64";
    }
    return "unknown";
}

const char *vgrad_role_name(vgrad_role role)
{
    switch (role) {
    case VGRAD_KERNEL: return "kernel";
    case VGRAD_BIAS: return "bias";
    case VGRAD_GAMMA: return "gamma";
    case VGRAD_BETA: return "beta";
    case VGRAD_MOVING_MEAN: return "moving_mean";
    case VGRAD_MOVING_VARIANCE: return "moving_variance";
    case VGRAD_PREACTIVATION: return "preactivation";
    case VGRAD_ACTIVATION: return "activation";
    case VGRAD_INPUT: return "input";
    case VGRAD_KERNEL_GRADIENT: return "kernel_gradient";
    case VGRAD_BIAS_GRADIENT: return "bias_gradient";
    case VGRAD_GAMMA_GRADIENT: return "gamma_gradient";
    case VGRAD_BETA_GRADIENT: return "beta_gradient";
    case VGRAD_DELTA: return "delta";
    case VGRAD_ACTIVATION_GRADIENT: return "activation_gradient";
    case VGRAD_KERNEL_UPDATE: return "kernel_update";
    case VGRAD_BIAS_UPDATE: return "bias_update";
    case VGRAD_KERNEL_PENALTY: return "kernel_penalty";
    case VGRAD_BIAS_PENALTY: return "bias_penalty";
    case VGRAD_GAMMA_PENALTY: return "gamma_penalty";
    case VGRAD_BETA_PENALTY: return "beta_penalty";
    case VGRAD_GAMMA_UPDATE: return "gamma_update";
    case VGRAD_BETA_UPDATE: return "beta_update";
    case VGRAD_KERNEL_EPOCH_GRADIENT: return "kernel_epoch_gradient";
    case VGRAD_BIAS_EPOCH_GRADIENT: return "bias_epoch_gradient";
    case VGRAD_GAMMA_EPOCH_GRADIENT: return "gamma_epoch_gradient";
    case VGRAD_BETA_EPOCH_GRADIENT: return "beta_epoch_gradient";
    }
    return "unknown";
}

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
    case VGRAD_PREDICTED_LOSS: return "predicted_loss";
    case VGRAD_PREDICTED_Q: return "predicted_q";
    case VGRAD_PREDICTED_CHI: return "predicted_chi";
    case VGRAD_PREDICTED_DEPTH: return "predicted_depth";
    }
    return "unknown";
}

/* ---- making ---- */

/* The product of a shape, or -1 if it is negative somewhere or too large. An empty tensor
   is never too large. */
static int64_t product(int32_t rank, const int64_t *shape)
{
    int64_t count = 1;
    bool empty = false, too_large = false;
    for (int32_t i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return -1;
        empty |= shape[i] == 0;
        too_large |= __builtin_mul_overflow(count, shape[i], &count);
    }
    return empty ? 0 : too_large ? -1 : count;
}

const vgrad_tensor *vgrad_tensor_view(vgrad_tensor *out, const void *data, vgrad_dtype dtype,
                                      int32_t rank, const int64_t *shape, const int64_t *strides)
{
    vgrad_status status = VGRAD_OK;
    if (!out)
        status = vgrad__fail_null("out");
    else if (vgrad__dtype_size(dtype) == 0)
        status = vgrad__fail(VGRAD_E_INVALID, "dtype: no dtype %d", (int)dtype);
    else if (rank < 0 || rank > VGRAD_MAX_RANK)
        status = vgrad__fail(VGRAD_E_INVALID, "rank: 0 to %d, got %d", VGRAD_MAX_RANK, (int)rank);
    else if (rank > 0 && !shape)
        status = vgrad__fail_null("shape");
    else if (product(rank, shape) < 0)
        status =
            vgrad__fail(VGRAD_E_INVALID, "shape: a size is negative, or the product too large");
    else if (!data && product(rank, shape) > 0)
        status = vgrad__fail_null("data");
    if (status != VGRAD_OK)
        return NULL;
    /* Made aside: shape and strides may be those of *out. */
    vgrad_tensor view = {
        .data = data, .rank = rank, .dtype = dtype, .device_type = CPU, .layer = -1, .role = -1
    };
    int64_t stride = 1;
    for (int32_t i = rank - 1; i >= 0; i--) {
        view.shape[i] = shape[i];
        view.strides[i] = strides ? strides[i] : stride;
        if (__builtin_mul_overflow(stride, shape[i] > 0 ? shape[i] : 1, &stride))
            stride = 0; /* of an empty tensor: never used */
    }
    *out = view;
    return out;
}

const vgrad_tensor *vgrad_tensor_matrix(vgrad_tensor *out, const void *data, vgrad_dtype dtype,
                                        int64_t rows, int64_t columns)
{
    int64_t shape[2] = { rows, columns };
    return vgrad_tensor_view(out, data, dtype, 2, shape, NULL);
}

vgrad_status vgrad__tensor_check(const vgrad_tensor *tensor, const char *name)
{
    if (!tensor)
        return vgrad__fail_null(name);
    if (tensor->rank < 0 || tensor->rank > VGRAD_MAX_RANK)
        return vgrad__fail(VGRAD_E_INVALID, "%s: rank 0 to %d, got %d", name, VGRAD_MAX_RANK,
                           (int)tensor->rank);
    if (vgrad__dtype_size((vgrad_dtype)tensor->dtype) == 0)
        return vgrad__fail(VGRAD_E_INVALID, "%s: no dtype %d", name, (int)tensor->dtype);
    if (tensor->device_type != 0 && tensor->device_type != CPU)
        return vgrad__fail(VGRAD_E_INVALID, "%s: on device type %d, not in this CPU's memory", name,
                           (int)tensor->device_type);
    int64_t count = product(tensor->rank, tensor->shape);
    if (count < 0)
        return vgrad__fail(VGRAD_E_INVALID, "%s: a size is negative, or the product too large",
                           name);
    if (!tensor->data && count > 0)
        return vgrad__fail(VGRAD_E_INVALID, "%s: its data is NULL", name);
    return VGRAD_OK;
}

const char *vgrad__shape_text(const vgrad_tensor *tensor, char text[VGRAD__SHAPE_TEXT])
{
    int used = snprintf(text, VGRAD__SHAPE_TEXT, "(");
    for (int32_t i = 0; i < tensor->rank && used < VGRAD__SHAPE_TEXT; i++)
        used += snprintf(text + used, VGRAD__SHAPE_TEXT - (size_t)used, "%s%lld", i ? ", " : "",
                         (long long)tensor->shape[i]);
    if (used < VGRAD__SHAPE_TEXT)
        snprintf(text + used, VGRAD__SHAPE_TEXT - (size_t)used, ")");
    return text;
}

int64_t vgrad_tensor_count(const vgrad_tensor *tensor)
{
    if (!tensor) {
        vgrad__fail_null("tensor");
        return -1;
    }
    if (tensor->rank < 0 || tensor->rank > VGRAD_MAX_RANK) {
        vgrad__fail(VGRAD_E_INVALID, "tensor: rank 0 to %d, got %d", VGRAD_MAX_RANK,
                    (int)tensor->rank);
        return -1;
    }
    return product(tensor->rank, tensor->shape);
}

/* ---- walking and converting ---- */

bool vgrad__tensor_is_packed(const vgrad_tensor *tensor)
{
    if (product(tensor->rank, tensor->shape) == 0)
        return true;
    int64_t stride = 1;
    for (int32_t i = tensor->rank - 1; i >= 0; i--) {
        if (tensor->shape[i] != 1 && tensor->strides[i] != stride)
            return false;
        stride *= tensor->shape[i];
    }
    return true;
}

bool vgrad__tensor_touches(const vgrad_tensor *tensor, const void *data, size_t size)
{
    const int64_t element = (int64_t)vgrad__dtype_size((vgrad_dtype)tensor->dtype);
    int64_t first = 0, last = 0;
    if (product(tensor->rank, tensor->shape) == 0)
        return false;
    for (int32_t i = 0; i < tensor->rank; i++) {
        int64_t reach = (tensor->shape[i] - 1) * tensor->strides[i];
        first += reach < 0 ? reach : 0;
        last += reach > 0 ? reach : 0;
    }
    /* As numbers: pointers into two arrays may not be compared. */
    const uintptr_t origin = (uintptr_t)tensor->data, begin = (uintptr_t)data;
    return origin + (uintptr_t)(first * element) < begin + size &&
           origin + (uintptr_t)((last + 1) * element) > begin;
}

static const void *array_of(const vgrad_tensor *tensor, vgrad_dtype dtype)
{
    if (vgrad__tensor_check(tensor, "tensor") != VGRAD_OK)
        return NULL;
    if (tensor->dtype != (int32_t)dtype || !vgrad__tensor_is_packed(tensor)) {
        vgrad__fail(VGRAD_E_INVALID, "tensor: not %s without gaps; vgrad_tensor_copy makes it so",
                    vgrad__dtype_name(dtype));
        return NULL;
    }
    return tensor->data;
}

const float *vgrad_tensor_f32(const vgrad_tensor *tensor)
{
    return array_of(tensor, VGRAD_FLOAT32);
}

const double *vgrad_tensor_f64(const vgrad_tensor *tensor)
{
    return array_of(tensor, VGRAD_FLOAT64);
}

/* Nearest integer in [low, high]; 0 for NaN. `high` + 1 is exact. */
static double to_integer(double value, double low, double high)
{
    value = rint(value);
    return value != value ? 0 : value < low ? low : value > high ? high : value;
}

static int64_t to_int64(double value)
{
    return value >= 0x1p63 ? INT64_MAX : (int64_t)to_integer(value, -0x1p63, 0x1p63);
}

/* Every pair of types: the outer switch reads, the inner one writes. */
#define CONVERT(From, To, expression)                                                              \
    for (int64_t i = 0; i < count; i++) {                                                          \
        const From value = ((const From *)from)[i];                                                \
        ((To *)to)[i] = (To)(expression);                                                          \
    }                                                                                              \
    return
#define CONVERT_FROM(From)                                                                         \
    switch (to_dtype) {                                                                            \
    case VGRAD_FLOAT32: CONVERT(From, float, value);                                               \
    case VGRAD_FLOAT64: CONVERT(From, double, value);                                              \
    case VGRAD_UINT8: CONVERT(From, uint8_t, to_integer((double)value, 0, UINT8_MAX));             \
    case VGRAD_INT32: CONVERT(From, int32_t, to_integer((double)value, INT32_MIN, INT32_MAX));     \
    case VGRAD_INT64: CONVERT(From, int64_t, to_int64((double)value));                             \
    }                                                                                              \
    return

void vgrad__convert(const void *from, vgrad_dtype from_dtype, void *to, vgrad_dtype to_dtype,
                    int64_t count)
{
    if (from_dtype == to_dtype) {
        if (count > 0)
            memcpy(to, from, (size_t)count * vgrad__dtype_size(to_dtype));
        return;
    }
    switch (from_dtype) {
    case VGRAD_FLOAT32: CONVERT_FROM(float);
    case VGRAD_FLOAT64: CONVERT_FROM(double);
    case VGRAD_UINT8: CONVERT_FROM(uint8_t);
    case VGRAD_INT32: CONVERT_FROM(int32_t);
    case VGRAD_INT64: CONVERT_FROM(int64_t);
    }
}

/* Calls `visit` for each run along the last axis, in row-major order. */
typedef void visit_run(const char *first, int64_t stride_bytes, int64_t count, void *user);

static void for_each_run(const vgrad_tensor *tensor, visit_run *visit, void *user)
{
    int64_t size = (int64_t)vgrad__dtype_size((vgrad_dtype)tensor->dtype);
    int32_t outer = tensor->rank > 0 ? tensor->rank - 1 : 0;
    int64_t length = tensor->rank > 0 ? tensor->shape[outer] : 1;
    int64_t stride = tensor->rank > 0 && length != 1 ? tensor->strides[outer] * size : size;
    int64_t at[VGRAD_MAX_RANK] = { 0 };
    int64_t runs = length > 0 ? product(outer, tensor->shape) : 0;
    const char *first = tensor->data;
    for (int64_t run = 0; run < runs; run++) {
        visit(first, stride, length, user);
        for (int32_t axis = outer - 1; axis >= 0; axis--) { /* like an odometer */
            if (tensor->shape[axis] == 1)
                continue; /* its stride may be any number */
            first += tensor->strides[axis] * size;
            if (++at[axis] < tensor->shape[axis])
                break;
            first -= tensor->strides[axis] * size * tensor->shape[axis];
            at[axis] = 0;
        }
    }
}

typedef struct packing {
    vgrad_dtype from, to;
    char *out;
} packing;

static void pack_run(const char *first, int64_t stride, int64_t count, void *user)
{
    packing *p = user;
    int64_t to_size = (int64_t)vgrad__dtype_size(p->to);
    if (stride == (int64_t)vgrad__dtype_size(p->from))
        vgrad__convert(first, p->from, p->out, p->to, count);
    else
        for (int64_t i = 0; i < count; i++)
            vgrad__convert(first + i * stride, p->from, p->out + i * to_size, p->to, 1);
    p->out += count * to_size;
}

void vgrad__tensor_pack(const vgrad_tensor *tensor, void *out, vgrad_dtype dtype)
{
    packing p = { (vgrad_dtype)tensor->dtype, dtype, out };
    for_each_run(tensor, pack_run, &p);
}

static bool is_floating(vgrad_dtype dtype)
{
    return dtype == VGRAD_FLOAT32 || dtype == VGRAD_FLOAT64;
}

/* A handful of elements at a time, in double. */
enum { HANDFUL = 256 };

typedef struct scaled_packing {
    const vgrad__affine *scaling;
    int64_t at; /* the element that comes next */
    vgrad_dtype from, to;
    char *out;
} scaled_packing;

static void scale(double *values, int64_t count, const vgrad__affine *by, int64_t at)
{
    if (by->count == 1) {
        const double center = by->center[0], factor = by->factor[0], offset = by->offset[0];
        for (int64_t i = 0; i < count; i++)
            values[i] = (values[i] - center) * factor + offset;
        return;
    }
    for (int64_t i = 0; i < count; i++)
        values[i] = (values[i] - by->center[at + i]) * by->factor[at + i] + by->offset[at + i];
}

/* Images are bytes scaled alike: they go without the detour. */
static void pack_run_scaled(const char *first, int64_t stride, int64_t count, void *user)
{
    scaled_packing *p = user;
    const vgrad__affine *by = p->scaling;
    double values[HANDFUL];
    if (by->count == 1 && p->from == VGRAD_UINT8 && stride == 1 && is_floating(p->to)) {
        vgrad__kernels_for(p->to)->scale_bytes((const uint8_t *)first, p->out, (size_t)count,
                                               by->center[0], by->factor[0], by->offset[0]);
        p->out += count * (int64_t)vgrad__dtype_size(p->to);
        return;
    }
    for (int64_t i = 0; i < count; i += HANDFUL) {
        int64_t some = count - i < HANDFUL ? count - i : HANDFUL;
        packing raw = { p->from, VGRAD_FLOAT64, (char *)values };
        pack_run(first + i * stride, stride, some, &raw);
        scale(values, some, by, p->at);
        vgrad__convert(values, VGRAD_FLOAT64, p->out, p->to, some);
        p->at += some;
        p->out += some * (int64_t)vgrad__dtype_size(p->to);
    }
}

void vgrad__tensor_pack_scaled(const vgrad_tensor *tensor, const vgrad__affine *scaling, void *out,
                               vgrad_dtype dtype)
{
    if (scaling->count == 0) {
        vgrad__tensor_pack(tensor, out, dtype);
        return;
    }
    scaled_packing p = { scaling, 0, (vgrad_dtype)tensor->dtype, dtype, out };
    for_each_run(tensor, pack_run_scaled, &p);
}

vgrad_status vgrad_tensor_copy(const vgrad_tensor *tensor, void *out, vgrad_dtype dtype,
                               int64_t capacity)
{
    vgrad_status status = vgrad__tensor_check(tensor, "tensor");
    if (status != VGRAD_OK)
        return status;
    int64_t count = product(tensor->rank, tensor->shape);
    if (!out)
        return vgrad__fail_null("out");
    if (vgrad__dtype_size(dtype) == 0)
        return vgrad__fail(VGRAD_E_INVALID, "dtype: no dtype %d", (int)dtype);
    if (capacity < count)
        return vgrad__fail(VGRAD_E_INVALID, "capacity: the tensor has %lld elements, got %lld",
                           (long long)count, (long long)capacity);
    vgrad__tensor_pack(tensor, out, dtype);
    return VGRAD_OK;
}

/* ---- measuring ---- */

typedef struct measuring {
    const vgrad__kernels *kernels; /* of float64 */
    vgrad_dtype dtype;
    vgrad__moments moments;
} measuring;

/* Whatever the type and stride. */
static void measure_run(const char *first, int64_t stride, int64_t count, void *user)
{
    measuring *m = user;
    double values[HANDFUL];
    packing p = { m->dtype, VGRAD_FLOAT64, NULL };
    for (int64_t i = 0; i < count; i += HANDFUL) {
        int64_t some = count - i < HANDFUL ? count - i : HANDFUL;
        p.out = (char *)values;
        pack_run(first + i * stride, stride, some, &p);
        m->kernels->moments(values, (size_t)some, &m->moments);
    }
}

static vgrad__moments moments_of(const vgrad_tensor *tensor)
{
    vgrad_dtype dtype = (vgrad_dtype)tensor->dtype;
    if (is_floating(dtype) && vgrad__tensor_is_packed(tensor)) {
        vgrad__moments moments = { 0 };
        vgrad__kernels_for(dtype)->moments(tensor->data,
                                           (size_t)product(tensor->rank, tensor->shape), &moments);
        return moments;
    }
    measuring m = { .kernels = vgrad__kernels_for(VGRAD_FLOAT64), .dtype = dtype };
    for_each_run(tensor, measure_run, &m);
    return m.moments;
}

vgrad_status vgrad_tensor_stats(const vgrad_tensor *tensor, const vgrad_quantity *quantities,
                                double *values, size_t count)
{
    vgrad_status status = vgrad__tensor_check(tensor, "tensor");
    if (status != VGRAD_OK)
        return status;
    if (!quantities || !values)
        return vgrad__fail_null(quantities ? "values" : "quantities");
    for (size_t i = 0; i < count; i++)
        if (quantities[i] < VGRAD_COUNT || quantities[i] > VGRAD_INFS)
            return vgrad__fail(VGRAD_E_INVALID, "quantity: no quantity %d", (int)quantities[i]);
    vgrad__moments moments = moments_of(tensor);
    for (size_t i = 0; i < count; i++)
        values[i] = vgrad__moments_read(&moments, quantities[i]);
    return VGRAD_OK;
}

double vgrad_tensor_stat(const vgrad_tensor *tensor, vgrad_quantity quantity)
{
    double value;
    return vgrad_tensor_stats(tensor, &quantity, &value, 1) == VGRAD_OK ? value : (double)NAN;
}
