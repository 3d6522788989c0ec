/* Two layers side by side along the last axis: the channels of images, the units of others. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network/activation.h"
#include "network/network.h"

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *a = layer->inputs[0], *b = layer->inputs[1];
    const int32_t last = a->rank - 1;
    int64_t row[VGRAD__ROW_RANK_MAX];
    if (a->rank != b->rank || memcmp(a->shape, b->shape, (size_t)last * sizeof *a->shape) != 0) {
        char of_a[VGRAD__SHAPE_TEXT], of_b[VGRAD__SHAPE_TEXT];
        return vgrad__fail(VGRAD_E_SHAPE,
                           "layer \"%s\": \"%s\" has rows of %s, \"%s\" of %s: they may differ "
                           "in their last size only",
                           layer->name, a->name, vgrad__row_text(a, of_a), b->name,
                           vgrad__row_text(b, of_b));
    }
    memcpy(row, a->shape, sizeof row);
    row[last] += b->shape[last];
    return vgrad__layer_set_shape(layer, a->rank, row);
}

/* Where the columns of one input lie in the joint rows (of the last axis). */
typedef struct part {
    vgrad_layer *in;
    int64_t width, joint_width, first;
    int64_t runs; /* rows of the last axis in a batch */
} part;

static part part_of(const vgrad_layer *layer, int which)
{
    const int32_t last = layer->rank - 1;
    const int64_t joint_width = layer->shape[last];
    return (part){ .in = layer->inputs[which],
                   .width = layer->inputs[which]->shape[last],
                   .joint_width = joint_width,
                   .first = which == 0 ? 0 : layer->inputs[0]->shape[last],
                   .runs = layer->network->rows * (layer->width / joint_width) };
}

static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    for (int i = 0; i < 2; i++) {
        const part p = part_of(layer, i);
        for (int64_t run = 0; run < p.runs; run++)
            memcpy(vgrad__at(network, layer->memory.z, run * p.joint_width + p.first),
                   vgrad__at(network, p.in->memory.a, run * p.width),
                   (size_t)p.width * vgrad__element_size(network));
    }
    vgrad__activate(layer);
    return VGRAD_OK;
}

/* Each input gets its own columns of delta. */
static vgrad_status backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad__activate_backward(layer);
    for (int i = 0; i < 2; i++) {
        const part p = part_of(layer, i);
        if (!p.in->needs_gradient)
            continue;
        const bool begun = vgrad__gradient_begun(p.in);
        for (int64_t run = 0; run < p.runs; run++) {
            void *to = vgrad__at(network, p.in->memory.da, run * p.width);
            const void *from =
                vgrad__at(network, layer->memory.delta, run * p.joint_width + p.first);
            if (begun)
                network->kernels->add(to, from, (size_t)p.width);
            else
                memcpy(to, from, (size_t)p.width * vgrad__element_size(network));
        }
    }
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__concatenate_kind = { .name = "concatenate",
                                                    .family = VGRAD_KIND_JOIN,
                                                    .inputs = 2,
                                                    .shape = shape,
                                                    .forward = forward,
                                                    .backward = backward };

vgrad_layer *vgrad_concatenate(vgrad_layer *a, vgrad_layer *b)
{
    return vgrad__layer_joining(a, b, &vgrad__concatenate_kind);
}
