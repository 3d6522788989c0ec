/* An activation of the user's own: a = f(z), delta = f'(z) dL/da, part by part of the batch. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network/activation.h"
#include "network/network.h"
#include "tensor/tensor.h"

/* Elements of a part: few enough to stay in the cache, and enough to be worth a call. */
enum { PART = 4096 };

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    layer->keeps_z = true;
    layer->scratch = PART;
    return vgrad__layer_set_shape(layer, in->rank, in->shape);
}

static int64_t count_of(const vgrad_layer *layer)
{
    return layer->network->rows * layer->width;
}

static int64_t part_at(const vgrad_layer *layer, int64_t first)
{
    const int64_t left = count_of(layer) - first;
    return left < PART ? left : PART;
}

static void measure(const vgrad_layer *layer, const void *values, int64_t count,
                    vgrad__moments *moments)
{
    if (moments)
        layer->network->kernels->moments(values, (size_t)count, moments);
}

static vgrad_status call(const vgrad_layer *layer, const char *name, vgrad_elementwise function,
                         const void *z, void *out, int64_t count)
{
    vgrad__user_enter(layer);
    return vgrad__user_leave(layer, name, function(z, out, (size_t)count, layer->own.user));
}

static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad__moments *of_z = vgrad__moments_wanted(layer, VGRAD_PREACTIVATION);
    vgrad__moments *of_a = vgrad__moments_wanted(layer, VGRAD_ACTIVATION);
    vgrad_status status = VGRAD_OK;
    for (int64_t i = 0; i < count_of(layer) && status == VGRAD_OK; i += PART) {
        const int64_t count = part_at(layer, i);
        void *z = vgrad__at(network, layer->memory.z, i);
        void *a = vgrad__at(network, layer->memory.a, i);
        memcpy(z, vgrad__at(network, layer->inputs[0]->memory.a, i),
               (size_t)count * vgrad__element_size(network));
        measure(layer, z, count, of_z);
        status = call(layer, "f", layer->own.f, z, a, count);
        measure(layer, a, count, of_a);
    }
    return status;
}

vgrad_status vgrad__user_derivative(const vgrad_layer *layer, const void *z, void *out, int64_t n)
{
    return call(layer, "df", layer->own.df, z, out, n);
}

static vgrad_status backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad__moments *of_da = vgrad__moments_wanted(layer, VGRAD_ACTIVATION_GRADIENT);
    vgrad__moments *of_delta = vgrad__moments_wanted(layer, VGRAD_DELTA);
    vgrad_status status = VGRAD_OK;
    for (int64_t i = 0; i < count_of(layer) && status == VGRAD_OK; i += PART) {
        const int64_t count = part_at(layer, i);
        const void *da = vgrad__at(network, layer->memory.da, i);
        void *delta = vgrad__at(network, layer->memory.delta, i);
        measure(layer, da, count, of_da);
        status = vgrad__user_derivative(layer, vgrad__at(network, layer->memory.z, i),
                                        network->scratch, count);
        if (status == VGRAD_OK)
            network->kernels->multiply(network->scratch, da, delta, (size_t)count, 0);
        measure(layer, delta, count, of_delta);
    }
    if (status == VGRAD_OK)
        vgrad__give_gradient(layer->inputs[0], layer->memory.delta);
    return status;
}

/* `function` of doubles, which it is given in the network's dtype. */
static vgrad_status call_for_doubles(const vgrad_layer *layer, const char *name,
                                     vgrad_elementwise function, const double *z, double *out,
                                     size_t n)
{
    enum { SOME = 64 };
    union {
        float f32[SOME];
        double f64[SOME];
    } in, back;
    const vgrad_dtype dtype = layer->network->dtype;
    vgrad_status status = VGRAD_OK;
    for (size_t i = 0; i < n && status == VGRAD_OK; i += SOME) {
        const int64_t count = (int64_t)(n - i < SOME ? n - i : SOME);
        vgrad__convert(z + i, VGRAD_FLOAT64, &in, dtype, count);
        status = call(layer, name, function, &in, &back, count);
        if (status == VGRAD_OK)
            vgrad__convert(&back, dtype, out + i, VGRAD_FLOAT64, count);
    }
    return status;
}

vgrad_status vgrad__user_activation_at(const vgrad_layer *layer, const double *z, size_t n,
                                       double *f, double *df)
{
    vgrad_status status = call_for_doubles(layer, "f", layer->own.f, z, f, n);
    return status == VGRAD_OK ? call_for_doubles(layer, "df", layer->own.df, z, df, n) : status;
}

const vgrad__layer_kind vgrad__user_activation_kind = { .name = "user activation",
                                                        .family = VGRAD_KIND_ELEMENTWISE,
                                                        .inputs = 1,
                                                        .takes = VGRAD__TAKES_FUNCTIONS,
                                                        .shape = shape,
                                                        .forward = forward,
                                                        .backward = backward };

vgrad_layer *vgrad_user_activation(vgrad_layer *in, const char *name, vgrad_elementwise f,
                                   vgrad_elementwise df, void *user)
{
    if (in && (!name || !f || !df)) {
        vgrad__keep_error(in->network, vgrad__fail_null(!name ? "name" : !f ? "f" : "df"));
        return NULL;
    }
    vgrad_layer *layer = vgrad__layer_after(in, &vgrad__user_activation_kind);
    if (!layer || vgrad__layer_set_word(layer, name, "name") != VGRAD_OK)
        return NULL;
    layer->own = (vgrad__user_functions){ .f = f, .df = df, .user = user };
    return layer;
}
