/* SPDX-License-Identifier: MIT */
#include "network/layers/window.h"

#include <string.h>

#include "tensor/blas.h"

vgrad_status vgrad__image_check(const vgrad_layer *layer)
{
    const vgrad_layer *in = layer->inputs[0];
    char text[VGRAD__SHAPE_TEXT];
    if (in->rank != 3)
        return vgrad__fail(VGRAD_E_SHAPE, "layer \"%s\": rows of (height, width, channels), got %s",
                           layer->name, vgrad__row_text(in, text));
    return VGRAD_OK;
}

/* One direction of a window. */
typedef struct side {
    int64_t size, window, stride;
    bool same;
    int64_t out, before;
} side;

/*
 * TensorFlow's rule: out = ceil(size / stride), and of the cells that the windows need beyond the
 * image half (rounded down) lie before it. There are fewer than a window has.
 */
static void fit(side *s)
{
    int64_t span = s->same ? s->size - 1 : s->size - s->window;
    int64_t lacking = span / s->stride * s->stride + s->window - s->size;
    s->out = span / s->stride + 1;
    s->before = s->same && lacking > 0 ? lacking / 2 : 0;
}

vgrad_status vgrad__window_fit(vgrad_layer *layer, const char *what)
{
    const vgrad_layer *in = layer->inputs[0];
    vgrad__window *w = &layer->window;
    char text[VGRAD__SHAPE_TEXT];
    vgrad_status status = vgrad__image_check(layer);
    if (status != VGRAD_OK)
        return status;
    if (w->window_height < 1 || w->window_height > VGRAD__BLAS_MAX || w->window_width < 1 ||
        w->window_width > VGRAD__BLAS_MAX)
        return vgrad__fail(
            VGRAD_E_INVALID, "layer \"%s\": %s of 1 to %d each way, got (%lld, %lld)", layer->name,
            what, VGRAD__BLAS_MAX, (long long)w->window_height, (long long)w->window_width);
    const bool same = layer->options[VGRAD_LAYER_PADDING] != VGRAD_VALID;
    side y = { .size = in->shape[0],
               .window = w->window_height,
               .stride = (int64_t)layer->options[VGRAD_LAYER_STRIDE_HEIGHT],
               .same = same };
    side x = { .size = in->shape[1],
               .window = w->window_width,
               .stride = (int64_t)layer->options[VGRAD_LAYER_STRIDE_WIDTH],
               .same = same };
    if (!same && (y.window > y.size || x.window > x.size))
        return vgrad__fail(
            VGRAD_E_SHAPE, "layer \"%s\": a %s of (%lld, %lld) does not fit into rows of %s",
            layer->name, what, (long long)y.window, (long long)x.window, vgrad__row_text(in, text));
    fit(&y);
    fit(&x);
    *w = (vgrad__window){ .height = y.size,
                          .width = x.size,
                          .channels = in->shape[2],
                          .out_height = y.out,
                          .out_width = x.out,
                          .window_height = y.window,
                          .window_width = x.window,
                          .stride_height = y.stride,
                          .stride_width = x.stride,
                          .top = y.before,
                          .left = x.before };
    return VGRAD_OK;
}

void *vgrad__image_gradient(vgrad_layer *in)
{
    const vgrad_network *network = in->network;
    if (!in->needs_gradient)
        return NULL;
    if (!vgrad__gradient_begun(in))
        memset(in->memory.da, 0,
               (size_t)(network->rows * in->width) * vgrad__element_size(network));
    return in->memory.da;
}
