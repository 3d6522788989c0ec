/* The fully connected layer: z = x W + b, a = f(z). */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "network/activation.h"
#include "network/network.h"
#include "tensor/blas.h"

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    int64_t inputs = in->width, units = layer->width, count;
    if (in->rank != 1)
        return vgrad__fail(VGRAD_E_SHAPE,
                           "layer \"%s\": rows of rank 1, got %d; flatten them first", layer->name,
                           (int)in->rank);
    if (units < 1 || units > VGRAD__BLAS_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": units 1 to %d, got %lld", layer->name,
                           VGRAD__BLAS_MAX, (long long)units);
    if (__builtin_mul_overflow(inputs, units, &count) || count > INT64_MAX / 16)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": %lld inputs times %lld units are too many",
                           layer->name, (long long)inputs, (long long)units);
    const vgrad__parameter kernel = { VGRAD_KERNEL, 2, { inputs, units }, inputs, units };
    const vgrad__parameter bias = { VGRAD_BIAS, 1, { units }, inputs, units };
    layer->scratch = layer->shares ? units : 0;
    vgrad__layer_add_parameter(layer, &kernel);
    if (layer->options[VGRAD_LAYER_USE_BIAS])
        vgrad__layer_add_parameter(layer, &bias);
    vgrad_status status = vgrad__layer_set_shape(layer, 1, &units);
    return status == VGRAD_OK ? vgrad__activation_check(layer) : status;
}

static void *parameter(const vgrad_layer *layer, const vgrad__slab *slab, int32_t slot)
{
    return vgrad__at(layer->network, slab->data, vgrad__segment_of(layer, slot)->offset);
}

static bool has_bias(const vgrad_layer *layer)
{
    return layer->options[VGRAD_LAYER_USE_BIAS] != 0;
}

/* z (rows, units) = x (rows, inputs) W (inputs, units) + b: b is laid into z, the product added. */
static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const vgrad_layer *in = layer->inputs[0];
    if (has_bias(layer)) {
        const void *bias = parameter(layer, &network->parameters, VGRAD_BIAS);
        size_t row_size = (size_t)layer->width * vgrad__element_size(network);
        for (int64_t row = 0; row < network->rows; row++)
            memcpy(vgrad__at(network, layer->memory.z, row * layer->width), bias, row_size);
    }
    vgrad__matrix x = { in->memory.a, in->width, false };
    vgrad__matrix w = { parameter(layer, &network->parameters, VGRAD_KERNEL), layer->width, false };
    vgrad__multiply(network->dtype, network->rows, layer->width, in->width, x, w, has_bias(layer),
                    layer->memory.z);
    vgrad__activate(layer);
    return VGRAD_OK;
}

/* db = sum over rows of delta, added to what is there if it has begun. */
static void add_column_sums(const vgrad_layer *layer, void *gradient, bool begun)
{
    const vgrad_network *network = layer->network;
    void *sums = begun ? network->scratch : gradient;
    network->kernels->column_sums(layer->memory.delta, (size_t)network->rows, (size_t)layer->width,
                                  sums);
    if (begun)
        network->kernels->add(gradient, sums, (size_t)layer->width);
}

/* dW = x^T delta; db = sum over rows of delta; dx (+)= delta W^T. */
static vgrad_status backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad_layer *in = layer->inputs[0];
    const bool begun = vgrad__parameters_begun(layer);
    vgrad__activate_backward(layer);
    vgrad__matrix delta = { layer->memory.delta, layer->width, false };
    vgrad__matrix x_transposed = { in->memory.a, in->width, true };
    vgrad__multiply(network->dtype, in->width, layer->width, network->rows, x_transposed, delta,
                    begun, parameter(layer, &network->gradients, VGRAD_KERNEL));
    if (has_bias(layer))
        add_column_sums(layer, parameter(layer, &network->gradients, VGRAD_BIAS), begun);
    if (in->needs_gradient) {
        vgrad__matrix w_transposed = { parameter(layer, &network->parameters, VGRAD_KERNEL),
                                       layer->width, true };
        vgrad__multiply(network->dtype, network->rows, in->width, layer->width, delta, w_transposed,
                        vgrad__gradient_begun(in), in->memory.da);
    }
    return VGRAD_OK;
}

static const vgrad__layer_kind dense_kind = {
    .name = "dense",
    .can_be_shared = true,
    .options = { { VGRAD_LAYER_USE_BIAS, 1 },
                 { VGRAD_LAYER_ALPHA, (double)NAN },
                 { VGRAD_LAYER_L1, 0 },
                 { VGRAD_LAYER_L2, 0 } },
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

vgrad_layer *vgrad_dense(vgrad_layer *in, int64_t units, vgrad_activation activation)
{
    vgrad_layer *layer = vgrad__layer_after(in, &dense_kind);
    if (layer) {
        layer->width = units;
        layer->activation = activation;
    }
    return layer;
}
