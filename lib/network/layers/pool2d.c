/* Pools: the largest, or the mean, of the cells under a window; the mean of a whole image. */
/* SPDX-License-Identifier: MIT */
#include "network/activation.h"
#include "network/layers/window.h"

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad__window *w = &layer->window;
    vgrad_status status = vgrad__window_fit(layer, "window");
    if (status != VGRAD_OK)
        return status;
    return vgrad__layer_set_shape(layer, 3,
                                  (const int64_t[]){ w->out_height, w->out_width, w->channels });
}

static vgrad_status shape_global(vgrad_layer *layer)
{
    vgrad_status status = vgrad__image_check(layer);
    if (status != VGRAD_OK)
        return status;
    const int64_t *image = layer->inputs[0]->shape;
    layer->window = (vgrad__window){ .height = image[0],
                                     .width = image[1],
                                     .channels = image[2],
                                     .out_height = 1,
                                     .out_width = 1,
                                     .window_height = image[0],
                                     .window_width = image[1],
                                     .stride_height = 1,
                                     .stride_width = 1 };
    return vgrad__layer_set_shape(layer, 1, &image[2]);
}

static vgrad_status forward_max(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    network->kernels->max_pool(&layer->window, layer->inputs[0]->memory.a, (size_t)network->rows,
                               layer->memory.z);
    vgrad__activate(layer);
    return VGRAD_OK;
}

/* Which cell it was is found again from a. */
static vgrad_status backward_max(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad_layer *in = layer->inputs[0];
    vgrad__activate_backward(layer);
    void *gradient = vgrad__image_gradient(in);
    if (gradient)
        network->kernels->max_pool_backward(&layer->window, in->memory.a, layer->memory.a,
                                            layer->memory.delta, (size_t)network->rows, gradient);
    return VGRAD_OK;
}

static vgrad_status forward_average(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    network->kernels->average_pool(&layer->window, layer->inputs[0]->memory.a,
                                   (size_t)network->rows, layer->memory.z);
    vgrad__activate(layer);
    return VGRAD_OK;
}

static vgrad_status backward_average(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    vgrad__activate_backward(layer);
    void *gradient = vgrad__image_gradient(layer->inputs[0]);
    if (gradient)
        network->kernels->average_pool_backward(&layer->window, layer->memory.delta,
                                                (size_t)network->rows, gradient);
    return VGRAD_OK;
}

/* Strides are set by the constructors. */
const vgrad__layer_kind vgrad__max_pool2d_kind = {
    .name = "max_pool2d",
    .family = VGRAD_KIND_POOL,
    .options = { { VGRAD_LAYER_STRIDE_HEIGHT, 1 },
                 { VGRAD_LAYER_STRIDE_WIDTH, 1 },
                 { VGRAD_LAYER_PADDING, VGRAD_VALID } },
    .inputs = 1,
    .takes = VGRAD__TAKES_WINDOW,
    .shape = shape,
    .forward = forward_max,
    .backward = backward_max,
};
const vgrad__layer_kind vgrad__average_pool2d_kind = {
    .name = "average_pool2d",
    .family = VGRAD_KIND_POOL,
    .options = { { VGRAD_LAYER_STRIDE_HEIGHT, 1 },
                 { VGRAD_LAYER_STRIDE_WIDTH, 1 },
                 { VGRAD_LAYER_PADDING, VGRAD_VALID } },
    .inputs = 1,
    .takes = VGRAD__TAKES_WINDOW,
    .shape = shape,
    .forward = forward_average,
    .backward = backward_average,
};
const vgrad__layer_kind vgrad__global_average_pool2d_kind = { .name = "global_average_pool2d",
                                                              .family = VGRAD_KIND_POOL,
                                                              .inputs = 1,
                                                              .shape = shape_global,
                                                              .forward = forward_average,
                                                              .backward = backward_average };

static vgrad_layer *pool(vgrad_layer *in, const vgrad__layer_kind *kind, int64_t height,
                         int64_t width)
{
    vgrad_layer *layer = vgrad__layer_after(in, kind);
    if (layer) {
        layer->window.window_height = height;
        layer->window.window_width = width;
        layer->options[VGRAD_LAYER_STRIDE_HEIGHT] = (double)height;
        layer->options[VGRAD_LAYER_STRIDE_WIDTH] = (double)width;
    }
    return layer;
}

vgrad_layer *vgrad_max_pool2d(vgrad_layer *in, int64_t height, int64_t width)
{
    return pool(in, &vgrad__max_pool2d_kind, height, width);
}

vgrad_layer *vgrad_average_pool2d(vgrad_layer *in, int64_t height, int64_t width)
{
    return pool(in, &vgrad__average_pool2d_kind, height, width);
}

vgrad_layer *vgrad_global_average_pool2d(vgrad_layer *in)
{
    return vgrad__layer_after(in, &vgrad__global_average_pool2d_kind);
}
