/* An activation as a layer of its own: z is what the layer before gives, a = f(z). */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "network/activation.h"
#include "network/network.h"

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    vgrad_status status = vgrad__layer_set_shape(layer, in->rank, in->shape);
    return status == VGRAD_OK ? vgrad__activation_check(layer) : status;
}

vgrad_status vgrad__activate_input(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    memcpy(layer->memory.z, layer->inputs[0]->memory.a,
           (size_t)(network->rows * layer->width) * vgrad__element_size(network));
    vgrad__activate(layer);
    return VGRAD_OK;
}

vgrad_status vgrad__activate_input_backward(vgrad_layer *layer)
{
    vgrad__activate_backward(layer);
    vgrad__give_gradient(layer->inputs[0], layer->memory.delta);
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__activation_kind = {
    .name = "activation",
    .family = VGRAD_KIND_ELEMENTWISE,
    .options = { { VGRAD_LAYER_ALPHA, (double)NAN } },
    .inputs = 1,
    .takes = VGRAD__TAKES_ACTIVATION,
    .shape = shape,
    .forward = vgrad__activate_input,
    .backward = vgrad__activate_input_backward,
};

vgrad_layer *vgrad_activate(vgrad_layer *in, vgrad_activation activation)
{
    vgrad_layer *layer = vgrad__layer_after(in, &vgrad__activation_kind);
    if (layer)
        layer->activation = activation;
    return layer;
}
