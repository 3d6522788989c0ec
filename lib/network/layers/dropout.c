/*
 * Dropout, inverted: in training each element is 0 with probability `rate`, else x / (1 - rate).
 * Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014).
 */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/random.h"
#include "network/activation.h"
#include "network/network.h"

/* Elements for which words are drawn at a time; whole blocks of the generator. */
enum { BLOCK_ELEMENTS = 1024 };

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    if (!(layer->rate >= 0 && layer->rate < 1))
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": rate in [0, 1), got %g", layer->name,
                           layer->rate);
    layer->saved_row = in->width; /* the mask: 0 or 1 / (1 - rate) */
    return vgrad__layer_set_shape(layer, in->rank, in->shape);
}

/* Else all goes through as it is. */
static bool is_masked(const vgrad_layer *layer)
{
    return layer->network->training && layer->rate > 0;
}

/*
 * Element i takes word i of the stream of this layer and training pass, whoever computes it: an
 * element is dropped if its word is below rate * 2^32.
 */
static void drop(const vgrad_layer *layer, const void *x)
{
    const vgrad_network *network = layer->network;
    const uint32_t threshold = (uint32_t)(layer->rate * 0x1p32);
    vgrad__random random = vgrad__random_stream(network->seed, VGRAD__RANDOM_DROPOUT,
                                                (uint32_t)layer->index, (uint32_t)network->trained);
    const int64_t count = network->rows * layer->width;
    for (int64_t first = 0; first < count; first += BLOCK_ELEMENTS) {
        const int64_t some = count - first < BLOCK_ELEMENTS ? count - first : BLOCK_ELEMENTS;
        uint32_t words[BLOCK_ELEMENTS];
        vgrad__random_words(&random, words, some);
        network->kernels->dropout(vgrad__at(network, x, first), words, threshold,
                                  1 / (1 - layer->rate),
                                  vgrad__at(network, layer->memory.saved, first),
                                  vgrad__at(network, layer->memory.z, first), (size_t)some);
    }
}

static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const void *x = layer->inputs[0]->memory.a;
    if (is_masked(layer))
        drop(layer, x);
    else
        memcpy(layer->memory.z, x,
               (size_t)(network->rows * layer->width) * vgrad__element_size(network));
    vgrad__activate(layer);
    return VGRAD_OK;
}

/* dx = delta mask */
static vgrad_status backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad_layer *in = layer->inputs[0];
    vgrad__activate_backward(layer);
    if (!is_masked(layer))
        vgrad__give_gradient(in, layer->memory.delta);
    else if (in->needs_gradient)
        network->kernels->multiply(layer->memory.delta, layer->memory.saved, in->memory.da,
                                   (size_t)(network->rows * layer->width),
                                   vgrad__gradient_begun(in));
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__dropout_kind = { .name = "dropout",
                                                .family = VGRAD_KIND_ELEMENTWISE,
                                                .inputs = 1,
                                                .takes = VGRAD__TAKES_RATE,
                                                .shape = shape,
                                                .forward = forward,
                                                .backward = backward };

vgrad_layer *vgrad_dropout(vgrad_layer *in, double rate)
{
    vgrad_layer *layer = vgrad__layer_after(in, &vgrad__dropout_kind);
    if (layer)
        layer->rate = rate;
    return layer;
}
