/*
 * Layer normalisation: each row of the last axis has mean 0 and variance 1, then z = gamma xhat +
 * beta. Ba, Kiros and Hinton, "Layer Normalization" (2016).
 */
/* SPDX-License-Identifier: MIT */
#include "network/activation.h"
#include "network/network.h"

/* What a pass leaves in memory.saved, a figure for each row of the last axis. */
typedef struct statistics {
    double *mean, *inverse;
    size_t runs, columns;
} statistics;

static statistics statistics_of(const vgrad_layer *layer)
{
    const int64_t columns = layer->shape[layer->rank - 1];
    const int64_t runs = layer->network->rows * (layer->width / columns);
    double *saved = layer->memory.saved;
    return (statistics){ saved, saved + runs, (size_t)runs, (size_t)columns };
}

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    const int64_t columns = in->shape[in->rank - 1];
    const vgrad__parameter gamma = { VGRAD_GAMMA, 1, { columns }, 1, 1 };
    const vgrad__parameter beta = { VGRAD_BETA, 1, { columns }, 1, 1 };
    if (columns < 2)
        return vgrad__fail(VGRAD_E_SHAPE,
                           "layer \"%s\": a last axis of one element is always beta once it is "
                           "normalised",
                           layer->name);
    vgrad__layer_add_parameter(layer, &gamma);
    vgrad__layer_add_parameter(layer, &beta);
    layer->saved_row = vgrad__room_of_doubles(layer->network, 2 * (in->width / columns));
    layer->scratch = vgrad__room_of_doubles(layer->network, 2 * columns);
    return vgrad__layer_set_shape(layer, in->rank, in->shape);
}

static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const statistics s = statistics_of(layer);
    network->kernels->layer_norm(
        layer->inputs[0]->memory.a, vgrad__parameter_in(layer, &network->parameters, VGRAD_GAMMA),
        vgrad__parameter_in(layer, &network->parameters, VGRAD_BETA), layer->memory.z, s.runs,
        s.columns, layer->options[VGRAD_LAYER_EPSILON], s.mean, s.inverse);
    vgrad__activate(layer);
    return VGRAD_OK;
}

/* dgamma = sum of delta xhat, dbeta = sum of delta; with g = delta gamma and means over a row,
   dx = (g - mean g - xhat mean (g xhat)) / sqrt(variance + epsilon). */
static vgrad_status backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad_layer *in = layer->inputs[0];
    const statistics s = statistics_of(layer);
    double *dgamma = network->scratch, *dbeta = dgamma + s.columns;
    vgrad__activate_backward(layer);
    network->kernels->layer_norm_backward(
        in->memory.a, layer->memory.delta,
        vgrad__parameter_in(layer, &network->parameters, VGRAD_GAMMA), s.mean, s.inverse, s.runs,
        s.columns, dgamma, dbeta, in->needs_gradient ? in->memory.da : NULL,
        in->needs_gradient && vgrad__gradient_begun(in));
    vgrad__convert(dgamma, VGRAD_FLOAT64,
                   vgrad__parameter_in(layer, &network->gradients, VGRAD_GAMMA), network->dtype,
                   (int64_t)s.columns);
    vgrad__convert(dbeta, VGRAD_FLOAT64,
                   vgrad__parameter_in(layer, &network->gradients, VGRAD_BETA), network->dtype,
                   (int64_t)s.columns);
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__layer_norm_kind = {
    .name = "layer_norm",
    .family = VGRAD_KIND_NORM,
    .options = { { VGRAD_LAYER_EPSILON, 1e-5 } },
    .inputs = 1,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

vgrad_layer *vgrad_layer_norm(vgrad_layer *in)
{
    return vgrad__layer_after(in, &vgrad__layer_norm_kind);
}
