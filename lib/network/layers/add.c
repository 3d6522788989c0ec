/* The sum of two layers, which a residual block ends with: a = a1 + a2. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network/activation.h"
#include "network/network.h"

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *a = layer->inputs[0], *b = layer->inputs[1];
    if (a->rank != b->rank || memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) != 0) {
        char of_a[VGRAD__SHAPE_TEXT], of_b[VGRAD__SHAPE_TEXT];
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": \"%s\" has rows of %s, \"%s\" of %s",
                           layer->name, a->name, vgrad__row_text(a, of_a), b->name,
                           vgrad__row_text(b, of_b));
    }
    return vgrad__layer_set_shape(layer, a->rank, a->shape);
}

static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const size_t count = (size_t)(network->rows * layer->width);
    memcpy(layer->memory.z, layer->inputs[0]->memory.a, count * vgrad__element_size(network));
    network->kernels->add(layer->memory.z, layer->inputs[1]->memory.a, count);
    vgrad__activate(layer);
    return VGRAD_OK;
}

/* dL/da1 = dL/da2 = delta, also where both are one layer. */
static vgrad_status backward(vgrad_layer *layer)
{
    vgrad__activate_backward(layer);
    for (int i = 0; i < 2; i++)
        vgrad__give_gradient(layer->inputs[i], layer->memory.delta);
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__add_kind = { .name = "add",
                                            .family = VGRAD_KIND_JOIN,
                                            .inputs = 2,
                                            .shape = shape,
                                            .forward = forward,
                                            .backward = backward };

vgrad_layer *vgrad_add(vgrad_layer *a, vgrad_layer *b)
{
    return vgrad__layer_joining(a, b, &vgrad__add_kind);
}
