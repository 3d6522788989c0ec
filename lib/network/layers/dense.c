/* The fully connected layer: z = x W + b, a = f(z). */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "network/activation.h"
#include "network/layers/affine.h"
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
    vgrad__affine_add_parameters(layer, &kernel);
    vgrad_status status = vgrad__layer_set_shape(layer, 1, &units);
    return status == VGRAD_OK ? vgrad__activation_check(layer) : status;
}

/* z (rows, units) = x (rows, inputs) W (inputs, units) + b: b is laid into z, the product added. */
static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const vgrad_layer *in = layer->inputs[0];
    const bool begun = vgrad__affine_begin(layer, layer->width, network->rows, layer->memory.z);
    vgrad__matrix x = { in->memory.a, in->width, false };
    vgrad__matrix w = { vgrad__parameter_in(layer, &network->parameters, VGRAD_KERNEL),
                        layer->width, false };
    vgrad__multiply(network->dtype, network->rows, layer->width, in->width, x, w, begun,
                    layer->memory.z);
    vgrad__activate(layer);
    return VGRAD_OK;
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
                    begun, vgrad__parameter_in(layer, &network->gradients, VGRAD_KERNEL));
    vgrad__affine_bias_gradient(layer, layer->width, begun);
    if (in->needs_gradient) {
        vgrad__matrix w_transposed = {
            vgrad__parameter_in(layer, &network->parameters, VGRAD_KERNEL), layer->width, true
        };
        vgrad__multiply(network->dtype, network->rows, in->width, layer->width, delta, w_transposed,
                        vgrad__gradient_begun(in), in->memory.da);
    }
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__dense_kind = {
    .name = "dense",
    .family = VGRAD_KIND_DENSE,
    .can_be_shared = true,
    .options = { { VGRAD_LAYER_USE_BIAS, 1 },
                 { VGRAD_LAYER_ALPHA, (double)NAN },
                 { VGRAD_LAYER_L1, 0 },
                 { VGRAD_LAYER_L2, 0 } },
    .inputs = 1,
    .takes = VGRAD__TAKES_UNITS | VGRAD__TAKES_ACTIVATION,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

vgrad_layer *vgrad_dense(vgrad_layer *in, int64_t units, vgrad_activation activation)
{
    vgrad_layer *layer = vgrad__layer_after(in, &vgrad__dense_kind);
    if (layer) {
        layer->width = units;
        layer->activation = activation;
    }
    return layer;
}
