/* The fully connected layer: z = x W + b, a = f(z). */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network/activation.h"
#include "network/network.h"
#include "tensor/blas.h"

static vgrad_status shape(vgrad_layer *layer)
{
    int64_t inputs = layer->inputs[0]->width, units = layer->width, count;
    if (units < 1 || units > VGRAD__BLAS_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": units 1 to %d, got %lld", layer->name,
                           VGRAD__BLAS_MAX, (long long)units);
    if (__builtin_mul_overflow(inputs, units, &count) || count > INT64_MAX / 16)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": %lld inputs times %lld units are too many",
                           layer->name, (long long)inputs, (long long)units);
    if (!vgrad__activation_exists(layer->activation))
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": no activation %d%s", layer->name,
                           (int)layer->activation,
                           (int)layer->activation == -1 ? " (a word that is none?)" : "");
    if (layer->activation == VGRAD_SOFTMAX && units < 2)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": softmax over one unit is always 1",
                           layer->name);
    vgrad__parameter *kernel = &layer->parameters[VGRAD_KERNEL];
    vgrad__parameter *bias = &layer->parameters[VGRAD_BIAS];
    *kernel = (vgrad__parameter){ 2, { inputs, units }, inputs, units, kernel->initializer };
    *bias = (vgrad__parameter){ 1, { units }, inputs, units, bias->initializer };
    layer->parameter_count = layer->use_bias ? 2 : 1;
    return VGRAD_OK;
}

static void *parameter(const vgrad_layer *layer, const vgrad__slab *slab, int32_t slot)
{
    return vgrad__at(layer->network, slab->data, vgrad__segment_of(layer, slot)->offset);
}

/* z (rows, units) = x (rows, inputs) W (inputs, units) + b: b is laid into z, the product added. */
static void forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const vgrad_layer *in = layer->inputs[0];
    if (layer->use_bias) {
        const void *bias = parameter(layer, &network->parameters, VGRAD_BIAS);
        size_t row_size = (size_t)layer->width * vgrad__element_size(network);
        for (int64_t row = 0; row < network->rows; row++)
            memcpy(vgrad__at(network, layer->memory.z, row * layer->width), bias, row_size);
    }
    vgrad__matrix x = { in->memory.a, in->width, false };
    vgrad__matrix w = { parameter(layer, &network->parameters, VGRAD_KERNEL), layer->width, false };
    vgrad__multiply(network->dtype, network->rows, layer->width, in->width, x, w, layer->use_bias,
                    layer->memory.z);
    vgrad__activate(layer);
}

/* dW = x^T delta; db = sum over rows of delta; dx (+)= delta W^T. */
static void backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad_layer *in = layer->inputs[0];
    vgrad__activate_backward(layer);
    vgrad__matrix delta = { layer->memory.delta, layer->width, false };
    vgrad__matrix x_transposed = { in->memory.a, in->width, true };
    vgrad__multiply(network->dtype, in->width, layer->width, network->rows, x_transposed, delta,
                    false, parameter(layer, &network->gradients, VGRAD_KERNEL));
    if (layer->use_bias)
        network->kernels->column_sums(delta.data, (size_t)network->rows, (size_t)layer->width,
                                      parameter(layer, &network->gradients, VGRAD_BIAS));
    if (in->needs_gradient) {
        vgrad__matrix w_transposed = { parameter(layer, &network->parameters, VGRAD_KERNEL),
                                       layer->width, true };
        vgrad__multiply(network->dtype, network->rows, in->width, layer->width, delta, w_transposed,
                        in->da_written, in->memory.da);
        in->da_written = true;
    }
}

static const vgrad__layer_kind dense_kind = { "dense", shape, forward, backward };

vgrad_layer *vgrad_dense(vgrad_layer *in, int64_t units, vgrad_activation activation)
{
    if (!in) {
        vgrad__fail_null("in");
        return NULL;
    }
    vgrad_layer *layer = vgrad__layer_create(in->network, &dense_kind, 1, &in);
    if (layer) {
        layer->width = units;
        layer->activation = activation;
    }
    return layer;
}
