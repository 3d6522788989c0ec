/* SPDX-License-Identifier: MIT */
#include "network/layers/affine.h"

#include <string.h>

static bool has_bias(const vgrad_layer *layer)
{
    return layer->options[VGRAD_LAYER_USE_BIAS] != 0;
}

void vgrad__affine_add_parameters(vgrad_layer *layer, const vgrad__parameter *kernel)
{
    const int64_t units = kernel->shape[kernel->rank - 1];
    const vgrad__parameter bias = { VGRAD_BIAS, 1, { units }, kernel->fan_in, kernel->fan_out };
    vgrad__layer_add_parameter(layer, kernel);
    if (has_bias(layer))
        vgrad__layer_add_parameter(layer, &bias);
    if (layer->shares && layer->scratch < units)
        layer->scratch = units;
}

/* Lays `from`, of `count` elements, `times` times one after another: what is there is doubled. */
static void repeat(const vgrad_network *network, const void *from, int64_t count, int64_t times,
                   void *to)
{
    const size_t size = (size_t)count * vgrad__element_size(network);
    const size_t whole = size * (size_t)times;
    size_t done = size;
    memcpy(to, from, size);
    for (size_t more; done < whole; done += more) {
        more = done < whole - done ? done : whole - done;
        memcpy((char *)to + done, to, more);
    }
}

bool vgrad__affine_begin(const vgrad_layer *layer, int64_t units, int64_t places, void *z)
{
    const vgrad_network *network = layer->network;
    if (!has_bias(layer))
        return false;
    repeat(network, vgrad__parameter_in(layer, &network->parameters, VGRAD_BIAS), units, places, z);
    return true;
}

void vgrad__affine_bias_gradient(const vgrad_layer *layer, int64_t units, bool begun)
{
    const vgrad_network *network = layer->network;
    if (!has_bias(layer))
        return;
    void *gradient = vgrad__parameter_in(layer, &network->gradients, VGRAD_BIAS);
    void *sums = begun ? network->scratch : gradient;
    network->kernels->column_sums(
        layer->memory.delta, (size_t)(network->rows * (layer->width / units)), (size_t)units, sums);
    if (begun)
        network->kernels->add(gradient, sums, (size_t)units);
}
