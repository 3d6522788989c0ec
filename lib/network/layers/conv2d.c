/*
 * Convolution as a matrix product: z (places, filters) = patches (places, inputs) W (inputs,
 * filters) + b, where a patch is what lies under the kernel at one place (Chellapilla, Puri and
 * Simard 2006). Patches are made for some lines of the output at a time, in the network's scratch,
 * and again for backward.
 */
/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "network/activation.h"
#include "network/layers/affine.h"
#include "network/layers/window.h"
#include "tensor/blas.h"

enum {
    CACHED = 1 << 15,    /* elements of patches at a time, for the second-level cache; */
    PLACES_MIN = 256,    /* but no fewer places, or a product mostly packs W */
    PLACES_MAX = 1 << 20 /* places at a time where the patches are the input as it is */
};

/* A kernel of one cell that stops at each: the patches are the input as it is. */
static bool is_pointwise(const vgrad__window *w)
{
    return w->window_height == 1 && w->window_width == 1 && w->stride_height == 1 &&
           w->stride_width == 1;
}

/* Elements of a patch. */
static int64_t inputs_of(const vgrad__window *w)
{
    return w->window_height * w->window_width * w->channels;
}

static int64_t filters_of(const vgrad_layer *layer)
{
    return layer->shape[2];
}

/* Lines of the output that are worked on together. */
static int64_t lines_at_once(const vgrad__window *w)
{
    if (is_pointwise(w))
        return (PLACES_MAX - 1) / w->out_width + 1;
    int64_t cached = CACHED / (w->out_width * inputs_of(w));
    int64_t least = (PLACES_MIN - 1) / w->out_width + 1;
    return cached > least ? cached : least;
}

static vgrad_status add_parameters(vgrad_layer *layer)
{
    const vgrad__window *w = &layer->window;
    const int64_t filters = filters_of(layer);
    int64_t cells, inputs, outputs, count;
    bool fits = !__builtin_mul_overflow(w->window_height, w->window_width, &cells) &&
                !__builtin_mul_overflow(cells, w->channels, &inputs) &&
                !__builtin_mul_overflow(cells, filters, &outputs) &&
                !__builtin_mul_overflow(inputs, filters, &count) && inputs <= VGRAD__BLAS_MAX &&
                count <= INT64_MAX / 16 && inputs <= INT64_MAX / 16 / w->out_width;
    if (!fits)
        return vgrad__fail(VGRAD_E_SHAPE,
                           "layer \"%s\": a kernel of (%lld, %lld, %lld, %lld) is too large",
                           layer->name, (long long)w->window_height, (long long)w->window_width,
                           (long long)w->channels, (long long)filters);
    const vgrad__parameter kernel = { VGRAD_KERNEL,
                                      4,
                                      { w->window_height, w->window_width, w->channels, filters },
                                      inputs,
                                      outputs };
    if (!is_pointwise(w))
        layer->scratch = lines_at_once(w) * w->out_width * inputs;
    vgrad__affine_add_parameters(layer, &kernel);
    return VGRAD_OK;
}

static vgrad_status shape(vgrad_layer *layer)
{
    const vgrad__window *w = &layer->window;
    const int64_t filters = filters_of(layer);
    vgrad_status status = vgrad__window_fit(layer, "kernel");
    if (status != VGRAD_OK)
        return status;
    if (filters < 1 || filters > VGRAD__BLAS_MAX)
        return vgrad__fail(VGRAD_E_INVALID, "layer \"%s\": filters 1 to %d, got %lld", layer->name,
                           VGRAD__BLAS_MAX, (long long)filters);
    status = add_parameters(layer);
    if (status != VGRAD_OK)
        return status;
    status =
        vgrad__layer_set_shape(layer, 3, (const int64_t[]){ w->out_height, w->out_width, filters });
    return status == VGRAD_OK ? vgrad__activation_check(layer) : status;
}

/* Some lines of the output, of one image or several. */
typedef struct part {
    int64_t line, lines;
    int64_t first, places; /* places before it, and in it */
} part;

/* The part from `line` on; it has no lines at the end of the batch. */
static part part_at(const vgrad_layer *layer, int64_t line)
{
    const vgrad__window *w = &layer->window;
    const int64_t left = layer->network->rows * w->out_height - line, most = lines_at_once(w);
    const int64_t lines = left < most ? left : most;
    return (part){ line, lines, line * w->out_width, lines * w->out_width };
}

/* The patches of a part. */
static vgrad__matrix patches_of(const vgrad_layer *layer, const part *p)
{
    const vgrad_network *network = layer->network;
    const vgrad__window *w = &layer->window;
    const void *images = layer->inputs[0]->memory.a;
    if (is_pointwise(w))
        return (vgrad__matrix){ vgrad__at(network, images, p->first * w->channels), w->channels,
                                false };
    network->kernels->patches(w, images, p->line, p->lines, network->scratch);
    return (vgrad__matrix){ network->scratch, inputs_of(w), false };
}

static vgrad_status forward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const int64_t filters = filters_of(layer), inputs = inputs_of(&layer->window);
    const vgrad__matrix w = { vgrad__parameter_in(layer, &network->parameters, VGRAD_KERNEL),
                              filters, false };
    for (part p = part_at(layer, 0); p.lines > 0; p = part_at(layer, p.line + p.lines)) {
        void *z = vgrad__at(network, layer->memory.z, p.first * filters);
        const bool begun = vgrad__affine_begin(layer, filters, p.places, z);
        vgrad__multiply(network->dtype, p.places, filters, inputs, patches_of(layer, &p), w, begun,
                        z);
    }
    vgrad__activate(layer);
    return VGRAD_OK;
}

/* d patches = delta W^T, added to what they were made from. */
static void give_part(vgrad_layer *layer, const part *p, vgrad__matrix delta, void *gradient)
{
    const vgrad_network *network = layer->network;
    const vgrad__window *w = &layer->window;
    const int64_t filters = filters_of(layer), inputs = inputs_of(w);
    const bool direct = is_pointwise(w);
    const vgrad__matrix transposed = {
        vgrad__parameter_in(layer, &network->parameters, VGRAD_KERNEL), filters, true
    };
    void *to = direct ? vgrad__at(network, gradient, p->first * inputs) : network->scratch;
    vgrad__multiply(network->dtype, p->places, inputs, filters, delta, transposed, direct, to);
    if (!direct)
        network->kernels->patches_add(w, to, p->line, p->lines, gradient);
}

/* dW = patches^T delta, db = sum over places of delta, and dx, part by part. */
static vgrad_status backward(vgrad_layer *layer)
{
    const vgrad_network *network = layer->network;
    const int64_t filters = filters_of(layer), inputs = inputs_of(&layer->window);
    const bool begun = vgrad__parameters_begun(layer);
    vgrad__activate_backward(layer);
    vgrad__affine_bias_gradient(layer, filters, begun);
    void *gradient = vgrad__image_gradient(layer->inputs[0]);
    for (part p = part_at(layer, 0); p.lines > 0; p = part_at(layer, p.line + p.lines)) {
        vgrad__matrix delta = { vgrad__at(network, layer->memory.delta, p.first * filters), filters,
                                false };
        vgrad__matrix patches = patches_of(layer, &p);
        patches.transposed = true;
        vgrad__multiply(network->dtype, inputs, filters, p.places, patches, delta,
                        begun || p.first > 0,
                        vgrad__parameter_in(layer, &network->gradients, VGRAD_KERNEL));
        if (gradient)
            give_part(layer, &p, delta, gradient);
    }
    return VGRAD_OK;
}

const vgrad__layer_kind vgrad__conv2d_kind = {
    .name = "conv2d",
    .family = VGRAD_KIND_CONV,
    .can_be_shared = true,
    .options = { { VGRAD_LAYER_USE_BIAS, 1 },
                 { VGRAD_LAYER_ALPHA, (double)NAN },
                 { VGRAD_LAYER_L1, 0 },
                 { VGRAD_LAYER_L2, 0 },
                 { VGRAD_LAYER_STRIDE_HEIGHT, 1 },
                 { VGRAD_LAYER_STRIDE_WIDTH, 1 },
                 { VGRAD_LAYER_PADDING, VGRAD_VALID } },
    .inputs = 1,
    .takes = VGRAD__TAKES_FILTERS | VGRAD__TAKES_WINDOW | VGRAD__TAKES_ACTIVATION,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

vgrad_layer *vgrad_conv2d(vgrad_layer *in, int64_t filters, int64_t kernel_height,
                          int64_t kernel_width, vgrad_activation activation)
{
    vgrad_layer *layer = vgrad__layer_after(in, &vgrad__conv2d_kind);
    if (layer) {
        layer->window.window_height = kernel_height;
        layer->window.window_width = kernel_width;
        layer->shape[2] = filters; /* where shape() leaves it */
        layer->activation = activation;
    }
    return layer;
}
