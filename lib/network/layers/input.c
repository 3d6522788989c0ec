/* Where rows come in. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network/network.h"
#include "tensor/blas.h"

/* The constructor has left the shape in place; a width that is no width is named as such. */
static vgrad_status shape(vgrad_layer *layer)
{
    if (layer->rank == 1 && (layer->shape[0] < 1 || layer->shape[0] > VGRAD__BLAS_MAX))
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": width 1 to %d, got %lld", layer->name,
                           VGRAD__BLAS_MAX, (long long)layer->shape[0]);
    return vgrad__layer_set_shape(layer, layer->rank, layer->shape);
}

/* The batch is in place already (pass.c); what is left is to look at it. */
static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad__moments *moments = vgrad__moments_wanted(layer, VGRAD_ACTIVATION);
    if (moments)
        network->kernels->moments(layer->memory.a, (size_t)(network->rows * layer->width), moments);
    return VGRAD_OK;
}

static vgrad_status backward(vgrad_layer *layer)
{
    (void)layer;
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__input_kind = { .name = "input",
                                              .family = VGRAD_KIND_INPUT,
                                              .inputs = 0,
                                              .takes = VGRAD__TAKES_SHAPE,
                                              .shape = shape,
                                              .forward = forward,
                                              .backward = backward };

vgrad_layer *vgrad_input_shape(vgrad_network *network, int32_t rank, const int64_t *row)
{
    if (!network) {
        vgrad__fail_null("network");
        return NULL;
    }
    if (rank < 1 || rank > VGRAD__ROW_RANK_MAX || !row) {
        vgrad__keep_error(network, !row ? vgrad__fail_null("shape")
                                        : vgrad__fail(VGRAD_E_INVALID, "rank: 1 to %d, got %d",
                                                      VGRAD__ROW_RANK_MAX, (int)rank));
        return NULL;
    }
    vgrad_layer *layer = vgrad__layer_create(network, &vgrad__input_kind, 0, NULL);
    if (layer) {
        layer->rank = rank;
        memcpy(layer->shape, row, (size_t)rank * sizeof *row);
    }
    return layer;
}

vgrad_layer *vgrad_input(vgrad_network *network, int64_t width)
{
    return vgrad_input_shape(network, 1, &width);
}

vgrad_layer *vgrad_input_image(vgrad_network *network, int64_t height, int64_t width,
                               int64_t channels)
{
    const int64_t row[3] = { height, width, channels };
    return vgrad_input_shape(network, 3, row);
}
