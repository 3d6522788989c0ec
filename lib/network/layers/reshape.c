/* The same elements in rows of another shape. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "network/activation.h"
#include "network/network.h"

static vgrad_status shape_flat(vgrad_layer *layer)
{
    return vgrad__layer_set_shape(layer, 1, &layer->inputs[0]->width);
}

/* The constructor has left the shape in place. */
static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    vgrad_status status = vgrad__layer_set_shape(layer, layer->rank, layer->shape);
    if (status == VGRAD_OK && layer->width != in->width) {
        char from[VGRAD__SHAPE_TEXT], to[VGRAD__SHAPE_TEXT];
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": rows of %s have other elements than %s",
                           layer->name, vgrad__row_text(in, from), vgrad__row_text(layer, to));
    }
    return status;
}

const vgrad__layer_kind vgrad__flatten_kind = { .name = "flatten",
                                                .family = VGRAD_KIND_ELEMENTWISE,
                                                .inputs = 1,
                                                .shape = shape_flat,
                                                .forward = vgrad__activate_input,
                                                .backward = vgrad__activate_input_backward };
const vgrad__layer_kind vgrad__reshape_kind = { .name = "reshape",
                                                .family = VGRAD_KIND_ELEMENTWISE,
                                                .inputs = 1,
                                                .takes = VGRAD__TAKES_SHAPE,
                                                .shape = shape,
                                                .forward = vgrad__activate_input,
                                                .backward = vgrad__activate_input_backward };

vgrad_layer *vgrad_flatten(vgrad_layer *in)
{
    return vgrad__layer_after(in, &vgrad__flatten_kind);
}

vgrad_layer *vgrad_reshape(vgrad_layer *in, int32_t rank, const int64_t *row)
{
    if (in && (rank < 1 || rank > VGRAD__ROW_RANK_MAX || !row)) {
        vgrad__keep_error(in->network, !row ? vgrad__fail_null("shape")
                                            : vgrad__fail(VGRAD_E_INVALID, "rank: 1 to %d, got %d",
                                                          VGRAD__ROW_RANK_MAX, (int)rank));
        return NULL;
    }
    vgrad_layer *layer = vgrad__layer_after(in, &vgrad__reshape_kind);
    if (layer) {
        layer->rank = rank;
        memcpy(layer->shape, row, (size_t)rank * sizeof *row);
    }
    return layer;
}
