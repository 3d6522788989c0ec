/* Where rows come in. */
/* SPDX-License-Identifier: MIT */
#include "network/network.h"
#include "tensor/blas.h"

static vgrad_status shape(vgrad_layer *layer)
{
    if (layer->width < 1 || layer->width > VGRAD__BLAS_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": width 1 to %d, got %lld", layer->name,
                           VGRAD__BLAS_MAX, (long long)layer->width);
    return VGRAD_OK;
}

/* The batch is in place already (pass.c); what is left is to look at it. */
static void forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad__moments *moments = vgrad__moments_wanted(layer, VGRAD_ACTIVATION);
    if (moments)
        network->kernels->moments(layer->memory.a, (size_t)(network->rows * layer->width), moments);
}

static void backward(vgrad_layer *layer)
{
    (void)layer;
}

static const vgrad__layer_kind input_kind = { "input", shape, forward, backward };

vgrad_layer *vgrad_input(vgrad_network *network, int64_t width)
{
    if (!network) {
        vgrad__fail_null("network");
        return NULL;
    }
    vgrad_layer *layer = vgrad__layer_create(network, &input_kind, 0, NULL);
    if (layer)
        layer->width = width;
    return layer;
}
